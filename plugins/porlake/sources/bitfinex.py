"""Bitfinex: one list of wallets in a repository, told apart by commits; it says no moment but theirs."""

from __future__ import annotations

from datetime import UTC, date, datetime

from porlake.errors import BadAnswer
from porlake.sources import _github
from porlake.sources._github import commits, raw_url
from porlake.sources._publications import Look, Member, Publications
from porlake.transport import Web

NAME = "bitfinex"
HOSTS = _github.HOSTS
REPOSITORY, PATH = "bitfinexcom/pub", "wallets.txt"


def find(web: Web, since: date | None) -> Publications:
    """A publication for each commit that changed the list."""
    look = Look(NAME, web, since)
    with look.part("which revisions of the list there are"):
        found = commits(look, REPOSITORY, PATH)
        if not found:
            raise BadAnswer(f"api.github.com: no commit of {REPOSITORY} changes {PATH}")
        for commit in found:
            moment = datetime.combine(commit.at.astimezone(UTC).date(), datetime.min.time())
            member = Member("wallets", PATH, raw_url(REPOSITORY, commit.sha, PATH), "text")
            remark = "the list says no moment: the commit's day is taken"
            look.add(moment, "day", [member], commit.reply, published_at=commit.at, remarks=(remark,))
    return look.done()

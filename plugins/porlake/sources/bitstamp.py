"""Bitstamp: a paged list of addresses without amounts and without a moment: it is of now.

Pages overlap, for what stands on one changes between two calls; a page that repeats the last one is not the end, and an
own limit of pages is none: only an empty page is the end. Pages of a hundred are the longest that are given.
"""

from __future__ import annotations

from datetime import UTC, date

from porlake.errors import BadAnswer
from porlake.sources._answers import at, json_of
from porlake.sources._publications import PAGE, Look, Member, Publications
from porlake.transport import Reply, Web

NAME = "bitstamp"
HOSTS = ("www.bitstamp.net",)
LIST = "https://www.bitstamp.net/api/v2/wallet_transparency/?perPage=100&page="
PAGES = 1_000


def find(web: Web, since: date | None) -> Publications:
    """The list as it is now, all its pages up to the empty one."""
    look = Look(NAME, web, since)
    with look.part("the list of addresses"):
        pages = _pages(look)
        moment = pages[0].retrieved_at.astimezone(UTC).replace(tzinfo=None)
        members = [
            Member(PAGE, f"bitstamp_{moment:%Y%m%d}_page_{number}.json", page.url, "json", reply=page)
            for number, page in enumerate(pages, 1)
        ]
        remark = "the list says no moment: that of the answer is taken"
        look.add(moment, "moment", members, pages[0], remarks=(remark,))
    return look.done()


def _pages(look: Look) -> list[Reply]:
    pages: list[Reply] = []
    for number in range(1, PAGES + 1):
        reply = look.get(f"{LIST}{number}")
        pages.append(reply)
        if not at(json_of(reply), "wallets", dict, reply.host):
            if number == 1:
                raise BadAnswer(f"{reply.host}: the first page has no address")
            return pages
    raise BadAnswer(f"www.bitstamp.net: no empty page among {PAGES}")

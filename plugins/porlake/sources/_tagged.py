"""Reports that a repository holds under one name and tells apart by tags: HTX and, in its manner, Poloniex.

A tag `por_YYYYMMDD` says the day of the snapshot, 00:00 in UTC+8. Texts of commits do not: one of them names the month
before. A commit that changes the file between two tags is a revision of the later tag's report, the last of them the
one that counts; behind the newest tag it may be next month's, or a correction: nobody can tell yet.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime

from porlake.errors import BadAnswer
from porlake.sources._github import Commit, commits, raw_url, tags
from porlake.sources._publications import Look, Member, Publications
from porlake.stamps import stamp
from porlake.transport import Reply, Web

_TAG = re.compile(r"por_(\d{8})(_part)?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Repository:
    """`path`: the file of a tag, by (day, is a part); `others`: where it may lie instead."""

    exchange: str
    name: str
    current: str
    path: Callable[[datetime, bool], str]
    others: Callable[[datetime, bool], tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class _Tagged:
    at: datetime
    is_part: bool
    name: str
    commit: str


def find(repository: Repository, web: Web, since: date | None) -> Publications:
    """A publication for each tag and revision."""
    look = Look(repository.exchange, web, since)
    add(look, repository)
    return look.done()


def add(look: Look, repository: Repository) -> set[str]:
    """Put what the repository holds into a look; the days of its tags, YYYYMMDD."""
    with look.part("which reports are tagged"):
        named, reply = tags(look, repository.name)
        found = sorted(_read(look, named), key=lambda tag: (tag.at, not tag.is_part))
        if not found:
            raise BadAnswer(f"{reply.host}: the repository {repository.name} has no tag por_YYYYMMDD")
        history = _history(look, repository)
        history.mark([tag.commit for tag in found])
        for tag in found:
            if look.is_wanted(tag.at):
                _publications(look, repository, tag, history.of(tag.commit), reply)
        for commit in history.untagged({tag.commit for tag in found}):
            look.note(
                f"a commit of {commit.at:%Y-%m-%d} ({commit.sha[:10]}) changes {repository.current} and has no tag "
                "yet: a new report, or a correction"
            )
        return {f"{tag.at:%Y%m%d}" for tag in found}
    return set()


def _read(look: Look, named: dict[str, str]) -> list[_Tagged]:
    found = []
    for name, commit in named.items():
        if (match := _TAG.fullmatch(name)) is None:
            continue
        try:
            found.append(_Tagged(stamp(match[1]), bool(match[2]), name, commit))
        except ValueError:
            look.note(f"the tag {name} names no day")
    return found


class _History:
    """Commits of the default branch, oldest first, and which of them change the file."""

    def __init__(self, all_: list[Commit], changes: list[Commit]) -> None:
        self._all, self._changes = all_[::-1], {commit.sha for commit in changes}
        self._place = {commit.sha: number for number, commit in enumerate(self._all)}
        self._before: dict[str, int] = {}

    def mark(self, tagged: list[str]) -> None:
        """Tell the commits of the tags."""
        places = sorted({self._place[sha] for sha in tagged if sha in self._place})
        for before, place in zip([-1, *places], places, strict=False):
            self._before[self._all[place].sha] = before

    def of(self, sha: str) -> list[Commit]:
        """The commits that change the file, after the tag before and up to this tag's own, oldest first."""
        if sha not in self._place or sha not in self._before:
            return []
        begin, end = self._before[sha] + 1, self._place[sha] + 1
        return [commit for commit in self._all[begin:end] if commit.sha in self._changes]

    def untagged(self, tagged: set[str]) -> list[Commit]:
        """The commits that change the file behind the newest tag."""
        places = [self._place[sha] for sha in tagged if sha in self._place]
        if not places:
            return []
        return [commit for commit in self._all[max(places) + 1 :] if commit.sha in self._changes]


def _history(look: Look, repository: Repository) -> _History:
    with look.part("revisions between two tags, and when tags were pushed"):
        return _History(commits(look, repository.name), commits(look, repository.name, repository.current))
    return _History([], [])


def _publications(look: Look, repository: Repository, tag: _Tagged, revisions: list[Commit], reply: Reply) -> None:
    """The report of a tag, and the revisions before it."""
    path, others = repository.path(tag.at, tag.is_part), repository.others(tag.at, tag.is_part)

    def member(commit: str) -> Member:
        return Member(
            "wallets", path.rpartition("/")[2], raw_url(repository.name, commit, path), "csv",
            others=tuple(raw_url(repository.name, commit, other) for other in others),
        )  # fmt: skip

    remarks = ["a part of the addresses, as the tag says"] if tag.is_part else []
    if revisions:
        text, told = revisions[-1].message.splitlines()[0] if revisions[-1].message else "", f"{tag.at:%Y%m%d}"
        if (day := re.search(r"\d{8}", text)) and day[0] != told:
            remarks.append(f"the commit's text says {day[0]}, the tag {told}: the tag is taken")
    for number, commit in enumerate(revisions[:-1], 1):
        look.add(
            tag.at, "day", [member(commit.sha)], reply, revision=number, published_at=commit.at, superseded=True,
            remarks=(f"replaced by revision {len(revisions)}",),
        )  # fmt: skip
    look.add(
        tag.at, "day", [member(tag.commit)], reply,
        revision=len(revisions) or None,
        published_at=revisions[-1].at if revisions else None,
        remarks=tuple(remarks),
    )  # fmt: skip

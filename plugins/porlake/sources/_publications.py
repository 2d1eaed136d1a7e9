"""What a look at a publisher gives: publications with their files, and what could not be known."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from porlake.errors import NotRecorded, TransportError
from porlake.transport import Reply, Web

#: The role of files that are one report together: the pages of one list.
PAGE = "page"
#: The role of a list of addresses of now, beside what is published of moments: it makes no month's publication whole.
ADDRESSES_OF_NOW = "addresses"


@dataclass(frozen=True, slots=True)
class Member:
    """A published file, or an answer that is one.

    `role`: what it is (`wallets`, `totals`, `liability_proof`, `page`); `name`: under which it is archived, the
    publisher's own where it has one; `kind`: one of `_files.KINDS`, by which its first bytes are known; `begins`: with
    what it must begin beyond that; `holds`: what a name inside of a zip must contain, or it is another month's; `body`:
    of a POST; `others`: URLs that are asked in their order where the host says that the one before is not there;
    `reply`: the answer itself where it is at hand already.
    """

    role: str
    name: str
    url: str
    kind: str
    begins: bytes = b""
    holds: str = ""
    body: Mapping[str, Any] | None = None
    others: tuple[str, ...] = ()
    reply: Reply | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Publication:
    """What an exchange published of one moment.

    `at`: the snapshot as the publisher's clock shows it, without a zone, to its `precision` (moment, day, month,
    unknown); `revision`: the publisher's own number, None where it has none; `audit_id`: its name for the report, in no
    order; `published_at`: when, as its server tells it, in UTC; `found_in`: the answer that says so; `remarks`: what is
    odd about it, a sentence each; `superseded`: a newer revision of it is listed.
    """

    exchange: str
    at: datetime | None
    precision: str
    members: tuple[Member, ...]
    found_in: Reply = field(repr=False)
    revision: int | None = None
    audit_id: str | None = None
    published_at: datetime | None = None
    remarks: tuple[str, ...] = ()
    superseded: bool = False

    @property
    def attestation(self) -> str:
        """The id of what it states, as the lake has it: okx/2026-08-11."""
        if self.at is None or self.precision == "unknown":
            return f"{self.exchange}/undated"
        return f"{self.exchange}/{self.at:%Y-%m}" + ("" if self.precision == "month" else f"-{self.at:%d}")

    @property
    def month(self) -> str:
        """The month of the snapshot in the publisher's clock, YYYY-MM; '' where it says no moment."""
        return "" if self.at is None else f"{self.at:%Y-%m}"

    @property
    def is_of_now(self) -> bool:
        """Whether it is a list of addresses of now, of no snapshot, and nothing else."""
        return {member.role for member in self.members} == {ADDRESSES_OF_NOW}


@dataclass(frozen=True, slots=True)
class Unknown:
    """What could not be known, and why."""

    what: str
    reason: str


@dataclass(frozen=True, slots=True)
class Publications:
    """What a look gave: publications, newest first; what could not be known; what is worth a word; the answers."""

    found: tuple[Publication, ...]
    unknown: tuple[Unknown, ...] = ()
    notes: tuple[str, ...] = ()
    replies: tuple[Reply, ...] = field(default=(), repr=False)

    def of_month(self, month: str) -> list[Publication]:
        """Those of a month of the publisher's clock that no newer revision replaces."""
        return [publication for publication in self.found if publication.month == month and not publication.superseded]

    def is_whole(self, one: Publication) -> bool:
        """Whether a publication has what makes one: its wallets, where others of the listing have theirs; else any
        file but a list of addresses of now. Amounts may be shown before the list of wallets is.
        """
        roles = {member.role for member in one.members}
        if any(_has_wallets(other) for other in self.found):
            return "wallets" in roles
        return bool(roles) and not one.is_of_now


def _has_wallets(one: Publication) -> bool:
    return any(member.role == "wallets" for member in one.members)


class _Part:
    def __init__(self, look: Look, what: str) -> None:
        self._look, self._what = look, what

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> bool:
        if not isinstance(error, TransportError) or isinstance(error, NotRecorded):
            return False
        self._look.not_known(self._what, str(error))
        return True


class Look:
    """A look at a publisher while it lasts."""

    def __init__(self, exchange: str, web: Web, since: date | None) -> None:
        self.exchange, self.web, self.since = exchange, web, since
        self._found: list[Publication] = []
        self._unknown: list[Unknown] = []
        self._notes: list[str] = []
        self._replies: list[Reply] = []

    def get(self, url: str, *, first: int | None = None) -> Reply:
        return self._heard(self.web.get(url, first=first))

    def post(self, url: str, body: Mapping[str, Any]) -> Reply:
        return self._heard(self.web.post(url, body))

    def _heard(self, reply: Reply) -> Reply:
        self._replies.append(reply)
        if reply.age_seconds:
            self.note(f"{reply.host}: an answer that a cache had held for {reply.age_seconds:,} seconds")
        return reply

    def is_wanted(self, at: datetime | None) -> bool:
        return self.since is None or at is None or at.date() >= self.since

    def add(self, at: datetime | None, precision: str, members: list[Member], reply: Reply, **more: Any) -> None:
        """A publication, where it is wanted."""
        if self.is_wanted(at):
            self._found.append(Publication(self.exchange, at, precision, tuple(members), reply, **more))

    def note(self, sentence: str) -> None:
        if sentence not in self._notes:
            self._notes.append(sentence)

    def not_known(self, what: str, reason: str) -> None:
        self._unknown.append(Unknown(what, reason))

    def part(self, what: str) -> _Part:
        """`with look.part(...)`: what an endpoint does in it leaves this part unknown, and nothing else."""
        return _Part(self, what)

    def done(self) -> Publications:
        """What the look gave; of one moment the highest revision first."""
        order = sorted(self._found, key=lambda one: (one.at or datetime.min, one.revision or 0), reverse=True)
        return Publications(tuple(order), tuple(self._unknown), tuple(self._notes), tuple(self._replies))

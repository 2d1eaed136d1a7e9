"""The rows of `report_file`: published files as the archive keeps them, and what each is."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Protocol

from porlake import registry, reports
from porlake.lake import Lake
from porlake.model import ReportFile
from porlake.pipeline._session import Session


class Form(Protocol):
    """What reads a report: a format of `reports`, or a proof format (`_proofs`)."""

    @property
    def NAME(self) -> str: ...  # noqa: N802 - as the modules of formats have it
    @property
    def ROLES(self) -> tuple[str, ...]: ...  # noqa: N802
    def content(self, bundle: reports.Bundle) -> str: ...


@dataclass(frozen=True, slots=True)
class Part:
    """A report that is not yet in the lake, and what it speaks of; `source`: who says it, '' for the exchange."""

    form: Form
    bundle: reports.Bundle
    source: str
    snapshot: reports.Snapshot


class Known:
    """What a lake holds of exchanges' reports, each exchange's read once, when it is first asked for; what is archived
    meanwhile is to be added (`add`).
    """

    def __init__(self, lake: Lake) -> None:
        self._lake = lake
        self._files: dict[str, dict[tuple[str, str], ReportFile]] = {}
        self._newest: dict[tuple[str, str, str, str], int] = {}

    def of(self, exchange: str) -> Mapping[tuple[str, str], ReportFile]:
        """By report and attestation."""
        if exchange not in self._files:
            self._files[exchange] = {}
            for row in self._lake.rows(ReportFile, exchange=exchange):
                self.add(row)
        return self._files[exchange]

    def newest(self, exchange: str, attestation: str, content: str, statement: str) -> int:
        """The newest revision of a statement, 0 where there is none."""
        self.of(exchange)
        return self._newest.get((exchange, attestation, content, statement), 0)

    def add(self, row: ReportFile) -> None:
        if row.exchange not in self._files:
            return  # it is read with the others when they are asked for
        self._files[row.exchange][row.report, row.attestation] = row
        edition = (row.exchange, row.attestation, row.content, row.statement)
        self._newest[edition] = max(self._newest.get(edition, 0), row.revision)


class Arrival:
    """What came in together: the reports of one path or URL.

    `others`: the lines of files that nobody reads; `facts` of the arrival that are known already; `known`: what the
    lake holds, where several arrive one after the other.
    """

    def __init__(
        self,
        session: Session,
        origin: str,
        container: str | None,
        others: tuple[str, ...],
        facts: Mapping[str, str] = MappingProxyType({}),
        known: Known | None = None,
    ) -> None:
        self.facts = facts
        self.session, self.origin, self.container, self.others = session, origin, container, others
        self.known = Known(session.lake) if known is None else known

    def keep(self, parts: list[Part]) -> list[str]:
        """The ids of the reports, now in the lake."""
        return [self._keep(part) for part in parts]

    def _keep(self, part: Part) -> str:
        lake, form, exchange = self.session.lake, part.form, part.bundle.exchange
        first = part.bundle.members[0]
        facts = facts_of(self.session, first.name, self.origin) | dict(self.facts) | {"file_name": first.name}
        bundle = replace(part.bundle, members=tuple(self._kept(member, facts) for member in part.bundle.members))
        attestation = f"{exchange}/{part.snapshot}"
        # a file of a report that came without the first of its kind speaks for itself
        alone = "" if first.role == form.ROLES[0] else f"/{first.role}"
        statement = part.source or f"{exchange}/{form.NAME}{alone}"
        content = form.content(bundle)
        partition = {"exchange": exchange, "report": bundle.id, "attestation": attestation}
        seen = lake.seen((ReportFile, partition))
        earlier = self.known.of(exchange).get((bundle.id, attestation))
        if earlier is None and any(seen.values()):  # another machine archived it since
            earlier = lake.one(ReportFile, **partition)
            self.known.add(earlier)
        row = ReportFile(
            exchange=exchange,
            report=bundle.id,
            attestation=attestation,
            snapshot_at=_in_utc(exchange, part.snapshot),
            snapshot_day=part.snapshot.at and part.snapshot.at.date(),
            snapshot_precision=part.snapshot.precision,
            content=content,
            statement=statement,
            revision=part.snapshot.revision
            or (earlier.revision if earlier else self.known.newest(exchange, attestation, content, statement) + 1),
            format=form.NAME,
            # what was true at the first time stays
            file_name=earlier.file_name if earlier else facts["file_name"],
            members=[*(f"{member.sha256}  {member.role}  {member.name}" for member in bundle.members), *self.others],
            origin=earlier.origin if earlier else facts["origin"],
            container=self.container,
            size_bytes=sum(member.content.seek(0, os.SEEK_END) for member in bundle.members),
            retrieved_at=earlier.retrieved_at if earlier else datetime.fromisoformat(facts["retrieved_at"]),
            report_no=part.snapshot.report_no,
        )
        lake.write(ReportFile, partition, [row], seen)
        self.known.add(row)
        return bundle.id

    def _kept(self, member: reports.Member, facts: dict[str, str]) -> reports.Member:
        """The member with its sha256, now that its bytes are in the archive."""
        member.content.seek(0)
        return replace(member, sha256=self.session.lake.keep(member.content, facts | {"file_name": member.name}))


def _in_utc(exchange: str, snapshot: reports.Snapshot) -> datetime | None:
    if snapshot.at is None or snapshot.in_utc:
        return snapshot.at and snapshot.at.replace(tzinfo=UTC)
    return registry.load().exchanges[exchange].in_utc(snapshot.at)


def facts_of(session: Session, name: str, origin: str) -> dict[str, str]:
    """How a file came here; under replay the clock is the recording's."""
    return {"file_name": name, "origin": origin, "retrieved_at": session.recording.now().isoformat()}

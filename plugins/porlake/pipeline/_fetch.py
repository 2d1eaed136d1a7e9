"""fetch: a publication's files into the archive, with the answer in which it was found."""

from __future__ import annotations

import io
from collections.abc import Iterable
from contextlib import ExitStack
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from porlake import reports, sources
from porlake.errors import NotRecorded, ReportError, TransportError, UnknownFormat
from porlake.pipeline._archive import archive_published
from porlake.pipeline._fetched_files import facts_of, files_of
from porlake.pipeline._find import Held, held
from porlake.pipeline._report_files import Known
from porlake.pipeline._session import Session
from porlake.pipeline._suspect import came_before, of_other_moments, went_back
from porlake.transport import Reply


@dataclass(slots=True)
class Fetched:
    """What came: ids of `reports` in the lake, those of them that are `new` there; names of files that are `kept` and
    that no format reads; `missing`, why a file did not come; `warnings`, with figures.
    """

    reports: list[str] = field(default_factory=list)
    new: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


def fetch(session: Session, publications: Iterable[sources.Publication]) -> Fetched:
    """Archive the files of publications of one exchange; what the lake has is not asked for again.

    What goes wrong with a file costs that file alone, and is told. Raises NotRecorded, LakeError.
    """
    listed, work = list(publications), _Fetching(session)
    rows = list(work.known.of(listed[0].exchange).values()) if listed else []
    for one, has in zip(listed, held(session, listed, rows), strict=True):
        work.fetch(one, has)
    done = work.done
    done.reports, done.new = list(dict.fromkeys(done.reports)), list(dict.fromkeys(done.new))
    return done


class _Fetching:
    """One fetch of many files: what the lake holds is read once, and the answer that lists them is archived once."""

    def __init__(self, session: Session) -> None:
        self.session, self.done, self.known = session, Fetched(), Known(session.lake)
        self._answers = dict[int, tuple[Reply, str]]()

    def fetch(self, one: sources.Publication, has: Held) -> None:
        self.done.reports += has.reports
        self.done.warnings += went_back(self.known.of(one.exchange).values(), one, self.session)
        missing = [member for member in one.members if _is_wanted(member, has.roles)]
        found_in = self._kept(one.found_in) if missing else ""
        for members in _together_with(missing):
            self.session.progress(f"fetch {one.attestation}: {members[0].name}", 0, 0)
            try:
                self._archive(one, members, found_in)
            except NotRecorded:
                raise
            except UnknownFormat:
                self.done.kept += [member.name for member in members]
            except (TransportError, ReportError) as error:
                self.done.missing.append(f"{one.attestation}: {members[0].role}: {error}")

    def _archive(self, one: sources.Publication, members: list[sources.Member], found_in: str) -> None:
        """The reports in files that belong together into the lake."""
        # a publisher's audit id is no number of an edition: OKX's do not even rise
        told = None if one.at is None else reports.Snapshot(one.at, one.precision, one.revision)
        had, same = dict(self.known.of(one.exchange)), list[str]()
        with ExitStack() as files:
            came = files_of(self.session, files, one, members, found_in, same)
            found = archive_published(self.session, one.exchange, came, fallback=told, known=self.known)
        rows = [row for (report, _), row in self.known.of(one.exchange).items() if report in found]
        self.done.reports += found
        # bytes that the lake has for another moment are new of this one
        self.done.new += [row.report for row in rows if (row.report, row.attestation) not in had]
        self.done.warnings += same or came_before(one, members, rows, had)
        self.done.warnings += of_other_moments(one, members, rows)

    def _kept(self, answer: Reply) -> str:
        """The sha256 of the answer in which publications were found, archived before anything that it names."""
        if id(answer) not in self._answers:
            name = urlsplit(answer.url).path.rpartition("/")[2] or answer.host
            sha256 = self.session.lake.keep(io.BytesIO(answer.body), facts_of(answer, name))
            self._answers[id(answer)] = answer, sha256  # held on to, so that no other answer gets its id
        return self._answers[id(answer)][1]


def _is_wanted(member: sources.Member, held_roles: frozenset[str]) -> bool:
    """Whether a file is to be archived: what the lake has not, and an answer that is at hand: other amounts of the same
    moment are a revision. Of a page, which is never twice the same, the first is kept.
    """
    return member.role not in held_roles or (member.reply is not None and member.kind == "json")


def _together_with(members: list[sources.Member]) -> list[list[sources.Member]]:
    """The pages of a list belong together; every other file comes alone."""
    pages = [member for member in members if member.role == sources.PAGE]
    return [[member] for member in members if member.role != sources.PAGE] + ([pages] if pages else [])

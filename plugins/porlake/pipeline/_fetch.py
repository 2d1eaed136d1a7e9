"""fetch: a publication's files into the archive, with the answer in which it was found."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import BinaryIO
from urllib.parse import urlsplit

from porlake import reports, sources
from porlake.errors import NotRecorded, ReportError, TransportError, UnknownFormat
from porlake.model import ReportFile
from porlake.pipeline._archive import archive_published
from porlake.pipeline._files import Published
from porlake.pipeline._find import held, origin_of
from porlake.pipeline._session import Session
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
    """Archive the files of publications; what the lake has is not asked for again.

    What goes wrong with a file costs that file alone, and is told. Raises NotRecorded, LakeError.
    """
    listed, done = list(publications), Fetched()
    for one, has in zip(listed, held(session, listed), strict=True):
        done.reports += has.reports
        done.warnings += _went_back(session, one)
        missing = [member for member in one.members if member.reply or member.role not in has.roles]
        found_in = _keep_answer(session, one) if missing else ""
        for members in _together_with(missing):
            session.progress(f"fetch {one.attestation}: {members[0].name}", 0, 0)
            _fetched(session, one, members, found_in, done)
    done.reports = list(dict.fromkeys(done.reports))
    done.new = list(dict.fromkeys(done.new))
    return done


def _together_with(members: list[sources.Member]) -> list[list[sources.Member]]:
    """The pages of a list belong together; every other file comes alone."""
    pages = [member for member in members if member.role == sources.PAGE]
    return [[member] for member in members if member.role != sources.PAGE] + ([pages] if pages else [])


def _fetched(
    session: Session, one: sources.Publication, members: list[sources.Member], found_in: str, done: Fetched
) -> None:
    known = {row.report for row in session.lake.rows(ReportFile, exchange=one.exchange)}
    told = None if one.at is None else reports.Snapshot(one.at, one.precision, one.revision, one.report_no)
    web = session.web(one.exchange)
    try:
        with ExitStack() as files:
            came = list[Published]()
            for member in members:
                reply, stream = files.enter_context(sources.fetched(web, member))
                facts = _facts(reply, member.name) | {
                    "publication": one.attestation, "url": member.url, "role": member.role, "found_in": found_in,
                }  # fmt: skip
                done.warnings += _same_bytes(one, member, session.lake.keep(stream, facts), session, stream)
                stream.seek(0)
                came.append(_published(files, stream, reply, member, facts))
            found = archive_published(session, one.exchange, _together(came), fallback=told)
    except NotRecorded:
        raise
    except UnknownFormat:
        done.kept += [member.name for member in members]
    except (TransportError, ReportError) as error:
        done.missing.append(f"{one.attestation}: {members[0].role}: {error}")
    else:
        done.reports += found
        done.new += [report for report in found if report not in known]
        done.warnings += _of_other_moments(session, one, members, found)


def _together(came: list[Published]) -> Published:
    """Files that were published together, as one bundle; the first one's origin is theirs."""
    if len(came) == 1:
        return came[0]
    inside = tuple(member for one in came for member in one.bundle.members)
    return Published(reports.Bundle(inside, came[0].bundle.name), None, came[0].origin, came[0].facts)


def _published(
    files: ExitStack, stream: BinaryIO, reply: Reply, member: sources.Member, facts: dict[str, str]
) -> Published:
    inside = tuple(
        reports.Member(name, files.enter_context(content)) for name, content in reports.members(stream, member.name)
    )
    container = None if any(held.content is stream for held in inside) else stream
    return Published(reports.Bundle(inside, member.name), container, origin_of(reply.url), facts)


def _facts(reply: Reply, name: str) -> dict[str, str]:
    return {
        "file_name": name, "origin": origin_of(reply.url), "retrieved_at": reply.retrieved_at.isoformat(),
    }  # fmt: skip


def _keep_answer(session: Session, one: sources.Publication) -> str:
    """The sha256 of the answer in which a publication was found, archived before anything that it names."""
    name = urlsplit(one.found_in.url).path.rpartition("/")[2] or one.found_in.host
    return session.lake.keep(io.BytesIO(one.found_in.body), _facts(one.found_in, name))


def _went_back(session: Session, one: sources.Publication) -> Iterator[str]:
    """A warning where the newest revision that is listed is older than one that the lake has."""
    if one.revision is None or one.superseded:
        return
    origins = {origin_of(url) for member in one.members for url in (member.url, *member.others)}
    hosts = {urlsplit(origin).hostname for origin in origins}
    seen = [
        row.revision for row in session.lake.rows(ReportFile, exchange=one.exchange)
        if row.attestation == one.attestation and urlsplit(row.origin).hostname in hosts
        and row.origin not in origins
    ]  # fmt: skip
    if seen and max(seen) > one.revision:
        yield (
            f"{one.attestation}: revision {one.revision} is listed, the lake has revision {max(seen)}: it goes "
            "backwards"
        )


def _same_bytes(
    one: sources.Publication, member: sources.Member, sha256: str, session: Session, stream: BinaryIO
) -> Iterator[str]:
    """A warning where bytes came before under another moment."""
    first = session.lake.first_facts(sha256)
    other = first.get("publication", one.attestation)
    if other != one.attestation and member.reply is None:
        yield (
            f"{one.attestation}: {member.name} has the {stream.seek(0, io.SEEK_END):,} bytes of {other}, retrieved "
            f"{str(first.get('retrieved_at'))[:10]} (sha256 {sha256[:16]})"
        )


def _of_other_moments(
    session: Session, one: sources.Publication, members: list[sources.Member], found: list[str]
) -> Iterator[str]:
    """A warning where a file says another moment than the list in which it was found."""
    said = {row.attestation for row in session.lake.rows(ReportFile, exchange=one.exchange) if row.report in found}
    if said and one.attestation not in said:
        yield f"{one.attestation}: {members[0].name} says that it is of {', '.join(sorted(said)[:3])}"

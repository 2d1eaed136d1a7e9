"""fetch: a publication's files into the archive, with the answer in which it was found."""

from __future__ import annotations

import io
from collections.abc import Iterable
from contextlib import ExitStack
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from porlake import reports, sources
from porlake.errors import NotRecorded, ReportError, TransportError, UnknownFormat
from porlake.model import ReportFile
from porlake.pipeline._archive import archive_published
from porlake.pipeline._files import Published, inside_of
from porlake.pipeline._find import held, origin_of
from porlake.pipeline._session import Session
from porlake.pipeline._suspect import of_other_moments, same_bytes, went_back
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
    known = list(session.lake.rows(ReportFile, exchange=listed[0].exchange)) if listed else []
    for one, has in zip(listed, held(session, listed, known), strict=True):
        done.reports += has.reports
        done.warnings += went_back(known, one)
        missing = [member for member in one.members if _is_wanted(member, has.roles)]
        found_in = _keep_answer(session, one) if missing else ""
        for members in _together_with(missing):
            session.progress(f"fetch {one.attestation}: {members[0].name}", 0, 0)
            _fetched(session, one, members, found_in, known, done)
    done.reports, done.new = list(dict.fromkeys(done.reports)), list(dict.fromkeys(done.new))
    return done


def _is_wanted(member: sources.Member, held_roles: frozenset[str]) -> bool:
    """Whether a file is to be archived: what the lake has not, and an answer that is at hand: other amounts of the same
    moment are a revision. Of a page, which is never twice the same, the first is kept.
    """
    return member.role not in held_roles or (member.reply is not None and member.kind == "json")


def _together_with(members: list[sources.Member]) -> list[list[sources.Member]]:
    """The pages of a list belong together; every other file comes alone."""
    pages = [member for member in members if member.role == sources.PAGE]
    return [[member] for member in members if member.role != sources.PAGE] + ([pages] if pages else [])


def _fetched(
    session: Session,
    one: sources.Publication,
    members: list[sources.Member],
    found_in: str,
    known: list[ReportFile],
    done: Fetched,
) -> None:
    """`known`: what the lake has of the exchange; what comes is added."""
    # a publisher's audit id is no number of an edition: OKX's do not even rise
    told = None if one.at is None else reports.Snapshot(one.at, one.precision, one.revision)
    web = session.web(one.exchange)
    try:
        with ExitStack() as files:
            came = list[Published]()
            for member in members:
                reply, stream = files.enter_context(sources.fetched(web, member))
                facts = _facts(reply, member.name) | {
                    "publication": one.attestation, "url": member.url, "role": member.role, "found_in": found_in,
                }  # fmt: skip
                done.warnings += same_bytes(one, member, session.lake.keep(stream, facts), session, stream)
                stream.seek(0)
                came.append(inside_of(files, stream, member.name, origin_of(reply.url), facts))
            found = archive_published(session, one.exchange, _together(came), fallback=told)
    except NotRecorded:
        raise
    except UnknownFormat:
        done.kept += [member.name for member in members]
    except (TransportError, ReportError) as error:
        done.missing.append(f"{one.attestation}: {members[0].role}: {error}")
    else:
        done.reports += found
        ids = {row.report for row in known}
        done.new += [report for report in found if report not in ids]
        came_as = [
            row for report in found for row in session.lake.rows(ReportFile, exchange=one.exchange, report=report)
        ]
        done.warnings += of_other_moments(one, members, came_as)
        known += came_as


def _together(came: list[Published]) -> Published:
    """Files that were published together, as one bundle; the first one's origin is theirs."""
    first, inside = came[0], tuple(member for one in came for member in one.bundle.members)
    together = Published(reports.Bundle(inside, first.bundle.name), None, first.origin, first.facts)
    return first if len(came) == 1 else together


def _facts(reply: Reply, name: str) -> dict[str, str]:
    told = reply.retrieved_at.isoformat()
    return {"file_name": name, "origin": origin_of(reply.url), "retrieved_at": told}


def _keep_answer(session: Session, one: sources.Publication) -> str:
    """The sha256 of the answer in which a publication was found, archived before anything that it names."""
    name = urlsplit(one.found_in.url).path.rpartition("/")[2] or one.found_in.host
    return session.lake.keep(io.BytesIO(one.found_in.body), _facts(one.found_in, name))

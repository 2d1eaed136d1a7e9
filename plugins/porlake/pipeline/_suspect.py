"""What makes a publication suspect, with figures: a revision that goes backwards, bytes of another moment, a file that
says another moment than its list.
"""

from __future__ import annotations

import io
from collections.abc import Container, Iterable, Iterator
from typing import BinaryIO
from urllib.parse import urlsplit

from porlake import reports, sources
from porlake.model import ReportFile
from porlake.pipeline._find import origin_of
from porlake.pipeline._session import Session


def went_back(known: Iterable[ReportFile], one: sources.Publication, session: Session) -> Iterator[str]:
    """A warning where the newest revision that is listed is older than one of those that the lake has, `known`: one of
    the publisher's hosts, or a file that came by hand under a name that says its revision.
    """
    if one.revision is None or one.superseded:
        return
    origins = {origin_of(url) for member in one.members for url in (member.url, *member.others)}
    hosts = {urlsplit(origin).hostname for origin in origins}
    seen = [
        row.revision for row in known
        if row.attestation == one.attestation and row.origin not in origins
        and (urlsplit(row.origin).hostname in hosts or row.revision in _named(row, session))
    ]  # fmt: skip
    if seen and max(seen) > one.revision:
        yield (
            f"{one.attestation}: revision {one.revision} is listed, the lake has revision {max(seen)}: it goes "
            "backwards"
        )


def _named(row: ReportFile, session: Session) -> set[int | None]:
    """The revisions that the names of a file and of its archive say."""
    archive = [str(session.lake.first_facts(row.container).get("file_name"))] if row.container else []
    told = [reports.snapshot_of(name) for name in (row.file_name, *archive)]
    return {snapshot.revision for snapshot in told if snapshot is not None}


def same_bytes(
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


def came_before(
    one: sources.Publication,
    members: list[sources.Member],
    came: Iterable[ReportFile],
    had: Container[tuple[str, str]],
) -> Iterator[str]:
    """A warning where what `came` for this moment is, byte for byte, a report that the lake `had` for another: by hand,
    or in another archive. An answer that is at hand is of now, and a list of addresses may stay as it is.
    """
    rows = [row for row in came if row.content != "address_list" and members[0].reply is None]
    for new in (row for row in rows if row.attestation == one.attestation and (row.report, row.attestation) not in had):
        others = [row for row in rows if row.report == new.report and (row.report, row.attestation) in had]
        if others:
            first = min(others, key=lambda row: (row.retrieved_at, row.attestation))
            yield (
                f"{one.attestation}: {new.file_name} has the {new.size_bytes:,} bytes of {first.attestation}, "
                f"retrieved {first.retrieved_at:%Y-%m-%d} (sha256 {new.report[:16]})"
            )


def of_other_moments(
    one: sources.Publication, members: list[sources.Member], came: Iterable[ReportFile]
) -> Iterator[str]:
    """A warning where a file, of the reports that `came`, says another moment than the list in which it was found."""
    said = {row.attestation for row in came}
    if said and one.attestation not in said:
        yield f"{one.attestation}: {members[0].name} says that it is of {', '.join(sorted(said)[:3])}"

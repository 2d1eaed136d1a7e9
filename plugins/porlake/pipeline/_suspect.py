"""What makes a publication suspect, with figures: a revision that goes backwards, bytes of another moment, a file that
says another moment than its list.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from typing import BinaryIO
from urllib.parse import urlsplit

from porlake import sources
from porlake.model import ReportFile
from porlake.pipeline._find import origin_of
from porlake.pipeline._session import Session


def went_back(known: Iterable[ReportFile], one: sources.Publication) -> Iterator[str]:
    """A warning where the newest revision that is listed is older than one of those that the lake has, `known`."""
    if one.revision is None or one.superseded:
        return
    origins = {origin_of(url) for member in one.members for url in (member.url, *member.others)}
    hosts = {urlsplit(origin).hostname for origin in origins}
    seen = [
        row.revision for row in known
        if row.attestation == one.attestation and urlsplit(row.origin).hostname in hosts
        and row.origin not in origins
    ]  # fmt: skip
    if seen and max(seen) > one.revision:
        yield (
            f"{one.attestation}: revision {one.revision} is listed, the lake has revision {max(seen)}: it goes "
            "backwards"
        )


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


def of_other_moments(
    one: sources.Publication, members: list[sources.Member], came: Iterable[ReportFile]
) -> Iterator[str]:
    """A warning where a file, of the reports that `came`, says another moment than the list in which it was found."""
    said = {row.attestation for row in came}
    if said and one.attestation not in said:
        yield f"{one.attestation}: {members[0].name} says that it is of {', '.join(sorted(said)[:3])}"

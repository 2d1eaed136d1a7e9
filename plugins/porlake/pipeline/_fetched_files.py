"""Files of a publication as they come: each archived as it was published, all of them looked into together."""

from __future__ import annotations

from contextlib import ExitStack

from porlake import reports, sources
from porlake.pipeline._files import Published, inside_of
from porlake.pipeline._find import origin_of
from porlake.pipeline._session import Session
from porlake.pipeline._suspect import same_bytes
from porlake.transport import Reply


def files_of(
    session: Session,
    files: ExitStack,
    one: sources.Publication,
    members: list[sources.Member],
    found_in: str,
    warnings: list[str],
) -> Published:
    """The files as one bundle. `found_in`: the sha256 of the answer that lists them; bytes that came before under
    another moment are added to `warnings`. Raises TransportError, ReportError.
    """
    came, web = list[Published](), session.web(one.exchange)
    for member in members:
        reply, stream = files.enter_context(sources.fetched(web, member))
        facts = facts_of(reply, member.name) | {
            "publication": one.attestation, "url": member.url, "role": member.role, "found_in": found_in,
        }  # fmt: skip
        warnings += same_bytes(one, member, session.lake.keep(stream, facts), session, stream)
        stream.seek(0)
        came.append(inside_of(files, stream, member.name, origin_of(reply.url), facts))
    return _together(came)


def facts_of(reply: Reply, name: str) -> dict[str, str]:
    """How an answer came here."""
    told = reply.retrieved_at.isoformat()
    return {"file_name": name, "origin": origin_of(reply.url), "retrieved_at": told}


def _together(came: list[Published]) -> Published:
    """Files that were published together, as one bundle; the first one's origin is theirs."""
    first, inside = came[0], tuple(member for one in came for member in one.bundle.members)
    together = Published(reports.Bundle(inside, first.bundle.name), None, first.origin, first.facts)
    return first if len(came) == 1 else together

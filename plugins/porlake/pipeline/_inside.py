"""What is in published files: reports, proofs of liabilities, and which moment each speaks of."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from porlake import reports
from porlake.errors import ConfigurationError, SnapshotUnknown
from porlake.pipeline._files import Published
from porlake.pipeline._proofs import ProofForm, of_a_user, proofs_in
from porlake.pipeline._report_files import Part


def inside(
    came: Published,
    exchange: str,
    stated: reports.Snapshot | None,
    fallback: reports.Snapshot | None,
    beside: reports.Snapshot | None = None,
) -> tuple[list[Part], list[reports.Member], bool]:
    """The reports and proofs among published files, the files that nobody reads, and whether a customer's own file is
    among them, which is never kept, and so no archive that holds one. Raises ReportError.
    """
    found, left = reports.known_in(replace(came.bundle, exchange=exchange))
    _check_publisher(exchange, found)
    parts = [part for form, bundle in found for part in _parts(came.bundle.name, form, bundle, stated, fallback)]
    proofs, others, of_users = proofs_in(left, exchange)
    if not found and not proofs:
        raise of_a_user(of_users[0]) if of_users and not others else reports.unknown(came.bundle, others)
    said = {str(part.snapshot): part.snapshot for part in parts if part.bundle.exchange == exchange}
    published = next(iter(said.values())) if len(said) == 1 else fallback or beside
    for form, bundle in proofs:
        names = (*(member.name for member in bundle.members), came.bundle.name)
        named = reports.first_stated(map(reports.snapshot_of, names))
        parts.append(Part(ProofForm(form.NAME), bundle, "", _told(names[0], named, stated, published)))
    return parts, others, bool(of_users)


def _check_publisher(exchange: str, found: list[tuple[reports.Format, reports.Bundle]]) -> None:
    """Raises ConfigurationError for a file of a format that another exchange alone publishes (its EXCHANGE). One that
    says itself of whom it speaks may come under any name.
    """
    for form, bundle in found:
        of = getattr(form, "EXCHANGE", exchange)
        if of != exchange and not isinstance(form, reports.SplitFormat):
            raise ConfigurationError(f"{bundle.name}: a file of {of} ({form.NAME}), not of {exchange}")


def _parts(
    container: str,
    form: reports.Format,
    bundle: reports.Bundle,
    stated: reports.Snapshot | None,
    fallback: reports.Snapshot | None,
) -> Iterator[Part]:
    """The reports of a bundle: one, or one of each attestation and source that its file speaks of. Raises
    ReportError.
    """
    first = bundle.members[0]
    if not isinstance(form, reports.SplitFormat):
        names = (*(member.name for member in bundle.members), container)
        named = reports.first_stated(map(form.snapshot_of, names))
        yield Part(form, bundle, "", _told(first.name, named, stated, fallback))
        return
    for part in form.split(bundle):
        # what a part's own rows say of the moment is nearer to it than an option for the whole file
        named = part.snapshot or form.snapshot_of(container)
        snapshot = _told(first.name, named, None if part.snapshot else stated, fallback)
        members = (replace(first, content=part.content, sha256=""),)
        yield Part(form, replace(bundle, members=members, exchange=part.exchange), part.source, snapshot)


def _told(
    name: str, named: reports.Snapshot | None, stated: reports.Snapshot | None, fallback: reports.Snapshot | None
) -> reports.Snapshot:
    """The moment that is stated, else the one that is named, else `fallback`, which also tells the revision that a name
    of the same moment leaves out; a revision that is named stays. Raises SnapshotUnknown.
    """
    if stated is not None:
        return replace(stated, revision=named.revision if named else None)
    if named is not None and fallback is not None and str(named) == str(fallback):
        return replace(named, revision=named.revision or fallback.revision)
    if snapshot := named or fallback:
        return snapshot
    raise SnapshotUnknown(
        f"{name}: neither its name nor its content says which moment it speaks of; give --snapshot YYYY-MM-DD"
    )

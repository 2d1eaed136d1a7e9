"""Proofs of liabilities by hand: whether published files hold, and whether one customer is counted under a root.

Nothing of it is kept: files are read where they lie, and no lake is written.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from difflib import get_close_matches

from porlake import liabilities, pipeline, registry, reports
from porlake.errors import ConfigurationError, ReportError, UnknownFormat
from porlake.liabilities import KINDS, VERDICTS, Check, Inclusion, Proof
from porlake.model import ReportFile
from porlake.pipeline import Session

__all__ = ["KINDS", "VERDICTS", "Check", "Checked", "Included", "Inclusion", "Proof", "check", "included", "meaning"]

#: Where the codes of a verdict, its findings and what it does not show stand in reasons.csv.
REASON, FINDING, NOT_SHOWN = (f"liability_proof.{column}" for column in ("reason", "findings", "not_shown"))


@dataclass(frozen=True, slots=True)
class Checked:
    """A proof among published files, with the names of its files."""

    files: tuple[str, ...]
    proof: Proof


@dataclass(frozen=True, slots=True)
class Included:
    """What one customer's file shows; `against`: what it was held against, in words, '' where there was nothing."""

    inclusion: Inclusion
    against: str


def meaning(place: str, code: str) -> str:
    """What reasons.csv says of a code, '' where it has no row."""
    rows = registry.load().reasons.values()
    return next((row.meaning for row in rows if row.place == place and row.covers(code)), "")


def check(session: Session, sources: Sequence[str], exchange: str = "") -> tuple[list[Checked], list[str]]:
    """The proofs in published files, and the names of files that are of none. `exchange`: whose labels they use. Raises
    ReportError where no file is of a proof, ConfigurationError for one that cannot be read.
    """
    if exchange:
        pipeline.publisher_of(exchange)
    with ExitStack() as files:
        members = _opened(session, files, sources)
        found = liabilities.known_by(members, lambda some: pipeline.bundle_of(some, exchange))
        if not found:
            raise _unknown(members, sources[0])
        taken = {id(member) for _, proof in found for member in proof}
        checked = [
            Checked(
                tuple(member.name for member in proof),
                liabilities.verified(form, pipeline.bundle_of(proof, exchange), session.progress, session.verifiers),
            )
            for form, proof in found
        ]
        return checked, [member.name for member in members if id(member) not in taken]


def included(
    session: Session,
    user: str,
    proofs: Sequence[str] = (),
    *,
    attestation: str = "",
    root: str = "",
    exchange: str = "",
) -> Included:
    """Whether a customer is counted, by the customer's own file: against published files or the newest proof of an
    attestation in the lake, and a root in hex that was published elsewhere; with none of them against nothing.

    Raises ReportError, ConfigurationError, MissingPartition.
    """
    if exchange:
        pipeline.publisher_of(exchange)
    stated = _root(root)
    beside = f", and the root {stated}" if stated else ""
    with ExitStack() as files:
        (own,) = _opened(session, files, [user])
        form = _form_of(own)
        if attestation:
            file = _archived(session, attestation, form)
            bundle = pipeline.archived(session.lake, files, file)
            found = form.inclusion(own, bundle, stated or None)
            return Included(found, f"{file.file_name} of {attestation}, sha256 {file.report}{beside}")
        if proofs:
            members = _opened(session, files, proofs)
            found_in = liabilities.known_by(members, lambda some: pipeline.bundle_of(some, ""))
            of_form = [proof for known, proof in found_in if known is form]
            if len(of_form) != 1:
                raise UnknownFormat(
                    f"{', '.join(proofs)}: {len(of_form)} proofs of {form.NAME}, of which the customer's file is; "
                    "one is needed"
                )
            names = ", ".join(member.name for member in of_form[0])
            bundle = pipeline.bundle_of(of_form[0], exchange)
            return Included(form.inclusion(own, bundle, stated or None), f"{names}{beside}")
        return Included(form.inclusion(own, None, stated or None), beside.removeprefix(", and "))


def _root(text: str) -> str:
    """A root as a person gives it, in lower-case hex. Raises ConfigurationError."""
    root = text.strip().lower().removeprefix("0x")
    if not re.fullmatch("([0-9a-f]{2})*", root):
        raise ConfigurationError(f"the root {text[:80]!r} is not in hex, two digits a byte")
    return root


class _Both(liabilities.ProofFormat, liabilities.ForUsers):
    """A format whose users get a file of their own."""


def _form_of(own: reports.Member) -> _Both:
    names = liabilities.user_formats(own)
    if len(names) != 1:
        known = f"{' and '.join(names)} recognise it" if names else "no format knows it as a customer's own file"
        forms = [form for form in liabilities.FORMATS.values() if isinstance(form, liabilities.ForUsers)]
        says = ((form.NAME, _of_users(form)) for form in forms)
        raise UnknownFormat(f"{own.name}: {known}. Looked for: {liabilities.looked_for(says)}")
    return liabilities.FORMATS[names[0]]  # type: ignore[return-value]


def _of_users(form: liabilities.ProofFormat) -> str | None:
    """How a format knows a user's file: as its function says, else as it knows its own."""
    says = (form.is_user_file.__doc__ or "") if isinstance(form, liabilities.ForUsers) else ""
    return says if says.startswith("Whether ") else form.matches.__doc__


def _archived(session: Session, attestation: str, form: liabilities.ProofFormat) -> ReportFile:
    """The newest proof of a format that the lake holds of an attestation. Raises ConfigurationError."""
    exchange = attestation.partition("/")[0]
    rows = [row for row in session.lake.rows(ReportFile, exchange=exchange) if row.content == pipeline.PROOF]
    of_it = [row for row in rows if row.attestation == attestation and row.format == form.NAME]
    if of_it:
        return max(of_it, key=lambda row: (row.revision, row.retrieved_at, row.report))
    there = sorted({f"{row.attestation} ({row.format})" for row in rows})
    near = get_close_matches(f"{attestation} ({form.NAME})", there, 3, 0.3) or there[-3:]
    raise ConfigurationError(
        f"{attestation}: the lake holds no proof of {form.NAME} of it; "
        + (f"there are {', '.join(near)}" if near else f"it holds no proof of {exchange!r} at all")
    )


def _opened(session: Session, files: ExitStack, sources: Sequence[str]) -> list[reports.Member]:
    """The files at local paths, of archives and folders those inside. Raises ConfigurationError, ReportError."""
    if urls := [source for source in sources if "://" in source]:
        raise ConfigurationError(f"{urls[0].partition('://')[0]}://: fetch the file first: nothing here asks a network")
    return [member for source in sources for member in pipeline.files_at(session, files, source).bundle.members]


def _unknown(members: Sequence[reports.Member], source: str) -> ReportError:
    if not members:
        return UnknownFormat(f"{source}: there is no file")
    if names := liabilities.user_formats(members[0]):
        return UnknownFormat(
            f"{members[0].name}: one customer's own file ({' or '.join(names)}): `porlake inclusion --user FILE` "
            "looks at it"
        )
    forms = ((form.NAME, form.matches.__doc__) for form in liabilities.FORMATS.values())
    return UnknownFormat(
        f"{members[0].name}: no proof format recognises it. Looked for: {liabilities.looked_for(forms)}"
    )

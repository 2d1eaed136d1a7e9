"""Proofs of liabilities as reports: which published files are one, and its files once they are in the archive."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import ClassVar

from porlake import liabilities, reports
from porlake.errors import ReportError, UnknownFormat
from porlake.lake import Lake
from porlake.model import ReportFile

#: What `report_file.content` says of a proof.
PROOF = "liability_proof"
ROLE = "proof"


@dataclass(frozen=True, slots=True)
class ProofForm:
    """A proof format as what reads a report."""

    NAME: str
    ROLES: ClassVar[tuple[str, ...]] = (ROLE,)

    def content(self, bundle: reports.Bundle) -> str:
        return PROOF


def proofs_in(
    files: Sequence[reports.Member], exchange: str
) -> tuple[list[tuple[liabilities.ProofFormat, reports.Bundle]], list[reports.Member], list[reports.Member]]:
    """The proofs among files that are of no report, the files that nobody reads, and those that are one user's. Raises
    UnknownFormat where several formats know one.
    """
    of_users = [file for file in files if liabilities.user_formats(file)]
    others = [file for file in files if all(file is not user for user in of_users)]
    found = [
        (form, bundle_of([replace(file, role=ROLE) for file in proof], exchange), proof)
        for form, proof in liabilities.known_by(others, lambda some: bundle_of(some, exchange))
    ]
    taken = {id(file) for _, _, proof in found for file in proof}
    return [(form, bundle) for form, bundle, _ in found], [file for file in others if id(file) not in taken], of_users


def bundle_of(files: Sequence[reports.Member], exchange: str) -> reports.Bundle:
    return reports.Bundle(tuple(files), files[0].name if files else "", exchange)


def of_a_user(file: reports.Member) -> ReportError:
    """Why a customer's own file is refused; its name may be an id, and is not told."""
    names = " or ".join(liabilities.user_formats(file))
    return UnknownFormat(
        f"the file is one customer's own ({names}): it is never kept; `porlake inclusion --user FILE` looks at it"
    )


def proof_format(name: str) -> liabilities.ProofFormat:
    """The proof format of that name. Raises UnknownFormat: a lake may be older or newer than the formats here."""
    try:
        return liabilities.FORMATS[name]
    except KeyError as error:
        there = ", ".join(liabilities.FORMATS)
        raise UnknownFormat(f"no proof format has the name {name!r}; there are {there}") from error


def archived(lake: Lake, files: ExitStack, file: ReportFile) -> reports.Bundle:
    """The files of a report as they lie in the archive. Raises Damaged, MissingPartition."""
    lines = (line.split("  ", 2) for line in file.members)
    members = (
        reports.Member(name, files.enter_context(lake.open_raw(digest)), role, digest)
        for digest, role, name in lines
        if role != "-"
    )
    return reports.Bundle(tuple(members), file.file_name, file.exchange)

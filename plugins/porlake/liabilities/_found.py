"""Which format knows which of some published files, and its verdict on them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import TypeVar

from porlake import liabilities
from porlake.errors import UnknownFormat
from porlake.liabilities._protocol import (
    Bundle,
    ForUsers,
    HasPublishersVerifier,
    OfSeveralFiles,
    Proof,
    ProofFormat,
    PublishedFile,
    TellsProgress,
)
from porlake.progress import Tell, silent

File = TypeVar("File", bound=PublishedFile)


def known_by(
    files: Sequence[File], of: Callable[[Sequence[File]], Bundle]
) -> list[tuple[ProofFormat, tuple[File, ...]]]:
    """The proofs among files that were published together, each with its format and its files; files that no format
    knows are left out. `of`: what makes a bundle of some of them.

    Raises UnknownFormat where several formats know one file.
    """
    found, names = list[tuple[ProofFormat, tuple[File, ...]]](), dict[int, list[str]]()
    for form in liabilities.FORMATS.values():
        for proof in _proofs(form, files, of):
            found.append((form, proof))
            for file in proof:
                names.setdefault(id(file), []).append(form.NAME)
    for file in files:
        if len(several := names.get(id(file), [])) > 1:
            raise UnknownFormat(f"{file.name}: {' and '.join(several)} recognise it")
    return found


def _proofs(form: ProofFormat, files: Sequence[File], of: Callable[[Sequence[File]], Bundle]) -> list[tuple[File, ...]]:
    if not form.matches(of(files)):
        return []
    if isinstance(form, OfSeveralFiles):
        own = {id(file): file for file in files}
        return [tuple(own[id(file)] for file in proof) for proof in form.members(of(files))]
    return [(file,) for file in files if form.matches(of([file]))]


def user_formats(member: PublishedFile) -> list[str]:
    """The names of the formats for which a file is one user's."""
    return [
        name for name, form in liabilities.FORMATS.items() if isinstance(form, ForUsers) and form.is_user_file(member)
    ]


def verified(
    form: ProofFormat, bundle: Bundle, tell: Tell = silent, verifiers: Mapping[str, str] = MappingProxyType({})
) -> Proof:
    """A format's verdict on a proof. `tell`: how far it is, where its check takes long; `verifiers`: by format the path
    of the publisher's own verifier, whose answer is a finding beside the verdict.
    """
    proof = form.verify_telling(bundle, tell) if isinstance(form, TellsProgress) else form.verify(bundle)
    if form.NAME in verifiers and isinstance(form, HasPublishersVerifier):
        theirs = form.publishers_answer(bundle, verifiers[form.NAME])
        return replace(proof, findings=(*proof.findings, *theirs))
    return proof

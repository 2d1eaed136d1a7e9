"""What a proof format is given and what it gives: the protocol of the room, in plain values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import BinaryIO, Literal, Protocol, runtime_checkable

from porlake.progress import Tell as Tell
from porlake.progress import silent as silent

Kind = Literal["tree", "path", "snark", "stark"]
#: What a proof is: all leaves with their sums; one user's path to the root; a succinct proof over circuits with a
#: trusted setup (Groth16, PLONK over a pairing curve); one that rests on hashes alone (plonky2, zk-STARK).
KINDS: Mapping[Kind, str] = {
    "tree": "the whole tree of leaves: each hash and each sum can be computed anew",
    "path": "one user's leaf and its siblings up to the root: that user is counted, and nothing of the others",
    "snark": "a proof over a circuit with a setup: as good as the setup, the circuit and the pinned verifying key",
    "stark": "a proof that rests on hashes alone: as good as its circuit, its parameters and their pinned digest",
}

Verdict = Literal["holds", "consistent_only", "broken", "malformed", "unsupported"]
VERDICTS: Mapping[Verdict, str] = {
    "holds": "every check of the format holds, and it shows what a proof of its kind can",
    "consistent_only": "the files fit together, and could have been made without the users behind them, or nobody here "
    "has seen a true one accepted",
    "broken": "a check fails: the reason names it",
    "malformed": "the files cannot be read as this format",
    "unsupported": "an edition of the format that is not checked here",
}

#: Reasons that every format has: of one that holds, and of one whose files cannot be read as it.
EVERY_CHECK_HOLDS, NOT_OF_THE_FORMAT = "every_check_holds", "not_of_the_format"


class PublishedFile(Protocol):
    """A file of a bundle: its name without folders, and its bytes as a seekable stream; `head`: the first 65,536."""

    @property
    def name(self) -> str: ...
    @property
    def content(self) -> BinaryIO: ...
    @property
    def head(self) -> bytes: ...


class Bundle(Protocol):
    """Files that were published together; `exchange` is the id of the exchange whose labels they use, '' where nobody
    said it.
    """

    @property
    def members(self) -> Sequence[PublishedFile]: ...
    @property
    def exchange(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Check:
    """One check, in the order in which it was made. `name`: a code of lower-case words; `passed`: None where it could
    not be made; `detail`: node, level and value, in words.
    """

    name: str
    passed: bool | None
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Finding:
    """What a reader must know, and what breaks nothing: a negative subtree where the scheme lets it stand, debt above
    equity, leaves behind the last proven index, an unpinned key. `code`: of reasons.csv.
    """

    code: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Total:
    """What is owed of one asset, as the proof states it.

    `label`: the asset as published; `asset`: its id in the registry, '' where labels.csv does not know it
    (`_amounts.asset_of`); `owed`: a decimal text in units of the asset, not yet scaled; with `is_shown` it follows from
    the proof, else it is printed beside it.
    """

    label: str
    asset: str
    owed: str
    is_shown: bool


@dataclass(frozen=True, slots=True)
class Proof:
    """What a proof of liabilities says and whether it holds.

    `reason`: a code of reasons.csv, of a broken proof that of the check that fails first; `root`: in hex, '' where
    there is none; `leaves`: how many accounts or leaves it counts, None where it does not show that; `not_shown`: codes
    of what even a proof that holds leaves open (`totals_not_shown`, `negative_leaves` ...); `key_sha256`: of every
    verifying key or circuit that was used, pinned or not, in hex; `detail`: the reason in words, with node, level and
    value.
    """

    scheme: str
    kind: Kind
    verdict: Verdict
    reason: str
    root: str = ""
    totals: tuple[Total, ...] = ()
    leaves: int | None = None
    checks: tuple[Check, ...] = ()
    findings: tuple[Finding, ...] = ()
    not_shown: tuple[str, ...] = ()
    key_sha256: tuple[str, ...] = ()
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Inclusion:
    """Whether one user is counted under a root.

    `included`: None where that could not be told; `balances`: (label, decimal text in units), as the leaf holds them;
    `depth`: levels from the leaf to the root, None where there is none; `root`: in hex, to which the user's file leads;
    whether it is the published one is a check (`root_published`), which is not passed but None where there was nothing
    to compare it with. Else as `Proof`.
    """

    scheme: str
    verdict: Verdict
    reason: str
    included: bool | None
    balances: tuple[tuple[str, str], ...] = ()
    depth: int | None = None
    root: str = ""
    checks: tuple[Check, ...] = ()
    not_shown: tuple[str, ...] = ()
    detail: str = ""


@runtime_checkable
class ProofFormat(Protocol):
    """A module of this room.

    `KIND`: what its proofs are; `NOT_SHOWN`: codes of what no proof of the format can show, in order. A format whose
    proof is several files also has `members(bundle)`, which gives those of each proof; without it each file that it
    knows is a proof of its own.
    """

    NAME: str
    KIND: Kind
    NOT_SHOWN: tuple[str, ...]

    def matches(self, bundle: Bundle) -> bool:
        """Whether it knows a file of the bundle, told by the heads. Its docstring says how: `Whether a file ...`."""

    def verify(self, bundle: Bundle) -> Proof:
        """The root, the totals and the verdict. Raises nothing for what the files hold."""


@runtime_checkable
class ForUsers(Protocol):
    """A format whose users get a file of their own. One user's path alone is also a proof, of kind `path`, to
    `verify`.
    """

    def is_user_file(self, member: PublishedFile) -> bool:
        """Whether a file is one user's, told by its head: such a file is never kept."""

    def inclusion(self, user: PublishedFile, published: Bundle | None, root: str | None) -> Inclusion:
        """Whether a user is counted: against the published files, or against a root in hex that was published
        elsewhere; with neither it says that the root was not compared. Raises nothing for what the files hold.
        """


@runtime_checkable
class TellsProgress(Protocol):
    """A format whose check takes long: `verify_telling(bundle, tell)` is its `verify` that says how far it is."""

    def verify_telling(self, bundle: Bundle, tell: Tell) -> Proof: ...


@runtime_checkable
class HasPublishersVerifier(Protocol):
    """A format whose publisher has a verifier of its own: `publishers_answer` runs the one at a path that the settings
    name, and gives what it says, as theirs.
    """

    def publishers_answer(self, bundle: Bundle, program: str) -> Sequence[Finding]: ...


@runtime_checkable
class OfSeveralFiles(Protocol):
    """A format whose proof is several files: those of each proof in a bundle, in the order in which it wants them."""

    def members(self, bundle: Bundle) -> Sequence[Sequence[PublishedFile]]: ...

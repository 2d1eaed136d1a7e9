"""Proofs of liabilities: one file a proof format; published files in, root, totals and a verdict out.

Every module here whose name begins with no underscore is a format, named by its NAME; nothing lists them. No format is
read yet. A format rebuilds what can be rebuilt: it refuses what is not canonical, recomputes each hash and each sum,
and says in `not_shown` what even a valid proof leaves open. It never raises for what a publisher wrote: a file that
cannot be read is a verdict with its reason.

Sources: the formats as their publishers' verifiers read them (OKX, Bybit, Bitget, BitMEX ...), named in each module.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import BinaryIO, Literal, Protocol, runtime_checkable

from porlake.formats import Formats

Kind = Literal["tree", "path", "snark", "stark"]
#: What a proof is: all leaves with their sums; one user's path to the root; a succinct proof over circuits with a
#: trusted setup (Groth16, PLONK over a pairing curve); one that rests on hashes alone (plonky2, zk-STARK).
KINDS: Mapping[Kind, str] = {
    "tree": "the whole tree of leaves: each hash and each sum can be computed anew",
    "path": "one user's leaf and its siblings up to the root: that user is counted, and nothing of the others",
    "snark": "a proof over a circuit with a setup: as good as the setup, the circuit and the pinned verifying key",
    "stark": "a proof that rests on hashes alone: as good as its circuit, its parameters and their pinned digest",
}

Verdict = Literal["valid", "consistent", "invalid", "malformed", "unsupported"]
#: `valid`: the proof holds, and shows what its kind can; `consistent`: the files fit together, and could have been made
#: without the users behind them; `invalid`: a check fails; `malformed`: it cannot be read; `unsupported`: nobody here
#: checks this edition of the format.
VERDICTS: Mapping[Verdict, str] = {
    "valid": "every check of the format holds",
    "consistent": "the published files fit together, and the format cannot show more",
    "invalid": "a check fails: the reason names it",
    "malformed": "the files cannot be read as this format",
    "unsupported": "an edition of the format that is not checked here",
}


class PublishedFile(Protocol):
    """A file of a bundle: its name without folders, and its bytes as a seekable stream."""

    @property
    def name(self) -> str: ...
    @property
    def content(self) -> BinaryIO: ...
    @property
    def head(self) -> bytes: ...


class Bundle(Protocol):
    """Files that were published together; `exchange` is the id of the exchange whose labels they use."""

    @property
    def members(self) -> Sequence[PublishedFile]: ...
    @property
    def exchange(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Total:
    """What is owed of one asset, as the proof states it.

    `label`: the asset as published; `asset`: its id in the registry, '' where labels.csv does not know it; `owed`: a
    decimal text in units of the asset, not yet scaled; with `is_shown` it follows from the proof, else it is printed
    beside it.
    """

    label: str
    asset: str
    owed: str
    is_shown: bool


@dataclass(frozen=True, slots=True)
class Proof:
    """What a proof of liabilities says and whether it holds.

    `root`: in hex; `leaves`: how many accounts or leaves it counts, None where it does not show that; `reason`: a code
    of reasons.csv; `detail`: where a check fails, in words; `not_shown`: codes of what even a valid proof leaves open
    (`totals_not_shown`, `negative_leaves` ...); `verifying_key_sha256`: of the pinned key or circuit, '' where there is
    none.
    """

    scheme: str
    kind: Kind
    verdict: Verdict
    reason: str
    root: str = ""
    totals: tuple[Total, ...] = ()
    leaves: int | None = None
    not_shown: tuple[str, ...] = ()
    verifying_key_sha256: str = ""
    detail: str = ""


@runtime_checkable
class ProofFormat(Protocol):
    """A module of this room.

    `KIND`: what its proofs are; `NOT_SHOWN`: codes of what no proof of the format can show, in order.
    """

    NAME: str
    KIND: Kind
    NOT_SHOWN: tuple[str, ...]

    def matches(self, bundle: Bundle) -> bool:
        """Whether it knows a file of the bundle, told by the heads. Its docstring says how: `Whether a file ...`."""

    def prove(self, bundle: Bundle) -> Proof:
        """The root, the totals and the verdict. Raises nothing for what the files hold."""


FORMATS: Formats[ProofFormat] = Formats(__name__, ("NAME", "KIND", "NOT_SHOWN", "matches", "prove"))

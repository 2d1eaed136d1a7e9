"""OKX's zero-knowledge proofs since 09/2024: a plonky2 proof of the sum over all accounts, and a user's path to it.

https://github.com/okx/proof-of-reserves-v2. `sum_proof_data.json` holds the root of a recursion over batches of
accounts: six public inputs, equity, debt and the hash of the root, and the circuit's data in hex. A batch is a binary
tree over its accounts; above it each node hashes 64 below. A leaf is Poseidon over the account's id and the sums of its
equity and its debt over all tokens, in one unit of valuation: how much of which token an account holds is in no hash,
and no total per token is proven.

The circuit's digest, which the publisher's tool compares, covers neither its gates nor how often FRI asks: a circuit
is pinned by the sha256 of its whole data, for each round (verifying_keys.csv); one that is not is told as a finding.
Nobody here has seen a published sum proof accepted, so that this code acquits nobody, `consistent_only` at best, and
accuses nobody: `unsupported` where one of its checks of the sum proof fails.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from porlake import registry
from porlake.encoding import goldilocks
from porlake.encoding.goldilocks import MODULUS, Digest
from porlake.liabilities import _okx_validator, _plonky2
from porlake.liabilities._amounts import canonical, hex_of
from porlake.liabilities._json import Malformed, fields, has_keys, items, number, read, text
from porlake.liabilities._okx_rounds import CIRCUIT_OF_ROUND
from porlake.liabilities._plonky2_circuit import MOST_BYTES as MOST_CIRCUIT_BYTES
from porlake.liabilities._plonky2_circuit import UnknownGate, decoded
from porlake.liabilities._protocol import (
    NOT_OF_THE_FORMAT,
    Bundle,
    Check,
    Finding,
    Inclusion,
    Kind,
    Proof,
    PublishedFile,
    Total,
    Verdict,
)

NAME = "okx_zk_v2"
KIND: Kind = "stark"
NOT_SHOWN = ("other_accounts", "asset_totals", "token_amounts", "leaf_shared")

FAN_OUT = 64
NET_BITS = 62
MOST_BYTES, MOST_USER_BYTES = 16_000_000, 4_000_000
LEAST_SECURITY_BITS = 100
_ID_DIGITS = (14, 14, 14, 14, 8)
_MOST_LEVELS = 32
_MOST_TOKENS = 10_000


def matches(bundle: Bundle) -> bool:
    """Whether a file is a JSON object whose head names `recursion_branchout_num`, or a user's: `account` with an
    `equity`.
    """
    return any(_is_sum(member) or is_user_file(member) for member in bundle.members)


def is_user_file(member: PublishedFile) -> bool:
    """Whether a file is a JSON object whose head names `account` and `equity`, and no proof of a sum."""
    return has_keys(member, "account", "equity") and not _is_sum(member)


def _is_sum(member: PublishedFile) -> bool:
    return has_keys(member, "general", "recursion_branchout_num")


def verify(bundle: Bundle) -> Proof:
    """The sum proof of a bundle, or one user's path where that is all there is."""
    for member in bundle.members:
        if _is_sum(member):
            return _proof(member, bundle.exchange)
    for member in bundle.members:
        if is_user_file(member):
            return _path_proof(member)
    return Proof(NAME, KIND, "malformed", NOT_OF_THE_FORMAT, not_shown=NOT_SHOWN, detail="no file of the format")


def publishers_answer(bundle: Bundle, program: str) -> tuple[Finding, ...]:
    """What OKX's own verifier at a path says of the sum proof; nothing where there is none."""
    for member in filter(_is_sum, bundle.members):
        member.content.seek(0)
        return (_okx_validator.answer(program, {"sum_proof_data.json": member.content.read()}),)
    return ()


def inclusion(user: PublishedFile, published: Bundle | None, root: str | None) -> Inclusion:
    """Whether an account's path leads to the root of the sum proof, or to `root`: 32 bytes in hex, as the files write
    hashes.
    """
    try:
        path = _path(read(user, MOST_USER_BYTES))
    except Malformed as error:
        return Inclusion(NAME, "malformed", NOT_OF_THE_FORMAT, None, not_shown=NOT_SHOWN, detail=error.detail)
    computed, made = _climbed(path), _path_checks(path)
    verdict: Verdict = "consistent_only"
    reason, detail, included = "no_true_example", "", None
    proof = verify(published) if published is not None and any(map(_is_sum, published.members)) else None
    if proof is not None and proof.verdict != "consistent_only":
        made.append(Check("sum_proof", None, f"{proof.verdict}: {proof.detail}"))
        verdict, reason, detail = "unsupported", proof.reason, proof.detail
    elif proof is not None:
        made.append(Check("sum_proof", True))
    against = [expected for expected in (proof.root if proof else None, root) if expected]
    differing = [expected for expected in against if expected != computed]
    if against:
        made.append(Check("root_published", not differing, f"{computed}, published {differing or against}"))
    else:
        made.append(Check("root_published", None, "there was no root to compare it with"))
    failed = next((check for check in made if check.passed is False), None)
    if failed:
        verdict, reason, detail, included = "broken", _REASONS[failed.name], failed.detail, False
    elif against:
        included = True
    return Inclusion(
        NAME, verdict, reason, included, path.balances, len(path.siblings) + len(path.nodes), computed, tuple(made),
        NOT_SHOWN if against else (*NOT_SHOWN, "root_not_compared"), detail,
    )  # fmt: skip


# --- the sum proof ----------------------------------------------------------------------------------------------------

_REASONS = {
    "index": "index_differs",
    "net": "negative_amount",
    "root_published": "root_not_published",
}


def _proof(member: PublishedFile, exchange: str) -> Proof:
    try:
        found = fields(
            read(member, MOST_BYTES), "the file", "general", "root_vd_digest", "proof", optional=("circuits_info",)
        )
        round_number, levels = _general(found)
        data = _circuit_data(found, round_number)
        if data is None:
            return _unsupported("circuit_missing", f"round {round_number} without the data of its circuit")
        circuit = decoded(data)
        digest = _plonky2.digest_of(found["root_vd_digest"], "root_vd_digest")
        if circuit.public_inputs != 6:
            raise Malformed(f"a circuit of {circuit.public_inputs} public inputs, not 6")
        proof = _plonky2.proof_of(found["proof"], circuit)
    except UnknownGate as error:
        return _unsupported("gate_unknown", str(error))
    except Malformed as error:
        return Proof(NAME, KIND, "malformed", NOT_OF_THE_FORMAT, not_shown=NOT_SHOWN, detail=error.detail)

    pinned = _is_pinned(exchange or "okx", circuit.sha256)
    security = circuit.queries * circuit.rate_bits + circuit.work_bits
    equity, debt = proof.public_inputs[:2]
    net = (equity - debt) % MODULUS
    made = [
        Check("circuit_pinned", True if pinned else None, circuit.sha256),
        Check("security", security >= LEAST_SECURITY_BITS, f"{security} bits, conjectured"),
        Check("circuit_named", circuit.digest == digest, "root_vd_digest and the circuit's own"),
        *_plonky2.checks(circuit, proof),
        Check("net", net < 1 << NET_BITS, f"equity less debt {net}"),
    ]
    failed = next((check for check in made if check.passed is False), None)
    findings = [] if pinned else [Finding("key_unpinned", f"the circuit {circuit.sha256} is in no table of pins")]
    shown = failed is None and pinned
    return Proof(
        NAME,
        KIND,
        "unsupported" if failed else "consistent_only",
        "no_true_example",
        root=_hex(proof.public_inputs[2:]),
        totals=(
            Total("equity - debt", "", str(net), shown),
            Total("equity", "", str(equity), False),
            Total("debt", "", str(debt), False),
        ),
        leaves=None,
        checks=tuple(made),
        findings=tuple(findings),
        not_shown=NOT_SHOWN,
        key_sha256=(circuit.sha256,),
        detail=f"{failed.name}: {failed.detail}" if failed else f"round {round_number}, {levels or 'unknown'} levels",
    )


def _general(found: dict[str, object]) -> tuple[int, int | None]:
    """The round, and how many levels of recursion the file names. Raises Malformed."""
    general = fields(
        found["general"], "general", "round_num", "recursion_branchout_num", "batch_size", "token_num",
        optional=("batch_num",),
    )  # fmt: skip
    number(general["recursion_branchout_num"], "recursion_branchout_num", FAN_OUT, FAN_OUT)
    size = number(general["batch_size"], "batch_size", 1 << _MOST_LEVELS, 1)
    if size & size - 1:
        raise Malformed(f"batch_size: {size} is no power of two")
    number(general["token_num"], "token_num", _MOST_TOKENS, 1)
    info = found.get("circuits_info")
    levels = None
    if info is not None:
        configs = fields(
            info, "circuits_info", "batch_circuit_config", "recursive_circuit_configs", "root_verifier_data_hex"
        )["recursive_circuit_configs"]
        levels = len(items(configs, "recursive_circuit_configs", _MOST_LEVELS))
    return number(general["round_num"], "round_num", 2**64 - 1), levels


def _circuit_data(found: dict[str, object], round_number: int) -> str | None:
    info = found.get("circuits_info")
    if info is None:
        return CIRCUIT_OF_ROUND.get(round_number)
    data = fields(info, "circuits_info")["root_verifier_data_hex"]
    return text(data, "root_verifier_data_hex", 2 * MOST_CIRCUIT_BYTES)


def _is_pinned(exchange: str, sha256: str) -> bool:
    rows = registry.load().verifying_keys.values()
    return any(row.exchange == exchange and row.scheme == NAME and row.sha256 == sha256 for row in rows)


def _unsupported(reason: str, detail: str) -> Proof:
    return Proof(NAME, KIND, "unsupported", reason, not_shown=NOT_SHOWN, detail=detail)


# --- a user's path ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Path:
    """`nodes`: of each level of the recursion the digests left and right of one's own."""

    id: str
    equity: int
    debt: int
    index: int
    siblings: tuple[Digest, ...]
    nodes: tuple[tuple[tuple[Digest, ...], tuple[Digest, ...]], ...]

    @property
    def balances(self) -> tuple[tuple[str, str], ...]:
        return (
            ("equity - debt", str(self.equity - self.debt)), ("equity", str(self.equity)), ("debt", str(self.debt))
        )  # fmt: skip


def _path(found: object) -> _Path:
    """Raises Malformed."""
    parts = fields(found, "the file", "account", "index", "sum_tree_siblings", "recursive_tree_siblings")
    account = fields(parts["account"], "account", "id", "equity", "debt")
    identity = text(account["id"], "account.id")
    if hex_of(identity, 32) is None:
        raise Malformed("account.id: not 32 bytes of hex in lower case")  # an id is never shown
    equity, debt = (_amounts(account[name], f"account.{name}") for name in ("equity", "debt"))
    if len(equity) != len(debt):
        raise Malformed(f"account: {len(equity)} tokens of equity and {len(debt)} of debt")
    siblings = tuple(
        _digest(one, f"sum_tree_siblings, level {level}")
        for level, one in enumerate(items(parts["sum_tree_siblings"], "sum_tree_siblings", _MOST_LEVELS))
    )
    nodes = []
    for level, one in enumerate(items(parts["recursive_tree_siblings"], "recursive_tree_siblings", _MOST_LEVELS)):
        where = f"recursive_tree_siblings, level {level}"
        both = fields(one, where, "left_hashes", "right_hashes")
        left, right = (
            tuple(_digest(digest, where) for digest in items(both[side], where, FAN_OUT))
            for side in ("left_hashes", "right_hashes")
        )
        if len(left) + len(right) != FAN_OUT - 1:
            raise Malformed(f"{where}: {len(left)} and {len(right)} hashes, not {FAN_OUT - 1} together")
        nodes.append((left, right))
    if not nodes:
        raise Malformed("recursive_tree_siblings: no level")
    index = number(parts["index"], "index", (1 << len(siblings)) * FAN_OUT ** len(nodes) - 1)
    return _Path(identity, sum(equity), sum(debt), index, siblings, tuple(nodes))


def _amounts(found: object, where: str) -> list[int]:
    amounts = []
    for place, one in enumerate(items(found, where, _MOST_TOKENS)):
        amount = canonical(one, 0) if not isinstance(one, list | dict) else None
        if amount is None or amount >= MODULUS:
            raise Malformed(f"{where}, token {place}: no whole number in canonical text below the modulus")
        amounts.append(amount)
    if sum(amounts) >= MODULUS:
        raise Malformed(f"{where}: the sum wraps around the modulus")
    return amounts


def _digest(found: object, where: str) -> Digest:
    data = hex_of(text(found, where), 32)
    if data is None:
        raise Malformed(f"{where}: not 32 bytes of hex in lower case")
    a, b, c, d = (int.from_bytes(data[at : at + 8], "little") for at in range(0, 32, 8))
    if max(a, b, c, d) >= MODULUS:
        raise Malformed(f"{where}: an element that is not below the modulus")
    return a, b, c, d


def leaf_of(path: _Path) -> Digest:
    """Poseidon over the id in five limbs and the two sums."""
    limbs, at = [], 0
    for digits in _ID_DIGITS:
        limbs.append(int(path.id[at : at + digits], 16))
        at += digits
    return goldilocks.hash_of([*limbs, path.equity, path.debt])


def _climbed(path: _Path) -> str:
    within = path.index & (1 << len(path.siblings)) - 1
    node = goldilocks.root_of(leaf_of(path), within, path.siblings)
    for left, right in path.nodes:
        node = goldilocks.hash_of([part for digest in (*left, node, *right) for part in digest])
    return _hex(node)


def _path_checks(path: _Path) -> list[Check]:
    place = sum(len(left) * FAN_OUT**level for level, (left, _) in enumerate(path.nodes))
    stated = path.index >> len(path.siblings)
    net = path.equity - path.debt
    return [
        Check(
            "net",
            0 <= net < 1 << NET_BITS,
            "equity less debt is not of 62 bits" if not 0 <= net < 1 << NET_BITS else "",
        ),
        Check(
            "index", place == stated, f"batch {stated}, and the hashes beside it say {place}" if place != stated else ""
        ),
    ]


def _path_proof(member: PublishedFile) -> Proof:
    found = inclusion(member, None, None)
    return Proof(
        NAME, "path", found.verdict, found.reason, found.root, checks=found.checks, not_shown=NOT_SHOWN,
        detail=found.detail,
    )  # fmt: skip


def _hex(elements: Sequence[int]) -> str:
    return b"".join(element.to_bytes(8, "little") for element in elements).hex()

"""One batch of OKX's first zk-STARK: its proof read and checked.

https://github.com/okx/proof-of-reserves (zk_STARK). A trace of `uts` rows a user holds his net value divided by four
again and again down to zero, so that it is below 4^(uts - 2) and not negative, and the running sum; a column for each
coin and one for ids stand beside it. All constraints at a point are combined, and FRI shows that the combination is of
low degree. Two revisions, told by their proof of work: of 2023-04 (Keccak-256, four constraints of the trace) and of
2023-12 (BLAKE2s, a fifth: a user's value is the sum of his coins).

FRI's positions are drawn before its later layers are committed: a prover can choose those to fit. No verifier can mend
that.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from porlake.encoding.keccak import keccak256
from porlake.encoding.stark import FIELD
from porlake.liabilities._amounts import hex_of
from porlake.liabilities._json import Malformed, fields, items, number, text
from porlake.liabilities._protocol import Check

Hash = Callable[[bytes], bytes]

NON_RESIDUE = 3
BLOW_UP, QUERIES, WORK_BITS = 16, 16, 20
#: The publisher's prover counts up from the tree's root: one that could choose its nonce could choose its challenges.
MOST_WORK = 1 << 28
LAST_DEGREE = 16
MOST_SIZE = 1 << 24
UTS, TRUNK_UTS = (16, 32), 32
WORD = 32


@dataclass(frozen=True, slots=True)
class Revision:
    """`constraints`: of the trace; `skipped`: FRI leaves out multiples of it, 0 for none."""

    name: str
    hashed: Hash
    constraints: int
    skipped: int


def _blake2s(data: bytes) -> bytes:
    return hashlib.blake2s(data).digest()


REVISIONS = (Revision("2023-04", keccak256, 4, BLOW_UP), Revision("2023-12", _blake2s, 5, 0))


Branches = tuple[tuple[bytes, ...], ...]
#: The root of what is folded, branches into it, and into what it was folded from.
Layer = tuple[bytes, Branches, Branches]


@dataclass(frozen=True, slots=True)
class Batch:
    """`entries`: of each query the values at its position, and those of one, uts - 1 and uts steps further on."""

    steps: int
    uts: int
    root: bytes
    combined_root: bytes
    nonce: bytes
    branches: tuple[tuple[bytes, ...], ...]
    entries: tuple[tuple[bytes, tuple[bytes, ...], tuple[bytes, ...], tuple[bytes, ...]], ...]
    combined_branches: tuple[tuple[bytes, ...], ...]
    layers: tuple[Layer, ...]
    last: tuple[int, ...]

    @property
    def size(self) -> int:
        return self.steps * BLOW_UP


class _Wrong(Exception):
    """A check that fails."""


def batch_of(found: object, coins: int) -> Batch:
    """A `sum_proof.json`, its shape as its steps demand. Raises Malformed."""
    parts = fields(
        found, "the file", "steps", "uts", "mtree_root", "l_mtree_root", "pow_nonce", "mtree_branches",
        "mtree_entries_data", "l_mtree_branches", "low_degree_proof",
    )  # fmt: skip
    steps, uts = (
        number(parts["steps"], "steps", MOST_SIZE // BLOW_UP, 1),
        number(parts["uts"], "uts", max(UTS), min(UTS)),
    )
    if steps & steps - 1 or uts not in UTS or steps < 2 * uts:
        raise Malformed(f"{steps} steps of {uts} a user: no powers of two that fit")
    depth = (steps * BLOW_UP).bit_length() - 1
    entries = items(parts["mtree_entries_data"], "mtree_entries_data", 4 * QUERIES)
    if len(entries) != 4 * QUERIES:
        raise Malformed(f"mtree_entries_data: {len(entries)} entries, not {4 * QUERIES}")
    layers: list[Layer] = []
    degree, level = 4 * steps, depth
    folding = items(parts["low_degree_proof"], "low_degree_proof", 32)
    while degree > LAST_DEGREE:
        if len(layers) + 1 >= len(folding):
            raise Malformed(f"low_degree_proof: {len(folding)} layers, too few for {steps} steps")
        where = f"low_degree_proof, layer {len(layers)}"
        three = items(folding[len(layers)], where, 3)
        if len(three) != 3:
            raise Malformed(f"{where}: {len(three)} parts, not 3")
        layers.append(
            (
                _word(three[0], where),
                _branches(three[1], level - 2, QUERIES, where),
                _branches(three[2], level, 4 * QUERIES, where),
            )
        )
        degree, level = degree // 4, level - 2
    if len(folding) != len(layers) + 1:
        raise Malformed(f"low_degree_proof: {len(folding)} layers, too many for {steps} steps")
    last = items(folding[-1], "low_degree_proof, last layer", 1 << level)
    if len(last) != 1 << level:
        raise Malformed(f"low_degree_proof: a last layer of {len(last)}, not {1 << level}")
    return Batch(
        steps,
        uts,
        _word(parts["mtree_root"], "mtree_root"),
        _word(parts["l_mtree_root"], "l_mtree_root"),
        _word(parts["pow_nonce"], "pow_nonce"),
        _branches(parts["mtree_branches"], depth, 4 * QUERIES, "mtree_branches"),
        tuple(_entry(entries[4 * place : 4 * place + 4], coins, place) for place in range(QUERIES)),
        _branches(parts["l_mtree_branches"], depth, QUERIES, "l_mtree_branches"),
        tuple(layers),
        tuple(_last(one) for one in last),
    )


def checks(batch: Batch, values: Sequence[int], total: int, main_coins: int, revision: Revision) -> Iterator[Check]:
    """What a verifier checks of a batch, in order; it ends behind the first that fails. `values`: of each coin."""
    made: Mapping[str, Callable[[], None]] = {
        "totals": lambda: _totals(values, total),
        "work": lambda: _work(batch, revision),
        "low_degree": lambda: _low_degree(batch, revision),
        "constraints": lambda: _constraints(batch, values, total, main_coins, revision),
    }
    for name, check in made.items():
        try:
            check()
        except _Wrong as wrong:
            yield Check(name, False, str(wrong))
            return
        yield Check(name, True)


def revision_of(batch: Batch) -> Revision | None:
    """The revision whose hash shows the work, None for neither."""
    for revision in REVISIONS:
        if _is_worked(revision.hashed(batch.root + batch.nonce)):
            return revision
    return None


def total_of(batch: Batch, coins: int, revision: Revision) -> int:
    """The total that the first query's values claim: what tells which values belong to a proof."""
    position = drawn(batch.combined_root, batch.size, revision.hashed, BLOW_UP)[0]
    generator = pow(NON_RESIDUE, (FIELD - 1) // batch.size, FIELD)
    first, last = (pow(generator, place * BLOW_UP, FIELD) for place in (batch.uts - 1, batch.steps - 1))
    x, here = pow(generator, position, FIELD), batch.entries[0][0]
    row = here[WORD * (2 + coins + 3) : WORD * (2 + coins + 4)]
    above = int.from_bytes(here[:WORD], "big") - int.from_bytes(row, "big") * (x - first) * (x - last)
    return above * (last - first) * pow(x - first, -1, FIELD) % FIELD


def _is_worked(digest: bytes) -> bool:
    return int.from_bytes(digest, "big") >> 8 * WORD - WORK_BITS == 0


def place_of(position: int, size: int) -> int:
    """Where a leaf stands in its tree: four that are folded into one are neighbours."""
    return position // (size // 4) + 4 * (position % (size // 4))


def _totals(values: Sequence[int], total: int) -> None:
    if sum(values) != total:
        raise _Wrong(f"the coins add up to {sum(values)}, and the total is {total}")


def _work(batch: Batch, revision: Revision) -> None:
    if not _is_worked(revision.hashed(batch.root + batch.nonce)):
        raise _Wrong("the work was not done")
    tried = (int.from_bytes(batch.nonce, "big") - int.from_bytes(batch.root, "big")) % (1 << 8 * WORD)
    if tried >= MOST_WORK:
        raise _Wrong("the nonce was not counted up from the root: it could have been chosen")


def drawn(seed: bytes, modulus: int, hashed: Hash, skipped: int) -> list[int]:
    """Positions by a seed; multiples of `skipped` are left out."""
    data = seed
    while len(data) < 4 * QUERIES:
        data += hashed(data[-WORD:])
    below = modulus * (skipped - 1) // skipped if skipped else modulus
    found = [int.from_bytes(data[at : at + 4], "big") % below for at in range(0, 4 * QUERIES, 4)]
    return [one + 1 + one // (skipped - 1) for one in found] if skipped else found


def opened(
    root: bytes, positions: Sequence[int], branches: Sequence[Sequence[bytes]], hashed: Hash, name: str
) -> list[bytes]:
    """The leaves at positions of a tree, by branches that leave out what others give. Raises _Wrong."""
    depth = len(branches[0]) - 1
    size = 1 << depth
    levels: list[dict[int, bytes]] = [{} for _ in range(depth + 1)]

    def put(level: int, at: int, value: bytes) -> None:
        if levels[level].setdefault(at, value) != value:
            raise _Wrong(f"{name}: two values of one node, {level} levels above the leaves")

    places = [place_of(position, size) for position in positions]
    for place, branch in zip(places, branches, strict=True):
        put(0, place, branch[0])
        for level, sibling in enumerate(branch[1:]):
            if sibling:
                put(level, place >> level ^ 1, sibling)
    for level, nodes in enumerate(levels[:-1]):
        for at in [at for at in nodes if not at & 1 and at + 1 in nodes]:
            put(level + 1, at >> 1, hashed(nodes[at] + nodes[at + 1]))
        if not all(place >> level ^ 1 in nodes for place in places):
            raise _Wrong(f"{name}: a branch lacks its node {level} levels above the leaves")
    if levels[depth].get(0) != root:
        raise _Wrong(f"{name}: the branches lead to another root")
    return [branch[0] for branch in branches]


def root_of(values: Sequence[int], hashed: Hash) -> bytes:
    """The root of a whole tree."""
    size = len(values)
    level = [b""] * size
    for position, value in enumerate(values):
        level[place_of(position, size)] = value.to_bytes(WORD, "big")
    while len(level) > 1:
        level = [hashed(level[at] + level[at + 1]) for at in range(0, len(level), 2)]
    return level[0]


def _low_degree(batch: Batch, revision: Revision) -> None:
    size, root, degree = batch.size, batch.combined_root, 4 * batch.steps
    generator = pow(NON_RESIDUE, (FIELD - 1) // size, FIELD)
    quarter = pow(generator, size // 4, FIELD)
    positions: list[int] = []
    for layer, (folded, columns, rows) in enumerate(batch.layers):
        at = int.from_bytes(root, "big") % FIELD
        if positions:
            positions = [position % (size // 4) for position in positions]
        else:
            positions = drawn(folded, size // 4, revision.hashed, revision.skipped)
        four = [position + size // 4 * turn for position in positions for turn in range(4)]
        new = opened(folded, positions, columns, revision.hashed, f"the column of layer {layer}")
        old = opened(root, four, rows, revision.hashed, f"layer {layer}")
        for place, position in enumerate(positions):
            x = pow(generator, position, FIELD)
            points = [x * pow(quarter, turn, FIELD) % FIELD for turn in range(4)]
            values = [_element(one, "a leaf") for one in old[4 * place : 4 * place + 4]]
            if _through(points, values, at) != _element(new[place], "a leaf"):
                raise _Wrong(f"layer {layer}: the position {position} is not folded")
        root, size, degree = folded, size // 4, degree // 4
        generator = pow(generator, 4, FIELD)
    if root_of(batch.last, revision.hashed) != root:
        raise _Wrong("the last layer has another root")
    points = [1]
    for _ in range(size - 1):
        points.append(points[-1] * generator % FIELD)
    places = [place for place in range(size) if not revision.skipped or place % revision.skipped]
    newton = _newton([points[place] for place in places[:degree]], [batch.last[place] for place in places[:degree]])
    for place in places[degree:]:
        value = 0
        for coefficient, root_place in zip(reversed(newton), reversed(places[:degree]), strict=True):
            value = (value * (points[place] - points[root_place]) + coefficient) % FIELD
        if value != batch.last[place]:
            raise _Wrong(f"the last layer is of a higher degree than {degree}: its point {place}")


def _newton(points: Sequence[int], values: Sequence[int]) -> list[int]:
    """The divided differences."""
    found = list(values)
    for order in range(1, len(points)):
        for at in range(len(points) - 1, order - 1, -1):
            found[at] = (found[at] - found[at - 1]) * pow(points[at] - points[at - order], -1, FIELD) % FIELD
    return found


def _through(points: Sequence[int], values: Sequence[int], at: int) -> int:
    """The polynomial through points, at one more."""
    coefficients, value = _newton(points, values), 0
    for coefficient, point in zip(reversed(coefficients), reversed(points), strict=True):
        value = (value * (at - point) + coefficient) % FIELD
    return value


def _constraints(batch: Batch, values: Sequence[int], total: int, main_coins: int, revision: Revision) -> None:
    hashed, size, steps, uts, count = revision.hashed, batch.size, batch.steps, batch.uts, len(values)
    users = steps // uts
    generator = pow(NON_RESIDUE, (FIELD - 1) // size, FIELD)
    first, last = (pow(generator, place * BLOW_UP, FIELD) for place in (uts - 1, steps - 1))
    sums, nets = (pow(generator, (uts - back) * BLOW_UP * users, FIELD) for back in (1, 2))
    positions = drawn(batch.combined_root, size, hashed, BLOW_UP)
    around = [(position + shift * BLOW_UP) % size for position in positions for shift in (0, 1, uts - 1, uts)]
    leaves = opened(batch.root, around, batch.branches, hashed, "the trace")
    combined = opened(batch.combined_root, positions, batch.combined_branches, hashed, "the combination")
    factors = [
        int.from_bytes(hashed(batch.nonce + place.to_bytes(WORD, "big")), "big") % FIELD
        for place in range(2 * (2 + count + revision.constraints - 1 + 2 * main_coins))
    ]
    slope = pow(last - first, -1, FIELD)
    for query, (position, entry) in enumerate(zip(positions, batch.entries, strict=True)):
        where = f"query {query}, position {position}"
        here, after, before_sum, at_sum = entry
        words = [_element(here[at : at + WORD], where) for at in range(0, len(here), WORD)]
        if len(words) != 2 + count + revision.constraints + 2 * main_coins:
            raise _Wrong(f"{where}: {len(words)} values, not those of {count} coins of which {main_coins} are proven")
        trace, coins, identity = words[0], words[1 : 1 + count], words[1 + count]
        rows, sides = words[2 + count : 2 + count + revision.constraints], words[2 + count + revision.constraints :]
        random = hashed(here[WORD * (2 + count) :])
        parts = (
            here[:WORD]
            + hashed(here[WORD : WORD * (1 + count)])
            + here[WORD * (1 + count) : WORD * (2 + count)]
            + random,
            b"".join(after),
            before_sum[0] + hashed(before_sum[1]) + before_sum[2] + before_sum[3],
            at_sum[0] + hashed(at_sum[1]) + at_sum[2] + at_sum[3],
        )
        for turn, part in enumerate(parts):
            if hashed(part) != leaves[4 * query + turn]:
                raise _Wrong(f"{where}: leaf {turn} is not the hash of its values")
        next_trace, trace_before, trace_at = (_element(one[0], where) for one in (after, before_sum, at_sum))
        coins_before, coins_at = (
            [_element(one[1][at : at + WORD], where) for at in range(0, WORD * count, WORD)]
            for one in (before_sum, at_sum)
        )
        x = pow(generator, position, FIELD)
        to_users = pow(x, users, FIELD)
        ends = (x - first) * (x - last)
        digit = next_trace - 4 * trace
        equal = [
            ("a user's first row is not zero", trace, rows[0] * (to_users - 1)),
            (
                "a value is not divided by four",
                digit * (digit - 1) * (digit - 2) * (digit - 3) * (to_users - nets) * (to_users - sums),
                rows[1] * (pow(x, steps, FIELD) - 1),
            ),
            (
                "values are not added up",
                (trace_at - trace_before - trace) * (x - last),
                rows[2] * (to_users - sums),
            ),
            ("the sum is not the total", trace - total * (x - first) * slope, rows[3] * ends),
        ]
        if revision.constraints > 4:
            equal.append(("a value is not that of its coins", trace - sum(coins), rows[4] * (to_users - nets)))
        for coin in range(main_coins):
            equal.append(
                (
                    f"values of coin {coin} are not added up",
                    (coins_at[coin] - coins_before[coin] - coins[coin]) * (x - last),
                    sides[2 * coin] * (to_users - sums),
                )
            )
            equal.append(
                (
                    f"the sum of coin {coin} is not its total",
                    coins[coin] - values[coin] * (x - first) * slope,
                    sides[2 * coin + 1] * ends,
                )
            )
        for what, left, right in equal:
            if (left - right) % FIELD:
                raise _Wrong(f"{where}: {what}")
        far = pow(x, 3 * steps, FIELD)
        one_by_one = [trace, *coins, identity, rows[0], *rows[2:], *sides]
        expected = rows[1] + sum(
            (factors[2 * at] + factors[2 * at + 1] * far) * value for at, value in enumerate(one_by_one)
        )
        if (expected - _element(combined[query], where)) % FIELD:
            raise _Wrong(f"{where}: the combination has another value")


def _element(data: bytes, where: str) -> int:
    value = int.from_bytes(data, "big")
    if value >= FIELD:
        raise _Wrong(f"{where}: a value that is no element of the field")
    return value


def _last(found: object) -> int:
    value = int.from_bytes(_word(found, "the last layer"), "big")
    if value >= FIELD:
        raise Malformed("the last layer: a value that is no element of the field")
    return value


def _word(found: object, where: str) -> bytes:
    data = hex_of(text(found, where), WORD)
    if data is None:
        raise Malformed(f"{where}: not {WORD} bytes of hex in lower case")
    return data


def _hex(found: object, words: int, where: str) -> bytes:
    data = hex_of(text(found, where, 2 * WORD * words), WORD * words)
    if data is None:
        raise Malformed(f"{where}: not {words} words of hex in lower case")
    return data


def _branches(found: object, depth: int, count: int, where: str) -> tuple[tuple[bytes, ...], ...]:
    """Branches from the leaf up; '' where another one gives the node."""
    branches = items(found, where, count)
    if len(branches) != count:
        raise Malformed(f"{where}: {len(branches)} branches, not {count}")
    made = []
    for branch in branches:
        nodes = items(branch, where, depth + 1)
        if len(nodes) != depth + 1:
            raise Malformed(f"{where}: a branch of {len(nodes)} nodes, not {depth + 1}")
        made.append((_word(nodes[0], where), *(b"" if node == "" else _word(node, where) for node in nodes[1:])))
    return tuple(made)


def _entry(
    found: Sequence[object], coins: int, place: int
) -> tuple[bytes, tuple[bytes, ...], tuple[bytes, ...], tuple[bytes, ...]]:
    where = f"mtree_entries_data, query {place}"
    here = text(found[0], where, 2 * WORD * 4_096)
    data = hex_of(here, len(here) // 2)
    if data is None or len(data) % WORD or len(data) < WORD * (coins + 6):
        raise Malformed(f"{where}: no words of hex in lower case")
    others = []
    for turn, words in ((1, 1), (2, coins), (3, coins)):
        four = items(found[turn], where, 4)
        if len(four) != 4:
            raise Malformed(f"{where}: {len(four)} values, not 4")
        others.append(tuple(_hex(one, words if at == 1 else 1, where) for at, one in enumerate(four)))
    return data, others[0], others[1], others[2]

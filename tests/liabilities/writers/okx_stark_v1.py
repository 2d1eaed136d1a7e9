"""A slow prover of OKX's first zk-STARK, written from the publisher's own (okx/proof-of-reserves, zk_STARK): it shares
no code with what it tests. Polynomials are divided on a coset, trees hold every node.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from Crypto.Hash import keccak

P = 2**251 + 17 * 2**192 + 1
BLOW_UP, QUERIES, WORK_BITS = 16, 16, 20

Hash = Callable[[bytes], bytes]


def blake2s(data: bytes) -> bytes:
    return hashlib.blake2s(data).digest()


def keccak256(data: bytes) -> bytes:
    return keccak.new(data=data, digest_bits=256).digest()


#: Hash, whether the fifth constraint is there, what FRI leaves out.
REVISIONS: dict[str, tuple[Hash, bool, int]] = {"2023-04": (keccak256, False, 16), "2023-12": (blake2s, True, 0)}
#: How far the work was from the root, so that it is not done again.
WORKED: dict[str, int] = {
    "1c477ac43af4c4e7603c1978588ed5539a0917999c5d09ae503df61906989494": 681250,
    "40e83aae47a87d4633ea9f1347e5f4f348959e6f82dfa093dfe33ca594b418d3": 1115694,
    "93065b0d0d266b154dd86c9fce78f464182be901dca81751fde228c41e60e115": 753544,
    "43e95695ecc30dced7e6377662aa1bbba2c7382bc74d395e782820e41978647e": 2631039,
    "8fb735ccd4541f712cc2b5de4a4e127baa3f7646af135c84d0f2f80def45f676": 2455565,
}


def word(value: int) -> bytes:
    return (value % P).to_bytes(32, "big")


def evaluated(coefficients: Sequence[int], root: int, size: int) -> list[int]:
    if size == 1:
        return [coefficients[0] % P if coefficients else 0]
    even = evaluated(coefficients[0::2], root * root % P, size // 2)
    odd = evaluated(coefficients[1::2], root * root % P, size // 2)
    found, x = [0] * size, 1
    for i in range(size // 2):
        turned = x * odd[i] % P
        found[i], found[i + size // 2] = (even[i] + turned) % P, (even[i] - turned) % P
        x = x * root % P
    return found


def interpolated(values: Sequence[int], root: int) -> list[int]:
    size = len(values)
    inverse = pow(size, -1, P)
    return [value * inverse % P for value in evaluated(values, pow(root, -1, P), size)]


def permuted(values: Sequence[Any]) -> list[Any]:
    quarter = len(values) // 4
    return [values[i + quarter * j] for i in range(quarter) for j in range(4)]


class Tree:
    def __init__(self, leaves: Sequence[bytes], hashed: Hash) -> None:
        self.size = len(leaves)
        self.nodes = [b""] * self.size + permuted(leaves)
        for i in range(self.size - 1, 0, -1):
            self.nodes[i] = hashed(self.nodes[2 * i] + self.nodes[2 * i + 1])
        self.root = self.nodes[1]

    def place(self, position: int) -> int:
        quarter = self.size // 4
        return self.size + position // quarter + 4 * (position % quarter)

    def branch(self, position: int) -> list[str]:
        at = self.place(position)
        found = [self.nodes[at].hex()]
        while at > 1:
            found.append(self.nodes[at ^ 1].hex())
            at //= 2
        return found

    def branches(self, positions: Sequence[int]) -> list[list[str]]:
        """What others give is left out."""
        known = set()
        for position in positions:
            at = self.place(position)
            while at:
                known.add(at)
                at //= 2
        found = []
        for position in positions:
            at, branch = self.place(position), self.branch(position)
            for level in range(1, len(branch)):
                if at ^ 1 in known:
                    branch[level] = ""
                known.add(at ^ 1)
                at //= 2
            found.append(branch)
        return found


def drawn(seed: bytes, modulus: int, hashed: Hash, skipped: int) -> list[int]:
    data = seed + hashed(seed)
    numbers = [int.from_bytes(data[4 * i : 4 * i + 4], "big") for i in range(QUERIES)]
    if not skipped:
        return [number % modulus for number in numbers]
    reduced = [number % (modulus * (skipped - 1) // skipped) for number in numbers]
    return [number + 1 + number // (skipped - 1) for number in reduced]


@dataclass
class Made:
    """`files`: the two of a batch; `entries`: what a user's file shows of each user."""

    proof: dict[str, Any]
    values: dict[str, int]
    tree: Tree
    entries: list[tuple[list[int], int, int]]


def prove(
    ids: Sequence[int],
    coins: dict[str, Sequence[int]],
    uts: int,
    main: int,
    revision: str = "2023-12",
) -> Made:
    """`coins`: of each its values, a user each; as many users as a power of two less one."""
    hashed, fifth, skipped = REVISIONS[revision]
    users = len(ids) + 1
    steps, size = uts * users, uts * users * BLOW_UP
    g2 = pow(3, (P - 1) // size, P)
    g1 = pow(g2, BLOW_UP, P)
    columns, trace, identity = [[0] * steps for _ in coins], [0] * steps, [0] * steps
    for i, user in enumerate(ids, 1):
        at = uts * i + uts - 2
        identity[at] = user % P
        for column, values in zip(columns, coins.values(), strict=True):
            column[at] = values[i - 1] % P
            column[at + 1] = (column[at + 1 - uts] + column[at]) % P
        trace[at] = sum(column[at] for column in columns) % P
        trace[at + 1] = (trace[at + 1 - uts] + trace[at]) % P
        for row in range(at - 1, uts * i - 1, -1):
            trace[row] = trace[row + 1] // 4
    sums = [column[-1] for column in columns]
    total = sum(sums)

    shift = 7
    xs = [shift]
    for _ in range(size - 1):
        xs.append(xs[-1] * g2 % P)

    def on_coset(coefficients: Sequence[int]) -> list[int]:
        scaled, factor = [], 1
        for value in coefficients:
            scaled.append(value * factor % P)
            factor = factor * shift % P
        return evaluated(scaled + [0] * (size - len(scaled)), g2, size)

    def off_coset(values: Sequence[int]) -> list[int]:
        found, factor, back = [], 1, pow(shift, -1, P)
        for value in interpolated(values, g2):
            found.append(value * factor % P)
            factor = factor * back % P
        return found

    def wide(coefficients: Sequence[int]) -> list[int]:
        return evaluated(list(coefficients) + [0] * (size - len(coefficients)), g2, size)

    polys = [interpolated(column, g1) for column in (trace, *columns, identity)]
    coset = [on_coset(poly) for poly in polys[:-1]]
    t, b = coset[0], coset[1:]
    first, last = pow(g1, uts - 1, P), pow(g1, steps - 1, P)
    u1, u2 = pow(g1, (uts - 1) * users, P), pow(g1, (uts - 2) * users, P)
    to_users = [pow(x, users, P) for x in xs]

    def ahead(values: Sequence[int], i: int, count: int) -> int:
        return values[(i + count * BLOW_UP) % size]

    def quotient(numerator: Callable[[int], int], divisor: Callable[[int], int]) -> list[int]:
        poly = off_coset([numerator(i) * pow(divisor(i), -1, P) % P for i in range(size)])
        assert not any(poly[4 * steps :]), "a constraint does not hold"
        return wide(poly)

    def four(i: int) -> int:
        d = ahead(t, i, 1) - 4 * t[i]
        return d * (d - 1) * (d - 2) * (d - 3) * (to_users[i] - u2) * (to_users[i] - u1) % P

    def added(values: Sequence[int]) -> list[int]:
        return quotient(
            lambda i: (ahead(values, i, uts) - ahead(values, i, uts - 1) - values[i]) * (xs[i] - last) % P,
            lambda i: to_users[i] - u1,
        )

    def ends(values: Sequence[int], end: int) -> list[int]:
        slope = end * pow(last - first, -1, P)
        return quotient(lambda i: (values[i] - slope * (xs[i] - first)) % P, lambda i: (xs[i] - first) * (xs[i] - last))

    rows = [
        quotient(lambda i: t[i], lambda i: to_users[i] - 1),
        quotient(four, lambda i: pow(xs[i], steps, P) - 1),
        added(t),
        ends(t, total),
    ]
    if fifth:
        rows.append(quotient(lambda i: (t[i] - sum(one[i] for one in b)) % P, lambda i: to_users[i] - u2))
    sides = []
    for coin in range(main):
        sides += [added(b[coin]), ends(b[coin], sums[coin])]

    t_all, *b_all, id_all = [wide(poly) for poly in polys]
    random = [hashed(b"".join(word(one[i]) for one in (*rows, *sides))) for i in range(size)]

    def coins_at(i: int) -> bytes:
        return b"".join(word(one[i]) for one in b_all)

    leaves = [hashed(word(t_all[i]) + hashed(coins_at(i)) + word(id_all[i]) + random[i]) for i in range(size)]
    tree = Tree(leaves, hashed)
    nonce = int.from_bytes(tree.root, "big") + WORKED.get(tree.root.hex(), 0)
    while int.from_bytes(hashed(tree.root + nonce.to_bytes(32, "big")), "big") >> (256 - WORK_BITS):
        nonce += 1
    WORKED[tree.root.hex()] = nonce - int.from_bytes(tree.root, "big")
    said = nonce.to_bytes(32, "big")
    terms = [t_all, *b_all, id_all, rows[0], *rows[2:], *sides]
    k = [int.from_bytes(hashed(said + i.to_bytes(32, "big")), "big") % P for i in range(2 * len(terms))]
    far_root, combined, far = pow(g2, 3 * steps, P), [], 1
    for i in range(size):
        value = rows[1][i]
        for at, term in enumerate(terms):
            value += (k[2 * at] + k[2 * at + 1] * far) * term[i]
        combined.append(value % P)
        far = far * far_root % P
    combined_tree = Tree([word(value) for value in combined], hashed)
    positions = drawn(combined_tree.root, size, hashed, BLOW_UP)
    around = [(x + n * BLOW_UP) % size for x in positions for n in (0, 1, uts - 1, uts)]
    entries: list[Any] = []
    for at in range(QUERIES):
        here, after, before_sum, at_sum = around[4 * at : 4 * at + 4]
        entries.append(
            (
                word(t_all[here]) + coins_at(here) + word(id_all[here])
                + b"".join(word(one[here]) for one in (*rows, *sides))
            ).hex()
        )  # fmt: skip
        entries.append(
            [word(t_all[after]).hex(), hashed(coins_at(after)).hex(), word(id_all[after]).hex(), random[after].hex()]
        )
        for one in (before_sum, at_sum):
            entries.append([word(t_all[one]).hex(), coins_at(one).hex(), word(id_all[one]).hex(), random[one].hex()])
    proof = {
        "steps": steps,
        "uts": uts,
        "mtree_root": tree.root.hex(),
        "l_mtree_root": combined_tree.root.hex(),
        "pow_nonce": said.hex(),
        "mtree_branches": tree.branches(around),
        "mtree_entries_data": entries,
        "l_mtree_branches": combined_tree.branches(positions),
        "low_degree_proof": low_degree(combined, g2, 4 * steps, hashed, skipped),
    }
    users_shown = []
    for i in range(1, users):
        at = (i * uts + uts - 2) * BLOW_UP
        users_shown.append(([t_all[at], *(one[at] for one in b_all)], ids[i - 1], int.from_bytes(random[at], "big")))
    return Made(proof, {**dict(zip(coins, sums, strict=True)), "total_value": total}, tree, users_shown)


def low_degree(values: list[int], root: int, degree: int, hashed: Hash, skipped: int) -> list[Any]:
    layers: list[Any] = []
    positions: list[int] = []
    while degree > 16:
        tree, size = Tree([word(value) for value in values], hashed), len(values)
        at, quarter = int.from_bytes(tree.root, "big") % P, len(values) // 4
        turn = pow(root, quarter, P)
        column, x = [], 1
        for i in range(quarter):
            points = [x * pow(turn, j, P) % P for j in range(4)]
            value = 0
            for j in range(4):
                share = values[i + quarter * j]
                for other in range(4):
                    if other != j:
                        share = share * (at - points[other]) * pow(points[j] - points[other], -1, P) % P
                value += share
            column.append(value % P)
            x = x * root % P
        below = Tree([word(value) for value in column], hashed)
        positions = [y % quarter for y in positions] or drawn(below.root, quarter, hashed, skipped)
        rows = [y + quarter * j for y in positions for j in range(4)]
        layers.append([below.root.hex(), below.branches(positions), tree.branches(rows)])
        values, root, degree = column, pow(root, 4, P), degree // 4
        assert size == 4 * len(values)
    return [*layers, [word(value).hex() for value in values]]


def user_file(
    batch: Made, trunk: Made, user: int, place: int, uts: int, main: int, revision: str = "2023-12"
) -> dict[str, Any]:
    coins = [name for name in batch.values if name != "total_value"]

    def leaf(made: Made, at: int, whose: str, position: int, tree: str) -> dict[str, Any]:
        values, identity, random = made.entries[at]
        signed = [value - P if value > P // 2 else value for value in values]
        shown: dict[str, Any] = {f"{tree}_mtree_root": made.tree.root.hex()}
        if revision == "2023-12":
            shown[f"reduced_{whose}_id"] = word(identity).hex()
        shown["total_value"] = str(signed[0])
        shown |= {coin: str(value) for coin, value in zip(coins, signed[1:], strict=True)}
        shown["random_number"] = random.to_bytes(32, "big").hex()
        shown[f"{whose}_id"] = identity.to_bytes(32, "big").hex() if revision == "2023-12" else word(identity).hex()
        shown["merkle_path"] = made.tree.branch(position)
        return shown

    own = leaf(batch, user, "user", (uts * (user + 1) + uts - 2) * BLOW_UP, "batch")
    own |= {"user_index": user, "batch_index": place, "uts": uts}
    return {
        "batch_inclusion_proof": own,
        "trunk_inclusion_proof": leaf(trunk, place, "batch", (32 * (place + 1) + 30) * BLOW_UP, "trunk"),
        "config": {"coins": coins, "main_coins_num": main},
    }


def written(made: object) -> bytes:
    return json.dumps(made).encode()

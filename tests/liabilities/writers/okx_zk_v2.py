"""A slow writer of what OKX's zero-knowledge proofs commit to, from the publisher's code (okx/proof-of-reserves-v2,
account.rs, merkle_proof.rs): accounts, their batches, the recursion above them, users' files. Poseidon is written out
anew. It shares no code with what it tests.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

P = 2**64 - 2**32 + 1
CIRCULANT = [17, 15, 41, 16, 2, 28, 13, 13, 39, 18, 34, 20]
FAN_OUT = 64

Digest = tuple[int, ...]


def _words(seed: int) -> Iterator[int]:
    mask, key = 2**32 - 1, []
    for _ in range(8):
        seed = (seed * 6364136223846793005 + 11634580027462260723) % 2**64
        x, rot = (((seed >> 18) ^ seed) >> 27) & mask, seed >> 59
        key.append(((x >> rot) | (x << (32 - rot))) & mask)
    number = 0
    while True:
        start = [0x61707865, 0x3320646E, 0x79622D32, 0x6B206574, *key, number & mask, number >> 32, 0, 0]
        w = list(start)

        def quarter(a: int, b: int, c: int, d: int, w: list[int] = w) -> None:
            for x, y, z, r in ((a, b, d, 16), (c, d, b, 12), (a, b, d, 8), (c, d, b, 7)):
                w[x] = (w[x] + w[y]) & mask
                v = w[z] ^ w[x]
                w[z] = ((v << r) | (v >> (32 - r))) & mask

        for _ in range(4):
            quarter(0, 4, 8, 12), quarter(1, 5, 9, 13), quarter(2, 6, 10, 14), quarter(3, 7, 11, 15)
            quarter(0, 5, 10, 15), quarter(1, 6, 11, 12), quarter(2, 7, 8, 13), quarter(3, 4, 9, 14)
        yield from ((a + b) & mask for a, b in zip(w, start, strict=True))
        number += 1


@cache
def constants() -> list[int]:
    words = _words(0)
    return [(next(words) + 2**32 * next(words)) * P // 2**64 for _ in range(360)]


def permuted(state: Sequence[int]) -> list[int]:
    now = list(state)
    for turn in range(30):
        now = [(x + constants()[12 * turn + i]) % P for i, x in enumerate(now)]
        for i in range(1 if 4 <= turn < 26 else 12):
            now[i] = pow(now[i], 7, P)
        now = [
            (sum(CIRCULANT[i] * now[(i + row) % 12] for i in range(12)) + (8 * now[0] if row == 0 else 0)) % P
            for row in range(12)
        ]
    return now


def hashed(values: Sequence[int]) -> Digest:
    state = [0] * 12
    for at in range(0, len(values), 8):
        part = values[at : at + 8]
        state[: len(part)] = part
        state = permuted(state)
    return tuple(state[:4])


def hex_of(digest: Digest) -> str:
    return b"".join(x.to_bytes(8, "little") for x in digest).hex()


@dataclass
class Account:
    id: str
    equity: list[int]
    debt: list[int]

    def leaf(self) -> Digest:
        limbs = [int(self.id[at : min(at + 14, 64)], 16) for at in range(0, 64, 14)]
        return hashed([*limbs, sum(self.equity), sum(self.debt)])


@dataclass
class Written:
    """Batches of one size under one level of recursion or more; other batches are as if they were empty."""

    accounts: list[Account]
    batch_size: int
    levels: int = 1
    batches: list[list[list[Digest]]] = field(default_factory=list)
    above: list[list[Digest]] = field(default_factory=list)

    def __post_init__(self) -> None:
        for at in range(0, len(self.accounts), self.batch_size):
            level = [account.leaf() for account in self.accounts[at : at + self.batch_size]]
            assert len(level) == self.batch_size
            tree = [level]
            while len(level) > 1:
                level = [hashed([*level[i], *level[i + 1]]) for i in range(0, len(level), 2)]
                tree.append(level)
            self.batches.append(tree)
        nodes, empty = [tree[-1][0] for tree in self.batches], hashed([0])
        for _ in range(self.levels):
            nodes += [empty] * (-len(nodes) % FAN_OUT)
            self.above.append(nodes)
            nodes = [
                hashed([x for node in nodes[i : i + FAN_OUT] for x in node]) for i in range(0, len(nodes), FAN_OUT)
            ]
            empty = hashed([x for _ in range(FAN_OUT) for x in empty])
        assert len(nodes) == 1
        self.root = nodes[0]

    @property
    def equity(self) -> int:
        return sum(sum(account.equity) for account in self.accounts)

    @property
    def debt(self) -> int:
        return sum(sum(account.debt) for account in self.accounts)

    def user(self, index: int) -> dict[str, Any]:
        account, batch, at = self.accounts[index], index // self.batch_size, index % self.batch_size
        siblings, nodes = [], []
        for level in self.batches[batch][:-1]:
            siblings.append(hex_of(level[at ^ 1]))
            at //= 2
        for level in self.above:
            first, own = batch // FAN_OUT * FAN_OUT, batch % FAN_OUT
            around = [hex_of(node) for node in level[first : first + FAN_OUT]]
            nodes.append({"left_hashes": around[:own], "right_hashes": around[own + 1 :]})
            batch //= FAN_OUT
        return {
            "account": {
                "id": account.id,
                "equity": [str(x) for x in account.equity],
                "debt": [str(x) for x in account.debt],
            },
            "index": index,
            "sum_tree_siblings": siblings,
            "recursive_tree_siblings": nodes,
        }


def eight_accounts() -> Written:
    """Two batches of four accounts of three tokens."""
    made = []
    for i in range(8):
        identity = hashed([i, 77])
        made.append(Account(hex_of(identity), [1_000 * i + 5, 20 + i, 3], [i, 2, 1]))
    return Written(made, 4)


def written(made: object) -> bytes:
    return json.dumps(made).encode()

"""Binance's and Gate's published files, made slowly and on their own: the Grain register bit by bit, the permutation as
the paper writes it, a tree of dictionaries. Nothing here is shared with porlake but what the room's documents say.
"""

from __future__ import annotations

import base64
import csv
import io
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

P = 0x30644E72E131A029B85045B68181585D2833E84879B9709143E1F593F0000001
DEPTH = 28
PARTIAL = {2: 56, 3: 57, 4: 56, 5: 60, 6: 60, 7: 63, 8: 64, 9: 63, 10: 60, 11: 66, 12: 60, 13: 65}


@cache
def parameters(t: int) -> tuple[list[int], list[list[int]]]:
    bits = [int(b) for b in f"{1:02b}{0:04b}{254:012b}{t:012b}{8:010b}{PARTIAL[t]:010b}" + "1" * 30]

    def step() -> int:
        new = bits[62] ^ bits[51] ^ bits[38] ^ bits[23] ^ bits[13] ^ bits[0]
        bits.pop(0)
        bits.append(new)
        return new

    for _ in range(160):
        step()

    def number() -> int:
        value = 0
        for _ in range(254):
            while not step():
                step()
            value = 2 * value + step()
        return value

    constants: list[int] = []
    while len(constants) < t * (8 + PARTIAL[t]):
        if (value := number()) < P:
            constants.append(value)
    xs = [number() % P for _ in range(2 * t)]
    return constants, [[pow(xs[i] + xs[t + j], P - 2, P) for j in range(t)] for i in range(t)]


def permutation(state: list[int]) -> list[int]:
    t = len(state)
    constants, matrix = parameters(t)
    for turn in range(8 + PARTIAL[t]):
        state = [(value + constants[turn * t + at]) % P for at, value in enumerate(state)]
        full = turn < 4 or turn >= 4 + PARTIAL[t]
        state = [pow(value, 5, P) if full or at == 0 else value for at, value in enumerate(state)]
        state = [sum(m * value for m, value in zip(row, state, strict=True)) % P for row in matrix]
    return state


def digest(values: Sequence[int]) -> int:
    state = [0, 0]
    for start in range(0, len(values), 12):
        state = permutation([state[0], *values[start : start + 12]])
    return state[1]


def packed(numbers: Sequence[int]) -> list[int]:
    whole = list(numbers) + [0] * (-len(numbers) % 3)
    return [whole[i] * 2**128 + whole[i + 1] * 2**64 + whole[i + 2] for i in range(0, len(whole), 3)]


class Tree:
    """Of 28 levels; what is not there is empty."""

    def __init__(self, empty: int) -> None:
        self.empty = [empty]
        for _ in range(DEPTH):
            self.empty.append(digest([self.empty[-1]] * 2))
        self.nodes: dict[tuple[int, int], int] = {}

    def put(self, index: int, leaf: int) -> None:
        self.nodes[0, index] = leaf
        for level in range(DEPTH):
            index //= 2
            self.nodes[level + 1, index] = digest([self.at(level, 2 * index), self.at(level, 2 * index + 1)])

    def at(self, level: int, index: int) -> int:
        return self.nodes.get((level, index), self.empty[level])

    @property
    def root(self) -> int:
        return self.at(DEPTH, 0)

    def path(self, index: int) -> list[int]:
        return [self.at(level, (index >> level) ^ 1) for level in range(DEPTH)]


def b64(value: int) -> str:
    return base64.b64encode(value.to_bytes(32, "big")).decode()


@dataclass
class Dense:
    """The edition of 2023. `users`: by index of asset (equity, debt); `batch`: users of a proof; `proofs`: makes the
    bytes of a proof from its public input.
    """

    prices: dict[str, int]
    users: list[dict[int, tuple[int, int]]]
    proofs: Any
    capacity: int = 350
    batch: int = 2
    rows: list[list[Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.symbols = list(self.prices)
        self.held = [[0, 0] for _ in self.symbols]
        empty = digest([0, 0, 0, digest(packed([0] * 2 * self.capacity))])
        self.tree = Tree(empty)
        for start in range(0, len(self.users), self.batch):
            before, totals = self.tree.root, self.commitment()
            for index in range(start, min(start + self.batch, len(self.users))):
                for asset, (equity, debt) in self.users[index].items():
                    self.held[asset][0] += equity
                    self.held[asset][1] += debt
                self.tree.put(index, self.leaf(index))
            self.row([before, self.tree.root], totals, self.commitment(), len(self.rows))

    def row(self, roots: list[int], before: int, after: int, batch: int) -> None:
        public = digest([*roots, before, after])
        proof = base64.b64encode(self.proofs(public)).decode()
        self.rows.append([proof, [b64(before), b64(after)], [b64(root) for root in roots], b64(public), batch])

    def commitment(self) -> int:
        values = [
            equity * 2**128 + debt * 2**64 + price
            for (equity, debt), price in zip(self.held, self.prices.values(), strict=True)
        ]
        return digest(values + [0] * (self.capacity - len(values)))

    def worth(self, index: int, part: int) -> int:
        prices = list(self.prices.values())
        return sum(held[part] * prices[asset] for asset, held in self.users[index].items())

    def leaf(self, index: int) -> int:
        flat = [0] * (2 * self.capacity)
        for asset, (equity, debt) in self.users[index].items():
            flat[2 * asset : 2 * asset + 2] = [equity, debt]
        return digest([self.who(index), self.worth(index, 0), self.worth(index, 1), digest(packed(flat))])

    def who(self, index: int) -> int:
        return 1_000_003 * (index + 1)

    def table(self) -> bytes:
        names = ["proof_info", "cex_asset_list_commitments", "account_tree_roots", "batch_commitment", "batch_number"]
        return table(names, self.rows)

    def config(self, key_name: str = "ZkKeyName") -> bytes:
        listed = [
            {"TotalEquity": equity, "TotalDebt": debt, "BasePrice": price, "Symbol": symbol, "Index": at}
            for at, ((symbol, price), (equity, debt)) in enumerate(zip(self.prices.items(), self.held, strict=True))
        ]
        return json.dumps({key_name: "config/zkpor864", "CexAssetsInfo": listed}).encode()

    def user(self, index: int) -> bytes:
        assets = [{"Index": at, "Equity": e, "Debt": d} for at, (e, d) in sorted(self.users[index].items())]
        return json.dumps(
            {
                "AccountIndex": index,
                "AccountIdHash": f"{self.who(index):064x}",
                "TotalEquity": self.worth(index, 0),
                "TotalDebt": self.worth(index, 1),
                "Root": f"{self.tree.root:064x}",
                "Assets": assets,
                "Proof": [b64(node) for node in self.tree.path(index)],
            }
        ).encode()


def table(names: list[str], rows: list[list[Any]]) -> bytes:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["id", "created_at", *names])
    for at, row in enumerate(rows):
        writer.writerow([at + 1, "2026-06-02", *(json.dumps(cell) if isinstance(cell, list) else cell for cell in row)])
    return out.getvalue().encode()


@dataclass
class OneRoot:
    """The edition of 2026. `users`: by index of asset (equity, debt, loan, margin, portfolio margin), each of the tier
    of 50; `beyond`: users in the tree that no proof counts. `commit`: the digest of the totals, which is long.
    """

    prices: dict[str, int]
    users: list[dict[int, tuple[int, ...]]]
    proofs: Any
    commit: Any
    beyond: int = 0
    batch: int = 2
    roots: int = 1
    rows: list[list[Any]] = field(default_factory=list)

    #: (boundary, ratio) of each asset and kind of collateral.
    STEPS = ((10**20, 90), (10**21, 50))

    def __post_init__(self) -> None:
        self.held = [[0] * 5 for _ in self.prices]
        self.tree = Tree(digest([0] * 5))
        for index in range(len(self.users)):
            self.tree.put(index, self.leaf(index))
        counted = len(self.users) - self.beyond
        for start in range(0, counted, self.batch):
            before = self.commitment()
            end = min(start + self.batch, counted)
            for index in range(start, end):
                for asset, values in self.users[index].items():
                    self.held[asset] = [a + b for a, b in zip(self.held[asset], values, strict=True)]
            after, root = self.commitment(), self.tree.root
            public = digest([root, before, after, start, end - 1])
            proof = base64.b64encode(self.proofs(public)).decode()
            cells = [proof, [b64(before), b64(after)], [b64(root)], b64(public), len(self.rows), start, end - 1, 50]
            self.rows.append(cells)

    def commitment(self) -> int:
        pairs = [*self.STEPS, *[(2**118, 0)] * 10]
        full = [
            a[1] + a[0] * 2**8 + b[1] * 2**126 + b[0] * 2**134 for a, b in zip(pairs[::2], pairs[1::2], strict=True)
        ]
        none = [2**126] * 0 + [2**118 * 2**8 + 2**118 * 2**134] * 6
        values = []
        for held, price in zip(self.held, self.prices.values(), strict=True):
            values += [held[0] * 2**128 + held[1] * 2**64 + price, held[2] * 2**128 + held[3] * 2**64 + held[4]]
            values += full * 3
        for _ in range(500 - len(self.held)):
            values += [0, 0, *none * 3]
        return self.commit(values)

    def worth(self, index: int, part: int) -> int:
        prices = list(self.prices.values())
        return sum(held[part] * prices[asset] for asset, held in self.users[index].items())

    def collateral(self, index: int) -> int:
        prices = list(self.prices.values())
        total = 0
        for asset, held in self.users[index].items():
            for amount in held[2:]:
                value, low = amount * prices[asset], 0
                for boundary, ratio in self.STEPS:
                    total += max(0, min(value, boundary) - low) * ratio // 100
                    low = boundary
        return total

    def leaf(self, index: int) -> int:
        held, flat = self.users[index], []
        spare = 50 - len(held)
        at = 0
        while len(flat) < 50 * 6:
            if at in held:
                flat += [at, *held[at]]
            elif spare:
                flat += [at, 0, 0, 0, 0, 0]
                spare -= 1
            at += 1
        assets = digest(packed(flat))
        return digest([self.who(index), self.worth(index, 0), self.worth(index, 1), self.collateral(index), assets])

    def who(self, index: int) -> int:
        return 1_000_003 * (index + 1)

    def table(self) -> bytes:
        names = ["proof_info", "cex_asset_list_commitments", "account_tree_roots", "batch_commitment", "batch_number"]
        return table([*names, "min_account_index", "max_account_index", "assets_count"], self.rows)

    def config(self) -> bytes:
        steps = [{"BoundaryValue": boundary, "Ratio": ratio, "PrecomputedValue": 0} for boundary, ratio in self.STEPS]
        steps += [{"BoundaryValue": 2**118, "Ratio": 0, "PrecomputedValue": 0}] * 10
        names = ("TotalEquity", "TotalDebt", "LoanCollateral", "MarginCollateral", "PortfolioMarginCollateral")
        listed = [
            {
                **dict(zip(names, held, strict=True)),
                "BasePrice": price,
                "Symbol": symbol,
                "Index": at,
                **dict.fromkeys(("LoanRatios", "MarginRatios", "PortfolioMarginRatios"), steps),
            }
            for at, ((symbol, price), held) in enumerate(zip(self.prices.items(), self.held, strict=True))
        ]
        keys = {"ZkKeyName": ["config/zkpor50", "config/zkpor500"], "AssetsCountTiers": [50, 500]}
        return json.dumps({**keys, "CexAssetsInfo": listed}).encode()

    def user(self, index: int) -> bytes:
        names = ("Equity", "Debt", "Loan", "Margin", "PortfolioMargin")
        assets = [
            {"Index": at, **dict(zip(names, held, strict=True))} for at, held in sorted(self.users[index].items())
        ]
        return json.dumps(
            {
                "AccountIndex": index,
                "AccountIdHash": f"{self.who(index):064x}",
                "TotalEquity": self.worth(index, 0),
                "TotalDebt": self.worth(index, 1),
                "TotalCollateral": self.collateral(index),
                "Root": f"{self.tree.root:064x}",
                "Assets": assets,
                "Proof": [b64(node) for node in self.tree.path(index)],
            }
        ).encode()

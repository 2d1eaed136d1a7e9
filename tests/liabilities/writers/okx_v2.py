"""OKX's whole tree, written slowly: decimals and hashlib, nothing of the package.

Source: https://github.com/okx/proof-of-reserves, and its example/full-liabilities-merkle-tree.txt.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

COINS = ("BTC", "ETH", "USDT")


def shown(amount: Decimal) -> str:
    text = f"{amount:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


@dataclass(frozen=True)
class Node:
    hash: str
    height: int
    owed: tuple[Decimal, ...]

    @property
    def texts(self) -> list[str]:
        return [shown(amount) for amount in self.owed]

    @property
    def balances(self) -> dict[str, str]:
        return dict(zip(COINS, self.texts, strict=True))

    @property
    def line(self) -> str:
        return f"{self.hash},{self.height},{json.dumps(self.balances, separators=(',', ':'))}"


@dataclass(frozen=True)
class User:
    """A user, and what each of the user's leaves owes."""

    nonce: str
    leaves: tuple[tuple[Decimal, ...], ...]

    @property
    def owed(self) -> dict[str, str]:
        sums = [sum((leaf[i] for leaf in self.leaves), Decimal(0)) for i in range(3)]
        return dict(zip(COINS, map(shown, sums), strict=True))

    @property
    def hash(self) -> str:
        return digest(self.nonce + json.dumps(self.owed, separators=(",", ":")))

    @property
    def nodes(self) -> list[Node]:
        return [Node(digest(self.hash + "".join(map(shown, owed))), 1, owed) for owed in self.leaves]

    @property
    def file(self) -> bytes:
        nodes = [{"balances": node.balances, "hash": node.hash} for node in self.nodes]
        return json.dumps(
            {"hash": self.hash, "nodes": nodes, "nonce": self.nonce, "totalBalances": self.owed}, indent=4
        ).encode()


def parent(left: Node, right: Node) -> Node:
    owed = tuple(a + b for a, b in zip(left.owed, right.owed, strict=True))
    height = left.height + 1
    made = Node("", height, owed)
    return Node(digest(left.hash + right.hash + "".join(made.texts) + str(height)), height, owed)


def levels(leaves: Sequence[Node]) -> list[list[Node]]:
    """From the leaves to the root, each level from left to right, filled up on the right."""
    found = [list(leaves)]
    while len(found[-1]) > 1:
        level = found[-1]
        if len(level) % 2:
            level.append(Node(level[-1].hash, level[-1].height, (Decimal(0),) * 3))
        found.append([parent(level[i], level[i + 1]) for i in range(0, len(level), 2)])
    return found


def file(made: Sequence[Sequence[Node]]) -> bytes:
    return "".join(f"{node.line}\n" for level in reversed(made) for node in reversed(level)).encode()

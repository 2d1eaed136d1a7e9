"""Whole trees of millions of leaves, by columns of pyarrow and hashlib: nothing of the package. Seeded.

Leaves are random hashes: what a leaf stands for cannot be seen in a tree. What the loop over hashlib alone takes is
counted: it is the floor of whoever checks the tree in Python.
"""

from __future__ import annotations

import hashlib
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

PLACES = 8
ROWS = 1 << 18


@dataclass
class Large:
    """`owed`: of each asset, the plain sum of the leaves; `floor`: seconds of CPU time of the loop over hashlib."""

    root: str
    owed: list[int]
    nodes: int
    floor: float = 0.0


def decimals(units: np.ndarray[Any, Any]) -> pa.Array:
    """Canonical texts of whole 10**-8 units."""
    scaled = pa.array(units).cast(pa.decimal128(19, 0))
    read = pa.Decimal128Array.from_buffers(pa.decimal128(19, PLACES), len(scaled), scaled.buffers())
    texts = pc.replace_substring_regex(pc.replace_substring_regex(read.cast(pa.string()), "0+$", ""), r"\.$", "")
    small = units < 100  # which would be written with an exponent
    if small.any():
        own = [_small(int(value)) for value in units[small]]
        texts = pc.replace_with_mask(texts, pa.array(small), pa.array(own, pa.string()))
    return texts


def _small(units: int) -> str:
    return f"0.{units:08}".rstrip("0").rstrip(".") if units else "0"


def hexes(hashes: list[bytes]) -> list[str]:
    return [one.hex() for one in hashes]


def okx(path: Path, leaves: int, seed: int = 1) -> Large:
    """A tree file of OKX's second kind; the hashes of its levels are kept while it is made."""
    chance = np.random.default_rng(seed)
    dust = chance.integers(0, 10**4, leaves)
    owed = [np.where(dust % 3 == asset, chance.integers(0, 10 ** (9 + asset), leaves), 0) for asset in range(3)]
    level = [chance.bytes(32).hex() for _ in range(leaves)]
    levels, floor, height, nodes = list[tuple[pa.Array, list[np.ndarray[Any, Any]]]](), 0.0, 1, 0
    large = Large("", [sum(map(int, column)) for column in owed], 0)
    while True:
        if len(level) > 1 and len(level) % 2:
            level.append(level[-1])
            owed = [np.append(column, 0) for column in owed]
        nodes += len(level)
        levels.append((pa.array(level), owed))
        if len(level) == 1:
            break
        height += 1
        owed = [column[0::2] + column[1::2] for column in owed]
        hashes, above = levels[-1][0], list[str]()
        for first in range(0, len(level) // 2, ROWS):
            upto = min(first + ROWS, len(level) // 2)
            pairs = hashes.slice(2 * first, 2 * (upto - first))
            sides = [pairs.take(pa.array(np.arange(side, len(pairs), 2))) for side in range(2)]
            texts = [decimals(column[first:upto]) for column in owed]
            joined = pc.cast(pc.binary_join_element_wise(*sides, *texts, str(height), ""), pa.binary()).to_pylist()
            started = time.process_time()
            above += [hashlib.sha256(text).hexdigest() for text in joined]
            floor += time.process_time() - started
        level = above
    with path.open("wb") as file:
        for at, (hashes, columns) in reversed(list(enumerate(levels))):
            _write_okx(file, hashes, columns, at + 1)
    large.root, large.nodes, large.floor = level[0], nodes, floor
    return large


def _write_okx(file: BinaryIO, hashes: pa.Array, columns: list[np.ndarray[Any, Any]], height: int) -> None:
    for upto in range(len(hashes), 0, -ROWS):
        first = max(upto - ROWS, 0)
        order = pa.array(np.arange(upto - first)[::-1])
        texts = [decimals(column[first:upto][::-1]) for column in columns]
        lines = pc.binary_join_element_wise(
            hashes.slice(first, upto - first).take(order), f',{height},{{"BTC":"', texts[0], '","ETH":"', texts[1],
            '","USDT":"', texts[2], '"}\n', "",
        )  # fmt: skip
        file.write("".join(lines.to_pylist()).encode())


def bitmex(path: Path, leaves: int, seed: int = 1) -> Large:
    """A tree file of BitMEX's; `leaves`: a power of two."""
    chance = np.random.default_rng(seed)
    values = [int(value) for value in chance.integers(0, 10**9, leaves)]
    level = [(chance.bytes(32), value) for value in values]
    levels, floor = [level], 0.0
    while len(level) > 1:
        packed = [
            a + x.to_bytes(8, "little") + b + y.to_bytes(8, "little")
            for (a, x), (b, y) in zip(level[0::2], level[1::2], strict=True)
        ]
        started = time.process_time()
        hashes = [hashlib.sha256(one).digest() for one in packed]
        floor += time.process_time() - started
        sums = [x + y for (_, x), (_, y) in zip(level[0::2], level[1::2], strict=True)]
        level = list(zip(hashes, sums, strict=True))
        levels.append(level)
    with path.open("w") as file:
        file.write("block_height:1\n")
        for nodes in reversed(levels):
            file.write("".join(f"{one.hex()},{value}\n" for one, value in nodes))
    return Large(level[0][0].hex(), [sum(values)], 2 * leaves - 1, floor)

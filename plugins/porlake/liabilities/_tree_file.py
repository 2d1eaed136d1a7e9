"""The lines of a published tree, parsed in threads ahead of whoever takes them, in order."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from porlake.liabilities import _tree_loops
from porlake.liabilities._protocol import PublishedFile
from porlake.progress import Tell

CHUNK_BYTES = 1 << 23
#: The longest line that any scheme writes.
LONGEST_LINE = 512
_MIB = 1 << 20

Bytes = NDArray[np.uint8]
Numbers = NDArray[np.int64]


@dataclass(frozen=True)
class Scheme:
    """What the lines of a tree are, and how its nodes hang together.

    `read`, `check`: loops of `_tree_loops`; `assets`: labels of a line's amounts, which are in units of 10**-places;
    `form`: a line, in words, of at least `shortest` bytes with its end; `states_height`: whether a line says its height
    (1: a leaf), and levels of an odd number are filled up; `twice_is_wrong`: whether no two leaves of a true tree have
    one hash, be their amounts the same or not.
    """

    read: Callable[..., Any]
    check: Callable[..., Any]
    assets: tuple[str, ...]
    places: int
    form: str
    shortest: int
    states_height: bool
    twice_is_wrong: bool


@dataclass
class Rows:
    """Nodes of whole lines in rows from 1; row 0 is room for the node before them.

    `wrong`: what is wrong with the line behind the last one (`_tree_loops`), 0 for nothing; `line`: its beginning.
    """

    hashes: Bytes
    owed: Numbers
    heights: Numbers
    count: int
    wrong: int
    line: bytes


def rows_of(
    member: PublishedFile, scheme: Scheme, start: int, pool: ThreadPoolExecutor, ahead: int, tell: Tell
) -> Iterator[Rows]:
    """A file's rows, from the line that begins at `start`; `ahead`: how many chunks may wait."""
    waiting = deque[Future[Rows]]()
    for work in _work(member, scheme, start, tell):
        waiting.append(pool.submit(work))
        if len(waiting) > ahead:
            yield waiting.popleft().result()
    while waiting:
        yield waiting.popleft().result()


def _work(member: PublishedFile, scheme: Scheme, start: int, tell: Tell) -> Iterator[Callable[[], Rows]]:
    size = member.content.seek(0, os.SEEK_END)
    done, what, total = start, f"check {member.name}, MiB", max(size // _MIB, 1)
    for data, filled in _chunks(member.content, start):
        tell(what, min(done // _MIB, total - 1), total)
        done += filled
        yield partial(_parsed, data, filled, scheme)
    tell(what, total, total)


def _chunks(content: BinaryIO, start: int) -> Iterator[tuple[bytes, int]]:
    """(bytes, how many of them are whole lines), with PADDING behind them. The file's last line may lack its end; of a
    line that is too long only so much is given as shows it: no loop takes it.
    """
    content.seek(start)
    rest = b""
    while chunk := content.read(CHUNK_BYTES):
        body = rest + chunk
        filled = body.rfind(b"\n") + 1
        rest = body[filled:]
        if filled:
            yield body[:filled] + bytes(_tree_loops.PADDING), filled
        if len(rest) > LONGEST_LINE:
            rest = rest[:LONGEST_LINE]
            break
    if rest:
        yield rest + b"\n" + bytes(_tree_loops.PADDING), len(rest) + 1


def _parsed(data: bytes, filled: int, scheme: Scheme) -> Rows:
    most = filled // scheme.shortest + 3
    hashes, owed = np.empty((most, 32), dtype=np.uint8), np.empty((most, len(scheme.assets)), dtype=np.int64)
    heights = np.empty(most, dtype=np.int64)
    behind, at, wrong = scheme.read(np.frombuffer(data, dtype=np.uint8), filled, 1, hashes, owed, heights)
    return Rows(hashes, owed, heights, behind - 1, wrong, data[at:filled][:LONGEST_LINE] if wrong else b"")

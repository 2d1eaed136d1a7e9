"""A published tree of sums with all its nodes, built anew level by level as it is read, from the root to the leaves.

Every line is parsed, every sum and every hash is computed, by compiled loops in threads (`_tree_loops`). Of the nodes
the level above the one that is read is kept, 32 bytes a hash and 8 an amount, and of the leaves eight bytes each. What
the loops tell is taken in the order of the lines, whoever was ready first: one file gives the same words each time.

Where lines state no height, each level has twice the nodes of the one above. Where they do, a level of an odd number is
filled up: before its first node, as it is listed, the hash of that node stands once more, with nothing owed and without
children. (A true node that repeats its neighbour's hash with nothing owed is read as such a line: nothing is owed.)
"""

from __future__ import annotations

import os
from collections import Counter, deque
from collections.abc import Collection, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from porlake.liabilities import _amounts, _tree_loops
from porlake.liabilities._protocol import Check, Finding, Proof, PublishedFile, Total, Verdict
from porlake.liabilities._tree_file import Bytes, Numbers, Rows, Scheme, rows_of
from porlake.progress import Tell, silent

__all__ = ["Built", "Leaf", "Scheme", "built", "leaves_of", "proof"]

#: Hashes that stand more than once and are looked at one by one.
MOST_TWICE = 1_000_000

_WRONG = {
    _tree_loops.HASH: "a hash of 64 lower-case hex digits was expected",
    _tree_loops.HEIGHT: "a height from 1 to 64 was expected",
    _tree_loops.SHAPE: "the line is not of the form {form}",
    _tree_loops.AMOUNT: "an amount is no canonical number of at most {places} decimals",
    _tree_loops.RANGE: "an amount is over 2^63 of its units",
}
#: The checks of nodes, in the order in which a broken tree names its reason, and that reason.
_REASONS = {
    "amounts_not_negative": "negative_amount",
    "leaf_hashes": "leaf_conflict",
    "sums": "sum_differs",
    "hashes": "node_hash_differs",
    "totals": "total_differs",
}


#: A leaf that is asked for: its hash, and what it owes in whole units.
Asked: TypeAlias = tuple[bytes, tuple[int, ...]]


@dataclass(frozen=True)
class Leaf:
    """`place`: among the leaves' lines, from 0; `owed`: whole units of the scheme."""

    place: int
    hash: bytes
    owed: tuple[int, ...]


@dataclass
class Built:
    """What a tree shows that was built anew.

    `root_owed`, `owed`: of each asset, what the root states and what the leaves sum up to, in whole units; `depth`:
    levels below the root; `leaves`: without one that only fills up; `stopped`: (verdict, reason, detail) where the rest
    could not be read; `failed`: of each check that fails, how often, and where first; `findings`: leaves that stand
    twice; `looked_up`: how often the leaves stand there that were asked for; `kept`: hashes and amounts of all leaves,
    of a scheme whose lines state no height.
    """

    scheme: Scheme
    root: str = ""
    root_owed: tuple[int, ...] = ()
    owed: tuple[int, ...] = ()
    depth: int = 0
    leaves: int | None = None
    stopped: tuple[Verdict, str, str] | None = None
    failed: dict[str, tuple[int, str]] = field(default_factory=dict)
    findings: tuple[Finding, ...] = ()
    looked_up: Counter[Asked] = field(default_factory=Counter)
    kept: tuple[Bytes, Numbers] | None = None

    @property
    def verdict(self) -> tuple[Verdict, str, str]:
        """(verdict, reason, detail) of the tree."""
        if self.stopped:
            return self.stopped
        for check, reason in _REASONS.items():
            if check in self.failed:
                return "broken", reason, self.failed[check][1]
        return "holds", "every_check_holds", ""

    @property
    def checks(self) -> tuple[Check, ...]:
        """Every check; of a tree that was not read to its end, one that did not fail was not made."""
        passed = None if self.stopped else True
        _, reason, detail = self.stopped or ("holds", "", "")
        is_level = reason == "levels_broken"
        found = [
            Check("lines", False, detail) if self.stopped and not is_level else Check("lines", passed),
            Check("levels", False, detail) if is_level else Check("levels", passed),
        ]
        for name in _REASONS:
            count, where = self.failed.get(name, (0, ""))
            more = f" (the first of {count:,})" if count > 1 else ""
            found.append(Check(name, False, where + more) if count else Check(name, passed))
        return tuple(found)


def built(
    member: PublishedFile,
    scheme: Scheme,
    start: int = 0,
    *,
    look_up: Collection[Asked] = (),
    tell: Tell = silent,
    workers: int | None = None,
) -> Built:
    """The tree of a file, built anew. `start`: where the line of its root begins, the first or the second; `look_up`:
    leaves to look for; `workers`: threads, by default one a core. Raises nothing for what the file holds.
    """
    ahead = 2 * (workers or os.cpu_count() or 1)
    tree = _Tree(scheme, int(start > 0), look_up)
    with ThreadPoolExecutor(ahead // 2) as pool:
        try:
            for rows in rows_of(member, scheme, start, pool, ahead, tell):
                tree.add(rows, pool)
                tree.settle(ahead)
            tree.end()
        except _Stop as stop:
            tree.settle()
            tree.found.stopped = stop.verdict, stop.reason, stop.detail
            return tree.found
        if (keys := tree.twice()).size:
            kept = tree.found.kept
            tree.tell_twice(_of_keys(*kept, 0, keys) if kept else _second_look(member, tree, start, pool, keys))
    return tree.found


def _second_look(
    member: PublishedFile, tree: _Tree, start: int, pool: ThreadPoolExecutor, keys: _Keys
) -> Iterator[Leaf]:
    """The leaves of some keys, from the file itself."""
    place = 0
    for rows in rows_of(member, tree.scheme, start, pool, 2, silent):
        is_leaf = rows.heights[1 : rows.count + 1] == 1
        hashes, owed = rows.hashes[1 : rows.count + 1][is_leaf], rows.owed[1 : rows.count + 1][is_leaf]
        yield from _of_keys(hashes, owed, place, keys)
        place += len(hashes)


def leaves_of(key: bytes, hashes: Bytes, owed: Numbers) -> list[Leaf]:
    """The leaves that HMAC-SHA-256 under a key gives of their value and their number."""
    found = np.empty(len(hashes), dtype=np.int64)
    count = _tree_loops.leaves_of(np.frombuffer(key.ljust(64, b"\0"), dtype=np.uint8), hashes, owed, found)
    return [Leaf(int(at), hashes[at].tobytes(), tuple(map(int, owed[at]))) for at in found[:count]]


def proof(name: str, tree: Built, exchange: str, not_shown: tuple[str, ...]) -> Proof:
    """A tree's verdict. Totals are those of the root; what does not hold shows none."""
    verdict, reason, detail = tree.verdict
    totals = tuple(
        Total(label, _amounts.asset_of(exchange, label), _amounts.text(owed, tree.scheme.places), verdict == "holds")
        for label, owed in zip(tree.scheme.assets, tree.root_owed, strict=bool(tree.root))
    )
    return Proof(name, "tree", verdict, reason, tree.root, totals, tree.leaves, tree.checks, tree.findings, not_shown,
                 detail=detail)  # fmt: skip


class _Stop(Exception):
    def __init__(self, verdict: Verdict, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.verdict, self.reason, self.detail = verdict, reason, detail


_Keys = NDArray[np.uint64]


@dataclass
class _Level:
    """Nodes of a level, as they are listed. `line`: of the first, from 1; `height`: 0 where lines state none."""

    name: str
    hashes: Bytes
    owed: Numbers
    line: int
    height: int


@dataclass
class _Pairs:
    """Pairs of nodes, their parents from `first`, and what a loop tells of them."""

    hashes: Bytes
    owed: Numbers
    parents: _Level
    first: int
    told: Numbers
    done: Future[None]


class _Tree:
    """The level that is read, and the one above it."""

    def __init__(self, scheme: Scheme, lines_before: int, look_up: Collection[Asked]) -> None:
        self.scheme, self.found = scheme, Built(scheme)
        self._line = lines_before  # the last one that was taken
        self._parents: _Level | None = None
        self._level: _Level | None = None  # of leaves that are not kept, the first two nodes
        self._expected = self._seen = self._levels = 0
        self._last: tuple[Bytes, Numbers] | None = None  # a node whose neighbour has not come yet
        self._waiting = deque[_Pairs]()
        self._keys: _Keys = np.empty(0, dtype=np.uint64)  # of the leaves
        self._sums = [0] * len(scheme.assets)
        self._wanted = frozenset(look_up)
        self._wanted_keys: _Keys = np.array([int.from_bytes(one[:8], "little") for one, _ in look_up], dtype=np.uint64)

    # --- lines
    def add(self, rows: Rows, pool: ThreadPoolExecutor) -> None:
        """The next lines of the file. Raises _Stop."""
        self._tell_negative(rows)
        at, behind = 1, rows.count + 1
        while at < behind:
            at = self._add_of_level(rows, at, behind, pool)
        if rows.wrong:
            why = _WRONG[rows.wrong].format(form=self.scheme.form, places=self.scheme.places)
            shown = rows.line.split(b"\n", 1)[0].decode("utf-8", "backslashreplace")
            shown = shown if len(shown) <= 200 else f"{shown[:200]}…"
            raise _Stop("malformed", "not_of_the_format", f"line {self._line + 1}: {why}: {shown!r}")

    def _add_of_level(self, rows: Rows, at: int, behind: int, pool: ThreadPoolExecutor) -> int:
        """Takes the rows from `at` that are of one level; the row behind them."""
        level = self._entered(int(rows.heights[at]) if self.scheme.states_height else None)
        if self.scheme.states_height:
            others = np.flatnonzero(rows.heights[at:behind] != level.height)
            behind = at + int(others[0]) if others.size else behind
        room = self._expected - self._seen
        if behind - at > room:
            if self.scheme.states_height:
                why = f"line {self._line + 1 + room}: {level.name} has more nodes than its {self._expected:,}"
                raise _Stop("broken", "levels_broken", why)
            behind = at + room
        self._keep(level, rows.hashes[at:behind], rows.owed[at:behind])
        self._pair(rows, at, behind, pool)
        self._seen += behind - at
        self._line += behind - at
        return behind

    def _entered(self, height: int | None) -> _Level:
        """The level of a line, which may be the next one. Raises _Stop."""
        level = self._level
        if level is None:
            return self._open(1, height or 0)
        if height is None:
            return level if self._seen < self._expected else self._next(level)
        if height == level.height:
            return level
        if height != level.height - 1:
            why = f"a node of height {height} behind one of height {level.height}"
            raise _Stop("broken", "levels_broken", f"line {self._line + 1}: {why}")
        self._check_full(level, f"before line {self._line + 1}")
        return self._next(level)

    def _next(self, level: _Level) -> _Level:
        """The level below, which becomes the one that is read: twice the nodes without one that only fills up."""
        skip = self._fills_up(level)
        self._parents = _Level(level.name, level.hashes[skip:], level.owed[skip:], level.line + skip, level.height)
        return self._open(2 * (self._expected - skip), max(level.height - 1, 0))

    def _open(self, expected: int, height: int) -> _Level:
        self._expected, self._seen, self._last = expected, 0, None
        name = f"height {height}" if self.scheme.states_height else f"level {self._levels}"
        self._levels += 1
        is_streamed = self.scheme.states_height and height == 1
        room = min(expected, 2) if is_streamed else expected
        if is_streamed:
            self._keys = np.empty(expected, dtype=np.uint64)
        hashes, owed = np.empty((room, 32), dtype=np.uint8), np.empty((room, len(self.scheme.assets)), dtype=np.int64)
        self._level = _Level(name, hashes, owed, self._line + 1, height)
        return self._level

    def _fills_up(self, level: _Level) -> int:
        """1 where the first node only fills up: it has the hash of the second, and owes nothing."""
        if not self.scheme.states_height or self._expected < 2 or level.owed[0].any():
            return 0
        return int(np.array_equal(level.hashes[0], level.hashes[1]))

    def _check_full(self, level: _Level, where: str) -> None:
        if self._seen < self._expected:
            why = f"{level.name} has {self._seen:,} of its {self._expected:,} nodes {where}"
            raise _Stop("broken", "levels_broken", why)

    def _keep(self, level: _Level, hashes: Bytes, owed: Numbers) -> None:
        if self._parents is None:
            self.found.root, self.found.root_owed = hashes[0].tobytes().hex(), tuple(map(int, owed[0]))
        room = max(len(level.hashes) - self._seen, 0)
        level.hashes[self._seen : self._seen + len(hashes)] = hashes[:room]
        level.owed[self._seen : self._seen + len(owed)] = owed[:room]
        if level.height == 1:
            self._add_leaves(hashes, owed)

    def _add_leaves(self, hashes: Bytes, owed: Numbers) -> None:
        self._keys[self._seen : self._seen + len(hashes)] = _keys(hashes)
        self._sums = [before + more for before, more in zip(self._sums, _sums(owed), strict=True)]
        if self._wanted:
            leaves = ((leaf.hash, leaf.owed) for leaf in _of_keys(hashes, owed, self._seen, self._wanted_keys))
            self.found.looked_up.update(leaf for leaf in leaves if leaf in self._wanted)

    def _tell_negative(self, rows: Rows) -> None:
        owed = rows.owed[1 : rows.count + 1]
        if owed.size and owed.min() < 0:
            wrong = np.argwhere(owed < 0)
            row, asset = map(int, wrong[0])
            where = f"line {self._line + 1 + row}: {self.scheme.assets[asset]} {self._text(owed[row, asset])}"
            self._fail("amounts_not_negative", len(wrong), where)

    # --- nodes
    def _pair(self, rows: Rows, at: int, behind: int, pool: ThreadPoolExecutor) -> None:
        """Gives whole pairs to a thread; a node without its neighbour waits for the next rows."""
        if self._parents is None:
            return
        first = self._seen // 2
        if self._last is not None:  # these are the first rows then, and the row before them is free
            at -= 1
            rows.hashes[at], rows.owed[at] = self._last
        last = at + (behind - at) // 2 * 2
        self._last = (rows.hashes[last].copy(), rows.owed[last].copy()) if last < behind else None
        if at == last:
            return
        hashes, owed, told = rows.hashes[at:last], rows.owed[at:last], np.zeros(_tree_loops.TOLD, dtype=np.int64)
        parents = self._parents
        done = pool.submit(self.scheme.check, hashes, owed, len(hashes) // 2, parents.hashes, parents.owed, first,
                           parents.height, told)  # fmt: skip
        self._waiting.append(_Pairs(hashes, owed, parents, first, told, done))

    def settle(self, most: int = 0) -> None:
        """Takes what the loops told, but of the last `most` pieces."""
        while len(self._waiting) > most:
            work = self._waiting.popleft()
            work.done.result()
            sums, pair, asset, hashes, other = map(int, work.told)
            if sums:
                stated = self._text(work.parents.owed[work.first + pair, asset])
                below = " + ".join(self._text(work.owed[2 * pair + side, asset]) for side in range(2))
                label = self.scheme.assets[asset]
                self._fail("sums", sums, f"{self._node(work, pair)}: {label} {stated} is stated, and below it {below}")
            if hashes:
                stated = work.parents.hashes[work.first + other].tobytes().hex()
                self._fail("hashes", hashes, f"{self._node(work, other)}: {stated} is not the hash of what is below")

    def _node(self, work: _Pairs, pair: int) -> str:
        place = work.first + pair
        return f"line {work.parents.line + place}, {work.parents.name}"

    def _fail(self, check: str, count: int, where: str) -> None:
        before, first = self.found.failed.get(check, (0, where))
        self.found.failed[check] = before + count, first

    def _text(self, units: np.int64) -> str:
        return _amounts.text(int(units), self.scheme.places)

    # --- the end
    def end(self) -> None:
        """The file ends here. Raises _Stop where the tree does not."""
        level, found = self._level, self.found
        if level is None:
            raise _Stop("malformed", "not_of_the_format", "there is no node")
        self._check_full(level, "at the end of the file")
        if level.height > 1:
            raise _Stop("broken", "levels_broken", f"the file ends with {level.name}: there are no leaves")
        self.settle()
        if not self.scheme.states_height:
            found.kept, self._keys = (level.hashes, level.owed), _keys(level.hashes)
            self._sums = _sums(level.owed)
        found.leaves, found.depth = self._expected - self._fills_up(level), self._levels - 1
        found.owed = tuple(self._sums)
        for label, stated, summed in zip(self.scheme.assets, found.root_owed, found.owed, strict=True):
            if stated != summed:
                places = self.scheme.places
                told = f"{_amounts.text(stated, places)} at the root, {_amounts.text(summed, places)} in the leaves"
                self._fail("totals", 1, f"{label}: {told}")

    def twice(self) -> _Keys:
        """Keys of leaves that stand more than once, some of which may be of different hashes all the same."""
        level = self._level
        assert level is not None
        keys = self._keys[self._fills_up(level) :]
        keys.sort()
        found: _Keys = np.unique(keys[1:][keys[1:] == keys[:-1]])
        return found[:MOST_TWICE]

    def tell_twice(self, leaves: Iterable[Leaf]) -> None:
        """Leaves of one hash: a fault where their amounts differ, or where the scheme has none of them."""
        level = self._level
        assert level is not None
        same, times = dict[bytes, Leaf](), dict[bytes, int]()
        for leaf in leaves:
            if leaf.place < self._fills_up(level):
                continue
            first = same.setdefault(leaf.hash, leaf)
            times[leaf.hash] = times.get(leaf.hash, 0) + 1
            if first is not leaf and (self.scheme.twice_is_wrong or first.owed != leaf.owed):
                lines = f"lines {level.line + first.place} and {level.line + leaf.place}"
                self._fail("leaf_hashes", 1, f"{lines}: two leaves of the hash {leaf.hash.hex()}")
        several = {one: count for one, count in times.items() if count > 1}
        if several and not self.scheme.twice_is_wrong:
            one, count = next(iter(several.items()))
            more = f"; {len(several):,} hashes in all" if len(several) > 1 else ""
            self.found.findings = (Finding("equal_leaves", f"{one.hex()} stands {count} times as a leaf{more}"),)


def _keys(hashes: Bytes) -> _Keys:
    return np.ascontiguousarray(hashes[:, :8]).view("<u8").reshape(-1)


def _of_keys(hashes: Bytes, owed: Numbers, first: int, keys: _Keys) -> Iterator[Leaf]:
    for at in np.flatnonzero(np.isin(_keys(hashes), keys)):
        yield Leaf(first + int(at), hashes[at].tobytes(), tuple(map(int, owed[at])))


def _sums(owed: Numbers) -> list[int]:
    """Of each asset, exactly: halves of 64 bits are added up apart, which 2**31 rows cannot overflow."""
    high, low = (owed >> 32).sum(axis=0), (owed & 0xFFFFFFFF).sum(axis=0)
    return [(int(more) << 32) + int(less) for more, less in zip(high, low, strict=True)]

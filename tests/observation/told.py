"""What an endpoint would say, as values: a client for tests of what is asked of it, and of whom to believe."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from operator import attrgetter
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from porlake import chains, registry
from porlake.chains._columns import words_from
from porlake.lake import Lake
from porlake.observation.columns import Claimed, Codes, once
from porlake.observation.endpoints import Run
from porlake.transport import Recording

AT = chains.BlockRef(7, "aa", datetime(2024, 3, 25, tzinfo=UTC))
ETH, USDT = (registry.load().tokens["ethereum", asset] for asset in ("ETH", "USDT"))
FINER = 10 ** (registry.load().assets["USDT"].scale - USDT.decimals)


@dataclass
class Heard:
    """Progress as it is told."""

    lines: list[tuple[str, int, int | None]] = field(default_factory=list)

    def __call__(self, what: str, done: int, total: int | None) -> None:
        self.lines.append((what, done, total))

    @property
    def sentences(self) -> list[str]:
        """What is told beside counts."""
        return [what for what, done, total in self.lines if (done, total) == (0, 0)]


def run(folder: Path, heard: Heard | None = None, **options: Any) -> Run:
    return Run(Lake(folder), Recording.off(), progress=heard or Heard(), **options)


def held(
    amounts: Mapping[str, int], codes: Codes, *, asset: str = "USDT", heights: Sequence[int] | None = None
) -> Claimed:
    """Accounts, and what is claimed at each, in base units of the asset."""
    accounts, _ = chains.TEXT.of(pa.array(list(amounts), pa.string()))
    at = np.array(heights if heights is not None else [AT.height] * len(amounts), np.int64)
    return once(asset, chains.TEXT, codes, [(accounts, at, words_from(amounts.values()))])


@dataclass
class Told:
    """Answers in columns: a number is a balance, a text why there is none, as the chain's word where it ends with "!";
    None is no answer. `parts`: components beside the total. `each`: holdings of one answer.
    """

    balances: Mapping[str, int | str | None]
    source: str = "a.example"
    parts: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    each: int = 1_000
    empty: Sequence[str] = ()
    block_of: Mapping[str, chains.BlockRef] = field(default_factory=dict)
    as_of: str = "exact"
    asked: list[tuple[int, list[str]]] = field(default_factory=list)

    def readings(self, holdings: chains.Holdings, at: chains.BlockRef) -> Iterator[chains.Answer]:
        addresses = holdings.form.texts(holdings.accounts).to_pylist()
        self.asked.append((at.height, addresses))
        for start in range(0, len(addresses), self.each):
            yield from self._said(addresses, range(start, min(start + self.each, len(addresses))), at)

    def _said(self, addresses: Sequence[str], places: Sequence[int], at: chains.BlockRef) -> Iterator[chains.Answer]:
        for component, amounts in self.parts.items():
            rows = [row for row in places if addresses[row] in amounts]
            if rows:
                yield self._read(rows, [amounts[addresses[row]] for row in rows], component, at)
        by_block: dict[chains.BlockRef, list[int]] = {}
        for row in places:
            said = self.balances.get(addresses[row])
            if isinstance(said, int):
                by_block.setdefault(self.block_of.get(addresses[row], at), []).append(row)
            elif said is not None:
                yield chains.Unreadable(np.array([row]), said.rstrip("!"), answered=said.endswith("!"))
        for block, rows in by_block.items():
            of = [self.balances[addresses[row]] for row in rows]
            unknown = np.array([addresses[row] in self.empty for row in rows])
            yield self._read(rows, of, chains.TOTAL, block, unknown if unknown.any() else None)

    def _read(
        self, rows: Sequence[int], amounts: Sequence[Any], component: str, block: chains.BlockRef, unknown: Any = None
    ) -> chains.Readings:
        words = words_from(amounts)
        return chains.Readings(np.array(rows), words, component, block, self.as_of, "m", self.source, unknown)


def amounts_of(claimed: Claimed) -> dict[str, int | str]:
    """What was read of each account in base units of the token, or why nothing was."""
    read, texts = claimed.read, claimed.form.texts(claimed.accounts).to_pylist()
    return {
        address: read.codes.reasons[read.reasons[row]] or chains.number(read.words, row)
        for row, address in enumerate(texts)
    }


class Over:
    """What `observation.endpoints.Endpoints` is asked for, over clients that were made already."""

    def __init__(self, *clients: Any) -> None:
        self._clients = clients
        self.now, self.asked = clients[0], range(len(clients))

    @property
    def lost(self) -> Sequence[Exception]:
        return list(getattr(self.now, "lost", ()))

    def client(self, number: int) -> Any:
        return self._clients[number]

    def ask(self, question: Callable[[Any], Any]) -> Any:
        return question(self.now)

    def block(self, height: int) -> Any:
        return self.now.block(height)

    def head(self) -> Any:
        return self.now.head()

    def readings(self, holdings: chains.Holdings, at: chains.BlockRef, way: Any = attrgetter("readings")) -> Any:
        return way(self.now)(holdings, at)

    def others(self, sources: Sequence[str]) -> Any:
        return self.now.others(sources) if hasattr(self.now, "others") else []

"""Balances of a list of one's own: accounts that no report claims."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa

from porlake import chains, registry
from porlake.errors import ChainError
from porlake.observation.columns import Claimed, Codes, once
from porlake.observation.endpoints import Run, open_client
from porlake.observation.reading import Reader


@dataclass(frozen=True, slots=True)
class Line:
    """A component of a holding in base units of its asset, with the block that was read; or why there is none."""

    asset: str
    address: str
    component: str | None = None
    amount: int | None = None
    block: chains.BlockRef | None = None
    as_of: str | None = None
    method: str | None = None
    source: str | None = None
    reason: str | None = None


def read_list(
    run: Run,
    network: str,
    tokens: Mapping[str, registry.Token],
    height: int,
    listed: Sequence[str],
    scratch: Path | None = None,
) -> tuple[list[Line], list[chains.Coin]]:
    """What some accounts, canonical, hold of some assets at a height, and the coins below where they are kept; in the
    order of asset, address and component. In `scratch` answers outlive a run that is stopped.

    Raises TransportError, ChainError, where the height is not final too.
    """
    facts = registry.load().networks[network]
    family, codes = chains.family(facts), Codes()
    # a list is somebody's own: the endpoint that was given sees it, and no other
    client = open_client(run, network, run.endpoints_of(network)[:1])
    if isinstance(client.now, chains.Final) and height > (final := client.ask(lambda one: int(one.final()))):
        raise ChainError(f"{network}: block {height:,} is not final yet, {final:,} is")
    at = client.block(height)
    accounts, good = family.accounts.of(pa.array(listed, pa.string()))
    assert good.all()  # they are canonical
    reader = Reader(
        run, client, network, codes, f"balances on {network}", scratch if run.recording.is_off else None,
        total=len(listed) * len(tokens),
    )  # fmt: skip
    lines: list[Line] = []
    for asset, token in sorted(tokens.items()):
        nothing = np.zeros((len(accounts), 2), np.uint64)
        some = once(asset, family.accounts, codes, [(accounts, np.full(len(accounts), height, np.int64), nothing)])
        if reason := family.unreadable(token):
            some.unread(reason)
        reader.read(some, token, {height: at})
        lines += _lines(some)
    lines.sort(key=lambda line: (line.asset, line.address, line.component or ""))
    one = client.now
    return lines, list(one.coins) if isinstance(one, chains.Coins) else []


def _lines(some: Claimed) -> Iterator[Line]:
    read, codes, good = some.read, some.read.codes, some.readable
    addresses = some.form.texts(some.accounts).to_pylist()
    for row in np.flatnonzero(~good).tolist():
        yield Line(some.asset, addresses[row], reason=codes.reasons[read.reasons[row]])
    if not good.any():
        return
    assert some.amounts is not None  # it is settled
    totals = some.amounts.to_pylist()
    for row in np.flatnonzero(good).tolist():
        yield Line(
            some.asset, addresses[row], chains.TOTAL, int(totals[row]), codes.blocks[read.blocks[row]],
            codes.as_of[read.as_of[row]], codes.methods[read.methods[row]], codes.sources[read.sources[row]],
        )  # fmt: skip
    for part, column in zip(read.parts, some.part_amounts, strict=True):
        for row, amount in zip(part.rows.tolist(), column.to_pylist(), strict=True):
            if good[row]:
                yield Line(
                    some.asset, addresses[row], part.component, int(amount), codes.blocks[part.block],
                    codes.as_of[part.as_of], codes.methods[part.method], codes.sources[part.source],
                )  # fmt: skip

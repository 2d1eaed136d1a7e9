"""Several assets of one network read in the same questions, before each is looked at by itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from porlake import chains, registry
from porlake.observation.columns import Claimed, Columns
from porlake.observation.endpoints import Endpoints
from porlake.observation.reading import Blocks


class Together:
    """What a client told of several assets at once, as `reading.Known`: nothing where it cannot, or failed half-way."""

    def __init__(
        self, client: Endpoints, claimed: Sequence[Claimed], tokens: Mapping[str, registry.Token | None], blocks: Blocks
    ) -> None:
        self._told: dict[str, tuple[chains.BlockRef, chains.Accounts, list[chains.Answer]]] = {}
        if len(blocks) != 1 or not isinstance(client.now, chains.Together):
            return
        ((height, at),) = blocks.items()
        asked = [
            chains.Holdings(some.asset, token, some.accounts[where], some.form)
            for some in claimed
            if (token := tokens[some.asset]) is not None and (where := (some.heights == height) & some.readable).any()
        ]
        if len(asked) < 2:
            return
        for holdings in asked:
            self._told[holdings.asset] = (at, holdings.accounts, [])
        for place, answer in client.ask(lambda one: list(one.together(asked, at))):
            self._told[asked[place].asset][2].append(answer)

    def take(self, holdings: chains.Holdings, at: chains.BlockRef, found: Columns) -> None:
        """Put what was told of one asset."""
        block, accounts, answers = self._told.pop(holdings.asset, (at, holdings.accounts, []))
        if block == at and np.array_equal(accounts, holdings.accounts):
            for answer in answers:
                found.take(answer)

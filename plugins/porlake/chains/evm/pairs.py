"""Balances of several tokens in one question: thousands of (token, account) pairs a call.

For lists, of whose accounts nobody says what they hold: each is asked about every token of the network. Only ways of
asking are used whose answers show the block that they are of; where a node takes none of them, or fails, nothing is
said, and each asset is asked for by itself, with all patience (`client`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence, Set

import numpy as np
import numpy.typing as npt

from porlake.chains._answers import BlockRef
from porlake.chains._columns import Holdings, Words
from porlake.chains.evm.methods import MANY, Unsupported
from porlake.chains.evm.nodes import Node
from porlake.errors import ChainError, TimedOut, TooBig, TransportError
from porlake.registry import Token

Pairs = npt.NDArray[np.uint8]  # (n, 40): the token, zero for the native coin, and the account

PAIRS = Token(network="", asset="", kind="pairs", contract="", decimals=0, balance_slot="", note="")
"""What a question is about that names the token beside each account."""


def pairs_of(asked: Sequence[Holdings]) -> Pairs:
    """One row a holding, those of an asset behind each other."""
    rows = np.zeros((sum(map(len, asked)), 40), np.uint8)
    start = 0
    for holdings in asked:
        stop = start + len(holdings)
        if holdings.token.kind != "native":
            rows[start:stop, :20] = np.frombuffer(bytes.fromhex(holdings.token.contract[2:]), np.uint8)
        rows[start:stop, 20:] = holdings.accounts
        start = stop
    return rows


def read(node: Node, pairs: Pairs, at: BlockRef, lacking: Set[str]) -> Iterator[tuple[int, Words, str]]:
    """(place of the first pair, words, method) of one stretch after the other, up to where the node fails. The first
    way of asking that it takes is kept. `lacking`: ways that are none on this chain.
    """
    ways = [(method, by_hash) for method in MANY if method.name not in lacking for by_hash in (True, False)]
    start, size, way = 0, MANY[0].first, 0
    while start < len(pairs) and way < len(ways):
        method, by_hash = ways[way]
        some = pairs[start : start + min(size, method.first)]
        try:
            answer = method.ask(node.rpc, node.pin_by(at, by_hash=by_hash), PAIRS, some)
        except (TooBig, TimedOut):
            if len(some) == 1:
                return
            size = len(some) // 2
        except TransportError:
            return
        except ChainError as error:
            if start and not isinstance(error, Unsupported):
                return  # it answered so before
            way += 1
        else:
            yield start, answer.words, method.name
            start += len(some)

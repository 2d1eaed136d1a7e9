"""Several tokens in one question: each account's word is the one that the token's own question gives, on every way of
asking; and where a node takes none, nothing is said.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from evm_chain import HEIGHT, ODD, Chain, opened, quick, token
from porlake import chains
from porlake.chains.evm import pairs
from porlake.chains.evm.methods import MANY
from porlake.chains.evm.words import ACCOUNTS
from proxy import Exchange, Proxy

pytestmark = pytest.mark.node
ASSETS = ("ETH", "USDT", *ODD)


def asked(accounts: list[str], assets: tuple[str, ...] = ASSETS) -> list[chains.Holdings]:
    return [chains.holdings(asset, token("ethereum", asset), accounts, ACCOUNTS) for asset in assets]


def taken(count: int, answers: Any) -> list[Any]:
    """The word of each holding, or why there is none."""
    found: list[Any] = [None] * count
    for answer in answers:
        for place, row in enumerate(answer.rows.tolist()):
            read = isinstance(answer, chains.Readings)
            found[row] = chains.number(answer.words, place) if read else answer.reason
    return found


def test_several_assets_together_are_what_each_is_by_itself(chain: Chain) -> None:
    client = opened(quick(chain.url))
    at = client.block(HEIGHT)
    holdings = asked(chain.accounts[:60])
    alone = {one.asset: taken(len(one), client.readings(one, at)) for one in holdings}
    together: dict[str, list[Any]] = {one.asset: [] for one in holdings}
    for place, answer in client.together(holdings, at):
        together[holdings[place].asset].append(answer)
    assert {asset: taken(60, answers) for asset, answers in together.items()} == alone
    assert alone["USDT"] == chain.amounts("USDT")[:60]
    assert {alone[asset][0] for asset in ODD} == {reason for _, reason in ODD.values()}


@pytest.mark.parametrize("method", MANY, ids=lambda method: method.name)
@pytest.mark.parametrize("by_hash", [True, False])
def test_every_way_of_asking_gives_the_same_words(chain: Chain, method: Any, by_hash: bool) -> None:
    client = opened(quick(chain.url))
    at = client.block(HEIGHT)
    holdings = asked(chain.accounts[:25], ("USDT", "ETH", "LINK", "UNI", "SHIB"))
    node = client._checked_node()
    words = method.ask(node.rpc, node.pin_by(at, by_hash=by_hash), pairs.PAIRS, pairs.pairs_of(holdings)).words
    expected = [client.pieces(one.token, one.accounts, at) for one in holdings]
    assert (words == np.concatenate([piece.words for pieces in expected for piece in pieces])).all()


def test_what_is_too_much_at_once_is_halved_and_what_no_way_takes_is_left(chain: Chain) -> None:
    most = [37]

    def fault(exchange: Exchange) -> bool:
        (item,) = exchange.items
        data = item["params"][0].get("data", "") if item["method"] == "eth_call" else ""
        return len(data) > 2 + 80 * most[0] and exchange.error(-32000, "out of gas")

    with Proxy(chain.url) as proxy:
        proxy.misbehave(fault)
        client = opened(quick(proxy.url))
        at = client.block(HEIGHT)
        holdings = asked(chain.accounts[:30], ("USDT", "ETH"))
        found: list[list[Any]] = [[], []]
        for place, answer in client.together(holdings, at):
            found[place].append(answer)
        assert [taken(30, answers) for answers in found] == [chain.amounts("USDT")[:30], chain.amounts("ETH")[:30]]
        most[0] = 0
        assert list(client.together(holdings, at)) == []

"""The same chain on other people's node programs: what is read and proved does not depend on whose node answers."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

import anvil
import geth
import hardhat
from evm_chain import BEGIN, COUNT, HEIGHT, ODD, Chain, amounts, opened, quick, running, token
from nodes_lacking import NODES, lacking
from porlake import chains, registry
from porlake.chains.evm import proof
from porlake.transport import Endpoint, Recording
from proxy import Proxy

PROGRAMS = {"anvil": (anvil.started, anvil.ANVIL), "hardhat": (hardhat.started, hardhat.HARDHAT)}
ASSETS = ("ETH", "USDT")


@pytest.fixture(scope="module", params=[pytest.param(name, marks=pytest.mark.node) for name in PROGRAMS])
def chain(request: pytest.FixtureRequest) -> Iterator[Chain]:
    start, program = PROGRAMS[request.param]
    if not program.exists():
        pytest.skip(f"{request.param} is not installed: make nodes")
    with running(start) as found:
        yield found


def test_balances_are_those_of_the_height_whoever_answers(chain: Chain) -> None:
    client = opened(quick(chain.url))
    for asset in ASSETS:
        found, methods = amounts(client, asset, chain.accounts)
        assert (found, len(methods), len(found)) == (chain.amounts(asset), 1, COUNT)
    now, _ = amounts(client, "ETH", chain.accounts[:50], height=HEIGHT + 2)
    assert now == [7] * 50, "the state after it is another"


@pytest.mark.parametrize("method", NODES)
def test_every_rung_of_the_ladder_gives_the_same(chain: Chain, method: str) -> None:
    with Proxy(chain.url) as proxy:
        proxy.misbehave(lacking(*NODES[method], batches=method != "eth_single"))
        client = opened(quick(proxy.url))
        for asset in ASSETS:
            assert amounts(client, asset, chain.accounts[:60]) == (chain.amounts(asset)[:60], {method})


@pytest.mark.parametrize("asset", ODD)
def test_a_token_that_is_none_gives_the_same_reason(chain: Chain, asset: str) -> None:
    client = opened(quick(chain.url))
    wanted = [chains.Wanted(asset, token("ethereum", asset), account) for account in chain.accounts[:3]]
    found = list(client.balances(wanted, client.block(HEIGHT)))
    assert [answer.reason for answer in found if isinstance(answer, chains.Unread)] == [ODD[asset][1]] * 3


@pytest.mark.parametrize("asset", ASSETS)
def test_every_balance_is_proved_against_the_blocks_own_root(chain: Chain, asset: str) -> None:
    at = opened(quick(chain.url)).block(HEIGHT)
    prover = proof.open_prover(registry.load().networks["ethereum"], Endpoint(chain.url), Recording.off())
    held = [
        (chains.Wanted(asset, token("ethereum", asset), account), raw)
        for account, raw in zip(chain.accounts[:40], chain.amounts(asset), strict=False)
    ]
    wrong = [(held[0][0], held[0][1] + 1)]
    assert {outcome.reason for outcome in prover.prove(held, at)} == {""}
    assert [outcome.reason for outcome in prover.prove(wrong, at)] == ["proof_differs"]


@pytest.mark.parametrize(("late", "height"), [(-1, HEIGHT - 1), (0, HEIGHT), (1, HEIGHT)])
def test_the_block_of_a_moment_is_the_last_one_not_after_it(chain: Chain, late: int, height: int) -> None:
    moment = datetime.fromtimestamp(BEGIN + 12 * HEIGHT, UTC) + timedelta(seconds=late)
    assert opened(quick(chain.url)).block_at(moment).height == height


def test_what_geth_answered_gives_its_balances_and_proofs() -> None:
    """It is built from source, so its answers were recorded (tests/geth.py); no node is needed here."""
    expected = json.loads((geth.FOLDER / "expected.json").read_text())
    accounts = list(dict.fromkeys(address for _, address, *_ in expected["balances"]))
    found = geth.answers(Recording.replay(geth.FOLDER), accounts)
    assert (found["balances"], found["proofs"]) == (expected["balances"], expected["proofs"])
    assert expected["node"][0][0].startswith("Geth/v1.")
    assert {row[2] for row in found["proofs"]} == {""}
    assert {row[0]: row[2] for row in found["balances"] if row[3] is None} == {
        name: why for name, (_, why) in ODD.items()
    }
    _, native, token = geth.accounts_and_balances()
    for asset, held in (("ETH", native), ("USDT", token)):
        assert {row[1]: int(row[2]) for row in found["balances"] if row[0] == asset} == {
            one: held[one] for one in accounts
        }

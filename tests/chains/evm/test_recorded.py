"""EVM balances from recorded answers, a folder for each way of asking: no node is needed here.

The answers are those of anvil behind a proxy that plays a node without some abilities. `python
tests/chains/evm/test_recorded.py` (with tests/ on PYTHONPATH, after `make nodes`) records them anew.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from evm_chain import HEIGHT, opened, token
from porlake import chains
from porlake.errors import NotRecorded
from porlake.transport import Endpoint, Recording

FOLDER = Path(__file__).parent
METHODS = ("eth_call_override", "eth_call_creation", "multicall3", "eth_batch", "eth_single")
ASSETS = ("ETH", "USDT", "LINK", "UNI", "SHIB", "WBTC", "USDG")


def answers(recording: Recording, accounts: list[str], *endpoints: Endpoint) -> list[list[Any]]:
    """What a client makes of the answers: asset, address, amount or reason, method."""
    client = opened(*endpoints, recording=recording)
    at = client.block(HEIGHT)
    wanted = [chains.Wanted(asset, token("ethereum", asset), account) for asset in ASSETS for account in accounts]
    return [
        [answer.asset, answer.address, answer.reason, None]
        if isinstance(answer, chains.Unread)
        else [answer.asset, answer.address, str(answer.raw), answer.method]
        for answer in client.balances(wanted, at)
    ]


@pytest.mark.parametrize("method", METHODS)
def test_recorded_answers_give_these_balances(method: str) -> None:
    expected = json.loads((FOLDER / method / "expected.json").read_text())
    found = answers(Recording.replay(FOLDER / method), sorted({row[1] for row in expected}))
    assert found == expected
    assert {row[3] for row in found} == {method, None}
    assert {row[2] for row in found if row[3] is None} == {
        "token_call_failed",
        "token_returns_no_word",
        "balance_too_large",
    }


def test_every_way_of_asking_gives_the_same_balances() -> None:
    found = [[row[:3] for row in json.loads((FOLDER / method / "expected.json").read_text())] for method in METHODS]
    assert all(rows == found[0] for rows in found)


def test_what_was_not_recorded_is_not_made_up(tmp_path: Path) -> None:
    shutil.copytree(FOLDER / "eth_call_override", tmp_path / "recording")
    for path in (tmp_path / "recording" / "ethereum").glob("eth_call_*.json"):
        path.unlink()
    with pytest.raises(NotRecorded):
        answers(Recording.replay(tmp_path / "recording"), ["0x" + "11" * 20])


def record() -> None:
    from evm_chain import running
    from nodes_lacking import NODES, lacking
    from proxy import Proxy

    with running() as chain:
        for method in METHODS:
            folder = FOLDER / method
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True)
            with Proxy(chain.url) as proxy:
                proxy.misbehave(lacking(*NODES[method], batches=method != "eth_single"))
                found = answers(Recording.record(folder), chain.accounts[1:4], Endpoint(proxy.url))
            (folder / "expected.json").write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    record()

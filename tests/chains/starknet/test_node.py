"""What starknet-devnet answers, which executes the real contracts of STRK and ETH. It is built from source: its answers
were recorded (tests/starknet_devnet.py) and are played here; where `make nodes-built` has built it, it is asked itself.
"""

from __future__ import annotations

import json
from typing import Any

import pytest

import starknet_devnet as devnet
from porlake.transport import Recording


def judged(found: dict[str, Any]) -> None:
    """Balances are what was planted, to the base unit; what is no token says so."""
    read = {(asset, who, part): raw for asset, who, part, raw in found["balances"]}
    assert {(asset, who): int(raw) for (asset, who, part), raw in read.items() if part == "total"} == devnet.expected()
    odd = {asset: part for asset, _, part, raw in found["balances"] if raw is None}
    assert odd == {devnet.NO_TOKEN: "token_call_failed", devnet.NOTHING: "token_call_failed"}
    assert found["decimals"] == {"STRK": 18, "ETH": 18, "USDC": 6, devnet.NO_TOKEN: None, devnet.NOTHING: None}
    assert found["final"] == found["height"] + 1
    assert found["missing_block"] == "Unavailable"


def test_what_starknet_devnet_answered_gives_what_was_planted() -> None:
    expected = json.loads((devnet.FOLDER / "expected.json").read_text(encoding="utf-8"))
    found = devnet.answers(Recording.replay(devnet.FOLDER), expected["height"], expected["no_token"])
    assert found == {key: value for key, value in expected.items() if key != "node"}
    judged(found)


@pytest.mark.node
@pytest.mark.skipif(not devnet.DEVNET.exists(), reason="`make nodes-built` has not built starknet-devnet")
def test_starknet_devnet_itself_gives_what_was_planted() -> None:
    with devnet.started() as node:
        judged(devnet.answers(Recording.off(), node.height, node.account, node.endpoint))

"""What simd, a real node of the Cosmos SDK, answers. It is built from source: its answers were recorded
(tests/simd.py) and are played here; where `make nodes-built` has built it, it is asked itself too.
"""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest

import simd
from porlake.chains.cosmos import proofs
from porlake.errors import ProofFails
from porlake.transport import Endpoint, Recording


def told() -> dict[str, Any]:
    found: dict[str, Any] = json.loads((simd.FOLDER / "expected.json").read_text(encoding="utf-8"))
    return found


def judged(found: dict[str, Any]) -> None:
    """Balances are what was planted, to the base unit, and proofs hold for them alone."""
    planted = simd.expected()
    read = {(asset, who, part): int(raw) for asset, who, part, raw in found["balances"]}
    totals = {key: raw for key, raw in read.items() if key[2] == "total"}
    assert {key: raw for key, raw in read.items() if key[2] != "total"} == planted
    for asset, who, _ in totals:
        assert totals[asset, who, "total"] == sum(
            planted.get((asset, who, part), 0) for part in ("liquid", "delegated", "unstaking")
        )
    staked = {("ATOM", who) for _, who, part in planted if part != "liquid" and planted["ATOM", who, part]}
    assert staked
    holdings = {(asset, who) for asset, who, _ in totals}
    assert {(asset, who): why for asset, who, why in found["proofs"]} == dict.fromkeys(holdings - staked, "")
    spoiled = {(asset, who) for asset, who in holdings if who in simd.SPOILED}
    assert {(asset, who): why for asset, who, why in found["wrong"]} == dict.fromkeys(spoiled, "proof_differs")
    assert found["decimals"] == {"ATOM": None, "OSMO": 6}


def proofs_told() -> list[dict[str, Any]]:
    """Each proof that simd gave, with the question's key."""
    files = sorted((simd.FOLDER / "full").glob("*/get_*.json"))
    found = [json.loads(path.read_text(encoding="utf-8")) for path in files]
    return [one["answer"] for one in found if "/abci_query?" in one["params"]]


def test_no_changed_byte_of_a_real_proof_proves_another_amount() -> None:
    answers, root = proofs_told(), root_of_the_state()
    amounts = set()
    for answer in answers:
        key = base64.b64decode(answer["key"])
        denom = key[2 + key[1] :].decode()
        raw = proofs.balance(answer, key, denom, root, "host")
        amounts.add(raw)
        for place, operation in enumerate(answer["proof_ops"]["ops"]):
            data = base64.b64decode(operation["data"])
            for at in range(0, len(data), 7):
                changed = base64.b64encode(data[:at] + bytes((data[at] ^ 1 << at % 8,)) + data[at + 1 :]).decode()
                operations = [dict(one) for one in answer["proof_ops"]["ops"]]
                operations[place]["data"] = changed
                try:
                    found = proofs.balance(answer | {"proof_ops": {"ops": operations}}, key, denom, root, "host")
                except ProofFails:
                    continue
                assert found == raw, (key, place, at)
        with pytest.raises(ProofFails):
            proofs.balance(answer, key, denom, root[::-1], "host")
    assert {0, 1, simd.LARGE} <= amounts


def root_of_the_state() -> bytes:
    """As the header after the snapshot's says."""
    replay = simd.opened(Recording.replay(simd.FOLDER / "full"))
    return bytes(replay._header(told()["height"] + 1).app_hash)


REFUSALS = {
    "a block of the future": "NodeBehind",
    "a block that was pruned": "Unavailable",
    "a balance that was pruned": "Unavailable",
    "a balance of the future": "NodeBehind",
    "a proof that was pruned": "Unavailable",
}


def test_what_simd_answered_gives_what_was_planted() -> None:
    expected = told()
    found = simd.answers(Recording.replay(simd.FOLDER / "full"), expected["height"])
    assert found == {key: value for key, value in expected.items() if key not in ("refusals", "node")}
    judged(found)


def test_what_simd_said_of_heights_that_it_lacks_is_understood() -> None:
    expected = told()
    assert simd.refusals(Recording.replay(simd.FOLDER / "pruned"), expected["height"]) == REFUSALS
    assert expected["refusals"] == REFUSALS


@pytest.mark.node
@pytest.mark.skipif(not simd.SIMD.exists(), reason="`make nodes-built` has not built simd")
def test_simd_itself_gives_what_was_planted(tmp_path: Path) -> None:
    with simd.started(tmp_path) as node:
        judged(simd.answers(Recording.off(), node.height, node.endpoint))
    with simd.pruned(tmp_path) as url:
        assert simd.refusals(Recording.off(), node.height, Endpoint(url, pause=0.1)) == REFUSALS

"""Balances proved from a real node's eth_getProof, and what happens where the node changes its mind, has none, or
lies.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from chains.anvil_node import Change, Node, anvil, changing, needs_anvil
from porlake import chains, registry
from porlake.chains import Wanted
from porlake.chains.evm import proof as evm_proof
from porlake.encoding.keccak import keccak256
from porlake.errors import ChainError, NotRecorded, RequestFailed, Unavailable
from porlake.transport import Endpoint, Recording

pytestmark = [pytest.mark.node, needs_anvil]

ETHEREUM = registry.load().networks["ethereum"]
ETH, USDT, USDC = (registry.load().tokens["ethereum", asset] for asset in ("ETH", "USDT", "USDC"))
VYPER = replace(USDT, asset="VY", contract="0x" + "c1" * 20, balance_slot="v3")
CHANCE = random.Random(5)
HOLDERS = ["0x" + CHANCE.randbytes(20).hex() for _ in range(120)]
ABSENT = "0x" + "fe" * 20


def amount(number: int) -> int:
    return 10**18 + number * 7


@pytest.fixture(scope="module")
def node() -> Iterator[Node]:
    with anvil("--hardfork", "prague") as running:
        for number, holder in enumerate(HOLDERS):
            running("anvil_setBalance", holder, hex(amount(number)))
            key = bytes.fromhex(holder[2:]).rjust(32, b"\0")
            for contract, slot, value in (
                (USDT.contract, keccak256(key + (2).to_bytes(32, "big")), amount(number)),
                (
                    USDC.contract,
                    keccak256(key + (9).to_bytes(32, "big")),
                    amount(number) | (1 << 255 if number % 2 else 0),
                ),
                (VYPER.contract, keccak256((3).to_bytes(32, "big") + key), amount(number)),
            ):
                running("anvil_setStorageAt", contract, "0x" + slot.hex(), f"0x{value:064x}")
        for token in (USDT, USDC, VYPER):
            running("anvil_setCode", token.contract, "0x00")
        running.mine(3)
        running("anvil_setBalance", HOLDERS[0], "0x1")  # what happens later must not be seen
        running.mine(2)
        yield running


def prover(url: str) -> evm_proof.Prover:
    return evm_proof.open_prover(ETHEREUM, Endpoint(url), Recording.off())


def at(node: Node, height: int = 2) -> chains.BlockRef:
    return chains.open_client(ETHEREUM, Endpoint(node.url), Recording.off()).block(height)


def held(token: registry.Token, more: int = 0) -> list[evm_proof.Holding]:
    return [(Wanted(token.asset, token, holder), amount(number) + more) for number, holder in enumerate(HOLDERS)]


@pytest.mark.parametrize("token", [ETH, USDT, USDC, VYPER], ids=lambda token: token.asset)
def test_every_balance_at_the_pinned_block_is_proved(node: Node, token: registry.Token) -> None:
    outcomes = list(prover(node.url).prove([*held(token), (Wanted(token.asset, token, ABSENT), 0)], at(node)))
    assert [(outcome.address, outcome.reason) for outcome in outcomes] == [
        (holder, "") for holder in [*HOLDERS, ABSENT]
    ]


@pytest.mark.parametrize("token", [ETH, USDT], ids=lambda token: token.asset)
def test_a_proof_that_shows_another_balance_says_so(node: Node, token: registry.Token) -> None:
    outcomes = list(prover(node.url).prove([*held(token, more=1), (Wanted(token.asset, token, ABSENT), 5)], at(node)))
    assert {outcome.reason for outcome in outcomes} == {"proof_differs"}
    assert outcomes[-1].why == "the proof shows 0, 5 was read"


def test_a_token_whose_contract_is_not_there_holds_nothing(node: Node) -> None:
    nowhere = replace(USDT, contract="0x" + "d7" * 20)
    outcomes = list(
        prover(node.url).prove(
            [(Wanted("USDT", nowhere, HOLDERS[0]), 0), (Wanted("USDT", nowhere, HOLDERS[1]), 3)], at(node)
        )
    )
    assert [outcome.reason for outcome in outcomes] == ["", "proof_differs"]


@pytest.mark.parametrize("fork", ["london", "shanghai", "cancun"])
def test_the_headers_of_each_fork_lead_to_their_state(fork: str) -> None:
    with anvil("--hardfork", fork) as old:
        old("anvil_setBalance", HOLDERS[0], hex(amount(0)))
        old.mine(3)
        (outcome,) = prover(old.url).prove(held(ETH)[:1], at(old))
        assert outcome.reason == ""


# --- a node that lies -------------------------------------------------------------------------------------------------
def of_proofs(change: Callable[[dict[str, Any]], Any]) -> Change:
    return lambda question, answer: change(answer) if question["method"] == "eth_getProof" else answer


LIES: dict[str, Callable[[dict[str, Any]], Any]] = {
    "a node of the proof less": lambda proof: proof | {"accountProof": proof["accountProof"][:-1]},
    "a node of the proof more": lambda proof: (
        proof | {"accountProof": [*proof["accountProof"], proof["accountProof"][-1]]}
    ),
    "no proof at all": lambda proof: proof | {"accountProof": []},
    "another leaf": lambda proof: (
        proof | {"accountProof": [*proof["accountProof"][:-1], proof["accountProof"][-1][:-2] + "00"]}
    ),
    "null": lambda proof: None,
    "a list": lambda proof: [],
    "a text": lambda proof: "0x",
    "a proof that is a text": lambda proof: proof | {"accountProof": "0x80"},
    "nodes that are numbers": lambda proof: proof | {"accountProof": [1, 2]},
}


@pytest.mark.parametrize("lie", LIES.values(), ids=LIES)
@pytest.mark.parametrize("token", [ETH, USDT], ids=lambda token: token.asset)
def test_a_proof_that_does_not_verify_fails(
    node: Node, token: registry.Token, lie: Callable[[dict[str, Any]], Any]
) -> None:
    with changing(node, of_proofs(lie)) as url:
        outcomes = list(prover(url).prove(held(token)[:3], at(node)))
    assert [outcome.reason for outcome in outcomes] == ["proof_fails"] * 3
    assert all(outcome.why for outcome in outcomes)


SLOT_LIES: dict[str, Callable[[list[dict[str, Any]]], Any]] = {
    "the proofs of two slots swapped": lambda slots: [
        slots[0] | {"proof": slots[1]["proof"]},
        slots[1] | {"proof": slots[0]["proof"]},
    ],
    "a slot left out": lambda slots: slots[1:],
    "slots without names": lambda slots: [{"proof": slot["proof"]} for slot in slots],
    "names that are none": lambda slots: [slot | {"key": None} for slot in slots],
    "no list": lambda slots: {},
    "proofs that are null": lambda slots: [slot | {"proof": None} for slot in slots],
}


@pytest.mark.parametrize("lie", SLOT_LIES.values(), ids=SLOT_LIES)
def test_a_storage_proof_that_does_not_verify_fails(node: Node, lie: Callable[[list[dict[str, Any]]], Any]) -> None:
    with changing(node, of_proofs(lambda proof: proof | {"storageProof": lie(proof["storageProof"])})) as url:
        outcomes = list(prover(url).prove(held(USDT)[:2], at(node)))
    assert outcomes[0].reason == "proof_fails"
    assert all(outcome.reason in ("proof_fails", "") for outcome in outcomes)


def test_slots_in_another_order_and_spelling_are_the_same_slots(node: Node) -> None:
    def turned(proof: dict[str, Any]) -> Any:
        return proof | {
            "storageProof": [slot | {"key": hex(int(slot["key"], 16))} for slot in reversed(proof["storageProof"])]
        }

    with changing(node, of_proofs(turned)) as url:
        assert {outcome.reason for outcome in prover(url).prove(held(USDT), at(node))} == {""}


def test_what_the_node_says_beside_the_proof_counts_for_nothing(node: Node) -> None:
    with changing(
        node, of_proofs(lambda proof: proof | {"balance": "0x0", "storageHash": "0x00", "address": None})
    ) as url:
        assert [outcome.reason for outcome in prover(url).prove(held(ETH)[:2], at(node))] == ["", ""]


def test_a_header_that_does_not_hash_to_the_block_proves_nothing(node: Node) -> None:
    def other(question: dict[str, Any], answer: Any) -> Any:
        if question["method"] != "eth_getBlockByHash":
            return answer
        return answer | {"stateRoot": node("eth_getBlockByNumber", "latest", False)["stateRoot"]}

    with changing(node, other) as url, pytest.raises(ChainError, match="does not hash to the block's hash"):
        list(prover(url).prove(held(ETH)[:1], at(node)))


@pytest.mark.parametrize("header", [None, [], {}, {"stateRoot": "0x"}])
def test_what_is_no_header_is_named(node: Node, header: object) -> None:
    with changing(node, lambda question, answer: header) as url, pytest.raises(ChainError, match="no block|header's"):
        list(prover(url).prove(held(ETH)[:1], at(node)))


def test_a_node_without_proofs_and_a_recording_without_them_raise_what_leaves_balances_unproved(
    node: Node, tmp_path: Path
) -> None:
    def without(question: dict[str, Any], answer: Any) -> Any:
        if question["method"] == "eth_getProof":
            raise LookupError({"code": -32601, "message": "the method eth_getProof does not exist/is not available"})
        return answer

    with changing(node, without) as url, pytest.raises((RequestFailed, Unavailable), match="eth_getProof"):
        list(prover(url).prove(held(ETH)[:1], at(node)))
    with pytest.raises(NotRecorded):
        list(evm_proof.open_prover(ETHEREUM, None, Recording.replay(tmp_path)).prove(held(ETH)[:1], at(node)))


def test_a_question_that_is_too_big_is_halved(node: Node) -> None:
    asked = []

    def small(question: dict[str, Any], answer: Any) -> Any:
        if question["method"] == "eth_getProof":
            asked.append(len(question["params"][1]))
            if asked[-1] > 30:
                raise LookupError({"code": -32000, "message": "response too large"})
        return answer

    with changing(node, small) as url:
        assert {outcome.reason for outcome in prover(url).prove(held(USDT), at(node))} == {""}
    assert max(asked) == evm_proof.SLOTS
    assert sum(size for size in asked if size <= 30) == len(HOLDERS)


def test_a_replay_of_recorded_proofs_proves_the_same(node: Node, tmp_path: Path) -> None:
    where = at(node)
    recorded = list(
        evm_proof.open_prover(ETHEREUM, Endpoint(node.url), Recording.record(tmp_path)).prove(
            held(ETH)[:9] + held(USDT)[:9], where
        )
    )
    replayed = list(
        evm_proof.open_prover(ETHEREUM, None, Recording.replay(tmp_path)).prove(held(ETH)[:9] + held(USDT)[:9], where)
    )
    assert recorded == replayed
    assert {outcome.reason for outcome in replayed} == {""}

"""Validators by the beacon API: balances at the slot of an execution block, and what an answer may do wrong."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from chains.beacon_stub import GENESIS, Answer, Stub, serving, validator
from porlake import chains, registry
from porlake.chains import Reading, Unread, Wanted
from porlake.chains.beacon import client as beacon
from porlake.errors import BadAnswer, ChainError, ConfigurationError, RequestFailed, TransportError, Unavailable
from porlake.transport import Endpoint, Recording

NETWORK = registry.load().networks["ethereum_beacon"]
ETH = registry.load().tokens["ethereum_beacon", "ETH"]
SLOT = 8_700_000
HASH = "0x" + "e1" * 32
AT = chains.BlockRef(19_500_000, HASH, datetime.fromtimestamp(GENESIS + 12 * SLOT, UTC))
OWNER = "11" * 20
KEYS = ["0x" + f"{number:096x}" for number in range(1, 151)]


class Execution:
    def block(self, height: int) -> chains.BlockRef:
        return replace(AT, height=height)

    def ask(self, question: Callable[[Any], Any]) -> Any:
        return question(self)


def stub(**options: Any) -> Stub:
    known = {
        key: validator(key, 32_001_234_567 + number, "0x01" + "00" * 11 + OWNER) for number, key in enumerate(KEYS)
    }
    return Stub({SLOT: HASH, SLOT + 9: "0x" + "e2" * 32}, {SLOT: known, SLOT + 9: {}}, **options)


def client(url: str, recording: Recording | None = None) -> beacon.Client:
    return beacon.open_client(NETWORK, Endpoint(url, pause=0.001), recording or Recording.off(), Execution())


def wanted(*keys: str) -> list[Wanted]:
    return [Wanted("ETH", ETH, key) for key in keys]


def test_a_validator_is_read_at_the_slot_of_the_block() -> None:
    with serving(stub()) as url:
        asked = client(url)
        at = asked.block(19_500_000)
        found = list(asked.balances(wanted(KEYS[1], KEYS[0]), at))
    host = url.removeprefix("http://")
    assert found[:3] == [
        Reading("ETH", KEYS[1], component, raw, at, "exact", "beacon_validators", host)
        for component, raw in (("validator", 32_001_234_568), ("effective", 32_000_000_000), ("total", 32_001_234_568))
    ]
    assert [reading.raw for reading in found[3:]] == [32_001_234_567, 32_000_000_000, 32_001_234_567]


def test_a_validator_that_the_state_does_not_know_is_never_zero() -> None:
    unknown = "0x" + "ff" * 48
    with serving(stub()) as url:
        found = list(client(url).balances(wanted(unknown, KEYS[0]), AT))
    assert found[0] == Unread("ETH", unknown, "validator_unknown")
    assert len(found) == 4


def test_many_validators_take_one_question_and_a_second_look_none() -> None:
    node = stub()
    with serving(node) as url:
        asked = client(url)
        assert len(list(asked.balances(wanted(*KEYS), AT))) == 3 * len(KEYS)
        asked.validators(KEYS, AT)
    assert node.asked == [("POST", str(SLOT), len(KEYS))]


def test_no_question_is_asked_about_nobody() -> None:
    node = stub()
    with serving(node) as url:
        assert client(url).validators([], AT) == {}
    assert node.asked == []


@pytest.mark.parametrize(
    "refusal",
    [
        (405, {"code": 405, "message": "METHOD_NOT_ALLOWED"}),
        (404, b"404 page not found"),
        (405, b"<html>"),
        (501, b"{}"),
    ],
)
def test_a_node_without_the_post_form_is_asked_by_query_64_at_a_time(refusal: Answer) -> None:
    node = stub(change=lambda verb, path, answer: refusal if verb == "POST" else answer)
    with serving(node) as url:
        found = client(url).validators(KEYS, AT)
    assert all(found.values())
    assert [count for verb, _, count in node.asked if verb == "GET"] == [64, 64, 22]


def test_a_question_that_is_too_big_is_halved() -> None:
    node = stub()
    node.change = lambda verb, path, answer: (
        (413, {"code": 413, "message": "too large"}) if verb == "POST" and node.asked[-1][2] > 40 else answer
    )
    with serving(node) as url:
        assert all(client(url).validators(KEYS, AT).values())
    assert sum(count for _, _, count in node.asked if count <= 40) == len(KEYS)


STATES: dict[str, tuple[Answer, type[Exception], str]] = {
    "the state is not kept": ((404, {"code": 404, "message": "NOT_FOUND: beacon state"}), Unavailable, "beacon state"),
    "a code that is text": ((404, {"code": "404", "message": "State not found"}), Unavailable, "State not found"),
    "an inner error": ((500, {"code": 500, "message": "INTERNAL_SERVER_ERROR"}), TransportError, "INTERNAL"),
    "a state that it does not understand": (
        (400, {"code": 400, "message": "Invalid state ID"}),
        RequestFailed,
        "Invalid state",
    ),
    "no data": ((200, {"execution_optimistic": False}), BadAnswer, "validators"),
    "a list": ((200, []), BadAnswer, "no object"),
    "data that is no list": ((200, {"data": {}}), BadAnswer, "no list"),
    "HTML": ((200, b"<html>"), BadAnswer, "HTML"),
    "half an answer": ((200, b'{"data": ['), BadAnswer, "part of it"),
    "not validated by the node itself": (
        (200, {"execution_optimistic": True, "finalized": True, "data": []}),
        ChainError,
        "optimistic",
    ),
    "not final": ((200, {"execution_optimistic": False, "finalized": False, "data": []}), ChainError, "not final"),
}


@pytest.mark.parametrize(("answer", "error", "why"), STATES.values(), ids=STATES)
def test_an_answer_that_is_none_is_an_error_and_no_balance(answer: Answer, error: type[Exception], why: str) -> None:
    node = stub(change=lambda verb, path, real: answer if "/states/" in path else real)
    with serving(node) as url, pytest.raises(error, match=why):
        list(client(url).balances(wanted(KEYS[0]), AT))


ENTRIES: dict[str, Any] = {
    "another validator": lambda entry: [validator(KEYS[9], 1, "0x01" + "00" * 11 + OWNER)],
    "the same twice": lambda entry: [entry, entry],
    "a balance that is a truth": lambda entry: [entry | {"balance": True}],
    "a balance of more than 64 bits": lambda entry: [entry | {"balance": str(2**64)}],
    "a balance with a point": lambda entry: [entry | {"balance": "32.5"}],
    "a negative balance": lambda entry: [entry | {"balance": "-1"}],
    "an amount in another script": lambda entry: [entry | {"balance": "٣٢"}],
    "no balance": lambda entry: [{key: value for key, value in entry.items() if key != "balance"}],
    "short credentials": lambda entry: [entry | {"validator": entry["validator"] | {"withdrawal_credentials": "0x01"}}],
    "no key": lambda entry: [entry | {"validator": entry["validator"] | {"pubkey": None}}],
    "no validator": lambda entry: [entry | {"validator": None}],
    "null": lambda entry: [None],
    "text": lambda entry: ["0x"],
}


@pytest.mark.parametrize("change", ENTRIES.values(), ids=ENTRIES)
def test_an_entry_that_is_no_validator_is_an_error_and_no_balance(change: Any) -> None:
    def changed(verb: str, path: str, answer: Answer) -> Answer:
        return (200, answer[1] | {"data": change(answer[1]["data"][0])}) if "/states/" in path else answer

    with serving(stub(change=changed)) as url, pytest.raises(BadAnswer):
        list(client(url).balances(wanted(KEYS[0]), AT))


BAD_KEY = KEYS[70]


@pytest.mark.parametrize("post", [True, False])
@pytest.mark.parametrize(
    ("status", "said", "reason"),
    [
        (400, {"code": 400, "message": "Invalid validator ID"}, "refused_by_server"),
        (413, b"", "refused_by_server"),
        (500, b"<html>", "server_failed"),
    ],
)
def test_a_validator_that_a_node_refuses_costs_itself(post: bool, status: int, said: Any, reason: str) -> None:
    def changed(verb: str, path: str, answer: Answer) -> Answer:
        return (status, said) if "/states/" in path and (BAD_KEY in path or BAD_KEY in node.bodies[-1]) else answer

    node = stub(change=changed, post=post)
    with serving(node) as url:
        found = {answer.address: answer for answer in client(url).balances(wanted(*KEYS), AT)}
    assert found.pop(BAD_KEY) == Unread("ETH", BAD_KEY, reason)
    assert {type(answer) for answer in found.values()} == {Reading}
    assert len(found) == len(KEYS) - 1


@pytest.mark.parametrize(
    "change",
    [ENTRIES[name] for name in ("a balance with a point", "a negative balance", "no balance", "short credentials")],
)
def test_a_validator_that_a_node_garbles_costs_itself(change: Any) -> None:
    def changed(verb: str, path: str, answer: Answer) -> Answer:
        if "/states/" not in path:
            return answer
        entries = answer[1]["data"]
        return 200, answer[1] | {
            "data": [
                part
                for entry in entries
                for part in (change(entry) if entry["validator"]["pubkey"] == KEYS[1] else [entry])
            ]
        }

    with serving(stub(change=changed)) as url:
        found = list(client(url).balances(wanted(*KEYS[:3]), AT))
    assert [(answer.address, answer.reason) for answer in found if isinstance(answer, Unread)] == [
        (KEYS[1], "bad_answer")
    ]
    assert {answer.address for answer in found if isinstance(answer, Reading)} == {KEYS[0], KEYS[2]}


def test_a_node_that_refuses_every_validator_is_the_endpoints_failure() -> None:
    node = stub(
        change=lambda verb, path, answer: (400, {"code": 400, "message": "no"}) if "/states/" in path else answer
    )
    with serving(node) as url, pytest.raises(RequestFailed):
        list(client(url).balances(wanted(*KEYS), AT))
    assert len(node.asked) < 200


def test_keys_in_capitals_are_the_same_keys() -> None:
    def changed(verb: str, path: str, answer: Answer) -> Answer:
        if "/states/" not in path:
            return answer
        entry = answer[1]["data"][0]
        return 200, answer[1] | {
            "data": [entry | {"validator": entry["validator"] | {"pubkey": KEYS[41].upper().replace("0X", "0x")}}]
        }

    with serving(stub(change=changed)) as url:
        assert client(url).validators([KEYS[41]], AT)[KEYS[41]] is not None


@pytest.mark.parametrize(
    ("at", "why"),
    [
        (replace(AT, moment=datetime.fromtimestamp(GENESIS + 12 * SLOT + 5, UTC)), "stands in no slot"),
        (replace(AT, moment=datetime.fromtimestamp(GENESIS - 12, UTC)), "stands in no slot"),
        (replace(AT, hash="0x" + "ee" * 32), "does not hold block"),
        (replace(AT, moment=datetime.fromtimestamp(GENESIS + 12 * (SLOT + 9), UTC)), "does not hold block"),
    ],
)
def test_a_block_that_is_not_in_its_slot_is_refused(at: chains.BlockRef, why: str) -> None:
    with serving(stub()) as url, pytest.raises(ChainError, match=why):
        list(client(url).balances(wanted(KEYS[0]), at))


def test_a_slot_without_a_block_is_named() -> None:
    at = replace(AT, moment=datetime.fromtimestamp(GENESIS + 12 * (SLOT + 1), UTC))
    with serving(stub()) as url, pytest.raises(Unavailable, match="slot 8700001"):
        client(url).validators(KEYS[:1], at)


@pytest.mark.parametrize(
    "data",
    [
        {},
        [],
        None,
        "x",
        {"message": {"slot": str(SLOT), "body": {}}},
        {"message": {"slot": f"{SLOT}.0", "body": {"execution_payload": {"block_hash": HASH}}}},
    ],
)
def test_what_is_no_beacon_block_is_named(data: object) -> None:
    node = stub(change=lambda verb, path, answer: (200, {"data": data}) if "/blocks/" in path else answer)
    with serving(node) as url, pytest.raises(BadAnswer, match="no beacon block|no whole number"):
        client(url).validators(KEYS[:1], AT)


@pytest.mark.parametrize(
    ("credentials", "target"),
    [
        ("0x01" + "00" * 11 + OWNER, "0x" + OWNER),
        ("0x02" + "00" * 11 + OWNER, "0x" + OWNER),
        ("0x00" + "11" * 31, None),
        ("0x03" + "00" * 11 + OWNER, None),
        ("0x01" + "00" * 10 + "01" + OWNER, None),
    ],
)
def test_only_credentials_of_the_execution_layer_name_an_account(credentials: str, target: str | None) -> None:
    assert beacon.Validator("0x", 1, 1, credentials, "active_ongoing").withdraws_to == target


def test_without_the_execution_layer_a_height_means_nothing_and_the_head_is_a_slot() -> None:
    with serving(stub()) as url:
        alone = beacon.open_client(NETWORK, Endpoint(url), Recording.off())
        with pytest.raises(ConfigurationError, match="endpoint of ethereum"):
            alone.block(19_500_000)
        assert alone.head().height == SLOT + 9
        assert alone.head().time == datetime.fromtimestamp(GENESIS + 12 * (SLOT + 9), UTC)


def test_a_replay_reads_the_same(tmp_path: Path) -> None:
    with serving(stub()) as url:
        live = list(client(url, Recording.record(tmp_path)).balances(wanted(*KEYS), AT))
    again = beacon.open_client(NETWORK, None, Recording.replay(tmp_path), Execution())
    assert list(again.balances(wanted(*KEYS), AT)) == live


def test_a_key_in_the_url_is_in_no_error() -> None:
    with (
        serving(stub(change=lambda verb, path, answer: (500, {"code": 500, "message": "x"}))) as url,
        pytest.raises(TransportError) as caught,
    ):
        client(url + "/secret-key").validators(KEYS[:1], AT)
    assert "secret-key" not in str(caught.value)

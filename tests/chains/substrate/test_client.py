"""Substrate: what a relay chain and its Asset Hub say together, proofs to the block's root, and what a node that lies
gets of it. Encodings against `scalecodec` and `xxhash`, other people's code.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest
import xxhash
from hypothesis import given, settings
from hypothesis import strategies as st
from scalecodec.base import RuntimeConfigurationObject, ScaleBytes
from scalecodec.type_registry import load_type_registry_preset

import substrate_chain as made
from porlake import chains, registry
from porlake.addresses import ss58
from porlake.chains import BlockRef, Outcome, Reading, Readings, Unread, Wanted
from porlake.chains.substrate import client as _client
from porlake.chains.substrate import header, storage, trie
from porlake.errors import BadAnswer, ChainError, ConfigurationError, NotFinal, ProofFails, Unavailable
from porlake.lake import Lake
from porlake.observation.endpoints import Run, open_client
from porlake.transport import Endpoint, Recording
from support import on_loopback, reply

FACTS = registry.load()
GENESIS = {
    "polkadot": "0x91b171bb158e2d3848fa23a9f1c25182fb8e20313b2c1eb49219da7a70ce90c3",
    "polkadot_asset_hub": "0x68d56f15f85d3136970ec16946040bc1752654e906147f7e43e9d539d7c3de2f",
    "avail": "0xb91746b45e0346cc2f815a520b9c6cb4d5c0902af848db0a80f85932d2e8276a",
}
HEIGHT = 1_000
Change = Callable[[dict[str, Any], dict[str, Any]], Any]
"""What becomes of an honest answer: (question, answer) to what is sent."""


def address(number: int, prefix: int = 0) -> str:
    return ss58.encode(prefix, made.blake2(number.to_bytes(4, "big")))


def node(network: str, held: dict[str, bytes], **other: Any) -> made.Node:
    """A chain whose accounts have something from block 500 on."""
    values = {made.place_of_account(account): value for account, value in held.items()}
    return made.Node(GENESIS[network], {0: {}, 500: values}, other.pop("head", 2_000), **other)


@contextmanager
def served(chain: made.Node, change: Change | None = None) -> Iterator[Endpoint]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            question = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            answer = chain.reply(question)
            said = change(question, answer) if change else answer
            reply(self, 200, json.dumps(said).encode())

        def log_message(self, *_: object) -> None:
            pass

    with on_loopback(Handler) as url:
        yield Endpoint(url, tries=1, pause=0)


def opened(network: str, endpoint: Endpoint, hub: Endpoint | None = None) -> _client.Client:
    found: _client.Client = chains.open_client(
        FACTS.networks[network], endpoint, Recording.off(), Asked(opened("polkadot_asset_hub", hub)) if hub else None
    )
    return found


@dataclass
class Asked:
    """The hub's client, as one that is asked beside another."""

    client: _client.Client

    def ask(self, question: Callable[[Any], Any]) -> Any:
        return question(self.client)


def wanted(network: str, asset: str, *accounts: str) -> list[Wanted]:
    token = FACTS.token(network, asset)
    assert token is not None
    return [Wanted(asset, token, account) for account in accounts]


def found(client: _client.Client, wants: list[Wanted], at: BlockRef) -> dict[str, dict[str, int] | str]:
    told: dict[str, Any] = {}
    for one in client.balances(wants, at):
        if isinstance(one, Unread):
            told[one.address] = one.reason
            continue
        assert one.as_of == "exact"
        assert one.block == at
        assert one.method == "state_queryStorageAt"
        told.setdefault(one.address, {})[one.component] = one.raw
    return told


# --- encodings --------------------------------------------------------------------------------------------------------
def hashed_name(text: str) -> bytes:
    return b"".join(xxhash.xxh64(text.encode(), seed=seed).intdigest().to_bytes(8, "little") for seed in (0, 1))


@pytest.mark.parametrize(
    ("key", "pallet", "item"),
    [
        (storage.SYSTEM_ACCOUNT, "System", "Account"),
        (storage.TIMESTAMP_NOW, "Timestamp", "Now"),
        (storage.ASSETS_ACCOUNT, "Assets", "Account"),
        (storage.ASSETS_METADATA, "Assets", "Metadata"),
        (storage.HEAD_OF_THE_HUB[:32], "Paras", "Heads"),
    ],
)
def test_keys_are_the_hashes_of_their_names(key: bytes, pallet: str, item: str) -> None:
    assert key == hashed_name(pallet) + hashed_name(item)


def test_the_hub_is_parachain_1000() -> None:
    number = (1000).to_bytes(4, "little")
    assert storage.HEAD_OF_THE_HUB[32:] == xxhash.xxh64(number, seed=0).intdigest().to_bytes(8, "little") + number


def test_the_key_of_an_account_that_everybody_knows() -> None:
    """Alice, as substrate-interface writes it."""
    alice = bytes.fromhex("d43593c715fdd31c61141abd04a99fd6822c8558854ccde39a5684e7a56da27d")
    assert storage.account_key(alice).hex() == (
        "26aa394eea5630e07c48ae0c9558cef7b99d880ec681799c0cf30e8886371da9de1e86a9a8c739864cf3cc5ec2bea59f" + alice.hex()
    )


@cache
def codec() -> RuntimeConfigurationObject:
    config = RuntimeConfigurationObject()
    config.update_type_registry(load_type_registry_preset("legacy"))
    return config


U128 = st.integers(0, 2**128 - 1)


@settings(deadline=None)
@given(free=U128, reserved=U128, third=U128, fourth=U128)
def test_an_account_is_what_scalecodec_reads(free: int, reserved: int, third: int, fourth: int) -> None:
    value = made.account(free, reserved, third, fourth)
    config = codec()
    config.update_type_registry({"types": {"Info": {"type": "struct", "type_mapping": [
        ["nonce", "u32"], ["consumers", "u32"], ["providers", "u32"], ["sufficients", "u32"],
        ["free", "u128"], ["reserved", "u128"], ["third", "u128"], ["fourth", "u128"],
    ]}}})  # fmt: skip
    read = config.create_scale_object("Info", ScaleBytes(value)).decode()
    told = storage.held(value, "x")
    assert (told.free, told.reserved) == (read["free"], read["reserved"]) == (free, reserved)
    assert told.frozen == (third if fourth >> 127 else max(third, fourth))


@settings(deadline=None)
@given(st.one_of(st.integers(0, 2**18), st.integers(0, 2**64), st.integers(2**29, 2**31), st.integers(0, 2**500)))
def test_compact_numbers_are_those_of_scalecodec(number: int) -> None:
    oracle = codec().create_scale_object("Compact<u32>")
    data = oracle.encode(number).data if number < 2**32 else None
    assert storage.compacted(number) == (bytes(data) if data is not None else made.compact(number))
    assert storage.compact(storage.compacted(number) + b"\xff", 0, "x") == (number, len(storage.compacted(number)))


@pytest.mark.parametrize("data", [b"", b"\x01", b"\x01\x00", b"\x02\x00\x00", b"\x02\0\0\0", b"\x03\0\0\0", b"\x07"
                                  b"\xff\xff\xff\x3f\0", b"\x03\xff\xff\xff\x3f"])  # fmt: skip
def test_a_number_that_ends_early_or_has_a_shorter_form_is_none(data: bytes) -> None:
    with pytest.raises(BadAnswer):
        storage.compact(data, 0, "x")


def test_balances_of_eight_bytes_are_those_of_bittensor() -> None:
    """Its runtime's Balance is a u64, and the flags behind three of them a u128."""
    config = codec()
    config.update_type_registry({"types": {"Info": {"type": "struct", "type_mapping": [
        ["nonce", "u32"], ["consumers", "u32"], ["providers", "u32"], ["sufficients", "u32"],
        ["free", "u64"], ["reserved", "u64"], ["frozen", "u64"], ["flags", "u128"],
    ]}}})  # fmt: skip
    told = {"nonce": 1, "consumers": 2, "providers": 3, "sufficients": 4, "free": 2**64 - 1, "reserved": 5, "frozen": 6,
            "flags": storage.NEW_LOGIC}  # fmt: skip
    value = bytes(config.create_scale_object("Info").encode(told).data)
    assert len(value) == storage.SHORT_SIZE
    assert storage.held(value, "x") == storage.Held(2**64 - 1, 5, 6)


@pytest.mark.parametrize("size", [0, 16, 55, 57, 64, 71, 73, 79, 81, 96])
def test_bytes_of_another_size_are_no_account(size: int) -> None:
    with pytest.raises(BadAnswer, match="no AccountInfo"):
        storage.held(bytes(size), "x")


def test_accounts_of_older_runtimes() -> None:
    amounts = b"".join(number.to_bytes(16, "little") for number in (7, 5, 3, 4))
    assert {storage.held(bytes(size) + amounts, "x") for size in (8, 12, 16)} == {storage.Held(7, 5, 4)}


def test_a_header_is_hashed_as_its_bytes_in_scale() -> None:
    block = made.Block(29_500_123, b"\x11" * 32, 1_700_000_000, {})
    config = codec()
    oracle = config.create_scale_object("Header")
    logs = [f"0x{log[2:]}" for log in block.logs]
    assert header.state_root(block.header(), block.hash, "x") == block.trie.root
    decoded = oracle.decode(ScaleBytes(block.encoded))
    assert (decoded["number"], decoded["state_root"]) == (block.height, "0x" + block.trie.root.hex())
    assert len(decoded["digest"]["logs"]) == len(logs)
    assert header.of_parachain(made.compact(len(block.encoded)) + block.encoded, "x") == (block.height, block.hash)


@pytest.mark.parametrize("name", ["parentHash", "number", "stateRoot", "extrinsicsRoot", "digest", "extension"])
def test_a_header_of_which_anything_differs_does_not_hash_to_the_block(name: str) -> None:
    block = made.Block(7, b"\x11" * 32, 1_700_000_000, {})
    others = {"number": "0x8", "digest": {"logs": list(block.logs[:1])}, "extension": {"V3": {}}}
    with pytest.raises(BadAnswer):
        header.state_root(block.header() | {name: others.get(name, "0x" + "22" * 32)}, block.hash, "x")


# --- the trie ---------------------------------------------------------------------------------------------------------
def test_the_root_of_nothing() -> None:
    """As polkadot-sdk has it: the hash of one byte 0."""
    empty = made.Trie({})
    assert empty.root.hex() == "03170a2e7597b7b7e3d84c05391d139a62b157e78786d8c082f29dcf4c111314"
    assert trie.value_at(empty.root, b"any", trie.named(empty.proof([b"any"]))) is None


STATES = st.dictionaries(st.binary(max_size=40), st.binary(min_size=1, max_size=90), min_size=1, max_size=30)


@settings(deadline=None)
@given(STATES, st.integers(0, 1), st.binary(max_size=40))
def test_what_is_proved_is_what_the_state_holds(values: dict[bytes, bytes], version: int, other: bytes) -> None:
    state = made.Trie(values, version)
    for key in (*values, other, *(key + b"\0" for key in values), *(key[:-1] for key in values)):
        assert trie.value_at(state.root, key, trie.named(state.proof([key]))) == values.get(key)


@settings(max_examples=200, deadline=None)
@given(STATES, st.data())
def test_a_proof_that_is_changed_shows_no_other_value(values: dict[bytes, bytes], data: st.DataObject) -> None:
    state = made.Trie(values)
    key = data.draw(st.sampled_from(sorted(values)))
    proof = state.proof([key])
    place = data.draw(st.integers(0, len(proof) - 1))
    byte = data.draw(st.integers(0, len(proof[place]) - 1))
    change = data.draw(st.integers(1, 255))
    spoiled = bytearray(proof[place])
    spoiled[byte] ^= change
    with pytest.raises(ProofFails):
        trie.value_at(state.root, key, trie.named([*proof[:place], bytes(spoiled), *proof[place + 1 :]]))
    with pytest.raises(ProofFails):
        trie.value_at(state.root, key, trie.named([*proof[:place], *proof[place + 1 :]]))


@settings(deadline=None)
@given(st.binary(max_size=80))
def test_bytes_that_are_no_node_are_said_to_be_none(data: bytes) -> None:
    root = made.blake2(data)
    with suppress(ProofFails):
        trie.value_at(root, b"key", {root: data})


@pytest.mark.parametrize("length", [14, 15, 16, 62, 63, 64, 30, 31, 32, 269, 270, 271, 317, 318, 319, 600])
@pytest.mark.parametrize("version", [0, 1])
def test_parts_of_keys_at_the_borders_of_their_length(length: int, version: int) -> None:
    """A branch with a long value, and a leaf below it, behind a long part of a key."""
    key = bytes(range(1, 256)) * 2
    top, below = key[: length // 2], key[: length // 2] + b"\x70" + key[: length // 2]
    values = {top: b"v" * 80, below: b"w" * 20, below + b"\x01": b"x" * 80} if top else {below: b"w"}
    state = made.Trie(values, version)
    for one, value in values.items():
        assert trie.value_at(state.root, one, trie.named(state.proof([one]))) == value


# --- balances ---------------------------------------------------------------------------------------------------------
def test_accounts_are_read_in_their_parts_and_many_in_a_question() -> None:
    accounts = [address(number) for number in range(1_203)]
    held = {one: made.account(10**12 + place, place, 5) for place, one in enumerate(accounts[:-1])}
    chain = node("polkadot", held)
    with served(chain) as endpoint:
        client = opened("polkadot", endpoint)
        at = client.block(HEIGHT)
        told = found(client, wanted("polkadot", "DOT", *accounts), at)
    assert at.time == datetime.fromtimestamp(chain.begin + 6 * HEIGHT, UTC)
    assert at.hash == chain.name(HEIGHT)
    for place, one in enumerate(accounts[:-1]):
        assert told[one] == {"free": 10**12 + place, "reserved": place, "frozen": 5, "total": 10**12 + 2 * place}
    assert told[accounts[-1]] == {"free": 0, "reserved": 0, "frozen": 0, "total": 0}
    assert sum(method == "state_queryStorageAt" for method, _ in chain.asked) == 3


def test_assets_of_the_hub_with_their_decimals() -> None:
    one, other = address(1), address(2)
    chain = node("polkadot_asset_hub", {one: made.account(1)})
    chain.states[500].update({  # type: ignore[attr-defined]
        made.place_of_asset(1984, one): made.asset(5 * 10**12),
        made.place_of_asset(1337, one): made.asset(7),
        made.place_of_metadata(1984): made.metadata(b"USDt", 6),
    })  # fmt: skip
    with served(chain) as endpoint:
        client = opened("polkadot_asset_hub", endpoint)
        at = client.block(HEIGHT)
        usdt, usdc = wanted("polkadot_asset_hub", "USDT", one, other), wanted("polkadot_asset_hub", "USDC", one)
        assert found(client, usdt, at) == {one: {"total": 5 * 10**12}, other: {"total": 0}}
        assert found(client, usdc, at) == {one: {"total": 7}}
        assert (client.decimals(usdt[0].token, at), client.decimals(usdc[0].token, at)) == (6, None)


def test_a_garbled_account_costs_that_account() -> None:
    accounts = [address(number) for number in range(40)]
    held = {one: made.account(7) for one in accounts} | {accounts[17]: b"\x07" * 79}
    with served(node("polkadot", held)) as endpoint:
        client = opened("polkadot", endpoint)
        told = found(client, wanted("polkadot", "DOT", *accounts), client.block(HEIGHT))
    assert told.pop(accounts[17]) == "bad_answer"
    assert all(isinstance(parts, dict) and parts["total"] == 7 for parts in told.values())


def test_a_state_that_is_gone_is_said_to_be_gone() -> None:
    with served(node("polkadot", {}, kept=900)) as endpoint:
        client = opened("polkadot", endpoint)
        assert [client.block(height).height for height in (900, 901)] == [900, 901]
        with pytest.raises(Unavailable, match="already discarded"):
            client.block(899)


def test_the_block_of_a_moment() -> None:
    chain = node("polkadot", {})
    with served(chain) as endpoint:
        client = opened("polkadot", endpoint)
        moment = datetime.fromtimestamp(chain.begin + 6 * HEIGHT, UTC)
        second = timedelta(seconds=1)
        assert [client.block_at(moment + shift * second).height for shift in (-1, 0, 1, 5, 6)] == [
            HEIGHT - 1, HEIGHT, HEIGHT, HEIGHT, HEIGHT + 1]  # fmt: skip
        assert client.head().height == client.final() == 2_000
        with pytest.raises(NotFinal):
            client.block_at(moment + timedelta(days=1))
        with pytest.raises(ChainError, match="begins after"):
            client.block_at(datetime(2010, 1, 1, tzinfo=UTC))


def test_an_endpoint_of_another_chain() -> None:
    with served(node("avail", {})) as endpoint, pytest.raises(ChainError, match="is of chain "):
        opened("polkadot", endpoint).block(HEIGHT)


def answered(method: str, change: Callable[[Any, list[Any]], Any]) -> Change:
    """A node whose answers to one method are changed: (result, params) to another result."""

    def spoil(question: dict[str, Any], answer: dict[str, Any]) -> Any:
        if question["method"] == method and "result" in answer:
            return answer | {"result": change(answer["result"], question["params"])}
        return answer

    return spoil


def with_changes(change: Callable[[list[Any]], Any]) -> Callable[[Any, list[Any]], Any]:
    return lambda result, params: [result[0] | {"changes": change(result[0]["changes"])}]


NOW = "0x" + made.PREFIX["now"].hex()


@pytest.mark.parametrize(
    "lie",
    [
        with_changes(lambda changes: changes[1:]),  # an account is left out
        with_changes(lambda changes: changes[:-1]),  # the time is left out
        with_changes(lambda changes: [*changes, changes[0]]),
        with_changes(lambda changes: [["0x00", "0x00"], *changes[1:]]),
        with_changes(lambda changes: [[key, None] for key, _ in changes]),  # a node without the state
        with_changes(lambda changes: [[key, value if key != NOW else "0x" + "11" * 8] for key, value in changes]),
        with_changes(lambda changes: [[key, value if key != NOW else "0x11"] for key, value in changes]),
        with_changes(lambda changes: [[key, 7] for key, _ in changes]),
        with_changes(lambda changes: None),
        with_changes(lambda changes: [change[:1] for change in changes]),
        lambda result, params: [result[0] | {"block": "0x" + "11" * 32}],
        lambda result, params: [],
        lambda result, params: result + result,
        lambda result, params: None,
    ],
)  # fmt: skip
def test_a_lie_about_the_state_is_no_balance(lie: Callable[[Any, list[Any]], Any]) -> None:
    one, other = address(1), address(2)
    chain = node("polkadot", {one: made.account(5), other: made.account(6)})
    with served(chain, answered("state_queryStorageAt", lie)) as endpoint:
        client = opened("polkadot", endpoint)
        at = client.block(HEIGHT)
        with pytest.raises((ChainError, BadAnswer)):
            list(client.balances(wanted("polkadot", "DOT", one, other), at))


def test_a_node_that_answers_with_another_state_is_found_out_by_its_time() -> None:
    """It echoes the hash that was asked for and reads the newest state."""
    one = address(1)
    chain = node("polkadot", {one: made.account(5)})

    def newest(result: Any, params: list[Any]) -> Any:
        block = chain.block(2_000)
        return [{"block": params[1], "changes": [
            [key, made._hex(block.trie.values.get(bytes.fromhex(key[2:])))] for key in params[0]]}]  # fmt: skip

    with served(chain, answered("state_queryStorageAt", newest)) as endpoint:
        client = opened("polkadot", endpoint)
        at = client.block(HEIGHT)
        with pytest.raises(ChainError, match="its time is another"):
            list(client.balances(wanted("polkadot", "DOT", one), at))


# --- a relay chain and its Asset Hub ----------------------------------------------------------------------------------
MOVED = int(_client.MIGRATED["polkadot"].timestamp())


def two_chains(moment: int) -> tuple[made.Node, made.Node]:
    """A relay chain whose block HEIGHT is of a moment, and its hub, whose newest block there is 700."""
    one, other, third = address(1), address(2), address(3)
    hub = node(
        "polkadot_asset_hub",
        {one: made.account(100, 20, 7), third: made.account(50)},
        begin=moment - 12 * 700 - 5,
        spacing=12,
    )
    relay = node("polkadot", {one: made.account(3, 1), other: made.account(9)}, begin=moment - 6 * HEIGHT)
    encoded = hub.block(700).encoded
    relay.states[500][made.PREFIX["head"]] = made.compact(len(encoded)) + encoded  # type: ignore[index]
    return relay, hub


def test_from_the_migration_on_what_lies_on_the_hub_counts_too() -> None:
    one, other, third = address(1), address(2), address(3)
    for moment, moved in ((MOVED - 1, False), (MOVED, True), (MOVED + 1, True)):
        relay, hub = two_chains(moment)
        with served(relay) as endpoint, served(hub) as beside:
            client = opened("polkadot", endpoint, beside)
            told = found(client, wanted("polkadot", "DOT", one, other, third), client.block(HEIGHT))
        if moved:
            assert told == {
                one: {"free": 103, "reserved": 21, "frozen": 7, "relay": 4, "asset_hub": 120, "total": 124},
                other: {"free": 9, "reserved": 0, "frozen": 0, "relay": 9, "asset_hub": 0, "total": 9},
                third: {"free": 50, "reserved": 0, "frozen": 0, "relay": 0, "asset_hub": 50, "total": 50},
            }
        else:
            assert told[one] == {"free": 3, "reserved": 1, "frozen": 0, "total": 4}
            assert not hub.asked


def test_an_observation_asks_the_hub_by_its_own_endpoints(tmp_path: Path) -> None:
    """Recorded under its own name, so that a replay asks nobody."""
    relay, hub = two_chains(MOVED)
    one = address(1)

    def told(run: Run) -> dict[str, int]:
        client = open_client(run, "polkadot")
        at = client.block(HEIGHT)
        token = FACTS.tokens["polkadot", "DOT"]
        answers = client.readings(chains.holdings("DOT", token, [one], chains.TEXT), at)
        return {found.component: chains.number(found.words, 0) for found in answers if isinstance(found, Readings)}

    with served(relay) as endpoint, served(hub) as beside:
        places = {"polkadot": endpoint, "polkadot_asset_hub": beside}
        told_live = told(Run(Lake(tmp_path / "lake"), Recording.record(tmp_path / "kept"), places))
    assert (told_live["relay"], told_live["asset_hub"], told_live["total"]) == (4, 120, 124)
    assert told(Run(Lake(tmp_path / "lake"), Recording.replay(tmp_path / "kept"))) == told_live


def test_without_an_endpoint_of_the_hub_nothing_is_read() -> None:
    relay, _ = two_chains(MOVED)
    with served(relay) as endpoint:
        client = opened("polkadot", endpoint)
        at = client.block(HEIGHT)
        with pytest.raises(ConfigurationError, match="an endpoint of that is needed"):
            list(client.balances(wanted("polkadot", "DOT", address(1)), at))


def test_a_relay_chain_that_names_no_block_of_the_hub() -> None:
    relay, hub = two_chains(MOVED)
    for value in (None, made.compact(40) + bytes(40), b"\x01", made.compact(3) + b"abc"):
        states = {place: kept for place, kept in relay.states[500].items() if place != made.PREFIX["head"]}
        told = made.Node(relay.genesis, {0: {}, 500: states | ({made.PREFIX["head"]: value} if value else {})}, 2_000,
                         begin=relay.begin)  # fmt: skip
        with served(told) as endpoint, served(hub) as beside:
            client = opened("polkadot", endpoint, beside)
            at = client.block(HEIGHT)
            with pytest.raises((ChainError, BadAnswer)):
                list(client.balances(wanted("polkadot", "DOT", address(1)), at))


# --- proofs -----------------------------------------------------------------------------------------------------------
def outcomes(client: _client.Client, wants: list[Wanted], raws: list[int], at: BlockRef) -> dict[str, Outcome]:
    return {one.address: one for one in client.prove(list(zip(wants, raws, strict=True)), at)}


def test_balances_are_proved_and_a_wrong_one_is_found() -> None:
    accounts = [address(number) for number in range(250)]
    held = {one: made.account(10**12 + place, place, 5) for place, one in enumerate(accounts[:-1])}
    chain = node("polkadot", held)
    with served(chain) as endpoint:
        client = opened("polkadot", endpoint)
        at, wants = client.block(HEIGHT), wanted("polkadot", "DOT", *accounts)
        raws = [one.raw for one in client.balances(wants, at) if isinstance(one, Reading) and one.component == "total"]
        assert client.provable(wants[0].token)
        assert {one.reason for one in client.prove(list(zip(wants, raws, strict=True)), at)} == {""}
        assert sum(method == "state_getReadProof" for method, _ in chain.asked) == 3
        raws[3], raws[249] = raws[3] + 1, 1  # one more unit, and something where nothing is
        told = outcomes(client, wants, raws, at)
    assert {one for one in told if told[one].reason} == {accounts[3], accounts[249]}
    assert told[accounts[249]].reason == "proof_differs"
    assert "the proof shows 0, 1 was read" in told[accounts[249]].why


def test_assets_are_proved() -> None:
    one = address(1)
    chain = node("polkadot_asset_hub", {one: made.account(1)})
    chain.states[500][made.place_of_asset(1984, one)] = made.asset(5)  # type: ignore[index]
    with served(chain) as endpoint:
        client = opened("polkadot_asset_hub", endpoint)
        at, wants = client.block(HEIGHT), wanted("polkadot_asset_hub", "USDT", one)
        assert outcomes(client, wants, [5], at)[one].reason == ""
        assert outcomes(client, wants, [4], at)[one].reason == "proof_differs"


def test_a_proof_of_both_chains() -> None:
    relay, hub = two_chains(MOVED)
    with served(relay) as endpoint, served(hub) as beside:
        client = opened("polkadot", endpoint, beside)
        at, wants = client.block(HEIGHT), wanted("polkadot", "DOT", address(1), address(2))
        told = outcomes(client, wants, [124, 10], at)
        assert (told[address(1)].reason, told[address(2)].reason) == ("", "proof_differs")


def spoiled(result: Any, params: list[Any]) -> Any:
    """The lowest node of an account's proof has another byte."""
    return result | {"proof": [*result["proof"][:-1], result["proof"][-1][:-2] + "55"]}


@pytest.mark.parametrize(
    "lie",
    [
        spoiled,
        lambda result, params: result | {"proof": result["proof"][1:]},
        lambda result, params: result | {"proof": []},
        lambda result, params: result | {"proof": None},
        lambda result, params: result | {"proof": [7]},
        lambda result, params: result | {"at": "0x" + "11" * 32},
        lambda result, params: [],
    ],
)
def test_a_proof_that_does_not_hold(lie: Callable[[Any, list[Any]], Any]) -> None:
    chain = node("polkadot", {address(1): made.account(5)})
    with served(chain, answered("state_getReadProof", lie)) as endpoint:
        client = opened("polkadot", endpoint)
        at = client.block(HEIGHT)
        told = outcomes(client, wanted("polkadot", "DOT", address(1)), [5], at)
    assert told[address(1)].reason == "proof_fails"


def test_one_bad_proof_among_many_costs_that_account() -> None:
    accounts = [address(number) for number in range(20)]
    bad = "0x" + made.place_of_account(accounts[7]).hex()

    def lie(result: Any, params: list[Any]) -> Any:
        return result | {"proof": result["proof"][:1]} if bad in params[0] else result

    chain = node("polkadot", {one: made.account(5) for one in accounts})
    with served(chain, answered("state_getReadProof", lie)) as endpoint:
        client = opened("polkadot", endpoint)
        at = client.block(HEIGHT)
        told = outcomes(client, wanted("polkadot", "DOT", *accounts), [5] * 20, at)
    assert [one for one in accounts if told[one].reason] == [accounts[7]]


def test_a_header_that_does_not_hash_to_its_block_proves_nothing() -> None:
    """A node that names another root, and a chain whose headers hold more than Substrate's."""
    for other in ({"stateRoot": "0x" + "11" * 32}, {"extension": {"V3": {"appLookup": {}}}}):
        chain = node("avail", {})
        with served(chain, answered("chain_getHeader", lambda result, params, other=other: result | other)) as endpoint:
            client = opened("avail", endpoint)
            at = client.block(HEIGHT)
            with pytest.raises(ChainError):
                list(client.prove([(wanted("avail", "AVAIL", address(1, 42))[0], 0)], at))

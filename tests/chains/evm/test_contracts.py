"""What contracts answer, by web3's codec: held to a reader by hand, to hostile answers and to a real node."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chains.anvil_node import anvil, needs_anvil
from chains.contracts import INVALID, ZEROS, assemble
from porlake import chains, registry
from porlake.chains.evm.contracts import GAS, HOLDS, MOST_OWNERS, Contracts
from porlake.chains.evm.errors import ERRORS
from porlake.errors import BadAnswer, RequestFailed, TooBig, Unavailable
from porlake.transport import Endpoint, JsonRpc, Recording
from support import RECORDING, on_loopback, reply

PLACE = "0x57e2dcd253527a0f70c6a3de3556f6e6e163f19c"
AT = chains.BlockRef(7, "0x" + "ab" * 32, None)  # type: ignore[arg-type]
A, B = (int(letter * 40, 16) for letter in "ab")


class Told:
    """What the next call is answered, and what was asked."""

    def __init__(self) -> None:
        self.answer: Callable[[Any], dict[str, Any]] = lambda _: {"result": "0x"}
        self.asked: list[Any] = []

    def gives(self, data: bytes) -> None:
        self.answer = lambda _: {"result": "0x" + data.hex()}


@pytest.fixture(scope="module")
def served() -> Iterator[tuple[Told, Contracts]]:
    told = Told()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            question = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            told.asked.append([question["method"], question["params"]])
            reply(self, 200, json.dumps({"id": question["id"]} | told.answer(question)).encode())

        def log_message(self, *_: Any) -> None:
            pass

    with on_loopback(Handler) as url:
        yield told, Contracts(JsonRpc("ethereum", Endpoint(url, tries=1), Recording.off(), ERRORS))


@pytest.fixture
def told(served: tuple[Told, Contracts]) -> Told:
    served[0].asked.clear()
    served[1]._by_number = False
    return served[0]


@pytest.fixture
def contracts(served: tuple[Told, Contracts]) -> Contracts:
    return served[1]


def words(*numbers: int) -> bytes:
    return b"".join(number.to_bytes(32, "big") for number in numbers)


# --- by hand: the same rules without a codec --------------------------------------------------------------------------
def number_by_hand(data: bytes) -> int | None:
    found = int.from_bytes(data, "big")
    return found if len(data) == 32 and found < 1 << 32 else None


def address_by_hand(data: bytes) -> str | None:
    return "0x" + data[12:].hex() if len(data) == 32 and not any(data[:12]) and any(data[12:]) else None


def owners_by_hand(data: bytes) -> tuple[str, ...] | None:
    if len(data) < 64 or int.from_bytes(data[:32], "big") != 32:
        return None
    count = int.from_bytes(data[32:64], "big")
    if count > MOST_OWNERS or len(data) != 64 + 32 * count:
        return None
    found = [address_by_hand(data[at : at + 32]) for at in range(64, len(data), 32)]
    owners = tuple(owner for owner in found if owner is not None)
    return owners if len(owners) == len(found) == len(set(owners)) else None


near_numbers = st.one_of(
    st.integers(0, 5),
    st.sampled_from([31, 32, 33, 64, A, B, 1 << 160, (1 << 160) - 1, 1 << 255, (1 << 32) - 1, 1 << 32])
)  # fmt: skip
lists = st.lists(st.sampled_from([A, B, 7, 8, 9]), max_size=4).map(lambda owners: words(32, len(owners), *owners))
answers = st.one_of(
    st.binary(max_size=200),
    st.lists(near_numbers, max_size=6).map(lambda numbers: words(*numbers)),
    lists,
    st.tuples(lists, st.binary(max_size=33)).map(b"".join),
    st.tuples(lists, st.integers(0, 199), st.integers(1, 255)).map(
        lambda found: bytes(byte ^ (found[2] if place == found[1] else 0) for place, byte in enumerate(found[0]))
    ),
)


@settings(max_examples=300, deadline=None)
@given(data=answers)
def test_the_codec_reads_what_a_reader_by_hand_reads(served: tuple[Told, Contracts], data: bytes) -> None:
    told, contracts = served
    told.gives(data)
    assert contracts.owners(PLACE, AT) == owners_by_hand(data)
    assert contracts.threshold(PLACE, AT) == number_by_hand(data)
    assert contracts.owner(PLACE, AT) == contracts.pod_owner(PLACE, AT) == address_by_hand(data)
    decimals = int.from_bytes(data, "big")
    assert contracts.decimals(PLACE, AT) == (decimals if len(data) == 32 and decimals < 256 else None)
    assert contracts.holds(PLACE, bytes(32), b"x", AT) == (data == HOLDS.ljust(32, b"\0"))


@pytest.mark.parametrize("count", [MOST_OWNERS - 1, MOST_OWNERS, MOST_OWNERS + 1])
def test_more_owners_than_a_safe_has_name_nobody(told: Told, contracts: Contracts, count: int) -> None:
    told.gives(words(32, count, *range(1, count + 1)))
    found = contracts.owners(PLACE, AT)
    assert (found is None) == (count > MOST_OWNERS)
    assert found is None or len(found) == count


@pytest.mark.parametrize(("number", "read"), [(2**32 - 1, 2**32 - 1), (2**32, None), (2**32 + 1, None)])
def test_a_threshold_that_no_list_could_reach_is_none(
    told: Told, contracts: Contracts, number: int, read: int | None
) -> None:
    told.gives(words(number))
    assert contracts.threshold(PLACE, AT) == read


@pytest.mark.parametrize(("number", "read"), [(254, 254), (255, 255), (256, None)])
def test_decimals_are_a_uint8(told: Told, contracts: Contracts, number: int, read: int | None) -> None:
    told.gives(words(number))
    assert contracts.decimals(PLACE, AT) == read


def test_one_question_a_call_at_the_blocks_hash_with_a_bound_of_gas(told: Told, contracts: Contracts) -> None:
    told.gives(words(2))
    contracts.threshold(PLACE, AT)
    call = {"to": PLACE, "data": "0xe75235b8", "gas": hex(GAS)}
    assert told.asked == [["eth_call", [call, {"blockHash": AT.hash, "requireCanonical": True}]]]


def test_the_questions_are_those_of_todays_recordings() -> None:
    contracts = Contracts(JsonRpc("ethereum", None, Recording.replay(RECORDING), ERRORS))
    at = chains.BlockRef(19_506_528, "0x2dd108a01d52ddf17eb215e7b224f7a57ee342cd2bc6dbb48deb52bf89ab9f7f", None)  # type: ignore[arg-type]
    assert contracts.threshold(PLACE, at) == 2
    assert len(contracts.owners(PLACE, at) or ()) == 3


@pytest.mark.parametrize(
    ("error", "raised"),
    [
        ({"code": 3, "message": "execution reverted"}, None),
        ({"code": -32015, "message": "VM execution error."}, None),
        ({"code": -32000, "message": "out of gas"}, None),
        ({"code": -32000, "message": "invalid opcode: INVALID"}, None),
        ({"code": -32000, "message": "missing trie node 12"}, Unavailable),
        ({"code": -32003, "message": "response too large"}, TooBig),
        ({"code": -32601, "message": "no such method"}, RequestFailed),
    ],
)
def test_code_that_gives_up_is_no_answer_and_a_node_that_refuses_is_an_error(
    told: Told, contracts: Contracts, error: dict[str, Any], raised: type[Exception] | None
) -> None:
    told.answer = lambda _: {"error": error}
    if raised is None:
        assert contracts.owner(PLACE, AT) is None
    else:
        with pytest.raises(raised):
            contracts.owner(PLACE, AT)


@pytest.mark.parametrize("result", [None, 7, [], {}, "0xzz", "0x1", "", "00"])
def test_a_result_that_is_no_hex_is_a_bad_answer(told: Told, contracts: Contracts, result: Any) -> None:
    told.answer = lambda _: {"result": result}
    with pytest.raises(BadAnswer):
        contracts.owner(PLACE, AT)


def test_a_contract_that_points_to_a_url_is_not_followed(told: Told, contracts: Contracts) -> None:
    """EIP-3668: OffchainLookup(sender, urls, callData, callbackFunction, extraData)."""
    from eth_abi.abi import encode

    fetched = list[str]()

    class Elsewhere(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            fetched.append(self.path)
            reply(self, 200, b'{"data":"0x"}')

        def do_POST(self) -> None:
            self.do_GET()

        def log_message(self, *_: Any) -> None:
            pass

    with on_loopback(Elsewhere) as url:
        lookup = encode(
            ["address", "string[]", "bytes", "bytes4", "bytes"],
            [PLACE, [url + "/{sender}/{data}"], b"x", bytes(4), b""],
        )
        error = {"code": 3, "message": "execution reverted", "data": "0x556f1830" + lookup.hex()}
        told.answer = lambda _: {"error": error}
        assert contracts.owner(PLACE, AT) is None
    assert fetched == []


def test_web3_is_imported_by_who_needs_it_alone() -> None:
    code = (
        "import sys, porlake.chains.evm.client, porlake.chains.evm.links, porlake.chains.evm.contracts, porlake.cli\n"
        "assert not {'web3', 'eth_abi'} & set(sys.modules), sorted({'web3', 'eth_abi'} & set(sys.modules))"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


# --- a real node ------------------------------------------------------------------------------------------------------
def returning(word: bytes) -> str:
    """Code that returns 32 bytes, whatever is asked."""
    return "0x7f" + word.hex() + "60005260206000f3"


SIGNERS = {
    "holds": (returning(HOLDS.ljust(32, b"\0")), True),
    "says no": (returning(bytes.fromhex("ffffffff").ljust(32, b"\0")), False),
    "says it elsewhere": (returning(HOLDS.rjust(32, b"\0")), False),
    "says more": (returning(HOLDS.ljust(31, b"\0") + b"\1"), False),
    "three words": (assemble(ZEROS), False),
    "gives up": (assemble(INVALID), False),
    "no code": ("0x", False),
}


@pytest.mark.node
@needs_anvil
def test_a_contract_that_signs_is_asked_whether_a_signature_holds() -> None:
    with anvil() as node:
        for number, (code, _) in enumerate(SIGNERS.values()):
            node("anvil_setCode", f"0x{0xC0DE0000 + number:040x}", code)
        node.mine(2)
        place = Endpoint(node.url)
        at = chains.open_client(registry.load().networks["ethereum"], place, Recording.off()).block(1)
        contracts = Contracts(JsonRpc("ethereum", place, Recording.off(), ERRORS))
        found = {
            name: contracts.holds(f"0x{0xC0DE0000 + number:040x}", bytes(range(32)), b"\x01" * 65, at)
            for number, name in enumerate(SIGNERS)
        }
    assert found == {name: holds for name, (_, holds) in SIGNERS.items()}

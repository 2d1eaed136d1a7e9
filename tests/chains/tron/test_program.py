"""The program of constant calls: its bytes are pinned, and an EVM (anvil) runs it behind the stand-in."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest

import tron_stub
from anvil import ANVIL, answering, constant
from porlake import chains, registry
from porlake.chains.tron.program import MANY_CODE
from porlake.encoding.keccak import keccak256
from porlake.transport import Endpoint, Recording
from ports import free_port
from tron_stub import HEIGHT, USDT, Node, account, payload

TOKEN = "0x600435600052600060205260406000205460005260206000f3"  # balanceOf over a mapping at slot 0
ENDLESS, REVERTS, SHORT = "0x5b600056", "0x60006000fd", "0x60016000f3"


def test_the_program_is_pinned() -> None:
    assert MANY_CODE.hex() == (
        "6370a0823160e01b6000526014600161007101606c394360805260156100710160a05b38821015610069576014826010396020604060246000606051620f4240fa3d601f"
        "10166100515760001961005a565b60405180191590035b81526020019060140190610022565b608090036080fd5b"
    )


class Anvil:
    def __init__(self, url: str) -> None:
        self.url = url

    def ask(self, method: str, *params: Any) -> Any:
        body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}).encode()
        with urllib.request.urlopen(
            urllib.request.Request(self.url, body, {"Content-Type": "application/json"}), timeout=30
        ) as answer:
            return json.load(answer)

    def creation(self, code: bytes) -> tuple[bytes, bool, str]:
        """`eth_call` without a contract, as triggerconstantcontract would tell it."""
        answer = self.ask("eth_call", {"data": "0x" + code.hex(), "gas": hex(100_000_000)}, "latest")
        if "result" in answer:
            return bytes.fromhex(answer["result"][2:]), False, ""
        error = answer["error"]
        return (
            (bytes.fromhex(error["data"][2:]), True, "") if error["code"] == 3 else (b"", True, tron_stub.OUT_OF_ENERGY)
        )


@pytest.fixture(scope="module")
def anvil() -> Iterator[Anvil]:
    if not ANVIL.exists():
        pytest.skip("no anvil: make nodes")
    port = free_port()
    command = [
        str(ANVIL),
        "--port",
        str(port),
        "--number",
        str(HEIGHT),
        "--silent",
        "--no-mining",
        "--gas-limit",
        "1000000000",
    ]
    with answering(command, port) as url:
        yield Anvil(url)


def put(anvil: Anvil, token: str, code: str, held: dict[str, int]) -> None:
    contract = "0x" + payload(token).hex()
    anvil.ask("anvil_setCode", contract, code)
    for owner, raw in held.items():
        slot = keccak256(payload(owner).rjust(32, b"\0") + bytes(32))
        anvil.ask("anvil_setStorageAt", contract, "0x" + slot.hex(), f"0x{raw:064x}")


def ask(anvil: Anvil, token: str, accounts: list[str]) -> tuple[Node, list[Any]]:
    node = Node(held={}, multicall=False, evm=anvil.creation)
    kind = registry.Token("tron", "USDT", "trc20", token, 6, "", "")
    with tron_stub.served(node) as url:
        client = chains.open_client(registry.load().networks["tron"], Endpoint(url), Recording.off())
        return node, list(client.balances([chains.Wanted("USDT", kind, one) for one in accounts], client.block(HEIGHT)))


@pytest.mark.node
def test_an_evm_runs_the_program_and_the_client_reads_its_words(anvil: Anvil) -> None:
    accounts = [account(n) for n in range(200)]
    put(anvil, USDT, TOKEN, {one: n * 10**12 for n, one in enumerate(accounts)} | {accounts[0]: 10**38 - 1})
    node, answers = ask(anvil, USDT, accounts)
    assert [answer.raw for answer in answers] == [10**38 - 1, *(n * 10**12 for n in range(1, 200))]
    assert {(answer.block.height, answer.as_of, answer.method) for answer in answers} == {
        (HEIGHT, "exact", "constant_creation")
    }
    assert node.count("/walletsolidity/triggerconstantcontract") == 2


@pytest.mark.node
@pytest.mark.parametrize(
    "code", [REVERTS, SHORT, ENDLESS, "0x", "0xfe"], ids=["reverts", "short", "endless", "nothing", "invalid"]
)
def test_a_contract_that_is_no_token_is_a_failure_for_each_account_and_no_zero(anvil: Anvil, code: str) -> None:
    token = account(1_000)
    put(anvil, token, code, {})
    accounts = [account(n) for n in range(60)]
    _, answers = ask(anvil, token, accounts)
    assert answers == [chains.Unread("USDT", one, "token_call_failed") for one in accounts]


@pytest.mark.node
@pytest.mark.parametrize("word", [2**256 - 1, 2**256 - 2, 10**38])
def test_the_word_of_a_failure_as_a_balance_is_too_large_and_no_failure(anvil: Anvil, word: int) -> None:
    token = account(1_002)
    put(anvil, token, constant(word), {})
    _, answers = ask(anvil, token, [account(n) for n in range(3)])
    assert answers == [chains.Unread("USDT", account(n), "balance_too_large") for n in range(3)]


@pytest.mark.node
def test_energy_that_runs_out_halves_the_question(anvil: Anvil) -> None:
    """150 endless tokens at a million each are more than a call's hundred million."""
    token = account(1_001)
    put(anvil, token, ENDLESS, {})
    node, answers = ask(anvil, token, [account(n) for n in range(150)])
    assert len(answers) == 150
    assert all(isinstance(answer, chains.Unread) for answer in answers)
    assert node.count("/walletsolidity/triggerconstantcontract") == 3, "one of 150, then two of 75"

"""web3.py over the transport, against a real node and against a recording; and our own answers held to web3's."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest
from web3 import Web3
from web3.exceptions import ContractLogicError, MethodUnavailable, ProviderConnectionError, Web3RPCError

from chains.anvil_node import needs_anvil
from evm_chain import HEIGHT, Chain, amounts, contract, opened, quick, token
from porlake import chains, registry
from porlake.chains.evm.contracts import Contracts
from porlake.chains.evm.errors import ERRORS
from porlake.errors import BadAnswer, NotRecorded, RateLimited, TransportError
from porlake.transport import Endpoint, JsonRpc, Recording
from support import on_loopback, reply

ETHEREUM = registry.load().networks["ethereum"]
ERC20: list[dict[str, Any]] = [
    {"type": "function", "name": "balanceOf", "stateMutability": "view", "inputs": [{"name": "", "type": "address"}],
     "outputs": [{"name": "", "type": "uint256"}]},
    {"type": "function", "name": "decimals", "stateMutability": "view", "inputs": [],
     "outputs": [{"name": "", "type": "uint8"}]},
]  # fmt: skip


def client(url: str, recording: Recording | None = None, **more: Any) -> Web3:
    return chains.native_client(ETHEREUM, quick(url, **more), recording or Recording.off())


@contextmanager
def answering(answer: Any) -> Iterator[str]:
    """An endpoint that answers every question alike: by a status, or by parts of a JSON-RPC response."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            question = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            if isinstance(answer, int):
                reply(self, answer, b"")
            else:
                reply(self, 200, json.dumps({"jsonrpc": "2.0", "id": question["id"]} | answer).encode())

        def log_message(self, *_: Any) -> None:
            pass

    with on_loopback(Handler) as url:
        yield url


# --- a real node ------------------------------------------------------------------------------------------------------
@pytest.mark.node
@needs_anvil
def test_the_sweep_of_balances_reads_what_web3_reads(chain: Chain) -> None:
    """Ours puts thousands of accounts in one call; web3 one account in each."""
    web3, some = client(chain.url), chain.accounts[::8]
    usdt = web3.eth.contract(address=Web3.to_checksum_address(contract("ethereum", "USDT")), abi=ERC20)
    native = [web3.eth.get_balance(Web3.to_checksum_address(account), HEIGHT) for account in some]
    held = [
        usdt.functions.balanceOf(Web3.to_checksum_address(account)).call(block_identifier=HEIGHT) for account in some
    ]
    assert amounts(opened(quick(chain.url)), "ETH", some)[0] == native
    assert amounts(opened(quick(chain.url)), "USDT", some)[0] == held
    assert sum(native) * sum(held) > 0


@pytest.mark.node
@needs_anvil
@pytest.mark.parametrize("asset", ["USDT", "LINK", "UNI", "SHIB", "BLUR", "PEOPLE", "WBTC"])
def test_decimals_by_hand_are_those_of_the_codec(chain: Chain, asset: str) -> None:
    """web3.py takes two seconds to be imported: decimals of one word are read by hand."""
    ours = opened(quick(chain.url))
    at = ours.block(HEIGHT)
    contracts = Contracts(JsonRpc("ethereum", quick(chain.url), Recording.off(), ERRORS))
    assert ours.decimals(token("ethereum", asset), at) == contracts.decimals(contract("ethereum", asset), at)


@pytest.mark.node
@needs_anvil
def test_it_is_the_web3_that_programs_know(chain: Chain) -> None:
    web3 = client(chain.url)
    assert web3.is_connected()
    assert web3.eth.chain_id == 1
    assert web3.eth.block_number > HEIGHT
    block = web3.eth.get_block(HEIGHT)
    assert (block["number"], "0x" + bytes(block["hash"]).hex()) == (HEIGHT, opened(quick(chain.url)).block(HEIGHT).hash)
    with web3.batch_requests() as batch:
        for account in chain.accounts[:3]:
            batch.add(web3.eth.get_balance(Web3.to_checksum_address(account), HEIGHT))
        assert batch.execute() == [chain.native[account] for account in chain.accounts[:3]]
    link = web3.eth.contract(address=Web3.to_checksum_address(contract("ethereum", "LINK")), abi=ERC20)
    with pytest.raises(ContractLogicError):
        link.functions.decimals().call()
    with pytest.raises((MethodUnavailable, Web3RPCError)):
        web3.manager.request_blocking("eth_nothing", [])  # type: ignore[arg-type]


@pytest.mark.node
@needs_anvil
def test_answers_are_recorded_and_replayed(chain: Chain, tmp_path: Path) -> None:
    def asked(web3: Web3) -> list[Any]:
        some = [Web3.to_checksum_address(account) for account in chain.accounts[:3]]
        return [
            web3.eth.chain_id,
            *(web3.eth.get_balance(one, HEIGHT) for one in some),
            dict(web3.eth.get_block(HEIGHT)),
        ]

    live = asked(client(chain.url.replace("http://", "http://user:s3cret-key@"), Recording.record(tmp_path)))
    assert asked(client("http://127.0.0.1:9", Recording.replay(tmp_path))) == live
    assert not any("s3cret" in path.read_text() for path in tmp_path.rglob("*.json"))
    with pytest.raises(NotRecorded):
        client("http://127.0.0.1:9", Recording.replay(tmp_path)).eth.get_balance(
            Web3.to_checksum_address("0x" + "9" * 40)
        )


# --- endpoints that fail ----------------------------------------------------------------------------------------------
KEYED = "http://user:s3cret-key@127.0.0.1:9/v3/0ther-s3cret"


def test_an_endpoint_that_is_not_there_is_an_error_without_its_key() -> None:
    web3 = client(KEYED)
    assert not web3.is_connected()
    with pytest.raises(ProviderConnectionError, match="connection refused") as seen:
        web3.is_connected(show_traceback=True)
    with pytest.raises(TransportError, match="127.0.0.1:9: connection refused") as failed:
        _ = web3.eth.block_number
    assert "s3cret" not in f"{seen.value}{failed.value}{web3.provider!r}{web3!r}"


def test_what_a_server_echoes_of_a_key_is_blanked() -> None:
    with answering({"error": {"code": -32000, "message": "bad project 0ther-s3cret", "data": "0ther-s3cret"}}) as url:
        web3 = client(url + "/v3/0ther-s3cret")
        with pytest.raises(Web3RPCError) as failed:
            _ = web3.eth.block_number
    assert "0ther" not in f"{failed.value}{failed.value.rpc_response}"


def test_a_rate_limit_is_waited_out_and_then_told() -> None:
    with answering(429) as url, pytest.raises(RateLimited):
        _ = client(url, tries=1).eth.block_number


@pytest.mark.parametrize("result", ["0x1", "zz", None, 5])
def test_bytes_that_are_none_are_a_bad_answer(result: Any) -> None:
    with answering({"result": result}) as url, pytest.raises(BadAnswer):
        client(url).eth.get_code(Web3.to_checksum_address("0x" + "9" * 40))


@pytest.mark.parametrize(("size", "name"), [(31, "extraData"), (32, "extraData"), (33, "proofOfAuthorityData")])
def test_long_extra_data_of_a_block_has_the_name_that_web3_gives_it(size: int, name: str) -> None:
    with answering({"result": {"number": "0x5", "extraData": "0x" + "ab" * size}}) as url:
        block = client(url).eth.get_block(5)
    assert bytes(block[name]) == b"\xab" * size
    assert len(block) == 2


def test_a_call_that_asks_for_a_contracts_url_is_refused() -> None:
    from web3.exceptions import Web3ValueError

    with answering({"result": "0x"}) as url, pytest.raises(Web3ValueError, match="ccip_read_max_redirects"):
        client(url).eth.call({"to": Web3.to_checksum_address("0x" + "9" * 40)}, ccip_read_enabled=True)


def test_the_client_of_a_family_without_one_is_our_own() -> None:
    tron = registry.load().networks["tron"]
    found = chains.native_client(tron, Endpoint("http://127.0.0.1:9"), Recording.off())
    assert isinstance(found, chains.Client)

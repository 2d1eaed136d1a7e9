"""Starknet through the JSON-RPC of its full nodes.
https://github.com/starkware-libs/starknet-specs/blob/master/api/starknet_api_openrpc.json

All coins are ERC-20 contracts, STRK and ETH too. A balance is asked for at a block's hash; a node that leaves the block
out of the question and reads its newest state shows itself by answering for a hash that no block has.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from porlake import numbers
from porlake.chains._answers import BlockRef, Reading, Unread, Wanted
from porlake.chains._by_account import ByBatch, parts
from porlake.chains._by_moment import BlocksByTime
from porlake.chains._identity import check_id
from porlake.chains._questions import asked_once, reason_of
from porlake.chains.starknet.errors import CONTRACT_ERROR, ERRORS, NO_CONTRACT, NO_ENTRY_POINT
from porlake.encoding import stark
from porlake.errors import BadAnswer, ChainError, NotRecorded, RateLimited, RequestFailed, TransportError, Unavailable
from porlake.registry import Network, Token
from porlake.transport import Endpoint, JsonRpc, Recording

METHOD = "starknet_call"
BATCH = 25  # calls of a request, as public gateways take them
HALF = 2**128
FELT = 2**251 + 17 * 2**192 + 1
NOBODYS_HASH = "0x706f726c616b65"
#: STRK has its contract from the protocol: starknet-specs, "fee token".
STRK = "0x4718f5a0fc34cc1af16a1cdee98ffb20c31f5cd61d6ab07201858f4287c938d"
BALANCE_OF, SNAKE_BALANCE_OF, DECIMALS = (hex(stark.selector(name)) for name in ("balanceOf", "balance_of", "decimals"))
L1 = "ACCEPTED_ON_L1"
FIRST_STEP = 256


def open_client(network: Network, endpoint: Endpoint | None, recording: Recording) -> Client:
    return Client(network, JsonRpc(network.network, endpoint, recording, ERRORS))


class Client(BlocksByTime, ByBatch):
    batch = BATCH

    def __init__(self, network: Network, rpc: JsonRpc) -> None:
        self._network, self._rpc = network, rpc

    # --- blocks ---
    def block(self, height: int) -> BlockRef:
        """Raises ChainError, TransportError."""
        found, _ = self._block({"block_number": height})
        if found.height != height:
            raise ChainError(f"{self._rpc.host}: asked for block {height:,}, it gave {found.height:,}")
        return found

    def head(self) -> BlockRef:
        """The newest block that Starknet agreed on."""
        return self._block("latest")[0]

    def final(self) -> int:
        """The newest block that Ethereum has accepted. Nodes before version 0.9 of the specification do not know its
        tag: there the status of blocks tells.
        """
        try:
            return self._block("l1_accepted")[0].height
        except RequestFailed:
            high, step = self.head().height, FIRST_STEP
        while high and self._block({"block_number": high})[1] != L1:
            high, step = max(0, high - step), step * 2
        return high

    # --- balances ---
    def ping(self) -> object:
        return self._rpc.call("starknet_blockNumber", [])

    @asked_once
    def ready(self, at: BlockRef) -> None:
        """Whether the node reads the state of the block that is named. Raises ChainError where it answers for one that
        there is not.
        """
        self._check_chain()
        try:
            self._rpc.call("starknet_call", _call(STRK, BALANCE_OF, [STRK], NOBODYS_HASH))
        except (Unavailable, RequestFailed):
            return
        raise ChainError(f"{self._rpc.host}: starknet_call answers for a block that there is not")

    def read_batch(self, wants: Sequence[Wanted], at: BlockRef) -> list[Reading | Unread]:
        contract = self._contract(wants[0].token)
        try:
            selector = self._selector(contract, at)
        except RequestFailed as error:
            if error.code not in (NO_CONTRACT, NO_ENTRY_POINT, CONTRACT_ERROR):
                raise
            return [Unread(want.asset, want.address, "token_call_failed") for want in wants]
        calls = [("starknet_call", _call(contract, selector, [_felt(want.address)], at.hash)) for want in wants]
        found: list[Reading | Unread] = []
        for want, answer in zip(wants, self._rpc.batch(calls), strict=True):
            try:
                raw = self._balance(answer)
            except (TransportError, ChainError) as error:
                if isinstance(error, RateLimited | NotRecorded):
                    raise
                refused = isinstance(error, RequestFailed) and error.code == CONTRACT_ERROR
                reason = "token_call_failed" if refused else reason_of(error)
                found.append(Unread(want.asset, want.address, reason))
            else:
                found += parts(want, {"liquid": raw}, at, "exact", METHOD, self._rpc.host)
        return found

    def _balance(self, answer: Any) -> int:
        """A u256 as two numbers of 128 bits, the low one first. Raises BadAnswer, or what the call failed for."""
        if isinstance(answer, TransportError):
            raise answer
        what = f"{self._rpc.host}: balanceOf"
        if not isinstance(answer, list) or len(answer) != 2:
            raise BadAnswer(f"{what}: the answer is no u256")
        low, high = (numbers.quantity(half, what=what, most=HALF - 1) for half in answer)
        return low + high * HALF

    @asked_once
    def _selector(self, contract: str, at: BlockRef) -> str:
        """By which name a token tells balances: contracts of the first Cairo say balanceOf, newer ones may know
        balance_of alone. Raises RequestFailed where it knows neither.
        """
        try:
            self._balance(self._rpc.call("starknet_call", _call(contract, BALANCE_OF, [contract], at.hash)))
        except RequestFailed as error:
            if error.code not in (NO_ENTRY_POINT, CONTRACT_ERROR):
                raise
            self._balance(self._rpc.call("starknet_call", _call(contract, SNAKE_BALANCE_OF, [contract], at.hash)))
            return SNAKE_BALANCE_OF
        return BALANCE_OF

    def decimals(self, token: Token, at: BlockRef) -> int | None:
        try:
            answer = self._rpc.call("starknet_call", _call(self._contract(token), DECIMALS, [], at.hash))
        except RequestFailed as error:
            if error.code in (NO_CONTRACT, NO_ENTRY_POINT, CONTRACT_ERROR):
                return None
            raise
        what = f"{self._rpc.host}: decimals"
        if not isinstance(answer, list) or len(answer) != 1:
            raise BadAnswer(f"{what}: the answer is no number")
        return numbers.quantity(answer[0], what=what, most=255)

    def _contract(self, token: Token) -> str:
        return STRK if token.kind == "native" else _felt(token.contract)

    # --- questions ---
    @asked_once
    def _check_chain(self) -> None:
        """The chain's id is its name in ASCII, as a number."""
        found = numbers.data(self._rpc.call("starknet_chainId", []), what=f"{self._rpc.host}: starknet_chainId")
        check_id(self._network, self._rpc.host, found.decode("ascii", "replace"))

    def _block(self, name: dict[str, int] | str) -> tuple[BlockRef, str]:
        """(a block, its status)."""
        self._check_chain()
        what, answer = f"{self._rpc.host}: a block", self._rpc.call("starknet_getBlockWithTxHashes", [name])
        if not isinstance(answer, dict):
            raise BadAnswer(f"{what}: the answer is none")
        block_hash = numbers.quantity(answer.get("block_hash"), what=f"{what}: block_hash", most=FELT - 1)
        status = answer.get("status")
        if status not in ("ACCEPTED_ON_L2", L1):
            raise ChainError(f"{what}: its status is {str(status)[:40]}")
        found = BlockRef(
            numbers.height(answer.get("block_number"), what=f"{what}: block_number"),
            hex(block_hash),
            numbers.moment(answer.get("timestamp"), what=f"{what}: timestamp"),
        )
        return found, str(status)


def _call(contract: str, selector: str, calldata: list[str], block_hash: str) -> list[Any]:
    request = {"contract_address": contract, "entry_point_selector": selector, "calldata": calldata}
    return [request, {"block_hash": block_hash}]


def _felt(text: str) -> str:
    """A field element without leading zeros: nodes refuse others."""
    return hex(int(text, 16))

"""Harmony through a node's JSON-RPC. https://docs.harmony.one (Developers, API)

The liquid balances of many accounts come by one `eth_call` of Multicall3, which tells the number of the block whose
state it ran in. What accounts have delegated comes for all of them at once, by the block's number (shard 0 alone); an
account without any and a state that is gone look the same there, so that validators, which delegate to themselves, are
asked for beside, and a block that does not exist, which must be refused.

`delegated` and `unstaking` make the total with `liquid`; `reward`, which was not collected, lies beside it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from porlake import addresses, numbers, registry
from porlake.chains._answers import BlockRef, Reading, Wanted
from porlake.chains._by_account import ByBatch, parts
from porlake.chains._by_moment import HeadIsFinal
from porlake.chains._ethereum import block_of
from porlake.chains._identity import check_id
from porlake.chains._questions import OverRpc, asked_once
from porlake.chains.harmony.errors import ERRORS
from porlake.errors import BadAnswer, ChainError, InvalidAddress, Unavailable
from porlake.registry import Network
from porlake.transport import Endpoint, JsonRpc, Recording

METHOD = "multicall3"
STAKES = "hmyv2_getDelegationsByDelegatorByBlockNumber"
BLOCK_AND_AGGREGATE = bytes.fromhex("c3077fa9")  # blockAndAggregate((address,bytes)[])
GET_BALANCE = bytes.fromhex("4d2301cc")  # getEthBalance(address)
VALIDATORS = 20  # that delegate to themselves: of these one must be seen to
NEVER = 2**40  # a height that no chain of two seconds a block reaches


def open_client(network: Network, endpoint: Endpoint | None, recording: Recording) -> Client:
    return Client(network, JsonRpc(network.network, endpoint, recording, ERRORS))


class Client(HeadIsFinal, OverRpc, ByBatch):
    batch = 200  # accounts

    def __init__(self, network: Network, rpc: JsonRpc) -> None:
        self._network, self._rpc = network, rpc
        self.in_flight = rpc.in_flight

    # --- blocks ---
    def block(self, height: int) -> BlockRef:
        """Raises ChainError, TransportError."""
        found = self._block(hex(height))
        if found.height != height:
            raise ChainError(f"{self.host}: asked for block {height:,}, it gave {found.height:,}")
        return found

    def head(self) -> BlockRef:
        """The newest block, final when it is signed by its committee (FBFT)."""
        return self._block("latest")

    def ping(self) -> object:
        return self._rpc.call("eth_blockNumber", [])

    # --- balances ---
    @asked_once
    def ready(self, at: BlockRef) -> None:
        """That the node knows delegations of the block, and looks at its number. Raises ChainError, TransportError."""
        self._check_chain()
        what = f"{self.host}: hmyv2_getAllValidatorAddresses"
        validators = self._rpc.call("hmyv2_getAllValidatorAddresses", [])
        if not isinstance(validators, list) or not validators:
            raise BadAnswer(f"{what}: the answer is no list of validators")
        known = [self._text(self._payload(validator, what)) for validator in validators[:VALIDATORS]]
        if not any(any(one.values()) for one in self._delegated(known, at.height)):
            raise ChainError(
                f"{self.host}: {STAKES}: no validator delegates anything at block {at.height:,}: the node does not "
                f"have its state"
            )
        try:
            self._delegated(known[:1], NEVER)
        except Unavailable:
            pass
        else:
            raise ChainError(f"{self.host}: {STAKES}: block {NEVER:,} is answered for: the number is not looked at")

    def read_batch(self, wants: Sequence[Wanted], at: BlockRef) -> list[Reading]:
        """Raises ChainError, TransportError."""
        accounts = [self._payload(want.address, self.host) for want in wants]
        liquid = self._liquid(accounts, at)
        delegated = self._delegated([self._text(account) for account in accounts], at.height)
        found = list[Reading]()
        for want, raw, stakes in zip(wants, liquid, delegated, strict=True):
            held = {"liquid": raw, **stakes}
            total = raw + stakes["delegated"] + stakes["unstaking"]
            found += parts(want, held, at, "exact", METHOD, self.host, total=total)
        return found

    def _liquid(self, accounts: Sequence[bytes], at: BlockRef) -> list[int]:
        """What accounts hold at a block, by one call that tells the block's number."""
        from eth_abi.abi import decode, encode  # imports pydantic, half a second of the start of every command
        from eth_abi.exceptions import DecodingError

        place = registry.load().evm_networks[self._network.network].multicall3
        calls = [(place, GET_BALANCE + account.rjust(32, b"\0")) for account in accounts]
        data = BLOCK_AND_AGGREGATE + encode(["(address,bytes)[]"], [calls])
        what = f"{self.host}: eth_call of Multicall3"
        answer = self._rpc.call("eth_call", [{"to": place, "data": "0x" + data.hex()}, hex(at.height)])
        told = numbers.data(answer, what=what)
        try:
            height, _, results = decode(["uint256", "bytes32", "(bool,bytes)[]"], told)
        except (DecodingError, OverflowError) as error:
            raise BadAnswer(f"{what}: {len(told):,} bytes are no answer of it") from error
        if height != at.height:
            raise ChainError(f"{what}: asked for block {at.height:,}, it ran in {height:,}")
        if len(results) != len(accounts) or not all(good and len(word) == 32 for good, word in results):
            raise BadAnswer(f"{what}: {len(results):,} balances for {len(accounts):,} accounts")
        return [numbers.whole(int.from_bytes(word, "big"), what=what, most=numbers.MOST) for _, word in results]

    def _delegated(self, accounts: Sequence[str], height: int) -> list[dict[str, int]]:
        """What each account has delegated, and what of it comes back, at a block's number."""
        answer, what = self._rpc.call(STAKES, [list(accounts), height]), f"{self.host}: {STAKES}"
        if not isinstance(answer, list) or len(answer) != len(accounts):
            raise BadAnswer(f"{what}: the answer is no list of {len(accounts):,} accounts")
        return [self._stakes(account, some, what) for account, some in zip(accounts, answer, strict=True)]

    def _stakes(self, account: str, delegations: Any, what: str) -> dict[str, int]:
        found, seen = {"delegated": 0, "unstaking": 0, "reward": 0}, set[bytes]()
        if delegations is None:
            delegations = []  # Go writes an empty list so
        if not isinstance(delegations, list):
            raise BadAnswer(f"{what}: an account without a list of delegations")
        for one in delegations:
            if not isinstance(one, dict):
                raise BadAnswer(f"{what}: an entry that is no delegation")
            validator = self._payload(one.get("validator_address"), what)
            if self._payload(one.get("delegator_address"), what) != self._payload(account, what) or validator in seen:
                raise BadAnswer(f"{what}: {account} has a delegation of another, or one twice")
            seen.add(validator)
            back = one.get("Undelegations") or []
            if not isinstance(back, list) or not all(isinstance(part, dict) for part in back):
                raise BadAnswer(f"{what}: undelegations that are no list")
            found["delegated"] += _amount(one.get("amount"), what)
            found["reward"] += _amount(one.get("reward"), what)
            found["unstaking"] += sum(_amount(part.get("Amount", part.get("amount")), what) for part in back)
        return found

    # --- questions ---
    def _block(self, name: str) -> BlockRef:
        self._check_chain()
        answer, what = self._rpc.call("eth_getBlockByNumber", [name, False]), f"{self.host}: block {name}"
        return block_of(answer, what)

    @asked_once
    def _check_chain(self) -> None:
        """By its number, which shard 0 alone has. Raises ChainError, TransportError."""
        found = numbers.quantity(self._rpc.call("eth_chainId", []), what=f"{self.host}: eth_chainId")
        check_id(self._network, self.host, found)

    def _payload(self, text: object, what: str) -> bytes:
        try:
            return addresses.parse(self._network.network, text if isinstance(text, str) else "").payload
        except InvalidAddress as error:
            raise BadAnswer(f"{what}: {numbers.shown(text)} is no address") from error

    def _text(self, account: bytes) -> str:
        return addresses.parse(self._network.network, "0x" + account.hex()).text


def _amount(value: object, what: str) -> int:
    """A JSON number, which these methods write in full."""
    if type(value) is not int:
        raise BadAnswer(f"{what}: {numbers.shown(value)} is no amount")
    return numbers.whole(value, what=what, most=numbers.MOST)

"""Who controls an EVM contract, by its own word at the pinned block: the owners of a Safe, an Ownable contract's owner,
an EigenPod's.

What the contract answers is code of whoever deployed it. It shows that an owner who signed controls an account that
names him; it does not show that nobody else could move the funds (modules of a Safe, upgradeable code).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from porlake import numbers
from porlake.chains._answers import BlockRef
from porlake.chains.evm.errors import ERRORS, GAVE_UP, REVERT_CODES
from porlake.encoding.keccak import keccak256
from porlake.errors import RequestFailed, TooBig
from porlake.registry import Network
from porlake.transport import Endpoint, JsonRpc, Recording

IN_FLIGHT = 4
MOST_OWNERS = 500
GAS = 10_000_000  # enough for any list of owners; code that runs for ever ends here, and not in the node's time-out


@dataclass(frozen=True, slots=True)
class Control:
    """What an account says of its owners. `relation` is none where it answers no call that is known here; `answer` is
    the evidence.
    """

    address: str
    relation: str
    owners: tuple[str, ...]
    threshold: int | None
    method: str
    answer: str
    source: str


def open_asker(network: Network, endpoint: Endpoint | None, recording: Recording) -> Asker:
    return Asker(JsonRpc(network.network, endpoint, recording, ERRORS))


class Asker:
    def __init__(self, rpc: JsonRpc) -> None:
        self._rpc = rpc
        self._by_number = False

    def controls(self, addresses: Sequence[str], at: BlockRef) -> Iterator[Control]:
        """One for each account, in their order. Raises TransportError."""
        with ThreadPoolExecutor(max_workers=IN_FLIGHT) as pool:
            yield from pool.map(lambda address: self._control(address, at), addresses)

    def pod_owners(self, pods: Sequence[str], at: BlockRef) -> dict[str, str | None]:
        """What podOwner() of each contract answers; None where it answers nothing. Raises TransportError."""
        with ThreadPoolExecutor(max_workers=IN_FLIGHT) as pool:
            return dict(
                zip(pods, pool.map(lambda pod: _address(self._answer(pod, "podOwner()", at)), pods), strict=True)
            )

    def _control(self, address: str, at: BlockRef) -> Control:
        threshold = _number(self._answer(address, "getThreshold()", at))
        owners = _addresses(self._answer(address, "getOwners()", at)) if threshold is not None else None
        if threshold is not None and owners:
            said = f"{threshold} of {','.join(owners)}"
            # A threshold that no owners can reach is no Safe's: nobody is confirmed by it.
            known = owners if 1 <= threshold <= len(owners) else ()
            return self._told(address, "safe_owner", known, threshold, "eth_call getThreshold() getOwners()", said)
        for relation, call in (("owner", "owner()"), ("pod_owner", "podOwner()")):
            owner = _address(self._answer(address, call, at))
            if owner is not None:
                return self._told(address, relation, (owner,), 1, f"eth_call {call}", owner)
        return self._told(address, "none", (), None, "eth_call getThreshold() owner() podOwner()", "")

    def _told(
        self, address: str, relation: str, owners: tuple[str, ...], threshold: int | None, method: str, answer: str
    ) -> Control:
        return Control(address, relation, owners, threshold, method, answer, self._rpc.host)

    def _answer(self, address: str, signature: str, at: BlockRef) -> bytes | None:
        """The bytes that a call returns; None where the code gives up. Raises TransportError."""
        by_number = self._by_number
        call = {"to": address, "data": "0x" + keccak256(signature.encode())[:4].hex(), "gas": hex(GAS)}
        try:
            text = self._rpc.call(
                "eth_call", [call, hex(at.height) if by_number else {"blockHash": at.hash, "requireCanonical": True}]
            )
        except (RequestFailed, TooBig) as error:
            if getattr(error, "code", None) in REVERT_CODES or GAVE_UP.search(str(error)):
                return None
            if by_number or isinstance(error, TooBig):
                raise
            self._by_number = True  # the endpoint does not take a block's hash (EIP-1898)
            return self._answer(address, signature, at)
        return numbers.data(text, what=f"{self._rpc.host}: eth_call: the answer is no hex")


def _number(data: bytes | None) -> int | None:
    return (
        int.from_bytes(data, "big")
        if data is not None and len(data) == 32 and int.from_bytes(data, "big") < 1 << 32
        else None
    )


def _address(data: bytes | None) -> str | None:
    return (
        "0x" + data[12:].hex()
        if data is not None and len(data) == 32 and not any(data[:12]) and any(data[12:])
        else None
    )


def _addresses(data: bytes | None) -> tuple[str, ...] | None:
    """A list of different addresses in the ABI's encoding; None for anything else.
    https://docs.soliditylang.org/en/latest/abi-spec.html
    """
    if data is None or len(data) < 64 or int.from_bytes(data[:32], "big") != 32:
        return None
    count = int.from_bytes(data[32:64], "big")
    if count > MOST_OWNERS or len(data) != 64 + 32 * count:
        return None
    found = [_address(data[at : at + 32]) for at in range(64, len(data), 32)]
    owners = tuple(owner for owner in found if owner is not None)
    return owners if len(owners) == len(found) == len(set(owners)) else None

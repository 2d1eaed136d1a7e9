"""Calls of contracts at a pinned block, a few at a time and outside the hot path, by web3.py's ABI codec.

What a contract answers is code of whoever deployed it: an answer counts only where it is, byte by byte, the encoding
of what it says, and a call has a bound of gas. https://docs.soliditylang.org/en/latest/abi-spec.html
"""

from __future__ import annotations

from typing import Any

from porlake.chains._answers import BlockRef
from porlake.chains.evm.errors import code_failed
from porlake.errors import RequestFailed, TooBig
from porlake.transport import JsonRpc

MOST_OWNERS = 500
GAS = 10_000_000  # enough for any list of owners; code that runs for ever ends here, and not in the node's time-out

#: What is called: https://github.com/safe-global/safe-smart-account (getThreshold, getOwners), ERC-173 (owner),
#: EigenLayer's EigenPod (podOwner), ERC-20 (decimals), ERC-1271 (isValidSignature).
FUNCTIONS: dict[str, tuple[tuple[str, ...], str]] = {
    "getThreshold": ((), "uint256"),
    "getOwners": ((), "address[]"),
    "owner": ((), "address"),
    "podOwner": ((), "address"),
    "decimals": ((), "uint8"),
    "isValidSignature": (("bytes32", "bytes"), "bytes4"),
}
#: ERC-1271: what isValidSignature returns for a signature that holds, and nothing else does.
HOLDS = bytes.fromhex("1626ba7e")


class Contracts:
    """Contracts as one endpoint shows them. Its methods raise TransportError; what a contract does not answer, or
    answers in another form, is None.
    """

    def __init__(self, rpc: JsonRpc) -> None:
        from porlake.chains.evm.web3_provider import plain_web3

        self._rpc, self._web3 = rpc, plain_web3(rpc)
        self._contract = self._web3.eth.contract(abi=_abi())
        self._by_number = False

    def threshold(self, safe: str, at: BlockRef) -> int | None:
        """How many owners a Safe asks for."""
        found = self.call(safe, "getThreshold", at)
        return found if found is not None and found < 1 << 32 else None

    def owners(self, safe: str, at: BlockRef) -> tuple[str, ...] | None:
        """The owners of a Safe, different addresses without the zero address, up to MOST_OWNERS; small letters."""
        found = self.call(safe, "getOwners", at, most=64 + 32 * MOST_OWNERS)
        if found is None or len(set(found)) != len(found) or any(not _is_somebody(owner) for owner in found):
            return None
        return tuple(found)

    def owner(self, contract: str, at: BlockRef) -> str | None:
        """The owner of an Ownable contract; None also where it was renounced. Small letters."""
        return self._address(contract, "owner", at)

    def pod_owner(self, pod: str, at: BlockRef) -> str | None:
        """The owner of an EigenPod, in small letters."""
        return self._address(pod, "podOwner", at)

    def decimals(self, token: str, at: BlockRef) -> int | None:
        """The decimals of an ERC-20 token, which need not say any."""
        found = self.call(token, "decimals", at)
        return None if found is None else int(found)

    def holds(self, account: str, digest: bytes, signature: bytes, at: BlockRef) -> bool:
        """Whether a contract that signs (ERC-1271) takes a signature of a digest of 32 bytes for its own."""
        return bool(self.call(account, "isValidSignature", at, digest, signature) == HOLDS)

    def call(self, contract: str, function: str, at: BlockRef, *arguments: Any, most: int = 32) -> Any:
        """The one value that a function of FUNCTIONS returns, in up to `most` bytes; None where the code gives up or
        answers in another form. Raises TransportError.
        """
        from eth_abi.exceptions import DecodingError

        data = self._called(contract, self._contract.encode_abi(function, args=list(arguments)), at)
        if data is None or len(data) > most:
            return None
        codec, kind = self._web3.codec, FUNCTIONS[function][1]
        try:
            (value,) = codec.decode([kind], data)
        except (DecodingError, OverflowError):
            return None
        return value if codec.encode([kind], [value]) == data else None

    def _address(self, contract: str, function: str, at: BlockRef) -> str | None:
        found = self.call(contract, function, at)
        return found if found is not None and _is_somebody(found) else None

    def _called(self, contract: str, data: Any, at: BlockRef) -> bytes | None:
        """The bytes that a call returns; None where the code gives up."""
        by_number = self._by_number
        asked: Any = {"to": self._web3.to_checksum_address(contract), "data": data, "gas": GAS}
        block: Any = at.height if by_number else {"blockHash": at.hash, "requireCanonical": True}
        try:
            return bytes(self._web3.eth.call(asked, block))
        except (RequestFailed, TooBig) as error:
            if code_failed(error):
                return None
            if by_number or isinstance(error, TooBig):
                raise
            self._by_number = True  # the endpoint does not take a block's hash (EIP-1898)
            return self._called(contract, data, at)


def _abi() -> list[dict[str, Any]]:
    return [
        {
            "type": "function",
            "name": name,
            "stateMutability": "view",
            "inputs": [{"name": "", "type": kind} for kind in takes],
            "outputs": [{"name": "", "type": returns}],
        }
        for name, (takes, returns) in FUNCTIONS.items()
    ]


def _is_somebody(address: str) -> bool:
    return int(address, 16) != 0

"""Who controls an EVM contract, by its own word at the pinned block: the owners of a Safe, an Ownable contract's owner,
an EigenPod's.

What the contract answers is code of whoever deployed it. It shows that an owner who signed controls an account that
names him; it does not show that nobody else could move the funds (modules of a Safe, upgradeable code).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from porlake.chains._answers import BlockRef
from porlake.chains.evm.errors import ERRORS
from porlake.registry import Network
from porlake.transport import Endpoint, JsonRpc, Recording

IN_FLIGHT = 4


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


def open_owner_reader(network: Network, endpoint: Endpoint | None, recording: Recording) -> OwnerReader:
    return OwnerReader(JsonRpc(network.network, endpoint, recording, ERRORS))


class OwnerReader:
    def __init__(self, rpc: JsonRpc) -> None:
        from porlake.chains.evm.contracts import Contracts

        self._rpc, self._contracts = rpc, Contracts(rpc)

    def controls(self, addresses: Sequence[str], at: BlockRef) -> Iterator[Control]:
        """One for each account, in their order. Raises TransportError."""
        with ThreadPoolExecutor(max_workers=IN_FLIGHT) as pool:
            yield from pool.map(lambda address: self._control(address, at), addresses)

    def pod_owners(self, pods: Sequence[str], at: BlockRef) -> dict[str, str | None]:
        """What podOwner() of each contract answers; None where it answers nothing. Raises TransportError."""
        with ThreadPoolExecutor(max_workers=IN_FLIGHT) as pool:
            return dict(zip(pods, pool.map(lambda pod: self._contracts.pod_owner(pod, at), pods), strict=True))

    def _control(self, address: str, at: BlockRef) -> Control:
        threshold = self._contracts.threshold(address, at)
        owners = self._contracts.owners(address, at) if threshold is not None else None
        if threshold is not None and owners:
            evidence = f"{threshold} of {','.join(owners)}"
            # A threshold that no owners can reach is no Safe's: nobody is confirmed by it.
            known = owners if 1 <= threshold <= len(owners) else ()
            return self._answered(
                address, "safe_owner", known, threshold, "eth_call getThreshold() getOwners()", evidence
            )
        for relation, call, ask in (
            ("owner", "owner()", self._contracts.owner),
            ("pod_owner", "podOwner()", self._contracts.pod_owner),
        ):
            owner = ask(address, at)
            if owner is not None:
                return self._answered(address, relation, (owner,), 1, f"eth_call {call}", owner)
        return self._answered(address, "none", (), None, "eth_call getThreshold() owner() podOwner()", "")

    def _answered(
        self, address: str, relation: str, owners: tuple[str, ...], threshold: int | None, method: str, answer: str
    ) -> Control:
        return Control(address, relation, owners, threshold, method, answer, self._rpc.host)

"""Chain clients: one file a family, block at a height, balances at a block. Each client is given its transport.

client = open_client(registry.load().networks["ethereum"], Endpoint("http://127.0.0.1:8545"), Recording.off())
at = client.block(19506528)
for answer in client.balances([Wanted("ETH", token, "0x...")], at): ...
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Protocol

from porlake.chains._answers import BlockRef, Coin, Reading, Unread, Wanted
from porlake.chains.beacon import client as beacon
from porlake.chains.evm import client as evm
from porlake.chains.tron import client as tron
from porlake.chains.utxo import node as bitcoin
from porlake.chains.utxo.node import Dump
from porlake.progress import Tell, silent
from porlake.registry import Network
from porlake.transport import Endpoint, Recording

__all__ = [
    "BESIDE",
    "CLIENTS",
    "BlockRef",
    "Client",
    "Coin",
    "Dump",
    "Reading",
    "Unread",
    "Wanted",
    "coins",
    "open_client",
    "past",
]


class Client(Protocol):
    """A wanted holding is answered by one Unread, or by one Reading for each component of which `total` is always
    one.
    """

    def block(self, height: int) -> BlockRef: ...
    def head(self) -> BlockRef: ...
    def balances(self, wanted: Sequence[Wanted], at: BlockRef) -> Iterator[Reading | Unread]: ...


#: By the `client` column of networks.csv.
CLIENTS: dict[str, Callable[[Network, Endpoint | None, Recording], Client]] = {
    "beacon": beacon.open_client,
    "evm": evm.open_client,
    "bitcoin": bitcoin.open_client,
    "tron": tron.open_client,
}


#: Networks that have no heights of their own: reports name blocks of another, whose client goes with theirs.
BESIDE = {"ethereum_beacon": "ethereum"}


def open_client(
    network: Network,
    endpoint: Endpoint | None,
    recording: Recording,
    beside: Client | None = None,
    dump: Dump | None = None,
    tell: Tell = silent,
) -> Client:
    """The client of a network; a replay needs no endpoint. `beside`: the client of the network that BESIDE names;
    `dump`: the set of all coins, for networks whose nodes write one; `tell`: who hears how far one long question is.
    """
    if network.client == "beacon":
        return beacon.open_client(network, endpoint, recording, beside)
    if network.client == "bitcoin":
        return bitcoin.open_client(network, endpoint, recording, dump, tell)
    return CLIENTS[network.client](network, endpoint, recording)


def coins(client: Client) -> Iterator[Coin]:
    """The coins below what a client has read, where it was told to keep them."""
    return bitcoin.coins(client)


def past(client: Client, wanted: Sequence[Wanted], at: BlockRef) -> Iterator[Reading]:
    """The parts of holdings that a client of a network without a past knows of `at` all the same, exact; of other
    clients nothing.
    """
    return client.past(wanted, at) if isinstance(client, tron.Client) else iter(())

"""What one transaction moved from one account to another, where transactions travel in the form of Bitcoin's wire.

The bytes of a transaction must hash to its id, and those of each one that it spends to theirs: so no server can tell
other amounts or accounts than there are. An account moves coins where the transaction spends an output of its script.
What it moves to the recipient are the outputs to that one's script, each a part of its own: of a transfer to oneself
the change comes back to the same account. Servers that tell a path of hashes from the id to the root in the block's
header must tell one that leads there.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from porlake import addresses, numbers, registry
from porlake.addresses import bitcoin as form
from porlake.chains._answers import BlockRef, Transfer, Unread
from porlake.chains._identity import hash_of
from porlake.chains._questions import reason_of
from porlake.chains.utxo.scripts import Transaction
from porlake.chains.utxo.scripts import transaction as read
from porlake.encoding.hashes import sha256d
from porlake.errors import BadAnswer, ChainError, RequestFailed, TooBig, Unavailable
from porlake.registry import Network, Token

NO_INDEX = "no_transaction_index"
COINBASE = "00" * 32  # what the first transaction of a block spends
DEEPEST = 32  # hashes from a transaction to the root: no block has more than 2^32 transactions


class Unindexed(Exception):
    """The node keeps no index of transactions: only where a block is named it looks for one."""


class Lookup(ABC):
    """What a client can beside that is told transactions by their id. `lookup`: as it stands in the answers."""

    lookup: str
    _network: Network

    @property
    @abstractmethod
    def _host(self) -> str: ...

    @abstractmethod
    def _check_chain(self) -> None: ...

    @abstractmethod
    def _raw(self, txid: str) -> bytes | None:
        """The bytes of a transaction; None where the server says that there is none. Raises Unindexed."""

    @abstractmethod
    def _place(self, found: Transaction) -> BlockRef | None:
        """The block of the chain that holds a transaction; None where none does yet."""

    def transfer(self, transaction: str, token: Token, sender: str, recipient: str) -> Transfer | Unread | None:
        """What a transaction moved of the coin from one account to another; None where the chain holds no such
        transaction. Raises BadAnswer, ChainError, TransportError.
        """
        if why := _not_told(self._network, token):
            return Unread(token.asset, sender, why)
        wanted = transaction.lower()
        if not _is_id(wanted):
            return None
        self._check_chain()
        try:
            raw = self._raw(wanted)
            found = None if raw is None else read(raw, wanted)
            at = None if found is None else self._place(found)
            if found is None or at is None:
                return None
            return self._moved(found, at, sender, recipient, self._spent(found))
        except Unindexed:
            return Unread(token.asset, sender, NO_INDEX)
        except (RequestFailed, TooBig, Unavailable) as error:
            return Unread(token.asset, sender, reason_of(error))

    def transfer_in(
        self, transaction: str, token: Token, sender: str, recipient: str, height: int
    ) -> Transfer | Unread | None:
        """As `transfer`, of a block of the chain; None where the block does not hold it, or is not there. Raises
        ChainError, TransportError.
        """
        return Unread(token.asset, sender, NO_INDEX)

    def _moved(self, found: Transaction, at: BlockRef, sender: str, recipient: str, spent: Iterable[bytes]) -> Transfer:
        """`spent`: the scripts whose outputs the transaction spends."""
        mine, theirs = (form.script(addresses.parse(self._network.network, text)) for text in (sender, recipient))
        parts = tuple(amount for amount, script in found.pays if script == theirs)
        is_between = bool(parts) and mine in spent
        return Transfer(sum(parts), is_between, True, at.height, at.hash, self.lookup, self._host, parts)

    def _spent(self, found: Transaction) -> Iterator[bytes]:
        """The scripts of what a transaction spends, by the transactions that made it, each asked for once."""
        known = dict[str, Transaction]()
        for txid, output in found.spends:
            if txid == COINBASE:
                continue
            if txid not in known:
                raw = self._raw(txid)
                if raw is None:
                    raise ChainError(f"{self._host}: it has no transaction {txid}, which one in a block spends")
                known[txid] = read(raw, txid)
            if output >= len(known[txid].pays):
                raise BadAnswer(f"{self._host}: {found.txid} spends an output that {txid} does not have")
            yield known[txid].pays[output][1]


def _not_told(network: Network, token: Token) -> str:
    """Why no transaction says what it moved of an asset; '' where it does."""
    if token.kind != "native":
        return "omni_layer" if token.kind == "omni" else "no_transaction_lookup"
    # where the header's double SHA-256 names a block, a transaction's names it too; others have forms of their own
    is_plain = registry.load().utxo_networks[network.network].header_hash == "sha256d"
    return "" if is_plain else "no_transaction_lookup"


def _is_id(text: str) -> bool:
    return len(text) == 64 and not text.strip("0123456789abcdef")


def check_path(txid: str, told: Any, root: bytes, what: str) -> None:
    """Whether hashes lead from a transaction to the root of a block, as `blockchain.transaction.get_merkle` of Electrum
    and Esplora's /tx/:txid/merkle-proof give them. Raises BadAnswer, ChainError.
    https://electrumx.readthedocs.io/en/latest/protocol-methods.html#blockchain-transaction-get-merkle
    """
    if not isinstance(told, dict) or not isinstance(told.get("merkle"), list) or len(told["merkle"]) > DEEPEST:
        raise BadAnswer(f"{what}: there are no hashes up to the root")
    hashes: Sequence[bytes] = [bytes.fromhex(hash_of(one, what=what))[::-1] for one in told["merkle"]]
    place = numbers.whole(told.get("pos"), what=what, most=2 ** len(hashes) - 1)
    node = bytes.fromhex(txid)[::-1]
    for depth, other in enumerate(hashes):
        node = sha256d(other + node) if place >> depth & 1 else sha256d(node + other)
    if node != root:
        raise ChainError(f"{what}: the hashes do not lead from {txid} to the root of the block")

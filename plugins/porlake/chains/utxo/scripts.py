"""What the readers of the Bitcoin family share: which script an address stands for, and transactions as they travel."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from porlake import addresses, registry
from porlake.addresses import bitcoin as form
from porlake.chains._answers import Unread, Wanted
from porlake.encoding.hashes import sha256d
from porlake.errors import BadAnswer, InvalidAddress
from porlake.registry import Network


@dataclass(frozen=True, slots=True)
class Watched:
    """A holding wanted, and the script that its address stands for; `key_hash` of a P2PKH address."""

    want: Wanted
    script: bytes
    key_hash: bytes | None


def watched(network: Network, wanted: Sequence[Wanted]) -> tuple[list[Watched], list[Unread]]:
    """What can be looked for among the coins, and the rest with its reason."""
    asked: list[Watched] = []
    unread: list[Unread] = []
    for want in wanted:
        found = _watched(network, want)
        if isinstance(found, Watched):
            asked.append(found)
        else:
            unread.append(found)
    return asked, unread


def _watched(network: Network, want: Wanted) -> Watched | Unread:
    if want.token.kind != "native":
        return Unread(want.asset, want.address, "omni_layer" if want.token.kind == "omni" else "token_not_in_utxo_set")
    try:
        address = addresses.parse(network.network, want.address)
    except InvalidAddress as error:
        return Unread(want.asset, want.address, error.code)
    constants = registry.load().utxo_networks[network.network]
    if address.kind in {f"witness_v{version}" for version in constants.hidden_witness.split()}:
        return Unread(want.asset, want.address, constants.hidden.split(":")[1])
    return Watched(want, form.script(address), address.payload if address.kind == "p2pkh" else None)


@dataclass(frozen=True, slots=True)
class Transaction:
    """`spends`: (txid, output) of each input; `pays`: (amount, script) of each output."""

    txid: str
    spends: tuple[tuple[str, int], ...]
    pays: tuple[tuple[int, bytes], ...]


def transaction(raw: bytes, txid: str) -> Transaction:
    """A transaction in the form of Bitcoin's wire, its witness left aside. Raises BadAnswer unless it hashes to its id.
    BIP-144.

    What follows the outputs before the lock time (witnesses, an extra payload) is only hashed where the id covers it.
    """
    read = _Reader(raw)
    read.take(4)
    flag = raw[5] if raw[4:5] == b"\0" and len(raw) > 5 else 0
    if flag:
        read.take(2)
    start = read.at
    spends = tuple(_input(read) for _ in range(read.count(41)))
    pays = tuple(_output(read) for _ in range(read.count(9)))
    # Without a flag all bytes are covered, an extra payload too.
    covered = raw[:4] + raw[start : read.at] + raw[-4:] if flag else raw
    if sha256d(covered)[::-1].hex() != txid:
        raise BadAnswer(f"the transaction given for {txid[:64]} is another one, or of a form that is not known")
    return Transaction(txid, spends, pays)


def _input(read: _Reader) -> tuple[str, int]:
    spent, output = read.take(32)[::-1].hex(), int.from_bytes(read.take(4), "little")
    read.take(read.count(1))
    read.take(4)
    return spent, output


def _output(read: _Reader) -> tuple[int, bytes]:
    amount = int.from_bytes(read.take(8), "little")
    return amount, read.take(read.count(1))


class _Reader:
    def __init__(self, data: bytes) -> None:
        self._data, self.at = data, 0

    def take(self, size: int) -> bytes:
        if self.at + size > len(self._data):
            raise BadAnswer("a transaction that ends early")
        self.at += size
        return self._data[self.at - size : self.at]

    def count(self, least: int) -> int:
        """A CompactSize of things of at least so many bytes each."""
        mark = self.take(1)[0]
        width = {0xFD: 2, 0xFE: 4, 0xFF: 8}.get(mark, 0)
        number = int.from_bytes(self.take(width), "little") if width else mark
        if number * least > len(self._data) - self.at:
            raise BadAnswer("a transaction that counts more than it holds")
        return number

"""Esplora, the index of Bitcoin and Litecoin behind blockstream.info, mempool.space and litecoinspace.org: one address
a request.

It says what an address holds now, and lists its transactions from the newest on with what each spends and pays. The
balance at a height is that of now without what happened since; an address of too many transactions since then is given
as it is at the tip (`head`). https://github.com/Blockstream/esplora/blob/master/API.md
"""

from __future__ import annotations

from typing import Any

from porlake import numbers
from porlake.chains._answers import BlockRef
from porlake.chains._identity import hash_of
from porlake.chains.utxo.address_index import AddressIndex, Now
from porlake.chains.utxo.scripts import Transaction, Watched
from porlake.chains.utxo.transfers import Lookup, check_path
from porlake.encoding.hashes import sha256d
from porlake.encoding.varint import compact_size, with_length
from porlake.errors import BadAnswer, ChainError, NotFound
from porlake.registry import Network
from porlake.transport import Endpoint, Recording

METHOD = "esplora"
PAGES = 40  # of 25 transactions


def open_client(network: Network, endpoint: Endpoint | None, recording: Recording) -> Client:
    return Client(network, endpoint, recording)


class Client(AddressIndex, Lookup):
    method, lookup = METHOD, "esplora_tx"

    def _block_at(self, height: int) -> BlockRef:
        return self._block(self._http.get(f"/blocks/{height}"), height)

    def _tip(self) -> BlockRef:
        return self._block(self._http.get("/blocks"), None)

    def _now(self, address: str) -> Now:
        answer = self._http.get(f"/address/{address}")
        what = f"{self._http.host}: the sums of an address"
        try:
            sums = answer["chain_stats"]
            paid, spent, count = (sums[name] for name in ("funded_txo_sum", "spent_txo_sum", "tx_count"))
        except (TypeError, LookupError) as error:
            raise BadAnswer(f"{what}: there are none") from error
        paid, spent = numbers.whole(paid, what=what), numbers.whole(spent, what=what)
        return Now(paid - spent, numbers.whole(count, what=what), (paid,))

    def _since(self, found: Watched, height: int) -> int | None:
        """Counted are outputs of the script itself. Transactions come from the newest on, each once."""
        change, last, top, seen = 0, "", numbers.HIGHEST, set[str]()
        for _ in range(PAGES):
            page = self._http.get(f"/address/{found.want.address}/txs/chain" + (f"/{last}" if last else ""))
            if not isinstance(page, list):
                raise BadAnswer(f"{self._http.host}: transactions that are no list")
            for transaction in page:
                at, last, added = self._transaction(transaction, found.script.hex())
                if at > top or last in seen:
                    raise BadAnswer(
                        f"{self._http.host}: transactions that are not in their order, or one that stands twice"
                    )
                if at <= height:
                    return change
                change, top = change + added, at
                seen.add(last)
            if not page:
                return change
        return None

    def _transaction(self, transaction: Any, script: str) -> tuple[int, str, int]:
        """(height, id, what it added to the script)."""
        what = f"{self._http.host}: a transaction"
        try:
            outputs = transaction["vout"]
            inputs = [spends["prevout"] for spends in transaction["vin"] if spends["prevout"] is not None]
            added = sum(numbers.whole(pays["value"], what=what) for pays in outputs if pays["scriptpubkey"] == script)
            taken = sum(numbers.whole(spent["value"], what=what) for spent in inputs if spent["scriptpubkey"] == script)
            return (
                numbers.height(transaction["status"]["block_height"], what=what),
                hash_of(transaction["txid"], what=what),
                added - taken,
            )
        except (TypeError, LookupError) as error:
            raise BadAnswer(f"{what} of another form") from error

    # --- one transaction ---
    @property
    def _host(self) -> str:
        return self._http.host

    def _raw(self, txid: str) -> bytes | None:
        """Its bytes on the wire, without the witness, made of its fields: they must hash to its id."""
        try:
            told = self._http.get(f"/tx/{txid}")
        except NotFound:
            return None
        what = f"{self._http.host}: a transaction"
        try:
            spends = [
                bytes.fromhex(hash_of(one["txid"], what=what))[::-1]
                + _word(one["vout"], what)
                + with_length(numbers.data(one["scriptsig"], what=what, prefix=""))
                + _word(one["sequence"], what)
                for one in told["vin"]
            ]
            pays = [
                numbers.whole(one["value"], what=what, most=2**63 - 1).to_bytes(8, "little")
                + with_length(numbers.data(one["scriptpubkey"], what=what, prefix=""))
                for one in told["vout"]
            ]
            version, lock = _version(told["version"], what), _word(told["locktime"], what)
        except (TypeError, LookupError) as error:
            raise BadAnswer(f"{what} of another form") from error
        parts = (version, compact_size(len(spends)), *spends, compact_size(len(pays)), *pays, lock)
        return b"".join(parts)

    def _place(self, found: Transaction) -> BlockRef | None:
        status, what = self._http.get(f"/tx/{found.txid}/status"), f"{self._http.host}: the block of a transaction"
        if not isinstance(status, dict) or type(status.get("confirmed")) is not bool:
            raise BadAnswer(f"{what}: it is not told")
        if not status["confirmed"]:
            return None
        height = numbers.height(status.get("block_height"), what=what)
        blocks = self._http.get(f"/blocks/{height}")
        at = self._block(blocks, height)
        if hash_of(status.get("block_hash"), what=what) != at.hash:
            raise ChainError(f"{what}: {found.txid} lies in another block {height:,} than the chain's")
        root = _root(blocks[0], at, what)
        check_path(found.txid, self._http.get(f"/tx/{found.txid}/merkle-proof"), root, what)
        return at

    def _block(self, answer: Any, height: int | None) -> BlockRef:
        what = f"{self._http.host}: a block"
        try:
            first = answer[0]
            number, name, seconds = first["height"], first["id"], first["timestamp"]
        except (TypeError, LookupError) as error:
            raise BadAnswer(f"{what} of another form") from error
        number = numbers.height(number, what=what)
        found = BlockRef(number, hash_of(name, what=what), numbers.moment(seconds, what=what))
        if height is not None and found.height != height:
            raise ChainError(f"{self._http.host}: gives block {found.height:,}, asked for was {height:,}")
        return found


def _word(value: Any, what: str) -> bytes:
    return numbers.whole(value, what=what, most=2**32 - 1).to_bytes(4, "little")


def _version(value: Any, what: str) -> bytes:
    """Some nodes tell it signed, some not."""
    return (numbers.whole(value, what=what, least=-(2**31), most=2**32 - 1) % 2**32).to_bytes(4, "little")


def _root(told: Any, at: BlockRef, what: str) -> bytes:
    """The root of a block's transactions, by its header, which must hash to the block's name."""
    try:
        root = bytes.fromhex(hash_of(told["merkle_root"], what=what))[::-1]
        before = told.get("previousblockhash") or "00" * 32  # the first block has none
        header = b"".join((
            _version(told["version"], what), bytes.fromhex(hash_of(before, what=what))[::-1], root,
            _word(told["timestamp"], what), _word(told["bits"], what), _word(told["nonce"], what),
        ))  # fmt: skip
    except (TypeError, LookupError, AttributeError) as error:
        raise BadAnswer(f"{what}: a block of another form") from error
    if sha256d(header)[::-1].hex() != at.hash:
        raise ChainError(f"{what}: the header of block {at.height:,} does not hash to its name")
    return root

"""The questions that are put to Koios (PostgREST over db-sync), and its answers typed. https://api.koios.rest

How many rows an answer has is told by its Content-Range: a list that was cut on the way is no answer. One that a page's
end cuts says nothing of it, and servers have pages of their own length: what must be whole is asked for until nothing
more comes, or with a row that stands last in it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from porlake import numbers
from porlake.chains._answers import BlockRef
from porlake.chains._identity import hash_of
from porlake.errors import BadAnswer, ChainError, RequestFailed, TooBig, TransportError, Unavailable
from porlake.registry import Network, Token
from porlake.transport import Endpoint, Http, Recording

MOST_LOVELACE = 45 * 10**15  # all ADA that there can be
PAGE = 1_000  # rows that Koios gives at once
SOME_TXS = 5  # of a block
TXS_AT_ONCE = 12  # hashes that fit into the 1 kB of a question without a key
_RANGE = re.compile(r"(?:\*|0-(?P<last>[0-9]{1,9}))/(?:\*|[0-9]{1,12})")
_ASSET = re.compile(r"(?P<policy>[0-9a-f]{56})\.(?P<name>(?:[0-9a-f]{2}){0,32})")

Outpoint = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Asset:
    """A native asset: the hash of its policy and its name, both in hexadecimal digits."""

    policy: str
    name: str


def asset_of(token: Token) -> Asset | None:
    """What `contract` names as `policy.name`; None where it is no such text."""
    match = _ASSET.fullmatch(token.contract)
    return Asset(match["policy"], match["name"]) if match else None


@dataclass(frozen=True, slots=True)
class Transaction:
    """What a transaction took: `inputs` by outpoint, with the address and the lovelace of each. Those of its collateral
    are among them, for they too were unspent when it was made.
    """

    hash: str
    height: int
    inputs: Mapping[Outpoint, tuple[str, int]]


class Koios:
    def __init__(self, network: Network, endpoint: Endpoint | None, recording: Recording) -> None:
        self._network = network
        self._http = Http(network.network, endpoint, recording, _refused)

    @property
    def host(self) -> str:
        return self._http.host

    # --- blocks ---
    def magic(self) -> int:
        """The number of the network."""
        (row,) = self._rows("/genesis?select=networkmagic", most=1, least=1)
        return numbers.whole(row.get("networkmagic"), what=f"{self.host}: genesis: networkmagic", most=2**32 - 1)

    def head(self) -> BlockRef:
        rows = self._rows("/blocks?select=hash,block_height,block_time&block_height=not.is.null"
                          "&order=block_height.desc&limit=1", most=1)  # fmt: skip
        if not rows:
            raise BadAnswer(f"{self.host}: blocks: none at all")
        return self._block(rows[0])

    def block(self, height: int) -> BlockRef:
        """Raises ChainError where there is none, or another is given."""
        rows = self._rows(f"/blocks?select=hash,block_height,block_time&block_height=eq.{height}", most=1)
        if not rows:
            raise ChainError(f"{self.host}: {self._network.name} has no block {height:,}")
        found = self._block(rows[0])
        if found.height != height:
            raise ChainError(f"{self.host}: asked for block {height:,}, it gave {found.height:,}")
        return found

    def used_up_to(self, height: int) -> tuple[BlockRef, list[str]]:
        """The last block up to a height that holds transactions, and some of them."""
        rows = self._rows("/blocks?select=hash,block_height,block_time&tx_count=gt.0"
                          f"&block_height=lte.{height}&order=block_height.desc&limit=1", most=1)  # fmt: skip
        if not rows:
            raise BadAnswer(f"{self.host}: blocks: none with transactions up to {height:,}")
        block = self._block(rows[0])
        if block.height > height:
            raise BadAnswer(f"{self.host}: blocks: {block.height:,} is not among those up to {height:,}")
        body = {"_block_hashes": [block.hash]}
        path = f"/block_txs?select=block_hash,tx_hash&order=tx_hash.asc&limit={SOME_TXS}"
        found = self._rows(path, body, SOME_TXS, 1)
        if any(row.get("block_hash") != block.hash for row in found):
            raise BadAnswer(f"{self.host}: block_txs: transactions of another block than {block.height:,}")
        return block, [self._hash(row.get("tx_hash"), "block_txs") for row in found]

    def touched(self, txs: Sequence[str]) -> dict[str, tuple[list[str], frozenset[str]]]:
        """By transaction: the addresses that it pays, each once, and all that it touches."""
        path = "/tx_info?select=tx_hash,inputs,collateral_inputs,outputs,collateral_output&order=tx_hash.asc"
        found = dict[str, tuple[list[str], frozenset[str]]]()
        for row in self._rows(path, {"_tx_hashes": list(txs), "_inputs": True}, len(txs), len(txs)):
            places = {
                name: [self._address(one, "tx_info") for one in self._entries(row, name)]
                for name in ("inputs", "collateral_inputs", "outputs")
            }
            if (returned := row.get("collateral_output")) is not None:
                places["returned"] = [self._address(returned, "tx_info")]
            every = frozenset(address for some in places.values() for address in some)
            found[self._hash(row.get("tx_hash"), "tx_info")] = list(dict.fromkeys(places["outputs"])), every
        if found.keys() != set(txs) or not all(paid for paid, _ in found.values()):
            raise BadAnswer(f"{self.host}: tx_info: not of the transactions that were asked for")
        return found

    # --- what lies at addresses ---
    def balances(self, addresses: Sequence[str]) -> dict[str, int]:
        """Lovelace by address; of an address that nobody ever used nothing."""
        rows = self._rows("/address_info?select=address,balance", {"_addresses": list(addresses)}, len(addresses))
        return self._by_address(
            "address_info",
            addresses,
            rows,
            lambda row: self._lovelace(row, "balance", "address_info"),
        )

    def held(self, asset: Asset, addresses: Sequence[str]) -> dict[str, int]:
        """Of a native asset by address; of an address that holds none of it nothing."""
        path = (
            "/address_assets?select=address,policy_id,asset_name,quantity"
            f"&policy_id=eq.{asset.policy}&asset_name=eq.{asset.name}"
        )

        def quantity(row: Mapping[str, Any]) -> int:
            if (row.get("policy_id"), row.get("asset_name")) != (asset.policy, asset.name):
                raise BadAnswer(f"{self.host}: address_assets: another asset than the one that was asked for")
            return self._quantity(row)

        rows = self._rows(path, {"_addresses": list(addresses)}, len(addresses))
        return self._by_address("address_assets", addresses, rows, quantity)

    def holder(self, asset: Asset) -> str:
        """An address that holds some of a native asset."""
        path = (
            f"/asset_addresses?_asset_policy={asset.policy}&_asset_name={asset.name}"
            "&select=payment_address&order=payment_address.asc&limit=1"
        )
        rows = self._rows(path, most=1)
        if not rows or not isinstance(rows[0].get("payment_address"), str):
            raise BadAnswer(f"{self.host}: asset_addresses: nobody holds any of it")
        return str(rows[0]["payment_address"])

    def decimals(self, asset: Asset) -> int | None:
        """As the token registry of Cardano's foundation tells; None where it does not know the asset."""
        path, body = "/asset_info?select=policy_id,asset_name,token_registry_metadata", {
            "_asset_list": [[asset.policy, asset.name]]
        }  # fmt: skip
        for row in self._rows(path, body, most=1):
            told = row.get("token_registry_metadata")
            if isinstance(told, dict) and told.get("decimals") is not None:
                return numbers.whole(told["decimals"], what=f"{self.host}: asset_info: decimals", most=255)
        return None

    # --- what happened at them ---
    def since(self, addresses: Sequence[str], height: int) -> dict[str, int] | None:
        """Hashes of the transactions that touch some addresses in blocks from `height` on, with their heights, the
        oldest first; None where there are a page or more.

        A node that has not come to that height tells none at all, and one whose pages are short leaves the last out: a
        transaction of a late block is asked for with them, and must be there.
        """
        path = f"/address_txs?select=tx_hash,block_height&order=block_height.asc&limit={PAGE}"
        body = {"_addresses": list(addresses), "_after_block_height": height}
        rows = self._rows(path, body)
        if len(rows) == PAGE:
            return None
        what, found = f"{self.host}: address_txs: block_height", dict[str, int]()
        for row in rows:
            tx = self._hash(row.get("tx_hash"), "address_txs")
            if tx in found:
                raise BadAnswer(f"{self.host}: address_txs: a transaction stands twice")
            found[tx] = numbers.height(row.get("block_height"), what=what, least=height)
        return found

    def coins(self, address: str, height: int, pages: int) -> dict[Outpoint, int] | None:
        """Lovelace in what is unspent now of the outputs of blocks up to a height; None where it is more than so many
        pages.

        A page begins behind the last outpoint of the one before it, so that what is spent between two moves nothing.
        """
        found, after = dict[Outpoint, int](), ""
        path = (
            "/address_utxos?select=address,tx_hash,tx_index,value,block_height"
            f"&block_height=lte.{height}&order=tx_hash.asc,tx_index.asc&limit={PAGE}"
        )
        for _ in range(pages):
            rows = self._rows(path + after, {"_addresses": [address]})
            if not rows:
                return found
            for row in rows:
                if row.get("address") != address:
                    raise BadAnswer(f"{self.host}: address_utxos: another address than the one that was asked for")
                numbers.whole(row.get("block_height"), what=f"{self.host}: address_utxos: block_height", most=height)
                point = self._outpoint(row, "address_utxos")
                if point in found:
                    raise BadAnswer(f"{self.host}: address_utxos: an output stands twice")
                found[point] = self._lovelace(row, "value", "address_utxos")
            tx, index = max(found)
            after = f"&or=(tx_hash.gt.{tx},and(tx_hash.eq.{tx},tx_index.gt.{index}))"
        return None

    def transactions(self, hashes: Sequence[str]) -> Iterator[Transaction]:
        """What transactions took, of each one. Raises BadAnswer where one is missing, or takes other lovelace than it
        gives.
        """
        path = (
            "/tx_info?select=tx_hash,block_height,inputs,collateral_inputs,withdrawals,total_output,fee,deposit"
            "&order=tx_hash.asc"
        )
        for start in range(0, len(hashes), TXS_AT_ONCE):
            some = hashes[start : start + TXS_AT_ONCE]
            body = {"_tx_hashes": list(some), "_inputs": True, "_withdrawals": True}
            found = [self._transaction(row) for row in self._rows(path, body, len(some), len(some))]
            if {one.hash for one in found} != set(some):
                raise BadAnswer(f"{self.host}: tx_info: not of the transactions that were asked for")
            yield from found

    def _transaction(self, row: Mapping[str, Any]) -> Transaction:
        taken = {name: self._entries(row, name) for name in ("inputs", "collateral_inputs", "withdrawals")}
        inputs = {
            self._outpoint(one, "tx_info"): (self._address(one, "tx_info"), self._lovelace(one, "value", "tx_info"))
            for name in ("inputs", "collateral_inputs")
            for one in taken[name]
        }
        comes = sum(self._lovelace(one, "value", "tx_info") for one in taken["inputs"])
        comes += sum(self._lovelace(one, "amount", "tx_info") for one in taken["withdrawals"])
        deposit = numbers.whole(
            row.get("deposit"), what=f"{self.host}: tx_info: deposit", least=-MOST_LOVELACE, most=MOST_LOVELACE
        )
        goes = sum(self._lovelace(row, name, "tx_info") for name in ("total_output", "fee")) + deposit
        if comes != goes:  # a list of inputs that is not whole, or a script that failed
            raise BadAnswer(f"{self.host}: tx_info: a transaction takes {comes:,} lovelace and gives {goes:,}")
        height = numbers.height(row.get("block_height"), what=f"{self.host}: tx_info: block_height")
        return Transaction(self._hash(row.get("tx_hash"), "tx_info"), height, inputs)

    # --- parts of answers ---
    def _block(self, row: Mapping[str, Any]) -> BlockRef:
        what = f"{self.host}: blocks"
        return BlockRef(
            numbers.height(row.get("block_height"), what=what),
            self._hash(row.get("hash"), "blocks"),
            numbers.moment(row.get("block_time"), what=what),
        )

    def _hash(self, value: object, name: str) -> str:
        return hash_of(value, what=f"{self.host}: {name}: a hash")

    def _address(self, entry: object, name: str) -> str:
        place = entry.get("payment_addr") if isinstance(entry, dict) else None
        found = place.get("bech32") if isinstance(place, dict) else None
        if not isinstance(found, str) or not found:
            raise BadAnswer(f"{self.host}: {name}: an output of no address")
        return found

    def _outpoint(self, row: Mapping[str, Any], name: str) -> Outpoint:
        index = numbers.whole(row.get("tx_index"), what=f"{self.host}: {name}: tx_index", most=2**16 - 1)
        return self._hash(row.get("tx_hash"), name), index

    def _lovelace(self, row: Mapping[str, Any], name: str, question: str) -> int:
        return numbers.whole(row.get(name), what=f"{self.host}: {question}: {name}", most=MOST_LOVELACE)

    def _entries(self, row: Mapping[str, Any], name: str) -> list[dict[str, Any]]:
        """A list within a row; none where it is null."""
        found = row.get(name)
        if not isinstance(found, list | None) or not all(isinstance(one, dict) for one in found or []):
            raise BadAnswer(f"{self.host}: {name} that are no list")
        return found or []

    def _quantity(self, row: Mapping[str, Any]) -> int:
        return numbers.whole(row.get("quantity"), what=f"{self.host}: quantity")

    def _by_address(self, name: str, addresses: Sequence[str], rows: list[dict[str, Any]], read: Any) -> dict[str, int]:
        """Rows come in any order, and of addresses that are not known none comes."""
        wanted, found = set(addresses), dict[str, int]()
        for row in rows:
            address = row.get("address")
            if not isinstance(address, str) or address not in wanted or address in found:
                raise BadAnswer(f"{self.host}: {name}: an address that was not asked for, or one that stands twice")
            found[address] = read(row)
        return found

    # --- questions ---
    def _rows(
        self, path: str, body: Mapping[str, Any] | None = None, most: int = PAGE, least: int = 0
    ) -> list[dict[str, Any]]:
        """The rows of one answer, as many as it says.
        https://postgrest.org/en/stable/references/api/pagination_count.html
        """
        name, found = path.partition("?")[0], self._http.ask("GET" if body is None else "POST", path, body)
        rows, match = found.body, _RANGE.fullmatch(str(found.headers.get("content-range", "")))
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            raise BadAnswer(f"{self.host}: {name}: the answer is no list of rows")
        if match is None or len(rows) != int(match["last"] or -1) + 1:
            raise BadAnswer(f"{self.host}: {name}: not as many rows as the answer says that it has")
        if not least <= len(rows) <= most:
            raise BadAnswer(f"{self.host}: {name}: {len(rows):,} rows, not {least:,} to {most:,}")
        return rows


def _refused(host: str, path: str, answer: Any) -> None:
    """PostgREST tells an error as {"code", "message", "details", "hint"}; 57014 is a statement that took too long."""
    if not isinstance(answer, dict) or "message" not in answer:
        return
    name, code, said = path.partition("?")[0], str(answer.get("code", ""))[:10], str(answer["message"])[:200]
    kind: type[TransportError] = {"57014": TooBig, "PGRST202": Unavailable}.get(code, RequestFailed)
    raise kind(f"{host}: {name}: {said} ({code})")

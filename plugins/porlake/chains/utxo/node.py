"""Bitcoin and its family. Who is asked is said by the endpoint's scheme, and what each can say about a past height:

    http(s)://              a node like Bitcoin Core: `scantxoutset` sums the coins of all watched scripts in one pass,
                            at the tip alone
    electrum+ssl://, +tcp   an Electrum server: any height, by the histories of the scripts (electrum.py)
    esplora+https://        Esplora (Bitcoin, Litecoin): any height, by walking back from the tip (esplora.py)
    blockbook+https://      Blockbook: any height, by walking back from the tip (blockbook.py)
    insight+https://        Insight, of Dash and Decred: any height, by walking back from the tip (insight.py)
    qtuminfo+https://       qtum.info: any height, by the balances after each transaction (qtuminfo.py)
    addressindex+http://    a node with an index by address: any height, by what was added (address_deltas.py)

Beside any of them, or alone, a dump of all coins at the height (dump.py): a file that is there, or that the node is
asked to write. Only a reading of the snapshot block itself is `exact`; a scan whose tip is another block is `head`,
with the block that was really read.
https://developer.bitcoin.org/reference/rpc/scantxoutset.html
"""

from __future__ import annotations

import hashlib
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from contextlib import AbstractContextManager, suppress
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, BinaryIO, Protocol

from porlake import numbers, registry
from porlake.chains._answers import BlockRef, Coin, Reading, Transfer, Unread, Wanted
from porlake.chains._columns import OneByOne
from porlake.chains._family import Dump
from porlake.chains._identity import check_chain, hash_of
from porlake.chains._questions import asked_once
from porlake.chains.utxo import blockbook, electrum, esplora, insight, qtuminfo
from porlake.chains.utxo import dump as utxo_dump
from porlake.chains.utxo.errors import NODE_ERRORS
from porlake.chains.utxo.scripts import Transaction, Watched, watched
from porlake.chains.utxo.scripts import transaction as read_transaction
from porlake.chains.utxo.times import MedianTimes
from porlake.chains.utxo.transfers import COINBASE, NO_INDEX, Lookup, Unindexed
from porlake.errors import (
    BadAnswer,
    BadDump,
    ChainError,
    ConfigurationError,
    NodeBehind,
    NotRecorded,
    RequestFailed,
    TimedOut,
    TooBig,
    TransportError,
    Unavailable,
)
from porlake.progress import Tell, silent
from porlake.registry import Network, Token
from porlake.transport import Endpoint, JsonRpc, Recording, streamed

METHOD = "scantxoutset"
CHUNK = 100_000  # descriptors in one request: 8 MB at most of the node's 32 MiB
SCANS = 3
# a scan of the main network takes minutes, of a slow disk hours; the node says by `status` that it goes on
SCAN_SECONDS = 6 * 3600.0
POLL_SECONDS = 5.0
STALLED_SECONDS = 900.0  # a scan, ours or somebody else's, that has not moved for so long does not end
BUSY_SECONDS = 3.0
DUMP_SECONDS = 12 * 3600.0  # how long a node may be silent while it goes back to the height and writes
BAD_DESCRIPTOR, IN_PROGRESS, NO_SUCH_USE = -5, -8, -1
#: getrawtransaction: of a transaction that is not found, and with its previous outputs (Bitcoin Core 25 and later)
NOT_FOUND, OUT_OF_RANGE, WITH_SPENT = -5, -8, 2


class _Blocks(Protocol):
    def block(self, height: int) -> BlockRef: ...
    def head(self) -> BlockRef: ...
    def balances(self, wanted: Sequence[Wanted], at: BlockRef) -> Iterator[Reading | Unread]: ...


def _indexed_node(network: Network, endpoint: Endpoint | None, recording: Recording, tell: Tell) -> _Blocks:
    from porlake.chains.utxo.address_deltas import Client as IndexedNode  # which is a node beside

    return IndexedNode(network, endpoint, recording, tell)


_KINDS: Mapping[str, Callable[[Network, Endpoint | None, Recording, Tell], _Blocks]] = {
    "": lambda network, endpoint, recording, tell: Client(network, endpoint, recording, tell),
    "electrum": lambda network, endpoint, recording, _: electrum.open_client(network, endpoint, recording),
    "esplora": lambda network, endpoint, recording, _: esplora.open_client(network, endpoint, recording),
    "blockbook": lambda network, endpoint, recording, _: blockbook.open_client(network, endpoint, recording),
    "insight": lambda network, endpoint, recording, _: insight.open_client(network, endpoint, recording),
    "qtuminfo": lambda network, endpoint, recording, _: qtuminfo.open_client(network, endpoint, recording),
    "addressindex": _indexed_node,
}


def open_client(
    network: Network, endpoint: Endpoint | None, recording: Recording, dump: Dump | None = None, tell: Tell = silent
) -> _Blocks:
    """The client that the endpoint's scheme names; a recording knows which one made it."""
    kind, alone = endpoint.kind if endpoint else "", endpoint is None
    if recording.replays or kind or dump:
        kind, alone, dump = _recorded(network, recording, kind, alone, dump)
    if kind not in _KINDS:
        raise ConfigurationError(f"{network.network}: no client asks an endpoint of the kind {kind!r}")
    asked = None if alone else _KINDS[kind](network, endpoint, recording, tell)
    if dump is not None:
        kind_of = DumpClient if asked is None else LookingDump if isinstance(asked, Lookup) else DatedDump
        return kind_of(network, dump, asked, recording)
    if asked is None:
        raise ConfigurationError(f"{network.network}: no endpoint is configured")
    return asked


def _recorded(
    network: Network, recording: Recording, kind: str, alone: bool, dump: Dump | None
) -> tuple[str, bool, Dump | None]:
    """Who is asked, as the recording says it. A node alone is recorded without a word. Where a dump lay is nobody's
    business later on.
    """
    asked = {
        "kind": kind,
        "alone": alone,
        "dump": {"hashes": list(dump.hashes), "outpoints": dump.outpoints} if dump else None,
    }
    try:
        known, _ = recording.answer(network.network, "client", None, "", lambda: asked, once=True)
    except NotRecorded:
        return "", False, None
    if recording.replays and known["dump"]:
        dump = Dump("", hashes=tuple(known["dump"]["hashes"]), outpoints=known["dump"]["outpoints"])
    return (known["kind"], known["alone"], dump) if recording.replays else (kind, alone, dump)


def coins(client: object) -> Iterator[Coin]:
    return iter(client.coins if isinstance(client, DumpClient) else ())


class Client(OneByOne, MedianTimes, Lookup):
    """A node like Bitcoin Core."""

    lookup = "getrawtransaction"

    def __init__(self, network: Network, endpoint: Endpoint | None, recording: Recording, tell: Tell = silent) -> None:
        self._network, self._endpoint, self._recording, self._tell = network, endpoint, recording, tell
        self._rpc = JsonRpc(network.network, endpoint, recording, NODE_ERRORS)

    def block(self, height: int) -> BlockRef:
        """Raises RequestFailed for a height above the tip, ChainError, TransportError."""
        self._check_chain()
        return self._header(self._hash_at(height), height)

    def head(self) -> BlockRef:
        self._check_chain()
        return self._header(
            hash_of(self._rpc.call("getbestblockhash", []), what=f"{self._rpc.host}: getbestblockhash"), None
        )

    def _hash_at(self, height: int) -> str:
        return hash_of(self._rpc.call("getblockhash", [height]), what=f"{self._rpc.host}: getblockhash")

    @asked_once
    def _check_chain(self) -> None:
        check_chain(self._network, self._rpc.host, self._hash_at)

    # --- the coins at the tip ---
    def balances(self, wanted: Sequence[Wanted], at: BlockRef) -> Iterator[Reading | Unread]:
        """One answer for each holding wanted; a script without coins holds zero. Raises ChainError, TransportError."""
        asked, unread = watched(self._network, wanted)
        yield from unread
        if not asked:
            return
        self._check_chain()
        held, refused, read = self._scan(sorted({found.script.hex() for found in asked}), asked[0].want.token.decimals)
        as_of = "exact" if read.hash == at.hash else "head"
        for found in asked:
            want, script = found.want, found.script.hex()
            if script in refused:
                yield Unread(want.asset, want.address, "refused_by_node")
            else:
                yield Reading(want.asset, want.address, "total", held[script], read, as_of, METHOD, self._rpc.host)

    def _scan(self, scripts: list[str], scale: int) -> tuple[dict[str, int], set[str], BlockRef]:
        """Base units by script, scripts that the node refuses, and the tip that was scanned. All chunks see one tip, or
        the scan begins anew.
        """
        for _ in range(SCANS):
            held: dict[str, int] = defaultdict(int)
            refused, tips = set[str](), set[str]()
            for start in range(0, len(scripts), CHUNK):
                self._scan_chunk(scripts[start : start + CHUNK], scale, held, refused, tips)
            if len(tips) == 1:
                return held, refused, self._header(tips.pop(), None)
            if not tips:
                return held, refused, self.head()
        raise ChainError(f"{self._rpc.host}: the tip moved in each of {SCANS} scans")

    def _scan_chunk(
        self, scripts: list[str], scale: int, held: dict[str, int], refused: set[str], tips: set[str]
    ) -> None:
        """A body that is too big is halved; so is one with a descriptor that the node refuses, until that stands
        alone.
        """
        try:
            answer = self._started(scripts)
        except TooBig:
            if len(scripts) == 1:
                raise
        except RequestFailed as error:
            if error.code != BAD_DESCRIPTOR:
                raise
            if len(scripts) == 1:
                refused.add(scripts[0])
                return
        else:
            tips.add(self._added(answer, set(scripts), scale, held))
            return
        middle = len(scripts) // 2
        self._scan_chunk(scripts[:middle], scale, held, refused, tips)
        self._scan_chunk(scripts[middle:], scale, held, refused, tips)

    def _started(self, scripts: list[str]) -> Any:
        """A node does one scan at a time: where somebody else's is under way, ours waits for as long as that one
        moves.
        """
        watch = _Watch()
        while True:
            try:
                return self._scanned([f"raw({script})" for script in scripts])
            except RequestFailed as error:
                if error.code != IN_PROGRESS or "progress" not in str(error):
                    raise
            if not self._recording.replays:
                time.sleep(BUSY_SECONDS)
                if watch.stalled(self._progress()):
                    raise TransportError(f"{self._rpc.host}: scantxoutset: another scan does not end")

    def _scanned(self, descriptors: list[str]) -> Any:
        """One scan, however long it takes. Where it is given up the node is told so, or it would go on and refuse the
        next one.
        """
        rpc = self._patient(SCAN_SECONDS, self._recording)
        if self._recording.replays:
            return rpc.call("scantxoutset", ["start", descriptors])
        scan: Future[Any] = Future()

        def start() -> None:
            try:
                scan.set_result(rpc.call("scantxoutset", ["start", descriptors]))
            except BaseException as error:  # noqa: BLE001 - whoever waits for the scan gets it
                scan.set_exception(error)

        threading.Thread(target=start, name=f"scantxoutset {self._rpc.host}", daemon=True).start()
        try:
            return self._attended(scan)
        except (RequestFailed, TooBig):
            raise  # refused: none of ours is under way
        except BaseException:
            with suppress(TransportError):
                self._patient(POLL_SECONDS, Recording.off()).call("scantxoutset", ["abort"])
            raise

    def _attended(self, scan: Future[Any]) -> Any:
        """The answer of a scan. Raises TimedOut where the node no longer says that it moves."""
        watch = _Watch()
        while True:
            try:
                return scan.result(timeout=POLL_SECONDS)
            except TimeoutError:
                percent = self._progress()
            if percent is not None:
                self._tell(f"scan of {self._network.network}, percent", percent, 100)
            if watch.stalled(percent):
                raise TimedOut(f"{self._rpc.host}: scantxoutset: has not moved for {STALLED_SECONDS:,.0f} s")

    def _progress(self) -> int | None:
        """Percent of the scan that is under way; None where there is none, or the node does not say. Never recorded: it
        changes no answer.
        """
        try:
            progress = self._patient(POLL_SECONDS, Recording.off()).call("scantxoutset", ["status"])
            return (
                numbers.whole(progress["progress"], what="progress", most=100)
                if isinstance(progress, dict) and "progress" in progress
                else None
            )
        except TransportError:
            return None

    def _patient(self, seconds: float, recording: Recording) -> JsonRpc:
        place = replace(self._endpoint, timeout=seconds, tries=1) if self._endpoint else None
        return JsonRpc(self._network.network, place, recording, NODE_ERRORS)

    def _added(self, answer: Any, scripts: set[str], scale: int, held: dict[str, int]) -> str:
        what = f"{self._rpc.host}: scantxoutset"
        if (
            not isinstance(answer, dict)
            or answer.get("success") is not True
            or not isinstance(answer.get("unspents"), list)
        ):
            raise BadAnswer(f"{what}: the scan did not end")
        seen = set[tuple[str, int]]()
        for coin in answer["unspents"]:
            if not isinstance(coin, dict) or coin.get("scriptPubKey") not in scripts:
                raise BadAnswer(f"{what}: a coin of a script that was not asked for")
            place = hash_of(coin.get("txid"), what=what), numbers.whole(coin.get("vout"), what=what, most=2**32 - 1)
            if place in seen:
                raise BadAnswer(f"{what}: a coin that stands twice")
            seen.add(place)
            # The RPC prints whole coins; this is its wire format, not our scale.
            held[coin["scriptPubKey"]] += numbers.base_units(coin.get("amount"), what=what, scale=scale)
        return hash_of(answer.get("bestblock"), what=what)

    def _header(self, block_hash: str, height: int | None) -> BlockRef:
        header, what = self._rpc.call("getblockheader", [block_hash]), f"{self._rpc.host}: getblockheader"
        if (
            not isinstance(header, dict)
            or header.get("hash") != block_hash
            or (height is not None and header.get("height") != height)
        ):
            raise ChainError(f"{what} does not give the block that was asked for")
        return BlockRef(
            numbers.height(header.get("height"), what=what), block_hash, numbers.moment(header.get("time"), what=what)
        )

    # --- one transaction ---
    @property
    def _host(self) -> str:
        return self._rpc.host

    def _raw(self, txid: str) -> bytes | None:
        told = self._told(txid)
        return told and told[0]

    def _place(self, found: Transaction) -> BlockRef | None:
        told = self._told(found.txid)
        if told is None or told[1] is None:
            return None
        at = self._header(told[1], None)
        if self._hash_at(at.height) != at.hash:
            raise ChainError(f"{self._rpc.host}: {found.txid} lies in another block {at.height:,} than the chain's")
        return at

    def _told(self, txid: str) -> tuple[bytes, str | None] | None:
        """(bytes, the block's hash or None in no block yet) of a transaction; None where the node knows of none. Raises
        Unindexed where it only knows of those in no block yet.
        """
        what = f"{self._rpc.host}: getrawtransaction"
        try:
            told = self._rpc.call("getrawtransaction", [txid, 1])
        except RequestFailed as error:
            if error.code != NOT_FOUND:
                raise
            if "no such mempool or blockchain transaction" in str(error).lower():
                return None
            if "indexed" in str(error):
                raise NodeBehind(str(error)) from error
            raise Unindexed from error
        if not isinstance(told, dict):
            raise BadAnswer(f"{what}: the answer is no transaction")
        block = told.get("blockhash")
        return _bytes(told, what), None if block is None else hash_of(block, what=what)

    def transfer_in(
        self, transaction: str, token: Token, sender: str, recipient: str, height: int
    ) -> Transfer | Unread | None:
        """As `transfer`, of a block of the chain, where the node keeps no index of transactions: it knows what those of
        a block spend. None where the block does not hold it, or is not there. Raises ChainError, TransportError.
        """
        self._check_chain()
        what = f"{self._rpc.host}: getrawtransaction"
        try:
            at = self.block(height)
            told = self._rpc.call("getrawtransaction", [transaction.lower(), WITH_SPENT, at.hash])
        except RequestFailed as error:
            if error.code not in (NOT_FOUND, OUT_OF_RANGE):
                raise
            return None
        if not isinstance(told, dict) or told.get("blockhash") != at.hash:
            raise BadAnswer(f"{what}: the answer is of another block than was asked for")
        found = read_transaction(_bytes(told, what), transaction.lower())
        try:
            spent = {
                (spends["txid"], spends["vout"]): numbers.data(
                    spends["prevout"]["scriptPubKey"]["hex"], what=what, prefix=""
                )
                for spends in told["vin"]
                if "prevout" in spends
            }
        except (TypeError, LookupError) as error:
            raise BadAnswer(f"{what}: what is spent is of another form") from error
        if any(coin not in spent for coin in found.spends if coin[0] != COINBASE):
            return Unread(token.asset, sender, NO_INDEX)  # an older node, which tells no previous outputs
        return self._moved(found, at, sender, recipient, spent.values())

    # --- the coins at a height ---
    def write_dump(self, path: str, at: BlockRef) -> dict[str, str]:
        """Have the node write all coins at a block into a file on its machine; the hash that it gives, by name. Raises
        TransportError, BadDump.
        """
        written = self._dumped(self._patient(DUMP_SECONDS, self._recording), path, at)
        if not isinstance(written, dict) or written.get("base_hash") != at.hash:
            raise BadDump(f"{self._rpc.host}: dumptxoutset wrote the coins of another block than {at.height:,}")
        return {"hash_serialized_3": written["txoutset_hash"]} if isinstance(written.get("txoutset_hash"), str) else {}

    def _dumped(self, rpc: JsonRpc, path: str, at: BlockRef) -> Any:
        """Nodes before `rollback` write the tip alone, and the oldest take no second word."""
        if self.head().hash != at.hash:
            return rpc.call("dumptxoutset", [path, "", {"rollback": at.height}])
        try:
            return rpc.call("dumptxoutset", [path, "latest"])
        except RequestFailed as error:
            if error.code != NO_SUCH_USE:
                raise
            return rpc.call("dumptxoutset", [path])

    def muhash(self, at: BlockRef) -> str:
        """The hash of all coins at a block, which a node with -coinstatsindex knows for every height."""
        answer = self._rpc.call("gettxoutsetinfo", ["muhash", at.height])
        if (
            not isinstance(answer, dict)
            or answer.get("bestblock") != at.hash
            or not isinstance(answer.get("muhash"), str)
        ):
            raise ChainError(f"{self._rpc.host}: gettxoutsetinfo does not speak of the block that was asked for")
        return str(answer["muhash"])


def _bytes(told: dict[str, Any], what: str) -> bytes:
    return numbers.data(told.get("hex"), what=f"{what}: hex", prefix="")


class _Watch:
    """Whether a scan still moves, by what the node says of it."""

    def __init__(self) -> None:
        self._percent, self._moved = -1, time.monotonic()

    def stalled(self, percent: int | None) -> bool:
        if percent is not None and percent != self._percent:
            self._percent, self._moved = percent, time.monotonic()
        return time.monotonic() - self._moved >= STALLED_SECONDS


class DumpClient(OneByOne):
    """All coins at the height, from a file; blocks from the endpoint, where there is one."""

    def __init__(self, network: Network, dump: Dump, asked: _Blocks | None, recording: Recording) -> None:
        self._network, self._dump, self._asked, self._recording = network, dump, asked, recording
        self.coins: list[Coin] = []

    def block(self, height: int) -> BlockRef:
        """Without an endpoint the file says which block it is of, and its highest coin at which height. Raises
        ChainError, TransportError.
        """
        if self._asked is not None:
            return self._asked.block(height)

        def ask() -> str:
            with self._opened(height) as stream:
                return utxo_dump.header(stream).block

        return BlockRef(
            height,
            self._recording.answer(self._network.network, "utxo_set_block", height, self._source(height), ask)[0],
            None,
        )

    def head(self) -> BlockRef:
        if self._asked is None:
            raise ConfigurationError(f"{self._network.network}: no endpoint is configured")
        return self._asked.head()

    def balances(self, wanted: Sequence[Wanted], at: BlockRef) -> Iterator[Reading | Unread]:
        """One answer for each holding wanted, and its component `p2pk` where coins were paid to the bare key. Raises
        ChainError, TransportError.
        """
        asked, unread = watched(self._network, wanted)
        yield from unread
        if not asked:
            return
        scripts = sorted({found.script for found in asked})
        keys = frozenset(found.key_hash for found in asked if found.key_hash is not None)
        content, source = self._content(scripts, keys, at)
        method = "utxo_set_proved" if content["proved"] else "utxo_set"
        for found in asked:
            want, script = found.want, found.script.hex()
            yield Reading(
                want.asset, want.address, "total", content["sums"].get(script, 0), at, "exact", method, source
            )
            if found.key_hash is not None and (bare := content["bare_keys"].get(found.key_hash.hex())):
                yield Reading(want.asset, want.address, "p2pk", bare, at, "exact", method, source)
        self._keep(asked, content["outpoints"])

    def _keep(self, asked: list[Watched], outpoints: list[dict[str, Any]]) -> None:
        wants: dict[str, Wanted] = {found.script.hex(): found.want for found in asked}
        for coin in outpoints:
            want = wants[coin["script"]]
            self.coins.append(
                Coin(
                    want.asset, want.address,
                    coin["txid"], coin["vout"], coin["amount"], coin["height"], coin["coinbase"],
                )
            )  # fmt: skip

    def _content(self, scripts: list[bytes], keys: frozenset[bytes], at: BlockRef) -> tuple[dict[str, Any], str]:
        """What a recording keeps of a dump: the file itself may be gone when it replays."""
        digest = hashlib.sha256(b"".join(len(script).to_bytes(2, "big") + script for script in scripts)).hexdigest()
        question = {
            "block": at.hash,
            "scripts": digest,
            "hashes": sorted(self._dump.hashes),
            "outpoints": self._dump.outpoints,
        }
        return self._recording.answer(
            self._network.network,
            "utxo_set",
            question,
            self._source(at.height),
            lambda: self._read_dump(scripts, keys, at),
        )

    def _read_dump(self, scripts: list[bytes], keys: frozenset[bytes], at: BlockRef) -> dict[str, Any]:
        published = self._published(at)
        written = {} if self._is_there(at.height) else self._asked_for(at)
        with self._opened(at.height) as stream:
            found = utxo_dump.header(stream)
            self._check(found, at, bool(published))
            options = {"hashes": sorted({*published, *written}), "key_hashes": keys, "outpoints": self._dump.outpoints}
            bits = registry.load().utxo_networks[self._network.network].dump_height_bits
            contents = _all(stream, scripts, found, self._source(at.height), height_bits=bits, **options)
        if contents.highest > at.height or (self._asked is None and contents.highest != at.height):
            raise BadDump(
                f"{self._source(at.height)}: its highest coin stands at {contents.highest:,}, asked for was height "
                f"{at.height:,}"
            )
        # what the node wrote is what arrived; it proves nothing that the node did not say itself
        utxo_dump.proved(contents, written)
        return {
            "sums": {script.hex(): amount for script, amount in contents.sums.items() if amount},
            "bare_keys": {key.hex(): amount for key, amount in sorted(contents.bare_keys.items())},
            "proved": utxo_dump.proved(contents, published),
            "hashes": contents.hashes,
            "coins": found.coins,
            "outpoints": [asdict(coin) | {"script": coin.script.hex()} for coin in contents.outpoints],
        }

    def _check(self, found: utxo_dump.Header, at: BlockRef, hashed: bool) -> None:
        """With an endpoint the block's hash says of which chain the file is; without one its magic must, or a published
        hash.
        """
        if found.block != at.hash:
            raise BadDump(
                f"{self._source(at.height)}: the coins of block {found.block}, and asked for was {at.hash} at "
                f"{at.height:,}"
            )
        name = self._network.network
        if self._asked is None and found.network is None and not hashed:
            raise BadDump(
                f"{self._source(at.height)}: layout 1 names no network: give an endpoint of {name}, or the set's hash"
            )
        known = {name} if self._asked is None else {name, *utxo_dump.TEST_NETWORKS.values()}
        if found.network is not None and found.network not in known:
            raise BadDump(f"{self._source(at.height)}: a dump of {found.network}, and asked for was {name}")

    def _published(self, at: BlockRef) -> dict[str, str]:
        published: dict[str, str] = {}
        for text in self._dump.hashes:
            name, _, number = text.rpartition(":")
            if text == "muhash":
                if not isinstance(self._asked, Client):
                    raise ConfigurationError(
                        f"{self._network.network}: a node with -coinstatsindex says its muhash; none is the endpoint"
                    )
                name, number = "muhash", self._asked.muhash(at)
            if (name := name or "hash_serialized_3") not in utxo_dump.HASHES or len(number) != 64:
                raise ConfigurationError(
                    f"{text[:90]!r}: a hash is written muhash:<64 digits> or hash_serialized_3:<64 digits>"
                )
            if published.setdefault(name, number.lower()) != number.lower():
                raise ConfigurationError(f"{self._network.network}: two different {name} are given for one set")
        return published

    def _asked_for(self, at: BlockRef) -> dict[str, str]:
        if not isinstance(self._asked, Client):
            raise BadDump(
                f"{self._source(at.height)}: nothing lies there, and no node is the endpoint that could be asked for it"
            )
        return self._asked.write_dump(
            _place_at(self._dump.written or str(Path(_place_at(self._dump.place, at.height)).absolute()), at.height), at
        )

    # --- where it lies ---
    def _source(self, height: int) -> str:
        place = _place_at(self._dump.place, height)
        return Endpoint(place).host if _is_url(place) else f"file:{Path(place).name}"

    def _is_there(self, height: int) -> bool:
        place = _place_at(self._dump.place, height)
        if not _is_url(place):
            return Path(place).exists()
        try:
            with streamed(place) as stream:
                return bool(stream.read(1))
        except Unavailable:
            return False

    def _opened(self, height: int) -> AbstractContextManager[BinaryIO]:
        place = _place_at(self._dump.place, height)
        if _is_url(place):
            return streamed(place)
        try:
            return Path(place).open("rb", buffering=0)
        except OSError as error:
            raise BadDump(f"{self._source(height)}: cannot be read: {error.strerror}") from error


class DatedDump(DumpClient, MedianTimes):
    """A dump beside an endpoint, which tells the times of blocks."""


class LookingDump(DatedDump):
    """A dump beside an endpoint that is also told transactions by their id."""

    _asked: Lookup  # type: ignore[assignment]

    def transfer(self, transaction: str, token: Token, sender: str, recipient: str) -> Transfer | Unread | None:
        """As of the endpoint."""
        return self._asked.transfer(transaction, token, sender, recipient)

    def transfer_in(
        self, transaction: str, token: Token, sender: str, recipient: str, height: int
    ) -> Transfer | Unread | None:
        """As of the endpoint."""
        return self._asked.transfer_in(transaction, token, sender, recipient, height)


def _all(
    stream: BinaryIO, scripts: list[bytes], found: utxo_dump.Header, source: str, **options: Any
) -> utxo_dump.Contents:
    try:
        return utxo_dump.read(stream, scripts, found=found, **options)
    except OSError as error:
        raise BadDump(f"{source}: broke off: {error.strerror}") from error


def _place_at(place: str, height: int) -> str:
    return place.replace("{height}", str(height))


def _is_url(place: str) -> bool:
    return place.startswith(("http://", "https://"))

"""Bitcoin and its family. Who is asked is said by the endpoint's scheme, and what each can say about a past height:

    http(s)://              a node like Bitcoin Core: `scantxoutset` sums the coins of all watched scripts in one pass, at the tip alone
    electrum+ssl://, +tcp   an Electrum server: any height, by the histories of the scripts (electrum.py)
    esplora+https://        Esplora (Bitcoin, Litecoin): any height, by walking back from the tip (esplora.py)
    blockbook+https://      Blockbook: any height, by walking back from the tip (blockbook.py)

Beside any of them, or alone, a dump of all coins at the height (utxo_dump.py): a file that is there, or that the node is asked to write. Only a
reading of the snapshot block itself is `exact`; a scan whose tip is another block is `head`, with the block that was really read.
https://developer.bitcoin.org/reference/rpc/scantxoutset.html
"""

from __future__ import annotations

import hashlib
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, BinaryIO, Protocol

from porlake.chains import blockbook, electrum, esplora, utxo_dump
from porlake.chains._answers import BlockRef, Coin, Reading, Unread, Wanted
from porlake.chains._utxo import Watched, check_chain, watched
from porlake.errors import BadAnswer, BadDump, ChainError, ConfigurationError, NotRecorded, RequestFailed, TooBig, TransportError, Unavailable
from porlake.registry import Network
from porlake.transport import Endpoint, JsonRpc, Tape, streamed

METHOD = "scantxoutset"
CHUNK = 100_000  # descriptors in one request: 8 MB at most of the node's 32 MiB
SCANS = 3
BUSY_WAITS = 20
BUSY_SECONDS = 3.0
DUMP_SECONDS = 12 * 3600.0  # how long a node may be silent while it goes back to the height and writes
BAD_DESCRIPTOR, IN_PROGRESS, NO_SUCH_USE = -5, -8, -1


@dataclass(frozen=True, slots=True)
class Dump:
    """Where the set of all coins lies. `{height}` in a place stands for the snapshot height.

    `place`: a path, or an http(s) URL. Where nothing lies there yet, a node that is the network's endpoint is asked to write it, under
    `written` on its own machine (default: the same path). `hashes`: published numbers that the set must hash to, as `muhash:...` or
    `hash_serialized_3:...`; `muhash` alone takes the node's own. `outpoints`: keep the coins below each balance.
    """

    place: str
    written: str = ""
    hashes: tuple[str, ...] = ()
    outpoints: bool = False


class _Blocks(Protocol):
    def block(self, height: int) -> BlockRef: ...
    def head(self) -> BlockRef: ...
    def balances(self, wanted: Sequence[Wanted], at: BlockRef) -> Iterator[Reading | Unread]: ...


_KINDS: Mapping[str, Callable[[Network, Endpoint | None, Tape], _Blocks]] = {
    "": lambda network, endpoint, tape: Client(network, endpoint, tape),
    "electrum": electrum.open_client,
    "esplora": esplora.open_client,
    "blockbook": blockbook.open_client,
}


def open_client(network: Network, endpoint: Endpoint | None, tape: Tape, dump: Dump | None = None) -> _Blocks:
    """The client that the endpoint's scheme names; a recording knows which one made it."""
    kind, alone = endpoint.kind if endpoint else "", endpoint is None
    if tape.replays or kind or dump:
        kind, alone, dump = _recorded(network, tape, kind, alone, dump)
    if kind not in _KINDS:
        raise ConfigurationError(f"{network.network}: no client asks an endpoint of the kind {kind!r}")
    asked = None if alone else _KINDS[kind](network, endpoint, tape)
    if dump is not None:
        return DumpClient(network, dump, asked, tape)
    if asked is None:
        raise ConfigurationError(f"{network.network}: no endpoint is configured")
    return asked


def _recorded(network: Network, tape: Tape, kind: str, alone: bool, dump: Dump | None) -> tuple[str, bool, Dump | None]:
    """Who is asked, as the recording says it. A node alone is recorded without a word. Where a dump lay is nobody's business later on."""
    said = {"kind": kind, "alone": alone, "dump": {"hashes": list(dump.hashes), "outpoints": dump.outpoints} if dump else None}
    try:
        known, _ = tape.answer(network.network, "client", None, "", lambda: said, once=True)
    except NotRecorded:
        return "", False, None
    if tape.replays and known["dump"]:
        dump = Dump("", hashes=tuple(known["dump"]["hashes"]), outpoints=known["dump"]["outpoints"])
    return (known["kind"], known["alone"], dump) if tape.replays else (kind, alone, dump)


def coins(client: object) -> Iterator[Coin]:
    return iter(client.coins if isinstance(client, DumpClient) else ())


class Client:
    """A node like Bitcoin Core."""

    def __init__(self, network: Network, endpoint: Endpoint | None, tape: Tape) -> None:
        self._network, self._endpoint, self._tape = network, endpoint, tape
        self._rpc = JsonRpc(network.network, endpoint, tape)
        self._checked = False

    def block(self, height: int) -> BlockRef:
        """Raises RequestFailed for a height above the tip, ChainError, TransportError."""
        self._check_chain()
        return self._header(self._rpc.call("getblockhash", [height]), height)

    def head(self) -> BlockRef:
        self._check_chain()
        return self._header(self._rpc.call("getbestblockhash", []), None)

    def _check_chain(self) -> None:
        if not self._checked:
            check_chain(self._network, self._rpc.host, lambda height: str(self._rpc.call("getblockhash", [height])))
            self._checked = True

    # --- the coins at the tip ---
    def balances(self, wanted: Sequence[Wanted], at: BlockRef) -> Iterator[Reading | Unread]:
        """One answer for each holding wanted; a script without coins holds zero. Raises ChainError, TransportError."""
        asked, unread = watched(self._network, wanted)
        yield from unread
        if not asked:
            return
        self._check_chain()
        held, refused, read = self._scan(sorted({found.script.hex() for found in asked}), 10 ** asked[0].want.token.decimals)
        as_of = "exact" if read.hash == at.hash else "head"
        for found in asked:
            want, script = found.want, found.script.hex()
            if script in refused:
                yield Unread(want.asset, want.address, "refused_by_node")
            else:
                yield Reading(want.asset, want.address, "total", held[script], read, as_of, METHOD, self._rpc.host)

    def _scan(self, scripts: list[str], unit: int) -> tuple[dict[str, int], set[str], BlockRef]:
        """Base units by script, scripts that the node refuses, and the tip that was scanned. All chunks see one tip, or the scan begins anew."""
        for _ in range(SCANS):
            held: dict[str, int] = defaultdict(int)
            refused, tips = set[str](), set[str]()
            for start in range(0, len(scripts), CHUNK):
                self._scan_chunk(scripts[start : start + CHUNK], unit, held, refused, tips)
            if len(tips) == 1:
                return held, refused, self._header(tips.pop(), None)
            if not tips:
                return held, refused, self.head()
        raise ChainError(f"{self._rpc.host}: the tip moved in each of {SCANS} scans")

    def _scan_chunk(self, scripts: list[str], unit: int, held: dict[str, int], refused: set[str], tips: set[str]) -> None:
        """A body that is too big is halved; so is one with a descriptor that the node refuses, until that stands alone."""
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
            tips.add(self._added(answer, set(scripts), unit, held))
            return
        middle = len(scripts) // 2
        self._scan_chunk(scripts[:middle], unit, held, refused, tips)
        self._scan_chunk(scripts[middle:], unit, held, refused, tips)

    def _started(self, scripts: list[str]) -> Any:
        """A node does one scan at a time: where somebody else's is under way, ours waits."""
        for _ in range(BUSY_WAITS):
            try:
                return self._rpc.call("scantxoutset", ["start", [f"raw({script})" for script in scripts]])
            except RequestFailed as error:
                if error.code != IN_PROGRESS or "progress" not in str(error):
                    raise
            if not self._tape.replays:
                time.sleep(BUSY_SECONDS)
        raise TransportError(f"{self._rpc.host}: scantxoutset: another scan does not end")

    def _added(self, answer: Any, scripts: set[str], unit: int, held: dict[str, int]) -> str:
        if not isinstance(answer, dict) or answer.get("success") is not True or not isinstance(answer.get("unspents"), list):
            raise BadAnswer(f"{self._rpc.host}: scantxoutset: the scan did not end")
        for coin in answer["unspents"]:
            if not isinstance(coin, dict) or coin.get("scriptPubKey") not in scripts:
                raise BadAnswer(f"{self._rpc.host}: scantxoutset: a coin of a script that was not asked for")
            held[coin["scriptPubKey"]] += self._units(coin.get("amount"), unit)
        return str(answer.get("bestblock"))

    def _units(self, amount: Any, unit: int) -> int:
        # The RPC prints whole coins; this is its wire format, not our scale.
        value = Decimal(amount) * unit if isinstance(amount, Decimal | int) and not isinstance(amount, bool) else None
        if value is None or value != value.to_integral_value() or value < 0:
            raise BadAnswer(f"{self._rpc.host}: scantxoutset: {str(amount)[:40]} is no amount in base units")
        return int(value)

    def _header(self, block_hash: Any, height: int | None) -> BlockRef:
        header = self._rpc.call("getblockheader", [block_hash])
        if not isinstance(header, dict) or header.get("hash") != block_hash or (height is not None and header.get("height") != height):
            raise ChainError(f"{self._rpc.host}: getblockheader does not give the block that was asked for")
        if not isinstance(header.get("height"), int) or not isinstance(header.get("time"), int):
            raise BadAnswer(f"{self._rpc.host}: getblockheader: neither height nor time")
        return BlockRef(header["height"], str(block_hash), datetime.fromtimestamp(header["time"], UTC))

    # --- the coins at a height ---
    def write_dump(self, path: str, at: BlockRef) -> dict[str, str]:
        """Have the node write all coins at a block into a file on its machine; the hash that it gives, by name. Raises TransportError, BadDump."""
        rpc = JsonRpc(self._network.network, replace(self._endpoint, timeout=DUMP_SECONDS, tries=1) if self._endpoint else None, self._tape)
        written = self._dumped(rpc, path, at)
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
        if not isinstance(answer, dict) or answer.get("bestblock") != at.hash or not isinstance(answer.get("muhash"), str):
            raise ChainError(f"{self._rpc.host}: gettxoutsetinfo does not speak of the block that was asked for")
        return str(answer["muhash"])


class DumpClient:
    """All coins at the height, from a file; blocks from the endpoint, where there is one."""

    def __init__(self, network: Network, dump: Dump, asked: _Blocks | None, tape: Tape) -> None:
        self._network, self._dump, self._asked, self._tape = network, dump, asked, tape
        self.coins: list[Coin] = []

    def block(self, height: int) -> BlockRef:
        """Without an endpoint the file says which block it is of, and its highest coin at which height. Raises ChainError, TransportError."""
        if self._asked is not None:
            return self._asked.block(height)

        def ask() -> str:
            with self._opened(height) as stream:
                return utxo_dump.header(stream).block

        return BlockRef(height, self._tape.answer(self._network.network, "utxo_set_block", height, self._source(height), ask)[0], None)

    def head(self) -> BlockRef:
        if self._asked is None:
            raise ConfigurationError(f"{self._network.network}: no endpoint is configured")
        return self._asked.head()

    def balances(self, wanted: Sequence[Wanted], at: BlockRef) -> Iterator[Reading | Unread]:
        """One answer for each holding wanted, and its component `p2pk` where coins were paid to the bare key. Raises ChainError, TransportError."""
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
            yield Reading(want.asset, want.address, "total", content["sums"].get(script, 0), at, "exact", method, source)
            if found.key_hash is not None and (bare := content["bare_keys"].get(found.key_hash.hex())):
                yield Reading(want.asset, want.address, "p2pk", bare, at, "exact", method, source)
        self._keep(asked, content["outpoints"])

    def _keep(self, asked: list[Watched], outpoints: list[dict[str, Any]]) -> None:
        wants: dict[str, Wanted] = {found.script.hex(): found.want for found in asked}
        for coin in outpoints:
            want = wants[coin["script"]]
            self.coins.append(
                Coin(want.asset, want.address, coin["txid"], coin["vout"], coin["amount"], coin["height"], coin["coinbase"])
            )  # fmt: skip

    def _content(self, scripts: list[bytes], keys: frozenset[bytes], at: BlockRef) -> tuple[dict[str, Any], str]:
        """What a tape keeps of a dump: the file itself may be gone when it replays."""
        digest = hashlib.sha256(b"".join(len(script).to_bytes(2, "big") + script for script in scripts)).hexdigest()
        question = {"block": at.hash, "scripts": digest, "hashes": sorted(self._dump.hashes), "outpoints": self._dump.outpoints}
        return self._tape.answer(self._network.network, "utxo_set", question, self._source(at.height), lambda: self._read(scripts, keys, at))

    def _read(self, scripts: list[bytes], keys: frozenset[bytes], at: BlockRef) -> dict[str, Any]:
        published = self._published(at)
        written = {} if self._is_there(at.height) else self._asked_for(at)
        with self._opened(at.height) as stream:
            found = utxo_dump.header(stream)
            self._check(found, at, bool(published))
            options = {"hashes": sorted({*published, *written}), "key_hashes": keys, "outpoints": self._dump.outpoints}
            bits = 30 if self._network.network == "litecoin" else 31
            contents = _all(stream, scripts, found, self._source(at.height), height_bits=bits, **options)
        if contents.highest > at.height or (self._asked is None and contents.highest != at.height):
            raise BadDump(f"{self._source(at.height)}: its highest coin stands at {contents.highest:,}, asked for was height {at.height:,}")
        utxo_dump.proved(contents, written)  # what the node wrote is what arrived; it proves nothing that the node did not say itself
        return {
            "sums": {script.hex(): amount for script, amount in contents.sums.items() if amount},
            "bare_keys": {key.hex(): amount for key, amount in sorted(contents.bare_keys.items())},
            "proved": utxo_dump.proved(contents, published),
            "hashes": contents.hashes,
            "coins": found.coins,
            "outpoints": [asdict(coin) | {"script": coin.script.hex()} for coin in contents.outpoints],
        }

    def _check(self, found: utxo_dump.Header, at: BlockRef, hashed: bool) -> None:
        """With an endpoint the block's hash says of which chain the file is; without one its magic must, or a published hash."""
        if found.block != at.hash:
            raise BadDump(f"{self._source(at.height)}: the coins of block {found.block}, and asked for was {at.hash} at {at.height:,}")
        name = self._network.network
        if self._asked is None and found.network is None and not hashed:
            raise BadDump(f"{self._source(at.height)}: layout 1 names no network: give an endpoint of {name}, or the set's hash")
        known = {name} if self._asked is None else {name, *utxo_dump.TEST_NETWORKS}
        if found.network is not None and found.network not in known:
            raise BadDump(f"{self._source(at.height)}: a dump of {found.network}, and asked for was {name}")

    def _published(self, at: BlockRef) -> dict[str, str]:
        published: dict[str, str] = {}
        for text in self._dump.hashes:
            name, _, number = text.rpartition(":")
            if text == "muhash":
                if not isinstance(self._asked, Client):
                    raise ConfigurationError(f"{self._network.network}: a node with -coinstatsindex says its muhash; none is the endpoint")
                name, number = "muhash", self._asked.muhash(at)
            if (name := name or "hash_serialized_3") not in utxo_dump.HASHES or len(number) != 64:
                raise ConfigurationError(f"{text[:90]!r}: a hash is written muhash:<64 digits> or hash_serialized_3:<64 digits>")
            if published.setdefault(name, number.lower()) != number.lower():
                raise ConfigurationError(f"{self._network.network}: two different {name} are given for one set")
        return published

    def _asked_for(self, at: BlockRef) -> dict[str, str]:
        if not isinstance(self._asked, Client):
            raise BadDump(f"{self._source(at.height)}: nothing lies there, and no node is the endpoint that could be asked for it")
        return self._asked.write_dump(_at(self._dump.written or str(Path(_at(self._dump.place, at.height)).absolute()), at.height), at)

    # --- where it lies ---
    def _source(self, height: int) -> str:
        place = _at(self._dump.place, height)
        return Endpoint(place).host if _is_url(place) else f"file:{Path(place).name}"

    def _is_there(self, height: int) -> bool:
        place = _at(self._dump.place, height)
        if not _is_url(place):
            return Path(place).exists()
        try:
            with streamed(place) as stream:
                return bool(stream.read(1))
        except Unavailable:
            return False

    def _opened(self, height: int) -> AbstractContextManager[BinaryIO]:
        place = _at(self._dump.place, height)
        if _is_url(place):
            return streamed(place)
        try:
            return Path(place).open("rb", buffering=0)
        except OSError as error:
            raise BadDump(f"{self._source(height)}: cannot be read: {error.strerror}") from error


def _all(stream: BinaryIO, scripts: list[bytes], found: utxo_dump.Header, source: str, **options: Any) -> utxo_dump.Contents:
    try:
        return utxo_dump.read(stream, scripts, found=found, **options)
    except OSError as error:
        raise BadDump(f"{source}: broke off: {error.strerror}") from error


def _at(place: str, height: int) -> str:
    return place.replace("{height}", str(height))


def _is_url(place: str) -> bool:
    return place.startswith(("http://", "https://"))

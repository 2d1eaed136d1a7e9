"""The set of unspent coins that a node writes with `dumptxoutset`, read once into what watched scripts hold.

Layout 2 (Bitcoin Core 28 and later): "utxo" ff, version, network, block, number of coins; then for each transaction its
id, the number of its coins, and the coins. Layout 1 (Core 26 and 27, Litecoin 0.21 and forks of that age): block,
coins, transactions; then for each coin its outpoint and itself.
https://github.com/bitcoin/bitcoin/blob/master/src/node/utxo_snapshot.h, compressor.cpp, serialize.h

What counts for an address: the coins paid to the script that the address stands for. Coins paid to the bare public key
behind a P2PKH address can be spent by its owner, and no index agrees whether they are the address's: they are given
apart. A coin in bare multisig names several keys and no address; it counts for nobody.

The set's hash is made from what was read: equal to a hash that somebody published, every balance of the file is proved
by it.
"""

from __future__ import annotations

import hashlib
import os
import threading
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from typing import Any, BinaryIO

from porlake import registry
from porlake.encoding import keys
from porlake.encoding.hashes import hash160
from porlake.errors import BadDump, InvalidAddress

MAGIC = b"utxo\xff"
_P2PKH, _P2SH = (b"\x76\xa9\x14", b"\x88\xac", 0), (b"\xa9\x14", b"\x87", 1)
#: First bytes of a test network's messages, which layout 2 carries; those of others stand in utxo_networks.csv.
TEST_NETWORKS = {"fabfb5da": "regtest", "0b110907": "testnet3", "1c163f28": "testnet4", "0a03cf40": "signet"}
HASHES = ("hash_serialized_3", "muhash")

CHUNK = 4 << 20
COINS = CHUNK // 16
SERIALIZED = 3 * CHUNK
THREADS = 2
LONGEST = 42
"""Bytes of the longest script that an address can stand for: a witness program of 40."""
OVER = "the coins of one script add up to more than 64 bits hold"
MOST_SORTED = 4 << 20
"""Coins of one transaction that are put in order for the hash; the largest blocks hold far fewer."""


@dataclass(frozen=True, slots=True)
class Header:
    """`network` is that of the file's magic, None in layout 1, which names none."""

    layout: int
    network: str | None
    block: str
    coins: int
    size: int


@dataclass(frozen=True, slots=True)
class Outpoint:
    """A coin of a watched script, as the set has it."""

    script: bytes
    txid: str
    vout: int
    amount: int
    height: int
    coinbase: bool


@dataclass(slots=True)
class Contents:
    """What a file held. `hashes` by name, of those asked for; `total`, of all coins, is known where one was made."""

    header: Header
    sums: dict[bytes, int]
    bare_keys: dict[bytes, int]
    highest: int
    hashes: dict[str, str] = field(default_factory=dict)
    total: int | None = None
    outpoints: list[Outpoint] = field(default_factory=list)


def header(stream: BinaryIO) -> Header:
    """The header of a file; the stream stands behind it. Raises BadDump."""
    start = _exactly(stream, 5)
    if start != MAGIC:
        rest = _exactly(stream, 39)
        block, coins = (start + rest)[:32], int.from_bytes(rest[27:35], "little")
        return _plausible(Header(1, None, block[::-1].hex(), coins, 44))
    rest = _exactly(stream, 46)
    if (version := int.from_bytes(rest[:2], "little")) != 2:
        raise BadDump(f"layout {version} of a UTXO dump is not known")
    network = _network(rest[2:6].hex())
    return _plausible(Header(2, network, rest[6:38][::-1].hex(), int.from_bytes(rest[38:46], "little"), 51))


def _network(magic: str) -> str:
    if magic in TEST_NETWORKS:
        return TEST_NETWORKS[magic]
    for row in registry.load().utxo_networks.values():
        if row.dump_magic == magic:
            return row.network
    raise BadDump(f"the dump is of an unknown network (magic {magic})")


def _plausible(found: Header) -> Header:
    if not 0 < found.coins < 1 << 40:
        raise BadDump(f"{found.coins:,} coins: this is no UTXO dump, or of an unknown layout")
    return found


def _exactly(stream: BinaryIO, size: int) -> bytes:
    data = b""
    while len(data) < size:
        more = stream.read(size - len(data))
        if not more:
            raise BadDump("the dump ends inside its header")
        data += more
    return data


def read(
    stream: BinaryIO,
    watched: Iterable[bytes],
    *,
    found: Header,
    hashes: Sequence[str] = (),
    key_hashes: Iterable[bytes] = (),
    outpoints: bool = False,
    height_bits: int = 31,
    threads: int = THREADS,
) -> Contents:
    """One pass over the coins behind a header: what the watched scripts hold, a script without coins zero.

    `key_hashes`: P2PKH hashes of which coins paid to the bare key are wanted. `height_bits`: Litecoin keeps a flag
    above the lower 30. Raises BadDump for a file that breaks its layout anywhere, and gives nothing of it; OSError from
    the stream.
    """
    work = _Work(
        stream, found, list(dict.fromkeys(watched)), frozenset(key_hashes), tuple(hashes), outpoints, height_bits
    )
    with ThreadPoolExecutor(max_workers=threads) as pool:
        try:
            wait([pool.submit(work.run) for _ in range(threads)])
        finally:
            work.failed.set()
    if work.error:
        raise work.error
    return work.contents()


class _Work:
    """What the threads share. A chunk is filled and checked under a lock, in the order of the file; the rest is done
    beside each other.
    """

    def __init__(
        self, stream: BinaryIO, found: Header, scripts: list[bytes], key_hashes: frozenset[bytes],
        hashes: tuple[str, ...],
        outpoints: bool, height_bits: int,
    ) -> None:  # fmt: skip
        import numpy as np

        from porlake.chains.utxo import kernels as _kernels

        self._np, self._loops = np, _kernels
        self._stream, self._found, self._scripts, self._height_bits = stream, found, scripts, height_bits
        self._key_hashes, self._keep, self._grouped = key_hashes, outpoints, found.layout == 2
        self._watch = self._watched(scripts)
        self._state = np.zeros(_kernels.STATE, np.int64)
        self._state[_kernels.COINS_LEFT], self._state[_kernels.LAST_VOUT], self._state[_kernels.NO_TXID] = (
            found.coins,
            -1,
            1,
        )
        self._txid, self._carry, self._at, self._ended = np.zeros(32, np.uint8), b"", found.size, False
        self._reading, self._adding, self.failed = threading.Lock(), threading.Lock(), threading.Event()
        self.error: BaseException | None = None
        self._sums, self._bare, self._outpoints = (
            np.zeros(max(1, len(scripts)), np.uint64),
            defaultdict[bytes, int](int),
            list[Any](),
        )
        self._total = 0
        self._muhash = _Muhash() if "muhash" in hashes else None
        self._serialized = _Serialized(self.failed) if "hash_serialized_3" in hashes else None
        self._tickets = 0

    def _watched(self, scripts: list[bytes]) -> tuple[Any, ...]:
        np, loops = self._np, self._loops
        kept = np.zeros((len(scripts) + 2, loops.WIDTH), np.uint8)
        sizes = np.fromiter(map(len, scripts), np.int64, len(scripts))
        for size in np.unique(sizes).tolist():
            if size > LONGEST:
                raise BadDump(f"a script of {size} bytes is none that an address stands for")
            rows = np.nonzero(sizes == size)[0]
            table = np.frombuffer(b"".join([scripts[row] for row in rows.tolist()]), np.uint8).reshape(-1, size)
            kept[rows, 0], kept[rows, 1 : 1 + size] = size + 6, table
            for head, tail, kind in (_P2PKH, _P2SH):
                if size == len(head) + 20 + len(tail):
                    paid = (table[:, : len(head)] == list(head)).all(1) & (table[:, -len(tail) :] == list(tail)).all(1)
                    kept[rows[paid], 0], kept[rows[paid], 1:21] = kind, table[paid, len(head) : len(head) + 20]
                    sizes[rows[paid]] = 20
        sizes += 1
        seeds = np.frombuffer(os.urandom(48), np.uint64) | np.uint64(1)
        sieve, table = (
            np.zeros(1 << (loops.FILTER_BITS - 3), np.uint8),
            np.full(1 << (2 * len(scripts) + 2).bit_length(), -1, np.int32),
        )
        loops.index(kept, sizes, seeds, sieve, table)
        return kept, sizes, seeds, sieve, table

    def run(self) -> None:
        """A thread's part. Where one thread fails all end; `error` is what the first of them met."""
        try:
            self._run()
        except BaseException as error:
            with self._adding:
                self.error = self.error or error
            self.failed.set()
            raise

    def _run(self) -> None:
        np, loops = self._np, self._loops
        data = np.zeros(CHUNK + loops.PADDING, np.uint8)
        starts, scripts, groups = (np.zeros(COINS, np.int32) for _ in range(3))
        picked, slots, bare = (np.zeros(COINS + 1, np.int32) for _ in range(3))
        hits = np.zeros((COINS if self._keep else 1, 5), np.uint64)
        sums = np.zeros(max(1, len(self._scripts)), np.uint64)
        mine = self._muhash.part() if self._muhash else None
        out, ends = (
            (np.zeros(SERIALIZED, np.uint8), np.zeros(COINS, np.int64))
            if self._muhash or self._serialized
            else (None, None)
        )
        while not self.failed.is_set():
            with self._reading:
                chunk = self._next(data, starts, scripts, groups)
            if chunk is None:
                break
            coins, txid, ticket, big = chunk
            found, plain, over = loops.scan(
                data, coins, self._grouped, starts, scripts, groups, self._watch, sums, picked, slots, bare, hits,
                self._keep
            )  # fmt: skip
            if over:
                raise BadDump(OVER)
            if self._keep and found:
                self._keep_outpoints(data, txid, hits[:found])
            if plain and self._key_hashes:
                self._bare_keys(data, starts, scripts, groups, bare, plain)
            if out is not None:
                self._hash(data, coins, txid, starts, scripts, groups, out, ends, mine, ticket, big)
        with self._adding:
            self._sums = self._sums + sums
            if (self._sums < sums).any():
                raise BadDump(OVER)

    def _next(self, data: Any, starts: Any, scripts: Any, groups: Any) -> tuple[int, Any, int, bool] | None:
        """Fill the buffer and check its whole coins; None at the end.

        (coins, id of the transaction that began before, number of the chunk, whether outputs are not in the order of
        their numbers).
        """
        if self._ended:
            return None
        filled = len(self._carry)
        data[:filled] = self._np.frombuffer(self._carry, self._np.uint8)
        full = memoryview(data)[:CHUNK]
        while filled < CHUNK and (got := self._stream.readinto(full[filled:])):  # type: ignore[attr-defined]
            filled += got
        data[filled : filled + self._loops.PADDING] = 0
        txid, self._state[self._loops.BIG_VOUT] = self._txid, 0
        used, coins, wrong, self._txid = self._loops.walk(
            data, filled, self._grouped, self._height_bits, self._state, txid, starts, scripts, groups
        )  # fmt: skip
        self._at += used
        if wrong:
            raise BadDump(f"at byte {self._at:,}: {self._loops.WRONG[wrong]}")
        left = int(self._state[self._loops.COINS_LEFT])
        if left == 0:
            self._ended = True
            if self._state[self._loops.GROUP_LEFT] or used != filled or (filled == CHUNK and self._stream.read(1)):
                raise BadDump(f"at byte {self._at:,}: bytes behind the last coin")
        elif filled < CHUNK and coins < starts.size:
            raise BadDump(f"the file ends at byte {self._at + filled - used:,}, {left:,} coins before its end")
        self._carry = data[used:filled].tobytes()
        self._tickets += 1
        return coins, txid, self._tickets - 1, bool(self._state[self._loops.BIG_VOUT])

    def _keep_outpoints(self, data: Any, txid: Any, hits: Any) -> None:
        """Keep the outpoints of a chunk: an id is 32 bytes of the buffer, or that of the transaction which began
        before.
        """
        np = self._np
        places = hits[:, 4].astype(np.int64)
        ids = data[np.maximum(places, 0)[:, None] + np.arange(32)]
        ids[places < 0] = txid
        with self._adding:
            self._outpoints.append((hits[:, :4].copy(), ids))

    def _bare_keys(self, data: Any, starts: Any, scripts: Any, groups: Any, bare: Any, plain: int) -> None:
        coins = self._np.zeros((plain, 5), self._np.uint64)
        self._loops.coins_at(data, bare, plain, self._grouped, starts, groups, coins)
        for coin, _, _, amount, _ in coins.tolist():
            at = int(scripts[coin])
            digest = hash160(_key(data[at : at + 33].tobytes()))
            if digest in self._key_hashes:
                with self._adding:
                    self._bare[digest] += amount

    def _hash(
        self,
        data: Any,
        coins: int,
        txid: Any,
        starts: Any,
        scripts: Any,
        groups: Any,
        out: Any,
        ends: Any,
        mine: Any,
        ticket: int,
        big: bool,
    ) -> None:
        np, loops = self._np, self._loops
        picked = np.zeros(COINS, np.int32)
        count = loops.uncompressed(data, coins, scripts, picked)
        points = np.zeros((max(1, count), 65), np.uint8)
        for row, coin in enumerate(picked[:count].tolist()):
            points[row] = np.frombuffer(_key(data[scripts[coin] : scripts[coin] + 33].tobytes()), np.uint8)
        coin, total = 0, 0
        while coin < coins:
            begin = coin
            coin, size, used, amounts = loops.serialize(
                data, begin, coins, self._grouped, txid, starts, scripts, groups, points, out, ends
            )  # fmt: skip
            total, points = total + int(amounts), points[used:]
            if mine is not None and self._muhash:
                self._muhash.multiply(out, begin, coin, ends, mine)
            if self._serialized:
                self._serialized.wait(ticket)
                self._serialized.take(out, size, begin, coin, ends, big)
        if self._serialized:
            self._serialized.wait(ticket)
            self._serialized.pass_on()
        with self._adding:
            self._total += total

    def contents(self) -> Contents:
        hashes = {"muhash": self._muhash.digest()} if self._muhash else {}
        hashes |= {"hash_serialized_3": self._serialized.digest()} if self._serialized else {}
        return Contents(
            header=self._found,
            sums=dict(zip(self._scripts, self._sums[: len(self._scripts)].tolist(), strict=True)),
            bare_keys=dict(self._bare),
            highest=int(self._state[self._loops.HIGHEST]),
            hashes=hashes,
            total=self._total if hashes else None,
            outpoints=list(self._outpoints_found()),
        )

    def _outpoints_found(self) -> Iterator[Outpoint]:
        for hits, ids in self._outpoints:
            for (row, vout, code, amount), txid in zip(hits.tolist(), ids, strict=True):
                height = (code >> 1) & ((1 << self._height_bits) - 1)
                yield Outpoint(self._scripts[row], txid.tobytes()[::-1].hex(), vout, amount, height, bool(code & 1))


def _key(stored: bytes) -> bytes:
    """The public key of a script that pays to one: 02 and 03 are compressed, 04 and 05 stand for an uncompressed
    one.
    """
    if stored[0] < 4:
        return stored
    try:
        return keys.uncompressed(bytes([stored[0] - 2]) + stored[1:])
    except InvalidAddress as error:
        raise BadDump("an uncompressed key that is no point of the curve") from error


class _Muhash:
    """A product for each thread, multiplied at the end."""

    def __init__(self) -> None:
        from porlake.chains.utxo import muhash as _muhash

        self._loops, self._constants, self._parts = _muhash, _muhash.constants(), list[Any]()

    def part(self) -> Any:
        self._parts.append(self._loops.empty())
        return self._parts[-1]

    def multiply(self, out: Any, begin: int, coin: int, ends: Any, mine: Any) -> None:
        self._loops.multiply(out, begin, coin, ends, self._constants, mine)

    def digest(self) -> str:
        return self._loops.digest(self._parts)


class _Serialized:
    """Double SHA-256 of all coins in the order of the file, outputs of a transaction by number. Chunks wait for their
    turn.
    """

    def __init__(self, failed: threading.Event) -> None:
        self._digest, self._turn, self._failed = hashlib.sha256(), 0, failed
        self._moved = threading.Condition()
        self._aside: list[bytes] = []

    def wait(self, ticket: int) -> None:
        with self._moved:
            while self._turn != ticket:
                if self._failed.is_set():
                    raise BadDump("another part of the dump was refused")
                self._moved.wait(0.1)

    def pass_on(self) -> None:
        with self._moved:
            self._turn += 1
            self._moved.notify_all()

    def take(self, out: Any, size: int, begin: int, coin: int, ends: Any, big: bool) -> None:
        if not big and not self._aside:
            self._digest.update(memoryview(out)[:size])
            return
        # The database orders outputs by the bytes of a VarInt, which is by number up to 16,511 only. From there on a
        # transaction's coins are put aside, until it ends.
        before = 0
        for end in ends[begin:coin].tolist():
            record = out[before:end].tobytes()
            before = end
            if self._aside and self._aside[0][:32] != record[:32]:
                self._settle()
            if self._aside or int.from_bytes(record[32:36], "little") > 16_511:
                self._aside.append(record)
                if len(self._aside) > MOST_SORTED:
                    raise BadDump(
                        f"a transaction with more than {MOST_SORTED:,} coins is not put in order for the hash"
                    )
            else:
                self._digest.update(record)

    def _settle(self) -> None:
        for record in sorted(self._aside, key=lambda record: int.from_bytes(record[32:36], "little")):
            self._digest.update(record)
        self._aside = []

    def digest(self) -> str:
        self._settle()
        return hashlib.sha256(self._digest.digest()).digest()[::-1].hex()


def proved(contents: Contents, published: Mapping[str, str]) -> bool:
    """Whether a published hash, by name, was compared. Raises BadDump where one differs from that of the file."""
    for name, expected in published.items():
        if (made := contents.hashes.get(name)) is not None and made != expected.lower():
            raise BadDump(f"the set's {name} is {made}, published is {expected[:64]}: the file is not that set")
    return any(name in contents.hashes for name in published)

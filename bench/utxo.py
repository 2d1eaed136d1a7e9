"""A synthetic UTXO dump of layout 2, read once with 600,000 watched scripts; the set's hashes are measured apart.

    bench/utxo.py [coins in millions: 20] [millions for MuHash: 1] [folder for the file]

Baselines of the same run: the file read and looked at by nobody, its SHA-256, and a plain Python loop over the first
coins (the x). Where others use the machine too, the coins read in a second of CPU time, of all threads together, say
more than those in a second.
"""

from __future__ import annotations

import hashlib
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numba import njit

from porlake.chains.utxo import dump as utxo_dump

WATCHED = 600_000


@njit(cache=True)
def made(out, coins, seed, keys, sums, first):
    """Coins, in groups of one to seven, until `coins`: (bytes, hits). One in twenty pays to a watched script."""
    at, hits, left = 0, 0, coins
    state = np.uint64(seed)
    number = first
    while left > 0:
        state = state * np.uint64(6364136223846793005) + np.uint64(1442695040888963407)
        k = min(left, 1 + np.int64((state >> np.uint64(40)) % np.uint64(7)) // 2)
        number += 1
        for i in range(8):
            out[at + i] = np.uint8((number >> (56 - 8 * i)) & 0xFF)
        for i in range(24):
            out[at + 8 + i] = np.uint8((state >> np.uint64(i)) & np.uint64(0xFF))
        out[at + 32] = k
        at += 33
        for vout in range(k):
            state = state * np.uint64(6364136223846793005) + np.uint64(1442695040888963407)
            pick = np.int64(state >> np.uint64(33))
            out[at], out[at + 1], out[at + 2], out[at + 3] = (
                vout,
                0x80 | (pick & 0x1F),
                0x80 | (pick >> 5 & 0x7F),
                pick >> 12 & 0x7F,
            )
            code = 1 + 10 * (pick % 900_000)  # amounts of 1 to 900,000 base units that do not end in 0
            digit, rest = (code - 1) // 10 % 9 + 1, (code - 1) // 10 // 9
            at += 4
            n, size = code, 0
            buffer = np.zeros(5, np.uint8)
            while True:
                buffer[size] = np.uint8((n & 0x7F) | (0x80 if size else 0))
                size += 1
                if n <= 0x7F:
                    break
                n = (n >> 7) - 1
            for i in range(size):
                out[at + i] = buffer[size - 1 - i]
            at += size
            if pick % 20 == 0:
                row = (pick // 20) % keys.shape[0]
                size = np.int64(keys[row, 0])
                for i in range(size):
                    out[at + i] = keys[row, 1 + i]
                sums[row] += np.uint64(rest * 10 + digit)
                at += size
                hits += 1
                continue
            kind = pick % 100
            z, body = (0, 20) if kind < 40 else (1, 20) if kind < 55 else (28, 22) if kind < 85 else (40, 34)
            out[at] = z
            mixed = state
            for i in range(body):
                if i % 8 == 0:
                    mixed = mixed * np.uint64(6364136223846793005) + np.uint64(12345)
                out[at + 1 + i] = np.uint8((mixed >> np.uint64(8 * (i % 8))) & np.uint64(0xFF))
            if z == 28:
                out[at + 1], out[at + 2] = 0, 20
            elif z == 40:
                out[at + 1], out[at + 2] = 0x51 if pick & 1 else 0, 32
            at += 1 + body
        left -= k
    return at, hits, number


def write(path: Path, coins: int) -> tuple[dict[bytes, int], int]:
    """(sum of each watched script, hits)."""
    chance = np.random.default_rng(5)
    keys, scripts = np.zeros((WATCHED, 48), np.uint8), list[bytes]()
    for row, digest in enumerate(chance.integers(0, 256, (WATCHED, 32), np.uint8)):
        body = digest.tobytes()
        script, stored = (
            (b"\x76\xa9\x14" + body[:20] + b"\x88\xac", b"\x00" + body[:20]),
            (b"\xa9\x14" + body[:20] + b"\x87", b"\x01" + body[:20]),
            (b"\x00\x14" + body[:20], b"\x1c\x00\x14" + body[:20]),
            (b"\x51\x20" + body, b"\x28\x51\x20" + body),
        )[row % 4]
        keys[row, 0] = len(stored)
        keys[row, 1 : 1 + len(stored)] = np.frombuffer(stored, np.uint8)
        scripts.append(script)
    sums, out, hits, number = np.zeros(WATCHED, np.uint64), np.zeros(64 << 20, np.uint8), 0, 1
    with path.open("wb") as stream:
        stream.write(
            utxo_dump.MAGIC + b"\x02\x00" + bytes.fromhex("f9beb4d9") + bytes(32) + coins.to_bytes(8, "little")
        )
        for part, begin in enumerate(range(0, coins, 500_000)):
            size, more, number = made(out, min(500_000, coins - begin), part, keys, sums, number)
            stream.write(memoryview(out)[:size])
            hits += more
    return dict(zip(scripts, map(int, sums.tolist()), strict=True)), hits


def timed(what: str, millions: float, work: Any, baseline: float | None = None) -> tuple[float, Any]:
    began, worked = time.perf_counter(), time.process_time()
    found = work()
    rate, alone = millions / (time.perf_counter() - began), millions / (time.process_time() - worked)
    print(
        f"{what:<46}{rate:8.2f} M coins/s{alone:9.2f} a CPU second"
        + (f"{rate / baseline:10.1f} x" if baseline else ""),
        flush=True,
    )
    return rate, found


def opened(path: Path) -> tuple[BinaryIO, utxo_dump.Header]:
    stream = path.open("rb", buffering=0)
    return stream, utxo_dump.header(stream)


def read(path: Path, scripts: Any, **options: Any) -> utxo_dump.Contents:
    stream, found = opened(path)
    with stream:
        return utxo_dump.read(stream, scripts, found=found, **options)


def plain(path: Path, scripts: set[bytes], most: int) -> int:
    """The same in plain Python, for the first coins."""
    stored = {s[3:23] if s[0] == 0x76 else s[2:22] if s[0] == 0xA9 else s for s in scripts}
    with path.open("rb") as stream:
        data, at, done, hits = stream.read(60 * most)[51:], 0, 0, 0

    def varint(at: int) -> tuple[int, int]:
        number = 0
        while True:
            byte = data[at]
            at += 1
            number = number << 7 | byte & 0x7F
            if byte < 0x80:
                return number, at
            number += 1

    while done < most:
        k, at = data[at + 32], at + 33
        for _ in range(k):
            _, at = varint(at + 1)
            _, at = varint(at)
            kind, body = varint(at)
            end = body + (20 if kind < 2 else 32 if kind < 6 else kind - 6)
            hits += data[at:end] in stored
            at, done = end, done + 1
    return hits


def read_bytes(path: Path) -> int:
    size, buffer = 0, bytearray(4 << 20)
    with path.open("rb", buffering=0) as stream:
        while got := stream.readinto(buffer):
            size += got
    return size


def memory() -> int:
    """Peak of this program; getrusage would count what its parent had before it was started."""
    return int(re.search(r"VmHWM:\s+(\d+)", Path("/proc/self/status").read_text())[1]) // 1024


def only_read(path: str, scripts: str) -> None:
    with Path(scripts).open() as lines:
        watched = [bytes.fromhex(line) for line in lines]
    began = memory()
    assert sum(read(Path(path), watched).sums.values())
    print(f"{memory()} MB, {began} MB of them before it began")


def main() -> None:
    if sys.argv[1:2] == ["memory"]:
        only_read(*sys.argv[2:])
        return
    millions = float(sys.argv[1]) if len(sys.argv) > 1 else 20
    few = float(sys.argv[2]) if len(sys.argv) > 2 else 1
    with tempfile.TemporaryDirectory(dir=sys.argv[3] if len(sys.argv) > 3 else None) as folder:
        path, small = Path(folder) / "utxo.dat", Path(folder) / "small.dat"
        expected, hits = write(path, int(millions * 1_000_000))
        write(small, int(few * 1_000_000))
        print(f"{millions:g} M coins, {path.stat().st_size / 1e6:,.0f} MB, {WATCHED:,} watched scripts, {hits:,} hits")
        read(small, expected, hashes=utxo_dump.HASHES, outpoints=True)  # compiles, or loads what was compiled before
        base, _ = timed("baseline: plain Python, first 200,000 coins", 0.2, lambda: plain(path, set(expected), 200_000))
        timed("baseline: reading the file", millions, lambda: read_bytes(path), base)
        sha, _ = timed(
            "baseline: SHA-256 of the file", millions, lambda: hashlib.file_digest(path.open("rb"), "sha256"), base
        )
        timed("balances, one thread", millions, lambda: read(path, expected, threads=1), base)
        rate, found = timed("balances, two threads", millions, lambda: read(path, expected), base)
        assert found.sums == expected, "a sum is wrong"
        timed(
            "balances and hash_serialized_3", millions, lambda: read(path, expected, hashes=["hash_serialized_3"]), base
        )
        timed("hash_serialized_3 alone", millions, lambda: read(path, [], hashes=["hash_serialized_3"]), base)
        timed(f"muhash alone, {few:g} M coins", few, lambda: read(small, [], hashes=["muhash"]), base)
        timed("balances and outpoints", millions, lambda: read(path, expected, outpoints=True), base)
        print(f"balances against SHA-256 of the file: {rate / sha:.2f} x")
        scripts = Path(folder) / "scripts"
        scripts.write_text("\n".join(script.hex() for script in expected))
        for file, count in ((small, few), (path, millions)):
            peak = subprocess.run(
                [sys.executable, __file__, "memory", file, scripts], check=True, capture_output=True, text=True
            ).stdout
            print(f"peak memory of a process that reads {count:g} M coins with 600,000 watched scripts: {peak.strip()}")


if __name__ == "__main__":
    main()

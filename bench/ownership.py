"""Ownership: the verify stage, Parquet to Parquet, against bare loops of the curves over the same rows.

    .venv/bin/python bench/ownership.py [--rows 628484] [--seed 1] [--csv FILE]

Makes an OKX file (layout okx-11) with real signatures of keys that come from the seed: 52 % EVM, 18 % TRON, 14 % P2PKH,
10 % multisig of two signatures, 6 % ed25519 (left out where nothing judges it). With --csv it writes that file and
stops.

Baselines, in this run, by the same number of threads: for EVM and TRON rows coincurve's libsecp256k1 through cffi with
objects used again, and Keccak-256 of safe-pysha3; for the mix the recoveries alone (two where two signed) and
libsodium's verification. Every stage and loop is a process of its own; `cpu` is its processor time, which other work on
the machine disturbs less than the clock.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import json
import multiprocessing
import os
import resource
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from itertools import chain
from pathlib import Path

import coincurve

from porlake import ownership, registry
from porlake.addresses import bitcoin, evm, tron
from porlake.encoding import base58
from porlake.encoding.hashes import sha256, sha256d
from porlake.encoding.keccak import keccak256
from porlake.encoding.varint import with_length
from porlake.model import Evidence, Ownership, ReportFile

ROWS = 628_484
MESSAGE = b"I am an OKX address"
HEADER = (
    "coin,Network,Snapshot Height,address,amount,message,signature1,signature2,redeem script/ public key,eoa1,eoa2\n"
)
CHUNK = 4_000
THREADS = 2
ROUNDS = 3

EVM_DIGEST = keccak256(b"\x19Ethereum Signed Message:\n32" + keccak256(MESSAGE))
TRON_DIGEST = keccak256(b"\x19TRON Signed Message:\n32" + keccak256(MESSAGE))
HEADERS = {
    "bitcoin": b"Bitcoin Signed Message:\n",
    "litecoin": b"Litecoin Signed Message:\n",
    "dogecoin": b"Dogecoin Signed Message:\n",
}
UTXO_DIGESTS = {network: sha256d(with_length(header) + with_length(MESSAGE)) for network, header in HEADERS.items()}
ED25519_BYTES = with_length(b"OKX Signed Message:\n") + with_length(MESSAGE)
EVM_LABELS = ("ETH,ETH", "USDT-ERC20,ETH", "ETH,ARBITRUM", "USDC,ARBITRUM", "BNB,BSC", "OKB,X LAYER")


# --- the file ---------------------------------------------------------------------------------------------------------
def key_of(seed: int, number: int, which: str = "") -> bytes:
    return sha256(f"{seed} {number} {which}".encode())


def evm_row(seed: int, number: int) -> str:
    key = coincurve.PrivateKey(key_of(seed, number))
    account = evm.from_public_key(key.public_key.format(compressed=False))
    return row(EVM_LABELS[number % len(EVM_LABELS)], "0x" + account.hex(), hex_signature(key, EVM_DIGEST))


def tron_row(seed: int, number: int) -> str:
    key = coincurve.PrivateKey(key_of(seed, number))
    account = tron.of("tron", evm.from_public_key(key.public_key.format(compressed=False))).text
    return row(("USDT-TRC20,TRX", "TRX,TRX")[number % 2], account, hex_signature(key, TRON_DIGEST))


def single_row(seed: int, number: int) -> str:
    key, (network, label) = coincurve.PrivateKey(key_of(seed, number)), _utxo(number)
    return row(label, bitcoin.p2pkh(network, key.public_key.format()).text, compact(key, network))


def multisig_row(seed: int, number: int) -> str:
    keys, (network, label) = [coincurve.PrivateKey(key_of(seed, number, which)) for which in "abc"], _utxo(number)
    script = b"\x52" + b"".join(b"\x21" + key.public_key.format() for key in keys) + b"\x53\xae"
    address = bitcoin.p2wsh(network, script) if network == "bitcoin" and number % 2 else bitcoin.p2sh(network, script)
    return row(label, address.text, compact(keys[0], network), compact(keys[2], network), script.hex())


def ed25519_row(seed: int, number: int) -> str:
    from nacl.signing import SigningKey

    key = SigningKey(key_of(seed, number))
    public = bytes(key.verify_key)
    return row(
        "SOL,SOL", base58.encode(public), "0x" + key.sign(ED25519_BYTES).signature.hex(), "", "0x" + public.hex()
    )


def _utxo(number: int) -> tuple[str, str]:
    return (("bitcoin", "BTC,BTC"), ("litecoin", "LTC,LTC"), ("dogecoin", "DOGE,DOGE"))[
        number % 10 // 7 + (number % 10 > 8)
    ]


def row(labels: str, address: str, signature: str, second: str = "", script: str = "") -> str:
    units = f"{int.from_bytes(sha256(address.encode())[:4]) % 10**9 / 10**4:.4f}"
    return f"{labels},19506528,{address},{units},{MESSAGE.decode()},{signature},{second},{script},,\n"


def hex_signature(key: coincurve.PrivateKey, digest: bytes) -> str:
    raw = key.sign_recoverable(digest, hasher=None)
    return f"0x{raw[:64].hex()}{raw[64] + 27:02x}"


def compact(key: coincurve.PrivateKey, network: str) -> str:
    raw = key.sign_recoverable(UTXO_DIGESTS[network], hasher=None)
    return base64.b64encode(bytes([31 + raw[64]]) + raw[:64]).decode()


KINDS: dict[str, Callable[[int, int], str]] = {
    "evm": evm_row, "tron": tron_row, "single": single_row, "multisig": multisig_row, "ed25519": ed25519_row,
}  # fmt: skip


def judged_schemes() -> set[str]:
    return {row.scheme for row in registry.load().schemes.values() if row.module in ownership.MODULES}


def plan(rows: int) -> dict[str, int]:
    """How many rows of each kind; the coins of a published file stand one behind the other."""
    shares = {"evm": 0.52, "tron": 0.18, "single": 0.14, "multisig": 0.10, "ed25519": 0.06}
    if "okx_ed25519" not in judged_schemes():
        del shares["ed25519"]
    counts = {kind: int(rows * share / sum(shares.values())) for kind, share in shares.items()}
    return counts | {"evm": counts["evm"] + rows - sum(counts.values())}


def make_chunk(seed: int, kind: str, first: int, last: int) -> str:
    return "".join(KINDS[kind](seed, number) for number in range(first, last))


def lines(seed: int, counts: dict[str, int]) -> Iterator[tuple[str, str]]:
    """(kind, rows of it) in chunks, made by all processors; equal seeds, equal rows."""
    tasks = [
        (seed, kind, first, min(first + CHUNK, count))
        for kind, count in counts.items()
        for first in range(0, count, CHUNK)
    ]
    with multiprocessing.get_context("fork").Pool(os.cpu_count()) as pool:
        for (_, kind, *_), text in zip(tasks, pool.imap(partial(_starred), tasks), strict=True):
            yield kind, text


def _starred(task: tuple[int, str, int, int]) -> str:
    return make_chunk(*task)


def write_files(seed: int, counts: dict[str, int], whole: Path, accounts: Path | None = None) -> None:
    """The whole file, and one of its EVM and TRON rows alone."""
    files = [whole.open("w", encoding="utf-8"), *([accounts.open("w", encoding="utf-8")] if accounts else [])]
    for stream in files:
        stream.write(f"coin,amount\nETH,1\n\n{HEADER}")
    for kind, text in lines(seed, counts):
        files[0].write(text)
        if kind in ("evm", "tron") and accounts:
            files[1].write(text)
    for stream in files:
        stream.close()


# --- what is timed, each in a process of its own ----------------------------------------------------------------------
def timed(work: Callable[[], object]) -> dict[str, float]:
    clock, processor = time.perf_counter(), time.process_time()
    work()
    return {"seconds": time.perf_counter() - clock, "cpu": time.process_time() - processor, "peak_mb": peak_mb()}


def peak_mb() -> float:
    status = Path("/proc/self/status")
    if not status.exists():
        return float("nan")
    return int(next(line for line in status.read_text().splitlines() if line.startswith("VmHWM")).split()[1]) / 1024


def do_parse(lake: str, file: str) -> dict[str, float]:
    from porlake import pipeline

    settings = pipeline.session(lake, environ={})
    (report,) = pipeline.archive(settings, "okx", file)
    return timed(lambda: pipeline.parse(settings, report))


def do_verify(lake: str, _: str) -> dict[str, float]:
    from porlake import pipeline

    settings = pipeline.session(lake, environ={})
    (report,) = settings.lake.rows(ReportFile)
    figures = timed(lambda: pipeline.verify(settings, report.report))
    found = Counter(
        chain.from_iterable(batch.column("verdict").to_pylist() for batch in settings.lake.batches(Ownership))
    )
    assert set(found) == {"proven"}, found
    return figures


def do_bare(lake: str, _: str) -> dict[str, float]:
    """The curves alone. What they need is read and decoded before the clock starts."""
    from porlake.lake import Lake

    recoveries: list[tuple[bytes, bytes, bool]] = []
    sodium: list[tuple[bytes, bytes]] = []
    for batch in Lake(lake).batches(Evidence):
        columns = (batch.column(name).to_pylist() for name in ("scheme", "network", "signatures", "key_or_script"))
        for scheme, network, signatures, key in zip(*columns, strict=True):
            if scheme == "utxo":
                for text in filter(None, signatures):
                    raw = base64.b64decode(text)
                    recoveries.append((raw[1:] + bytes([raw[0] - 31]), UTXO_DIGESTS[network], False))
            elif scheme == "okx_ed25519":
                sodium.append((bytes.fromhex(signatures[0][2:]) + ED25519_BYTES, bytes.fromhex(key[2:])))
            else:
                raw = bytes.fromhex(signatures[0][2:])
                recoveries.append(
                    (raw[:64] + bytes([raw[64] - 27]), EVM_DIGEST if scheme == "okx_evm" else TRON_DIGEST, True)
                )
    parts = [(recoveries[start::THREADS], sodium[start::THREADS]) for start in range(THREADS)]

    def loops() -> None:
        threads = [threading.Thread(target=bare, args=part) for part in parts]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    return timed(loops)


def bare(recoveries: list[tuple[bytes, bytes, bool]], sodium: list[tuple[bytes, bytes]]) -> list[bytes]:
    import sha3
    from coincurve._libsecp256k1 import ffi, lib

    context, keccak = coincurve.GLOBAL_CONTEXT.ctx, sha3.keccak_256
    signature, key = ffi.new("secp256k1_ecdsa_recoverable_signature *"), ffi.new("secp256k1_pubkey *")
    out, length = ffi.new("unsigned char[65]"), ffi.new("size_t *", 65)
    view, form = ffi.buffer(out), lib.SECP256K1_EC_UNCOMPRESSED
    parse, recover, serialize = (
        lib.secp256k1_ecdsa_recoverable_signature_parse_compact,
        lib.secp256k1_ecdsa_recover,
        lib.secp256k1_ec_pubkey_serialize,
    )
    made = []
    for raw, digest, is_account in recoveries:
        parse(context, signature, raw, raw[64])
        recover(context, key, signature, digest)
        serialize(context, out, length, key, form)
        made.append(keccak(view[1:]).digest()[12:] if is_account else view[1:])
    if sodium:
        from nacl.bindings import crypto_sign_open

        for signed, public in sodium:
            crypto_sign_open(signed, public)
    return made


WORK = {"parse": do_parse, "verify": do_verify, "bare": do_bare}


def child(what: str, lake: Path, file: Path) -> dict[str, float]:
    command = [sys.executable, __file__, "--do", what, str(lake), str(file)]
    return dict(json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout))


# --- the figures ------------------------------------------------------------------------------------------------------
def figures(title: str, rows: int, folder: Path, file: Path, limit: float) -> None:
    lake = folder / file.stem
    parsed = child("parse", lake, file)
    rounds = [(child("bare", lake, file), child("verify", lake, file)) for _ in range(ROUNDS)]
    base, mine = sorted(rounds, key=lambda pair: pair[1]["cpu"] / pair[0]["cpu"])[len(rounds) // 2]  # the median pair
    clock, cpu = (mine[unit] / base[unit] for unit in ("seconds", "cpu"))
    print(f"{title}: {rows:,} rows")
    print(f"  bare loops   {rows / base['seconds']:>9,.0f} rows/s   cpu {1e6 * base['cpu'] / rows:6.1f} us/row")
    print(
        f"  verify       {rows / mine['seconds']:>9,.0f} rows/s   cpu {1e6 * mine['cpu'] / rows:6.1f} us/row   peak "
        f"{mine['peak_mb']:,.0f} MB"
    )
    print(f"  verify / bare: {clock:.2f} by the clock, {cpu:.2f} by processor time (at most {limit:.2f})")
    print(
        f"  parse        {rows / parsed['seconds']:>9,.0f} rows/s   parse / verify: "
        f"{parsed['seconds'] / mine['seconds']:.2f} by the clock"
    )
    whole = command("verify", str(file))
    print(
        f"  porlake verify FILE, end to end: {whole['seconds']:.1f} s, {rows / whole['seconds']:,.0f} rows/s, "
        f"cpu {whole['cpu']:.1f} s"
    )


def command(*words: str) -> dict[str, float]:
    """Seconds and processor time of a command of porlake."""
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run([sys.executable, "-m", "porlake", *words], check=True, stdout=subprocess.DEVNULL)
    seconds, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    return {"seconds": seconds, "cpu": after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=ROWS)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--csv", type=Path, metavar="FILE", help="write the published file and stop")
    parser.add_argument("--do", nargs=3, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.do:
        what, lake, file = options.do
        print(json.dumps(WORK[what](lake, file)))
        return
    counts = plan(options.rows)
    if options.csv:
        write_files(options.seed, counts, options.csv)
        return
    with tempfile.TemporaryDirectory(prefix="porlake-bench-") as name:
        folder = Path(name)
        whole, accounts = folder / "okx_por_2024032500.csv", folder / "okx_por_2024032600.csv"
        write_files(options.seed, counts, whole, accounts)
        digest = hashlib.file_digest(whole.open("rb"), "sha256").hexdigest()[:16]
        print(f"seed {options.seed}: {', '.join(f'{count:,} {kind}' for kind, count in counts.items())}; file {digest}")
        figures("EVM and TRON", counts["evm"] + counts["tron"], folder, accounts, 1.20)
        figures("the whole mix", options.rows, folder, whole, 1 / 0.75)


if __name__ == "__main__":
    main()

"""Rows of ed25519, BLS and Starknet accounts: a judgement against the bare signature check of its library, over the
same rows in the same run; and two threads against one by the clock, as the rows of slow schemes are judged.

Two threads gain where the library lets the interpreter go and a second processor is free. Child processes, which these
threads took the place of, cost two to five times the processor time of the same rows: each starts Python and imports
the libraries anew.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from random import Random
from statistics import median

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from made_rows import beth_bls, ed25519, starknet
from porlake import ownership
from porlake.addresses import parse
from porlake.encoding import bls, stark
from porlake.encoding import ed25519 as curve
from porlake.encoding.varint import with_length
from porlake.model import Evidence
from porlake.ownership import eip191
from porlake.ownership import starknet as typed_data

ROUNDS = 5


def libsodium(row: Evidence) -> Callable[[], bool]:
    key, signature = (
        bytes.fromhex(row.key_or_script.removeprefix("0x")),
        bytes.fromhex(row.signatures[0].removeprefix("0x")),
    )
    data = with_length(b"OKX Signed Message:\n") + with_length(row.message.encode())
    return lambda: curve.holds(key, signature, data)


def arkworks(row: Evidence) -> Callable[[], bool]:
    key, signature = bytes.fromhex(row.address_published[2:]), bytes.fromhex(row.signatures[0].removeprefix("0x"))
    digest = next(eip191.RULES["okx_evm"].digests(row.message.encode()))
    return lambda: bls.holds(key, signature, digest)


def starkware(row: Evidence) -> Callable[[], bool]:
    key, digits = int(row.key_or_script, 16), row.signatures[0]
    digest = typed_data.message_hash(parse("starknet", row.address_published).payload, row.message)
    return lambda: stark.signed(key, digest, int(digits[:64], 16), int(digits[64:], 16))


def measure(name: str, rows: list[Evidence], library: str, bare: Callable[[Evidence], Callable[[], bool]]) -> None:
    checks = [bare(row) for row in rows]
    took: tuple[list[float], list[float]] = [], []
    for _ in range(ROUNDS):
        for which, run in enumerate(
            (lambda: [check() for check in checks], lambda: [ownership.judge(row) for row in rows])
        ):
            start = time.process_time()
            run()
            took[which].append(time.process_time() - start)
    per_row = [median(seconds) / len(rows) * 1e6 for seconds in took]
    print(
        f"{name:9} {1e6 / per_row[1]:8,.0f} rows a CPU second; {per_row[1] / per_row[0]:.2f} times the bare "
        f"{library} ({per_row[0]:,.0f} us)"
    )


def threads(name: str, rows: list[Evidence]) -> None:
    took = {}
    for workers in (1, 2):
        with ThreadPoolExecutor(workers) as pool:
            clocks = []
            for _ in range(ROUNDS):
                start = time.perf_counter()
                list(pool.map(ownership.judge, rows))
                clocks.append(time.perf_counter() - start)
        took[workers] = median(clocks)
    print(f"{name:9} {took[1] / took[2]:.2f} times as fast by the clock in two threads as in one")


def main() -> None:
    chance = Random(1)
    holding = [ed25519._good(chance, "okx_ed25519", form).row for form in ed25519.OKX for _ in range(40)]
    measure("ed25519", holding, "libsodium", libsodium)
    validators = [beth_bls._good(chance).row for _ in range(40)]
    accounts = [starknet._good(chance, chance.randrange(1, stark.ORDER), "hello world").row for _ in range(40)]
    measure("BLS", validators, "arkworks pairing check", arkworks)
    measure("Starknet", accounts, "StarkWare ECDSA", starkware)
    threads("BLS", validators)
    threads("Starknet", accounts)


if __name__ == "__main__":
    main()

"""Proofs of solvency of Binance's kind: batches of commitments and Groth16 proofs a second, one core, each against its
baseline in the same run.

4,674 batches of the edition of 2026 are the rows of a copy of a real table whose public inputs could be computed anew;
totals are those of 500 assets with their haircuts. The baseline is the same sponge in plain Python, on a part of the
rows. Proofs are made with a known trapdoor, with a commitment each as gnark writes them since 0.8; the baseline is the
check of each proof alone, which needs two pairing products of four and two pairs.
"""

from __future__ import annotations

import random
import statistics
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from liabilities.writers.simulated_groth16 import Setup
from porlake.encoding import bn254, groth16, poseidon_bn254
from porlake.liabilities import _zkmerkle as zk

BATCHES, TARGET_SECONDS = 4_674, 4.0
PROOFS, TARGET_PROOFS, TARGET_MINUTES = 512, 10_000, 5.0
PLAIN_ROWS, ALONE = 200, 32


def plainly(rows: list[list[int]]) -> list[int]:
    found = []
    for row in rows:
        state = poseidon_bn254.permuted([0, *row])
        found.append(state[1])
    return found


def commitments(chance: random.Random) -> None:
    rows = [[chance.randrange(poseidon_bn254.MODULUS) for _ in range(3)] + [at * 700, at * 700 + 699]
            for at in range(BATCHES)]  # fmt: skip
    started = time.perf_counter()
    poseidon_bn254.digests(rows[: poseidon_bn254._MANY])
    print(f"compiled or loaded in {time.perf_counter() - started:.1f} s")
    started = time.perf_counter()
    found = poseidon_bn254.digests(rows)
    took = time.perf_counter() - started
    started = time.perf_counter()
    assert plainly(rows[:PLAIN_ROWS]) == found[:PLAIN_ROWS]
    plain = (time.perf_counter() - started) / PLAIN_ROWS * BATCHES
    print(f"{BATCHES:,} public inputs: {took:.2f} s (at most {TARGET_SECONDS:.0f}), plain Python {plain:.1f} s: "
          f"{plain / took:.0f} times faster")  # fmt: skip
    steps = tuple(zk.Step(10**20 * (at + 1), 95 - 5 * at) for at in range(12))
    assets = [zk.Asset(f"a{at}", 10**15, 10**14, 10**8, (1, 2, 3), (steps,) * 3) for at in range(400)]
    started = time.perf_counter()
    zk.commitments(assets, 500)
    print(f"commitments to the prices and to the totals of 500 assets: {time.perf_counter() - started:.2f} s")
    user = zk.User(5, bytes(32), 10**20, 0, 0, tuple(zk.Held(at, 5, 0, (0, 0, 0)) for at in range(40)), 0, (7,) * 28)
    times = []
    for _ in range(12):
        started = time.perf_counter()
        user.climbed(user.leaf(500))
        times.append((time.perf_counter() - started) * 1_000)
    print(f"a user's leaf (tier of 50) and path: {statistics.median(times):.0f} ms, the first {times[0]:.0f} ms")


def proofs() -> None:
    arithmetic = bn254.arithmetic()
    setup = Setup(sigma=77)
    key = groth16.verifying_key(setup.key(), arithmetic)
    count = PROOFS if arithmetic.name == "pyrevm" else 64
    made = [setup.proof(at, a=31 + at % 7) for at in range(count)]
    started = time.perf_counter()
    read = [(groth16.proof(data), (at,)) for at, data in enumerate(made)]
    assert groth16.first_refused(key, read, arithmetic) is None
    took = (time.perf_counter() - started) / count
    started = time.perf_counter()
    for one in read[:ALONE]:
        assert groth16.first_refused(key, [one], arithmetic) is None
    alone = (time.perf_counter() - started) / ALONE
    minutes = took * TARGET_PROOFS / 60
    print(f"Groth16 by {arithmetic.name}: {took * 1_000:.1f} ms a proof in batches of {groth16.BATCH}, "
          f"{alone * 1_000:.1f} ms alone: {alone / took:.1f} times faster; {TARGET_PROOFS:,} proofs in "
          f"{minutes:.1f} minutes (at most {TARGET_MINUTES:.0f} with pyrevm)")  # fmt: skip


if __name__ == "__main__":
    commitments(random.Random(16))
    proofs()

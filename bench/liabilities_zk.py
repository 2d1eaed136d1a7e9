"""OKX's zero-knowledge proofs, one thread: the sum proof of the second scheme and a user's path to it, against as many
bare permutations of Poseidon in the same run; a batch of the first scheme, against SHA-256 of the file.

The files are read anew each time: their JSON and every check are inside the figures. numba's compilation is not: it is
kept beside the source.
"""

from __future__ import annotations

import hashlib
import io
import json
import random
import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

from porlake import reports
from porlake.encoding import goldilocks
from porlake.liabilities import okx_stark_v1, okx_zk_v2
from porlake.liabilities._plonky2_circuit import Circuit, decoded

HERE = Path(__file__).resolve().parent.parent / "tests" / "liabilities"
CASE = HERE / "cases" / "okx_zk_v2" / "constructed" / "sum_proof_data.json"
sys.path.insert(0, str(HERE.parent))
ROOT_TARGET_MS, USER_TARGET_MS = 1_000.0, 50.0
DEPTH, LEVELS = 10, 3  # of OKX's rounds: 1,024 accounts a batch, three levels of 64


def usual(run: Callable[[], object], rounds: int) -> float:
    """Milliseconds, the median of some rounds."""
    found = []
    for _ in range(rounds):
        start = time.perf_counter()
        run()
        found.append(time.perf_counter() - start)
    return 1_000 * median(found)


def bundle(content: bytes) -> reports.Bundle:
    return reports.Bundle((reports.Member("sum_proof_data.json", io.BytesIO(content)),), "sum", "okx")


def permutations(circuit: Circuit) -> int:
    """Of the trees of one proof's queries."""
    height, salt = circuit.lde_bits - circuit.cap_height, 4 if circuit.hiding else 0
    leaves = (
        circuit.constants + circuit.routed,
        circuit.wires + salt,
        circuit.challenges * (1 + circuit.partial_products) + salt,
        circuit.challenges * circuit.quotient_degree + salt,
    )
    count = sum(-(-size // 8) + height for size in leaves)
    for bits in circuit.arities:
        height -= bits
        count += -(-(2 << bits) // 8) + height
    return count * circuit.queries


def bare(count: int) -> float:
    state = list(range(12))
    start = time.perf_counter()
    goldilocks.hash_of([*state] * -(-8 * count // 12))
    return 1_000 * (time.perf_counter() - start)


def user(chance: random.Random) -> bytes:
    def digest() -> str:
        return b"".join(chance.randrange(goldilocks.MODULUS).to_bytes(8, "little") for _ in range(4)).hex()

    places = [chance.randrange(64) for _ in range(LEVELS)]
    batch = sum(place * 64**level for level, place in enumerate(places))
    return json.dumps(
        {
            "account": {
                "id": chance.randbytes(32).hex(),
                "equity": [str(chance.randrange(10**9)) for _ in range(200)],
                "debt": ["0"] * 200,
            },
            "index": batch << DEPTH | chance.randrange(1 << DEPTH),
            "sum_tree_siblings": [digest() for _ in range(DEPTH)],
            "recursive_tree_siblings": [
                {"left_hashes": [digest() for _ in range(at)], "right_hashes": [digest() for _ in range(63 - at)]}
                for at in places
            ],
        }
    ).encode()


def main() -> None:
    started = time.perf_counter()
    goldilocks.hash_of(range(100))
    goldilocks.permute(range(12))
    goldilocks.root_of(range(9), 1, [(1, 2, 3, 4)])
    print(f"loading what numba compiled (or compiling it): {time.perf_counter() - started:.2f} s")

    content = CASE.read_bytes()
    proof = okx_zk_v2.verify(bundle(content))
    if proof.verdict != "consistent_only":
        raise SystemExit(f"the proof does not hold: {proof.detail}")
    circuit = decoded(json.loads(content)["circuits_info"]["root_verifier_data_hex"])
    count = permutations(circuit)
    took, floor = usual(lambda: okx_zk_v2.verify(bundle(content)), 5), median(bare(count) for _ in range(5))
    print(
        f"sum proof of {circuit.queries} queries over 2^{circuit.degree_bits} rows, {len(content):,} bytes:"
        f" {took:.0f} ms (target {ROOT_TARGET_MS:.0f});"
        f" {count:,} bare permutations {floor:.0f} ms, ratio {took / floor:.1f}"
    )

    path = user(random.Random(1))
    count = 1 + DEPTH + LEVELS * 32
    took = usual(lambda: okx_zk_v2.inclusion(reports.Member("user.json", io.BytesIO(path)), None, None), 20)
    floor = median(bare(count) for _ in range(20))
    print(
        f"user's path of {DEPTH} + {LEVELS} levels, 200 tokens: {took:.2f} ms (target {USER_TARGET_MS:.0f});"
        f" {count} bare permutations {floor:.2f} ms, ratio {took / floor:.1f}"
    )

    from liabilities.writers import okx_stark_v1 as writer

    made = writer.prove([5, 9, 11], {"BTC": [1, 2, 3], "ETH": [4, 5, 6]}, 16, 2)
    files = (made.proof, made.values, {"coins": ["BTC", "ETH"], "main_coins_num": 2})
    texts = [writer.written(one) for one in files]

    def first_scheme() -> str:
        members = tuple(reports.Member(f"{place}.json", io.BytesIO(text)) for place, text in enumerate(texts))
        return okx_stark_v1.verify(reports.Bundle(members, "sum", "okx")).reason

    took = usual(first_scheme, 10)
    floor = usual(lambda: hashlib.sha256(texts[0]).digest(), 10)
    print(
        f"batch of the first scheme, {len(texts[0]):,} bytes: {took:.1f} ms;"
        f" SHA-256 of it {floor:.2f} ms, ratio {took / floor:.0f}"
    )


if __name__ == "__main__":
    main()

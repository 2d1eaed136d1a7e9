"""Groth16 as gnark writes it: a real key and proof, keys with a known trapdoor against another verifier, and everything
that must be refused, by both libraries that do the arithmetic.
"""

from __future__ import annotations

import hashlib
import json
import struct
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from py_ecc import optimized_bn128 as curve

from liabilities.writers.simulated_groth16 import FIELD, ORDER, Setup, g1, g2, point
from porlake.encoding import bn254, groth16
from porlake.errors import InvalidEncoding

REAL = json.loads((Path(__file__).parent / "vectors" / "sp1_groth16.json").read_text())
REAL_KEY, REAL_PROOF = bytes.fromhex(REAL["key"]), bytes.fromhex(REAL["proof"])
_VALUES = hashlib.sha256(bytes.fromhex(REAL["public_values"])).digest()
REAL_INPUTS = (int(REAL["program"], 16), int.from_bytes(_VALUES, "big") % 2**253)
HAS_REVM = sys.version_info < (3, 13)
LIBRARIES = ["py_ecc", *["pyrevm"] * HAS_REVM]
FAST = bn254.arithmetic(LIBRARIES[-1])


@pytest.fixture(params=LIBRARIES)
def arithmetic(request: pytest.FixtureRequest) -> bn254.Arithmetic:
    return bn254.arithmetic(request.param)


def refused(code: str, make: Callable[[], object]) -> None:
    with pytest.raises(InvalidEncoding) as caught:
        make()
    assert caught.value.code == code


def holds(setup: Setup, proof: bytes, *inputs: int, arithmetic: bn254.Arithmetic = FAST) -> bool:
    key = groth16.verifying_key(setup.key(), FAST)
    return groth16.first_refused(key, [(groth16.proof(proof), inputs)], arithmetic) is None


def test_the_faster_library_is_taken_where_it_is_installed() -> None:
    assert bn254.arithmetic().name == LIBRARIES[-1]


def test_py_ecc_does_not_lift_the_limit_of_recursion() -> None:
    before = sys.getrecursionlimit()
    bn254._PyEcc()
    assert sys.getrecursionlimit() == before


def test_a_real_proof_holds_for_its_real_key(arithmetic: bn254.Arithmetic) -> None:
    key = groth16.verifying_key(REAL_KEY, arithmetic)
    assert (key.inputs, key.pedersen, key.sha256[:8]) == (2, None, "a4594c59")
    assert groth16.first_refused(key, [(groth16.proof(REAL_PROOF), REAL_INPUTS)], arithmetic) is None


@pytest.mark.parametrize(
    "inputs",
    [REAL_INPUTS[::-1], (REAL_INPUTS[0], REAL_INPUTS[1] + 1), (REAL_INPUTS[0] + ORDER, REAL_INPUTS[1]),
     REAL_INPUTS[:1], (*REAL_INPUTS, 0), (REAL_INPUTS[0], -1)],
)  # fmt: skip
def test_a_real_proof_holds_for_no_other_inputs(inputs: tuple[int, ...]) -> None:
    key = groth16.verifying_key(REAL_KEY, FAST)
    found = groth16.first_refused(key, [(groth16.proof(REAL_PROOF), inputs)], FAST)
    assert found is not None
    assert found[0] == 0


@pytest.mark.parametrize("compressed", [False, True])
@pytest.mark.parametrize("sigma", [0, 77])
def test_a_key_and_proof_are_read_in_every_form(compressed: bool, sigma: int) -> None:
    setup = Setup(sigma=sigma)
    plain, packed = setup.key(), setup.key(compressed)
    assert len(plain) == (708 if not sigma else 708 + 64 + 8 + 4 + 256)
    one, other = (groth16.verifying_key(data, FAST) for data in (plain, packed))
    assert (one.alpha, one.beta, one.k, one.pedersen) == (other.alpha, other.beta, other.k, other.pedersen)
    proof = setup.proof(5, compressed=compressed)
    assert len(proof) == {(0, False): 256, (0, True): 128, (77, False): 388, (77, True): 196}[sigma, compressed]
    assert groth16.first_refused(other, [(groth16.proof(proof), (5,))], FAST) is None
    assert groth16.first_refused(one, [(groth16.proof(proof), (6,))], FAST) is not None


def test_a_key_of_gnark_0_8_counts_no_commitments() -> None:
    setup = Setup(sigma=77)
    for compressed, length in ((False, 1036), (True, 524)):
        key = setup.key(compressed, counts=False)
        assert len(key) == length
        assert groth16.verifying_key(key, FAST).pedersen is not None


@pytest.mark.parametrize("count", [2, 3, 2**32 - 1])
def test_more_than_one_commitment_is_refused(count: int) -> None:
    setup = Setup(sigma=77)
    refused("groth16_count", lambda: groth16.verifying_key(setup.key(commitments=min(count, 3)), FAST))
    proof = setup.proof(5)
    refused("groth16_count", lambda: groth16.proof(proof[:256] + struct.pack(">I", count) + proof[260:]))


def test_a_proof_of_knowledge_of_another_commitment_is_refused(arithmetic: bn254.Arithmetic) -> None:
    setup = Setup(sigma=77)
    assert holds(setup, setup.proof(5), 5, arithmetic=arithmetic)
    false = setup.proof(5)[:-64] + point(g1(78 * 41))
    assert not holds(setup, false, 5, arithmetic=arithmetic)
    assert not holds(setup, Setup().proof(5), 5, arithmetic=arithmetic)


def test_another_verifier_says_the_same() -> None:
    import groth16py as oracle  # GPL: an oracle of this test, and nothing else

    setup = Setup(inputs=2)
    theirs = oracle.Verifier(oracle.VerifyingKey.from_snarkjs(json.dumps(setup.snarkjs())))
    key = groth16.verifying_key(setup.key(), FAST)
    for made, asked in (((3, 4), (3, 4)), ((3, 4), (4, 3)), ((0, ORDER - 1), (0, ORDER - 1)), ((0, 0), (0, 1))):
        ours = groth16.first_refused(key, [(groth16.proof(setup.proof(*made)), asked)], FAST) is None
        proof = json.dumps(setup.snarkjs_proof(*made))
        assert theirs.verify_snarkjs(proof, json.dumps([str(value) for value in asked])) == ours == (made == asked)


REST = [pytest.param(place, marks=pytest.mark.thorough) for place in (1, 31, 62, 65)]


@pytest.mark.parametrize("place", [0, 63, 64, 69, *REST])
def test_of_many_proofs_the_false_one_is_named(place: int) -> None:
    setup = Setup()
    key = groth16.verifying_key(setup.key(), FAST)
    good, bad = groth16.proof(setup.proof(5)), groth16.proof(setup.proof(6))
    proofs = [(bad if at == place else good, (5,)) for at in range(70)]
    found = groth16.first_refused(key, proofs, FAST)
    assert found is not None
    assert found[0] == place
    assert groth16.first_refused(key, [(good, (5,))] * 70, FAST) is None


def test_two_proofs_cannot_undo_each_other() -> None:
    """Without weights the faults of C would cancel."""
    setup = Setup()
    key = groth16.verifying_key(setup.key(), FAST)
    proof = groth16.proof(setup.proof(5))
    shift = point(g1(9))
    more = groth16.Proof(proof.a, proof.b, FAST.added(proof.c, shift))
    less = groth16.Proof(proof.a, proof.b, FAST.added(proof.c, bn254.negated(shift)))
    assert groth16.first_refused(key, [(more, (5,)), (less, (5,))], FAST) == (0, "the pairings do not multiply to one")


def outside() -> bytes:
    """A point of the twist that is not in the subgroup."""
    for x in range(1, 100):
        square = curve.FQ2([x, 0]) ** 3 + curve.b2
        parts = tuple(int(part) for part in square.coeffs)
        root = bn254._root((parts[0], parts[1]))
        if curve.FQ2(list(root)) ** 2 == square:
            found = point((curve.FQ2([x, 0]), curve.FQ2(list(root))))
            if not bn254.in_subgroup(found, FAST):
                return found
    raise AssertionError("no point found")


def test_a_point_outside_the_subgroup_is_refused(arithmetic: bn254.Arithmetic) -> None:
    setup, false = Setup(), outside()
    assert bn254.g2(false) == false
    assert not bn254.in_subgroup(false, arithmetic)
    assert bn254.in_subgroup(point(g2(3)), arithmetic)
    proof = setup.proof(5)
    found = groth16.first_refused(
        groth16.verifying_key(setup.key(), FAST), [(groth16.proof(proof[:64] + false + proof[192:]), (5,))], arithmetic
    )
    assert found == (0, "a point outside the subgroup of the twist")
    key = setup.key()
    for at in (128, 256, 448):  # beta, gamma, delta
        spoiled = key[:at] + false + key[at + 128 :]
        refused("bn254_not_in_subgroup", lambda spoiled=spoiled: groth16.verifying_key(spoiled, FAST))


@pytest.mark.parametrize(
    ("at", "value", "code"),
    [
        (0, bytes(64), "bn254_infinity"),
        (0, b"\x40" + bytes(63), "bn254_infinity"),
        (0, (1).to_bytes(32, "big") + (3).to_bytes(32, "big"), "bn254_not_on_curve"),
        (0, (FIELD + 1).to_bytes(32, "big") + (2).to_bytes(32, "big"), "bn254_not_canonical"),
        (0, (1).to_bytes(32, "big") + (FIELD + 2).to_bytes(32, "big"), "bn254_not_canonical"),
        (0, (1).to_bytes(32, "big") + (FIELD).to_bytes(32, "big"), "bn254_not_canonical"),
        (64, bytes(128), "bn254_infinity"),
        (64, (1).to_bytes(32, "big") * 4, "bn254_not_on_curve"),
        (64, FIELD.to_bytes(32, "big") * 4, "bn254_not_canonical"),
        (192, bytes(64), "bn254_infinity"),
    ],
)
def test_a_proof_with_a_point_that_cannot_be_is_refused(at: int, value: bytes, code: str) -> None:
    proof = Setup().proof(5)
    refused(code, lambda: groth16.proof(proof[:at] + value + proof[at + len(value) :]))


@pytest.mark.parametrize("sigma", [0, 77])
@pytest.mark.parametrize("compressed", [False, True])
def test_no_length_but_the_right_one_is_read(sigma: int, compressed: bool) -> None:
    setup = Setup(sigma=sigma)
    proof, key = setup.proof(5, compressed=compressed), setup.key(compressed)
    ends = {128 if compressed else 256} if sigma else set[int]()  # there a proof without commitments ends
    for cut in {0, 1, 31, 32, 63, 64, 100, len(proof) // 2, len(proof) - 1, *ends} - ends:
        with pytest.raises(InvalidEncoding):
            groth16.proof(proof[:cut])
    with pytest.raises(InvalidEncoding):
        groth16.proof(proof + b"\0")
    for cut in (0, 1, 63, 300, len(key) - 1):
        with pytest.raises(InvalidEncoding):
            groth16.verifying_key(key[:cut], FAST)
    with pytest.raises(InvalidEncoding):
        groth16.verifying_key(key + b"\0", FAST)


@pytest.mark.parametrize("scalar", [1, 2, 3, 5, 1234567, ORDER - 1])
def test_compressed_points_are_the_plain_ones(scalar: int) -> None:
    assert bn254.g1(point(g1(scalar), True)) == bn254.g1(point(g1(scalar))) == point(g1(scalar))
    assert bn254.g2(point(g2(scalar), True)) == bn254.g2(point(g2(scalar))) == point(g2(scalar))
    assert bn254.negated(point(g1(scalar))) == point(g1(-scalar))


@pytest.mark.parametrize("square", [(4, 0), (FIELD - 4, 0), (9, 7), (0, 5), (FIELD - 1, 1), (0, 0)])
def test_a_root_of_a_square_is_found_wherever_there_is_one(square: tuple[int, int]) -> None:
    whole = curve.FQ2(list(square))
    is_square = whole ** ((FIELD**2 - 1) // 2) in (curve.FQ2.one(), curve.FQ2.zero())
    assert (curve.FQ2(list(bn254._root(square))) ** 2 == whole) == is_square

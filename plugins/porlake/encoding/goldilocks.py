"""The Goldilocks field 2^64 - 2^32 + 1, its quadratic extension, and Poseidon over it, as plonky2 uses them.

https://github.com/0xPolygonZero/plonky2 (field/src, plonky2/src/hash): width 12, x^7, 8 full and 22 partial rounds,
the rate of 8 elements overwritten, no padding, a digest of 4 elements. The permutation is compiled by numba when it is
first asked for.

An element is an int below MODULUS; one of the extension, F[X]/(X^2 - 7), a pair of them; a digest is four.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

MODULUS = 2**64 - 2**32 + 1
GENERATOR = 7
#: Of order 2**TWO_ADICITY.
ROOT_OF_UNITY, TWO_ADICITY = 1753635133440165772, 32
NON_RESIDUE = 7

WIDTH, RATE = 12, 8
FULL_ROUNDS, PARTIAL_ROUNDS = 8, 22
#: The linear layer: a circulant matrix of the first, and the second added on the diagonal of its first row.
CIRCULANT, DIAGONAL = (17, 15, 41, 16, 2, 28, 13, 13, 39, 18, 34, 20), 8

Element = int
Extended = tuple[int, int]
Digest = tuple[int, int, int, int]
ZERO, ONE = (0, 0), (1, 0)


def root_of_unity(bits: int) -> Element:
    """A generator of the subgroup of order 2**bits."""
    return pow(ROOT_OF_UNITY, 1 << TWO_ADICITY - bits, MODULUS)


def plus(a: Extended, b: Extended) -> Extended:
    return (a[0] + b[0]) % MODULUS, (a[1] + b[1]) % MODULUS


def minus(a: Extended, b: Extended) -> Extended:
    return (a[0] - b[0]) % MODULUS, (a[1] - b[1]) % MODULUS


def times(a: Extended, b: Extended) -> Extended:
    a0, a1 = a
    b0, b1 = b
    return (a0 * b0 + NON_RESIDUE * a1 * b1) % MODULUS, (a0 * b1 + a1 * b0) % MODULUS


def scaled(a: Extended, factor: Element) -> Extended:
    return a[0] * factor % MODULUS, a[1] * factor % MODULUS


def inverse(a: Extended) -> Extended:
    """Raises ValueError for zero."""
    norm = pow(a[0] * a[0] - NON_RESIDUE * a[1] * a[1], -1, MODULUS)
    return a[0] * norm % MODULUS, -a[1] * norm % MODULUS


def power(a: Extended, exponent: int) -> Extended:
    result = ONE
    while exponent:
        if exponent & 1:
            result = times(result, a)
        a, exponent = times(a, a), exponent >> 1
    return result


def permute(state: Sequence[Element]) -> list[Element]:
    """The Poseidon permutation of twelve elements."""
    return [int(value) for value in _loops().permuted(_array(state), _array(round_constants()))]


def hash_of(values: Sequence[Element]) -> Digest:
    """The digest of any number of elements; that of none is zeros."""
    a, b, c, d = _loops().hashed(_array(values), _array(round_constants()))
    return int(a), int(b), int(c), int(d)


def hash_or_values(values: Sequence[Element]) -> Digest:
    """The leaf of a tree: up to four elements stand for themselves."""
    if len(values) <= 4:
        a, b, c, d = *values, *[0] * (4 - len(values))
        return a, b, c, d
    return hash_of(values)


def root_of(leaf: Sequence[Element], place: int, siblings: Sequence[Digest]) -> Digest:
    """What a leaf and its siblings, from the bottom up, hash to; the bits of `place` tell, lowest first, where it is
    the right one.
    """
    above = [value for sibling in siblings for value in sibling]
    a, b, c, d = _loops().climbed(
        _array(hash_or_values(leaf)), place, _array(above).reshape(-1, 4), _array(round_constants())
    )
    return int(a), int(b), int(c), int(d)


@cache
def round_constants() -> tuple[Element, ...]:
    """360 of them, twelve a round: numbers of ChaCha8 with seed 0, as Rust's `rand` draws them below the modulus."""
    drawn = _chacha8(0)
    return tuple(
        (next(drawn) | next(drawn) << 32) * MODULUS >> 64 for _ in range(WIDTH * (FULL_ROUNDS + PARTIAL_ROUNDS))
    )


def _chacha8(seed: int) -> Any:
    """The 32-bit words of rand_chacha's ChaCha8Rng::seed_from_u64."""
    key = []
    for _ in range(8):  # rand_core stretches the seed by PCG32
        seed = (seed * 6364136223846793005 + 11634580027462260723) & 2**64 - 1
        mixed, turn = ((seed >> 18 ^ seed) >> 27) & 2**32 - 1, seed >> 59
        key.append((mixed >> turn | mixed << 32 - turn) & 2**32 - 1)
    block = 0
    while True:
        start = [0x61707865, 0x3320646E, 0x79622D32, 0x6B206574, *key, block & 2**32 - 1, block >> 32, 0, 0]
        words = list(start)
        for _ in range(4):
            for quarter in range(8):
                diagonal = quarter // 4
                a, b, c, d = (4 * row + (quarter + diagonal * row) % 4 for row in range(4))
                for x, y, z, turn in ((a, b, d, 16), (c, d, b, 12), (a, b, d, 8), (c, d, b, 7)):
                    words[x] = (words[x] + words[y]) & 2**32 - 1
                    mixed = words[z] ^ words[x]
                    words[z] = (mixed << turn | mixed >> 32 - turn) & 2**32 - 1
        yield from ((word + first) & 2**32 - 1 for word, first in zip(words, start, strict=True))
        block += 1


def _array(values: Sequence[Element]) -> Any:
    import numpy as np

    return np.array(values, dtype=np.uint64)


@cache
def _loops() -> Any:
    """Loaded where something is hashed: numba takes a second."""
    from porlake.encoding import _goldilocks_loops

    return _goldilocks_loops

"""Goldilocks and Poseidon against plonky2's vectors, and against the plain definition."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from porlake.encoding import goldilocks
from porlake.encoding.goldilocks import MODULUS, NON_RESIDUE, ONE, WIDTH

elements = st.integers(0, MODULUS - 1) | st.sampled_from([0, 1, MODULUS - 1, MODULUS - 2, 2**32 - 1, 2**32, 2**63])
extended = st.tuples(elements, elements)

#: plonky2/src/hash/poseidon_goldilocks.rs, test_vectors.
VECTORS = [
    (
        [0] * 12,
        "3c18a9786cb0b359 c4055e3364a246c3 7953db0ab48808f4 c71603f33a1144ca d7709673896996dc 46a84e87642f44ed"
        " d032648251ee0b3c 1c687363b207df62 df8565563e8045fe 40f5b37ff4254dae d070f637b431067c 1792b1c4342109d7",
    ),
    (
        list(range(12)),
        "d64e1e3efc5b8e9e 53666633020aaa47 d40285597c6a8825 613a4f81e81231d2 414754bfebd051f0 cb1f8980294a023f"
        " 6eb2a9e4d54a9d0f 1902bc3af467e056 f045d5eafdc6021f e4150f77caaa3be5 c9bfd01d39b50cce 5c0a27fcb0e1459b",
    ),
    (
        [MODULUS - 1] * 12,
        "be0085cfc57a8357 d95af71847d05c09 cf55a13d33c1c953 95803a74f4530e82 fcd99eb30a135df1 e095905e913a3029"
        " de0392461b42919b 7d3260e24e81d031 10d3d0465d9deaa0 a87571083dfc2a47 e18263681e9958f8 e28e96f1ae5e60d3",
    ),
]


@pytest.mark.parametrize(("state", "expected"), VECTORS)
def test_the_permutation_gives_plonky2s_vectors(state: list[int], expected: str) -> None:
    assert goldilocks.permute(state) == [int(word, 16) for word in expected.split()]


def test_the_constants_are_those_of_the_reference() -> None:
    found = goldilocks.round_constants()
    assert len(found) == 360
    assert found[:2] == (0xB585F766F2144405, 0x7746A55F43921AD7)
    assert all(value < MODULUS for value in found)


def plain(state: list[int]) -> list[int]:
    """By the definition, in whole numbers."""
    constants = goldilocks.round_constants()
    for turn in range(30):
        state = [(value + constants[12 * turn + i]) % MODULUS for i, value in enumerate(state)]
        boxes = 1 if 4 <= turn < 26 else 12
        state = [pow(value, 7, MODULUS) if i < boxes else value for i, value in enumerate(state)]
        state = [
            sum(goldilocks.CIRCULANT[i] * state[(row + i) % 12] for i in range(12)) + (8 * state[0] if row == 0 else 0)
            for row in range(12)
        ]
        state = [value % MODULUS for value in state]
    return state


@settings(max_examples=30, deadline=None)
@given(st.lists(elements, min_size=12, max_size=12))
def test_the_compiled_permutation_is_the_plain_one(state: list[int]) -> None:
    assert goldilocks.permute(state) == plain(state)


@settings(max_examples=20, deadline=None)
@given(st.lists(elements, max_size=20))
def test_a_digest_overwrites_eight_at_a_time(values: list[int]) -> None:
    state = [0] * WIDTH
    for at in range(0, len(values), 8):
        part = values[at : at + 8]
        state = plain(part + state[len(part) :])
    assert goldilocks.hash_of(values) == tuple(state[:4])


@settings(max_examples=10, deadline=None)
@given(st.lists(elements, min_size=1, max_size=9), st.integers(0, 7))
def test_a_root_is_climbed_to_by_the_bits_of_the_place(leaf: list[int], place: int) -> None:
    siblings = [(level, 7, 8, MODULUS - 1) for level in range(3)]
    node = goldilocks.hash_or_values(leaf)
    for level, sibling in enumerate(siblings):
        right = place >> level & 1
        both = [*sibling, *node] if right else [*node, *sibling]
        node = tuple(plain([*both, 0, 0, 0, 0])[:4])  # type: ignore[assignment]
    assert goldilocks.root_of(leaf, place, siblings) == node
    assert goldilocks.root_of(leaf, 0, []) == goldilocks.hash_or_values(leaf)


def test_up_to_four_elements_are_their_own_leaf() -> None:
    assert goldilocks.hash_or_values([5, 6]) == (5, 6, 0, 0)
    assert goldilocks.hash_or_values([1, 2, 3, 4]) == (1, 2, 3, 4)
    assert goldilocks.hash_or_values([1, 2, 3, 4, 5]) == goldilocks.hash_of([1, 2, 3, 4, 5])


def test_roots_of_unity_have_their_order() -> None:
    for bits in (1, 4, 19, 32):
        root = goldilocks.root_of_unity(bits)
        assert pow(root, 1 << bits, MODULUS) == 1
        assert pow(root, 1 << bits - 1, MODULUS) == MODULUS - 1
    assert pow(NON_RESIDUE, (MODULUS - 1) // 2, MODULUS) == MODULUS - 1


@given(extended, extended, extended)
def test_the_extension_is_a_field(a: tuple[int, int], b: tuple[int, int], c: tuple[int, int]) -> None:
    times, plus, minus = goldilocks.times, goldilocks.plus, goldilocks.minus
    assert times(a, b) == times(b, a)
    assert times(a, plus(b, c)) == plus(times(a, b), times(a, c))
    assert minus(plus(a, b), b) == a
    assert goldilocks.power(a, 5) == times(a, times(times(a, a), times(a, a)))
    if a == (0, 0):
        with pytest.raises(ValueError, match="not invertible"):
            goldilocks.inverse(a)
    else:
        assert times(a, goldilocks.inverse(a)) == ONE

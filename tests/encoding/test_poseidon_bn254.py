"""Poseidon over BN254: vectors of others, the compiled code against the plain one, and the sponge's borders."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from liabilities.writers import zkmerkle
from porlake.encoding import poseidon_bn254
from porlake.encoding.poseidon_bn254 import MODULUS, digest, digests, permuted

ELEMENTS = st.integers(0, MODULUS - 1)
BORDERS = [0, 1, 2**64 - 1, 2**64, 2**128, 2**192, 2**253, MODULUS - 2, MODULUS - 1]


@pytest.mark.parametrize(
    ("values", "expected"),
    [  # circomlib, test/poseidoncircuit.js and the test vectors of Sui: place 0 of the state comes out there
        ([0, 1], 18586133768512220936620570745912940619677854269274689475585506675881198879027),
        ([0, 1, 2], 7853200120776062878684798364095072458815029376092732009249414926327459813530),
    ],
)
def test_the_permutation_gives_circoms_vectors(values: list[int], expected: int) -> None:
    assert permuted(values)[0] == expected


@pytest.mark.parametrize(
    ("assets", "expected"),
    [  # what the verifiers of Binance (2023) and Gate (July 2025) write down as the root of the tree without users
        (350, "0118925954da77d1a4b241fd163e4373e2265c515cfa60af7fcd28c8cb9ad58a"),
        (800, "037bf6d8fe5b7cbaecf7b35604b57f82173f5c8155c1c750cef00afebcd65436"),
    ],
)
def test_the_sponge_gives_the_publishers_empty_trees(assets: int, expected: str) -> None:
    node = digest([0, 0, 0, digest([0] * -(-2 * assets // 3))])
    for _ in range(28):
        node = digest([node, node])
    assert f"{node:064x}" == expected


@pytest.mark.parametrize("width", range(2, 14))
def test_the_constants_are_those_of_a_register_read_bit_by_bit(width: int) -> None:
    constants, matrix = zkmerkle.parameters(width)
    assert poseidon_bn254.parameters(width) == (tuple(constants), tuple(map(tuple, matrix)))


@pytest.fixture
def compiled(monkeypatch: pytest.MonkeyPatch) -> None:
    """Few values take the compiled way too."""
    monkeypatch.setattr(poseidon_bn254, "_MANY", 0)


@pytest.mark.usefixtures("compiled")
@pytest.mark.parametrize("length", [1, 2, 3, 15, 16, 17, 26, 36, 37])
def test_the_compiled_code_gives_what_the_plain_one_gives_for_many_lengths(length: int) -> None:
    of_length(length)


@pytest.mark.thorough
@pytest.mark.usefixtures("compiled")
@pytest.mark.parametrize("length", [*range(1, 27), 36, 37])
def test_the_compiled_code_gives_what_the_plain_one_gives_for_every_length(length: int) -> None:
    of_length(length)


def of_length(length: int) -> None:
    rows = [[(BORDERS * 9)[at + row : at + row + 1][0] for at in range(length)] for row in range(3)]
    assert digests(rows) == [zkmerkle.digest(row) for row in rows]


@given(rows=st.lists(st.lists(ELEMENTS, min_size=5, max_size=5), min_size=1, max_size=4))
@settings(max_examples=30, deadline=None)
def test_the_compiled_code_gives_what_the_plain_one_gives(rows: list[list[int]]) -> None:
    one = [digest(row) for row in rows]
    many, poseidon_bn254._MANY = poseidon_bn254._MANY, 0
    try:
        assert digests(rows) == one
    finally:
        poseidon_bn254._MANY = many


def test_no_rows_have_no_digest() -> None:
    assert digests([]) == []


@pytest.mark.parametrize("many", [399, 400, 401])
def test_which_way_is_taken_changes_nothing(many: int) -> None:
    rows = [[at, at + 1, at + 2] for at in range(many)]
    assert digests(rows)[-1] == digest(rows[-1])

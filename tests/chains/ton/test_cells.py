"""Cells and their bags, against pytoniq-core."""

from __future__ import annotations

import random

import pytest
from pytoniq_core import Address, Builder
from pytoniq_core import Cell as Oracle

from chains.ton import trees
from porlake.addresses import ton as form
from porlake.chains.ton import cells
from porlake.chains.ton.cells import Cell, Slice
from porlake.errors import BadAnswer


def made(draw: random.Random, depth: int) -> Cell:
    """A tree of cells of any sizes."""
    size = draw.choice([0, 1, 7, 8, 9, 255, 256, 267, 1016, 1022, 1023])
    content = "".join(draw.choice("01") for _ in range(size))
    below = [made(draw, depth - 1) for _ in range(draw.randrange(5))] if depth else []
    return trees.cell(content, below)


def same(one: Cell, other: Oracle) -> None:
    assert one.hash() == other.get_hash(0)
    assert one.hash(3) == other.hash
    assert one.depth() == other.get_depth(0)
    assert one.bits == len(other.bits)
    assert len(one.references) == len(other.refs)
    for mine, theirs in zip(one.references, other.refs, strict=True):
        same(mine, theirs)


@pytest.mark.parametrize("seed", range(30))
def test_hashes_and_bags_are_those_of_pytoniq(seed: int) -> None:
    whole = made(random.Random(seed), 3)
    theirs = Oracle.one_from_boc(trees.bag(whole))
    same(whole, theirs)
    for options in ({}, {"has_idx": True}, {"hash_crc32": False}):
        (mine,) = cells.roots(theirs.to_boc(**options))
        same(mine, theirs)


@pytest.mark.parametrize("seed", range(10))
def test_proofs_hash_as_those_of_pytoniq(seed: int) -> None:
    """Pruned branches, Merkle proofs and updates, at every level."""
    draw = random.Random(seed)
    whole, other = made(draw, 2), made(draw, 2)
    shown = trees.cell(
        trees.bits((seed, 16)),
        [trees.pruned(below) if draw.random() < 0.5 else below for below in whole.references[:3]],
    )
    update = trees.merkle_update(whole, other)
    tree = trees.cell("101", [shown, update, trees.merkle_proof(shown)])
    proof = trees.merkle_proof(trees.cell("1", [tree, trees.pruned(other)]))
    (theirs,) = Oracle.from_boc(trees.bag(proof))
    (mine,) = cells.roots(trees.bag(proof))
    same(mine, theirs)
    assert mine.hash() == proof.hash()
    assert mine.references[0].hash() == mine.data[1:33]


def test_a_pruned_branch_has_the_hash_of_what_was_cut_off() -> None:
    whole = made(random.Random(5), 2)
    assert trees.pruned(whole).hash() == whole.hash()
    assert trees.pruned(whole).depth() == whole.depth()
    assert trees.pruned(whole).hash(1) != whole.hash()


@pytest.mark.parametrize("workchain", [0, -1])
def test_an_address_is_that_of_pytoniq(workchain: int) -> None:
    digest = bytes(range(32))
    theirs = Builder().store_address(Address((workchain, digest))).end_cell()
    assert cells.address_cell(workchain, digest).hash() == theirs.hash
    (mine,) = cells.roots(theirs.to_boc())
    assert cells.address_of(mine) == (workchain, digest)
    (again,) = cells.roots(cells.bag(mine))
    assert again.hash() == theirs.hash
    payload = workchain.to_bytes(1, "big", signed=True) + digest
    assert form.friendly(payload) == Address((workchain, digest)).to_str()
    assert form.parse(form.friendly(payload), "ton").payload == payload


@pytest.mark.parametrize("raw", [0, 1, 255, 256, 2**64, 2**120 - 1])
def test_coins_are_those_of_pytoniq(raw: int) -> None:
    (mine,) = cells.roots(Builder().store_coins(raw).end_cell().to_boc())
    bits = Slice(mine)
    assert bits.coins() == raw
    assert not bits.left


def test_a_bag_that_is_cut_short_or_changed_is_none_or_another() -> None:
    whole = made(random.Random(3), 2)
    data = trees.bag(whole)
    for end in range(len(data)):
        with pytest.raises(BadAnswer):
            cells.roots(data[:end])
    draw = random.Random(1)
    for at in range(len(data)):
        changed = bytearray(data)
        changed[at] ^= 1 << draw.randrange(8)
        try:
            found = cells.roots(bytes(changed))
        except BadAnswer:
            continue
        assert len(found) >= 1


@pytest.mark.parametrize(
    "data",
    [
        b"", b"\xb5\xee\x9c\x72", b"te6cc", bytes.fromhex("b5ee9c7205010101000200" + "0000"),
        bytes.fromhex("b5ee9c7201010101000400" + "01000001"),  # a cell that refers to itself
        bytes.fromhex("b5ee9c72010101010002ff" + "0000"),  # a root that there is not
        bytes.fromhex("b5ee9c7201010100000200" + "0000"),  # no roots
        bytes.fromhex("b5ee9c7201010101010200" + "0000"),  # an absent cell
        bytes.fromhex("b5ee9c7201010101000300" + "000100"),  # bits without an end
        bytes.fromhex("b5ee9c7201010101000300" + "080205"),  # an exotic cell of no kind
        bytes.fromhex("b5ee9c7201010101000400" + "08040100"),  # pruned, of no level
        bytes.fromhex("b5ee9c7201010101000200" + "0500"),  # five references
    ],
)  # fmt: skip
def test_what_is_no_bag(data: bytes) -> None:
    with pytest.raises(BadAnswer):
        cells.roots(data)


@pytest.mark.parametrize("mask", [1, 2, 3, 4, 5, 7])  # of 6 pytoniq-core compares a level with a count, and fails
def test_branches_that_are_cut_off_at_several_levels(mask: int) -> None:
    """A pruned branch has a hash for each level of its mask."""
    count = mask.bit_count()
    hashes = "".join(trees.hexed(bytes([place]) * 32) for place in range(1, count + 1))
    depths = trees.bits(*((10 * place, 16) for place in range(1, count + 1)))
    branch = trees.cell(trees.bits((1, 8), (mask, 8)) + hashes + depths, exotic=True)
    whole = trees.cell("101", [branch, trees.cell("1", [branch])])
    (theirs,) = Oracle.from_boc(trees.bag(whole))
    (mine,) = cells.roots(trees.bag(whole))
    for level in range(4):
        assert mine.hash(level) == theirs.get_hash(level), level
        assert mine.depth(level) == theirs.get_depth(level), level
        assert branch.hash(level) == theirs.refs[0].get_hash(level), level
    assert trees.merkle_proof(whole).mask == mask >> 1


@pytest.mark.parametrize(("mask", "good"), [(0, False), (1, True), (7, True), (8, False)])
def test_levels_of_a_pruned_branch_up_to_their_border(mask: int, good: bool) -> None:
    content = trees.bits((1, 8), (mask, 8)) + "0" * 272 * mask.bit_count()
    if good:
        assert trees.cell(content, exotic=True).kind == cells.PRUNED
    else:
        with pytest.raises(BadAnswer):
            trees.cell(content, exotic=True)


def test_a_library_cell_has_a_hash_and_no_references() -> None:
    content = trees.bits((2, 8)) + trees.hexed(bytes(32))
    assert trees.cell(content, exotic=True).kind == cells.LIBRARY
    for spoiled in (content + "0", content[:-1]):
        with pytest.raises(BadAnswer, match="exotic"):
            trees.cell(spoiled, exotic=True)
    with pytest.raises(BadAnswer, match="exotic"):
        trees.cell(content, [trees.cell("1")], exotic=True)


@pytest.mark.parametrize(
    ("size", "offset", "good"), [(1, 1, True), (4, 8, True), (5, 8, False), (4, 9, False), (0, 1, False), (1, 0, False)]
)
def test_sizes_of_a_bag_s_numbers_up_to_their_border(size: int, offset: int, good: bool) -> None:
    one, length = (1).to_bytes(max(1, size), "big")[:size], (2).to_bytes(max(1, offset), "big")[:offset]
    data = cells.MAGIC + bytes((size, offset)) + one + one + bytes(size) + length + bytes(size) + b"\x00\x00"
    if good:
        assert len(cells.roots(data)) == 1
    else:
        with pytest.raises(BadAnswer):
            cells.roots(data)


@pytest.mark.parametrize(("first", "good"), [(4, True), (5, False), (7, False), (20, False)])
def test_a_cell_has_up_to_four_references(first: int, good: bool) -> None:
    """20: four, and hashes written beside them, which no proof has."""
    count = first & 7
    body = bytes((first, 0)) + bytes(range(1, count + 1)) + b"\x00\x00" * count
    data = cells.MAGIC + bytes((1, 1, count + 1, 1, 0, len(body), 0)) + body
    if good:
        assert len(cells.roots(data)[0].references) == count
    else:
        with pytest.raises(BadAnswer, match="no known form"):
            cells.roots(data)


def test_what_does_not_begin_as_a_bag() -> None:
    data = trees.bag(trees.cell("1"))
    assert len(cells.roots(data)) == 1
    with pytest.raises(BadAnswer, match="no bag"):
        cells.roots(b"\x00" + data[1:])


@pytest.mark.parametrize(("count", "good"), [(1024, True), (1025, True), (1026, False)])
def test_a_bag_cannot_be_deeper_than_a_chain_s(count: int, good: bool) -> None:
    """Each cell refers to the next: so many cells are one less deep."""
    body = b"".join(bytes((1, 0)) + (place + 1).to_bytes(2, "big") for place in range(count - 1)) + bytes((0, 0))
    head = bytes.fromhex("b5ee9c720204") + count.to_bytes(2, "big") + b"\x00\x01" + bytes(2)
    data = head + len(body).to_bytes(4, "big") + bytes(2) + body
    if good:
        assert cells.roots(data)[0].depth() == count - 1
    else:
        with pytest.raises(BadAnswer, match="deep"):
            cells.roots(data)


@pytest.mark.parametrize("width", [8, 9])
def test_bits_end_where_the_cell_does(width: int) -> None:
    bits = Slice(trees.cell("10110011"))
    if width == 8:
        assert bits.number(8) == 0b10110011
    else:
        with pytest.raises(BadAnswer, match="ends before"):
            bits.number(width)
    with pytest.raises(BadAnswer, match="lacks a reference"):
        bits.reference()


@pytest.mark.parametrize(("number", "width", "expected"), [(0b1111, 4, -1), (0b1000, 4, -8), (0b0111, 4, 7), (0, 8, 0)])
def test_signed_numbers(number: int, width: int, expected: int) -> None:
    assert Slice(trees.cell(trees.bits((number, width)))).signed(width) == expected


def test_what_is_no_address() -> None:
    with pytest.raises(BadAnswer, match="no address"):
        cells.address_of(trees.cell("00" + "0" * 265))

"""Transactions, their ids and the digests that their inputs sign, held to btclib and bitcoinlib."""

from __future__ import annotations

import random

import pytest
from btclib.script import sig_hash
from btclib.tx import Tx, TxOut

from porlake.encoding import _bitcoinlib
from porlake.encoding.transaction import ALL, DEFAULT, Input, Output, Transaction, transaction, witness
from porlake.encoding.varint import compact_size, with_length
from porlake.errors import InvalidSignature


def drawn(chance: random.Random, inputs: int, outputs: int, *, is_segwit: bool) -> Transaction:
    def some(most: int) -> bytes:
        return chance.randbytes(chance.randrange(most))

    spent = tuple(
        Input(
            chance.randbytes(32) + chance.randrange(5).to_bytes(4, "little"),
            b"" if is_segwit else with_length(some(60)),
            chance.choice((0, 1, 0xFFFFFFFE, 0xFFFFFFFF)),
            tuple(some(80) for _ in range(chance.randrange(1, 4))) if is_segwit else (),
        )
        for _ in range(inputs)
    )
    paid = tuple(Output(chance.randrange(4 * 10**14), b"\x00\x14" + chance.randbytes(20)) for _ in range(outputs))
    return Transaction(chance.choice((1, 2)), spent, paid, chance.choice((0, 1, 500_000_000)))


def raw(made: Transaction) -> bytes:
    bare = made.without_witness()
    if not any(spent.witness for spent in made.inputs):
        return bare
    stacks = b"".join(
        compact_size(len(spent.witness)) + b"".join(map(with_length, spent.witness)) for spent in made.inputs
    )
    return bare[:4] + b"\x00\x01" + bare[4:-4] + stacks + bare[-4:]


CASES = [
    (seed, inputs, outputs, is_segwit)
    for seed, (inputs, outputs) in enumerate(((1, 1), (1, 3), (2, 1), (3, 2), (5, 4)))
    for is_segwit in (False, True)
]


@pytest.mark.parametrize(("seed", "inputs", "outputs", "is_segwit"), CASES)
def test_btclib_reads_the_same_and_signs_the_same(seed: int, inputs: int, outputs: int, is_segwit: bool) -> None:
    chance = random.Random(seed)
    made = drawn(chance, inputs, outputs, is_segwit=is_segwit)
    other = Tx.parse(raw(made))
    assert transaction(raw(made)) == made
    assert other.id == made.id()[::-1]
    assert other.serialize(include_witness=True) == raw(made)
    script, value = b"\x51" + chance.randbytes(30), chance.randrange(21 * 10**14)
    spent = tuple(Output(chance.randrange(10**9), b"\x51\x20" + chance.randbytes(32)) for _ in range(inputs))
    before = [TxOut(each.value, each.script) for each in spent]
    leaf = chance.randbytes(32)
    for index in range(inputs):
        assert made.legacy_digest(index, script) == sig_hash.legacy(script, other, index, ALL)
        assert made.segwit_digest(index, script, value) == sig_hash.segwit_v0(script, other, index, ALL, value)
        for kind in (DEFAULT, ALL):
            by_key = sig_hash.taproot(other, index, before, kind, 0, b"", b"")
            by_script = sig_hash.taproot(other, index, before, kind, 1, b"", leaf + b"\x00" + b"\xff" * 4)
            assert made.taproot_digest(index, spent, kind) == by_key
            assert made.taproot_digest(index, spent, kind, leaf) == by_script


@pytest.mark.parametrize(("seed", "inputs", "outputs", "is_segwit"), CASES)
def test_bitcoinlib_reads_the_same(seed: int, inputs: int, outputs: int, is_segwit: bool) -> None:
    _bitcoinlib.keys()  # before anything else of it is imported
    from bitcoinlib.transactions import Transaction as Other

    made = drawn(random.Random(seed), inputs, outputs, is_segwit=is_segwit)
    other = Other.parse(raw(made), strict=False)
    assert other.txid == made.id()[::-1].hex()
    assert [(each.value, bytes(each.lock_script)) for each in other.outputs] == [
        (each.value, each.script) for each in made.outputs
    ]
    assert [each.sequence for each in other.inputs] == [each.sequence for each in made.inputs]


@pytest.mark.parametrize("is_segwit", [False, True])
def test_no_other_bytes_are_a_transaction(is_segwit: bool) -> None:
    data = raw(drawn(random.Random(4), 2, 2, is_segwit=is_segwit))
    for bad in (b"", data[:-1], data + b"\0", data[:3]):
        with pytest.raises(InvalidSignature) as caught:
            transaction(bad)
        assert caught.value.code == "bad_transaction"


@pytest.mark.parametrize("size", [252, 253, 65_535, 65_536])
def test_lengths_in_a_witness_are_written_in_their_shortest_form(size: int) -> None:
    item = bytes(size)
    assert witness(b"\x01" + with_length(item)) == (item,)
    longer = b"\xfd" + size.to_bytes(2, "little") if size < 253 else b"\xfe" + size.to_bytes(4, "little")
    longer = b"\xff" + size.to_bytes(8, "little") if size >= 65_536 else longer
    with pytest.raises(InvalidSignature):
        witness(b"\x01" + longer + item)
    with pytest.raises(InvalidSignature):
        witness(b"\x01" + with_length(item)[:-1])

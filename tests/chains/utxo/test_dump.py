"""Dumps of all coins: what they hold is found and proved; what breaks their layout is refused, whatever it is."""

from __future__ import annotations

import io
import random
import resource
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bitcoin_node import KEY, LONG_KEY, Made, dump, hash_serialized, key_order, muhash, varint
from porlake.chains.utxo import dump as utxo_dump
from porlake.encoding.hashes import hash160
from porlake.encoding.varint import compact_size
from porlake.errors import BadDump

WATCHED = [
    b"\x76\xa9\x14" + b"\x01" * 20 + b"\x88\xac",
    b"\xa9\x14" + b"\x02" * 20 + b"\x87",
    b"\x00\x14" + b"\x03" * 20,
    b"\x00\x20" + b"\x04" * 32,
    b"\x51\x20" + b"\x05" * 32,
    b"\x51\x02" + b"\x4e\x73",
    b"\x60\x28" + b"\x06" * 40,
    b"\x53\x09" + b"\x07" * 9,
]
ALIKE = [  # one byte away from a watched script, at either end and in the middle
    b"\x76\xa9\x14" + b"\x01" * 19 + b"\x02\x88\xac",
    b"\xa9\x14" + b"\x03" + b"\x02" * 19 + b"\x87",
    b"\x51\x20" + b"\x05" * 16 + b"\x06" + b"\x05" * 15,
    b"\x60\x28" + b"\x06" * 20 + b"\x07" + b"\x06" * 19,
]
OTHERS = [
    b"",
    b"\x51",
    b"\x00" * 10_000,
    b"\x21" + KEY + b"\xac",
    b"\x41" + LONG_KEY + b"\xac",
    b"\x41\x04" + b"\x11" * 64 + b"\xac",
    b"\x52" * 250,
]
AMOUNTS = st.one_of(st.integers(0, 21 * 10**14), st.sampled_from([0, 1, 9, 10, 546, 10**8, 50 * 10**8, 21 * 10**14]))


def read(data: bytes, **options: Any) -> utxo_dump.Contents:
    stream = io.BytesIO(data)
    found = utxo_dump.header(stream)
    return utxo_dump.read(stream, options.pop("watched", WATCHED), found=found, **options)


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Small chunks: groups of coins run past the end of one, and a read costs little."""
    monkeypatch.setattr(utxo_dump, "CHUNK", 11_000)
    monkeypatch.setattr(utxo_dump, "COINS", 5)
    monkeypatch.setattr(utxo_dump, "SERIALIZED", 11_000)


@st.composite
def sets(draw: st.DrawFn) -> list[Made]:
    made, chance = {}, random.Random(draw(st.integers(0, 2**32)))
    for _ in range(draw(st.integers(1, 12))):
        txid = chance.randbytes(32)
        for vout in draw(
            st.sets(
                st.one_of(st.integers(0, 300), st.integers(0, 70_000), st.integers(0, 2**32 - 1)),
                min_size=1,
                max_size=9,
            )
        ):
            script = draw(st.sampled_from(WATCHED + ALIKE + OTHERS))
            made[txid, vout] = Made(
                txid, vout, draw(st.integers(0, 900_000)), draw(st.booleans()), draw(AMOUNTS), script
            )
    return list(made.values())


@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
)
@given(made=sets(), layout=st.sampled_from([1, 2]), small=st.booleans())
def test_sums_outpoints_and_hashes_are_those_of_the_coins(made: list[Made], layout: int, small: bool) -> None:
    with pytest.MonkeyPatch.context() as patch:
        if small:  # groups of coins run past the end of a chunk
            patch.setattr(utxo_dump, "CHUNK", 11_000)
            patch.setattr(utxo_dump, "COINS", 5)
            patch.setattr(utxo_dump, "SERIALIZED", 11_000)
        found = read(
            dump(made, layout), hashes=utxo_dump.HASHES, outpoints=True, key_hashes=[hash160(KEY), hash160(LONG_KEY)]
        )
    assert found.sums == {script: sum(coin.amount for coin in made if coin.script == script) for script in WATCHED}
    assert (found.highest, found.total) == (max(coin.height for coin in made), sum(coin.amount for coin in made))
    assert found.hashes == {"hash_serialized_3": hash_serialized(made), "muhash": muhash(made)}
    seen = sorted(
        (coin.txid, coin.vout, coin.amount, coin.height, coin.coinbase, coin.script) for coin in found.outpoints
    )
    assert seen == sorted(
        (c.txid[::-1].hex(), c.vout, c.amount, c.height, c.coinbase, c.script) for c in made if c.script in WATCHED
    )
    bare = {
        hash160(key): sum(coin.amount for coin in made if coin.script == bytes([len(key)]) + key + b"\xac")
        for key in (KEY, LONG_KEY)
    }
    assert {digest: found.bare_keys.get(digest, 0) for digest in bare} == bare


def coins(count: int = 12) -> list[Made]:
    scripts = WATCHED + ALIKE + OTHERS[:1] + OTHERS[3:]
    return [
        Made(bytes([n // 3]) * 32, n % 3, 100 + n, n % 2 == 0, 1 << n, scripts[n % len(scripts)]) for n in range(count)
    ]


@pytest.mark.parametrize("layout", [1, 2])
def test_a_file_cut_at_any_byte_is_refused(layout: int, small: None) -> None:
    whole = dump(coins(6), layout)
    assert read(whole).sums
    for size in range(len(whole)):
        with pytest.raises(BadDump):
            read(whole[:size], threads=1)


@pytest.mark.parametrize("layout", [1, 2])
def test_a_byte_too_many_is_refused(layout: int) -> None:
    with pytest.raises(BadDump, match="behind the last coin"):
        read(dump(coins(), layout) + b"\0")


@pytest.mark.parametrize("layout", [1, 2])
def test_any_other_byte_is_refused_or_changes_the_hash(layout: int, small: None) -> None:
    made = coins(8)
    whole, right = bytearray(dump(made, layout)), hash_serialized(made)
    head = 44 if layout == 1 else 51
    for at in range(head, len(whole)):
        for flip in (0x01, 0x80):
            whole[at] ^= flip
            with suppress(BadDump):
                assert read(bytes(whole), hashes=["hash_serialized_3"], threads=1).hashes["hash_serialized_3"] != right
            whole[at] ^= flip


def group(coin: bytes, count: bytes = b"\x01", coins: int = 1) -> bytes:
    return (
        b"utxo\xff\x02\x00"
        + bytes.fromhex("f9beb4d9")
        + bytes(32)
        + coins.to_bytes(8, "little")
        + b"\x09" * 32
        + count
        + coin
    )


PLAIN = b"\x02\x01\x06"


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"utxo\xff\x03\x00" + bytes(44), "layout 3"),
        (b"utxo\xff\x02\x00" + b"abcd" + bytes(40), "unknown network"),
        (group(b"\x00" + PLAIN, coins=0), "0 coins"),
        (group(b"\x00" + PLAIN, coins=1 << 60), "no UTXO dump"),
        (group(b"\x00" + PLAIN, count=b"\x00"), "count of coins"),
        (group(b"\x00" + PLAIN, count=b"\x02"), "count of coins"),
        (group(b"\x00" + PLAIN, count=b"\xff" + b"\xff" * 8), "count of coins"),
        (group(b"\x00" + PLAIN, count=b"\xfd\x01\x00"), "not the shortest"),
        (group(b"\x00" + PLAIN, count=b"\xfe\x01\x00\x00\x00"), "not the shortest"),
        (group(b"\xfd\x05\x00" + PLAIN), "not the shortest"),
        (group(b"\xff\x00\x00\x00\x00\x01\x00\x00\x00" + PLAIN), "over 2"),
        (group(b"\x00" + b"\xff" * 12 + b"\x00"), "VarInt"),
        (group(b"\x00\x02" + b"\xff" * 12 + b"\x00"), "VarInt"),
        (group(b"\x00\x02\x01" + varint(10_007)), "script over"),
        (group(b"\x00\x02\x01" + varint(2**40)), "script over"),
        (group(b"\x00" + PLAIN + b"\x00" + PLAIN, count=b"\x02", coins=2), "order of the set"),
        (group(b"\x05" + PLAIN + b"\x01" + PLAIN, count=b"\x02", coins=2), "order of the set"),
        (group(b"\x00" + PLAIN + b"\x09" * 32 + b"\x01\x01" + PLAIN, coins=2), "ascending order"),
        (group(b"\x00" + PLAIN + b"\x08" * 32 + b"\x01\x00" + PLAIN, coins=2), "ascending order"),
        (group(b"\x00" + PLAIN, coins=3), "2 coins before its end"),
        (b"<html>" * 20, "no UTXO dump"),
        (b"", "inside its header"),
    ],
)
def test_a_hostile_file_is_refused_with_its_reason(data: bytes, why: str) -> None:
    with pytest.raises(BadDump, match=why):
        read(data)


def test_coins_of_one_script_that_overflow_are_refused() -> None:
    made = [Made(bytes([n]) * 32, 0, 1, False, 9 * 10**18, WATCHED[0]) for n in range(3)]
    assert read(dump(made[:2])).sums[WATCHED[0]] == 18 * 10**18
    for coins_ in (made, [Made(b"\1" * 32, 0, 1, False, 10**26, WATCHED[0])]):
        with pytest.raises(BadDump, match="64 bits"):
            read(dump(coins_))


def test_an_uncompressed_key_off_the_curve_is_refused_where_it_matters() -> None:
    data = group(b"\x00\x02\x01\x04" + b"\x00" * 31 + b"\x05")
    assert read(data).sums[WATCHED[0]] == 0
    with pytest.raises(BadDump, match="no point"):
        read(data, hashes=["muhash"])


def test_a_script_that_no_address_stands_for_is_not_watched() -> None:
    with pytest.raises(BadDump, match="43 bytes"):
        read(dump(coins()), watched=[b"\x00" * 43])


def test_a_published_hash_proves_or_refuses() -> None:
    found = read(dump(coins()), hashes=["muhash"])
    assert utxo_dump.proved(found, {"muhash": muhash(coins()).upper()})
    assert not utxo_dump.proved(found, {})
    with pytest.raises(BadDump, match="not that set"):
        utxo_dump.proved(found, {"muhash": "00" * 32})


def test_a_declared_count_costs_no_memory() -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for count in (b"\xfe\xff\xff\xff\xff", compact_size(1 << 39)):
        with pytest.raises(BadDump):
            read(group(b"\x00" + PLAIN, count=count, coins=1 << 39))
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100 << 10


def test_one_transaction_over_many_chunks_is_read_by_any_number_of_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(utxo_dump, "CHUNK", 12_000)
    monkeypatch.setattr(utxo_dump, "SERIALIZED", 12_000)
    made = [Made(b"\x07" * 32, vout, 5, False, vout, WATCHED[vout % 8]) for vout in range(18_000)]
    made += [Made(b"\x08" * 32, vout, 5, False, vout, WATCHED[vout % 8]) for vout in range(16_400, 16_900)]
    assert sorted(made, key=key_order) != sorted(made, key=lambda coin: (coin.txid, coin.vout)), (
        "the two orders must differ"
    )
    data = dump(made)
    for threads in (1, 2, 4):
        found = read(data, hashes=["hash_serialized_3"], threads=threads)
        assert found.hashes["hash_serialized_3"] == hash_serialized(made)
        assert sum(found.sums.values()) == sum(coin.amount for coin in made)

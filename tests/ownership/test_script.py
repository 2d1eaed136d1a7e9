"""The script machine at its borders: locks, counts, sizes and the form of signatures; each with its three cases."""

from __future__ import annotations

from collections.abc import Callable

import coincurve
import pytest

from porlake.addresses import bitcoin
from porlake.encoding import hashes
from porlake.encoding.transaction import ALL, FINAL, Input, Output, Transaction
from porlake.errors import NoKey, NoRule
from porlake.ownership import _script
from porlake.ownership._secp256k1 import HALF_ORDER

KEY = coincurve.PrivateKey(b"\7" * 32)
SHORT = KEY.public_key.format()
CHECK = b"\x21" + SHORT + b"\xac"
VALUE = 1_000


def number(value: int) -> bytes:
    """The shortest push of a number."""
    if 0 <= value <= 16:
        return bytes([0x50 + value]) if value else b"\x00"
    data = value.to_bytes(value.bit_length() // 8 + 1, "little")
    return bytes([len(data)]) + data


def spent(script: bytes, *, version: int = 2, locktime: int = 0, sequence: int = 0) -> _script.Spent:
    """What comes of spending a P2WSH output of a script that one signature satisfies."""
    output = Output(VALUE, b"\x00\x20" + hashes.sha256(script))

    def transaction(*witness: bytes) -> Transaction:
        only = Input(bytes(36), b"", sequence, witness)
        return Transaction(version, (only,), (Output(0, b"\x6a"),), locktime)

    digest = transaction().segwit_digest(0, script, VALUE)
    signature = KEY.sign(digest, hasher=None) + bytes([ALL])
    return _script.spend(transaction(signature, script), 0, (output,))


def holds(do: Callable[[], _script.Spent]) -> bool:
    try:
        return do().keys == (SHORT,)
    except NoKey:
        return False


CLTV, CSV, DROP = b"\xb1", b"\xb2", b"\x75"


@pytest.mark.parametrize(
    ("lock", "stated", "is_open"),
    [
        (100, 99, False), (100, 100, True), (100, 101, True), (0, 0, True), (0, 1, True), (1, 0, False),
        (499_999_999, 499_999_999, True), (499_999_999, 500_000_000, False), (500_000_000, 499_999_999, False),
        (500_000_000, 500_000_000, True), (500_000_001, 500_000_000, False), (2**32 - 1, 2**32 - 1, True),
        (2**32 - 1, 2**32 - 2, False),
    ],
)  # fmt: skip
def test_a_lock_time_opens_at_its_height_or_second(lock: int, stated: int, is_open: bool) -> None:
    """BIP-65; below 500,000,000 a height, from there on a second."""
    script = number(lock) + CLTV + DROP + CHECK
    assert holds(lambda: spent(script, locktime=stated)) == is_open
    if is_open:
        assert spent(script, locktime=stated).is_time_locked


@pytest.mark.parametrize(("sequence", "is_open"), [(FINAL - 1, True), (FINAL, False), (0, True)])
def test_a_final_input_has_no_lock_time(sequence: int, is_open: bool) -> None:
    assert holds(lambda: spent(number(5) + CLTV + DROP + CHECK, locktime=5, sequence=sequence)) == is_open


SECONDS, OFF = 1 << 22, 1 << 31


@pytest.mark.parametrize(
    ("lock", "sequence", "version", "is_open"),
    [
        (10, 9, 2, False), (10, 10, 2, True), (10, 11, 2, True), (10, 10, 1, False), (10, 10, 3, True),
        (0xFFFF, 0xFFFE, 2, False), (0xFFFF, 0xFFFF, 2, True), (0xFFFF, 0x10000, 2, False),
        (10 | SECONDS, 10, 2, False), (10, 10 | SECONDS, 2, False), (10 | SECONDS, 10 | SECONDS, 2, True),
        (10 | SECONDS, 9 | SECONDS, 2, False), (10, 10 | OFF, 2, False), (10 | OFF, 0, 2, True), (10 | OFF, 0, 1, True),
    ],
)  # fmt: skip
def test_a_relative_lock_opens_after_its_blocks_or_units_of_512_seconds(
    lock: int, sequence: int, version: int, is_open: bool
) -> None:
    """BIP-112 and BIP-68."""
    assert holds(lambda: spent(number(lock) + CSV + DROP + CHECK, version=version, sequence=sequence)) == is_open


@pytest.mark.parametrize(("pairs", "extra", "is_good"), [(99, 0, True), (99, 1, True), (99, 2, False)])
def test_a_script_has_201_operations_at_most(pairs: int, extra: int, is_good: bool) -> None:
    """Each DUP, DROP, VERIFY and CHECKSIG is one: 200, 201 and 202 of them. Pushes are none."""
    script = b"\x51" + b"\x76\x75" * pairs + b"\x00\x75" * extra + b"\x69" + CHECK
    assert holds(lambda: spent(script)) == is_good


@pytest.mark.parametrize(("size", "is_good"), [(519, True), (520, True), (521, False)])
def test_a_script_pushes_520_bytes_at_most(size: int, is_good: bool) -> None:
    assert holds(lambda: spent(b"\x4d" + size.to_bytes(2, "little") + b"\1" * size + DROP + CHECK)) == is_good


@pytest.mark.parametrize(("size", "code"), [(9_999, ""), (10_000, ""), (10_001, "script_over_10000_bytes")])
def test_a_witness_script_has_10_000_bytes_at_most(size: int, code: str) -> None:
    chunk = b"\x4d\xf4\x01" + b"\1" * 500 + DROP
    rest = size - len(CHECK) - 19 * len(chunk)
    script = chunk * 19 + b"\x4d" + (rest - 4).to_bytes(2, "little") + b"\1" * (rest - 4) + DROP + CHECK
    assert len(script) == size
    if code:
        with pytest.raises(NoRule) as caught:
            spent(script)
        assert caught.value.code == code
    else:
        assert spent(script).keys == (SHORT,)


def der(r: int, s: int) -> bytes:
    def whole(value: int) -> bytes:
        data = value.to_bytes(value.bit_length() // 8 + 1, "big")
        return b"\x02" + bytes([len(data)]) + data

    body = whole(r) + whole(s)
    return b"\x30" + bytes([len(body)]) + body


@pytest.mark.parametrize(
    ("s", "is_good"), [(1, True), (HALF_ORDER - 1, True), (HALF_ORDER, True), (HALF_ORDER + 1, False)]
)
def test_s_is_in_the_lower_half(s: int, is_good: bool) -> None:
    assert _script._is_strict_der(der(5, s)) == is_good


def test_der_has_one_form() -> None:
    """BIP-66: no number is negative, padded or empty, no length is off by one."""
    good = der(0x80, 0x7F)
    assert _script._is_strict_der(good)
    for at in range(len(good)):
        if at in (4, 5, len(good) - 1):
            continue  # bytes of the numbers themselves
        for by in (-1, 1):
            changed = bytearray(good)
            changed[at] = (changed[at] + by) % 256
            assert not _script._is_strict_der(bytes(changed)), (at, by)
    for bad in (
        good[:-1], good + b"\0", b"", b"\x30", b"\x30\x06\x02\x01\x80\x02\x01\x01",
        b"\x30\x07\x02\x02\x00\x7f\x02\x01\x01",
        b"\x30\x05\x02\x00\x02\x01\x01", b"\x30\x06\x02\x01\x01\x02\x01\x80", b"\x30\x07\x02\x01\x01\x02\x02\x00\x01",
    ):  # fmt: skip
        assert not _script._is_strict_der(bad), bad.hex()


@pytest.mark.parametrize(
    ("opcode", "is_true"),
    [(b"\x00", False), (b"\x51", True), (b"\x01\x80", False), (b"\x02\x00\x80", False), (b"\x02\x80\x00", True)],
)
def test_zero_and_negative_zero_are_false(opcode: bytes, is_true: bool) -> None:
    """What VERIFY (0x69) goes on with."""
    assert holds(lambda: spent(opcode + b"\x69" + CHECK)) == is_true


@pytest.mark.parametrize(
    ("first", "second", "opcode", "answer"),
    [
        (2, 3, 0xA2, 0),
        (3, 3, 0xA2, 1),
        (4, 3, 0xA2, 1),
        (0, 1, 0x9A, 0),
        (1, 1, 0x9A, 1),
        (0, 0, 0x9B, 0),
        (0, 1, 0x9B, 1),
        (2, 3, 0x9C, 0),
        (3, 3, 0x9C, 1),
    ],
)
def test_comparisons(first: int, second: int, opcode: int, answer: int) -> None:
    script = number(first) + number(second) + bytes([opcode]) + number(answer) + b"\x9d" + CHECK
    assert holds(lambda: spent(script))
    assert not holds(
        lambda: spent(number(first) + number(second) + bytes([opcode]) + number(1 - answer) + b"\x9d" + CHECK)
    )


@pytest.mark.parametrize("size", [1, 2, 75, 76, 77, 255, 256, 257])
def test_a_push_stands_in_its_shortest_form(size: int) -> None:
    data = b"\x2a" * size
    forms = {bytes([size]): size < 76} if size < 76 else {}
    forms |= {b"\x4c" + bytes([size]): 76 <= size < 256} if size < 256 else {}
    forms |= {b"\x4d" + size.to_bytes(2, "little"): size >= 256, b"\x4e" + size.to_bytes(4, "little"): False}
    for head, is_good in forms.items():
        assert holds(lambda head=head: spent(head + data + DROP + CHECK)) == is_good, head.hex()


def test_the_address_is_that_of_the_script() -> None:
    other = Output(VALUE, bitcoin.script(bitcoin.p2wsh("bitcoin", CHECK + b"\x69\x51")))
    made = Transaction(2, (Input(bytes(36), b"", 0, (b"", CHECK)),), (Output(0, b"\x6a"),), 0)
    with pytest.raises(NoKey) as caught:
        _script.spend(made, 0, (other,))
    assert caught.value.code == "script_mismatch"


@pytest.mark.parametrize(
    ("before", "is_true"),
    [
        ("51 63 51 67 00 68", True),  # IF
        ("00 63 51 67 00 68", False),
        ("00 64 51 67 00 68", True),  # NOTIF
        ("51 64 51 67 00 68", False),
        ("51 63 51 68", True),  # without ELSE
        ("00 63 51 63 00 67 00 68 67 51 68", True),  # an ELSE in a branch that is not taken takes none
        ("51 63 00 63 00 67 51 68 67 00 68", True),
    ],
)
def test_branches(before: str, is_true: bool) -> None:
    assert holds(lambda: spent(bytes.fromhex(before) + b"\x69" + CHECK)) == is_true


@pytest.mark.parametrize("before", ["51 63 51", "51 68", "51 67", "51 63 51 67 00 68 68"])
def test_branches_end_once(before: str) -> None:
    assert not holds(lambda: spent(bytes.fromhex(before) + b"\x69" + CHECK))

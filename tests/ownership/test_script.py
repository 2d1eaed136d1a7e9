"""The script machine at its borders: locks, counts, sizes and the form of signatures; each with its three cases."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

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
        ("51 63 51 63 51 67 00 68 67 00 68", True),
        ("51 63 51 63 00 67 51 68 67 51 68", False),
    ],
)
def test_branches(before: str, is_true: bool) -> None:
    assert holds(lambda: spent(bytes.fromhex(before) + b"\x69" + CHECK)) == is_true


@pytest.mark.parametrize("before", ["51 63 51", "51 68", "51 67", "51 63 51 67 00 68 68"])
def test_branches_end_once(before: str) -> None:
    assert not holds(lambda: spent(bytes.fromhex(before) + b"\x69" + CHECK))


# --- forms of outputs -------------------------------------------------------------------------------------------------
LONG = KEY.public_key.format(compressed=False)
FORMS = ("p2sh", "p2wsh", "p2sh-p2wsh")
SIGNED = None
"""In the place of an element: the signature of KEY that is due."""


def push(data: bytes) -> bytes:
    """In its shortest form."""
    if not data:
        return b"\x00"
    if len(data) == 1 and (1 <= data[0] <= 16 or data[0] == 0x81):
        return b"\x4f" if data[0] == 0x81 else bytes([0x50 + data[0]])
    size = len(data)
    return (
        bytes([size]) if size < 76 else b"\x4c" + bytes([size]) if size < 256 else b"\x4d" + size.to_bytes(2, "little")
    ) + data


def output_of(form: str, script: bytes) -> bytes:
    program = b"\x00\x20" + hashes.sha256(script)
    if form == "p2wsh":
        return program
    return b"\xa9\x14" + hashes.hash160(script if form == "p2sh" else program) + b"\x87"


def by(
    form: str, script: bytes, *elements: bytes | None, key: coincurve.PrivateKey = KEY, kind: int = ALL,
    output: bytes | None = None, before: bytes = b"", witness: tuple[bytes, ...] = (),
) -> _script.Spent:  # fmt: skip
    """What comes of spending an output of a form by elements below its script. `before`: in front of the input's own
    script; `witness`: instead of what is due.
    """
    paid = Output(VALUE, output_of(form, script) if output is None else output)

    def transaction(own: bytes, stack: tuple[bytes, ...]) -> Transaction:
        return Transaction(2, (Input(bytes(36), own, 0, stack),), (Output(0, b"\x6a"),), 0)

    bare = transaction(b"", ())
    digest = bare.legacy_digest(0, script) if form in ("p2sh", "p2pkh") else bare.segwit_digest(0, script, VALUE)
    signature = key.sign(digest, hasher=None) + bytes([kind])
    stack = tuple(signature if each is SIGNED else each for each in elements)
    if form in ("p2sh", "p2pkh"):
        own = b"".join(map(push, stack if form == "p2pkh" else (*stack, script)))
        return _script.spend(transaction(before + own, witness), 0, (paid,))
    own = push(b"\x00\x20" + hashes.sha256(script)) if form == "p2sh-p2wsh" else b""
    return _script.spend(transaction(before + own, witness or (*stack, script)), 0, (paid,))


def code(do: Callable[..., _script.Spent], *parts: Any, **options: Any) -> str:
    """'' where it may be spent."""
    try:
        do(*parts, **options)
    except (NoKey, NoRule) as error:
        return error.code
    return ""


@pytest.mark.parametrize("form", FORMS)
def test_a_script_is_satisfied_by_a_signature_of_its_key_in_each_form(form: str) -> None:
    assert by(form, CHECK, SIGNED) == _script.Spent(form, CHECK, (SHORT,), False)
    other = coincurve.PrivateKey(b"\x08" * 32)
    assert code(by, form, CHECK, SIGNED, key=other) == "bad_signature"
    assert code(by, form, CHECK, b"") == "bad_signature", "an empty signature is none"
    assert code(by, form, CHECK) == "bad_signature"
    assert code(by, form, CHECK, b"\1", SIGNED) == "bad_signature", "one element is left"
    assert code(by, form, CHECK + b"\x69", SIGNED) == "bad_signature", "and not none"


@pytest.mark.parametrize("at", range(23))
@pytest.mark.parametrize("form", ["p2sh", "p2sh-p2wsh"])
def test_a_script_hash_output_has_one_form_and_its_own_hash(form: str, at: int) -> None:
    changed = bytearray(output_of(form, CHECK))
    changed[at] ^= 1
    told = "script_mismatch" if 2 <= at < 22 else "bare_script"
    assert code(by, form, CHECK, SIGNED, output=bytes(changed)) == told


@pytest.mark.parametrize("output", [b"\xa9\x14" + bytes(19) + b"\x87", b"\xa9\x14" + bytes(20) + b"\x87\x87", CHECK])
def test_an_output_of_another_length_is_bare(output: bytes) -> None:
    assert code(by, "p2sh", CHECK, SIGNED, output=output) == "bare_script"
    assert code(by, "p2pkh", CHECK, SIGNED, SHORT, output=output) == "bare_script"


@pytest.mark.parametrize(("size", "told"), [(519, ""), (520, ""), (521, "p2sh_script_over_520_bytes")])
def test_a_redeem_script_has_520_bytes_at_most(size: int, told: str) -> None:
    script = push(b"\x2a" * (size - 4 - len(CHECK))) + DROP + CHECK
    assert len(script) == size
    assert code(by, "p2sh", script, SIGNED) == told


def p2pkh(key: bytes) -> bytes:
    return b"\x76\xa9\x14" + hashes.hash160(key) + b"\x88\xac"


def test_an_output_of_a_keys_hash() -> None:
    for key, form in ((SHORT, "compressed"), (LONG, "uncompressed")):
        script = p2pkh(key)
        assert by("p2pkh", script, SIGNED, key, output=script) == _script.Spent(form, script, (key,), False)
        assert code(by, "p2pkh", p2pkh(key), SIGNED, key, output=p2pkh(b"")) == "address_mismatch"
        assert code(by, "p2pkh", p2pkh(key), output=p2pkh(key)) == "address_mismatch"
        for at in range(23):
            changed = bytearray(script)
            changed[at] ^= 1
            told = "bare_script" if at < 3 else "address_mismatch"
            assert code(by, "p2pkh", p2pkh(key), SIGNED, key, output=bytes(changed)) == told
    script = p2pkh(SHORT)
    assert code(by, "p2pkh", script, SIGNED, SHORT, output=script, witness=(b"\1",)) == "bad_signature"
    assert code(by, "p2pkh", script, SIGNED, SHORT, output=script, before=b"\x51\x75") == "bad_signature"
    assert code(by, "p2pkh", script, SIGNED, SHORT, output=script, before=b"\x51") == "bad_signature"


def test_a_script_of_its_own_is_none_of_a_witness_program() -> None:
    for form in ("p2wsh", "p2sh-p2wsh"):
        assert code(by, form, CHECK, SIGNED) == ""
        assert code(by, form, CHECK, SIGNED, before=b"\x51") == "bad_signature"
    assert code(by, "p2sh", CHECK, SIGNED, witness=(b"\1",)) == "bad_signature"
    only = b"\x00\x20" + hashes.sha256(CHECK)
    with pytest.raises(NoKey, match="holds more than its push"):
        by("p2sh-p2wsh", CHECK, SIGNED, before=b"\x00", output=b"\xa9\x14" + hashes.hash160(only) + b"\x87")


def test_a_key_in_a_witness_has_a_signature_beside_it_and_no_more() -> None:
    def wpkh(*elements: bytes | None, key: bytes = SHORT) -> _script.Spent:
        """By the way of a P2WSH script that the rules write for the key."""
        program = b"\x00\x14" + hashes.hash160(key)
        digest = Transaction(2, (Input(bytes(36), b"", 0, ()),), (Output(0, b"\x6a"),), 0).segwit_digest(
            0, p2pkh(key), VALUE
        )
        made = KEY.sign(digest, hasher=None) + bytes([ALL])
        stack = tuple(made if each is SIGNED else each for each in elements)
        only = Input(bytes(36), b"", 0, stack)
        return _script.spend(Transaction(2, (only,), (Output(0, b"\x6a"),), 0), 0, (Output(VALUE, program),))

    assert wpkh(SIGNED, SHORT) == _script.Spent("p2wpkh", p2pkh(SHORT), (SHORT,), False)
    for elements, told in (
        ((), "bad_signature"), ((SHORT,), "bad_signature"), ((b"", SIGNED, SHORT), "bad_signature"),
        ((SIGNED, LONG), "address_mismatch"), ((SHORT, SIGNED), "address_mismatch"),
    ):  # fmt: skip
        assert code(wpkh, *elements) == told
    with pytest.raises(NoKey, match="a witness of 3 elements"):
        wpkh(b"", SIGNED, SHORT)
    with pytest.raises(NoKey, match="a key of a form that is not allowed here"):
        wpkh(SIGNED, LONG, key=LONG)


@pytest.mark.parametrize(
    ("script", "is_one"),
    [
        (b"", False), (b"\x00", False), (b"\x00\x01\xaa", False), (b"\x00\x02" + bytes(2), True),
        (b"\x00\x28" + bytes(40), True), (b"\x00\x29" + bytes(41), False), (b"\x00\x03" + bytes(2), False),
        (b"\x00\x01" + bytes(2), False), (b"\x01\x02" + bytes(2), False), (b"\x50\x02" + bytes(2), False),
        (b"\x51\x02" + bytes(2), True), (b"\x52\x02" + bytes(2), True), (b"\x5f\x02" + bytes(2), True),
        (b"\x60\x02" + bytes(2), True), (b"\x61\x02" + bytes(2), False),
    ],
)  # fmt: skip
def test_what_a_witness_program_is(script: bytes, is_one: bool) -> None:
    """BIP-141: a version of 0 to 16, and a push of 2 to 40 bytes."""
    assert _script._is_witness_program(script) is is_one


@pytest.mark.parametrize(
    ("version", "size", "told"),
    [
        (0x00, 19, "witness_v0"), (0x00, 21, "witness_v0"), (0x00, 31, "witness_v0"), (0x00, 33, "witness_v0"),
        (0x51, 20, "witness_v1"), (0x51, 31, "witness_v1"), (0x51, 33, "witness_v1"), (0x52, 32, "witness_v2"),
        (0x60, 32, "witness_v16"), (0x51, 32, "bad_signature"),
    ],
)  # fmt: skip
def test_a_witness_version_or_size_without_rules(version: int, size: int, told: str) -> None:
    output = bytes([version, size]) + bytes(size)
    assert code(by, "p2wsh", CHECK, b"\1" * 64, output=output, witness=(b"\1" * 64,)) == told


def test_a_program_of_taproot_in_a_script_hash_is_a_script_as_any_other() -> None:
    """BIP-341 gives it no rule: the two elements that it pushes satisfy nobody."""
    assert code(by, "p2sh", b"\x51\x20" + bytes(32)) == "bad_signature"


# --- elements, numbers and conditions ---------------------------------------------------------------------------------
def holds_by(before: str | bytes, form: str = "p2wsh", *below: bytes | None) -> bool:
    """Whether a script goes on to the check of the signature after what stands before it."""
    script = (bytes.fromhex(before) if isinstance(before, str) else before) + CHECK
    return code(by, form, script, *below, SIGNED) == ""


def after(before: bytes) -> bool:
    return holds_by(before)


@pytest.mark.parametrize(("size", "is_good"), [(0, True), (519, True), (520, True), (521, False)])
def test_a_witness_holds_elements_of_520_bytes_at_most(size: int, is_good: bool) -> None:
    script = CHECK[:-1] + b"\xad" + DROP + b"\x51"
    assert (code(by, "p2wsh", script, b"\1" * size, SIGNED) == "") is is_good


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    ("condition", "by_form"),
    [(b"\1", (True, True)), (b"\2", (True, False)), (b"", (False, False)), (b"\0", (False, False)),
     (b"\x80", (False, False)), (b"\1\0", (True, False))],
)  # fmt: skip
def test_a_condition_is_empty_or_1_in_a_witness(form: str, condition: bytes, by_form: tuple[bool, bool]) -> None:
    """Policy, and in Tapscript the rule: BIP-342's MINIMALIF. Before it every other element but zero is true."""
    script = b"\x63" + CHECK + b"\x67\x00\x68"
    found = code(by, form, script, SIGNED, condition)
    assert (found == "") is by_form[form != "p2sh"]
    other = code(by, form, b"\x64" + CHECK + b"\x67\x00\x68", SIGNED, condition)
    is_false = form == "p2sh" or condition == b""
    assert (other == "") is (not by_form[0] and is_false)


NUMBERS = [1, 2, 16, 17, 126, 127, 128, 254, 255, 256, 32_766, 32_767, 32_768, 65_535, 8_388_607, 8_388_608,
           2**31 - 2]  # fmt: skip


def numbered(value: int) -> bytes:
    """A number of a script: little-endian, the highest bit its sign."""
    size = (abs(value).bit_length() + 8) // 8 if value else 0
    data = bytearray(abs(value).to_bytes(size, "little"))
    if value < 0:
        data[-1] |= 0x80
    return bytes(data)


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize("value", NUMBERS)
def test_numbers_are_added_and_written_in_their_shortest_form(value: int, sign: int) -> None:
    assert numbered(128) == b"\x80\x00"
    assert numbered(-1) == b"\x81"
    first, one = push(numbered(sign * value)), push(numbered(sign))
    for result, is_right in ((value + 1, True), (value, False), (value + 2, False)):
        assert after(first + one + b"\x93" + push(numbered(sign * result)) + b"\x88") is is_right
    nothing = push(numbered(-sign * value))
    assert after(first + nothing + b"\x93\x00\x88")


@pytest.mark.parametrize(
    ("data", "is_good"),
    [
        (b"", True), (b"\x00", False), (b"\x80", False), (b"\x01\x00", False), (b"\x7f\x00", False),
        (b"\x80\x00", True), (b"\x7f\x80", False), (b"\x80\x80", True), (b"\xff\xff\xff\x7f", True),
        (b"\xff\xff\xff\xff", True), (b"\xff\xff\xff\xff\x00", False), (b"\x00\x00\x00\x80\x00", False),
    ],
)  # fmt: skip
def test_a_number_has_four_bytes_at_most_and_none_too_many(data: bytes, is_good: bool) -> None:
    """NOT, twice, and what is left is thrown away."""
    assert after(push(data) + b"\x91\x91" + DROP) is is_good


@pytest.mark.parametrize(
    ("lock", "told"),
    [
        (b"\xff" * 3 + b"\x7f", ""), (b"\xff" * 4 + b"\0", ""), (b"\xff" * 4 + b"\x01", "the lock is not open"),
        (b"\xff" * 5 + b"\0", "no shortest number"),
    ],
)  # fmt: skip
def test_a_lock_has_five_bytes_at_most(lock: bytes, told: str) -> None:
    script, stated = push(lock) + CLTV + DROP + CHECK, int.from_bytes(lock[:4], "little")
    if told:
        with pytest.raises(NoKey, match=told):
            spent(script, locktime=stated)
    else:
        assert spent(script, locktime=stated).is_time_locked


@pytest.mark.parametrize("opcode", [CLTV, CSV])
def test_a_lock_is_not_negative_and_stays_on_the_stack(opcode: bytes) -> None:
    with pytest.raises(NoKey, match="a negative lock"):
        spent(b"\x4f" + opcode + DROP + CHECK, locktime=5, sequence=5)
    assert spent(b"\x55" + opcode + b"\x55\x9d" + CHECK, locktime=5, sequence=5).is_time_locked
    assert spent(b"\x00" + opcode + b"\x00\x9d" + CHECK, locktime=5, sequence=5).is_time_locked
    assert not spent(CHECK, locktime=5, sequence=5).is_time_locked


@pytest.mark.parametrize(
    ("before", "is_true"),
    [
        # IFDUP: what is true stands there twice
        ("51 73 9d", True), ("00 73 91 69", True), ("00 73 91 69 75", False), ("51 73 75 75", True),
        ("51 73 75", False), ("01 80 73 75", True),
        # SIZE, beside what it measures
        ("03 aabbcc 82 53 9d 03 aabbcc 88", True), ("03 aabbcc 82 52 9d 75", False), ("00 82 00 9d 75", True),
        # the other stack
        ("51 6b 00 6c 69 75", True), ("00 6b 51 6c 69 75", False), ("6c 75", False), ("51 6b 6c 6c 75", False),
        ("51 52 6b 6b 6c 51 9d 6c 52 9d", True),
        # SWAP, DUP, DROP
        ("51 00 7c 69 91 69", True), ("00 51 7c 69 91 69", False), ("52 76 9d", True), ("52 53 75 52 9d", True),
        # EQUAL and NUMEQUAL, and with a VERIFY
        ("51 51 87 69", True), ("51 52 87 69", False), ("51 52 87 91 69", True), ("51 51 88", True),
        ("51 52 88", False), ("52 52 9c 69", True), ("52 53 9c 69", False), ("52 52 9d", True), ("52 53 9d", False),
        # of numbers
        ("00 91 51 9d", True), ("51 91 00 9d", True), ("52 91 00 9d", True), ("4f 91 00 9d", True),
        ("00 92 00 9d", True), ("51 92 51 9d", True), ("52 92 51 9d", True), ("4f 92 51 9d", True),
        ("52 53 93 55 9d", True), ("52 53 9a 51 9d", True), ("52 00 9a 00 9d", True), ("00 53 9a 00 9d", True),
        ("52 53 9b 51 9d", True), ("00 00 9b 00 9d", True), ("52 00 9b 51 9d", True), ("00 53 9b 51 9d", True),
        ("53 52 a2 51 9d", True), ("52 52 a2 51 9d", True), ("52 53 a2 00 9d", True),
        # RETURN, where it is come to
        ("6a", False), ("00 63 6a 68", True), ("51 63 6a 68", False),
        # numbers that stand for themselves
        ("4f 01 81 87 69", False), ("4f 51 93 00 9d", True), ("60 01 10 87 69", False), ("60 5f 51 93 9d", True),
        ("51 50 93", False),
    ],
)  # fmt: skip
def test_what_an_opcode_does(before: str, is_true: bool) -> None:
    assert holds_by(before) is is_true


@pytest.mark.parametrize(
    ("opcode", "how"),
    [(0xA6, hashes.ripemd160), (0xA8, hashes.sha256), (0xA9, hashes.hash160), (0xAA, hashes.sha256d)],
)
def test_hashes(opcode: int, how: Callable[[bytes], bytes]) -> None:
    for said in (b"said", b"else"):
        found = after(push(b"said") + bytes([opcode]) + push(how(said)) + b"\x88")
        assert found is (said == b"said")


@pytest.mark.parametrize("opcode", [0x50, 0x61, 0x62, 0x65, 0x7E, 0x94, 0xA3, 0xAB, 0xBB, 0xFF])
def test_an_opcode_without_a_rule_stops_a_script_where_it_is_not_come_to_as_well(opcode: int) -> None:
    for before in (bytes([opcode]), b"\x00\x63" + bytes([opcode]) + b"\x68"):
        assert code(by, "p2wsh", before + CHECK, SIGNED) == f"opcode_{opcode:02x}"


def test_an_opcode_of_tapscript_is_none_before_it() -> None:
    with pytest.raises(NoKey, match="CHECKSIGADD outside of a tapscript"):
        by("p2wsh", b"\x00\x00" + push(SHORT) + b"\xba" + CHECK, SIGNED)


def test_a_push_ends_within_its_script() -> None:
    for bad in ("05 01020304", "4c", "4c 05 01", "4d 05", "4e 05 00"):
        script = CHECK + b"\x69" + bytes.fromhex(bad)
        with pytest.raises(NoKey, match="a push runs over the end of its script"):
            by("p2wsh", script, SIGNED)


@pytest.mark.parametrize("data", [0, 1, 2, 15, 16, 17, 0x80, 0x81, 0x82])
def test_a_byte_that_has_an_opcode_is_pushed_by_it(data: int) -> None:
    assert after(bytes([1, data]) + DROP) is not (1 <= data <= 16 or data == 0x81)


@pytest.mark.parametrize(("more", "is_good"), [(-1, True), (0, True), (1, False)])
def test_pushes_are_no_operations_and_keys_of_a_multisig_are(more: int, is_good: bool) -> None:
    """16 is pushed by the last opcode that is none; a CHECKMULTISIG counts 1 and each of its keys."""
    drops = 201 - 2 - 21 + more
    multi = b"\x00\x00" + push(SHORT) * 20 + push(b"\x14") + b"\xae\x69"
    assert after(b"\x60\x75" * drops + multi) is is_good
    if not is_good:
        assert code(by, "p2wsh", b"\x60\x75" * drops + multi + CHECK, SIGNED) == "too_many_operations"


# --- signatures -------------------------------------------------------------------------------------------------------
KEYS = [coincurve.PrivateKey(bytes([n]) * 32) for n in (11, 12, 13)]


def multi(threshold: int, count: int, keys: Sequence[bytes]) -> bytes:
    return push(numbered(threshold)) + b"".join(map(push, keys)) + push(numbered(count)) + b"\xae"


def signed_by(form: str, script: bytes, signers: Sequence[int], dummy: bytes = b"") -> _script.Spent:
    bare = Transaction(2, (Input(bytes(36), b"", 0, ()),), (Output(0, b"\x6a"),), 0)
    digest = bare.legacy_digest(0, script) if form == "p2sh" else bare.segwit_digest(0, script, VALUE)
    made = [b"" if n < 0 else KEYS[n].sign(digest, hasher=None) + bytes([ALL]) for n in signers]
    return by(form, script, dummy, *made)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    ("threshold", "signers", "is_good"),
    [
        (1, [0], True), (1, [1], True), (1, [2], True), (2, [0, 1], True), (2, [0, 2], True), (2, [1, 2], True),
        (2, [1, 0], False), (2, [2, 0], False), (2, [1, 1], False), (2, [0], False), (2, [0, -1], False),
        (2, [-1, 1], False), (3, [0, 1, 2], True), (3, [0, 1, 1], False), (1, [-1], False),
    ],
)  # fmt: skip
def test_a_multisig_is_signed_in_the_order_of_its_keys(
    form: str, threshold: int, signers: list[int], is_good: bool
) -> None:
    keys = [key.public_key.format() for key in KEYS]
    script = multi(threshold, 3, keys)
    assert (code(signed_by, form, script, signers) == "") is is_good
    if is_good:
        found = signed_by(form, script, signers)
        assert sorted(found.keys) == sorted(keys[n] for n in signers)
        for dummy in (b"\1", b"\0"):
            with pytest.raises(NoKey, match="below a multisig's signatures is not empty"):
                signed_by(form, script, signers, dummy)


@pytest.mark.parametrize(
    ("before", "is_true"),
    [
        ("00 00 00 ae 69", True), ("00 00 00 af", True),
        ("00 00 51 51 51 af", False), ("00 4f 00 ae 69", False),
        ("00 4f 00 ae 91 69", False), ("00 00 4f ae 69", False),
        ("00 00 51 00 ae 91 69", False), ("00 00 51 51 51 ae 91 69", True), ("00 00 51 51 51 ae 69", False),
        ("00 00 00 52 51 51 ae 91 69", False), ("00 00 51 51 ae 69", True), ("51 00 51 51 ae 69", False),
    ],
)  # fmt: skip
def test_how_many_keys_and_signatures_a_multisig_asks_for(before: str, is_true: bool) -> None:
    """No signature of none is enough; of some, an empty one is none, and says so without a failure."""
    assert holds_by(before) is is_true


@pytest.mark.parametrize(("count", "is_good"), [(19, True), (20, True), (21, False)])
def test_a_multisig_has_20_keys_at_most(count: int, is_good: bool) -> None:
    script = b"\x00\x00" + push(SHORT) * count + push(numbered(count)) + b"\xae\x69"
    assert after(script) is is_good


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    ("key", "by_form"),
    [
        (SHORT, (True, True)), (LONG, (True, False)), (bytes([6 + LONG[64] % 2]) + LONG[1:], (False, False)),
        (b"\x05" + LONG[1:], (False, False)), (b"\x04" + SHORT[1:], (False, False)),
        (b"\x01" + SHORT[1:], (False, False)), (SHORT[:-1], (False, False)), (SHORT + b"\0", (False, False)),
        (LONG[:-1], (False, False)), (b"", (False, False)),
    ],
)  # fmt: skip
def test_a_key_is_compressed_or_before_the_witness_not(form: str, key: bytes, by_form: tuple[bool, bool]) -> None:
    script = push(key) + b"\xac"
    if by_form[form != "p2sh"]:
        assert by(form, script, SIGNED).keys == (key,)
    else:
        with pytest.raises(NoKey, match="a key of a form that is not allowed here"):
            by(form, script, SIGNED)


def test_both_signs_of_a_compressed_key_are_known() -> None:
    signs = set()
    for n in range(1, 9):
        key = coincurve.PrivateKey(bytes([n]) * 32)
        script = push(key.public_key.format()) + b"\xac"
        assert by("p2wsh", script, SIGNED, key=key).keys == (key.public_key.format(),)
        signs.add(key.public_key.format()[0])
    assert signs == {2, 3}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("kind", [0, 1, 2, 3, 0x41, 0x81, 0xFF])
def test_a_signature_commits_to_the_whole_transaction(form: str, kind: int) -> None:
    assert code(by, form, CHECK, SIGNED, kind=kind) == ("" if kind == ALL else "signature_sighash_not_all")


def test_a_signature_in_its_own_script_is_none_before_the_witness() -> None:
    """Such a script takes the signature out before it is hashed (FindAndDelete); no wallet writes one."""
    signature = KEY.sign(bytes(32), hasher=None) + bytes([ALL])
    script = push(signature) + DROP + CHECK
    with pytest.raises(NoKey, match="the signature stands in its own script"):
        by("p2sh", script, signature)
    with pytest.raises(NoKey, match="the signature is not that of the key"):
        by("p2wsh", script, signature)
    with pytest.raises(NoKey, match="the signature is not that of the key"):
        by("p2sh", CHECK, signature)


def test_a_key_counts_that_stands_in_the_script_or_whose_hash_does() -> None:
    assert by("p2wsh", p2pkh(SHORT), SIGNED, SHORT).keys == (SHORT,)
    assert by("p2wsh", CHECK[:-1] + b"\xad" + p2pkh(SHORT), SIGNED, SHORT, SIGNED).keys == (SHORT,)
    assert code(by, "p2wsh", b"\xac", SIGNED, SHORT) == "no_key_signed"
    assert code(by, "p2wsh", b"\x51") == "no_key_signed"


@pytest.mark.parametrize(("size", "is_good"), [(32, True), (33, True), (34, True), (35, False)])
def test_a_signature_in_der_has_72_bytes_at_most(size: int, is_good: bool) -> None:
    """BIP-66 says nothing of r but that all together is no longer."""
    made = der(int.from_bytes(b"\x01" * size, "big"), HALF_ORDER)
    assert len(made) == 2 + 2 + size + 2 + 32
    assert _script._is_strict_der(made) is is_good


@pytest.mark.parametrize(
    ("made", "is_good"),
    [
        ("30 06 02 01 01 02 01 01", True), ("30 06 02 01 00 02 01 01", True), ("30 06 02 01 01 02 01 00", True),
        ("30 07 02 02 00 80 02 01 01", True), ("30 07 02 02 00 7f 02 01 01", False),
        ("30 07 02 01 01 02 02 00 80", True), ("30 07 02 01 01 02 02 00 7f", False),
        ("30 07 02 02 01 00 02 01 01", True), ("30 07 02 02 80 01 02 01 01", False),
        ("30 06 03 01 01 02 01 01", False), ("30 06 02 01 01 03 01 01", False), ("31 06 02 01 01 02 01 01", False),
        ("30 05 02 01 01 02 01 01", False), ("30 07 02 01 01 02 01 01", False), ("30 06 02 02 01 02 01 01", False),
        ("30 06 02 01 01 02 02 01", False), ("30 06 02 01 01 02 00 01", False), ("30 05 02 00 02 01 01", False),
        ("30 05 02 01 01 02 00", False), ("30 06 02 00 02 02 01 01", False), ("30 06 02 04 01 02 01 01", False),
        ("30 06 02 03 01 02 01 01", False), ("30 06 02 ff 01 02 01 01", False), ("30 06 02 03 01 01 01 02", False),
        ("30 04 02 00 02 00", False),
    ],
)  # fmt: skip
def test_der_byte_by_byte(made: str, is_good: bool) -> None:
    assert _script._is_strict_der(bytes.fromhex(made)) is is_good


@pytest.mark.parametrize("opcode", [b"\x61", b"\x69", b"\x75", b"\xac"])
def test_the_script_of_an_input_pushes_and_does_no_more(opcode: bytes) -> None:
    script = p2pkh(SHORT)
    for form, elements, output in (("p2sh", (SIGNED,), None), ("p2pkh", (SIGNED, SHORT), script)):
        with pytest.raises(NoKey, match="the input's script does more than push"):
            by(form, CHECK if form == "p2sh" else script, *elements, output=output, before=opcode)

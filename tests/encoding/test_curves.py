"""The curves behind signatures: what holds, what is no point or number of theirs, and their borders."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from nacl.signing import SigningKey
from py_ecc.bls import G2ProofOfPossession as Bls

from made_rows import starknet
from porlake.encoding import bls, ed25519, stark

MESSAGE = b"\x2a" * 32


@settings(max_examples=20, deadline=None)
@given(st.binary(min_size=32, max_size=32), st.binary(max_size=50), st.integers(0, 63), st.integers(0, 7))
def test_ed25519_holds_for_its_message_and_not_for_a_changed_bit(
    seed: bytes, message: bytes, at: int, bit: int
) -> None:
    key = SigningKey(seed)
    public, signature = bytes(key.verify_key), key.sign(message).signature
    assert ed25519.holds(public, signature, message)
    assert not ed25519.holds(public, signature, message + b"\0")
    changed = bytearray(signature)
    changed[at] ^= 1 << bit
    assert not ed25519.holds(public, bytes(changed), message)


@pytest.mark.parametrize("key", [bytes(32), b"\1" + bytes(31), b"\xff" * 32, b"\xec" + b"\xff" * 30 + b"\x7f"])
def test_a_key_of_small_order_signs_nothing(key: bytes) -> None:
    """With such a key one signature would hold for many messages."""
    assert not ed25519.holds(key, b"\1" + bytes(63), MESSAGE)
    assert not ed25519.holds(key, bytes(64), MESSAGE)


def test_bls_holds_as_py_ecc_signs() -> None:
    key, signature = Bls.SkToPk(5), Bls.Sign(5, MESSAGE)
    assert bls.holds(key, signature, MESSAGE)
    assert not bls.holds(key, signature, MESSAGE[1:])
    assert not bls.holds(Bls.SkToPk(6), signature, MESSAGE)


def test_bls_takes_one_form_of_a_point_and_not_the_one_at_infinity() -> None:
    key, signature = Bls.SkToPk(5), Bls.Sign(5, MESSAGE)
    infinity = b"\xc0" + bytes(47), b"\xc0" + bytes(95)
    assert not bls.holds(*infinity, MESSAGE)
    assert not bls.holds(infinity[0], signature, MESSAGE)
    assert not bls.holds(key, infinity[1], MESSAGE)
    for flag in (0x80, 0x40, 0x20):
        assert not bls.holds(bytes([key[0] ^ flag]) + key[1:], signature, MESSAGE)
        assert not bls.holds(key, bytes([signature[0] ^ flag]) + signature[1:], MESSAGE)
    assert not bls.holds(b"\x80" + b"\xff" * 47, signature, MESSAGE)


def test_a_bls_point_outside_of_the_group_signs_nothing() -> None:
    """x of 4 is on the curve and of another order."""
    from py_arkworks_bls12381 import G1Point

    outside = next(
        raw
        for raw in (b"\x80" + bytes(46) + bytes([x]) for x in range(1, 60))
        if _is_on_curve(G1Point, raw) and not G1Point.from_compressed_bytes_unchecked(raw).is_in_subgroup()
    )
    assert not bls.holds(outside, Bls.Sign(5, MESSAGE), MESSAGE)


def _is_on_curve(kind: object, raw: bytes) -> bool:
    try:
        kind.from_compressed_bytes_unchecked(raw)  # type: ignore[attr-defined]
    except ValueError:
        return False
    return True


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("", 0), ("a", 97), ("a" * 31, int.from_bytes(b"a" * 31)), ("0", 0), ("00", 0), ("0x10", 16), ("0X10", 16),
        (str(stark.FIELD - 1), stark.FIELD - 1), (hex(stark.FIELD - 1), stark.FIELD - 1), ("-1", int.from_bytes(b"-1")),
    ],
)  # fmt: skip
def test_short_strings(text: str, number: int) -> None:
    assert stark.short_string(text) == number


@pytest.mark.parametrize("text", ["a" * 32, "é", str(stark.FIELD), hex(stark.FIELD), str(stark.FIELD + 1)])
def test_what_is_no_short_string(text: str) -> None:
    with pytest.raises(ValueError):
        stark.short_string(text)


def test_numbers_outside_of_their_range_sign_nothing() -> None:
    secret, digest, once = 77, 1234, 4242
    key, r = starknet.key_of(secret), starknet.key_of(once)
    s = (digest + r * secret) * pow(once, -1, stark.ORDER) % stark.ORDER
    assert stark.signed(key, digest, r, s)
    for bad in (
        (0, digest, r, s), (stark.FIELD, digest, r, s), (key, -1, r, s), (key, stark.BOUND, r, s),
        (key, digest, 0, s), (key, digest, stark.BOUND, s), (key, digest, r, 0), (key, digest, r, stark.ORDER),
        (key, digest, r, s + stark.ORDER), (key, digest + stark.ORDER, r, s),
        (key, digest + 1, r, s), (key, digest, r + 1, s), (key, digest, r, s + 1), (key + 1, digest, r, s),
    ):  # fmt: skip
        assert not stark.signed(*bad), bad

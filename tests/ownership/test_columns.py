"""What stands in the columns of a row: texts of bytes by their length and spelling, signatures by their place."""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import replace

import pytest

from porlake.encoding import base58
from porlake.errors import InvalidAddress, InvalidSignature, NoKey, NoRule
from porlake.model import Evidence
from porlake.ownership import _columns

Row = Callable[..., Evidence]
DATA = bytes(range(1, 33))


@pytest.mark.parametrize("size", [31, 32, 33])
def test_bytes_have_their_size_in_each_spelling(size: int) -> None:
    data = b"\1" * size
    spelled = {
        _columns.from_hex: data.hex(),
        _columns.from_base64: base64.b64encode(data).decode(),
        _columns.from_base58: base58.encode(data),
    }
    for read, text in spelled.items():
        if size == 32:
            assert read(text, 32) == data
            assert read(f" {text}\n", 32) == data
        else:
            with pytest.raises(InvalidSignature) as caught:
                read(text, 32)
            assert caught.value.code == "bad_length"


@pytest.mark.parametrize(
    ("text", "code"), [("0x0g", "bad_hex"), ("0x0", "bad_hex"), ("xx", "bad_hex"), ("0x0x00", "bad_hex")]
)
def test_what_is_no_hex(text: str, code: str) -> None:
    with pytest.raises(InvalidSignature) as caught:
        _columns.from_hex(text)
    assert caught.value.code == code


def test_hex_of_any_size_with_its_prefix_or_without() -> None:
    assert _columns.from_hex("") == _columns.from_hex("0x") == b""
    assert _columns.from_hex("0Xab") == _columns.from_hex("AB") == b"\xab"


def test_another_spelling_is_read_where_the_usual_one_fails_and_the_usual_error_is_told() -> None:
    for text in (DATA.hex(), "0x" + DATA.hex(), base58.encode(DATA), base64.b64encode(DATA).decode()):
        assert _columns.from_any(text, 32, _columns.from_hex) == DATA
    with pytest.raises(InvalidSignature) as caught:
        _columns.from_any(DATA.hex()[2:], 32, _columns.from_hex)
    assert caught.value.code == "bad_length"
    with pytest.raises(InvalidSignature) as caught:
        _columns.from_any("?", 32, _columns.from_base64)
    assert caught.value.code == "bad_base64"


def test_a_signature_by_its_place(row: Row) -> None:
    made = row("utxo", "bitcoin", "x", "one", "", "three")
    assert [_columns.signature(made, column) for column in (0, 2)] == ["one", "three"]
    for column in (1, 3, 4):
        with pytest.raises(InvalidSignature) as caught:
            _columns.signature(made, column)
        assert caught.value.code == f"no_signature{column + 1}"


def test_errors_are_named_by_their_column_and_rules_that_are_missing_are_not() -> None:
    for error in (InvalidSignature("bad_hex", "why"), InvalidAddress("bad_hex", "why")):
        with pytest.raises(InvalidSignature) as caught, _columns.of("key"):
            raise error
        assert (caught.value.code, caught.value.__cause__) == ("key_bad_hex", error)
    for kind in (NoKey, NoRule):
        with pytest.raises(kind) as caught, _columns.of("key"):
            raise kind("code", "why")
        assert caught.value.code == "code"


def test_a_coin_that_the_network_does_not_have_is_told(row: Row) -> None:
    made = row("okx_ed25519", "solana", "x")
    assert _columns.remarks(made) == ()
    assert _columns.remarks(replace(made, asset="SOL")) == ()
    assert _columns.remarks(replace(made, asset="BTC")) == ("coin_and_network_differ",)
    assert _columns.remarks(replace(made, asset="BTC", network=None)) == ()

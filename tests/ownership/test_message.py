"""What a message names, how it may be spelled, and what is no message."""

from __future__ import annotations

import pytest

from porlake.errors import InvalidSignature
from porlake.ownership import _message


@pytest.mark.parametrize(("text", "is_none"), [
    ("", True), (" ", True), ("null", True), ("NULL", True), (" Null\n", True), ("\\N", True), ("\\n", True),
    ("-", True),
    ("--", False), ("nullx", False), ("0", False), ("N", False),
])  # fmt: skip
def test_how_files_write_that_there_is_no_message(text: str, is_none: bool) -> None:
    assert _message.is_none(text) == is_none


def test_a_message_in_blanks_has_two_spellings() -> None:
    assert list(_message.spellings("a b")) == [(b"a b", ())]
    assert list(_message.spellings(" a b\n")) == [(b" a b\n", ()), (b"a b", ("message_trimmed",))]
    with pytest.raises(InvalidSignature) as caught:
        list(_message.spellings("\ud800"))
    assert caught.value.code == "message_bad_text"


@pytest.mark.parametrize(
    ("message", "is_named"),
    [
        ("on 2024-03-25", True), ("on 20240325", True), ("2024-03", True), ("202403", False), ("12024-03-25", False),
        ("202403251", False), ("2024-13-01", False), ("2024-12-01", True), ("2024-00-01", False), ("2024-01-31", True),
        ("20240132", False), ("20240100", False), ("1899-01-01", False), ("1900-01-01", True), ("2099-12-31", True),
        ("2100-01-01", False), ("2024-0325", False), ("202403-25", False), ("5/2024-03/x", True),
    ],
)  # fmt: skip
def test_a_date_is_a_day_or_month_that_exists(message: str, is_named: bool) -> None:
    assert ("date" in _message.named("okx", message).names) == is_named


@pytest.mark.parametrize(
    ("message", "is_named"),
    [
        ("I am an OKX address", True), ("okx", True), ("okx.com", True), ("_okx_", True), ("okxx", False),
        ("Okcoin", False),
        ("o k x", False),
    ],
)  # fmt: skip
def test_an_exchange_is_named_by_a_word(message: str, is_named: bool) -> None:
    assert ("exchange" in _message.named("okx", message).names) == is_named


def test_an_address_is_named_by_its_words() -> None:
    named = _message.named("okx", "I own 0xAbc and ex:q1")
    assert (named.with_address("0xabc"), named.with_address("ex:q1")) == (("address",), ("address",))
    for other in ("0xab", "xabc", "0xabcd", "q1 ex", "::", ""):
        assert named.with_address(other) == (), other


@pytest.mark.parametrize(("length", "is_named"), [(9, False), (10, True), (11, False)])
def test_a_word_as_long_as_the_longest_of_the_message_is_compared(length: int, is_named: bool) -> None:
    named = _message.named("okx", f"short {'x' * 10}")
    assert named.longest == 10
    assert (named.with_address("x" * length) == ("address",)) == is_named

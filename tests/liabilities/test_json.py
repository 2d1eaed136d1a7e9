"""Files of JSON that a proof format reads: bounded, strict, and each field named."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from liabilities.proved import as_file
from porlake.encoding.strict_json import Number
from porlake.liabilities import _json
from porlake.liabilities._json import Malformed


def test_numbers_stay_in_the_characters_in_which_they_were_written() -> None:
    found = _json.read(as_file(b'{"a": 1.50, "b": ["x", 12345678901234567890]}'), 100)
    fields = _json.fields(found, "the file", "a", "b")
    assert (fields["a"], type(fields["a"])) == ("1.50", Number)
    assert _json.items(fields["b"], "b") == ["x", "12345678901234567890"]


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"", "no JSON"),
        (b"{", "no JSON"),
        (b"\x00\xff", "no JSON|UTF-8"),
        (b"<html></html>", "no JSON"),
        (b'{"a": 1, "a": 2}', "key 'a' twice"),
        (b'{"a": NaN}', "NaN"),
        (b"[" * 200 + b"]" * 200, "deeper than 100 levels"),
        (b"[" + b"1" * 2000 + b"]", "no JSON"),
        ('{"a": 1}'.encode("utf-16"), "UTF-8"),
        (b'"\\ud800"', "no JSON"),
        (b"[" + b"1," * 4000 + b"1]", "more than 4,000 bytes"),
    ],
)
def test_what_is_no_json_is_malformed_with_the_reason(body: bytes, why: str) -> None:
    with pytest.raises(Malformed, match=why):
        _json.read(as_file(body), 4000)


@pytest.mark.parametrize(("most", "is_read"), [(3, True), (4, True), (2, False)])
def test_the_length_of_a_file_is_bounded(most: int, is_read: bool) -> None:
    if is_read:
        assert _json.read(as_file(b"[1]"), most) == ["1"]
        return
    with pytest.raises(Malformed, match="more than 2 bytes"):
        _json.read(as_file(b"[1]"), most)


def test_the_number_of_values_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_json, "MOST_VALUES", 3)
    assert len(_json.items(_json.read(as_file(b"[1,2,3]"), 100), "list")) == 3
    with pytest.raises(Malformed, match="more than 3 values"):
        _json.read(as_file(b"[1,2,3,4]"), 100)


@pytest.mark.parametrize(
    ("read", "why"),
    [
        (lambda: _json.fields([], "node 3", "a"), "node 3: an object was expected, and there is a list of 0"),
        (lambda: _json.fields({"b": 1}, "node 3", "a"), "node 3: the field 'a' is missing"),
        (lambda: _json.fields({"a": 1, "b": 1}, "node 3", "a"), "node 3: unknown field 'b'"),
        (lambda: _json.items({}, "path"), "path: a list was expected, and there is an object of 0"),
        (lambda: _json.items([1, 2], "path", 1), "path: a list of 2, and at most 1 were expected"),
        (lambda: _json.text(Number("1"), "hash"), "hash: a text was expected, and there is 1"),
        (lambda: _json.text("ab", "hash", 1), "hash: a text was expected, and there is 'ab'"),
        (lambda: _json.text(None, "hash"), "hash: a text was expected, and there is None"),
        (lambda: _json.text("x" * 5000, "hash"), "hash: a text was expected, and there is 'x{59}…"),
    ],
)
def test_a_field_of_another_kind_is_malformed_with_its_place(read: Callable[[], object], why: str) -> None:
    with pytest.raises(Malformed, match=why):
        read()


def test_fields_may_be_optional_or_any() -> None:
    assert _json.fields({"a": 1}, "x", "a", optional=("b",)) == {"a": 1}
    assert _json.fields({"a": 1, "b": 2}, "x", "a", optional=("b",)) == {"a": 1, "b": 2}
    assert _json.fields({"BTC": 1}, "x") == {"BTC": 1}


@pytest.mark.parametrize(
    ("found", "is_one"),
    [
        (Number("0"), True),
        (Number("5"), True),
        (Number("6"), False),
        (Number("-1"), False),
        (Number("-0"), False),
        (Number("1.0"), False),
        (Number("1e0"), False),
        (Number("9" * 41), False),
        ("1", False),
        (True, False),
        (None, False),
    ],
)
def test_a_whole_number_is_one_of_json_in_its_range(found: object, is_one: bool) -> None:
    if is_one:
        assert _json.number(found, "height", 5) == int(str(found))
        return
    with pytest.raises(Malformed, match="height: a whole number from 0 to 5 was expected"):
        _json.number(found, "height", 5)


def test_a_negative_number_is_one_where_it_may_be() -> None:
    assert _json.number(Number("-3"), "debt", 5, least=-3) == -3


@pytest.mark.parametrize(
    ("body", "has"),
    [
        (b'{"self": 1, "path": []}', True),
        (b'\xef\xbb\xbf {"path": 1, "self": 1}', True),
        (b'[{"self": 1, "path": 1}]', False),
        (b'{"self": 1}', False),
        (b"", False),
    ],
)
def test_a_file_is_known_by_the_keys_of_its_head(body: bytes, has: bool) -> None:
    assert _json.has_keys(as_file(body), "self", "path") is has

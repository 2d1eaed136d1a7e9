"""Fields of published JSON: each is named by a shape, numbers keep their digits, errors say path and value."""

from __future__ import annotations

import io
import json
from datetime import UTC, datetime
from decimal import Decimal, localcontext
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from porlake.encoding.strict_json import Number
from porlake.errors import BadStructure
from porlake.reports import Member, _json
from porlake.reports._json import MOST_DIGITS, Shape, Value, plain

PAGE = Shape("data", "code", optional=("note",), unused=("msg",))
ASSET = Shape("coin", "held")


def value(found: Any) -> Value:
    return _json.loads(json.dumps(found).encode(), "f.json")


def read(body: bytes, most: int = 100) -> Value:
    return _json.read(Member("f.json", io.BytesIO(body)), most)


def test_fields_are_those_of_the_shape_and_their_paths_are_shown() -> None:
    page = value({"data": [{"coin": "BTC", "held": 1}], "code": "0", "msg": None}).object(PAGE)
    assert sorted(page) == ["code", "data"]
    (asset,) = page["data"].items()
    assert asset.object(ASSET)["held"].path == "data[0].held"
    assert value({"a b": {"x": 1}}).fields()["a b"].fields()["x"].path == '["a b"].x'


@pytest.mark.parametrize(
    ("found", "why"),
    [
        ({"data": 1, "code": 1, "nEw": 5}, 'f.json: the file: unknown field "nEw", and there is {"data":1,'),
        ({"data": 1}, 'the field "code" is missing'),
        ({"data": 1, "code ": 1}, 'unknown field "code "'),
        ([], "an object was expected, and there is []"),
        (None, "an object was expected, and there is null"),
    ],
)
def test_a_field_that_nobody_named_and_one_that_is_missing_stop_the_file(found: Any, why: str) -> None:
    with pytest.raises(BadStructure) as refused:
        value(found).object(PAGE)
    assert why in str(refused.value)


@pytest.mark.parametrize(
    "found", [1, 1.5, None, True, [], {}, "a\0", "\x1b[31m", "a\nb", "\x85", "\u2028", "a" * 65_537]
)
def test_a_text_is_a_text(found: Any) -> None:
    with pytest.raises(BadStructure, match=r"f\.json: a: a text was expected, and there is"):
        value({"a": found}).fields()["a"].text()
    if type(found) not in (int, float):
        with pytest.raises(BadStructure, match="a text was expected"):
            value(found).amount()


@pytest.mark.parametrize("body", [b"-1", b"1.0", b"1e3", b'""', b'" 1"', b"true", b"null", b'"1,000"', b"1" * 19])
def test_a_whole_number_is_digits(body: bytes) -> None:
    with pytest.raises(BadStructure, match="a whole number was expected"):
        read(body).whole()


@pytest.mark.parametrize(
    ("ticks", "at"),
    [
        (946_684_799_999, None), (946_684_800_000, datetime(2000, 1, 1, tzinfo=UTC)),
        (946_684_800_001, datetime(2000, 1, 1, 0, 0, 0, 1_000, tzinfo=UTC)),
        (4_102_444_799_999, datetime(2099, 12, 31, 23, 59, 59, 999_000, tzinfo=UTC)), (4_102_444_800_000, None),
        (1_700_000_000, None),
    ],
)  # fmt: skip
def test_a_moment_is_of_this_century(ticks: int, at: datetime | None) -> None:
    if at:
        assert value(ticks).moment() == value(str(ticks)).moment() == at
    else:
        with pytest.raises(BadStructure, match="milliseconds"):
            value(ticks).moment()


@pytest.mark.parametrize("size", [99, 100, 101])
def test_a_file_has_so_many_bytes(size: int) -> None:
    body = b"[" + b" " * (size - 2) + b"]"
    if size > 100:
        with pytest.raises(BadStructure, match=r"f\.json: the file has more than 100 bytes"):
            read(body)
    else:
        assert read(body).found == []


@pytest.mark.parametrize("by", [-1, 0, 1])
@pytest.mark.parametrize("most", [1_000, pytest.param(_json.MOST_VALUES, marks=pytest.mark.thorough)])
def test_a_file_has_so_many_values(most: int, by: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_json, "MOST_VALUES", most)
    values = most + by
    body = b"[" + b",".join([b"1"] * values) + b"]"
    if by > 0:
        with pytest.raises(BadStructure, match=f"more than {most:,} values"):
            _json.loads(body, "f.json")
    else:
        assert len(_json.loads(body, "f.json").found) == values


@pytest.mark.parametrize(
    "body", [b"[" * 100_000, b"[" + b"9" * 1_000_000 + b"]", b'{"a":1,"a":2}', b"[NaN]", b"<html>", b"", b"\xff\xfe[\0"]
)
def test_hostile_json_stops_with_a_sentence(body: bytes) -> None:
    with pytest.raises(BadStructure) as refused:
        read(body, 2_000_000)
    assert str(refused.value).startswith("f.json: ")
    assert len(str(refused.value)) < 200


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("29099.606752300002", "29099.606752300002"), ("1.50", "1.50"), ("1.5e-7", "0.00000015"), ("15E+3", "15000"),
        ("1.50e1", "15.0"), ("0e9", "0"), ("-1e2", "-100"), ("1e-1", "0.1"), ("123.45e-2", "1.2345"), ("0.5e1", "5"),
        ("1e98", "1" + "0" * 98), ("1e99", "1" + "0" * 99), ("1e100", "1e100"), ("1e999999999", "1e999999999"),
    ],
)  # fmt: skip
def test_a_number_is_written_out_in_the_same_digits(text: str, shown: str) -> None:
    assert read(text.encode()).amount() == shown


@given(st.decimals(allow_nan=False, allow_infinity=False), st.integers(-MOST_DIGITS, MOST_DIGITS))
def test_written_out_it_is_the_same_number(number: Decimal, exponent: int) -> None:
    text = f"{abs(number):f}"[:60].rstrip(".") + f"e{exponent}"
    found = plain(text)
    with localcontext(prec=400):
        assert Decimal(found) == Decimal(text)


def test_a_row_is_shown_as_it_stands_there() -> None:
    body = '{"coin":"₿","held":1.50e1,"more":[null,true,false,"\\"",{}]}'
    assert read(body.encode()).raw == body
    assert len(value(["a" * 5_000]).raw) == 2_000


def test_values_of_other_origin_go_the_same_way() -> None:
    found = Value("f.yaml", "", {"coin": "BTC", "held": "1.0"}).object(ASSET)
    assert (found["held"].amount(), Value("f.yaml", "", Number("7")).whole()) == ("1.0", 7)


@pytest.mark.parametrize(
    ("head", "is_it"),
    [
        (b'{"a":1,"b" : 2}', True), (b'\xef\xbb\xbf [{"a":{"b":1}}]', True), (b'{"a":1,"c":"b"}', False),
        (b'a,"a":"b":', False), (b"", False),
    ],
)  # fmt: skip
def test_a_file_is_known_by_its_keys(head: bytes, is_it: bool) -> None:
    assert _json.has_keys(Member("f", io.BytesIO(head)), "a", "b") == is_it


@pytest.mark.parametrize(("body", "known"), [(b"200", True), (b'"200"', True), (b"0", False), (b"null", False)])
def test_one_of_some(body: bytes, known: bool) -> None:
    if known:
        assert read(body).one_of("200", "00000") == "200"
    else:
        with pytest.raises(BadStructure, match='known are "200"'):
            read(body).one_of("200")

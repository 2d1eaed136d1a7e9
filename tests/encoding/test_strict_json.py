"""JSON read strictly: what is refused and by which code, depth and numbers below, at and above their borders."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from porlake.encoding.strict_json import DEEPEST, LONGEST_NUMBER, Number, loads, nests_deeper
from porlake.errors import InvalidEncoding


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "json"), (b"{", "json"), (b"<html>", "json"), (b"[1] 2", "json"), (b"[1,]", "json"), (b"[NaN]", "json"),
        (b"[-Infinity]", "json"), (b"[01]", "json"), (b"[1.]", "json"), (b'["\\ud800"]', "json"), (b'["\xff"]', "json"),
        (b'["\xed\xa0\x80"]', "json"),
        ('["a"]'.encode("utf-16"), "json"), (b'{"a":1,"b":{"c":1,"c":1}}', "json_key_twice"),
        (b'{"a":1,"\\u0061":1}', "json_key_twice"), (b"[" * 100_000, "json_too_deep"),
        (b'{"a":' * 100_000 + b"1" + b"}" * 100_000, "json_too_deep"), (b"[" + b"1" * 1_000_000 + b"]", "json"),
        (b"[0." + b"1" * 1_000_000 + b"]", "json"),
    ],
)  # fmt: skip
def test_what_is_no_json_is_refused(body: bytes, code: str) -> None:
    with pytest.raises(InvalidEncoding) as refused:
        loads(body)
    assert refused.value.code == code
    assert len(str(refused.value)) < 200


@pytest.mark.parametrize("text", ["0", "-0", "1", "29099.606752300002", "1e5", "1E-7", "-1.50", "9" * 400])
def test_a_number_keeps_its_characters_and_is_no_text(text: str) -> None:
    (number,) = loads(f"[{text}]".encode())
    assert (number, type(number)) == (text, Number)
    assert type(loads(f'["{text}"]'.encode())[0]) is str


@pytest.mark.parametrize("size", [LONGEST_NUMBER - 1, LONGEST_NUMBER, LONGEST_NUMBER + 1])
@pytest.mark.parametrize("begin", ["1", "0."])
def test_a_number_has_so_many_characters(size: int, begin: str) -> None:
    text = begin.ljust(size, "1")
    if size > LONGEST_NUMBER:
        with pytest.raises(InvalidEncoding, match="of no use"):
            loads(text.encode())
    else:
        assert loads(text.encode()) == text


def test_numbers_may_be_read_otherwise() -> None:
    assert loads(b"[1, 1.5]", whole=int, point=Decimal) == [1, Decimal("1.5")]


@pytest.mark.parametrize("levels", [DEEPEST - 1, DEEPEST, DEEPEST + 1])
def test_json_nests_so_deep(levels: int) -> None:
    body = b"[" * levels + b"]" * levels
    if levels > DEEPEST:
        with pytest.raises(InvalidEncoding, match=f"deeper than {DEEPEST} levels"):
            loads(body)
    else:
        assert loads(body) == json.loads(body)


@pytest.mark.parametrize("levels", [DEEPEST - 2, DEEPEST, DEEPEST + 2])
def test_lists_in_objects_in_lists_nest_no_deeper(levels: int) -> None:
    body = b'[{"a":' * (levels // 2) + b"1" + b"}]" * (levels // 2)
    assert nests_deeper(body, DEEPEST) == (levels > DEEPEST)


@given(
    st.recursive(
        st.sampled_from(["[", "]", '"[', "{", '\\"', 7]),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("a[]"), inner, max_size=2),
        max_leaves=20,
    )
)
def test_depth_is_counted_without_the_brackets_of_texts(value: Any) -> None:
    def depth(part: Any) -> int:
        if isinstance(part, list | dict):
            return 1 + max(map(depth, part.values() if isinstance(part, dict) else part), default=0)
        return 0

    body, levels = json.dumps(value).encode(), depth(value)
    assert not nests_deeper(body, levels)
    assert levels == 0 or nests_deeper(body, levels - 1)


@pytest.mark.parametrize("opened", [4, 5, 6])
def test_what_is_never_closed_is_opened_all_the_same(opened: int) -> None:
    assert nests_deeper(b"[" * opened, 5) == (opened > 5)

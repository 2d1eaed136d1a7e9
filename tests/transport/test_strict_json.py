"""JSON from outside: depth, numbers and keys, each border below, at and above it."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from porlake.encoding.strict_json import DEEPEST, LONGEST_NUMBER
from porlake.errors import BadAnswer
from porlake.transport.strict_json import HIGHEST_EXPONENT, SMALL, dumps, loads, loads_fast, undecimal


@pytest.mark.parametrize("levels", [DEEPEST - 1, DEEPEST, DEEPEST + 1])
@pytest.mark.parametrize(("opening", "closing"), [(b"[", b"]"), (b'{"a":', b"}")])
def test_an_answer_nests_so_deep(levels: int, opening: bytes, closing: bytes) -> None:
    body = opening * levels + b"1" + closing * levels
    if levels > DEEPEST:
        with pytest.raises(BadAnswer, match=f"deeper than {DEEPEST} levels"):
            loads(body, "host")
    else:
        assert loads(body, "host") == json.loads(body)


@pytest.mark.parametrize("levels", [DEEPEST - 1, DEEPEST, DEEPEST + 1])
def test_the_fast_parser_nests_as_deep(levels: int) -> None:
    body = b"[" * levels + b"1," + b" " * SMALL + b"1" + b"]" * levels
    if levels > DEEPEST:
        with pytest.raises(BadAnswer, match="deeper than"):
            loads_fast(body, "host")
    else:
        assert loads_fast(body, "host") == json.loads(body)


@pytest.mark.parametrize("size", [LONGEST_NUMBER - 1, LONGEST_NUMBER, LONGEST_NUMBER + 1])
def test_a_number_with_a_point_has_so_many_characters(size: int) -> None:
    text = "0." + "1" * (size - 2)
    if size > LONGEST_NUMBER:
        with pytest.raises(BadAnswer, match="no JSON"):
            loads(text.encode(), "host")
    else:
        assert loads(text.encode(), "host") == Decimal(text)


@pytest.mark.parametrize("sign", ["", "-"])
@pytest.mark.parametrize("exponent", [HIGHEST_EXPONENT - 1, HIGHEST_EXPONENT, HIGHEST_EXPONENT + 1])
def test_a_number_has_an_exponent_up_to_here(sign: str, exponent: int) -> None:
    text = f"1.0e{sign}{exponent}"
    if exponent > HIGHEST_EXPONENT:
        with pytest.raises(BadAnswer, match="no JSON"):
            loads(text.encode(), "host")
    else:
        assert loads(text.encode(), "host") == Decimal(text)


@pytest.mark.parametrize("size", [SMALL - 1, SMALL, SMALL + 1])
def test_small_answers_are_read_strictly_however_fast_the_parser(size: int) -> None:
    head, tail = b'{"a":1,"a":2,"b":"', b'"}'
    body = head + b"x" * (size - len(head) - len(tail)) + tail
    assert len(body) == size
    if size <= SMALL:
        with pytest.raises(BadAnswer, match="same key twice"):
            loads_fast(body, "host")
    else:
        assert loads_fast(body, "host")["a"] == 2
    with pytest.raises(BadAnswer, match="same key twice"):
        loads(body, "host")


@given(
    st.recursive(
        st.none()
        | st.booleans()
        | st.integers()
        | st.text()
        | st.decimals(allow_nan=False, allow_infinity=False, places=5),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
        max_leaves=10,
    )
)
def test_what_is_kept_comes_back(value: Any) -> None:
    try:
        kept = dumps(value)
    except UnicodeEncodeError:  # half of a surrogate pair: refused before it is kept
        return
    assert json.loads(kept, object_hook=undecimal) == value


@pytest.mark.parametrize("body", ["[1]".encode("utf-16"), "[1]".encode("utf-32"), b"\xff[1]"])
def test_json_is_utf_8(body: bytes) -> None:
    with pytest.raises(BadAnswer):
        loads(body, "host")

"""JSON from outside, read strictly: UTF-8, keys once, numbers with a point as Decimal, depth and length bounded."""

from __future__ import annotations

import json
import re
from decimal import Decimal, InvalidOperation
from typing import Any

import orjson

from porlake.errors import BadAnswer
from porlake.transport.retries import MalformedAnswer

#: How deep an answer nests at most, and how long a number with a point is: what is beyond is no answer but an attack on
#: whoever walks through it.
DEEPEST, LONGEST_NUMBER, HIGHEST_EXPONENT = 100, 1_000, 6_144
#: Up to here a body is read by the strict parser, however fast another one is.
SMALL = 1 << 14


def loads(body: bytes, host: str) -> Any:
    """A body's JSON, each key once, numbers with a point as Decimal. Raises MalformedAnswer, BadAnswer."""
    _not_too_deep(body, host)
    if not json.detect_encoding(body).startswith("utf-8"):
        raise _garbled(body, host)  # RFC 8259, 8.1; and brackets are counted in UTF-8
    try:
        value = json.loads(body, parse_float=_point, parse_constant=_no_constant, object_pairs_hook=_once_each)
        if b"\\u" in body:
            dumps(value)  # half of a surrogate pair is no text: it could neither be kept nor shown
    except _Twice as error:
        raise BadAnswer(f"{host}: the answer says the same key twice in one object") from error
    except (ValueError, RecursionError) as error:
        raise _garbled(body, host) from error
    return value


def loads_fast(body: bytes, host: str) -> Any:
    """As `loads`, where no number has a point or more than 64 bits. A key that is there twice is seen in small
    answers.
    """
    if len(body) <= SMALL:
        return loads(body, host)
    _not_too_deep(body, host, texts=False)  # this parser has a bound of its own, of 1,024 levels
    try:
        return orjson.loads(body)
    except ValueError as error:
        raise _garbled(body, host) from error


def _garbled(body: bytes, host: str) -> MalformedAnswer:
    kind = "HTML" if body.lstrip()[:1] == b"<" else "no JSON, or only a part of it"
    return MalformedAnswer(f"{host}: the answer is {kind}")


_BUT_BRACKETS = bytes(sorted(set(range(256)) - set(b"[]{}")))
_TEXTS = re.compile(rb'"(?:[^"\\]++|\\.)*+"?', re.DOTALL)


def _not_too_deep(body: bytes, host: str, *, texts: bool = True) -> None:
    if nests_deeper(body, DEEPEST, texts=texts):
        raise BadAnswer(f"{host}: the answer nests deeper than {DEEPEST} levels")


def nests_deeper(body: bytes, levels: int, *, texts: bool = True) -> bool:
    """Whether JSON nests deeper, be it whole or not; without a look at its texts, whose brackets may hide others,
    roughly and sooner.

    The parser of the standard library keeps to the interpreter's limit of recursion alone, which other libraries raise
    (py_ecc to 100,000): far beyond the stack of a thread, whose overflow ends the process.
    """
    if body.count(b"[") + body.count(b"{") <= levels:
        return False
    left = (_TEXTS.sub(b"", body) if texts else body).translate(None, _BUT_BRACKETS)
    for _ in range(levels):  # the innermost pairs are taken away, again and again
        shorter = left.replace(b"[]", b"x").replace(b"{}", b"x").replace(b"x", b"")  # `{[]}` is two levels
        if len(shorter) == len(left):
            return texts and left.count(b"[") + left.count(b"{") > levels  # what is never closed is opened all the same
        left = shorter
    return bool(left)


class _Twice(ValueError):
    pass


def _once_each(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise _Twice
    return found


def _point(text: str) -> Decimal:
    if len(text) > LONGEST_NUMBER:
        raise ValueError("a number of no use")
    try:
        number = Decimal(text)
    except InvalidOperation as error:
        raise ValueError("a number of no use") from error
    if abs(number.adjusted()) > HIGHEST_EXPONENT:
        raise ValueError("a number of no use")
    return number


def _no_constant(text: str) -> object:
    raise ValueError(f"{text} is no JSON number")


def dumps(value: object, indent: int | None = None) -> bytes:
    separators = None if indent else (",", ":")
    return json.dumps(
        value, sort_keys=True, separators=separators, indent=indent, default=_decimal, ensure_ascii=False
    ).encode()


def _decimal(value: object) -> dict[str, str]:
    """JSON numbers with a point are kept as text: a double would not be exact."""
    if not isinstance(value, Decimal):
        raise TypeError(type(value))
    return {"$decimal": str(value)}


def undecimal(value: dict[str, Any]) -> Any:
    return Decimal(value["$decimal"]) if value.keys() == {"$decimal"} else value

"""JSON that servers answer, read strictly (`encoding.strict_json`): numbers with a point as Decimal."""

from __future__ import annotations

import json
from decimal import Decimal, InvalidOperation
from typing import Any

import orjson

from porlake.encoding import strict_json
from porlake.encoding.strict_json import DEEPEST, LONGEST_NUMBER, nests_deeper
from porlake.errors import BadAnswer, InvalidEncoding
from porlake.transport.limits import MalformedAnswer

HIGHEST_EXPONENT = 6_144
#: Up to here a body is read by the strict parser, however fast another one is.
SMALL = 1 << 14


def loads(body: bytes, host: str) -> Any:
    """A body's JSON, each key once, numbers with a point as Decimal. Raises MalformedAnswer, BadAnswer."""
    try:
        return strict_json.loads(body, whole=int, point=_point)
    except InvalidEncoding as error:
        if error.code == strict_json.TOO_DEEP:
            raise BadAnswer(f"{host}: the answer nests deeper than {DEEPEST} levels") from error
        if error.code == strict_json.KEY_TWICE:
            raise BadAnswer(f"{host}: the answer says the same key twice in one object") from error
        raise _garbled(body, host) from error


def loads_fast(body: bytes, host: str) -> Any:
    """As `loads`, where no number has a point or more than 64 bits. A key that is there twice is seen in small
    answers.
    """
    if len(body) <= SMALL:
        return loads(body, host)
    if nests_deeper(body, DEEPEST, texts=False):  # this parser has a bound of its own, of 1,024 levels
        raise BadAnswer(f"{host}: the answer nests deeper than {DEEPEST} levels")
    try:
        return orjson.loads(body)
    except ValueError as error:
        raise _garbled(body, host) from error


def _garbled(body: bytes, host: str) -> MalformedAnswer:
    kind = "HTML" if body.lstrip()[:1] == b"<" else "no JSON, or only a part of it"
    return MalformedAnswer(f"{host}: the answer is {kind}")


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

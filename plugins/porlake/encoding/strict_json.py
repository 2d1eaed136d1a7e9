"""JSON read strictly: in UTF-8, each key of an object once, no NaN, depth and length of numbers bounded.

RFC 8259. One reader for what servers answer (`transport.strict_json`) and what exchanges publish (`reports._json`).
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

from porlake.errors import InvalidEncoding

#: How deep JSON nests at most, and of how many characters a number is: what is beyond is no data but an attack on
#: whoever walks through it.
DEEPEST, LONGEST_NUMBER = 100, 1_000
#: Codes of InvalidEncoding: all else that is no JSON is `json`.
TOO_DEEP, KEY_TWICE = "json_too_deep", "json_key_twice"

_BUT_BRACKETS = bytes(sorted(set(range(256)) - set(b"[]{}")))
_TEXTS = re.compile(rb'"(?:[^"\\]++|\\.)*+"?', re.DOTALL)


class Number(str):
    """A number of JSON in the characters in which it was written: a float would round it. It is no text of JSON."""

    __slots__ = ()


def as_written(text: str) -> Number:
    """A number's own characters. Raises ValueError for one of more than LONGEST_NUMBER."""
    if len(text) > LONGEST_NUMBER:
        raise ValueError("a number of no use")
    return Number(text)


def loads(
    body: bytes, *, whole: Callable[[str], object] = as_written, point: Callable[[str], object] = as_written
) -> Any:
    """The value of a body. `whole` and `point` read numbers without and with a point or an exponent, and raise
    ValueError for one that is of no use; int and Decimal will do.

    Raises InvalidEncoding.
    """
    if nests_deeper(body, DEEPEST):
        raise InvalidEncoding(TOO_DEEP, f"JSON nests deeper than {DEEPEST} levels")
    encoding = json.detect_encoding(body)
    if not encoding.startswith("utf-8"):
        raise InvalidEncoding("json", "JSON is UTF-8")  # RFC 8259, 8.1; and brackets are counted in UTF-8
    try:
        value = json.loads(  # which lets half of a surrogate pair through where it decodes bytes itself
            body.decode(encoding),
            parse_int=whole,
            parse_float=point,
            parse_constant=_no_constant,
            object_pairs_hook=_once_each,
        )
        if b"\\u" in body:  # half of a surrogate pair is no text: it could neither be kept nor shown
            json.dumps(value, ensure_ascii=False, default=str).encode()
    except _Twice as error:
        raise InvalidEncoding(KEY_TWICE, f"JSON has the key {error.args[0]!r} twice in one object") from error
    except (ValueError, RecursionError) as error:
        raise InvalidEncoding("json", f"no JSON, or only a part of it ({error})") from error
    return value


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
        names = [name for name, _ in pairs]
        raise _Twice(next(name for name in names if names.count(name) > 1)[:40])
    return found


def _no_constant(text: str) -> object:
    raise ValueError(f"{text} is no JSON number")

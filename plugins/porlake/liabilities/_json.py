"""A published file of JSON, of bounded size and read strictly, and its fields, each of which the format names.

found = _json.read(member, 1 << 20)                     raises Malformed, which a format turns into its verdict
fields = _json.fields(found, "the file", "self", "path")
for place, node in enumerate(_json.items(fields["path"], "path")): ...

Numbers stay texts in the characters in which they were written (`Number`, a text that `text` does not take for one),
keys stand once, depth is bounded (`porlake.encoding.strict_json`).
"""

from __future__ import annotations

from typing import Any

from porlake.encoding import strict_json
from porlake.encoding.strict_json import Number
from porlake.errors import InvalidEncoding
from porlake.liabilities._protocol import PublishedFile

__all__ = ["MOST_VALUES", "Malformed", "Number", "fields", "has_keys", "items", "number", "read", "text"]

#: Values of a file, each of which takes some 100 bytes of memory.
MOST_VALUES = 5_000_000
#: The longest text that stands in a field; whole proofs in hex are longer, and say so.
MOST_CHARACTERS = 4_096


class Malformed(Exception):
    """A file that cannot be read as its format; a word of this room, which no format lets out: it becomes a verdict.
    `detail`: place and value, in words.
    """

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail


def read(member: PublishedFile, most_bytes: int) -> object:
    """A file's JSON. Raises Malformed for one of more than `most_bytes`, or of more than MOST_VALUES values, and for
    what `encoding.strict_json` refuses.
    """
    member.content.seek(0)
    body = member.content.read(most_bytes + 1)
    if len(body) > most_bytes:
        raise Malformed(f"the file has more than {most_bytes:,} bytes: no file of this format is so long")
    if body.count(b",") >= MOST_VALUES:
        raise Malformed(f"JSON of more than {MOST_VALUES:,} values: no file of this format has so many")
    try:
        return strict_json.loads(body)
    except InvalidEncoding as error:
        raise Malformed(error.why) from error


def fields(found: object, place: str, *required: str, optional: tuple[str, ...] = ()) -> dict[str, Any]:
    """The fields of an object, of which none is missing and none unknown; without names, all of them. Raises
    Malformed.
    """
    if not isinstance(found, dict):
        raise Malformed(f"{place}: an object was expected, and there is {shown(found)}")
    if required or optional:
        if missing := [name for name in required if name not in found]:
            raise Malformed(f"{place}: the field {shown(missing[0])} is missing")
        if unknown := [name for name in found if name not in required and name not in optional]:
            raise Malformed(f"{place}: unknown field {shown(unknown[0])}")
    return found


def items(found: object, place: str, most: int = MOST_VALUES) -> list[Any]:
    """The values of a list, at most so many. Raises Malformed."""
    if not isinstance(found, list):
        raise Malformed(f"{place}: a list was expected, and there is {shown(found)}")
    if len(found) > most:
        raise Malformed(f"{place}: a list of {len(found):,}, and at most {most:,} were expected")
    return found


def text(found: object, place: str, most: int = MOST_CHARACTERS) -> str:
    """A text, not a number. Raises Malformed."""
    if type(found) is not str or len(found) > most:
        raise Malformed(f"{place}: a text was expected, and there is {shown(found)}")
    return found


def number(found: object, place: str, most: int, least: int = 0) -> int:
    """A whole number of JSON from `least` to `most`, not a text. Raises Malformed."""
    digits = found.removeprefix("-") if isinstance(found, Number) else ""
    canonical = digits.isascii() and digits.isdigit() and len(digits) <= 40 and str(int(digits)) == digits
    if not canonical or not least <= int(str(found)) <= most or found == "-0":
        raise Malformed(f"{place}: a whole number from {least:,} to {most:,} was expected, and there is {shown(found)}")
    return int(str(found))


def has_keys(member: PublishedFile, *names: str) -> bool:
    """Whether a file begins as an object of JSON does, and its head names these keys: how a format recognises its
    own.
    """
    head = member.head.removeprefix(b"\xef\xbb\xbf").lstrip()
    return head[:1] == b"{" and all(f'"{name}"'.encode() in head for name in names)


def shown(found: object) -> str:
    """A value as a detail shows it: short, and never a whole file."""
    if isinstance(found, dict | list):
        return f"{'an object' if isinstance(found, dict) else 'a list'} of {len(found):,}"
    cut = str(found) if isinstance(found, Number) else repr(found)
    return cut if len(cut) <= 60 else f"{cut[:60]}…"

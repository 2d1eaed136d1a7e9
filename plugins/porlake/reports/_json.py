"""What the formats that are JSON share: a published file of bounded size read strictly, and its fields, each of which
the format names.

page = _json.read(member).object(PAGE)                 PAGE = Shape("code", "data", unused=("msg",))
for entry in page["data"].items():
    fields = entry.object(ASSET)
    fields["currency"].text(), fields["userAsset"].amount()

A field that a shape does not name stops the file, and so does one that is missing: it is never zero. Numbers are texts,
in the characters in which they were written. Values of other origin (YAML) go the same way: `Value(file, "", found)`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, TypeAlias

from porlake import registry
from porlake.encoding import strict_json
from porlake.encoding.strict_json import Number
from porlake.errors import BadStructure, InvalidEncoding
from porlake.reports._bundle import Bundle, Member, each_alone
from porlake.reports._items import Part
from porlake.reports._rows import RAW_CHARACTERS
from porlake.reports._snapshot import Snapshot

#: The largest file that is read whole, and the values in it, each of which takes some 100 bytes of memory; the largest
#: real one is a page of 8 MiB.
MOST_BYTES, MOST_VALUES = 1 << 25, 1_000_000
#: Digits before and behind the point of a number that is written out without its exponent.
MOST_DIGITS = 100
#: The longest text: as the longest cell of a CSV file.
MOST_CHARACTERS = 65_536

#: What `code` is in an answer that is one, at the hosts of the formats here.
SUCCESS = ("0", "200", "00000", "000000")

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NUMBER = re.compile(r"(?a:(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d{1,6}))?)")
_WHOLE = re.compile(r"0|[1-9][0-9]{0,17}")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")  # and line ends: a text is one line
#: Milliseconds up to here: 2000-01-01 to 2099-12-31, in which exchanges publish.
_FIRST_MS, _LAST_MS = 946_684_800_000, 4_102_444_799_999


@dataclass(frozen=True)
class Shape:
    """The fields of an object: those that are there, those that may be, and those that are known and of no use here."""

    required: tuple[str, ...]
    optional: tuple[str, ...]
    unused: tuple[str, ...]

    def __init__(self, *required: str, optional: tuple[str, ...] = (), unused: tuple[str, ...] = ()) -> None:
        object.__setattr__(self, "required", required)
        object.__setattr__(self, "optional", optional)
        object.__setattr__(self, "unused", unused)


@dataclass(frozen=True, slots=True)
class Value:
    """A value of a published file, and its path there (`data.reserveAsset[3].userAsset`, '' for the whole).

    Every method raises BadStructure, which names file, path and value, where the value is of another kind.
    """

    file: str
    path: str
    found: Any

    @property
    def is_null(self) -> bool:
        return self.found is None

    @property
    def raw(self) -> str:
        """As it stands in the file, without blanks between its parts, and cut as raw texts of rows are."""
        return _written(self.found)[:RAW_CHARACTERS]

    def object(self, shape: Shape) -> dict[str, Value]:
        """The fields that the shape names, without those of no use. None is missing, and none is unknown."""
        fields = self.fields()
        known = {*shape.required, *shape.optional, *shape.unused}
        if unknown := [name for name in fields if name not in known]:
            raise self.bad(f"unknown field {', '.join(map(_quoted, unknown[:5]))}")
        if missing := [name for name in shape.required if name not in fields]:
            raise self.bad(f"the field {', '.join(map(_quoted, missing))} is missing")
        return {name: value for name, value in fields.items() if name not in shape.unused}

    def fields(self) -> dict[str, Value]:
        """All fields of an object whose names are data: coins, chains, addresses."""
        if not isinstance(self.found, dict):
            raise self.bad("an object was expected")
        if any(len(name) > MOST_CHARACTERS or _CONTROL.search(name) for name in self.found):
            raise self.bad("the name of a field is too long, or no text")
        return {name: Value(self.file, _below(self.path, name), value) for name, value in self.found.items()}

    def items(self) -> Iterator[Value]:
        """The values of a list."""
        if not isinstance(self.found, list):
            raise self.bad("a list was expected")
        return (Value(self.file, f"{self.path}[{place}]", value) for place, value in enumerate(self.found))

    def text(self) -> str:
        """A text, without the blanks around it."""
        if type(self.found) is not str or len(self.found) > MOST_CHARACTERS or _CONTROL.search(self.found):
            raise self.bad("a text was expected")
        return self.found.strip()

    def one_of(self, *known: str) -> str:
        """A text or a number that is one of some."""
        found = str(self.found).strip() if isinstance(self.found, str) else self.raw
        if found not in known:
            raise self.bad(f"known are {', '.join(map(_quoted, known))}")
        return found

    def amount(self) -> str:
        """A decimal text: a number of JSON in plain digits, or a text as it stands; `amounts` judges it."""
        return plain(self.found) if isinstance(self.found, Number) else self.text()

    def figure(self) -> str:
        """As `amount`, and '' for null: the line that needs it is refused, not the file (`_rows.asset_total`)."""
        return "" if self.is_null else self.amount()

    def whole(self) -> int:
        """A whole number of up to 18 digits without a sign, as a number or as its digits."""
        if not isinstance(self.found, str) or not _WHOLE.fullmatch(self.found):
            raise self.bad("a whole number was expected")
        return int(self.found)

    def moment(self) -> datetime:
        """A time in UTC, from milliseconds since 1970."""
        ticks = self.whole()
        if not _FIRST_MS <= ticks <= _LAST_MS:
            raise self.bad("milliseconds of a year of this century were expected")
        return _EPOCH + timedelta(milliseconds=ticks)

    def bad(self, why: str) -> BadStructure:
        """The error that says where it is and what stands there."""
        shown = _written(self.found)
        shown = shown if len(shown) <= 60 else f"{shown[:60]}…"
        return BadStructure(self.file, 0, f"{self.path or 'the file'}: {why}, and there is {shown}")


def read(member: Member, most: int = MOST_BYTES) -> Value:
    """A file's JSON. Raises BadStructure for one of more than `most` bytes, and for what `encoding.strict_json`
    refuses.
    """
    member.content.seek(0)
    body = member.content.read(most + 1)
    if len(body) > most:
        raise BadStructure(member.name, 0, f"the file has more than {most:,} bytes: no file of this format is so long")
    return loads(body, member.name)


def loads(body: bytes, file: str) -> Value:
    """As `read`, of bytes that stand in a file: a page's script. Raises BadStructure."""
    if body.count(b",") >= MOST_VALUES:
        raise BadStructure(file, 0, f"JSON of more than {MOST_VALUES:,} values: no file of this format has so many")
    try:
        return Value(file, "", strict_json.loads(body))
    except InvalidEncoding as error:
        raise BadStructure(file, 0, error.why) from error


def answer(page: Value) -> Value:
    """`data` of what an API answered. Raises BadStructure where the answer says that it is none, and for a list or an
    object beside `data`: texts and numbers of any name (times, ids, messages) may stand there, they hold nothing.
    """
    fields = page.fields()
    if "code" in fields:
        fields["code"].one_of(*SUCCESS)
    if "success" in fields and fields["success"].found is not True:
        raise fields["success"].bad("the answer is no success")
    for name, value in fields.items():
        if name != "data" and isinstance(value.found, dict | list):
            raise value.bad("an object or a list that nobody has told us of")
    if "data" not in fields or fields["data"].is_null:
        raise page.bad("the answer holds no data")
    return fields["data"]


def part_at(exchange: str, member: Member, at: datetime) -> Part:
    """A file that speaks of one moment (UTC), as it is, for `split`."""
    return Part(exchange, Snapshot(registry.load().exchanges[exchange].shows(at), "moment"), member.content)


def has_keys(member: Member, *names: str) -> bool:
    """Whether a file begins as JSON does, and its head names these keys: how a format recognises its own."""
    head = member.head.removeprefix(b"\xef\xbb\xbf").lstrip()
    return head[:1] in (b"{", b"[") and all(re.search(rb'"%s"\s*:' % re.escape(name.encode()), head) for name in names)


#: `matches`, `members`, `content` and `snapshot_of` of a format.
Known: TypeAlias = tuple[
    Callable[[Bundle], bool],
    Callable[[Bundle], list[tuple[Member, ...]]],
    Callable[[Bundle], str],
    Callable[[str], Snapshot | None],
]


def totals(name: str, *keys: str) -> Known:
    """What formats share that are answers of totals: known by keys of the head, each a report of its own, whose content
    says its moment.
    """
    first, last = ", ".join(keys[:-1]), keys[-1]
    return totals_of(name, lambda member: has_keys(member, *keys), f"it is JSON with the keys {first} and {last}")


def totals_of(name: str, is_one: Callable[[Member], bool], known_by: str) -> Known:
    """As `totals`, of files that are known otherwise. `known_by` goes on behind `Whether`."""

    def matches(bundle: Bundle) -> bool:
        return any(map(is_one, bundle.members))

    def members(bundle: Bundle) -> list[tuple[Member, ...]]:
        """Each answer is a report of its own."""
        return each_alone(bundle, is_one, name)

    def content(bundle: Bundle) -> str:
        return "totals"

    def snapshot_of(file_name: str) -> Snapshot | None:
        """The content says it."""
        return None

    matches.__doc__ = f"Whether {known_by}."
    return matches, members, content, snapshot_of


def percent(text: str) -> str:
    """A ratio that is printed as a fraction, in percent, in the same digits: 1.0450 is 104.50."""
    return plain(f"{text}e2") if text else ""


def plain(text: str) -> str:
    """A number of JSON without its exponent, in the same digits: 1.5e-7 is 0.00000015. One of more digits than
    MOST_DIGITS stays as it is: nobody takes it for an amount.
    """
    match = _NUMBER.fullmatch(text)
    if match is None or match[4] is None:
        return str(text)
    sign, whole, fraction, exponent = match[1], match[2], match[3] or "", int(match[4])
    if abs(exponent) + len(whole) + len(fraction) > MOST_DIGITS:
        return str(text)
    digits, point = whole + fraction, len(whole) + exponent
    if point <= 0:
        digits, point = "0" * (1 - point) + digits, 1
    digits = digits.ljust(point, "0")
    whole, fraction = digits[:point].lstrip("0") or "0", digits[point:]
    return f"{sign}{whole}.{fraction}" if fraction else f"{sign}{whole}"


def _below(path: str, name: str) -> str:
    name = name if re.fullmatch(r"\w{1,40}", name) else f"[{_quoted(name)}]"
    return f"{path}.{name}" if path and name[:1] != "[" else f"{path}{name}"


def _quoted(text: str) -> str:
    return json.dumps(text if len(text) <= 40 else f"{text[:40]}…", ensure_ascii=False)


_CONSTANTS: dict[object, str] = {None: "null", True: "true", False: "false"}


def _written(value: Any) -> str:
    """JSON of a value whose numbers are `Number`s; depth was bounded when it was read."""
    if isinstance(value, Number):
        return str(value)
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, dict):
        inner = ",".join(f"{_written(str(name))}:{_written(part)}" for name, part in value.items())
        return f"{{{inner}}}"
    if isinstance(value, list):
        return f"[{','.join(map(_written, value))}]"
    return _CONSTANTS[value]

"""What the formats that are YAML share: a published file read strictly and piece by piece, each scalar as the text that
stands there.

YAML 1.1 as libyaml reads it (PyYAML), without what a published file has no use for: anchors and aliases, by which a
small file becomes a large one; tags; a key twice; a second document. What is read goes the way of JSON: `_json.Value`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO

import yaml

from porlake.errors import BadStructure
from porlake.reports._bundle import Member
from porlake.reports._json import MOST_CHARACTERS, Value

DEEPEST = 12
MOST_UNREAD = 1 << 20
"""Bytes that libyaml may take in before it tells of something: a scalar of a gigabyte is not waited for."""
MOST_NODES = 1_000_000
"""Scalars, lists and mappings of one entry: all of it is held at once."""


class Mapping(dict[str, Any]):
    """A mapping of YAML, with the line of each of its keys, counted from 1."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: dict[str, int] = {}


@dataclass(frozen=True, slots=True)
class Entry:
    """What stands under a key of the outermost mapping, or an item of the list there (`is_item`); `line`: where it
    begins.
    """

    key: str
    line: int
    value: Value
    is_item: bool = False


def entries(member: Member, lists: tuple[str, ...] = ()) -> Iterator[Entry]:
    """What the outermost mapping holds, in the order of the file; a list under a key of `lists` comes item by item, so
    that memory does not grow with it. Raises BadStructure.
    """
    member.content.seek(0)
    source = _Bounded(member)
    reader = _Reader(member.name, source)
    try:
        yield from reader.entries(lists)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        why = getattr(error, "problem", None) or str(error).splitlines()[0]
        raise BadStructure(member.name, mark.line + 1 if mark else 0, f"no YAML: {why}") from error
    except UnicodeDecodeError as error:
        raise BadStructure(member.name, 0, "YAML of a published file is UTF-8") from error


class _Bounded:
    """A file whose reader takes in no more than MOST_UNREAD bytes without an event, and UTF-8 alone."""

    def __init__(self, member: Member) -> None:
        self._content: BinaryIO = member.content
        self._name, self.unread, self._is_first = member.name, 0, True

    def read(self, size: int = -1) -> bytes:
        chunk = self._content.read(size if 0 < size <= MOST_UNREAD else 1 << 16)
        if self._is_first and chunk[:2] in (b"\xff\xfe", b"\xfe\xff"):
            raise BadStructure(self._name, 0, "YAML of a published file is UTF-8")
        self._is_first = False
        self.unread += len(chunk)
        if self.unread > MOST_UNREAD:
            raise BadStructure(self._name, 0, f"over {MOST_UNREAD:,} bytes without a key or a value that ends")
        return chunk


class _Reader:
    """The events of libyaml, one after the other. Every method raises BadStructure."""

    def __init__(self, file: str, source: _Bounded) -> None:
        self._file, self._source = file, source
        self._events = yaml.parse(source, Loader=yaml.CSafeLoader)
        self._nodes = 0

    def entries(self, lists: tuple[str, ...]) -> Iterator[Entry]:
        self._next()  # the beginning of the stream
        self._next()  # and of its document
        first = self._next()
        if not isinstance(first, yaml.MappingStartEvent):
            raise self._bad(first, "the file is no mapping")
        seen = set[str]()
        while not isinstance(event := self._next(), yaml.MappingEndEvent):
            key, line = self._key(event, seen), event.start_mark.line + 1
            event = self._next()
            if key in lists and isinstance(event, yaml.SequenceStartEvent):
                place = 0
                while not isinstance(event := self._next(), yaml.SequenceEndEvent):
                    at = event.start_mark.line + 1
                    found = self._whole(event, 2)
                    yield Entry(key, at, Value(self._file, f"{key}[{place}]", found), is_item=True)
                    place += 1
            else:
                yield Entry(key, line, Value(self._file, key, self._whole(event, 1)))
        self._next()  # the end of the document
        if not isinstance(event := self._next(), yaml.StreamEndEvent):
            raise self._bad(event, "a second document")

    def _next(self) -> Any:
        try:
            event = next(self._events)
        except StopIteration:
            raise BadStructure(self._file, 0, "the file ends before its YAML does") from None
        self._source.unread = 0
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise self._bad(event, "anchors and aliases are not read")
        if getattr(event, "tag", None):
            raise self._bad(event, f"the tag {str(event.tag)[:60]!r} is not read: every value is a text")
        return event

    def _whole(self, event: Any, depth: int) -> Any:
        """What begins with an event."""
        self._nodes = self._nodes + 1 if depth > 2 else 0
        if depth > DEEPEST:
            raise self._bad(event, f"YAML nests deeper than {DEEPEST} levels")
        if self._nodes > MOST_NODES:
            raise self._bad(event, f"more than {MOST_NODES:,} values in one entry")
        if isinstance(event, yaml.ScalarEvent):
            return self._text(event)
        if isinstance(event, yaml.SequenceStartEvent):
            items = []
            while not isinstance(event := self._next(), yaml.SequenceEndEvent):
                items.append(self._whole(event, depth + 1))
            return items
        found, seen = Mapping(), set[str]()
        while not isinstance(event := self._next(), yaml.MappingEndEvent):
            key = self._key(event, seen)
            found.lines[key] = event.start_mark.line + 1
            found[key] = self._whole(self._next(), depth + 1)
        return found

    def _key(self, event: Any, seen: set[str]) -> str:
        if not isinstance(event, yaml.ScalarEvent):
            raise self._bad(event, "a key that is no text")
        key = self._text(event)
        if key in seen:
            raise self._bad(event, f"the key {key[:60]!r} stands there twice")
        seen.add(key)
        return key

    def _text(self, event: Any) -> str:
        if len(event.value) > MOST_CHARACTERS:
            raise self._bad(event, f"a text of {len(event.value):,} characters")
        return str(event.value)

    def _bad(self, event: Any, why: str) -> BadStructure:
        mark = event.start_mark
        return BadStructure(self._file, mark.line + 1 if mark else 0, why)

"""YAML of published files: texts as they stand, pieces one after the other, and what a hostile file tries."""

from __future__ import annotations

import io
import tracemalloc
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from porlake.errors import BadStructure
from porlake.reports import Member, _yaml


def entries(content: bytes | str, *lists: str) -> list[tuple[str, int, Any, bool]]:
    body = content.encode() if isinstance(content, str) else content
    found = _yaml.entries(Member("f.yaml", io.BytesIO(body)), lists)
    return [(entry.key, entry.line, entry.value.found, entry.is_item) for entry in found]


def test_every_scalar_is_the_text_that_stands_there() -> None:
    texts = [
        "1.50",
        "010",
        "1_000",
        "1e3",
        "0x1f",
        "yes",
        "null",
        "~",
        "",
        "2026-01-01",
        "1:30",
        ".inf",
        "'007'",
        '"a"',
    ]
    body = "".join(f"k{at}: {text}\n" for at, text in enumerate(texts))
    assert [found for _, _, found, _ in entries(body)] == [text.strip("'\"") for text in texts]


def test_a_list_comes_item_by_item_and_all_else_whole() -> None:
    body = "# a\na:\n- x: 1\n  y: 2\n-\n  x: 3\nb:\n- 4\nc: {d: {e: 5}}\na2: []\n"
    assert entries(body, "a", "a2") == [
        ("a", 3, {"x": "1", "y": "2"}, True),
        ("a", 6, {"x": "3"}, True),
        ("b", 7, ["4"], False),
        ("c", 9, {"d": {"e": "5"}}, False),
    ]
    (whole,) = _yaml.entries(Member("f", io.BytesIO(b"a:\n  b: 1\n  c:\n    d: 2\n")))
    assert (whole.value.found.lines, whole.value.found["c"].lines) == ({"b": 2, "c": 3}, {"d": 4})


@pytest.mark.parametrize(
    ("body", "line", "why"),
    [
        ("- a\n", 1, "no mapping"),
        ("text\n", 1, "no mapping"),
        ("a: 1\n---\nb: 2\n", 2, "a second document"),
        ("a: 1\na: 2\n", 2, "'a' stands there twice"),
        ("b:\n  a: 1\n  a: 2\n", 3, "'a' stands there twice"),
        ("a: &x 1\nb: 2\n", 1, "anchors and aliases"),
        ("a: 1\nb: *x\n", 2, "anchors and aliases"),
        ("a: !!python/object/apply:os.system [x]\n", 1, "the tag 'tag:yaml.org,2002:python"),
        ("a: !!binary x\n", 1, "the tag"),
        ("? [a]\n: 1\n", 1, "a key that is no text"),
        ("a: [1\n", 2, "no YAML"),
        ("a: 1\n b: 2\n", 2, "no YAML"),
        ("a: 1\n\tb: 2", 2, "no YAML"),
        ("a: \x01\n", 0, "no YAML"),
    ],
)
def test_what_a_published_file_has_no_use_for_is_refused_by_its_line(body: str, line: int, why: str) -> None:
    with pytest.raises(BadStructure, match=why) as raised:
        entries(body)
    assert raised.value.row == line


@pytest.mark.parametrize(
    "body", [b"", b"\xff\xfea\x00:\x00", b"\xfe\xff\x00a", b"a: \xff\n", b"a: \xed\xa0\x80\n", b"\0"]
)
def test_what_is_no_utf8_or_nothing_is_refused(body: bytes) -> None:
    with pytest.raises(BadStructure):
        entries(body)


@pytest.mark.parametrize(
    "shape", ["a: " + "[" * 100_000, "a: " + "{b: " * 100_000, "".join(f"{' ' * n}a:\n" for n in range(500))]
)
def test_a_deep_file_is_refused_before_it_is_read(shape: str) -> None:
    with pytest.raises(BadStructure, match=r"nests deeper than 12|no YAML"):
        entries(shape)


@pytest.mark.parametrize("levels", [11, 12, 13])
def test_depth_has_its_border(levels: int) -> None:
    body = "a: " + "[" * (levels - 1) + "1" + "]" * (levels - 1)
    if levels <= _yaml.DEEPEST:
        assert len(entries(body)) == 1
    else:
        with pytest.raises(BadStructure, match="deeper"):
            entries(body)


@pytest.mark.parametrize("text", ["9" * 65_535, "9" * 65_536, "9" * 65_537, "9" * (1 << 20), "9" * (64 << 20)])
def test_a_long_text_is_refused_and_never_held_whole(text: str) -> None:
    body = b"a: " + text.encode() + b"\nb: 1\n"
    if len(text) <= 65_536:
        assert entries(body)[0][2] == text
        return
    tracemalloc.start()
    with pytest.raises(BadStructure, match="a text of|over 1,048,576 bytes"):
        entries(body)
    assert tracemalloc.get_traced_memory()[1] < 16 << 20
    tracemalloc.stop()


def test_a_long_list_is_not_held() -> None:
    class Endless(io.RawIOBase):
        """A list of as many items as are asked for."""

        def __init__(self) -> None:
            self.given = 0

        def read(self, size: int = -1) -> bytes:
            self.given += 1
            return b"a:\n" if self.given == 1 else b"- b: 1\n" * 2_000 if self.given < 16 else b""

        def seek(self, offset: int, whence: int = 0) -> int:
            return 0

    tracemalloc.start()
    found = sum(1 for _ in _yaml.entries(Member("f", Endless()), ("a",)))  # type: ignore[arg-type]
    assert found == 14 * 2_000
    assert tracemalloc.get_traced_memory()[1] < 2 << 20
    tracemalloc.stop()


@given(st.binary(max_size=200))
def test_whatever_the_bytes_are_they_are_read_or_refused(body: bytes) -> None:
    try:
        entries(body, "a")
    except BadStructure as error:
        assert str(error)

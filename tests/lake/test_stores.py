"""Every test of the lake runs over a folder and over an object store, or says why it does not."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

BOTH = {"over", "lake", "kept", "scratch"}
"""The fixtures that are of both, one after the other (`conftest`)."""
LAKES = {"Lake", "LocalStore", "ObjectStore", "Scratch", "Place"}
MARKS = ("of_a_folder", "of_objects")


def unsaid(source: str) -> list[str]:
    """The tests of a module that are of a lake, or of its store, and neither run over both stores nor say which one is
    their subject, and why.
    """
    module = ast.parse(source)
    if any(_says(node.value) for node in module.body if isinstance(node, ast.Assign) and "pytestmark" in _names(node)):
        return []
    tests = [node for node in module.body if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")]
    return [
        test.name
        for test in tests
        if not any(map(_says, test.decorator_list))
        and not BOTH & {argument.arg for argument in test.args.args}
        and (LAKES | {"store", "object_store"}) & set(_names(test))
    ]


def _says(node: ast.AST) -> bool:
    """Whether a mark with a reason stands in it."""
    return any(
        isinstance(call, ast.Call)
        and isinstance(call.func, ast.Name)
        and call.func.id in MARKS
        and len(call.args) == 1
        and isinstance(call.args[0], ast.Constant)
        and bool(str(call.args[0].value).strip())
        for call in ast.walk(node)
    )


def _names(node: ast.AST) -> Iterator[str]:
    for one in ast.walk(node):
        if isinstance(one, ast.Name):
            yield one.id
        elif isinstance(one, ast.arg):
            yield one.arg


def test_each_test_of_the_lake_is_over_both_or_says_why_not() -> None:
    files = sorted(Path(__file__).parent.glob("test_*.py"))
    assert len(files) > 7
    assert {path.name: left for path in files if (left := unsaid(path.read_text(encoding="utf-8")))} == {}


@pytest.mark.parametrize(
    ("test", "found"),
    [
        ("def test_a(lake): ...", []),
        ("def test_a(kept, tmp_path): Lake(tmp_path)", []),
        ("def test_a(tmp_path): Lake(tmp_path)", ["test_a"]),
        ("def test_a(store): ...", ["test_a"]),
        ("def test_a(object_store): ...", ["test_a"]),
        ("def test_a(tmp_path): export(tmp_path)", []),
        ("@of_a_folder('a link')\ndef test_a(store): ...", []),
        ("@of_a_folder('')\ndef test_a(store): ...", ["test_a"]),
        ("@of_a_folder()\ndef test_a(store): ...", ["test_a"]),
        ("@pytest.mark.slow\ndef test_a(store): ...", ["test_a"]),
        ("pytestmark = [of_objects('its subject')]\ndef test_a(store): ...", []),
        ("pytestmark = pytest.mark.slow\ndef test_a(store): ...", ["test_a"]),
    ],
)
def test_one_that_says_nothing_is_found(test: str, found: list[str]) -> None:
    assert unsaid(test) == found

"""What `make test` leaves out is run by `.ci/run`, and of no file, nor of any check that is tried in small, is all left
out.
"""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

from support import ROOT

TESTS = ROOT / "tests"
MAKEFILE = (ROOT / "Makefile").read_text()


def recipe(target: str) -> str:
    """What `make target` runs, with variables put in."""
    found = re.search(rf"^{target}:.*\n((?:\t.*\n)+)", MAKEFILE, re.MULTILINE)
    assert found, target
    variables = dict(re.findall(r"^(\w+) :?= (.*)$", MAKEFILE, re.MULTILINE))
    return re.sub(r"\$\((\w+)\)", lambda name: variables.get(name[1], name[0]), found[1])


def test_both_parts_are_run_and_together_they_are_all() -> None:
    lines = (ROOT / ".ci" / "run").read_text().splitlines()
    assert {"make test", "make test-thorough"} <= set(lines)
    small, large = recipe("test"), recipe("test-thorough")
    assert '-m "not (thorough or celery)"' in small
    assert small.replace('"not (thorough or celery)"', '"thorough or celery"') == large
    assert not re.search(r"--(ignore|deselect)|-k ", small)


@cache
def marked(path: Path) -> dict[str, tuple[int, int]]:
    """(how often `thorough` stands at it, whether at all of it) of each test of a file."""
    found = {}
    for function in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(function, ast.FunctionDef) and function.name.startswith("test_"):
            marks = [ast.unparse(mark) for mark in function.decorator_list]
            found[function.name] = (sum("mark.thorough" in mark for mark in marks), "pytest.mark.thorough" in marks)
    return found


def test_every_file_keeps_tests_that_are_run_each_time() -> None:
    files = {path: marked(path) for path in TESTS.rglob("test_*.py")}
    assert sum(count for found in files.values() for count, _ in found.values()) > 5
    assert {path.name for path, found in files.items() if found and all(whole for _, whole in found.values())} == set()


def test_a_file_of_which_all_is_left_out_is_found(tmp_path: Path) -> None:
    whole, some = "@pytest.mark.thorough\ndef test_a(): ...\n", "def test_b(): ...\n"
    (tmp_path / "a.py").write_text(whole)
    (tmp_path / "b.py").write_text(whole + some)
    assert [all(left for _, left in marked(tmp_path / name).values()) for name in ("a.py", "b.py")] == [True, False]


def test_a_module_says_it_of_its_tests_one_by_one() -> None:
    """A `pytestmark` would leave out a whole file."""
    for path in TESTS.rglob("test_*.py"):
        assert not re.search(r"^pytestmark\b.*thorough", path.read_text(encoding="utf-8"), re.MULTILINE), path.name


def test_what_a_check_of_a_minute_leaves_out_is_there() -> None:
    """A test that was renamed would be tried again, long as it is."""
    for line in (TESTS / "long.txt").read_text(encoding="utf-8").split():
        file, _, name = line.partition("::")
        assert name.rpartition("::")[2] in marked(TESTS / file), line


def test_the_mark_is_known(pytestconfig: pytest.Config) -> None:
    assert any(line.startswith("thorough: ") for line in pytestconfig.getini("markers"))

"""The tool that asks whether a room's tests notice a change: it changes what it says, and one thing at a time."""

from __future__ import annotations

import ast
import importlib.util
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from support import ROOT


@pytest.fixture(scope="module")
def mutate() -> ModuleType:
    spec = importlib.util.spec_from_file_location("mutate", ROOT / "tools" / "mutate.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules["mutate"] = module
    spec.loader.exec_module(module)
    return module


SOURCE = '''
def f(height, limit=3, *, strict: int = True):
    """Docstrings with 1 < 2 stay."""
    if height < limit and not strict:
        raise ValueError(f"{1}: below")
    return [one + 1 for one in (height,) if one]
'''


def test_every_change_is_one_of_the_code(mutate: ModuleType) -> None:
    found = []
    for number in range(len(list(mutate.changes(ast.parse(SOURCE))))):
        tree = ast.parse(SOURCE)
        _, _, change = list(mutate.changes(tree))[number]
        change()
        found.append(ast.unparse(ast.fix_missing_locations(tree)))
    before = ast.unparse(ast.parse(SOURCE)).splitlines()
    assert all(len(text.splitlines()) == len(before) for text in found)
    changed = [
        line.strip() for text in found for line, old in zip(text.splitlines(), before, strict=True) if line != old
    ]
    assert len(changed) == len(found) == len(set(changed))
    for line in (
        "def f(height, limit=4, *, strict: int=True):",
        "def f(height, limit=2, *, strict: int=True):",
        "def f(height, limit=3, *, strict: int=False):",
        "if height <= limit and (not strict):",
        "if height >= limit and (not strict):",
        "if height < limit or not strict:",
        "if height < limit and (not not strict):",
        "pass",
        "return None",
        "return [one - 1 for one in (height,) if one]",
        "return [one + 2 for one in (height,) if one]",
        "return [one + 1 for one in (height,) if not one]",
    ):
        assert line in changed, line


def test_every_change_that_nothing_could_notice_is_one_that_there_is(mutate: ModuleType) -> None:
    reasons = mutate.equivalent()
    assert all(reason.strip() for reason in reasons.values())
    modules = {module for module, *_ in reasons}
    there = {mutant.key for module in modules for mutant in mutate.mutants(mutate.PACKAGE / module)}
    assert set(reasons) <= there, set(reasons) - there


def test_changes_that_read_alike_are_told_apart(mutate: ModuleType, tmp_path: Path) -> None:
    """A row of mutants_equivalent.csv names one change, however often its line stands in the file."""
    (tmp_path / "alike.py").write_text(
        "class Read:\n    def one(self):\n        return [], []\n    def two(self):\n        if a < b < c:\n"
        "            return [], []\n        return a is b\nif a < b < c:\n    d = a is b\n"
    )
    told = [(one.change, one.where) for one in mutate.mutants(tmp_path / "alike.py")]
    assert [where for change, where in told if change == "return None"] == ["Read.one", "Read.two", ""]
    assert [where for change, where in told if change == "< to <="] == ["Read.two 1", "Read.two 2", "1", "2"]
    assert [where for change, where in told if change == "is to is not"] == ["", ""]


def test_the_same_seed_draws_the_same_sample() -> None:
    drawn = [
        subprocess.run(
            [sys.executable, str(ROOT / "tools" / "mutate.py"), "registry", "--list", "--sample", "20", "--seed", seed],
            capture_output=True, text=True, check=True,
        ).stdout.splitlines()
        for seed in ("1", "1", "2")
    ]  # fmt: skip
    assert len(drawn[0]) == 20
    assert drawn[0] == drawn[1] != drawn[2]

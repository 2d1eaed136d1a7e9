"""What was looked at, as a person reads it in 80 columns: nothing is cut, and what mends a lack stands below it."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from porlake.cli import _checks
from porlake.queries.doctor import Check
from support import command, environment, nobody

FOUND = "0 of 3; lacking: one, two, three"


def test_what_is_right_has_no_remedy_and_what_is_optional_is_marked() -> None:
    checks = [
        Check("a", True, "here", "never told"),
        Check("bcd", False, "away", "bring it"),
        Check("e", False, "away", "bring it", optional=True),
        Check("f", False, "away", ""),
    ]
    assert list(_checks.lines(checks, 80)) == [
        "ok  a    here", "!!  bcd  away", "    mend: bring it", "--  e    away", "    mend: bring it", "!!  f    away"
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("width", "lines"),
    [
        (46, ["!!  pools  0 of 3; lacking: one, two, three"]),
        (43, ["!!  pools  0 of 3; lacking: one, two, three"]),
        (42, ["!!  pools  0 of 3; lacking: one, two,", "           three"]),
    ],
)
def test_what_does_not_fit_goes_on_below_at_a_blank(width: int, lines: list[str]) -> None:
    assert len(lines[0]) <= width
    assert list(_checks.lines([Check("pools", False, FOUND, "")], width)) == lines


def test_a_word_that_is_wider_than_a_line_stays_whole() -> None:
    path = "/a/folder" * 12
    (_, first, second) = _checks.lines([Check("DAGs", False, "none", f"AIRFLOW__CORE__DAGS_FOLDER={path} or else")], 80)
    assert first.endswith(path)
    assert second == "          or else"


def test_what_a_server_said_moves_no_cursor() -> None:
    (line,) = _checks.lines([Check("database", True, "\x1b[2Jgone", "")], 80)
    assert "\x1b" not in line


def test_a_name_that_leaves_no_room_is_told_all_the_same() -> None:
    lines = list(_checks.lines([Check("n" * 90, False, "one two", "")], 80))
    assert "".join(lines).split()[-2:] == ["one", "two"]


@pytest.mark.parametrize(("said", "width"), [({}, 80), ({"COLUMNS": "60"}, 60)])
def test_the_doctors_lines_fit_into_80_columns_of_a_pipe_and_into_as_many_as_are_said(
    said: dict[str, str], width: int, tmp_path: Path
) -> None:
    """A word alone may be wider: a path, a URL."""
    env = {name: value for name, value in environment().items() if name != "COLUMNS"} | said
    env["PORLAKE_ENDPOINTS"] = str(nobody(tmp_path / "endpoints.toml"))
    done = subprocess.run(command("doctor"), env=env, cwd=tmp_path, capture_output=True, text=True, check=False)
    lines = done.stdout.splitlines()
    assert len(lines) > 50, done
    assert [line for line in lines if line.startswith("    mend: ")]
    wide = [line for line in lines if len(line) > width]
    assert not [line for line in wide if max(map(len, line[2:].split())) < width - 40], wide

"""The prompt: statements end at a semicolon, over as many lines as they need."""

from __future__ import annotations

import io

import pytest

from porlake.cli import _prompt


@pytest.mark.parametrize(
    ("text", "whole"),
    [
        ("select 1;", True), ("select 1; \n", True), ("select 1", False), ("select ';", False), ("select ';';", True),
        ('select 1 as "a;', False),
        ("select 1 -- a; b;", False), ("select 1 /* a;", False), ("selec 1;", True), ("select 1; select 2;", True),
        ("select $$a;", False), ("", False),
    ],
)  # fmt: skip
def test_a_statement_ends_at_a_semicolon_that_is_its_own(text: str, whole: bool) -> None:
    assert _prompt.is_whole(text) is whole


def asked(monkeypatch: pytest.MonkeyPatch, text: str) -> tuple[list[str], list[str]]:
    monkeypatch.setattr("sys.stdin", io.StringIO(text))
    answered: list[str] = []
    complained: list[str] = []
    _prompt.prompt(answered.append, complained.append)
    return answered, complained


def test_statements_over_many_lines_and_several_on_one(monkeypatch: pytest.MonkeyPatch) -> None:
    answered, complained = asked(monkeypatch, "select\n 1\n;\nselect 2; select ';'\n;\nselect 4")
    assert [" ".join(statement.split()).rstrip("; ") for statement in answered] == [
        "select 1",
        "select 2",
        "select ';'",
        "select 4",
    ]
    assert not complained


def test_quit_ends_and_tables_lists(monkeypatch: pytest.MonkeyPatch) -> None:
    answered, _ = asked(monkeypatch, "tables\nTABLES;\nselect 1;\nquit\nselect 2;\n")
    assert [statement == _prompt.ALL_TABLES for statement in answered] == [True, True, False]


def test_a_statement_that_fails_is_told_and_the_next_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    answered, complained = asked(monkeypatch, "selec 1;\nselect 2;\n")
    assert len(answered) == 1
    assert "syntax error" in complained[0].lower()

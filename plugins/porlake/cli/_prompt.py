"""The SQL prompt: statements end at a semicolon, over as many lines as they need."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import suppress

from porlake.errors import BuildError, PorlakeError

HELP = "A statement ends with ; and may go over many lines. tables lists the tables, quit (or Ctrl-D) ends."
FIRST, NEXT = "porlake> ", "    ...> "
QUIT = frozenset({"quit", "exit", "\\q", ".quit", ".exit"})
HELPS = frozenset({"help", "\\?", ".help"})
TABLES = frozenset({"tables", "\\d", ".tables", "show tables"})
ALL_TABLES = (
    "select schema, name, column_names as columns from (show all tables) where database not in ('system', "
    "'temp') order by all"
)


def statements(sql: str) -> list[str]:
    """The statements in a text, in their order. Raises BuildError for what is no SQL."""
    import duckdb

    try:
        return [statement.query.strip() for statement in duckdb.extract_statements(sql)]
    except duckdb.Error as error:
        raise BuildError(f"DuckDB: {error}") from error


def is_whole(text: str) -> bool:
    """Whether a text ends with the semicolon of a statement, and not with one inside of quotes or a comment."""
    import duckdb

    if not text.rstrip().endswith(";"):
        return False
    try:
        found = len(duckdb.extract_statements(text))
    except duckdb.Error as error:
        return "unterminated" not in str(error).lower() and text.count("$$") % 2 == 0
    try:  # behind a line comment that ends in a semicolon the statement would go on
        return len(duckdb.extract_statements(f"{text}\nselect 1")) > found
    except duckdb.Error:
        return False


def prompt(answer: Callable[[str], None], complain: Callable[[str], None]) -> None:
    """Read statements from standard input and have each answered until its end; one that fails is complained of and the
    next goes on.
    """
    is_person = sys.stdin.isatty()
    if is_person:
        with suppress(ImportError):  # arrow keys and the lines before; a Python may come without it
            import readline  # noqa: F401
        print(HELP, file=sys.stderr)
    for sql in _asked(is_person):
        try:
            for statement in statements(sql):
                answer(statement)
        except PorlakeError as error:
            complain(str(error))
        except KeyboardInterrupt:
            complain("stopped")


def _asked(is_person: bool) -> Iterator[str]:
    """What was asked: a text of whole statements, or what the words `tables` and `help` stand for."""
    held = ""
    while True:
        try:
            line = input((NEXT if held else FIRST) if is_person else "")
        except EOFError:
            if held.strip():
                yield held
            return
        except KeyboardInterrupt:  # what was typed is dropped, as in every shell
            print(file=sys.stderr)
            held = ""
            continue
        word = line.strip().rstrip(";").strip().lower()
        if not held and word in QUIT:
            return
        if not held and word in HELPS:
            print(HELP, file=sys.stderr)
        elif not held and word in TABLES:
            yield ALL_TABLES
        else:
            held += line + "\n"
            if is_whole(held):
                yield held
                held = ""
            elif not held.strip():
                held = ""

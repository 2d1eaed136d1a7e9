"""What a page on loopback may ask of the lake beside it: rows of a published file, and why one has its verdict.

    GET lake/rows?report=<sha256>&member=0&first=1&address=&verdict=   {"rows": [{"source_row": 57, ...}, ...]}
    GET lake/explain?report=<sha256>&row=57&member=0                   {"parts": [["verdict", [["proven", "..."]]]]}

Both only read, and say what `porlake explain` says. A question is short and each of its parts of one form; answers
are bounded, however long the texts are that a stranger wrote into a file. What fails inside is told to the terminal
alone: an answer holds no path of this machine.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Mapping
from dataclasses import asdict
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from porlake.errors import ConfigurationError, MissingPartition, PorlakeError

if TYPE_CHECKING:
    from porlake.pipeline import Session

FOLDER = "lake/"
LONGEST_QUESTION = 500
LONGEST_TEXT = 4_000
PATIENCE = 10.0
"""Seconds that a question waits for the one before it: two at once are one too many for a look at a page."""
_FORMS = {
    "report": re.compile(r"[0-9a-f]{64}"),
    "row": re.compile(r"[1-9][0-9]{0,8}"),
    "first": re.compile(r"[1-9][0-9]{0,8}"),
    "member": re.compile(r"0|[1-9][0-9]{0,3}"),
    "address": re.compile(r"[!-~]{1,200}"),
    "verdict": re.compile(r"[a-z_]{1,20}"),
}
_QUESTIONS = {"rows": {"report", "member", "first", "address", "verdict"}, "explain": {"report", "member", "row"}}
_NEEDED = {"rows": {"report"}, "explain": {"report", "row"}}

Answer = tuple[HTTPStatus, dict[str, Any]]


class Answers:
    """The answers of one lake. `complain`: where it is told what failed inside."""

    def __init__(self, session: Session, complain: Callable[[str], object]) -> None:
        self._session, self._complain = session, complain
        self._alone = threading.Lock()

    def __call__(self, name: str, query: str) -> Answer:
        """The answer to a question, `name` without the folder; of any other name, NOT_FOUND."""
        if name not in _QUESTIONS:
            return HTTPStatus.NOT_FOUND, {"error": "there is no such question"}
        asked = _asked(name, query)
        if isinstance(asked, str):
            return HTTPStatus.BAD_REQUEST, {"error": asked}
        if not self._alone.acquire(timeout=PATIENCE):
            return HTTPStatus.SERVICE_UNAVAILABLE, {"error": "another question is being answered; ask again"}
        try:
            return HTTPStatus.OK, _rows(self._session, asked) if name == "rows" else _explain(self._session, asked)
        except MissingPartition:
            return HTTPStatus.NOT_FOUND, {"error": "the lake at hand does not have this file"}
        except ConfigurationError as error:  # no row stands there
            return HTTPStatus.NOT_FOUND, {"error": _short(str(error))}
        except PorlakeError as error:
            self._complain(str(error))
            said = "the lake's files of this report cannot be read; the terminal of `porlake page` says why"
            return HTTPStatus.INTERNAL_SERVER_ERROR, {"error": said}
        finally:
            self._alone.release()


def _asked(name: str, query: str) -> dict[str, str] | str:
    """The parts of a question, or why it is none."""
    if len(query) > LONGEST_QUESTION:
        return "the question is too long"
    try:
        pairs = parse_qsl(query, keep_blank_values=True, strict_parsing=bool(query), errors="strict", max_num_fields=9)
    except ValueError:
        return "the question cannot be read"
    found = dict(pairs)
    if len(found) < len(pairs) or not _NEEDED[name] <= found.keys() <= _QUESTIONS[name]:
        return f"asked is {', '.join(sorted(_QUESTIONS[name]))}, each once"
    for part, text in found.items():
        if not _FORMS[part].fullmatch(text):
            return f"{part} has not the form that it must have"
    return found


def _rows(session: Session, asked: Mapping[str, str]) -> dict[str, Any]:
    from porlake.queries import lines

    found = lines.lines(
        session, asked["report"], member=int(asked.get("member", 0)), first=int(asked.get("first", 1)),
        address=asked.get("address", ""), verdict=asked.get("verdict", ""),
    )  # fmt: skip
    rows = [{name: _short(text) for name, text in asdict(row).items()} for row in found]
    return {"rows": rows, "most": lines.MOST}


def _explain(session: Session, asked: Mapping[str, str]) -> dict[str, Any]:
    from porlake.queries import explain

    told = explain.explain(session, asked["report"], int(asked["row"]), int(asked.get("member", 0)))
    parts = explain.in_words(told, explain.seen(session, told))
    return {"parts": [[title, [[_short(name), _short(text)] for name, text in facts]] for title, facts in parts]}


def _short(value: Any) -> Any:
    if not isinstance(value, str) or len(value) <= LONGEST_TEXT:
        return value
    return f"{value[:LONGEST_TEXT]} … ({len(value) - LONGEST_TEXT:,} characters more)"

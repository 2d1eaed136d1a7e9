"""Questions that are put once, whichever thread needs the answer first."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from functools import wraps
from threading import Lock, get_ident
from typing import Any, TypeVar, cast

Question = TypeVar("Question", bound=Callable[..., Any])


def asked_once(question: Question) -> Question:
    """A method of a client that asks once: what it gave for some arguments, which are hashable, it gives again.

    Whoever needs an answer first asks for it; others who need the same meanwhile wait, those who need another do not.
    So a recording holds one answer to a question in whatever order the threads run, and a replay asks as often. What it
    raises is raised to the one who asked, and not kept, for the fault may be over: those who waited ask in their turn,
    one after the other, up to the first answer; so many faults a recording holds, and a replay meets them again.
    """

    @wraps(question)
    def asked(client: Any, *about: Hashable) -> Any:
        kept: _Kept = vars(client).setdefault("_kept_answers", _Kept())
        key = question, about
        if key not in kept.answers:
            with kept.turn_of(key):
                if key not in kept.answers:
                    kept.answers[key] = question(client, *about)
        return kept.answers[key]

    return cast(Question, asked)


class _Kept:
    """The answers of one client, and whose turn it is to ask for one."""

    def __init__(self) -> None:
        self.answers: dict[Hashable, Any] = {}
        self._turns: dict[Hashable, Lock] = {}
        self._asking: dict[Hashable, int] = {}
        self._lock = Lock()

    @contextmanager
    def turn_of(self, key: Hashable) -> Iterator[None]:
        """Raises RecursionError for a question that needs its own answer, at once: a recursion limit is no protection
        where a library has raised it beyond what the stack holds.
        """
        with self._lock:
            turn = self._turns.setdefault(key, Lock())
        if self._asking.get(key) == get_ident():
            raise RecursionError(f"{key}: the question needs its own answer")
        with turn:
            self._asking[key] = get_ident()
            try:
                yield
            finally:
                del self._asking[key]

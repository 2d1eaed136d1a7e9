"""How clients put their questions. One by one: a bad address costs that address, each failure is judged, and where the
endpoint itself has failed there is an end. And once, whichever thread needs the answer first.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Hashable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from functools import wraps
from itertools import islice
from threading import Lock, get_ident
from typing import Any, TypeVar, cast

from porlake.errors import (
    BadAnswer,
    ChainError,
    NotRecorded,
    RateLimited,
    RequestFailed,
    TimedOut,
    TooBig,
    TransportError,
    Unavailable,
)
from porlake.transport import Endpoint, Http, JsonRpc

SECONDS = 30.0
"""How long one address is waited for: an index gives up on a busy one in less, or never answers."""
SLICE = 32  # questions that are put before the answer to the first of them is looked at
MOST = 20  # that took their time and gave nothing, and were the greater part: then the endpoint is asked no more


def of_one_address(endpoint: Endpoint | None) -> Endpoint | None:
    """An endpoint at which single addresses are asked about: none of them is waited for longer than SECONDS."""
    return replace(endpoint, timeout=min(endpoint.timeout, SECONDS)) if endpoint else None


Item = TypeVar("Item")
Found = TypeVar("Found")


class _GivenUp(TransportError):
    """Nobody was asked: too much had failed before."""


_REASONS: tuple[tuple[tuple[type[TransportError | ChainError], ...], str], ...] = (
    ((_GivenUp,), "endpoint_failed"),
    ((TimedOut,), "timed_out"),
    ((BadAnswer, ChainError), "bad_answer"),
    ((RequestFailed, TooBig, Unavailable), "refused_by_server"),
)


def reason_of(error: TransportError | ChainError) -> str:
    """Why one holding is unobserved. Raises the error again where it is the endpoint's: a limit of its rate, a
    recording without the answer.
    """
    if isinstance(error, NotRecorded | RateLimited):
        raise error
    return next((reason for kind, reason in _REASONS if isinstance(error, kind)), "server_failed")


def one_by_one(
    items: Sequence[Item], read: Callable[[Item], Found], ping: Callable[[], object], in_flight: int
) -> Iterator[Found | TransportError | ChainError]:
    """What `read` gives for each item, in order, or the error that it costs; the items behind too many failures cost
    one each unasked.

    `ping` asks for something that every endpoint knows. Raises its error where nothing is answered any more, and the
    first error where all answers were bad ones: what is wrong with every address is wrong with the endpoint.
    """

    def ask(item: Item) -> Found | TransportError | ChainError:
        try:
            return read(item)
        except (TransportError, ChainError) as error:
            if reason_of(error) in ("timed_out", "server_failed"):
                ping()
            return error

    good, slow, bad = 0, 0, list[TransportError | ChainError]()
    with ThreadPoolExecutor(max_workers=in_flight) as pool:
        source = iter(items)
        waiting = deque(pool.submit(ask, item) for item in islice(source, SLICE))
        try:
            while waiting:
                found = waiting.popleft().result()
                reason = reason_of(found) if isinstance(found, TransportError | ChainError) else ""
                good, slow = (
                    good + (reason in ("", "refused_by_server")),
                    slow + (reason in ("timed_out", "server_failed")),
                )
                bad += [found] if isinstance(found, TransportError | ChainError) and reason == "bad_answer" else []
                yield found
                if slow < MOST or slow <= good:
                    waiting.extend(pool.submit(ask, item) for item in islice(source, 1))
        finally:
            for question in waiting:
                question.cancel()
        yield from (_GivenUp("the endpoint failed for most addresses before this one") for _ in source)
    if bad and not good:
        raise bad[0]


# --- whom a client asks
class OverHttp:
    """A client that asks over HTTP: `host` is who answered last."""

    _http: Http

    @property
    def host(self) -> str:
        return self._http.host


class OverRpc:
    """A client that asks over JSON-RPC: `host` is who answered last."""

    _rpc: JsonRpc

    @property
    def host(self) -> str:
        return self._rpc.host


# --- questions that are put once
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

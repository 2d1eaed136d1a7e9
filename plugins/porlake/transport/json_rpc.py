"""JSON-RPC 2.0 over HTTP. https://www.jsonrpc.org/specification"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import count, islice
from typing import Any

from porlake import numbers
from porlake.errors import (
    BadAnswer,
    ConfigurationError,
    RateLimited,
    RequestFailed,
    TooBig,
    TransportError,
    Unavailable,
)
from porlake.transport.connection import HttpSession
from porlake.transport.endpoint import Endpoint
from porlake.transport.limits import Bounds
from porlake.transport.recording import Recording
from porlake.transport.retries import MalformedAnswer
from porlake.transport.strict_json import dumps, loads, loads_fast

# How nodes say "ask for less" and "not here"; facts of geth, Erigon, Nethermind, Besu, Reth, Bor, anvil and java-tron.
_TOO_BIG = (
    "too large",
    "too big",
    "out of gas",
    "outofgas",
    "timed out",
    "timeout",
    "exceeding limit",
    "limit of",
    "max initcode",
    "initcode",
    "exceeds the limit",
    "batch limit",
    "createcontractsizelimit",
)
# "Slow down", in the words of Alchemy, Infura, QuickNode, Nethermind and public gateways.
_LIMITED = (
    "rate limit",
    "too many requests",
    "limitexceeded",
    "request limit",
    "requests limit",
    "per second",
    "/second",
    "rate-limit",
    "ratelimit",
)
_UNAVAILABLE = ("missing trie node", "is not available", "has been pruned", "is pruned", "world state unavailable",
"no state available",
                "header not found", "unknown block", "block not found", "haven't been fully indexed",
                "cannot query unfinalized data",
                "not currently canonical", "resource not found", "blockoutofrange")  # fmt: skip


class JsonRpc:
    """JSON-RPC 2.0 over HTTP. `name` is the network's id, under which a recording keeps the answers.

    `plain`: no answer holds a number with a point or over 64 bits (EVM nodes write hex), so that a faster parser may
    read it.
    """

    def __init__(self, name: str, endpoint: Endpoint | None, recording: Recording, *, plain: bool = False) -> None:
        self._name, self._recording = name, recording
        self._loads = loads_fast if plain else loads
        self.in_flight = endpoint.in_flight if endpoint else 4
        self._http = None if recording.replays or endpoint is None else HttpSession(endpoint)
        self.host = endpoint.host if endpoint else ""
        self._ids = count(1)

    def call(
        self,
        method: str,
        params: list[Any],
        *,
        patient: bool = True,
        timeout: float | None = None,
        answer_bytes: int | None = None,
    ) -> Any:
        """The `result`. Raises TransportError by what went wrong; with `patient` False a TimedOut is raised at once.

        `timeout` and `answer_bytes` take the place of the endpoint's for this question: long calls have bounds of their
        own.
        """
        limits = Bounds(patient, timeout, answer_bytes)
        answer, self.host = self._recording.answer(
            self._name, method, params, self.host, lambda: self._ask(method, params, limits)
        )
        return answer

    def many(self, calls: Iterable[tuple[str, list[Any]]], in_flight: int) -> Iterator[Any]:
        """The results of many calls, in their order, with at most `in_flight` of them under way."""
        for answer in self.tried(calls, in_flight):
            if isinstance(answer, TransportError):
                raise answer
            yield answer

    def tried(self, calls: Iterable[tuple[str, list[Any]]], in_flight: int = 0) -> Iterator[Any]:
        """As `many`; in place of the result of a call that failed stands its TransportError."""

        def ask(call: tuple[str, list[Any]]) -> Any:
            try:
                return self.call(*call)
            except TransportError as error:
                return error

        return in_order(ask, calls, in_flight or self.in_flight)

    def batch(
        self,
        calls: Sequence[tuple[str, list[Any]]],
        *,
        patient: bool = True,
        timeout: float | None = None,
        answer_bytes: int | None = None,
    ) -> list[Any]:
        """The results of several calls in one request, in their order; for a call that failed its TransportError.

        Raises TransportError where the batch failed as a whole: one answer for each question, none twice, none of
        another question. The rest as in `call`.
        """
        limits, questions = Bounds(patient, timeout, answer_bytes), [[method, params] for method, params in calls]
        answer, self.host = self._recording.answer(
            self._name, "batch", questions, self.host, lambda: self._ask_batch(calls, limits)
        )
        if not isinstance(answer, list) or len(answer) != len(calls):
            raise BadAnswer(f"{self.host}: batch: the recording does not answer it")
        return [
            rpc_error(self.host, method, item["error"]) if "error" in item else item["result"]
            for (method, _), item in zip(calls, answer, strict=True)
        ]

    def _ask(self, method: str, params: list[Any], limits: Bounds) -> Any:
        number = next(self._ids)
        question = dumps({"jsonrpc": "2.0", "id": number, "method": method, "params": params})

        def read(status: int, answer: Any) -> Any:
            if isinstance(answer, list) and len(answer) == 1:
                (answer,) = answer
            if not isinstance(answer, dict):
                raise MalformedAnswer(f"{self.host}: {method}: the answer is no object")
            told = answer.get("id")
            if answer.get("error") is not None and (told is None or is_id(told, number)):
                raise rpc_error(self.host, method, answer["error"])
            if not is_id(told, number):
                raise MalformedAnswer(f"{self.host}: {method}: the answer is not of this question")
            if "result" not in answer or status >= 400:
                raise MalformedAnswer(
                    f"{self.host}: {method}: neither result nor error"
                    if status < 400
                    else f"{self.host}: HTTP {status}"
                )
            return answer["result"]

        return self._session().ask("POST", "", question, read, limits, self._loads)

    def _ask_batch(self, calls: Sequence[tuple[str, list[Any]]], limits: Bounds) -> list[dict[str, Any]]:
        numbers_ = [next(self._ids) for _ in calls]
        question = [
            {"jsonrpc": "2.0", "id": number, "method": method, "params": params}
            for number, (method, params) in zip(numbers_, calls, strict=True)
        ]

        def read(status: int, answer: Any) -> list[dict[str, Any]]:
            if isinstance(answer, list) and len(answer) == 1 and len(calls) > 1:
                (answer,) = answer  # geth: an array with one error object for a batch over its limit
            if isinstance(answer, dict) and answer.get("error") is not None:
                raise rpc_error(self.host, "batch", answer["error"])
            if not isinstance(answer, list) or not all(isinstance(item, dict) for item in answer):
                raise MalformedAnswer(f"{self.host}: batch: the answer is no array of objects")
            if status >= 400 and not all(item.get("error") for item in answer):
                raise MalformedAnswer(f"{self.host}: HTTP {status}")
            by_id = {item["id"]: item for item in answer if type(item.get("id")) is int}
            if len(answer) != len(calls) or by_id.keys() != set(numbers_):
                raise MalformedAnswer(
                    f"{self.host}: batch: {len(answer)} answers, {len(by_id.keys() & set(numbers_))} of the "
                    f"{len(calls)} questions"
                )
            return [self._kept(by_id[number]) for number in numbers_]

        found: list[dict[str, Any]] = self._session().ask("POST", "", dumps(question), read, limits, self._loads)
        return found

    def _kept(self, item: dict[str, Any]) -> dict[str, Any]:
        """What of an item is kept. One that is refused for its rate fails the whole batch, which is asked again."""
        if item.get("error") is not None:
            error = rpc_error(self.host, "batch", item["error"])
            if isinstance(error, RateLimited | BadAnswer):
                raise error
            return {"error": self._session().redactor.data(item["error"])}
        if "result" not in item:
            raise MalformedAnswer(f"{self.host}: batch: an item with neither result nor error")
        return {"result": item["result"]}

    def _session(self) -> HttpSession:
        if self._http is None:
            raise ConfigurationError(f"{self._name}: no endpoint is configured")
        return self._http


def in_order(ask: Callable[[Any], Any], questions: Iterable[Any], in_flight: int) -> Iterator[Any]:
    """The answers to many questions, in their order, with at most `in_flight` of them under way."""
    with ThreadPoolExecutor(max_workers=in_flight) as pool:
        source = iter(questions)
        waiting = deque(pool.submit(ask, question) for question in islice(source, in_flight))
        while waiting:
            yield waiting.popleft().result()
            waiting.extend(pool.submit(ask, question) for question in islice(source, 1))


def is_id(told: object, number: int) -> bool:
    """Neither `true` nor 1.0 is the question 1."""
    return type(told) is int and told == number


def rpc_error(host: str, method: str, error: Any) -> TransportError:
    """An error object by its meaning. Its text still holds what the server echoes: `Redactor.error` comes after."""
    if not isinstance(error, dict):
        return BadAnswer(f"{host}: {method}: an error that is no object")
    code, message = error.get("code"), error.get("message", "")
    message = (message if isinstance(message, str) else numbers.shown(message))[:300]
    text, low = (
        f"{host}: {method}: {message} ({numbers.shown(code) if code is not None else 'no code'})",
        message.lower(),
    )
    code = code if type(code) is int else None
    if "batch" in low and any(mark in low for mark in ("too large", "limit", "exceed", "too many")):
        return TooBig(text)
    if code in (-32005, 429) or any(mark in low for mark in _LIMITED):
        return RateLimited(text)
    if code != -32601 and any(mark in low for mark in _UNAVAILABLE):  # "the method ... is not available" is a refusal
        return Unavailable(text)
    if any(mark in low for mark in _TOO_BIG):
        return TooBig(text)
    return RequestFailed(text, code, error.get("data"))

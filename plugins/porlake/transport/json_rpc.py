"""JSON-RPC 2.0 over HTTP. https://www.jsonrpc.org/specification"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import count
from typing import Any

from porlake.errors import (
    BadAnswer,
    ConfigurationError,
    RateLimited,
    RequestFailed,
    TransportError,
)
from porlake.transport.connection import HttpSession
from porlake.transport.endpoint import IN_FLIGHT, Endpoint
from porlake.transport.error_table import LONGEST_TEXT, NO_TABLE, ErrorTable
from porlake.transport.limits import Bounds, MalformedAnswer
from porlake.transport.ordered import in_order
from porlake.transport.recording import Recording
from porlake.transport.strict_json import dumps, loads, loads_fast

Params = list[Any] | dict[str, Any]
"""By their places or by their names."""


class JsonRpc:
    """JSON-RPC 2.0 over HTTP. `name` is the network's id, under which a recording keeps the answers.

    `errors`: what the errors of such nodes mean; without a table each is RequestFailed. `plain`: no answer holds a
    number with a point or over 64 bits (EVM nodes write hex), so that a faster parser may read it.
    """

    def __init__(
        self,
        name: str,
        endpoint: Endpoint | None,
        recording: Recording,
        errors: ErrorTable = NO_TABLE,
        *,
        plain: bool = False,
    ) -> None:
        self._name, self._recording, self._errors = name, recording, errors
        self._loads = loads_fast if plain else loads
        self.in_flight = endpoint.in_flight if endpoint else IN_FLIGHT
        self._http = None if recording.replays or endpoint is None else HttpSession(endpoint)
        self.host = endpoint.host if endpoint else ""
        self._ids = count(1)

    def call(
        self,
        method: str,
        params: Params,
        *,
        patient: bool = True,
        timeout: float | None = None,
        answer_bytes: int | None = None,
    ) -> Any:
        """The `result`; `params` by their places or by their names.

        Raises TransportError by what went wrong; with `patient` False a TimedOut is raised at once.

        `timeout` and `answer_bytes` take the place of the endpoint's for this question: long calls have bounds of their
        own.
        """
        bounds = Bounds(patient, timeout, answer_bytes)
        answer, self.host = self._recording.answer(
            self._name, method, params, self.host, lambda: self._ask(method, params, bounds)
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
        calls: Sequence[tuple[str, Params]],
        *,
        patient: bool = True,
        timeout: float | None = None,
        answer_bytes: int | None = None,
    ) -> list[Any]:
        """The results of several calls in one request, in their order; for a call that failed its TransportError.

        Raises TransportError where the batch failed as a whole: one answer for each question, none twice, none of
        another question. The rest as in `call`.
        """
        bounds, questions = Bounds(patient, timeout, answer_bytes), [[method, params] for method, params in calls]
        answer, self.host = self._recording.answer(
            self._name, "batch", questions, self.host, lambda: self._ask_batch(calls, bounds)
        )
        if not isinstance(answer, list) or len(answer) != len(calls):
            raise BadAnswer(f"{self.host}: batch: the recording does not answer it")
        return [
            self._errors.of_rpc(self.host, method, item["error"]) if "error" in item else item["result"]
            for (method, _), item in zip(calls, answer, strict=True)
        ]

    def _ask(self, method: str, params: Params, bounds: Bounds) -> Any:
        number = next(self._ids)
        question = dumps({"jsonrpc": "2.0", "id": number, "method": method, "params": params})

        def read(status: int, answer: Any) -> Any:
            if isinstance(answer, list) and len(answer) == 1:
                (answer,) = answer
            if not isinstance(answer, dict):
                raise MalformedAnswer(f"{self.host}: {method}: the answer is no object")
            answered = answer.get("id")
            self._check_gateway(method, status, answer)
            if answer.get("error") is not None and (answered is None or is_id(answered, number)):
                raise self._errors.of_rpc(self.host, method, answer["error"])
            if not is_id(answered, number):
                raise MalformedAnswer(f"{self.host}: {method}: the answer is not of this question")
            if "result" not in answer or status >= 400:
                raise MalformedAnswer(
                    f"{self.host}: {method}: neither result nor error"
                    if status < 400
                    else f"{self.host}: HTTP {status}"
                )
            return answer["result"]

        return self._session().ask("POST", "", question, read, bounds, self._loads)

    def _ask_batch(self, calls: Sequence[tuple[str, Params]], bounds: Bounds) -> list[dict[str, Any]]:
        numbers_ = [next(self._ids) for _ in calls]
        question = [
            {"jsonrpc": "2.0", "id": number, "method": method, "params": params}
            for number, (method, params) in zip(numbers_, calls, strict=True)
        ]

        def read(status: int, answer: Any) -> list[dict[str, Any]]:
            if isinstance(answer, list) and len(answer) == 1 and len(calls) > 1:
                (answer,) = answer  # geth: an array with one error object for a batch over its limit
            if isinstance(answer, dict):
                self._check_gateway("batch", status, answer)
                if answer.get("error") is not None:
                    raise self._errors.of_rpc(self.host, "batch", answer["error"])
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
            return [self._result_or_error(by_id[number]) for number in numbers_]

        found: list[dict[str, Any]] = self._session().ask(
            "POST", "", dumps(question), read, bounds, self._loads, len(calls)
        )
        return found

    def _result_or_error(self, item: dict[str, Any]) -> dict[str, Any]:
        """What of an item is kept. One that is refused for its rate fails the whole batch, which is asked again."""
        if item.get("error") is not None:
            error = self._errors.of_rpc(self.host, "batch", item["error"])
            if isinstance(error, RateLimited | BadAnswer):
                raise error
            return {"error": self._session().redactor.data(item["error"])}
        if "result" not in item:
            raise MalformedAnswer(f"{self.host}: batch: an item with neither result nor error")
        return {"result": item["result"]}

    def _check_gateway(self, method: str, status: int, answer: dict[str, Any]) -> None:
        """Raises what a gateway before the node says in JSON of its own, where the table knows it."""
        if status < 400 or answer.keys() & {"id", "result", "error", "jsonrpc"}:
            return
        text = dumps(answer).decode()[:LONGEST_TEXT]
        error = self._errors.error(f"{self.host}: {method}: HTTP {status}: {text}", None, text)
        if not isinstance(error, RequestFailed):
            raise error

    def _session(self) -> HttpSession:
        if self._http is None:
            raise ConfigurationError(f"{self._name}: no endpoint is configured")
        return self._http


def is_id(value: object, number: int) -> bool:
    """Neither `true` nor 1.0 is the question 1."""
    return type(value) is int and value == number

"""Electrum's line protocol: JSON-RPC 2.0, a line each way, over TCP or TLS."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, cast

from porlake.errors import ConfigurationError, RateLimited, TransportError
from porlake.transport.electrum_connection import LineConnection
from porlake.transport.endpoint import Endpoint
from porlake.transport.error_table import NO_TABLE, ErrorTable
from porlake.transport.limits import Bounds, Retries, TransientFault
from porlake.transport.ordered import in_order
from porlake.transport.recording import Recording
from porlake.transport.secrets import Redactor


class ElectrumRpc:
    """JSON-RPC 2.0, a line each way, over TCP or TLS; many requests in one array. https://electrumx.readthedocs.io/

    `errors`: what the errors of such servers mean; without a table each is RequestFailed. With `?pin=<sha256>` behind
    the URL the server is known by its certificate's hash alone; without it by an authority, as everywhere.
    """

    def __init__(
        self, name: str, endpoint: Endpoint | None, recording: Recording, errors: ErrorTable = NO_TABLE
    ) -> None:
        self._name, self._recording, self._errors = name, recording, errors
        self._endpoint = None if recording.replays else endpoint
        self.host = endpoint.host if endpoint else ""
        self._redactor, self._retries = Redactor(endpoint), Retries(self._endpoint) if self._endpoint else None
        self._lock = threading.Lock()
        self._open: LineConnection | None = None

    def call(self, method: str, *params: Any) -> Any:
        """The result of one request. Raises TransportError."""
        (answer,) = self.batch([(method, list(params))])
        if isinstance(answer, TransportError):
            raise answer
        return answer

    def batch(self, calls: Sequence[tuple[str, list[Any]]], *, seconds: float | None = None) -> list[Any]:
        """The results of some requests, put as one; in place of one that the server refuses stands its TransportError.

        With `seconds` the answer is waited for so long and no second time; without them as long and as often as the
        endpoint says. Raises TransportError where the batch failed as a whole.
        """
        questions = [[method, params] for method, params in calls]
        bounds = Bounds(patient=seconds is None, timeout=seconds)
        answers, self.host = self._recording.answer(
            self._name, "batch", questions, self.host, lambda: self._exchange(questions, bounds)
        )
        return [
            self._error_in(method, answer) or answer["result"]
            for (method, _), answer in zip(calls, answers, strict=True)
        ]

    def tried(
        self, calls: Iterable[Sequence[tuple[str, list[Any]]]], in_flight: int, *, seconds: float | None = None
    ) -> Iterator[list[Any] | TransportError]:
        """The results of many `batch`es, in their order, with at most `in_flight` under way; in place of one that
        failed its TransportError.
        """

        def ask(some: Sequence[tuple[str, list[Any]]]) -> list[Any] | TransportError:
            try:
                return self.batch(some, seconds=seconds)
            except TransportError as error:
                return error

        return in_order(ask, calls, in_flight)

    def close(self) -> None:
        with self._lock:
            if self._open:
                self._open.close()
            self._open = None

    def _exchange(self, questions: list[list[Any]], bounds: Bounds) -> list[dict[str, Any]]:
        """Answers in the order of the questions. What the server was too busy for is asked again after a pause."""
        if self._endpoint is None or self._retries is None:
            raise ConfigurationError(f"{self._name}: no endpoint is configured")
        answers: dict[int, dict[str, Any]] = {}

        def ask() -> None:
            left = [number for number in range(len(questions)) if number not in answers]
            found = self._once([questions[number] for number in left], bounds)
            busy = [error for answer in found if isinstance(error := self._error_in("batch", answer), RateLimited)]
            answers.update(
                (number, answer)
                for number, answer in zip(left, found, strict=True)
                if not isinstance(self._error_in("batch", answer), RateLimited)
            )
            if busy:
                raise busy[0]

        try:
            self._retries.run(ask, patient=bounds.patient)
        except TransportError as error:
            self._redactor.error(error)
            raise
        return [
            {"error": self._redactor.data(answer["error"])} if "error" in answer else answer
            for answer in (answers[number] for number in range(len(questions)))
        ]

    def _error_in(self, method: str, answer: dict[str, Any]) -> TransportError | None:
        return self._errors.of_rpc(self.host, method, answer["error"]) if "error" in answer else None

    def _once(self, questions: list[list[Any]], bounds: Bounds) -> list[dict[str, Any]]:
        endpoint = cast(Endpoint, self._endpoint)
        cast(Retries, self._retries).turn(len(questions))
        until = time.monotonic() + (bounds.timeout or endpoint.timeout)
        if not self._lock.acquire(timeout=max(0.001, until - time.monotonic())):
            raise TransientFault(f"{self.host}: no connection in time")
        try:
            connection = self._connection(until)
        finally:
            self._lock.release()
        return connection.ask(questions, until)

    def _connection(self, until: float) -> LineConnection:
        """The open connection, or a new one; `_lock` is held. Raises what broke the last one, where no question has
        met it yet.
        """
        if self._open is not None and self._open.closed:
            unreported, self._open = self._open.unreported, None
            if unreported is not None:
                raise unreported
        if self._open is None:
            connection = LineConnection(cast(Endpoint, self._endpoint), self._redactor)
            try:
                (answer,) = connection.ask([["server.version", ["porlake", ["1.4", "1.6"]]]], until)
                if error := self._error_in("server.version", answer):
                    raise error
            except TransportError:
                connection.close()
                raise
            self._open = connection
        return self._open

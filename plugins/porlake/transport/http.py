"""JSON over HTTP, for chains and sources that have an API of their own."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from porlake.errors import BadAnswer, ConfigurationError, RequestFailed, TransportError
from porlake.transport.connection import HttpSession
from porlake.transport.endpoint import Endpoint
from porlake.transport.limits import Bounds, TransientFault
from porlake.transport.recording import Recording
from porlake.transport.strict_json import dumps

#: Under one of these names an API says what is wrong.
_TELLS_ERRORS = frozenset({"error", "message", "code", "errors", "error_code"})
#: ... and there in words.
_WORDS = ("message", "error", "detail", "title", "reason")


@dataclass(frozen=True, slots=True)
class Answered:
    """A whole answer: `body` is its JSON, numbers with a point as Decimal; `headers` by their names in lower case."""

    status: int
    body: Any
    headers: Mapping[str, str]


class Http:
    """JSON over HTTP, for chains and sources that have an API of their own.

    `check` is given (host, path, answer) of every answer and raises where an API says with HTTP 200 that it failed;
    what it raises as RateLimited is asked again, as a status of that meaning is.
    """

    def __init__(
        self,
        name: str,
        endpoint: Endpoint | None,
        recording: Recording,
        check: Callable[[str, str, Any], None] | None = None,
    ) -> None:
        self._name, self._recording, self._check = name, recording, check
        self._http = None if recording.replays or endpoint is None else HttpSession(endpoint)
        self.host = endpoint.host if endpoint else ""

    def get(self, path: str, *, patient: bool = True, timeout: float | None = None) -> Any:
        """The JSON behind a path, numbers with a point as Decimal. Raises TransportError; `patient` and `timeout` as in
        `JsonRpc.call`.
        """
        return self._answer("GET", path, None, Bounds(patient, timeout))

    def post(self, path: str, body: Mapping[str, Any], *, patient: bool = True, timeout: float | None = None) -> Any:
        return self._answer("POST", path, body, Bounds(patient, timeout))

    def ask(
        self,
        verb: str,
        path: str,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
        accept: Collection[int] = frozenset(),
    ) -> Answered:
        """A whole answer, for APIs whose status and headers say something of their own.

        `headers`: of this question, no secret, for a recording keeps them; `accept`: statuses from 400 on that are
        answers where JSON comes with them (404 where an account is not there). Any other is an error: RateLimited,
        RequestFailed, TransportError. Raises TransportError.
        """
        said, accepted = dict(sorted((headers or {}).items())), frozenset(accept)

        def put() -> dict[str, Any]:
            if self._http is None:
                raise ConfigurationError(f"{self._name}: no endpoint is configured")
            data = None if body is None else dumps(body)
            read = partial(self._whole, path, accepted)
            found: dict[str, Any] = self._http.answered(verb, path, data, said, accepted, read)
            return found

        answer, self.host = self._recording.answer(
            self._name, "ask", {"verb": verb, "path": path, "body": body, "headers": said}, self.host, put
        )
        try:
            return Answered(answer["status"], answer["body"], answer["headers"])
        except (LookupError, TypeError) as error:
            raise BadAnswer(f"{self.host}: {path}: the recording does not answer it") from error

    def _whole(
        self, path: str, accept: Collection[int], status: int, answer: Any, headers: Mapping[str, str]
    ) -> dict[str, Any]:
        if status not in accept:
            if self._check is not None:
                self._check(self.host, path, answer)
            if status >= 400:
                raise self._refused(status, answer)
        return {"status": status, "body": answer, "headers": headers}

    def _refused(self, status: int, answer: Any) -> TransportError:
        told = answer if isinstance(answer, dict) else {}
        words = next((told[name] for name in _WORDS if isinstance(told.get(name), str)), "")[:200]
        text = f"{self.host}: HTTP {status}" + (f": {words}" if words else "")
        if status in (401, 403):
            return TransportError(text)
        if status >= 500:
            return TransientFault(text)
        code = told.get("code", told.get("error_code"))
        return RequestFailed(text, code if type(code) is int else status, answer)

    def _answer(self, verb: str, path: str, body: Mapping[str, Any] | None, bounds: Bounds) -> Any:
        method = path.partition("?")[0] if verb == "POST" else "get"
        params = body if verb == "POST" else path
        answer, self.host = self._recording.answer(
            self._name, method, params, self.host, lambda: self._ask(verb, path, body, bounds)
        )
        return answer

    def _ask(self, verb: str, path: str, body: Mapping[str, Any] | None, bounds: Bounds) -> Any:
        if self._http is None:
            raise ConfigurationError(f"{self._name}: no endpoint is configured")
        return self._http.ask(verb, path, None if body is None else dumps(body), partial(self._read, path), bounds)

    def _read(self, path: str, status: int, answer: Any) -> Any:
        """An error shows in the status and in what the answer says; the API's own `check` knows its words, and sees the
        answer first.
        """
        if self._check is not None:
            self._check(self.host, path, answer)
        if status >= 400 and not (isinstance(answer, dict) and _TELLS_ERRORS & {key.lower() for key in answer}):
            raise (
                TransientFault(f"{self.host}: HTTP {status}")
                if status >= 500
                else RequestFailed(f"{self.host}: HTTP {status}")
            )
        return answer

"""Electrum's line protocol: JSON-RPC 2.0, a line each way, over TCP or TLS."""

from __future__ import annotations

import hashlib
import socket
import ssl
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import suppress
from itertools import count
from typing import Any, cast
from urllib.parse import parse_qs, urlsplit

from porlake.errors import BadAnswer, ConfigurationError, RateLimited, TimedOut, TooBig, TransportError
from porlake.transport import connection as http_connection
from porlake.transport import retries
from porlake.transport.endpoint import Endpoint
from porlake.transport.json_rpc import in_order, rpc_error
from porlake.transport.limits import Bounds
from porlake.transport.recording import Recording
from porlake.transport.retries import MalformedAnswer, TransientFault, public_error, tries_for
from porlake.transport.secrets import Redactor
from porlake.transport.strict_json import dumps, loads

LINE_BYTES = 900_000  # servers answer no request over 1,000,000
BUSY = -102  # ElectrumX: over the limit of what one client may cost
UNASKED = 1_000
"""Notifications in a row, without an answer between them, of which none was asked for."""


class ElectrumRpc:
    """JSON-RPC 2.0, a line each way, over TCP or TLS; many requests in one array. https://electrumx.readthedocs.io/

    With `?pin=<sha256>` behind the URL the server is known by its certificate's hash alone; without it by an authority,
    as everywhere.
    """

    def __init__(self, name: str, endpoint: Endpoint | None, recording: Recording) -> None:
        self._name, self._recording, self._endpoint = name, recording, None if recording.replays else endpoint
        self.host = endpoint.host if endpoint else ""
        self._redactor = Redactor(endpoint)
        self._lock, self._next, self._open = threading.Lock(), 0.0, None  # type: tuple[threading.Lock, float, _Connection | None]

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
        questions, limits = (
            [[method, params] for method, params in calls],
            Bounds(patient=seconds is None, timeout=seconds),
        )
        answers, self.host = self._recording.answer(
            self._name, "batch", questions, self.host, lambda: self._asked(questions, limits)
        )
        return [
            rpc_error(self.host, method, answer["error"]) if "error" in answer else answer["result"]
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

    def _asked(self, questions: list[list[Any]], limits: Bounds) -> list[dict[str, Any]]:
        try:
            answers = self._ask(questions, limits)
        except TransportError as error:
            self._redactor.error(error)
            raise
        return [{"error": self._redactor.data(answer["error"])} if "error" in answer else answer for answer in answers]

    def _ask(self, questions: list[list[Any]], limits: Bounds) -> list[dict[str, Any]]:
        """Answers in the order of the questions. What the server was too busy for is asked again after a pause."""
        if self._endpoint is None:
            raise ConfigurationError(f"{self._name}: no endpoint is configured")
        answers: dict[int, dict[str, Any]] = {}
        faults = attempt = 0
        while len(answers) < len(questions):
            attempt += 1
            left = [number for number in range(len(questions)) if number not in answers]
            try:
                found = self._once([questions[number] for number in left], limits)
            except (TransientFault, MalformedAnswer, TimedOut) as error:
                faults += 1
                if faults >= tries_for(self._endpoint, error) or (isinstance(error, TimedOut) and not limits.patient):
                    raise public_error(error) from None
                found = []
            answers |= {
                number: answer for number, answer in zip(left, found, strict=False) if not self._is_busy(answer)
            }
            if len(answers) < len(questions):
                busy = RateLimited(f"{self.host}: the server is busy with what was asked before")
                if found and attempt >= tries_for(self._endpoint, busy):
                    raise busy
                time.sleep(min(retries.LONGEST_WAIT, self._endpoint.pause * 2 ** (attempt - 1)))
        return [answers[number] for number in range(len(questions))]

    def _is_busy(self, answer: dict[str, Any]) -> bool:
        error = answer.get("error")
        return isinstance(error, dict) and (
            error.get("code") == BUSY or isinstance(rpc_error(self.host, "", error), RateLimited)
        )

    def _once(self, questions: list[list[Any]], limits: Bounds) -> list[dict[str, Any]]:
        with self._lock:
            wait = self._turn(len(questions))
        time.sleep(wait)
        until = time.monotonic() + (limits.timeout or cast(Endpoint, self._endpoint).timeout)
        if not self._lock.acquire(timeout=max(0.001, until - time.monotonic())):
            raise TransientFault(f"{self.host}: the connection does not come about")
        try:
            connection = self._connection(until)
        finally:
            self._lock.release()
        return connection.ask(questions, until)

    def _turn(self, questions: int) -> float:
        rate, now = self._endpoint.per_second if self._endpoint else None, time.monotonic()
        if not rate:
            return 0.0
        self._next = max(now, self._next) + questions / rate
        return max(0.0, self._next - questions / rate - now)

    def _connection(self, until: float) -> _Connection:
        """The open connection, or a new one; `_lock` is held. Raises what broke the last one, where nobody has been
        told yet.
        """
        if self._open is not None and self._open.closed:
            untold, self._open = self._open.untold, None
            if untold is not None:
                raise untold
        if self._open is None:
            connection = _Connection(cast(Endpoint, self._endpoint), self._redactor)
            try:
                (answer,) = connection.ask([["server.version", ["porlake", ["1.4", "1.6"]]]], until)
                if "error" in answer:
                    raise rpc_error(self.host, "server.version", answer["error"])
            except TransportError:
                connection.close()
                raise
            self._open = connection
        return self._open


class _Connection:
    """One socket, and the thread that hands each answer to whoever waits for it."""

    def __init__(self, endpoint: Endpoint, redactor: Redactor) -> None:
        self._host, self._redactor, self._most = endpoint.host, redactor, endpoint.answer_bytes
        self.closed, self.untold = False, None  # type: tuple[bool, TransportError | None]
        self._sending, self._state, self._ids = threading.Lock(), threading.Lock(), count(1)
        self._waiting, self._unasked = dict[int, Future[list[Any]]](), 0
        try:
            self._socket = _connected_socket(endpoint)
        except ssl.SSLCertVerificationError as error:
            raise TransportError(
                f"{self._host}: the certificate is not trusted ({error.reason}); pin it with ?pin=<sha256>"
            ) from None
        except OSError as error:
            raise TransportError(f"{self._host}: nobody answers there ({type(error).__name__})") from None
        threading.Thread(target=self._read, name=f"electrum {self._host}", daemon=True).start()

    def ask(self, questions: list[list[Any]], until: float) -> list[dict[str, Any]]:
        """Raises TransientFault where the connection breaks, MalformedAnswer, TimedOut, TooBig, BadAnswer."""
        waiting, seconds = Future[list[Any]](), until - time.monotonic()
        with self._state:
            numbers_ = [next(self._ids) for _ in questions]
        request = [
            {"jsonrpc": "2.0", "id": n, "method": method, "params": params}
            for n, (method, params) in zip(numbers_, questions, strict=True)
        ]
        line = dumps(request) + b"\n"
        if len(line) > LINE_BYTES:
            raise TooBig(f"{self._host}: a request of {len(line):,} bytes")
        with self._state:
            if self.closed:
                raise TransientFault(f"{self._host}: the connection was closed")
            self._waiting |= dict.fromkeys(numbers_, waiting)
        self._send(line, until)
        try:
            answer = waiting.result(timeout=max(0.0, until - time.monotonic()))
        except TimeoutError:
            self._fail(TransientFault(f"{self._host}: the connection was closed"))
            raise TimedOut(f"{self._host}: no answer within {seconds:.3g} s") from None
        return self._in_order(answer, numbers_)

    def _send(self, line: bytes, until: float) -> None:
        if not self._sending.acquire(timeout=max(0.001, until - time.monotonic())):
            self._fail(TransientFault(f"{self._host}: the connection was closed"))
            raise TimedOut(f"{self._host}: the server takes no more questions")
        try:
            self._socket.sendall(line)
        except (OSError, ValueError) as error:
            self._fail(TransientFault(f"{self._host}: {type(error).__name__}"))
        finally:
            self._sending.release()

    def _in_order(self, answer: list[Any], numbers_: list[int]) -> list[dict[str, Any]]:
        by_number = {item["id"]: item for item in answer if isinstance(item, dict) and type(item.get("id")) is int}
        if len(answer) != len(numbers_) or by_number.keys() != set(numbers_):
            raise BadAnswer(f"{self._host}: the answers are not of these questions")
        return [self._kept(by_number[number]) for number in numbers_]

    def _kept(self, item: dict[str, Any]) -> dict[str, Any]:
        if item.get("error") is not None:
            return {"error": item["error"]}
        if "result" not in item:
            raise BadAnswer(f"{self._host}: an answer with neither result nor error")
        return {"result": item["result"]}

    def _read(self) -> None:
        """Whole lines, as they come. A line that never ends is given up at the size that an answer may have."""
        parts: list[bytes] = []
        size = 0
        error: TransportError = TransientFault(f"{self._host}: the connection was closed")
        try:
            while data := self._received():
                *ends, rest = data.split(b"\n")
                for end in ends:
                    self._answered(b"".join([*parts, end]))
                    parts, size = [], 0
                parts, size = [*parts, rest] if len(parts) < 64 else [b"".join([*parts, rest])], size + len(rest)
                if size > self._most:
                    raise TooBig(f"{self._host}: the answer is longer than {self._most:,} bytes")
        except TransportError as bad:
            error = bad
        except (OSError, ValueError) as broken:
            error = TransientFault(f"{self._host}: {type(broken).__name__}")
        self._fail(error)

    def _received(self) -> bytes:
        while not self.closed:
            with suppress(TimeoutError):  # whoever waits for an answer says for how long
                return self._socket.recv(1 << 18)
        return b""

    def _answered(self, line: bytes) -> None:
        """Notifications have no id and nobody waits for them. One object in answer to an array is a refusal of the
        whole.
        """
        answer = self._redactor.answer(line, loads(line, self._host))
        items = answer if isinstance(answer, list) else [answer]
        told = {item["id"] for item in items if isinstance(item, dict) and type(item.get("id")) is int}
        if not told:
            self._unasked += 1
            if isinstance(answer, dict) and answer.get("error") is not None:
                raise BadAnswer(
                    f"{self._host}: the server refuses the request: {rpc_error('', '', answer['error'])}"[:300]
                )
            if not isinstance(answer, dict) or "method" not in answer or self._unasked > UNASKED:
                raise BadAnswer(f"{self._host}: sends what was not asked for")
            return
        with self._state:
            found = {
                id(waiting): waiting for number in told if (waiting := self._waiting.pop(number, None)) is not None
            }
            for number in [number for number, waiting in self._waiting.items() if id(waiting) in found]:
                del self._waiting[number]
        self._unasked = 0
        for waiting in found.values():
            waiting.set_result(items)
        if not found:
            raise BadAnswer(f"{self._host}: answers a question twice, or one that nobody put")

    def _fail(self, error: TransportError) -> None:
        """Everybody who waits is told; where nobody does, the next who asks is told of a lie."""
        with self._state:
            waiting, self._waiting = list({id(one): one for one in self._waiting.values()}.values()), {}
            if not waiting and not self.closed and isinstance(error, BadAnswer):
                self.untold = error
            self.closed = True
        for one in waiting:
            one.set_exception(error)
        self._shut()

    def close(self) -> None:
        self._fail(TransientFault(f"{self._host}: the connection was closed"))

    def _shut(self) -> None:
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()


def _connected_socket(endpoint: Endpoint) -> socket.socket:
    """Connected within CONNECT_SECONDS; afterwards nothing on it takes longer than `timeout`."""
    parts, secure = urlsplit(endpoint.url), urlsplit(endpoint.url).scheme == "electrum+ssl"
    patience = min(http_connection.CONNECT_SECONDS, endpoint.timeout)
    plain = socket.create_connection(
        (str(parts.hostname), parts.port or (50002 if secure else 50001)), timeout=patience
    )
    if not secure:
        plain.settimeout(endpoint.timeout)
        return plain
    context, (pin,) = ssl.create_default_context(), parse_qs(parts.query).get("pin", [""])
    if pin:
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    try:
        secured = context.wrap_socket(plain, server_hostname=parts.hostname)
    except (OSError, ValueError):
        plain.close()
        raise
    if pin and hashlib.sha256(secured.getpeercert(binary_form=True) or b"").hexdigest() != pin.lower():
        secured.close()
        raise TransportError(f"{endpoint.host}: its certificate is not the pinned one")
    secured.settimeout(endpoint.timeout)
    return secured

"""A connection to an Electrum server: lines of JSON over TCP or TLS, many questions under way on it."""

from __future__ import annotations

import hashlib
import socket
import ssl
import threading
import time
from concurrent.futures import Future
from contextlib import suppress
from itertools import count
from typing import Any
from urllib.parse import parse_qs, urlsplit

from porlake.errors import BadAnswer, TimedOut, TooBig, TransportError
from porlake.transport import limits
from porlake.transport.causes import cause_of
from porlake.transport.endpoint import Endpoint
from porlake.transport.error_table import NO_TABLE
from porlake.transport.limits import TransientFault
from porlake.transport.secrets import Redactor
from porlake.transport.strict_json import dumps, loads

LINE_BYTES = 900_000  # servers answer no request over 1,000,000
UNASKED = 1_000
"""Notifications in a row, without an answer between them, of which none was asked for."""


class LineConnection:
    """One socket, and the thread that hands each answer to whoever waits for it."""

    def __init__(self, endpoint: Endpoint, redactor: Redactor) -> None:
        self._host, self._redactor, self._most = endpoint.host, redactor, endpoint.answer_bytes
        self.closed, self.unreported = False, None  # type: tuple[bool, TransportError | None]
        self._sending, self._state, self._ids = threading.Lock(), threading.Lock(), count(1)
        self._waiting, self._unasked = dict[int, Future[list[Any]]](), 0
        try:
            self._socket = connected_socket(endpoint)
        except ssl.SSLCertVerificationError as error:
            raise TransportError(
                f"{self._host}: the certificate is not trusted ({error.reason}); pin it with ?pin=<sha256>"
            ) from None
        except OSError as error:
            fault = TransientFault if isinstance(error, TimeoutError) else TransportError
            raise fault(f"{self._host}: {cause_of(error)}") from None
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
            self._fail(TransientFault(f"{self._host}: {cause_of(error)}"))
        finally:
            self._sending.release()

    def _in_order(self, answer: list[Any], numbers_: list[int]) -> list[dict[str, Any]]:
        by_number = {item["id"]: item for item in answer if isinstance(item, dict) and type(item.get("id")) is int}
        if len(answer) != len(numbers_) or by_number.keys() != set(numbers_):
            raise BadAnswer(f"{self._host}: the answers are not of these questions")
        return [self._result_or_error(by_number[number]) for number in numbers_]

    def _result_or_error(self, item: dict[str, Any]) -> dict[str, Any]:
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
                    self._check_size(size + len(end))
                    self._answered(b"".join([*parts, end]))
                    parts, size = [], 0
                parts, size = [*parts, rest] if len(parts) < 64 else [b"".join([*parts, rest])], size + len(rest)
                self._check_size(size)
        except TransportError as bad:
            error = bad
        except (OSError, ValueError) as broken:
            error = TransientFault(f"{self._host}: {cause_of(broken)}")
        self._fail(error)

    def _check_size(self, size: int) -> None:
        if size > self._most:
            raise TooBig(f"{self._host}: the answer is longer than {self._most:,} bytes")

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
        answered = {item["id"] for item in items if isinstance(item, dict) and type(item.get("id")) is int}
        if not answered:
            self._unasked += 1
            if isinstance(answer, dict) and answer.get("error") is not None:
                raise BadAnswer(
                    f"{self._host}: the server refuses the request: {NO_TABLE.of_rpc('', '', answer['error'])}"[:300]
                )
            if not isinstance(answer, dict) or "method" not in answer or self._unasked > UNASKED:
                raise BadAnswer(f"{self._host}: sends what was not asked for")
            return
        with self._state:
            found = {
                id(waiting): waiting for number in answered if (waiting := self._waiting.pop(number, None)) is not None
            }
            for number in [number for number, waiting in self._waiting.items() if id(waiting) in found]:
                del self._waiting[number]
        self._unasked = 0
        for waiting in found.values():
            waiting.set_result(items)
        if not found:
            raise BadAnswer(f"{self._host}: answers a question twice, or one that nobody put")

    def _fail(self, error: TransportError) -> None:
        """Every question that waits gets the error; where none does, a bad answer is kept for the next question."""
        with self._state:
            waiting, self._waiting = list({id(one): one for one in self._waiting.values()}.values()), {}
            if not waiting and not self.closed and isinstance(error, BadAnswer):
                self.unreported = error
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


def connected_socket(endpoint: Endpoint) -> socket.socket:
    """Connected within CONNECT_SECONDS; afterwards nothing on it takes longer than `timeout`."""
    parts, secure = urlsplit(endpoint.url), urlsplit(endpoint.url).scheme == "electrum+ssl"
    patience = min(limits.CONNECT_SECONDS, endpoint.timeout)
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

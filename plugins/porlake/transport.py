"""The only sockets: JSON-RPC and HTTP, with timeouts, bounded retries, a rate limit for each endpoint, and a tape that records and replays.

An endpoint's URL and headers may hold keys: every text of this module shows its host and nothing else of it. urllib3 moves the bytes.
"""

from __future__ import annotations

import hashlib
import io
import json
import logging
import random
import re
import socket
import ssl
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from decimal import Decimal
from email.utils import parsedate_to_datetime
from functools import partial
from itertools import count, islice
from pathlib import Path
from tempfile import SpooledTemporaryFile
from typing import Any, BinaryIO, cast
from urllib.parse import parse_qs, urljoin, urlsplit

import orjson
import urllib3
from urllib3.exceptions import HTTPError, MaxRetryError, NameResolutionError, NewConnectionError, ReadTimeoutError

from porlake import errors
from porlake.errors import (
    BadAnswer,
    ConfigurationError,
    NotRecorded,
    RateLimited,
    RequestFailed,
    TimedOut,
    TooBig,
    TransportError,
    Unavailable,
)

ANSWER_BYTES = 256 << 20
DOWNLOAD_BYTES = 2 << 30
TRIES = 4
TRIES_IF_LIMITED = 8
LONGEST_WAIT = 60.0
WIDEN_AFTER = 32

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
# urllib3 writes paths, and so keys, into its log at DEBUG, whatever the level of a program's own log is.
logging.getLogger("urllib3.connectionpool").addFilter(lambda record: record.levelno > logging.DEBUG)

_UNAVAILABLE = ("missing trie node", "is not available", "has been pruned", "is pruned", "world state unavailable", "no state available",
                "header not found", "unknown block", "block not found", "haven't been fully indexed", "cannot query unfinalized data",
                "not currently canonical", "resource not found", "blockoutofrange")  # fmt: skip


#: What may stand before the `+` of an endpoint's scheme: which API is asked there. Without one it is that of the network's own nodes.
KINDS = {"": {"http", "https"}, "esplora": {"http", "https"}, "blockbook": {"http", "https"}, "electrum": {"tcp", "ssl"}}


@dataclass(frozen=True, slots=True, repr=False)
class Endpoint:
    """Where to ask. `per_second` is the rate that the endpoint allows, None where it is not known.

    `timeout` seconds may pass without a byte, and ten times as many until an answer is whole; a question is put `tries` times, after pauses
    of `pause` seconds that double (twice as often where the endpoint limits the rate); `in_flight` questions are under way at once.
    """

    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    per_second: float | None = None
    timeout: float = 120.0
    tries: int = TRIES
    pause: float = 1.0
    in_flight: int = 4
    answer_bytes: int = ANSWER_BYTES

    def __post_init__(self) -> None:
        kind, _, scheme = urlsplit(self.url).scheme.rpartition("+")
        if scheme not in KINDS.get(kind, set()) or not urlsplit(self.url).hostname:
            raise ConfigurationError("an endpoint is an http or https URL with a host, or esplora+https://, blockbook+https://, electrum+ssl://")

    @property
    def kind(self) -> str:
        """The API that is asked there, one of KINDS."""
        return urlsplit(self.url).scheme.rpartition("+")[0]

    @property
    def plain(self) -> Endpoint:
        """The same place, without its kind; of one that is asked over HTTP."""
        return replace(self, url=self.url.partition("+")[2]) if self.kind else self

    @property
    def host(self) -> str:
        """Host and port, without user, path and query: all of those may be secret."""
        parts = urlsplit(self.url)
        return f"{parts.hostname}:{parts.port}" if parts.port else str(parts.hostname)

    def __repr__(self) -> str:
        return f"Endpoint({self.host})"


# --- the tape -------------------------------------------------------------------------------------------------------------
class Tape:
    """Answers from outside: passed through, kept in a folder, or taken from it.

    An answer is a file <folder>/<name>/<method>_<hash of the parameters>[-n].json; the n-th of equal questions has its number. No URL,
    header or key is in it. A replay opens no socket, and its clock is the recording's.
    """

    def __init__(self, mode: str, folder: Path | None = None) -> None:
        self._mode, self._folder = mode, folder
        self._asked: dict[str, Iterator[int]] = {}
        self._lock = threading.Lock()
        if mode == "replay" and (folder is None or not folder.is_dir()):
            raise ConfigurationError(f"{folder}: no recording lies there")

    @classmethod
    def live(cls) -> Tape:
        return cls("live")

    @classmethod
    def record(cls, folder: Path) -> Tape:
        return cls("record", folder)

    @classmethod
    def replay(cls, folder: Path) -> Tape:
        return cls("replay", folder)

    @property
    def replays(self) -> bool:
        return self._mode == "replay"

    @property
    def is_live(self) -> bool:
        """Whether answers are neither kept nor taken from a recording."""
        return self._mode == "live"

    def beside(self, number: int) -> Tape:
        """The same tape for a network's next endpoint, whose answers are kept under <network>.<number>."""
        return _Beside(self, number)

    def holds(self, name: str) -> bool:
        """Whether a recording has answers under a name."""
        return self._folder is not None and (self._folder / name).is_dir()

    def now(self) -> datetime:
        """The time, to the second; of a recording the time when it was made."""
        moment = self.answer("run", "clock", None, "", lambda: datetime.now(UTC).replace(microsecond=0).isoformat(), once=True)[0]
        return datetime.fromisoformat(moment)

    def answer(self, name: str, method: str, params: object, host: str, ask: Callable[[], Any], *, once: bool = False) -> tuple[Any, str]:
        """(answer, host that gave it). Raises what `ask` raises, in a replay too; NotRecorded where the recording does not know the question."""
        if self._mode == "live" or self._folder is None:
            return ask(), host
        path = self._path(self._folder, name, method, params, once)
        if self._mode == "replay" or (once and path.exists()):
            return _replayed(path, name, method)
        try:
            result: dict[str, Any] = {"answer": ask()}
        except TransportError as error:
            _keep(path, {"method": method, "params": params, "host": host, "error": _described(error)})
            raise
        _keep(path, {"method": method, "params": params, "host": host} | result)
        return result["answer"], host

    def _path(self, folder: Path, name: str, method: str, params: object, once: bool) -> Path:
        digest = hashlib.sha256(_json(params)).hexdigest()[:16]
        stem = f"{method.replace('/', '.').strip('.')}_{digest}"
        with self._lock:
            number = 1 if once else next(self._asked.setdefault(f"{name}/{stem}", count(1)))
        return folder / name / (f"{stem}.json" if number == 1 else f"{stem}-{number}.json")

    @contextmanager
    def download(self, url: str) -> Iterator[BinaryIO]:
        """The bytes behind a URL, seekable. Raises TransportError."""
        if self.replays:
            raise NotRecorded("a replay reads published files from disk: a recording does not hold them")
        with cast(BinaryIO, SpooledTemporaryFile(max_size=16 << 20)) as out:
            _Wire(Endpoint(url)).fetch(out)
            out.seek(0)
            yield out


class _Beside(Tape):
    def __init__(self, tape: Tape, number: int) -> None:
        super().__init__(tape._mode, tape._folder)
        self._tape, self._number = tape, number

    def holds(self, name: str) -> bool:
        return self._tape.holds(f"{name}.{self._number}")

    def answer(self, name: str, method: str, params: object, host: str, ask: Callable[[], Any], *, once: bool = False) -> tuple[Any, str]:
        return self._tape.answer(f"{name}.{self._number}", method, params, host, ask, once=once)


@contextmanager
def streamed(url: str) -> Iterator[BinaryIO]:
    """The bytes behind a URL as they come, without end: for files too large to be kept. Raises Unavailable where there are none, TransportError."""
    endpoint = Endpoint(url)
    with _Wire(endpoint)._response("GET", url, None) as response:
        if response.status == 404:
            raise Unavailable(f"{endpoint.host}: HTTP 404")
        _checked_status(response, endpoint.host)
        yield cast(BinaryIO, _Stream(response, endpoint.host))


class _Stream(io.RawIOBase):
    def __init__(self, response: urllib3.BaseHTTPResponse, host: str) -> None:
        self._response, self._host = response, host

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        try:
            data = self._response.read(len(buffer))
        except (HTTPError, OSError) as error:
            raise TransportError(f"{self._host}: the file broke off ({type(error).__name__})") from None
        buffer[: len(data)] = data
        return len(data)


def _replayed(path: Path, name: str, method: str) -> tuple[Any, str]:
    try:
        kept = json.loads(path.read_bytes(), object_hook=_undecimal)
    except FileNotFoundError as error:
        raise NotRecorded(f"{name}: the recording holds no answer to this {method} ({path.name})") from error
    except (OSError, ValueError) as error:
        raise NotRecorded(f"{name}: {path.name} of the recording cannot be read") from error
    if "error" in kept:
        raise _rebuilt(kept["error"])
    return kept["answer"], kept["host"]


def _keep(path: Path, content: Mapping[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_suffix(f".{threading.get_ident()}.writing")
    aside.write_bytes(_json(content, indent=1) + b"\n")
    aside.replace(path)


def _json(value: object, indent: int | None = None) -> bytes:
    separators = None if indent else (",", ":")
    return json.dumps(value, sort_keys=True, separators=separators, indent=indent, default=_decimal, ensure_ascii=False).encode()


def _decimal(value: object) -> dict[str, str]:
    """JSON numbers with a point are kept as text: a double would not be exact."""
    if not isinstance(value, Decimal):
        raise TypeError(type(value))
    return {"$decimal": str(value)}


def _undecimal(value: dict[str, Any]) -> Any:
    return Decimal(value["$decimal"]) if value.keys() == {"$decimal"} else value


def _described(error: TransportError) -> dict[str, Any]:
    found: dict[str, Any] = {"class": type(error).__name__, "text": str(error)}
    return found | ({"code": error.code, "data": error.data} if isinstance(error, RequestFailed) else {})


def _rebuilt(kept: Mapping[str, Any]) -> TransportError:
    if kept["class"] == "RequestFailed":
        return RequestFailed(kept["text"], kept["code"], kept["data"])
    found = getattr(errors, kept["class"], TransportError)
    return cast(TransportError, found(kept["text"]))


# --- JSON-RPC -------------------------------------------------------------------------------------------------------------
class JsonRpc:
    """JSON-RPC 2.0 over HTTP. `name` is the network's id, under which a tape keeps the answers.

    `plain`: no answer holds a number with a point or over 64 bits (EVM nodes write hex), so that a faster parser may read it.
    """

    def __init__(self, name: str, endpoint: Endpoint | None, tape: Tape, *, plain: bool = False) -> None:
        self._name, self._tape = name, tape
        self._loads = _parsed_plain if plain else _parsed
        self.in_flight = endpoint.in_flight if endpoint else 4
        self._wire = None if tape.replays or endpoint is None else _Wire(endpoint)
        self.host = endpoint.host if endpoint else ""
        self._ids = count(1)

    def call(self, method: str, params: list[Any], *, patient: bool = True) -> Any:
        """The `result`. Raises TransportError by what went wrong; with `patient` False a TimedOut is raised at once."""
        answer, self.host = self._tape.answer(self._name, method, params, self.host, lambda: self._ask(method, params, patient=patient))
        return answer

    def many(self, calls: Iterable[tuple[str, list[Any]]], in_flight: int) -> Iterator[Any]:
        """The results of many calls, in their order, with at most `in_flight` of them under way."""
        for answer in self.tried(calls, in_flight):
            if isinstance(answer, TransportError):
                raise answer
            yield answer

    def tried(self, calls: Iterable[tuple[str, list[Any]]], in_flight: int = 0) -> Iterator[Any]:
        """As `many`; in place of the result of a call that failed stands its TransportError."""

        def ask(method: str, params: list[Any]) -> Any:
            try:
                return self.call(method, params)
            except TransportError as error:
                return error

        with ThreadPoolExecutor(max_workers=in_flight or self.in_flight) as pool:
            source = iter(calls)
            waiting = deque(pool.submit(ask, *call) for call in islice(source, in_flight or self.in_flight))
            while waiting:
                yield waiting.popleft().result()
                waiting.extend(pool.submit(ask, *call) for call in islice(source, 1))

    def batch(self, calls: Sequence[tuple[str, list[Any]]], *, patient: bool = True) -> list[Any]:
        """The results of several calls in one request, in their order; for a call that failed its TransportError.

        Raises TransportError where the batch failed as a whole: one answer for each question, none twice, none of another question.
        """
        questions = [[method, params] for method, params in calls]
        answer, self.host = self._tape.answer(self._name, "batch", questions, self.host, lambda: self._ask_batch(calls, patient=patient))
        if not isinstance(answer, list) or len(answer) != len(calls):
            raise BadAnswer(f"{self.host}: batch: the recording does not answer it")
        return [
            _rpc_error(self.host, method, item["error"]) if "error" in item else item["result"]
            for (method, _), item in zip(calls, answer, strict=True)
        ]

    def _ask(self, method: str, params: list[Any], *, patient: bool = True) -> Any:
        number = next(self._ids)
        question = _json({"jsonrpc": "2.0", "id": number, "method": method, "params": params})

        def read(body: bytes) -> Any:
            answer = self._loads(body, self.host)
            if isinstance(answer, list) and len(answer) == 1:
                (answer,) = answer
            if not isinstance(answer, dict):
                raise _Garbled(f"{self.host}: {method}: the answer is no object")
            if answer.get("error") is not None and answer.get("id") in (number, None):
                raise _rpc_error(self.host, method, answer["error"])
            if answer.get("id") != number:
                raise _Garbled(f"{self.host}: {method}: the answer is not of this question")
            if "result" not in answer:
                raise _Garbled(f"{self.host}: {method}: neither result nor error")
            return answer["result"]

        return self._open_wire().ask("POST", "", question, read, patient=patient)

    def _ask_batch(self, calls: Sequence[tuple[str, list[Any]]], *, patient: bool) -> list[dict[str, Any]]:
        numbers = [next(self._ids) for _ in calls]
        question = [
            {"jsonrpc": "2.0", "id": number, "method": method, "params": params} for number, (method, params) in zip(numbers, calls, strict=True)
        ]

        def read(body: bytes) -> list[dict[str, Any]]:
            answer = self._loads(body, self.host)
            if isinstance(answer, list) and len(answer) == 1 and len(calls) > 1:
                (answer,) = answer  # geth: an array with one error object for a batch over its limit
            if isinstance(answer, dict) and answer.get("error") is not None:
                raise _rpc_error(self.host, "batch", answer["error"])
            if not isinstance(answer, list) or not all(isinstance(item, dict) for item in answer):
                raise _Garbled(f"{self.host}: batch: the answer is no array of objects")
            by_id = {item.get("id"): item for item in answer if isinstance(item.get("id"), int)}
            if len(answer) != len(calls) or by_id.keys() != set(numbers):
                raise _Garbled(f"{self.host}: batch: {len(answer)} answers, {len(by_id.keys() & set(numbers))} of the {len(calls)} questions")
            return [self._kept(by_id[number]) for number in numbers]

        found: list[dict[str, Any]] = self._open_wire().ask("POST", "", _json(question), read, patient=patient)
        return found

    def _kept(self, item: dict[str, Any]) -> dict[str, Any]:
        """What of an item is kept. One that is refused for its rate fails the whole batch, which is asked again."""
        if item.get("error") is not None:
            error = _rpc_error(self.host, "batch", item["error"])
            if isinstance(error, RateLimited | BadAnswer):
                raise error
            return {"error": _no_url(item["error"])}
        if "result" not in item:
            raise _Garbled(f"{self.host}: batch: an item with neither result nor error")
        return {"result": item["result"]}

    def _open_wire(self) -> _Wire:
        if self._wire is None:
            raise ConfigurationError(f"{self._name}: no endpoint is configured")
        return self._wire


def _no_url(value: Any) -> Any:
    """Errors of gateways quote the URL they asked, key and all."""
    if isinstance(value, dict):
        return {key: _no_url(part) for key, part in value.items()}
    if isinstance(value, list):
        return [_no_url(part) for part in value]
    return value if not isinstance(value, str) else re.sub(r"https?://[^\s\"'<>]+", "<url>", value)


def _rpc_error(host: str, method: str, error: Any) -> TransportError:
    if not isinstance(error, dict):
        return BadAnswer(f"{host}: {method}: an error that is no object")
    code, message = error.get("code"), _no_url(str(error.get("message", "")))[:300]
    text, low = f"{host}: {method}: {message} ({code})", message.lower()
    if "batch" in low and any(mark in low for mark in ("too large", "limit", "exceed", "too many")):
        return TooBig(text)
    if code in (-32005, 429) or any(mark in low for mark in ("rate limit", "too many requests", "limitexceeded")):
        return RateLimited(text)
    if any(mark in low for mark in _UNAVAILABLE):
        return Unavailable(text)
    if any(mark in low for mark in _TOO_BIG):
        return TooBig(text)
    return RequestFailed(text, code if isinstance(code, int) else None, _no_url(error.get("data")))


# --- HTTP -----------------------------------------------------------------------------------------------------------------
class Http:
    """JSON over HTTP, for chains and sources that have an API of their own.

    `check` is given (host, path, answer) of every answer and raises where an API says with HTTP 200 that it failed; what it raises as
    RateLimited is asked again, as a status of that meaning is.
    """

    def __init__(self, name: str, endpoint: Endpoint | None, tape: Tape, check: Callable[[str, str, Any], None] | None = None) -> None:
        self._name, self._tape, self._check = name, tape, check
        self._wire = None if tape.replays or endpoint is None else _Wire(endpoint)
        self.host = endpoint.host if endpoint else ""

    def get(self, path: str) -> Any:
        return self._answer("GET", path, None)

    def post(self, path: str, body: Mapping[str, Any]) -> Any:
        return self._answer("POST", path, body)

    def _answer(self, verb: str, path: str, body: Mapping[str, Any] | None) -> Any:
        method = path.partition("?")[0] if verb == "POST" else "get"
        params = body if verb == "POST" else path
        answer, self.host = self._tape.answer(self._name, method, params, self.host, lambda: self._ask(verb, path, body))
        return answer

    def _ask(self, verb: str, path: str, body: Mapping[str, Any] | None) -> Any:
        if self._wire is None:
            raise ConfigurationError(f"{self._name}: no endpoint is configured")
        return self._wire.ask(verb, path, None if body is None else _json(body), partial(self._read, path))

    def _read(self, path: str, body: bytes) -> Any:
        answer = _parsed(body, self.host)
        if self._check is not None:
            self._check(self.host, path, answer)
        return answer


class _Wire:
    """One endpoint on the wire: connections, retries, rate, how many questions are under way."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint, self._host = endpoint, endpoint.host
        timeout = urllib3.Timeout(connect=min(10, endpoint.timeout), read=endpoint.timeout)
        self._pool = urllib3.PoolManager(retries=False, timeout=timeout, maxsize=16)
        self._random = random.Random(0)  # noqa: S311 - spreads retries, guards nothing
        self._lock, self._next = threading.Lock(), 0.0
        self._gate = _Gate(endpoint.in_flight)

    def ask(self, verb: str, path: str, body: bytes | None, read: Callable[[bytes], Any] | None = None, *, patient: bool = True) -> Any:
        """What `read` makes of an answer, by default its JSON, numbers with a point as Decimal. Reads only: asking again is safe."""
        attempt = 0
        while True:
            attempt += 1
            try:
                with self._gate:
                    answer = self._once(verb, path, body)
                    found = read(answer) if read else _parsed(answer, self._host)
            except (RateLimited, TimedOut, _Passing, _Garbled) as error:
                limited = isinstance(error, RateLimited)
                if isinstance(error, TimedOut) and not patient:
                    raise
                if attempt >= (self._endpoint.tries * TRIES_IF_LIMITED // TRIES if limited else self._endpoint.tries):
                    raise _final(error) from error
                self._rest(attempt, error if isinstance(error, RateLimited) else None)
            else:
                self._gate.widen()
                return found

    def _rest(self, attempt: int, limited: RateLimited | None) -> None:
        wait = self._endpoint.pause * 2 ** (attempt - 1) * (1 + self._random.random())
        if limited is not None:
            self._gate.narrow()
            wait = wait if limited.retry_after is None else limited.retry_after
            with self._lock:  # whoever asks this endpoint waits, not this question alone
                self._next = max(self._next, time.monotonic() + min(LONGEST_WAIT, wait))
        time.sleep(min(LONGEST_WAIT, wait))

    def fetch(self, out: BinaryIO) -> None:
        """The bytes behind the endpoint's URL."""
        with self._response("GET", self._endpoint.url, None) as response:
            _checked_status(response, self._host)
            _copied(response, out.write, DOWNLOAD_BYTES, self._host, None)

    def _once(self, verb: str, path: str, body: bytes | None) -> bytes:
        self._wait_for_turn()
        url = self._endpoint.url.rstrip("/") + path if path else self._endpoint.url
        parts: list[bytes] = []
        with self._response(verb, url, body) as response:
            _copied(response, parts.append, self._endpoint.answer_bytes, self._host, time.monotonic() + 10 * self._endpoint.timeout)
            _checked_status(response, self._host, b"".join(parts))
        return b"".join(parts)

    @contextmanager
    def _response(self, verb: str, url: str, body: bytes | None) -> Iterator[urllib3.BaseHTTPResponse]:
        headers = {"Accept-Encoding": "gzip", "User-Agent": "porlake"} | dict(self._endpoint.headers)
        parts = urlsplit(url)
        if parts.username is not None:
            headers |= urllib3.make_headers(basic_auth=f"{parts.username}:{parts.password or ''}")
            url = parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()
        if body is not None:
            headers["Content-Type"] = "application/json"
        # The cause of every error below is left out: urllib3's texts quote the URL.
        try:
            response = self._pool.request(verb, url, body=body, headers=headers, redirect=False, preload_content=False)
        except (NewConnectionError, NameResolutionError, MaxRetryError) as error:
            raise TransportError(f"{self._host}: nobody answers there ({type(error).__name__})") from None
        except ReadTimeoutError:
            raise TimedOut(f"{self._host}: no answer within {self._endpoint.timeout:g} s") from None
        except (HTTPError, OSError) as error:
            raise _Passing(f"{self._host}: {type(error).__name__}") from None
        try:
            yield response
        except ReadTimeoutError:
            raise TimedOut(f"{self._host}: the answer stopped for {self._endpoint.timeout:g} s") from None
        except (HTTPError, OSError) as error:
            raise _Passing(f"{self._host}: the answer broke off ({type(error).__name__})") from None
        finally:
            response.release_conn()
            response.close()

    def _wait_for_turn(self) -> None:
        with self._lock:
            now = time.monotonic()
            turn = max(now, self._next)
            if self._endpoint.per_second:
                self._next = turn + 1 / self._endpoint.per_second
        time.sleep(max(0.0, turn - now))


class _Gate:
    """How many questions are under way at once: half as many after a rate limit, one more after a row of good answers."""

    def __init__(self, widest: int) -> None:
        self._widest = self._width = max(1, widest)
        self._under_way, self._good = 0, 0
        self._free = threading.Condition()

    def __enter__(self) -> None:
        with self._free:
            while self._under_way >= self._width:
                self._free.wait()
            self._under_way += 1

    def __exit__(self, *_: object) -> None:
        with self._free:
            self._under_way -= 1
            self._free.notify()

    def narrow(self) -> None:
        with self._free:
            self._width, self._good = max(1, self._width // 2), 0

    def widen(self) -> None:
        with self._free:
            self._good += 1
            if self._good >= WIDEN_AFTER and self._width < self._widest:
                self._width, self._good = self._width + 1, 0
                self._free.notify()


class _Passing(TransportError):
    """A fault that may be over at the next try."""


class _Garbled(BadAnswer):
    """An answer that a fault on the way may have made: the next one may be good."""


def _final(error: TransportError) -> TransportError:
    """The public class of what is left after the last try."""
    if isinstance(error, _Garbled):
        return BadAnswer(str(error))
    return TransportError(str(error)) if isinstance(error, _Passing) else error


def _copied(response: urllib3.BaseHTTPResponse, write: Callable[[bytes], object], limit: int, host: str, until: float | None) -> None:
    size = 0
    # read1 comes back with what has arrived: an answer that trickles in is seen to.
    while chunk := response.read1(1 << 20, decode_content=True):
        size += len(chunk)
        if size > limit:
            raise BadAnswer(f"{host}: the answer is longer than {limit:,} bytes")
        if until is not None and time.monotonic() > until:
            raise TimedOut(f"{host}: the answer does not end")
        write(chunk)


def _checked_status(response: urllib3.BaseHTTPResponse, host: str, body: bytes = b"") -> None:
    status = response.status
    if 300 <= status < 400:
        target = urlsplit(urljoin(f"http://{host}", response.headers.get("Location", ""))).hostname
        raise BadAnswer(f"{host}: redirects to {target}, which is refused: a key may be in the request")
    if status == 429 or (status == 403 and b"frequency limit" in body):
        raise RateLimited(f"{host}: HTTP {status}, too many requests", _pause(response, body))
    if status == 413:
        raise TooBig(f"{host}: HTTP 413")
    if status in (400, 422) and not body.lstrip().startswith((b"{", b"[")):
        raise RequestFailed(f"{host}: HTTP {status}")
    # JSON-RPC servers answer errors with 4xx and 5xx and a JSON body that says more.
    if status >= 500 and not body.lstrip().startswith(b"{"):
        raise _Passing(f"{host}: HTTP {status}")
    if status in (401, 403, 404) and not body.lstrip().startswith(b"{"):
        raise TransportError(f"{host}: HTTP {status}" + (": the key or password is wrong or missing" if status != 404 else ""))


def _retry_after(response: urllib3.BaseHTTPResponse) -> float | None:
    """RFC 9110: seconds, or a date."""
    text = response.headers.get("Retry-After", "")
    if text.isdecimal():
        return float(text)
    try:
        return max(0.0, parsedate_to_datetime(text).timestamp() - time.time())
    except (ValueError, OverflowError):
        return None


def _pause(response: urllib3.BaseHTTPResponse, body: bytes) -> float | None:
    """How long the server wants to be left alone. TronGrid says it in words: `the query server is suspended for 30s`."""
    named = re.search(rb"suspended for (\d{1,4}) ?s", body)
    return float(named[1]) if named else _retry_after(response)


def _parsed(body: bytes, host: str) -> Any:
    try:
        return json.loads(body, parse_float=Decimal, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise _garbled(body, host) from error


def _parsed_plain(body: bytes, host: str) -> Any:
    try:
        return orjson.loads(body)
    except ValueError as error:
        raise _garbled(body, host) from error


def _garbled(body: bytes, host: str) -> _Garbled:
    kind = "HTML" if body.lstrip()[:1] == b"<" else "no JSON, or only a part of it"
    return _Garbled(f"{host}: the answer is {kind}")


def _no_constant(text: str) -> object:
    raise ValueError(f"{text} is no JSON number")


# --- Electrum's line protocol -----------------------------------------------------------------------------------------------
LINE_BYTES = 900_000  # servers answer no request over 1,000,000
BUSY = -102  # ElectrumX: over the limit of what one client may cost


class Lines:
    """JSON-RPC 2.0, a line each way, over TCP or TLS; many requests in one array. https://electrumx.readthedocs.io/

    With `?pin=<sha256>` behind the URL the server is known by its certificate's hash alone; without it by an authority, as everywhere.
    """

    def __init__(self, name: str, endpoint: Endpoint | None, tape: Tape) -> None:
        self._name, self._tape, self._endpoint = name, tape, None if tape.replays else endpoint
        self.host = endpoint.host if endpoint else ""
        self._lock, self._next, self._open = threading.Lock(), 0.0, None  # type: tuple[threading.Lock, float, _Connection | None]

    def call(self, method: str, *params: Any) -> Any:
        """The result of one request. Raises TransportError."""
        (answer,) = self.batch([(method, list(params))])
        if isinstance(answer, TransportError):
            raise answer
        return answer

    def batch(self, calls: Sequence[tuple[str, list[Any]]], *, seconds: float | None = None) -> list[Any]:
        """The results of some requests, put as one; in place of one that the server refuses stands its TransportError.

        With `seconds` the answer is waited for so long and no second time. Raises TransportError where the batch failed as a whole.
        """
        questions = [[method, params] for method, params in calls]
        answers, self.host = self._tape.answer(self._name, "batch", questions, self.host, lambda: self._ask(questions, seconds))
        return [
            _rpc_error(self.host, method, answer["error"]) if "error" in answer else answer["result"]
            for (method, _), answer in zip(calls, answers, strict=True)
        ]

    def tried(
        self, calls: Iterable[Sequence[tuple[str, list[Any]]]], in_flight: int, *, seconds: float | None = None
    ) -> Iterator[list[Any] | TransportError]:
        """The results of many `batch`es, in their order, with at most `in_flight` under way; in place of one that failed its TransportError."""

        def ask(some: Sequence[tuple[str, list[Any]]]) -> list[Any] | TransportError:
            try:
                return self.batch(some, seconds=seconds)
            except TransportError as error:
                return error

        with ThreadPoolExecutor(max_workers=in_flight) as pool:
            source = iter(calls)
            waiting = [pool.submit(ask, some) for some in islice(source, in_flight)]
            while waiting:
                yield waiting.pop(0).result()
                waiting += [pool.submit(ask, some) for some in islice(source, 1)]

    def close(self) -> None:
        with self._lock:
            if self._open:
                self._open.close()
            self._open = None

    def _ask(self, questions: list[list[Any]], seconds: float | None = None) -> list[dict[str, Any]]:
        """Answers in the order of the questions. What the server was too busy for is asked again after a pause."""
        answers: dict[int, dict[str, Any]] = {}
        for attempt in range(1, TRIES + 1):
            left = [number for number in range(len(questions)) if number not in answers]
            try:
                found = self._once([questions[number] for number in left], seconds or LINE_SECONDS)
            except TimedOut:
                self.close()
                if seconds is not None or attempt == TRIES:
                    raise
                found = []
            except _Passing as error:
                self.close()
                if attempt == TRIES:
                    raise TransportError(str(error)) from error
                found = []
            answers |= {number: answer for number, answer in zip(left, found, strict=False) if answer.get("error", {}).get("code") != BUSY}
            if len(answers) == len(questions):
                return [answers[number] for number in range(len(questions))]
            time.sleep(0.5 * 4**attempt)
        raise RateLimited(f"{self.host}: the server is busy with what was asked before")

    def _once(self, questions: list[list[Any]], seconds: float) -> list[dict[str, Any]]:
        with self._lock:
            wait = self._turn(len(questions))
            if self._open is None or self._open.closed:
                self._open = self._connected()
            connection = self._open
        time.sleep(wait)
        return connection.ask(questions, seconds)

    def _turn(self, questions: int) -> float:
        rate, now = self._endpoint.per_second if self._endpoint else None, time.monotonic()
        if not rate:
            return 0.0
        self._next = max(now, self._next) + questions / rate
        return max(0.0, self._next - questions / rate - now)

    def _connected(self) -> _Connection:
        if self._endpoint is None:
            raise ConfigurationError(f"{self._name}: no endpoint is configured")
        connection = _Connection(self._endpoint)
        (answer,) = connection.ask([["server.version", ["porlake", ["1.4", "1.6"]]]], LINE_SECONDS)
        if "error" in answer:
            raise BadAnswer(f"{self.host}: server.version: {str(answer['error'])[:200]}")
        return connection


class _Connection:
    """One socket, and the thread that hands each answer to whoever waits for it."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._host, self.closed = endpoint.host, False
        self._sending, self._ids, self._waiting = threading.Lock(), count(1), dict[int, Future[list[Any]]]()
        try:
            self._socket = _socket(endpoint)
        except ssl.SSLError as error:
            raise TransportError(f"{self._host}: the certificate is not trusted ({error.reason}); pin it with ?pin=<sha256>") from None
        except OSError as error:
            raise TransportError(f"{self._host}: nobody answers there ({type(error).__name__})") from None
        threading.Thread(target=self._read, name=f"electrum {self._host}", daemon=True).start()

    def ask(self, questions: list[list[Any]], seconds: float) -> list[dict[str, Any]]:
        """Raises _Passing where the connection breaks, TimedOut, TooBig, BadAnswer."""
        waiting: Future[list[Any]] = Future()
        with self._sending:
            numbers = [next(self._ids) for _ in questions]
            request = [
                {"jsonrpc": "2.0", "id": n, "method": method, "params": params} for n, (method, params) in zip(numbers, questions, strict=True)
            ]
            line = _json(request) + b"\n"
            if len(line) > LINE_BYTES:
                raise TooBig(f"{self._host}: a request of {len(line):,} bytes")
            self._waiting[numbers[0]] = waiting
            if self.closed:
                raise _Passing(f"{self._host}: the connection was closed")
            try:
                self._socket.sendall(line)
            except OSError as error:
                raise _Passing(f"{self._host}: {type(error).__name__}") from None
        try:
            answer = waiting.result(timeout=seconds)
        except TimeoutError:
            self.close()
            raise TimedOut(f"{self._host}: no answer within {seconds:g} s") from None
        by_number = {item.get("id"): item for item in answer if isinstance(item, dict)}
        if set(by_number) != set(numbers) or any(("error" in item) == ("result" in item) for item in by_number.values()):
            raise BadAnswer(f"{self._host}: the answers are not of these questions")
        return [{key: value for key, value in by_number[number].items() if key in ("error", "result")} for number in numbers]

    def _read(self) -> None:
        error: TransportError = _Passing(f"{self._host}: the connection was closed")
        try:
            with self._socket.makefile("rb") as lines:
                while line := lines.readline(ANSWER_BYTES):
                    self._answered(_parsed(line, self._host))
        except TransportError as bad:
            error = bad
        except (OSError, ValueError) as broken:
            error = _Passing(f"{self._host}: {type(broken).__name__}")
        self.closed = True
        for waiting in list(self._waiting.values()):
            if not waiting.done():
                waiting.set_exception(error)

    def _answered(self, answer: Any) -> None:
        """Notifications have no id and nobody waits for them. One object in answer to an array is a refusal of the whole."""
        items = answer if isinstance(answer, list) else [answer]
        numbers = [item["id"] for item in items if isinstance(item, dict) and isinstance(item.get("id"), int)]
        for number in numbers:
            if waiting := self._waiting.pop(number, None):
                waiting.set_result(items)
                return
        if isinstance(answer, dict) and answer.get("error"):
            raise BadAnswer(f"{self._host}: the server refuses the request: {str(answer['error'])[:200]}")

    def close(self) -> None:
        self.closed = True
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()


LINE_SECONDS = 60.0
CONNECT_SECONDS = 10.0


def _socket(endpoint: Endpoint) -> socket.socket:
    parts, secure = urlsplit(endpoint.url), urlsplit(endpoint.url).scheme == "electrum+ssl"
    plain = socket.create_connection((str(parts.hostname), parts.port or (50002 if secure else 50001)), timeout=CONNECT_SECONDS)
    if not secure:
        plain.settimeout(None)  # who waits for an answer says for how long
        return plain
    context, (pin,) = ssl.create_default_context(), parse_qs(parts.query).get("pin", [""])
    if pin:
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    try:
        secured = context.wrap_socket(plain, server_hostname=parts.hostname)
    except OSError:
        plain.close()
        raise
    if pin and hashlib.sha256(secured.getpeercert(binary_form=True) or b"").hexdigest() != pin.lower():
        secured.close()
        raise TransportError(f"{endpoint.host}: its certificate is not the pinned one")
    secured.settimeout(None)
    return secured

"""The only sockets: JSON-RPC, HTTP and lines, each question bounded in time and size, with bounded retries, a rate
limit for each endpoint, and a recording that records and replays.

An endpoint's URL and headers may hold keys: every text of this module shows its host and nothing else of it, and what a
server echoes of them is blanked in answers and errors before anybody sees it (`_Secrets`). urllib3 moves the bytes.
"""

from __future__ import annotations

import hashlib
import html
import io
import json
import logging
import random
import re
import socket
import ssl
import threading
import time
from base64 import b64decode, b64encode, urlsafe_b64encode
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from email.utils import parsedate_to_datetime
from functools import cache, partial
from itertools import count, islice
from pathlib import Path
from tempfile import SpooledTemporaryFile
from typing import Any, BinaryIO, cast
from urllib.parse import SplitResult, parse_qs, quote, quote_plus, unquote, urljoin, urlsplit

import orjson
import urllib3
from urllib3.exceptions import (
    ConnectTimeoutError,
    HTTPError,
    MaxRetryError,
    NameResolutionError,
    NewConnectionError,
    ReadTimeoutError,
)

from porlake import errors, numbers
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
DOWNLOAD_BYTES, DOWNLOAD_SECONDS = 2 << 30, 3600.0
CONNECT_SECONDS = 10.0
TRIES = 4
TRIES_IF_LIMITED = 8
TRIES_IF_TIMED_OUT = 2
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


def _no_address(record: logging.LogRecord) -> bool:
    return record.levelno > logging.DEBUG and "url" not in str(record.msg)


# urllib3 writes paths, and so keys, into its log: at DEBUG each request, whatever the level of a program's own log is,
# and with a warning of headers.
for _name in ("urllib3.connectionpool", "urllib3.connection", "urllib3.poolmanager", "urllib3.util.retry"):
    logging.getLogger(_name).addFilter(_no_address)

_UNAVAILABLE = ("missing trie node", "is not available", "has been pruned", "is pruned", "world state unavailable",
"no state available",
                "header not found", "unknown block", "block not found", "haven't been fully indexed",
                "cannot query unfinalized data",
                "not currently canonical", "resource not found", "blockoutofrange")  # fmt: skip


#: What may stand before the `+` of an endpoint's scheme: which API is asked there. Without one it is that of the
#: network's own nodes.
KINDS = {
    "": {"http", "https"},
    "esplora": {"http", "https"},
    "blockbook": {"http", "https"},
    "electrum": {"tcp", "ssl"},
}


@dataclass(frozen=True, slots=True, repr=False)
class Endpoint:
    """Where to ask. `per_second` is the rate that the endpoint allows, None where it is not known.

    Within `timeout` seconds an answer is whole, however it comes, and it has up to `answer_bytes`, or is TooBig. A
    question is put `tries` times, after pauses of `pause` seconds that double: twice as often where the endpoint limits
    the rate, once more where it does not answer in time. `in_flight` questions are under way at once. Raises
    ConfigurationError, which never holds a part of the URL or of a header.
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
        parts = _split(self.url)
        kind, _, scheme = parts.scheme.rpartition("+")
        if scheme not in KINDS.get(kind, set()) or not parts.hostname:
            raise ConfigurationError(
                "an endpoint is an http or https URL with a host, or esplora+https://, blockbook+https://, "
                "electrum+ssl://"
            )
        if not isinstance(self.headers, Mapping) or not all(
            _is_header(name, value) for name, value in self.headers.items()
        ):
            raise ConfigurationError("headers are names and texts, of one line each")
        for name, (is_whole, least, most) in _BOUNDS.items():
            number = getattr(self, name)
            if not (name == "per_second" and number is None) and not _is_number(number, is_whole, least, most):
                raise ConfigurationError(
                    f"{name} is a {'whole ' if is_whole else ''}number from {least:g} to {most:,.0f}"
                )

    @property
    def kind(self) -> str:
        """The API that is asked there, one of KINDS."""
        return urlsplit(self.url).scheme.rpartition("+")[0]

    @property
    def plain(self) -> Endpoint:
        """The same place, without its kind; of one that is asked over HTTP."""
        return replace(self, url=self.url.partition("+")[2]) if self.kind else self

    @property
    def brief(self) -> Endpoint:
        """The same place for somebody who waits in front of a screen: asked once, for a few seconds."""
        return replace(self, timeout=min(self.timeout, BRIEF_SECONDS), tries=1)

    @property
    def host(self) -> str:
        """Host and port, without user, path and query: all of those may be secret."""
        parts = urlsplit(self.url)
        name = f"[{parts.hostname}]" if ":" in str(parts.hostname) else str(parts.hostname)
        return f"{name}:{parts.port}" if parts.port else name

    def __repr__(self) -> str:
        return f"Endpoint({self.host})"


BRIEF_SECONDS = 5.0
#: Of the numbers of an Endpoint: whether they are whole, the least, the most.
_BOUNDS: Mapping[str, tuple[bool, float, float]] = {
    "per_second": (False, 0.0001, 1e6),
    "timeout": (False, 0.001, 86_400),
    "tries": (True, 1, 100),
    "pause": (False, 0, 3_600),
    "in_flight": (True, 1, 1_000),
    "answer_bytes": (True, 1, 1 << 40),
}
_HOST = re.compile(r"[^\x00-\x20\x7f!-,/:-@\[-^`{-~]+|\[[0-9A-Fa-f:.]+(?:%[\w.-]+)?\]")


def _split(url: object) -> SplitResult:
    """The parts of a URL, all of which can be read. Raises ConfigurationError without a part of it."""
    if not isinstance(url, str) or len(url) > 4_096 or re.search(r"[\x00-\x20\x7f-\x9f\\]", url):
        raise ConfigurationError("a URL is a text of up to 4,096 characters, without spaces, control characters and \\")
    try:
        parts = urlsplit(url)
        port, name = parts.port, parts.hostname or ""
        name.encode("idna")
    except ValueError:  # without its text, which quotes the URL
        port, parts = 0, None
    if parts is None or port == 0:
        raise ConfigurationError(
            "the URL's host or port cannot be read: a port is a number up to 65535, an IPv6 host stands in [ ]; "
            + _ESCAPES
        )
    if parts.fragment or ("@" in parts.path + parts.query and not re.fullmatch(r"[^:@]+\.[^:@]+|.*@.*", parts.netloc)):
        # `http://user:12/34@host` is read as the host `user`; https://cdn.example/gh/a@1.0 is what it says.
        raise ConfigurationError("the URL has a # or an @ behind its host; " + _ESCAPES)
    bare = parts.netloc.rpartition("@")[2]
    if bare and not _HOST.fullmatch(re.sub(r":\d*$", "", bare)):
        raise ConfigurationError("the URL's host has characters that no host has; " + _ESCAPES)
    return parts


def _is_number(value: object, is_whole: bool, least: float, most: float) -> bool:
    return (type(value) is int or (type(value) is float and not is_whole)) and least <= cast(float, value) <= most


_ESCAPES = "in a user's name, a password or a key write / as %2F, # as %23, ? as %3F, @ as %40"


def _is_header(name: object, value: object) -> bool:
    if not isinstance(name, str) or not isinstance(value, str):
        return False
    return bool(re.fullmatch(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+", name) and re.fullmatch(r"[\t\x20-\x7e\xa0-\xff]*", value))


# --- secrets ----------------------------------------------------------------------------------------------------------
#: Parts of URLs and headers that are no secret.
_PUBLIC = frozenset({
    "api", "apis", "rpc", "rpcs", "jsonrpc", "json-rpc", "json", "http", "https", "public", "main", "mainnet",
    "mainnet-beta",
    "testnet", "node", "nodes", "wallet", "walletsolidity", "gateway", "archive", "basic", "bearer", "token", "apikey",
    "api-key", "api_key", "key", "auth",
    "eth", "btc", "evm",
})  # fmt: skip
BLANK = "<key>"


class _Secrets:
    """What of an endpoint must never be shown: user, password, parts of path and query, headers, as they stand and as
    servers rewrite them.

    In texts of errors all of them are blanked. In answers only what cannot be there by chance: six characters or more,
    and neither a few hexadecimal digits nor, of a path, a common word (`/litecoin/`).
    """

    def __init__(self, endpoint: Endpoint | None) -> None:
        found = list(_secrets_of(endpoint)) if endpoint else []
        self._host = endpoint.host if endpoint else ""
        self._of_texts = _any_of([secret for secret, _ in found if len(secret) >= 3])
        sure = [secret for secret, is_sure in found if is_sure]
        self._of_answers = _any_of(sure)
        self._needles = sorted({form.lower().encode() for secret in sure for form in _forms(secret)})

    def text(self, text: str) -> str:
        """A text of the server as it may be shown: on one line, without URLs and secrets."""
        text = re.sub(r"https?://[^\s\"'<>]+", "<url>", re.sub(r"[\x00-\x1f\x7f-\x9f]+", " ", text))
        return self._of_texts.sub(BLANK, text) if self._of_texts else text

    def error(self, error: TransportError) -> TransportError:
        """The error, its text and data blanked but for the host."""
        text = str(error)
        parts = text.split(self._host) if self._host else [text]
        error.args = (self._host.join(self.text(part) for part in parts),)
        if isinstance(error, RequestFailed):
            error.data = self.data(error.data)
        return error

    def data(self, value: Any) -> Any:
        """What an error object holds, blanked as a text is."""
        return _mapped(value, self.text)

    def answer(self, body: bytes, value: Any) -> Any:
        """The parsed `value` of a body, with secrets blanked in its texts."""
        if self._of_answers is None:
            return value
        low = body.lower()
        if b"\\" not in low and not any(needle in low for needle in self._needles):
            return value
        return _mapped(value, partial(self._of_answers.sub, BLANK))


def _mapped(value: Any, change: Callable[[str], str]) -> Any:
    if isinstance(value, dict):
        return {change(key): _mapped(part, change) for key, part in value.items()}
    if isinstance(value, list):
        return [_mapped(part, change) for part in value]
    return change(value) if isinstance(value, str) else value


def _secrets_of(endpoint: Endpoint) -> Iterator[tuple[str, bool]]:
    """(secret, whether it can be told from what an answer says anyway)."""
    parts = urlsplit(endpoint.url)
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    yield from ((user, False), (password, _is_rare(password)), (f"{user}:{password}", bool(password)))
    for segment in re.split(r"[/;]", parts.path):
        yield unquote(segment), _is_rare(segment) and not re.fullmatch(r"[a-z_-]{,11}", segment)
    for pair in parts.query.split("&"):
        for part in (pair, *pair.split("=", 1)[1:]):
            yield unquote(part), _is_rare(part)
    for value in endpoint.headers.values():
        for word in {value, *value.split()}:
            yield word, _is_rare(word)
        if value.lower().startswith("basic "):
            with suppress(ValueError):
                both = b64decode(value[6:], validate=True).decode()
                yield from (
                    (both, True),
                    (both.partition(":")[0], False),
                    (both.partition(":")[2], _is_rare(both.partition(":")[2])),
                )


def _is_rare(secret: str) -> bool:
    return len(secret) >= 6 and not (len(secret) < 16 and re.fullmatch(r"[0-9A-Fa-f]+", secret))


def _forms(secret: str) -> Iterator[str]:
    """A secret as it stands, and as URLs, HTML, JSON, base64 and hexadecimal write it; letters of both cases are
    one.
    """
    yield from (
        secret,
        quote(secret, safe=""),
        quote_plus(secret),
        html.escape(secret),
        json.dumps(secret)[1:-1],
        secret.encode().hex(),
    )
    yield from (encode(secret.encode()).decode().rstrip("=") for encode in (b64encode, urlsafe_b64encode))


def _any_of(secrets: Iterable[str]) -> re.Pattern[str] | None:
    named = {secret for secret in secrets if secret.lower() not in _PUBLIC and not re.fullmatch(r"v\d+", secret)}
    forms = sorted({form for secret in named for form in _forms(secret)}, key=lambda form: (-len(form), form))
    return re.compile("|".join(map(re.escape, forms)), re.IGNORECASE) if forms else None


# --- the recording ---------------------------------------------------------------------------------------------------------
class Recording:
    """Answers from outside: passed through, kept in a folder, or taken from it.

    An answer is a file <folder>/<name>/<method>_<hash of the parameters>[-n].json; the n-th of equal questions has its
    number. No URL, header or key is in it. A replay opens no socket, and its clock is the recording's.
    """

    def __init__(self, mode: str, folder: Path | None = None) -> None:
        self._mode, self._folder = mode, folder
        self._asked: dict[str, Iterator[int]] = {}
        self._lock = threading.Lock()
        if mode == "replay" and (folder is None or not folder.is_dir()):
            raise ConfigurationError(f"{folder}: no recording lies there")

    @classmethod
    def off(cls) -> Recording:
        return cls("off")

    @classmethod
    def record(cls, folder: Path) -> Recording:
        return cls("record", folder)

    @classmethod
    def replay(cls, folder: Path) -> Recording:
        return cls("replay", folder)

    @property
    def replays(self) -> bool:
        return self._mode == "replay"

    @property
    def is_off(self) -> bool:
        """Whether answers are neither kept nor taken from a recording."""
        return self._mode == "off"

    def beside(self, number: int) -> Recording:
        """The same recording for a network's next endpoint, whose answers are kept under <network>.<number>."""
        return _Beside(self, number)

    def holds(self, name: str) -> bool:
        """Whether a recording has answers under a name."""
        return self._folder is not None and (self._folder / name).is_dir()

    def now(self) -> datetime:
        """The time, to the second; of a recording the time when it was made."""
        moment = self.answer(
            "run", "clock", None, "", lambda: datetime.now(UTC).replace(microsecond=0).isoformat(), once=True
        )[0]
        try:
            return datetime.fromisoformat(moment)
        except (TypeError, ValueError) as error:
            raise NotRecorded(f"run: the recording's clock reads {numbers.shown(moment)}") from error

    def answer(
        self, name: str, method: str, params: object, host: str, ask: Callable[[], Any], *, once: bool = False
    ) -> tuple[Any, str]:
        """(answer, host that gave it). Raises what `ask` raises, in a replay too; NotRecorded where the recording does
        not know the question.
        """
        if self._mode == "off" or self._folder is None:
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


class _Beside(Recording):
    def __init__(self, recording: Recording, number: int) -> None:
        super().__init__(recording._mode, recording._folder)
        self._recording, self._number = recording, number

    def holds(self, name: str) -> bool:
        return self._recording.holds(f"{name}.{self._number}")

    def answer(
        self, name: str, method: str, params: object, host: str, ask: Callable[[], Any], *, once: bool = False
    ) -> tuple[Any, str]:
        return self._recording.answer(f"{name}.{self._number}", method, params, host, ask, once=once)


@contextmanager
def streamed(url: str) -> Iterator[BinaryIO]:
    """The bytes behind a URL as they come, without end: for files too large to be kept. Raises Unavailable where there
    are none, TransportError.
    """
    endpoint = Endpoint(url)
    with _Wire(endpoint).opened(time.monotonic() + endpoint.timeout) as response:
        yield cast(BinaryIO, _Stream(response, endpoint))


class _Stream(io.RawIOBase):
    """Something comes within each `timeout`, and once a minute was waited for, SLOWEST bytes a second did."""

    SLOWEST = 10_000

    def __init__(self, response: urllib3.BaseHTTPResponse, endpoint: Endpoint) -> None:
        self._response, self._host, self._timeout = response, endpoint.host, endpoint.timeout
        self._waited, self._size = 0.0, 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        began = time.monotonic()
        try:
            with _until(began + self._timeout):
                data = self._response.read1(len(buffer))
        except (HTTPError, OSError) as error:
            raise TransportError(f"{self._host}: the file broke off ({type(error).__name__})") from None
        self._waited, self._size = self._waited + time.monotonic() - began, self._size + len(data)
        if self._waited > 60 and self._size < self.SLOWEST * self._waited:
            raise TimedOut(f"{self._host}: the file comes slower than {self.SLOWEST:,} bytes a second")
        buffer[: len(data)] = data
        return len(data)


def _replayed(path: Path, name: str, method: str) -> tuple[Any, str]:
    try:
        text = path.read_bytes()
        if not json.detect_encoding(text).startswith("utf-8") or _nests_deeper(text, DEEPEST + 10):
            raise ValueError(f"{path.name} is none of the files that are written here")
        kept = json.loads(text, object_hook=_undecimal)
        if "error" in kept:
            failed = _rebuilt(kept["error"])
        else:
            return kept["answer"], kept["host"]
    except FileNotFoundError as error:
        raise NotRecorded(f"{name}: the recording holds no answer to this {method} ({path.name})") from error
    except (OSError, ValueError, LookupError, TypeError, ArithmeticError, RecursionError) as error:
        raise NotRecorded(f"{name}: {path.name} of the recording cannot be read") from error
    raise failed


def _keep(path: Path, content: Mapping[str, Any]) -> None:
    """Raises ConfigurationError where the folder cannot be written."""
    aside = path.with_suffix(f".{threading.get_ident()}.writing")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        aside.write_bytes(_json(content, indent=1) + b"\n")
        aside.replace(path)
    except OSError as error:
        raise ConfigurationError(f"{path.parent}: the recording cannot be written ({error.strerror})") from error


def _json(value: object, indent: int | None = None) -> bytes:
    separators = None if indent else (",", ":")
    return json.dumps(
        value, sort_keys=True, separators=separators, indent=indent, default=_decimal, ensure_ascii=False
    ).encode()


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
    return (
        cast(TransportError, found(kept["text"])) if issubclass(found, TransportError) else TransportError(kept["text"])
    )


# --- JSON-RPC ---------------------------------------------------------------------------------------------------------
class JsonRpc:
    """JSON-RPC 2.0 over HTTP. `name` is the network's id, under which a recording keeps the answers.

    `plain`: no answer holds a number with a point or over 64 bits (EVM nodes write hex), so that a faster parser may
    read it.
    """

    def __init__(self, name: str, endpoint: Endpoint | None, recording: Recording, *, plain: bool = False) -> None:
        self._name, self._recording = name, recording
        self._loads = _parsed_plain if plain else _parsed
        self.in_flight = endpoint.in_flight if endpoint else 4
        self._wire = None if recording.replays or endpoint is None else _Wire(endpoint)
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
        limits = _Limits(patient, timeout, answer_bytes)
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

        return _in_order(ask, calls, in_flight or self.in_flight)

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
        limits, questions = _Limits(patient, timeout, answer_bytes), [[method, params] for method, params in calls]
        answer, self.host = self._recording.answer(
            self._name, "batch", questions, self.host, lambda: self._ask_batch(calls, limits)
        )
        if not isinstance(answer, list) or len(answer) != len(calls):
            raise BadAnswer(f"{self.host}: batch: the recording does not answer it")
        return [
            _rpc_error(self.host, method, item["error"]) if "error" in item else item["result"]
            for (method, _), item in zip(calls, answer, strict=True)
        ]

    def _ask(self, method: str, params: list[Any], limits: _Limits) -> Any:
        number = next(self._ids)
        question = _json({"jsonrpc": "2.0", "id": number, "method": method, "params": params})

        def read(status: int, answer: Any) -> Any:
            if isinstance(answer, list) and len(answer) == 1:
                (answer,) = answer
            if not isinstance(answer, dict):
                raise _Garbled(f"{self.host}: {method}: the answer is no object")
            told = answer.get("id")
            if answer.get("error") is not None and (told is None or _is_id(told, number)):
                raise _rpc_error(self.host, method, answer["error"])
            if not _is_id(told, number):
                raise _Garbled(f"{self.host}: {method}: the answer is not of this question")
            if "result" not in answer or status >= 400:
                raise _Garbled(
                    f"{self.host}: {method}: neither result nor error"
                    if status < 400
                    else f"{self.host}: HTTP {status}"
                )
            return answer["result"]

        return self._open_wire().ask("POST", "", question, read, limits, self._loads)

    def _ask_batch(self, calls: Sequence[tuple[str, list[Any]]], limits: _Limits) -> list[dict[str, Any]]:
        numbers_ = [next(self._ids) for _ in calls]
        question = [
            {"jsonrpc": "2.0", "id": number, "method": method, "params": params}
            for number, (method, params) in zip(numbers_, calls, strict=True)
        ]

        def read(status: int, answer: Any) -> list[dict[str, Any]]:
            if isinstance(answer, list) and len(answer) == 1 and len(calls) > 1:
                (answer,) = answer  # geth: an array with one error object for a batch over its limit
            if isinstance(answer, dict) and answer.get("error") is not None:
                raise _rpc_error(self.host, "batch", answer["error"])
            if not isinstance(answer, list) or not all(isinstance(item, dict) for item in answer):
                raise _Garbled(f"{self.host}: batch: the answer is no array of objects")
            if status >= 400 and not all(item.get("error") for item in answer):
                raise _Garbled(f"{self.host}: HTTP {status}")
            by_id = {item["id"]: item for item in answer if type(item.get("id")) is int}
            if len(answer) != len(calls) or by_id.keys() != set(numbers_):
                raise _Garbled(
                    f"{self.host}: batch: {len(answer)} answers, {len(by_id.keys() & set(numbers_))} of the "
                    f"{len(calls)} questions"
                )
            return [self._kept(by_id[number]) for number in numbers_]

        found: list[dict[str, Any]] = self._open_wire().ask("POST", "", _json(question), read, limits, self._loads)
        return found

    def _kept(self, item: dict[str, Any]) -> dict[str, Any]:
        """What of an item is kept. One that is refused for its rate fails the whole batch, which is asked again."""
        if item.get("error") is not None:
            error = _rpc_error(self.host, "batch", item["error"])
            if isinstance(error, RateLimited | BadAnswer):
                raise error
            return {"error": self._open_wire().secrets.data(item["error"])}
        if "result" not in item:
            raise _Garbled(f"{self.host}: batch: an item with neither result nor error")
        return {"result": item["result"]}

    def _open_wire(self) -> _Wire:
        if self._wire is None:
            raise ConfigurationError(f"{self._name}: no endpoint is configured")
        return self._wire


def _in_order(ask: Callable[[Any], Any], questions: Iterable[Any], in_flight: int) -> Iterator[Any]:
    """The answers to many questions, in their order, with at most `in_flight` of them under way."""
    with ThreadPoolExecutor(max_workers=in_flight) as pool:
        source = iter(questions)
        waiting = deque(pool.submit(ask, question) for question in islice(source, in_flight))
        while waiting:
            yield waiting.popleft().result()
            waiting.extend(pool.submit(ask, question) for question in islice(source, 1))


def _is_id(told: object, number: int) -> bool:
    """Neither `true` nor 1.0 is the question 1."""
    return type(told) is int and told == number


def _rpc_error(host: str, method: str, error: Any) -> TransportError:
    """An error object by its meaning. Its text still holds what the server echoes: `_Secrets.error` comes after."""
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


# --- HTTP -------------------------------------------------------------------------------------------------------------
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
        self._wire = None if recording.replays or endpoint is None else _Wire(endpoint)
        self.host = endpoint.host if endpoint else ""

    def get(self, path: str, *, patient: bool = True, timeout: float | None = None) -> Any:
        """The JSON behind a path, numbers with a point as Decimal. Raises TransportError; `patient` and `timeout` as in
        `JsonRpc.call`.
        """
        return self._answer("GET", path, None, _Limits(patient, timeout))

    def post(self, path: str, body: Mapping[str, Any], *, patient: bool = True, timeout: float | None = None) -> Any:
        return self._answer("POST", path, body, _Limits(patient, timeout))

    def _answer(self, verb: str, path: str, body: Mapping[str, Any] | None, limits: _Limits) -> Any:
        method = path.partition("?")[0] if verb == "POST" else "get"
        params = body if verb == "POST" else path
        answer, self.host = self._recording.answer(
            self._name, method, params, self.host, lambda: self._ask(verb, path, body, limits)
        )
        return answer

    def _ask(self, verb: str, path: str, body: Mapping[str, Any] | None, limits: _Limits) -> Any:
        if self._wire is None:
            raise ConfigurationError(f"{self._name}: no endpoint is configured")
        return self._wire.ask(verb, path, None if body is None else _json(body), partial(self._read, path), limits)

    def _read(self, path: str, status: int, answer: Any) -> Any:
        """An error is told by its status, and by what the answer says; an API's own reader knows the words, so that it
        sees it first.
        """
        if self._check is not None:
            self._check(self.host, path, answer)
        if status >= 400 and not (isinstance(answer, dict) and _TELLS_ERRORS & {key.lower() for key in answer}):
            raise (
                _Passing(f"{self.host}: HTTP {status}")
                if status >= 500
                else RequestFailed(f"{self.host}: HTTP {status}")
            )
        return answer


#: Under one of these names an API says what is wrong.
_TELLS_ERRORS = frozenset({"error", "message", "code", "errors", "error_code"})


@dataclass(frozen=True, slots=True)
class _Limits:
    """Of one question; None: the endpoint's."""

    patient: bool = True
    timeout: float | None = None
    answer_bytes: int | None = None


class _Wire:
    """One endpoint on the wire: connections, retries, rate, how many questions are under way."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint, self._host, self.secrets = endpoint, endpoint.host, _Secrets(endpoint)
        secure = {"ssl_context": _tls()} if endpoint.url.lower().startswith("https") else {}
        self._pool = _Pool(retries=False, maxsize=16, **secure)
        self._random = random.Random(0)  # noqa: S311 - spreads retries, guards nothing
        self._lock, self._next = threading.Lock(), 0.0
        self._gate = _Gate(endpoint.in_flight)

    def ask(
        self,
        verb: str,
        path: str,
        body: bytes | None,
        read: Callable[[int, Any], Any],
        limits: _Limits,
        loads: Callable[[bytes, str], Any] | None = None,
    ) -> Any:
        """What `read` makes of an answer's status and JSON. Reads only: asking again is safe. Raises TransportError
        without a secret.
        """
        try:
            return self._asked(verb, path, body, read, limits, loads or _parsed)
        except TransportError as error:
            self.secrets.error(error)
            raise

    def _asked(
        self,
        verb: str,
        path: str,
        body: bytes | None,
        read: Callable[[int, Any], Any],
        limits: _Limits,
        loads: Callable[[bytes, str], Any],
    ) -> Any:
        attempt = 0
        while True:
            attempt += 1
            try:
                with self._gate:
                    status, answer = self._once(verb, path, body, limits)
                    found = read(status, self.secrets.answer(answer, loads(answer, self._host)))
            except (RateLimited, TimedOut, _Passing, _Garbled) as error:
                if isinstance(error, TimedOut) and not limits.patient:
                    raise
                if attempt >= _tries(self._endpoint, error):
                    raise _final(error) from None
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

    def fetch(self, out: BinaryIO, seconds: float = DOWNLOAD_SECONDS) -> None:
        """The bytes behind the endpoint's URL, up to DOWNLOAD_BYTES. Raises TransportError without a secret."""
        until = time.monotonic() + seconds
        with self.opened(min(until, time.monotonic() + self._endpoint.timeout)) as response:
            if not _copied(response, out.write, DOWNLOAD_BYTES, self._host, until, self._endpoint.timeout):
                raise BadAnswer(f"{self._host}: the file is empty")

    @contextmanager
    def opened(self, until: float) -> Iterator[urllib3.BaseHTTPResponse]:
        """What lies behind the endpoint's URL, its headers read before `until`. Raises TransportError without a
        secret.
        """
        try:
            # Of a packed file nobody would see that it was cut off; of packed JSON its reader does.
            with self._response("GET", self._endpoint.url, None, until, "identity") as response:
                if response.status == 404:
                    raise Unavailable(f"{self._host}: HTTP 404")
                _checked_status(response, self._host)
                yield response
        except TransportError as error:
            raise self.secrets.error(_final(error)) from None

    def _once(self, verb: str, path: str, body: bytes | None, limits: _Limits) -> tuple[int, bytes]:
        self._wait_for_turn()
        parts: list[bytes] = []
        until = time.monotonic() + (limits.timeout or self._endpoint.timeout)
        with self._response(verb, _joined(self._endpoint.url, path), body, until) as response:
            _copied(response, parts.append, limits.answer_bytes or self._endpoint.answer_bytes, self._host, until)
            answer = b"".join(parts)
            _checked_status(response, self._host, answer)
        return response.status, answer

    @contextmanager
    def _response(
        self, verb: str, url: str, body: bytes | None, until: float, encoding: str = "gzip"
    ) -> Iterator[urllib3.BaseHTTPResponse]:
        """The response, its headers read before `until`, which is a time of the monotonic clock."""
        headers = {"Accept-Encoding": encoding, "User-Agent": "porlake"} | dict(self._endpoint.headers)
        parts = urlsplit(url)
        if parts.username is not None:
            user = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
            headers["Authorization"] = "Basic " + b64encode(user.encode()).decode()
            url = parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()
        if body is not None:
            headers["Content-Type"] = "application/json"
        response = self._opened(verb, url, body, headers, until)
        try:
            with _until(until):
                yield response
        except (HTTPError, OSError) as error:
            if isinstance(error, ReadTimeoutError) or time.monotonic() >= until:
                raise TimedOut(f"{self._host}: the answer does not end in time") from None
            raise _Passing(f"{self._host}: the answer broke off ({type(error).__name__})") from None
        finally:
            response.close()  # before it is given back: what is left of its body is no answer to the next question
            response.release_conn()

    def _opened(
        self, verb: str, url: str, body: bytes | None, headers: dict[str, str], until: float
    ) -> urllib3.BaseHTTPResponse:
        left = max(0.001, until - time.monotonic())
        timeout = urllib3.Timeout(connect=min(CONNECT_SECONDS, left), read=left)
        # The cause of every error is left out: urllib3's texts quote the URL.
        try:
            with _until(until):
                return self._pool.request(
                    verb, url, body=body, headers=headers, redirect=False, preload_content=False, timeout=timeout
                )
        except (NewConnectionError, NameResolutionError, MaxRetryError) as error:
            raise TransportError(f"{self._host}: nobody answers there ({type(error).__name__})") from None
        except ReadTimeoutError:
            raise TimedOut(f"{self._host}: no answer within {left:.3g} s") from None
        except (HTTPError, OSError) as error:
            if time.monotonic() >= until and not isinstance(error, ConnectTimeoutError):
                raise TimedOut(f"{self._host}: no answer within {left:.3g} s") from None
            if _is_untrusted(error):
                raise TransportError(f"{self._host}: its certificate is not trusted") from None
            raise _Passing(f"{self._host}: {type(error).__name__}") from None

    def _wait_for_turn(self) -> None:
        with self._lock:
            now = time.monotonic()
            turn = max(now, self._next)
            if self._endpoint.per_second:
                self._next = turn + 1 / self._endpoint.per_second
        time.sleep(max(0.0, turn - now))


def _joined(url: str, path: str) -> str:
    """A path below a URL, whose own query, often a key, goes with every path."""
    if not path:
        return url
    parts, (below, _, query) = urlsplit(url), path.partition("?")
    return parts._replace(
        path=parts.path.rstrip("/") + below, query="&".join(filter(None, (query, parts.query)))
    ).geturl()


def _tries(endpoint: Endpoint, error: TransportError) -> int:
    """Who is told to slow down comes back more often; who waited in vain waits once more."""
    if isinstance(error, RateLimited):
        return endpoint.tries * TRIES_IF_LIMITED // TRIES
    return min(TRIES_IF_TIMED_OUT, endpoint.tries) if isinstance(error, TimedOut) else endpoint.tries


def _is_untrusted(error: BaseException | None) -> bool:
    while error is not None and not isinstance(error, ssl.SSLCertVerificationError):
        error = next((part for part in error.args if isinstance(part, BaseException)), error.__cause__)
    return error is not None


# --- sockets that keep to a time --------------------------------------------------------------------------------------
# A socket's own time-out begins anew with each byte: headers that drip and `100 Continue` without end would hold a run
# for ever.
_limit = threading.local()


@contextmanager
def _until(moment: float) -> Iterator[None]:
    """What sockets of this module do in this thread is over at a moment of the monotonic clock, or raises
    TimeoutError.
    """
    before = getattr(_limit, "moment", None)
    _limit.moment = moment
    try:
        yield
    finally:
        _limit.moment = before


def _hurry(stream: socket.socket) -> None:
    moment = getattr(_limit, "moment", None)
    if moment is not None:
        left = moment - time.monotonic()
        if left <= 0:
            raise TimeoutError("the time is over")
        stream.settimeout(left)


class _Punctual(socket.socket):
    """A socket that keeps to `_until`. urllib3 reads by `recv_into` and sends by `sendall`."""

    def recv_into(self, *args: Any, **more: Any) -> int:
        _hurry(self)
        return super().recv_into(*args, **more)

    def sendall(self, *args: Any, **more: Any) -> None:
        _hurry(self)
        super().sendall(*args, **more)


class _PunctualTls(ssl.SSLSocket):
    """As _Punctual; TLS sends a part at a time."""

    def recv_into(self, *args: Any, **more: Any) -> int:
        _hurry(self)
        return super().recv_into(*args, **more)

    def send(self, *args: Any, **more: Any) -> int:
        _hurry(self)
        return super().send(*args, **more)


class _Connected(urllib3.connection.HTTPConnection):
    def _new_conn(self) -> socket.socket:
        plain = super()._new_conn()
        timeout = plain.gettimeout()
        found = _Punctual(fileno=plain.detach())
        found.settimeout(timeout)
        return found


class _HttpPool(urllib3.HTTPConnectionPool):
    ConnectionCls = _Connected


class _Pool(urllib3.PoolManager):
    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.pool_classes_by_scheme = {"http": _HttpPool, "https": urllib3.HTTPSConnectionPool}


@cache
def _tls() -> ssl.SSLContext:
    """Certificates as everywhere, and sockets that keep to `_until`."""
    context = ssl.create_default_context()
    context.sslsocket_class = _PunctualTls
    return context


class _Gate:
    """How many questions are under way at once: half as many after a rate limit, one more after a row of good
    answers.
    """

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


def _copied(
    response: urllib3.BaseHTTPResponse,
    write: Callable[[bytes], object],
    limit: int,
    host: str,
    until: float,
    stall: float | None = None,
) -> int:
    """The body, to the end: before `until`, and without a pause of `stall` seconds. Its size."""
    size = 0
    while True:
        now = time.monotonic()
        with _until(until if stall is None else min(until, now + stall)):
            # read1 comes back with what has arrived: an answer that trickles in is seen to.
            chunk = response.read1(1 << 20, decode_content=True)
        if not chunk:
            return size
        size += len(chunk)
        if size > limit:
            raise TooBig(f"{host}: the answer is longer than {limit:,} bytes")
        if time.monotonic() > until:
            raise TimedOut(f"{host}: the answer does not end in time")
        write(chunk)


def _checked_status(response: urllib3.BaseHTTPResponse, host: str, body: bytes = b"") -> None:
    status, is_json = response.status, body.lstrip().startswith((b"{", b"["))
    if 300 <= status < 400:
        raise BadAnswer(
            f"{host}: redirects to {_target(response, host)}, which is refused: a key may be in the request"
        )
    if (
        status == 429
        or (status == 403 and b"frequency limit" in body)
        or (status == 503 and "Retry-After" in response.headers)
    ):
        raise RateLimited(f"{host}: HTTP {status}, too many requests", _pause(response, body))
    if status == 413:
        raise TooBig(f"{host}: HTTP 413")
    if status in (206, 408, 425) or status < 200:
        raise _Passing(f"{host}: HTTP {status}")
    # JSON-RPC servers and APIs answer errors with 4xx and 5xx and a JSON body that says more.
    if status < 400 or is_json:
        return
    if status >= 500:
        raise _Passing(f"{host}: HTTP {status}")
    if status in (400, 422):
        raise RequestFailed(f"{host}: HTTP {status}{_said(body)}")
    raise TransportError(
        f"{host}: HTTP {status}" + (": the key or password is wrong or missing" if status in (401, 403) else "")
    )


def _said(body: bytes) -> str:
    """A plain text of a refusal, as Esplora gives: `Too many history entries`."""
    text = body[:200].decode("utf-8", "replace").strip()
    return f": {text}" if text and text.isprintable() and not text.startswith("<") else ""


def _target(response: urllib3.BaseHTTPResponse, host: str) -> str:
    try:
        target = urlsplit(urljoin(f"http://{host}", response.headers.get("Location", "")))
        return f"{target.hostname}"[:100] if target.scheme in ("http", "https") else "no web page"
    except ValueError:
        return "a place that is none"


def _retry_after(response: urllib3.BaseHTTPResponse) -> float | None:
    """RFC 9110: seconds, or a date. None for what is neither."""
    text = response.headers.get("Retry-After", "").strip()
    if re.fullmatch(r"[0-9]{1,12}", text):
        return float(text)
    try:
        return max(0.0, parsedate_to_datetime(text[:100]).timestamp() - time.time())
    except (ValueError, TypeError, IndexError, ArithmeticError, OSError):
        return None


def _pause(response: urllib3.BaseHTTPResponse, body: bytes) -> float | None:
    """How long the server wants to be left alone. TronGrid says it in words: `the query server is suspended for
    30s`.
    """
    named = re.search(rb"suspended for ([0-9]{1,4}) ?s", body)
    return float(named[1]) if named else _retry_after(response)


# --- JSON from outside ------------------------------------------------------------------------------------------------
#: How deep an answer nests at most, and how long a number with a point is: what is beyond is no answer but an attack on
#: whoever walks through it.
DEEPEST, LONGEST_NUMBER, HIGHEST_EXPONENT = 100, 1_000, 6_144
#: Up to here a body is read by the strict parser, however fast another one is.
SMALL = 1 << 14


def _parsed(body: bytes, host: str) -> Any:
    """A body's JSON: each key once in its object, numbers with a point as Decimal. Raises _Garbled, BadAnswer."""
    _not_too_deep(body, host)
    if not json.detect_encoding(body).startswith("utf-8"):
        raise _garbled(body, host)  # RFC 8259, 8.1; and brackets are counted in UTF-8
    try:
        value = json.loads(body, parse_float=_point, parse_constant=_no_constant, object_pairs_hook=_once_each)
        if b"\\u" in body:
            _json(value)  # half of a surrogate pair is no text: it could neither be kept nor shown
    except _Twice as error:
        raise BadAnswer(f"{host}: the answer says the same key twice in one object") from error
    except (ValueError, RecursionError) as error:
        raise _garbled(body, host) from error
    return value


def _parsed_plain(body: bytes, host: str) -> Any:
    """As `_parsed`, where no number has a point or more than 64 bits. A key that is there twice is seen in small
    answers.
    """
    if len(body) <= SMALL:
        return _parsed(body, host)
    _not_too_deep(body, host, texts=False)  # this parser has a bound of its own, of 1,024 levels
    try:
        return orjson.loads(body)
    except ValueError as error:
        raise _garbled(body, host) from error


def _garbled(body: bytes, host: str) -> _Garbled:
    kind = "HTML" if body.lstrip()[:1] == b"<" else "no JSON, or only a part of it"
    return _Garbled(f"{host}: the answer is {kind}")


_BUT_BRACKETS = bytes(sorted(set(range(256)) - set(b"[]{}")))
_TEXTS = re.compile(rb'"(?:[^"\\]++|\\.)*+"?', re.DOTALL)


def _not_too_deep(body: bytes, host: str, *, texts: bool = True) -> None:
    if _nests_deeper(body, DEEPEST, texts=texts):
        raise BadAnswer(f"{host}: the answer nests deeper than {DEEPEST} levels")


def _nests_deeper(body: bytes, levels: int, *, texts: bool = True) -> bool:
    """Whether JSON nests deeper, be it whole or not; without a look at its texts, whose brackets may hide others,
    roughly and sooner.

    The parser of the standard library keeps to the interpreter's limit of recursion alone, which other libraries raise
    (py_ecc to 100,000): far beyond the stack of a thread, whose overflow ends the process.
    """
    if body.count(b"[") + body.count(b"{") <= levels:
        return False
    left = (_TEXTS.sub(b"", body) if texts else body).translate(None, _BUT_BRACKETS)
    for _ in range(levels):  # the innermost pairs are taken away, again and again
        shorter = left.replace(b"[]", b"").replace(b"{}", b"")
        if len(shorter) == len(left):
            return texts and left.count(b"[") + left.count(b"{") > levels  # what is never closed is opened all the same
        left = shorter
    return bool(left)


class _Twice(ValueError):
    pass


def _once_each(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise _Twice
    return found


def _point(text: str) -> Decimal:
    if len(text) > LONGEST_NUMBER:
        raise ValueError("a number of no use")
    try:
        number = Decimal(text)
    except InvalidOperation as error:
        raise ValueError("a number of no use") from error
    if abs(number.adjusted()) > HIGHEST_EXPONENT:
        raise ValueError("a number of no use")
    return number


def _no_constant(text: str) -> object:
    raise ValueError(f"{text} is no JSON number")


# --- Electrum's line protocol -----------------------------------------------------------------------------------------
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
        self._secrets = _Secrets(endpoint)
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
            _Limits(patient=seconds is None, timeout=seconds),
        )
        answers, self.host = self._recording.answer(
            self._name, "batch", questions, self.host, lambda: self._asked(questions, limits)
        )
        return [
            _rpc_error(self.host, method, answer["error"]) if "error" in answer else answer["result"]
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

        return _in_order(ask, calls, in_flight)

    def close(self) -> None:
        with self._lock:
            if self._open:
                self._open.close()
            self._open = None

    def _asked(self, questions: list[list[Any]], limits: _Limits) -> list[dict[str, Any]]:
        try:
            answers = self._ask(questions, limits)
        except TransportError as error:
            self._secrets.error(error)
            raise
        return [{"error": self._secrets.data(answer["error"])} if "error" in answer else answer for answer in answers]

    def _ask(self, questions: list[list[Any]], limits: _Limits) -> list[dict[str, Any]]:
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
            except (_Passing, _Garbled, TimedOut) as error:
                faults += 1
                if faults >= _tries(self._endpoint, error) or (isinstance(error, TimedOut) and not limits.patient):
                    raise _final(error) from None
                found = []
            answers |= {
                number: answer for number, answer in zip(left, found, strict=False) if not self._is_busy(answer)
            }
            if len(answers) < len(questions):
                busy = RateLimited(f"{self.host}: the server is busy with what was asked before")
                if found and attempt >= _tries(self._endpoint, busy):
                    raise busy
                time.sleep(min(LONGEST_WAIT, self._endpoint.pause * 2 ** (attempt - 1)))
        return [answers[number] for number in range(len(questions))]

    def _is_busy(self, answer: dict[str, Any]) -> bool:
        error = answer.get("error")
        return isinstance(error, dict) and (
            error.get("code") == BUSY or isinstance(_rpc_error(self.host, "", error), RateLimited)
        )

    def _once(self, questions: list[list[Any]], limits: _Limits) -> list[dict[str, Any]]:
        with self._lock:
            wait = self._turn(len(questions))
        time.sleep(wait)
        until = time.monotonic() + (limits.timeout or cast(Endpoint, self._endpoint).timeout)
        if not self._lock.acquire(timeout=max(0.001, until - time.monotonic())):
            raise _Passing(f"{self.host}: the connection does not come about")
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
            connection = _Connection(cast(Endpoint, self._endpoint), self._secrets)
            try:
                (answer,) = connection.ask([["server.version", ["porlake", ["1.4", "1.6"]]]], until)
                if "error" in answer:
                    raise _rpc_error(self.host, "server.version", answer["error"])
            except TransportError:
                connection.close()
                raise
            self._open = connection
        return self._open


class _Connection:
    """One socket, and the thread that hands each answer to whoever waits for it."""

    def __init__(self, endpoint: Endpoint, secrets: _Secrets) -> None:
        self._host, self._secrets, self._most = endpoint.host, secrets, endpoint.answer_bytes
        self.closed, self.untold = False, None  # type: tuple[bool, TransportError | None]
        self._sending, self._state, self._ids = threading.Lock(), threading.Lock(), count(1)
        self._waiting, self._unasked = dict[int, Future[list[Any]]](), 0
        try:
            self._socket = _socket(endpoint)
        except ssl.SSLCertVerificationError as error:
            raise TransportError(
                f"{self._host}: the certificate is not trusted ({error.reason}); pin it with ?pin=<sha256>"
            ) from None
        except OSError as error:
            raise TransportError(f"{self._host}: nobody answers there ({type(error).__name__})") from None
        threading.Thread(target=self._read, name=f"electrum {self._host}", daemon=True).start()

    def ask(self, questions: list[list[Any]], until: float) -> list[dict[str, Any]]:
        """Raises _Passing where the connection breaks, _Garbled, TimedOut, TooBig, BadAnswer."""
        waiting, seconds = Future[list[Any]](), until - time.monotonic()
        with self._state:
            numbers_ = [next(self._ids) for _ in questions]
        request = [
            {"jsonrpc": "2.0", "id": n, "method": method, "params": params}
            for n, (method, params) in zip(numbers_, questions, strict=True)
        ]
        line = _json(request) + b"\n"
        if len(line) > LINE_BYTES:
            raise TooBig(f"{self._host}: a request of {len(line):,} bytes")
        with self._state:
            if self.closed:
                raise _Passing(f"{self._host}: the connection was closed")
            self._waiting |= dict.fromkeys(numbers_, waiting)
        self._send(line, until)
        try:
            answer = waiting.result(timeout=max(0.0, until - time.monotonic()))
        except TimeoutError:
            self._fail(_Passing(f"{self._host}: the connection was closed"))
            raise TimedOut(f"{self._host}: no answer within {seconds:.3g} s") from None
        return self._in_order(answer, numbers_)

    def _send(self, line: bytes, until: float) -> None:
        if not self._sending.acquire(timeout=max(0.001, until - time.monotonic())):
            self._fail(_Passing(f"{self._host}: the connection was closed"))
            raise TimedOut(f"{self._host}: the server takes no more questions")
        try:
            self._socket.sendall(line)
        except (OSError, ValueError) as error:
            self._fail(_Passing(f"{self._host}: {type(error).__name__}"))
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
        error: TransportError = _Passing(f"{self._host}: the connection was closed")
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
            error = _Passing(f"{self._host}: {type(broken).__name__}")
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
        answer = self._secrets.answer(line, _parsed(line, self._host))
        items = answer if isinstance(answer, list) else [answer]
        told = {item["id"] for item in items if isinstance(item, dict) and type(item.get("id")) is int}
        if not told:
            self._unasked += 1
            if isinstance(answer, dict) and answer.get("error") is not None:
                raise BadAnswer(
                    f"{self._host}: the server refuses the request: {_rpc_error('', '', answer['error'])}"[:300]
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
        self._fail(_Passing(f"{self._host}: the connection was closed"))

    def _shut(self) -> None:
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()


def _socket(endpoint: Endpoint) -> socket.socket:
    """Connected within CONNECT_SECONDS; afterwards nothing on it takes longer than `timeout`."""
    parts, secure = urlsplit(endpoint.url), urlsplit(endpoint.url).scheme == "electrum+ssl"
    patience = min(CONNECT_SECONDS, endpoint.timeout)
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

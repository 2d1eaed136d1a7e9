"""One stub for all families: a small world with planted balances, its honest node, and how nodes lie.

A family's world is `tests/chains/<family>/world.py` with WORLD, a subclass of World; `test_abilities.py` finds it and
puts every world through the same tests. A world says what is there and how its node answers; it tests nothing.

    class WORLD(World):
        network, height, moment, head = "xrpl", 94_000_000, datetime(...), 94_000_500
        held = {"XRP": {"r...": {"liquid": 5, "escrowed": 2, "total": 7}}}
        absent = "r..."
        def answer(self, request): ...
        lies = {"pruned": (lambda request, reply: ..., "error")}
"""

from __future__ import annotations

import json
import re
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from http.server import BaseHTTPRequestHandler
from typing import Any, ClassVar
from urllib.parse import parse_qsl, unquote, urlsplit

from porlake.transport.strict_json import dumps
from support import on_loopback

KEY = "S3cretKey0fTheEndpoint"
"""Stands in the path of the endpoint's URL: no text, reading or error may hold it."""


@dataclass(frozen=True)
class Request:
    """What came in: the path below the endpoint's URL, unquoted; values of `query` that stand there several times are
    joined by commas; `body`: its JSON, None where there is none.
    """

    verb: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: Any
    raw: bytes = b""

    @property
    def text(self) -> str:
        """All of it, to look for an address in."""
        return "\n".join((self.path, *self.query.values(), self.raw.decode("utf-8", "replace")))


@dataclass(frozen=True)
class Reply:
    """What goes back: the JSON of `body` (Decimals as numbers), or `raw` as it stands; nothing at all where `silent`,
    for as many seconds.
    """

    body: Any = None
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    raw: bytes | None = None
    silent: float = 0.0

    def bytes(self) -> bytes:
        return dumps(self.body) if self.raw is None else self.raw


Change = Callable[[Request, Reply], Reply]
Held = Mapping[str, Mapping[str, Mapping[str, int]]]


class World:
    """A chain as a test needs it.

    `network`: its id in networks.csv. `height`, `moment`: of the snapshot's block (no moment: it is not looked at);
    `head`: the height of the newest final block, above it. `held`: {asset: {canonical address: {component: amount in
    the token's base units, ..., "total": ...}}} at the snapshot; `now`: the same of accounts that changed since (late
    deposits), as they are at the head. `absent`: an address that nobody ever used. Plant amounts over 2^53, a zero, and
    an account with several parts.

    `past`: what the client must be able to say: "exact" (the node tells that block), "unchanged" (the head's balance
    counts where nothing happened), "head"; "" where it differs by asset. `lies`: what this chain's nodes do silently
    wrong, each a change of replies and what has to come of it: "error" (the question as a whole fails, or every
    reading it spoils is unread), a reason code, or "right". `unseen`: general lies that nobody could see, each with the
    reason: "shortened", or "shortened:<path of the list>", or "*:<path of a leaf>".

    `url`: what stands behind the host (`/jsonrpc`); `kind`: before the scheme (`blockbook`); `rows`: own rows of the
    registry, by file.
    """

    network: ClassVar[str]
    height: ClassVar[int]
    head: ClassVar[int]
    moment: ClassVar[datetime | None] = None
    held: ClassVar[Held]
    now: ClassVar[Held] = {}
    absent: ClassVar[str]
    past: ClassVar[str] = ""
    lies: ClassVar[Mapping[str, tuple[Change, str]]] = {}
    unseen: ClassVar[Mapping[str, str]] = {}
    url: ClassVar[str] = ""
    kind: ClassVar[str] = ""
    rows: ClassVar[Mapping[str, str]] = {}

    def answer(self, request: Request) -> Reply:
        """The honest node's."""
        raise NotImplementedError

    def mentions(self, request: Request, address: str) -> bool:
        """Whether a question is about an address; override where it stands there in another form."""
        return address in request.text

    def kind_of(self, request: Request) -> str:
        """Questions of one kind have answers of one form."""
        calls = request.body if isinstance(request.body, list) else [request.body]
        methods = {call["method"] for call in calls if isinstance(call, dict) and isinstance(call.get("method"), str)}
        path = "/".join("*" if re.search(r"\d|.{24}", part) else part for part in request.path.split("/"))
        return " ".join([request.verb, path, ",".join(sorted(request.query)), ",".join(sorted(methods))])


# --- the server -------------------------------------------------------------------------------------------------------
class Server:
    """The node of a world on loopback. `change`: what it makes of its honest replies; `log`: what was said; `faults`:
    what the world itself could not do.
    """

    def __init__(self, world: World) -> None:
        self.world, self.url = world, ""
        self.change: Change | None = None
        self.delay = 0.0
        self.log: list[tuple[Request, Reply]] = []
        self.faults: list[BaseException] = []
        self._lock = threading.Lock()

    @property
    def endpoint_url(self) -> str:
        kind = f"{self.world.kind}+" if self.world.kind else ""
        return f"{kind}{self.url}/{KEY}{self.world.url}"

    def reply(self, request: Request) -> Reply:
        try:
            honest = self.world.answer(request)
        except Exception as error:  # noqa: BLE001 - the world's fault, which the test shows
            self.faults.append(error)
            return Reply({"error": f"{type(error).__name__}: {error}"}, 500)
        with self._lock:
            self.log.append((request, honest))
        return honest if self.change is None else self.change(request, honest)


@contextmanager
def served(world: World, host: str = "127.0.0.1") -> Iterator[Server]:
    server = Server(world)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_GET(self) -> None:
            raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            parts = urlsplit(self.path)
            path = unquote(parts.path).removeprefix(f"/{KEY}")
            headers = {name.lower(): value for name, value in self.headers.items()}
            try:
                body = json.loads(raw, parse_float=Decimal) if raw else None
            except ValueError:
                body = None
            query: dict[str, str] = {}
            for name, value in parse_qsl(parts.query, keep_blank_values=True):
                query[name] = f"{query[name]},{value}" if name in query else value
            time.sleep(server.delay)
            reply = server.reply(Request(self.command, path, query, headers, body, raw))
            time.sleep(reply.silent)
            data = reply.bytes()
            head = [f"HTTP/1.1 {reply.status} x", "Content-Type: application/json", f"Content-Length: {len(data)}"]
            head += [f"{name}: {value}" for name, value in reply.headers.items()]
            try:
                self.wfile.write("\r\n".join(head).encode() + b"\r\n\r\n" + data)
            except OSError:  # the client has hung up
                self.close_connection = True

        def do_POST(self) -> None:
            self.do_GET()

        def log_message(self, *_: Any) -> None:
            pass

    with on_loopback(Handler, host) as url:
        server.url = url
        yield server


# --- JSON-RPC ---------------------------------------------------------------------------------------------------------
class RpcError(Exception):
    """What a method of a node answers in place of a result."""

    def __init__(self, code: int, message: str, data: Any = None) -> None:
        super().__init__(message)
        self.code, self.message, self.data = code, message, data


def rpc(request: Request, call: Callable[[str, Any], Any]) -> Reply:
    """The reply to JSON-RPC, a single question or a batch; `call` gives the result of (method, params), or raises
    RpcError.
    """

    def one(asked: Mapping[str, Any]) -> dict[str, Any]:
        told = {"jsonrpc": "2.0", "id": asked.get("id")}
        try:
            return told | {"result": call(asked["method"], asked.get("params", []))}
        except RpcError as error:
            more = {} if error.data is None else {"data": error.data}
            return told | {"error": {"code": error.code, "message": error.message} | more}

    return Reply([one(asked) for asked in request.body] if isinstance(request.body, list) else one(request.body))


# --- changes of a reply's JSON ----------------------------------------------------------------------------------------
Path = tuple[str | int, ...]


def leaves(value: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """Every value of a JSON that is no object, with its path; lists too, before what they hold."""
    if isinstance(value, dict):
        for name, part in value.items():
            yield from leaves(part, (*path, name))
        return
    yield path, value
    if isinstance(value, list):
        for place, part in enumerate(value):
            yield from leaves(part, (*path, place))


def pattern(path: Path) -> str:
    """A path with every place of a list as `*`."""
    return ".".join("*" if isinstance(step, int) else step for step in path)


def changed(value: Any, where: str, change: Callable[[Any], Any], path: Path = ()) -> Any:
    """The JSON with `change` made at every path of a pattern."""
    if pattern(path) == where:
        return change(value)
    if isinstance(value, dict):
        return {name: changed(part, where, change, (*path, name)) for name, part in value.items()}
    if isinstance(value, list):
        return [changed(part, where, change, (*path, place)) for place, part in enumerate(value)]
    return value


def without(value: Any, where: str, path: Path = ()) -> Any:
    """The JSON without what stands at a pattern that ends with a name."""
    if isinstance(value, dict):
        return {
            name: without(part, where, (*path, name)) for name, part in value.items() if pattern((*path, name)) != where
        }
    if isinstance(value, list):
        return [without(part, where, (*path, place)) for place, part in enumerate(value)]
    return value


def everywhere(value: Any, change: Callable[[Any], Any]) -> Any:
    """The JSON with every leaf changed."""
    if isinstance(value, dict):
        return {name: everywhere(part, change) for name, part in value.items()}
    if isinstance(value, list):
        return [everywhere(part, change) for part in value]
    return change(value)


def at(where: str, change: Callable[[Any], Any], **of: str) -> Change:
    """A lie about the leaves of a pattern, `result.account_data.Balance`; `path`, `method`: only of questions with such
    a path or JSON-RPC method.
    """

    def lie(request: Request, reply: Reply) -> Reply:
        methods = [one.get("method") for one in _calls(request)]
        if ("path" in of and of["path"] not in request.path) or ("method" in of and of["method"] not in methods):
            return reply
        return with_body(reply, changed(reply.body, where, change))

    return lie


def _calls(request: Request) -> Sequence[Mapping[str, Any]]:
    calls = request.body if isinstance(request.body, list) else [request.body]
    return [call for call in calls if isinstance(call, dict)]


def with_body(reply: Reply, body: Any) -> Reply:
    return Reply(body, reply.status, reply.headers, reply.raw, reply.silent)


# --- what every node may do -------------------------------------------------------------------------------------------
DIGITS, POINT, HEX = re.compile(r"-?[0-9]+"), re.compile(r"-?[0-9]+\.[0-9]+"), re.compile(r"0x[0-9a-f]{0,32}")
HUGE = 10**60


def is_number(value: Any) -> bool:
    if isinstance(value, str):
        return any(form.fullmatch(value) for form in (DIGITS, POINT, HEX))
    return isinstance(value, int | Decimal) and not isinstance(value, bool)


def wrong_numbers(value: Any) -> Mapping[str, Any]:
    """What stands in a number's place, by the name of the lie; never another number that could be right."""
    found: dict[str, Any] = {"bool": True, "null": None, "list": [], "object": {}}
    if isinstance(value, str) and HEX.fullmatch(value):
        return found | {"negative": f"-{value}", "text": "0xzz", "empty": "", "huge": "0x" + "f" * 80}
    if isinstance(value, str):
        return found | {
            "negative": f"-{value.lstrip('-')}" if value.strip("-0.") else "-1",
            "text": f"{value}x", "empty": "", "padded": f" {value}", "exponent": f"{value}e3", "huge": str(HUGE),
            "float": Decimal(repr(float(value))) if abs(float(value)) < 1e15 else Decimal("1.5e300"),
        }  # fmt: skip
    return found | {"negative": -abs(value) or -1, "text": f"{value}x", "huge": HUGE, "float": Decimal("1.5e300")}


WHOLE: Mapping[str, Change] = {
    "429 with text": lambda request, reply: Reply(raw=b"slow down, please", status=429, headers={"Retry-After": "0"}),
    "429 with JSON": lambda request, reply: Reply({"error": "slow"}, 429, {"Retry-After": "0"}),
    "503": lambda request, reply: Reply(raw=b"upstream", status=503),
    "500 with JSON": lambda request, reply: Reply({"message": f"no {KEY} in {request.path}"}, 500),
    "400 with JSON": lambda request, reply: Reply({"error": f"what is {KEY}?", "code": 3}, 400),
    "403": lambda request, reply: Reply({"error": f"key {KEY} is blocked"}, 403),
    "404 with text": lambda request, reply: Reply(raw=b"404 page not found", status=404),
    "HTML": lambda request, reply: Reply(raw=b"<html><body>It works!</body></html>"),
    "truncated": lambda request, reply: Reply(raw=reply.bytes()[: len(reply.bytes()) // 2]),
    "empty": lambda request, reply: Reply(raw=b""),
    "null": lambda request, reply: Reply(None),
    "a list": lambda request, reply: Reply([]),
    "an object": lambda request, reply: Reply({}),
    "a text": lambda request, reply: Reply("ok"),
    "a number": lambda request, reply: Reply(7),
    "deep": lambda request, reply: Reply(raw=b"[" * 100_000),
    "not UTF-8": lambda request, reply: Reply(raw=b'{"a": "\xff"}'),
}
"""Lies about a whole reply. What may be an honest answer of some API (`{}` for an account that is not there) is right
only of an account that is not there: a world whose API says so plants no account that it could be true of, or says it
in `unseen`.
"""
LISTS: Mapping[str, Callable[[list[Any]], list[Any]]] = {
    "shuffled": lambda values: values[::-1],
    "shortened": lambda values: values[:-1],
    "doubled": lambda values: [*values, values[-1]],
}

"""A proxy of real HTTP in front of a node that misbehaves as it is told to."""

from __future__ import annotations

import gzip
import json
import socket
import struct
import threading
import time
import urllib.request
from collections.abc import Callable
from functools import cache
from http.server import BaseHTTPRequestHandler
from types import TracebackType
from typing import Any

from support import LoopbackServer

#: What a fault is given: the exchange, to answer in its own way. True: it did. False: the node's own answer goes out.
Fault = Callable[["Exchange"], bool]


class Exchange:
    """One question and the means to answer it badly."""

    def __init__(self, handler: BaseHTTPRequestHandler, node: str, body: bytes) -> None:
        self.handler, self._node, self.body = handler, node, body
        self.question: Any = json.loads(body)

    @property
    def items(self) -> list[dict[str, Any]]:
        return self.question if isinstance(self.question, list) else [self.question]

    @property
    def methods(self) -> set[str]:
        return {str(item["method"]) for item in self.items}

    def forward(self, question: Any = None) -> bytes:
        """What the node answers, to this question or to another."""
        body = self.body if question is None else json.dumps(question).encode()
        request = urllib.request.Request(self._node, body, {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=30) as response:
            return bytes(response.read())

    def answer(self, question: Any = None) -> Any:
        return json.loads(self.forward(question))

    def send(self, body: bytes | Any, status: int = 200, *, length: int | None = None, **headers: str) -> bool:
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.handler.send_response(status)
        for name, value in headers.items():
            self.handler.send_header(name.replace("_", "-"), value)
        self.handler.send_header("Content-Length", str(len(data) if length is None else length))
        self.handler.end_headers()
        self.handler.wfile.write(data)
        return True

    def error(self, code: int, message: str, **more: Any) -> bool:
        """An error object, for each item of a batch."""
        found = [
            {"jsonrpc": "2.0", "id": item["id"], "error": {"code": code, "message": message} | more}
            for item in self.items
        ]
        return self.send(found if isinstance(self.question, list) else found[0])

    def reset(self) -> bool:
        """End the connection without a farewell, with whatever was sent already."""
        self.handler.wfile.flush()
        self.handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.handler.connection.shutdown(socket.SHUT_RDWR)
        self.handler.close_connection = True
        return True


class Proxy:
    """`fault` is applied to the questions for which `when` holds, `times` times (None: always). `host`: an address of
    this machine; two addresses are two operators.
    """

    def __init__(self, node: str, host: str = "127.0.0.1") -> None:
        self._node, self._host = node, host
        self.fault: Fault | None = None
        self.when: Callable[[Exchange], bool] = lambda exchange: True
        self.times: int | None = None
        self.asked: list[Exchange] = []
        self._lock = threading.Lock()

    def misbehave(self, fault: Fault, when: Callable[[Exchange], bool] | None = None, times: int | None = None) -> None:
        self.fault, self.times = fault, times
        if when is not None:
            self.when = when

    def __enter__(self) -> Proxy:
        proxy = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            # headers and body are sent apart: each answer would wait 40 ms for an acknowledgement
            disable_nagle_algorithm = True

            def do_POST(self) -> None:
                exchange = Exchange(self, proxy._node, self.rfile.read(int(self.headers["Content-Length"])))
                try:
                    if not (proxy._applies(exchange) and proxy.fault is not None and proxy.fault(exchange)):
                        exchange.send(exchange.forward())
                except OSError:
                    self.close_connection = True

            def log_message(self, *_: Any) -> None:
                pass

        self._server = LoopbackServer((self._host, 0), Handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        self.url = f"http://{self._host}:{self._server.server_port}/v3/secret-key"
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()

    def _applies(self, exchange: Exchange) -> bool:
        with self._lock:
            self.asked.append(exchange)
            if self.fault is None or not self.when(exchange) or self.times == 0:
                return False
            if self.times is not None:
                self.times -= 1
            return True


# --- faults -----------------------------------------------------------------------------------------------------------
def slow(seconds: float) -> Fault:
    def fault(exchange: Exchange) -> bool:
        time.sleep(seconds)
        return False

    return fault


def reset(exchange: Exchange) -> bool:
    return exchange.reset()


def reset_in_the_body(exchange: Exchange) -> bool:
    answer = exchange.forward()
    exchange.send(answer[: len(answer) // 2], length=len(answer))
    return exchange.reset()


def short_body(exchange: Exchange) -> bool:
    """Less than was announced, and a farewell."""
    answer = exchange.forward()
    exchange.handler.close_connection = True
    return exchange.send(answer[: len(answer) // 2], length=len(answer))


def chunked(exchange: Exchange, *, whole: bool = True) -> bool:
    answer = exchange.forward()
    exchange.handler.send_response(200)
    exchange.handler.send_header("Transfer-Encoding", "chunked")
    exchange.handler.end_headers()
    pieces = [answer[at : at + 700] for at in range(0, len(answer), 700)]
    for piece in pieces if whole else pieces[:-1]:
        exchange.handler.wfile.write(f"{len(piece):x}\r\n".encode() + piece + b"\r\n")
    exchange.handler.wfile.write(b"0\r\n\r\n" if whole else b"ffff\r\n{")
    exchange.handler.close_connection = not whole
    return True


def short_chunk(exchange: Exchange) -> bool:
    return chunked(exchange, whole=False)


def status(code: int, body: bytes = b"", **headers: str) -> Fault:
    return lambda exchange: exchange.send(body, code, **headers)


def truncated(exchange: Exchange) -> bool:
    answer = exchange.forward()
    return exchange.send(answer[: len(answer) * 2 // 3])


def html(exchange: Exchange) -> bool:
    return exchange.send(b"<html><body>Back soon</body></html>", Content_Type="text/html")


def gzipped(exchange: Exchange) -> bool:
    return exchange.send(gzip.compress(exchange.forward()), Content_Encoding="gzip")


@cache
def _bomb() -> bytes:
    return gzip.compress(b" " * (64 << 20))


def zipped_bomb(exchange: Exchange) -> bool:
    return exchange.send(_bomb(), Content_Encoding="gzip")


def endless(exchange: Exchange) -> bool:
    exchange.handler.send_response(200)
    exchange.handler.end_headers()
    exchange.handler.close_connection = True
    try:
        while True:
            exchange.handler.wfile.write(b" " * 65_536)
    except OSError:
        return True


def wrong_ids(exchange: Exchange) -> bool:
    answer = exchange.answer()
    for item in answer if isinstance(answer, list) else [answer]:
        item["id"] += 1_000_000
    return exchange.send(answer)


def of_items(change: Callable[[list[Any]], Any]) -> Fault:
    """A fault of batches: the list of answers, changed."""
    return lambda exchange: isinstance(exchange.question, list) and exchange.send(change(exchange.answer()))


def result(change: Callable[[str], Any]) -> Fault:
    """The `result` of each item, changed."""

    def fault(exchange: Exchange) -> bool:
        answer = exchange.answer()
        for item in answer if isinstance(answer, list) else [answer]:
            if "result" in item:
                item["result"] = change(item["result"])
        return exchange.send(answer)

    return fault


def error(code: int, message: str, **more: Any) -> Fault:
    return lambda exchange: exchange.error(code, message, **more)


def rewritten(change: Callable[[dict[str, Any]], Any]) -> Fault:
    """Each item is changed before the node sees it: a node that ignores a part of a question."""

    def fault(exchange: Exchange) -> bool:
        items = json.loads(json.dumps(exchange.items))
        for item in items:
            change(item)
        return exchange.send(exchange.answer(items if isinstance(exchange.question, list) else items[0]))

    return fault

"""What an endpoint says of tries, pauses, rate, questions at once, time and size holds for each client alike.

One loopback server that speaks HTTP and Electrum's lines; each border is tried below, at and above it.
"""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from itertools import pairwise
from typing import Any

import pytest

from porlake.errors import RateLimited, TimedOut, TooBig, TransportError
from porlake.transport import ElectrumRpc, Endpoint, Http, JsonRpc, Recording
from transport.stub import TABLE, served

#: What the server does with the n-th question, from 0: answers, breaks off, says nothing, says that it is busy.
Play = Callable[[int], str]


class Server:
    def __init__(self, play: Play, hold: float = 0.0, result: Any = "right") -> None:
        self._play, self._hold, self._result = play, hold, result
        self._lock, self._under_way = threading.Lock(), 0
        self.arrived, self.most, self.size = list[float](), 0, 0

    def http(self, conn: socket.socket) -> None:
        buffer = b""
        while True:
            while b"\r\n\r\n" not in buffer:
                if not (data := conn.recv(1 << 16)):
                    return
                buffer += data
            head, _, buffer = buffer.partition(b"\r\n\r\n")
            size = next((int(line[15:]) for line in head.lower().split(b"\r\n") if line[:15] == b"content-length:"), 0)
            while len(buffer) < size:
                buffer += conn.recv(1 << 16)
            asked, buffer = json.loads(buffer[:size] or b"null"), buffer[size:]
            play = self._came()
            if play in ("break", "silent"):
                time.sleep(30 if play == "silent" else 0)
                return
            body = json.dumps(self._answer(asked)).encode()
            status = "429 Slow" if play == "busy" else "200 OK"
            self._left(len(body))
            conn.sendall(f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body)

    def lines(self, conn: socket.socket) -> None:
        with conn.makefile("rb") as lines:
            for text in lines:
                asked = json.loads(text)
                if asked[0]["method"] == "server.version":
                    conn.sendall(json.dumps(self._answer(asked, "version")).encode() + b"\n")
                    continue
                threading.Thread(target=self._line, args=(conn, asked), daemon=True).start()

    def _line(self, conn: socket.socket, asked: Any) -> None:
        with suppress(OSError):  # the client has hung up
            self._play_line(conn, asked)

    def _play_line(self, conn: socket.socket, asked: Any) -> None:
        play = self._came()
        if play == "break":
            conn.shutdown(socket.SHUT_RDWR)
        elif play == "busy":
            self._left(0)
            conn.sendall(json.dumps([{"id": one["id"], "error": {"code": -102}} for one in asked]).encode() + b"\n")
        elif play == "right":
            body = json.dumps(self._answer(asked)).encode()
            self._left(len(body))
            conn.sendall(body + b"\n")

    def _came(self) -> str:
        with self._lock:
            number = len(self.arrived)
            self.arrived.append(time.monotonic())
            self._under_way += 1
            self.most = max(self.most, self._under_way)
        time.sleep(self._hold)
        return self._play(number)

    def _left(self, size: int) -> None:
        with self._lock:
            self.size, self._under_way = size, self._under_way - 1

    def _answer(self, asked: Any, result: Any = None) -> Any:
        if isinstance(asked, list):
            return [{"jsonrpc": "2.0", "id": one["id"], "result": result or self._result} for one in asked]
        return {"jsonrpc": "2.0", "id": (asked or {}).get("id"), "result": self._result}


Ask = Callable[[], Any]


def by_http(place: Endpoint) -> Ask:
    client = Http("x", place, Recording.off())
    return lambda: client.get("/x")["result"]


def by_json_rpc(place: Endpoint) -> Ask:
    client = JsonRpc("x", place, Recording.off(), TABLE)
    return lambda: client.call("m", [])


def by_electrum(place: Endpoint) -> Ask:
    client = ElectrumRpc("x", place, Recording.off(), TABLE)
    return lambda: client.call("m")


OPENERS = {"http": by_http, "json_rpc": by_json_rpc, "electrum": by_electrum}
over_each_client = pytest.mark.parametrize("client", OPENERS)


@contextmanager
def asking(client: str, server: Server, **more: Any) -> Iterator[Ask]:
    with socket.create_server(("127.0.0.1", 0), backlog=50) as listener:
        served(listener, server.lines if client == "electrum" else server.http)
        scheme = "electrum+tcp" if client == "electrum" else "http"
        place = Endpoint(f"{scheme}://127.0.0.1:{listener.getsockname()[1]}", **({"pause": 0.001} | more))
        yield OPENERS[client](place)


def first(count: int, what: str) -> Play:
    """The first questions fail in a way, the others are answered."""
    return lambda number: what if number < count else "right"


@over_each_client
@pytest.mark.parametrize(
    ("what", "tries", "most", "error"),
    [("break", 3, 3, TransportError), ("busy", 2, 4, RateLimited), ("silent", 3, 2, TimedOut)],
)
def test_tries(client: str, what: str, tries: int, most: int, error: type[TransportError]) -> None:
    """A fault is asked again `tries` times in all, a rate limit twice as often, a time-out once more."""
    for failures in (most - 1, most, most + 1):
        server = Server(first(failures, what))
        with asking(client, server, tries=tries, timeout=1.0 if what == "silent" else 20.0) as ask:
            if failures < most:
                assert ask() == "right"
                assert len(server.arrived) == failures + 1
            else:
                with pytest.raises(error) as failed:
                    ask()
                assert type(failed.value) is error
                assert len(server.arrived) == most


@over_each_client
def test_pause(client: str) -> None:
    server = Server(first(2, "break"))
    with asking(client, server, pause=0.15, tries=3) as ask:
        ask()
    gaps = [after - before for before, after in pairwise(server.arrived)]
    assert gaps[0] >= 0.15
    assert gaps[1] >= 0.3


@over_each_client
@pytest.mark.parametrize(("takes", "in_time"), [(0.0, True), (0.3, True), (4.0, False)])
def test_timeout(client: str, takes: float, in_time: bool) -> None:
    with asking(client, Server(first(0, ""), hold=takes), timeout=2.0, tries=1) as ask:
        if in_time:
            assert ask() == "right"
        else:
            with pytest.raises(TimedOut):
                ask()


@over_each_client
@pytest.mark.parametrize("more", [-1, 0, 1])
def test_answer_bytes(client: str, more: int) -> None:
    server = Server(first(0, ""), result="x" * 3_000)
    with asking(client, server) as ask:
        ask()
    with asking(client, server, answer_bytes=server.size + more, tries=1) as ask:
        if more < 0:
            with pytest.raises(TooBig, match=f"longer than {server.size - 1:,} bytes"):
                ask()
        else:
            assert ask() == "x" * 3_000


@over_each_client
@pytest.mark.parametrize("width", [1, 2, 3])
def test_in_flight(client: str, width: int) -> None:
    server = Server(first(0, ""), hold=0.25)
    with asking(client, server, in_flight=width) as ask, ThreadPoolExecutor(6) as pool:
        list(pool.map(lambda _: ask(), range(6)))
    assert server.most == width


@over_each_client
def test_in_flight_is_halved_by_a_rate_limit(client: str) -> None:
    server = Server(first(1, "busy"), hold=0.25)
    with asking(client, server, in_flight=4) as ask, ThreadPoolExecutor(6) as pool:
        ask()
        server.most = 0
        list(pool.map(lambda _: ask(), range(8)))
    assert server.most == 2


@over_each_client
def test_per_second(client: str) -> None:
    server = Server(first(0, ""))
    with asking(client, server, per_second=20.0) as ask, ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: ask(), range(6)))
    assert server.arrived[-1] - server.arrived[0] >= 5 / 20 - 0.02


@over_each_client
def test_clients_of_one_endpoint_share_its_rate(client: str) -> None:
    server = Server(first(0, ""))
    with socket.create_server(("127.0.0.1", 0)) as listener:
        served(listener, server.lines if client == "electrum" else server.http)
        scheme = "electrum+tcp" if client == "electrum" else "http"
        place = Endpoint(f"{scheme}://127.0.0.1:{listener.getsockname()[1]}", per_second=20.0)
        asks = [OPENERS[client](place) for _ in range(6)]
        for ask in asks:
            assert ask() == "right"
    assert server.arrived[-1] - server.arrived[0] >= 5 / 20 - 0.02


@over_each_client
def test_a_rate_limit_holds_back_whoever_asks(client: str) -> None:
    server = Server(first(1, "busy"))
    with asking(client, server, pause=0.3, in_flight=4) as ask, ThreadPoolExecutor(2) as pool:
        limited = pool.submit(ask)
        while not server.arrived:
            time.sleep(0.001)
        time.sleep(0.1)
        pool.submit(ask).result()
        limited.result()
    assert server.arrived[1] - server.arrived[0] >= 0.3


@pytest.mark.parametrize("client", ["json_rpc", "electrum"])
def test_each_question_of_a_batch_counts(client: str) -> None:
    server = Server(first(0, ""))
    with socket.create_server(("127.0.0.1", 0)) as listener:
        served(listener, server.lines if client == "electrum" else server.http)
        scheme, opener = ("electrum+tcp", ElectrumRpc) if client == "electrum" else ("http", JsonRpc)
        place = Endpoint(f"{scheme}://127.0.0.1:{listener.getsockname()[1]}", per_second=20.0)
        rpc = opener("x", place, Recording.off(), TABLE)
        for _ in range(2):
            assert rpc.batch([("m", [n]) for n in range(6)]) == ["right"] * 6
    assert server.arrived[1] - server.arrived[0] >= 6 / 20 - 0.02

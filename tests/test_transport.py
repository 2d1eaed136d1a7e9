"""Servers that fail, stall, lie and echo keys: for each fault over HTTP and lines the right answer or a named failure, in time, and no key anywhere.

A loopback server of raw bytes stands for them. A case is a fault and a way of asking; cases run side by side, and what is wrong with any of them
is listed by its name.
"""

from __future__ import annotations

import gzip
import io
import json
import logging
import socket
import ssl
import struct
import sys
import threading
import time
import traceback
import zlib
from base64 import b64encode
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from porlake import errors, transport
from porlake.errors import (
    BadAnswer,
    ConfigurationError,
    NotRecorded,
    RateLimited,
    RequestFailed,
    TimedOut,
    TooBig,
    TransportError,
)
from porlake.transport import ElectrumRpc, Endpoint, Http, JsonRpc, Recording

USER, PASSWORD, IN_PATH, IN_QUERY, IN_HEADER = "Cust0mer", "p4ss/w0rd+x", "SEKRETkey", "q7Token.x", "He4der-Value"
SECRETS = (USER, PASSWORD, IN_PATH, IN_QUERY, IN_HEADER)
RIGHT = {"value": 7, "text": "seven"}
STALL, PATIENT = 0.4, 20.0
"""Seconds that are waited for an answer: of a server that stalls, and of one that does not (the machine may be busy)."""
BOUND = 15.0


def forms(secret: str) -> set[str]:
    encoded = b64encode(secret.encode()).decode().rstrip("=")
    return {form.lower() for form in (secret, quote(secret, safe=""), encoded, secret.encode().hex())}


FORBIDDEN = set().union(*map(forms, SECRETS))


# --- the server -------------------------------------------------------------------------------------------------------------
class Talk:
    """One request that has come in, and the means to answer it badly."""

    def __init__(self, conn: socket.socket, head: bytes, body: bytes) -> None:
        self.conn, self.head, self.body = conn, head, body
        self.asked: Any = json.loads(body) if body else None

    @property
    def right(self) -> Any:
        if self.asked is None or (isinstance(self.asked, dict) and "id" not in self.asked):
            return RIGHT
        if isinstance(self.asked, list):
            return [{"jsonrpc": "2.0", "id": item["id"], "result": RIGHT} for item in self.asked]
        return {"jsonrpc": "2.0", "id": self.asked["id"], "result": RIGHT}

    @property
    def right_body(self) -> bytes:
        return json.dumps(self.right).encode()

    @property
    def echo(self) -> str:
        """What the client sent of its secrets, as gateways repeat it."""
        lines = self.head.decode("latin-1").split("\r\n")
        told = [line for line in lines[1:] if line.lower().startswith(("authorization", "x-api-key"))]
        named = f"project {lines[0].split(' ')[1]} of {USER}:{PASSWORD} with {'; '.join(told)}"
        return f"{named} {IN_PATH.lower()} {b64encode(IN_QUERY.encode()).decode()}"

    def send(self, data: bytes) -> None:
        self.conn.sendall(data)

    def answer(self, body: bytes | None = None, status: str = "200 OK", **headers: str) -> None:
        body = self.right_body if body is None else body
        lines = [f"HTTP/1.1 {status}", *(f"{name.replace('_', '-')}: {value}" for name, value in headers.items())]
        if not {"Content_Length", "Transfer_Encoding"} & headers.keys():
            lines.append(f"Content-Length: {len(body)}")
        self.send("\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body)

    def forever(self, data: bytes, pause: float = 0.0) -> None:
        """Until the client hangs up."""
        while True:
            self.conn.sendall(data)
            time.sleep(pause)


Fault = Callable[[Talk], None]


def served(listener: socket.socket, speak: Callable[[socket.socket], None]) -> None:
    def one(conn: socket.socket) -> None:
        with conn, suppress(OSError, ValueError, KeyError):
            conn.settimeout(30)
            speak(conn)

    def accept() -> None:
        with suppress(OSError):
            while True:
                threading.Thread(target=one, args=listener.accept()[:1], daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()


def speak_http(conn: socket.socket) -> None:
    """The fault is named by the last part of the path."""
    buffer = b""
    while True:
        while b"\r\n\r\n" not in buffer:
            if not (data := conn.recv(1 << 16)):
                return
            buffer += data
        head, _, buffer = buffer.partition(b"\r\n\r\n")
        size = next((int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")), 0)
        while len(buffer) < size:
            buffer += conn.recv(1 << 16)
        body, buffer = buffer[:size], buffer[size:]
        path = head.split(b" ")[1].decode().partition("?")[0]
        FAULTS[int(path.rpartition("/")[2])].play(Talk(conn, head, body))


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0), backlog=200) as listener:
        served(listener, speak_http)
        yield listener.getsockname()[1]


# --- faults of HTTP ---------------------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Case:
    """`outcome`: what has to come of it: RIGHT alone, a class of error, or None: either is well."""

    name: str
    play: Fault
    outcome: type[TransportError] | str | None
    stalls: bool = False


def chunk(data: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(data), data)


def chunked(*parts: bytes) -> bytes:
    return b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + b"".join(parts)


def raw(data: bytes) -> Fault:
    def play(talk: Talk) -> None:
        talk.send(data)
        talk.conn.shutdown(socket.SHUT_RDWR)

    return play


def status(text: str, body: bytes = b"<html>oops</html>", **headers: str) -> Fault:
    return lambda talk: talk.answer(body, text, **headers)


def reset(talk: Talk) -> None:
    talk.conn.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    talk.conn.close()


def silent(talk: Talk) -> None:
    time.sleep(STALL * 12)


def then_silent(start: bytes) -> Fault:
    def play(talk: Talk) -> None:
        talk.send(start)
        silent(talk)

    return play


def drip(start: bytes, byte: bytes = b"a") -> Fault:
    def play(talk: Talk) -> None:
        talk.send(start)
        talk.forever(byte, 0.02)

    return play


def flood(start: bytes, data: bytes) -> Fault:
    def play(talk: Talk) -> None:
        talk.send(start)
        talk.forever(data)

    return play


def echoing(text: str, **headers: str) -> Fault:
    def play(talk: Talk) -> None:
        shown = {name: value.format(echo=quote(talk.echo)) for name, value in headers.items()}
        talk.answer(talk.echo.encode(), text.format(echo=quote(talk.echo)), **shown)

    return play


def early_and_late(talk: Talk) -> None:
    """The whole answer, and then another one that nobody asked for."""
    body = json.dumps({"jsonrpc": "2.0", "id": 1, "result": {"value": 8}}).encode()
    talk.answer()
    talk.answer(body)


BOMB = gzip.compress(b" " * (8 << 20))
OK = b"HTTP/1.1 200 OK\r\n"
LOCATIONS = ["http://[bad", "http://elsewhere.example/v3", "//elsewhere.example", "/same", "", "ftp://x",
"file:///etc/passwd", "javascript:1",
             "http://127.0.0.1:99999/", "http://user:pw@elsewhere.example/", "http://x" * 3000, "\x00",
             "http://\xff/"]  # fmt: skip
RETRY = ["0", "-5", "1e9", "1000000000", "9" * 400, "soon", "", "٣", "Wed, 21 Oct 2015 07:28:00 GMT",
"Fri, 31 Dec 9999 23:59:59 GMT", "Mon, 01 Jan 0001 00:00:00 GMT",
         "Sat, 99 Foo 99999 99:99:99 GMT", "0.5"]  # fmt: skip


def faults_of_http() -> Iterator[Case]:
    yield Case("right", lambda talk: talk.answer(), "right")
    yield Case(
        "right, chunked",
        lambda talk: talk.send(chunked(chunk(talk.right_body[:5]), chunk(talk.right_body[5:]), chunk(b""))),
        "right",
    )
    yield Case(
        "right, gzip", lambda talk: talk.answer(gzip.compress(talk.right_body), Content_Encoding="gzip"), "right"
    )
    yield Case(
        "right, deflate", lambda talk: talk.answer(zlib.compress(talk.right_body), Content_Encoding="deflate"), "right"
    )
    yield Case(
        "right, 100 Continue before", lambda talk: talk.answer(status="100 Continue\r\n\r\nHTTP/1.1 200 OK"), "right"
    )
    yield Case("an answer and another", early_and_late, None)
    for number in (402, 405, 409, 410, 418, 451, 499):
        yield Case(f"{number}", status(f"{number} No"), TransportError)
    for number in (401, 403, 404):
        yield Case(f"{number}", status(f"{number} No"), TransportError)
    for number in (500, 501, 502, 503, 504, 520, 529, 599, 999):
        yield Case(f"{number}", status(f"{number} No"), TransportError)
        yield Case(f"{number} and a right body", lambda talk, n=number: talk.answer(status=f"{n} No"), TransportError)
    for number in (101, 102, 103, 199, 204, 205, 206, 408, 425):
        yield Case(f"{number}", status(f"{number} Odd", b""), TransportError)
    yield Case(
        "206 and half of it",
        lambda talk: talk.answer(b'{"value": 7}', "206 Partial", Content_Range="bytes 0-11/99"),
        TransportError,
    )
    yield Case("400", status("400 Bad", b"Too many history entries"), RequestFailed)
    yield Case("422", status("422 Bad", b"\x1b[2J\x00<x>"), RequestFailed)
    yield Case("413", status("413 Big"), TooBig)
    for number, place in enumerate(LOCATIONS):
        for code in (301, 302, 307, 308) if number < 2 else (302,):
            yield Case(f"{code} to {place[:20]!r}", status(f"{code} Go", b"", Location=place), TransportError)
    yield Case("300", status("300 Choose", b""), BadAnswer)
    yield Case("304", status("304 Same", b""), BadAnswer)
    for wish in RETRY:
        yield Case(f"429, {wish[:12]!r}", status("429 Slow", Retry_After=wish.encode().decode("latin-1")), RateLimited)
    yield Case("503, Retry-After", status("503 Slow", Retry_After="7"), RateLimited)
    yield Case(
        "403 in TronGrid's words",
        status("403 No", b'{"Error":"exceeds the frequency limit(15), suspended for 9999s"}'),
        RateLimited,
    )
    for name, data in {
        "nothing": b"", "a page without a status": b"<html></html>", "half a status": b"HTTP/1.1 20",
        "a status of letters": b"HTTP/1.1 abc OK\r\n\r\n",
        "a status of 7 digits": b"HTTP/1.1 2000000 OK\r\n\r\n", "a negative status": b"HTTP/1.1 -200 OK\r\n\r\n",
        "HTTP/9.9": b"HTTP/9.9 200 OK\r\n\r\n{}",
        "0x00": b"\x00" * 100, "TLS": b"\x15\x03\x01\x00\x02\x02\x46", "half of the headers": OK + b"Content-Len",
        "a header without a name": OK + b": x\r\n\r\n",
        "a header without a colon": OK + b"nonsense " + IN_PATH.encode() + b"\r\nContent-Length: 0\r\n\r\n",
        "no body": OK + b"Content-Length: 0\r\n\r\n",
        "200 headers": OK + b"X-A: b\r\n" * 200 + b"\r\n{}",
        "a header of 100 kB": OK + b"X-A: " + b"b" * 100_000 + b"\r\n\r\n",
        "a length too long": OK + b"Content-Length: 99\r\n\r\n{}",
        "two lengths": OK + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
        "chunks that end early": chunked(b"ff\r\n{}"), "chunks without an end": chunked(chunk(b"{}")),
        "a chunk of letters": chunked(b"zz\r\n{}\r\n"),
        "a chunk of less than nothing": chunked(b"-5\r\n{}\r\n0\r\n\r\n"),
        "a chunk of 2^64": chunked(b"ffffffffffffffffffff\r\n{}\r\n"),
        "a chunk's size without an end": chunked(b"1" * 70_000),
    }.items():  # fmt: skip
        yield Case(name, raw(data), TransportError)
    for name, length in {
        "letters": "abc",
        "minus one": "-1",
        "5,000 digits": "9" * 5000,
        "other digits": "\xb2",
    }.items():
        yield Case(
            f"a length of {name}",
            lambda talk, n=length: (talk.answer(Content_Length=n), talk.conn.shutdown(socket.SHUT_WR))[0],
            None,
        )
    for name, body in {"no gzip": b"{}", "half a gzip": gzip.compress(b"{}" * 999)[:20], "nothing": b""}.items():
        yield Case(f"gzip: {name}", lambda talk, b=body: talk.answer(b, Content_Encoding="gzip"), TransportError)
    yield Case("gzip: a bomb", lambda talk: talk.answer(BOMB, Content_Encoding="gzip"), TooBig)
    yield Case(
        "gzip: a bomb of a bomb", lambda talk: talk.answer(gzip.compress(BOMB), Content_Encoding="gzip, gzip"), TooBig
    )
    yield Case(
        "gzip: 9 times", lambda talk: talk.answer(b"{}", Content_Encoding=", ".join(["gzip"] * 9)), TransportError
    )
    yield Case(
        "an encoding that is none",
        lambda talk: talk.answer(b"\x01\x02", Content_Encoding="zip" + IN_PATH),
        TransportError,
    )
    yield Case("a body over the size", lambda talk: talk.answer(b'"' + b"a" * (2 << 20) + b'"'), TooBig)
    yield Case("a body without an end", flood(OK + b"\r\n", b" " * 65_536), TooBig)
    yield Case("chunks without an end and number", flood(chunked(), chunk(b" " * 65_536)), TooBig)
    yield Case("reset", reset, TransportError)
    yield Case("a key in the reason", echoing("500 {echo}"), TransportError)
    yield Case("a key in the place", echoing("302 Go", Location="http://{echo}.example/{echo}"), BadAnswer)
    yield Case(
        "a key as the host of the place", status("302 Go", b"", Location=f"http://{IN_PATH}.example/"), BadAnswer
    )
    yield Case("a key in a text", echoing("400 Bad"), RequestFailed)
    yield Case("a key in a page", lambda talk: talk.answer(f"<p>{talk.echo}</p>".encode()), BadAnswer)
    yield Case("silent", silent, TimedOut, stalls=True)
    yield Case("headers that drip", drip(OK + b"X-A: "), TimedOut, stalls=True)
    yield Case("header lines that drip", drip(OK, b"a: b\r\n"), TransportError, stalls=True)
    yield Case("a status that drips", drip(b"HTTP/1.1 200 "), TimedOut, stalls=True)
    yield Case("a body that drips", drip(OK + b"\r\n", b" "), TimedOut, stalls=True)
    yield Case(
        "a body of a length that drips", drip(OK + b"Content-Length: 100000\r\n\r\n", b" "), TimedOut, stalls=True
    )
    yield Case("chunks that drip", drip(chunked(), b"1\r\n \r\n"), TimedOut, stalls=True)
    yield Case("a chunk's size that drips", drip(chunked(), b"0"), TransportError, stalls=True)
    yield Case(
        "gzip that drips",
        drip(OK + b"Content-Encoding: gzip\r\n\r\n" + BOMB[:10], b"\x00\x00\x00\xff\xff"),
        TransportError,
        stalls=True,
    )
    yield Case(
        "half an answer, then silence", then_silent(OK + b'Content-Length: 99\r\n\r\n{"value"'), TimedOut, stalls=True
    )
    yield Case("100 Continue without end", flood(b"", b"HTTP/1.1 100 Continue\r\n\r\n"), TimedOut, stalls=True)
    yield Case(
        "100 Continue with headers without end",
        flood(b"", b"HTTP/1.1 100 Continue\r\nX-A: b\r\n\r\n"),
        TimedOut,
        stalls=True,
    )


# --- faults of JSON ---------------------------------------------------------------------------------------------------------
def told(change: Callable[[Talk], bytes | str]) -> Fault:
    def play(talk: Talk) -> None:
        body = change(talk)
        talk.answer(body if isinstance(body, bytes) else body.encode())

    return play


def faults_of_json() -> Iterator[Case]:
    """Bodies that are wrong for any way of asking."""
    deep = 5_000
    for name, body in {
        "no JSON": b"hello", "half a JSON": b'{"jsonrpc":"2.0","id":1,"result":', "HTML": b" <html>",
        "UTF-16 that is none": b"\xff\xfe\x00",
        "bytes that are no text": b'"\xff\xc3\x28"', "two JSONs": b"{}{}", "NaN": b"NaN", "Infinity": b"-Infinity",
        "a comment": b"/* */ {}",
        "a million brackets": b"[" * 1_000_000, "brackets in texts": b'["]",' * 60_000, "brackets after escapes": b'["\\\\",{"]}\\"":' * 60_000,
        "brackets in UTF-16": ("[" * 60_000).encode("utf-16"), "texts in UTF-16": ('["\u0122]\u0122",' * 60_000).encode("utf-16"),
        "deep lists": b"[" * deep + b"]" * deep,
        "deep objects": b'{"a":' * deep + b"1" + b"}" * deep,
        "half of a surrogate pair": b'{"value":"\\ud800"}',
        "a number of 100,000 digits": b'{"value":' + b"9" * 100_000 + b"}",
        "a fraction of 100,000 digits": b'{"value":0.' + b"9" * 100_000 + b"}", "1e999999": b'{"value":1e999999}',
        "1e-999999": b'{"value":1e-999999}',
        "1e9999999999": b'{"value":1e99999999999999999999}', "a key twice": b'{"value":7,"value":8}', "+1": b"+1",
        "01": b"01", ".5": b".5", "0x10": b"0x10",
        "an apostrophe": b"{'a':1}", "a control character": b'"\x01"', "a tail": b'{"value":7} x', "NUL": b"\x00",
    }.items():  # fmt: skip
        yield Case(name, told(lambda _, b=body: b), BadAnswer)


def faults_of_rpc() -> Iterator[Case]:
    """Objects that are wrong as the answer to one call: `i` is its id."""
    deep = 900
    for name, outcome, body in [
        ("null", BadAnswer, "null"), ("a text", BadAnswer, '"x"'), ("a number", BadAnswer, "7"), ("an empty list",
        BadAnswer, "[]"),
        ("an empty object", BadAnswer, "{}"), ("a list of two", BadAnswer,
        '[{"id":%(i)d,"result":1},{"id":%(i)d,"result":2}]'),
        ("no id", BadAnswer, '{"result":1}'), ("id null", BadAnswer, '{"id":null,"result":1}'), ("id true", BadAnswer,
        '{"id":true,"result":1}'),
        ("id false", BadAnswer, '{"id":false,"result":1}'), ("id as text", BadAnswer, '{"id":"%(i)d","result":1}'),
        ("id with a point", BadAnswer, '{"id":%(i)d.0,"result":1}'), ("id with an exponent", BadAnswer,
        '{"id":%(i)de0,"result":1}'),
        ("id a list", BadAnswer, '{"id":[%(i)d],"result":1}'), ("id an object", BadAnswer,
        '{"id":{"a":%(i)d},"result":1}'),
        ("id of another", BadAnswer, '{"id":999,"result":1}'), ("id negative", BadAnswer, '{"id":-%(i)d,"result":1}'),
        ("id twice", BadAnswer, '{"id":%(i)d,"id":%(i)d,"result":1}'), ("result twice", BadAnswer,
        '{"id":%(i)d,"result":1,"result":2}'),
        ("result twice, escaped", BadAnswer, '{"id":%(i)d,"result":1,"res\\u0075lt":2}'), ("no result", BadAnswer,
        '{"id":%(i)d}'),
        ("error a text", BadAnswer, '{"id":%(i)d,"error":"x"}'), ("error a list", BadAnswer,
        '{"id":%(i)d,"error":[1]}'),
        ("error true", BadAnswer, '{"id":%(i)d,"error":true}'), ("error empty", RequestFailed,
        '{"id":%(i)d,"error":{}}'),
        ("error and result", RequestFailed, '{"id":%(i)d,"result":1,"error":{"code":-1,"message":"no"}}'),
        ("error of another", BadAnswer, '{"id":999,"error":{"code":-1,"message":"no"}}'),
        ("error of id true", BadAnswer, '{"id":true,"error":{"code":-1,"message":"no"}}'),
        ("error of no id", RequestFailed, '{"id":null,"error":{"code":-1,"message":"no"}}'),
        ("code a list", RequestFailed, '{"id":%(i)d,"error":{"code":[1,[2]],"message":"no"}}'),
        ("code a text", RequestFailed, '{"id":%(i)d,"error":{"code":"x","message":"no"}}'),
        ("code true", RequestFailed, '{"id":%(i)d,"error":{"code":true,"message":"no"}}'),
        ("code of 4,000 digits", RequestFailed, '{"id":%(i)d,"error":{"code":' + "9" * 4_000 + ',"message":"no"}}'),
        ("message null", RequestFailed, '{"id":%(i)d,"error":{"code":-1,"message":null}}'),
        ("message a list", RequestFailed, '{"id":%(i)d,"error":{"code":-1,"message":[[1]]}}'),
        ("message of a MB", RequestFailed, '{"id":%(i)d,"error":{"code":-1,"message":"' + "x" * 900_000 + '"}}'),
        ("message with escapes", RequestFailed,
        '{"id":%(i)d,"error":{"code":-1,"message":"\\u001b[2J\\u0000\\u0007\\n"}}'),
        ("message right to left", RequestFailed, '{"id":%(i)d,"error":{"code":-1,"message":"\\u202eabc"}}'),
        ("data deep", BadAnswer,
        '{"id":%(i)d,"error":{"code":-1,"message":"m","data":' + "[" * deep + "]" * deep + "}}"),
        ("data not so deep", RequestFailed,
        '{"id":%(i)d,"error":{"code":-1,"message":"m","data":' + "[" * 50 + "]" * 50 + "}}"),
        ("result deep", BadAnswer, '{"id":%(i)d,"result":' + '{"a":' * deep + "1" + "}" * deep + "}"),
        ("-32007 of QuickNode", RateLimited,
        '{"id":%(i)d,"error":{"code":-32007,"message":"100/second request limit reached - reduce calls"}}'),
        ("-32005", RateLimited, '{"id":%(i)d,"error":{"code":-32005,"message":"no"}}'), ("429", RateLimited,
        '{"id":%(i)d,"error":{"code":429}}'),
        ("-32016", RateLimited, '{"id":%(i)d,"error":{"code":-32016,"message":"over rate limit"}}'),
        ("response too large", TooBig, '{"id":%(i)d,"error":{"code":-32003,"message":"response too large"}}'),
    ]:  # fmt: skip
        yield Case(f"rpc: {name}", told(lambda talk, b=body: b.replace("%(i)d", str(talk.asked["id"]))), outcome)


def echoes() -> Iterator[Case]:
    """Answers that hold what the client sent; the answers are taken, the secrets are not."""
    writes: dict[str, Callable[[str], str]] = {
        "as it stands": str, "in capitals": str.upper, "in small letters": str.lower,
        "as a URL has it": lambda text: quote(text, safe=""),
        "in base64": lambda text: b64encode(text.encode()).decode(), "in hexadecimal": lambda text: text.encode().hex(),
    }  # fmt: skip
    for name, write in writes.items():
        words = [write(secret) for secret in SECRETS]
        yield Case(
            f"echo in a result, {name}",
            told(
                lambda talk, w=words[1:]: json.dumps(filled(talk, {"value": 7, w[0]: w, "deep": [{"a": f"x{w[1]}y"}]}))
            ),
            None,
        )
        yield Case(
            f"echo in an error, {name}",
            told(lambda talk, w=words: json.dumps(refused(talk, " ".join(w), {"at": w, w[0]: 1}))),
            TransportError,
        )
    yield Case(
        "echo, escaped", told(lambda talk: json.dumps(filled(talk, IN_PATH)).replace("SEKRET", "\\u0053EKRET")), None
    )
    yield Case(
        "echo of the request", told(lambda talk: json.dumps(refused(talk, talk.echo, talk.echo))), TransportError
    )


def filled(talk: Talk, result: Any) -> Any:
    if isinstance(talk.asked, list):
        return [item | {"result": result} for item in talk.right]
    return talk.right | {"result": result}


def refused(talk: Talk, message: str, data: Any) -> Any:
    error = {"error": {"code": -32000, "message": message, "data": data}}
    if isinstance(talk.asked, list):
        return [{"id": item["id"]} | error for item in talk.asked]
    return {"id": (talk.asked or {}).get("id")} | error


FAULTS = [*faults_of_http(), *faults_of_json(), *faults_of_rpc(), *echoes()]


# --- ways of asking ---------------------------------------------------------------------------------------------------------
def endpoint(port: int, case: Case) -> Endpoint:
    url = (
        f"http://{USER}:{quote(PASSWORD, safe='')}@127.0.0.1:{port}/v3/{IN_PATH}/{FAULTS.index(case)}?token={IN_QUERY}"
    )
    timeout = STALL if case.stalls else PATIENT
    return Endpoint(url, {"X-Api-Key": IN_HEADER}, timeout=timeout, tries=1, pause=0.001, answer_bytes=1 << 20)


def by_call(port: int, case: Case, recording: Recording) -> Any:
    return JsonRpc("ethereum", endpoint(port, case), recording, plain=FAULTS.index(case) % 2 == 0).call(
        "eth_getBalance", ["0x00", "0x1"]
    )


def by_batch(port: int, case: Case, recording: Recording) -> Any:
    found = JsonRpc("ethereum", endpoint(port, case), recording, plain=FAULTS.index(case) % 2 == 0).batch(
        [("a", [1]), ("b", [2])]
    )
    failed = next((item for item in found if isinstance(item, TransportError)), None)
    if failed is not None:
        raise failed
    assert found[0] == found[1]
    return found[0]


def by_get(port: int, case: Case, recording: Recording) -> Any:
    return Http("bitcoin", below(port, case), recording).get(f"/{FAULTS.index(case)}")


def by_post(port: int, case: Case, recording: Recording) -> Any:
    return Http("tron", below(port, case), recording).post(f"/{FAULTS.index(case)}", {"num": 1})


def below(port: int, case: Case) -> Endpoint:
    """The endpoint without the path that names the fault; its query goes with every path."""
    where = endpoint(port, case)
    return replace(where, url=where.url.replace(f"/{FAULTS.index(case)}?", "?"))


def by_download(port: int, case: Case, recording: Recording) -> Any:
    wire = transport._Wire(endpoint(port, case))
    out = io.BytesIO()
    wire.fetch(out, STALL * 2 if case.stalls else PATIENT)
    return json.loads(out.getvalue())


WAYS = {"call": by_call, "batch": by_batch, "get": by_get, "post": by_post, "download": by_download}


def cases_of(way: str) -> list[Case]:
    if way in ("call", "batch"):
        return [case for case in FAULTS if way == "call" or not case.name.startswith("rpc: ")]
    if way == "download":  # bytes are bytes: what is wrong with them is for who parses them
        return [
            case
            for case in faults_by_name()
            if case.outcome == "right" or (case.outcome is not None and case.name not in NO_JSON)
        ]
    return [case for case in FAULTS if not case.name.startswith(("rpc: ", "echo in an error", "echo of"))]


def faults_by_name() -> list[Case]:
    names = {case.name for case in faults_of_http()}
    return [case for case in FAULTS if case.name in names]


NO_JSON = {
    "a key in a page",
    "HTTP/9.9",
    "200 headers",
    "403 in TronGrid's words",
    "gzip: half a gzip",
    "an encoding that is none",
}


class Heard(logging.Handler):
    """Every log record of every logger, as text."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.texts: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.texts.append(record.getMessage() + (str(record.exc_info) if record.exc_info else ""))


@pytest.fixture
def heard(monkeypatch: pytest.MonkeyPatch) -> Iterator[Heard]:
    monkeypatch.setattr(transport, "LONGEST_WAIT", 0.01)
    monkeypatch.setattr(transport, "DOWNLOAD_BYTES", 1 << 20)
    handler, root = Heard(), logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield handler
    root.removeHandler(handler)
    root.setLevel(level)


def judged(name: str, case: Case, ask: Callable[[Recording], Any], folder: Path) -> str:
    """What is wrong with the outcome of a case; nothing, as a rule."""
    began, shown, found = time.monotonic(), "", None
    try:
        found = ask(Recording.record(folder))
    except TransportError as error:
        shown = (
            "".join(traceback.format_exception(error))
            + repr(error)
            + json.dumps(getattr(error, "data", None), default=str)
        )
        if getattr(errors, type(error).__name__, None) is not type(error):
            return f"{name}: a private class {type(error)}"
        if case.outcome == "right" or (case.outcome is not None and not isinstance(error, case.outcome)):
            return f"{name}: {type(error).__name__}: {error}, not {case.outcome}"
        if any(char < " " for char in str(error)) or len(str(error)) > 600:
            return f"{name}: no line of text: {str(error)[:200]!r}"
    except Exception as error:  # noqa: BLE001 - whatever comes out is what the case is about
        return f"{name}: {type(error).__name__} comes out: {error}"
    else:
        if isinstance(case.outcome, type):
            return f"{name}: {str(found)[:80]} is taken, not {case.outcome.__name__}"
        if case.outcome == "right" and found != RIGHT:
            return f"{name}: {str(found)[:80]} is wrong"
        shown = json.dumps(found, default=str)
    took = time.monotonic() - began
    kept = shown + "".join(path.read_text() + path.name for path in folder.rglob("*") if path.is_file())
    leaks = sorted(form for form in FORBIDDEN if form in kept.lower())
    return (
        f"{name}: {leaks} in {kept[:400]}"
        if leaks
        else f"{name}: took {took:.1f} s"
        if took > (BOUND if case.stalls else BOUND + PATIENT)
        else ""
    )


@pytest.fixture
def deep_recursion() -> Iterator[None]:
    """As py_ecc leaves the interpreter once it is imported: a deep answer would end the process, were the limit of recursion its only bound."""
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(100_000)
    yield
    sys.setrecursionlimit(before)


@pytest.mark.usefixtures("deep_recursion")
@pytest.mark.parametrize("way", WAYS)
def test_a_fault_costs_an_answer_and_never_a_number_a_key_or_the_run(
    port: int, way: str, tmp_path: Path, heard: Heard, capfd: pytest.CaptureFixture[str]
) -> None:
    def one(case: Case) -> str:
        return judged(
            f"{way}, {case.name}",
            case,
            lambda recording: WAYS[way](port, case, recording),
            tmp_path / str(FAULTS.index(case)),
        )

    with ThreadPoolExecutor(16) as pool:
        wrong = [found for found in pool.map(one, cases_of(way)) if found]
    assert not wrong, "\n".join(wrong)
    said = "".join(heard.texts) + "".join(capfd.readouterr())
    assert not [form for form in FORBIDDEN if form in said.lower()]


def test_there_are_enough_cases() -> None:
    assert sum(len(cases_of(way)) for way in WAYS) + len(LINES) > 500
    assert len({case.name for case in FAULTS}) == len(FAULTS)


# --- lines ------------------------------------------------------------------------------------------------------------------
ECHOED = f"{PASSWORD} {IN_PATH} {IN_QUERY.lower()}"


def line(value: Any) -> bytes:
    return (value if isinstance(value, bytes) else json.dumps(value).encode()) + b"\n"


def right_lines(asked: list[Any]) -> list[Any]:
    return [{"jsonrpc": "2.0", "id": item["id"], "result": RIGHT} for item in asked]


def on_line(
    answer: Callable[[list[Any]], bytes | None], *, of_version: bool = False
) -> Callable[[socket.socket], None]:
    """A server that answers what its client asks first, its version, and then by `answer`; or by that from the beginning."""

    def speak(conn: socket.socket) -> None:
        with conn.makefile("rb") as lines:
            for number, text in enumerate(lines):
                asked = json.loads(text)
                said = line(right_lines(asked)) if number == 0 and not of_version else answer(asked)
                if said is None:
                    return
                conn.sendall(said)

    return speak


def pouring(data: bytes, pause: float = 0.0) -> Callable[[socket.socket], None]:
    def speak(conn: socket.socket) -> None:
        with conn.makefile("rb") as lines:
            conn.sendall(line(right_lines(json.loads(lines.readline()))))
            lines.readline()
            while True:
                conn.sendall(data)
                time.sleep(pause)

    return speak


def deaf(conn: socket.socket) -> None:
    conn.recv(10)
    time.sleep(STALL * 12)


def item(asked: list[Any], **other: Any) -> bytes:
    """The right answers, but of the first question: a key that is None there is left out."""
    first = {key: value for key, value in (right_lines(asked)[0] | other).items() if value is not None}
    return line([first, *right_lines(asked)[1:]])


@dataclass(frozen=True)
class OfLines:
    name: str
    speak: Callable[[socket.socket], None]
    outcome: type[TransportError] | str | None
    stalls: bool = False


NOTE = line({"jsonrpc": "2.0", "method": "blockchain.headers.subscribe", "params": [{"height": 1}]})
LINES = [
    OfLines("right", on_line(lambda asked: line(right_lines(asked))), "right"),
    OfLines("right, in another order", on_line(lambda asked: line(right_lines(asked)[::-1])), "right"),
    OfLines("right, after notifications", on_line(lambda asked: NOTE * 5 + line(right_lines(asked))), "right"),
    OfLines(
        "right, error null beside it",
        on_line(lambda asked: line([found | {"error": None} for found in right_lines(asked)])),
        "right",
    ),
    OfLines(
        "two answers with one id", on_line(lambda asked: line([*right_lines(asked), right_lines(asked)[0]])), BadAnswer
    ),
    OfLines(
        "two answers with one id, one missing",
        on_line(lambda asked: line([right_lines(asked)[0]] * len(asked))),
        BadAnswer,
    ),
    OfLines(
        "an answer of nobody beside",
        on_line(lambda asked: line([*right_lines(asked), {"id": 999, "result": 1}])),
        BadAnswer,
    ),
    OfLines("an answer of nobody alone", on_line(lambda asked: line({"id": 999, "result": 1})), BadAnswer),
    OfLines("one answer too few", on_line(lambda asked: line(right_lines(asked)[1:])), BadAnswer),
    OfLines("id true", on_line(lambda asked: item(asked, id=True)), BadAnswer),
    OfLines("id with a point", on_line(lambda asked: item(asked, id=float(asked[0]["id"]))), BadAnswer),
    OfLines("id as text", on_line(lambda asked: item(asked, id=str(asked[0]["id"]))), BadAnswer),
    OfLines("id a list", on_line(lambda asked: item(asked, id=[asked[0]["id"]])), BadAnswer),
    OfLines("no id", on_line(lambda asked: item(asked, id=None)), BadAnswer),
    OfLines("no ids", on_line(lambda asked: line([{"result": 1} for _ in asked])), BadAnswer),
    OfLines(
        "a key twice",
        on_line(lambda asked: line(right_lines(asked)).replace(b'"result"', b'"result":1,"result"', 1)),
        BadAnswer,
    ),
    OfLines("neither result nor error", on_line(lambda asked: item(asked, result=None)), BadAnswer),
    OfLines("error a text", on_line(lambda asked: item(asked, error="x", result=None)), BadAnswer),
    OfLines("error a number", on_line(lambda asked: item(asked, error=0)), BadAnswer),
    OfLines("error false", on_line(lambda asked: item(asked, error=False)), BadAnswer),
    OfLines(
        "error of odd parts",
        on_line(lambda asked: item(asked, error={"code": [1], "message": {"a": [1]}})),
        RequestFailed,
    ),
    OfLines(
        "history too large",
        on_line(lambda asked: item(asked, error={"code": 1, "message": "history too large"})),
        TooBig,
    ),
    OfLines("busy", on_line(lambda asked: item(asked, error={"code": -102, "message": "server busy"})), RateLimited),
    OfLines(
        "busy in words",
        on_line(lambda asked: item(asked, error={"code": 1, "message": "5/second request limit reached"})),
        RateLimited,
    ),
    OfLines(
        "a refusal of the whole",
        on_line(lambda _: line({"id": None, "error": {"code": -32600, "message": ECHOED}})),
        BadAnswer,
    ),
    OfLines(
        "a key in an error",
        on_line(lambda asked: item(asked, error={"code": 1, "message": ECHOED, "data": [ECHOED]})),
        RequestFailed,
    ),
    OfLines("a key in a result", on_line(lambda asked: item(asked, result=[ECHOED, {ECHOED: 1}])), None),
    OfLines("an empty array", on_line(lambda _: b"[]\n"), BadAnswer),
    OfLines("an empty line", on_line(lambda _: b"\n"), BadAnswer),
    OfLines("no JSON", on_line(lambda _: b"<html>\n"), BadAnswer),
    OfLines("half a JSON", on_line(lambda _: b"[[[\n"), BadAnswer),
    OfLines("a number", on_line(lambda _: b"7\n"), BadAnswer),
    OfLines("a list of numbers", on_line(lambda _: b"[7]\n"), BadAnswer),
    OfLines("deep lists", on_line(lambda _: b"[" * 5_000 + b"]" * 5_000 + b"\n"), BadAnswer),
    OfLines("no text", on_line(lambda _: b"\xff\xfe\n"), BadAnswer),
    OfLines("1e999999 beside", on_line(lambda asked: line(right_lines(asked))[:-3] + b',"x":1e999999}]\n'), BadAnswer),
    OfLines("hangs up", on_line(lambda _: None), TransportError),
    OfLines("hangs up in the middle", on_line(lambda asked: line(right_lines(asked))[:9]), TransportError, stalls=True),
    OfLines("hangs up at once", on_line(lambda _: None, of_version=True), TransportError),
    OfLines(
        "refuses the version",
        on_line(lambda asked: item(asked, error={"code": 1, "message": "unsupported"}), of_version=True),
        RequestFailed,
    ),
    OfLines("a version of no form", on_line(lambda _: b"hello\n", of_version=True), BadAnswer),
    OfLines("speaks HTTP", on_line(lambda _: b"HTTP/1.1 400 Bad Request\r\n\r\n", of_version=True), BadAnswer),
    OfLines("notifications without end", pouring(NOTE * 500), BadAnswer),
    OfLines("empty lines without end", pouring(b"\n" * 1000), BadAnswer),
    OfLines("a line without end", pouring(b" " * 65_536), TooBig),
    OfLines("a line that drips", pouring(b" ", 0.02), TimedOut, stalls=True),
    OfLines("notifications that drip", pouring(NOTE, 0.02), TimedOut, stalls=True),
    OfLines("silent", on_line(lambda _: b""), TimedOut, stalls=True),
    OfLines("silent from the start", on_line(lambda _: b"", of_version=True), TimedOut, stalls=True),
    OfLines("deaf", deaf, TimedOut, stalls=True),
]


@pytest.mark.parametrize("questions", [1, 3])
def test_a_fault_of_a_line_costs_an_answer_and_never_a_number_a_key_or_the_run(
    questions: int, tmp_path: Path, heard: Heard
) -> None:
    def ask(case: OfLines, recording: Recording) -> Any:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            served(listener, case.speak)
            url = f"electrum+tcp://{USER}:{quote(PASSWORD, safe='')}@127.0.0.1:{listener.getsockname()[1]}/{IN_PATH}?token={IN_QUERY}"
            where = Endpoint(url, timeout=STALL if case.stalls else PATIENT, tries=1, pause=0.001, answer_bytes=1 << 20)
            found = ElectrumRpc("bitcoin", where, recording).batch([("m", [n]) for n in range(questions)])
        for failed in found:
            if isinstance(failed, TransportError):
                raise failed
        return found[0]

    def one(number: int) -> str:
        case = LINES[number]
        return judged(
            f"lines, {case.name}",
            Case(case.name, silent, case.outcome, case.stalls),
            lambda recording: ask(case, recording),
            tmp_path / str(number),
        )

    numbers_ = [
        n
        for n, case in enumerate(LINES)
        if questions > 1 or not (case.name.startswith("one answer too few") or "one missing" in case.name)
    ]
    with ThreadPoolExecutor(16) as pool:
        wrong = [found for found in pool.map(one, numbers_) if found]
    assert not wrong, "\n".join(wrong)
    assert not [form for form in FORBIDDEN if form in "".join(heard.texts).lower()]


def test_a_second_answer_to_a_question_is_told_to_the_next_who_asks() -> None:
    """The first answer counts; the server is not believed any more, and asked anew afterwards."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        served(
            listener,
            on_line(
                lambda asked: line(right_lines(asked)) + line([found | {"result": 8} for found in right_lines(asked)])
            ),
        )
        lines = ElectrumRpc(
            "bitcoin", Endpoint(f"electrum+tcp://127.0.0.1:{listener.getsockname()[1]}", tries=1), Recording.off()
        )
        assert lines.call("m") == RIGHT
        while not lines._open or not lines._open.closed:  # until the second line has come
            time.sleep(0.01)
        with pytest.raises(BadAnswer, match="answers a question twice"):
            lines.call("m")
        assert lines.call("m") == RIGHT


def test_a_batch_that_fails_as_a_whole_leaves_the_others() -> None:
    def answer(asked: list[Any]) -> bytes:
        return b"" if asked[0]["params"] == ["hang"] else line(right_lines(asked))

    with socket.create_server(("127.0.0.1", 0)) as listener:
        served(listener, on_line(answer))
        lines = ElectrumRpc(
            "bitcoin",
            Endpoint(f"electrum+tcp://127.0.0.1:{listener.getsockname()[1]}", timeout=PATIENT, pause=0.001),
            Recording.off(),
        )
        found = list(lines.tried([[("m", [name])] for name in ("a", "hang", "b")], 1, seconds=STALL))
    assert [found[0], found[2]] == [[RIGHT], [RIGHT]]
    assert isinstance(found[1], TimedOut)


# --- times, sizes, tries ----------------------------------------------------------------------------------------------------
def counting(port: int, case: Case, **more: Any) -> Endpoint:
    return replace(endpoint(port, case), **more)


def named(name: str) -> Case:
    return next(case for case in FAULTS if case.name == name)


def test_what_is_left_of_a_body_is_no_answer_to_the_next_question(port: int) -> None:
    """A body that dripped was given up, and the next try read on in it: 1,026 seconds where 40 were the bound."""
    began = time.monotonic()
    rpc = JsonRpc("ethereum", counting(port, named("a body of a length that drips"), tries=4), Recording.off())
    with pytest.raises(TimedOut):
        rpc.call("m", [])
    assert 2 * STALL <= time.monotonic() - began < 2 * STALL + BOUND


def test_a_call_has_bounds_of_its_own(port: int) -> None:
    rpc = JsonRpc("ethereum", counting(port, named("silent"), timeout=PATIENT), Recording.off())
    began = time.monotonic()
    with pytest.raises(TimedOut, match="no answer within"):
        rpc.call("scantxoutset", [], timeout=STALL, patient=False)
    assert time.monotonic() - began < BOUND
    rpc = JsonRpc("ethereum", counting(port, named("right")), Recording.off())
    assert rpc.call("m", [], answer_bytes=200) == RIGHT
    for ask in (lambda: rpc.call("m", [], answer_bytes=20), lambda: rpc.batch([("m", [])], answer_bytes=20)):
        with pytest.raises(TooBig, match="longer than 20 bytes"):
            ask()


@pytest.mark.parametrize("wish", RETRY)
def test_a_pause_that_a_server_wishes_for_is_bounded(port: int, wish: str, monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[float] = []
    here = threading.get_ident()
    monkeypatch.setattr(
        "porlake.transport.time.sleep", lambda seconds: slept.append(seconds) if threading.get_ident() == here else None
    )
    with pytest.raises(RateLimited):
        JsonRpc("x", counting(port, named(f"429, {wish[:12]!r}"), tries=2), Recording.off()).call("m", [])
    assert len([pause for pause in slept if pause]) <= 2 * 4
    assert all(0 <= pause <= 60 for pause in slept)


def test_a_file_that_comes_too_slowly_is_given_up(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(TimedOut):
        transport._Wire(counting(port, named("a body that drips"), timeout=PATIENT)).fetch(io.BytesIO(), STALL)
    monkeypatch.setattr(transport, "DOWNLOAD_BYTES", 1 << 20)
    with pytest.raises(TooBig):
        transport._Wire(counting(port, named("a body without an end"))).fetch(io.BytesIO())


def test_a_dump_that_stops_or_crawls_is_given_up(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    with transport.streamed(endpoint(port, named("right")).url) as file:
        assert json.loads(file.read()) == RIGHT
    monkeypatch.setattr(transport._Stream, "SLOWEST", 10**9)
    clock = iter(range(0, 10**6, 100))
    with (
        transport.streamed(endpoint(port, named("a body without an end")).url) as file,
        pytest.raises(TimedOut, match="slower than"),
    ):
        monkeypatch.setattr("porlake.transport.time.monotonic", lambda: float(next(clock)) + 10**9)
        file.read(10)


# --- endpoints --------------------------------------------------------------------------------------------------------------
ODD_URLS = [
    "http://user:se/cret@host", "http://user:12/cret@host/", "http://user:se?cret@host", "http://user:se#cret@host",
    "http://host:99999/secret",
    "http://host:abc/secret", "http://host:-1/secret", "http://host:0/secret", "http://[::1/secret",
    "http://[secret]/", "http://::1/secret",
    "http://[::1]secret/", "http://host\\@secret/", "http://ho st/secret", "http://host/sec\x00ret",
    "http://host/sec\nret", "http://host/sec\x1bret",
    " http://host/secret", "http://ho%20st/secret", "http://ho<st>/secret", "gopher://host/secret",
    "HTTP+http://secret", "file:///secret", "secret",
    "http:secret", "http:///secret", "http://@/secret", "http://user:secret@/",
    "http://" + "a" * 70 + ".example/secret", "http://host/" + "secret" * 1000,
    "http://host/a#secret", "esplora+ftp://secret", "electrum+tcp://host:x/secret", "http://.secret..example/",
    "data:secret", "",
]  # fmt: skip


@pytest.mark.parametrize("url", ODD_URLS)
def test_a_url_that_cannot_be_read_is_a_sentence_without_a_part_of_it(url: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        Endpoint(url)
    shown = "".join(traceback.format_exception(refused.value)[-1:])
    assert not any(part in shown for part in ("cret", "se/", "se?", "se#", "99999", "abc", "user:", "ho<"))
    assert len(shown) < 400
    assert refused.value.__cause__ is None
    assert refused.value.__suppress_context__ or refused.value.__context__ is None


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("http://[::1]:8545/v3/k", "[::1]:8545"), ("http://[::1]", "[::1]"), ("HTTP://Host.Example:8545",
        "host.example:8545"), ("http://host:/x", "host"),
        ("https://user:p%2Fw%40x@host/path?k=v", "host"), ("http://user:p@ss@host", "host"),
        ("electrum+ssl://host:50002?pin=ab", "host:50002"),
        ("https://cdn.example/gh/a@1.0/r.csv", "cdn.example"), ("http://b\xfccher.example", "b\xfccher.example"),
        ("http://a_b-c.example", "a_b-c.example"),
        ("http://127.0.0.1:1", "127.0.0.1:1"),
    ],
)  # fmt: skip
def test_an_endpoint_is_shown_as_its_host(url: str, host: str) -> None:
    assert Endpoint(url).host == host


@pytest.mark.parametrize(
    "more",
    [
        {"timeout": 0}, {"timeout": -1}, {"timeout": float("nan")}, {"timeout": float("inf")}, {"timeout": "5"},
        {"timeout": True}, {"timeout": 10**9},
        {"tries": 0}, {"tries": 1.5}, {"tries": True}, {"per_second": 0}, {"per_second": "x"}, {"in_flight": 0},
        {"in_flight": 10**9}, {"pause": -1},
        {"answer_bytes": 0}, {"headers": {"a b": "secret"}}, {"headers": {"a": "sec\r\nret"}}, {"headers": {"a": 5}},
        {"headers": {"a": "\u2603secret"}},
        {"headers": ["secret"]},
    ],
)  # fmt: skip
def test_odd_numbers_and_headers_are_a_sentence(more: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError) as refused:
        Endpoint("http://host", **more)
    assert "ret" not in str(refused.value)


def test_a_password_is_sent_as_it_is_meant(port: int) -> None:
    with pytest.raises(RequestFailed) as failed:
        JsonRpc("x", endpoint(port, named("echo of the request")), Recording.off()).call("m", [])
    assert str(failed.value).count(transport.BLANK) >= 5
    assert "127.0.0.1" in str(failed.value)


def test_words_of_a_path_are_no_secret_in_answers(port: int) -> None:
    """`/bitcoin/mainnet` in a URL must not change what a server tells of Bitcoin's main network, nor a number."""
    secrets = transport._Secrets(Endpoint("https://host/bitcoin/mainnet/v3/12345678/deadbeef?chain=main"))
    told_ = {"chain": "bitcoin", "net": "mainnet", "sum": "3123456780", "hash": "00deadbeef00"}
    assert secrets.answer(json.dumps(told_).encode(), told_) == told_
    assert secrets.text("bitcoin at 12345678") != "bitcoin at 12345678"


# --- recordings -------------------------------------------------------------------------------------------------------------
@pytest.mark.usefixtures("deep_recursion")
@pytest.mark.parametrize(
    "text",
    ["", "[]", "7", "null", "{}", '{"answer": 1}', '{"error": null, "host": "h"}', '{"error": {}}',
    '{"error": {"class": "JsonRpc", "text": 1}}',
     '{"error": {"class": 5, "text": "t"}}', '{"error": {"class": "RequestFailed"}}',
     '{"answer": {"$decimal": "x"}, "host": "h"}', "[" * 100_000, '["]",' * 200_000],
)  # fmt: skip
def test_a_recording_of_another_form_is_not_read(text: str, tmp_path: Path) -> None:
    Recording.record(tmp_path).answer("n", "m", [], "h", lambda: 1)
    (path,) = (tmp_path / "n").glob("*.json")
    path.write_text(text)
    with pytest.raises((NotRecorded, TransportError)):
        Recording.replay(tmp_path).answer("n", "m", [], "", lambda: 2)


def test_a_clock_that_is_none_and_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    Recording.record(tmp_path).now()
    (path,) = (tmp_path / "run").glob("*.json")
    path.write_text('{"answer": 5, "host": ""}')
    with pytest.raises(NotRecorded, match="clock"):
        Recording.replay(tmp_path).now()
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigurationError, match="cannot be written"):
        Recording.record(tmp_path / "file").now()


# --- TLS --------------------------------------------------------------------------------------------------------------------
def authority(folder: Path) -> tuple[Path, Path]:
    """A key and a certificate of 127.0.0.1 that signs itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    builder = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(1)
    )
    builder = builder.not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
    builder = builder.add_extension(
        x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False
    )
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    certificate = builder.sign(key, hashes.SHA256())
    form = serialization.PrivateFormat.PKCS8
    (folder / "key.pem").write_bytes(key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()))
    (folder / "certificate.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    return folder / "key.pem", folder / "certificate.pem"


def test_by_tls_a_right_answer_comes_a_dripping_one_ends_and_a_stranger_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key, certificate = authority(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)

    def speak(conn: socket.socket) -> None:
        with context.wrap_socket(conn, server_side=True) as secure:
            speak_http(secure)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        served(listener, speak)

        def by_tls(name: str) -> JsonRpc:
            where = endpoint(listener.getsockname()[1], named(name))
            return JsonRpc("x", replace(where, url=where.url.replace("http://", "https://")), Recording.off())

        with pytest.raises(TransportError, match="certificate is not trusted"):
            by_tls("right").call("m", [])
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        transport._tls.cache_clear()
        try:
            rpc = by_tls("right")
            assert [rpc.call("m", []), rpc.call("m", ["x" * 500_000])] == [RIGHT, RIGHT]
            for name in ("headers that drip", "a body that drips", "100 Continue without end"):
                began = time.monotonic()
                with pytest.raises(TimedOut):
                    by_tls(name).call("m", [])
                assert time.monotonic() - began < BOUND
        finally:
            transport._tls.cache_clear()

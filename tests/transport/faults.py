"""Faults of HTTP, of JSON and of JSON-RPC, each with what has to come of it."""

from __future__ import annotations

import gzip
import json
import socket
import struct
import time
import zlib
from base64 import b64encode
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote

from porlake.errors import (
    BadAnswer,
    RateLimited,
    RequestFailed,
    TimedOut,
    TooBig,
    TransportError,
)
from porlake.transport import Endpoint
from transport.stub import (
    IN_HEADER,
    IN_PATH,
    IN_QUERY,
    PASSWORD,
    PATIENT,
    SECRETS,
    STALL,
    USER,
    Fault,
    Talk,
)


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
        "403 in a gateway's words",
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


# --- faults of JSON ---------------------------------------------------------------------------------------------------
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
        "a million brackets": b"[" * 1_000_000, "brackets in texts": b'["]",' * 60_000,
        "brackets after escapes": b'["\\\\",{"]}\\"":' * 60_000,
        "brackets in UTF-16": ("[" * 60_000).encode("utf-16"),
        "texts in UTF-16": ('["\u0122]\u0122",' * 60_000).encode("utf-16"),
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


def endpoint(port: int, case: Case, **more: Any) -> Endpoint:
    """The endpoint behind which the server plays the case."""
    url = (
        f"http://{USER}:{quote(PASSWORD, safe='')}@127.0.0.1:{port}/v3/{IN_PATH}/{FAULTS.index(case)}?token={IN_QUERY}"
    )
    timeout = STALL if case.stalls else PATIENT
    found = Endpoint(url, {"X-Api-Key": IN_HEADER}, timeout=timeout, tries=1, pause=0.001, answer_bytes=1 << 20)
    return replace(found, **more)


def below(port: int, case: Case) -> Endpoint:
    """The endpoint without the path that names the fault; its query goes with every path."""
    where = endpoint(port, case)
    return replace(where, url=where.url.replace(f"/{FAULTS.index(case)}?", "?"))


def named(name: str) -> Case:
    return next(case for case in FAULTS if case.name == name)


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

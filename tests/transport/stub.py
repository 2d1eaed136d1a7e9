"""A loopback server of raw bytes, and what its tests keep to: secrets, the right answer, times."""

from __future__ import annotations

import json
import socket
import threading
import time
from base64 import b64encode
from collections.abc import Callable
from contextlib import suppress
from typing import Any
from urllib.parse import quote

from porlake.errors import RateLimited, TooBig
from porlake.transport.error_table import ErrorTable, Rule

USER, PASSWORD, IN_PATH, IN_QUERY, IN_HEADER = "Cust0mer", "p4ss/w0rd+x", "SEKRETkey", "q7Token.x", "He4der-Value"
SECRETS = (USER, PASSWORD, IN_PATH, IN_QUERY, IN_HEADER)
RIGHT = {"value": 7, "text": "seven"}
STALL, PATIENT = 0.4, 20.0
"""Seconds that are waited for an answer: of a server that stalls, and of one that does not."""
BOUND = 15.0
TABLE = ErrorTable(
    (
        Rule(RateLimited, codes={-102, -32005, 429}, text=r"rate limit|/second"),
        Rule(RateLimited, text=r"frequency limit(?:.*suspended for (?P<seconds>[0-9]{1,4}) ?s)?"),
        Rule(TooBig, text="too large"),
    )
)
"""What the errors of the servers of these tests mean."""


def forms(secret: str) -> set[str]:
    encoded = b64encode(secret.encode()).decode().rstrip("=")
    return {form.lower() for form in (secret, quote(secret, safe=""), encoded, secret.encode().hex())}


FORBIDDEN = set().union(*map(forms, SECRETS))


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

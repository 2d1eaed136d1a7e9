"""Sockets that keep to a time.

A socket's own time-out begins anew with each byte: headers that drip and `100 Continue` without end would hold a run
for ever.
"""

from __future__ import annotations

import logging
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

import urllib3


def _no_address(record: logging.LogRecord) -> bool:
    return record.levelno > logging.DEBUG and "url" not in str(record.msg)


# urllib3 writes paths, and so keys, into its log: at DEBUG each request, whatever the level of a program's own log is,
# and with a warning of headers.
for _name in ("urllib3.connectionpool", "urllib3.connection", "urllib3.poolmanager", "urllib3.util.retry"):
    logging.getLogger(_name).addFilter(_no_address)


_limit = threading.local()


@contextmanager
def deadline(moment: float) -> Iterator[None]:
    """Sockets of this module are done in this thread by a moment of the monotonic clock, or raise TimeoutError."""
    before = getattr(_limit, "moment", None)
    _limit.moment = moment
    try:
        yield
    finally:
        _limit.moment = before


def _keep_to_deadline(stream: socket.socket) -> None:
    moment = getattr(_limit, "moment", None)
    if moment is not None:
        left = moment - time.monotonic()
        if left <= 0:
            raise TimeoutError("the time is over")
        stream.settimeout(left)


class DeadlineSocket(socket.socket):
    """A socket that keeps to `deadline`. urllib3 reads by `recv_into` and sends by `sendall`."""

    def recv_into(self, *args: Any, **more: Any) -> int:
        _keep_to_deadline(self)
        return super().recv_into(*args, **more)

    def sendall(self, *args: Any, **more: Any) -> None:
        _keep_to_deadline(self)
        super().sendall(*args, **more)


class DeadlineTlsSocket(ssl.SSLSocket):
    """As DeadlineSocket; TLS sends a part at a time."""

    def recv_into(self, *args: Any, **more: Any) -> int:
        _keep_to_deadline(self)
        return super().recv_into(*args, **more)

    def send(self, *args: Any, **more: Any) -> int:
        _keep_to_deadline(self)
        return super().send(*args, **more)


class _DeadlineConnection(urllib3.connection.HTTPConnection):
    def _new_conn(self) -> socket.socket:
        plain = super()._new_conn()
        timeout = plain.gettimeout()
        found = DeadlineSocket(fileno=plain.detach())
        found.settimeout(timeout)
        return found


class _DeadlineHttpPool(urllib3.HTTPConnectionPool):
    ConnectionCls = _DeadlineConnection


class ConnectionPool(urllib3.PoolManager):
    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.pool_classes_by_scheme = {"http": _DeadlineHttpPool, "https": urllib3.HTTPSConnectionPool}


@cache
def tls_context() -> ssl.SSLContext:
    """Certificates as everywhere, and sockets that keep to `deadline`."""
    context = ssl.create_default_context()
    context.sslsocket_class = DeadlineTlsSocket
    return context

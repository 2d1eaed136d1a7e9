"""The loopback server, and everything that a test could leak."""

from __future__ import annotations

import logging
import socket
import sys
from collections.abc import Iterator

import pytest

from porlake.transport import (
    connection,
    limits,
)
from transport.faults import speak_http
from transport.judging import Heard
from transport.stub import (
    served,
)


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0), backlog=200) as listener:
        served(listener, speak_http)
        yield listener.getsockname()[1]


@pytest.fixture
def heard(monkeypatch: pytest.MonkeyPatch) -> Iterator[Heard]:
    monkeypatch.setattr(limits, "LONGEST_WAIT", 0.01)
    monkeypatch.setattr(connection, "DOWNLOAD_BYTES", 1 << 20)
    handler, root = Heard(), logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield handler
    root.removeHandler(handler)
    root.setLevel(level)


@pytest.fixture
def deep_recursion() -> Iterator[None]:
    """As py_ecc leaves the interpreter once it is imported: a deep answer would end the process, were the limit of
    recursion its only bound.
    """
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(100_000)
    yield
    sys.setrecursionlimit(before)

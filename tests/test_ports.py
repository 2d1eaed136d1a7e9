"""No two servers of tests are given one port, in one process or in several at once."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

import ports
from ports import free_port, free_ports

ASKS = "import sys; from ports import free_ports; print(*free_ports(4, also=10_000), flush=True); sys.stdin.read()"


def test_a_port_is_given_once_in_a_process() -> None:
    given = [free_port() for _ in range(50)]
    assert len(set(given)) == 50
    for port in given:
        socket.create_server(("127.0.0.1", port)).close()


def test_ports_in_a_row_leave_out_one_that_somebody_listens_at(monkeypatch: pytest.MonkeyPatch) -> None:
    first, _, third, *_ = free_ports(6)
    for port in range(first, first + 6):
        os.close(ports._HELD.pop(port))
    monkeypatch.setattr(ports, "_FROM", first)
    monkeypatch.setattr(ports, "_END", first + 7)
    with socket.create_server(("127.0.0.1", third)):
        assert free_ports(3) == [first + 3, first + 4, first + 5]
        with pytest.raises(RuntimeError, match="no 3 ports in a row are free"):
            free_ports(3)
        assert sorted([free_port(), free_port()]) == [first, first + 1]


def test_processes_that_ask_at_once_are_given_ports_of_their_own() -> None:
    asking = [
        subprocess.Popen(
            [sys.executable, "-c", ASKS], cwd=Path(__file__).parent, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(4)
    ]  # fmt: skip
    given = [int(port) for process in asking if process.stdout for port in process.stdout.readline().split()]
    for process in asking:
        process.communicate()
    assert len(given) == len(set(given)) == 16
    assert max(given) + 10_000 < 32_768

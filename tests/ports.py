"""Ports on loopback for the servers of tests, each given to one process alone.

A port that the system found free a moment ago is free for whoever asks at the same moment, and for any connection that
goes out: those have 32,768 and more on Linux. So a port is one below that, and a lock on a file of its number is held
for as long as the process lives.
"""

from __future__ import annotations

import fcntl
import itertools
import os
import random
import socket
import tempfile
from pathlib import Path

_FROM, _END = 20_000, 32_768
_HELD: dict[int, int] = {}
"""The open lock of each port that this process gave out."""


def free_port() -> int:
    return free_ports(1)[0]


def free_ports(number: int, also: int = 0) -> list[int]:
    """So many ports in a row; the one `also` above each is free too. Raises RuntimeError where there are none."""
    first = range(_FROM, _END - also - number)
    for start in random.SystemRandom().sample(first, len(first)):
        ports = list(range(start, start + number))
        asked = [*ports, *(port + also for port in ports if also)]
        taken = list(itertools.takewhile(_taken, asked))
        if taken == asked:
            return ports
        for port in taken:
            os.close(_HELD.pop(port))
    raise RuntimeError(f"no {number} ports in a row are free")


def _taken(port: int) -> bool:
    """Whether the port is now this process's."""
    if port in _HELD:
        return False
    folder = Path(tempfile.gettempdir(), f"porlake-ports-{os.getuid()}")
    folder.mkdir(mode=0o700, exist_ok=True)
    lock = os.open(folder / str(port), os.O_CREAT | os.O_RDWR, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        for host in ("127.0.0.1", "0.0.0.0"):
            with socket.socket() as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                probe.bind((host, port))
    except OSError:
        os.close(lock)
        return False
    _HELD[port] = lock
    return True

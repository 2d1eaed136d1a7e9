"""A process that forks for each command that it is asked for: what it has imported and read, no fork does again.

An asker (`asker.py`) hands over its arguments, environment, folder, streams and locks; the fork works with them and
ends with the code that the asker then ends with.
"""

from __future__ import annotations

import array
import contextlib
import json
import os
import select
import signal
import socket
import sys
import threading
import traceback
from collections.abc import Callable
from typing import Any

Asked = dict[str, Any]  # arguments, environment, folder


def serve(place: str, of: int, prepared: Callable[[Asked], Any], run: Callable[[Asked, Any], None]) -> None:
    """Answers at a socket until the process `of`, that of the test run, ends. What `prepared` gives is made here,
    before the fork; `run` does the work in the fork.
    """
    tests = os.pidfd_open(of)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for the forks
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listener.bind(place)
    listener.listen()
    while tests not in select.select([listener, tests], [], [])[0]:
        asker, _ = listener.accept()
        with asker:
            asked, handed = _request(asker)
            if asked is None:
                continue
            given = prepared(asked)
            # two threads of native libraries wait for work here, and hold nothing that a fork would miss
            assert threading.active_count() == 1, "a process with threads of Python's must not fork"
            if os.fork() == 0:
                listener.close()
                _fork(asker, asked, handed, lambda: run(asked, given))  # noqa: B023 (the fork knows no next one)
            for descriptor in handed:
                os.close(descriptor)


def _request(asker: socket.socket) -> tuple[Asked | None, list[int]]:
    """What is asked, and the descriptors that came with it; nothing of an asker that is gone."""
    handed = array.array("i")
    head, extra, *_ = asker.recvmsg(8, socket.CMSG_LEN(64 * handed.itemsize))
    for _, _, data in extra:
        handed.frombytes(data[: len(data) - len(data) % handed.itemsize])
    message, length = b"", int.from_bytes(head, "big")
    while len(message) < length and (part := asker.recv(1 << 16)):
        message += part
    return (json.loads(message) if len(message) == length and head else None), list(handed)


def _fork(asker: socket.socket, asked: Asked, handed: list[int], work: Callable[[], None]) -> None:
    """The work in this fork, which ends here as a Python process does."""
    code = 70
    try:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        for number, descriptor in enumerate(handed[:3]):
            os.dup2(descriptor, number)
        os.chdir(asked["folder"])
        os.environ.clear()
        os.environ.update(asked["environment"])
        try:
            work()
            code = 0
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else 0 if end.code is None else 1
            if code == 1 and end.code != 1:
                sys.stderr.write(f"{end.code}\n")
    except BaseException:  # noqa: BLE001 (its text is what the asker shows)
        traceback.print_exc()
        code = 1
    finally:
        for stream in (sys.stdout, sys.stderr):
            with contextlib.suppress(OSError):
                stream.flush()
        with contextlib.suppress(OSError):
            asker.sendall(bytes([code & 255]))
        os._exit(code & 255)

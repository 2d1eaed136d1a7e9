"""A process that was started to run dbt, and whose work the server does in a process of its own."""

from __future__ import annotations

import array
import contextlib
import fcntl
import json
import os
import resource
import socket
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).parent
#: What lakes and cases are built and tested by.
COMMANDS = {"build", "test"}


def run(place: str, arguments: list[str]) -> None:
    """Has dbt run with this process's folder, environment, streams and locks, and ends with its exit code. Returns
    where it must run here: what builds and tests nothing, and under a limit that the server's processes would not have.
    """
    if COMMANDS.isdisjoint(arguments):
        return
    if resource.getrlimit(resource.RLIMIT_FSIZE)[0] != resource.RLIM_INFINITY:
        return
    with _connected(Path(place)) as server:
        asked = {"arguments": arguments, "environment": dict(os.environ), "folder": str(Path.cwd())}
        message = json.dumps(asked).encode()
        handed = array.array("i", [0, 1, 2, *_inherited(server.fileno())])
        server.sendmsg([len(message).to_bytes(8, "big")], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, handed)])
        server.sendall(message)
        code = server.recv(1)
    os._exit(code[0] if code else 70)  # it ended without a word


def _connected(place: Path) -> socket.socket:
    """A connection to the server, which the first that needs it starts."""
    with place.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        server = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        with contextlib.suppress(OSError):
            server.connect(str(place))
            return server
        place.unlink(missing_ok=True)
        environment = {name: value for name, value in os.environ.items() if name != "DBT_ONCE"}
        with place.with_suffix(".log").open("w") as log:
            command = [sys.executable, str(HERE / "dbt_server.py"), str(place), os.environ["DBT_ONCE_OF"]]
            started = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=environment, cwd="/", process_group=0,
            )  # fmt: skip
        while started.poll() is None:
            with contextlib.suppress(OSError):
                server.connect(str(place))
                return server
            time.sleep(0.02)
        raise OSError(f"dbt's server did not start; {place.with_suffix('.log')} says why")


def _inherited(but: int) -> list[int]:
    """What a parent handed down beside the three streams: the lock on a build's folder."""
    found = []
    for number in (int(path.name) for path in Path("/proc/self/fd").iterdir()):
        with contextlib.suppress(OSError):  # that of this listing
            if number > 2 and number != but and os.get_inheritable(number):
                found.append(number)
    return found

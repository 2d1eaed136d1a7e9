"""A process whose work a server does in a fork of its own (`forks.py`): dbt for the build of a lake, and what runs with
Airflow imported.
"""

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
from collections.abc import Mapping
from pathlib import Path
from typing import NoReturn

HERE = Path(__file__).parent
DBT = ["-c", "from dbt.cli.main import cli; cli()"]
#: What lakes and cases are built and tested by.
COMMANDS = {"build", "test"}


def run(line: list[str], environ: Mapping[str, str]) -> None:
    """Has a server do what the command line of this process says, where it is one for a server, and ends with its exit
    code. Returns where it must run here.
    """
    if not line or resource.getrlimit(resource.RLIMIT_FSIZE)[0] != resource.RLIM_INFINITY:
        return  # the server's processes would not have that limit
    if environ.get("DBT_ONCE") and line[:2] == DBT and not COMMANDS.isdisjoint(line):
        _ask(Path(environ["DBT_ONCE"]), "dbt_server.py", line[2:])
    elif environ.get("AIRFLOW_ONCE") and line[:2] != DBT and (line[0] == "-c" or Path(line[0]).name == "airflow"):
        _ask(Path(environ["AIRFLOW_ONCE"]), "airflow_server.py", line)


def _ask(place: Path, server: str, arguments: list[str]) -> NoReturn:
    """With this process's folder, environment, streams and locks."""
    with _connected(place, server) as connection:
        asked = {"arguments": arguments, "environment": dict(os.environ), "folder": str(Path.cwd())}
        message = json.dumps(asked).encode()
        handed = array.array("i", [0, 1, 2, *_inherited(connection.fileno())])
        rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, handed)]
        connection.sendmsg([len(message).to_bytes(8, "big")], rights)
        connection.sendall(message)
        code = connection.recv(1)
    os._exit(code[0] if code else 70)  # it ended without a word


def _connected(place: Path, server: str) -> socket.socket:
    """A connection to the server, which the first that needs it starts."""
    with place.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        with contextlib.suppress(OSError):
            connection.connect(str(place))
            return connection
        place.unlink(missing_ok=True)
        environment = {name: value for name, value in os.environ.items() if name not in ("DBT_ONCE", "AIRFLOW_ONCE")}
        with place.with_suffix(".log").open("w") as log:
            command = [sys.executable, str(HERE / server), str(place), os.environ["ONCE_OF"]]
            started = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=environment, cwd="/", process_group=0,
            )  # fmt: skip
        while started.poll() is None:
            with contextlib.suppress(OSError):
                connection.connect(str(place))
                return connection
            time.sleep(0.02)
        raise OSError(f"{server} did not start; {place.with_suffix('.log')} says why")


def _inherited(but: int) -> list[int]:
    """What a parent handed down beside the three streams: the lock on a build's folder."""
    found = []
    for number in (int(path.name) for path in Path("/proc/self/fd").iterdir()):
        with contextlib.suppress(OSError):  # that of this listing
            if number > 2 and number != but and os.get_inheritable(number):
                found.append(number)
    return found

"""Airflow on its embedded default: SQLite, one folder, no service that must run already.

python -m porlake.airflow.local run okx '{"reports": ["data/samples/..."], "replay": "..."}'
                                          one DAG run, in this process; `registry` there: as PORLAKE_REGISTRY
python -m porlake.airflow.local up        scheduler, API and UI
python -m porlake.airflow.local dags      the folder of the DAG files, for an Airflow of your own
python -m porlake.airflow.local pools     its pools, for `airflow pools import`
"""

from __future__ import annotations

import json
import os
import re
import secrets
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import chain
from pathlib import Path
from typing import TextIO

from porlake import dbt_project, registry
from porlake.airflow.pools import SHARE_SLOTS, SHARES, SLOTS, WAREHOUSE
from porlake.errors import ConfigurationError, PorlakeError

AIRFLOW = Path(sys.executable).with_name("airflow")


def environment(home: Path, environ: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Airflow's settings with `home` as its folder and the DAGs that porlake comes with; what the environment sets
    already stays.
    """
    defaults = {
        "AIRFLOW_HOME": str(home / ".airflow"),
        "AIRFLOW__CORE__DAGS_FOLDER": str(dbt_project.shipped("dags")),
        "AIRFLOW__CORE__PLUGINS_FOLDER": str(home / "plugins"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__PARALLELISM": "4",
        "AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION": "True",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS": "False",
        "AIRFLOW__LOGGING__LOGGING_LEVEL": "INFO",  # what a task says of its work is told at this level
        "AIRFLOW__USAGE_DATA_COLLECTION__ENABLED": "False",
        "AIRFLOW__API__SECRET_KEY": _kept_secret(home / ".airflow" / "secret"),
        "AIRFLOW__API_AUTH__JWT_SECRET": _kept_secret(home / ".airflow" / "jwt_secret"),
        "PORLAKE_HOME": str(home),
        "PATH": f"{AIRFLOW.parent}{os.pathsep}{environ.get('PATH', '')}",
    }
    return defaults | dict(environ) | {"PATH": defaults["PATH"]}


def run(home: Path, exchange: str, conf: str) -> int:
    """One run of an exchange's DAG, start to end: a line a task here, all of it in .airflow/run.log. The exit code is
    Airflow's.
    """
    env, given = environment(home), json.loads(conf)
    if own := given.get("registry"):  # the DAG's networks are those of the run's rows, too
        env[registry.OWN_ROWS] = str(home / own)
    log = home / ".airflow" / "run.log"
    command = [str(AIRFLOW), "dags", "test", f"proof_of_reserves_{exchange}", "--conf", json.dumps(given)]
    with log.open("w", encoding="utf-8") as out:
        sys.stdout.write("Airflow starts\n")
        sys.stdout.flush()
        _migrated(env, out.fileno())
        with subprocess.Popen(
            command,
            env=env,
            cwd=home,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
            errors="replace",
        ) as work:
            assert work.stdout is not None
            for line in told(_kept_in(out, work.stdout)):
                sys.stdout.write(line)
                sys.stdout.flush()
    if work.returncode:
        sys.stderr.write("".join(log.read_text(encoding="utf-8", errors="replace").splitlines(keepends=True)[-60:]))
        sys.stderr.write(f"the run failed; the whole log is {log}\n")
    return work.returncode


def _kept_in(out: TextIO, lines: Iterable[str]) -> Iterator[str]:
    for line in lines:
        out.write(line)
        yield line


STARTS = re.compile(r"\[DAG TEST\] starting task_id=(\S+)")
OF_A_NETWORK = "observe_"
ENDS = re.compile(r"Task instance state updated .*\bnew_state=(\w+)")


def told(lines: Iterable[str], clock: Callable[[], float] = time.monotonic) -> Iterator[str]:
    """What a person is told of the log of `airflow dags test`, in pieces: the name of each task when it begins, how it
    ended when it has.

    Instances of one task that follow each other are one line, with their number. Of the tasks of networks those that
    were skipped are one line, at the end: nothing is claimed there, or nothing was read.
    """
    name, began, ends, skipped = "", 0.0, Counter[str](), 0
    for line in chain(lines, ("",)):
        starts = STARTS.search(line)
        if name and (not line or (starts and starts[1] != name)):
            of_a_network = name.startswith(OF_A_NETWORK)
            if of_a_network and ends.keys() == {"skipped"}:
                skipped += 1
            else:
                yield (f"  {name:<32}" if of_a_network else "") + _ended(ends, clock() - began)
        if starts and starts[1] != name:
            name, began, ends = starts[1], clock(), Counter()
            yield "" if name.startswith(OF_A_NETWORK) else f"  {name:<32}"
        elif ended := ENDS.search(line):
            ends[ended[1]] += 1
    yield f"  {f'{skipped} networks':<32}skipped: no claims, or nothing read\n" if skipped else ""


def _ended(ends: Mapping[str, int], seconds: float) -> str:
    """`39 success, 6.1 s`"""
    counted = ", ".join(
        f"{count} {state}" if sum(ends.values()) > 1 else state for state, count in sorted(ends.items())
    )
    return f"{counted or 'no end'}, {seconds:.1f} s\n"


def up(home: Path) -> int:
    """Scheduler, API server and UI in the foreground, with a pool for each network, until interrupted."""
    env = environment(home)
    port = env.get("AIRFLOW__API__PORT", "8080")
    if _taken(int(port)):
        raise ConfigurationError(f"port {port} is taken; choose another: AIRFLOW__API__PORT=8081 make airflow")
    env |= {
        "AIRFLOW__API__PORT": port,
        "AIRFLOW__API__BASE_URL": f"http://127.0.0.1:{port}",
        "AIRFLOW__API__HOST": "127.0.0.1",
        "PORLAKE_DEADLINES": "yes",  # there is a scheduler, which keeps them
    }
    _migrated(env, None)
    pools = home / ".airflow" / "pools.json"
    pools.write_text(json.dumps(pools_of_networks(), indent=1), encoding="utf-8")
    subprocess.run([str(AIRFLOW), "pools", "import", str(pools)], env=env, check=True, stdout=subprocess.DEVNULL)
    password = home / ".airflow" / "simple_auth_manager_passwords.json.generated"
    print(f"Airflow comes up at http://127.0.0.1:{port}", f"user admin, password in {password}", sep="\n", flush=True)  # noqa: T201
    return subprocess.run([str(AIRFLOW), "standalone"], env=env, cwd=home, check=False).returncode


def pools_of_networks() -> dict[str, dict[str, object]]:
    """A pool for each network that a client reads, one for the rest, one for shares of observations, one for builds: in
    the form of `airflow pools import`.
    """
    read = [network for network in registry.load().networks.values() if network.is_read]
    pools = {f"porlake_{n.network}": {"slots": SLOTS, "description": f"tasks that ask {n.name}"} for n in read}
    return pools | {
        "porlake_others": {"slots": SLOTS, "description": "tasks of networks without a pool of their own"},
        SHARES: {
            "slots": SHARE_SLOTS,
            "description": "shares of observations that ask one account a question, and of parses",
        },
        WAREHOUSE: {"slots": 1, "description": "builds of the tables, and their publication"},
    }


def _migrated(env: Mapping[str, str], out: int | None) -> None:
    subprocess.run([str(AIRFLOW), "db", "migrate"], env=env, check=True, stdout=out or subprocess.DEVNULL, stderr=out)


def _kept_secret(path: Path) -> str:
    """A secret made once for this checkout: Airflow's processes must agree on it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        path.touch(mode=0o600)
        path.write_text(secrets.token_hex(32), encoding="utf-8")
    return path.read_text(encoding="utf-8")


def _taken(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def main(arguments: list[str]) -> int:
    home = Path(os.environ.get("PORLAKE_HOME", ".")).absolute()
    match arguments:
        case ["run", exchange, conf]:
            return run(home, exchange, conf)
        case ["up"]:
            return up(home)
        case ["dags"]:
            sys.stdout.write(f"{dbt_project.shipped('dags')}\n")
            return 0
        case ["pools"]:
            sys.stdout.write(json.dumps(pools_of_networks(), indent=1) + "\n")
            return 0
    sys.stderr.write(__doc__ or "")
    return 2


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except PorlakeError as error:
        sys.exit(f"porlake: {error}")

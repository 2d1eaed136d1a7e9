"""Airflow as it runs on several machines, on loopback: PostgreSQL, Redis, API server, DAG processor, scheduler, and
workers of Celery, each in a process of its own that a test may kill.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

import psycopg2
import pytest

from porlake import dbt_project
from porlake.airflow import local
from ports import free_port
from support import ROOT, environment

REDIS = ROOT / ".nodes" / "redis"
OWN_POSTGRES = ROOT / ".nodes" / "postgres"
NOBODY = 65534  # PostgreSQL refuses to be root


def postgres_programs() -> Path | None:
    """The folder of PostgreSQL's programs, the system's or that of `make nodes`."""
    own = [path for root in (OWN_POSTGRES, Path("/")) for path in sorted(root.glob("usr/lib/postgresql/*/bin/initdb"))]
    program = own[-1] if own else shutil.which("initdb")
    return Path(program).parent if program else None


@contextmanager
def postgres() -> Iterator[int]:
    """A server's port: the database `postgres`, the user `airflow`, no password."""
    programs = postgres_programs()
    assert programs is not None
    as_nobody: dict[str, Any] = {"user": NOBODY, "group": NOBODY, "extra_groups": []} if os.geteuid() == 0 else {}
    env = environment()
    if programs.is_relative_to(OWN_POSTGRES):
        env["LD_LIBRARY_PATH"] = str(OWN_POSTGRES / "usr/lib/x86_64-linux-gnu")
    folder, port = Path(tempfile.mkdtemp(prefix="pg-")), free_port()
    try:
        if as_nobody:
            os.chown(folder, NOBODY, NOBODY)
        quiet: dict[str, Any] = {"env": env, "cwd": folder, "stdout": subprocess.DEVNULL} | as_nobody
        subprocess.run(
            [programs / "initdb", "-D", folder / "data", "-U", "airflow", "-A", "trust", "--no-sync"],
            check=True, **quiet,
        )  # fmt: skip
        options = [
            "listen_addresses=127.0.0.1",
            f"unix_socket_directories={folder}",
            "fsync=off",
            "max_connections=200",
        ]
        command = [programs / "postgres", "-D", folder / "data", "-p", str(port)]
        with (folder.with_suffix(".log")).open("wb") as log:
            server = subprocess.Popen(
                [*command, *(word for option in options for word in ("-c", option))], stderr=log, **quiet
            )
        try:
            _wait(
                lambda: subprocess.run(
                    [programs / "pg_isready", "-p", str(port), "-h", "127.0.0.1"], check=True, **quiet
                )
            )
            yield port
        finally:
            server.send_signal(signal.SIGQUIT)
            server.wait()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        folder.with_suffix(".log").unlink(missing_ok=True)


@contextmanager
def redis(password: str) -> Iterator[int]:
    """A server's port."""
    loader = next(REDIS.rglob("ld-linux-x86-64.so.2"))
    libraries = ":".join(str(REDIS / place) for place in ("usr/lib/x86_64-linux-gnu", "lib/x86_64-linux-gnu"))
    port = free_port()
    command = [str(loader), "--library-path", libraries, str(REDIS / "usr/bin/redis-server"), "--port", str(port)]
    with tempfile.TemporaryDirectory() as folder:
        server = subprocess.Popen(
            [*command, "--bind", "127.0.0.1", "--requirepass", password, "--save", "", "--dir", folder],
            stdout=subprocess.DEVNULL,
        )
        try:
            yield port
        finally:
            server.kill()
            server.wait()


def _wait(ask: Any, seconds: float = 60) -> Any:
    """What `ask` gives once it raises nothing."""
    until = time.monotonic() + seconds
    while True:
        try:
            return ask()
        except (OSError, subprocess.CalledProcessError):
            if time.monotonic() > until:
                raise
            time.sleep(0.2)


def _bundle(name: str, folder: Path) -> dict[str, Any]:
    kind = "airflow.dag_processing.bundles.local.LocalDagBundle"
    return {"name": name, "classpath": kind, "kwargs": {"path": str(folder)}}


class Services:
    """Airflow's processes and its API, with porlake's DAGs and those in `dags` of its folder. Every process leads a
    group of its own, which `kill` ends without a word.
    """

    def __init__(self, home: Path, database: int, broker: int, password: str, lake: str, **more: str) -> None:
        self.home, self.port, self.running = home, free_port(), dict[str, subprocess.Popen[bytes]]()
        (home / "dags").mkdir()
        (home / "hosts.py").write_text("import os\n\n\ndef name() -> str:\n    return os.environ['WORKER']\n")
        place = f"airflow@127.0.0.1:{database}/postgres"
        self._database = f"postgresql://{place}"
        self.env = (
            environment()
            | {
                "AIRFLOW_HOME": str(home),
                "AIRFLOW__DAG_PROCESSOR__DAG_BUNDLE_CONFIG_LIST": json.dumps(
                    [_bundle("porlake", dbt_project.shipped("dags")), _bundle("others", home / "dags")]
                ),
                "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
                "AIRFLOW__CORE__EXECUTOR": "CeleryExecutor",
                "AIRFLOW__CORE__PARALLELISM": "4",
                "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"http://127.0.0.1:{self.port}/execution/",
                "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS": "True",
                "AIRFLOW__CORE__FERNET_KEY": "A" * 43 + "=",
                "AIRFLOW__CORE__HOSTNAME_CALLABLE": "hosts.name",
                "AIRFLOW__API__PORT": str(self.port),
                "AIRFLOW__API__HOST": "127.0.0.1",
                "AIRFLOW__API__BASE_URL": f"http://127.0.0.1:{self.port}",
                "AIRFLOW__API__SECRET_KEY": "a" * 32,
                "AIRFLOW__API_AUTH__JWT_SECRET": "b" * 32,
                "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"postgresql+psycopg2://{place}",
                "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN_ASYNC": f"postgresql+asyncpg://{place}",
                "AIRFLOW__CELERY__RESULT_BACKEND": f"db+postgresql+psycopg2://{place}",
                "AIRFLOW__CELERY__BROKER_URL": f"redis://:{password}@127.0.0.1:{broker}/0",
                "AIRFLOW__CELERY__CELERY_CONFIG_OPTIONS": "porlake.airflow.celery.CONFIG",
                # parsed once, however long that takes on a machine that does much else
                "AIRFLOW__DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL": "3600",
                "AIRFLOW__DAG_PROCESSOR__DAG_FILE_PROCESSOR_TIMEOUT": "300",
                "AIRFLOW__USAGE_DATA_COLLECTION__ENABLED": "False",
                # who died is known within seconds, not minutes
                "AIRFLOW__SCHEDULER__TASK_QUEUED_TIMEOUT": "60",
                "AIRFLOW__SCHEDULER__TASK_QUEUED_TIMEOUT_CHECK_INTERVAL": "5",
                "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_SEC": "2",
                "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT": "20",
                "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT_DETECTION_INTERVAL": "3",
                "AIRFLOW__SCHEDULER__ORPHANED_TASKS_CHECK_INTERVAL": "5",
                "AIRFLOW__SCHEDULER__SCHEDULER_HEALTH_CHECK_THRESHOLD": "10",
                "PORLAKE_LAKE": lake,
                "PORLAKE_RETRY_AFTER": "2",
                "PYTHONPATH": os.pathsep.join([str(home), *filter(None, [os.environ.get("PYTHONPATH")])]),
                "WORKER": "head",
                "DBT_ONCE": "",
            }
            | more
        )

    def airflow(self, *arguments: str) -> None:
        """One of Airflow's commands, to its end."""
        done = subprocess.run(
            [str(local.AIRFLOW), *arguments], env=self.env, cwd=self.home, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr[-3000:]

    def start(self, name: str, *arguments: str) -> None:
        """A program of Airflow's that goes on; its log is <name>.log."""
        with (self.home / f"{name}.log").open("ab") as log:
            self.running[name] = subprocess.Popen(
                [str(local.AIRFLOW), *arguments], env=self.of(name), cwd=self.home, stdout=log,
                stderr=subprocess.STDOUT, start_new_session=True,
            )  # fmt: skip

    def of(self, name: str) -> dict[str, str]:
        """The environment of a process, as on a machine of its own: what it fetches no other sees."""
        return self.env | {"WORKER": name, "PORLAKE_CACHE": str(self.home / f"cache-{name}")}

    def worker(self, name: str, queues: str) -> None:
        self.start(
            name, "celery", "worker", "--queues", queues, "--concurrency", "2", "--celery-hostname", f"{name}@%h",
            "--skip-serve-logs", "--without-gossip", "--pid", str(self.home / f"{name}.pid"),
        )  # fmt: skip

    def kill(self, name: str) -> None:
        """SIGKILL to the process and to all that it started: nothing of them says farewell."""
        process = self.running.pop(name)
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def stop(self) -> None:
        for name in list(self.running):
            self.kill(name)

    def ask(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        """An answer of the API. Raises OSError."""
        headers = {"Content-Type": "application/json"}
        if not path.startswith("/auth"):
            headers["Authorization"] = f"Bearer {self.token}"
        asked = urllib.request.Request(
            f"http://127.0.0.1:{self.port}{path}", json.dumps(body).encode() if body is not None else None, headers,
            method=method,
        )  # fmt: skip
        try:
            with urllib.request.urlopen(asked, timeout=30) as response:
                return json.load(response)
        except urllib.error.HTTPError as error:
            raise OSError(f"{method} {path}: {error.code} {error.read()[:300]!r}") from error

    def ready(self, dag: str) -> None:
        """The API answers, and knows the DAG; it is unpaused."""
        self.token = _wait(lambda: self.ask("GET", "/auth/token")["access_token"], 120)
        _wait(lambda: self.ask("PATCH", f"/api/v2/dags/{dag}", {"is_paused": False}), 300)

    def trigger(self, dag: str, conf: Mapping[str, Any]) -> str:
        return str(self.ask("POST", f"/api/v2/dags/{dag}/dagRuns", {"logical_date": None, "conf": conf})["dag_run_id"])

    def tasks(self, dag: str, run: str) -> list[dict[str, Any]]:
        """The tasks of a run, as the database has them: the API takes half a second of CPU for all of them, which a
        test asks for again and again while they run.
        """
        columns = ("task_id", "map_index", "state", "try_number", "hostname")
        asked = f"SELECT {', '.join(columns)} FROM task_instance WHERE dag_id = %s AND run_id = %s"
        return [dict(zip(columns, row, strict=True)) for row in self._rows(asked, dag, run)]

    def _rows(self, sql: str, *values: str) -> list[tuple[Any, ...]]:
        with closing(psycopg2.connect(self._database)) as database, database.cursor() as cursor:
            cursor.execute(sql, values)
            return list(cursor.fetchall())

    def runs(self, dag: str) -> list[dict[str, Any]]:
        return list(self.ask("GET", f"/api/v2/dags/{dag}/dagRuns?limit=100")["dag_runs"])

    def events(self, dag: str, run: str) -> list[dict[str, Any]]:
        """The events of assets by which a run was started."""
        return list(self.ask("GET", f"/api/v2/dags/{dag}/dagRuns/{run}/upstreamAssetEvents")["asset_events"])

    def asked(self, dag: str, run: str, task: str) -> dict[str, Any]:
        """What a person is asked by a task. Raises OSError where nobody is."""
        return dict(self.ask("GET", f"/api/v2/dags/{dag}/dagRuns/{run}/taskInstances/{task}/-1/hitlDetails"))

    def answer(self, dag: str, run: str, task: str, option: str) -> None:
        path = f"/api/v2/dags/{dag}/dagRuns/{run}/taskInstances/{task}/-1/hitlDetails"
        self.ask("PATCH", path, {"chosen_options": [option], "params_input": {}})

    def state(self, dag: str, run: str) -> str:
        ((state,),) = self._rows("SELECT state FROM dag_run WHERE dag_id = %s AND run_id = %s", dag, run)
        return str(state)

    def logs(self) -> str:
        """The ends of all logs, for a failure's message."""
        return "\n".join(f"== {path.name}\n{path.read_text()[-1500:]}" for path in sorted(self.home.glob("*.log")))


@contextmanager
def services(home: Path, lake: str, dags: str, **more: str) -> Iterator[Services]:
    """All that is needed but scheduler and workers; the database is migrated and holds porlake's pools. `dags`: the
    text of a further DAG file. Skips where PostgreSQL or Redis is not there.
    """
    if postgres_programs() is None or not REDIS.exists():
        pytest.skip("`make nodes` installs PostgreSQL and Redis")
    password = "kept-secret"
    with postgres() as database, redis(password) as broker:
        found = Services(home, database, broker, password, lake, **more)
        try:
            (home / "dags" / "others.py").write_text(dags, encoding="utf-8")
            found.airflow("db", "migrate")
            pools = home / "pools.json"
            pools.write_text(json.dumps(local.pools_of_networks()), encoding="utf-8")
            found.start("api-server", "api-server", "--workers", "1")
            found.start("dag-processor", "dag-processor")
            found.airflow("pools", "import", str(pools))
            yield found
        finally:
            found.stop()


def porlake(services: Services, *arguments: str) -> subprocess.CompletedProcess[str]:
    """The command line with the environment of Airflow's processes."""
    return subprocess.run(
        [sys.executable, "-m", "porlake", *arguments], env=services.of("head") | {"COLUMNS": "300"}, cwd=services.home,
        capture_output=True, text=True, check=False,
    )  # fmt: skip

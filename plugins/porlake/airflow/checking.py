"""What an Airflow lacks to run porlake's DAGs: asked of its configuration, its metadata database and, under Celery, of
its broker and workers. Nothing is changed, and nothing that is secret is told.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from importlib import metadata
from pathlib import Path
from typing import Any

from airflow.configuration import conf
from airflow.dag_processing.bundles.manager import DagBundlesManager
from airflow.dag_processing.dagbag import DagBag
from airflow.exceptions import AirflowException
from airflow.jobs.job import most_recent_job
from airflow.models import Connection, DagModel, Pool
from airflow.models.errors import ParseImportError
from airflow.utils import db
from airflow.utils.session import create_session
from sqlalchemy import select
from sqlalchemy.engine import make_url
from sqlalchemy.exc import SQLAlchemyError

from porlake import dbt_project, pipeline, registry
from porlake.airflow.common import WAREHOUSE, briefly
from porlake.airflow.hook import endpoint_of
from porlake.airflow.local import pools_of_networks
from porlake.errors import ConfigurationError
from porlake.queries.doctor import Check

#: Executors whose tasks run on other machines: what this machine alone knows or holds does not reach them.
SPREAD = ("CeleryExecutor", "KubernetesExecutor", "EdgeExecutor")
#: What several machines must be told alike, and how it is where they are not.
SECRETS = {
    ("api", "secret_key"): "made anew by each process",
    ("api_auth", "jwt_secret"): "made anew by each process",
    ("core", "fernet_key"): "not set: connections lie in the database as they are",
}
POOLS = "porlake airflow pools > pools.json; airflow pools import pools.json"
_CONNECTION = re.compile(r"porlake_(?P<network>.+?)(?P<number>_[2-9]|_[1-9]\d+)?")


def checks(environ: Mapping[str, str] = os.environ) -> list[Check]:
    """What was looked at; a remedy stands beside what is not right. Where the database cannot be asked nothing that
    stands there is.
    """
    executor = str(conf.get("core", "executor")).rpartition(".")[2]
    spread = executor in SPREAD
    database = _database(spread)
    asked = [*_pools(), *_dags(), *_jobs(), *_connections(environ)] if database.ok else []
    celery = _celery() if executor == "CeleryExecutor" else ()
    return [*_versions(), database, *asked, *_agreed(executor, spread), *celery, *_lake(environ, spread)]


def _versions() -> Iterator[Check]:
    version = metadata.version("apache-airflow")
    fits = (3, 3) <= tuple(map(int, version.split(".")[:2])) < (4, 0)
    yield Check("apache-airflow", fits, version, "porlake runs in Airflow from 3.3 on, below 4")
    yield Check("porlake", True, metadata.version("porlake"), "")


def _database(spread: bool) -> Check:
    kind = make_url(str(conf.get("database", "sql_alchemy_conn"))).get_backend_name()
    try:
        db.check()
        db.check_migrations(0)
    except SQLAlchemyError as error:
        why = str(error.__cause__ or error).splitlines()[0]
        return Check("database", False, f"{kind}: {why}", "[database] sql_alchemy_conn; is the server there?")
    except TimeoutError:
        return Check("database", False, f"{kind}, not of this Airflow's version", "airflow db migrate")
    if spread and kind == "sqlite":
        return Check("database", False, kind, "[database] sql_alchemy_conn: PostgreSQL, which many machines can ask")
    return Check("database", True, kind, "")


def _pools() -> Iterator[Check]:
    with create_session() as session:
        held = {str(pool.pool): pool.slots for pool in session.scalars(select(Pool))}
    wanted = pools_of_networks()
    lacking = sorted(set(wanted) - set(held))
    found = f"{len(wanted) - len(lacking)} of {len(wanted)}"
    yield Check("pools", not lacking, f"{found}; lacking: {briefly(lacking)}" if lacking else found, POOLS)
    without = sorted(name for name in set(wanted) & set(held) if held[name] == 0)
    if without:
        yield Check("slots of pools", False, f"none in {briefly(without)}", "airflow pools set NAME 2 ''")


def _dags() -> Iterator[Check]:
    folder = dbt_project.shipped("dags")
    shipped = set(DagBag(str(folder)).dags)
    bundles = [Path(bundle.path) for bundle in DagBundlesManager().get_all_dag_bundles()]
    with create_session() as session:
        rows = session.execute(select(DagModel.dag_id, DagModel.is_paused).where(~DagModel.is_stale))
        held = {name: paused for name, paused in rows if name in shipped}
        errors = [
            str(error.filename)
            for error in session.scalars(select(ParseImportError))
            if "porlake" in f"{error.filename} {error.stacktrace}"
        ]
    named = any(folder.is_relative_to(bundle.absolute()) for bundle in bundles)
    remedy = (
        "is the dag-processor running? porlake and its DAG files must be of one version"
        if named
        else f"AIRFLOW__CORE__DAGS_FOLDER={folder}, or a DAG bundle with that path"
    )
    lacking = sorted(shipped - set(held))
    found = f"{len(held)} of {len(shipped)}"
    yield Check("DAGs", not lacking, f"{found}; lacking: {briefly(lacking)}" if lacking else found, remedy)
    if errors:
        yield Check("import errors", False, briefly(sorted(errors)), "airflow dags list-import-errors")
    if held and all(held.values()):
        yield Check("paused", False, "every DAG of porlake", "airflow dags unpause NAME", optional=True)


def _jobs() -> Iterator[Check]:
    for kind, program, optional in (
        ("SchedulerJob", "scheduler", False),
        ("DagProcessorJob", "dag-processor", False),
        ("TriggererJob", "triggerer", True),
    ):
        with create_session() as session:
            job = most_recent_job(kind, session=session)
            alive = job is not None and job.is_alive()
            found = f"alive on {job.hostname}" if job and alive else "it was never here" if job is None else "it ended"
        yield Check(program, alive, found, f"airflow {program}", optional=optional)


def _connections(environ: Mapping[str, str]) -> Iterator[Check]:
    with create_session() as session:
        rows = session.scalars(select(Connection).where(Connection.conn_id.like("porlake%")))
        held = {str(row.conn_id): row for row in rows}
        for name, value in environ.items():
            if name.startswith("AIRFLOW_CONN_PORLAKE"):
                conn_id = name.removeprefix("AIRFLOW_CONN_").lower()
                held[conn_id] = _of_environment(conn_id, value)
        wrong = [(name, _wrong(name, row, held)) for name, row in sorted(held.items())]
    for name, why in wrong:
        if why:
            yield Check(f"connection {name}", False, why, "airflow connections delete, and add it as said")
    yield from _endpoints(set(held))
    if conf.get("secrets", "backend", fallback=""):
        yield Check("secrets backend", True, "asked by tasks; what it holds was not looked at here", "")


def _of_environment(name: str, value: str) -> Connection | None:
    try:
        return Connection.from_json(value, conn_id=name) if value.startswith("{") else Connection(name, uri=value)
    except (ValueError, AirflowException):  # not told: the text may be secret
        return None


def _wrong(name: str, row: Any, held: Mapping[str, Any]) -> str:
    """What is wrong with a connection; '' where nothing is."""
    if row is None:
        return "what the environment says is no connection"
    if name == "porlake_lake":
        return ""
    match = _CONNECTION.fullmatch(name)
    network = registry.load().networks.get(match["network"]) if match else None
    if network is None or not network.is_read:
        return "its name is of no network that is read: `porlake networks` lists them"
    assert match is not None
    number = int((match["number"] or "_1")[1:])
    before = f"porlake_{match['network']}" + (f"_{number - 1}" if number > 2 else "")
    if number > 1 and before not in held:
        return f"never asked: there is no {before}"
    try:
        endpoint_of(name, row)
    except ConfigurationError as error:
        return str(error)
    return ""


def _endpoints(held: set[str]) -> Iterator[Check]:
    """Networks that nobody can be asked about: they are unobserved in the tables, which is no fault of an Airflow."""
    session = pipeline.session()
    read = [name for name, network in registry.load().networks.items() if network.is_read]
    without = sorted(name for name in read if f"porlake_{name}" not in held and not session.endpoints_of(name))
    found = f"{len(read) - len(without)} of {len(read)} networks"
    told = f"{found}; none for {briefly(without)}" if without else found
    yield Check("endpoints", not without, told, "a connection porlake_<network>", optional=True)


def _agreed(executor: str, spread: bool) -> Iterator[Check]:
    """What every process and machine must know alike."""
    yield Check("executor", True, executor, "")
    if not spread:
        return
    for (section, option), else_ in SECRETS.items():
        said = _is_named(section, option)
        yield Check(f"[{section}] {option}", said, "set" if said else else_, "set the same on every machine")
    url = str(conf.get("core", "execution_api_server_url", fallback="") or "")
    yield Check(
        "execution API", bool(url), url or "not named: tasks ask localhost",
        "[core] execution_api_server_url = http://<api server>:8080/execution/",
    )  # fmt: skip
    remote = conf.getboolean("logging", "remote_logging")
    yield Check("logs", remote, "remote" if remote else "on each machine", "[logging] remote_logging", optional=True)


def _is_named(section: str, option: str) -> bool:
    """By the environment, the file, a command or a secret's name: not by what Airflow makes where nobody says it."""
    found = conf.as_dict(display_source=True, display_sensitive=True, include_cmds=False, include_secret=False)
    sources = [found.get(section, {}).get(name) for name in (option, f"{option}_cmd", f"{option}_secret")]
    named = any(isinstance(source, tuple) and source[1] != "default" for source in sources)
    return named and bool(conf.get(section, option, fallback=""))


def _celery() -> Iterator[Check]:
    try:
        from airflow.providers.celery.executors.celery_executor_utils import app
        from celery.exceptions import OperationalError
    except ImportError as error:
        yield Check("celery", False, str(error).splitlines()[0], "pip install 'porlake[celery]'")
        return
    yield Check("celery", True, metadata.version("celery"), "")
    backend = str(app.conf.result_backend or "")
    if re.match(r"db\+postgresql://", backend) and not _installed("psycopg"):
        yield Check(
            "result backend", False, "names no driver, and psycopg is not installed",
            "[celery] result_backend = db+postgresql+psycopg2://...",
        )  # fmt: skip
    try:
        with app.connection_for_read() as broker:
            broker.ensure_connection(max_retries=1, timeout=5)
        listening = app.control.inspect(timeout=3).active_queues() or {}
    except (OperationalError, OSError) as error:
        yield Check("broker", False, str(error).splitlines()[0], "[celery] broker_url; is the server there?")
        return
    yield Check("broker", True, f"answers; {len(listening)} workers", "")
    slots, parallelism = _slots(app), conf.getint("core", "parallelism")
    yield Check(
        "parallelism", parallelism <= slots, f"{parallelism}; the workers have {slots} slots",
        f"[core] parallelism = {slots}: who waits in a queue for long is taken for lost, and has failed", optional=True,
    )  # fmt: skip
    for queue in dict.fromkeys((str(conf.get("operators", "default_queue")), WAREHOUSE)):
        workers = sorted(name for name, queues in listening.items() if queue in {one["name"] for one in queues})
        found = briefly(workers) if workers else "nobody listens: its tasks stay queued"
        yield Check(f"queue {queue}", bool(workers), found, f"airflow celery worker --queues {queue}")


def _slots(app: Any) -> int:
    """How many tasks all workers together run at a time."""
    found = app.control.inspect(timeout=3).stats() or {}
    return sum(int(stats.get("pool", {}).get("max-concurrency", 0)) for stats in found.values())


def _installed(name: str) -> bool:
    try:
        metadata.version(name)
    except metadata.PackageNotFoundError:
        return False
    return True


def _lake(environ: Mapping[str, str], spread: bool) -> Iterator[Check]:
    place = environ.get("PORLAKE_LAKE", "")
    if "://" in place:
        yield Check("lake", True, place.partition("?")[0], "")
    elif not Path(place).is_absolute() and "PORLAKE_HOME" not in environ:
        found = place or "not named: each task writes below the folder in which it runs"
        yield Check("lake", False, found, "PORLAKE_LAKE=/a/folder, or an object store's URL")
    else:
        shared = "; every worker must see this very folder" if spread else ""
        home = Path(environ.get("PORLAKE_HOME", ""))
        yield Check("lake", True, f"{Path(place) if place else home / 'data'}{shared}", "")

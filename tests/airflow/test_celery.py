"""The bundled month on two workers of Celery, its lake on an object store. A worker and the scheduler are killed in
the midst of it, a task is overtaken by another writer, and what is published is what an undisturbed run gives, byte for
byte.
"""

from __future__ import annotations

import json
import re
import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from airflow_services import Services, porlake, services
from object_store import ENVIRONMENT, KEYS, SeaweedFS, differing, overtaken_at
from otel_receiver import Received, receiver
from porlake import dbt_project, warehouse
from porlake.errors import MissingPartition
from porlake.lake import Lake
from porlake.model import Price, ReportFile
from support import MONTH, RECORDING, SAMPLE_ROWS

pytestmark = pytest.mark.celery
DAG = "proof_of_reserves_okx"
#: DAGs of somebody else's that wait for what porlake publishes.
CONSUMERS = """
from datetime import UTC, datetime
from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG, Asset, PartitionedAssetTimetable

EACH = PartitionedAssetTimetable(assets=Asset("porlake://published/attestations"))
SINCE = {"start_date": datetime(2022, 11, 1, tzinfo=UTC), "is_paused_upon_creation": False, "catchup": False}
with DAG("each_attestation", schedule=EACH, **SINCE):
    EmptyOperator(task_id="seen")
with DAG("each_publish", schedule=[Asset("porlake://marts/reserve_ratio")], **SINCE):
    EmptyOperator(task_id="seen")
"""
EPOCH = datetime(2024, 3, 25, tzinfo=UTC)
PATIENCE = 900  # seconds, on a machine that does much else


@pytest.fixture(scope="module")
def received() -> Iterator[Received]:
    with receiver() as found:
        yield found


PREFIX = uuid4().hex


@pytest.fixture(scope="module")
def overtaken(object_store: SeaweedFS, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, list[str]]]:
    """(the lake's URL, the keys at which a task was overtaken): between the reading and the writing of the first
    attestation's prices another writer's come to lie there.
    """

    def write(partition: dict[str, str]) -> None:
        other = Price(**partition, asset="BTC", source="another writer", usd=Decimal(1), priced_at=EPOCH, reason=None)
        Lake(object_store.url(PREFIX), tmp_path_factory.mktemp("other"), KEYS).write(Price, partition, [other])

    with overtaken_at(object_store, Price.NAME, write) as (endpoint, keys):
        yield object_store.url(PREFIX, endpoint), keys


@pytest.fixture(scope="module")
def cluster(
    tmp_path_factory: pytest.TempPathFactory, overtaken: tuple[str, list[str]], received: Received
) -> Iterator[Services]:
    more = ENVIRONMENT | received.settings
    with services(tmp_path_factory.mktemp("celery"), overtaken[0], CONSUMERS, **more) as found:
        found.worker("w1", "default")
        found.worker("w2", "default,warehouse")
        found.start("scheduler", "scheduler")
        found.ready(DAG)
        yield found


def until(cluster: Services, run: str, reached: Callable[[list[dict[str, Any]]], Any]) -> Any:
    """What `reached` gives of the tasks once it gives something. Fails where the run ends before."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        tasks = cluster.tasks(DAG, run)
        if found := reached(tasks):
            return found
        state = cluster.state(DAG, run)
        if state in ("failed", "success"):
            found = reached(cluster.tasks(DAG, run))
            assert found, f"{state}\n{_states(tasks)}\n{cluster.logs()}"
            return found
        time.sleep(0.25)
    return pytest.fail(f"{_states(tasks)}\n{cluster.logs()}")


def _states(tasks: list[dict[str, Any]]) -> Counter[tuple[str, str]]:
    return Counter((task["task_id"], str(task["state"])) for task in tasks)


def done(tasks: list[dict[str, Any]]) -> int:
    return sum(task["state"] == "success" for task in tasks)


def at_work(tasks: list[dict[str, Any]], worker: str) -> list[tuple[str, int]]:
    """The tasks that a worker has in hand."""
    return [
        (task["task_id"], task["map_index"])
        for task in tasks
        if task["state"] == "running" and task["hostname"] == worker
    ]


def test_a_worker_and_the_scheduler_are_killed_and_the_bytes_are_those_of_an_undisturbed_run(
    cluster: Services, overtaken: tuple[str, list[str]], published_month: Path, tmp_path: Path
) -> None:
    conf = {"reports": MONTH, "replay": str(RECORDING), "registry": str(SAMPLE_ROWS), "approve": dbt_project.warnings()}
    run = cluster.trigger(DAG, conf)
    until(cluster, run, lambda tasks: done(tasks) >= 3 and at_work(tasks, "w1"))
    cluster.kill("w1")
    held = at_work(cluster.tasks(DAG, run), "w1")
    cluster.worker("w3", "default")
    until(cluster, run, lambda tasks: done(tasks) >= 8)
    cluster.kill("scheduler")
    cluster.start("scheduler", "scheduler")
    until(cluster, run, lambda tasks: ("approve", "awaiting_input") in _states(tasks))
    with pytest.raises(MissingPartition):
        warehouse.manifest_of(Lake(cluster.env["PORLAKE_LAKE"], tmp_path, KEYS))
    asked = cluster.asked(DAG, run, "approve")
    assert asked["subject"] == "Publish these marts?"
    assert re.search(r"^- \w+: [\d,]+ rows$", asked["body"], re.MULTILINE)
    cluster.answer(DAG, run, "approve", "Approve")
    until(cluster, run, lambda _: cluster.state(DAG, run) in ("success", "failed"))
    tasks = cluster.tasks(DAG, run)
    assert cluster.state(DAG, run) == "success", f"{_states(tasks)}\n{cluster.logs()}"
    workers = Counter(task["hostname"] for task in tasks if task["state"] == "success")
    assert workers.keys() <= {"w1", "w2", "w3", ""}
    told = {task["task_id"] for task in tasks if task["state"] == "success" and not task["hostname"]}
    assert told <= {"shares_are_read", "parts_are_parsed"}, (
        "a step without work of its own needs no worker, all else does"
    )
    assert min(workers["w2"], workers["w1"] + workers["w3"]) >= 2, workers
    assert {task["hostname"] for task in tasks if task["task_id"] in ("build", "publish")} == {"w2"}
    tries = {(task["task_id"], task["map_index"]): task["try_number"] for task in tasks}
    assert held
    assert all(tries[task] > 1 for task in held), "what the worker had in hand when it died was done again"
    assert len(overtaken[1]) == 1
    assert tries["price", -1] > 1, "a task that was overtaken began again with what the other writer had left"
    logs = [path.read_text() for path in (cluster.home / "logs").rglob("task_id=price/**/attempt=*.log")]
    assert sum("another writer was faster; its rows stay" in log for log in logs) == 1
    lake = Lake(cluster.env["PORLAKE_LAKE"], tmp_path, KEYS)
    assert all(row.source != "another writer" for row in lake.rows(Price))
    assert lake.collect(datetime.now(UTC) + timedelta(minutes=1)).folders >= 1, "the other writer's file lies there"
    assert not differing(lake, Lake(published_month))


def test_dags_of_others_run_once_for_each_attestation_and_once_for_the_publish(
    cluster: Services, published_month: Path
) -> None:
    """Behind the run: events with a partition start a run each, those of a mart one."""
    manifest = warehouse.manifest_of(Lake(published_month))
    rows = {mart: facts["rows"] for mart, facts in manifest["marts"].items()}
    attestations = {row.attestation for row in Lake(published_month).rows(ReportFile)}
    end = time.monotonic() + PATIENCE
    while len(each := cluster.runs("each_attestation")) < len(attestations) or not cluster.runs("each_publish"):
        assert time.monotonic() < end, (len(each), cluster.logs())
        time.sleep(1)
    assert sorted(run["partition_key"] for run in each) == sorted(attestations)
    (plain,) = cluster.runs("each_publish")
    (event,) = cluster.events("each_publish", plain["dag_run_id"])
    told = {"exchange": "okx", "build_id": manifest["build_id"], "rows": rows["reserve_ratio"]}
    assert event["extra"].items() >= told.items()
    (event,) = cluster.events("each_attestation", each[0]["dag_run_id"])
    assert (
        event["extra"].items() >= {"build_id": manifest["build_id"], "rows": sum(rows.values()), "marts": rows}.items()
    )


def test_what_a_build_did_is_told_model_by_model_and_test_by_test(cluster: Services) -> None:
    (run,) = (run["dag_run_id"] for run in cluster.runs(DAG) if run["run_type"] == "manual")
    path = f"/api/v2/dags/{DAG}/dagRuns/{run}/taskInstances/build"
    link = cluster.ask("GET", f"{path}/links?map_index=-1")["extra_links"]["dbt models and tests"]
    assert link == f"/dags/{DAG}/runs/{run}/tasks/build/xcom"
    results = cluster.ask("GET", f"{path}/xcomEntries/dbt?map_index=-1&deserialize=false")["value"]
    results = json.loads(results) if isinstance(results, str) else results
    names = {kind: {result["name"] for result in results if result["kind"] == kind} for kind in ("marts", "test")}
    assert names["marts"] == set(dbt_project.marts())
    assert names["test"] > set(dbt_project.warnings())
    assert {result["status"] for result in results} == {"success", "pass", "warn"}


def test_what_tasks_counted_on_both_workers_has_come_to_a_receiver(cluster: Services, received: Received) -> None:
    """A task that was tried twice has counted twice: at least what an undisturbed run gives."""
    rows = received.of("airflow.porlake.rows")
    assert rows[("dataset", "claim"), ("exchange", "okx")] > 0
    assert rows[("dataset", "marts/reserve_ratio"), ("exchange", "okx")] > 0
    assert received.of("airflow.porlake.unread")


def test_it_lacks_nothing_but_what_is_optional(cluster: Services) -> None:
    """Behind the run: the check finds scheduler, workers of both queues, pools and DAGs."""
    end = time.monotonic() + PATIENCE
    while (found := porlake(cluster, "airflow", "check")).returncode and time.monotonic() < end:
        time.sleep(1)  # a scheduler that is busy with a run for each attestation beats late
    assert found.returncode == 0, f"{found.stdout}{found.stderr}{cluster.logs()}"
    assert "this Airflow can run porlake's DAGs" in found.stdout
    lines = {line[4:].partition("  ")[0]: line for line in found.stdout.splitlines() if line[:2] in ("ok", "--", "!!")}
    assert "3 workers" in lines["broker"] or "2 workers" in lines["broker"]
    assert lines["queue warehouse"].split()[3].startswith("w2@")
    assert "kept-secret" not in found.stdout + found.stderr


def test_a_queue_that_nobody_listens_to_is_named(cluster: Services) -> None:
    cluster.kill("w2")
    found = porlake(cluster, "airflow", "check")
    assert found.returncode == 1
    assert "nobody listens: its tasks stay queued" in found.stdout
    assert "queue warehouse" in found.stdout.splitlines()[-1]

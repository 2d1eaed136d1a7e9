"""The DAGs that wait for publications: one run whose report is listed at the third look, as Airflow runs it."""

from __future__ import annotations

import json
import os
import re
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from porlake import pipeline, registry
from porlake.airflow import local
from porlake.model import ReportFile
from sources.publishers import Given, Published, page_of, published, zipped
from sources.test_okx import CDN, listing, milliseconds, row
from support import MONTH, ROOT, airflow_once, environment, tree

#: The month that it is in the exchange's clock, and the one before: a month long ago is waited for by nobody.
NOW = (datetime.now(UTC) + timedelta(hours=8)).replace(day=1, hour=0, minute=0, second=0, microsecond=0, tzinfo=None)
BEFORE = (NOW - timedelta(days=1)).replace(day=1)
THIS, LAST = f"{NOW:%Y%m%d}00", f"{BEFORE:%Y%m%d}00"
MOMENT = f"{NOW - timedelta(hours=8):%Y-%m-%dT%H:%M:%S}+00:00"

FIRST = Path(MONTH[0]).read_bytes()
WALLETS = zipped(**{f"okx_por_{THIS}_V1.csv": FIRST})
ROWS = [
    row("5", NOW.isoformat(), f"por_csv_{THIS}_V1.zip"),
    row("4", BEFORE.isoformat(), f"por_csv_{LAST}_V2.zip"),
]
FILES = {
    f"{CDN}/chain/por_csv_{THIS}_V1.zip": Given(WALLETS),
    f"{CDN}/merkel/por_5_proof_data.zip": Given(zipped(**{"sum_proof_data.json": b"{}"})),
}


def listed_at(look: int) -> dict[str, Given | Callable[[bytes], Given]]:
    """The page that names March at so many looks."""
    detail = {"auditId": "4", "createTime": milliseconds(BEFORE.isoformat())}
    before, after = listing(ROWS[1:], **detail), listing(ROWS, **detail)
    looks = iter(range(1, 1_000))
    url = page_of("okx")

    def answer(_: bytes) -> Given:
        given = (after if next(looks) >= look else before)[url]
        assert isinstance(given, Given)
        return given

    return {**after, **FILES, url: answer}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Airflow's folder of this file, with its database, and the lake of its runs."""
    home = tmp_path_factory.mktemp("find")
    subprocess.run([str(local.AIRFLOW), "db", "migrate"], env=once(home), check=True, capture_output=True)
    return home


def once(home: Path, **more: str) -> dict[str, str]:
    """Airflow's environment; its processes fork from one (`tests/once`)."""
    own = airflow_once(home / ".airflow") | {"PORLAKE_LAKE": str(home / "data"), "PORLAKE_LOOK_EVERY": "0.1"}
    return local.environment(ROOT, environment() | own | more)


def ran(home: Path, there: Published, moment: str, dag: str = "find_okx") -> str:
    """The log of a run of the DAG at a moment."""
    words = [str(local.AIRFLOW), "dags", "test", dag, moment]
    env = once(home, PORLAKE_MIRRORS=there.setting)
    done = subprocess.run(words, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, (done.stdout + done.stderr)[-6000:]
    return done.stdout + done.stderr


def started(home: Path) -> list[tuple[str, Any]]:
    """The runs of other DAGs that were started: DAG and conf."""
    with sqlite3.connect(home / ".airflow" / "airflow.db") as database:
        rows = database.execute("select dag_id, conf from dag_run where dag_id not like 'find%'").fetchall()
    return [(dag, json.loads(conf)) for dag, conf in rows]


@pytest.fixture(scope="module")
def third(home: Path) -> tuple[Path, str, list[str]]:
    """(home, log, URLs that were asked for) of a run whose report is listed at the third look."""
    with published(listed_at(3)) as there:
        log = ran(home, there, MOMENT)
        return home, log, list(there.asked)


def test_a_report_listed_at_the_third_look_is_archived_and_handed_on(third: tuple[Path, str, list[str]]) -> None:
    home, log, asked = third
    assert log.count(f"okx: no report of {NOW:%Y-%m} is listed yet") == 2
    assert asked.count(page_of("okx")) == 4  # three looks, and one by which it is fetched
    (file,) = pipeline.session(home / "data", environ={}).lake.rows(ReportFile, exchange="okx")
    assert file.attestation == f"okx/{NOW:%Y-%m-%d}"
    assert started(home) == [("proof_of_reserves_okx", {"archived": [file.report]})]


def test_a_backfill_finds_its_own_month_and_nothing_new_starts_nothing(third: tuple[Path, str, list[str]]) -> None:
    home, _, _ = third
    session = pipeline.session(home / "data", environ={})
    (file,) = session.lake.rows(ReportFile, exchange="okx")
    pipeline.parse(session, file.report)
    before = tree(home / "data" / "lake")
    with published(listed_at(1)) as there:
        log = ran(home, there, MOMENT)
        assert f"nothing of okx in {NOW:%Y-%m} is new: nothing is built" in log
        log = ran(home, there, "2023-12-31T16:00:00+00:00")
    assert re.search(r"okx: no report of 2024-01 is listed, \d+ days after its own rhythm said", log)
    assert tree(home / "data" / "lake") == before
    assert len(started(home)) == 1


FETCH = """
import json, sys
from datetime import datetime
from types import SimpleNamespace
from porlake.airflow import tasks
params = {"month": None, "record": None, "replay": None}
context = {"params": params, "logical_date": datetime.fromisoformat(sys.argv[1]),
           "ti": SimpleNamespace(try_number=int(sys.argv[2])), "task": SimpleNamespace(retries=3)}
try:
    print(len(tasks.fetch("okx", context)))
except Exception as error:
    print(type(error).__name__, error)
"""


@pytest.mark.parametrize(("number", "said"), [("1", "TransportError okx/"), ("3", "TransportError okx/"), ("4", "1")])
def test_a_file_that_does_not_come_is_tried_again_and_then_the_others_go_on(
    home: Path, tmp_path: Path, number: str, said: str
) -> None:
    answers = {**listed_at(1), f"{CDN}/merkel/por_5_proof_data.zip": Given(b"", 403)}
    with published(answers) as there:
        env = once(home, PORLAKE_LAKE=str(tmp_path), PORLAKE_MIRRORS=there.setting)
        command = [sys.executable, "-c", FETCH, MOMENT, number]
        done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    assert done.stdout.splitlines()[-1].startswith(said)


def test_bytes_of_the_month_before_are_handed_on_for_the_month_that_they_are_stated_for(tmp_path: Path) -> None:
    answers = listed_at(1)
    answers[f"{CDN}/chain/por_csv_{LAST}_V2.zip"] = Given(zipped(**{f"okx_por_{LAST}_V2.csv": FIRST}))
    answers[f"{CDN}/merkel/por_4_proof_data.zip"] = Given(zipped(**{"sum_proof_data.json": b"[]"}))
    with published(answers) as there:
        chosen = pipeline.session(tmp_path, environ={"PORLAKE_MIRRORS": there.setting})
        looked = pipeline.find(chosen, "okx", BEFORE.date())
        had = pipeline.fetch(chosen, looked.of_month(f"{BEFORE:%Y-%m}")).reports
        for report in had:
            pipeline.parse(chosen, report)
        env = local.environment(
            ROOT,
            environment()
            | {"AIRFLOW_HOME": str(tmp_path), "PORLAKE_LAKE": str(tmp_path), "PORLAKE_MIRRORS": there.setting},
        )
        command = [sys.executable, "-c", FETCH, MOMENT, "1"]
        runs = []
        for _ in range(2):
            runs.append(subprocess.run(command, env=env, capture_output=True, text=True, check=True))
            pipeline.price(chosen, pipeline.attestations(chosen, had), give_up=True)
    assert f"has the {len(FIRST):,} bytes of okx/{BEFORE:%Y-%m-%d}" in runs[0].stdout + runs[0].stderr
    assert runs[0].stdout.splitlines()[-1] == "1"
    assert runs[1].stdout.splitlines()[-1].startswith("AirflowSkipException nothing of okx")


LOOK = """
import json, sys
from airflow.dag_processing.dagbag import DagBag
bag = DagBag(sys.argv[1])
def deadline(dag):
    found = dag.deadline or []
    found = found if isinstance(found, list) else [found]
    return [(d.interval.days, d.callback.path, d.callback.kwargs) for d in found]
sensor = bag.dags["find_htx"].get_task("wait")
print(json.dumps([{n: deadline(d) for n, d in bag.dags.items() if n.startswith("find_")}, sensor.mode]))
"""


@pytest.mark.parametrize("scheduled", [True, False])
def test_under_a_scheduler_each_rhythm_has_its_deadline(home: Path, scheduled: bool) -> None:
    env = once(home, **({"PORLAKE_DEADLINES": "yes"} if scheduled else {}))
    done = subprocess.run(
        [sys.executable, "-c", LOOK, str(ROOT / "dags")], env=env, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-3000:]
    deadlines, mode = json.loads(done.stdout.splitlines()[-1])
    assert mode == "reschedule"
    rows = [row for row in registry.load().publications.values() if not row.is_manual]
    alert = "porlake.airflow.alerts.overdue"
    assert deadlines == {
        f"find_{row.exchange}": [[row.overdue_days, alert, {"exchange": row.exchange, "days": row.overdue_days}]]
        if scheduled and row.overdue_days
        else []
        for row in rows
    }
    assert os.environ.get("PORLAKE_DEADLINES") is None


def test_an_overdue_exchange_is_told_with_its_figures(caplog: pytest.LogCaptureFixture) -> None:
    from porlake.airflow import alerts

    alerts.overdue("htx", 26, context={"dag_run": {"dag_run_id": "scheduled__2024-02-29"}})
    assert "find_htx scheduled__2024-02-29: no report within 26 days" in caplog.text

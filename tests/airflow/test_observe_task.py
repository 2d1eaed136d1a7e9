"""The tasks of an observed list as a run calls them: without a list they skip, with one each hands on what it found."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from porlake import pipeline
from porlake.airflow import local
from support import ROOT, environment

RUN = """
import json, sys
from datetime import datetime
from types import SimpleNamespace
from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException
from porlake.airflow import tasks

params = {"record": None, "replay": None, "at": None, "list": None}
run = {"params": params, "logical_date": datetime.fromisoformat("2026-11-01T00:00:00+00:00"),
       "ti": SimpleNamespace(try_number=1, max_tries=3)}

def told(task, *given):
    try:
        found = task(*given)
    except (AirflowSkipException, AirflowFailException) as error:
        found = f"{type(error).__name__}: {error}"
    print("said", json.dumps(found))
    return found

told(tasks.archive_list, "deribit", run)
told(tasks.archive_list, "bitfinex", run | {"params": params | {"at": "2026-11-1"}})
report = told(tasks.archive_list, "bitfinex", run)
told(tasks.sweep_list, report, run)
told(tasks.networks_of, report, run)
told(tasks.observe, report, "bitcoin", run)
"""


def test_the_tasks_of_an_observed_list(tmp_path: Path) -> None:
    (tmp_path / "addresses_2026-10-20.csv").write_text(
        "exchange,network,address,label,source\nbitfinex,bitcoin,143gLvWYUojXaWZRrxquRKpVNTkhmr415B,,a tracker\n"
    )
    session = pipeline.session(tmp_path / "data", environ={})
    (listed,) = pipeline.archive(session, "bitfinex", str(tmp_path / "addresses_2026-10-20.csv"))
    pipeline.parse(session, listed)
    env = local.environment(
        ROOT, environment() | {"AIRFLOW_HOME": str(tmp_path / ".airflow"), "PORLAKE_LAKE": str(tmp_path / "data")}
    )
    done = subprocess.run([sys.executable, "-c", RUN], env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    none, wrong, report, swept, networks, observed = (
        json.loads(line.removeprefix("said ")) for line in done.stdout.splitlines() if line.startswith("said ")
    )
    assert none.startswith("AirflowSkipException: deribit: the lake has no list of its addresses")
    assert wrong.startswith("AirflowFailException: '2026-11-1' is not YYYY-MM-DDTHH:MM")
    assert session.lake.report(report).attestation == "bitfinex/2026-11-01"
    assert swept.startswith("AirflowSkipException: the list has nothing on a network that is swept")
    assert networks == ["bitcoin"]
    assert observed == "AirflowSkipException: bitcoin: nothing was read: 1 no_endpoint, 1 omni_layer"

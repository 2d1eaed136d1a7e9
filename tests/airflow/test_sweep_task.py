"""The task of a sweep as a scheduled run calls it: on time it sweeps, late or with nothing claimed it skips."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

import tron_stub
from porlake import pipeline
from porlake.airflow import local
from porlake.pipeline import Session
from porlake.transport import Endpoint, Recording
from support import ROOT, environment
from tron_stub import HEIGHT, TIME, USDT, Node, account

MOMENT = datetime.fromtimestamp(TIME, UTC)
FILE = f"""coin,amount
USDT,1

coin,Network,Snapshot Height,address,amount,message,signature1,signature2,redeem script/ public key
USDT,TRX,{HEIGHT},{account(1)},5,m,,,
"""
RUN = """
import json, sys
from datetime import datetime, timedelta
from airflow.sdk.exceptions import AirflowSkipException
from porlake.airflow import tasks
moment, params = datetime.fromisoformat(sys.argv[1]), {"record": None, "replay": sys.argv[2]}
for exchange, at in (("okx", moment), ("okx", moment - timedelta(hours=2)), ("htx", moment)):
    try:
        print(json.dumps(tasks.sweep(exchange, "tron", {"params": params, "logical_date": at})))
    except AirflowSkipException as error:
        print(json.dumps("skipped: " + str(error)))
"""


@pytest.fixture
def lake(tmp_path: Path) -> Path:
    """A lake with a claim of the month before, and a recording of the moment whose clock shows a minute later."""
    (tmp_path / "okx_por_2024060100.csv").write_text(FILE)
    with tron_stub.served(Node(held={USDT: {account(1): 5}}, solid=HEIGHT - 20)) as url:
        settings = Session(
            root=tmp_path / "data",
            endpoints={"tron": Endpoint(url)},
            recording=Recording.record(tmp_path / "recording"),
        )
        (report,) = pipeline.archive(settings, "okx", str(tmp_path / "okx_por_2024060100.csv"))
        pipeline.parse(settings, report)
        settings.recording.now()
        pipeline.sweep(settings, "okx", "tron", MOMENT)
    (clock,) = (tmp_path / "recording" / "run").glob("clock_*.json")
    clock.write_text(
        json.dumps(json.loads(clock.read_text()) | {"answer": datetime.fromtimestamp(TIME + 60, UTC).isoformat()})
    )
    (tmp_path / "swept").write_bytes(
        b"".join(path.read_bytes() for path in sorted((tmp_path / "data").rglob("sweep/**/*.parquet")))
    )
    for path in (tmp_path / "data").rglob("sweep/**/pointer.json"):
        path.unlink()
    return tmp_path


def test_the_task_sweeps_on_time_and_skips_what_can_no_longer_be_read(lake: Path) -> None:
    env = local.environment(
        ROOT, environment() | {"AIRFLOW_HOME": str(lake / ".airflow"), "PORLAKE_LAKE": str(lake / "data")}
    )
    command = [sys.executable, "-c", RUN, MOMENT.isoformat(), str(lake / "recording")]
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    assert [json.loads(line) for line in done.stdout.splitlines()[-3:]] == [
        1,
        "skipped: 2024-06-30 14:00 is 7,260 seconds ago, and tron keeps no past",
        "skipped: no file of htx in the lake claims anything on tron",
    ]
    assert (
        b"".join(path.read_bytes() for path in sorted((lake / "data").rglob("sweep/**/*.parquet")))
        == (lake / "swept").read_bytes()
    )

"""What tasks count reaches a receiver of OpenTelemetry's, once, with its tags."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections import Counter
from http.server import BaseHTTPRequestHandler
from pathlib import Path

from otel_receiver import receiver
from porlake import pipeline
from porlake.model import Balance, Claim, Unobserved
from support import RECORDING, SAMPLE_ROWS, environment, on_loopback, own_rows, reply

TASKS = """
import sys
from airflow.sdk.observability import stats
from airflow.sdk.observability.metrics.stats_utils import get_stats_factory
from porlake.airflow import tasks
from porlake.airflow.counters import of_network, sent
from porlake.transport import Endpoint, Http, Recording

stats.initialize(factory=get_stats_factory(), export_legacy_names=False)
lake, replay, rows, url, *reports = sys.argv[1:]
context = {"params": {"replay": replay, "record": None, "registry": rows}}
for report in reports:
    tasks.parse([report], context)
    for network in ("ethereum", "litecoin"):
        try:
            tasks.observe(report, network, context)
        except tasks.AirflowSkipException as skipped:
            print(skipped)
with of_network("tron"):
    print(Http("x", Endpoint(url, pause=0.01), Recording.off()).get("/head"))
sent()
"""


def busy_once() -> type[BaseHTTPRequestHandler]:
    """A server that says 503 to the first question and answers the next."""

    class Handler(BaseHTTPRequestHandler):
        asked = 0

        def do_GET(self) -> None:
            Handler.asked += 1
            reply(self, 503 if Handler.asked == 1 else 200, b"{}")

        def log_message(self, *_: object) -> None:
            pass

    return Handler


def test_rows_requests_retries_and_what_is_unread_are_seen_by_a_receiver(month: Path, tmp_path: Path) -> None:
    lake = tmp_path / "data"
    shutil.copytree(month, lake)
    with own_rows(SAMPLE_ROWS):
        chosen = pipeline.session(lake, replay=RECORDING, environ={})
        report = next(row.report for row in chosen.lake.rows(Claim, exchange="okx", network="ethereum"))
        unread = {
            network: Counter(row.reason for row in chosen.lake.rows(Unobserved, report=report, network=network))
            for network in ("ethereum", "litecoin")
        }
        claims = sum(1 for _ in chosen.lake.rows(Claim, report=report))
        balances = sum(1 for _ in chosen.lake.rows(Balance, report=report, network="ethereum"))
    assert unread["litecoin"]
    with receiver() as received, on_loopback(busy_once()) as url:
        env = environment() | received.settings | {"AIRFLOW_HOME": str(tmp_path), "PORLAKE_LAKE": str(lake)}
        done = subprocess.run(
            [sys.executable, "-c", TASKS, str(lake), str(RECORDING), str(SAMPLE_ROWS), url, report],
            env=env, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr[-3000:]
    rows = received.of("airflow.porlake.rows")
    assert rows[("dataset", "claim"), ("exchange", "okx")] == claims
    assert rows[("dataset", "balance"), ("exchange", "okx"), ("network", "ethereum")] == balances
    assert received.of("airflow.porlake.unread") == {
        (("network", network), ("reason", reason)): number
        for network, reasons in unread.items()
        for reason, number in reasons.items()
    }
    assert received.of("airflow.porlake.requests") == {(("network", "tron"),): 2}
    assert received.of("airflow.porlake.retries") == {(("network", "tron"),): 1}

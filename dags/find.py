"""One DAG for each exchange whose publisher is looked at: waits for a month's report, archives it, and starts
proof_of_reserves_<exchange> with it, which never waits.

The moment of a run lies in the month that it looks for (in the exchange's clock): a backfill finds each month's own.
"""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from typing import Any

from airflow.providers.standard.operators.trigger_dagrun import TriggerDagRunOperator
from airflow.sdk import DAG, CronTriggerTimetable, Param, dag, get_current_context, task

from porlake import registry
from porlake.airflow.common import answers, deadline, is_asked_for, task_defaults

TASKS = task_defaults(timedelta(hours=2))
#: Between two looks at a publisher, in seconds.
LOOK_EVERY = float(os.environ.get("PORLAKE_LOOK_EVERY", 6 * 3600))
PARAMS = {
    "month": Param(None, type=["null", "string"], pattern=r"^\d{4}-\d{2}$", title="Month",
                   description="Of the snapshot, in the exchange's clock: 2026-08. Empty: that of the run's moment."),
    **answers(),
}  # fmt: skip


def find(row: registry.PublicationRow, exchange: registry.Exchange) -> DAG:
    @dag(
        dag_id=f"find_{exchange.exchange}",
        schedule=CronTriggerTimetable(row.awaited, timezone="UTC") if row.awaited else None,
        start_date=datetime(2022, 11, 1, tzinfo=UTC),
        catchup=False,
        max_active_runs=16,  # a month that is late holds up no other
        params=PARAMS,
        tags=["proof of reserves", "find", exchange.exchange],
        default_args=TASKS,
        doc_md=f"What {exchange.name} has published of a month: waited for, archived, handed on. {row.how}.",
        **deadline(row),
    )
    def flow() -> None:
        @task.sensor(
            mode="reschedule",
            poke_interval=LOOK_EVERY,
            # the task itself gives up, by the calendar: this is for a clock that stands
            timeout=timedelta(days=400).total_seconds(),
            doc_md="Looks whether the month's report is listed; what could not be known is told, and asked again. "
            "Skipped a month after the exchange's own rhythm said that it should have come.",
        )
        def wait() -> bool:
            from porlake.airflow import tasks

            return tasks.is_listed(exchange.exchange, get_current_context())

        @task(
            doc_md="The report's files and the answer in which it was found, as published, by their sha256. Skipped "
            "where nothing is new: then nothing is built."
        )
        def fetch() -> list[str]:
            from porlake.airflow import tasks

            return tasks.fetch(exchange.exchange, get_current_context())

        fetched: Any = fetch()
        wait() >> fetched
        TriggerDagRunOperator(
            task_id="run",
            trigger_dag_id=f"proof_of_reserves_{exchange.exchange}",
            conf={"archived": fetched},
            doc_md=f"Starts proof_of_reserves_{exchange.exchange} with what was archived.",
        )

    return flow()


_facts = registry.load()
for _row in _facts.publications.values():
    if not _row.is_manual and is_asked_for(f"find_{_row.exchange}"):
        globals()[f"find_{_row.exchange}"] = find(_row, _facts.exchanges[_row.exchange])

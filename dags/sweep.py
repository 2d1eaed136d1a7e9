"""One DAG for each exchange with a moment of its snapshots: reads then what it claimed last, on the networks whose past
nobody tells.

The report of the snapshot comes days later; observe then takes the sweep that lies nearest to it.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from airflow.sdk import DAG, CronTriggerTimetable, dag, get_current_context, task

from porlake import registry
from porlake.airflow.common import answers, is_asked_for, task_defaults

# A network that answers a minute later still answers near the moment; one that does after the window does not.
TASKS = task_defaults(timedelta(hours=2))


def swept(exchange: str) -> list[str]:
    """The networks of the exchange's labels that are swept."""
    facts = registry.load()
    return sorted({row.network for row in facts.labels.values() if row.exchange == exchange} & set(facts.sweeps))


def sweep(exchange: registry.Exchange, networks: list[str]) -> DAG:
    @dag(
        dag_id=f"sweep_{exchange.exchange}",
        schedule=CronTriggerTimetable(exchange.snapshot, timezone="UTC"),
        start_date=datetime(2022, 11, 1, tzinfo=UTC),
        catchup=False,  # a moment that has passed cannot be read any more
        max_active_runs=1,
        params=answers(),
        tags=["proof of reserves", "sweep", exchange.exchange],
        default_args=TASKS,
        doc_md=f"Balances of the addresses that {exchange.name} claimed last, read at the moment of its snapshot.",
    )
    def flow() -> None:
        @task(
            doc_md="Balances of what was claimed last, now. Skipped where the moment has passed or nothing was claimed."
        )
        def read(network: str) -> int:
            from porlake.airflow import tasks

            return tasks.sweep(exchange.exchange, network, get_current_context())

        for network in networks:
            read.override(task_id=f"sweep_{network}", pool=f"porlake_{network}", priority_weight=100)(network)

    return flow()


for _exchange in registry.load().exchanges.values():
    _name = f"sweep_{_exchange.exchange}"
    if is_asked_for(_name) and _exchange.snapshot and (_networks := swept(_exchange.exchange)):
        globals()[_name] = sweep(_exchange, _networks)

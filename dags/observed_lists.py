"""One DAG for each exchange that publishes addresses alone, or of which others list them: what lies there is observed
on the chains at the moments of the registry (observed_exchanges.csv).
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from airflow.sdk import DAG, CronTriggerTimetable, Param, dag, get_current_context, task

from porlake import registry
from porlake.airflow.common import (
    APPROVES,
    BUILDS,
    LONG,
    PUBLISHES,
    answers,
    approval,
    is_asked_for,
    own_rows,
    task_defaults,
)
from porlake.airflow.operators import Approve, Build

TASKS = task_defaults(timedelta(hours=1))
# A block is final minutes after its moment, a bitcoin block is known to be the last of it after eleven more: two hours.
PATIENT = {"retries": 12, "retry_delay": timedelta(minutes=2), "max_retry_delay": timedelta(minutes=20)}
PARAMS = {
    "at": Param(None, type=["null", "string"], title="Moment",
                description="With its zone (2026-11-01T00:00Z), where it is not the run's own."),
    "list": Param(None, type=["null", "string"], title="List",
                  description="Id of the report that lists the addresses; else the exchange's newest list."),
    **answers(),
    **own_rows(),
    **approval(),
}  # fmt: skip


def observed(exchange: registry.Exchange, schedule: str) -> DAG:
    @dag(
        dag_id=f"observe_{exchange.exchange}",
        schedule=CronTriggerTimetable(schedule, timezone="UTC"),
        start_date=datetime(2022, 11, 1, tzinfo=UTC),
        catchup=False,
        max_active_runs=4,
        params=PARAMS,
        tags=["proof of reserves", "observed list", exchange.exchange],
        default_args=TASKS,
        doc_md=f"What lies at the addresses that are listed as {exchange.name}'s, as the chains show it.",
    )
    def flow() -> None:
        @task(doc_md="The list, the moment and what is asked, as a report of its own. Skipped where there is no list.")
        def archive() -> str:
            from porlake.airflow import tasks

            return tasks.archive_list(exchange.exchange, get_current_context())

        @task(doc_md="Networks that keep no past are read at once. Skipped where the moment has passed.")
        def sweep(report: str) -> list[str]:
            from porlake.airflow import tasks

            return tasks.sweep_list(report, get_current_context())

        @task(trigger_rule="none_failed_min_one_success", doc_md="The networks on which the list names accounts.")
        def networks(report: str) -> list[str]:
            from porlake.airflow import tasks

            return tasks.networks_of(report, get_current_context())

        @task(
            map_index_template="{{ network }}",
            execution_timeout=LONG,
            doc_md="Every registered asset of each account, at the last block of the moment. Skipped, with the reason, "
            "where nothing could be read.",
            **PATIENT,
        )
        def observe(report: str, network: str) -> str:
            from porlake.airflow import tasks

            return tasks.observe(report, network, get_current_context())

        @task(doc_md="US dollars for each asset at the moment; a price that is missing is a row with its reason.")
        def price(report: str) -> None:
            from porlake.airflow import tasks

            tasks.price([report], get_current_context())

        @task(**PUBLISHES)
        def publish(report: str) -> str:
            from porlake.airflow import tasks

            return tasks.publish(exchange.exchange, [report], get_current_context())

        stated = archive()
        asked = networks(stated)
        sweep(stated) >> asked
        read = observe.override(pool="porlake_others").partial(report=stated).expand(network=asked)
        # a network that was skipped holds up nothing
        built = Build(trigger_rule="none_failed_min_one_success", **BUILDS)
        [read, price(stated)] >> built >> Approve(reports=[stated], **APPROVES) >> publish(stated)

    return flow()


for _observed in registry.load().observed_exchanges.values():
    if is_asked_for(_name := f"observe_{_observed.exchange}"):
        globals()[_name] = observed(registry.load().exchanges[_observed.exchange], _observed.schedule)

"""What the DAG files have in common. Imported when they are parsed: nothing here takes time."""

from __future__ import annotations

import os
from datetime import timedelta
from typing import Any

from airflow.sdk import Asset, Param, get_parsing_context

from porlake import dbt_project, registry
from porlake.airflow import pools
from porlake.errors import ConfigurationError

#: How long a task may take that reads a month of a large exchange from an endpoint that answers one address a question.
LONG = timedelta(hours=12)
#: The queue of the tasks that build and publish: one machine with room for the tables has a worker for it. Executors
#: without queues do not look at it.
WAREHOUSE = "warehouse"
#: An event for each attestation that a run brought, with the attestation as its partition, for DAGs that run once for
#: each (`PartitionedAssetTimetable`). Events with a partition wake no DAG that waits for an asset plainly: such a DAG
#: waits for a mart.
ATTESTATIONS = Asset("porlake://published/attestations")
#: A person has this long to say whether marts with a warning are published; then the run has failed, and they are not.
ANSWER_WITHIN = timedelta(days=14)
#: Options of the tasks that build the tables and publish the marts, in every DAG that does.
BUILDS: dict[str, Any] = {
    "task_id": "build",
    "queue": WAREHOUSE,
    "pool": pools.WAREHOUSE,
    "execution_timeout": LONG,
    "doc_md": "All tables in DuckDB anew, by dbt. Skipped where nothing is new since the last publish.",
}
APPROVES: dict[str, Any] = {
    "task_id": "approve",
    "response_timeout": ANSWER_WITHIN,
    "doc_md": "A person is asked where a warning stands of a kind that the param `approve` names.",
}
PUBLISHES: dict[str, Any] = {
    "queue": WAREHOUSE,
    "pool": pools.WAREHOUSE,
    "outlets": [*(Asset(f"porlake://marts/{mart}") for mart in dbt_project.marts()), ATTESTATIONS],
    "doc_md": "The marts as Parquet, shown all at once.",
}


#: A warning that no test of the tables gives: a report has many fewer rows, or lost a network, against the one before.
SHRUNK = "a_report_shrank"
#: The kinds of warnings that there are.
KINDS = [*dbt_project.warnings(), SHRUNK]


def is_asked_for(*dags: str) -> bool:
    """Whether one of these DAGs is to be made. Airflow parses a file for one DAG before each task and each `dags test`,
    and names it then: to make, check and store dozens of others would cost seconds.
    """
    asked = get_parsing_context().dag_id
    return asked is None or asked in dags


def briefly(names: list[str], most: int = 3) -> str:
    """The first names, and how many more there are."""
    return ", ".join(names[:most]) + (f" and {len(names) - most} more" if len(names) > most else "")


def retry_after(text: str) -> timedelta:
    """When a failed task is tried again. Raises ConfigurationError, which Airflow shows as an import error."""
    try:
        return timedelta(seconds=float(text))
    except (ValueError, OverflowError) as error:
        raise ConfigurationError(f"PORLAKE_RETRY_AFTER: {text!r} is no number of seconds") from error


def task_defaults(timeout: timedelta) -> dict[str, Any]:
    """`default_args` of a DAG whose tasks may take so long: an endpoint that fails is asked again within minutes."""
    return {
        "owner": "porlake",
        "retries": 3,
        "retry_delay": retry_after(os.environ.get("PORLAKE_RETRY_AFTER", "30")),
        "retry_exponential_backoff": 2.0,
        "execution_timeout": timeout,
    }


def answers() -> dict[str, Param]:
    """Params of a run that say where answers from outside come from and are kept."""
    return {
        "replay": _folder("Replay folder", "Answers recorded earlier; no network is used."),
        "record": _folder("Record folder", "Keep every answer from outside here."),
    }


def approval() -> dict[str, Param]:
    """The param of a run that is not published before a person has looked at it; for all runs: PORLAKE_APPROVE. Raises
    ConfigurationError, which Airflow shows as an import error.
    """
    chosen = os.environ.get("PORLAKE_APPROVE", "").replace(",", " ").split()
    if unknown := [kind for kind in chosen if kind not in KINDS]:
        raise ConfigurationError(
            f"PORLAKE_APPROVE: no kind of warning is named {unknown[0]}; kinds: {', '.join(KINDS)}"
        )
    told = "Kinds of warnings with which a person is asked before anything is published. For all runs: PORLAKE_APPROVE."
    kinds = {"type": "string", "enum": KINDS}
    return {"approve": Param(chosen, type="array", items=kinds, title="Ask before publishing", description=told)}


def own_rows() -> dict[str, Param]:
    """The param of a run with rows of somebody's own."""
    told = "Rows of your own over the registry's, for this run; for all runs: PORLAKE_REGISTRY."
    return {"registry": _folder("Registry folder", told)}


def deadline(row: registry.PublicationRow) -> dict[str, Any]:
    """The option of a DAG that raises an alert where its exchange's own rhythm is overdue.

    Under a scheduler alone, which PORLAKE_DEADLINES says (`make airflow` does): `airflow dags test` of a DAG with a
    deadline ends with an error after a run that went well (apache/airflow#73428). Who is told is the function that
    PORLAKE_OVERDUE names (`package.module.function`, with the exchange, its days and Airflow's context), else the log.
    """
    if not row.overdue_days or not os.environ.get("PORLAKE_DEADLINES"):
        return {}
    from airflow.sdk import DeadlineAlert, DeadlineReference, SyncCallback  # type: ignore[attr-defined]

    told = os.environ.get("PORLAKE_OVERDUE", "porlake.airflow.alerts.overdue")
    return {
        "deadline": DeadlineAlert(
            reference=DeadlineReference.DAGRUN_QUEUED_AT,
            interval=timedelta(days=row.overdue_days),
            callback=SyncCallback(told, kwargs={"exchange": row.exchange, "days": row.overdue_days}),
        )
    }


def _folder(title: str, description: str) -> Param:
    return Param(None, type=["null", "string"], title=title, description=description)

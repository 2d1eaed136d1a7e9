"""The page of the published marts, made anew whenever they are: what the navigation shows as Proof of reserves."""

from __future__ import annotations

from datetime import timedelta

from airflow.sdk import DAG, Asset, dag, get_current_context, task

from porlake import dbt_project
from porlake.airflow.common import is_asked_for, task_defaults


def publish_page() -> DAG:
    @dag(
        dag_id="publish_page",
        schedule=[Asset(f"porlake://marts/{mart}") for mart in dbt_project.marts()],
        catchup=False,
        max_active_runs=1,
        tags=["proof of reserves", "page"],
        default_args=task_defaults(timedelta(hours=1)),
        doc_md="The page of the published marts, in the lake beside them: any web server or object store serves it.",
    )
    def flow() -> None:
        @task(
            outlets=[Asset("porlake://published/page")],
            doc_md="The front end, the marts as it reads them, downloads and feeds; a reader sees the old or the new.",
        )
        def page() -> str:
            from porlake.airflow import tasks

            return tasks.page(get_current_context())

        page()

    return flow()


if is_asked_for("publish_page"):
    publish_page()

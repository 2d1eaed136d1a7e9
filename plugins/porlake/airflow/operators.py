"""The tasks behind the tables: build, approve, publish. What each does is in `tasks`; here is what Airflow shows of it:
links, questions to a person, lineage.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from airflow.providers.standard.operators.hitl import ApprovalOperator
from airflow.sdk import BaseOperator, BaseOperatorLink

if TYPE_CHECKING:
    from airflow.sdk.types import TaskInstanceKey

#: The key under which a build hands on what dbt's models and tests came to.
RESULTS = "dbt"


class ModelsAndTests(BaseOperatorLink):
    """From a build to what each model and each test of dbt's came to: status, seconds, rows."""

    name = "dbt models and tests"

    def get_link(self, operator: BaseOperator, *, ti_key: TaskInstanceKey) -> str:
        return f"/dags/{ti_key.dag_id}/runs/{ti_key.run_id}/tasks/{ti_key.task_id}/xcom"


class Build(BaseOperator):
    """All tables anew; its id. What dbt's models and tests came to stands in the log, in the XCom `dbt`, and behind a
    link of the task.
    """

    operator_extra_links = (ModelsAndTests(),)

    def execute(self, context: Mapping[str, Any]) -> str:
        from porlake.airflow import tasks

        return tasks.build(context)


class Approve(ApprovalOperator):
    """Asks a person before the marts are published, where a warning stands of a kind that the run's param `approve`
    names; else goes on at once. Who rejects leaves the marts as they were published before.
    """

    template_fields = ("reports",)

    def __init__(self, *, reports: Any, **options: Any) -> None:
        super().__init__(subject="Publish these marts?", **options)
        self.reports = reports

    def execute(self, context: Any) -> Any:
        from porlake.airflow import tasks

        stands = tasks.warnings(self.reports, context)
        if not stands:
            return None
        self.body = "\n".join(f"- {line}" for line in stands)
        return super().execute(context)

"""What the DAG files have in common. Imported when they are parsed: nothing here takes time."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from airflow.sdk import Param


def task_defaults(timeout: timedelta) -> dict[str, Any]:
    """`default_args` of a DAG whose tasks may take so long: an endpoint that fails is asked again within minutes."""
    return {
        "owner": "porlake",
        "retries": 3,
        "retry_delay": timedelta(seconds=30),
        "retry_exponential_backoff": 2.0,
        "execution_timeout": timeout,
    }


def answers() -> dict[str, Param]:
    """Params of a run that say where answers from outside come from and are kept."""
    return {
        "replay": _folder("Replay folder", "Answers recorded earlier; no network is used."),
        "record": _folder("Record folder", "Keep every answer from outside here."),
    }


def _folder(title: str, description: str) -> Param:
    return Param(None, type=["null", "string"], title=title, description=description)

"""Airflow for the processes that tests start with one AIRFLOW_HOME: `airflow_server.py SOCKET PID`.

Each would import Airflow and make its API anew, 3 to 8 s of CPU. This process does both once and forks for each; the
fork runs Airflow's own command line, or the program of a `python -c`, with the environment of the process that asked.
Settings that Airflow reads when it is imported (AIRFLOW_HOME, its logging, its database) are those of the first that
asked. It ends with the process PID, that of the test run.
"""

from __future__ import annotations

import gc
import os
import sys

from airflow.__main__ import main
from airflow.cli.commands import dag_command, db_command  # noqa: F401 (imported for the forks)
from airflow.dag_processing import collection  # noqa: F401
from airflow.models import asset, dagbag  # noqa: F401
from airflow.sdk.execution_time import supervisor, task_runner  # noqa: F401
from airflow.utils import db  # noqa: F401
from forks import Asked, serve

from porlake.airflow import tasks  # noqa: F401


def _run(asked: Asked, _: None) -> None:
    os.environ.pop("AIRFLOW_ONCE")  # what the fork starts is run as it is
    first, *rest = asked["arguments"]
    sys.argv = [first, *rest[first == "-c" :]]
    if first == "-c":
        exec(compile(rest[0], "<string>", "exec"), {"__name__": "__main__"})
    else:
        main()


if __name__ == "__main__":
    supervisor.in_process_api_server().app._cadwyn_initialize()
    gc.collect()
    gc.freeze()
    serve(sys.argv[1], int(sys.argv[2]), lambda _: None, _run)

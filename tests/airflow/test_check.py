"""`porlake airflow check`: each lack of an Airflow is named with what mends it, and one that lacks nothing passes."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from porlake import dbt_project
from porlake.airflow import local
from support import command, environment


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Airflow's folder with a database of this version, and nothing of porlake's in it."""
    folder = tmp_path_factory.mktemp("airflow")
    airflow(folder, "db", "migrate")
    return folder


def settings(home: Path, **more: str) -> dict[str, str]:
    own = {"AIRFLOW_HOME": str(home), "PORLAKE_LAKE": str(home / "lake"), "AIRFLOW__CORE__LOAD_EXAMPLES": "False"}
    return environment() | own | more


def airflow(home: Path, *arguments: str, **more: str) -> str:
    done = subprocess.run(
        [str(local.AIRFLOW), *arguments], env=settings(home, **more), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout


def check(home: Path, **more: str) -> tuple[int, dict[str, str], str]:
    """The exit code, what is told of each thing looked at, and all that was said."""
    done = subprocess.run(
        command("airflow", "check"), env=settings(home, COLUMNS="400", **more), cwd=home,
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert "Traceback" not in done.stderr, done.stderr[-3000:]
    found, what = dict[str, str](), ""
    for line in done.stdout.partition("\n\n")[0].splitlines():
        what = line[4:].partition("  ")[0] if line[:2] in ("ok", "!!", "--") else what
        found[what] = found.get(what, "") + line
    return done.returncode, found, done.stdout + done.stderr


def test_an_airflow_without_anything_of_porlakes_lacks_pools_dags_and_programs(home: Path) -> None:
    code, found, said = check(home)
    assert code == 1
    assert found["pools"].startswith("!!  pools")
    assert "lacking: porlake_" in found["pools"]
    assert "porlake airflow pools > pools.json; airflow pools import pools.json" in found["pools"]
    assert found["DAGs"].startswith("!!  DAGs")
    assert str(dbt_project.shipped("dags")) in found["DAGs"]
    assert found["scheduler"].startswith("!!")
    assert found["triggerer"].startswith("--"), "no task of porlake's waits in it"
    assert found["database"].startswith("ok")
    assert "to mend before this Airflow can run porlake's DAGs: pools, DAGs, scheduler, dag-processor" in said


@pytest.mark.thorough
def test_what_was_mended_is_lacking_no_more(home: Path, tmp_path: Path) -> None:
    pools = tmp_path / "pools.json"
    pools.write_text(json.dumps(local.pools_of_networks() | {"porlake_tron": {"slots": 0, "description": ""}}))
    airflow(home, "pools", "import", str(pools))
    folder = str(dbt_project.shipped("dags"))
    airflow(home, "dags", "reserialize", AIRFLOW__CORE__DAGS_FOLDER=folder)
    _, found, _ = check(home, AIRFLOW__CORE__DAGS_FOLDER=folder)
    assert found["pools"].startswith("ok")
    assert "none in porlake_tron" in found["slots of pools"]
    assert found["DAGs"].startswith("ok")
    assert found["paused"].startswith("--")


def test_a_connection_that_no_task_would_ask_is_named_and_nothing_of_it_shown(home: Path) -> None:
    held = {
        "ETHEREUM": {"conn_type": "porlake_rpc", "host": "https://node.example/rpc", "password": "k3y"},
        "ETHERIUM": {"conn_type": "porlake_rpc", "host": "https://node.example/rpc", "password": "k3y"},
        "TRON_3": {"conn_type": "porlake_rpc", "host": "https://node.example/rpc"},
        "BITCOIN": {"conn_type": "porlake_rpc", "host": "http://user:k3y/x@host"},
    }
    given = {f"AIRFLOW_CONN_PORLAKE_{name}": json.dumps(one) for name, one in held.items()}
    given["AIRFLOW_CONN_PORLAKE_BASE"] = "{k3y"
    code, found, said = check(home, **given)
    assert code == 1
    assert "connection porlake_ethereum" not in found
    assert "its name is of no network that is read" in found["connection porlake_etherium"]
    assert "never asked: there is no porlake_tron_2" in found["connection porlake_tron_3"]
    assert "connection porlake_bitcoin: " in found["connection porlake_bitcoin"]
    assert "is no connection" in found["connection porlake_base"]
    assert "k3y" not in said


@pytest.mark.thorough
def test_several_machines_need_what_one_does_not(home: Path) -> None:
    code, found, said = check(
        home,
        AIRFLOW__CORE__EXECUTOR="CeleryExecutor",
        AIRFLOW__CELERY__BROKER_URL="redis://:k3y@127.0.0.1:9/0",
        AIRFLOW__CELERY__RESULT_BACKEND="db+postgresql://airflow:k3y@127.0.0.1:9/airflow",
        AIRFLOW__CORE__FERNET_KEY="",
        AIRFLOW__API__SECRET_KEY="",
        AIRFLOW__API_AUTH__JWT_SECRET_CMD="echo k3y",
    )
    assert code == 1
    assert "PostgreSQL" in found["database"]
    assert "connections lie in the database as they are" in found["[core] fernet_key"]
    assert "made anew by each process" in found["[api] secret_key"]
    assert found["[api_auth] jwt_secret"].startswith("ok")
    assert "db+postgresql+psycopg2://" in found["result backend"]
    assert found["broker"].startswith("!!")
    assert "execution API" in found
    assert "k3y" not in said


def test_a_database_of_another_version_or_that_is_not_there_is_all_that_is_told(tmp_path: Path) -> None:
    code, found, _ = check(tmp_path)
    assert (code, "airflow db migrate" in found["database"], "pools" in found) == (1, True, False)
    place = "postgresql+psycopg2://airflow:k3y@127.0.0.1:9/airflow"
    code, found, said = check(tmp_path, AIRFLOW__DATABASE__SQL_ALCHEMY_CONN=place)
    assert (code, found["database"].startswith("!!  database"), "pools" in found) == (1, True, False)
    assert "k3y" not in said


def test_the_queue_of_builds_is_that_of_every_build_and_publish() -> None:
    look = "from porlake.airflow.common import BUILDS, PUBLISHES; print(BUILDS['queue'], PUBLISHES['queue'])"
    done = subprocess.run([sys.executable, "-c", look], env=environment(), capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["warehouse", "warehouse"]


def test_the_pools_that_are_printed_are_those_that_are_imported() -> None:
    done = subprocess.run(command("airflow", "pools"), env=environment(), capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == local.pools_of_networks()


def test_a_pause_that_is_none_is_told_by_the_name_of_its_setting(home: Path) -> None:
    look = (
        "from porlake.airflow.common import retry_after\nfrom porlake.errors import ConfigurationError\n"
        "for text in ('2', '', 'soon', 'nan', 'inf', '1e300'):\n"
        "    try:\n        print(retry_after(text).total_seconds())\n"
        "    except ConfigurationError as error:\n        print(error)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", look], env=settings(home), capture_output=True, text=True, check=True
    )  # fmt: skip
    assert done.stdout.splitlines() == [
        "2.0",
        *(f"PORLAKE_RETRY_AFTER: {text!r} is no number of seconds" for text in ("", "soon", "nan", "inf", "1e300")),
    ]

"""The DAGs as Airflow sees them, one real run of the bundled month on the embedded default, and the endpoint
connections.
"""

from __future__ import annotations

import json
import os
import re
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from porlake import registry
from porlake.airflow import local, provider
from porlake.lake import Lake
from porlake.model import ReportFile
from support import RECORDING, ROOT, airflow_once, environment, stages, tree

SAMPLE_RUN = json.loads((ROOT / "data" / "samples" / "run.json").read_text())

LOOK = """
import json, sys, time
import airflow.sdk
from airflow.dag_processing.dagbag import DagBag
before = set(sys.modules)
bag = DagBag(sys.argv[1])
def told(dag):
    tasks = {t.task_id: {"pool": t.pool, "retries": t.retries, "owner": t.owner, "doc": t.doc_md,
                         "timeout": t.execution_timeout is not None, "below": sorted(t.downstream_task_ids),
                         "rule": str(t.trigger_rule),
                         "outlets": [o.uri for o in t.outlets]} for t in dag.tasks}
    schedule = getattr(dag.timetable, "expression", None) or getattr(dag.timetable, "_expression", None)
    condition = getattr(dag.timetable, "asset_condition", None)
    assets = [asset.uri for asset in condition.objects] if condition else []
    return {"tasks": tasks, "assets": sorted(assets), "catchup": dag.catchup, "max_active_runs": dag.max_active_runs,
            "params": sorted(dag.params), "schedule": schedule, "timetable": type(dag.timetable).__name__}
heavy = {"pandas", "pyarrow", "duckdb", "web3", "dbt", "bitcoinlib", "numpy", "porlake.pipeline", "porlake.chains"}
loaded = sorted((set(sys.modules) - before) & heavy)
errors = {str(k): str(v) for k, v in bag.import_errors.items()}
print(json.dumps({"loaded": loaded, "errors": errors, "dags": {d: told(g) for d, g in bag.dags.items()}}))
"""


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Airflow's folder of this test; the DAGs are those of the checkout."""
    return tmp_path_factory.mktemp("airflow")


def airflow_environment(home: Path) -> dict[str, str]:
    return local.environment(
        ROOT, environment() | {"AIRFLOW_HOME": str(home / ".airflow"), "PORLAKE_LAKE": str(home / "data")}
    )


def once(home: Path) -> dict[str, str]:
    return airflow_environment(home) | airflow_once(home / ".airflow")


@pytest.fixture(scope="module")
def seen(home: Path) -> Any:
    env = airflow_environment(home)  # in a process of its own: what it has loaded is looked at
    done = subprocess.run(
        [sys.executable, "-c", LOOK, str(ROOT / "dags")], env=env, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout.splitlines()[-1])


def test_every_dag_imports(seen: Any) -> None:
    assert seen["errors"] == {}


def test_the_dag_files_load_nothing_that_takes_long(seen: Any) -> None:
    """A scheduler parses them again and again: 0.6 s of CPU for all DAGs beyond Airflow itself."""
    assert seen["loaded"] == []


def test_every_task_has_an_owner_a_timeout_and_says_what_it_does(seen: Any) -> None:
    for name, dag in seen["dags"].items():
        for task, facts in dag["tasks"].items():
            assert facts["owner"] == "porlake", (name, task)
            assert facts["timeout"], (name, task)
            assert facts["doc"], (name, task)


def test_every_exchange_has_a_dag_on_its_own_schedule(seen: Any) -> None:
    exchanges = registry.load().exchanges
    assert {name for name in seen["dags"] if name.startswith("proof_of_reserves_")} == {
        f"proof_of_reserves_{name}" for name in exchanges
    }
    for name, exchange in exchanges.items():
        found = seen["dags"][f"proof_of_reserves_{name}"]
        if exchange.schedule:
            assert found["timetable"] == "CronTriggerTimetable"  # its logical date is the day itself
            assert found["schedule"] == exchange.schedule
        else:
            assert found["timetable"] == "NullTimetable"
        assert (found["catchup"], found["max_active_runs"]) == (False, 4)
        assert found["params"] == ["approve", "archived", "record", "registry", "replay", "reports", "snapshot"]
    assert seen["dags"]["proof_of_reserves_okx"]["schedule"].split()[2] == "22"


def test_every_source_has_a_dag_that_waits_without_a_pool(seen: Any) -> None:
    rows = {row.exchange: row for row in registry.load().publications.values() if not row.is_manual}
    assert {name.removeprefix("find_") for name in seen["dags"] if name.startswith("find_")} == set(rows)
    for exchange, row in rows.items():
        found = seen["dags"][f"find_{exchange}"]
        assert (found["schedule"], found["catchup"]) == (row.awaited or None, False)
        assert {task: told["below"] for task, told in found["tasks"].items()} == {
            "wait": ["fetch"], "fetch": ["run"], "run": [],
        }  # fmt: skip
        assert {told["pool"] for told in found["tasks"].values()} == {"default_pool"}
        assert found["params"] == ["month", "record", "replay"]


def test_every_task_is_tried_again_and_every_network_has_a_pool(seen: Any) -> None:
    pools = local.pools_of_networks()
    for dag in seen["dags"].values():
        for name, task in dag["tasks"].items():
            # a block of the moment becomes final by and by
            assert task["retries"] == (12 if name == "observe" else 3)
            if name.startswith("observe_"):
                assert task["pool"] == f"porlake_{name.removeprefix('observe_')}"
                assert task["pool"] in pools
            if name == "parse_share":
                assert (task["pool"], task["below"]) == ("porlake_shares", ["parts_are_parsed"])
                assert dag["tasks"]["parts_are_parsed"]["below"] == ["parse"]
            if name == "read_share":
                assert (task["pool"], task["below"]) == ("porlake_shares", ["shares_are_read"])
                assert set(dag["tasks"]["shares_are_read"]["below"]) == {
                    one for one in dag["tasks"] if one.startswith("observe_")
                }
    assert "porlake_shares" in pools
    okx = seen["dags"]["proof_of_reserves_okx"]["tasks"]
    assert {"observe_bitcoin", "observe_ethereum", "observe_tron", "observe_others"} <= set(okx)


def test_a_list_is_observed_at_the_moments_of_the_registry(seen: Any) -> None:
    found = {name: dag for name, dag in seen["dags"].items() if name.startswith("observe_")}
    observed = registry.load().observed_exchanges
    assert set(found) == {f"observe_{name}" for name in observed} > {"observe_bitfinex", "observe_deribit"}
    for name, dag in found.items():
        assert dag["schedule"] == observed[name.removeprefix("observe_")].schedule
        assert (dag["timetable"], dag["catchup"], dag["max_active_runs"], dag["params"]) == (
            "CronTriggerTimetable", False, 4, ["approve", "at", "list", "record", "registry", "replay"],
        )  # fmt: skip
        tasks = dag["tasks"]
        assert {task: told["below"] for task, told in tasks.items()} == {
            "archive": ["approve", "networks", "observe", "price", "publish", "sweep"],
            "sweep": ["networks"],
            "networks": ["observe"],
            "observe": ["build"],
            "price": ["build"],
            "build": ["approve"],
            "approve": ["publish"],
            "publish": [],
        }
        # without a list all is skipped; a sweep or a network that was skipped holds up nothing
        assert {tasks[name]["rule"].rpartition(".")[2].lower() for name in ("networks", "build")} == {
            "none_failed_min_one_success"
        }
        assert tasks["observe"]["pool"] == "porlake_others"
        assert tasks["publish"]["outlets"]


def test_a_sweep_has_the_moment_of_the_snapshot_and_a_task_for_each_network_without_a_past(seen: Any) -> None:
    found = {name: dag for name, dag in seen["dags"].items() if name.startswith("sweep_")}
    assert set(found) == {"sweep_okx", "sweep_htx", "sweep_poloniex"}
    for name, dag in found.items():
        assert dag["schedule"] == registry.load().exchanges[name.removeprefix("sweep_")].snapshot
        assert (dag["timetable"], dag["catchup"], dag["max_active_runs"], dag["params"]) == (
            "CronTriggerTimetable",
            False,
            1,
            ["record", "replay"],
        )
        labels = [row.network for row in registry.load().labels.values() if f"sweep_{row.exchange}" == name]
        swept = set(labels) & set(registry.load().sweeps)
        pools = {f"sweep_{network}": f"porlake_{network}" for network in swept}
        assert {task: told["pool"] for task, told in dag["tasks"].items()} == pools
        assert "sweep_tron" in pools


def test_the_moment_of_htx_is_the_end_of_the_month_in_its_own_time(home: Path) -> None:
    """`L` is a day that the scheduler knows: the runs are due at 00:00 UTC+8 of each first."""
    look = (
        "from airflow.sdk import CronTriggerTimetable; from airflow.timetables.trigger import CronTriggerTimetable "
        "as T; import pendulum\n"
        "t = T('0 16 L * *', timezone='UTC'); print(t._get_next(pendulum.datetime(2024, 6, 2)), "
        "t._get_next(pendulum.datetime(2024, 2, 2)))"
    )
    done = subprocess.run([sys.executable, "-c", look], env=once(home), capture_output=True, text=True, check=False)
    assert done.stdout.splitlines()[-1] == "2024-06-30 16:00:00+00:00 2024-02-29 16:00:00+00:00", done.stderr[-2000:]
    assert registry.load().exchanges["htx"].snapshot == "0 16 L * *"


def test_nothing_is_published_before_it_is_built_and_nothing_built_before_it_is_looked_at(seen: Any) -> None:
    tasks = seen["dags"]["proof_of_reserves_okx"]["tasks"]
    before_build = {name for name, task in tasks.items() if "build" in task["below"]}
    assert before_build == {"verify", "prove", "price", *(name for name in tasks if name.startswith("observe_"))}
    assert tasks["build"]["below"] == ["approve"]
    assert tasks["approve"]["below"] == ["publish"]
    assert tasks["approve"]["rule"] == "TriggerRule.ALL_SUCCESS"
    assert tasks["publish"]["rule"] == "TriggerRule.ALL_SUCCESS"
    assert tasks["build"]["rule"] == "TriggerRule.NONE_FAILED_MIN_ONE_SUCCESS"


ALONE = """
import json, os, sys
from airflow.dag_processing.dagbag import DagBag
from airflow.sdk.definitions._internal.dag_parsing_context import _airflow_parsing_context_manager
for dag in sys.argv[2:]:
    with _airflow_parsing_context_manager(dag_id=dag):
        print(json.dumps(sorted(DagBag(sys.argv[1]).dags)))
"""


def test_before_a_task_its_own_dag_alone_is_made_and_what_it_starts(home: Path) -> None:
    command = [sys.executable, "-c", ALONE, str(ROOT / "dags")]
    dags = ["proof_of_reserves_okx", "find_okx", "sweep_okx", "observe_bitfinex", "find_nobody"]
    done = subprocess.run([*command, *dags], env=once(home), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    assert [json.loads(line) for line in done.stdout.splitlines() if line.startswith("[")] == [
        ["proof_of_reserves_okx"], ["find_okx", "proof_of_reserves_okx"], ["sweep_okx"], ["observe_bitfinex"], [],
    ]  # fmt: skip


def test_downstream_dags_can_wait_for_each_mart(seen: Any) -> None:
    marts = {path.stem for path in (ROOT / "sql" / "models" / "marts").glob("*.sql")}
    outlets = seen["dags"]["proof_of_reserves_okx"]["tasks"]["publish"]["outlets"]
    assert set(outlets) == {"porlake://published/attestations", *(f"porlake://marts/{mart}" for mart in marts)}


def test_the_page_is_published_after_every_mart(seen: Any) -> None:
    dag = seen["dags"]["publish_page"]
    assert set(dag["assets"]) == {
        f"porlake://marts/{path.stem}" for path in (ROOT / "sql" / "models" / "marts").glob("*.sql")
    }
    assert dag["tasks"]["page"]["outlets"] == ["porlake://published/page"]


def test_the_bundled_month_runs_through_the_dag_and_gives_the_bytes_of_the_command_line(
    home: Path, tmp_path: Path
) -> None:
    own = {
        "AIRFLOW_HOME": str(home / ".airflow"),
        "PORLAKE_LAKE": str(home / "data"),
        "PORLAKE_HOME": str(ROOT),
    }
    env = environment() | own | airflow_once(home / ".airflow")
    command = [sys.executable, "-m", "porlake.airflow.local", "run", "okx", json.dumps(SAMPLE_RUN)]
    done = subprocess.run(command, env=env, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    stages(tmp_path, [str(ROOT / name) for name in SAMPLE_RUN["reports"]])
    assert tree(home / "data" / "lake") == tree(tmp_path / "lake")
    assert (home / "data" / "marts" / "latest" / "reserve_ratio" / "part-0.parquet").exists()
    assert re.search(r"^  parse +success, [\d.]+ s$", done.stdout, re.MULTILINE), "small reports are parsed by one task"
    assert re.search(r"^  shares +success, ", done.stdout, re.MULTILINE)
    assert re.search(r"^  \d+ networks +skipped: no claims, or nothing read$", done.stdout, re.MULTILINE)
    assert re.search(r"^  observe_ethereum +success, ", done.stdout, re.MULTILINE)
    assert "observe_ravencoin" not in done.stdout
    assert "observe_litecoin" not in done.stdout, "nothing was read there: it is not green"
    log = (ROOT / ".airflow" / "run.log").read_text()
    assert len(set(re.findall(r"parsed ([0-9a-f]{16}): ", log))) >= len(SAMPLE_RUN["reports"]) > 1
    for said in (
        "files of okx: ",
        "parsed ",
        "verified ",
        "observed ethereum of ",
        "litecoin: nothing was read: ",
        "priced ",
        "published build ",
    ):
        assert said in log, said
    manifest = json.loads((home / "data" / "marts" / "manifest.json").read_text())
    events = told_events(home)
    rows = {mart: facts["rows"] for mart, facts in manifest["marts"].items()}
    assert events.keys() == {("porlake://marts/" + mart, None) for mart in rows} | {
        ("porlake://published/attestations", attestation) for attestation in attestations(home)
    }
    for (uri, partition), extra in events.items():
        assert (extra["exchange"], extra["build_id"]) == ("okx", manifest["build_id"])
        assert extra["rows"] == (sum(rows.values()) if partition else rows[uri.rpartition("/")[2]])
        assert "okx/2024-03-25" in extra["attestations"]


def attestations(home: Path) -> set[str]:
    return {row.attestation for row in Lake(home / "data").rows(ReportFile)}


def told_events(home: Path) -> dict[tuple[str, str | None], Any]:
    """What Airflow keeps of asset events, by the asset and the partition."""
    asked = "select a.uri, e.partition_key, e.extra from asset_event e join asset a on a.id = e.asset_id"
    with sqlite3.connect(home / ".airflow" / "airflow.db") as database:
        rows = database.execute(asked).fetchall()
    found = {(uri, partition): json.loads(extra) for uri, partition, extra in rows}
    assert len(found) == len(rows)
    return found


def test_a_run_without_anything_new_builds_and_publishes_nothing_and_tells_nobody(home: Path) -> None:
    """Behind the run of the bundled month, in its lake."""
    env = once(home)
    before, events = tree(home / "data"), told_events(home)
    conf = SAMPLE_RUN | {"reports": [name for name in SAMPLE_RUN["reports"] if "liabilities" in name]}
    command = [sys.executable, "-m", "porlake.airflow.local", "run", "okx", json.dumps(conf)]
    done = subprocess.run(command, env=env, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    assert re.search(r"^  build +skipped, ", done.stdout, re.MULTILINE), done.stdout
    assert (tree(home / "data"), told_events(home)) == (before, events)


def test_a_run_that_fails_says_so_and_exits_with_an_error(home: Path) -> None:
    env = once(home) | {"PORLAKE_LAKE": str(home / "other")}
    conf = {"reports": ["data/samples/nowhere.csv"], "replay": str(RECORDING)}
    command = [sys.executable, "-m", "porlake.airflow.local", "run", "okx", json.dumps(conf)]
    done = subprocess.run(command, env=env, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert "nowhere.csv: cannot be read" in done.stderr


def test_what_the_environment_sets_stays(tmp_path: Path) -> None:
    env = local.environment(tmp_path, {"AIRFLOW__CORE__PARALLELISM": "9", "PATH": os.environ["PATH"]})
    assert env["AIRFLOW__CORE__PARALLELISM"] == "9"
    assert env["AIRFLOW_HOME"] == str(tmp_path / ".airflow")
    again = local.environment(tmp_path, {})
    assert again["AIRFLOW__API__SECRET_KEY"] == env["AIRFLOW__API__SECRET_KEY"]
    assert (tmp_path / ".airflow" / "secret").stat().st_mode & 0o077 == 0


HOOK = """
import json, sys
from porlake.airflow.hook import EndpointHook
endpoint = EndpointHook("porlake_ethereum").endpoint()
print(json.dumps([endpoint.url, dict(endpoint.headers), repr(endpoint)]))
"""


@pytest.mark.parametrize(
    ("connection", "url", "headers"),
    [
        ({"conn_type": "porlake_rpc", "host": "https://node.example/rpc", "password": "k3y",
         "extra": {"header": "X-Key"}},
         "https://node.example/rpc", {"X-Key": "k3y"}),
        ({"conn_type": "porlake_rpc", "host": "http://127.0.0.1:8332", "login": "u", "password": "p"},
         "http://127.0.0.1:8332", {"Authorization": "Basic dTpw"}),
        ({"conn_type": "porlake_rpc", "host": "node.example", "port": 8545}, "http://node.example:8545", {}),
    ],
)  # fmt: skip
def test_a_connection_becomes_an_endpoint_whose_key_is_not_shown(
    home: Path, connection: dict[str, Any], url: str, headers: dict[str, str]
) -> None:
    env = once(home) | {"AIRFLOW_CONN_PORLAKE_ETHEREUM": json.dumps(connection)}
    done = subprocess.run([sys.executable, "-c", HOOK], env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    found = json.loads(done.stdout.splitlines()[-1])
    assert found[:2] == [url, headers]
    assert "k3y" not in found[2]


REFUSED = """
from porlake.airflow.hook import EndpointHook
from porlake.errors import ConfigurationError
for number in range(6):
    try:
        print(EndpointHook(f"porlake_ethereum_{number}").endpoint())
    except ConfigurationError as error:
        print(error)
"""


def test_a_connection_that_makes_no_sense_is_named_and_nothing_of_it_shown(home: Path) -> None:
    odd: list[dict[str, Any]] = [
        {"host": "http://user:k3y/x@host"}, {"host": "http://host:k3y"},
        {"host": "host", "password": "k3y\nX: " "y", "extra": {"header": "X-Key"}},
        {"host": "http://ho st/k3y"}, {"host": ""}, {"host": "::1", "port": 8545, "login": "u", "password": "k3y"},
    ]  # fmt: skip
    named = {
        f"AIRFLOW_CONN_PORLAKE_ETHEREUM_{number}": json.dumps({"conn_type": "porlake_rpc"} | one)
        for number, one in enumerate(odd)
    }
    done = subprocess.run(
        [sys.executable, "-c", REFUSED],
        env=once(home) | named,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    said = [line for line in done.stdout.splitlines() if line.startswith(("connection porlake", "Endpoint("))]
    assert [line.partition(":")[0] for line in said[:5]] == [
        f"connection porlake_ethereum_{number}" for number in range(5)
    ]
    assert said[5] == "Endpoint([::1]:8545)"
    assert "k3y" not in done.stdout + done.stderr


def test_connections_with_a_number_take_over_in_their_order(home: Path) -> None:
    named = {
        "AIRFLOW_CONN_PORLAKE_ETHEREUM": "a.example",
        "AIRFLOW_CONN_PORLAKE_ETHEREUM_2": "b.example",
        "AIRFLOW_CONN_PORLAKE_BASE_2": "c.example",
    }
    env = once(home) | {
        name: json.dumps({"conn_type": "porlake_rpc", "host": f"https://{host}"}) for name, host in named.items()
    }
    program = "from porlake.airflow import tasks; print(tasks._connections(['ethereum', 'base', 'solana']))"
    done = subprocess.run([sys.executable, "-c", program], env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout.splitlines()[-1] == "{'ethereum': (Endpoint(a.example), Endpoint(b.example))}"


LAKE = """
import json, os
from airflow.sdk.exceptions import AirflowFailException
from porlake.airflow import tasks
from porlake.errors import Damaged, Overtaken, StoreUnavailable
found = {}
for place in ("s3://b/p", "gs://b/p", "az://b/p", "data"):
    os.environ["PORLAKE_LAKE"] = place
    found[place] = tasks._keys()
del os.environ["AIRFLOW_CONN_PORLAKE_LAKE"]
os.environ["PORLAKE_LAKE"] = "s3://b/p"
found["none"] = tasks._keys()
for kind in (Overtaken, StoreUnavailable, Damaged):
    @tasks.tried_again_if_it_helps
    def task():
        raise kind("said")
    try:
        task()
    except (AirflowFailException, kind) as error:
        found[kind.__name__] = type(error).__name__
print(json.dumps(found))
"""


def test_the_lakes_connection_is_its_credentials_and_a_swap_that_was_lost_is_tried_again(home: Path) -> None:
    connection = {"conn_type": "aws", "login": "id", "password": "k3y", "extra": {"session_token": "t", "other": "x"}}
    env = once(home) | {"AIRFLOW_CONN_PORLAKE_LAKE": json.dumps(connection)}
    done = subprocess.run([sys.executable, "-c", LAKE], env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    assert json.loads(done.stdout.splitlines()[-1]) == {
        "s3://b/p": {"access_key_id": "id", "secret_access_key": "k3y", "session_token": "t"},
        "gs://b/p": {"service_account_key": "k3y"},
        "az://b/p": {"account_key": "k3y"},
        "data": {},
        "none": {},
        "Overtaken": "Overtaken",
        "StoreUnavailable": "StoreUnavailable",
        "Damaged": "AirflowFailException",
    }


def test_the_provider_names_a_hook_that_exists() -> None:
    (kind,) = provider.get_provider_info()["connection-types"]
    module, _, name = kind["hook-class-name"].rpartition(".")
    assert (ROOT / "plugins" / Path(*module.split("."))).with_suffix(".py").read_text().count(f"class {name}(") == 1

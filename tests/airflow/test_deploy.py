"""The examples of docs/deploy: YAML as a linter wants it, compose's by its own schema, and every name in them one that
Airflow or porlake knows.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from support import ROOT, environment

DEPLOY = ROOT / "docs" / "deploy"
PAGE = (ROOT / "docs" / "production.md").read_text(encoding="utf-8")
RULES = "{extends: default, rules: {line-length: {max: 120}, document-start: disable}}"
FILES = sorted(DEPLOY.glob("*.yaml"))
#: What Apache Airflow's Helm chart takes at its top, of what the example says.
CHART = {"executor", "airflowVersion", "images", "fernetKeySecretName", "apiSecretKeySecretName", "jwtSecretName",
         "data", "postgresql", "redis", "env", "secret", "workers", "migrateDatabaseJob"}  # fmt: skip


def tool(name: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(Path(sys.executable).with_name(name)), *arguments], env=environment(), capture_output=True, text=True,
        check=False,
    )  # fmt: skip


def by_schema(path: Path) -> subprocess.CompletedProcess[str]:
    return tool("check-jsonschema", "--builtin-schema", "vendor.compose-spec", str(path))


@pytest.fixture(scope="module")
def options() -> set[str]:
    """The variables that set Airflow's options, with those of the installed providers."""
    look = (
        "from airflow.configuration import conf; import json; from airflow.providers_manager import ProvidersManager\n"
        "ProvidersManager().initialize_providers_configuration()\n"
        "print(json.dumps([f'AIRFLOW__{s}__{o}'.upper() for s, d in conf.configuration_description.items() "
        "for o in d['options']]))"
    )
    done = subprocess.run([sys.executable, "-c", look], env=environment(), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    return set(json.loads(done.stdout.splitlines()[-1]))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_the_linter_finds_nothing(path: Path) -> None:
    done = tool("yamllint", "--strict", "--config-data", RULES, str(path))
    assert done.returncode == 0, done.stdout


def test_compose_takes_the_file_and_would_not_take_a_wrong_one(tmp_path: Path) -> None:
    assert by_schema(DEPLOY / "compose.yaml").returncode == 0
    wrong = tmp_path / "compose.yaml"
    wrong.write_text((DEPLOY / "compose.yaml").read_text().replace("healthcheck:", "healthchecks:"))
    assert by_schema(wrong).returncode == 1


def test_every_setting_is_one_that_airflow_has(options: set[str]) -> None:
    texts = {path.name: path.read_text(encoding="utf-8") for path in (*FILES, DEPLOY / "Dockerfile")}
    for name, text in (texts | {"production.md": PAGE}).items():
        said = set(re.findall(r"\b(AIRFLOW__[A-Z_]+[A-Z])\b", text))
        assert said, name
        assert said <= options, (name, said - options)


def queues(command: list[str]) -> list[str]:
    return command[command.index("--queues") + 1].split(",") if "--queues" in command else []


def test_both_queues_have_a_worker_and_the_pools_are_made_before_it_starts() -> None:
    compose: Any = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
    services = compose["services"]
    assert {queue for service in services.values() for queue in queues(service.get("command", []))} == {
        "default", "warehouse",
    }  # fmt: skip
    for name, service in services.items():
        assert (name in ("postgres", "redis", "set-up")) != ("set-up" in service.get("depends_on", {})), name
    chart: Any = yaml.safe_load((DEPLOY / "values.yaml").read_text())
    assert set(chart) <= CHART
    assert [chart["workers"]["queue"], *(one["queue"] for one in chart["workers"]["celery"]["sets"])] == [
        "default", "warehouse",
    ]  # fmt: skip
    for command in (services["set-up"]["command"], chart["migrateDatabaseJob"]["args"]):
        assert "airflow db migrate && porlake airflow pools > " in command[-1]


def test_no_secret_stands_in_an_example() -> None:
    for path in FILES:
        for line in path.read_text(encoding="utf-8").splitlines():
            key, _, value = line.partition(": ")
            if re.search(r"PASSWORD|SECRET_KEY|JWT_SECRET|FERNET_KEY", key):
                assert re.fullmatch(r"\$\{\w+:\?\}", value), line


def test_what_workers_import_once_is_there() -> None:
    look = (
        "from porlake.airflow.celery import CONFIG; from importlib import import_module\n"
        "print([import_module(name).__name__ for name in CONFIG['imports']])"
    )
    done = subprocess.run([sys.executable, "-c", look], env=environment(), capture_output=True, text=True, check=False)
    assert done.stdout.splitlines()[-1:] == ["['porlake.airflow.tasks']"], done.stderr[-2000:]

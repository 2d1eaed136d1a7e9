"""What tasks say that they read and wrote, as Airflow's collector of lineage has it, and as OpenLineage names it."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from openlineage.client.generated.base import Dataset

from porlake.airflow import lineage
from porlake.lake import Lake
from porlake.model import Claim
from support import RECORDING, SAMPLE_ROWS, environment

PLUGIN = """
from airflow.plugins_manager import AirflowPlugin
from airflow.sdk.lineage import HookLineageReader


class Listens(AirflowPlugin):
    name = "listens"
    hook_lineage_readers = [HookLineageReader]
"""
TASKS = """
import json, sys
from airflow.sdk.lineage import get_hook_lineage_collector
from airflow.providers_manager import ProvidersManager
from porlake.airflow import tasks

replay, rows, report = sys.argv[1:]
context = {"params": {"replay": replay, "record": None, "registry": rows}}
tasks.verify(report, context)
tasks.observe(report, "ethereum", context)
found = get_hook_lineage_collector().collected_assets
convert = ProvidersManager().asset_to_openlineage_converters["porlake"]
told = [sorted({convert(one.asset, None).name for one in found.inputs}),
        sorted({convert(one.asset, None).name for one in found.outputs})]
print(json.dumps(told))
"""


def test_a_task_tells_what_it_read_and_wrote_where_somebody_listens(month: Path, tmp_path: Path) -> None:
    shutil.copytree(month, tmp_path / "data")
    (tmp_path / "plugins").mkdir()
    (tmp_path / "plugins" / "listens.py").write_text(PLUGIN)
    report = next(row.report for row in Lake(month).rows(Claim, exchange="okx", network="ethereum"))
    env = environment() | {"AIRFLOW_HOME": str(tmp_path), "PORLAKE_LAKE": str(tmp_path / "data")}
    done = subprocess.run(
        [sys.executable, "-c", TASKS, str(RECORDING), str(SAMPLE_ROWS), report], env=env, capture_output=True,
        text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    read, wrote = json.loads(done.stdout.splitlines()[-1])
    assert read == ["lake/claim", "lake/evidence"]
    assert set(wrote) >= {"lake/balance", "lake/ownership"}


def test_an_asset_is_a_dataset_of_openlineages() -> None:
    class Published:
        uri = "porlake://marts/reserve_ratio"

    assert lineage.dataset(Published, None) == Dataset(namespace="porlake", name="marts/reserve_ratio")


@pytest.mark.parametrize(
    ("uri", "is_ours"),
    [("porlake://marts/reserve_ratio", True), ("porlake://marts", False), ("porlake:///marts", False),
     ("porlake://marts/", False), ("porlake://marts/a?b=c", False)],
)  # fmt: skip
def test_an_asset_names_a_stage_and_what_it_wrote(uri: str, is_ours: bool) -> None:
    if is_ours:
        assert lineage.sanitized(urlsplit(uri)) == urlsplit(uri)
    else:
        with pytest.raises(ValueError, match="porlake://marts/reserve_ratio"):
            lineage.sanitized(urlsplit(uri))

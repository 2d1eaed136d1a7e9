"""The tasks of shares as a run calls them: what is worth a share, what is left where an endpoint fails to the last."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from porlake.airflow import local
from support import ROOT, environment

RUN = """
import json, sys
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace
from observation.test_columns import ONLY, claim, file
from observation.test_shares import FACE
from observation.toy import toy
from porlake import pipeline
from porlake.airflow import tasks
from porlake.errors import TransportError
from porlake.model import Balance, Claim, ReportFile
from porlake.observation import shares

shares.A_SECOND = 1.0
params = {"record": None, "replay": None}
def run(number):
    return {"params": params, "ti": SimpleNamespace(try_number=number, max_tries=3)}

def told(value):
    print("said", json.dumps(value))

with toy(Path(sys.argv[1]), FACE):
    lake, one = pipeline.session().lake, file()
    lake.write(ReportFile, {"exchange": "okx", "report": one.report, "attestation": one.attestation}, [one])
    lake.write(Claim, ONLY, [claim(n, "toynet", "TOY", f"a{n}", 1, 7) for n in range(1, 31)])
    parts = tasks.shares([one.report], run(1))
    told(parts)
    node = import_module("porlake.chains.toy")
    tasks.read_share(parts[0], run(1))
    told(len(node.ASKED))
    node.GONE.add("all")
    try:
        tasks.read_share(parts[1], run(3))
    except TransportError as error:
        told(str(error))
    tasks.read_share(parts[1], run(4))
    node.GONE.clear()
    node.ASKED.clear()
    published = Path(sys.argv[1]).with_name("PR01SEP26_Deposit.csv")
    published.write_text("coin,network,address,balance,Height,Third party custodian name\\n\\n")
    (empty,) = pipeline.archive(pipeline.session(), "binance", str(published))
    told(tasks.parts([[empty]], run(1)))
    tasks.parse_share({"report": empty, "number": 0, "of": 2}, run(1))
    told(tasks.observe(one.report, "toynet", run(1)) == one.report)
    told([len(node.ASKED), sum(row.component == "total" for row in lake.rows(Balance))])
"""


def test_the_tasks_of_shares(tmp_path: Path) -> None:
    env = local.environment(ROOT, environment() | {
        "AIRFLOW_HOME": str(tmp_path / ".airflow"), "PORLAKE_LAKE": str(tmp_path / "data"),
        "PORLAKE_ENDPOINT_TOYNET": "http://a.example",
        "PYTHONPATH": os.pathsep.join([str(ROOT / "tests"), os.environ.get("PYTHONPATH", "")]),
    })  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-c", RUN, str(tmp_path / "family")], env=env, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-3000:]
    shares, asked, failed, parts, is_same, (again, held) = (
        json.loads(line.removeprefix("said ")) for line in done.stdout.splitlines() if line.startswith("said ")
    )
    assert [(share["network"], share["number"], share["of"]) for share in shares] == [
        ("toynet", number, 3) for number in range(3)
    ]
    assert asked == 10
    assert failed == "gone"
    assert parts == []  # a lake that one machine has to itself
    assert "no rows" in done.stdout + done.stderr  # told, and left to the parse
    assert is_same
    assert 20 <= again <= 20 + 4  # and those of the first share that had no answer
    assert held == 26

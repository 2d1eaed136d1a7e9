"""What a command does not load: a library that one stage needs must not cost the start of all."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from porlake import cli, pipeline
from porlake.warehouse import database_of
from support import SAMPLES, environment

#: Libraries that cost a tenth of a second or more, and that no command starts with.
HEAVY = {
    "pandas", "pydantic", "eth_abi", "eth_utils", "web3", "numba", "llvmlite", "dbt", "airflow", "bitcoinlib", "sympy",
    "crypto_cpp_py", "py_arkworks_bls12381", "pycparser", "openpyxl", "rich.progress",
}  # fmt: skip
#: Of them, those that a few rows of the sample need: signatures over STARK's curve and over BLS12-381.
CURVES = {"sympy", "crypto_cpp_py", "py_arkworks_bls12381"}
#: What the help needs still less: it opens no lake.
NO_HELP = HEAVY | {"numpy", "pyarrow", "duckdb", "urllib3", "porlake.pipeline", "porlake.chains", "porlake.ownership"}

LOOK = """
import json, sys
from porlake import cli
try:
    code = cli.main(sys.argv[1:])
except SystemExit as end:
    code = end.code
print(json.dumps([code or 0, sorted(sys.modules)]), file=sys.stderr)
"""


def loaded(*words: str) -> set[str]:
    """The modules that a command has loaded when it is done."""
    done = subprocess.run(
        [sys.executable, "-c", LOOK, *words], capture_output=True, text=True, env=environment(), check=True
    )
    code, modules = json.loads(done.stderr.splitlines()[-1])
    assert code == 0, done.stderr
    return set(modules)


@pytest.mark.parametrize("command", ["", *map(cli.name_of, cli.COMMANDS)])
def test_the_help_of_a_command_loads_no_library(command: str) -> None:
    assert sorted(NO_HELP & loaded(*filter(None, (command, "--help")))) == []


def test_verify_loads_what_it_needs() -> None:
    found = loaded("verify", str(SAMPLES / "okx_por_2024032500.csv"))
    assert "pyarrow" in found
    assert sorted((HEAVY - CURVES) & found) == []


def test_query_loads_what_it_needs(tmp_path: Path) -> None:
    session = pipeline.session(tmp_path, environ={})
    (report,) = pipeline.archive(session, "okx", str(SAMPLES / "okx_por_2024032500.csv"))
    pipeline.parse(session, report)
    with duckdb.connect(database_of(session.lake)) as connection:
        connection.execute("create schema core; create schema registry; create schema lake; create schema staging")
    found = loaded("query", "select 1 as one", "--lake", str(tmp_path))
    assert "duckdb" in found
    assert sorted(HEAVY & found) == []


def test_what_is_loaded_is_seen() -> None:
    code = "import sys, porlake.startup as s; import pyarrow as pa; pa.array([1]); print('pandas' in sys.modules)"
    with_it, without = (
        subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, check=True).stdout.strip()
        for text in (code, code.replace("pa.array", "s.without_pandas(); pa.array"))
    )
    assert (with_it, without) == ("True", "False")


def test_pandas_is_there_for_who_asks_for_it() -> None:
    code = (
        "from porlake.startup import without_pandas; without_pandas(); import pyarrow as pa\n"
        "table = pa.table({'a': [1, None]}); import pandas as pd\n"
        "assert table.to_pandas()['a'].tolist()[0] == 1\n"
        "assert pa.Table.from_pandas(pd.DataFrame({'a': [1, 2]})).column('a').to_pylist() == [1, 2]"
    )
    subprocess.run([sys.executable, "-c", code], check=True)

"""The dbt project compiled once over an empty lake, its unit tests run, for every module here."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from porlake import warehouse
from porlake.lake import Lake
from support import made_once


@pytest.fixture(scope="session")
def cased(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a build over an empty lake, unit tests included."""

    def build(folder: Path) -> None:
        target = folder / "porlake.duckdb"
        warehouse.prepare(target, warehouse.files_of(Lake(folder)))
        warehouse.dbt(target, folder, "build", "--vars", json.dumps({"build_id": "case"}))

    return made_once(tmp_path_factory, "cases", build)

"""The dbt project built once over the bundled month, its unit tests run, for every module here."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from odd_lake import tables_in
from porlake import warehouse
from porlake.lake import Lake
from support import made_once


@pytest.fixture(scope="session")
def cased(month: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a build over the bundled month, unit tests included. To be read."""

    def build(folder: Path) -> None:
        target = folder / "porlake.duckdb"
        warehouse.prepare(target, warehouse.files_of(Lake(month)))
        warehouse.dbt(target, folder, "build")

    return made_once(tmp_path_factory, "cases", build)


@pytest.fixture(scope="session")
def give_tables(cased: Path) -> Callable[[Lake], Lake]:
    """Gives a lake its tables, of the compiled SQL and without the data tests: a twentieth of what a build by dbt
    costs. `test_tables_made_without_dbt_are_those_of_a_build` compares the two.
    """

    def give(lake: Lake) -> Lake:
        tables_in(warehouse.database_of(lake), cased, lake, threads=2, root=lake.root)
        return lake

    return give

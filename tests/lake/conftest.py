"""The lake of a test, in a folder and in an object store."""

from __future__ import annotations

from pathlib import Path

import pytest

from porlake.lake import Below, Lake, Store
from stores import BOTH, FOLDER, OBJECTS


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Whatever takes one of these fixtures runs over both stores, unless it says that it is of a folder."""
    if "over" in metafunc.fixturenames:
        alone = metafunc.definition.get_closest_marker("of_a_folder")
        metafunc.parametrize("over", [FOLDER] if alone else BOTH, indirect=True)


@pytest.fixture
def over(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def lake(over: str, request: pytest.FixtureRequest, tmp_path: Path) -> Lake:
    if over == OBJECTS:
        made: Lake = request.getfixturevalue("object_store").lake(tmp_path / "cache")
        return made
    return Lake(tmp_path)


@pytest.fixture
def kept(lake: Lake) -> Store:
    return lake.store


@pytest.fixture
def scratch(lake: Lake) -> Path | Below:
    """A folder, which is not there yet, for parts of long work."""
    key = "lake/price/.unfinished-x"
    return Below(lake.store, key) if lake.store.shared else lake.root / key

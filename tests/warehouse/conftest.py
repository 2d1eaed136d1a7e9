"""The bundled month, built and published once for all of these tests, and a copy of it for those that change it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from porlake.lake import Lake


@pytest.fixture(scope="session")
def lake(published_month: Path) -> Lake:
    """The bundled month, built and published. To be read."""
    return Lake(published_month)


@pytest.fixture
def own(lake: Lake, tmp_path: Path) -> Lake:
    shutil.copytree(lake.root, tmp_path / "own", symlinks=True)
    return Lake(tmp_path / "own")

"""The lake of a test: in a folder, or, of a test that is `over_both`, in an object store too."""

from __future__ import annotations

from pathlib import Path

import pytest

from porlake.lake import Lake
from stores import OBJECTS


@pytest.fixture
def lake(request: pytest.FixtureRequest, tmp_path: Path) -> Lake:
    if getattr(request, "param", "") == OBJECTS:
        made: Lake = request.getfixturevalue("object_store").lake(tmp_path / "cache")
        return made
    return Lake(tmp_path)

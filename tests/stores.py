"""Which stores a test of the lake runs over."""

from __future__ import annotations

import pytest

FOLDER, OBJECTS = "a folder", "an object store"
over_both = pytest.mark.parametrize("lake", [FOLDER, pytest.param(OBJECTS, marks=pytest.mark.slow)], indirect=True)

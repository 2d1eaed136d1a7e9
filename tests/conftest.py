"""A lake of the bundled month for reading, and the real command line."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from support import MONTH, RECORDING, command, environment, stages


@pytest.fixture(scope="session")
def month(tmp_path_factory: pytest.TempPathFactory) -> Path:
    lake = tmp_path_factory.mktemp("month")
    stages(lake, MONTH)
    return lake


@pytest.fixture
def porlake(tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """The command line in a process of its own, in an empty folder, without settings from outside."""

    def run(*arguments: str, **options: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command(*arguments), cwd=tmp_path, env=environment() | options, capture_output=True, text=True, check=False
        )

    return run


@pytest.fixture
def silent_recording(tmp_path: Path) -> Path:
    """A recording that knows the time and nothing else: every endpoint fails, and no network is asked."""
    folder = tmp_path / "silent"
    clock = next((RECORDING / "run").glob("clock_*.json"))
    (folder / "run").mkdir(parents=True)
    (folder / "run" / clock.name).write_bytes(clock.read_bytes())
    return folder

"""Where the dbt project of the tables lies, and which marts it has. Imports nothing that takes time: DAG files list the
marts.
"""

from __future__ import annotations

import os
from pathlib import Path

from porlake.errors import ConfigurationError


def shipped(name: str) -> Path:
    """`sql` or `dags`: inside the package where porlake was installed from its wheel, at the top of a checkout."""
    inside = Path(__file__).resolve().with_name(name)
    return inside if inside.is_dir() else Path(__file__).resolve().parents[2] / name


def sql_folder() -> Path:
    """The dbt project: PORLAKE_SQL, else the one that porlake comes with. Raises ConfigurationError."""
    folder = Path(os.environ.get("PORLAKE_SQL") or shipped("sql"))
    if not (folder / "dbt_project.yml").exists():
        raise ConfigurationError(f"{folder}: no dbt project lies there; set PORLAKE_SQL to the sql folder of porlake")
    return folder


def marts(folder: Path | None = None) -> list[str]:
    """The names of the marts, in order."""
    return sorted(path.stem for path in ((folder or sql_folder()) / "models" / "marts").glob("*.sql"))


def warnings(folder: Path | None = None) -> list[str]:
    """The names of the tests that stop nothing and that a reader should know of, in order."""
    return sorted(path.stem for path in ((folder or sql_folder()) / "tests" / "warnings").glob("*.sql"))

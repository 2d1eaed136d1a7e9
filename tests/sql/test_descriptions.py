"""Each model of core and staging says what a row and a column is, in its SQL as in DuckDB's catalogue."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml

MODELS = Path(__file__).resolve().parents[2] / "sql" / "models"
FOLDERS = ("core", "staging")


def described(folder: str) -> dict[str, dict[str, Any]]:
    text = (MODELS / folder / f"{folder}_keys.yml").read_text(encoding="utf-8")
    return {facts["name"]: facts for facts in yaml.safe_load(text)["models"]}


def comment(path: Path) -> str:
    lines = path.read_text(encoding="utf-8").splitlines()
    code = next(at for at, line in enumerate(lines) if not line.startswith("--"))
    return " ".join(line.removeprefix("--").strip() for line in lines[:code])


@pytest.mark.parametrize(
    "path", [path for folder in FOLDERS for path in sorted((MODELS / folder).glob("*.sql"))], ids=lambda path: path.stem
)
def test_a_model_says_what_a_row_is(path: Path) -> None:
    facts = described(path.parent.name)[path.stem]
    assert facts["description"] == comment(path), "the comment at the head of the model and its description differ"
    assert path.parent.name == "staging" or "One row" in facts["description"]
    assert [column["name"] for column in facts["columns"] if not column.get("description")] == []


def test_a_description_is_of_a_model_that_is_there() -> None:
    for folder in FOLDERS:
        assert set(described(folder)) == {path.stem for path in (MODELS / folder).glob("*.sql")}


def test_every_column_of_a_build_is_described(cased: Path) -> None:
    with duckdb.connect(str(cased / "porlake.duckdb"), read_only=True) as connection:
        found = connection.execute(
            "select table_name, column_name from information_schema.columns where table_schema in ('core', 'staging')"
        ).fetchall()
    told = {
        (name, column["name"])
        for folder in FOLDERS
        for name, facts in described(folder).items()
        for column in facts["columns"]
    }
    assert len(found) > 300
    assert set(found) == told

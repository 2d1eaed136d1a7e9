"""The rooms: imports go down only, and every dataset says what it is."""

from __future__ import annotations

import ast
from dataclasses import fields, is_dataclass
from pathlib import Path

import pytest

from porlake import lake, model

PACKAGE = Path(__file__).resolve().parents[1] / "plugins" / "porlake"

MAY_IMPORT = {
    "model": set(),
    "errors": set(),
    "progress": set(),
    "settings": {"errors"},
    "amounts": {"errors"},
    "dbt_project": {"errors"},
    "numbers": {"errors"},
    "formats": set(),
    "stamps": set(),
    "startup": set(),
    "served": set(),
    "encoding": {"errors"},
    "registry": {"model", "errors"},
    "addresses": {"errors", "encoding", "registry"},
    "transport": {"errors", "numbers", "encoding"},
    "sources": {"formats", "stamps", "errors", "numbers", "registry", "transport"},
    "reports": {"formats", "stamps", "model", "errors", "encoding", "registry"},
    "chains": {"model", "errors", "numbers", "progress", "encoding", "registry", "addresses", "transport"},
    "ownership": {"model", "errors", "encoding", "registry", "addresses"},
    "liabilities": {"formats", "errors", "progress", "encoding", "registry"},
    "prices": {"model", "errors", "amounts", "numbers", "registry", "transport"},
    "lake": {"model", "errors"},
    "observation": {"settings", "model", "errors", "progress", "amounts", "registry", "addresses", "transport", "lake",
                    "chains"},
    "warehouse": {"served", "progress", "dbt_project", "lake", "errors", "model", "registry"},
    "pipeline": {"served", "settings", "dbt_project", "model", "errors", "progress", "amounts", "registry", "addresses",
                 "transport",
                 "sources", "reports", "chains", "ownership", "liabilities", "prices", "lake", "observation",
                 "warehouse"},
    "queries": {"settings", "dbt_project", "model", "errors", "progress", "amounts", "registry", "addresses",
                "transport",
                "reports", "chains", "ownership", "liabilities", "lake", "observation", "warehouse", "pipeline"},
    "airflow": {"served", "startup", "model", "dbt_project", "pipeline", "queries", "progress", "registry", "errors",
                "transport", "chains"},
    "__main__": {"cli"},
    "cli": {"served", "startup", "model", "airflow", "sources", "pipeline", "queries", "progress", "registry", "errors",
            "transport"},
}  # fmt: skip


def room(path: Path) -> str:
    return path.relative_to(PACKAGE).with_suffix("").parts[0]


def imported_rooms(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module == "porlake":
            found |= {alias.name for alias in node.names if alias.name != "__version__"}
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("porlake."):
            found.add(str(node.module).split(".")[1])
        elif isinstance(node, ast.Import):
            found |= {alias.name.split(".")[1] for alias in node.names if alias.name.startswith("porlake.")}
    return found


MODULES = sorted(path for path in PACKAGE.rglob("*.py") if path != PACKAGE / "__init__.py")


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_go_down(path: Path) -> None:
    assert imported_rooms(path) - {room(path)} <= MAY_IMPORT[room(path)]


def test_an_import_that_goes_up_is_seen(tmp_path: Path) -> None:
    sinner = tmp_path / "lake.py"
    sinner.write_text("def late():\n    from porlake import pipeline\n    from porlake.chains import evm\n")
    assert imported_rooms(sinner) == {"pipeline", "chains"}


@pytest.mark.parametrize("dataset", model.DATASETS)
def test_a_dataset_names_its_key_partition_and_every_column(dataset: str) -> None:
    row_class = model.DATASETS[dataset]
    names = [field.name for field in fields(row_class)]
    assert is_dataclass(row_class)
    assert row_class.__doc__
    assert set(row_class.KEY) <= set(names)
    assert set(row_class.PARTITION) <= set(names)
    assert all(field.metadata[b"meaning"] for field in lake.schema(row_class))


def test_a_column_has_one_type_and_one_meaning_everywhere() -> None:
    seen: dict[str, tuple[object, object]] = {}
    for row_class in model.DATASETS.values():
        for field in lake.schema(row_class):
            assert seen.setdefault(field.name, (field.type, field.metadata)) == (field.type, field.metadata), field.name


def test_money_is_never_a_double() -> None:
    assert not [
        f.name
        for row_class in model.DATASETS.values()
        for f in lake.schema(row_class)
        if str(f.type) in {"double", "float"}
    ]

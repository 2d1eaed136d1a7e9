"""Write docs/tables.md (the data dictionary) and the results in docs/questions.md anew.

    .venv/bin/python tools/documents.py                     both pages
    .venv/bin/python tools/documents.py --page build/docs   dbt's page on the tables, with their lineage, as one file

The dictionary comes from the classes of porlake.model, the registry, and the dbt project; the results from a build of
the bundled month and docs/examples.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import fields
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import yaml

from porlake import lake, model, pipeline, registry, warehouse
from porlake.lake import Lake

ROOT = Path(__file__).resolve().parents[1]
SAMPLES, EXAMPLES = ROOT / "data" / "samples", ROOT / "docs" / "examples"
SOURCES = [
    *(SAMPLES / name for name in ("okx_por_2024032500.csv", "okx_liabilities_2024-03-25.csv", "published_history.csv")),
    *sorted(EXAMPLES.glob("*_V*.csv")),
    EXAMPLES / "addresses_2024-03-25.csv",
]


# --- the dictionary ---------------------------------------------------------------------------------------------------
def tables() -> str:
    """docs/tables.md"""
    return (
        "\n".join([HEAD.replace("VERSION", warehouse.MARTS_VERSION), *_marts(), *_core(), *_datasets(), *_registry()])
        + "\n"
    )


HEAD = """# The tables

Made by `tools/documents.py` from the dbt project, the classes of `plugins/porlake/model.py` and the registry; a test \
holds it to them. The
same words stand in DuckDB's catalogue as comments (`select * from duckdb_columns()`).

The marts are published as Parquet, in version VERSION (`version` in `data/marts/manifest.json`): a column or mart \
added raises the second
number; a column or mart that is renamed or removed, or changes its type, unit or meaning, raises the first. Amounts \
are `DECIMAL`: whole base
units with scale 0, units of the asset with 8 digits, US dollars with cents. Null means that a source says nothing, \
never zero. Times are UTC.
"""


def _marts() -> Iterator[str]:
    yield "## Marts"
    for mart in warehouse.marts():
        folder = warehouse.sql_folder() / "models" / "marts"
        facts = yaml.safe_load((folder / f"{mart}.yml").read_text(encoding="utf-8"))["models"][0]
        key = next(test["unique_key"]["arguments"]["columns"] for test in facts["data_tests"] if "unique_key" in test)
        sql = (folder / f"{mart}.sql").read_text(encoding="utf-8")
        yield from ("", f"### `{mart}`", "", facts["description"], "")
        yield f"Key: {', '.join(key)}. Version {facts['latest_version']}. Made from {_parents(sql)}."
        yield from ("", "| column | type | unit | meaning |", "|---|---|---|---|")
        for column in facts["columns"]:
            yield (
                f"| `{column['name']}` | {column['data_type']} | {_unit(column['name'], column['data_type'])} | "
                f"{column['description']} |"
            )


def _parents(sql: str) -> str:
    found = [f"`{name}`" for name in sorted(set(re.findall(r"ref\('(\w+)'\)", sql)))]
    return ", ".join(
        found + [f"`{place}.{name}`" for place, name in sorted(set(re.findall(r"source\('(\w+)', '(\w+)'\)", sql)))]
    )


def _unit(name: str, kind: str) -> str:
    if kind == "decimal(38,0)":
        return "base units of the asset"
    if name == "printed_ratio":
        return "percent"
    if name.startswith(("usd", "price_")):
        return "USD" if kind.startswith("decimal") else ""
    if kind == "decimal(28,8)":
        return "units of the asset"
    return {"double": "1", "timestamp with time zone": "UTC"}.get(kind, "days" if name == "days" else "")


def _core() -> Iterator[str]:
    yield from (
        "",
        "## Core and staging",
        "",
        "Tables of the build that the marts rest on; they may change with any version.",
        "",
    )
    for folder in ("core", "staging"):
        for facts in yaml.safe_load(_keys(folder).read_text(encoding="utf-8"))["models"]:
            yield from (f"### `{_schema(folder, facts['name'])}.{facts['name']}`", "", facts["description"], "")
            yield from ("| column | meaning |", "|---|---|")
            yield from (f"| `{column['name']}` | {column['description']} |" for column in facts["columns"])
            yield ""


def _schema(folder: str, model: str) -> str:
    sql = (warehouse.sql_folder() / "models" / folder / f"{model}.sql").read_text(encoding="utf-8")
    named = re.search(r"config\([^)]*schema='(\w+)'", sql)
    return named[1] if named else folder


def _keys(folder: str) -> Path:
    return warehouse.sql_folder() / "models" / folder / f"{folder}_keys.yml"


def _datasets() -> Iterator[str]:
    yield from ("## Datasets of the lake", "", "As Parquet below `data/lake`, and as views in the schema `lake`.")
    for name, row_class in model.DATASETS.items():
        yield from ("", f"### `lake.{name}`", "", _paragraphs(row_class), "")
        yield f"Key: {', '.join(row_class.KEY)}. Partition: {', '.join(row_class.PARTITION)}."  # type: ignore[attr-defined]
        yield from ("", "| column | type | unit | meaning |", "|---|---|---|---|")
        for field in lake.schema(row_class):
            about = {key.decode(): value.decode() for key, value in (field.metadata or {}).items()}
            optional = "; may be null" if field.nullable else ""
            yield f"| `{field.name}` | {field.type} | {about.get('unit', '')} | {about['meaning']}{optional} |"


def _paragraphs(documented: type) -> str:
    """A docstring, a line for each of its paragraphs: where its lines break says nothing."""
    return "\n\n".join(" ".join(part.split()) for part in re.split(r"\n\s*\n", (documented.__doc__ or "").strip()))


def _registry() -> Iterator[str]:
    yield from (
        "",
        "## The registry",
        "",
        "The CSV files of `plugins/porlake/registry`, as tables in the schema `registry`.",
    )
    yield from ("", "| table | columns | what it is |", "|---|---|---|")
    for table in registry.TABLES:
        whole = " ".join((table.row.__doc__ or "").split())
        about = whole.removeprefix(table.file).lstrip(":. ")
        yield f"| `registry.{table.name}` | {', '.join(field.name for field in fields(table.row))} | {about} |"


# --- the questions ----------------------------------------------------------------------------------------------------
def example(folder: Path) -> Lake:
    """A lake of the bundled month, the published history and docs/examples, built."""
    os.environ[registry.OWN_ROWS] = str(SAMPLES / "registry")
    chosen = pipeline.session(folder, replay=SAMPLES / "recording", price_file=EXAMPLES / "prices.csv", environ={})
    found = [report for source in SOURCES for report in pipeline.archive(chosen, "okx", str(source))]
    for report in found:
        pipeline.parse(chosen, report)
        if pipeline.has_addresses(chosen, report):
            pipeline.verify(chosen, report)
            for network in pipeline.networks(chosen, report):
                pipeline.observe(chosen, report, network, give_up=True)
    pipeline.price(chosen, pipeline.attestations(chosen, found), give_up=True)
    pipeline.build(chosen)
    return chosen.lake


QUESTION = re.compile(r"```sql\n(.*?)\n```\n(?:\n```\n.*?\n```\n)?", re.DOTALL)


def questions(text: str, ask: Callable[[str], tuple[list[str], list[tuple[Any, ...]]]]) -> str:
    """The page with the result of each statement below it."""
    return QUESTION.sub(lambda match: f"```sql\n{match[1]}\n```\n\n```\n{_shown(*ask(match[1]))}\n```\n", text)


def _shown(columns: list[str], rows: list[tuple[Any, ...]]) -> str:
    cells = [columns, *([_text(value) for value in row] for row in rows)]
    numbers = [
        all(isinstance(row[i], int | float | Decimal | None) and not isinstance(row[i], bool) for row in rows)
        for i in range(len(columns))
    ]
    widths = [max(len(row[i]) for row in cells) for i in range(len(columns))]
    lines = [
        [
            cell.rjust(width) if number else cell.ljust(width)
            for cell, width, number in zip(row, widths, numbers, strict=True)
        ]
        for row in cells
    ]
    return "\n".join("  ".join(line).rstrip() for line in lines)


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Decimal):
        text = f"{value:,f}"
        return text.rstrip("0").rstrip(".") if value.as_tuple().exponent == -8 else text  # units of an asset
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return value.isoformat() if isinstance(value, datetime) else str(value)


def page(folder: Path) -> None:
    """dbt's static page of the project: tables, columns, tests, lineage."""
    with tempfile.TemporaryDirectory() as work:
        target = Path(work) / "porlake.duckdb"
        warehouse.prepare(target, warehouse.files_of(Lake(Path(work) / "lake")))
        warehouse.dbt(target, Path(work), "run")
        warehouse.dbt(target, Path(work), "docs", "generate", "--static")
        folder.mkdir(parents=True, exist_ok=True)
        shutil.copy(Path(work) / "target" / "static_index.html", folder / "index.html")
    print(folder / "index.html")


def main() -> None:
    options = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    options.add_argument("--page", type=Path, metavar="DIR", help="write dbt's page there instead")
    if chosen := options.parse_args().page:
        page(chosen)
        return
    (ROOT / "docs" / "tables.md").write_text(tables(), encoding="utf-8")
    asked = ROOT / "docs" / "questions.md"
    with tempfile.TemporaryDirectory() as folder:
        made = example(Path(folder) / "lake")
        asked.write_text(
            questions(asked.read_text(encoding="utf-8"), lambda sql: warehouse.query(made, sql)), encoding="utf-8"
        )


if __name__ == "__main__":
    main()

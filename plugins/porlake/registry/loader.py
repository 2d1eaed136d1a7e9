"""The CSV files read, checked and joined; the first bad row stops with its file, line and reason."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterator, Mapping
from dataclasses import fields
from datetime import date
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

from porlake.errors import RegistryError
from porlake.registry import checks
from porlake.registry.lookup import Registry
from porlake.registry.rows import fold
from porlake.registry.tables import TABLES, Row, Table

FOLDER = Path(__file__).parent
OWN_ROWS = "PORLAKE_REGISTRY"

KINDS = {"bool": "yes or no", "date | None": "date"}  # what a cell is, in words

Place = tuple[str, int]
Read = dict[tuple[Any, ...], tuple[Place, Any]]  # by key: where a row stands, and the row


def load(*folders: Path) -> Registry:
    """All registries, checked; without `folders` the rows of PORLAKE_REGISTRY lie over ours, else those of each folder
    over the ones before.

    Raises RegistryError with file, line and reason for the first bad row.
    """
    return _loaded(folders or own_folders())


def own_folders() -> tuple[Path, ...]:
    """The folder of PORLAKE_REGISTRY, or none."""
    own = os.environ.get(OWN_ROWS)
    return (Path(own),) if own else ()


def rows(table: Table[Row]) -> list[Row]:
    """All rows of one file, with those of PORLAKE_REGISTRY, checked. Raises RegistryError."""
    load()
    return [row for _, row in _read((FOLDER, *own_folders()), table).values()]


@cache
def _loaded(folders: tuple[Path, ...]) -> Registry:
    for folder in folders:
        _check_folder(folder)
    read = {table.name: _read((FOLDER, *folders), table) for table in TABLES}
    for table in TABLES:
        for column, target in table.references.items():
            _refer(read[table.name], column, read[target], f"{target}.csv")
    _agree(read)
    return Registry(
        **{table.name: _by_key(read[table.name], table) for table in TABLES},
        asset_words=MappingProxyType({fold(asset): asset for (asset,) in read["assets"]}),
    )


def _agree(read: Mapping[str, Read]) -> None:
    """Raises RegistryError for a row that another one contradicts."""
    networks, assets = read["networks"], read["assets"]
    for key, (place, network) in networks.items():
        (_, identity), (_, evm_network) = (read[name].get(key, (None, None)) for name in ("identities", "evm_networks"))
        if why := checks.check_chain(network, identity, evm_network):
            raise RegistryError(*place, why)
        if why := checks.check_utxo_form(network, read["utxo_networks"].get(key, (None, None))[1]):
            raise RegistryError(*place, why)
    for place, token in read["tokens"].values():
        if why := checks.check_token_there(token, assets[token.asset,][1], networks[token.network,][1]):
            raise RegistryError(*place, why)


def _read(folders: tuple[Path, ...], table: Table[Any]) -> Read:
    """The rows of a file by their key, later folders over earlier ones; the first folder is ours and has all files."""
    ours, *others = folders
    found = _read_once(ours, table.name)
    for folder in others:
        if (folder / table.file).exists():
            found = found | _read_one(folder, table)
    return found


@cache
def _read_once(folder: Path, name: str) -> Read:
    """Of our own rows, which do not change while we run; whoever adds to them makes a copy."""
    return _read_one(folder, next(table for table in TABLES if table.name == name))


def _read_one(folder: Path, table: Table[Any]) -> Read:
    found: Read = {}
    for line, row in _rows(folder / table.file, table.row):
        if why := table.check(row):
            raise RegistryError(table.file, line, why)
        key = tuple(getattr(row, column) for column in table.key)
        if key in found:
            raise RegistryError(
                table.file, line, f"{', '.join(map(str, key))} stands already on line {found[key][0][1]}"
            )
        found[key] = ((table.file, line), row)
    return found


def _check_folder(folder: Path) -> None:
    """Raises RegistryError where rows of one's own lie in a file that nobody would read."""
    if not folder.is_dir():
        raise RegistryError(str(folder), 0, f"no folder lies there ({OWN_ROWS})")
    known = sorted(table.file for table in TABLES)
    if unknown := sorted(path.name for path in folder.glob("*.csv") if path.name not in known):
        raise RegistryError(unknown[0], 0, f"no registry has this name; the files are {', '.join(known)}")


def _rows(path: Path, row_class: type[Any]) -> Iterator[tuple[int, Any]]:
    file, kinds = path.name, {field.name: str(field.type) for field in fields(row_class)}
    columns = list(kinds)
    try:
        with path.open(encoding="utf-8", newline="") as stream:
            reader = csv.reader(stream, strict=True)
            header = next(reader, [])
            if header != columns:
                raise RegistryError(file, 1, f"the header reads {header}, not {columns}")
            for cells in reader:
                line = reader.line_num
                if len(cells) != len(columns):
                    raise RegistryError(file, line, f"{len(cells)} cells for {len(columns)} columns")
                values = zip(kinds.items(), cells, strict=True)
                yield line, row_class(**{column: _value(file, line, kind, cell) for (column, kind), cell in values})
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise RegistryError(file, 0, f"cannot be read: {error}") from error


def _value(file: str, line: int, kind: str, cell: str) -> object:
    if cell != cell.strip():
        raise RegistryError(file, line, f"{cell!r} has blanks around it")
    try:
        if kind == "int":
            return int(cell)
        if kind == "bool":
            return {"yes": True, "no": False}[cell]
        if kind == "date":
            return date.fromisoformat(cell)
        if kind == "date | None":
            return date.fromisoformat(cell) if cell else None
    except (ValueError, KeyError) as error:
        raise RegistryError(file, line, f"{cell!r} is no {KINDS.get(kind, kind)}") from error
    return cell


def _refer(found: Read, column: str, target: Read, target_file: str) -> None:
    for place, row in found.values():
        value = getattr(row, column)
        if value and (value,) not in target:
            raise RegistryError(*place, f"{column} {value!r} is no row of {target_file}")


def _by_key(found: Read, table: Table[Any]) -> Mapping[Any, Any]:
    return MappingProxyType({key[0] if len(key) == 1 else key: table.resolved(row) for key, (_, row) in found.items()})

"""A made lake of the oddest rows that the contract allows, and its tables from the compiled SQL, in this process."""

from __future__ import annotations

import random
import typing
from collections.abc import Mapping
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import duckdb

import made_tables
from porlake import lake as lake_room
from porlake import warehouse
from porlake.lake import Lake
from porlake.model import (
    Balance,
    Block,
    Claim,
    Dataset,
    Liability,
    LiabilityProof,
    LiabilityProofTotal,
    OwnerLink,
    Ownership,
    Price,
    PublishedTotal,
    Rejection,
    ReportFile,
    Unobserved,
)

AMOUNTS = [0, 1, 2, 10**8, 10**18, 10**22, 10**27, 10**28 - 1, 10**28, 10**30, 10**37, 9 * 10**37, 10**38 - 1]
#: What a column of text may hold, by its name; where a name is missing one of three words.
WORDS = {
    "network": ["ethereum", "bitcoin", "tron"],
    "asset": ["BTC", "ETH", "USDT", "OKB", "WBTC", "NEAR", "ELF"],
    "address": ["a1", "a2", "a3"],
    "label": ["ETH", "ETH-Arbitrum", "ARBITRUM ETH", "BTC(ALL)", "USDT", "SOL-USDC", "unknown"],
    "holding": ["wallet", "custody", "t_bills", "native_staking"],
    "level": ["group", "part", "asset"],
    "verdict": ["proven", "owner_signed", "signature_only", "unsigned", "invalid", "malformed", "unsupported"],
    "proof_scheme": ["tree_of_sums", "circuit"],
    "proof_kind": ["tree", "path", "snark", "stark"],
    "proof_verdict": ["holds", "holds", "consistent_only", "broken", "malformed", "unsupported"],
    "component": ["total", "liquid", "frozen"],
    "as_of": ["exact", "near", "head"],
    "method": ["proved", "eth_call"],
    "relation": ["safe_owner", "owner_permission", "active_permission"],
    "owner": ["o1", "o2"],
    "signer": ["o1", "o1,o2", "a1"],
    "block": ["summary", "rows"],
    "block_origin": ["published", "head"],
    "source": ["one", "okx.com", "zero"],
    "scope": ["all", "some"],
}
NUMBERS = {
    "scale": [8],
    "member": [0, 1],
    "source_row": list(range(1, 20)),
    "total_no": list(range(1, 20)),
    "for_row": [1, 2, 3],
    "threshold": [1, 2],
    "printed_decimals": [0, 2, 8, 18],
}
BY_KIND = {
    "base_units": AMOUNTS,
    "usd": [Decimal(0), Decimal("0.01"), Decimal(10) ** 17, Decimal(10) ** 18, Decimal("9" * 36 + ".99")],
    "price": [
        Decimal(0),
        Decimal("0.000000000001"),
        Decimal("0.5"),
        Decimal(100_000),
        Decimal("99999999.999999999999"),
    ],
    "ratio": [Decimal(0), Decimal(100), Decimal("99999999.999999999999")],
}
OF_A_REPORT = (Claim, Ownership, PublishedTotal, Liability, Rejection)
OF_A_PROOF = (LiabilityProof, LiabilityProofTotal)
OF_A_NETWORK = (Balance, Unobserved, OwnerLink, Block)


def odd_lake(root: Path, seed: int) -> Lake:
    """Two exchanges, months that tie, revisions of one number, undated files, datasets that are missing, nulls wherever
    they may be.
    """
    return filled_oddly(Lake(root), seed)


def filled_oddly(lake: Lake, seed: int) -> Lake:
    """Such rows in a lake in which there are none."""
    chance = random.Random(seed)
    for number in range(14):
        exchange = ("okx", "htx")[number % 2]
        content = (
            "addresses",
            "totals",
            "addresses",
            "address_list",
            "ownership_only",
            "addresses",
            "liability_proof",
        )[number % 7]
        month = number // 4
        at = None if number == 9 else datetime(2024, 1 + month, 1, tzinfo=UTC)
        attestation = f"{exchange}/{at:%Y-%m-%d}" if at else f"{exchange}/undated"
        report = f"{number:064x}"
        place = {"exchange": exchange, "report": report}
        file = ReportFile(
            exchange=exchange, report=report, attestation=attestation, snapshot_at=at,
            snapshot_day=at.date() if at else None,
            snapshot_precision="day" if at else "unknown",
            content=content, statement=chance.choice(["one", "okx.com", f"{exchange}/made"]),
            revision=chance.choice([1, 1, 2]), format="made",
            file_name="f.csv", members=[], origin="made", container=None, size_bytes=1,
            retrieved_at=datetime(2024, 6, 1, tzinfo=UTC),
            report_no=chance.choice([None, "1", "2147483647", "x"]),
        )  # fmt: skip
        lake.write(ReportFile, place | {"attestation": attestation}, [file])
        if content == "liability_proof":  # a report of its own: of it nothing else is written
            for row_class in OF_A_PROOF:
                lake.write(row_class, place, rows_of(chance, row_class, place, 24))
            continue
        for row_class in OF_A_REPORT:
            if content == "totals" and row_class in (Claim, Ownership):
                continue  # such a file has no address rows, and a build looks for none
            if chance.random() < 0.85:
                lake.write(row_class, place, rows_of(chance, row_class, place, 24))
        for network in WORDS["network"][:2]:
            for row_class in OF_A_NETWORK:
                if chance.random() < 0.4:
                    at_network = place | {"network": network}
                    lake.write(row_class, at_network, rows_of(chance, row_class, at_network, 12))
        if chance.random() < 0.8:
            priced = {"exchange": exchange, "attestation": attestation}
            lake.write(Price, priced, rows_of(chance, Price, priced, 12))
    return lake


def rows_of(chance: random.Random, row_class: type[Dataset], place: Mapping[str, str], most: int) -> list[Dataset]:
    """Random rows of a partition, each key once, in order."""
    made = {}
    for _ in range(chance.randint(0, most)):
        row = row_class(
            **{
                name: place.get(name) or _value(chance, row_class, name)
                for name in (field.name for field in fields(row_class))
            }
        )
        made[tuple(getattr(row, name) for name in row_class.KEY)] = row
    return [made[key] for key in sorted(made)]


@cache
def _columns(row_class: type) -> dict[str, tuple[Any, Any, bool]]:
    hints = typing.get_type_hints(row_class, include_extras=True)
    return {field.name: lake_room.column(hints[field.name]) for field in fields(row_class)}


def _value(chance: random.Random, row_class: type, name: str) -> Any:
    kind, column, nullable = _columns(row_class)[name]
    if nullable and chance.random() < 0.3:
        return None
    if column.kind:
        return chance.choice(BY_KIND[column.kind])
    if kind is str:
        return chance.choice(WORDS.get(name, ["x", "y", "z"]))
    if kind is int:
        return chance.choice(NUMBERS.get(name, [0, 1, 2, 2**63 - 1]))
    if kind is bool:
        return chance.random() < 0.5
    return (
        datetime(2024, 1, 1, tzinfo=UTC) + timedelta(days=chance.randint(0, 90))
        if kind is datetime
        else [chance.choice(["exchange", "date", "address", ""])]
    )


def built(cased: Path, lake: Lake, folder: Path, threads: int) -> Path:
    """The tables of a lake in a folder of their own."""
    folder.mkdir()
    return tables_in(folder / "porlake.duckdb", cased, lake, threads)


def tables_in(database: Path, cased: Path, lake: Lake, threads: int, root: Path | None = None) -> Path:
    """The tables of a lake, made as the materialisations of the project make them, from the SQL that was compiled in
    the folder `cased`, and what each data test finds. `root`: as `warehouse.prepare` takes it.
    """
    warehouse.prepare(database, warehouse.files_of(lake), root)
    settings = warehouse.SETTINGS | {"threads": str(threads)}
    if root is not None:
        settings |= {"file_search_path": warehouse.search_path(root)}
    with duckdb.connect(str(database), config=warehouse.OFFLINE) as connection:
        made_tables.settle(connection, settings)
        made_tables.make(connection, cased)
        made_tables.keep_findings(connection, cased)
    return database


def tables(database: Path, root: Path | None = None) -> dict[str, list[str]]:
    """Every table and view of main and core that a model makes, as text, its rows in order, but for the build's own id.
    `root`: the lake that its views lie in.
    """
    with duckdb.connect(str(database), read_only=True) as connection:
        if root is not None:
            connection.execute(f"set file_search_path = '{warehouse.search_path(root)}'")
        names = connection.execute(
            "select schema_name, table_name from duckdb_tables() where schema_name in ('main', 'core')"
            " and table_name <> 'mart_sql'"
            " union all select schema_name, view_name from duckdb_views() where view_name like 'core_%' order by all"
        ).fetchall()
        return {name: _texts(connection.execute(f'from "{schema}"."{name}"')) for schema, name in names}


def _texts(found: duckdb.DuckDBPyConnection) -> list[str]:
    kept = [place for place, (name, *_) in enumerate(found.description or []) if name != "build_id"]
    return sorted(repr([row[place] for place in kept]) for row in found.fetchall())

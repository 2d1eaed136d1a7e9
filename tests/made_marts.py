"""Published marts that no pipeline made, for the page: the rows of one attestation of the bundled month, multiplied
over exchanges and months, made hostile, or left out.

    python tests/made_marts.py LAKE OUT [EXCHANGES MONTHS]      from a lake that published the bundled month
"""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pyarrow.parquet as pq

from porlake import lake as lake_room
from porlake import registry, warehouse
from porlake.lake import Lake

OF = "okx/2024-03-25"
LAST = datetime(2024, 3, 25, 16, tzinfo=UTC)
#: Amounts that a reader compares over months: each is another in each.
VARIED = ("usd_total", "usd", "units", "usd_flow", "usd_change", "usd_price", "reserves_claimed_units")
HOSTILE = "<img src=x onerror=alert(1)><script>window.hurt=1</script>\u202egnp.exe\u2066\x1b[31m&lt;b&gt;'\"%00"
#: Columns of strangers' text, in which that stands.
TEXTS = {
    "reports": ("file_name", "statement", "origin", "lines_refused_because"),
    "report_arithmetic": ("label", "under_other_label"),
    "restatements": ("statement", "base_statement"),
    "tracker_figures": ("source", "definition", "note"),
    "exchange_month": ("published_scope", "tracker_figures"),
    "liability_proofs": ("proof_detail", "labels"),
    "reserve_ratio": ("asset",),
    "asset_composition": ("asset",),
    "net_flow": ("scope",),
}


def grown(source: Lake, root: Path, exchanges: int = 12, months: int = 36) -> Lake:
    """As many exchanges of the registry, as many months each: the newest is that of the bundled month's rows."""
    first = OF.partition("/")[0]
    names = [first, *sorted(set(registry.load().exchanges) - {first})][:exchanges]
    assert len(names) == exchanges
    places = ", ".join(f"({number}, '{name}')" for number, name in enumerate(names))

    def of(mart: str, schema: dict[str, str]) -> str:
        at = f"timestamptz '{LAST.isoformat()}' + to_months(number::int - {months - 1})"
        named = {
            "attestation": "e.name || '/' || strftime(m.day, '%Y-%m-%d')",
            "exchange": "e.name",
            "snapshot_at": "m.moment",
            "is_latest": f"m.number = {months - 1}",
            "report": "sha256(e.name || m.number)",
            "month": "date_trunc('month', m.day)::date",
            "base_attestation": "case when m.number > 0 then e.name || '/' "
            "|| strftime(m.day - interval 1 month, '%Y-%m-%d') end",
            "base_snapshot_at": "case when m.number > 0 then m.moment - interval 1 month end",
            "retrieved_at": "m.moment + interval 5 days",
        }  # fmt: skip
        varied = {
            name: f'(b."{name}" * (90 + hash(e.name, m.number) % 20) / 100)::{schema[name]}'
            for name in VARIED
            if schema.get(name, "").startswith("DECIMAL")
        }
        replaced = ", ".join(f'{sql} as "{name}"' for name, sql in (named | varied).items() if name in schema)
        return (
            f"select b.* replace ({replaced}) from mart b, (values {places}) as e (number, name), "
            f"(select number, moment, moment::timestamp::date as day from "
            f"(select number, {at} as moment from range({months}) as r (number))) as m where b.attestation = '{OF}'"
        )

    return _made(source, root, of)


def emptied(source: Lake, root: Path) -> Lake:
    """No row in any mart: a lake in which nothing was archived yet."""
    return _made(source, root, lambda mart, schema: "select * from mart where false")


def printed(source: Lake, root: Path) -> Lake:
    """What exchanges themselves printed from 2022 to 2026, and nothing that was made for the sample."""
    return _made(source, root, lambda mart, schema: f"select * from mart where attestation is distinct from '{OF}'")


def of_one(source: Lake, root: Path) -> Lake:
    """One exchange with one attestation."""
    return _made(source, root, lambda mart, schema: f"select * from mart where attestation = '{OF}'")


def hostile(source: Lake, root: Path) -> Lake:
    """Each text that a stranger wrote is one that would do harm, were it taken for markup."""
    text = "'" + HOSTILE.replace("'", "''") + "'"

    def of(mart: str, schema: dict[str, str]) -> str:
        replaced = ", ".join(
            (
                f"[{text}]"
                if schema[name].endswith("[]")
                else f'case when "{name}" is not null then {text} || "{name}" end'
            )
            + f' as "{name}"'
            for name in TEXTS.get(mart, ())
        )
        return f"select * {f'replace ({replaced})' if replaced else ''} from mart"

    return _made(source, root, of)


def _made(source: Lake, root: Path, of: Callable[[str, dict[str, str]], str]) -> Lake:
    """A lake with published marts and nothing else; `of` gives the statement over the table `mart` of the source."""
    lake, manifest = Lake(root), dict(warehouse.manifest_of(source))
    marts: dict[str, Any] = {}
    with duckdb.connect() as connection:
        connection.execute("set timezone = 'UTC'")
        for mart, facts in manifest["marts"].items():
            path = source.store.local(f"marts/{mart}/{facts['folder']}/part-0.parquet")
            connection.execute(f"create or replace view mart as select * from read_parquet('{path}')")
            connection.execute("create or replace table made as select * from mart where false")
            connection.execute(f"insert into made {of(mart, dict(facts['schema']))}")
            folder = root / "marts" / mart / "made"
            folder.mkdir(parents=True)
            table = connection.sql("select * from made order by all").to_arrow_table()
            pq.write_table(table, folder / "part-0.parquet", **lake_room.PARQUET)
            content = (folder / "part-0.parquet").read_bytes()
            marts[mart] = facts | {
                "folder": "made", "sha256": hashlib.sha256(content).hexdigest(), "rows": table.num_rows,
                "bytes": len(content),
            }  # fmt: skip
    (root / "marts" / "manifest.json").write_bytes(lake_room.json_bytes(manifest | {"marts": marts}))
    (root / "lake").mkdir()
    return lake


if __name__ == "__main__":
    grown(Lake(sys.argv[1]), Path(sys.argv[2]), *map(int, sys.argv[3:]))

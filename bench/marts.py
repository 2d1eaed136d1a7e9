"""How long all marts take to build as months are added: 628,484 generated claims a month, each with its verdict, most of them observed and priced.

    bench/marts.py                      6, 12, 24 and 36 months
    bench/marts.py --rows 62848 6 12    a tenth of the claims, two sizes

One in fifty addresses is replaced every month, one claim in a thousand stands twice. Printed are seconds, the largest memory of the build's
process, and the growth against the first size, per month: 1.00 is linear.
"""

from __future__ import annotations

import argparse
import resource
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pyarrow as pa

from porlake import lake as lake_room
from porlake import warehouse
from porlake.lake import Lake
from porlake.model import Price, ReportFile

ROWS = 628_484
PLACES = """(values ('ethereum', 'ETH', 18, true), ('ethereum', 'USDT', 6, true), ('tron', 'USDT', 6, true), ('tron', 'TRX', 6, true),
    ('bitcoin', 'BTC', 8, true), ('arbitrum', 'ETH', 18, true), ('bsc', 'USDT', 18, true), ('solana', 'SOL', 9, false),
    ('litecoin', 'LTC', 8, false), ('dogecoin', 'DOGE', 8, false)) as places (network, asset, scale, observed)"""
SCALES = {"ETH": 18, "USDT": 18, "TRX": 6, "BTC": 8, "SOL": 9, "LTC": 8, "DOGE": 8}

# An account is replaced once in fifty months; its number gives the address, and with the month the amount. One row in a thousand repeats another.
ACCOUNTS = f"""
select n, network, asset, observed, a.account,
    case network when 'bitcoin' then 'bc1q' when 'tron' then 'T' else '0x' end || md5(a.account::varchar) || left(md5('b' || a.account), 8)
        as address,
    ((hash(a.account, $month) % 1000000007 + 1)::decimal(38, 0) * ('1' || repeat('0', greatest(scale - 5, 0)))::decimal(38, 0))::decimal(38, 0)
        as amount
from (select i as n, case when i % 1000 = 0 then i - 10 else i end as who from range(1, $rows + 1) as r (i)) r
join (select *, row_number() over () - 1 as place from {PLACES}) on place = n % 10
cross join lateral (select who + $rows * (($month + who % 50) // 50) as account) a
"""
CLAIM = f"""
select 'okx' as exchange, $report as report, n::bigint as source_row, network, asset, address, address as address_published, asset as label,
    network as network_label, amount, amount::varchar as amount_published, 8::bigint as printed_decimals, 19000000::bigint as snapshot_height,
    case when n % 97 = 0 then 'custody' else 'wallet' end as holding, null::varchar as custodian, null::varchar as remark, null::varchar as source
from ({ACCOUNTS}) order by n
"""
OWNERSHIP = f"""
select 'okx' as exchange, $report as report, n::bigint as source_row, null::bigint as for_row, network, asset, address, 'okx_evm' as scheme,
    case when n % 10 < 7 then 'proven' when n % 10 < 8 then 'owner_signed' else 'unsigned' end as verdict,
    case when n % 10 < 7 then 'eth_address' when n % 10 < 8 then 'owner' else 'no_signature' end as reason,
    []::varchar[] as flags, null::varchar as signer, 'I am an OKX address' as message, ['exchange']::varchar[] as binds
from ({ACCOUNTS}) order by n
"""
BALANCE = f"""
select distinct on (network, asset, address, component) 'okx' as exchange, $report as report, network, asset, address, component,
    (case when component = 'total' then amount else amount // 2 end)::decimal(38, 0) as amount,
    19000000::bigint as height, 'made' as method, 'made' as source, 'exact' as as_of, 0::bigint as offset_seconds
from ({ACCOUNTS}), unnest(case when network = 'tron' and n % 7 = 0 then ['frozen', 'total'] else ['total'] end) as c (component)
where observed and network = $network
order by network, asset, address, component
"""


def grow(lake: Lake, months: range, rows: int) -> None:
    """Add whole months to the lake."""
    for month in months:
        at = datetime(2023 + month // 12, month % 12 + 1, 1, tzinfo=UTC)
        report, attestation = f"{month:064x}", f"okx/{at:%Y-%m-%d}"
        partition = {"exchange": "okx", "report": report}
        file = ReportFile("okx", report, attestation, at, "day", "addresses", 1, "okx_csv", f"{month}.csv", "made", None, 1, at, str(month + 1))
        lake.write("report_file", partition | {"attestation": attestation}, [file])
        values = {"report": report, "month": month, "rows": rows}
        _fill(lake, "claim", partition, CLAIM, values)
        _fill(lake, "ownership", partition, OWNERSHIP, values)
        for network in ("arbitrum", "bitcoin", "bsc", "ethereum", "tron"):
            _fill(lake, "balance", partition | {"network": network}, BALANCE, values | {"network": network})
        prices = [Price("okx", attestation, asset, "made", 100 + month, at, None) for asset in sorted(SCALES)]
        lake.write("price", {"exchange": "okx", "attestation": attestation}, prices)


def _fill(lake: Lake, dataset: str, partition: dict[str, str], sql: str, values: dict[str, object]) -> None:
    with lake.writing((dataset, partition)) as (writer,):
        for batch in _batches(dataset, sql, values):
            writer.add_batch(batch)


def _batches(dataset: str, sql: str, values: dict[str, object]) -> Iterator[pa.RecordBatch]:
    made = lake_room.schema(dataset)
    for batch in duckdb.sql(sql, params=values).to_arrow_reader(65_536):
        yield pa.RecordBatch.from_arrays([column.cast(field.type) for column, field in zip(batch.columns, made, strict=True)], schema=made)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    options.add_argument("months", nargs="*", type=int, default=[6, 12, 24, 36])
    options.add_argument("--rows", type=int, default=ROWS, help="claims a month")
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory(prefix="porlake-bench-", dir="." if Path("data").exists() else None) as folder:
        lake, done, first = Lake(Path(folder) / "lake"), 0, 0.0
        for months in sorted(chosen.months):
            grow(lake, range(done, months), chosen.rows)
            done, began = months, time.monotonic()
            warehouse.build(lake)
            seconds = time.monotonic() - began
            first = first or seconds / months
            memory = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024 / 1024
            size = warehouse.database_of(lake).stat().st_size / 1e9
            print(
                f"{months:3} months, {months * chosen.rows:11,} claims: {seconds:6.1f} s, {memory:4.1f} GB, {size:4.1f} GB on disk,"
                f" {seconds / months / first:4.2f} of the first size's time a month",
                flush=True,
            )


if __name__ == "__main__":
    main()

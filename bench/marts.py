"""How long all marts take to build as months are added: 628,484 generated claims with their verdicts each.

    bench/marts.py                                   6, 12, 24 and 36 months
    bench/marts.py --rows 62848 6 12                 a tenth of the claims, two sizes
    bench/marts.py --exchanges 15 --rows 2000 12 36  fifteen exchanges, small reports

One in fifty addresses is replaced every month, one claim in a thousand stands twice, one in a hundred is signed by an
owner whom the chain confirms, and a list says that another exchange has a thousand of the accounts. Printed are
seconds, the largest memory of the build's process, and the growth against the first size, per month: 1.00 is linear;
and the same of a build that a month was added for, which takes over what the one before it filled for the others.
"""

from __future__ import annotations

import argparse
import resource
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime
from itertools import product
from multiprocessing import get_context
from pathlib import Path

import duckdb
import pyarrow as pa

from porlake import lake as lake_room
from porlake import registry, warehouse
from porlake.lake import Lake
from porlake.model import Balance, Claim, Dataset, OwnerLink, Ownership, Price, ReportFile

ROWS = 628_484
PLACES = """(values ('ethereum', 'ETH', 18, true), ('ethereum', 'USDT', 6, true), ('tron', 'USDT', 6, true),
    ('tron', 'TRX', 6, true), ('bitcoin', 'BTC', 8, true), ('arbitrum', 'ETH', 18, true),
    ('bsc', 'USDT', 18, true), ('solana', 'SOL', 9, false), ('litecoin', 'LTC', 8, false),
    ('dogecoin', 'DOGE', 8, false)) as places (network, asset, scale, observed)"""
SCALES = {"ETH": 18, "USDT": 18, "TRX": 6, "BTC": 8, "SOL": 9, "LTC": 8, "DOGE": 8}

# An account is replaced once in fifty months; its number gives the address, and with the month the amount. One row in a
# thousand repeats another.
ACCOUNTS = f"""
select n, network, asset, observed, a.account,
    case network when 'bitcoin' then 'bc1q' when 'tron' then 'T' else '0x' end
        || md5(a.account::varchar) || left(md5('b' || a.account), 8) as address,
    ((hash(a.account, $month) % 1000000007 + 1)::decimal(38, 0)
        * ('1' || repeat('0', greatest(scale - 5, 0)))::decimal(38, 0))::decimal(38, 0) as amount
from (select i as n, case when i % 1000 = 0 then i - 10 else i end as who from range(1, $rows + 1) as r (i)) r
join (select *, row_number() over () - 1 as place from {PLACES}) on place = n % 10
cross join lateral (select who + $rows * (($month + who % 50) // 50 + 100 * $place) as account) a
"""
OWNER = "'0x' || left(md5('o' || account), 40)"
CLAIM = f"""
select $exchange as exchange, $report as report, n::bigint as source_row, network, asset, address,
    address as address_published, asset as label, network as network_label, amount, amount::varchar as amount_published,
    8::bigint as printed_decimals, 19000000::bigint as snapshot_height,
    case when n % 97 = 0 then 'custody' else 'wallet' end as holding, null::varchar as custodian,
    null::varchar as remark, null::varchar as source, 0::bigint as member
from ({ACCOUNTS}) order by n
"""
OWNERSHIP = f"""
select $exchange as exchange, $report as report, n::bigint as source_row, null::bigint as for_row, network, asset,
    address,
    'okx_evm' as scheme,
    case when n % 100 = 0 then 'owner_signed' when n % 10 < 7 then 'proven' else 'unsigned' end as verdict,
    case when n % 100 = 0 then 'owner' when n % 10 < 7 then 'eth_address' else 'no_signature' end as reason,
    []::varchar[] as flags, case when n % 100 = 0 then {OWNER} when n % 10 < 7 then address end as signer,
    'I am an OKX address' || case when n % 3 = 0 then ' in month ' || $month else '' end as message,
    ['exchange']::varchar[] as binds, 0::bigint as member
from ({ACCOUNTS}) order by n
"""
OWNER_LINK = f"""
select distinct on (address) $exchange as exchange, $report as report, network, address, {OWNER} as owner,
    'safe' as relation, true as holds, 1::bigint as threshold, 1::bigint as owner_count, '0x' as answer,
    19000000::bigint as height, 'made' as method, 'made' as source
from ({ACCOUNTS}) where n % 100 = 0 order by address
"""
LIST = f"""
select 'kucoin' as exchange, $report as report, n::bigint as source_row, network, asset, address,
    address as address_published, asset as label, null::varchar as network_label, null::decimal(38, 0) as amount,
    null::varchar as amount_published, null::bigint as printed_decimals, null::bigint as snapshot_height,
    'wallet' as holding, null::varchar as custodian, null::varchar as remark, 'made' as source, 0::bigint as member
from ({ACCOUNTS}) where n % 601 = 0 order by n
"""
BALANCE = f"""
select distinct on (network, asset, address, component) $exchange as exchange, $report as report, network, asset,
    address,
    component,
    (case when component = 'total' then amount else amount // 2 end)::decimal(38, 0) as amount,
    19000000::bigint as height, 'made' as method, 'made' as source, 'exact' as as_of, 0::bigint as offset_seconds,
    null::varchar as confirmed_by
from ({ACCOUNTS}),
    unnest(case when network = 'tron' and n % 7 = 0 then ['frozen', 'total'] else ['total'] end) as c (component)
where observed and network = $network
order by network, asset, address, component
"""
LISTED = "f" * 64
EXCHANGES = [exchange for exchange in registry.load().exchanges if exchange != "kucoin"]


def grow(lake: Lake, months: range, rows: int, exchanges: int = 1) -> None:
    """Add whole months of each exchange to the lake."""
    for month, place in product(months, range(exchanges)):
        exchange = EXCHANGES[place]
        at = datetime(2023 + month // 12, month % 12 + 1, 1, tzinfo=UTC)
        report, attestation = f"{month + (place << 32):064x}", f"{exchange}/{at:%Y-%m-%d}"
        partition = {"exchange": exchange, "report": report}
        file = _file(exchange, report, attestation, at, "addresses", str(month + 1))
        lake.write(ReportFile, partition | {"attestation": attestation}, [file])
        values = {"exchange": exchange, "place": place, "report": report, "month": month, "rows": rows}
        _fill(lake, Claim, partition, CLAIM, values)
        _fill(lake, Ownership, partition, OWNERSHIP, values)
        for network in ("arbitrum", "bitcoin", "bsc", "ethereum", "tron"):
            _fill(lake, Balance, partition | {"network": network}, BALANCE, values | {"network": network})
        _fill(lake, OwnerLink, partition | {"network": "ethereum"}, OWNER_LINK, values)
        prices = [Price(exchange, attestation, asset, "made", 100 + month, at, None) for asset in sorted(SCALES)]
        if month == 0 and place == 0:  # another exchange is said to have some of the accounts
            listed = _file("kucoin", LISTED, "kucoin/list", at, "address_list", None)
            lake.write(ReportFile, {"exchange": "kucoin", "report": LISTED, "attestation": "kucoin/list"}, [listed])
            _fill(lake, Claim, {"exchange": "kucoin", "report": LISTED}, LIST, values | {"report": LISTED})
        lake.write(Price, {"exchange": exchange, "attestation": attestation}, prices)


def _file(exchange: str, report: str, attestation: str, at: datetime, content: str, number: str | None) -> ReportFile:
    return ReportFile(
        exchange=exchange, report=report, attestation=attestation, snapshot_at=at, snapshot_day=at.date(),
        snapshot_precision="day", content=content, statement=f"{exchange}/made", revision=1, format="made",
        file_name="made.csv", members=[], origin="made", container=None, size_bytes=1, retrieved_at=at,
        report_no=number,
    )  # fmt: skip


def _fill(lake: Lake, row_class: type[Dataset], partition: dict[str, str], sql: str, values: dict[str, object]) -> None:
    with lake.writing((row_class, partition)) as (writer,):
        for batch in _batches(row_class, sql, values):
            writer.add_batch(batch)


def _batches(row_class: type[Dataset], sql: str, values: dict[str, object]) -> Iterator[pa.RecordBatch]:
    made = lake_room.schema(row_class)
    named = {name: value for name, value in values.items() if f"${name}" in sql}
    for batch in duckdb.sql(sql, params=named).to_arrow_reader(65_536):
        filled = dict(zip(batch.schema.names, batch.columns, strict=True))
        yield pa.RecordBatch.from_arrays(
            [
                filled[field.name].cast(field.type)
                if field.name in filled
                else pa.nulls(batch.num_rows, field.type)  # columns that few formats fill
                for field in made
            ],
            schema=made,
        )


def built(root: Path) -> tuple[float, float, float]:
    """Seconds of a build by the clock and of CPU, and gigabytes of its process. It is started from a small process:
    one is told to have held what its parent held.
    """
    began = time.monotonic()
    warehouse.build(Lake(root))
    took, used = time.monotonic() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    return took, used.ru_utime + used.ru_stime + time.process_time(), used.ru_maxrss / 1024 / 1024


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    options.add_argument("months", nargs="*", type=int, default=[6, 12, 24, 36])
    options.add_argument("--rows", type=int, default=ROWS, help="claims a month")
    options.add_argument(
        "--exchanges", type=int, default=1, help=f"exchanges with such reports, at most {len(EXCHANGES)}"
    )
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory(prefix="porlake-bench-", dir="." if Path("data").exists() else None) as folder:
        lake, done, first = Lake(Path(folder) / "lake"), 0, 0.0
        for months in sorted(chosen.months):
            grow(lake, range(done, months), chosen.rows, chosen.exchanges)
            lake.store.delete_folder("core")  # what builds before have filled
            seconds, cpu, memory = measured(lake)
            grow(lake, range(months, months + 1), chosen.rows, chosen.exchanges)
            more, cpu_more, memory_more = measured(lake)
            done, first = months + 1, first or seconds / months
            size = warehouse.database_of(lake).stat().st_size / 1e9
            print(
                f"{months:3} months, {months * chosen.rows * chosen.exchanges:11,} claims: {seconds:6.1f} s, "
                f"{cpu:6.1f} s of CPU, {memory:4.1f} GB, {size:4.1f} GB on disk,"
                f" {seconds / months / first:4.2f} of the first size's time a month; with one month more "
                f"{more:6.1f} s, {cpu_more:6.1f} s of CPU, {memory_more:4.1f} GB",
                flush=True,
            )


def measured(lake: Lake) -> tuple[float, float, float]:
    with ProcessPoolExecutor(max_workers=1, mp_context=get_context("spawn")) as alone:
        return alone.submit(built, lake.root).result()


if __name__ == "__main__":
    main()

"""Spoiled files of every format: each row ends as one claim, signer row or rejection, or the whole file is refused with
a sentence.
"""

from __future__ import annotations

import random
from collections import Counter
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from porlake import lake, ownership, reports
from porlake.errors import PorlakeError, ReportError
from porlake.model import DATASETS, Evidence, ReportFile
from porlake.pipeline import _parse
from porlake.reports import totals_csv
from reports.published import HERE, OKX_ROWS, as_bundle, cases, exchange_of, published_files, read

#: By name: the files of a report that can be read.
GOOD = {f"{case.parent.name}/{case.name}": published_files(case) for case in cases(HERE / "cases")}
GOOD["okx_csv/a staking file alone"] = {
    name: content for name, content in GOOD["okx_csv/wallets_and_staking"].items() if "staking" in name
}

CELLS = [
    "", " " , "-", "null", "\\N", '"', '""', "'", "0", "-1", "+1", "1e400", "NaN", "0x", "0x" + "0" * 40, "٣", "１",
    "²", "é", "\u202e", "\ufeff",
    "\ud800", "\x7f", "\r", "x\rETH", "\t", "[", "{}", '{"a":1}', "=1+1", "9" * 60, "9" * 18, "0." + "0" * 50 + "1",
    "A" * 70_000, "ETH",
    "ETH(ALL)", "TOTAL", "2024-W13-1", "0001-01-01", "9999-12-31", "month", "ethereum", "staking", "5", ",", "\n",
    "\x00", "\x85", "\u2028", "😀",
    "T" + "1" * 33, "bc1q", "1" * 34,
]  # fmt: skip
BYTES = [b"\xff", b"\0", b'"', b"\r", b"\n", b",", b"\xef\xbb\xbf", b"\xc3", b"\xed\xa0\x80", b""]


def spoiled(content: bytes, chance: random.Random) -> bytes:
    """One to three cells or bytes of a file replaced, dropped or doubled."""
    for _ in range(chance.randint(1, 3)):
        lines = content.split(b"\n")
        at = chance.randrange(len(lines))
        cells = lines[at].split(b",")
        place = chance.randrange(len(cells))
        kind = chance.randrange(6)
        if kind <= 2:
            cells[place] = chance.choice(CELLS).encode(errors="surrogatepass")
        elif kind == 3:
            cells[place : place + 1] = chance.choice([[], [cells[place]] * 2, [b'"' + cells[place] + b'"']])
        elif kind == 4:
            begin = chance.randrange(len(cells[place]) + 1)
            cells[place] = cells[place][:begin] + chance.choice(BYTES) + cells[place][begin + chance.randrange(2) :]
        lines[at] = b",".join(cells)
        if kind == 5:
            lines[at : at + 1] = chance.choice([[], [lines[at]] * 2, [b"", lines[at]], [lines[at], b""]])
        content = b"\n".join(lines)
    return content


def parsed(files: dict[str, bytes], exchange: str) -> dict[str, list[object]]:
    """The rows of every dataset that parse writes. Raises PorlakeError."""
    found: dict[str, list[object]] = {row_class.NAME: [] for row_class in _parse.PARSED}
    for form, bundle in reports.recognised(as_bundle(files, exchange))[0]:
        now = datetime(2024, 3, 25, tzinfo=UTC)
        values = dict.fromkeys(ReportFile.__slots__) | {
            "exchange": exchange,
            "report": "ab" * 32,
            "file_name": "f.csv",
            "snapshot_at": now,
            "retrieved_at": now,
        }
        before = {name: len(rows) for name, rows in found.items()}
        writer = _parse.ItemWriter(ReportFile(**values), {DATASETS[name]: rows.append for name, rows in found.items()})
        for item in form.parse(bundle):
            writer.write(item)
        writer.check()
        claims, signers = (
            len(found["claim"]) - before["claim"],
            sum(row.for_row is not None for row in found["evidence"][before["evidence"] :]),
        )
        refused = sum(row.block == "rows" for row in found["rejection"][before["rejection"] :])
        assert writer.rows == len(found["evidence"]) - before["evidence"]
        assert claims <= writer.rows <= claims + signers + refused
        for name, rows in found.items():
            fits(name, rows[before[name] :])
    return found


def fits(name: str, rows: list[object]) -> None:
    """Rows that the lake takes: of its schema, each key once and in order."""
    schema = lake.schema(DATASETS[name])
    if rows:
        lake.record_batch(name, schema, [tuple(getattr(row, column) for column in schema.names) for row in rows])
    keys = [tuple(getattr(row, column) for column in DATASETS[name].KEY) for row in rows]
    assert keys == sorted(set(keys)), name


@pytest.mark.parametrize("name", GOOD)
def test_a_good_file_gives_rows(name: str) -> None:
    found = parsed(GOOD[name], exchange_of(name.split("/")[0]))
    # an observation has no rows of its own: they are those of the list
    assert (sum(map(len, found.values())) > 0) != name.startswith("observed_list/")


@pytest.mark.parametrize("name", GOOD)
def test_whatever_is_spoiled_each_row_has_one_outcome(name: str) -> None:
    outcomes = Counter[str]()
    for seed in range(120):
        chance = random.Random(f"{name} {seed}")
        files = dict(GOOD[name])
        spoiled_file = chance.choice(sorted(files))
        files[spoiled_file] = spoiled(files[spoiled_file], chance)
        try:
            found = parsed(files, exchange_of(name.split("/")[0]))
        except PorlakeError as refused:
            assert str(refused).strip()
            outcomes["refused"] += 1
            continue
        outcomes["rejection"] += bool(found["rejection"])
        outcomes["read"] += 1
        if seed % 4 == 0:
            for row in found["evidence"]:
                assert isinstance(row, Evidence)
                assert ownership.judge(row).verdict in ownership.MEANINGS
    if name.startswith("observed_list/"):
        assert outcomes["refused"] == outcomes.total(), outcomes  # it is written in one way alone
        return
    if name.split("/")[0].endswith(("_json", "_yaml")) or name.endswith("workbook"):
        return  # a byte spoils the whole file: tests of their own spoil it value by value
    assert outcomes["read"] > 20, outcomes
    assert outcomes["rejection"] > 5 or name.startswith(("totals", "addresses")), outcomes


TOTALS = ",".join(totals_csv.COLUMNS) + "\n"
HEADERS = [
    OKX_ROWS.encode(),
    b"coin,address,snapshot height,balance,message,signature\n",
    TOTALS.encode(),
    b"coin,amount\nETH,1\n\n" + OKX_ROWS.encode(),
]


@given(
    st.sampled_from(HEADERS),
    st.lists(
        st.binary(max_size=60) | st.from_regex(rb"[A-Z]{1,5}(,[\w\"\[\]{}.-]{0,12}){0,12}", fullmatch=True),
        min_size=1,
        max_size=12,
    ),
)
@settings(max_examples=300, deadline=None)
def test_whatever_the_rows_hold_they_add_up_or_the_file_is_refused(header: bytes, rows: list[bytes]) -> None:
    body = b"\n".join(row.replace(b"\n", b"").replace(b"\r", b"") for row in rows)
    content = header + body
    try:
        found = read(content, "okx")
    except ReportError:
        return
    in_rows = [
        item for item in found if not isinstance(item, reports.Summary) and getattr(item, "block", "rows") == "rows"
    ]
    totals = header == TOTALS.encode()
    filled = [line for line in body.split(b"\n") if line.strip(b" ,\t\x0b\x0c\x1c\x1d\x1e\x1f\x85")]
    assert totals or len(in_rows) >= len([line for line in filled if line.strip()]) - body.count(b'""') - body.count(
        b"\xc2\x85"
    )

"""Published files: every row accounted for, hostile files refused, structure that is not understood stops with a clear
message.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections import Counter
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from porlake import reports
from porlake.errors import BadStructure, ReportError, UnknownFormat, UnsafeArchive
from porlake.reports import _csv, _rows, _zip, totals_csv

HERE = Path(__file__).parent
CASES = sorted((HERE / "cases").glob("*/*/report.csv"))
SHARED = HERE.parents[2] / "shared" / "data" / "htx"
POLONIEX = SHARED.parent / "poloniex"
ETH = "0x" + "11" * 20
ROWS = "coin,Network,Snapshot Height,address,amount,message,signature1,signature2,redeem script/ public key,eoa1,eoa2\n"


def shown(item: reports.Item) -> list[Any]:
    if isinstance(item, reports.Published):
        names = (
            "source_row for_row network asset scheme holding height address amount unit message signatures "
            "key_or_script owners remark"
        )
        return ["published", *(getattr(item, name) for name in names.split())]
    if isinstance(item, reports.Refused):
        return ["refused", item.source_row, item.block, item.reason, item.label, item.address]
    names = "source_row label level network asset holding height amount custody_amount owed printed_ratio usd source"
    return ["summary", *(getattr(item, name) for name in names.split())]


def read(content: bytes, exchange: str = "okx", name: str = "f.csv") -> list[reports.Item]:
    ((form, bundle),), _ = reports.recognised(as_bundle({name: content}, exchange))
    return list(form.parse(bundle))


def as_bundle(files: dict[str, bytes], exchange: str = "okx") -> reports.Bundle:
    """Files that were published together in this order."""
    members = tuple(reports.Member(name, io.BytesIO(content)) for name, content in files.items())
    return reports.Bundle(members, next(iter(files)), exchange)


def part_of(form: reports.Format, content: bytes, exchange: str = "okx") -> reports.Bundle:
    """A report of one file, whether its format would recognise it or not."""
    return reports.Bundle((reports.Member("f.csv", io.BytesIO(content), form.ROLES[0]),), "f.csv", exchange)


@pytest.mark.parametrize("path", CASES, ids=lambda path: f"{path.parts[-3]}/{path.parts[-2]}")
def test_a_file_gives_its_rows(path: Path) -> None:
    found = [
        shown(item) for item in read(path.read_bytes(), "htx" if path.parts[-3] == "htx_csv" else "okx", "report.csv")
    ]
    assert json.loads(json.dumps(found)) == json.loads((path.parent / "expected.json").read_text())


def test_every_format_has_a_case() -> None:
    assert {path.parts[-3] for path in CASES} == set(reports.FORMATS)


def address_rows(content: bytes) -> int:
    """Counted apart from the parser: the lines that hold anything behind the header of the address block."""
    lines = content.decode("utf-8-sig").splitlines()
    header = next(number for number, line in enumerate(lines) if "address" in line.lower())
    return sum(bool(line.strip(" ,")) for line in lines[header + 1 :])


@pytest.mark.parametrize(
    "path",
    sorted([*SHARED.glob("*.csv"), *POLONIEX.glob("*.csv")]) or [None],
    ids=lambda path: path.stem if path else "absent",
)
def test_every_row_of_a_real_month_is_a_claim_a_signer_row_or_a_rejection(path: Path | None) -> None:
    if path is None:
        pytest.skip("the real files are not beside the project")
    items = read(path.read_bytes(), path.parent.name, path.name)
    kinds = Counter(type(item).__name__ for item in items if not isinstance(item, reports.Summary))
    assert sum(kinds.values()) == address_rows(path.read_bytes())
    assert kinds["Refused"] == 0
    signers = [item for item in items if isinstance(item, reports.Published) and item.for_row]
    below = {item.source_row: item for item in items if isinstance(item, reports.Published)}
    # HTX leaves the row of a contract unsigned; Poloniex puts a signature there too, of none of its signers
    signed_for = [(below[item.for_row], item) for item in signers if item.for_row]
    assert all(
        above.label == item.label if path.parent.name == "poloniex" else not any(above.signatures)
        for above, item in signed_for
    )


def test_all_real_months_have_509_summary_rows() -> None:
    if not SHARED.exists():
        pytest.skip("the real files are not beside the project")
    assert (
        sum(
            isinstance(item, reports.Summary)
            for path in SHARED.glob("*.csv")
            for item in read(path.read_bytes(), "htx")
        )
        == 509
    )


@pytest.mark.parametrize(
    ("name", "moment", "precision", "revision"),
    [
        ("okx_por_20221122.csv", datetime(2022, 11, 22), "day", None),
        ("okx_por_2024032500.csv.zip", datetime(2024, 3, 25), "moment", None),
        ("okx_por_202507042112.csv.zip", datetime(2025, 7, 4, 21, 12), "moment", None),
        ("okx_por_2025100813_v6.csv.zip", datetime(2025, 10, 8, 13), "moment", 6),
        ("por_csv_2026020419_V4.zip", datetime(2026, 2, 4, 19), "moment", 4),
        ("huobi_por_20240701.csv", datetime(2024, 7, 1), "day", None),
        ("poloniex_por_20240801.csv", datetime(2024, 8, 1), "day", None),
        ("htx_new_labels_20260201.csv", datetime(2026, 2, 1), "day", None),
    ],
)
def test_the_name_of_a_file_tells_its_snapshot(
    name: str, moment: datetime, precision: str, revision: int | None
) -> None:
    found = reports.snapshot_of(name)
    assert found is not None
    assert (found.at, found.precision, found.revision) == (moment, precision, revision)


@pytest.mark.parametrize(
    "name",
    [
        "report.csv",
        "okx_por_20249999.csv",
        "x_1234567.csv",
        "okx_por_00010101.csv",
        "huobi_por_18990101.csv",
        "okx_por_٢٠٢٤٠٣٢٥.csv",
    ],
)
def test_a_name_without_a_date_tells_none(name: str) -> None:
    assert reports.snapshot_of(name) is None


# --- structure --------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "content", [b"", b"hello", b"<html></html>", b"a,b,c\n1,2,3\n", b"\xff" * 100, b"coin,amount\nBTC,1\n"]
)
def test_a_file_that_no_format_recognises_says_what_was_looked_for(content: bytes) -> None:
    with pytest.raises(UnknownFormat, match=r"f\.csv.*addresses_csv.*htx_csv.*okx_csv.*totals_csv"):
        read(content)


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (ROWS.strip() + ",color\nETH\n", "unknown column 'color'"),
        (ROWS.replace("amount,", "") + "ETH\n", "header with the columns"),
        (ROWS, "no rows"),
        ("coin,amount,color\nBTC,1,2\n\n" + ROWS + "x\n", "unknown column 'color'"),
        ("coin,address,snapshot height,balance,message,signature,more\nx\n", "unknown column 'more'"),
        ("coin,address,snapshot height,balance,message,signature\n", "no rows"),
        ("coin,address,balance,message,signature\nx\n", "header with the columns"),
    ],
)
def test_a_structure_that_is_not_understood_stops_the_file(content: str, why: str) -> None:
    with pytest.raises(BadStructure, match=why):
        read(content.encode())


def test_a_file_cut_before_its_address_block_is_refused() -> None:
    form = reports.FORMATS["htx_csv"]
    with pytest.raises(BadStructure, match="before the header"):
        list(form.parse(part_of(form, b"coin,snapshot height,balance\nBTC,1,2\n", "htx")))


TOTALS = ",".join(totals_csv.COLUMNS) + "\n"


@pytest.mark.parametrize(
    ("row", "why"),
    [
        ("ftx,1,2022-12-20,day,BTC,1,,,,,,,x,", "no exchange"),
        ("okx,1,2022-12,day,BTC,1,,,,,,,x,", "a day is"),
        ("okx,1,,day,BTC,1,,,,,,,x,", "do not fit together"),
        ("okx,1,2022-12-20,century,BTC,1,,,,,,,x,", "a day is"),
        ("okx,1,2022-12-20,day,BTC", "5 cells for 14"),
        ("", "no rows"),
    ],
)
def test_a_totals_row_that_no_part_could_hold_stops_the_file(row: str, why: str) -> None:
    with pytest.raises(BadStructure, match=why):
        list(totals_csv.split(part_of(totals_csv, (TOTALS + row + "\n").encode())))


def test_a_totals_file_is_split_by_exchange_snapshot_and_source_and_keeps_every_row() -> None:
    body = (
        TOTALS
        + "okx,2,2022-12-20,day,BTC,1,,,,,,,a,\nhtx,,,unknown,BTC,2,,,,,,,a,\n"
        + "okx,2,2022-12-20,day,BTC,3,,,,,,,b,\nokx,9,2023-07,month,GOLD,4,,,,,,,a,\n"
    )
    parts = list(totals_csv.split(part_of(totals_csv, body.encode())))
    assert [(part.exchange, part.snapshot.precision, part.snapshot.report_no, part.source) for part in parts] == [
        ("htx", "unknown", None, "a"),
        ("okx", "day", "2", "a"),
        ("okx", "day", "2", "b"),
        ("okx", "month", "9", "a"),
    ]
    rows = [line for part in parts for line in part.content.read().decode().splitlines()[1:]]
    assert sorted(rows) == sorted(body.splitlines()[1:])


# --- hostile files ----------------------------------------------------------------------------------------------------
def test_a_cell_of_ten_megabytes_is_a_rejected_row_and_the_next_row_is_read() -> None:
    good = f"ETH,ETH,1,{ETH},1,m,s,,\n"
    found = read((ROWS + "ETH,ETH,1," + "9" * 10_000_000 + ",1,m,s,,\n" + good).encode())
    assert [shown(item)[:4] for item in found] == [
        ["refused", 2, "rows", "line_too_long"],
        ["published", 3, None, "ethereum"],
    ]
    assert len(found[0].raw) <= _rows.RAW_CHARACTERS


def zipped(entries: dict[str, bytes], change: Callable[[zipfile.ZipInfo], None] = lambda info: None) -> io.BytesIO:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in entries.items():
            info = zipfile.ZipInfo(name)
            info.compress_type = zipfile.ZIP_DEFLATED
            change(info)
            archive.writestr(info, content)
    out.seek(0)
    return out


def test_the_files_in_a_published_zip_are_read() -> None:
    found = list(reports.members(zipped({"a/okx_por_2026081100_V6.csv": b"abc", "__MACOSX/._x": b"junk"}), "por.zip"))
    assert [(name, content.read()) for name, content in found] == [
        ("okx_por_2026081100_V6.csv", b"abc"),
        ("__MACOSX/._x", b"junk"),
    ]


def test_a_name_in_utf8_without_its_flag_is_read_as_its_author_wrote_it() -> None:
    content = zipped({"okx_por_x.csv": b"abc"}).getvalue().replace(b"okx_por_x.csv", "okx_por_é.csv".encode()[:13])
    assert [name for name, _ in reports.members(io.BytesIO(content), "por.zip")] == ["okx_por_é.cs"]


def overlapping(entries: int) -> io.BytesIO:
    """A zip whose central directory names one body many times."""
    one = zipped({"okx_por_2024032500.csv": bytes(1 << 20)}).getvalue()
    start = one.index(b"PK\1\2")
    end = one.index(b"PK\5\6")
    directory = one[start:end] * entries
    tail = bytearray(one[end:])
    tail[8:12] = entries.to_bytes(2, "little") * 2
    tail[12:16] = len(directory).to_bytes(4, "little")
    return io.BytesIO(one[:start] + directory + bytes(tail))


@pytest.mark.parametrize(
    ("stream", "error", "why"),
    [
        (overlapping(2), UnsafeArchive, "shares its bytes"),
        (io.BytesIO(zipped({"x": b"abc"}).getvalue().replace(b"x", b"\xff")), UnsafeArchive, "no UTF-8"),
        (io.BytesIO(zipped({"\u00e9": b"abc"}).getvalue().replace("é".encode(), b"\xff\xfe")), UnsafeArchive, "broken"),
        (zipped({" ": b"abc"}), UnsafeArchive, "nobody can read"),
        (zipped({"a\x1b[2Jb": b"abc"}), UnsafeArchive, "nobody can read"),
        (zipped({f"{n}.csv": bytes(3 << 20) for n in range(4)}), UnsafeArchive, "unpacks to more"),
        (
            zipped({"[Content_Types].xml": b"x", "xl/workbook.xml": b"x"}),
            UnknownFormat,
            "an Excel workbook: save it as CSV",
        ),
        (
            io.BytesIO(bytes.fromhex("d0cf11e0a1b11ae1") + bytes(600)),
            UnknownFormat,
            "an Excel workbook: save it as CSV",
        ),
    ],
    ids=["shared body", "no UTF-8", "said to be UTF-8", "blank name", "escape", "one bound over all", "xlsx", "xls"],
)
def test_an_archive_that_tricks_is_refused_with_what_is_wrong(
    stream: io.BytesIO, error: type[ReportError], why: str
) -> None:
    with pytest.raises(error, match=why):
        list(reports.members(stream, "por.zip"))


def test_an_empty_name_is_refused() -> None:
    content = zipped({"x": b"abc"}).getvalue()
    local, central = content.index(b"PK\3\4"), content.index(b"PK\1\2")
    nameless = bytearray(content)
    nameless[local + 26] = nameless[central + 28] = 0
    with pytest.raises(UnsafeArchive, match="the name ''|nobody can read|broken"):
        list(reports.members(io.BytesIO(bytes(nameless)), "por.zip"))


STAKING = b"coin,amount\nETH,64\n\ndeposit address,validator publickey,amount,withdrawal address\n"
KEY = "0x" + "ab" * 48


def named(*names: str) -> reports.Bundle:
    return as_bundle(
        {
            name: STAKING + b"x" if "staking" in name else ROWS.encode() if name.endswith(".csv") else b"hello"
            for name in names
        }
    )


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (
            ["okx_por_eth_staking_2026070700_V3.csv", "okx_por_2026070700_V3.csv"],
            [["okx_por_2026070700_V3.csv", "okx_por_eth_staking_2026070700_V3.csv"]],
        ),
        (
            ["okx_por.csv", "okx_por_eth_staking_2026070700.csv"],
            [["okx_por.csv", "okx_por_eth_staking_2026070700.csv"]],
        ),
        (
            ["okx_por_2026070700.csv", "okx_por_eth_staking_2026060700.csv"],
            [["okx_por_2026070700.csv"], ["okx_por_eth_staking_2026060700.csv"]],
        ),
        (
            ["okx_por_2026070700.csv", "okx_por_2026060700.csv", "okx_por_eth_staking_2026060700.csv", ".DS_Store"],
            [["okx_por_2026070700.csv"], ["okx_por_2026060700.csv", "okx_por_eth_staking_2026060700.csv"]],
        ),
    ],
)
def test_the_format_says_which_files_are_one_report(names: list[str], expected: list[list[str]]) -> None:
    found, others = reports.recognised(named(*names))
    assert [[member.name for member in bundle.members] for _, bundle in found] == expected
    assert [member.name for member in others] == [name for name in names if not name.endswith(".csv")]


def test_a_staking_file_that_two_wallet_files_could_have_is_refused() -> None:
    with pytest.raises(BadStructure, match=r"of one file \(wallets\), and could belong to each of a\.csv, b\.csv"):
        reports.recognised(named("a.csv", "b.csv", "okx_por_eth_staking.csv"))


def test_an_archive_in_an_archive_is_opened_by_nobody() -> None:
    with pytest.raises(UnsafeArchive, match="an archive in an archive"):
        reports.recognised(as_bundle({"inner.zip": zipped({"a": b"b"}).getvalue()}))


def test_a_validator_is_a_claim_of_its_own_with_the_accounts_behind_it() -> None:
    wallets = (ROWS + f"ETH,ETH,77,{ETH},1,m,s,,\n").encode()
    staking = STAKING + f"{ETH},{KEY},32,{ETH}\n,{KEY},32,{ETH},,\n{ETH},{KEY},32,\n,{KEY},32,\n{ETH},{KEY}\n".encode()
    ((form, bundle),), _ = reports.recognised(as_bundle({"f.csv": wallets, "staking.csv": staking}))
    found = list(form.parse(bundle))
    assert [item.member for item in found] == [0, 1, 1, 1, 1, 1, 1]
    total, *rows = (item for item in found if item.member)
    assert isinstance(total, reports.Summary)
    assert (total.label, total.network, total.asset, total.holding, total.amount) == (
        "ETH",
        "ethereum_beacon",
        "ETH",
        "native_staking",
        "64",
    )
    held = [row for row in rows if isinstance(row, reports.Published)]
    assert [(row.deposit_address, row.withdrawal_address) for row in held] == [(ETH, ETH), ("", ETH), (ETH, "")]
    assert {(row.address, row.network, row.asset, row.holding, row.height, row.scheme) for row in held} == {
        (KEY, "ethereum_beacon", "ETH", "native_staking", 77, "no_scheme")
    }
    assert [(row.source_row, row.reason) for row in rows if isinstance(row, reports.Refused)] == [
        (8, "no_owner"),
        (9, "ragged"),
    ]


@pytest.mark.parametrize(
    ("top", "expected"),
    [
        ("", []),
        ("ETH,64", [("ETH", "64")]),
        ("Staked coin,Total\nETH staking,64", [("ETH staking", "64")]),
        ("coin,amount\nETH(ALL),64\nSOL,1", [("ETH(ALL)", "64"), "ragged"]),
    ],
)
def test_the_block_above_the_validators_holds_their_total(top: str, expected: list[Any]) -> None:
    found = read(
        f"{top}\n\ndeposit address,validator publickey,amount,withdrawal address\n{ETH},{KEY},32,{ETH}\n".encode()
    )
    lines = [item for item in found if not isinstance(item, reports.Published)]
    assert [
        (item.label, item.amount) if isinstance(item, reports.Summary) else item.reason for item in lines
    ] == expected


@pytest.mark.parametrize("cell", ["Native Staking", "native staking", "Native ETH Staking", "NATIVE-ETH-STAKING"])
def test_native_staking_is_told_by_each_of_its_names(cell: str) -> None:
    rows = ROWS.replace("coin,", "coin,Type,") + f"ETH,{cell},ETH,1,{KEY},32,m,,,\n"
    (item,) = read(rows.encode())
    assert isinstance(item, reports.Published)
    assert (item.holding, item.network) == ("native_staking", "ethereum_beacon")


@pytest.mark.parametrize(
    ("snapshot", "precision", "taken"),
    [
        ("2024-03-25", "day", True), ("2000-01-01", "day", True), ("1999-12-31", "day", False), ("0001-01-01", "day", False),
        ("2024-W13-1", "day", False), ("20240325", "day", False), ("٢٠٢٤-٠٣-٢٥", "day", False), ("2024-3-25", "day", False),
        ("2024-03", "month", True), ("2024-03-25", "month", False), ("2024-02-30", "day", False), ("2024-03-25T00:00", "day", False),
    ],
)  # fmt: skip
def test_a_day_of_a_totals_file_has_one_spelling(snapshot: str, precision: str, taken: bool) -> None:
    body = TOTALS + f"okx,1,{snapshot},{precision},BTC,1,,,,,,,a,\n"
    if taken:
        assert len(list(totals_csv.split(part_of(totals_csv, body.encode())))) == 1
        return
    with pytest.raises(BadStructure, match=r"f\.csv:2: snapshot .* a day is YYYY-MM-DD"):
        list(totals_csv.split(part_of(totals_csv, body.encode())))


@pytest.mark.parametrize("height", ["١٢", "１９", "1_0", "1²", "+1", " 1 2"])
def test_a_height_has_ascii_digits_alone(height: str) -> None:
    (item,) = read((ROWS + f"ETH,ETH,{height},{ETH},1,m,,,\n").encode())
    assert isinstance(item, reports.Refused)
    assert item.reason == "bad_height"


def test_a_lone_carriage_return_stays_in_its_cell() -> None:
    (item,) = read((ROWS + f'ETH,ETH,1,{ETH},1,"m\r=HYPERLINK(A1)",s,,\r\n').encode())
    assert isinstance(item, reports.Published)
    assert (item.message, item.source_row) == ("m\r=HYPERLINK(A1)", 2)


def test_owners_below_a_contract_row_that_is_signed_itself_sign_for_it() -> None:
    head = "coin,address,snapshot height,balance,message,signature\n"
    other = ETH.replace("1", "2")
    rows = f"ETH,{ETH},1,5,m,s\nETH,{other},-,-,m,s\nETH,{other},-,-,m,s\nUSDT-TRC20,{other},-,-,m,s\nETH,{ETH},1,5,-,-\nUSDT-ERC20,{other},-,-,m,s\n"
    found = read((head + rows).encode(), "htx")
    assert [getattr(item, "for_row", item.reason if isinstance(item, reports.Refused) else None) for item in found] == [
        None, 2, 2, "no_row_to_sign_for", None, 6,
    ]  # fmt: skip


@pytest.mark.parametrize(
    "name", ["../evil.csv", "/etc/passwd", "a/../../b.csv", "..\\evil.csv", "C:evil.csv", "\\\\host\\x"]
)
def test_a_path_that_leads_out_of_the_archive_is_refused(name: str) -> None:
    with pytest.raises(UnsafeArchive, match="leads out"):
        list(reports.members(zipped({name: b"x"}), "por.zip"))


def symlink(info: zipfile.ZipInfo) -> None:
    info.external_attr = 0o120777 << 16


@pytest.mark.parametrize(
    ("stream", "why"),
    [
        (zipped({"bomb.csv": bytes(100 << 20)}), "unpacks to more"),
        (zipped({"link": b"/etc/passwd"}, symlink), "is a link"),
        (zipped({f"{n}.csv": b"" for n in range(65)}), "65 files"),
        (zipped({}), "broken|0 files"),
        (io.BytesIO(zipped({"a.csv": b"abc" * 1000}).getvalue()[:-30]), "broken"),
        (io.BytesIO(b"PK\x03\x04" + bytes(50)), "broken"),
    ],
    ids=["bomb", "symlink", "too many", "empty", "truncated", "garbage"],
)
def test_an_unsafe_archive_is_refused(stream: io.BytesIO, why: str) -> None:
    if why.startswith("broken|0"):
        stream = io.BytesIO(b"PK\x03\x04")
    with pytest.raises(UnsafeArchive, match=why):
        list(reports.members(stream, "por.zip"))


def test_an_archive_over_the_size_cap_is_refused() -> None:
    with pytest.raises(UnsafeArchive, match="unpacks to more than 5"):
        list(_zip.members(zipped({"a.csv": b"abcdefgh"}), "por.zip", unpacked_bytes=5))


HEADERS = [
    ROWS.encode(),
    b"coin,address,snapshot height,balance,message,signature\n",
    TOTALS.encode(),
    b"coin,amount\nETH,1\n\n" + ROWS.encode(),
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


@given(st.text(alphabet='ab,"[]{} ', max_size=40))
def test_cells_without_quotes_and_brackets_are_those_of_a_plain_split(text: str) -> None:
    plain = text.translate(str.maketrans("", "", '"[]{}'))
    assert _csv.split(plain) == plain.split(",")

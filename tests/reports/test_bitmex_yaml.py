"""BitMEX's two files: every row of the real ones, how totals are cut, and fields that nobody has told us of."""

from __future__ import annotations

import re
from collections import Counter
from datetime import datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from porlake import amounts, ownership, registry, reports
from porlake.errors import BadStructure, InvalidAmount
from porlake.model import ReportFile
from porlake.pipeline._claims import claim_of, evidence_of
from porlake.pipeline._totals import total_of
from porlake.reports import bitmex_yaml
from reports.published import HERE, as_bundle, read

SHARED = HERE.parents[2] / "shared/data/files/bitmex"
FILE = ReportFile(**dict.fromkeys(ReportFile.__slots__) | {"exchange": "bitmex", "report": "r"})
ADDRESS = "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4"
ONE = f"address:\n- addr: {ADDRESS}\n  addr_type: wpkh\n  balance: '5'\n"
TOKEN = "eth:\n  ETH:\n    addresses:\n      '0x" + "11" * 20 + "':\n        balance: 5\n    total: '0'\n"


def real(name: str) -> tuple[str, list[reports.Item]]:
    path = SHARED / name
    if not path.exists():
        pytest.skip("the real files are not beside the project")
    return path.read_text(), read(path.read_bytes(), "bitmex", path.name)


def test_every_address_of_the_real_reserves_is_that_of_the_script_beside_it() -> None:
    text, items = real("20260908-reserves-966053-sample.yaml")
    rows = [item for item in items if isinstance(item, reports.Published)]
    assert len(rows) == len(items) == text.count("- addr:") == 5
    assert [claim_of(FILE, row).amount for row in rows] == [
        15438861, 51890, 798752598, 634658436853, 224447699537,
    ]  # fmt: skip
    assert [row.source_row for row in rows] == [
        at for at, line in enumerate(text.splitlines(), 1) if line.startswith("- addr:")
    ]
    judged = [ownership.judge(evidence_of(FILE, row)) for row in rows]
    assert {(found.verdict, found.reason) for found in judged} == {("unsigned", "script_shown")}
    assert [found.flags for found in judged] == [
        ("multisig_3_of_4",), ("multisig_3_of_4",), (), (), ("multisig_3_of_5",),
    ]  # fmt: skip


def test_a_digit_of_a_real_script_is_seen() -> None:
    _, items = real("20260908-reserves-966053-sample.yaml")
    for row in items:
        assert isinstance(row, reports.Published)
        evidence = evidence_of(FILE, row)
        for at in range(0, len(row.key_or_script), 29):
            other = "1" if row.key_or_script[at] != "1" else "2"
            changed = row.key_or_script[:at] + other + row.key_or_script[at + 1 :]
            evidence = evidence_of(FILE, reports.Published(**{
                name: getattr(row, name) for name in reports.Published.__slots__
            } | {"key_or_script": changed}))  # fmt: skip
            found = ownership.judge(evidence)
            assert found.verdict == "unsigned"
            assert found.reason != "script_shown"


def test_totals_of_the_real_tokens_are_the_sums_of_their_networks_each_cut_to_the_unit() -> None:
    text, items = real("20260827-token_reserves-20260827-sample.yaml")
    rows = [item for item in items if isinstance(item, reports.Published)]
    assert len(rows) == text.count("balance:") == 22
    totals = {item.asset: total_of(FILE, item) for item in items if isinstance(item, reports.Summary)}
    assert set(totals) == {"ADA", "BMEX", "ETH", "RLUSD", "USDT"}
    assert len(rows) + len(totals) == len(items)
    sums = Counter[tuple[str, str]]()
    for row in rows:
        amount = claim_of(FILE, row).amount
        assert amount is not None
        sums[row.asset, row.network] += amount
    for asset, total in totals.items():
        assert total is not None
        unit = 10 ** (
            registry.load().assets[asset].scale - min(bitmex_yaml.UNITS[asset], registry.load().assets[asset].scale)
        )
        assert sum(held // unit * unit for (of, _), held in sums.items() if of == asset) == total.amount
        assert re.search(rf"total: '{total.amount_published}'", text)
    assert sum(held for (of, _), held in sums.items() if of == "ETH") - (totals["ETH"].amount or 0) == 2399511069  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("name", "at", "precision"),
    [
        ("20221115-reserves-763269-20221115D113036434534000.yaml", datetime(2022, 11, 15, 11, 30, 36), "moment"),
        ("reserves-763269-20221115D113036434534000.yaml", datetime(2022, 11, 15, 11, 30, 36), "moment"),
        ("20260827-token_reserves-20260827.yaml", datetime(2026, 8, 27), "day"),
        ("20260908-reserves-966053-sample.yaml", datetime(2026, 9, 8), "day"),
    ],
)
def test_a_name_tells_the_moment_in_utc(name: str, at: datetime, precision: str) -> None:
    assert bitmex_yaml.snapshot_of(name) == reports.Snapshot(at, precision)


@pytest.mark.parametrize(
    "name",
    ["reserves-763269.yaml", "reserves-1-20221315D113036.yaml", "20221115.yaml", "reserves-20221115D996036.yaml"],
)
def test_a_name_that_tells_none(name: str) -> None:
    assert bitmex_yaml.snapshot_of(name) is None


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (ONE + "debt: 5\n", r'unknown field "debt"'),
        (ONE + "  memo: x\n", r'address\[0\]: unknown field "memo"'),
        (ONE.replace("  balance: '5'\n", ""), r'the field "balance" is missing'),
        (ONE.replace("addr:", "address:"), "unknown field"),
        (ONE + "height: 7.5\n", "height: a whole number was expected"),
        (ONE + "height: 0x10\n", "height: a whole number was expected"),
        (ONE + "keys: none\n", "keys: a list was expected"),
        (ONE + "custodial: 5\n", "custodial: a list was expected"),
        (ONE + "chain: [main]\n", "chain: a text was expected"),
        (ONE + "- text\n", r"address\[1\]: an object was expected"),
        ("address: []\naddr_type: x\n", "unknown field"),
        ("x: {addr_type: 1}\n", "unknown field"),
        (ONE + "custodial: []\n" + ONE, "stands there twice"),
        ("address:\n- {addr: a, addr_type: sh, balance: 1}\n- {addr: b, addr_type: sh, balance: 1}\n", ""),
        ("address: [{addr: a, addr_type: sh, balance: 1},\n {addr: b, \naddr_type: sh, balance: 1}]\n", ""),
        ("address: [{\naddr_type: sh, addr: a, balance: 1}, {addr: b, addr_type: sh, balance: 1}]\n", ""),
        (TOKEN + "  USDT: 5\n", r"eth.USDT: an object was expected"),
        (TOKEN + "    count: 5\n", r'unknown field "count"'),
        (TOKEN.replace("    total: '0'\n", ""), r'the field "total" is missing'),
        (TOKEN.replace("balance: 5", "balance: 5\n        memo: 1"), r'unknown field "memo"'),
        (TOKEN.replace("balance: 5", "balance: [5]"), "a text was expected"),
    ],
)
def test_a_field_that_nobody_told_us_of_or_that_is_missing_stops_the_file(body: str, why: str) -> None:
    if why:
        with pytest.raises(BadStructure, match=why):
            read(body.encode(), "bitmex", "f.yaml")
        return
    assert len(read(body.encode(), "bitmex", "f.yaml")) == 2  # entries in braces, each on a line of its own


def test_two_rows_on_one_line_are_no_two_rows() -> None:
    body = "address: [{addr: a,\n addr_type: sh, balance: 1}, {addr: b, addr_type: sh, balance: 1}, {addr: c,\n"
    with pytest.raises(BadStructure, match="stand on one line"):
        read(f"{body} addr_type: sh, balance: 1}}]\n".encode(), "bitmex", "f.yaml")


@given(st.text(alphabet="0123456789.,-+eExX_ oO'~n", min_size=1, max_size=12))
def test_a_spoiled_balance_is_the_number_that_stands_there_or_none(text: str) -> None:
    """Never another one: what YAML reads as a number of another base, or as none, is refused."""
    try:
        items = read(ONE.replace("'5'", text).encode(), "bitmex", "f.yaml")
    except BadStructure:
        return
    (row,) = items
    if isinstance(row, reports.Refused):
        assert row.reason == "not_a_number"
        return
    assert isinstance(row, reports.Published)
    assert text.strip().strip("'").strip() == str(claim_of(FILE, row).amount)


def test_units_of_a_publisher_get_their_point() -> None:
    assert [amounts.with_point(text, 3) for text in ("", "0", "5", "123", "1234")] == [
        "",
        "0.000",
        "0.005",
        "0.123",
        "1.234",
    ]
    assert amounts.with_point("12", 0) == "12"
    for text in ("1.5", "1.", ".5", "-1", "x", "1e3"):
        with pytest.raises(InvalidAmount):
            amounts.with_point(text, 3)


def test_the_file_is_not_taken_for_another(tmp_path: Path) -> None:
    for body in ("a:\n  b: 1\n", "coin,amount\nBTC,1\n", '{"addr_type": "sh"}', "addresses:\n  - a\n"):
        assert not bitmex_yaml.matches(as_bundle({"f.yaml": body.encode()}, "bitmex"))

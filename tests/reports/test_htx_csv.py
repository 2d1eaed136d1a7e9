"""HTX's layout: every row of the real months is accounted for, and owners sign for the contract row above them."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from porlake import addresses, ownership, reports
from porlake.errors import BadStructure
from porlake.model import PublishedTotal, ReportFile
from porlake.pipeline._claims import evidence_of
from reports.published import ETH, HERE, read, report_of
from reports.test_spoiled import parsed

SHARED = HERE.parents[2] / "shared" / "data" / "htx"


POLONIEX = SHARED.parent / "poloniex"
SAFE, TWIN = "0x29065a4c1f2f20d1e263930088890d6f49fe715a", "TWhDfwC8QE6pQyiYy248dNor3uphPEw5M2"
#: By month of Poloniex: rows of the address block, of which proven, signed by an owner of their contract, unsigned.
VERDICTS = {
    "20240801": (7, 6, 0, 1),
    "20241001": (14, 12, 0, 2),
    "20241201": (46, 32, 2, 12),
    "20250201": (105, 38, 3, 64),
    "20250401": (123, 40, 3, 80),
    "20250601": (114, 40, 3, 71),
    "20250801": (106, 40, 3, 63),
    "20251001": (111, 40, 3, 68),
    "20251201": (149, 51, 5, 93),
    "20260201": (141, 49, 4, 88),
    "20260401": (153, 50, 4, 99),
}


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


def test_a_file_cut_before_its_address_block_is_refused() -> None:
    form = reports.FORMATS["htx_csv"]
    with pytest.raises(BadStructure, match="before the header"):
        list(form.parse(report_of(form, b"coin,snapshot height,balance\nBTC,1,2\n", "htx")))


def test_owners_below_a_contract_row_that_is_signed_itself_sign_for_it() -> None:
    head = "coin,address,snapshot height,balance,message,signature\n"
    other = ETH.replace("1", "2")
    rows = (
        f"ETH,{ETH},1,5,m,s\nETH,{other},-,-,m,s\nETH,{other},-,-,m,s\n"
        f"USDT-TRC20,{other},-,-,m,s\nETH,{ETH},1,5,-,-\nUSDT-ERC20,{other},-,-,m,s\n"
    )
    found = read((head + rows).encode(), "htx")
    assert [getattr(item, "for_row", item.reason if isinstance(item, reports.Refused) else None) for item in found] == [
        None, 2, 2, "no_row_to_sign_for", None, 6,
    ]  # fmt: skip


@pytest.mark.parametrize("cells", [5, 6, 7])
def test_a_row_has_six_cells(cells: int) -> None:
    head = "coin,address,snapshot height,balance,message,signature\n"
    (item,) = read((head + ",".join(["ETH", ETH, "1", "5", "m", "s", "x"][:cells]) + "\n").encode(), "htx")
    assert isinstance(item, reports.Published if cells == 6 else reports.Refused)
    assert getattr(item, "reason", "ragged") == "ragged"


def test_a_row_that_is_refused_says_what_is_known_of_it_and_has_no_signers() -> None:
    head = "coin,address,snapshot height,balance,message,signature\n"
    other = ETH.replace("1", "2")
    found = read((head + f"ETH,{ETH},x,5,-,-\nETH,{other},-,-,m,s\nMOON-ETH,{ETH},1,5,-,-\n").encode(), "htx")
    assert [(item.reason, item.network, item.asset) for item in found if isinstance(item, reports.Refused)] == [
        ("bad_height", "ethereum", "ETH"),
        ("no_row_to_sign_for", "ethereum", "ETH"),
        ("unknown_asset", "", "ETH"),
    ]


@pytest.mark.parametrize("month", VERDICTS)
def test_every_row_of_a_real_month_of_poloniex_has_its_verdict(month: str) -> None:
    path = POLONIEX / f"poloniex_por_{month}.csv"
    if not path.exists():
        pytest.skip("the real files are not beside the project")
    file = ReportFile(**dict.fromkeys(ReportFile.__slots__) | {"exchange": "poloniex", "report": "r"})
    rows = [item for item in read(path.read_bytes(), "poloniex", path.name) if isinstance(item, reports.Published)]
    judged = [(row, ownership.judge(evidence_of(file, row))) for row in rows]
    found = Counter((judgement.verdict, judgement.reason) for _, judgement in judged)
    of_owners = found.pop(("owner_signed", "signature_of_an_owner"), 0)
    assert (len(rows), sum(n for (verdict, _), n in found.items() if verdict == "proven"), of_owners,
            found["unsigned", "unsigned"]) == VERDICTS[month]  # fmt: skip
    for row, judgement in judged:
        if judgement.reason == "signature_of_an_owner":
            below = [other.address for other in rows if other.for_row == row.source_row]
            assert (row.address, row.owners, len(below)) == (SAFE, (TWIN,), 3)
            assert judgement.signer == addresses.with_same_key("ethereum", TWIN).text
        twice = of_owners > 0 and row.address in (SAFE, TWIN) and any(row.signatures)
        assert ("signature_under_two_accounts" in row.remark) == twice


def test_a_group_line_without_an_amount_stays_a_line_without_one() -> None:
    """Poloniex's 2025-10 and 2026-02: else the lines below it would be added to the group above it."""
    head = "coin,snapshot height,balance\nETH(ALL),-,2\nETH,7,2\nBTC(ALL),-,\nBTC,5,3\n\n"
    rows = f"coin,address,snapshot height,balance,message,signature\nETH,{ETH},7,2,-,-\n"
    found = parsed({"huobi_por_20260201.csv": (head + rows).encode()}, "htx")
    totals = [row for row in found["published_total"] if isinstance(row, PublishedTotal)]
    assert [(row.label, row.level, row.amount, row.printed_decimals) for row in totals] == [
        ("ETH(ALL)", "group", 2 * 10**18, 0),
        ("ETH", "part", 2 * 10**18, 0),
        ("BTC(ALL)", "group", None, None),
        ("BTC", "part", 3 * 10**8, 0),
    ]

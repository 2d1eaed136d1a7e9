"""What becomes of each row of a published file: a claim, a signer row or a rejection with its reason; nothing
disappears.
"""

from __future__ import annotations

import csv
import random
import re
import shutil
import zipfile
from collections import Counter
from dataclasses import fields
from decimal import Decimal
from pathlib import Path

import coincurve
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from porlake import cli, pipeline
from porlake.addresses import evm
from porlake.encoding.keccak import keccak256
from porlake.errors import BadStructure
from porlake.lake import Lake
from porlake.model import Claim, Evidence, Liability, Ownership, PublishedTotal, Rejection, ReportFile
from porlake.pipeline import _parse
from support import MONTH, RECORDING, SAMPLES, tree

HEADER = (
    "coin,Network,Snapshot Height,address,amount,message,signature1,signature2,redeem script/ public key,eoa1,eoa2\n"
)
TOTALS = "coin,amount\nETH,1\n\n"
ACCOUNT = "0x" + "11" * 20
OTHER = "0x" + "22" * 20


def row(amount: str = "1", address: str = ACCOUNT, coin: str = "ETH", network: str = "ETH", height: str = "7") -> str:
    quoted = f'"{amount}"' if "," in amount else amount
    return f"{coin},{network},{height},{address},{quoted},m,,,,,\n"


def parsed(folder: Path, *rows: str) -> tuple[Lake, dict[str, str]]:
    path = folder / "okx_por_2025102200.csv"
    path.write_text(TOTALS + HEADER + "".join(rows), encoding="utf-8")
    chosen = pipeline.session(folder / "lake", environ={})
    (report,) = pipeline.archive(chosen, "okx", str(path))
    pipeline.parse(chosen, report)
    pipeline.verify(chosen, report)
    return chosen.lake, {"exchange": "okx", "report": report}


def reasons(lake: Lake, only: dict[str, str]) -> list[tuple[int, str]]:
    return [(rejection.source_row, rejection.reason) for rejection in lake.rows(Rejection, **only)]


@pytest.mark.parametrize(
    ("amount", "reason"),
    [
        ("1e400", "not_a_number"),
        ("NaN", "not_a_number"),
        ("-5", "not_a_number"),
        ("1,234.5", "not_a_number"),
        ("Infinity", "not_a_number"),
        ("0x10", "not_a_number"),
        ("١٢", "not_a_number"),
        ("1" * 60, "too_large"),
        ("0." + "1" * 60, "too_fine"),
        ("1.0000000000000000001", "too_fine"),
    ],
)
def test_an_amount_that_is_none_rejects_its_row_alone(tmp_path: Path, amount: str, reason: str) -> None:
    lake, only = parsed(tmp_path, row(amount), row("2", OTHER))
    assert reasons(lake, only) == [(5, reason)]
    assert [(claim.source_row, claim.amount) for claim in lake.rows(Claim, **only)] == [(6, 2 * 10**18)]
    assert [(verdict.source_row, verdict.verdict, verdict.reason) for verdict in lake.rows(Ownership, **only)] == [
        (5, "unsigned", "unsigned"),
        (6, "unsigned", "unsigned"),
    ]


def test_a_row_without_a_coin_and_heights_in_other_digits_cost_themselves_alone(tmp_path: Path) -> None:
    lake, only = parsed(tmp_path, row(coin=""), row(coin=" "), row(height="٧"), row(height="７"), row())
    assert reasons(lake, only) == [(5, "unknown_asset"), (6, "unknown_asset"), (7, "bad_height"), (8, "bad_height")]
    assert [(r.network, r.asset) for r in lake.rows(Rejection, **only)][:2] == [("ethereum", None)] * 2
    assert [claim.source_row for claim in lake.rows(Claim, **only)] == [9]


def test_an_asset_or_network_that_nobody_knows_is_a_rejection_with_its_name(tmp_path: Path) -> None:
    lake, only = parsed(tmp_path, row(coin="DRAGON"), row(network="MOON"), row())
    found = list(lake.rows(Rejection, **only))
    assert [(r.source_row, r.label) for r in found] == [(5, "DRAGON"), (6, "ETH")]
    assert all(r.reason in {"unknown_asset", "unknown_network", "unknown_label"} for r in found), [
        r.reason for r in found
    ]
    assert len(list(lake.rows(Claim, **only))) == 1


def archived(folder: Path, exchange: str, name: str, text: str) -> tuple[Lake, list[dict[str, str]]]:
    (folder / name).write_text(text, encoding="utf-8")
    chosen = pipeline.session(folder / "lake", environ={})
    found = pipeline.archive(chosen, exchange, str(folder / name))
    for report in found:
        pipeline.parse(chosen, report)
    return chosen.lake, [{"exchange": exchange, "report": report} for report in found]


def test_labels_of_two_known_words_are_claims_and_totals_and_say_so(tmp_path: Path) -> None:
    """HTX's file of 2026-02 names two labels that no earlier one had."""
    text = (
        "coin,snapshot "
        "height,balance\nUSDC(ALL),-,3974000\nBASE-USDC,41602368,3974000.00\nUSDT(ALL),-,16\nUSDT-BEP20,78649895,15\nUSDT-MOON,1,1\n\n"
        "coin,address,snapshot height,balance,message,signature\n"
        f"BASE-USDC,{ACCOUNT},41602368,3974000,-,-\nUSDT-BEP20,{OTHER},78649895,15,-,-\nUSDT-MOON,{OTHER},1,1,-,-\n"
    )
    lake, (only,) = archived(tmp_path, "htx", "huobi_por_20260201.csv", text)
    assert [(c.network, c.asset, c.amount, c.remark) for c in lake.rows(Claim, **only)] == [
        ("base", "USDC", 3974000 * 10**18, "label_by_rule"),
        ("bsc", "USDT", 15 * 10**18, "label_by_rule"),
    ]
    assert [(t.label, t.network, t.remark) for t in lake.rows(PublishedTotal, **only)] == [
        ("USDC(ALL)", None, None),
        ("BASE-USDC", "base", "label_by_rule"),
        ("USDT(ALL)", None, None),
        ("USDT-BEP20", "bsc", "label_by_rule"),
    ]
    # what stays unknown names the asset where one word does
    assert [(r.block, r.source_row, r.reason, r.label, r.asset) for r in lake.rows(Rejection, **only)] == [
        ("summary", 6, "unknown_asset", "USDT-MOON", "USDT"),
        ("rows", 11, "unknown_asset", "USDT-MOON", "USDT"),
    ]


TOTALS_CSV = (
    "exchange,report_no,snapshot,snapshot_precision,asset,wallet_amount,own_amount,custody_amount,liabilities,"
    "printed_ratio,usd,scope,source,note\n"
)


@pytest.mark.parametrize(
    ("amount", "base", "remark"),
    [
        ("5531.94787787", 553194787787, None),
        ("5531.9478778700000", 553194787787, None),
        ("5531.9478778728929917", 553194787787, "rounded_down"),
    ],
)
def test_a_published_total_finer_than_the_base_unit_is_rounded_down_and_flagged(
    tmp_path: Path, amount: str, base: int, remark: str | None
) -> None:
    """OKX prints its custody with sixteen digits; bitcoin has eight."""
    lake, (only,) = archived(
        tmp_path, "okx", "custody.csv", TOTALS_CSV + f"okx,,2026-06-19,day,BTC,,,{amount},,,,,OKX,\n"
    )
    (total,) = lake.rows(PublishedTotal, **only)
    assert (total.custody_amount, total.remark) == (base, remark)
    assert not list(lake.rows(Rejection, **only))


def test_what_is_owed_is_rounded_up_and_a_ratio_down_and_both_say_so(tmp_path: Path) -> None:
    rows = "okx,,2026-06-19,day,BTC,2.000000019,,,1.999999991,100.1234567890123,3.999,,OKX,\n"
    lake, (only,) = archived(tmp_path, "okx", "totals.csv", TOTALS_CSV + rows)
    (total,), (liability,) = lake.rows(PublishedTotal, **only), lake.rows(Liability, **only)
    assert (total.amount, total.amount_published, total.usd_published, total.remark) == (
        200000001,
        "2.000000019",
        Decimal("3.99"),
        "rounded_down",
    )
    assert (liability.owed, liability.printed_ratio, liability.remark) == (
        200000000,
        Decimal("100.123456789012"),
        "rounded_down rounded_up",
    )


def test_a_claim_finer_than_the_base_unit_is_never_rounded(tmp_path: Path) -> None:
    lake, only = parsed(tmp_path, row("1.0000000000000000001"), row("1.0000000000000000010"))
    assert reasons(lake, only) == [(5, "too_fine")]
    assert [(claim.source_row, claim.amount) for claim in lake.rows(Claim, **only)] == [(6, 10**18 + 1)]


def test_an_odd_spelling_of_an_address_is_a_remark_of_the_claim(tmp_path: Path) -> None:
    lake, only = parsed(
        tmp_path,
        row(address="Bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4", coin="BTC", network="BTC"),
        row(address="bc1pfeessrawgf", coin="BTC", network="BTC"),
        row(address="bitcoincash:qpm2qsznhks23z7629mms6s4cwef74vcwvy22gdx6a", coin="BSV", network="BSV"),
        row(address="1BpEi6DfDAUFd7GtittLSdBeYJvcoaVggu", coin="BSV", network="BSV"),
    )
    assert [(claim.address, claim.remark) for claim in lake.rows(Claim, **only)] == [
        ("bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4", "spelled_otherwise"),
        ("bc1pfeessrawgf", "anyone_can_spend"),
        ("1BpEi6DfDAUFd7GtittLSdBeYJvcoaVggu", "spelled_otherwise"),
        ("1BpEi6DfDAUFd7GtittLSdBeYJvcoaVggu", None),
    ]


def test_the_same_account_in_two_spellings_is_two_rows_of_one_canonical_address(tmp_path: Path) -> None:
    mixed = "0x52908400098527886E0F7030069857D2E4169EE7"
    lake, only = parsed(tmp_path, row("3", mixed), row("3", mixed.lower()), row("4", mixed))
    assert {claim.address for claim in lake.rows(Claim, **only)} == {mixed.lower()}
    assert [claim.amount for claim in lake.rows(Claim, **only)] == [3 * 10**18, 3 * 10**18, 4 * 10**18]


def test_a_claim_keeps_what_was_published_beside_what_it_means(tmp_path: Path) -> None:
    lake, only = parsed(tmp_path, row("01.50"))
    (claim,) = lake.rows(Claim, **only)
    assert (claim.amount, claim.amount_published, claim.printed_decimals, claim.snapshot_height) == (
        15 * 10**17,
        "01.50",
        2,
        7,
    )


def test_a_parser_that_loses_a_row_is_caught() -> None:
    file = ReportFile(**dict.fromkeys((field.name for field in fields(ReportFile)), ""))
    writer = _parse.ItemWriter(file, {})
    writer.rows = 1
    with pytest.raises(BadStructure, match="1 rows of the address block became 0 claims"):
        writer.check()


def test_the_bundled_month_accounts_for_every_row(month: Path) -> None:
    lake = Lake(month)
    for file in lake.rows(ReportFile):
        if file.content == "totals":
            continue
        only = {"exchange": file.exchange, "report": file.report}
        claims, evidence = list(lake.rows(Claim, **only)), list(lake.rows(Evidence, **only))
        rejected = [r for r in lake.rows(Rejection, **only) if r.block == "rows"]
        lines = (SAMPLES / file.file_name).read_text().splitlines()
        block = lines[next(n for n, line in enumerate(lines) if "address" in line) + 1 :]
        assert len(claims) + sum(r.for_row is not None for r in evidence) + len(rejected) == len(evidence) == len(block)


def test_the_zip_of_the_sample_holds_the_files_beside_it() -> None:
    with zipfile.ZipFile(SAMPLES / "por_csv_2024032500.zip") as packed:
        held = {name: packed.read(name) for name in packed.namelist()}
    assert held == {
        path.name: path.read_bytes() for path in (*SAMPLES.glob("okx_por_2*.csv"), *SAMPLES.glob("okx_por_eth*.csv"))
    }


CELLS = st.lists(
    st.sampled_from(
        ["ETH", "BTC", "1", "-", "", ACCOUNT, "0x", "1e9", '"', "\0", "é", "=1+1", "9" * 70, "m", ";", "\t"]
    ),
    max_size=13,
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(CELLS, min_size=1, max_size=6))
def test_whatever_stands_in_a_file_every_line_has_one_outcome_or_the_file_is_refused(
    tmp_path_factory: pytest.TempPathFactory, rows: list[list[str]]
) -> None:
    body = [",".join(cells) for cells in rows]
    try:
        lake, only = parsed(tmp_path_factory.mktemp("any"), *(line + "\n" for line in body), row())
    except BadStructure:
        return
    counted = len(list(lake.rows(Claim, **only))) + sum(r.block == "rows" for r in lake.rows(Rejection, **only))
    held = sum(any(character not in " ,\t\r" for character in line) for line in body) + 1
    assert counted == len(list(lake.rows(Ownership, **only))) == held or '"' in "".join(body)


def test_rows_in_another_order_give_the_same_verdicts(month: Path, tmp_path: Path) -> None:
    text = (SAMPLES / "okx_por_2024032500.csv").read_text()
    lines = text.splitlines(keepends=True)
    start = next(n for n, line in enumerate(lines) if "address" in line) + 1
    block = lines[start:]
    random.Random(7).shuffle(block)
    path = tmp_path / "okx_por_2024032500.csv"
    path.write_text("".join(lines[:start] + block))
    chosen = pipeline.session(tmp_path / "lake", environ={})
    (report,) = pipeline.archive(chosen, "okx", str(path))
    pipeline.parse(chosen, report)
    pipeline.verify(chosen, report)

    def verdicts(lake: Lake) -> Counter[tuple[str, str, str]]:
        return Counter((v.address, v.verdict, v.reason) for v in lake.rows(Ownership))

    assert verdicts(chosen.lake) == verdicts(Lake(month))


def test_a_second_archive_of_a_file_changes_nothing(month: Path, tmp_path: Path) -> None:
    shutil.copytree(month, tmp_path / "again", symlinks=True)
    chosen = pipeline.session(tmp_path / "again", replay=RECORDING, environ={})
    for source in MONTH:
        assert pipeline.archive(chosen, "okx", source)
    assert tree(tmp_path / "again") == tree(month)


def test_the_same_bytes_under_two_dates_are_one_report_of_two_attestations(tmp_path: Path) -> None:
    chosen = pipeline.session(tmp_path / "lake", environ={})
    for name in ("okx_por_2025112200.csv", "okx_por_2025102200.csv"):
        (tmp_path / name).write_text(TOTALS + HEADER + row(), encoding="utf-8")
        (report,) = pipeline.archive(chosen, "okx", str(tmp_path / name))
    assert [(file.attestation, file.file_name) for file in chosen.lake.reports(report)] == [
        ("okx/2025-10-22", "okx_por_2025102200.csv"),
        ("okx/2025-11-22", "okx_por_2025112200.csv"),
    ]
    assert pipeline.attestations(chosen, [report]) == ["okx/2025-10-22", "okx/2025-11-22"]


# --- a claim may be rejected; its signature is judged all the same ----------------------------------------------------
KEY = coincurve.PrivateKey(bytes([9]) * 32)
MINE = evm.of("ethereum", evm.from_public_key(KEY.public_key.format(compressed=False))).text
MESSAGE = "I am an OKX address"
TYPED = (
    "coin,Type,Network,Snapshot Height,address,amount,message,signature1,signature2,redeem script/ public "
    "key,EOA1,EOA2\n"
)
AUDITORS = "digitalAsset,network,address,signedMessage,signedMessage2,message,publicKey,owner1,owner2,status\n"


def signature() -> str:
    raw = KEY.sign_recoverable(
        keccak256(b"\x19Ethereum Signed Message:\n32" + keccak256(MESSAGE.encode())), hasher=None
    )
    return f"0x{raw[:64].hex()}{raw[64] + 27:02x}"


def told(
    folder: Path, name: str, text: str, exchange: str = "okx"
) -> tuple[list[tuple[str, str]], list[str], int, str]:
    """(verdicts, reasons of rejection, claims) of a file, and what `porlake verify` prints."""
    path = folder / name
    path.write_text(text, encoding="utf-8")
    chosen = pipeline.session(folder / "lake", environ={})
    (report,) = pipeline.archive(chosen, exchange, str(path))
    pipeline.parse(chosen, report)
    pipeline.verify(chosen, report)
    only = {"exchange": exchange, "report": report}
    verdicts = [(found.verdict, found.reason) for found in chosen.lake.rows(Ownership, **only)]
    return (
        verdicts,
        [reason for _, reason in reasons(chosen.lake, only)],
        len(list(chosen.lake.rows(Claim, **only))),
        str(path),
    )


@pytest.mark.parametrize(
    ("cells", "reason"),
    [
        (("ETH", "Non Staking", "ETH", "7", "abc"), "not_a_number"),
        (("ETH", "Non Staking", "ETH", "7", ""), "not_a_number"),
        (("ETH", "Non Staking", "ETH", "7", "0.0000000000000000001"), "too_fine"),
        (("ETH", "Non Staking", "ETH", "7", "1" * 60), "too_large"),
        (("ETH", "Non Staking", "ETH", "seven", "1"), "bad_height"),
        (("ETH", "Lent Out", "ETH", "7", "1"), "unknown_type"),
        (("DRAGON", "Non Staking", "ETH", "7", "1"), "unknown_asset"),
        (("DRAGON", "Lent Out", "ETH", "seven", "abc"), "unknown_type"),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_amount_coin_type_and_height_decide_nothing_about_a_signature(
    tmp_path: Path, cells: tuple[str, ...], reason: str
) -> None:
    coin, kind, network, height, amount = cells
    text = TOTALS + TYPED + f"{coin},{kind},{network},{height},{MINE},{amount},{MESSAGE},{signature()},,,,\n"
    verdicts, rejected, claims, _ = told(tmp_path, "okx_por_2025102200.csv", text)
    assert (verdicts, rejected, claims) == ([("proven", "eth_address")], [reason], 0)


def test_a_network_that_the_registry_lacks_is_unsupported(tmp_path: Path) -> None:
    text = TOTALS + HEADER + f"ETH,MOON,7,{MINE},1,{MESSAGE},{signature()},,,,\nETH,MOON,7,{MINE},1,{MESSAGE},,,,,\n"
    verdicts, rejected, claims, _ = told(tmp_path, "okx_por_2025102200.csv", text)
    assert (verdicts, rejected, claims) == (
        [("unsupported", "unknown_network"), ("unsigned", "unsigned")],
        ["unknown_network"] * 2,
        0,
    )


def test_a_row_of_a_status_that_the_auditors_do_not_judge_is_judged_here(tmp_path: Path) -> None:
    text = AUDITORS + f"ETH,ETH,{MINE},{signature()},null,{MESSAGE},null,,,3\n"
    verdicts, rejected, _, _ = told(tmp_path, "okx_por_2025102200.csv", text)
    assert (verdicts, rejected) == ([("proven", "eth_address")], ["status_not_judged"])


def test_a_validator_of_an_unknown_type_is_a_validator_still(tmp_path: Path) -> None:
    text = TOTALS + TYPED + f"ETH,Lent Out,ETH,7,0x{'ab' * 48},32,{MESSAGE},{signature()},,,{MINE},\n"
    verdicts, rejected, _, _ = told(tmp_path, "okx_por_2025102200.csv", text)
    assert (verdicts, rejected) == ([("owner_signed", "owner")], ["unknown_type"])


def test_a_row_of_htx_with_a_bad_height_is_judged(tmp_path: Path) -> None:
    raw = KEY.sign_recoverable(keccak256(b"huobi"), hasher=None)
    text = (
        f"coin,snapshot height,balance\nETH(ALL),1,1\n\ncoin,address,snapshot "
        f"height,balance,message,signature\nETH,{MINE},x,1,huobi,0x{raw.hex()}\n"
    )
    verdicts, rejected, claims, _ = told(tmp_path, "huobi_por_20240701.csv", text, "htx")
    assert (verdicts, rejected, claims) == ([("proven", "eth_address")], ["bad_height"], 0)


def test_cells_that_cannot_be_told_apart_are_malformed_for_that_reason(tmp_path: Path) -> None:
    text = TOTALS + HEADER + f"ETH,ETH,7,{MINE}\nETH,ETH,7,{MINE},1,{MESSAGE},{signature()},,,,\n"
    verdicts, rejected, claims, _ = told(tmp_path, "okx_por_2025102200.csv", text)
    assert (verdicts, rejected, claims) == ([("malformed", "ragged"), ("proven", "eth_address")], ["ragged"], 1)


def test_verify_shows_verdict_and_rejection_side_by_side(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = f"ETH,ETH,7,{MINE},abc,{MESSAGE},{signature()},,,,\nETH,ETH,7,{MINE},1,{MESSAGE},{signature()},,,,\n"
    _, _, _, path = told(tmp_path, "okx_por_2025102200.csv", TOTALS + HEADER + rows)
    out = tmp_path / "v.csv"
    assert cli.main(["verify", path, "--out", str(out)]) == 0
    shown = capsys.readouterr().out
    assert re.search(r"not_a_number +proven +1 *$", shown, re.MULTILINE)
    with out.open(newline="") as stream:
        lines = list(csv.DictReader(stream))
    assert [(line["verdict"], line["rejected"]) for line in lines] == [("proven", "not_a_number"), ("proven", "")]
    assert cli.main(["explain", path, "--row", "5"]) == 0
    shown = capsys.readouterr().out
    assert re.search(r"makes no claim +not_a_number: expected was ", shown)
    assert re.search(r"^verdict\n +proven ", shown, re.MULTILINE)
    assert re.search(r"signature1, the personal message of the text's hash: +fits$", shown, re.MULTILINE)

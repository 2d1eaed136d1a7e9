"""`porlake explain`: one row's reasoning, which others can follow; and what `porlake verify` shows of a whole file."""

from __future__ import annotations

import re
from pathlib import Path

import coincurve
import pytest

from porlake import cli
from porlake.encoding.keccak import keccak256
from reports.published import HERE
from support import MONTH

FILE = MONTH[0]
LINES = Path(FILE).read_text().splitlines()
OTHER = "0x" + "22" * 20
HEADER = (
    "coin,Network,Snapshot Height,address,amount,message,signature1,signature2,redeem script/ public key,eoa1,eoa2\n"
)
SIGNERS = """coin,snapshot height,balance
ETH(ALL),1,1

coin,address,snapshot height,balance,message,signature
ETH,0x1111111111111111111111111111111111111111,1,5,,
ETH,0x2222222222222222222222222222222222222222,-,-,huobi,0x00
"""


def explained(capsys: pytest.CaptureFixture[str], row: int, file: str = FILE) -> str:
    assert cli.main(["explain", file, "--row", str(row)]) == 0
    return capsys.readouterr().out


def step(text: str, what: str) -> str:
    found = re.findall(rf"^ +\d+\. {what} +(.+)$", text, re.MULTILINE)
    return found[-1].split("  ")[0] if found else ""


def line_of(*parts: str) -> int:
    return next(number for number, line in enumerate(LINES, 1) if all(part in line for part in parts))


def test_the_steps_can_be_followed_with_other_tools(capsys: pytest.CaptureFixture[str]) -> None:
    told = explained(capsys, line_of("ETH,ETH", "0x0000000000000000000000000000000000705fa0"))
    signed, digest = bytes.fromhex(step(told, "bytes signed")[2:]), bytes.fromhex(step(told, "digest")[2:])
    assert signed.startswith(b"\x19Ethereum Signed Message:\n32")
    assert keccak256(signed) == digest
    raw = bytes.fromhex(step(told, "signature")[2:])
    key = coincurve.PublicKey.from_signature_and_message(raw[:64] + bytes([raw[64] - 27]), digest, hasher=None)
    assert step(told, "recovered key") == "0x" + key.format().hex()
    assert step(told, "derived account") == "0x" + keccak256(key.format(compressed=False)[1:])[-20:].hex()
    assert step(told, "account in the row") == "0x0000000000000000000000000000000000705fa0"
    assert re.search(r"invalid +there is a signature, and it is not that of this address", told)
    assert "EIP-191" in told


def test_every_row_of_the_bundled_month_can_be_explained(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    first = next(number for number, line in enumerate(LINES, 1) if "address" in line) + 1
    assert cli.main(["verify", FILE, "--out", str(tmp_path / "v.csv")]) == 0
    capsys.readouterr()
    for number in range(first, len(LINES) + 1, 9):
        verdict, reason = (tmp_path / "v.csv").read_text().splitlines()[number - first + 1].split(",")[7:9]
        told = explained(capsys, number)
        assert re.search(rf"^verdict\n +{verdict} ", told, re.MULTILINE)
        assert re.search(rf"reason +{reason}$", told, re.MULTILINE)


def test_a_refused_row_says_what_was_expected_and_an_unsigned_one_that_it_is(
    capsys: pytest.CaptureFixture[str],
) -> None:
    refused = explained(capsys, line_of('"1,234.5"'))
    assert "not_a_number" in refused
    assert "makes no claim" in refused
    assert re.search(r"^verdict\n +(proven|invalid|unsigned) ", refused, re.MULTILINE)
    unsigned = next(
        n for n, line in enumerate(LINES, 1) if re.fullmatch(r"ETH,ETH,\d+,0x\w{40},[\d.]+,[^,]*,,,.*", line)
    )
    assert "the signature columns are empty" in explained(capsys, unsigned)


def test_a_signer_row_and_the_row_it_signs_for_name_each_other(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    path = tmp_path / "huobi_por_20240701.csv"
    path.write_text(SIGNERS)
    assert "signed for by   the row on line 6" in explained(capsys, 5, str(path))
    signer = explained(capsys, 6, str(path))
    assert "the row on line 5" in signer
    assert "2 hex digits; 65 bytes have 130" in signer


def test_what_a_stranger_wrote_is_shown_as_text(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    path = tmp_path / "okx_por_2025102200.csv"
    path.write_text(f"coin,amount\nETH,1\n\n{HEADER}ETH[red],\x1b[2J,7,{OTHER},1,a [bold]m,0x[/bold],,,,\n")
    told = explained(capsys, 5, str(path))
    assert "\x1b[2J" not in told
    assert "[bold]m" in told


@pytest.mark.parametrize("row", ["0", "-1", "3", "100000"])
def test_a_line_without_a_row_is_an_error_that_says_where_the_rows_are(
    capsys: pytest.CaptureFixture[str], row: str
) -> None:
    assert cli.main(["explain", FILE, "--row", row]) == 1
    assert re.search(
        rf"no row of an address stands on line {row}; its address block has lines \d+ to {len(LINES)}",
        capsys.readouterr().err,
    )


def test_verify_shows_claims_that_stand_twice(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """One account in two spellings is one claim; another asset of it is another."""
    mixed = "0x52908400098527886E0F7030069857D2E4169EE7"
    path = tmp_path / "okx_por_2025102200.csv"
    rows = [
        ("ETH", mixed, "3"),
        ("ETH", mixed.lower(), "4"),
        ("ETH", OTHER, "1"),
        ("USDT-ERC20", mixed, "3"),
        ("USDT-ERC20", mixed, "3.0"),
    ]
    path.write_text(
        f"coin,amount\nETH,1\n\n{HEADER}"
        + "".join(f"{coin},ETH,7,{address},{amount},m,,,,,\n" for coin, address, amount in rows)
    )
    assert cli.main(["verify", str(path)]) == 0
    shown = capsys.readouterr().out
    assert "repeated claims: 4 rows of 2 accounts and assets, counted once each; the amounts of 1 differ" in shown
    assert re.search(rf"5 +ethereum +ETH +{mixed.lower()} +2 +yes", shown)
    assert re.search(rf"8 +ethereum +USDT +{mixed.lower()} +2 *$", shown, re.MULTILINE)
    assert re.search(r"unsigned +unsigned +5", shown)


def test_of_what_nobody_signed_it_is_not_said_what_its_message_names(capsys: pytest.CaptureFixture[str]) -> None:
    (file,) = (HERE / "cases" / "bitmex_yaml" / "reserves").glob("*.yaml")
    shown = explained(capsys, 3, str(file))
    assert "script_shown" in shown
    assert "message names" not in shown


def test_a_signature_of_which_one_reading_fits_fits(capsys: pytest.CaptureFixture[str]) -> None:
    told = explained(capsys, line_of("BTC,BTC", "bc1qqh36fmxtlm3tvceyx684fx7mwhladqh0dc6glfuj0pkuknafjc5s2m8d34"))
    assert re.findall(r"^ +(signature\d): +(.+)$", told, re.MULTILINE) == [
        ("signature1", "fits"),
        ("signature2", "fits"),
    ]
    bad = explained(capsys, line_of("ETH,ETH", "0x0000000000000000000000000000000000705fa0"))
    assert set(re.findall(r"^ +signature\d[^:\n]*: +(.+)$", bad, re.MULTILINE)) == {"does not fit"}

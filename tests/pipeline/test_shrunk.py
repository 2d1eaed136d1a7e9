"""A list of addresses that lost more than a tenth of them: at a tenth, below and above it."""

from __future__ import annotations

from pathlib import Path

import pytest

from porlake import pipeline
from porlake.model import Rejection

HEAD = "coin,snapshot height,balance\nETH(ALL),1,{n}\nETH,1,{n}\n\n"
COLUMNS = "coin,address,snapshot height,balance,message,signature\n"


def reported(session: pipeline.Session, folder: Path, day: str, addresses: int, twice: int = 0) -> str:
    """The id of a parsed report of so many addresses, some of them in two rows."""
    rows = [f"ETH,0x{number:040x},1,1,,\n" for number in range(1, addresses + 1)]
    rows += [f"USDT-ERC20,0x{number:040x},1,1,,\n" for number in range(1, twice + 1)]
    (folder / f"huobi_por_{day}.csv").write_text(HEAD.format(n=addresses) + COLUMNS + "".join(rows))
    (report,) = pipeline.archive(session, "htx", str(folder / f"huobi_por_{day}.csv"))
    return pipeline.parse(session, report)


@pytest.mark.parametrize(
    ("left", "said"), [(91, ""), (90, ""), (89, "89 addresses, 11 fewer than the 100 of"), (100, "")]
)
def test_more_than_a_tenth_is_a_warning_with_its_figures(tmp_path: Path, left: int, said: str) -> None:
    session = pipeline.session(tmp_path / "lake", environ={})
    first = reported(session, tmp_path, "20240601", 100, twice=3)
    second = reported(session, tmp_path, "20240701", left, twice=50)
    assert pipeline.shrunk(session, first) == ""
    warning = pipeline.shrunk(session, second)
    assert warning == (said and f"htx/2024-07-01: {said} htx/2024-06-01 (11.0 % of them)")


def test_the_report_before_is_the_last_of_an_earlier_moment(tmp_path: Path) -> None:
    session = pipeline.session(tmp_path / "lake", environ={})
    reported(session, tmp_path, "20240801", 500)
    reported(session, tmp_path, "20240601", 10)
    third = reported(session, tmp_path, "20240701", 9)
    assert pipeline.shrunk(session, third) == ""


def test_rows_that_are_refused_and_accounts_in_another_case_are_not_gone(tmp_path: Path) -> None:
    session = pipeline.session(tmp_path / "lake", environ={})
    accounts = [f"0x{number:039x}A" for number in range(1, 101)]
    for day, label in (("20240601", "ETH"), ("20240701", "ETH-OF-NO-NETWORK")):
        rows = [f"{label},{account},1,1,,\n" for account in accounts[:30]]
        rows += [f"ETH,{account.lower()},1,1,,\n" for account in accounts[30:]]
        signers = [f"ETH,{account},-,-,htx,0x00\n" for account in accounts[:1]]
        (tmp_path / f"huobi_por_{day}.csv").write_text(HEAD.format(n=100) + COLUMNS + "".join(rows + signers))
        (report,) = pipeline.archive(session, "htx", str(tmp_path / f"huobi_por_{day}.csv"))
        pipeline.parse(session, report)
    assert len(list(session.lake.rows(Rejection, exchange="htx", report=report))) == 30
    assert pipeline.shrunk(session, report) == ""

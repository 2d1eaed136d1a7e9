"""Binance: answers of its API in the shapes that readers of 2026 saw (made)."""

from __future__ import annotations

import json
from datetime import date, datetime
from typing import Any

import pytest

from porlake.errors import BadAnswer
from porlake.sources import binance, fetched
from sources.publishers import PAGE, Answers, Given, as_json, published, zipped

LINES = [
    "01/09/26 00:00:00 UTC | BTC Block Height 964957",
    "01/08/26 00:00:00 UTC | BTC Block Height 960412",
    "01/04/26 00:00:00 UTC | BTC Block Height 943129",
    "22/12/22 23:59:59 UTC | BTC Block Height 768422",
    "22/11/22 23:59:59 UTC | BTC Block Height 764327",
]
NULLS = {"snapshotTime": None, "merkleRootHash": None, "auditId": None, "snapshotDataList": None}
AMOUNTS = NULLS | {"auditId": "PR01SEP26", "snapshotTime": "01/09/26", "snapshotDataList": []}


def good(data: Any) -> Given:
    return as_json({"code": "000000", "message": None, "success": True, "data": data})


REFUSED = as_json({"code": "000002", "message": "illegal parameter", "success": False, "data": None})


def file_of(audit_id: str, day: str) -> dict[str, Given]:
    return {binance.FILE_OF + audit_id: good(f"{binance.FILES}wallet_address_{day}.zip")}


def answers(lines: list[Any] | None = None, **more: Given) -> Answers:
    return {
        binance.SNAPSHOTS: good(LINES if lines is None else lines),
        binance.AMOUNTS: good(AMOUNTS),
        **file_of("PR01SEP26", "20260901"),
        **file_of("PR01AUG26", "20260801"),
        **more,
    }


def test_days_come_before_months() -> None:
    with published(answers()) as there:
        found = there.find("binance")
    assert [one.at for one in found.found] == [
        datetime(2026, 9, 1), datetime(2026, 8, 1), datetime(2026, 4, 1), datetime(2022, 12, 22, 23, 59, 59),
        datetime(2022, 11, 22, 23, 59, 59),
    ]  # fmt: skip
    assert [one.audit_id for one in found.found] == ["PR01SEP26", "PR01AUG26", "PR01APR26", "PR22DEC22", "PR22NOV22"]
    assert [[member.role for member in one.members] for one in found.found] == [
        ["wallets", "totals"], ["wallets"], ["wallets"], [], [],
    ]  # fmt: skip
    assert (found.unknown, found.notes) == ((), ())


def test_heights_that_go_against_the_dates_are_told() -> None:
    lines = ["01/09/26 00:00:00 UTC | BTC Block Height 943129", "01/04/26 00:00:00 UTC | BTC Block Height 964957"]
    with published(answers(lines)) as there:
        assert "a date may be read wrong" in there.find("binance").notes[0]


@pytest.mark.parametrize(
    "line", ["09/13/26 00:00:00 UTC | BTC Block Height 1", "01/09/26 | BTC Block Height 1", 5, None]
)
def test_a_line_that_is_none_leaves_the_list_unknown(line: object) -> None:
    with published(answers([*LINES, line])) as there:
        found = there.find("binance")
    assert found.found == ()
    assert found.unknown[0].what == "which snapshots there are"


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (Given(PAGE, 202), "HTTP 202"),
        (Given(b"", 202), "HTTP 202"),
        (Given(PAGE), "the answer is HTML"),
        (REFUSED, "the API says '000002'"),
        (good(None), "the API says '000000', and gives no data"),
        (good([]), "the list of snapshots is empty"),
        (Given(b"", 451), "HTTP 451"),
    ],
)
def test_an_answer_that_is_no_list_is_unknown(answer: Given, reason: str) -> None:
    with published(answers() | {binance.SNAPSHOTS: answer}) as there:
        found = there.find("binance")
    assert (found.found, len(found.unknown)) == ((), 1)
    assert reason in found.unknown[0].reason


def test_a_snapshot_without_a_file_yet_is_told_by_the_api_alone() -> None:
    with published(answers() | {f"{binance.FILE_OF}PR01SEP26": REFUSED}) as there:
        newest = there.find("binance").found[0]
    assert [member.role for member in newest.members] == ["totals"]
    assert newest.remarks == ("no file yet: the API says '000002' to PR01SEP26",)
    with published(answers() | {f"{binance.FILE_OF}PR01SEP26": Given(PAGE, 403)}) as there:
        found = there.find("binance")
    assert found.unknown[0].what == "the file of 2026-09-01"
    assert found.found[0].remarks == ()


def test_a_file_of_another_host_is_not_fetched() -> None:
    elsewhere = {f"{binance.FILE_OF}PR01SEP26": good("https://bnbstatic.example/wallet_address_20260901.zip")}
    with published(answers() | elsewhere) as there:
        member = there.find("binance").found[0].members[0]
        with (
            pytest.raises(BadAnswer, match=r"https://bnbstatic\.example is not of https and of the publisher's hosts"),
            fetched(there.web("binance"), member),
        ):
            pass
    assert not [url for url in there.asked if "example" in url]


def test_amounts_of_nulls_are_not_amounts_of_nothing() -> None:
    with published(answers() | {binance.AMOUNTS: good(NULLS)}) as there:
        found = there.find("binance")
    assert "an object of nulls" in found.unknown[0].reason
    assert [member.role for member in found.found[0].members] == ["wallets"]


def test_a_file_of_the_month_before_under_this_months_name_is_seen() -> None:
    old = zipped(**{"PR01AUG26_HotCold.csv": b"x", "PR01AUG26_Deposit.csv": b"x"})
    with published(answers() | {f"{binance.FILES}wallet_address_20260901.zip": Given(old)}) as there:
        member = there.find("binance").found[0].members[0]
        said = "none of its files is of PR01SEP26, but PR01AUG26_HotCold.csv, PR01AUG26_Deposit.csv: another month"
        with pytest.raises(BadAnswer, match=said), fetched(there.web("binance"), member):
            pass


def test_the_amounts_are_asked_by_a_post_with_an_empty_time() -> None:
    bodies: list[Any] = []

    def amounts(body: bytes) -> Given:
        bodies.append(json.loads(body))
        return good(AMOUNTS)

    with published(answers() | {binance.AMOUNTS: amounts}) as there:
        there.find("binance", date(2026, 9, 1))
    assert bodies == [{"time": "", "pageIndex": 0, "pageSize": 0}]

"""Binance: answers of its API in the shapes that readers of 2026 saw (made)."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from porlake.errors import BadAnswer
from porlake.sources import Publication, Publications, binance, fetched
from porlake.transport import Recording
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


ADDRESSES = [{"network": "BTC", "address": "a", "thirdPartyCustodianName": "Ceffu"}]
REFUSED = as_json({"code": "000002", "message": "illegal parameter", "success": False, "data": None})


def file_of(audit_id: str, day: str) -> dict[str, Given]:
    return {binance.FILE_OF + audit_id: good(f"{binance.FILES}wallet_address_{day}.zip")}


def answers(lines: list[Any] | None = None, **more: Given) -> Answers:
    return {
        binance.SNAPSHOTS: good(LINES if lines is None else lines),
        binance.AMOUNTS: good(AMOUNTS),
        binance.ADDRESSES: good(ADDRESSES),
        **file_of("PR01SEP26", "20260901"),
        **file_of("PR01AUG26", "20260801"),
        **more,
    }


def looked(answered: Answers, since: date | None = None) -> tuple[list[Publication], Publications]:
    """The snapshots that are found, and the whole look."""
    with published(answered) as there:
        found = there.find("binance", since)
    return [one for one in found.found if not one.is_of_now], found


def test_days_come_before_months() -> None:
    snapshots, found = looked(answers())
    assert [one.at for one in snapshots] == [
        datetime(2026, 9, 1), datetime(2026, 8, 1), datetime(2026, 4, 1), datetime(2022, 12, 22, 23, 59, 59),
        datetime(2022, 11, 22, 23, 59, 59),
    ]  # fmt: skip
    assert [one.audit_id for one in snapshots] == ["PR01SEP26", "PR01AUG26", "PR01APR26", "PR22DEC22", "PR22NOV22"]
    assert [[member.role for member in one.members] for one in snapshots] == [
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
    snapshots, found = looked(answers([*LINES, line]))
    assert snapshots == []
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
    snapshots, found = looked(answers() | {binance.SNAPSHOTS: answer})
    assert (snapshots, len(found.unknown)) == ([], 1)
    # the addresses of now are there all the same, and are no month's report
    assert [found.is_whole(one) for one in found.found] == [False]
    assert reason in found.unknown[0].reason


def test_a_snapshot_without_a_file_yet_is_told_by_the_api_alone() -> None:
    (newest, *_), _ = looked(answers() | {f"{binance.FILE_OF}PR01SEP26": REFUSED})
    assert [member.role for member in newest.members] == ["totals"]
    assert newest.remarks == ("no file yet: the API says '000002' to PR01SEP26",)
    (newest, *_), found = looked(answers() | {f"{binance.FILE_OF}PR01SEP26": Given(PAGE, 403)})
    assert found.unknown[0].what == "the file of 2026-09-01"
    assert newest.remarks == ()


def test_a_file_of_another_host_is_not_fetched() -> None:
    elsewhere = {f"{binance.FILE_OF}PR01SEP26": good("https://bnbstatic.example/wallet_address_20260901.zip")}
    with published(answers() | elsewhere) as there:
        member = there.find("binance").found[1].members[0]
        with (
            pytest.raises(BadAnswer, match=r"https://bnbstatic\.example is not of https and of the publisher's hosts"),
            fetched(there.web("binance"), member),
        ):
            pass
    assert not [url for url in there.asked if "example" in url]


def test_amounts_of_nulls_are_not_amounts_of_nothing() -> None:
    (newest, *_), found = looked(answers() | {binance.AMOUNTS: good(NULLS)})
    assert "an object of nulls" in found.unknown[0].reason
    assert [member.role for member in newest.members] == ["wallets"]


def test_a_file_of_the_month_before_under_this_months_name_is_seen() -> None:
    old = zipped(**{"PR01AUG26_HotCold.csv": b"x", "PR01AUG26_Deposit.csv": b"x"})
    with published(answers() | {f"{binance.FILES}wallet_address_20260901.zip": Given(old)}) as there:
        member = there.find("binance").found[1].members[0]
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


# --- the addresses of now ---------------------------------------------------------------------------------------------
def test_the_addresses_of_now_are_of_the_moment_of_their_answer() -> None:
    before = datetime.now(UTC).replace(tzinfo=None, microsecond=0)  # of an answer the second is kept
    _, found = looked(answers(), date(2026, 9, 1))
    one = found.found[0]
    assert one.at is not None
    assert before <= one.at <= datetime.now(UTC).replace(tzinfo=None)
    assert (one.precision, one.attestation) == ("moment", f"binance/{one.at:%Y-%m-%d}")
    (member,) = one.members
    assert (member.role, member.name, member.url) == (
        "addresses", f"binance_{one.at:%Y%m%d}_addresses.json", binance.ADDRESSES
    )  # fmt: skip
    assert one.remarks == ("the list of addresses says no moment: that of the answer is taken",)
    assert (found.is_whole(one), found.unknown) == (False, ())


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (Given(PAGE), "the answer is HTML"),
        (Given(b"", 202), "HTTP 202"),
        (Given(PAGE, 403), "HTTP 403"),
        (REFUSED, "the API says '000002'"),
        (good(None), "the API says '000000', and gives no data"),
        (good([]), "the list of addresses is empty"),
        (good({"list": ADDRESSES}), "the answer is an object, not a list"),
    ],
)
def test_a_list_of_addresses_that_is_none_is_unknown_and_costs_itself_alone(answer: Given, reason: str) -> None:
    snapshots, found = looked(answers() | {binance.ADDRESSES: answer})
    assert (len(snapshots), len(found.found)) == (5, 5)
    (unknown,) = found.unknown
    assert unknown.what == "the addresses of now"
    assert reason in unknown.reason


def test_a_recording_from_before_the_list_was_asked_for_is_replayed(tmp_path: Path) -> None:
    with published(answers()) as there:
        binance.find(there.web("binance", Recording.record(tmp_path)), None)
        for file in tmp_path.rglob("*.json"):
            if "por/address" in file.read_text():
                file.unlink()
        again = binance.find(there.web("binance", Recording.replay(tmp_path)), None)
    assert [one.is_of_now for one in again.found] == [False] * 5
    assert [(unknown.what, unknown.reason[:30]) for unknown in again.unknown] == [
        ("the addresses of now", "the recording holds no answer:")
    ]

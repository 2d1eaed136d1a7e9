"""OKX: the page of reports and the page of amounts, in the shapes that readers of 2026 saw (made)."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from porlake.errors import BadAnswer, TransportError, Unavailable
from porlake.sources import fetched, okx
from sources.publishers import NO_SUCH_KEY, PAGE, Answers, Given, Published, published, zipped

CDN = "https://static.okx.com/cdn/okx/por"


def milliseconds(at: str) -> int:
    """Of a moment of the clock of UTC+8."""
    return int((datetime.fromisoformat(at) - timedelta(hours=8)).replace(tzinfo=UTC).timestamp() * 1000)


def row(audit_id: str, at: str, name: str, **more: Any) -> dict[str, Any]:
    proof = f"{CDN}/merkel/por_{audit_id}_proof_data.zip"
    return {
        "auditId": audit_id, "createTime": milliseconds(at), "typeNum": 4, "download": name and f"{CDN}/chain/{name}",
        "merkleTreeDownload": proof,
    } | more  # fmt: skip


def page(**state: Any) -> bytes:
    told = json.dumps({"appContext": {"initialProps": {"App": state}}})
    return (
        '<!DOCTYPE html><html><script>var a = "appState"</script><script data-id="1" type="application/json" '
        f'id="appState">{told}</script><body><table></table></body></html>'
    ).encode()


ROWS = [
    row("502299735", "2026-09-08T00:00", "por_csv_2026090800_V1.zip"),
    row("500375535", "2026-08-11T00:00", "por_csv_2026081100_V6.zip"),
    row("508399035", "2026-06-19T00:00", "por_csv_2026061900_V3.zip"),
]


def listing(rows: list[dict[str, Any]], **detail: Any) -> Answers:
    info = {
        "auditId": "502299735", "createTime": milliseconds("2026-09-08T00:00"), "typeNum": 4, "merkleHash": "00" * 32,
        "capitalRatio": {"BTC": "106%"}, "liabilityBalances": {"BTC": "1"}, "reserveBalances": {"BTC": "1.06"},
    }  # fmt: skip
    return {okx.LIST: Given(page(auditList=rows)), okx.DETAIL: Given(page(auditRootInfo=info | detail))}


def test_reports_are_in_the_order_of_their_moments_not_of_their_ids() -> None:
    with published(listing([ROWS[2], ROWS[0], ROWS[1]])) as there:
        found = there.find("okx")
    assert [(one.attestation, one.revision, one.audit_id) for one in found.found] == [
        ("okx/2026-09-08", 1, "502299735"), ("okx/2026-08-11", 6, "500375535"), ("okx/2026-06-19", 3, "508399035"),
    ]  # fmt: skip
    assert [[member.role for member in one.members] for one in found.found] == [
        ["wallets", "liability_proof", "totals"], ["wallets", "liability_proof"], ["wallets", "liability_proof"],
    ]  # fmt: skip
    assert not found.unknown
    assert not [remark for one in found.found for remark in one.remarks]


@pytest.mark.parametrize(
    ("name", "at", "revision"),
    [
        ("okx_por_20221122.csv", "2022-11-22T00:00", None),
        ("okx_por_202507042112.csv.zip", "2025-07-04T21:12", None),
        ("okx_por_2025090218.csv.zip", "2025-09-02T18:00", None),
        ("okx_por_2025100813_v6.csv.zip", "2025-10-08T13:00", 6),
        ("por_csv_2026020419_V4.zip", "2026-02-04T19:00", 4),
        ("por_csv_2026081100_V6.zip", "2026-08-11T00:00", 6),
        ("por_csv_2026081100_V10.zip", "2026-08-11T00:00", 10),
    ],
)
def test_every_form_of_name_that_was_seen_says_moment_and_revision(name: str, at: str, revision: int | None) -> None:
    with published(listing([row("1", at, name)])) as there:
        (one,) = [one for one in there.find("okx").found if one.audit_id == "1"]
    assert (one.at, one.revision, one.remarks) == (datetime.fromisoformat(at), revision, ())
    assert one.members[0].name == name


def test_of_two_revisions_the_tenth_is_newer_than_the_ninth() -> None:
    rows = [
        row("1", "2026-08-11T00:00", "por_csv_2026081100_V9.zip"),
        row("1", "2026-08-11T00:00", "por_csv_2026081100_V10.zip"),
    ]
    with published(listing(rows)) as there:
        found = [one for one in there.find("okx").found if one.audit_id == "1"]
    assert [one.revision for one in found] == [10, 9]


def test_what_the_list_and_a_name_say_differently_is_told() -> None:
    rows = [
        row("1", "2026-08-10T00:00", "por_csv_2026081100_V6.zip"),
        row("2", "2026-07-07T00:00", "reserves-july.zip"),
        row("3", "2026-06-19T00:00", ""),
    ]
    with published(listing(rows)) as there:
        told = {one.audit_id: one for one in there.find("okx").found}
    assert told["1"].at == datetime(2026, 8, 11)
    assert told["1"].remarks == ("the list says 2026-08-10 00:00, the file's name 2026-08-11 00:00",)
    assert (told["2"].at, told["2"].revision) == (datetime(2026, 7, 7), None)
    assert told["2"].remarks[0].startswith("reserves-july.zip: a name of a form that is not known")
    assert [member.role for member in told["3"].members] == ["liability_proof"]
    assert told["3"].remarks == ("listed without a file of its wallets",)


def test_amounts_of_another_month_than_the_list_are_a_publication_of_their_own() -> None:
    with published(listing(ROWS[1:])) as there:
        found = there.find("okx").found
    assert [(one.attestation, [member.role for member in one.members]) for one in found[:2]] == [
        ("okx/2026-09-08", ["totals"]), ("okx/2026-08-11", ["wallets", "liability_proof"]),
    ]  # fmt: skip
    assert "does not name it yet" in found[0].remarks[0]


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (Given(PAGE), "the page has no script appState"),
        (Given(PAGE, 403), "HTTP 403 (a page, not the answer)"),
        (Given(page(auditList=[])), "the list of reports is empty"),
        (Given(page(other=1)), "has no appContext.initialProps.App.auditList"),
        (Given(page(auditList=ROWS).replace(b'"appContext"', b'"appContext":1,"appContext"')), "the same key twice"),
        (Given(b"", 302, {"Location": "https://okx-por.example/list"}), "redirects to okx-por.example, which is none"),
        (Given(b"", 302, {"Location": "http://www.okx.com/list"}), "redirects to www.okx.com, which is none"),
    ],
)
def test_a_list_that_is_none_is_unknown_and_never_no_newer_report(answer: Given, reason: str) -> None:
    with published(listing(ROWS) | {okx.LIST: answer}) as there:
        found = there.find("okx")
    assert [unknown.what for unknown in found.unknown] == ["which reports there are"]
    assert reason in found.unknown[0].reason


def test_one_row_that_cannot_be_read_costs_itself_alone() -> None:
    with published(listing([*ROWS, row("x1", "2026-05-07T00:00", "por_csv_2026050700_V4.zip")])) as there:
        found = there.find("okx")
    assert len(found.found) == 3
    assert [unknown.reason for unknown in found.unknown] == ["www.okx.com: an auditId that is not of digits"]


def test_a_redirect_within_the_publishers_hosts_is_followed() -> None:
    other = "https://www.okx.com/en-us/proof-of-reserves/download"
    answers = listing(ROWS) | {okx.LIST: Given(b"", 301, {"Location": "/en-us/proof-of-reserves/download"})}
    with published(answers | {other: Given(page(auditList=ROWS))}) as there:
        assert len(there.find("okx").found) == 3


def test_since_is_a_day_of_its_own_clock() -> None:
    with published(listing(ROWS)) as there:
        assert [len(there.find("okx", date(2026, 8, day)).found) for day in (10, 11, 12)] == [2, 2, 1]


def test_the_age_of_an_answer_that_a_cache_gave_is_told() -> None:
    answers = listing(ROWS)
    with published(answers | {okx.LIST: Given(answers[okx.LIST].body, 200, {"Age": "7200"})}) as there:
        assert there.find("okx").notes == ("www.okx.com: an answer that a cache had held for 7,200 seconds",)


@pytest.mark.parametrize(
    ("answer", "error", "said"),
    [
        (Given(NO_SUCH_KEY, 404), Unavailable, "HTTP 404, it is not there"),
        (Given(b"404: Not Found", 404), Unavailable, "HTTP 404, it is not there"),
        (Given(PAGE, 404), TransportError, "HTTP 404 with a page of HTML: whether it is there is not known"),
        (Given(PAGE), BadAnswer, "HTTP 200, but it is a page of HTML or XML"),
        (Given(b""), BadAnswer, "HTTP 200, but it is empty"),
        (Given(zipped(**{"okx_por_2026061900_V3.csv": b"x"})), BadAnswer, "none of its files is of 20260811"),
        (Given(zipped(**{"okx_por_2026081100_V6.csv": b"x" * 999})[:400]), BadAnswer, "broken or was cut off"),
        (Given(zipped(**{"okx_por_2026081100_V6.csv": b"x"})), None, ""),
    ],
)
def test_a_200_is_not_a_file_until_its_bytes_say_so(answer: Given, error: type[Exception] | None, said: str) -> None:
    url = f"{CDN}/chain/por_csv_2026081100_V6.zip"
    with published(listing(ROWS) | {url: answer}) as there:
        member = next(one for one in there.find("okx").found if one.revision == 6).members[0]
        if error is None:
            assert fetch(there, member) == answer.body
        else:
            with pytest.raises(error, match=said):
                fetch(there, member)


def fetch(there: Published, member: Any) -> bytes:
    with fetched(there.web("okx"), member) as (_, stream):
        return stream.read()

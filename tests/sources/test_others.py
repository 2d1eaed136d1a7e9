"""The other publishers: answers in the shapes that the facts tell of (made), with the traps of each."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from typing import Any

import pytest

from porlake.errors import BadAnswer
from porlake.sources import bitfinex, bitget, bitmex, bitstamp, bybit, fetched, gate, kucoin, mexc
from porlake.sources._github import raw_url
from sources.publishers import PAGE, Answers, Given, as_json, commit, published

CSV = Given(b"Coin,Height,Amount,Address,,,,,\r\n", 200, {"Last-Modified": "Wed, 12 Aug 2026 03:00:00 GMT"})
ABSENT = Given(b"<Error><Code>AccessDenied</Code></Error>", 403, {"Server": "AmazonS3"})
FIREWALL = Given(PAGE, 403, {"Server": "AkamaiGHost"})
AUGUST = 1787212800000  # 2026-08-20T08:00Z


@pytest.fixture
def _november(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("porlake.transport.web.Web.now", lambda _: datetime(2026, 11, 28, tzinfo=UTC))


# --- Bybit ------------------------------------------------------------------------------------------------------------
def months(default: Given, **files: Given) -> Answers:
    """What the host says of each month from 2025-11 to 2026-11."""
    all_ = [f"{year}{month:02}" for year in (2025, 2026) for month in range(1, 13)]
    return {f"{bybit.PLACE}bybit_por_{month}.csv": files.get(f"m{month}", default) for month in all_}


@pytest.mark.usefixtures("_november")
def test_bybit_has_no_file_of_a_month_where_the_bucket_says_so_and_gives_another() -> None:
    with published(months(ABSENT, m202608=CSV)) as there:
        found = there.find("bybit", date(2026, 8, 15))
    assert [(one.attestation, one.precision, one.published_at) for one in found.found] == [
        ("bybit/2026-08", "month", datetime(2026, 8, 12, 3, tzinfo=UTC)),
    ]  # fmt: skip
    assert found.notes == ("the host says that it has no file of 2026-11, 2026-10, 2026-09",)
    assert found.unknown == ()


@pytest.mark.usefixtures("_november")
def test_bybits_bucket_is_believed_only_after_a_file_that_exists() -> None:
    with published(months(ABSENT, m202603=CSV)) as there:
        found = there.find("bybit", date(2026, 11, 1))
    assert (found.found, found.notes) == ((), ("the host says that it has no file of 2026-11",))
    with published(months(ABSENT)) as there:
        found = there.find("bybit", date(2026, 11, 1))
    assert (found.found, found.notes) == ((), ())
    assert [unknown.what for unknown in found.unknown] == ["the file of 2026-11"]
    assert "gives no month's file at all" in found.unknown[0].reason


@pytest.mark.usefixtures("_november")
@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (FIREWALL, "HTTP 403, not by the bucket"),
        (Given(b"", 404), "HTTP 404, not by the bucket"),
        (Given(PAGE), "HTTP 206, but it is a page of HTML or XML"),
        (Given(b"coin;amount\n"), "it does not begin with 'Coin,'"),
    ],
)
def test_what_else_bybit_answers_leaves_a_month_unknown(answer: Given, reason: str) -> None:
    with published(months(ABSENT, m202610=CSV, m202611=answer)) as there:
        found = there.find("bybit", date(2026, 10, 1))
    assert [one.month for one in found.found] == ["2026-10"]
    assert [(unknown.what, reason in unknown.reason) for unknown in found.unknown] == [("the file of 2026-11", True)]


@pytest.mark.usefixtures("_november")
def test_bybits_file_of_2022_lies_on_its_older_host() -> None:
    old = "https://static.bycustody.com/download/app/bybit_por_202212.csv"
    with published(months(ABSENT, m202608=CSV) | {old: CSV}) as there:
        found = there.find("bybit")
    assert [one.month for one in found.found] == ["2026-08", "2022-12"]
    assert found.found[1].members[0].url == old


# --- Bitget, KuCoin, Gate, MEXC ---------------------------------------------------------------------------------------
def test_bitgets_audits_have_a_question_each() -> None:
    rows = [
        {"auditId": "Au2026091600", "snapshotTime": 1789488000000, "totalReserveRatio": 1.31},
        {"auditId": "Au2026082022", "snapshotTime": 1787234400000, "totalReserveRatio": 1.3},
        {"auditId": "Au2026061810", "snapshotTime": 1781746200000, "totalReserveRatio": 1.3},
        {"auditId": "Bu2026061810", "snapshotTime": 1781746200000, "totalReserveRatio": 1.3},
    ]
    bodies: list[Any] = []

    def detail(body: bytes) -> Given:
        bodies.append(json.loads(body))
        return as_json({"code": "200", "data": {}})

    with published({bitget.LIST: as_json({"data": rows}), bitget.DETAIL: detail}) as there:
        found = there.find("bitget")
        with fetched(there.web("bitget"), found.found[1].members[0]) as (reply, _):
            assert reply.status == 200
    assert [(one.at, one.audit_id) for one in found.found[:2]] == [
        (datetime(2026, 9, 16), "Au2026091600"), (datetime(2026, 8, 20, 22), "Au2026082022"),
    ]  # fmt: skip
    assert bodies == [{"auditId": "Au2026082022"}]
    assert found.found[2].remarks == ("the list says 2026-06-18 09:30, the id 2026-06-18 10:00",)
    assert "not Au and ten digits" in found.unknown[0].reason


LATEST = {"latestAuditDate": 1788191999000, "auditReportUrl": "https://pdf.kucoin.example/a.pdf", "reserveAsset": []}


@pytest.mark.parametrize(
    ("monthly", "remark"),
    [
        ({"auditDate": 1788191999000, "auditReportUrl": LATEST["auditReportUrl"]}, None),
        (
            {"auditDate": 1785513599000, "auditReportUrl": LATEST["auditReportUrl"]},
            "the PDF is of 2026-07-31, the totals",
        ),
        ({"auditDate": 1788191999000, "auditReportUrl": "https://pdf.kucoin.example/b.pdf"}, "two PDFs for one audit"),
    ],
)
def test_kucoins_pdf_may_be_last_months(monthly: dict[str, Any], remark: str | None) -> None:
    with published({kucoin.TOTALS: as_json({"data": LATEST}), kucoin.MONTHLY: as_json({"data": monthly})}) as there:
        (one,) = there.find("kucoin").found
    assert (one.attestation, one.at) == ("kucoin/2026-08-31", datetime(2026, 8, 31, 23, 59, 59))
    assert one.remarks[0] == "the auditor's PDF is to be fetched by hand, from pdf.kucoin.example"
    assert [remark in told for told in one.remarks[1:]] == [True] * (remark is not None)


def test_gates_moment_is_that_of_utc_and_a_page_is_no_answer() -> None:
    last = {"snapshot_time": "2026-09-13 00:00:00", "total_reserve_rate": "117.26%", "currency_data": []}
    with published({gate.LAST: as_json({"code": 0, "data": last})}) as there:
        (one,) = there.find("gate").found
        assert one.at == datetime(2026, 9, 13)
        assert one.members[0].reply is one.found_in
        assert len([url for url in there.asked if url == gate.LAST]) == 1
    for answer in (Given(PAGE), as_json({"data": last | {"snapshot_time": "13/09/2026"}}), as_json({"data": None})):
        with published({gate.LAST: answer}) as there:
            found = there.find("gate")
        assert (found.found, len(found.unknown)) == ((), 1)


@pytest.mark.parametrize(
    ("entry", "at", "asked"),
    [
        (1788192000000, datetime(2026, 9, 1), "1788192000000"),
        ("1788192000000", datetime(2026, 9, 1), "1788192000000"),
        ("2026-09-01", datetime(2026, 9, 1), "2026-09-01"),
        ("2026-09-01 00:00:00", datetime(2026, 9, 1), "2026-09-01%2000%3A00%3A00"),
        ("soon", None, ""),
        (None, None, ""),
        (1.5, None, ""),
    ],
)
def test_mexcs_dates_go_into_the_question_as_they_stand(entry: object, at: datetime | None, asked: str) -> None:
    with published({mexc.DATES: as_json({"data": [entry]})}) as there:
        found = there.find("mexc")
    assert [one.at for one in found.found] == ([at] if at else [])
    assert [one.members[0].url for one in found.found] == ([f"{mexc.API}?snapshotDate={asked}"] if at else [])
    assert len(found.unknown) == (at is None)


# --- Bitfinex, BitMEX, Bitstamp ---------------------------------------------------------------------------------------
def test_bitfinexs_list_is_told_apart_by_commits() -> None:
    rows = [commit("b" * 40, "2022-12-12T10:00:00Z", "x"), commit("a" * 40, "2022-11-11T10:00:00Z", "y")]
    place = "https://api.github.com/repos/bitfinexcom/pub/commits?per_page=100&page={}&path=wallets.txt"
    with published({place.format(1): as_json(rows), place.format(2): as_json([])}) as there:
        found = there.find("bitfinex")
    assert [(one.attestation, one.members[0].url) for one in found.found] == [
        ("bitfinex/2022-12-12", raw_url(bitfinex.REPOSITORY, "b" * 40, "wallets.txt")),
        ("bitfinex/2022-11-11", raw_url(bitfinex.REPOSITORY, "a" * 40, "wallets.txt")),
    ]  # fmt: skip
    with published({place.format(1): as_json({"message": "API rate limit exceeded"}, 403)}) as there:
        found = there.find("bitfinex")
    assert (found.found, found.unknown[0].reason) == ((), "api.github.com: HTTP 403")


def listing(*items: tuple[str, str], token: str = "") -> Given:
    rows = "".join(
        f"<Contents><Key>data/porl/{key}</Key><LastModified>{when}</LastModified><Size>1</Size></Contents>"
        for key, when in items
    )
    more = f"<NextContinuationToken>{token}</NextContinuationToken>" if token else ""
    told = f"<IsTruncated>{'true' if token else 'false'}</IsTruncated>{more}"
    return Given(f'<?xml version="1.0"?><ListBucketResult xmlns="x">{told}{rows}</ListBucketResult>'.encode())


FIRST_PAGE = f"{bitmex.BUCKET}?list-type=2&prefix=data/porl/"
KEYS = [
    ("reserves-763269-20221115D113036434534000.yaml", "2022-11-15T12:00:00.000Z"),
    ("20260908-reserves-966053-20260908D100102534828000.yaml", "2026-09-08T11:00:00.000Z"),
    ("20260908-liabilities-966053-20260908D100102534828000.csv", "2026-09-08T11:30:00.000Z"),
    ("20260908-token_reserves-20260908.yaml", "2026-09-08T11:31:00.000Z"),
    ("20260910-reserves-966300-20260910D100102534828000.yaml", "2026-09-10T09:00:00.000Z"),
    ("index.html", "2026-09-08T11:31:00.000Z"),
]


def test_bitmexs_bucket_is_read_to_its_last_page() -> None:
    pages = {
        FIRST_PAGE: listing(*KEYS[:2], token="a/b=="),
        f"{FIRST_PAGE}&continuation-token=a%2Fb%3D%3D": listing(*KEYS[2:4], token="c"),
        f"{FIRST_PAGE}&continuation-token=c": listing(*KEYS[4:]),
    }
    with published(dict(pages)) as there:
        found = there.find("bitmex")
    assert [(one.attestation, [member.role for member in one.members]) for one in found.found] == [
        ("bitmex/2026-09-08", ["wallets", "token_wallets", "liabilities"]), ("bitmex/2022-11-15", ["wallets"]),
    ]  # fmt: skip
    assert found.found[0].at == datetime(2026, 9, 8, 10, 1, 2)
    assert "before its own snapshot" in found.unknown[0].reason
    assert found.found[0].members[0].url == f"{bitmex.BUCKET}/data/porl/{KEYS[1][0]}"
    del pages[f"{FIRST_PAGE}&continuation-token=c"]
    with published(dict(pages)) as there:
        found = there.find("bitmex")
    assert (found.found, [unknown.what for unknown in found.unknown]) == ((), ["which files there are"])


@pytest.mark.parametrize(
    "answer",
    [
        Given(PAGE),
        listing(),
        Given(b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "c">]><ListBucketResult></ListBucketResult>'),
        Given(b"<ListBucketResult><IsTruncated>true</IsTruncated></ListBucketResult>"),
        listing(("reserves-1-20221115D113036434534000.yaml", "yesterday")),
    ],
)
def test_a_listing_that_is_none_leaves_the_bucket_unknown(answer: Given) -> None:
    with published({FIRST_PAGE: answer}) as there:
        found = there.find("bitmex")
    assert (found.found, len(found.unknown)) == ((), 1)


def test_another_bucket_of_the_same_host_is_none_of_the_publishers() -> None:
    moved = {"Location": "https://s3-eu-west-1.amazonaws.com/public.bitmex.com.example/"}
    with published({FIRST_PAGE: Given(b"", 307, moved)}) as there:
        found = there.find("bitmex")
    assert "which is none of its publisher's" in found.unknown[0].reason


def wallets(*addresses: str) -> Given:
    return as_json(
        {"wallets": {"BTC": [{"address": one, "network": "bitcoin"} for one in addresses]} if addresses else {}}
    )


def test_bitstamps_pages_overlap_and_only_an_empty_one_is_the_end() -> None:
    pages = [wallets("a", "b"), wallets("b", "c"), wallets("b", "c"), wallets()]
    with published({f"{bitstamp.LIST}{n}": page for n, page in enumerate(pages, 1)}) as there:
        (one,) = there.find("bitstamp").found
    assert [member.role for member in one.members] == ["page"] * 4
    assert one.members[-1].reply is not None
    assert one.members[-1].reply.body == b'{"wallets": {}}'
    refused = as_json({"code": 400, "message": "per_page"}, 400)
    with published({f"{bitstamp.LIST}1": wallets("a"), f"{bitstamp.LIST}2": refused}) as there:
        found = there.find("bitstamp")
    assert (found.found, found.unknown[0].reason) == ((), "www.bitstamp.net: HTTP 400")


def test_bitstamps_list_without_an_end_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bitstamp, "PAGES", 3)
    with published({f"{bitstamp.LIST}{n}": wallets("a") for n in range(1, 9)}) as there:
        found = there.find("bitstamp")
        assert f"{bitstamp.LIST}4" not in there.asked
    assert found.found == ()
    assert "no empty page among 3" in found.unknown[0].reason


def test_a_file_of_text_that_is_a_page_is_refused() -> None:
    rows = [commit("b" * 40, "2022-12-12T10:00:00Z", "x")]
    place = "https://api.github.com/repos/bitfinexcom/pub/commits?per_page=100&page={}&path=wallets.txt"
    url = raw_url(bitfinex.REPOSITORY, "b" * 40, "wallets.txt")
    with published({place.format(1): as_json(rows), place.format(2): as_json([]), url: Given(PAGE)}) as there:
        member = there.find("bitfinex").found[0].members[0]
        with pytest.raises(BadAnswer, match="it is a page"), fetched(there.web("bitfinex"), member):
            pass

"""Every exchange with a source: its publication recorded, found again, fetched and parsed without a network.

The published files are those of the formats' own cases where there are some. What a test of `tests/sources` names in
its PUBLISHED goes the same way.
"""

from __future__ import annotations

import json
import shutil
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path

import pytest

from pipeline.test_find import MARCH
from porlake import cli, pipeline, registry, sources
from porlake.model import Claim, Rejection, ReportFile
from porlake.sources import binance, bitget, bitmex, bitstamp, bybit, gate, htx, kucoin, mexc, poloniex
from porlake.sources._github import raw_url
from sources.publishers import Answers, Case, Given, as_json, case, commit, packets, published, zipped
from sources.test_others import FIRST_PAGE
from sources.test_others import listing as bucket
from support import RECORDING, ROOT, SAMPLE_ROWS, own_rows

SHA = "ab" * 20
BYBIT = (
    b"Coin,Height,Amount,Address,,,,,\r\nETH(All),-,1.50 ,,,,,,\r\n"
    b'ETH-ETH,16151774,1.50 ,"0xf89d7b9c864f589bbF53a82105107622B35EaA40\n'
    b'0x1Db92e2EeBC8E0c075a02BeA49a2935BcD2dFCF4",,,,,\r\n'
)


def tagged(repository: str, path: str, day: str, content: bytes) -> Answers:
    references = packets(f"{SHA} HEAD\0agent=git\n", f"{SHA} refs/tags/por_{day}\n")
    place = f"https://api.github.com/repos/{repository}/commits?per_page=100&page="
    rows = as_json([commit(SHA, "2024-07-09T01:00:00Z", f"update {day}")])
    return {
        f"https://github.com/{repository}.git/info/refs?service=git-upload-pack": Given(references),
        **{f"{place}1{of}": rows for of in ("", f"&path={path}")},
        **{f"{place}2{of}": as_json([]) for of in ("", f"&path={path}")},
        raw_url(repository, SHA, path): Given(content),
    }


def commits_of_bitfinex() -> Answers:
    place = "https://api.github.com/repos/bitfinexcom/pub/commits?per_page=100&page={}&path=wallets.txt"
    return {
        place.format(1): as_json([commit(SHA, "2022-12-12T10:00:00Z", "x")]), place.format(2): as_json([]),
        raw_url("bitfinexcom/pub", SHA, "wallets.txt"): Given(case("bitfinex_txt/as_typed/wallets_20221212.txt")),
    }  # fmt: skip


RESERVES = "20260908-reserves-966053-20260908D100102534828000.yaml"
HTX = case("htx_csv/signers_below_a_contract/report.csv")
POLONIEX = HTX.rstrip() + b"\n" + HTX.rstrip().rpartition(b"\n")[2] + b"\n"  # bytes of its own
WALLETS = zipped(**{
    f"PR01APR26_{name}.csv": case(f"binance_csv/hot_cold_and_deposit/PR01JAN30_{name}.csv")
    for name in ("HotCold", "Deposit")
})  # fmt: skip
#: The day of every answer of now: midnight may pass in a run of the tests.
TODAY = datetime.now(UTC).replace(microsecond=0)
OF_NOW = "binance_addresses_json/made_from_the_facts"
PUBLISHED: dict[str, Case] = {
    "okx": Case("2024-03", {"okx/2024-03-25"}, dict(MARCH)),
    "htx": Case(
        "2024-07", {"htx/2024-07-01"}, tagged(htx.REPOSITORY.name, htx.CURRENT, "20240701", HTX),
        {"what the site lists beside the repository"},
    ),
    "poloniex": Case(
        "2024-07", {"poloniex/2024-07-01"},
        tagged(poloniex.REPOSITORY.name, poloniex.REPOSITORY.current, "20240701", POLONIEX),
    ),
    "binance": Case(
        "2026-04", {"binance/2026-04-01", f"binance/{TODAY:%Y-%m-%d}"},
        {
            binance.SNAPSHOTS: as_json({"code": "000000", "data": ["01/04/26 00:00:00 UTC | BTC Block Height 943129"]}),
            f"{binance.FILE_OF}PR01APR26": as_json(
                {"code": "000000", "data": f"{binance.FILES}wallet_address_20260401.zip"}
            ),
            f"{binance.FILES}wallet_address_20260401.zip": Given(WALLETS),
            binance.AMOUNTS: Given(case("binance_json/audit/userReserveAuditProofSnapshot.json")),
            binance.ADDRESSES: Given(case(f"{OF_NOW}/binance_20261101_addresses.json")),
        },
    ),
    "bybit": Case(
        "2022-12", {"bybit/2022-12"},
        {
            f"{bybit.PLACE}bybit_por_202212.csv": Given(BYBIT),
            "https://static.bycustody.com/download/app/bybit_por_202212.csv": Given(BYBIT),
        },
    ),
    "bitget": Case(
        "2026-09", {"bitget/2026-09-29"},
        {
            bitget.LIST: as_json({"data": [{"auditId": "Au2026092917", "snapshotTime": 1790672400000}]}),
            bitget.DETAIL: Given(case("bitget_json/made_from_the_facts/bitget_Au2026092917.json")),
        },
    ),
    "kucoin": Case(
        "2026-09", {"kucoin/2026-09-30"},
        {kucoin.TOTALS: Given(case("kucoin_json/made_from_the_facts/asset-reserve.json"))},
        {"whether the PDF is of the same audit"},
    ),
    "gate": Case(
        "2026-09", {"gate/2026-09-13"}, {gate.LAST: Given(case("gate_json/made_from_the_facts/lastSnapshot.json"))}
    ),
    "mexc": Case(
        "2026-09", {"mexc/2026-09-10"},
        {
            mexc.DATES: as_json({"data": [1788969600000]}),
            f"{mexc.API}?snapshotDate=1788969600000": Given(case("mexc_json/made_from_the_facts/stock_info.json")),
        },
    ),
    "bitfinex": Case("2022-12", {"bitfinex/2022-12-12"}, commits_of_bitfinex()),
    "bitmex": Case(
        "2026-09", {"bitmex/2026-09-08"},
        {
            FIRST_PAGE: bucket((RESERVES, "2026-09-08T11:00:00.000Z")),
            f"{bitmex.BUCKET}/data/porl/{RESERVES}": Given(case(f"bitmex_yaml/reserves/{RESERVES}")),
        },
    ),
    "bitstamp": Case(
        f"{TODAY:%Y-%m}", {f"bitstamp/{TODAY:%Y-%m-%d}"},
        {
            f"{bitstamp.LIST}1": Given(case("bitstamp_json/overlapping_pages/page_1.json")),
            f"{bitstamp.LIST}2": Given(case("bitstamp_json/overlapping_pages/page_2.json")),
            f"{bitstamp.LIST}3": as_json({"wallets": {}}),
        },
    ),
}  # fmt: skip
for path in sorted((ROOT / "tests" / "sources").glob("test_*.py")):
    PUBLISHED |= getattr(import_module(f"sources.{path.stem}"), "PUBLISHED", {})


def test_every_source_is_here() -> None:
    assert set(PUBLISHED) == set(sources.SOURCES)


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The looks at all publishers, and their files, beside the answers of the bundled month."""
    folder = tmp_path_factory.mktemp("publishers")
    shutil.copytree(RECORDING, folder / "recording")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("porlake.transport.web.PER_SECOND", 1_000.0)
        patch.setattr("porlake.transport.web._now", TODAY.isoformat)
        for exchange, case_ in PUBLISHED.items():
            now = datetime(2022, 12, 28, tzinfo=UTC)
            with pytest.MonkeyPatch.context() as then, published(case_.answers) as there:
                then.setattr("porlake.transport.web.Web.now", lambda _, now=now: now)
                chosen = pipeline.session(
                    folder / exchange, record=folder / "recording", environ={"PORLAKE_MIRRORS": there.setting}
                )
                fetch(chosen, exchange)
    return folder / "recording"


def fetch(chosen: pipeline.Session, exchange: str) -> tuple[sources.Publications, pipeline.Fetched]:
    month = PUBLISHED[exchange].month
    looked = pipeline.find(chosen, exchange, pipeline.first_of(month))
    return looked, pipeline.fetch(chosen, wanted(looked, month))


def wanted(looked: sources.Publications, month: str) -> list[sources.Publication]:
    """What is published of a month, and a list of addresses of now."""
    return looked.of_month(month) + [one for one in looked.found if one.is_of_now and one.month != month]


@pytest.fixture
def _then(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("porlake.transport.web.Web.now", lambda _: datetime(2022, 12, 28, tzinfo=UTC))


@pytest.mark.usefixtures("_then")
@pytest.mark.parametrize("exchange", PUBLISHED)
def test_a_recorded_publication_is_found_fetched_and_parsed(exchange: str, recording: Path, tmp_path: Path) -> None:
    chosen = pipeline.session(tmp_path, replay=recording, environ={})
    looked, done = fetch(chosen, exchange)
    assert {unknown.what for unknown in looked.unknown} == PUBLISHED[exchange].unknown
    assert (done.missing, done.warnings) == ([], [])
    formats = set(registry.load().exchanges[exchange].formats.split()) - {"totals_csv", "addresses_csv"}
    assert bool(done.reports) is bool(formats), done.kept
    for report in done.reports:
        pipeline.parse(chosen, report)
        assert pipeline.is_parsed(chosen, report)
    if formats:
        files = list(chosen.lake.rows(ReportFile, exchange=exchange))
        assert {file.attestation for file in files} == PUBLISHED[exchange].attestations
        assert all(file.origin.startswith("https://") for file in files)
        all_of_it = wanted(looked, PUBLISHED[exchange].month)
        has = pipeline.held(chosen, all_of_it)
        members = [{member.role for member in one.members} for one in all_of_it]
        assert [one.roles for one in has] == members


@pytest.mark.usefixtures("_then")
def test_binances_addresses_of_now_keep_their_custodians_and_can_be_observed(recording: Path, tmp_path: Path) -> None:
    chosen = pipeline.session(tmp_path, replay=recording, environ={})
    _, done = fetch(chosen, "binance")
    for report in done.reports:
        pipeline.parse(chosen, report)
    (listed,) = (file for file in chosen.lake.rows(ReportFile) if file.content == "address_list")
    assert (listed.format, listed.statement) == ("binance_addresses_json", "binance/binance_addresses_json")
    assert listed.file_name == f"binance_{TODAY:%Y%m%d}_addresses.json"
    assert not pipeline.attests(chosen, listed.report)
    claims = list(chosen.lake.rows(Claim, exchange="binance", report=listed.report))
    assert [(row.network, row.holding, row.custodian, row.amount) for row in claims] == [
        ("bitcoin", "wallet", None, None), ("ethereum", "wallet", None, None), ("ethereum", "wallet", None, None),
        ("arbitrum", "wallet", None, None), ("arbitrum", "wallet", None, None), ("ethereum", "custody", "Ceffu", None),
        ("tron", "custody", "Ceffu", None),
    ]  # fmt: skip
    refused = chosen.lake.rows(Rejection, exchange="binance", report=listed.report)
    assert [(row.source_row, row.reason) for row in refused] == [(8, "unknown_network"), (9, "address_bad_length")]
    observed = pipeline.archive_list(chosen, "binance", datetime(2026, 11, 1, tzinfo=UTC))
    pipeline.parse(chosen, observed)
    asked = chosen.lake.rows(Claim, exchange="binance", report=observed)
    assert {(row.network, row.custodian) for row in asked} == {
        ("bitcoin", None), ("ethereum", None), ("arbitrum", None), ("ethereum", "Ceffu"), ("tron", "Ceffu")
    }  # fmt: skip


@pytest.mark.slow
@pytest.mark.usefixtures("_then", "tables_at_once")
def test_all_of_them_come_to_marts_in_one_lake(recording: Path, tmp_path: Path) -> None:
    with own_rows(SAMPLE_ROWS):
        chosen = pipeline.session(tmp_path, replay=recording, environ={})
        found = [report for exchange in PUBLISHED for report in fetch(chosen, exchange)[1].reports]
        pipeline.run_archived(chosen, found)
    manifest = json.loads((tmp_path / "marts" / "manifest.json").read_text())
    assert manifest["marts"]["asset_composition"]["rows"] > 0


@pytest.mark.usefixtures("_then")
@pytest.mark.parametrize("exchange", PUBLISHED)
def test_what_there_is_fits_80_columns(
    exchange: str, recording: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    since = f"{PUBLISHED[exchange].month}-01"
    words = ["find", exchange, "--since", since, "--replay", str(recording), "--lake", str(tmp_path)]
    assert cli.main(words) == 0
    table = capsys.readouterr().out.partition("\n\n")[0].splitlines()
    assert table[0].split() == ["snapshot", "rev", "files", "listed", "lake"]
    assert len(table) > 1
    assert all(len(line) <= 80 for line in table)

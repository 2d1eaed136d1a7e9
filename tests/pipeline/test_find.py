"""find and fetch: from a publisher's listing into the archive, recorded and played again."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from porlake import cli, pipeline, sources
from porlake.errors import ConfigurationError, NotRecorded
from porlake.lake import Lake
from porlake.model import ReportFile
from porlake.sources import gate
from porlake.transport import Reply
from sources.publishers import Given, Published, as_json, published, zipped
from sources.test_okx import CDN, listing, row
from support import MONTH, RECORDING, SAMPLE_ROWS, tree

WALLETS = zipped(**{"okx_por_2024032500_V1.csv": Path(MONTH[0]).read_bytes()})
FILE = f"{CDN}/chain/por_csv_2024032500_V1.zip"
PROOF = f"{CDN}/merkel/por_502299735_proof_data.zip"
ROWS = [row("502299735", "2024-03-25T00:00", "por_csv_2024032500_V1.zip")]
MARCH = listing(ROWS, createTime=1711296000000) | {FILE: Given(WALLETS), PROOF: Given(zipped(**{"sum.json": b"{}"}))}


def session(folder: Path, there: Published, **more: object) -> pipeline.Session:
    return pipeline.session(folder, environ={"PORLAKE_MIRRORS": there.setting}, **more)  # type: ignore[arg-type]


def fetched(chosen: pipeline.Session, month: str = "2024-03") -> pipeline.Fetched:
    looked = pipeline.find(chosen, "okx", pipeline.first_of(month))
    return pipeline.fetch(chosen, looked.of_month(month))


def test_files_are_archived_with_the_answer_in_which_they_were_found(tmp_path: Path) -> None:
    with published(dict(MARCH)) as there:
        chosen = session(tmp_path, there)
        done = fetched(chosen)
        assert (done.new, done.missing, done.warnings) == (done.reports, [], [])
        assert "por_502299735_proof_data.zip" in done.kept
        (file,) = (one for one in chosen.lake.rows(ReportFile, exchange="okx") if one.format == "okx_csv")
        assert (file.attestation, file.revision, file.origin, file.report_no) == (
            "okx/2024-03-25", 1, FILE, None,
        )  # fmt: skip
        assert file.container == hashlib.sha256(WALLETS).hexdigest()
        facts = chosen.lake.first_facts(file.container)
        assert facts["publication"] == "okx/2024-03-25"
        with chosen.lake.open_raw(facts["found_in"]) as answer:
            assert answer.read() == MARCH["https://www.okx.com/proof-of-reserves/download"].body  # type: ignore[union-attr]
        assert chosen.lake.first_facts(facts["found_in"])["origin"] == "https://www.okx.com/proof-of-reserves/download"


def test_what_the_lake_has_is_not_fetched_again_and_is_nothing_new(tmp_path: Path) -> None:
    with published(dict(MARCH)) as there:
        chosen = session(tmp_path, there)
        first = fetched(chosen)
        before, there.asked[:] = tree(tmp_path / "lake"), []
        again = fetched(chosen)
        assert (set(again.reports), again.new) == (set(first.reports), [])
        assert FILE not in there.asked
        assert PROOF not in there.asked
        assert tree(tmp_path / "lake") == before


def test_a_file_that_does_not_come_costs_itself_alone(tmp_path: Path) -> None:
    with published(dict(MARCH) | {PROOF: Given(b"", 403)}) as there:
        done = fetched(session(tmp_path, there))
    assert len(done.reports) == 2
    assert done.missing[0].startswith("okx/2024-03-25: liability_proof: static.okx.com: por_502299735_proof_data.zip: ")
    assert "HTTP 403: it is not given to this client; fetch it by hand" in done.missing[0]


def test_bytes_of_an_earlier_month_are_a_warning_with_their_figures(tmp_path: Path) -> None:
    later = f"{CDN}/chain/okx_por_20240424.csv"
    answers = dict(MARCH) | {FILE: Given(Path(MONTH[0]).read_bytes()), later: Given(Path(MONTH[0]).read_bytes())}
    march = listing([row("5", "2024-03-25T00:00", "okx_por_20240325.csv")])
    april = listing([row("6", "2024-04-24T00:00", "okx_por_20240424.csv")])
    answers[f"{CDN}/chain/okx_por_20240325.csv"] = answers[FILE]
    with published(answers | march) as there:
        chosen = session(tmp_path, there)
        fetched(chosen)
        there.answers |= april
        done = fetched(chosen, "2024-04")
    size = len(Path(MONTH[0]).read_bytes())
    assert done.warnings[0].startswith(
        f"okx/2024-04-24: okx_por_20240424.csv has the {size:,} bytes of okx/2024-03-25, retrieved "
    )


@pytest.mark.parametrize(("listed", "warned"), [(2, True), (3, False), (4, False)])
def test_a_revision_that_goes_backwards_is_a_warning(tmp_path: Path, listed: int, warned: bool) -> None:
    def at(revision: int) -> dict[str, object]:
        name = f"por_csv_2024032500_V{revision}.zip"
        inside = {f"okx_por_2024032500_V{revision}.csv": Path(MONTH[0]).read_bytes()}
        return listing([row("5", "2024-03-25T00:00", name)]) | {f"{CDN}/chain/{name}": Given(zipped(**inside))}

    with published(dict(MARCH) | at(3)) as there:  # type: ignore[arg-type]
        chosen = session(tmp_path, there)
        fetched(chosen)
        there.answers |= at(listed)  # type: ignore[arg-type]
        done = fetched(chosen)
    said = f"okx/2024-03-25: revision {listed} is listed, the lake has revision 3: it goes backwards"
    assert (said in done.warnings) is warned


def test_a_recorded_publication_is_found_and_fetched_again_without_a_network(tmp_path: Path) -> None:
    shutil.copytree(RECORDING, tmp_path / "recording")
    with published(dict(MARCH)) as there:
        fetched(session(tmp_path / "first", there, record=tmp_path / "recording"))
    chosen = pipeline.session(tmp_path / "again", replay=tmp_path / "recording", environ={})
    fetched(chosen)
    assert tree(tmp_path / "again") == tree(tmp_path / "first")
    with next((tmp_path / "recording" / "sources.okx" / "files").iterdir()).open("ab") as file:
        file.write(b"x")
    spoiled = pipeline.session(tmp_path / "spoiled", replay=tmp_path / "recording", environ={})
    with pytest.raises(NotRecorded, match="has other bytes"):
        fetched(spoiled)


@pytest.mark.slow
@pytest.mark.usefixtures("tables_at_once")
def test_a_recorded_publication_comes_to_marts_in_one_command(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(RECORDING, tmp_path / "recording")
    with published(dict(MARCH)) as there:
        fetched(session(tmp_path / "first", there, record=tmp_path / "recording"))
    lake = ["--replay", str(tmp_path / "recording"), "--lake", str(tmp_path / "lake")]
    assert cli.main(["run", "okx", "--month", "2024-03", *lake, "--registry", str(SAMPLE_ROWS)]) == 0
    assert "okx/2024-03-25" in capsys.readouterr().out
    assert (tmp_path / "lake" / "marts" / "latest" / "asset_composition" / "part-0.parquet").exists()


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["find", "okex"], 1, "'okex' is no exchange of the registry; did you mean okx?"),
        (["find", "Huobi"], 1, "'Huobi' is no exchange of the registry"),
        (["find", "Bitget "], 1, "did you mean bitget?"),
        (["find", "okx", "--since", "August"], 1, "'August' is not YYYY-MM-DD; write it as 2026-08-01"),
        (["run", "okx"], 1, "either what to run with --report FILE, or which month to fetch with --month"),
        (["run", "okx", "--month", "2024-3"], 1, "'2024-3' is no month as 2026-08"),
        (["run", "okx", "--month", "2024-03", "--report", "x"], 1, "either what to run"),
        (["run", "okx", "--month", "2024-03", "--snapshot", "2024-03-25"], 1, "--snapshot goes with --report"),
        (["run", "kraken", "--month", "2024-03"], 1, "kraken: nobody looks for its reports: https://www.kraken.com"),
        (
            ["run", "okx", "--month", "2024-02"],
            1,
            "no report of 2024-02 is listed; the newest that is",
        ),
    ],
)
def test_what_is_wrong_is_said_in_a_sentence(
    words: list[str], code: int, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    with published(dict(MARCH)) as there:
        monkeypatch.setenv("PORLAKE_MIRRORS", there.setting)
        assert cli.main(words) == code
    told = capsys.readouterr()
    assert said in told.err
    assert "Traceback" not in told.err


def test_find_lists_what_there_is_and_what_the_lake_has_within_80_columns(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("PORLAKE_LAKE", raising=False)
    with published(dict(MARCH)) as there:
        monkeypatch.setenv("PORLAKE_MIRRORS", there.setting)
        assert cli.main(["find", "okx"]) == 0
        before = capsys.readouterr().out.splitlines()
        fetched(session(tmp_path / "data", there))
        assert cli.main(["find", "okx"]) == 0
        after = capsys.readouterr().out.splitlines()
    assert before[:2] == [
        "snapshot          rev  files                           listed  lake",
        "2024-03-25 00:00    1  wallets liability_proof totals             -",
    ]
    assert after[1] == "2024-03-25 00:00    1  wallets liability_proof totals          all"
    assert all(len(line) <= 80 for line in before + after)


def test_find_tells_what_to_put_where_and_what_is_not_known(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert cli.main(["find", "crypto_com"]) == 0
    assert "porlake run crypto_com --report addresses_2026-08-31.csv" in capsys.readouterr().out
    with published({}) as there:
        monkeypatch.setenv("PORLAKE_MIRRORS", there.setting)
        assert cli.main(["find", "okx"]) == 1
    told = capsys.readouterr()
    assert "not known: which reports there are: www.okx.com: HTTP 404" in told.err
    assert "nothing" not in told.out + told.err
    assert cli.main(["find"]) == 0
    assert "porlake find EXCHANGE" in capsys.readouterr().out


@pytest.mark.parametrize(
    "text", ["www.okx.example=http://127.0.0.1", "www.okx.com", "www.okx.com=ftp://x", "www.okx.com=http://u:p@x"]
)
def test_a_mirror_is_of_a_publishers_host_and_holds_no_secret(text: str) -> None:
    with pytest.raises(ConfigurationError, match="PORLAKE_MIRRORS") as error:
        pipeline.session("x", environ={"PORLAKE_MIRRORS": text})
    assert "u:p" not in str(error.value)


@pytest.mark.parametrize(("days", "late"), [(0, 0), (25, 0), (26, 0), (27, 1), (60, 34)])
def test_a_report_is_overdue_after_the_longest_that_its_exchange_took(days: int, late: int) -> None:
    since = datetime(2024, 6, 30, 16, tzinfo=UTC)
    assert pipeline.overdue("htx", since, since + timedelta(days=days)) == late
    assert pipeline.overdue("bitfinex", since, since + timedelta(days=days)) == 0


@pytest.mark.parametrize(
    ("exchange", "moment", "month"),
    [
        ("htx", "2024-06-30T15:59:59", "2024-06"), ("htx", "2024-06-30T16:00:00", "2024-07"),
        ("kucoin", "2024-06-30T15:59:00", "2024-06"), ("binance", "2024-06-30T23:59:59", "2024-06"),
        ("binance", "2024-07-01T00:00:00", "2024-07"),
    ],
)  # fmt: skip
def test_a_run_is_of_the_month_that_the_exchanges_clock_shows(exchange: str, moment: str, month: str) -> None:
    assert pipeline.month_of(exchange, datetime.fromisoformat(moment).replace(tzinfo=UTC)) == month


def test_a_correction_of_the_month_before_comes_with_the_month_where_the_lake_has_it(tmp_path: Path) -> None:
    rows = [row("6", "2024-04-24T00:00", "okx_por_20240424.csv"), *ROWS]
    april = listing(rows) | {f"{CDN}/chain/okx_por_20240424.csv": Given(b"")}
    with published(dict(MARCH) | april) as there:  # type: ignore[arg-type]
        chosen = session(tmp_path, there)
        looked = pipeline.find(chosen, "okx", pipeline.month_before("2024-04"))
        assert [one.attestation for one in pipeline.due(chosen, looked, "2024-04")] == ["okx/2024-04-24"]
        pipeline.fetch(chosen, looked.of_month("2024-03"))
        assert [one.attestation for one in pipeline.due(chosen, looked, "2024-04")] == [
            "okx/2024-04-24", "okx/2024-03-25",
        ]  # fmt: skip
        assert pipeline.due(chosen, looked, "2024-05") == []


def test_other_amounts_of_the_same_moment_are_a_revision_and_the_same_are_none(tmp_path: Path) -> None:
    def amounts(held: str) -> Given:
        coin = {"currency": "BTC", "customer_net_balances": "1", "exchange_net_balances": held}
        last = {"snapshot_time": "2026-09-13 00:00:00", "total_reserve_rate": "110%"}
        return as_json({"code": 0, "data": last | {"currency_data": [coin | {"third_net_balances": "0"}]}})

    with published({gate.LAST: amounts("2")}) as there:
        chosen = session(tmp_path, there)
        looked = [pipeline.find(chosen, "gate").found for _ in range(2)]
        done = [pipeline.fetch(chosen, found) for found in looked]
        there.answers[gate.LAST] = amounts("3")
        done.append(pipeline.fetch(chosen, pipeline.find(chosen, "gate").found))
    assert [(len(one.new), one.missing) for one in done] == [(1, []), (0, []), (1, [])]
    assert [row.revision for row in chosen.lake.rows(ReportFile, exchange="gate")] in ([1, 2], [2, 1])


def listed(amounts: Mapping[str, int]) -> list[sources.Publication]:
    """Publications of MEXC that one answer lists, by day with what is held; all of them are answers at hand."""
    retrieved = datetime(2026, 1, 1, tzinfo=UTC)
    answer = Reply("https://www.mexc.com/list", 200, {}, b"[]", retrieved)
    found = []
    for number, (day, amount) in enumerate(amounts.items()):
        at = datetime.fromisoformat(day[:10]).replace(tzinfo=UTC)
        coin = {"currency": "BTC", "userSpotAsset": "1", "walletTotalAsset": str(amount), "stockRate": "2"}
        data = {"snapshotDate": int(at.timestamp() * 1000), "details": [coin]}
        url = f"https://www.mexc.com/{number}"
        reply = Reply(url, 200, {}, as_json({"code": 0, "data": data}).body, retrieved)
        member = sources.Member("totals", f"mexc_{number}.json", url, "json", reply=reply)
        shown = (at + timedelta(hours=8)).replace(tzinfo=None)
        found.append(sources.Publication("mexc", shown, "moment", (member,), answer))
    return found


def test_what_the_lake_has_is_read_once_and_a_listing_is_archived_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    chosen = pipeline.session(tmp_path, environ={})
    read, kept = [], []
    rows, keep = Lake.rows, Lake.keep

    def counted(lake: Lake, row_class: Any, *more: Any, **only: Any) -> Any:
        read.append((row_class.NAME, *sorted(only)))
        return rows(lake, row_class, *more, **only)

    def counted_too(lake: Lake, stream: Any, facts: Any) -> str:
        kept.append(facts["file_name"])
        return keep(lake, stream, facts)

    monkeypatch.setattr(Lake, "rows", counted)
    monkeypatch.setattr(Lake, "keep", counted_too)
    done = pipeline.fetch(chosen, listed({"2024-01-01": 1, "2024-02-01": 1, "2024-03-01": 1}))
    assert (len(done.new), done.missing, done.warnings) == (3, [], [])
    assert [name for name in read if name[0] == "report_file"] == [("report_file", "exchange")]
    assert kept.count("list") == 1


def test_of_one_moment_each_file_of_a_fetch_is_a_revision_of_the_one_before(tmp_path: Path) -> None:
    chosen = pipeline.session(tmp_path, environ={})
    again = listed({"2024-01-01": 1, "2024-01-01 again": 2, "2024-01-01 once more": 3, "2024-02-01": 1})
    assert len(pipeline.fetch(chosen, again).new) == 4
    files = chosen.lake.rows(ReportFile, exchange="mexc")
    assert sorted((file.attestation, file.revision) for file in files) == [
        ("mexc/2024-01-01", 1), ("mexc/2024-01-01", 2), ("mexc/2024-01-01", 3), ("mexc/2024-02-01", 1),
    ]  # fmt: skip
    assert pipeline.fetch(chosen, again).new == []


def by_hand(chosen: pipeline.Session, folder: Path, name: str, content: bytes) -> None:
    folder.mkdir(exist_ok=True)
    (folder / name).write_bytes(content)
    pipeline.archive(chosen, "okx", str(folder / name))


AGAIN = Path(MONTH[0]).read_bytes()


@pytest.mark.parametrize("is_zip", [False, True])
def test_bytes_of_an_earlier_month_that_came_by_hand_are_a_warning_too(tmp_path: Path, is_zip: bool) -> None:
    name = "por_csv_2024042400_V1.zip" if is_zip else "okx_por_20240424.csv"
    content = zipped(**{"okx_por_2024042400_V1.csv": AGAIN}) if is_zip else AGAIN
    april = listing([row("6", "2024-04-24T00:00", name)]) | {f"{CDN}/chain/{name}": Given(content)}
    with published(dict(MARCH) | april) as there:  # type: ignore[arg-type]
        chosen = session(tmp_path / "lake", there)
        by_hand(chosen, tmp_path / "files", "okx_por_20240325.csv", AGAIN)
        done = fetched(chosen, "2024-04")
        assert len(done.warnings) == 1
        inside = "okx_por_2024042400_V1.csv" if is_zip else name
        assert done.warnings[0].startswith(
            f"okx/2024-04-24: {inside} has the {len(AGAIN):,} bytes of okx/2024-03-25, retrieved "
        )
        assert fetched(chosen, "2024-04").warnings == [], "it is told when it comes"


@pytest.mark.parametrize(
    ("had", "inside", "warned"),
    [
        ("okx_por_2024032500_V3.csv", "", True),
        ("okx_por_2024032500_V2.csv", "", False),
        ("okx_por_2024032500.csv", "", False),  # a number that is ours, not the publisher's
        ("por_csv_2024032500_V3.zip", "okx_por_2024032500.csv", True),
    ],
)
def test_a_revision_that_came_by_hand_is_one_too(tmp_path: Path, had: str, inside: str, warned: bool) -> None:
    name = "por_csv_2024032500_V2.zip"
    second = zipped(**{"okx_por_2024032500_V2.csv": AGAIN + b"\n"})
    answers = listing([row("5", "2024-03-25T00:00", name)]) | {f"{CDN}/chain/{name}": Given(second)}
    with published(dict(MARCH) | answers) as there:  # type: ignore[arg-type]
        chosen = session(tmp_path / "lake", there)
        by_hand(chosen, tmp_path / "files", had, zipped(**{inside: AGAIN}) if inside else AGAIN)
        done = fetched(chosen)
    said = "okx/2024-03-25: revision 2 is listed, the lake has revision 3: it goes backwards"
    assert (said in done.warnings) is warned
    assert len(done.warnings) == warned

"""Whole runs: a replay gives the same bytes, a killed run leaves nothing half-written, an endpoint that fails leaves
its part unobserved.
"""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from porlake import cli, pipeline
from porlake.errors import ConfigurationError, NotRecorded, SnapshotUnknown
from porlake.lake import Lake
from porlake.model import Balance, Claim, ReportFile, Unobserved
from porlake.queries.unanswered import unanswered
from porlake.transport import Endpoint
from support import MONTH, MONTH_RUN, RECORDING, ROOT, SAMPLES, command, environment, stages, tree

HTX = sorted((ROOT.parent / "shared" / "data" / "htx").glob("*.csv"))
Porlake = Callable[..., subprocess.CompletedProcess[str]]
NOT_DATA = ("porlake.duckdb", "failed_build", ".")


def test_a_replay_gives_the_same_bytes(month: Path, tmp_path: Path) -> None:
    stages(tmp_path, list(reversed(MONTH)))
    assert tree(tmp_path) == tree(month)


def test_every_stage_may_run_again(month: Path, tmp_path: Path) -> None:
    shutil.copytree(month, tmp_path / "again", symlinks=True)
    stages(tmp_path / "again", MONTH)
    assert tree(tmp_path / "again") == tree(month)


SHORT_RUN = [word for place, word in enumerate(MONTH_RUN) if MONTH[2] not in MONTH_RUN[place : place + 2]]
BUILD = ["build", *SHORT_RUN[SHORT_RUN.index("--registry") :]]
#: What a command has just made in the lake, or begun to make, when it is killed: mid-parse, between networks, in the
#: build, in the publish.
MOMENTS = (
    (SHORT_RUN, r"raw/[^/]+"),
    (SHORT_RUN, r"lake/claim/.*/\.writing-[^/]+"),
    (SHORT_RUN, r"lake/balance/.*/pointer\.json"),
    (BUILD, r"\.building-[^/]+"),
    (SHORT_RUN, r"marts/\.writing-[^/]+"),
)
#: `porlake` that kills itself when it next does anything with files.
KILLED = """
import os, re, signal, sys
from porlake.cli import main
lake, moment = sys.argv.pop(1), sys.argv.pop(1)
killed = re.compile(re.escape(lake) + "/" + moment)
appears = False
def met(event, details):
    global appears
    if appears:
        signal.raise_signal(signal.SIGKILL)
    if event in ("os.mkdir", "os.rename") or event == "open" and (details[2] or 0) & (os.O_WRONLY | os.O_RDWR):
        appears = appears or killed.fullmatch(str(details[event == "os.rename"]))
sys.addaudithook(met)
sys.exit(main(sys.argv[1:]))
"""


@pytest.mark.slow
@pytest.mark.parametrize("moments", [MOMENTS[1::3], pytest.param(MOMENTS, marks=pytest.mark.thorough)], ids=len)
def test_a_run_killed_at_any_moment_and_run_again_gives_the_bytes_of_an_undisturbed_run(
    moments: tuple[tuple[list[str], str], ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Over two of the month's files: the sixty small ones of its history are parsed and priced alike. In a parse and in
    the publish; and at all moments, in dbt's own work, too.
    """
    everywhere = len(moments) == len(MOMENTS)
    if not everywhere:
        monkeypatch.setenv("TABLES_ONCE", "yes")
    quiet, killed = tmp_path / "quiet", tmp_path / "killed"
    _run(quiet)
    *before, publish = moments
    for words, moment in before:
        _killed_at(killed, words, moment)
    if everywhere:
        _killed_in_dbt(killed)
    _killed_at(killed, *publish)
    _run(killed)
    assert tree(killed, but=NOT_DATA) == tree(quiet, but=NOT_DATA)
    assert not list(killed.glob(".*-*")), "left-overs of killed runs"


def _run(lake: Path) -> None:
    subprocess.run(command(*SHORT_RUN, "--lake", str(lake)), env=environment(), check=True, stdout=subprocess.DEVNULL)


def _killed_at(lake: Path, words: list[str], moment: str) -> None:
    killed = [sys.executable, "-c", KILLED, str(lake), moment, *words, "--lake", str(lake)]
    done = subprocess.run(killed, env=environment(), capture_output=True, check=False)
    assert done.returncode == -signal.SIGKILL, (moment, done.stderr)
    _what_is_shown_can_be_read(lake)


def _killed_in_dbt(lake: Path) -> None:
    """A build that is killed, its children left alone, once dbt has written its first file."""
    with subprocess.Popen(
        command(*BUILD, "--lake", str(lake)),
        env=environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    ) as run:
        while run.poll() is None and not list(lake.glob(".building-*/target/*.json")):
            time.sleep(0.01)
        run.kill()
    assert run.returncode == -signal.SIGKILL
    _what_is_shown_can_be_read(lake)


def _what_is_shown_can_be_read(lake: Path) -> None:
    for report in Lake(lake).rows(ReportFile):
        assert report.exchange
    for partition in (lake / "marts" / "latest").glob("*/part-0.parquet"):
        assert partition.read_bytes()[:4] == b"PAR1"


def test_a_replay_that_lacks_an_answer_stops_and_writes_nothing_of_that_network(month: Path, tmp_path: Path) -> None:
    recording = tmp_path / "recording"
    shutil.copytree(RECORDING, recording)
    next((recording / "base").glob("eth_call_*")).unlink()
    chosen = pipeline.session(tmp_path / "lake", replay=recording, environ={})
    (report,) = pipeline.archive(chosen, "okx", MONTH[0])
    pipeline.parse(chosen, report)
    with pytest.raises(NotRecorded, match="base"):
        pipeline.observe(chosen, report, "base")
    assert not list(chosen.lake.rows(Balance, exchange="okx"))


def test_an_endpoint_that_fails_leaves_its_holdings_unobserved_with_the_reason(tmp_path: Path) -> None:
    endpoints = {name: Endpoint("http://127.0.0.1:9/secret-key") for name in ("ethereum", "bitcoin", "tron")}
    chosen = replace(pipeline.session(tmp_path, environ={}), endpoints=endpoints)
    (report,) = pipeline.archive(chosen, "okx", MONTH[0])
    pipeline.parse(chosen, report)
    began = time.monotonic()
    for network in endpoints:
        pipeline.observe(chosen, report, network, give_up=True)
    assert time.monotonic() - began < 20, "a host that refuses is not asked again and again"
    assert not list(chosen.lake.rows(Balance))
    claims = {(c.network, c.asset, c.address) for c in chosen.lake.rows(Claim) if c.network in endpoints}
    unread = {(u.network, u.asset, u.address): u.reason for u in chosen.lake.rows(Unobserved)}
    assert set(unread) == claims
    assert set(unread.values()) == {"endpoint_failed"}
    assert unanswered(chosen, [report])[0].startswith("bitcoin: ")
    assert not any("secret-key" in str(path.read_bytes()) for path in tmp_path.rglob("*") if path.is_file())


def test_a_file_without_its_moment_asks_for_one(tmp_path: Path) -> None:
    path = tmp_path / "reserves.csv"
    path.write_bytes(Path(MONTH[0]).read_bytes())
    chosen = pipeline.session(tmp_path / "lake", environ={})
    with pytest.raises(SnapshotUnknown, match="--snapshot"):
        pipeline.archive(chosen, "okx", str(path))
    for wrong in ("yesterday", "2024-13-01", "2024-W13-1", "20240325", "0001-01-01", "٢٠٢٤-٠٣-٢٥"):
        with pytest.raises(ConfigurationError, match="a day of the exchange's clock"):
            pipeline.archive(chosen, "okx", str(path), wrong)
    for wrong in (
        "2024-03-25T99:00Z",
        "2024-03-25T16:00+99:00",
        "0001-01-01T00:00+08:00",
        "9999-12-31T23:00Z",
        "2024-03-25T16",
        "2024-03-25T16:00 Z",
    ):
        with pytest.raises(ConfigurationError):
            pipeline.archive(chosen, "okx", str(path), wrong)
    with pytest.raises(
        ConfigurationError, match=r"names no zone: write 2024-03-25T16:00Z for UTC, or 2024-03-25T16:00\+08:00"
    ):
        pipeline.archive(chosen, "okx", str(path), "2024-03-25T16:00")


@pytest.mark.parametrize(
    ("exchange", "stated", "at", "day"),
    [
        ("okx", "2024-03-25", "2024-03-24T16:00", "2024-03-25"),  # a day is the publisher's
        ("binance", "2024-03-25", "2024-03-25T00:00", "2024-03-25"),
        ("okx", "2024-03-25T15:59:59Z", "2024-03-25T15:59:59", "2024-03-25"),
        ("okx", "2024-03-25T16:00Z", "2024-03-25T16:00", "2024-03-26"),
        ("okx", "2024-03-25T16:01Z", "2024-03-25T16:01", "2024-03-26"),
        ("okx", "2024-03-25T23:30-05:00", "2024-03-26T04:30", "2024-03-26"),
        ("binance", "2024-03-25T16:00Z", "2024-03-25T16:00", "2024-03-25"),
    ],
)
def test_a_snapshot_given_by_hand_is_a_day_of_the_publisher_or_a_moment_with_its_zone(
    exchange: str, stated: str, at: str, day: str, tmp_path: Path
) -> None:
    path = tmp_path / "reserves.csv"
    path.write_bytes(Path(MONTH[0]).read_bytes())
    chosen = pipeline.session(tmp_path / "lake", environ={})
    (report,) = pipeline.archive(chosen, exchange, str(path), stated)
    file = chosen.lake.report(report)
    assert file.attestation == f"{exchange}/{day}"
    assert file.snapshot_at == datetime.fromisoformat(at).replace(tzinfo=UTC)
    assert (file.snapshot_day, file.snapshot_precision) == (
        date.fromisoformat(day),
        "moment" if "T" in stated else "day",
    )


@pytest.mark.parametrize(
    ("exchange", "name", "attestation", "at"),
    [
        # OKX's own list: createTime 1778083200000
        ("okx", "por_csv_2026050700_V4.csv", "okx/2026-05-07", "2026-05-06T16:00"),
        ("okx", "okx_por_2026020419_V4.csv", "okx/2026-02-04", "2026-02-04T11:00"),
        ("okx", "okx_por_20221122.csv", "okx/2022-11-22", "2022-11-21T16:00"),
        ("htx", "huobi_por_20240701.csv", "htx/2024-07-01", "2024-06-30T16:00"),
        ("poloniex", "poloniex_por_20240801.csv", "poloniex/2024-08-01", "2024-07-31T16:00"),
    ],
)
def test_the_stamp_in_a_name_is_read_in_the_publishers_clock(
    exchange: str, name: str, attestation: str, at: str, tmp_path: Path
) -> None:
    path = tmp_path / name
    source = MONTH[0] if exchange == "okx" else None
    rows = "coin,address,snapshot height,balance,message,signature\nTRX,TZ1SsapyhKNWaVLca6P2qgVzkHTdk6nkXa,1,7,-,-\n"
    path.write_bytes(Path(source).read_bytes() if source else rows.encode())
    chosen = pipeline.session(tmp_path / "lake", environ={})
    (report,) = pipeline.archive(chosen, exchange, str(path))
    file = chosen.lake.report(report)
    assert (file.attestation, file.snapshot_at) == (attestation, datetime.fromisoformat(at).replace(tzinfo=UTC))


def test_a_zip_is_kept_beside_the_file_in_it(tmp_path: Path) -> None:
    import zipfile

    packed = tmp_path / "okx_por_2024032500.csv.zip"
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as out:
        out.write(MONTH[0], "okx_por_2024032500.csv")
    chosen = pipeline.session(tmp_path / "lake", environ={})
    (report,) = pipeline.archive(chosen, "okx", str(packed))
    file = chosen.lake.report(report)
    assert file.container is not None
    assert chosen.lake.open_raw(file.container).read() == packed.read_bytes()
    assert chosen.lake.open_raw(report).read() == Path(MONTH[0]).read_bytes()


def test_the_inbox_gives_each_month_its_own_files(tmp_path: Path) -> None:
    chosen = pipeline.session(tmp_path, environ={})
    box = Path(pipeline.inbox(chosen, "htx"))
    box.mkdir(parents=True)
    for name in ("huobi_por_20240701.csv", "huobi_por_20240801.csv", "notes.txt"):
        (box / name).write_text("")
    assert [Path(p).name for p in pipeline.waiting(chosen, "htx", datetime(2024, 8, 2, tzinfo=UTC))] == [
        "huobi_por_20240801.csv"
    ]
    assert [Path(p).name for p in pipeline.waiting(chosen, "htx", datetime(2024, 7, 2, tzinfo=UTC))] == [
        "huobi_por_20240701.csv"
    ]
    # July's snapshot is of 2024-06-30 16:00 UTC: it belongs to the run of a month that ends there, not to one that
    # begins there
    ends = {datetime(2024, 6, 30, 15, 59): [], datetime(2024, 6, 30, 16): ["20240701"], datetime(2024, 7, 30, 16): []}
    for moment, names in ((end.replace(tzinfo=UTC), names) for end, names in ends.items()):
        assert [Path(p).stem[-8:] for p in pipeline.waiting(chosen, "htx", moment)] == names
    told = pipeline.undated(chosen, "htx")
    assert told.startswith(f"notes.txt in {box}: waits, for the name says no day. Put the snapshot's day into it")
    assert "huobi_por_20240701.csv, " in told
    assert pipeline.undated(chosen, "okx") == ""
    (box / ".DS_Store").write_text("")
    (box / "notes.txt").unlink()
    assert pipeline.undated(chosen, "htx") == ""


@pytest.mark.slow
@pytest.mark.thorough
@pytest.mark.usefixtures("tables_at_once")
@pytest.mark.skipif(not HTX, reason="../shared/data/htx is not here")
def test_24_real_months_of_htx_run_and_their_arithmetic_is_shown(
    porlake: Porlake, tmp_path: Path, silent_recording: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    reports = [word for path in HTX for word in ("--report", str(path))]
    done = porlake("run", "htx", *reports, "--lake", str(tmp_path / "lake"), "--replay", str(silent_recording))
    assert done.returncode == 0, done.stderr

    def ask(sql: str) -> list[str]:
        assert cli.main(["query", sql, "--csv", "--lake", str(tmp_path / "lake")]) == 0
        return capsys.readouterr().out.splitlines()[1:]

    assert ask("select count(distinct attestation), count(distinct report), count(repeats) from core_attestation") == [
        "24,24,0"
    ]
    assert ask("select count(*) from stg_published_total") == ["509"]
    assert ask("select count(*) from lake.rejection") == ["0"]
    assert ask(
        "select count(*), count(usd), bool_and(unpriced_assets <> []) from (select usd_total as usd, unpriced_assets "
        "from dominance)"
    ) == ["24,0,True"]
    # printed 20,129,646.99, while its rows add to a hundred million more; the group's total is right
    arithmetic = "select label, printed_units, summed_units, status from report_arithmetic where attestation = "
    assert "USDT-TRC20,64050721.54000000,464050722.34000000,differs" in ask(arithmetic + "'htx/2023-02-01'")
    assert "USDT-ERC20,20129646.99000000,120129647.10000000,differs" in ask(arithmetic + "'htx/2025-05-01'")
    assert "ETH,730.66000000,57457.72000000,differs" in ask(arithmetic + "'htx/2025-01-01'")
    assert "BTC,9424.57000000,9343.99000000,differs" in ask(arithmetic + "'htx/2025-10-01'")
    # one account stands twice under USDT-TRC20, with different amounts: counted once, with the smaller, and flagged
    twice = "select amounts, amount, conflicting from core_claim where attestation = 'htx/2024-07-01' and conflicting"
    assert ask(twice) == [
        '"[""4731015000000000000000000"", ""31700532980000000000000000""]",4731015000000000000000000,True'
    ]


@pytest.mark.slow
@pytest.mark.usefixtures("tables_at_once")
def test_a_run_without_any_answer_ends_well_and_says_what_is_missing(
    porlake: Porlake, tmp_path: Path, silent_recording: Path
) -> None:
    path = tmp_path / "okx_por_2024032500.csv"
    path.write_bytes(Path(MONTH[0]).read_bytes())
    (silent_recording / "ethereum").mkdir()  # somebody was asked there, and nothing was answered
    done = porlake("run", "okx", "--report", str(path), "--lake", "lake", "--replay", str(silent_recording), "--strict")
    assert done.returncode == 3, done.stderr
    assert "porlake: not read: ethereum" in done.stderr
    assert "Traceback" not in done.stderr
    found = porlake(
        "query",
        "select bool_and(reserves_onchain is null), bool_and(is_covered is null), count(*) > 9 from reserve_ratio",
        "--csv",
        "--lake",
        "lake",
    )
    assert found.stdout.splitlines()[1] == "True,True,True"
    assert (SAMPLES / "recording").exists()

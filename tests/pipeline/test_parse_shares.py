"""Shares of a parse: the bytes are those of one worker, whatever the number of shares and whatever became of them."""

from __future__ import annotations

import random
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from made_addresses import made
from object_store import KEYS, SeaweedFS
from porlake import observation, pipeline
from porlake.errors import BadStructure
from porlake.lake import Lake
from porlake.model import Claim, Evidence, Rejection
from porlake.pipeline import PARSED, Session, _parse, _parse_shares
from porlake.reports import _columns

NAME = "PR01SEP26_Deposit.csv"
HEADER = "coin,network,address,balance,Height,Third party custodian name\n"
ROWS = 2_000


def lines(count: int) -> Iterator[str]:
    """Rows of some networks, of which some cannot be read and some are blank."""
    chance = random.Random(4)
    for number in range(count):
        network, coin = chance.choice((("ethereum", "ETH"), ("tron", "TRX"), ("solana", "SOL")))
        label = {"ethereum": "ETH", "tron": "TRX", "solana": "SOL"}[network]
        address = made(network, "", number) if number % 97 else "nowhere"
        yield f'{coin},{label},{address},{number}.5,25878704,""\n' if number % 101 else "\n"
        if number == ROWS // 2:
            yield "x" * (_columns.LONG + 1) + "\n"


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """A file of some 170 kB has 42 stretches, and 14 parts."""
    monkeypatch.setattr(_columns, "CHUNK_BYTES", 4_000)
    monkeypatch.setattr(_parse_shares, "STRETCHES", 3)


def archived(folder: Path, name: str, text: str | None = None) -> tuple[Session, str]:
    path = folder / NAME
    path.write_text(HEADER + "".join(lines(ROWS)) if text is None else text)
    session = pipeline.session(folder / name, environ={})
    (report,) = pipeline.archive(session, "binance", str(path))
    return session, report


def pointers(lake: Lake, report: str) -> list[object]:
    found = [pointer for row_class in PARSED for pointer in lake.pointers(row_class, exchange="binance", report=report)]
    for pointer in found:
        for number in range(len(pointer.files)):
            pointer.read_whole(number)
    return [(pointer.dataset, pointer.folder, pointer.rows, pointer.files) for pointer in found]


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("of", [1, 7, 32])
def test_any_number_of_shares_merges_to_the_same_bytes(tmp_path: Path, of: int) -> None:
    alone, report = archived(tmp_path, "alone")
    pipeline.parse(alone, report)
    shared, _ = archived(tmp_path, "shared")
    for number in reversed(range(of)):
        pipeline.parse_share(shared, report, number, of)
    made_here: list[int] = []
    real = _parse._made

    def noted(*given: object) -> object:
        made_here.append(1)
        return real(*given)  # type: ignore[arg-type]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_parse, "_made", noted)
        pipeline.parse(shared, report)
    assert not made_here, "what shares have finished is not made again"
    assert pointers(shared.lake, report) == pointers(alone.lake, report)
    assert not list((tmp_path / "shared").rglob(".unfinished-*"))
    (claims,) = alone.lake.pointers(Claim, exchange="binance", report=report)
    assert len(claims.files) > 7
    assert sum(file["rows"] for file in claims.files) == claims.rows
    rows = [row.source_row for row in alone.lake.rows(Evidence, exchange="binance", report=report)]
    assert rows == sorted(set(rows))
    assert claims.rows + sum(1 for _ in alone.lake.rows(Rejection, exchange="binance", report=report)) == len(rows)


@pytest.mark.usefixtures("small")
def test_machines_that_share_an_object_store_parse_a_report_together(object_store: SeaweedFS, tmp_path: Path) -> None:
    """Two of three shares were parsed, on machines that nobody asks any more."""
    alone, report = archived(tmp_path, "alone")
    pipeline.parse(alone, report)
    url = object_store.url()

    def machine(name: str) -> Session:
        return pipeline.session(url, environ={"PORLAKE_CACHE": str(tmp_path / name)}, keys=KEYS)

    assert pipeline.archive(machine("first"), "binance", str(tmp_path / NAME)) == [report]
    for number in (0, 2):
        pipeline.parse_share(machine(f"share {number}"), report, number, 3)
        shutil.rmtree(tmp_path / f"share {number}")
    last = machine("last").lake
    assert any(".unfinished-" in key for key, _ in last.store.changed("lake"))
    pipeline.parse(machine("last"), report)
    assert pointers(machine("reader").lake, report) == pointers(alone.lake, report)
    assert not any(".unfinished-" in key for key, _ in last.store.changed("lake"))


@pytest.mark.usefixtures("small")
def test_what_a_share_left_out_or_harmed_is_made_by_who_parses(tmp_path: Path) -> None:
    alone, report = archived(tmp_path, "alone")
    pipeline.parse(alone, report)
    shared, _ = archived(tmp_path, "shared")
    pipeline.parse_share(shared, report, 1, 3)
    pipeline.parse_share(shared, report, 2, 3)
    kept = sorted((tmp_path / "shared").rglob(".unfinished-*/**/part-0.parquet"))
    kept[0].write_bytes(kept[0].read_bytes()[:-1])
    kept[-1].unlink()
    pipeline.parse(shared, report)
    assert pointers(shared.lake, report) == pointers(alone.lake, report)


@pytest.mark.usefixtures("small")
def test_parts_of_other_code_or_other_rows_of_the_registry_are_not_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    session, report = archived(tmp_path, "lake")
    with monkeypatch.context() as patch:
        patch.setattr(_parse_shares.registry, "state", lambda packages, libraries: "0" * 64)
        pipeline.parse_share(session, report, 0, 1)
        file = session.lake.report(report)
        assert 0 in _parse_shares.Finished(session.lake, file, PARSED).look()
    assert 0 not in _parse_shares.Finished(session.lake, file, PARSED).look()


def test_a_report_of_one_part_has_one_file_a_dataset(tmp_path: Path) -> None:
    session, report = archived(tmp_path, "lake")
    pipeline.parse(session, report)
    for row_class in PARSED:
        (pointer,) = session.lake.pointers(row_class, exchange="binance", report=report)
        assert [file["name"] for file in pointer.files] == ["part-0.parquet"]


@pytest.mark.usefixtures("small")
def test_a_share_of_a_file_that_is_refused_is_refused(tmp_path: Path) -> None:
    session, report = archived(tmp_path, "lake", HEADER + "\n" * 4_500)
    with pytest.raises(BadStructure, match="no rows"):
        pipeline.parse_share(session, report, 0, 2)
    with pytest.raises(BadStructure, match="no rows"):
        pipeline.parse(session, report)
    assert not pointers(session.lake, report)


@pytest.mark.parametrize(("parts", "shares"), [(0.9, 0), (1.9, 0), (2, 2), (31.9, 31), (32, 32), (90, 32)])
def test_a_share_takes_ten_seconds_or_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, parts: float, shares: int
) -> None:
    session, report = archived(tmp_path, "lake")
    size = session.lake.report(report).size_bytes
    monkeypatch.setattr(_parse_shares, "A_SECOND", size / parts / 10)
    assert pipeline.parse_shares(session, report) == [], "a lake of one machine is parsed by it"
    monkeypatch.setattr(type(session.lake.store), "shared", True)
    assert _parse_shares.worth(session, session.lake.report(report)) == max(1, shares)
    assert pipeline.parse_shares(session, report) == [(number, shares) for number in range(shares)]
    assert observation.of_seconds(10 * parts) == max(1, shares)

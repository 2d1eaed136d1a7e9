"""What a page on loopback may ask of the lake: the same as `porlake explain` tells, to that page alone, in bounds."""

from __future__ import annotations

import json
import shutil
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from cli.serving import ask
from porlake import cli, pipeline
from porlake.cli import _answers, _serve
from porlake.model import Evidence, ReportFile
from porlake.queries import lines
from support import MONTH

FILE = MONTH[0]
LINES = Path(FILE).read_text().splitlines()
HEADER = (
    "coin,Network,Snapshot Height,address,amount,message,signature1,signature2,redeem script/ public key,eoa1,eoa2\n"
)
FIRST = next(number for number, line in enumerate(LINES, 1) if "address" in line) + 1


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> pipeline.Session:
    """A lake with one file, verified."""
    opened = pipeline.session(tmp_path_factory.mktemp("lake"), environ={})
    for report in pipeline.archive(opened, "okx", FILE):
        pipeline.parse(opened, report)
        pipeline.verify(opened, report)
    return opened


@pytest.fixture(scope="module")
def report(session: pipeline.Session) -> str:
    (file,) = session.lake.rows(ReportFile)
    return file.report


@pytest.fixture
def complaints() -> list[str]:
    return []


@pytest.fixture
def port(session: pipeline.Session, complaints: list[str], tmp_path: Path) -> Iterator[int]:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "page.json").write_text("{}")
    running = _serve.server(tmp_path, 0, _answers.Answers(session, complaints.append))
    threading.Thread(target=running.serve_forever, daemon=True).start()
    yield running.server_port
    running.shutdown()
    running.server_close()


def told(port: int, name: str, **question: object) -> dict[str, Any]:
    query = "&".join(f"{part}={quote(str(value))}" for part, value in question.items())
    status, headers, content = ask(port, f"/lake/{name}?{query}")
    assert (status, headers["Content-Type"], headers["Cache-Control"]) == (200, "application/json", "no-store"), content
    return dict(json.loads(content))


def test_page_json_says_that_there_is_a_lake_and_only_where_there_is(port: int, tmp_path: Path) -> None:
    assert ask(port, "/data/page.json")[1]["Porlake-Lake"] == "asks"
    plain = _serve.server(tmp_path, 0)
    threading.Thread(target=plain.serve_forever, daemon=True).start()
    try:
        assert "Porlake-Lake" not in ask(plain.server_port, "/data/page.json")[1]
        assert ask(plain.server_port, "/lake/rows?report=" + "0" * 64)[0] == 404
    finally:
        plain.shutdown()
        plain.server_close()


def test_it_says_what_porlake_explain_says(port: int, report: str, capsys: pytest.CaptureFixture[str]) -> None:
    for row in (FIRST, FIRST + 11, len(LINES)):
        assert cli.main(["explain", FILE, "--row", str(row)]) == 0
        shown = " ".join(capsys.readouterr().out.split())
        parts = dict(told(port, "explain", report=report, row=row)["parts"])
        assert list(parts)[:4] == ["as published", "step by step", "verdict", "on the chain"]
        assert parts.pop("on the chain") == [["not read", "the lake has no observation of it"]]
        for title, facts in parts.items():
            assert title in shown
            assert [name for name, text in facts if f"{name} {' '.join(text.split())}" not in shown] == []


def test_the_rows_of_a_file_come_in_order_some_at_a_time(port: int, report: str, session: pipeline.Session) -> None:
    held = sorted(row.source_row for row in session.lake.rows(Evidence))
    found: list[int] = []
    while len(found) < len(held):
        said = told(port, "rows", report=report, first=found[-1] + 1 if found else 1)
        found += [row["source_row"] for row in said["rows"]]
        assert len(said["rows"]) == said["most"] == lines.MOST or len(found) == len(held)
    assert found == held
    assert told(port, "rows", report=report, first=held[-1] + 1)["rows"] == []
    assert told(port, "rows", report=report, member=1)["rows"] == []


def test_rows_are_found_by_account_in_any_case_and_by_verdict(port: int, report: str) -> None:
    (bad,) = told(port, "rows", report=report, verdict="invalid")["rows"]
    assert (bad["asset"], bad["reason"], bad["amount"]) == ("ETH", "address_mismatch", "5000")
    for spelt in (bad["address"], bad["address"].upper().replace("0X", "0x")):
        assert bad in told(port, "rows", report=report, address=spelt)["rows"]
    assert told(port, "rows", report=report, address="nobody's")["rows"] == []


@pytest.mark.parametrize(
    ("name", "query", "status"),
    [
        ("explain", "", 400),
        ("explain", "report={report}", 400),
        ("explain", "report={report}&row=57&row=58", 400),
        ("explain", "report={report}&row=57&verdict=proven", 400),
        ("explain", "report={report}&row=0", 400),
        ("explain", "report={report}&row=-1", 400),
        ("explain", "report={report}&row=%D9%A3", 400),
        ("explain", "report={report}&row=1000000000", 400),
        ("explain", "report={report}&row=999999999", 404),
        ("explain", "report={report}&row=57&member=10000", 400),
        ("explain", "report={report}&row=57&member=9999", 404),
        ("explain", "report=../../../etc/passwd&row=1", 400),
        ("explain", "report={report}x&row=1", 400),
        ("explain", "report=d281&row=57", 400),
        ("explain", "report=" + "0" * 64 + "&row=57", 404),
        ("explain", "report={report}&row=57&" + "x" * 500, 400),
        ("explain", "report={report}&row=%ff", 400),
        ("explain", "%00", 400),
        ("rows", "report={report}&address=%20", 400),
        ("rows", "report={report}&address=" + "a" * 201, 400),
        ("rows", "report={report}&address=%E2%80%AE", 400),
        ("rows", "report={report}&verdict=Proven", 400),
        ("rows", "report={report}&first=0", 400),
        ("rows", "report=" + "0" * 64, 404),
        ("query", "sql=select+1", 404),
        ("", "", 404),
        ("../data/page.json", "", 404),
    ],
)
def test_what_is_no_question_is_refused_and_no_path_is_told(
    port: int, report: str, session: pipeline.Session, name: str, query: str, status: int
) -> None:
    found, headers, content = ask(port, f"/lake/{name}?{query.format(report=report)}")
    assert found == status, content
    assert set(json.loads(content)) == {"error"}
    assert str(session.lake.root) not in content.decode()
    assert headers.items() >= {"Cache-Control": "no-store"}.items()


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"Sec_Fetch_Site": "same-origin"}, 200),
        ({"Sec_Fetch_Site": "same-site"}, 403),
        ({"Sec_Fetch_Site": "cross-site"}, 403),
        ({"Sec_Fetch_Site": "none"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "https://evil.example"}, 403),
        ({"Host": "evil.example"}, 403),
        ({"Host": "127.0.0.1:80", "Origin": "http://127.0.0.1:80"}, 200),
        ({"Host": "127.0.0.1:80", "Origin": "http://127.0.0.1:81"}, 403),
    ],
)
def test_nobody_but_the_page_itself_is_answered(port: int, report: str, headers: dict[str, str], status: int) -> None:
    found, _, content = ask(port, f"/lake/rows?report={report}", **headers)
    assert found == status
    assert bool(content) == (status == 200)


def test_it_is_only_read(port: int, report: str) -> None:
    assert ask(port, f"/lake/rows?report={report}", "HEAD")[0] == 405
    assert ask(port, f"/lake/rows?report={report}", "POST")[0] == 501


def test_texts_that_are_too_long_are_cut_and_say_so() -> None:
    assert _answers._short("x" * _answers.LONGEST_TEXT) == "x" * _answers.LONGEST_TEXT
    cut = _answers._short("x" * (_answers.LONGEST_TEXT + 1))
    assert cut == "x" * _answers.LONGEST_TEXT + " \u2026 (1 characters more)"


def test_what_is_damaged_is_told_to_the_terminal_alone(
    session: pipeline.Session, report: str, complaints: list[str], tmp_path: Path
) -> None:
    shutil.copytree(session.lake.root, tmp_path / "lake", symlinks=True)
    (held,) = (tmp_path / "lake" / "lake" / "evidence").rglob("*.parquet")
    held.chmod(0o644)
    held.write_bytes(held.read_bytes()[:-1] + b"x")
    answers = _answers.Answers(pipeline.session(tmp_path / "lake", environ={}), complaints.append)
    status, said = answers("explain", f"report={report}&row=57")
    assert (status, list(said)) == (500, ["error"])
    assert str(tmp_path) not in said["error"]
    (complaint,) = complaints
    assert str(tmp_path) in complaint


def test_one_question_at_a_time(session: pipeline.Session, report: str, monkeypatch: pytest.MonkeyPatch) -> None:
    answers: Callable[[str, str], tuple[int, dict[str, Any]]] = _answers.Answers(session, print)
    monkeypatch.setattr(_answers, "PATIENCE", 0.01)
    with answers._alone:  # type: ignore[attr-defined]
        assert answers("rows", f"report={report}")[0] == 503
    assert answers("rows", f"report={report}")[0] == 200


def test_a_hostile_file_is_told_as_json_in_bounds(tmp_path: Path) -> None:
    evil = "<script>\u202e\x1b[31m" + "A" * 5_000
    cells = ["ETH", "ETH", "1", "0x" + "22" * 20, "1", evil, "0x" + "00" * 65, "", "", "", ""]
    (tmp_path / "okx_por_2024032500.csv").write_text(HEADER + ",".join(cells) + "\n", encoding="utf-8")
    session = pipeline.session(tmp_path / "lake", environ={})
    (report,) = pipeline.archive(session, "okx", str(tmp_path / "okx_por_2024032500.csv"))
    pipeline.parse(session, report)
    pipeline.verify(session, report)
    status, said = _answers.Answers(session, print)("explain", f"report={report}&row=2")
    assert status == 200
    content = json.dumps(said)
    assert "<script>" in dict(dict(said["parts"])["as published"])["message"]
    assert content.isascii()
    assert "characters more)" in content
    assert len(content) < 100_000

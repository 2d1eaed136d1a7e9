"""What `porlake find` says of exchanges that nobody can look for: what is put where, and that it is then run."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from porlake import cli, pipeline, registry
from porlake.model import Claim, Liability, PublishedTotal, Rejection, ReportFile
from support import RECORDING, SAMPLE_ROWS, own_rows

MANUAL = sorted(row.exchange for row in registry.load().publications.values() if row.is_manual)


def told(exchange: str, capsys: pytest.CaptureFixture[str]) -> str:
    assert cli.main(["find", exchange]) == 0
    return capsys.readouterr().out


def files(text: str) -> dict[str, str]:
    """The files that a stranger makes of what is printed: names, and the two lines as they are told there."""
    found = {}
    for name, columns, row in re.findall(
        r"a file (\S+\.csv),[^:]*?:\n((?:  \S+\n)+)and then a line for each, such as\n((?:  \S+\n)+)", text
    ):
        found[name] = "\n".join("".join(line.strip() for line in part.splitlines()) for part in (columns, row)) + "\n"
    return found


def commands(text: str) -> list[list[str]]:
    return [line.split()[1:] for line in text.splitlines() if line.startswith("  porlake ")]


@pytest.mark.parametrize("exchange", MANUAL)
def test_what_is_printed_fits_80_columns_and_what_is_put_so_is_read(
    exchange: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = told(exchange, capsys)
    assert all(len(line) <= 80 for line in text.splitlines())
    assert text.startswith(f"{exchange}: ")
    forms = set(registry.load().exchanges[exchange].formats.split())
    made = files(text)
    assert len(made) == len(forms & {"addresses_csv", "totals_csv"}) > 0
    session = pipeline.session(tmp_path / "lake", environ={})
    for name, content in made.items():
        (tmp_path / name).write_text(content)
        (report,) = pipeline.archive(session, exchange, str(tmp_path / name))
        pipeline.parse(session, report)
        assert ["run", exchange, "--report", name] in commands(text)
    reports = {file.format: file for file in session.lake.rows(ReportFile)}
    assert set(reports) == forms & {"addresses_csv", "totals_csv"}
    assert {file.attestation for file in reports.values()} == {f"{exchange}/2026-08-31"}
    assert {file.statement.partition("/")[0] for file in reports.values()} == {exchange}
    assert list(session.lake.rows(Rejection)) == []
    claims, totals, owed = (list(session.lake.rows(kind)) for kind in (Claim, PublishedTotal, Liability))
    assert [(row.network, row.address) for row in claims] == [("bitcoin", "1BoatSLRHtKNngkdXEeobR76b53LETtpyT")] * (
        "addresses_csv" in forms
    )
    assert [row.amount for row in totals] == [10_150_000_000] * ("totals_csv" in forms)
    assert [row.owed for row in owed] == [10_000_000_000] * ("totals_csv" in forms)
    if "addresses_csv" in forms:
        assert ["observe", exchange, "--at", "2026-08-31T00:00Z"] in commands(text)


@pytest.mark.slow
@pytest.mark.usefixtures("tables_at_once")
def test_a_strangers_file_comes_to_the_tables_by_the_command_that_is_printed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    text = told("kraken", capsys)
    monkeypatch.chdir(tmp_path)
    for name, content in files(text).items():
        Path(name).write_text(content)
    with own_rows(SAMPLE_ROWS):
        for words in commands(text):
            assert cli.main([*words, "--lake", str(tmp_path / "lake"), "--replay", str(RECORDING)]) == 0
    assert "kraken/2026-08-31" in capsys.readouterr().out

"""The command line: tables and files, exit codes, errors without a traceback."""

from __future__ import annotations

import csv
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from porlake import cli
from porlake.queries import publisher
from support import MONTH, RECORDING, nobody

Porlake = Callable[..., subprocess.CompletedProcess[str]]
FILE = MONTH[0]
COLUMNS = [
    "member",
    "source_row",
    "for_row",
    "network",
    "asset",
    "address",
    "scheme",
    "verdict",
    "reason",
    "signer",
    "flags",
    "message",
    "binds",
    "rejected",
]
SIGNERS = """coin,snapshot height,balance
BTC(ALL),1,1

coin,address,snapshot height,balance,message,signature
ETH,0x1111111111111111111111111111111111111111,1,5,,
ETH,0x2222222222222222222222222222222222222222,-,-,m,0x00
ETH,0x3333333333333333333333333333333333333333,1,5e3,m,0x00
"""


def told(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = cli.main(list(arguments))
    shown = capsys.readouterr()
    return code, shown.out, shown.err


def test_verify_prints_a_table_and_writes_a_line_for_each_row(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    code, shown, _ = told(capsys, "verify", FILE, "--out", str(tmp_path / "v.csv"))
    assert code == 0
    assert re.search(r"ethereum +\d+", shown)
    with (tmp_path / "v.csv").open(encoding="utf-8", newline="") as stream:
        lines = list(csv.DictReader(stream))
    assert list(lines[0]) == COLUMNS
    rows = Path(FILE).read_text().splitlines()
    first = next(number for number, row in enumerate(rows, 1) if "address" in row) + 1
    assert [int(line["source_row"]) for line in lines] == list(range(first, len(rows) + 1))
    by_verdict = {line["verdict"] for line in lines}
    assert {"proven", "invalid", "malformed", "unsigned"} <= by_verdict
    # an amount that cannot be read rejects the claim, not the signature
    assert [line["verdict"] for line in lines if line["rejected"] == "not_a_number"] == ["proven"]


def test_verify_gives_the_same_rows_in_parquet_and_csv(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    told(capsys, "verify", FILE, "--out", str(tmp_path / "v.csv"))
    told(capsys, "verify", FILE, "--out", str(tmp_path / "v.parquet"))
    table = pq.read_table(tmp_path / "v.parquet")
    assert table.column_names == COLUMNS
    with (tmp_path / "v.csv").open(encoding="utf-8", newline="") as stream:
        lines = [list(line.values()) for line in csv.DictReader(stream)]
    assert lines == [["" if cell is None else str(cell) for cell in row.values()] for row in table.to_pylist()]


@pytest.mark.parametrize(
    ("name", "verdict"),
    [("poloniex_por_20240801.csv", "poloniex"), ("huobi_por_20240801.csv", "htx"), ("some.csv", "htx")],
)
def test_of_two_exchanges_with_one_layout_the_name_of_the_file_tells_which(
    name: str, verdict: str, tmp_path: Path
) -> None:
    (tmp_path / name).write_text(SIGNERS)
    assert publisher.publisher(str(tmp_path / name)) == verdict


def test_a_signer_row_has_a_verdict_of_its_own_and_names_its_row(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    path = tmp_path / "huobi_por_20240701.csv"
    path.write_text(SIGNERS)
    assert told(capsys, "verify", str(path), "--out", str(tmp_path / "v.csv"))[0] == 0
    with (tmp_path / "v.csv").open(encoding="utf-8", newline="") as stream:
        found = [
            (line["source_row"], line["for_row"], line["verdict"], line["rejected"]) for line in csv.DictReader(stream)
        ]
    assert found == [("5", "", "unsigned", ""), ("6", "5", "malformed", ""), ("7", "", "malformed", "not_a_number")]


def test_strict_verify_fails_a_file_that_is_not_all_proven(capsys: pytest.CaptureFixture[str]) -> None:
    assert told(capsys, "verify", FILE, "--strict")[0] == 3


def test_parse_says_what_is_in_a_file(capsys: pytest.CaptureFixture[str]) -> None:
    code, shown, _ = told(capsys, "parse", FILE)
    assert code == 0
    assert re.search(r"okx_csv, okx/2024-03-25, [\d,]+ bytes, sha256 [0-9a-f]{64}", shown)
    assert re.search(r"\d+ claims \+ 0 signer rows \+ \d+ rejections in the address block", shown)
    assert "not_a_number" in shown


@pytest.mark.parametrize(
    ("arguments", "code", "why"),
    [
        (["verify", "nowhere.csv"], 1, "nowhere.csv: cannot be read"),
        (["verify", "F", "--out", "v.xlsx"], 1, ".parquet or .csv"),
        (["run", "ftx", "--report", FILE], 1, "'ftx' is no exchange of the registry"),
        (["run", "okx", "--report", FILE, "--replay", "nowhere"], 1, "no recording lies there"),
        (["run", "okx", "--report", FILE, "--replay", str(RECORDING), "--record", "r"], 1, "not both"),
        (
            ["run", "okx", "--report", FILE, "--snapshot", "soon", "--replay", str(RECORDING)],
            1,
            "a day of the exchange's clock",
        ),
        (
            ["balances", "--network", "moon", "--asset", "ETH", "--at", "1", "--addresses", "A", "--out", "o.csv"],
            1,
            "no such network",
        ),
        (
            ["balances", "--network", "ethereum", "--asset", "DOGE", "--at", "1", "--addresses", "A", "--out", "o.csv"],
            1,
            "not known on ethereum",
        ),
        (
            ["balances", "--network", "horizen", "--asset", "ZEN", "--at", "1", "--addresses", "A", "--out", "o.csv"],
            1,
            "horizen",
        ),
        (
            [
                "balances",
                "--network",
                "ethereum",
                "--asset",
                "ETH",
                "--at",
                "1",
                "--addresses",
                "A",
                "--out",
                "o.csv",
                "--dump",
                "F",
            ],
            1,
            "no set of all",
        ),
        (
            [
                "balances",
                "--network",
                "bitcoin",
                "--asset",
                "BTC",
                "--at",
                "1",
                "--addresses",
                "B",
                "--out",
                "o.csv",
                "--dump",
                "F",
            ],
            1,
            "no UTXO dump",
        ),
        (
            [
                "balances",
                "--network",
                "bitcoin",
                "--asset",
                "BTC",
                "--at",
                "1",
                "--addresses",
                "B",
                "--out",
                "o.csv",
                "--dump-hash",
                "x",
            ],
            1,
            "--dump",
        ),
        (
            [
                "balances",
                "--network",
                "bitcoin",
                "--asset",
                "BTC",
                "--at",
                "1",
                "--addresses",
                "B",
                "--out",
                "o.csv",
                "--outpoints",
                "p.csv",
            ],
            1,
            "--dump",
        ),
        (["query", "select 1"], 1, "nothing is built yet"),
        (
            ["query", "select 1", "--lake", "ftp://bucket/lake"],
            1,
            "a lake lies in a local folder or at s3://, gs://, az://",
        ),
        (["publish"], 1, "nothing is built yet"),
        (["query", "select 1", "--lake", "typo"], 1, "typo: no lake lies there"),
        (["summary", "--lake", "typo"], 1, "typo: no lake lies there"),
        (["build", "--lake", "typo"], 1, "typo: no lake lies there"),
        (["publish", "--lake", "typo"], 1, "typo: no lake lies there"),
        (["check", "--lake", "typo"], 1, "typo: no lake lies there"),
        (["verify", "F", "--out", "nowhere/v.csv"], 1, "there is no folder nowhere"),
        (["frobnicate"], 2, "invalid choice"),
        (["run", "okx"], 1, "--report"),
        (["verify", "E"], 1, "E"),
    ],
)
def test_what_goes_wrong_is_a_line_and_an_exit_code(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    arguments: list[str],
    code: int,
    why: str,
) -> None:
    """An error that is not told as a line would be raised here: a process would show its traceback."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "F").write_bytes(Path(FILE).read_bytes())
    (tmp_path / "A").write_text("0x" + "11" * 20 + "\n")
    (tmp_path / "B").write_text("1BoatSLRHtKNngkdXEeobR76b53LETtpyT\n")
    (tmp_path / "E").write_bytes(b"")
    if code == 2:  # as argparse ends a process
        with pytest.raises(SystemExit) as end:
            cli.main(arguments)
        ended, said = end.value.code, capsys.readouterr().err
    else:
        ended, _, said = told(capsys, *arguments)
    assert ended == code, said
    assert why in said
    assert "Traceback" not in said
    assert not (tmp_path / "o.csv").exists()


@pytest.mark.parametrize(
    ("arguments", "code", "why"),
    [
        (["networks"], 0, ""),
        (["verify", "nowhere.csv"], 1, "nowhere.csv: cannot be read"),
        (["frobnicate"], 2, "invalid choice"),
        (["verify", FILE, "--strict"], 3, ""),
    ],
)
def test_a_process_ends_with_the_code_of_its_command_and_without_a_traceback(
    porlake: Porlake, arguments: list[str], code: int, why: str
) -> None:
    done = porlake(*arguments)
    assert done.returncode == code, done.stderr
    assert why in done.stderr
    assert "Traceback" not in done.stderr


def test_a_key_in_the_settings_is_never_shown(porlake: Porlake, tmp_path: Path) -> None:
    (tmp_path / "A").write_text("0x" + "11" * 20 + "\n")
    settings = nobody(tmp_path / "endpoints.toml", but="ethereum")
    with settings.open("a") as out:
        out.write(
            '[ethereum]\nurl = "http://user:hunter2@127.0.0.1:9/k3y?token=t0ken"\nheaders = { auth = "h3ader" }\n'
        )
    arguments = [
        "balances",
        "--network",
        "ethereum",
        "--asset",
        "ETH",
        "--at",
        "1",
        "--addresses",
        "A",
        "--out",
        "o.csv",
    ]
    done = porlake(*arguments, PORLAKE_ENDPOINTS=str(settings))
    assert done.returncode == 1
    assert "127.0.0.1:9" in done.stderr
    doctor = porlake("doctor", PORLAKE_ENDPOINTS=str(settings))
    bad = porlake("doctor", PORLAKE_ENDPOINTS=str(tmp_path / "A"))
    for text in (done.stderr, doctor.stdout, doctor.stderr, bad.stderr):
        assert not re.search("hunter2|k3y|t0ken|h3ader", text)
    assert bad.returncode == 1


def test_a_misspelled_network_in_the_environment_is_named(porlake: Porlake) -> None:
    done = porlake("doctor", PORLAKE_ENDPOINT_ETHERIUM="http://127.0.0.1:9")
    assert (done.returncode, "PORLAKE_ENDPOINT_ETHERIUM: no such network" in done.stderr) == (1, True)


def test_networks_says_how_each_is_supported(capsys: pytest.CaptureFixture[str]) -> None:
    code, shown, _ = told(capsys, "networks")
    assert code == 0
    assert re.search(r"ethereum +evm +exact +- +yes +- +yes", shown)
    assert re.search(r"horizen +the chain has stopped", shown)


def test_every_command_has_a_help_with_an_example(capsys: pytest.CaptureFixture[str]) -> None:
    verbs = [
        "parse",
        "verify",
        "explain",
        "inclusion",
        "find",
        "run",
        "observe",
        "sweep",
        "balances",
        "build",
        "publish",
        "page",
        "query",
        "summary",
        "check",
        "upgrade",
        "lake",
        "doctor",
        "airflow",
        "networks",
    ]
    for verb in verbs:
        with pytest.raises(SystemExit) as end:
            cli.main([verb, "--help"])
        assert end.value.code == 0
        assert f"example:\n  porlake {verb}" in capsys.readouterr().out
    with pytest.raises(SystemExit):
        cli.main(["--help"])
    listed = re.findall(r"^    (\w+) ", capsys.readouterr().out, re.MULTILINE)
    assert listed == verbs


def test_a_cell_that_a_spreadsheet_would_run_is_written_as_text(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    path = tmp_path / "huobi_por_20240701.csv"
    path.write_text(SIGNERS.replace("0x3333333333333333333333333333333333333333", "=HYPERLINK(1)"))
    told(capsys, "verify", str(path), "--out", str(tmp_path / "v.csv"))
    assert ",=HYPERLINK" not in (tmp_path / "v.csv").read_text()
    assert "HYPERLINK(1)" in (tmp_path / "v.csv").read_text()

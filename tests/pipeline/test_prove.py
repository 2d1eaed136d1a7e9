"""Proofs of liabilities from published files to the lake: what is archived, of which moment, and what is never kept."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from liabilities.toy import added
from porlake import liabilities, pipeline
from porlake.errors import ReportError, SnapshotUnknown, UnknownFormat
from porlake.liabilities import Total
from porlake.model import DATASETS, Liability, LiabilityProof, LiabilityProofTotal, ReportFile
from porlake.pipeline import _prove
from support import tree

TOTALS = (
    "exchange,report_no,snapshot,snapshot_precision,asset,wallet_amount,own_amount,custody_amount,liabilities,"
    "printed_ratio,usd,scope,source,note\nokx,2,2024-03-25,day,BTC,113754,,,112192,101,,,press,\n"
)
PROOF = b"toy 5\nann 3\nbob 2\n"
NAME = "toy_20240325.txt"


@pytest.fixture(autouse=True)
def toy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    folder = tmp_path / "room"
    folder.mkdir()
    with added(folder, monkeypatch):
        yield


@pytest.fixture
def chosen(tmp_path: Path) -> pipeline.Session:
    return pipeline.session(tmp_path / "lake", environ={})


def put(folder: Path, **files: bytes) -> Path:
    folder.mkdir(exist_ok=True)
    for name, content in files.items():
        (folder / name.replace("__", ".")).write_bytes(content)
    return folder


def proved(chosen: pipeline.Session, source: Path, snapshot: str | None = None) -> list[LiabilityProof]:
    for report in pipeline.archive(chosen, "okx", str(source), snapshot):
        pipeline.parse(chosen, report)
        if pipeline.is_proof(chosen, report):
            pipeline.prove(chosen, report)
    return list(chosen.lake.rows(LiabilityProof))


def test_a_proof_goes_from_its_file_to_the_lake(chosen: pipeline.Session, tmp_path: Path) -> None:
    path = tmp_path / NAME
    path.write_bytes(PROOF)
    (row,) = proved(chosen, path, "2024-03-25")
    file = chosen.lake.report(row.report)
    assert (file.attestation, file.content, file.format, file.statement, file.members[0].split("  ")[1:]) == (
        "okx/2024-03-25", "liability_proof", "toy_tree", "okx/toy_tree", ["proof", NAME],
    )  # fmt: skip
    assert (row.proof_scheme, row.proof_kind, row.proof_verdict, row.reason) == (
        "toy_tree", "tree", "holds", "every_check_holds",
    )  # fmt: skip
    assert (row.root, row.leaves, row.checks_passed, row.checks_failed, row.not_shown) == (
        f"{5:064x}", 2, ["sums"], [], ["leaves_not_dated"],
    )  # fmt: skip
    assert [(one.label, one.asset, one.owed, one.owed_published) for one in chosen.lake.rows(LiabilityProofTotal)] == [
        ("USDT", "USDT", 5 * 10**18, "5")
    ]
    assert pipeline.is_parsed(chosen, row.report)
    assert not pipeline.attests(chosen, row.report)
    assert not pipeline.has_addresses(chosen, row.report)


def test_proving_again_gives_the_same_bytes(chosen: pipeline.Session, tmp_path: Path) -> None:
    path = tmp_path / NAME
    path.write_bytes(PROOF)
    (row,) = proved(chosen, path, "2024-03-25")
    before = tree(chosen.root)
    assert proved(chosen, path, "2024-03-25") == [row]
    assert tree(chosen.root) == before


@pytest.mark.parametrize(
    ("content", "verdict", "failed"),
    [(b"toy 6\nann 3\nbob 2\n", "broken", ["sums"]), (b"toy of clay\n", "malformed", [])],
)
def test_a_proof_that_does_not_hold_is_a_row(
    chosen: pipeline.Session, tmp_path: Path, content: bytes, verdict: str, failed: list[str]
) -> None:
    path = tmp_path / NAME
    path.write_bytes(content)
    (row,) = proved(chosen, path, "2024-03-25")
    assert (row.proof_verdict, row.checks_failed) == (verdict, failed)


def test_a_proof_beside_a_report_is_of_its_moment(chosen: pipeline.Session, tmp_path: Path) -> None:
    folder = put(tmp_path / "both", totals__csv=TOTALS.encode(), liabilities__txt=PROOF, readme=b"hello")
    (row,) = proved(chosen, folder)
    files = {file.content: file for file in chosen.lake.rows(ReportFile)}
    assert set(files) == {"totals", "liability_proof"}
    assert files["totals"].attestation == files["liability_proof"].attestation == "okx/2024-03-25"
    assert [line.split("  ")[1:] for line in files["totals"].members[1:]] == [["-", "readme"]]
    assert row.report == files["liability_proof"].report


def test_a_proof_of_no_moment_is_refused(chosen: pipeline.Session, tmp_path: Path) -> None:
    path = tmp_path / "toy.txt"
    path.write_bytes(PROOF)
    with pytest.raises(SnapshotUnknown, match=r"toy\.txt: .* give --snapshot"):
        pipeline.archive(chosen, "okx", str(path))


def test_a_proof_that_is_given_with_a_report_is_of_its_moment(chosen: pipeline.Session, tmp_path: Path) -> None:
    put(tmp_path / "files", totals__csv=TOTALS.encode(), toy__txt=PROOF)
    proof, totals = (str(tmp_path / "files" / name) for name in ("toy.txt", "totals.csv"))
    found = pipeline.archive_all(chosen, "okx", [proof, totals, totals])
    assert [chosen.lake.report(report).content for report in found] == ["totals", "liability_proof"]
    assert pipeline.attestations(chosen, found) == ["okx/2024-03-25"]


def test_a_proof_that_is_given_with_reports_of_two_moments_is_of_neither(
    chosen: pipeline.Session, tmp_path: Path
) -> None:
    later = TOTALS + TOTALS.splitlines()[1].replace("2024-03-25", "2024-04-25") + "\n"
    put(tmp_path / "files", totals__csv=later.encode(), toy__txt=PROOF)
    with pytest.raises(SnapshotUnknown, match=r"toy\.txt"):
        pipeline.archive_all(chosen, "okx", [str(tmp_path / "files" / name) for name in ("totals.csv", "toy.txt")])


def test_a_report_that_says_no_moment_gets_none_from_others(chosen: pipeline.Session, tmp_path: Path) -> None:
    rows = "coin,snapshot height,balance\nBTC(ALL),1,1\nBTC,1,1\n\n"
    rows += "coin,address,snapshot height,balance,message,signature\n"
    put(tmp_path / "files", totals__csv=TOTALS.encode(), por__csv=rows.encode())
    with pytest.raises(SnapshotUnknown, match=r"por\.csv"):
        pipeline.archive_all(chosen, "okx", [str(tmp_path / "files" / name) for name in ("totals.csv", "por.csv")])


# --- a customer's own file --------------------------------------------------------------------------------------------
def test_a_customers_own_file_is_never_archived(chosen: pipeline.Session, tmp_path: Path) -> None:
    path = tmp_path / "ann_20240325.txt"
    path.write_bytes(b"me ann 3\n")
    with pytest.raises(ReportError, match="one customer's own \\(toy_tree\\): it is never kept") as caught:
        pipeline.archive(chosen, "okx", str(path), "2024-03-25")
    assert "ann" not in str(caught.value)
    assert not (chosen.root / "raw").exists()


@pytest.mark.parametrize("zipped", [True, False])
def test_a_customers_own_file_among_others_is_passed_over(
    chosen: pipeline.Session, tmp_path: Path, zipped: bool
) -> None:
    source = put(tmp_path / "both", toy__txt=PROOF, ann__txt=b"me ann 3\n")
    if zipped:
        source = tmp_path / "both.zip"
        with zipfile.ZipFile(source, "w") as archive:
            archive.write(tmp_path / "both" / "toy.txt", "toy.txt")
            archive.write(tmp_path / "both" / "ann.txt", "ann.txt")
    assert len(proved(chosen, source, "2024-03-25")) == 1
    kept = [path for path in chosen.root.rglob("*") if path.is_file()]
    assert not [path for path in kept if b"me ann" in path.read_bytes() or b"ann.txt" in path.read_bytes()]
    (file,) = chosen.lake.rows(ReportFile)
    assert (len(file.members), file.container) == (1, None)


# --- totals in base units ---------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("asset", "owed", "found"),
    [
        ("BTC", "1.5", (150000000, "")),
        ("BTC", "0", (0, "")),
        ("BTC", "0.000000001", (1, "rounded_up")),
        ("", "1", (None, "unknown_asset")),
        ("BTC", "-1", (None, "negative_total")),
        ("BTC", "1e5", (None, "not_a_number")),
        ("BTC", "", (None, "not_a_number")),
        ("BTC", "9" * 60, (None, "too_large")),
    ],
)
def test_what_is_owed_is_whole_base_units_or_null_with_the_reason(
    asset: str, owed: str, found: tuple[int | None, str]
) -> None:
    assert _prove._base_units(Total("label", asset, owed, True)) == found


def test_a_format_that_is_gone_is_named(chosen: pipeline.Session, tmp_path: Path) -> None:
    path = tmp_path / NAME
    path.write_bytes(PROOF)
    (row,) = proved(chosen, path, "2024-03-25")
    room = next(place for place in liabilities.__path__ if place.endswith("room"))
    liabilities.__path__.remove(room)
    with pytest.raises(UnknownFormat, match="no proof format has the name 'toy_tree'"):
        pipeline.prove(chosen, row.report)


def test_a_lake_without_a_proof_has_no_row_of_one(chosen: pipeline.Session, tmp_path: Path) -> None:
    path = tmp_path / "totals.csv"
    path.write_text(TOTALS)
    assert proved(chosen, path) == []
    assert not (chosen.root / "lake" / "liability_proof").exists()
    assert {row.proof_kind for row in chosen.lake.rows(Liability)} == {"printed"}
    assert {"liability_proof", "liability_proof_total"} < set(DATASETS)

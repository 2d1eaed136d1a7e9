"""What is worth a task of its own: small reports together, long observations in shares, an endpoint's rate parted."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from observation.test_columns import ONLY, claim, file
from observation.test_shares import ENDPOINT, FACE
from observation.toy import toy
from porlake import pipeline, registry
from porlake.airflow.local import pools_of_networks
from porlake.airflow.pools import SLOTS
from porlake.model import Balance, Claim, ReportFile
from porlake.observation import shares
from porlake.pipeline import _plan


def session(folder: Path, sizes: list[int], content: str = "addresses") -> tuple[pipeline.Session, list[str]]:
    opened, reports = pipeline.session(folder, environ={}), []
    for number, size in enumerate(sizes):
        one = replace(file(), report=f"{number:064x}", size_bytes=size, content=content)
        where = {"exchange": one.exchange, "report": one.report, "attestation": one.attestation}
        opened.lake.write(ReportFile, where, [one])
        reports.append(one.report)
    return opened, reports


@pytest.mark.parametrize(
    ("sizes", "groups"),
    [
        ([], []), ([0], [1]), ([1, 2, 3], [3]), ([50], [1]), ([51], [1]), ([51, 1], [1, 1]), ([50, 1], [1, 1]),
        ([49, 1], [2]), ([49, 1, 0, 1], [3, 1]), ([1, 50, 1], [1, 1, 1]), ([20, 20, 20, 20], [2, 2]),
    ],
)  # fmt: skip
def test_small_reports_are_parsed_together(
    sizes: list[int], groups: list[int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_plan, "TOGETHER_BYTES", 50)
    opened, reports = session(tmp_path, sizes)
    found = pipeline.together(opened, reports)
    assert [len(group) for group in found] == groups
    assert [report for group in found for report in group] == reports


def test_a_network_that_is_asked_long_is_in_shares_and_the_others_are_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with toy(tmp_path / "family", FACE):
        opened, (report,) = session(tmp_path / "lake", [1])
        opened = replace(opened, endpoints={"toynet": ENDPOINT})
        rows = [claim(n, "toynet", "TOY", f"a{n}", 1, 7) for n in range(1, 31)]
        rows += [claim(n, "ethereum", "ETH", f"0x{n:040x}", 1, 7) for n in range(31, 90)]
        opened.lake.write(Claim, {**ONLY, "report": report}, [replace(row, report=report) for row in rows])
        assert pipeline.shares(opened, report) == []
        monkeypatch.setattr(shares, "A_SECOND", 1.0)
        parts = pipeline.shares(opened, report)
        assert parts == [("toynet", number, 3) for number in range(3)]
        for network, number, of in parts:
            assert pipeline.observe_share(opened, report, network, number, of) == report
        assert not list(opened.lake.pointers(Balance))
        pipeline.observe(opened, report, "toynet")
        assert sum(row.component == "total" for row in opened.lake.rows(Balance)) == 26


def test_transfers_that_show_control_have_no_shares(tmp_path: Path) -> None:
    opened, (report,) = session(tmp_path, [1], "control_transfers")
    assert pipeline.shares(opened, report) == []


def test_as_many_tasks_ask_a_network_at_once_as_its_rate_is_parted_among() -> None:
    slots = {name: pool["slots"] for name, pool in pools_of_networks().items()}
    for network in registry.load().networks.values():
        if network.is_read:
            assert slots[f"porlake_{network.network}"] == SLOTS, "shares ask no endpoint that states a rate"

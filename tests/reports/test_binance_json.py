"""Binance's totals: its moment, the root, and what is null."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from porlake import reports
from porlake.cli import main
from porlake.errors import BadStructure
from reports.published import HERE, as_bundle, published_files, read

FILES = published_files(HERE / "cases" / "binance_json" / "audit")
((NAME, CONTENT),) = FILES.items()


def changed(**data: Any) -> bytes:
    body = json.loads(CONTENT, parse_float=str)
    body["data"] |= data
    return json.dumps(body).encode()


def coin(**figures: Any) -> reports.Item:
    body = json.loads(CONTENT, parse_float=str)
    (item, *_) = read(changed(snapshotDataList=[body["data"]["snapshotDataList"][0] | figures]), "binance", NAME)
    return item


def test_the_moment_is_of_utc_and_days_come_first() -> None:
    ((form, bundle),), _ = reports.recognised(as_bundle(FILES, "binance"))
    assert isinstance(form, reports.SplitFormat)
    (part,) = form.split(bundle)
    assert (part.exchange, part.snapshot) == ("binance", reports.Snapshot(datetime(2026, 4, 1), "moment"))


@pytest.mark.parametrize(
    ("time", "audit", "why"),
    [
        ("04/01/26 00:00:00 UTC", "PR01APR26", "the day of the audit's id"), ("01/04/26", "PR01APR26", "a moment was"),
        ("01/13/26 00:00:00 UTC", "PR01JAN26", "a moment was"), ("01/04/26 24:00:00 UTC", "PR01APR26", "a moment was"),
        ("01/04/26 00:00:00 UTC", "PR04JAN26", "the day of the audit's id"),
        ("01/04/26 00:00:00 UTC", "audit 7", "an id as PR01SEP26"),
    ],
)  # fmt: skip
def test_a_moment_that_is_not_the_audits_is_refused(time: str, audit: str, why: str) -> None:
    with pytest.raises(BadStructure, match=why):
        read(changed(snapshotTime=time, auditId=audit), "binance", NAME)


def test_an_answer_of_nulls_is_not_there_and_no_zeros() -> None:
    nulls = dict.fromkeys(json.loads(CONTENT)["data"])
    with pytest.raises(BadStructure, match="every field is null"):
        read(changed(**nulls), "binance", NAME)


def test_every_line_keeps_the_root() -> None:
    item = coin()
    assert isinstance(item, reports.Summary)
    assert item.note is not None
    assert "1906250e2d94afd82c37d219ef823ff8852cf2321f1be438af07cd18b4f63f48" in item.note
    with pytest.raises(BadStructure, match="64 hexadecimal digits"):
        read(changed(merkleRootHash="19"), "binance", NAME)


@pytest.mark.parametrize(
    ("figures", "remark"),
    [
        ({}, ""),
        ({"exchangeBalance": 610597.565}, "parts_differ"),
        ({"exchangeBalance": "610597.563"}, "parts_differ"),
        ({"thirdPartyCustody": None}, ""),
        ({"thirdPartyCustody": None, "exchangeBalance": 1}, ""),
    ],
)
def test_parts_that_do_not_add_up_are_flagged(figures: dict[str, Any], remark: str) -> None:
    item = coin(**figures)
    assert isinstance(item, reports.Summary)
    assert item.remark == remark


@pytest.mark.parametrize("name", ["binanceLiability", "customerLiability", "ratio"])
def test_a_figure_that_is_null_refuses_its_line(name: str) -> None:
    item = coin(**{name: None})
    assert isinstance(item, reports.Refused)
    assert item.reason == "not_a_number"


def test_a_fund_of_insurance_stops_the_file() -> None:
    with pytest.raises(BadStructure, match="whether such a fund is in the amounts"):
        coin(marginInsurance=5)


def test_totals_have_nothing_that_anybody_signed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    place = tmp_path / NAME
    place.write_bytes(CONTENT)
    assert main(["verify", str(place)]) == 0
    assert "no rows of addresses" in capsys.readouterr().out

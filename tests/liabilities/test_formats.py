"""Proof formats: each has its parts and a fixture that is checked; the check passes where there is no format yet."""

from __future__ import annotations

import io
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import pytest

from porlake import liabilities, reports

HERE = Path(__file__).parent
TOY = """
from porlake.liabilities import Proof, Total

NAME = "toy_tree"
KIND = "tree"
NOT_SHOWN = ("leaves_not_dated",)


def matches(bundle):
    "Whether a file begins with the word toy."
    return any(member.head.startswith(b"toy") for member in bundle.members)


def prove(bundle):
    return Proof(NAME, KIND, "valid", "root_recomputed", "ab" * 32, (Total("BTC", "BTC", "1.5", True),), 1, NOT_SHOWN)
"""


def check_complete(fixtures: Path) -> None:
    """Every format has all parts and a folder of cases, and every folder of cases is of a format."""
    assert {path.parent.name for path in fixtures.glob("*/*")} == set(liabilities.FORMATS)
    for name, form in liabilities.FORMATS.items():
        assert name == form.NAME
        assert form.KIND in liabilities.KINDS
        assert (form.matches.__doc__ or "").startswith("Whether ")


def test_every_format_has_a_fixture() -> None:
    check_complete(HERE / "cases")


@pytest.fixture
def toy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    (tmp_path / "toy_tree.py").write_text(TOY)
    monkeypatch.setattr(liabilities, "__path__", [*liabilities.__path__, str(tmp_path)])
    yield
    sys.modules.pop("porlake.liabilities.toy_tree", None)
    monkeypatch.delattr(liabilities, "toy_tree", raising=False)


@pytest.mark.usefixtures("toy")
def test_a_format_without_a_fixture_is_seen_and_one_with_it_passes(tmp_path: Path) -> None:
    with pytest.raises(AssertionError):
        check_complete(HERE / "cases")
    case = tmp_path / "cases" / "toy_tree" / "whole"
    case.mkdir(parents=True)
    check_complete(tmp_path / "cases")
    form = liabilities.FORMATS["toy_tree"]
    assert isinstance(form, liabilities.ProofFormat)
    bundle: liabilities.Bundle = reports.Bundle((reports.Member("a.txt", io.BytesIO(b"toy")),), "a.txt", "okx")
    assert form.matches(bundle)
    assert form.prove(bundle).verdict == "valid"


def test_a_fixture_without_a_format_is_seen(tmp_path: Path) -> None:
    (tmp_path / "gone_tree" / "whole").mkdir(parents=True)
    with pytest.raises(AssertionError):
        check_complete(tmp_path)


def test_a_module_that_lacks_a_part_is_named_with_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "half_tree.py").write_text("NAME = 'half_tree'\nKIND = 'tree'\n")
    monkeypatch.setattr(liabilities, "__path__", [*liabilities.__path__, str(tmp_path)])
    with pytest.raises(TypeError, match=r"liabilities/half_tree\.py lacks NOT_SHOWN, matches, prove"):
        liabilities.FORMATS["half_tree"]


def test_every_kind_and_verdict_says_what_it_means() -> None:
    assert set(liabilities.KINDS) == set(get_args(liabilities.Kind))
    assert set(liabilities.VERDICTS) == set(get_args(liabilities.Verdict))
    assert all(liabilities.KINDS.values())
    assert all(liabilities.VERDICTS.values())

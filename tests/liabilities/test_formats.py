"""Proof formats: each has its parts and cases that are checked; one is added by one file and a case."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest

from liabilities.proved import HERE, as_bundle, as_file, cases, check_case, check_complete, sound
from liabilities.toy import CODES, TOY, added
from porlake import liabilities
from porlake.errors import UnknownFormat
from porlake.reports import Bundle

CASES = cases()


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.parent.name}/{case.name}")
def test_published_files_give_their_verdict(case: Path) -> None:
    check_case(case)


def test_every_format_has_all_parts_and_a_case() -> None:
    folder = HERE / "cases"
    if not folder.exists():
        assert not list(liabilities.FORMATS)
        return
    check_complete(folder)


@pytest.fixture
def toy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The folder of the toy's case, below the room's folder and its rows."""
    with added(tmp_path, monkeypatch) as case:
        yield case


def test_an_added_format_needs_a_case_and_is_checked_by_it(toy: Path) -> None:
    with pytest.raises(AssertionError):
        check_complete(HERE / "cases")
    for others in (HERE / "cases").glob("*"):
        (toy.parents[1] / others.name).symlink_to(others)
    check_complete(toy.parents[1])
    check_case(toy)
    form = liabilities.FORMATS["toy_tree"]
    assert isinstance(form, liabilities.ProofFormat)
    assert isinstance(form, liabilities.ForUsers)
    assert not isinstance(form, liabilities.TellsProgress)


def test_a_code_without_a_row_is_seen(toy: Path) -> None:
    (toy.parents[2] / "reasons.csv").write_text(CODES.replace("leaves_not_dated", "leaves_undated"))
    with pytest.raises(AssertionError, match="not_shown: leaves_not_dated"):
        check_case(toy)


@pytest.mark.parametrize(
    ("part", "key", "other"),
    [
        ("proof", "verdict", "broken"),
        ("proof", "root", "00"),
        ("proof", "leaves", 3),
        ("proof", "findings", ["negative_leaf"]),
        ("inclusion", "included", None),
        ("inclusion", "depth", 2),
    ],
)
def test_a_case_that_says_otherwise_is_seen(toy: Path, part: str, key: str, other: object) -> None:
    expected = json.loads((toy / "expected.json").read_text())
    (expected[part] if part == "proof" else expected[part][0])[key] = other
    (toy / "expected.json").write_text(json.dumps(expected))
    with pytest.raises(AssertionError):
        check_case(toy)


@pytest.mark.usefixtures("toy")
def test_a_broken_and_a_malformed_file_are_verdicts() -> None:
    form = liabilities.FORMATS["toy_tree"]
    broken = liabilities.verified(form, as_bundle({"a.txt": b"toy 6\nann 3\nbob 2\n"}))
    assert (broken.verdict, broken.reason, sound(broken)) == ("broken", "sum_differs", [])
    assert liabilities.verified(form, as_bundle({"a.txt": b"toy\n"})).verdict == "malformed"


@pytest.mark.usefixtures("toy")
def test_which_files_are_proofs_is_told_by_the_formats() -> None:
    files = as_bundle({"a.txt": b"toy 1\nann 1\n", "readme": b"hello", "b.txt": b"toy 0\n"}).members
    found = liabilities.known_by(files, lambda some: Bundle(tuple(some), "some"))
    assert [(form.NAME, [file.name for file in proof]) for form, proof in found] == [
        ("toy_tree", ["a.txt"]),
        ("toy_tree", ["b.txt"]),
    ]
    assert liabilities.user_formats(as_file(b"me ann 3")) == ["toy_tree"]
    assert liabilities.user_formats(as_file(b"toy 3")) == []


@pytest.mark.usefixtures("toy")
def test_a_format_of_several_files_says_which_belong_together(monkeypatch: pytest.MonkeyPatch) -> None:
    form = liabilities.FORMATS["toy_tree"]
    monkeypatch.setattr(form, "members", lambda bundle: [bundle.members[::-1]], raising=False)
    files = as_bundle({"a.txt": b"toy 1\nann 1\n", "b.txt": b"toy 0\n"}).members
    ((_, proof),) = liabilities.known_by(files, lambda some: Bundle(tuple(some), "some"))
    assert [file.name for file in proof] == ["b.txt", "a.txt"]


@pytest.mark.usefixtures("toy")
def test_a_format_whose_check_takes_long_says_how_far_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    form, said = liabilities.FORMATS["toy_tree"], list[tuple[str, int, int | None]]()

    def verify_telling(bundle: Bundle, tell: Any) -> liabilities.Proof:
        tell("toy", 1, 2)
        return form.verify(bundle)

    monkeypatch.setattr(form, "verify_telling", verify_telling, raising=False)
    liabilities.verified(form, as_bundle({"a.txt": b"toy 0\n"}), lambda *words: said.append(words))
    assert said == [("toy", 1, 2)]


@pytest.mark.usefixtures("toy")
def test_a_file_that_two_formats_know_is_of_neither(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "toy_too.py").write_text(TOY.replace('"toy_tree"', '"toy_too"'))
    files = as_bundle({"a.txt": b"toy 0\n"}).members
    with pytest.raises(UnknownFormat, match=r"a\.txt: toy_too and toy_tree recognise it"):
        liabilities.known_by(files, lambda some: Bundle(tuple(some), "some"))
    sys.modules.pop("porlake.liabilities.toy_too", None)
    monkeypatch.delattr(liabilities, "toy_too", raising=False)


def test_a_fixture_without_a_format_is_seen(tmp_path: Path) -> None:
    (tmp_path / "gone_tree" / "whole").mkdir(parents=True)
    with pytest.raises(AssertionError):
        check_complete(tmp_path)


def test_a_module_that_lacks_a_part_is_named_with_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "half_tree.py").write_text("NAME = 'half_tree'\nKIND = 'tree'\n")
    monkeypatch.setattr(liabilities, "__path__", [*liabilities.__path__, str(tmp_path)])
    with pytest.raises(TypeError, match=r"liabilities/half_tree\.py lacks NOT_SHOWN, matches, verify"):
        liabilities.FORMATS["half_tree"]


def test_every_kind_and_verdict_says_what_it_means() -> None:
    assert set(liabilities.KINDS) == set(get_args(liabilities.Kind))
    assert set(liabilities.VERDICTS) == set(get_args(liabilities.Verdict))
    assert all(liabilities.KINDS.values())
    assert all(liabilities.VERDICTS.values())


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"verdict": "fine"}, "a verdict 'fine'"),
        ({"kind": "oath"}, "a kind 'oath'"),
        ({"reason": ""}, "no reason"),
        ({"checks": (liabilities.Check("sums", False),)}, "it holds, and ['sums'] failed"),
        ({"verdict": "broken"}, "it is broken, and no check failed"),
        ({"checks": ()}, "it holds without a check"),
        ({"checks": (liabilities.Check("", True),)}, "a check without a name"),
    ],
)
def test_a_proof_of_an_unsound_shape_is_seen(changes: dict[str, Any], why: str) -> None:
    whole: dict[str, Any] = {"scheme": "toy_tree", "kind": "tree", "verdict": "holds", "reason": "every_check_holds"}
    checks = (liabilities.Check("sums", True),)
    assert sound(liabilities.Proof(**whole, checks=checks)) == []
    assert sound(liabilities.Proof(**{**whole, "checks": checks, **changes})) == [why]

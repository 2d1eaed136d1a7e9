"""`porlake liabilities verify` and `porlake inclusion`: what they say, their exit codes, and what they never keep."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from liabilities import toy
from porlake import cli, pipeline
from support import tree


@pytest.fixture(autouse=True)
def case(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The folder of the toy's files, in which the commands run, away from any lake of the machine."""
    (room := tmp_path / "room").mkdir()
    with toy.added(room, monkeypatch) as case:
        (case / "broken.txt").write_bytes(b"toy 6\nann 3\nbob 2\n")
        (case / "malformed.txt").write_bytes(b"toy of clay\n")
        (case / "negative.txt").write_bytes(b"toy 5\nann 8\nbob -3\n")
        monkeypatch.chdir(case)
        monkeypatch.delenv("PORLAKE_LAKE", raising=False)
        yield case


def told(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    code = cli.main(list(words))
    shown = capsys.readouterr()
    return code, shown.out, shown.err


@pytest.mark.parametrize(
    ("names", "code", "says"),
    [
        (("toy.txt",), 0, ["verdict     holds", "1. sums  passed: line 1: 5 stated, 5 summed", "leaves      2"]),
        (("toy.txt",), 0, ["USDT   USDT      5  yes", "leaves_not_dated  nobody knows of when the leaves are"]),
        (("broken.txt",), 1, ["verdict     broken", "reason      sum_differs: the sum is another", "1. sums  FAILED"]),
        (("malformed.txt",), 1, ["verdict     malformed", "not_of_the_format: a file cannot be read as the format"]),
        (("toy.txt", "broken.txt"), 1, ["holds", "broken"]),
        (("toy.txt", "expected.json"), 0, ["expected.json: of no proof; passed over"]),
        (("negative.txt",), 0, ["negative_leaf  a user owes; line 3"]),
    ],
)
def test_a_proof_is_shown_with_its_checks_and_limits(
    capsys: pytest.CaptureFixture[str], names: tuple[str, ...], code: int, says: list[str]
) -> None:
    found, shown, _ = told(capsys, "liabilities", "verify", *names)
    assert found == code
    assert [words for words in says if words not in shown] == []


@pytest.mark.parametrize(("verdict", "code"), [("consistent_only", 3), ("unsupported", 3), ("broken", 1), ("holds", 0)])
def test_the_exit_code_is_the_verdicts(capsys: pytest.CaptureFixture[str], case: Path, verdict: str, code: int) -> None:
    room = case.parents[2] / "toy_tree.py"
    room.write_text(toy.TOY.replace('"holds" if fits', f'"{verdict}" if fits'))
    assert told(capsys, "liabilities", "verify", "toy.txt")[0] == code


def test_a_worse_proof_decides_the_exit_code(capsys: pytest.CaptureFixture[str], case: Path) -> None:
    room = case.parents[2] / "toy_tree.py"
    room.write_text(toy.TOY.replace('"holds" if fits', '"unsupported" if fits'))
    assert told(capsys, "liabilities", "verify", "toy.txt", "broken.txt")[0] == 1


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("liabilities", "verify", "nothing.txt"), "nothing.txt: cannot be read: No such file or directory"),
        (("liabilities", "verify", "expected.json"), "toy_tree: a file begins with the word toy"),
        (("liabilities", "verify", "user_ann.txt"), "`porlake inclusion --user FILE` looks at it"),
        (("liabilities", "verify", "toy.txt", "--exchange", "okxx"), "did you mean okx?"),
        (("liabilities", "verify", "https://okx.com/a?key=secret"), "https://: fetch the file first"),
        (("verify", "toy.txt"), "toy.txt: a proof of what is owed: `porlake liabilities verify FILE` checks it"),
        (("verify", "expected.json"), "expected.json: no format recognises it"),
        (("inclusion", "--user", "toy.txt"), "no format knows it as a customer's own file. Looked for: "),
        (("inclusion", "--user", "nothing.txt"), "nothing.txt: cannot be read"),
        (("inclusion", "--user", "user_ann.txt", "--proof", "expected.json"), "expected.json: 0 proofs of toy_tree"),
        (("inclusion", "--user", "user_ann.txt", "--root", "xyz"), "the root 'xyz' is not in hex"),
        (("inclusion", "--user", "user_ann.txt", "--lake", "x"), "--lake goes with --attestation"),
        (("inclusion", "--user", "user_ann.txt", "--attestation", "okx/2024-03-25"), "the lake holds no proof"),
        (("inclusion", "--user", "https://okx.com/me"), "https://: fetch the file first"),
    ],
)
def test_what_a_person_did_wrong_is_said_without_a_traceback(
    capsys: pytest.CaptureFixture[str], words: tuple[str, ...], says: str
) -> None:
    code, shown, complained = told(capsys, *words)
    assert (code, shown) == (1, "")
    assert says in complained
    assert "secret" not in complained


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (
            ("--user", "user_ann.txt", "--proof", "toy.txt"),
            0,
            ["included                  yes", "published root  yes", "toy.txt"],
        ),
        (("--user", "user_eve.txt", "--proof", "toy.txt"), 1, ["included                  NO"]),
        (("--user", "user_ann.txt"), 3, ["it cannot be told", "published root  not compared", "nothing: say what"]),
        (("--user", "user_ann.txt", "--root", "0xAB"), 3, ["held against              the root ab"]),
        (("--user", "user_ann.txt", "--proof", "toy.txt", "--root", "ab"), 0, ["toy.txt, and the root ab"]),
        (("--user", "user_ann.txt", "--proof", "toy.txt"), 0, ["USDT        3", "1 level below", "leaves_not_dated"]),
        (("--user", "user_ann.txt", "--proof", "toy.txt", "--explain"), 0, ["1. root_published  passed"]),
    ],
)
def test_a_customer_is_counted_or_not(
    capsys: pytest.CaptureFixture[str], words: tuple[str, ...], code: int, says: list[str]
) -> None:
    found, shown, _ = told(capsys, "inclusion", *words)
    assert found == code
    assert [said for said in says if said not in shown] == []
    assert ("step by step" in shown) is ("--explain" in words)


def test_the_proof_of_an_attestation_is_found_in_the_lake_and_nothing_is_kept(
    capsys: pytest.CaptureFixture[str], case: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    lake = tmp_path / "lake"
    chosen = pipeline.session(lake, environ={})
    (first,) = pipeline.archive(chosen, "okx", str(case / "negative.txt"), "2024-03-25")
    (report,) = pipeline.archive(chosen, "okx", str(case / "toy.txt"), "2024-03-25")
    before = tree(lake)
    words = ("inclusion", "--user", "user_ann.txt", "--lake", str(lake))
    with caplog.at_level(logging.DEBUG):
        code, shown, complained = told(capsys, *words, "--attestation", "okx/2024-03-25", "--explain")
    assert code == 0
    assert f"toy.txt of okx/2024-03-25, sha256 {report}" in shown, "the newest edition is taken"
    assert first not in shown
    assert tree(lake) == before
    assert "ann" not in caplog.text + complained
    code, _, complained = told(capsys, *words, "--attestation", "okx/2024-03-26")
    assert code == 1
    assert "there are okx/2024-03-25 (toy_tree)" in complained


@pytest.mark.parametrize(
    ("passed", "included", "code", "says"),
    [
        ("True", "True", 0, "published root  yes"),
        ("None", "True", 0, "not compared: say with --root"),
        ("False", "True", 1, "published root  NO"),
        ("True", "None", 3, "published root  yes"),
        ("True", "False", 1, "included                  NO"),
    ],
)
def test_what_was_compared_and_found_decides_the_exit_code(
    capsys: pytest.CaptureFixture[str], case: Path, passed: str, included: str, code: int, says: str
) -> None:
    changed = toy.TOY.replace("None if root is None and published is None else True", passed)
    changed = changed.replace('NAME, "broken" if included is False', f'NAME, "broken" if {included} is False')
    changed = changed.replace('"every_check_holds", included,', f'"every_check_holds", {included},')
    (case.parents[2] / "toy_tree.py").write_text(changed)
    found, shown, _ = told(capsys, "inclusion", "--user", "user_ann.txt", "--proof", "toy.txt")
    assert (found, says in shown) == (code, True), shown


def test_balances_of_nothing_are_counted_and_not_listed(capsys: pytest.CaptureFixture[str], case: Path) -> None:
    room = case.parents[2] / "toy_tree.py"
    room.write_text(toy.TOY.replace('(("USDT", me[1]),)', '(("USDT", me[1]), ("BTC", "0.00"), ("ETH", "0"))'))
    _, shown, _ = told(capsys, "inclusion", "--user", "user_ann.txt")
    assert "as they are counted (nothing of 2 others)" in shown
    assert "BTC" not in shown
    (case / "user_none.txt").write_bytes(b"me eve 0")
    _, shown, _ = told(capsys, "inclusion", "--user", "user_none.txt")
    assert "as they are counted: nothing of each of 3 assets" in shown


def test_the_help_says_what_each_exit_code_means(capsys: pytest.CaptureFixture[str]) -> None:
    for command in ("liabilities", "inclusion"):
        with pytest.raises(SystemExit):
            cli.main([command, "--help"])
        shown = capsys.readouterr().out
        assert [line.split()[0] for line in shown.partition("exit codes:")[2].strip().splitlines()] == ["0", "1", "3"]

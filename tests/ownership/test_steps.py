"""The steps of a judgement: what is told once, which attempt fits, and nothing while nobody listens."""

from __future__ import annotations

from porlake.ownership import _judgement, _steps
from porlake.ownership._steps import Step


def test_steps_are_told_in_order_and_once_an_attempt() -> None:
    with _steps.listening() as steps:
        assert _steps.is_heard()
        _steps.step("shared", 1)
        for tried in ("one", "two"):
            _steps.attempt(tried, "")
            _steps.step("digest", b"same")
            _steps.step("digest", b"same")
            _steps.step("shared", 1)
        _steps.fits()
        _steps.attempt()
        _steps.step("end", "x")
    assert steps.in_order() == [
        Step("shared", 1), Step("digest", b"same", "one"), Step("digest", b"same", "two", True), Step("end", "x"),
    ]  # fmt: skip


def test_nobody_listens_outside() -> None:
    _steps.attempt("x")
    _steps.step("x", 1)
    _steps.fits()
    assert not _steps.is_heard()
    with _steps.listening() as outer:
        with _steps.listening() as inner:
            _steps.step("inner", 1)
        _steps.step("outer", 2)
    assert [step.what for step in inner.in_order()] == ["inner"]
    assert [step.what for step in outer.in_order()] == ["outer"]


def test_every_verdict_has_its_meaning_in_words() -> None:
    verdicts = _judgement.Verdict.__args__  # type: ignore[attr-defined]
    assert tuple(_judgement.MEANINGS) == verdicts
    assert _judgement.MEANINGS["proven"].endswith("of which the threshold of distinct keys signed")
    assert _judgement.MEANINGS["unsupported"].endswith("the reason names it")
    assert all("  " not in meaning for meaning in _judgement.MEANINGS.values())

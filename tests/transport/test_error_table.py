"""What an error means is said by the table that the opener of a client gives."""

from __future__ import annotations

from typing import Any

import pytest

from porlake.errors import BadAnswer, NodeBehind, RateLimited, RequestFailed, TooBig, TransportError, Unavailable
from porlake.transport.error_table import LONGEST_TEXT, NO_TABLE, ErrorTable, Rule

EVM_LIKE = ErrorTable((Rule(RateLimited, codes={-32005}), Rule(Unavailable, text="not available", unless={-32601})))
SOLANA_LIKE = ErrorTable((Rule(NodeBehind, codes={-32005}), Rule(RequestFailed, codes={-1}), Rule(TooBig, text="big")))


def meaning(table: ErrorTable, code: Any, message: Any = "no") -> type[TransportError]:
    return type(table.of_rpc("host", "method", {"code": code, "message": message, "data": [1]}))


def test_one_code_means_two_things_to_two_families() -> None:
    assert meaning(EVM_LIKE, -32005) is RateLimited
    assert meaning(SOLANA_LIKE, -32005) is NodeBehind
    assert issubclass(NodeBehind, Unavailable)  # whoever asks another endpoint then, asks another one now


@pytest.mark.parametrize("code", [-32005, -32601, 429, -102, 0, None, True, "x", 10**300])
def test_without_a_table_an_error_is_a_plain_refusal_that_keeps_code_and_data(code: Any) -> None:
    failed = NO_TABLE.of_rpc("host", "method", {"code": code, "message": "rate limit", "data": [1]})
    assert type(failed) is RequestFailed
    assert (failed.code, failed.data) == (code if type(code) is int else None, [1])


@pytest.mark.parametrize(
    ("code", "message", "expected"),
    [
        (-32000, "State is NOT AVAILABLE", Unavailable),
        (-32601, "method is not available", RequestFailed),
        (None, "not available", Unavailable),
        (-32005.0, "no", RequestFailed),
        (-32004, "no", RequestFailed),
        (-32006, "no", RequestFailed),
    ],
)
def test_the_first_rule_that_fits_decides(code: Any, message: str, expected: type[TransportError]) -> None:
    assert meaning(EVM_LIKE, code, message) is expected


def test_a_rule_may_say_that_an_error_is_a_refusal() -> None:
    failed = SOLANA_LIKE.of_rpc("host", "method", {"code": -1, "message": "too big", "data": 5})
    assert type(failed) is RequestFailed
    assert failed.code == -1


@pytest.mark.parametrize(("said", "seconds"), [("wait 30 s", 30.0), ("wait 0 s", 0.0), ("wait", None)])
def test_a_text_may_say_how_long_to_wait(said: str, seconds: float | None) -> None:
    table = ErrorTable((Rule(RateLimited, text=r"wait(?: (?P<seconds>[0-9]+) s)?"),))
    failed = table.error("host: " + said, None, said)
    assert isinstance(failed, RateLimited)
    assert failed.retry_after == seconds


@pytest.mark.parametrize("error", ["x", [1], True, 7])
def test_an_error_that_is_no_object_is_a_bad_answer(error: Any) -> None:
    assert type(EVM_LIKE.of_rpc("host", "method", error)) is BadAnswer


@pytest.mark.parametrize("size", [LONGEST_TEXT - 1, LONGEST_TEXT, LONGEST_TEXT + 1])
def test_a_text_is_cut(size: int) -> None:
    failed = NO_TABLE.of_rpc("", "", {"code": 1, "message": "x" * size})
    assert str(failed).count("x") == min(size, LONGEST_TEXT)

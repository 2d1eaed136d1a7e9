"""Claims in columns: each account once, at its first height and with the most that is claimed; one network alone is
read; amounts at their border.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from porlake import chains, registry
from porlake.chains._columns import in_columns, number, words_from
from porlake.chains.evm.words import ACCOUNTS
from porlake.errors import TransportError
from porlake.lake import Lake
from porlake.model import Claim, ReportFile
from porlake.observation.columns import NO_HEIGHT, Claimed, Codes, Columns, chosen, claimed, once, units
from porlake.observation.proofs import larger

REPORT, ONLY = "ab" * 32, {"exchange": "okx", "report": "ab" * 32}
AT = chains.BlockRef(7, "aa", datetime(2024, 3, 25, tzinfo=UTC))


def claim(row: int, network: str, asset: str, address: str, amount: int | None, height: int | None) -> Claim:
    return Claim(
        "okx", REPORT, row, network, asset, address, address, asset, network, amount, str(amount), 0, height, "wallet",
        None, None,
    )  # fmt: skip


def file() -> ReportFile:
    now = AT.time
    return ReportFile(
        exchange="okx", report=REPORT, attestation="okx/2024-03-25", snapshot_at=now, snapshot_day=now.date(),
        snapshot_precision="moment", content="addresses", statement="okx/okx_csv", revision=1, format="okx_csv",
        file_name="made.csv", members=[], origin="file:made.csv", container=None, size_bytes=1, retrieved_at=now,
        report_no=None,
    )  # fmt: skip


def read(
    lake: Lake, network: str, form: chains.AccountForm
) -> tuple[dict[str, list[tuple[str, int, int]]], list[object]]:
    found, odd = claimed(lake, file(), network, form, Codes())
    shown = {
        one.asset: [
            (address, int(height), number(one.claims, row))
            for row, (address, height) in enumerate(zip(form.texts(one.accounts).to_pylist(), one.heights, strict=True))
        ]
        for one in found
    }
    return shown, list(odd)


@pytest.mark.parametrize("form", [chains.TEXT, ACCOUNTS], ids=["text", "bytes"])
def test_each_account_once_at_its_first_height_with_the_most_that_is_claimed(
    tmp_path: Path, form: chains.AccountForm
) -> None:
    a, b = "0x" + "bb" * 20, "0x" + "aa" * 20
    lake = Lake(tmp_path)
    rows = [
        claim(1, "one", "ETH", a, 5, 9),
        claim(2, "other", "ETH", a, 50, 9),
        claim(3, "one", "ETH", b, None, None),
        claim(4, "one", "ETH", a, 7, 8),
        claim(5, "one", "USDT", a, 1, 9),
        claim(6, "one", "ETH", a, 6, None),
    ]
    lake.write(Claim, ONLY, rows)
    found, odd = read(lake, "one", form)
    order = [(a, 9, 7), (b, NO_HEIGHT, 0)]
    assert found == {"ETH": sorted(order) if form.in_order else order, "USDT": [(a, 9, 1)]}
    assert not odd
    assert read(lake, "nowhere", form) == ({}, [])


def test_an_address_that_is_none_of_the_form_is_told_apart(tmp_path: Path) -> None:
    lake, good = Lake(tmp_path), "0x" + "aa" * 20
    lake.write(Claim, ONLY, [claim(1, "one", "ETH", "0xnobody", 6, 8), claim(2, "one", "ETH", good, 5, 9)])
    found, odd = read(lake, "one", ACCOUNTS)
    assert found == {"ETH": [(good, 9, 5)]}
    assert odd == [("ETH", "0xnobody")]


def test_each_asset_has_its_own_claims_whatever_stands_between_them(tmp_path: Path) -> None:
    lake, a, b = Lake(tmp_path), "0x" + "aa" * 20, "0x" + "bb" * 20
    said = [("USDT", "0xnobody", 1, 2), ("ETH", a, 3, 4), ("USDT", b, 5, 6), ("ETH", "0xno", 7, 8), ("ETH", b, 9, 10)]
    lake.write(
        Claim,
        ONLY,
        [claim(row, "one", asset, at, amount, height) for row, (asset, at, amount, height) in enumerate(said)],
    )
    found, odd = read(lake, "one", ACCOUNTS)
    assert found == {"ETH": [(a, 4, 3), (b, 10, 9)], "USDT": [(b, 6, 5)]}
    assert odd == [("USDT", "0xnobody"), ("ETH", "0xno")]


# --- amounts ----------------------------------------------------------------------------------------------------------
TRX = registry.load().tokens["tron", "TRX"]


def settled(raw: int, part: int | None = None) -> Claimed:
    codes = Codes()
    accounts, _ = chains.TEXT.of(pa.array(["a"]))
    one = once("TRX", chains.TEXT, codes, [(accounts, np.array([7]), words_from([0]))])
    holdings = chains.Holdings("TRX", TRX, accounts)
    answers: list[chains.Reading | chains.Unread] = [
        chains.Reading("TRX", "a", component, amount, AT, "exact", "m", "s")
        for component, amount in (("total", raw), ("liquid", part))
        if amount is not None
    ]
    for answer in in_columns(holdings, answers):
        one.read.take(answer)
    one.settle(TRX)
    return one


@pytest.mark.parametrize(("more", "fits"), [(-1, True), (0, False), (1, False)])
def test_an_amount_of_more_than_38_digits_is_unread(more: int, fits: bool) -> None:
    finer = registry.load().assets["TRX"].scale - TRX.decimals
    limit = 10 ** (38 - finer)
    for one in (settled(limit + more), settled(5, limit + more)):
        assert one.readable.tolist() == [fits]
        assert fits or one.read.codes.reasons[one.read.reasons[0]] == "balance_too_large"


@pytest.mark.parametrize(("raw", "fits"), [(10**38 - 1, True), (10**38, False), (2**200, False)])
def test_a_word_that_38_digits_do_not_hold_is_unreadable(raw: int, fits: bool) -> None:
    accounts, _ = chains.TEXT.of(pa.array(["a"]))
    holdings = chains.Holdings("TRX", TRX, accounts)
    (answer,) = in_columns(holdings, [chains.Reading("TRX", "a", "total", raw, AT, "exact", "m", "s")])
    assert isinstance(answer, chains.Readings) is fits


def test_answers_of_many_addresses_keep_their_holding_together() -> None:
    count = 2_000
    accounts, _ = chains.TEXT.of(pa.array([f"a{number}" for number in range(count)]))
    holdings = chains.Holdings("TRX", TRX, accounts)
    answers = (
        chains.Reading("TRX", f"a{number}", component, number, AT, "exact", "m", "s")
        for number in range(count)
        for component in ("liquid", "total")
    )
    seen: dict[str, set[int]] = {"liquid": set(), "total": set()}
    for answer in in_columns(holdings, answers):
        assert isinstance(answer, chains.Readings)
        seen[answer.component] |= set(answer.rows.tolist())
        assert seen["total"] <= seen["liquid"], "a total comes with its parts, or after them"
    assert seen["total"] == seen["liquid"] == set(range(count))


@pytest.mark.parametrize("said", [0, 1, 2, 3])
def test_what_was_answered_before_an_error_is_given_but_for_the_last(said: int) -> None:
    accounts, _ = chains.TEXT.of(pa.array(["a0", "a1", "a2"]))

    def answers() -> Iterator[chains.Reading]:
        for place in range(said):
            yield chains.Reading("TRX", f"a{place}", "total", place, AT, "exact", "m", "s")
        raise TransportError("no")

    given: list[int] = []
    with pytest.raises(TransportError):
        for answer in in_columns(chains.Holdings("TRX", TRX, accounts), answers()):
            given += answer.rows.tolist()
    assert given == list(range(max(0, said - 1)))


def test_an_answer_that_waited_a_second_is_given(monkeypatch: pytest.MonkeyPatch) -> None:
    accounts, _ = chains.TEXT.of(pa.array(["a0", "a1", "a2"]))
    clock = iter([0.0, 0.5, 0.999, 1.0, 1.0, 1.0])
    monkeypatch.setattr("porlake.chains._columns.time.monotonic", lambda: next(clock))
    answers = [chains.Reading("TRX", f"a{number}", "total", number, AT, "exact", "m", "s") for number in range(3)]
    found = [answer.rows.tolist() for answer in in_columns(chains.Holdings("TRX", TRX, accounts), answers)]
    assert found == [[0, 1], [2]]


def answer(rows: list[int], words: list[int], component: str = chains.TOTAL, as_of: str = "exact") -> chains.Readings:
    return chains.Readings(np.array(rows), words_from(words), component, AT, as_of, "m", "a.example")


def test_what_stands_for_no_moment_but_now_is_unread() -> None:
    codes = Codes()
    one = once("ETH", chains.TEXT, codes, [(pa.array(["a", "b", "c", "d"]), np.full(4, 7), words_from([1] * 4))])
    one.read.take(answer([0, 1], [5, 6]))
    one.without_head()
    assert one.readable.tolist() == [True] * 4
    one.read.take(answer([1], [6], as_of="near"))
    one.read.take(answer([2, 3], [7, 8], as_of="head"))
    one.unread("refused_by_server", np.array([3]))
    one.without_head()
    reasons = [codes.reasons[code] for code in one.read.reasons]
    assert reasons == ["", "", "no_history", "refused_by_server"]


def test_a_part_of_an_amount_that_38_digits_do_not_hold_takes_the_account_with_it() -> None:
    codes, token = Codes(), registry.load().tokens["ethereum", "USDT"]
    limit = 10 ** (38 - registry.load().assets["USDT"].scale + token.decimals)
    assert limit < 10**38, "else no word is as large"
    one = once("USDT", chains.TEXT, codes, [(pa.array(["a", "b", "c"]), np.full(3, 7), words_from([1] * 3))])
    one.read.take(answer([0, 1, 2], [5, 6, 7]))
    one.read.take(answer([1, 2], [limit - 1, limit], "locked"))
    one.settle(token)
    assert [codes.reasons[code] for code in one.read.reasons] == ["", "", "balance_too_large"]


def test_what_a_reason_stands_against_is_no_amount_whatever_was_read() -> None:
    codes, token = Codes(), registry.load().tokens["ethereum", "USDT"]
    finer = 10 ** (registry.load().assets["USDT"].scale - token.decimals)
    one = once("USDT", chains.TEXT, codes, [(pa.array(["a", "b", "c"]), np.full(3, 7), words_from([1] * 3))])
    one.read.take(answer([0, 1, 2], [5, 10**38 - 1, 2**128 - 1]))
    one.unread("endpoints_disagree", np.array([1, 2]))
    one.settle(token)
    assert one.amounts is not None
    assert one.amounts.to_pylist() == [5 * finer, 0, 0]
    assert [codes.reasons[code] for code in one.read.reasons] == ["", "endpoints_disagree", "endpoints_disagree"]


def test_no_history_is_said_of_the_total_it_came_with() -> None:
    """What an answer says of its accounts stays theirs where the next one does not say it."""
    codes = Codes()
    one = once("ETH", chains.TEXT, codes, [(pa.array(["a", "b", "c"]), np.full(3, 7), words_from([1] * 3))])
    unknown = replace(answer([0, 1], [0, 0]), no_history=np.array([True, False]))
    assert one.read.take(unknown) == 2
    assert one.read.no_history.tolist() == [True, False, False]
    assert one.read.take(answer([1, 2], [5, 6])) == 2
    assert one.read.no_history.tolist() == [True, False, False]


def test_answers_are_put_at_the_places_of_those_that_were_asked_for() -> None:
    found, places = Columns(Codes(), 5), np.array([4, 2, 0])
    assert found.take(answer([0, 2], [5, 6]), places) == 2
    assert found.take(answer([1], [7], "liquid"), places) == 0
    assert found.take(chains.Unreadable(np.array([1]), "token_call_failed", answered=True), places) == 1
    assert found.words[:, 1].tolist() == [6, 0, 0, 0, 5]
    assert found.answered.tolist() == [True, False, True, False, True]
    assert [part.rows.tolist() for part in found.parts] == [[2]]
    assert found.from_chain.tolist() == [False, False, True, False, False]
    assert found.take(chains.Withdrawn(np.array([0, 1])), places) == -2
    assert found.answered.tolist() == [True, False, False, False, False]
    assert [part.rows.tolist() for part in found.parts] == [[]]


@pytest.mark.parametrize(
    ("codes", "names"),
    [([], []), ([1], ["a"]), ([1, 1], ["a", "a"]), ([1, 2, 1], ["a", "b", "a"]), ([1, 1, 0], ["a", "a", None])],
)
def test_names_by_their_codes(codes: list[int], names: list[str | None]) -> None:
    assert chosen([None, "a", "b"], np.array(codes, np.uint16)).to_pylist() == names


@pytest.mark.parametrize(
    ("amount", "word"),
    [(-1, 0), (-(10**38) + 1, 0), (0, 0), (1, 1), (2**63, 2**63), (2**64, 2**64), (10**38 - 1, 10**38 - 1)],
)
def test_an_amount_below_zero_weighs_nothing(amount: int, word: int) -> None:
    found = units(pa.array([5, amount, 6], pa.decimal128(38, 0)))
    assert [number(found, row) for row in range(3)] == [5, word, 6]


def test_the_larger_of_two_numbers_of_two_words() -> None:
    numbers = [(high << 64) + low for high in range(3) for low in range(3)]
    ones, others = zip(*((one, other) for one in numbers for other in numbers), strict=True)
    found = larger(words_from(ones), words_from(others))
    assert [number(found, row) for row in range(len(ones))] == list(map(max, ones, others))

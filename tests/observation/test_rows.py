"""What was observed as rows: of which way they are made, small batches gathered, large ones cut."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from observation.test_columns import file
from observation.told import AT, FINER, USDT
from porlake import chains
from porlake.chains._columns import words_from
from porlake.chains.evm.words import ACCOUNTS
from porlake.lake import Lake
from porlake.model import Balance, Block, Unchanged, Unobserved, Utxo
from porlake.observation import rows as rows_of
from porlake.observation.columns import Claimed, Codes, once
from porlake.observation.rows import DATASETS, Rows

HERE = {"exchange": "okx", "report": "ab" * 32, "network": "ethereum"}
LATER = chains.BlockRef(9, "cc", AT.time + timedelta(seconds=24))
NAMES = [f"0x{n:040x}" for n in range(0xAA00, 0xAA05)]


def accounts(form: chains.AccountForm, *names: str, heights: tuple[int, ...] | None = None) -> Claimed:
    there, good = form.of(pa.array(names))
    assert good.all()
    at = np.array(heights or [AT.height] * len(names), np.int64)
    return once("USDT", form, Codes(), [(there, at, words_from([1] * len(names)))])


def answer(
    rows: list[int], component: str = chains.TOTAL, block: chains.BlockRef = AT, as_of: str = "exact",
    evidence: list[chains.Evidence] | None = None,
) -> chains.Readings:  # fmt: skip
    said = words_from([row + 1 for row in rows])
    return chains.Readings(np.array(rows), said, component, block, as_of, "m", "a.example", evidence=evidence)


def written(
    folder: Path, claimed: Claimed, blocks: dict[int, chains.BlockRef], malformed: list[tuple[str, str]] | None = None
) -> Lake:
    lake = Lake(folder)
    claimed.settle(USDT)
    with lake.writing(*((row_class, HERE) for row_class in DATASETS)) as writers:
        rows = Rows(file(), "ethereum", claimed.read.codes, malformed or [], writers)
        for at in blocks.values():
            rows.block(at, "published")
        rows.asset(claimed, blocks)
        rows.finish((), ())
    return lake


def balances(lake: Lake) -> list[tuple[str, str, int, int, str, int]]:
    return [
        (row.address, row.component, row.amount // FINER, row.height, row.as_of, row.offset_seconds)
        for row in lake.rows(Balance)
    ]


@pytest.mark.parametrize("form", [chains.TEXT, ACCOUNTS], ids=["text", "bytes"])
def test_balances_stand_by_address_and_component_with_their_block(tmp_path: Path, form: chains.AccountForm) -> None:
    claimed = accounts(form, *NAMES[:3][:: 1 if form.in_order else -1], heights=(7, 9, 7))
    first, second, third = form.texts(claimed.accounts).to_pylist()
    claimed.read.take(answer([0, 2]))
    claimed.read.take(answer([1], block=LATER))
    lake = written(tmp_path, claimed, {7: AT, 9: LATER})
    found = [
        (first, "total", 1, 7, "exact", 0),
        (second, "total", 2, 9, "exact", 0),
        (third, "total", 3, 7, "exact", 0),
    ]
    assert balances(lake) == sorted(found)
    assert [(row.height, row.block_origin) for row in lake.rows(Block)] == [(7, "published"), (9, "published")]
    assert {(row.method, row.source, row.confirmed_by) for row in lake.rows(Balance)} == {("m", "a.example", None)}


@pytest.mark.parametrize("form", [chains.TEXT, ACCOUNTS], ids=["text", "bytes"])
def test_a_part_stands_beside_its_total_where_every_balance_is_of_its_block(
    tmp_path: Path, form: chains.AccountForm
) -> None:
    claimed = accounts(form, *NAMES[:2])
    claimed.read.take(answer([1], "liquid"))
    claimed.read.take(answer([0, 1]))
    assert balances(written(tmp_path, claimed, {7: AT})) == [
        (NAMES[0], "total", 1, 7, "exact", 0),
        (NAMES[1], "liquid", 2, 7, "exact", 0),
        (NAMES[1], "total", 2, 7, "exact", 0),
    ]


@pytest.mark.parametrize(
    ("height", "block", "as_of", "offset"),
    [(7, LATER, "head", 24), (7, LATER, "near", 24), (9, AT, "near", -24), (7, LATER, "exact", 24)],
)
def test_a_balance_of_another_block_says_so(
    tmp_path: Path, height: int, block: chains.BlockRef, as_of: str, offset: int
) -> None:
    """Columns of accounts in order are written without a look at each where all is of its block."""
    claimed = accounts(ACCOUNTS, *NAMES[:2], heights=(7, height))
    claimed.read.take(answer([0]))
    claimed.read.take(answer([1], block=block, as_of=as_of))
    lake = written(tmp_path, claimed, {7: AT, 9: LATER} if height == 9 else {7: AT})
    assert balances(lake) == [
        (NAMES[0], "total", 1, 7, "exact", 0),
        (NAMES[1], "total", 2, block.height, as_of, offset),
    ]
    origins = {row.height: row.block_origin for row in lake.rows(Block)}
    assert origins[7] == "published"
    if height == 7:
        assert origins[9] == ("swept" if as_of == "near" else "head")


def test_balances_that_are_all_of_another_block_say_so(tmp_path: Path) -> None:
    claimed = accounts(ACCOUNTS, *NAMES[:2], heights=(9, 9))
    claimed.read.take(answer([0, 1]))
    assert balances(written(tmp_path, claimed, {7: AT, 9: LATER})) == [
        (NAMES[0], "total", 1, 7, "exact", -24),
        (NAMES[1], "total", 2, 7, "exact", -24),
    ]


def test_a_part_of_what_was_refused_is_not_written(tmp_path: Path) -> None:
    claimed = accounts(ACCOUNTS, *NAMES[:2])
    claimed.read.take(answer([0, 1], "liquid"))
    claimed.read.take(answer([0, 1]))
    claimed.unread("balance_too_large", np.array([0]))
    lake = written(tmp_path, claimed, {7: AT})
    assert [(row.address, row.component) for row in lake.rows(Balance)] == [(NAMES[1], "liquid"), (NAMES[1], "total")]
    assert [(row.address, row.reason) for row in lake.rows(Unobserved)] == [(NAMES[0], "balance_too_large")]


@pytest.mark.parametrize("form", [chains.TEXT, ACCOUNTS], ids=["text", "bytes"])
def test_what_is_no_address_is_unobserved_in_its_place(tmp_path: Path, form: chains.AccountForm) -> None:
    claimed = accounts(form, *NAMES[1:3][:: 1 if form.in_order else -1])
    claimed.unread("no_endpoint")
    wrong = [("USDT", "z"), ("ETH", "0xother"), ("USDT", "0"), ("USDT", "z")]
    lake = written(tmp_path, claimed, {}, wrong)
    assert [(row.address, row.reason) for row in lake.rows(Unobserved)] == [
        ("0", "not_an_address"), (NAMES[1], "no_endpoint"), (NAMES[2], "no_endpoint"), ("z", "not_an_address"),
    ]  # fmt: skip
    assert list(lake.rows(Balance)) == []


def test_evidence_is_written_of_the_accounts_that_were_read_by_it_alone(tmp_path: Path) -> None:
    shown = [chains.Evidence(LATER, str(row), f"answer {row}") for row in range(3)]
    claimed = accounts(chains.TEXT, "c", "b", "a", "d")
    claimed.read.take(answer([0, 1, 2], evidence=shown))
    claimed.read.take(answer([3]))
    claimed.unread("endpoints_disagree", np.array([1]))
    lake = written(tmp_path, claimed, {7: AT})
    assert [(row.address, row.last_change, row.answer, row.head_height) for row in lake.rows(Unchanged)] == [
        ("a", "2", "answer 2", 9), ("c", "0", "answer 0", 9),
    ]  # fmt: skip


@pytest.mark.parametrize("form", [chains.TEXT, ACCOUNTS], ids=["text", "bytes"])
@pytest.mark.parametrize("part", [False, True], ids=["totals", "with a part"])
@pytest.mark.parametrize("size", [1, 2, 3, 4, 5, 6])
def test_no_row_is_lost_or_doubled_where_batches_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, form: chains.AccountForm, part: bool, size: int
) -> None:
    """Five accounts by batches of each size around them: read, and unread."""
    monkeypatch.setattr(rows_of, "BATCH", size)
    monkeypatch.setattr(rows_of, "GATHERED", size + 1)
    shown = [chains.Evidence(LATER, str(row), f"answer {row}") for row in range(5)]
    read = accounts(form, *NAMES)
    if part:
        read.read.take(answer([3, 4], "liquid"))
    read.read.take(answer(list(range(5)), evidence=shown))
    lake = written(tmp_path / "read", read, {7: AT})
    expected = [(name, chains.TOTAL, row + 1) for row, name in enumerate(NAMES)]
    expected += [(name, "liquid", row + 1) for row, name in enumerate(NAMES) if row > 2] if part else []
    assert [found[:3] for found in balances(lake)] == sorted(expected)
    unchanged = [(row.address, row.answer) for row in lake.rows(Unchanged)]
    assert unchanged == [(name, f"answer {row}") for row, name in enumerate(NAMES)]
    unread = accounts(form, *NAMES)
    for row in range(5):
        unread.unread(("no_endpoint", "timed_out")[row % 2], np.array([row]))
    rest = written(tmp_path / "unread", unread, {})
    assert [(row.address, row.reason) for row in rest.rows(Unobserved)] == [
        (name, ("no_endpoint", "timed_out")[row % 2]) for row, name in enumerate(NAMES)
    ]


class Taken:
    """A writer that keeps what it is given: its batches' sizes are what is looked at."""

    def __init__(self) -> None:
        self.sizes = list[int]()

    def add_batch(self, batch: pa.RecordBatch) -> None:
        self.sizes.append(batch.num_rows)


@pytest.mark.parametrize(
    ("sizes", "now", "at_end"),
    [
        ([3], [], [3]), ([4], [4], [4]), ([5], [4], [4, 1]), ([3, 1], [4], [4]), ([3, 2], [4], [4, 1]),
        ([2, 1], [], [3]), ([9], [4, 4], [4, 4, 1]), ([3, 2, 3], [4, 4], [4, 4]), ([0], [], []), ([], [], []),
    ],
)  # fmt: skip
def test_small_batches_are_gathered(
    monkeypatch: pytest.MonkeyPatch, sizes: list[int], now: list[int], at_end: list[int]
) -> None:
    monkeypatch.setattr(rows_of, "GATHERED", 4)
    writer = Taken()
    batches = rows_of._Batches(writer)  # type: ignore[arg-type]
    for size in sizes:
        batches.add(pa.RecordBatch.from_pydict({"n": list(range(size))}), whole=False)
    assert writer.sizes == now
    batches.finish()
    assert writer.sizes == at_end
    batches.finish()
    assert writer.sizes == at_end, "what was written is not written again"
    batches.add(pa.RecordBatch.from_pydict({"n": [1, 2]}), whole=True)
    assert writer.sizes == [*at_end, 2]


def test_coins_are_written_by_their_key_where_the_network_has_them(tmp_path: Path) -> None:
    here, lake = HERE | {"network": "bitcoin"}, Lake(tmp_path)
    coins = [chains.Coin("BTC", "b", "cd", 1, 7, 5, False), chains.Coin("BTC", "a", "ab", 0, 8, 6, True)]
    for row_classes, said in ((DATASETS, []), ((*DATASETS, Utxo), coins)):
        with lake.writing(*((row_class, here) for row_class in row_classes)) as writers:
            Rows(file(), "bitcoin", Codes(), [], writers).finish((), said)
    kept = [(row.address, row.txid, row.vout, row.amount, row.coin_height, row.coinbase) for row in lake.rows(Utxo)]
    assert kept == [
        ("a", "ab", 0, 8, 6, True), ("b", "cd", 1, 7, 5, False),
    ]  # fmt: skip

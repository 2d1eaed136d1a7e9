"""One asset after the other: which blocks, what is asked of whom, what a token says of itself, and what it says to
contracts alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from observation.test_columns import file
from observation.told import AT, ETH, FINER, USDT, Heard, Over, Told, amounts_of, held, run
from porlake import chains, registry
from porlake.chains._columns import words_from
from porlake.errors import ChainError, TransportError
from porlake.observation import resume
from porlake.observation.columns import NO_HEIGHT, Codes, Columns
from porlake.observation.reading import Reader, blocks_of

MOMENT = AT.time


# --- blocks -----------------------------------------------------------------------------------------------------------
class Blocks:
    """A chain of one block a second; `head` is its newest."""

    def __init__(self, head: int = 100) -> None:
        self.newest, self.asked = head, list[object]()

    def block(self, height: int) -> chains.BlockRef:
        self.asked.append(height)
        return chains.BlockRef(height, f"h{height}", MOMENT + timedelta(seconds=height - 50))

    def head(self) -> chains.BlockRef:
        self.asked.append("head")
        return chains.BlockRef(self.newest, "head", MOMENT + timedelta(seconds=self.newest - 50))


class Finals(Blocks):
    def __init__(self, final: int, head: int = 100) -> None:
        super().__init__(head)
        self.until = final

    def final(self) -> int:
        self.asked.append("final")
        return self.until


class Moments(Blocks):
    def block_at(self, moment: datetime) -> chains.BlockRef:
        self.asked.append(moment)
        return chains.BlockRef(50, "h50", moment)


def at_heights(*heights: int, asset: str = "USDT") -> Any:
    return held({f"a{n}": 1 for n in range(len(heights))}, Codes(), asset=asset, heights=heights)


@pytest.mark.parametrize(("final", "read"), [(8, [7]), (9, [7, 9]), (10, [7, 9])])
def test_only_a_final_block_is_read(final: int, read: list[int]) -> None:
    client, claimed = Finals(final), at_heights(9, 7, 9)
    blocks, resolved = blocks_of(Over(client), file(), "ethereum", [claimed])
    assert (list(blocks), resolved) == (read, None)
    assert amounts_of(claimed) == {
        f"a{n}": 0 if height in read else "height_not_final" for n, height in enumerate((9, 7, 9))
    }
    assert ("head" in client.asked) == (len(read) < 2), "whether the endpoint is behind is asked only then"


@pytest.mark.parametrize(("head", "behind"), [(49, True), (50, False), (51, False)])
def test_an_endpoint_before_the_snapshot_is_behind_and_its_word_on_heights_is_none(head: int, behind: bool) -> None:
    claimed = at_heights(9)
    if behind:
        with pytest.raises(ChainError, match="ethereum: the endpoint is behind: its head, 49"):
            blocks_of(Over(Finals(8, head)), file(), "ethereum", [claimed])
    else:
        assert blocks_of(Over(Finals(8, head)), file(), "ethereum", [claimed]) == ({}, None)
    undated = replace(file(), snapshot_at=None)
    assert blocks_of(Over(Finals(8, head)), undated, "ethereum", [at_heights(9)]) == ({}, None)


def test_nobody_is_asked_what_is_final_where_no_height_is_named() -> None:
    client = Finals(8)
    assert blocks_of(Over(client), file(), "ethereum", []) == ({}, None)
    assert client.asked == []
    plain = Blocks()
    assert list(blocks_of(Over(plain), file(), "ethereum", [at_heights(9)])[0]) == [9]
    assert plain.asked == [9]


def test_claims_without_a_height_are_read_at_the_block_of_the_moment() -> None:
    client, one, two = Moments(), at_heights(NO_HEIGHT, 9), at_heights(NO_HEIGHT, asset="ETH")
    blocks, resolved = blocks_of(Over(client), file(), "ethereum", [one, two])
    assert (sorted(blocks), resolved) == ([9, 50], 50)
    assert (one.heights.tolist(), two.heights.tolist()) == ([50, 9], [50])
    assert client.asked == [9, MOMENT]


@pytest.mark.parametrize(
    ("client", "changes"),
    [
        (Blocks(), {}),
        (Moments(), {"snapshot_at": None}),
        (Moments(), {"snapshot_precision": "day"}),
    ],
    ids=["no chain by moment", "no moment", "only a day"],
)
def test_without_a_height_or_a_moment_nothing_is_read_there(client: Any, changes: dict[str, Any]) -> None:
    claimed = at_heights(NO_HEIGHT, 9)
    blocks, resolved = blocks_of(Over(client), replace(file(), **changes), "ethereum", [claimed])
    assert (list(blocks), resolved) == ([9], None)
    assert amounts_of(claimed) == {"a0": "no_snapshot_height", "a1": 0}
    assert claimed.heights.tolist() == [NO_HEIGHT, 9]


# --- what is asked ----------------------------------------------------------------------------------------------------
def reader(folder: Path, client: Any, codes: Codes, heard: Heard | None = None, **options: Any) -> Reader:
    return Reader(run(folder, heard), Over(client), "ethereum", codes, "observing", **options)


def test_each_account_is_asked_for_at_its_height_and_none_that_a_reason_stands_against(tmp_path: Path) -> None:
    codes, heard = Codes(), Heard()
    claimed = held(dict.fromkeys("abcd", 1), codes, heights=[5, 7, 5, 7])
    claimed.unread("asset_not_on_network", np.array([2]))
    client = Told({"a": 1, "b": 2, "c": 3, "d": 4}, parts={"liquid": {"d": 9}})
    blocks = {5: chains.BlockRef(5, "h5", MOMENT), 7: chains.BlockRef(7, "h7", MOMENT)}
    reader(tmp_path, client, codes, heard, total=3).read(claimed, USDT, blocks)
    assert client.asked == [(5, ["a"]), (7, ["b", "d"])]
    assert amounts_of(claimed) == {"a": 1, "b": 2, "c": "asset_not_on_network", "d": 4}
    assert [(part.component, part.rows.tolist()) for part in claimed.read.parts] == [("liquid", [3])]
    assert [column.to_pylist() for column in claimed.part_amounts] == [[9 * FINER]]
    assert claimed.amounts is not None
    assert claimed.amounts.to_pylist() == [FINER, 2 * FINER, 0, 4 * FINER]
    assert heard.lines == [("observing", 1, 3), ("observing", 3, 3)]


def test_progress_counts_holdings_over_all_assets_and_no_parts(tmp_path: Path) -> None:
    codes, heard = Codes(), Heard()
    client = Told({"a": 1, "b": 2, "c": "timed_out"}, parts={"liquid": {"a": 1}}, each=2)
    reading = reader(tmp_path, client, codes, heard)
    for asset, token in (("USDT", USDT), ("ETH", ETH)):
        reading.read(held(dict.fromkeys("abc", 1), codes, asset=asset), token, {7: AT})
    assert heard.lines == [("observing", done, 0) for done in (2, 3, 5, 6)]
    assert Columns(codes, 1).take(chains.Readings(np.array([0]), words_from([1]), "liquid", AT, "exact", "m", "s")) == 0


@pytest.mark.parametrize("silent", [0, 1, 2])
def test_a_holding_that_is_not_answered_at_all_fails_the_endpoint(tmp_path: Path, silent: int) -> None:
    codes = Codes()
    client = Told({"a": 1, "b": 2 if silent < 2 else None, "c": 3 if silent < 1 else None})
    claimed = held(dict.fromkeys("abc", 1), codes)
    if silent:
        with pytest.raises(ChainError, match=f"^ethereum: {silent} holdings of USDT were not answered at all"):
            reader(tmp_path, client, codes).read(claimed, USDT, {7: AT})
    else:
        reader(tmp_path, client, codes).read(claimed, USDT, {7: AT})
        assert amounts_of(claimed) == {"a": 1, "b": 2, "c": 3}


def test_what_is_known_already_and_what_was_kept_is_not_asked_for_again(tmp_path: Path) -> None:
    """Kept: `b` whole, of `c` a part without its total; known: `a`, of which something else was kept too."""
    codes, heard, folder = Codes(), Heard(), tmp_path / "scratch"
    claimed = held(dict.fromkeys("abcd", 1), codes)
    kept = resume.kept(folder, "ethereum", chains.Holdings("USDT", USDT, claimed.accounts, claimed.form), AT)
    for rows, component in (([0, 1, 2], "liquid"), ([0, 1], "total")):
        words = words_from([100 + row for row in rows])
        kept.keep(chains.Readings(np.array(rows), words, component, AT, "exact", "m", "kept.example"))
    kept.flush()

    def known(holdings: chains.Holdings, at: chains.BlockRef, found: Columns) -> None:
        assert (len(holdings), at) == (4, AT)
        found.take(chains.Readings(np.array([0]), words_from([7]), "total", AT, "near", "sweep", "swept.example"))

    client = Told({"c": 3, "d": 4}, parts={"liquid": {"c": 30}})
    reader(tmp_path, client, codes, heard, scratch=folder, known=known, total=4).read(claimed, USDT, {7: AT})
    assert client.asked == [(7, ["c", "d"])]
    assert amounts_of(claimed) == {"a": 7, "b": 101, "c": 3, "d": 4}
    parts = [(part.component, part.rows.tolist(), part.words[:, 1].tolist()) for part in claimed.read.parts]
    assert parts == [("liquid", [1], [101]), ("liquid", [2], [30])]
    assert heard.lines == [("observing", 2, 4), ("observing", 4, 4)]


def test_what_was_answered_before_a_failure_is_kept_and_the_rest_is_asked_for(tmp_path: Path) -> None:
    @dataclass
    class Breaks(Told):
        breaks: bool = True

        def readings(self, holdings: chains.Holdings, at: chains.BlockRef) -> Iterator[chains.Answer]:
            for number, answer in enumerate(super().readings(holdings, at)):
                if self.breaks and number:
                    raise TransportError("gone")
                yield answer

    client = Breaks({"a": 1, "b": 2, "c": 3}, each=1)
    for breaks in (True, False):
        client.breaks, codes = breaks, Codes()
        claimed, reading = held(dict.fromkeys("abc", 1), codes), reader(tmp_path, client, codes, scratch=tmp_path / "s")
        if breaks:
            with pytest.raises(TransportError):
                reading.read(claimed, USDT, {7: AT})
        else:
            reading.read(claimed, USDT, {7: AT})
    assert client.asked == [(7, ["a", "b", "c"]), (7, ["b", "c"])]
    assert amounts_of(claimed) == {"a": 1, "b": 2, "c": 3}


# --- what a token says of itself --------------------------------------------------------------------------------------
@dataclass
class Says(Told):
    decimals_said: int | None = None
    asked_decimals: list[tuple[str, int]] = field(default_factory=list)

    def decimals(self, token: registry.Token, at: chains.BlockRef) -> int | None:
        self.asked_decimals.append((token.asset, at.height))
        return self.decimals_said


@pytest.mark.parametrize(("said", "read"), [(5, False), (6, True), (7, False), (None, True), (0, False)])
def test_a_token_of_other_decimals_is_withheld(tmp_path: Path, said: int | None, read: bool) -> None:
    codes, heard = Codes(), Heard()
    client = Says({"a": 1, "b": 2}, decimals_said=said)
    claimed = held({"a": 1, "b": 2}, codes, heights=[5, 7])
    blocks = {7: AT, 5: chains.BlockRef(5, "h5", MOMENT)}
    reader(tmp_path, client, codes, heard).read(claimed, USDT, blocks)
    assert client.asked_decimals == [("USDT", 7)], "at the newest of the blocks"
    assert amounts_of(claimed) == ({"a": 1, "b": 2} if read else dict.fromkeys("ab", "token_decimals_differ"))
    told = f"observing: {USDT.contract} has {said} decimals and not 6: its balances are withheld"
    assert heard.sentences == ([] if read else [told])


def test_a_coin_is_not_asked_for_its_decimals_and_no_token_of_which_nothing_is_read(tmp_path: Path) -> None:
    codes, client = Codes(), Says({"a": 1}, decimals_said=5)
    coin = held({"a": 1}, codes, asset="ETH")
    reader(tmp_path, client, codes).read(coin, ETH, {7: AT})
    assert amounts_of(coin) == {"a": 1}
    unread, nowhere = held({"a": 1}, codes), held({"a": 1}, codes, heights=[9])
    unread.unread("asset_not_on_network")
    reader(tmp_path, client, codes).read(unread, USDT, {7: AT})
    reader(tmp_path, client, codes).read(nowhere, USDT, {})
    assert amounts_of(unread) == {"a": "asset_not_on_network"}
    assert client.asked_decimals == []


# --- what it says to a contract alone ---------------------------------------------------------------------------------
LIMIT = chains.LIMIT


@dataclass
class Contracts(Told):
    """`nobody`, `itself`: what the token says to them where that is something else; `open_to_all`: by plain calls."""

    nobody: Mapping[str, int] = field(default_factory=dict)
    itself: Mapping[str, int] = field(default_factory=dict)
    open_to_all: Mapping[str, int] = field(default_factory=dict)
    fails: Exception | None = None
    none: bool = False
    called_of: list[list[str]] = field(default_factory=list)
    plainly: int = 0

    def called(self, holdings: chains.Holdings, at: chains.BlockRef) -> tuple[chains.Words, chains.Words] | None:
        addresses: Sequence[str] = holdings.form.texts(holdings.accounts).to_pylist()
        self.called_of.append(addresses)
        if self.fails is not None:
            raise self.fails
        usual = [said if isinstance(said := self.balances[address], int) else LIMIT for address in addresses]
        nobody, itself = (
            words_from([said.get(address, value) for address, value in zip(addresses, usual, strict=True)])
            for said in (self.nobody, self.itself)
        )
        return None if self.none else (nobody, itself)

    def plain(self, holdings: chains.Holdings, at: chains.BlockRef) -> Iterator[chains.Answer]:
        self.plainly += 1
        yield from Told(self.open_to_all, source="plain.example").readings(holdings, at)


def looked_at(folder: Path, client: Contracts, token: registry.Token = USDT) -> tuple[dict[str, int | str], Heard]:
    codes, heard = Codes(), Heard()
    claimed = held(dict.fromkeys(client.balances, 1), codes, asset=token.asset)
    reader(folder, client, codes, heard).read(claimed, token, {7: AT})
    return amounts_of(claimed), heard


ALIKE = dict.fromkeys("ab", 5)


@pytest.mark.parametrize(
    ("client", "seen", "told"),
    [
        (Contracts({"a": 1, "b": 2}), {"a": 1, "b": 2}, ""),
        (Contracts({"a": 1, "b": 2}, none=True), {"a": 1, "b": 2}, ""),
        (Contracts({"a": 1, "b": 2}, fails=TransportError("no")), {"a": 1, "b": 2}, "is not known: no"),
        (Contracts({"a": 1, "b": 2}, fails=ChainError("no")), {"a": 1, "b": 2}, "is not known: no"),
        # both say the same, and not what a contract hears: plain calls are believed
        (Contracts({"a": 1, "b": 2}, nobody={"b": 3}, itself={"b": 3}, open_to_all=ALIKE), ALIKE, "by plain calls"),
        (
            Contracts({"a": 1, "b": 2}, nobody={"b": 2 + 2**64}, itself={"b": 2 + 2**64}, open_to_all=ALIKE),
            ALIKE,
            "by plain calls",
        ),
        # they contradict each other
        (Contracts({"a": 1, "b": 2}, nobody={"b": 3}), dict.fromkeys("ab", "balance_depends_on_caller"), "withheld"),
        (Contracts({"a": 1, "b": 2}, itself={"b": 3}), dict.fromkeys("ab", "balance_depends_on_caller"), "withheld"),
        (
            Contracts({"a": 1, "b": 2}, itself={"b": 2 + 2**64}),
            dict.fromkeys("ab", "balance_depends_on_caller"),
            "withheld",
        ),
        (
            Contracts({"a": 1, "b": 0}, nobody={"b": LIMIT}),
            dict.fromkeys("ab", "balance_depends_on_caller"),
            "withheld",
        ),
        # words that are no amounts, whichever they are, on both sides of one that was read
        (Contracts({"a": 1, "b": 2}, nobody={"b": LIMIT}, itself={"b": LIMIT + 1}, open_to_all=ALIKE), ALIKE, "plain"),
        (Contracts({"a": 1, "b": LIMIT - 1}, nobody={"b": LIMIT - 1}), {"a": 1, "b": LIMIT - 1}, ""),
        # where the chain's word is that there is none, no amount may be heard; who did not answer contradicts nobody
        (Contracts({"a": 1, "b": "token_call_failed!"}), {"a": 1, "b": "token_call_failed"}, ""),
        (
            Contracts({"a": 1, "b": "token_call_failed!"}, nobody={"b": 0}, itself={"b": 0}, open_to_all=ALIKE),
            ALIKE,
            "by plain calls",
        ),
        (Contracts({"a": 1, "b": "timed_out"}, nobody={"b": 0}, itself={"b": 0}), {"a": 1, "b": "timed_out"}, ""),
    ],
)
def test_whom_a_token_tells_what(tmp_path: Path, client: Contracts, seen: dict[str, int | str], told: str) -> None:
    token = replace(USDT, decimals=18)  # so that LIMIT - 1 is an amount of the asset
    found, heard = looked_at(tmp_path, client, token)
    assert found == seen
    assert len(heard.sentences) == bool(told)
    assert all(told in sentence for sentence in heard.sentences)
    assert client.plainly == ("plain" in told)
    assert client.called_of == [["a", "b"]]


def test_a_reason_that_stood_before_stays_where_the_rest_is_withheld(tmp_path: Path) -> None:
    client = Contracts({"a": 1, "b": "timed_out", "c": 3}, nobody={"c": 4})
    found, _ = looked_at(tmp_path, client)
    assert found == {"a": "balance_depends_on_caller", "b": "timed_out", "c": "balance_depends_on_caller"}


def test_a_coin_is_told_to_everybody_alike(tmp_path: Path) -> None:
    client = Contracts({"a": 1}, nobody={"a": 2})
    assert looked_at(tmp_path, client, ETH)[0] == {"a": 1}
    assert client.called_of == []


def test_the_largest_by_what_was_read_and_by_what_is_claimed_and_some_between_are_asked(tmp_path: Path) -> None:
    """Of twenty accounts four each; one that was read and then refused weighs nothing."""

    @dataclass
    class Refuses(Contracts):
        def readings(self, holdings: chains.Holdings, at: chains.BlockRef) -> Iterator[chains.Answer]:
            yield from super().readings(holdings, at)
            yield chains.Unreadable(np.array([7]), "bad_answer")

    names = [f"a{n:02}" for n in range(20)]
    amounts = {name: 100 + n for n, name in enumerate(names)} | {"a07": 10**30}
    client, codes = Refuses(amounts), Codes()
    claimed = held({name: 100 - n for n, name in enumerate(names)}, codes)
    reader(tmp_path, client, codes).read(claimed, replace(USDT, decimals=18), {7: AT})
    assert client.called_of == [[names[n] for n in (0, 1, 2, 3, 6, 12, 16, 17, 18, 19)]]


@pytest.mark.parametrize(
    ("count", "asked"), [(1, [0]), (4, [0, 1, 2, 3]), (5, [0, 1, 2, 3, 4]), (20, [0, 1, 2, 3, 6, 12, 19])]
)
def test_some_between_are_asked_up_to_the_last(tmp_path: Path, count: int, asked: list[int]) -> None:
    names = [f"a{n:02}" for n in range(count)]
    client, codes = Contracts({name: 100 - n for n, name in enumerate(names)}), Codes()
    claimed = held({name: 100 - n for n, name in enumerate(names)}, codes)
    reader(tmp_path, client, codes).read(claimed, replace(USDT, decimals=18), {7: AT})
    assert client.called_of == [[names[n] for n in asked]]


# --- endpoints --------------------------------------------------------------------------------------------------------
def test_an_endpoint_that_is_lost_is_told_of_once(tmp_path: Path) -> None:
    @dataclass
    class Several(Told):
        lost: Sequence[Exception] = ()

        def others(self, sources: Sequence[str]) -> Sequence[Any]:
            return []

        def again(self, witnesses: Any, holdings: chains.Holdings, at: chains.BlockRef) -> Iterator[chains.Answer]:
            raise AssertionError

    codes, heard = Codes(), Heard()
    client = Several({"a": 1})
    reading = reader(tmp_path, client, codes, heard)
    for lost in ([], [TransportError("one")], [TransportError("one"), ChainError("two")]):
        client.lost = lost
        reading.read(held({"a": 1}, codes), USDT, {7: AT})
    said = "observing: an endpoint is not asked any more: "
    assert heard.sentences == [f"{said}one", f"{said}two"]

"""Balances of a list of one's own: which lines, in which order, and what of a family's coins."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from observation.told import run
from observation.toy import toy
from porlake import chains, registry
from porlake.errors import ChainError
from porlake.observation.lists import Line, read_list
from porlake.transport import Endpoint, Recording

FACE = """
from porlake.chains import BlockRef, Coin, Family, OneByOne, Reading, Unread
from datetime import UTC, datetime


class Client(OneByOne):
    def final(self):
        return 9

    def block(self, height):
        return BlockRef(height, "aa", datetime.fromtimestamp(1_700_000_000, UTC))

    head = block

    def balances(self, wanted, at):
        for want in wanted:
            if want.address == "refused":
                yield Unread(want.asset, want.address, "refused_by_server")
                continue
            for component, raw in (("frozen", 3), ("total", 7))[want.address == "plain":]:
                yield Reading(want.asset, want.address, component, raw, at, "exact", "toy", "a.example")


class WithCoins(Client):
    coins = (Coin("TOY", "plain", "ab", 0, 7, 5, False),)


class Toy(Family):
    def open_client(self, network, endpoints, recording, *, beside=None, dump=None, tell=None):
        return WithCoins() if "coins" in endpoints[0].url else Client()


FAMILY = Toy()
"""
AT = "http://a.example"


def listed(folder: Path, *addresses: str, height: int = 7, url: str = AT) -> tuple[list[Line], list[chains.Coin]]:
    with toy(folder / "family", FACE):
        tokens = {"TOY": registry.load().tokens["toynet", "TOY"]}
        asked = run(folder / "lake", endpoints={"toynet": (Endpoint(url), Endpoint("http://b.example"))})
        return read_list(asked, "toynet", tokens, height, addresses)


def test_lines_stand_by_address_and_component_and_what_is_refused_has_no_parts(tmp_path: Path) -> None:
    lines, coins = listed(tmp_path, "refused", "plain", "both")
    found = [(line.address, line.component, line.amount, line.reason) for line in lines]
    assert found == [
        ("both", "frozen", 300, None), ("both", "total", 700, None), ("plain", "total", 700, None),
        ("refused", None, None, "refused_by_server"),
    ]  # fmt: skip
    assert {(line.as_of, line.method, line.source, line.block and line.block.height) for line in lines[:3]} == {
        ("exact", "toy", "a.example", 7)
    }
    assert (lines[3].block, lines[3].as_of, lines[3].source) == (None, None, None)
    assert coins == []


def test_nothing_but_reasons_where_nothing_was_read(tmp_path: Path) -> None:
    assert listed(tmp_path, "refused")[0] == [Line("TOY", "refused", reason="refused_by_server")]


def test_the_coins_of_a_family_that_has_them_are_given(tmp_path: Path) -> None:
    lines, coins = listed(tmp_path, "plain", url="http://coins.example")
    assert [line.amount for line in lines] == [700]
    assert [(coin.txid, coin.raw) for coin in coins] == [("ab", 7)]


@pytest.mark.parametrize(("height", "is_final"), [(8, True), (9, True), (10, False)])
def test_a_list_is_read_at_a_final_block(tmp_path: Path, height: int, is_final: bool) -> None:
    if is_final:
        assert [line.amount for line in listed(tmp_path, "plain", height=height)[0]] == [700]
    else:
        with pytest.raises(ChainError, match="toynet: block 10 is not final yet, 9 is"):
            listed(tmp_path, "plain", height=height)


@pytest.mark.parametrize("is_recorded", [True, False])
def test_answers_are_kept_for_the_next_time_where_nothing_is_recorded(tmp_path: Path, *, is_recorded: bool) -> None:
    with toy(tmp_path / "family", FACE):
        tokens = {"TOY": registry.load().tokens["toynet", "TOY"]}
        asked = run(tmp_path / "lake", endpoints={"toynet": (Endpoint(AT),)})
        if is_recorded:
            asked = replace(asked, recording=Recording.record(tmp_path / "tape"))
        read_list(asked, "toynet", tokens, 7, ["plain"], tmp_path / "scratch")
    assert bool(list((tmp_path / "scratch").rglob("*-1"))) is not is_recorded

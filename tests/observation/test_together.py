"""Several assets read in the same questions: of which that is asked, and what of the answers an asset takes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pytest

from observation.test_columns import ONLY, claim, file
from observation.told import AT, ETH, USDT, Over, Told, held, run
from observation.toy import toy
from porlake import chains, registry
from porlake.chains._columns import words_from
from porlake.lake import Lake
from porlake.model import Balance, Claim
from porlake.observation import observe
from porlake.observation.columns import Claimed, Codes, Columns
from porlake.observation.together import Together
from porlake.transport import Endpoint

TOKENS = {"ETH": ETH, "USDT": USDT}


@dataclass
class Several(Told):
    """Says 100 more of the second asset than of the first, and so on; of each asset the total comes after a part."""

    asked_together: list[list[tuple[str, list[str]]]] = field(default_factory=list)

    def together(self, asked: Sequence[chains.Holdings], at: chains.BlockRef) -> Iterator[tuple[int, chains.Answer]]:
        self.asked_together.append([(one.asset, one.form.texts(one.accounts).to_pylist()) for one in asked])
        for component in ("liquid", chains.TOTAL):
            for place, one in enumerate(asked):
                said = words_from([100 * place + row for row in range(len(one))])
                yield (
                    place,
                    chains.Readings(np.arange(len(one)), said, component, at, "exact", "together", "a.example"),
                )


def asked(
    claimed: Sequence[Claimed],
    *,
    blocks: Mapping[int, chains.BlockRef] | None = None,
    tokens: Mapping[str, registry.Token | None] = TOKENS,
) -> tuple[list[list[tuple[str, list[str]]]], Together]:
    client = Several({})
    made = Together(Over(client), claimed, tokens, {7: AT} if blocks is None else blocks)  # type: ignore[arg-type]
    return client.asked_together, made


def taken(
    made: Together, claimed: Claimed, token: registry.Token, at: chains.BlockRef = AT
) -> tuple[list[int], list[bool], list[tuple[str, list[int]]]]:
    found = Columns(claimed.read.codes, len(claimed.accounts))
    made.take(chains.Holdings(claimed.asset, token, claimed.accounts, claimed.form), at, found)
    parts = [(part.component, part.words[:, 1].tolist()) for part in found.parts]
    return found.words[:, 1].tolist(), found.answered.tolist(), parts


def both(codes: Codes) -> list[Claimed]:
    return [held(dict.fromkeys("abc", 1), codes, asset="ETH"), held(dict.fromkeys("bc", 1), codes)]


def test_two_assets_are_asked_for_at_once_and_each_takes_its_own_answers_once() -> None:
    coin, token = both(Codes())
    questions, made = asked([coin, token])
    assert questions == [[("ETH", ["a", "b", "c"]), ("USDT", ["b", "c"])]]
    assert taken(made, token, USDT) == ([100, 101], [True, True], [("liquid", [100, 101])])
    assert taken(made, coin, ETH) == ([0, 1, 2], [True] * 3, [("liquid", [0, 1, 2])])
    assert taken(made, coin, ETH) == ([0, 0, 0], [False] * 3, [])


@pytest.mark.parametrize(("count", "is_asked"), [(0, False), (1, False), (2, True), (3, True)])
def test_one_asset_is_not_asked_for_so(count: int, is_asked: bool) -> None:
    codes, names = Codes(), ("ETH", "USDT", "USDC")
    tokens = TOKENS | {"USDC": registry.load().tokens["ethereum", "USDC"]}
    claimed = [held({"a": 1}, codes, asset=name) for name in names[:count]]
    questions, made = asked(claimed, tokens=tokens)
    assert questions == ([[(name, ["a"]) for name in names[:count]]] if is_asked else [])
    for place, one in enumerate(claimed):
        assert taken(made, one, tokens[one.asset])[:2] == ([100 * place if is_asked else 0], [is_asked])


LATER = chains.BlockRef(9, "cc", AT.moment)


@pytest.mark.parametrize(("blocks", "is_asked"), [({}, False), ({7: AT}, True), ({7: AT, 9: LATER}, False)])
def test_what_is_read_at_several_blocks_or_none_is_asked_for_by_itself(
    blocks: Mapping[int, chains.BlockRef], is_asked: bool
) -> None:
    questions, _ = asked(both(Codes()), blocks=blocks)
    assert bool(questions) is is_asked


def test_a_client_that_cannot_is_not_asked() -> None:
    claimed = both(Codes())
    made = Together(Over(Told({"a": 1})), claimed, TOKENS, {7: AT})  # type: ignore[arg-type]
    assert taken(made, claimed[0], ETH)[1] == [False] * 3


def test_only_accounts_of_the_block_without_a_reason_are_asked_for() -> None:
    codes = Codes()
    coin = held(dict.fromkeys("abcd", 1), codes, asset="ETH", heights=[7, 9, 7, 7])
    coin.unread("refused_by_server", np.array([3]))
    questions, _ = asked([coin, held({"a": 1}, codes)])
    assert questions == [[("ETH", ["a", "c"]), ("USDT", ["a"])]]


def test_an_asset_without_a_token_or_without_an_account_to_read_is_left_out() -> None:
    codes = Codes()
    coin, token, nothing = both(codes)[0], both(codes)[1], held({"a": 1}, codes, asset="USDC", heights=[9])
    tokens = TOKENS | {"USDC": registry.load().tokens["ethereum", "USDC"]}
    assert asked([coin, nothing], tokens=tokens)[0] == []
    assert asked([coin, token], tokens=TOKENS | {"ETH": None})[0] == []
    assert [name for name, _ in asked([coin, nothing, token], tokens=tokens)[0][0]] == ["ETH", "USDT"]


def test_what_was_told_of_other_accounts_or_another_block_is_not_taken() -> None:
    coin, token = both(Codes())
    _, made = asked([coin, token])
    assert taken(made, coin, ETH, replace(AT, hash="ab"))[1] == [False] * 3
    fewer = held(dict.fromkeys("ab", 1), token.read.codes)
    assert taken(made, fewer, USDT)[1] == [False] * 2


# --- who asks so ------------------------------------------------------------------------------------------------------
FACE = """
from porlake.chains import BlockRef, Family, OneByOne, Reading, Readings
from porlake.chains._columns import words_from
from datetime import UTC, datetime
import numpy as np


class Client(OneByOne):
    def block(self, height):
        return BlockRef(height, "aa", datetime.fromtimestamp(1_700_000_000, UTC))

    head = block

    def balances(self, wanted, at):
        for want in wanted:
            yield Reading(want.asset, want.address, "total", 7, at, "exact", "alone", "a.example")

    def together(self, asked, at):
        for place, one in enumerate(asked):
            said = words_from([8] * len(one))
            yield place, Readings(np.arange(len(one)), said, "total", at, "exact", "together", "a.example")


class Toy(Family):
    tokens = ("issued",)
    def open_client(self, network, endpoints, recording, *, beside=None, dump=None, tell=None):
        return Client()


FAMILY = Toy()
"""


@pytest.mark.parametrize(("content", "method"), [("observed_list", "together"), ("addresses", "alone")])
def test_a_list_that_is_observed_is_asked_for_together_and_a_report_by_asset(
    tmp_path: Path, content: str, method: str
) -> None:
    with toy(tmp_path / "family", FACE):
        rows = tmp_path / "family" / "rows"
        (rows / "assets.csv").write_text((rows / "assets.csv").read_text() + "TOYS,Toys,other,8,,,\n")
        (rows / "tokens.csv").write_text((rows / "tokens.csv").read_text() + "toynet,TOYS,issued,a,6,,\n")
        lake, said = Lake(tmp_path / "lake"), replace(file(), content=content)
        claims = [claim(row, "toynet", asset, "somewhere", 1, 7) for row, asset in enumerate(("TOY", "TOYS"))]
        lake.write(Claim, ONLY, claims)
        observe(run(tmp_path / "lake", endpoints={"toynet": Endpoint("http://a.example")}), said, "toynet")
        found = {row.asset: row.method for row in lake.rows(Balance)}
    assert found == {"TOY": method, "TOYS": method}

"""Antelope: amounts of a symbol, what WAX's market calls otherwise than its chain, and rows of the past."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from chains import stub
from chains.antelope.world import EMPTY, FINAL, HEIGHT, LARGE, LATE, RICH, STAKER, VAULTA, WORLD, without_hyperion
from chains.stub import Change, Server
from porlake import chains, registry
from porlake.chains.antelope.assets import MOST, Symbol, native_of, symbol_of, twin_of, units
from porlake.chains.antelope.hyperion import key_of
from porlake.errors import BadAnswer
from porlake.transport import Endpoint, Recording

FACTS = registry.load()
EOS = Symbol("eosio.token", "EOS", 4)


@pytest.mark.parametrize(
    ("text", "raw"),
    [("0.0000 EOS", 0), ("0.0001 EOS", 1), ("12.3456 EOS", 123_456), (f"{MOST // 10**4}.{MOST % 10**4:04} EOS", MOST)],
)
def test_an_amount_is_its_smallest_units(text: str, raw: int) -> None:
    assert units(text, EOS, what="x") == raw


@pytest.mark.parametrize(
    "text",
    [
        "1.000 EOS", "1.00000 EOS", "1 EOS", "-1.0000 EOS", "1.0000 eos", "1.0000 EOSX", "1.0000EOS", " 1.0000 EOS",
        "1e4 EOS",
        "01.0000 EOS", f"{MOST // 10**4}.{MOST % 10**4 + 1:04} EOS", 1, None, True, ["1.0000 EOS"],
    ],
)  # fmt: skip
def test_what_is_no_amount_of_the_symbol_is_refused(text: object) -> None:
    with pytest.raises(BadAnswer):
        units(text, EOS, what="x")


def test_the_native_coin_of_each_network() -> None:
    eos, wax = (FACTS.networks[name] for name in ("eos", "wax"))
    assert native_of(eos, FACTS.tokens["eos", "EOS"]) == EOS
    assert native_of(wax, FACTS.tokens["wax", "WAXP"]) == Symbol("eosio.token", "WAX", 8)
    assert twin_of(eos, FACTS.tokens["eos", "EOS"]) == (Symbol("core.vaulta", "A", 4), "vaulta")
    assert twin_of(wax, FACTS.tokens["wax", "WAXP"]) is None


@pytest.mark.parametrize(
    ("contract", "why"),
    [("tethertether:USDT", ""), ("tethertether", "contract_unknown"), ("Tether:USDT", "contract_unknown"),
     ("tethertether:usdt", "contract_unknown"), ("tethertethers:USDT", "contract_unknown"), ("", "contract_unknown")],
)  # fmt: skip
def test_a_token_is_a_contract_and_a_code(contract: str, why: str) -> None:
    token = replace(FACTS.tokens["eos", "USDT"], contract=contract)
    assert chains.family(FACTS.networks["eos"]).unreadable(token) == why
    assert (symbol_of(token) is None) is bool(why)


# --- rows of the past -------------------------------------------------------------------------------------------------
@pytest.fixture
def server() -> Iterator[Server]:
    with stub.served(WORLD()) as found:
        yield found


def opened(server: Server, change: Change | None = None) -> Any:
    server.change = change
    return chains.open_client(FACTS.networks["eos"], Endpoint(server.endpoint_url, pause=0.0, tries=1), Recording.off())


def read(client: Any, account: str, height: int = HEIGHT, asset: str = "EOS") -> dict[str, tuple[int, str, str]]:
    wanted = [chains.Wanted(asset, FACTS.tokens["eos", asset], account)]
    answers = list(client.balances(wanted, client.block(height)))
    return {one.component: (one.raw, one.as_of, one.method) for one in answers}


@pytest.mark.parametrize(
    ("height", "expected"),
    [
        (HEIGHT - 1, (90, "exact", "hyperion_get_deltas")),
        (HEIGHT, (100, "exact", "hyperion_get_deltas")),
        (HEIGHT + 1, (150, "exact", "hyperion_get_deltas")),
        (FINAL, (150, "exact", "hyperion_get_deltas")),
        (FINAL + 1, (150, "head", "nodeos_get_account")),
    ],
)
def test_what_is_liquid_is_that_of_the_last_change_up_to_the_block(
    server: Server, height: int, expected: tuple[int, str, str]
) -> None:
    assert read(opened(server), LATE, height)["liquid"] == expected


def test_a_row_that_was_closed_is_zero_and_one_that_the_index_does_not_know_is_of_the_head(server: Server) -> None:
    client = opened(server)
    assert read(client, EMPTY)["liquid"] == (0, "exact", "hyperion_get_deltas")
    assert read(client, VAULTA)["liquid"] == (40, "head", "nodeos_get_account")
    assert read(client, RICH)["vaulta"] == (3, "exact", "hyperion_get_deltas")


def test_stakes_and_the_total_with_them_stay_of_the_head(server: Server) -> None:
    found = read(opened(server), STAKER)
    assert {part: as_of for part, (_, as_of, _) in found.items()} == {
        "liquid": "exact", "staked": "head", "refunding": "head", "rex": "head", "vaulta": "head", "total": "head",
    }  # fmt: skip


def test_a_token_is_one_row_and_exact_as_a_whole(server: Server) -> None:
    client = opened(server)
    assert read(client, LATE, asset="USDT") == {"total": (1, "exact", "hyperion_get_deltas")}
    assert read(client, RICH, asset="USDT") == {"total": (LARGE, "exact", "unchanged_since")}


def test_the_parts_of_the_past_alone(server: Server) -> None:
    client = opened(server)
    wanted = [chains.Wanted("EOS", FACTS.tokens["eos", "EOS"], one) for one in (LATE, VAULTA, STAKER)]
    found = [(one.address, one.component, one.raw) for one in client.past(wanted, client.block(HEIGHT))]
    assert found == [(LATE, "liquid", 100), (STAKER, "liquid", 5)]
    alone = opened(server, without_hyperion)
    assert not list(alone.past(wanted, alone.block(HEIGHT)))


def test_a_row_is_named_by_the_letters_of_its_code() -> None:
    """As eosio.token's tables show it: EOS is 5459781."""
    assert (key_of("EOS"), key_of("A"), key_of("WAX")) == (5_459_781, 65, 5_783_895)

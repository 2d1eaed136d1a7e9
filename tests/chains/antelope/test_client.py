"""Antelope: amounts of a symbol, and what WAX's market calls otherwise than its chain."""

from __future__ import annotations

from dataclasses import replace

import pytest

from porlake import chains, registry
from porlake.chains.antelope.assets import MOST, Symbol, native_of, symbol_of, twin_of, units
from porlake.errors import BadAnswer

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

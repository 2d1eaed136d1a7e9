"""Amounts as Antelope writes them: `12.3456 EOS`, always with all places of the symbol.
https://docs.antelope.io/docs/latest/core-concepts/tokens
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from porlake import numbers
from porlake.errors import BadAnswer
from porlake.registry import Network, Token

MOST = 2**62 - 1  # asset::max_amount of the chain's own code
_SYMBOL = re.compile(r"(?P<contract>[a-z1-5.]{1,12}):(?P<code>[A-Z]{1,7})")
_AMOUNT = re.compile(r"(?P<amount>(?:0|[1-9][0-9]{0,18})(?:\.(?P<places>[0-9]{1,18}))?) (?P<code>[A-Z]{1,7})")

#: Where a second token is the native coin's own, one to one in both directions: EOS and Vaulta's A.
#: https://github.com/VaultaFoundation/vaulta-system-contract
_TWINS = {"eos": ("core.vaulta", "A", "vaulta")}


@dataclass(frozen=True, slots=True)
class Symbol:
    """A token of a contract, with the places that its amounts are written with."""

    contract: str
    code: str
    places: int


def symbol_of(token: Token) -> Symbol | None:
    """What the registry names as `contract:CODE`; None where it is no such text."""
    match = _SYMBOL.fullmatch(token.contract)
    return Symbol(match["contract"], match["code"], token.decimals) if match else None


def native_of(network: Network, token: Token) -> Symbol:
    """The native coin, which `eosio.token` keeps; its code is WAX where the market says WAXP."""
    return Symbol("eosio.token", {"WAXP": "WAX"}.get(network.native_asset, network.native_asset), token.decimals)


def twin_of(network: Network, token: Token) -> tuple[Symbol, str] | None:
    """(the other token that is the native coin too, the name of that component); None where there is none."""
    if network.network not in _TWINS:
        return None
    contract, code, component = _TWINS[network.network]
    return Symbol(contract, code, token.decimals), component


def units(value: object, symbol: Symbol, *, what: str) -> int:
    """An amount in the smallest units of its token. Raises BadAnswer for another symbol or other places."""
    match = _AMOUNT.fullmatch(value) if isinstance(value, str) else None
    if match is None or match["code"] != symbol.code:
        raise BadAnswer(f"{what}: {numbers.shown(value)} is no amount of {symbol.code}")
    if len(match["places"] or "") != symbol.places:
        raise BadAnswer(f"{what}: {numbers.shown(value)} is not written with {symbol.places} places")
    return numbers.base_units(match["amount"], what=what, scale=symbol.places, most=MOST)

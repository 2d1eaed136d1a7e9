"""Balances of a list of addresses at a height, which somebody asks for outside of any report."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from porlake import addresses, amounts, chains, observation, registry
from porlake.errors import ConfigurationError, InvalidAddress
from porlake.model import (
    Address,
    AsOf,
    Asset,
    BlockHash,
    Coinbase,
    CoinHeight,
    Column,
    Component,
    Height,
    Method,
    Network,
    Reason,
    Source,
    Txid,
    Vout,
)
from porlake.pipeline._session import Session

BaseUnits = Annotated[int, Column("amount, exact", kind="base_units", unit="base units of the asset")]
Units = Annotated[str, Column("the same amount as decimal text, exact", unit="units of the asset")]
Decimals = Annotated[int, Column("digits behind the point of a unit: units are base units times 10^-decimals")]


@dataclass(frozen=True, slots=True)
class BalanceLine:
    """A balance that somebody asked for, in both units; null with the reason where it could not be read.

    `address` is as it was given where it is none of the network.
    """

    network: Network
    asset: Asset
    address: Address
    component: Component | None
    base_units: BaseUnits | None
    units: Units | None
    decimals: Decimals
    height: Height | None
    block_hash: BlockHash | None
    as_of: AsOf | None
    method: Method | None
    source: Source | None
    reason: Reason | None


@dataclass(frozen=True, slots=True)
class CoinLine:
    """A coin below a balance that somebody asked for, in both units."""

    network: Network
    asset: Asset
    address: Address
    txid: Txid
    vout: Vout
    base_units: BaseUnits
    units: Units
    decimals: Decimals
    coin_height: CoinHeight
    coinbase: Coinbase


def balances(
    session: Session, network: str, assets: list[str], height: int, listed: list[str], scratch: Path | None = None
) -> tuple[list[BalanceLine], list[CoinLine]]:
    """Balances of some assets at some addresses, and the coins below them where they were asked for.

    In the folder `scratch` a sweep that is stopped leaves what it has read, where the network's client can go on from
    there. A line of the list that is no address of the network is answered by its reason. Raises ConfigurationError,
    TransportError, ChainError.
    """
    facts = registry.load()
    if network not in facts.networks:
        raise ConfigurationError(f"{network!r}: no such network (`porlake networks` lists them)")
    endpoint, dump = session.endpoint(network), session.dumps.get(network)
    if not facts.networks[network].is_read:
        raise ConfigurationError(f"{network}: {facts.networks[network].why_none}")
    if endpoint is None and dump is None:
        raise ConfigurationError(f"{network}: no endpoint; give --endpoint or set PORLAKE_ENDPOINT_{network.upper()}")
    accounts, refused = _accounts(network, listed)
    tokens = {asset: _token(network, asset) for asset in assets}
    bad = [_unread_line(network, asset, text, reason) for asset in tokens for text, reason in refused.items()]
    if not accounts:
        return bad, []
    found, held = observation.read_list(session.run, network, tokens, height, accounts, scratch)
    coins = sorted(
        (_coin_line(network, coin) for coin in held),
        key=lambda line: (line.asset, line.address, line.txid, line.vout),
    )
    return [*(_balance_line(network, line) for line in found), *bad], coins


def _accounts(network: str, listed: list[str]) -> tuple[list[str], dict[str, str]]:
    """(the addresses of a list, canonical and in order; what is none of the network, with the code that says why)."""
    accounts, refused = set(), {}
    for text in listed:
        try:
            accounts.add(addresses.parse(network, text).text)
        except InvalidAddress as error:
            refused[text] = error.code
    return sorted(accounts), dict(sorted(refused.items()))


def _in_units(asset: str, amount: int) -> tuple[str, int]:
    """(units as exact decimal text, decimals) of an amount in base units."""
    scale = registry.load().assets[asset].scale
    return format(amounts.units(amount, scale), "f"), scale


def _coin_line(network: str, coin: chains.Coin) -> CoinLine:
    amount = amounts.rescale(coin.raw, _token(network, coin.asset).decimals, registry.load().assets[coin.asset].scale)
    units, scale = _in_units(coin.asset, amount)
    return CoinLine(
        network, coin.asset, coin.address, coin.txid, coin.vout, amount, units, scale, coin.height, coin.coinbase
    )


def _unread_line(network: str, asset: str, address: str, reason: str) -> BalanceLine:
    scale = registry.load().assets[asset].scale
    return BalanceLine(network, asset, address, None, None, None, scale, *(None,) * 5, reason)


def _token(network: str, asset: str) -> registry.Token:
    token = registry.load().token(network, asset)
    if token is None:
        known = sorted(name for place, name in registry.load().tokens if place == network)
        raise ConfigurationError(f"{asset!r} is not known on {network}; known are {', '.join(known)}")
    return token


def _balance_line(network: str, line: observation.Line) -> BalanceLine:
    if line.amount is None or line.block is None:
        return _unread_line(network, line.asset, line.address, line.reason or "")
    units, scale = _in_units(line.asset, line.amount)
    return BalanceLine(
        network, line.asset, line.address, line.component, line.amount, units, scale, line.block.height,
        line.block.hash, line.as_of, line.method, line.source, None,
    )  # fmt: skip

"""All registries in memory, and what is looked up in them: tokens, labels, operators of endpoints."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from ipaddress import ip_address

from porlake.registry.hosts import registrable, without_port
from porlake.registry.rows import (
    Asset,
    Collateral,
    CosmosNetwork,
    EvmNetwork,
    Exchange,
    ExchangeToken,
    Identity,
    LabelRow,
    Network,
    ObservedExchange,
    Provider,
    PublicationRow,
    Rate,
    ReasonRow,
    SchemeRow,
    SweptNetwork,
    Token,
    TrackerToken,
    UtxoNetwork,
    VerifyingKey,
    fold,
)


@dataclass(frozen=True, slots=True)
class Resolved:
    """What a pair of labels means. `remark` is '' or the code of what is unusual (`asset_not_on_network`,
    `label_by_rule`).
    """

    network: str
    asset: str
    scheme: str
    holding: str
    remark: str = ""


class UnknownLabel(LookupError):
    """`code` is unknown_asset or unknown_network; `network` and `asset` are set where one of them is known."""

    def __init__(self, code: str, why: str, network: str = "", scheme: str = "", asset: str = "") -> None:
        super().__init__(why)
        self.code, self.why, self.network, self.scheme, self.asset = code, why, network, scheme, asset


@dataclass(frozen=True, slots=True)
class Registry:
    """The rows of each file by their key (see `tables.TABLES`), and `asset_words`: assets by their folded ids.

    Keys: a text where the key is one column, else a tuple of its columns.
    """

    networks: Mapping[str, Network]
    identities: Mapping[str, Identity]
    evm_networks: Mapping[str, EvmNetwork]
    utxo_networks: Mapping[str, UtxoNetwork]
    cosmos_networks: Mapping[str, CosmosNetwork]
    assets: Mapping[str, Asset]
    tokens: Mapping[tuple[str, str], Token]
    exchanges: Mapping[str, Exchange]
    observed_exchanges: Mapping[str, ObservedExchange]
    exchange_tokens: Mapping[tuple[str, str, str, date], ExchangeToken]
    publications: Mapping[str, PublicationRow]
    sweeps: Mapping[str, SweptNetwork]
    collateral: Mapping[tuple[str, str, date], Collateral]
    trackers: Mapping[tuple[str, str, str, date], TrackerToken]
    schemes: Mapping[str, SchemeRow]
    labels: Mapping[tuple[str, str, str], LabelRow]
    providers: Mapping[str, Provider]
    rates: Mapping[str, Rate]
    verifying_keys: Mapping[str, VerifyingKey]
    reasons: Mapping[tuple[str, str], ReasonRow]
    asset_words: Mapping[str, str]

    def per_second(self, host: str) -> float | None:
        """How many questions a second the operator of a public endpoint allows at a host (with or without a port), None
        where that is not known.
        """
        found = self.rates.get(without_port(host).lower())
        return found.questions / found.seconds if found else None

    def operator(self, host: str) -> str:
        """Who answers at a host (with or without a port): the provider that the registry names for its registrable
        domain, else that domain.

        Two hosts of one operator are one witness. An IP address is its own operator; this machine is one under all its
        names.
        """
        name = without_port(host).lower().rstrip(".")
        try:
            address = ip_address(name)
        except ValueError:
            domain = "127.0.0.1" if name == "localhost" or name.endswith(".localhost") else registrable(name)
            return self.providers[domain].provider if domain in self.providers else domain
        return "127.0.0.1" if address == ip_address("::1") else str(address)

    def token(self, network: str, asset: str) -> Token | None:
        """How `asset` exists on `network`; None where the registry knows no such token."""
        return self.tokens.get((network, asset))

    def label(self, exchange: str, label: str, network_label: str = "") -> Resolved:
        """What the labels of a row mean; the network column decides over the network that a coin label implies.

        What labels.csv does not tell of the exchange is read by rule where exactly one reading fits: one word is an
        asset of the registry, the other a network's, in either order. Raises UnknownLabel.
        """
        coin, net = fold(label), fold(network_label)
        place = self.labels.get((exchange, "", net)) if net else None
        if not coin:
            raise UnknownLabel(
                "unknown_asset",
                f"a row of {exchange} without a coin",
                *((place.network, place.scheme) if place else ()),
            )
        if row := self.labels.get((exchange, coin, net)):
            return Resolved(row.network, row.asset, row.scheme, row.holding or "wallet")
        alone = self.labels.get((exchange, coin, ""))
        if alone is not None and place is not None:
            known = (place.network, alone.asset) in self.tokens
            return Resolved(
                place.network,
                alone.asset,
                place.scheme,
                alone.holding or "wallet",
                "" if known else "asset_not_on_network",
            )
        if (read := self._by_rule(exchange, coin, net)) is not None:
            return read
        if net and place is None:
            why, scheme = (
                f"no network is known under the label {network_label!r} of {exchange}",
                alone.scheme if alone else "",
            )
            raise UnknownLabel("unknown_network", why, "", scheme, alone.asset if alone else self._asset_in(coin))
        network, scheme = (place.network, place.scheme) if place else ("", "")
        raise UnknownLabel(
            "unknown_asset",
            f"no asset is known under the label {label!r} of {exchange}",
            network,
            scheme,
            self._asset_in(coin),
        )

    def group(self, exchange: str, label: str) -> Resolved:
        """What the label of a line over all networks means; the name of an asset will do. Raises UnknownLabel."""
        try:
            return self.label(exchange, label)
        except UnknownLabel:
            if asset := self.asset_words.get(fold(label)):
                return Resolved("", asset, "no_scheme", "wallet", "label_by_rule")
            raise

    def _by_rule(self, exchange: str, coin: str, net: str) -> Resolved | None:
        """The one reading of labels of two known words, one of an asset and one of a network; None where there is none,
        or more than one.
        """
        if net:
            place = self.labels.get((exchange, "", net)) or self.labels.get(("", "", net))
            row = self.labels.get((exchange, coin, ""))
            assets = (
                {row.asset}
                if row
                else {asset for network, asset in self._readings(coin) if place and network == place.network}
            )
            assets |= {self.asset_words[coin]} if not row and coin in self.asset_words else set()
            found = {(place.network, asset) for asset in assets} if place else set()
        else:
            found = self._readings(coin)
        if len(found) != 1:
            return None
        ((network, asset),) = found
        return Resolved(network, asset, self._scheme_on(exchange, network), "wallet", "label_by_rule")

    def _readings(self, folded: str) -> set[tuple[str, str]]:
        """(network, asset) in which a label of two words can be read."""
        found = {(network, asset) for network, asset in self.tokens if fold(asset) == folded and "_" in folded}
        for cut in (match.start() for match in re.finditer("_", folded)):
            for word, place in ((folded[:cut], folded[cut + 1 :]), (folded[cut + 1 :], folded[:cut])):
                row = self.labels.get(("", "", place))
                if row is not None and word in self.asset_words:
                    found.add((row.network, self.asset_words[word]))
        return found

    def _asset_in(self, folded: str) -> str:
        """The one asset that a word of a label names, '' where none or several do."""
        named = {self.asset_words[word] for word in (folded, *folded.split("_")) if word in self.asset_words}
        return named.pop() if len(named) == 1 else ""

    def _scheme_on(self, exchange: str, network: str) -> str:
        """How an exchange signs there by its other labels: on that network, else on those of its form of address;
        no_scheme where they differ.
        """
        form = self.networks[network].address_form
        told = [(row.network, row.scheme) for row in self.labels.values() if row.exchange == exchange and row.network]
        here = {scheme for place, scheme in told if place == network}
        of_same_form = {scheme for place, scheme in told if self.networks[place].address_form == form}
        of = here or of_same_form
        return of.pop() if len(of) == 1 else "no_scheme"

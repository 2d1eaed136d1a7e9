"""The files of the registry, each named once: rows, key, check, and columns that name a row of another."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from porlake.registry import checks
from porlake.registry.rows import (
    Asset,
    Collateral,
    CosmosNetwork,
    EvmNetworkRow,
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
)

Row = TypeVar("Row")


def _as_it_is(row: Row) -> Row:
    return row


@dataclass(frozen=True, slots=True)
class Table(Generic[Row]):
    """`<name>.csv`, `Registry.<name>` and in DuckDB `registry.<name>`.

    `check` gives '' or what is wrong with a row; `references` names for a column the table of which it is the key (an
    empty cell refers to nothing). `resolved` gives what `Registry` holds of a row, where that is more than the cells;
    in DuckDB stand the cells.
    """

    name: str
    row: type[Row]
    key: tuple[str, ...]
    check: Callable[[Row], str]
    references: Mapping[str, str] = field(default_factory=dict)
    resolved: Callable[[Row], Any] = _as_it_is

    @property
    def file(self) -> str:
        return f"{self.name}.csv"


TABLES: tuple[Table[Any], ...] = (
    Table("networks", Network, ("network",), checks.check_network, {"native_asset": "assets"}),
    Table("identities", Identity, ("network",), checks.check_identity, {"network": "networks"}),
    Table(
        "evm_networks",
        EvmNetworkRow,
        ("network",),
        checks.check_evm_network,
        {"network": "networks"},
        EvmNetworkRow.resolved,
    ),
    Table("utxo_networks", UtxoNetwork, ("network",), checks.check_utxo_network, {"network": "networks"}),
    Table("cosmos_networks", CosmosNetwork, ("network",), checks.check_cosmos_network, {"network": "networks"}),
    Table("assets", Asset, ("asset",), checks.check_asset, {"underlying": "assets"}),
    Table("tokens", Token, ("network", "asset"), checks.check_token, {"network": "networks", "asset": "assets"}),
    Table("exchanges", Exchange, ("exchange",), checks.check_exchange),
    Table(
        "observed_exchanges",
        ObservedExchange,
        ("exchange",),
        checks.check_observed_exchange,
        {"exchange": "exchanges"},
    ),
    Table(
        "exchange_tokens",
        ExchangeToken,
        ("exchange", "asset", "relation", "since"),
        checks.check_exchange_token,
        {"exchange": "exchanges", "asset": "assets"},
    ),
    Table(
        "collateral",
        Collateral,
        ("network", "address", "whose", "since"),
        checks.check_collateral,
        {"network": "networks"},
    ),
    Table(
        "trackers",
        TrackerToken,
        ("tracker", "exchange", "asset", "since"),
        checks.check_tracker,
        {"exchange": "exchanges", "asset": "assets"},
    ),
    Table("publications", PublicationRow, ("exchange",), checks.check_publication, {"exchange": "exchanges"}),
    Table("sweeps", SweptNetwork, ("network",), checks.check_sweep, {"network": "networks"}),
    Table("schemes", SchemeRow, ("scheme",), checks.check_scheme),
    Table(
        "labels",
        LabelRow,
        ("exchange", "label", "network_label"),
        checks.check_label,
        {"exchange": "exchanges", "network": "networks", "asset": "assets", "scheme": "schemes"},
    ),
    Table("providers", Provider, ("domain",), checks.check_provider),
    Table("rates", Rate, ("host",), checks.check_rate),
    Table("verifying_keys", VerifyingKey, ("sha256",), checks.check_verifying_key, {"exchange": "exchanges"}),
    Table("reasons", ReasonRow, ("code", "place"), checks.check_reason),
)

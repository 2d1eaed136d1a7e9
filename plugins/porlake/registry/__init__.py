"""Facts about networks, assets, tokens, exchanges, labels and more, one CSV each; a bad row is refused.

`load()` reads all of them once and checks every reference between them. Standard library only: DAG files import this at
their top, and Airflow parses them often. Money never passes through here.

`tables` names each file once, `rows` has their classes, `checks` what a row must be, `lookup` what is asked of all.

Rows of one's own (labels, tokens, exchanges, networks) lie in a folder that PORLAKE_REGISTRY names, in files of the
same names and columns: a row takes the place of ours with the same key, or joins them. Every process of a run inherits
the variable, and a build's id covers the rows.

    registry = load()
    registry.networks["ethereum"].caip2             'eip155:1'
    registry.token("ethereum", "USDT").contract     '0xdac17f958d2ee523a2206206994597c13d831ec7'
    registry.label("okx", "USDT-TRC20", "TRX")      Resolved(network='tron', asset='USDT', scheme='tron', ...)
"""

from porlake.registry._state import state
from porlake.registry.loader import FOLDER, OWN_ROWS, load, own_folders, rows
from porlake.registry.lookup import Registry, Resolved, UnknownLabel
from porlake.registry.rows import (
    Asset,
    Collateral,
    EvmNetwork,
    EvmNetworkRow,
    Exchange,
    ExchangeToken,
    Identity,
    LabelRow,
    Mark,
    Network,
    Provider,
    PublicationRow,
    Rate,
    ReasonRow,
    SchemeRow,
    Slot,
    SweptNetwork,
    Token,
    TrackerToken,
    UtxoNetwork,
    VerifyingKey,
    fold,
)
from porlake.registry.tables import TABLES, Table

__all__ = [
    "FOLDER",
    "OWN_ROWS",
    "TABLES",
    "Asset",
    "Collateral",
    "EvmNetwork",
    "EvmNetworkRow",
    "Exchange",
    "ExchangeToken",
    "Identity",
    "LabelRow",
    "Mark",
    "Network",
    "Provider",
    "PublicationRow",
    "Rate",
    "ReasonRow",
    "Registry",
    "Resolved",
    "SchemeRow",
    "Slot",
    "SweptNetwork",
    "Table",
    "Token",
    "TrackerToken",
    "UnknownLabel",
    "UtxoNetwork",
    "VerifyingKey",
    "fold",
    "load",
    "own_folders",
    "rows",
    "state",
]

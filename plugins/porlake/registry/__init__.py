"""Facts about networks, assets, tokens, exchanges, labels, schemes and collateral, one CSV each, and the loader that refuses a bad row.

`load()` reads all of them once and checks every reference between them. Standard library only: DAG files import this at
their top, and Airflow parses them often. Money never passes through here.

    registry = load()
    registry.networks["ethereum"].caip2             'eip155:1'
    registry.token("ethereum", "USDT").contract     '0xdac17f958d2ee523a2206206994597c13d831ec7'
    registry.label("okx", "USDT-TRC20", "TRX")      Resolved(network='tron', asset='USDT', scheme='tron', ...)
"""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, fields
from datetime import date
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeVar

from porlake.errors import RegistryError

FOLDER = Path(__file__).parent

SELF_CHECKS = frozenset({"number", "arbsys", "none"})
CLIENTS = frozenset({"evm", "bitcoin", "tron", "beacon", "none"})
ASSET_CLASSES = frozenset({"bitcoin", "ether", "stablecoin", "exchange_token", "wrapped", "receipt", "other"})
HOLDINGS = frozenset({"wallet", "native_staking", "eigenlayer", "staking", "custody", "t_bills", "buy_back"})
RELATIONS = frozenset({"own", "affiliated"})
TRACKERS = frozenset({"defillama", "cryptoquant"})
TOKEN_KINDS = frozenset({"native", "erc20", "rebasing", "trc20", "omni", "other"})


@dataclass(frozen=True, slots=True)
class Network:
    """networks.csv. `address_form` names a module of porlake.addresses, `client` one of porlake.chains or `none` (then `why_none`).

    `caip2` is empty where no such id is known.
    """

    network: str
    name: str
    caip2: str
    native_asset: str
    address_form: str
    client: str
    why_none: str
    endpoint: str
    note: str


@dataclass(frozen=True, slots=True)
class EvmNetwork:
    """evm_networks.csv: what is peculiar to an EVM network, a row for each with that client.

    `self_check`: how a block shows itself inside a call: by NUMBER (`number`), by Arbitrum's ArbSys (`arbsys`), or `none`: EVM programs of
    ours do not run there. A block is final up to the one that `final_tag` names, or `final_depth` below the head where no tag is served.
    """

    network: str
    self_check: str
    final_tag: str
    final_depth: int
    multicall3: str
    note: str


@dataclass(frozen=True, slots=True)
class Asset:
    """assets.csv. `scale`: digits of the base unit, at least as fine as every token of the asset. `price_id`: DefiLlama's key."""

    asset: str
    name: str
    asset_class: str
    scale: int
    underlying: str
    price_id: str
    note: str


@dataclass(frozen=True, slots=True)
class Token:
    """tokens.csv: an asset on a network. `kind` native has no contract; `omni` lives in Omni's layer; `other` is a token that no client reads yet.

    `rebasing`: an ERC-20 whose balances move without transfers, so that no balance is the amount that was put there.
    `balance_slot`: where an erc20 contract keeps its mapping of balances, empty where that is not known. `2` is Solidity's slot 2, `v2` Vyper's;
    `9:255` says that the lowest 255 bits of the value are the balance (Circle's tokens keep a mark in the highest).
    """

    network: str
    asset: str
    kind: str
    contract: str
    decimals: int
    balance_slot: str
    note: str

    @property
    def mapping(self) -> Slot | None:
        """`balance_slot`, read; None where it is empty."""
        match = _SLOT.fullmatch(self.balance_slot)
        return Slot(int(match[2]), bool(match[1]), int(match[3] or 256)) if match else None


@dataclass(frozen=True, slots=True)
class Slot:
    """A mapping of balances in a contract's storage: its slot, whose order of hashing, and how many bits of a value are the balance."""

    slot: int
    vyper: bool
    bits: int


@dataclass(frozen=True, slots=True)
class Exchange:
    """exchanges.csv. `schedule`: cron in UTC of the day on which a month's files are looked for; empty where nothing is periodic.

    `snapshot`: cron in UTC of the moments of which its address files may speak, at which its addresses are swept; empty where it publishes none.
    """

    exchange: str
    name: str
    schedule: str
    snapshot: str
    formats: str
    home: str
    note: str


@dataclass(frozen=True, slots=True)
class SweptNetwork:
    """sweeps.csv: a network whose past nobody tells. `window_seconds`: how far from a snapshot a sweep may lie to stand for it."""

    network: str
    window_seconds: int
    note: str


@dataclass(frozen=True, slots=True)
class ExchangeToken:
    """exchange_tokens.csv: own and affiliated tokens, dated (`until` is empty while it holds)."""

    exchange: str
    asset: str
    relation: str
    since: date
    until: date | None
    note: str


@dataclass(frozen=True, slots=True)
class Collateral:
    """collateral.csv: accounts that are known to back something else (`whose`), dated; an exchange that claims one promises it twice."""

    network: str
    address: str
    whose: str
    since: date
    until: date | None
    source: str


@dataclass(frozen=True, slots=True)
class TrackerToken:
    """trackers.csv: the tokens that a tracker takes off for its figure of clean reserves, dated. Its definition, not ours."""

    tracker: str
    exchange: str
    asset: str
    since: date
    until: date | None
    source: str


@dataclass(frozen=True, slots=True)
class SchemeRow:
    """schemes.csv. `module` of porlake.ownership that judges the scheme, or `none` with the reason in `note`."""

    scheme: str
    module: str
    standard: str
    note: str


@dataclass(frozen=True, slots=True)
class LabelRow:
    """labels.csv: what an exchange's labels mean.

    `label` and `network_label` are folded (see `fold`). A row with both is that pair; with `label` alone the coin where the
    file has no network column, or the coin's asset under any network; with `network_label` alone a network.
    """

    exchange: str
    label: str
    network_label: str
    network: str
    asset: str
    scheme: str
    holding: str
    note: str


@dataclass(frozen=True, slots=True)
class Resolved:
    """What a pair of labels means. `remark` is '' or the code of what is unusual (`coin_and_network_differ`)."""

    network: str
    asset: str
    scheme: str
    holding: str
    remark: str = ""


class UnknownLabel(LookupError):
    """`code` is unknown_asset or unknown_network; `network` is set where at least that is known."""

    def __init__(self, code: str, why: str, network: str = "", scheme: str = "") -> None:
        super().__init__(why)
        self.code, self.why, self.network, self.scheme = code, why, network, scheme


@dataclass(frozen=True, slots=True)
class Registry:
    networks: Mapping[str, Network]
    evm_networks: Mapping[str, EvmNetwork]
    assets: Mapping[str, Asset]
    tokens: Mapping[tuple[str, str], Token]
    exchanges: Mapping[str, Exchange]
    exchange_tokens: tuple[ExchangeToken, ...]
    sweeps: Mapping[str, SweptNetwork]
    collateral: tuple[Collateral, ...]
    trackers: tuple[TrackerToken, ...]
    schemes: Mapping[str, SchemeRow]
    labels: Mapping[tuple[str, str, str], LabelRow]

    def token(self, network: str, asset: str) -> Token | None:
        """How `asset` exists on `network`; None where the registry knows no such token."""
        return self.tokens.get((network, asset))

    def label(self, exchange: str, label: str, network_label: str = "") -> Resolved:
        """What the labels of a row mean; the network column decides over the network that a coin label implies.

        Raises UnknownLabel.
        """
        coin, net = fold(label), fold(network_label)
        if row := self.labels.get((exchange, coin, net)):
            return Resolved(row.network, row.asset, row.scheme, row.holding or "wallet")
        alone = self.labels.get((exchange, coin, ""))
        place = self.labels.get((exchange, "", net)) if net else None
        if net and place is None:
            raise UnknownLabel(
                "unknown_network",
                f"no network is known under the label {network_label!r} of {exchange}",
                scheme=alone.scheme if alone else "",
            )
        if alone is None:
            network, scheme = (place.network, place.scheme) if place else ("", "")
            raise UnknownLabel("unknown_asset", f"no asset is known under the label {label!r} of {exchange}", network, scheme)
        assert place is not None  # net is not empty here: the pair lookup covers (coin, "")
        known = (place.network, alone.asset) in self.tokens
        return Resolved(place.network, alone.asset, place.scheme, alone.holding or "wallet", "" if known else "asset_not_on_network")


def fold(label: str) -> str:
    """Labels are compared trimmed, in upper case, with `_` for `-` and blanks: the files spell one label in many ways."""
    return re.sub(r"[-_\s]+", "_", label.strip()).upper()


@cache
def load(folder: Path = FOLDER) -> Registry:
    """All registries of `folder`, checked. Raises RegistryError with file, line and reason for the first bad row."""
    networks = _table(folder, Network, ("network",), _check_network)
    evm_networks = _table(folder, EvmNetwork, ("network",), _check_evm_network)
    assets = _table(folder, Asset, ("asset",), _check_asset)
    tokens = _table(folder, Token, ("network", "asset"), _check_token)
    exchanges = _table(folder, Exchange, ("exchange",), _check_exchange)
    exchange_tokens = _table(folder, ExchangeToken, ("exchange", "asset", "relation", "since"), _check_exchange_token)
    sweeps = _table(folder, SweptNetwork, ("network",), _check_sweep)
    collateral = _table(folder, Collateral, ("network", "address", "whose", "since"), _check_collateral)
    trackers = _table(folder, TrackerToken, ("tracker", "exchange", "asset", "since"), _check_tracker)
    schemes = _table(folder, SchemeRow, ("scheme",), _check_scheme)
    labels = _table(folder, LabelRow, ("exchange", "label", "network_label"), _check_label)

    _refer(folder, networks, "native_asset", assets, "assets.csv")
    _refer(folder, evm_networks, "network", networks, "networks.csv")
    for line, network in networks.values():
        if (network.client == "evm") != ((network.network,) in evm_networks):
            raise RegistryError("networks.csv", line, f"client {network.client!r} and the rows of evm_networks.csv do not agree")
    _refer(folder, assets, "underlying", assets, "assets.csv")
    _refer(folder, tokens, "network", networks, "networks.csv")
    _refer(folder, tokens, "asset", assets, "assets.csv")
    _refer(folder, exchange_tokens, "exchange", exchanges, "exchanges.csv")
    _refer(folder, exchange_tokens, "asset", assets, "assets.csv")
    _refer(folder, sweeps, "network", networks, "networks.csv")
    _refer(folder, collateral, "network", networks, "networks.csv")
    _refer(folder, trackers, "exchange", exchanges, "exchanges.csv")
    _refer(folder, trackers, "asset", assets, "assets.csv")
    for column, table, name in (
        ("exchange", exchanges, "exchanges.csv"),
        ("network", networks, "networks.csv"),
        ("asset", assets, "assets.csv"),
        ("scheme", schemes, "schemes.csv"),
    ):
        _refer(folder, labels, column, table, name)
    for line, token in tokens.values():
        if token.decimals > assets[token.asset,][1].scale:
            raise RegistryError("tokens.csv", line, f"{token.decimals} decimals are finer than the scale of {token.asset}")
        if (token.kind == "native") != (networks[token.network,][1].native_asset == token.asset):
            raise RegistryError("tokens.csv", line, f"kind {token.kind!r} and the native asset of {token.network} do not agree")
    return Registry(
        networks=_by_name(networks),
        evm_networks=_by_name(evm_networks),
        assets=_by_name(assets),
        exchanges=_by_name(exchanges),
        sweeps=_by_name(sweeps),
        schemes=_by_name(schemes),
        tokens=MappingProxyType({(t.network, t.asset): t for _, t in tokens.values()}),
        exchange_tokens=tuple(row for _, row in exchange_tokens.values()),
        collateral=tuple(row for _, row in collateral.values()),
        trackers=tuple(row for _, row in trackers.values()),
        labels=MappingProxyType({(r.exchange, r.label, r.network_label): r for _, r in labels.values()}),
    )


# --- reading ----------------------------------------------------------------------------------------------------------
Row = TypeVar("Row")
Table = dict[tuple[Any, ...], tuple[int, Row]]

_FILES = {
    Network: "networks.csv",
    EvmNetwork: "evm_networks.csv",
    Asset: "assets.csv",
    Token: "tokens.csv",
    Exchange: "exchanges.csv",
    ExchangeToken: "exchange_tokens.csv",
    SweptNetwork: "sweeps.csv",
    Collateral: "collateral.csv",
    TrackerToken: "trackers.csv",
    SchemeRow: "schemes.csv",
    LabelRow: "labels.csv",
}


def _table(folder: Path, row_class: type[Row], key: tuple[str, ...], check: Callable[[Any], str]) -> Table[Row]:
    table: Table[Row] = {}
    name = _FILES[row_class]
    for line, row in _rows(folder / name, row_class):
        if why := check(row):
            raise RegistryError(name, line, why)
        identity = tuple(getattr(row, column) for column in key)
        if identity in table:
            raise RegistryError(name, line, f"{', '.join(map(str, identity))} stands already on line {table[identity][0]}")
        table[identity] = (line, row)
    return table


def _rows(path: Path, row_class: type[Row]) -> Iterator[tuple[int, Row]]:
    columns = [field.name for field in fields(row_class)]  # type: ignore[arg-type]
    types = {field.name: str(field.type) for field in fields(row_class)}  # type: ignore[arg-type]
    try:
        with path.open(encoding="utf-8", newline="") as stream:
            reader = csv.reader(stream, strict=True)
            header = next(reader, [])
            if header != columns:
                raise RegistryError(path.name, 1, f"the header reads {header}, not {columns}")
            for cells in reader:
                if len(cells) != len(columns):
                    raise RegistryError(path.name, reader.line_num, f"{len(cells)} cells for {len(columns)} columns")
                yield (
                    reader.line_num,
                    row_class(
                        **{column: _value(path.name, reader.line_num, types[column], cell) for column, cell in zip(columns, cells, strict=True)}
                    ),
                )
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise RegistryError(path.name, 0, f"cannot be read: {error}") from error


def _value(file: str, line: int, kind: str, cell: str) -> object:
    if cell != cell.strip():
        raise RegistryError(file, line, f"{cell!r} has blanks around it")
    try:
        if kind == "int":
            return int(cell)
        if kind == "date":
            return date.fromisoformat(cell)
        if kind == "date | None":
            return date.fromisoformat(cell) if cell else None
    except ValueError as error:
        raise RegistryError(file, line, f"{cell!r} is no {kind}") from error
    return cell


def _refer(folder: Path, table: Table[Any], column: str, target: Table[Any], target_name: str) -> None:
    for line, row in table.values():
        value = getattr(row, column)
        if value and (value,) not in target:
            raise RegistryError(_FILES[type(row)], line, f"{column} {value!r} is no row of {target_name}")


def _by_name(table: Table[Row]) -> Mapping[str, Row]:
    return MappingProxyType({identity[0]: row for identity, (_, row) in table.items()})


# --- checks: '' or what is wrong ----------------------------------------------------------------------------------------
_ID = re.compile(r"[a-z][a-z0-9_.]*")
_CAIP2 = re.compile(r"[-a-z0-9]{3,8}:[-_a-zA-Z0-9]{1,32}")
_SLOT = re.compile(r"(v?)(\d{1,5})(?::(\d{1,3}))?")
_CRON = re.compile(r"[\d*/,-]+ [\d*/,-]+ [\d*/,L-]+ [\d*/,-]+ [\d*/,-]+")  # L: the last day of the month


def _check_network(row: Network) -> str:
    if not _ID.fullmatch(row.network):
        return f"{row.network!r} is no id (lower case, digits, _)"
    if not (_CAIP2.fullmatch(row.caip2) or (not row.caip2 and row.client != "evm")):
        return f"{row.caip2!r} is no CAIP-2 id"
    if row.client not in CLIENTS:
        return f"client {row.client!r} is not one of {sorted(CLIENTS)}"
    if (row.client == "none") != bool(row.why_none):
        return "client none needs its reason in why_none, and only that"
    if not row.address_form or not row.native_asset:
        return "address_form and native_asset are needed"
    return ""


def _check_evm_network(row: EvmNetwork) -> str:
    if row.self_check not in SELF_CHECKS:
        return f"self_check {row.self_check!r} is not one of {sorted(SELF_CHECKS)}"
    if row.final_tag not in {"", "finalized", "safe"} or row.final_depth < 1:
        return "a block is final by the tag finalized or safe, or at a depth of at least 1"
    if row.multicall3 and not re.fullmatch(r"0x[0-9a-f]{40}", row.multicall3):
        return f"{row.multicall3!r} is no lower-case EVM address"
    return ""


def _check_asset(row: Asset) -> str:
    if not row.asset or row.asset_class not in ASSET_CLASSES:
        return f"asset_class {row.asset_class!r} is not one of {sorted(ASSET_CLASSES)}"
    if not 0 <= row.scale <= 24:
        return f"scale {row.scale} is not between 0 and 24"
    if (row.asset_class in {"wrapped", "receipt"}) != bool(row.underlying):
        return "a wrapped or receipt token, and only such, names its underlying"
    return ""


def _check_token(row: Token) -> str:
    if row.kind not in TOKEN_KINDS:
        return f"kind {row.kind!r} is not one of {sorted(TOKEN_KINDS)}"
    if row.kind in {"erc20", "rebasing", "trc20"} and not row.contract:
        return f"a {row.kind} token needs its contract"
    if row.kind in {"erc20", "rebasing"} and not re.fullmatch(r"0x[0-9a-f]{40}", row.contract):
        return f"{row.contract!r} is no lower-case EVM address"
    if row.balance_slot and (row.kind != "erc20" or row.mapping is None or not 1 <= row.mapping.bits <= 256):
        return f"balance_slot {row.balance_slot!r} is no slot of an erc20 contract (2, v2 or 9:255)"
    if row.kind == "native" and row.contract:
        return "a native coin has no contract"
    return "" if 0 <= row.decimals <= 24 else f"decimals {row.decimals} are not between 0 and 24"


def _check_exchange(row: Exchange) -> str:
    if not _ID.fullmatch(row.exchange):
        return f"{row.exchange!r} is no id (lower case, digits, _)"
    bad = [cron for cron in (row.schedule, row.snapshot) if cron and not _CRON.fullmatch(cron)]
    return f"{bad[0]!r} is no cron expression of five fields" if bad else ""


def _check_sweep(row: SweptNetwork) -> str:
    return "" if 0 < row.window_seconds <= 86_400 else f"a window of {row.window_seconds} seconds is not between a second and a day"


def _check_exchange_token(row: ExchangeToken) -> str:
    if row.relation not in RELATIONS:
        return f"relation {row.relation!r} is not one of {sorted(RELATIONS)}"
    return "until lies before since" if row.until and row.until < row.since else ""


def _check_collateral(row: Collateral) -> str:
    if not row.address or not row.whose or not row.source:
        return "address, whose and source are needed"
    return "until lies before since" if row.until and row.until < row.since else ""


def _check_tracker(row: TrackerToken) -> str:
    if row.tracker not in TRACKERS:
        return f"tracker {row.tracker!r} is not one of {sorted(TRACKERS)}"
    return "until lies before since" if row.until and row.until < row.since else ""


def _check_scheme(row: SchemeRow) -> str:
    if not _ID.fullmatch(row.scheme):
        return f"{row.scheme!r} is no id (lower case, digits, _)"
    return "" if row.module and (row.module != "none" or row.note) else "a module, or none with its reason in note"


def _check_label(row: LabelRow) -> str:
    if not row.label and not row.network_label:
        return "neither label nor network_label"
    for folded in (row.label, row.network_label):
        if folded != fold(folded):
            return f"{folded!r} is not folded; write {fold(folded)!r}"
    if row.holding and row.holding not in HOLDINGS:
        return f"holding {row.holding!r} is not one of {sorted(HOLDINGS)}"
    if row.label and not row.asset:
        return "a coin label needs its asset"
    if row.network_label and not row.network:
        return "a network label needs its network"
    return ""

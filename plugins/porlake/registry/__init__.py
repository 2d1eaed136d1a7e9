"""Facts about networks, assets, tokens, exchanges, labels, schemes and collateral, one CSV each, and the loader that refuses a bad row.

`load()` reads all of them once and checks every reference between them. Standard library only: DAG files import this at
their top, and Airflow parses them often. Money never passes through here.

Rows of one's own (labels, tokens, exchanges, networks) lie in a folder that PORLAKE_REGISTRY names, in files of the same names and columns: a
row takes the place of ours with the same key, or joins them. Every process of a run inherits the variable, and a build's id covers the rows.

    registry = load()
    registry.networks["ethereum"].caip2             'eip155:1'
    registry.token("ethereum", "USDT").contract     '0xdac17f958d2ee523a2206206994597c13d831ec7'
    registry.label("okx", "USDT-TRC20", "TRX")      Resolved(network='tron', asset='USDT', scheme='tron', ...)
"""

from __future__ import annotations

import csv
import os
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, fields
from datetime import UTC, date, datetime, timedelta, timezone
from functools import cache
from ipaddress import ip_address
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeVar

from porlake.errors import RegistryError

FOLDER = Path(__file__).parent
OWN_ROWS = "PORLAKE_REGISTRY"

SELF_CHECKS = frozenset({"number", "arbsys", "none"})
CLIENTS = frozenset({"evm", "bitcoin", "tron", "beacon", "none"})
IDENTIFIED = frozenset({"bitcoin", "tron", "beacon"})
ASSET_CLASSES = frozenset({"bitcoin", "ether", "stablecoin", "exchange_token", "wrapped", "receipt", "other"})
HOLDINGS = frozenset({"wallet", "native_staking", "eigenlayer", "staking", "custody", "t_bills", "buy_back"})
RELATIONS = frozenset({"own", "affiliated"})
TRACKERS = frozenset({"defillama", "cryptoquant"})
TOKEN_KINDS = frozenset({"native", "erc20", "rebasing", "trc20", "omni", "other"})


@dataclass(frozen=True, slots=True)
class Network:
    """networks.csv. `address_form` names a module of porlake.addresses, `client` one of porlake.chains or `none` (then
    `why_none`).

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
class Identity:
    """identities.csv: by what an endpoint shows of which chain it is, where CAIP-2 does not say it in full; `source`:
    where that is written.

    `shows`: `height:hash` of blocks that it must have, and `height!hash` of blocks that it must not have (chains that
    came from one another share their first blocks); of a beacon node the root of the first validators.
    """

    network: str
    shows: str
    source: str

    @property
    def blocks(self) -> tuple[Mark, ...]:
        """Of other clients than beacon."""
        found = (_MARK.fullmatch(word) for word in self.shows.split())
        return tuple(Mark(int(match[1]), match[3], match[2] == ":") for match in found if match)


@dataclass(frozen=True, slots=True)
class Mark:
    """A block that a chain holds at a height; `holds` False: that another one holds."""

    height: int
    hash: str
    holds: bool


@dataclass(frozen=True, slots=True)
class EvmNetwork:
    """evm_networks.csv: what is peculiar to an EVM network, a row for each with that client.

    `self_check`: how a block shows itself inside a call: by NUMBER (`number`), by Arbitrum's ArbSys (`arbsys`), or
    `none`: EVM programs of ours do not run there. A block is final up to the one that `final_tag` names, or
    `final_depth` below the head where no tag is served.
    """

    network: str
    self_check: str
    final_tag: str
    final_depth: int
    multicall3: str
    note: str


@dataclass(frozen=True, slots=True)
class Asset:
    """assets.csv. `scale`: digits of the base unit, at least as fine as every token of the asset. `price_id`:
    DefiLlama's key.
    """

    asset: str
    name: str
    asset_class: str
    scale: int
    underlying: str
    price_id: str
    note: str


@dataclass(frozen=True, slots=True)
class Token:
    """tokens.csv: an asset on a network. `kind` native has no contract; `omni` lives in Omni's layer; `other` is a
    token that no client reads yet.

    `rebasing`: an ERC-20 whose balances move without transfers, so that no balance is the amount that was put there.
    `balance_slot`: where an erc20 contract keeps its mapping of balances, empty where that is not known. `2` is
    Solidity's slot 2, `v2` Vyper's; `9:255` says that the lowest 255 bits of the value are the balance (Circle's tokens
    keep a mark in the highest).
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
    """A mapping of balances in a contract's storage: its slot, whose order of hashing, and how many bits of a value are
    the balance.
    """

    slot: int
    vyper: bool
    bits: int


@dataclass(frozen=True, slots=True)
class Exchange:
    """exchanges.csv. `utc_offset`: the publisher's clock (`+08:00`), in which the names of its files tell a moment and
    its days begin.

    `schedule`: cron in UTC of the day on which a month's files are looked for; empty where nothing is periodic.
    `snapshot`: cron in UTC of the moments of which its address files may speak, at which its addresses are swept; empty
    where it publishes none.
    """

    exchange: str
    name: str
    utc_offset: str
    schedule: str
    snapshot: str
    formats: str
    home: str
    note: str

    @property
    def clock(self) -> timezone:
        """`utc_offset`, read."""
        hours, minutes = int(self.utc_offset[1:3]), int(self.utc_offset[4:])
        return timezone(timedelta(hours=hours, minutes=minutes) * (-1 if self.utc_offset[0] == "-" else 1))

    def in_utc(self, shown: datetime) -> datetime:
        """The moment at which the publisher's clock shows `shown`, a date and time without a zone."""
        return shown.replace(tzinfo=self.clock).astimezone(UTC)

    def shows(self, at: datetime) -> datetime:
        """What the publisher's clock shows at a moment, as a date and time without a zone."""
        return at.astimezone(self.clock).replace(tzinfo=None)


@dataclass(frozen=True, slots=True)
class SweptNetwork:
    """sweeps.csv: a network whose past nobody tells. `window_seconds`: how far from a snapshot a sweep may lie to stand
    for it.
    """

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
    """collateral.csv: accounts that are known to back something else (`whose`), dated; an exchange that claims one
    promises it twice.
    """

    network: str
    address: str
    whose: str
    since: date
    until: date | None
    source: str


@dataclass(frozen=True, slots=True)
class TrackerToken:
    """trackers.csv: the tokens that a tracker takes off for its figure of clean reserves, dated. Its definition, not
    ours.
    """

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

    `label` and `network_label` are folded (see `fold`). A row with both is that pair; with `label` alone the coin where
    the file has no network column, or the coin's asset under any network; with `network_label` alone a network. A
    network without an exchange is a word that many publishers use; labels that nobody has told us of are read by such
    words, and flagged.
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
    """What a pair of labels means. `remark` is '' or the code of what is unusual (`asset_not_on_network`,
    `label_by_rule`).
    """

    network: str
    asset: str
    scheme: str
    holding: str
    remark: str = ""


@dataclass(frozen=True, slots=True)
class Provider:
    """providers.csv: registrable domains of one operator of endpoints, who is one witness under all of them."""

    domain: str
    provider: str
    note: str


class UnknownLabel(LookupError):
    """`code` is unknown_asset or unknown_network; `network` and `asset` are set where one of them is known."""

    def __init__(self, code: str, why: str, network: str = "", scheme: str = "", asset: str = "") -> None:
        super().__init__(why)
        self.code, self.why, self.network, self.scheme, self.asset = code, why, network, scheme, asset


@dataclass(frozen=True, slots=True)
class Registry:
    networks: Mapping[str, Network]
    identities: Mapping[str, Identity]
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
    asset_words: Mapping[str, str]  # assets by their folded ids
    providers: Mapping[str, Provider]

    def operator(self, host: str) -> str:
        """Who answers at a host (with or without a port): the provider that the registry names for its registrable
        domain, else that domain.

        Two hosts of one operator are one witness. An IP address is its own operator; this machine is one under all its
        names.
        """
        name = _without_port(host).lower().rstrip(".")
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
        alike = {scheme for place, scheme in told if self.networks[place].address_form == form}
        of = here or alike
        return of.pop() if len(of) == 1 else "no_scheme"


#: What stands before a country's two letters where everybody may register below both. A suffix that is not here joins
#: operators, and splits none.
_SECOND_LEVEL = frozenset({"ac", "co", "com", "edu", "go", "gov", "ne", "net", "or", "org"})


def registrable(name: str) -> str:
    """The part of a host's name that somebody registered: its last two labels, or three below such as `co.uk`."""
    labels = name.split(".")
    deep = len(labels) > 2 and len(labels[-1]) == 2 and labels[-2] in _SECOND_LEVEL
    return ".".join(labels[-3 if deep else -2 :])


def _without_port(host: str) -> str:
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.partition(":")[0] if host.count(":") == 1 else host


def fold(label: str) -> str:
    """Labels are compared trimmed, in upper case, with `_` for `-` and blanks: the files spell one label in many
    ways.
    """
    return re.sub(r"[-_\s]+", "_", label.strip()).upper()


def load(*folders: Path) -> Registry:
    """All registries, checked; without `folders` the rows of PORLAKE_REGISTRY lie over ours, else those of each folder
    over the ones before.

    Raises RegistryError with file, line and reason for the first bad row.
    """
    return _loaded(folders or own_folders())


def own_folders() -> tuple[Path, ...]:
    """The folder of PORLAKE_REGISTRY, or none."""
    own = os.environ.get(OWN_ROWS)
    return (Path(own),) if own else ()


@cache
def _loaded(folders: tuple[Path, ...]) -> Registry:
    for folder in folders:
        _check_folder(folder)
    tables: dict[type, Table[Any]] = {row_class: _table((FOLDER, *folders), row_class) for row_class in _FILES}
    networks, evm_networks, assets, tokens = (tables[row_class] for row_class in (Network, EvmNetwork, Asset, Token))
    for row_class, columns in _REFERENCES.items():
        for column, target in columns.items():
            _refer(tables[row_class], column, tables[target], _FILES[target][0])
    for place, network in networks.values():
        if (network.client == "evm") != ((network.network,) in evm_networks):
            raise RegistryError(*place, f"client {network.client!r} and the rows of evm_networks.csv do not agree")
        if why := _check_chain(network, tables[Identity].get((network.network,))):
            raise RegistryError(*place, why)
    for place, token in tokens.values():
        if token.decimals > assets[token.asset,][1].scale:
            raise RegistryError(*place, f"{token.decimals} decimals are finer than the scale of {token.asset}")
        if (token.kind == "native") != (networks[token.network,][1].native_asset == token.asset):
            raise RegistryError(*place, f"kind {token.kind!r} and the native asset of {token.network} do not agree")
    return Registry(
        networks=_by_name(networks),
        identities=_by_name(tables[Identity]),
        evm_networks=_by_name(evm_networks),
        assets=_by_name(assets),
        exchanges=_by_name(tables[Exchange]),
        sweeps=_by_name(tables[SweptNetwork]),
        schemes=_by_name(tables[SchemeRow]),
        tokens=MappingProxyType({(t.network, t.asset): t for _, t in tokens.values()}),
        exchange_tokens=tuple(row for _, row in tables[ExchangeToken].values()),
        collateral=tuple(row for _, row in tables[Collateral].values()),
        trackers=tuple(row for _, row in tables[TrackerToken].values()),
        labels=MappingProxyType({(r.exchange, r.label, r.network_label): r for _, r in tables[LabelRow].values()}),
        asset_words=MappingProxyType({fold(asset.asset): asset.asset for _, asset in assets.values()}),
        providers=_by_name(tables[Provider]),
    )


def rows(row_class: type[Row]) -> list[Row]:
    """All rows of one file, with those of PORLAKE_REGISTRY, checked. Raises RegistryError."""
    load()
    return [row for _, row in _table((FOLDER, *own_folders()), row_class).values()]


# --- reading ----------------------------------------------------------------------------------------------------------
Row = TypeVar("Row")
Place = tuple[str, int]
Table = dict[tuple[Any, ...], tuple[Place, Row]]


def _table(folders: tuple[Path, ...], row_class: type[Row]) -> Table[Row]:
    """The rows of a file by their key, later folders over earlier ones; the first folder is ours and has all files."""
    name, key, check = _FILES[row_class]
    table: Table[Row] = {}
    for folder in folders:
        if folder != FOLDER and not (folder / name).exists():
            continue
        own: Table[Row] = {}
        for line, row in _rows(folder / name, row_class):
            if why := check(row):
                raise RegistryError(name, line, why)
            identity = tuple(getattr(row, column) for column in key)
            if identity in own:
                raise RegistryError(
                    name, line, f"{', '.join(map(str, identity))} stands already on line {own[identity][0][1]}"
                )
            own[identity] = ((name, line), row)
        table |= own
    return table


def _check_folder(folder: Path) -> None:
    """Raises RegistryError where rows of one's own lie in a file that nobody would read."""
    if not folder.is_dir():
        raise RegistryError(str(folder), 0, f"no folder lies there ({OWN_ROWS})")
    known = {name for name, *_ in _FILES.values()}
    if unknown := sorted(path.name for path in folder.glob("*.csv") if path.name not in known):
        raise RegistryError(unknown[0], 0, f"no registry has this name; the files are {', '.join(sorted(known))}")


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
                        **{
                            column: _value(path.name, reader.line_num, types[column], cell)
                            for column, cell in zip(columns, cells, strict=True)
                        }
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


def _refer(table: Table[Any], column: str, target: Table[Any], target_name: str) -> None:
    for place, row in table.values():
        value = getattr(row, column)
        if value and (value,) not in target:
            raise RegistryError(*place, f"{column} {value!r} is no row of {target_name}")


def _by_name(table: Table[Row]) -> Mapping[str, Row]:
    return MappingProxyType({identity[0]: row for identity, (_, row) in table.items()})


# --- checks: '' or what is wrong --------------------------------------------------------------------------------------
_ID = re.compile(r"[a-z][a-z0-9_.]*")
_CAIP2 = re.compile(r"[-a-z0-9]{3,8}:[-_a-zA-Z0-9]{1,32}")
_SLOT = re.compile(r"(v?)(\d{1,5})(?::(\d{1,3}))?")
_MARK = re.compile(r"(\d{1,9})([:!])([0-9a-f]{64})")
_ROOT = re.compile(r"0x[0-9a-f]{64}")
_OFFSET = re.compile(r"[+-](0\d|1[0-4]):[0-5]\d")  # clocks lie up to 14 hours from UTC
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


def _check_identity(row: Identity) -> str:
    marks = [_MARK.fullmatch(word) for word in row.shows.split()]
    if not _ROOT.fullmatch(row.shows) and (not all(marks) or row.shows[:2] != "0:"):
        return (
            f"{row.shows[:80]!r} is neither the first block and others (0:hash height:hash height!hash), nor a "
            f"root of validators"
        )
    return "" if row.source else "a source is needed"


def _check_chain(network: Network, found: tuple[Place, Identity] | None) -> str:
    """Whether what an endpoint must show is said as the network's client reads it, and is what CAIP-2 names."""
    if network.client not in IDENTIFIED:
        return (
            ""
            if found is None or network.client == "none"
            else f"client {network.client!r} knows its chain by CAIP-2 alone"
        )
    if found is None:
        return (
            f"client {network.client!r} needs a row in identities.csv: by what an endpoint shows of which chain it is"
        )
    blocks, reference = found[1].blocks, network.caip2.partition(":")[2]
    if (network.client == "beacon") == bool(blocks):
        return f"client {network.client!r} and what identities.csv says do not agree"
    held = [mark.hash for mark in blocks if mark.holds]
    # CAIP-2 names a bitcoin chain by the begin of a block's hash, Tron by the end of the first one's.
    same = {
        "bitcoin": any(name.startswith(reference) for name in held),
        "tron": bool(held) and held[0].endswith(reference.removeprefix("0x")),
    }
    return (
        ""
        if same.get(network.client, True) or not reference
        else f"{network.caip2!r} names none of the blocks in identities.csv"
    )


def _check_provider(row: Provider) -> str:
    if row.domain != row.domain.lower() or registrable(row.domain) != row.domain or "." not in row.domain:
        return f"{row.domain!r} is no registrable domain in lower case"
    return "" if _ID.fullmatch(row.provider) else f"{row.provider!r} is no id (lower case, digits, _)"


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
    if not _OFFSET.fullmatch(row.utc_offset):
        return f"utc_offset {row.utc_offset!r} is no clock; write +08:00, or +00:00 for UTC"
    bad = [cron for cron in (row.schedule, row.snapshot) if cron and not _CRON.fullmatch(cron)]
    return f"{bad[0]!r} is no cron expression of five fields" if bad else ""


def _check_sweep(row: SweptNetwork) -> str:
    return (
        ""
        if 0 < row.window_seconds <= 86_400
        else f"a window of {row.window_seconds} seconds is not between a second and a day"
    )


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
    if not row.exchange and (row.label or row.asset or row.scheme or row.holding):
        return "a row of no exchange is a word for a network, and says nothing else"
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


#: Of each file its name, the columns of its key, and the check of a row.
_FILES: dict[type, tuple[str, tuple[str, ...], Callable[[Any], str]]] = {
    Network: ("networks.csv", ("network",), _check_network),
    Identity: ("identities.csv", ("network",), _check_identity),
    EvmNetwork: ("evm_networks.csv", ("network",), _check_evm_network),
    Asset: ("assets.csv", ("asset",), _check_asset),
    Token: ("tokens.csv", ("network", "asset"), _check_token),
    Exchange: ("exchanges.csv", ("exchange",), _check_exchange),
    ExchangeToken: ("exchange_tokens.csv", ("exchange", "asset", "relation", "since"), _check_exchange_token),
    SweptNetwork: ("sweeps.csv", ("network",), _check_sweep),
    Collateral: ("collateral.csv", ("network", "address", "whose", "since"), _check_collateral),
    TrackerToken: ("trackers.csv", ("tracker", "exchange", "asset", "since"), _check_tracker),
    SchemeRow: ("schemes.csv", ("scheme",), _check_scheme),
    LabelRow: ("labels.csv", ("exchange", "label", "network_label"), _check_label),
    Provider: ("providers.csv", ("domain",), _check_provider),
}

#: Of each file the columns that name a row of another one.
_REFERENCES: dict[type, dict[str, type]] = {
    Network: {"native_asset": Asset},
    Identity: {"network": Network},
    EvmNetwork: {"network": Network},
    Asset: {"underlying": Asset},
    Token: {"network": Network, "asset": Asset},
    ExchangeToken: {"exchange": Exchange, "asset": Asset},
    SweptNetwork: {"network": Network},
    Collateral: {"network": Network},
    TrackerToken: {"exchange": Exchange, "asset": Asset},
    LabelRow: {"exchange": Exchange, "network": Network, "asset": Asset, "scheme": SchemeRow},
}

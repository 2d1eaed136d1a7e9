"""Checks of a row alone, and of rows that must agree: '' or what is wrong.

No check here knows a family of chains: what a family asks of its rows stands with it in `chains`.
"""

from __future__ import annotations

import re

from porlake.registry.hosts import registrable, without_port
from porlake.registry.rows import (
    BLOCK_MARK,
    DEFAULT,
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
    fold,
)

SELF_CHECKS = frozenset({"number", "arbsys", "none"})
ASSET_CLASSES = frozenset({"bitcoin", "ether", "stablecoin", "exchange_token", "wrapped", "receipt", "other"})
HOLDINGS = frozenset({"wallet", "native_staking", "eigenlayer", "staking", "custody", "t_bills", "buy_back"})
RELATIONS = frozenset({"own", "affiliated"})
TRACKERS = frozenset({"defillama", "cryptoquant"})
UTXO_HASHES = {
    "key_hash": frozenset({"sha256", "blake256"}),
    "checksum_hash": frozenset({"sha256d", "blake256d"}),
    "message_hash": frozenset({"sha256d", "blake256"}),
    "header_hash": frozenset({"sha256d", ""}),
}
UTXO_FORMS = frozenset({"bitcoin", "cashaddr"})
STAGES = frozenset({"parse", "verify", "prove", "observe", "price", "build"})
#: cosmos-sdk, types/coin.go: reDnmString.
DENOM = re.compile(r"[a-zA-Z][a-zA-Z0-9/:._-]{2,127}")
_ID = re.compile(r"[a-z][a-z0-9_.]*")
_CAIP2 = re.compile(r"[-a-z0-9]{3,8}:[-_a-zA-Z0-9]{1,32}")
_ROOT = re.compile(r"0x[0-9a-f]{64}")
_VERSIONS = re.compile(r"([0-9a-f]{2}|[0-9a-f]{4})( ([0-9a-f]{2}|[0-9a-f]{4}))*")
_OFFSET = re.compile(r"[+-](0\d|1[0-4]):[0-5]\d")  # clocks lie up to 14 hours from UTC
_CRON = re.compile(r"[\d*/,-]+ [\d*/,-]+ [\d*/,L-]+ [\d*/,-]+ [\d*/,-]+")  # L: the last day of the month


def check_network(row: Network) -> str:
    if not _ID.fullmatch(row.network):
        return f"{row.network!r} is no id (lower case, digits, _)"
    if row.caip2 and not _CAIP2.fullmatch(row.caip2):
        return f"{row.caip2!r} is no CAIP-2 id"
    if not _ID.fullmatch(row.client):
        return f"client {row.client!r} is no id (a family of porlake.chains, or none)"
    if row.is_read == bool(row.why_none):
        return "client none needs its reason in why_none, and only that"
    if not row.address_form or not row.native_asset:
        return "address_form and native_asset are needed"
    return ""


def check_identity(row: Identity) -> str:
    marks = [BLOCK_MARK.fullmatch(word) for word in row.shows.split()]
    if row.account or row.chain:
        return "" if row.source else "a source is needed"
    if not _ROOT.fullmatch(row.shows) and not (marks and marks[0] and marks[0][2] == ":" and all(marks)):
        return (
            f"{row.shows[:80]!r} is neither the first block and others (0:hash height:hash height!hash), nor a "
            f"root of validators, nor an account (account:address) or a name (chain:name)"
        )
    return "" if row.source else "a source is needed"


def check_provider(row: Provider) -> str:
    if row.domain != row.domain.lower() or registrable(row.domain) != row.domain or "." not in row.domain:
        return f"{row.domain!r} is no registrable domain in lower case"
    return "" if _ID.fullmatch(row.provider) else f"{row.provider!r} is no id (lower case, digits, _)"


def check_rate(row: Rate) -> str:
    if row.host != without_port(row.host).lower() or "." not in row.host or "/" in row.host:
        return f"{row.host!r} is no host in lower case, without a port"
    if row.questions < 1 or row.seconds < 1:
        return f"{row.questions} questions in {row.seconds} seconds are no rate"
    return "" if row.source else "a source is needed"


def check_evm_network(row: EvmNetworkRow) -> str:
    if row.self_check not in SELF_CHECKS | {DEFAULT}:
        return f"self_check {row.self_check!r} is not one of {sorted(SELF_CHECKS)}"
    if row.final_tag not in {"", "finalized", "safe", DEFAULT}:
        return "a block is final by the tag finalized or safe, by none, or as by default"
    if row.final_depth != DEFAULT and not re.fullmatch(r"[1-9]\d{0,8}", row.final_depth):
        return f"final_depth {row.final_depth!r} is no depth of at least 1, and not default"
    if row.multicall3 and not re.fullmatch(r"0x[0-9a-f]{40}", row.multicall3):
        return f"{row.multicall3!r} is no lower-case EVM address"
    return ""


def check_utxo_network(row: UtxoNetwork) -> str:
    for name in ("p2pkh_versions", "p2sh_versions"):
        if not _VERSIONS.fullmatch(getattr(row, name)):
            return f"{name} {getattr(row, name)!r} are no bytes in hexadecimal, separated by blanks"
    if set(row.p2pkh_versions.split()) & set(row.p2sh_versions.split()):
        return "a version is that of a key's hash or of a script's, not of both"
    for name in ("segwit_prefix", "cash_prefix"):
        if not re.fullmatch(r"[a-z]*", getattr(row, name)):
            return f"{name} {getattr(row, name)!r} is not of lower-case letters"
    for name, known in UTXO_HASHES.items():
        if getattr(row, name) not in known:
            return f"{name} {getattr(row, name)!r} is not one of {sorted(known)}"
    if not row.message_header.endswith("Signed Message:"):
        return f"message_header {row.message_header!r} does not end with Signed Message:"
    if not re.fullmatch(r"([0-9a-f]{8})?", row.dump_magic) or not 1 <= row.dump_height_bits <= 31:
        return "dump_magic is four bytes in hexadecimal or empty, dump_height_bits lie between 1 and 31"
    if not all(re.fullmatch(r"[a-z]+1:[a-z]+:[1-9]\d*", word) for word in row.hidden.split()):
        return f"hidden {row.hidden!r} is not made of start:kind:bytes"
    if not all(re.fullmatch(r"[0-9]|1[0-6]", word) for word in row.hidden_witness.split()):
        return f"hidden_witness {row.hidden_witness!r} is not made of versions of witness programs, 0 to 16"
    if row.hidden_witness and len(row.hidden.split()) != 1:
        return "hidden_witness needs the one kind of account in hidden that it belongs to"
    return "" if row.source else "a source is needed"


def check_asset(row: Asset) -> str:
    if not row.asset or row.asset_class not in ASSET_CLASSES:
        return f"asset_class {row.asset_class!r} is not one of {sorted(ASSET_CLASSES)}"
    if not 0 <= row.scale <= 24:
        return f"scale {row.scale} is not between 0 and 24"
    if (row.asset_class in {"wrapped", "receipt"}) != bool(row.underlying):
        return "a wrapped or receipt token, and only such, names its underlying"
    return ""


def check_cosmos_network(row: CosmosNetwork) -> str:
    if not DENOM.fullmatch(row.denom):
        return f"{row.denom!r} is no denomination of a bank module"
    return "" if row.source else "a source is needed"


def check_token(row: Token) -> str:
    if not _ID.fullmatch(row.kind):
        return f"kind {row.kind!r} is no word of small letters: native, other, or one that a client reads"
    if row.kind in {"erc20", "rebasing", "trc20"} and not row.contract:
        return f"a {row.kind} token needs its contract"
    if row.kind in {"erc20", "rebasing"} and not re.fullmatch(r"0x[0-9a-f]{40}", row.contract):
        return f"{row.contract!r} is no lower-case EVM address"
    if row.balance_slot and (row.kind != "erc20" or row.mapping is None or not 1 <= row.mapping.bits <= 256):
        return f"balance_slot {row.balance_slot!r} is no slot of an erc20 contract (2, v2 or 9:255)"
    if row.kind == "bank" and not DENOM.fullmatch(row.contract):
        return f"{row.contract!r} is no denomination of a bank module"
    if row.kind == "native" and row.contract:
        return "a native coin has no contract"
    return "" if 0 <= row.decimals <= 24 else f"decimals {row.decimals} are not between 0 and 24"


def check_exchange(row: Exchange) -> str:
    if not _ID.fullmatch(row.exchange):
        return f"{row.exchange!r} is no id (lower case, digits, _)"
    if not _OFFSET.fullmatch(row.utc_offset):
        return f"utc_offset {row.utc_offset!r} is no clock; write +08:00, or +00:00 for UTC"
    bad = [cron for cron in (row.schedule, row.snapshot) if cron and not _CRON.fullmatch(cron)]
    return f"{bad[0]!r} is no cron expression of five fields" if bad else ""


def check_publication(row: PublicationRow) -> str:
    if not _ID.fullmatch(row.source):
        return f"source {row.source!r} is no id (a module of porlake.sources, or manual)"
    if row.is_manual and (not row.how or row.awaited):
        return "source manual says in how what to put where, and awaits nothing"
    if row.awaited and not _CRON.fullmatch(row.awaited):
        return f"{row.awaited!r} is no cron expression of five fields"
    if not 0 <= row.overdue_days <= 366 or bool(row.awaited) != bool(row.overdue_days):
        return "overdue_days are 1 to 366 where something is awaited, else 0"
    return ""


def check_observed_exchange(row: ObservedExchange) -> str:
    return "" if _CRON.fullmatch(row.schedule) else f"{row.schedule!r} is no cron expression of five fields"


def check_sweep(row: SweptNetwork) -> str:
    return (
        ""
        if 0 < row.window_seconds <= 86_400
        else f"a window of {row.window_seconds} seconds is not between a second and a day"
    )


def check_exchange_token(row: ExchangeToken) -> str:
    if row.relation not in RELATIONS:
        return f"relation {row.relation!r} is not one of {sorted(RELATIONS)}"
    return "until lies before since" if row.until and row.until < row.since else ""


def check_collateral(row: Collateral) -> str:
    if not row.address or not row.whose or not row.source:
        return "address, whose and source are needed"
    return "until lies before since" if row.until and row.until < row.since else ""


def check_tracker(row: TrackerToken) -> str:
    if row.tracker not in TRACKERS:
        return f"tracker {row.tracker!r} is not one of {sorted(TRACKERS)}"
    return "until lies before since" if row.until and row.until < row.since else ""


def check_scheme(row: SchemeRow) -> str:
    if not _ID.fullmatch(row.scheme):
        return f"{row.scheme!r} is no id (lower case, digits, _)"
    return "" if row.module and (row.module != "none" or row.note) else "a module, or none with its reason in note"


def check_reason(row: ReasonRow) -> str:
    if not re.fullmatch(r"[a-z%][a-z0-9_%-]*", row.code) or not row.code.strip("%"):
        return f"{row.code!r} is no code (lower case, digits, _, -; % for a number or a name)"
    if row.stage not in STAGES:
        return f"stage {row.stage!r} is not one of {sorted(STAGES)}"
    return "" if "." in row.place and row.meaning else "place (a table and its column) and meaning are needed"


def check_verifying_key(row: VerifyingKey) -> str:
    if not re.fullmatch("[0-9a-f]{64}", row.sha256):
        return f"sha256 {row.sha256!r} is not 64 lower-case hexadecimal digits"
    if not _ID.fullmatch(row.scheme):
        return f"{row.scheme!r} is no id of a scheme (lower case, digits, _)"
    return "" if row.exchange and row.round and row.note else "exchange, round and note (where it was had) are needed"


def check_label(row: LabelRow) -> str:
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


# --- rows that must agree ---------------------------------------------------------------------------------------------
def check_chain(network: Network, identity: Identity | None, evm_network: EvmNetworkRow | None) -> str:
    """Whether the chain that a client of `network` reads is named in full, and in one way only.

    By the chain id of `eip155` (with a row in evm_networks.csv); else by a row in identities.csv where there is no
    CAIP-2 id, or one that names a part of a block's hash, as `bip122` and `tron` do
    (https://github.com/ChainAgnostic/namespaces).
    """
    if not network.is_read:
        return "client 'none' and a row in evm_networks.csv do not agree" if evm_network else ""
    namespace, _, reference = network.caip2.partition(":")
    if (namespace == "eip155") != (evm_network is not None):
        return f"{network.caip2!r} and the rows of evm_networks.csv do not agree"
    if namespace == "eip155":
        return "an id of eip155 names its chain alone: no row in identities.csv" if identity else ""
    if namespace not in {"", "bip122", "tron"}:
        return ""
    if identity is None:
        return "a client needs a row in identities.csv: by what an endpoint shows of which chain it is"
    held = [mark.hash for mark in identity.blocks if mark.holds]
    if reference and not held:
        return f"{network.caip2!r} names a block, and identities.csv none"
    named = {
        "bip122": any(name.startswith(reference) for name in held),  # the begin of a block's hash
        "tron": bool(held) and held[0].endswith(reference.removeprefix("0x")),  # the end of the first one's
    }
    return "" if named.get(namespace, True) else f"{network.caip2!r} names none of the blocks in identities.csv"


def check_utxo_form(network: Network, constants: UtxoNetwork | None) -> str:
    """Whether a network with addresses of Bitcoin's family, and only such a one, has its constants."""
    if (network.address_form in UTXO_FORMS) != (constants is not None):
        return f"address_form {network.address_form!r} and the rows of utxo_networks.csv do not agree"
    if constants is not None and network.address_form == "cashaddr" and not constants.cash_prefix:
        return "address_form 'cashaddr' needs a cash_prefix in utxo_networks.csv"
    return ""


def check_token_there(token: Token, asset: Asset, network: Network) -> str:
    if token.decimals > asset.scale:
        return f"{token.decimals} decimals are finer than the scale of {token.asset}"
    if (token.kind == "native") != (network.native_asset == token.asset):
        return f"kind {token.kind!r} and the native asset of {token.network} do not agree"
    return ""

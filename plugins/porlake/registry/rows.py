"""A class for each CSV file of the registry: what a row of it says."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone

BALANCE_SLOT = re.compile(r"(v?)(\d{1,5})(?::(\d{1,3}))?")
BLOCK_MARK = re.compile(r"(\d{1,9})([:!])([0-9a-f]{64}(?:[0-9a-f]{32})?)")


@dataclass(frozen=True, slots=True)
class Network:
    """networks.csv. `address_form` names a module of porlake.addresses, `client` a folder of porlake.chains or `none`
    (then `why_none`). What a client needs of a network's other rows its family checks (`chains.wrong_rows`).

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

    @property
    def is_read(self) -> bool:
        """Whether there is a client for the network."""
        return self.client != "none"


@dataclass(frozen=True, slots=True)
class Identity:
    """identities.csv: by what an endpoint shows of which chain it is, where CAIP-2 does not say it in full; `source`:
    where that is written.

    `shows`: `height:hash` of blocks that it must have, and `height!hash` of blocks that it must not have (chains that
    came from one another share their first blocks); of a beacon node the root of the first validators;
    `account:address` of an account that no other chain has; `chain:name` of nodes that say by a name or number of which
    chain they are.
    """

    network: str
    shows: str
    source: str

    @property
    def account(self) -> str:
        """'' where it is not by an account."""
        return self.shows.removeprefix("account:") if self.shows.startswith("account:") else ""

    @property
    def chain(self) -> str:
        """'' where it is not by a name."""
        return self.shows.removeprefix("chain:") if self.shows.startswith("chain:") else ""

    @property
    def blocks(self) -> tuple[Mark, ...]:
        """Of other clients than beacon."""
        found = (BLOCK_MARK.fullmatch(word) for word in self.shows.split())
        return tuple(Mark(int(match[1]), match[3], match[2] == ":") for match in found if match)


@dataclass(frozen=True, slots=True)
class Mark:
    """A block that a chain holds at a height; `holds` False: that another one holds."""

    height: int
    hash: str
    holds: bool


@dataclass(frozen=True, slots=True)
class EvmNetwork:
    """What is peculiar to an EVM network, as its client needs it: a row of evm_networks.csv without `default`.

    `self_check`: how a block shows itself inside a call: by NUMBER and BLOCKHASH (`number`), by Arbitrum's ArbSys
    (`arbsys`), or `none`: EVM programs of ours do not run there. A block is final up to the one that `final_tag` names,
    or `final_depth` below the head where no tag is served.
    """

    network: str
    self_check: str
    final_tag: str
    final_depth: int
    multicall3: str
    note: str


DEFAULT = "default"
DEFAULT_SELF_CHECK, DEFAULT_FINAL_TAG, DEFAULT_FINAL_DEPTH = "number", "finalized", 20_000
"""What stands in for `default`: where a chain does otherwise, a balance stays unread and none is wrong. The depth is
that of rollups which settle on Ethereum, hours of any chain that is known.
"""


@dataclass(frozen=True, slots=True)
class EvmNetworkRow:
    """evm_networks.csv: what is peculiar to an EVM network, a row for each with that client.

    `self_check` and finality as EvmNetwork tells them; each says `default` where nothing was found or measured for the
    chain, and the careful rule is used (a block shows itself by NUMBER and BLOCKHASH, and is final by the tag
    `finalized`, else 20,000 below the head).
    """

    network: str
    self_check: str
    final_tag: str
    final_depth: str
    multicall3: str
    note: str

    def resolved(self) -> EvmNetwork:
        """The one place where `default` becomes a rule."""
        return EvmNetwork(
            network=self.network,
            self_check=DEFAULT_SELF_CHECK if self.self_check == DEFAULT else self.self_check,
            final_tag=DEFAULT_FINAL_TAG if self.final_tag == DEFAULT else self.final_tag,
            final_depth=DEFAULT_FINAL_DEPTH if self.final_depth == DEFAULT else int(self.final_depth),
            multicall3=self.multicall3,
            note=self.note,
        )


@dataclass(frozen=True, slots=True)
class UtxoNetwork:
    """utxo_networks.csv: the constants of a chain of Bitcoin's family, a row for each with an address form of it.

    Version bytes in hexadecimal, separated by blanks: the first is what the network shows now, the others are older.
    `cash_prefix` of cash addresses, also where they are met beside the network's own form. `key_hash`: by what, before
    RIPEMD-160, a key is hashed to its account; `checksum_hash` that of base58. `message_header` stands before a signed
    message, with a line feed behind it, and `message_hash` is its digest. `signs_as_bitcoin`: inputs sign the digests
    of BIP-143 and BIP-341 (else no BIP-322). `header_hash`: by what the first 80 bytes of a header name a block, empty
    where they do not. `dump_magic`: what a dump of coins says of the network, empty where no node writes one that does;
    `dump_height_bits`: how many bits of a number in it are the height. `hidden`: accounts that nobody can look up, as
    `start:kind:bytes` of their bech32 text; `hidden_witness`: the versions of witness programs that belong to them.
    `source`: the files of the chain's own node that say so (base58Prefixes, bech32_hrp, pchMessageStart or netMagic,
    strMessageMagic).
    """

    network: str
    p2pkh_versions: str
    p2sh_versions: str
    segwit_prefix: str
    cash_prefix: str
    key_hash: str
    checksum_hash: str
    message_header: str
    message_hash: str
    signs_as_bitcoin: bool
    header_hash: str
    dump_magic: str
    dump_height_bits: int
    hidden: str
    hidden_witness: str
    source: str
    note: str


@dataclass(frozen=True, slots=True)
class CosmosNetwork:
    """cosmos_networks.csv: what a network of the Cosmos SDK calls its own coin, a row for each with that client.

    `denom`: the base unit's name in the bank module; `source`: where that is written.
    """

    network: str
    denom: str
    source: str


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
    """tokens.csv: an asset on a network. `kind` native has no contract; `omni` lives in Omni's layer; `pallet_asset` in
    the pallet `assets` of a Substrate chain, its contract being the asset's number; `jetton`: its contract on TON;
    `bank`: its denomination in the bank module of a Cosmos chain; `issued`: an issuer's (XRP Ledger `currency.issuer`,
    Stellar `code:issuer`); `asa`, `hts`: its number on Algorand, Hedera; `fa2`: contract and number on Tezos; `spl`:
    its mint on Solana; `fungible_asset`: its metadata object on Aptos, or a coin's type; `sui_coin`: its type;
    `nep141`: its contract on NEAR; `cardano_asset`: `policy.name` in hexadecimal; `eosio_token`: `contract:CODE`;
    `aelf_token`: its symbol; `sip010`: `contract::asset` on Stacks; `esdt`: its identifier on MultiversX; `irc2`: its
    contract on ICON; `other` is a token that no client reads yet.

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
        match = BALANCE_SLOT.fullmatch(self.balance_slot)
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
class PublicationRow:
    """publications.csv: where an exchange's reports are found, and when.

    `source`: the module of porlake.sources that looks for them, or `manual` with what to put where in `how`. `awaited`:
    cron in UTC of the moment from which the report of a month (of the publisher's clock, into which the moment falls)
    is looked for; empty where nothing is periodic any more. `overdue_days`: so many days after that moment the
    exchange's own rhythm says that it should have come; 0 where there is none.
    """

    exchange: str
    source: str
    awaited: str
    overdue_days: int
    how: str

    @property
    def is_manual(self) -> bool:
        """Whether nobody looks, so that a person must."""
        return self.source == "manual"


@dataclass(frozen=True, slots=True)
class SweptNetwork:
    """sweeps.csv: a network whose past nobody tells. `window_seconds`: how far from a snapshot a sweep may lie to stand
    for it.
    """

    network: str
    window_seconds: int
    note: str


@dataclass(frozen=True, slots=True)
class ObservedExchange:
    """observed_exchanges.csv: an exchange that publishes addresses alone, or of which others list them: what lies there
    is observed on the chains. `schedule`: cron in UTC of the moments.
    """

    exchange: str
    schedule: str
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


def fold(label: str) -> str:
    """Labels are compared trimmed, in upper case, with `_` for `-` and blanks: the files spell one label in many
    ways.
    """
    return re.sub(r"[-_\s]+", "_", label.strip()).upper()


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
class ReasonRow:
    """reasons.csv: what each machine-readable code means, where it stands.

    `place`: dataset and column, or table and column of the build; `stage`: the one that writes it. `%` in a code stands
    for a number or a name: in SQL `reason like code` finds its row. The reason of a verdict `unsupported` can also be
    the kind of address or the scheme that no rule judges; those have no row.
    """

    code: str
    stage: str
    place: str
    meaning: str

    def covers(self, code: str) -> bool:
        """Whether the row is that of a code as it stands in a dataset."""
        return re.fullmatch("[a-z0-9_]+".join(map(re.escape, self.code.split("%"))), code) is not None


@dataclass(frozen=True, slots=True)
class VerifyingKey:
    """verifying_keys.csv: the sha256 of a verifying key or of a circuit's verifier data that was looked at and is held
    to be the one of a scheme; `round`: the audit from which on it is used, in the exchange's own word; `note`: where it
    was had. Who uses another key may be right, and nobody here vouches for it.
    """

    exchange: str
    scheme: str
    round: str
    sha256: str
    note: str


@dataclass(frozen=True, slots=True)
class Rate:
    """rates.csv: how many questions in so many seconds a public endpoint takes of somebody without a key, where its
    operator says so. It holds where the endpoint is asked as networks.csv names it; what a user configures has its own
    `per_second`.
    """

    host: str
    questions: int
    seconds: int
    source: str


@dataclass(frozen=True, slots=True)
class Provider:
    """providers.csv: registrable domains of one operator of endpoints, who is one witness under all of them."""

    domain: str
    provider: str
    note: str

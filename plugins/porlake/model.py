"""The nouns: one frozen class a dataset, with its key and its partition.

A column has one name, one type and one meaning everywhere. Its meaning is written once, on the alias below; the Parquet
schema, the key check, the DuckDB views and the data dictionary are made from these classes (`lake`, `docs`).
`None` in a column means that the source says nothing, never zero.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, ClassVar


@dataclass(frozen=True, slots=True)
class Column:
    """What a column means; `kind` names its Parquet type where the Python type does not settle it.

    `varied`: values seldom repeat in a file, so that a Parquet dictionary of them would be time lost.
    """

    meaning: str
    kind: str = ""
    unit: str = ""
    varied: bool = False


class Dataset:
    """What the class of a dataset says beside its columns.

    `NAME` is the name under which it lies in the lake: `ReportFile` is `report_file`. `VERSION` is the number of its
    schema, which a pointer carries: whoever changes a column raises it by one; `lake.carried` says how older rows
    become new ones.
    """

    __slots__ = ()
    NAME: ClassVar[str]
    VERSION: ClassVar[int] = 1
    KEY: ClassVar[tuple[str, ...]]
    PARTITION: ClassVar[tuple[str, ...]]

    def __init_subclass__(cls) -> None:
        cls.NAME = re.sub(r"(?<!^)(?=[A-Z])", "_", cls.__name__).lower()


# --- who and when ---------------------------------------------------------------------------------------------------
Exchange = Annotated[str, Column("id of the exchange, a row of exchanges.csv")]
Report = Annotated[
    str,
    Column(
        "id of a report: sha256 of its file's bytes; of a report of several files, of the sorted lines `<sha256>  "
        "<role>` of its members"
    ),
]
Attestation = Annotated[
    str, Column("what one exchange says of one moment, as exchange/day in its own clock: okx/2024-03-25")
]
SnapshotAt = Annotated[
    datetime,
    Column(
        "moment that the attestation speaks of; where only a day or month is known, its start in the publisher's clock",
        unit="UTC",
    ),
]
SnapshotDay = Annotated[
    date,
    Column(
        "day of that moment in the publisher's clock (utc_offset of exchanges.csv), as in the attestation's id; the "
        "1st where only a month is known"
    ),
]
Precision = Annotated[str, Column("how exactly the snapshot is known: moment, day, month or unknown")]
Content = Annotated[
    str,
    Column(
        "what the file states: addresses, totals, liability_proof, ownership_only, address_list, tracker_figures, "
        "control_transfers or observed_list (an observation of porlake's own)"
    ),
]
Statement = Annotated[
    str,
    Column(
        "who says it in which form: publisher/format; of a totals file its source. Of one statement the newest "
        "revision counts"
    ),
]
Revision = Annotated[
    int, Column("number of this edition of the statement: the V-number in the name, else the order of first retrieval")
]
FormatName = Annotated[str, Column("module of porlake.reports that reads the file")]
FileName = Annotated[str, Column("name of the file as published; of a report of several, of the first")]
Origin = Annotated[str, Column("where the bytes came from, without secrets: file:NAME or the URL without its query")]
Members = Annotated[
    list[str],
    Column(
        "files of the report in the order of their numbers, as `<sha256>  <role>  <name>`; behind them, with the "
        "role -, those that nobody reads"
    ),
]
Container = Annotated[str, Column("sha256 of the archive in which the file was published")]
SizeBytes = Annotated[int, Column("length of the file", unit="bytes")]
RetrievedAt = Annotated[datetime, Column("when the file first reached the archive for this attestation", unit="UTC")]
ReportNo = Annotated[str, Column("number that the exchange itself gives the edition")]

# --- what is claimed ------------------------------------------------------------------------------------------------
Member = Annotated[int, Column("number of the report's file in which the row stands; 0 where it has one")]
SourceRow = Annotated[int, Column("line of the published file, counted from 1", varied=True)]
Network = Annotated[str, Column("id of the network, a row of networks.csv")]
Asset = Annotated[str, Column("id of the asset, a row of assets.csv")]
Address = Annotated[str, Column("custody address in its canonical spelling; one account has one spelling", varied=True)]
AddressPublished = Annotated[str, Column("address as published", varied=True)]
Label = Annotated[str, Column("coin label as published")]
NetworkLabel = Annotated[str, Column("network label as published")]
Amount = Annotated[
    int, Column("amount of the asset, exact", kind="base_units", unit="base units of the asset", varied=True)
]
AmountPublished = Annotated[str, Column("amount as published")]
PrintedDecimals = Annotated[int, Column("digits behind the point in the amount as published")]
DepositAddress = Annotated[
    str,
    Column(
        "account that deposited for the validator, as the file says, in its canonical spelling; only where it says it"
    ),
]
WithdrawalAddress = Annotated[
    str,
    Column(
        "account that the validator's withdrawals go to, as the file says, in its canonical spelling; only where it "
        "says it"
    ),
]
SnapshotHeight = Annotated[int, Column("snapshot height that the exchange states", unit="blocks")]
Holding = Annotated[
    str, Column("how it is held: wallet, native_staking, eigenlayer, staking, custody, t_bills, buy_back")
]
Custodian = Annotated[str, Column("third party that holds it, as published")]
Remark = Annotated[
    str,
    Column(
        "codes, parted by blanks, of what is unusual about the row and does not refuse it: asset_not_on_network, "
        "label_by_rule (read by its two"
        " words: labels.csv does not name it), unit_unknown, spelled_otherwise (the address), rounded_down or "
        "rounded_up (finer than it can be kept)"
    ),
]

ListReport = Annotated[str, Column("id of the report that lists the addresses")]
ListStatedBy = Annotated[
    str, Column("who says whose addresses they are: the exchange, or who compiled the list; it is never porlake")
]
ListDay = Annotated[date, Column("day of which the list is")]
ListAccounts = Annotated[int, Column("accounts of the list, each once a network, that were asked for")]
ListRowsRefused = Annotated[int, Column("rows of the list that name no account of a network that we know")]

# --- what shows control ---------------------------------------------------------------------------------------------
ForRow = Annotated[
    int,
    Column(
        "source_row, in the same member, of the row that this row signs for, where a row only carries another row's "
        "signer"
    ),
]
Scheme = Annotated[str, Column("signature scheme, a row of schemes.csv")]
Message = Annotated[str, Column("text that was signed, as published")]
Signatures = Annotated[
    list[str],
    Column("signatures as published, in the order of their columns; empty text where a column is empty", varied=True),
]
KeyOrScript = Annotated[str, Column("public key or redeem script as published")]
Owners = Annotated[
    list[str],
    Column(
        "stated owners of the account as published, in the order of their columns; empty text where a column is empty"
    ),
]
Verdict = Annotated[str, Column("proven, owner_signed, signature_only, unsigned, invalid, malformed or unsupported")]
Reason = Annotated[str, Column("machine-readable reason")]
Flags = Annotated[list[str], Column("remarks that do not change the verdict")]
Signer = Annotated[str, Column("account that signed, where the signature shows one", varied=True)]
Binds = Annotated[
    list[str], Column("what the signed message names: exchange, date, address; empty where it names none")
]

# --- totals and liabilities -----------------------------------------------------------------------------------------
Level = Annotated[str, Column("group (a total over labels), part (one label) or asset (a totals file)")]
OwnAmount = Annotated[
    int, Column("part of the amount in the exchange's own wallets", kind="base_units", unit="base units of the asset")
]
CustodyAmount = Annotated[
    int, Column("part of the amount at third-party custodians", kind="base_units", unit="base units of the asset")
]
UsdPublished = Annotated[Decimal, Column("value in US dollars as published", kind="usd", unit="USD")]
Scope = Annotated[str, Column("what a published total covers, in the publisher's words")]
Source = Annotated[str, Column("who says so: a publisher, a host (never a key), a price source")]
Note = Annotated[str, Column("remark of the source")]
Figure = Annotated[str, Column("what a tracker prints a number for: reserves, reserves_change, clean_reserves ...")]
FigureValue = Annotated[Decimal, Column("the number as the tracker prints it, in its unit", kind="figure")]
FigureUnit = Annotated[str, Column("unit of the number: usd, percent or count")]
Definition = Annotated[str, Column("what the tracker counts, in words: figures of two definitions are not compared")]
Owed = Annotated[int, Column("amount owed to customers", kind="base_units", unit="base units of the asset")]
PrintedRatio = Annotated[Decimal, Column("reserve ratio as the exchange printed it", kind="ratio", unit="percent")]
ProofKind = Annotated[
    str,
    Column(
        "how what is owed is shown: printed (a figure alone), tree (all leaves), path (one user's), snark (a succinct "
        "proof with a setup) or stark (one that rests on hashes alone)"
    ),
]
ProofVerdict = Annotated[
    str,
    Column(
        "verdict on that proof: holds, consistent_only, broken, malformed or unsupported; null where there is none to "
        "check"
    ),
]
ProofScheme = Annotated[str, Column("module of porlake.liabilities that checks the proof")]
ProofDetail = Annotated[str, Column("the reason in words, with node, level and value; empty where it needs none")]
Root = Annotated[str, Column("root of the tree that the proof is of, in hex; null where it shows none")]
Leaves = Annotated[
    int, Column("accounts or leaves that the proof counts; null where it does not show how many", unit="leaves")
]
ChecksPassed = Annotated[list[str], Column("checks that were made and passed, in their order")]
ChecksFailed = Annotated[list[str], Column("checks that were made and failed, in their order")]
ChecksUnmade = Annotated[list[str], Column("checks that could not be made, in their order")]
Findings = Annotated[
    list[str], Column("codes of what a reader must know and what breaks nothing: negative subtrees, unpinned keys ...")
]
FindingDetails = Annotated[list[str], Column("the findings in words, one for each code, in the same order")]
NotShown = Annotated[list[str], Column("codes of what even a proof of this scheme that holds leaves open")]
KeySha256 = Annotated[
    list[str], Column("sha256 of every verifying key or circuit that was used, pinned or not; empty where none was")
]
TotalNo = Annotated[int, Column("number of the total in its proof, counted from 1")]
OwedPublished = Annotated[str, Column("amount owed as the proof states it, in units of the asset")]
IsShown = Annotated[bool, Column("whether the amount follows from the proof; else it is printed beside it")]

# --- rows that are not used -----------------------------------------------------------------------------------------
Raw = Annotated[str, Column("the row as published, cut at 2,000 characters")]
Expected = Annotated[str, Column("what would have been accepted")]
Block_ = Annotated[str, Column("block of the file in which the row stands: summary or rows")]

# --- what the chains say --------------------------------------------------------------------------------------------
Height = Annotated[int, Column("height of the block that was read", unit="blocks")]
BlockHash = Annotated[str, Column("hash of that block, as the network shows it")]
BlockTime = Annotated[
    datetime, Column("time of that block; null where a file of coins is all that is known of it", unit="UTC")
]
BlockOrigin = Annotated[
    str,
    Column(
        "published (the report names the height), resolved (found for a time), swept (read by a sweep near it) or head"
    ),
]
Component = Annotated[
    str,
    Column(
        "part of the holding: total, liquid, frozen, delegated, unstaking, validator, p2pk (coins paid to the bare "
        "key, not in the total) ..."
    ),
]
Method = Annotated[str, Column("how it was read")]
AsOf = Annotated[str, Column("exact (at the snapshot block), near (a sweep close to it) or head (the latest block)")]
ConfirmedBy = Annotated[
    str,
    Column(
        "host of another operator that gave the same amount for the same block; null where none was asked, or none "
        "answered"
    ),
]
OffsetSeconds = Annotated[
    int, Column("time of the block that was read minus time of the snapshot block", unit="seconds")
]
Txid = Annotated[str, Column("id of the transaction that made the coin, as the network shows it")]
Vout = Annotated[int, Column("number of the output in that transaction")]
CoinHeight = Annotated[int, Column("height of the block that holds that transaction", unit="blocks")]
Coinbase = Annotated[bool, Column("whether the coin was mined in that block")]
Owner = Annotated[str, Column("canonical address of a stated owner")]
Relation = Annotated[
    str,
    Column(
        "what the chain says of the account: safe_owner, owner, pod_owner, withdrawal_credentials; none where it "
        "answers no such call"
    ),
]
Holds = Annotated[bool, Column("whether the chain confirms the relation")]
Threshold = Annotated[int, Column("owners that must sign", unit="owners")]
Transaction = Annotated[str, Column("id of a transaction, as the network shows it", varied=True)]
Recipient = Annotated[
    str,
    Column(
        "canonical address to which the exchange says that the amount moved: the address itself, or another of its own"
    ),
]
AmountStated = Annotated[
    int, Column("amount that the exchange says it moved", kind="base_units", unit="base units of the asset")
]
AmountFound = Annotated[
    int,
    Column(
        "amount that the transaction moved from the address to the recipient: of several outputs the one of the amount "
        "that is stated, else their sum", kind="base_units",
        unit="base units of the asset",
    ),
]  # fmt: skip
FirstHeight = Annotated[int, Column("lowest block in which the exchange says that the transaction lies", unit="blocks")]
LastHeight = Annotated[int, Column("highest block in which the exchange says that the transaction lies", unit="blocks")]
FoundHeight = Annotated[int, Column("height of the block that holds the transaction", unit="blocks")]
Answer = Annotated[
    str,
    Column(
        "what the chain answered, as evidence: `2 of` the owners of a Safe, the owner, the withdrawal credentials, "
        "when an account last changed"
    ),
]
HeadHeight = Annotated[
    int,
    Column("height of the final block up to which the account was looked at, and at which it was read", unit="blocks"),
]
HeadHash = Annotated[str, Column("hash of that block, as the network shows it")]
HeadTime = Annotated[datetime, Column("time of that block; null where it is not told", unit="UTC")]
LastChange = Annotated[
    str,
    Column(
        "last change of the account that the chain shows: a height, a moment in UTC, or none, where it was asked for "
        "changes after the snapshot block and shows none",
        varied=True,
    ),
]
OwnerCount = Annotated[int, Column("owners of the account", unit="owners")]
SweptAt = Annotated[datetime, Column("moment for which the balances were read", unit="UTC")]
Usd = Annotated[Decimal, Column("price of one unit of the asset", kind="price", unit="USD")]
PricedAt = Annotated[datetime, Column("time of the price", unit="UTC")]


@dataclass(frozen=True, slots=True)
class ReportFile(Dataset):
    """A file as published for a moment; the same bytes may be published for several. Written by archive."""

    KEY: ClassVar = ("report", "attestation")
    PARTITION: ClassVar = ("exchange", "report", "attestation")
    exchange: Exchange
    report: Report
    attestation: Attestation
    snapshot_at: SnapshotAt | None
    snapshot_day: SnapshotDay | None
    snapshot_precision: Precision
    content: Content
    statement: Statement
    revision: Revision
    format: FormatName
    file_name: FileName
    members: Members
    origin: Origin
    container: Container | None
    size_bytes: SizeBytes
    retrieved_at: RetrievedAt
    report_no: ReportNo | None


@dataclass(frozen=True, slots=True)
class Claim(Dataset):
    """A row in which the exchange claims an amount at an address. Written by parse."""

    KEY: ClassVar = ("report", "member", "source_row")
    PARTITION: ClassVar = ("exchange", "report")
    exchange: Exchange
    report: Report
    source_row: SourceRow
    network: Network
    asset: Asset
    address: Address
    address_published: AddressPublished
    label: Label
    network_label: NetworkLabel | None
    amount: Amount | None
    amount_published: AmountPublished | None
    printed_decimals: PrintedDecimals | None
    snapshot_height: SnapshotHeight | None
    holding: Holding
    custodian: Custodian | None
    remark: Remark | None
    source: Source | None = None
    member: Member = 0
    deposit_address: DepositAddress | None = None
    withdrawal_address: WithdrawalAddress | None = None


@dataclass(frozen=True, slots=True)
class ObservedList(Dataset):
    """The list of addresses that an observation reads on the chains: whose it is and how old. Written by parse."""

    KEY: ClassVar = ("report",)
    PARTITION: ClassVar = ("exchange", "report")
    exchange: Exchange
    report: Report
    list: ListReport
    list_stated_by: ListStatedBy
    list_day: ListDay | None
    accounts: ListAccounts
    rows_refused: ListRowsRefused


@dataclass(frozen=True, slots=True)
class Evidence(Dataset):
    """What a row of the address block gives to show control, as published; rejected rows included. Written by parse."""

    KEY: ClassVar = ("report", "member", "source_row")
    PARTITION: ClassVar = ("exchange", "report")
    exchange: Exchange
    report: Report
    source_row: SourceRow
    for_row: ForRow | None
    network: Network | None
    asset: Asset | None
    label: Label
    network_label: NetworkLabel | None
    holding: Holding
    scheme: Scheme
    address_published: AddressPublished
    message: Message
    signatures: Signatures
    key_or_script: KeyOrScript
    owners: Owners
    member: Member = 0


@dataclass(frozen=True, slots=True)
class PublishedTotal(Dataset):
    """An amount that the exchange prints without an address: a summary line or a row of a totals file. Written by
    parse.
    """

    # The label alone is no key: HTX prints one label twice in a summary, and sources contradict each other.
    KEY: ClassVar = ("report", "member", "source_row")
    PARTITION: ClassVar = ("exchange", "report")
    exchange: Exchange
    report: Report
    source_row: SourceRow
    label: Label
    level: Level
    network: Network | None
    asset: Asset | None
    amount: Amount | None
    amount_published: AmountPublished | None
    printed_decimals: PrintedDecimals | None
    own_amount: OwnAmount | None
    custody_amount: CustodyAmount | None
    usd_published: UsdPublished | None
    snapshot_height: SnapshotHeight | None
    holding: Holding
    scope: Scope | None
    source: Source
    note: Note | None
    member: Member = 0
    remark: Remark | None = None


@dataclass(frozen=True, slots=True)
class Liability(Dataset):
    """What the exchange says it owes. Written by parse."""

    VERSION: ClassVar = 2  # of 1, a figure alone was `stated`
    KEY: ClassVar = ("report", "member", "source_row")
    PARTITION: ClassVar = ("exchange", "report")
    exchange: Exchange
    report: Report
    source_row: SourceRow
    label: Label
    asset: Asset
    owed: Owed | None
    printed_ratio: PrintedRatio | None
    proof_kind: ProofKind
    proof_verdict: ProofVerdict | None
    source: Source
    note: Note | None
    member: Member = 0
    remark: Remark | None = None


@dataclass(frozen=True, slots=True)
class LiabilityProof(Dataset):
    """A published proof of what is owed, and whether it holds. Written by prove."""

    KEY: ClassVar = ("report", "proof_scheme")
    PARTITION: ClassVar = ("exchange", "report")
    exchange: Exchange
    report: Report
    proof_scheme: ProofScheme
    proof_kind: ProofKind
    proof_verdict: ProofVerdict
    reason: Reason
    proof_detail: ProofDetail
    root: Root | None
    leaves: Leaves | None
    checks_passed: ChecksPassed
    checks_failed: ChecksFailed
    checks_unmade: ChecksUnmade
    findings: Findings
    finding_details: FindingDetails
    not_shown: NotShown
    key_sha256: KeySha256


@dataclass(frozen=True, slots=True)
class LiabilityProofTotal(Dataset):
    """What a proof says is owed of one asset: null in base units where the asset is not known, or the amount is none.
    Written by prove.
    """

    KEY: ClassVar = ("report", "proof_scheme", "total_no")
    PARTITION: ClassVar = ("exchange", "report")
    exchange: Exchange
    report: Report
    proof_scheme: ProofScheme
    total_no: TotalNo
    label: Label
    asset: Asset | None
    owed: Owed | None
    owed_published: OwedPublished
    is_shown: IsShown
    remark: Remark | None


@dataclass(frozen=True, slots=True)
class StatedTransfer(Dataset):
    """A transfer by which an exchange says that it shows control of an address. Written by parse."""

    KEY: ClassVar = ("report", "member", "source_row")
    PARTITION: ClassVar = ("exchange", "report")
    exchange: Exchange
    report: Report
    source_row: SourceRow
    network: Network
    asset: Asset
    address: Address
    recipient: Recipient
    transaction: Transaction
    amount_stated: AmountStated
    first_height: FirstHeight | None
    last_height: LastHeight | None
    source: Source
    member: Member = 0


@dataclass(frozen=True, slots=True)
class Rejection(Dataset):
    """A row that is not used, and why. Written by parse."""

    KEY: ClassVar = ("report", "member", "source_row")
    PARTITION: ClassVar = ("exchange", "report")
    exchange: Exchange
    report: Report
    source_row: SourceRow
    block: Block_
    network: Network | None
    asset: Asset | None
    label: Label | None
    address_published: AddressPublished | None
    reason: Reason
    expected: Expected
    raw: Raw
    member: Member = 0


@dataclass(frozen=True, slots=True)
class Ownership(Dataset):
    """What the signatures of a row say by themselves. One row for each row of the address block. Written by verify."""

    KEY: ClassVar = ("report", "member", "source_row")
    PARTITION: ClassVar = ("exchange", "report")
    exchange: Exchange
    report: Report
    source_row: SourceRow
    for_row: ForRow | None
    network: Network | None
    asset: Asset | None
    address: Address
    scheme: Scheme
    verdict: Verdict
    reason: Reason
    flags: Flags
    signer: Signer | None
    message: Message
    binds: Binds
    member: Member = 0


@dataclass(frozen=True, slots=True)
class Block(Dataset):
    """A block at which balances were read, or that a report names. Written by observe."""

    # Labels of one report may name different heights of one network: the height belongs to the key.
    KEY: ClassVar = ("report", "network", "height")
    PARTITION: ClassVar = ("exchange", "report", "network")
    exchange: Exchange
    report: Report
    network: Network
    height: Height
    block_hash: BlockHash
    block_time: BlockTime | None
    block_origin: BlockOrigin


@dataclass(frozen=True, slots=True)
class Balance(Dataset):
    """What a custody address held of one asset. Written by observe."""

    KEY: ClassVar = ("report", "network", "asset", "address", "component")
    PARTITION: ClassVar = ("exchange", "report", "network")
    exchange: Exchange
    report: Report
    network: Network
    asset: Asset
    address: Address
    component: Component
    amount: Amount
    height: Height
    method: Method
    source: Source
    as_of: AsOf
    offset_seconds: OffsetSeconds
    confirmed_by: ConfirmedBy | None = None


@dataclass(frozen=True, slots=True)
class Utxo(Dataset):
    """An unspent coin below a balance, where the set of all coins was read and outpoints were asked for. Written by
    observe.
    """

    KEY: ClassVar = ("report", "network", "address", "txid", "vout")
    PARTITION: ClassVar = ("exchange", "report", "network")
    exchange: Exchange
    report: Report
    network: Network
    asset: Asset
    address: Address
    txid: Txid
    vout: Vout
    amount: Amount
    coin_height: CoinHeight
    coinbase: Coinbase


@dataclass(frozen=True, slots=True)
class OwnerLink(Dataset):
    """What the chain says of a stated owner of an account. Written by observe."""

    KEY: ClassVar = ("report", "network", "address", "owner")
    PARTITION: ClassVar = ("exchange", "report", "network")
    exchange: Exchange
    report: Report
    network: Network
    address: Address
    owner: Owner
    relation: Relation
    holds: Holds
    threshold: Threshold | None
    owner_count: OwnerCount | None
    answer: Answer
    height: Height
    method: Method
    source: Source


@dataclass(frozen=True, slots=True)
class ControlTransfer(Dataset):
    """A transfer by which an exchange says that it shows control of an address, and what the chain shows of it. It is
    no signature. Written by observe.
    """

    KEY: ClassVar = ("report", "network", "address", "transaction", "asset")
    PARTITION: ClassVar = ("exchange", "report", "network")
    exchange: Exchange
    report: Report
    network: Network
    asset: Asset
    address: Address
    recipient: Recipient
    transaction: Transaction
    amount_stated: AmountStated
    amount_found: AmountFound | None
    first_height: FirstHeight | None
    last_height: LastHeight | None
    found_height: FoundHeight | None
    block_hash: BlockHash | None
    reason: Reason
    method: Method | None
    source: Source | None


@dataclass(frozen=True, slots=True)
class Unobserved(Dataset):
    """A claimed holding that could not be read, and why. Written by observe."""

    KEY: ClassVar = ("report", "network", "asset", "address")
    PARTITION: ClassVar = ("exchange", "report", "network")
    exchange: Exchange
    report: Report
    network: Network
    asset: Asset
    address: Address
    reason: Reason


@dataclass(frozen=True, slots=True)
class Unchanged(Dataset):
    """Why a balance that was read at a later block counts as that of the snapshot block: nothing happened at the
    account between. Written by observe.
    """

    KEY: ClassVar = ("report", "network", "asset", "address")
    PARTITION: ClassVar = ("exchange", "report", "network")
    exchange: Exchange
    report: Report
    network: Network
    asset: Asset
    address: Address
    head_height: HeadHeight
    head_hash: HeadHash
    head_time: HeadTime | None
    last_change: LastChange
    answer: Answer
    source: Source


@dataclass(frozen=True, slots=True)
class Sweep(Dataset):
    """A balance read at the moment itself, for networks whose past nobody tells. Written by sweep."""

    KEY: ClassVar = ("exchange", "network", "swept_at", "asset", "address", "component")
    PARTITION: ClassVar = ("exchange", "network", "swept_at")
    exchange: Exchange
    network: Network
    swept_at: SweptAt
    asset: Asset
    address: Address
    component: Component
    amount: Amount
    height: Height
    block_hash: BlockHash
    block_time: BlockTime
    method: Method
    source: Source


@dataclass(frozen=True, slots=True)
class Price(Dataset):
    """US dollars for one unit of an asset at the snapshot; a price that is missing is a row with a reason. Written by
    price.
    """

    KEY: ClassVar = ("attestation", "asset", "source")
    PARTITION: ClassVar = ("exchange", "attestation")
    exchange: Exchange
    attestation: Attestation
    asset: Asset
    source: Source
    usd: Usd | None
    priced_at: PricedAt | None
    reason: Reason | None


@dataclass(frozen=True, slots=True)
class TrackerFigure(Dataset):
    """A figure that a tracker prints of an exchange, with the tracker's own definition. Written by parse."""

    KEY: ClassVar = ("report", "member", "source_row")
    PARTITION: ClassVar = ("exchange", "report")
    exchange: Exchange
    report: Report
    source_row: SourceRow
    figure: Figure
    value: FigureValue
    unit: FigureUnit
    definition: Definition
    source: Source
    note: Note | None
    member: Member = 0


#: Every dataset by the name under which it lies in the lake.
DATASETS: dict[str, type[Dataset]] = {
    row_class.NAME: row_class
    for row_class in (
        ReportFile,
        Claim,
        ObservedList,
        Evidence,
        PublishedTotal,
        Liability,
        LiabilityProof,
        LiabilityProofTotal,
        TrackerFigure,
        StatedTransfer,
        Rejection,
        Ownership,
        Block,
        Balance,
        Utxo,
        OwnerLink,
        ControlTransfer,
        Unobserved,
        Unchanged,
        Sweep,
        Price,
    )
}

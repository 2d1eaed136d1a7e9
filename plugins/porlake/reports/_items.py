"""What a format yields: rows as published, texts untouched but for blanks around them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO, ClassVar

from porlake.reports._snapshot import Snapshot

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True, slots=True)
class Part:
    """What a file of many attestations says of one of them, as a canonical file of its own.

    `snapshot` is None where the file does not tell it; `source` is who says it, '' where that is the exchange itself.
    """

    exchange: str
    snapshot: Snapshot | None
    content: BinaryIO
    source: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """A row of the address block.

    `source_row`: its position in its file, a line counted from 1; `member`: the file's number; `network`, `asset`,
    `scheme`: ids of the registry, as labels.csv says. `amount` is a decimal text in units of the coin, in base units,
    or nobody knows which: `unit` is coin, base or unknown; None where the layout has no amounts. `for_row`: the row for
    which this one only signs. `raw`: the row as it stands there.
    """

    source_row: int
    label: str
    network: str
    asset: str
    address: str
    amount: str | None
    raw: str
    unit: str = "coin"
    network_label: str = ""
    scheme: str = "no_scheme"
    holding: str = "wallet"
    remark: str = ""
    height: int | None = None
    for_row: int | None = None
    message: str = ""
    signatures: tuple[str, ...] = ()
    key_or_script: str = ""
    owners: tuple[str, ...] = ()
    custodian: str | None = None
    source: str | None = None
    deposit_address: str = ""
    withdrawal_address: str = ""
    member: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """A line without an address: a total, a liability, or both. Amounts are texts in units of the asset, '' where
    nothing is printed.

    `level`: group (one asset over all networks, or a sum of several assets), part (of one network), asset. `decimals`:
    where `amount` is whole units of the publisher's own, how many of its digits stand behind the point of the asset.
    """

    source_row: int
    label: str
    level: str
    asset: str
    source: str
    raw: str
    network: str = ""
    holding: str = "wallet"
    height: int | None = None
    amount: str = ""
    own_amount: str = ""
    custody_amount: str = ""
    owed: str = ""
    printed_ratio: str = ""
    usd: str = ""
    scope: str | None = None
    note: str | None = None
    remark: str = ""
    member: int = 0
    decimals: int | None = None
    address: ClassVar[str] = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """What a tracker prints of an exchange. `value`: a decimal text, signed, in `unit` (usd, percent or count);
    `definition`: what the tracker counts, in words.
    """

    source_row: int
    figure: str
    value: str
    unit: str
    definition: str
    source: str
    raw: str
    note: str | None = None
    member: int = 0
    network: ClassVar[str] = ""
    asset: ClassVar[str] = ""
    address: ClassVar[str] = ""

    @property
    def label(self) -> str:
        """By which a rejection names it."""
        return self.figure


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """A row that is not used, with the code of the reason. What it holds of evidence is kept, so that its verdict can
    name the reason.

    `block`: rows (of the address block) or summary; `expected`: what would have been taken.
    """

    source_row: int
    block: str
    reason: str
    expected: str
    raw: str
    label: str = ""
    network_label: str = ""
    network: str = ""
    asset: str = ""
    scheme: str = ""
    holding: str = "wallet"
    address: str = ""
    message: str = ""
    signatures: tuple[str, ...] = ()
    key_or_script: str = ""
    owners: tuple[str, ...] = ()
    member: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Transfer:
    """A transfer by which an exchange says that it shows control of an address. `amount`: a decimal text in units of
    the asset; `recipient`: '' where the address sent it to itself; `first_height`, `last_height`: the blocks between
    which it is said to lie, None where nothing is said.
    """

    source_row: int
    network: str
    asset: str
    address: str
    transaction: str
    amount: str
    source: str
    raw: str
    recipient: str = ""
    first_height: int | None = None
    last_height: int | None = None
    member: int = 0
    label: ClassVar[str] = ""


Item = Published | Summary | Figure | Transfer | Refused


@dataclass(frozen=True, slots=True)
class Rows:
    """A run of rows of the address block by column, and between them, in order of their lines, the items of those that
    are only told one by one.

    `columns` has the attributes of `Published` that are not what they are by default, a value for each row: texts
    without nulls but for `custodian` and `remark`, `height` a whole number or null, `signatures` and `owners` lists;
    all rows have an amount in units of the coin. `published`: what the rule of one row makes of a row of the columns.
    """

    member: int
    columns: Mapping[str, pa.Array]
    others: list[Item]
    published: Callable[[int], Item]


@dataclass(frozen=True, slots=True)
class Stretch:
    """Lines of the address block that are told by column: `rows` reads them, in any thread, and may be left unasked."""

    rows: Callable[[], Rows]

"""What Binance's and Gate's proofs of solvency hash, and how their published files are read.

Sources: github.com/binance/zkmerkle-proof-of-solvency (src/utils, src/verifier, in its revisions of 2023, 2024 and
2026) and github.com/gateio/proof-of-reserves (utils, service/verify_service), which is the edition of 2023 with another
number of assets.

Users stand in a tree of 28 levels, the lowest bit of the index at the leaf. A batch of users has one Groth16 proof,
whose only public input is the hash of what the batch starts from and ends with: roots of the tree, and commitments to
the totals of every asset with its price. Three editions:

dense      2023, and Gate: equity and debt of every asset; each batch carries the root on.
tiered     2024: five numbers an asset a user holds, collateral with haircuts; keys by how many assets a user holds.
one_root   2026: as tiered; the tree is finished before the proofs, which say which range of indices each counts.
"""

from __future__ import annotations

import base64
import binascii
import csv
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import Any, Literal

from porlake.encoding import poseidon_bn254, strict_json
from porlake.encoding.poseidon_bn254 import MODULUS
from porlake.errors import InvalidEncoding
from porlake.liabilities._json import Malformed, fields, items, number, read, shown, text
from porlake.liabilities._protocol import PublishedFile

Edition = Literal["dense", "tiered", "one_root"]

DEPTH = 28
WORD = 2**64 - 1
#: Assets that an edition has room for; what is not listed is hashed as zeros.
TIERED_CAPACITY = 500
#: How many assets a user's leaf is padded to.
TIERS = (50, 500)
_TIER_STEPS = 12
_HIGHEST_BOUNDARY = 2**118

_MOST_BATCHES = 2_000_000
_MOST_CHARACTERS = 20_000
_TABLE = ("proof_info", "cex_asset_list_commitments", "account_tree_roots", "batch_commitment", "batch_number")
_RANGE = ("min_account_index", "max_account_index")


@dataclass(frozen=True, slots=True)
class Batch:
    """A row of proof.csv. `before`, `after`: commitments to the totals; `roots`: before and after, or the one of all
    batches; `assets`: the tier of its users, 0 where the edition has none; `first`, `last`: the range of indices,
    -1 where the edition has none.
    """

    line: int
    number: int
    proof: bytes
    before: int
    after: int
    roots: tuple[int, ...]
    public: int
    assets: int
    first: int
    last: int

    @property
    def hashed(self) -> tuple[int, ...]:
        """What the public input is the digest of."""
        if self.first >= 0:
            return (*self.roots, self.before, self.after, self.first, self.last)
        return (*self.roots, self.before, self.after)


def is_table(head: bytes) -> bool:
    """Whether a file begins as a table of batches does."""
    first = head.split(b"\n", 1)[0]
    return all(column.encode() in first for column in _TABLE)


def batches(member: PublishedFile) -> tuple[Edition, list[Batch]]:
    """The rows of a table in the order of their numbers. Raises Malformed."""
    reader = csv.reader(_lines(member), strict=True)
    try:
        columns = [column.strip() for column in next(reader, [])]
        missing = [column for column in _TABLE if column not in columns]
        if missing or len(set(columns)) < len(columns):
            raise Malformed(f"line 1: column {missing[0]} is missing" if missing else "line 1: a column stands twice")
        edition: Edition = "dense"
        if "assets_count" in columns:
            edition = "one_root" if all(name in columns for name in _RANGE) else "tiered"
        found = []
        for cells in reader:
            if len(cells) != len(columns):
                raise Malformed(f"line {reader.line_num}: {len(cells)} cells, and the header has {len(columns)}")
            found.append(_batch(dict(zip(columns, cells, strict=True)), reader.line_num, edition))
            if len(found) > _MOST_BATCHES:
                raise Malformed(f"more than {_MOST_BATCHES:,} batches")
    except csv.Error as error:
        raise Malformed(f"line {reader.line_num}: {error}") from error
    if not found:
        raise Malformed("a table without a batch")
    found.sort(key=lambda batch: batch.number)
    return edition, found


def _lines(member: PublishedFile) -> Iterator[str]:
    member.content.seek(0)
    count = 0
    while line := member.content.readline(_MOST_CHARACTERS + 1):
        count += 1
        if len(line) > _MOST_CHARACTERS:
            raise Malformed(f"line {count}: more than {_MOST_CHARACTERS:,} bytes")
        if b"\0" in line:
            raise Malformed(f"line {count}: a NUL")
        try:
            yield line.decode("utf-8-sig" if count == 1 else "utf-8")
        except UnicodeDecodeError as error:
            raise Malformed(f"line {count}: no UTF-8") from error


def _batch(cells: Mapping[str, str], line: int, edition: Edition) -> Batch:
    def whole(name: str, most: int) -> int:
        if not re.fullmatch("0|[1-9][0-9]{0,9}", cells[name]) or int(cells[name]) > most:
            raise Malformed(f"line {line}: {name} {shown(cells[name])} is no whole number up to {most:,}")
        return int(cells[name])

    def pair(name: str, count: int) -> tuple[int, ...]:
        try:
            values = strict_json.loads(cells[name].encode())
        except InvalidEncoding as error:
            raise Malformed(f"line {line}: {name} is no list of JSON") from error
        if not isinstance(values, list) or len(values) != count:
            raise Malformed(f"line {line}: {name}: a list of {count} was expected, and there is {shown(values)}")
        return tuple(element(value, f"line {line}: {name}") for value in values)

    before, after = pair("cex_asset_list_commitments", 2)
    one_root = edition == "one_root"
    return Batch(
        line,
        whole("batch_number", _MOST_BATCHES),
        from_base64(cells["proof_info"], f"line {line}: proof_info"),
        before,
        after,
        pair("account_tree_roots", 1 if one_root else 2),
        element(cells["batch_commitment"], f"line {line}: batch_commitment"),
        0 if edition == "dense" else whole("assets_count", TIERED_CAPACITY),
        whole("min_account_index", 2**DEPTH - 1) if one_root else -1,
        whole("max_account_index", 2**DEPTH - 1) if one_root else -1,
    )


def from_base64(found: object, place: str) -> bytes:
    """The bytes of canonical base64. Raises Malformed."""
    if type(found) is str and len(found) <= 4_096 and found.isascii():
        try:
            data = base64.b64decode(found, validate=True)
        except binascii.Error:
            data = b""
        if data and base64.b64encode(data).decode() == found:
            return data
    raise Malformed(f"{place}: {shown(found)} is no canonical base64")


def element(found: object, place: str) -> int:
    """A field element as 32 bytes of base64. Raises Malformed."""
    data = from_base64(found, place)
    if len(data) != 32 or int.from_bytes(data, "big") >= MODULUS:
        raise Malformed(f"{place}: {shown(found)} is no field element of 32 bytes")
    return int.from_bytes(data, "big")


# --- totals -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Step:
    """Of a haircut table: up to `boundary` (value of balance times price) `ratio` percent count as collateral."""

    boundary: int
    ratio: int


_NO_STEPS = (Step(_HIGHEST_BOUNDARY, 0),) * _TIER_STEPS


@dataclass(frozen=True, slots=True)
class Asset:
    """Totals of an asset as published: whole units of the publisher. `collateral` and `steps`: of loans, margin and
    portfolio margin, empty in the dense edition.
    """

    symbol: str
    equity: int
    debt: int
    price: int
    collateral: tuple[int, ...] = ()
    steps: tuple[tuple[Step, ...], ...] = ()

    def elements(self, with_totals: bool) -> list[int]:
        """What the commitment hashes of it, its totals as zeros without `with_totals`."""
        found = [_packed(self.equity, self.debt, self.price) if with_totals else self.price]
        if self.collateral:
            found.append(_packed(*self.collateral) if with_totals else 0)
            for steps in self.steps:
                for low, high in zip(steps[::2], steps[1::2], strict=True):
                    found.append(low.ratio | low.boundary << 8 | high.ratio << 126 | high.boundary << 134)
        return found


_COLLATERAL = ("LoanCollateral", "MarginCollateral", "PortfolioMarginCollateral")
_RATIOS = ("LoanRatios", "MarginRatios", "PortfolioMarginRatios")
_RESERVED = Asset("reserved", 0, 0, 0, (0, 0, 0), (_NO_STEPS,) * 3)


@dataclass(frozen=True, slots=True)
class Totals:
    """config.json. `key_files`: names of verifying keys by tier, {0: name} where there is one for all."""

    assets: tuple[Asset, ...]
    key_files: Mapping[int, str]


def totals(member: PublishedFile, key_name: str) -> Totals:
    """The published totals; `key_name`: the field that names the keys. Raises Malformed."""
    found = fields(read(member, 1 << 24), "the file")
    listed = items(found.get("CexAssetsInfo"), "CexAssetsInfo", 10_000)
    by_index: dict[int, Asset] = {}
    for place, entry in enumerate(listed):
        at = f"CexAssetsInfo[{place}]"
        index = number(fields(entry, at).get("Index"), f"{at}.Index", 9_999)
        if index in by_index:
            raise Malformed(f"{at}: the index {index} stands twice")
        by_index[index] = _asset(entry, at)
    if sorted(by_index) != list(range(len(by_index))) or not by_index:
        raise Malformed(f"CexAssetsInfo: {len(by_index)} assets whose indices are not 0 to {len(by_index) - 1}")
    if len({bool(asset.collateral) for asset in by_index.values()}) > 1:
        raise Malformed("CexAssetsInfo: assets of two editions")
    return Totals(tuple(by_index[index] for index in range(len(by_index))), _key_files(found, key_name))


def _key_files(found: Mapping[str, Any], key_name: str) -> Mapping[int, str]:
    names, tiers = found.get(key_name), found.get("AssetsCountTiers")
    if isinstance(names, list) and isinstance(tiers, list) and len(names) == len(tiers):
        by_tier = {
            number(tier, "AssetsCountTiers", TIERED_CAPACITY): text(name, key_name)
            for tier, name in zip(tiers, names, strict=True)
        }
        return {tier: _base(name) for tier, name in by_tier.items()}
    return {0: _base(text(names, key_name))} if isinstance(names, str) else {}


def _base(path: str) -> str:
    return path.replace("\\", "/").rpartition("/")[2]


def _asset(entry: Mapping[str, Any], at: str) -> Asset:
    tiered = any(name in entry for name in (*_COLLATERAL, *_RATIOS))
    more = (*_COLLATERAL, *_RATIOS) if tiered else ()
    fields(entry, at, "TotalEquity", "TotalDebt", "BasePrice", "Symbol", "Index", *more)
    equity, debt, price = (
        number(entry[name], f"{at}.{name}", WORD) for name in ("TotalEquity", "TotalDebt", "BasePrice")
    )
    return Asset(
        text(entry["Symbol"], f"{at}.Symbol", 100),
        equity,
        debt,
        price,
        tuple(number(entry[name], f"{at}.{name}", WORD) for name in _COLLATERAL if tiered),
        tuple(_steps(entry[name], f"{at}.{name}") for name in _RATIOS if tiered),
    )


def _steps(found: object, place: str) -> tuple[Step, ...]:
    steps = []
    for at, entry in enumerate(items(found, place, _TIER_STEPS)):
        step = fields(entry, f"{place}[{at}]", "BoundaryValue", "Ratio", optional=("PrecomputedValue",))
        steps.append(
            Step(
                number(step["BoundaryValue"], f"{place}[{at}].BoundaryValue", _HIGHEST_BOUNDARY),
                number(step["Ratio"], f"{place}[{at}].Ratio", 100),
            )
        )
    if any(a.boundary > b.boundary for a, b in pairwise(steps)):
        raise Malformed(f"{place}: boundaries that do not ascend")
    return (*steps, *_NO_STEPS[len(steps) :])


def _packed(a: int, b: int, c: int) -> int:
    return a << 128 | b << 64 | c


def commitments(assets: Sequence[Asset], capacity: int) -> tuple[int, int]:
    """What the chain of batches starts with (prices, and totals of zero) and what it ends with."""
    padding = [_RESERVED if assets[0].collateral else Asset("reserved", 0, 0, 0)] * (capacity - len(assets))
    rows = [
        [value for asset in (*assets, *padding) for value in asset.elements(with_totals)]
        for with_totals in (False, True)
    ]
    start, end = poseidon_bn254.digests(rows)
    return start, end


# --- the tree ---------------------------------------------------------------------------------------------------------


@cache
def empty_root(capacity: int) -> int:
    """The root of a tree without users; `capacity`: of the dense edition, 0 of the tiered ones."""
    if capacity:
        node = poseidon_bn254.digest([0, 0, 0, poseidon_bn254.digest([0] * -(-2 * capacity // 3))])
    else:
        node = poseidon_bn254.digest([0] * 5)
    for _ in range(DEPTH):
        node = poseidon_bn254.digest([node, node])
    return node


@dataclass(frozen=True, slots=True)
class Held:
    """What a user has of an asset; `collateral`: for loans, margin and portfolio margin, empty in the dense edition."""

    index: int
    equity: int
    debt: int
    collateral: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class User:
    """A user's file. `collateral`: -1 in the dense edition; `id` as it stands there, 32 bytes."""

    index: int
    id: bytes
    equity: int
    debt: int
    collateral: int
    assets: tuple[Held, ...]
    root: int
    siblings: tuple[int, ...]

    def leaf(self, capacity: int) -> int:
        """Its hash; `capacity` of the dense edition."""
        who = int.from_bytes(self.id, "big") % MODULUS
        if self.collateral < 0:
            numbers = [0] * (2 * capacity)
            for held in self.assets:
                numbers[2 * held.index : 2 * held.index + 2] = held.equity, held.debt
            return poseidon_bn254.digest([who, self.equity, self.debt, poseidon_bn254.digest(_threes(numbers))])
        tier = next(tier for tier in TIERS if len(self.assets) <= tier)
        own = {held.index for held in self.assets}
        free = [index for index in range(tier + len(own)) if index not in own][: tier - len(own)]
        rows = sorted([*self.assets, *(Held(index, 0, 0, (0, 0, 0)) for index in free)], key=lambda held: held.index)
        numbers = [value for held in rows for value in (held.index, held.equity, held.debt, *held.collateral)]
        return poseidon_bn254.digest(
            [who, self.equity, self.debt, self.collateral, poseidon_bn254.digest(_threes(numbers))]
        )

    def climbed(self, leaf: int) -> int:
        """The root to which a leaf leads."""
        node = leaf
        for level, sibling in enumerate(self.siblings):
            node = poseidon_bn254.digest([sibling, node] if self.index >> level & 1 else [node, sibling])
        return node

    def values(self, assets: Sequence[Asset]) -> tuple[int, int, int]:
        """Equity, debt and collateral by published prices and haircuts; collateral -1 in the dense edition. Raises
        IndexError for an asset that is not published.
        """
        equity = sum(held.equity * assets[held.index].price for held in self.assets)
        debt = sum(held.debt * assets[held.index].price for held in self.assets)
        if self.collateral < 0:
            return equity, debt, -1
        counted = sum(
            _counted(amount * assets[held.index].price, steps)
            for held in self.assets
            for amount, steps in zip(held.collateral, assets[held.index].steps, strict=True)
        )
        return equity, debt, counted


def _counted(value: int, steps: Sequence[Step]) -> int:
    """The part of a value that counts as collateral: each step's part of it, rounded down by step."""
    found = low = 0
    for step in steps:
        part = min(value, step.boundary) - low
        found += part * step.ratio // 100
        if value <= step.boundary:
            return found
        low = step.boundary
    return found


def _threes(numbers: Sequence[int]) -> list[int]:
    padded = [*numbers, *[0] * (-len(numbers) % 3)]
    return [_packed(*padded[at : at + 3]) for at in range(0, len(padded), 3)]


@dataclass(frozen=True, slots=True)
class Names:
    """The fields of a user's file, as its publisher calls them."""

    index: str
    id: str
    equity: str
    debt: str
    assets: str
    root: str
    path: str


_USER_COLLATERAL = ("Loan", "Margin", "PortfolioMargin")


def user(member: PublishedFile, names: Names) -> User:
    """A user's file. Raises Malformed."""
    found = read(member, 1 << 20)
    required = (names.index, names.id, names.equity, names.debt, names.assets, names.root, names.path)
    fields(found, "the file", *required, optional=("TotalCollateral",))
    assert isinstance(found, dict)
    tiered = "TotalCollateral" in found
    held: list[Held] = []
    for place, entry in enumerate(items(found[names.assets], names.assets, TIERED_CAPACITY if tiered else 10_000)):
        at = f"{names.assets}[{place}]"
        row = fields(entry, at, "Index", "Equity", "Debt", *(_USER_COLLATERAL if tiered else ()))
        collateral = tuple(number(row[name], f"{at}.{name}", WORD) for name in _USER_COLLATERAL if tiered)
        index, equity, debt = (
            number(row[name], f"{at}.{name}", most)
            for name, most in (("Index", 9_999), ("Equity", WORD), ("Debt", WORD))
        )
        if held and index <= held[-1].index:
            raise Malformed(f"{at}: the index {index} behind {held[-1].index}: they must ascend")
        held.append(Held(index, equity, debt, collateral))
    siblings = items(found[names.path], names.path, DEPTH)
    if len(siblings) != DEPTH:
        raise Malformed(f"{names.path}: {len(siblings)} siblings, and the tree has {DEPTH} levels")
    return User(
        number(found[names.index], names.index, 2**DEPTH - 1),
        _hex(found[names.id], names.id),
        number(found[names.equity], names.equity, 2**128 - 1),
        number(found[names.debt], names.debt, 2**128 - 1),
        number(found["TotalCollateral"], "TotalCollateral", 2**128 - 1) if tiered else -1,
        tuple(held),
        int.from_bytes(_hex(found[names.root], names.root), "big"),
        tuple(element(sibling, f"{names.path}[{level}]") for level, sibling in enumerate(siblings)),
    )


def _hex(found: object, place: str) -> bytes:
    if type(found) is not str or not re.fullmatch("[0-9a-fA-F]{64}", found):
        raise Malformed(f"{place}: {shown(found)} is no text of 32 bytes in hex")
    return bytes.fromhex(found)

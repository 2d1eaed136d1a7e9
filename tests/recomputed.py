"""Every mart a second time, in plain Python: from the datasets of the lake and the registry's CSV files, by the
definitions of docs/tables.md.

No SQL and no arithmetic of DuckDB takes part: whole numbers, `Decimal` and dictionaries. `differences` compares the
two, cell by cell. Where they differ one of them is wrong, and the definition says which.
"""

from __future__ import annotations

import csv
import math
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal, getcontext
from functools import cache, cached_property
from itertools import pairwise
from typing import Any

from porlake import registry, warehouse
from porlake.lake import Lake
from porlake.model import (
    Balance,
    Block,
    Claim,
    Dataset,
    Liability,
    LiabilityProof,
    LiabilityProofTotal,
    ObservedList,
    OwnerLink,
    Ownership,
    Price,
    PublishedTotal,
    Rejection,
    ReportFile,
    TrackerFigure,
    Unobserved,
)

Row = dict[str, Any]
Key = tuple[Any, ...]
OBSERVED = "observed_list"
SAME_MOMENT = timedelta(hours=3)
STRENGTH = ["proven", "owner_signed", "signature_only", "unsupported", "unsigned", "invalid", "malformed"]
KINDS = {
    "bitcoin": "btc",
    "ether": "eth",
    "stablecoin": "stablecoin",
    "own": "own",
    "affiliated": "affiliated",
    "wrapped": "wrapped",
    "other": "other",
}
CENT, EIGHTH, FULL = Decimal("0.01"), Decimal("0.00000001"), 10**38
getcontext().prec = 120


# --- small words ------------------------------------------------------------------------------------------------------
def added(values: Iterable[Any]) -> Any:
    """The sum of what is there; null where nothing is, and where it has more than 38 digits."""
    there = [value for value in values if value is not None]
    whole = sum(there[1:], there[0]) if there else None
    return None if whole is None or abs(whole) >= FULL else whole


def all_added(values: Iterable[Any]) -> Any:
    """The sum of all; null where one is not known."""
    every = list(values)
    return None if None in every else added(every)


def least(values: Iterable[Any]) -> Any:
    return min((value for value in values if value is not None), default=None)


def most(values: Iterable[Any]) -> Any:
    return max((value for value in values if value is not None), default=None)


def grouped(rows: Iterable[Any], key: Callable[[Any], Any]) -> dict[Any, list[Any]]:
    found: dict[Any, list[Any]] = defaultdict(list)
    for row in rows:
        found[key(row)].append(row)
    return found


def units(amount: int | None, scale: int) -> Decimal | None:
    """Whole base units as units of the asset, to the eighth digit, halves away from zero. Null from 10^20 units on."""
    made = None if amount is None else (Decimal(amount) / Decimal(10) ** scale).quantize(EIGHTH, ROUND_HALF_UP)
    return None if made is None or abs(made) >= 10**20 else made


def usd(held: Decimal | None, price: Decimal | None) -> Decimal | None:
    """To the cent; null from 10^18 dollars on."""
    return (
        None
        if held is None or price is None or abs(held * price) >= 10**18
        else (held * price).quantize(CENT, ROUND_HALF_UP)
    )


def rescaled(amount: int | None, old: int, new: int) -> int | None:
    made = (
        None
        if amount is None
        else int((Decimal(amount) * Decimal(10) ** (new - old)).quantize(Decimal(1), ROUND_HALF_UP))
    )
    return None if made is None or abs(made) >= FULL else made


def last_digit(scale: int, printed: int | None) -> int:
    return int(10 ** max(scale - (scale if printed is None else printed), 0))


def ratio(part: Any, whole: Any) -> float | None:
    return None if part is None or not whole else float(part) / float(whole)


def at_least(one: Any, other: Any) -> bool | None:
    return None if one is None or other is None else one >= other


def is_validator(row: Any) -> bool:
    """Whether a row of a report is one of a list of validators with their depositors."""
    return row.deposit_address is not None or row.withdrawal_address is not None


def place(row: Any) -> Key:
    """Where a row stands."""
    return row.report, row.member, row.source_row


def days_between(earlier: date | None, later: date | None) -> int | None:
    return None if earlier is None or later is None else (later - earlier).days


def age_in_days(since: date | None, at: date | None) -> int | None:
    """Whole days that passed; None where `at` was before."""
    return None if since is None or at is None or at < since else (at - since).days


def why(value: Any, *because: tuple[str, bool], otherwise: str = "total_is_zero") -> str | None:
    return None if value is not None else next((code for code, holds in because if holds), otherwise)


def in_time(moment: datetime | None) -> tuple[bool, Any]:
    """For sorting: undated last."""
    return moment is None, moment or 0


def a_year_before(day: date) -> date:
    try:
        return day.replace(year=day.year - 1)
    except ValueError:
        return day.replace(year=day.year - 1, day=28)


@cache
def table(name: str) -> list[dict[str, str]]:
    with (registry.FOLDER / f"{name}.csv").open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def day_of(exchange: str, moment: datetime | None) -> date | None:
    """The day that a moment is in the clock of an exchange."""
    if moment is None:
        return None
    (offset,) = (row["utc_offset"] for row in table("exchanges") if row["exchange"] == exchange)
    hours, minutes = (int(offset[0] + part) for part in offset[1:].split(":"))
    return (moment + timedelta(hours=hours, minutes=minutes)).date()


def spans(row: Mapping[str, str], day: date | None) -> bool:
    """Whether a row of the registry holds on a day; what is not dated takes every row."""
    if day is None:
        return True
    return date.fromisoformat(row["since"]) <= day and (not row["until"] or day <= date.fromisoformat(row["until"]))


# --- the marts --------------------------------------------------------------------------------------------------------
class Recomputed:
    """`marts()` gives the rows of each mart by name."""

    def __init__(self, lake: Lake) -> None:
        self.lake = lake
        self.assets = {row["asset"]: row for row in table("assets")}
        self.scale = {name: int(row["scale"]) for name, row in self.assets.items()}
        self.stands_for = {name: row["underlying"] or name for name, row in self.assets.items()}
        self.files = list(lake.rows(ReportFile))

    def marts(self) -> dict[str, list[Row]]:
        return {
            name: [self.about(row["attestation"]) | row for row in getattr(self, name)()] for name in warehouse.marts()
        }

    # --- files, attestations ---
    @cached_property
    def newest(self) -> list[Any]:
        """Of each attestation, content and statement the last edition."""
        return [editions[-1] for editions in self.editions.values()]

    @cached_property
    def editions(self) -> dict[Key, list[Any]]:
        """Files of one statement, in order."""
        of_one = grouped(self.files, lambda file: (file.attestation, file.content, file.statement))
        return {
            key: sorted(files, key=lambda file: (file.revision, file.retrieved_at, file.report))
            for key, files in of_one.items()
        }

    def rows(self, row_class: type[Dataset], *, but: str = "address_list") -> Iterator[tuple[str, Any, Any]]:
        """(attestation, file, row) of a dataset's newest files."""
        by_report = grouped(self.newest, lambda file: (file.exchange, file.report))
        for row in self.lake.rows(row_class):
            for file in by_report.get((row.exchange, row.report), ()):
                if file.content != but:
                    yield file.attestation, file, row

    @cached_property
    def attestations(self) -> dict[str, Row]:
        found: dict[str, Row] = {}
        for name, files in grouped(
            (f for f in self.newest if f.content not in ("address_list", "tracker_figures", "liability_proof")),
            lambda file: file.attestation,
        ).items():
            stated = min(files, key=lambda file: (file.content == OBSERVED, file.content == "totals", file.report))
            observed = [file.snapshot_at for file in files if file.content == OBSERVED]
            numbers = {file.report_no for file in files} - {None}
            found[name] = {
                "attestation": name,
                "exchange": stated.exchange,
                "report": stated.report,
                "snapshot_at": stated.snapshot_at,
                "report_no": numbers.pop() if len(numbers) == 1 else None,
                "is_attested": len(observed) < len(files),
                "is_a_moment": stated.snapshot_precision == "moment",
                "observed_at": None if claims_itself(files) else most(observed),
                "snapshot_precision": stated.snapshot_precision,
                "retrieved_at": stated.retrieved_at,
            }
        for row in found.values():
            same = [x for x in found.values() if x["exchange"] == row["exchange"] and x["report"] == row["report"]]
            first = min(same, key=lambda x: (in_time(x["snapshot_at"]), x["attestation"]))["attestation"]
            row["repeats"] = None if first == row["attestation"] else first
            last = most(x["snapshot_at"] for x in found.values() if x["exchange"] == row["exchange"])
            row["is_latest"] = row["snapshot_at"] is not None and row["snapshot_at"] == last
        return found

    def about(self, attestation: str) -> Row:
        row = self.attestations.get(attestation)
        return {} if row is None else {name: row[name] for name in ("exchange", "snapshot_at", "is_latest", "report")}

    def snapshot(self, attestation: str) -> Any:
        return self.attestations[attestation]["snapshot_at"]

    def day(self, attestation: str) -> Any:
        at = self.snapshot(attestation)
        if at is not None and not self.attestations[attestation]["is_attested"]:
            return at.date()
        return day_of(attestation.split("/")[0], at)

    # --- who signed ---
    @cached_property
    def judged(self) -> dict[Key, Any]:
        return {
            (attestation, row.report, row.member, row.source_row): row for attestation, _, row in self.rows(Ownership)
        }

    @cached_property
    def links(self) -> dict[Key, dict[str, Any]]:
        """What the chain says of stated owners, by account."""
        found: dict[Key, dict[str, Any]] = defaultdict(dict)
        for attestation, _, row in self.rows(OwnerLink):
            found[attestation, row.network, row.address][row.owner] = row
        return found

    @cached_property
    def claims(self) -> list[tuple[str, Any]]:
        """Validators count beside the wallet rows where the file's own sums count them in addition."""
        rows = []
        for attestation, file, row in self.rows(Claim):
            if file.content != OBSERVED:
                rows.append((attestation, row))
            elif self.attestations[attestation]["observed_at"] is not None:
                read = self.exact.get((attestation, row.report, row.network, row.asset, row.address))
                seen = read.amount if read is not None and read.as_of in ("exact", "near") else None
                rows.append((attestation, replace(row, amount=seen)))
        return [
            (a, row) for a, row in rows if not is_validator(row) or self.staking[a, row.asset]["basis"] == "in_addition"
        ]

    def is_observed(self, attestation: str) -> bool:
        """Whether its accounts are those of a list that porlake observed."""
        return self.attestations[attestation]["observed_at"] is not None

    @cached_property
    def readings(self) -> tuple[list[tuple[str, Any]], list[tuple[str, Any]]]:
        """Balances of newest reports, with the attestation: those of its moment, and those that were read at a block
        which was found for the moment of another attestation of the same bytes.
        """
        blocks = grouped(self.lake.rows(Block), lambda row: (row.report, row.network))
        moments = grouped(self.lake.rows(ReportFile), lambda file: file.report)
        own: list[tuple[str, Any]] = []
        others: list[tuple[str, Any]] = []
        for attestation, file, row in self.rows(Balance, but=""):
            of_it = blocks.get((row.report, row.network), ())
            found = [block for block in of_it if block.block_origin == "resolved"]
            named = {block.height for block in of_it if block.block_origin == "published"}
            stated = moments[row.report]
            if not found or len(stated) == 1 or row.height in named:
                own.append((attestation, row))
                continue
            later = [
                other.snapshot_at
                for other in stated
                if other.snapshot_precision == "moment"
                and found[0].block_time is not None
                and other.snapshot_at >= found[0].block_time
            ]
            (own if later and file.snapshot_at == min(later) else others).append((attestation, row))
        return own, others

    # --- validators that a report lists beside its wallet rows ---
    @cached_property
    def validators(self) -> list[tuple[str, Any]]:
        return [(attestation, row) for attestation, _, row in self.rows(Claim) if is_validator(row)]

    @cached_property
    def exact(self) -> dict[Key, Any]:
        """Totals as read, of newest reports, by (attestation, report, network, asset, address)."""
        return {
            (a, row.report, row.network, row.asset, row.address): row
            for a, row in self.readings[0]
            if row.component == "total"
        }

    @cached_property
    def staking(self) -> dict[Key, Row]:
        """By (attestation, asset): the validators that are listed, and what they are to the wallet rows by the file's
        own sums.
        """
        found: dict[Key, Row] = {}
        wallets = grouped(
            ((a, row) for a, _, row in self.rows(Claim) if not is_validator(row)), lambda x: (x[0], x[1].asset)
        )
        for (attestation, asset), rows in grouped(self.validators, lambda x: (x[0], x[1].asset)).items():
            each = grouped((row for _, row in rows), lambda row: (row.report, row.network, row.asset, row.address))
            seen = [self.exact.get((attestation, *key)) for key in each]
            held = [row.amount if row is not None and row.as_of == "exact" else None for row in seen]
            listed = added(least(row.amount for row in of) for of in each.values())
            found[attestation, asset] = {"validators": len(each), "listed": listed, "onchain": all_added(held)}
            found[attestation, asset]["basis"] = self.basis(
                attestation, asset, listed, [row for _, row in wallets.get((attestation, asset), ())]
            )
        return found

    def basis(self, attestation: str, asset: str, listed: int, wallets: list[Any]) -> str:
        """Whether a printed total is the wallet rows alone, or those and the staking total, within rounding: of its
        label, or on all networks.
        """
        lines = [
            row
            for a, file, row in self.rows(PublishedTotal)
            if a == attestation
            and file.content == "addresses"
            and row.asset == asset
            and row.level in ("group", "part")
        ]
        staked = most(row.amount for row in lines if row.holding == "native_staking")
        staked = listed if staked is None else staked
        totals = [
            row
            for row in lines
            if row.holding != "native_staking"
            and self.folded(row.label) == self.folded(asset)
            and row.amount is not None
        ]
        fits = set()
        for line in totals:
            for rows in ([row for row in wallets if self.folded(row.label) == self.folded(asset)], wallets):
                rounding = last_digit(self.scale[asset], most(row.printed_decimals for row in rows)) * len(rows)
                rounding += last_digit(self.scale[asset], line.printed_decimals)
                amount = added(row.amount for row in rows)
                for kind, said in (
                    ("within_wallets", amount),
                    ("in_addition", None if amount is None else amount + staked),
                ):
                    if said is not None and abs(said - line.amount) < rounding:
                        fits.add(kind)
        return "within_wallets" if "within_wallets" in fits else "in_addition" if fits else "undecided"

    @cached_property
    def staked(self) -> dict[Key, tuple[int | None, int | None]]:
        """By (attestation, report, network, asset, account) whose row stands for validators too: what those hold that
        name it as depositor or as the one that withdrawals go to, and those of them whose withdrawals go there as the
        chain says. Null where one was not seen.
        """
        named: dict[Key, dict[str, list[tuple[Any, bool]]]] = defaultdict(lambda: defaultdict(list))
        for attestation, row in self.validators:
            if self.staking[attestation, row.asset]["basis"] != "in_addition":
                for account in {row.deposit_address, row.withdrawal_address} - {None}:
                    link = self.links.get((attestation, row.network, row.address), {}).get(account)
                    goes = (
                        account == row.withdrawal_address
                        and link is not None
                        and link.relation == "withdrawal_credentials"
                        and link.holds
                    )
                    named[attestation, row.report, "ethereum", row.asset, account][row.network, row.address].append(
                        (row, goes)
                    )
        found = {}
        for key, validators in named.items():
            read = {at: self.exact.get((key[0], key[1], at[0], key[3], at[1])) for at in validators}
            if all(row is not None and row.as_of == "exact" for row in read.values()):
                confirmed = [at for at, rows in validators.items() if any(goes for _, goes in rows)]
                found[key] = (sum(row.amount for row in read.values()), sum(read[at].amount for at in confirmed))
            else:
                found[key] = (None, None)
        return found

    @cached_property
    def elsewhere(self) -> dict[Key, int]:
        """What totals hold of another network that was read itself: `polkadot` the part `asset_hub`."""
        read = {(a, network, asset, address) for a, _, network, asset, address in self.exact}
        found = Counter[Key]()
        for a, _, row in self.rows(Balance):
            if (a, f"{row.network}_{row.component}", row.asset, row.address) in read:
                found[a, row.report, row.network, row.asset, row.address] += row.amount
        return found

    @cached_property
    def balances(self) -> list[tuple[str, Any]]:
        """As read; of an account whose row stands for validators too `liquid`, `validator`, and both as far as the
        chain confirms it.
        """
        found = []
        for attestation, row in self.readings[0]:
            key = (attestation, row.report, row.network, row.asset, row.address)
            if row.component == "total":
                row = replace(row, amount=row.amount - self.elsewhere.get(key, 0))
            if row.component != "total" or key not in self.staked:
                found.append((attestation, row))
                continue
            seen, confirmed = self.staked[key]
            found.append((attestation, replace(row, component="liquid")))
            if seen is not None and confirmed is not None:
                both = "with_validators" if confirmed else row.method
                found.append((attestation, replace(row, component="validator", amount=seen, method="validators")))
                found.append((attestation, replace(row, amount=row.amount + confirmed, method=both)))
                if seen != confirmed:
                    found.append(
                        (
                            attestation,
                            replace(
                                row,
                                component="liquid_and_validators",
                                amount=row.amount + seen,
                                method="with_validators",
                            ),
                        )
                    )
        return found

    @cached_property
    def asked(self) -> dict[Key, list[tuple[bool, str, str, str, list[str]]]]:
        """Signatures that hold over accounts of which the chain was asked: (is the account's own, verdict, signer,
        message, binds).
        """
        found: dict[Key, list[Any]] = defaultdict(list)
        at_row = {
            (attestation, claim.report, claim.member, claim.source_row): claim for attestation, claim in self.claims
        }
        for (attestation, report, member, _), row in self.judged.items():
            own = (attestation, row.network, row.address)
            if (
                own in self.links
                and row.signer
                and (row.verdict == "owner_signed" or (row.verdict == "proven" and row.for_row is None))
            ):
                found[own] += [(True, row.verdict, signer, row.message, row.binds) for signer in row.signer.split(",")]
            claim = at_row.get((attestation, report, member, row.for_row))
            if (
                row.verdict == "proven"
                and claim is not None
                and (attestation, claim.network, claim.address) in self.links
            ):
                found[attestation, claim.network, claim.address] += [
                    (False, row.verdict, s, row.message, row.binds) for s in row.address.split(",")
                ]
        return found

    def owners_suffice(self, account: Key) -> tuple[bool, str | None, list[str] | None]:
        """Whether the owners that signed and that the chain confirms reach the threshold; their message and what it
        names.
        """
        confirmed = [
            (signer, message, binds)
            for _, _, signer, message, binds in self.asked.get(account, ())
            if (link := self.links[account].get(signer)) and link.holds and link.relation != "active_permission"
        ]
        if not confirmed:
            return False, None, None
        owners = {signer for signer, _, _ in confirmed}
        needed = max(self.links[account][owner].threshold or 1 for owner in owners)
        message, binds = min((message, binds) for _, message, binds in confirmed)
        return len(owners) >= needed, message, binds

    def lost(self, account: Key) -> tuple[str, str] | None:
        """The verdict that is left of a key's own signature where the chain obeys other keys, or several."""
        signers = {signer for own, verdict, signer, _, _ in self.asked.get(account, ()) if own and verdict == "proven"}
        told = [
            link
            for signer in signers
            if (link := self.links[account].get(signer)) and link.relation in ("owner_permission", "active_permission")
        ]
        holding = [link for link in told if link.holds and link.relation == "owner_permission"]
        needed = most(link.threshold for link in holding)
        if not told or (holding and not (needed is not None and len(holding) < needed)):
            return None
        if holding:
            return "owner_signed", "more_owners_needed"
        if any(link.holds for link in told):
            return "owner_signed", "active_permission_only"
        return "signature_only", "owner_key_replaced"

    # --- claims, each once, beside the chain ---
    @cached_property
    def holdings(self) -> list[Row]:
        parts: dict[Key, list[Any]] = defaultdict(list)
        whole = {}
        for attestation, row in self.balances:
            key = (attestation, row.report, row.network, row.asset, row.address)
            if row.component == "total":
                whole[key] = row
            else:
                parts[key].append(row)
        missing = {key: "validators_unobserved" for key, (_, confirmed) in self.staked.items() if confirmed is None}
        missing |= {
            (a, row.report, row.network, row.asset, row.address): "stated_for_other_moment"
            for a, row in self.readings[1]
        }
        missing |= {
            (a, row.report, row.network, row.asset, row.address): row.reason for a, _, row in self.rows(Unobserved)
        }
        found = []
        for (attestation, network, asset, address), rows in grouped(
            self.claims, lambda x: (x[0], x[1].network, x[1].asset, x[1].address)
        ).items():
            claims = sorted((row for _, row in rows), key=place)
            made = self.counted(attestation, claims)
            made |= {
                "attestation": attestation,
                "network": network,
                "asset": asset,
                "address": address,
                "rows": len(claims),
            }
            key = (attestation, claims[0].report, network, asset, address)
            made |= self.seen(
                made["amount"], last_digit(self.scale[asset], made["digits"]), whole.get(key), parts.get(key)
            )
            limit = self.too_large_from(attestation, asset)
            made["too_large"] = limit is not None and made["amount"] is not None and made["amount"] >= limit
            found.append(
                made
                | {
                    "unobserved_reason": missing.get(key),
                    "claimed": made["amount"],
                    "amount": None if made["too_large"] else made["amount"],
                }
            )
        return found

    @cached_property
    def claimed_holdings(self) -> list[Row]:
        """Without those of lists that were observed, which nobody claims."""
        return [row for row in self.holdings if not self.is_observed(row["attestation"])]

    def too_large_from(self, attestation: str, asset: str) -> Decimal | None:
        """10^20 units, or units of 10^17 US dollars: no holding but a lost decimal point, kept and not added up."""
        scale, price = self.scale[asset], self.price(attestation, asset)["usd"]
        limits = [Decimal(10) ** (scale + 20)] if scale < 18 else []
        limits += [Decimal(1e17 / float(price) * 10.0**scale)] if price and price > 0 else []
        return min((limit for limit in limits if limit < FULL), default=None)

    def counted(self, attestation: str, claims: list[Any]) -> Row:
        """Of equal amounts one, of different ones the smallest; of verdicts the strongest, and then the chain's
        word.
        """
        with_amount = sorted(
            ((row.amount, place(row), row) for row in claims if row.amount is not None), key=lambda x: x[:2]
        )
        judged = [
            (STRENGTH.index(o.verdict), place(row), o)
            for row in claims
            if (o := self.judged.get((attestation, row.report, row.member, row.source_row)))
        ]
        best = min(judged, key=lambda x: x[:2])[2] if judged else None
        rests_on = min((x for x in judged if x[2].verdict != "unsigned"), key=lambda x: x[:2], default=(0, 0, None))[2]
        account = (attestation, claims[0].network, claims[0].address)
        suffice, their_message, their_binds = self.owners_suffice(account)
        lost = self.lost(account)
        verdict, reason = (best.verdict, best.reason) if best else ("unsigned", "not_verified")
        message, binds = (rests_on.message, rests_on.binds) if rests_on and verdict != "unsigned" else (None, None)
        if suffice and their_message is not None:
            message, binds = their_message, their_binds
        if verdict == "proven" and lost is None:
            pass
        elif suffice:
            verdict, reason = "proven", "owners_confirmed"
        elif verdict == "proven" and lost is not None:
            verdict, reason = lost
        return {
            "amount": with_amount[0][0] if with_amount else None,
            "digits": with_amount[0][2].printed_decimals if with_amount else None,
            "conflicting": len({amount for amount, *_ in with_amount}) > 1,
            "holding": claims[0].holding,
            "verdict": verdict,
            "reason": reason,
            "message": message,
            "binds": binds,
        }

    @staticmethod
    def seen(amount: int | None, digit: int, whole: Any, parts: list[Any] | None) -> Row:
        """Status, the part that the claim means, and what counts as seen at the snapshot block."""
        known = [(whole.as_of != "exact", False, "total", whole.amount)] if whole else []
        if parts is not None:
            known += [(part.as_of != "exact", True, part.component, part.amount) for part in parts if part.amount > 0]
        known.sort()
        equal = next((x for x in known if amount is not None and x[3] == amount), None)
        close = next((x for x in known if amount is not None and abs(x[3] - amount) < digit), None)
        exact = whole is not None and whole.as_of == "exact"
        fits = equal or close
        made: Row = {
            "matching_component": fits[2] if fits else None,
            "proved": whole is not None and whole.method == "proved",
            "unchanged": whole is not None and whole.method == "unchanged_since",
        }
        made["confirmed"] = whole is not None and whole.confirmed_by is not None
        if exact:
            made["onchain_exact"] = whole.amount
        else:
            made["onchain_exact"] = next(
                (x[3] for x in (equal, close) if parts is not None and x is not None and not x[0]), None
            )
        if amount is None:
            status = "no_amount"
        elif whole is None:
            status = "unobserved"
        elif equal is not None and not equal[0]:
            status = "matched"
        elif close is not None and not close[0]:
            status = "rounded"
        else:
            status = "differing" if exact and close is None else "other_moment"
        return made | {"status": status}

    # --- sums of an attestation and asset ---
    @cached_property
    def statements(self) -> dict[Key, list[Row]]:
        """By (attestation, what, asset or scope): what each source states, of several rows of one the cautious one; the
        first of them counts.
        """
        stated: dict[Key, dict[str, list[Row]]] = defaultdict(lambda: defaultdict(list))

        def state(attestation: str, what: str, name: str, row: Any, told: Any, caution: Any) -> None:
            if told is not None:
                made = {
                    "told": told,
                    "row": row,
                    "order": (caution, place(row)),
                    "source": row.source,
                    "own": self.is_own(row.exchange, row.source),
                }
                stated[attestation, what, name][row.source].append(made)

        for attestation, file, row in self.rows(PublishedTotal):
            if row.level == "asset":
                state(attestation, "reserves", row.asset, row, self.held(row), self.held(row))
                state(attestation, "value", row.asset, row, row.usd_published, row.usd_published)
            if file.content == "totals" and row.level == "group":
                state(attestation, "sum", row.scope or "not stated", row, row.usd_published, row.usd_published)
        for attestation, _, row in self.rows(Liability):
            state(attestation, "liabilities", row.asset, row, row.owed, None if row.owed is None else -row.owed)
            state(attestation, "ratio", row.asset, row, row.printed_ratio, row.printed_ratio)
        found = {}
        for key, sources in stated.items():
            told = {row["told"] for rows in sources.values() for row in rows}
            each = [
                min(rows, key=lambda row: row["order"]) | {"contradicted": len(told) > 1} for rows in sources.values()
            ]
            found[key] = sorted(each, key=lambda row: (not row["own"], row["source"]))
        return found

    @staticmethod
    def is_own(exchange: str, source: str | None) -> bool:
        """Whether a source is the exchange itself: its id, its name, or a page of its home."""
        facts = next(row for row in table("exchanges") if row["exchange"] == exchange)
        home = re.sub(r"^https?://(www\.)?", "", facts["home"]).split("/")[0]
        said = (source or "").lower()
        return said in (exchange, facts["name"].lower()) or bool(
            home and re.match(rf"(https?://)?([a-z0-9-]+\.)*{re.escape(home)}([/ :]|$)", said)
        )

    def counted_of(self, attestation: str, what: str, name: str) -> Row:
        return self.statements.get((attestation, what, name), [{}])[0]

    @cached_property
    def totals(self) -> dict[Key, Row]:
        found = {}
        for attestation, asset in {(key[0], key[2]) for key in self.statements if key[1] in ("reserves", "value")}:
            held, value = (self.counted_of(attestation, what, asset) for what in ("reserves", "value"))
            printed = value.get("told")
            found[attestation, asset] = {
                "amount": held.get("told"),
                "own": held["row"].own_amount if held else None,
                "custody": held["row"].custody_amount if held else None,
                "usd_published": None if printed is None or printed >= 10**18 else printed,
                "conflicting": held.get("contradicted", False),
            }
        return found

    @staticmethod
    def held(row: Any) -> int | None:
        both = None if row.own_amount is None or row.custody_amount is None else row.own_amount + row.custody_amount
        return next(
            (value for value in (row.amount, both, row.own_amount, row.custody_amount) if value is not None), None
        )

    @cached_property
    def reserves(self) -> dict[Key, Row]:
        found: dict[Key, Row] = {}
        listed: dict[Key, Row] = {}
        for key, rows in grouped(self.holdings, lambda row: (row["attestation"], row["asset"])).items():
            seen = [row for row in rows if row["onchain_exact"] is not None]
            claimed = added(row["amount"] for row in rows)
            custody = added(row["amount"] for row in rows if row["holding"] == "custody")
            (listed if self.is_observed(key[0]) else found)[key] = {
                "reserves_claimed": claimed,
                "amount": claimed,
                "amount_near": None,
                "basis": "claimed",
                "custody_claimed": custody,
                "claimed_without_custody": None if claimed is None else claimed - (custody or 0),
                "reserves_onchain": added(row["onchain_exact"] for row in seen),
                "reserves_proven": sum(row["onchain_exact"] for row in seen if row["verdict"] == "proven")
                if seen
                else None,
                "claimed_unobserved": self.sum_or_zero(row["amount"] for row in rows if row["onchain_exact"] is None),
                "is_complete": len(seen) == len(rows),
                "claims_left_out": sum(row["too_large"] for row in rows)
                + (sum(row["amount"] is not None for row in rows) if claimed is None else 0),
                "rows": len(rows),
                "claims_conflicting": False,
            }
        for key, row in listed.items():
            near = [held for held in self.holdings if (held["attestation"], held["asset"]) == key]
            listed[key] = row | {
                "basis": "onchain",
                "amount_near": added(held["amount"] for held in near if held["status"] == "other_moment"),
                "is_complete": False,
                **dict.fromkeys(
                    ("reserves_claimed", "custody_claimed", "claimed_without_custody", "claimed_unobserved")
                ),
            }
            at = self.attestations[key[0]]
            if at["is_a_moment"] and abs(at["snapshot_at"] - at["observed_at"]) > SAME_MOMENT:
                listed[key] |= {"reserves_onchain": None, "reserves_proven": None}
            if key[0] not in {attestation for attestation, _ in self.totals}:
                found[key] = listed[key]
        for key, total in self.totals.items():
            own = total["own"]
            if own is None and total["amount"] is not None and total["custody"] is not None:
                own = total["amount"] - total["custody"]
            found.setdefault(
                key,
                {
                    "reserves_claimed": total["amount"],
                    "amount": total["amount"],
                    "amount_near": None,
                    "basis": "published",
                    "custody_claimed": total["custody"],
                    "claimed_without_custody": own,
                    "reserves_onchain": listed.get(key, {}).get("reserves_onchain"),
                    "reserves_proven": listed.get(key, {}).get("reserves_proven"),
                    "claimed_unobserved": total["amount"],
                    "is_complete": False,
                    "claims_left_out": 0,
                    "rows": 0,
                    "claims_conflicting": total["conflicting"],
                },
            )
            found[key]["usd_published"] = total["usd_published"]
        without = grouped(
            (
                (a, row)
                for a, file, row in self.rows(PublishedTotal)
                if file.content != "totals" and row.holding in ("t_bills", "buy_back")
            ),
            lambda x: (x[0], x[1].asset),
        )
        for key, row in found.items():
            row.setdefault("usd_published", None)
            row["claimed_without_address"] = added(line.amount for _, line in without.get(key, ()))
        return found

    @staticmethod
    def sum_or_zero(values: Iterable[int | None]) -> int | None:
        there = [value for value in values if value is not None]
        return added(there) if there else 0

    @cached_property
    def proof_totals(self) -> list[Row]:
        """What proofs state of each asset; None: labels that no asset is known under, or nothing is stated."""
        stated = grouped(self.lake.rows(LiabilityProofTotal), lambda row: (row.exchange, row.report, row.proof_scheme))
        found: list[Row] = []
        for attestation, _, proof in self.rows(LiabilityProof):
            totals = stated[proof.exchange, proof.report, proof.proof_scheme]
            by_asset = grouped(totals, lambda row: row.asset) or {None: []}
            for asset, rows in by_asset.items():
                owed = all_added(row.owed for row in rows) if asset else None
                is_shown = bool(asset) and all(row.is_shown for row in rows)
                holds = proof.proof_verdict == "holds" and proof.proof_kind in ("tree", "snark", "stark")
                found.append({
                    "attestation": attestation, "proof": proof, "asset": asset, "owed": owed, "is_shown": is_shown,
                    "labels": sorted(row.label for row in rows),
                    "is_proven": holds and is_shown and owed is not None, "is_counted": False, "contradicted": False,
                })  # fmt: skip
        proven = grouped((row for row in found if row["is_proven"]), lambda row: (row["attestation"], row["asset"]))
        order = {"tree": 1, "snark": 2, "stark": 3}
        for rows in proven.values():
            first = min(rows, key=lambda row: (
                order[row["proof"].proof_kind], -row["owed"], row["proof"].proof_scheme, row["proof"].report,
            ))  # fmt: skip
            first["is_counted"] = True
            for row in rows:
                row["contradicted"] = len({one["owed"] for one in rows}) > 1
        return found

    @cached_property
    def proven(self) -> dict[Key, Row]:
        return {(row["attestation"], row["asset"]): row for row in self.proof_totals if row["is_counted"]}

    @staticmethod
    def beside_printed(printed: int | None, proven: int | None, scale: int) -> Row:
        """How what is printed stands to what a proof states: zeros at its end, down to whole units, are not printed."""
        if printed is None or proven is None:
            return {"liabilities_status": None, "liabilities_difference": None, "liabilities_difference_units": None}
        zeros = scale if printed == 0 else min(len(str(printed)) - len(str(printed).rstrip("0")), scale)
        off = printed - proven
        status = "matched" if off == 0 else "rounded" if abs(off) < 10**zeros else "differing"
        kept = off if abs(off) < FULL else None
        return {
            "liabilities_status": status,
            "liabilities_difference": kept,
            "liabilities_difference_units": units(kept, scale),
        }

    @cached_property
    def beside(self) -> dict[str, str]:
        """Of attestations that are a list that was observed alone, the one that states something for its moment."""
        found = {}
        for one in self.attestations.values():
            if one["is_attested"]:
                continue
            near = [
                (abs(other["snapshot_at"] - one["observed_at"]), other["attestation"])
                for other in self.attestations.values()
                if other["exchange"] == one["exchange"] and other["is_attested"] and other["snapshot_at"] is not None
            ]
            if near := [x for x in near if x[0] <= SAME_MOMENT]:
                found[one["attestation"]] = min(near)[1]
        return found

    @cached_property
    def owed(self) -> dict[Key, Row]:
        printed: dict[Key, Row] = {}
        for attestation, asset in {(key[0], key[2]) for key in self.statements if key[1] in ("liabilities", "ratio")}:
            owed, told = (self.counted_of(attestation, what, asset) for what in ("liabilities", "ratio"))
            printed[attestation, asset] = {
                "liabilities_printed": owed.get("told"),
                "conflicting": owed.get("contradicted", False),
                "printed_ratio": told.get("told"),
            }
        proven: dict[Key, Row] = {
            key: {"proof": row} for key, row in self.proven.items() if key[0] in self.attestations
        }
        with_proofs = {row["attestation"] for row in self.proof_totals}
        for attestation, stated_in in self.beside.items():
            printed |= {(attestation, key[1]): row for key, row in printed.items() if key[0] == stated_in}
            if attestation not in with_proofs:
                proven |= {(attestation, key[1]): row for key, row in proven.items() if key[0] == stated_in}
        found: dict[Key, Row] = {key: printed.get(key, {}) | proven.get(key, {}) for key in printed | proven}
        for row in found.values():
            row["liabilities"] = row.get("liabilities_printed")
            if row["liabilities"] is None and "proof" in row:
                row["liabilities"] = row["proof"]["owed"]
        return found

    # --- prices, relations, values ---
    @cached_property
    def prices(self) -> dict[Key, Row]:
        """A price of one's own list before DefiLlama's, else of what the asset stands for."""
        quoted = grouped(self.lake.rows(Price), lambda row: (row.attestation, row.asset))
        found: dict[Key, Row] = {}
        for key, rows in quoted.items():
            rows.sort(key=lambda row: (row.source == "coins.llama.fi", row.source))
            best = next((row for row in rows if row.usd is not None), None)
            reason = next((row.reason for row in rows if row.usd is None and row.reason is not None), "no_price")
            found[key] = {
                "usd": best and best.usd,
                "source": best and best.source,
                "priced_as": None,
                "because": None if best else reason,
            }
        own = {key: row for key, row in found.items() if row["usd"] is not None}
        for attestation in {key[0] for key in own}:
            for asset, stands_for in self.stands_for.items():
                price = own.get((attestation, stands_for))
                if price and (attestation, asset) not in own:
                    found[attestation, asset] = price | {"priced_as": stands_for}
        return found

    def price(self, attestation: str, asset: str) -> Row:
        return self.prices.get(
            (attestation, asset), {"usd": None, "source": None, "priced_as": None, "because": "no_price"}
        )

    def value(self, attestation: str, asset: str, amount: int | None) -> Decimal | None:
        return usd(units(amount, self.scale[asset]), self.price(attestation, asset)["usd"])

    def relation(self, attestation: str, asset: str) -> str:
        exchange, day = attestation.split("/")[0], self.day(attestation)
        named = {
            row["relation"]
            for row in table("exchange_tokens")
            if row["exchange"] == exchange and row["asset"] == asset and spans(row, day)
        }
        if named:
            return "own" if "own" in named else max(named)
        kind = self.assets[asset]["asset_class"]
        return {"exchange_token": "other", "receipt": "wrapped"}.get(kind, kind)

    @cached_property
    def values(self) -> dict[Key, Row]:
        found = {}
        for (attestation, asset), row in self.reserves.items():
            price, amount = self.price(attestation, asset), row["amount"]
            own = self.relation(attestation, asset) in ("own", "affiliated")
            if row["basis"] == "onchain" and not (amount or (amount is None and own)):
                continue
            found[attestation, asset] = {
                "attestation": attestation,
                "asset": asset,
                "asset_class": self.assets[asset]["asset_class"],
                "underlying": self.assets[asset]["underlying"],
                "relation": self.relation(attestation, asset),
                "stands_for": self.stands_for[asset],
                "relation_through": self.relation(attestation, self.stands_for[asset]),
                "basis": row["basis"],
                "amount": amount,
                "units": units(amount, self.scale[asset]),
                "units_near": units(row["amount_near"], self.scale[asset]),
                "usd_price": price["usd"],
                "price_source": price["source"],
                "priced_as": price["priced_as"],
                "usd": self.value(attestation, asset, amount),
                "usd_published": row["usd_published"],
                "claims_left_out": row["claims_left_out"],
            }
        return found

    def unvalued(self, attestation: str, asset: str, amount: int | None, left_out: int) -> str:
        if amount is None:
            return "too_large" if left_out else "no_amount"
        return self.price(attestation, asset)["because"] or "too_large"

    # --- what a publisher's own files make doubtful ---
    @cached_property
    def refused(self) -> list[tuple[str, Any]]:
        return [(attestation, row) for attestation, _, row in self.rows(Rejection) if row.block == "rows"]

    def rows_refused(self, attestation: str, **names: str) -> int:
        return sum(
            a == attestation and all(getattr(row, name) == value for name, value in names.items())
            for a, row in self.refused
        )

    @cached_property
    def summary_lines(self) -> dict[str, list[Any]]:
        """Lines of the summary of each attestation's address file, in their order."""
        lines = grouped(
            (
                (a, file, row)
                for a, file, row in self.rows(PublishedTotal)
                if file.content != "totals" and row.level in ("group", "part") and row.holding != "native_staking"
            ),
            lambda x: x[0],
        )
        kept = {
            a: [row for _, file, row in found if file.report == self.attestations[a]["report"] and row.asset]
            for a, found in lines.items()
        }
        return {a: sorted(found, key=lambda row: row.source_row) for a, found in kept.items()}

    @cached_property
    def beyond(self) -> dict[Key, tuple[bool | None, int | None]]:
        """Of assets with an (ALL) line: whether the claims below it exceed it, and by how much."""
        found: dict[Key, tuple[bool | None, int | None]] = {}
        printed = grouped(self.claims, lambda x: (x[0], x[1].asset))
        for attestation, lines in self.summary_lines.items():
            own = {line.asset for line in lines if line.level == "group"}
            above: dict[int, str | None] = {}
            at: str | None = None
            for line in lines:
                at = line.asset if line.level == "group" else at
                above[line.source_row] = at
            for asset in own:
                scale = self.scale[asset]
                said: list[tuple[int | None, int]] = []
                below = set()
                for line in lines:
                    unbacked = line.holding in ("t_bills", "buy_back")
                    digit = max(
                        last_digit(self.scale[line.asset], line.printed_decimals),
                        10 ** max(len(str(line.amount)) - 15, 0) if line.amount else 1,
                    )
                    if line.level == "group":
                        said += [(line.amount, digit)] if line.asset == asset else []
                    elif above[line.source_row] == asset and unbacked:
                        said.append(
                            (None if line.amount is None else -rescaled(line.amount, self.scale[line.asset], scale), 0)
                        )  # type: ignore[operator]
                    elif line.asset == asset and above[line.source_row] != asset and not unbacked:
                        said.append((line.amount, digit))
                    elif above[line.source_row] == asset and line.asset not in own:
                        below.add(line.asset)
                for other in set(below):
                    if {above[line.source_row] for line in lines if line.asset == other} != {asset}:
                        below.remove(other)
                members = [
                    x
                    for x in sorted({asset} | below)
                    if (attestation, x) in self.reserves and (attestation, x) in printed
                ]
                if not members:
                    continue
                claimed = added(
                    rescaled(self.reserves[attestation, x]["reserves_claimed"], self.scale[x], scale) for x in members
                )
                rounding = sum(digit for _, digit in said)
                for x in members:
                    claims = [row for _, row in printed[attestation, x]]
                    rounding += (
                        rescaled(
                            last_digit(self.scale[x], most(row.printed_decimals for row in claims)) * len(claims),
                            self.scale[x],
                            scale,
                        )
                        or 0
                    )
                total = (
                    None
                    if any(amount is None for amount, _ in said)
                    else sum(amount for amount, _ in said if amount is not None)
                )
                if total is None or claimed is None:
                    found[attestation, asset] = (None, None)
                else:
                    found[attestation, asset] = (
                        claimed - total >= rounding,
                        claimed - total if claimed - total >= rounding else None,
                    )
        return found

    def quality_flags(self, attestation: str, asset: str) -> Row:
        contradicted, amount = self.beyond.get((attestation, asset), (None, None))
        return self.of_file(attestation) | {
            "rows_refused": self.rows_refused(attestation, asset=asset),
            "contradicted_by_own_total": contradicted,
            "amount_beyond_own_total": amount,
            "units_beyond_own_total": units(amount, self.scale[asset]),
        }

    def of_file(self, attestation: str) -> Row:
        return {
            "rows_refused_unread": sum(a == attestation and row.asset is None for a, row in self.refused),
            "is_repeat": self.attestations[attestation]["repeats"] is not None,
        }

    def doubts_of_all(self, attestation: str) -> Row:
        told = {asset: found for (a, asset), found in self.beyond.items() if a == attestation}
        known = {asset: holds for asset, (holds, _) in told.items() if holds is not None}
        return self.of_file(attestation) | {
            "rows_refused": self.rows_refused(attestation),
            "contradicted_by_own_total": any(known.values()) if known else None,
            "contradicted_assets": sorted(asset for asset, holds in known.items() if holds),
            "usd_beyond_own_total": added(
                self.value(attestation, asset, amount) for asset, (_, amount) in told.items()
            ),
        }

    # --- marts of what is held ---
    def asset_composition(self) -> Iterator[Row]:
        for attestation, rows in grouped(self.values.values(), lambda row: row["attestation"]).items():
            whole, printed = added(row["usd"] for row in rows), added(row["usd_published"] for row in rows)
            for row in rows:
                share, as_published = ratio(row["usd"], whole), ratio(row["usd_published"], printed)
                unvalued = self.unvalued(attestation, row["asset"], row["amount"], row["claims_left_out"])
                yield (
                    row
                    | self.quality_flags(attestation, row["asset"])
                    | {
                        "share": share,
                        "is_priced": row["usd"] is not None,
                        "share_published": as_published,
                        "share_null_reason": why(share, (unvalued, row["usd"] is None)),
                        "share_published_null_reason": why(
                            as_published, ("not_published", row["usd_published"] is None)
                        ),
                    }
                )

    def dominance(self) -> Iterator[Row]:
        for attestation, rows in grouped(self.values.values(), lambda row: row["attestation"]).items():
            whole = added(row["usd"] for row in rows)
            made = {
                "attestation": attestation,
                "bases": sorted({row["basis"] for row in rows}),
                "usd_total": whole,
                "assets": len(rows),
                "usd_published": added(row["usd_published"] for row in rows),
                "unpriced_assets": sorted(row["asset"] for row in rows if row["usd"] is None),
                "priced_as_underlying": sorted(row["asset"] for row in rows if row["priced_as"]),
                "share_null_reason": None if whole else "nothing_priced" if whole is None else "total_is_zero",
            }
            for kind, name in KINDS.items():
                made[f"share_{name}"] = ratio(added(row["usd"] for row in rows if row["relation"] == kind) or 0, whole)
                if kind != "wrapped":
                    made[f"share_{name}_through"] = ratio(
                        added(row["usd"] for row in rows if row["relation_through"] == kind) or 0, whole
                    )
            yield made | self.doubts_of_all(attestation)

    def cleanliness(self) -> Iterator[Row]:
        for attestation, rows in grouped(self.values.values(), lambda row: row["attestation"]).items():
            whole = added(row["usd"] for row in rows)
            value = {
                kind: added(row["usd"] for row in rows if row["relation"] == kind) or Decimal(0)
                for kind in ("own", "affiliated")
            }
            mute = {
                kind: [row["asset"] for row in rows if row["relation"] == kind and row["usd"] is None]
                for kind in ("own", "affiliated")
            }
            promised = added(
                row["usd"]
                for row in rows
                if row["asset_class"] == "wrapped" and row["relation"] in ("own", "affiliated")
            ) or Decimal(0)
            tracked = {name: self.tracked(attestation, name) for name in ("defillama", "cryptoquant")}
            unpriced = sorted(row["asset"] for row in rows if row["usd"] is None)
            clean = None if mute["own"] else self.rest(value["own"], whole)
            cleaner = (
                None if mute["own"] or mute["affiliated"] else self.rest(value["own"] + value["affiliated"], whole)
            )
            less = None if whole is None else whole - promised
            nothing = ("nothing_priced", whole is None)
            made = {
                "attestation": attestation,
                "bases": sorted({row["basis"] for row in rows}),
                "usd_total": whole,
                "usd_own": None if mute["own"] else value["own"],
                "usd_affiliated": None if mute["affiliated"] else value["affiliated"],
                "cleanliness": clean,
                "cleanliness_without_affiliated": cleaner,
                "cleanliness_null_reason": why(clean, ("own_token_unpriced", bool(mute["own"])), nothing),
                "cleanliness_without_affiliated_null_reason": why(
                    cleaner,
                    ("own_token_unpriced", bool(mute["own"])),
                    ("affiliated_token_unpriced", bool(mute["affiliated"])),
                    nothing,
                ),
                "is_lower_bound": None if clean is None else bool(unpriced),
                "unpriced_assets": unpriced,
                "unpriced_tokens": sorted(mute["own"] + mute["affiliated"]),
                "priced_as_underlying": sorted(row["asset"] for row in rows if row["priced_as"]),
                "usd_total_defillama": None if tracked["defillama"][2] else less,
            }
            for name, total in (("defillama", less), ("cryptoquant", whole)):
                tokens, taken, unknown = tracked[name]
                share = None if unknown else self.rest(taken, total)
                made |= {
                    f"tokens_{name}": tokens,
                    f"cleanliness_{name}": share,
                    f"cleanliness_{name}_null_reason": why(share, ("token_unpriced", unknown), nothing),
                }
            yield made | self.doubts_of_all(attestation)

    @staticmethod
    def rest(part: Decimal, whole: Decimal | None) -> float | None:
        share = ratio(part, whole)
        return None if share is None else 1 - share

    def tracked(self, attestation: str, tracker: str) -> tuple[list[str], Decimal, bool]:
        """Tokens that a tracker takes off, their value, and whether one is held without a price."""
        exchange, day = attestation.split("/")[0], self.day(attestation)
        rows = [
            row
            for row in table("trackers")
            if row["tracker"] == tracker and row["exchange"] == exchange and spans(row, day)
        ]
        held = [self.values[attestation, row["asset"]] for row in rows if (attestation, row["asset"]) in self.values]
        held = [row for row in held if row["amount"] is not None]
        return (
            sorted(row["asset"] for row in rows),
            added(row["usd"] for row in held) or Decimal(0),
            any(row["usd"] is None for row in held),
        )

    def held_of(self, rows: list[Row]) -> list[Row]:
        """Holdings without those of a list that hold nothing, or were not read."""
        return [row for row in rows if not self.is_observed(row["attestation"]) or row["amount"]]

    def observed_lists(self) -> Iterator[Row]:
        files = {file.report: file for file in self.newest if file.content == OBSERVED}
        listed = {row.report: row for row in self.lake.rows(ObservedList)}
        missing = {
            (a, row.report, row.network, row.asset, row.address): row.reason for a, _, row in self.rows(Unobserved)
        }
        asked = grouped(
            ((a, row) for a, file, row in self.rows(Claim) if file.report in files and self.is_observed(a)),
            lambda x: (x[0], x[1].network),
        )
        for (attestation, network), rows in asked.items():
            whole = listed[rows[0][1].report]
            reasons, read, kinds = set(), set(), Counter[str]()
            for _, row in rows:
                key = (attestation, row.report, row.network, row.asset, row.address)
                seen = self.exact.get(key)
                kind = seen.as_of if seen is not None else None
                reason = missing.get(key) or {None: "not_observed", "head": "no_history"}.get(kind)
                kinds["not_read" if reason else str(kind)] += 1
                reasons |= {reason} - {None}
                read |= set() if reason else {row.address}
            accounts = len({row.address for _, row in rows})
            file = files[whole.report]
            yield {
                "attestation": attestation,
                "network": network,
                "observation": whole.report,
                "observed_at": file.snapshot_at,
                "accounts": accounts,
                "accounts_read": len(read),
                "accounts_not_read": accounts - len(read),
                "holdings": len(rows),
                "holdings_exact": kinds["exact"],
                "holdings_near": kinds["near"],
                "holdings_not_read": kinds["not_read"],
                "not_read_because": sorted(reasons),
                "list": whole.list,
                "list_stated_by": whole.list_stated_by,
                "list_day": whole.list_day,
                "list_age_days": age_in_days(whole.list_day, file.snapshot_day),
                "list_accounts": whole.accounts,
                "list_rows_refused": whole.rows_refused,
            }

    def reports(self) -> Iterator[Row]:
        refused = grouped(self.lake.rows(Rejection), lambda row: (row.exchange, row.report))
        last = {id(editions[-1]) for editions in self.editions.values()}
        for file in self.files:
            reasons = Counter(row.reason for row in refused.get((file.exchange, file.report), ()))
            dated = file.snapshot_at is not None
            yield {
                name: getattr(file, name)
                for name in ("attestation", "exchange", "snapshot_at", "report", "snapshot_precision", "content",
                             "statement", "format", "revision", "report_no", "file_name", "origin", "container",
                             "members", "size_bytes", "retrieved_at")
            } | {
                "is_latest": bool(self.about(file.attestation).get("is_latest")),
                "is_newest": id(file) in last,
                "file_age_days": age_in_days(file.snapshot_at, file.retrieved_at) if dated else None,
                "lines_refused": sum(reasons.values()),
                "lines_refused_because": [f"{reason}: {lines}" for reason, lines in sorted(reasons.items())],
            }  # fmt: skip

    def network_composition(self) -> Iterator[Row]:
        lying = [
            {
                "attestation": a,
                "network": network,
                "asset": asset,
                "basis": self.reserves[a, asset]["basis"],
                "holdings": len(self.held_of(rows)),
                "amount": added(row["amount"] for row in rows),
                "left_out": sum(row["too_large"] for row in rows),
            }
            for (a, network, asset), rows in grouped(
                self.holdings, lambda row: (row["attestation"], row["network"], row["asset"])
            ).items()
            if self.reserves.get((a, asset), {"basis": "published"})["basis"] != "published"
        ] + [
            {
                "attestation": a,
                "network": "not_stated",
                "asset": asset,
                "basis": "published",
                "holdings": 0,
                "amount": row["reserves_claimed"],
                "left_out": 0,
            }
            for (a, asset), row in self.reserves.items()
            if row["basis"] == "published"
        ]
        lying = [row for row in lying if row["basis"] != "onchain" or row["amount"]]
        for row in lying:
            row["usd"] = self.value(row["attestation"], row["asset"], row["amount"])
        for attestation, rows in grouped(lying, lambda row: row["attestation"]).items():
            whole = added(row["usd"] for row in rows)
            for row in rows:
                asset = row["asset"]
                share = ratio(row["usd"], whole)
                of_asset = ratio(row["amount"], added(other["amount"] for other in rows if other["asset"] == asset))
                yield row | {
                    "relation": self.relation(attestation, asset),
                    "units": units(row["amount"], self.scale[asset]),
                    "is_priced": row["usd"] is not None,
                    "priced_as": self.price(attestation, asset)["priced_as"],
                    "share": share,
                    "share_of_asset": of_asset,
                    "share_null_reason": why(
                        share, (self.unvalued(attestation, asset, row["amount"], row["left_out"]), row["usd"] is None)
                    ),
                    "share_of_asset_null_reason": why(
                        of_asset, ("too_large" if row["left_out"] else "no_amount", row["amount"] is None)
                    ),
                    "rows_refused": self.rows_refused(attestation, network=row["network"], asset=asset),
                    "contradicted_by_own_total": self.beyond.get((attestation, asset), (None, None))[0],
                }

    # --- marts of what is shown ---
    @cached_property
    def first_seen(self) -> dict[Key, tuple[Any, str]]:
        """Of a message of an exchange: (moment, attestation) in which it was first seen; undated ones name no
        moment.
        """
        found: dict[Key, list[Any]] = defaultdict(list)
        for (attestation, *_), row in self.judged.items():
            if row.verdict != "unsigned":
                found[row.exchange, row.message].append((in_time(self.snapshot(attestation)), attestation))
        first = {key: min(rows) for key, rows in found.items()}
        return {
            key: (None if undated else moment, attestation) for key, ((undated, moment), attestation) in first.items()
        }

    def ownership_coverage(self) -> Iterator[Row]:
        made = []
        for (attestation, network, verdict, reason), rows in grouped(
            self.claimed_holdings, lambda row: (row["attestation"], row["network"], row["verdict"], row["reason"])
        ).items():
            exchange, moment = attestation.split("/")[0], self.snapshot(attestation)
            for row in rows:
                row["first"] = self.first_seen.get((exchange, row["message"]))
                row["older"] = bool(row["first"] and row["first"][0] and moment and row["first"][0] < moment)
            by_asset = grouped(rows, lambda row: row["asset"])
            worth = {
                asset: self.value(attestation, asset, added(row["amount"] for row in of))
                for asset, of in by_asset.items()
            }
            dated = [row["first"] for row in rows if row["first"] and row["first"][0]]
            undated = [row["first"][1] for row in rows if row["first"] and not row["first"][0]]
            made.append(
                {
                    "attestation": attestation,
                    "network": network,
                    "verdict": verdict,
                    "reason": reason,
                    "rows": len(rows),
                    "rows_unpriced": sum(worth[row["asset"]] is None or row["amount"] is None for row in rows),
                    "priced_as_underlying": sorted(
                        a for a in by_asset if worth[a] is not None and self.price(attestation, a)["priced_as"]
                    ),
                    "usd": added(worth.values()),
                    "rows_on_older_message": sum(row["older"] for row in rows),
                    "usd_on_older_message": added(
                        self.value(attestation, a, added(row["amount"] for row in of if row["older"]))
                        for a, of in by_asset.items()
                    ),
                    "message_first_seen": min(dated)[1] if dated else least(undated),
                    **{
                        f"rows_naming_{name}": sum(name in (row["binds"] or ()) for row in rows)
                        for name in ("exchange", "date", "address")
                    },
                    "rows_refused": self.rows_refused(attestation, network=network),
                }
            )
        for rows in grouped(made, lambda row: row["attestation"]).values():
            whole = added(row["usd"] for row in rows)
            for row in rows:
                share = ratio(row["usd"], whole)
                yield row | {"share": share, "share_null_reason": why(share, ("nothing_priced", row["usd"] is None))}

    def balance_reconciliation(self) -> Iterator[Row]:
        for (attestation, network, asset), rows in grouped(
            self.claimed_holdings, lambda row: (row["attestation"], row["network"], row["asset"])
        ).items():
            fitting = [
                row for row in rows if row["status"] in ("matched", "rounded") and row["matching_component"] != "total"
            ]
            seen, proved = (
                [row for row in rows if row["onchain_exact"] is not None],
                [row for row in rows if row["proved"]],
            )
            onchain, proved_amount = (
                added(row["onchain_exact"] for row in seen),
                added(row["onchain_exact"] for row in proved),
            )
            share = ratio(proved_amount, onchain)
            reasons = {row["unobserved_reason"] for row in rows if row["status"] == "unobserved"} - {None}
            yield {
                "attestation": attestation,
                "network": network,
                "asset": asset,
                "holdings": len(rows),
                **{
                    status: sum(row["status"] == status for row in rows)
                    for status in ("matched", "rounded", "differing", "other_moment", "unobserved", "no_amount")
                },
                "conflicting": sum(row["conflicting"] for row in rows),
                "matched_part": len(fitting),
                "matched_parts": sorted({row["matching_component"] for row in fitting}) or None,
                "claimed": added(row["amount"] for row in rows),
                "onchain": onchain,
                "claimed_observed": added(row["amount"] for row in seen),
                "confirmed": sum(row["confirmed"] for row in rows),
                "proved": len(proved),
                "proved_amount": proved_amount,
                "proved_share": share,
                "proved_share_null_reason": why(
                    share, ("nothing_observed", onchain is None), ("nothing_proved", proved_amount is None)
                ),
                "unchanged": sum(row["unchanged"] for row in rows),
                "difference": added(
                    row["onchain_exact"] - row["amount"] for row in rows if row["status"] == "differing"
                ),
                "unobserved_reasons": sorted(reasons) or None,
                "rows_refused": self.rows_refused(attestation, network=network, asset=asset),
                **self.staked_beside(attestation, network, asset),
            }

    def staked_beside(self, attestation: str, network: str, asset: str) -> Row:
        """Of a list of validators: beside the claims of the network whose coins are staked."""
        found = self.staking.get((attestation, asset), {}) if network == "ethereum" else {}
        names = {
            "validators": "validators",
            "validators_claimed": "listed",
            "validators_onchain": "onchain",
            "validators_count_as": "basis",
        }
        return {name: found.get(of) for name, of in names.items()}

    # --- marts of what is owed ---
    @cached_property
    def looked_through(self) -> dict[Key, Row]:
        sides = sorted(set(self.reserves) | set(self.owed))
        found = {}
        for (attestation, stands_for), keys in grouped(sides, lambda key: (key[0], self.stands_for[key[1]])).items():
            held = {asset: self.reserves.get((attestation, asset), {}) for _, asset in keys}
            made: Row = {
                name: all_added(
                    rescaled(row[name], self.scale[asset], self.scale[stands_for])
                    for asset, row in held.items()
                    if row.get(name) is not None
                )
                for name in ("reserves_claimed", "reserves_onchain", "reserves_proven")
            }
            owed = {asset: self.owed.get((attestation, asset), {}).get("liabilities") for asset in held}
            made["liabilities"] = all_added(
                rescaled(amount, self.scale[asset], self.scale[stands_for])
                for asset, amount in owed.items()
                if amount is not None
            )
            made["is_complete"] = all(row["is_complete"] if row else True for row in held.values())
            made["counted"] = sorted(
                asset
                for asset, row in held.items()
                if asset != stands_for and (row.get("reserves_claimed"), row.get("reserves_onchain")) != (None, None)
            )
            found[attestation, stands_for] = made
        return found

    @cached_property
    def ratios(self) -> dict[Key, Row]:
        found = {}
        for key in sorted(set(self.reserves) | set(self.owed) | set(self.looked_through)):
            attestation, asset = key
            held, owed, through = self.reserves.get(key, {}), self.owed.get(key, {}), self.looked_through.get(key, {})
            liabilities, claimed, printed = (
                owed.get("liabilities"),
                held.get("reserves_claimed"),
                owed.get("printed_ratio"),
            )
            made: Row = {
                name: held.get(name)
                for name in (
                    "reserves_claimed",
                    "basis",
                    "custody_claimed",
                    "claimed_without_custody",
                    "claimed_without_address",
                    "reserves_onchain",
                    "reserves_proven",
                    "claimed_unobserved",
                )
            }
            made |= {
                "attestation": attestation,
                "asset": asset,
                "is_complete": held.get("is_complete", False),
                "claims_left_out": held.get("claims_left_out", 0),
                "liabilities": liabilities,
                "claims_conflicting": held.get("claims_conflicting", False),
                "liabilities_conflicting": owed.get("conflicting", False),
                **self.side_by_side(attestation, asset, owed),
                "counted_through": through.get("counted", []),
            }
            made |= {
                f"{name}_through": through.get(name)
                for name in ("reserves_claimed", "reserves_onchain", "reserves_proven", "liabilities")
            }
            for name in (
                "reserves_claimed",
                "reserves_onchain",
                "reserves_proven",
                "liabilities",
                "claimed_without_custody",
                "reserves_claimed_through",
            ):
                made[f"{name}_units"] = units(made[name], self.scale[asset])
            owing = [
                ("no_liabilities", liabilities is None),
                ("nothing_owed", liabilities == 0),
                ("nothing_claimed", held == {}),
                ("too_large", claimed is None and held.get("claims_left_out", 0) > 0),
            ]
            on_a_list = ("observed_list", held.get("basis") == "onchain")
            owing_through = [
                ("looked_through", self.stands_for[asset] != asset),
                ("no_liabilities", through.get("liabilities") is None),
                ("nothing_owed", through.get("liabilities") == 0),
            ]
            for name, part, whole, because, otherwise in (
                ("ratio_claimed", claimed, liabilities, [*owing, on_a_list], "no_amount"),
                ("ratio_onchain", made["reserves_onchain"], liabilities, owing, "nothing_observed"),
                ("ratio_proven", made["reserves_proven"], liabilities, owing, "nothing_observed"),
                (
                    "ratio_without_custody",
                    made["claimed_without_custody"],
                    liabilities,
                    [*owing, on_a_list, ("no_amount", claimed is None)],
                    "custody_not_stated",
                ),
                (
                    "ratio_claimed_through",
                    made["reserves_claimed_through"],
                    made["liabilities_through"],
                    owing_through,
                    "nothing_claimed",
                ),
                (
                    "ratio_proven_through",
                    made["reserves_proven_through"],
                    made["liabilities_through"],
                    [*owing_through, ("nothing_claimed", made["reserves_claimed_through"] is None)],
                    "nothing_observed",
                ),
            ):
                made[name] = ratio(part, whole)
                made[f"{name}_null_reason"] = why(made[name], *because, otherwise=otherwise)
            made |= {
                "printed_ratio": printed,
                "printed_ratio_null_reason": why(printed, otherwise="not_printed"),
                "printed_hides_shortfall": self.both(
                    at_least(printed, 100), self.inverse(at_least(claimed, liabilities))
                ),
                "is_covered_claimed": at_least(claimed, liabilities),
                "is_covered_without_custody": at_least(made["claimed_without_custody"], liabilities),
                "is_covered_claimed_through": at_least(made["reserves_claimed_through"], made["liabilities_through"]),
                "is_covered": self.bound(made["reserves_proven"], liabilities, made["is_complete"]),
                "is_covered_through": self.bound(
                    made["reserves_proven_through"], made["liabilities_through"], through.get("is_complete")
                ),
            }
            found[key] = made | self.quality_flags(attestation, asset)
        return found

    def side_by_side(self, attestation: str, asset: str, owed: Row) -> Row:
        """What is printed and what is proven to be owed."""
        printed, shown = owed.get("liabilities_printed"), owed.get("proof") or {}
        proven, scale = shown.get("owed"), self.scale[asset]
        of_it = self.verdicts_of(attestation) or (self.verdicts_of(self.beside.get(attestation, "")) if owed else [])
        beside = self.beside_printed(printed, proven, scale)
        rests_on = shown["proof"].proof_kind if shown else None
        if printed is not None and (proven is None or beside["liabilities_status"] == "differing"):
            rests_on = "printed"
        return beside | {
            "liabilities_from": rests_on,
            "liabilities_from_null_reason": why(rests_on, otherwise="no_liabilities"),
            "liabilities_printed": printed,
            "liabilities_proven": proven,
            "liabilities_proven_units": units(proven, scale),
            "liabilities_proven_null_reason": why(
                proven,
                ("no_proof", not of_it),
                ("proof_does_not_hold", "holds" not in of_it),
                otherwise="total_not_shown",
            ),
            "liabilities_proven_by": shown["proof"].proof_scheme if shown else None,
            "liabilities_proven_conflicting": shown.get("contradicted", False),
            "liabilities_differ": None
            if beside["liabilities_status"] is None
            else beside["liabilities_status"] == "differing",
        }

    def verdicts_of(self, attestation: str) -> list[str]:
        return [row["proof"].proof_verdict for row in self.proof_totals if row["attestation"] == attestation]

    def liability_proofs(self) -> Iterator[Row]:
        files = {(file.attestation, file.report): file for file in self.newest}
        dated = grouped(
            (files[row["attestation"], row["proof"].report] for row in self.proof_totals), lambda file: file.exchange
        )
        for row in self.proof_totals:
            proof, asset = row["proof"], row["asset"]
            file = files[row["attestation"], proof.report]
            newest = most(other.snapshot_at for other in dated[proof.exchange])
            scale = 0 if asset is None else self.scale[asset]
            printed = self.owed.get((row["attestation"], asset), {}).get("liabilities_printed")
            yield {
                **{name: getattr(proof, name) for name in (
                    "report", "proof_scheme", "proof_kind", "proof_verdict", "reason", "proof_detail", "root", "leaves",
                    "checks_passed", "checks_failed", "checks_unmade", "findings", "finding_details", "not_shown",
                    "key_sha256",
                )},
                **{name: value for name, value in row.items() if name != "proof"},
                "exchange": proof.exchange,
                "snapshot_at": file.snapshot_at,
                "is_latest": file.snapshot_at is not None and file.snapshot_at == newest,
                "owed_units": units(row["owed"], scale),
                "owed_null_reason": why(
                    row["owed"], ("no_total", not row["labels"]), ("unknown_asset", asset is None),
                    otherwise="no_amount",
                ),
                "liabilities_printed": printed,
                "liabilities_printed_units": units(printed, scale),
                **self.beside_printed(printed, row["owed"], scale),
            }  # fmt: skip

    @staticmethod
    def inverse(value: bool | None) -> bool | None:
        return None if value is None else not value

    @staticmethod
    def both(one: bool | None, other: bool | None) -> bool | None:
        return False if False in (one, other) else None if None in (one, other) else True

    @staticmethod
    def bound(proven: int | None, liabilities: int | None, is_complete: bool | None) -> bool | None:
        """A lower bound that reaches the liabilities settles it; one that falls short does where all was seen."""
        reaches = at_least(proven, liabilities)
        return reaches if reaches or is_complete else None

    def reserve_ratio(self) -> Iterator[Row]:
        yield from self.ratios.values()

    def coverage_streak(self) -> Iterator[Row]:
        rhythm = {}
        for exchange, rows in grouped(self.attestations.values(), lambda row: row["exchange"]).items():
            days = sorted(self.day(row["attestation"]) for row in rows if row["snapshot_at"] and row["is_attested"])
            gaps = sorted(gap for gap in (days_between(*pair) for pair in pairwise(days)) if gap)
            rhythm[exchange] = gaps[(len(gaps) - 1) // 2] if gaps else None
        dated = [row for row in self.ratios.values() if self.snapshot(row["attestation"])]
        for (exchange, asset, is_seen), rows in grouped(
            dated, lambda row: (row["attestation"].split("/")[0], row["asset"], row["basis"] == "onchain")
        ).items():
            usual = None if is_seen else rhythm[exchange]
            rows.sort(key=lambda row: (self.snapshot(row["attestation"]), row["attestation"]))
            streaks: dict[Any, int] = defaultdict(int)  # by name, and of ours by basis
            before = None
            for row in rows:
                number, day = self.attestations[row["attestation"]]["report_no"], self.day(row["attestation"])
                edition = int(number) if number and re.fullmatch(r"\s*[+-]?\d+\s*", number) else None
                since = days_between(before[1], day) if before else None
                missing: list[str] = []
                if before and edition is not None and before[0] is not None:
                    missing = [str(n) for n in range(before[0] + 1, min(edition, before[0] + 1001))]
                elif since is not None and usual:
                    passed = math.floor(Decimal(since) / usual + Decimal("0.5"))
                    missing = [f"{before[1] + timedelta(n * usual):%Y-%m-%d}" for n in range(1, min(passed, 1001))]
                printed = at_least(row["printed_ratio"], 100)
                made: Row = {
                    "attestation": row["attestation"],
                    "asset": asset,
                    "basis": row["basis"],
                    "edition": edition,
                    "rhythm_days": usual,
                    "days_since": since,
                    "missing_before": missing,
                    "follows_gap": bool(missing),
                    "is_covered": row["is_covered"],
                    "is_covered_claimed": row["is_covered_claimed"],
                    "is_covered_printed": printed,
                    "streak_published": edition if printed else None,
                }
                if missing:
                    streaks.clear()
                elif row["basis"] is None:
                    streaks = defaultdict(int, {"printed": streaks["printed"]})
                for name, covered in (
                    ("observed", row["is_covered"]),
                    ("claimed", row["is_covered_claimed"]),
                    ("printed", printed),
                ):
                    of = name if name == "printed" else (name, row["basis"])
                    streaks[of] = streaks[of] + 1 if covered else 0
                    made[f"streak_{name}"] = None if covered is None else streaks[of]
                yield made | self.quality_flags(row["attestation"], asset)
                before = (edition, day)

    # --- marts of what changed ---
    @cached_property
    def sums(self) -> dict[Key, Decimal]:
        """Published sums in US dollars of a whole exchange, by attestation and scope, of the statement that counts."""
        stated = {(key[0], key[2]): rows[0]["told"] for key, rows in self.statements.items() if key[1] == "sum"}
        return {key: told for key, told in stated.items() if told < 10**18}

    @cached_property
    def series(self) -> list[Row]:
        """(attestation, basis, scope, since) with what each is compared."""
        stated = {
            (row["attestation"], row["basis"], None)
            for row in self.values.values()
            if row["amount"] is not None or row["usd_published"] is not None
        }
        found = []
        of_one = grouped(
            (
                key
                for key in stated | {(attestation, "published", scope) for attestation, scope in self.sums}
                if self.snapshot(key[0])
            ),
            lambda key: (key[0].split("/")[0], *key[1:]),
        )
        for (_, basis, scope), keys in of_one.items():
            in_order = sorted((self.snapshot(attestation), attestation) for attestation, *_ in keys)
            for place, (_, attestation) in enumerate(in_order):
                earlier = in_order[:place]
                off = [
                    (abs((self.day(other) - a_year_before(self.day(attestation))).days), base, other)
                    for base, other in earlier
                ]
                near = [x for x in off if x[0] <= 16]
                chosen = {
                    "previous": earlier[-1:],
                    "first": earlier[:1],
                    "year_before": [min(near)[1:]] if near else [],
                }
                found += [
                    {
                        "attestation": attestation,
                        "basis": basis,
                        "scope": scope,
                        "since": since,
                        "base": base[0][1],
                        "base_at": base[0][0],
                        "days": days_between(self.day(base[0][1]), self.day(attestation)),
                    }
                    for since, base in chosen.items()
                    if base
                ]
        return found

    @cached_property
    def lists(self) -> dict[str, list[Row]]:
        return grouped(self.holdings, lambda row: row["attestation"])

    @cached_property
    def list_changes(self) -> dict[Key, Row]:
        """By (attestation, since, network, asset): what a list of addresses gained and lost."""
        found: dict[Key, Row] = {}
        accounts = {a: {(row["network"], row["address"]) for row in rows} for a, rows in self.lists.items()}
        for pair in self.series:
            now, base = pair["attestation"], pair["base"]
            if pair["scope"] is not None or pair["basis"] == "published" or now not in accounts or base not in accounts:
                continue
            sides = {
                name: grouped(self.lists[a], lambda row: (row["network"], row["asset"]))
                for name, a in (("now", now), ("then", base))
            }
            for network, asset in set(sides["now"]) | set(sides["then"]):
                after, before = sides["now"].get((network, asset), []), sides["then"].get((network, asset), [])
                seen = pair["basis"] != "onchain" or all(
                    any(row["claimed"] is not None for row in side) for side in (after, before)
                )
                came = [row for row in after if not seen or (network, row["address"]) not in accounts[base]]
                gone = [row for row in before if not seen or (network, row["address"]) not in accounts[now]]
                made: Row = {
                    "holdings": len(self.held_of(after)),
                    "holdings_before": len(self.held_of(before)),
                    "basis": pair["basis"],
                    "base": base,
                    "base_at": pair["base_at"],
                    "days": pair["days"],
                }
                for name, all_, of in (("added", came, now), ("dropped", gone, base)):
                    rows = self.held_of(all_)
                    amount = added(row["amount"] for row in rows) if rows else 0
                    made |= {
                        f"holdings_{name}": len(rows),
                        f"amount_{name}": amount,
                        f"usd_{name}": self.value(of, asset, amount) if rows else Decimal(0),
                    }
                found[now, pair["since"], network, asset] = made
        return found

    def address_changes(self) -> Iterator[Row]:
        for (attestation, since, network, asset), row in self.list_changes.items():
            yield {
                "attestation": attestation,
                "since": since,
                "network": network,
                "asset": asset,
                "basis": row["basis"],
                "base_attestation": row["base"],
                "base_snapshot_at": row["base_at"],
                "units_added": units(row["amount_added"], self.scale[asset]),
                "units_dropped": units(row["amount_dropped"], self.scale[asset]),
                "priced_as": self.price(attestation, asset)["priced_as"],
                "base_priced_as": self.price(row["base"], asset)["priced_as"],
                **{
                    name: row[name]
                    for name in (
                        "days",
                        "holdings",
                        "holdings_before",
                        "holdings_added",
                        "holdings_dropped",
                        "amount_added",
                        "amount_dropped",
                        "usd_added",
                        "usd_dropped",
                    )
                },
            }

    def net_flow(self) -> Iterator[Row]:
        claimed = {
            key: row
            for key, row in self.values.items()
            if row["amount"] is not None or row["usd_published"] is not None
        }
        listed = grouped(self.list_changes.items(), lambda item: (item[0][0], item[0][1], item[0][3]))
        for pair in self.series:
            now, base = pair["attestation"], pair["base"]
            common = {
                "attestation": now,
                "since": pair["since"],
                "basis": pair["basis"],
                "base_attestation": base,
                "base_snapshot_at": pair["base_at"],
                "days": pair["days"],
            }
            if pair["scope"] is not None:
                yield common | self.flow_of_sum(now, base, pair["scope"])
                continue
            mine = {key: row for key, row in claimed.items() if row["basis"] == pair["basis"]}
            for asset in {asset for attestation, asset in mine if attestation in (now, base)}:
                on_lists = [] if pair["basis"] == "published" else listed.get((now, pair["since"], asset), [])
                sides = [(mine.get((a, asset)), claimed.get((a, asset))) for a in (now, base)]
                other = any(one is None and any_ is not None for one, any_ in sides)
                yield common | self.flow(
                    now, base, asset, sides[0][0], sides[1][0], [row for _, row in on_lists], other
                )

    def flow_of_sum(self, now: str, base: str, scope: str) -> Row:
        before, after = self.sums[base, scope], self.sums[now, scope]
        change = ratio(after - before, before)
        of_base = self.doubts_of_all(base)
        made = self.doubts_of_all(now)
        return (
            dict.fromkeys(
                (
                    "relation",
                    "amount_before",
                    "amount_after",
                    "amount_change",
                    "units_before",
                    "units_after",
                    "units_change",
                    "units_list",
                    "price_before",
                    "price_after",
                    "priced_as",
                    "base_priced_as",
                    "usd_flow",
                    "usd_price",
                    "usd_cross",
                    "usd_list",
                    "usd_own",
                    "ratio_amount_change",
                    "amount_beyond_own_total",
                    "units_beyond_own_total",
                    "base_amount_beyond_own_total",
                )
            )
            | {
                name: made[name]
                for name in ("rows_refused", "rows_refused_unread", "is_repeat", "contradicted_by_own_total")
            }
            | {
                "asset": "TOTAL",
                "scope": scope,
                "usd_basis": "published",
                "usd_before": before,
                "usd_after": after,
                "usd_change": after - before,
                "not_split_because": "published_sum",
                "ratio_usd_change": change,
                "ratio_usd_change_null_reason": why(change, otherwise="zero_before"),
                "ratio_amount_change_null_reason": "published_sum",
                "base_rows_refused": of_base["rows_refused"],
                "base_is_repeat": of_base["is_repeat"],
                "base_contradicted_by_own_total": of_base["contradicted_by_own_total"],
            }
        )

    def flow(
        self, now: str, base: str, asset: str, after: Row | None, before: Row | None, changes: list[Row], other: bool
    ) -> Row:
        """`other`: a side has the asset, and of another basis: then nothing is compared."""

        def of(side: Row | None, name: str) -> Any:
            return side[name] if side else None

        def listed(name: str) -> Any:
            """On all networks; null where one is unknown, or where a side has no addresses."""
            return (
                None
                if not changes or any(row[name] is None for row in changes)
                else added(row[name] for row in changes)
            )

        def known(name: str) -> bool:
            return not other and all(side is None or side[name] is not None for side in (after, before))

        scale, relation = self.scale[asset], self.relation(now, asset)
        if before is None:
            came, gone, usd_came, usd_gone = of(after, "amount"), 0, of(after, "usd"), Decimal(0)
        elif after is None:
            came, gone, usd_came, usd_gone = 0, before["amount"], Decimal(0), before["usd"]
        else:
            came, gone, usd_came, usd_gone = (
                listed(name) for name in ("amount_added", "amount_dropped", "usd_added", "usd_dropped")
            )
        kept = (of(before, "amount") or 0) - (gone or 0)
        flowed = (of(after, "amount") or 0) - (came or 0) - kept
        basis = "priced" if known("usd") else "published" if known("usd_published") else None
        unsplit = (
            "other_basis"
            if other
            else "no_amount"
            if not known("amount")
            else "no_price"
            if not known("usd_price")
            else None
        )
        name = {"priced": "usd", "published": "usd_published"}.get(basis or "")
        usd_before, usd_after = (of(before, name), of(after, name)) if name else (None, None)
        change = (usd_after or Decimal(0)) - (usd_before or Decimal(0)) if basis else None
        price_before, price_after = of(before, "usd_price"), of(after, "usd_price")
        parts: dict[str, Any] = dict.fromkeys(("usd_flow", "usd_price", "usd_cross", "usd_list", "usd_own"))
        flow = usd(units(flowed, scale), price_before or Decimal(0))
        rise = (price_after or Decimal(0)) - (price_before or Decimal(0))
        risen = usd(units(kept, scale), rise) if after and before else Decimal(0)
        if unsplit is None and (not known("usd") or flow is None or risen is None):
            unsplit = "too_large"
        if unsplit is None and relation == "own":
            parts = dict.fromkeys(parts, Decimal(0)) | {"usd_own": change}
        elif unsplit is None and change is not None:
            parts["usd_flow"], parts["usd_price"] = flow, risen
            parts["usd_list"] = None if usd_came is None or usd_gone is None else usd_came - usd_gone
            parts["usd_cross"] = change - parts["usd_flow"] - parts["usd_price"] - (parts["usd_list"] or 0)
            parts["usd_own"] = Decimal(0)
        counted = known("amount")
        more = (of(after, "amount") or 0) - (of(before, "amount") or 0) if counted else None
        by_usd, by_amount = ratio(change, usd_before), ratio(more, of(before, "amount"))
        of_base = self.quality_flags(base, asset)
        return (
            parts
            | self.quality_flags(now, asset)
            | {
                "asset": asset,
                "scope": None,
                "relation": relation,
                "amount_before": of(before, "amount"),
                "amount_after": of(after, "amount"),
                "amount_change": more,
                "units_before": units(of(before, "amount"), scale),
                "units_after": units(of(after, "amount"), scale),
                "units_change": units(more, scale),
                "units_list": units(came - gone, scale) if counted and came is not None and gone is not None else None,
                "price_before": price_before,
                "price_after": price_after,
                "priced_as": of(after, "priced_as"),
                "base_priced_as": of(before, "priced_as"),
                "usd_basis": basis,
                "usd_before": usd_before,
                "usd_after": usd_after,
                "usd_change": change,
                "not_split_because": unsplit,
                "ratio_usd_change": by_usd,
                "ratio_amount_change": by_amount,
                "ratio_usd_change_null_reason": why(
                    by_usd,
                    ("other_basis", other),
                    ("no_value", basis is None),
                    ("nothing_before", usd_before is None),
                    otherwise="zero_before",
                ),
                "ratio_amount_change_null_reason": why(
                    by_amount,
                    ("other_basis", other),
                    ("no_amount", more is None),
                    ("nothing_before", of(before, "amount") is None),
                    otherwise="zero_before",
                ),
                "base_rows_refused": of_base["rows_refused"],
                "base_is_repeat": of_base["is_repeat"],
                "base_contradicted_by_own_total": of_base["contradicted_by_own_total"],
                "base_amount_beyond_own_total": of_base["amount_beyond_own_total"],
            }
        )

    # --- marts of what contradicts ---
    @cached_property
    def namings(self) -> dict[Key, list[Row]]:
        """By account: every statement of an exchange that names it, with the amounts of an attestation or as a list
        without any.
        """
        found: dict[Key, list[Row]] = defaultdict(list)
        for (attestation, network, address), rows in grouped(
            self.holdings, lambda row: (row["attestation"], row["network"], row["address"])
        ).items():
            about = self.attestations[attestation]
            if self.is_observed(attestation):
                rows = [row for row in rows if row["claimed"]]
            held = {row["asset"]: row["claimed"] for row in sorted(rows, key=lambda row: row["asset"])}
            if not held:
                continue
            found[network, address].append(
                {
                    "exchange": about["exchange"],
                    "attestation": attestation,
                    "at": about["snapshot_at"],
                    "day": self.day(attestation),
                    "report": about["report"],
                    "held": held,
                    "source": None,
                }
            )
        for attestation, file, row in self.rows(Claim, but=""):
            if file.content == "address_list":
                found[row.network, row.address].append(
                    {
                        "exchange": row.exchange,
                        "attestation": attestation,
                        "at": file.snapshot_at,
                        "day": day_of(row.exchange, file.snapshot_at),
                        "report": row.report,
                        "held": {},
                        "source": row.source or row.label,
                    }
                )
        return found

    def address_collisions(self) -> Iterator[Row]:
        collateral = grouped(table("collateral"), lambda row: (row["network"], row["address"]))
        for account, rows in self.namings.items():
            by_exchange = grouped(rows, lambda row: row["exchange"])
            for exchange, own in by_exchange.items():
                for other, theirs in by_exchange.items():
                    if other != exchange:
                        yield self.collision(account, own, other, theirs)
                for row in collateral.get(account, ()):
                    if row["whose"] != exchange:
                        yield self.backing(account, own, row)

    def collision(self, account: Key, own: list[Row], other: str, theirs: list[Row]) -> Row:
        newest = self.newest_statement(theirs)
        spans_ = [[row["day"] for row in side if row["day"]] for side in (own, theirs)]
        overlap = all(spans_) and min(spans_[0]) <= max(spans_[1]) and min(spans_[1]) <= max(spans_[0])

        def nearness(pair: tuple[Row, Row]) -> Any:
            one, two = pair
            days = days_between(one["day"], two["day"])
            late = [
                (
                    row["at"] is None,
                    -row["at"].timestamp() if row["at"] else 0,
                    [-ord(letter) for letter in row["attestation"]],
                )
                for row in pair
            ]
            return days is None, abs(days or 0), not (one["held"] and two["held"]), late

        one, two = min(((one, two) for one in own for two in theirs), key=nearness)
        days = days_between(one["day"], two["day"])
        return self.claimed_there(account, own) | {
            "against_kind": "exchange",
            "against": other,
            "at_the_same_time": bool(overlap),
            "against_source": newest["attestation"]
            if newest["held"]
            else most(row["source"] for row in theirs) or newest["attestation"],
            "days_apart": None if days is None else abs(days),
            **self.side("nearest", one),
            **self.side("against", two),
        }

    def backing(self, account: Key, own: list[Row], row: Mapping[str, str]) -> Row:
        since, until = date.fromisoformat(row["since"]), date.fromisoformat(row["until"]) if row["until"] else None
        days = [statement["day"] for statement in own if statement["day"]]

        def off(statement: Row) -> int | None:
            """Days from the span over which it is known to be collateral."""
            day = statement["day"]
            if day is None:
                return None
            return max((since - day).days, (day - until).days if until else 0, 0)

        def nearness(statement: Row) -> Any:
            at = statement["at"]
            return (
                at is None,
                off(statement) or 0,
                not statement["held"],
                -at.timestamp() if at else 0,
                [-ord(x) for x in statement["attestation"]],
            )

        nearest = min(own, key=nearness)
        overlap = bool(days) and max(days) >= since and (until is None or min(days) <= until)
        return self.claimed_there(account, own) | {
            "against_kind": "collateral",
            "against": row["whose"],
            "against_source": row["source"],
            "at_the_same_time": overlap,
            "days_apart": off(nearest),
            **self.side("nearest", nearest),
            "against_attestation": None,
            "against_assets": [],
            "against_units": [],
        }

    @staticmethod
    def newest_statement(rows: list[Row]) -> Row:
        """One with amounts before a list, then the latest."""
        return max(rows, key=lambda row: (bool(row["held"]), row["at"] is not None, row["at"] or 0, row["attestation"]))

    def side(self, name: str, row: Row) -> Row:
        return {
            f"{name}_attestation": row["attestation"],
            f"{name}_assets": list(row["held"]),
            f"{name}_units": [units(amount, self.scale[asset]) for asset, amount in row["held"].items()],
        }

    def claimed_there(self, account: Key, own: list[Row]) -> Row:
        newest = self.newest_statement(own)
        name, moments = newest["attestation"], [row["at"] for row in own if row["at"]]
        with_amounts = any(row["held"] for row in own)
        return {
            "attestation": name,
            "network": account[0],
            "address": account[1],
            "exchange": newest["exchange"],
            "report": newest["report"],
            "snapshot_at": self.snapshot(name) if with_amounts and self.snapshot(name) else most(moments),
            "is_latest": with_amounts and self.attestations[name]["is_latest"],
            "first_claimed_at": least(moments),
            "last_claimed_at": most(moments),
            "with_amounts": with_amounts,
            "assets": list(newest["held"]),
            "usd": added(self.value(name, asset, amount) for asset, amount in newest["held"].items()),
            "priced_as_underlying": [asset for asset in newest["held"] if self.price(name, asset)["priced_as"]],
        }

    def tracker_figures(self) -> Iterator[Row]:
        found = list(self.rows(TrackerFigure))
        latest: dict[Key, datetime] = {}
        for _, file, row in found:
            kind = (row.exchange, row.source, row.figure, row.unit)
            latest[kind] = max(latest.get(kind, file.snapshot_at), file.snapshot_at)
        for attestation, file, row in found:
            yield {
                "attestation": attestation,
                "exchange": row.exchange,
                "snapshot_at": file.snapshot_at,
                "is_latest": file.snapshot_at == latest[row.exchange, row.source, row.figure, row.unit],
                "report": row.report,
                "build_id": None,
                "snapshot_precision": file.snapshot_precision,
                "month": self.month_of(day_of(row.exchange, file.snapshot_at), file.snapshot_precision),
                **{name: getattr(row, name) for name in ("source", "figure", "unit", "value", "definition", "note")},
                "source_row": row.source_row,
            }

    # --- the market side by side ---
    @staticmethod
    def month_of(day: date | None, precision: str) -> date | None:
        """First day of the month whose end a snapshot shows: its first 24 hours close the month before."""
        shown = day if day is None or precision == "month" else day - timedelta(1)
        return None if shown is None else shown.replace(day=1)

    def month(self, attestation: str) -> date | None:
        precision = self.attestations[attestation]["snapshot_precision"]
        return self.month_of(self.day(attestation), precision)

    def listed_as(self, attestation: str) -> str:
        """The basis of an attestation's accounts."""
        held = {row["basis"] for (a, _), row in self.reserves.items() if a == attestation}
        return "claimed" if "claimed" in held else "onchain"

    def signed_and_seen(self) -> Iterator[Row]:
        claimed = [
            row for row in self.holdings if self.reserves[row["attestation"], row["asset"]]["basis"] == "claimed"
        ]
        for (attestation, network), rows in grouped(claimed, lambda row: (row["attestation"], row["network"])).items():
            seen = [row for row in rows if row["onchain_exact"] is not None]
            worth: dict[str, list[Decimal]] = {name: [] for name in ("claimed", "signed", "seen", "signed_and_seen")}
            unpriced = []
            for asset, held in grouped(rows, lambda row: row["asset"]).items():
                signed = [row for row in held if row["verdict"] == "proven"]
                amounts = {
                    "claimed": added(row["amount"] for row in held),
                    "signed": added(row["amount"] for row in signed),
                    "seen": added(self.shown(row) for row in held),
                    "signed_and_seen": added(self.shown(row) for row in signed),
                }
                values = {name: self.value(attestation, asset, amount) for name, amount in amounts.items()}
                if values["claimed"] is not None:
                    for name, value in values.items():
                        worth[name] += [] if value is None else [value]
                elif amounts["claimed"] is not None:
                    unpriced.append(asset)
            usd_claimed, usd_seen = added(worth["claimed"]), added(worth["seen"])
            made = {
                "attestation": attestation,
                "network": network,
                "holdings": len(rows),
                "holdings_signed": sum(row["verdict"] == "proven" for row in rows),
                "holdings_seen": len(seen),
                "holdings_signed_and_seen": sum(row["verdict"] == "proven" for row in seen),
                "usd_claimed": usd_claimed,
                "usd_signed": None if usd_claimed is None else sum(worth["signed"], Decimal(0)),
                "usd_seen": usd_seen,
                "usd_signed_and_seen": None if usd_seen is None else sum(worth["signed_and_seen"], Decimal(0)),
                "unpriced_assets": sorted(unpriced),
            }
            for name in ("signed", "seen", "signed_and_seen"):
                share = ratio(made[f"usd_{name}"], usd_claimed)
                made |= {
                    f"share_{name}": share,
                    f"share_{name}_null_reason": why(
                        share,
                        ("nothing_priced", usd_claimed is None),
                        ("total_is_zero", usd_claimed == 0),
                        otherwise="nothing_observed",
                    ),
                }
            yield made

    @staticmethod
    def shown(row: Row) -> int | None:
        """Of a claim what the chain shows, and no more than is claimed."""
        return None if None in (row["amount"], row["onchain_exact"]) else min(row["amount"], row["onchain_exact"])

    def concentration(self) -> Iterator[Row]:
        of_assets: dict[Key, list[tuple[int, str, str]]] = defaultdict(list)
        worth: dict[Key, list[Decimal]] = defaultdict(list)
        for row in self.holdings:
            if row["amount"]:
                attestation, asset, place = row["attestation"], row["asset"], (row["network"], row["address"])
                of_assets[attestation, asset].append((row["amount"], *place))
                value = self.value(attestation, asset, row["amount"])
                if value is not None and value > 0:
                    worth[(attestation, *place)].append(value)
        for (attestation, *place), values in worth.items():
            of_assets[attestation, "TOTAL"].append((int(sum(values) * 100), place[0], place[1]))
        for (attestation, asset), accounts in of_assets.items():
            is_whole, amount = asset == "TOTAL", added(held for held, *_ in accounts)
            largest = sorted(accounts, reverse=True)[:10]
            shares = [ratio(largest[0][0], amount), ratio(sum(held for held, *_ in largest), amount)]
            of_asset = None if is_whole else amount
            cents = [Decimal(held) / 100 for held, *_ in largest]
            yield {
                "attestation": attestation,
                "asset": asset,
                "basis": self.listed_as(attestation),
                "accounts": len(accounts),
                "amount": of_asset,
                "units": None if is_whole else units(amount, self.scale[asset]),
                "usd": Decimal(amount) / 100 if is_whole else self.value(attestation, asset, of_asset),
                "share_largest": shares[0],
                "share_largest_null_reason": why(shares[0], otherwise="too_large"),
                "share_top_10": shares[1],
                "share_top_10_null_reason": why(shares[1], otherwise="too_large"),
                "hhi": None if amount is None else float(sum((Decimal(held) / amount) ** 2 for held, *_ in accounts)),
                "largest_networks": [network for _, network, _ in largest],
                "largest_addresses": [address for *_, address in largest],
                "largest_amounts": None if is_whole else [held for held, *_ in largest],
                "largest_usd": cents if is_whole else None,
            }

    def account_turnover(self) -> Iterator[Row]:
        of_lists = grouped((a for a in self.lists if self.snapshot(a)), lambda a: (a.split("/")[0], self.listed_as(a)))
        for (_, basis), names in of_lists.items():
            names.sort(key=lambda a: (self.snapshot(a), a))
            accounts = [{(row["network"], row["address"]) for row in self.lists[a]} for a in names]
            for place, attestation in enumerate(names):
                now, before = accounts[place], accounts[place - 1] if place else set()
                earlier, later = set().union(*accounts[:place]), set().union(*accounts[place + 1 :])
                for network in sorted({network for network, _ in now | before}):

                    def on(some: set[tuple[str, str]], network: str = network) -> int:
                        return sum(of == network for of, _ in some)

                    base = names[place - 1] if place else None
                    steps: Row = dict.fromkeys(("before", "new", "back", "dropped"))
                    if base is not None:
                        steps = {
                            "before": on(before),
                            "new": on(now - earlier),
                            "back": on((now & earlier) - before),
                            "dropped": on(before - now),
                        }
                    came = ratio(steps["new"] + steps["back"], on(now)) if base else None
                    left = ratio(steps["dropped"], on(before)) if base else None
                    yield {
                        "attestation": attestation,
                        "network": network,
                        "basis": basis,
                        "base_attestation": base,
                        "base_snapshot_at": self.snapshot(base) if base else None,
                        "days": days_between(self.day(base), self.day(attestation)) if base else None,
                        "accounts": on(now),
                        **{f"accounts_{name}": value for name, value in steps.items()},
                        "accounts_of_first": on(now & accounts[0]),
                        "accounts_last_seen": None if place + 1 == len(names) else on(now - later),
                        "share_added": came,
                        "share_added_null_reason": why(came, ("first_list", base is None), otherwise="no_accounts"),
                        "share_dropped": left,
                        "share_dropped_null_reason": why(left, ("first_list", base is None), otherwise="no_accounts"),
                    }

    def in_series(self, attestations: Iterable[str]) -> Iterator[tuple[str, str, str]]:
        """(since, attestation, base) of a series of one exchange."""
        in_order = sorted((self.snapshot(a), a) for a in attestations if self.snapshot(a))
        for place, (_, attestation) in enumerate(in_order):
            earlier = in_order[:place]
            year_ago = a_year_before(self.day(attestation))
            near = [x for x in ((abs((self.day(a) - year_ago).days), at, a) for at, a in earlier) if x[0] <= 16]
            for since, base in (
                ("previous", earlier[-1:]),
                ("first", earlier[:1]),
                ("year_before", [min(near)[1:]] if near else []),
            ):
                yield from ((since, attestation, name) for _, name in base)

    def liabilities_change(self) -> Iterator[Row]:
        owed = {(key[0], key[2]): rows[0] for key, rows in self.statements.items() if key[1] == "liabilities"}
        for (_, asset), keys in grouped(owed, lambda key: (key[0].split("/")[0], key[1])).items():
            for since, attestation, base in self.in_series(a for a, _ in keys):
                after, before = owed[attestation, asset], owed[base, asset]
                change, scale = after["told"] - before["told"], self.scale[asset]
                prices = [self.price(a, asset) for a in (base, attestation)]
                values = [self.value(a, asset, x["told"]) for a, x in ((base, before), (attestation, after))]
                known = None not in values
                flow = usd(units(change, scale), prices[0]["usd"]) if known else None
                share = ratio(change, before["told"])
                yield {
                    "attestation": attestation,
                    "since": since,
                    "base_attestation": base,
                    "base_snapshot_at": self.snapshot(base),
                    "days": days_between(self.day(base), self.day(attestation)),
                    "asset": asset,
                    "liabilities_before": before["told"],
                    "liabilities_after": after["told"],
                    "liabilities_change": change,
                    "units_before": units(before["told"], scale),
                    "units_after": units(after["told"], scale),
                    "units_change": units(change, scale),
                    "ratio_change": share,
                    "ratio_change_null_reason": why(share, otherwise="zero_before"),
                    "price_before": prices[0]["usd"],
                    "price_after": prices[1]["usd"],
                    "base_priced_as": prices[0]["priced_as"],
                    "priced_as": prices[1]["priced_as"],
                    "usd_before": values[0],
                    "usd_after": values[1],
                    "usd_change": values[1] - values[0] if known else None,
                    "usd_flow": flow,
                    "usd_price": values[1] - values[0] - flow if known else None,
                    "liabilities_conflicting": after["contradicted"],
                    "base_liabilities_conflicting": before["contradicted"],
                }

    def exchange_month(self) -> Iterator[Row]:
        held = grouped(self.values.values(), lambda row: (row["attestation"], row["basis"]))
        sums = grouped(self.sums.items(), lambda item: item[0][0])
        stated = set(held) | {(attestation, "published") for attestation in sums}
        told = {attestation for attestation, _ in stated}
        stated |= {(attestation, None) for attestation, _ in self.owed if attestation not in told}
        months = grouped(
            ((a, basis) for a, basis in stated if self.snapshot(a)),
            lambda x: (x[0].split("/")[0], self.month(x[0]), x[1]),
        )
        flows, both = list(self.net_flow()), grouped(self.signed_and_seen(), lambda row: row["attestation"])
        figures = grouped(self.tracker_figures(), lambda row: (row["exchange"], row["month"]))
        lists = grouped(self.observed_lists(), lambda row: row["attestation"])
        for (exchange, month, basis), keys in months.items():
            attestation = max(keys, key=lambda x: (self.snapshot(x[0]), x[0]))[0]
            about, rows, day = self.attestations[attestation], held.get((attestation, basis), []), self.day(attestation)
            after = (month + timedelta(31)).replace(day=1)
            printed = sums.get(attestation, []) if basis == "published" else []
            largest = max(((value, scope) for (_, scope), value in printed), default=(None, None))
            whole = added(row["usd"] for row in rows)
            signed = (
                added(row["usd_signed_and_seen"] for row in both.get(attestation, ())) if basis == "claimed" else None
            )
            share = ratio(signed, whole)
            nothing = [("nothing_stated", not rows), ("nothing_priced", whole is None)]
            made = {
                "attestation": attestation,
                "month": month,
                "basis": basis,
                "attestations": len(keys),
                "snapshot_precision": about["snapshot_precision"],
                "days_from_month_end": None if about["snapshot_precision"] == "month" else days_between(day, after),
                "usd_total": whole,
                "usd_published": added(row["usd_published"] for row in rows),
                "usd_published_sum": largest[0],
                "published_scope": largest[1],
                "assets": len(rows),
                "unpriced_assets": sorted(row["asset"] for row in rows if row["usd"] is None),
                "share_null_reason": why(whole or None, *nothing),
                "usd_signed_and_seen": signed,
                "share_signed_and_seen": share,
                "share_signed_and_seen_null_reason": why(
                    share,
                    ("no_addresses", basis != "claimed"),
                    ("nothing_priced", whole is None),
                    ("nothing_observed", signed is None),
                ),
                "addresses": len({row["address"] for row in self.lists[attestation]}) or None
                if basis != "published" and attestation in self.lists
                else None,
                "list_age_days": next(
                    (row["list_age_days"] for row in lists.get(attestation, ()) if basis == "onchain"), None
                ),
                "file_age_days": age_in_days(about["snapshot_at"], about["retrieved_at"]),
            }
            for kind in ("bitcoin", "ether", "stablecoin", "own"):
                part = added(row["usd"] for row in rows if row["relation"] == kind) or Decimal(0)
                made[f"share_{KINDS[kind]}"] = ratio(part, whole)
            yield (
                made
                | self.clean(attestation, rows, whole, nothing)
                | self.flowed(exchange, month, basis, flows, day)
                | self.four_ratios(attestation, basis)
                | self.printed_beside(figures.get((exchange, month), []))
                | self.doubts_of_all(attestation)
            )

    def clean(self, attestation: str, rows: list[Row], whole: Decimal | None, nothing: list[tuple[str, bool]]) -> Row:
        """Cleanliness of what one basis holds, by three definitions."""
        promised = [row for row in rows if row["asset_class"] == "wrapped" and row["relation"] in ("own", "affiliated")]
        less = None if whole is None else whole - (added(row["usd"] for row in promised) or Decimal(0))
        own = [row for row in rows if row["relation"] == "own"]
        found: Row = {}
        for name, total, taken, reason in (
            ("cleanliness", whole, own, "own_token_unpriced"),
            *(
                (
                    f"cleanliness_{tracker}",
                    of,
                    [
                        row
                        for row in rows
                        if row["asset"] in self.tracked(attestation, tracker)[0] and row["amount"] is not None
                    ],
                    "token_unpriced",
                )
                for tracker, of in (("defillama", less), ("cryptoquant", whole))
            ),
        ):
            unknown = any(row["usd"] is None for row in taken)
            share = None if unknown else self.rest(added(row["usd"] for row in taken) or Decimal(0), total)
            found |= {name: share, f"{name}_null_reason": why(share, (reason, unknown), *nothing)}
        return found

    def flowed(self, exchange: str, month: date, basis: str | None, flows: list[Row], day: date) -> Row:
        """The changes of the month's attestations since the one before each, added up."""
        of_month = [
            row
            for row in flows
            if row["since"] == "previous"
            and row["scope"] is None
            and row["basis"] == basis
            and row["attestation"].split("/")[0] == exchange
            and self.month(row["attestation"]) == month
        ]
        first = min(of_month, key=lambda row: (self.snapshot(row["attestation"]), row["attestation"]), default=None)
        base = first["base_attestation"] if first else None
        parts = {
            f"usd_{part}": added(row[f"usd_{part}"] for row in of_month if part != "list" or row["relation"] != "own")
            for part in ("change", "flow", "price", "cross", "list", "own")
        }
        return parts | {
            "base_attestation": base,
            "days": days_between(self.day(base), day) if base else None,
            "usd_flow_null_reason": why(parts["usd_flow"], ("nothing_before", base is None), otherwise="nothing_split"),
            "assets_not_split": sorted({row["asset"] for row in of_month if row["not_split_because"]}),
        }

    def four_ratios(self, attestation: str, basis: str | None) -> Row:
        found: Row = {}
        for asset in ("BTC", "ETH", "USDT", "USDC"):
            row, name = self.ratios.get((attestation, asset), {}), asset.lower()
            of = "ratio_onchain" if basis == "onchain" else "ratio_claimed"
            is_of_it = bool(row) and basis is not None and row["basis"] == basis
            share = row[of] if is_of_it else None
            other = bool(row) and None not in (row["basis"], basis) and row["basis"] != basis
            reason = row.get(f"{of}_null_reason" if is_of_it else "ratio_claimed_null_reason")
            found |= {
                f"ratio_{name}": share,
                f"ratio_{name}_null_reason": why(
                    share,
                    ("not_stated", not row),
                    ("other_basis", other),
                    otherwise=reason or "other_basis",
                ),
                f"printed_ratio_{name}": row.get("printed_ratio"),
                f"printed_ratio_{name}_null_reason": None if row.get("printed_ratio") is not None else "not_printed",
            }
        return found

    @staticmethod
    def printed_beside(figures: list[Row]) -> Row:
        """What trackers print for the month, in words; and how many addresses."""
        figures = sorted(figures, key=lambda row: (row["source"], row["figure"], row["unit"], row["source_row"]))
        counted = [row for row in figures if row["figure"] == "addresses"]
        counted.sort(key=lambda row: (row["source"], row["source_row"]))
        return {
            "addresses_printed": int(counted[0]["value"]) if counted else None,
            "tracker_figures": [
                f"{row['source']}: {row['figure']} {format(row['value'], 'f').rstrip('0').rstrip('.')} {row['unit']}"
                f" ({row['definition']})"
                for row in figures
                if row["figure"] != "addresses"
            ],
        }

    def restatements(self) -> Iterator[Row]:
        claims, totals, owed = (
            grouped(self.lake.rows(name), lambda row: (row.exchange, row.report))
            for name in (Claim, PublishedTotal, Liability)
        )

        def places(file: Any) -> dict[Key, int | None]:
            """What one file says: (what, asset, place) and its amount."""
            found: dict[Key, list[Any]] = defaultdict(list)
            key = (file.exchange, file.report)
            for row in claims.get(key, ()):
                found["claims", row.asset, (row.network, row.address)].append(row.amount)
            for row in totals.get(key, ()):
                if row.asset is not None:
                    found["totals", row.asset, row.label].append(self.held(row))
            made = {place: least(amounts) for place, amounts in found.items()}
            by_label = grouped(owed.get(key, ()), lambda row: ("liabilities", row.asset, row.label))
            return made | {place: most(row.owed for row in rows) for place, rows in by_label.items()}

        for files in self.editions.values():
            for base, file in pairwise(files):
                if file.report != base.report and file.attestation in self.attestations:
                    yield from self.restated(file, base, places(file), places(base))
        yield from self.otherwise_stated()
        for name, row in self.attestations.items():
            if row["repeats"] is not None:
                yield {
                    "attestation": name,
                    "kind": "repeat",
                    "what": "file",
                    "base_report": row["report"],
                    "base_attestation": row["repeats"],
                    "is_identical": True,
                    **dict.fromkeys(
                        (
                            "asset",
                            "statement",
                            "base_statement",
                            "revision",
                            "base_revision",
                            "rows_before",
                            "rows_after",
                            "rows_added",
                            "rows_dropped",
                            "rows_changed",
                            "amount_before",
                            "amount_after",
                            "amount_change",
                            "units_change",
                        )
                    ),
                }

    def restated(self, file: Any, base: Any, after: dict[Key, Any], before: dict[Key, Any]) -> Iterator[Row]:
        for (what, asset), keys in grouped(sorted(set(after) | set(before), key=repr), lambda key: key[:2]).items():
            new, old = [key for key in keys if key in after], [key for key in keys if key in before]
            amounts = {"after": added(after[key] for key in new), "before": added(before[key] for key in old)}
            came, gone = len(set(new) - set(old)), len(set(old) - set(new))
            changed = sum(after[key] != before[key] for key in set(new) & set(old))
            told = [
                all(a is None for a in of) or added(of) is not None
                for of in ([after[key] for key in new], [before[key] for key in old])
            ]
            change = (amounts["after"] or 0) - (amounts["before"] or 0) if all(told) else None
            yield {
                "attestation": file.attestation,
                "report": file.report,
                "kind": "revision",
                "what": what,
                "asset": asset,
                "statement": file.statement,
                "base_statement": file.statement,
                "revision": file.revision,
                "base_revision": base.revision,
                "base_report": base.report,
                "base_attestation": None,
                "rows_before": len(old),
                "rows_after": len(new),
                "rows_added": came,
                "rows_dropped": gone,
                "rows_changed": changed,
                "amount_before": amounts["before"],
                "amount_after": amounts["after"],
                "amount_change": change,
                "units_change": units(change, self.scale[asset]),
                "is_identical": not (came or gone or changed),
            }

    def otherwise_stated(self) -> Iterator[Row]:
        """What other sources state of an asset, against the statement that counts."""
        for (attestation, what, asset), (counted, *others) in self.statements.items():
            for other in others if what in ("reserves", "liabilities") else ():
                change = other["told"] - counted["told"]
                yield {
                    "attestation": attestation,
                    "report": other["row"].report,
                    "kind": "statement",
                    "what": {"reserves": "totals"}.get(what, what),
                    "asset": asset,
                    "statement": other["source"],
                    "base_statement": counted["source"],
                    "base_report": counted["row"].report,
                    **dict.fromkeys(("revision", "base_revision", "base_attestation")),
                    "rows_before": 1,
                    "rows_after": 1,
                    "rows_added": 0,
                    "rows_dropped": 0,
                    "rows_changed": int(change != 0),
                    "amount_before": counted["told"],
                    "amount_after": other["told"],
                    "amount_change": change,
                    "units_change": units(change, self.scale[asset]),
                    "is_identical": change == 0,
                }

    @staticmethod
    def folded(label: str | None) -> str | None:
        """Without case, dashes and blanks, the words in any order, and without (ALL)."""
        if label is None:
            return None
        bare = re.sub(r"\s*\(all\)$", "", label.strip(), flags=re.IGNORECASE)
        return "_".join(sorted(re.sub(r"[-_\s]+", "_", bare.upper()).split("_")))

    def report_arithmetic(self) -> Iterator[Row]:
        def of(row: Any) -> Key:
            return row.report, row.member

        lines = grouped(
            ((a, row) for a, _, row in self.rows(PublishedTotal) if row.level in ("group", "part") and row.asset),
            lambda x: (x[0], *of(x[1])),
        )
        refused = grouped(
            ((a, row) for a, file, row in self.rows(Rejection) if file.content != "totals"),
            lambda x: (x[0], *of(x[1])),
        )
        # validators that count beside the wallets are in the total printed above those, and all of them in the total of
        # their own file
        own = [(a, row) for a, row in self.claims if not self.is_observed(a)]
        claims = grouped(own, lambda x: (x[0], x[1].report, 0 if is_validator(x[1]) else x[1].member))
        for attestation, row in self.validators:
            claims[attestation, row.report, row.member].append((attestation, row))
        # a part that a totals file prints has no rows to be compared with
        of_totals = {(a, *of(row)) for a, file, row in self.rows(PublishedTotal) if file.content == "totals"}
        for key in sorted(set(lines) | set(refused)):
            of_file = sorted((row for _, row in lines.get(key, ())), key=place)
            lost = sorted((row for _, row in refused.get(key, ())), key=place)
            rows = list(self.summed(of_file, [row for _, row in claims.get(key, [])] if of_file else [], lost))
            self.pair(rows)
            for row in rows:
                if key not in of_totals or row["level"] != "part":
                    yield {"attestation": key[0], "report": key[1], "member": key[2]} | row

    def summed(self, lines: list[Any], claims: list[Any], refused: list[Any]) -> Iterator[Row]:
        """The lines of a summary, each with what was added up for it; then lines that were refused, and the labels that
        no line sums up.
        """
        labels = grouped(claims, lambda row: (self.folded(row.label), row.network, row.asset))
        lost_lines = [row for row in refused if row.block == "summary"]
        below: dict[int, list[Any]] = defaultdict(list)
        unread: dict[int, int] = defaultdict(int)
        at = None
        for line in sorted([*lines, *lost_lines], key=lambda line: line.source_row):
            is_lost = line in lost_lines
            at = line.source_row if not is_lost and line.level == "group" else at
            if at is not None and is_lost:
                unread[at] += 1
            elif at is not None and line.level == "part":
                below[at].append(line)
        taken = self.taken(lines, labels, below)
        for line in lines:
            how, keys = taken[line.source_row]
            rows = [row for key in keys for row in labels[key]]
            parts = below[line.source_row] if line.level == "group" else []
            made: Row = {"unread_lines": 0, "rows_refused": 0}
            if parts:
                amounts = [
                    rescaled(part.amount, self.scale[part.asset], self.scale[line.asset])
                    for part in parts
                    if part.amount is not None
                ]
                made |= {
                    "summed": all_added(amounts),
                    "amounts": len(amounts),
                    "rows": len(parts),
                    "matched_by": "lines",
                }
                made |= {
                    "digits": most(part.printed_decimals for part in parts),
                    "unread_lines": unread[line.source_row],
                }
            else:
                amounts = [row.amount for row in rows if row.amount is not None]
                made |= {
                    "summed": added(amounts),
                    "amounts": len(amounts),
                    "rows": len(rows),
                    "matched_by": how if keys else None,
                }
                made |= {
                    "digits": most(row.printed_decimals for row in rows),
                    "unread_lines": 0 if rows else unread[line.source_row],
                }
                made["rows_refused"] = sum(row.block == "rows" and self.may_belong(row, line) for row in refused)
            made |= {"network": line.network, "height": {line.snapshot_height}}
            yield self.compared(
                line.source_row, line.label, line.level, line.asset, line.amount, line.printed_decimals, made
            )
        for row in lost_lines:
            made = {
                "summed": None,
                "amounts": 0,
                "rows": 0,
                "matched_by": None,
                "digits": None,
                "unread_lines": 1,
                "rows_refused": 0,
            }
            yield self.compared(row.source_row, row.label or "", "part", row.asset, None, None, made)
        left = [key for key in labels if key not in {key for _, keys in taken.values() for key in keys}]
        for keys in grouped(left, lambda key: (key[0], key[2])).values():
            rows = [row for key in keys for row in labels[key]]
            amounts = [row.amount for row in rows if row.amount is not None]
            made = {
                "summed": added(amounts),
                "amounts": len(amounts),
                "rows": len(rows),
                "matched_by": None,
                "digits": None,
            }
            made |= {"unread_lines": 0, "rows_refused": 0, "height": {row.snapshot_height for row in rows}}
            made["network"] = keys[0][1] if len(keys) == 1 else None
            yield self.compared(None, min(row.label for row in rows), "part", keys[0][2], None, None, made)

    def may_belong(self, refused: Any, line: Any) -> bool:
        """Whether a row that was refused may belong to a line: by its label, else by its asset, named or a word of the
        label.
        """
        words = (self.folded(refused.label) or "").split("_")
        if refused.label is not None and self.folded(refused.label) == self.folded(line.label):
            return True
        return (
            refused.asset == line.asset
            if refused.asset is not None
            else refused.label is not None and line.asset.upper() in words
        )

    def taken(
        self, lines: list[Any], labels: dict[Key, list[Any]], below: dict[int, list[Any]]
    ) -> dict[int, tuple[str, list[Key]]]:
        """By line: how, and which labels' rows are its own: of its label, of the one label left over on its network and
        asset, of its asset.
        """
        taken = {
            line.source_row: ("label", [key for key in labels if key[0] == self.folded(line.label)]) for line in lines
        }
        by_label = {key for _, keys in taken.values() for key in keys}
        free = [line for line in lines if not taken[line.source_row][1]]
        candidates = {
            line.source_row: [key for key in labels if key not in by_label and key[1:] == (line.network, line.asset)]
            for line in free
            if line.level == "part"
        }
        wanted = grouped((key for keys in candidates.values() for key in keys), lambda key: key)
        for row, keys in candidates.items():
            if len(keys) == 1 and len(wanted[keys[0]]) == 1:
                taken[row] = ("network_and_asset", keys)
        used = {key for _, keys in taken.values() for key in keys}
        for line in free:
            if line.level == "group" and not below[line.source_row]:
                taken[line.source_row] = ("asset", [key for key in labels if key not in used and key[2] == line.asset])
        return taken

    def pair(self, rows: list[Row]) -> None:
        """The one line without rows and the one label without a line that agree in network, height and amount, each
        with the label of the other.
        """
        lines, labels = defaultdict(list), defaultdict(list)
        for row in rows:
            is_line = row["source_row"] is not None
            amount = row["printed"] if is_line and row["summed"] is None else None if is_line else row["summed"]
            if amount and row["network"] and row["height"] and len(row["height"]) == 1 and None not in row["height"]:
                end = (row["network"], *row["height"], Decimal(amount) / Decimal(10) ** self.scale[row["asset"]])
                (lines if is_line else labels)[end].append(row)
        for key, found in lines.items():
            other = labels.get(key, [])
            if len(found) == 1 and len(other) == 1:
                found[0]["under_other_label"], other[0]["under_other_label"] = other[0]["label"], found[0]["label"]

    def compared(
        self,
        row: int | None,
        label: str,
        level: str,
        asset: str | None,
        printed: int | None,
        digits: int | None,
        made: Row,
    ) -> Row:
        scale, total = self.scale.get(asset or "", 0), made["summed"]
        difference = None if total is None or printed is None else total - printed
        if printed is None:
            status = "unread_lines" if made["unread_lines"] else "no_total"
        elif total is None and made["amounts"]:
            status = "too_large"
        elif difference == 0:
            status = "equal"
        elif difference is not None and abs(difference) < last_digit(scale, made["digits"]) * made["rows"] + last_digit(
            scale, digits
        ):
            status = "rounding"
        elif made["unread_lines"] or made["rows_refused"]:
            status = "unread_lines"
        else:
            status = "no_rows" if total is None else "differs"
        return {
            "source_row": row,
            "label": label,
            "level": level,
            "asset": asset,
            "printed": printed,
            "summed": total,
            "rows": made["rows"],
            "matched_by": made["matched_by"],
            "difference": difference,
            "printed_units": units(printed, scale),
            "summed_units": units(total, scale),
            "difference_units": units(difference, scale),
            "status": status,
            "unread_lines": made["unread_lines"],
            "rows_refused": made["rows_refused"],
            "under_other_label": None,
            "network": made.get("network"),
            "height": made.get("height"),
        }


def claims_itself(files: list[Any]) -> bool:
    """Whether an exchange states what lies at addresses: then no list counts."""
    return any(file.content in ("addresses", "ownership_only") for file in files)


# --- comparing --------------------------------------------------------------------------------------------------------
def same(one: Any, other: Any) -> bool:
    """Ratios and shares are doubles, for people: equal to twelve digits. All else is equal or not."""
    if isinstance(one, float) and isinstance(other, float):
        return math.isclose(one, other, rel_tol=1e-12, abs_tol=1e-12)
    return bool(one == other) and (one is None) == (other is None) and isinstance(one, bool) == isinstance(other, bool)


def keyed(mart: str, rows: list[Row]) -> dict[str, Row]:
    """By the columns that name a row."""
    names = {
        "address_collisions": ("network", "address", "exchange", "against_kind", "against"),
        "net_flow": ("attestation", "since", "basis", "asset", "scope"),
        "address_changes": ("attestation", "since", "network", "asset"),
        "report_arithmetic": ("attestation", "report", "member", "source_row", "label", "asset"),
        "restatements": ("attestation", "report", "kind", "what", "asset", "statement", "base_report"),
        "ownership_coverage": ("attestation", "network", "verdict", "reason"),
        "tracker_figures": ("report", "source_row"),
        "exchange_month": ("exchange", "month", "basis"),
        "account_turnover": ("attestation", "network"),
        "signed_and_seen": ("attestation", "network"),
        "liabilities_change": ("attestation", "since", "asset"),
        "liability_proofs": ("attestation", "report", "proof_scheme", "asset"),
        "network_composition": ("attestation", "network", "asset"),
        "balance_reconciliation": ("attestation", "network", "asset"),
        "observed_lists": ("attestation", "network"),
        "reports": ("report", "attestation"),
    }.get(mart, ("attestation", "asset") if rows and "asset" in rows[0] else ("attestation",))
    found = {repr([row[name] for name in names]): row for row in rows}
    assert len(found) == len(rows), f"{mart}: several rows of one key"
    return found


def differences(lake: Lake) -> tuple[int, list[str]]:
    """(cells that were compared, what differs) between the marts of the last build and their recomputation."""
    cells, told = 0, []
    for mart, rows in Recomputed(lake).marts().items():
        built = keyed(mart, warehouse.read(lake, mart).to_pylist())
        made = keyed(mart, rows)
        told += [
            f"{mart} {key}: only {where}"
            for where, keys in (("in SQL", built.keys() - made.keys()), ("in Python", made.keys() - built.keys()))
            for key in sorted(keys)
        ]
        for key in sorted(built.keys() & made.keys()):
            for column, value in built[key].items():
                if column == "build_id":
                    continue
                cells += 1
                if column not in made[key]:
                    told.append(f"{mart} {key}: {column} is not recomputed")
                elif not same(value, made[key][column]):
                    told.append(f"{mart} {key}: {column} is {value!r} in SQL and {made[key][column]!r} in Python")
    return cells, told

"""What is new in the published marts: reports, restatements, findings, each with the file that it rests on.

An alarm that is wrong can start a run on a bank. So "below 100 %" is said only where `is_covered` is false, and nothing
contradicts the figure (`is_below`); a fall only of what the exchange states itself, never of a lower bound, of an old
list, or since long ago (`is_fallen`). What is doubtful is shown on the page with its doubt, and raises no event.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

Row = Mapping[str, Any]
Ask = Callable[[str], list[dict[str, Any]]]

FALL = 10  # percent of an asset that must be gone
MATTERS = 1  # percent of the reserves that it must have been, where it is none of MAIN
MAIN = frozenset({"BTC", "ETH", "USDT", "USDC"})
MOST_DAYS = 100  # between two statements: a fall since one that is older is no news
STATED = frozenset({"claimed", "published"})
NOT_ITS_OWN = ("tracker_figures",)  # files of which there is no event: others print them


@dataclass(frozen=True, slots=True)
class Event:
    """`kind`: report, restatement or finding; `finding`: which. `what` tells events of one kind, attestation and file
    apart. `updated`: when the newest file on which it rests reached the archive, never the time of a run. `figures`:
    exact text by name.
    """

    kind: str
    finding: str | None
    exchange: str
    attestation: str
    snapshot_at: datetime | None
    title: str
    text: str
    updated: datetime
    basis: str | None
    file: Mapping[str, Any] | None
    listed: Mapping[str, Any] | None = None
    what: str = ""
    figures: Mapping[str, str | None] = field(default_factory=dict)


def is_doubtful(row: Row) -> bool:
    """Whether anything that is published contradicts a figure of reserve_ratio, or says that it may be short."""
    return bool(
        row["contradicted_by_own_total"]
        or row["summary_differs"]
        or row["is_repeat"]
        or row["rows_refused"]
        or row["rows_refused_unread"]
        or row["claims_left_out"]
        or row["claims_conflicting"]
        or row["liabilities_conflicting"]
        or row["liabilities_differ"]
        or row["liabilities_proven_conflicting"]
    )


def is_below(row: Row) -> bool:
    """Whether a row of reserve_ratio may be told as below 100 %: every holding was read, none of the measures reaches
    what is owed, with wrapped tokens looked through or not, and neither the file nor the exchange says otherwise.
    """
    owed, seen, printed = row["liabilities"], row["reserves_onchain"], row["printed_ratio"]
    return (
        row["is_covered"] is False
        and row["is_complete"] is True
        and row["basis"] in STATED
        and not is_doubtful(row)
        and row["is_covered_claimed"] is False
        and row["is_covered_through"] is not True
        and row["is_covered_claimed_through"] is not True
        and owed is not None
        and seen is not None
        and seen < owed
        and not row["claimed_without_address"]  # held elsewhere, by the exchange's word
        and (printed is None or printed < 100)
    )


def is_fallen(row: Row) -> bool:
    """Whether a row of net_flow, with the doubts of both of its sides, may be told as a fall of what is stated."""
    before, change, days = row["amount_before"], row["amount_change"], row["days"]
    whole, part = row["usd_of_all_before"], row["usd_before"]
    return (
        row["since"] == "previous"
        and row["basis"] in STATED
        and before is not None
        and change is not None
        and change < 0
        and row["amount_after"] is not None
        and -change * 100 >= before * FALL
        and (row["asset"] in MAIN or (bool(whole) and part is not None and part * 100 >= whole * MATTERS))
        and days is not None
        and 0 < days <= MOST_DAYS
        and not any(row[name] for name in _DOUBTS)
    )


_DOUBTS = (
    "summary_differs", "base_summary_differs", "is_repeat", "base_is_repeat", "contradicted_by_own_total",
    "base_contradicted_by_own_total", "rows_refused", "rows_refused_unread", "claims_left_out", "base_claims_left_out",
    "claims_conflicting", "base_claims_conflicting",
)  # fmt: skip


def events(ask: Ask, titles: Mapping[str, str]) -> list[Event]:
    """All of them, the newest first. `ask` answers a statement over the marts; `titles`: the names of exchanges."""
    found = _Found(ask, titles)
    made = [event for kind in _KINDS for event in kind(found)]
    return sorted(made, key=_newest_first)


def _newest_first(event: Event) -> tuple[Any, ...]:
    """Of events of one moment those of the later snapshot first."""
    at = -event.snapshot_at.timestamp() if event.snapshot_at else 0.0
    file = event.file["sha256"] if event.file else ""
    return -event.updated.timestamp(), at, event.attestation, event.kind, event.finding or "", event.what, file


class _Found:
    """The files, and the lists behind observations, which every event names."""

    def __init__(self, ask: Ask, titles: Mapping[str, str]) -> None:
        self.ask, self.titles = ask, titles
        self.reports = ask("select * from reports order by retrieved_at, attestation, report")
        self.files = {(row["report"], row["attestation"]): row for row in self.reports}
        self.by_report = {row["report"]: row for row in reversed(self.reports)}
        self.last: dict[str, datetime] = {}
        for row in self.reports:
            if row["content"] not in NOT_ITS_OWN:
                self.last[row["attestation"]] = row["retrieved_at"]
        self.lists = {
            row["attestation"]: row
            for row in ask(
                "select attestation, min(list) as list, min(list_day) as day, min(list_age_days) as age_days, "
                "min(list_stated_by) as stated_by from observed_lists group by attestation order by attestation"
            )
        }

    def file(self, report: str | None, attestation: str) -> dict[str, Any] | None:
        row = self.files.get((report or "", attestation)) or self.by_report.get(report or "")
        return None if row is None else {
            "sha256": row["report"],
            "name": row["file_name"],
            "address": row["origin"] if row["origin"].startswith(("https://", "http://")) else None,
            "retrieved_at": row["retrieved_at"],
            "age_days": row["file_age_days"],
        }  # fmt: skip

    def listed(self, attestation: str) -> dict[str, Any] | None:
        row = self.lists.get(attestation)
        return None if row is None else {
            "sha256": row["list"], "day": row["day"], "age_days": row["age_days"], "stated_by": row["stated_by"],
        }  # fmt: skip

    def finding(
        self, name: str, row: Row, title: str, text: str, *, basis: str | None = None, what: str = "",
        figures: Sequence[str] = (), others: Sequence[str | None] = (),
    ) -> Event:  # fmt: skip
        """An event that rests on a row's file, and on `others`, attestations or reports; `figures` are columns."""
        attestation, file = row["attestation"], self.file(row["report"], row["attestation"])
        times = [self.last.get(attestation), *(self.last.get(other or "") for other in others)]
        times += [self.by_report[other]["retrieved_at"] for other in others if other in self.by_report]
        listed = self.listed(attestation) if basis == "onchain" else None
        return Event(
            kind="finding",
            finding=name,
            exchange=row["exchange"],
            attestation=attestation,
            snapshot_at=row["snapshot_at"],
            title=f"{self.titles.get(row['exchange'], row['exchange'])} {attestation.partition('/')[2]}: {title}",
            text=" ".join(filter(None, (text, _ages(row["snapshot_at"], file, listed)))),
            updated=max((at for at in times if at is not None), default=datetime(1970, 1, 1, tzinfo=UTC)),
            basis=basis,
            file=file,
            listed=listed,
            what=what,
            figures={name: exact(row[name]) for name in figures},
        )


def exact(value: object) -> str | None:
    """A value to its last digit, never with an exponent."""
    if value is None:
        return None
    return format(value, "f") if isinstance(value, Decimal) else str(value)


def _units(value: Decimal | None) -> str:
    """Units in a sentence: all digits but zeros at the end."""
    if value is None:
        return "an unknown amount"
    text = format(value, ",f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def _ages(snapshot_at: datetime | None, file: Mapping[str, Any] | None, listed: Mapping[str, Any] | None) -> str:
    """How old what a figure rests on is. What is younger than the moment it is told of has no age, and says so."""
    said = []
    if file and snapshot_at is not None:
        age = file["age_days"]
        when = "before the snapshot that it states" if age is None else f"{_days(int(age))} after the snapshot"
        said.append(f"The file reached the archive {when}.")
    if listed:
        day, age = listed["day"], listed["age_days"]
        after = "after the moment" if age is None else f"{_days(int(age))} before the moment"
        when = "is not dated" if day is None else f"is of {day}, {after}"
        said.append(f"The list of addresses, by {listed['stated_by']}, {when}.")
    return " ".join(said)


def _days(number: int) -> str:
    return f"{number:,} day{'' if number == 1 else 's'}"


def _counted(number: int, one: str) -> str:
    return f"{number:,} {one}{'' if number == 1 else 's'}"


def _named(names: Sequence[str], most: int = 5) -> str:
    rest = len(names) - most
    return ", ".join(names[:most]) + (f" and {rest:,} more" if rest > 0 else "")


_CONTENTS = {
    "addresses": "addresses with amounts",
    "totals": "totals",
    "liability_proof": "a proof of liabilities",
    "ownership_only": "signatures over addresses, without amounts",
    "address_list": "a list of addresses, without amounts",
    "control_transfers": "transfers that are to show control",
    "observed_list": "porlake's observation of a list of addresses",
}


def _files(found: _Found) -> Iterator[Event]:
    """A report for the first edition of each statement, a restatement for every later one."""
    changes: dict[tuple[str, str], list[Row]] = {}
    for row in found.ask(
        "select * from restatements where kind = 'revision' order by attestation, report, what, asset nulls first"
    ):
        changes.setdefault((row["report"], row["attestation"]), []).append(row)
    editions: set[tuple[str, str, str]] = set()
    for row in sorted(found.reports, key=lambda row: (row["revision"], row["retrieved_at"], row["report"])):
        if row["content"] in NOT_ITS_OWN:
            continue
        statement = (row["attestation"], row["content"], row["statement"])
        again = statement in editions
        editions.add(statement)
        file = found.file(row["report"], row["attestation"])
        listed = found.listed(row["attestation"]) if row["content"] == "observed_list" else None
        what = _CONTENTS.get(row["content"], str(row["content"]))
        refused = row["lines_refused"]
        said = [
            f"{row['file_name']} states {what} ({row['statement']}).",
            _changed(changes.get((row["report"], row["attestation"]), [])) if again else "",
            f"{_counted(refused, 'line')} could not be read: {_named(row['lines_refused_because'])}."
            if refused
            else "",
            _ages(row["snapshot_at"], file, listed),
        ]
        title = f"{found.titles.get(row['exchange'], row['exchange'])} {row['attestation'].partition('/')[2]}: "
        yield Event(
            kind="restatement" if again else "report",
            finding=None,
            exchange=row["exchange"],
            attestation=row["attestation"],
            snapshot_at=row["snapshot_at"],
            title=f"{title}{what}" + (f", issued anew (edition {row['revision']})" if again else ""),
            text=" ".join(filter(None, said)),
            updated=row["retrieved_at"],
            basis=None,
            file=file,
            listed=listed,
            what=row["content"],
        )


def _changed(rows: Sequence[Row]) -> str:
    changed = [row for row in rows if not row["is_identical"]]
    if not changed:
        return "Nothing that is compared has changed." if rows else ""
    parts = [
        f"{row['asset']} ({row['what']}): {row['rows_changed']:,} changed, {row['rows_added']:,} added, "
        f"{row['rows_dropped']:,} gone"
        for row in changed
    ]
    return f"Against the edition before: {_named(parts)}."


#: Rows of reserve_ratio with the doubt that another mart tells: the file's own summary is not the sum of its rows.
_RATIOS = """
with arithmetic as (
    select distinct attestation, asset from report_arithmetic where status in ('differs', 'unread_lines', 'too_large')
)
select r.*, a.asset is not null as summary_differs
from reserve_ratio r left join arithmetic a on a.attestation = r.attestation and a.asset = r.asset
"""


def _below(found: _Found) -> Iterator[Event]:
    for row in found.ask(f"{_RATIOS} where r.is_covered = false order by r.attestation, r.asset"):
        if is_below(row):
            asset = row["asset"]
            yield found.finding(
                "below_100",
                row,
                f"{asset} is below 100 %",
                f"{_units(row['liabilities_units'])} {asset} are owed. Claimed are "
                f"{_units(row['reserves_claimed_units'])}, seen at the block of the snapshot "
                f"{_units(row['reserves_onchain_units'])}, and of that {_units(row['reserves_proven_units'])} at "
                "addresses that are signed for. Every claimed holding was read.",
                basis=row["basis"],
                what=asset,
                figures=(
                    "asset", "liabilities", "liabilities_from", "reserves_claimed", "reserves_onchain",
                    "reserves_proven", "ratio_claimed", "ratio_onchain", "ratio_proven"),
            )  # fmt: skip


def _hidden(found: _Found) -> Iterator[Event]:
    for row in found.ask(f"{_RATIOS} where r.printed_hides_shortfall order by r.attestation, r.asset"):
        if not is_doubtful(row) and row["basis"] in STATED:
            asset = row["asset"]
            yield found.finding(
                "printed_hides_shortfall",
                row,
                f"{asset}: the printed ratio is not that of the printed amounts",
                f"Printed is {_units(row['printed_ratio'])} percent; by the exchange's own amounts "
                f"{_units(row['reserves_claimed_units'])} {asset} are held, {_units(row['liabilities_units'])} owed.",
                basis=row["basis"],
                what=asset,
                figures=(
                    "asset", "printed_ratio", "reserves_claimed", "liabilities", "ratio_claimed"),
            )  # fmt: skip


_FALLS = f"""
with doubts as ({_RATIOS})
select n.*, sum(n.usd_before) over (partition by n.attestation, n.since, n.basis) as usd_of_all_before,
    now.claims_left_out, before.claims_left_out as base_claims_left_out,
    now.claims_conflicting, before.claims_conflicting as base_claims_conflicting,
    now.summary_differs, before.summary_differs as base_summary_differs
from net_flow n
left join doubts now on now.attestation = n.attestation and now.asset = n.asset
left join doubts before on before.attestation = n.base_attestation and before.asset = n.asset
where n.since = 'previous' and n.basis in ('claimed', 'published') and n.asset <> 'TOTAL'
qualify n.amount_change < 0
order by n.attestation, n.basis, n.asset
"""


def _falls(found: _Found) -> Iterator[Event]:
    for row in found.ask(_FALLS):
        if is_fallen(row):
            asset, percent = row["asset"], -row["amount_change"] * 100 / row["amount_before"]
            listed = row["units_list"]
            yield found.finding(
                "dropped",
                row,
                f"{asset} {row['basis']}: {percent:.1f} % less than {_days(row['days'])} before",
                f"{row['basis'].capitalize()} are {_units(row['units_after'])} {asset}, "
                f"{_units(row['units_before'])} in {row['base_attestation']}."
                + (f" Of the change {_units(listed)} {asset} are of addresses that joined or left the list."
                   if listed else ""),
                basis=row["basis"],
                what=f"{asset} {row['basis']}",
                figures=(
                    "asset", "basis", "base_attestation", "days", "amount_before", "amount_after", "amount_change",
                    "units_list", "usd_before", "usd_change"),
                others=(row["base_attestation"],),
            )  # fmt: skip


def _arithmetic(found: _Found) -> Iterator[Event]:
    for row in found.ask(
        "select attestation, exchange, snapshot_at, report, count(*) as lines, "
        "list(label || ' (' || coalesce(asset, '?') || '): ' || coalesce(difference_units::varchar, '?') "
        "order by label, asset, source_row) as differences "
        "from report_arithmetic where status = 'differs' group by all order by attestation, report"
    ):
        yield found.finding(
            "arithmetic",
            row,
            f"the summary differs from the rows in {_counted(row['lines'], 'line')}",
            f"Sum of the rows less what is printed: {_named(row['differences'])}.",
            basis="claimed",
            figures=("lines",),
        )


def _labels(found: _Found) -> Iterator[Event]:
    for row in found.ask(
        "select attestation, exchange, snapshot_at, report, count(*) as lines, "
        "list(label || ' under ' || under_other_label order by label, under_other_label) as labels "
        "from report_arithmetic where under_other_label is not null group by all order by attestation, report"
    ):
        yield found.finding(
            "label",
            row,
            f"{_counted(row['lines'], 'label')} of the summary whose rows stand under another one",
            f"{_named(row['labels'])}.",
            basis="claimed",
            figures=("lines",),
        )


def _collisions(found: _Found) -> Iterator[Event]:
    for row in found.ask(
        "select max(attestation) as attestation, exchange, against_kind, against, "
        "arg_max(snapshot_at, attestation) as snapshot_at, arg_max(report, attestation) as report, "
        "count(*) as accounts, sum(usd) as usd, min(against_source) as against_source "
        "from address_collisions where at_the_same_time and with_amounts "
        "group by exchange, against_kind, against order by all"
    ):
        other = found.titles.get(row["against"], row["against"])
        says = "claimed by" if row["against_kind"] == "exchange" else "known as collateral of"
        yield found.finding(
            "collision",
            row,
            f"{_counted(row['accounts'], 'account')} also {says} {other}",
            f"At the same time, by {row['against_source']}."
            + (f" {_units(row['usd'])} USD are claimed there." if row["usd"] is not None else ""),
            basis="claimed",
            what=f"{row['against_kind']} {row['against']}",
            figures=("accounts", "usd", "against_kind", "against", "against_source"),
        )


def _differs(found: _Found) -> Iterator[Event]:
    for row in found.ask(
        "select attestation, exchange, snapshot_at, report, sum(differing) as holdings, sum(holdings) as whole, "
        "list(network || ' ' || asset || ': ' || differing order by network, asset) as places "
        "from balance_reconciliation where differing > 0 group by all order by attestation"
    ):
        yield found.finding(
            "differs_on_chain",
            row,
            f"{_counted(int(row['holdings']), 'claim')} that the chain shows otherwise",
            f"At the block of the snapshot itself: {_named(row['places'])}.",
            basis="claimed",
            figures=("holdings",),
        )


def _signatures(found: _Found) -> Iterator[Event]:
    for row in found.ask(
        "select attestation, exchange, snapshot_at, report, sum(rows) as rows, "
        "list(network || ' ' || reason || ': ' || rows order by network, reason) as places "
        "from ownership_coverage where verdict = 'invalid' and rows > 0 group by all order by attestation"
    ):
        yield found.finding(
            "invalid_signatures",
            row,
            f"{_counted(int(row['rows']), 'claim')} with a signature that does not hold",
            f"{_named(row['places'])}.",
            basis="claimed",
            figures=("rows",),
        )


def _proofs(found: _Found) -> Iterator[Event]:
    for row in found.ask(
        "select attestation, exchange, snapshot_at, report, proof_scheme, min(reason) as reason, "
        "min(proof_detail) as detail from liability_proofs where proof_verdict = 'broken' "
        "group by all order by attestation, report, proof_scheme"
    ):
        yield found.finding(
            "proof_broken",
            row,
            "a proof of liabilities is broken",
            f"{row['proof_scheme']}: {row['reason']}. {row['detail'] or ''}".strip(),
            what=row["proof_scheme"],
            figures=("proof_scheme", "reason"),
        )


def _liabilities(found: _Found) -> Iterator[Event]:
    for row in found.ask("select * from reserve_ratio where liabilities_differ order by attestation, asset"):
        asset = row["asset"]
        yield found.finding(
            "liabilities_differ",
            row,
            f"{asset}: what is printed as owed is not what the proof shows",
            f"Printed less proven: {_units(row['liabilities_difference_units'])} {asset}.",
            what=asset,
            figures=(
                "asset", "liabilities_printed", "liabilities_proven", "liabilities_difference"),
        )  # fmt: skip


def _repeats(found: _Found) -> Iterator[Event]:
    for row in found.ask("select * from restatements where kind = 'repeat' order by attestation, report"):
        yield found.finding(
            "repeat",
            row,
            "the file is that of another snapshot, byte for byte",
            f"It was published for {row['base_attestation']} already, and says nothing new.",
            figures=("base_attestation",),
        )


def _statements(found: _Found) -> Iterator[Event]:
    for row in found.ask(
        "select attestation, exchange, snapshot_at, report, what, statement, base_statement, base_report, "
        "list(asset order by asset) as assets from restatements where kind = 'statement' and rows_changed > 0 "
        "group by all order by attestation, report, what, statement, base_report"
    ):
        yield found.finding(
            "statements_differ",
            row,
            f"two sources state other {row['what']}",
            f"{row['statement']} and {row['base_statement']} differ on {_named(row['assets'])}; the second counts.",
            what=f"{row['what']} {row['statement']} {row['base_report']}",
            figures=("statement", "base_statement"),
            others=(row["base_report"],),
        )


_KINDS: tuple[Callable[[_Found], Iterator[Event]], ...] = (
    _files, _below, _hidden, _falls, _arithmetic, _labels, _collisions, _differs, _signatures, _proofs, _liabilities,
    _repeats, _statements,
)  # fmt: skip

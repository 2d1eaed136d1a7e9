"""porlake verify: check the signatures of a published file."""

from __future__ import annotations

import argparse
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from porlake.cli import _options
from porlake.cli._printing import SHOWN, place, say, show_table
from porlake.cli._session import file_alone

if TYPE_CHECKING:
    from porlake.queries.verdicts import Repeated

WHAT = "check the signatures of a published file"
EXAMPLE = "porlake verify FILE --out verdicts.csv"
VERDICTS = ("proven", "owner_signed", "signature_only", "unsigned", "invalid", "malformed", "unsupported")


def add_options(parser: argparse.ArgumentParser) -> None:
    _options.file(parser)
    parser.add_argument(
        "--out", type=Path, metavar="F", help="one line for each row of the address block: .parquet or .csv"
    )
    parser.add_argument("--strict", action="store_true", help="exit 3 unless every row is proven")


def run(options: argparse.Namespace) -> int:
    from porlake import pipeline
    from porlake.queries import verdicts

    pipeline.writable(options.out)
    with file_alone(options) as (session, found):
        for report in found:
            pipeline.verify(session, report)
        judged = verdicts.counts(session, found, SHOWN)
        repeated = [claim for report in found for claim in verdicts.repeated(session, report)]
        if options.out:
            verdicts.export(session, found, options.out)
    by_network, by_reason = Counter[tuple[str, str]](), Counter[tuple[str, str]]()
    for (network, verdict, reason), count in judged.counts.items():
        by_network[network, verdict] += count
        by_reason[verdict, reason] += count
    if not by_network:
        say("no rows of addresses: there is nothing that anybody could have signed")
    else:
        _verdict_table(by_network)
    show_table("why", ("verdict", "reason", "rows"), [
        (verdict, reason, f"{count:,}")
        for (verdict, reason), count in sorted(by_reason.items(), key=_by_verdict) if verdict != "proven"
    ])  # fmt: skip
    failed = [
        (place(row.member, row.source_row), row.network or "-", row.address, row.verdict, row.reason)
        for row in judged.failed
    ]
    show_table("rows that make no claim, their signatures judged all the same", ("rejected", "verdict", "rows"), [
        (reason, verdict, f"{count:,}") for (reason, verdict), count in sorted(judged.rejected.items())
    ])  # fmt: skip
    show_table(
        f"what failed (the first {SHOWN}; `porlake explain FILE --row LINE` says how)",
        ("line", "network", "address", "verdict", "reason"),
        failed,
    )
    _repeated_table(repeated)
    return 3 if options.strict and any(verdict != "proven" for verdict, _ in by_reason) else 0


def _by_verdict(counted: tuple[tuple[str, str], int]) -> tuple[int, int, str]:
    (verdict, reason), count = counted
    return VERDICTS.index(verdict), -count, reason


def _repeated_table(claims: list[Repeated]) -> None:
    """Claims that stand more than once: the tables count each once, with the smallest amount."""
    if not claims:
        return
    differing = sum(len(claim.amounts) > 1 for claim in claims)
    rows = sum(claim.rows for claim in claims)
    title = (
        f"repeated claims: {rows:,} rows of {len(claims):,} accounts and assets, counted once each; the amounts "
        f"of {differing:,} differ"
    )
    lines = [
        (
            place(claim.first_member, claim.first_row),
            claim.network,
            claim.asset,
            claim.address,
            str(claim.rows),
            "yes" if len(claim.amounts) > 1 else "",
        )
        for claim in claims[:SHOWN]
    ]
    show_table(f"{title} (the first {SHOWN})", ("line", "network", "asset", "account", "rows", "amounts differ"), lines)


def _verdict_table(counts: Counter[tuple[str, str]]) -> None:
    verdicts = [v for v in VERDICTS if any(verdict == v for _, verdict in counts)]
    rows = [
        (network, *(f"{counts[network, verdict]:,}" if counts[network, verdict] else "" for verdict in verdicts))
        for network in sorted({network for network, _ in counts})
    ]
    total = ("all", *(f"{sum(n for (_, v), n in counts.items() if v == verdict):,}" for verdict in verdicts))
    show_table("rows by network and verdict", ("network", *verdicts), [*rows, total])

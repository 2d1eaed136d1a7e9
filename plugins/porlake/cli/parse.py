"""porlake parse: read a published file and say what is in it."""

from __future__ import annotations

import argparse
from collections import Counter
from typing import TYPE_CHECKING

from porlake.cli import _options
from porlake.cli._printing import SHOWN, place, say, show_table
from porlake.cli._session import file_alone

if TYPE_CHECKING:
    from porlake.pipeline import Session

WHAT = "read a published file and say what is in it"
EXAMPLE = "porlake parse huobi_por_20240701.csv"


def add_options(parser: argparse.ArgumentParser) -> None:
    _options.file(parser)


def run(options: argparse.Namespace) -> None:
    with file_alone(options) as (session, found):
        for report in found:
            _parsed(session, report)


def _parsed(session: Session, report: str) -> None:
    from porlake.model import Claim, Evidence, PublishedTotal, Rejection

    file = session.lake.report(report)
    only = {"exchange": file.exchange, "report": report}
    claims, rejected = Counter[tuple[str, str]](), Counter[tuple[str, str]]()
    signers = sum(row.for_row is not None for row in session.lake.rows(Evidence, **only))
    for claim in session.lake.rows(Claim, **only):
        claims[claim.network, claim.asset] += 1
    shown: list[tuple[str, ...]] = []
    for row in session.lake.rows(Rejection, **only):
        rejected[row.block, row.reason] += 1
        if len(shown) < SHOWN:
            shown.append((place(row.member, row.source_row), row.reason, row.expected, row.raw))
    totals = sum(1 for _ in session.lake.rows(PublishedTotal, **only))
    say(f"{file.file_name}: {file.format}, {file.attestation}, {file.size_bytes:,} bytes, sha256 {report}")
    if len(file.members) > 1:
        for number, line in enumerate(file.members):
            _, role, name = line.split("  ", 2)
            say(f"  {name}: " + ("nobody reads it; passed over" if role == "-" else f"member {number}, {role}"))
    refused = sum(count for (block, _), count in rejected.items() if block == "rows")
    say(
        f"{sum(claims.values()):,} claims + {signers:,} signer rows + {refused:,} rejections in the address block; "
        f"{totals:,} published totals, {sum(rejected.values()) - refused:,} of the summary rejected"
    )
    show_table("claims", ("network", "asset", "rows"), [(*key, f"{count:,}") for key, count in sorted(claims.items())])
    show_table(
        "rejections", ("block", "reason", "rows"), [(*key, f"{count:,}") for key, count in sorted(rejected.items())]
    )
    show_table(f"the first {SHOWN}", ("line", "reason", "expected", "row"), shown)

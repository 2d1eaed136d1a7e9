"""porlake run: all stages for what an exchange published of a month, or for published files that are at hand."""

from __future__ import annotations

import argparse
from collections import Counter
from typing import TYPE_CHECKING

from porlake.cli import _options, summary
from porlake.cli._printing import complain, say, show_table
from porlake.errors import ConfigurationError
from porlake.model import ControlTransfer, LiabilityProof

if TYPE_CHECKING:
    from porlake.pipeline import Session
    from porlake.sources import Publications

WHAT = "all stages for a month's publication, or for published files"
EXAMPLE = "porlake run htx --report huobi_por_20240701.csv --lake data"


def add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("exchange", help=_options.EXCHANGE)
    parser.add_argument(
        "--report", action="append", default=[], metavar="FILE", help="path or URL; give it again for more files"
    )
    parser.add_argument(
        "--month",
        metavar="YYYY-MM",
        help="fetch what the exchange published of snapshots in this month of its own clock (`porlake find`)",
    )
    parser.add_argument(
        "--snapshot",
        metavar="TIME",
        help="a day of the exchange's clock (2024-03-25) or a moment with its zone (2024-03-25T16:00Z), where the "
        "file's name does not say it",
    )
    _options.recording(parser)
    parser.add_argument("--prices", metavar="CSV", help="prices of your own: asset,usd,priced_at,source")
    parser.add_argument("--strict", action="store_true", help="exit 3 where an endpoint or price source did not answer")
    _options.lake(parser)


def run(options: argparse.Namespace) -> int:
    from porlake import pipeline, progress
    from porlake.queries.unanswered import unanswered

    if bool(options.report) == bool(options.month):
        raise ConfigurationError("say either what to run with --report FILE, or which month to fetch with --month")
    if options.month and options.snapshot:
        raise ConfigurationError("--snapshot goes with --report: of a month that is fetched the publisher says it")

    with progress.shown() as tell:
        session = pipeline.session(
            options.lake, record=options.record, replay=options.replay, price_file=options.prices, progress=tell
        )
        if options.month:
            found = pipeline.run_archived(session, _fetched(session, options.exchange, options.month))
        else:
            found = pipeline.run(session, options.exchange, options.report, options.snapshot)
    spoken = pipeline.attestations(session, [report for report in found if pipeline.attests(session, report)])
    if spoken or not found:
        summary.show(session, spoken if len(spoken) <= 3 else [])
    beside = [report for report in found if not pipeline.is_proof(session, report)]
    for attestation in (one for one in pipeline.attestations(session, beside) if one not in spoken):
        say(f"{attestation}: kept, and in the tables; it states no amounts that an exchange holds or owes")
    _proof_table(session, found)
    _control_table(session, found)
    missing = unanswered(session, found)
    for line in missing:
        complain(f"not read: {line}")
    return 3 if options.strict and missing else 0


def _proof_table(session: Session, found: list[str]) -> None:
    """Proofs of what is owed, and whether they hold."""
    files = [session.lake.report(report) for report in found]
    lines = [
        (file.attestation, row.proof_scheme, row.proof_verdict, row.reason, file.file_name)
        for file in files
        for row in session.lake.rows(LiabilityProof, exchange=file.exchange, report=file.report)
    ]
    show_table("proofs of what is owed", ("attestation", "format", "verdict", "reason", "file"), lines)


def _control_table(session: Session, found: list[str]) -> None:
    """Transfers that show control, beside the tables and never in them."""
    files = [session.lake.report(report) for report in found]
    counts = Counter(
        (row.network, row.asset, row.reason)
        for file in files
        for row in session.lake.rows(ControlTransfer, exchange=file.exchange, report=file.report)
    )
    if counts:
        lines = [(*what, f"{count:,}") for what, count in sorted(counts.items())]
        show_table(
            "transfers that show control: what the chain shows", ("network", "asset", "what", "transfers"), lines
        )


def _fetched(session: Session, exchange: str, month: str) -> list[str]:
    """The reports of a month, in the lake. Raises ConfigurationError where none is, with what is known of it."""
    from porlake import pipeline

    looked = pipeline.find(session, exchange, pipeline.first_of(month))
    listed = looked.of_month(month)
    done = pipeline.fetch(session, listed)
    if done.reports and all(one.is_of_now for one in listed):
        complain(f"note: {exchange}: {nothing_of(looked, month)}")
    for line in (*looked.notes, *done.warnings):
        complain(f"note: {line}")
    unknown = [f"not known: {one.what}: {one.reason}" for one in looked.unknown]
    for line in (*unknown, *(f"not fetched: {one}" for one in done.missing)):
        complain(line)
    for name in done.kept:
        complain(f"kept in the archive, read by no format: {name}")
    if not done.reports:
        raise ConfigurationError(f"{exchange}: {nothing_of(looked, month)}")
    return done.reports


def nothing_of(looked: Publications, month: str) -> str:
    """Why there is no report of a month: nobody says that there is none where the publisher did not."""
    newest = next((one.attestation for one in looked.found if not one.is_of_now), "none")
    if not all(one.is_of_now for one in looked.of_month(month)):
        return f"no file of the report of {month} could be read"
    if looked.unknown:
        return f"whether there is a report of {month} is not known; the newest that was seen: {newest}"
    return f"no report of {month} is listed; the newest that is: {newest}"

"""porlake find: what an exchange has published, and what of it the lake has."""

from __future__ import annotations

import argparse
from collections import Counter
from typing import TYPE_CHECKING

from porlake.cli import _options
from porlake.cli._printing import complain, say, show_table

if TYPE_CHECKING:
    from porlake import pipeline
    from porlake.registry import Registry
    from porlake.sources import Publication, Publications

WHAT = "what an exchange has published, when, and what of it the lake has"
EXAMPLE = "porlake find okx --since 2024-01-01"
WIDTH = 80


def add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "exchange",
        nargs="?",
        help=f"{_options.EXCHANGE}; default: how each one is looked for, and nobody is asked",
    )
    parser.add_argument("--since", metavar="DAY", help="snapshots on this day of the exchange's clock and later")
    _options.recording(parser)
    _options.lake(parser)


def run(options: argparse.Namespace) -> int:
    from porlake import pipeline, progress, registry

    if options.exchange is None:
        _ways(registry.load())
        return 0
    row = registry.load().publications.get(pipeline.publisher_of(options.exchange).exchange)
    if row is None or row.is_manual:
        _by_hand(options.exchange, row.how if row else "nobody has told where it publishes")
        return 0
    since = pipeline.day(options.since) if options.since else None
    with progress.shown() as tell:
        session = pipeline.session(options.lake, record=options.record, replay=options.replay, progress=tell)
        looked = pipeline.find(session, options.exchange, since)
        has = pipeline.held(session, looked.found)
    show_table("", ("snapshot", "rev", "files", "listed", "lake"), [*map(_line, looked.found, has)])
    _words(looked)
    if not looked.found and not looked.unknown:
        say(f"{options.exchange}: nothing is listed" + (f" since {since}" if since else ""))
    return 1 if looked.unknown and not looked.found else 0


def _ways(facts: Registry) -> None:
    rows = [
        (row.exchange, row.source if not row.is_manual else "by hand", row.awaited or "-", str(row.overdue_days or "-"))
        for row in facts.publications.values()
    ]
    show_table("", ("exchange", "found by", "awaited from (UTC)", "overdue after days"), rows)
    say("porlake find EXCHANGE says what there is, or what to put where")


def _by_hand(exchange: str, how: str) -> None:
    """What a person writes into which file, and how it is run: in lines that no terminal breaks."""
    from porlake.queries import by_hand

    say(f"{exchange}: nobody can look for its reports: by hand.")
    _paragraph(f"{how}.")
    for form in by_hand.forms(exchange):
        say("")
        _paragraph(f"{form.what}: a file {form.name}, UTF-8, whose first line names these columns:")
        _paragraph(",".join(form.columns), gap="  ", at=",")
        _paragraph("and then a line for each, such as")
        _paragraph(",".join(form.example), gap="  ", at=",")
        _paragraph(f"{form.about}:")
        for command in form.commands:
            _paragraph(command, gap="  ")
    say("")
    _paragraph(
        "Lines that are broken here behind a comma are one line there. docs/formats explains the columns; `porlake "
        "networks` lists the ids of networks."
    )


def _paragraph(text: str, gap: str = "", at: str = " ") -> None:
    """A text in lines of WIDTH; `at`: behind which character it may be broken. No word, URL or name is."""
    line = gap
    for part in text.replace(at, f"{at}\n").splitlines():
        if line.strip() and len((line + part).rstrip()) > WIDTH:
            say(line.rstrip())
            line = gap
        line += part
    say(line.rstrip())


def _line(one: Publication, has: pipeline.Held) -> tuple[str, ...]:
    at = "" if one.at is None else f"{one.at:%Y-%m-%d %H:%M}" if one.precision == "moment" else f"{one.at:%Y-%m-%d}"
    if one.precision == "month":
        at = at[:7]
    roles = Counter(member.role for member in one.members)
    files = " ".join(role if count == 1 else f"{count} {role}s" for role, count in roles.items())
    lake = "part" if has.roles else "-"
    if one.superseded or (roles and set(roles) <= has.roles):
        lake = "replaced" if one.superseded else "all"
    listed = f"{one.published_at:%Y-%m-%d}" if one.published_at else ""
    return at or "undated", str(one.revision or ""), files or "none", listed, lake


def _words(looked: Publications) -> None:
    for one in looked.found:
        for remark in one.remarks:
            say(f"{one.attestation}: {remark}")
    for note in looked.notes:
        say(f"note: {note}")
    for unknown in looked.unknown:
        complain(f"not known: {unknown.what}: {unknown.reason}")

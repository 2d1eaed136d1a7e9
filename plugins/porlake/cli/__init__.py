"""The same stages from a shell.

Exit codes: 0 done, 1 refused or failed (the reason is on standard error), 2 the command line is wrong,
3 done, but with --strict: something could not be read or verified.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rich.console import Console

from porlake import __version__
from porlake.cli import _layout, _prompt
from porlake.errors import ConfigurationError, PorlakeError
from porlake.model import Claim, Evidence, PublishedTotal, Rejection
from porlake.progress import printable
from porlake.registry import OWN_ROWS

EXAMPLES = """examples:
  porlake verify okx_por_2024032500.csv.zip --out verdicts.parquet
  porlake run okx --report okx_por_2024032500.csv.zip --report totals.csv
  porlake query "select asset, reserve_ratio from reserve_ratio where is_latest"
"""

out = Console(soft_wrap=True)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = _parser()
    options = parser.parse_args(arguments)
    if options.registry:  # processes that a command starts must see the same rows
        os.environ[OWN_ROWS] = str(options.registry.absolute())
    try:
        return int(options.command(options) or 0)
    except PorlakeError as error:
        _complain(str(error))
        return 1
    except BrokenPipeError:
        sys.stderr.close()  # the reader of our output has gone, and with it the reason to complain
        return 1
    except KeyboardInterrupt:
        _complain("stopped")
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="porlake",
        description="What an exchange really holds, who can prove control of it, and what it owes.",
        epilog=EXAMPLES,
    )
    parser.add_argument("--version", action="version", version=f"porlake {__version__}")
    verbs = parser.add_subparsers(title="commands", required=True, metavar="COMMAND", parser_class=_Parser)

    verb = _verb(
        verbs, "parse", parse, "read a published file and say what is in it", "porlake parse huobi_por_20240701.csv"
    )
    _file(verb)

    verb = _verb(
        verbs, "verify", verify, "check the signatures of a published file", "porlake verify FILE --out verdicts.csv"
    )
    _file(verb)
    verb.add_argument(
        "--out", type=Path, metavar="F", help="one line for each row of the address block: .parquet or .csv"
    )
    verb.add_argument("--strict", action="store_true", help="exit 3 unless every row is proven")

    verb = _verb(verbs, "explain", explain, "one row's reasoning, step by step", "porlake explain FILE --row 57")
    _file(verb)
    verb.add_argument("--row", required=True, type=int, metavar="N", help="line of the published file, counted from 1")
    verb.add_argument(
        "--member",
        default=0,
        type=int,
        metavar="M",
        help="number of the file, of a report of several; default: 0, the first",
    )

    verb = _verb(
        verbs,
        "run",
        run,
        "all stages for some published files",
        "porlake run htx --report huobi_por_20240701.csv --lake data",
    )
    verb.add_argument("exchange", help="id of the exchange: okx, htx ...")
    verb.add_argument(
        "--report", action="append", required=True, metavar="FILE", help="path or URL; give it again for more files"
    )
    verb.add_argument(
        "--snapshot",
        metavar="TIME",
        help="a day of the exchange's clock (2024-03-25) or a moment with its zone (2024-03-25T16:00Z), where the "
        "file's name does not say it",
    )
    verb.add_argument("--replay", metavar="DIR", help="take every answer from this recording; no network is used")
    verb.add_argument("--record", metavar="DIR", help="keep every answer from outside here")
    verb.add_argument("--prices", metavar="CSV", help="prices of your own: asset,usd,priced_at,source")
    verb.add_argument("--strict", action="store_true", help="exit 3 where an endpoint or price source did not answer")
    _lake(verb)

    verb = _verb(
        verbs,
        "sweep",
        sweep,
        "read now, for a snapshot of this moment, what was claimed last",
        "porlake sweep htx --network tron",
    )
    verb.add_argument("exchange", help="id of the exchange: okx, htx ...")
    verb.add_argument("--network", metavar="N", help="id of the network; default: all that keep no past")
    verb.add_argument("--at", metavar="TIME", help="the moment with its zone, as 2024-03-25T16:00Z; default: now")
    verb.add_argument("--replay", metavar="DIR", help="take every answer from this recording; no network is used")
    verb.add_argument("--record", metavar="DIR", help="keep every answer from outside here")
    _lake(verb)

    verb = _verb(verbs, "balances", balances, "read balances at a height", BALANCES)
    verb.add_argument("--network", required=True, help="id of the network (`porlake networks`)")
    verb.add_argument("--asset", required=True, help="one or more assets, separated by commas")
    verb.add_argument("--at", required=True, type=int, metavar="HEIGHT", help="snapshot height")
    verb.add_argument("--addresses", required=True, type=Path, metavar="FILE", help="one address a line")
    verb.add_argument(
        "--endpoint",
        action="append",
        metavar="URL",
        help="where to ask, else as configured; again for one that takes over",
    )
    verb.add_argument(
        "--dump",
        metavar="FILE",
        help="a node's dump of all coins: path or URL; the node writes it where it is not there yet",
    )
    verb.add_argument(
        "--dump-at-node",
        metavar="PATH",
        default="",
        help="the path under which the node writes it, if it is another machine's",
    )
    verb.add_argument(
        "--dump-hash",
        metavar="HASH",
        action="append",
        default=[],
        help="muhash:... or hash_serialized_3:... that the set must have",
    )
    verb.add_argument(
        "--outpoints", type=Path, metavar="F", help="the coins below each balance, from a dump: .parquet or .csv"
    )
    verb.add_argument("--out", required=True, type=Path, metavar="F", help=".parquet or .csv")

    _lake(_verb(verbs, "build", build, "build all tables from the lake", "porlake build"))
    _lake(_verb(verbs, "publish", publish, "publish the marts as Parquet", "porlake publish"))

    verb = _verb(verbs, "query", query, "ask the tables", 'porlake query "select * from reserve_ratio where is_latest"')
    verb.add_argument("sql", nargs="?", help="one or more statements; without them a prompt opens")
    verb.add_argument("--csv", action="store_true", help="print CSV")
    verb.add_argument(
        "--failed", action="store_true", help="ask the build that failed: failed_tests.results, and the tables it names"
    )
    _lake(verb)

    verb = _verb(
        verbs, "summary", summary, "the tables a person wants of one attestation", "porlake summary okx/2024-03-25"
    )
    verb.add_argument("attestation", nargs="*", help="default: the latest of each exchange")
    _lake(verb)

    _lake(
        _verb(
            verbs, "check", check, "every file of the lake against what was written of it", "porlake check --lake data"
        )
    )
    verb = _verb(
        verbs,
        "upgrade",
        upgrade,
        "carry over a lake that an older porlake wrote",
        "porlake upgrade --dry-run --lake data",
    )
    verb.add_argument("--dry-run", action="store_true", help="say what would be done, and do nothing")
    _lake(verb)
    _lake(_verb(verbs, "doctor", doctor, "what is installed, configured, missing, and how to fix it", "porlake doctor"))
    verb = _verb(verbs, "airflow", airflow, "what Airflow needs to run porlake's DAGs", AIRFLOW)
    verb.add_argument(
        "what", choices=["pools"], help="pools: one for each network that is read, for `airflow pools import`"
    )
    _verb(verbs, "networks", networks, "which network is supported how", "porlake networks")
    return parser


BALANCES = (
    "porlake balances --network ethereum --asset ETH,USDT --at 19506528 --addresses list.txt --endpoint "
    "http://127.0.0.1:8545 --out b.parquet"
)


AIRFLOW = "porlake airflow pools > pools.json && airflow pools import pools.json"


class _Parser(argparse.ArgumentParser):
    def __init__(self, **options: Any) -> None:
        super().__init__(formatter_class=argparse.RawDescriptionHelpFormatter, **options)


def _verb(
    verbs: Any, name: str, command: Callable[[argparse.Namespace], int | None], what: str, example: str
) -> argparse.ArgumentParser:
    verb: argparse.ArgumentParser = verbs.add_parser(name, help=what, description=what, epilog=f"example:\n  {example}")
    verb.set_defaults(command=command)
    verb.add_argument(
        "--registry", type=Path, metavar="DIR", help=f"rows of your own over the registry's (default: {OWN_ROWS})"
    )
    return verb


def _file(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("file", help="a published file, plain or in its zip")
    verb.add_argument("--exchange", help="whose labels the file uses; default: the exchange that publishes this format")


def _lake(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("--lake", metavar="DIR", help="the lake's folder (default: PORLAKE_LAKE, else data)")


# --- a bare file ------------------------------------------------------------------------------------------------------
@contextmanager
def _alone(options: argparse.Namespace) -> Any:
    """A lake of its own for one file: (settings, id of its report). Nothing of it stays."""
    from porlake import pipeline, progress

    with tempfile.TemporaryDirectory(prefix="porlake-") as folder, progress.shown() as tell:
        settings = pipeline.session(folder, environ={}, progress=tell)
        exchange = options.exchange or pipeline.publisher(options.file)
        found = pipeline.archive(settings, exchange, options.file, undated=True)
        for report in found:
            pipeline.parse(settings, report)
        yield settings, found


def parse(options: argparse.Namespace) -> None:
    with _alone(options) as (settings, found):
        for report in found:
            _parsed(settings, report)


def _parsed(settings: Any, report: str) -> None:
    file = settings.lake.report(report)
    only = {"exchange": file.exchange, "report": report}
    claims, rejected = Counter[tuple[str, str]](), Counter[tuple[str, str]]()
    signers = sum(row.for_row is not None for row in settings.lake.rows(Evidence, **only))
    for claim in settings.lake.rows(Claim, **only):
        claims[claim.network, claim.asset] += 1
    shown: list[tuple[str, ...]] = []
    for row in settings.lake.rows(Rejection, **only):
        rejected[row.block, row.reason] += 1
        if len(shown) < SHOWN:
            shown.append((_line(row.member, row.source_row), row.reason, row.expected, row.raw))
    totals = sum(1 for _ in settings.lake.rows(PublishedTotal, **only))
    _say(f"{file.file_name}: {file.format}, {file.attestation}, {file.size_bytes:,} bytes, sha256 {report}")
    if len(file.members) > 1:
        for number, line in enumerate(file.members):
            _, role, name = line.split("  ", 2)
            _say(f"  {name}: " + ("nobody reads it; passed over" if role == "-" else f"member {number}, {role}"))
    refused = sum(count for (block, _), count in rejected.items() if block == "rows")
    _say(
        f"{sum(claims.values()):,} claims + {signers:,} signer rows + {refused:,} rejections in the address block; "
        f"{totals:,} published totals, {sum(rejected.values()) - refused:,} of the summary rejected"
    )
    _table("claims", ("network", "asset", "rows"), [(*key, f"{count:,}") for key, count in sorted(claims.items())])
    _table("rejections", ("block", "reason", "rows"), [(*key, f"{count:,}") for key, count in sorted(rejected.items())])
    _table(f"the first {SHOWN}", ("line", "reason", "expected", "row"), shown)


SHOWN = 20


def _line(member: int, row: int) -> str:
    """Where a row stands: its line, behind the number of its file where that is not the first."""
    return f"{member}:{row}" if member else str(row)


def verify(options: argparse.Namespace) -> int:
    from porlake import pipeline

    pipeline.writable(options.out)
    with _alone(options) as (settings, found):
        for report in found:
            pipeline.verify(settings, report)
        verdicts = pipeline.verdict_counts(settings, found, SHOWN)
        repeated = [claim for report in found for claim in pipeline.repeated(settings, report)]
        if options.out:
            pipeline.export_verdicts(settings, found, options.out)
    by_network, by_reason = Counter[tuple[str, str]](), Counter[tuple[str, str]]()
    for (network, verdict, reason), count in verdicts.counts.items():
        by_network[network, verdict] += count
        by_reason[verdict, reason] += count
    _verdict_table(by_network)
    _table("why", ("verdict", "reason", "rows"), [
        (verdict, reason, f"{count:,}") for (verdict, reason), count in sorted(by_reason.items(), key=_by_verdict) if verdict != "proven"
    ])  # fmt: skip
    failed = [
        (_line(row.member, row.source_row), row.network or "-", row.address, row.verdict, row.reason)
        for row in verdicts.failed
    ]
    _table("rows that make no claim, their signatures judged all the same", ("rejected", "verdict", "rows"), [
        (reason, verdict, f"{count:,}") for (reason, verdict), count in sorted(verdicts.rejected.items())
    ])  # fmt: skip
    _table(
        f"what failed (the first {SHOWN}; `porlake explain FILE --row LINE` says how)",
        ("line", "network", "address", "verdict", "reason"),
        failed,
    )
    _repeated_table(repeated)
    return 3 if options.strict and any(verdict != "proven" for verdict, _ in by_reason) else 0


def _by_verdict(counted: tuple[tuple[str, str], int]) -> tuple[int, int, str]:
    (verdict, reason), count = counted
    return VERDICTS.index(verdict), -count, reason


def _repeated_table(claims: list[Any]) -> None:
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
            _line(claim.first_member, claim.first_row),
            claim.network,
            claim.asset,
            claim.address,
            str(claim.rows),
            "yes" if len(claim.amounts) > 1 else "",
        )
        for claim in claims[:SHOWN]
    ]
    _table(f"{title} (the first {SHOWN})", ("line", "network", "asset", "account", "rows", "amounts differ"), lines)


def _verdict_table(counts: Counter[tuple[str, str]]) -> None:
    verdicts = [v for v in VERDICTS if any(verdict == v for _, verdict in counts)]
    rows = [
        (network, *(f"{counts[network, verdict]:,}" if counts[network, verdict] else "" for verdict in verdicts))
        for network in sorted({network for network, _ in counts})
    ]
    total = ("all", *(f"{sum(n for (_, v), n in counts.items() if v == verdict):,}" for verdict in verdicts))
    _table("rows by network and verdict", ("network", *verdicts), [*rows, total])


VERDICTS = ("proven", "owner_signed", "signature_only", "unsigned", "invalid", "malformed", "unsupported")


def explain(options: argparse.Namespace) -> None:
    from porlake import pipeline

    with _alone(options) as (settings, found):
        if len(found) != 1:
            raise ConfigurationError(f"{options.file}: holds {len(found)} files; name one of them")
        told = pipeline.explain(settings, found[0], options.row, options.member)
    row, judgement = told.evidence, told.judgement
    facts = [
        ("file", f"{told.name}, line {row.source_row}, sha256 {told.file.report}"),
        ("labels", " / ".join(filter(None, (row.label, row.network_label)))),
        ("network, asset", f"{row.network or 'unknown'}, {row.asset or 'unknown'}" + ("" if row.holding == "wallet" else f", held as {row.holding}")),
        ("address", row.address_published),
        ("account", told.account if told.account != row.address_published else ""),
        ("message", repr(row.message)),
        *((f"signature{column}", text) for column, text in enumerate(row.signatures, 1)),
        ("key or script", row.key_or_script),
        *((f"owner{column}", text) for column, text in enumerate(row.owners, 1)),
        ("signs for", f"the row on line {row.for_row}" if row.for_row is not None else ""),
        ("signed for by", ", ".join(f"the row on line {line}" for line in told.signers)),
        ("makes no claim", f"{told.refused.reason}: expected was {told.refused.expected}" if told.refused else ""),
        ("scheme", f"{row.scheme}: {told.scheme.note or told.scheme.standard}"),
    ]  # fmt: skip
    _facts("as published", facts)
    _facts("step by step", list(_stepwise(told)) or [("none", _why_none(told))])
    _facts("verdict", [
        (judgement.verdict, _meaning(judgement.verdict)),
        ("reason", judgement.reason),
        ("flags", ", ".join(judgement.flags)),
        ("signer", judgement.signer or ""),
        ("message names", ", ".join(judgement.binds) or "neither exchange, date nor address: it may have been signed at any time, for any file"),
    ])  # fmt: skip
    if told.rule:
        _facts("to check it elsewhere", [
            ("standard", told.scheme.standard),
            ("rule", " ".join(told.rule.split())),
            ("how", "any library of the curve gives the same key from the digest and the signature; hash the key as the address form says, compare"),
        ])  # fmt: skip


def _stepwise(told: Any) -> Iterator[tuple[str, str]]:
    """The steps, numbered; what was tried stands above its own, with whether it fits."""
    tried = ""
    for at, step in enumerate(told.steps, 1):
        if step.attempt and step.attempt != tried:
            yield f"{step.attempt}:", "fits" if step.fits else "does not fit"
        tried = step.attempt
        yield f"{at}. {step.what}", _shown(step.value)


def _why_none(told: Any) -> str:
    """Why a row has a verdict without a step."""
    if told.judgement.verdict == "unsigned":
        return "the signature columns are empty"
    if told.judgement.verdict == "unsupported":
        return f"nothing judges this scheme: {told.scheme.note}"
    return "the cells of the row cannot be told apart: neither address nor signature is known"


def _meaning(verdict: str) -> str:
    from porlake import pipeline

    return pipeline.MEANINGS[verdict]


def _shown(value: str | bytes | int) -> str:
    """Bytes as hex, with their text where they are one."""
    if not isinstance(value, bytes):
        return str(value)
    try:
        text = value.decode()
    except UnicodeDecodeError:
        text = ""
    return f"0x{value.hex()}" + (
        f"  {text!r}" if text.strip() and len(value) not in (32, 33, 64, 65) and text.isprintable() else ""
    )


def _facts(title: str, lines: list[tuple[str, str]]) -> None:
    """Names and what they are, a line each; those that are empty are left out."""
    held = [(name, text) for name, text in lines if text]
    if not held:
        return
    _layout.write(out, title, style="bold")
    for line in _layout.facts(held):
        _layout.write(out, line)
    _layout.write(out)


# --- the lake ---------------------------------------------------------------------------------------------------------
def run(options: argparse.Namespace) -> int:
    from porlake import pipeline, progress

    with progress.shown() as tell:
        settings = pipeline.session(
            options.lake, record=options.record, replay=options.replay, price_file=options.prices, progress=tell
        )
        found = pipeline.run(settings, options.exchange, options.report, options.snapshot)
    spoken = pipeline.attestations(settings, found)
    _summary(settings, spoken if len(spoken) <= 3 else [])
    missing = pipeline.unanswered(settings, found)
    for line in missing:
        _complain(f"not read: {line}")
    return 3 if options.strict and missing else 0


def sweep(options: argparse.Namespace) -> None:
    from porlake import pipeline, progress

    with progress.shown() as tell:
        settings = pipeline.session(options.lake, record=options.record, replay=options.replay, progress=tell)
        at = pipeline.moment(options.at) if options.at else settings.recording.now()
        networks = [options.network] if options.network else pipeline.swept_networks(settings, options.exchange)
        read = {network: pipeline.sweep(settings, options.exchange, network, at) for network in networks}
    for network, holdings in read.items():
        _say(f"{network}: {holdings:,} holdings of {options.exchange} read for {at:%Y-%m-%dT%H:%M:%SZ}")
    if not read:
        _say(f"{options.exchange} claims nothing on a network that is swept")


def balances(options: argparse.Namespace) -> None:
    from porlake import pipeline, progress
    from porlake.transport import Endpoint

    endpoints = {options.network: tuple(map(Endpoint, options.endpoint))} if options.endpoint else {}
    if not options.dump and (options.dump_at_node or options.dump_hash):
        raise ConfigurationError("--dump-hash and --dump-at-node speak of a dump: say where it lies with --dump")
    try:
        if options.addresses.exists() and not options.addresses.is_file():
            raise ConfigurationError(f"{options.addresses}: is no file")  # a pipe would be waited for without end
        listed = [line.strip() for line in options.addresses.read_text(encoding="utf-8").splitlines() if line.strip()]
    except (OSError, ValueError) as error:
        raise ConfigurationError(f"{options.addresses}: cannot be read as a list of addresses: {error}") from error
    pipeline.writable(options.out)
    pipeline.writable(options.outpoints)
    with progress.shown() as tell:
        settings = pipeline.with_dump(
            pipeline.session(endpoints=endpoints, progress=tell),
            options.network, options.dump, options.dump_at_node, options.dump_hash, outpoints=options.outpoints is not None,
        )  # fmt: skip
        unfinished = options.out.with_name(f".unfinished-{options.out.name}")
        rows, coins = pipeline.balances(
            settings, options.network, options.asset.split(","), options.at, listed, unfinished
        )
        pipeline.export(options.out, pipeline.BalanceLine, rows)
        pipeline.forget(unfinished)
        if options.outpoints:
            pipeline.export(options.outpoints, pipeline.CoinLine, coins)
    unread = Counter(row.reason for row in rows if row.reason)
    _say(
        f"{len(rows) - sum(unread.values()):,} balances in {options.out}: whole base units, and units with their decimals"
    )
    for reason, count in sorted(unread.items()):
        _say(f"{count:,} not read: {reason}")


def _existing(options: argparse.Namespace, **others: Any) -> Any:
    """Settings for a lake that is there already. Raises ConfigurationError where a name leads to none: it is mistyped,
    not empty.
    """
    from porlake import pipeline

    settings = pipeline.session(options.lake, **others)
    if options.lake and not (settings.root / "lake").is_dir():
        raise ConfigurationError(
            f"{options.lake}: no lake lies there; `porlake run EXCHANGE --report FILE --lake {options.lake}` would make one"
        )
    return settings


def build(options: argparse.Namespace) -> None:
    from porlake import pipeline

    settings = _existing(options)
    _say(f"build {pipeline.build(settings)}: {pipeline.database(settings)}")


def publish(options: argparse.Namespace) -> None:
    from porlake import pipeline

    settings = _existing(options)
    _say(f"build {pipeline.publish(settings)}: {settings.lake.root / 'marts' / 'latest'}")


def query(options: argparse.Namespace) -> None:
    settings = _existing(options)
    if options.sql is None:
        _prompt.prompt(lambda statement: _answer(settings, statement, options.csv, options.failed), _complain)
        return
    for statement in _prompt.statements(options.sql):
        _answer(settings, statement, options.csv, options.failed)


def _answer(settings: Any, sql: str, as_csv: bool, failed: bool) -> None:
    from porlake import pipeline

    columns, rows = pipeline.query(settings, sql, failed=failed)
    if as_csv:
        write = pipeline.csv_writer(sys.stdout)
        write(columns)
        for row in rows:
            write(row)
        return
    _table("", columns, [tuple(_layout.text(value) for value in row) for row in rows], empty=True)


def summary(options: argparse.Namespace) -> None:
    _summary(_existing(options), options.attestation)


def _summary(settings: Any, attestations: list[str], after: Sequence[str] = ()) -> None:
    from porlake import pipeline

    for title, columns, rows in pipeline.summary(settings, attestations):
        _table(title, columns, [tuple(_layout.text(value) for value in row) for row in rows])
    _say(f"DuckDB   {pipeline.database(settings)}")
    _say(f"Parquet  {settings.lake.root / 'marts' / 'latest'}/<mart>/*.parquet")


def doctor(options: argparse.Namespace) -> int:
    from porlake import pipeline

    checks = pipeline.doctor(pipeline.session(options.lake))
    _table(
        "", ("", "what", "found", "to mend it"), [(_mark(c), c.what, c.found, "" if c.ok else c.remedy) for c in checks]
    )
    wrong = [check.what for check in checks if not check.ok and not check.optional]
    waiting = sum(not check.ok and check.optional for check in checks)
    also = f"; {waiting} more only limit what can be read" if waiting else ""
    _say(f"to mend before porlake can work: {', '.join(wrong)}{also}" if wrong else f"porlake can work{also}")
    return 1 if wrong else 0


def _mark(check: Any) -> str:
    return "ok" if check.ok else "--" if check.optional else "!!"


def airflow(_: argparse.Namespace) -> None:
    """Pools as JSON on standard output, in the form of `airflow pools import`."""
    import json

    from porlake.airflow import local

    print(json.dumps(local.pools_of_networks(), indent=1))


def check(options: argparse.Namespace) -> int:
    from porlake import pipeline, progress

    with progress.shown() as tell:
        looked, wrong = pipeline.check(_existing(options, progress=tell))
    for sentence in wrong:
        _complain(str(sentence))
    _say(f"{looked:,} files, {len(wrong):,} of them not as they were written")
    return 1 if wrong else 0


def upgrade(options: argparse.Namespace) -> None:
    """What will be done comes first; nothing is deleted, and an upgrade that was interrupted goes on where it stopped."""
    from porlake import pipeline, progress

    with progress.shown() as tell:
        chosen = _existing(options, progress=tell)
        steps = pipeline.plan(chosen)
        rows = [(step.does, step.what, step.why) for step in steps if step.does != pipeline.NUMBER]
        _table("", ("step", "of", "why"), rows)
        numbered = len(steps) - len(rows)
        _say(f"{numbered:,} partitions have the columns of now and get the number of their schema")
        if not options.dry_run:
            for step in pipeline.upgrade(chosen, steps):
                _complain(step.why)
            _say("upgraded; `porlake build` makes the tables anew" if steps else "nothing to do")


def networks(options: argparse.Namespace) -> None:
    from porlake import registry

    facts = registry.load()
    signed = {row.network: row.scheme for row in facts.labels.values() if row.network}
    rows = []
    for network in facts.networks.values():
        scheme = facts.schemes.get(signed.get(network.network, ""))
        verified = scheme.module if scheme and scheme.module != "none" else "-"
        rows.append((network.network, network.caip2, network.address_form, verified, network.client, network.why_none))
    _table("", ("network", "CAIP-2", "addresses", "signatures", "balances", "why not"), rows)


# --- printing ---------------------------------------------------------------------------------------------------------
def _table(title: str, columns: Iterable[str], rows: Sequence[Sequence[str]], *, empty: bool = False) -> None:
    _layout.show(out, title, columns, rows, empty=empty)


def _say(sentence: str) -> None:
    """A line of the result."""
    _layout.write(out, printable(sentence))


def _complain(sentence: str) -> None:
    """A line, or some, on standard error."""
    for line in sentence.splitlines() or [""]:
        print(f"porlake: {printable(line)}", file=sys.stderr)

"""The stages, and what comes after what. The one place where the rooms meet; settings are read here, once.

    archive -> parse -> verify, observe (one per network), price -> build -> publish

Every stage reads what earlier stages wrote and replaces its own partition; running one again gives the same bytes. Stages hand each
other a report's id (or an attestation's); rows travel in the lake.
"""

from __future__ import annotations

import os
import sys
import tomllib
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from importlib import metadata
from pathlib import Path
from typing import Annotated, Any, BinaryIO
from urllib.parse import urlsplit

from dateutil.relativedelta import relativedelta

from porlake import addresses, amounts, chains, ownership, prices, registry, reports, warehouse
from porlake.errors import (
    BadStructure,
    ChainError,
    ConfigurationError,
    InvalidAddress,
    InvalidAmount,
    SnapshotUnknown,
    TransportError,
)
from porlake.lake import Lake
from porlake.lake import export as export
from porlake.model import (
    Address,
    Amount,
    AsOf,
    Asset,
    Balance,
    Block,
    BlockHash,
    Claim,
    Column,
    Component,
    Evidence,
    ForRow,
    Height,
    Liability,
    Method,
    Network,
    Ownership,
    Price,
    PublishedTotal,
    Reason,
    Rejection,
    ReportFile,
    Scheme,
    Signer,
    Source,
    SourceRow,
    Unobserved,
    Verdict,
)
from porlake.progress import Tell, silent
from porlake.transport import Endpoint, Tape

HEAD_BYTES = 65_536
RAW_CHARACTERS = 2_000
TELL_EVERY = 5_000


# --- settings -----------------------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that a run is told from outside."""

    root: Path
    tape: Tape = field(default_factory=Tape.live)
    endpoints: Mapping[str, Endpoint] = field(default_factory=dict)
    price_file: Path | None = None
    progress: Tell = silent

    @property
    def lake(self) -> Lake:
        return Lake(self.root)

    def endpoint(self, network: str) -> Endpoint | None:
        """Where a network is asked: as configured, else the registry's public default; None where there is neither."""
        if network in self.endpoints:
            return self.endpoints[network]
        default = registry.load().networks[network].endpoint
        return Endpoint(default) if default else None


def settings(
    lake: str | Path | None = None,
    *,
    record: str | Path | None = None,
    replay: str | Path | None = None,
    price_file: str | Path | None = None,
    endpoints: Mapping[str, Endpoint] | None = None,
    environ: Mapping[str, str] = os.environ,
    progress: Tell = silent,
) -> Settings:
    """Settings from options, the environment and the file that PORLAKE_ENDPOINTS names. Raises ConfigurationError.

    An endpoint is taken, in this order, from `endpoints` (Airflow connections), PORLAKE_ENDPOINT_<NETWORK>, the TOML file, the registry.
    """
    if record and replay:
        raise ConfigurationError("a run is either recorded or replayed, not both")
    tape = Tape.replay(Path(replay)) if replay else Tape.record(Path(record)) if record else Tape.live()
    found = _endpoints_of_file(environ.get("PORLAKE_ENDPOINTS", "")) | _endpoints_of_environment(environ) | dict(endpoints or {})
    home = Path(environ.get("PORLAKE_HOME", "."))
    root, chosen = str(lake or environ.get("PORLAKE_LAKE") or home / "data"), price_file or environ.get("PORLAKE_PRICES") or None
    if "://" in root:
        raise ConfigurationError(f"{root.split('://')[0]}://: the lake lies in a local folder; object stores are not read yet")
    return Settings(
        root=Path(root),
        tape=tape,
        endpoints=found,
        price_file=Path(chosen) if chosen else None,
        progress=progress,
    )


def _endpoints_of_environment(environ: Mapping[str, str]) -> dict[str, Endpoint]:
    networks = registry.load().networks
    names = {f"PORLAKE_ENDPOINT_{network.upper()}": network for network in networks}
    if unknown := [name for name in environ if name.startswith("PORLAKE_ENDPOINT_") and name not in names]:
        raise ConfigurationError(f"{', '.join(sorted(unknown))}: no such network (`porlake networks` lists them)")
    return {network: Endpoint(environ[name]) for name, network in names.items() if environ.get(name)}


def _endpoints_of_file(name: str) -> dict[str, Endpoint]:
    """The TOML file has one table a network: `[ethereum]`, `url = "..."` and, if need be, `headers = { name = "value" }`."""
    if not name:
        return {}
    try:
        tables = tomllib.loads(Path(name).read_text(encoding="utf-8"))
        found = {network: Endpoint(table["url"], dict(table.get("headers", {}))) for network, table in tables.items()}
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, KeyError, TypeError, AttributeError) as error:
        # The cause is left out: it may quote a key.
        raise ConfigurationError(f"PORLAKE_ENDPOINTS: {name} cannot be read as a table with a url for each network") from error
    if unknown := set(found) - set(registry.load().networks):
        raise ConfigurationError(f"PORLAKE_ENDPOINTS: {name}: {', '.join(sorted(unknown))}: no such network")
    return found


# --- archive ------------------------------------------------------------------------------------------------------------
def archive(settings: Settings, exchange: str, source: str, snapshot: str | None = None, *, undated: bool = False) -> list[str]:
    """Keep a published file (path or URL) and say what it is; the ids of the reports in it.

    `undated` takes a file that does not say its moment. Raises ReportError where the file is refused as a whole, ConfigurationError
    for an exchange that the registry does not know.
    """
    if exchange not in registry.load().exchanges:
        raise ConfigurationError(f"{exchange!r} is no exchange of the registry: {', '.join(registry.load().exchanges)}")
    stated = _stated_snapshot(snapshot) if snapshot else None
    fallback = reports.Snapshot(None, "unknown") if undated else None
    with ExitStack() as files:
        stream, name, origin = _opened(settings, files, source)
        container = None
        if reports.is_archive(stream):
            container = settings.lake.keep(stream, _facts(settings, name, origin))
            stream.seek(0)
        return [
            report
            for member, content in reports.members(stream, name)
            for report in _archive_member(settings, exchange, content, member, origin, container, stated, fallback)
        ]


def _opened(settings: Settings, files: ExitStack, source: str) -> tuple[BinaryIO, str, str]:
    """(stream, file name, origin without secrets) of a path or URL."""
    parts = urlsplit(source)
    if parts.scheme in {"http", "https"}:
        name = Path(parts.path).name or "report"
        stream = files.enter_context(settings.tape.download(source))
        return stream, name, f"{parts.scheme}://{parts.hostname}{parts.path}"
    path = Path(source)
    try:
        return files.enter_context(path.open("rb")), path.name, f"file:{path.name}"
    except OSError as error:
        raise ConfigurationError(f"{source}: cannot be read: {error.strerror}") from error


def _archive_member(
    settings: Settings,
    exchange: str,
    content: BinaryIO,
    name: str,
    origin: str,
    container: str | None,
    stated: reports.Snapshot | None,
    fallback: reports.Snapshot | None,
) -> list[str]:
    head = content.read(HEAD_BYTES)
    content.seek(0)
    form = reports.detect(head, name)
    if hasattr(form, "split"):
        return [
            _archive_part(settings, form, part.exchange, part.content, name, origin, container, part.snapshot) for part in form.split(content, name)
        ]
    snapshot = stated or form.snapshot_of(name) or fallback
    if snapshot is None:
        raise SnapshotUnknown(f"{name}: neither its name nor its content says which moment it speaks of; give --snapshot YYYY-MM-DD")
    return [_archive_part(settings, form, exchange, content, name, origin, container, snapshot)]


def _archive_part(
    settings: Settings,
    form: reports.Format,
    exchange: str,
    content: BinaryIO,
    name: str,
    origin: str,
    container: str | None,
    snapshot: reports.Snapshot,
) -> str:
    lake = settings.lake
    content.seek(0)
    facts = _facts(settings, name, origin)
    report = lake.keep(content, facts)
    attestation = f"{exchange}/{_spoken(snapshot)}"
    partition = {"exchange": exchange, "report": report, "attestation": attestation}
    for earlier in lake.rows("report_file", **partition):  # what was true at the first time stays
        facts = {"file_name": earlier.file_name, "origin": earlier.origin, "retrieved_at": earlier.retrieved_at.isoformat()}
    size = content.seek(0, os.SEEK_END)
    row = ReportFile(
        exchange=exchange,
        report=report,
        attestation=attestation,
        snapshot_at=snapshot.at,
        snapshot_precision=snapshot.precision,
        content=form.content(content),
        revision=snapshot.revision or _next_revision(lake, exchange, report, attestation, form.NAME),
        format=form.NAME,
        file_name=facts["file_name"],
        origin=facts["origin"],
        container=container,
        size_bytes=size,
        retrieved_at=datetime.fromisoformat(facts["retrieved_at"]),
        report_no=snapshot.report_no,
    )
    lake.write("report_file", partition, [row])
    return report


def _facts(settings: Settings, name: str, origin: str) -> dict[str, str]:
    """How a file came here; under replay the clock is the recording's."""
    return {"file_name": name, "origin": origin, "retrieved_at": settings.tape.now().isoformat()}


def _next_revision(lake: Lake, exchange: str, report: str, attestation: str, form: str) -> int:
    """Without a number in the name, statements of one attestation and format count in the order of their first retrieval."""
    earlier = 0
    for row in lake.rows("report_file", exchange=exchange):
        if row.report == report and row.attestation == attestation:
            return int(row.revision)
        if row.attestation == attestation and row.format == form:
            earlier = max(earlier, row.revision)
    return earlier + 1


def _stated_snapshot(text: str) -> reports.Snapshot:
    """A snapshot as given by an option: a day (2024-03-25) or a moment in UTC (2024-03-25T16:00)."""
    try:
        if len(text) == len("2024-03-25"):
            return reports.Snapshot(datetime.combine(date.fromisoformat(text), datetime.min.time(), UTC), "day")
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise ConfigurationError(f"snapshot {text!r} is neither YYYY-MM-DD nor YYYY-MM-DDTHH:MM") from error
    return reports.Snapshot(moment.replace(tzinfo=moment.tzinfo or UTC).astimezone(UTC), "moment")


def _spoken(snapshot: reports.Snapshot) -> str:
    """The snapshot in an attestation's id: as precise as it is known."""
    if snapshot.at is None or snapshot.precision == "unknown":
        return "undated"
    return f"{snapshot.at:%Y-%m}" if snapshot.precision == "month" else f"{snapshot.at:%Y-%m-%d}"


# --- parse --------------------------------------------------------------------------------------------------------------
PARSED = ("claim", "evidence", "published_total", "liability", "rejection")


def parse(settings: Settings, report: str) -> str:
    """Rows as published to claims, evidence, totals, liabilities and rejections. Raises BadStructure and writes nothing then.

    Every row of the address block becomes exactly one of a claim, a signer row or a rejection; the count is checked.
    """
    lake = settings.lake
    file: ReportFile = lake.report(report)
    partition = {"exchange": file.exchange, "report": file.report}
    with lake.open_raw(file.report) as stream, lake.writing(*((name, partition) for name in PARSED)) as writers:
        take = _Taker(file, dict(zip(PARSED, (writer.add for writer in writers), strict=True)))
        source = reports.Source(file.file_name, file.exchange)
        for item in reports.FORMATS[file.format].parse(stream, source):
            take(item)
            if take.rows and take.rows % TELL_EVERY == 0:
                settings.progress(f"parse {file.attestation}", take.rows, None)
        take.check()
    return file.report


class _Taker:
    """Turns what a parser yields into rows of the datasets: canonical address, whole base units, or a rejection."""

    def __init__(self, file: ReportFile, out: Mapping[str, Callable[[object], None]]) -> None:
        self._file, self._out = file, out
        self._assets = registry.load().assets
        self.rows = 0
        self._claims = self._signers = self._rejections = 0

    def check(self) -> None:
        """Every row of the address block is in the lake once. Raises BadStructure."""
        if self.rows != self._claims + self._signers + self._rejections:
            kept = f"{self._claims} claims, {self._signers} signer rows and {self._rejections} rejections"
            raise BadStructure(self._file.file_name, 0, f"{self.rows} rows of the address block became {kept}")

    def __call__(self, item: reports.Item) -> None:
        if isinstance(item, reports.Published):
            self.rows += 1
            self._published(item)
        elif isinstance(item, reports.Refused):
            self.rows += item.block == "rows"
            self._refused(item)
        else:
            self._summary(item)

    def _published(self, row: reports.Published) -> None:
        self._out["evidence"](self._evidence(row))
        try:
            address = addresses.parse(row.network, row.address).text
            amount, decimals, remark = self._amount(row)
        except (InvalidAddress, InvalidAmount) as error:
            self._reject(row, "rows", error.code, error.why)
            return
        if row.for_row is not None:
            self._signers += 1
            return
        self._claims += 1
        self._out["claim"](
            Claim(
                exchange=self._file.exchange,
                report=self._file.report,
                source_row=row.source_row,
                network=row.network,
                asset=row.asset,
                address=address,
                address_published=row.address,
                label=row.label,
                network_label=row.network_label or None,
                amount=amount,
                amount_published=row.amount,
                printed_decimals=decimals,
                snapshot_height=row.height,
                holding=row.holding,
                custodian=row.custodian,
                remark=remark or None,
            )
        )

    def _amount(self, row: reports.Published) -> tuple[int | None, int | None, str]:
        if row.amount is None:
            return None, None, row.remark
        scale = self._assets[row.asset].scale
        if row.unit == "coin":
            return amounts.base_units(row.amount, scale), amounts.printed_decimals(row.amount), row.remark
        raw = amounts.base_units(row.amount, 0)
        token = registry.load().token(row.network, row.asset)
        if row.unit == "base" and token is not None:
            return amounts.rescale(raw, token.decimals, scale), token.decimals, row.remark
        # Layouts of 2022 print some coins in base units; where the file does not show which, no figure is better than a wrong one.
        return None, None, row.remark or "unit_unknown"

    def _evidence(self, row: reports.Published | reports.Refused) -> Evidence:
        return Evidence(
            exchange=self._file.exchange,
            report=self._file.report,
            source_row=row.source_row,
            for_row=row.for_row if isinstance(row, reports.Published) else None,
            network=row.network or None,
            asset=row.asset or None,
            label=row.label or "",
            network_label=row.network_label or None,
            holding=row.holding,
            scheme=row.scheme or "no_scheme",
            address_published=row.address or "",
            message=row.message,
            signatures=list(row.signatures),
            key_or_script=row.key_or_script,
            owners=list(row.owners),
        )

    def _refused(self, row: reports.Refused) -> None:
        if row.block == "rows":
            self._out["evidence"](self._evidence(row))
        self._reject(row, row.block, row.reason, row.expected)

    def _reject(self, row: reports.Item, block: str, reason: str, expected: str) -> None:
        self._rejections += block == "rows"
        self._out["rejection"](
            Rejection(
                exchange=self._file.exchange,
                report=self._file.report,
                source_row=row.source_row,
                block=block,
                network=row.network or None,
                asset=row.asset or None,
                label=row.label or None,
                address_published=getattr(row, "address", None) or None,
                reason=reason,
                expected=expected,
                raw=row.raw[:RAW_CHARACTERS],
            )
        )

    def _summary(self, row: reports.Summary) -> None:
        try:
            total, liability = self._total(row), self._liability(row)
        except InvalidAmount as error:
            self._reject(row, "summary", error.code, error.why)
            return
        if total:
            self._out["published_total"](total)
        if liability:
            self._out["liability"](liability)

    def _total(self, row: reports.Summary) -> PublishedTotal | None:
        if not (row.amount or row.own_amount or row.custody_amount or row.usd):
            return None
        return PublishedTotal(
            exchange=self._file.exchange,
            report=self._file.report,
            source_row=row.source_row,
            label=row.label,
            level=row.level,
            network=row.network or None,
            asset=row.asset or None,
            amount=self._units(row.asset, row.amount),
            amount_published=row.amount,
            printed_decimals=amounts.printed_decimals(row.amount) if row.amount else None,
            own_amount=self._units(row.asset, row.own_amount),
            custody_amount=self._units(row.asset, row.custody_amount),
            usd_published=amounts.decimal(row.usd, 38, 2) if row.usd else None,
            snapshot_height=row.height,
            holding=row.holding,
            scope=row.scope,
            source=row.source,
            note=row.note,
        )

    def _liability(self, row: reports.Summary) -> Liability | None:
        if not row.asset or not (row.owed or row.printed_ratio):
            return None
        return Liability(
            exchange=self._file.exchange,
            report=self._file.report,
            source_row=row.source_row,
            label=row.label,
            asset=row.asset,
            owed=self._units(row.asset, row.owed),
            printed_ratio=amounts.decimal(row.printed_ratio, 20, 12) if row.printed_ratio else None,
            proof_kind="stated",
            proof_verdict=None,
            source=row.source,
            note=row.note,
        )

    def _units(self, asset: str | None, text: str | None) -> int | None:
        return amounts.base_units(text, self._assets[asset].scale) if text and asset else None


# --- verify -------------------------------------------------------------------------------------------------------------
CHUNK = 8_192


def verify(settings: Settings, report: str) -> str:
    """What the signatures of every row of the address block say by themselves."""
    lake = settings.lake
    file: ReportFile = lake.report(report)
    partition = {"exchange": file.exchange, "report": file.report}
    lake.write(
        "ownership",
        partition,
        _told(settings, f"verify {file.attestation}", verdicts(lake, partition), _rows(lake, "evidence", partition)),
    )
    return file.report


def verdicts(lake: Lake, partition: Mapping[str, str]) -> Iterator[Ownership]:
    """One row for each row of the address block of a parsed report, in order; rejected rows are malformed, or unsigned."""
    refused = {row.source_row: row for row in lake.rows("rejection", **partition) if row.block == "rows"}
    for chunk in _chunks(lake.rows("evidence", **partition), CHUNK):
        for row, judgement in zip(chunk, ownership.judge_many(chunk), strict=True):
            yield _verdict(row, judgement, refused.get(row.source_row))


def _verdict(row: Evidence, judgement: ownership.Judgement, refused: Rejection | None) -> Ownership:
    if refused is not None and refused.reason not in addresses.CODES:
        # What the row says is not understood, so its signature is not looked at; a bad address alone is the judge's to name.
        judgement = ownership.Judgement("malformed", refused.reason, (), None, judgement.binds)
    return Ownership(
        exchange=row.exchange,
        report=row.report,
        source_row=row.source_row,
        for_row=row.for_row,
        network=row.network,
        asset=row.asset,
        address=_canonical(row),
        scheme=row.scheme,
        verdict=judgement.verdict,
        reason=judgement.reason,
        flags=list(judgement.flags),
        signer=judgement.signer,
        message=row.message,
        binds=list(judgement.binds),
    )


def _canonical(row: Evidence) -> str:
    """The account in its one spelling, so that verdicts join with claims; as published where it is no address."""
    try:
        return addresses.parse(row.network, row.address_published).text if row.network else row.address_published
    except InvalidAddress:
        return row.address_published


# --- observe ------------------------------------------------------------------------------------------------------------
OBSERVED = ("block", "balance", "owner_link", "unobserved")


def networks(settings: Settings, report: str) -> list[str]:
    """The networks on which a report claims something."""
    file: ReportFile = settings.lake.report(report)
    return sorted(settings.lake.distinct("claim", "network", exchange=file.exchange, report=file.report))


def has_addresses(settings: Settings, report: str) -> bool:
    """Whether a report states addresses."""
    file: ReportFile = settings.lake.report(report)
    return file.content != "totals"


def observe(settings: Settings, report: str, network: str, *, give_up: bool = False) -> str:
    """Balances of everything that a report claims on a network, at the snapshot height or as near as the chain lets one look.

    Raises TransportError or ChainError and writes nothing where an endpoint fails; with `give_up` all of it is then unobserved, for
    the reason endpoint_failed.
    """
    lake = settings.lake
    file: ReportFile = lake.report(report)
    claims = _accounts(row for row in lake.rows("claim", exchange=file.exchange, report=file.report) if row.network == network)
    seen = _Seen(file, network)
    try:
        _look(settings, file, network, claims, seen)
    except (TransportError, ChainError) as error:
        if not give_up:
            raise
        settings.progress(f"observe {network}: {error}", 0, 0)
        seen = _Seen(file, network)
        seen.unread(claims, "endpoint_failed")
    partition = {"exchange": file.exchange, "report": file.report, "network": network}
    with lake.writing(*((name, partition) for name in OBSERVED)) as writers:
        found: tuple[Sequence[object], ...] = (seen.blocks, seen.balances, (), seen.unobserved)
        for writer, rows in zip(writers, found, strict=True):
            for row in sorted(rows, key=_key):
                writer.add(row)
    return file.report


def _accounts(claims: Iterable[Claim]) -> list[Claim]:
    """One claim for each (asset, address): a report that names an account twice is asked about it once, at its first height."""
    accounts: dict[tuple[str, str], Claim] = {}
    for claim in claims:
        accounts.setdefault((claim.asset, claim.address), claim)
    return list(accounts.values())


def _look(settings: Settings, file: ReportFile, network: str, claims: list[Claim], seen: _Seen) -> None:
    facts = registry.load().networks[network]
    endpoint = settings.endpoint(network)
    if facts.client == "none":
        return seen.unread(claims, "no_client")
    readable = seen.readable(claims)
    if not readable:
        return None
    if endpoint is None and not settings.tape.replays:
        return seen.unread(readable, "no_endpoint")
    client = chains.open_client(facts, endpoint, settings.tape)
    for height in sorted({claim.snapshot_height for claim in readable if claim.snapshot_height is not None}):
        at = client.block(height)
        seen.block(at, "published")
        wanted = [seen.wanted(claim) for claim in readable if claim.snapshot_height == height]
        what = f"observe {network} of {file.attestation}"
        for done, answer in enumerate(client.balances(wanted, at), 1):
            seen.answer(answer, at)
            if done % TELL_EVERY == 0 or done == len(wanted):
                settings.progress(what, done, len(wanted))
    return None


class _Seen:
    """What a look at one network gave, as rows of the datasets."""

    def __init__(self, file: ReportFile, network: str) -> None:
        self._file, self._network = file, network
        self._facts = registry.load()
        self.blocks: list[Block] = []
        self.balances: list[Balance] = []
        self.unobserved: list[Unobserved] = []

    def readable(self, claims: list[Claim]) -> list[Claim]:
        """The claims that can be asked for; the others are unobserved, each with its reason."""
        ready = []
        for claim in claims:
            if reason := self._unreadable(claim):
                self.unread([claim], reason)
            else:
                ready.append(claim)
        return ready

    def _unreadable(self, claim: Claim) -> str:
        if claim.snapshot_height is None:
            return "no_snapshot_height"
        token = self._facts.token(self._network, claim.asset)
        if token is None:
            return "asset_not_on_network"
        return "contract_unknown" if token.kind != "native" and not token.contract else ""

    def wanted(self, claim: Claim) -> chains.Wanted:
        token = self._facts.token(self._network, claim.asset)
        assert token is not None  # `readable` let only such claims through
        return chains.Wanted(claim.asset, token, claim.address)

    def unread(self, claims: Iterable[Claim], reason: str) -> None:
        for claim in claims:
            self._unobserved(claim.asset, claim.address, reason)

    def _unobserved(self, asset: str, address: str, reason: str) -> None:
        self.unobserved.append(Unobserved(self._file.exchange, self._file.report, self._network, asset, address, reason))

    def block(self, at: chains.BlockRef, origin: str) -> None:
        if all(block.height != at.height for block in self.blocks):
            self.blocks.append(Block(self._file.exchange, self._file.report, self._network, at.height, at.hash, at.time, origin))

    def answer(self, answer: chains.Reading | chains.Unread, at: chains.BlockRef) -> None:
        if isinstance(answer, chains.Unread):
            return self._unobserved(answer.asset, answer.address, answer.reason)
        self.block(answer.block, "head")
        token = self._facts.token(self._network, answer.asset)
        assert token is not None  # it was asked for with its token
        self.balances.append(
            Balance(
                exchange=self._file.exchange,
                report=self._file.report,
                network=self._network,
                asset=answer.asset,
                address=answer.address,
                component=answer.component,
                amount=amounts.rescale(answer.raw, token.decimals, self._facts.assets[answer.asset].scale),
                height=answer.block.height,
                method=answer.method,
                source=answer.source,
                as_of=answer.as_of,
                offset_seconds=round((answer.block.time - at.time).total_seconds()),
            )
        )
        return None


# --- price --------------------------------------------------------------------------------------------------------------
def attestations(settings: Settings, reports_: Iterable[str]) -> list[str]:
    """The attestations that reports speak of: one each, or several where the same bytes were published again."""
    return sorted({file.attestation for report in reports_ for file in settings.lake.reports(report)})


def price(settings: Settings, spoken: Iterable[str], *, give_up: bool = False) -> list[str]:
    """USD at the snapshot of each attestation, for every asset that any report of its exchange names; what has no price is a row with its reason.

    Raises TransportError; with `give_up` the prices of a source that does not answer are missing for the reason source_failed.
    """
    done, named = list(spoken), {}
    for attestation in done:
        exchange = attestation.split("/")[0]
        if exchange not in named:
            named[exchange] = _named_assets(settings.lake, exchange)
        _price(settings, exchange, attestation, named[exchange], give_up)
    return done


def _price(settings: Settings, exchange: str, attestation: str, wanted: list[str], give_up: bool) -> None:
    lake = settings.lake
    file = next((row for row in lake.rows("report_file", exchange=exchange) if row.attestation == attestation), None)
    if file is None:
        raise ConfigurationError(f"the lake holds no report of {attestation}")
    if file.snapshot_at is None or file.snapshot_precision == "month":
        rows = [Price(exchange, attestation, asset, "none", None, None, "snapshot_not_dated") for asset in wanted]
    else:
        quotes = _quotes(settings, wanted, file.snapshot_at, give_up)
        rows = [Price(exchange, attestation, quote.asset, quote.source, quote.usd, quote.priced_at, quote.reason) for quote in quotes]
    lake.write("price", {"exchange": exchange, "attestation": attestation}, sorted(rows, key=_key))


def _named_assets(lake: Lake, exchange: str) -> list[str]:
    """Every asset that any report of the exchange names."""
    named = set().union(*(lake.distinct(dataset, "asset", exchange=exchange) for dataset in ("claim", "published_total", "liability")))
    return sorted(asset for asset in named if asset)


def _quotes(settings: Settings, wanted: list[str], at: datetime, give_up: bool) -> list[prices.Quote]:
    assets = [registry.load().assets[name] for name in wanted]
    own = prices.from_csv(settings.price_file, assets, at) if settings.price_file else []
    try:
        return [*own, *prices.from_defillama(assets, at, settings.tape)]
    except TransportError as error:
        if not give_up:
            raise
        settings.progress(f"price: {error}", 0, 0)
        return [*own, *(prices.Quote(asset.asset, prices.DEFILLAMA, None, None, "source_failed") for asset in assets)]


# --- build, publish -----------------------------------------------------------------------------------------------------
def build(settings: Settings) -> str:
    """All marts in a fresh DuckDB file that then takes the old one's place; the build's id. Raises BuildError and changes nothing."""
    return warehouse.build(settings.lake).build_id


def publish(settings: Settings) -> str:
    """The marts of the last build as Parquet, shown all at once; the build's id."""
    return str(warehouse.publish(settings.lake)["build_id"])


# --- all of it ------------------------------------------------------------------------------------------------------------
def run(settings: Settings, exchange: str, sources: Iterable[str], snapshot: str | None = None) -> list[str]:
    """All stages for some published files; the reports' ids.

    A network or price source that does not answer leaves its part unobserved, with the reason in the tables.
    """
    found = list(dict.fromkeys(report for source in sources for report in archive(settings, exchange, source, snapshot)))
    for report in found:
        parse(settings, report)
    with_rows = [report for report in found if has_addresses(settings, report)]
    for report in with_rows:
        verify(settings, report)
        with ThreadPoolExecutor(max_workers=8) as pool:  # networks answer independently, and one that hangs holds up no other
            list(pool.map(lambda network, report=report: observe(settings, report, network, give_up=True), networks(settings, report)))
    price(settings, attestations(settings, found), give_up=True)
    build(settings)
    publish(settings)
    return found


def inbox(settings: Settings, exchange: str) -> Path:
    """Where a scheduled run looks for files that were put there."""
    return settings.lake.root / "inbox" / exchange


def waiting(settings: Settings, exchange: str, moment: datetime) -> list[str]:
    """The files of the inbox whose snapshot lies in the month that ends at `moment`; a backfill finds each month's own."""
    begins = moment - relativedelta(months=1)
    found = []
    for path in sorted(inbox(settings, exchange).glob("*")):
        snapshot = reports.snapshot_of(path.name)
        if snapshot is not None and snapshot.at is not None and begins < snapshot.at <= moment:
            found.append(str(path))
    return found


# --- what a shell asks ----------------------------------------------------------------------------------------------------
def publisher(source: str) -> str:
    """The exchange whose labels a published file uses, by its format. Raises ReportError, ConfigurationError where several may be."""
    with ExitStack() as files:
        stream, name, _ = _opened(settings(environ={}), files, source)
        formats = set()
        for member, content in reports.members(stream, name):
            formats.add(reports.detect(content.read(HEAD_BYTES), member).NAME)
    found = [row.exchange for row in registry.load().exchanges.values() if formats <= set(row.formats.split())]
    if len(found) != 1:
        raise ConfigurationError(f"{name}: {len(found)} exchanges publish {', '.join(sorted(formats))}; say which with --exchange")
    return found[0]


@dataclass(frozen=True, slots=True)
class BalanceLine:
    """A balance that a shell asked for; `amount` is in base units of the asset, null with the reason where it could not be read."""

    network: Network
    asset: Asset
    address: Address
    component: Component | None
    amount: Amount | None
    height: Height | None
    block_hash: BlockHash | None
    as_of: AsOf | None
    method: Method | None
    source: Source | None
    reason: Reason | None


def balances(settings: Settings, network: str, assets: list[str], height: int, listed: list[str]) -> list[BalanceLine]:
    """Balances of some assets at some addresses. Raises ConfigurationError, InvalidAddress, TransportError, ChainError."""
    facts = registry.load()
    if network not in facts.networks:
        raise ConfigurationError(f"{network!r}: no such network (`porlake networks` lists them)")
    endpoint = settings.endpoint(network)
    if facts.networks[network].client == "none":
        raise ConfigurationError(f"{network}: {facts.networks[network].why_none}")
    if endpoint is None:
        raise ConfigurationError(f"{network}: no endpoint; give --endpoint or set PORLAKE_ENDPOINT_{network.upper()}")
    accounts = sorted({addresses.parse(network, text).text for text in listed})
    wanted = [chains.Wanted(asset, _token(network, asset), address) for asset in assets for address in accounts]
    client = chains.open_client(facts.networks[network], endpoint, settings.tape)
    at = client.block(height)
    lines = []
    for done, answer in enumerate(client.balances(wanted, at), 1):
        lines.append(_balance_line(network, answer))
        if done % TELL_EVERY == 0 or done == len(wanted):
            settings.progress(f"balances on {network}", done, len(wanted))
    return sorted(lines, key=lambda line: (line.asset, line.address, line.component or ""))


def _token(network: str, asset: str) -> registry.Token:
    token = registry.load().token(network, asset)
    if token is None:
        known = sorted(name for place, name in registry.load().tokens if place == network)
        raise ConfigurationError(f"{asset!r} is not known on {network}; known are {', '.join(known)}")
    return token


def _balance_line(network: str, answer: chains.Reading | chains.Unread) -> BalanceLine:
    if isinstance(answer, chains.Unread):
        nothing = (None,) * 7
        return BalanceLine(network, answer.asset, answer.address, *nothing, answer.reason)
    scale = registry.load().assets[answer.asset].scale
    amount = amounts.rescale(answer.raw, _token(network, answer.asset).decimals, scale)
    at = answer.block
    return BalanceLine(
        network,
        answer.asset,
        answer.address,
        answer.component,
        amount,
        at.height,
        at.hash,
        answer.as_of,
        answer.method,
        answer.source,
        None,
    )


@dataclass(frozen=True, slots=True)
class VerdictLine:
    """A row of a file's address block and its verdict, as `verify --out` writes it; flags are separated by blanks."""

    source_row: SourceRow
    for_row: ForRow | None
    network: Network | None
    asset: Asset | None
    address: Address
    scheme: Scheme
    verdict: Verdict
    reason: Reason
    signer: Signer | None
    flags: Annotated[str, Column("remarks that do not change the verdict")]


def verdict_lines(settings: Settings, report: str) -> Iterator[VerdictLine]:
    """The verdicts of a verified report, in the order of its rows."""
    file: ReportFile = settings.lake.report(report)
    for row in settings.lake.rows("ownership", exchange=file.exchange, report=report):
        yield VerdictLine(
            row.source_row,
            row.for_row,
            row.network,
            row.asset,
            row.address,
            row.scheme,
            row.verdict,
            row.reason,
            row.signer,
            " ".join(row.flags),
        )


def database(settings: Settings) -> Path:
    return warehouse.database_of(settings.lake)


def query(settings: Settings, sql: str) -> tuple[list[str], list[tuple[Any, ...]]]:
    """(columns, rows) of one statement over the last build. Raises BuildError, MissingPartition."""
    return warehouse.query(settings.lake, sql)


def summary(settings: Settings, attestations_: Sequence[str]) -> Iterator[tuple[str, list[str], list[tuple[Any, ...]]]]:
    """(title, columns, rows) of the tables a person wants, for some attestations or the latest of each exchange."""
    for path in sorted((warehouse.sql_folder() / "summary").glob("*.sql")):
        sql = path.read_text(encoding="utf-8")
        columns, rows = warehouse.query(settings.lake, sql, {"attestations": list(attestations_)})
        yield sql.split("\n", 1)[0].removeprefix("-- "), columns, rows


@dataclass(frozen=True, slots=True)
class Check:
    """A finding of `doctor`; `optional` ones fail nothing."""

    what: str
    ok: bool
    found: str
    remedy: str
    optional: bool = False


def doctor(settings: Settings) -> list[Check]:
    """What is installed, configured and missing, and how to mend it."""
    versions = [_version(name) for name in ("apache-airflow", "dbt-duckdb", "duckdb", "pyarrow", "coincurve")]
    return [
        Check("Python", (3, 11) <= sys.version_info[:2] <= (3, 13), sys.version.split()[0], "porlake runs on Python 3.11 to 3.13"),
        *versions,
        Check("registry", True, f"{len(registry.load().networks)} networks, {len(registry.load().labels)} labels", ""),
        _writable(settings.root),
        Check("tables", database(settings).exists(), str(database(settings)), "porlake run ..., or porlake build", optional=True),
        *(_reachable(settings, network) for network in registry.load().networks.values() if network.client != "none" and _asked(settings, network)),
    ]


def _version(name: str) -> Check:
    try:
        return Check(name, True, metadata.version(name), "")
    except metadata.PackageNotFoundError:
        return Check(name, False, "not installed", "make setup")


def _writable(root: Path) -> Check:
    place = next(path for path in (root, *root.absolute().parents) if path.exists())
    return Check("lake", os.access(place, os.W_OK), str(root), "choose a folder that can be written: PORLAKE_LAKE or --lake")


def _asked(settings: Settings, network: registry.Network) -> bool:
    return network.network in settings.endpoints or bool(network.endpoint)


def _reachable(settings: Settings, network: registry.Network) -> Check:
    endpoint = settings.endpoint(network.network)
    what = f"endpoint of {network.network}"
    remedy = f"PORLAKE_ENDPOINT_{network.network.upper()}=https://..."
    try:
        head = chains.open_client(network, endpoint, Tape.live()).head()
    except (TransportError, ChainError) as error:
        return Check(what, False, str(error), remedy, optional=True)
    return Check(what, True, f"{endpoint.host if endpoint else ''}: head at {head.height:,}", "", optional=True)


def unanswered(settings: Settings, reports_: Iterable[str]) -> list[str]:
    """What failing endpoints left open in some reports, a line for each network."""
    holdings, spoken = Counter[str](), defaultdict[str, set[str]](set)
    for report in reports_:
        file: ReportFile = settings.lake.report(report)
        for row in settings.lake.rows("unobserved", exchange=file.exchange, report=report):
            if row.reason == "endpoint_failed":
                holdings[row.network] += 1
                spoken[row.network].add(file.attestation)
    return [
        f"{network}: {count:,} holdings of {', '.join(sorted(spoken[network])[:3])}"
        + (f" and {len(spoken[network]) - 3} more" if len(spoken[network]) > 3 else "")
        for network, count in sorted(holdings.items())
    ]


# --- small helpers ----------------------------------------------------------------------------------------------------------
def _key(row: object) -> tuple[Any, ...]:
    return tuple(getattr(row, name) for name in type(row).KEY)  # type: ignore[attr-defined]


def _chunks(rows: Iterable[Evidence], size: int) -> Iterator[list[Evidence]]:
    chunk: list[Evidence] = []
    for row in rows:
        chunk.append(row)
        if len(chunk) == size:
            yield chunk
            chunk = []
    if chunk:
        yield chunk


def _rows(lake: Lake, dataset: str, partition: Mapping[str, str]) -> int:
    return sum(pointer.rows for pointer in lake.pointers(dataset, **partition))


def _told(settings: Settings, what: str, rows: Iterable[Ownership], total: int) -> Iterator[Ownership]:
    for done, row in enumerate(rows, 1):
        if done % TELL_EVERY == 0 or done == total:
            settings.progress(what, done, total)
        yield row

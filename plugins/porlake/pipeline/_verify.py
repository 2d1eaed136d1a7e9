"""verify: what the signatures of every row say by themselves."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from porlake import addresses, ownership
from porlake.errors import (
    InvalidAddress,
)
from porlake.lake import Lake
from porlake.model import (
    Evidence,
    Ownership,
    Rejection,
    ReportFile,
)
from porlake.pipeline._settings import TELL_EVERY, Settings

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

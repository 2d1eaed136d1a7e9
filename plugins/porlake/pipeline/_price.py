"""price: US dollars at the snapshot of an attestation."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from porlake import prices, registry
from porlake.errors import (
    ConfigurationError,
    TransportError,
)
from porlake.lake import Lake
from porlake.model import Claim, Liability, Price, PublishedTotal, ReportFile
from porlake.pipeline._session import Session
from porlake.pipeline._settings import key_of


def attestations(session: Session, reports_: Iterable[str]) -> list[str]:
    """The attestations that reports speak of: one each, or several where the same bytes were published again."""
    return sorted({file.attestation for report in reports_ for file in session.lake.reports(report)})


def awaits_prices(session: Session, report: str) -> bool:
    """Whether the bytes of a report were stated for several moments, of which one was not priced yet: it was added to
    the others behind their build.
    """
    files = session.lake.reports(report)
    return len(files) > 1 and any(
        not any(session.lake.pointers(Price, exchange=file.exchange, attestation=file.attestation)) for file in files
    )


def price(session: Session, spoken: Iterable[str], *, give_up: bool = False) -> list[str]:
    """USD at the snapshot of each attestation, for every asset that any report of its exchange names, and for what
    wrapped and receipt tokens among them stand for; what has no price is a row with its reason.

    Raises TransportError; with `give_up` the prices of a source that does not answer are missing for the reason
    source_failed.
    """
    done, named = list(spoken), {}
    seen = session.lake.seen(*((Price, _partition(attestation)) for attestation in done))
    for attestation in done:
        exchange = attestation.split("/")[0]
        if exchange not in named:
            named[exchange] = _named_assets(session.lake, exchange)
        session.lake.write(
            Price, _partition(attestation), _rows(session, exchange, attestation, named[exchange], give_up), seen
        )
    return done


def _partition(attestation: str) -> dict[str, str]:
    return {"exchange": attestation.split("/")[0], "attestation": attestation}


def _rows(session: Session, exchange: str, attestation: str, wanted: list[str], give_up: bool) -> list[Price]:
    lake = session.lake
    file = next(lake.rows(ReportFile, exchange=exchange, attestation=attestation), None)
    if file is None:
        raise ConfigurationError(f"the lake holds no report of {attestation}")
    if file.snapshot_at is None or file.snapshot_precision == "month":
        rows = [
            Price(exchange, attestation, asset, prices.NO_SOURCE, None, None, "snapshot_not_dated") for asset in wanted
        ]
    else:
        quotes = _quotes(session, wanted, file.snapshot_at, give_up)
        rows = [
            Price(exchange, attestation, quote.asset, quote.source, quote.usd, quote.priced_at, quote.reason)
            for quote in quotes
        ]
    return sorted(rows, key=key_of)


def _named_assets(lake: Lake, exchange: str) -> list[str]:
    """Every asset that any report of the exchange names, and what such an asset stands for."""
    named = set().union(
        *(lake.distinct(row_class, "asset", exchange=exchange) for row_class in (Claim, PublishedTotal, Liability))
    )
    assets = registry.load().assets
    return sorted({meant for asset in named if asset for meant in (asset, assets[asset].underlying) if meant})


def _quotes(session: Session, wanted: list[str], at: datetime, give_up: bool) -> list[prices.Quote]:
    assets = [registry.load().assets[name] for name in wanted]
    own = prices.from_csv(session.price_file, assets, at) if session.price_file else []
    try:
        return [*own, *prices.from_defillama(assets, at, session.recording)]
    except TransportError as error:
        if not give_up:
            raise
        session.progress(f"price: {error}", 0, 0)
        return [*own, *(prices.Quote(asset.asset, prices.DEFILLAMA, None, None, "source_failed") for asset in assets)]

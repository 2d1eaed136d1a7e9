"""US dollars for one unit of an asset at a time, from DefiLlama's coins API or from a CSV of one's own. A missing price is a quote with a reason.

https://defillama.com/docs/api (coins). Stablecoins are priced like everything else, never assumed to be worth one dollar.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import ROUND_HALF_EVEN, Decimal, InvalidOperation
from pathlib import Path
from typing import Any
from urllib.parse import quote

from porlake.errors import BadAnswer, ConfigurationError
from porlake.registry import Asset
from porlake.transport import Endpoint, Http, Tape

DEFILLAMA = "coins.llama.fi"
ENDPOINT = Endpoint(f"https://{DEFILLAMA}")
BATCH = 30  # a URL holds a few dozen coins
FARTHEST_SECONDS = 6 * 3600
FARTHEST_OWN_SECONDS = 12 * 3600  # a list of one's own may hold a price a day: one of them lies that near to any moment
STEP = Decimal("0.000000000001")  # DECIMAL(20,12) of the lake; more digits are rounded half to even
LARGEST = Decimal(10) ** 8
COLUMNS = ["asset", "usd", "priced_at", "source"]


@dataclass(frozen=True, slots=True)
class Quote:
    asset: str
    source: str
    usd: Decimal | None
    priced_at: datetime | None
    reason: str | None


def from_defillama(assets: Iterable[Asset], at: datetime, tape: Tape) -> list[Quote]:
    """A quote for each asset. Raises TransportError."""
    http = Http("prices", ENDPOINT, tape)
    wanted = list(assets)
    quotes = [Quote(asset.asset, DEFILLAMA, None, None, "no_price_id") for asset in wanted if not asset.price_id]
    listed = [asset for asset in wanted if asset.price_id]
    for start in range(0, len(listed), BATCH):
        quotes += _batch(http, listed[start : start + BATCH], at)
    return quotes


def _batch(http: Http, assets: list[Asset], at: datetime) -> Iterator[Quote]:
    keys = ",".join(sorted({asset.price_id for asset in assets}))
    answer = http.get(f"/prices/historical/{int(at.timestamp())}/{quote(keys, safe=',:')}?searchWidth=4h")
    if not isinstance(answer, dict) or not isinstance(answer.get("coins"), dict):
        raise BadAnswer(f"{http.host}: prices: the answer has no coins")
    for asset in assets:
        yield _quote(asset.asset, answer["coins"].get(asset.price_id), at, http.host)


def _quote(asset: str, coin: Any, at: datetime, host: str) -> Quote:
    if coin is None:
        return Quote(asset, DEFILLAMA, None, None, "no_price")
    if not isinstance(coin, dict) or type(coin.get("timestamp")) is not int or not isinstance(coin.get("price"), Decimal | int):
        raise BadAnswer(f"{host}: prices: {asset} has no price and time")
    priced_at = datetime.fromtimestamp(coin["timestamp"], UTC)
    if abs((priced_at - at).total_seconds()) > FARTHEST_SECONDS:
        return Quote(asset, DEFILLAMA, None, priced_at, "too_far")
    return _fitting(asset, DEFILLAMA, Decimal(coin["price"]), priced_at)


def _fitting(asset: str, source: str, usd: Decimal, priced_at: datetime) -> Quote:
    if not 0 < usd < LARGEST:
        return Quote(asset, source, None, priced_at, "not_a_price")
    rounded = usd.quantize(STEP, ROUND_HALF_EVEN)
    return Quote(asset, source, rounded, priced_at, None) if rounded else Quote(asset, source, None, priced_at, "too_small")


def from_csv(path: Path, assets: Iterable[Asset], at: datetime) -> list[Quote]:
    """Quotes of a file with the columns asset, usd, priced_at (ISO 8601, UTC), source; for each asset and source the nearest in time.

    Raises ConfigurationError with the line.
    """
    wanted = {asset.asset for asset in assets}
    nearest: dict[tuple[str, str], Quote] = {}
    for quote_ in _lines(path):
        key = (quote_.asset, quote_.source)
        distance = abs((_time(quote_) - at).total_seconds())
        if quote_.asset in wanted and distance <= FARTHEST_OWN_SECONDS:
            best = nearest.get(key)
            if best is None or distance < abs((_time(best) - at).total_seconds()):
                nearest[key] = quote_
    return list(nearest.values())


def _time(quote_: Quote) -> datetime:
    if quote_.priced_at is None:
        raise ConfigurationError(f"the price of {quote_.asset} has no time")
    return quote_.priced_at


def _lines(path: Path) -> Iterator[Quote]:
    try:
        with path.open(encoding="utf-8", newline="") as stream:
            reader = csv.DictReader(stream, strict=True)
            if reader.fieldnames != COLUMNS:
                raise ConfigurationError(f"{path}:1: the header reads {reader.fieldnames}, not {COLUMNS}")
            for row in reader:
                moment = datetime.fromisoformat(row["priced_at"])
                yield _fitting(row["asset"], row["source"], Decimal(row["usd"]), moment.replace(tzinfo=moment.tzinfo or UTC).astimezone(UTC))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise ConfigurationError(f"{path}: cannot be read as a price list: {error}") from error
    except (ValueError, InvalidOperation, TypeError) as error:
        raise ConfigurationError(f"{path}:{reader.line_num}: a price or time that is none") from error

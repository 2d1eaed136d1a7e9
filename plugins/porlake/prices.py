"""US dollars for one unit of an asset at a time, from DefiLlama's coins API or from a CSV of one's own. A missing price
is a quote with a reason.

https://defillama.com/docs/api (coins). Stablecoins are priced like everything else, never assumed to be worth one
dollar.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import ROUND_HALF_EVEN, Decimal
from pathlib import Path
from typing import Any
from urllib.parse import quote

from porlake import amounts, numbers
from porlake.errors import BadAnswer, ConfigurationError, InvalidAmount
from porlake.registry import Asset
from porlake.transport import Endpoint, Http, Recording

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


def from_defillama(assets: Iterable[Asset], at: datetime, recording: Recording) -> list[Quote]:
    """A quote for each asset. Raises TransportError."""
    http = Http("prices", ENDPOINT, recording)
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
    """The price of one coin; an answer of another form costs this price alone, for the reason `bad_answer`."""
    if coin is None:
        return Quote(asset, DEFILLAMA, None, None, "no_price")
    try:
        if not isinstance(coin, dict) or isinstance(coin.get("price"), str) or isinstance(coin.get("timestamp"), str):
            raise BadAnswer(f"{host}: prices: {asset} has no price and time as numbers")
        usd = numbers.decimal(coin.get("price"), what=f"{host}: prices: {asset}", least=-numbers.MOST)
        priced_at = numbers.moment(coin.get("timestamp"), what=f"{host}: prices: the time of {asset}")
    except BadAnswer:
        return Quote(asset, DEFILLAMA, None, None, "bad_answer")
    if abs((priced_at - at).total_seconds()) > FARTHEST_SECONDS:
        return Quote(asset, DEFILLAMA, None, priced_at, "too_far")
    return _fitting(asset, DEFILLAMA, usd, priced_at)


def _fitting(asset: str, source: str, usd: Decimal, priced_at: datetime) -> Quote:
    if not 0 < usd < LARGEST:
        return Quote(asset, source, None, priced_at, "not_a_price")
    rounded = usd.quantize(STEP, ROUND_HALF_EVEN)
    return (
        Quote(asset, source, rounded, priced_at, None)
        if rounded
        else Quote(asset, source, None, priced_at, "too_small")
    )


def from_csv(path: Path, assets: Iterable[Asset], at: datetime) -> list[Quote]:
    """Quotes of a file with the columns asset, usd, priced_at (ISO 8601, UTC where no zone is said), source; for each
    asset and source the nearest in time, of two as near the earlier.

    Raises ConfigurationError with the line.
    """
    wanted = {asset.asset for asset in assets}
    nearest: dict[tuple[str, str], tuple[float, datetime, Quote]] = {}
    for found in _lines(path):
        quote_, priced_at = found
        distance = abs((priced_at - at).total_seconds())
        if quote_.asset in wanted and distance <= FARTHEST_OWN_SECONDS:
            key = (quote_.asset, quote_.source)
            best = nearest.get(key)
            if best is None or (distance, priced_at) < best[:2]:
                nearest[key] = (distance, priced_at, quote_)
    return [quote_ for _, _, quote_ in nearest.values()]


def _lines(path: Path) -> Iterator[tuple[Quote, datetime]]:
    """Each line's price and time. Two prices of one asset, source and moment say nothing: the line of the second is
    named.
    """
    seen: dict[tuple[str, str, datetime], tuple[str, int]] = {}
    try:
        if path.exists() and not path.is_file():
            raise ConfigurationError(f"{path}: is no file")
        with path.open(encoding="utf-8-sig", newline="") as stream:
            reader = csv.DictReader(stream, strict=True)
            if reader.fieldnames != COLUMNS:
                raise ConfigurationError(
                    f"{path}:1: the header reads {','.join(reader.fieldnames or [])[:100]!r}, not {','.join(COLUMNS)}"
                )
            for row in reader:
                where = f"{path}:{reader.line_num}"
                quote_, priced_at = _line(row, where)
                other = seen.setdefault((quote_.asset, quote_.source, priced_at), (row["usd"], reader.line_num))
                if other[0] != row["usd"]:
                    raise ConfigurationError(
                        f"{where}: {quote_.asset} of {quote_.source} has another price at that time in line {other[1]}"
                    )
                yield quote_, priced_at
    except (OSError, ValueError, csv.Error) as error:
        raise ConfigurationError(f"{path}: cannot be read as a price list: {error}") from error


def _line(row: dict[str | Any, Any], where: str) -> tuple[Quote, datetime]:
    if None in row or None in row.values():
        raise ConfigurationError(f"{where}: a row of other than {len(COLUMNS)} cells")
    asset, source = row["asset"], row["source"]
    if not asset or not source or source in (DEFILLAMA, NO_SOURCE):
        raise ConfigurationError(
            f"{where}: a price names its asset, and as source something else than {DEFILLAMA} and {NO_SOURCE}"
        )
    try:
        usd = _usd(row["usd"])
        if not _ISO.fullmatch(row["priced_at"]):
            raise ValueError("not YYYY-MM-DD, with or without THH:MM:SS and a zone")
        moment = datetime.fromisoformat(row["priced_at"])
        priced_at = moment.replace(tzinfo=moment.tzinfo or UTC).astimezone(UTC)
    except (InvalidAmount, ValueError, OverflowError) as error:
        raise ConfigurationError(f"{where}: a price or time that is none: {error}") from error
    return _fitting(asset, source, usd, priced_at), priced_at


def _usd(text: str) -> Decimal:
    """A price as printed: more digits than are kept are rounded later, none is guessed."""
    return amounts.decimal(text, 60, 40)


#: Of rows without a price.
NO_SOURCE = "none"
_ISO = re.compile(r"\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d{1,6})?)?(?:Z|[+-]\d{2}:\d{2})?)?", re.ASCII)

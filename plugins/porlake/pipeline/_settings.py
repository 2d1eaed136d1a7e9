"""Everything that a run is told from outside: read here, once."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from porlake import amounts, served
from porlake.errors import ConfigurationError, InvalidAmount
from porlake.pipeline._dumps import dumps_of
from porlake.pipeline._endpoints import endpoints_of_environment, endpoints_of_file
from porlake.pipeline._mirrors import mirrors_of
from porlake.settings import CHECK_ABOVE, CHECK_SAMPLE, PARQUET, PROOF_SHARE, PUBLISHED_AS, Settings

TELL_EVERY = 5_000
"""Rows between two words about progress."""

#: Where a publisher's own verifier is named, by proof format.
VERIFIERS = {"okx_zk_v2": "PORLAKE_OKX_VALIDATOR"}

YEARS = range(2009, 2100)  # since there is a coin, and before a slip of the keyboard
_MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2})?(Z|[+-]\d{2}:\d{2})?", re.ASCII)


def read_settings(
    lake: str | Path | None = None,
    *,
    record: str | Path | None = None,
    replay: str | Path | None = None,
    price_file: str | Path | None = None,
    publish_as: str | None = None,
    environ: Mapping[str, str] = os.environ,
) -> Settings:
    """Settings from options, the environment and the file that PORLAKE_ENDPOINTS names. Raises ConfigurationError.

    An endpoint is taken, in this order, from PORLAKE_ENDPOINT_<NETWORK>, the TOML file, the registry. The variable may
    hold several URLs, separated by blanks or commas: they are asked in their order. What a second endpoint is asked
    again, in percent: PORLAKE_CHECK_SAMPLE of the accounts (1), PORLAKE_CHECK_ABOVE of an asset's sum and more at one
    account (0.1). A publisher's host is asked at the place that PORLAKE_MIRRORS names for it. What is proved:
    PORLAKE_PROOF_SHARE of each asset's amount, in percent too (95). The lake: PORLAKE_LAKE, a folder or the URL of an
    object store, whose credentials its client reads itself (AWS_ACCESS_KEY_ID ...); PORLAKE_CACHE holds what is fetched
    from there. PORLAKE_PAGE: `yes`, or the URL where the page will be served, where `publish` makes it, too.
    PORLAKE_PUBLISH_AS: as what marts are published, `parquet`, or `delta` for both.
    """
    if record and replay:
        raise ConfigurationError("a run is either recorded or replayed, not both")
    kind = publish_as or environ.get("PORLAKE_PUBLISH_AS") or PARQUET
    if kind not in PUBLISHED_AS:
        raise ConfigurationError(f"PORLAKE_PUBLISH_AS: {kind!r} is none of {', '.join(PUBLISHED_AS)}")
    root = str(lake or environ.get("PORLAKE_LAKE") or Path(environ.get("PORLAKE_HOME", "."), "data"))
    endpoints = endpoints_of_file(environ.get("PORLAKE_ENDPOINTS", "")) | endpoints_of_environment(environ)
    return Settings(
        lake=root,
        cache=str(environ.get("PORLAKE_CACHE") or ""),
        record=str(record or ""),
        replay=str(replay or ""),
        endpoints=endpoints,
        price_file=str(price_file or environ.get("PORLAKE_PRICES") or ""),
        check_sample=_share(environ, "PORLAKE_CHECK_SAMPLE", CHECK_SAMPLE),
        check_above=_share(environ, "PORLAKE_CHECK_ABOVE", CHECK_ABOVE),
        proof_share=_share(environ, "PORLAKE_PROOF_SHARE", PROOF_SHARE),
        dumps=dumps_of(environ),
        mirrors=mirrors_of(environ.get("PORLAKE_MIRRORS", "")),
        publish_as=kind,
        verifiers={scheme: environ[name] for scheme, name in VERIFIERS.items() if environ.get(name)},
        page=_page(environ.get("PORLAKE_PAGE", "")),
    )


def _share(environ: Mapping[str, str], name: str, default: Decimal) -> Decimal:
    if not environ.get(name):
        return default
    try:
        share = amounts.decimal(environ[name], 12, 9) / 100
    except InvalidAmount as error:
        raise ConfigurationError(f"{name}: {error}") from error
    if share > 1:
        raise ConfigurationError(f"{name}: {environ[name]} is more than 100 percent")
    return share


def _page(text: str) -> str:
    if text in ("", "yes") or served.is_address(text):
        return text
    raise ConfigurationError(f"PORLAKE_PAGE: {text!r} is neither yes nor an address (https://example.org/reserves/)")


def key_of(row: object) -> tuple[Any, ...]:
    """The dataset's key of a row, by which rows are written."""
    return tuple(getattr(row, name) for name in type(row).KEY)  # type: ignore[attr-defined]


def moment(text: str) -> datetime:
    """A moment as a person gives it, 2024-03-25T16:00 with its zone (Z or +08:00), in UTC. Raises
    ConfigurationError.
    """
    match = _MOMENT.fullmatch(text)
    try:
        at = datetime.fromisoformat(text) if match else None
        if at is not None and at.tzinfo is not None:
            if at.year not in YEARS:
                raise ConfigurationError(f"{text!r} is of no year in which an exchange published")
            return at.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise ConfigurationError(f"{text!r} is no moment: {error}") from error
    if at is not None:
        raise ConfigurationError(
            f"{text!r} names no zone: write {text}Z for UTC, or {text}+08:00 for a clock eight hours ahead of it"
        )
    raise ConfigurationError(
        f"{text!r} is not YYYY-MM-DDTHH:MM with a zone (2024-03-25T16:00Z, 2024-03-26T00:00+08:00)"
    )

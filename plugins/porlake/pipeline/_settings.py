"""Everything that a run is told from outside: read here, once."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from porlake import amounts, registry
from porlake.errors import ConfigurationError, InvalidAmount
from porlake.pipeline._dumps import dumps_of
from porlake.settings import CHECK_ABOVE, CHECK_SAMPLE, PROOF_SHARE, Settings
from porlake.transport import Endpoint

TELL_EVERY = 5_000
"""Rows between two words about progress."""

YEARS = range(2009, 2100)  # since there is a coin, and before a slip of the keyboard
_MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2})?(Z|[+-]\d{2}:\d{2})?", re.ASCII)


def read_settings(
    lake: str | Path | None = None,
    *,
    record: str | Path | None = None,
    replay: str | Path | None = None,
    price_file: str | Path | None = None,
    environ: Mapping[str, str] = os.environ,
) -> Settings:
    """Settings from options, the environment and the file that PORLAKE_ENDPOINTS names. Raises ConfigurationError.

    An endpoint is taken, in this order, from PORLAKE_ENDPOINT_<NETWORK>, the TOML file, the registry. The variable may
    hold several URLs, separated by blanks or commas: they are asked in their order. What a second endpoint is asked
    again, in percent: PORLAKE_CHECK_SAMPLE of the accounts (1), PORLAKE_CHECK_ABOVE of an asset's sum and more at one
    account (0.1). What is proved: PORLAKE_PROOF_SHARE of each asset's amount, in percent too (95).
    """
    if record and replay:
        raise ConfigurationError("a run is either recorded or replayed, not both")
    root = str(lake or environ.get("PORLAKE_LAKE") or Path(environ.get("PORLAKE_HOME", "."), "data"))
    if "://" in root:
        raise ConfigurationError(
            f"{root.split('://')[0]}://: the lake lies in a local folder; object stores are not read yet"
        )
    endpoints = _endpoints_of_file(environ.get("PORLAKE_ENDPOINTS", "")) | _endpoints_of_environment(environ)
    return Settings(
        lake=root,
        record=str(record or ""),
        replay=str(replay or ""),
        endpoints=endpoints,
        price_file=str(price_file or environ.get("PORLAKE_PRICES") or ""),
        check_sample=_share(environ, "PORLAKE_CHECK_SAMPLE", CHECK_SAMPLE),
        check_above=_share(environ, "PORLAKE_CHECK_ABOVE", CHECK_ABOVE),
        proof_share=_share(environ, "PORLAKE_PROOF_SHARE", PROOF_SHARE),
        dumps=dumps_of(environ),
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


def _endpoints_of_environment(environ: Mapping[str, str]) -> dict[str, tuple[Mapping[str, Any], ...]]:
    networks = registry.load().networks
    names = {f"PORLAKE_ENDPOINT_{network.upper()}": network for network in networks}
    if unknown := [name for name in environ if name.startswith("PORLAKE_ENDPOINT_") and name not in names]:
        raise ConfigurationError(f"{', '.join(sorted(unknown))}: no such network (`porlake networks` lists them)")
    return {
        network: tuple(_named(name, environ[name].strip()))
        for name, network in names.items()
        if environ.get(name, "").strip()
    }


def _named(variable: str, text: str) -> Iterator[Mapping[str, Any]]:
    """The endpoints of a variable; an error says which of its URLs is meant, and never a part of it."""
    urls = _BETWEEN.split(text)
    for number, url in enumerate(urls, 1):
        try:
            Endpoint(url)
        except ConfigurationError as error:
            raise ConfigurationError(f"{variable}{f', URL {number}' if len(urls) > 1 else ''}: {error}") from None
        yield {"url": url}


#: What separates two URLs; a comma inside of one stays there.
_BETWEEN = re.compile(r"\s*[\s,]\s*(?=(?:\w+\+)?(?:https?|tcp|ssl)://)")


def _endpoints_of_file(name: str) -> dict[str, tuple[Mapping[str, Any], ...]]:
    """The TOML file has a table a network: `[ethereum]` with `url = "..."`, or a list of URLs that share the rest.

    The rest is `headers = { name = "value" }`, `per_second`, `timeout`, `tries`, `in_flight`, as in
    `transport.Endpoint`. Endpoints that differ in it are tables of an array, `[[ethereum]]`, in their order.
    """
    if not name:
        return {}
    where = f"PORLAKE_ENDPOINTS: {shown(name)}"
    tables = _toml(where, Path(name))
    if unknown := set(tables) - set(registry.load().networks):
        raise ConfigurationError(f"{where}: {', '.join(map(shown, sorted(unknown)))}: no such network")
    return {
        network: tuple(
            endpoint
            for table in (found if isinstance(found, list) else [found])
            for endpoint in _of_table(f"{where}: [{network}]", table)
        )
        for network, found in tables.items()
    }


def _toml(where: str, path: Path) -> dict[str, Any]:
    """Raises ConfigurationError with the line, and without the text of it: it may be a key."""
    try:
        if path.exists() and not path.is_file():
            raise ConfigurationError(f"{where} is no file")
        with path.open("rb") as file:
            text = file.read(TOML_BYTES + 1)
        if len(text) > TOML_BYTES:
            raise ConfigurationError(f"{where} has more than {TOML_BYTES:,} bytes")
        return tomllib.loads(text.decode("utf-8"))
    except tomllib.TOMLDecodeError as error:
        line = re.search(r"at (?:line \d+|end of document)", str(error))
        raise ConfigurationError(f"{where} cannot be read as TOML{f' ({line[0]})' if line else ''}") from None
    except (OSError, ValueError, RecursionError) as error:
        raise ConfigurationError(
            f"{where} cannot be read: {getattr(error, 'strerror', None) or type(error).__name__}"
        ) from None


def _of_table(where: str, table: object) -> tuple[Mapping[str, Any], ...]:
    urls = table.get("url") if isinstance(table, dict) else None
    urls = [urls] if isinstance(urls, str) else urls
    if not isinstance(table, dict) or not isinstance(urls, list) or not urls:
        raise ConfigurationError(f'{where} has no url = "..."')
    if set(table) - _IN_A_TABLE:
        raise ConfigurationError(f"{where} holds something else than {', '.join(sorted(_IN_A_TABLE))}")
    found = tuple(table | {"url": url} for url in urls)
    try:
        for values in found:
            Endpoint(**values)
    except ConfigurationError as error:
        raise ConfigurationError(f"{where}: {error}") from None
    return found


_IN_A_TABLE = {"url", "headers", "per_second", "timeout", "tries", "pause", "in_flight"}
TOML_BYTES = 1 << 20


def shown(text: str) -> str:
    """A name that somebody gave, as it may stand in an error: on one line."""
    return text if text.isprintable() and len(text) <= 200 else repr(text[:200])


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

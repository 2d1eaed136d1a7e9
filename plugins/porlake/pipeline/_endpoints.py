"""Endpoints as the environment and the file that PORLAKE_ENDPOINTS names give them."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from porlake import registry
from porlake.errors import ConfigurationError
from porlake.transport import Endpoint

TOML_BYTES = 1 << 20
_IN_A_TABLE = {"url", "headers", "per_second", "timeout", "tries", "pause", "in_flight"}
#: What separates two URLs; a comma inside of one stays there.
_BETWEEN = re.compile(r"\s*[\s,]\s*(?=(?:\w+\+)?(?:https?|tcp|ssl)://)")


def endpoints_of_environment(environ: Mapping[str, str]) -> dict[str, tuple[Mapping[str, Any], ...]]:
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


def endpoints_of_file(name: str) -> dict[str, tuple[Mapping[str, Any], ...]]:
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


def shown(text: str) -> str:
    """A name that somebody gave, as it may stand in an error: on one line."""
    return text if text.isprintable() and len(text) <= 200 else repr(text[:200])

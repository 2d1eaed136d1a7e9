"""Everything that a run is told from outside: read here, once."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from porlake import registry
from porlake.chains import Dump
from porlake.errors import (
    ConfigurationError,
)
from porlake.lake import Lake
from porlake.pipeline._dumps import dumps_of
from porlake.progress import Tell, silent
from porlake.transport import Endpoint, Tape

TELL_EVERY = 5_000
"""Rows between two words about progress."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that a run is told from outside."""

    root: Path
    tape: Tape = field(default_factory=Tape.live)
    endpoints: Mapping[str, Endpoint] = field(default_factory=dict)
    price_file: Path | None = None
    progress: Tell = silent
    dumps: Mapping[str, Dump] = field(default_factory=dict)

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
    dumps: Mapping[str, Dump] | None = None,
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
        dumps=dumps_of(environ) | dict(dumps or {}),
    )


def with_dump(settings: Settings, network: str, place: str | None, written: str, hashes: Sequence[str], *, outpoints: bool) -> Settings:
    """The settings with one network's dump as a shell names it, or as it is set and with its coins. Raises ConfigurationError."""
    dump = Dump(place, written, tuple(hashes)) if place else settings.dumps.get(network)
    known = registry.load().networks.get(network)
    if (dump or outpoints) and known is not None and known.client != "bitcoin":
        raise ConfigurationError(f"{network}: its nodes write no set of all coins")
    if dump is None and outpoints:
        raise ConfigurationError("--outpoints needs the set of all coins: say where it lies with --dump")
    if dump is None:
        return settings
    return replace(settings, dumps={**settings.dumps, network: replace(dump, outpoints=dump.outpoints or outpoints)})


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


def key_of(row: object) -> tuple[Any, ...]:
    """The dataset's key of a row, by which rows are written."""
    return tuple(getattr(row, name) for name in type(row).KEY)  # type: ignore[attr-defined]

"""Everything that a run is told from outside: read here, once."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from porlake import amounts, chains, registry
from porlake.chains import Dump
from porlake.errors import ConfigurationError, InvalidAmount
from porlake.lake import Lake
from porlake.pipeline._dumps import dumps_of
from porlake.progress import Tell, silent
from porlake.transport import Endpoint, Recording

TELL_EVERY = 5_000
"""Rows between two words about progress."""

YEARS = range(2009, 2100)  # since there is a coin, and before a slip of the keyboard
_MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2})?(Z|[+-]\d{2}:\d{2})?", re.ASCII)

CHECK_SAMPLE, CHECK_ABOVE, PROOF_SHARE = Decimal("0.01"), Decimal("0.001"), Decimal("0.95")


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that a run is told from outside.

    Balances are read again from a second endpoint, where there is one: those of a share `check_sample` of the accounts,
    and all that hold at least the share `check_above` of what was read of their asset. `proof_share`: of the amount of
    each asset, how much is proved, the largest accounts first.
    """

    root: Path
    recording: Recording = field(default_factory=Recording.off)
    endpoints: Mapping[str, Endpoint | tuple[Endpoint, ...]] = field(default_factory=dict)
    price_file: Path | None = None
    progress: Tell = silent
    check_sample: Decimal = CHECK_SAMPLE
    check_above: Decimal = CHECK_ABOVE
    proof_share: Decimal = PROOF_SHARE
    dumps: Mapping[str, Dump] = field(default_factory=dict)

    @property
    def lake(self) -> Lake:
        return Lake(self.root)

    def endpoint(self, network: str) -> Endpoint | None:
        """The first of `endpoints_of`; None where there is none."""
        return next(iter(self.endpoints_of(network)), None)

    def endpoints_of(self, network: str) -> tuple[Endpoint, ...]:
        """Where a network is asked, in this order: as configured, else the registry's public default."""
        if network in self.endpoints:
            found = self.endpoints[network]
            return (found,) if isinstance(found, Endpoint) else found
        default = registry.load().networks[network].endpoint
        return (Endpoint(default),) if default else ()


def settings(
    lake: str | Path | None = None,
    *,
    record: str | Path | None = None,
    replay: str | Path | None = None,
    price_file: str | Path | None = None,
    endpoints: Mapping[str, Endpoint | tuple[Endpoint, ...]] | None = None,
    environ: Mapping[str, str] = os.environ,
    progress: Tell = silent,
    dumps: Mapping[str, Dump] | None = None,
) -> Settings:
    """Settings from options, the environment and the file that PORLAKE_ENDPOINTS names. Raises ConfigurationError.

    An endpoint is taken, in this order, from `endpoints` (Airflow connections), PORLAKE_ENDPOINT_<NETWORK>, the TOML
    file, the registry. The variable may hold several URLs, separated by blanks or commas: they are asked in their
    order. What a second endpoint is asked again, in percent: PORLAKE_CHECK_SAMPLE of the accounts (1),
    PORLAKE_CHECK_ABOVE of an asset's sum and more at one account (0.1). What is proved: PORLAKE_PROOF_SHARE of each
    asset's amount, in percent too (95).
    """
    if record and replay:
        raise ConfigurationError("a run is either recorded or replayed, not both")
    recording = (
        Recording.replay(Path(replay)) if replay else Recording.record(Path(record)) if record else Recording.off()
    )
    found = (
        _endpoints_of_file(environ.get("PORLAKE_ENDPOINTS", ""))
        | _endpoints_of_environment(environ)
        | dict(endpoints or {})
    )
    home = Path(environ.get("PORLAKE_HOME", "."))
    root, chosen = (
        str(lake or environ.get("PORLAKE_LAKE") or home / "data"),
        price_file or environ.get("PORLAKE_PRICES") or None,
    )
    if "://" in root:
        raise ConfigurationError(
            f"{root.split('://')[0]}://: the lake lies in a local folder; object stores are not read yet"
        )
    return Settings(
        root=Path(root),
        recording=recording,
        endpoints=found,
        price_file=Path(chosen) if chosen else None,
        progress=progress,
        check_sample=_share(environ, "PORLAKE_CHECK_SAMPLE", CHECK_SAMPLE),
        check_above=_share(environ, "PORLAKE_CHECK_ABOVE", CHECK_ABOVE),
        proof_share=_share(environ, "PORLAKE_PROOF_SHARE", PROOF_SHARE),
        dumps=dumps_of(environ) | dict(dumps or {}),
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


def with_dump(
    settings: Settings, network: str, place: str | None, written: str, hashes: Sequence[str], *, outpoints: bool
) -> Settings:
    """The settings with one network's dump as a shell names it, or as it is set and with its coins. Raises
    ConfigurationError.
    """
    dump = Dump(place, written, tuple(hashes)) if place else settings.dumps.get(network)
    known = registry.load().networks.get(network)
    if (dump or outpoints) and known is not None and not (known.is_read and chains.family(known).reads_dumps):
        raise ConfigurationError(f"{network}: its nodes write no set of all coins")
    if dump is None and outpoints:
        raise ConfigurationError("--outpoints needs the set of all coins: say where it lies with --dump")
    if dump is None:
        return settings
    return replace(settings, dumps={**settings.dumps, network: replace(dump, outpoints=dump.outpoints or outpoints)})


def _endpoints_of_environment(environ: Mapping[str, str]) -> dict[str, tuple[Endpoint, ...]]:
    networks = registry.load().networks
    names = {f"PORLAKE_ENDPOINT_{network.upper()}": network for network in networks}
    if unknown := [name for name in environ if name.startswith("PORLAKE_ENDPOINT_") and name not in names]:
        raise ConfigurationError(f"{', '.join(sorted(unknown))}: no such network (`porlake networks` lists them)")
    return {
        network: tuple(_named(name, environ[name].strip()))
        for name, network in names.items()
        if environ.get(name, "").strip()
    }


def _named(variable: str, text: str) -> Iterator[Endpoint]:
    """The endpoints of a variable; an error says which of its URLs is meant, and never a part of it."""
    urls = _BETWEEN.split(text)
    for number, url in enumerate(urls, 1):
        try:
            yield Endpoint(url)
        except ConfigurationError as error:
            raise ConfigurationError(f"{variable}{f', URL {number}' if len(urls) > 1 else ''}: {error}") from None


#: What separates two URLs; a comma inside of one stays there.
_BETWEEN = re.compile(r"\s*[\s,]\s*(?=(?:\w+\+)?(?:https?|tcp|ssl)://)")


def _endpoints_of_file(name: str) -> dict[str, tuple[Endpoint, ...]]:
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


def _of_table(where: str, table: object) -> tuple[Endpoint, ...]:
    urls = table.get("url") if isinstance(table, dict) else None
    urls = [urls] if isinstance(urls, str) else urls
    if not isinstance(table, dict) or not isinstance(urls, list) or not urls:
        raise ConfigurationError(f'{where} has no url = "..."')
    if set(table) - _IN_A_TABLE:
        raise ConfigurationError(f"{where} holds something else than {', '.join(sorted(_IN_A_TABLE))}")
    try:
        return tuple(Endpoint(**(table | {"url": url})) for url in urls)
    except ConfigurationError as error:
        raise ConfigurationError(f"{where}: {error}") from None


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

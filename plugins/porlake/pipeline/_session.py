"""What a run works with: the lake, the recording, endpoints and dumps, opened once from plain settings."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path

from porlake import chains, observation, registry, sources
from porlake.chains import Dump
from porlake.errors import ConfigurationError
from porlake.lake import Lake
from porlake.pipeline._settings import read_settings
from porlake.progress import Tell, silent
from porlake.settings import CHECK_ABOVE, CHECK_SAMPLE, PARQUET, PROOF_SHARE, Settings
from porlake.transport import Endpoint, Recording, Web


@dataclass(frozen=True, slots=True)
class Session:
    """A run's lake, recording and endpoints; shares as in `Settings`, `workers` as in `observation.Run`. The lake is
    opened once; `run` is what an observation is told of all this.

    `root`: the lake's folder; of a lake at the URL `store` (credentials in `keys`, else those of the environment) what
    this machine keeps of it, a folder below `cache`.
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
    mirrors: Mapping[str, str] = field(default_factory=dict)
    verifiers: Mapping[str, str] = field(default_factory=dict)
    store: str = ""
    cache: str = ""
    keys: Mapping[str, str] = field(default_factory=dict, repr=False, compare=False)
    publish_as: str = PARQUET
    page: str = ""
    workers: int = 1
    lake: Lake = field(init=False, compare=False)
    run: observation.Run = field(init=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "lake", Lake(self.store or self.root, self.cache or None, self.keys))
        object.__setattr__(self, "root", self.lake.root if self.store else self.root)
        run = observation.Run(
            self.lake, self.recording, self.endpoints, self.progress, self.check_sample, self.check_above,
            self.proof_share, self.dumps, self.workers,
        )  # fmt: skip
        object.__setattr__(self, "run", run)

    def endpoint(self, network: str) -> Endpoint | None:
        """The first of `endpoints_of`; None where there is none."""
        return next(iter(self.endpoints_of(network)), None)

    def endpoints_of(self, network: str) -> tuple[Endpoint, ...]:
        """Where a network is asked, in this order: as configured, else the registry's public default."""
        return observation.endpoints_of(self.endpoints, network)

    def web(self, exchange: str) -> Web:
        """The hosts of a publisher, for one look at it. Raises KeyError for one that nobody looks at."""
        return Web(f"sources.{exchange}", sources.SOURCES[exchange].HOSTS, self.recording, self.mirrors)


def open_session(settings: Settings, progress: Tell = silent, keys: Mapping[str, str] | None = None) -> Session:
    """Opens what the settings name; `keys`: see `Session`. Raises ConfigurationError, NotRecorded."""
    is_store = "://" in settings.lake
    return Session(
        root=Path() if is_store else Path(settings.lake),
        store=settings.lake if is_store else "",
        cache=settings.cache,
        keys=keys or {},
        recording=_recording(settings, keys or {}),
        endpoints={
            network: tuple(Endpoint(**values) for values in found) for network, found in settings.endpoints.items()
        },
        price_file=Path(settings.price_file) if settings.price_file else None,
        progress=progress,
        check_sample=settings.check_sample,
        check_above=settings.check_above,
        proof_share=settings.proof_share,
        dumps={
            network: Dump(found.place, found.written, found.hashes, found.outpoints)
            for network, found in settings.dumps.items()
        },
        mirrors=settings.mirrors,
        verifiers=settings.verifiers,
        publish_as=settings.publish_as,
        page=settings.page,
    )


def _recording(settings: Settings, keys: Mapping[str, str]) -> Recording:
    """A recording in a folder, or in the lake's own object store. Raises ConfigurationError."""
    place = settings.replay or settings.record
    if not place:
        return Recording.off()
    if "://" not in place:
        return Recording.replay(Path(place)) if settings.replay else Recording.record(Path(place))
    found = Lake(settings.lake, settings.cache or None, keys).folder_at(place)
    if found is None:
        raise ConfigurationError("a recording lies in a folder, or below the URL of the lake")
    folder, keep = found
    return Recording.replay(folder) if settings.replay else Recording.record(folder, keep)


def session(
    lake: str | Path | None = None,
    *,
    record: str | Path | None = None,
    replay: str | Path | None = None,
    price_file: str | Path | None = None,
    endpoints: Mapping[str, Endpoint | tuple[Endpoint, ...]] | None = None,
    environ: Mapping[str, str] = os.environ,
    progress: Tell = silent,
    dumps: Mapping[str, Dump] | None = None,
    keys: Mapping[str, str] | None = None,
    publish_as: str | None = None,
) -> Session:
    """A session as `read_settings` reads it. `endpoints` (Airflow connections) and `dumps` come before what it reads;
    `keys`: credentials of the lake's object store, in place of the environment's. Raises ConfigurationError.
    """
    read = read_settings(
        lake, record=record, replay=replay, price_file=price_file, publish_as=publish_as, environ=environ
    )
    opened = open_session(read, progress, keys)
    return replace(opened, endpoints={**opened.endpoints, **(endpoints or {})}, dumps={**opened.dumps, **(dumps or {})})


def with_dump(
    session: Session, network: str, place: str | None, written: str, hashes: Sequence[str], *, outpoints: bool
) -> Session:
    """The session with one network's dump as a shell names it, or as it is set and with its coins. Raises
    ConfigurationError.
    """
    dump = Dump(place, written, tuple(hashes)) if place else session.dumps.get(network)
    known = registry.load().networks.get(network)
    if (dump or outpoints) and known is not None and not (known.is_read and chains.family(known).reads_dumps):
        raise ConfigurationError(f"{network}: its nodes write no set of all coins")
    if dump is None and outpoints:
        raise ConfigurationError("--outpoints needs the set of all coins: say where it lies with --dump")
    if dump is None:
        return session
    return replace(session, dumps={**session.dumps, network: replace(dump, outpoints=dump.outpoints or outpoints)})

"""What is installed, configured and missing, and how to mend it."""

from __future__ import annotations

import os
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from uuid import uuid4

from porlake import chains, registry, warehouse
from porlake.errors import PorlakeError
from porlake.pipeline import Session
from porlake.transport import Endpoint, Recording


@dataclass(frozen=True, slots=True)
class Check:
    """A finding of `doctor`; `optional` ones fail nothing."""

    what: str
    ok: bool
    found: str
    remedy: str
    optional: bool = False


def doctor(session: Session) -> list[Check]:
    """What is installed, configured and missing, and how to mend it. Endpoints are asked once, for a few seconds, all
    at the same time.
    """
    versions = [_version(name) for name in ("apache-airflow", "dbt-duckdb", "duckdb", "pyarrow", "coincurve")]
    return [
        Check(
            "Python",
            (3, 11) <= sys.version_info[:2] <= (3, 13),
            sys.version.split()[0],
            "porlake runs on Python 3.11 to 3.13",
        ),
        *versions,
        Check("registry", True, f"{len(registry.load().networks)} networks, {len(registry.load().labels)} labels", ""),
        kept(session) if session.store else _writable(session.root),
        Check(
            "tables",
            *_tables(session),
            "porlake run ..., or porlake build",
            optional=True,
        ),
        *_reached(session),
    ]


def _reached(session: Session) -> list[Check]:
    asked = [
        (network, endpoint)
        for network in registry.load().networks.values()
        if network.is_read
        for endpoint in session.endpoints_of(network.network)
    ]
    with ThreadPoolExecutor(max_workers=max(1, min(32, len(asked)))) as pool:
        return list(pool.map(lambda pair: _reachable(*pair), asked))


def _version(name: str) -> Check:
    try:
        return Check(name, True, metadata.version(name), "")
    except metadata.PackageNotFoundError:
        return Check(name, False, "not installed", "make setup")


def _tables(session: Session) -> tuple[bool, str]:
    try:
        database = warehouse.database_of(session.lake)
    except PorlakeError as error:
        return False, str(error)
    return database.exists(), str(database)


def kept(session: Session) -> Check:
    """Whether the lake's object store can be written, and refuses to replace what is another's: without that two
    writers would lose each other's rows.
    """
    lake, remedy = session.lake, "PORLAKE_LAKE=s3://bucket/prefix?endpoint=https://... and AWS_ACCESS_KEY_ID ..."
    key = f"probe/{uuid4().hex}"
    try:
        first = lake.store.put_if_absent(key, b"one")
        again = lake.store.put_if_absent(key, b"two")
        stored = lake.store.read(key)
        tag = stored.tag if stored else ""
        swapped = lake.store.swap(key, b"three", tag)
        overtaken = lake.store.swap(key, b"four", tag)
        lake.store.delete(key)
    except PorlakeError as error:
        return Check("lake", False, str(error), remedy)
    if (first, again, swapped, overtaken) != (True, False, True, False):
        found = f"{lake.where()}: it does not keep to If-None-Match and If-Match, and one writer would undo another's"
        return Check("lake", False, found, "an S3 store with conditional writes")
    return Check("lake", True, f"{lake.where()}, what is fetched lies in {lake.root}", "")


def _writable(root: Path) -> Check:
    place = next(path for path in (root, *root.absolute().parents) if path.exists())
    return Check(
        "lake", os.access(place, os.W_OK), str(root), "choose a folder that can be written: PORLAKE_LAKE or --lake"
    )


def _reachable(network: registry.Network, endpoint: Endpoint) -> Check:
    what = f"endpoint of {network.network}"
    remedy = f"PORLAKE_ENDPOINT_{network.network.upper()}=https://..."
    try:
        head = chains.open_client(network, endpoint.brief, Recording.off()).head()
    except PorlakeError as error:
        return Check(what, False, str(error), remedy, optional=True)
    return Check(what, True, f"{endpoint.host}: head at {head.height:,}", "", optional=True)

"""The archive: the bytes of published files by their sha256, and what was true when they first arrived."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO

from porlake.errors import Damaged, LakeError, MissingPartition
from porlake.lake.partition import check_bytes, json_bytes, json_of
from porlake.lake.store import Store, written

AGAIN = "archive the published file again (`porlake run EXCHANGE --report FILE`)"
FOLDER = "raw"


def keep(store: Store, stream: BinaryIO, facts: Mapping[str, Any]) -> str:
    """Keep the bytes of `stream` under their sha256, which is returned; the `facts` beside them are those of the first
    time. What lies there already is replaced by the same bytes, which mends it where it was damaged. Raises LakeError.
    """
    with store.alone(FOLDER):
        folder, digest = store.workspace(FOLDER), hashlib.sha256()
        try:
            with written(store.where(FOLDER)), (folder / "part").open("wb") as out:
                for chunk in _read_through(stream):
                    digest.update(chunk)
                    out.write(chunk)
                out.flush()
                os.fsync(out.fileno())
            name = digest.hexdigest()
            (folder / "part").chmod(0o600)
            store.put_file(f"{FOLDER}/{name}", folder / "part")
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        key = f"{FOLDER}/{name}.json"
        if not store.put_if_absent(key, json_bytes(facts)) and _facts_of(store, name) is None:
            stored = store.read(key)  # damaged
            store.swap(key, json_bytes(facts), stored.tag if stored else None)
        return name


def first_facts(store: Store, sha256: str) -> Mapping[str, Any]:
    """The facts of the time when these bytes first arrived. Raises Damaged where they cannot be read."""
    facts = _facts_of(store, sha256)
    if facts is None:
        where = store.where(f"{FOLDER}/{sha256}.json")
        raise Damaged(f"{where}: not the facts of a file's arrival; archive the file again")
    return facts


def _facts_of(store: Store, name: str) -> Mapping[str, Any] | None:
    """None where nothing lies there, and for what `keep` does not write."""
    stored = store.read(f"{FOLDER}/{name}.json")
    try:
        facts = json_of(stored.content) if stored else None
    except ValueError:
        return None
    return facts if isinstance(facts, dict) else None


def open_raw(store: Store, sha256: str) -> BinaryIO:
    """The bytes of a published file, checked against their name. Raises MissingPartition, Damaged."""
    key = f"{FOLDER}/{sha256}"
    try:
        stream = store.open(key)
    except MissingPartition as error:
        raise MissingPartition(f"the archive has no file {sha256}") from error
    try:
        check_bytes(store, key, sha256, AGAIN)
    except LakeError:
        stream.close()
        raise
    return stream


def check_file(store: Store, key: str) -> None:
    """One file of the archive, read whole. Raises Damaged."""
    name = Path(key).name
    if name.endswith(".json"):
        first_facts(store, name.removesuffix(".json"))
    else:
        check_bytes(store, key, name, AGAIN, anew=True)


def _read_through(stream: BinaryIO) -> Iterator[bytes]:
    """Raises LakeError where the source fails: its failure is not the lake's disk's."""
    while True:
        try:
            chunk = stream.read(1 << 20)
        except OSError as error:
            raise LakeError(
                f"{getattr(stream, 'name', 'the file')}: cannot be read: {error.strerror or error}"
            ) from error
        if not chunk:
            return
        yield chunk

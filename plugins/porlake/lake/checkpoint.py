"""What a stage has finished of long work: small parts that outlive the process, beside the partition that they are for.

No reader takes them for data. In a lake on an object store they lie there too: whoever goes on, on whatever machine,
has them.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from porlake.lake.store import Store, written


@dataclass(frozen=True, slots=True)
class Below:
    """A folder of a store that is no folder of this machine."""

    store: Store
    prefix: str

    def __truediv__(self, name: str) -> Below:
        return Below(self.store, f"{self.prefix}/{name}")


class Scratch:
    """Finished parts of long work, each a small file that is whole or not there; they outlive the process."""

    def __init__(self, folder: Path | Below) -> None:
        self._folder = folder

    def keep(self, name: str, content: bytes) -> None:
        """Raises LakeError."""
        part, folder = hashlib.sha256(content).digest() + content, self._folder
        if isinstance(folder, Below):
            folder.store.put(f"{folder.prefix}/{name}", part)
            return
        with written(folder):
            folder.mkdir(parents=True, exist_ok=True)
            aside = folder / f".{name}.{os.getpid()}"
            aside.write_bytes(part)
            aside.replace(folder / name)

    def parts(self) -> Iterator[tuple[str, bytes]]:
        """(name, content) of what is whole; a file that a crash has torn is none."""
        for name, part in self._all():
            if part[:32] == hashlib.sha256(part[32:]).digest():
                yield name, part[32:]

    def _all(self) -> Iterator[tuple[str, bytes]]:
        folder = self._folder
        if isinstance(folder, Path):
            for path in sorted(folder.glob("[!.]*")):
                yield path.name, path.read_bytes()
            return
        for key in folder.store.list(folder.prefix):
            stored = folder.store.read(key)
            if stored is not None:
                yield key.rpartition("/")[2], stored.content


def forget(folder: Path | Below) -> None:
    """Remove scratch that is no longer needed."""
    if isinstance(folder, Below):
        folder.store.delete_folder(folder.prefix)
    else:
        shutil.rmtree(folder, ignore_errors=True)

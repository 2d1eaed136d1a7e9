"""What a stage has finished of long work: small parts that outlive the process, in a folder of the machine that works.

They are no data of the lake: a worker that goes on on another machine reads anew.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from porlake.lake.store import written


class Scratch:
    """Finished parts of long work, each a small file that is whole or not there; they outlive the process."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def keep(self, name: str, content: bytes) -> None:
        """Raises LakeError."""
        with written(self._folder):
            self._folder.mkdir(parents=True, exist_ok=True)
            aside = self._folder / f".{name}.{os.getpid()}"
            aside.write_bytes(hashlib.sha256(content).digest() + content)
            aside.replace(self._folder / name)

    def parts(self) -> Iterator[tuple[str, bytes]]:
        """(name, content) of what is whole; a file that a crash has torn is none."""
        for path in sorted(self._folder.glob("[!.]*")):
            kept = path.read_bytes()
            if kept[:32] == hashlib.sha256(kept[32:]).digest():
                yield path.name, kept[32:]


def forget(folder: Path) -> None:
    """Remove scratch that is no longer needed."""
    shutil.rmtree(folder, ignore_errors=True)

"""What results depend on beside what is read: code, the registry's rows, libraries."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from importlib import import_module, metadata
from pathlib import Path

from porlake.registry.loader import FOLDER, own_folders


def state(packages: Iterable[str], libraries: Iterable[str]) -> str:
    """A hash of the code of some packages, of the registry's rows with those of one's own, and of the libraries'
    versions.
    """
    digest = hashlib.sha256()
    places = [(Path(str(import_module(package).__file__)).parent, "**/*.py") for package in packages]
    places += [(folder, "*.csv") for folder in (FOLDER, *own_folders())]
    for folder, pattern in places:
        for path in sorted(folder.glob(pattern)):
            content = path.read_bytes()
            digest.update(f"{path.relative_to(folder).as_posix()} {len(content)}\n".encode() + content)
        digest.update(b"\n")
    for name in libraries:
        digest.update(f"{name} {metadata.version(name)}\n".encode())
    return digest.hexdigest()

"""What verdicts depend on beside the evidence: the code of the rules, the registry's rows, the libraries."""

from __future__ import annotations

import hashlib
from importlib import import_module, metadata
from pathlib import Path

from porlake import registry

ROOMS = ("ownership", "addresses", "encoding", "registry")
"""Their code and the registry's rows decide a verdict."""

LIBRARIES = (
    "coincurve", "pynacl", "py-arkworks-bls12381", "crypto-cpp-py", "pycryptodome", "safe-pysha3", "bitcoinlib",
)  # fmt: skip


def rules() -> str:
    """A hash that is another one when any of it is: verdicts of equal evidence under equal rules are equal."""
    digest = hashlib.sha256()
    places = [(Path(str(import_module(f"porlake.{room}").__file__)).parent, "**/*.py") for room in ROOMS]
    places += [(folder, "*.csv") for folder in (registry.FOLDER, *registry.own_folders())]
    for folder, pattern in places:
        for path in sorted(folder.glob(pattern)):
            content = path.read_bytes()
            digest.update(f"{path.relative_to(folder).as_posix()} {len(content)}\n".encode() + content)
        digest.update(b"\n")
    for name in LIBRARIES:
        digest.update(f"{name} {metadata.version(name)}\n".encode())
    return digest.hexdigest()

"""What verdicts depend on beside the evidence: the code of the rules, the registry's rows, the libraries."""

from __future__ import annotations

from porlake import registry

ROOMS = ("ownership", "addresses", "encoding", "registry")
"""Their code and the registry's rows decide a verdict."""

LIBRARIES = (
    "coincurve", "pynacl", "py-arkworks-bls12381", "crypto-cpp-py", "pycryptodome", "safe-pysha3", "bitcoinlib",
)  # fmt: skip


def rules() -> str:
    """A hash that is another one when any of it is: verdicts of equal evidence under equal rules are equal."""
    return registry.state([f"porlake.{room}" for room in ROOMS], LIBRARIES)

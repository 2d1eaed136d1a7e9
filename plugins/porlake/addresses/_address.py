"""What every address form gives."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Address:
    """`text`: the one canonical spelling of the account; `payload`: the account's bytes, by which accounts are compared; `kind`: its form."""

    network: str
    text: str
    payload: bytes
    kind: str

"""What every address form gives."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Address:
    """`text`: the one canonical spelling of the account; `payload`: the account's bytes, by which accounts are
    compared; `kind`: its form.

    `remark`: '' or the code of what is unusual about the spelling that was read or the account: spelled_otherwise,
    anyone_can_spend.
    """

    network: str
    text: str
    payload: bytes
    kind: str
    remark: str = field(default="", compare=False)

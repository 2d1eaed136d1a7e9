"""Where the contracts NEO and GAS keep their balances, and how a value is written there.

neo-project/neo: src/Neo/SmartContract/Native/FungibleToken.cs (Prefix_TotalSupply, Prefix_Account, AccountState),
BinarySerializer.cs
"""

from __future__ import annotations

import base64
import binascii

from porlake import numbers
from porlake.errors import BadAnswer

SUPPLY, ACCOUNT = b"\x0b", b"\x14"
STRUCT, INTEGER = 0x41, 0x21
LONGEST = 32  # bytes of an integer


def written(key: bytes) -> str:
    """A key or value as nodes take and give it."""
    return base64.b64encode(key).decode()


def read(text: object, *, what: str) -> bytes:
    """Raises BadAnswer."""
    try:
        if type(text) is not str:
            raise ValueError
        return base64.b64decode(text, validate=True)
    except (ValueError, binascii.Error) as error:
        raise BadAnswer(f"{what}: {numbers.shown(text)} is no Base64") from error


def balance(value: bytes, *, what: str) -> int:
    """The first member of an account's state: a struct whose first member is an integer. Raises BadAnswer."""
    if len(value) < 4 or value[0] != STRUCT or not value[1] or value[2] != INTEGER or value[3] > LONGEST:
        raise BadAnswer(f"{what}: {value[:40].hex()} is no state of an account")
    digits = value[4 : 4 + value[3]]
    if len(digits) != value[3]:
        raise BadAnswer(f"{what}: a state of an account that ends early")
    return numbers.whole(int.from_bytes(digits, "little", signed=True), what=what)

"""The STARK curve: Pedersen hash and ECDSA, by StarkWare's own library.
https://docs.starknet.io/architecture/cryptography

The library is loaded on first use: it takes a third of a second, and few files have a row that needs it. It lets the
interpreter go.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from types import ModuleType
from typing import cast

from porlake.encoding.keccak import keccak256

FIELD = 2**251 + 17 * 2**192 + 1
ORDER = 0x800000000000010FFFFFFFFFFFFFFFFB781126DCAE7B2321E66A241ADC64D2F
BOUND = 2**251  # of what is signed, of r and of the inverse of s
SHORT_STRING = 31
_NUMBER = re.compile(r"[0-9]{1,77}|0[xX][0-9a-fA-F]{1,64}")


def pedersen(left: int, right: int) -> int:
    """The hash of two elements of the field."""
    return int(_library().cpp_hash(left, right))


def chain(values: Sequence[int], start: int = 0) -> int:
    """The hash of a list, without its length."""
    for value in values:
        start = pedersen(start, value)
    return start


def list_hash(values: Sequence[int]) -> int:
    """The hash of a list and its length: compute_hash_on_elements."""
    return pedersen(chain(values), len(values))


def selector(name: str) -> int:
    """The low 250 bits of the Keccak-256 of a name."""
    return int.from_bytes(keccak256(name.encode()), "big") & (1 << 250) - 1


def short_string(text: str) -> int:
    """A text as one element: the number that it reads as, else its ASCII bytes. Raises ValueError for what does not
    fit.
    """
    if _NUMBER.fullmatch(text):
        number = int(text, 16 if text[:2] in ("0x", "0X") else 10)
    elif len(text) > SHORT_STRING or not text.isascii():
        raise ValueError(f"{text[:100]!r} is no short string: at most {SHORT_STRING} characters of ASCII")
    else:
        number = int.from_bytes(text.encode(), "big")
    if number >= FIELD:
        raise ValueError(f"{text!r} is more than an element of the field")
    return number


def signed(key: int, digest: int, r: int, s: int) -> bool:
    """Whether the key whose x is given, with either y, made the signature."""
    if not (0 < r < BOUND and 0 < s < ORDER and 0 <= digest < BOUND and 0 < key < FIELD):
        return False
    inverse = pow(s, -1, ORDER)
    return inverse < BOUND and bool(_library().cpp_verify(digest, r, inverse, key))


@cache
def _library() -> ModuleType:
    from crypto_cpp_py import cpp_bindings

    return cast(ModuleType, cpp_bindings)

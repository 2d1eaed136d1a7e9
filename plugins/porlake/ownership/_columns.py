"""The columns of a row, as every scheme reads them: signatures by their place, texts of bytes, what the labels say.

What cannot be read is named by its column and then by what is wrong: signature_bad_length, key_bad_hex,
owner_bad_checksum.
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from porlake import registry
from porlake.encoding import base58
from porlake.errors import InvalidAddress, InvalidSignature, NoKey, NoRule
from porlake.model import Evidence

_HEX = re.compile(r"(?:0[xX])?([0-9a-fA-F]*)")


# --- signatures -------------------------------------------------------------------------------------------------------
def signature(row: Evidence, column: int) -> str:
    """The text in a signature column, counted from 0. Raises InvalidSignature (no_signature1 and so on) where it is
    empty.
    """
    text = row.signatures[column] if column < len(row.signatures) else ""
    if not text:
        raise InvalidSignature(f"no_signature{column + 1}", f"signature column {column + 1} is empty")
    return text


# --- texts of bytes ---------------------------------------------------------------------------------------------------
@contextmanager
def of(column: str) -> Iterator[None]:
    """What cannot be read inside is named by its column. Raises InvalidSignature."""
    try:
        yield
    except (NoKey, NoRule):
        raise
    except (InvalidAddress, InvalidSignature) as error:
        raise InvalidSignature(f"{column}_{error.code}", error.why) from error


def from_hex(text: str, size: int = -1) -> bytes:
    """The bytes of hex digits, 0x before them or not, where `size` is given so many. Raises InvalidSignature (bad_hex,
    bad_length).
    """
    match = _HEX.fullmatch(text.strip())
    if match is None:
        raise InvalidSignature("bad_hex", f"no hex digits: {text[:200]!r}")
    if size >= 0 and len(match[1]) != 2 * size:
        raise InvalidSignature("bad_length", f"{len(match[1])} hex digits; {size} bytes have {2 * size}")
    if len(match[1]) % 2:
        raise InvalidSignature("bad_hex", f"{len(match[1])} hex digits are no whole bytes")
    return bytes.fromhex(match[1])


def from_base64(text: str, size: int = -1) -> bytes:
    """The bytes of base64, where `size` is given so many. Raises InvalidSignature (bad_base64, bad_length)."""
    try:
        raw = binascii.a2b_base64(text.strip(), strict_mode=True)
    except ValueError as error:
        raise InvalidSignature("bad_base64", f"no base64: {text[:200]!r}") from error
    if size >= 0 and len(raw) != size:
        raise InvalidSignature("bad_length", f"{len(raw)} bytes, not {size}")
    return raw


def from_base58(text: str, size: int) -> bytes:
    """Raises InvalidSignature (bad_length), InvalidAddress (bad_base58)."""
    raw = base58.decode(text.strip()) if len(text) <= 2 * size else b""
    if len(raw) != size:
        raise InvalidSignature("bad_length", f"{len(raw)} bytes, not {size}")
    return raw


def from_any(text: str, size: int, usual: Callable[[str, int], bytes]) -> bytes:
    """`size` bytes in their usual spelling; else in hex, in base58, as OKX's first files had keys and signatures, or in
    base64.

    Raises InvalidSignature as the usual reading does.
    """
    try:
        return usual(text, size)
    except InvalidSignature:
        for read in (from_hex, from_base58, from_base64):
            with suppress(InvalidSignature, InvalidAddress):
                return read(text, size)
        raise


# --- labels -----------------------------------------------------------------------------------------------------------
def remarks(row: Evidence) -> tuple[str, ...]:
    """As `remarked`, of a row."""
    return remarked(row.network, row.asset)


def remarked(network: str | None, asset: str | None) -> tuple[str, ...]:
    """`coin_and_network_differ` where the coin does not exist on the network that decides the scheme: no such coin can
    lie at the address.
    """
    if network and asset and registry.load().token(network, asset) is None:
        return ("coin_and_network_differ",)
    return ()

"""Custody addresses: text to the account's bytes and one canonical spelling, and derivation from a key or script.

One file an address form, nothing lists them; networks.csv says which form a network has. `parse` decodes: a checksum
that does not hold, or an address of another network, is refused, never matched by its looks.
"""

from __future__ import annotations

import pkgutil
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING

from porlake import registry
from porlake.addresses import evm, tron
from porlake.addresses._address import Address
from porlake.errors import InvalidAddress

if TYPE_CHECKING:
    import pyarrow as pa

    from porlake.encoding.fixed_width import Bytes, Mask

__all__ = ["CODES", "FORMS", "Address", "parse", "parse_column", "script_hashes", "with_same_key"]

_MODULES: dict[str, ModuleType] = {
    found.name: import_module(f"{__name__}.{found.name}")
    for found in pkgutil.iter_modules(__path__)
    if not found.name.startswith("_")
}

#: The forms by name: each module here with a function `parse`, whose name begins with no underscore.
FORMS: dict[str, Callable[[str, str], Address]] = {
    name: module.parse for name, module in sorted(_MODULES.items()) if hasattr(module, "parse")
}

#: Every code that an InvalidAddress of `parse` may carry: the column that is meant, then what is wrong with its text.
CODES = frozenset(
    f"address_{code}"
    for code in (
        "bad_base58",
        "bad_checksum",
        "wrong_version",
        "wrong_network",
        "bad_bech32",
        "bad_base32",
        "bad_hex",
        "bad_length",
        "bad_form",
        "bad_key",
        "bad_workchain",
    )
)

LONGEST = 200

#: Forms whose texts are bech32 or like it, in lower case (`IN_LOWER_CASE`); other cases are taken, and flagged.
_IN_LOWER_CASE = frozenset(name for name, module in _MODULES.items() if getattr(module, "IN_LOWER_CASE", False))


def parse(network: str, text: str) -> Address:
    """The account that `text` names on `network`. Raises InvalidAddress with one of CODES."""
    if not text or len(text) > LONGEST:
        raise InvalidAddress("address_bad_length", f"an address of {len(text)} characters")
    if not text.isascii() or not text.isprintable() or " " in text:
        raise InvalidAddress("address_bad_form", f"{text!r} has characters that no address has")
    form = registry.load().networks[network].address_form
    try:
        address = FORMS[form](text, network)
    except InvalidAddress as error:
        raise InvalidAddress(f"address_{error.code}", error.why) from error
    if address.text != text and form in _IN_LOWER_CASE and address.text == text.lower():
        return replace(address, remark="spelled_otherwise")
    return address


def parse_column(network: str, texts: pa.StringArray) -> tuple[pa.StringArray, Mask]:
    """(canonical spellings, for which of them `parse` raises nothing and remarks nothing); `texts` without nulls. The
    other spellings mean nothing: they are for `parse`.
    """
    from porlake.addresses import _column

    return _column.parse_column(network, texts)


def script_hashes(network: str, texts: pa.StringArray, kind: str) -> tuple[Bytes, Mask]:
    """See `_column.script_hashes`."""
    from porlake.addresses import _column

    return _column.script_hashes(network, texts, kind)


def with_same_key(network: str, text: str) -> Address:
    """The account on `network` that `text` names there, or that has the key of the one which it names on Tron or on
    Ethereum: a key has the same 20 bytes on both. Raises InvalidAddress with one of CODES.
    """
    try:
        return parse(network, text)
    except InvalidAddress:
        form = registry.load().networks[network].address_form
        if form == "evm":
            with suppress(InvalidAddress):
                return evm.of(network, parse("tron", text).payload)
        if form == "tron":
            with suppress(InvalidAddress):
                return tron.of(network, parse("ethereum", text).payload)
        raise

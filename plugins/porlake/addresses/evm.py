"""EVM accounts: 20 bytes in hex, and the other spellings that some networks use for them.

The canonical text is lower case; EIP-55's checksum (https://eips.ethereum.org/EIPS/eip-55) is optional and told by
`checksum_holds`.
"""

from __future__ import annotations

import re

from porlake.addresses import conflux, filecoin
from porlake.addresses._address import Address
from porlake.encoding import bech32
from porlake.encoding.keccak import keccak256
from porlake.errors import InvalidAddress

HRP = {"oktc": "ex", "platon": "lat", "iotex": "io", "evmos": "evmos", "zilliqa": "zil"}

_HEX = re.compile(r"(?:0[xX])?([0-9a-fA-F]{40})")
_XDC = re.compile(r"xdc([0-9a-fA-F]{40})")
_HEXLIKE = re.compile(r"0[xX][0-9a-fA-F]*|[0-9a-fA-F]{30,}")


def parse(text: str, network: str) -> Address:
    """Raises InvalidAddress (bad_length, bad_form, and those of the network's other spelling)."""
    if match := _HEX.fullmatch(text):
        return of(network, bytes.fromhex(match[1]))
    hrp = HRP.get(network, "")
    if hrp and text.lower().startswith(f"{hrp}1"):
        return _of_twenty(network, text, bech32.decode_bytes(text, hrp))
    if network == "xdc" and (match := _XDC.fullmatch(text)):
        return of(network, bytes.fromhex(match[1]))
    if network == "filecoin_evm" and text[:3] == "f41":
        return _of_twenty(network, text, filecoin.delegated(text))
    if network == "conflux_evm" and text[:4].lower() == "cfx:":
        return _of_twenty(network, text, conflux.decode(text))
    if _HEXLIKE.fullmatch(text):
        raise InvalidAddress("bad_length", f"{text!r} is hex, but not of 20 bytes")
    raise InvalidAddress("bad_form", f"{text!r} is no EVM address")


def of(network: str, account: bytes) -> Address:
    return Address(network, "0x" + account.hex(), account, "evm")


def from_public_key(key: bytes) -> bytes:
    """The account of a 65-byte public key: the last 20 bytes of the Keccak-256 of its coordinates."""
    return keccak256(key[1:])[-20:]


def checksum_holds(text: str) -> bool:
    """Whether the letter case of an address is EIP-55's, or says nothing (all lower or all upper)."""
    digits = text[2:] if text[:2] in ("0x", "0X") else text
    if digits in (digits.lower(), digits.upper()):
        return True
    digest = keccak256(digits.lower().encode()).hex()
    return all(
        d.upper() == d if int(h, 16) > 7 else d.lower() == d
        for d, h in zip(digits, digest, strict=False)
        if d.isalpha()
    )


def _of_twenty(network: str, text: str, account: bytes) -> Address:
    if len(account) != 20:
        raise InvalidAddress("bad_length", f"{text!r} holds {len(account)} bytes, not 20")
    return of(network, account)

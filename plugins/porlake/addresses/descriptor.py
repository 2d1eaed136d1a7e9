"""Output descriptors: the script of an address as its wallet writes it. BIP-380 to 383,
https://github.com/bitcoin/bips/blob/master/bip-0380.mediawiki

BitMEX publishes `wpkh(xpub.../44/0/1/0/0)#2tapg52e` and `wsh(sortedmulti(3,xpub.../0/0,...))` beside its addresses. A
descriptor of one address is read: `pkh`, `wpkh` and `sh(wpkh)`; `multi`, `sortedmulti` and `pk` within `sh`, `wsh` and
`sh(wsh)`. A range (`/*`), Taproot (`tr`) and miniscript have no rule here.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from porlake.addresses import bitcoin
from porlake.addresses._address import Address
from porlake.encoding import bip32, keys
from porlake.encoding.script import CHECKMULTISIG, CHECKSIG, MOST_KEYS, MOST_PUSHED
from porlake.errors import InvalidAddress, NoRule

LONGEST = 4_000
"""Characters: 20 extended keys with their origins have some 3,500."""

_HEAD = re.compile(r"[a-z_]+\(")
_KEY = re.compile(r"(?:\[[0-9a-fA-F]{8}(?:/[0-9]{1,10}['hH]?){0,32}\])?([0-9A-Za-z]+)((?:/[0-9]{1,10}){0,32})")
_CHARSET = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
_INPUT = (
    "0123456789()[],'/*abcdefgh@:$%{}"
    "IJKLMNOPQRSTUVWXYZ&+-.;<=>?!^_|~"
    "ijklmnopqrstuvwxyzABCDEFGH`#\"\\ "
)  # fmt: skip
_GENERATOR = (0xF5DEE51989, 0xA9FDCA3312, 0x1BAB10E32D, 0x3706B1677A, 0x644D626FFD)


@dataclass(frozen=True, slots=True)
class Descriptor:
    """`script`: the redeem or witness script of `sh` and `wsh`, else the one key; `form`: how the address is made, as
    in p2sh-p2wsh.
    """

    form: str
    script: bytes

    def address(self, network: str) -> Address:
        """The address on a network. Raises InvalidAddress (wrong_network) where the network has no such form."""
        return _ADDRESSES[self.form](network, self.script)


_ADDRESSES: dict[str, Callable[[str, bytes], Address]] = {
    "p2pkh": bitcoin.p2pkh,
    "p2wpkh": bitcoin.p2wpkh,
    "p2sh-p2wpkh": bitcoin.p2sh_p2wpkh,
    "p2sh": bitcoin.p2sh,
    "p2wsh": bitcoin.p2wsh,
    "p2sh-p2wsh": bitcoin.p2sh_p2wsh,
}


def is_meant(text: str) -> bool:
    """Whether a text has the beginning of a descriptor: a word and a parenthesis."""
    return _HEAD.match(text.strip()) is not None


def read(text: str) -> Descriptor:
    """Raises InvalidAddress (bad_descriptor, bad_checksum, and those of keys: bad_key, bad_path, bad_base58 ...),
    NoRule (descriptor_range, descriptor_tr ...) for what has no rule here.
    """
    text = text.strip()
    if len(text) > LONGEST:
        raise InvalidAddress("bad_descriptor", f"{len(text):,} characters; at most {LONGEST:,} are read")
    body, separator, stated = text.partition("#")
    if separator and stated != checksum(body):
        raise InvalidAddress("bad_checksum", "the checksum behind # does not hold")
    name, inner = _call(body)
    if name == "sh" and is_meant(inner):
        nested, within = _call(inner)
        if nested == "wsh":
            return Descriptor("p2sh-p2wsh", _script(within, is_segwit=True))
        if nested == "wpkh":
            return Descriptor("p2sh-p2wpkh", _key(within, is_segwit=True))
    if name == "sh":
        redeem = _script(inner, is_segwit=False)
        if len(redeem) > MOST_PUSHED:
            raise InvalidAddress("bad_descriptor", f"a P2SH script of {len(redeem)} bytes cannot be spent")
        return Descriptor("p2sh", redeem)
    if name == "wsh":
        return Descriptor("p2wsh", _script(inner, is_segwit=True))
    if name == "wpkh":
        return Descriptor("p2wpkh", _key(inner, is_segwit=True))
    if name == "pkh":
        return Descriptor("p2pkh", _key(inner, is_segwit=False))
    raise NoRule(f"descriptor_{name}", f"a descriptor {name}(...) has no rule here")


def checksum(body: str) -> str:
    """The eight characters behind # of a descriptor without them. Raises InvalidAddress (bad_descriptor) for a
    character that no descriptor has.
    """
    symbols: list[int] = []
    groups: list[int] = []
    for letter in body:
        value = _INPUT.find(letter)
        if value < 0:
            raise InvalidAddress("bad_descriptor", f"{letter!r} stands in no descriptor")
        symbols.append(value & 31)
        groups.append(value >> 5)
        if len(groups) == 3:
            symbols.append(groups[0] * 9 + groups[1] * 3 + groups[2])
            groups = []
    if groups:
        symbols.append(groups[0] if len(groups) == 1 else groups[0] * 3 + groups[1])
    check = 1
    for value in [*symbols, *[0] * 8]:
        top = check >> 35
        check = (check & 0x7FFFFFFFF) << 5 ^ value
        for bit, generator in enumerate(_GENERATOR):
            check ^= generator if top >> bit & 1 else 0
    check ^= 1
    return "".join(_CHARSET[check >> 5 * (7 - at) & 31] for at in range(8))


def _call(text: str) -> tuple[str, str]:
    """(name, what stands between its parentheses) of name(...) and nothing behind it."""
    head = _HEAD.match(text)
    if head is None or not text.endswith(")"):
        raise InvalidAddress("bad_descriptor", f"{text[:4]!r}... is no name with something in parentheses")
    return head[0][:-1], text[head.end() : -1]


def _script(text: str, *, is_segwit: bool) -> bytes:
    """The script of multi, sortedmulti or pk. Raises NoRule for what else a script may be."""
    name, inner = _call(text)
    if name == "pk":
        key = _key(inner, is_segwit=is_segwit)
        return bytes([len(key)]) + key + bytes([CHECKSIG])
    if name not in ("multi", "sortedmulti"):
        raise NoRule(f"descriptor_{name}", f"a script {name}(...) has no rule here")
    count, *texts = inner.split(",")
    if not re.fullmatch(r"[1-9][0-9]?", count) or not int(count) <= len(texts) <= MOST_KEYS:
        raise InvalidAddress("bad_descriptor", f"{count[:20]!r} of {len(texts)} keys; 1 to {MOST_KEYS} are possible")
    found = [_key(each, is_segwit=is_segwit) for each in texts]
    if name == "sortedmulti":
        found.sort()
    pushes = b"".join(bytes([len(key)]) + key for key in found)
    return _number(int(count)) + pushes + _number(len(found)) + bytes([CHECKMULTISIG])


def _number(number: int) -> bytes:
    return bytes([0x50 + number]) if number <= 16 else bytes([1, number])


def _key(text: str, *, is_segwit: bool) -> bytes:
    """The public key of a key expression: hex, or an extended key with its path. The origin before it says nothing of
    the key.
    """
    if "*" in text:
        raise NoRule("descriptor_range", "a key with * is a range: it does not say which of its keys is meant")
    match = _KEY.fullmatch(text)
    if match is None:
        raise InvalidAddress("bad_descriptor", f"{text[:4]!r}... is no public key, or has a path that it cannot take")
    stated, path = match.groups()
    if re.fullmatch(r"(?:0[23][0-9a-fA-F]{64}|04[0-9a-fA-F]{128})", stated):
        if path or (is_segwit and len(stated) != 66):
            raise InvalidAddress("bad_descriptor", "a single key has no path, and in segwit no uncompressed form")
        keys.compressed(bytes.fromhex(stated))  # a point of the curve, or it raises
        return bytes.fromhex(stated)
    return bip32.child(stated, tuple(int(step) for step in path.split("/")[1:]))

"""Keys of secp256k1 made from a seeded generator, what they sign, and how signatures are spoiled."""

from __future__ import annotations

import base64
import random
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import coincurve

from made_rows import Case
from porlake.model import Evidence

ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
MESSAGES = ("I am an OKX address", "hello world", "OKC_DTT_AUP2025", "DTT_OKC_AA26", "я держу ключ 🔑", "x" * 300)


@dataclass(frozen=True)
class Key:
    secret: bytes

    @cached_property
    def private(self) -> coincurve.PrivateKey:
        return coincurve.PrivateKey(self.secret)

    @cached_property
    def short(self) -> bytes:
        return self.private.public_key.format()

    @cached_property
    def long(self) -> bytes:
        return self.private.public_key.format(compressed=False)

    def sign(self, digest: bytes) -> bytes:
        """r, s and the recovery id."""
        return self.private.sign_recoverable(digest, hasher=None)


def key(chance: random.Random) -> Key:
    return Key((chance.randrange(1, ORDER)).to_bytes(32, "big"))


def message(chance: random.Random) -> str:
    return chance.choice(MESSAGES)


def evidence(
    scheme: str,
    network: str,
    address: str,
    text: str,
    signatures: list[str],
    script: str = "",
    owners: tuple[str, ...] = (),
) -> Evidence:
    return Evidence(
        "okx",
        "r" * 64,
        1,
        None,
        network,
        None,
        "X",
        None,
        "wallet",
        scheme,
        address,
        text,
        [*signatures, "", ""][:2],
        script,
        list(owners),
    )


def high(raw: bytes) -> bytes:
    """The other spelling of a signature: n - s, under the other recovery id."""
    return raw[:32] + (ORDER - int.from_bytes(raw[32:64], "big")).to_bytes(32, "big") + bytes([raw[64] ^ 1])


def flipped(chance: random.Random, raw: bytes) -> bytes:
    """One bit of r or s turned."""
    at = chance.randrange(64 * 8)
    spoiled = bytearray(raw)
    spoiled[at // 8] ^= 1 << at % 8
    return bytes(spoiled)


def hexed(raw: bytes, add: int = 27) -> str:
    return "0x" + raw[:64].hex() + f"{raw[64] + add:02x}"


def compact(raw: bytes, first: int) -> str:
    return base64.b64encode(bytes([first + raw[64]]) + raw[:64]).decode()


def recovers(raw: bytes, digest: bytes) -> bool:
    try:
        coincurve.PublicKey.from_signature_and_message(raw, digest, hasher=None)
    except ValueError:
        return False
    return True


def mismatch(raw: bytes, digest: bytes, reason: str = "address_mismatch") -> str:
    """The reason of a signature that is not the expected key's: about half of all spoiled ones recover to no key at
    all.
    """
    return reason if recovers(raw, digest) else "bad_signature"


def changed_letter(chance: random.Random, text: str, alphabet: str, start: int = 0) -> str:
    at = chance.randrange(start, len(text))
    return text[:at] + chance.choice([letter for letter in alphabet if letter != text[at]]) + text[at + 1 :]


Mutation = Callable[[], Case]


def chosen(chance: random.Random, good: Case, mutations: list[Mutation]) -> Case:
    """The good row, or in about a third of the cases one of its mutations."""
    return chance.choice(mutations)() if chance.random() < 0.4 else good

"""Rows of evidence, and keys that sign them."""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import dataclass

import coincurve
import pytest

from porlake.addresses import bitcoin, evm, tron
from porlake.encoding.hashes import sha256, sha256d
from porlake.encoding.keccak import keccak256
from porlake.encoding.varint import with_length
from porlake.model import Evidence

MESSAGE = "I am an OKX address"
BITCOIN = b"Bitcoin Signed Message:\n"


@dataclass(frozen=True)
class Signer:
    """A key made from a text, and what it signs."""

    seed: str

    @property
    def key(self) -> coincurve.PrivateKey:
        return coincurve.PrivateKey(sha256(self.seed.encode()))

    @property
    def short(self) -> bytes:
        return self.key.public_key.format()

    @property
    def long(self) -> bytes:
        return self.key.public_key.format(compressed=False)

    @property
    def evm(self) -> str:
        return evm.of("ethereum", evm.from_public_key(self.long)).text

    @property
    def tron(self) -> str:
        return tron.of("tron", tron.from_public_key(self.long)).text

    def p2pkh(self, network: str = "bitcoin") -> str:
        return bitcoin.p2pkh(network, self.short).text

    def hex(self, digest: bytes, add: int = 27) -> str:
        raw = self.key.sign_recoverable(digest, hasher=None)
        return "0x" + raw[:64].hex() + f"{raw[64] + add:02x}"

    def okx_evm(self, message: str = MESSAGE) -> str:
        return self.hex(keccak256(b"\x19Ethereum Signed Message:\n32" + keccak256(message.encode())))

    def compact(self, message: str = MESSAGE, first: int = 31, header: bytes = BITCOIN) -> str:
        raw = self.key.sign_recoverable(sha256d(with_length(header) + with_length(message.encode())), hasher=None)
        return base64.b64encode(bytes([first + raw[64]]) + raw[:64]).decode()


@pytest.fixture
def signer() -> Callable[[str], Signer]:
    return Signer


@pytest.fixture
def row() -> Callable[..., Evidence]:
    def make(
        scheme: str,
        network: str,
        address: str,
        *signatures: str,
        message: str = MESSAGE,
        script: str = "",
        owners: tuple[str, ...] = (),
        holding: str = "wallet",
        exchange: str = "okx",
    ) -> Evidence:
        return Evidence(
            exchange,
            "r" * 64,
            1,
            None,
            network,
            None,
            "X",
            None,
            holding,
            scheme,
            address,
            message,
            list(signatures),
            script,
            list(owners),
        )

    return make


@pytest.fixture
def multisig() -> Callable[..., bytes]:
    def make(threshold: int, *keys: bytes) -> bytes:
        pushes = b"".join(bytes([len(key)]) + key for key in keys)
        return bytes([0x50 + threshold]) + pushes + bytes([0x50 + len(keys), 0xAE])

    return make

"""Made addresses of every form: an account of a number, which no key opens and nobody ever used.

made("solana", "...", 7)
"""

from __future__ import annotations

import base64
import hashlib
import zlib
from collections.abc import Callable

from porlake import addresses, registry
from porlake.addresses import bech32 as cosmos
from porlake.addresses import conflux, evm, icon, lisk, neo, nervos, sia, ss58, stacks, ton, tron
from porlake.addresses.filecoin import of_evm
from porlake.encoding import base58, bech32
from porlake.encoding.crc import crc16
from porlake.encoding.hashes import sha512_256


def _stellar(network: str, like: str, seed: bytes) -> str:
    data = b"\x30" + seed
    return base64.b32encode(data + crc16(data).to_bytes(2, "little")).decode()


def _icp(network: str, like: str, seed: bytes) -> str:
    return (zlib.crc32(seed[:28]).to_bytes(4, "big") + seed[:28]).hex()


def _nuls(network: str, like: str, seed: bytes) -> str:
    data = b"\x01\x00\x01" + seed[:20]
    check = 0
    for byte in data:
        check ^= byte
    return "NULSd" + base58.encode(data + bytes([check]))


def _name(network: str, like: str, seed: bytes) -> str:
    return "".join("abcdefghijklmnopqrstuvwxyz12345"[byte % 31] for byte in seed[:12])


FORMS: dict[str, Callable[[str, str, bytes], str]] = {
    "aelf": lambda network, like, seed: base58.encode_check(seed),
    "algorand": lambda network, like, seed: base64.b32encode(seed + sha512_256(seed)[-4:]).decode().rstrip("="),
    "aptos": lambda network, like, seed: "0x" + seed.hex(),
    "ark": lambda network, like, seed: base58.encode_check(b"\x17" + seed[:20]),
    "bech32": lambda network, like, seed: cosmos.of(network, seed[: len(addresses.parse(network, like).payload)]).text,
    "cardano": lambda network, like, seed: bech32.encode_bytes("addr", b"\x61" + seed[:28]),
    "casper": lambda network, like, seed: f"account-hash-{seed.hex()}",
    "conflux": lambda network, like, seed: conflux.encode(bytes([0x10 | seed[0] & 0x0F]) + seed[1:20]),
    "eos": _name,
    "evm": lambda network, like, seed: evm.of(network, seed[:20]).text,
    "filecoin": lambda network, like, seed: of_evm(seed[:20]),
    "flow": lambda network, like, seed: "0x" + seed[:8].hex(),
    "hedera": lambda network, like, seed: f"0.0.{int.from_bytes(seed[:5], 'big')}",
    "icon": lambda network, like, seed: icon.parse("hx" + seed[:20].hex(), network).text,
    "icp": _icp,
    "iota": lambda network, like, seed: "0x" + seed.hex(),
    "lisk": lambda network, like, seed: lisk.of(network, seed[:20]).text,
    "near": lambda network, like, seed: seed.hex(),
    "neo": lambda network, like, seed: neo.of(network, seed[:20]).text,
    "nervos": lambda network, like, seed: nervos.of(nervos.SECP256K1 + seed[:20]),
    "nuls": _nuls,
    "opaque": _name,
    "sia": lambda network, like, seed: sia.of(network, seed).text,
    "solana": lambda network, like, seed: base58.encode(seed),
    "ss58": lambda network, like, seed: ss58.encode(ss58.decode(like)[0], seed),
    "stacks": lambda network, like, seed: stacks.text_of(22, seed[:20]),
    "starknet": lambda network, like, seed: f"0x{int.from_bytes(seed, 'big') >> 8:064x}",
    "stellar": _stellar,
    "sui": lambda network, like, seed: "0x" + seed.hex(),
    "tezos": lambda network, like, seed: base58.encode_check(bytes.fromhex("06a19f") + seed[:20]),
    "ton": lambda network, like, seed: ton.of(network, 0, seed).text,
    "tron": lambda network, like, seed: tron.of(network, seed[:20]).text,
    "xrp": lambda network, like, seed: base58.encode_check(b"\x00" + seed[:20], base58.RIPPLE),
}


def made(network: str, like: str, number: int) -> str:
    """A canonical address of a network; `like`: any other of it, of the same kind. Raises LookupError for a form of
    which none are made.
    """
    seed = hashlib.sha256(f"made {network} {number}".encode()).digest()
    text = FORMS[registry.load().networks[network].address_form](network, like, seed)
    return addresses.parse(network, text).text

"""TON accounts: raw workchain:hash, or 36 bytes in base64. https://docs.ton.org/learn/overviews/addresses

The hash is that of the contract's first state: its code and its first data. For the wallets in use the code is known,
so that the accounts of a key can be told. Cells and their hashes: https://docs.ton.org/tvm.pdf section 3.1.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator
from dataclasses import dataclass

from porlake.addresses._address import Address
from porlake.encoding.crc import crc16
from porlake.encoding.hashes import sha256
from porlake.errors import InvalidAddress

BOUNCEABLE, NON_BOUNCEABLE, TEST_ONLY = 0x11, 0x51, 0x80
MASTERCHAIN, BASECHAIN = -1, 0
WORKCHAINS = (MASTERCHAIN, BASECHAIN)
"""Those that exist, of TON and of Venom: https://docs.ton.org/foundations/shards. An account of any other is
nobody's.
"""

_RAW = re.compile(r"(0|-?[1-9][0-9]{0,9}):([0-9a-fA-F]{64})")
_FRIENDLY = re.compile(r"[A-Za-z0-9_-]{48}|[A-Za-z0-9+/]{48}")


def parse(text: str, network: str) -> Address:
    """Raises InvalidAddress (bad_form, bad_checksum, wrong_network, bad_workchain)."""
    if match := _RAW.fullmatch(text):
        return _of_main_network(network, int(match[1]), bytes.fromhex(match[2]))
    if not _FRIENDLY.fullmatch(text):
        raise InvalidAddress("bad_form", f"{text!r} is neither raw nor 48 digits of base64")
    try:
        data = base64.b64decode(text.replace("-", "+").replace("_", "/"), validate=True)
    except binascii.Error as error:
        raise InvalidAddress("bad_form", f"{text!r} is no base64") from error
    if crc16(data[:34]) != int.from_bytes(data[34:], "big"):
        raise InvalidAddress("bad_checksum", f"the checksum of {text!r} does not hold")
    if data[0] not in (BOUNCEABLE, NON_BOUNCEABLE):
        raise InvalidAddress("wrong_network", f"{text!r} has tag {data[0]:#04x}: not of the main network")
    return _of_main_network(network, int.from_bytes(data[1:2], "big", signed=True), data[2:34])


def _of_main_network(network: str, workchain: int, digest: bytes) -> Address:
    if workchain not in WORKCHAINS:
        raise InvalidAddress(
            "bad_workchain", f"there is no workchain {workchain}: accounts lie in {BASECHAIN} and {MASTERCHAIN}"
        )
    return of(network, workchain, digest)


def friendly(payload: bytes) -> str:
    """An account's 33 bytes as 48 digits of base64: bounceable, of the main network."""
    data = bytes((BOUNCEABLE,)) + payload
    return base64.urlsafe_b64encode(data + crc16(data).to_bytes(2, "big")).decode()


def of(network: str, workchain: int, digest: bytes) -> Address:
    return Address(network, f"{workchain}:{digest.hex()}", workchain.to_bytes(1, "big", signed=True) + digest, "ton")


# --- wallet contracts -------------------------------------------------------------------------------------------------
SUBWALLET = 698983191
HIGHLOAD_V3_SUBWALLET, HIGHLOAD_V3_TIMEOUT = 4269, 43200
V5_WALLET_ID = 2147483409  # main network (-239), workchain 0, subwallet 0
MAINNET = -239


@dataclass(frozen=True, slots=True)
class Wallet:
    """The first state of a wallet contract: hash and depth of its code cell; `before` and `after`: the bits around the
    key in its data cell.
    """

    code: bytes
    depth: int
    before: str
    after: str = ""


def _bits(number: int, width: int) -> str:
    return f"{number % (1 << width):0{width}b}"


def _wallet(code: str, depth: int, before: str, after: str = "") -> Wallet:
    return Wallet(bytes.fromhex(code), depth, before, after)


_SEQNO = _bits(0, 32)
_NO_DICTIONARY = "0"

#: Those that OKX uses come first. Code hashes are those of the contracts' published code.
WALLETS = {
    "v3r2": _wallet(
        "84dafa449f98a6987789ba232358072bc0f76dc4524002a5d0918b9a75d2d599", 0, _SEQNO + _bits(SUBWALLET, 32)
    ),
    "highload_v3": _wallet(
        "11acad7955844090f283bf238bc1449871f783e7cc0979408d3f4859483e8525",
        6,
        "",
        _bits(HIGHLOAD_V3_SUBWALLET, 32) + _bits(0, 66) + _bits(HIGHLOAD_V3_TIMEOUT, 22),
    ),
    "v4r2": _wallet(
        "feb5ff6820e2ff0d9483e7e0d62c817d846789fb4ae580c878866d959dabd5c0",
        7,
        _SEQNO + _bits(SUBWALLET, 32),
        _NO_DICTIONARY,
    ),
    "v5r1": _wallet(
        "20834b7b72b112147e1b2fb457b84e74d1a30f04f737d4f62a668e9552d2b72f",
        6,
        "1" + _SEQNO + _bits(V5_WALLET_ID, 32),
        _NO_DICTIONARY,
    ),
    "highload_v2": _wallet(
        "9494d1cc8edf12f05671a1a9ba09921096eb50811e1924ec65c3c629fbb80812",
        4,
        _bits(SUBWALLET, 32) + _bits(0, 64),
        _NO_DICTIONARY,
    ),
    "v3r1": _wallet(
        "b61041a58a7980b946e8fb9e198e3c904d24799ffa36574ea4251c41a566f581", 0, _SEQNO + _bits(SUBWALLET, 32)
    ),
    "v4r1": _wallet(
        "64dd54805522c5be8a9db59cea0105ccf0d08786ca79beb8cb79e880a8d7322d",
        7,
        _SEQNO + _bits(SUBWALLET, 32),
        _NO_DICTIONARY,
    ),
    "v5_beta": _wallet(
        "f3d7ca53493deedac28b381986a849403cbac3d2c584779af081065af0ac4b93",
        0,
        _bits(0, 33) + _bits(MAINNET, 32) + _bits(0, 48),
        _NO_DICTIONARY,
    ),
    "v2r2": _wallet("fe9530d3243853083ef2ef0b4c2908c0abf6fa1c31ea243aacaa5bf8c7d753f1", 0, _SEQNO),
    "v2r1": _wallet("5c9a5e68c108e18721a07c42f9956bfb39ad77ec6d624b60c576ec88eee65329", 0, _SEQNO),
    "v1r3": _wallet("587cc789eff1c84f46ec3797e45fc809a14ff5ae24f1e0c7a6a99cc9dc9061ff", 0, _SEQNO),
    "v1r2": _wallet("d4902fcc9fad74698fa8e353220a68da0dcf72e32bcb2eb9ee04217c17d3062c", 0, _SEQNO),
    "v1r1": _wallet("a0cfc2c48aee16a271f2cfc0b7382d81756cecb1017d077faaab3bb602f6868c", 0, _SEQNO),
}

#: The wallet of Venom's own apps; its data are the key and a time of 64 bits.
#: https://github.com/broxus/ever-wallet-contract
EVER_WALLET = _wallet("3ba6528ab2694c118180aa3bd10dd19ff400b909ab4dcf58fc69925b2c7b12a6", 3, "", _bits(0, 64))


def wallets(key: bytes) -> Iterator[tuple[str, bytes]]:
    """(contract, hash) of the accounts that an ed25519 key has in either workchain, by wallet contract."""
    for name, wallet in WALLETS.items():
        yield name, _state_hash(wallet, key)


def ever_wallet(key: bytes) -> bytes:
    """The hash of the account that an ed25519 key has on Venom by its own wallet; the code of the many other contracts
    there is not known here.
    """
    return _state_hash(EVER_WALLET, key)


def _state_hash(wallet: Wallet, key: bytes) -> bytes:
    """The hash of the StateInit cell: bits 00110 (neither split depth nor special; code, data, no library) and two
    references.
    """
    data = _ordinary_cell(wallet.before + _bits(int.from_bytes(key, "big"), 256) + wallet.after)
    return sha256(b"\x02\x01\x34" + wallet.depth.to_bytes(2, "big") + (0).to_bytes(2, "big") + wallet.code + data)


def _ordinary_cell(bits: str) -> bytes:
    """The hash of a cell without references: descriptors, then the bits, filled up with 1 and zeros where they end
    within a byte.
    """
    whole, started = len(bits) // 8, -(-len(bits) // 8)
    if started > whole:
        bits += "1" + "0" * (started * 8 - len(bits) - 1)
    return sha256(bytes([0, whole + started]) + int(bits, 2).to_bytes(started, "big"))

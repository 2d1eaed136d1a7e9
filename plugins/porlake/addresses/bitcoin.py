"""Addresses of Bitcoin and its family: base58check (P2PKH, P2SH), segwit v0 (BIP-173) and v1 and later (BIP-350).

Versions and prefixes are those of each network's chain parameters. Scripts are those of BIP-13, 16, 141 and 341, and
P2A's. Bitcoin SV shows base58 alone; lists that were made with Bitcoin Cash's tools spell its accounts as cash
addresses.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from porlake.addresses._address import Address
from porlake.encoding import base58, bech32
from porlake.encoding.blake256 import blake256
from porlake.encoding.hashes import Hash, ripemd160, sha256, sha256d
from porlake.errors import InvalidAddress


@dataclass(frozen=True, slots=True)
class Parameters:
    """Version bytes (the first is what the network shows now, the others are older), segwit prefix ('' without segwit),
    inner hash.
    """

    p2pkh: tuple[bytes, ...]
    p2sh: tuple[bytes, ...]
    hrp: str = ""
    inner: Hash = sha256
    checksum: Hash = sha256d


def _versions(*numbers: int) -> tuple[bytes, ...]:
    return tuple(number.to_bytes(2 if number > 0xFF else 1, "big") for number in numbers)


def _blake256d(data: bytes) -> bytes:
    return blake256(blake256(data))


NETWORKS = {
    "bitcoin": Parameters(_versions(0x00), _versions(0x05), "bc"),
    "bitcoin_cash": Parameters(_versions(0x00), _versions(0x05)),
    "ecash": Parameters(_versions(0x00), _versions(0x05)),
    "bitcoin_sv": Parameters(_versions(0x00), _versions(0x05)),
    "litecoin": Parameters(_versions(0x30), _versions(0x32, 0x05), "ltc"),
    "dogecoin": Parameters(_versions(0x1E), _versions(0x16)),
    "dash": Parameters(_versions(0x4C), _versions(0x10)),
    "bitcoin_gold": Parameters(_versions(0x26), _versions(0x17), "btg"),
    "bitcoin_diamond": Parameters(_versions(0x00), _versions(0x05), "bcd"),
    "digibyte": Parameters(_versions(0x1E), _versions(0x3F, 0x05), "dgb"),
    "qtum": Parameters(_versions(0x3A), _versions(0x32), "qc"),
    "ravencoin": Parameters(_versions(0x3C), _versions(0x7A)),
    "zcash": Parameters(_versions(0x1CB8), _versions(0x1CBD)),
    "horizen": Parameters(_versions(0x2089), _versions(0x2096)),
    "decred": Parameters(_versions(0x073F), _versions(0x071A), "", blake256, _blake256d),
}

CASH = {"bitcoin_sv": ("bitcoincash", {0x00: "p2pkh", 0x08: "p2sh"})}
"""Networks whose accounts are met as cash addresses too, though it is not their spelling: prefix, and kinds by
version.
"""

_SEGWIT = {
    network: (f"{known.hrp}1", f"{known.hrp.upper()}1", f"{known.hrp.capitalize()}1") if known.hrp else ()
    for network, known in NETWORKS.items()
}
_VERSIONS = {
    network: {
        prefix: (kind, prefix is prefixes[0])
        for kind, prefixes in (("p2pkh", known.p2pkh), ("p2sh", known.p2sh))
        for prefix in prefixes
    }
    for network, known in NETWORKS.items()
}

HIDDEN = {"litecoin": {"ltcmweb1": ("mweb", 66)}, "zcash": {"zs1": ("sapling", 43)}}
"""Accounts whose outputs nobody can look up, by the beginning of their bech32 text: kind and bytes."""


def parse(text: str, network: str) -> Address:
    """Raises InvalidAddress (bad_base58, bad_checksum, wrong_version, bad_bech32, wrong_network, bad_length)."""
    known = NETWORKS[network]
    if text.startswith(_SEGWIT[network]) and _is_segwit(text, known.hrp):
        return _witness(text, network)
    if network in CASH and text[:1] not in "13":
        return _cash(text, network)
    if network in HIDDEN:
        for start, (kind, size) in HIDDEN[network].items():
            if text[: len(start)].lower() == start:
                return _hidden(text, network, kind, size)
    try:
        payload = base58.decode_check(text, checksum=known.checksum)
    except InvalidAddress:
        if text.startswith(_SEGWIT[network]) and text[1:] == text[1:].lower():
            return _witness(text, network)  # a capital first letter; of Litecoin and Qtum base58 may begin so too
        raise
    found = _VERSIONS[network].get(payload[:-20])
    if found is None:
        raise InvalidAddress(
            "wrong_version", f"{text!r} has version {payload[:2].hex()} and {len(payload)} bytes: not of {network}"
        )
    kind, is_current = found
    digest = payload[-20:]
    return Address(network, text, digest, kind) if is_current else _base58(network, kind, digest)


def _witness(text: str, network: str) -> Address:
    version, program = bech32.segwit(text, NETWORKS[network].hrp)
    kind = _segwit_kind(version, program)
    return Address(network, text.lower(), program, kind, "anyone_can_spend" if kind == "p2a" else "")


def _cash(text: str, network: str) -> Address:
    prefix, kinds = CASH[network]
    version, digest = bech32.cash_decode(text, prefix)
    if version not in kinds or len(digest) != 20:
        raise InvalidAddress("wrong_version", f"{text!r} has version {version} and a hash of {len(digest)} bytes")
    return replace(_base58(network, kinds[version], digest), remark="spelled_otherwise")


def _is_segwit(text: str, hrp: str) -> bool:
    """Lower or upper case alone: Qtum has base58 addresses that begin with Qc1."""
    return text.startswith(f"{hrp}1") or (text.isupper() and text.startswith(f"{hrp.upper()}1"))


def _hidden(text: str, network: str, kind: str, size: int) -> Address:
    _, values, _ = bech32.decode(text, limit=200)
    account = bech32.regroup(values[1:] if kind == "mweb" else values, 5, 8, text)  # MWEB's first value is its version
    if len(account) != size:
        raise InvalidAddress("bad_length", f"{text!r} holds {len(account)} bytes, not {size}")
    return Address(network, text.lower(), account, kind)


def segwit(network: str, version: int, program: bytes) -> Address:
    hrp = NETWORKS[network].hrp
    if not hrp:
        raise InvalidAddress("wrong_network", f"{network} has no segwit")
    return Address(network, bech32.segwit_text(hrp, version, program), program, _segwit_kind(version, program))


def _segwit_kind(version: int, program: bytes) -> str:
    return {(0, 20): "p2wpkh", (0, 32): "p2wsh", (1, 32): "p2tr", (1, 2): "p2a"}.get(
        (version, len(program)), f"witness_v{version}"
    )


def key_hash(network: str, key: bytes) -> bytes:
    """The 20 bytes to which a public key, in the form given, is hashed."""
    return ripemd160(NETWORKS[network].inner(key))


def p2pkh(network: str, key: bytes) -> Address:
    return _base58(network, "p2pkh", key_hash(network, key))


def p2sh(network: str, redeem_script: bytes) -> Address:
    return _base58(network, "p2sh", key_hash(network, redeem_script))


def p2wpkh(network: str, compressed: bytes) -> Address:
    return segwit(network, 0, key_hash(network, compressed))


def p2wsh(network: str, witness_script: bytes) -> Address:
    return segwit(network, 0, sha256(witness_script))


def p2sh_p2wpkh(network: str, compressed: bytes) -> Address:
    """P2WPKH nested in P2SH (BIP-49)."""
    return p2sh(network, b"\x00\x14" + key_hash(network, compressed))


def p2sh_p2wsh(network: str, witness_script: bytes) -> Address:
    """P2WSH nested in P2SH (BIP-141)."""
    return p2sh(network, b"\x00\x20" + sha256(witness_script))


def script(address: Address) -> bytes:
    """The scriptPubKey that pays an address."""
    if address.kind == "p2pkh":
        return b"\x76\xa9\x14" + address.payload + b"\x88\xac"
    if address.kind == "p2sh":
        return b"\xa9\x14" + address.payload + b"\x87"
    version = {"p2wpkh": 0, "p2wsh": 0, "p2tr": 1, "p2a": 1}.get(address.kind)
    if version is None:
        version = int(address.kind.removeprefix("witness_v"))
    return bytes([version + 0x50 if version else 0, len(address.payload)]) + address.payload


def _base58(network: str, kind: str, digest: bytes) -> Address:
    known = NETWORKS[network]
    version = known.p2pkh[0] if kind == "p2pkh" else known.p2sh[0]
    return Address(network, base58.encode_check(version + digest, checksum=known.checksum), digest, kind)

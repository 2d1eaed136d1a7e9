"""Addresses of Bitcoin and its family: base58check (P2PKH, P2SH), segwit v0 (BIP-173) and v1 and later (BIP-350).

Versions and prefixes are rows of the registry's utxo_networks.csv. Scripts are those of BIP-13, 16, 141 and 341, and
P2A's. Bitcoin SV shows base58 alone; lists that were made with Bitcoin Cash's tools spell its accounts as cash
addresses.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from porlake import registry
from porlake.addresses._address import Address
from porlake.encoding import base58, bech32
from porlake.encoding.blake256 import blake256
from porlake.encoding.hashes import Hash, ripemd160, sha256, sha256d
from porlake.errors import InvalidAddress
from porlake.registry import UtxoNetwork

IN_LOWER_CASE = True
HASHES: Mapping[str, Hash] = {
    "sha256": sha256,
    "sha256d": sha256d,
    "blake256": blake256,
    "blake256d": lambda data: blake256(blake256(data)),
}
"""The hashes that utxo_networks.csv names."""

CASH_KINDS = {0x00: "p2pkh", 0x08: "p2sh"}
"""What a cash address of a network means whose own form is base58, by its version."""


@dataclass(frozen=True, slots=True)
class Parameters:
    """What a row of utxo_networks.csv says, as parsing needs it.

    `p2pkh`, `p2sh`: version bytes, the current first. `versions`: of all of them the kind, and whether it is the
    current one. `hrp`: segwit's prefix, '' without segwit; `segwit`: how such a text may begin. `hidden`: kind and
    bytes of accounts whose outputs nobody can look up, by the beginning of their bech32 text. `inner` is the hash of a
    key before RIPEMD-160.
    """

    row: UtxoNetwork
    p2pkh: tuple[bytes, ...]
    p2sh: tuple[bytes, ...]
    versions: Mapping[bytes, tuple[str, bool]]
    hrp: str
    segwit: tuple[str, ...]
    cash: str
    hidden: Mapping[str, tuple[str, int]]
    inner: Hash
    checksum: Hash


_PARAMETERS: dict[str, Parameters] = {}


def parameters(network: str) -> Parameters:
    """The constants of a network of the family, as the registry has them now."""
    row = registry.load().utxo_networks[network]
    found = _PARAMETERS.get(network)
    if found is None or found.row is not row:
        found = _PARAMETERS[network] = _parameters(row)
    return found


def _parameters(row: UtxoNetwork) -> Parameters:
    p2pkh, p2sh = (tuple(map(bytes.fromhex, versions.split())) for versions in (row.p2pkh_versions, row.p2sh_versions))
    hrp = row.segwit_prefix
    hidden = (word.split(":") for word in row.hidden.split())
    return Parameters(
        row,
        p2pkh,
        p2sh,
        {
            version: (kind, version is versions[0])
            for kind, versions in (("p2pkh", p2pkh), ("p2sh", p2sh))
            for version in versions
        },
        hrp,
        (f"{hrp}1", f"{hrp.upper()}1", f"{hrp.capitalize()}1") if hrp else (),
        row.cash_prefix,
        {start: (kind, int(size)) for start, kind, size in hidden},
        HASHES[row.key_hash],
        HASHES[row.checksum_hash],
    )


def parse(text: str, network: str) -> Address:
    """Raises InvalidAddress (bad_base58, bad_checksum, wrong_version, bad_bech32, wrong_network, bad_length)."""
    known = parameters(network)
    if text.startswith(known.segwit) and _is_segwit(text, known.hrp):
        return _witness(text, network)
    if known.cash and text[:1] not in "13":
        return _cash(text, network)
    for start, (kind, size) in known.hidden.items():
        if text[: len(start)].lower() == start:
            return _hidden(text, network, kind, size)
    try:
        payload = base58.decode_check(text, checksum=known.checksum)
    except InvalidAddress:
        if text.startswith(known.segwit) and text[1:] == text[1:].lower():
            return _witness(text, network)  # a capital first letter; of Litecoin and Qtum base58 may begin so too
        raise
    found = known.versions.get(payload[:-20])
    if found is None:
        raise InvalidAddress(
            "wrong_version", f"{text!r} has version {payload[:2].hex()} and {len(payload)} bytes: not of {network}"
        )
    kind, is_current = found
    digest = payload[-20:]
    return Address(network, text, digest, kind) if is_current else _base58(network, kind, digest)


def _witness(text: str, network: str) -> Address:
    version, program = bech32.segwit(text, parameters(network).hrp)
    kind = _segwit_kind(version, program)
    return Address(network, text.lower(), program, kind, "anyone_can_spend" if kind == "p2a" else "")


def _cash(text: str, network: str) -> Address:
    version, digest = bech32.cash_decode(text, parameters(network).cash)
    if version not in CASH_KINDS or len(digest) != 20:
        raise InvalidAddress("wrong_version", f"{text!r} has version {version} and a hash of {len(digest)} bytes")
    return replace(_base58(network, CASH_KINDS[version], digest), remark="spelled_otherwise")


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
    hrp = parameters(network).hrp
    if not hrp:
        raise InvalidAddress("wrong_network", f"{network} has no segwit")
    return Address(network, bech32.segwit_text(hrp, version, program), program, _segwit_kind(version, program))


def _segwit_kind(version: int, program: bytes) -> str:
    return {(0, 20): "p2wpkh", (0, 32): "p2wsh", (1, 32): "p2tr", (1, 2): "p2a"}.get(
        (version, len(program)), f"witness_v{version}"
    )


def key_hash(network: str, key: bytes) -> bytes:
    """The 20 bytes to which a public key, in the form given, is hashed."""
    return ripemd160(parameters(network).inner(key))


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
    known = parameters(network)
    version = known.p2pkh[0] if kind == "p2pkh" else known.p2sh[0]
    return Address(network, base58.encode_check(version + digest, checksum=known.checksum), digest, kind)

"""Accounts of one secp256k1 key on chains without a message standard of their own: OKX signs the Keccak-256 of its own
header and the text.

Signatures are r, s, v in hex. The key is recovered; where the row states a key as well (the auditors' layout), both
must agree, and still the address must be that key's. FIL, CFX, ELF, OKT, the Cosmos family, INJ, ICX, ONE, STX, NULS,
XRP, AVAX X, ARK, CKB.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import lru_cache

from porlake import registry
from porlake.addresses import Address, aelf, ark, bech32, conflux, evm, filecoin, icon, nervos, nuls, stacks, xrp
from porlake.encoding import keys
from porlake.encoding.keccak import keccak256
from porlake.encoding.varint import with_length
from porlake.model import Evidence
from porlake.ownership import _columns, _message, _secp256k1, _signers
from porlake.ownership._judgement import Judgement
from porlake.ownership._steps import attempt, fits, step

HEADER = b"OKX Signed Message:\n"
OWNED = "oktc"
"""The one network of the family where OKX itself uses owners; elsewhere its tool takes them all the same."""


@dataclass(frozen=True, slots=True)
class Account:
    """How a key's account is made: by `derive` from the compressed or (`is_long`) the uncompressed key; `reason` of a
    row that it proves.
    """

    reason: str
    derive: Callable[[bytes], bytes]
    is_long: bool = False

    def of(self, short: bytes, long: bytes) -> bytes:
        return self.derive(long if self.is_long else short)


EVM = Account("eth_address", evm.from_public_key, is_long=True)

ACCOUNTS: dict[str, tuple[Account, ...]] = {
    "f1": (Account("f1", filecoin.from_public_key, is_long=True),),
    "f4": (EVM,),
    "evm": (EVM,),
    "conflux": (Account("cfx", conflux.from_public_key, is_long=True),),
    "aelf": (Account("aelf", aelf.from_public_key, is_long=True),),
    "bech32": (Account("cosmos", bech32.from_public_key),),
    "hx": (Account("icon", icon.from_public_key, is_long=True),),
    "stacks_key": (
        Account("stacks-compressed", stacks.from_public_key),
        Account("stacks-uncompressed", stacks.from_public_key, is_long=True),
    ),
    "nuls": (Account("nuls", nuls.from_public_key),),
    "xrp": (Account("xrp", xrp.from_public_key),),
    "ark": (Account("ark", ark.from_public_key),),
    "ckb_key": (Account("ckb", nervos.from_public_key),),
}
"""By the kind of the address."""

AVALANCHE_X = (Account("avax", bech32.from_public_key),)

FORMS = frozenset(
    {"aelf", "ark", "bech32", "conflux", "evm", "filecoin", "flow", "icon", "nervos", "nuls", "stacks", "xrp"}
)
"""Address forms of the family's networks: contracts among them have owners too."""

UNDERIVED = frozenset({"flow", "f0"})
"""Kinds of accounts that are no function of a key: a stated key that signed shows itself and no more."""


@dataclass(frozen=True, slots=True)
class Digest:
    digest: bytes
    signed: bytes
    flags: tuple[str, ...]


def judge(row: Evidence, address: Address) -> Judgement:
    """Raises InvalidSignature and InvalidAddress where a column does not hold what it should."""
    step("account in the row", address.payload)
    judgement = _owned(row, address) if any(row.owners) else _own(row, address)
    if (
        row.address_published[:2] in ("0x", "0X")
        and address.kind != "flow"
        and not evm.checksum_holds(row.address_published)
    ):
        return replace(judgement, flags=(*judgement.flags, "bad_eip55"))
    return judgement


def _own(row: Evidence, address: Address) -> Judgement:
    stated = _stated(row.key_or_script)
    if not _accounts(address) and not (stated and address.kind in UNDERIVED):
        return Judgement("unsupported", address.kind)
    signature = _read(row, 0)
    flags = _signers.extra_signatures(row)
    disagrees = False
    for tried, short, long in _keys(row, signature, 0):
        if stated and short != stated:
            disagrees = True
            continue
        seen = signature.flags + tried.flags + flags
        if address.kind in UNDERIVED:
            fits()
            return Judgement("signature_only", "address_not_derived", seen, short.hex())
        if reason := _proves(address, short, long):
            return Judgement("proven", reason, seen, address.text)
        if stated:
            return Judgement("invalid", "address_mismatch", flags)
    return Judgement("invalid", "key_mismatch" if disagrees else "address_mismatch", flags)


def _accounts(address: Address) -> tuple[Account, ...]:
    if address.network == "avalanche_x":
        return AVALANCHE_X
    if address.network in bech32.EVM_KEYS:
        return (EVM,)
    return ACCOUNTS.get(address.kind, ())


def _proves(address: Address, short: bytes, long: bytes) -> str:
    """How the key makes the address; '' where it does not."""
    for account in _accounts(address):
        payload = account.of(short, long)
        step("derived account", payload)
        if payload == address.payload:
            fits()
            return account.reason
    return ""


def _owned(row: Evidence, address: Address) -> Judgement:
    """Every stated owner signs in its own column. That shows the owners' keys; whether the account is theirs stands on
    the chain.
    """
    if registry.load().networks[address.network].address_form not in FORMS:
        return Judgement("unsupported", address.kind)
    signers = _signers.Signers.stated(address, _signers.stated_owners(row), "ethereum", address.network)
    flags = [*signers.extra_signatures(row), *signers.repeats()]
    if address.network != OWNED:
        flags.append("owner_mode_unusual")
    reason = ""
    for column, signer in enumerate(signers.by_column):
        signature = _read(row, column)
        found = next(
            (
                (tried, how)
                for tried, short, long in _keys(row, signature, column)
                if (how := _proves(signer, short, long))
            ),
            None,
        )
        if found is None:
            return Judgement("invalid", "owner_mismatch", tuple(flags))
        tried, how = found
        flags += signature.flags + tried.flags
        if signer.payload == address.payload:
            reason = how
    flags = list(dict.fromkeys(flags))
    return (
        Judgement("proven", reason, tuple(flags), signers.names)
        if reason
        else Judgement("owner_signed", "owner", tuple(flags), signers.names)
    )


def _stated(text: str) -> bytes:
    """The stated key in its compressed form, b'' where none is; 33, 65 or 64 (x and y) bytes in hex.

    Raises InvalidSignature (key_bad_hex, key_bad_key).
    """
    if not text:
        return b""
    with _columns.of("key"):
        raw = _columns.from_hex(text)
        key = keys.compressed(b"\x04" + raw if len(raw) == 64 else raw)
    step("stated key", key)
    return key


def _read(row: Evidence, column: int) -> _secp256k1.Signature:
    """Raises InvalidSignature: no_signature1 and so on, signature_bad_hex, signature_bad_length, signature_bad_v."""
    text = _columns.signature(row, column)
    attempt(f"signature{column + 1}")
    return _secp256k1.from_hex(text)


def _keys(row: Evidence, signature: _secp256k1.Signature, column: int) -> Iterator[tuple[Digest, bytes, bytes]]:
    """The keys, compressed and not, that a signature recovers to, by the spellings of the message. Raises NoKey."""
    for tried in digests(row.message):
        attempt(f"signature{column + 1}", _message.spelling(tried.flags))
        step("bytes signed", tried.signed)
        key = _secp256k1.recover(signature, tried.digest)
        yield tried, key.format(), key.format(compressed=False)


@lru_cache(maxsize=1024)
def digests(message: str) -> tuple[Digest, ...]:
    found = []
    for spelled, flags in _message.spellings(message):
        signed = with_length(HEADER) + with_length(spelled)
        found.append(Digest(keccak256(signed), signed, flags))
    return tuple(found)

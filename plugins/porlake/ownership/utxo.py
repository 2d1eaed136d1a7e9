"""Signed messages of Bitcoin and its relatives: a compact signature, 65 bytes in base64, of the double SHA-256 of
header text and message.

The first byte says which key fits and how its address is made: BIP-137,
https://github.com/bitcoin/bips/blob/master/bip-0137.mediawiki A key proves the address of its own hash; of a multisig
script the threshold of distinct keys must have signed; the script stands there in hex or as an output descriptor
(BIP-380). OKX also publishes signatures as 0x and r, s, v over the Keccak-256 of its own header. Witness stacks and
texts with BIP-322's prefixes go to `bip322`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from string import hexdigits

from coincurve import PublicKey

from porlake import registry
from porlake.addresses import Address, bitcoin, descriptor
from porlake.encoding import hashes, script
from porlake.encoding.hashes import Hash
from porlake.encoding.keccak import keccak256
from porlake.encoding.varint import with_length
from porlake.errors import InvalidAddress, InvalidSignature, NoKey, NoRule
from porlake.model import Evidence
from porlake.ownership import _columns, _message, _multisig, _secp256k1, _signers, bip322
from porlake.ownership._judgement import Judgement
from porlake.ownership._steps import attempt, fits, step

BITCOIN = b"Bitcoin Signed Message:\n"
OKX = b"OKX Signed Message:\n"
ANY, NESTED, NATIVE = range(27, 35), range(35, 39), range(39, 43)
"""First bytes of BIP-137: any wallet before it, P2SH-P2WPKH, P2WPKH."""

NAMED = {"p2sh": NESTED, "p2wpkh": NATIVE}
"""The first bytes above 34 that name a type of address."""

SCRIPTS = frozenset({"p2sh", "p2sh32", "p2wsh"})
NESTED_KEY, NESTED_SCRIPT = b"\x00\x14", b"\x00\x20"
"""The script of P2SH-P2WPKH is the first and the hash of the key, that of P2SH-P2WSH the second and the hash of the
witness script.
"""


Signed = tuple[_secp256k1.Signature, int | None]
"""A signature as published, and its first byte; None for the 0x form."""


@dataclass(frozen=True, slots=True)
class Digest:
    """32 bytes that may have been signed: what they are the hash of, what is unusual about it, how it is made in
    words.
    """

    digest: bytes
    signed: bytes
    flags: tuple[str, ...]
    how: str


def judge(row: Evidence, address: Address) -> Judgement:
    """Raises InvalidSignature and InvalidAddress where a column does not hold what it should."""
    step("account in the row", address.payload)
    try:
        row = _without_descriptor(row)
    except NoRule as error:
        step("refused", str(error))
        return Judgement("unsupported", error.code)
    first = next(filter(None, row.signatures), "")
    if bip322.is_meant(first, address):
        return bip322.judge(row, address)
    field = _script(row) if address.kind in SCRIPTS else b""
    if field and not (address.kind == "p2sh" and _looks_like_key(field)):
        return _scripted(row, address, field)
    if address.kind in ("p2wsh", "p2sh32"):
        raise InvalidSignature("no_script", "such an address shows nothing without its witness script")
    if address.kind == "p2tr":
        # a key in a Taproot address is tweaked: no standard says how it signs so
        return Judgement("unsupported", "p2tr_compact_signature")
    if address.kind not in ("p2pkh", "p2sh", "p2wpkh"):
        return Judgement("unsupported", address.kind)
    return _single(row, address)


def shown(row: Evidence, address: Address) -> Judgement:
    """Of a row that nobody signed: whether the address is that of the script, key or output descriptor beside it. It
    shows what locks the coins, not that anybody here has the keys.
    """
    try:
        if descriptor.is_meant(row.key_or_script):
            step("descriptor", row.key_or_script)
            found = descriptor.read(row.key_or_script)
            field, holds = found.script, _is_of_descriptor(address, found)
        else:
            field = _script(row)
            step("script", field)
            holds = bool(_form(address, field)) if address.kind in SCRIPTS else _is_of_key(address, field)
    except (NoRule, InvalidSignature, InvalidAddress) as error:
        step("refused", str(error))
        code = error.code if isinstance(error, NoRule) else f"script_{error.code.removeprefix('script_')}"
        return Judgement("unsigned", code)
    if not holds:
        return Judgement("unsigned", "script_mismatch")
    try:
        return Judgement("unsigned", "script_shown", _multisig.flags(script.multisig(field)))
    except InvalidAddress:
        return Judgement("unsigned", "script_shown")


def _is_of_descriptor(address: Address, found: descriptor.Descriptor) -> bool:
    try:
        derived = found.address(address.network)
    except InvalidAddress as error:  # a form that the network does not have
        step("refused", str(error))
        return False
    step("derived account", derived.payload)
    return (derived.kind, derived.payload) == (address.kind, address.payload)


def _is_of_key(address: Address, field: bytes) -> bool:
    """Whether an address of one key is that of the key in the column."""
    if address.kind not in ("p2pkh", "p2wpkh") or not _looks_like_key(field):
        return False
    payload = bitcoin.key_hash(address.network, field)
    step("derived account", payload)
    return payload == address.payload


# --- one key ----------------------------------------------------------------------------------------------------------
def _single(row: Evidence, address: Address) -> Judgement:
    signature, header = _read(_columns.signature(row, 0), 0)
    flags = _signers.extra_signatures(row)
    if header is not None and header >= NESTED.start and header not in NAMED.get(address.kind, ()):
        return Judgement("invalid", "signature_header_of_other_type", flags)
    for tried in _digests(row, header):
        key = _recovered(signature, tried, 0)
        for form, known, payload, seen in _accounts(address, key, header):
            step("derived account", payload)
            if payload == address.payload:
                fits()
                seen += _remarks_on_field(row.key_or_script, address, known) if row.key_or_script else ()
                return Judgement("proven", form, signature.flags + tried.flags + flags + seen, address.text)
    return Judgement("invalid", "address_mismatch", flags)


def _recovered(signature: _secp256k1.Signature, tried: Digest, column: int) -> PublicKey:
    attempt(f"signature{column + 1}", tried.how)
    step("bytes signed", tried.signed)
    return _secp256k1.recover(signature, tried.digest)


def _remarks_on_field(text: str, address: Address, key: bytes) -> tuple[str, ...]:
    """One key needs no script, so that what else stands in its column changes nothing; it is told."""
    try:
        field = bytes.fromhex(text.removeprefix("0x"))
    except ValueError:
        return ("key_field_unused",)
    if not field or field in (key, bitcoin.script(address), NESTED_KEY + bitcoin.key_hash(address.network, key)):
        return ()
    return ("key_field_unused",) if _looks_like_key(field) else ("script_differs",)


def _looks_like_key(field: bytes) -> bool:
    return (len(field), field[:1]) in ((33, b"\x02"), (33, b"\x03"), (65, b"\x04"))


def _accounts(
    address: Address, key: PublicKey, header: int | None
) -> Iterator[tuple[str, bytes, bytes, tuple[str, ...]]]:
    """(form, key, payload, flags) of the addresses of this type that a key has, the likely one first."""
    short = key.format()
    if address.kind == "p2pkh":
        said_short = header is None or header >= 31
        other = ("header_compression_bit",)
        yield "compressed", short, bitcoin.key_hash(address.network, short), () if said_short else other
        long = key.format(compressed=False)
        yield (
            "uncompressed",
            long,
            bitcoin.key_hash(address.network, long),
            other if said_short and header is not None else (),
        )
        return
    loose = ("loose_bip137",) if header in ANY else ()
    if address.kind == "p2wpkh":
        yield "p2wpkh", short, bitcoin.key_hash(address.network, short), loose
    elif bitcoin.parameters(address.network).hrp:
        yield (
            "p2sh-p2wpkh",
            short,
            bitcoin.key_hash(address.network, NESTED_KEY + bitcoin.key_hash(address.network, short)),
            loose,
        )


# --- a script ---------------------------------------------------------------------------------------------------------
def _scripted(row: Evidence, address: Address, redeem: bytes) -> Judgement:
    step("script", redeem)
    form = _form(address, redeem)
    if not form:
        return Judgement("invalid", "script_mismatch")
    if form == "p2sh" and len(redeem) == 22 and redeem[:2] == NESTED_KEY:
        return _single(row, address)  # the column holds the witness program of one key
    if form == "p2sh" and len(redeem) > script.MOST_PUSHED:
        return Judgement("unsupported", f"p2sh_script_over_{script.MOST_PUSHED}_bytes")  # nobody can spend by it
    try:
        wanted = script.multisig(redeem)
    except InvalidAddress:
        return Judgement("unsupported", f"{form}_script")
    return _of_script(form, wanted, _script_signers(row, wanted))


@dataclass(slots=True)
class Signers:
    """Who signed: the script's keys, compressed, in the order of their columns; flags; what could not be read.

    `empty`: the first column that is empty before one that holds a signature, counted from 1; 0 where there is none.
    """

    keys: list[bytes]
    flags: list[str]
    broken: InvalidSignature | None = None
    empty: int = 0


def _of_script(form: str, wanted: script.Multisig, signers: Signers) -> Judgement:
    """A threshold of distinct keys proves the address. What else is wrong with the row counts where they are too
    few.
    """
    flags = tuple(dict.fromkeys((*_multisig.flags(wanted), *signers.flags)))
    names = ",".join(key.hex() for key in signers.keys) or None
    if len(signers.keys) >= wanted.threshold:
        return Judgement("proven", form, flags, names)
    if signers.empty:
        return Judgement("malformed", f"no_signature{signers.empty}", flags, names)
    if signers.broken:
        step("refused", str(signers.broken))
        return Judgement(
            "invalid" if isinstance(signers.broken, NoKey) else "malformed", signers.broken.code, flags, names
        )
    if not signers.keys:
        return Judgement("invalid", "signer_not_in_script", flags)
    return Judgement("invalid", _multisig.too_few(wanted, signers.keys), flags, names)


def _script_signers(row: Evidence, wanted: script.Multisig) -> Signers:
    found, places = Signers([], []), _multisig.short_forms(wanted.keys)
    for column, text in enumerate(row.signatures):
        if not text:
            found.empty = found.empty or (column + 1 if any(row.signatures[column:]) else 0)
            continue
        try:
            signer, seen = _script_signer(row, _read(text, column), places, column)
        except InvalidSignature as error:
            found.broken = found.broken or error
            found.flags.append(f"signature{column + 1}_{'by_nobody' if isinstance(error, NoKey) else 'unreadable'}")
            continue
        found.flags += seen
        if signer and signer in found.keys:
            found.flags.append("same_key_twice")
        elif signer:
            found.keys.append(signer)
    attempt()
    return found


def _form(address: Address, redeem: bytes) -> str:
    """How the script makes the address; '' where it does not."""
    for form, payload in _script_accounts(address, redeem):
        step("derived account", payload)
        if payload == address.payload:
            return form
    return ""


def _script_accounts(address: Address, redeem: bytes) -> Iterator[tuple[str, bytes]]:
    """(form, payload) of the addresses of this type that a script has."""
    if address.kind == "p2sh32":
        yield "p2sh32", hashes.sha256d(redeem)
    elif address.kind == "p2wsh":
        yield "p2wsh", hashes.sha256(redeem)
    else:
        yield "p2sh", bitcoin.key_hash(address.network, redeem)
        if bitcoin.parameters(address.network).hrp:
            yield "p2sh-p2wsh", bitcoin.key_hash(address.network, NESTED_SCRIPT + hashes.sha256(redeem))


def _script_signer(
    row: Evidence, published: Signed, keys: list[bytes], column: int
) -> tuple[bytes | None, tuple[str, ...]]:
    """The compressed key of the script that made a signature; None, with a flag that says so, where a stranger did.

    `keys` are the script's in their short form: two forms of one key are one signer, and a push that is no point is
    equal to no key.
    """
    signature, header = published
    if header is not None and header not in ANY:
        return None, (f"signature{column + 1}_header_of_other_type",)
    for tried in _digests(row, header):
        key = _recovered(signature, tried, column).format()
        if key in keys:
            fits()
            step("signed by", f"key {keys.index(key) + 1} of the {len(keys)} in the script")
            return key, signature.flags + tried.flags
        step("signed by", "none of the keys in the script")
    return None, (f"signature{column + 1}_by_stranger",)


# --- texts ------------------------------------------------------------------------------------------------------------
def header_of(network: str) -> bytes:
    """What a network's own wallet signs before the message; every other network's signs Bitcoin's, as OKX does for some
    of these.
    """
    known = registry.load().utxo_networks.get(network)
    return f"{known.message_header}\n".encode() if known else BITCOIN


def message_hash_of(network: str) -> Hash:
    """How a network's own wallet hashes header and message."""
    known = registry.load().utxo_networks.get(network)
    return bitcoin.HASHES[known.message_hash] if known else hashes.sha256d


def _digests(row: Evidence, header: int | None) -> tuple[Digest, ...]:
    return _digests_of("" if header is None else row.network or "", row.message)


@lru_cache(maxsize=1024)
def _digests_of(network: str, message: str) -> tuple[Digest, ...]:
    """What may have been signed, in the order in which it is tried: as the network's own wallet has it, then as
    Bitcoin's; '' is OKX's own.
    """
    own = (header_of(network), message_hash_of(network)) if network else (OKX, keccak256)
    ways = dict.fromkeys((own, (BITCOIN, hashes.sha256d)) if network else (own,))
    found = []
    for spelled, flags in _message.spellings(message):
        for header, hashed in ways:
            signed = with_length(header) + with_length(spelled)
            how = ", ".join(filter(None, (header.decode().strip(":\n"), _message.spelling(flags))))
            found.append(
                Digest(hashed(signed), signed, flags if (header, hashed) == own else (*flags, "alt_header"), how)
            )
    return tuple(found)


def _read(text: str, column: int) -> Signed:
    """Raises InvalidSignature: signature_bad_base64, _bad_length, _bad_header, _bad_hex, _bad_v."""
    attempt(f"signature{column + 1}")
    if is_hex(text):
        return _secp256k1.from_hex(text), None
    with _columns.of("signature"):
        raw = _columns.from_base64(text)
        if len(raw) != _secp256k1.BYTES:
            raise InvalidSignature("bad_length", f"{len(raw)} bytes; a compact signature has {_secp256k1.BYTES}")
        header = raw[0]
        if not ANY.start <= header < NATIVE.stop:
            raise InvalidSignature("bad_header", f"the first byte is {header}; BIP-137 knows 27 to 42")
    step("signature", raw)
    return _secp256k1.signature(raw[1:], (header - 27) % 4), header


def is_hex(text: str) -> bool:
    """Whether a signature is r, s and v in hex: 0x before them, or so many digits that it is no base64 of a
    signature.
    """
    return text[:2] in ("0x", "0X") or (len(text) == 2 * _secp256k1.BYTES and all(digit in hexdigits for digit in text))


def _without_descriptor(row: Evidence) -> Evidence:
    """The row with the script or key in hex where its column holds an output descriptor. Raises InvalidSignature
    (script_bad_descriptor, _bad_checksum, _bad_key ...), NoRule for a descriptor without a rule here.
    """
    if not descriptor.is_meant(row.key_or_script):
        return row
    step("descriptor", row.key_or_script)
    with _columns.of("script"):
        return replace(row, key_or_script=descriptor.read(row.key_or_script).script.hex())


def _script(row: Evidence) -> bytes:
    """The script column. Raises InvalidSignature (script_bad_hex)."""
    with _columns.of("script"):
        return _columns.from_hex(row.key_or_script)

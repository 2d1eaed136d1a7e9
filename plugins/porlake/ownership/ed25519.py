"""Accounts of ed25519 keys. RFC 8032, https://www.rfc-editor.org/rfc/rfc8032

OKX signs its header and the text, and states the key beside it. HTX signs the bare text, and the address is the key.
Keys and signatures stand in hex, in the first files in base58, HTX's in base64. A signature that agrees with the stated
key shows that key and no more: the account counts once it is derived from the key. Where it cannot be (a number, a
name, a script) the row is signature_only at best.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from porlake import registry
from porlake.addresses import (
    Address,
    aptos,
    canton,
    cardano,
    casper,
    icp,
    iota,
    lisk,
    pocket,
    sia,
    ss58,
    sui,
    tezos,
    ton,
)
from porlake.encoding import ed25519, fixed_width
from porlake.encoding.fixed_width import Bytes
from porlake.encoding.varint import with_length
from porlake.errors import InvalidSignature
from porlake.model import Evidence
from porlake.ownership import _columns, _message, _signers
from porlake.ownership._judgement import Judgement
from porlake.ownership._steps import attempt, fits, step

OKX = b"OKX Signed Message:\n"
BARE = "htx_ed25519"

#: (payload, flags) of the accounts of an address's kind that a key has; nothing where the address is no function of one
#: key.
Accounts = Iterator[tuple[bytes, tuple[str, ...]]]


@dataclass(frozen=True, slots=True)
class Form:
    """How the keys of an address form make accounts. `reason`: of a row that is proven."""

    reason: str
    accounts: Callable[[Address, bytes], Accounts]


def judge(row: Evidence, address: Address) -> Judgement:
    """Every stated owner signs in its own column, all with the stated key; where none is stated, the account signs in
    the first.

    Raises InvalidSignature and InvalidAddress where a column does not hold what it should.
    """
    form = NETWORKS.get(address.network) or FORMS.get(registry.load().networks[address.network].address_form)
    if form is None or (row.scheme == BARE and address.kind not in ("solana", "algorand")):
        return Judgement("unsupported", f"no_ed25519_{address.kind}")
    texts = [] if row.scheme == BARE else _signers.stated_owners(row)
    signers = _signers.Signers.stated(address, texts, address.network)
    flags = _columns.remarks(row) + _flags(row, signers)
    key = _key(row, address)
    step("stated key", key)
    for column in range(len(signers.by_column)):
        spelled = _signed(row, column, key)
        if spelled is None:
            return Judgement("invalid", "bad_signature", flags)
        flags += spelled
    attempt()
    return _bound(signers, key, form, flags)


def _bound(signers: _signers.Signers, key: bytes, form: Form, flags: tuple[str, ...]) -> Judgement:
    """What a signature that holds says of the account."""
    for signer in signers.by_column:
        found = _of_key(signer, key, form)
        if found is None:
            return Judgement("signature_only", "address_not_derived", _once(flags), f"0x{key.hex()}")
        if not found:
            return Judgement(
                "invalid",
                "address_mismatch" if signer is signers.account else "owner_mismatch",
                _once(flags),
                f"0x{key.hex()}",
            )
        flags += found[1]
    if signers.include_account:
        return Judgement("proven", form.reason, _once(flags), signers.names)
    return Judgement("owner_signed", "authentication_key", _once(flags), signers.names)


def _of_key(account: Address, key: bytes, form: Form) -> tuple[bytes, tuple[str, ...]] | tuple[()] | None:
    """The key's account that this is, with its flags; () where it is another's; None where no key gives it."""
    none = True
    step("account in the row", account.payload)
    for payload, flags in form.accounts(account, key):
        none = False
        if payload == account.payload:
            step("derived account", payload)
            return payload, flags
    if none:
        return None
    step("derived account", next(form.accounts(account, key))[0])
    return ()


def many(signed: Bytes, message: bytes, *, is_compiled: bool = False) -> Bytes:
    """1 where a key made a signature of the message, else 0; shape (signatures, 1). `signed`: a signature and its key
    each, shape (signatures, 96). `is_compiled` as in `_secp256k1.accounts`.
    """
    if is_compiled:
        from porlake.ownership import _curve_loops

        return _curve_loops.ed25519(signed, message)
    parts = fixed_width.split(signed.tobytes(), ed25519.SIGNATURE + ed25519.KEY)
    held = [ed25519.holds(part[ed25519.SIGNATURE :], part[: ed25519.SIGNATURE], message) for part in parts]
    return np.array(held, np.uint8).reshape(-1, 1)


def _once(flags: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(flags))


# --- the columns ------------------------------------------------------------------------------------------------------
def _flags(row: Evidence, signers: _signers.Signers) -> tuple[str, ...]:
    address, flags = signers.account, list(signers.extra_signatures(row))
    if any(signers.owners) and address.kind != "aptos":  # only Aptos rotates the key of an account
        flags.append("owner_mode_unusual")
    flags += signers.repeats()
    if row.scheme == BARE and row.key_or_script:
        flags.append("key_field_unused")
    if (
        address.kind in ("aptos", "sui", "iota")
        and row.address_published.startswith("0x")
        and len(row.address_published) < 66
    ):
        flags.append("short_address")
    if address.kind == "ss58" and address.text != row.address_published:
        flags.append(f"ss58_prefix_{ss58.decode(row.address_published)[0]}")
    return tuple(flags)


def _key(row: Evidence, address: Address) -> bytes:
    """Raises InvalidSignature: no_key, key_bad_hex, key_bad_length."""
    if row.scheme == BARE:
        return address.payload
    if not row.key_or_script:
        raise InvalidSignature("no_key", "the key column is empty; an ed25519 signature does not give its key")
    with _columns.of("key"):
        return _columns.from_any(row.key_or_script, ed25519.KEY, _columns.from_hex)


def _signed(row: Evidence, column: int, key: bytes) -> tuple[str, ...] | None:
    """The flags under which the key made the signature of this column; None where it did not."""
    text = _columns.signature(row, column)
    attempt(f"signature{column + 1}")
    with _columns.of("signature"):
        usual = _columns.from_base64 if row.scheme == BARE else _columns.from_hex
        signature = _columns.from_any(text, ed25519.SIGNATURE, usual)
    step("signature", signature)
    for spelled, flags in data(row.message, row.scheme):
        attempt(f"signature{column + 1}", _message.spelling(flags))
        step("bytes signed", spelled)
        if ed25519.holds(key, signature, spelled):
            fits()
            return flags
    return None


@lru_cache(maxsize=64)  # a file has a few messages
def data(message: str, scheme: str) -> tuple[tuple[bytes, tuple[str, ...]], ...]:
    """(bytes signed, flags) by spelling."""
    spelled = _message.spellings(message)
    return tuple((text if scheme == BARE else with_length(OKX) + with_length(text), flags) for text, flags in spelled)


# --- accounts of a key, by address form -------------------------------------------------------------------------------
def _hash(derive: Callable[[bytes], bytes]) -> Callable[[Address, bytes], Accounts]:
    """The account is a function of the key, whatever its kind."""

    def accounts(account: Address, key: bytes) -> Accounts:
        yield derive(key), ()

    return accounts


def _only(kind: str, derive: Callable[[bytes], bytes]) -> Callable[[Address, bytes], Accounts]:
    """Only accounts of one kind are a function of the key."""

    def accounts(account: Address, key: bytes) -> Accounts:
        if account.kind == kind:
            yield derive(key), ()

    return accounts


def _itself(key: bytes) -> bytes:
    return key


def _nothing(account: Address, key: bytes) -> Accounts:
    return iter(())


def _tezos(account: Address, key: bytes) -> Accounts:
    if account.kind != "kt1":  # a contract
        yield tezos.from_public_key(key), ()


def _cardano(account: Address, key: bytes) -> Accounts:
    """Types 0, 2, 4 and 6 pay to a key; the staking part that follows in 0, 2 and 4 is not signed for."""
    if account.kind in ("shelley_0", "shelley_2", "shelley_4", "shelley_6"):
        rest = account.payload[29:]
        yield account.payload[:1] + cardano.payment_part(key) + rest, ("cardano_payment_part_only",) if rest else ()


def _ton(account: Address, key: bytes) -> Accounts:
    for name, digest in ton.wallets(key):
        step("wallet contract", name)
        yield account.payload[:1] + digest, () if name in ("v3r2", "highload_v3") else (f"ton_{name}",)


def _venom(account: Address, key: bytes) -> Accounts:
    """One wallet contract is known; an account that it does not give may be of another contract."""
    if (payload := account.payload[:1] + ton.ever_wallet(key)) == account.payload:
        yield payload, ()


def _lisk(account: Address, key: bytes) -> Accounts:
    yield lisk.number_of(key) if account.kind == "number" else lisk.from_public_key(key), ()


def _canton(account: Address, key: bytes) -> Accounts:
    yield account.payload[:-34] + canton.fingerprint(key), ()


#: By the `address_form` column of networks.csv.
FORMS = {
    "solana": Form("sol", _hash(_itself)),
    "aptos": Form("aptos", _hash(aptos.from_public_key)),
    "sui": Form("sui", _hash(sui.from_public_key)),
    "ton": Form("ton", _ton),
    "ss58": Form("ss58", _hash(_itself)),
    "stellar": Form("stellar", _hash(_itself)),
    "cardano": Form("ada", _cardano),
    "near": Form("near", _only("implicit", _itself)),
    "algorand": Form("algo", _hash(_itself)),
    "tezos": Form("tezos", _tezos),
    "bech32": Form("egld", _hash(_itself)),
    "sia": Form("sc", _hash(sia.from_public_key)),
    "iota": Form("iota", _only("iota", iota.from_public_key)),
    "icp": Form("icp", _hash(icp.from_public_key)),
    "casper": Form("cspr", _hash(casper.from_public_key)),
    "kadena": Form("kda", _only("k", _itself)),
    "lisk": Form("lisk", _lisk),
    "pocket": Form("pokt", _hash(pocket.from_public_key)),
    "canton": Form("canton", _canton),
    "hedera": Form("", _nothing),
    "opaque": Form("", _nothing),
}

#: Networks whose accounts are made otherwise than those of their address form.
NETWORKS = {"venom": Form("venom", _venom)}

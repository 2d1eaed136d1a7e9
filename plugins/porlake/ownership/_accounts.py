"""Rows of networks whose account is a hash of one secp256k1 key: signed by the account itself, or by its stated owners.

Contract wallets and validators cannot sign. Their rows name owners: signature1 is by owner1, signature2 by owner2. That shows the
owners' keys and no more; whether the account is theirs stands on the chain.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from porlake import addresses
from porlake.addresses import Address
from porlake.encoding.keccak import keccak256
from porlake.errors import InvalidAddress, InvalidSignature
from porlake.model import Evidence
from porlake.ownership import _message, _secp256k1
from porlake.ownership._judgement import Judgement
from porlake.ownership._steps import is_heard, step

EIGENLAYER = "eigenlayer"


@dataclass(frozen=True, slots=True)
class Rules:
    """What differs from scheme to scheme.

    `digests`: the 32 bytes that may have been signed for a message, in the order in which they are tried; `account`: the payload of the
    address of an uncompressed public key, `text`: that address; `network`: on which the owners have their accounts; `reason`: of a row that
    is proven.
    """

    digests: Callable[[bytes], Iterable[bytes]]
    account: Callable[[bytes], bytes]
    text: Callable[[str, bytes], Address]
    network: str
    reason: str


def hashed(signed: bytes) -> bytes:
    """The Keccak-256 of the bytes that are signed."""
    step("bytes signed", signed)
    return keccak256(signed)


def judge(row: Evidence, address: Address, rules: Rules) -> Judgement:
    """Every stated owner signs in its own column; where none is stated, the account itself signs in the first.

    Raises InvalidAddress (bad_owner) and InvalidSignature where a column does not hold what it should.
    """
    signers = _signers(row, address, rules.network)
    flags = _flags(row, signers)
    for column, signer in enumerate(signers):
        signed = _signed(row, column, signer, rules)
        if signed is None:
            return Judgement("invalid", "address_mismatch" if signer is address else "owner_mismatch", flags)
        flags += signed
    flags = tuple(dict.fromkeys(flags))
    names = ",".join(signer.text for signer in signers)
    if any(signer.payload == address.payload for signer in signers):
        return Judgement("proven", rules.reason, flags, names)
    return Judgement("owner_signed", "owner", flags, names)


def _signers(row: Evidence, address: Address, network: str) -> list[Address]:
    """Who has to sign, by column. An EigenPod (owner2 of an Eigenlayer row) is a contract and signs nothing."""
    owners = row.owners[:1] if row.holding == EIGENLAYER else row.owners
    stated = max((column for column, text in enumerate(owners, 1) if text), default=0)
    if not stated and address.kind == "validator":
        raise InvalidSignature("no_owner", "a validator's key signs nothing of this scheme; its withdrawal owner does")
    return [_owner(text, network) if text else address for text in owners[:stated]] or [address]


def _owner(text: str, network: str) -> Address:
    try:
        return addresses.parse(network, text)
    except InvalidAddress as error:
        raise InvalidAddress("bad_owner", f"owner {text[:200]!r}: {error}") from error


def _flags(row: Evidence, signers: list[Address]) -> tuple[str, ...]:
    flags = [f"extra_signature{column}" for column, text in enumerate(row.signatures, 1) if text and column > len(signers)]
    if len({signer.payload for signer in signers}) < len(signers):
        flags.append("same_owner_twice")
    if row.holding == EIGENLAYER and any(row.owners[1:]):
        flags.append("owner2_is_eigenpod")
    return tuple(flags)


def _signed(row: Evidence, column: int, signer: Address, rules: Rules) -> tuple[str, ...] | None:
    """The flags under which the signer's key made the signature of this column; None where it did not."""
    text = row.signatures[column] if column < len(row.signatures) else ""
    if not text:
        raise InvalidSignature(f"no_signature{column + 1}", f"{signer.text} did not sign")
    signature = _secp256k1.from_hex(text)
    for message, flags in _message.spellings(row.message):
        for digest in rules.digests(message):
            account = rules.account(_secp256k1.recover(signature, digest).format(compressed=False))
            if is_heard():
                step("derived account", rules.text(rules.network, account).text)
                step(f"owner{column + 1} in the row" if any(row.owners) else "account in the row", signer.text)
            if account == signer.payload:
                return signature.flags + flags
    return None

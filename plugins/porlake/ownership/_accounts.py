"""Rows of networks whose account is a hash of one secp256k1 key: signed by the account itself, or by its stated owners.

Contract wallets and validators cannot sign. Their rows name owners: signature1 is by owner1, signature2 by owner2. That
shows the owners' keys and no more; whether the account is theirs stands on the chain.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace

from porlake.addresses import Address
from porlake.encoding.keccak import keccak256
from porlake.errors import InvalidAddress, InvalidSignature
from porlake.model import Evidence
from porlake.ownership import _columns, _message, _secp256k1, _signers
from porlake.ownership._judgement import Judgement
from porlake.ownership._steps import attempt, fits, is_heard, step

EIGENLAYER = "eigenlayer"

Signed = tuple[str, bytes]
"""How the bytes that are signed come from the message, in words, and the bytes; what is signed is their Keccak-256."""


@dataclass(frozen=True, slots=True)
class Rules:
    """What differs from scheme to scheme.

    `signed`: what may have been signed for a message, in the order in which it is tried; `account`: the payload of the
    address of an uncompressed public key, `text`: that address; `network`: on which the owners have their accounts;
    `kinds` of addresses that are such accounts, or are signed for by such owners; `reason`: of a row that is proven.
    """

    signed: Callable[[bytes], Iterable[Signed]]
    account: Callable[[bytes], bytes]
    text: Callable[[str, bytes], Address]
    network: str
    kinds: frozenset[str]
    reason: str

    def digests(self, message: bytes) -> Iterator[bytes]:
        """The 32 bytes that may have been signed."""
        return (keccak256(data) for _, data in self.signed(message))


def judge_found(row: Evidence, address: Address, rules: Rules, kin: Rules) -> Judgement:
    """As `judge`, of a layout that states no owners: one is given where the row's signature also stands under the row
    of another account, which may be of a network of the other kind (`kin`), whose key has the same account.

    Nothing that the row says by itself is lost by that: the owner counts where the account did not sign, and he did.
    """
    if not any(row.owners):
        return judge(row, address, rules)
    alone = judge(replace(row, owners=[]), address, rules)
    if alone.verdict != "invalid":
        return alone
    try:
        owner = _signers.Signers.stated(address, row.owners[:1], rules.network, kin.network).by_column[0]
    except InvalidAddress:
        return alone  # an account of a chain whose keys are none here
    flags = _signed(row, 0, owner, kin if owner.network == kin.network else rules)
    if flags is None:
        return alone
    return Judgement("owner_signed", "signature_of_an_owner", flags, rules.text(rules.network, owner.payload).text)


def judge(row: Evidence, address: Address, rules: Rules) -> Judgement:
    """Every stated owner signs in its own column; where none is stated, the account itself signs in the first.

    Raises InvalidAddress (owner_...) and InvalidSignature where a column does not hold what it should.
    """
    if address.kind not in rules.kinds:
        return Judgement("unsupported", f"no_{rules.network}_{address.kind}")
    signers = _signers_of(row, address, rules.network)
    flags = _flags(row, signers)
    for column, signer in enumerate(signers.by_column):
        signed = _signed(row, column, signer, rules)
        if signed is None:
            return Judgement("invalid", "address_mismatch" if signer is address else "owner_mismatch", flags)
        flags += signed
    flags = tuple(dict.fromkeys(flags))
    if signers.include_account:
        return Judgement("proven", rules.reason, flags, signers.names)
    return Judgement("owner_signed", "owner", flags, signers.names)


def _signers_of(row: Evidence, address: Address, network: str) -> _signers.Signers:
    """Who has to sign, by column. An EigenPod (owner2 of an Eigenlayer row) is a contract and signs nothing."""
    owners = _signers.stated_owners(row)
    if row.holding == EIGENLAYER:
        owners = owners[:1] if any(owners[:1]) else []
    if not owners and address.kind == "validator":
        raise InvalidSignature("no_owner", "a validator's key signs nothing of this scheme; its withdrawal owner does")
    return _signers.Signers.stated(address, owners, network)


def _flags(row: Evidence, signers: _signers.Signers) -> tuple[str, ...]:
    flags = [*signers.extra_signatures(row), *signers.repeats()]
    if row.holding == EIGENLAYER and any(row.owners[1:]):
        flags.append("owner2_is_eigenpod")
    return tuple(flags)


def _signed(row: Evidence, column: int, signer: Address, rules: Rules) -> tuple[str, ...] | None:
    """The flags under which the signer's key made the signature of this column; None where it did not."""
    text = _columns.signature(row, column)
    attempt(f"signature{column + 1}")
    signature = _secp256k1.from_hex(text)
    step(f"owner{column + 1} in the row" if any(row.owners) else "account in the row", signer.text)
    for message, flags in _message.spellings(row.message):
        for how, data in rules.signed(message):
            attempt(f"signature{column + 1}", how, _message.spelling(flags))
            step("bytes signed", data)
            account = rules.account(_secp256k1.recover(signature, keccak256(data)).format(compressed=False))
            if is_heard():
                step("derived account", rules.text(rules.network, account).text)
            if account == signer.payload:
                fits()
                return signature.flags + flags
    return None

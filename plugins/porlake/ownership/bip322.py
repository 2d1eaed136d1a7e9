"""Messages signed by spending a made-up output of the address: BIP-322. https://github.com/bitcoin/bips/blob/master/bip-0322.mediawiki

simple          `smp` or no prefix, and the witness stack: native segwit and Taproot
full            `ful` and the whole transaction: every kind of address
proof of funds  `pof` and a finished PSBT, whose further inputs must hold as well; that their outputs exist is for the chain to say
"""

from __future__ import annotations

import base64
import binascii

from porlake.addresses import Address, bitcoin
from porlake.encoding import script as scripts
from porlake.encoding.transaction import Input, Output, Transaction, psbt, tagged, transaction, witness
from porlake.errors import InvalidAddress, InvalidSignature, NoKey, NoRule
from porlake.model import Evidence
from porlake.ownership import _message, _script, _secp256k1
from porlake.ownership._judgement import Judgement
from porlake.ownership._steps import step

PREFIXES = ("smp", "ful", "pof")
NETWORKS = frozenset({"bitcoin", "litecoin"})
"""Chains whose inputs sign as Bitcoin's do; Bitcoin Cash and Gold, among others, sign other digests."""

WITNESS = frozenset({"p2wpkh", "p2wsh", "p2tr"})
VERSIONS = (0, 2)
MOST_INPUTS = 100
"""Every input's digest reads all inputs: a text of some megabytes would take hours."""

COMPACT, FIRST_OF_COMPACT = 88, 27
"""Characters of a compact signature in base64, and the lowest that its first byte may be."""

NOTHING = Output(0, b"\x6a")


def is_meant(text: str, address: Address) -> bool:
    """Whether a signature text is one of these: a prefix, a Taproot address, or a witness stack for a native segwit one."""
    if text[:3] in PREFIXES or address.kind == "p2tr":
        return True
    if address.kind not in WITNESS or len(text) == COMPACT or text.startswith("0x"):
        return False
    try:
        raw = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return False
    return len(raw) > _secp256k1.BYTES and raw[0] < FIRST_OF_COMPACT


def judge(row: Evidence, address: Address) -> Judgement:
    """Raises InvalidSignature where a column does not hold what it should; NoKey where the signature is not that of the address."""
    if address.network not in NETWORKS:
        return Judgement("unsupported", "bip322")
    if not row.signatures or not row.signatures[0]:
        raise InvalidSignature("no_signature1", "the first signature column is empty")
    flags = tuple(f"extra_signature{column}" for column, text in enumerate(row.signatures[1:], 2) if text)
    text = row.signatures[0]
    if text[:3] not in PREFIXES:
        flags += ("bip322_no_prefix",)
    try:
        spent, spelled = _spent(row.message, text, address)
    except NoRule as error:
        return Judgement("unsupported", error.code, flags)
    if spent.is_time_locked:
        flags += ("time_lock",)
    if row.key_or_script and row.key_or_script.removeprefix("0x").lower() not in _known(spent, address):
        flags += ("key_field_unused",)
    if not _reaches_threshold(spent):
        return Judgement("invalid", "below_threshold", spelled + flags)
    signer = ",".join(key.hex() for key in spent.keys) if spent.form.endswith(("p2sh", "p2wsh", "p2tr-script")) else address.text
    return Judgement("proven", spent.form, spelled + flags, signer)


def _spent(message: str, text: str, address: Address) -> tuple[_script.Spent, tuple[str, ...]]:
    """How the address's output was spent, by the first spelling of the message that fits, with its flags."""
    failed: NoKey | None = None
    for spelled, flags in _message.spellings(message):
        to_spend = Transaction(
            0,
            (Input(bytes(32) + b"\xff" * 4, b"\x00\x20" + tagged("BIP0322-signed-message", spelled), 0),),
            (Output(0, bitcoin.script(address)),),
            0,
        )
        step("bytes signed", to_spend.without_witness())
        try:
            to_sign, outputs = _read(text, to_spend)
            _check(to_sign, to_spend)
            found = [_script.spend(to_sign, index, outputs) for index in range(len(to_sign.inputs))]
        except NoKey as error:
            failed = failed or error
        else:
            return found[0], flags
    assert failed is not None  # there is at least one spelling
    raise failed


def _read(text: str, to_spend: Transaction) -> tuple[Transaction, tuple[Output, ...]]:
    """The transaction that signs, and the outputs that it spends."""
    prefix, body = (text[:3], text[3:]) if text[:3] in PREFIXES else ("smp", text)
    try:
        raw = base64.b64decode(body, validate=True)
    except (binascii.Error, ValueError) as error:
        raise InvalidSignature("bad_base64", f"no base64: {body[:200]!r}") from error
    if prefix == "pof":
        return psbt(raw)
    if prefix == "ful":
        return transaction(raw), to_spend.outputs
    only = Input(to_spend.id() + bytes(4), b"", 0, witness(raw))
    return Transaction(0, (only,), (NOTHING,), 0), to_spend.outputs


def _check(to_sign: Transaction, to_spend: Transaction) -> None:
    """What the standard asks of the transaction besides its signatures."""
    if len(to_sign.inputs) > MOST_INPUTS:
        raise NoRule("too_many_inputs", f"{len(to_sign.inputs)} inputs; at most {MOST_INPUTS} are judged")
    if to_sign.version not in VERSIONS or to_sign.outputs != (NOTHING,) or not to_sign.inputs:
        raise NoKey("not_to_sign", "not a transaction of version 0 or 2 with one output of nothing")
    if to_sign.inputs[0].previous != to_spend.id() + bytes(4):
        raise NoKey("bad_signature", "it spends the output of another message or address")
    if len({spent.previous for spent in to_sign.inputs}) < len(to_sign.inputs):
        raise NoKey("not_to_sign", "two of its inputs spend one output")


def _known(spent: _script.Spent, address: Address) -> set[str]:
    """What the script column may well hold: the address's script, the one that was satisfied, a key that signed."""
    return {bitcoin.script(address).hex(), spent.script.hex(), *(key.hex() for key in spent.keys)}


def _reaches_threshold(spent: _script.Spent) -> bool:
    """A multisig script may hold one key several times; it is its distinct keys that count."""
    try:
        wanted = scripts.multisig(spent.script)
    except InvalidAddress:
        return True
    return len({key[-64:][:32] if len(key) == 65 else key[1:] for key in spent.keys}) >= wanted.threshold

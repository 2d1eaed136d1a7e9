"""Messages signed by spending a made-up output of the address: BIP-322.
https://github.com/bitcoin/bips/blob/master/bip-0322.mediawiki

simple          `smp` and the witness stack: native segwit and Taproot; wallets write it for P2SH-P2WPKH and P2SH-P2WSH
                too, whose program follows from the witness
full            `ful` and the whole transaction: every kind of address
proof of funds  `pof` and a finished PSBT, whose further inputs must hold as well; that their outputs exist is for the
                chain to say

Where the prefix is left off, the bytes say which of them it is.
"""

from __future__ import annotations

from porlake import registry
from porlake.addresses import Address, bitcoin
from porlake.encoding import hashes
from porlake.encoding import script as scripts
from porlake.encoding.transaction import PSBT, Input, Output, Transaction, psbt, tagged, transaction, witness
from porlake.encoding.varint import with_length
from porlake.errors import InvalidAddress, InvalidSignature, NoKey, NoRule
from porlake.model import Evidence
from porlake.ownership import _columns, _message, _multisig, _script, _secp256k1, _signers
from porlake.ownership._judgement import Judgement
from porlake.ownership._steps import attempt, fits, step

PREFIXES = ("smp", "ful", "pof")

WITNESS = frozenset({"p2wpkh", "p2wsh", "p2tr"})
LEGACY = frozenset({"p2pkh", "p2sh"})
VERSIONS = (0, 2)
MOST_INPUTS = 100
"""Every input's digest reads all inputs: a text of some megabytes would take hours."""

FIRST_OF_COMPACT = 27
"""The lowest that the first byte of a compact signature may be; witness stacks and transactions begin with less."""

NOTHING = Output(0, b"\x6a")


def is_meant(text: str, address: Address) -> bool:
    """Whether a signature text is one of these: by its prefix, or because its bytes are no compact signature but a
    witness stack, a transaction or a PSBT. What a Taproot address is given is one of them unless it is a good compact
    signature.
    """
    if text[:3] in PREFIXES:
        return True
    if text[:2] in ("0x", "0X") or address.kind not in WITNESS | LEGACY:
        return False
    try:
        raw = _columns.from_base64(text)
    except InvalidSignature:
        return address.kind == "p2tr"
    is_compact = len(raw) == _secp256k1.BYTES and raw[0] >= FIRST_OF_COMPACT
    if address.kind == "p2tr" or raw.startswith(PSBT):
        return not is_compact
    if is_compact or not raw or raw[0] >= FIRST_OF_COMPACT:
        return False
    if address.kind in WITNESS and len(raw) > _secp256k1.BYTES:
        return True
    kind = _kind_of(raw)
    return kind == "ful" or (kind == "smp" and address.kind != "p2pkh")


def _kind_of(raw: bytes) -> str:
    """The prefix that bytes would have: `smp` where they are a witness stack and nothing else, `ful` a transaction,
    `pof` a PSBT; '' for others.
    """
    if raw.startswith(PSBT):
        return "pof"
    for prefix, read in (("smp", witness), ("ful", transaction)):
        try:
            read(raw)
        except InvalidSignature:
            continue
        return prefix
    return ""


def judge(row: Evidence, address: Address) -> Judgement:
    """Raises InvalidSignature where a column does not hold what it should; NoKey where the signature is not that of the
    address.
    """
    known = registry.load().utxo_networks.get(address.network)
    if known is None or not known.signs_as_bitcoin:
        return Judgement("unsupported", "bip322")
    text = _columns.signature(row, 0)
    flags = _signers.extra_signatures(row)
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
    signer = (
        ",".join(key.hex() for key in spent.keys)
        if spent.form.endswith(("p2sh", "p2wsh", "p2tr-script"))
        else address.text
    )
    wanted = _wanted(spent)
    if wanted is not None:
        flags = _multisig.flags(wanted) + flags
        signers = set(_multisig.short_forms(spent.keys))
        if len(signers) < wanted.threshold:
            return Judgement("invalid", _multisig.too_few(wanted, signers), spelled + flags, signer)
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
        attempt("signature1", _message.spelling(flags))
        step("bytes signed", to_spend.without_witness())
        try:
            to_sign, outputs = _read(text, to_spend, address)
            _check(to_sign, to_spend)
            found = [_script.spend(to_sign, index, outputs) for index in range(len(to_sign.inputs))]
        except NoKey as error:
            failed = failed or error
        else:
            fits()
            return found[0], flags
    assert failed is not None  # there is at least one spelling
    raise failed


def _read(text: str, to_spend: Transaction, address: Address) -> tuple[Transaction, tuple[Output, ...]]:
    """The transaction that signs, and the outputs that it spends. Raises InvalidSignature (signature_bad_base64,
    _bad_witness ...).
    """
    prefix, body = (text[:3], text[3:]) if text[:3] in PREFIXES else ("", text)
    with _columns.of("signature"):
        raw = _columns.from_base64(body)
        prefix = prefix or _kind_of(raw) or "smp"
        if prefix == "pof":
            return psbt(raw)
        if prefix == "ful":
            return transaction(raw), to_spend.outputs
        stack = witness(raw)
    only = Input(to_spend.id() + bytes(4), _nested_program(stack, address), 0, stack)
    return Transaction(0, (only,), (NOTHING,), 0), to_spend.outputs


def _nested_program(stack: tuple[bytes, ...], address: Address) -> bytes:
    """The input's script of a P2SH address that nests a witness program: the push of the program that the witness is
    for; b"" for any other.

    No digest of a witness commits to it.
    """
    if address.kind != "p2sh" or not stack:
        return b""
    for program in (b"\x00\x14" + hashes.hash160(stack[-1]), b"\x00\x20" + hashes.sha256(stack[-1])):
        if hashes.hash160(program) == address.payload:
            return with_length(program)
    return b""


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


def _wanted(spent: _script.Spent) -> scripts.Multisig | None:
    """The multisig that the script is, None where it is another. The chain counts a key as often as it stands there;
    here distinct keys count.
    """
    try:
        return scripts.multisig(spent.script)
    except InvalidAddress:
        return None

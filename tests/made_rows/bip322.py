"""Rows of Bitcoin signed as BIP-322 has it: simple, full and proof of funds, for keys, scripts and Taproot."""

from __future__ import annotations

import base64
import random
from collections.abc import Callable
from dataclasses import replace

import coincurve

from made_rows import Case, utxo
from made_rows import _secp256k1 as made
from porlake.addresses import Address, bitcoin
from porlake.encoding.hashes import hash160, sha256
from porlake.encoding.transaction import ALL, DEFAULT, Input, Output, Transaction, tagged
from porlake.encoding.varint import compact_size, with_length

SCHEMES = frozenset({"utxo"})
NOTHING = Output(0, b"\x6a")
LOCK, NUMS = 2016, bytes.fromhex("50929b74c1a04954b78b4b6035e97a5e078a5a0f28ec96d547bfee9ace803ac0")

Signer = Callable[[Transaction, int, tuple[Output, ...]], tuple[bytes, tuple[bytes, ...]]]
"""The script and the witness with which an input spends its output."""


def to_spend(text: str, script: bytes) -> Transaction:
    tag = tagged("BIP0322-signed-message", text.encode())
    return Transaction(0, (Input(bytes(32) + b"\xff" * 4, b"\x00\x20" + tag, 0),), (Output(0, script),), 0)


def der(key: made.Key, digest: bytes, kind: int = ALL) -> bytes:
    return key.private.sign(digest, hasher=None) + bytes([kind])


def p2pkh_script(key: bytes) -> bytes:
    return b"\x76\xa9\x14" + hash160(key) + b"\x88\xac"


def pushed(*data: bytes) -> bytes:
    return b"".join(
        b"\x00" if not each else bytes([len(each)]) + each if len(each) < 76 else b"\x4c" + bytes([len(each)]) + each
        for each in data
    )


# --- spenders ---------------------------------------------------------------------------------------------------------
def by_key(key: made.Key) -> Signer:
    def sign(transaction: Transaction, index: int, outputs: tuple[Output, ...]) -> tuple[bytes, tuple[bytes, ...]]:
        digest = transaction.segwit_digest(index, p2pkh_script(key.short), outputs[index].value)
        return b"", (der(key, digest), key.short)

    return sign


def by_legacy_key(key: made.Key, public: bytes) -> Signer:
    def sign(transaction: Transaction, index: int, outputs: tuple[Output, ...]) -> tuple[bytes, tuple[bytes, ...]]:
        return pushed(der(key, transaction.legacy_digest(index, p2pkh_script(public))), public), ()

    return sign


def by_multisig(keys: list[made.Key], script: bytes) -> Signer:
    def sign(transaction: Transaction, index: int, outputs: tuple[Output, ...]) -> tuple[bytes, tuple[bytes, ...]]:
        digest = transaction.segwit_digest(index, script, outputs[index].value)
        return b"", (b"", *(der(key, digest) for key in keys), script)

    return sign


def by_legacy_multisig(keys: list[made.Key], script: bytes) -> Signer:
    def sign(transaction: Transaction, index: int, outputs: tuple[Output, ...]) -> tuple[bytes, tuple[bytes, ...]]:
        digest = transaction.legacy_digest(index, script)
        return pushed(b"", *(der(key, digest) for key in keys), script), ()

    return sign


def nested(inner: Signer, program: bytes) -> Signer:
    return lambda transaction, index, outputs: (pushed(program), inner(transaction, index, outputs)[1])


def by_locked_script(key: made.Key, script: bytes) -> Signer:
    def sign(transaction: Transaction, index: int, outputs: tuple[Output, ...]) -> tuple[bytes, tuple[bytes, ...]]:
        return b"", (der(key, transaction.segwit_digest(index, script, outputs[index].value)), b"", script)

    return sign


def by_taproot(key: made.Key, kind: int) -> Signer:
    def sign(transaction: Transaction, index: int, outputs: tuple[Output, ...]) -> tuple[bytes, tuple[bytes, ...]]:
        signature = schnorr(tweaked(key, b""), transaction.taproot_digest(index, outputs, kind))
        return b"", (signature + bytes([kind])[: kind != DEFAULT],)

    return sign


def by_tapscript(key: made.Key, script: bytes, control: bytes, lock: bool) -> Signer:
    leaf = tagged("TapLeaf", b"\xc0" + with_length(script))

    def sign(transaction: Transaction, index: int, outputs: tuple[Output, ...]) -> tuple[bytes, tuple[bytes, ...]]:
        signature = schnorr(key.private, transaction.taproot_digest(index, outputs, DEFAULT, leaf))
        return b"", (signature, *((b"",) if lock else ()), script, control)

    return sign


def schnorr(private: coincurve.PrivateKey, digest: bytes) -> bytes:
    return private.sign_schnorr(digest, None)


def tweaked(key: made.Key, root: bytes) -> coincurve.PrivateKey:
    """The output key's secret: the internal key with an even y, and the tweak."""
    secret = int.from_bytes(key.secret, "big")
    even = secret if key.short[0] == 2 else made.ORDER - secret
    tweak = int.from_bytes(tagged("TapTweak", key.short[1:] + root), "big")
    return coincurve.PrivateKey(((even + tweak) % made.ORDER).to_bytes(32, "big"))


def taproot_of_leaf(script: bytes, beside: bytes) -> tuple[Address, bytes]:
    """The address of a tree of two leaves under a key that nobody holds, and the control block of the first."""
    root = tagged("TapBranch", b"".join(sorted((tagged("TapLeaf", b"\xc0" + with_length(script)), beside))))
    output = coincurve.PublicKeyXOnly(NUMS)
    output.tweak_add(tagged("TapTweak", NUMS + root))
    return bitcoin.segwit("bitcoin", 1, output.format()), bytes([0xC0 | output.parity]) + NUMS + beside


def locked_script(one: bytes, other: bytes, lock: int = LOCK) -> bytes:
    """One key at once, or another after 2016 blocks, as in the standard's own vectors."""
    return (
        b"\x63"
        + pushed(one)
        + b"\xac\x67"
        + pushed(lock.to_bytes(lock.bit_length() // 8 + 1, "little"))
        + b"\xb2\x75"
        + pushed(other)
        + b"\xac\x68"
    )


# --- texts ------------------------------------------------------------------------------------------------------------
def stack(items: tuple[bytes, ...]) -> bytes:
    return compact_size(len(items)) + b"".join(with_length(item) for item in items)


def simple(text: str, script: bytes, signer: Signer) -> bytes:
    spend = to_spend(text, script)
    to_sign = Transaction(0, (Input(spend.id() + bytes(4), b"", 0),), (NOTHING,), 0)
    return stack(signer(to_sign, 0, spend.outputs)[1])


def full(text: str, script: bytes, signer: Signer, version: int = 2, sequence: int = LOCK) -> bytes:
    spend = to_spend(text, script)
    bare = Transaction(version, (Input(spend.id() + bytes(4), b"", sequence),), (NOTHING,), 0)
    return serialised(signed(bare, spend.outputs, [signer]))


def signed(bare: Transaction, outputs: tuple[Output, ...], signers: list[Signer]) -> Transaction:
    made_of = [signer(bare, index, outputs) for index, signer in enumerate(signers)]
    inputs = tuple(
        Input(spent.previous, script, spent.sequence, witness)
        for spent, (script, witness) in zip(bare.inputs, made_of, strict=True)
    )
    return Transaction(bare.version, inputs, bare.outputs, bare.locktime)


def serialised(transaction: Transaction) -> bytes:
    plain = transaction.without_witness()
    if not any(spent.witness for spent in transaction.inputs):
        return plain
    return (
        plain[:4]
        + b"\x00\x01"
        + plain[4:-4]
        + b"".join(stack(spent.witness) for spent in transaction.inputs)
        + plain[-4:]
    )


def funds(text: str, script: bytes, signer: Signer, other: made.Key, *, spoil: bool = False) -> bytes:
    """A PSBT with a second input: an output of another key, whose signature is spoiled on demand."""
    spend = to_spend(text, script)
    before = Transaction(2, (Input(sha256(script) + bytes(4), b"", 0),), (Output(1_000, p2pkh_script(other.short)),), 0)
    outputs = (*spend.outputs, *before.outputs)
    bare = Transaction(
        2, (Input(spend.id() + bytes(4), b"", LOCK), Input(before.id() + bytes(4), b"", 0)), (NOTHING,), 0
    )
    done = signed(bare, outputs, [signer, by_legacy_key(other, other.short)])
    scripts = [spent.script for spent in done.inputs]
    if spoil:
        scripts[1] = scripts[1][:20] + bytes([scripts[1][20] ^ 1]) + scripts[1][21:]
    maps = [
        _map({0: spend.without_witness(), 1: spend.outputs[0].raw(), 7: scripts[0], 8: stack(done.inputs[0].witness)}),
        _map({0: before.without_witness(), 7: scripts[1]}),
    ]
    return b"psbt\xff" + _map({0: bare.without_witness()}) + b"".join(maps) + b"\x00"


def _map(fields: dict[int, bytes]) -> bytes:
    return (
        b"".join(
            with_length(bytes([kind])) + with_length(value)
            for kind, value in fields.items()
            if value not in (b"", b"\x00")
        )
        + b"\x00"
    )


def text_of(prefix: str, raw: bytes) -> str:
    return prefix + base64.b64encode(raw).decode()


# --- rows -------------------------------------------------------------------------------------------------------------
def case(chance: random.Random) -> Case:
    keys = [made.key(chance) for _ in range(3)]
    text = made.message(chance)
    form = chance.choice(sorted(FORMS))
    where, signer, reason, flags = FORMS[form](chance, keys)
    script = bitcoin.script(where)
    is_native = where.kind in ("p2wpkh", "p2wsh", "p2tr") and "lock" not in form
    kind = chance.choice(["smp", "ful", "pof"] if is_native or form.startswith("p2sh-") else ["ful", "pof"])
    prefix = kind if chance.random() < 0.7 else ""
    raw = {
        "smp": lambda: simple(text, script, signer),
        "ful": lambda: full(text, script, signer, chance.choice([0, 2]) if "lock" not in form else 2),
        "pof": lambda: funds(text, script, signer, keys[2]),
    }[kind]()
    row = made.evidence("utxo", "bitcoin", where.text, text, [text_of(prefix, raw)])
    good = Case(
        row, "proven", reason, f"a good row of {form} {prefix}", flags + ((), ("bip322_no_prefix",))[not prefix]
    )

    def signature(why: str, raw_of: bytes, verdict: str, code: str) -> Case:
        return Case(replace(row, signatures=[text_of(prefix, raw_of), ""]), verdict, code, why)

    stranger = made.key(chance)
    is_witness = where.kind in ("p2wpkh", "p2wsh", "p2tr")
    by_kind = {"ful": "signature_bad_transaction", "pof": "signature_bad_psbt", "smp": "signature_bad_witness"}
    broken = (
        by_kind[kind] if prefix or kind == "pof" else "signature_bad_witness" if is_witness else "signature_bad_length"
    )
    seen = good.flags or ()

    def forged(by: Signer, reason_of: str) -> Case:
        return Case(
            replace(row, signatures=[text_of("smp", simple(text, script, by)), ""]),
            "invalid",
            reason_of,
            "another key's signature",
        )

    def other_input() -> Case:
        return signature(
            "the other input does not hold",
            funds(text, script, signer, keys[2], spoil=True),
            "invalid",
            "bad_signature",
        )

    def no_base64() -> Case:
        published = row.signatures[0]
        return (
            Case(
                replace(row, signatures=[f"{published[:8]}?{published[9:]}", ""]),
                "malformed",
                "signature_bad_base64",
                "no base64",
            )
            if prefix
            else good
        )

    def letter() -> Case:
        changed = where.text[:-1] + ("q" if where.text[-1] != "q" else "p")
        return Case(replace(row, address_published=changed), "malformed", "address_bad_checksum", "a letter changed")

    mutations: list[made.Mutation] = [
        lambda: Case(replace(row, message=text + "."), "invalid", "bad_signature", "another message"),
        lambda: signature("a byte added", raw + b"\0", "malformed", broken),
        lambda: signature("cut off", raw[:-1], "malformed", broken),
        no_base64,
        letter,
        lambda: Case(replace(row, signatures=["", ""]), "unsigned", "unsigned", "no signature"),
        lambda: Case(replace(row, message=f" {text}"), "proven", reason, "a blank more", (*seen, "message_trimmed")),
        lambda: Case(
            replace(row, signatures=[row.signatures[0]] * 2), "proven", reason, "two", (*seen, "extra_signature2")
        ),
    ]
    if reason == "p2tr-key":
        mutations.append(lambda: forged(by_taproot(stranger, DEFAULT), "bad_signature"))
    if form == "p2wpkh":
        mutations.append(lambda: forged(by_key(stranger), "address_mismatch"))
    if kind == "pof":
        mutations.append(other_input)
    return made.chosen(chance, good, mutations)


Form = tuple[Address, Signer, str, tuple[str, ...]]


def _p2wpkh(_: random.Random, keys: list[made.Key]) -> Form:
    return bitcoin.p2wpkh("bitcoin", keys[0].short), by_key(keys[0]), "p2wpkh", ()


def _p2pkh(chance: random.Random, keys: list[made.Key]) -> Form:
    public = chance.choice([keys[0].short, keys[0].long])
    return (
        bitcoin.p2pkh("bitcoin", public),
        by_legacy_key(keys[0], public),
        "compressed" if len(public) == 33 else "uncompressed",
        (),
    )


def _nested_key(_: random.Random, keys: list[made.Key]) -> Form:
    program = b"\x00\x14" + hash160(keys[0].short)
    return bitcoin.p2sh("bitcoin", program), nested(by_key(keys[0]), program), "p2sh-p2wpkh", ()


def _p2wsh(_: random.Random, keys: list[made.Key]) -> Form:
    script = utxo.script(2, [key.short for key in keys])
    return bitcoin.p2wsh("bitcoin", script), by_multisig([keys[0], keys[2]], script), "p2wsh", ("multisig_2_of_3",)


def _nested_script(_: random.Random, keys: list[made.Key]) -> Form:
    script = utxo.script(2, [key.short for key in keys])
    program = b"\x00\x20" + sha256(script)
    return (
        bitcoin.p2sh("bitcoin", program),
        nested(by_multisig([keys[1], keys[2]], script), program),
        "p2sh-p2wsh",
        ("multisig_2_of_3",),
    )


def _p2sh(_: random.Random, keys: list[made.Key]) -> Form:
    script = utxo.script(2, [key.short for key in keys])
    return bitcoin.p2sh("bitcoin", script), by_legacy_multisig([keys[0], keys[1]], script), "p2sh", ("multisig_2_of_3",)


def _p2tr(chance: random.Random, keys: list[made.Key]) -> Form:
    output = tweaked(keys[0], b"").public_key.format()[1:]
    return bitcoin.segwit("bitcoin", 1, output), by_taproot(keys[0], chance.choice([DEFAULT, ALL])), "p2tr-key", ()


def _p2tr_script(chance: random.Random, keys: list[made.Key]) -> Form:
    script = pushed(keys[0].short[1:]) + b"\xac"
    where, control = taproot_of_leaf(script, sha256(keys[1].short))
    return where, by_tapscript(keys[0], script, control, False), "p2tr-script", ()


def _p2wsh_lock(_: random.Random, keys: list[made.Key]) -> Form:
    script = locked_script(keys[0].short, keys[1].short)
    return bitcoin.p2wsh("bitcoin", script), by_locked_script(keys[1], script), "p2wsh", ("time_lock",)


def _p2tr_lock(_: random.Random, keys: list[made.Key]) -> Form:
    script = locked_script(keys[0].short[1:], keys[1].short[1:])
    where, control = taproot_of_leaf(script, sha256(keys[2].short))
    return where, by_tapscript(keys[1], script, control, True), "p2tr-script", ("time_lock",)


FORMS: dict[str, Callable[[random.Random, list[made.Key]], Form]] = {
    "p2wpkh": _p2wpkh,
    "p2pkh": _p2pkh,
    "p2sh-p2wpkh": _nested_key,
    "p2wsh": _p2wsh,
    "p2sh-p2wsh": _nested_script,
    "p2sh": _p2sh,
    "p2tr": _p2tr,
    "p2tr script": _p2tr_script,
    "p2wsh lock": _p2wsh_lock,
    "p2tr lock": _p2tr_lock,
}

"""Rows of Bitcoin and its relatives with compact and hex signatures: one key, and multisig scripts."""

from __future__ import annotations

import base64
import random
from dataclasses import dataclass, field, replace

from made_rows import Case
from made_rows import _secp256k1 as made
from porlake.addresses import Address, bitcoin, cashaddr
from porlake.encoding.blake256 import blake256
from porlake.encoding.hashes import sha256d
from porlake.encoding.keccak import keccak256
from porlake.encoding.varint import with_length

SCHEMES = frozenset({"utxo"})

BITCOIN, OKX = b"Bitcoin Signed Message:\n", b"OKX Signed Message:\n"
HEADERS = {
    "bitcoin": BITCOIN,
    "bitcoin_cash": BITCOIN,
    "bitcoin_sv": BITCOIN,
    "ecash": b"eCash Signed Message:\n",
    "horizen": b"Zcash Signed Message:\n",
    "decred": b"Decred Signed Message:\n",
    "litecoin": b"Litecoin Signed Message:\n",
    "dogecoin": b"Dogecoin Signed Message:\n",
    "dash": b"DarkCoin Signed Message:\n",
    "bitcoin_gold": b"Bitcoin Gold Signed Message:\n",
    "bitcoin_diamond": b"Bitcoindiamond Signed Message:\n",
    "digibyte": b"DigiByte Signed Message:\n",
    "qtum": b"Qtum Signed Message:\n",
    "ravencoin": b"Raven Signed Message:\n",
    "zcash": b"Zcash Signed Message:\n",
}
CASH = frozenset({"bitcoin_cash", "ecash"})
CASHADDR = CASH | {"bitcoin_sv"}  # which takes that spelling too
SEGWIT = frozenset({"bitcoin", "litecoin", "bitcoin_gold", "bitcoin_diamond", "digibyte", "qtum"})
FOREIGN = {
    "bitcoin": "dogecoin",
    "litecoin": "bitcoin",
    "dogecoin": "zcash",
    "dash": "ravencoin",
    "zcash": "horizen",
    "ravencoin": "bitcoin",
}
BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
BECH32 = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
SINGLE = {"compressed": "p2pkh", "uncompressed": "p2pkh", "p2wpkh": "p2wpkh", "p2sh-p2wpkh": "p2sh_p2wpkh"}
SCRIPTS = {"p2sh": "p2sh", "p2wsh": "p2wsh", "p2sh-p2wsh": "p2sh_p2wsh"}


def case(chance: random.Random) -> Case:
    network = chance.choice(sorted(HEADERS))
    return _single(chance, network) if chance.random() < 0.5 else _multisig(chance, network)


def digest(network: str, text: str, header: bytes | None = None) -> bytes:
    """By the network's own wallet; with another's header as that one hashes it."""
    hashed = blake256 if network == "decred" and header is None else sha256d
    return hashed(with_length(header or HEADERS[network]) + with_length(text.encode()))


def okx_digest(text: str) -> bytes:
    return keccak256(with_length(OKX) + with_length(text.encode()))


def address(network: str, form: str, what: bytes) -> str:
    made_address: Address = getattr(bitcoin, form)(network, what)
    if network in CASH:
        return cashaddr.of(network, made_address.kind, made_address.payload).text
    return made_address.text


def script(threshold: int, keys: list[bytes]) -> bytes:
    return (
        bytes([0x50 + threshold]) + b"".join(bytes([len(key)]) + key for key in keys) + bytes([0x50 + len(keys), 0xAE])
    )


# --- one key ----------------------------------------------------------------------------------------------------------
def _single(chance: random.Random, network: str) -> Case:
    form = chance.choice([form for form in SINGLE if network in SEGWIT or SINGLE[form] == "p2pkh"])
    key, other, text = made.key(chance), made.key(chance), made.message(chance)
    own = key.long if form == "uncompressed" else key.short
    first = {"compressed": 31, "uncompressed": 27, "p2wpkh": 39, "p2sh-p2wpkh": 35}[form]
    where = address(network, SINGLE[form], own)
    signed = digest(network, text)
    raw = key.sign(signed)
    good = Case(
        made.evidence("utxo", network, where, text, [made.compact(raw, first)]),
        "proven",
        form,
        f"a good row of {form}",
        (),
    )

    def signature(how: str, text_of: str, verdict: str, reason: str, flags: tuple[str, ...] | None = None) -> Case:
        return Case(replace(good.row, signatures=[text_of, ""]), verdict, reason, how, flags)

    def flipped() -> Case:
        spoiled = made.flipped(chance, raw)
        return signature("a bit flipped", made.compact(spoiled, first), "invalid", made.mismatch(spoiled, signed))

    def other_recovery() -> Case:
        spoiled = raw[:64] + bytes([raw[64] ^ 1])
        return signature("another recovery id", made.compact(spoiled, first), "invalid", made.mismatch(spoiled, signed))

    def with_address(how: str, text_of: str, verdict: str, reason: str) -> Case:
        return Case(replace(good.row, address_published=text_of), verdict, reason, how)

    def broken_checksum() -> Case:
        if (
            where.startswith(tuple(f"{bitcoin.parameters(network).hrp}1" for _ in (0,) if network in SEGWIT))
            or network in CASH
        ):
            start = where.index(":") + 1 if network in CASH else where.index("1") + 2  # the witness version stays
            return with_address(
                "a letter changed",
                made.changed_letter(chance, where, BECH32, start),
                "malformed",
                "address_bad_checksum",
            )
        return with_address(
            "a letter changed", made.changed_letter(chance, where, BASE58, 2), "malformed", "address_bad_checksum"
        )

    def hex_form() -> Case:
        spelled, add, flags = chance.choice(
            [("", 27, ()), ("v_0_1", 0, ("v_0_1",)), ("v_nonstandard", 31, ("v_nonstandard",))]
        )
        raw_hex = key.sign(okx_digest(text))
        return signature(f"hex {spelled}", made.hexed(raw_hex, add), "proven", form, flags)

    def stranger_too() -> Case:
        second = made.compact(other.sign(signed), 31)
        return Case(
            replace(good.row, signatures=[good.row.signatures[0], second]),
            "proven",
            form,
            "a stranger signed too",
            ("extra_signature2",),
        )

    def trimmed() -> Case:
        return Case(
            replace(good.row, message=f" {text}  "), "proven", form, "blanks around the message", ("message_trimmed",)
        )

    plain = good.row.signatures[0]
    raw_bytes = base64.b64decode(plain)
    mutations: list[made.Mutation] = [
        flipped,
        other_recovery,
        broken_checksum,
        hex_form,
        stranger_too,
        trimmed,
        lambda: signature(
            "another key's signature", made.compact(other.sign(signed), first), "invalid", "address_mismatch"
        ),
        lambda: Case(
            replace(good.row, message=text + "."),
            "invalid",
            made.mismatch(raw, digest(network, text + ".")),
            "another message",
        ),
        lambda: with_address(
            "another key's address",
            address(network, SINGLE[form], other.long if form == "uncompressed" else other.short),
            "invalid",
            "address_mismatch",
        ),
        lambda: with_address(
            "free text",
            "any-text-at-all",
            "malformed",
            f"address_{'bad_bech32' if network in CASHADDR else 'bad_base58'}",
        ),
        lambda: signature(
            "the last byte cut off", base64.b64encode(raw_bytes[:-1]).decode(), "malformed", "signature_bad_length"
        ),
        lambda: signature(
            "a byte added", base64.b64encode(raw_bytes + b"\0").decode(), "malformed", "signature_bad_length"
        ),
        lambda: signature("no base64", plain[:9] + "!" + plain[10:], "malformed", "signature_bad_base64"),
        lambda: signature("no hex", "0x" + "g" * 130, "malformed", "signature_bad_hex"),
        lambda: signature("v out of range", made.hexed(key.sign(okx_digest(text)), 40), "malformed", "signature_bad_v"),
        lambda: signature(
            "a first byte out of range",
            base64.b64encode(bytes([chance.choice([0, 26, 43, 255])]) + raw[:64]).decode(),
            "malformed",
            "signature_bad_header",
        ),
        lambda: signature(
            "a first byte of another type",
            made.compact(raw, {"p2wpkh": 35}.get(form, 39)),
            "invalid",
            "signature_header_of_other_type",
        ),
        lambda: signature("high S", made.compact(made.high(raw), first), "proven", form, ("high_s",)),
        lambda: signature("no signature", "", "unsigned", "unsigned"),
    ]
    if form in ("p2wpkh", "p2sh-p2wpkh"):
        mutations.append(
            lambda: signature(
                "a first byte of before BIP-137", made.compact(raw, 31), "proven", form, ("loose_bip137",)
            )
        )
    else:
        wrong_bit = 31 if form == "uncompressed" else 27
        mutations.append(
            lambda: signature(
                "the other compression bit", made.compact(raw, wrong_bit), "proven", form, ("header_compression_bit",)
            )
        )
    if HEADERS[network] != BITCOIN:
        by_bitcoins = made.compact(key.sign(digest(network, text, BITCOIN)), first)
        mutations.append(lambda: signature("Bitcoin's header", by_bitcoins, "proven", form, ("alt_header",)))
    if network in FOREIGN:
        foreign = bitcoin.p2pkh(FOREIGN[network], own).text
        mutations.append(
            lambda: with_address("an address of another chain", foreign, "malformed", "address_wrong_version")
        )
    return made.chosen(chance, good, mutations)


# --- a script ---------------------------------------------------------------------------------------------------------
@dataclass
class _Row:
    network: str
    form: str
    text: str
    threshold: int
    keys: list[made.Key]
    script: bytes = b""
    signatures: list[str] = field(default_factory=list)

    def signed(self, key: made.Key, first: int = 31) -> str:
        return made.compact(key.sign(digest(self.network, self.text)), first)

    def case(self, verdict: str, reason: str, why: str, flags: tuple[str, ...] | None = None, **changed: str) -> Case:
        where = address(self.network, SCRIPTS[self.form], self.script)
        row = made.evidence("utxo", self.network, where, self.text, self.signatures, self.script.hex())
        return Case(replace(row, **changed), verdict, reason, why, flags)


def _multisig(chance: random.Random, network: str) -> Case:
    threshold, count = chance.choice([(2, 3), (2, 3), (2, 2), (1, 2), (3, 5)])
    keys = [made.key(chance) for _ in range(count)]
    form = chance.choice(sorted(SCRIPTS) if network in SEGWIT else ["p2sh"])
    row = _Row(network, form, made.message(chance), threshold, keys)
    row.script = script(threshold, [key.long if chance.random() < 0.1 else key.short for key in keys])
    signers = chance.sample(keys, min(threshold, 2))
    row.signatures = [row.signed(signer) for signer in signers]
    if threshold == 3:
        return row.case("invalid", "below_threshold", "two columns cannot show three signers")
    stranger, multisig = made.key(chance), f"multisig_{threshold}_of_{count}"
    good = row.case("proven", form, f"a good row of {threshold} of {count} in {form}", (multisig,))

    def signatures(why: str, texts: list[str], verdict: str, reason: str, flags: tuple[str, ...] | None = None) -> Case:
        return replace(
            good,
            row=replace(good.row, signatures=[*texts, "", ""][:2]),
            verdict=verdict,
            reason=reason,
            why=why,
            flags=flags,
        )

    def flipped() -> Case:
        raw, signed = signers[0].sign(digest(network, row.text)), digest(network, row.text)
        spoiled = made.flipped(chance, raw)
        reason = made.mismatch(spoiled, signed, "below_threshold" if threshold == 2 else "signer_not_in_script")
        return signatures("a bit flipped", [made.compact(spoiled, 31), *row.signatures[1:]], "invalid", reason)

    def with_script(why: str, text_of: str, verdict: str, reason: str) -> Case:
        return replace(
            good, row=replace(good.row, key_or_script=text_of), verdict=verdict, reason=reason, why=why, flags=None
        )

    def script_changed() -> Case:
        at = chance.randrange(len(row.script))
        changed = row.script[:at] + bytes([row.script[at] ^ 1]) + row.script[at + 1 :]
        return with_script("a script of another", changed.hex(), "invalid", "script_mismatch")

    high = made.compact(made.high(signers[0].sign(digest(network, row.text))), 31)
    by_stranger = row.signed(stranger)
    one_of_them = (
        ("proven", form, (multisig, "signature1_by_stranger"))
        if threshold == 1
        else ("invalid", "below_threshold", None)
    )
    not_needed = (
        ("proven", form, (multisig, "signature2_unreadable"))
        if threshold == 1
        else ("malformed", "signature_bad_base64", None)
    )
    no_script = ("malformed", "no_script") if form == "p2wsh" else ("invalid", "address_mismatch")
    in_hex = [made.hexed(signer.sign(okx_digest(row.text))) for signer in signers]
    mutations: list[made.Mutation] = [
        flipped,
        script_changed,
        lambda: signatures("signatures in hex", in_hex, "proven", form, (multisig,)),
        lambda: signatures("strangers signed", [by_stranger, by_stranger], "invalid", "signer_not_in_script"),
        lambda: signatures("a stranger first", [by_stranger, row.signatures[0]], *one_of_them),
        lambda: signatures("the second is no base64", [row.signatures[0], "?" * 88], *not_needed),
        lambda: signatures(
            "the first is cut off",
            [base64.b64encode(base64.b64decode(row.signatures[0])[:-1]).decode()],
            "malformed",
            "signature_bad_length",
        ),
        lambda: signatures("none", [], "unsigned", "script_shown"),
        lambda: with_script("half a byte", row.script.hex()[:-1], "malformed", "script_bad_hex"),
        lambda: with_script("no script", "", *no_script),
        lambda: with_script("a script cut off", row.script[:-1].hex(), "invalid", "script_mismatch"),
        lambda: replace(
            good,
            row=replace(good.row, message=f"{row.text} "),
            why="a blank after the message",
            flags=(multisig, "message_trimmed"),
        ),
        lambda: _twice_in_script(chance, network, form),
    ]
    if threshold == 2:
        mutations += [
            lambda: signatures("the same signature twice", [row.signatures[0]] * 2, "invalid", "below_threshold"),
            lambda: signatures("one signature", row.signatures[:1], "invalid", "below_threshold"),
            lambda: signatures(
                "one signature and its high S twin", [row.signatures[0], high], "invalid", "below_threshold"
            ),
            lambda: signatures(
                "a first byte of P2WPKH", [row.signatures[0], row.signed(signers[1], 39)], "invalid", "below_threshold"
            ),
            lambda: signatures("high S", [high, row.signatures[1]], "proven", form, (multisig, "high_s")),
            lambda: signatures("the first column is empty", ["", row.signatures[1]], "malformed", "no_signature1"),
        ]
    return made.chosen(chance, good, mutations)


def _twice_in_script(chance: random.Random, network: str, form: str) -> Case:
    """2 of 2 where both are one key: its one holder is one signer."""
    key = made.key(chance)
    row = _Row(network, form, made.message(chance), 2, [key, key], script(2, [key.short, key.short]))
    row.signatures = [row.signed(key)] * 2
    return row.case("invalid", "below_threshold_one_key_twice", "one key twice in the script")

"""Rows of ed25519 accounts: every address form, OKX's header and HTX's bare text."""

from __future__ import annotations

import base64
import hashlib
import zlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from random import Random

from nacl.signing import SigningKey

from made_rows import Case
from porlake.addresses import aptos, canton, cardano, icp, iota, lisk, pocket, sia, ss58, sui, tezos, ton
from porlake.encoding import base58, bech32
from porlake.encoding.crc import crc16
from porlake.encoding.hashes import blake2b, sha512_256
from porlake.encoding.varint import with_length
from porlake.model import Evidence

SCHEMES = frozenset({"okx_ed25519", "htx_ed25519"})
ORDER = 2**252 + 27742317777372353535851937790883648493
MESSAGES = ("I am an OKX address", "OKC_DTT_AUP2025", "hello world", "Ich bin eine Adresse: ß €", "x" * 300)

#: Keys of small order: signatures that other tools take are made for them without any secret.
SMALL = (
    bytes(32),
    b"\x01" + bytes(31),
    bytes.fromhex("ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"),
    bytes.fromhex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"),
    bytes.fromhex("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a"),
)


@dataclass(frozen=True, slots=True)
class Form:
    """`address`: the text of a key's account; `checked`: the code of a changed character, '' where the form has no
    checksum.
    """

    network: str
    reason: str
    address: Callable[[bytes, Random], str]
    checked: str = ""
    flags: tuple[str, ...] = ()


# --- texts of accounts ------------------------------------------------------------------------------------------------
def _base58(key: bytes, chance: Random) -> str:
    return base58.encode(key)


def _hex(derive: Callable[[bytes], bytes]) -> Callable[[bytes, Random], str]:
    return lambda key, chance: "0x" + (derive(key).hex() if chance.random() < 0.8 else derive(key).hex().upper())


def _friendly(tag: int, wallet: str) -> Callable[[bytes, Random], str]:
    def text(key: bytes, chance: Random) -> str:
        data = bytes([tag, 0]) + dict(ton.wallets(key))[wallet]
        encoded = base64.b64encode(data + crc16(data).to_bytes(2, "big"))
        return (encoded.translate(bytes.maketrans(b"+/", b"-_")) if chance.random() < 0.8 else encoded).decode()

    return text


def _raw(wallet: str) -> Callable[[bytes, Random], str]:
    return lambda key, chance: f"0:{dict(ton.wallets(key))[wallet].hex()}"


def _ss58(prefix: int) -> Callable[[bytes, Random], str]:
    return lambda key, chance: ss58.encode(prefix, key)


def _strkey(key: bytes, chance: Random, version: int = 0x30) -> str:
    data = bytes([version]) + key
    return base64.b32encode(data + crc16(data).to_bytes(2, "little")).decode()


def _cardano(kind: int, hrp: str = "addr", network: int = 1) -> Callable[[bytes, Random], str]:
    def text(key: bytes, chance: Random) -> str:
        rest = {0: chance.randbytes(28), 2: chance.randbytes(28), 4: b"\x81\x02\x03", 6: b""}[kind]
        return bech32.encode_bytes(hrp, bytes([kind << 4 | network]) + cardano.payment_part(key) + rest)

    return text


def _algorand(key: bytes, chance: Random) -> str:
    return base64.b32encode(key + sha512_256(key)[-4:]).decode().rstrip("=")


def _principal(key: bytes, chance: Random) -> str:
    principal = hashlib.sha224(bytes.fromhex("302a300506032b6570032100") + key).digest() + b"\x02"
    text = base64.b32encode(zlib.crc32(principal).to_bytes(4, "big") + principal).decode().lower().rstrip("=")
    return "-".join(text[at : at + 5] for at in range(0, len(text), 5))


def _short_aptos(key: bytes, chance: Random) -> str:
    return "0x" + aptos.from_public_key(key).hex().lstrip("0")


OKX = [
    Form("solana", "sol", _base58),
    Form("fogo", "sol", _base58),
    Form("aptos", "aptos", _hex(aptos.from_public_key)),
    Form("sui", "sui", _hex(sui.from_public_key)),
    Form("ton", "ton", _friendly(0x51, "v3r2"), "bad_checksum"),
    Form("ton", "ton", _friendly(0x11, "v3r2"), "bad_checksum"),
    Form("ton", "ton", _friendly(0x11, "highload_v3"), "bad_checksum"),
    Form("ton", "ton", _raw("v3r2")),
    *(
        Form("ton", "ton", _friendly(0x51, name), "bad_checksum", (f"ton_{name}",))
        for name in ton.WALLETS
        if name not in ("v3r2", "highload_v3")
    ),
    Form("polkadot", "ss58", _ss58(0), "bad_checksum"),
    Form("polkadot_asset_hub", "ss58", _ss58(0), "bad_checksum"),
    Form("polkadot", "ss58", _ss58(42), "bad_checksum", ("ss58_prefix_42",)),
    *(Form(network, "ss58", _ss58(prefix), "bad_checksum") for network, prefix in ss58.PREFIX.items()),
    Form("astar", "ss58", _ss58(1284), "bad_checksum", ("ss58_prefix_1284",)),
    Form("stellar", "stellar", _strkey, "bad_checksum"),
    Form("pi", "stellar", _strkey, "bad_checksum"),
    Form("cardano", "ada", _cardano(6), "bad_checksum"),
    *(Form("cardano", "ada", _cardano(kind), "bad_checksum", ("cardano_payment_part_only",)) for kind in (0, 2, 4)),
    Form("near", "near", lambda key, chance: key.hex()),
    Form("algorand", "algo", _algorand, "bad_checksum"),
    Form("tezos", "tezos", lambda key, chance: base58.encode_check(tezos.from_public_key(key)), "bad_checksum"),
    Form("multiversx", "egld", lambda key, chance: bech32.encode_bytes("erd", key), "bad_checksum"),
    Form("sia", "sc", lambda key, chance: sia.of("sia", sia.from_public_key(key)).text, "bad_checksum"),
    Form("iota", "iota", _hex(iota.from_public_key)),
    Form("iota", "iota", lambda key, chance: bech32.encode_bytes("iota", b"\x00" + blake2b(key, 32)), "bad_checksum"),
    Form("icp", "icp", lambda key, chance: icp.from_public_key(key).hex(), "bad_checksum"),
    Form("icp", "icp", _principal),
    Form("casper", "cspr", lambda key, chance: "01" + key.hex()),
    Form("casper", "cspr", lambda key, chance: f"account-hash-{blake2b(b'ed25519' + bytes(1) + key, 32).hex()}"),
    Form("kadena", "kda", lambda key, chance: f"k:{key.hex()}"),
    Form(
        "lisk_legacy",
        "lisk",
        lambda key, chance: lisk.of("lisk_legacy", lisk.from_public_key(key)).text,
        "bad_checksum",
    ),
    Form("lisk_legacy", "lisk", lambda key, chance: f"{int.from_bytes(lisk.number_of(key), 'big')}L"),
    Form("klayr", "lisk", lambda key, chance: lisk.of("klayr", lisk.from_public_key(key)).text, "bad_checksum"),
    Form("pocket", "pokt", lambda key, chance: pocket.from_public_key(key).hex()),
    Form("canton", "canton", lambda key, chance: f"vault-{chance.randrange(99)}::{canton.fingerprint(key).hex()}"),
]
#: A wallet that is known among contracts that are not: the address of another key only shows a signature.
VENOM = Form("venom", "venom", lambda key, chance: f"0:{ton.ever_wallet(key).hex()}")
HTX = [Form("solana", "sol", _base58), Form("algorand", "algo", _algorand, "bad_checksum")]

#: Accounts that are no function of one key: (network, text).
LOOSE = [
    ("near", "treasury.near"),
    ("hedera", "0.0.98"),
    ("hedera", "any-text-at-all"),
    ("iost", "okxvault1"),
    ("venom", "0:" + "5a" * 32),
    ("kadena", "w:9w9sMWsa3bp8W1j4ZcBbUs2DBTEZ2Hj7YmAS0ew7yNo:keys-all"),
    ("cardano", bech32.encode_bytes("addr", b"\x71" + bytes(28))),
    (
        "cardano",
        "DdzFFzCqrhsrcTVhLygT24QwTnNqQqQ8mZrq5jykUzMveU26sxaH529kMpo7VhPrt5pwW3dXeB2k3EEvKcNBRmzCfcQ7dTkyGzTs658C",
    ),
    ("tezos", base58.encode_check(bytes.fromhex("025a79") + bytes(20))),
    ("iota", bech32.encode_bytes("iota", b"\x08" + bytes(32))),
]


# --- rows -------------------------------------------------------------------------------------------------------------
def case(chance: Random) -> Case:
    """A row that holds, or one of the changes below."""
    scheme = "htx_ed25519" if chance.random() < 0.1 else "okx_ed25519"
    form = chance.choice(HTX if scheme == "htx_ed25519" else OKX)
    made = _good(chance, scheme, form)
    if chance.random() < 0.62:
        return made
    changes = [*COMMON, *(ONLY_HTX if scheme == "htx_ed25519" else ONLY_OKX)]
    while True:
        changed = chance.choice(changes)(chance, made, form)
        if changed is not None:
            return changed


def _sign(scheme: str, signer: SigningKey, message: str) -> bytes:
    data = message.encode()
    if scheme == "okx_ed25519":
        data = with_length(b"OKX Signed Message:\n") + with_length(data)
    return bytes(signer.sign(data).signature)


def _signer(chance: Random) -> SigningKey:
    return SigningKey(chance.randbytes(32))


def _text(scheme: str, signature: bytes) -> str:
    return base64.b64encode(signature).decode() if scheme == "htx_ed25519" else "0x" + signature.hex()


def _row(scheme: str, network: str, address: str, message: str, signature: str, key: str) -> Evidence:
    exchange = "htx" if scheme == "htx_ed25519" else "okx"
    return Evidence(
        exchange,
        "r",
        1,
        None,
        network,
        None,
        "X",
        None,
        "wallet",
        scheme,
        address,
        message,
        [signature, ""],
        key,
        ["", ""],
    )


def _good(chance: Random, scheme: str, form: Form) -> Case:
    signer, message = _signer(chance), chance.choice(MESSAGES)
    key = bytes(signer.verify_key)
    stated = "" if scheme == "htx_ed25519" else ("0x" if chance.random() < 0.8 else "") + key.hex()
    row = _row(
        scheme, form.network, form.address(key, chance), message, _text(scheme, _sign(scheme, signer, message)), stated
    )
    return Case(row, "proven", form.reason, "holds", form.flags)


def _raw_signature(made: Case) -> bytes:
    text = made.row.signatures[0]
    return base64.b64decode(text) if made.row.scheme == "htx_ed25519" else bytes.fromhex(text[2:])


def _with_signature(made: Case, signature: bytes, verdict: str, reason: str, why: str) -> Case:
    return Case(replace(made.row, signatures=[_text(made.row.scheme, signature), ""]), verdict, reason, why)


def _flipped(chance: Random, made: Case, form: Form) -> Case:
    raw = bytearray(_raw_signature(made))
    raw[chance.randrange(64)] ^= 1 << chance.randrange(8)
    return _with_signature(made, bytes(raw), "invalid", "bad_signature", "bit flipped in the signature")


def _other_message(chance: Random, made: Case, form: Form) -> Case:
    return Case(replace(made.row, message=made.row.message + "."), "invalid", "bad_signature", "another message")


def _added_order(chance: Random, made: Case, form: Form) -> Case:
    raw = _raw_signature(made)
    number = int.from_bytes(raw[32:], "little") + ORDER
    return _with_signature(made, raw[:32] + number.to_bytes(32, "little"), "invalid", "bad_signature", "S + L")


def _truncated(chance: Random, made: Case, form: Form) -> Case:
    return _with_signature(
        made, _raw_signature(made)[: chance.randrange(1, 64)], "malformed", "signature_bad_length", "signature cut off"
    )


def _longer(chance: Random, made: Case, form: Form) -> Case:
    return _with_signature(
        made,
        _raw_signature(made) + bytes(chance.randrange(1, 9)),
        "malformed",
        "signature_bad_length",
        "bytes after the signature",
    )


def _unsigned(chance: Random, made: Case, form: Form) -> Case:
    return Case(
        replace(made.row, signatures=["", ""], address_published=chance.choice([made.row.address_published, "???"])),
        "unsigned",
        "unsigned",
        "no signature",
    )


def _checksum(chance: Random, made: Case, form: Form) -> Case | None:
    """A character in the middle becomes another that some address has there."""
    if not form.checked:
        return None
    text = made.row.address_published
    at = len(text) // 2 + chance.randrange(5)
    letters = {
        "sia": "0123456789abcdef",
        "icp": "0123456789abcdef",
        "algorand": "ABCXYZ234",
        "stellar": "ABCXYZ234",
        "pi": "ABCXYZ234",
    }
    letter = chance.choice(letters.get(form.network, "23456789ac"))
    if form.network in ("cardano", "multiversx", "iota", "lisk_legacy", "klayr"):
        letter = chance.choice("qpzry9x8" if form.network in ("cardano", "multiversx", "iota") else "zxvcpmbn")
    if letter == text[at]:
        return None
    return Case(
        replace(made.row, address_published=text[:at] + letter + text[at + 1 :]),
        "malformed",
        f"address_{form.checked}",
        "checksum broken",
    )


def _other_account(chance: Random, made: Case, form: Form) -> Case | None:
    other = form.address(bytes(_signer(chance).verify_key), chance)
    if made.row.scheme == "htx_ed25519":
        return Case(replace(made.row, address_published=other), "invalid", "bad_signature", "address of another key")
    return Case(replace(made.row, address_published=other), "invalid", "address_mismatch", "address of another key")


def _small_key(chance: Random, made: Case, form: Form) -> Case | None:
    """The signature that Go's ed25519 takes for a key of small order: R the neutral point or the key itself, S = 0."""
    key = chance.choice(SMALL)
    signature = chance.choice([b"\x01" + bytes(31), key, SMALL[2]]) + bytes(32)
    row = replace(
        made.row, address_published=form.address(key, chance), signatures=[_text(made.row.scheme, signature), ""]
    )
    return Case(
        row if made.row.scheme == "htx_ed25519" else replace(row, key_or_script="0x" + key.hex()),
        "invalid",
        "bad_signature",
        "small order",
    )


def _small_r(chance: Random, made: Case, form: Form) -> Case:
    return _with_signature(
        made, chance.choice(SMALL) + _raw_signature(made)[32:], "invalid", "bad_signature", "R of small order"
    )


def _blank_around(chance: Random, made: Case, form: Form) -> Case:
    return Case(replace(made.row, message=f" {made.row.message}\t"), "proven", made.reason, "blanks around the message")


def _second(chance: Random, made: Case, form: Form) -> Case:
    row = replace(made.row, signatures=[made.row.signatures[0], "anything"])
    return Case(row, "proven", made.reason, "a second signature", ("extra_signature2", *(made.flags or ())))


# OKX alone: the key is stated, and owners may be
def _loose(chance: Random, made: Case, form: Form) -> Case:
    network, text = chance.choice([*LOOSE, ("venom", VENOM.address(bytes(_signer(chance).verify_key), chance))])
    if chance.random() < 0.3:
        return _flipped(chance, replace(made, row=replace(made.row, network=network, address_published=text)), form)
    return Case(
        replace(made.row, network=network, address_published=text),
        "signature_only",
        "address_not_derived",
        "no function of a key",
    )


def _venom(chance: Random, made: Case, form: Form) -> Case:
    return _good(chance, "okx_ed25519", VENOM)


def _base58_signature(chance: Random, made: Case, form: Form) -> Case:
    return Case(
        replace(made.row, signatures=[base58.encode(_raw_signature(made)), ""]),
        "proven",
        made.reason,
        "signature in base58",
        made.flags,
    )


def _bare_signature(chance: Random, made: Case, form: Form) -> Case:
    return Case(
        replace(made.row, signatures=[made.row.signatures[0][2:], ""]),
        "proven",
        made.reason,
        "signature without 0x",
        made.flags,
    )


def _bad_hex(chance: Random, made: Case, form: Form) -> Case:
    text = made.row.signatures[0]
    at = chance.randrange(2, len(text))
    return Case(
        replace(made.row, signatures=[text[:at] + "g" + text[at + 1 :], ""]),
        "malformed",
        "signature_bad_hex",
        "signature is no hex",
    )


def _no_key(chance: Random, made: Case, form: Form) -> Case:
    return Case(replace(made.row, key_or_script=""), "malformed", "no_key", "key missing")


def _short_key(chance: Random, made: Case, form: Form) -> Case:
    return Case(
        replace(made.row, key_or_script=made.row.key_or_script[:-2]), "malformed", "key_bad_length", "key cut off"
    )


def _bad_key(chance: Random, made: Case, form: Form) -> Case:
    return Case(
        replace(made.row, key_or_script=made.row.key_or_script[:-1] + "x"), "malformed", "key_bad_hex", "key is no hex"
    )


def _other_key(chance: Random, made: Case, form: Form) -> Case:
    key = bytes(_signer(chance).verify_key).hex()
    return Case(replace(made.row, key_or_script="0x" + key), "invalid", "bad_signature", "another key stated")


def _signed_bare(chance: Random, made: Case, form: Form) -> Case:
    """The text without OKX's header, as HTX signs it."""
    signer = _signer(chance)
    key = bytes(signer.verify_key)
    row = replace(made.row, address_published=form.address(key, chance), key_or_script=key.hex())
    return Case(
        replace(row, signatures=["0x" + _sign("htx_ed25519", signer, row.message).hex(), ""]),
        "invalid",
        "bad_signature",
        "no header",
    )


def _free_text(chance: Random, made: Case, form: Form) -> Case:
    network, code = chance.choice(FREE_TEXT)
    return Case(
        replace(made.row, network=network, address_published="any-text-at-all"),
        "malformed",
        f"address_{code}",
        "free text as address",
    )


FREE_TEXT = [
    ("solana", "bad_base58"),
    ("aptos", "bad_hex"),
    ("sui", "bad_hex"),
    ("ton", "bad_form"),
    ("venom", "bad_form"),
    ("polkadot", "bad_base58"),
    ("stellar", "bad_base32"),
    ("cardano", "bad_base58"),
    ("algorand", "bad_base32"),
    ("tezos", "bad_base58"),
    ("multiversx", "bad_bech32"),
    ("sia", "bad_hex"),
    ("iota", "bad_hex"),
    ("icp", "bad_hex"),
    ("casper", "bad_hex"),
    ("lisk_legacy", "wrong_network"),
    ("pocket", "bad_hex"),
    ("canton", "bad_form"),
]


def _other_network(chance: Random, made: Case, form: Form) -> Case | None:
    """The account as another network, or the test network, writes it."""
    key = bytes.fromhex(made.row.key_or_script.removeprefix("0x"))
    if form.network == "cardano":
        text, code = _cardano(6, "addr_test", 0)(key, chance), "wrong_network"
    elif form.network == "ton":
        text, code = _friendly(0x51 | 0x80, "v3r2")(key, chance), "wrong_network"
    elif form.network in ("stellar", "pi"):
        text, code = _strkey(key, chance, 0x90), "wrong_version"
    elif form.network == "multiversx":
        text, code = bech32.encode_bytes("addr", key), "wrong_network"
    elif form.network == "tezos":
        text, code = base58.encode_check(b"\x00" + tezos.from_public_key(key)[3:]), "wrong_version"
    elif form.network == "klayr":
        text, code = lisk.of("lisk_legacy", lisk.from_public_key(key)).text, "wrong_network"
    else:
        return None
    return Case(replace(made.row, address_published=text), "malformed", f"address_{code}", "of another network")


def _letter_case(chance: Random, made: Case, form: Form) -> Case | None:
    text = made.row.address_published
    if form.network in ("solana", "fogo"):
        places = [
            at
            for at, letter in enumerate(text)
            if 4 < at < 40 and letter.isalpha() and letter.swapcase() in base58.BITCOIN
        ]
        verdict = ("invalid", "address_mismatch")
    elif form.network == "ton" and ":" not in text:
        places, verdict = (
            [at for at, letter in enumerate(text) if 4 < at < 40 and letter.isalpha()],
            ("malformed", "address_bad_checksum"),
        )
    elif form.network == "near":
        places, verdict = [at for at, letter in enumerate(text) if letter.isalpha()], ("malformed", "address_bad_form")
    elif form.network in ("cardano", "multiversx"):
        places, verdict = (
            [at for at, letter in enumerate(text) if at > 10 and letter.isalpha()],
            ("malformed", "address_bad_bech32"),
        )
    else:
        return None
    if not places:
        return None
    at = chance.choice(places)
    return Case(
        replace(made.row, address_published=text[:at] + text[at].swapcase() + text[at + 1 :]),
        *verdict,
        "letter case changed",
    )


def _owner(chance: Random, made: Case, form: Form) -> Case | None:
    """A rotated Aptos account, or the same mode where no account can be rotated."""
    flags = () if form.network == "aptos" else ("owner_mode_unusual",)
    own, other = made.row.address_published, form.address(bytes(_signer(chance).verify_key), chance)
    seen = made.flags if form.network in ("aptos", "solana") else None
    choice = chance.randrange(5)
    if choice == 0:
        return Case(replace(made.row, owners=[own, ""]), "proven", made.reason, "the owner is the address")
    if choice == 1:
        return Case(
            replace(made.row, address_published=other, owners=[other, ""]),
            "invalid",
            "owner_mismatch",
            "owner's key did not sign",
        )
    if choice == 2:
        return Case(replace(made.row, owners=["no owner", ""]), "malformed", "owner_bad_form", "owner is no account")
    if choice == 3:
        return Case(replace(made.row, owners=[own, own]), "malformed", "no_signature2", "second owner did not sign")
    stated = flags if seen is not None else None
    return Case(
        replace(made.row, address_published=other, owners=[own, ""]),
        "owner_signed",
        "authentication_key",
        "the owner signed",
        stated,
    )


def _short(chance: Random, made: Case, form: Form) -> Case | None:
    """An Aptos account whose leading zeros are left off: one key in sixteen has one."""
    while True:
        signer = _signer(chance)
        key = bytes(signer.verify_key)
        if aptos.from_public_key(key)[0] < 16:
            break
    message = made.row.message
    row = _row(
        "okx_ed25519",
        "aptos",
        _short_aptos(key, chance),
        message,
        "0x" + _sign("okx_ed25519", signer, message).hex(),
        key.hex(),
    )
    return Case(row, "proven", "aptos", "leading zeros left off", ("short_address",))


# HTX alone
def _bad_base64(chance: Random, made: Case, form: Form) -> Case:
    text = made.row.signatures[0]
    spoiled = chance.choice([text[:-1], "*" + text[1:], "0x" + _raw_signature(made).hex() + "!"])
    return Case(
        replace(made.row, signatures=[spoiled, ""]), "malformed", "signature_bad_base64", "signature is no base64"
    )


Change = Callable[[Random, Case, Form], Case | None]
COMMON: list[Change] = [
    _flipped,
    _other_message,
    _added_order,
    _truncated,
    _longer,
    _unsigned,
    _checksum,
    _other_account,
    _small_key,
    _small_r,
    _blank_around,
    _second,
]
ONLY_OKX: list[Change] = [
    _loose,
    _base58_signature,
    _bare_signature,
    _bad_hex,
    _no_key,
    _short_key,
    _bad_key,
    _other_key,
    _signed_bare,
    _free_text,
    _other_network,
    _letter_case,
    _owner,
    _short,
    _venom,
]
ONLY_HTX: list[Change] = [_bad_base64]

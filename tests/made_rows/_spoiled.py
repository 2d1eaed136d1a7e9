"""Rows that held and are changed somewhere, and rows that are forged from the start; and what may still be said of
them.

`spoiled` changes a good row in a cell, between columns or against another row. What it then means is read here by other
code than the judge's: a verdict that holds must be of the account, message and signatures of the good row. `forged`
makes rows that nothing proves.
"""

from __future__ import annotations

import base64
import random
import re
import string
from collections.abc import Callable
from dataclasses import replace

from made_rows import _secp256k1 as made
from made_rows import bip322, utxo
from porlake import addresses, registry
from porlake.addresses import bech32, bitcoin, ton
from porlake.encoding import base58
from porlake.encoding.crc import crc16
from porlake.encoding.hashes import sha256
from porlake.errors import InvalidAddress
from porlake.model import Evidence

HOLDS = ("proven", "owner_signed", "signature_only")
LETTERS = string.ascii_letters + string.digits + "+/=-_:. é\u200b\u0430"
"""Among them a blank of no width, and a Cyrillic letter that looks like a Latin one."""

NULLS = ("", " ", "null", "NULL", "\\N", "-")
NETWORKS, SCHEMES = sorted(registry.load().networks), sorted(registry.load().schemes)
CELLS = ("address_published", "message", "key_or_script", "signatures", "signatures", "owners")

Change = Callable[[random.Random, Evidence, Evidence], Evidence]


# --- changes ----------------------------------------------------------------------------------------------------------
def spoiled(chance: random.Random, row: Evidence, other: Evidence) -> tuple[str, Evidence]:
    """(what was done, the row after one or two changes); `other` is another good row."""
    changes = chance.choices(CHANGES, k=1 if chance.random() < 0.7 else 2)
    for change in changes:
        row = change(chance, row, other)
    return " and ".join(change.__name__.strip("_") for change in changes), row


def _typo(chance: random.Random, row: Evidence, _: Evidence) -> Evidence:
    return _with_cell(chance, row, lambda text: _mistyped(chance, text))


def _mistyped(chance: random.Random, text: str) -> str:
    at = chance.randrange(len(text) + 1)
    how = chance.randrange(4)
    if how == 0 and at < len(text):
        return text[:at] + text[at].swapcase() + text[at + 1 :]
    if how == 1:
        return text[: at - 1] + text[at : at + 1] + text[at - 1 : at] + text[at + 1 :] if at else text
    return text[:at] + chance.choice(("", chance.choice(LETTERS))) + text[at + chance.randrange(2) :]


def _cut(chance: random.Random, row: Evidence, _: Evidence) -> Evidence:
    return _with_cell(chance, row, lambda text: text[: chance.randrange(len(text) + 1)])


def _longer(chance: random.Random, row: Evidence, _: Evidence) -> Evidence:
    return _with_cell(chance, row, lambda text: text + chance.choice(("00", "=", "A", text[-8:], "\t", "0" * 64)))


def _null(chance: random.Random, row: Evidence, _: Evidence) -> Evidence:
    return _with_cell(chance, row, lambda _text: chance.choice(NULLS))


def _letter_case(chance: random.Random, row: Evidence, _: Evidence) -> Evidence:
    return _with_cell(chance, row, chance.choice((str.upper, str.lower, str.swapcase)))


def _of_another(chance: random.Random, row: Evidence, other: Evidence) -> Evidence:
    name = chance.choice(CELLS)
    return replace(row, **{name: getattr(other, name)})


def _exchanged(chance: random.Random, row: Evidence, _: Evidence) -> Evidence:
    """Two cells of the row change places."""
    one, second = [*row.signatures, "", ""][:2]
    two = chance.choice((row.address_published, row.key_or_script, second))
    how = chance.randrange(3)
    if how == 0:
        return replace(row, signatures=row.signatures[::-1])
    if how == 1:
        return replace(row, signatures=[two, one])
    return replace(row, address_published=row.key_or_script, key_or_script=row.address_published)


def _place(chance: random.Random, row: Evidence, _: Evidence) -> Evidence:
    return replace(row, network=chance.choice(NETWORKS))


def _scheme(chance: random.Random, row: Evidence, _: Evidence) -> Evidence:
    return replace(row, scheme=chance.choice(SCHEMES))


def _holding(chance: random.Random, row: Evidence, _: Evidence) -> Evidence:
    return replace(row, holding=chance.choice(("wallet", "native_staking", "eigenlayer", "staking")))


def _owner(chance: random.Random, row: Evidence, other: Evidence) -> Evidence:
    texts = (row.address_published, other.address_published, "", "0x" + "11" * 20, *row.owners, *other.owners)
    return replace(row, owners=[chance.choice(texts), chance.choice(texts)])


def _bytes_of_the_signature(chance: random.Random, row: Evidence, _: Evidence) -> Evidence:
    text = (row.signatures or [""])[0].strip()
    raw = _raw(text)
    if not raw:
        return row
    how, at = chance.randrange(7), chance.randrange(len(raw))
    if how == 0:
        raw = raw[:at] + bytes([raw[at] ^ 1 << chance.randrange(8)]) + raw[at + 1 :]
    elif how == 1:
        raw = raw[:1] + bytes(32) + raw[33:] if len(raw) > 40 else bytes(len(raw))
    elif how == 2:
        raw = raw[:-1] + bytes([chance.randrange(256)])
    elif how == 3:
        raw = bytes([chance.randrange(256)]) + raw[1:]
    elif how == 4:
        raw = raw[32:64] + raw[:32] + raw[64:]
    elif how == 5:
        number = int.from_bytes(raw[32:64], "big")
        raw = raw[:32] + ((made.ORDER - number) % 2**256).to_bytes(32, "big") + raw[64:]
    else:
        raw = raw[:at] + chance.choice((b"", b"\0", raw[at : at + 2])) + raw[at:]
    spelled = chance.choice(
        (_like(text, raw), "0x" + raw.hex(), raw.hex(), base64.b64encode(raw).decode(), base58.encode(raw))
    )
    return replace(row, signatures=[spelled, *row.signatures[1:]])


def _like(text: str, raw: bytes) -> str:
    return "0x" + raw.hex() if re.fullmatch(r"(0x)?[0-9a-fA-F]*", text) else base64.b64encode(raw).decode()


def _other_form_of_the_address(chance: random.Random, row: Evidence, _: Evidence) -> Evidence:
    """The same bytes as another kind of address, or as another network's."""
    try:
        address = addresses.parse(row.network or "", row.address_published)
    except (InvalidAddress, KeyError):
        return row
    family = registry.load().utxo_networks
    if address.network in family:
        network = chance.choice(sorted(family))
        known = bitcoin.parameters(network)
        version = chance.choice((*known.p2pkh, *known.p2sh))
        text = base58.encode_check(version + address.payload[:20], checksum=known.checksum)
        if known.hrp and chance.random() < 0.5:
            text = bitcoin.segwit(
                network,
                chance.choice((0, 1)),
                address.payload if len(address.payload) == 32 else address.payload[:20].ljust(20),
            ).text
        return replace(row, address_published=text, network=chance.choice((network, row.network)))
    return replace(
        row,
        address_published="0x" + address.payload.hex(),
        network=chance.choice((row.network, "ethereum", "aptos", "sui", "starknet")),
    )


def _with_cell(chance: random.Random, row: Evidence, change: Callable[[str], str]) -> Evidence:
    name = chance.choice(CELLS)
    cell = getattr(row, name)
    if isinstance(cell, str):
        return replace(row, **{name: change(cell)})
    at = chance.randrange(len(cell)) if cell else 0
    return replace(row, **{name: [change(text) if place == at else text for place, text in enumerate(cell)]})


CHANGES: tuple[Change, ...] = (
    _typo,
    _typo,
    _typo,
    _cut,
    _longer,
    _null,
    _letter_case,
    _of_another,
    _of_another,
    _exchanged,
    _place,
    _scheme,
    _holding,
    _owner,
    _bytes_of_the_signature,
    _bytes_of_the_signature,
    _bytes_of_the_signature,
    _other_form_of_the_address,
)


# --- what a row means -------------------------------------------------------------------------------------------------
def may_hold(good: Evidence, row: Evidence, verdict: str) -> bool:
    """Whether a changed row may still have a verdict that holds: it speaks of the good row's account, message and
    signatures.
    """
    if verdict not in HOLDS:
        return True
    # the second owner is a contract, and nobody's signature; HTX's layout has one owner
    if row.holding == "eigenlayer" or row.scheme.startswith("htx_"):
        row = replace(row, owners=row.owners[:1])
    signed = {_same(text) for text in good.signatures if text}
    used = [_same(text) for text in row.signatures if text]
    # of a script, any column may do
    counted = used if "p2sh" in _account(row)[0] or "p2wsh" in _account(row)[0] else used[:1]
    same = row.message.strip() == good.message.strip() and bool(signed.intersection(counted))
    if verdict == "proven":
        return same and _account(row) in _known(good)
    if verdict == "owner_signed":
        return same and {_account(row, text) for text in row.owners if text} <= {
            _account(good, text) for text in (*good.owners, good.address_published)
        }
    # an account that is no function of a key: the stated key made the signature
    return same


def _known(good: Evidence) -> set[tuple[str, bytes]]:
    """The accounts that the good row's keys may prove: its own, its owners', and the other addresses of one key's
    hash.
    """
    found = {_account(good), *(_account(good, text) for text in good.owners if text)}
    return (
        found
        | {("p2wpkh", payload) for kind, payload in found if kind == "p2pkh"}
        | {("p2pkh", payload) for kind, payload in found if kind == "p2wpkh"}
    )


def _account(row: Evidence, text: str | None = None) -> tuple[str, bytes]:
    """(kind, bytes) of an address; EVM accounts are the same in any spelling."""
    for network in (row.network or "", "ethereum"):
        try:
            address = addresses.parse(network, row.address_published if text is None else text)
        except (InvalidAddress, KeyError):
            continue
        if address.kind == "canton":  # the party's name is free: its namespace is the key's
            return "canton", address.payload[-34:]
        kind = "evm" if address.network in bech32.EVM_KEYS else address.kind
        kind = {"p2sh32": "p2sh", "f4": "evm", "conflux": "evm", "tron": "evm", "hx": "hx"}.get(kind, kind)
        return (
            "key" if len(address.payload) == 32 and kind not in ("p2wsh", "p2tr", "p2sh") else kind,
            address.payload,
        )
    return "none", (text or row.address_published).encode(errors="replace")


def _same(text: str) -> bytes:
    """The bytes of a signature, by which two spellings of it are compared: without first byte or v, and with the lower
    S.
    """
    raw = _raw(text.strip())
    if len(raw) != 65:
        return raw
    rs = raw[:64] if re.fullmatch(r"(0[xX])?[0-9a-fA-F]{130}", text.strip()) else raw[1:]
    s = int.from_bytes(rs[32:], "big")
    return rs[:32] + min(s, made.ORDER - s if s < made.ORDER else s).to_bytes(32, "big")


def _raw(text: str) -> bytes:
    body = text.removeprefix("SIG_K1_")
    if match := re.fullmatch(r"(?:0[xX])?((?:[0-9a-fA-F]{2})*)", body):
        return bytes.fromhex(match[1])
    if len(body) in (86, 87, 88) and set(body) <= set(base58.BITCOIN) and len(base58.decode(body)) == 64:
        return base58.decode(body)
    body = body[3:] if body[:3] in ("smp", "ful", "pof") else body
    try:
        return base64.b64decode(body, validate=True) if not text.startswith("SIG_K1_") else base58.decode(body)[:65]
    except (ValueError, InvalidAddress):
        pass
    try:
        return base58.decode(body) if len(body) < 100 else body.encode(errors="replace")
    except InvalidAddress:
        return body.encode(errors="replace")


# --- forgeries --------------------------------------------------------------------------------------------------------
def forged(chance: random.Random) -> tuple[str, Evidence]:
    """(how, a row that must not be proven although every single part of it is well made)."""
    how = chance.choice(FORGERIES)
    return how.__name__.strip("_"), how(chance)


def _signed(key: made.Key, text: str, first: int = 31) -> str:
    return made.compact(key.sign(utxo.digest("bitcoin", text)), first)


def _script_row(
    chance: random.Random,
    script: bytes,
    signers: list[made.Key],
    text: str,
    forms: tuple[str, ...] = ("p2wsh", "p2sh_p2wsh"),
) -> Evidence:
    where = getattr(bitcoin, chance.choice(forms))("bitcoin", script).text
    return made.evidence("utxo", "bitcoin", where, text, [_signed(key, text) for key in signers][:2], script.hex())


def _too_few(chance: random.Random) -> Evidence:
    """m of n where the signers are fewer than m distinct keys of the script."""
    count = chance.randrange(2, 16)
    threshold = chance.randrange(2, count + 1)
    keys = [made.key(chance) for _ in range(count)]
    script = utxo.script(threshold, [chance.choice((key.short, key.long)) for key in keys])
    signers = chance.choice(
        (
            [keys[0]],
            [keys[0], keys[0]],
            [keys[0], made.key(chance)],
            [made.key(chance), keys[-1]],
            keys[:2] if threshold > 2 else keys[:1],
        )
    )
    return _script_row(
        chance,
        script,
        signers,
        made.message(chance),
        ("p2wsh",) if len(script) > 520 else ("p2wsh", "p2sh", "p2sh_p2wsh"),
    )


def _one_key_in_many_forms(chance: random.Random) -> Evidence:
    key = made.key(chance)
    hybrid = bytes([6 | key.long[64] & 1]) + key.long[1:]
    forms = [key.short, key.long, hybrid, key.short]
    script = utxo.script(2, chance.sample(forms, chance.randrange(2, 5)))
    return _script_row(chance, script, [key, key], made.message(chance), ("p2wsh", "p2sh"))


def _a_push_that_is_no_key(chance: random.Random) -> Evidence:
    """Pushes that look like the signer's key and are none: another y, the wrong parity, a first byte that no key
    has.
    """
    key, other = made.key(chance), made.key(chance)
    pushes = (
        key.long[:64] + bytes([key.long[64] ^ 2]),
        bytes([7 ^ key.long[64] & 1]) + key.long[1:],
        b"\x05" + key.short[1:],
        bytes([key.short[0] ^ 1]) + key.short[1:],
        b"\x04" + bytes(64),
    )
    script = utxo.script(chance.choice((1, 2)), [chance.choice(pushes), other.short])
    return _script_row(chance, script, [key, key], made.message(chance), ("p2wsh", "p2sh"))


def _a_number_that_is_none(chance: random.Random) -> Evidence:
    """m or n by an opcode behind OP_16, by OP_0 or OP_1NEGATE, or by a push that is not its shortest form."""
    count = chance.randrange(2, 21)
    keys = [made.key(chance) for _ in range(count)]
    good = bytes([0x50 + count]) if count <= 16 else bytes([1, count])
    bad = chance.choice(
        (
            bytes([0x50 + count]) if count > 16 else bytes([1, count]),
            bytes([2, count, 0]),
            b"\x4c\x01" + bytes([count]),
            b"\x4f",
            b"\x00",
            b"\x61",
        )
    )
    pushes = b"".join(b"\x21" + key.short for key in keys)
    script = chance.choice((b"\x52" + pushes + bad, bad + pushes + good, b"\x00" + pushes + good)) + b"\xae"
    return _script_row(chance, script, keys[:2], made.message(chance))


def _too_long_to_push(chance: random.Random) -> Evidence:
    count = chance.randrange(16, 21)
    keys = [made.key(chance) for _ in range(count)]
    number = bytes([0x50 + count]) if count <= 16 else bytes([1, count])
    script = b"\x52" + b"".join(b"\x21" + key.short for key in keys) + number + b"\xae"
    return _script_row(chance, script, keys[:2], made.message(chance), ("p2sh",))


def _something_behind_the_script(chance: random.Random) -> Evidence:
    keys = [made.key(chance) for _ in range(3)]
    good = utxo.script(2, [key.short for key in keys])
    script = chance.choice(
        (
            good + b"\x75\x51",
            b"\x51\x75" + good,
            good[:-1] + b"\xaf",
            good + b"\xae",
            good[:-1] + b"\xac",
            b"\x61" + good,
            good + good,
        )
    )
    return _script_row(chance, script, keys[:2], made.message(chance))


def _taproot_by_a_compact_signature(chance: random.Random) -> Evidence:
    key, text = made.key(chance), made.message(chance)
    output = bip322.tweaked(key, b"")
    signer = chance.choice((key, made.Key(output.secret)))
    where = bitcoin.segwit("bitcoin", 1, chance.choice((output.public_key.format()[1:], key.short[1:]))).text
    return made.evidence(
        "utxo",
        "bitcoin",
        where,
        text,
        [_signed(signer, text, chance.choice((27, 31, 35, 39)))],
        chance.choice(("", key.short.hex())),
    )


def _bip322_by_another(chance: random.Random) -> Evidence:
    """A good spend of the stranger's own output of the same form, message or hash type changed."""
    keys, text = [made.key(chance) for _ in range(3)], made.message(chance)
    form = chance.choice(sorted(bip322.FORMS))
    where, _, _, _ = bip322.FORMS[form](chance, keys)
    _, signer, _, _ = bip322.FORMS[form](chance, [made.key(chance) for _ in range(3)])
    raw = chance.choice((bip322.simple, bip322.full))(text, bitcoin.script(where), signer)
    return made.evidence("utxo", "bitcoin", where.text, text, [bip322.text_of(chance.choice(("", "smp", "ful")), raw)])


def _other_hash_type(chance: random.Random) -> Evidence:
    key, text = made.key(chance), made.message(chance)
    where = bitcoin.p2wpkh("bitcoin", key.short)
    kind = chance.choice((0, 2, 3, 0x81, 0x82, 0x83, 0x41))

    def by(transaction: object, index: int, outputs: object) -> tuple[bytes, tuple[bytes, ...]]:
        script, (signature, public) = bip322.by_key(key)(transaction, index, outputs)  # type: ignore[arg-type]
        return script, (signature[:-1] + bytes([kind]), public)

    raw = bip322.simple(text, bitcoin.script(where), by)
    return made.evidence("utxo", "bitcoin", where.text, text, [bip322.text_of("smp", raw)])


def _other_workchain(chance: random.Random) -> Evidence:
    from nacl.signing import SigningKey

    from made_rows import ed25519

    signer, text = SigningKey(chance.randbytes(32)), "I am an OKX address"
    key = bytes(signer.verify_key)
    digest = chance.choice(list(dict(ton.wallets(key)).values()))
    workchain = chance.choice([number for number in range(256) if number not in (0, 255)])
    data = bytes([chance.choice((0x11, 0x51)), workchain]) + digest
    where = base64.urlsafe_b64encode(data + crc16(data).to_bytes(2, "big")).decode()
    signature = "0x" + ed25519._sign("okx_ed25519", signer, text).hex()
    return ed25519._row("okx_ed25519", chance.choice(("ton", "venom")), where, text, signature, key.hex())


def _made_for_nobodys_hash(chance: random.Random) -> Evidence:
    """A good signature at an address of random bytes."""
    key, text = made.key(chance), made.message(chance)
    where = base58.encode_check(b"\0" + chance.randbytes(20))
    return made.evidence(
        "utxo",
        "bitcoin",
        where,
        text,
        [_signed(key, text)],
        chance.choice(("", key.short.hex(), sha256(key.short).hex())),
    )


FORGERIES: tuple[Callable[[random.Random], Evidence], ...] = (
    _too_few,
    _one_key_in_many_forms,
    _a_push_that_is_no_key,
    _a_number_that_is_none,
    _too_long_to_push,
    _something_behind_the_script,
    _taproot_by_a_compact_signature,
    _bip322_by_another,
    _other_hash_type,
    _other_workchain,
    _made_for_nobodys_hash,
)

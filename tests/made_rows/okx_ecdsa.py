"""Rows of chains whose accounts sign OKX's own header: Filecoin, Conflux, aelf, OKT, the Cosmos family and others."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace

from made_rows import Case
from made_rows import _secp256k1 as made
from porlake.addresses import aelf, ark, bech32, conflux, evm, filecoin, icon, nervos, nuls, stacks, xrp
from porlake.encoding import base58
from porlake.encoding.hashes import blake2b
from porlake.encoding.keccak import keccak256
from porlake.encoding.varint import with_length

SCHEMES = frozenset({"okx_ecdsa"})
HEADER = b"OKX Signed Message:\n"

COSMOS = (
    "terra_classic",
    "terra",
    "celestia",
    "cosmos_hub",
    "cronos_pos",
    "dora",
    "dydx",
    "babylon",
    "mantra",
    "sei",
    "umee",
)


def _f1(key: made.Key) -> str:
    payload = filecoin.from_public_key(key.long)
    return "f1" + filecoin._text(payload[1:] + blake2b(payload, 4))


def _nuls(key: made.Key) -> str:
    data = nuls.MAINNET + nuls.from_public_key(key.short)
    check = 0
    for byte in data:
        check ^= byte
    return nuls.PREFIX + base58.encode(data + bytes([check]))


def _eth20(key: made.Key) -> bytes:
    return evm.from_public_key(key.long)


def _aelf(key: made.Key) -> str:
    return base58.encode_check(aelf.from_public_key(key.long))


ADDRESS: dict[str, tuple[str, str, Callable[[made.Key], str]]] = {
    "FIL f1": ("filecoin", "f1", _f1),
    "FIL f410": ("filecoin", "eth_address", lambda key: filecoin.of_evm(_eth20(key))),
    "FIL 0x": ("filecoin", "eth_address", lambda key: "0x" + _eth20(key).hex()),
    "CFX": ("conflux", "cfx", lambda key: conflux.encode(conflux.from_public_key(key.long))),
    "CFX verbose": (
        "conflux",
        "cfx",
        lambda key: conflux.encode(conflux.from_public_key(key.long)).upper().replace("CFX:", "CFX:TYPE.USER:"),
    ),
    "CFX hex": ("conflux", "cfx", lambda key: "0x" + conflux.from_public_key(key.long).hex()),
    "ELF": ("aelf", "aelf", _aelf),
    "ELF wrapped": ("aelf", "aelf", lambda key: f"ELF_{_aelf(key)}_AELF"),
    "OKT 0x": ("oktc", "eth_address", lambda key: "0x" + _eth20(key).hex()),
    "OKT ex": ("oktc", "eth_address", lambda key: _bech32("ex", _eth20(key))),
    "INJ": ("injective", "eth_address", lambda key: bech32.of("injective", _eth20(key)).text),
    "ONE": ("harmony", "eth_address", lambda key: bech32.of("harmony", _eth20(key)).text),
    "ICX": ("icon", "icon", lambda key: "hx" + icon.from_public_key(key.long).hex()),
    "STX": ("stacks", "stacks-compressed", lambda key: stacks.text_of(22, stacks.from_public_key(key.short))),
    "STX uncompressed": (
        "stacks",
        "stacks-uncompressed",
        lambda key: stacks.text_of(22, stacks.from_public_key(key.long)),
    ),
    "NULS": ("nuls", "nuls", _nuls),
    "XRP": (
        "xrp_ledger",
        "xrp",
        lambda key: base58.encode_check(b"\0" + xrp.from_public_key(key.short), base58.RIPPLE),
    ),
    "AVAX X": ("avalanche_x", "avax", lambda key: bech32.of("avalanche_x", bech32.from_public_key(key.short)).text),
    "ARK": ("ark", "ark", lambda key: base58.encode_check(ark.VERSION + ark.from_public_key(key.short))),
    "CKB": ("nervos", "ckb", lambda key: nervos.of(nervos.from_public_key(key.short))),
} | {
    network: (
        network,
        "cosmos",
        lambda key, network=network: bech32.of(network, bech32.from_public_key(key.short)).text,
    )
    for network in COSMOS
}
CHECKED = frozenset(ADDRESS) - {"FIL 0x", "OKT 0x", "CFX hex", "ICX", "NULS"}
"""Spellings with a checksum of more than one byte."""


def _bech32(hrp: str, account: bytes) -> str:
    from porlake.encoding.bech32 import encode_bytes

    return encode_bytes(hrp, account)


def digest(text: str) -> bytes:
    return keccak256(with_length(HEADER) + with_length(text.encode()))


def case(chance: random.Random) -> Case:
    spelled = chance.choice(sorted(ADDRESS))
    network, reason, address_of = ADDRESS[spelled]
    key, other, text = made.key(chance), made.key(chance), made.message(chance)
    raw, signed = key.sign(digest(text)), made.hexed(key.sign(digest(text)))
    states_key = chance.random() < 0.3
    stated = (
        chance.choice([key.short.hex(), key.long.hex(), key.long[1:].hex(), "0x" + key.short.hex()])
        if states_key
        else ""
    )
    good = Case(
        made.evidence("okx_ecdsa", network, address_of(key), text, [signed], stated),
        "proven",
        reason,
        f"a good row of {spelled}",
        (),
    )

    def signature(why: str, text_of: str, verdict: str, code: str, flags: tuple[str, ...] | None = None) -> Case:
        return Case(replace(good.row, signatures=[text_of, ""]), verdict, code, why, flags)

    not_mine = "key_mismatch" if states_key else "address_mismatch"

    def flipped() -> Case:
        spoiled = made.flipped(chance, raw)
        return signature(
            "a bit flipped", made.hexed(spoiled), "invalid", made.mismatch(spoiled, digest(text), not_mine)
        )

    def other_recovery() -> Case:
        spoiled = raw[:64] + bytes([raw[64] ^ 1])
        return signature("the other v", made.hexed(spoiled), "invalid", made.mismatch(spoiled, digest(text), not_mine))

    def owned() -> Case:
        owner = "0x" + _eth20(other).hex()
        row = replace(
            good.row, signatures=[made.hexed(other.sign(digest(text))), ""], owners=[owner, ""], key_or_script=""
        )
        return Case(
            row, "owner_signed", "owner", "a stated owner signed", () if network == "oktc" else ("owner_mode_unusual",)
        )

    def owner_did_not_sign() -> Case:
        row = replace(good.row, owners=["0x" + _eth20(other).hex(), ""], key_or_script="")
        return Case(row, "invalid", "owner_mismatch", "the stated owner did not sign")

    def another_state() -> Case:
        return Case(
            replace(good.row, key_or_script=other.short.hex()), "invalid", "key_mismatch", "another key is stated"
        )

    def broken_checksum() -> Case:
        where = good.row.address_published
        changed = _letter(chance, where)
        return Case(
            replace(good.row, address_published=changed),
            "malformed",
            "address_bad_checksum",
            f"{where}: a letter changed",
        )

    mutations: list[made.Mutation] = [
        flipped,
        other_recovery,
        owned,
        owner_did_not_sign,
        another_state,
        lambda: signature("another key's signature", made.hexed(other.sign(digest(text))), "invalid", not_mine),
        lambda: Case(
            replace(good.row, message=text + "."),
            "invalid",
            made.mismatch(raw, digest(text + "."), not_mine),
            "another message",
        ),
        lambda: Case(
            replace(good.row, address_published=address_of(other)),
            "invalid",
            "address_mismatch",
            "another key's address",
        ),
        lambda: Case(
            replace(
                good.row, address_published=address_of(other), signatures=[signed, ""], key_or_script=key.short.hex()
            ),
            "invalid",
            "address_mismatch",
            "my key is stated for another's address",
        ),
        lambda: signature("the last byte cut off", signed[:-2], "malformed", "signature_bad_length"),
        lambda: signature("a byte added", signed + "00", "malformed", "signature_bad_length"),
        lambda: signature("no hex", signed[:10] + "xy" + signed[12:], "malformed", "signature_bad_hex"),
        lambda: signature("v out of range", made.hexed(raw, 35), "malformed", "signature_bad_v"),
        lambda: signature("v 0 or 1", made.hexed(raw, 0), "proven", reason, ("v_0_1",)),
        lambda: signature("v from 31", made.hexed(raw, 31), "proven", reason, ("v_nonstandard",)),
        lambda: signature("high S", made.hexed(made.high(raw)), "proven", reason, ("high_s",)),
        lambda: signature("no signature", "", "unsigned", "unsigned"),
        lambda: Case(
            replace(good.row, signatures=[signed, signed]), "proven", reason, "two signatures", ("extra_signature2",)
        ),
        lambda: Case(
            replace(good.row, message=f"\t{text} "), "proven", reason, "blanks around the message", ("message_trimmed",)
        ),
        lambda: Case(
            replace(good.row, key_or_script="02" + "00" * 32), "malformed", "key_bad_key", "a stated key that is none"
        ),
    ]
    if network in COSMOS:
        foreign = bech32.of(
            "cosmos_hub" if network != "cosmos_hub" else "celestia", bech32.from_public_key(key.short)
        ).text
        mutations.append(
            lambda: Case(
                replace(good.row, address_published=foreign),
                "malformed",
                "address_wrong_network",
                "the account on another chain",
            )
        )
    if spelled in CHECKED:
        mutations.append(broken_checksum)
    return made.chosen(chance, good, mutations)


def _letter(chance: random.Random, where: str) -> str:
    """A letter of the address proper changed for another that the address holds already: of its alphabet, and near its
    end.
    """
    end = len(where) - len("_AELF") if where.endswith("_AELF") else len(where)
    at = chance.randrange(end - 8, end - 1)
    letters = sorted({letter for letter in where[end - 12 : end] if letter != where[at]})
    return where[:at] + chance.choice(letters) + where[at + 1 :]

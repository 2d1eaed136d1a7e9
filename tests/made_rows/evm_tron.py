"""Rows of EVM and TRON accounts: signed by the account itself or by its stated owners, in every spelling that is known,
and changed.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, replace

import coincurve

from made_rows import Case
from porlake import addresses
from porlake.addresses import evm, tron
from porlake.encoding import base58, bech32
from porlake.encoding.keccak import keccak256
from porlake.model import Evidence

SCHEMES = frozenset({"okx_evm", "htx_evm", "okx_tron", "htx_tron"})

ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
EVM_PREFIX, TRON_PREFIX = b"\x19Ethereum Signed Message:\n", b"\x19TRON Signed Message:\n"
NETWORKS = (
    "ethereum",
    "arbitrum",
    "optimism",
    "base",
    "polygon",
    "bsc",
    "xlayer",
    "avalanche_c",
    "oktc",
    "iotex",
    "zksync_era",
)
MESSAGES = (
    "I am an OKX address",
    "I am a OKX address",
    "hello world",
    "huobi",
    "OKC_DTT_AUP2025",
    "King will be back!",
    "6DcZbFpug1664269042",
    "储备",
)

DIGESTS: dict[str, tuple[Callable[[bytes], bytes], ...]] = {
    "okx_evm": (lambda m: keccak256(EVM_PREFIX + b"32" + keccak256(m)),),
    "htx_evm": (keccak256, lambda m: keccak256(EVM_PREFIX + b"%d" % len(m) + m)),
    "okx_tron": (
        lambda m: keccak256(TRON_PREFIX + b"32" + keccak256(m)),
        lambda m: keccak256(TRON_PREFIX + b"%d" % len(m) + m),
    ),
    "htx_tron": (lambda m: keccak256(TRON_PREFIX + b"32" + m), lambda m: keccak256(TRON_PREFIX + b"32" + keccak256(m))),
}
PROVEN = {"okx_evm": "eth_address", "htx_evm": "eth_address", "okx_tron": "tron_address", "htx_tron": "tron_address"}


@dataclass(frozen=True)
class Key:
    secret: coincurve.PrivateKey

    @property
    def account(self) -> bytes:
        return evm.from_public_key(self.secret.public_key.format(compressed=False))

    def text(self, scheme: str) -> str:
        return tron.of("tron", self.account).text if scheme.endswith("tron") else "0x" + self.account.hex()

    def sign(self, digest: bytes) -> tuple[bytes, int]:
        raw = self.secret.sign_recoverable(digest, hasher=None)
        return raw[:64], raw[64]


def new_key(chance: random.Random) -> Key:
    return Key(coincurve.PrivateKey(chance.randrange(1, ORDER).to_bytes(32)))


def case(chance: random.Random) -> Case:
    scheme = chance.choice(sorted(SCHEMES))
    kinds = (alone, one_owner, two_owners, eigenlayer, validator, found_owner)
    made = chance.choices(kinds, (60, 12, 12, 8, 8, 6))[0](chance, scheme)
    changes = CHANGES[made.why]
    return chance.choice(changes)(chance, made) if chance.random() < 0.35 else made


# --- rows that hold ---------------------------------------------------------------------------------------------------
def alone(chance: random.Random, scheme: str) -> Case:
    key, message = new_key(chance), any_message(chance)
    network, address, case_flags = spelled_account(chance, scheme, key)
    stated, message_flags = blanks(chance, message)
    text, signature_flags = spelled_signature(chance, *key.sign(digest_of(chance, scheme, message)))
    second, extra = "", ()
    if chance.random() < 0.1:
        second, extra = spelled_signature(chance, *new_key(chance).sign(bytes(32)))[0], ("extra_signature2",)
    row = evidence(scheme, network, address, stated, [text, second], ["", ""])
    return Case(row, "proven", PROVEN[scheme], "alone", (*extra, *signature_flags, *message_flags, *case_flags))


def one_owner(chance: random.Random, scheme: str) -> Case:
    scheme = scheme.replace("htx", "okx")  # HTX's layout states none
    key, message = new_key(chance), any_message(chance)
    text, flags = spelled_signature(chance, *key.sign(digest_of(chance, scheme, message)))
    if chance.random() < 0.2:  # the stated owner is the account itself
        row = evidence(
            scheme, network_of(chance, scheme), key.text(scheme), message, [text, ""], [key.text(scheme), ""]
        )
        return Case(row, "proven", PROVEN[scheme], "one owner", flags)
    row = evidence(
        scheme, network_of(chance, scheme), contract(chance, scheme), message, [text, ""], [key.text(scheme), ""]
    )
    return Case(row, "owner_signed", "owner", "one owner", flags)


def two_owners(chance: random.Random, scheme: str) -> Case:
    scheme = scheme.replace("htx", "okx")
    message = any_message(chance)
    first = new_key(chance)
    second, same = (first, ("same_owner_twice",)) if chance.random() < 0.2 else (new_key(chance), ())
    (one, flags1), (two, flags2) = (
        spelled_signature(chance, *key.sign(digest_of(chance, scheme, message))) for key in (first, second)
    )
    row = evidence(
        scheme,
        network_of(chance, scheme),
        contract(chance, scheme),
        message,
        [one, two],
        [first.text(scheme), second.text(scheme)],
    )
    return Case(row, "owner_signed", "owner", "two owners", tuple(dict.fromkeys((*same, *flags1, *flags2))))


def found_owner(chance: random.Random, scheme: str) -> Case:
    """A contract's row of HTX's layout that carries the signature of another account's row, of its own kind or not."""
    scheme, of = (chance.choice(("htx_evm", "htx_tron")) for _ in range(2))
    key, message = new_key(chance), any_message(chance)
    text, flags = spelled_signature(chance, *key.sign(digest_of(chance, of, message)))
    row = evidence(
        scheme, network_of(chance, scheme), contract(chance, scheme), message, [text, ""], [key.text(of), ""]
    )
    return Case(row, "owner_signed", "signature_of_an_owner", "found owner", flags)


def eigenlayer(chance: random.Random, scheme: str) -> Case:
    """The pod is a contract and signs nothing; a second signature is nobody's."""
    scheme, key, message = "okx_evm", new_key(chance), any_message(chance)
    text, flags = spelled_signature(chance, *key.sign(digest_of(chance, scheme, message)))
    second, extra = ("0x00", ("extra_signature2",)) if chance.random() < 0.2 else ("", ())
    row = evidence(
        scheme,
        "ethereum_beacon",
        validator_key(chance),
        message,
        [text, second],
        [key.text(scheme), contract(chance, scheme)],
        "eigenlayer",
    )
    return Case(row, "owner_signed", "owner", "eigenlayer", (*extra, "owner2_is_eigenpod", *flags))


def validator(chance: random.Random, scheme: str) -> Case:
    scheme, key, message = "okx_evm", new_key(chance), any_message(chance)
    text, flags = spelled_signature(chance, *key.sign(digest_of(chance, scheme, message)))
    row = evidence(
        scheme, "ethereum_beacon", validator_key(chance), message, [text, ""], [key.text(scheme), ""], "native_staking"
    )
    return Case(row, "owner_signed", "owner", "validator", flags)


# --- rows that no longer hold -----------------------------------------------------------------------------------------
def changed(made: Case, verdict: str, reason: str, why: str, **columns: object) -> Case:
    return Case(replace(made.row, **columns), verdict, reason, f"{made.why}: {why}", None)


def no_signature(_: random.Random, made: Case) -> Case:
    return changed(made, "unsigned", "unsigned", "no signature", signatures=["", ""])


def no_signature_and_no_address(_: random.Random, made: Case) -> Case:
    return changed(
        made,
        "unsigned",
        "unsigned",
        "no signature, no address",
        signatures=["", ""],
        address_published="any text at all",
    )


def first_column_empty(_: random.Random, made: Case) -> Case:
    return changed(
        made, "malformed", "no_signature1", "signature in the wrong column", signatures=["", made.row.signatures[0]]
    )


def other_message(_: random.Random, made: Case) -> Case:
    return changed(made, "invalid", mismatch(made), "another message", message=made.row.message.strip() + "x")


def no_message(chance: random.Random, made: Case) -> Case:
    return changed(
        made, "malformed", "no_message", "no message", message=chance.choice(("", "  ", "null", "NULL", "\\N", "-"))
    )


def other_s(chance: random.Random, made: Case) -> Case:
    """A bit of s: recovery always finds a key, and never the right one."""
    digits = made.row.signatures[0].strip().removeprefix("0x")
    raw = bytearray.fromhex(digits)
    raw[chance.randrange(40, 64)] ^= 1 << chance.randrange(8)
    return with_first(made, "0x" + raw.hex(), "invalid", mismatch(made), "a bit of s")


def other_key_of_the_signature(_: random.Random, made: Case) -> Case:
    digits = made.row.signatures[0].strip()
    recovery = {0: 0, 1: 1, 27: 0, 28: 1, 31: 0, 32: 1}[int(digits[-2:], 16)]
    return with_first(made, f"{digits[:-2]}{28 - recovery:02x}", "invalid", mismatch(made), "the other recovery id")


def impossible(chance: random.Random, made: Case) -> Case:
    zero, over = bytes(32).hex(), "ff" * 32
    digits = made.row.signatures[0].strip().removeprefix("0x")
    r, s, v = digits[:64], digits[64:128], digits[128:]
    return with_first(
        made,
        chance.choice((f"{zero}{s}{v}", f"{r}{zero}{v}", f"{over}{s}{v}", f"{r}{over}{v}")),
        "invalid",
        "bad_signature",
        "r or s impossible",
    )


def bad_v(chance: random.Random, made: Case) -> Case:
    v = chance.choice((2, 3, 26, 35, 36, 64, 127, 255))
    return with_first(made, f"{made.row.signatures[0].strip()[:-2]}{v:02x}", "malformed", "signature_bad_v", "v")


def cut(chance: random.Random, made: Case) -> Case:
    text = made.row.signatures[0].strip()
    return with_first(
        made,
        chance.choice((text[:-2], text + "00", text[:-1], "0x")),
        "malformed",
        "signature_bad_length",
        "length of the signature",
    )


def no_hex(chance: random.Random, made: Case) -> Case:
    text = made.row.signatures[0].strip()
    at = chance.randrange(4, 100)
    return with_first(
        made,
        chance.choice((text[:at] + "g" + text[at + 1 :], "null", text[:60] + " " + text[60:])),
        "malformed",
        "signature_bad_hex",
        "a digit of the signature",
    )


def with_first(made: Case, text: str, verdict: str, reason: str, why: str) -> Case:
    return changed(made, verdict, reason, why, signatures=[text, *made.row.signatures[1:]])


def account_of_another(chance: random.Random, made: Case) -> Case:
    return changed(
        made, "invalid", "address_mismatch", "another account", address_published=new_key(chance).text(made.row.scheme)
    )


def bad_address(chance: random.Random, made: Case) -> Case:
    if made.row.scheme.endswith("tron"):
        good = new_key(chance).text(made.row.scheme)
        other = good[:20] + ("2" if good[20] != "2" else "3") + good[21:]
        foreign = base58.encode_check(b"\x00" + chance.randbytes(20))
        text, reason = chance.choice(
            (
                (other, "bad_checksum"),
                (foreign, "wrong_version"),
                (good.replace("T", "0", 1), "bad_base58"),
                ("", "bad_length"),
                ("a b" * 12, "bad_form"),
            )
        )
    else:
        good = "0x" + chance.randbytes(20).hex()
        text, reason = chance.choice(
            (
                (good[:-1], "bad_length"),
                (good + "0", "bad_length"),
                ("not-an-address", "bad_form"),
                ("é" + good, "bad_form"),
                ("x" * 201, "bad_length"),
            )
        )
    return changed(made, "malformed", f"address_{reason}", "the address", address_published=text)


def bad_validator(chance: random.Random, made: Case) -> Case:
    text, reason = chance.choice(((made.row.address_published + "ff", "bad_length"), ("870a" * 24, "bad_hex")))
    return changed(made, "malformed", f"address_{reason}", "the validator", address_published=text)


def no_network(_: random.Random, made: Case) -> Case:
    return changed(made, "unsupported", "unknown_network", "no network", network=None)


def bad_owner(chance: random.Random, made: Case) -> Case:
    text, reason = chance.choice(BAD_OWNERS[made.row.scheme.endswith("tron")])
    return changed(made, "malformed", reason, "an owner", owners=[text, *made.row.owners[1:]])


BAD_OWNERS = {
    True: (("me", "owner_bad_length"), ("0x12", "owner_bad_base58"), ("T" * 34, "owner_bad_checksum")),
    False: (("me", "owner_bad_form"), ("0x12", "owner_bad_length"), ("T" * 34, "owner_bad_form")),
}
"""By whether the owners are accounts of TRON."""


def owner_of_another(chance: random.Random, made: Case) -> Case:
    others = [new_key(chance).text(made.row.scheme), *made.row.owners[1:]]
    return changed(made, "invalid", mismatch(made, others[0]), "another owner", owners=others)


def found_owner_of_another(chance: random.Random, made: Case) -> Case:
    others = chance.choice(([new_key(chance).text(made.row.scheme)], ["me"], ["T" * 34], ["0x12"]))
    return changed(made, "invalid", "address_mismatch", "another owner", owners=others)


def found_owner_of_the_account(_: random.Random, made: Case) -> Case:
    """The account signed for itself: who else is listed with the signature changes nothing."""
    signer = addresses.with_same_key(str(made.row.network), made.row.owners[0]).text
    of_one_kind = signer == made.row.owners[0]
    verdict = ("proven", PROVEN[made.row.scheme]) if of_one_kind else ("owner_signed", "signature_of_an_owner")
    return changed(made, *verdict, "the account itself", address_published=signer)


def second_did_not_sign(_: random.Random, made: Case) -> Case:
    return changed(made, "malformed", "no_signature2", "the second owner", signatures=[made.row.signatures[0], ""])


def second_is_another(chance: random.Random, made: Case) -> Case:
    owners = [made.row.owners[0], new_key(chance).text(made.row.scheme)]
    return changed(made, "invalid", "owner_mismatch", "the second owner is another", owners=owners)


def no_owner(_: random.Random, made: Case) -> Case:
    return changed(made, "malformed", "no_owner", "no owner", owners=["", ""], holding="native_staking")


_ANY = (
    no_signature,
    no_signature_and_no_address,
    first_column_empty,
    other_message,
    other_s,
    other_key_of_the_signature,
    impossible,
    bad_v,
    cut,
    no_hex,
    no_network,
    no_message,
)
CHANGES: dict[str, tuple[Callable[[random.Random, Case], Case], ...]] = {
    "alone": (*_ANY, account_of_another, bad_address),
    "one owner": (*_ANY, bad_address, bad_owner, owner_of_another),
    "two owners": (*_ANY, bad_address, bad_owner, owner_of_another, second_did_not_sign, second_is_another),
    "found owner": (*_ANY, bad_address, found_owner_of_another, found_owner_of_the_account),
    "eigenlayer": (*_ANY, bad_validator, bad_owner, owner_of_another, no_owner),
    "validator": (*_ANY, bad_validator, bad_owner, owner_of_another, no_owner),
}


# --- parts ------------------------------------------------------------------------------------------------------------
def evidence(
    scheme: str,
    network: str,
    address: str,
    message: str,
    signatures: list[str],
    owners: list[str],
    holding: str = "wallet",
) -> Evidence:
    exchange = scheme[:3]
    return Evidence(
        exchange,
        "r" * 64,
        1,
        None,
        network,
        "ETH",
        "ETH",
        None,
        holding,
        scheme,
        address,
        message,
        signatures,
        "",
        owners,
    )


def any_message(chance: random.Random) -> str:
    return (
        chance.choice(MESSAGES)
        if chance.random() < 0.9
        else "".join(chance.choices("abc XYZ,019é储", k=chance.randrange(1, 90))).strip() or "a"
    )


def blanks(chance: random.Random, message: str) -> tuple[str, tuple[str, ...]]:
    """The message as the row states it; the auditors' tool signs it without the blanks around it."""
    return (f" {message} ", ("message_trimmed",)) if chance.random() < 0.08 else (message, ())


def digest_of(chance: random.Random, scheme: str, message: str) -> bytes:
    return chance.choice(DIGESTS[scheme])(message.encode())


def spelled_signature(chance: random.Random, rs: bytes, recovery: int) -> tuple[str, tuple[str, ...]]:
    flags: tuple[str, ...] = ()
    form = chance.randrange(10)
    v = recovery if form < 2 else recovery + 31 if form == 2 else recovery + 27
    if form < 3:
        flags = ("v_0_1",) if form < 2 else ("v_nonstandard",)
    if chance.random() < 0.1:
        rs = rs[:32] + (ORDER - int.from_bytes(rs[32:])).to_bytes(32)
        v, flags = (v - recovery) + 1 - recovery, (*flags, "high_s")
    digits = rs.hex() + f"{v:02x}"
    digits = digits.upper() if chance.random() < 0.1 else digits
    prefix = chance.choice(("0x", "0x", "0x", "0x", ""))
    return (f" {prefix}{digits} " if chance.random() < 0.05 else prefix + digits), flags


def spelled_account(chance: random.Random, scheme: str, key: Key) -> tuple[str, str, tuple[str, ...]]:
    """(network, the account in one of its spellings, flags)"""
    account = key.account
    if scheme.endswith("tron"):
        return "tron", chance.choice((key.text(scheme),) * 4 + ("41" + account.hex(), "0x41" + account.hex())), ()
    network, digits = network_of(chance, scheme), account.hex()
    form = chance.randrange(10)
    if form == 0:
        return network, digits, ()
    if form == 1:
        return network, "0x" + digits.upper(), ()
    if form == 2:
        return network, "0X" + digits, ()
    if form in (3, 4):
        return network, "0x" + eip55(digits), ()
    if form == 5 and digits.upper() != digits:
        wrong = eip55(digits).swapcase()
        return network, "0x" + wrong, () if wrong in (digits, digits.upper()) else ("bad_eip55",)
    if form == 6:
        network, hrp = chance.choice((("oktc", "ex"), ("iotex", "io"), ("platon", "lat")))
        return network, bech32.encode_bytes(hrp, account), ()
    return network, "0x" + digits, ()


def eip55(digits: str) -> str:
    digest = keccak256(digits.encode()).hex()
    return "".join(d.upper() if int(h, 16) > 7 else d for d, h in zip(digits, digest, strict=False))


def network_of(chance: random.Random, scheme: str) -> str:
    return "tron" if scheme.endswith("tron") else chance.choice(NETWORKS)


def contract(chance: random.Random, scheme: str) -> str:
    account = chance.randbytes(20)
    return tron.of("tron", account).text if scheme.endswith("tron") else "0x" + account.hex()


def validator_key(chance: random.Random) -> str:
    return "0x" + chance.randbytes(48).hex()


def mismatch(made: Case, owner: str | None = None) -> str:
    """The reason where the first signer's signature is not theirs: the account itself, stated as its own owner or not,
    or another owner; HTX's layout states none.
    """
    states_owners = made.row.scheme.startswith("okx")
    return "owner_mismatch" if states_owners and (owner or made.row.owners[0]) else "address_mismatch"

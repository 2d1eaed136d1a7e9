"""OKX's own scheme: whose key makes which account, what a stated key says, and owners."""

from __future__ import annotations

from dataclasses import replace

import pytest

from made_rows import _secp256k1 as made
from made_rows import okx_ecdsa as rows
from porlake import ownership
from porlake.addresses import parse
from porlake.encoding.hashes import sha256
from porlake.model import Evidence
from porlake.ownership import okx_ecdsa

MESSAGE = "I am an OKX address"
A, B, C = (made.Key(sha256(seed)) for seed in (b"a", b"b", b"c"))
SPELLINGS = sorted(rows.ADDRESS)


def signed(key: made.Key, message: str = MESSAGE) -> str:
    return made.hexed(key.sign(rows.digest(message)))


def row(
    network: str, address: str, *signatures: str, script: str = "", owners: tuple[str, ...] = (), message: str = MESSAGE
) -> Evidence:
    return made.evidence("okx_ecdsa", network, address, message, list(signatures), script, owners)


def told(of: Evidence) -> tuple[str, str, tuple[str, ...], str | None]:
    found = ownership.judge(of)
    return found.verdict, found.reason, found.flags, found.signer


def account(spelled: str, key: made.Key = A) -> tuple[str, str, str, str]:
    """(network, reason, address as spelled, in its one spelling)."""
    network, reason, address_of = rows.ADDRESS[spelled]
    return network, reason, address_of(key), parse(network, address_of(key)).text


@pytest.mark.parametrize("spelled", SPELLINGS)
def test_an_account_is_its_keys_and_no_other(spelled: str) -> None:
    network, reason, address, text = account(spelled)
    good = row(network, address, signed(A))
    assert told(good) == ("proven", reason, (), text)
    assert told(replace(good, signatures=[signed(B)])) == ("invalid", "address_mismatch", (), None)
    assert told(replace(good, signatures=[signed(A), "0x"])) == ("proven", reason, ("extra_signature2",), text)
    assert told(replace(good, signatures=["", signed(A)])) == ("malformed", "no_signature1", (), None)
    flags = ("extra_signature2",)
    assert told(replace(good, signatures=[signed(B), "0x"])) == ("invalid", "address_mismatch", flags, None)
    assert told(replace(good, message=f" {MESSAGE}")) == ("proven", reason, ("message_trimmed",), text)


@pytest.mark.parametrize("spelled", SPELLINGS)
def test_a_stated_key_has_to_be_the_one_that_signed_and_the_accounts(spelled: str) -> None:
    network, reason, address, text = account(spelled)
    for key in (A.short.hex(), A.long.hex(), A.long[1:].hex(), "0x" + A.short.hex()):
        assert told(row(network, address, signed(A), script=key)) == ("proven", reason, (), text)
    good = row(network, address, signed(A), script=A.short.hex())
    assert told(replace(good, key_or_script=B.short.hex())) == ("invalid", "key_mismatch", (), None)
    assert told(replace(good, signatures=[signed(B)])) == ("invalid", "key_mismatch", (), None)
    other = row(network, address, signed(B), "0x", script=B.short.hex())
    assert told(other) == ("invalid", "address_mismatch", ("extra_signature2",), None)
    trimmed = row(network, address, signed(A), script=A.short.hex(), message=f"{MESSAGE} ")
    assert told(trimmed) == ("proven", reason, ("message_trimmed",), text)


@pytest.mark.parametrize(
    ("size", "code"), [(32, "key_bad_key"), (33, ""), (63, "key_bad_key"), (64, ""), (65, ""), (66, "key_bad_key")]
)
def test_a_stated_key_has_33_64_or_65_bytes(size: int, code: str) -> None:
    network, reason, address, text = account("ICX")
    key = {32: A.short[1:], 33: A.short, 63: A.long[2:], 64: A.long[1:], 65: A.long, 66: A.long + b"\0"}[size]
    found = told(row(network, address, signed(A), script=key.hex()))
    assert found == (("malformed", code, (), None) if code else ("proven", reason, (), text))


def test_a_stated_key_is_hex() -> None:
    network, _, address, _ = account("ICX")
    assert told(row(network, address, signed(A), script="key"))[1] == "key_bad_hex"


def test_an_account_that_is_no_function_of_a_key_shows_the_stated_key_and_no_more() -> None:
    address = "0x" + "1a" * 8
    assert parse("flow", address).kind == "flow"
    good = row("flow", address, signed(A), script=A.short.hex())
    assert told(good) == ("signature_only", "address_not_derived", (), A.short.hex())
    assert told(replace(good, key_or_script=A.long.hex())) == told(good)
    flagged = replace(good, signatures=[signed(A), "0x"], message=f" {MESSAGE}")
    assert told(flagged) == (
        "signature_only", "address_not_derived", ("message_trimmed", "extra_signature2"), A.short.hex()
    )  # fmt: skip
    assert told(replace(good, key_or_script="")) == ("unsupported", "flow", (), None)
    assert told(replace(good, key_or_script=B.short.hex())) == ("invalid", "key_mismatch", (), None)


def mixed(address: str) -> tuple[str, str]:
    """The address with the letters of its checksum, and with all of them turned."""
    from eth_utils import to_checksum_address

    good = to_checksum_address(address)
    return good, "0x" + good[2:].swapcase()


@pytest.mark.parametrize("spelled", ["OKT 0x", "FIL 0x"])
def test_the_letters_of_an_address_in_hex_are_its_checksum(spelled: str) -> None:
    network, reason, address, text = account(spelled)
    good, bad = mixed(address)
    for spelling, flags in (
        (good, ()), (address, ()), (bad, ("bad_eip55",)), ("0X" + bad[2:], ("bad_eip55",)),
    ):  # fmt: skip
        assert told(row(network, spelling, signed(A))) == ("proven", reason, flags, text), spelling
        assert told(row(network, spelling, signed(B))) == ("invalid", "address_mismatch", flags, None)
        high = made.hexed(made.high(A.sign(rows.digest(MESSAGE))))
        assert told(row(network, spelling, high))[2] == ("high_s", *flags)


def test_an_address_that_is_no_evm_address_has_no_such_checksum() -> None:
    for network, address in (("flow", "0x" + "1aBc" * 4), ("oktc", account("OKT ex")[2])):
        assert "bad_eip55" not in told(row(network, address, signed(A), script=A.short.hex()))[2]


# --- owners -----------------------------------------------------------------------------------------------------------
def owner(key: made.Key) -> str:
    return account("OKT 0x", key)[3]


@pytest.mark.parametrize(
    ("spelled", "flags"), [("OKT 0x", ()), ("FIL 0x", ("owner_mode_unusual",)), ("CFX", ("owner_mode_unusual",))]
)
def test_every_stated_owner_signs_in_his_column(spelled: str, flags: tuple[str, ...]) -> None:
    network, _, address, _ = account(spelled, C)
    good = row(network, address, signed(A), signed(B), owners=(owner(A), owner(B)))
    assert told(good) == ("owner_signed", "owner", flags, f"{owner(A)},{owner(B)}")
    for signatures, told_of in (
        ([signed(B), signed(A)], ("invalid", "owner_mismatch")),
        ([signed(A), signed(A)], ("invalid", "owner_mismatch")),
        ([signed(B), signed(B)], ("invalid", "owner_mismatch")),
        ([signed(A), ""], ("malformed", "no_signature2")),
        (["", signed(B)], ("malformed", "no_signature1")),
    ):
        assert told(replace(good, signatures=signatures))[:2] == told_of
    assert told(replace(good, signatures=[signed(C), signed(B)])) == ("invalid", "owner_mismatch", flags, None)
    alone = row(network, address, signed(A), signed(B), owners=(owner(A), ""))
    assert told(alone) == ("owner_signed", "owner", ("extra_signature2", *flags), owner(A))
    twice = row(network, address, signed(A), signed(A), owners=(owner(A), owner(A)))
    assert told(twice) == ("owner_signed", "owner", ("same_owner_twice", *flags), f"{owner(A)},{owner(A)}")


@pytest.mark.parametrize("own", [0, 1])
def test_an_account_among_its_owners_is_proven_by_its_own_key(own: int) -> None:
    network, reason, address, text = account("OKT 0x", C)
    keys = [A, A]
    keys[own] = C
    good = row(network, address, *map(signed, keys), owners=(owner(keys[0]), owner(keys[1])))
    assert told(good) == ("proven", reason, (), f"{owner(keys[0])},{owner(keys[1])}")
    empty = row(network, address, signed(C), signed(A), owners=("", owner(A)))
    assert told(empty) == ("proven", reason, (), f"{text},{owner(A)}")


def test_flags_of_every_signature_stand_once() -> None:
    network, _, address, _ = account("OKT 0x", C)
    high = [made.hexed(made.high(key.sign(rows.digest(MESSAGE)))) for key in (A, B)]
    good = row(network, address, *high, owners=(owner(A), owner(B)), message=f" {MESSAGE}")
    assert told(good)[2] == ("high_s", "message_trimmed")
    other = replace(good, signatures=[signed(A), high[1]])
    assert told(other)[2] == ("message_trimmed", "high_s")


def test_an_owner_is_an_account_of_ethereum_or_of_the_network_itself() -> None:
    network, _, address, _ = account("CFX", C)
    _, _, _, text = account("CFX", A)
    assert told(row(network, address, signed(A), owners=(text, ""))) == (
        "owner_signed", "owner", ("owner_mode_unusual",), text
    )  # fmt: skip
    assert told(row(network, address, signed(A), owners=("nobody", "")))[0] == "malformed"


def test_owners_of_a_network_of_another_family_are_not_known() -> None:
    address = parse("bitcoin", "1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN2")
    found = okx_ecdsa.judge(row("bitcoin", address.text, signed(A), owners=(owner(A), "")), address)
    assert (found.verdict, found.reason, found.flags) == ("unsupported", "p2pkh", ())
    alone = okx_ecdsa.judge(row("bitcoin", address.text, signed(A)), address)
    assert (alone.verdict, alone.reason, alone.flags) == ("unsupported", "p2pkh", ())


def test_every_kind_of_account_is_tried() -> None:
    kinds = {parse(rows.ADDRESS[each][0], rows.ADDRESS[each][2](A)).kind for each in SPELLINGS}
    assert okx_ecdsa.ACCOUNTS.keys() <= kinds


@pytest.mark.parametrize(("owners", "columns"), [((), 1), ((A, B), 2)])
def test_an_explanation_names_the_signature_that_was_tried(owners: tuple[made.Key, ...], columns: int) -> None:
    network, _, address, _ = account("OKT 0x", A)
    signatures = [signed(key) for key in owners or (A,)]
    asked = row(network, address, *signatures, owners=tuple(owner(key) for key in owners), message=f" {MESSAGE}")
    told_steps = ownership.explain(asked)[1]
    tried = {step.attempt.partition(",")[0] for step in told_steps} - {""}
    assert tried == {f"signature{column}" for column in range(1, columns + 1)}
    assert any(step.fits and step.attempt.startswith(f"signature{columns}") for step in told_steps)

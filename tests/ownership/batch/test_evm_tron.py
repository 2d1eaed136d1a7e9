"""Columns of EVM and TRON rows: each form of v and s at its border, and checksums of addresses."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from eth_utils import to_checksum_address

from batches import batch, judged
from made_rows import _secp256k1 as made
from porlake import ownership
from porlake.encoding.keccak import keccak256
from porlake.model import Evidence
from porlake.ownership._secp256k1 import HALF_ORDER
from porlake.ownership.batch import evm_tron
from porlake.ownership.batch.columns import EvidenceColumns, Verdicts
from porlake.ownership.batch.recovery import RecoveryCache, has_high_s

Row = Callable[..., Evidence]
Keys = Callable[[str], Any]
MESSAGE = "I am an OKX address"


@pytest.mark.parametrize("word", range(4))
@pytest.mark.parametrize("by", [-1, 0, 1])
def test_s_is_high_where_it_is_over_half_of_the_order(word: int, by: int) -> None:
    """A step at each of its four words, and all that is below that word at its least and its most."""
    unit = 1 << 64 * word
    base = HALF_ORDER + by * unit
    for s in (base, base - base % unit, base - base % unit + unit - 1):
        raw = np.frombuffer(bytes(32) + s.to_bytes(32, "big") + b"\0", np.uint8).reshape(1, 65)
        assert has_high_s(raw).tolist() == [s > HALF_ORDER]


def test_rows_are_told_apart() -> None:
    values = [0, HALF_ORDER, HALF_ORDER + 1, 2**256 - 1, 1]
    raw = np.frombuffer(b"".join(bytes(32) + s.to_bytes(32, "big") + b"\x1b" for s in values), np.uint8)
    assert has_high_s(raw.reshape(5, 65)).tolist() == [False, False, True, True, False]


def taken(rows: list[Evidence]) -> list[int]:
    """The rows that the columns judge; all of them have the verdict of the rule for one row."""
    alone = [ownership.judge(each) for each in rows]
    told = [(each.verdict, each.reason, each.flags, each.signer) for each in alone]
    assert [tuple(found[:4]) for found in judged(rows)] == told
    found = Verdicts()
    done = evm_tron.judge(EvidenceColumns(batch(rows)), RecoveryCache(), found)
    assert sorted(found.rows) == sorted(done.tolist())
    for at, *given in zip(found.rows, found.verdicts, found.reasons, found.flags, found.signers, strict=True):
        assert tuple(given) == told[at]
    return sorted(found.rows)


def spelled(key: Any) -> bytes:
    digest = keccak256(b"\x19Ethereum Signed Message:\n32" + keccak256(b"I am an OKX address"))
    raw: bytes = key.key.sign_recoverable(digest, hasher=None)
    return raw


@pytest.mark.parametrize("v", [*range(40), 127, 128, 254, 255])
def test_each_v_is_read_as_the_rule_for_one_row_reads_it(row: Row, signer: Keys, v: int) -> None:
    a = signer("a")
    text = "0x" + spelled(a)[:64].hex() + f"{v:02x}"
    made_row = row("okx_evm", "ethereum", a.evm, text)
    assert taken([made_row]) in ([[], [0]] if v in (0, 1) or 27 <= v <= 34 else [[]])
    assert taken([made_row, row("okx_evm", "ethereum", a.evm, a.okx_evm())])[-1] == 1


def test_every_spelling_of_an_address_and_a_signature_has_its_flags(row: Row, signer: Keys) -> None:
    a, b = signer("a"), signer("b")
    good = to_checksum_address(a.evm)
    bad = "0x" + good[2:].swapcase()
    assert bad != good != a.evm
    raw = spelled(a)
    signatures = [a.okx_evm(), made.hexed(raw, 0), made.hexed(raw, 31), made.hexed(made.high(raw))]
    signatures += [made.hexed(made.high(raw), 0), made.hexed(made.high(raw), 31), b.okx_evm(), a.okx_evm().upper()]
    addresses = [a.evm, good, bad, a.evm.upper().replace("X", "x"), "0X" + good[2:], a.evm[:-1] + "g", a.evm[:-2]]
    rows = [row("okx_evm", "ethereum", address, text) for address in addresses for text in signatures]
    done = taken(rows)
    assert {at // len(signatures) for at in done} == {0, 1, 2, 3, 4}
    assert {at % len(signatures) for at in done} == set(range(7)), "0X before a signature is left to the rule for one"
    for each in (rows, rows[::-1], [row("okx_evm", "ethereum", b.evm, b.okx_evm()), *rows]):
        taken(each)


def test_tron_rows_and_rows_of_other_forms(row: Row, signer: Keys) -> None:
    a, b = signer("a"), signer("b")
    header = b"\x19TRON Signed Message:\n"
    digest = keccak256(header + b"32" + keccak256(b"I am an OKX address"))
    usual = [scheme for scheme in evm_tron.tron.RULES if scheme.startswith("okx")]
    for scheme in usual:
        good = row(scheme, "tron", a.tron, a.hex(digest))
        others = [
            replace(good, signatures=[b.hex(digest)]),
            replace(good, address_published=a.tron[:-1] + ("1" if a.tron[-1] != "1" else "2")),
            replace(good, address_published=b.tron),
            replace(good, address_published=a.p2pkh()),
            replace(good, owners=[b.tron]),
            replace(good, signatures=[a.hex(digest), a.hex(digest)]),
            replace(good, signatures=["", a.hex(digest)]),
            replace(good, network="bitcoin"),
            replace(good, scheme="no_scheme"),
            replace(good, message=""),
            replace(good, message=" I am an OKX address"),
            replace(good, holding="eigenlayer"),
        ]
        assert 0 in taken([good, *others])
        assert len(others) in taken([*others, good])


@pytest.mark.parametrize(
    "scheme", [scheme for scheme in evm_tron.RULES if len(evm_tron._digests(scheme, MESSAGE)[0]) == 2]
)
def test_rows_that_signed_by_either_digest_keep_their_own_account(row: Row, signer: Keys, scheme: str) -> None:
    """The whole of a batch holds, and not in the order in which digests are tried."""
    digests, _ = evm_tron._digests(scheme, MESSAGE)
    network, name = ("tron", "tron") if scheme.endswith("tron") else ("ethereum", "evm")
    rows = [
        row(scheme, network, getattr(key, name), key.hex(digests[at]), message=MESSAGE)
        for key, at in zip(map(signer, "abcd"), (1, 0, 1, 0), strict=True)
    ]
    assert taken(rows) == [0, 1, 2, 3]
    assert [found[3] for found in judged(rows)] == [each.address_published for each in rows]

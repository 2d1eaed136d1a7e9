"""Columns of UTXO rows: which are taken, and that each that is left has the verdict of the rule for one row."""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from batches import batch, judged
from made_rows import _secp256k1 as made
from porlake import ownership
from porlake.addresses import bitcoin
from porlake.encoding.hashes import sha256d
from porlake.encoding.varint import with_length
from porlake.model import Evidence
from porlake.ownership.batch import utxo
from porlake.ownership.batch.columns import EvidenceColumns, Verdicts
from porlake.ownership.batch.recovery import RecoveryCache

Row = Callable[..., Evidence]
Keys = Callable[[str], Any]


def taken(rows: list[Evidence]) -> list[int]:
    """The rows that the columns judge; all of them have the verdict of the rule for one row."""
    alone = [ownership.judge(each) for each in rows]
    told = [(each.verdict, each.reason, each.flags, each.signer) for each in alone]
    assert [tuple(found[:4]) for found in judged(rows)] == told
    columns, cache, found = EvidenceColumns(batch(rows)), RecoveryCache(), Verdicts()
    done = [*utxo.judge_p2pkh(columns, cache, found), *utxo.judge_multisig(columns, cache, found)]
    assert sorted(found.rows) == sorted(map(int, done))
    for at, *given in zip(found.rows, found.verdicts, found.reasons, found.flags, found.signers, strict=True):
        assert tuple(given) == told[at]
    return sorted(found.rows)


def signatures(key: Any, first: int = 31) -> dict[str, str]:
    """Spellings of one signature."""
    digest = sha256d(with_length(b"Bitcoin Signed Message:\n") + with_length(b"I am an OKX address"))
    raw = key.key.sign_recoverable(digest, hasher=None)
    return {
        "good": made.compact(raw, first),
        "high s": made.compact(made.high(raw), first),
        "hex": made.hexed(raw),
        "short": base64.b64encode(bytes([first]) + raw[:63]).decode(),
        "none": "",
    }


def test_a_key_with_an_ordinary_signature_is_taken_and_nothing_else_is(row: Row, signer: Keys) -> None:
    a, b = signer("a"), signer("b")
    good = row("utxo", "bitcoin", a.p2pkh(), a.compact())
    others = [
        replace(good, signatures=[b.compact()]),
        replace(good, signatures=[a.compact(), a.compact()]),
        replace(good, signatures=["", a.compact()]),
        replace(good, signatures=[a.compact(first=27)]),
        replace(good, signatures=[a.compact(first=35)]),
        *(replace(good, signatures=[signatures(a)[name]]) for name in ("high s", "hex", "short", "none")),
        replace(good, owners=[b.p2pkh()]),
        replace(good, key_or_script=a.short.hex()),
        replace(good, address_published=bitcoin.p2pkh("bitcoin", a.long).text),
        replace(good, address_published=bitcoin.p2pkh("litecoin", a.short).text),
        replace(good, address_published=a.p2pkh()[:-1] + ("1" if a.p2pkh()[-1] != "1" else "2")),
        replace(good, network="litecoin"),
        replace(good, network="ethereum"),
        replace(good, scheme="no_scheme"),
        replace(good, message=""),
        replace(good, message="\ud800"),
    ]
    assert taken([good]) == [0]
    assert taken([others[0], good, good]) == [1, 2]
    assert taken([good, *others[:-1]]) == [0]
    columns, found = EvidenceColumns(batch([replace(good, message="else"), good])), Verdicts()
    assert utxo.judge_p2pkh(columns, RecoveryCache(), found).tolist() == [1]
    assert utxo._digests("bitcoin", "\ud800") == utxo._digests("bitcoin", "") == ()


@pytest.mark.parametrize("seed", range(40))
def test_addresses_of_both_lengths_are_taken(row: Row, signer: Keys, seed: int) -> None:
    key = signer(f"short {seed}")
    assert taken([row("utxo", "bitcoin", key.p2pkh(), key.compact())]) == ([0] if len(key.p2pkh()) in (33, 34) else [])


@pytest.mark.parametrize("kind", ["p2sh", "p2wsh"])
@pytest.mark.parametrize(("threshold", "is_taken"), [(1, True), (2, True), (3, False)])
def test_a_script_of_which_two_keys_signed_is_taken(
    row: Row, signer: Keys, multisig: Callable[..., bytes], kind: str, threshold: int, is_taken: bool
) -> None:
    a, b, c, stranger = (signer(name) for name in ("a", "b", "c", "stranger"))
    make = {"p2sh": bitcoin.p2sh, "p2wsh": bitcoin.p2wsh}[kind]
    script = multisig(threshold, a.short, b.short, c.short)
    good = row("utxo", "bitcoin", make("bitcoin", script).text, a.compact(), b.compact(), script=script.hex())
    assert taken([good]) == ([0] if is_taken else [])
    assert taken([replace(good, key_or_script="0x" + script.hex())]) == ([0] if is_taken else [])
    others = [
        replace(good, signatures=[a.compact(), a.compact()]),
        replace(good, signatures=[stranger.compact(), b.compact()]),
        replace(good, signatures=[a.compact(), stranger.compact()]),
        replace(good, signatures=[a.compact()]),
        replace(good, signatures=[a.compact(), b.compact(), c.compact()]),
        replace(good, address_published=make("bitcoin", multisig(threshold, a.short, b.short)).text)
        if threshold < 3 else good,
        replace(good, address_published=a.p2pkh()),
        replace(good, key_or_script="zz"),
        replace(good, key_or_script=""),
        replace(good, owners=["somebody"]),
    ]  # fmt: skip
    for name in ("high s", "hex", "short", "none"):
        others.append(replace(good, signatures=[signatures(a)[name], b.compact()]))
        others.append(replace(good, signatures=[b.compact(), signatures(a)[name]]))
    assert taken([good, *others]) == ([0] if is_taken else [])
    assert taken([*others, good]) == ([len(others)] if is_taken else [])


@pytest.mark.parametrize("change", ["uncompressed", "nested", "too long"])
def test_a_script_that_is_signed_or_spent_otherwise_is_left(
    row: Row, signer: Keys, multisig: Callable[..., bytes], change: str
) -> None:
    a, b = signer("a"), signer("b")
    keys = [signer(f"key {n}").short for n in range(14)] if change == "too long" else []
    script = multisig(2, a.short, b.long if change == "uncompressed" else b.short, *keys)
    assert change != "too long" or len(script) > 520
    make = bitcoin.p2sh_p2wsh if change == "nested" else bitcoin.p2sh
    made_row = row("utxo", "bitcoin", make("bitcoin", script).text, a.compact(), b.compact(), script=script.hex())
    assert taken([made_row]) == []
    if change == "too long":
        inner = replace(made_row, address_published=bitcoin.p2wsh("bitcoin", script).text)
        assert taken([inner]) == [0]


@pytest.mark.parametrize(("keys", "is_taken"), [(14, True), (15, True), (16, False)])
def test_a_redeem_script_is_at_most_520_bytes(
    row: Row, signer: Keys, multisig: Callable[..., bytes], keys: int, is_taken: bool
) -> None:
    a, b = signer("a"), signer("b")
    script = multisig(2, a.short, b.short, *(signer(f"key {n}").short for n in range(keys - 2)))
    made_row = row("utxo", "bitcoin", bitcoin.p2sh("bitcoin", script).text, a.compact(), b.compact(),
                   script=script.hex())  # fmt: skip
    assert taken([made_row]) == ([0] if is_taken else [])


@pytest.mark.parametrize("header", range(256))
def test_ordinary_headers_are_31_to_34(header: int) -> None:
    import pyarrow as pa

    text = base64.b64encode(bytes([header]) + bytes(range(1, 33)) + bytes(32)).decode()
    (found,), (is_ordinary,) = utxo._compact(pa.array([text]))
    assert is_ordinary == (31 <= header <= 34)
    assert not is_ordinary or found.tobytes() == bytes(range(1, 33)) + bytes(32) + bytes([header - 31])


@pytest.mark.parametrize(("text", "is_ordinary"), [
    ("good", True), ("bits left over", False), ("no end", False), ("two ends", False), ("blank", False),
])  # fmt: skip
def test_base64_is_the_one_spelling_of_its_bytes(text: str, is_ordinary: bool) -> None:
    import pyarrow as pa

    good = base64.b64encode(bytes([31]) + bytes(range(1, 33)) + bytes(32)).decode()
    assert good.endswith("AA=")
    spelled = {
        "good": good, "bits left over": good[:-2] + "B=", "no end": good[:-1] + "A", "two ends": good[:-2] + "==",
        "blank": " " + good[1:],
    }  # fmt: skip
    _, (found,) = utxo._compact(pa.array([spelled[text]]))
    assert found == is_ordinary

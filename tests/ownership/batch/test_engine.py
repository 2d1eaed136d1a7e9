"""Batches: columns say what the rule for one row says, of rows that are changed anywhere; evidence is judged once, and
slow rows hold up no others.
"""

from __future__ import annotations

import base64
import random
import string
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import replace
from typing import Any

import coincurve
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from nacl.signing import SigningKey

import made_addresses
from batches import batch, judged
from made_rows import beth_bls, ed25519, eos, okx_ecdsa, starknet, utxo
from made_rows import evm_tron as evm_tron_rows
from porlake import ownership, registry
from porlake.addresses import bitcoin
from porlake.encoding import base58
from porlake.encoding.varint import with_length
from porlake.model import Evidence
from porlake.ownership import _dispatch, _secp256k1
from porlake.ownership import ed25519 as by_key
from porlake.ownership.batch import columns as by_column
from porlake.ownership.batch import ed25519 as batch_ed25519
from porlake.ownership.batch import engine, evm_tron, recovery, unsigned
from porlake.ownership.batch import utxo as batch_utxo
from porlake.ownership.batch.recovery import RecoveryCache

Row = Callable[..., Evidence]
Keys = Callable[[str], Any]
LETTERS = string.ascii_letters + string.digits + "+/= é-"


def changed_somewhere(chance: random.Random, row: Evidence) -> Evidence:
    """The row with a letter of one of its cells put in, taken out or replaced."""
    name = chance.choice(("address_published", "message", "signatures", "signatures", "key_or_script", "owners"))
    cell = getattr(row, name)
    if isinstance(cell, str):
        return replace(row, **{name: typo(chance, cell)})
    at = chance.randrange(len(cell)) if cell else 0
    return replace(row, **{name: [typo(chance, text) if place == at else text for place, text in enumerate(cell)]})


def typo(chance: random.Random, text: str) -> str:
    at = chance.randrange(len(text) + 1)
    return (
        text[:at]
        + chance.choice(("", chance.choice(LETTERS), chance.choice(LETTERS)))
        + text[at + chance.randrange(2) :]
    )


@pytest.fixture
def utxo_rows(row: Row, signer: Keys, multisig: Callable[..., bytes]) -> list[Evidence]:
    headers = {"litecoin": b"Litecoin Signed Message:\n", "dogecoin": b"Dogecoin Signed Message:\n"}
    made = []
    for number in range(120):
        network = ("bitcoin", "litecoin", "dogecoin", "bitcoin_sv", "decred")[number % 5]
        sign = {"header": headers[network]} if network in headers else {}
        a, b, c = (signer(f"{number} {which}") for which in "abc")
        made.append(row("utxo", network, a.p2pkh(network), a.compact(**sign)))
        made.append(row("utxo", network, bitcoin.p2pkh(network, a.long).text, a.compact(first=27, **sign)))
        threshold = 1 + number % 3
        script = multisig(threshold, *(key.long if number % 7 == 0 else key.short for key in (a, b, c)))
        known = (
            bitcoin.p2wsh(network, script)
            if number % 2 and bitcoin.parameters(network).hrp
            else bitcoin.p2sh(network, script)
        )
        seconds = (
            c.compact(**sign),
            a.compact(**sign),
            signer("stranger").compact(**sign),
            c.compact(first=27, **sign),
        )
        made.append(row("utxo", network, known.text, a.compact(**sign), seconds[number // 5 % 4], script=script.hex()))
    return made


def test_batches_agree_with_judge_on_utxo_rows(utxo_rows: list[Evidence]) -> None:
    chance = random.Random(2)
    rows = utxo_rows + [changed_somewhere(chance, made) for made in utxo_rows]
    rows += [replace(made, network=chance.choice(("bitcoin", "litecoin", "ethereum", None))) for made in utxo_rows]
    proven = same_as_judge(rows)
    assert proven > 150


def test_batches_agree_with_judge_on_rows_that_are_changed_anywhere() -> None:
    chance = random.Random(4)
    made = [evm_tron_rows.case(chance).row for _ in range(750)]
    rows = (
        made
        + [changed_somewhere(chance, row) for row in made]
        + [changed_somewhere(chance, changed_somewhere(chance, row)) for row in made]
    )
    rows += [
        replace(row, scheme=chance.choice(("okx_evm", "htx_evm", "okx_tron", "htx_tron", "utxo", "no_scheme")))
        for row in made
    ]
    assert same_as_judge(rows) > 500


TEXT = st.text(max_size=140) | st.sampled_from(
    [
        "",
        "0x",
        "0x" + "00" * 65,
        "0x" + "ff" * 65,
        "A" * 87 + "=",
        "IAAA" + "A" * 83 + "=",
        "ff" * 200,
        "1" * 34,
        "T" * 34,
    ]
)


@given(st.lists(st.tuples(
    st.sampled_from([*sorted(registry.load().schemes), "no_such_scheme"]),
    st.sampled_from([*sorted(registry.load().networks), "no_such_network", None]),
    TEXT, TEXT, st.lists(TEXT, max_size=3), TEXT, st.lists(TEXT, max_size=3)), min_size=1, max_size=30,
))  # fmt: skip
@settings(max_examples=60, deadline=None)
def test_no_batch_raises_whatever_it_holds(cells: list[tuple[Any, ...]]) -> None:
    rows = [
        Evidence(
            "okx",
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
            signatures,
            script,
            owners,
        )
        for scheme, network, address, message, signatures, script, owners in cells
    ]
    found = engine.BatchJudge(at_once, ownership.SLOW)(batch(rows)).finish()
    assert found.verdict == [ownership.judge(made).verdict for made in rows]
    assert "proven" not in found.verdict


def at_once(row: Evidence) -> Future[tuple[ownership.Judgement, str]]:
    later: Future[tuple[ownership.Judgement, str]] = Future()
    later.set_result(ownership.judge_with_account(row))
    return later


def same_as_judge(rows: list[Evidence]) -> int:
    proven = 0
    for row, (verdict, reason, flags, signer, binds, account) in zip(rows, judged(rows, 500), strict=True):
        alone = ownership.judge(row)
        assert (verdict, reason, flags, signer, binds) == (
            alone.verdict,
            alone.reason,
            alone.flags,
            alone.signer,
            alone.binds,
        ), row
        assert account == ownership.account(row.network, row.address_published)
        proven += verdict == "proven"
    return proven


def test_compiled_loops_give_what_one_call_a_signature_gives() -> None:
    """Also of signatures that no key can have made, and of none."""
    chance, digest = random.Random(3), bytes(range(32))
    signed = [coincurve.PrivateKey(chance.randbytes(32)).sign_recoverable(digest, hasher=None) for _ in range(21)]
    order = _secp256k1.HALF_ORDER * 2 + 1
    signed[2:8] = [
        bytes(65), b"\xff" * 64 + b"\1", signed[2][:64] + b"\2", signed[3][:64] + b"\3",
        signed[4][:32] + order.to_bytes(32, "big") + b"\0", bytes(31) + b"\5" + signed[5][32:],
    ]  # fmt: skip
    signed[8:10] = [signed[8][:64] + b"\4", signed[9][:64] + b"\xff"]
    for count in (0, 1, 7, 8, 21):
        rows = raw(signed[:count])
        for many in (_secp256k1.accounts, _secp256k1.short_keys):
            plain, compiled = many(rows, digest), many(rows, digest, is_compiled=True)
            assert compiled.tobytes() == plain.tobytes()
            assert compiled.shape == plain.shape
            assert count < 21 or 11 <= plain.any(axis=1).sum() < 19


@pytest.mark.parametrize("message", [b"", b"x", b"I am an OKX address" * 20])
def test_compiled_ed25519_says_what_libsodium_says_of_each(message: bytes) -> None:
    keys = [SigningKey(bytes([number]) * 32) for number in range(9)]
    pairs = [key.sign(message).signature + bytes(key.verify_key) for key in keys]
    pairs[1] = pairs[1][:64] + pairs[2][64:]
    pairs[3] = bytes(64) + ed25519.SMALL[1]
    scalar = int.from_bytes(pairs[4][32:64], "little") + ed25519.ORDER
    pairs[4] = pairs[4][:32] + scalar.to_bytes(32, "little") + pairs[4][64:]
    signed = np.frombuffer(b"".join(pairs), np.uint8).reshape(-1, 96)
    plain, compiled = (by_key.many(signed, message, is_compiled=is_compiled) for is_compiled in (False, True))
    assert compiled.tolist() == plain.tolist() == [[at not in (1, 3, 4)] for at in range(9)]
    assert by_key.many(signed[:0], message, is_compiled=True).shape == (0, 1)


def test_batches_agree_with_judge_where_loops_are_compiled(
    monkeypatch: pytest.MonkeyPatch, utxo_rows: list[Evidence]
) -> None:
    monkeypatch.setattr(recovery, "MANY", 0)
    monkeypatch.setattr(recovery, "TRIED", 100)
    chance = random.Random(8)
    rows = [maker.case(chance).row for maker in (evm_tron_rows, ed25519) for _ in range(300)] + utxo_rows
    assert same_as_judge(rows + [changed_somewhere(chance, row) for row in rows]) > 400


def solana(key: SigningKey, **changed: Any) -> Evidence:
    public = bytes(key.verify_key)
    signed = key.sign(with_length(b"OKX Signed Message:\n") + with_length(b"I am an OKX address")).signature
    made = Evidence(
        "okx", "r", 1, None, "solana", "SOL", "SOL", None, "wallet", "okx_ed25519", base58.encode(public),
        "I am an OKX address", ["0x" + signed.hex(), ""], "0x" + public.hex(), ["", ""],
    )  # fmt: skip
    return replace(made, **changed)


def test_a_key_that_is_its_own_account_is_taken_by_column_and_nothing_else_is() -> None:
    one, two = SigningKey(b"1" * 32), SigningKey(b"2" * 32)
    good, other = solana(one), solana(two)
    taken = [good, solana(two), replace(good, asset="USDT"), replace(good, asset="DOGE"), replace(good, asset=None)]
    left = [
        replace(good, address_published=other.address_published),
        replace(good, signatures=other.signatures),
        replace(good, signatures=[*good.signatures[:1], "x"]),
        replace(good, signatures=["", *good.signatures[:1]]),
        replace(good, signatures=[good.signatures[0][2:], ""]),
        replace(good, signatures=[good.signatures[0].replace("0x", "0X"), ""]),
        replace(good, key_or_script=other.key_or_script),
        replace(good, key_or_script=good.key_or_script[2:]),
        replace(good, key_or_script=good.key_or_script[:-1] + "g"),
        replace(good, owners=[other.address_published]),
        replace(good, network="aptos"),
        replace(good, scheme="htx_ed25519"),
        replace(good, message="else"),
        replace(good, message="I am an OKX address "),
        replace(good, message="-"),
    ]
    assert same_as_judge([*taken, *left]) == len(taken) + 5  # spelled otherwise, or signed once more
    found = by_column.Verdicts()
    done = batch_ed25519.judge(by_column.EvidenceColumns(batch([*taken, *left])), RecoveryCache(), found)
    assert sorted(done.tolist()) == sorted(found.rows) == list(range(len(taken)))
    assert dict(zip(found.rows, found.flags, strict=True))[3] == ("coin_and_network_differ",)
    assert batch_ed25519._data("\ud800") is None


def unsigned_rows(count: int, seed: int) -> list[Evidence]:
    """Of networks of every form, addresses of their own, of others and spoiled ones."""
    chance = random.Random(seed)
    facts = registry.load()
    forms = {row.address_form: name for name, row in sorted(facts.networks.items())}
    named = [forms[form] for form in made_addresses.FORMS if form in forms] + ["no_such_network", None]
    rows = []
    for number in range(count):
        network = chance.choice(named)
        of = network if network in facts.networks else "ethereum"
        like = "15oF4uVJwmo4TdGW7VfQxNLavjCXviqxT9S1MgbjMNHr6Sp5"
        form = facts.networks[of].address_form
        text = made_addresses.made(of, like if form == "ss58" else "", number) if form != "bech32" else "cosmos1"
        text = chance.choice((text, text, text.upper(), text.lower(), typo(chance, text), f" {text}", ""))
        rows.append(Evidence(
            "binance", "r", 1, None, network, None, "X", None, "wallet",
            chance.choice(("no_scheme", "utxo", "okx_evm", "no_such_scheme")), text, chance.choice(("", "I am", text)),
            chance.choice(([], [""], ["", ""])), chance.choice(("", "", "", "51")), chance.choice(([], [""], ["0xab"])),
        ))  # fmt: skip
    return rows


def test_batches_agree_with_judge_on_rows_that_nobody_signed() -> None:
    rows = unsigned_rows(3_000, 5)
    assert same_as_judge(rows) == 0
    columns, found = by_column.EvidenceColumns(batch(rows)), by_column.Verdicts()
    taken = unsigned.judge(columns, RecoveryCache(), found)
    assert taken.tolist() == found.rows == [at for at, row in enumerate(rows) if not row.key_or_script]
    assert len(found.rows) == len(found.accounts) > 1_500
    assert any(rows[at].address_published != account for at, account in zip(found.rows, found.accounts, strict=True))


def test_columns_take_the_plain_rows(utxo_rows: list[Evidence], signer: Keys, row: Row) -> None:
    """A scheme that took nothing by column would agree with everything."""
    plain = [row("okx_evm", "base", signer(f"{n}").evm, signer(f"{n}").okx_evm()) for n in range(20)]
    columns, cache, found = by_column.EvidenceColumns(batch(plain + utxo_rows)), RecoveryCache(), by_column.Verdicts()
    assert len(evm_tron.judge(columns, cache, found)) == 20
    assert len(batch_utxo.judge_p2pkh(columns, cache, found)) == 96
    assert len(batch_utxo.judge_multisig(columns, cache, found)) > 10
    assert len(found.rows) == len(set(found.rows)) == len(found.verdicts) == len(found.accounts)


def test_every_signature_is_recovered_once(monkeypatch: pytest.MonkeyPatch, row: Row, signer: Keys) -> None:
    recovered: list[bytes] = []
    real = _secp256k1.accounts

    def counted(signatures: Any, digest: bytes, *, is_compiled: bool = False) -> Any:
        recovered.extend(signature.tobytes() for signature in signatures)
        return real(signatures, digest, is_compiled=is_compiled)

    monkeypatch.setattr(_secp256k1, "accounts", counted)
    rows = [
        row("okx_evm", network, signer(f"{n}").evm, signer(f"{n}").okx_evm())
        for network in ("base", "bsc", "ethereum")
        for n in range(30)
    ]
    judges = engine.BatchJudge(lambda _: Future(), frozenset())
    for part in (rows, rows[::-1], rows):
        assert set(judges(batch(part)).finish().verdict) == {"proven"}
    assert len(recovered) == len(set(recovered)) == 30


def test_equal_evidence_is_judged_once_and_other_evidence_is_not_taken_for_it(row: Row, signer: Keys) -> None:
    asked: list[Evidence] = []

    def judge(made: Evidence) -> tuple[ownership.Judgement, str]:
        asked.append(made)
        return ownership.judge_with_account(made)

    a, b, contract = signer("a"), signer("b"), "0x" + "00" * 19 + "99"
    owned = row("okx_evm", "ethereum", contract, a.okx_evm(), "", owners=(a.evm, ""))
    others = [
        replace(owned, owners=["", a.evm]),
        replace(owned, signatures=["", a.okx_evm()]),
        replace(owned, owners=[b.evm, ""]),
        replace(owned, message=owned.message + "1"),
        replace(owned, holding="eigenlayer"),
        replace(owned, signatures=[a.okx_evm()], owners=[a.evm]),
    ]
    judges = engine.BatchJudge(lambda _: Future(), frozenset(), judge)
    found = judges(batch([owned, *others] * 4)).finish()
    assert len(asked) == 1 + len(others)
    alone = [ownership.judge(made) for made in [owned, *others]] * 4
    assert list(zip(found.verdict, found.reason, strict=True)) == [(one.verdict, one.reason) for one in alone]


def variations(row: Evidence) -> list[Evidence]:
    """The row with each cell changed on which a judgement may depend, the labels and the type among them."""
    return [
        replace(row, label="BTC"),
        replace(row, label="NO_SUCH_COIN"),
        replace(row, network_label=None),
        replace(row, network_label="BTC"),
        replace(row, network_label="NO_SUCH_NETWORK"),
        replace(row, asset="BTC"),
        replace(row, asset="USDT"),
        replace(row, asset=None),
        replace(row, holding="wallet"),
        replace(row, holding="eigenlayer"),
        replace(row, holding="native_staking"),
        replace(row, scheme="no_scheme"),
        replace(row, network=None),
        replace(row, network=None, label="BTC", network_label=None),
        replace(row, network=None, label="NO_SUCH_COIN", network_label=None),
        replace(row, network=None, label="BTC", network_label="NO_SUCH_NETWORK"),
        replace(row, exchange="htx"),
        replace(row, network="solana"),
        replace(row, message=f"{row.message} "),
        replace(row, message="null"),
        replace(row, signatures=row.signatures[:1]),
        replace(row, signatures=["", *row.signatures[:1]]),
        replace(row, owners=[]),
        replace(row, owners=["", "", ""]),
        replace(row, key_or_script=""),
    ]


@pytest.mark.parametrize(
    "maker",
    [ed25519, eos, okx_ecdsa, starknet, beth_bls, utxo, evm_tron_rows],
    ids=lambda module: module.__name__.rpartition(".")[2],
)
def test_rows_that_differ_in_what_decides_do_not_share_a_judgement(maker: Any) -> None:
    chance = random.Random(6)
    for _ in range(2 if maker in (starknet, beth_bls) else 12):
        row = maker.case(chance).row
        rows = [row, *variations(row), row]
        judges = engine.BatchJudge(at_once, ownership.SLOW)
        found = judges(batch(rows)).finish()
        for at, made in enumerate(rows):
            alone = ownership.judge(made)
            assert (found.verdict[at], found.reason[at], found.flags[at], found.signer[at], found.binds[at]) == (
                alone.verdict, alone.reason, alone.flags, alone.signer, alone.binds), made  # fmt: skip


def test_a_full_cache_forgets_and_goes_on(signer: Keys) -> None:
    cache, digest = RecoveryCache(limit=5), bytes(31) + b"\1"
    signatures = [signer(f"{n}").key.sign_recoverable(digest, hasher=None) for n in range(20)]
    once = [cache.accounts(raw([signed]), digest).tobytes() for signed in signatures]
    assert len(set(once)) == 20
    assert cache.accounts(raw(signatures * 2), digest).tobytes() == b"".join(once * 2)
    assert cache.accounts(raw([bytes(65)]), digest).tobytes() == bytes(20)


def raw(signatures: list[bytes]) -> Any:
    return np.frombuffer(b"".join(signatures), np.uint8).reshape(-1, 65)


def test_a_row_that_is_not_understood_is_malformed_whatever_signed_it(row: Row, signer: Keys) -> None:
    rows = [
        replace(row("okx_evm", "base", signer(f"{n}").evm, signer(f"{n}").okx_evm()), source_row=n) for n in range(4)
    ]
    ((_, found),) = ownership.judge_batches([(batch(rows), {2: "too_fine"})])
    assert list(zip(found.verdict, found.reason, strict=True)) == [("proven", "eth_address")] * 2 + [
        ("malformed", "too_fine"),
        ("proven", "eth_address"),
    ]
    assert found.account == [made.address_published for made in rows]
    assert found.signer[2] is None


# --- slow rows --------------------------------------------------------------------------------------------------------
def test_rows_of_slow_schemes_come_back_in_their_order() -> None:
    chance = random.Random(9)
    slow = [maker.case(chance).row for _ in range(6) for maker in (starknet, beth_bls)]
    plain = [evm_tron_rows.case(chance).row for _ in range(30)]
    rows = [row for three in zip(plain, slow * 3, strict=False) for row in three]
    assert same_as_judge(rows) > 0


def test_the_modules_of_slow_schemes_are_the_ones_that_go_to_other_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    chance, asked = random.Random(9), []
    real = _dispatch.judge_with_account

    def noted(row: Evidence) -> tuple[ownership.Judgement, str]:
        asked.append((threading.current_thread().name.rpartition("_")[0], row.scheme))
        return real(row)

    monkeypatch.setattr(_dispatch, "judge_with_account", noted)
    made = [maker.case(chance).row for maker in (starknet, beth_bls) for _ in range(3)]
    judged(made)
    slow = {"starknet_typed_data", "beth_bls"}
    assert {scheme for thread, scheme in asked if thread == "porlake-slow-scheme"} == slow


def test_slow_rows_hold_up_no_others(row: Row, signer: Keys) -> None:
    """Batches behind one with a slow row are judged while it waits; the same slow evidence is asked for once."""
    free, asked, begun = threading.Event(), [], time.monotonic()

    def submit(made: Evidence) -> Future[tuple[ownership.Judgement, str]]:
        asked.append(made)
        later: Future[tuple[ownership.Judgement, str]] = Future()
        threading.Thread(target=lambda: (free.wait(), later.set_result(ownership.judge_with_account(made)))).start()
        return later

    slow = row("utxo", "bitcoin", bitcoin.p2wpkh("bitcoin", signer("s").short).text, signer("s").compact())
    fast = [row("okx_evm", "base", signer(f"{n}").evm, signer(f"{n}").okx_evm()) for n in range(50)]
    judges = engine.BatchJudge(submit, frozenset({"utxo"}))
    waiting = [judges(batch([slow, *fast, slow])), judges(batch(fast))]
    assert time.monotonic() - begun < 30
    assert waiting[1].finish().verdict == ["proven"] * 50
    free.set()
    first = waiting[0].finish()
    assert first.verdict == ["proven"] * 52
    assert first.reason == ["p2wpkh", *["eth_address"] * 50, "p2wpkh"]
    assert len(asked) == 1


def test_work_that_nobody_waits_for_any_more_is_not_begun() -> None:
    done: list[int] = []

    def work(number: int) -> int:
        time.sleep(0.002)
        done.append(number)
        return number

    found = engine._in_order(range(100), work, 50)
    assert next(found) == (0, 0)
    found.close()  # type: ignore[attr-defined]
    assert len(done) < 25


@pytest.mark.parametrize(("limit", "kept"), [(1, 1), (2, 2), (3, 2)])
def test_keys_are_forgotten_once_more_than_the_limit_are_held(limit: int, kept: int) -> None:
    """A digest counts as one, and so does each of its signatures."""
    cache, digest = RecoveryCache(limit), bytes(32)
    for first in (1, 2):
        cache.keys(raw([bytes([first]) * 64 + b"\0"]), digest)
    assert len(cache._known[digest]) == kept


@pytest.mark.parametrize(("more", "is_ordinary"), [(-1, True), (0, True), (1, False)])
def test_s_up_to_half_of_the_order_is_ordinary(more: int, is_ordinary: bool) -> None:
    raw = bytes([31]) + bytes(32) + (_secp256k1.HALF_ORDER + more).to_bytes(32, "big")
    _, (found,) = batch_utxo._compact(pa.array([base64.b64encode(raw).decode()]))
    assert bool(found) is is_ordinary


def test_a_text_that_is_no_message_has_no_digest() -> None:
    for message in ("null", "\ud800"):
        assert evm_tron._digests("okx_evm", message) == ((), False)

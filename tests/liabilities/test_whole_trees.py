"""Whole trees, OKX's second kind and BitMEX's: built anew as an independent writer made them, and refused where one
line of them is another.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from liabilities.proved import as_bundle, as_file, bundle_at, sound
from liabilities.writers import bitmex as csv_tree
from liabilities.writers import large_trees
from liabilities.writers import okx_v2 as text_tree
from porlake import liabilities
from porlake.liabilities import _tree_file, bitmex_tree, okx_merkle_v2

SHARED = Path(__file__).resolve().parents[3] / "shared" / "data" / "liabilities"
needs_samples = pytest.mark.skipif(not SHARED.exists(), reason="published samples are not here")
HEIGHT = 800_000


# --- published samples ------------------------------------------------------------------------------------------------
@needs_samples
def test_okx_published_tree_and_its_user() -> None:
    bundle = bundle_at([SHARED / "okx_v2_full_tree.txt"], "okx")
    proof = okx_merkle_v2.verify(bundle)
    assert (proof.verdict, proof.reason, proof.leaves, sound(proof)) == ("holds", "every_check_holds", 21, [])
    assert proof.root == "9e98ebde32ef22ded88a5fb2d5e53d76ed57cb9c6b2c966f250721defe6ab041"
    assert [(total.label, total.asset, total.owed) for total in proof.totals] == [
        ("BTC", "BTC", "0.00005"), ("ETH", "ETH", "0.1"), ("USDT", "USDT", "1.42045977"),
    ]  # fmt: skip
    user = as_file((SHARED / "okx_v2_user_info.json").read_bytes(), "user_info_file.json")
    assert okx_merkle_v2.is_user_file(user)
    found = okx_merkle_v2.inclusion(user, bundle, proof.root)
    assert (found.verdict, found.included, found.depth) == ("holds", True, 5)
    assert found.balances == (("BTC", "0.00005"), ("ETH", "0"), ("USDT", "0"))


@needs_samples
@pytest.mark.parametrize(
    ("path", "leaves", "owed"),
    [
        ("bitmex/gen_776543.csv", 16, "1274.56793012"),
        ("bitmex/readme_liabilities-100-proof.csv", 8, "40.00004"),
        ("river/test.csv", 4, "10006.43641021"),
    ],
)
def test_bitmex_and_river_trees(path: str, leaves: int, owed: str) -> None:
    proof = bitmex_tree.verify(bundle_at([SHARED / path], "bitmex"))
    assert (proof.verdict, proof.leaves, sound(proof)) == ("holds", leaves, [])
    assert [(total.asset, total.owed, total.is_shown) for total in proof.totals] == [("BTC", owed, True)]


@needs_samples
def test_bitmex_accounts_of_the_generated_tree_add_up_to_it() -> None:
    bundle = bundle_at([SHARED / "bitmex/gen_776543.csv"], "bitmex")
    lines = (SHARED / "bitmex/nonces.txt").read_text().split()
    held = [bitmex_tree.inclusion(as_file(f"{line}\n".encode()), bundle, None) for line in lines]
    assert sum(Decimal(found.balances[0][1]) for found in held) == Decimal("1274.56793012")
    assert [found.included for found in held] == [True, True, True, False, True]
    assert held[3].verdict == "consistent_only"  # account 5 is owed nothing


# --- trees of the writers ---------------------------------------------------------------------------------------------
amounts = st.integers(0, 10**12).map(lambda units: Decimal(units).scaleb(-8)) | st.sampled_from(
    [Decimal(0), Decimal("0.00000001"), Decimal(10), Decimal("100.5"), Decimal("3000000000.12345678")]
)
leaf = st.tuples(amounts, amounts, amounts)
nonces = st.binary(min_size=32, max_size=32).map(bytes.hex)
user = st.builds(text_tree.User, nonces, st.lists(leaf, min_size=1, max_size=3).map(tuple))
users = st.lists(user, min_size=1, max_size=12, unique_by=lambda one: one.nonce)
quick = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def okx_tree(made: list[text_tree.User]) -> bytes:
    leaves = [node for user in made for node in user.nodes]
    return text_tree.file(text_tree.levels(leaves))


def okx(tree: bytes) -> liabilities.Proof:
    return okx_merkle_v2.verify(as_bundle({"tree.txt": tree}, "okx"))


def bitmex(tree: bytes) -> liabilities.Proof:
    return bitmex_tree.verify(as_bundle({"tree.csv": tree}, "bitmex"))


@quick
@given(users, st.integers(0, 1_000_000))
def test_every_okx_tree_holds_and_counts_its_users(made: list[text_tree.User], any_number: int) -> None:
    tree = okx_tree(made)
    bundle = as_bundle({"tree.txt": tree}, "okx")
    proof = okx_merkle_v2.verify(bundle)
    assert (proof.verdict, proof.detail, sound(proof)) == ("holds", "", [])
    sums = [sum((leaf[i] for user in made for leaf in user.leaves), Decimal(0)) for i in range(3)]
    assert [total.owed for total in proof.totals] == list(map(text_tree.shown, sums))
    user = made[any_number % len(made)]
    found = okx_merkle_v2.inclusion(as_file(user.file), bundle, proof.root)
    assert (found.verdict, found.included, dict(found.balances)) == ("holds", True, user.owed)
    assert found.root == proof.root


owed_to = st.tuples(st.integers(0, 2**64 - 1), st.binary(min_size=32, max_size=32), st.integers(0, 2**50))


@quick
@given(st.lists(owed_to, min_size=1, max_size=16), st.integers(0, 10**9))
def test_every_bitmex_tree_holds_and_counts_its_accounts(made: list[tuple[int, bytes, int]], height: int) -> None:
    size = 1 << (len(made).bit_length() - 1)
    made = made[:size]
    tree = csv_tree.levels([(csv_tree.key_of(nonce, height, account), value) for account, nonce, value in made])
    bundle = as_bundle({"tree.csv": csv_tree.file(height, tree)}, "bitmex")
    proof = bitmex_tree.verify(bundle)
    assert (proof.verdict, proof.detail, proof.leaves, sound(proof)) == ("holds", "", size, [])
    assert Decimal(proof.totals[0].owed) == Decimal(sum(value for *_, value in made)).scaleb(-8)
    account, nonce, _ = made[0]
    asked = [
        {"account": account, "account_nonce": nonce.hex()},
        {"account": account, "nonce": csv_tree.key_of(nonce, height, account).hex()},
    ]
    for user in asked:
        file = as_file(json.dumps(user).encode())
        assert bitmex_tree.is_user_file(file)
        found = bitmex_tree.inclusion(file, bundle, proof.root)
        own = sum(value for number, secret, value in made if (number, secret) == (account, nonce))
        assert (found.verdict, found.included) == ("holds", True)
        assert Decimal(found.balances[0][1]) == Decimal(own).scaleb(-8)


def test_a_river_account_is_found_by_email_and_key() -> None:
    secret, account = bytes(range(32)), 123_456_789
    nonce = csv_tree.river_nonce(secret, "ann@example.org", account)
    dummy = csv_tree.key_of(bytes(32), HEIGHT, 0)
    own = csv_tree.key_of(nonce, HEIGHT, account)
    tree = csv_tree.levels([(own, 7), (dummy, 0), (own, 9), (dummy, 0)])
    bundle = as_bundle({"tree.csv": csv_tree.file(HEIGHT, tree).rstrip(b"\n")}, "river")
    user = {"email": "ann@example.org", "account_uid": csv_tree.uid_of(account), "account_key": secret.hex()}
    found = bitmex_tree.inclusion(as_file(json.dumps(user).encode()), bundle, tree[-1][0][0].hex())
    assert (found.verdict, found.included, found.balances, found.depth) == ("holds", True, (("BTC", "0.00000016"),), 2)
    other = bitmex_tree.inclusion(as_file(json.dumps(user | {"email": "Ann@example.org"}).encode()), bundle, None)
    assert (other.verdict, other.reason, other.included) == ("consistent_only", "not_in_tree", False)


# --- corruptions ------------------------------------------------------------------------------------------------------
Lines = list[str]


def amount_of(line: str, coin: str, change: Callable[[str], str]) -> str:
    head, _, tail = line.partition(f'"{coin}":"')
    old, _, behind = tail.partition('"')
    return f'{head}"{coin}":"{change(old)}"{behind}'


def other_digit(line: str) -> str:
    return ("0" if line[0] != "0" else "1") + line[1:]


def more(text: str) -> str:
    return text_tree.shown(Decimal(text) + Decimal("0.00000001"))


def less(text: str) -> str:
    return text_tree.shown(Decimal(text) - 500)


def at(place: int, change: Callable[[str], str]) -> Callable[[Lines], Lines]:
    def changed(lines: Lines) -> Lines:
        where = place % len(lines)
        return [change(line) if i == where else line for i, line in enumerate(lines)]

    return changed


def swapped(place: int) -> Callable[[Lines], Lines]:
    def changed(lines: Lines) -> Lines:
        where = place % len(lines)
        return [*lines[:where], lines[where + 1], lines[where], *lines[where + 2 :]]

    return changed


def compensated(lines: Lines) -> Lines:
    """One leaf below zero, its neighbour so much above: every sum above holds."""
    raised = amount_of(lines[-2], "USDT", lambda text: text_tree.shown(Decimal(text) + 500))
    return [*lines[:-2], raised, amount_of(lines[-1], "USDT", less)]


#: What is done to a tree's lines, and the verdict and the reason that it gets.
OKX: dict[str, tuple[Callable[[Lines], Lines], str, str]] = {
    "a leaf owes more": (at(-3, lambda line: amount_of(line, "ETH", more)), "broken", "sum_differs"),
    "an inner node owes more": (at(2, lambda line: amount_of(line, "BTC", more)), "broken", "sum_differs"),
    "the root owes more": (at(0, lambda line: amount_of(line, "USDT", more)), "broken", "sum_differs"),
    "a leaf below zero": (compensated, "broken", "negative_amount"),
    "a leaf of another hash": (at(-2, other_digit), "broken", "node_hash_differs"),
    "an inner node of another hash": (at(2, other_digit), "broken", "node_hash_differs"),
    "the root of another hash": (at(0, other_digit), "broken", "node_hash_differs"),
    "two leaves on the other side": (swapped(-2), "broken", "node_hash_differs"),
    "a leaf left out": (lambda lines: lines[:-1], "broken", "levels_broken"),
    "the leaves left out": (lambda lines: [one for one in lines if ",1,{" not in one], "broken", "levels_broken"),
    "a leaf twice": (lambda lines: [*lines, lines[-1]], "broken", "levels_broken"),
    "an inner node left out": (lambda lines: [*lines[:4], *lines[5:]], "broken", "levels_broken"),
    "a node of another height": (at(2, lambda line: line.replace(",", ",1", 1)), "broken", "levels_broken"),
    "two roots": (lambda lines: [lines[0], *lines], "broken", "levels_broken"),
    "a zero at the end": (at(-1, lambda line: amount_of(line, "USDT", lambda text: f"{text}0")), "malformed", ""),
    "a zero before": (at(-1, lambda line: amount_of(line, "USDT", lambda text: f"0{text}")), "malformed", ""),
    "a plus": (at(-1, lambda line: amount_of(line, "USDT", lambda text: f"+{text}")), "malformed", ""),
    "an exponent": (at(-1, lambda line: amount_of(line, "USDT", lambda text: "1e5")), "malformed", ""),
    "a minus before zero": (at(-1, lambda line: amount_of(line, "USDT", lambda text: "-0")), "malformed", ""),
    "nine decimals": (at(-1, lambda line: amount_of(line, "USDT", lambda text: "0.123456789")), "malformed", ""),
    "no amount": (at(-1, lambda line: amount_of(line, "BTC", lambda text: "")), "malformed", ""),
    "an amount over 64 bits": (at(-1, lambda line: amount_of(line, "BTC", lambda _: "92233720369")), "malformed", ""),
    "an amount of 30 digits": (at(-1, lambda line: amount_of(line, "BTC", lambda text: "1" * 30)), "malformed", ""),
    "coins in another order": (at(1, lambda line: line.replace("BTC", "XXX")), "malformed", ""),
    "a hash in capitals": (at(1, lambda line: line[:64].upper() + line[64:]), "malformed", ""),
    "a short hash": (at(1, lambda line: line[1:]), "malformed", ""),
    "a height of 0": (at(-1, lambda line: line.replace(",1,", ",0,")), "malformed", ""),
    "an empty line": (lambda lines: [*lines[:5], "", *lines[5:]], "malformed", ""),
    "a line end of Windows": (at(-3, lambda line: f"{line}\r"), "malformed", ""),
    "the last line cut": (lambda lines: [*lines[:-1], lines[-1][:-4]], "malformed", ""),
}  # fmt: skip


def okx_lines() -> Lines:
    half, hundred = Decimal("0.5"), Decimal("100.25")
    made = [((Decimal(i + 1), half, hundred), (Decimal(3), Decimal(i), Decimal(7))) for i in range(5)]
    users = [text_tree.User(f"{i:064x}", leaves) for i, leaves in enumerate(made)]
    return okx_tree(users).decode().splitlines()


@pytest.mark.parametrize("name", OKX)
def test_a_corrupted_okx_tree_is_refused(name: str) -> None:
    change, verdict, reason = OKX[name]
    lines = okx_lines()
    changed = change(lines)
    assert changed != lines
    proof = okx("".join(f"{line}\n" for line in changed).encode())
    assert (proof.verdict, proof.reason) == (verdict, reason or "not_of_the_format")
    assert proof.detail
    assert sound(proof) == []
    assert not any(total.is_shown for total in proof.totals)


def test_a_refusal_names_line_height_and_value() -> None:
    lines = okx_lines()
    lines[-1] = amount_of(lines[-1], "USDT", lambda text: "7.00000001")
    proof = okx("\n".join(lines).encode())
    parent = len(lines) - 12 - 1 + 1  # the last node of height 2, which has 10 leaves and what fills up below it
    assert proof.detail.startswith("line ")
    assert "height 2: USDT 107.25 is stated, and below it" in proof.detail
    assert parent > 0
    lines[3] = "<html>"
    assert okx("\n".join(lines).encode()).detail == (
        "line 4: a hash of 64 lower-case hex digits was expected: '<html>'"
    )


def test_what_fills_up_a_level_may_owe_nothing_and_repeats_its_neighbour() -> None:
    nodes = [node for i in range(3) for node in text_tree.User(f"{i:064x}", ((Decimal(i + 1),) * 3,)).nodes]
    made = text_tree.levels(nodes)
    whole = okx(text_tree.file(made))
    assert (whole.verdict, whole.leaves) == ("holds", 3)
    for other in (
        text_tree.Node(made[0][3].hash, 1, (Decimal(0), Decimal(0), Decimal("0.5"))),
        text_tree.Node(made[0][3].hash, 1, made[0][2].owed),
    ):
        forged = text_tree.levels([*nodes, other])
        proof = okx(text_tree.file(forged))
        if other.owed == made[0][2].owed:  # as a user's equal parts: told, and all of it is counted
            assert (proof.verdict, [one.code for one in proof.findings], proof.leaves) == ("holds", ["equal_leaves"], 4)
        else:
            assert (proof.verdict, proof.reason) == ("broken", "leaf_conflict")
            assert nodes[2].hash in proof.detail


def test_a_leaf_that_two_users_share_is_told_wherever_it_stands() -> None:
    nodes = [node for i in range(7) for node in text_tree.User(f"{i:064x}", ((Decimal(i + 1),) * 3,)).nodes]
    proof = okx(text_tree.file(text_tree.levels([nodes[0], *nodes[2:6], nodes[0], nodes[6], nodes[2]])))
    assert proof.verdict == "holds"
    (finding,) = proof.findings
    assert finding.code == "equal_leaves"
    assert finding.detail.endswith("stands 2 times as a leaf; 2 hashes in all")


def test_values_that_are_moved_below_a_hash_that_does_not_bind_them_are_seen() -> None:
    """The flaw of trees that hash sums alone (Maxwell, 2014): a child's value may be another for each user."""
    lines = okx_lines()
    lines[-1] = amount_of(lines[-1], "BTC", lambda text: "0")
    proof = okx("".join(f"{line}\n" for line in lines).encode())
    assert (proof.verdict, proof.reason) == ("broken", "sum_differs")
    assert [check.name for check in proof.checks if check.passed is False] == ["sums", "totals"]


def with_value(change: int) -> Callable[[str], str]:
    return lambda line: f"{line[:65]}{int(line[65:]) + change}"


def moved(value: int) -> Callable[[Lines], Lines]:
    """From the last leaf to its neighbour: every sum above holds."""
    return lambda lines: [*lines[:-2], with_value(value)(lines[-2]), with_value(-value)(lines[-1])]


CSV: dict[str, tuple[Callable[[Lines], Lines], str, str]] = {
    "a leaf owes more": (at(-3, with_value(1)), "broken", "sum_differs"),
    "an inner node owes more": (at(3, with_value(1)), "broken", "sum_differs"),
    "the root owes more": (at(1, with_value(1)), "broken", "sum_differs"),
    "values moved between neighbours": (moved(1), "broken", "node_hash_differs"),
    "a leaf below zero": (moved(2000), "broken", "negative_amount"),
    "a leaf of another hash": (at(-1, other_digit), "broken", "node_hash_differs"),
    "the root of another hash": (at(1, other_digit), "broken", "node_hash_differs"),
    "two leaves on the other side": (swapped(-2), "broken", "node_hash_differs"),
    "a leaf left out": (lambda lines: lines[:-1], "broken", "levels_broken"),
    "a leaf twice": (lambda lines: [*lines, lines[-1]], "broken", "levels_broken"),
    "half of it": (lambda lines: lines[: len(lines) // 2 - 1], "broken", "levels_broken"),
    "a sum over 64 bits": (at(-1, lambda line: line[:65] + str(2**63 - 1)), "broken", "sum_differs"),
    "a value over 64 bits": (at(-1, lambda line: line[:65] + str(2**64 + 5)), "malformed", ""),
    "a value of 63 bits and one more": (at(-1, lambda line: line[:65] + str(2**63)), "malformed", ""),
    "a zero before": (at(-1, lambda line: line[:65] + "0" + line[65:]), "malformed", ""),
    "a point": (at(-1, lambda line: f"{line}.0"), "malformed", ""),
    "a minus before zero": (at(-1, lambda line: line[:65] + "-0"), "malformed", ""),
    "three cells": (at(-1, lambda line: f"{line},1"), "malformed", ""),
    "a hash in capitals": (at(2, lambda line: line[:64].upper() + line[64:]), "malformed", ""),
    "an empty line": (lambda lines: [*lines, ""], "malformed", ""),
    "no height": (at(0, lambda line: "block_height:"), "malformed", ""),
    "a height of words": (at(0, lambda line: "block_height:tall"), "malformed", ""),
}  # fmt: skip


def csv_lines() -> Lines:
    key = csv_tree.key_of(bytes(32), HEIGHT, 7)
    return csv_tree.file(HEIGHT, csv_tree.levels([(key, 1000 + i) for i in range(8)])).decode().splitlines()


@pytest.mark.parametrize("name", CSV)
def test_a_corrupted_bitmex_tree_is_refused(name: str) -> None:
    change, verdict, reason = CSV[name]
    lines = csv_lines()
    changed = change(lines)
    assert changed != lines
    proof = bitmex("".join(f"{line}\n" for line in changed).encode())
    assert (proof.verdict, proof.reason) == (verdict, reason or "not_of_the_format")
    assert proof.detail
    assert sound(proof) == []


def test_a_bitmex_leaf_that_stands_twice_is_refused() -> None:
    """A leaf's number is in its hash: nobody makes one twice by accident."""
    key = csv_tree.key_of(bytes(32), HEIGHT, 7)
    leaves = csv_tree.levels([(key, 5 + i) for i in range(4)])[0]
    leaves[3] = leaves[1]
    made = [leaves]
    while len(made[-1]) > 1:
        made.append([csv_tree.parent(made[-1][i], made[-1][i + 1]) for i in range(0, len(made[-1]), 2)])
    proof = bitmex(csv_tree.file(HEIGHT, made))
    assert (proof.verdict, proof.reason) == ("broken", "leaf_conflict")
    assert proof.detail.startswith("lines 6 and 8: ")


changes = st.sampled_from(["digit", "amount", "height", "drop", "double", "swap", "cut", "byte"])


def mutated(tree: bytes, first: int, what: str, place: int, byte: int) -> bytes:
    """A tree of which one line is another."""
    lines = tree.decode().splitlines()
    where = first + place % (len(lines) - first)
    line = lines[where]
    if what == "digit":
        i = byte % 64
        lines[where] = line[:i] + "0123456789abcdef"[(int(line[i], 16) + 1) % 16] + line[i + 1 :]
    elif what == "amount":
        lines[where] = amount_of(line, "BTC", more) if first == 0 else line[:65] + str(int(line[65:]) + 1)
    elif what == "height":
        lines[where] = line[:65] + str(int(line[65]) + 1) + line[66:]
    elif what == "drop":
        del lines[where]
    elif what == "double":
        lines.insert(where, line)
    elif what == "swap":
        lines[where], lines[first + (place + 1) % (len(lines) - first)] = (
            lines[first + (place + 1) % (len(lines) - first)], line,
        )  # fmt: skip
    elif what == "cut":
        lines[where] = line[: 1 + byte % (len(line) - 1)]
    else:
        i = byte % len(line)
        lines[where] = line[:i] + chr(33 + (ord(line[i]) - 33 + 1 + byte % 90) % 94) + line[i + 1 :]
    return "".join(f"{one}\n" for one in lines).encode()


@settings(quick, max_examples=200)
@given(users, changes, st.integers(0, 10_000), st.integers(0, 10_000))
def test_every_mutation_of_an_okx_tree_is_refused(made: list[text_tree.User], what: str, place: int, byte: int) -> None:
    tree = okx_tree(made)
    changed = mutated(tree, 0, what, place, byte)
    proof = okx(changed)
    if tree.count(b"\n") == 1:  # a leaf alone: nothing is above it that binds it
        return
    assert proof.verdict in (("holds",) if changed == tree else ("broken", "malformed"))
    assert sound(proof) == []


@settings(quick, max_examples=200)
@given(st.integers(1, 4), changes.filter(lambda what: what != "height"), st.integers(0, 10_000), st.integers(0, 10_000))
def test_every_mutation_of_a_bitmex_tree_is_refused(depth: int, what: str, place: int, byte: int) -> None:
    key = csv_tree.key_of(bytes(32), HEIGHT, 7)
    tree = csv_tree.file(HEIGHT, csv_tree.levels([(key, 10**i) for i in range(1 << depth)]))
    changed = mutated(tree, 1, what, place, byte)
    proof = bitmex(changed)
    assert proof.verdict in (("holds",) if changed == tree else ("broken", "malformed"))
    assert sound(proof) == []


# --- files that are none ----------------------------------------------------------------------------------------------
NONE = {
    "empty": b"", "a line end": b"\n", "HTML": b"<!DOCTYPE html><html></html>", "binary": bytes(range(256)) * 9,
    "JSON": b"{}", "a line without end": b"a" * 3_000_000, "NUL": b"\0" * 2_000, "UTF-16": "ab,1".encode("utf-16"),
    "a mark before": b"\xef\xbb\xbf" + "\n".join(okx_lines()).encode(), "hashes": b"0" * 64 + b"\n",
    "a height of 64": b"0" * 64 + b',64,{"BTC":"0","ETH":"0","USDT":"0"}\n',
    "a height of 65": b"0" * 64 + b',65,{"BTC":"0","ETH":"0","USDT":"0"}\n',
    "a height alone": b"block_height:1", "a height and a line end": b"block_height:1\n",
    "a height and a page": b"block_height:1\n<html>", "a height of many digits": b"block_height:" + b"9" * 5000 + b"\n",
}  # fmt: skip


@pytest.mark.parametrize("name", NONE)
@pytest.mark.parametrize("form", [okx_merkle_v2, bitmex_tree])
def test_a_file_that_is_no_tree_gets_a_verdict(form: liabilities.ProofFormat, name: str) -> None:
    proof = form.verify(as_bundle({"a.txt": NONE[name]}))
    assert proof.verdict in ("malformed", "broken")
    assert sound(proof) == []
    assert len(proof.detail) < 400
    assert isinstance(form, liabilities.ForUsers)
    for published in (None, as_bundle({"a.txt": NONE[name]})):
        found = form.inclusion(as_file(NONE[name]), published, "00")
        assert found.verdict == "malformed"
    assert form.verify(as_bundle({})).verdict == "malformed"


def test_a_tree_is_known_by_its_first_line() -> None:
    text, csv = "\n".join(okx_lines()).encode(), "\n".join(csv_lines()).encode()
    assert [okx_merkle_v2.matches(as_bundle({"a": one})) for one in (text, csv)] == [True, False]
    assert [bitmex_tree.matches(as_bundle({"a": one})) for one in (text, csv)] == [False, True]


# --- users' files -----------------------------------------------------------------------------------------------------
ANN = text_tree.User("ab" * 32, ((Decimal("1.5"), Decimal(2), Decimal(0)), (Decimal("0.5"), Decimal(0), Decimal(8))))
OTHERS = [text_tree.User(f"{i:064x}", ((Decimal(i), Decimal(1), Decimal(1)),)) for i in range(4)]


def asked(change: Callable[[dict[str, object]], object], root: str | None = None) -> liabilities.Inclusion:
    user = json.loads(ANN.file)
    change(user)
    bundle = as_bundle({"tree.txt": okx_tree([*OTHERS, ANN])}, "okx")
    return okx_merkle_v2.inclusion(as_file(json.dumps(user).encode()), bundle, root)


def test_a_user_of_okx_is_counted_or_not() -> None:
    bundle = as_bundle({"tree.txt": okx_tree([*OTHERS, ANN])}, "okx")
    root = okx_merkle_v2.verify(bundle).root
    found = asked(lambda user: None, f"0x{root.upper()}")
    assert (found.verdict, found.included, found.depth, found.root) == ("holds", True, 3, root)
    assert "root_not_compared" not in found.not_shown
    alone = asked(lambda user: None)
    assert (alone.verdict, alone.included, alone.not_shown[-1]) == ("holds", True, "root_not_compared")
    elsewhere = asked(lambda user: None, "00" * 32)
    assert (elsewhere.verdict, elsewhere.reason, elsewhere.included) == ("broken", "root_not_published", True)
    without = okx_merkle_v2.inclusion(as_file(ANN.file), None, root)
    assert (without.verdict, without.reason, without.included) == ("consistent_only", "published_file_needed", None)
    left_out = okx_merkle_v2.inclusion(as_file(ANN.file), as_bundle({"tree.txt": okx_tree(OTHERS)}, "okx"), None)
    assert (left_out.verdict, left_out.reason, left_out.included) == ("broken", "not_in_tree", False)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda user: user.update(nonce="cd" * 32), "user_hash_differs"),
        (lambda user: user.update(hash="00" * 32), "user_hash_differs"),
        (lambda user: user["totalBalances"].update(BTC="2.5"), "user_hash_differs"),
        (lambda user: user["nodes"][0].update(hash="00" * 32), "leaf_hash_differs"),
        (lambda user: user["nodes"][0]["balances"].update(BTC="1.6"), "leaf_hash_differs"),
        (lambda user: user["nodes"].pop(), "sum_differs"),
        (lambda user: user["nodes"].append(user["nodes"][0]), "sum_differs"),
    ],
)
def test_a_users_file_that_does_not_fit_is_refused(change: Callable[[dict[str, object]], object], reason: str) -> None:
    found = asked(change)
    assert (found.verdict, found.reason) == ("broken", reason)


@pytest.mark.parametrize(
    "change",
    [
        lambda user: user.pop("nonce"),
        lambda user: user.update(more=1),
        lambda user: user.update(nodes=[]),
        lambda user: user.update(nodes={}),
        lambda user: user.update(nonce=7),
        lambda user: user["totalBalances"].update(BTC="2.0"),
        lambda user: user["totalBalances"].update(BTC=2),
        lambda user: user["totalBalances"].pop("USDT"),
        lambda user: user["nodes"][0].update(hash="AB" * 32),
        lambda user: user["nodes"][0].update(balances=None),
    ],
)
def test_a_users_file_of_another_shape_is_malformed(change: Callable[[dict[str, object]], object]) -> None:
    found = asked(change)
    assert (found.verdict, found.reason, found.included) == ("malformed", "not_of_the_format", None)
    assert found.detail


def test_two_equal_parts_of_a_user_must_stand_twice() -> None:
    half = (Decimal(1), Decimal(0), Decimal(0))
    bob = text_tree.User("cd" * 32, (half, half))
    twice, once = okx_tree([*OTHERS, bob]), text_tree.file(
        text_tree.levels([node for user in OTHERS for node in user.nodes] + bob.nodes[:1])
    )  # fmt: skip
    found = okx_merkle_v2.inclusion(as_file(bob.file), as_bundle({"tree.txt": twice}), None)
    assert (found.verdict, found.included) == ("holds", True)
    found = okx_merkle_v2.inclusion(as_file(bob.file), as_bundle({"tree.txt": once}), None)
    assert (found.verdict, found.reason, found.included) == ("broken", "not_in_tree", False)


@pytest.mark.parametrize(
    "user",
    [
        {"account": -1, "account_nonce": "00" * 32},
        {"account": 2**64, "account_nonce": "00" * 32},
        {"account": "7", "account_nonce": "00" * 32},
        {"account": 7, "account_nonce": "00" * 31},
        {"account": 7, "account_nonce": None},
        {"account": 7},
        {"account": 7, "account_nonce": "00" * 32, "nonce": "00" * 32},
        {"email": "a", "account_uid": "1", "account_key": "00" * 32},
        {"email": 1, "account_uid": "AE", "account_key": "00" * 32},
        {"email": "a", "account_uid": "7" * 40, "account_key": "00" * 32},
        [],
    ],
)
def test_numbers_of_an_account_that_are_none_are_malformed(user: object) -> None:
    bundle = as_bundle({"tree.csv": "\n".join(csv_lines()).encode()})
    found = bitmex_tree.inclusion(as_file(json.dumps(user).encode()), bundle, None)
    assert (found.verdict, found.included) == ("malformed", None)
    assert "00" * 31 not in found.detail


def test_an_account_is_held_against_a_root() -> None:
    lines = csv_lines()
    bundle = as_bundle({"tree.csv": "\n".join(lines).encode()})
    user = as_file(f"7,{'00' * 32}\n".encode())
    assert bitmex_tree.inclusion(user, bundle, lines[1][:64]).verdict == "holds"
    other = bitmex_tree.inclusion(user, bundle, "ab" * 32)
    assert (other.verdict, other.reason, other.included) == ("broken", "root_not_published", True)
    assert bitmex_tree.inclusion(user, None, lines[1][:64]).reason == "published_file_needed"


# --- long files -------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("size", [1, 101, 150, 333, 1_000, 4_096])
def test_where_a_file_is_cut_into_chunks_does_not_matter(size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    nodes = [node for i in range(37) for node in text_tree.User(f"{i:064x}", ((Decimal(i + 1),) * 3,)).nodes]
    nodes.insert(9, nodes[30])
    tree = text_tree.file(text_tree.levels(nodes))
    spoiled = tree.replace(b',1,{"BTC":"3"', b',1,{"BTC":"4"').replace(b',1,{"BTC":"30"', b',1,{"BTC":"-30"')
    csv = "\n".join(csv_lines()).encode()
    whole = [okx(tree), okx(spoiled), okx(tree[:-310]), bitmex(csv), bitmex(csv[:-80])]
    monkeypatch.setattr(_tree_file, "CHUNK_BYTES", size)
    assert [okx(tree), okx(spoiled), okx(tree[:-310]), bitmex(csv), bitmex(csv[:-80])] == whole
    assert [proof.verdict for proof in whole] == ["holds", "broken", "malformed", "holds", "malformed"]


def test_long_work_says_how_far_it_is() -> None:
    said = list[tuple[str, int, int | None]]()
    bundle = as_bundle({"tree.txt": "\n".join([*okx_lines(), ""]).encode()}, "okx")
    proof = okx_merkle_v2.verify_telling(bundle, lambda *words: said.append(words))
    assert proof == okx_merkle_v2.verify(bundle)
    assert said == [("check tree.txt, MiB", 0, 1), ("check tree.txt, MiB", 1, 1)]


def test_there_is_room_for_as_many_of_the_shortest_lines_as_a_chunk_may_hold() -> None:
    zero = (Decimal(0),) * 3
    nodes = [text_tree.Node(f"{i:064x}", 1, zero) for i in range(2_000)]
    tree = text_tree.file(text_tree.levels(nodes))
    assert min(map(len, tree.splitlines(keepends=True))) == 100
    assert (okx(tree).verdict, okx(tree).leaves) == ("holds", 2_000)
    csv = csv_tree.file(1, csv_tree.levels([(bytes(32), 0)] * 2_048))
    assert min(map(len, csv.splitlines(keepends=True)[1:])) == 67
    assert (bitmex(csv).verdict, bitmex(csv).leaves) == ("holds", 2_048)


LARGE = 1_000_000


@pytest.fixture(scope="session")
def large(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, large_trees.Large]:
    path = tmp_path_factory.mktemp("large") / "tree.txt"
    return path, large_trees.okx(path, LARGE)


@pytest.mark.slow
@pytest.mark.thorough
def test_a_million_leaves_against_a_plain_sum_and_ten_corruptions(large: tuple[Path, large_trees.Large]) -> None:
    path, made = large
    tree = path.read_bytes()
    proof = okx(tree)
    assert (proof.verdict, proof.leaves, proof.root, proof.findings) == ("holds", LARGE, made.root, ())
    assert [int(Decimal(total.owed).scaleb(8)) for total in proof.totals] == made.owed
    for name in [*list(OKX)[:9], "a zero at the end", "the last line cut", "a short hash"]:
        change, verdict, reason = OKX[name]
        changed = _with_ends(tree, change)
        assert changed != tree, name
        proof = okx(changed)
        assert (proof.verdict, proof.reason) == (verdict, reason or "not_of_the_format"), name


def _with_ends(tree: bytes, change: Callable[[Lines], Lines]) -> bytes:
    """What a change does to the first and the last lines of a long file; the lines between stay bytes."""
    head = tree[: tree.index(b"\n", 4_000) + 1]
    tail = tree[tree.rindex(b"\n", 0, len(tree) - 4_000) + 1 :]
    lines = [*head.decode().splitlines(), "between", *tail.decode().splitlines()]
    changed = change(lines)
    at = changed.index("between")
    first, last = ("".join(f"{line}\n" for line in some).encode() for some in (changed[:at], changed[at + 1 :]))
    return first + tree[len(head) : len(tree) - len(tail)] + last


@pytest.mark.slow
@pytest.mark.thorough
def test_a_million_leaves_of_bitmex(tmp_path: Path) -> None:
    path = tmp_path / "tree.csv"
    made = large_trees.bitmex(path, 1 << 20)
    tree = path.read_bytes()
    proof = bitmex(tree)
    assert (proof.verdict, proof.leaves, proof.root) == ("holds", 1 << 20, made.root)
    assert int(Decimal(proof.totals[0].owed).scaleb(8)) == made.owed[0]
    more_than_a_leaf = CSV | {"a leaf below zero": (moved(10**12), *CSV["a leaf below zero"][1:])}
    for name in [*list(CSV)[:9], "a zero before", "a point"]:
        change, verdict, reason = more_than_a_leaf[name]
        proof = bitmex(_with_ends(tree, change))
        assert (proof.verdict, proof.reason) == (verdict, reason or "not_of_the_format"), name

"""OKX's first zk-STARK: sets of files that an independent prover made, each corruption refused, nothing raised."""

from __future__ import annotations

import copy
from collections.abc import Callable
from functools import cache
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from liabilities.proved import as_bundle, as_file
from liabilities.writers import okx_stark_v1 as writer
from porlake import liabilities
from porlake.liabilities import okx_stark_v1

COINS = {"BTC": [1_000, 20, 4**13], "ETH": [-200, 0, 0], "DOGE": [7, 7, 7]}
MAIN = 2
Files = dict[str, Any]


@cache
def _made(revision: str) -> tuple[writer.Made, writer.Made]:
    batch = writer.prove([5, 2**255, 9], COINS, 16, MAIN, revision)
    sums = {name: [value] for name, value in batch.values.items() if name != "total_value"}
    return batch, writer.prove([int.from_bytes(batch.tree.root, "big")], sums, 32, MAIN, revision)


def files(revision: str = "2023-12") -> Files:
    """A batch of three users, the trunk over it, the coins, and the third user's file."""
    batch, trunk = _made(revision)
    return copy.deepcopy(
        {
            "config.json": {"coins": list(COINS), "main_coins_num": MAIN},
            "a0_proof.json": batch.proof,
            "a0_values.json": batch.values,
            "trunk_proof.json": trunk.proof,
            "trunk_values.json": trunk.values,
            "user.json": writer.user_file(batch, trunk, 2, 0, 16, MAIN, revision),
        }
    )


def bundle(made: Files, *names: str) -> liabilities.Bundle:
    return as_bundle({name: writer.written(made[name]) for name in names or made if name != "user.json"}, "okx")


def verified(made: Files) -> liabilities.Proof:
    return okx_stark_v1.verify(bundle(made))


def included(made: Files, published: bool = True, root: str | None = None) -> liabilities.Inclusion:
    return okx_stark_v1.inclusion(as_file(writer.written(made["user.json"])), bundle(made) if published else None, root)


@pytest.mark.parametrize("revision", ["2023-04", "2023-12"])
def test_files_that_fit_are_consistent_and_never_more(revision: str) -> None:
    made = files(revision)
    proof = verified(made)
    assert (proof.verdict, proof.reason, proof.detail) == ("consistent_only", "forgery_known", f"revision {revision}")
    assert [check.name for check in proof.checks if not check.passed] == []
    assert {finding.code for finding in proof.findings} == {"forgery_known", "coins_unconstrained", "coin_negative"}
    assert [(total.label, total.owed, total.is_shown) for total in proof.totals] == [
        ("total_value", str(1_000 + 20 + 4**13 - 200 + 21), False),
        ("BTC", str(1_000 + 20 + 4**13), False),
        ("ETH", "-200", False),
        ("DOGE", "21", False),
    ]
    assert proof.root == made["trunk_proof.json"]["mtree_root"]
    found = included(made)
    assert (found.verdict, found.included, found.root) == ("consistent_only", True, proof.root)
    assert found.balances[0] == ("total_value", str(4**13 + 7))
    assert included(made, published=False, root=proof.root).included is True
    assert included(made, published=False).included is None


def test_the_order_of_files_does_not_matter() -> None:
    made = files()
    turned = dict(reversed(made.items()))
    assert verified(turned).verdict == "consistent_only"


def _proof(change: Callable[[Any], None], name: str = "a0_proof.json") -> Callable[[Files], None]:
    return lambda made: change(made[name])


def _flip(text: str) -> str:
    return text[:-1] + ("0" if text[-1] != "0" else "1")


def _set(key: str, value: object) -> Callable[[Any], None]:
    return lambda found: found.__setitem__(key, value)


def _of_entry(found: Any, word: int) -> None:
    here = found["mtree_entries_data"][0]
    found["mtree_entries_data"][0] = (
        here[: 64 * word] + _flip(here[64 * word : 64 * word + 64]) + here[64 * word + 64 :]
    )


CORRUPTIONS: dict[str, tuple[Callable[[Files], None], str]] = {
    "a total": (
        lambda made: made["a0_values.json"].update(total_value=made["a0_values.json"]["total_value"] + 1),
        "totals",
    ),
    "a coin moved to another": (
        lambda made: made["a0_values.json"].update(
            BTC=made["a0_values.json"]["BTC"] + 5, DOGE=made["a0_values.json"]["DOGE"] - 5
        ),
        "constraints",
    ),
    "the nonce": (_proof(lambda one: one.update(pow_nonce=_flip(one["pow_nonce"]))), "work"),
    "the root": (_proof(lambda one: one.update(mtree_root=_flip(one["mtree_root"]))), "work"),
    "the root of the combination": (
        _proof(lambda one: one.update(l_mtree_root=_flip(one["l_mtree_root"]))),
        "low_degree",
    ),
    "a value of the trace": (_proof(lambda one: _of_entry(one, 0)), "constraints"),
    "a coin's value": (_proof(lambda one: _of_entry(one, 1)), "constraints"),
    "an id": (_proof(lambda one: _of_entry(one, 4)), "constraints"),
    "a leaf": (
        _proof(lambda one: one["mtree_branches"][0].__setitem__(0, _flip(one["mtree_branches"][0][0]))),
        "constraints",
    ),
    "a layer's root": (
        _proof(lambda one: one["low_degree_proof"][0].__setitem__(0, _flip(one["low_degree_proof"][0][0]))),
        "low_degree",
    ),
    "the last layer": (
        _proof(lambda one: one["low_degree_proof"][-1].__setitem__(1, _flip(one["low_degree_proof"][-1][1]))),
        "low_degree",
    ),
    "the trunk's values": (lambda made: made["trunk_values.json"].update(made["a0_values.json"], BTC=1), "totals"),
}


@pytest.mark.parametrize("name", CORRUPTIONS)
def test_a_corruption_is_seen_and_accuses_nobody(name: str) -> None:
    change, check = CORRUPTIONS[name]
    made = files()
    change(made)
    proof = verified(made)
    assert (proof.verdict, proof.reason) == ("unsupported", "no_true_example")
    assert check in [one.name for one in proof.checks if one.passed is False]


def test_a_nonce_that_was_not_counted_up_is_refused() -> None:
    made = files()
    one = made["a0_proof.json"]
    root, nonce = bytes.fromhex(one["mtree_root"]), int.from_bytes(b"\xff" * 31 + b"\x00", "big")
    nonce = (int(one["mtree_root"], 16) + 2**200) % 2**256
    while int.from_bytes(writer.blake2s(root + nonce.to_bytes(32, "big")), "big") >> 236:
        nonce = (nonce + 1) % 2**256
    one["pow_nonce"] = nonce.to_bytes(32, "big").hex()
    failed = [check for check in verified(made).checks if check.passed is False]
    assert "could have been chosen" in failed[0].detail


MALFORMED: dict[str, Callable[[Files], None]] = {
    "no coins": lambda made: made.pop("config.json"),
    "a coin twice": lambda made: made["config.json"]["coins"].append("BTC"),
    "steps of no power": _proof(_set("steps", 65)),
    "steps as a text": _proof(_set("steps", "64")),
    "too few steps": _proof(_set("steps", 16)),
    "other uts": _proof(_set("uts", 17)),
    "upper case": _proof(lambda one: one.update(mtree_root=one["mtree_root"].upper())),
    "a root too short": _proof(_set("mtree_root", "00")),
    "no branches": _proof(_set("mtree_branches", [])),
    "a branch too short": _proof(lambda one: one["mtree_branches"][3].pop()),
    "no layers": _proof(_set("low_degree_proof", [])),
    "a layer too many": _proof(lambda one: one["low_degree_proof"].insert(0, one["low_degree_proof"][0])),
    "a last value too many": _proof(lambda one: one["low_degree_proof"][-1].append("00" * 32)),
    "a last value beyond the field": _proof(lambda one: one["low_degree_proof"][-1].__setitem__(0, "ff" * 32)),
    "entries of half a word": _proof(lambda one: one["mtree_entries_data"].__setitem__(0, "00" * 31)),
    "an entry that is a number": _proof(lambda one: one["mtree_entries_data"].__setitem__(1, 5)),
    "a value below nothing": lambda made: made["a0_values.json"].update(BTC=-1),
    "a value beyond the field": lambda made: made["a0_values.json"].update(BTC=writer.P),
    "a value with a point": lambda made: made["a0_values.json"].update(BTC=1.5),
    "a value as a text": lambda made: made["a0_values.json"].update(BTC="1"),
    "a coin that is unknown": lambda made: made["a0_values.json"].update(XRP=1),
    "values missing": lambda made: made.pop("a0_values.json"),
}


@pytest.mark.parametrize("name", MALFORMED)
def test_what_cannot_be_read_is_malformed(name: str) -> None:
    made = files()
    MALFORMED[name](made)
    proof = verified(made)
    assert (proof.verdict, proof.reason) == ("malformed", "not_of_the_format"), proof


PATHS: dict[str, tuple[Callable[[Any, Any], object], str]] = {
    "a coin": (lambda own, above: own.update(BTC="8"), "leaf"),
    "coins swapped": (lambda own, above: own.update(BTC=own["DOGE"], DOGE=own["BTC"]), "leaf"),
    "the total": (lambda own, above: own.update(total_value="1"), "leaf"),
    "the random number": (lambda own, above: own.update(random_number=_flip(own["random_number"])), "leaf"),
    "another's id": (lambda own, above: own.update(user_id="00" * 32), "ids"),
    "a sibling": (lambda own, above: own["merkle_path"].__setitem__(3, "00" * 32), "path"),
    "the index": (lambda own, above: own.update(user_index=1), "path"),
    "the batch's index": (lambda own, above: own.update(batch_index=1), "malformed"),
    "the batch's root": (lambda own, above: own.update(batch_mtree_root="00" * 32), "path"),
    "the batch's coin": (lambda own, above: above.update(BTC="8"), "batch_leaf"),
    "the trunk's sibling": (lambda own, above: above["merkle_path"].__setitem__(3, "00" * 32), "batch_path"),
    "another batch": (lambda own, above: above.update(batch_id="00" * 32), "ids"),
    "a path too short": (lambda own, above: own["merkle_path"].pop(), "malformed"),
}


@pytest.mark.parametrize("name", PATHS)
def test_a_users_file_that_was_changed_is_broken(name: str) -> None:
    change, check = PATHS[name]
    made = files()
    change(made["user.json"]["batch_inclusion_proof"], made["user.json"]["trunk_inclusion_proof"])
    found = included(made)
    if check == "malformed":
        assert found.verdict in ("malformed", "broken")
        return
    assert (found.verdict, found.included) == ("broken", False)
    assert check in [one.name for one in found.checks if one.passed is False]


def test_a_true_path_to_roots_that_nobody_published_is_broken() -> None:
    found = included(files(), published=False, root="00" * 32)
    assert (found.verdict, found.reason, found.included) == ("broken", "root_not_published", False)


def test_one_users_file_is_a_proof_of_a_path() -> None:
    made = files()
    proof = okx_stark_v1.verify(as_bundle({"user.json": writer.written(made["user.json"])}))
    assert (proof.kind, proof.verdict, proof.root) == (
        "path",
        "consistent_only",
        made["trunk_proof.json"]["mtree_root"],
    )


JUNK = [
    b"",
    b"{}",
    b"[]",
    b"null",
    b"<html><body>404</body></html>",
    b"\x00\xff" * 50,
    b"{" * 500,
    b'{"a":1',
    b"1e999999",
]


@pytest.mark.parametrize("content", JUNK)
def test_junk_is_a_verdict(content: bytes) -> None:
    assert okx_stark_v1.verify(as_bundle({"a.json": content})).verdict == "malformed"
    assert okx_stark_v1.inclusion(as_file(content), None, None).verdict == "malformed"
    assert not okx_stark_v1.matches(as_bundle({"a.json": content}))


def _places(value: Any, where: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    found = [where] if where else []
    for key, one in inside:
        found += _places(one, (*where, key))
    return found


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_any_change_of_any_value_is_seen(data: st.DataObject) -> None:
    made = files()
    name = data.draw(st.sampled_from(["a0_proof.json", "trunk_proof.json", "user.json"]))
    where = data.draw(st.sampled_from(_places(made[name])))
    holder = made[name]
    for key in where[:-1]:
        holder = holder[key]
    old = holder[where[-1]]
    new = data.draw(
        st.sampled_from(
            [None, 0, "", [], {}, "00" * 32, -1, "x", [*old, old[0]] if isinstance(old, list) and old else 7]
        )
        | st.integers()
    )
    if new == old or (name == "user.json" and where[0] == "config" and where[-1] == "main_coins_num"):
        return
    holder[where[-1]] = new
    if name == "user.json":
        found = included(made)
        assert found.verdict in ("broken", "malformed") or str(new) == old
    else:
        assert verified(made).verdict in ("unsupported", "malformed")

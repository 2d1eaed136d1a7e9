"""Binance's and Gate's proofs: files made by a slow writer, each of whose corruptions has its refusal, real batches,
and a user who checks.
"""

from __future__ import annotations

import base64
import csv
import io
import json
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from liabilities.proved import as_bundle, as_file, sound
from liabilities.writers import zkmerkle
from liabilities.writers.simulated_groth16 import Setup
from porlake import registry
from porlake.encoding import groth16, poseidon_bn254
from porlake.liabilities import Inclusion, Proof, _solvency, _zkmerkle, binance_zk, gate_zk

HERE = Path(__file__).parent
#: What `_solvency.formed` gives, in its order.
PARTS = ("matches", "members", "verify", "verify_telling", "is_user_file", "inclusion")
PRICES = {"BTC": 2_312_848_000_000, "USDT": 100_000_000, "DOGE": 7_239_000_000_000}
USERS: list[dict[int, tuple[int, int]]] = [
    {0: (150_000_000, 0)},
    {0: (5, 1), 1: (10**12, 10**9)},
    {1: (7, 0), 2: (500, 0)},
]
MANY: list[dict[int, tuple[int, ...]]] = [
    {0: (10**9, 0, 10**8, 5, 0)},
    {1: (10**12, 10**9, 10**11, 0, 0), 2: (100, 0, 0, 0, 0)},
    {2: (500, 0, 0, 0, 500)},
    {1: (1, 0, 0, 0, 0)},
]
PLAIN, COMMITTED = Setup(), Setup(sigma=77)


@cache
def dense() -> dict[str, bytes]:
    made = zkmerkle.Dense(PRICES, USERS, PLAIN.proof)
    users = {f"user_{at}.json": made.user(at) for at in range(len(USERS))}
    return {"proof.csv": made.table(), "config.json": made.config(), "zkpor864.vk.save": PLAIN.key(), **users}


@cache
def one_root(beyond: int = 1) -> dict[str, bytes]:
    made = zkmerkle.OneRoot(PRICES, MANY, COMMITTED.proof, poseidon_bn254.digest, beyond)
    users = {f"user_{at}.json": made.user(at) for at in range(len(MANY))}
    return {"proof.csv": made.table(), "config.json": made.config(), "zkpor50.vk": COMMITTED.key(True), **users}


def published(files: dict[str, bytes], *without: str) -> dict[str, bytes]:
    return {name: data for name, data in files.items() if not name.startswith(("user", *without))}


def verified(files: dict[str, bytes]) -> Proof:
    found = binance_zk.verify(as_bundle(files, "binance"))
    assert sound(found) == []
    return found


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if true examples of every layout had been accepted."""
    editions: tuple[Any, ...] = ("dense", "tiered", "one_root")
    every = frozenset((edition, what) for edition in editions for what in ("chain", "totals", "path", "pair"))
    parts = _solvency.formed(replace(binance_zk._PUBLISHER, seen=every), "Binance's words")
    for name, part in zip(PARTS, parts, strict=True):
        monkeypatch.setattr(binance_zk, name, part)


@pytest.mark.parametrize("make", [dense, one_root])
def test_a_made_proof_is_consistent_only_while_no_true_one_was_seen(make: Callable[[], dict[str, bytes]]) -> None:
    found = verified(published(make()))
    assert (found.verdict, found.reason, found.kind) == ("consistent_only", "no_true_example", "snark")
    assert [check.name for check in found.checks if check.passed is not True] == []
    assert [finding.code for finding in found.findings] == ["key_unpinned"]
    assert len(found.key_sha256) == 1
    assert "by py" in found.checks[-1].detail
    assert not any(total.is_shown for total in found.totals)


@pytest.mark.usefixtures("seen")
def test_totals_are_plain_sums_less_debt() -> None:
    found = verified(published(dense()))
    assert (found.verdict, found.reason) == ("holds", "every_check_holds")
    assert [(total.label, total.asset, total.owed) for total in found.totals] == [
        ("BTC", "BTC", "1.50000004"),
        ("USDT", "USDT", "9990.00000007"),
        ("DOGE", "DOGE", "5"),
    ]
    assert all(total.is_shown for total in found.totals)


@pytest.mark.usefixtures("seen")
def test_the_2026_edition_counts_its_accounts_and_says_what_may_lie_behind() -> None:
    found = verified(published(one_root()))
    assert (found.verdict, found.leaves) == ("holds", 3)
    assert found.not_shown[-1] == "leaves_behind_last_index"


def test_a_pinned_key_is_no_finding(monkeypatch: pytest.MonkeyPatch) -> None:
    key = groth16.verifying_key(PLAIN.key(), _solvency.bn254.arithmetic())
    row = registry.VerifyingKey("binance", "binance_zk", "2023", key.sha256, "made here")
    for pin, findings in ((row, []), (replace(row, exchange="gate"), ["key_unpinned"])):
        pinned = replace(registry.load(), verifying_keys={key.sha256: pin})
        monkeypatch.setattr(registry, "load", lambda pinned=pinned: pinned)
        assert [finding.code for finding in verified(published(dense())).findings] == findings


@pytest.mark.parametrize(
    ("without", "names"),
    [("zkpor", ["proofs"]), ("config", ["starts_at_prices", "ends_at_totals"])],
)
def test_what_is_not_published_is_not_checked_and_said(without: str, names: list[str]) -> None:
    found = verified(published(dense(), without))
    assert found.verdict == "consistent_only"
    assert [check.name for check in found.checks if check.passed is None] == names


# --- corruptions ------------------------------------------------------------------------------------------------------


def rows(data: bytes) -> list[dict[str, Any]]:
    return list(csv.DictReader(io.StringIO(data.decode())))


def written(found: list[dict[str, Any]]) -> bytes:
    out = io.StringIO()
    writer = csv.DictWriter(out, list(found[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(found)
    return out.getvalue().encode()


def changed(files: dict[str, bytes], change: Callable[[list[dict[str, Any]]], Any]) -> dict[str, bytes]:
    found = rows(files["proof.csv"])
    change(found)
    return files | {"proof.csv": written(found)}


def configured(files: dict[str, bytes], change: Callable[[dict[str, Any]], Any]) -> dict[str, bytes]:
    found = json.loads(files["config.json"])
    change(found)
    return files | {"config.json": json.dumps(found).encode()}


def other(text: str) -> str:
    """Base64 of another field element."""
    return zkmerkle.b64((int.from_bytes(base64.b64decode(text), "big") + 1) % zkmerkle.P)


def in_list(row: dict[str, Any], column: str, at: int) -> None:
    values = json.loads(row[column])
    values[at] = other(values[at])
    row[column] = json.dumps(values)


def swapped(row: dict[str, Any], column: str) -> None:
    row[column] = json.dumps(json.loads(row[column])[::-1])


ROOTS, COMMITMENTS = "account_tree_roots", "cex_asset_list_commitments"
BROKEN: dict[str, tuple[Callable[[list[dict[str, Any]]], Any], str]] = {
    "a batch left out": (lambda found: found.pop(0), "batch_missing"),
    "a batch twice": (lambda found: found.append(dict(found[0])), "batch_missing"),
    "a public input changed": (lambda found: found[1].update(batch_commitment=other(found[1]["batch_commitment"])),
                               "public_input_differs"),
    "a root changed": (lambda found: in_list(found[1], ROOTS, 1), "public_input_differs"),
    "roots swapped": (lambda found: swapped(found[0], ROOTS), "public_input_differs"),
    "commitments swapped": (lambda found: swapped(found[0], COMMITMENTS), "public_input_differs"),
    "a commitment changed": (lambda found: in_list(found[0], COMMITMENTS, 0), "public_input_differs"),
    "the last batch left out": (lambda found: found.pop(), "totals_not_reached"),
    "two batches exchanged": (lambda found: [row.update(batch_number=1 - at) for at, row in enumerate(found)],
                              "start_not_empty"),
}  # fmt: skip


@pytest.mark.usefixtures("seen")
@pytest.mark.parametrize("name", BROKEN)
def test_a_corrupted_table_is_broken(name: str) -> None:
    change, reason = BROKEN[name]
    found = verified(changed(published(dense()), change))
    assert (found.verdict, found.reason) == ("broken", reason)
    assert found.detail


def recommitted(found: list[dict[str, Any]], at: int) -> None:
    """The public input made to fit its row again."""
    row = found[at]
    values = [*json.loads(row[ROOTS]), *json.loads(row[COMMITMENTS])]
    numbers = [int.from_bytes(base64.b64decode(value), "big") for value in values]
    numbers += [int(row[name]) for name in ("min_account_index", "max_account_index") if name in row]
    row["batch_commitment"] = zkmerkle.b64(zkmerkle.digest(numbers))


def forged_link(column: str, at: int, row: int) -> Callable[[list[dict[str, Any]]], None]:
    def change(found: list[dict[str, Any]]) -> None:
        in_list(found[row], column, at)
        recommitted(found, row)

    return change


@pytest.mark.usefixtures("seen")
@pytest.mark.parametrize(
    ("column", "at", "row", "reason"),
    [
        (ROOTS, 0, 0, "start_not_empty"),
        (ROOTS, 1, 0, "root_does_not_follow"),
        (ROOTS, 0, 1, "root_does_not_follow"),
        (COMMITMENTS, 1, 0, "totals_do_not_follow"),
        (COMMITMENTS, 0, 0, "prices_differ"),
        (COMMITMENTS, 1, 1, "totals_not_reached"),
        (ROOTS, 1, 1, "proof_refused"),
    ],
)
def test_a_link_that_is_forged_with_its_public_input_is_broken(column: str, at: int, row: int, reason: str) -> None:
    found = verified(changed(published(dense()), forged_link(column, at, row)))
    assert (found.verdict, found.reason) == ("broken", reason)


def ranged(row: int, **cells: int) -> Callable[[list[dict[str, Any]]], None]:
    def change(found: list[dict[str, Any]]) -> None:
        found[row].update(cells)
        recommitted(found, row)

    return change


@pytest.mark.usefixtures("seen")
@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (ranged(0, min_account_index=1), "ranges_do_not_follow"),
        (ranged(1, min_account_index=1), "ranges_do_not_follow"),
        (ranged(1, min_account_index=3, max_account_index=3), "ranges_do_not_follow"),
        (ranged(0, max_account_index=0), "ranges_do_not_follow"),
        (ranged(1, max_account_index=1), "ranges_do_not_follow"),
        (ranged(1, max_account_index=3), "proof_refused"),
        (ranged(1, assets_count=49), "tier_unknown"),
        (forged_link(ROOTS, 0, 1), "roots_differ"),
        (lambda found: found[0].update(max_account_index=0), "public_input_differs"),
    ],
)
def test_ranges_of_accounts_follow_each_other(change: Any, reason: str) -> None:
    found = verified(changed(published(one_root()), change))
    assert (found.verdict, found.reason) == ("broken", reason)


def entry(at: int, **cells: Any) -> Callable[[dict[str, Any]], None]:
    return lambda found: found["CexAssetsInfo"][at].update(cells)


@pytest.mark.usefixtures("seen")
@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (entry(0, TotalEquity=150_000_006), "totals_not_reached"),
        (entry(1, TotalDebt=0), "totals_not_reached"),
        (entry(0, BasePrice=2_312_848_000_001), "prices_differ"),
        (lambda found: [row.update(Index=1 - row["Index"]) for row in found["CexAssetsInfo"][:2]], "prices_differ"),
        (lambda found: found["CexAssetsInfo"].pop(), "prices_differ"),
    ],
)
def test_other_totals_are_not_the_proven_ones(change: Any, reason: str) -> None:
    found = verified(configured(published(dense()), change))
    assert (found.verdict, found.reason) == ("broken", reason)


def test_what_rests_on_nothing_seen_accuses_nobody() -> None:
    found = verified(published(dense()) | {"zkpor864.vk.save": Setup(alpha=1002).key()})
    assert (found.verdict, found.reason) == ("unsupported", "no_true_example")
    assert "proofs fails (batch 0 (line 2)" in found.detail
    found = verified(configured(published(one_root()), entry(0, BasePrice=1)))
    assert found.verdict == "unsupported"
    found = verified(changed(published(one_root()), lambda found: found.pop(0)))
    assert (found.verdict, found.reason) == ("broken", "batch_missing")


@pytest.mark.parametrize("debt", [4, 5, 6])
def test_no_more_of_an_asset_is_borrowed_than_held(debt: int) -> None:
    users: list[dict[int, tuple[int, int]]] = [{0: (5, debt), 1: (10**15, 0)}]
    made = zkmerkle.Dense(PRICES, users, PLAIN.proof)
    found = verified({"proof.csv": made.table(), "config.json": made.config()})
    assert (found.verdict, found.reason) == (
        ("broken", "debt_above_equity") if debt > 5 else ("consistent_only", "no_true_example")
    )
    told = [(finding.code, finding.detail.partition(":")[2]) for finding in found.findings]
    assert told == [("debt_above_equity", " debt 6, equity 5")] * (debt > 5)


@pytest.mark.parametrize(
    ("price", "told"),
    [(0, 1), (89_999_999, 1), (90_000_000, 0), (110_000_000, 0), (110_000_001, 1)],
)
def test_a_stablecoin_off_its_dollar_is_told(price: int, told: int) -> None:
    made = zkmerkle.Dense({"usdt": price}, [{0: (5, 0)}], PLAIN.proof)
    found = verified({"proof.csv": made.table(), "config.json": made.config()})
    assert [finding.code for finding in found.findings] == ["price_out_of_line"] * told


@pytest.mark.parametrize(
    ("symbol", "price", "places"),
    [("doge", 7_239_000, 8), ("doge", 7_239_000_000_000, 2), ("BTTC", 63, 8), ("bttc", 63_000_000, 2),
     ("shib", 843, 8), ("shib", 843_000_000, 2), ("btc", 2_312_848_000_000, 8)],
)  # fmt: skip
def test_small_units_are_told_by_their_price(symbol: str, price: int, places: int) -> None:
    assert _solvency.decimals(_zkmerkle.Asset(symbol, 0, 0, price)) == places


# --- what cannot be read ----------------------------------------------------------------------------------------------

NO_TABLES: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda data: data.split(b"\n")[0] + b"\n",
    "cut": lambda data: data[:-200],
    "a column less": lambda data: data.replace(b"batch_number", b"batch_numbers", 1),
    "a column twice": lambda data: data.replace(b"created_at", b"batch_number", 1),
    "a number that is none": lambda data: data.replace(b",1\n", b",one\n"),
    "a number with a plus": lambda data: data.replace(b",1\n", b",+1\n"),
    "a number with a zero": lambda data: data.replace(b",1\n", b",01\n"),
    "a negative number": lambda data: data.replace(b",1\n", b",-1\n"),
    "no base64": lambda data: data.replace(b"=", b"!"),
    "base64 with a bit too many": lambda data: data.replace(b'=""]', b'""]'),
    "a list of three": lambda data: data.replace(b'"[""', b'"[""AA=="",""', 1),
    "a number in a list": lambda data: data.replace(b'"[""', b'"[1,""', 1),
    "a deep list": lambda data: data.replace(b'"[""', b'"' + b"[" * 9_000 + b'[""', 1),
    "half a surrogate pair": lambda data: data.replace(b'"[""', b'"[""\\ud800', 1),
    "html": lambda data: data.split(b"\n")[0] + b"\n<html><body>moved</body></html>\n",
    "binary": lambda data: data.split(b"\n")[0] + b"\n" + bytes(range(256)),
    "an endless line": lambda data: data + b"1" * 30_000,
    "a nul": lambda data: data.replace(b"2026", b"20\x0026"),
    "more than the field": lambda data: data.replace(
        rows(data)[0]["batch_commitment"].encode(), base64.b64encode(zkmerkle.P.to_bytes(32, "big"))
    ),
}


@pytest.mark.parametrize("name", NO_TABLES)
def test_a_table_that_cannot_be_read_is_malformed(name: str) -> None:
    files = published(dense())
    found = verified(files | {"proof.csv": NO_TABLES[name](files["proof.csv"])})
    assert (found.verdict, found.reason) == ("malformed", "not_of_the_format")
    assert found.detail


@pytest.mark.parametrize(
    "change",
    [
        entry(0, TotalEquity=-1),
        entry(0, TotalEquity=2**64),
        entry(0, TotalEquity="5"),
        entry(0, TotalEquity=1.5),
        entry(0, TotalEquity=None),
        entry(0, TotalEquity=True),
        entry(0, Index=1),
        entry(0, Index=9),
        entry(0, Symbol=5),
        entry(0, More=1),
        entry(0, LoanRatios=[]),
        lambda found: found.update(CexAssetsInfo=[]),
        lambda found: found.update(CexAssetsInfo={}),
        lambda found: found["CexAssetsInfo"][0].pop("BasePrice"),
        lambda found: found["CexAssetsInfo"].extend(
            {"TotalEquity": 0, "TotalDebt": 0, "BasePrice": 0, "Symbol": "x", "Index": at} for at in range(3, 351)
        ),
    ],
)
def test_totals_that_cannot_be_read_are_malformed(change: Any) -> None:
    assert verified(configured(published(dense()), change)).verdict == "malformed"


@pytest.mark.parametrize("data", [b"\0" * 708, b"\0key", Setup(inputs=1).key()[:-1], Setup(inputs=1).key() + b"\0"])
def test_a_key_that_cannot_be_read_is_malformed(data: bytes) -> None:
    found = verified(published(dense()) | {"zkpor864.vk.save": data})
    assert found.verdict == "malformed"
    assert found.detail.startswith("zkpor864.vk.save: ")


def test_a_proof_that_is_none_is_broken_where_its_batch_is_named() -> None:
    files = changed(published(dense()), lambda found: found[1].update(proof_info="AAAA"))
    found = verified(files)
    assert (found.verdict, found.reason) == ("broken", "proof_not_canonical")
    assert "batch 1 (line 3)" in found.detail


@pytest.mark.parametrize("data", [b"", b"hello", b"<html>", b"[]", b"{}", bytes(300)])
def test_other_files_are_not_of_this_format(data: bytes) -> None:
    bundle = as_bundle({"a": data})
    for form in (binance_zk, gate_zk):
        assert not form.matches(bundle)
        assert form.verify(bundle).verdict == "malformed"
        assert not form.is_user_file(as_file(data))
        assert form.inclusion(as_file(data), None, None).verdict == "malformed"


def test_whose_a_table_is_is_told_by_the_exchange_or_the_totals() -> None:
    files = published(dense())
    alone = {"proof.csv": files["proof.csv"]}
    assert [form.matches(as_bundle(alone, "gate")) for form in (binance_zk, gate_zk)] == [False, True]
    assert [form.matches(as_bundle(alone, "binance")) for form in (binance_zk, gate_zk)] == [True, False]
    assert [form.matches(as_bundle(alone)) for form in (binance_zk, gate_zk)] == [True, False]
    assert [form.matches(as_bundle(alone, "okx")) for form in (binance_zk, gate_zk)] == [False, False]
    theirs = alone | {"cex_config.json": files["config.json"].replace(b"ZkKeyName", b"ZkKeyVKDirectoryAndPrefix")}
    assert [form.matches(as_bundle(theirs)) for form in (binance_zk, gate_zk)] == [False, True]


# --- real batches -----------------------------------------------------------------------------------------------------


def real(renumbered: bool) -> bytes:
    """Three rows of June 2026; `renumbered`: as if they were all, which their range contradicts."""
    found = json.loads((HERE / "binance_2026_batches.json").read_text())["batches"]
    for at, row in enumerate(found):
        row.update({name: json.dumps(cell) for name, cell in row.items() if isinstance(cell, list)})
        row["batch_number"] = at if renumbered else row["batch_number"]
    return written(found)


def test_real_batches_of_2026_fit_together() -> None:
    edition, found = _zkmerkle.batches(as_file(real(renumbered=False)))
    assert edition == "one_root"
    assert [poseidon_bn254.digest(row.hashed) for row in found] == [row.public for row in found]
    assert all(a.after == b.before and a.last + 1 == b.first for a, b in pairwise(found))
    assert all(groth16.proof(row.proof).commitment for row in found)


def test_a_part_of_real_batches_is_not_the_whole() -> None:
    assert verified({"proof.csv": real(renumbered=False)}).reason == "batch_missing"
    found = verified({"proof.csv": real(renumbered=True)})
    assert (found.verdict, found.reason) == ("broken", "ranges_do_not_follow")
    assert "accounts 7170480 to 7171859 do not follow" in found.detail


# --- a user -----------------------------------------------------------------------------------------------------------


def included(files: dict[str, bytes], user: bytes, against: bool = True, root: str | None = None) -> Inclusion:
    found = binance_zk.inclusion(as_file(user), as_bundle(published(files), "binance") if against else None, root)
    assert found.reason
    return found


@pytest.mark.usefixtures("seen")
@pytest.mark.parametrize(
    ("make", "at"), [(dense, 0), (dense, 1), (dense, 2), (one_root, 0), (one_root, 1), (one_root, 2)]
)
def test_a_user_is_included(make: Callable[[], dict[str, bytes]], at: int) -> None:
    files = make()
    found = included(files, files[f"user_{at}.json"])
    assert (found.verdict, found.included, found.depth) == ("holds", True, 28)
    assert all(check.passed for check in found.checks)
    alone = included(files, files[f"user_{at}.json"], against=False)
    assert alone.included is None
    named = included(files, files[f"user_{at}.json"], against=False, root=found.root)
    assert named.included is True
    elsewhere = included(files, files[f"user_{at}.json"], against=False, root="ab" * 32)
    assert (elsewhere.included, elsewhere.reason) == (False, "root_not_published")


@pytest.mark.usefixtures("seen")
def test_balances_of_a_user_are_in_units_of_their_assets() -> None:
    files = dense()
    assert included(files, files["user_2.json"]).balances == (("USDT", "0.00000007"), ("DOGE", "5"))
    assert included(files, files["user_2.json"], against=False).balances == (("#1", "7"), ("#2", "500"))


@pytest.mark.usefixtures("seen")
def test_a_leaf_behind_the_last_proven_index_is_not_counted() -> None:
    files = one_root()
    found = included(files, files["user_3.json"])
    assert (found.verdict, found.reason, found.included) == ("broken", "leaf_behind_last_index", False)
    alone = included(files, files["user_3.json"], against=False)
    assert alone.not_shown[-1] == "leaves_behind_last_index"
    whole = one_root(beyond=0)
    assert included(whole, whole["user_3.json"]).included is True


def test_a_path_of_a_layout_that_was_never_seen_neither_acquits_nor_accuses() -> None:
    files = one_root()
    assert included(files, files["user_0.json"]).verdict == "consistent_only"
    spoiled = json.loads(files["user_0.json"]) | {"AccountIndex": 1}
    found = included(files, json.dumps(spoiled).encode())
    assert (found.verdict, found.included) == ("unsupported", None)


def paths(user: dict[str, Any]) -> list[Any]:
    found: list[Any] = user["Proof"]
    return found


USER_CHANGES: dict[str, tuple[Callable[[dict[str, Any]], Any], str]] = {
    "another id": (lambda user: user.update(AccountIdHash=f"{5:064x}"), "path_differs"),
    "more equity": (lambda user: user.update(TotalEquity=user["TotalEquity"] + 1), "path_differs"),
    "more debt": (lambda user: user.update(TotalDebt=user["TotalDebt"] + 1), "path_differs"),
    "another balance": (lambda user: user["Assets"][0].update(Equity=user["Assets"][0]["Equity"] + 1), "path_differs"),
    "another asset": (lambda user: user["Assets"][-1].update(Index=7), "path_differs"),
    "an asset less": (lambda user: user["Assets"].pop(), "path_differs"),
    "another side": (lambda user: user.update(AccountIndex=user["AccountIndex"] ^ 1), "path_differs"),
    "another side above": (lambda user: user.update(AccountIndex=user["AccountIndex"] ^ 2**20), "path_differs"),
    "a sibling changed": (lambda user: paths(user).__setitem__(3, other(paths(user)[3])), "path_differs"),
    "siblings swapped": (lambda user: user.update(Proof=[*paths(user)[1::-1], *paths(user)[2:]]), "path_differs"),
    "another root": (lambda user: user.update(Root=f"{7:064x}"), "path_differs"),
}


@pytest.mark.usefixtures("seen")
@pytest.mark.parametrize("make", [dense, one_root])
@pytest.mark.parametrize("name", USER_CHANGES)
def test_a_changed_user_file_is_refused(name: str, make: Callable[[], dict[str, bytes]]) -> None:
    files = make()
    user = json.loads(files["user_1.json"])
    change, reason = USER_CHANGES[name]
    change(user)
    found = included(files, json.dumps(user).encode())
    assert (found.verdict, found.reason, found.included) == ("broken", reason, False)


@pytest.mark.usefixtures("seen")
def test_totals_of_a_user_by_other_prices_are_refused() -> None:
    """The leaf holds what the exchange stated: only the prices tell that it is too little."""
    cheap = zkmerkle.Dense(PRICES | {"USDT": 1}, USERS, PLAIN.proof)
    files = dense() | {"proof.csv": cheap.table(), "user_1.json": cheap.user(1)}
    found = included(files, files["user_1.json"])
    assert (found.reason, found.included) == ("values_differ", False)


@pytest.mark.parametrize(
    "change",
    [
        lambda user: user.update(AccountIndex=2**28),
        lambda user: user.update(AccountIndex="0"),
        lambda user: user.update(TotalEquity=-1),
        lambda user: user.update(TotalEquity=1.0),
        lambda user: user.update(AccountIdHash="12"),
        lambda user: user.update(AccountIdHash=5),
        lambda user: user.update(Root="z" * 64),
        lambda user: paths(user).pop(),
        lambda user: paths(user).append(paths(user)[0]),
        lambda user: paths(user).__setitem__(0, zkmerkle.b64(zkmerkle.P)),
        lambda user: paths(user).__setitem__(0, 5),
        lambda user: user["Assets"].reverse(),
        lambda user: user["Assets"].append(user["Assets"][-1]),
        lambda user: user["Assets"][0].update(Equity=2**64),
        lambda user: user["Assets"][-1].update(Index=350),
        lambda user: user["Assets"][0].update(Loan=1),
        lambda user: user.update(Assets=None),
        lambda user: user.update(More=1),
    ],
)
def test_a_user_file_that_cannot_be_read_is_malformed(change: Any) -> None:
    user = json.loads(dense()["user_1.json"])
    change(user)
    found = included(dense(), json.dumps(user).encode())
    assert (found.verdict, found.included) == ("malformed", None)


def test_a_users_file_alone_is_a_proof_of_kind_path() -> None:
    found = verified({"user_config.json": dense()["user_0.json"]})
    assert (found.kind, found.verdict, found.root != "") == ("path", "consistent_only", True)


def test_a_user_of_one_edition_is_not_in_a_table_of_another() -> None:
    assert included(dense(), one_root()["user_0.json"]).verdict == "malformed"
    assert included(one_root(), dense()["user_0.json"]).verdict == "malformed"


HOLDINGS = st.dictionaries(st.integers(0, 2), st.tuples(st.integers(0, 2**40), st.just(0)), min_size=1, max_size=3)


@given(users=st.lists(HOLDINGS, min_size=1, max_size=3), data=st.data())
@settings(max_examples=5, deadline=None)
def test_of_any_tree_every_bit_of_a_path_counts(users: list[dict[int, tuple[int, int]]], data: Any) -> None:
    made = zkmerkle.Dense(PRICES, users, lambda public: PLAIN.proof(1))
    at = data.draw(st.integers(0, len(users) - 1))
    bundle = as_bundle({"proof.csv": made.table(), "config.json": made.config()}, "binance")
    user = json.loads(made.user(at))
    found = binance_zk.inclusion(as_file(made.user(at)), bundle, None)
    assert (found.verdict, found.included) == ("consistent_only", True)
    level = data.draw(st.integers(0, 27))
    user["Proof"][level] = zkmerkle.b64(
        int.from_bytes(base64.b64decode(user["Proof"][level]), "big") ^ 1 << data.draw(st.integers(0, 250))
    )
    assert binance_zk.inclusion(as_file(json.dumps(user).encode()), bundle, None).verdict in (
        "unsupported",
        "malformed",
    )

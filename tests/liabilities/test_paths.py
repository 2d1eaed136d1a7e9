"""Users' paths: the publishers' samples, trees of independent writers, and corruptions that each refuses."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from liabilities.proved import as_bundle, as_file, sound, uncoded
from liabilities.writers import sum_paths
from porlake import liabilities
from porlake.liabilities import bybit_path

SAMPLES = Path(__file__).parents[3] / "shared" / "data" / "liabilities"
NAMES = ("BTC", "ETH", "USDT", "USDC")


@dataclass(frozen=True)
class Written:
    """A scheme's writer, and how its file names what all of them have; '' for what it does not have."""

    scheme: str
    write: Callable[[list[dict[str, Decimal]], int], bytes]
    amounts: str
    hash: str
    side: str
    level: str
    path: str = "path"

    @property
    def form(self) -> Any:
        return liabilities.FORMATS[self.scheme]


FORTY = bybit_path.EDITIONS["40 of 2025-06-19"]
WRITTEN = {
    "okx": Written("okx_merkle_v1", sum_paths.okx, "balances", "hash", "type", "height"),
    "bybit": Written(
        "bybit_path", lambda who, at: sum_paths.bybit(who, at, FORTY), "balance", "hash", "type", "height"
    ),
    "bitget": Written("bitget_path", sum_paths.bitget, "balances", "merkelLeaf", "role", "level"),
    "mexc": Written("mexc_path", sum_paths.mexc, "balances", "hash", "type", "level", "pathList"),
    "coinex": Written("coinex_path", sum_paths.coinex, "balances", "hash", "pos", ""),
    "coinex_twice": Written(
        "coinex_path", lambda who, at: sum_paths.coinex(who, at, True), "balances", "hash", "pos", ""
    ),
}
each_scheme = pytest.mark.parametrize("written", WRITTEN.values(), ids=list(WRITTEN))


def owed(*amounts: str) -> dict[str, Decimal]:
    return dict(zip(NAMES, map(Decimal, amounts), strict=False))


#: Eleven accounts: odd on three levels.
ACCOUNTS = [owed(f"{at}.5", f"0.0000000{at or 1}", "0" if at % 3 else "1000", f"{at * at}") for at in range(11)]


def verify(written: Written, content: bytes) -> liabilities.Proof:
    found = cast(liabilities.Proof, written.form.verify(as_bundle({"user.json": content}, "okx")))
    assert sound(found) == []
    assert uncoded(found) == []
    return found


def include(written: Written, content: bytes, root: str | None = None, beside: bytes | None = None) -> Any:
    published = None if beside is None else as_bundle({"other.json": beside})
    return written.form.inclusion(as_file(content), published, root)


# --- what holds -------------------------------------------------------------------------------------------------------


@each_scheme
@pytest.mark.parametrize("count", [2, 3, 4, 5, 11])
def test_every_account_of_a_tree_is_counted(written: Written, count: int) -> None:
    roots = set()
    for place in range(count):
        proof = verify(written, written.write(ACCOUNTS[:count], place))
        assert (proof.verdict, proof.reason, proof.findings) == ("holds", "every_check_holds", ()), proof.detail
        roots.add(proof.root)
        sums = {total.label: Decimal(total.owed) for total in proof.totals if Decimal(total.owed)}
        labels = NAMES[:3] if proof.scheme == "okx_merkle_v1" else NAMES
        assert sums == {name: sum(row[name] for row in ACCOUNTS[:count]) for name in labels}
        assert all(total.is_shown for total in proof.totals)
    (root,) = roots
    found = include(written, written.write(ACCOUNTS[:count], 1), root)
    assert (found.verdict, found.included, found.root) == ("holds", True, root)
    assert found.depth == (count - 1).bit_length()
    assert {label: Decimal(amount) for label, amount in found.balances if Decimal(amount)}.items() <= ACCOUNTS[
        1
    ].items()


@each_scheme
def test_a_root_is_compared_with_what_was_published(written: Written) -> None:
    mine, other = written.write(ACCOUNTS, 3), written.write(ACCOUNTS, 8)
    root = verify(written, mine).root
    for found in (include(written, mine, root.upper()), include(written, mine, None, other)):
        assert (found.verdict, found.included, found.checks[-1].passed) == ("holds", True, True)
        assert "root_not_compared" not in found.not_shown
    for found in (include(written, mine, "ab" * 32), include(written, mine, None, written.write(ACCOUNTS[:9], 3))):
        assert (found.verdict, found.reason, found.included) == ("broken", "root_not_published", False)
        assert root in found.detail
    alone = include(written, mine)
    assert (alone.included, alone.checks[-1].passed, alone.not_shown[-1]) == (True, None, "root_not_compared")
    broken = json.loads(other)
    broken["self"][written.amounts]["BTC"] = "8.50000001"
    found = include(written, mine, None, json.dumps(broken).encode())
    assert (found.verdict, found.reason) == ("broken", "root_not_published")


@each_scheme
def test_each_step_of_a_path_is_told(written: Written) -> None:
    found = include(written, written.write(ACCOUNTS, 10))
    told = [check for check in found.checks if check.name in ("leaf", "step")]
    assert len(told) == found.depth + 1 == 5
    assert all(check.passed for check in told)
    assert told[-1].detail.endswith(found.root)
    padding = "no sibling" if written.scheme in ("mexc_path", "coinex_path") else "on the right"
    assert [padding in check.detail for check in told] == [False, True, False, True, False]


@pytest.mark.parametrize("edition", bybit_path.EDITIONS, ids=str)
@pytest.mark.parametrize("padding", [2, 4])
def test_bybit_has_had_many_lists_of_assets(edition: str, padding: int) -> None:
    assets = bybit_path.EDITIONS[edition]
    assert len(assets) == len(set(assets)) == int(edition.split()[0])
    whole = Written("bybit_path", lambda who, at: sum_paths.bybit(who, at, assets, padding), "", "", "", "")
    for place in (0, 2):
        accounts = [{name: Decimal(f"{at + 1}.25") for name in assets} for at in range(3)]
        assert verify(whole, whole.write(accounts, place)).verdict == "holds"


def test_bybit_hashes_assets_in_the_order_of_its_own_lists() -> None:
    """As its Java enumerations have them, first and last release in full."""
    assert " ".join(bybit_path.EDITIONS["20"]) == (
        "AGLA APT ATOM AVAX BIT BTC BUSD DAI DOGE DOT DYDX EOS ETH FTM LTC MATIC SOL USDC USDT XRP"
    )
    assert " ".join(bybit_path.EDITIONS["40 of 2024-04-03"]) == (
        "AGLA APT ATOM AVAX MNT BTC DAI DOGE DOT DYDX EOS ETH FTM LTC MATIC SOL USDC USDT XRP SHIB OP SAND LDO LINK "
        "COMP UNI MANA CRV BLUR SUSHI PEPE WLD BEAM AGI FET IMX RNDR GALA APEX SHRAP"
    )
    assert " ".join(bybit_path.EDITIONS["50 of 2026-07-22"]) == (
        "AGLA APT ATOM AVAX MNT BTC DOGE DOT DYDX A ETH S LTC POL SOL USDC USDT XRP SHIB OP SAND LDO LINK COMP UNI "
        "MANA CRV BLUR SUSHI PEPE WLD BEAM AGI FET IMX RENDER GALA APEX SHRAP USDE GRAM XAUT HYPE STABLE ENA ARB "
        "ASTER ONDO AAVE USD1"
    )


def test_an_unknown_list_of_assets_is_unsupported_and_not_broken() -> None:
    whole = Written("bybit_path", lambda who, at: sum_paths.bybit(who, at, ("BTC", "XYZ")), "", "", "", "")
    found = verify(whole, whole.write([{"BTC": Decimal(1)}] * 2, 0))
    assert (found.verdict, found.reason) == ("unsupported", "unknown_edition")
    assert include(whole, whole.write([{"BTC": Decimal(1)}] * 2, 0)).included is None


@pytest.mark.parametrize(
    ("sample", "scheme", "root", "total"),
    [
        ("okx_v1_merkle_proof_file.json", "okx_merkle_v1", "ac6b39d2", ("USDT", "3137909428.88369702")),
        ("bybit/path_40.json", "bybit_path", "8837e3a9", ("APT", "30.98343887")),
        ("bybit/path_40_v2.json", "bybit_path", "8a9e4bb9", ("APT", "25156.73679046")),
        ("bybit/path_40_v5.json", "bybit_path", "c91d5de0", ("APT", "24360.55102430")),
        ("mexc/merkle_proof.json", "mexc_path", "35d01ffe", ("BTC", "4386831.37")),
        ("coinex/merkle_proof_file.json", "coinex_path", "b272a9a8", ("CET", "14442925.91120209")),
    ],
)
def test_a_publishers_sample_holds(sample: str, scheme: str, root: str, total: tuple[str, str]) -> None:
    if not (SAMPLES / sample).exists():
        pytest.skip("the samples are not here")
    form = liabilities.FORMATS[scheme]
    bundle = as_bundle({"sample": (SAMPLES / sample).read_bytes()})
    assert [name for name, other in liabilities.FORMATS.items() if other.matches(bundle)] == [scheme]
    proof = form.verify(bundle)
    assert (proof.verdict, proof.root[:8]) == ("holds", root)
    assert total in [(found.label, found.owed) for found in proof.totals]


def test_the_negative_subtrees_of_bitgets_own_sample_are_told() -> None:
    sample = SAMPLES / "bitget" / "merkel_tree_bg.json"
    if not sample.exists():
        pytest.skip("the samples are not here")
    proof = verify(WRITTEN["bitget"], sample.read_bytes())
    assert (proof.verdict, proof.reason, proof.root) == ("consistent_only", "negative_subtree", "8eac815c495e6a67")
    assert [(found.code, found.detail) for found in proof.findings] == [
        ("negative_subtree", "path[10], level 17: USDC -1536.70659782"),
        ("negative_subtree", "path[13], level 14: USDC -20885.31318921"),
    ]
    found = include(WRITTEN["bitget"], sample.read_bytes(), proof.root)
    assert (found.verdict, found.included, found.depth) == ("consistent_only", True, 26)
    assert [check.detail for check in found.checks if check.name == "negative_subtree"] == [
        told.detail for told in proof.findings
    ]


# --- what does not ----------------------------------------------------------------------------------------------------

Change = Callable[[Written, dict[str, Any]], None]


def nodes(written: Written, whole: dict[str, Any]) -> list[dict[str, Any]]:
    """The siblings that are there, and the root."""
    root = [whole["root"]] if "root" in whole else []
    return [node for node in (*whole[written.path], *root) if node.get(written.hash)]


def other_digit(text: str) -> str:
    return text[:-1] + ("0" if text[-1] != "0" else "1")


def raised(amounts: dict[str, str], name: str = "BTC") -> None:
    places = len(amounts[name].partition(".")[2])
    amounts[name] = str(Decimal(amounts[name]) + Decimal(1).scaleb(-places))


def respelt(spell: Callable[[str], object]) -> Change:
    def change(written: Written, whole: dict[str, Any]) -> None:
        amounts = nodes(written, whole)[1][written.amounts]
        amounts["BTC"] = spell(amounts["BTC"])

    return change


def put(where: Callable[[Written, dict[str, Any]], dict[str, Any]], key: str, value: Callable[[Any], Any]) -> Change:
    def change(written: Written, whole: dict[str, Any]) -> None:
        node, name = where(written, whole), getattr(written, key)
        node[name] = value(node[name])

    return change


def own(written: Written, whole: dict[str, Any]) -> dict[str, Any]:
    return cast(dict[str, Any], whole["self"])


def sibling(written: Written, whole: dict[str, Any]) -> dict[str, Any]:
    return nodes(written, whole)[1]


def root_of(written: Written, whole: dict[str, Any]) -> dict[str, Any]:
    return nodes(written, whole)[-1]


def turned(side: Any) -> Any:
    return {"left": "right", "right": "left", 1: 2, 2: 1}[side]


def swapped(written: Written, whole: dict[str, Any]) -> None:
    listed = whole[written.path]
    listed[0], listed[1] = listed[1], listed[0]


def doubled(written: Written, whole: dict[str, Any]) -> None:
    whole[written.path].insert(1, copy.deepcopy(whole[written.path][1]))


def left_out(written: Written, whole: dict[str, Any]) -> None:
    del whole[written.path][1]


def without_siblings(written: Written, whole: dict[str, Any]) -> None:
    del whole[written.path][: -1 if "root" not in whole else None]


def negative(written: Written, whole: dict[str, Any]) -> None:
    amounts = sibling(written, whole)[written.amounts]
    amounts["BTC"] = f"-{amounts['BTC']}"


def another_user(written: Written, whole: dict[str, Any]) -> None:
    key = next(key for key in ("accountId", "encryptUid", "userHash", "nonce") if key in whole["self"])
    whole["self"][key] = other_digit(whole["self"][key])


def another_audit(written: Written, whole: dict[str, Any]) -> None:
    if "auditId" in whole["self"]:
        sibling(written, whole)["auditId"] = "1999"
    else:
        whole["self"]["auditId"] = "1999"


def unknown_field(written: Written, whole: dict[str, Any]) -> None:
    sibling(written, whole)["comment"] = "trust us"


#: What is changed, and the reason by scheme: first for all, then where it is another.
CHANGES: dict[str, tuple[Change, str, dict[str, str]]] = {
    "my amount": (lambda written, whole: raised(whole["self"][written.amounts]), "leaf_hash_differs", {
        "coinex": "sum_differs"}),
    "another's amount": (lambda written, whole: raised(sibling(written, whole)[written.amounts]), "sum_differs", {}),
    "the root's amount": (lambda written, whole: raised(root_of(written, whole)[written.amounts]), "sum_differs", {}),
    "my id": (another_user, "leaf_hash_differs", {"coinex": "root_hash_differs"}),
    "another's hash": (put(sibling, "hash", other_digit), "root_hash_differs", {}),
    "the root's hash": (put(root_of, "hash", other_digit), "root_hash_differs", {}),
    "another's side": (put(sibling, "side", turned), "root_hash_differs", {}),
    "two in another order": (swapped, "levels_broken", {"coinex": "root_hash_differs", "mexc": ""}),
    "one twice": (doubled, "levels_broken", {"coinex": "node_twice", "mexc": "not_of_the_format"}),
    "one left out": (left_out, "levels_broken", {"coinex": "sum_differs", "mexc": "padding_wrong"}),
    "none": (without_siblings, "not_of_the_format", {"mexc": "sides_contradict"}),
    "an audit": (another_audit, "audits_differ", {"coinex": "not_of_the_format", "mexc": "not_of_the_format"}),
    "below zero": (negative, "negative_amount", {"bitget": "sum_differs"}),
    "a zero too many": (respelt(lambda text: f"{text}0" if "." in text else f"{text}.0"), "not_of_the_format", {}),
    "a leading zero": (respelt(lambda text: f"0{text}"), "not_of_the_format", {}),
    "an exponent": (respelt(lambda text: f"{text}e0"), "not_of_the_format", {}),
    "a plus": (respelt(lambda text: f"+{text}"), "not_of_the_format", {}),
    "a number of JSON": (respelt(float), "not_of_the_format", {}),
    "a field": (unknown_field, "not_of_the_format", {}),
}  # fmt: skip


@each_scheme
@pytest.mark.parametrize("what", CHANGES)
def test_a_corruption_is_refused_with_its_reason(written: Written, what: str) -> None:
    change, reason, others = CHANGES[what]
    expected = others.get(written.scheme.split("_")[0], reason)
    whole = json.loads(written.write(ACCOUNTS, 3))
    before = json.dumps(whole)
    change(written, whole)
    assert json.dumps(whole) != before
    found = verify(written, json.dumps(whole).encode())
    if not expected:  # it changes nothing that is said: a list of nodes with their levels has no order
        assert found.reason == "every_check_holds"
        return
    assert (found.reason, found.verdict) == (
        expected, "malformed" if expected == "not_of_the_format" else "broken",
    ), found.detail  # fmt: skip
    assert found.detail
    asked = include(written, json.dumps(whole).encode())
    assert asked.included is (None if found.verdict == "malformed" else False)


@pytest.mark.parametrize("scheme", ["okx", "bybit", "bitget"])
def test_my_side_must_be_the_other(scheme: str) -> None:
    written = WRITTEN[scheme]
    whole = json.loads(written.write(ACCOUNTS, 3))
    whole["self"][written.side] = turned(whole["self"][written.side])
    found = verify(written, json.dumps(whole).encode())
    assert (found.verdict, found.reason) == ("broken", "sides_contradict")
    assert found.detail == (f"self, level {whole['self'][written.level]}: it stands on the left, and so does path[0]")


@pytest.mark.parametrize("scheme", ["okx", "bybit", "bitget"])
@pytest.mark.parametrize("by", [-1, 1])
def test_every_level_is_what_its_place_says(scheme: str, by: int) -> None:
    written = WRITTEN[scheme]
    for place in range(-1, 4):
        whole = json.loads(written.write(ACCOUNTS, 3))
        node = whole["self"] if place < 0 else whole["path"][place]
        node[written.level] += by
        found = verify(written, json.dumps(whole).encode())
        assert (found.verdict, found.reason) == ("broken", "levels_broken"), found.detail


# --- padding ----------------------------------------------------------------------------------------------------------


def padded(written: Written) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """The path of the last of eleven accounts, and its nodes that are padding: on levels 0 and 2."""
    whole = json.loads(written.write(ACCOUNTS, 10))
    return whole, [whole[written.path][0], whole[written.path][2]]


@pytest.mark.parametrize("scheme", ["okx", "bybit", "bitget"])
def test_a_padding_node_copies_its_neighbour_and_holds_nothing(scheme: str) -> None:
    written = WRITTEN[scheme]
    whole, copies = padded(written)
    copies[0][written.amounts]["BTC"] = "1.00000000" if scheme == "bybit" else "1"
    found = verify(written, json.dumps(whole).encode())
    assert (found.verdict, found.reason) == ("broken", "padding_wrong")
    assert "holds BTC 1" in found.detail
    whole, copies = padded(written)
    copies[0][written.side] = 1
    assert verify(written, json.dumps(whole).encode()).verdict == "broken"
    whole, copies = padded(written)
    copies[1][written.side] = {"bitget": 0}.get(scheme, 4)
    copies[1][written.hash] = other_digit(copies[1][written.hash])
    assert verify(written, json.dumps(whole).encode()).reason == "padding_wrong"


@pytest.mark.parametrize("scheme", ["okx", "bitget"])
def test_a_copy_that_is_not_marked_is_refused_where_the_scheme_marks_it(scheme: str) -> None:
    written = WRITTEN[scheme]
    whole, copies = padded(written)
    copies[0][written.side] = 2
    found = verify(written, json.dumps(whole).encode())
    assert (found.verdict, found.reason) == ("broken", "padding_wrong")
    assert "a copy of the node beside it stands on the right" in found.detail


@each_scheme
def test_a_node_on_the_right_of_the_last_one_is_refused(written: Written) -> None:
    """Twelve accounts where the path says eleven: padding below, and a node on the right above."""
    whole, _ = padded(written)
    turn = whole[written.path][1] if written.scheme != "mexc_path" else whole[written.path][0]
    turn[written.side] = turned(turn[written.side])
    found = verify(written, json.dumps(whole).encode())
    assert (found.verdict, found.reason) == ("broken", "padding_wrong")
    assert "on the right of the last one of its level" in found.detail


@pytest.mark.parametrize("scheme", ["mexc", "coinex", "coinex_twice"])
def test_a_missing_sibling_stands_on_the_right_and_holds_nothing(scheme: str) -> None:
    written = WRITTEN[scheme]
    whole = json.loads(written.write(ACCOUNTS, 10))
    if scheme == "mexc":
        whole["pathList"].insert(0, {"level": 0, "type": 2, "hash": "", "balances": {"BTC": "0"}})
        assert verify(written, json.dumps(whole).encode()).verdict == "holds"
        whole["pathList"][0]["balances"]["BTC"] = "-1"
        assert verify(written, json.dumps(whole).encode()).reason == "negative_amount"
        whole["pathList"][0]["balances"]["BTC"] = "1"
        assert verify(written, json.dumps(whole).encode()).reason == "padding_wrong"
        whole["pathList"][0] |= {"balances": {}, "type": 1}
        whole["self"]["type"] = 2
        assert verify(written, json.dumps(whole).encode()).reason == "sides_contradict"
    else:
        for half in ({"pos": "left"}, {"balances": {}}, {"hash": ""}, None, []):
            whole["path"][0] = half
            assert verify(written, json.dumps(whole).encode()).verdict == "malformed"


def test_coinexs_two_rules_of_a_missing_sibling_are_not_mixed() -> None:
    once, twice = (json.loads(WRITTEN[name].write(ACCOUNTS, 10)) for name in ("coinex", "coinex_twice"))
    assert verify(WRITTEN["coinex"], json.dumps(once).encode()).checks[-2].detail.endswith("nothing")
    assert verify(WRITTEN["coinex"], json.dumps(twice).encode()).checks[-2].detail.endswith("its own hash again")
    alone = {"balances": {"BTC": "1"}, "nonce": "ab" * 32}
    leaf, body = sum_paths.sha('{}{{"BTC":"1"}}'.format(alone["nonce"])), '{"BTC":"1"}'
    for first, second, verdict in (("", "", "holds"), (leaf, None, "holds"), (leaf, "", "broken")):
        above = sum_paths.sha(leaf + first + body)
        root = sum_paths.sha(above + (above if second is None else second) + body)
        whole = {"root": {"balances": {"BTC": "1"}, "hash": root}, "self": alone, "path": [{}, {}]}
        assert verify(WRITTEN["coinex"], json.dumps(whole).encode()).verdict == verdict


# --- forgeries that the schemes cannot exclude ------------------------------------------------------------------------


@each_scheme
def test_a_negative_account_is_refused_or_told(written: Written) -> None:
    accounts = [*ACCOUNTS[:5], owed("-2.25", "0", "0", "0"), *ACCOUNTS[6:]]
    found = verify(written, written.write(accounts, 4))
    if written.scheme == "bitget_path":
        assert (found.verdict, found.reason) == ("consistent_only", "negative_subtree")
        assert [told.detail for told in found.findings] == ["path[0], level 5: BTC -2.25"]
    else:
        assert (found.verdict, found.reason) == ("broken", "negative_amount")
        assert "BTC -2.25" in found.detail
    hidden = verify(written, written.write(accounts, 10))  # two levels up it is no longer seen
    assert hidden.verdict == "holds"
    assert "hidden_negatives" in hidden.not_shown


@each_scheme
def test_amounts_that_each_of_two_users_sees_otherwise_are_told(written: Written) -> None:
    """Maxwell's remark: a hash binds the sum of two nodes. A root that owes 10 shows each of two users his own 10."""
    both = [json.loads(written.write([owed("10", "0"), owed("10", "0")], place)) for place in (0, 1)]
    rich = json.loads(written.write([owed("10", "0"), owed("0", "0")], 0))
    hashes = [both[1][written.path][0][written.hash], both[0][written.path][0][written.hash]]
    for mine in both:
        listed = mine[written.path]
        listed[0][written.amounts] = {
            name: amount.replace("10", "0") for name, amount in listed[0][written.amounts].items()
        }
        root = mine["root"] if "root" in mine else listed[-1]
        root[written.amounts] = (rich["root"] if "root" in rich else rich[written.path][-1])[written.amounts]
        listed[0].pop("nonce", None)
        text = parent_text(written, hashes, root[written.amounts])
        root[written.hash] = sum_paths.sha(text)[: len(root[written.hash])]
    found = [verify(written, json.dumps(mine).encode()) for mine in both]
    assert [proof.verdict for proof in found] == ["holds", "holds"], found[0].detail
    assert found[0].root == found[1].root
    assert "child_sums_unbound" in found[0].not_shown


def parent_text(written: Written, hashes: list[str], amounts: dict[str, str]) -> str:
    """What is hashed at the root of two leaves, as the publishers' sources have it."""
    glued, listed = "".join(amounts.values()), json.dumps(amounts, separators=(",", ":"))
    by_name = {name: amounts[name] for name in sorted(amounts)}
    return {
        "okx_merkle_v1": f"{hashes[0]}{hashes[1]}{glued}2",
        "bybit_path": f"{hashes[0]}{hashes[1]}{glued}2",
        "bitget_path": f"{hashes[0]}{hashes[1]},{listed},1",
        "mexc_path": f"{hashes[0]},{hashes[1]},{','.join(f'{name}:{by_name[name]}' for name in by_name)}",
        "coinex_path": f"{hashes[0]}{hashes[1]}{json.dumps(by_name, separators=(',', ':'))}",
    }[written.scheme]


# --- any tree, any change ---------------------------------------------------------------------------------------------

amount = st.integers(0, 10**15).map(lambda units: Decimal(units).scaleb(-8))
account = st.tuples(amount, amount, amount, amount).map(lambda held: dict(zip(NAMES, held, strict=True)))


def scalars(found: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if isinstance(found, dict | list):
        for key, value in found.items() if isinstance(found, dict) else enumerate(found):
            yield from scalars(value, (*at, key))
    else:
        yield at


def changed(value: Any, how: int) -> Any:
    if isinstance(value, int):
        return value + (1 if how % 2 else -1)
    if how == 0:
        return other_digit(value) if value else "00"
    if how == 1:
        return f"{value}0"
    if how == 2:
        return f"-{value}"
    return value[:-1] if value else " "


#: Fields that no hash holds: which tree a file speaks of is said beside it, and Bybit does not say what it makes of a
#: nonce.
UNBOUND = {"auditId", "nonce", "userHash"}


@each_scheme
@given(data=st.data())
def test_whatever_is_changed_is_refused(written: Written, data: st.DataObject) -> None:
    accounts = data.draw(st.lists(account, min_size=2, max_size=9))
    place = data.draw(st.integers(0, len(accounts) - 1))
    content = written.write(accounts, place)
    before = verify(written, content)
    assert before.verdict == "holds", before.detail
    whole = json.loads(content)
    at = data.draw(st.sampled_from(sorted(scalars(whole), key=str)))
    how = data.draw(st.integers(0, 3))
    node = whole
    for key in at[:-1]:
        node = node[key]
    node[at[-1]] = changed(node[at[-1]], how)
    if at[-1] == "nonce" and written.scheme == "bybit_path":
        return
    found = verify(written, json.dumps(whole).encode())
    is_marked = at[-1] == "type" and written.scheme == "bybit_path"  # a copy is one with either mark
    assert found.verdict in ("broken", "malformed") or is_marked, (at, how, found)
    assert found.detail


@each_scheme
@given(data=st.data())
def test_whatever_is_cut_is_refused(written: Written, data: st.DataObject) -> None:
    content = written.write(ACCOUNTS, data.draw(st.integers(0, 10)))
    cut = data.draw(st.integers(0, len(content) - 1))
    assert verify(written, content[:cut]).verdict == "malformed"


JUNK: list[object] = [None, True, 10**40, -1, 1.5, "", "x", "9" * 5_000, "\u0664", "\ud7ff", [], {}, [[]], {"a": {}}]


@each_scheme
def test_values_of_every_other_kind_give_a_verdict(written: Written) -> None:
    whole = json.loads(written.write(ACCOUNTS[:3], 2))
    for at in sorted(scalars(whole), key=str):
        if "balance" in at and at[-1] not in ("AGLA", "USDE"):
            continue  # two of forty will do
        for junk in JUNK:
            other = copy.deepcopy(whole)
            node = other
            for key in at[:-1]:
                node = node[key]
            if node[at[-1]] == junk:
                continue
            node[at[-1]] = junk
            found = verify(written, json.dumps(other).encode())
            is_free = at[-1] in UNBOUND or (at[-1] == "role" and junk is None)
            assert found.verdict in ("broken", "malformed") or is_free, (at, junk)


@each_scheme
@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x00\xff" * 50,
        b"<!doctype html><html><body>403 Forbidden</body></html>",
        b"null",
        b"[]",
        b"{}",
        b'{"self": {}, "path": []}',
        b'{"self": {}, "self": {}}',
        b"[" * 100_000,
        b'{"self": ' * 200 + b"1" + b"}" * 200,
        b'{"path": "' + b"x" * (1 << 20) + b'"}',
    ],
    ids=["empty", "binary", "html", "null", "list", "object", "hollow", "twice", "brackets", "deep", "large"],
)
def test_what_is_no_path_is_malformed(written: Written, content: bytes) -> None:
    assert verify(written, content).verdict == "malformed"
    for names in (written.amounts, written.hash, written.level or "pos", written.path, "self", "root"):
        assert f'"{names}"'
    head = ("{" + ",".join(f'"{key}":1' for key in sorted(json.loads(written.write(ACCOUNTS, 0))))).encode()
    assert written.form.inclusion(as_file(head + content), None, None).verdict == "malformed"


@each_scheme
def test_a_tree_is_no_deeper_than_one_can_be(written: Written) -> None:
    whole = json.loads(written.write(ACCOUNTS[:2], 0))
    whole[written.path] = [whole[written.path][0]] * 65 + whole[written.path][1:]
    assert verify(written, json.dumps(whole).encode()).verdict == "malformed"


@each_scheme
def test_an_id_is_in_no_word_of_a_verdict(written: Written) -> None:
    whole = json.loads(written.write(ACCOUNTS, 3))
    secrets = [whole["self"][key] for key in ("nonce", "userHash", "encryptUid", "accountId") if key in whole["self"]]
    assert secrets
    for key in ("nonce", "userHash", "encryptUid", "accountId"):
        if key in whole["self"]:
            spoilt = copy.deepcopy(whole)
            spoilt["self"][key] += "!"
            told = repr(include(written, json.dumps(spoilt).encode()))
            assert not any(secret in told for secret in secrets), key
    assert not any(secret in repr(include(written, json.dumps(whole).encode())) for secret in secrets)

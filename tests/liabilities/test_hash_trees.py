"""Trees and paths of hashes alone: who is listed, and nothing of amounts."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from hashlib import sha256
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from liabilities.proved import as_bundle, as_file, sound, uncoded
from liabilities.writers import sum_paths
from porlake import liabilities

ACCOUNTS = [{"BTC": Decimal(f"{at}.5"), "USDT": Decimal(at * 100)} for at in range(19)]


def verify(scheme: str, files: Mapping[str, bytes]) -> liabilities.Proof:
    form = liabilities.FORMATS[scheme]
    found = form.verify(as_bundle(files))
    assert sound(found) == []
    assert uncoded(found) == []
    assert found.totals == ()
    return found


def include(scheme: str, user: bytes, files: Mapping[str, bytes] | None, root: str | None = None) -> Any:
    form = cast(Any, liabilities.FORMATS[scheme])
    found = form.inclusion(as_file(user), None if files is None else as_bundle(files), root)
    assert uncoded(found) == []
    return found


# --- BingX ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("count", [2, 3, 7, 19])
def test_bingx_every_account_has_a_path_that_proves_no_total(count: int) -> None:
    for place in range(count):
        content = sum_paths.bingx(ACCOUNTS[:count], place)
        proof = verify("bingx_path", {"user.txt": content})
        assert (proof.verdict, proof.reason) == ("consistent_only", "totals_not_shown")
        found = include("bingx_path", content, None, proof.root)
        assert (found.verdict, found.included) == ("holds", True)
        assert dict(found.balances).keys() == {"BTC", "USDT"}
        assert "totals_not_shown" in found.not_shown
        record, path, _ = content.decode().splitlines()
        leaf = sha256(record.encode()).hexdigest()
        for short in (f"{record}\r\n{path}\r\n", f"{leaf}\n{path}"):
            alone = include("bingx_path", short.encode(), None)
            assert (alone.included, alone.root, alone.not_shown[-1]) == (True, proof.root, "root_not_compared")
        assert include("bingx_path", f"{leaf}\n{path}".encode(), None).balances == ()


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("BTC:3.5", "BTC:3.4", "root_hash_differs"),
        ("BTC:3.5", "BTC:3,5", "not_of_the_format"),
        ("BTC:3.5", "BTC:3e5", "not_of_the_format"),
        ("BTC:3.5", "BTC:03.5", "not_of_the_format"),
        ("BTC:3.5", "USDT:3.5", "not_of_the_format"),
        ("\nl:", "\nr:", "root_hash_differs"),
        ("\nl:", "\nl:0", "not_of_the_format"),
        ("\nl:", "\nL:", "not_of_the_format"),
        (",r:", ",", "not_of_the_format"),
        (",r:", ",,r:", "not_of_the_format"),
        (",Total:1.5", "", "root_hash_differs"),
    ],
)
def test_bingx_a_corruption_is_refused(old: str, new: str, reason: str) -> None:
    content = sum_paths.bingx(ACCOUNTS, 3).decode()
    assert old in content
    proof = verify("bingx_path", {"user.txt": content.replace(old, new, 1).encode()})
    assert (proof.reason, proof.verdict) == (reason, "malformed" if reason == "not_of_the_format" else "broken")


def test_bingx_the_root_must_be_the_one_of_the_path() -> None:
    record, path, root = sum_paths.bingx(ACCOUNTS, 3).decode().splitlines()
    for other, reason in ((root[::-1], "root_hash_differs"), (root[1:], "not_of_the_format")):
        assert verify("bingx_path", {"u": f"{record}\n{path}\n{other}".encode()}).reason == reason
    found = include("bingx_path", f"{record}\n{path}".encode(), None, root[::-1])
    assert (found.reason, found.included) == ("root_not_published", False)
    first, second, *rest = path.split(",")
    turned = ",".join([second, first, *rest])
    assert verify("bingx_path", {"u": f"{record}\n{turned}\n{root}".encode()}).reason == "root_hash_differs"
    twice = ",".join([first, second, second, *rest])
    assert verify("bingx_path", {"u": f"{record}\n{twice}\n{root}".encode()}).reason == "node_twice"


# --- The Network Firm -------------------------------------------------------------------------------------------------

FIRM = "network_firm_tree"
#: As it stands beside the tool, with its root.
SAMPLE = (
    b"Level\tHash\n4,0\tec7062f87011b218\n4,1\t6e49d1187238bf8b\n4,2\te5e21863decf6629\n4,3\tec7f9b77c0619357\n"
    b"4,4\t45b5e0b070b5d6b5\n"
)
SAMPLE_ROOT = "3c70b1b8436d23b0ee8147bc6f46b13e8ac34ea956e61dcf8096e8bd5e244a9a"


def test_the_network_firms_sample_has_its_root() -> None:
    proof = verify(FIRM, {"output_merkle_tree.txt": SAMPLE, "output_merkle_root.txt": SAMPLE_ROOT.encode()})
    assert (proof.verdict, proof.reason, proof.leaves) == ("consistent_only", "totals_not_shown", 5)
    assert proof.root == SAMPLE_ROOT
    assert proof.checks[-1] == liabilities.Check("root_published", True)
    assert verify(FIRM, {"tree.txt": SAMPLE}).checks[-1].passed is None
    wrong = verify(FIRM, {"tree.txt": SAMPLE, "root.txt": SAMPLE_ROOT[::-1].encode()})
    assert (wrong.verdict, wrong.reason) == ("broken", "root_not_published")


@pytest.mark.parametrize("glued", [False, True])
@pytest.mark.parametrize("count", [1, 2, 3, 5, 8, 19])
def test_every_line_of_the_network_firms_list_is_found(glued: bool, count: int) -> None:
    tree, root, users = sum_paths.network_firm(ACCOUNTS[:count], glued)
    proof = verify(FIRM, {"tree.txt": tree, "root.txt": root})
    assert (proof.verdict, proof.leaves, proof.root.encode()) == ("consistent_only", count, root)
    for place, user in enumerate(users):
        found = include(FIRM, user, {"tree.txt": tree, "root.txt": root})
        assert (found.verdict, found.included, found.depth) == ("holds", True, depth(place, count))
        assert len(found.balances) == 2
    leaf = tree.decode().split("\t")[-1].strip()
    assert include(FIRM, leaf.encode(), {"tree.txt": tree}, root.decode()).included
    absent = include(FIRM, users[-1].replace(b"user", b"eve"), {"tree.txt": tree})
    assert (absent.verdict, absent.reason, absent.included) == ("broken", "not_in_tree", False)
    assert include(FIRM, users[0], {"tree.txt": tree}, "00" * 32).reason == "root_not_published"


def depth(place: int, count: int) -> int:
    """Levels at which a leaf is hashed with another."""
    levels, steps = [list(range(count))], 0
    while len(levels[-1]) > 1:
        steps += place ^ 1 < len(levels[-1])
        place //= 2
        levels.append(list(range((len(levels[-1]) + 1) // 2)))
    return steps


def test_an_amount_is_found_in_each_spelling_that_an_edition_has() -> None:
    leaf = sha256(b"u,BTC:2.0,ETH:0.0,XRP:1.5").hexdigest()[:16]
    tree = f"Level\tHash\n1,0\t{leaf}\n".encode()
    for line in (b"u,BTC:2,ETH:0,XRP:1.50", b"u,BTC:2.0,ETH:0.0,XRP:1.5", b"u, BTC:2.00, ETH:0, XRP:1.5"):
        assert include(FIRM, line, {"tree.txt": tree}).included, line


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("4,2", "4,3", "order_broken"),
        ("4,2", "5,2", "levels_broken"),
        ("4,2", "4,02", "not_of_the_format"),
        ("4,2", "-4,2", "not_of_the_format"),
        ("\te5e2", "\tE5E2", "not_of_the_format"),
        ("\te5e2", "\te5e", "not_of_the_format"),
        ("\te5e2", " e5e2", "not_of_the_format"),
        ("4,4\t45b5e0b070b5d6b5\n", "", "levels_broken"),
        ("4,2\te5e21863decf6629\n", "", "order_broken"),
        ("4,0\tec7062f87011b218\n", "4,0\tec7062f87011b218\n4,0\tec7062f87011b218\n", "order_broken"),
        ("45b5", "55b5", "root_not_published"),
        ("\n4,4", "\n<html>", "not_of_the_format"),
        ("\n4,4", "\n\xe9", "not_of_the_format"),
    ],
)
def test_a_corruption_of_a_list_is_refused(old: str, new: str, reason: str) -> None:
    assert old.encode() in SAMPLE
    tree = SAMPLE.replace(old.encode(), new.encode(), 1)
    proof = verify(FIRM, {"tree.txt": tree, "root.txt": SAMPLE_ROOT.encode()})
    assert (proof.reason, proof.verdict) == (reason, "malformed" if reason == "not_of_the_format" else "broken")
    assert proof.detail


def test_two_equal_leaves_are_told() -> None:
    tree = SAMPLE.replace(b"6e49d1187238bf8b", b"ec7062f87011b218")
    proof = verify(FIRM, {"tree.txt": tree})
    assert [(found.code, found.detail) for found in proof.findings] == [
        ("equal_leaves", "1 leaves stand more than once, ec7062f87011b218 among them")
    ]
    found = include(FIRM, b"ec7062f87011b218", {"tree.txt": tree})
    assert found.checks[0].detail == "it stands at 2 places, first at 0"


def test_a_line_alone_shows_nothing() -> None:
    for scheme, line in ((FIRM, b"user-1,BTC:1.5"), ("silver_sixpence_tree", b"abc2A496ECEPORNOV22BTC=1.5")):
        found = include(scheme, line, None, "ab" * 32)
        assert (found.verdict, found.reason, found.included) == ("unsupported", "published_file_needed", None)
        assert found.balances == (("BTC", "1.5"),)


def test_the_files_of_a_list_and_its_root_belong_together() -> None:
    bundle = as_bundle({"tree.txt": SAMPLE, "readme": b"hello", "root.txt": SAMPLE_ROOT.encode()})
    form = cast(Any, liabilities.FORMATS[FIRM])
    assert [[member.name for member in proof] for proof in form.members(bundle)] == [["tree.txt", "root.txt"]]
    both = as_bundle({"a.txt": SAMPLE, "b.txt": SAMPLE, "root.txt": SAMPLE_ROOT.encode()})
    assert [[member.name for member in proof] for proof in form.members(both)] == [["a.txt"], ["b.txt"]]


# --- Silver Sixpence --------------------------------------------------------------------------------------------------

SIXPENCE = "silver_sixpence_tree"


@pytest.mark.parametrize("count", [2, 3, 4, 5, 6, 7, 9, 17, 19])
def test_every_record_of_silver_sixpences_tree_is_found(count: int) -> None:
    files, root, records = sum_paths.silver_sixpence(ACCOUNTS[:count])
    turned = dict(reversed(files.items()))
    for published in (files, turned):
        proof = verify(SIXPENCE, published)
        assert (proof.verdict, proof.leaves, proof.root) == ("consistent_only", count, root), proof.detail
    for place, record in enumerate(records):
        found = include(SIXPENCE, record, files, root)
        assert (found.verdict, found.included, found.depth) == ("holds", True, depth(place, count)), place
        assert found.balances == (("BTC", f"{place}.5"), ("USDT", str(place * 100)))
    absent = include(SIXPENCE, records[0].replace(b"BTC=0.5", b"BTC=0.6"), files)
    assert (absent.verdict, absent.reason, absent.included) == ("broken", "not_in_tree", False)
    assert include(SIXPENCE, records[0], files, "00" * 32).reason == "root_not_published"


def test_levels_from_further_up_are_a_tree_without_its_leaves() -> None:
    files, root, records = sum_paths.silver_sixpence(ACCOUNTS)
    del files["tree-level1.csv"]
    proof = verify(SIXPENCE, files)
    assert (proof.verdict, proof.leaves, proof.root) == ("consistent_only", None, root)
    assert include(SIXPENCE, records[0], files).included is None
    files.pop("tree-level3.csv")
    assert verify(SIXPENCE, files).reason == "levels_broken"


def corrupted(name: str, line: int, change: Any) -> dict[str, bytes]:
    files, _, _ = sum_paths.silver_sixpence(ACCOUNTS)
    lines = files[name].decode().splitlines(keepends=True)
    lines[line : line + 1] = change(lines[line])
    return {**files, name: "".join(lines).encode()}


def other_digit(line: str, at: int) -> list[str]:
    return [line[:at] + ("0" if line[at] != "0" else "1") + line[at + 1 :]]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda line: other_digit(line, 0), "node_hash_differs"),
        (lambda line: other_digit(line, 70), "node_hash_differs"),
        (lambda line: other_digit(line, 140), "node_hash_differs"),
        (lambda line: [line.replace(",2,", ",3,")], "levels_broken"),
        (lambda line: [], "children_differ"),
        (lambda line: [line, line], "children_differ"),
        (lambda line: [",".join([*line.split(",")[:2], line.split(",")[3].strip(), line.split(",")[2]]) + "\n"],
         "node_hash_differs"),
        (lambda line: [line.upper()], "not_of_the_format"),
        (lambda line: [line.replace(",", ";")], "not_of_the_format"),
        (lambda line: ["\n"], "not_of_the_format"),
        (lambda line: [line[:-2] + "\n"], "not_of_the_format"),
        (lambda line: ["x" * 2_000], "not_of_the_format"),
    ],
)  # fmt: skip
def test_a_corruption_of_a_level_is_refused(change: Any, reason: str) -> None:
    proof = verify(SIXPENCE, corrupted("tree-level2.csv", 1, change))
    assert (proof.reason, proof.verdict) == (reason, "malformed" if reason == "not_of_the_format" else "broken")
    assert "level" in proof.detail or "line" in proof.detail


@pytest.mark.parametrize("name", ["tree-level1.csv", "tree-level2.csv"])
def test_a_level_with_a_damaged_first_line_is_not_left_out(name: str) -> None:
    """Three accounts: the first level alone would be a whole tree of two."""
    files, root, records = sum_paths.silver_sixpence(ACCOUNTS[:3])
    damaged = {**files, name: b"\x00" + files[name][1:]}
    proof = verify(SIXPENCE, damaged)
    assert (proof.verdict, proof.detail) == (
        "malformed",
        f"{name}, line 1: a hash, a level and two hashes were expected",
    )
    assert include(SIXPENCE, records[2], damaged, root).verdict == "malformed"


def test_a_tree_without_its_last_levels_has_no_root() -> None:
    files, _, _ = sum_paths.silver_sixpence(ACCOUNTS)
    top = sorted(files)[-1]
    del files[top]
    proof = verify(SIXPENCE, files)
    assert (proof.verdict, proof.reason) == ("broken", "root_missing")
    assert verify(SIXPENCE, {}).verdict == "malformed"


def test_the_levels_of_a_tree_belong_together() -> None:
    files, _, _ = sum_paths.silver_sixpence(ACCOUNTS)
    form = cast(Any, liabilities.FORMATS[SIXPENCE])
    bundle = as_bundle({**dict(reversed(files.items())), "readme": b"hello"})
    assert [[member.name for member in proof] for proof in form.members(bundle)] == [sorted(files)]


# --- both -------------------------------------------------------------------------------------------------------------


@given(
    count=st.integers(2, 40), place=st.integers(0, 39), other=st.integers(0, 255), at=st.integers(0, 10_000),
    scheme=st.sampled_from([FIRM, SIXPENCE, "bingx_path"]),
)  # fmt: skip
def test_any_other_byte_is_refused(count: int, place: int, other: int, at: int, scheme: str) -> None:
    accounts = [{"BTC": Decimal(number)} for number in range(count)]
    if scheme == FIRM:
        tree, root, _ = sum_paths.network_firm(accounts)
        files = {"tree.txt": tree, "root.txt": root}
    elif scheme == SIXPENCE:
        files, _, _ = sum_paths.silver_sixpence(accounts)
    else:
        files = {"user.txt": sum_paths.bingx(accounts, place % count)}
    name = sorted(files)[at % len(files)] if scheme == SIXPENCE else next(iter(files))
    content = bytearray(files[name])
    at %= len(content)
    if content[at] == other or (content[at : at + 1] + bytes([other])).strip(b"\r\n ") == b"":
        return
    content[at] = other
    found = verify(scheme, {**files, name: bytes(content)})
    assert found.verdict in ("broken", "malformed"), (name, at, other)


@pytest.mark.parametrize("scheme", [FIRM, SIXPENCE, "bingx_path"])
@pytest.mark.parametrize("content", [b"", b"\x00\xff" * 9, b"<html>", b"null", b"Level\tHash\n", b"a" * 70_000])
def test_what_is_no_tree_is_malformed(scheme: str, content: bytes) -> None:
    assert verify(scheme, {"file": content}).verdict == "malformed"
    tree, _, users = sum_paths.network_firm(ACCOUNTS)
    found = include(scheme, content, {"tree.txt": tree})
    assert (found.verdict, found.included) == ("malformed", None)
    assert users[0] not in repr(found).encode()


def test_formats_tell_their_files_apart() -> None:
    tree, root, users = sum_paths.network_firm(ACCOUNTS)
    files, _, records = sum_paths.silver_sixpence(ACCOUNTS)
    known = {
        "network_firm_tree": [tree],
        "silver_sixpence_tree": [*files.values()],
        "bingx_path": [sum_paths.bingx(ACCOUNTS, 1)],
    }
    for scheme, contents in known.items():
        for content in contents:
            assert [name for name, form in liabilities.FORMATS.items() if form.matches(as_bundle({"f": content}))] == [
                scheme
            ]
    assert liabilities.user_formats(as_file(users[1])) == ["network_firm_tree"]
    assert liabilities.user_formats(as_file(records[1])) == ["silver_sixpence_tree"]
    assert liabilities.user_formats(as_file(known["bingx_path"][0])) == ["bingx_path"]
    for other in (tree, root, b"hello\n", b"<html>", b"", b"a,b\n1,2\n"):
        assert liabilities.user_formats(as_file(other)) == [], other

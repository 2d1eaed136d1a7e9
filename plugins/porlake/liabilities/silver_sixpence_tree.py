"""The tree of Mazars' audits with Silver Sixpence's tool (`tree-level1.csv` ...): Binance 2022-11, KuCoin, Crypto.com.

file    one a level, from the leaves upwards: "hash,level,left child,right child", SHA-256 in hex
leaf    sha256(client id + salt + audit id + "BTC=1.5|ETH=0"), as one text
parent  sha256 of the 64 bytes of both children; a node without a sibling goes up as it is

Nodes carry no amounts. A user asks with the line that is hashed (the account record). Its parts are glued: where the id
of the audit ends and the first asset begins is not in it, so that label is read as the capital letters before `=`.
Source: silversixpence-crypto/merkletree-verify, MerkleTreeBuild.java and README.m; the edition before (four children,
SHA-256 twice over hex text) is not read.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from hashlib import sha256

from porlake.liabilities import _hashes
from porlake.liabilities._amounts import canonical
from porlake.liabilities._json import Malformed
from porlake.liabilities._protocol import (
    EVERY_CHECK_HOLDS,
    NOT_OF_THE_FORMAT,
    Bundle,
    Check,
    Inclusion,
    Kind,
    Proof,
    PublishedFile,
)
from porlake.progress import Tell, silent

NAME = "silver_sixpence_tree"
KIND: Kind = "tree"
NOT_SHOWN = _hashes.OPEN

MOST_LEVELS, MOST_NODES = 64, 1 << 27
_HEAD = re.compile(rb"\A(?:\xef\xbb\xbf)?[0-9a-f]{64},([1-9][0-9]?),[0-9a-f]{64},[0-9a-f]{64}\r?(?:\n|\Z)")
_NAME = re.compile(r"(?:.*[/\\])?tree-level([1-9][0-9]?)\.csv", re.IGNORECASE | re.DOTALL)
_LINE = re.compile("([0-9a-f]{64}),([1-9][0-9]?),([0-9a-f]{64}),([0-9a-f]{64})")
_USER = re.compile(r"[^=|\r\n]{1,500}=[0-9.-]*(?:\|[A-Za-z0-9]{1,20}=[0-9.-]*){0,500}")
_FAILS = {
    "levels": "levels_broken",
    "node_hash": "node_hash_differs",
    "children": "children_differ",
    "one_root": "root_missing",
    "root_published": "root_not_published",
}


@dataclass(frozen=True, slots=True)
class _Tree:
    """`leaves`: the digests of the lowest level, one behind the other, a leaf without a sibling last; `is_whole`:
    whether the lowest published level is that of the leaves.
    """

    checks: tuple[Check, ...]
    leaves: bytearray
    is_whole: bool
    root: bytes


def matches(bundle: Bundle) -> bool:
    """Whether a file's first line is a hash, a level and two hashes."""
    return any(_HEAD.match(member.head) for member in bundle.members)


def members(bundle: Bundle) -> list[list[PublishedFile]]:
    """The files of all levels are one tree, from the leaves upwards. A file that has a level's name and not its first
    line is one of them: without it, what is left could be a smaller tree that holds.
    """
    return [sorted(filter(_level, bundle.members), key=_level)]


def verify(bundle: Bundle) -> Proof:
    """Each hash from its children, each level's children from the level below, one root."""
    return verify_telling(bundle, silent)


def verify_telling(bundle: Bundle, tell: Tell) -> Proof:
    try:
        tree = _read(bundle, tell)
    except Malformed as error:
        return Proof(NAME, KIND, "malformed", NOT_OF_THE_FORMAT, detail=error.detail)
    checks = [*tree.checks, *_hashes.root_checks(tree.root.hex(), ())]
    count = len(tree.leaves) // 32 if tree.is_whole else None
    return _hashes.verdict_of(NAME, checks, _FAILS.__getitem__, tree.root.hex(), count, NOT_SHOWN)


def is_user_file(member: PublishedFile) -> bool:
    """Whether a file is one line that ends with amounts, as in BTC=1.5|ETH=0."""
    return _hashes.is_one_line(member, _USER)


def inclusion(user: PublishedFile, published: Bundle | None, root: str | None) -> Inclusion:
    """Whether a user's leaf stands in the published tree, and whether that has the published root."""
    try:
        record = _hashes.user_lines(user, 1)[0]
        balances = _balances(record)
    except Malformed as error:
        return Inclusion(NAME, "malformed", NOT_OF_THE_FORMAT, None, not_shown=NOT_SHOWN, detail=error.detail)
    if published is None or not matches(published):
        return _hashes.without_tree(NAME, NOT_SHOWN, balances)
    try:
        tree = _read(published, silent)
    except Malformed as error:
        return Inclusion(NAME, "malformed", NOT_OF_THE_FORMAT, None, balances, not_shown=NOT_SHOWN, detail=error.detail)
    place = _place_of(sha256(record.encode()).digest(), tree.leaves)
    if not tree.is_whole:
        told = "the level of the leaves is not published"
        return Inclusion(
            NAME,
            "unsupported",
            "published_file_needed",
            None,
            balances,
            None,
            tree.root.hex(),
            (Check("in_tree", None, told),),
            NOT_SHOWN,
            told,
        )
    is_there = place >= 0
    checks = [Check("in_tree", is_there, "" if is_there else "no leaf of the tree is the user's"), *tree.checks]
    checks += _hashes.root_checks(
        tree.root.hex(), [] if root is None else [("the root that was given", root.strip().lower())]
    )
    wrong = next((check for check in checks if check.passed is False), None)
    reasons = {**_FAILS, "in_tree": "not_in_tree"}
    return Inclusion(
        NAME,
        "holds" if wrong is None else "broken",
        EVERY_CHECK_HOLDS if wrong is None else reasons[wrong.name],
        wrong is None,
        balances,
        _hashes.depth_of(place // 32, len(tree.leaves) // 32) if is_there else None,
        tree.root.hex(),
        tuple(checks),
        NOT_SHOWN if root is not None else (*NOT_SHOWN, "root_not_compared"),
        "" if wrong is None else wrong.detail,
    )


def _place_of(leaf: bytes, leaves: bytearray) -> int:
    """Where a digest begins among others, -1 where it is none of them."""
    at = leaves.find(leaf)
    while at > 0 and at % 32:
        at = leaves.find(leaf, at + 1)
    return at


def _level(member: PublishedFile) -> int:
    """The level of a file, 0 where it is none of a tree."""
    match = _HEAD.match(member.head) or _NAME.fullmatch(member.name)
    return int(match[1]) if match else 0


def _read(bundle: Bundle, tell: Tell) -> _Tree:
    """The tree of the bundle's files. Raises Malformed."""
    files = members(bundle)[0]
    if not files:
        raise Malformed(_hashes.NO_FILE)
    levels = [_level(member) for member in files]
    expected = list(range(levels[0], levels[0] + len(levels)))
    told = "" if levels == expected else f"the levels are {levels}, and {expected} were expected"
    wrong = {"levels": told, "node_hash": "", "children": ""}
    leaves, nodes, may_grow = bytearray(), bytearray(), False
    for place, member in enumerate(files):
        children, hashes = _level_of(member, levels[place], wrong, tell)
        if place == 0:
            leaves, may_grow, nodes = bytearray(children), levels[0] == 1, hashes
            continue
        rest = children[len(nodes) :]
        if children == nodes[: len(children)] and len(nodes) - len(children) in (0, 32):
            nodes = hashes + nodes[len(children) :]
        elif may_grow and len(rest) == 32 and children[: len(nodes)] == nodes:
            leaves, nodes, may_grow = leaves + rest, hashes, False  # the last leaf had no sibling until here
        else:
            wrong["children"] = wrong["children"] or _differing(member.name, children, nodes)
            nodes = hashes
    checks = [Check(name, not told, told) for name, told in wrong.items()]
    count = len(nodes) // 32
    checks.append(Check("one_root", count == 1, "" if count == 1 else f"{count:,} nodes stand above the last level"))
    return _Tree(tuple(checks), leaves, levels[0] == 1, bytes(nodes[:32]))


def _level_of(member: PublishedFile, level: int, wrong: dict[str, str], tell: Tell) -> tuple[bytearray, bytearray]:
    """(children, hashes) of a level's lines; the first of each that is wrong is put into `wrong`. Raises Malformed."""
    children, hashes = bytearray(), bytearray()
    for number, line in _hashes.lines(member, tell, f"nodes of level {level}"):
        match = _LINE.fullmatch(line)
        if match is None:
            raise Malformed(f"{member.name}, line {number}: a hash, a level and two hashes were expected")
        left, right = bytes.fromhex(match[3]), bytes.fromhex(match[4])
        node = _hashes.parent(left, right)
        if node.hex() != match[1] and not wrong["node_hash"]:
            wrong["node_hash"] = (
                f"{member.name}, line {number}: the hash is {match[1]}, and its children give {node.hex()}"
            )
        if match[2] != str(level) and not wrong["levels"]:
            wrong["levels"] = f"{member.name}, line {number}: the level is {match[2]}, and {level} was expected"
        children += left + right
        hashes += node
        if number > MOST_NODES:
            raise Malformed(f"{member.name}: more than {MOST_NODES:,} nodes: no level is so wide")
    return children, hashes


def _differing(name: str, children: bytearray, nodes: bytearray) -> str:
    for at in range(0, min(len(children), len(nodes)), 32):
        if children[at : at + 32] != nodes[at : at + 32]:
            return f"{name}: child {at // 32} is {children[at : at + 32].hex()}, and the level below has another there"
    return f"{name}: {len(children) // 32:,} children, and the level below has {len(nodes) // 32:,} nodes"


def _balances(record: str) -> tuple[tuple[str, str], ...]:
    """Raises Malformed, without what a user's line holds."""
    found = list[tuple[str, str]]()
    for part in record.split("|"):
        name, _, amount = part.rpartition("=")
        label = re.search("[A-Z]*[0-9]*\\Z" if found else "[A-Z]*\\Z", name)
        if (amount and canonical(amount, 40, signed=True) is None) or label is None or not label[0]:
            raise Malformed("an account record was expected, which ends as BTC=1.5|ETH=0 does")
        found.append((label[0], amount or "0"))
    return tuple(found)

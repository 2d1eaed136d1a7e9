"""The list of leaves of Armanino's and The Network Firm's audits (`output_merkle_tree.txt`): Gate until 2023, Bitso.

file    "Level" TAB "Hash", then a line a leaf: "levels,index" TAB the first 16 hex of its hash
leaf    of sha256("uid,BTC:1.5,ETH:0"), or of sha256(hex(sha256(uid)) + hex(sha256(amounts glued)))
parent  sha256 of the bytes of both children (8 of a leaf, 32 of a node); a node without a sibling goes up as it is

A leaf has 64 bits. Totals stand in a file of their own that nothing binds to the tree. A root file
(`output_merkle_root.txt`) published beside the list is compared. A user asks with the line that is hashed:
`uid,BTC:1.5` or `uid,1.5,0`, or with the leaf itself. Source: thenetworkfirm/proof-of-reserves-merkle-tree-tool, cli.js
and jobHandler.js (merkletreejs); the sample beside them recomputes.
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Iterator

import numpy

from porlake.liabilities import _hashes, _paths
from porlake.liabilities._amounts import canonical
from porlake.liabilities._json import Malformed
from porlake.liabilities._protocol import (
    EVERY_CHECK_HOLDS,
    NOT_OF_THE_FORMAT,
    Bundle,
    Check,
    Finding,
    Inclusion,
    Kind,
    Proof,
    PublishedFile,
)
from porlake.progress import Tell, silent

NAME = "network_firm_tree"
KIND: Kind = "tree"
NOT_SHOWN = (*_hashes.OPEN, "short_hashes")

PLACES, MOST_LEAVES = 18, 1 << 27
_HEAD = re.compile(rb"\A(?:\xef\xbb\xbf)?Level\tHash\r?\n(?:#[^\n]*\n)*[0-9]{1,3},0\t")
_LINE = re.compile(r"([1-9][0-9]{0,2}),(0|[1-9][0-9]{0,9})\t([0-9a-f]{16})")
_ROOT = re.compile(rb"\s*[0-9a-f]{64}\s*")
_USER = re.compile(r"[0-9a-f]{16}|[\w@.:-]{1,200}(?:,(?:[A-Za-z0-9]{1,20}:)?-?[0-9]{1,40}(?:\.[0-9]{1,40})?){1,500}")
_FAILS = {
    "levels": "levels_broken",
    "order": "order_broken",
    "root_published": "root_not_published",
}


def matches(bundle: Bundle) -> bool:
    """Whether a file begins with the columns Level and Hash."""
    return any(map(_is_tree, bundle.members))


def members(bundle: Bundle) -> list[list[PublishedFile]]:
    """A list of leaves, and the root that was published beside it, where there is one list alone."""
    trees = [member for member in bundle.members if _is_tree(member)]
    roots = [member for member in bundle.members if _is_root(member)]
    return [[*trees, *roots]] if len(trees) == 1 else [[tree] for tree in trees]


def verify(bundle: Bundle) -> Proof:
    """The root of the leaves as they are listed, their number, and leaves that stand twice."""
    return verify_telling(bundle, silent)


def verify_telling(bundle: Bundle, tell: Tell) -> Proof:
    tree = next(filter(_is_tree, bundle.members), None)
    if tree is None:
        return Proof(NAME, KIND, "malformed", NOT_OF_THE_FORMAT, detail=_hashes.NO_FILE)
    try:
        leaves, checks = _leaves(tree, tell)
        root = _hashes.root_of(_bytes_of(leaves))[0].hex()
    except Malformed as error:
        return Proof(NAME, KIND, "malformed", NOT_OF_THE_FORMAT, detail=error.detail)
    checks += _hashes.root_checks(root, _published(bundle))
    return _hashes.verdict_of(NAME, checks, _FAILS.__getitem__, root, len(leaves), NOT_SHOWN, tuple(_equal(leaves)))


def is_user_file(member: PublishedFile) -> bool:
    """Whether a file is one line: a user's id and amounts, or a leaf."""
    return _hashes.is_one_line(member, _USER)


def inclusion(user: PublishedFile, published: Bundle | None, root: str | None) -> Inclusion:
    """Whether a user's leaf stands in the published list, and whether that has the published root."""
    try:
        line = _hashes.user_lines(user, 1)[0]
        leaves, balances = _user(line)
    except Malformed as error:
        return Inclusion(NAME, "malformed", NOT_OF_THE_FORMAT, None, not_shown=NOT_SHOWN, detail=error.detail)
    tree = None if published is None else next(filter(_is_tree, published.members), None)
    if published is None or tree is None:
        return _hashes.without_tree(NAME, NOT_SHOWN, balances)
    proof = verify(published)
    if proof.verdict == "malformed":
        told = f"{tree.name}: {proof.detail}"
        return Inclusion(NAME, "malformed", proof.reason, None, balances, not_shown=NOT_SHOWN, detail=told)
    listed, _ = _leaves(tree, silent)
    places = [place for leaf in leaves for place, number in enumerate(listed) if number == leaf]
    told = (
        f"it stands at {len(places):,} places, first at {places[0]:,}"
        if places
        else "no leaf of the list is the user's"
    )
    checks = [Check("in_tree", bool(places), told), *proof.checks]
    if root is not None:
        checks += _hashes.root_checks(proof.root, [("the root that was given", root.strip().lower())])
    wrong = next((check for check in checks if check.passed is False), None)
    reasons = {**_FAILS, "in_tree": "not_in_tree"}
    return Inclusion(
        NAME,
        "holds" if wrong is None else "broken",
        EVERY_CHECK_HOLDS if wrong is None else reasons[wrong.name],
        wrong is None,
        balances,
        _hashes.depth_of(places[0], len(listed)) if places else None,
        proof.root,
        tuple(checks),
        NOT_SHOWN,
        "" if wrong is None else wrong.detail,
    )


def _is_tree(member: PublishedFile) -> bool:
    return _HEAD.match(member.head) is not None


def _is_root(member: PublishedFile) -> bool:
    return len(member.head) <= 100 and _ROOT.fullmatch(member.head) is not None


def _published(bundle: Bundle) -> list[tuple[str, str]]:
    return [(member.name, member.head.strip().decode("ascii")) for member in bundle.members if _is_root(member)]


def _leaves(tree: PublishedFile, tell: Tell) -> tuple[array[int], list[Check]]:
    """The leaves as numbers of 64 bits in the order of the lines, and the checks on their lines. Raises Malformed."""
    leaves, levels, order = array("Q"), "", ""
    first, own = "", ""
    for number, line in _hashes.lines(tree, tell, "leaves"):
        if number == 1 or line.startswith("#") or not line:
            continue
        match = _LINE.fullmatch(line)
        if match is None:
            raise Malformed(f"line {number}: levels,index, a tab and 16 digits of hex were expected")
        own = match[1]
        first = first or own
        if own != first and not levels:
            levels = f"line {number}: {own} levels, and {first} before"
        if int(match[2]) != len(leaves) and not order:
            order = f"line {number}: the index is {match[2]}, and {len(leaves)} was expected"
        leaves.append(int(match[3], 16))
        if len(leaves) > MOST_LEAVES:
            raise Malformed(f"more than {MOST_LEAVES:,} leaves: no list is so long")
    if not leaves:
        raise Malformed("the list holds no leaf")
    count = (len(leaves) - 1).bit_length() + 1
    if not levels and first != str(count):
        levels = f"the list says {first} levels, and {len(leaves):,} leaves have {count}"
    return leaves, [Check("order", not order, order), Check("levels", not levels, levels)]


def _bytes_of(leaves: array[int]) -> Iterator[bytes]:
    return (leaf.to_bytes(8, "big") for leaf in leaves)


def _equal(leaves: array[int]) -> Iterator[Finding]:
    """Leaves that stand twice: two accounts that were given one leaf are counted once, or two equal lines twice."""
    listed: numpy.ndarray[tuple[int], numpy.dtype[numpy.uint64]] = numpy.frombuffer(leaves, dtype=numpy.uint64)
    numbers, counts = numpy.unique(listed, return_counts=True)
    several = int((counts > 1).sum())
    if several:
        example = int(numbers[counts > 1][0])
        yield Finding("equal_leaves", f"{several:,} leaves stand more than once, {example:016x} among them")


def _user(line: str) -> tuple[set[int], tuple[tuple[str, str], ...]]:
    """The leaves that a user's line may be, by the spelling of its amounts, and its amounts. Raises Malformed."""
    if re.fullmatch("[0-9a-f]{16}", line):
        return {int(line, 16)}, ()
    user, *parts = (part.strip() for part in line.split(","))
    pairs = [part.rpartition(":") for part in parts]
    balances = tuple((label, amount) for label, _, amount in pairs)
    if not balances or any(canonical(amount, 40, signed=True) is None for _, amount in balances):
        raise Malformed("a user's id and amounts were expected, as in uid,BTC:1.5,ETH:0")
    if all(label for label, _ in balances):
        spellings = (str, _stripped, _with_point)
        texts = {f"{user},{','.join(f'{label}:{spelt(amount)}' for label, amount in balances)}" for spelt in spellings}
        return {int(_paths.digest(text)[:16], 16) for text in texts}, balances
    if any(label for label, _ in balances):
        raise Malformed("amounts with labels and without were mixed")
    glued = _paths.digest("".join(amount for _, amount in balances))
    leaf = _paths.digest(_paths.digest(user) + glued)[:16]
    return {int(leaf, 16)}, tuple((str(place), amount) for place, (_, amount) in enumerate(balances, 1))


def _stripped(amount: str) -> str:
    return amount.rstrip("0").rstrip(".") if "." in amount else amount


def _with_point(amount: str) -> str:
    """As some editions have it: 0 is 0.0, and no other zero stands at the end."""
    shown = _stripped(amount)
    return shown if "." in shown else f"{shown}.0"

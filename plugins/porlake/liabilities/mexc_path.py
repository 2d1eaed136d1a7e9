"""MEXC's Merkle path of one user (`myProof.json`), audits since 2023.

leaf    first 32 hex of sha256(proofId + "," + accountId + "," + BTC:amount,ETH:amount..), assets by name
parent  first 32 hex of sha256(left + "," + right + "," + sums in the same form)
level   0 at the leaf; type: 1 left, 2 right, 3 root

A sibling that is missing is left out of the list or has the hash ''; it adds nothing. Where there is one, BTC, ETH,
USDC and USDT stand among the sums even at 0. A hash has 128 bits. Source: mexcmerkle/mexc-proof-of-reserves,
src/main/java/com/mexc/merkle (MerkleProofValidator, MerklePathNode, MerkleSelfNode), which compares the hash alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from porlake.liabilities import _json, _paths
from porlake.liabilities._json import Malformed
from porlake.liabilities._paths import Node, Path, Side
from porlake.liabilities._protocol import Kind, PublishedFile

NAME = "mexc_path"
KIND: Kind = "path"
NOT_SHOWN = (*_paths.OPEN, "short_hashes")

PLACES, HASH_BYTES = 18, 16
SIDES: Mapping[int, Side] = {1: "left", 2: "right"}
ALWAYS = ("BTC", "ETH", "USDC", "USDT")
_shown = _paths.shortest(PLACES)
_NODE = ("level", "type", "hash", "balances")


def knows(member: PublishedFile) -> bool:
    return _json.has_keys(member, "pathList", "level", "balances")


def read(member: PublishedFile) -> Path:
    """Raises Malformed."""
    whole = _json.fields(_json.read(member, _paths.MOST_BYTES), "the file", "self", "pathList")
    listed = _json.items(whole["pathList"], "pathList", _paths.DEEPEST + 1)
    if not listed:
        raise Malformed("pathList: the root was expected, and there is nothing")
    found = [
        _node(_json.fields(node, f"pathList[{place}]", *_NODE), f"pathList[{place}]")
        for place, node in enumerate(listed)
    ]
    *stated, root = found
    if root.side is not None or not root.hash:
        raise Malformed(f"{root.place}: the root (type 3, with its hash) was expected at the end")
    if not 0 < (depth := root.level or 0) <= _paths.DEEPEST:
        raise Malformed(f"{root.place}.level: 1 to {_paths.DEEPEST} was expected of the root, and there is {depth}")
    by_level = dict[int, Node]()
    for node in stated:
        if node.side is None:
            raise Malformed(f"{node.place}.type: the root stands before the end of the path")
        if node.level is None or node.level >= depth or node.level in by_level:
            raise Malformed(f"{node.place}.level: {node.level} stands twice, or above the root's")
        by_level[node.level] = node
    own = _json.fields(whole["self"], "self", *_NODE, "proofId", "accountId")
    leaf = _node(own, "self")
    if leaf.side is None or not leaf.hash:
        raise Malformed("self: type 1 or 2 and a hash were expected")
    audit, account = _paths.plain(own["proofId"], "self.proofId"), _paths.plain(own["accountId"], "self.accountId")
    siblings = tuple(by_level.get(level) or Node(f"level {level}", "", {}, "right", level) for level in range(depth))
    return Path(
        leaf,
        _cut(f"{audit},{account},{_listed(leaf.sums)}"),
        siblings,
        root,
        _parent,
        always=ALWAYS,
        audits=(("self", audit),),
        shown=_shown,
    )


def _node(fields: dict[str, Any], place: str) -> Node:
    sums = _paths.amounts(fields["balances"], f"{place}.balances", "shortest", PLACES)
    for label in sums:
        _paths.plain(label, f"{place}.balances")
    return Node(
        place,
        fields["hash"] if fields["hash"] == "" else _paths.hash_at(fields["hash"], f"{place}.hash", HASH_BYTES),
        sums,
        SIDES.get(_json.number(fields["type"], f"{place}.type", 3, 1)),
        _json.number(fields["level"], f"{place}.level", 1_000),
    )


def _listed(sums: _paths.Sums) -> str:
    return ",".join(f"{label}:{_shown(label, sums[label])}" for label in sorted(sums))


def _cut(content: str) -> str:
    return _paths.digest(content)[: 2 * HASH_BYTES]


def _parent(left: str, right: str, sums: _paths.Sums, level: int) -> str:
    return _cut(f"{left},{right},{_listed(sums)}")


SCHEME = _paths.Scheme(NAME, knows, read, NOT_SHOWN)
matches, verify, is_user_file, inclusion = _paths.formed(SCHEME, "a file is JSON with the keys pathList and level")

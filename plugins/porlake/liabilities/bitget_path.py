"""Bitget's Merkle path of one user (`merkel_tree_bg.json`), audits since 2022-12.

leaf    first 16 hex of sha256(encryptUid + "," + nonce + "," + {"BTC":"..",..})
parent  first 16 hex of sha256(left + right + "," + {sums} + "," + level)
level   counts down to 1 at the root; role: 0 empty (a copy without amounts, on the right), 1 left, 2 right, 3 root

Amounts are decimal texts without zeros at the end, assets in the order of the file. A hash has 64 bits: two nodes of
one hash are within reach of whoever makes the tree. Amounts below zero stand in the sample that Bitget publishes itself
(audit Au2025111815, USDC at levels 17 and 14), so they are told and not refused: what is negative lowers the total of
every node above it. Source: BitgetLimited/proof-of-reserves, src/main/java/com/upex (MerkelTreeUtils, MerKelTree).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from porlake.liabilities import _json, _paths
from porlake.liabilities._json import Malformed
from porlake.liabilities._paths import Node, Path, Side
from porlake.liabilities._protocol import Kind, PublishedFile

NAME = "bitget_path"
KIND: Kind = "path"
NOT_SHOWN = (*_paths.OPEN, "short_hashes")

PLACES, HASH_BYTES = 18, 8
SIDES: Mapping[int, Side] = {0: "padding", 1: "left", 2: "right"}
_shown = _paths.shortest(PLACES)
_NODE = ("balances", "level", "merkelLeaf")


def knows(member: PublishedFile) -> bool:
    return _json.has_keys(member, "merkelLeaf", "level", "balances")


def read(member: PublishedFile) -> Path:
    """Raises Malformed."""
    whole = _json.fields(_json.read(member, _paths.MOST_BYTES), "the file", "self", "path")
    listed = _paths.nodes(whole["path"], "path")
    own = _json.fields(whole["self"], "self", *_NODE, "encryptUid", "nonce", "role", optional=("auditId",))
    audits = list[tuple[str, str]]()
    leaf = _node(own, "self", audits)
    if leaf.side is None or leaf.side == "padding":
        raise Malformed("self.role: 1 (left) or 2 (right) was expected")
    assets = tuple(leaf.sums)
    siblings = list[Node]()
    for place, found in enumerate(listed):
        name = f"path[{place}]"
        node = _node(
            _json.fields(found, name, *_NODE, optional=("auditId", "role", "nonce", "encryptUid")), name, audits
        )
        if (node.side is None) != (place == len(listed) - 1):
            raise Malformed(f"{name}.role: 3 (root) was expected of the last node, and of no other")
        _paths.ordered(node.sums, assets, f"{name}.balances")
        if tuple(node.sums) != assets:
            raise Malformed(f"{name}.balances: the assets stand in another order than those of self")
        siblings.append(node)
    root = siblings.pop()
    uid, nonce = _paths.plain(own["encryptUid"], "self.encryptUid"), _paths.plain(own["nonce"], "self.nonce")
    hashed = _cut(f"{uid},{nonce},{_paths.quoted(leaf.sums, _shown)}")
    return Path(
        leaf,
        hashed,
        tuple(siblings),
        root,
        _parent,
        level=len(listed),
        up=-1,
        audits=tuple(audits),
        shown=_shown,
    )


def _node(fields: dict[str, Any], place: str, audits: list[tuple[str, str]]) -> Node:
    if fields.get("auditId") is not None:
        audits.append((place, _json.text(fields["auditId"], f"{place}.auditId")))
    role = 3 if fields.get("role") is None else _json.number(fields["role"], f"{place}.role", 3)
    sums = _paths.amounts(fields["balances"], f"{place}.balances", "shortest", PLACES)
    for label in sums:
        _paths.plain(label, f"{place}.balances")
    return Node(
        place,
        _paths.hash_at(fields["merkelLeaf"], f"{place}.merkelLeaf", HASH_BYTES),
        sums,
        SIDES.get(role),
        _json.number(fields["level"], f"{place}.level", 1_000),
    )


def _cut(content: str) -> str:
    return _paths.digest(content)[: 2 * HASH_BYTES]


def _parent(left: str, right: str, sums: _paths.Sums, level: int) -> str:
    return _cut(f"{left}{right},{_paths.quoted(sums, _shown)},{level}")


SCHEME = _paths.Scheme(NAME, knows, read, NOT_SHOWN, may_be_negative=True)
matches, verify, is_user_file, inclusion = _paths.formed(SCHEME, "a file is JSON with the keys merkelLeaf and level")

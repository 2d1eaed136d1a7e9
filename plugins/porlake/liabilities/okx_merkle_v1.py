"""OKX's Merkle path of one user (`merkle_proof_file.json`), audits of 2022-11 to 2023-03.

leaf    sha256(nonce + {"BTC":"..","ETH":"..","USDT":".."})
parent  sha256(left hash + right hash + BTC + ETH + USDT + height), amounts glued, hashes as hex text
type    1 left, 2 right, 3 root, 4 padding: a copy of the node beside it without amounts, on the right

Amounts are decimal texts of at most 8 digits behind the point, without zeros at the end. Source: okx/proof-of-reserves,
common/merkle.go and example/merkle_proof_file.json (MerkleValidator), which compares the root alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from porlake.liabilities import _json, _paths
from porlake.liabilities._json import Malformed
from porlake.liabilities._paths import Node, Path, Side
from porlake.liabilities._protocol import Kind, PublishedFile

NAME = "okx_merkle_v1"
KIND: Kind = "path"
NOT_SHOWN = (*_paths.OPEN, "amounts_glued", "account_not_bound")

ASSETS = ("BTC", "ETH", "USDT")
SIDES: Mapping[int, Side] = {1: "left", 2: "right", 4: "padding"}
_NODE = ("hash", "balances", "type", "height")
_shown = _paths.shortest(8)


def knows(member: PublishedFile) -> bool:
    return _json.has_keys(member, "path", "balances", "height")


def read(member: PublishedFile) -> Path:
    """Raises Malformed."""
    whole = _json.fields(_json.read(member, _paths.MOST_BYTES), "the file", "self", "path")
    listed = _paths.nodes(whole["path"], "path")
    audits = list[tuple[str, str]]()
    own = _json.fields(whole["self"], "self", "nonce", *_NODE, optional=("auditId", "position"))
    leaf = _node(own, "self", audits)
    if leaf.side is None or leaf.side == "padding":
        raise Malformed("self.type: 1 (left) or 2 (right) was expected")
    siblings, beside = list[Node](), None
    for place, found in enumerate(listed):
        name = f"path[{place}]"
        fields = _json.fields(found, name, *_NODE, optional=("auditId", "nonce", "position"))
        node = _node(fields, name, audits)
        if (node.side is None) != (place == len(listed) - 1):
            raise Malformed(f"{name}.type: 3 (root) was expected of the last node, and of no other")
        if place == 0 and fields.get("nonce") and node.side != "padding":
            beside = _leaf(_paths.hash_at(fields["nonce"], f"{name}.nonce", 32), node)
        siblings.append(node)
    root = siblings.pop()
    hashed = _leaf(_paths.hash_at(own["nonce"], "self.nonce", 32), leaf)
    return Path(
        leaf,
        hashed,
        tuple(siblings),
        root,
        _parent,
        level=1,
        audits=tuple(audits),
        sibling_hash=beside,
        shown=_shown,
    )


def _node(fields: dict[str, Any], place: str, audits: list[tuple[str, str]]) -> Node:
    if "auditId" in fields:
        audits.append((place, _json.text(fields["auditId"], f"{place}.auditId")))
    kind = _json.number(fields["type"], f"{place}.type", 4, 1)
    sums = _paths.amounts(fields["balances"], f"{place}.balances", "shortest", 8)
    return Node(
        place,
        _paths.hash_at(fields["hash"], f"{place}.hash", 32),
        _paths.ordered(sums, ASSETS, f"{place}.balances"),
        SIDES.get(kind),
        _json.number(fields["height"], f"{place}.height", 1_000),
    )


def _leaf(nonce: str, node: Node) -> str:
    return _paths.digest(nonce + _paths.quoted(node.sums, _shown))


def _parent(left: str, right: str, sums: _paths.Sums, level: int) -> str:
    return _paths.digest(f"{left}{right}{_paths.glued(sums, _shown)}{level}")


SCHEME = _paths.Scheme(NAME, knows, read, NOT_SHOWN)
matches, verify, is_user_file, inclusion = _paths.formed(
    SCHEME, "a file is JSON with the keys path, balances and height"
)

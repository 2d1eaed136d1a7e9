"""CoinEx's Merkle path of one user (`merkle_proof_file.json`), audits since 2022-12.

leaf    sha256(nonce + {"BTC":"..",..}), assets in order of their names, those of no amount left out
parent  sha256(left hash + right hash + {sums}), hashes as hex text; a path says `pos`: left or right, and no levels

A sibling that is missing is `{}`. The publisher's code of today hashes one's own hash twice; the sample beside it was
made with nothing in its place: both rules are tried, and one of them must hold for the whole path. Source:
coinexcom/proof-of-reserves, main.go and example/merkle_proof_file.json.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from porlake.liabilities import _json, _paths
from porlake.liabilities._json import Malformed
from porlake.liabilities._paths import Node, Path, Side
from porlake.liabilities._protocol import Kind, PublishedFile

NAME = "coinex_path"
KIND: Kind = "path"
NOT_SHOWN = (*_paths.OPEN, "account_not_bound", "depth_not_bound")

PLACES = 18
SIDES: Mapping[str, Side] = {"left": "left", "right": "right"}
_shown = _paths.shortest(PLACES)


def knows(member: PublishedFile) -> bool:
    return (
        _json.has_keys(member, "root", "self", "path", "balances")
        and not _json.has_keys(member, "height")
        and not _json.has_keys(member, "level")
    )


def read(member: PublishedFile) -> Path:
    """Raises Malformed."""
    whole = _json.fields(_json.read(member, _paths.MOST_BYTES), "the file", "root", "self", "path")
    listed = _json.items(whole["path"], "path", _paths.DEEPEST)
    if not listed:
        raise Malformed("path: at least one sibling was expected, and there is none")
    own = _json.fields(whole["self"], "self", "balances", "nonce")
    leaf = Node("self", "", _sums(own, "self"))
    siblings = tuple(_sibling(found, f"path[{place}]") for place, found in enumerate(listed))
    fields = _json.fields(whole["root"], "root", "balances", "hash")
    return Path(
        leaf,
        _paths.digest(_paths.hash_at(own["nonce"], "self.nonce", 32) + _object(leaf.sums)),
        siblings,
        Node("root", _paths.hash_at(fields["hash"], "root.hash", 32), _sums(fields, "root")),
        _parent,
        missing={"nothing": lambda own: "", "its own hash again": lambda own: own},
        shown=_shown,
    )


def _sibling(found: object, place: str) -> Node:
    if found == {}:
        return Node(place, "", {}, "right")
    fields = _json.fields(found, place, "balances", "hash", "pos")
    side = _json.text(fields["pos"], f"{place}.pos")
    if side not in SIDES:
        raise Malformed(f"{place}.pos: left or right was expected, and there is {_json.shown(side)}")
    return Node(place, _paths.hash_at(fields["hash"], f"{place}.hash", 32), _sums(fields, place), SIDES[side])


def _sums(fields: dict[str, Any], place: str) -> dict[str, int]:
    sums = _paths.amounts(fields["balances"], f"{place}.balances", "shortest", PLACES)
    return {_paths.plain(label, f"{place}.balances"): sums[label] for label in sorted(sums)}


def _object(sums: _paths.Sums) -> str:
    return _paths.quoted({label: sums[label] for label in sorted(sums)}, _shown)


def _parent(left: str, right: str, sums: _paths.Sums, level: int) -> str:
    return _paths.digest(left + right + _object(sums))


SCHEME = _paths.Scheme(NAME, knows, read, NOT_SHOWN)
matches, verify, is_user_file, inclusion = _paths.formed(
    SCHEME, "a file is JSON with the keys root, self, path and balances, and no levels"
)

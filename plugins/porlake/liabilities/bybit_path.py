"""Bybit's Merkle path of one user (`myProof.json`), audits since 2022-12.

leaf    sha256(userHash + amounts glued in the order of the audit's assets)
parent  sha256(left hash + right hash + sums glued + height), hashes as hex text
type    1 left, 2 right, 3 root, 4 padding; a copy without amounts also stands as a node of type 2

Amounts have exactly 8 digits behind the point (USDT and USDC of the first edition: 4). Which assets an audit has, and
in which order they are glued, has ten editions (EDITIONS): they are told apart by the labels, and an unknown list is
unsupported. What `userHash` is made of (the nonce, and what else) is not published. Source:
bybit-exchange/merkle-proof, src/main/java/com/bybit (GenericMerkleTree, merkle/MerkleTree, merkle/generic/Asset*).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from porlake.liabilities import _json, _paths
from porlake.liabilities._amounts import fixed
from porlake.liabilities._json import Malformed
from porlake.liabilities._paths import Node, Path, Side, Unsupported
from porlake.liabilities._protocol import Kind, PublishedFile

NAME = "bybit_path"
KIND: Kind = "path"
NOT_SHOWN = (*_paths.OPEN, "account_not_bound")

_BIT = (
    "AGLA",
    "APT",
    "ATOM",
    "AVAX",
    "BIT",
    "BTC",
    "BUSD",
    "DAI",
    "DOGE",
    "DOT",
    "DYDX",
    "EOS",
    "ETH",
    "FTM",
    "LTC",
    "MATIC",
    "SOL",
    "USDC",
    "USDT",
    "XRP",
)
_MORE = ("SHIB", "OP", "SAND", "LDO", "LINK", "COMP", "UNI", "MANA", "CRV", "BLUR", "SUSHI", "PEPE")
_YET_MORE = ("WLD", "BEAM", "AGI", "FET", "IMX", "RNDR", "GALA", "APEX", "SHRAP")
_NEWEST = ("GRAM", "XAUT", "HYPE", "STABLE", "ENA", "ARB", "ASTER", "ONDO", "AAVE", "USD1")


def _with(assets: tuple[str, ...], **renamed: str) -> tuple[str, ...]:
    """The list with some assets under new names, and without those whose new name is ''."""
    return tuple(new for asset in assets if (new := renamed.get(asset, asset)))


_MNT = _with(_BIT, BIT="MNT")
_FORTY = _with((*_MNT, *_MORE, *_YET_MORE), BUSD="")
_FORTY_2 = (*_with(_FORTY, DAI="", RNDR="RENDER"), "USDE")
_FORTY_3 = _with(_FORTY_2, MATIC="POL")
_FORTY_4 = _with(_FORTY_3, FTM="S")
_FORTY_5 = _with(_FORTY_4, EOS="A")
#: The assets of an audit in the order in which they are hashed, by the publisher's name of the list; from which audit
#: it holds: the release that brought it, where that says it.
EDITIONS: Mapping[str, tuple[str, ...]] = {
    "4": ("BTC", "ETH", "USDT", "USDC"),
    "20": _BIT,
    "20 with MNT": _MNT,
    "32": (*_MNT, *_MORE),
    "40 of 2024-04-03": _FORTY,
    "40 of 2024-08-08": _FORTY_2,
    "40 of 2024-10-10": _FORTY_3,
    "40 of 2025-01-14": _FORTY_4,
    "40 of 2025-06-19": _FORTY_5,
    "50 of 2026-07-22": (*_FORTY_5, *_NEWEST),
}
_BY_LABELS = {frozenset(assets): assets for assets in EDITIONS.values()}
_PLACES_OF_FOUR = {"BTC": 8, "ETH": 8, "USDT": 4, "USDC": 4}

SIDES: Mapping[int, Side] = {1: "left", 2: "right", 4: "padding"}
_NODE = ("hash", "balance", "type", "height")
_OPTIONAL = ("auditId", "nonce", "position")


def knows(member: PublishedFile) -> bool:
    return _json.has_keys(member, "path", "balance", "height") or _json.has_keys(member, "self", "balance", "height")


def read(member: PublishedFile) -> Path:
    """Raises Malformed, and Unsupported for a list of assets that is not known."""
    whole = _json.fields(_json.read(member, _paths.MOST_BYTES), "the file", "self", "path")
    listed = _paths.nodes(whole["path"], "path")
    own = _json.fields(whole["self"], "self", "userHash", *_NODE, optional=_OPTIONAL)
    labels = _json.fields(own["balance"], "self.balance")
    assets = _BY_LABELS.get(frozenset(labels))
    if assets is None:
        raise Unsupported(f"self.balance: no list of assets that is known here has these {len(labels):,}")
    audits = list[tuple[str, str]]()
    leaf = _node(own, "self", assets, audits)
    if leaf.side is None or leaf.side == "padding":
        raise Malformed("self.type: 1 (left) or 2 (right) was expected")
    siblings = list[Node]()
    for place, found in enumerate(listed):
        name = f"path[{place}]"
        node = _node(_json.fields(found, name, *_NODE, optional=_OPTIONAL), name, assets, audits)
        if (node.side is None) != (place == len(listed) - 1):
            raise Malformed(f"{name}.type: 3 (root) was expected of the last node, and of no other")
        siblings.append(node)
    root = siblings.pop()
    shown = _shown_of_four if len(assets) == 4 else _paths.exactly(8)

    def parent(left: str, right: str, sums: _paths.Sums, level: int) -> str:
        return _paths.digest(f"{left}{right}{_paths.glued(sums, shown)}{level}")

    user = _paths.hash_at(own["userHash"], "self.userHash", 32)
    hashed = _paths.digest(user + _paths.glued(leaf.sums, shown))
    return Path(leaf, hashed, tuple(siblings), root, parent, level=1, audits=tuple(audits), shown=shown)


def _node(fields: dict[str, Any], place: str, assets: tuple[str, ...], audits: list[tuple[str, str]]) -> Node:
    if fields.get("auditId") is not None:
        audits.append((place, _json.text(fields["auditId"], f"{place}.auditId")))
    found = _json.fields(fields["balance"], f"{place}.balance")
    _paths.ordered(found, assets, f"{place}.balance")
    sums = _paths.amounts(found, f"{place}.balance", "fixed", _PLACES_OF_FOUR if len(assets) == 4 else 8)
    return Node(
        place,
        _paths.hash_at(fields["hash"], f"{place}.hash", 32),
        {asset: sums[asset] for asset in assets},
        SIDES.get(_json.number(fields["type"], f"{place}.type", 4, 1)),
        _json.number(fields["height"], f"{place}.height", 1_000),
    )


def _shown_of_four(label: str, units: int) -> str:
    places = _PLACES_OF_FOUR[label]
    return fixed(units // 10 ** (8 - places), places)


SCHEME = _paths.Scheme(NAME, knows, read, NOT_SHOWN, copies=True)
matches, verify, is_user_file, inclusion = _paths.formed(
    SCHEME, "a file is JSON with the keys path, balance and height"
)

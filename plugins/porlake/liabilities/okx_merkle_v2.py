"""OKX's whole tree of liabilities, March and April 2023: full-liabilities-merkle-tree.txt and user_info_file.json.

The tree: a node a line, `hash,height,{"BTC":"..","ETH":"..","USDT":".."}`, the root first and the leaves (height 1)
last. Within a level nodes are listed from right to left, which nobody says. A level of an odd number is filled up with
a copy of its right-most node that owes nothing. The hash of an inner node is SHA-256 of the text left hash, right hash,
its own three amounts without anything between them, height; so a node does not bind what its children owe, and only the
sums do. A leaf's hash is SHA-256 of the user's hash and the leaf's amounts. A user stands in several leaves, and those
of equal amounts have one hash: that is told, not refused.

The user's file: the user's hash is SHA-256 of nonce and the JSON of the user's balances, from which the hash of every
leaf follows. The publisher's own tool compares leaves and adds them up; it computes no inner hash and no inner sum, and
looks at no sign.

Source: https://github.com/okx/proof-of-reserves (common/merklev2.go, common/por.go, cmd/merklevalidator).
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from porlake.liabilities import _amounts, _json
from porlake.liabilities._json import Malformed
from porlake.liabilities._protocol import Bundle, Check, Inclusion, Kind, Proof, PublishedFile, Verdict
from porlake.progress import Tell, silent

if TYPE_CHECKING:
    from porlake.liabilities import _whole_tree

NAME = "okx_merkle_v2"
KIND: Kind = "tree"
NOT_SHOWN = ("users_left_out", "leaf_shared", "account_not_bound")

ASSETS, PLACES = ("BTC", "ETH", "USDT"), 8
#: A user's file: a leaf takes some 200 bytes of it.
_MOST_BYTES, _MOST_LEAVES = 1 << 24, 50_000
_FIRST_LINE = re.compile(rb'[0-9a-f]{64},[0-9]{1,2},\{"BTC":"')


def matches(bundle: Bundle) -> bool:
    """Whether a file begins with a line of 64 hex digits, a height, and the balances of BTC first."""
    return any(map(_is_tree, bundle.members))


def verify(bundle: Bundle) -> Proof:
    return verify_telling(bundle, silent)


def verify_telling(bundle: Bundle, tell: Tell) -> Proof:
    """As `verify`, and says how far it is: a tree may have ten million leaves."""
    from porlake.liabilities import _whole_tree

    tree = _built(bundle, (), tell)
    return _whole_tree.proof(NAME, tree, bundle.exchange, NOT_SHOWN)


def is_user_file(member: PublishedFile) -> bool:
    return _json.has_keys(member, "nonce", "totalBalances", "nodes")


def inclusion(user: PublishedFile, published: Bundle | None, root: str | None) -> Inclusion:
    """Whether the user's leaves follow from the user's nonce and balances, add up, and stand in the tree. Without the
    tree nothing leads to a root: the file holds no path.
    """
    try:
        own = _read(user)
    except Malformed as error:
        return Inclusion(NAME, "malformed", "not_of_the_format", None, not_shown=NOT_SHOWN, detail=error.detail)
    checks = _own_checks(own)
    if published is None:
        checks += [Check("leaves_in_tree", None), Check("root_published", None)]
        return _told(
            own, checks, None, "consistent_only", "published_file_needed", "the file of the tree was not given"
        )
    asked = Counter((bytes.fromhex(leaf.hash), tuple(map(_units, leaf.owed))) for leaf in own.leaves)
    tree = _built(published, asked, silent)
    verdict, reason, detail = tree.verdict
    lacking = None if tree.stopped else _lacking(asked, tree.looked_up)
    same_root = None if root is None or not tree.root else tree.root == root.lower().removeprefix("0x")
    checks += [
        *tree.checks,
        Check("leaves_in_tree", None if lacking is None else not lacking, lacking or ""),
        Check("root_published", same_root, "" if same_root is not False else f"the tree's root is {tree.root}"),
    ]
    return _told(own, checks, None if lacking is None else not lacking, verdict, reason, detail, tree.depth, tree.root)


@dataclass(frozen=True)
class _Leaf:
    """`owed`: the texts as they stand in the file, in the order of ASSETS."""

    hash: str
    owed: tuple[str, ...]


@dataclass(frozen=True)
class _User:
    hash: str
    nonce: str
    owed: tuple[str, ...]
    leaves: tuple[_Leaf, ...]


def _is_tree(member: PublishedFile) -> bool:
    return _FIRST_LINE.match(member.head) is not None


def _built(bundle: Bundle, look_up: Collection[_whole_tree.Asked], tell: Tell) -> _whole_tree.Built:
    from porlake.liabilities import _tree_loops, _whole_tree

    scheme = _whole_tree.Scheme(
        _tree_loops.read_texts, _tree_loops.check_texts, ASSETS, PLACES,
        'hash,height,{"BTC":"..","ETH":"..","USDT":".."}', shortest=100, states_height=True, twice_is_wrong=False,
    )  # fmt: skip
    member = next(filter(_is_tree, bundle.members), None)
    if member is None:
        return _whole_tree.Built(scheme, stopped=("malformed", "not_of_the_format", "no file is a tree"))
    return _whole_tree.built(member, scheme, look_up=look_up, tell=tell)


def _read(user: PublishedFile) -> _User:
    """Raises Malformed."""
    found = _json.fields(_json.read(user, _MOST_BYTES), "the file", "hash", "nonce", "totalBalances", "nodes")
    leaves = []
    for place, node in enumerate(_json.items(found["nodes"], "nodes", _MOST_LEAVES)):
        at = f"nodes[{place}]"
        parts = _json.fields(node, at, "hash", "balances", optional=("height", "type"))
        leaves.append(_Leaf(_hash(parts["hash"], f"{at}.hash"), _balances(parts["balances"], f"{at}.balances")))
    if not leaves:
        raise Malformed("nodes: there is no leaf")
    nonce = _json.text(found["nonce"], "nonce")
    return _User(_hash(found["hash"], "hash"), nonce, _balances(found["totalBalances"], "totalBalances"), tuple(leaves))


def _hash(found: object, place: str) -> str:
    text = _json.text(found, place)
    if _amounts.hex_of(text, 32) is None:
        raise Malformed(f"{place}: 64 lower-case hex digits were expected")
    return text


def _balances(found: object, place: str) -> tuple[str, ...]:
    owed = _json.fields(found, place, *ASSETS)
    texts = tuple(_json.text(owed[asset], f"{place}.{asset}") for asset in ASSETS)
    for asset, text in zip(ASSETS, texts, strict=True):
        units = _amounts.canonical(text, PLACES, signed=True)
        if units is None or _amounts.text(units, PLACES) != text:
            raise Malformed(f"{place}.{asset}: a canonical number was expected, and there is {_json.shown(text)}")
    return texts


def _units(text: str) -> int:
    units = _amounts.canonical(text, PLACES, signed=True)
    assert units is not None  # _balances has seen to it
    return units


def _own_checks(own: _User) -> list[Check]:
    """What the user's file shows by itself."""
    body = ",".join(f'"{asset}":"{text}"' for asset, text in zip(ASSETS, own.owed, strict=True))
    is_own = _sha256(f"{own.nonce}{{{body}}}") == own.hash
    strange = [leaf for leaf in own.leaves if _sha256(own.hash + "".join(leaf.owed)) != leaf.hash]
    sums = [sum(_units(leaf.owed[asset]) for leaf in own.leaves) for asset in range(len(ASSETS))]
    apart = [asset for asset, owed, total in zip(ASSETS, own.owed, sums, strict=True) if _units(owed) != total]
    negative = [text for leaf in own.leaves for text in leaf.owed if text.startswith("-")]
    return [
        Check("user_hash", is_own, "" if is_own else "another hash follows from nonce and balances"),
        Check("leaf_hashes_own", not strange, f"{strange[0].hash} does not follow from the user" if strange else ""),
        Check("balances_sum", not apart, f"{apart[0]}: the leaves do not add up to it" if apart else ""),
        Check("balances_not_negative", not negative, negative[0] if negative else ""),
    ]


def _lacking(asked: Counter[_whole_tree.Asked], found: Counter[_whole_tree.Asked]) -> str:
    """Which leaf is not in the tree with its balances, as often as the user's file has it; '' for none."""
    lacking = next((leaf for leaf, times in asked.items() if found[leaf] < times), None)
    return "" if lacking is None else f"{lacking[0].hex()} does not stand there with its balances"


_OWN_REASONS: Mapping[str, str] = {
    "user_hash": "user_hash_differs",
    "leaf_hashes_own": "leaf_hash_differs",
    "balances_sum": "sum_differs",
    "balances_not_negative": "negative_amount",
    "leaves_in_tree": "not_in_tree",
    "root_published": "root_not_published",
}


def _told(
    own: _User,
    checks: list[Check],
    included: bool | None,
    verdict: Verdict,
    reason: str,
    detail: str,
    depth: int | None = None,
    root: str = "",
) -> Inclusion:
    """A verdict of the tree, or of none, and what the user's own checks make of it."""
    failed = next((check for check in checks if check.passed is False and check.name in _OWN_REASONS), None)
    if failed and verdict in ("holds", "consistent_only"):
        verdict, reason, detail = "broken", _OWN_REASONS[failed.name], failed.detail
    balances = tuple(zip(ASSETS, own.owed, strict=True))
    compared = any(check.name == "root_published" and check.passed is not None for check in checks)
    not_shown = NOT_SHOWN if compared else (*NOT_SHOWN, "root_not_compared")
    return Inclusion(NAME, verdict, reason, included, balances, depth, root, tuple(checks), not_shown, detail)


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()

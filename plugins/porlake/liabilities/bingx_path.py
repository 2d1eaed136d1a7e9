"""BingX's Merkle path of one user: a text of two lines, as the account's page shows them and `por.py` takes them.

leaf    sha256 of the first line, "hashed uid,BTC:0.0,ETH:..,USDT:..,USDC:..,Total:..", or that hash itself
path    the second line, "l:hex,r:hex,..": from the leaf upwards, each sibling with the side on which it stands
parent  sha256(left + right), hashes as hex text in lower case

A third line may hold the root, which the page shows beside them. Nodes carry no amounts, so no total is proven: the
`Total` of a leaf is printed, in whatever unit. Source: BingX-API/BingX-proof-of-reserves, README.md and por.py as it is
since it takes sides; the edition before joined upper-case hashes in a way that gives no tree.
"""

from __future__ import annotations

import re

from porlake.liabilities import _hashes, _paths
from porlake.liabilities._amounts import canonical
from porlake.liabilities._json import Malformed
from porlake.liabilities._paths import Node, Path
from porlake.liabilities._protocol import Kind, PublishedFile

NAME = "bingx_path"
KIND: Kind = "path"
NOT_SHOWN = ("totals_not_shown", "other_accounts", "leaf_shared", "depth_not_bound")

PLACES = 18
_HASH = re.compile("[0-9a-f]{64}")
_STEP = re.compile("([lr]):([0-9a-f]{64})")
_HEAD = re.compile(rb"\A(?:\xef\xbb\xbf)?[^\r\n]{1,4096}\r?\n[lr]:[0-9A-Fa-f]{8}")


def knows(member: PublishedFile) -> bool:
    return _HEAD.match(member.head) is not None


def read(member: PublishedFile) -> Path:
    """Raises Malformed."""
    first, listed, *rest = [*_hashes.user_lines(member, 3), ""][:4]
    steps = listed.split(",")
    if not 0 < len(steps) <= _paths.DEEPEST:
        raise Malformed(f"line 2: 1 to {_paths.DEEPEST} siblings were expected, and there are {len(steps)}")
    siblings = list[Node]()
    for place, step in enumerate(steps):
        match = _STEP.fullmatch(step)
        if match is None:
            raise Malformed(f"line 2, sibling {place}: l: or r: and 64 digits of hex in lower case were expected")
        siblings.append(Node(f"sibling {place}", match[2], {}, "left" if match[1] == "l" else "right"))
    root = rest[0] if rest else ""
    if root and not _HASH.fullmatch(root):
        raise Malformed("line 3: the root was expected, 64 digits of hex in lower case")
    is_hash = _HASH.fullmatch(first) is not None
    leaf = Node("line 1", "", {} if is_hash else _balances(first))
    hashed = first if is_hash else _paths.digest(first)
    return Path(
        leaf,
        hashed,
        tuple(siblings),
        Node("line 3", root, {}),
        lambda left, right, sums, level: _paths.digest(left + right),
        shown=_paths.shortest(PLACES),
    )


def _balances(record: str) -> dict[str, int]:
    """Amounts by label, `Total` left out: no asset. Raises Malformed, without what a user's line holds."""
    user, *parts = record.split(",")
    _paths.plain(user, "line 1")
    found = dict[str, int]()
    for part in parts:
        label, _, amount = part.partition(":")
        units = canonical(amount, PLACES, signed=True)
        if units is None or not label.isalnum() or not label.isascii() or label in found:
            raise Malformed(f"line 1: asset {len(found) + 1}: a label and an amount were expected, as in BTC:0.5")
        found[label] = units
    if not found:
        raise Malformed("line 1: a hashed user id and amounts were expected")
    return {label: units for label, units in found.items() if label != "Total"}


SCHEME = _paths.Scheme(NAME, knows, read, NOT_SHOWN, copies=True, has_sums=False)
matches, verify, is_user_file, inclusion = _paths.formed(SCHEME, "a file's second line begins with l: or r: and a hash")

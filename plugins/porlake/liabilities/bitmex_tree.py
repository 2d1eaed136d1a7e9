"""BitMEX's whole tree of liabilities, and River's, which is made alike: a CSV file of nodes, and inclusion by account.

The tree: `block_height:N`, then a node a line, `hash,value`, level by level from the root, each from left to right. The
number of leaves is a power of two, and values are satoshis. A node is SHA-256 of left hash, left value, right hash,
right value, each value as 64 bits with the lowest byte first: what is below is bound. A leaf is HMAC-SHA-256 of its
value and its number under a key of the account, SHA-256 of the account's nonce, the block's height and the account's
number; so no leaf can be shown to two accounts, and none stands twice. Amounts are split at random, nothing owed has no
leaf, and River fills up with leaves that owe nothing. A file that ends behind an upper level is a tree of its own, of
the same root and the same total: how many leaves there were it does not show.

A user gets no file, but numbers on the account's page; `inclusion` takes them as JSON of one of these shapes, or as a
line `account,account nonce`, as the publisher's tool keeps them:

{"account": 77, "account_nonce": "<hex>"}       BitMEX, the nonce of all proofs
{"account": 77, "nonce": "<hex>"}               BitMEX, the nonce of this proof alone: the key itself
{"email": "a@example.org", "account_uid": "<base32>", "account_key": "<hex>"}       River

Sources: https://github.com/BitMEX/proof-of-reserves-liabilities (generate_liabilities.py, validate_liabilities.py),
https://github.com/RiverFinancial/proof-of-reserves (lib/util.ex, lib/merkle_sum_tree.ex).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from typing import TYPE_CHECKING, Any

from porlake.liabilities import _amounts, _json
from porlake.liabilities._json import Malformed
from porlake.liabilities._protocol import Bundle, Check, Inclusion, Kind, Proof, PublishedFile
from porlake.progress import Tell, silent

if TYPE_CHECKING:
    from porlake.liabilities import _whole_tree

NAME = "bitmex_tree"
KIND: Kind = "tree"
NOT_SHOWN = ("users_left_out",)
_UNCOMPARED = (*NOT_SHOWN, "root_not_compared")

#: The file names no asset: its publishers' tools call the values satoshis.
LABEL, PLACES = "BTC", 8
_MOST = 2**64 - 1
_MOST_BYTES = 1 << 16
_FIRST_LINE = re.compile(rb"block_height:(0|[1-9][0-9]{0,9})\n")
_LOOKS_LIKE = b"block_height:"
_NONCE_LINE = re.compile(rb"(0|[1-9][0-9]{0,19}),([0-9a-f]{64})\n?")
_SHAPES = (("account", "account_nonce"), ("account", "nonce"), ("email", "account_uid", "account_key"))


def matches(bundle: Bundle) -> bool:
    """Whether a file begins with the words block_height and a colon."""
    return any(map(_is_tree, bundle.members))


def verify(bundle: Bundle) -> Proof:
    return verify_telling(bundle, silent)


def verify_telling(bundle: Bundle, tell: Tell) -> Proof:
    """As `verify`, and says how far it is."""
    from porlake.liabilities import _whole_tree

    tree, _ = _built(bundle, tell)
    return _whole_tree.proof(NAME, tree, bundle.exchange, NOT_SHOWN)


def is_user_file(member: PublishedFile) -> bool:
    is_line = _NONCE_LINE.fullmatch(member.head) is not None
    return is_line or any(_json.has_keys(member, *names) for names in _SHAPES)


def inclusion(user: PublishedFile, published: Bundle | None, root: str | None) -> Inclusion:
    """Which leaves are the account's: those whose hash follows from its nonce. Who is owed nothing has none, which
    looks the same as being left out; what the account should have is not in the user's numbers, so the sum is to be
    compared by the user.
    """
    from porlake.liabilities import _whole_tree

    try:
        fields = _fields_of(user)
    except Malformed as error:
        return Inclusion(NAME, "malformed", "not_of_the_format", None, not_shown=NOT_SHOWN, detail=error.detail)
    if published is None:
        checks: tuple[Check, ...] = (Check("leaves_in_tree", None), Check("root_published", None))
        why = "the file of the tree was not given"
        return Inclusion(
            NAME, "consistent_only", "published_file_needed", None, checks=checks, not_shown=_UNCOMPARED, detail=why
        )
    tree, height = _built(published, silent)
    verdict, reason, detail = tree.verdict
    own = None if tree.kept is None else _whole_tree.leaves_of(_key(fields, height), *tree.kept)
    same_root = None if root is None or not tree.root else tree.root == root.lower().removeprefix("0x")
    checks = (
        *tree.checks,
        Check("leaves_in_tree", None if not own else True, "" if own is None else f"{len(own):,} leaves"),
        Check("root_published", same_root, "" if same_root is not False else f"the tree's root is {tree.root}"),
    )
    balances = () if own is None else ((LABEL, _amounts.text(sum(leaf.owed[0] for leaf in own), PLACES)),)
    if verdict == "holds" and same_root is False:
        verdict, reason, detail = "broken", "root_not_published", f"the tree's root is {tree.root}"
    elif verdict == "holds" and not own:
        verdict, reason = "consistent_only", "not_in_tree"
        detail = "no leaf is of this account: nothing was owed to it, or it was left out"
    included = None if own is None else bool(own)
    not_shown = NOT_SHOWN if same_root is not None else _UNCOMPARED
    return Inclusion(NAME, verdict, reason, included, balances, tree.depth, tree.root, checks, not_shown, detail)


def _is_tree(member: PublishedFile) -> bool:
    return member.head.startswith(_LOOKS_LIKE)


def _built(bundle: Bundle, tell: Tell) -> tuple[_whole_tree.Built, int]:
    """The tree, and the block's height."""
    from porlake.liabilities import _tree_loops, _whole_tree

    scheme = _whole_tree.Scheme(
        _tree_loops.read_values, _tree_loops.check_values, (LABEL,), PLACES, "hash,value", shortest=67,
        states_height=False, twice_is_wrong=True,
    )  # fmt: skip
    member = next(filter(_is_tree, bundle.members), None)
    if member is None:
        return _whole_tree.Built(scheme, stopped=("malformed", "not_of_the_format", "no file is a tree")), 0
    first = _FIRST_LINE.match(member.head)
    if first is None:
        shown = member.head[:40].split(b"\n")[0]
        why = f"line 1: a block's height was expected, and there is {shown!r}"
        return _whole_tree.Built(scheme, stopped=("malformed", "not_of_the_format", why)), 0
    return _whole_tree.built(member, scheme, first.end(), tell=tell), int(first[1])


def _fields_of(user: PublishedFile) -> dict[str, Any]:
    """What the user wrote. Raises Malformed."""
    if line := _NONCE_LINE.fullmatch(user.head):
        return {"account": int(line[1]), "account_nonce": _secret(line[2].decode(), "the nonce")}
    found = _json.fields(_json.read(user, _MOST_BYTES), "the file")
    shape = next((names for names in _SHAPES if set(names) == set(found)), None)
    if shape is None:
        known = "; ".join(", ".join(names) for names in _SHAPES)
        raise Malformed(f"the file: its fields are none of those that are known: {known}")
    if "account" in found:
        found["account"] = _json.number(found["account"], "account", _MOST)
    else:
        found["account"] = _uid(_json.text(found["account_uid"], "account_uid"))
        _json.text(found["email"], "email")
    secret = shape[-1]
    return found | {secret: _secret(found[secret], secret)}


def _secret(found: object, place: str) -> bytes:
    """32 bytes in hex; a value that is none is not shown."""
    secret = _amounts.hex_of(found.lower(), 32) if type(found) is str else None
    if secret is None:
        raise Malformed(f"{place}: 64 hex digits were expected")
    return secret


def _uid(text: str) -> int:
    """River's account number, in base 32 without padding. Raises Malformed."""
    try:
        number = int.from_bytes(base64.b32decode(text + "=" * (-len(text) % 8)), "big")
    except (binascii.Error, ValueError) as error:
        raise Malformed("account_uid: base 32 was expected") from error
    if number > _MOST:
        raise Malformed("account_uid: the number does not fit 64 bits")
    return number


def _key(fields: dict[str, Any], height: int) -> bytes:
    """The key of HMAC for a proof at a block's height."""
    if "nonce" in fields:
        return bytes(fields["nonce"])
    account = fields["account"].to_bytes(8, "little")
    nonce = fields.get("account_nonce")
    if nonce is None:
        nonce = hashlib.sha256(fields["account_key"] + fields["email"].encode() + account).digest()
    return hashlib.sha256(nonce + height.to_bytes(8, "little") + account).digest()

"""Whole trees made the slow way, level by level with Decimals, and the path of one account as its publisher hands it
out. Written after the publishers' own sources, with nothing of porlake.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from hashlib import sha256
from typing import Any

Amounts = Mapping[str, Decimal]
AUDIT = "2026103101"


def sha(text: str) -> str:
    return sha256(text.encode("utf-8")).hexdigest()


def plain(amount: Decimal) -> str:
    """As Java's stripTrailingZeros().toPlainString() and shopspring's String()."""
    text = format(amount, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text


def secret(name: str, place: int) -> str:
    return sha(f"{name} {place}")


@dataclass(frozen=True)
class Made:
    """A node of a tree: `kind`: account, node, copy."""

    digest: str
    amounts: dict[str, Decimal]
    kind: str


def total(left: Amounts, right: Amounts) -> dict[str, Decimal]:
    return {name: left.get(name, Decimal(0)) + right.get(name, Decimal(0)) for name in [*left, *right]}


def levels(
    leaves: Sequence[Made], parent: Callable[[Made, Made | None, int], Made], copy: Callable[[Made], Made] | None
) -> list[list[Made]]:
    """All levels, from the leaves; each of an odd number ends with a copy where the scheme copies."""
    found = [list(leaves)]
    while len(found[-1]) > 1:
        below = found[-1]
        if len(below) % 2 and copy is not None:
            below.append(copy(below[-1]))
        pairs = [(below[at], below[at + 1] if at + 1 < len(below) else None) for at in range(0, len(below), 2)]
        found.append([parent(left, right, len(found)) for left, right in pairs])
    return found


def path_of(tree: list[list[Made]], place: int) -> list[tuple[Made | None, bool]]:
    """The siblings of a leaf upwards, None for one that is missing, and whether each stands on the left."""
    found = list[tuple[Made | None, bool]]()
    for level in tree[:-1]:
        other = place ^ 1
        found.append((level[other] if other < len(level) else None, other < place))
        place //= 2
    return found


def empty(node: Made) -> Made:
    return Made(node.digest, {name: Decimal(0) for name in node.amounts}, "copy")


def as_file(content: object) -> bytes:
    return json.dumps(content, indent=1).encode()


# --- OKX and Bybit ----------------------------------------------------------------------------------------------------


def okx(accounts: Sequence[Amounts], place: int) -> bytes:
    names = ("BTC", "ETH", "USDT")

    def leaf(at: int, amounts: Amounts) -> Made:
        held = {name: amounts.get(name, Decimal(0)) for name in names}
        body = ",".join(f'"{name}":"{plain(held[name])}"' for name in names)
        return Made(sha(secret("nonce", at) + "{" + body + "}"), held, "account")

    def parent(left: Made, right: Made | None, level: int) -> Made:
        assert right is not None
        added = total(left.amounts, right.amounts)
        glued = "".join(plain(added[name]) for name in names)
        return Made(sha(left.digest + right.digest + glued + str(level + 1)), added, "node")

    def shown(node: Made, kind: int, height: int, nonce: str = "") -> dict[str, Any]:
        held = {name: plain(node.amounts[name]) for name in names}
        found = {"auditId": AUDIT, "balances": held, "type": kind, "hash": node.digest, "height": height}
        return {**found, "nonce": nonce} if nonce else found

    tree = levels([leaf(at, amounts) for at, amounts in enumerate(accounts)], parent, empty)
    listed = list[dict[str, Any]]()
    for height, (sibling, is_left) in enumerate(path_of(tree, place), 1):
        assert sibling is not None
        kind = 4 if sibling.kind == "copy" else 1 if is_left else 2
        listed.append(shown(sibling, kind, height, secret("nonce", place ^ 1) if sibling.kind == "account" else ""))
    listed.append(shown(tree[-1][0], 3, len(tree)))
    own = shown(tree[0][place], 2 if place % 2 else 1, 1, secret("nonce", place))
    return as_file({"self": own, "path": listed})


def bybit(accounts: Sequence[Amounts], place: int, assets: Sequence[str], padding: int = 2) -> bytes:
    def text(name: str, amount: Decimal) -> str:
        return f"{amount:.4f}" if len(assets) == 4 and name in ("USDT", "USDC") else f"{amount:.8f}"

    def glued(amounts: Amounts) -> str:
        return "".join(text(name, amounts[name]) for name in assets)

    def parent(left: Made, right: Made | None, level: int) -> Made:
        assert right is not None
        added = total(left.amounts, right.amounts)
        return Made(sha(left.digest + right.digest + glued(added) + str(level + 1)), added, "node")

    def shown(node: Made, kind: int, height: int) -> dict[str, Any]:
        held = {name: text(name, node.amounts[name]) for name in assets}
        return {"auditId": AUDIT, "balance": held, "type": kind, "hash": node.digest, "height": height}

    leaves = list[Made]()
    for at, amounts in enumerate(accounts):
        held = {name: amounts.get(name, Decimal(0)) for name in assets}
        leaves.append(Made(sha(secret("user", at) + glued(held)), held, "account"))
    tree = levels(leaves, parent, empty)
    listed = list[dict[str, Any]]()
    for height, (sibling, is_left) in enumerate(path_of(tree, place), 1):
        assert sibling is not None
        listed.append(shown(sibling, padding if sibling.kind == "copy" else 1 if is_left else 2, height))
    listed.append(shown(tree[-1][0], 3, len(tree)))
    own = {**shown(tree[0][place], 2 if place % 2 else 1, 1), "userHash": secret("user", place), "nonce": "f00-ba4"}
    return as_file({"self": own, "path": listed})


# --- Bitget, MEXC, CoinEx ---------------------------------------------------------------------------------------------


def bitget(accounts: Sequence[Amounts], place: int, assets: Sequence[str] = ("BTC", "ETH", "USDT", "USDC")) -> bytes:
    def body(amounts: Amounts) -> str:
        return "{" + ",".join(f'"{name}":"{plain(amounts[name])}"' for name in assets) + "}"

    depth = (len(accounts) - 1).bit_length()

    def parent(left: Made, right: Made | None, level: int) -> Made:
        assert right is not None
        added = total(left.amounts, right.amounts)
        text = f"{left.digest}{right.digest},{body(added)},{depth + 1 - level}"
        return Made(sha(text)[:16], added, "node")

    def shown(node: Made, role: int | None, level: int) -> dict[str, Any]:
        held = {name: plain(node.amounts[name]) for name in assets}
        found = {"auditId": AUDIT, "balances": held, "level": level, "merkelLeaf": node.digest}
        return found if role is None else {**found, "role": role}

    leaves = list[Made]()
    for at, amounts in enumerate(accounts):
        held = {name: amounts.get(name, Decimal(0)) for name in assets}
        text = f"{secret('user', at)},{secret('nonce', at)},{body(held)}"
        leaves.append(Made(sha(text)[:16], held, "account"))
    tree = levels(leaves, parent, empty)
    listed = list[dict[str, Any]]()
    for step, (sibling, is_left) in enumerate(path_of(tree, place)):
        assert sibling is not None
        listed.append(shown(sibling, 0 if sibling.kind == "copy" else 1 if is_left else 2, depth + 1 - step))
    listed.append(shown(tree[-1][0], None, 1))
    own = shown(tree[0][place], 2 if place % 2 else 1, depth + 1)
    own |= {"encryptUid": secret("user", place), "nonce": secret("nonce", place)}
    return as_file({"path": listed, "self": own})


def mexc(accounts: Sequence[Amounts], place: int) -> bytes:
    def body(amounts: Amounts) -> str:
        return ",".join(f"{name}:{plain(amounts[name])}" for name in sorted(amounts))

    def parent(left: Made, right: Made | None, level: int) -> Made:
        if right is None:
            return Made(sha(f"{left.digest},,{body(left.amounts)}")[:32], dict(left.amounts), "node")
        zeros = {name: Decimal(0) for name in ("BTC", "USDT", "ETH", "USDC")}
        added = total(total(left.amounts, zeros), right.amounts)
        return Made(sha(f"{left.digest},{right.digest},{body(added)}")[:32], added, "node")

    def shown(node: Made, kind: int, level: int) -> dict[str, Any]:
        held = {name: plain(amount) for name, amount in node.amounts.items()}
        return {"level": level, "type": kind, "hash": node.digest, "balances": held}

    leaves = list[Made]()
    for at, amounts in enumerate(accounts):
        held = {name: amount for name, amount in amounts.items() if amount}
        text = f"PR-2026-10-31,{1_000_000 + at},{body(held)}"
        leaves.append(Made(sha(text)[:32], held, "account"))
    tree = levels(leaves, parent, None)
    listed = [
        shown(sibling, 1 if is_left else 2, level)
        for level, (sibling, is_left) in enumerate(path_of(tree, place))
        if sibling is not None
    ]
    listed.append(shown(tree[-1][0], 3, len(tree) - 1))
    own = shown(tree[0][place], 2 if place % 2 else 1, 0)
    return as_file(
        {"pathList": listed, "self": {**own, "proofId": "PR-2026-10-31", "accountId": str(1_000_000 + place)}}
    )


def coinex(accounts: Sequence[Amounts], place: int, hashes_twice: bool = False) -> bytes:
    def body(amounts: Amounts) -> str:
        return json.dumps({name: plain(amounts[name]) for name in sorted(amounts)}, separators=(",", ":"))

    def parent(left: Made, right: Made | None, level: int) -> Made:
        if right is None:
            twice = left.digest if hashes_twice else ""
            return Made(sha(left.digest + twice + body(left.amounts)), dict(left.amounts), "node")
        added = total(left.amounts, right.amounts)
        return Made(sha(left.digest + right.digest + body(added)), added, "node")

    def shown(node: Made) -> dict[str, Any]:
        return {"balances": {name: plain(amount) for name, amount in node.amounts.items()}, "hash": node.digest}

    leaves = list[Made]()
    for at, amounts in enumerate(accounts):
        held = {name: amount for name, amount in amounts.items() if amount}
        leaves.append(Made(sha(secret("nonce", at) + body(held)), held, "account"))
    tree = levels(leaves, parent, None)
    listed = [
        {} if sibling is None else {**shown(sibling), "pos": "left" if is_left else "right"}
        for sibling, is_left in path_of(tree, place)
    ]
    own = {"balances": shown(tree[0][place])["balances"], "nonce": secret("nonce", place)}
    return as_file({"root": shown(tree[-1][0]), "self": own, "path": listed})


# --- trees of hashes alone --------------------------------------------------------------------------------------------


def bingx(accounts: Sequence[Amounts], place: int) -> bytes:
    """The record, the path, the root."""

    def record(at: int) -> str:
        held = ",".join(f"{name}:{plain(amount)}" for name, amount in accounts[at].items())
        return f"{secret('user', at)},{held},Total:1.5"

    def parent(left: Made, right: Made | None, level: int) -> Made:
        assert right is not None
        return Made(sha(left.digest + right.digest), {}, "node")

    leaves = [Made(sha(record(at)), {}, "account") for at in range(len(accounts))]
    tree = levels(leaves, parent, lambda node: node)
    steps = ((node, is_left) for node, is_left in path_of(tree, place) if node is not None)
    path = ",".join(f"{'l' if is_left else 'r'}:{node.digest}" for node, is_left in steps)
    return f"{record(place)}\n{path}\n{tree[-1][0].digest}\n".encode()


def promoted(leaves: Sequence[bytes]) -> list[list[bytes]]:
    """The levels of a tree of raw bytes; the last of an odd number goes up as it is."""
    found = [list(leaves)]
    while len(found[-1]) > 1:
        below = found[-1]
        above = [sha256(below[at] + below[at + 1]).digest() for at in range(0, len(below) - 1, 2)]
        found.append(above + ([below[-1]] if len(below) % 2 else []))
    return found


def network_firm(accounts: Sequence[Amounts], glued: bool = False) -> tuple[bytes, bytes, list[bytes]]:
    """(list of leaves, root, each account's line)."""
    lines, leaves = list[bytes](), list[str]()
    for at, amounts in enumerate(accounts):
        if glued:
            held = [plain(amount) for amount in amounts.values()]
            lines.append(",".join([f"user-{at}", *held]).encode())
            leaves.append(sha(sha(f"user-{at}") + sha("".join(held)))[:16])
        else:
            lines.append(
                ",".join([f"user-{at}", *(f"{name}:{plain(amount)}" for name, amount in amounts.items())]).encode()
            )
            leaves.append(sha(lines[-1].decode())[:16])
    tree = promoted([bytes.fromhex(leaf) for leaf in leaves])
    text = "Level\tHash\r\n" + "".join(f"{len(tree)},{at}\t{leaf}\r\n" for at, leaf in enumerate(leaves))
    return text.encode(), tree[-1][0].hex().encode(), lines


def silver_sixpence(accounts: Sequence[Amounts]) -> tuple[dict[str, bytes], str, list[bytes]]:
    """(files by name, root, each account's record)."""
    records = [
        f"{secret('user', at)[:32]}2A496ECEPORNOV22"
        + "|".join(f"{name}={plain(amount)}" for name, amount in amounts.items())
        for at, amounts in enumerate(accounts)
    ]
    tree = promoted([sha256(record.encode()).digest() for record in records])
    files = dict[str, bytes]()
    for level, below in enumerate(tree[:-1], 1):
        pairs = [(below[at], below[at + 1]) for at in range(0, len(below) - 1, 2)]
        files[f"tree-level{level}.csv"] = "".join(
            f"{sha256(left + right).hexdigest()},{level},{left.hex()},{right.hex()}\n" for left, right in pairs
        ).encode()
    return files, tree[-1][0].hex(), [record.encode() for record in records]

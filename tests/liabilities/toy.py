"""A proof format as somebody would add one: a file in the room, rows of reasons.csv, a case."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from porlake import liabilities
from support import own_rows

#: A format in both roles: a list of `name amount` lines whose sum stands in its first line, and a user's file.
TOY = '''
"""Sums of whole dollars."""
from porlake.liabilities import Check, Finding, Inclusion, Proof, Total

NAME = "toy_tree"
KIND = "tree"
NOT_SHOWN = ("leaves_not_dated",)


def matches(bundle):
    """Whether a file begins with the word toy."""
    return any(member.head.startswith(b"toy") for member in bundle.members)


def verify(bundle):
    first, *lines = bundle.members[0].head.decode("ascii", "replace").splitlines()
    try:
        stated, leaves = int(first.split()[1]), [int(line.split()[1]) for line in lines]
    except (IndexError, ValueError) as error:
        return Proof(NAME, KIND, "malformed", "not_of_the_format", not_shown=NOT_SHOWN, detail=str(error))
    fits = stated == sum(leaves)
    checks = (Check("sums", fits, f"line 1: {stated} stated, {sum(leaves)} summed"),)
    found = tuple(Finding("negative_leaf", f"line {at}") for at, leaf in enumerate(leaves, 2) if leaf < 0)
    return Proof(
        NAME, KIND, "holds" if fits else "broken", "every_check_holds" if fits else "sum_differs", f"{stated:064x}",
        (Total("USDT", "USDT", str(stated), True),), len(leaves), checks, found, NOT_SHOWN,
    )


def is_user_file(member):
    return member.head.startswith(b"me ")


def inclusion(user, published, root):
    me = user.head.decode().split()[1:]
    held = [] if published is None else published.members[0].head.decode().splitlines()[1:]
    included = None if published is None else " ".join(me) in held
    checks = (Check("root_published", None if root is None and published is None else True),)
    return Inclusion(
        NAME, "broken" if included is False else "holds", "every_check_holds", included, (("USDT", me[1]),), 1,
        root or "", checks, NOT_SHOWN,
    )
'''

CODES = """code,stage,place,meaning
sum_differs,prove,liability_proof.reason,the sum is another
negative_leaf,prove,liability_proof.findings,a user owes
leaves_not_dated,prove,liability_proof.not_shown,nobody knows of when the leaves are
"""
SHOWN: dict[str, Any] = {"balances": [["USDT", "3"]], "depth": 1, "failed": [], "not_shown": ["leaves_not_dated"]}
EXPECTED: dict[str, Any] = {
    "published": ["toy.txt"],
    "proof": {
        "verdict": "holds", "reason": "every_check_holds", "root": f"{5:064x}",
        "totals": [["USDT", "USDT", "5", True]], "leaves": 2, "failed": [], "findings": [],
        "not_shown": ["leaves_not_dated"], "key_sha256": [], "why": "two users, and their sum",
    },
    "inclusion": [
        {"user": "user_ann.txt", "published": True, "verdict": "holds", "reason": "every_check_holds", "included": True,
         "root_of": "", **SHOWN},
        {"user": "user_eve.txt", "published": True, "verdict": "broken", "reason": "every_check_holds",
         "included": False, "root_of": "", **SHOWN, "why": "nobody of that name is there"},
        {"user": "user_ann.txt", "root": "ab", "verdict": "holds", "reason": "every_check_holds", "included": None,
         "root_of": "ab", **SHOWN},
    ],
}  # fmt: skip
FILES = {"toy.txt": b"toy 5\nann 3\nbob 2\n", "user_ann.txt": b"me ann 3\n", "user_eve.txt": b"me eve 3\n"}


@contextmanager
def added(folder: Path, patch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The format lies in the room and its rows in the registry; the folder of its one case."""
    (folder / "toy_tree.py").write_text(TOY)
    patch.setattr(liabilities, "__path__", [*liabilities.__path__, str(folder)])
    case = folder / "cases" / "toy_tree" / "whole"
    case.mkdir(parents=True)
    for name, content in FILES.items():
        (case / name).write_bytes(content)
    (case / "expected.json").write_text(json.dumps(EXPECTED))
    (folder / "reasons.csv").write_text(CODES)
    with own_rows(folder):
        yield case
    sys.modules.pop("porlake.liabilities.toy_tree", None)
    patch.delattr(liabilities, "toy_tree", raising=False)

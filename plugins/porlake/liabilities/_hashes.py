"""Trees whose nodes carry hashes alone, as auditors publish them: which leaves there are, and nothing of amounts.

Such a tree binds who is listed, not what is owed: its verdict is at best `consistent_only` (`totals_not_shown`), and
that of a user who stands in it `holds`. A user asks with one line of text, which he has from his account's page.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from hashlib import sha256

from porlake.liabilities import _json
from porlake.liabilities._json import Malformed
from porlake.liabilities._protocol import Check, Finding, Inclusion, Proof, PublishedFile
from porlake.progress import Tell

#: A user's line at most, and a line of a tree.
MOST_CHARACTERS, MOST_LINE = 4_096, 1_024
#: Lines between two words on how far it is.
TELL_EVERY = 1 << 16

OPEN = ("totals_not_shown", "leaf_shared")
NO_FILE = "no file of this format"


def lines(member: PublishedFile, tell: Tell, what: str) -> Iterator[tuple[int, str]]:
    """(number from 1, line without its end), of a text in ASCII; an empty last line is none. Raises Malformed."""
    member.content.seek(0)
    number = 0
    while raw := member.content.readline(MOST_LINE + 1):
        number += 1
        if len(raw) > MOST_LINE:
            raise Malformed(f"line {number}: it has more than {MOST_LINE:,} bytes")
        if not raw.isascii():
            raise Malformed(f"line {number}: ASCII was expected")
        if number % TELL_EVERY == 0:
            tell(what, number, None)
        yield number, raw.decode("ascii").removesuffix("\n").removesuffix("\r")


def user_lines(member: PublishedFile, most: int) -> list[str]:
    """The lines of a user's text, at most so many. Raises Malformed, without what it holds."""
    member.content.seek(0)
    body = member.content.read(most * MOST_CHARACTERS + 1)
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Malformed("a text in UTF-8 was expected") from error
    found = text.removeprefix("\ufeff").rstrip().splitlines()
    if not found or len(found) > most or any(len(line) > MOST_CHARACTERS for line in found):
        raise Malformed(f"a text of 1 to {most} lines of at most {MOST_CHARACTERS:,} characters was expected")
    return [line.strip() for line in found]


def is_one_line(member: PublishedFile, pattern: re.Pattern[str]) -> bool:
    """Whether a file is a single short line of a form, told by its head."""
    try:
        text = member.head[: MOST_CHARACTERS + 1].decode("utf-8").removeprefix("\ufeff").strip()
    except UnicodeDecodeError:
        return False
    return len(member.head) <= MOST_CHARACTERS and pattern.fullmatch(text) is not None


def parent(left: bytes, right: bytes) -> bytes:
    """SHA-256 of both children's bytes."""
    return sha256(left + right).digest()


def root_of(leaves: Iterator[bytes]) -> tuple[bytes, int]:
    """(root, number of leaves) of a tree in which a node without a sibling goes up as it is; b'' of none.

    Full subtrees from the left, as RFC 6962 has it: at most one of each height is held.
    """
    subtrees, count = list[bytes](), 0
    for leaf in leaves:
        count, node, whole = count + 1, leaf, count
        while whole & 1:
            node, whole = parent(subtrees.pop(), node), whole >> 1
        subtrees.append(node)
    root = subtrees.pop() if subtrees else b""
    while subtrees:
        root = parent(subtrees.pop(), root)
    return root, count


def depth_of(index: int, count: int) -> int:
    """Levels at which a leaf has a sibling: the length of its path."""
    depth = 0
    while count > 1:
        if index ^ 1 < count:
            depth += 1
        index, count = index >> 1, (count + 1) >> 1
    return depth


def verdict_of(
    name: str,
    checks: Sequence[Check],
    fails: Callable[[str], str],
    root: str,
    leaves: int | None,
    not_shown: tuple[str, ...],
    findings: tuple[Finding, ...] = (),
) -> Proof:
    """The verdict on a published tree by its checks: the first that fails breaks it."""
    wrong = next((check for check in checks if check.passed is False), None)
    if wrong is not None:
        return Proof(
            name,
            "tree",
            "broken",
            fails(wrong.name),
            root,
            (),
            leaves,
            tuple(checks),
            findings,
            not_shown,
            (),
            wrong.detail,
        )
    return Proof(
        name,
        "tree",
        "consistent_only",
        "totals_not_shown",
        root,
        (),
        leaves,
        tuple(checks),
        findings,
        not_shown,
        (),
        "nodes carry hashes alone",
    )


def root_checks(root: str, published: Sequence[tuple[str, str]]) -> list[Check]:
    """Whether a root is those that were published: (where, root in hex)."""
    if not published:
        return [Check("root_published", None, "there is no published root to compare it with")]
    return [
        Check("root_published", there == root, "" if there == root else f"{where} is {_json.shown(there)}, not {root}")
        for where, there in published
    ]


def without_tree(name: str, not_shown: tuple[str, ...], balances: tuple[tuple[str, str], ...]) -> Inclusion:
    """What a user's line shows without the published tree: nothing but his own amounts."""
    told = "the published tree is needed: a user's line has no path of its own"
    return Inclusion(
        name,
        "unsupported",
        "published_file_needed",
        None,
        balances,
        checks=(Check("in_tree", None, told), *root_checks("", ())),
        not_shown=not_shown,
        detail=told,
    )

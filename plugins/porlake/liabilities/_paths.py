"""Paths from one user's leaf to the root: one engine for all schemes that hand a user his siblings.

A format reads its file into a `Path`, says how a parent's hash is made, and takes its functions from `formed`; what is
checked, in which order, and what follows from it is written here once:

read -> audit, sides, levels, signs, leaf hash, padding, nodes that stand twice, sums, root's hash, published root

A verifier of a publisher compares the root's hash and sums, and little else. Here a number is canonical text and an
exact whole, each level and side is what it must be, a padding node is a copy with nothing in it, and what is below zero
is refused, or told where the scheme lets it stand. What no path can show is said: that a parent's hash binds the sum of
its children and not their parts (Maxwell's remark on Bitcoin's summed trees), and that others are counted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, Literal, TypeAlias

from porlake.liabilities import _json
from porlake.liabilities._amounts import asset_of, canonical, fixed, hex_of, text
from porlake.liabilities._json import Malformed
from porlake.liabilities._protocol import (
    EVERY_CHECK_HOLDS,
    NOT_OF_THE_FORMAT,
    Bundle,
    Check,
    Finding,
    Inclusion,
    Kind,
    Proof,
    PublishedFile,
    Total,
    Verdict,
)

#: Levels of a tree at most: 2**64 leaves. And bytes of a user's file: 64 nodes of 50 assets are some 200,000.
DEEPEST, MOST_BYTES = 64, 1 << 20
MOST_ASSETS = 2_000

#: Where a node stands beside its sibling.
Side: TypeAlias = Literal["left", "right", "padding"]
Sums: TypeAlias = Mapping[str, int]

#: What even a path that holds leaves open, as codes of reasons.csv; a scheme adds its own.
OPEN = ("other_accounts", "child_sums_unbound", "hidden_negatives", "leaf_shared")

#: The reason that a check gives when it fails, in the order in which the checks are made.
FAILS = {
    "audit": "audits_differ",
    "sides": "sides_contradict",
    "levels": "levels_broken",
    "signs": "negative_amount",
    "leaf_hash": "leaf_hash_differs",
    "sibling_hash": "sibling_hash_differs",
    "padding": "padding_wrong",
    "distinct": "node_twice",
    "sums": "sum_differs",
    "root_hash": "root_hash_differs",
    "root_published": "root_not_published",
}


class Unsupported(Exception):
    """An edition of a format that is not checked here. `detail`: place and value, in words."""

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail


@dataclass(frozen=True, slots=True)
class Node:
    """A node as a file states it.

    `place`: where in the file (`path[3]`); `hash`: '' where there is none: a sibling that is missing, a leaf or root
    that the file leaves to the reader; `sums`: whole 10**-places units by label, in the order of the file; `side`: None
    where the file does not say it; `level`: as the scheme counts, None where the file does not say it.
    """

    place: str
    hash: str
    sums: Sums
    side: Side | None = None
    level: int | None = None

    @property
    def at(self) -> str:
        """The node in words."""
        return self.place if self.level is None else f"{self.place}, level {self.level}"


@dataclass(frozen=True, slots=True)
class Path:
    """A user's path.

    `leaf_hash`: computed anew from what the file says of the user; `siblings`: from the leaf upwards; `parent`: (hash
    of the left child, of the right, sums of both, level) to a hash; `level`: that of the leaf, and `up`: what is added
    with each step towards the root; `missing`: what is hashed in place of a missing sibling, by one's own hash: where
    a scheme has had several rules, one of them holds for a whole path; `audits`: (place, id of the audit) of each node
    that names one; `sibling_hash`: of the first sibling, computed from what the file says of it, '' where it does not.
    """

    leaf: Node
    leaf_hash: str
    siblings: tuple[Node, ...]
    root: Node
    parent: Callable[[str, str, Sums, int], str]
    level: int = 0
    up: int = 1
    missing: Mapping[str, Callable[[str], str]] = field(default_factory=lambda: {"nothing": lambda own: ""})
    always: tuple[str, ...] = ()
    audits: tuple[tuple[str, str], ...] = ()
    sibling_hash: str | None = None
    shown: Callable[[str, int], str] = lambda label, units: text(units, 18)


@dataclass(frozen=True, slots=True)
class Scheme:
    """A publisher's scheme: `read` raises Malformed and Unsupported; `may_be_negative`: whether its publisher lets
    amounts below zero stand; `has_sums`: whether nodes carry amounts at all; `copies`: whether a copy that is no marked
    padding node may stand on the right of the last node of a level.
    """

    name: str
    knows: Callable[[PublishedFile], bool]
    read: Callable[[PublishedFile], Path]
    not_shown: tuple[str, ...]
    may_be_negative: bool = False
    has_sums: bool = True
    copies: bool = False


@dataclass(frozen=True, slots=True)
class Climb:
    """One's own nodes from the leaf to the root: `hashes` and `sums` at each level; `rule`: of a missing sibling."""

    hashes: tuple[str, ...]
    sums: tuple[Sums, ...]
    rule: str


@dataclass(frozen=True, slots=True)
class Judged:
    verdict: Verdict
    reason: str
    root: str
    checks: tuple[Check, ...]
    findings: tuple[Finding, ...]
    detail: str
    path: Path | None = None
    climb: Climb | None = None


def formed(
    scheme: Scheme, known_by: str
) -> tuple[
    Callable[[Bundle], bool],
    Callable[[Bundle], Proof],
    Callable[[PublishedFile], bool],
    Callable[[PublishedFile, Bundle | None, str | None], Inclusion],
]:
    """`matches`, `verify`, `is_user_file` and `inclusion` of a format. `known_by` goes on behind `Whether`."""

    def matches(bundle: Bundle) -> bool:
        return any(map(scheme.knows, bundle.members))

    def verify(bundle: Bundle) -> Proof:
        """What the path of one user shows. Totals are those that the root's hash binds."""
        return proof(scheme, bundle)

    def is_user_file(member: PublishedFile) -> bool:
        """As `matches`: each file of this format is one user's."""
        return scheme.knows(member)

    def inclusion(user: PublishedFile, published: Bundle | None, root: str | None) -> Inclusion:
        """Whether the user's path leads to the root; against nothing it says that the root was not compared."""
        return included(scheme, user, published, root)

    matches.__doc__ = f"Whether {known_by}."
    return matches, verify, is_user_file, inclusion


def proof(scheme: Scheme, bundle: Bundle, kind: Kind = "path") -> Proof:
    """The verdict on a published path: the first file of the bundle that the scheme knows."""
    member = next(filter(scheme.knows, bundle.members), None)
    if member is None:
        return Proof(scheme.name, kind, "malformed", NOT_OF_THE_FORMAT, detail="no file of this format")
    judged = judge(scheme, member, ())
    path = judged.path
    totals: tuple[Total, ...] = ()
    if path is not None and judged.verdict in ("holds", "consistent_only"):
        totals = tuple(
            Total(label, asset_of(bundle.exchange, label), path.shown(label, units), True)
            for label, units in path.root.sums.items()
        )
    return Proof(
        scheme.name,
        kind,
        judged.verdict,
        judged.reason,
        judged.root,
        totals,
        None,
        judged.checks,
        judged.findings,
        scheme.not_shown,
        (),
        judged.detail,
    )


def included(scheme: Scheme, user: PublishedFile, published: Bundle | None, root: str | None) -> Inclusion:
    """Whether a user is counted under the root to which his path leads, compared with what was published."""
    judged = judge(scheme, user, published_roots(scheme, published, root))
    path = judged.path
    not_shown = scheme.not_shown
    if any(check.name == "root_published" and check.passed is None for check in judged.checks):
        not_shown = (*not_shown, "root_not_compared")
    verdict, reason, detail = judged.verdict, judged.reason, judged.detail
    if (verdict, reason) == ("consistent_only", "totals_not_shown"):  # of the user alone it shows all that a path can
        verdict, reason, detail = "holds", EVERY_CHECK_HOLDS, ""
    told = () if path is None or judged.climb is None else tuple(steps(path, judged.climb))
    found = tuple(Check(finding.code, None, finding.detail) for finding in judged.findings)
    return Inclusion(
        scheme.name,
        verdict,
        reason,
        None if path is None else verdict in ("holds", "consistent_only"),
        () if path is None else tuple((label, path.shown(label, units)) for label, units in path.leaf.sums.items()),
        None if path is None else len(path.siblings),
        judged.root,
        (*told, *found, *judged.checks),
        not_shown,
        detail,
    )


def published_roots(scheme: Scheme, published: Bundle | None, root: str | None) -> tuple[tuple[str, str], ...]:
    """(where it was published, root): the one that was given, and those to which the published files of the scheme
    lead. A published file that is broken gives a root that no path reaches.
    """
    found = [] if root is None else [("the root that was given", root.strip().lower().removeprefix("0x"))]
    for member in () if published is None else published.members:
        if scheme.knows(member):
            judged = judge(scheme, member, ())
            holds = judged.verdict in ("holds", "consistent_only")
            found.append((member.name, judged.root if holds else f"none: {judged.reason}"))
    return tuple(found)


def judge(scheme: Scheme, member: PublishedFile, roots: Sequence[tuple[str, str]]) -> Judged:
    """All checks on a path, compared with the roots that were published. Raises nothing for what the file holds."""
    try:
        path = scheme.read(member)
    except Malformed as error:
        return Judged("malformed", NOT_OF_THE_FORMAT, "", (), (), error.detail)
    except Unsupported as error:
        return Judged("unsupported", "unknown_edition", "", (), (), error.detail)
    climb = climbed(path)
    checks = _checks(scheme, path, climb)
    root = climb.hashes[-1]
    if not roots:
        checks.append(Check("root_published", None, "there is no published root to compare it with"))
    for where, published in roots:
        told = "" if published == root else f"{where} is {published}, and the path leads to {root}"
        checks.append(Check("root_published", published == root, told))
    findings = tuple(_negatives(path)) if scheme.may_be_negative else ()
    wrong = next((check for check in checks if check.passed is False), None)
    verdict: Verdict
    if wrong is not None:
        verdict, reason, detail = "broken", FAILS[wrong.name], wrong.detail
    elif not scheme.has_sums:
        verdict, reason, detail = "consistent_only", "totals_not_shown", "nodes carry hashes alone"
    elif findings:
        verdict, reason, detail = "consistent_only", findings[0].code, findings[0].detail
    else:
        verdict, reason, detail = "holds", EVERY_CHECK_HOLDS, ""
    return Judged(verdict, reason, root, tuple(checks), findings, detail, path, climb)


def steps(path: Path, climb: Climb) -> Iterator[Check]:
    """One's own node on each level, as it was computed: what is hashed with which sibling, on which side of it."""
    yield Check("leaf", True, f"the leaf, of what the file says of the user: {climb.hashes[0]}")
    for sibling, node in zip(path.siblings, climb.hashes[1:], strict=True):
        if not sibling.hash:
            beside = f"no sibling ({climb.rule} in its place)"
        else:
            beside = f"{sibling.hash} on the {'left' if sibling.side == 'left' else 'right'}"
        yield Check("step", True, f"{sibling.at}: with {beside}: {node}")


def climbed(path: Path) -> Climb:
    """One's own nodes, computed from the leaf upwards, by the rule of a missing sibling that leads to the root."""
    climbs = [_climbed(path, rule) for rule in path.missing]
    return next((climb for climb in climbs if climb.hashes[-1] == path.root.hash), climbs[0])


def _climbed(path: Path, rule: str) -> Climb:
    hashes, sums, level = [path.leaf_hash], [path.leaf.sums], path.level
    for sibling in path.siblings:
        own, added, level = hashes[-1], dict(sums[-1]), level + path.up
        if sibling.hash:
            left_sums, right_sums = (sibling.sums, added) if sibling.side == "left" else (added, sibling.sums)
            added = _sum(left_sums, right_sums, path.always)
        other = sibling.hash or path.missing[rule](own)
        left, right = (other, own) if sibling.side == "left" else (own, other)
        hashes.append(path.parent(left, right, added, level))
        sums.append(added)
    return Climb(tuple(hashes), tuple(sums), rule)


def _sum(left: Sums, right: Sums, always: tuple[str, ...]) -> dict[str, int]:
    added = dict(left)
    for label, units in right.items():
        added[label] = added.get(label, 0) + units
    for label in always:
        added.setdefault(label, 0)
    return added


def _checks(scheme: Scheme, path: Path, climb: Climb) -> list[Check]:
    """In the order of FAILS; what a scheme does not have is left out."""
    checks = list[Check]()

    def see(name: str, wrong: str, shown: str = "") -> None:
        checks.append(Check(name, not wrong, wrong or shown))

    if path.audits:
        see("audit", _audits(path))
    see("sides", _sides(path))
    if path.leaf.level is not None:
        see("levels", _levels(path))
    if scheme.has_sums and not scheme.may_be_negative:
        see("signs", next((found.detail for found in _negatives(path)), ""))
    if path.leaf.hash:
        told = f"{path.leaf.at}: the hash is {path.leaf.hash}, and what it is made of gives {path.leaf_hash}"
        see("leaf_hash", "" if path.leaf.hash == path.leaf_hash else told)
    if path.sibling_hash is not None:
        first = path.siblings[0]
        told = f"{first.at}: the hash is {first.hash}, and what it is made of gives {path.sibling_hash}"
        see("sibling_hash", "" if first.hash == path.sibling_hash else told)
    padding, copies = _padding(scheme, path, climb)
    see("padding", padding, f"{copies} of {len(path.siblings)} siblings are padding")
    see("distinct", _twice(path, climb))
    if scheme.has_sums:
        see("sums", _sums_differ(path, climb.sums[-1]))
    if path.root.hash:
        computed = climb.hashes[-1]
        told = f"{path.root.at}: the hash is {path.root.hash}, and the path leads to {computed}"
        ruled = f"in place of a missing sibling: {climb.rule}" if len(path.missing) > 1 else ""
        see("root_hash", "" if path.root.hash == computed else told, ruled)
    else:
        checks.append(Check("root_hash", None, "the file states no root"))
    return checks


def _audits(path: Path) -> str:
    place, first = path.audits[0]
    for other, audit in path.audits:
        if audit != first:
            return f"{other}: the audit is {_json.shown(audit)}, and that of {place} is {_json.shown(first)}"
    return ""


def _sides(path: Path) -> str:
    """The leaf stands on the other side of its sibling; a copy or nothing stands on the right."""
    first, leaf = path.siblings[0], path.leaf
    if leaf.side is not None and (leaf.side == "left") == (first.side == "left"):
        return f"{leaf.at}: it stands on the {leaf.side}, and so does {first.place}"
    for sibling in path.siblings:
        if not sibling.hash and sibling.side == "left":
            return f"{sibling.at}: a missing sibling on the left: only the last node of a level has none"
    return ""


def _levels(path: Path) -> str:
    for step, node in enumerate((path.leaf, *path.siblings, path.root)):
        expected = path.level + path.up * max(step - 1, 0)  # the leaf and its sibling share a level
        if node.level != expected:
            return f"{node.place}: the level is {node.level}, and {expected} was expected"
    return ""


def _negatives(path: Path) -> list[Finding]:
    return [
        Finding("negative_subtree", f"{node.at}: {label} {path.shown(label, units)}")
        for node in (path.leaf, *path.siblings, path.root)
        for label, units in node.sums.items()
        if units < 0
    ]


def _padding(scheme: Scheme, path: Path, climb: Climb) -> tuple[str, int]:
    """What is wrong with the padding, and how many siblings are padding.

    A level with an odd number of nodes ends with a copy of its last one, with the same hash and no amounts; or with
    nothing, where the scheme has it so. Bybit marks a copy as an ordinary right node, too. Who is the last of a level
    is it on all levels above: no node of its own may follow on the right.
    """
    copies, last = 0, ""
    for own, sibling in zip(climb.hashes, path.siblings, strict=False):
        is_empty = not any(sibling.sums.values())
        is_copy = not sibling.hash or sibling.side == "padding" or sibling.hash == own
        if last and sibling.side == "right" and not is_copy:
            return f"{sibling.at}: a node on the right of the last one of its level, as {last} shows it to be", copies
        if not sibling.hash:
            if not is_empty:
                return f"{sibling.at}: a sibling without a hash holds {_first(path, sibling)}", copies
        elif sibling.side == "padding" and sibling.hash != own:
            return f"{sibling.at}: the hash of a padding node is {sibling.hash}, and {own} is what it must copy", copies
        elif sibling.side == "padding" and not is_empty:
            return f"{sibling.at}: a padding node holds {_first(path, sibling)}", copies
        elif sibling.hash != own:
            continue
        elif sibling.side == "left" or not is_empty or (sibling.side == "right" and not scheme.copies):
            held = f"holds {_first(path, sibling)}" if not is_empty else f"stands on the {sibling.side}"
            return f"{sibling.at}: a copy of the node beside it {held}", copies
        copies, last = copies + 1, sibling.place
    return "", copies


def _first(path: Path, node: Node) -> str:
    return next(f"{label} {path.shown(label, units)}" for label, units in node.sums.items() if units)


def _twice(path: Path, climb: Climb) -> str:
    """A node that stands at two places: sums and level enter a hash, so an honest tree has none but padding."""
    seen = dict.fromkeys(climb.hashes, "a node of the path itself")
    for own, sibling in zip(climb.hashes, path.siblings, strict=False):
        if sibling.hash and sibling.hash != own:
            if sibling.hash in seen:
                return f"{sibling.at}: {sibling.hash} is {seen[sibling.hash]}, too"
            seen[sibling.hash] = sibling.place
    return ""


def _sums_differ(path: Path, computed: Sums) -> str:
    stated = path.root.sums
    for label in (*stated, *(label for label in computed if label not in stated)):
        found, summed = stated.get(label, 0), computed.get(label, 0)
        if found != summed:
            there, here = path.shown(label, found), path.shown(label, summed)
            return f"{path.root.at}: {label} is {there}, and the path adds up to {here}"
    return ""


# --- what the readers of files share ----------------------------------------------------------------------------------


def digest(content: str) -> str:
    """SHA-256 of a text in UTF-8, in lower-case hex: children enter as text, not as bytes, in these schemes."""
    return sha256(content.encode()).hexdigest()


def amounts(
    found: object, place: str, style: Literal["shortest", "fixed"], places: int | Mapping[str, int]
) -> dict[str, int]:
    """Amounts by label, in whole units of 10**-places (of the largest, where labels differ), as text in the one
    spelling that the scheme hashes: without zeros behind the last digit, or with exactly `places` digits. Raises
    Malformed.
    """
    fields = _json.fields(found, place)
    if len(fields) > MOST_ASSETS:
        raise Malformed(f"{place}: {len(fields):,} assets, and at most {MOST_ASSETS:,} were expected")
    most = places if isinstance(places, int) else max(places.values())
    sums = dict[str, int]()
    for label, value in fields.items():
        digits = places if isinstance(places, int) else places[label]
        units = canonical(value, digits, signed=True) if type(value) is str else None
        if units is None or not _is_spelt(value, style, digits):
            wanted = f"{digits} digits" if style == "fixed" else f"at most {digits} digits and no zero at the end"
            raise Malformed(
                f"{place}.{label}: a decimal text with {wanted} behind the point was expected, and there is "
                f"{_json.shown(value)}"
            )
        sums[label] = units if digits == most else units * 10 ** (most - digits)
    return sums


def _is_spelt(found: str, style: str, places: int) -> bool:
    if style == "fixed":
        return found[-places - 1 : -places] == "."
    return "." not in found or found[-1] != "0"


def hash_at(found: object, place: str, size: int) -> str:
    """A hash of so many bytes in lower-case hex. Raises Malformed."""
    if type(found) is not str or hex_of(found, size) is None:
        raise Malformed(
            f"{place}: {2 * size} digits of hex in lower case were expected, and there is {_json.shown(found)}"
        )
    return found


def plain(found: object, place: str) -> str:
    """An id that enters a hash beside other texts: ASCII letters, digits, '-', '_', at most 128, so that it cannot run
    into what stands beside it. Raises Malformed, without the value: it may be a user's.
    """
    if type(found) is str and 0 < len(found) <= 128 and found.isascii() and found.translate(_PLAIN) == "":
        return found
    raise Malformed(f"{place}: an id of ASCII letters, digits, - and _ was expected")


_PLAIN = {ord(sign): None for sign in "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"}


def nodes(found: object, place: str) -> list[Any]:
    """The nodes of a path: at least a sibling and the root. Raises Malformed."""
    listed = _json.items(found, place, DEEPEST + 1)
    if len(listed) < 2:
        raise Malformed(f"{place}: at least one sibling and the root were expected, and there are {len(listed)} nodes")
    return listed


def ordered(sums: Sums, labels: Sequence[str], place: str) -> dict[str, int]:
    """The amounts in the order of the scheme's assets, of which none is missing and none unknown. Raises Malformed."""
    if missing := [label for label in labels if label not in sums]:
        raise Malformed(f"{place}: the amount of {missing[0]} is missing")
    if len(sums) > len(labels):
        unknown = next(label for label in sums if label not in labels)
        raise Malformed(f"{place}: unknown asset {_json.shown(unknown)}")
    return {label: sums[label] for label in labels}


def glued(sums: Sums, shown: Callable[[str, int], str]) -> str:
    """Amounts one behind the other, without anything between them."""
    return "".join(shown(label, units) for label, units in sums.items())


def quoted(sums: Sums, shown: Callable[[str, int], str]) -> str:
    """A compact object of JSON with amounts as texts, in the order given. Labels hold nothing that JSON escapes."""
    return "{{{}}}".format(",".join(f'"{label}":"{shown(label, units)}"' for label, units in sums.items()))


def shortest(places: int) -> Callable[[str, int], str]:
    """Amounts without zeros behind the last digit."""
    return lambda label, units: text(units, places)


def exactly(places: int) -> Callable[[str, int], str]:
    """Amounts with so many digits behind the point."""
    return lambda label, units: fixed(units, places)

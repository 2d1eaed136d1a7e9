"""OKX's first zk-STARK, from 04/2023 to 08/2024: a sum proof of each batch of accounts, one over the batches (the
trunk), and a user's path through both.

https://github.com/okx/proof-of-reserves (zk_STARK). `config.json` names the coins and how many of them have
constraints of their own; each batch and the trunk is a `sum_proof.json` beside a `sum_values.json`. All values are
valuations in one unit: they are added across coins. Files of one name lie in folders of their own, which a bundle does
not show: which values belong to which proof, and which proof is the trunk, is found by their numbers.

The scheme is not sound: a batch with no users and any totals has been forged that the publisher's own verifier accepts.
What holds here shows only that the files fit together: the verdict is `consistent_only`, never `holds`, and where a
check of a sum proof fails `unsupported`, because nobody here saw a published one accepted.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from porlake.encoding.stark import FIELD
from porlake.liabilities._amounts import canonical, hex_of
from porlake.liabilities._json import Malformed, Number, fields, has_keys, items, number, read, text
from porlake.liabilities._okx_stark import (
    BLOW_UP,
    REVISIONS,
    TRUNK_UTS,
    UTS,
    WORD,
    Batch,
    Hash,
    batch_of,
    checks,
    place_of,
    revision_of,
    total_of,
)
from porlake.liabilities._protocol import (
    NOT_OF_THE_FORMAT,
    Bundle,
    Check,
    Finding,
    Inclusion,
    Kind,
    Proof,
    PublishedFile,
    Total,
)

NAME = "okx_stark_v1"
KIND: Kind = "stark"
NOT_SHOWN = ("forgery_known", "other_accounts", "asset_totals", "leaf_shared")

FORGERY = Finding("forgery_known", "positions of FRI are drawn too early: a batch without users was accepted")
MOST_BYTES, MOST_USER_BYTES = 16_000_000, 1_000_000
_MOST_COINS = 1_000
#: Of a valuation, far above what a trace can hold (4^30) and below half of the field.
_MOST_VALUE = 10**36
_MOST_LEVELS = 24
#: Values of one total that are tried for one proof.
_MOST_TRIED = 8


def matches(bundle: Bundle) -> bool:
    """Whether a file is a JSON object whose head names `mtree_root` and `steps`, or a user's: `batch_inclusion_proof`.

    Beside such a file those of the values and of the coins are the format's too.
    """
    return any(_is_proof(member) or is_user_file(member) for member in bundle.members)


def members(bundle: Bundle) -> Sequence[Sequence[PublishedFile]]:
    """All batches, their values, the trunk and the coins are one proof; a user's file is one of its own."""
    whole = [one for one in bundle.members if _is_proof(one) or _is_values(one) or _is_config(one)]
    users = [(one,) for one in bundle.members if is_user_file(one)]
    return [whole, *users] if any(map(_is_proof, whole)) else users


def is_user_file(member: PublishedFile) -> bool:
    """Whether a file is a JSON object whose head names `batch_inclusion_proof`."""
    return has_keys(member, "batch_inclusion_proof")


def _is_proof(member: PublishedFile) -> bool:
    return has_keys(member, "mtree_root", "steps", "uts")


def _is_values(member: PublishedFile) -> bool:
    return has_keys(member, "total_value") and not is_user_file(member)


def _is_config(member: PublishedFile) -> bool:
    return has_keys(member, "main_coins_num") and not is_user_file(member)


def verify(bundle: Bundle) -> Proof:
    """The sum proofs of a bundle, or one user's path where that is all there is."""
    if not any(map(_is_proof, bundle.members)):
        for member in bundle.members:
            if is_user_file(member):
                found = inclusion(member, None, None)
                return Proof(
                    NAME, "path", found.verdict, found.reason, found.root, checks=found.checks, findings=(FORGERY,),
                    not_shown=NOT_SHOWN, detail=found.detail,
                )  # fmt: skip
    try:
        return _verified(bundle)
    except Malformed as error:
        return Proof(NAME, KIND, "malformed", NOT_OF_THE_FORMAT, not_shown=NOT_SHOWN, detail=error.detail)


# --- the sum proofs ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Values:
    name: str
    coins: tuple[int, ...]
    total: int


def _verified(bundle: Bundle) -> Proof:
    coins, main_coins = _config([one for one in bundle.members if _is_config(one)])
    values = [_values(one, coins) for one in bundle.members if _is_values(one)]
    batches = [batch_of(_read(one), len(coins)) for one in bundle.members if _is_proof(one)]
    if not batches or len(batches) != len(values):
        raise Malformed(f"{len(batches)} sum proofs and {len(values)} files of values")
    made, owners = list[Check](), list[_Values]()
    left = list(values)
    for place, batch in enumerate(batches):
        checked, owner = _batch_checks(batch, left, main_coins)
        if owner is not None:
            left.remove(owner)
            owners.append(owner)
        made += [
            Check(check.name, check.passed, f"sum proof {place}: {check.detail}".rstrip(": ")) for check in checked
        ]
    trunk = None
    if len(owners) == len(batches):
        trunk = _trunk(batches, owners)
        made.append(
            Check(
                "trunk", trunk is not None, "" if trunk is not None else "no sum proof has the sums of all the others"
            )
        )
    failed = next((check for check in made if check.passed is False), None)
    names = sorted({revision.name for batch in batches if (revision := revision_of(batch))})
    findings = [FORGERY]
    if main_coins < len(coins):
        findings.append(
            Finding("coins_unconstrained", f"{len(coins) - main_coins} of {len(coins)} coins are not proven")
        )
    totals: tuple[Total, ...] = ()
    if trunk is not None:
        sums = [_signed(value) for value in owners[trunk].coins]
        totals = (
            Total("total_value", "", str(sum(sums)), False),
            *(Total(coin, "", str(value), False) for coin, value in zip(coins, sums, strict=True)),
        )
        findings += [
            Finding("coin_negative", f"{coin}: {value}") for coin, value in zip(coins, sums, strict=True) if value < 0
        ]
    return Proof(
        NAME,
        KIND,
        "unsupported" if failed else "consistent_only",
        "no_true_example" if failed else "forgery_known",
        root=batches[trunk].root.hex() if trunk is not None else "",
        totals=totals,
        checks=tuple(made),
        findings=tuple(findings),
        not_shown=NOT_SHOWN,
        detail=f"{failed.name}: {failed.detail}" if failed else f"revision {' and '.join(names)}",
    )


def _batch_checks(batch: Batch, values: list[_Values], main_coins: int) -> tuple[list[Check], _Values | None]:
    """What is checked of a batch with those values that fit it, and them; with the first ones where none fits."""
    revision = revision_of(batch)
    if revision is None:
        return [Check("work", False, "the work was done in no revision")], None
    claimed = total_of(batch, len(values[0].coins), revision) if values else 0
    fitting = [one for one in values if one.total % FIELD == claimed][:_MOST_TRIED] or values[:1]
    first: list[Check] = []
    for one in fitting:
        made = list(checks(batch, one.coins, one.total, main_coins, revision))
        if made[-1].passed:
            return made, one
        first = first or made
        if made[-1].name in ("work", "low_degree"):
            break  # no other values mend that
    return first or [Check("totals", False, "there are no values for it")], None


def _trunk(batches: Sequence[Batch], owners: Sequence[_Values]) -> int | None:
    """The proof whose values are the sums of all the others': of one alone, none."""
    whole = [sum(column) for column in zip(*(one.coins for one in owners), strict=True)]
    for place, one in enumerate(owners):
        if len(owners) > 1 and batches[place].uts == TRUNK_UTS and [2 * value for value in one.coins] == whole:
            return place
    return None


def _config(found: Sequence[PublishedFile]) -> tuple[tuple[str, ...], int]:
    if len(found) != 1:
        raise Malformed(f"{len(found)} files that name the coins, not one")
    return _coins(fields(_read(found[0]), "the file of coins", "coins", "main_coins_num"))


def _coins(found: dict[str, object]) -> tuple[tuple[str, ...], int]:
    coins = tuple(text(one, "coins", 64) for one in items(found["coins"], "coins", _MOST_COINS))
    if not coins or len(set(coins)) != len(coins):
        raise Malformed("coins: none, or one of them twice")
    main = found["main_coins_num"]
    if type(main) is str:  # the publisher's tool reads it either way
        main = Number(main)
    return coins, number(main, "main_coins_num", len(coins))


def _values(member: PublishedFile, coins: tuple[str, ...]) -> _Values:
    found = fields(_read(member), "the file of values", *coins, "total_value")
    amounts = tuple(_whole(found[coin], coin, FIELD) for coin in coins)
    return _Values(member.name, amounts, _whole(found["total_value"], "total_value", FIELD * len(coins)))


def _whole(found: object, where: str, below: int) -> int:
    """A whole number of JSON; elements of the field have up to 76 digits. Raises Malformed."""
    value = canonical(found, 0) if isinstance(found, Number) else None
    if value is None or value >= below:
        raise Malformed(f"{where}: {str(found)[:80]} is no whole number below the field's")
    return value


def _signed(value: int) -> int:
    """A sum below nothing is written as the field has it."""
    return value - FIELD if value > FIELD // 2 else value


def _read(member: PublishedFile) -> object:
    return read(member, MOST_BYTES)


# --- a user's path ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Leaf:
    """`id`: as it is in the tree; `whole`: before it was reduced, '' in the revision that does not reduce it."""

    coins: tuple[tuple[str, int], ...]
    total: int
    id: bytes
    whole: bytes | None
    random: bytes
    root: bytes
    path: tuple[bytes, ...]
    position: int

    def hash_with(self, hashed: Hash) -> bytes:
        coins = b"".join((value % FIELD).to_bytes(WORD, "big") for _, value in self.coins)
        return hashed((self.total % FIELD).to_bytes(WORD, "big") + hashed(coins) + self.id + self.random)


def inclusion(user: PublishedFile, published: Bundle | None, root: str | None) -> Inclusion:
    """Whether an account's leaf is in its batch's tree, and the batch in the trunk's: of the published sum proofs, or
    of `root`, the trunk's in hex.
    """
    try:
        batch, trunk = _user(read(user, MOST_USER_BYTES))
        roots = _published_roots(published)
    except Malformed as error:
        return Inclusion(NAME, "malformed", NOT_OF_THE_FORMAT, None, not_shown=NOT_SHOWN, detail=error.detail)
    hashed = next(
        (one.hashed for one in REVISIONS if batch.hash_with(one.hashed) == batch.path[0]), REVISIONS[-1].hashed
    )
    made = [
        _check("leaf", batch.hash_with(hashed) == batch.path[0], "the account's leaf is not the hash of its values"),
        _check(
            "path", _climbed(batch, hashed) == batch.root, "the account's path leads to another root than its batch's"
        ),
        _check("sum", sum(value for _, value in batch.coins) == batch.total, "the account's coins are not its total"),
        _check(
            "batch_leaf", trunk.hash_with(hashed) == trunk.path[0], "the batch's leaf is not the hash of its values"
        ),
        _check(
            "batch_path",
            _climbed(trunk, hashed) == trunk.root,
            "the batch's path leads to another root than the trunk's",
        ),
        _check(
            "batch_sum", sum(value for _, value in trunk.coins) == trunk.total, "the batch's coins are not its total"
        ),
        _check(
            "ids",
            all(_reduced(leaf.id) == _reduced(leaf.whole or leaf.id) for leaf in (batch, trunk))
            and _reduced(trunk.id) == _reduced(batch.root),
            "the trunk holds another batch",
        ),
        _check("sign", batch.total >= 0, f"the account's total is {batch.total}"),
    ]
    ends = batch.root.hex(), trunk.root.hex()
    if roots is not None:
        lacking = [one for one in ends if one not in roots]
        made.append(_check("root_published", not lacking, f"{' and '.join(lacking)} is of no published sum proof"))
    elif root is not None:
        made.append(_check("root_published", ends[1] == root, f"the trunk's root is {ends[1]}"))
    else:
        made.append(Check("root_published", None, "there was no root to compare it with"))
    failed = next((check for check in made if check.passed is False), None)
    compared = roots is not None or root is not None
    return Inclusion(
        NAME,
        "broken" if failed else "consistent_only",
        ("root_not_published" if failed.name == "root_published" else "path_differs") if failed else "forgery_known",
        False if failed else True if compared else None,
        (("total_value", str(batch.total)), *((coin, str(value)) for coin, value in batch.coins)),
        len(batch.path) + len(trunk.path) - 2,
        ends[1],
        tuple(made),
        NOT_SHOWN if compared else (*NOT_SHOWN, "root_not_compared"),
        failed.detail if failed else "",
    )


def _check(name: str, passed: bool, wrong: str) -> Check:
    return Check(name, passed, "" if passed else wrong)


def _published_roots(published: Bundle | None) -> set[str] | None:
    """Of the sum proofs, None where there are none. Raises Malformed."""
    found = [one for one in published.members if _is_proof(one)] if published is not None else []
    if not found:
        return None
    return {text(fields(_read(one), "the file").get("mtree_root"), "mtree_root") for one in found}


def _user(found: object) -> tuple[_Leaf, _Leaf]:
    """The account in its batch, and the batch in the trunk. Raises Malformed."""
    parts = fields(found, "the file", "batch_inclusion_proof", "trunk_inclusion_proof", optional=("config",))
    coins = None
    if "config" in parts:
        coins = _coins(fields(parts["config"], "config", "coins", "main_coins_num"))[0]
    own, above = fields(parts["batch_inclusion_proof"], "batch"), fields(parts["trunk_inclusion_proof"], "trunk")
    user_index, batch_index = (number(own.get(name), name, 1 << 20) for name in ("user_index", "batch_index"))
    uts = number(own.get("uts"), "uts", max(UTS), min(UTS))
    if uts not in UTS:
        raise Malformed(f"uts: {uts} rows a user, not of {UTS}")
    ours = {"user_index", "batch_index", "uts", "batch_mtree_root", "user_id", "reduced_user_id"}
    return (
        _leaf(own, "batch", coins, ours, (uts * (user_index + 1) + uts - 2) * BLOW_UP, "user"),
        _leaf(
            above, "trunk", coins, {"trunk_mtree_root", "batch_id", "reduced_batch_id"},
            (TRUNK_UTS * (batch_index + 1) + TRUNK_UTS - 2) * BLOW_UP, "batch",
        ),
    )  # fmt: skip


def _leaf(
    found: dict[str, object], tree: str, coins: tuple[str, ...] | None, own: set[str], position: int, whose: str
) -> _Leaf:
    others = own | {"total_value", "random_number", "merkle_path"}
    named = tuple(name for name in found if name not in others)
    if coins is not None and set(named) != set(coins):
        raise Malformed(f"{tree}: coins that are not those of the config")
    if not named or len(named) > _MOST_COINS:
        raise Malformed(f"{tree}: {len(named)} coins")
    path = tuple(
        _word(one, f"{tree}, merkle_path")
        for one in items(found.get("merkle_path"), f"{tree}, merkle_path", _MOST_LEVELS)
    )
    if len(path) < 3 or position >= 1 << len(path) - 1:
        raise Malformed(f"{tree}: a path of {len(path)} nodes, too short for its position")
    reduced = found.get(f"reduced_{whose}_id")
    whole = _word(found.get(f"{whose}_id"), f"{tree}, {whose}_id")
    return _Leaf(
        tuple((coin, _value(found[coin], f"{tree}, {coin}")) for coin in coins or named),
        _value(found.get("total_value"), f"{tree}, total_value"),
        whole if reduced is None else _word(reduced, f"{tree}, reduced_{whose}_id"),
        None if reduced is None else whole,
        _word(found.get("random_number"), f"{tree}, random_number"),
        _word(found.get(f"{tree}_mtree_root"), f"{tree}_mtree_root"),
        path,
        position,
    )


def _value(found: object, where: str) -> int:
    """A number, or a text of one, of either sign. Raises Malformed."""
    shown = Number(found) if type(found) is str else found
    return number(shown, where, _MOST_VALUE, -_MOST_VALUE)


def _word(found: object, where: str) -> bytes:
    data = hex_of(text(found, where), WORD)
    if data is None:
        raise Malformed(f"{where}: not {WORD} bytes of hex in lower case")
    return data


def _climbed(leaf: _Leaf, hashed: Hash) -> bytes:
    place, node = place_of(leaf.position, 1 << len(leaf.path) - 1), leaf.path[0]
    for sibling in leaf.path[1:]:
        node = hashed(sibling + node) if place & 1 else hashed(node + sibling)
        place >>= 1
    return node


def _reduced(data: bytes) -> int:
    return int.from_bytes(data, "big") % FIELD

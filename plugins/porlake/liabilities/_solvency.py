"""Whether a published proof of solvency of Binance or Gate holds, and whether a user is counted in it.

In this order: batches numbered without a gap, each public input the digest of its row, the chain from the empty tree
and the prices to the published totals, no asset of which more is borrowed than held, the Groth16 proofs. A layout of
which nobody here saw a true example accepted neither acquits nor accuses: `consistent_only` at best, `unsupported`
instead of `broken`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from porlake import registry
from porlake.encoding import bn254, groth16, poseidon_bn254
from porlake.errors import InvalidEncoding
from porlake.liabilities import _zkmerkle as zk
from porlake.liabilities._amounts import asset_of, hex_of, text
from porlake.liabilities._json import Malformed, has_keys
from porlake.liabilities._protocol import (
    Bundle,
    Check,
    Finding,
    Inclusion,
    Proof,
    PublishedFile,
    Total,
    Verdict,
)
from porlake.progress import Tell, silent

#: Of a price of 10^-8 USD: what a stablecoin's may be, and at how many cents more or less it is told.
_DOLLAR, _OFF = 10**8, 10**7
_MOST_KEY_BYTES = 1 << 16
#: Checks that say of themselves that there was nothing to compare with: what the leaf and its path show stands.
_MAY_LACK = ("root_published", "values")
#: Assets whose balances have two decimals and prices fourteen in some audits, in others eight and eight: which, the
#: price tells: below or above one that it has had, in 10^-11 USD, by three digits in any case.
_SMALL = {
    "bttc": 63_000,
    "shib": 1_000_000,
    "lunc": 15_000_000,
    "xec": 2_500_000,
    "win": 7_500_000,
    "bidr": 6_400_000,
    "spell": 60_000_000,
    "hot": 150_000_000,
    "doge": 10_000_000_000,
    "pepe": 500_000,
}

#: Why a check fails, by the check.
REASONS: Mapping[str, str] = {
    "batch_numbers": "batch_missing",
    "public_inputs": "public_input_differs",
    "starts_empty": "start_not_empty",
    "roots_follow": "root_does_not_follow",
    "one_root": "roots_differ",
    "account_ranges": "ranges_do_not_follow",
    "tiers": "tier_unknown",
    "commitments_follow": "totals_do_not_follow",
    "starts_at_prices": "prices_differ",
    "ends_at_totals": "totals_not_reached",
    "debt_within_equity": "debt_above_equity",
    "proofs_canonical": "proof_not_canonical",
    "proofs": "proof_refused",
    "path": "path_differs",
    "debt_covered": "debt_not_covered",
    "values": "values_differ",
    "root_published": "root_not_published",
    "index_proven": "leaf_behind_last_index",
}

#: What of a layout was accepted in a test on files that its publisher made.
Seen = frozenset[tuple[zk.Edition, str]]


@dataclass(frozen=True, slots=True)
class Publisher:
    """What differs between the exchanges. `key_name`: the field of the totals' file that names the keys; `capacities`
    of the dense edition, the newest first; `seen`: (edition, `chain`, `totals`, `path` or `pair`).
    """

    scheme: str
    exchange: str
    key_name: str
    names: zk.Names
    capacities: tuple[int, ...]
    not_shown: tuple[str, ...]
    seen: Seen

    def is_user_file(self, member: PublishedFile) -> bool:
        return has_keys(member, self.names.index, self.names.id, self.names.path)

    def is_totals(self, member: PublishedFile) -> bool:
        return has_keys(member, "CexAssetsInfo", self.key_name)

    def members(self, bundle: Bundle) -> list[list[PublishedFile]]:
        """A table with the totals and keys beside it is one proof, each user's file another."""
        proofs = [[member] for member in bundle.members if self.is_user_file(member)]
        totals = [member for member in bundle.members if self.is_totals(member)]
        tables = [member for member in bundle.members if zk.is_table(member.head)]
        if (bundle.exchange or _whose(bundle)) != self.exchange:
            tables = []
        if tables or totals:
            keys = [member for member in bundle.members if is_key(member)]
            proofs.append([*tables[:1], *totals[:1], *keys])
        return proofs


def formed(
    publisher: Publisher, words: str
) -> tuple[
    Callable[[Bundle], bool],
    Callable[[Bundle], Sequence[Sequence[PublishedFile]]],
    Callable[[Bundle], Proof],
    Callable[[Bundle, Tell], Proof],
    Callable[[PublishedFile], bool],
    Callable[[PublishedFile, Bundle | None, str | None], Inclusion],
]:
    """`matches`, `members`, `verify`, `verify_telling`, `is_user_file` and `inclusion` of a format. `words`: whose its
    files' are.
    """

    def matches(bundle: Bundle) -> bool:
        return bool(publisher.members(bundle))

    def members(bundle: Bundle) -> Sequence[Sequence[PublishedFile]]:
        """The table with its totals and keys; each user's file."""
        return publisher.members(bundle)

    def verify_telling(bundle: Bundle, tell: Tell = silent) -> Proof:
        """`verify`, telling how many proofs are done."""
        return verify(publisher, bundle, tell)

    def verify_silently(bundle: Bundle) -> Proof:
        """The root, the totals and the verdict. Raises nothing for what the files hold."""
        return verify(publisher, bundle)

    def is_user_file(member: PublishedFile) -> bool:
        """Whether a file is one user's, told by its head."""
        return publisher.is_user_file(member)

    def included(user: PublishedFile, published: Bundle | None, root: str | None) -> Inclusion:
        """Whether a user is counted: by the published table and totals, or by a root. Raises nothing."""
        return inclusion(publisher, user, published, root)

    matches.__doc__ = f"Whether a file is a table of batches, their totals, or a user's path, in {words}."
    return matches, members, verify_silently, verify_telling, is_user_file, included


#: By the field of the totals' file that names the keys. A table without it, and of nobody, is the first one's.
KEY_NAMES: Mapping[str, str] = {"ZkKeyName": "binance", "ZkKeyVKDirectoryAndPrefix": "gate"}


def _whose(bundle: Bundle) -> str:
    names = (name for name in KEY_NAMES for member in bundle.members if has_keys(member, "CexAssetsInfo", name))
    return KEY_NAMES[next(names, "ZkKeyName")]


def is_key(member: PublishedFile) -> bool:
    """Whether a file is a verifying key: by its name, and because it is no text."""
    return ".vk" in member.name and b"\0" in member.head[:4_096]


@dataclass
class _Judged:
    """Checks as they are made, each with what of its layout it rests on."""

    publisher: Publisher
    edition: zk.Edition = "dense"
    checks: list[Check] = field(default_factory=list)
    rests_on: list[str] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)

    def check(self, name: str, passed: bool | None, detail: str, on: str) -> bool:
        self.checks.append(Check(name, passed, detail))
        self.rests_on.append(on)
        return passed is not False

    def verdict(self, needed: Iterable[str]) -> tuple[Verdict, str, str]:
        """Verdict, reason, detail; `needed`: what must have been seen for `holds`."""
        seen = self.publisher.seen
        failed = [(m, on) for m, on in zip(self.checks, self.rests_on, strict=True) if m.passed is False]
        for made, on in failed:
            if (self.edition, on) in seen:
                return "broken", REASONS[made.name], made.detail
        for made, _ in failed:
            detail = f"{made.name} fails ({made.detail}), and no true example of this layout was seen to pass it"
            return "unsupported", "no_true_example", detail
        lacking = [on for on in needed if (self.edition, on) not in seen]
        if lacking:
            return "consistent_only", "no_true_example", f"{self.edition}: {', '.join(lacking)} of no true example seen"
        for made in self.checks:
            if made.passed is None and made.name not in _MAY_LACK:
                return "consistent_only", "check_not_made", f"{made.name}: {made.detail}"
        return "holds", "every_check_holds", ""


def verify(publisher: Publisher, bundle: Bundle, tell: Tell = silent) -> Proof:
    """The verdict on the first proof of a bundle. Raises nothing for what the files hold."""
    proofs = publisher.members(bundle)
    whole = [files for files in proofs if not publisher.is_user_file(files[0])]
    not_shown = publisher.not_shown
    try:
        if whole:
            return _verify(publisher, whole[0], tell)
        if proofs:
            found = inclusion(publisher, proofs[0][0], None, None)
            return Proof(
                publisher.scheme,
                "path",
                found.verdict,
                found.reason,
                found.root,
                checks=found.checks,
                not_shown=found.not_shown,
                detail=found.detail,
            )
    except Malformed as error:
        return Proof(
            publisher.scheme, "snark", "malformed", "not_of_the_format", not_shown=not_shown, detail=error.detail
        )
    detail = "no table of batches, and no user's file"
    return Proof(publisher.scheme, "snark", "malformed", "not_of_the_format", not_shown=not_shown, detail=detail)


def _verify(publisher: Publisher, files: Sequence[PublishedFile], tell: Tell) -> Proof:
    table = next((file for file in files if zk.is_table(file.head)), None)
    stated = next((file for file in files if publisher.is_totals(file)), None)
    if table is None:
        raise Malformed(f"{files[0].name}: totals without the table of batches")
    edition, rows = zk.batches(table)
    totals = None if stated is None else zk.totals(stated, publisher.key_name)
    judged = _Judged(publisher, edition)
    if totals is not None and bool(totals.assets[0].collateral) != (edition != "dense"):
        raise Malformed(f"the totals are of another edition than the table, which is {edition}")
    capacity = _capacity(publisher, rows[0], totals)
    _check_chain(judged, rows, capacity)
    shown = _check_totals(judged, rows, totals, capacity)
    keys = [file for file in files if is_key(file)]
    digests = _check_proofs(judged, rows, totals, keys, tell)
    needed = ("chain", "totals", "pair")
    verdict, reason, detail = judged.verdict(needed)
    holds = verdict == "holds"
    beyond = ("leaves_behind_last_index",) if edition == "one_root" else ()
    return Proof(
        publisher.scheme,
        "snark",
        verdict,
        reason,
        f"{rows[-1].roots[-1]:064x}",
        tuple(_total(publisher.exchange, asset, holds) for asset in shown),
        rows[-1].last + 1 if edition == "one_root" else None,
        tuple(judged.checks),
        tuple(judged.findings),
        (*publisher.not_shown, *beyond),
        digests,
        detail,
    )


def _capacity(publisher: Publisher, first: zk.Batch, totals: zk.Totals | None) -> int:
    """How many assets the tree has room for; in the dense edition that changed, and the empty tree tells."""
    if first.assets:
        return zk.TIERED_CAPACITY
    found = [room for room in publisher.capacities if zk.empty_root(room) == first.roots[0]]
    return next(iter(found), publisher.capacities[0])


def _check_chain(judged: _Judged, rows: Sequence[zk.Batch], capacity: int) -> None:
    numbers = [row.number for row in rows]
    gap = next((at for at, number in enumerate(numbers) if at != number), None)
    detail = f"{len(rows):,} batches" if gap is None else f"batch {gap} is missing, or {numbers[gap]} stands twice"
    judged.check("batch_numbers", gap is None, detail, "chain")
    wrong = _first(rows, [made == row.public for made, row in zip(_public_inputs(rows), rows, strict=True)])
    judged.check("public_inputs", wrong is None, _of(wrong, "is not the digest of its row", rows), "chain")
    if judged.edition == "one_root":
        _check_ranges(judged, rows)
    else:
        start = zk.empty_root(capacity if judged.edition == "dense" else 0)
        detail = f"batch 0 starts from {rows[0].roots[0]:064x}, the empty tree is {start:064x}"
        judged.check("starts_empty", rows[0].roots[0] == start, detail, "chain")
        follows = [True, *(a.roots[1] == b.roots[0] for a, b in pairwise(rows))]
        wrong = _first(rows, follows)
        judged.check("roots_follow", wrong is None, _of(wrong, "does not start from the root before it", rows), "chain")
    if judged.edition != "dense":
        wrong = _first(rows, [row.assets in zk.TIERS for row in rows])
        judged.check("tiers", wrong is None, _of(wrong, "is of no tier of assets", rows), "chain")
    follows = [True, *(a.after == b.before for a, b in pairwise(rows))]
    wrong = _first(rows, follows)
    detail = _of(wrong, "does not start from the totals before it", rows)
    judged.check("commitments_follow", wrong is None, detail, "chain")


def _check_ranges(judged: _Judged, rows: Sequence[zk.Batch]) -> None:
    wrong = _first(rows, [row.roots == rows[0].roots for row in rows])
    judged.check("one_root", wrong is None, _of(wrong, "has another root than batch 0", rows), "chain")
    ends = [-1, *(row.last for row in rows[:-1])]
    wrong = _first(rows, [row.first == end + 1 and row.last >= row.first for row, end in zip(rows, ends, strict=True)])
    detail = f"accounts 0 to {rows[-1].last:,}"
    if wrong is not None:
        detail = f"batch {wrong.number}: accounts {wrong.first} to {wrong.last} do not follow the ones before"
    judged.check("account_ranges", wrong is None, detail, "chain")


def _public_inputs(rows: Sequence[zk.Batch]) -> list[int]:
    return poseidon_bn254.digests([row.hashed for row in rows])


def _first(rows: Sequence[zk.Batch], holds: Sequence[bool]) -> zk.Batch | None:
    return next((row for row, is_right in zip(rows, holds, strict=True) if not is_right), None)


def _of(wrong: zk.Batch | None, what: str, rows: Sequence[zk.Batch]) -> str:
    return f"{len(rows):,} batches" if wrong is None else f"batch {wrong.number} (line {wrong.line}) {what}"


def _check_totals(
    judged: _Judged, rows: Sequence[zk.Batch], totals: zk.Totals | None, capacity: int
) -> tuple[zk.Asset, ...]:
    """The totals, where they are published."""
    if totals is None:
        judged.check("starts_at_prices", None, "no published totals", "totals")
        judged.check("ends_at_totals", None, "no published totals", "totals")
        return ()
    if len(totals.assets) > capacity:
        raise Malformed(f"totals of {len(totals.assets):,} assets, and the tree has room for {capacity}")
    start, end = zk.commitments(totals.assets, capacity)
    detail = f"batch 0 starts from {rows[0].before:064x}, the published prices are {start:064x}"
    judged.check("starts_at_prices", rows[0].before == start, detail, "totals")
    detail = f"the last batch ends at {rows[-1].after:064x}, the published totals are {end:064x}"
    judged.check("ends_at_totals", rows[-1].after == end, detail, "totals")
    above = [asset for asset in totals.assets if asset.debt > asset.equity]
    detail = f"{len(totals.assets):,} assets"
    if above:
        detail = (
            f"{above[0].symbol}: debt {above[0].debt:,} above equity {above[0].equity:,} (and {len(above) - 1} more)"
        )
        judged.findings += [
            Finding("debt_above_equity", f"{asset.symbol}: debt {asset.debt:,}, equity {asset.equity:,}")
            for asset in above
        ]
    judged.check("debt_within_equity", not above, detail, "totals")
    judged.findings += _odd_prices(judged.publisher.exchange, totals.assets)
    return totals.assets


def _odd_prices(exchange: str, assets: Sequence[zk.Asset]) -> Iterable[Finding]:
    """Prices that cannot be: the market's stand elsewhere, and a dollar is a dollar."""
    known = registry.load().assets
    for asset in assets:
        if asset.symbol.lower() == "reserved":
            continue
        found = known.get(asset_of(exchange, asset.symbol))
        off = abs(asset.price - _DOLLAR) > _OFF
        if found is not None and found.asset_class == "stablecoin" and off:
            yield Finding("price_out_of_line", f"{asset.symbol}, a stablecoin, at {text(asset.price, 8)} USD")
        elif not asset.price and (asset.equity or asset.debt):
            yield Finding("price_out_of_line", f"{asset.symbol} is held or owed, and counts at no price")


def _total(exchange: str, asset: zk.Asset, is_shown: bool) -> Total:
    """Owed to users: what they hold less what they borrowed."""
    return Total(
        asset.symbol, asset_of(exchange, asset.symbol), text(asset.equity - asset.debt, decimals(asset)), is_shown
    )


def decimals(asset: zk.Asset) -> int:
    """How many decimals balances of an asset have. Values, balance times price, have sixteen in any case."""
    usual = _SMALL.get(asset.symbol.lower())
    return 2 if usual is not None and asset.price > usual else 8


def _check_proofs(
    judged: _Judged, rows: Sequence[zk.Batch], totals: zk.Totals | None, keys: Sequence[PublishedFile], tell: Tell
) -> tuple[str, ...]:
    """The sha256 of the keys that were used."""
    parsed: list[groth16.Proof] = []
    for row in rows:
        try:
            parsed.append(groth16.proof(row.proof))
        except InvalidEncoding as error:
            judged.check("proofs_canonical", False, f"batch {row.number} (line {row.line}): {error}", "chain")
            return ()
    judged.check("proofs_canonical", True, f"{len(rows):,} proofs", "chain")
    if not keys:
        judged.check("proofs", None, "no verifying key among the files", "pair")
        return ()
    arithmetic = bn254.arithmetic()
    by_name: dict[str, groth16.VerifyingKey] = {}
    for file in keys:
        file.content.seek(0)
        try:
            by_name[file.name] = groth16.verifying_key(file.content.read(_MOST_KEY_BYTES + 1), arithmetic)
        except InvalidEncoding as error:
            raise Malformed(f"{file.name}: {error}") from error
    digests = tuple(key.sha256 for key in by_name.values())
    pins = registry.load().verifying_keys
    for name, key in by_name.items():
        pin = pins.get(key.sha256)
        if pin is None or (pin.exchange, pin.scheme) != (judged.publisher.exchange, judged.publisher.scheme):
            judged.findings.append(
                Finding("key_unpinned", f"{name}: sha256 {key.sha256} is no key that was pinned: nobody vouches for it")
            )
    done = 0
    for tier in sorted({row.assets for row in rows}):
        chosen = _key_of(tier, by_name, totals.key_files if totals else {})
        if chosen is None:
            judged.check("proofs", None, f"no key for the tier of {tier} assets among {sorted(by_name)}", "pair")
            return digests
        own = [(row, one) for row, one in zip(rows, parsed, strict=True) if row.assets == tier]
        for start in range(0, len(own), groth16.BATCH):
            some = own[start : start + groth16.BATCH]
            if wrong := groth16.first_refused(chosen, [(one, (row.public,)) for row, one in some], arithmetic):
                row, why = some[wrong[0]][0], wrong[1]
                detail = f"batch {row.number} (line {row.line}): {why}; by {arithmetic.name}"
                judged.check("proofs", False, detail, "pair")
                return digests
            done += len(some)
            tell("proofs", done, len(rows))
    judged.check("proofs", True, f"{len(rows):,} proofs, by {arithmetic.name}", "pair")
    return digests


def _key_of(
    tier: int, keys: Mapping[str, groth16.VerifyingKey], named: Mapping[int, str]
) -> groth16.VerifyingKey | None:
    """The key that the totals' file names for a tier; where it names none, the one whose own name does, or the only
    one.
    """
    name = named.get(tier, named.get(0, f"zkpor{tier}"))
    fits = [key for file, key in keys.items() if file == name or file.startswith((f"{name}.", f"{name}_"))]
    if len(fits) == 1:
        return fits[0]
    return next(iter(keys.values())) if len(keys) == 1 and not tier else None


# --- a user -----------------------------------------------------------------------------------------------------------


def inclusion(publisher: Publisher, file: PublishedFile, published: Bundle | None, root: str | None) -> Inclusion:
    """Whether a user is counted. Raises nothing for what the files hold."""
    try:
        return _inclusion(publisher, zk.user(file, publisher.names), published, root)
    except Malformed as error:
        detail = error.detail
    return Inclusion(
        publisher.scheme, "malformed", "not_of_the_format", None, not_shown=publisher.not_shown, detail=detail
    )


def _inclusion(publisher: Publisher, user: zk.User, published: Bundle | None, root: str | None) -> Inclusion:
    edition, rows, totals = _published(publisher, published)
    if rows and (user.collateral < 0) != (edition == "dense"):
        raise Malformed(f"the user's file is of another edition than the published table, which is {edition}")
    judged = _Judged(publisher, edition if rows else "dense" if user.collateral < 0 else "one_root")
    capacities = (zk.TIERED_CAPACITY,) if user.collateral >= 0 else publisher.capacities
    if rows and user.collateral < 0:
        capacities = (_capacity(publisher, rows[0], totals),)
    highest = max((held.index for held in user.assets), default=0)
    rooms = [room for room in capacities if room > highest]
    if not rooms:
        raise Malformed(f"an asset of the index {highest}, and the tree has room for {max(capacities)}")
    reached = [user.climbed(user.leaf(room)) for room in rooms]
    led = next((node for node in reached if node == user.root), reached[0])
    judged.check("path", led == user.root, f"the leaf leads to {led:064x}, the file says {user.root:064x}", "path")
    if user.collateral < 0:
        detail = f"debt {user.debt:,}, equity {user.equity:,}"
        judged.check("debt_covered", user.debt <= user.equity, detail, "path")
    else:
        detail = f"debt {user.debt:,}, collateral {user.collateral:,}"
        judged.check("debt_covered", user.debt <= user.collateral, detail, "path")
    _check_values(judged, user, totals)
    compared = _check_root(judged, led, rows, root)
    if judged.edition == "one_root":
        last = rows[-1].last if rows else None
        detail = "no published table: which indices were counted is not known"
        if last is not None:
            detail = f"index {user.index:,}, and the proofs count up to {last:,}"
        judged.check("index_proven", None if last is None else user.index <= last, detail, "chain")
    failed = any(made.passed is False for made in judged.checks)
    verdict, reason, detail = judged.verdict(("path",))
    included = False if failed else (True if compared else None)
    if verdict == "unsupported":
        included = None
    assets = totals.assets if totals else ()
    beyond = ("leaves_behind_last_index",) if judged.edition == "one_root" and not rows else ()
    return Inclusion(
        publisher.scheme,
        verdict,
        reason,
        included,
        tuple(_balance(held, assets) for held in user.assets),
        zk.DEPTH,
        f"{led:064x}",
        tuple(judged.checks),
        (*publisher.not_shown, *beyond),
        detail,
    )


def _published(
    publisher: Publisher, published: Bundle | None
) -> tuple[zk.Edition, Sequence[zk.Batch], zk.Totals | None]:
    members = [] if published is None else published.members
    table = next((member for member in members if zk.is_table(member.head)), None)
    stated = next((member for member in members if publisher.is_totals(member)), None)
    edition: zk.Edition = "dense"
    rows: Sequence[zk.Batch] = ()
    if table is not None:
        edition, rows = zk.batches(table)
    return edition, rows, None if stated is None else zk.totals(stated, publisher.key_name)


def _check_values(judged: _Judged, user: zk.User, totals: zk.Totals | None) -> None:
    """The user's totals by the published prices: they are in the leaf as the exchange stated them."""
    if totals is None:
        judged.check("values", None, "no published prices", "path")
        return
    if bool(totals.assets[0].collateral) != (user.collateral >= 0):
        raise Malformed("the published totals are of another edition than the user's file")
    if any(held.index >= len(totals.assets) for held in user.assets):
        judged.check("values", False, f"an asset that is not published, of index {user.assets[-1].index}", "path")
        return
    found = user.values(totals.assets)
    stated = user.equity, user.debt, user.collateral
    detail = f"equity, debt, collateral are {found} by the published prices, and {stated} in the file"
    judged.check("values", found == stated, detail, "path")


def _check_root(judged: _Judged, led: int, rows: Sequence[zk.Batch], root: str | None) -> bool:
    """Whether there was something to compare with."""
    if rows:
        there = rows[-1].roots[-1]
    elif root is not None:
        data = hex_of(root.removeprefix("0x").lower(), 32)
        if data is None:
            judged.check("root_published", False, f"{root[:80]!r} is no root of 32 bytes in hex", "path")
            return True
        there = int.from_bytes(data, "big")
    else:
        judged.check("root_published", None, "no published root to compare with", "path")
        return False
    judged.check("root_published", led == there, f"the path leads to {led:064x}, published is {there:064x}", "path")
    return True


def _balance(held: zk.Held, assets: Sequence[zk.Asset]) -> tuple[str, str]:
    """What is owed to the user; without published totals in the publisher's own whole units."""
    if held.index < len(assets):
        asset = assets[held.index]
        return asset.symbol, text(held.equity - held.debt, decimals(asset))
    return f"#{held.index}", str(held.equity - held.debt)

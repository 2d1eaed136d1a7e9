"""Binance's proof of solvency: Groth16 over batches of users, with the totals of every asset.

Source: github.com/binance/zkmerkle-proof-of-solvency; what it hashes and checks: `_zkmerkle`, `_solvency`. Published
are proof.csv, config.json with the totals, and the verifying keys; a user gets user_config.json.

The exchange made the keys itself: whoever kept the randomness of that can prove anything. No pair of a published key
and a proof could be had, so no verdict goes beyond `consistent_only`, and a proof that does not hold is `unsupported`.
"""

from __future__ import annotations

from collections.abc import Sequence

from porlake.liabilities import _solvency, _zkmerkle
from porlake.liabilities._protocol import Bundle, Inclusion, Kind, Proof, PublishedFile
from porlake.progress import Tell, silent

NAME = "binance_zk"
KIND: Kind = "snark"
NOT_SHOWN = ("setup_by_the_exchange", "users_who_never_check", "made_up_users", "prices_by_the_exchange")

_PUBLISHER = _solvency.Publisher(
    NAME,
    "binance",
    "ZkKeyName",
    _zkmerkle.Names("AccountIndex", "AccountIdHash", "TotalEquity", "TotalDebt", "Assets", "Root", "Proof"),
    (350,),
    NOT_SHOWN,
    # the chain of 2023 that was made to show its fault, rows of June 2026
    frozenset({("dense", "chain"), ("dense", "totals"), ("one_root", "chain")}),
)


def matches(bundle: Bundle) -> bool:
    """Whether a file is a table of batches, their totals, or a user's path, in Binance's words."""
    return bool(_PUBLISHER.members(bundle))


def members(bundle: Bundle) -> Sequence[Sequence[PublishedFile]]:
    """The table with its totals and keys; each user's file."""
    return _PUBLISHER.members(bundle)


def verify(bundle: Bundle) -> Proof:
    """The root, the totals and the verdict. Raises nothing for what the files hold."""
    return _solvency.verify(_PUBLISHER, bundle)


def verify_telling(bundle: Bundle, tell: Tell = silent) -> Proof:
    """`verify`, telling how many proofs are done."""
    return _solvency.verify(_PUBLISHER, bundle, tell)


def is_user_file(member: PublishedFile) -> bool:
    """Whether a file is one user's, told by its head."""
    return _PUBLISHER.is_user_file(member)


def inclusion(user: PublishedFile, published: Bundle | None, root: str | None) -> Inclusion:
    """Whether a user is counted: by the published table and totals, or by a root. Raises nothing."""
    return _solvency.inclusion(_PUBLISHER, user, published, root)

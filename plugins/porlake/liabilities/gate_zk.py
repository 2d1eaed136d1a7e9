"""Gate's proof of solvency: Binance's first edition, with room for 800 assets since July 2025 and for 350 before.

Source: github.com/gateio/proof-of-reserves; what it hashes and checks: `_zkmerkle`, `_solvency`. Published are
proof.csv, cex_config.json with the totals, and the verifying key; a user gets user_config.json.

The exchange made the key itself, and publishes none in its repository: no pair of key and proof could be had, so no
verdict here goes beyond `consistent_only`, and a proof that does not hold is `unsupported`.
"""

from __future__ import annotations

from collections.abc import Sequence

from porlake.liabilities import _solvency, _zkmerkle
from porlake.liabilities._protocol import Bundle, Inclusion, Kind, Proof, PublishedFile
from porlake.progress import Tell, silent

NAME = "gate_zk"
KIND: Kind = "snark"
NOT_SHOWN = ("setup_by_the_exchange", "users_who_never_check", "made_up_users", "prices_by_the_exchange")

_PUBLISHER = _solvency.Publisher(
    NAME,
    "gate",
    "ZkKeyVKDirectoryAndPrefix",
    _zkmerkle.Names(
        "Arrangement",
        "UniqueIdentification",
        "TotalAssetEquity",
        "TotalAssetDebt",
        "AssetDetails",
        "TreeRootHash",
        "MerkleProofEncode",
    ),
    (800, 350),
    NOT_SHOWN,
    # the batch, its totals and its user that stand in the repository since July 2025
    frozenset({("dense", "chain"), ("dense", "totals"), ("dense", "path")}),
)


def matches(bundle: Bundle) -> bool:
    """Whether a file is a table of batches, their totals, or a user's path, in the words of Gate."""
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

"""Gate's proof of solvency: Binance's first edition, with room for 800 assets since July 2025 and for 350 before.

Source: github.com/gateio/proof-of-reserves; what it hashes and checks: `_zkmerkle`, `_solvency`. Published are
proof.csv, cex_config.json with the totals, and the verifying key; a user gets user_config.json.

The exchange made the key itself, and publishes none in its repository: no pair of key and proof could be had, so no
verdict here goes beyond `consistent_only`, and a proof that does not hold is `unsupported`.
"""

from __future__ import annotations

from porlake.liabilities import _solvency, _zkmerkle
from porlake.liabilities._protocol import Kind

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

matches, members, verify, verify_telling, is_user_file, inclusion = _solvency.formed(_PUBLISHER, "the words of Gate")

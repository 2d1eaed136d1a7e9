"""Binance's proof of solvency: Groth16 over batches of users, with the totals of every asset.

Source: github.com/binance/zkmerkle-proof-of-solvency; what it hashes and checks: `_zkmerkle`, `_solvency`. Published
are proof.csv, config.json with the totals, and the verifying keys; a user gets user_config.json.

The exchange made the keys itself: whoever kept the randomness of that can prove anything. No pair of a published key
and a proof could be had, so no verdict goes beyond `consistent_only`, and a proof that does not hold is `unsupported`.
"""

from __future__ import annotations

from porlake.liabilities import _solvency, _zkmerkle
from porlake.liabilities._protocol import Kind

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

matches, members, verify, verify_telling, is_user_file, inclusion = _solvency.formed(_PUBLISHER, "Binance's words")

"""What errors of Lotus, Forest and their gateways mean: all have code 1, so their texts say it.
https://github.com/filecoin-project/lotus
"""

from __future__ import annotations

import re

from porlake.chains._gateways import RATE_LIMITED
from porlake.errors import RequestFailed, TransportError, Unavailable
from porlake.transport.error_table import ErrorTable, Rule

ERRORS = ErrorTable(
    (
        RATE_LIMITED,
        # gateway: "bad tipset height: lookbacks of more than 24h0m0s are disallowed"; chain/store: "looking for tipset
        # with height greater than start point"; a node that has thrown the state away: "ipld: could not find ...",
        # "blockstore: block not found", "failed to load state tree"
        Rule(
            Unavailable,
            text=r"lookbacks? of more than|bad tipset height|height greater than start point|ipld: could not find"
            r"|block not found|failed to load state ?tree|load state tree",
        ),
    )
)

_NO_ACTOR = re.compile(r"actor not found", re.I)


def is_nobody(error: TransportError) -> bool:
    """Whether the state knows no actor of an address: nothing was ever sent there."""
    return isinstance(error, RequestFailed) and bool(_NO_ACTOR.search(str(error)))

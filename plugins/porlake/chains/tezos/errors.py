"""What errors of a Tezos node mean: HTTP statuses with a list of `{"kind": ..., "id": ...}`.
https://octez.tezos.com/docs/api/errors.html
"""

from __future__ import annotations

from porlake.chains._gateways import RATE_LIMITED
from porlake.errors import NodeBehind, RequestFailed, Unavailable
from porlake.transport.error_table import ErrorTable, Rule

ERRORS = ErrorTable(
    (
        RATE_LIMITED,
        Rule(NodeBehind, text=r"node\.bootstrapping|not_synchroni[sz]ed"),
        # A node that keeps less than all knows no state before its savepoint, and no block before its caboose.
        Rule(
            Unavailable,
            text=r"unknown_block|block_not_found|unavailable_block|missing_context|context\.failed|storage\.unknown",
        ),
        Rule(RequestFailed, text=r"michelson|script"),
    )
)

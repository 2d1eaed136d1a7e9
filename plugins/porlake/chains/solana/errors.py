"""What errors of Solana's nodes mean.

Codes: rpc-client-api/src/custom_error.rs of https://github.com/anza-xyz/agave. That a slot was skipped (-32007, -32009)
is an answer about the slot, and stays RequestFailed with its code.
"""

from __future__ import annotations

from porlake.chains._gateways import RATE_LIMITED
from porlake.errors import NodeBehind, TooBig, Unavailable
from porlake.transport.error_table import ErrorTable, Rule

SLOT_SKIPPED, LONG_TERM_SLOT_SKIPPED = -32007, -32009
SKIPPED = frozenset({SLOT_SKIPPED, LONG_TERM_SLOT_SKIPPED})

ERRORS = ErrorTable(
    (
        RATE_LIMITED,
        # "Node is behind by 150 slots", "Minimum context slot has not been reached", "Block status not yet available"
        Rule(NodeBehind, codes={-32005, -32014, -32016}),
        # "Block 1 cleaned up, does not exist on node", "Block not available for slot 1", "Transaction history is not
        # available from this node"
        Rule(Unavailable, codes={-32001, -32004, -32011}),
        # "Too many inputs provided; max 100"
        Rule(TooBig, text=r"too many inputs|too large|too big|payload size"),
    )
)

"""What errors of Bitcoin Core and its forks, and of Electrum servers, mean."""

from __future__ import annotations

from porlake.chains._gateways import RATE_LIMITED
from porlake.errors import NodeBehind, RateLimited, TooBig, Unavailable
from porlake.transport.error_table import ErrorTable, Rule

#: RPCErrorCode of Bitcoin Core: https://github.com/bitcoin/bitcoin/blob/master/src/rpc/protocol.h
IN_INITIAL_DOWNLOAD, IN_WARMUP = -10, -28

NODE_ERRORS = ErrorTable(
    (
        RATE_LIMITED,
        # "Loading block index...", "Rescanning...": the node starts; "... is in initial sync and waiting for blocks"
        Rule(NodeBehind, codes={IN_INITIAL_DOWNLOAD, IN_WARMUP}),
        # blockchain.cpp: "Block not found", "Block not found on disk", "Block not available (pruned data)"
        Rule(Unavailable, text=r"block not found|block not available|pruned data"),
    )
)

#: JSONRPC of aiorpcX, on which ElectrumX stands: the server is over the limit of what one client may cost.
EXCESSIVE_RESOURCE_USAGE, SERVER_BUSY = -101, -102

ELECTRUM_ERRORS = ErrorTable(
    (
        Rule(RateLimited, codes={EXCESSIVE_RESOURCE_USAGE, SERVER_BUSY}),
        RATE_LIMITED,
        # ElectrumX: "history too large"; others name the limit
        Rule(TooBig, text=r"too large|too big|timed out|timeout|exceed|limit of"),
        # the node's own errors, passed on: DaemonError
        Rule(Unavailable, text=r"block not found|is not available|has been pruned"),
    )
)

"""What errors of goloop mean. https://docs.icon.community/icon-stack/client-apis/json-rpc-api/v3"""

from __future__ import annotations

from porlake.chains._gateways import RATE_LIMITED
from porlake.errors import RateLimited, TimedOut, TooBig, Unavailable
from porlake.transport.error_table import ErrorTable, Rule

ERRORS = ErrorTable(
    (
        RATE_LIMITED,
        # server/jsonrpc/error.go: -31004 NotFound; PrunedBlock(height=..,base=..) of a state that the node lacks
        Rule(Unavailable, codes={-31004}, text=r"prunedblock|not ?found"),
        # -31001 TxPoolOverflow, -31005 LackOfResource: the node is busy
        Rule(RateLimited, codes={-31001, -31005}),
        # -31006 Timeout, -31007 SystemTimeout
        Rule(TimedOut, codes={-31006, -31007}),
        Rule(TooBig, text=r"too many (?:requests in )?batch|batch.*(?:limit|too)"),
    )
)

"""What errors of Casper's nodes (1.x) and of the sidecar before them (2.x) mean.
https://github.com/casper-network/casper-sidecar/blob/dev/rpc_sidecar/src/rpcs/error_code.rs
"""

from __future__ import annotations

from porlake.chains._gateways import RATE_LIMITED
from porlake.errors import TransportError, Unavailable
from porlake.transport.error_table import ErrorTable, Rule

NO_SUCH_BLOCK, QUERY_FAILED, FAILED_TO_GET_BALANCE, NO_SUCH_ACCOUNT = -32001, -32003, -32006, -32009
NO_SUCH_STATE_ROOT, NO_SUCH_MAIN_PURSE, NODE_REQUEST_FAILED = -32012, -32013, -32018
METHOD_NOT_FOUND = -32601

#: An account that was never used has no purse: each generation of nodes says so in another way.
NO_PURSE = frozenset({FAILED_TO_GET_BALANCE, NO_SUCH_ACCOUNT, NO_SUCH_MAIN_PURSE})

ERRORS = ErrorTable(
    (
        RATE_LIMITED,
        Rule(Unavailable, codes={NO_SUCH_BLOCK, NO_SUCH_STATE_ROOT}),
        # the sidecar cannot reach its node
        Rule(TransportError, codes={NODE_REQUEST_FAILED}),
    )
)

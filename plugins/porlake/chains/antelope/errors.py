"""What errors of nodeos mean: {"code": 500, "error": {"code": 3060002, "what": ..., "details": [{"message": ...}]}}.
Codes of libraries/chain/include/eosio/chain/exceptions.hpp, https://github.com/AntelopeIO/spring
"""

from __future__ import annotations

from porlake.chains._gateways import RATE_LIMITED
from porlake.errors import NodeBehind, TooBig, Unavailable
from porlake.transport.error_table import ErrorTable, Rule

#: account_query_exception; a node before Leap says 0 and "unknown key".
UNKNOWN_ACCOUNT = 3_060_002
#: unknown_block_exception: the chain has no such block, or the node's log of blocks does not reach it.
UNKNOWN_BLOCK = 3_100_002

ERRORS = ErrorTable(
    (
        RATE_LIMITED,
        Rule(Unavailable, codes={UNKNOWN_BLOCK}, text=r"could not find block|unknown block"),
        # plugin_exception and its kin: "Cannot serve request due to insufficient local state"
        Rule(NodeBehind, text=r"insufficient local state|not synced"),
        # tx_cpu_usage_exceeded, deadline_exception: "deadline exceeded"; block_cpu ...: the question took too long
        Rule(TooBig, codes={3_080_004, 3_080_006}, text=r"deadline (?:exceeded|.*exceeded by)"),
    )
)

"""What errors of Conflux nodes mean. https://doc.confluxnetwork.org/docs/core/build/json-rpc/, conflux-rust
client/src/rpc; some say in `data` what was wrong.
"""

from __future__ import annotations

import re

from porlake.chains._gateways import RATE_LIMITED
from porlake.errors import RateLimited, RequestFailed, TooBig, TransportError, Unavailable
from porlake.transport.error_table import ErrorTable, Rule

ERRORS = ErrorTable(
    (
        # -32072 "Request rate exceeded": conflux-rust throttling; confluxrpc.com: "daily request count exceeded"
        Rule(RateLimited, codes={-32072, -32005}, text=r"rate exceeded|count exceeded"),
        RATE_LIMITED,
        Rule(TooBig, text=r"batch.*(?:too large|limit|exceed)|too large|too big"),
        # "State for epoch (number=… hash=…) does not exist: out-of-bound …"; "expected a numbers with less than largest
        # epoch number": a height above the head
        Rule(Unavailable, text=r"state for epoch.*does not exist|out-of-bound|less than largest epoch number"),
    )
)

_NO_STATE = re.compile(r"state for epoch.*does not exist|out-of-bound|is not executed|epoch number is not found", re.I)


def lacks_state(error: TransportError) -> bool:
    """Whether a node does not have the state that it was asked for: most keep that of about the last half hour."""
    if isinstance(error, Unavailable):
        return True
    return isinstance(error, RequestFailed) and bool(_NO_STATE.search(f"{error} {error.data}"))

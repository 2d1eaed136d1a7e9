"""What errors of NULS' public service mean: {"code": "1001", "message": "Data not found!"}, codes as text.
https://github.com/nuls-io/nuls-v2/blob/master/module/nuls-public-service
"""

from __future__ import annotations

from porlake.chains._gateways import RATE_LIMITED
from porlake.errors import NodeBehind, Unavailable
from porlake.transport.error_table import ErrorTable, Rule

ERRORS = ErrorTable(
    (
        RATE_LIMITED,
        Rule(Unavailable, codes={1001}, text=r"data not found"),
        # its index is being made: "System is syncing data"
        Rule(NodeBehind, text=r"sync"),
    )
)

"""What errors of a mirror node mean: `{"_status": {"messages": [{"message": ...}]}}`.
https://docs.hedera.com/hedera/sdks-and-apis/rest-api
"""

from __future__ import annotations

from porlake.chains._gateways import RATE_LIMITED
from porlake.errors import TimedOut, Unavailable
from porlake.transport.error_table import ErrorTable, Rule

ERRORS = ErrorTable(
    (
        RATE_LIMITED,
        Rule(Unavailable, text=r"not found"),
        Rule(TimedOut, text=r"timeout|timed out|canceling statement"),
    )
)

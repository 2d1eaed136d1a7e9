"""What errors of Horizon and of Stellar RPC mean. https://developers.stellar.org/docs/data/apis/horizon/api-reference/errors"""

from __future__ import annotations

from porlake.chains._gateways import RATE_LIMITED
from porlake.errors import NodeBehind, RateLimited, TimedOut, TooBig, Unavailable
from porlake.transport.error_table import ErrorTable, Rule

ERRORS = ErrorTable(
    (
        Rule(RateLimited, text=r"rate_limit_exceeded|rate limit exceeded|server_over_capacity"),
        RATE_LIMITED,
        # Horizon: the ledger is older than its history (410), or its database is behind its stellar-core (503)
        Rule(Unavailable, text=r"before_history|data requested comes before recorded history"),
        Rule(NodeBehind, text=r"stale_history|still_ingesting|historical db is too stale|data still being ingested"),
        # Stellar RPC, get_ledgers.go: "start ledger (1) must be between the oldest ledger: 2 and the latest ledger: 3"
        Rule(Unavailable, text=r"must be between the oldest ledger|could not find ledger"),
        # Stellar RPC: "key count (201) exceeds maximum supported (200)"
        Rule(TooBig, text=r"exceeds maximum"),
        Rule(TimedOut, text=r"timeout|canceling statement due to"),
    )
)

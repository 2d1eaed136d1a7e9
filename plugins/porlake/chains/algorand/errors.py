"""What errors of algod and of the indexer mean: HTTP statuses with `{"message": ...}`.
https://github.com/algorand/go-algorand/blob/master/daemon/algod/api/server/lib/common.go
"""

from __future__ import annotations

from porlake.chains._gateways import RATE_LIMITED
from porlake.errors import NodeBehind, RequestFailed, TimedOut, Unavailable
from porlake.transport.error_table import ErrorTable, Rule

ERRORS = ErrorTable(
    (
        RATE_LIMITED,
        # The indexer, api/error_messages.go: what it cannot undo stays as it is, whoever asks it again.
        Rule(RequestFailed, text=r"error while rewinding account|rewinding past"),
        Rule(NodeBehind, text=r"not yet caught up|catching up|is-migrating|migration|ledger does not have entry"),
        Rule(Unavailable, text=r"not available|no blocks found|failed to retrieve information from the ledger"),
        Rule(TimedOut, text=r"timeout|timed out"),
    )
)

"""What errors of AvalancheGo and of the Data API mean. Codes: JSON-RPC's; the Data API's are HTTP's."""

from __future__ import annotations

from porlake.chains._gateways import RATE_LIMITED
from porlake.errors import Unavailable
from porlake.transport.error_table import ErrorTable, Rule

ERRORS = ErrorTable(
    (
        RATE_LIMITED,
        # AvalancheGo: "couldn't get block with id at height N: not found"; "API call rejected because chain is not done
        # bootstrapping"
        Rule(Unavailable, text=r"couldn't get block|not done bootstrapping|missing block"),
    )
)

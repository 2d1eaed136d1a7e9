"""What errors of Neo's nodes mean. https://docs.neo.org/docs/n3/reference/rpc/api (error codes), neo-go:
pkg/neorpc/errors.go
"""

from __future__ import annotations

from porlake.chains._gateways import RATE_LIMITED
from porlake.errors import Unavailable
from porlake.transport.error_table import ErrorTable, Rule

ERRORS = ErrorTable(
    (
        RATE_LIMITED,
        # -100 Unknown block (older nodes), -101 the same, -106 state root, -109 height, -606 a state that is not kept
        Rule(
            Unavailable, codes={-100, -101, -106, -109, -606}, text=r"unknown (?:block|height|state ?root)|old states"
        ),
    )
)

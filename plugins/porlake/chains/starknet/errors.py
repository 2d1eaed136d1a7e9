"""What errors of Starknet's JSON-RPC mean.
https://github.com/starkware-libs/starknet-specs/blob/master/api/starknet_api_openrpc.json
"""

from __future__ import annotations

from porlake.chains._gateways import RATE_LIMITED
from porlake.errors import TooBig, Unavailable
from porlake.transport.error_table import ErrorTable, Rule

#: CONTRACT_NOT_FOUND, of the token; ENTRYPOINT_NOT_FOUND; CONTRACT_ERROR.
NO_CONTRACT, NO_ENTRY_POINT, CONTRACT_ERROR = 20, 21, 40
NO_BLOCK = 24

ERRORS = ErrorTable(
    (
        RATE_LIMITED,
        # BLOCK_NOT_FOUND, also of a node that keeps no state of it
        Rule(Unavailable, codes={NO_BLOCK}, text=r"block not found|state (?:is )?(?:pruned|not available)"),
        Rule(TooBig, text=r"batch.{0,20}too (?:large|big)|too (?:large|big|many)|batch limit|batch size"),
    )
)

"""What errors of Substrate nodes mean. Codes: polkadot-sdk, substrate/client/rpc-api (4003: UnknownBlock among the
errors of `state`), and jsonrpsee, the server in front (-32007 to -32011).
"""

from __future__ import annotations

from porlake.chains._gateways import RATE_LIMITED
from porlake.errors import TooBig, Unavailable
from porlake.transport.error_table import ErrorTable, Rule

METHOD_NOT_FOUND = -32601

ERRORS = ErrorTable(
    (
        # jsonrpsee: "Request is too big" -32007, "Response is too big" -32008, "The batch request was too large"
        # -32010, "The batch response was too large" -32011
        Rule(TooBig, codes={-32008, -32010, -32011}, text=r"(?:request|response) (?:is|was) too (?:big|large)"),
        RATE_LIMITED,
        # "Client error: UnknownBlock: State already discarded for 0x…", "UnknownBlock: Header was not found in the
        # database: 0x…", "Unknown block"; of a node whose tree of states lacks a part: "Trie lookup error",
        # "Database missing expected key"
        Rule(
            Unavailable,
            text=r"unknown ?block|already discarded|header was not found|trie lookup error|missing expected key",
            unless={METHOD_NOT_FOUND},
        ),
    )
)

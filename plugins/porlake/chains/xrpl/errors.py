"""What errors of xrpld (rippled) and Clio mean, by their token.
https://xrpl.org/docs/references/http-websocket-apis/api-conventions/error-formatting#universal-errors
"""

from __future__ import annotations

from porlake.chains._gateways import RATE_LIMITED
from porlake.errors import NodeBehind, RateLimited, TooBig, Unavailable
from porlake.transport.error_table import ErrorTable, Rule

ERRORS = ErrorTable(
    (
        # xrpld, ErrorCodes.cpp: rpcSLOW_DOWN, rpcTOO_BUSY, rpcHIGH_FEE
        Rule(RateLimited, text=r"^(?:slowdown|toobusy|server is overloaded)\b"),
        RATE_LIMITED,
        # xrpld: the ledger is not among those that it keeps; Clio says `ledgerNotFound` in its message
        Rule(Unavailable, text=r"^(?:lgrnotfound|lgrnotvalidated|lgridxsinvalid|ledgernotfound)\b"),
        # xrpld, while it starts or has lost its peers; Clio, while no xrpld feeds it
        Rule(
            NodeBehind,
            text=r"^(?:nocurrent|noclosed|nonetwork|notsynced|notready|amendmentblocked|failedtoforward)\b",
        ),
        Rule(TooBig, text=r"^(?:toobig|exceeded)\b"),
    )
)

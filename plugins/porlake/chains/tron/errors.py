"""What errors of java-tron and of TronGrid before it mean, over JSON-RPC and the HTTP API alike.
https://developers.tron.network/
"""

from __future__ import annotations

from porlake.chains._gateways import RATE_LIMITED
from porlake.errors import RateLimited, TooBig
from porlake.transport.error_table import ErrorTable, Rule

ERRORS = ErrorTable(
    (
        # TronGrid, HTTP 403: "The key exceeds the frequency limit(15), and the query server is suspended for 30s".
        # java-tron, HTTP 200: "class java.lang.IllegalAccessException : lack of computing resources".
        Rule(
            RateLimited,
            text=r"frequency limit(?:.*suspended for (?P<seconds>[0-9]{1,4}) ?s)?|lack of computing resources",
        ),
        RATE_LIMITED,
        # java-tron, TronJsonRpc.java: JsonRpcTooManyResultException
        Rule(TooBig, codes={-32005}),
        # java-tron: "CPU timeout for 'X' operation executing" (80 ms a call), OutOfTimeException, "Not enough energy",
        # OutOfEnergyException, OutOfMemoryException
        Rule(
            TooBig,
            text=r"timed out|timeout|time out|outoftime|not enough energy|out ?of ?energy|out ?of ?memory|too large"
            r"|exceeds the limit",
        ),
    )
)

#: In the answer to a constant call: it asks for more time, energy or memory than the node gives.
TOO_MUCH = (
    "timeout",
    "time out",
    "outoftime",
    "not enough energy",
    "outofenergy",
    "out of energy",
    "out of memory",
    "outofmemory",
)

"""What errors of the Cosmos SDK mean: gRPC's codes and the texts of its modules, in the gateway's JSON.
https://grpc.io/docs/guides/status-codes/, https://docs.cosmos.network/ (baseapp, store/iavl)
"""

from __future__ import annotations

from porlake.chains._gateways import RATE_LIMITED
from porlake.errors import NodeBehind, TimedOut, Unavailable
from porlake.transport.error_table import ErrorTable, Rule

ERRORS = ErrorTable(
    (
        RATE_LIMITED,
        # baseapp: "cannot query with height in the future; please provide a valid height"; a block that is not there
        # yet: "requested block height is bigger then the chain length" ("then": so it is spelled)
        Rule(NodeBehind, text=r"height in the future|bigger then the chain length"),
        # store/iavl: "failed to load state at height N; version mismatch on immutable IAVL tree; version does not
        # exist. Version has either been pruned, or is for a future block height (latest height: M)"; CometBFT: "height
        # N is not available, lowest height is M"; pruned nodes panic: "nil pointer dereference"; store/rootmulti, of a
        # proof: "proof is unexpectedly empty; ensure height has not been pruned"
        Rule(
            Unavailable,
            text=r"has (?:either|not) been pruned|version does not exist|failed to load state at height"
            r"|lowest height is|nil pointer dereference|version mismatch|could not find (?:block|results)"
            r"|no commit info found",
        ),
        # gRPC: DEADLINE_EXCEEDED; UNAVAILABLE is a gateway whose node is away
        Rule(TimedOut, codes={4}, text=r"deadline exceeded"),
    )
)

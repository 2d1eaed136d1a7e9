"""What errors of Harmony nodes mean: a fork of geth, with texts of its own (rpc/harmony/error.go)."""

from __future__ import annotations

from porlake.chains._gateways import RATE_LIMITED
from porlake.errors import TooBig, Unavailable
from porlake.transport.error_table import ErrorTable, Rule

METHOD_NOT_FOUND = -32601

ERRORS = ErrorTable(
    (
        RATE_LIMITED,
        # "requested block number greater than current block number"; geth's "missing trie node"; "header not found"
        Rule(
            Unavailable,
            text=r"requested block number greater|missing trie node|header not found|could not retrieve the blk"
            r"|block not found|not beacon shard",
            unless={METHOD_NOT_FOUND},
        ),
        Rule(TooBig, text=r"out ?of ?gas|timed out|timeout|too large|exceeds the limit"),
    )
)

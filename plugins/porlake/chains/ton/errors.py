"""What errors of toncenter v3 and TonAPI mean: an index in PostgreSQL, and liteservers.
https://github.com/toncenter/ton-indexer (ton-index-go: index.IndexError), https://toncenter.com/api/v3/
"""

from __future__ import annotations

from typing import Any

from porlake.chains._gateways import RATE_LIMITED
from porlake.errors import NodeBehind, RateLimited, TimedOut, TooBig, Unavailable
from porlake.transport.error_table import ErrorTable, Rule

ERRORS = ErrorTable(
    (
        # "Ratelimit exceed" of toncenter's gateway
        Rule(RateLimited, text=r"rate ?limit exceed"),
        RATE_LIMITED,
        # PostgreSQL ends a long question: "canceling statement due to statement timeout"; Go: "context deadline
        # exceeded"; a liteserver behind it: "timeout"
        Rule(TimedOut, text=r"statement timeout|deadline exceeded|timed? ?out"),
        # "limit is not allowed: 10000 > 1000", "maximum number of addresses", HTTP's "URI too long"
        Rule(TooBig, text=r"limit is not allowed|too (?:many|large|long)|maximum (?:number|amount)"),
        # a liteserver that has dropped the state, or has not got it yet
        Rule(NodeBehind, text=r"not in sync|out of sync|not applied|notready"),
        Rule(Unavailable, text=r"state already gc'?d|block is not found|cannot find block|not in db"),
    )
)


def refused(host: str, path: str, answer: Any) -> None:
    """Raises what an index or a bridge says under `error`."""
    if isinstance(answer, dict) and "error" in answer:
        said = str(answer["error"])[:200]
        raise ERRORS.error(f"{host}: {path.partition('?')[0]}: {said}", None, said)

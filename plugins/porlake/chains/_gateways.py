"""What the gateways of providers say, whatever the family of the node behind them."""

from __future__ import annotations

from porlake.errors import RateLimited
from porlake.transport.error_table import Rule

#: "Slow down", in the words of Alchemy, Infura, QuickNode (-32007 "100/second request limit reached") and public
#: gateways. 429: HTTP's number, as Alchemy puts it into the error object.
RATE_LIMITED = Rule(
    RateLimited,
    codes={429},
    text=r"rate[ -]?limit|too many requests|limitexceeded|requests? limit|per second|/second",
)

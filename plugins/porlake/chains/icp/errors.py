"""What the errors of ICP's Rosetta node mean: a code, a text, and whether asking again may help.
https://github.com/dfinity/ic/blob/master/rs/rosetta-api/icp/src/errors.rs, https://docs.cdp.coinbase.com/mesh
"""

from __future__ import annotations

from typing import Any

from porlake.chains._gateways import RATE_LIMITED
from porlake.errors import TransportError, Unavailable
from porlake.transport.error_table import ErrorTable, Rule

INTERNAL_ERROR = 700

ERRORS = ErrorTable(
    (
        RATE_LIMITED,
        # "Block not found", "Invalid block id", "Blockchain is empty"
        Rule(Unavailable, text=r"block (id )?not found|invalid block|blockchain is empty"),
        Rule(TransportError, codes={INTERNAL_ERROR}),
    )
)


def refused(host: str, path: str, answer: Any) -> None:
    """An error is an object with a code and a message; no answer has both."""
    if isinstance(answer, dict) and "code" in answer and "message" in answer:
        code, said = answer["code"], str(answer["message"])[:200]
        raise ERRORS.error(f"{host}: {path}: {said}", code if type(code) is int else None, said)

"""What errors of NEAR's nodes mean. Their code is -32000 for nearly all, their cause says what happened.
https://docs.near.org/api/rpc/errors
"""

from __future__ import annotations

from typing import Any

from porlake.chains._gateways import RATE_LIMITED
from porlake.errors import NodeBehind, RequestFailed, TimedOut, TransportError, Unavailable
from porlake.transport.error_table import ErrorTable

ERRORS = ErrorTable((RATE_LIMITED,), kept="cause")

UNKNOWN_ACCOUNT, UNKNOWN_BLOCK = "UNKNOWN_ACCOUNT", "UNKNOWN_BLOCK"
_MEANINGS: dict[str, type[TransportError]] = {
    UNKNOWN_BLOCK: Unavailable,
    "GARBAGE_COLLECTED_BLOCK": Unavailable,
    "UNAVAILABLE_SHARD": Unavailable,
    "NOT_SYNCED_YET": NodeBehind,
    "NO_SYNCED_BLOCKS": NodeBehind,
    "TIMEOUT_ERROR": TimedOut,
}


def cause(error: RequestFailed) -> tuple[str, dict[str, Any]]:
    """(the name of an error's cause, what it says of it); '' where it names none."""
    found = error.data if isinstance(error.data, dict) else {}
    name, info = found.get("name"), found.get("info")
    return (name if isinstance(name, str) else ""), (info if isinstance(info, dict) else {})


def meant(error: RequestFailed) -> TransportError:
    """An error by its cause."""
    name, _ = cause(error)
    kind = _MEANINGS.get(name)
    return kind(f"{error}: {name}") if kind else error

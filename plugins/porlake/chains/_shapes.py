"""Parts of answers that nodes of several families write alike, taken apart strictly."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from porlake import numbers
from porlake.encoding import base58
from porlake.errors import BadAnswer, InvalidAddress


def fields(value: Any, names: Sequence[str], what: str) -> list[Any]:
    """What an object has under some names, all of which must be there. Raises BadAnswer."""
    if not isinstance(value, dict) or not value.keys() >= set(names):
        raise BadAnswer(f"{what}: the answer has no {', '.join(names)}")
    return [value[name] for name in names]


def base58_hash(value: Any, what: str) -> str:
    """32 bytes in base58, as they are written. Raises BadAnswer."""
    try:
        if not isinstance(value, str) or len(value) > 44 or len(base58.decode(value)) != 32:
            raise BadAnswer(f"{what}: {numbers.shown(value)} are no 32 bytes in base58")
    except InvalidAddress as error:
        raise BadAnswer(f"{what}: {error.why}") from error
    return value

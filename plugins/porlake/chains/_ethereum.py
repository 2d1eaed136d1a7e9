"""What Ethereum's JSON-RPC and the APIs that copy it write alike.
https://ethereum.github.io/execution-apis
"""

from __future__ import annotations

from typing import Any

from porlake import numbers
from porlake.chains._answers import BlockRef
from porlake.errors import BadAnswer, ChainError


def block_of(answer: Any, what: str, *, number: str = "number", prefix: str = "0x") -> BlockRef:
    """A block; `number`: the name of its height, `prefix` of its hash as we write it. Raises ChainError where there is
    none, BadAnswer.
    """
    if answer is None:
        raise ChainError(f"{what}: there is no such block")
    if not isinstance(answer, dict):
        raise BadAnswer(f"{what}: the answer is no block")
    name = numbers.data(answer.get("hash"), what=f"{what}: hash", size=32).hex()
    height = numbers.quantity(answer.get(number), what=f"{what}: {number}", most=numbers.HIGHEST)
    seconds = numbers.quantity(answer.get("timestamp"), what=f"{what}: timestamp", most=numbers.LAST_SECOND)
    return BlockRef(height, prefix + name, numbers.moment(seconds, what=what))

"""Scripts of Neo's machine that call contracts, and what they leave on the stack.

https://github.com/neo-project/neo/blob/master/docs (NeoVM opcodes), `ScriptBuilder.EmitDynamicCall`
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from typing import Any

from porlake import numbers
from porlake.errors import BadAnswer

PUSHDATA1, PUSH0, SYSCALL, PACK, NEWARRAY0 = 0x0C, 0x10, 0x41, 0xC0, 0xC2
READ_ONLY = 5  # call flags ReadStates and AllowCall
CALL = hashlib.sha256(b"System.Contract.Call").digest()[:4]


def call(contract: str, method: str, *accounts: bytes) -> bytes:
    """A script that leaves what a method says of up to 16 accounts; `contract`: its hash as it is shown, 0x..."""
    code = b"".join(_push(account) for account in reversed(accounts))
    code += bytes([PUSH0 + len(accounts), PACK]) if accounts else bytes([NEWARRAY0])
    code += bytes([PUSH0 + READ_ONLY]) + _push(method.encode()) + _push(bytes.fromhex(contract[2:])[::-1])
    return code + bytes([SYSCALL]) + CALL


def _push(data: bytes) -> bytes:
    return bytes([PUSHDATA1, len(data)]) + data


def written(calls: Sequence[bytes]) -> str:
    """As a node takes it."""
    return base64.b64encode(b"".join(calls)).decode()


def integers(told: Any, count: int, *, what: str) -> list[int]:
    """The `count` integers that a script left, first the first. Raises BadAnswer where it failed or left another
    stack.
    """
    if not isinstance(told, dict):
        raise BadAnswer(f"{what}: the answer is no outcome of a script")
    if told.get("state") != "HALT":
        raise BadAnswer(f"{what}: the script ended as {told.get('state')!r:.20}: {told.get('exception')!r:.120}")
    stack = told.get("stack")
    if not isinstance(stack, list) or len(stack) != count:
        raise BadAnswer(f"{what}: the script did not leave {count} values")
    if not all(isinstance(item, dict) and item.get("type") == "Integer" for item in stack):
        raise BadAnswer(f"{what}: a value that is no integer")
    return [numbers.whole(item.get("value"), what=what) for item in stack]

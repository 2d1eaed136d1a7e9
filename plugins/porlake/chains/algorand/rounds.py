"""What algod and the indexer have in common: blocks by their round, the chain's genesis, errors."""

from __future__ import annotations

import base64
import binascii
import re
from typing import Any

from porlake import numbers
from porlake.chains._identity import check_id
from porlake.chains.algorand.errors import ERRORS
from porlake.errors import BadAnswer
from porlake.registry import Network

MOST_MICROALGOS = 10**16
MOST_UNITS = 2**64 - 1
_HASH = re.compile(r"[A-Z2-7]{52}")


def refused(host: str, path: str, answer: Any) -> None:
    """An answer that is nothing but a message is an error."""
    if isinstance(answer, dict) and isinstance(answer.get("message"), str) and answer.keys() <= {"message", "data"}:
        raise ERRORS.error(f"{host}: {answer['message'][:200]}", None, answer["message"])


def from_base64(value: object, what: str) -> bytes:
    """32 bytes. Raises BadAnswer."""
    try:
        if type(value) is not str:
            raise ValueError
        found = base64.b64decode(value, validate=True)
    except (ValueError, binascii.Error) as error:
        raise BadAnswer(f"{what}: {numbers.shown(value)} is no base64") from error
    if len(found) != 32:
        raise BadAnswer(f"{what}: {len(found)} bytes, not 32")
    return found


def hash_text(data: bytes) -> str:
    """A block's hash as algod writes it: base32 without padding."""
    return base64.b32encode(data).decode().rstrip("=")


def hash_of(value: object, what: str) -> str:
    """Raises BadAnswer for what is no hash of a block."""
    if type(value) is not str or not _HASH.fullmatch(value):
        raise BadAnswer(f"{what}: {numbers.shown(value)} is no hash of a block")
    return value


def check_genesis(network: Network, host: str, told: object) -> None:
    """By the begin of the genesis block's hash, as CAIP-2 has it. Raises ChainError, BadAnswer."""
    found = base64.urlsafe_b64encode(from_base64(told, f"{host}: genesis hash")).decode()
    check_id(network, host, found, begins=True)


def in_parts(account: dict[str, Any], what: str) -> dict[str, int]:
    """MicroAlgos by component. Rewards that wait count in the account's amount; since May 2022 none are added.
    Raises BadAnswer.
    """
    amount, liquid, pending = (
        numbers.whole(account.get(name), what=f"{what}: {name}", most=MOST_MICROALGOS)
        for name in ("amount", "amount-without-pending-rewards", "pending-rewards")
    )
    if amount != liquid + pending:
        raise BadAnswer(f"{what}: amount {amount:,} is not {liquid:,} and {pending:,}")
    return {"liquid": liquid, "pending_rewards": pending}

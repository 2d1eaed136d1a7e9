"""TRON accounts that sign a message: v1 over the hash of the text, v2 over the text itself.

v2 is TIP-191, https://github.com/tronprotocol/tips/blob/master/tip-191.md; v1 is TronWeb's `sign`. HTX puts 32 in the
header whatever the length.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from porlake.addresses import Address, tron
from porlake.encoding.keccak import keccak256
from porlake.model import Evidence
from porlake.ownership import _accounts
from porlake.ownership._judgement import Judgement

PREFIX = b"\x19TRON Signed Message:\n"


def v1(message: bytes) -> _accounts.Signed:
    return "v1: the header and the text's hash", PREFIX + b"32" + keccak256(message)


def v2(message: bytes) -> _accounts.Signed:
    return "v2: the header and the text", PREFIX + str(len(message)).encode() + message


def okx_signed(message: bytes) -> Iterator[_accounts.Signed]:
    yield v1(message)
    yield v2(message)


def htx_signed(message: bytes) -> Iterator[_accounts.Signed]:
    yield "HTX's: the header with 32 and the text", PREFIX + b"32" + message
    yield v1(message)


_rules = partial(
    _accounts.Rules,
    account=tron.from_public_key,
    text=tron.of,
    network="tron",
    kinds=frozenset({"tron"}),
    reason="tron_address",
)
RULES = {"okx_tron": _rules(okx_signed), "htx_tron": _rules(htx_signed)}


def judge(row: Evidence, address: Address) -> Judgement:
    """Raises InvalidSignature and InvalidAddress where a column does not hold what it should."""
    if row.scheme != "htx_tron":
        return _accounts.judge(row, address, RULES[row.scheme])
    from porlake.ownership import eip191  # which imports this module: the two schemes of HTX's layout know each other

    return _accounts.judge_found(row, address, RULES[row.scheme], eip191.RULES["htx_evm"])

"""TRON accounts that sign a message: v1 over the hash of the text, v2 over the text itself.

v2 is TIP-191, https://github.com/tronprotocol/tips/blob/master/tip-191.md; v1 is TronWeb's `sign`. HTX puts 32 in the header whatever the length.
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


def v1(message: bytes) -> bytes:
    return _accounts.hashed(PREFIX + b"32" + keccak256(message))


def v2(message: bytes) -> bytes:
    return _accounts.hashed(PREFIX + str(len(message)).encode() + message)


def okx_digests(message: bytes) -> Iterator[bytes]:
    yield v1(message)
    yield v2(message)


def htx_digests(message: bytes) -> Iterator[bytes]:
    yield _accounts.hashed(PREFIX + b"32" + message)
    yield v1(message)


_rules = partial(_accounts.Rules, account=tron.from_public_key, text=tron.of, network="tron", reason="tron_address")
RULES = {"okx_tron": _rules(okx_digests), "htx_tron": _rules(htx_digests)}


def judge(row: Evidence, address: Address) -> Judgement:
    """Raises InvalidSignature and InvalidAddress where a column does not hold what it should."""
    return _accounts.judge(row, address, RULES[row.scheme])

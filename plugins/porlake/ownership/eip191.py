"""EVM accounts that sign a message. EIP-191, https://eips.ethereum.org/EIPS/eip-191

OKX signs the personal-message form over the 32-byte hash of the text; HTX the bare hash of the text, or the standard
form of the text.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial

from porlake.addresses import Address, evm
from porlake.encoding.keccak import keccak256
from porlake.model import Evidence
from porlake.ownership import _accounts, tron
from porlake.ownership._judgement import Judgement

PREFIX = b"\x19Ethereum Signed Message:\n"


KINDS = frozenset({"evm", "validator"})


def okx_signed(message: bytes) -> Iterator[_accounts.Signed]:
    yield "the personal message of the text's hash", PREFIX + b"32" + keccak256(message)


def htx_signed(message: bytes) -> Iterator[_accounts.Signed]:
    yield "the bare text", message
    yield "the personal message of the text", PREFIX + str(len(message)).encode() + message


_rules = partial(
    _accounts.Rules, account=evm.from_public_key, text=evm.of, network="ethereum", kinds=KINDS, reason="eth_address"
)
RULES = {"okx_evm": _rules(okx_signed), "htx_evm": _rules(htx_signed)}


def judge(row: Evidence, address: Address) -> Judgement:
    """Raises InvalidSignature and InvalidAddress where a column does not hold what it should."""
    rules = RULES[row.scheme]
    if row.scheme == "htx_evm":
        judgement = _accounts.judge_found(row, address, rules, tron.RULES["htx_tron"])
    else:
        judgement = _accounts.judge(row, address, rules)
    if (
        address.kind == "evm"
        and row.address_published[:2] in ("0x", "0X")
        and not evm.checksum_holds(row.address_published)
    ):
        return replace(judgement, flags=(*judgement.flags, "bad_eip55"))
    return judgement

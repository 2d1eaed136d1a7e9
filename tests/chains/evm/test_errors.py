"""What a failed call says of the code that it ran."""

from __future__ import annotations

import pytest

from porlake import registry
from porlake.chains.evm.errors import ERRORS
from porlake.chains.evm.methods import Refused, balance_in
from porlake.chains.evm.programs import FAILED
from porlake.errors import TooBig

USDT = registry.load().tokens["ethereum", "USDT"]

#: Of geth, Erigon and Bor; Nethermind; Besu; Reth and anvil.
CODE_FAILED = [
    (3, "execution reverted"), (-32015, "VM execution error."), (-32000, "out of gas"),
    (-32000, "invalid opcode: INVALID"), (-32000, "stack underflow (0 <=> 1)"), (-32000, "invalid jump destination"),
    (-32000, "write protection"), (-32000, "stack limit reached 1024 (1023)"), (-32000, "gas uint64 overflow"),
    (-32015, "BadInstruction"), (-32000, "Bad instruction"), (-32603, "EVM error StackUnderflow"),
]  # fmt: skip


@pytest.mark.parametrize(("code", "message"), CODE_FAILED)
def test_a_token_whose_code_fails_has_no_balance_and_its_node_no_fault(code: int, message: str) -> None:
    error = ERRORS.of_rpc("a.example", "eth_call", {"code": code, "message": message})
    assert balance_in("a.example", USDT, error) == FAILED


@pytest.mark.parametrize("message", ["no", "unsupported block number", "daily quota is used up"])
def test_what_a_node_refuses_is_no_word_of_the_token(message: str) -> None:
    error = ERRORS.of_rpc("a.example", "eth_call", {"code": -32000, "message": message})
    with pytest.raises(Exception, match=message) as refused:
        balance_in("a.example", USDT, error)
    assert not isinstance(refused.value, TooBig)
    assert isinstance(refused.value, Refused) or "unsupported" in message

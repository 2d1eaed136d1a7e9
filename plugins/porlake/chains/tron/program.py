"""A program for a constant call without a contract: many balances of a TRC-20 token by a contract's creation that is
only simulated.

java-tron runs the call's data as the code of a new contract where no contract is named. The token and the accounts
stand behind the code, 20 bytes each; the answer is 32-byte words: the number of the block that was read, then a balance
for each account. It ends with REVERT: a creation that returns pays for every byte of its "code", and the data of a
REVERT comes back all the same. The machine is an EVM for everything used here.
"""

from __future__ import annotations

from porlake.chains._assembler import assemble

#: The word of a call that failed or returned less than a word.
FAILED = 2**256 - 1

# Memory: 0x00 the call (selector, account), 0x40 its answer, 0x60 the token, from 0x80 the words that come back. Each
# inner call may use a million units of energy: a token that loops does not eat what the others need. A call that fails
# or returns less than a word gives a word of ones.
MANY = """
    0x70a08231 0xe0 SHL  0x00 MSTORE            ; balanceOf(address)
    0x14  0x01 @tail ADD  0x6c CODECOPY         ; the token: the first 20 bytes behind the code
    NUMBER  0x80 MSTORE
    0x15 @tail ADD  0xa0                        ; where to read, where to write
loop:
    CODESIZE DUP3 LT ISZERO  @end JUMPI
    0x14 DUP3 0x10 CODECOPY
    0x20 0x40 0x24 0x00  0x60 MLOAD  0x0f4240 STATICCALL
    RETURNDATASIZE 0x1f LT AND  @good JUMPI
    0x00 NOT  @store JUMP
good:
    0x40 MLOAD  DUP1 NOT ISZERO SWAP1 SUB       ; a balance of ones is one less: too large either way, and no failure
store:
    DUP2 MSTORE
    0x20 ADD SWAP1 0x14 ADD SWAP1
    @loop JUMP
end:
    0x80 SWAP1 SUB  0x80 REVERT
tail:
"""

MANY_CODE = assemble(MANY)


def question(token: bytes, accounts: list[bytes]) -> bytes:
    """The data of the call for balances of `token` at `accounts`, all as 20 bytes."""
    return MANY_CODE + token + b"".join(accounts)


def words(data: bytes) -> list[int]:
    return [int.from_bytes(data[i : i + 32], "big") for i in range(0, len(data), 32)]

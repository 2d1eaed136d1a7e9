"""Programs that read many balances inside one `eth_call`, made from the source below.

Each reads 20-byte addresses back to back and returns two 32-byte words, the number of the block that the node really
looked at and its parent's hash, then a word of 16 bytes for each address. A balance of 2^127 or more (10^38, where
DECIMAL(38,0) ends, is less), and a token that does not answer like one, give a word that no balance can be (FAILED,
SHORT, LARGE). No PUSH0: they run on every fork since Constantinople.

A program takes its addresses from the call data and returns (for a code override), or from the tail of its own code and
reverts (for a simulated creation, where returned bytes would be a contract and are capped at 24,576).
"""

from __future__ import annotations

from functools import cache

from porlake.chains._assembler import assemble
from porlake.encoding.keccak import keccak256

#: Words that stand for no balance: the call failed; it returned less than a word; the balance is MOST_HELD or more.
FAILED, SHORT, LARGE = 2**128 - 1, 2**128 - 2, 2**128 - 3
MOST_HELD = 2**127
#: Words of ours: every endpoint refused to answer for the account; none showed that it answers from the block.
REFUSED, NOT_SHOWN = 2**128 - 4, 2**128 - 5

# Gas that a token's balanceOf may use, and what must be left before it is called: every token gets the same, however
# many are asked at once.
TOKEN_GAS, GAS_LEFT = 1_000_000, 1_060_000

# Where a program finds its addresses: how many bytes there are, and the word that begins at an offset on the stack.
CALL_DATA = {"begin": "", "size": "CALLDATASIZE", "load": "CALLDATALOAD", "done": "RETURN"}
OWN_CODE = {
    "begin": "@data CODESIZE SUB  @data  0x010000 CODECOPY",
    "size": "@data CODESIZE SUB",
    "load": "0x010000 ADD MLOAD",
    "done": "REVERT",
}

# How the block shows itself. On Arbitrum NUMBER is the settlement layer's block: its own is asked of ArbSys,
# arbBlockNumber() and arbBlockHash(uint256). A chain without ArbSys leaves words of ones there.
BLOCK = {
    "number": """
    NUMBER  {at} MSTORE
    0x01 NUMBER SUB BLOCKHASH  {at} 0x20 ADD MSTORE
""",
    "arbsys": """
    0x00 NOT {at} MSTORE  0x00 NOT {at} 0x20 ADD MSTORE
    0xa3b1b31d 0xe0 SHL  0x00 MSTORE
    0x20 {at} 0x04 0x00  0x64 0x0186a0 STATICCALL POP
    0x2b407a82 0xe0 SHL  0x00 MSTORE
    0x01 {at} MLOAD SUB  0x04 MSTORE
    0x20 {at} 0x20 ADD  0x24 0x00  0x64 0x0186a0 STATICCALL POP
""",
}

NATIVE = """
    {begin}
    {block}                                     ; words at 0x40 and 0x60
    0x00 0x80                                   ; where to read, where to write
loop:
    {size} DUP3 LT ISZERO  @end JUMPI
    DUP2 {load} 0x60 SHR BALANCE
    DUP1 0x7f SHR ISZERO  @fits JUMPI
    POP 0x02 NOT                                ; LARGE
fits:
    0x80 SHL  DUP2 MSTORE
    0x10 ADD SWAP1 0x14 ADD SWAP1
    @loop JUMP
end:
    0x40 SWAP1 SUB  0x40 {done}
data:
"""

# What two programs share: a token's answer to the call, and a balance into its place.
ANSWERED = """\
    @called JUMPI
    0x00 NOT  @store JUMP                       ; FAILED
called:
    RETURNDATASIZE 0x1f LT  @word JUMPI
    0x01 NOT  @store JUMP                       ; SHORT
word:
    0x40 MLOAD"""
KEPT = """\
    DUP1 0x7f SHR ISZERO  @store JUMPI
    POP 0x02 NOT                                ; LARGE
store:
    0x80 SHL  DUP2 MSTORE"""

# The first address is the token's.
TOKEN = """
    {begin}
    {block}                                     ; words at 0x60 and 0x80
    0x70a08231 0xe0 SHL  0x00 MSTORE            ; balanceOf(address)
    0x14 0xa0
loop:
    {size} DUP3 LT ISZERO  @end JUMPI
    {left} GAS LT  @starved JUMPI
    DUP2 {load} 0x60 SHR  0x04 MSTORE
    0x20 0x40 0x24 0x00  0x00 {load} 0x60 SHR  {gas} STATICCALL
{answered}
{kept}
    0x10 ADD SWAP1 0x14 ADD SWAP1
    @loop JUMP
starved:
    @starved JUMP                               ; out of gas: fewer addresses are asked then
end:
    0x60 SWAP1 SUB  0x60 {done}
data:
"""


# A token and an account beside each other: 40 bytes; the native coin has no token (zero).
PAIRS = """
    {begin}
    {block}                                     ; words at 0x60 and 0x80
    0x70a08231 0xe0 SHL  0x00 MSTORE            ; balanceOf(address)
    0x00 0xa0
loop:
    {size} DUP3 LT ISZERO  @end JUMPI
    {left} GAS LT  @starved JUMPI
    DUP2 {load} 0x60 SHR
    DUP1 @token JUMPI
    POP  DUP2 0x14 ADD {load} 0x60 SHR BALANCE  @fits JUMP
token:
    DUP3 0x14 ADD {load} 0x60 SHR  0x04 MSTORE
    0x20 0x40 0x24 0x00  DUP5  {gas} STATICCALL
    SWAP1 POP
{answered}
fits:
{kept}
    0x10 ADD SWAP1 0x28 ADD SWAP1
    @loop JUMP
starved:
    @starved JUMP                               ; out of gas: fewer pairs are asked then
end:
    0x60 SWAP1 SUB  0x60 {done}
data:
"""


@cache
def program(kind: str, block: str = "number", *, creation: bool = False) -> bytes:
    """The bytes that read `native` balances, those of a token, or those of `pairs` of token and account; the block
    shows itself by `number` or `arbsys`.

    For a creation the addresses are appended to them.
    """
    source, place = {"native": (NATIVE, "0x40"), "pairs": (PAIRS, "0x60")}.get(kind, (TOKEN, "0x60"))
    parts = OWN_CODE if creation else CALL_DATA
    shared = {"answered": ANSWERED, "kept": KEPT, "gas": hex(TOKEN_GAS), "left": hex(GAS_LEFT)}
    return assemble(source.format(**parts, **shared, block=BLOCK[block].format(at=place)))


#: An account that nobody has, under which the programs run for the length of a call.
PLACE = "0x" + keccak256(b"porlake: balances")[-20:].hex()

"""Programs that read many balances inside one `eth_call`, and the assembler that makes them from the source below.

Each reads 20-byte addresses back to back and returns two 32-byte words, the number of the block that the node really
looked at and its parent's hash, then a word of 16 bytes for each address. A balance of 2^127 or more (10^38, where
DECIMAL(38,0) ends, is less), and a token that does not answer like one, give a word that no balance can be (FAILED,
SHORT, LARGE). No PUSH0: they run on every fork since Constantinople.

A program takes its addresses from the call data and returns (for a code override), or from the tail of its own code and
reverts (for a simulated creation, where returned bytes would be a contract and are capped at 24,576).
"""

from __future__ import annotations

from functools import cache

from porlake.encoding.keccak import keccak256

OPCODES = {
    "ADD": 0x01, "SUB": 0x03, "LT": 0x10, "GT": 0x11, "ISZERO": 0x15, "AND": 0x16, "OR": 0x17, "NOT": 0x19, "SHL": 0x1B, "SHR": 0x1C,
    "BALANCE": 0x31, "CALLDATALOAD": 0x35, "CALLDATASIZE": 0x36, "CODESIZE": 0x38, "CODECOPY": 0x39, "RETURNDATASIZE": 0x3D, "BLOCKHASH": 0x40,
    "NUMBER": 0x43, "POP": 0x50, "MLOAD": 0x51, "MSTORE": 0x52, "JUMP": 0x56, "JUMPI": 0x57, "GAS": 0x5A, "JUMPDEST": 0x5B, "DUP1": 0x80,
    "DUP2": 0x81, "DUP3": 0x82, "SWAP1": 0x90, "RETURN": 0xF3, "STATICCALL": 0xFA, "REVERT": 0xFD,
}  # fmt: skip

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
    @called JUMPI
    0x00 NOT  @store JUMP                       ; FAILED
called:
    RETURNDATASIZE 0x1f LT  @word JUMPI
    0x01 NOT  @store JUMP                       ; SHORT
word:
    0x40 MLOAD
    DUP1 0x7f SHR ISZERO  @store JUMPI
    POP 0x02 NOT                                ; LARGE
store:
    0x80 SHL  DUP2 MSTORE
    0x10 ADD SWAP1 0x14 ADD SWAP1
    @loop JUMP
starved:
    @starved JUMP                               ; out of gas: fewer addresses are asked then
end:
    0x60 SWAP1 SUB  0x60 {done}
data:
"""


@cache
def program(kind: str, block: str = "number", *, creation: bool = False) -> bytes:
    """The bytes that read `native` balances or those of a `token`; the block shows itself by `number` or `arbsys`.

    For a creation the addresses are appended to them.
    """
    source, place = (NATIVE, "0x40") if kind == "native" else (TOKEN, "0x60")
    parts = OWN_CODE if creation else CALL_DATA
    return assemble(source.format(**parts, block=BLOCK[block].format(at=place), gas=hex(TOKEN_GAS), left=hex(GAS_LEFT)))


def assemble(source: str) -> bytes:
    """Words of the source: an opcode, a hex number (the PUSH that fits it), `name:` (a JUMPDEST) and `@name` (its
    place, by PUSH2).

    `data:` marks the end of the program, where its data may begin: no JUMPDEST stands there.
    """
    code, places, holes = bytearray(), {}, []
    for word in (word for line in source.splitlines() for word in line.partition(";")[0].split()):
        if word.endswith(":"):
            places[word[:-1]] = len(code)
            if word != "data:":
                code.append(OPCODES["JUMPDEST"])
        elif word.startswith("@"):
            holes.append((len(code) + 1, word[1:]))
            code += b"\x61\x00\x00"
        elif word.startswith("0x"):
            digits = word[2:]
            value = bytes.fromhex(digits.rjust(len(digits) + len(digits) % 2, "0"))
            code += bytes([0x5F + len(value)]) + value
        else:
            code.append(OPCODES[word])
    for at, name in holes:
        code[at : at + 2] = places[name].to_bytes(2, "big")
    return bytes(code)


#: An account that nobody has, under which the programs run for the length of a call.
PLACE = "0x" + keccak256(b"porlake: balances")[-20:].hex()

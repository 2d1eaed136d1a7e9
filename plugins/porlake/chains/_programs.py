"""Programs for `eth_call` with a code override, and the assembler that makes them from the source below.

Each reads 20-byte addresses back to back from the call data and returns 32-byte words: NUMBER, BLOCKHASH(NUMBER - 1), then a balance for each
address. The first two show which block the node really looked at. No PUSH0: they run on every fork since Constantinople.
"""

from __future__ import annotations

from porlake.encoding.keccak import keccak256

OPCODES = {
    "SUB": 0x03, "LT": 0x10, "ISZERO": 0x15, "AND": 0x16, "NOT": 0x19, "SHL": 0x1B, "SHR": 0x1C, "BALANCE": 0x31, "CALLDATALOAD": 0x35,
    "CALLDATASIZE": 0x36, "RETURNDATASIZE": 0x3D, "BLOCKHASH": 0x40, "NUMBER": 0x43, "MLOAD": 0x51, "MSTORE": 0x52, "JUMP": 0x56, "JUMPI": 0x57,
    "GAS": 0x5A, "JUMPDEST": 0x5B, "ADD": 0x01, "DUP2": 0x81, "DUP3": 0x82, "SWAP1": 0x90, "RETURN": 0xF3, "STATICCALL": 0xFA,
    "CODESIZE": 0x38, "CODECOPY": 0x39, "REVERT": 0xFD,
}  # fmt: skip

NATIVE = """
    NUMBER  0x00 MSTORE
    0x01 NUMBER SUB BLOCKHASH  0x20 MSTORE
    0x00 0x40                                   ; where to read, where to write
loop:
    CALLDATASIZE DUP3 LT ISZERO  @end JUMPI
    DUP2 CALLDATALOAD 0x60 SHR BALANCE
    DUP2 MSTORE
    0x20 ADD SWAP1 0x14 ADD SWAP1
    @loop JUMP
end:
    0x00 RETURN
"""

# The call data begins with the token's address. A call that fails or returns less than a word gives a word of ones.
TOKEN = """
    0x70a08231 0xe0 SHL  0x00 MSTORE            ; balanceOf(address)
    NUMBER  0x60 MSTORE
    0x01 NUMBER SUB BLOCKHASH  0x80 MSTORE
    0x14 0xa0
loop:
    CALLDATASIZE DUP3 LT ISZERO  @end JUMPI
    DUP2 CALLDATALOAD 0x60 SHR  0x04 MSTORE
    0x20 0x40 0x24 0x00  0x00 CALLDATALOAD 0x60 SHR  GAS STATICCALL
    RETURNDATASIZE 0x1f LT AND  @good JUMPI
    0x00 NOT  @store JUMP
good:
    0x40 MLOAD
store:
    DUP2 MSTORE
    0x20 ADD SWAP1 0x14 ADD SWAP1
    @loop JUMP
end:
    0x60 SWAP1 SUB  0x60 RETURN
"""

FAILED = 2**256 - 1


def assemble(source: str) -> bytes:
    """Words of the source: an opcode, a hex number (the PUSH that fits it), `name:` (a JUMPDEST) and `@name` (its place, by PUSH2)."""
    code, places, holes = bytearray(), {}, []
    for word in (word for line in source.splitlines() for word in line.partition(";")[0].split()):
        if word.endswith(":"):
            places[word[:-1]] = len(code)
            code.append(OPCODES["JUMPDEST"])
        elif word.startswith("@"):
            holes.append((len(code) + 1, word[1:]))
            code += b"\x61\x00\x00"
        elif word.startswith("0x"):
            value = bytes.fromhex(word[2:])
            code += bytes([0x5F + len(value)]) + value
        else:
            code.append(OPCODES[word])
    for at, name in holes:
        code[at : at + 2] = places[name].to_bytes(2, "big")
    return bytes(code)


NATIVE_CODE, TOKEN_CODE = assemble(NATIVE), assemble(TOKEN)

#: An account that nobody has, under which the programs run for the length of a call.
PLACE = "0x" + keccak256(b"porlake: balances")[-20:].hex()

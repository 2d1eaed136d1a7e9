"""An assembler of the machine that EVM chains, Tron and VeChain run."""

from __future__ import annotations

OPCODES = {
    "ADD": 0x01, "SUB": 0x03, "LT": 0x10, "GT": 0x11, "ISZERO": 0x15, "AND": 0x16, "OR": 0x17, "NOT": 0x19, "SHL": 0x1B,
    "SHR": 0x1C, "BALANCE": 0x31, "CALLDATALOAD": 0x35, "CALLDATASIZE": 0x36, "CODESIZE": 0x38, "CODECOPY": 0x39,
    "EXTCODESIZE": 0x3B, "RETURNDATASIZE": 0x3D, "BLOCKHASH": 0x40, "NUMBER": 0x43, "POP": 0x50, "MLOAD": 0x51,
    "MSTORE": 0x52, "JUMP": 0x56, "JUMPI": 0x57, "GAS": 0x5A, "JUMPDEST": 0x5B, "DUP1": 0x80, "DUP2": 0x81,
    "DUP3": 0x82, "DUP5": 0x84, "SWAP1": 0x90, "RETURN": 0xF3, "STATICCALL": 0xFA, "REVERT": 0xFD,
}  # fmt: skip


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

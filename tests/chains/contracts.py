"""Contracts for the tests, assembled from source: a Safe that reads its owners from its storage as Safe 1.x keeps them,
and small ones.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from porlake.encoding.keccak import keccak256

OPCODES = {
    "ADD": 0x01, "EQ": 0x14, "SHL": 0x1B, "SHR": 0x1C, "KECCAK256": 0x20, "CALLDATALOAD": 0x35, "POP": 0x50,
    "MSTORE": 0x52, "SLOAD": 0x54,
    "JUMP": 0x56, "JUMPI": 0x57, "DUP1": 0x80, "DUP3": 0x82, "SWAP1": 0x90, "RETURN": 0xF3, "REVERT": 0xFD,
    "INVALID": 0xFE,
}  # fmt: skip

# Storage of a Safe: 2 is the mapping of owners, each to the next, from the sentinel 1 around to it; 3 their number; 4
# the threshold.
SAFE = """
    0x00 CALLDATALOAD 0xe0 SHR
    DUP1 #getThreshold() EQ  @threshold JUMPI
    DUP1 #getOwners() EQ  @owners JUMPI
    0x00 0x00 REVERT
threshold:
    0x04 SLOAD  0x00 MSTORE  0x20 0x00 RETURN
owners:
    0x20 0x80 MSTORE                          ; the list begins behind one word
    0x03 SLOAD  0xa0 MSTORE                   ; with its length
    0x02 0x20 MSTORE                          ; hashed behind every key: the slot of the mapping
    0xc0 0x01                                 ; where to write, whose next
next:
    0x00 MSTORE  0x40 0x00 KECCAK256 SLOAD
    DUP1 0x01 EQ  @end JUMPI
    DUP1 DUP3 MSTORE
    SWAP1 0x20 ADD SWAP1
    @next JUMP
end:
    0x03 SLOAD 0x05 SHL 0x40 ADD  0x80 RETURN
"""
ONE_WORD = """
    0x00 CALLDATALOAD 0xe0 SHR  #{call} EQ  @answer JUMPI
    0x00 0x00 REVERT
answer:
    0x00 SLOAD  0x00 MSTORE  0x20 0x00 RETURN
"""
ENDLESS = "again: @again JUMP"
INVALID = "INVALID"
ZEROS = "0x60 0x00 RETURN"
"""Three words of nothing, whatever is asked."""


def assemble(source: str) -> str:
    """The code in hex. Words: opcodes, hex numbers, `name:`, `@name` (its place) and `#call()` (its selector)."""
    code, places, holes = bytearray(), {}, []
    for word in (word for line in source.splitlines() for word in line.partition(";")[0].split()):
        if word.endswith(":"):
            places[word[:-1]] = len(code)
            code.append(0x5B)
        elif word.startswith("@"):
            holes.append((len(code) + 1, word[1:]))
            code += b"\x61\x00\x00"
        elif word.startswith(("0x", "#")):
            value = keccak256(word[1:].encode())[:4] if word[0] == "#" else bytes.fromhex(word[2:])
            code += bytes([0x5F + len(value)]) + value
        else:
            code.append(OPCODES[word])
    for at, name in holes:
        code[at : at + 2] = places[name].to_bytes(2, "big")
    return "0x" + code.hex()


def safe_storage(owners: list[str], threshold: int) -> Iterator[tuple[int, int]]:
    """Slots and values of a Safe with these owners."""
    ring = [1, *(int(owner, 16) for owner in owners), 1]
    for owner, following in pairwise(ring):
        yield int.from_bytes(keccak256(owner.to_bytes(32, "big") + (2).to_bytes(32, "big")), "big"), following
    yield 3, len(owners)
    yield 4, threshold

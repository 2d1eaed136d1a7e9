"""The program that reads balances, run by a machine of its own: the bytes are what the client believes they are."""

from __future__ import annotations

from porlake.chains.vechain import client

ACCOUNTS = ["0x" + "00" * 19 + "07", "0x" + "ab" * 20, "0x" + "5b" * 20]
ENERGY = int(client.ENERGY, 16)


def run(code: bytes, number: int, sizes: dict[int, int], balances: dict[int, int]) -> bytes:
    """The few opcodes of the program."""
    stack, memory, place = list[int](), bytearray(4_096), 0
    while True:
        op, place = code[place], place + 1
        if 0x60 <= op <= 0x7F:
            count = op - 0x5F
            stack.append(int.from_bytes(code[place : place + count], "big"))
            place += count
        elif op == 0x43:
            stack.append(number)
        elif op == 0x31:
            stack.append(balances.get(stack.pop(), 0))
        elif op == 0x3B:
            stack.append(sizes.get(stack.pop(), 0))
        elif op == 0x52:
            start, value = stack.pop(), stack.pop()
            memory[start : start + 32] = value.to_bytes(32, "big")
        else:
            assert op == 0xF3, hex(op)
            start, count = stack.pop(), stack.pop()
            assert place == len(code)
            return bytes(memory[start : start + count])


def test_the_program_shows_its_block_and_the_balances() -> None:
    clause = client._creation(ACCOUNTS)
    assert clause["to"] is None
    held = {int(account, 16): 10**18 + place for place, account in enumerate(ACCOUNTS)}
    data = run(bytes.fromhex(clause["data"][2:]), 22_000_000, {ENERGY: 3_000}, held)
    words = [int.from_bytes(data[place : place + 32], "big") for place in range(0, len(data), 32)]
    assert words == [22_000_000, 3_000, *held.values()]


def test_a_whole_batch_stays_below_the_limits_of_a_creation() -> None:
    """EIP-3860: 49,152 bytes of a creation; EIP-170: 24,576 of its code."""
    clause = client._creation([f"0x{number:040x}" for number in range(client.Client.batch)])
    assert len(clause["data"]) // 2 < 49_152
    assert client.WORD * (client.SHOWN + client.Client.batch) < 24_576

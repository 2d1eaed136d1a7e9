"""Bitcoin's CompactSize. https://developer.bitcoin.org/reference/transactions.html#compactsize-unsigned-integers"""

from __future__ import annotations


def compact_size(number: int) -> bytes:
    if number < 0xFD:
        return bytes([number])
    width, mark = (2, 0xFD) if number < 1 << 16 else (4, 0xFE) if number < 1 << 32 else (8, 0xFF)
    return bytes([mark]) + number.to_bytes(width, "little")


def with_length(data: bytes) -> bytes:
    """The data behind its length."""
    return compact_size(len(data)) + data

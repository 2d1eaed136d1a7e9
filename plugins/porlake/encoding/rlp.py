"""RLP, strictly: one value has one encoding. https://ethereum.org/en/developers/docs/data-structures-and-encoding/rlp/

Our own: a proof is eight small lists of hashes, and the `rlp` package's general decoder costs as much as all the
hashing.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

from porlake.errors import InvalidEncoding

Item: TypeAlias = "bytes | list[Item]"

DEEPEST = 8  # a node of a trie holds lists in lists three deep at most


def decode(data: bytes) -> Item:
    """The value. Raises InvalidEncoding for trailing bytes, a length that is not the shortest, lists too deep, data
    that breaks off.
    """
    items = _items(data, 0, len(data), DEEPEST)
    if len(items) != 1:
        raise InvalidEncoding("rlp", f"{len(items)} values where one is expected")
    return items[0]


def decode_list(data: bytes) -> list[Item]:
    """The items of a list. Raises InvalidEncoding."""
    item = decode(data)
    if isinstance(item, bytes):
        raise InvalidEncoding("rlp", "a string where a list is expected")
    return item


def encode(item: bytes | Sequence[object]) -> bytes:
    if isinstance(item, bytes):
        return item if len(item) == 1 and item[0] < 0x80 else _head(0x80, len(item)) + item
    body = b"".join(encode(part) for part in item)  # type: ignore[arg-type]
    return _head(0xC0, len(body)) + body


def whole(number: int) -> bytes:
    """A whole number as a string: big-endian, without leading zeros."""
    return number.to_bytes((number.bit_length() + 7) // 8, "big")


def number(data: Item) -> int:
    """The whole number of a string. Raises InvalidEncoding for a list and for leading zeros."""
    if not isinstance(data, bytes) or data[:1] == b"\0":
        raise InvalidEncoding("rlp", "no whole number in its shortest form")
    return int.from_bytes(data, "big")


def _head(base: int, size: int) -> bytes:
    if size < 56:
        return bytes([base + size])
    length = whole(size)
    return bytes([base + 55 + len(length)]) + length


def _items(data: bytes, at: int, end: int, depth: int) -> list[Item]:
    items: list[Item] = []
    while at < end:
        head = data[at]
        if head == 0xA0:  # a hash: what nearly all of a node is made of
            items.append(data[at + 1 : at + 33])
            at += 33
        elif head < 0x80:
            items.append(data[at : at + 1])
            at += 1
        else:
            start, stop = _span(data, at, head)
            if head < 0xC0:
                if stop - start == 1 and data[start : start + 1] < b"\x80":
                    raise InvalidEncoding("rlp", "a byte below 128 stands for itself")
                items.append(data[start:stop])
            elif depth and stop <= end:
                items.append(_items(data, start, stop, depth - 1))
            else:
                raise InvalidEncoding("rlp", "lists too deep, or a list that breaks off")
            at = stop
    if at != end:
        raise InvalidEncoding("rlp", "the data breaks off")
    return items


def _span(data: bytes, at: int, head: int) -> tuple[int, int]:
    """Where the content of a string or list begins and ends."""
    short = head - (0xC0 if head >= 0xC0 else 0x80)
    if short < 56:
        return at + 1, at + 1 + short
    start = at + 1 + short - 55
    length = data[at + 1 : start]
    size = int.from_bytes(length, "big")
    if length[:1] == b"\0" or size < 56:
        raise InvalidEncoding("rlp", "a length that is not in its shortest form")
    return start, start + size

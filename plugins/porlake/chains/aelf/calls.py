"""Views of aelf's MultiToken contract: the transaction that asks, and the answer, both in protobuf.

https://github.com/AElfProject/AElf/blob/dev/protobuf/token_contract.proto
https://github.com/AElfProject/AElf/blob/dev/protobuf/aelf/core.proto
https://protobuf.dev/programming-guides/encoding/

A node runs a view only of a transaction whose signature holds. Whose it is does not matter, for nothing is sent: the
key below is known to everybody, and holds nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256

from porlake.encoding import base58
from porlake.encoding.hashes import sha256d
from porlake.encoding.keys import public_key, recoverable_signature
from porlake.errors import BadAnswer

#: MultiToken on the main chain.
TOKENS = "JRmBduh4nXWi1aXgdUsj5gJrzeZb2LxmrAbf7W99faZSvoAaE"
_KEY = sha256(b"porlake asks, and sends nothing").digest()
_CALLER = sha256d(public_key(_KEY))


def get_balance(symbol: str, owner: bytes, height: int, block: bytes) -> bytes:
    """A signed transaction that asks what `owner` (32 bytes) holds of a token; it refers to a block by its height and
    the first four bytes of its hash.
    """
    return _call("GetBalance", _text(1, symbol) + _bytes(2, _bytes(1, owner)), height, block)


def get_token_info(symbol: str, height: int, block: bytes) -> bytes:
    return _call("GetTokenInfo", _text(1, symbol), height, block)


def balance_of(answer: bytes, symbol: str, owner: bytes, *, what: str) -> int:
    """GetBalanceOutput {symbol = 1, owner = 2, balance = 3}: protobuf leaves a zero out. Raises BadAnswer, also where
    it is of another token or owner.
    """
    found = _fields(answer, what)
    if found.get(1) != symbol.encode() or found.get(2) != _bytes(1, owner):
        raise BadAnswer(f"{what}: the answer is of another token or account")
    held = found.get(3, 0)
    if not isinstance(held, int) or held >= 2**63:
        raise BadAnswer(f"{what}: a balance that is no number of the contract")
    return held


def decimals_of(answer: bytes, symbol: str, *, what: str) -> int | None:
    """TokenInfo {symbol = 1, ..., decimals = 5}; None where there is no such token: then it is empty."""
    found = _fields(answer, what)
    if not found:
        return None
    places = found.get(5, 0)
    if found.get(1) != symbol.encode() or not isinstance(places, int) or places > 255:
        raise BadAnswer(f"{what}: the answer is of another token")
    return places


def _call(method: str, params: bytes, height: int, block: bytes) -> bytes:
    unsigned = (
        _bytes(1, _bytes(1, _CALLER))
        + _bytes(2, _bytes(1, base58.decode_check(TOKENS)))
        + _number(3, height)
        + _bytes(4, block[:4])
        + _text(5, method)
        + _bytes(6, params)
    )
    return unsigned + _bytes(10_000, recoverable_signature(_KEY, sha256(unsigned).digest()))


# --- protobuf ---------------------------------------------------------------------------------------------------------
def _varint(number: int) -> bytes:
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*out, number])


def _number(field: int, number: int) -> bytes:
    return _varint(field << 3) + _varint(number)


def _bytes(field: int, data: bytes) -> bytes:
    return _varint(field << 3 | 2) + _varint(len(data)) + data


def _text(field: int, text: str) -> bytes:
    return _bytes(field, text.encode())


def _fields(data: bytes, what: str) -> dict[int, int | bytes]:
    """The fields of a message, the last where one stands twice. Raises BadAnswer for what is none."""
    found, rest = dict[int, int | bytes](), iter(data)
    try:
        while (tag := _read(rest, first=True)) is not None:
            field, kind = tag >> 3, tag & 7
            if kind == 0:
                found[field] = _read(rest) or 0
            elif kind == 2:
                size = _read(rest) or 0
                found[field] = bytes(next(rest) for _ in range(min(size, len(data) + 1)))
            else:
                raise BadAnswer(f"{what}: a field of kind {kind}, which the contract does not use")
    except (StopIteration, RuntimeError) as error:
        raise BadAnswer(f"{what}: the answer ends in the middle of a field") from error
    return found


def _read(rest: Iterator[int], *, first: bool = False) -> int | None:
    """A varint; None at the end where it would be the `first` byte of a field. Raises StopIteration."""
    number = 0
    for shift in range(0, 70, 7):
        byte = next(rest, None)
        if byte is None:
            if first and not shift:
                return None
            raise StopIteration
        number |= (byte & 0x7F) << shift
        if byte < 0x80:
            return number
    raise StopIteration

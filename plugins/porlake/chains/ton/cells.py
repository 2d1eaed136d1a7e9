"""Cells, the form of all data on TON, in their serialized bags. https://docs.ton.org/tvm.pdf sections 3.1 and 5.3.1;
https://github.com/ton-blockchain/ton (crypto/vm/boc.cpp, crypto/vm/cells/DataCell.cpp)

A cell holds up to 1,023 bits and four references. Exotic cells stand for others: a pruned branch for a cell that was
cut off, of which only hashes and depths are left; a Merkle proof for a tree with such branches. A cell has a hash for
each level; `hash(0)` is that of the whole tree, with everything that was cut off in its place, by which it is known on
chain.
"""

from __future__ import annotations

from collections.abc import Sequence

from porlake.encoding.hashes import sha256
from porlake.errors import BadAnswer

MAGIC = bytes.fromhex("b5ee9c72")
MOST_CELLS = 1 << 20
MOST_REFERENCES = 4
DEEPEST = 1024
ORDINARY, PRUNED, LIBRARY, MERKLE_PROOF, MERKLE_UPDATE = 0, 1, 2, 3, 4
HASH, DEPTH = 32, 2  # bytes


class Cell:
    """`data`: whole bytes, of which `bits` count; `kind`: ordinary, or of an exotic cell its first byte."""

    __slots__ = ("_depths", "_hashes", "bits", "data", "kind", "mask", "references")

    def __init__(self, data: bytes, bits: int, references: Sequence[Cell] = (), *, exotic: bool = False) -> None:
        self.data, self.bits, self.references = data, bits, tuple(references)
        self.kind = _kind(self) if exotic else ORDINARY
        self.mask = self._mask()
        self._hashes, self._depths = list[bytes](), list[int]()
        self._add_hashes()

    def hash(self, level: int = 0) -> bytes:
        """The hash at a level (0: of the tree with everything that was cut off)."""
        place = (self.mask & ((1 << level) - 1)).bit_count()
        if self.kind == PRUNED and place < self.mask.bit_count():
            return self.data[2 + HASH * place :][:HASH]
        return self._hashes[0 if self.kind == PRUNED else place]

    def depth(self, level: int = 0) -> int:
        place, count = (self.mask & ((1 << level) - 1)).bit_count(), self.mask.bit_count()
        if self.kind == PRUNED and place < count:
            return int.from_bytes(self.data[2 + HASH * count + DEPTH * place :][:DEPTH], "big")
        return self._depths[0 if self.kind == PRUNED else place]

    def _mask(self) -> int:
        """Bit i: something is cut off at level i + 1 below here."""
        if self.kind == PRUNED:
            return self.data[1]
        below = 0
        for cell in self.references:
            below |= cell.mask
        return below >> 1 if self.kind in (MERKLE_PROOF, MERKLE_UPDATE) else below

    def _add_hashes(self) -> None:
        down = 1 if self.kind in (MERKLE_PROOF, MERKLE_UPDATE) else 0
        levels = [level for level in range(4) if level == 0 or self.mask >> (level - 1) & 1]
        descriptor = self.bits // 8 + -(-self.bits // 8)
        for level in levels[-1:] if self.kind == PRUNED else levels:
            mask = self.mask & ((1 << level) - 1)
            first = len(self.references) + 8 * (self.kind != ORDINARY) + 32 * mask
            content = self._hashes[-1] if self._hashes else _filled(self.data, self.bits)
            depths = [cell.depth(level + down) for cell in self.references]
            depth = 1 + max(depths) if depths else 0
            if depth > DEEPEST:
                raise BadAnswer(f"cells {depth:,} deep")
            below = b"".join(one.to_bytes(DEPTH, "big") for one in depths)
            below += b"".join(cell.hash(level + down) for cell in self.references)
            self._hashes.append(sha256(bytes((first, descriptor)) + content + below))
            self._depths.append(depth)


def _kind(cell: Cell) -> int:
    kind = cell.data[0] if cell.bits >= 8 else ORDINARY
    count = cell.data[1].bit_count() if cell.bits >= 16 else 0
    wanted = {  # bits, references
        PRUNED: (16 + 8 * (HASH + DEPTH) * count, 0),
        LIBRARY: (8 * (1 + HASH), 0),
        MERKLE_PROOF: (8 * (1 + HASH + DEPTH), 1),
        MERKLE_UPDATE: (8 * (1 + 2 * (HASH + DEPTH)), 2),
    }
    if kind == PRUNED and not (count and cell.data[1] < 8):
        raise BadAnswer("a pruned cell of no level")
    if wanted.get(kind) != (cell.bits, len(cell.references)):
        raise BadAnswer("an exotic cell of no known form")
    return kind


def _filled(data: bytes, bits: int) -> bytes:
    """Whole bytes: the last one filled up with a one and zeros."""
    rest = bits % 8
    if not rest:
        return data[: bits // 8]
    last = (data[bits // 8] & (0xFF << (8 - rest))) | (0x80 >> rest)
    return data[: bits // 8] + bytes((last & 0xFF,))


# --- bags -------------------------------------------------------------------------------------------------------------
def roots(bag: bytes) -> list[Cell]:
    """The root cells of a bag. Raises BadAnswer."""
    try:
        return _roots(bag)
    except (IndexError, ValueError) as error:
        raise BadAnswer("a bag of cells that is cut short or points beyond itself") from error


def _roots(bag: bytes) -> list[Cell]:
    if bag[:4] != MAGIC:
        raise BadAnswer("no bag of cells")
    flags, offset_size = bag[4], bag[5]
    size = flags & 7
    if not 1 <= size <= 4 or not 1 <= offset_size <= 8:
        raise BadAnswer("a bag of cells with numbers of no size")
    at = 6

    def take(width: int) -> int:
        nonlocal at
        if at + width > len(bag):
            raise IndexError
        at += width
        return int.from_bytes(bag[at - width : at], "big")

    count, root_count, absent, _ = take(size), take(size), take(size), take(offset_size)
    if absent or not 0 < root_count <= count <= min(MOST_CELLS, len(bag)):
        raise BadAnswer("a bag of cells whose counts cannot be")
    places = [take(size) for _ in range(root_count)]
    at += count * offset_size if flags & 0x80 else 0
    raw: list[tuple[bytes, int, list[int], bool]] = []
    for _ in range(count):
        first, second = take(1), take(1)
        references, exotic = first & 7, bool(first & 8)
        if references > MOST_REFERENCES or first & 16:
            raise BadAnswer("a cell of no known form")
        width = (second + 1) // 2
        data = bag[at : at + width]
        if len(data) != width:
            raise IndexError
        at += width
        raw.append((data, _bits(data, second), [take(size) for _ in range(references)], exotic))
    cells: dict[int, Cell] = {}
    for place in range(count - 1, -1, -1):  # references go to later cells only
        data, bits, below, exotic = raw[place]
        if any(not place < other < count for other in below):
            raise ValueError
        cells[place] = Cell(data, bits, [cells[other] for other in below], exotic=exotic)
    if any(place >= count for place in places):
        raise ValueError
    return [cells[place] for place in places]


def _bits(data: bytes, descriptor: int) -> int:
    if not descriptor & 1:
        return 8 * len(data)
    last = data[-1]
    if not last:
        raise BadAnswer("a cell whose bits have no end")
    return 8 * len(data) - (last & -last).bit_length()


def bag(cell: Cell) -> bytes:
    """A bag of one cell without references."""
    content = _filled(cell.data, cell.bits)
    body = bytes((0, cell.bits // 8 + -(-cell.bits // 8))) + content
    return MAGIC + bytes((1, 1, 1, 1, 0, len(body), 0)) + body


# --- reading bits -----------------------------------------------------------------------------------------------------
class Slice:
    """Bits of a cell, read from the front. What is not there is BadAnswer."""

    def __init__(self, cell: Cell) -> None:
        self._cell, self._at, self._next = cell, 0, 0
        self._number = int.from_bytes(cell.data, "big")

    @property
    def left(self) -> int:
        """Bits that were not read."""
        return self._cell.bits - self._at

    def number(self, width: int) -> int:
        if width > self.left:
            raise BadAnswer("a cell ends before its data do")
        self._at += width
        return self._number >> (8 * len(self._cell.data) - self._at) & ((1 << width) - 1)

    def signed(self, width: int) -> int:
        number = self.number(width)
        return number - (1 << width) if number >> (width - 1) else number

    def coins(self) -> int:
        """VarUInteger 16: four bits say of how many bytes the number is."""
        return self.number(8 * self.number(4))

    def reference(self) -> Cell:
        if self._next >= len(self._cell.references):
            raise BadAnswer("a cell lacks a reference")
        self._next += 1
        return self._cell.references[self._next - 1]


# --- addresses --------------------------------------------------------------------------------------------------------
def address_cell(workchain: int, digest: bytes) -> Cell:
    """addr_std$10 without anycast, of 267 bits."""
    number = (0b100 << 8 | workchain % 256) << 256 | int.from_bytes(digest, "big")
    return Cell((number << 5).to_bytes(34, "big"), 267)


def address_of(cell: Cell) -> tuple[int, bytes]:
    """(workchain, hash) of an addr_std. Raises BadAnswer."""
    bits = Slice(cell)
    if bits.number(3) != 0b100:
        raise BadAnswer("a cell that holds no address of an account")
    return bits.signed(8), bits.number(256).to_bytes(32, "big")

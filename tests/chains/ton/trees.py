"""Cells, dictionaries, states and blocks of TON, built, and what a liteserver shows of them.
https://github.com/ton-blockchain/ton (crypto/block/block.tlb)
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from porlake.chains.ton.account_proof import BLOCK, MASTER_EXTRA, SHARD_NEW, STATE
from porlake.chains.ton.cells import Cell


def bits(*parts: tuple[int, int] | str) -> str:
    """Numbers with their widths, and digits as they stand."""
    return "".join(part if isinstance(part, str) else f"{part[0] % (1 << part[1]):0{part[1]}b}" for part in parts)


def cell(content: str, references: Sequence[Cell] = (), *, exotic: bool = False) -> Cell:
    size = -(-len(content) // 8)
    return Cell(
        int(content.ljust(8 * size, "0") or "0", 2).to_bytes(size, "big"), len(content), references, exotic=exotic
    )


def hexed(data: bytes) -> str:
    return bits((int.from_bytes(data, "big"), 8 * len(data))) if data else ""


def coins(raw: int) -> str:
    size = -(-raw.bit_length() // 8)
    return bits((size, 4)) + (bits((raw, 8 * size)) if size else "")


def pruned(whole: Cell) -> Cell:
    """What stands in a proof for a cell that was cut off, of level one."""
    return cell(bits((1, 8), (1, 8)) + hexed(whole.hash()) + bits((whole.depth(), 16)), exotic=True)


def merkle_proof(shown: Cell) -> Cell:
    return cell(bits((3, 8)) + hexed(shown.hash()) + bits((shown.depth(), 16)), [shown], exotic=True)


def merkle_update(old: Cell, new: Cell) -> Cell:
    depths = bits((old.depth(), 16), (new.depth(), 16))
    return cell(bits((4, 8)) + hexed(old.hash()) + hexed(new.hash()) + depths, [pruned(old), pruned(new)], exotic=True)


def bag(*roots: Cell) -> bytes:
    """A bag of some trees, every cell once for each place it has."""
    order: list[Cell] = []

    def walk(one: Cell) -> None:
        order.append(one)
        for below in one.references:
            walk(below)

    starts = []
    for root in roots:
        starts.append(len(order))
        walk(root)
    place = iter(range(len(order)))
    places: dict[int, list[int]] = {}

    def number(one: Cell) -> int:
        mine = next(place)
        places[mine] = [number(below) for below in one.references]
        return mine

    for root in roots:
        number(root)
    body = b""
    for mine, one in enumerate(order):
        size = -(-one.bits // 8)
        data = bytearray(one.data[:size])
        if one.bits % 8:
            data[-1] |= 0x80 >> one.bits % 8
        first = len(one.references) + 8 * (one.kind != 0)
        body += bytes((first, one.bits // 8 + size)) + bytes(data)
        body += b"".join(below.to_bytes(2, "big") for below in places[mine])
    head = bytes.fromhex("b5ee9c72") + bytes((2, 4))
    counts = len(order).to_bytes(2, "big") + len(roots).to_bytes(2, "big") + bytes(2) + len(body).to_bytes(4, "big")
    return head + counts + b"".join(start.to_bytes(2, "big") for start in starts) + body


# --- dictionaries -----------------------------------------------------------------------------------------------------
Leaf = tuple[str, Sequence[Cell]]


def label(text: str, most: int) -> str:
    """HmLabel, the shortest form."""
    width = most.bit_length()
    forms = ["0" + "1" * len(text) + "0" + text, "10" + bits((len(text), width)) + text]
    if text and text == text[0] * len(text):
        forms.append("11" + text[0] + bits((len(text), width)))
    return min(forms, key=len)


def dictionary(
    leaves: Mapping[int, Leaf], width: int, shown: Callable[[int], bool] | None = None, extra: str = ""
) -> Cell:
    """The root of a Hashmap, or of a HashmapAug whose forks hold `extra`; below forks that lead to no shown key all is
    cut off.
    """

    def built(some: list[str], start: int) -> Cell:
        first, last = some[0][start:], some[-1][start:]
        common = next((place for place in range(len(first)) if first[place] != last[place]), len(first))
        head = label(first[:common], len(first))
        if common == len(first):
            content, references = leaves[int(some[0], 2)]
            return cell(head + content, references)
        sides = []
        for digit in "01":
            below = [key for key in some if key[start + common] == digit]
            found = built(below, start + common + 1)
            is_shown = shown is None or any(shown(int(key, 2)) for key in below)
            sides.append(found if is_shown else pruned(found))
        return cell(head + extra, sides)

    return built(sorted(bits((key, width)) for key in leaves), 0)


# --- accounts, states, blocks -----------------------------------------------------------------------------------------
NOTHING_ELSE = "0"  # no other currencies
AUGMENTED = bits((0, 5)) + coins(0) + NOTHING_ELSE


def addr_std(workchain: int, digest: bytes) -> str:
    return bits("100", (workchain, 8)) + hexed(digest)


def account(
    workchain: int, digest: bytes, raw: int, data: Cell | None = None, *, storage_dictionary: bool = False
) -> Cell:
    extra = bits("001", (7, 256)) if storage_dictionary else "000"
    storage = bits((1, 3), (9, 8), (2, 3), (700, 16)) + extra + bits((1_790_000_000, 32)) + "1" + coins(5)
    state = "1" + "0" + "0" + "0" + ("1" if data else "0") + "0" if data else "00"
    content = "1" + addr_std(workchain, digest) + storage + bits((50_000_000_000_001, 64)) + coins(raw) + "0" + state
    return cell(content, [data] if data else [])


def shard_account(held: Cell) -> Leaf:
    return AUGMENTED + bits((3, 256), (50_000_000_000_001, 64)), [held]


def state(workchain: int, accounts: Cell | None, extra: Cell | None = None) -> Cell:
    """ShardStateUnsplit; what hangs beside the accounts is of no account."""
    head = bits((STATE, 32), (-239, 32), (0, 8), (workchain, 32), (0, 64))
    numbers = bits((9, 32), (0, 32), (1_790_000_000, 32), (50_000_000_001_000, 64), (7, 32)) + "0"
    shown = cell("1" + AUGMENTED, [accounts]) if accounts else cell("0" + AUGMENTED)
    beside = [cell(bits((1, 64))), shown, pruned(cell(bits((2, 64))))]
    return cell(head + numbers + ("1" if extra else "0"), [*beside, *([extra] if extra else [])])


def block(after: Cell) -> Cell:
    """A block that leads to a state."""
    update = merkle_update(cell(bits((1, 32))), after)
    parts = [cell(bits((place, 16))) for place in range(3)]
    return cell(bits((BLOCK, 32), (-239, 32)), [parts[0], parts[1], update, parts[2]])


def shard_descr(root_hash: bytes) -> Cell:
    """A leaf of the tree of a workchain's shards."""
    numbers = bits((SHARD_NEW, 4), (9, 32), (8, 32), (1, 64), (2, 64)) + hexed(root_hash) + bits((5, 256))
    rest = "00000" + "000" + bits((1, 32), (2, 64), (3, 32), (4, 32)) + "0"
    return cell("0" + numbers + rest, [cell(coins(0) + "0" + coins(0) + "0")])


def master_extra(shards: Cell, workchain: int = 0) -> Cell:
    found = dictionary({workchain % 2**32: ("", [shards])}, 32)
    return cell(bits((MASTER_EXTRA, 16)) + "1" + hexed(bytes(32)), [found, cell("1"), cell("11")])

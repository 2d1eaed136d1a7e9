"""What an account held at a masterchain block, by the proof that a liteserver gives: from the block's hash down to the
account. https://docs.ton.org/v3/documentation/data-formats/tlb/proofs

The block's header holds the hash of the masterchain's state; that state names the last block of each shard; the shard
block's header holds the hash of the shard's state; and that state holds the account. Structures: block.tlb of
https://github.com/ton-blockchain/ton (crypto/block/block.tlb). What was cut off of a proof nobody may look into, so
that nothing is taken for absent that is only not shown.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from porlake.chains.ton.cells import MERKLE_PROOF, MERKLE_UPDATE, ORDINARY, Cell, Slice, roots
from porlake.errors import BadAnswer, ProofFails

METHOD = "proved"
BLOCK, STATE, MASTER_EXTRA = 0x11EF55AA, 0x9023AFE2, 0xCC26
SHARD_OLD, SHARD_NEW = 0xB, 0xA
MASTERCHAIN = -1
ACCOUNT_BITS, WORKCHAIN_BITS = 256, 32
UPDATE_NEW = 33  # bytes: kind, the old state's hash


@dataclass(frozen=True, slots=True)
class Held:
    """Nanotons of an account, and the data of its contract where it has one."""

    raw: int
    data: Cell | None = None


NOTHING = Held(0)


def held(
    workchain: int, digest: bytes, block_hash: bytes, shard_proof: bytes, proof: bytes, state: bytes
) -> Held | None:
    """What an account held after a masterchain block; None where the proof shows that it was not there.

    `shard_proof`, `proof`, `state`: bags of cells, as liteServer.accountState has them. Raises ProofFails.
    """
    try:
        return _held(workchain, digest, block_hash, shard_proof, proof, state)
    except BadAnswer as error:
        raise ProofFails(f"an account's proof: {error}") from error


def _held(
    workchain: int, digest: bytes, block_hash: bytes, shard_proof: bytes, proof: bytes, state: bytes
) -> Held | None:
    shard = block_hash
    if workchain != MASTERCHAIN:
        shard = _shard_block(_master_state(block_hash, shard_proof), workchain, digest)
    account = _account_hash(_state_after(shard, proof), digest)
    if account is None:
        if state:
            raise ProofFails("an account that the shard's state does not hold")
        return None
    (root,) = roots(state) if state else (None,)
    if root is None or root.kind != ORDINARY or root.hash() != account:
        raise ProofFails("the account is another than the shard's state holds")
    return _read_account(root, workchain, digest)


def _state_after(block_hash: bytes, bag: bytes) -> Cell:
    """The state, as far as it is shown, that a block leads to: two Merkle proofs, of its header and of the state."""
    shown = roots(bag)
    if len(shown) != 2:
        raise ProofFails(f"{len(shown)} proofs where one of a block and one of a state belong")
    block, state = (_below(root) for root in shown)
    if block.hash() != block_hash:
        raise ProofFails("the proof is of another block")
    header = _opened(block)
    if header.number(32) != BLOCK or len(block.references) != 4:
        raise ProofFails("the proof is of no block")
    update = block.references[2]
    if update.kind != MERKLE_UPDATE:
        raise ProofFails("the proof does not show how the block changes the state")
    if update.data[UPDATE_NEW : UPDATE_NEW + 32] != state.hash():
        raise ProofFails("the state is not the one after the block")
    return state


#: The masterchain's part of a proof is the same for all accounts of a shard.
_master_state = lru_cache(maxsize=16)(_state_after)


def _below(root: Cell) -> Cell:
    """The tree that a Merkle proof is of."""
    if root.kind != MERKLE_PROOF or root.data[1:33] != root.references[0].hash():
        raise ProofFails("a proof that is none")
    return root.references[0]


def _opened(cell: Cell) -> Slice:
    if cell.kind != ORDINARY:
        raise ProofFails("what the proof should show was cut off")
    return Slice(cell)


# --- states -----------------------------------------------------------------------------------------------------------
def _state_parts(state: Cell) -> tuple[Cell, Cell | None]:
    """(ShardAccounts, McStateExtra where the state is the masterchain's)."""
    bits = _opened(state)
    if bits.number(32) != STATE:
        raise ProofFails("the proof is of no state")
    bits.number(32)  # global_id
    bits.number(2 + 6 + 32 + 64)  # shard_id
    bits.number(32 + 32 + 32 + 64 + 32 + 1)  # seq_no, vert_seq_no, gen_utime, gen_lt, min_ref_mc_seqno, before_split
    has_extra = bits.number(1)
    if len(state.references) != 3 + has_extra:
        raise ProofFails("a state of another form")
    return state.references[1], state.references[3] if has_extra else None


def _shard_block(state: Cell, workchain: int, digest: bytes) -> bytes:
    """The hash of the last block of an account's shard, by the masterchain's state."""
    _, extra = _state_parts(state)
    if extra is None:
        raise ProofFails("the masterchain's state names no shards")
    bits = _opened(extra)
    if bits.number(16) != MASTER_EXTRA:
        raise ProofFails("the masterchain's state names no shards")
    leaf = _found(bits.reference(), workchain % 2**32, WORKCHAIN_BITS) if bits.number(1) else None
    if leaf is None:
        raise ProofFails(f"the masterchain's state has no shards of workchain {workchain}")
    tree, left = leaf.reference(), int.from_bytes(digest, "big")
    for depth in range(ACCOUNT_BITS):
        node = _opened(tree)
        if not node.number(1):
            return _shard_descr(node)
        tree = tree.references[left >> (ACCOUNT_BITS - 1 - depth) & 1] if len(tree.references) == 2 else _no_fork()
    raise ProofFails("shards without an end")


def _no_fork() -> Cell:
    raise ProofFails("a fork of shards without two sides")


def _shard_descr(bits: Slice) -> bytes:
    if bits.number(4) not in (SHARD_OLD, SHARD_NEW):
        raise ProofFails("a shard of no known form")
    bits.number(32 + 32 + 64 + 64)  # seq_no, reg_mc_seqno, start_lt, end_lt
    return bits.number(256).to_bytes(32, "big")


def _account_hash(state: Cell, digest: bytes) -> bytes | None:
    """The hash of an account in a shard's state; None where the state shows that it is not there."""
    accounts, _ = _state_parts(state)
    bits = _opened(accounts)
    if not bits.number(1):
        return None
    leaf = _found(bits.reference(), int.from_bytes(digest, "big"), ACCOUNT_BITS)
    if leaf is None:
        return None
    leaf.number(5)  # DepthBalanceInfo: split_depth, then what all below hold
    leaf.coins()
    if leaf.number(1):
        leaf.reference()
    return leaf.reference().hash()


def _found(node: Cell, key: int, width: int) -> Slice | None:
    """The leaf of a Hashmap under a key; None where the path to it ends."""
    left = width
    while True:
        bits = _opened(node)
        length, label = _label(bits, left)
        if label != key >> (left - length) & ((1 << length) - 1):
            return None
        left -= length
        if not left:
            return bits
        if len(node.references) < 2:
            raise ProofFails("a fork without two sides")
        left -= 1
        node = node.references[key >> left & 1]


def _label(bits: Slice, most: int) -> tuple[int, int]:
    """HmLabel: (how many bits, the bits)."""
    width = most.bit_length()
    if not bits.number(1):
        length = 0
        while bits.number(1):
            length += 1
        same = None
    elif not bits.number(1):
        length, same = bits.number(width), None
    else:
        same = bits.number(1)
        length = bits.number(width)
    if length > most:
        raise ProofFails("a label longer than the key")
    return length, bits.number(length) if same is None else same * ((1 << length) - 1)


# --- accounts ---------------------------------------------------------------------------------------------------------
def _read_account(root: Cell, workchain: int, digest: bytes) -> Held:
    bits = _opened(root)
    if not bits.number(1):
        return NOTHING  # account_none
    if address(bits) != (workchain, digest):
        raise ProofFails("the account is of another address")
    _var(bits), _var(bits)  # cells and bits of its storage
    if extra := bits.number(3):
        if extra != 1:
            raise ProofFails("an account whose storage is of no known form")
        bits.number(256)
    bits.number(32)  # last_paid
    if bits.number(1):
        bits.coins()  # due_payment
    bits.number(64)  # last_trans_lt
    raw = bits.coins()
    if bits.number(1):
        bits.reference()  # other currencies
    if not bits.number(1):
        return Held(raw)  # uninit or frozen
    if bits.number(1):
        bits.number(5)  # split_depth
    if bits.number(1):
        bits.number(2)  # special
    if bits.number(1):
        bits.reference()  # code
    return Held(raw, bits.reference() if bits.number(1) else None)


def address(bits: Slice) -> tuple[int, bytes]:
    """(workchain, hash) of an addr_std."""
    if bits.number(2) != 0b10:
        raise BadAnswer("no address of an account")
    rewritten = (depth := bits.number(5), bits.number(depth)) if bits.number(1) else (0, 0)
    workchain, digest = bits.signed(8), bits.number(256)
    if rewritten[0]:
        digest = digest & ((1 << 256 - rewritten[0]) - 1) | rewritten[1] << 256 - rewritten[0]
    return workchain, digest.to_bytes(32, "big")


def _var(bits: Slice) -> int:
    """VarUInteger 7."""
    return bits.number(8 * bits.number(3))

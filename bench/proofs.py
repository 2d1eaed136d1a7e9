"""Account proofs verified per second, one thread, against pycryptodome's Keccak-256 and the rlp package in the same
run.

A synthetic state: proofs of seven full branches and a leaf, about 3.8 kB each, as mainnet's are. They come as the hex
texts of eth_getProof, so that decoding the hex is inside the figures; the node's own time and the network are not. The
levels near the root are shared, as they are for all accounts of a block.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from statistics import median

import rlp as package
from Crypto.Hash import keccak as pycryptodome

from porlake.chains.evm import trie as _trie
from porlake.encoding import rlp
from porlake.encoding.keccak import keccak256

ACCOUNTS, DEPTH, TARGET = 6_000, 7, 8_000
# accounts under one node of the fourth level: what the largest addresses of one file share is the levels above
HOT = 4_096


def synthetic(chance: random.Random) -> tuple[bytes, list[tuple[bytes, list[str], int]]]:
    """(root, accounts with their proofs): the nodes on the way of each account are real, their other children are
    random hashes.
    """
    addresses = [chance.randbytes(20) for _ in range(ACCOUNTS)]
    keys = sorted((keccak256(address).hex(), address) for address in addresses)
    nodes: dict[str, str] = {}
    balances = {key: chance.randrange(10**21) for key, _ in keys}

    def build(start: int, stop: int, depth: int) -> bytes:
        prefix = keys[start][0][:depth]
        if depth == DEPTH:
            key = keys[start][0]
            leaf = rlp.encode([rlp.whole(3), rlp.whole(balances[key]), _trie.EMPTY_ROOT, keccak256(b"")])
            raw = rlp.encode([bytes.fromhex(f"3{key[DEPTH:]}" if (64 - DEPTH) % 2 else f"20{key[DEPTH:]}"), leaf])
        else:
            children: list[bytes] = [chance.randbytes(32) for _ in range(16)]
            at = start
            while at < stop:
                digit, end = keys[at][0][depth], at
                while end < stop and keys[end][0][depth] == digit:
                    end += 1
                children[int(digit, 16)] = build(at, end, depth + 1)
                at = end
            raw = rlp.encode([*children, b""])
        nodes[prefix] = "0x" + raw.hex()
        return keccak256(raw)

    kept = {}
    for key, address in keys:  # two keys with the same first digits cannot both have their leaf at this depth
        kept.setdefault(key[:DEPTH], (key, address))
    keys = sorted(kept.values())
    root = build(0, len(keys), 0)
    # texts of their own for each proof: a JSON decoder makes new ones for every answer
    made = [
        (address, ["".join(list(nodes[key[:depth]])) for depth in range(DEPTH + 1)], balances[key])
        for key, address in keys
    ]
    chance.shuffle(made)
    return root, made


def baseline(root: bytes, address: bytes, proof: list[str]) -> int:
    """The same walk over the same proof, every node hashed and decoded."""
    digits, at, expected = pycryptodome.new(digest_bits=256, data=address).hexdigest(), 0, root
    for text in proof:
        raw = bytes.fromhex(text[2:])
        if pycryptodome.new(digest_bits=256, data=raw).digest() != expected:
            raise ValueError("hash")
        node = package.decode(raw)
        if len(node) == 17:
            expected, at = node[int(digits[at], 16)], at + 1
        else:
            path = node[0].hex()
            if digits[at:] != (path[1:] if path[0] == "3" else path[2:]):
                raise ValueError("path")
            return int.from_bytes(package.decode(node[1])[1], "big")
    raise ValueError("end")


def rate(verify: Callable[[bytes, list[str]], int], accounts: list[tuple[bytes, list[str], int]]) -> float:
    found = []
    for _ in range(3):
        began = time.perf_counter()
        for address, proof, balance in accounts:
            assert verify(address, proof) == balance
        found.append(len(accounts) / (time.perf_counter() - began))
    return median(found)


def ours(root: bytes, known: Callable[[], _trie.Known]) -> Callable[[bytes, list[str]], int]:
    def verify(address: bytes, proof: list[str]) -> int:
        account = _trie.account_at(root, address, proof, known())
        assert account is not None
        return account.balance

    return verify


def main() -> None:
    root, accounts = synthetic(random.Random(7))
    size = sum(len(text) // 2 for text in accounts[0][1])
    slow = rate(lambda address, proof: baseline(root, address, proof), accounts[:2_000])
    plain = rate(ours(root, dict), accounts)
    shared: _trie.Known = {}
    cached = rate(ours(root, lambda: shared), accounts)
    print(f"{len(accounts):,} accounts, {len(accounts[0][1])} nodes and {size:,} bytes a proof")
    print(f"baseline, pycryptodome and rlp   {slow:>9,.0f} accounts/s")
    print(f"porlake, nothing cached          {plain:>9,.0f} accounts/s   {plain / slow:.1f} times the baseline")
    print(
        f"porlake, top {_trie.CACHED_LEVELS} levels cached    {cached:>9,.0f} accounts/s   {cached / slow:.1f} times "
        f"the baseline"
    )
    print(f"target {TARGET:,} accounts/s: {'reached' if cached >= TARGET else 'MISSED'}")


if __name__ == "__main__":
    main()

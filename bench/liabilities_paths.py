"""Users' paths verified, one thread: milliseconds a path of 27 levels (100 million accounts), against a bare SHA-256
loop over the same texts in the same run.

The file is read anew each time, as a user's is: its JSON, each amount, each level, each sum and each hash are inside
the figures. The paths are made here, with random siblings, from a seed.
"""

from __future__ import annotations

import io
import json
import random
import time
from collections.abc import Callable
from hashlib import sha256
from statistics import median
from typing import Any

from porlake import liabilities, reports
from porlake.liabilities import bybit_path

LEVELS, ROUNDS, TARGET_MS = 27, 50, 5.0
FIFTY = bybit_path.EDITIONS["50 of 2026-07-22"]


def fixed(units: int) -> str:
    digits = str(units).rjust(9, "0")
    return f"{digits[:-8]}.{digits[-8:]}"


def shortest(units: int) -> str:
    return fixed(units).rstrip("0").rstrip(".")


def climbed(
    chance: random.Random,
    assets: tuple[str, ...],
    leaf: Callable[[list[int]], str],
    parent: Callable[[str, str, list[int], int], str],
    cut: int,
) -> tuple[list[list[int]], list[str], list[int], list[str]]:
    """Sums and hashes of the leaf, its siblings and the root; the siblings' sides; the texts that are hashed."""
    texts = list[str]()

    def hashed(text: str) -> str:
        texts.append(text)
        return sha256(text.encode()).hexdigest()[:cut]

    own = [chance.randrange(10**12) for _ in assets]
    sums, hashes, sides = [own], [hashed(leaf(own))], list[int]()
    node, running = hashes[0], own
    for level in range(LEVELS):
        other, side = [chance.randrange(10 ** (12 + level // 4)) for _ in assets], chance.randrange(2)
        sibling = sha256(repr(other).encode()).hexdigest()[:cut]
        running = [mine + theirs for mine, theirs in zip(running, other, strict=True)]
        left, right = (sibling, node) if side else (node, sibling)
        node = hashed(parent(left, right, running, level))
        sums.append(other)
        hashes.append(sibling)
        sides.append(1 if side else 2)
    return [*sums, running], [*hashes, node], sides, texts


def bybit(chance: random.Random) -> tuple[bytes, list[str]]:
    user = "ab" * 32
    sums, hashes, sides, texts = climbed(
        chance,
        FIFTY,
        lambda own: user + "".join(map(fixed, own)),
        lambda left, right, own, level: f"{left}{right}{''.join(map(fixed, own))}{level + 2}",
        64,
    )
    nodes = [
        {"balance": dict(zip(FIFTY, map(fixed, held), strict=True)), "hash": digest, "type": side, "height": height}
        for held, digest, side, height in zip(
            sums, hashes, [3 - sides[0], *sides, 3], [1, *range(1, LEVELS + 2)], strict=True
        )
    ]
    return json.dumps({"self": {**nodes[0], "userHash": user}, "path": nodes[1:]}, indent=1).encode(), texts


def okx(chance: random.Random) -> tuple[bytes, list[str]]:
    assets, nonce = ("BTC", "ETH", "USDT"), "cd" * 32
    sums, hashes, sides, texts = climbed(
        chance,
        assets,
        lambda own: nonce + written(assets, own),
        lambda left, right, own, level: f"{left}{right}{''.join(map(shortest, own))}{level + 2}",
        64,
    )
    nodes = [
        {"balances": dict(zip(assets, map(shortest, held), strict=True)), "hash": digest, "type": side, "height": at}
        for held, digest, side, at in zip(
            sums, hashes, [3 - sides[0], *sides, 3], [1, *range(1, LEVELS + 2)], strict=True
        )
    ]
    return json.dumps({"path": nodes[1:], "self": {**nodes[0], "nonce": nonce}}).encode(), texts


def bitget(chance: random.Random) -> tuple[bytes, list[str]]:
    assets, user, nonce = ("BTC", "ETH", "USDT", "USDC"), "12" * 32, "34" * 32
    sums, hashes, sides, texts = climbed(
        chance,
        assets,
        lambda own: f"{user},{nonce},{written(assets, own)}",
        lambda left, right, own, level: f"{left}{right},{written(assets, own)},{LEVELS - level}",
        16,
    )
    levels = [LEVELS + 1, *range(LEVELS + 1, 0, -1)]
    nodes: list[dict[str, Any]] = [
        {
            "balances": dict(zip(assets, map(shortest, held), strict=True)),
            "merkelLeaf": digest,
            "role": side,
            "level": at,
        }
        for held, digest, side, at in zip(sums, hashes, [3 - sides[0], *sides, 3], levels, strict=True)
    ]
    return json.dumps({"path": nodes[1:], "self": {**nodes[0], "encryptUid": user, "nonce": nonce}}).encode(), texts


def written(assets: tuple[str, ...], own: list[int]) -> str:
    return "{" + ",".join(f'"{name}":"{shortest(units)}"' for name, units in zip(assets, own, strict=True)) + "}"


def usual(work: Callable[[], object]) -> float:
    """Milliseconds, the median of some rounds."""
    found = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        work()
        found.append(time.perf_counter() - began)
    return median(found) * 1_000


def main() -> None:
    slowest = 0.0
    for scheme, make in (("okx_merkle_v1", okx), ("bitget_path", bitget), ("bybit_path", bybit)):
        content, texts = make(random.Random(16))
        form = liabilities.FORMATS[scheme]
        assert isinstance(form, liabilities.ForUsers)
        user = form.inclusion

        def once(content: bytes = content, user: Callable[..., liabilities.Inclusion] = user) -> None:
            found = user(reports.Member("user.json", io.BytesIO(content)), None, None)
            assert found.included, found.detail

        floor = usual(lambda texts=texts: [sha256(text.encode()).hexdigest() for text in texts])  # type: ignore[misc]
        taken = usual(once)
        slowest = max(slowest, taken)
        times = f"{taken / floor:5.1f} times the loop"
        print(f"{scheme:<14} {len(content):>7,} bytes {taken:6.2f} ms   bare SHA-256 loop {floor:5.3f} ms   {times}")
    print(f"target {TARGET_MS} ms a path: {'reached' if slowest <= TARGET_MS else 'MISSED'}")


if __name__ == "__main__":
    main()

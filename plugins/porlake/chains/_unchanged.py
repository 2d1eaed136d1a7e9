"""A balance of the head that counts as that of an earlier block, for nothing happened at the account after it: for
chains whose nodes tell no past, but when an account last changed.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from porlake.chains._answers import BlockRef, Evidence, Reading

METHOD = "unchanged_since"
LONGEST = 200  # characters of an answer that are kept


def unchanged(
    reading: Reading, at: BlockRef, head: BlockRef, last_change: int | datetime | None, answer: str
) -> Reading:
    """The reading as one of the block `at`, with the evidence, where the account did not change after it; else as it
    was.

    `reading`: of a block from `at` up to `head`; `head`: a final block up to which the chain was looked at for changes,
    after the reading or together with it; `last_change`: the last change that the chain shows, by its height or moment,
    None where it was asked for changes after `at` and shows none; `answer`: what it said. A change in the very block
    `at` is in its balance; one at its very moment need not be, for later blocks may bear the same. Raises ChainError
    where the moment of `at` is needed and not known.
    """
    is_between = at.height <= reading.block.height <= head.height
    if not is_between or not _is_settled(last_change, at):
        return reading
    evidence = Evidence(head, _text(last_change), answer[:LONGEST])
    return replace(reading, block=at, as_of="exact", method=METHOD, evidence=evidence)


def _is_settled(last_change: int | datetime | None, at: BlockRef) -> bool:
    """Whether the balance of `at` holds the last change already."""
    if isinstance(last_change, datetime):
        return last_change < at.time
    return last_change is None or last_change <= at.height


def _text(last_change: int | datetime | None) -> str:
    if isinstance(last_change, datetime):
        return last_change.astimezone(UTC).isoformat().replace("+00:00", "Z")
    return "none" if last_change is None else str(last_change)

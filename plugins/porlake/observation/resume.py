"""Answers that outlive the process: an observation that is stopped goes on where it was.

Every answer is kept beside the partition under its question (network, block hash, token, accounts) until the partition
is shown. Nothing is kept while a recording records or replays: a recording must hold every answer.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np

from porlake import chains
from porlake.lake import Below, Scratch, json_of

VERSION = "5"  # of what a kept answer means
KEEP_EVERY = 1.0  # seconds: as much an observation that is killed asks for again


@dataclass(slots=True)
class Kept:
    """Answers to one question on disk, those of a second in one file, `<worker><number>-<holdings>`: a line of JSON
    that describes each, then their rows and words. `worker`: how the names of the files that this one writes begin.
    """

    scratch: Scratch
    worker: str = ""
    _waiting: list[chains.Answer] = field(default_factory=list)
    _since: float = field(default_factory=time.monotonic)
    _files: int = 0

    def answers(self) -> list[chains.Answer]:
        """What was kept and holds: parts of holdings whose total was not kept are left out."""
        found: list[chains.Answer] = []
        for _, content in self.scratch.parts():
            self._files += 1
            line, _, data = content.partition(b"\n")
            for described in json_of(line):
                answer, data = _unpacked(described, data)
                found.append(answer)
        return found

    def keep(self, answer: chains.Answer) -> None:
        if isinstance(answer, chains.Unreadable) and not answer.answered:
            return  # who goes on asks for these anew
        if isinstance(answer, chains.Readings) and answer.no_history is not None:
            return
        self._waiting.append(answer)
        if time.monotonic() - self._since >= KEEP_EVERY:
            self.flush()

    def flush(self) -> None:
        """What was given to `keep` is safe when this comes back."""
        if self._waiting:
            described, data = zip(*map(_packed, self._waiting), strict=True)
            self._files += 1
            count = sum(len(answer.rows) for answer in self._waiting if _is_whole(answer))
            name = f"{self.worker}{self._files:08d}-{count}"
            self.scratch.keep(name, json.dumps(described).encode() + b"\n" + b"".join(data))
        self._waiting, self._since = [], time.monotonic()


def kept(folder: Path | Below, network: str, holdings: chains.Holdings, at: chains.BlockRef, worker: str = "") -> Kept:
    """What was kept of one question, and will be, by one of several workers or by the only one."""
    question = [VERSION, network, at.hash, holdings.token.kind, holdings.token.contract]
    digest = hashlib.sha256(json.dumps(question).encode() + holdings.accounts.tobytes()).hexdigest()
    return Kept(Scratch(folder / digest[:32]), worker)


def covered(answers: Sequence[chains.Answer], count: int) -> np.ndarray[Any, np.dtype[np.bool_]]:
    """Of which holdings the total, or why there is none, is among the answers."""
    found = np.zeros(count, np.bool_)
    for answer in answers:
        if isinstance(answer, chains.Withdrawn) or _is_whole(answer):
            found[answer.rows] = not isinstance(answer, chains.Withdrawn)
    return found


def _is_whole(answer: chains.Answer) -> bool:
    """Whether it says all that is said of a holding: the parts come before the total."""
    return isinstance(answer, chains.Unreadable) or (
        isinstance(answer, chains.Readings) and answer.component == chains.TOTAL
    )


def complete(answers: Sequence[chains.Answer], known: np.ndarray[Any, np.dtype[np.bool_]]) -> Iterator[chains.Answer]:
    """The answers about holdings that are covered."""
    for answer in answers:
        if known[answer.rows].all():
            yield answer
        elif isinstance(answer, chains.Readings):
            yield answer.taken(known[answer.rows])


def _packed(answer: chains.Answer) -> tuple[dict[str, Any], bytes]:
    rows = answer.rows.astype(">i8").tobytes()
    if isinstance(answer, chains.Withdrawn):
        return {"withdrawn": len(answer.rows)}, rows
    if isinstance(answer, chains.Unreadable):
        return {"unreadable": len(answer.rows), "reason": answer.reason}, rows
    shown = answer.evidence
    description = {
        "read": len(answer.rows),
        "component": answer.component,
        "block": _described(answer.block),
        "as_of": answer.as_of,
        "method": answer.method,
        "source": answer.source,
        "evidence": None if shown is None else [[_described(one.head), one.last_change, one.answer] for one in shown],
    }
    return description, rows + answer.words.astype(">u8").tobytes()


def _unpacked(description: dict[str, Any], data: bytes) -> tuple[chains.Answer, bytes]:
    count = next(description[name] for name in ("withdrawn", "unreadable", "read") if name in description)
    rows, data = np.frombuffer(data[: 8 * count], ">i8").astype(np.int64), data[8 * count :]
    if "withdrawn" in description:
        return chains.Withdrawn(rows), data
    if "unreadable" in description:
        return chains.Unreadable(rows, description["reason"], answered=True), data
    words, data = np.frombuffer(data[: 16 * count], ">u8").reshape(-1, 2).astype(np.uint64), data[16 * count :]
    shown = description["evidence"]
    read = chains.Readings(
        rows, words, description["component"], _block(description["block"]), description["as_of"],
        description["method"], description["source"],
        evidence=None if shown is None else [chains.Evidence(_block(head), *texts) for head, *texts in shown],
    )  # fmt: skip
    return read, data


def _described(block: chains.BlockRef) -> list[Any]:
    return [block.height, block.hash, block.moment.isoformat() if block.moment else None]


def _block(described: Sequence[Any]) -> chains.BlockRef:
    height, name, moment = described
    return chains.BlockRef(height, name, datetime.fromisoformat(moment) if moment else None)

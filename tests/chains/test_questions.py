"""A question that is put once, whichever thread needs its answer first."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from porlake.chains._questions import asked_once
from porlake.errors import TimedOut
from porlake.transport import Recording

THREADS = 16


class Node:
    """`failures`: how many questions about a key fail first."""

    def __init__(self, failures: int = 0, recording: Recording | None = None) -> None:
        self.asked: Counter[object] = Counter()
        self.failures, self.under_way, self.most, self.lock = failures, 0, 0, threading.Lock()
        self.recording = recording or Recording.off()

    @asked_once
    def block(self, height: int, fork: str = "") -> str | None:
        return str(self.recording.answer("x", "block", [height, fork], "host", lambda: self._answer(height))[0])

    @asked_once
    def nothing(self) -> None:
        """A check."""
        self.asked["nothing"] += 1

    @asked_once
    def endless(self) -> int:
        return self.endless() + 1

    def _answer(self, height: int) -> str:
        with self.lock:
            self.asked[height] += 1
            number, self.under_way = self.asked[height], self.under_way + 1
            self.most = max(self.most, self.under_way)
        time.sleep(0.01)
        with self.lock:
            self.under_way -= 1
        if number <= self.failures:
            raise TimedOut(f"{number}")
        return f"block {height}"


def at_once(ask: Callable[[int], Any], numbers: Sequence[int]) -> list[Any]:
    """What each thread was told, or what was raised to it."""
    gate = threading.Barrier(len(numbers))

    def one(number: int) -> Any:
        gate.wait()
        try:
            return ask(number)
        except TimedOut as error:
            return error

    with ThreadPoolExecutor(len(numbers)) as pool:
        return list(pool.map(one, numbers))


def test_of_many_threads_one_asks_and_all_are_told() -> None:
    node = Node()
    assert at_once(node.block, [7] * THREADS) == ["block 7"] * THREADS
    assert node.block(7) == "block 7"
    assert node.asked == {7: 1}


def test_questions_about_other_things_do_not_wait_for_each_other() -> None:
    node = Node()
    assert at_once(node.block, range(THREADS)) == [f"block {number}" for number in range(THREADS)]
    assert node.most > THREADS // 2
    assert Node().block(1, "a") == Node().block(1, "b")


def test_an_answer_is_of_one_client_one_question_and_its_arguments() -> None:
    node, other = Node(), Node()
    for one in (node, node, other):
        one.block(1)
        one.block(1, "fork")
        one.nothing()
    assert node.asked == other.asked == {1: 2, "nothing": 1}


@pytest.mark.parametrize("failures", [1, 3, THREADS])
def test_a_fault_is_the_askers_and_those_who_waited_ask_in_their_turn(failures: int) -> None:
    node = Node(failures)
    told = at_once(node.block, [7] * THREADS)
    assert sum(isinstance(one, TimedOut) for one in told) == failures
    assert node.most == 1
    assert node.asked[7] == min(THREADS, failures + 1)
    assert node.block(7) == "block 7"
    assert node.asked[7] == failures + 1


@pytest.mark.parametrize("failures", [0, 1, 3])
def test_a_recording_holds_as_many_answers_as_a_replay_asks_for(failures: int, tmp_path: Path) -> None:
    node = Node(failures, Recording.record(tmp_path))
    told = at_once(node.block, [7] * THREADS)
    assert len(list((tmp_path / "x").iterdir())) == failures + 1
    again = at_once(Node(0, Recording.replay(tmp_path)).block, [7] * THREADS)
    assert sorted(map(str, again)) == sorted(map(str, told))


def test_a_question_that_needs_its_own_answer_is_no_deadlock() -> None:
    with pytest.raises(RecursionError):
        Node().endless()

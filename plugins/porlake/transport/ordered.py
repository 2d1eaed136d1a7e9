"""Many questions at once, their answers in order."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from typing import Any


def in_order(ask: Callable[[Any], Any], questions: Iterable[Any], in_flight: int) -> Iterator[Any]:
    """The answers to many questions, in their order, with at most `in_flight` of them under way."""
    with ThreadPoolExecutor(max_workers=in_flight) as pool:
        source = iter(questions)
        waiting = deque(pool.submit(ask, question) for question in islice(source, in_flight))
        while waiting:
            yield waiting.popleft().result()
            waiting.extend(pool.submit(ask, question) for question in islice(source, 1))

"""Rows of slow schemes, judged in processes of their own: they would hold the interpreter for milliseconds each, and
every other row with it.

The processes are plain children that read rows and write judgements, a JSON line each: neither fork (unsafe beside
threads) nor spawn (fails inside Airflow's own processes). They start with the first such row.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import astuple
from pathlib import Path
from types import TracebackType

from porlake.model import Evidence
from porlake.ownership._judgement import Judgement

Answer = tuple[Judgement, str]


class Apart:
    """`submit` a row, and its judgement and account come later. `judge` judges here what a child that died left
    undone.
    """

    def __init__(self, children: int, judge: Callable[[Evidence], Answer]) -> None:
        self._pool = ThreadPoolExecutor(max_workers=children)
        self._judge = judge
        self._mine = threading.local()
        self._children: list[subprocess.Popen[str]] = []

    def submit(self, row: Evidence) -> Future[Answer]:
        return self._pool.submit(self._ask, row)

    def __enter__(self) -> Apart:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is not None:
            for child in self._children:
                child.kill()
        self._pool.shutdown(cancel_futures=True)
        for child in self._children:
            child.communicate()

    def _ask(self, row: Evidence) -> Answer:
        child: subprocess.Popen[str] = getattr(self._mine, "child", None) or self._start()
        assert child.stdin is not None
        assert child.stdout is not None
        try:
            child.stdin.write(json.dumps(astuple(row)) + "\n")
            child.stdin.flush()
            verdict, reason, flags, signer, account = json.loads(child.stdout.readline())
        except (OSError, ValueError):
            return self._judge(row)
        return Judgement(verdict, reason, tuple(flags), signer), account

    def _start(self) -> subprocess.Popen[str]:
        path = os.pathsep.join(filter(None, (str(Path(__file__).parents[2]), os.environ.get("PYTHONPATH", ""))))
        child = subprocess.Popen(
            [sys.executable, "-c", "from porlake.ownership._apart import main; main()"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=dict(os.environ) | {"PYTHONPATH": path},
        )
        self._mine.child = child
        self._children.append(child)
        return child


def main() -> None:
    from porlake import ownership

    for line in sys.stdin:
        judgement, account = ownership.judged(Evidence(*json.loads(line)))
        answer = (judgement.verdict, judgement.reason, judgement.flags, judgement.signer, account)
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()

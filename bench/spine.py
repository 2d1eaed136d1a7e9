"""Parse and build on a large file, against reading the same file with Python's csv module.

    python bench/spine.py [--rows 100000]

The file is the bundled month with its rows repeated. Both stages run in a process of their own, so that the memory
shown is theirs alone.
"""

from __future__ import annotations

import argparse
import csv
import itertools
import multiprocessing
import resource
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from porlake import pipeline

MONTH = Path(__file__).resolve().parents[1] / "data" / "samples" / "okx_por_2024032500.csv"


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rows", type=int, default=100_000)
    rows: int = options.parse_args().rows
    with tempfile.TemporaryDirectory() as folder:
        path = repeated(Path(folder) / MONTH.name, rows)
        base, _ = measured(read, path)
        print(f"{rows:,} rows, {path.stat().st_size / 1e6:.0f} MB")
        print(f"csv.reader alone     {rows / base:>10,.0f} rows/s   1.00")
        for name, stage in (("archive and parse", parse), ("build of all marts", build)):
            seconds, memory = measured(stage, path)
            print(f"{name:<20} {rows / seconds:>10,.0f} rows/s   {base / seconds:.3f}   {memory:,} MB")


def repeated(path: Path, rows: int) -> Path:
    head, _, block = MONTH.read_text(encoding="utf-8").partition("\n\n")
    header, *lines = block.splitlines()
    with path.open("w", encoding="utf-8") as out:
        out.write(f"{head}\n\n{header}\n")
        out.writelines(f"{line}\n" for line in itertools.islice(itertools.cycle(lines), rows))
    return path


def read(path: Path) -> None:
    with path.open(encoding="utf-8", newline="") as stream:
        for _ in csv.reader(stream):
            pass


def parse(path: Path) -> None:
    settings = pipeline.session(path.parent / "lake", environ={})
    for report in pipeline.archive(settings, "okx", str(path)):
        pipeline.parse(settings, report)


def build(path: Path) -> None:
    pipeline.build(pipeline.session(path.parent / "lake", environ={}))


def measured(work: Callable[[Path], None], path: Path) -> tuple[float, int]:
    """(seconds, peak memory in MB) of some work in a process of its own, children included."""
    asked, answer = multiprocessing.Pipe(duplex=False)
    process = multiprocessing.get_context("fork").Process(target=_timed, args=(work, path, answer))
    process.start()
    process.join()
    if process.exitcode:
        raise SystemExit(process.exitcode)
    seconds, memory = asked.recv()
    return seconds, memory


def _timed(work: Callable[[Path], None], path: Path, answer: multiprocessing.connection.Connection) -> None:
    began = time.perf_counter()
    work(path)
    seconds = time.perf_counter() - began
    memory = max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    answer.send((seconds, memory // 1024))


if __name__ == "__main__":
    main()

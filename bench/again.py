"""verify of a second month, of which most rows stand in the first to the letter, beside that of the first.

    python bench/again.py [--rows 100000] [--same 95]

The file is `bench/ownership.py`'s; each stage is a process of its own, and its processor time counts. A third lake, in
which the second month stands alone, shows that the bytes are the same.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from porlake import pipeline
from porlake.model import Ownership

STAGE = """
import sys, time
from porlake import pipeline
from porlake.startup import without_pandas
without_pandas()
session = pipeline.session(sys.argv[1], environ={})
(report,) = pipeline.archive(session, "okx", sys.argv[2])
pipeline.parse(session, report)
began = time.process_time()
pipeline.verify(session, report)
print(time.process_time() - began, report)
"""


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rows", type=int, default=100_000)
    options.add_argument("--same", type=int, default=95, help="percent of the rows that repeat")
    given = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        first, second = (Path(folder) / f"okx_por_2024{month}2500.csv" for month in ("03", "04"))
        new = given.rows * (100 - given.same) // 100
        head, lines = made(Path(folder) / "made.csv", given.rows + new)
        first.write_text(head + "".join(lines[: given.rows]), encoding="utf-8")
        second.write_text(head + "".join(lines[new:]), encoding="utf-8")
        both, alone = Path(folder) / "both", Path(folder) / "alone"
        base, _ = verified(both, first)
        again, report = verified(both, second)
        whole, _ = verified(alone, second)
        if pointers(both, report) != pointers(alone, report):
            raise SystemExit("the bytes differ")
        print(f"{given.rows:,} rows, {given.same} % of the second month's in the first; processor time")
        for name, seconds in (("first month", base), ("second month alone", whole), ("second month after it", again)):
            print(f"{name:<22} {seconds:>7.2f} s   {seconds / whole:.3f}")


def made(path: Path, rows: int) -> tuple[str, list[str]]:
    """(head, rows of the address block) of a file whose rows stand in an order that shares kinds out evenly."""
    words = [sys.executable, str(Path(__file__).with_name("ownership.py")), "--rows", str(rows), "--csv", str(path)]
    subprocess.run(words, check=True, stdout=subprocess.DEVNULL, env=os.environ)
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    start = next(at for at, line in enumerate(lines) if line.startswith("coin,Network")) + 1
    step = 7_919
    rows_of = lines[start:]
    while len(rows_of) % step == 0:
        step += 2
    return "".join(lines[:start]), [rows_of[at * step % len(rows_of)] for at in range(len(rows_of))]


def verified(lake: Path, path: Path) -> tuple[float, str]:
    done = subprocess.run(
        [sys.executable, "-c", STAGE, str(lake), str(path)], check=True, capture_output=True, text=True, env=os.environ
    )
    seconds, report = done.stdout.split()
    return float(seconds), report


def pointers(lake: Path, report: str) -> list[str]:
    session = pipeline.session(lake, environ={})
    return [json.dumps([*pointer.files]) for pointer in session.lake.pointers(Ownership, exchange="okx", report=report)]


if __name__ == "__main__":
    main()

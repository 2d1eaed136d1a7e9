"""Whole trees of liabilities, built anew from their files: OKX's of ten million leaves, BitMEX's of one million.

    bench/liabilities_trees.py [leaves of OKX's tree in millions: 10] [folder for the files]

Baseline of the same run: the loop over hashlib.sha256 alone that whoever made the tree had to go through, one call an
inner node, its texts ready; what is told is how often as much CPU time all of the check takes: reading, parsing, sums,
hashes, signs, leaves that stand twice. Each check is a process of its own, so that the memory told is its own.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from liabilities.writers import large_trees
from porlake import liabilities, reports

WORKER = "--check"


def check(form: str, path: Path) -> None:
    """In a process of its own: a tree of two nodes first, which compiles or loads the loops."""
    with path.open("rb") as file:
        bundle = reports.Bundle((reports.Member(path.name, file),), path.name, form.split("_")[0])
        warm = [b"block_height:1\n", b"0" * 64 + b',1,{"BTC":"0","ETH":"0","USDT":"0"}\n']
        small = path.with_suffix(".small")
        small.write_bytes(warm[form.startswith("okx")])
        with small.open("rb") as one:
            liabilities.FORMATS[form].verify(reports.Bundle((reports.Member("small", one),), "small"))
        started, cpu = time.perf_counter(), time.process_time()
        proof = liabilities.FORMATS[form].verify(bundle)
        seconds, cpu = time.perf_counter() - started, time.process_time() - cpu
    owed = " ".join(f"{total.owed} {total.label}" for total in proof.totals)
    memory = int(re.findall(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())[0]) / 1e6
    print(f"{seconds} {cpu} {memory} {proof.verdict} {proof.leaves} {proof.root} {owed}")


def measured(form: str, path: Path, made: large_trees.Large, most_seconds: float) -> None:
    command = [sys.executable, __file__, WORKER, form, str(path)]
    told = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()
    seconds, cpu, memory = map(float, told[:3])
    if told[3] != "holds" or told[5] != made.root:
        raise SystemExit(f"{form}: {' '.join(told[3:])}, and the root is {made.root}")
    print(
        f"{form:>14} {int(told[4]):>11,} leaves {path.stat().st_size / 1e6:>6,.0f} MB {seconds:>6.1f} s "
        f"({cpu:.1f} s of CPU), at most {most_seconds:.0f} s {memory:>5.2f} GB, "
        f"hashlib alone {made.floor:.1f} s of CPU: {cpu / made.floor:.2f} x"
    )


def main() -> None:
    millions = float(sys.argv[1]) if len(sys.argv) > 1 else 10
    with tempfile.TemporaryDirectory(dir=sys.argv[2] if len(sys.argv) > 2 else None) as folder:
        path = Path(folder) / "tree.csv"
        measured("bitmex_tree", path, large_trees.bitmex(path, 1 << 20), 3)
        path = Path(folder) / "tree.txt"
        measured("okx_merkle_v2", path, large_trees.okx(path, int(millions * 1_000_000)), 30)
    print(f"{os.cpu_count()} cores; trees seeded, leaves random")


if __name__ == "__main__":
    if sys.argv[1:2] == [WORKER]:
        check(sys.argv[2], Path(sys.argv[3]))
    else:
        main()

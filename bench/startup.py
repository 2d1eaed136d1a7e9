"""Processor time that commands and tasks take before they do anything.

    python bench/startup.py [--times 5]

Each line is the median of some runs, each in a process of its own, children included; a task's is what it takes when
Airflow is imported.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median

SAMPLE = Path(__file__).resolve().parents[1] / "data" / "samples" / "okx_por_2024032500.csv"
FEW = 60
"""Lines of the file that is verified: its rows cost next to nothing."""

AIRFLOW = "import airflow.sdk, airflow.sdk.exceptions, airflow.sdk.bases.hook"
TASK = (
    f"import time\n{AIRFLOW}\nbegan = time.process_time()\nfrom porlake.airflow import tasks\n"
    "from porlake.startup import without_pandas\nwithout_pandas()\nprint(time.process_time() - began)"
)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--times", type=int, default=5)
    times: int = options.parse_args().times
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / SAMPLE.name
        file.write_text("".join(SAMPLE.read_text(encoding="utf-8").splitlines(keepends=True)[:FEW]), encoding="utf-8")
        (Path(folder) / "lake").mkdir()
        commands = {
            "porlake --help": ["--help"],
            "porlake networks": ["networks"],
            f"porlake verify, {FEW} lines": ["verify", str(file)],
            "porlake parse": ["parse", str(file)],
            "porlake query, no build": ["query", "select 1", "--lake", folder],
        }
        for name, words in commands.items():
            print(f"{name:<28} {usual([sys.executable, '-m', 'porlake', *words], times):>6.2f} s")
        told = [subprocess.run([sys.executable, "-c", TASK], capture_output=True, check=True) for _ in range(times)]
        print(f"{'a task beyond Airflow':<28} {median(float(one.stdout.split()[-1]) for one in told):>6.2f} s")


def usual(words: list[str], times: int) -> float:
    """The processor time of a command in seconds, the median of some runs."""
    return median(once(words) for _ in range(times))


def once(words: list[str]) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=os.environ, check=False)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


if __name__ == "__main__":
    main()

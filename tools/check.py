"""The tests that need no dbt, no Airflow and no node, in two processes, each with its half of the files: `make check`.

Two workers of pytest-xdist would both collect all of them, which costs more than running half. Within a minute that is
not each case: `tests/long.txt` names the tests that are left to `make test`, `tests/conftest.py` how many cases of one
are tried.

python tools/check.py --measure   writes that list anew, from what a case of each test takes here
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections import defaultdict
from pathlib import Path
from xml.etree import ElementTree

PARTS = 2
LONG, SECONDS = Path(__file__).resolve().parents[1] / "tests" / "long.txt", 0.12


def main() -> int:
    arguments = sys.argv[1:]
    if arguments[:1] == ["--measure"]:
        with tempfile.TemporaryDirectory() as folder:
            code = check([*arguments[1:], f"--junitxml={folder}/PART.xml"], {"PORLAKE_TESTS_MEASURE": "yes"})
            measured(sorted(Path(folder).iterdir()))
        return code
    return check(arguments, {})


def check(arguments: list[str], more: dict[str, str]) -> int:
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:xdist", "-m", "not slow and not node and not thorough"]
    started = [
        subprocess.Popen(
            [*command, *(argument.replace("PART", str(part)) for argument in arguments)],
            env=os.environ | {"PORLAKE_TESTS_CHECK": f"{part}/{PARTS}"} | more,
            stdout=subprocess.PIPE if part else None,
            stderr=subprocess.STDOUT,
        )
        for part in range(PARTS)
    ]
    codes = []
    for process in started:
        said, _ = process.communicate()
        sys.stdout.write(said.decode() if said else "")
        codes.append(process.returncode)
    return max(codes)


def measured(reports: list[Path]) -> None:
    """The tests of which a case takes SECONDS and more, on average, into the list."""
    took = defaultdict[str, list[float]](list)
    for report in reports:
        for case in ElementTree.parse(report).iter("testcase"):
            place = case.attrib["classname"].removeprefix("tests.").replace(".", "/")
            took[f"{place}.py::{case.attrib['name'].partition('[')[0]}"].append(float(case.attrib["time"]))
    long = [name for name, seconds in sorted(took.items()) if sum(seconds) / len(seconds) >= SECONDS]
    LONG.write_text("".join(f"{name}\n" for name in long), encoding="utf-8")
    print(f"{len(long)} of {len(took)} tests take {SECONDS} s and more")


if __name__ == "__main__":
    sys.exit(main())

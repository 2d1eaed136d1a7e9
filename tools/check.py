"""The tests that need no dbt, no Airflow and no node, in two processes, each with its half of the files: `make check`.

Two workers of pytest-xdist would both collect all of them, which costs more than running half.
"""

from __future__ import annotations

import os
import subprocess
import sys

PARTS = 2


def main() -> int:
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:xdist", "-m", "not slow and not node", *sys.argv[1:]]
    started = [
        subprocess.Popen(
            command,
            env=os.environ | {"PORLAKE_TESTS_CHECK": f"{part}/{PARTS}"},
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


if __name__ == "__main__":
    sys.exit(main())

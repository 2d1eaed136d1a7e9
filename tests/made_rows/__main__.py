"""Many made rows, each judged in batches as a stage judges them: `PYTHONPATH=tests python -m made_rows --rows 300000
--seed 1`.

A third are as their makers state, a third are good rows that are changed somewhere, the rest forgeries. It ends with 1
where a row has another verdict than its maker states, or one that holds and may not.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from collections import Counter

from made_rows import _checked

PART = 10_000


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=300_000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    begun, verdicts, wrong = time.monotonic(), Counter[tuple[str, str]](), []
    for start in range(0, options.rows, PART):
        found = _checked.part(random.Random(f"{options.seed} {start}"), min(PART, options.rows - start))
        verdicts += found.verdicts
        wrong += found.wrong
        print(*found.wrong, sep="\n", end="\n" if found.wrong else "", file=sys.stderr)
        print(
            f"{start + PART:>9,} rows, {len(wrong)} wrong, {time.monotonic() - begun:,.0f} s",
            file=sys.stderr,
            flush=True,
        )
    for (kind, verdict), count in sorted(verdicts.items()):
        print(f"{kind:<9} {verdict:<15} {count:>9,}")
    print(f"false: {len(wrong)} of {verdicts.total():,}")
    print(*wrong[:20], sep="\n")
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main())

"""porlake check: every file of the lake against what was written of it."""

from __future__ import annotations

import argparse

from porlake.cli import _options
from porlake.cli._printing import complain, say
from porlake.cli._session import existing

WHAT = "every file of the lake against what was written of it"
EXAMPLE = "porlake check --lake data"


def add_options(parser: argparse.ArgumentParser) -> None:
    _options.lake(parser)


def run(options: argparse.Namespace) -> int:
    from porlake import progress
    from porlake.queries import files

    with progress.shown() as tell:
        looked, wrong = files.check(existing(options, progress=tell))
    for sentence in wrong:
        complain(str(sentence))
    say(f"{looked:,} files, {len(wrong):,} of them not as they were written")
    return 1 if wrong else 0

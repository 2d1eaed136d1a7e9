"""porlake doctor: what is installed, configured, missing, and how to fix it."""

from __future__ import annotations

import argparse

from porlake.cli import _checks, _options

WHAT = "what is installed, configured, missing, and how to fix it"
EXAMPLE = "porlake doctor"


def add_options(parser: argparse.ArgumentParser) -> None:
    _options.lake(parser)


def run(options: argparse.Namespace) -> int:
    from porlake import pipeline
    from porlake.queries import doctor

    return _checks.show(doctor.doctor(pipeline.session(options.lake)), "porlake can work", "what can be read")

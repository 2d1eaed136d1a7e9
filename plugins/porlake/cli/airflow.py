"""porlake airflow: what Airflow needs to run porlake's DAGs, and what this one lacks of it."""

from __future__ import annotations

import argparse

WHAT = "what Airflow needs to run porlake's DAGs, and what this one lacks of it"
EXAMPLE = "porlake airflow pools > pools.json && airflow pools import pools.json"
EPILOG = """Run `porlake airflow check` where Airflow runs, with its environment: it looks at the
configuration, the metadata database and, under Celery, at broker and workers.
"""


def add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "what",
        choices=["pools", "check"],
        help="pools: one for each network that is read, for `airflow pools import`; check: what this Airflow lacks: "
        "pools, connections, DAGs, queues, settings",
    )


def run(options: argparse.Namespace) -> int:
    return _check() if options.what == "check" else _pools()


def _pools() -> int:
    """Pools as JSON on standard output, in the form of `airflow pools import`."""
    import json

    from porlake.airflow import local

    print(json.dumps(local.pools_of_networks(), indent=1))
    return 0


def _check() -> int:
    import os
    import warnings

    from porlake.cli import _checks

    # what Airflow and its libraries say of themselves when they start
    warnings.simplefilter("ignore")
    os.environ["AIRFLOW__LOGGING__LOGGING_LEVEL"] = "ERROR"
    from porlake.airflow import checking

    return _checks.show(checking.checks(), "this Airflow can run porlake's DAGs", "what it can do")

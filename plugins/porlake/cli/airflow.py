"""porlake airflow: what Airflow needs to run porlake's DAGs."""

from __future__ import annotations

import argparse

WHAT = "what Airflow needs to run porlake's DAGs"
EXAMPLE = "porlake airflow pools > pools.json && airflow pools import pools.json"


def add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "what", choices=["pools"], help="pools: one for each network that is read, for `airflow pools import`"
    )


def run(_: argparse.Namespace) -> None:
    """Pools as JSON on standard output, in the form of `airflow pools import`."""
    import json

    from porlake.airflow import local

    print(json.dumps(local.pools_of_networks(), indent=1))

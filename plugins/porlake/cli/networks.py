"""porlake networks: which network is supported how."""

from __future__ import annotations

import argparse

from porlake.cli._printing import show_table

WHAT = "which network is supported how"
EXAMPLE = "porlake networks"


def add_options(parser: argparse.ArgumentParser) -> None:
    """None of its own."""


def run(options: argparse.Namespace) -> None:
    from porlake import registry

    facts = registry.load()
    signed = {row.network: row.scheme for row in facts.labels.values() if row.network}
    rows = []
    for network in facts.networks.values():
        scheme = facts.schemes.get(signed.get(network.network, ""))
        verified = scheme.module if scheme and scheme.module != "none" else "-"
        rows.append((network.network, network.caip2, network.address_form, verified, network.client, network.why_none))
    show_table("", ("network", "CAIP-2", "addresses", "signatures", "balances", "why not"), rows)

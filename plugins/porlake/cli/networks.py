"""porlake networks: what can be read of each network, and why of others nothing."""

from __future__ import annotations

import argparse

from porlake.cli._printing import say, show_facts, show_table

WHAT = "what can be read of each network, and why of others nothing"
EXAMPLE = "porlake networks"

COLUMNS = (
    "network", "client", "past", "parts", "proofs", "sweeps", "endpoint", "signatures",
    "CAIP-2", "addresses", "components", "host",
)  # fmt: skip
LEGEND = (
    "past: exact, at a block that an endpoint keeps; unchanged, as now, and exact",
    "      where the chain shows that nothing happened since; head, as now alone",
    "parts: what is staked, locked ... is told apart; proofs: balances follow from a",
    "       block's root; sweeps: balances read at the moment itself stand for a past",
    "endpoint: the registry names one that takes no key",
)


def add_options(parser: argparse.ArgumentParser) -> None:
    """None of its own."""


def run(options: argparse.Namespace) -> None:
    from porlake.queries.networks import readable

    networks = readable()
    read = [
        (
            one.network, one.client, one.past, _yes(len(set(one.parts) - {"liquid"}) > 0), _yes(one.proves),
            _yes(one.is_swept), _yes(bool(one.endpoint)), " ".join(one.signatures) or "-",
            one.caip2, one.address_form, " ".join(one.parts), one.endpoint,
        )
        for one in networks
        if not one.why_none
    ]  # fmt: skip
    show_table("", COLUMNS, read)
    for line in LEGEND:
        say(line)
    say("")
    unread = [(one.network, one.why_none) for one in networks if one.why_none]
    show_facts(f"{len(unread)} networks that nothing reads", unread)


def _yes(is_so: bool) -> str:
    return "yes" if is_so else "-"

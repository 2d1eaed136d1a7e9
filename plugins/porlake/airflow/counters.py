"""Counters of what tasks did, by Airflow's own metrics: OpenTelemetry or StatsD, as `[metrics]` says, else nowhere.

porlake.rows      dataset, exchange (and network, where the dataset has one): rows that a stage wrote
porlake.unread    network, reason: holdings that could not be read
porlake.requests  network: questions put to its endpoints, each of a batch and each try
porlake.retries   network: tries that were not the first
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from airflow.sdk.observability import stats
from opentelemetry import metrics

from porlake.transport import asked

#: Milliseconds that a task waits at its end for a receiver of its counters.
PATIENCE = 5_000


def rows(counted: Mapping[str, int], exchange: str, network: str = "") -> None:
    """Rows by dataset."""
    for dataset, number in sorted(counted.items()):
        _add("rows", number, {"dataset": dataset, "exchange": exchange} | ({"network": network} if network else {}))


def unread(network: str, reasons: Mapping[str, int]) -> None:
    """Holdings of a network that could not be read, by reason."""
    for reason, number in sorted(reasons.items()):
        _add("unread", number, {"network": network, "reason": reason})


@contextmanager
def of_network(network: str) -> Iterator[None]:
    """Counts what is asked while the block lasts, whether it goes well or not."""
    before = asked()
    try:
        yield
    finally:
        since = asked() - before
        _add("requests", since.questions, {"network": network})
        _add("retries", since.retries, {"network": network})


def sent() -> None:
    """Hand over what was counted: the process of a task ends without a word, and with it what it has not sent."""
    flush = getattr(metrics.get_meter_provider(), "force_flush", None)
    if flush is not None:
        flush(PATIENCE)


def _add(name: str, number: int, tags: dict[str, str]) -> None:
    if number:
        stats.incr(f"porlake.{name}", number, tags=tags)

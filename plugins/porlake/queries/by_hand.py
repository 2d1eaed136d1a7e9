"""What a person writes into which file of our own forms, for an exchange that nobody can look for."""

from __future__ import annotations

from dataclasses import dataclass

from porlake import registry
from porlake.reports import addresses_csv, totals_csv


@dataclass(frozen=True, slots=True)
class Form:
    """`what` it holds, the file's `name`, its `columns` and an `example` of a row, by its cells; a word `about` it; the
    `commands` that take it, in their order.
    """

    what: str
    name: str
    columns: tuple[str, ...]
    example: tuple[str, ...]
    about: str
    commands: tuple[str, ...]


def forms(exchange: str) -> list[Form]:
    """Those of our forms that the registry names for an exchange."""
    chosen = registry.load().exchanges[exchange].formats.split()
    return [made(exchange) for name, made in _FORMS.items() if name in chosen]


def _addresses(exchange: str) -> Form:
    name = "addresses_2026-08-31.csv"
    return Form(
        "addresses",
        name,
        addresses_csv.COLUMNS,
        (exchange, "bitcoin", "1BoatSLRHtKNngkdXEeobR76b53LETtpyT", "cold", exchange),
        "The name says the day of the list, in the exchange's clock; source is who says so: the exchange, or who "
        "compiled the list. It is run, and then observed on the chains, by",
        (f"porlake run {exchange} --report {name}", f"porlake observe {exchange} --at 2026-08-31T00:00Z"),
    )


def _totals(exchange: str) -> Form:
    name = "totals.csv"
    cells = {
        "exchange": exchange, "snapshot": "2026-08-31", "snapshot_precision": "day", "asset": "BTC",
        "wallet_amount": "101.5", "liabilities": "100", "printed_ratio": "101.5", "source": exchange,
    }  # fmt: skip
    return Form(
        "totals and what is owed",
        name,
        totals_csv.COLUMNS,
        tuple(cells.get(column, "") for column in totals_csv.COLUMNS),
        "The snapshot is a day of the exchange's clock; a cell that is empty is not stated. It is run by",
        (f"porlake run {exchange} --report {name}",),
    )


_FORMS = {addresses_csv.NAME: _addresses, totals_csv.NAME: _totals}

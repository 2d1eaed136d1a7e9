"""Transfers by which an exchange says that it shows control of its addresses: each is looked up on its chain, and its
amount and block are compared with what the exchange states.

Such a transfer shows that somebody who could move the coins wanted to; it is no signature, and no verdict rests on it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial
from operator import attrgetter

from porlake import amounts, chains, registry
from porlake.errors import ChainError, InvalidAmount, TransportError
from porlake.model import ControlTransfer, ReportFile, StatedTransfer
from porlake.observation.endpoints import Endpoints, Run, open_client

#: Why a node does not find a transaction that may be there, and in how many stated blocks it is then looked for.
NO_INDEX, MOST_BLOCKS = "no_transaction_index", 12


def control_transfers(run: Run, file: ReportFile, network: str, *, give_up: bool = False) -> None:
    """One row for each transfer that a report states on a network. Raises TransportError or ChainError and writes
    nothing where an endpoint fails; with `give_up` none is found then, for the reason endpoint_failed.
    """
    partition = {"exchange": file.exchange, "report": file.report, "network": network}
    seen = run.lake.seen((ControlTransfer, partition))
    stated = [
        row
        for row in run.lake.rows(StatedTransfer, exchange=file.exchange, report=file.report)
        if row.network == network
    ]
    try:
        rows = list(_looked_up(run, network, stated))
    except (TransportError, ChainError) as error:
        if not give_up:
            raise
        run.progress(f"observe {network}: {error}", 0, 0)
        rows = [_row(row, None, reason="endpoint_failed") for row in stated]
    run.lake.write(ControlTransfer, partition, _each_once(rows), seen)


def _looked_up(run: Run, network: str, stated: Iterable[StatedTransfer]) -> Iterator[ControlTransfer]:
    if not registry.load().networks[network].is_read:
        yield from (_row(row, None, reason="no_client") for row in stated)
        return
    if not run.can_be_asked(network):
        yield from (_row(row, None, reason="no_endpoint") for row in stated)
        return
    client = open_client(run, network)
    if not isinstance(client.now, chains.Transfers):
        yield from (_row(row, None, reason="no_transaction_lookup") for row in stated)
        return
    for row in stated:
        yield _asked(client, row)


def _asked(client: Endpoints, row: StatedTransfer) -> ControlTransfer:
    token = registry.load().token(row.network, row.asset)
    if token is None or token.kind == "other":
        return _row(row, None, reason="no_token_contract")
    found: chains.Transfer | chains.Unread | None = client.ask(
        lambda one: one.transfer(row.transaction, token, row.address, row.recipient)
    )
    if isinstance(found, chains.Unread) and found.reason == NO_INDEX:
        found = _in_stated_blocks(client, row, token) or found
    if found is None:
        return _row(row, None, reason="no_transaction")
    if isinstance(found, chains.Unread):
        return _row(row, None, reason=found.reason)
    amount = _amount(row, found, token)
    return _row(row, found, amount, _reason(row, found, amount))


def _in_stated_blocks(
    client: Endpoints, row: StatedTransfer, token: registry.Token
) -> chains.Transfer | chains.Unread | None:
    """The transaction, looked for in the blocks that are stated; None where none of them holds it, or where they are
    not stated, or too many.
    """
    first, last = row.first_height, row.last_height
    if (
        first is None
        or last is None
        or last - first >= MOST_BLOCKS
        or not isinstance(client.now, chains.TransfersInBlocks)
    ):
        return None
    for height in range(first, last + 1):
        found: chains.Transfer | chains.Unread | None = client.ask(
            partial(_in_block, row=row, token=token, height=height)
        )
        if found is not None:
            return found
    return None


def _in_block(
    client: chains.TransfersInBlocks, row: StatedTransfer, token: registry.Token, height: int
) -> chains.Transfer | chains.Unread | None:
    return client.transfer_in(row.transaction, token, row.address, row.recipient, height)


def _amount(row: StatedTransfer, found: chains.Transfer, token: registry.Token) -> int | None:
    """What was moved, in base units of the asset: of outputs the one of the amount that is stated, else their sum; None
    where it is more than a lake holds, which no exchange states.
    """
    scale = registry.load().assets[row.asset].scale
    try:
        moved = [amounts.rescale(raw, token.decimals, scale) for raw in (found.raw, *found.parts)]
    except InvalidAmount:
        return None
    return row.amount_stated if row.amount_stated in moved else moved[0]


def _reason(row: StatedTransfer, found: chains.Transfer, amount: int | None) -> str:
    """`as_stated`, or the first thing in which the transaction is not what the exchange says."""
    if not found.succeeded:
        return "transaction_failed"
    if not found.between_parties:
        return "other_parties"
    if amount != row.amount_stated:
        return "other_amount"
    lowest, highest = row.first_height or 0, found.height if row.last_height is None else row.last_height
    return "as_stated" if lowest <= found.height <= highest else "other_block"


def _row(
    row: StatedTransfer, found: chains.Transfer | None, amount: int | None = None, reason: str = ""
) -> ControlTransfer:
    return ControlTransfer(
        exchange=row.exchange,
        report=row.report,
        network=row.network,
        asset=row.asset,
        address=row.address,
        recipient=row.recipient,
        transaction=row.transaction,
        amount_stated=row.amount_stated,
        amount_found=amount,
        first_height=row.first_height,
        last_height=row.last_height,
        found_height=found.height if found else None,
        block_hash=found.block_hash if found else None,
        reason=reason,
        method=found.method if found else None,
        source=found.source if found else None,
    )


def _each_once(rows: Iterable[ControlTransfer]) -> list[ControlTransfer]:
    """In the order of the key; of a transfer that a file states twice the first stands."""
    found: dict[tuple[str, ...], ControlTransfer] = {}
    for row in rows:
        found.setdefault(attrgetter(*ControlTransfer.KEY)(row), row)
    return [found[key] for key in sorted(found)]

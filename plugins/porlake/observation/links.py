"""Who controls the accounts whose stated owners signed: asked of the chain at the block at which the balances were
read.

Observe may run beside verify: the owners come from `evidence`, whether or not they signed; what both say together is
for the SQL.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from porlake import addresses, chains
from porlake.chains import Stated
from porlake.errors import InvalidAddress
from porlake.lake import Lake
from porlake.model import Claim, Dataset, Evidence, OwnerLink, ReportFile
from porlake.observation.endpoints import Endpoints, Run

BlockAt = Callable[[int | None], chains.BlockRef | None]
"""The block that was read for a height that the file names, or for none; None where none was read."""


def owner_links(
    run: Run, file: ReportFile, network: str, client: Endpoints, found: chains.OwnerLinks, block: BlockAt
) -> list[OwnerLink]:
    """One row for each account and each owner that is stated for it, whether the chain confirms it or not; `found`: the
    client that is asked now.

    Accounts for which no block was read have none. Raises TransportError, ChainError.
    """
    groups: list[tuple[int | None, list[Stated]]] = (
        [(None, signed_for(run.lake, file, network))]
        if found.of_signers
        else _by_height(stated(run.lake, file, network, found.owner_network))
    )
    rows: list[OwnerLink] = []
    for height, accounts in groups:
        at = block(height)
        if at is None or not accounts:
            continue
        rows += [_as_row(file, network, link, at) for link in client.ask(partial(_links_of, accounts, at))]
        run.progress(f"owners on {network}", len(rows), None)
    return rows


def _links_of(accounts: Sequence[Stated], at: chains.BlockRef, client: chains.OwnerLinks) -> list[chains.Link]:
    return list(client.owner_links(accounts, at))


# --- what the file states ---------------------------------------------------------------------------------------------
def stated(lake: Lake, file: ReportFile, network: str, owner_network: str) -> list[Stated]:
    """The accounts of a network whose owners a file states, in the row itself or in rows that sign for it."""
    named: dict[tuple[int, int], list[str]] = {}
    signs = pc.field("for_row").is_valid()
    here, stated_here = (
        pc.field("network") == network,
        pc.binary_length(pc.binary_join(pc.field("owners"), pa.scalar(""))) > 0,
    )
    for row in _lake_rows(
        lake,
        Evidence,
        file,
        ("member", "source_row", "for_row", "address_published", "owners"),
        here & (signs | stated_here),
    ):
        if row["for_row"] is not None:
            named.setdefault((row["member"], row["for_row"]), []).append(row["address_published"])
        elif any(row["owners"]):
            named.setdefault((row["member"], row["source_row"]), []).extend(filter(None, row["owners"]))
    if not named:
        return []
    accounts: dict[str, Stated] = {}
    mine = here & pc.field("source_row").isin(sorted({line for _, line in named}))
    for row in _lake_rows(lake, Claim, file, ("member", "source_row", "address", "snapshot_height", "holding"), mine):
        stated_for = named.get((row["member"], row["source_row"]))
        if stated_for is None:
            continue
        address, before = row["address"], accounts.get(row["address"])
        canonical = (_canonical(owner_network, owner) for owner in stated_for)
        owners = [owner for owner in canonical if owner not in (None, address)]
        both = dict.fromkeys((*(before.owners if before else ()), *filter(None, owners)))
        height = max(filter(None, (row["snapshot_height"], before.height if before else None)), default=None)
        accounts[address] = Stated(address, tuple(both), height, row["holding"])
    return [account for _, account in sorted(accounts.items()) if account.owners]


def signed_for(lake: Lake, file: ReportFile, network: str) -> list[Stated]:
    """The accounts that somebody signs for, with each who is stated to do so: the stated owners of the row and who
    signs for it in a row of his own, or the account itself.
    """
    published: dict[tuple[int, int], str] = {}
    signers: set[tuple[str, str]] = set()
    names = ("member", "source_row", "for_row", "address_published", "owners", "signatures")
    for row in _lake_rows(lake, Evidence, file, names, pc.field("network") == network):
        published[row["member"], row["source_row"]] = row["address_published"]
        if not any(row["signatures"]):
            continue
        account, owners = row["address_published"], [owner for owner in row["owners"] if owner]
        if row["for_row"] is not None:  # the row carries the signer of the row above
            account, owners = published.get((row["member"], row["for_row"]), ""), [row["address_published"]]
        named = _canonical(network, account)
        for owner in (_canonical(network, owner) for owner in owners or [account]):
            if named is None or owner is None:
                break  # the row has its verdict: a bad address or owner is malformed
            signers.add((named, owner))
    found: dict[str, list[str]] = {}
    for account, owner in sorted(signers):
        found.setdefault(account, []).append(owner)
    return [Stated(account, tuple(owners), None, "wallet") for account, owners in found.items()]


def _lake_rows(
    lake: Lake, row_class: type[Dataset], file: ReportFile, names: Sequence[str], mine: pc.Expression
) -> Iterator[dict[str, Any]]:
    """Some columns of the rows that an expression names; most rows of a file state no owner, and never become Python
    objects.
    """
    for batch in lake.columns(row_class, names, where=mine, exchange=file.exchange, report=file.report):
        yield from batch.to_pylist()


def _canonical(network: str, text: str) -> str | None:
    """An owner in the spelling of a signer; None where it is no account, which the verdict of its row says."""
    try:
        return addresses.with_same_key(network, text).text
    except InvalidAddress:
        return None


def _by_height(accounts: Iterable[Stated]) -> list[tuple[int | None, list[Stated]]]:
    heights: dict[int | None, list[Stated]] = {}
    for account in accounts:
        heights.setdefault(account.height, []).append(account)
    return sorted(heights.items(), key=lambda item: item[0] or -1)


def _as_row(file: ReportFile, network: str, link: chains.Link, at: chains.BlockRef) -> OwnerLink:
    return OwnerLink(
        exchange=file.exchange,
        report=file.report,
        network=network,
        address=link.address,
        owner=link.owner,
        relation=link.relation,
        holds=link.holds,
        threshold=link.threshold,
        owner_count=link.owner_count,
        answer=link.answer,
        height=at.height if link.height is None else link.height,
        method=link.method,
        source=link.source,
    )

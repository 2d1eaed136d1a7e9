"""Who controls the accounts whose stated owners signed: asked of the chain at the block at which the balances were
read.

Observe may run beside verify: the owners come from `evidence`, whether or not they signed; what both say together is
for the SQL.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from porlake import addresses, chains, registry
from porlake.chains.beacon import client as beacon
from porlake.chains.evm import client as evm
from porlake.chains.evm import links as evm_links
from porlake.errors import ConfigurationError, InvalidAddress
from porlake.model import Claim, Dataset, Evidence, OwnerLink, ReportFile
from porlake.pipeline._session import Session

EIGENLAYER = "eigenlayer"

BlockAt = Callable[[int | None], chains.BlockRef | None]
"""The block that was read for a height that the file names, or for none; None where none was read."""


@dataclass(frozen=True, slots=True)
class Stated:
    """An account, the owners that the file states for it (canonical), and the highest block at which it is claimed,
    None where none is named.
    """

    address: str
    owners: tuple[str, ...]
    height: int | None
    holding: str


def owner_links(
    session: Session, file: ReportFile, network: str, opened: Callable[[], evm.Client | beacon.Client], block: BlockAt
) -> list[OwnerLink]:
    """One row for each account with stated owners and each of them, whether the chain confirms it or not.

    Accounts for which no block was read have none. `opened` gives the client, and is called only if there is something
    to ask. Raises TransportError, ChainError.
    """
    rows: list[OwnerLink] = []
    for height, accounts in _by_height(stated(session, file, network)):
        at = block(height)
        if at is None:
            continue
        client = opened()
        found = (
            _validators(session, client, accounts, at)
            if isinstance(client, beacon.Client)
            else _contracts(client, accounts, at)
        )
        rows += [_row(file, network, link, at) for link in found]
        session.progress(f"owners on {network}", len(rows), None)
    return rows


@dataclass(frozen=True, slots=True)
class _Link:
    address: str
    owner: str
    relation: str
    holds: bool
    threshold: int | None
    owner_count: int | None
    answer: str
    method: str
    source: str


# --- what the file states ---------------------------------------------------------------------------------------------
def stated(session: Session, file: ReportFile, network: str) -> list[Stated]:
    """The accounts of a network whose owners a file states, in the row itself or in rows that sign for it."""
    named: dict[tuple[int, int], list[str]] = {}
    signs = pc.field("for_row").is_valid()
    here, stated_here = (
        pc.field("network") == network,
        pc.binary_length(pc.binary_join(pc.field("owners"), pa.scalar(""))) > 0,
    )
    for row in _rows(
        session,
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
    for row in _rows(session, Claim, file, ("member", "source_row", "address", "snapshot_height", "holding"), mine):
        stated_for = named.get((row["member"], row["source_row"]))
        if stated_for is None:
            continue
        address, before = row["address"], accounts.get(row["address"])
        owners = [owner for owner in map(_canonical, stated_for) if owner not in (None, address)]
        both = dict.fromkeys((*(before.owners if before else ()), *filter(None, owners)))
        height = max(filter(None, (row["snapshot_height"], before.height if before else None)), default=None)
        accounts[address] = Stated(address, tuple(both), height, row["holding"])
    return [account for _, account in sorted(accounts.items()) if account.owners]


def _rows(
    session: Session, row_class: type[Dataset], file: ReportFile, names: Sequence[str], mine: pc.Expression
) -> Iterator[dict[str, Any]]:
    """Some columns of the rows that an expression names; most rows of a file state no owner, and never become Python
    objects.
    """
    for batch in session.lake.columns(row_class, names, where=mine, exchange=file.exchange, report=file.report):
        yield from batch.to_pylist()


def _canonical(text: str) -> str | None:
    """An owner in the spelling of a signer; None where it is no account, which the verdict of its row says."""
    try:
        return addresses.parse("ethereum", text).text
    except InvalidAddress:
        return None


def _by_height(accounts: Iterable[Stated]) -> list[tuple[int | None, list[Stated]]]:
    heights: dict[int | None, list[Stated]] = {}
    for account in accounts:
        heights.setdefault(account.height, []).append(account)
    return sorted(heights.items(), key=lambda item: item[0] or -1)


# --- what the chain says ----------------------------------------------------------------------------------------------
def _contracts(client: evm.Client, accounts: list[Stated], at: chains.BlockRef) -> Iterator[_Link]:
    said = evm_links.Asker(client.rpc).controls([account.address for account in accounts], at)
    for account, control in zip(accounts, said, strict=True):
        count = len(control.owners) if control.relation != "none" else None
        for owner in account.owners:
            yield _Link(
                address=account.address,
                owner=owner,
                relation=control.relation,
                holds=owner in control.owners,
                threshold=control.threshold,
                owner_count=count,
                answer=control.answer,
                method=control.method,
                source=control.source,
            )


def _validators(
    session: Session, client: beacon.Client, accounts: list[Stated], at: chains.BlockRef
) -> Iterator[_Link]:
    """Native staking: withdrawals go to the owner. EigenLayer: they go to a pod, which names the owner."""
    found = client.validators([account.address for account in accounts], at)
    accounts = [account for account in accounts if account.address in found]  # of the others the node says nothing
    targets = {
        account.address: validator.withdraws_to if (validator := found[account.address]) else None
        for account in accounts
    }
    pods = sorted({pod for account in accounts if account.holding == EIGENLAYER and (pod := targets[account.address])})
    owners_of = _pod_owners(session, pods, at) if pods else {}
    for account in accounts:
        validator, target = found[account.address], targets[account.address]
        credentials = validator.credentials if validator else "no such validator"
        pod_owner = owners_of.get(target or "")
        for owner in account.owners:
            by_pod = account.holding == EIGENLAYER and owner != target and pod_owner is not None
            yield _Link(
                address=account.address,
                owner=owner,
                relation="pod_owner" if by_pod else "withdrawal_credentials",
                holds=owner == (pod_owner if by_pod else target),
                threshold=1,
                owner_count=1,
                answer=f"{credentials} {pod_owner}" if by_pod else credentials,
                method=f"{beacon.METHOD} eth_call podOwner()" if by_pod else beacon.METHOD,
                source=client.host,
            )


def _pod_owners(session: Session, pods: list[str], at: chains.BlockRef) -> dict[str, str | None]:
    endpoints = session.endpoints_of("ethereum")
    if not endpoints and not session.recording.replays:
        raise ConfigurationError("ethereum: no endpoint is configured, and the owners of EigenPods stand there")
    client = evm.open_client(registry.load().networks["ethereum"], endpoints, session.recording)
    return evm_links.Asker(client.rpc).pod_owners(pods, at)


def _row(file: ReportFile, network: str, link: _Link, at: chains.BlockRef) -> OwnerLink:
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
        height=at.height,
        method=link.method,
        source=link.source,
    )

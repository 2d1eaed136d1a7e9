"""observe, in part: whose keys move the TRON accounts that are signed for.

An account of TRON is named after a key, but its owner permission may have been given to other keys, or to several. One
row for an account and each stated signer: the stated owners of its row (and who signs for it in a row of his own), or
the account itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from porlake import addresses, chains
from porlake.chains.tron.client import Client, Permissions
from porlake.errors import InvalidAddress
from porlake.model import Evidence, OwnerLink, ReportFile
from porlake.pipeline._session import Session

METHOD = "walletsolidity_getaccount"


def owner_links(session: Session, file: ReportFile, network: str, client: chains.Client) -> list[OwnerLink]:
    """What the chain says of the signers of a report's accounts. Raises ChainError, TransportError."""
    if not isinstance(client, Client):
        return []
    rows = session.lake.rows(Evidence, exchange=file.exchange, report=file.report)
    signers = sorted(set(_signers(network, (row for row in rows if row.network == network))))
    if not signers:
        return []
    height = client.head().height
    permissions = dict(client.permissions(sorted({account for account, _ in signers})))
    told = ((account, signer) for account, signer in signers if account in permissions)
    return [
        _link(file, network, account, signer, permissions[account], height, client.host) for account, signer in told
    ]


def _signers(network: str, rows: Iterable[Evidence]) -> Iterator[tuple[str, str]]:
    """(account, who is stated to sign for it), of rows that carry a signature."""
    published: dict[tuple[int, int], str] = {}
    for row in rows:
        published[row.member, row.source_row] = row.address_published
        if not any(row.signatures):
            continue
        account, owners = row.address_published, [owner for owner in row.owners if owner]
        if row.for_row is not None:  # the row carries the signer of the row above
            account, owners = published.get((row.member, row.for_row), ""), [row.address_published]
        try:
            named = addresses.parse(network, account).text
            yield from ((named, addresses.parse(network, owner).text) for owner in owners or [account])
        except InvalidAddress:
            continue  # the row has its verdict: a bad address or owner is malformed


def _link(
    file: ReportFile, network: str, account: str, signer: str, permissions: Permissions, height: int, source: str
) -> OwnerLink:
    """`holds`: the signer is among the keys. A key that has an active permission alone may do what it was given to do,
    and the owner may end that.
    """
    relation, keys = "owner_permission", permissions.owner
    if signer not in keys.weights:
        active = next((found for found in permissions.active if signer in found.weights), None)
        relation, keys = ("active_permission", active) if active is not None else (relation, keys)
    holds = signer in keys.weights
    return OwnerLink(
        exchange=file.exchange,
        report=file.report,
        network=network,
        address=account,
        owner=signer,
        relation=relation,
        holds=holds,
        threshold=keys.needed(signer) if holds else None,
        owner_count=len(keys.weights),
        answer=_shown(permissions),
        height=height,
        method=METHOD,
        source=source,
    )


def _shown(permissions: Permissions) -> str:
    """`2 of T..:1,T..:1`: the weight that is needed and the keys with theirs; active permissions behind it."""
    shown = [
        f"{keys.threshold} of " + ",".join(f"{key}:{keys.weights[key]}" for key in sorted(keys.weights))
        for keys in permissions.every()
    ]
    return "; active ".join(shown)

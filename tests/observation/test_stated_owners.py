"""Who is asked about: the owners that a file states, in the row itself or in rows that sign for it; links are of the
block that was read.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from observation.test_columns import claim, file
from observation.told import AT, Heard, Over, run
from porlake import chains
from porlake.chains import Stated
from porlake.lake import Lake
from porlake.model import Claim, Evidence
from porlake.observation.links import owner_links, signed_for, stated

HERE = {"exchange": "okx", "report": "ab" * 32}
A, B, C, D = (f"0x{n:040x}" for n in range(0xAA00, 0xAA04))
ON_TRON, ON_ETHEREUM = "TWhDfwC8QE6pQyiYy248dNor3uphPEw5M2", "0xe3548babdbeb23c031068f875a6211aa93c1bf84"
LATER = chains.BlockRef(9, "cc", AT.moment)


def said(
    row: int, address: str, *owners: str, signatures: Sequence[str] = (), for_row: int | None = None,
    network: str = "ethereum", member: int = 0,
) -> Evidence:  # fmt: skip
    return Evidence(
        **HERE, source_row=row, for_row=for_row, network=network, asset="ETH", label="ETH", network_label=None,
        holding="wallet", scheme="okx_evm", address_published=address, message="m", signatures=list(signatures),
        key_or_script="", owners=list(owners), member=member,
    )  # fmt: skip


def of(row: int, address: str, height: int | None = 7, network: str = "ethereum", member: int = 0) -> Claim:
    return replace(claim(row, network, "ETH", address, 1, height), member=member)


def lake_of(folder: Path, evidence: Sequence[Evidence], claims: Sequence[Claim] = ()) -> Lake:
    lake = Lake(folder)
    lake.write(Evidence, HERE, evidence)
    lake.write(Claim, HERE, claims)
    return lake


@pytest.mark.parametrize(
    ("evidence", "claims", "found"),
    [
        ([said(1, A, B)], [of(1, A)], [Stated(A, (B,), 7, "wallet")]),
        ([said(1, A, "", B, "")], [of(1, A)], [Stated(A, (B,), 7, "wallet")]),
        ([said(1, A, B, C, B)], [of(1, A, None)], [Stated(A, (B, C), None, "wallet")]),
        # an account of Tron has the key of one here (Poloniex): the chain is asked about that one
        ([said(1, A, ON_TRON), said(2, B, signatures="s", for_row=1)], [of(1, A)],
         [Stated(A, (ON_ETHEREUM, B), 7, "wallet")]),
        # nobody is stated, or the account itself, or what is no account
        ([said(1, A)], [of(1, A)], []),
        ([said(1, A, "", "")], [of(1, A)], []),
        ([said(1, A, A)], [of(1, A)], []),
        ([said(1, A, "nobody")], [of(1, A)], []),
        ([said(1, A, "nobody", A, B)], [of(1, A)], [Stated(A, (B,), 7, "wallet")]),
        # in a row that signs for it
        ([said(1, A), said(2, B, for_row=1)], [of(1, A)], [Stated(A, (B,), 7, "wallet")]),
        (
            [said(1, A, C), said(2, B, for_row=1), said(3, D, for_row=1)],
            [of(1, A)],
            [Stated(A, (C, B, D), 7, "wallet")],
        ),
        ([said(1, A), said(2, B, for_row=9)], [of(1, A)], []),
        # of another network, and in another file of the report
        ([said(1, A, B, network="tron")], [of(1, A)], []),
        ([said(1, A, B)], [of(1, A, network="tron")], []),
        ([said(1, A, B), said(1, C, D, member=1)], [of(1, A), of(2, C)], [Stated(A, (B,), 7, "wallet")]),
        ([said(1, A, member=0), said(2, C, D, member=1)], [of(2, A), of(2, C, member=1)],
         [Stated(C, (D,), 7, "wallet")]),
        # claimed in several rows: all owners, and the highest block
        (
            [said(1, A, B), said(2, A, C, B), said(3, A), said(4, C, D)],
            [of(1, A, 7), of(2, A, 9), of(3, A, 11), of(4, C, 5)],
            [Stated(A, (B, C), 9, "wallet"), Stated(C, (D,), 5, "wallet")],
        ),
        ([said(1, A, B), said(2, A, C)], [of(1, A, 9), of(2, A, None)], [Stated(A, (B, C), 9, "wallet")]),
        ([said(1, C, D), said(2, A, B)], [of(1, C), of(2, A)],
         [Stated(A, (B,), 7, "wallet"), Stated(C, (D,), 7, "wallet")]),
    ],
)  # fmt: skip
def test_the_owners_that_a_file_states(
    tmp_path: Path, evidence: list[Evidence], claims: list[Claim], found: list[Stated]
) -> None:
    evidence.sort(key=lambda row: (row.member, row.source_row))
    assert stated(lake_of(tmp_path, evidence, claims), file(), "ethereum", "ethereum") == found


@pytest.mark.parametrize(
    ("evidence", "found"),
    [
        # the account itself, or its stated owners
        ([said(1, A, signatures=["s"])], [(A, (A,))]),
        ([said(1, A, B, signatures=["s"])], [(A, (B,))]),
        ([said(1, A, "", B, C, signatures=["", "s"])], [(A, (B, C))]),
        # nobody signs
        ([said(1, A, B)], []),
        ([said(1, A, B, signatures=["", ""])], []),
        ([said(1, A, B), said(2, C, signatures=["s"])], [(C, (C,))]),
        # in a row of his own
        ([said(1, A), said(2, B, signatures=["s"], for_row=1)], [(A, (B,))]),
        ([said(1, A), said(2, B, C, signatures=["s"], for_row=1)], [(A, (B,))]),
        ([said(1, A, signatures=["s"]), said(2, B, signatures=["s"], for_row=1)], [(A, (A, B))]),
        ([said(2, B, signatures=["s"], for_row=9)], []),
        # what is no account
        ([said(1, "nobody", B, signatures=["s"])], []),
        ([said(1, A, "nobody", B, signatures=["s"])], []),
        ([said(1, A, B, "nobody", C, signatures=["s"])], [(A, (B,))]),
        ([said(1, A, "nobody", signatures=["s"]), said(2, C, signatures=["s"])], [(C, (C,))]),
        # of another network
        ([said(1, A, signatures=["s"], network="bsc")], []),
        ([said(1, C, signatures=["s"]), said(2, A, B, signatures=["s"]), said(3, A, A, signatures=["s"])],
         [(A, (A, B)), (C, (C,))]),
    ],
)  # fmt: skip
def test_who_signs_for_an_account(
    tmp_path: Path, evidence: list[Evidence], found: list[tuple[str, tuple[str, ...]]]
) -> None:
    got = signed_for(lake_of(tmp_path, evidence), file(), "ethereum")
    assert got == [Stated(account, owners, None, "wallet") for account, owners in found]


# --- links ------------------------------------------------------------------------------------------------------------
@dataclass
class Client:
    of_signers: bool = False
    owner_network: str = "ethereum"
    height: int | None = None
    asked: list[tuple[int, list[str]]] = field(default_factory=list)

    def owner_links(self, accounts: Sequence[Stated], at: chains.BlockRef) -> Iterator[chains.Link]:
        self.asked.append((at.height, [account.address for account in accounts]))
        for account in accounts:
            for owner in account.owners:
                yield chains.Link(account.address, owner, "owner", True, 1, 2, "said", "m", "a.example", self.height)


def linked(folder: Path, client: Any, blocks: dict[int | None, chains.BlockRef]) -> tuple[list[Any], Heard]:
    heard = Heard()
    evidence = [said(1, A, B, signatures=["s"]), said(2, B, C), said(3, C, D, signatures=["s"]), said(4, D, A)]
    claims = [of(1, A, 7), of(2, B, 9), of(3, C, None), of(4, D, 8)]
    given = run(folder, heard)
    given.lake.write(Evidence, HERE, evidence)
    given.lake.write(Claim, HERE, claims)
    rows = owner_links(given, file(), "ethereum", Over(client), client, blocks.get)
    return [(row.address, row.owner, row.height) for row in rows], heard


def test_stated_owners_are_asked_for_at_the_blocks_that_were_read(tmp_path: Path) -> None:
    """Accounts without a height come first; of a height that was not read there is no link."""
    client = Client()
    links, heard = linked(tmp_path, client, {7: AT, 9: LATER, None: LATER})
    assert client.asked == [(9, [C]), (7, [A]), (9, [B])]
    assert links == [(C, D, 9), (A, B, 7), (B, C, 9)]
    assert heard.lines == [("owners on ethereum", done, None) for done in (1, 2, 3)]


def test_signers_are_asked_for_at_one_block(tmp_path: Path) -> None:
    client = Client(of_signers=True, height=6)
    links, _ = linked(tmp_path, client, {None: AT})
    assert client.asked == [(7, [A, C])]
    assert links == [(A, B, 6), (C, D, 6)]


def test_where_no_block_was_read_nobody_is_asked(tmp_path: Path) -> None:
    client = Client()
    assert linked(tmp_path, client, {})[0] == []
    assert client.asked == []

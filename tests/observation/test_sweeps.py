"""Sweeps: read at the moment, taken when the report comes; permissions of TRON accounts in the final verdict; a claim
that means a part.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from operator import attrgetter
from pathlib import Path
from typing import Any

import coincurve
import numpy as np
import pytest

import tron_stub
from observation.test_columns import claim, file
from observation.told import Over, Told
from porlake import chains, cli, pipeline, registry, warehouse
from porlake.addresses import tron
from porlake.encoding.keccak import keccak256
from porlake.errors import ChainError, ConfigurationError, MissingPartition, TransportError
from porlake.lake import Lake
from porlake.model import Balance, Block, Claim, OwnerLink, ReportFile, Sweep, Unobserved
from porlake.observation.columns import Codes, Columns
from porlake.observation.sweeps import NearbySweeps, swept_networks
from porlake.pipeline import Session
from porlake.queries import tables
from porlake.transport import Endpoint, Recording
from tron_stub import HEIGHT, TIME, USDT, Node, account

MOMENT = datetime.fromtimestamp(TIME, UTC)
HEADER = (
    "coin,Network,Snapshot Height,address,amount,message,signature1,signature2,redeem script/ public key,eoa1,eoa2\n"
)
FIRST, SECOND, THIRD, NEW = (account(n) for n in range(4))
MESSAGE = "I am an OKX address"


def key(number: int) -> coincurve.PrivateKey:
    return coincurve.PrivateKey(keccak256(b"a key" + bytes([number])))


def named(number: int) -> str:
    return tron.of("tron", tron.from_public_key(key(number).public_key.format(compressed=False))).text


def signed(number: int) -> str:
    digest = keccak256(b"\x19TRON Signed Message:\n" + str(len(MESSAGE)).encode() + MESSAGE.encode())
    raw = key(number).sign_recoverable(digest, hasher=None)
    return "0x" + (raw[:64] + bytes([raw[64] + 27])).hex()


def row(coin: str, address: str, amount: str, signature: str = "", *more: str) -> str:
    signature2, owner1, owner2 = (*more, "", "", "")[:3]
    return f"{coin},TRX,{HEIGHT},{address},{amount},{MESSAGE},{signature},{signature2},,{owner1},{owner2}\n"


def published(settings: Session, folder: Path, name: str, *rows: str) -> str:
    path = folder / f"okx_por_{name}.csv"
    path.write_text("coin,amount\nTRX,1\n\n" + HEADER + "".join(rows), encoding="utf-8")
    (report,) = pipeline.archive(settings, "okx", str(path))
    pipeline.parse(settings, report)
    pipeline.verify(settings, report)
    return report


@pytest.fixture
def node() -> Node:
    """The chain at the moment; its newest solid block is a minute old."""
    held = {USDT: {FIRST: 5 * 10**6, SECOND: 6 * 10**6}}
    return Node(
        held=held, accounts={FIRST: {"balance": 7, "frozenV2": [{"amount": 3}]}, NEW: {"balance": 1}}, solid=HEIGHT - 20
    )


@pytest.fixture
def settings(node: Node, tmp_path: Path) -> Iterator[Session]:
    with tron_stub.served(node) as url:
        yield Session(root=tmp_path / "lake", endpoints={"tron": Endpoint(url)})


def test_a_sweep_is_recorded_the_report_is_published_and_observe_takes_near_and_head_for_the_rest(
    settings: Session, node: Node, tmp_path: Path
) -> None:
    published(
        settings, tmp_path, "2024060100", row("USDT", FIRST, "5"), row("USDT", SECOND, "6"), row("TRX", FIRST, "1")
    )
    assert pipeline.swept_networks(settings, "okx") == ["tron"]
    assert pipeline.sweep(settings, "okx", "tron", MOMENT) == 3
    rows = list(settings.lake.rows(Sweep))
    assert {(r.swept_at, r.height, r.block_time) for r in rows} == {
        (MOMENT, HEIGHT - 20, MOMENT - timedelta(seconds=60))
    }
    assert [(r.asset, r.component, r.amount) for r in rows if r.address == FIRST and r.asset == "TRX"] == [
        ("TRX", "delegated", 0), ("TRX", "frozen", 3), ("TRX", "liquid", 7), ("TRX", "total", 10),
        ("TRX", "unstaking", 0),
    ]  # fmt: skip

    # A month later the report of that moment is there; all has moved since.
    node.solid, node.held[USDT], node.accounts = (
        HEIGHT + 800_000,
        {FIRST: 1, SECOND: 2, NEW: 3},
        {FIRST: {"balance": 1}, NEW: {"balance": 4}},
    )
    report = published(
        settings,
        tmp_path,
        "2024070100",
        *(row("USDT", one, "5") for one in (FIRST, SECOND, NEW)),
        row("TRX", FIRST, "1"),
    )
    asked = len(node.asked)
    pipeline.observe(settings, report, "tron")
    scale = 10 ** (registry.load().assets["USDT"].scale - 6)
    found = {
        (b.asset, b.address, b.component): (b.amount, b.as_of, b.offset_seconds)
        for b in settings.lake.rows(Balance, report=report)
    }
    assert found["USDT", FIRST, "total"] == (5 * 10**6 * scale, "near", -60)
    assert found["USDT", SECOND, "total"] == (6 * 10**6 * scale, "near", -60)
    assert found["USDT", NEW, "total"] == (3 * scale, "head", 2_400_000)
    assert (found["TRX", FIRST, "liquid"], found["TRX", FIRST, "frozen"], found["TRX", FIRST, "total"]) == (
        (7, "near", -60),
        (3, "near", -60),
        (10, "near", -60),
    )
    assert {(b.height, b.block_origin) for b in settings.lake.rows(Block, report=report)} == {
        (HEIGHT, "published"), (HEIGHT - 20, "swept"), (HEIGHT + 800_000, "head"),
    }  # fmt: skip
    assert not [path for path, _ in node.asked[asked:] if path.endswith("getaccount")], (
        "what was swept is not asked for"
    )
    before = {path: path.read_bytes() for path in settings.root.rglob("*.parquet")}
    pipeline.observe(settings, report, "tron")
    assert {path: path.read_bytes() for path in settings.root.rglob("*.parquet")} == before


def test_the_nearest_sweep_of_each_holding_counts_and_none_outside_the_window(
    settings: Session, node: Node, tmp_path: Path
) -> None:
    window = registry.load().sweeps["tron"].window_seconds
    published(settings, tmp_path, "2024060100", row("USDT", FIRST, "5"), row("USDT", SECOND, "6"))
    for seconds, first in ((-window - 6, 1), (-300, 2), (+60, 3), (+900, 4)):
        node.solid, node.held[USDT] = HEIGHT + seconds // 3, {FIRST: first, SECOND: "fails" if seconds == 60 else first}
        pipeline.sweep(settings, "okx", "tron", MOMENT + timedelta(seconds=seconds))
    report = published(settings, tmp_path, "2024070100", row("USDT", FIRST, "5"), row("USDT", SECOND, "6"))
    pipeline.observe(settings, report, "tron")
    assert {b.address: (b.as_of, b.offset_seconds) for b in settings.lake.rows(Balance, report=report)} == {
        FIRST: ("near", 60),
        SECOND: ("near", -300),
    }

    late = published(
        settings, tmp_path, "2024080100", row("USDT", FIRST, "5").replace(str(HEIGHT), str(HEIGHT + 2 * window))
    )
    node.solid = HEIGHT + 4 * window
    pipeline.observe(settings, late, "tron")
    assert {b.as_of for b in settings.lake.rows(Balance, report=late)} == {"head"}


@pytest.mark.parametrize("after", [True, False])
@pytest.mark.parametrize(("over", "as_of"), [(-3, "near"), (0, "near"), (3, "head")])
def test_a_sweep_counts_up_to_the_end_of_its_window(
    settings: Session, node: Node, tmp_path: Path, after: bool, over: int, as_of: str
) -> None:
    seconds = (registry.load().sweeps["tron"].window_seconds + over) * (1 if after else -1)
    published(settings, tmp_path, "2024060100", row("USDT", FIRST, "5"))
    node.solid = HEIGHT + seconds // 3
    pipeline.sweep(settings, "okx", "tron", MOMENT + timedelta(seconds=seconds))
    report = published(settings, tmp_path, "2024070100", row("USDT", FIRST, "5"))
    node.solid = HEIGHT + 9_000
    pipeline.observe(settings, report, "tron")
    assert [b.as_of for b in settings.lake.rows(Balance, report=report)] == [as_of]


@pytest.mark.parametrize(("over", "swept"), [(-3, True), (0, True), (3, False)])
def test_a_moment_is_swept_while_the_newest_block_is_within_the_window(
    settings: Session, node: Node, tmp_path: Path, over: int, swept: bool
) -> None:
    seconds = registry.load().sweeps["tron"].window_seconds + over
    published(settings, tmp_path, "2024060100", row("USDT", FIRST, "5"))
    node.solid = HEIGHT + seconds // 3
    if swept:
        assert pipeline.sweep(settings, "okx", "tron", MOMENT) == 1
    else:
        with pytest.raises(ChainError, match="too far from"):
            pipeline.sweep(settings, "okx", "tron", MOMENT)


def test_an_account_of_which_nothing_is_known_is_not_swept_and_no_zero(
    settings: Session, node: Node, tmp_path: Path
) -> None:
    node.accounts = {SECOND: {"balance": 0}}
    published(settings, tmp_path, "2024060100", row("TRX", NEW, "5"), row("TRX", SECOND, "6"), row("TRX", THIRD, "0"))
    assert pipeline.sweep(settings, "okx", "tron", MOMENT) == 1
    report = published(
        settings, tmp_path, "2024070100", row("TRX", NEW, "5"), row("TRX", SECOND, "6"), row("TRX", THIRD, "0")
    )
    pipeline.observe(settings, report, "tron")
    totals = {
        b.address: (b.amount, b.as_of) for b in settings.lake.rows(Balance, report=report) if b.component == "total"
    }
    assert totals == {SECOND: (0, "near"), THIRD: (0, "head")}
    assert [(u.address, u.reason) for u in settings.lake.rows(Unobserved, report=report)] == [(NEW, "no_history")]
    assert NEW not in {b.address for b in settings.lake.rows(Balance, report=report)}


def test_what_a_node_knows_of_the_past_comes_before_a_sweep(settings: Session, node: Node, tmp_path: Path) -> None:
    published(settings, tmp_path, "2024060100", row("TRX", FIRST, "1"))
    pipeline.sweep(settings, "okx", "tron", MOMENT)
    node.solid, node.transfers = HEIGHT + 90, {HEIGHT: [(account(70), account(71), 5)]}
    node.history = {FIRST: [(HEIGHT - 1, 8)], account(71): [(HEIGHT, 5)]}
    report = published(settings, tmp_path, "2024070100", row("TRX", FIRST, "1"))
    pipeline.observe(settings, report, "tron")
    found = {b.component: (b.amount, b.as_of) for b in settings.lake.rows(Balance, report=report)}
    assert (found["liquid"], found["frozen"], found["total"]) == ((8, "exact"), (3, "near"), (10, "near"))


def test_a_sweep_too_late_or_of_nothing_or_of_another_network_writes_nothing(
    settings: Session, node: Node, tmp_path: Path
) -> None:
    with pytest.raises(MissingPartition, match="archive and parse one before"):
        pipeline.sweep(settings, "okx", "tron", MOMENT)
    assert not pipeline.is_claimed(settings, "okx", "tron")
    published(settings, tmp_path, "2024060100", row("USDT", FIRST, "5"))
    assert pipeline.is_claimed(settings, "okx", "tron")
    with pytest.raises(ChainError, match="too far from"):
        pipeline.sweep(settings, "okx", "tron", MOMENT + timedelta(hours=3))
    with pytest.raises(ConfigurationError, match=r"ethereum is not swept; sweeps\.csv names .*tron"):
        pipeline.sweep(settings, "okx", "ethereum", MOMENT)
    node.raw["/walletsolidity/triggerconstantcontract"] = [(401, b"key")] * 9
    with pytest.raises(TransportError):
        pipeline.sweep(settings, "okx", "tron", MOMENT)
    assert not list(settings.lake.rows(Sweep))


def test_a_balance_that_no_dataset_can_hold_is_not_swept_and_unobserved(
    settings: Session, node: Node, tmp_path: Path
) -> None:
    node.held[USDT] = {FIRST: 10**37, SECOND: 1}
    report = published(settings, tmp_path, "2024060100", row("USDT", FIRST, "5"), row("USDT", SECOND, "6"))
    assert pipeline.sweep(settings, "okx", "tron", MOMENT) == 1
    pipeline.observe(settings, report, "tron")
    assert [(u.address, u.reason) for u in settings.lake.rows(Unobserved)] == [(FIRST, "balance_too_large")]
    assert [(b.address, b.as_of) for b in settings.lake.rows(Balance)] == [(SECOND, "near")]


def test_a_sweep_is_recorded_and_replayed_from_the_shell(
    settings: Session, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    published(settings, tmp_path, "2024060100", row("USDT", FIRST, "5"))
    taped = Session(
        root=settings.root, endpoints=settings.endpoints, recording=Recording.record(tmp_path / "recording")
    )
    pipeline.sweep(taped, "okx", "tron", MOMENT)
    first = {path: path.read_bytes() for path in settings.root.rglob("sweep/**/*.parquet")}
    lake, replay = ["--lake", str(settings.root)], ["--replay", str(tmp_path / "recording")]
    at = ["--at", f"{MOMENT:%Y-%m-%dT%H:%MZ}"]
    assert cli.main(["sweep", "okx", *at, *lake, *replay]) == 0
    assert capsys.readouterr().out == f"tron: 1 holdings of okx read for {MOMENT:%Y-%m-%dT%H:%M:%SZ}\n"
    assert {path: path.read_bytes() for path in settings.root.rglob("sweep/**/*.parquet")} == first
    assert cli.main(["sweep", "htx", *at, *lake, *replay]) == 1
    assert "htx: no file with addresses" in capsys.readouterr().err
    assert cli.main(["sweep", "okx", "--at", "noon", *lake, *replay]) == 1
    assert "is not YYYY-MM-DDTHH:MM" in capsys.readouterr().err


# --- what an observation takes of sweeps ------------------------------------------------------------------------------
BLOCK = chains.BlockRef(HEIGHT, "aa", MOMENT)
ON_TRON = registry.load().tokens["tron", "USDT"]
FINER = 10 ** (registry.load().assets["USDT"].scale - ON_TRON.decimals)
WINDOW = registry.load().sweeps["tron"].window_seconds


def swept(lake: Lake, at: int, *rows: tuple[str, str, int, int], asset: str = "USDT") -> None:
    """A sweep `at` seconds after the block, of (address, component, base units of the token, seconds after the block
    at which that was read).
    """
    moment = MOMENT + timedelta(seconds=at)
    partition = {"exchange": "okx", "network": "tron", "swept_at": f"{moment:%Y-%m-%dT%H:%M:%SZ}"}
    made = [
        Sweep("okx", "tron", moment, asset, address, component, amount * FINER, HEIGHT + seconds, f"h{seconds}",
              MOMENT + timedelta(seconds=seconds), "swept", "a.example")
        for address, component, amount, seconds in rows
    ]  # fmt: skip
    lake.write(Sweep, partition, sorted(made, key=attrgetter(*Sweep.KEY)))


def near(
    lake: Lake, *addresses: str, client: object = None
) -> tuple[dict[str, tuple[int, str, int]], dict[tuple[str, str], int]]:
    """(totals as amount, as_of and height by address; parts beside them)."""
    found = Columns(Codes(), len(addresses))
    holdings = chains.holdings("USDT", ON_TRON, addresses, chains.TEXT)
    NearbySweeps(lake, "okx", "tron", Over(client or Told({}))).take(holdings, BLOCK, found)  # type: ignore[arg-type]
    codes = found.codes
    totals = {
        addresses[row]: (
            chains.number(found.words, row),
            codes.as_of[found.as_of[row]],
            codes.blocks[found.blocks[row]].height - HEIGHT,
        )
        for row in np.flatnonzero(found.answered).tolist()
    }
    parts = {
        (addresses[row], part.component): chains.number(part.words, place)
        for part in found.parts
        for place, row in enumerate(part.rows.tolist())
    }
    return totals, parts


def test_a_swept_amount_is_taken_in_units_of_the_token_with_its_parts_and_of_its_account_alone(tmp_path: Path) -> None:
    lake = Lake(tmp_path)
    assert near(lake, "a") == ({}, {})
    swept(lake, 0, ("a", "frozen", 3, 6), ("a", "total", 5, 6), ("other", "total", 9, 6), ("b", "total", 7, 6))
    assert near(lake, "c") == ({}, {})
    assert near(lake, "b", "c", "a") == ({"a": (5, "near", 6), "b": (7, "near", 6)}, {("a", "frozen"): 3})


def test_a_sweep_of_another_asset_is_none_of_this_one(tmp_path: Path) -> None:
    lake = Lake(tmp_path)
    swept(lake, 0, ("a", "total", 5, 6), asset="TRX")
    assert near(lake, "a") == ({}, {})


@pytest.mark.parametrize(("one", "other"), [(-30, 29), (30, -29), (-29, 30), (29, -30)])
def test_of_two_sweeps_the_nearer_counts_by_its_blocks(tmp_path: Path, one: int, other: int) -> None:
    """Whichever stands first in the lake; by the farthest of the blocks that it read of the account."""
    lake = Lake(tmp_path)
    nearer = min(one, other, key=abs)
    swept(lake, -60, ("a", "total", 1, one))
    swept(lake, +60, ("a", "total", 2, other))
    assert near(lake, "a")[0] == {"a": (1 if nearer == one else 2, "near", nearer)}
    swept(lake, +90, ("a", "frozen", 2, 0), ("a", "total", 3, 40))
    assert near(lake, "a")[0]["a"][2] == nearer


def test_of_two_sweeps_that_are_as_near_the_first_counts(tmp_path: Path) -> None:
    lake = Lake(tmp_path)
    swept(lake, -60, ("a", "total", 1, -30))
    swept(lake, +60, ("a", "total", 2, 30))
    assert near(lake, "a")[0] == {"a": (1, "near", -30)}


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize(
    ("at", "read", "counts"),
    [
        (0, WINDOW - 1, True), (0, WINDOW, True), (0, WINDOW + 1, False),
        # a sweep whose moment is farther than its blocks: opened up to two windows
        (2 * WINDOW - 1, WINDOW, True), (2 * WINDOW, WINDOW, True), (2 * WINDOW + 1, WINDOW, False),
    ],
)  # fmt: skip
def test_a_row_counts_up_to_a_window_from_its_block_and_its_sweep_up_to_two(
    tmp_path: Path, sign: int, at: int, read: int, counts: bool
) -> None:
    lake = Lake(tmp_path)
    swept(lake, sign * at, ("a", "total", 5, sign * read))
    swept(lake, 3 * WINDOW, ("a", "total", 6, 0))  # farther than is looked: the others are looked at all the same
    assert near(lake, "a")[0] == ({"a": (5, "near", sign * read)} if counts else {})


def test_a_sweep_behind_one_too_far_is_still_found(tmp_path: Path) -> None:
    """Sweeps lie by their moment: the far one comes first."""
    lake = Lake(tmp_path)
    swept(lake, -3 * WINDOW, ("a", "total", 6, 0))
    swept(lake, 0, ("a", "total", 5, 6))
    assert near(lake, "a")[0] == {"a": (5, "near", 6)}


def test_what_the_client_knows_of_the_past_is_exact_and_asked_only_of_what_was_swept(tmp_path: Path) -> None:
    @dataclass
    class Knows(Told):
        wanted: list[list[tuple[str, str]]] = field(default_factory=list)

        def past(self, wanted: Sequence[chains.Wanted], at: chains.BlockRef) -> Iterator[chains.Reading]:
            self.wanted.append([(one.asset, one.address) for one in wanted])
            yield chains.Reading("USDT", "a", "frozen", 4, at, "exact", "past", "b.example")
            yield chains.Reading("USDT", "b", "total", 8, at, "exact", "past", "b.example")

    lake, client = Lake(tmp_path), Knows({})
    assert near(lake, "a", client=client) == ({}, {})
    assert client.wanted == []
    swept(lake, 0, ("a", "frozen", 3, 6), ("a", "total", 5, 6), ("b", "total", 7, 6))
    totals, parts = near(lake, "a", "b", "c", client=client)
    assert (totals, parts) == ({"a": (5, "near", 6), "b": (8, "exact", 0)}, {("a", "frozen"): 4})
    assert client.wanted == [[("USDT", "a"), ("USDT", "b")]]


# --- which file is swept ----------------------------------------------------------------------------------------------
def claiming(lake: Lake, name: str, *, claims: int = 1, network: str = "tron", **changes: Any) -> ReportFile:
    made = replace(file(), report=name * 64, **changes)
    of = {"exchange": made.exchange, "report": made.report}
    lake.write(ReportFile, of | {"attestation": made.attestation}, [made])
    rows = [replace(claim(n, network, "USDT", account(n), 1, 7), report=made.report) for n in range(claims)]
    lake.write(Claim, of, rows)
    return made


@pytest.mark.parametrize(
    ("files", "chosen"),
    [
        ([("a", {})], "a"),
        # totals have no addresses, whatever they claim; nor has a file whose claims are none
        ([("a", {}), ("b", {"content": "totals", "revision": 9})], "a"),
        ([("b", {}), ("a", {"claims": 0, "revision": 9})], "b"),
        # the newest, by its snapshot; without one it is older than all
        ([("b", {}), ("a", {"snapshot_at": MOMENT})], "a"),
        ([("a", {}), ("b", {"snapshot_at": None, "revision": 9})], "a"),
        ([("b", {"snapshot_at": None}), ("a", {"snapshot_at": None, "revision": 2})], "a"),
        # of one snapshot the highest revision, then by its id
        ([("b", {}), ("a", {"revision": 2})], "a"),
        ([("b", {}), ("a", {})], "b"),
        # a list of addresses only where there is nothing else
        ([("a", {}), ("b", {"content": "address_list", "snapshot_at": MOMENT})], "a"),
        ([("a", {"content": "address_list"}), ("b", {"content": "address_list", "snapshot_at": MOMENT})], "b"),
    ],
)
def test_the_newest_file_with_addresses_is_swept(
    tmp_path: Path, files: list[tuple[str, dict[str, Any]]], chosen: str
) -> None:
    lake = Lake(tmp_path)
    for name, changes in files:
        network = "tron" if name == chosen else "solana"
        claiming(lake, name, network=network, **changes)
    assert swept_networks(lake, "okx") == ["tron"]


def test_only_networks_that_are_swept_are_named(tmp_path: Path) -> None:
    lake = Lake(tmp_path)
    claiming(lake, "a", network="ethereum")
    assert swept_networks(lake, "okx") == []
    with pytest.raises(MissingPartition, match="htx: no file with addresses"):
        swept_networks(lake, "htx")


# --- permissions and parts, in the tables -----------------------------------------------------------------------------
def keys(threshold: int, *numbers: int) -> dict[str, Any]:
    return {"threshold": threshold, "keys": [{"address": named(n), "weight": 1} for n in numbers]}


@pytest.mark.slow
@pytest.mark.usefixtures("tables_at_once")
def test_the_final_verdict_knows_whose_keys_move_an_account_and_a_claim_may_mean_a_part(
    settings: Session, node: Node, tmp_path: Path
) -> None:
    """Accounts 10 to 15 all carry a good signature of their own key; the chain gives some of them to other keys."""
    node.accounts = {
        named(10): {"balance": 7, "frozenV2": [{"amount": 3}]},
        named(11): {"balance": 7, "owner_permission": keys(1, 20)},
        named(12): {"balance": 7, "owner_permission": keys(2, 12, 20)},
        named(13): {"balance": 7, "owner_permission": keys(1, 20), "active_permission": [keys(1, 13)]},
        named(14): {"balance": 7, "owner_permission": keys(2, 20, 21, 22)},
        named(15): {"balance": 7, "owner_permission": keys(2, 20, 21, 22)},
    }
    node.solid = HEIGHT + 90
    node.transfers = {HEIGHT: [(account(70), account(71), 5)]}
    node.history = {named(10): [(HEIGHT - 1, 5)], named(11): [(HEIGHT - 1, 9)], account(71): [(HEIGHT, 5)]}
    report = published(
        settings, tmp_path, "2024070100",
        row("TRX", named(10), "0.000005", signed(10)), row("TRX", named(11), "0.000007", signed(11)),
        row("TRX", named(12), "7", signed(12)),
        row("TRX", named(13), "7", signed(13)),
        row("TRX", named(14), "7", signed(20), signed(21), named(20), named(21)),
        row("TRX", named(15), "7", signed(20), "", named(20)), row("TRX", named(16), "0"),
    )  # fmt: skip
    pipeline.observe(settings, report, "tron")
    links: dict[tuple[str, str], OwnerLink] = {
        (link.address, link.owner): link for link in settings.lake.rows(OwnerLink)
    }

    def told(number: int, signer: int) -> tuple[str, bool, int | None, int | None]:
        link = links[named(number), named(signer)]
        return link.relation, link.holds, link.threshold, link.owner_count

    assert told(10, 10) == ("owner_permission", True, 1, 1)
    assert told(11, 11) == ("owner_permission", False, None, 1)
    assert told(12, 12) == ("owner_permission", True, 2, 2)
    assert told(13, 13) == ("active_permission", True, 1, 1)
    assert told(14, 20) == told(14, 21) == told(15, 20) == ("owner_permission", True, 2, 3)
    assert (named(16), named(16)) not in links, "nobody signs for it"
    assert len(links) == 7

    warehouse.build(settings.lake)
    _, found = tables.query(settings, "select address, verdict, final_verdict, final_reason from core_claim")
    verdicts = {address: rest for address, *rest in found}
    assert verdicts[named(10)] == ["proven", "proven", "tron_address"]
    assert verdicts[named(11)] == ["proven", "signature_only", "owner_key_replaced"]
    assert verdicts[named(12)] == ["proven", "owner_signed", "more_owners_needed"]
    assert verdicts[named(13)] == ["proven", "owner_signed", "active_permission_only"]
    assert verdicts[named(14)] == ["owner_signed", "proven", "owners_confirmed"]
    assert verdicts[named(15)] == ["owner_signed", "owner_signed", "owner"]
    assert verdicts[named(16)][1] == "unsigned"

    columns = "status, matching_component, onchain, onchain_exact"
    _, seen = tables.query(settings, f"select address, {columns} from core_observation")
    statuses = {address: rest for address, *rest in seen}
    assert statuses[named(10)] == ["matched", "liquid", 10, 5]
    assert statuses[named(11)] == ["other_moment", "total", 7, None]
    assert statuses[named(16)] == ["other_moment", "total", 0, None], (
        "a claim of nothing does not mean a part of which there is nothing"
    )
    _, ((matched, part, names),) = tables.query(
        settings, "select matched, matched_part, matched_parts from balance_reconciliation"
    )
    assert (matched, part, names) == (1, 1, ["liquid"])

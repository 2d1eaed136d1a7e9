"""A family added by CONTRIBUTING to the letter, a folder and rows, is observed, recorded, and taken over from."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from decimal import Decimal
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest

from observation.toy import toy
from porlake import chains, pipeline, registry
from porlake.errors import ChainError, TransportError
from porlake.model import Balance, Block, Unobserved
from porlake.observation.endpoints import open_client
from porlake.queries import balances
from porlake.transport import Endpoint, Recording
from support import on_loopback, reply, tree

HEADER = (
    "coin,Network,Snapshot Height,address,amount,message,signature1,signature2,redeem script/ public key,eoa1,eoa2\n"
)
HELD = {f"toy{number}": 10_000 * (number + 1) for number in range(20)}


class Node:
    """A node of the toy chain. `breaks_after`: answers about balances until it fails; `lies`: what it adds."""

    def __init__(self, *, breaks_after: int = 10**9, hash_: str = "aa", lies: dict[str, Any] | None = None) -> None:
        self.left, self.hash, self.lies, self.asked = breaks_after, hash_, lies or {}, list[str]()

    def answer(self, path: str) -> Any:
        self.asked.append(path)
        match path.strip("/").split("/"):
            case ["head"]:
                return {"height": 200, "hash": "head", "time": 1_700_001_000}
            case ["block", height]:
                return {"height": int(height), "hash": f"{self.hash}{height}", "time": 1_700_000_000}
            case ["balance", _, address]:
                self.left -= 1
                return None if self.left < 0 else self.lies.get(address, HELD.get(address, 0))
        raise ValueError(path)

    def balances_asked(self) -> list[str]:
        return [path.rsplit("/", 1)[1] for path in self.asked if path.startswith("/balance")]


@contextmanager
def served(node: Node, host: str = "127.0.0.1") -> Iterator[Endpoint]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            found = node.answer(self.path)
            if node.left < 0:
                reply(self, 400, b"no")
            else:
                reply(self, 200, json.dumps(found).encode())

        def log_message(self, *_: Any) -> None:
            pass

    with on_loopback(Handler, host) as url:
        yield Endpoint(url, pause=0.001, tries=1)


def published(settings: pipeline.Session, folder: Path, addresses: list[str] | None = None) -> str:
    path = folder / "okx_por_2023111500.csv"
    lines = [f"TOY,TOYNET,100,{address},1,,,,,,\n" for address in addresses or HELD]
    path.write_text("coin,amount\nTOY,20\n\n" + HEADER + "".join(lines))
    (report,) = pipeline.archive(settings, "okx", str(path))
    pipeline.parse(settings, report)
    return report


def settings_of(folder: Path, *endpoints: Endpoint, **options: Any) -> pipeline.Session:
    return replace(pipeline.session(folder / "lake", environ={}), endpoints={"toynet": endpoints}, **options)


@pytest.fixture(autouse=True)
def added(tmp_path: Path) -> Iterator[None]:
    with toy(tmp_path / "family"):
        yield


def seen(settings: pipeline.Session) -> dict[str, tuple[int, str | None]]:
    return {row.address: (row.amount, row.confirmed_by) for row in settings.lake.rows(Balance, network="toynet")}


def missing(settings: pipeline.Session) -> dict[str, str]:
    return {row.address: row.reason for row in settings.lake.rows(Unobserved, network="toynet")}


AMOUNTS = {address: (raw * 100, None) for address, raw in HELD.items()}


def test_a_family_of_a_folder_and_rows_is_observed_end_to_end_and_replayed(tmp_path: Path) -> None:
    assert not chains.wrong_rows(registry.load(), registry.load().networks["toynet"])
    with served(Node()) as place:
        taped = settings_of(tmp_path, place, recording=Recording.record(tmp_path / "tape"))
        report = published(taped, tmp_path, [*HELD, "toy0"])
        assert pipeline.networks(taped, report) == ["toynet"]
        pipeline.observe(taped, report, "toynet")
    assert seen(taped) == AMOUNTS
    assert [(row.height, row.block_origin) for row in taped.lake.rows(Block, network="toynet")] == [(100, "published")]
    before = tree(tmp_path / "lake" / "lake")
    again = settings_of(tmp_path, recording=Recording.replay(tmp_path / "tape"))
    pipeline.observe(again, report, "toynet")
    assert tree(tmp_path / "lake" / "lake") == before


def test_what_a_network_without_an_endpoint_claims_is_unobserved_and_nobody_is_asked(tmp_path: Path) -> None:
    settings = settings_of(tmp_path)
    pipeline.observe(settings, published(settings, tmp_path), "toynet")
    assert missing(settings) == dict.fromkeys(HELD, "no_endpoint")


def test_a_list_is_read_from_the_first_endpoint_alone(tmp_path: Path) -> None:
    node, other = Node(), Node()
    with served(node) as place, served(other, "127.0.0.2") as second:
        lines, coins = balances.balances(
            settings_of(tmp_path, place, second, check_sample=Decimal(1)), "toynet", ["TOY"], 100, list(HELD)
        )
    assert {line.address: line.base_units for line in lines} == {a: amount for a, (amount, _) in AMOUNTS.items()}
    assert not coins
    assert not other.asked


# --- endpoints --------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("answers", [0, 7, 19])
def test_an_endpoint_that_fails_as_a_whole_is_taken_over_from_at_the_same_block(tmp_path: Path, answers: int) -> None:
    told: list[str] = []
    first, second = Node(breaks_after=answers), Node()
    with served(first) as place, served(second, "127.0.0.2") as other:
        settings = settings_of(
            tmp_path, place, other, check_sample=Decimal(0), check_above=Decimal(1),
            progress=lambda what, *_: told.append(what),
        )  # fmt: skip
        pipeline.observe(settings, published(settings, tmp_path), "toynet")
    assert {address: amount for address, (amount, _) in seen(settings).items()} == {
        address: amount for address, (amount, _) in AMOUNTS.items()
    }
    assert second.asked[0] == "/block/100"
    assert len(second.balances_asked()) == len(HELD) - max(0, answers - 1), "what was answered before stands"
    assert any("is not asked any more" in what for what in told)


def test_an_endpoint_of_another_block_does_not_take_over(tmp_path: Path) -> None:
    first = Node(breaks_after=3)
    with served(first) as place, served(Node(hash_="bb"), "127.0.0.2") as other:
        settings = settings_of(tmp_path, place, other)
        report = published(settings, tmp_path)
        with pytest.raises((ChainError, TransportError), match="at the endpoint before it"):
            pipeline.observe(settings, report, "toynet")
        first.left = 3
        pipeline.observe(settings, report, "toynet", give_up=True)
    assert set(missing(settings).values()) == {"endpoint_failed"}


def test_one_endpoint_that_fails_lands_nothing_and_the_next_time_goes_on(tmp_path: Path) -> None:
    node = Node(breaks_after=12)
    with served(node) as place:
        settings = settings_of(tmp_path, place)
        report = published(settings, tmp_path)
        with pytest.raises(TransportError):
            pipeline.observe(settings, report, "toynet")
        assert not settings.lake.pointers(Balance)
        node.left, node.asked = 10**9, []
        pipeline.observe(settings, report, "toynet")
    assert seen(settings) == AMOUNTS
    assert len(node.balances_asked()) == len(HELD) - 11, "the last one before the failure may have lacked parts"
    assert not list(tmp_path.rglob(".unfinished-*"))


@pytest.mark.parametrize("second_knows", [True, False])
def test_an_address_that_one_endpoint_refuses_the_next_is_asked_for_and_neither_is_lost(
    tmp_path: Path, second_knows: bool
) -> None:
    told: list[str] = []
    refused: dict[str, Any] = {"toy3": None, "toy9": None}
    first, second = Node(lies=refused), Node(lies={} if second_knows else {"toy9": None})
    with served(first) as place, served(second, "127.0.0.2") as other:
        settings = settings_of(
            tmp_path, place, other, check_sample=Decimal(0), check_above=Decimal(1),
            progress=lambda what, *_: told.append(what),
        )  # fmt: skip
        pipeline.observe(settings, published(settings, tmp_path), "toynet")
    sources = {row.address: row.source for row in settings.lake.rows(Balance, network="toynet")}
    assert missing(settings) == ({} if second_knows else {"toy9": "refused_by_server"})
    assert sources == {
        address: other.host if address in refused else place.host
        for address in HELD
        if address not in missing(settings)
    }
    assert second.balances_asked() == list(refused)
    assert not any("is not asked any more" in what for what in told)


def test_what_no_endpoint_answers_keeps_the_first_ones_reason_where_the_next_fails_as_a_whole(tmp_path: Path) -> None:
    first = Node(lies={"toy3": None})
    with served(first) as place, served(Node(breaks_after=0), "127.0.0.2") as other:
        settings = settings_of(tmp_path, place, other, check_sample=Decimal(0), check_above=Decimal(1))
        pipeline.observe(settings, published(settings, tmp_path), "toynet")
    assert missing(settings) == {"toy3": "refused_by_server"}
    assert seen(settings) == {address: found for address, found in AMOUNTS.items() if address != "toy3"}


# --- second opinions --------------------------------------------------------------------------------------------------
def test_a_sample_and_the_large_accounts_are_confirmed_by_another_operator(tmp_path: Path) -> None:
    second = Node()
    with served(Node()) as place, served(second, "127.0.0.2") as other:
        settings = settings_of(tmp_path, place, other, check_sample=Decimal(0), check_above=Decimal("0.09"))
        pipeline.observe(settings, published(settings, tmp_path), "toynet")
    found = seen(settings)
    total = sum(HELD.values())
    large = {address for address, raw in HELD.items() if raw >= int(total * Decimal("0.09"))}
    assert {address for address, (_, by) in found.items() if by} == large == set(second.balances_asked())
    assert {by for address, (_, by) in found.items() if address in large} == {other.host}


@pytest.mark.parametrize(("lies", "all_asked"), [(1, False), (3, True)])
def test_where_two_operators_differ_no_value_stands(tmp_path: Path, lies: int, all_asked: bool) -> None:
    wrong = {f"toy{19 - number}": 1 for number in range(lies)}
    first = Node(lies={address: raw + HELD[address] for address, raw in wrong.items()})
    second = Node()
    with served(first) as place, served(second, "127.0.0.2") as other:
        settings = settings_of(tmp_path, place, other, check_sample=Decimal(1))
        pipeline.observe(settings, published(settings, tmp_path), "toynet")
    assert missing(settings) == dict.fromkeys(wrong, "endpoints_disagree")
    assert {address: amount for address, (amount, _) in seen(settings).items()} == {
        address: amount for address, (amount, _) in AMOUNTS.items() if address not in wrong
    }
    assert all_asked <= (set(second.balances_asked()) == set(HELD))


def test_two_hosts_of_one_operator_are_one_witness(tmp_path: Path) -> None:
    second = Node()
    with served(Node()) as place, served(second) as other:
        settings = settings_of(tmp_path, place, other, check_sample=Decimal(1))
        pipeline.observe(settings, published(settings, tmp_path), "toynet")
    assert not second.asked
    assert seen(settings) == AMOUNTS


def test_a_second_endpoint_that_fails_takes_no_value_away_and_is_named(tmp_path: Path) -> None:
    told: list[str] = []
    with served(Node()) as place, served(Node(breaks_after=0), "127.0.0.2") as other:
        settings = settings_of(
            tmp_path, place, other, check_sample=Decimal(1), progress=lambda what, *_: told.append(what)
        )
        pipeline.observe(settings, published(settings, tmp_path), "toynet")
    assert seen(settings) == AMOUNTS
    assert any("no second endpoint confirms" in what for what in told)


def test_a_second_endpoint_that_failed_is_not_asked_for_the_next_asset(tmp_path: Path) -> None:
    first, second = Node(), Node(breaks_after=0)
    with served(first) as place, served(second, "127.0.0.2") as other:
        client = open_client(settings_of(tmp_path, place, other).run, "toynet")
        at = client.block(100)
        asked = chains.holdings("TOY", registry.load().tokens["toynet", "TOY"], ["toy1"], chains.TEXT)
        assert client.others(()) == [1]
        with pytest.raises(TransportError):
            list(client.again([1], asked, at))
        assert (client.others(()), client.asked) == ([], [0])
        assert len(client.lost) == 1

"""Endpoints of real families take over from each other at one block: Tron, Bitcoin's indexes, a beacon node."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tron_stub
from chains.beacon_stub import GENESIS, Stub, serving, validator
from observation.test_walk import REPORT, put
from observation.told import AT, ETH
from observation.told import run as run_of
from observation.toy import toy
from porlake import chains, pipeline, registry
from porlake.addresses import bitcoin as form
from porlake.chains._columns import words_from
from porlake.encoding.hashes import sha256d
from porlake.errors import ChainError, NotFinal, PorlakeError, TransportError
from porlake.lake import Lake
from porlake.model import Balance, Unobserved
from porlake.observation.endpoints import Endpoints, Run, endpoints_of
from porlake.transport import Endpoint, Recording, recording
from support import named, on_loopback, own_rows, reply
from tron_stub import HEIGHT, USDT, Node, account

FIRST = sha256d(bytes(80))[::-1].hex()


def endpoint(url: str) -> Endpoint:
    return Endpoint(url, tries=1, pause=0.001)


def observed(root: Path, network: str, *urls: str, **options: Any) -> pipeline.Session:
    session = pipeline.Session(root=root, endpoints={network: tuple(map(endpoint, urls))}, **options)
    pipeline.observe(session, REPORT, network)
    return session


def test_of_a_network_without_a_default_nobody_is_asked_and_a_setting_comes_first() -> None:
    facts = registry.load()
    known, unknown = (
        next(row for row in facts.networks.values() if bool(row.endpoint) is has) for has in (True, False)
    )
    assert endpoints_of({}, unknown.network) == ()
    (default,) = endpoints_of({}, known.network)
    assert (default.url, default.per_second) == (known.endpoint, facts.per_second(default.host))
    own = endpoint("http://127.0.0.1:1")
    assert endpoints_of({unknown.network: own}, unknown.network) == (own,)
    assert endpoints_of({known.network: (own, default)}, known.network) == (own, default)


# --- Tron -------------------------------------------------------------------------------------------------------------
def test_a_tron_node_that_fails_is_taken_over_from(tmp_path: Path) -> None:
    put(tmp_path, "tron", "USDT", account(1), HEIGHT)
    failing = Node(raw={"/walletsolidity/getnowblock": [(500, b"no")] * 100})
    good = Node(held={USDT: {account(1): 5}})
    told: list[str] = []
    with tron_stub.served(failing) as first, tron_stub.served(good) as second:
        session = observed(tmp_path, "tron", first, second, progress=lambda what, *_: told.append(what))
    (row,) = session.lake.rows(Balance)
    assert (row.amount, row.source) == (5 * 10 ** (registry.load().assets["USDT"].scale - 6), endpoint(second).host)
    assert any(endpoint(first).host in what and "is not asked any more" in what for what in told)


# --- Bitcoin ----------------------------------------------------------------------------------------------------------
class Index:
    """Esplora with one balance at every address; of `left` answers, then none at all. `named`: of its blocks."""

    def __init__(self, held: int, *, left: int = 10**9, named: str = "") -> None:
        self.held, self.left, self.named = held, left, named

    def answer(self, path: str) -> Any:
        self.left -= 1
        match path.strip("/").split("/"):
            case _ if self.left < 0:
                return None
            case ["blocks", *height]:
                top = int(height[0]) if height else 900_000
                return [{"id": FIRST if top == 0 else f"{self.named}{top:0{64 - len(self.named)}x}", "height": top,
                         "timestamp": 1_700_000_000}]  # fmt: skip
            case ["address", text]:
                told = {"funded_txo_sum": self.held, "spent_txo_sum": 0, "tx_count": 1}
                return {"address": text, "chain_stats": told}
            case _:
                return []


@contextmanager
def index(made: Index, host: str = "127.0.0.1") -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            found = made.answer(self.path)
            if found is None:
                reply(self, 504, b"no")
            else:
                reply(self, 200, json.dumps(found).encode())

        def log_message(self, *_: Any) -> None:
            pass

    with on_loopback(Handler, host) as url:
        yield f"esplora+{url}"


@pytest.fixture
def bitcoin(tmp_path: Path) -> Iterator[str]:
    """An address that is claimed; the chain begins with a block of the tests."""
    text = form.p2pkh("bitcoin", bytes([2]) + bytes(32)).text
    put(tmp_path / "lake", "bitcoin", "BTC", text, 800_000)
    (tmp_path / "rows").mkdir()
    with own_rows(named(tmp_path / "rows", bitcoin=f"0:{FIRST}")):
        yield text


@pytest.mark.parametrize("left", [1, 2, 3, 4])
def test_an_index_that_fails_is_taken_over_from_at_the_same_block(bitcoin: str, tmp_path: Path, left: int) -> None:
    with index(Index(7, left=left)) as first, index(Index(9), "127.0.0.2") as second:
        session = observed(tmp_path / "lake", "bitcoin", first, second)
    (row,) = session.lake.rows(Balance)
    assert (row.address, row.amount, row.source) == (bitcoin, 9, endpoint(second).host)


def test_an_index_of_another_chain_does_not_take_over(bitcoin: str, tmp_path: Path) -> None:
    with (
        index(Index(7, left=2)) as first,
        index(Index(9, named="ff"), "127.0.0.2") as second,
        pytest.raises((ChainError, TransportError), match="at the endpoint before it"),
    ):
        observed(tmp_path / "lake", "bitcoin", first, second)


@pytest.mark.parametrize(("said", "reason"), [(7, ""), (8, "endpoints_disagree")])
def test_what_one_index_says_another_operators_confirms(bitcoin: str, tmp_path: Path, said: int, reason: str) -> None:
    with index(Index(7)) as first, index(Index(said), "127.0.0.2") as second:
        session = observed(tmp_path / "lake", "bitcoin", first, second)
    assert [row.confirmed_by for row in session.lake.rows(Balance)] == ([] if reason else [endpoint(second).host])
    assert [row.reason for row in session.lake.rows(Unobserved)] == ([reason] if reason else [])


def test_what_is_confirmed_is_recorded_and_replayed(bitcoin: str, tmp_path: Path) -> None:
    with index(Index(7)) as first, index(Index(7), "127.0.0.2") as second:
        session = observed(
            tmp_path / "lake", "bitcoin", first, second, recording=Recording.record(tmp_path / "recording")
        )
    before = list(session.lake.rows(Balance))
    again = observed(tmp_path / "lake", "bitcoin", recording=Recording.replay(tmp_path / "recording"))
    assert list(again.lake.rows(Balance)) == before
    assert before[0].confirmed_by


# --- a beacon node ----------------------------------------------------------------------------------------------------
KEY = "0x" + "a1" * 48


class Execution:
    def block(self, height: int) -> chains.BlockRef:
        from datetime import UTC, datetime

        return chains.BlockRef(height, "0x" + "cc" * 32, datetime.fromtimestamp(GENESIS + 12 * 5, UTC))

    def ask(self, question: Callable[[Any], Any]) -> Any:
        return question(self)


def test_a_beacon_node_that_fails_is_taken_over_from(tmp_path: Path) -> None:
    def refuses(verb: str, target: str, answer: tuple[int, Any]) -> tuple[int, Any]:
        return (500, {"code": 500, "message": "no"}) if "/validators" in target or "/genesis" in target else answer

    made: Callable[..., Stub] = lambda change=None: Stub(  # noqa: E731
        {5: "0x" + "cc" * 32}, {5: {KEY: validator(KEY, 32 * 10**9, "0x01" + "00" * 11 + "aa" * 20)}}, change=change
    )
    run = pipeline.Session(root=tmp_path).run
    with serving(made(refuses)) as first, serving(made()) as second:
        network = registry.load().networks["ethereum_beacon"]
        client = Endpoints(run, network, [endpoint(first), endpoint(second)], Execution())
        at = client.block(7)
        token = registry.load().tokens["ethereum_beacon", "ETH"]
        answers = list(client.readings(chains.holdings("ETH", token, [KEY], chains.TEXT), at))
    assert {answer.component for answer in answers if isinstance(answer, chains.Readings)} == {
        "validator", "effective", "total",
    }  # fmt: skip
    assert len(client.lost) == 1
    assert isinstance(client.lost[0], PorlakeError)


# --- a file of coins beside endpoints ---------------------------------------------------------------------------------
READS_COINS = """
from porlake.chains import BlockRef, Family, OneByOne, Reading
from datetime import UTC, datetime


class Client(OneByOne):
    def __init__(self, host, dump):
        self.host, self.dump = host, dump

    def block(self, height):
        return BlockRef(height, "aa", datetime.fromtimestamp(1_700_000_000, UTC))

    head = block

    def balances(self, wanted, at):
        for want in wanted:
            source = f"coins at {self.host}" if self.dump else self.host
            yield Reading(want.asset, want.address, "total", 7, at, "exact", "toy", source)


class Toy(Family):
    def open_client(self, network, endpoints, recording, *, beside=None, dump=None, tell=None):
        return Client(endpoints[0].host, dump)


FAMILY = Toy()
"""


@pytest.mark.parametrize("coins", [True, False])
def test_who_is_asked_again_does_not_read_the_file_of_coins(tmp_path: Path, *, coins: bool) -> None:
    places = [endpoint(f"http://{name}.example") for name in ("x.a", "b", "c")]
    with toy(tmp_path, READS_COINS):
        dumps = {"toynet": chains.Dump("coins")} if coins else {}
        run, facts = run_of(tmp_path, dumps=dumps), registry.load()
        client = Endpoints(run, facts.networks["toynet"], places)
        at = client.block(7)
        wanted = chains.holdings("TOY", facts.tokens["toynet", "TOY"], ["x"], chains.TEXT)

        def sources(answers: Any) -> list[str]:
            return [answer.source for answer in answers]

        first = "coins at x.a.example" if coins else "x.a.example"
        assert sources(client.readings(wanted, at)) == [first]
        assert client.others(["a.example"]) == client.others([]) == [1, 2]
        assert client.others(["b.example"]) == [2]
        beside = Endpoints(run, facts.networks["toynet"], [places[0], endpoint("http://other.a.example"), places[1]])
        assert beside.others([]) == [2], "another host of the operator that is asked is no second witness"
        for number, host in ((1, "b.example"), (2, "c.example"), (1, "b.example")):
            assert sources(client.again([number], wanted, at)) == [host]
        assert sources(client.readings(wanted, at)) == [first]


# --- one endpoint, several, and none ----------------------------------------------------------------------------------
@pytest.mark.parametrize("count", [0, 1, 2])
def test_who_is_asked_is_one_where_none_is_named(tmp_path: Path, count: int) -> None:
    """A file of coins, or a recording, answers without an endpoint."""
    places = [Endpoint(f"http://{name}.example") for name in "ab"[:count]]
    made = Endpoints(run_of(tmp_path), registry.load().networks["bitcoin"], places)
    assert list(made.asked) == list(range(max(1, count)))


class Silent:
    """Does not answer about the first holding, and says so first."""

    def readings(self, holdings: chains.Holdings, at: chains.BlockRef) -> Iterator[chains.Answer]:
        yield chains.Unreadable(np.array([0]), sorted(chains.UNANSWERED)[0])
        for row in range(1, len(holdings)):
            yield chains.Readings(np.array([row]), words_from([7]), chains.TOTAL, at, "exact", "m", "a.example")


@pytest.mark.parametrize(("count", "rows"), [(1, [0, 1]), (2, [1, 0])])
def test_the_answers_of_one_endpoint_are_given_as_it_gives_them(tmp_path: Path, count: int, rows: list[int]) -> None:
    """Of several, what none answers about comes last: the next may answer."""
    places = [Endpoint(f"http://{name}.example") for name in "ab"[:count]]
    made = Endpoints(run_of(tmp_path), registry.load().networks["ethereum"], places)
    for number in range(count):
        made._clients[number] = {False: Silent()}
    holdings = chains.holdings("ETH", ETH, ["a", "b"], chains.TEXT)
    assert [answer.rows.tolist()[0] for answer in made.readings(holdings, AT)] == rows


class Fails:
    """Fails when it is asked, behind its first answer where it is asked for readings; answers with `error` None."""

    def __init__(self, error: Exception | None, host: str) -> None:
        self.error, self.host = error, host

    def head(self) -> chains.BlockRef:
        assert self.error is not None
        raise self.error

    def block(self, height: int) -> chains.BlockRef:
        assert height == AT.height
        return AT

    def readings(self, holdings: chains.Holdings, at: chains.BlockRef) -> Iterator[chains.Answer]:
        for row in range(len(holdings)):
            yield chains.Readings(np.array([row]), words_from([7]), chains.TOTAL, at, "exact", "m", self.host)
            if self.error is not None:
                raise self.error


def over(folder: Path, *clients: Fails) -> Endpoints:
    places = [Endpoint(f"http://{client.host}") for client in clients]
    made = Endpoints(run_of(folder), registry.load().networks["ethereum"], places)
    for number, client in enumerate(clients):
        made._clients[number] = {False: client}
    return made


@pytest.mark.parametrize(
    ("errors", "kind"),
    [
        ((TransportError, TransportError), TransportError), ((ChainError, TransportError), ChainError),
        ((TransportError, ChainError), ChainError), ((ChainError, ChainError), ChainError),
        ((NotFinal, NotFinal), NotFinal), ((NotFinal, ChainError), ChainError),
        ((NotFinal, TransportError), ChainError),
    ],
)  # fmt: skip
def test_where_all_are_lost_it_is_told_for_what(
    tmp_path: Path, errors: tuple[type[Exception], ...], kind: type[Exception]
) -> None:
    """A block that is not final is said only where nobody says anything else."""
    made = over(tmp_path, *(Fails(error(f"no{number}"), "a.example") for number, error in enumerate(errors)))
    for _ in range(2):
        with pytest.raises(PorlakeError, match="^no0; no1$") as raised:
            made.head()
        assert type(raised.value) is kind


@pytest.mark.parametrize(
    ("errors", "kind", "told"),
    [
        ([ChainError("no0")], ChainError, "^no0$"),
        ([ChainError("no0"), ChainError("no1")], TransportError, "^no0; no1$"),
    ],
)
def test_of_one_witness_its_own_error_is_told_and_of_several_all_of_theirs(
    tmp_path: Path, errors: list[Exception], kind: type[Exception], told: str
) -> None:
    made = over(tmp_path, Fails(None, "asked.example"), *(Fails(error, f"{error}.example") for error in errors))
    with pytest.raises(PorlakeError, match=told) as raised:
        list(made.again(range(1, 1 + len(errors)), chains.holdings("ETH", ETH, ["a"], chains.TEXT), AT))
    assert type(raised.value) is kind


@pytest.mark.parametrize(
    ("error", "given"),
    [
        (TransportError("gone"), ["a.example 0", "b.example 1"]),
        (ChainError("it contradicts itself"), ["a.example 0", "withdrawn 0", "b.example 0", "b.example 1"]),
    ],
)
def test_what_was_said_before_a_failure_stands_and_before_a_contradiction_does_not(
    tmp_path: Path, error: Exception, given: list[str]
) -> None:
    made = over(tmp_path, Fails(error, "a.example"), Fails(None, "b.example"))
    holdings = chains.holdings("ETH", ETH, ["a", "b"], chains.TEXT)
    answers = [(getattr(one, "source", "withdrawn"), one.rows.tolist()) for one in made.readings(holdings, AT)]
    assert [f"{source} {row}" for source, rows in answers for row in rows] == given


@pytest.mark.parametrize(("endpoints", "dumps", "asked"), [(0, 0, False), (1, 0, True), (0, 1, True), (1, 1, True)])
def test_a_network_can_be_asked_by_an_endpoint_or_a_file_of_coins(
    tmp_path: Path, endpoints: int, dumps: int, asked: bool
) -> None:
    configured = {"bitcoin": (Endpoint("http://a.example"),) if endpoints else ()}
    made = run_of(tmp_path, endpoints=configured, dumps={"bitcoin": object()} if dumps else {})
    assert made.can_be_asked("bitcoin") is asked


@pytest.mark.parametrize("names", [["bitcoin"], ["bitcoin", "bitcoin.2"], ["bitcoin", "bitcoin.2", "bitcoin.3"],
                                   ["bitcoin", "bitcoin.3"]])  # fmt: skip
def test_a_replay_asks_those_that_were_recorded_up_to_the_first_that_was_not(tmp_path: Path, names: list[str]) -> None:
    for name in names:
        (tmp_path / "tape" / name).mkdir(parents=True)
    (tmp_path / "tape" / recording.SIGNATURE).write_text(json.dumps({"form": recording.FORM}))
    replayed = Run(Lake(tmp_path / "lake"), Recording.replay(tmp_path / "tape"))
    made = Endpoints(replayed, registry.load().networks["bitcoin"], [])
    assert list(made.asked) == list(range(3 if len(names) == 3 else 2 if "bitcoin.2" in names else 1))
    assert replayed.can_be_asked("bitcoin")
    assert not replayed.can_be_asked("litecoin")

"""The bases of clients that ask about one account, or some, a question."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from datetime import UTC, datetime

import pytest

from porlake.chains import BlockRef, ByAccount, ByBatch, Reading, Unread, Wanted, _questions, holdings, parts
from porlake.chains._columns import TEXT
from porlake.errors import BadAnswer, RateLimited, RequestFailed, TimedOut, TransportError
from porlake.registry import Token

AT = BlockRef(100, "aa", datetime(2024, 3, 25, tzinfo=UTC))
TOKEN = Token("x", "X", "native", "", 6, "", "")
OTHER = Token("x", "Y", "contract", "y", 6, "", "")


def wants(count: int, token: Token = TOKEN) -> list[Wanted]:
    return [Wanted(token.asset, token, f"a{number}") for number in range(count)]


def held(want: Wanted) -> list[Reading]:
    number = int(want.address[1:])
    return parts(want, {"liquid": number, "staked": 2}, AT, "exact", "made", "node")


class Node:
    """`bad`: what asking about an account raises; `down`: what a ping raises."""

    def __init__(self, bad: dict[str, Exception] | None = None, down: Exception | None = None) -> None:
        self.bad, self.down, self.pings, self.questions, self.most, self.now = bad or {}, down, 0, 0, 0, 0
        self.lock, self.ready_at, self.hold = threading.Lock(), list[int](), 0.0

    def ping(self) -> None:
        self.pings += 1
        if self.down:
            raise self.down

    def ready(self, at: BlockRef) -> None:
        self.ready_at.append(at.height)

    def ask(self, asked: Sequence[Wanted]) -> None:
        with self.lock:
            self.questions, self.now = self.questions + 1, self.now + 1
            self.most = max(self.most, self.now)
        time.sleep(self.hold)
        with self.lock:
            self.now -= 1
        for want in asked:
            if want.address in self.bad:
                raise self.bad[want.address]


class Single(Node, ByAccount):
    in_flight = 4

    def read_account(self, want: Wanted, at: BlockRef) -> list[Reading] | Unread:
        self.ask([want])
        return Unread(want.asset, want.address, "no_history") if want.address == "a3" else held(want)


class Many(Node, ByBatch):
    batch = 8

    def read_batch(self, asked: Sequence[Wanted], at: BlockRef) -> list[Reading | Unread]:
        assert 0 < len(asked) <= 8
        assert len({want.token for want in asked}) == 1
        self.ask(asked)
        found: list[Reading | Unread] = []
        for want in reversed(asked):
            found += [Unread(want.asset, want.address, "no_history")] if want.address == "a3" else held(want)
        return found


def answers(client: Single | Many, asked: Sequence[Wanted]) -> tuple[dict[str, int], dict[str, str]]:
    read, unread = {}, {}
    for answer in client.balances(asked, AT):
        if isinstance(answer, Unread):
            unread[answer.address] = answer.reason
        elif answer.component == "total":
            read[answer.address] = answer.raw
    return read, unread


@pytest.mark.parametrize("kind", [Single, Many])
@pytest.mark.parametrize(
    ("error", "reason", "pings"),
    [
        (RequestFailed("no"), "refused_by_server", False),
        (BadAnswer("odd"), "bad_answer", False),
        (TimedOut("slow"), "timed_out", True),
        (TransportError("HTTP 500"), "server_failed", True),
    ],
)
def test_one_bad_account_costs_that_account(
    kind: type[Single | Many], error: Exception, reason: str, pings: bool
) -> None:
    client = kind({"a17": error})
    read, unread = answers(client, wants(50))
    assert unread == {"a3": "no_history", "a17": reason}
    assert read == {f"a{number}": number + 2 for number in range(50) if number not in (3, 17)}
    assert bool(client.pings) == pings
    assert client.ready_at == [100]


@pytest.mark.parametrize("kind", [Single, Many])
def test_an_endpoint_that_is_gone_or_limits_its_rate_ends_the_question(kind: type[Single | Many]) -> None:
    with pytest.raises(TransportError, match="gone"):
        answers(kind({"a7": TimedOut("slow")}, TransportError("gone")), wants(10))
    with pytest.raises(RateLimited):
        answers(kind({"a7": RateLimited("429")}), wants(10))


@pytest.mark.parametrize("kind", [Single, Many])
def test_what_is_wrong_with_every_answer_is_wrong_with_the_endpoint(kind: type[Single | Many]) -> None:
    client = kind({f"a{number}": BadAnswer("odd") for number in range(400)})
    with pytest.raises(BadAnswer, match="odd"):
        answers(client, wants(400)[4:])


@pytest.mark.parametrize("kind", [Single, Many])
def test_an_endpoint_that_fails_for_most_is_asked_no_more(kind: type[Single | Many]) -> None:
    client = kind({f"a{number}": TransportError("HTTP 500") for number in range(400)})
    read, unread = answers(client, wants(400)[4:])
    assert not read
    assert {"server_failed", "endpoint_failed"} == set(unread.values())
    assert client.questions < 100


@pytest.fixture
def alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """One account after the other."""
    monkeypatch.setattr(_questions, "SLICE", 1)
    monkeypatch.setattr(Many, "batch", 1)
    for kind in (Single, Many):
        monkeypatch.setattr(kind, "in_flight", 1)


@pytest.mark.usefixtures("alone")
@pytest.mark.parametrize("kind", [Single, Many])
@pytest.mark.parametrize(
    ("good", "lost", "asked"),
    [(0, 19, 20), (0, 20, 20), (0, 21, 20), (19, 20, 39), (20, 20, 41), (21, 20, 42), (20, 21, 41)],
)
def test_an_endpoint_is_given_up_where_twenty_and_more_than_half_are_lost(
    kind: type[Single | Many], good: int, lost: int, asked: int
) -> None:
    client = kind({f"a{good + number}": TransportError("HTTP 500") for number in range(lost)})
    last, is_asked = f"a{good + lost}", asked > good + lost
    read, unread = answers(client, wants(good + lost + 1))
    assert (last in read) is is_asked
    assert unread.get(last) == (None if is_asked else "endpoint_failed")
    assert client.questions == asked


@pytest.mark.usefixtures("alone")
@pytest.mark.parametrize("kind", [Single, Many])
def test_refused_accounts_are_no_failure_of_the_endpoint(kind: type[Single | Many]) -> None:
    refused = {f"a{number}": RequestFailed("no") for number in range(20)}
    client = kind({**refused, **{f"a{20 + number}": TransportError("HTTP 500") for number in range(20)}})
    assert "a40" in answers(client, wants(41))[0]


@pytest.mark.usefixtures("alone")
@pytest.mark.parametrize(("bad", "asked"), [(19, 20), (20, 20), (21, 20)])
def test_twenty_bad_answers_and_no_good_one_end_the_question(bad: int, asked: int) -> None:
    client = Many({f"a{10 + number}": BadAnswer("odd") for number in range(bad)})
    if bad < asked:
        assert len(answers(client, wants(11 + bad)[10:])[0]) == 1
    else:
        with pytest.raises(BadAnswer, match="odd"):
            answers(client, wants(11 + bad)[10:])
    assert client.questions == asked
    client = Many({f"a{10 + number}": BadAnswer("odd") for number in range(bad)})
    assert len(answers(client, wants(11 + bad)[9:])[0]) == 2


def test_questions_go_side_by_side_up_to_in_flight() -> None:
    for client in (Single(), Many()):
        client.hold = 0.02
        answers(client, wants(60))
        assert client.most == 4


@pytest.mark.parametrize(("count", "questions"), [(0, 0), (1, 1), (7, 1), (8, 1), (9, 2), (16, 2), (17, 3)])
def test_batches_are_full_and_of_one_asset(count: int, questions: int) -> None:
    client = Many()
    assert len(answers(client, wants(count))[0]) == count - (count > 3)
    assert client.questions == questions
    assert client.ready_at == ([100] if count else [])
    answers(client, wants(3) + wants(3, OTHER))
    assert client.questions == questions + 2


@pytest.mark.parametrize("fault", ["missing", "twice", "another", "no total"])
def test_a_batch_that_does_not_answer_each_once_is_asked_again_in_halves(fault: str) -> None:
    class Odd(Many):
        def read_batch(self, asked: Sequence[Wanted], at: BlockRef) -> list[Reading | Unread]:
            found = super().read_batch(asked, at)
            if len(asked) > 1 or asked[0].address == "a5":
                mine = [one for one in found if one.address == asked[-1].address]
                rest = found[len(mine) :]
                found = {
                    "missing": rest,
                    "twice": found + mine,
                    "another": found + held(Wanted("X", TOKEN, "a99")),
                    "no total": rest + mine[:-1],
                }[fault]
            return found

    read, unread = answers(Odd(), wants(10))
    assert unread == {"a3": "no_history", "a5": "bad_answer"}
    assert len(read) == 8


def test_parts_have_their_sum_or_what_the_chain_says_as_total_and_it_is_last() -> None:
    want = wants(1)[0]
    found = parts(want, {"liquid": 5, "frozen": 2}, AT, "head", "made", "node")
    assert [(one.component, one.raw) for one in found] == [("liquid", 5), ("frozen", 2), ("total", 7)]
    within = parts(want, {"liquid": 5, "frozen": 2}, AT, "head", "made", "node", total=5)
    assert within[-1].raw == 5
    assert [(one.component, one.raw) for one in parts(want, {}, AT, "head", "made", "node")] == [("total", 0)]


def test_as_columns_the_parts_come_before_the_totals() -> None:
    asked = holdings("X", TOKEN, [want.address for want in wants(20)], TEXT)
    found = list(Many().readings(asked, AT))
    assert [getattr(answer, "component", "unread") for answer in found] == ["liquid", "staked", "total", "unread"]

"""Shares of an observation: the same bytes for any number of them, nothing asked twice, a share that fails goes on."""

from __future__ import annotations

import random
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest

from observation.test_columns import ONLY, claim, file
from observation.told import run
from observation.toy import toy
from porlake import chains
from porlake.errors import TransportError
from porlake.lake import Lake
from porlake.model import Balance, Claim, Unobserved
from porlake.observation import DATASETS, Run, Share, observe, observe_share, share_count, shares
from porlake.observation.shares import MOST, SECONDS, of_rows
from porlake.transport import Endpoint, Recording

FACE = """
from datetime import UTC, datetime
from porlake.chains import BlockRef, ByAccount, Family, Unread, parts
from porlake.errors import RequestFailed, TimedOut, TransportError

ASKED, GONE, SLOW = [], set(), set()


class Client(ByAccount):
    in_flight = 2

    def ping(self):
        if "all" in GONE:
            raise TransportError("gone")

    def block(self, height):
        return BlockRef(height, f"h{height}", datetime.fromtimestamp(1_700_000_000, UTC))

    head = block

    def read_account(self, want, at):
        ASKED.append((at.height, want.address))
        if want.address in GONE:
            GONE.add("all")
        if "all" in GONE or want.address in SLOW:
            raise TimedOut("no answer")
        number = int(want.address[1:])
        if number % 11 == 0:
            raise RequestFailed("no such account")
        if number % 13 == 0:
            return Unread(want.asset, want.address, "token_call_failed")
        held = {"liquid": number, "frozen": number % 3}
        return parts(want, held, at, as_of="exact", method="toy", source="a.example")


class Toy(Family):
    past, parts = "exact", ("liquid", "frozen")

    def client_at(self, network, endpoint, recording):
        return Client()


FAMILY = Toy()
"""
COUNT = 100
ENDPOINT = Endpoint("http://a.example")


@contextmanager
def chain(folder: Path) -> Iterator[Run]:
    """A run over a lake with claims at two heights on the toy chain."""
    with toy(folder / "family", FACE):
        asked = run(folder / "lake", endpoints={"toynet": ENDPOINT})
        rows = [claim(n, "toynet", "TOY", f"a{n}", 1, 7 if n % 4 else 9) for n in range(1, COUNT + 1)]
        asked.lake.write(Claim, ONLY, rows)
        yield asked


def node() -> object:
    return import_module("porlake.chains.toy")


def written(lake: Lake) -> dict[str, object]:
    return {
        row_class.NAME: [(pointer.rows, pointer.content) for pointer in lake.pointers(row_class)]
        for row_class in DATASETS
    }


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> dict[str, object]:
    with chain(tmp_path_factory.mktemp("whole")) as asked:
        observe(asked, file(), "toynet")
        assert sum(1 for row in asked.lake.rows(Balance) if row.component == "total") > COUNT // 2
        assert {row.reason for row in asked.lake.rows(Unobserved)} == {"refused_by_server", "token_call_failed"}
        return written(asked.lake)


@pytest.mark.parametrize("of", [1, 7, MOST, COUNT + 1])
def test_any_number_of_shares_gives_the_bytes_of_one_worker(tmp_path: Path, of: int, whole: dict[str, object]) -> None:
    with chain(tmp_path) as asked:
        numbers = list(range(of))
        random.Random(of).shuffle(numbers)
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(lambda number: observe_share(asked, file(), "toynet", Share(number, of)), numbers))
        assert not list(asked.lake.pointers(Balance))
        told = list(node().ASKED)
        assert len(told) == len(set(told)) == COUNT
        observe(asked, file(), "toynet")
        assert written(asked.lake) == whole
        again = node().ASKED[len(told) :]
        assert all(int(address[1:]) % 11 == 0 or int(address[1:]) % 13 == 0 for _, address in again)  # had no answer
        assert len(again) < COUNT // 4


def test_shares_of_which_some_never_ran_leave_the_rest_to_the_observation(
    tmp_path: Path, whole: dict[str, object]
) -> None:
    with chain(tmp_path) as asked:
        for number in (0, 3):
            observe_share(asked, file(), "toynet", Share(number, 5))
        assert len(node().ASKED) == 2 * COUNT // 5
        observe(asked, file(), "toynet")
        assert written(asked.lake) == whole


def test_a_share_that_fails_goes_on_where_it_was(tmp_path: Path, whole: dict[str, object]) -> None:
    with chain(tmp_path) as asked:
        observe_share(asked, file(), "toynet", Share(1, 2))
        left = sorted({f"a{n}" for n in range(1, COUNT + 1) if n % 4} - {address for _, address in node().ASKED})
        node().GONE.add(left[len(left) // 2])
        with pytest.raises(TransportError):
            observe_share(asked, file(), "toynet", Share(0, 2))
        node().GONE.clear()
        before = len(node().ASKED)
        observe_share(asked, file(), "toynet", Share(0, 2))
        assert 0 < len(node().ASKED) - before < COUNT // 2
        observe(asked, file(), "toynet")
        assert written(asked.lake) == whole


def test_an_account_that_did_not_answer_in_its_share_is_asked_for_again(
    tmp_path: Path, whole: dict[str, object]
) -> None:
    with chain(tmp_path) as asked:
        node().SLOW.add("a5")
        for number in range(3):
            observe_share(asked, file(), "toynet", Share(number, 3))
        node().SLOW.clear()
        observe(asked, file(), "toynet")
        assert written(asked.lake) == whole


@pytest.mark.parametrize(
    ("rows", "count"),
    [
        (0, 1), (5_999, 1), (6_000, 2), (6_001, 2), (9_000, 3), (95_999, MOST - 1), (96_000, MOST), (99_000, MOST),
        (10**9, MOST),
    ],
)  # fmt: skip
def test_a_share_takes_ten_seconds_or_there_are_fewer(rows: int, count: int) -> None:
    assert of_rows(rows) == count
    assert count == 1 or rows / count / shares.A_SECOND >= SECONDS


def test_what_is_worth_shares(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with chain(tmp_path) as asked:
        assert share_count(asked, file(), "toynet") == 1
        monkeypatch.setattr(shares, "A_SECOND", 1.0)
        assert share_count(asked, file(), "toynet") == COUNT // SECONDS
        stated = {"toynet": (ENDPOINT, replace(ENDPOINT, per_second=1_000.0))}
        assert share_count(replace(asked, endpoints=stated), file(), "toynet") == 1
        assert share_count(asked, replace(file(), content="observed_list"), "toynet") == 1
        assert share_count(replace(asked, recording=Recording.record(tmp_path / "kept")), file(), "toynet") == 1
        assert share_count(replace(asked, endpoints={}), file(), "toynet") == 1
        node().Client.__bases__ = (chains.OneByOne,)  # a chain of many accounts a question is read as a whole
        assert share_count(asked, file(), "toynet") == 1
        assert node().ASKED == []


@pytest.mark.parametrize("of", [1, 2, 7, MOST])
def test_every_place_is_in_one_share(of: int) -> None:
    places = np.arange(100)
    assert sum(Share(number, of).has(places).astype(int) for number in range(of)).tolist() == [1] * 100
    assert len({Share(number, of).name for number in range(of)}) == of


@pytest.mark.parametrize(("number", "of"), [(-1, 2), (2, 2), (0, 0)])
def test_no_share_is_none_of_them(number: int, of: int) -> None:
    with pytest.raises(ValueError, match="share"):
        Share(number, of)


@pytest.mark.parametrize(("workers", "rate"), [(1, 6.0), (2, 3.0), (3, 2.0), (10**9, 0.0001)])
def test_workers_together_keep_to_the_rate_of_an_endpoint(tmp_path: Path, workers: int, rate: float) -> None:
    of_all = {"toynet": (replace(ENDPOINT, per_second=6.0), ENDPOINT)}
    assert [place.per_second for place in run(tmp_path, endpoints=of_all, workers=workers).endpoints_of("toynet")] == [
        rate, None,
    ]  # fmt: skip

"""The suite of abilities is seen to fail: an honest client of a toy chain passes it, and each sloppy one does not."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from inspect import signature
from pathlib import Path

import pytest

from chains import stub, test_abilities
from chains.stub import Reply, Request, World, at
from chains.test_abilities import Node
from observation.toy import toy

FACE = '''
"""A chain of which the head is known, with the height at which each account last changed."""

from porlake import numbers
from porlake.chains import BlockRef, ByAccount, Family, Reading, Unread, first, parts, unchanged
from porlake.errors import BadAnswer, ChainError
from porlake.transport import Http


class Client(ByAccount):
    unchanged_since = True

    def __init__(self, network, endpoint, recording):
        self._http = Http(network.network, endpoint, recording)
        self._told = None

    def ping(self):
        return self._get("/head")

    def ready(self, at):
        self._told = self.head()

    def block(self, height):
        found = self._block(self._get(f"/block/{height}"))
        if found.height != height:
            raise ChainError(f"{self._http.host}: another block")
        return found

    def head(self):
        return self._block(self._get("/head"))

    def read_account(self, want, at):
        what, told = self._http.host, self._get(f"/account/{want.address}")
        if told.get("account") != want.address:
            raise BadAnswer(f"{what}: another account")
        stakes = [numbers.whole(one, what=what) for one in self._field(told, "stakes", list)]
        liquid, staked = numbers.whole(told.get("liquid"), what=what), sum(stakes)
        if numbers.whole(told.get("staked"), what=what) != staked:
            raise BadAnswer(f"{what}: its stakes are not their sum")
        seen = numbers.height(told.get("seen"), what=what)
        if not at.height <= seen <= self._told.height:
            raise BadAnswer(f"{what}: seen at another block")
        read = parts(want, {"liquid": liquid, "staked": staked}, self._told, "head", "toy", what)
        changed = numbers.height(told.get("changed"), what=what)
        return [unchanged(one, at, self._told, changed, "") for one in read]

    def _get(self, path):
        told = self._http.ask("GET", path).body
        if not isinstance(told, dict):
            raise BadAnswer(f"{self._http.host}: no object")
        if told.get("chain") != "toychain":
            raise ChainError(f"{self._http.host}: another chain")
        return told

    def _field(self, told, name, kind):
        if not isinstance(told.get(name), kind):
            raise BadAnswer(f"{self._http.host}: no {name}")
        return told[name]

    def _block(self, told):
        what = f"{self._http.host}: a block"
        height, moment = numbers.height(told.get("height"), what=what), numbers.moment(told.get("time"), what=what)
        return BlockRef(height, self._field(told, "hash", str), moment)


class Toy(Family):
    def open_client(self, network, endpoints, recording, *, beside=None, dump=None, tell=print):
        return Client(network, first(network, endpoints, recording), recording)


FAMILY = Toy()
'''
LARGE = 2**60 + 1


class Honest(World):
    network, height, head, absent, past = "toynet", 1_000, 1_200, "nobody", "unchanged"
    moment = datetime.fromtimestamp(1_700_000_000, UTC)
    held = {
        "TOY": {
            "rich": {"liquid": LARGE, "staked": 0, "total": LARGE},
            "staker": {"liquid": 5, "staked": 7, "total": 12},
            "late": {"liquid": 1, "staked": 0, "total": 1},
            "zero": {"liquid": 0, "staked": 0, "total": 0},
        }
    }
    now = {"TOY": {"late": {"liquid": 3, "staked": 0, "total": 3}}}
    rows = {"sweeps.csv": "network,window_seconds,note\ntoynet,600,made\n"}
    lies = {
        "wrong_chain": (at("chain", lambda _: "other"), "error"),
        "a block beside it": (at("height", lambda height: height + 1, path="/block/"), "error"),
        "another account": (at("account", lambda _: "rich"), "error"),
        "the head, as it was": (at("changed", lambda _: 1_100), "right"),
    }
    unseen: dict[str, str] = {}

    def answer(self, request: Request) -> Reply:
        match request.path.strip("/").split("/"):
            case ["head"]:
                return Reply({"chain": "toychain", "height": 1_200, "hash": "h", "time": 1_700_002_000})
            case ["block", height]:
                return Reply({"chain": "toychain", "height": int(height), "hash": "b", "time": 1_700_000_000})
            case ["account", name]:
                held = {**self.held["TOY"], **self.now["TOY"]}.get(name, {"liquid": 0, "staked": 0})
                stakes = [3, held["staked"] - 3] if held["staked"] else []
                return Reply({
                    "chain": "toychain", "account": name, "liquid": str(held["liquid"]), "staked": held["staked"],
                    "stakes": stakes, "changed": 1_100 if name == "late" else 1_000, "seen": 1_200,
                })  # fmt: skip
        raise ValueError(request.path)


TESTS: list[Callable[..., None]] = [
    test_abilities.test_the_world_is_worth_asking,
    test_abilities.test_blocks,
    test_abilities.test_balances_of_all_that_is_planted,
    test_abilities.test_the_total_comes_last_and_every_part_is_of_its_block,
    test_abilities.test_one_by_one_gives_what_all_at_once_gives,
    test_abilities.test_as_columns,
    test_abilities.test_a_chain_without_a_past_says_so_and_is_swept,
    test_abilities.test_what_it_says_of_the_past,
    test_abilities.test_a_number_that_is_none,
    test_abilities.test_a_field_that_is_missing,
    test_abilities.test_another_height_in_a_reply,
    test_abilities.test_the_chain_s_own_lies,
]
FAULTS: list[tuple[Callable[..., None], list[str]]] = [
    (test_abilities.test_one_bad_address_costs_that_address, ["refuses", "fails", "HTML"]),
    (test_abilities.test_a_whole_reply_that_is_no_answer, list(stub.WHOLE)),
    (test_abilities.test_a_list_that_is_not_the_one_asked_for, list(stub.LISTS)),
]


@contextmanager
def asked(folder: Path, *changes: tuple[str, str]) -> Iterator[Node]:
    face = FACE
    for old, new in changes:
        assert old in face, old
        face = face.replace(old, new)
    world = Honest()
    with toy(folder, face):
        for name, text in world.rows.items():
            (folder / "rows" / name).write_text(text)
        with stub.served(world) as server:
            yield Node(world, server)


def failing(node: Node, only: str = "") -> list[str]:
    """The tests of the suite that do not pass, of all or of one name, with all lies, however few another world is
    tried with.
    """
    found = []
    cases = [(test, ()) for test in TESTS] + [(test, (name,)) for test, names in FAULTS for name in names]
    for test, more in cases:
        if only not in ("", test.__name__):
            continue
        breadth = dict.fromkeys({"tries", "of_kinds"} & signature(test).parameters.keys(), 1000)
        try:
            test(node, *more, **breadth)
        except AssertionError:
            found.append(test.__name__)
    return sorted(set(found))


def test_an_honest_client_passes(tmp_path: Path) -> None:
    with asked(tmp_path / "toy") as node:
        assert failing(node) == []


SLOPPY = {
    "numbers are read by int": (
        [('numbers.whole(told.get("liquid"), what=what)', 'int(told.get("liquid"))')],
        "test_a_number_that_is_none",
    ),
    "a missing field is a zero": (
        [('numbers.whole(told.get("liquid"), what=what)', 'numbers.whole(told.get("liquid") or 0, what=what)')],
        "test_a_number_that_is_none",
    ),
    "fields are taken for granted": (
        [('numbers.whole(told.get("staked"), what=what)', 'numbers.whole(told["staked"], what=what)'),
         ('if told.get("account") != want.address', 'if told["account"] != want.address')],
        "test_a_field_that_is_missing",
    ),
    "now is said to be then": (
        [('"head", "toy", what)', '"exact", "toy", what)'), ("self._told, \"exact\"", "at, \"exact\"")],
        "test_balances_of_all_that_is_planted",
    ),
    "now is believed unchanged": (
        [('changed = numbers.height(told.get("changed"), what=what)', "changed = 0")],
        "test_what_it_says_of_the_past",
    ),
    "any chain will do": (
        [('if told.get("chain") != "toychain"', "if False")],
        "test_the_chain_s_own_lies",
    ),
    "any block will do": (
        [("if found.height != height", "if False")],
        "test_the_chain_s_own_lies",
    ),
    "any account will do": (
        [('if told.get("account") != want.address', "if False")],
        "test_the_chain_s_own_lies",
    ),
    "no sum is looked at": (
        [('if numbers.whole(told.get("staked"), what=what) != staked', "if False")],
        "test_a_list_that_is_not_the_one_asked_for",
    ),
    "a bad account ends it": (
        [("return [unchanged(one", "return self._all[one"), ("    def ready", "    def balances(self, wanted, at):\n"
          "        self.ready(at)\n        for want in wanted:\n            yield from self.read_account(want, at)\n\n"
          "    def ready"), ("self._all[one", "[unchanged(one")],
        "test_one_bad_address_costs_that_address",
    ),
    "evidence is hidden": (
        [("    unchanged_since = True\n", "")],
        "test_a_chain_without_a_past_says_so_and_is_swept",
    ),
    "no object is looked for": (
        [("if not isinstance(told, dict)", "if False")],
        "test_a_whole_reply_that_is_no_answer",
    ),
}  # fmt: skip


@pytest.mark.parametrize("sloppy", SLOPPY)
def test_a_sloppy_client_does_not(tmp_path: Path, sloppy: str) -> None:
    changes, caught_by = SLOPPY[sloppy]
    with asked(tmp_path / "toy", *changes) as node:
        assert failing(node, caught_by) == [caught_by]

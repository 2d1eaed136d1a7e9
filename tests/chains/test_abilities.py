"""What every family can, by one suite: each world of `tests/chains/<family>/world.py` goes through all of it.

The rule under every lie: a right number, a holding that is unread with a reason of reasons.csv, or ChainError or
TransportError; never a wrong number, another exception, a key in a text, a hang.
"""

from __future__ import annotations

import os
import random
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from chains import stub
from chains.stub import KEY, LISTS, WHOLE, Change, Reply, Request, Server, World
from porlake import chains, registry
from porlake.errors import ChainError, TransportError
from porlake.transport import Endpoint, Recording
from support import own_rows

HERE = Path(__file__).parent
WORLDS = sorted(path.parent.name for path in HERE.glob("*/world.py"))
#: Changed numbers and fields that one world is tried with, each time and by `make test-thorough`; drawn by a seed where
#: a world has more. PORLAKE_TESTS_TRIES=200 tries nearly all.
TRIES = 5 if os.environ.get("PORLAKE_TESTS_CHECK") else 8
MORE = int(os.environ.get("PORLAKE_TESTS_TRIES", "20"))
tried = pytest.mark.parametrize(
    "tries", [pytest.param(TRIES, id="some"), pytest.param(MORE, id="more", marks=pytest.mark.thorough)]
)
REASONS = {code for code, place in registry.load().reasons if place == "unobserved.reason"}
HANGS_AFTER = 60.0  # seconds


def world_of(family: str) -> World:
    found = import_module(f"chains.{family}.world").WORLD
    return found() if isinstance(found, type) else found


@dataclass
class Heard:
    """What one run gave before it ended: answers, and the error that ended it."""

    at: chains.BlockRef | None = None
    answers: list[chains.Reading | chains.Unread] = field(default_factory=list)
    error: BaseException | None = None


@dataclass
class Node:
    """A world's node, and the ways to ask it."""

    world: World
    server: Server
    _honest: list[tuple[Request, Reply]] = field(default_factory=list)

    def client(self, **more: Any) -> Any:
        bounds = {"pause": 0.0, "tries": 2, "timeout": 20.0, "in_flight": 8} | more
        network = registry.load().networks[self.world.network]
        return chains.open_client(network, Endpoint(self.server.endpoint_url, **bounds), Recording.off())

    def wanted(self) -> list[chains.Wanted]:
        """All that is planted, and the account that nobody used, asset by asset."""
        facts = registry.load()
        found = []
        for asset, held in self.world.held.items():
            token = facts.tokens[self.world.network, asset]
            found += [chains.Wanted(asset, token, address) for address in dict.fromkeys((*held, self.world.absent))]
        return found

    def ask(self, change: Change | None = None, wanted: Sequence[chains.Wanted] | None = None, **more: Any) -> Heard:
        """The block, then the balances asset by asset, as an observation asks for them."""
        heard, self.server.change = Heard(), change
        asked = self.wanted() if wanted is None else wanted

        def run() -> None:
            try:
                client = self.client(**more)
                heard.at = client.block(self.world.height)
                for asset in dict.fromkeys(want.asset for want in asked):
                    for answer in client.balances([want for want in asked if want.asset == asset], heard.at):
                        heard.answers.append(answer)
            except BaseException as error:  # noqa: BLE001 - judged by who asked
                heard.error = error

        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        thread.join(HANGS_AFTER)
        self.server.change = None
        assert not thread.is_alive(), "the client hangs"
        return heard

    def honest(self) -> list[tuple[Request, Reply]]:
        """The questions of one honest run, with the replies; of each kind the first."""
        if not self._honest:
            self.server.log.clear()
            heard = self.ask()
            assert heard.error is None, repr(heard.error)
            kinds = dict[str, tuple[Request, Reply]]()
            for request, reply in self.server.log:
                kinds.setdefault(self.world.kind_of(request), (request, reply))
            self._honest = list(kinds.values())
        return self._honest

    def check(self, heard: Heard, wanted: Sequence[chains.Wanted] | None = None) -> None:
        """The rule."""
        asked = {(want.asset, want.address) for want in (self.wanted() if wanted is None else wanted)}
        ended: list[tuple[str, str]] = []
        if heard.error is not None:
            assert isinstance(heard.error, ChainError | TransportError), repr(heard.error)
            assert KEY not in f"{heard.error} {heard.error!r}"
        for answer in heard.answers:
            holding = (answer.asset, answer.address)
            assert holding in asked, f"nobody asked for {holding}"
            assert KEY not in repr(answer)
            if isinstance(answer, chains.Unread):
                assert answer.reason in REASONS, answer
                ended.append(holding)
                continue
            assert heard.at is not None
            self._check_reading(answer, heard.at)
            if answer.component == chains.TOTAL:
                ended.append(holding)
        assert len(ended) == len(set(ended)), "a holding is answered twice"
        if heard.error is None:
            assert set(ended) == asked, f"not answered: {sorted(asked - set(ended))}"

    def _check_reading(self, read: chains.Reading, at: chains.BlockRef) -> None:
        world = self.world
        then = world.held.get(read.asset, {}).get(read.address, {chains.TOTAL: 0})
        now = world.now.get(read.asset, {}).get(read.address, then)
        assert read.as_of in ("exact", "head"), read
        held = then if read.as_of == "exact" else now
        assert read.raw == held.get(read.component, 0), f"a wrong number: {read}, not {held}"
        if read.as_of == "exact":
            assert read.block == at, f"exact at another block: {read}"
        assert (read.evidence is not None) == (read.method == "unchanged_since"), read
        if read.evidence is not None:
            assert read.as_of == "exact", read
            assert read.evidence.head.height >= world.height, read


@pytest.fixture(scope="module", params=WORLDS)
def node(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    world = world_of(request.param)
    with ExitStack() as stack:
        if world.rows:
            folder = tmp_path_factory.mktemp("rows")
            for name, text in world.rows.items():
                (folder / name).write_text(text)
            stack.enter_context(own_rows(folder))
        server = stack.enter_context(stub.served(world))
        yield Node(world, server)


@pytest.fixture(autouse=True)
def honest_again(node: Node) -> Iterator[None]:
    yield
    node.server.change, node.server.delay = None, 0.0


# --- an honest node ---------------------------------------------------------------------------------------------------
def test_the_world_is_worth_asking(node: Node) -> None:
    """A world without large amounts, a zero, late deposits or lies tests less than it says."""
    world = node.world
    amounts = [held[chains.TOTAL] for some in world.held.values() for held in some.values()]
    assert max(amounts) > 2**53, "no amount that a float would spoil"
    assert len(amounts) >= 3
    assert world.head > world.height
    assert world.past in ("", "exact", "unchanged", "head")
    if world.past != "exact":
        assert world.now, "no account that changed after the snapshot"
    assert all(why for why in world.unseen.values())
    for name, (_, expected) in world.lies.items():
        assert expected in ("error", "right") or expected in REASONS, name


def test_blocks(node: Node) -> None:
    client, world = node.client(), node.world
    found = client.block(world.height)
    assert found.height == world.height
    assert found.hash
    assert client.block(world.height) == found
    if world.moment is not None:
        assert found.moment == world.moment
    head = client.head()
    assert head.height == world.head
    if found.moment is not None:
        assert head.time > found.time
    if isinstance(client, chains.Final):
        assert world.height <= client.final() <= world.head
    assert not node.server.faults


def test_the_block_of_a_moment(node: Node) -> None:
    client, world = node.client(), node.world
    if world.moment is None or not isinstance(client, chains.ByMoment):
        pytest.skip("no blocks by moment")
    found = client.block_at(world.moment)
    assert found.height == world.height
    assert not node.server.faults


def test_balances_of_all_that_is_planted(node: Node) -> None:
    heard = node.ask()
    assert not node.server.faults, node.server.faults
    assert heard.error is None, repr(heard.error)
    node.check(heard)
    unread = [answer for answer in heard.answers if isinstance(answer, chains.Unread)]
    assert not unread
    found = {(one.asset, one.address, one.component): one.raw for one in heard.answers}
    for asset, held in node.world.held.items():
        changed = node.world.now.get(asset, {})
        for address, parts in held.items():
            if address not in changed:
                shown = {part: found.get((asset, address, part), 0) for part in parts}
                assert shown == dict(parts), f"{asset} at {address}"


def test_the_total_comes_last_and_every_part_is_of_its_block(node: Node) -> None:
    seen: dict[tuple[str, str], list[chains.Reading]] = {}
    for answer in node.ask().answers:
        assert isinstance(answer, chains.Reading)
        seen.setdefault((answer.asset, answer.address), []).append(answer)
    for parts in seen.values():
        assert parts[-1].component == chains.TOTAL
        assert len({one.component for one in parts}) == len(parts)
        assert len({one.source for one in parts}) == 1
        assert KEY not in parts[-1].source


def test_one_by_one_gives_what_all_at_once_gives(node: Node) -> None:
    def told(heard: Heard) -> dict[tuple[str, str, str], int]:
        return {(one.asset, one.address, one.component): one.raw for one in heard.answers if one.raw or one.component}

    whole = told(node.ask())
    single: dict[tuple[str, str, str], int] = {}
    for want in node.wanted():
        heard = node.ask(wanted=[want])
        node.check(heard, [want])
        single |= told(heard)
    assert single == whole


def test_as_columns(node: Node) -> None:
    client, world = node.client(), node.world
    at = client.block(world.height)
    for asset in world.held:
        wanted = [want for want in node.wanted() if want.asset == asset]
        form = chains.family(registry.load().networks[world.network]).accounts
        asked = chains.holdings(asset, wanted[0].token, [want.address for want in wanted], form)
        answered = 0
        for answer in client.readings(asked, at):
            assert isinstance(answer, chains.Readings)
            answered += len(answer.rows) if answer.component == chains.TOTAL else 0
        assert answered == len(asked)


def test_a_chain_without_a_past_says_so_and_is_swept(node: Node) -> None:
    """Its networks have rows in sweeps.csv; where evidence is shown the client says that it may be
    (`chains.Unchanged`).
    """
    facts, answers = registry.load(), [one for one in node.ask().answers if isinstance(one, chains.Reading)]
    if any(one.evidence is not None for one in answers):
        assert isinstance(node.client(), chains.Unchanged)
    if any(one.as_of == "head" for one in answers):
        family = facts.networks[node.world.network].client
        kin = {row.network for row in facts.networks.values() if row.client == family}
        assert not kin - facts.sweeps.keys(), "sweeps.csv lacks them"


def test_what_it_says_of_the_past(node: Node) -> None:
    """An account that changed after the snapshot is never exact by its balance of now."""
    if not node.world.past:
        pytest.skip("differs by asset")
    answers = [one for one in node.ask().answers if isinstance(one, chains.Reading) and one.component == chains.TOTAL]
    changed = {(asset, address) for asset, held in node.world.now.items() for address in held}
    for one in answers:
        late = (one.asset, one.address) in changed
        match node.world.past:
            case "exact":
                assert one.as_of == "exact", one
            case "head":
                assert one.as_of == "head", one
            case "unchanged":
                absent = one.address == node.world.absent
                assert absent or one.as_of == ("head" if late else "exact"), one


# --- one bad address among many ---------------------------------------------------------------------------------------
@pytest.mark.parametrize("fault", ["refuses", "fails", "HTML"])
def test_one_bad_address_costs_that_address(node: Node, fault: str) -> None:
    world, wanted = node.world, node.wanted()
    asset, held = max(world.held.items(), key=lambda some: len(some[1]))
    bad = list(held)[1]
    mine = [want for want in wanted if want.asset == asset]
    spoiled = 0
    whole = {"refuses": "400 with JSON", "fails": "500 with JSON", "HTML": "HTML"}[fault]

    def change(request: Request, reply: Reply) -> Reply:
        nonlocal spoiled
        if not world.mentions(request, bad):
            return reply
        spoiled += 1
        return WHOLE[whole](request, reply)

    heard = node.ask(change, mine, tries=1)
    assert spoiled, "no question was about the address: override World.mentions"
    assert heard.error is None, repr(heard.error)
    node.check(heard, mine)
    lost = {one.address for one in heard.answers if isinstance(one, chains.Unread)}
    assert lost == {bad}


# --- lies -------------------------------------------------------------------------------------------------------------
def passes(node: Node, change: Change, **more: Any) -> Heard:
    heard = node.ask(change, **more)
    node.check(heard)
    return heard


def kinds(node: Node) -> list[str]:
    return [node.world.kind_of(request) for request, _ in node.honest()]


def of_kind(node: Node, kind: str, change: Change) -> Change:
    world = node.world
    return lambda request, reply: change(request, reply) if world.kind_of(request) == kind else reply


def unseen(world: World, lie: str, where: str = "") -> bool:
    return bool({lie, f"{lie}:{where}", f"*:{where}"} & world.unseen.keys())


@pytest.mark.parametrize("of_kinds", [1, pytest.param(2, marks=pytest.mark.thorough)])
@pytest.mark.parametrize("lie", WHOLE)
def test_a_whole_reply_that_is_no_answer(node: Node, lie: str, of_kinds: int) -> None:
    """Of one kind of question, or two, and of all."""
    if unseen(node.world, lie):
        pytest.skip(node.world.unseen[lie])
    assert passes(node, WHOLE[lie], tries=1).error is not None
    for kind in sampled(kinds(node), of_kinds, lie):
        if not unseen(node.world, lie, kind):
            passes(node, of_kind(node, kind, WHOLE[lie]), tries=1)


@pytest.mark.parametrize("lie", ["429 with text", "503", "truncated", "HTML"])
def test_a_fault_that_is_over_at_the_next_try_costs_nothing(node: Node, lie: str) -> None:
    seen: set[bytes] = set()
    lock = threading.Lock()

    def change(request: Request, reply: Reply) -> Reply:
        with lock:
            again = request.text.encode() in seen
            seen.add(request.text.encode())
        return reply if again else WHOLE[lie](request, reply)

    if any(isinstance(request.body, dict | list) and "jsonrpc" in request.text for request, _ in node.honest()):

        def change(request: Request, reply: Reply) -> Reply:  # JSON-RPC counts its questions: each is another
            with lock:
                again = len(seen) % 2
                seen.add(len(seen).to_bytes(8, "big"))
            return reply if again else WHOLE[lie](request, reply)

    heard = passes(node, change, tries=8, in_flight=1)
    assert heard.error is None, repr(heard.error)
    assert not [one for one in heard.answers if isinstance(one, chains.Unread)]


def test_a_node_that_says_nothing_is_not_waited_for_for_ever(node: Node) -> None:
    last = kinds(node)[-1]
    change = of_kind(node, last, lambda request, reply: Reply(reply.body, silent=0.3))
    passes(node, change, timeout=0.1, tries=1)


def sampled(cases: Sequence[Any], most: int, seed: str = "14") -> list[Any]:
    return list(cases) if len(cases) <= most else random.Random(seed).sample(list(cases), most)


@tried
def test_a_number_that_is_none(node: Node, tries: int) -> None:
    """Each number of each kind of reply: true, null, a list, below zero, text, with an exponent, huge."""
    cases = []
    for request, reply in node.honest():
        kind, done = node.world.kind_of(request), set[str]()
        for path, value in stub.leaves(reply.body):
            where = stub.pattern(path)
            if stub.is_number(value) and where not in done:
                done.add(where)
                cases += [(kind, where, name) for name in stub.wrong_numbers(value)]
    assert cases
    for kind, where, name in sampled(cases, tries):
        if unseen(node.world, name, where):
            continue

        def spoil(value: Any, name: str = name) -> Any:
            return stub.wrong_numbers(value).get(name, value) if stub.is_number(value) else value

        _told(node, kind, where, name, lambda body, where=where, spoil=spoil: stub.changed(body, where, spoil))


@tried
def test_a_field_that_is_missing(node: Node, tries: int) -> None:
    """Whatever it means there (many APIs leave out a zero): no other exception, no key in a text."""
    cases = set[tuple[str, str]]()
    for request, reply in node.honest():
        for path, _ in stub.leaves(reply.body):
            names = [step for step in range(1, len(path) + 1) if isinstance(path[step - 1], str)]
            cases |= {(node.world.kind_of(request), stub.pattern(path[:step])) for step in names}
    for kind, where in sampled(sorted(cases), tries):
        change = of_kind(node, kind, lambda request, reply, w=where: stub.with_body(reply, stub.without(reply.body, w)))
        error = node.ask(change, tries=1).error
        if error is not None:
            assert isinstance(error, ChainError | TransportError), f"without {where} of {kind}: {error!r}"
            assert KEY not in f"{error} {error!r}"


@tried
@pytest.mark.parametrize("name", LISTS)
def test_a_list_that_is_not_the_one_asked_for(node: Node, name: str, tries: int) -> None:
    if unseen(node.world, name):
        pytest.skip(node.world.unseen[name])
    cases = []
    for request, reply in node.honest():
        found = {stub.pattern(path) for path, value in stub.leaves(reply.body) if isinstance(value, list) and value}
        cases += [(node.world.kind_of(request), where) for where in sorted(found)]
    for kind, where in sampled(cases, tries):
        if unseen(node.world, name, where):
            continue

        def spoil(value: Any) -> Any:
            return LISTS[name](value) if isinstance(value, list) and value else value

        _told(node, kind, where, name, lambda body, where=where, spoil=spoil: stub.changed(body, where, spoil))


def _told(node: Node, kind: str, where: str, name: str, change: Callable[[Any], Any]) -> None:
    """The rule under one change of a reply's JSON; what breaks it is named."""
    try:
        passes(node, of_kind(node, kind, lambda request, reply: stub.with_body(reply, change(reply.body))), tries=1)
    except AssertionError as error:
        raise AssertionError(f"{name} at {where or 'the whole'} of {kind}: {error}") from error


def test_another_height_in_a_reply(node: Node) -> None:
    """A node that answers for the block before or after, and says so."""
    height = node.world.height
    for kind in kinds(node):
        for other in (height - 1, height + 1):

            def moved(value: Any, other: int = other) -> Any:
                same = {height: other, str(height): str(other), hex(height): hex(other)}
                return same.get(value, value) if isinstance(value, int | str) and type(value) is not bool else value

            if not unseen(node.world, "other height", kind):
                change = of_kind(
                    node, kind, lambda request, reply, m=moved: stub.with_body(reply, stub.everywhere(reply.body, m))
                )
                passes(node, change, tries=1)


def test_another_chain(node: Node) -> None:
    """Every sign by which identities.csv knows the chain is another's."""
    if "wrong_chain" in node.world.lies:
        pytest.skip("the world has its own")
    identity = registry.load().identities.get(node.world.network)
    signs = [word.partition(":")[2] or word for word in identity.shows.split()] if identity else []
    assert any(sign in repr(reply.body) for sign in signs for _, reply in node.honest()), (
        "no honest reply shows a sign of identities.csv: give the world a lie `wrong_chain`"
    )

    def other(value: Any) -> Any:
        for sign in signs:
            if isinstance(value, str) and sign in value:
                return value.replace(sign, sign[::-1] if sign[::-1] != sign else "ab" * 32)
        return value

    heard = passes(node, lambda request, reply: stub.with_body(reply, stub.everywhere(reply.body, other)), tries=1)
    assert isinstance(heard.error, ChainError), repr(heard.error)
    assert not heard.answers


def test_the_chain_s_own_lies(node: Node) -> None:
    for name, (change, expected) in node.world.lies.items():
        honest = len(node.server.log)
        said: list[bool] = []

        def lie(request: Request, reply: Reply, change: Change = change, said: list[bool] = said) -> Reply:
            found = change(request, reply)
            said.append(found != reply)
            return found

        heard = node.ask(lie, tries=1)
        assert any(said), f"{name}: it was never told, in {len(node.server.log) - honest} replies"
        try:
            node.check(heard)
        except AssertionError as error:
            raise AssertionError(f"{name}: {error}") from error
        unread = [one.reason for one in heard.answers if isinstance(one, chains.Unread)]
        match expected:
            case "error":
                assert heard.error is not None or unread, f"{name}: nobody noticed"
            case "right":
                assert heard.error is None, f"{name}: {heard.error!r}"
                assert not unread, f"{name}: {unread}"
            case reason:
                assert reason in unread, f"{name}: {unread}, {heard.error!r}"


# --- completeness -----------------------------------------------------------------------------------------------------
def test_decimals_are_whole_where_the_chain_tells_them(node: Node) -> None:
    client = node.client()
    if not isinstance(client, chains.Decimals):
        pytest.skip("the chain does not tell")
    at = client.block(node.world.height)
    for want in {want.asset: want for want in node.wanted()}.values():
        if want.token.kind != "native":
            stated = client.decimals(want.token, at)
            assert stated is None or stated == want.token.decimals

"""Proofs of the bank's balances, by trees that are built here, and headers by the hash that CometBFT prints."""

from __future__ import annotations

import random
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest
from nacl.signing import SigningKey

from chains import stub
from chains.cosmos import world
from chains.cosmos.iavl import MODULES, Tree, coded, field, number, state
from chains.cosmos.world import EMPTY, HEIGHT, INJ, LARGE, LATE, NEVER, RICH, STAKER, USDT, WORLD, block
from chains.stub import Reply, Request, with_body
from porlake import chains, registry
from porlake.addresses import bech32 as form
from porlake.chains.cosmos import commit, proofs
from porlake.chains.cosmos import header as header_module
from porlake.chains.cosmos.header import HASHES, block_hash, header_of, root_of
from porlake.encoding.hashes import sha256
from porlake.errors import BadAnswer, ChainError, ProofFails, RequestFailed, TransportError, Unavailable
from porlake.transport import Endpoint, Recording

Lie = Callable[[Request, Reply], Reply]
TOKENS = {asset: registry.load().tokens["injective", asset] for asset in ("INJ", "USDT")}


def key_of(address: str, denom: str) -> bytes:
    return proofs.balance_key(form.parse(address, "injective").payload, denom)


def tree(*, as_coins: bool = False) -> Tree:
    """The bank at the snapshot: amounts as text, or as the coins of older versions; other keys of the module too."""
    held = {b"\x00supply": b"1", b"\x05params": b"{}"}
    for (address, denom), (raw, _) in world.BALANCES.items():
        digits = str(raw).encode()
        value = field(1, denom.encode()) + field(2, digits) if as_coins else digits
        held[key_of(address, denom)] = value
    return Tree(held)


# --- ICS-23 -----------------------------------------------------------------------------------------------------------
def told(bank: Tree, key: bytes, root_and_proof: tuple[bytes, bytes] | None = None) -> dict[str, Any]:
    """The answer of an abci_query."""
    _, modules = root_and_proof or state(bank)
    operations = [
        {"type": "ics23:iavl", "key": coded(key), "data": coded(bank.proof(key))},
        {"type": "ics23:simple", "key": coded(b"bank"), "data": coded(modules)},
    ]
    value = bank.held.get(key)
    return {
        "code": 0, "log": "", "index": "0", "key": coded(key), "value": coded(value) if value else None,
        "proof_ops": {"ops": operations}, "height": str(HEIGHT), "codespace": "",
    }  # fmt: skip


@pytest.mark.parametrize("as_coins", [False, True])
@pytest.mark.parametrize("denom", [INJ, USDT])
@pytest.mark.parametrize("address", [RICH, LATE, EMPTY, NEVER])
def test_a_balance_is_what_the_state_s_hash_shows(address: str, denom: str, as_coins: bool) -> None:
    bank, key = tree(as_coins=as_coins), key_of(address, denom)
    raw, _ = world.BALANCES.get((address, denom), (0, 0))
    assert proofs.balance(told(bank, key), key, denom, state(bank)[0], "host") == raw


@pytest.mark.parametrize("size", [1, 2, 3, 4, 5, 7, 8, 13])
def test_absence_is_shown_by_neighbours_alone(size: int) -> None:
    """Of each two keys of a tree: whether they adjoin."""
    keys = [bytes((2, place, 7)) for place in range(size)]
    some = Tree(dict.fromkeys(keys, b"x"))
    whole = [proofs.proof(field(1, some.existence(key))) for key in keys]
    for one, left in enumerate(whole):
        for other, right in enumerate(whole):
            assert isinstance(left, proofs.Existence)
            assert isinstance(right, proofs.Existence)
            between = proofs.Absence(left.key + b"\x00", left, right)
            if other == one + 1:
                proofs.absent(between, proofs.IAVL, some.root.hash)
            else:
                with pytest.raises(ProofFails):
                    proofs.absent(between, proofs.IAVL, some.root.hash)
        for alone, is_so in (
            (proofs.Absence(left.key + b"\x00", left, None), one == size - 1),
            (proofs.Absence(left.key[:2], None, left), one == 0),
        ):
            if is_so:
                proofs.absent(alone, proofs.IAVL, some.root.hash)
            else:
                with pytest.raises(ProofFails):
                    proofs.absent(alone, proofs.IAVL, some.root.hash)
    with pytest.raises(ProofFails, match="without a neighbour"):
        proofs.absent(proofs.Absence(b"\x01", None, None), proofs.IAVL, some.root.hash)


@pytest.mark.parametrize("place", [0, 1])
@pytest.mark.parametrize("address", [RICH, NEVER])
def test_no_changed_byte_of_a_proof_proves_another_amount(address: str, place: int) -> None:
    bank, key = tree(), key_of(address, INJ)
    root, honest, draw = state(bank)[0], told(bank, key), random.Random(7)
    data = proofs._decoded(honest["proof_ops"]["ops"][place]["data"])
    raw = LARGE if address == RICH else 0
    for at in range(len(data)):
        spoiled = bytearray(data)
        spoiled[at] ^= 1 << draw.randrange(8)
        operations = [dict(one) for one in honest["proof_ops"]["ops"]]
        operations[place]["data"] = coded(bytes(spoiled))
        try:
            found = proofs.balance(honest | {"proof_ops": {"ops": operations}}, key, INJ, root, "host")
        except ProofFails:
            continue
        assert found == raw, at


def spoiled(change: Callable[[dict[str, Any]], Any]) -> dict[str, Any]:
    answer = told(tree(), key_of(RICH, INJ))
    change(answer)
    return answer


@pytest.mark.parametrize(
    "answer",
    [
        spoiled(lambda answer: answer.update(value=coded(b"5"))),
        spoiled(lambda answer: answer.update(value=None)),
        spoiled(lambda answer: answer.update(proof_ops=None)),
        spoiled(lambda answer: answer["proof_ops"]["ops"].pop()),
        spoiled(lambda answer: answer["proof_ops"]["ops"].reverse()),
        spoiled(lambda answer: answer["proof_ops"]["ops"][0].update(data="?")),
        spoiled(lambda answer: answer["proof_ops"]["ops"][0].update(data=coded(b"\x1a\x00"))),
        told(tree(), key_of(RICH, USDT)),
        told(tree(), key_of(NEVER, INJ)),
        told(Tree({key_of(RICH, INJ): b"5"}), key_of(RICH, INJ), state(tree())),
    ],
)
def test_what_does_not_lead_to_the_state_proves_nothing(answer: dict[str, Any]) -> None:
    with pytest.raises(ProofFails):
        proofs.balance(answer, key_of(RICH, INJ), INJ, state(tree())[0], "host")


def test_another_state_of_the_same_bank_is_another_root() -> None:
    bank, key = tree(), key_of(RICH, INJ)
    with pytest.raises(ProofFails, match="another state"):
        proofs.balance(told(bank, key), key, INJ, sha256(b"other"), "host")


@pytest.mark.parametrize("value", [b"", b"-5", b"5.0", b"1e3", field(1, b"other") + field(2, b"5"), b"9" * 60])
def test_a_proved_value_that_is_no_amount_of_it(value: bytes) -> None:
    key = key_of(RICH, INJ)
    bank = Tree(dict(tree().held) | {key: value})
    with pytest.raises(ProofFails):
        proofs.balance(told(bank, key), key, INJ, state(bank)[0], "host")


def test_nodes_that_no_such_tree_has() -> None:
    proved = proofs.proof(field(1, tree().existence(key_of(RICH, INJ))))
    assert isinstance(proved, proofs.Existence)
    first = proved.path[0]
    for bad in (
        replace(proved, leaf=b"\x01" + proved.leaf),
        replace(proved, leaf=proved.leaf + b"\x00"),
        replace(proved, key=b""),
        replace(proved, path=proved.path * 40),
        replace(proved, path=(replace(first, prefix=b"\x00" + first.prefix), *proved.path[1:])),
        replace(proved, path=(replace(first, suffix=first.suffix + bytes(33)), *proved.path[1:])),
        replace(proved, path=(replace(first, prefix=first.prefix[:-1]), *proved.path[1:])),
        replace(proved, path=proved.path[::-1]),
        replace(proved, path=(first, first)),  # as low as the one below it
    ):
        with pytest.raises(ProofFails):
            proofs.root_by(bad, proofs.IAVL)


@pytest.mark.parametrize("missing", [1, 3, 4, 5])
def test_a_leaf_that_does_not_say_how_it_is_hashed(missing: int) -> None:
    """Fields of protobuf that are left out are zero."""
    parts = {1: number(1, 1), 3: number(3, 1), 4: number(4, 1), 5: field(5, b"\x00\x02\x02")}
    leaf = b"".join(part for place, part in parts.items() if place != missing)
    whole = proofs._existence(field(1, b"k") + field(2, b"v") + field(3, leaf)) if missing == 5 else None
    if whole is None:
        with pytest.raises(ProofFails, match="hashed otherwise"):
            proofs._existence(field(1, b"k") + field(2, b"v") + field(3, leaf))
    else:
        with pytest.raises(ProofFails, match="begins as no leaf"):
            proofs.root_by(whole, proofs.IAVL)


# --- headers ----------------------------------------------------------------------------------------------------------
def header(**other: Any) -> dict[str, Any]:
    """That of CometBFT's own test (types/block_test.go: TestHeaderHash)."""
    hashes = {name: coded(sha256(name.encode())) for name in HASHES}
    nobody = coded(bytes(32))
    return {
        "version": {"block": "1", "app": "2"}, "chain_id": "chainId", "height": "3", "time": "2019-10-13T16:14:44Z",
        "last_block_id": {"hash": nobody, "part_set_header": {"total": 6, "hash": nobody}},
        "proposer_address": coded(sha256(b"proposer_address")[:20]),
    } | hashes | other  # fmt: skip


def test_a_header_hashes_as_cometbft_says() -> None:
    expected = "f740121f553b5418c3efbd343c2dbfe9e007bb67b0d020a0741374bab65242a4"
    assert block_hash(header_of(header(), "x")).hex() == expected


@pytest.mark.parametrize(
    ("name", "value"),
    [("time", "2019-10-13T16:14:44.000000001Z"), ("height", "4"), ("chain_id", "chainIe"),
     ("app_hash", coded(b"x" * 32)), ("proposer_address", coded(b"x" * 20)),
     ("version", {"block": "1"}), ("evidence_hash", "")],
)  # fmt: skip
def test_every_field_is_in_the_hash(name: str, value: Any) -> None:
    assert block_hash(header_of(header(**{name: value}), "x")) != block_hash(header_of(header(), "x"))


@pytest.mark.parametrize(
    ("name", "value"),
    [("time", "yesterday"), ("height", 3.5), ("chain_id", None), ("app_hash", "?"), ("version", 1),
     ("last_block_id", None), ("last_block_id", {"part_set_header": 7}), ("proposer_address", 9)],
)  # fmt: skip
def test_a_header_of_another_form(name: str, value: Any) -> None:
    with pytest.raises(BadAnswer):
        header_of(header(**{name: value}), "x")


@pytest.mark.parametrize(
    ("left_out", "written"),
    [
        ({"version": {}}, {"version": {"block": "0", "app": 0}}),
        (
            {"last_block_id": {"hash": ""}},
            {"last_block_id": {"hash": None, "part_set_header": {"total": 0, "hash": ""}}},
        ),
        ({"last_block_id": {"parts": {"total": 6}}}, {"last_block_id": {"part_set_header": {"total": 6}}}),
    ],
)
def test_what_a_header_leaves_out_is_zero(left_out: dict[str, Any], written: dict[str, Any]) -> None:
    one, other = (block_hash(header_of(header(**some), "x")) for some in (left_out, written))
    assert one == other


def test_the_root_of_no_leaves_and_of_one() -> None:
    """RFC 6962, section 2.1."""
    assert root_of([]) == sha256(b"")
    assert root_of([b"a"]) == sha256(b"\x00a")
    halves = root_of([b"a", b"b"]), root_of([b"c"])
    assert root_of([b"a", b"b", b"c"]) == sha256(b"\x01" + halves[0] + halves[1])


# --- the client -------------------------------------------------------------------------------------------------------
SIGNERS = [SigningKey(sha256(b"validator %d" % place)) for place in range(4)]
POWERS = [40, 30, 20, 10]


class Proving(WORLD):
    """The small world with headers that hash to their names, validators who agree, and a bank that proves. `signs`:
    which of them signed the block after the snapshot's.
    """

    def __init__(self, signs: Collection[int] = (0, 1)) -> None:
        self.bank, self.signs = tree(), signs
        self.root, self.modules = state(self.bank)
        self.validators = [
            commit.Validator(bytes(key.verify_key), power) for key, power in zip(SIGNERS, POWERS, strict=True)
        ]

    def answer(self, request: Request) -> Reply:
        if request.path.endswith("/abci_query"):
            assert request.query["path"] == "/store/bank/key"
            assert (request.query["height"], request.query["prove"]) == (str(HEIGHT), "true")
            key = proofs._decoded(request.query["data"])
            return Reply(told(self.bank, key, (self.root, self.modules)))
        if request.path.endswith(f"/validatorsets/{HEIGHT + 1}"):
            first, page = int(request.query["pagination.offset"]), 3  # a node may give less than is asked for
            return Reply(self.validator_set(first, first + page))
        if request.path.endswith(tuple(f"/blocks/{HEIGHT + more}" for more in range(3))):
            return Reply(self.block(int(request.path.rpartition("/")[2])))
        return super().answer(request)

    def validator_set(self, first: int, end: int) -> dict[str, Any]:
        rows = [
            {"address": "injvalcons1", "voting_power": str(one.power), "proposer_priority": "-5",
             "pub_key": {"@type": "/cosmos.crypto.ed25519.PubKey", "key": coded(one.key)}}
            for one in self.validators
        ]  # fmt: skip
        pages = {"next_key": None, "total": str(len(rows))}
        return {"block_height": str(HEIGHT + 1), "validators": rows[first:end], "pagination": pages}

    def block(self, height: int) -> dict[str, Any]:
        found = block(height)
        last = self.block(height - 1)["block_id"] if height > HEIGHT else found["block_id"]
        after = coded(self.root) if height == HEIGHT + 1 else coded(sha256(b"another"))
        following = coded(commit.hash_of(self.validators)) if height == HEIGHT else coded(sha256(b"others"))
        written = header(**found["block"]["header"], last_block_id=last, app_hash=after, next_validators_hash=following)
        parts = found["block_id"]["part_set_header"]
        name = {"hash": coded(block_hash(header_of(written, "x"))), "part_set_header": parts}
        made = self.commit(last) if height == HEIGHT + 2 else {}
        return {"block_id": name, "block": {"header": written, "last_commit": made}}

    def commit(self, named: dict[str, Any]) -> dict[str, Any]:
        parts, when = named["part_set_header"], "2026-10-01T16:00:01.000000005Z"
        time = header_module.time_of(when, "x")
        named_hash, parts_hash = proofs._decoded(named["hash"]), proofs._decoded(parts["hash"])
        message = commit.sign_bytes(world.CHAIN, HEIGHT + 1, 1, named_hash, parts["total"], parts_hash, time)
        signatures = [
            {"block_id_flag": "BLOCK_ID_FLAG_COMMIT" if place in self.signs else "BLOCK_ID_FLAG_ABSENT",
             "validator_address": "", "timestamp": when,
             "signature": coded(key.sign(message).signature) if place in self.signs else None}
            for place, key in enumerate(SIGNERS)
        ]  # fmt: skip
        return {"height": str(HEIGHT + 1), "round": 1, "block_id": named, "signatures": signatures}


@contextmanager
def proved(
    change: Lie | None = None, signs: Collection[int] = (0, 1), **held: dict[str, int]
) -> Iterator[list[chains.Outcome]]:
    """What becomes of holdings: {asset: {address: what was read}}."""
    with stub.served(Proving(signs)) as server:
        endpoint = Endpoint(server.endpoint_url, pause=0.0, tries=1)
        client = chains.open_client(registry.load().networks["injective"], endpoint, Recording.off())
        assert isinstance(client, chains.Proves)
        assert all(client.provable(token) for token in TOKENS.values())
        at, server.change = client.block(HEIGHT), change
        asked = [
            (chains.Wanted(asset, TOKENS[asset], address), raw)
            for asset, some in held.items()
            for address, raw in some.items()
        ]
        yield list(client.prove(asked, at))
        assert not server.faults


def test_what_was_read_is_proved_or_contradicted() -> None:
    with proved(USDT={RICH: LARGE, LATE: 8, NEVER: 0, EMPTY: 1, STAKER: 3}) as outcomes:
        reasons = {outcome.address: outcome.reason for outcome in outcomes}
    assert reasons == {RICH: "", LATE: "", NEVER: "", EMPTY: "proof_differs", STAKER: "proof_differs"}


def test_of_a_holding_with_stakes_nothing_is_said() -> None:
    """The bank proves its part of a coin alone; a total that is no sum of its parts is contradicted all the same."""
    with proved(INJ={RICH: LARGE, STAKER: 72, EMPTY: 0}) as outcomes:
        assert {outcome.address: outcome.reason for outcome in outcomes} == {RICH: "", EMPTY: ""}
    with proved(INJ={STAKER: 73}) as (outcome,):
        assert outcome.reason == "proof_differs"


def answers(where: str, change: Callable[[Any], Any]) -> Lie:
    return lambda request, reply: with_body(reply, change(reply.body)) if where in request.path else reply


@pytest.mark.parametrize(
    "lie",
    [
        answers("/abci_query", lambda body: body | {"value": coded(b"5")}),
        answers("/abci_query", lambda body: body | {"height": str(HEIGHT + 1)}),
        answers("/abci_query", lambda body: body | {"proof_ops": {"ops": []}}),
    ],
)
def test_a_proof_that_does_not_hold_is_an_outcome(lie: Lie) -> None:
    with proved(lie, USDT={RICH: LARGE}) as (outcome,):
        assert outcome.reason == "proof_fails"


def renamed(body: dict[str, Any]) -> dict[str, Any]:
    return {"block_id": {"hash": coded(sha256(b"x"))}, "block": body["block"]}


def with_root(body: dict[str, Any]) -> dict[str, Any]:
    return body | {"block": {"header": body["block"]["header"] | {"app_hash": coded(sha256(b"made"))}}}


def of_another_parent(body: dict[str, Any]) -> dict[str, Any]:
    """A header that hashes to its name, but follows another block."""
    written = body["block"]["header"] | {"last_block_id": {"hash": coded(sha256(b"other")), "part_set_header": {}}}
    return {"block_id": {"hash": coded(block_hash(header_of(written, "x")))}, "block": {"header": written}}


def invented(body: dict[str, Any]) -> dict[str, Any]:
    """A next block of the node's own making, right in itself: nobody else signed it."""
    written = body["block"]["header"] | {"app_hash": coded(sha256(b"made"))}
    return {"block_id": {"hash": coded(block_hash(header_of(written, "x")))}, "block": {"header": written}}


@pytest.mark.parametrize("lie", [renamed, with_root, of_another_parent, invented])
def test_a_state_that_the_block_does_not_lead_to(lie: Callable[[Any], Any]) -> None:
    with pytest.raises(ChainError), proved(answers(f"/blocks/{HEIGHT + 1}", lie), USDT={RICH: LARGE}):
        pass


@pytest.mark.parametrize(
    ("signs", "enough"), [((0, 1), True), ((0, 2), False), ((0, 2, 3), True), ((1, 2, 3), False), ((), False)]
)
def test_more_than_two_thirds_of_the_power_must_have_signed(signs: Collection[int], enough: bool) -> None:
    if enough:
        with proved(signs=signs, USDT={RICH: LARGE}) as (outcome,):
            assert not outcome.reason
    else:
        with pytest.raises(ChainError, match="of the power signed"), proved(signs=signs, USDT={RICH: LARGE}):
            pass


@pytest.mark.parametrize(("power", "enough"), [(66, False), (67, True), (68, True)])
def test_two_thirds_are_not_enough(power: int, enough: bool) -> None:
    """Of 99 or 100: 66 of 99 are two thirds."""
    key, other = SIGNERS[:2]
    powers = power, 99 - power + enough
    some = [commit.Validator(bytes(one.verify_key), raw) for one, raw in zip((key, other), powers, strict=True)]
    made = {"signature": coded(key.sign(commit.sign_bytes("x", 5, 0, b"h" * 32, 0, b"", (1, 0))).signature)}
    signed = made | {"block_id_flag": commit.SIGNED, "timestamp": "1970-01-01T00:00:01Z"}
    told_ = {"height": "5", "round": 0, "block_id": {"hash": coded(b"h" * 32)}, "signatures": [signed, {}]}
    if enough:
        commit.check(told_, "x", 5, b"h" * 32, some, "x")
    else:
        with pytest.raises(ChainError, match="of the power"):
            commit.check(told_, "x", 5, b"h" * 32, some, "x")


def test_what_a_validator_signs_is_cometbft_s() -> None:
    """types/vote_test.go: TestVoteSignBytesTestVectors, a vote of height 1 and round 1 at the first moment of Go."""
    expected = "210802" + "11" + "01" + "00" * 7 + "19" + "01" + "00" * 7 + "2a0b088092b8c398feffffff01"
    assert commit.sign_bytes("", 1, 1, b"", 0, b"", (-62135596800, 0)).hex() == expected


def test_what_a_validator_signs_of_a_block() -> None:
    """proto/tendermint/types/canonical.proto, written out."""
    parts = "0a20" + "aa" * 32 + "1224" + "0803" + "1220" + "bb" * 32
    body = "0802" + "11" + "0500000000000000" + "22" + f"{len(parts) // 2:02x}" + parts
    body += "2a04" + "0807" + "1009" + "3205" + b"chain".hex()
    found = commit.sign_bytes("chain", 5, 0, b"\xaa" * 32, 3, b"\xbb" * 32, (7, 9))
    assert found.hex() == f"{len(body) // 2:02x}" + body


@pytest.mark.parametrize("data", ["0a05" + "61" * 4, "0a", "ff" * 11, "0d01020304", "8a"])
def test_what_is_no_protobuf_message(data: str) -> None:
    """A field that is cut short, a number that does not end, a field of 32 bits."""
    with pytest.raises(ProofFails):
        list(proofs.fields(bytes.fromhex(data)))


def each(name: str, change: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda body: body | {"validators": [row | {name: change(row[name])} for row in body["validators"]]}


@pytest.mark.parametrize(
    "lie",
    [
        each("voting_power", lambda power: "1"),
        each("pub_key", lambda key: key | {"key": coded(b"k" * 32)}),
        each("pub_key", lambda key: key | {"key": coded(b"k" * 31)}),
        each("pub_key", lambda key: key | {"@type": "/cosmos.crypto.secp256k1.PubKey"}),
        lambda body: body | {"validators": body["validators"][::-1]},
        lambda body: body | {"validators": []},
        lambda body: body | {"block_height": "7"},
    ],
)
def test_validators_whom_the_block_does_not_name(lie: Callable[[Any], Any]) -> None:
    with pytest.raises((ChainError, BadAnswer)), proved(answers("/validatorsets/", lie), USDT={RICH: LARGE}):
        pass


@pytest.mark.parametrize(
    "change",
    [
        lambda made: {},
        lambda made: made | {"height": "7"},
        lambda made: made | {"block_id": {"hash": coded(b"h" * 32)}},
        lambda made: made | {"round": 2},
        lambda made: made | {"signatures": made["signatures"][:-1]},
        lambda made: made | {"signatures": made["signatures"][::-1]},
        lambda made: made | {"signatures": None},
        lambda made: made | {"signatures": [7] * 4},
        lambda made: made | {"signatures": [one | {"signature": "?"} for one in made["signatures"]]},
        lambda made: made | {"signatures": [one | {"timestamp": "2026-10-01T16:00:02Z"} for one in made["signatures"]]},
    ],
)
def test_a_commit_that_is_none(change: Callable[[Any], Any]) -> None:
    def lie(body: dict[str, Any]) -> dict[str, Any]:
        return body | {"block": body["block"] | {"last_commit": change(body["block"]["last_commit"])}}

    with pytest.raises((ChainError, BadAnswer)), proved(answers(f"/blocks/{HEIGHT + 2}", lie), USDT={RICH: LARGE}):
        pass


def test_a_node_without_proofs_says_so() -> None:
    """As store/rootmulti does; the number is of the codespace that it names, and 4 there is no time that ran out."""
    text = "proof is unexpectedly empty; ensure height has not been pruned: invalid request"
    for code, log, error in ((7, text, Unavailable), (4, "unauthorized", RequestFailed)):
        gone = {"code": code, "log": log, "height": "0"}
        with pytest.raises(error), proved(answers("/abci_query", lambda body, gone=gone: gone), USDT={RICH: LARGE}):
            pass
    with pytest.raises(TransportError), proved(answers("/abci_query", lambda body: []), USDT={RICH: LARGE}):
        pass


def test_the_modules_of_a_state_stand_in_their_order() -> None:
    assert list(MODULES) == sorted(MODULES)

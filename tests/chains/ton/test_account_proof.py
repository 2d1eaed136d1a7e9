"""Proofs of accounts, from the hash of a masterchain block down, against pytoniq-core and against liars."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from pytoniq_core import Address
from pytoniq_core import Cell as Oracle
from pytoniq_core.proof.check_proof import ProofError, check_account_proof
from pytoniq_core.tl import BlockIdExt
from pytoniq_core.tlb.account import Account
from pytoniq_core.tlb.block import ShardDescr
from pytoniq_core.tlb.utils import deserialize_shard_hashes

from chains import stub
from chains.stub import Reply, Request
from chains.ton import trees
from chains.ton import world as index
from chains.ton_bridge import world
from chains.ton_bridge.world import COINS, LATE, NEVER, RICH, UPPER, parsed, proved
from porlake import chains, registry
from porlake.chains.ton import account_proof
from porlake.chains.ton.cells import Cell, Slice
from porlake.encoding.hashes import sha256
from porlake.errors import ChainError, ProofFails, TransportError
from porlake.transport import Endpoint, Recording

TON = registry.load().tokens["ton", "TON"]


def held(address: str, told: dict[str, str], at: int = 0) -> account_proof.Held | None:
    bags = (bytes.fromhex(told[name]) for name in ("shard_proof", "proof", "state"))
    return account_proof.held(*parsed(address), world.master_block(at).hash(), *bags)


@pytest.mark.parametrize("at", [0, 1])
@pytest.mark.parametrize("address", COINS)
def test_what_an_account_held_is_proved(address: str, at: int) -> None:
    found = held(address, proved(at, address), at)
    assert found is not None
    assert found.raw == COINS[address][at]


def test_that_an_account_was_not_there_is_proved() -> None:
    assert held(NEVER, proved(0, NEVER)) is None


@pytest.mark.parametrize("address", [RICH, LATE, UPPER])
def test_pytoniq_takes_the_same_proofs(address: str) -> None:
    told, (_, digest) = proved(0, address), parsed(address)
    shard = world.shard_block(0, world.shard_of(address)).hash()
    named = BlockIdExt(0, -(2**63), 9, shard, bytes(32))
    (state,) = Oracle.from_boc(bytes.fromhex(told["state"]))
    check_account_proof(bytes.fromhex(told["proof"]), named, Address((0, digest)), state)
    assert Account.deserialize(state.begin_parse()).storage.balance.grams == COINS[address][0]
    other = BlockIdExt(0, -(2**63), 9, sha256(b"other"), bytes(32))
    with pytest.raises(ProofError):
        check_account_proof(bytes.fromhex(told["proof"]), other, Address((0, digest)), state)


def test_pytoniq_finds_the_same_shards() -> None:
    (_, extra) = account_proof._state_parts(world.master_state(0, RICH))
    assert extra is not None
    bits = Oracle.one_from_boc(trees.bag(extra)).begin_parse()
    bits.load_bytes(2)
    halves = deserialize_shard_hashes(bits)[0].list
    assert all(isinstance(half, ShardDescr) for half in halves)
    assert [half.root_hash for half in halves] == [world.shard_block(0, shard).hash() for shard in (0, 1)]


# --- liars ------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("name", ["shard_proof", "proof", "state"])
@pytest.mark.parametrize("address", [LATE, NEVER])
def test_no_changed_byte_proves_another_amount(address: str, name: str) -> None:
    told, draw = proved(0, address), random.Random(7)
    data = bytes.fromhex(told[name])
    for at in range(len(data)):
        changed = bytearray(data)
        changed[at] ^= 1 << draw.randrange(8)
        try:
            found = held(address, told | {name: changed.hex()})
        except ProofFails:
            continue
        assert (found.raw if found else 0) == (100 if address == LATE else 0), at


@pytest.mark.parametrize(
    "told",
    [
        proved(1, LATE),
        proved(0, UPPER),
        proved(0, LATE) | {"state": proved(0, UPPER)["state"]},
        proved(0, LATE) | {"state": proved(1, LATE)["state"]},
        proved(0, LATE) | {"state": ""},
        proved(0, LATE) | {"shard_proof": proved(1, LATE)["shard_proof"]},
        proved(0, LATE) | {"proof": proved(1, LATE)["proof"]},
        proved(0, LATE) | {"proof": proved(0, LATE)["shard_proof"]},
        proved(0, LATE) | {"shard_proof": ""},
        proved(0, LATE) | {"proof": trees.bag(world.master_block(0)).hex()},
        proved(0, LATE) | {"proof": trees.bag(world.master_block(0), world.master_block(0)).hex()},
        proved(0, NEVER) | {"state": proved(0, LATE)["state"]},
    ],
)
def test_what_does_not_lead_to_the_account(told: dict[str, str]) -> None:
    with pytest.raises(ProofFails):
        held(LATE, told)


def test_what_was_cut_off_is_not_absent() -> None:
    """A proof of another account of the shard, in which the way to this one is hidden."""
    with pytest.raises(ProofFails, match="cut off"):
        held(RICH, proved(0, LATE) | {"state": ""})
    shard = trees.block(hidden := trees.state(0, trees.pruned(trees.cell("1"))))
    pair = world.pair(shard, hidden)
    with pytest.raises(ProofFails, match="cut off"):
        account_proof._account_hash(account_proof._state_after(shard.hash(), pair), bytes(32))


def test_a_shard_s_state_without_accounts() -> None:
    block = trees.block(empty := trees.state(0, None))
    shown = account_proof._state_after(block.hash(), world.pair(block, empty))
    assert account_proof._account_hash(shown, bytes(32)) is None


def single(content: Cell) -> Cell:
    """A shard's state of one account, that of zeros."""
    return trees.state(0, trees.dictionary({0: trees.shard_account(content)}, 256, None, trees.AUGMENTED))


@pytest.mark.parametrize(
    ("content", "raw"),
    [
        (trees.cell("0"), 0),  # account_none
        (trees.account(0, bytes(32), 5), 5),
        (trees.account(0, bytes(32), 2**119, trees.cell("1"), storage_dictionary=True), 2**119),
    ],
)
def test_accounts_of_every_form(content: Cell, raw: int) -> None:
    assert account_proof._read_account(content, 0, bytes(32)).raw == raw
    assert account_proof._account_hash(single(content), bytes(32)) == content.hash()


STORAGE = trees.bits((1, 3), (9, 8), (2, 3), (700, 16)) + "000" + trees.bits((1_790_000_000, 32))
TIME = trees.bits((50_000_000_000_001, 64))


@pytest.mark.parametrize("due", ["0", "1" + trees.coins(2**40)])
@pytest.mark.parametrize("other", ["0", "1"])
@pytest.mark.parametrize(
    ("state", "code", "has_data"),
    [
        ("00", False, False),  # uninit
        ("01" + trees.hexed(bytes(32)), False, False),  # frozen
        ("1" + "0" + "0" + "0" + "0" + "0", False, False),
        ("1" + "0" + "0" + "0" + "1" + "0", False, True),
        ("1" + "0" + "0" + "1" + "1" + "0", True, True),
        ("1" + "1" + "10110" + "1" + "01" + "1" + "1" + "0", True, True),  # split depth, tick and tock
    ],
)
def test_states_of_every_form(due: str, other: str, state: str, code: bool, has_data: bool) -> None:
    """What may stand beside an account's coins, and before its data; other currencies come first."""
    currencies, program, data = (trees.cell(trees.bits((place, 32))) for place in (1, 2, 3))
    below = [currencies] * (other == "1") + [program] * code + [data] * has_data
    content = "1" + trees.addr_std(0, bytes(32)) + STORAGE + due + TIME + trees.coins(777) + other + state
    found = account_proof._read_account(trees.cell(content, below), 0, bytes(32))
    assert found.raw == 777
    assert (found.data.hash() if found.data else None) == (data.hash() if has_data else None)


def test_storage_of_no_known_form() -> None:
    """Of the three bits before a dictionary's hash one is used."""
    storage = trees.bits((1, 3), (9, 8), (2, 3), (700, 16)) + "010" + trees.bits((7, 256), (1, 32))
    content = "1" + trees.addr_std(0, bytes(32)) + storage + "0" + TIME + trees.coins(777) + "0" + "00"
    with pytest.raises(ProofFails, match="storage"):
        account_proof._read_account(trees.cell(content), 0, bytes(32))


@pytest.mark.parametrize(("depth", "prefix"), [(1, 1), (5, 0b10101), (30, 2**29 + 5)])
def test_an_address_whose_beginning_was_rewritten(depth: int, prefix: int) -> None:
    """addr_std with anycast: the first bits of the hash are those of the prefix."""
    digest = int.from_bytes(bytes(range(32)), "big")
    written = "101" + trees.bits((depth, 5), (prefix, depth), (-1, 8), (digest, 256))
    workchain, found = account_proof.address(Slice(trees.cell(written)))
    assert workchain == -1
    expected = f"{prefix:0{depth}b}" + f"{digest:0256b}"[depth:]
    assert f"{int.from_bytes(found, 'big'):0256b}" == expected


def test_an_account_in_a_leaf_beside_other_currencies() -> None:
    """What all accounts below hold stands before the account, with a reference of its own."""
    held = trees.account(0, bytes(32), 5)
    leaf = trees.bits((0, 5)) + trees.coins(9) + "1" + trees.bits((3, 256), (1, 64))
    state = trees.state(0, trees.dictionary({0: (leaf, [trees.cell("1"), held])}, 256, None, trees.AUGMENTED))
    assert account_proof._account_hash(state, bytes(32)) == held.hash()


@pytest.mark.parametrize("workchain", [0, 5, -2])
@pytest.mark.parametrize(("digest", "place"), [("00", 0), ("3f", 0), ("40", 1), ("7f", 1), ("80", 2), ("ff", 2)])
def test_shards_of_different_depth(workchain: int, digest: str, place: int) -> None:
    """Two quarters and a half."""
    leaves = [trees.shard_descr(sha256(b"%d" % number)) for number in range(3)]
    tree = trees.cell("1", [trees.cell("1", leaves[:2]), leaves[2]])
    state = trees.state(-1, None, trees.master_extra(tree, workchain))
    key = bytes.fromhex(digest).ljust(32, b"\0")
    assert account_proof._shard_block(state, workchain, key) == sha256(b"%d" % place)
    with pytest.raises(ProofFails, match="no shards of workchain"):
        account_proof._shard_block(state, workchain + 1, key)


@pytest.mark.parametrize(
    ("state", "why"),
    [
        (trees.state(0, None), "names no shards"),
        (trees.state(-1, None, trees.cell("0" * 16)), "names no shards"),
        (
            trees.state(-1, None, trees.master_extra(trees.cell("1", [trees.cell("0")]))),
            "without two sides",
        ),
        (trees.state(-1, None, trees.master_extra(trees.cell("00000"))), "no known form"),
        (trees.cell(trees.bits((7, 32))), "of no state"),
    ],
)
def test_states_that_name_no_shard(state: Cell, why: str) -> None:
    with pytest.raises(ProofFails, match=why):
        account_proof._shard_block(state, 0, bytes(32))


def test_an_account_under_another_key() -> None:
    with pytest.raises(ProofFails, match="another address"):
        account_proof._read_account(trees.account(0, b"\x01" * 32, 5), 0, bytes(32))
    with pytest.raises(ProofFails, match="another address"):
        account_proof._read_account(trees.account(-1, bytes(32), 5), 0, bytes(32))


@pytest.mark.parametrize("size", [1, 2, 3, 8, 40])
def test_dictionaries_of_any_size(size: int) -> None:
    """Every key is found, and no other is."""
    draw = random.Random(size)
    keys = [draw.getrandbits(256) if draw.random() < 0.5 else draw.randrange(64) for _ in range(size)]
    root = trees.dictionary({key: (trees.bits((key % 2**16, 16)), []) for key in keys}, 256)
    for key in keys:
        leaf = account_proof._found(root, key, 256)
        assert leaf is not None
        assert leaf.number(16) == key % 2**16
    for key in (draw.getrandbits(256), 64, 2**256 - 1):
        assert (account_proof._found(root, key, 256) is not None) is (key in keys)


# --- the client -------------------------------------------------------------------------------------------------------
def outcomes(change: stub.Change | None = None, **asked: int) -> list[chains.Outcome]:
    with stub.served(world.WORLD()) as server:
        endpoint = Endpoint(server.endpoint_url, pause=0.0, tries=1)
        client = chains.open_client(registry.load().networks["ton"], endpoint, Recording.off())
        assert isinstance(client, chains.Proves)
        assert client.provable(TON)
        assert not client.provable(registry.load().tokens["ton", "USDT"])
        at, server.change = client.block(world.HEIGHT), change
        wanted = [(chains.Wanted("TON", TON, getattr(world, name)), raw) for name, raw in asked.items()]
        return list(client.prove(wanted, at))


def test_what_was_read_elsewhere_is_proved_or_contradicted() -> None:
    found = {one.address: one.reason for one in outcomes(LATE=100, RICH=5, NEVER=0, ELECTOR=10**15, EMPTY=1)}
    assert found == {
        LATE: "", RICH: "proof_differs", NEVER: "", world.ELECTOR: "", world.EMPTY: "proof_differs",
    }  # fmt: skip


def test_a_proof_that_fails_is_an_outcome() -> None:
    (outcome,) = outcomes(world.of_the_head, LATE=250)
    assert outcome.reason == "proof_fails"


def test_an_endpoint_without_proofs_says_so() -> None:
    def refuses(request: Request, reply: Reply) -> Reply:
        return Reply({"error": "not supported"}, 501) if "get_account_state" in request.path else reply

    with pytest.raises(TransportError):
        outcomes(refuses, LATE=100)


def test_another_block_of_that_height_is_not_asked_about() -> None:
    with stub.served(world.WORLD()) as server:
        endpoint = Endpoint(server.endpoint_url, pause=0.0, tries=1)
        client = chains.open_client(registry.load().networks["ton"], endpoint, Recording.off())
        at = client.block(world.HEIGHT)
        fork = chains.BlockRef(at.height, sha256(b"fork").hex(), at.moment)
        with pytest.raises(ChainError, match="is another than"):
            list(client.balances([chains.Wanted("TON", TON, LATE)], fork))


@pytest.mark.parametrize("kind", ["", "tonapi"])
def test_a_replay_knows_whom_the_recording_asked(kind: str, tmp_path: Path) -> None:
    folder, made = tmp_path, world.WORLD() if kind else index.WORLD()
    network, want = registry.load().networks["ton"], chains.Wanted("TON", TON, RICH)
    with stub.served(made) as server:
        client = chains.open_client(network, Endpoint(server.endpoint_url, pause=0.0), Recording.record(folder))
        read = list(client.balances([want], client.block(world.HEIGHT)))
    client = chains.open_client(network, [], Recording.replay(folder))
    assert list(client.balances([want], client.block(world.HEIGHT))) == read

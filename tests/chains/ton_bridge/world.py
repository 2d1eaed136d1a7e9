"""TON as a small world once more: a liteserver behind TonAPI's JSON, with states and proofs that are built."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from typing import Any

from chains.stub import Reply, Request, World, at, everywhere, with_body
from chains.ton import trees
from chains.ton.world import ELECTOR, GLOBAL_ID, HEAD, HEIGHT, LARGE, MASTER, MOMENT, account, wallet_of
from porlake.addresses import ton as form
from porlake.chains.ton.cells import Cell
from porlake.encoding.hashes import sha256

RICH, LATE, EMPTY, UPPER, PLAIN, NEVER = (account(number, "9" if number == 4 else "2") for number in range(1, 7))
COINS = {
    RICH: (LARGE, LARGE), LATE: (100, 250), EMPTY: (0, 0), UPPER: (7, 7), ELECTOR: (10**15, 10**15),
    **{wallet_of(owner): (10**8, 10**8) for owner in (RICH, LATE, EMPTY, PLAIN)},
}  # fmt: skip
"""Nanotons at the snapshot, and at the head."""
JETTONS = {RICH: (LARGE, LARGE), LATE: (60, 70), EMPTY: (0, 0), PLAIN: (5, 5)}


def parsed(text: str) -> tuple[int, bytes]:
    payload = form.parse(text, "ton").payload
    return int.from_bytes(payload[:1], "big", signed=True), payload[1:]


def wallet_data(owner: str, raw: int) -> Cell:
    """Tether's wallets keep a status before the balance, the standard's own do not."""
    status = "" if owner == PLAIN else "0000"
    return trees.cell(
        status + trees.coins(raw) + trees.addr_std(*parsed(owner)) + trees.addr_std(*parsed(MASTER)),
        [trees.cell(trees.bits((1, 8)))],
    )


@cache
def whole(place: int) -> dict[str, Cell]:
    """Every account, as it is at the snapshot (0) or at the head (1)."""
    owners = {wallet_of(owner): owner for owner in JETTONS}
    found = {}
    for address, held in COINS.items():
        data = wallet_data(owners[address], JETTONS[owners[address]][place]) if address in owners else None
        found[address] = trees.account(*parsed(address), held[place], data, storage_dictionary=address == RICH)
    return found


def shard_of(address: str) -> int:
    """-1: the masterchain; 0 and 1: halves of the basechain."""
    return -1 if address.startswith("-1:") else int(int(address[2], 16) >= 8)


def shard_state(place: int, shard: int, shown: str | None) -> Cell:
    """A shard's state; where `shown` is given, only what leads to that account."""
    wanted = parsed(shown)[1] if shown else b""
    leaves = {
        int.from_bytes(parsed(address)[1], "big"): trees.shard_account(trees.pruned(held) if shown else held)
        for address, held in whole(place).items()
        if shard_of(address) == shard
    }
    key = int.from_bytes(wanted, "big")
    path = common_path(leaves, key) if shown else None
    return trees.state(0 if shard >= 0 else -1, trees.dictionary(leaves, 256, path, trees.AUGMENTED))


def common_path(leaves: Mapping[int, Any], key: int) -> Any:
    """Of a dictionary those keys are shown that begin as the wanted one does for longest."""
    best = max((256 - (one ^ key).bit_length() for one in leaves), default=0)
    return lambda one: 256 - (one ^ key).bit_length() == best


@cache
def shard_block(place: int, shard: int) -> Cell:
    return trees.block(shard_state(place, shard, None))


def master_state(place: int, shown: str | None) -> Cell:
    """The masterchain's own accounts, and the last blocks of the two halves."""
    halves = [trees.shard_descr(shard_block(place, shard).hash()) for shard in (0, 1)]
    extra = trees.master_extra(trees.cell("1", halves))
    own = trees.dictionary(
        {int.from_bytes(parsed(ELECTOR)[1], "big"): trees.shard_account(whole(place)[ELECTOR])}, 256, None,
        trees.AUGMENTED,
    )  # fmt: skip
    return trees.state(-1, own if shown and shard_of(shown) < 0 else trees.pruned(own) if shown else own, extra)


@cache
def master_block(place: int) -> Cell:
    return trees.block(master_state(place, None))


def pair(block: Cell, state: Cell) -> bytes:
    """A liteserver's two proofs: the header, with everything cut off but how the state changes; and the state."""
    header = trees.cell(
        trees.bits((int.from_bytes(block.data, "big"), block.bits)),
        [part if place == 2 else trees.pruned(part) for place, part in enumerate(block.references)],
    )
    return trees.bag(trees.merkle_proof(header), trees.merkle_proof(state))


@cache
def proved(place: int, address: str) -> dict[str, str]:
    shard = shard_of(address)
    found = whole(place).get(address)
    told = {"state": trees.bag(found).hex() if found else ""}
    if shard < 0:
        return told | {"shard_proof": "", "proof": pair(master_block(place), master_state(place, address)).hex()}
    master = pair(master_block(place), master_state(place, address))
    return told | {
        "shard_proof": master.hex(),
        "proof": pair(shard_block(place, shard), shard_state(place, shard, address)).hex(),
    }


def root_of(height: int) -> str:
    if height in (HEIGHT, HEAD):
        return master_block(int(height == HEAD)).hash().hex()
    return sha256(b"root %d" % height).hex()


def of_the_head(request: Request, reply: Reply) -> Reply:
    """A bridge that leaves the block out and tells the newest state, proof and all."""
    if "get_account_state" not in request.path:
        return reply
    return with_body(reply, reply.body | proved(1, request.path.rpartition("/")[2]))


def of_another(request: Request, reply: Reply) -> Reply:
    if "get_account_state" not in request.path:
        return reply
    return with_body(reply, reply.body | proved(0, UPPER if LATE in request.path else LATE))


def without_state(request: Request, reply: Reply) -> Reply:
    return with_body(reply, reply.body | {"state": ""}) if "get_account_state" in request.path else reply


def other_chain(request: Request, reply: Reply) -> Reply:
    return with_body(reply, everywhere(reply.body, lambda value: -3 if value == GLOBAL_ID else value))


class WORLD(World):
    network, height, head, moment, past, kind = "ton", HEIGHT, HEAD, MOMENT, "exact", "tonapi"
    held = {
        "TON": {
            address: {"liquid": COINS[address][0], "total": COINS[address][0]}
            for address in (RICH, LATE, EMPTY, UPPER, ELECTOR)
        },
        "USDT": {address: {"liquid": held, "total": held} for address, (held, _) in JETTONS.items()},
    }
    absent = NEVER
    lies = {
        "wrong_chain": (other_chain, "error"),
        "the head's state": (of_the_head, "error"),
        "another account's state": (of_another, "error"),
        "a state that is left out": (without_state, "error"),
        "a changed bag": (at("state", lambda text: text[:-2] + "00" if text else text), "error"),
        "not the proof of a block": (at("shard_proof", lambda text: ""), "error"),
    }

    def answer(self, request: Request) -> Reply:
        if request.path == "/v2/blockchain/masterchain-head":
            return Reply(self._row(HEAD))
        if request.path.startswith("/v2/blockchain/blocks/"):
            workchain, shard, height = request.path.rpartition("/")[2].strip("()").split(",")
            assert (workchain, shard) == ("-1", "8000000000000000")
            return Reply(self._row(int(height)))
        if request.path.endswith("/methods/get_wallet_address"):
            wallet = parsed(wallet_of(request.query["args"]))
            told = trees.bag(trees.cell(trees.addr_std(*wallet))).hex()
            return Reply({"success": True, "exit_code": 0, "stack": [{"type": "cell", "cell": told}], "decoded": {}})
        assert "/v2/liteserver/get_account_state/" in request.path
        row = self._row(HEIGHT)
        assert request.query["target_block"] == f"(-1,8000000000000000,{HEIGHT},{row['root_hash']},{row['file_hash']})"
        named = {"workchain": -1, "shard": "8000000000000000", "seqno": HEIGHT, "root_hash": row["root_hash"]}
        return Reply({"id": named, "shardblk": named} | proved(0, request.path.rpartition("/")[2]))

    def mentions(self, request: Request, address: str) -> bool:
        return address in request.text or (address in JETTONS and wallet_of(address) in request.text)

    def _row(self, height: int) -> dict[str, Any]:
        moment = MOMENT.astimezone(UTC).timestamp() + 5 * (height - HEIGHT)
        assert datetime.fromtimestamp(moment, UTC)
        return {
            "workchain_id": -1, "shard": "8000000000000000", "seqno": height, "root_hash": root_of(height),
            "file_hash": sha256(b"file %d" % height).hex(), "global_id": GLOBAL_ID, "version": 0,
            "gen_utime": int(moment), "start_lt": 1, "end_lt": 2, "tx_quantity": 3,
        }  # fmt: skip

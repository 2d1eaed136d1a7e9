"""Injective as a small world: the REST gateway of a node of the Cosmos SDK that keeps its past.

Shapes: https://docs.cosmos.network/api (bank, staking, base/tendermint); the gateway repeats the height of an answer in
a header.
"""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta
from typing import Any

from chains.stub import Reply, Request, World, at, everywhere, with_body
from porlake import registry
from porlake.addresses import bech32 as form
from porlake.chains.cosmos.client import CANARY, HEIGHT_OF_ANSWER
from porlake.encoding.hashes import sha256

HEIGHT, HEAD = 90_000_000, 90_050_000
MOMENT = datetime(2026, 10, 1, 16, 0, 0, 123456, UTC)
CHAIN, INJ = "injective-1", "inj"
USDT = registry.load().tokens["injective", "USDT"].contract
LARGE = 2**63 + 12_345


def account(number: int) -> str:
    return form.of("injective", sha256(number.to_bytes(8, "big"))[:20]).text


RICH, STAKER, LATE, EMPTY, NEVER = (account(number) for number in range(1, 6))
FEES = form.of("injective", CANARY).text
BALANCES = {
    (RICH, INJ): (LARGE, LARGE), (STAKER, INJ): (5, 5), (LATE, INJ): (100, 250), (FEES, INJ): (77, 99),
    (RICH, USDT): (LARGE, LARGE), (LATE, USDT): (8, 1), (STAKER, USDT): (2, 2),
}  # fmt: skip
"""What an account holds of a denomination at the snapshot, and at the head."""
DELEGATIONS = {STAKER: [7, 11], LATE: [1]}
UNBONDING = {STAKER: [[13, 17], [19]]}
SUPPLY = {INJ: (10**26, 10**26 + 1), USDT: (10**14, 10**14)}


def reads_the_newest(request: Request, reply: Reply) -> Reply:
    """A proxy that repeats the height and asks for the newest state."""
    if "x-cosmos-block-height" not in request.headers:
        return reply
    newest = WORLD().answer(Request(request.verb, request.path, request.query, {}, None))
    return Reply(newest.body, newest.status, reply.headers)


def says_another_height(request: Request, reply: Reply) -> Reply:
    """A node that does not know the header, and says honestly what it read."""
    return Reply(reply.body, reply.status, {HEIGHT_OF_ANSWER: str(HEAD)}) if reply.headers else reply


def says_no_height(request: Request, reply: Reply) -> Reply:
    return Reply(reply.body, reply.status)


def pruned(request: Request, reply: Reply) -> Reply:
    text = (
        f"failed to load state at height {HEIGHT}; version mismatch on immutable IAVL tree; version does not exist. "
        f"Version has either been pruned, or is for a future block height (latest height: {HEAD}): invalid request"
    )
    past = request.headers.get("x-cosmos-block-height") == str(HEIGHT)
    return Reply({"code": 2, "message": text, "details": []}, 500) if past else reply


def unknown_delegator(request: Request, reply: Reply) -> Reply:
    """Older versions refuse a delegator who has none."""
    if "/delegations/" not in request.path or reply.body["delegation_responses"]:
        return reply
    who = request.path.rpartition("/")[2]
    return Reply({"code": 5, "message": f"rpc error: unable to find delegations for address {who}", "details": []}, 404)


def pages_for_ever(request: Request, reply: Reply) -> Reply:
    if "/delegations/" not in request.path:
        return reply
    return with_body(reply, reply.body | {"pagination": {"next_key": "AAAA", "total": "9"}})


def other_chain(request: Request, reply: Reply) -> Reply:
    return with_body(reply, everywhere(reply.body, lambda value: "injective-888" if value == CHAIN else value))


class WORLD(World):
    network, height, head, moment, past = "injective", HEIGHT, HEAD, MOMENT, "exact"
    held = {
        "INJ": {
            RICH: {"liquid": LARGE, "delegated": 0, "unstaking": 0, "total": LARGE},
            STAKER: {"liquid": 5, "delegated": 18, "unstaking": 49, "total": 72},
            LATE: {"liquid": 100, "delegated": 1, "unstaking": 0, "total": 101},
            EMPTY: {"liquid": 0, "total": 0},
        },
        "USDT": {
            RICH: {"liquid": LARGE, "total": LARGE},
            LATE: {"liquid": 8, "total": 8},
            STAKER: {"liquid": 2, "total": 2},
            EMPTY: {"liquid": 0, "total": 0},
        },
    }
    absent = NEVER
    lies = {
        "wrong_chain": (other_chain, "error"),
        "the height is repeated and ignored": (reads_the_newest, "error"),
        "the height is ignored": (says_another_height, "error"),
        "no height is told": (says_no_height, "error"),
        "pruned": (pruned, "error"),
        "an unknown delegator is refused": (unknown_delegator, "right"),
        "pages without an end": (pages_for_ever, "error"),
        "a denomination that the chain lacks": (at("amount.amount", lambda text: "0", path="/supply/"), "error"),
        "another denomination": (at("balance.denom", lambda text: text.upper(), path="by_denom"), "error"),
    }
    unseen = {
        "shortened:unbonding_responses.*.entries": "nothing counts the entries of one validator",
        "doubled:unbonding_responses.*.entries": "two entries of one size are no fault",
    }

    def answer(self, request: Request) -> Reply:
        blocks = "/cosmos/base/tendermint/v1beta1/blocks/"
        if request.path.startswith(blocks):
            name = request.path.removeprefix(blocks)
            return Reply(block(HEAD if name == "latest" else int(name)))
        height = int(request.headers.get("x-cosmos-block-height", HEAD))
        place = 0 if height == HEIGHT else 1
        return Reply(self._told(request, place), headers={HEIGHT_OF_ANSWER: str(height)})

    def balance(self, who: str, denom: str, place: int) -> int:
        """Of the accounts above, and of any other that the world is told to hold."""
        asset = "INJ" if denom == INJ else "USDT"
        held = self.held[asset].get(who, {}).get("liquid", 0)
        return BALANCES.get((who, denom), (held, held))[place]

    def _told(self, request: Request, place: int) -> dict[str, Any]:
        *_, module, _version, kind, last = parts = request.path.split("/")[:6]
        denom, who = request.query.get("denom", ""), request.path.split("/")[5]
        if "denoms_metadata" in parts:
            denom = request.path.partition("/denoms_metadata/")[2]
            units = [{"denom": denom, "exponent": 0, "aliases": []}, {"denom": "USDT", "exponent": 6}]
            return {"metadata": {"base": denom, "display": "USDT", "denom_units": units}}
        if "supply" in parts:
            return {"amount": {"denom": denom, "amount": str(SUPPLY[denom][place])}}
        if request.path.endswith("by_denom"):
            return {"balance": coin(self.balance(who, denom, place), denom)}
        if (module, kind) == ("bank", "balances"):
            rows = [coin(held[place], one) for (address, one), held in BALANCES.items() if address == last]
            return {"balances": rows, "pagination": {"next_key": None, "total": str(len(rows))}}
        if kind == "delegations":
            rows = [
                {"delegation": {"delegator_address": who, "validator_address": f"injvaloper1{n}", "shares": f"{raw}.0"},
                 "balance": coin(raw, INJ)}
                for n, raw in enumerate(DELEGATIONS.get(who, []))
            ]  # fmt: skip
            return {"delegation_responses": rows, "pagination": {"next_key": None, "total": str(len(rows))}}
        assert request.path.endswith("/unbonding_delegations")
        rows = [
            {"delegator_address": who, "validator_address": f"injvaloper1{n}",
             "entries": [{"initial_balance": str(raw + 1), "balance": str(raw)} for raw in some]}
            for n, some in enumerate(UNBONDING.get(who, []))
        ]  # fmt: skip
        return {"unbonding_responses": rows, "pagination": {"next_key": None, "total": str(len(rows))}}


def coin(raw: int, denom: str) -> dict[str, str]:
    return {"denom": denom, "amount": str(raw)}


def block(height: int) -> dict[str, Any]:
    moment = MOMENT + timedelta(seconds=0.7) * (height - HEIGHT)
    header = {
        "version": {"block": "11", "app": "0"}, "chain_id": CHAIN, "height": str(height),
        "time": f"{moment:%Y-%m-%dT%H:%M:%S.%f}789Z",
    }  # fmt: skip
    name = base64.b64encode(sha256(b"block %d" % height)).decode()
    return {"block_id": {"hash": name, "part_set_header": {"total": 1, "hash": name}}, "block": {"header": header}}

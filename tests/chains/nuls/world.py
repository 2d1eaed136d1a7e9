"""NULS as the public service of a node tells it: numbers of the head, and transactions, the newest first."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from typing import Any

from chains.stub import Reply, Request, RpcError, World, at, rpc
from porlake.encoding import base58

HEIGHT, HEAD = 22_000_000, 22_004_000
MOMENT = datetime(2026, 10, 1, tzinfo=UTC)
LARGE = 2**53 + 9


def account(number: int) -> str:
    data = b"\x01\x00\x01" + hashlib.sha256(f"{number}".encode()).digest()[:20]
    check = 0
    for byte in data:
        check ^= byte
    return "NULSd" + base58.encode(data + bytes([check]))


RICH, STAKER, LATE, EMPTY, WAITS, NEVER = (account(number) for number in range(6))
#: balance, timeLock, consensusLock, freeze; and the heights of all transactions
NOW = {
    RICH: ((LARGE, 0, 0, 0), [HEIGHT - 9]),
    STAKER: ((5, 7, 11, 18), [HEIGHT - 90, HEIGHT]),
    LATE: ((150, 0, 0, 0), [HEIGHT - 7, HEIGHT + 1]),
    EMPTY: ((0, 0, 0, 0), [HEIGHT - 5, HEIGHT - 4]),
    WAITS: ((30, 0, 0, 10), [HEIGHT - 3, -1]),
}


def block_hash(number: int) -> str:
    return hashlib.sha256(f"block {number}".encode()).hexdigest()


class WORLD(World):
    network, height, head, moment, url = "nuls", HEIGHT, HEAD, MOMENT, "/jsonrpc"
    held = {
        "NULS": {
            RICH: {"liquid": LARGE, "total": LARGE},
            STAKER: {"liquid": 5, "time_locked": 7, "staked": 11, "total": 23},
            LATE: {"liquid": 100, "total": 100},
            EMPTY: {"liquid": 0, "total": 0},
            WAITS: {"liquid": 40, "total": 40},
        }
    }
    now = {"NULS": {LATE: {"liquid": 150, "total": 150}, WAITS: {"liquid": 40, "total": 40}}}
    absent = NEVER
    past = "unchanged"
    lies = {
        "parts that are not the total": (
            at("result.totalBalance", lambda raw: str(int(raw) + 1), method="getAccountBalance"),
            "error",
        ),
        "transactions are not told": (
            lambda request, reply: rpc(request, WORLD().without_transactions),
            "right",
        ),
        "an index that is behind": (at("result.localHeight", lambda height: height + 1, method="getInfo"), "right"),
        "transactions of another": (at("result.list.*.address", lambda name: NEVER, method="getAccountTxs"), "error"),
        "another block": (at("result.height", lambda height: height + 1, method="getHeaderByHeight"), "error"),
        "wrong_chain": (at("result.defaultAsset.chainId", lambda number: 2, method="getInfo"), "error"),
    }  # fmt: skip

    def answer(self, request: Request) -> Reply:
        return rpc(request, self.call)

    def without_transactions(self, method: str, params: list[Any]) -> Any:
        if method == "getAccountTxs":
            raise RpcError(1000, "Parameters is wrong!", "Incorrect number of parameters")
        return self.call(method, params)

    def call(self, method: str, params: list[Any]) -> Any:
        match method:
            case "getInfo":
                coin = {"symbol": "NULS", "chainId": 1, "assetId": 1, "decimals": 8}
                return {"networkHeight": HEAD, "localHeight": HEAD, "defaultAsset": coin, "agentAsset": coin}
            case "getBestBlockHeader":
                return self.header(HEAD)
            case "getHeaderByHeight":
                if params[1] > HEAD:
                    raise RpcError(1001, "Data not found!")
                return self.header(params[1])
            case "getAccountTxs":
                return self.transactions(params)
        liquid, by_time, staked, frozen = NOW.get(params[3], ((0, 0, 0, 0), []))[0]
        waiting = frozen if params[3] == WAITS else 0
        return {
            "totalBalance": str(liquid + by_time + staked + waiting), "balance": str(liquid), "timeLock": str(by_time),
            "consensusLock": str(staked), "freeze": str(frozen), "nonce": "00" * 8, "nonceType": 1,
        }  # fmt: skip

    def header(self, number: int) -> dict[str, Any]:
        moment = int(MOMENT.timestamp()) + 10 * (number - HEIGHT)
        return {"hash": block_hash(number), "height": number, "preHash": block_hash(number - 1), "createTime": moment}

    def transactions(self, params: list[Any]) -> dict[str, Any]:
        chain, page, size, name, kind, start, end = params
        assert (chain, page, kind, start, end) == (1, 1, 0, -1, -1)
        heights = sorted(NOW.get(name, ((), []))[1], key=lambda height: (height < 0, height), reverse=True)
        rows = [{"txHash": block_hash(height), "address": name, "height": height, "type": 2} for height in heights]
        return {"pageNumber": page, "pageSize": size, "totalCount": len(rows), "list": rows[:size]}

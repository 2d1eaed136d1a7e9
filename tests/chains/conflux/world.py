"""Conflux Core, as the real node answers (tests/chains/conflux/test_node.py), with a state that is kept or gone."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from typing import Any, ClassVar

from chains.stub import Change, Held, Reply, Request, RpcError, World, rpc, with_body
from porlake.addresses import conflux

HEIGHT, HEAD = 130_000_000, 130_000_300
MOMENT = datetime(2026, 9, 10, 16, tzinfo=UTC)


def address(number: int) -> str:
    return conflux.encode(b"\x10" + hashlib.blake2b(number.to_bytes(4, "big"), digest_size=19).digest())


def of(liquid: int, staked: int = 0, collateral: int = 0) -> dict[str, int]:
    return {"liquid": liquid, "staked": staked, "collateral": collateral, "total": liquid + staked + collateral}


CFX = {
    address(1): of(10**26 + 1, 5 * 10**24, 10**18),
    address(2): of(7),
    address(3): of(0),
    address(4): of(0, 2**62 + 1),
    address(5): of(11),
}
LATE = {address(2): of(9), address(5): of(1, 10)}


class Conflux(World):
    network = "conflux"
    height, head, moment = HEIGHT, HEAD, MOMENT
    held: ClassVar[Held] = {"CFX": CFX}
    now: ClassVar[Held] = {"CFX": LATE}
    absent = address(99)
    kept = 0
    past = "exact"

    def answer(self, request: Request) -> Reply:
        return rpc(request, self._call)

    def name(self, height: int) -> str:
        return "0x" + hashlib.sha256(f"pivot {height}".encode()).hexdigest()

    def _call(self, method: str, params: list[Any]) -> Any:
        match method, params:
            case "cfx_getStatus", _:
                return {"chainId": "0x405", "networkId": "0x405", "epochNumber": hex(HEAD + 50)}
            case "cfx_epochNumber", _:
                return hex(HEAD + 50)
            case "cfx_getBlockByEpochNumber", [epoch, False]:
                height = HEAD if epoch == "latest_finalized" else int(epoch, 16)
                if height > HEAD + 50:
                    raise RpcError(-32602, "Invalid params: expected a numbers with less than largest epoch number.")
                seconds = round(MOMENT.timestamp()) + (height - HEIGHT) if height else 0
                return {"epochNumber": hex(height), "hash": self.name(height), "timestamp": hex(seconds)}
            case "cfx_getSupplyInfo", [epoch]:
                self._state(int(epoch, 16))
                return {"totalIssued": hex(5 * 10**27), "totalCirculating": hex(4 * 10**27)}
            case "cfx_getBalance", [account, {"blockHash": name}]:
                height = next(height for height in range(HEIGHT - 9, HEAD + 50) if self.name(height) == name)
                return hex(self._state(height).get(account, of(0))["liquid"])
            case "cfx_getAccount", [account, epoch]:
                mine = self._state(int(epoch, 16)).get(account, of(0))
                return {
                    "address": "CFX:TYPE.USER:" + account.partition(":")[2].upper(),
                    "balance": hex(mine["liquid"]),
                    "stakingBalance": hex(mine["staked"]),
                    "collateralForStorage": hex(mine["collateral"]),
                    "nonce": "0x0",
                }
        raise RpcError(-32601, "Method not found")

    def _state(self, height: int) -> dict[str, dict[str, int]]:
        if height < self.kept:
            said = f"State for epoch (number={height} hash={self.name(height)}) does not exist: out-of-bound"
            raise RpcError(-32016, said)
        return CFX if height <= HEIGHT else CFX | LATE

    # --- lies ---
    def _of_calls(self, method: str, change: Any) -> Change:
        """A change of the results of one method, in a batch or alone."""

        def told(request: Request, reply: Reply) -> Reply:
            calls = request.body if isinstance(request.body, list) else [request.body]
            items = reply.body if isinstance(request.body, list) else [reply.body]
            found = [
                item | {"result": change(item["result"])} if call["method"] == method and "result" in item else item
                for call, item in zip(calls, items, strict=True)
            ]
            return with_body(reply, found if isinstance(request.body, list) else found[0])

        return told

    def _at_the_head(self, request: Request, reply: Reply) -> Reply:
        """A node that takes no epoch: accounts are the newest ones."""
        if not isinstance(request.body, list):
            return reply
        calls = [
            call | ({"params": [call["params"][0], hex(HEAD)]} if call["method"] == "cfx_getAccount" else {})
            for call in request.body
        ]
        return self.answer(Request(request.verb, request.path, request.query, request.headers, calls))

    @property
    def lies(self) -> Any:
        return {
            "wrong_chain": (self._of_calls("cfx_getStatus", lambda told: told | {"chainId": "0x1"}), "error"),
            "accounts of the head": (self._at_the_head, "bad_answer"),
            "another account": (
                self._of_calls("cfx_getAccount", lambda told: told | {"address": address(77)}), "error"),
            "no state": (self._of_calls("cfx_getSupplyInfo", lambda told: {"totalIssued": "0x0"}), "error"),
            "another epoch": (
                self._of_calls("cfx_getBlockByEpochNumber", lambda told: told | {"epochNumber": hex(HEIGHT - 1)}),
                "error",
            ),
        }  # fmt: skip


WORLD = Conflux

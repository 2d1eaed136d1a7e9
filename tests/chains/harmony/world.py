"""Harmony's shard 0: balances by Multicall3, delegations by the block's number."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from typing import Any, ClassVar

from eth_abi import decode, encode

from chains.stub import Change, Held, Reply, Request, RpcError, World, rpc, with_body
from porlake.addresses import bech32

HEIGHT, HEAD = 89_000_123, 89_000_400
MOMENT = datetime(2026, 9, 10, 16, tzinfo=UTC)
STAKES = "hmyv2_getDelegationsByDelegatorByBlockNumber"


def payload(number: int) -> bytes:
    return hashlib.blake2b(number.to_bytes(4, "big"), digest_size=20).digest()


def address(number: int) -> str:
    return bech32.of("harmony", payload(number)).text


def of(liquid: int, delegated: int = 0, unstaking: int = 0, reward: int = 0) -> dict[str, int]:
    total = liquid + delegated + unstaking
    return {"liquid": liquid, "delegated": delegated, "unstaking": unstaking, "reward": reward, "total": total}


ONE = {
    address(1): of(10**27 + 1),
    address(2): of(5, 2**90 + 2, 3 * 10**20, 7),
    address(3): of(0),
    address(4): of(0, 10**20),
    address(5): of(11),
}
LATE = {address(2): of(6, 1), address(5): of(0, 12)}
VALIDATORS = {address(number): of(0, 10**22 + number) for number in range(200, 203)}


class Harmony(World):
    network = "harmony"
    height, head, moment = HEIGHT, HEAD, MOMENT
    held: ClassVar[Held] = {"ONE": ONE}
    now: ClassVar[Held] = {"ONE": LATE}
    absent = address(99)
    past = "exact"

    def answer(self, request: Request) -> Reply:
        return rpc(request, self._call)

    def name(self, height: int) -> str:
        return "0x" + hashlib.sha256(f"block {height}".encode()).hexdigest()

    def state(self, height: int) -> dict[str, dict[str, int]]:
        return (ONE if height <= HEIGHT else ONE | LATE) | VALIDATORS

    def _call(self, method: str, params: list[Any]) -> Any:
        match method, params:
            case "eth_chainId", _:
                return hex(1_666_600_000)
            case "eth_blockNumber", _:
                return hex(HEAD)
            case "eth_getBlockByNumber", [name, False]:
                height = HEAD if name == "latest" else int(name, 16)
                if height > HEAD:
                    return None
                seconds = round(MOMENT.timestamp()) + 2 * (height - HEIGHT)
                return {"number": hex(height), "hash": self.name(height), "timestamp": hex(seconds)}
            case "eth_call", [{"data": data}, name]:
                return "0x" + self._multicall(bytes.fromhex(data[2:]), int(name, 16)).hex()
            case "hmyv2_getAllValidatorAddresses", _:
                return list(VALIDATORS)
            case "hmyv2_getDelegationsByDelegatorByBlockNumber", [accounts, height]:
                if height > HEAD:
                    raise RpcError(-32000, "requested block number greater than current block number")
                return [self._delegations(account, height) for account in accounts]
        raise RpcError(-32601, f"the method {method} does not exist/is not available")

    def _multicall(self, data: bytes, height: int) -> bytes:
        assert data[:4].hex() == "c3077fa9"
        (calls,) = decode(["(address,bytes)[]"], data[4:])
        held = {one[-20:]: self.state(height).get(bech32.of("harmony", one[-20:]).text, of(0)) for _, one in calls}
        words = [(True, held[one[-20:]]["liquid"].to_bytes(32, "big")) for _, one in calls]
        return encode(["uint256", "bytes32", "(bool,bytes)[]"], [height, bytes(32), words])

    def _delegations(self, account: str, height: int) -> list[dict[str, Any]]:
        mine = self.state(height).get(account, of(0))
        if not mine["delegated"]:
            return []
        halves = (mine["delegated"] // 2, mine["delegated"] - mine["delegated"] // 2)
        return [
            {
                "validator_address": validator,
                "delegator_address": account,
                "amount": half,
                "reward": mine["reward"] if place else 0,
                "Undelegations": [{"Amount": mine["unstaking"], "Epoch": 2_000}] if place else [],
            }
            for place, (validator, half) in enumerate(zip(VALIDATORS, halves, strict=False))
        ]

    def mentions(self, request: Request, address: str) -> bool:
        return address in request.text or bech32.parse(address, "harmony").payload.hex() in request.text

    # --- lies ---
    def _of(self, method: str, change: Any) -> Change:
        def told(request: Request, reply: Reply) -> Reply:
            if request.body["method"] != method or "result" not in reply.body:
                return reply
            return with_body(reply, reply.body | {"result": change(reply.body["result"])})

        return told

    def _latest(self, method: str, place: int, newest: Any) -> Change:
        """A node that looks at its newest state, whatever number it is asked for."""

        def told(request: Request, reply: Reply) -> Reply:
            if request.body["method"] != method:
                return reply
            params = list(request.body["params"])
            params[place] = newest
            body = request.body | {"params": params}
            return self.answer(Request(request.verb, request.path, request.query, request.headers, body))

        return told

    @property
    def lies(self) -> Any:
        return {
            "wrong_chain": (self._of("eth_chainId", lambda told: hex(1_666_600_001)), "error"),
            "balances of the head": (self._latest("eth_call", 1, hex(HEAD)), "error"),
            "delegations of the head": (self._latest(STAKES, 1, HEAD), "error"),
            "delegations that are gone": (self._of(STAKES, lambda told: [[] for _ in told]), "error"),
            "an account is left out": (self._of(STAKES, lambda told: told[1:]), "error"),
            "delegations of another": (self._of(STAKES, lambda told: told[::-1]), "error"),
            "no Multicall3": (self._of("eth_call", lambda told: "0x"), "error"),
        }

    unseen: ClassVar[dict[str, str]] = {
        "shortened:result.*": "a delegation that is left out is a smaller stake: the node names no sum",
        "shortened:result.*.*.Undelegations": "the same of what comes back",
        "doubled:result.*.*.Undelegations": "two that come back in one epoch are no fault",
    }


WORLD = Harmony

"""Filecoin: tipsets and null rounds, accounts of all forms, a multisig that vests and a miner."""

from __future__ import annotations

import base64
import hashlib
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

from chains.stub import Change, Held, Reply, Request, RpcError, World, rpc, with_body
from porlake.addresses import filecoin

FIRST = "bafy2bzacecnamqgqmifpluoeldx7zzglxcljo6oja4vrmtj7432rphldpdmm2"
BEGIN = datetime(2020, 8, 24, 22, tzinfo=UTC)
HEIGHT = 5_300_000
HEAD, NEWEST = HEIGHT + 40, HEIGHT + 60
#: Epochs without a block: the snapshot's own, so that the tipset before it is its; the one behind it.
NULL = {HEIGHT, HEIGHT + 1, HEIGHT + 2, HEIGHT - 7}


def cid(text: str) -> str:
    data = bytes.fromhex("0171a0e40220") + hashlib.blake2b(text.encode(), digest_size=32).digest()
    return "b" + base64.b32encode(data).decode().lower().rstrip("=")


def account(number: int, kind: int = 1) -> str:
    payload = hashlib.blake2b(number.to_bytes(4, "big"), digest_size=48 if kind == 3 else 20).digest()
    before = bytes([kind])
    check = hashlib.blake2b(before + payload, digest_size=4).digest()
    return f"f{kind}" + base64.b32encode(payload + check).decode().lower().rstrip("=")


def of(liquid: int, locked: int | None = None) -> dict[str, int]:
    return {"liquid": liquid, "total": liquid + (locked or 0)} | ({} if locked is None else {"locked": locked})


MULTISIG, MINER, EVM, PLAIN = account(4, 2), "f01234", filecoin.of_evm(b"\x12" * 20), account(8, 2)
FIL = {
    account(1): of(10**24 + 7),
    account(2, 3): of(0),
    account(3): of(5),
    MULTISIG: of(3 * 10**21, 7 * 10**21 + 1),
    MINER: of(11, 2**90),
    EVM: of(2**61 + 1),
    PLAIN: of(17),
}
#: Before the messages of the last tipset up to the snapshot, which belong to it.
EARLY = FIL | {account(1): of(1), account(3): of(0)}
LATE = {account(3): of(900), MINER: of(13, 2**91)}


class Filecoin(World):
    network = "filecoin"
    height, head, moment = HEIGHT, HEAD, BEGIN + timedelta(seconds=30 * HEIGHT)
    held: ClassVar[Held] = {"FIL": FIL}
    now: ClassVar[Held] = {"FIL": LATE}
    absent = account(99)
    past = "exact"

    def answer(self, request: Request) -> Reply:
        return rpc(request, self._call)

    def tipset(self, height: int) -> dict[str, Any]:
        if height == 0:
            return self._told(0, [FIRST], None)
        names = [cid(f"{height} {place}") for place in range(3)]
        before = next(one for one in range(height - 1, -1, -1) if one not in NULL)
        parents = [cid(f"{before} {place}") for place in range(3)]
        return self._told(height, names, parents)

    def _told(self, height: int, names: list[str], parents: list[str] | None) -> dict[str, Any]:
        block = {
            "Miner": "f01000",
            "Parents": parents and [{"/": name} for name in parents],
            "Height": height,
            "Timestamp": round(BEGIN.timestamp()) + 30 * height,
        }
        return {"Cids": [{"/": name} for name in names], "Blocks": [block] * len(names), "Height": height}

    def _call(self, method: str, params: list[Any]) -> Any:
        match method.removeprefix("Filecoin."), params:
            case "ChainGetGenesis", _:
                return self.tipset(0)
            case "ChainHead", _:
                return self.tipset(NEWEST)
            case "ChainGetFinalizedTipSet", _:
                return self.tipset(HEAD)
            case "ChainGetTipSetByHeight", [height, None]:
                if height > NEWEST:
                    raise RpcError(1, "looking for tipset with height greater than start point")
                return self.tipset(next(one for one in range(height, -1, -1) if one not in NULL))
            case "ChainGetTipSetAfterHeight", [height, None]:
                return self.tipset(next(one for one in range(height, NEWEST + 1) if one not in NULL))
            case name, [address, key]:
                return self._state(name, address, key)
        raise RpcError(-32601, f"method '{method}' not found")

    def _state(self, method: str, address: str, key: list[Any]) -> Any:
        names = [part["/"] for part in key]
        after = next((h for h in range(HEIGHT - 20, NEWEST + 1) if self.tipset(h)["Cids"] == key), None)
        if after is None:
            raise RpcError(1, f"resolution lookup failed: loading tipset {names}: ipld: could not find {names[0]}")
        height = next(one for one in range(after - 1, -1, -1) if one not in NULL)  # whose state that is
        held = EARLY if height < HEIGHT - 1 else FIL if height <= HEIGHT else FIL | LATE
        if address == "f02":
            return self._actor(10**27 - after * 10**18)
        if address not in held:
            raise RpcError(1, "resolution lookup failed (" + address + "): resolve address: actor not found")
        mine = held[address]
        match method:
            case "StateGetActor":
                return self._actor(mine["total"])
            case "StateReadState":
                fields = {MULTISIG: ("Signers", "UnlockDuration"), MINER: ("InitialPledge", "LockedFunds")}
                state = dict.fromkeys(fields.get(address, ("Address",)), "1")
                return {"Balance": str(mine["total"]), "Code": {"/": cid("code")}, "State": state}
            case "MsigGetAvailableBalance" | "StateMinerAvailableBalance":
                return str(mine["liquid"])
        raise RpcError(-32601, f"method '{method}' not found")

    def _actor(self, balance: int) -> dict[str, Any]:
        code = {"/": cid("code")}
        return {"Code": code, "Head": code, "Nonce": 42, "Balance": str(balance), "DelegatedAddress": None}

    # --- lies ---
    def _told_of(self, method: str, change: Any) -> Change:
        def told(request: Request, reply: Reply) -> Reply:
            if request.body["method"] != f"Filecoin.{method}" or "result" not in reply.body:
                return reply
            return with_body(reply, reply.body | {"result": change(reply.body["result"])})

        return told

    def _newest(self, request: Request, reply: Reply) -> Reply:
        """A node that looks at its newest state, whatever tipset it is asked for."""
        body = request.body
        if len(body["params"]) != 2 or not isinstance(body["params"][1], list):
            return reply
        asked = body | {"params": [body["params"][0], self.tipset(NEWEST)["Cids"]]}
        return self.answer(Request(request.verb, request.path, request.query, request.headers, asked))

    def _old(self, request: Request, reply: Reply) -> Reply:
        if request.body["method"] != "Filecoin.ChainGetTipSetByHeight":
            return reply
        said = {"code": 1, "message": "bad tipset height: lookbacks of more than 24h0m0s are disallowed"}
        return Reply({"jsonrpc": "2.0", "id": request.body["id"], "error": said})

    def _before_f3(self, request: Request, reply: Reply) -> Reply:
        if request.body["method"] != "Filecoin.ChainGetFinalizedTipSet":
            return reply
        said = {"code": -32601, "message": "method 'Filecoin.ChainGetFinalizedTipSet' not found"}
        return Reply({"jsonrpc": "2.0", "id": request.body["id"], "error": said})

    @property
    def lies(self) -> Any:
        return {
            "wrong_chain": (self._told_of("ChainGetGenesis", lambda told: self._told(0, [cid("0")], None)), "error"),
            "the newest state": (self._newest, "error"),
            "older than a day": (self._old, "error"),
            "the tipset after is another's": (
                self._told_of("ChainGetTipSetAfterHeight", lambda told: self.tipset(HEIGHT + 9)), "error"),
            "a number for a balance": (
                self._told_of("StateGetActor", lambda told: told | {"Balance": int(told["Balance"])}), "error"),
            "more is available than there is": (
                self._told_of("MsigGetAvailableBalance", lambda told: str(2 * 10**26)), "bad_answer"),
        }  # fmt: skip


WORLD = Filecoin

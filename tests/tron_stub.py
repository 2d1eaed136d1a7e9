"""A stand-in for a java-tron node: answers in the form of its HTTP API and of its JSON-RPC, with their faults on
request.

Facts: fields that are zero are left out, an account that nobody used is `{}`, errors come with HTTP 200, a REVERT is a
success with the mark FAILED, a call that takes too long is OTHER_ERROR, and a node without history says 0. What the TVM
does is worked out here, or by an EVM (`evm`).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any

from eth_abi.abi import decode, encode

from porlake import registry
from porlake.addresses import tron
from porlake.chains.tron.calls import MULTICALL
from porlake.chains.tron.program import MANY_CODE
from porlake.encoding.keccak import keccak256
from support import on_loopback, reply

HEIGHT, TIME = 63_039_487, 1_719_763_200  # of HTX's snapshot of 2024-07-01
USDT = "TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t"
OUT_OF_TIME = "class org.tron.core.vm.program.Program$OutOfTimeException : CPU timeout for 'SLOAD' operation executing"
OUT_OF_ENERGY = "Not enough energy for 'STATICCALL' operation executing: curInvokeEnergyLimit[100000000]"


def account(number: int) -> str:
    return tron.of("tron", keccak256(number.to_bytes(8, "big"))[-20:]).text


def payload(text: str) -> bytes:
    return tron.parse(text, "tron").payload


def block_id(number: int) -> str:
    """The number and 24 bytes more; the first block is Tron's own."""
    if number == 0:
        return registry.load().identities["tron"].blocks[0].hash
    return number.to_bytes(8, "big").hex() + keccak256(str(number).encode()).hex()[:48]


@dataclass
class Node:
    """`held`: of each token what each account holds, or "fails"; `history`: (height, sun) by account, None where the
    node keeps none.
    """

    accounts: dict[str, dict[str, Any]] = field(default_factory=dict)
    held: dict[str, dict[str, Any]] = field(default_factory=dict)
    history: dict[str, list[tuple[int, int]]] | None = None
    transfers: dict[int, list[tuple[str, str, int]]] = field(default_factory=dict)
    solid: int = HEIGHT + 20
    limit: int = 10_000  # balances that fit into the 80 ms of a call
    too_much: str = OUT_OF_TIME
    heavy: set[str] = field(default_factory=set)  # accounts for which no call ends in time
    creation: bool = True
    multicall: bool = True
    genesis: str = ""
    # answers by path that come first, as they stand
    raw: dict[str, list[tuple[int, bytes]]] = field(default_factory=dict)
    spoiled: dict[str, tuple[int, bytes]] = field(default_factory=dict)  # (status, body) for an account, each time
    broken: set[str] = field(default_factory=set)  # accounts for which every constant call ends in HTTP 500
    asked: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    evm: Callable[[bytes], tuple[bytes, bool, str]] | None = None

    def answer(self, path: str, body: dict[str, Any]) -> Any:
        self.asked.append((path, body))
        name = path.strip("/").replace("/", "_")
        return getattr(self, name)(body) if hasattr(self, name) else {"Error": f"class java.lang.Exception : {path}"}

    def count(self, path: str) -> int:
        return sum(asked == path for asked, _ in self.asked)

    # --- blocks ---
    def block(self, number: int) -> dict[str, Any]:
        found = [self.transfer(*entry) for entry in self.transfers.get(number, [])]
        raw = {"number": number, "timestamp": (TIME + 3 * (number - HEIGHT)) * 1000} if number else {}
        name = self.genesis if self.genesis and number == 0 else block_id(number)
        return {"blockID": name, "block_header": {"raw_data": raw}} | ({"transactions": found} if found else {})

    def transfer(self, sender: str, receiver: str, amount: int) -> dict[str, Any]:
        value = {
            "amount": amount,
            "owner_address": "41" + payload(sender).hex(),
            "to_address": "41" + payload(receiver).hex(),
        }
        return {
            "ret": [{"contractRet": "SUCCESS"}],
            "raw_data": {"contract": [{"type": "TransferContract", "parameter": {"value": value}}]},
        }

    def wallet_getblockbynum(self, body: dict[str, Any]) -> Any:
        return self.block(body["num"]) if body["num"] <= self.solid + 20 else {}

    def walletsolidity_getnowblock(self, body: dict[str, Any]) -> Any:
        return self.block(self.solid)

    # --- accounts ---
    def walletsolidity_getaccount(self, body: dict[str, Any]) -> Any:
        found = self.accounts.get(body["address"])
        return {} if found is None else {"address": body["address"]} | found

    def wallet_getaccountbalance(self, body: dict[str, Any]) -> Any:
        number, name = body["block_identifier"]["number"], body["block_identifier"]["hash"]
        if name != block_id(number):
            return {"Error": "class java.lang.IllegalArgumentException : number and hash do not match"}
        changes = [
            change
            for change in (self.history or {}).get(body["account_identifier"]["address"], [])
            if change[0] <= number
        ]
        changed, sun = changes[-1] if changes else (number, 0)
        return {"block_identifier": {"hash": block_id(changed), "number": changed}} | ({"balance": sun} if sun else {})

    # --- constant calls ---
    def walletsolidity_triggerconstantcontract(self, body: dict[str, Any]) -> Any:
        if "contract_address" not in body and not self.creation:
            return other_error("class java.security.InvalidParameterException : contract_address isn't set.")
        data = bytes.fromhex(body.get("data") or "70a08231" + body["parameter"])
        contract = payload(body["contract_address"]) if "contract_address" in body else None
        if contract is not None and not self.exists(contract):
            return {"result": {"code": "CONTRACT_VALIDATE_ERROR", "message": "Smart contract is not exist."}}
        found, reverted, fault = self.run(contract, data)
        if fault == OUT_OF_TIME:
            return other_error(fault)
        message = fault or ("REVERT opcode executed" if reverted else "")
        mark = {"ret": "FAILED"} if message else {}
        return {"result": {"result": True} | ({"message": message} if message else {}), "energy_used": 1953,
                "constant_result": [found.hex()], "transaction": {"ret": [mark]}}  # fmt: skip

    def exists(self, contract: bytes) -> bool:
        return (contract == MULTICALL and self.multicall) or any(payload(token) == contract for token in self.held)

    def run(self, contract: bytes | None, data: bytes) -> tuple[bytes, bool, str]:
        """(data, reverted, what went wrong)."""
        if contract is None and self.evm is not None:
            return self.evm(data)
        if contract is None:
            rest = data[len(MANY_CODE) :]
            accounts = [rest[i : i + 20] for i in range(20, len(rest), 20)]
            if len(accounts) > self.limit:
                return b"", True, self.too_much
            if any(tron.of("tron", one).text in self.heavy for one in accounts):
                return b"", True, self.too_much
            held = [self.balance(rest[:20], one) for one in accounts]
            return (
                b"".join(
                    n.to_bytes(32, "big") for n in (self.solid, *(2**256 - 1 if raw is None else raw for raw in held))
                ),
                True,
                "",
            )
        if contract == MULTICALL:
            (calls,) = decode(["(address,bool,bytes)[]"], data[4:])
            if len(calls) > self.limit + 1:
                return b"", True, self.too_much
            results = [self.inner(bytes.fromhex(to[2:]), inside) for to, _, inside in calls]
            return encode(["(bool,bytes)[]"], [results]), False, ""
        raw = self.balance(contract, data[-20:])
        return (b"", True, "") if raw is None else (raw.to_bytes(32, "big"), False, "")

    def inner(self, contract: bytes, data: bytes) -> tuple[bool, bytes]:
        if contract == MULTICALL:
            return True, self.solid.to_bytes(32, "big")
        raw = self.balance(contract, data[-20:])
        return (False, b"") if raw is None else (True, raw.to_bytes(32, "big"))

    def balance(self, token: bytes, owner: bytes) -> int | None:
        found = next((held for text, held in self.held.items() if payload(text) == token), {})
        raw = found.get(tron.of("tron", owner).text, 0)
        return None if raw == "fails" else raw

    # --- JSON-RPC ---
    def jsonrpc(self, body: dict[str, Any]) -> Any:
        method, params = body["method"], body["params"]
        if method == "eth_chainId":
            return self.told(body, self.genesis or "0x2b6653dc")
        if method == "eth_getBlockByNumber":
            number = self.solid if params[0] == "latest" else int(params[0], 16)
            seconds = TIME + 3 * (number - HEIGHT)
            return self.told(
                body,
                {"number": hex(number), "hash": "0x" + block_id(number), "timestamp": hex(seconds)}
                if number <= self.solid
                else None,
            )
        if method != "eth_call" or params[1] != "latest":
            return {
                "jsonrpc": "2.0",
                "id": body["id"],
                "error": {"code": -32602, "message": "QUANTITY not supported, just support TAG as latest"},
            }
        contract = bytes.fromhex(params[0]["to"][2:])
        if not self.exists(contract):
            return {
                "jsonrpc": "2.0",
                "id": body["id"],
                "error": {"code": -32602, "message": "Smart contract is not exist."},
            }
        found, reverted, fault = self.run(contract, bytes.fromhex(params[0]["data"][2:]))
        if fault or reverted:
            return {
                "jsonrpc": "2.0",
                "id": body["id"],
                "error": {"code": -32000, "message": fault or "REVERT opcode executed", "data": "0x"},
            }
        return self.told(body, "0x" + found.hex())

    def told(self, body: dict[str, Any], result: Any) -> Any:
        return {"jsonrpc": "2.0", "id": body["id"], "result": result}


def other_error(message: str) -> dict[str, Any]:
    return {"result": {"code": "OTHER_ERROR", "message": message}}


@contextmanager
def served(node: Node) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            node.headers.append(dict(self.headers))
            if node.raw.get(self.path):
                status, data = node.raw[self.path].pop(0)
            elif body.get("address") in node.spoiled:
                status, data = node.spoiled[body["address"]]
            elif any(payload(one).hex() in json.dumps(body) for one in node.broken):
                status, data = 500, b"<html>"
            else:
                status, data = 200, json.dumps(node.answer(self.path, body)).encode()
            reply(self, status, data)

        def log_message(self, *_: Any) -> None:
            pass

    with on_loopback(Handler) as url:
        yield url

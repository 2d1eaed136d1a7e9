"""Nodes without some abilities, played by a proxy in front of one that has them all."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import anvil
import proxy as faults
from porlake.chains.evm import programs as _programs

Change = Callable[[dict[str, Any]], Any]


def no_override(item: dict[str, Any]) -> None:
    """Lotus: eth_call has two parameters, the third is ignored."""
    if item["method"] == "eth_call":
        item["params"] = item["params"][:2]


def no_creation(item: dict[str, Any]) -> None:
    """A call without `to` reaches an empty account."""
    if item["method"] == "eth_call" and "to" not in item["params"][0]:
        item["params"][0] = {"to": _programs.PLACE, "data": "0x"}


def no_multicall(item: dict[str, Any]) -> None:
    """Before its deployment there is no code."""
    if item["method"] == "eth_call" and item["params"][0].get("to") == anvil.MULTICALL3_PLACE:
        item["params"][0]["to"] = _programs.PLACE


def latest(item: dict[str, Any]) -> None:
    """Whatever block is asked for: the newest state."""
    if item["method"] in {"eth_call", "eth_getBalance", "eth_getTransactionCount"}:
        item["params"][1] = "latest"


def all_of(*changes: Change) -> faults.Fault:
    def change_all(item: dict[str, Any]) -> None:
        for change in changes:
            change(item)

    return faults.rewritten(change_all)


def lacking(*changes: Change, batches: bool = True, hashes: bool = True) -> faults.Fault:
    """A node without some abilities; what it refuses, it refuses as geth does."""

    def fault(exchange: faults.Exchange) -> bool:
        if not batches and isinstance(exchange.question, list):
            return exchange.send(
                {
                    "jsonrpc": "2.0",
                    "id": None,
                    "error": {"code": -32600, "message": "batched requests are not supported"},
                }
            )
        params = [item["params"][1] for item in exchange.items if len(item["params"]) > 1]
        if not hashes and any(isinstance(param, dict) for param in params):
            return exchange.error(
                -32602, "invalid argument 1: json: cannot unmarshal object into Go value of type string"
            )
        return all_of(*changes)(exchange)

    return fault


NODES = {
    "eth_call_override": (),
    "eth_call_creation": (no_override,),
    "multicall3": (no_override, no_creation),
    "eth_batch": (no_override, no_creation, no_multicall),
    "eth_single": (no_override, no_creation, no_multicall),
}

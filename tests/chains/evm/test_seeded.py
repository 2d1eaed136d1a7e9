"""Some hundred faults of EVM endpoints, drawn by number: right balances, reasons, or a named failure in the end; no
wrong number, no other exception, no case that takes long. An endpoint that lies is put before an honest one of another
operator: what one alone says stays what it says.
"""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

import numpy as np
import pytest

import proxy as faults
from evm_chain import HEIGHT, Chain, quick, taken_over, token
from nodes_lacking import NODES, lacking
from porlake import pipeline
from porlake.chains._columns import number
from porlake.chains.evm.words import ACCOUNTS, accounts_from
from porlake.errors import ChainError, TransportError
from porlake.observation.columns import Codes, once
from porlake.observation.endpoints import Endpoints
from porlake.observation.reading import Reader
from proxy import Exchange, Fault, Proxy

pytestmark = pytest.mark.node
COUNT, LONG = 256, 60.0  # cases, and seconds that one may take on a busy machine
BALANCES = {"eth_call", "eth_getBalance"}
ODD: tuple[Any, ...] = (
    None, True, False, 0, 1, 3.7, -1, 10**30, 1e308, "", "0x", "0xzz", "zz", " " "0x1", "0x_1", "-0x1", "0x" + "f" * 64,
    "0x" + "f" * 65, "٣", "0x１",
    [], {}, [1], {"a": 1}, "5", "0x1e999999",
)  # fmt: skip
WORDS = (
    (-32000, "missing trie node 12ab (path )"), (-32000, "header not found"),
    (-32007, "100/second request limit reached"),
    (-32603, "Internal error"), (-32000, "gas required exceeds allowance"), (-32015, "VM execution error."),
    (-32003, "response too large"),
    (-32005, "limit exceeded"), (-32601, "the method does not exist/is not available"),
    (-32602, "too many arguments, want at most 2"),
    (-32600, "batch too large"), (-32000, "execution aborted (timeout = 5s)"), (3, "execution reverted"), (7, ""),
)  # fmt: skip


def somewhere(rng: random.Random, value: Any) -> Any:
    """The value with one part of it, or all of it, made odd."""
    if isinstance(value, dict) and value and rng.random() < 0.8:
        name = rng.choice(sorted(value))
        return value | {name: somewhere(rng, value[name])}
    if isinstance(value, list) and value and rng.random() < 0.8:
        place = rng.randrange(len(value))
        return [*value[:place], somewhere(rng, value[place]), *value[place + 1 :]]
    if isinstance(value, str) and value.startswith("0x") and rng.random() < 0.4:
        return rng.choice(
            [
                value[:-1],
                value + "0",
                value[:2] + "_" + value[3:],
                value[:2] + " " + value[3:],
                value.replace("0x", "0X", 1) + "g",
            ]
        )
    return rng.choice(ODD)


def odd_result(rng: random.Random) -> Fault:
    def fault(exchange: Exchange) -> bool:
        answer = exchange.answer()
        items = answer if isinstance(answer, list) else [answer]
        item = rng.choice(items)
        if "result" in item:
            item["result"] = somewhere(rng, item["result"])
        return exchange.send(json.dumps(answer).encode())

    return fault


def odd_envelope(rng: random.Random) -> Fault:
    return lambda exchange: exchange.send(json.dumps(somewhere(rng, exchange.answer())).encode())


def odd_error(rng: random.Random) -> Fault:
    return lambda exchange: exchange.send(
        json.dumps(
            {
                "jsonrpc": "2.0",
                "id": exchange.items[0]["id"],
                "error": somewhere(rng, {"code": -32000, "message": "no", "data": {}}),
            }
        ).encode()
    )


def words(rng: random.Random) -> Fault:
    code, message = rng.choice(WORDS)
    return lambda exchange: exchange.error(code, message)


def of_one_item(rng: random.Random) -> Fault:
    code, message = rng.choice(WORDS)

    def fault(exchange: Exchange) -> bool:
        if not isinstance(exchange.question, list):
            return False
        answer = exchange.answer()
        if isinstance(answer, list):
            place = rng.randrange(len(answer))
            answer[place] = {"jsonrpc": "2.0", "id": answer[place]["id"], "error": {"code": code, "message": message}}
        return exchange.send(answer)

    return fault


def on_the_way(rng: random.Random) -> Fault:
    return rng.choice([faults.reset, faults.reset_in_the_body, faults.short_body, faults.short_chunk, faults.truncated,
                       faults.html, faults.wrong_ids,
                       faults.gzipped,
                       faults.status(rng.choice([400, 401, 403, 404, 413, 429, 500, 502, 503, 504]))])  # fmt: skip


def newest(rng: random.Random) -> Fault:
    """The newest state in place of the block's, from one server of several or always."""
    share = rng.choice([0.3, 1.0])

    def change(item: dict[str, Any]) -> None:
        if item["method"] in ("eth_call", "eth_getBalance") and rng.random() < share:
            item["params"][1] = "latest"

    return faults.rewritten(change)


def lying(rng: random.Random) -> Fault:
    """Balances that are not: of all accounts or of one in two, in every way of asking."""
    step, odd = rng.choice([1, 2]), rng.choice([0, 1])

    def lie(word: int) -> int:
        return word if step == 2 and word % 2 == odd else word // 2 + 1

    def fault(exchange: Exchange) -> bool:
        answer = exchange.answer()
        by_id = {
            item["id"]: item for item in (answer if isinstance(answer, list) else [answer]) if isinstance(item, dict)
        }
        for asked in exchange.items:
            item, params = by_id.get(asked["id"], {}), asked["params"]
            result = item.get("result")
            if not isinstance(result, str):
                continue
            if asked["method"] == "eth_getBalance" or (
                asked["method"] == "eth_call" and params[0].get("data", "").startswith("0x70a08231")
            ):
                item["result"] = (
                    f"0x{lie(int(result, 16)):064x}"
                    if asked["method"] == "eth_call" and len(result) == 66
                    else hex(lie(int(result, 16)))
                )
            elif asked["method"] == "eth_call" and len(params) == 3 and len(result) > 130:
                told = [int(result[at : at + 32], 16) for at in range(130, len(result), 32)]
                item["result"] = result[:130] + "".join(
                    f"{lie(word):032x}" if word < 2**126 else f"{word:032x}" for word in told
                )
        return exchange.send(answer)

    return fault


KINDS: dict[str, Callable[[random.Random], Fault]] = {
    "odd result": odd_result, "odd envelope": odd_envelope, "odd error": odd_error, "words": words,
    "of one item": of_one_item,
    "on the way": on_the_way, "newest": newest, "lying": lying,
}  # fmt: skip


def some(rng: random.Random, name: str, fault: Fault, method: str) -> Fault:
    """The fault at some questions: always, for a while, now and then; at some methods; before a node that lacks what
    `method` says.
    """
    always = name == "lying"
    share, left = (
        (1.0 if always else rng.choice([1.0, 0.3, 0.1])),
        [10**6 if always or rng.random() < 0.5 else rng.randrange(1, 6)],
    )
    methods = (
        BALANCES if always or rng.random() < 0.6 else BALANCES | {"eth_getBlockByNumber", "eth_chainId", "eth_getLogs"}
    )
    poor = lacking(*NODES[method], batches=method != "eth_single")

    def applied(exchange: Exchange) -> bool:
        if left[0] and exchange.methods & methods and rng.random() < share:
            left[0] -= 1
            if fault(exchange):
                return True
        return poor(exchange)

    return applied


def looked(client: Endpoints, chain: Chain, asset: str, accounts: list[str]) -> dict[str, int]:
    """The balances that stand, as observe reads them."""
    at = client.block(HEIGHT)
    chosen = replace(pipeline.session("nowhere", environ={}), check_sample=Decimal(1))
    codes = Codes()
    wanted = accounts_from(accounts)
    held = once(
        asset,
        ACCOUNTS,
        codes,
        [(wanted, np.full(len(wanted), HEIGHT, np.int64), np.zeros((len(wanted), 2), np.uint64))],
    )
    Reader(chosen.run, client, "ethereum", codes, "look").read(held, token("ethereum", asset), {HEIGHT: at})
    addresses = ACCOUNTS.texts(held.accounts).to_pylist()
    assert all(codes.reasons[code] for code in held.read.reasons.tolist() if code)
    return {addresses[row]: number(held.read.words, row) for row in np.flatnonzero(held.readable).tolist()}


def test_no_fault_of_some_hundred_makes_a_wrong_number(chain: Chain) -> None:
    accounts, outcomes = chain.accounts[:6], dict.fromkeys(("right", "in part", "failed"), 0)
    with Proxy(chain.url) as first, Proxy(chain.url, "127.0.0.2") as second:
        for seed in range(COUNT):
            rng = random.Random(seed)
            name = sorted(KINDS)[seed % len(KINDS)]
            method = rng.choice(sorted(NODES))
            first.misbehave(some(rng, name, KINDS[name](rng), method))
            # What one node alone says now and then of another moment, nobody can tell from the truth; a second one can.
            two = name in ("lying", "newest") or rng.random() < 0.4
            asset = rng.choice(["ETH", "USDT"])
            endpoints = [
                quick(place.url, timeout=2.0, tries=2, pause=0.0005) for place in ([first, second] if two else [first])
            ]
            began = time.monotonic()
            try:
                found = looked(taken_over(*endpoints), chain, asset, accounts)
            except (TransportError, ChainError) as error:
                assert "secret-key" not in str(error), seed
                outcomes["failed"] += 1
            else:
                true = chain.native if asset == "ETH" else chain.token
                wrong = {account: raw for account, raw in found.items() if raw != true[account]}
                assert not wrong, (seed, name, method, asset, two, wrong)
                outcomes["right" if len(found) == len(accounts) else "in part"] += 1
            assert time.monotonic() - began < LONG, (seed, name)
    assert outcomes["right"] > COUNT // 3, outcomes
    assert sum(outcomes.values()) == COUNT

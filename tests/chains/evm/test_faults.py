"""What goes wrong on the way to a node: for each fault the right balances in the end, or a named failure; never a wrong
number, never a key.
"""

from __future__ import annotations

import logging
import threading
import time
from pathlib import Path
from typing import Any

import pytest

import proxy as faults
from evm_chain import HEIGHT, Chain, amounts, opened, quick, taken_over
from porlake.errors import (
    BadAnswer,
    ChainError,
    ConfigurationError,
    PorlakeError,
    RateLimited,
    TimedOut,
    TooBig,
    TransportError,
)
from porlake.transport import Endpoint, JsonRpc, Recording
from proxy import Exchange, Fault, Proxy

pytestmark = pytest.mark.node
LIMITED = {"jsonrpc": "2.0", "id": 1, "error": {"code": -32005, "message": "limit exceeded"}}


def balances(exchange: Exchange) -> bool:
    return bool(exchange.methods & {"eth_call", "eth_getBalance"})


def through_batches(fault: Fault) -> Fault:
    """The fault, at a node that takes nothing but batches and single calls."""

    def lacking(exchange: Exchange) -> bool:
        if (
            "eth_call" in exchange.methods
            and not isinstance(exchange.question, list)
            and exchange.question["params"][0].get("to") != USDT
        ):
            return exchange.error(-32601, "not here")
        return balances(exchange) and fault(exchange)

    return lacking


USDT = "0xdac17f958d2ee523a2206206994597c13d831ec7"


def shuffled(items: list[Any]) -> list[Any]:
    return items[1::2] + items[::2][::-1]


# (fault, does a repeated question help, the failure where the fault stays)
PASSING: dict[str, tuple[Fault, type[PorlakeError] | None, str]] = {
    "timeout": (faults.slow(1.5), TimedOut, "no answer within"),
    "reset": (faults.reset, TransportError, "127.0.0.1"),
    "reset in the body": (faults.reset_in_the_body, TransportError, "broke off"),
    "a body too short": (faults.short_body, TransportError, "broke off"),
    "a chunk too short": (faults.short_chunk, TransportError, "broke off"),
    "chunks": (faults.chunked, None, ""),
    "429": (faults.status(429), RateLimited, "too many requests"),
    "429 with Retry-After": (faults.status(429, Retry_After="0"), RateLimited, "too many requests"),
    "429 with a date": (
        faults.status(429, Retry_After="Wed, 21 Oct 2015 07:28:00 GMT"),
        RateLimited,
        "too many requests",
    ),
    "429 with nonsense": (faults.status(429, Retry_After="soon"), RateLimited, "too many requests"),
    "-32005": (faults.error(-32005, "limit exceeded"), RateLimited, "limit exceeded"),
    "500": (faults.status(500), TransportError, "HTTP 500"),
    "500 with a page": (faults.status(500, b"<html>oops</html>"), TransportError, "HTTP 500"),
    "503 of a load balancer": (faults.status(503, b"no healthy upstream"), TransportError, "HTTP 503"),
    "truncated JSON": (faults.truncated, BadAnswer, "no JSON, or only a part"),
    "wrong ids": (faults.wrong_ids, BadAnswer, "not of this question"),
    "a page with 200": (faults.html, BadAnswer, "HTML"),
    "no object": (lambda exchange: exchange.send(b'"hello"'), BadAnswer, "no object"),
    "neither result nor error": (
        lambda exchange: exchange.send({"id": exchange.question["id"]}),
        BadAnswer,
        "neither result nor error",
    ),
    "an error that is no object": (
        lambda exchange: exchange.send({"id": exchange.question["id"], "error": "bad"}),
        BadAnswer,
        "no object",
    ),
    "no JSON at all": (lambda exchange: exchange.send(b"\xff\xfe\x00"), BadAnswer, "no JSON"),
    "gzip": (faults.gzipped, None, ""),
}


# that one is whole, and not tried again
@pytest.mark.parametrize("name", sorted(PASSING.keys() - {"an error that is no object"}))
def test_a_fault_that_passes_leaves_the_right_balances(chain: Chain, proxy: Proxy, name: str) -> None:
    proxy.misbehave(PASSING[name][0], balances, times=2)
    client = opened(quick(proxy.url, timeout=1.0))
    assert amounts(client, "ETH", chain.accounts)[0] == chain.amounts("ETH")
    assert amounts(client, "USDT", chain.accounts)[0] == chain.amounts("USDT")


@pytest.mark.parametrize("name", PASSING)
def test_a_fault_that_stays_is_named(chain: Chain, proxy: Proxy, name: str) -> None:
    fault, failure, why = PASSING[name]
    proxy.misbehave(fault, balances)
    client = opened(quick(proxy.url, timeout=0.4 if name == "timeout" else 2.0, tries=2))
    if failure is None:
        assert amounts(client, "ETH", chain.accounts)[0] == chain.amounts("ETH")
        return
    with pytest.raises(failure, match=why) as caught:
        amounts(client, "ETH", chain.accounts)
    assert "secret-key" not in str(caught.value)


# --- answers that are whole and wrong ---------------------------------------------------------------------------------
def cut(text: str) -> str:
    return text[:-32]


WRONG: dict[str, tuple[Fault, str]] = {
    "a word too few": (faults.result(cut), "bytes for"),
    "a word too many": (faults.result(lambda text: text + "0" * 32), "bytes for"),
    "0x": (faults.result(lambda text: "0x"), "empty answer"),
    "null": (faults.result(lambda text: None), "no hex"),
    "a number": (faults.result(lambda text: 5), "no hex"),
    "odd digits": (faults.result(lambda text: text + "0"), "no hex"),
    "no hex": (faults.result(lambda text: "0xzz" + text[4:]), "no hex"),
    "zeros": (faults.result(lambda text: "0x" + "0" * (len(text) - 2)), "answered from block 0"),
    "another parent": (faults.result(lambda text: text[:70] + "ab" * 16 + text[102:]), "follows 0x"),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_answer_of_our_program_is_never_taken(chain: Chain, proxy: Proxy, name: str) -> None:
    fault, why = WRONG[name]
    proxy.misbehave(fault, lambda exchange: exchange.methods == {"eth_call"})
    client = opened(quick(proxy.url, tries=2))
    try:
        found, methods = amounts(client, "ETH", chain.accounts)
    except (TransportError, ChainError) as error:
        assert why in str(error)
    else:
        assert found == chain.amounts("ETH")
        assert methods in ({"eth_call_creation"}, {"eth_batch"}), (
            "another way of asking was found, which the fault does not reach"
        )


BATCHES: dict[str, tuple[Fault, bool]] = {
    "out of order": (faults.of_items(shuffled), True),
    "one missing": (faults.of_items(lambda items: items[:-1]), False),
    "one twice": (faults.of_items(lambda items: [*items, items[0]]), False),
    "one twice and one missing": (faults.of_items(lambda items: [*items[:-1], items[0]]), False),
    "an id of nobody": (faults.of_items(lambda items: [*items[:-1], items[-1] | {"id": 999_999}]), False),
    "ids as text": (faults.of_items(lambda items: [item | {"id": str(item["id"])} for item in items]), False),
    "ids swapped away": (faults.of_items(lambda items: [item | {"id": None} for item in items]), False),
    "an empty array": (faults.of_items(lambda items: []), False),
    "an object for the whole batch": (
        faults.of_items(lambda items: {"id": None, "error": {"code": -32600, "message": "no batches"}}),
        False,
    ),
    "one error for the whole batch": (
        faults.of_items(lambda items: [{"id": None, "error": {"code": -32600, "message": "batch too large"}}]),
        False,
    ),
    "items that are no objects": (faults.of_items(lambda items: [1, 2, 3]), False),
    "an item with neither result nor error": (
        faults.of_items(lambda items: [{"id": items[0]["id"]}, *items[1:]]),
        False,
    ),
    "an item that is limited": (
        faults.of_items(
            lambda items: [{"id": items[0]["id"], "error": {"code": -32005, "message": "slow down"}}, *items[1:]]
        ),
        False,
    ),
    "0x for a balance": (faults.of_items(lambda items: [items[0] | {"result": "0x"}, *items[1:]]), False),
    "null for a balance": (faults.of_items(lambda items: [items[0] | {"result": None}, *items[1:]]), False),
}


@pytest.mark.parametrize("name", BATCHES)
def test_a_batch_is_taken_whole_and_by_its_ids_or_not_at_all(chain: Chain, proxy: Proxy, name: str) -> None:
    fault, harmless = BATCHES[name]
    proxy.misbehave(through_batches(fault))
    client = opened(quick(proxy.url, tries=2, pause=0.001))
    try:
        found, methods = amounts(client, "ETH", chain.accounts[:60])
    except (TransportError, ChainError) as error:
        assert not harmless, error
        assert "127.0.0.1" in str(error)
    else:
        assert found == chain.amounts("ETH")[:60]
        assert methods == {"eth_batch"} if harmless else methods <= {"eth_batch", "eth_single"}


def test_an_item_that_is_limited_once_is_asked_again(chain: Chain, proxy: Proxy) -> None:
    once = BATCHES["an item that is limited"][0]
    left = [2]

    def fault(exchange: Exchange) -> bool:
        if isinstance(exchange.question, list) and left[0]:
            left[0] -= 1
            return once(exchange)
        return False

    proxy.misbehave(through_batches(fault))
    assert amounts(opened(quick(proxy.url)), "ETH", chain.accounts[:60]) == (chain.amounts("ETH")[:60], {"eth_batch"})


# --- the block --------------------------------------------------------------------------------------------------------
def test_a_reorganised_block_is_named(chain: Chain, proxy: Proxy) -> None:
    proxy.misbehave(faults.error(-32000, "hash is not currently canonical"), balances)
    with pytest.raises(TransportError, match="not currently canonical"):
        amounts(opened(quick(proxy.url)), "ETH", chain.accounts)


def test_a_block_that_is_replaced_while_batches_read_it_is_named(chain: Chain, proxy: Proxy) -> None:
    seen: list[Any] = []

    def fault(exchange: Exchange) -> bool:
        if "eth_getBlockByNumber" in exchange.methods and exchange.question["params"][1] is False and seen:
            answer = exchange.answer()
            answer["result"]["hash"] = "0x" + "ab" * 32
            return exchange.send(answer)
        seen.extend([1] if "eth_getBalance" in exchange.methods else [])
        return through_batches(lambda exchange: False)(exchange)

    proxy.misbehave(fault)
    with pytest.raises(ChainError, match="was replaced while it was read"):
        amounts(opened(quick(proxy.url)), "ETH", chain.accounts)


def test_past_state_that_is_gone_is_named(chain: Chain, proxy: Proxy) -> None:
    proxy.misbehave(faults.error(-32000, "missing trie node 12ab (path ) state 0x12 is not available"), balances)
    with pytest.raises(TransportError, match="missing trie node"):
        amounts(opened(quick(proxy.url)), "ETH", chain.accounts)


# --- the wire ---------------------------------------------------------------------------------------------------------
def test_a_redirect_to_another_host_is_refused(chain: Chain, proxy: Proxy) -> None:
    proxy.misbehave(faults.status(302, Location="https://elsewhere.example/v3/secret-key"), balances)
    with pytest.raises(BadAnswer, match="redirects to elsewhere.example, which is refused") as caught:
        amounts(opened(quick(proxy.url)), "ETH", chain.accounts)
    assert "secret-key" not in str(caught.value)
    assert sum(balances(exchange) for exchange in proxy.asked) == 1, "it is not asked again"


@pytest.mark.parametrize("fault", [faults.endless, faults.zipped_bomb], ids=["endless", "gzip bomb"])
def test_an_endless_body_is_cut_off(chain: Chain, proxy: Proxy, fault: Fault) -> None:
    proxy.misbehave(fault, balances)
    with pytest.raises((TooBig, ChainError), match="longer than"):
        amounts(opened(quick(proxy.url, answer_bytes=1 << 20, timeout=60.0)), "ETH", chain.accounts)


def test_an_answer_that_trickles_in_for_ever_is_given_up(chain: Chain, proxy: Proxy) -> None:
    def trickle(exchange: Exchange) -> bool:
        exchange.handler.send_response(200)
        exchange.handler.end_headers()
        exchange.handler.close_connection = True
        try:
            for _ in range(300):
                exchange.handler.wfile.write(b" ")
                exchange.handler.wfile.flush()
                time.sleep(0.02)
        except OSError:
            pass
        return True

    proxy.misbehave(trickle, balances)
    began = time.monotonic()
    with pytest.raises(TimedOut, match="does not end in time"):
        JsonRpc("ethereum", quick(proxy.url, timeout=0.2, tries=1), Recording.off()).call(
            "eth_getBalance", [chain.accounts[0], "latest"]
        )
    assert time.monotonic() - began < 4


def test_a_rate_limit_is_kept_to_and_what_it_wishes_is_waited(chain: Chain, proxy: Proxy) -> None:
    proxy.misbehave(faults.status(429, Retry_After="1"), balances, times=1)
    began = time.monotonic()
    assert amounts(opened(quick(proxy.url)), "ETH", chain.accounts)[0] == chain.amounts("ETH")
    assert time.monotonic() - began >= 1


def test_fewer_questions_are_under_way_after_a_rate_limit(chain: Chain, proxy: Proxy) -> None:
    lock, under_way, most = threading.Lock(), [0], [0]
    limited = [3]

    def fault(exchange: Exchange) -> bool:
        with lock:
            under_way[0] += 1
            most[0] = max(most[0], under_way[0])
            if limited[0] and under_way[0] > 1:
                limited[0] -= 1
                most[0] = 0
                under_way[0] -= 1
                return exchange.send(b"", 429)
        time.sleep(0.01)
        exchange.send(exchange.forward())
        with lock:
            under_way[0] -= 1
        return True

    proxy.misbehave(fault)
    rpc = JsonRpc("ethereum", quick(proxy.url, in_flight=4, tries=4), Recording.off())
    list(rpc.many((("eth_getBalance", [account, "latest"]) for account in chain.accounts[:24]), 8))
    assert limited[0] < 3  # on a busy machine fewer questions meet
    assert most[0] <= 2


def test_requests_keep_to_a_rate(chain: Chain) -> None:
    rpc = JsonRpc("ethereum", quick(chain.url, per_second=50.0), Recording.off())
    began = time.monotonic()
    list(rpc.many((("eth_blockNumber", []) for _ in range(11)), 4))
    assert time.monotonic() - began >= 0.19


# --- secrets ----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("quoting", [True, False])
def test_no_key_is_in_an_error_a_log_or_a_recording(
    chain: Chain, proxy: Proxy, tmp_path: Path, caplog: pytest.LogCaptureFixture, quoting: bool
) -> None:
    """A gateway may quote the URL that it asked itself."""
    caplog.set_level(logging.DEBUG)
    message = f"upstream {proxy.url} failed" if quoting else "failed"
    proxy.misbehave(faults.error(-32000, message), balances)
    endpoint = quick(proxy.url.replace("http://", "http://user:pass-word@"), headers={"X-Key": "header-secret"})
    with pytest.raises(ChainError) as caught:
        amounts(opened(endpoint, recording=Recording.record(tmp_path)), "ETH", chain.accounts[:3])
    texts = [str(caught.value), repr(endpoint), caplog.text, *(path.read_text() for path in tmp_path.rglob("*.json"))]
    for secret in ("secret-key", "pass-word", "header-secret"):
        assert not any(secret in text for text in texts), secret


def test_an_endpoint_that_is_no_url_is_refused_without_being_quoted() -> None:
    for wrong in ("ftp://key@host", "secret-key", "http://"):
        with pytest.raises(ConfigurationError) as caught:
            Endpoint(wrong)
        assert "key" not in str(caught.value)


# --- several endpoints ------------------------------------------------------------------------------------------------
LOST: dict[str, Fault] = {
    "500": faults.status(500),
    "429": faults.status(429),
    "page": faults.html,
    "gone": faults.error(-32000, "missing trie node"),
    "zeros": WRONG["zeros"][0],
    "reset": faults.reset,
}


@pytest.mark.parametrize("after", [0, 3])
@pytest.mark.parametrize("name", LOST)
def test_another_endpoint_takes_over(chain: Chain, proxy: Proxy, name: str, after: int, tmp_path: Path) -> None:
    left = [after]

    def fault(exchange: Exchange) -> bool:
        left[0] -= 1
        return left[0] < 0 and LOST[name](exchange)

    proxy.misbehave(fault, balances)
    with Proxy(chain.url) as second:
        # so that there are many questions
        second.misbehave(faults.error(-32000, "out of gas"), lambda exchange: len(exchange.body) > 5_000)
        read = {}
        for recording in (Recording.record(tmp_path), Recording.replay(tmp_path)):
            endpoints = [] if recording.replays else [quick(proxy.url, tries=2), quick(second.url, tries=2)]
            client = taken_over(*endpoints, recording=recording)
            read[recording.replays] = (
                amounts(client, "ETH", chain.accounts)[0],
                amounts(client, "USDT", chain.accounts)[0],
            )
        assert read[True] == read[False] == (chain.amounts("ETH"), chain.amounts("USDT"))


def test_where_every_endpoint_fails_all_of_them_are_named(chain: Chain, proxy: Proxy) -> None:
    proxy.misbehave(faults.status(500), balances)
    with Proxy(chain.url) as second:
        second.misbehave(faults.html, balances)
        with pytest.raises(TransportError, match="HTTP 500.*; .*HTML"):
            amounts(taken_over(quick(proxy.url, tries=1), quick(second.url, tries=1)), "ETH", chain.accounts)


def test_an_endpoint_with_another_block_at_the_height_does_not_take_over(chain: Chain, proxy: Proxy) -> None:
    proxy.misbehave(faults.status(500), balances)

    def forked(exchange: Exchange) -> bool:
        answer = exchange.answer()
        answer["result"]["hash"] = "0x" + "cd" * 32
        return exchange.send(answer)

    with Proxy(chain.url) as second:
        second.misbehave(forked, lambda exchange: "eth_getBlockByNumber" in exchange.methods)
        with pytest.raises(ChainError, match=f"block {HEIGHT} of Ethereum is 0xcdcd"):
            amounts(taken_over(quick(proxy.url, tries=1), quick(second.url)), "ETH", chain.accounts)

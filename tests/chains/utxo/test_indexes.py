"""Esplora, Blockbook, Insight and qtum.info as their documents describe them, and an Electrum server that is busy,
breaks off or lies.
"""

from __future__ import annotations

import hashlib
import json
import socketserver
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest

from porlake import addresses, chains, registry
from porlake.addresses import bitcoin as form
from porlake.chains.utxo import blockbook, esplora, insight, qtuminfo
from porlake.chains.utxo.errors import ELECTRUM_ERRORS
from porlake.chains.utxo.scripts import transaction
from porlake.encoding.hashes import sha256d
from porlake.encoding.varint import compact_size, with_length
from porlake.errors import (
    BadAnswer,
    ChainError,
    ConfigurationError,
    NodeBehind,
    RateLimited,
    RequestFailed,
    TransportError,
)
from porlake.transport import ElectrumRpc, Endpoint, Recording
from support import named, on_loopback, own_rows

HEIGHT, TIP = 100, 105
NETWORKS = {
    "esplora": ["bitcoin", "litecoin"],
    "blockbook": ["bitcoin", "litecoin", "dogecoin", "bitcoin_cash", "dash", "zcash", "qtum"],
    "insight": ["dash", "decred"],
    "qtuminfo": ["qtum"],
}


@pytest.fixture(autouse=True)
def stand_ins(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """The registry's networks are the chains of the stand-ins."""
    names = {network: f"0:{Index(network).hash(0)}" for networks in NETWORKS.values() for network in networks}
    with own_rows(named(tmp_path_factory.mktemp("rows"), **names)):
        yield


def owned(network: str, byte: int) -> addresses._address.Address:
    digest = bytes([byte]) * 20
    if registry.load().networks[network].address_form == "cashaddr":
        return addresses.cashaddr.of(network, "p2pkh", digest)
    return form._base58(network, "p2pkh", digest)


class Index:
    """A chain in which ONE has got 1, 2, 4 ... and spent some since the height, and TWO nothing since; the mempool is
    full of noise.
    """

    def __init__(self, network: str) -> None:
        self.network = network
        self.one, self.two, self.never = (owned(network, byte) for byte in (1, 2, 3))
        one, two = self.one, self.two
        # (height, [(spent from, amount)], [(paid to, amount)]), newest first; height -1: in no block yet
        self.transactions = [
            (-1, [(one, 1 << 4)], [(two, 1 << 4)]),
            (TIP, [], [(one, 1 << 30)]),
            (HEIGHT + 1, [(one, 1 << 3)], [(one, 1 << 2), (two, 0)]),
            (HEIGHT, [], [(one, 1 << 3), (one, 1 << 4)]),
            (50, [(two, 1 << 9)], [(two, 1 << 8), (one, 1 << 1)]),
            (40, [], [(two, 1 << 9)]),
        ]
        self.asked: list[str] = []
        self.moves = 0

    def at(self, height: int, address: Any) -> int:
        done = [(spends, pays) for at, spends, pays in self.transactions if 0 < at <= height]
        return sum(
            sum(a for who, a in pays if who == address) - sum(a for who, a in spends if who == address)
            for spends, pays in done
        )

    def of(self, address: Any) -> list[Any]:
        return [t for t in self.transactions if any(who == address for side in t[1:] for who, _ in side)]

    def address(self, text: str) -> Any:
        found = [who for who in (self.one, self.two, self.never) if who.text == text]
        if not found:
            raise Status(400, "Invalid Bitcoin address")
        return found[0]

    def hash(self, height: int) -> str:
        return hashlib.sha256(f"{self.network}{height}".encode()).hexdigest()


def txid_of(t: Any) -> str:
    return hashlib.sha256(repr((t[0], len(t[1]), len(t[2]))).encode()).hexdigest()


class Status(Exception):
    pass


class Esplora(Index):
    def answer(self, path: str) -> Any:
        match path.strip("/").split("/"):
            case ["blocks", *height]:
                top = int(height[0]) if height else TIP
                if top > TIP:
                    raise Status(404, "Block not found")
                return [
                    {"id": self.hash(h), "height": h, "timestamp": 1_700_000_000 + h} for h in range(top, top - 10, -1)
                ]
            case ["address", text]:
                found = [t for t in self.of(self.address(text)) if t[0] > 0]
                sums = [sum(a for t in found for who, a in t[side] if who.text == text) for side in (2, 1)]
                self.moves -= 1
                chain = {
                    "funded_txo_sum": sums[0],
                    "spent_txo_sum": sums[1],
                    "tx_count": len(found) + (self.moves > 0) * self.moves,
                }
                return {"address": text, "chain_stats": chain, "mempool_stats": {"tx_count": 1}}
            case ["address", text, "txs", "chain", *last]:
                found = [t for t in self.of(self.address(text)) if t[0] > 0]
                start = 1 + next(n for n, t in enumerate(found) if txid_of(t) == last[0]) if last else 0
                return [self.told(t) for t in found[start : start + 1]]  # pages of one

    def told(self, t: Any) -> Any:
        def out(who: Any, amount: int) -> Any:
            return {"scriptpubkey": form.script(who).hex(), "value": amount}

        spends = [{"txid": "00", "vout": 0, "prevout": out(*part)} for part in t[1]] or [
            {"prevout": None, "is_coinbase": True}
        ]
        return {
            "txid": txid_of(t),
            "status": {"confirmed": True, "block_height": t[0]},
            "vin": spends,
            "vout": [out(*part) for part in t[2]],
        }


class Blockbook(Index):
    def answer(self, path: str) -> Any:
        path, _, query = path.partition("?")
        chosen = dict(part.split("=") for part in query.split("&")) if query else {}
        match path.strip("/").split("/"):
            case ["api"]:
                return {"blockbook": {"bestHeight": TIP}, "backend": {}}
            case ["api", "v2", "block-index", height]:
                if int(height) > TIP:
                    raise Status(400, '{"error":"Block not found, Block height out of range"}')
                return {"blockHash": self.hash(int(height))}
            case ["api", "v2", "block", name]:
                (height,) = [h for h in range(TIP + 1) if self.hash(h) == name]
                return {"hash": name, "height": height, "time": 1_700_000_000 + height, "txs": []}
            case ["api", "v2", "address", text]:
                found = self.of(self.address(text))
                sums = [sum(a for t in found if t[0] > 0 for who, a in t[side] if who.text == text) for side in (2, 1)]
                self.moves -= 1
                told = {
                    "address": text,
                    "balance": str(sums[0] - sums[1]),
                    "unconfirmedBalance": "-16",
                    "txs": len(found) + max(0, self.moves),
                }
                if chosen["details"] == "txs":
                    chosen_ = [t for t in found if t[0] >= int(chosen["from"]) or t[0] < 0]
                    page = int(chosen["page"])
                    told |= {
                        "transactions": [self.told(t) for t in chosen_[page - 1 : page]],
                        "page": page,
                        "totalPages": max(1, len(chosen_)),
                    }
                return told

    def told(self, t: Any) -> Any:
        def part(who: Any, amount: int) -> Any:
            return {"value": str(amount), "addresses": [self.spelled(who)], "isAddress": True}

        # bare multisig
        noise = {"value": "512", "addresses": [self.spelled(self.one), self.spelled(self.two)], "isAddress": False}
        bare = {"value": "0", "addresses": ["OP_RETURN (x)"], "isAddress": False}
        coinbase = [{"n": 0, "value": "7", "isAddress": False}]
        return {
            "txid": txid_of(t),
            "blockHeight": t[0],
            "vin": [part(*p) for p in t[1]] or coinbase,
            "vout": [*(part(*p) for p in t[2]), noise, bare],
        }

    def spelled(self, who: Any) -> str:
        """Servers of Bitcoin Cash may print the older spelling of the same account."""
        return who.text if self.network != "bitcoin_cash" else form._base58("bitcoin_cash", who.kind, who.payload).text


class Insight(Index):
    """With the clock of its blocks set back now and then, as miners may."""

    def when(self, height: int) -> int:
        return 1_700_000_000 + 600 * height - (900 if height == HEIGHT + 1 else 0)

    def answer(self, path: str) -> Any:
        path, _, query = path.partition("?")
        chosen = dict(part.split("=") for part in query.split("&")) if query else {}
        match path.strip("/").split("/"):
            case ["status"]:
                return {"syncTipHash": self.hash(TIP), "lastblockhash": self.hash(TIP)}
            case ["block-index", height]:
                if int(height) > TIP:
                    raise Status(400, "Block height out of range. Code:-8")
                return {"blockHash": self.hash(int(height))}
            case ["block", name]:
                (height,) = [h for h in range(TIP + 1) if self.hash(h) == name]
                return {"hash": name, "height": height, "time": self.when(height), "tx": []}
            case ["addr", text]:
                found = self.of(self.address(text))
                paid, spent = (
                    sum(a for t in found if t[0] > 0 for who, a in t[side] if who.text == text) for side in (2, 1)
                )
                self.moves -= 1
                return {
                    "addrStr": text, "balance": (paid - spent) / 1e8, "balanceSat": paid - spent,
                    "totalReceivedSat": paid, "totalSentSat": spent, "unconfirmedBalanceSat": -16,
                    "txApperances": len(found) + max(0, self.moves),
                }  # fmt: skip
            case ["addrs", text, "txs"]:
                found = sorted(self.of(self.address(text)), key=lambda t: -(self.when(t[0]) if t[0] > 0 else 1 << 40))
                start, end = int(chosen["from"]), int(chosen["to"])
                assert end - start <= 50
                return {
                    "totalItems": len(found),
                    "from": start,
                    "to": end,
                    "items": [self.told(t) for t in found[start:end]],
                }

    def told(self, t: Any) -> Any:
        spends = [{"addr": who.text, "valueSat": amount, "value": amount / 1e8} for who, amount in t[1]]
        pays = [{"value": self.coins(a), "scriptPubKey": {"addresses": [who.text]}} for who, a in t[2]]
        noise = {"value": "0.00000512", "scriptPubKey": {"addresses": [self.one.text, self.two.text]}}  # bare multisig
        told = {
            "txid": txid_of(t),
            "vin": spends or [{"coinbase": "00"}],
            "vout": [*pays, noise, {"value": "0", "scriptPubKey": {}}],
        }
        if t[0] < 0:
            return told | {"blockheight": -1, "confirmations": 0, "time": 1 << 31}
        return told | {"blockheight": t[0], "confirmations": TIP + 1 - t[0], "blocktime": self.when(t[0])}

    def coins(self, amount: int) -> Any:
        """Text of eight digits; of dcrdata a float."""
        return amount / 1e8 if self.network == "decred" else f"{amount / 1e8:.8f}"


class QtumInfo(Index):
    old = False

    def answer(self, path: str) -> Any:
        path, _, query = path.partition("?")
        chosen = dict(part.split("=") for part in query.split("&")) if query else {}
        match path.strip("/").split("/"):
            case ["info"]:
                return {"height": TIP, "supply": 1, "feeRate": 0.004}
            case ["block", height]:
                if int(height) > TIP:
                    raise Status(404, "Not Found")
                return {"hash": self.hash(int(height)), "height": int(height), "timestamp": 1_700_000_000 + int(height)}
            case ["address", text]:
                found = [t for t in self.of(self.address(text)) if t[0] > 0]
                self.moves -= 1
                held = str(self.at(TIP, self.address(text)))
                return {
                    "balance": held,
                    "unconfirmed": "-16",
                    "staking": "0",
                    "mature": held,
                    "transactionCount": len(found) + max(0, self.moves),
                }
            case ["address", text, "balance-history"]:
                assert (chosen["limit"], chosen["reversed"]) == (str(qtuminfo.PAGE), "true")
                found = [t for t in self.of(self.address(text)) if t[0] > 0]
                if not found:
                    raise Status(500, "Internal Server Error")  # `[].transactions.map`
                start = int(chosen["offset"])
                return {
                    "totalCount": len(found),
                    "transactions": [self.told(t, self.address(text)) for t in found[start : start + qtuminfo.PAGE]],
                }

    def told(self, t: Any, who: Any) -> Any:
        added = sum(a for w, a in t[2] if w == who) - sum(a for w, a in t[1] if w == who)
        where = {"blockHeight": t[0]} if self.old else {"block": {"height": t[0], "hash": self.hash(t[0])}}
        return {"id": txid_of(t), "amount": str(added), "balance": str(self.at(t[0], who)), **where}


INDEXES = {"esplora": Esplora, "blockbook": Blockbook, "insight": Insight, "qtuminfo": QtumInfo}


@contextmanager
def served(answer: Callable[[str], Any]) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            try:
                self.reply(200, json.dumps(answer(self.path)))
            except Status as status:
                self.reply(*status.args)

        def reply(self, code: int, text: str) -> None:
            self.send_response(code)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, *_: Any) -> None:
            pass

    with on_loopback(Handler) as url:
        yield url.removeprefix("http://")


def client(kind: str, network: str, host: str, recording: Recording | None = None) -> Any:
    return chains.open_client(
        registry.load().networks[network], Endpoint(f"{kind}+http://{host}"), recording or Recording.off()
    )


def wanted(network: str, *who: Any) -> list[chains.Wanted]:
    asset = registry.load().networks[network].native_asset
    return [chains.Wanted(asset, registry.load().tokens[network, asset], address.text) for address in who]


PLACES = [(kind, network) for kind, networks in NETWORKS.items() for network in networks]
ONE_OF_EACH = [(kind, networks[-1 if kind == "insight" else 0]) for kind, networks in NETWORKS.items()]


@pytest.mark.parametrize(("kind", "network"), PLACES)
def test_an_index_gives_the_balance_at_a_height(kind: str, network: str, tmp_path: Any) -> None:
    index = INDEXES[kind](network)
    who = (index.one, index.two, index.never)
    with served(index.answer) as host:
        for height in (HEIGHT, TIP, 45, HEIGHT + 1):
            reader = client(kind, network, host, Recording.record(tmp_path / str(height)))
            at = reader.block(height)
            assert (at.height, at.hash) == (height, index.hash(height))
            assert kind == "insight" or at.time.timestamp() == 1_700_000_000 + height
            found = list(reader.balances(wanted(network, *who), at))
            assert [answer.raw for answer in found] == [index.at(height, address) for address in who]
            assert {(answer.as_of, answer.method, answer.block) for answer in found} == {("exact", kind, at)}
            again = chains.open_client(
                registry.load().networks[network], None, Recording.replay(tmp_path / str(height))
            )
            assert list(again.balances(wanted(network, *who), again.block(height))) == found
        assert client(kind, network, host).head().height == TIP
        with pytest.raises((ChainError, TransportError)):
            client(kind, network, host).block(TIP + 1)


@pytest.mark.parametrize(("kind", "network"), ONE_OF_EACH)
def test_too_long_a_past_is_given_as_of_the_tip(kind: str, network: str, monkeypatch: pytest.MonkeyPatch) -> None:
    module = {"esplora": esplora, "blockbook": blockbook, "insight": insight, "qtuminfo": qtuminfo}[kind]
    monkeypatch.setattr(module, "PAGES", 1)
    if hasattr(module, "PAGE"):
        monkeypatch.setattr(module, "PAGE", 1)
    index = INDEXES[kind](network)
    with served(index.answer) as host:
        reader = client(kind, network, host)
        two, one = reader.balances(wanted(network, index.one, index.never), reader.block(HEIGHT))
    assert (one.raw, one.as_of, one.block.height) == (index.at(TIP, index.one), "head", TIP)
    assert (two.raw, two.as_of) == (0, "exact")


@pytest.mark.parametrize(("kind", "network"), ONE_OF_EACH)
def test_an_address_that_moves_while_it_is_read_is_read_again_and_then_refused(kind: str, network: str) -> None:
    index = INDEXES[kind](network)
    with served(index.answer) as host:
        reader = client(kind, network, host)
        at = reader.block(HEIGHT)
        index.moves = 3
        (answer,) = reader.balances(wanted(network, index.one), at)
        assert answer.raw == index.at(HEIGHT, index.one)
        index.moves = 1 << 20
        with pytest.raises(ChainError, match="changed in each"):
            list(reader.balances(wanted(network, index.one), at))


@pytest.mark.parametrize(("kind", "network"), ONE_OF_EACH)
def test_what_an_index_refuses_or_garbles(kind: str, network: str) -> None:
    index = INDEXES[kind](network)
    stranger = owned(network, 9)
    with served(index.answer) as host:
        reader = client(kind, network, host)
        at = reader.block(HEIGHT)
        (answer,) = reader.balances(wanted(network, stranger), at)
        assert (answer.address, answer.reason) == (stranger.text, "refused_by_server")
    for garbled in ([], {}, {"chain_stats": {}}, {"balance": "x", "txs": 1}, [1, 2]):
        with (
            served(lambda path, garbled=garbled: garbled if "addr" in path else index.answer(path)) as host,
            pytest.raises(BadAnswer),
        ):
            list(client(kind, network, host).balances(wanted(network, index.one), at))
    with (
        served(
            lambda path: index.answer(path.replace(str(HEIGHT), str(HEIGHT - 1)) if path != "/blocks/0" else path)
        ) as host,
        pytest.raises(ChainError, match="asked for was"),
    ):
        client(kind, network, host).block(HEIGHT)


# --- what Insight and qtum.info do without a word ---------------------------------------------------------------------
def changed(answer: Callable[[str], Any], where: str, change: Callable[[Any], Any]) -> Callable[[str], Any]:
    """The same server, whose answers behind a path that holds `where` are changed."""
    return lambda path: change(answer(path)) if where in path else answer(path)


def floated(answer: Any) -> Any:
    """One float too many: 0.1 + 0.2 coins, as sums of doubles come out."""
    answer["items"][1]["vout"][0]["value"] = 0.1 + 0.2
    return answer


@pytest.mark.parametrize(
    ("kind", "network", "where", "change", "why"),
    [
        ("insight", "decred", "/txs", floated, "more than 8 digits"),
        ("insight", "dash", "/txs", lambda told: told | {"items": told["items"][:2]}, "do not add up"),
        ("insight", "dash", "/txs", lambda told: told | {"totalItems": 500}, "stands twice"),  # its last page for ever
        ("insight", "dash", "/addr/", lambda told: told | {"balanceSat": told["balanceSat"] + 1}, "less what was sent"),
        ("insight", "dash", "/addr/", lambda told: told | {"addrStr": owned("dash", 9).text}, "of another address"),
        ("qtuminfo", "qtum", "history", lambda told: told | {"transactions": told["transactions"][1:]}, "not follow"),
        ("qtuminfo", "qtum", "history", lambda told: told | {"transactions": told["transactions"][::-1]}, "not follow"),
        ("qtuminfo", "qtum", "history", lambda told: told | {"transactions": told["transactions"][:-1]}, "at nothing"),
        ("qtuminfo", "qtum", "/address/Q", lambda told: told | {"transactionCount": 0} if "balance" in told else told,
         "no transaction"),
    ],
)  # fmt: skip
def test_what_an_index_leaves_out_or_rounds_is_no_balance(
    kind: str, network: str, where: str, change: Callable[[Any], Any], why: str
) -> None:
    index = INDEXES[kind](network)
    if why == "stands twice":
        index.answer = lambda path: INDEXES[kind].answer(index, path.replace("from=50&to=100", "from=0&to=50"))
    with served(changed(index.answer, where, change)) as host:
        reader = client(kind, network, host)
        with pytest.raises(BadAnswer, match=why):
            list(reader.balances(wanted(network, index.one), reader.block(30)))


def test_an_index_behind_its_node_has_no_balance_of_the_newest_block() -> None:
    index = Insight("decred")
    behind = lambda told: told | {"lastblockhash": index.hash(HEIGHT)}  # noqa: E731
    with served(changed(index.answer, "status", behind)) as host:
        reader = client("insight", "decred", host)
        assert reader.head().height == HEIGHT
        (answer,) = reader.balances(wanted("decred", index.one), reader.block(HEIGHT))
        assert answer.raw == index.at(HEIGHT, index.one)
        with pytest.raises(NodeBehind, match="at block 100, asked for was 101"):
            list(reader.balances(wanted("decred", index.one), reader.block(HEIGHT + 1)))


def test_qtum_info_names_blocks_in_two_ways() -> None:
    index = QtumInfo("qtum")
    index.old = True
    with served(index.answer) as host:
        reader = client("qtuminfo", "qtum", host)
        (answer,) = reader.balances(wanted("qtum", index.one), reader.block(HEIGHT))
    assert answer.raw == index.at(HEIGHT, index.one)


# --- Electrum's line protocol -----------------------------------------------------------------------------------------
Answer = Callable[[str, list[Any]], Any]


@contextmanager
def lines(
    answer: Answer, *, garble: Callable[[list[Any]], bytes | None] = lambda _: None, refusal: str = "refused"
) -> Iterator[tuple[Endpoint, list[int]]]:
    """A server that answers batches in the reversed order, as it may; (endpoint, sizes of the batches that it got)."""
    sizes: list[int] = []

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            for line in self.rfile:
                batch = json.loads(line)
                sizes.append(len(batch))
                said = None if batch[0]["method"] == "server.version" else garble(batch)
                if said == b"":
                    return
                answers = [{"jsonrpc": "2.0", "id": item["id"]} | self.of(item) for item in reversed(batch)]
                self.wfile.write(
                    said or json.dumps({"jsonrpc": "2.0", "method": "news", "params": []}).encode() + b"\n"
                )
                self.wfile.write(b"" if said else json.dumps(answers).encode() + b"\n")

        def of(self, item: Any) -> Any:
            if item["method"] == "server.version":
                return {"result": ["stub", "1.4"]}
            try:
                return {"result": answer(item["method"], item["params"])}
            except LookupError as refused:
                return {"error": {"code": refused.args[0], "message": refusal}}

    class Server(socketserver.ThreadingTCPServer):
        daemon_threads = allow_reuse_address = True

    with Server(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        try:
            yield Endpoint(f"electrum+tcp://127.0.0.1:{server.server_address[1]}", pause=0.001), sizes
        finally:
            server.shutdown()


def opened(endpoint: Endpoint) -> ElectrumRpc:
    return ElectrumRpc("bitcoin", endpoint, Recording.off(), ELECTRUM_ERRORS)


def test_batches_are_matched_by_number_and_refusals_stand_in_their_place() -> None:
    def answer(method: str, params: list[Any]) -> Any:
        if params[0] % 7 == 0:
            raise LookupError(1)
        return params[0] * 2

    with lines(answer) as (endpoint, sizes):
        batches = [[("double", [n]) for n in range(k, k + 10)] for k in range(0, 100, 10)]
        found = [item for batch in opened(endpoint).tried(batches, 3) for item in batch]
    assert [isinstance(item, RequestFailed) for item in found] == [n % 7 == 0 for n in range(100)]
    assert [item for item in found if not isinstance(item, RequestFailed)] == [n * 2 for n in range(100) if n % 7]
    assert sizes == [1, *[10] * 10]


def test_what_a_busy_server_left_is_asked_again_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.sleep", lambda _: None)
    asked: list[int] = []

    def answer(method: str, params: list[Any]) -> Any:
        asked.append(params[0])
        if asked.count(params[0]) <= params[0]:
            raise LookupError(-102)
        return params[0]

    with lines(answer) as (endpoint, sizes):
        assert opened(endpoint).batch([("m", [n]) for n in range(4)]) == [0, 1, 2, 3]
        assert sizes == [1, 4, 3, 2, 1]
        with pytest.raises(RateLimited, match="-102"):
            opened(endpoint).batch([("m", [99])])


def test_a_connection_that_breaks_is_opened_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.sleep", lambda _: None)
    breaks = iter([True, True, False])
    with lines(lambda method, params: 5, garble=lambda _: b"" if next(breaks, False) else None) as (endpoint, sizes):
        assert opened(endpoint).call("m") == 5
        assert sizes == [1, 1] * 3
    with lines(lambda method, params: 5, garble=lambda _: b"") as (endpoint, _), pytest.raises(TransportError):
        opened(endpoint).call("m")


@pytest.mark.parametrize(
    "said",
    [
        b"<html>\n",
        b'{"jsonrpc":"2.0","id":null,"error":{"code":-32600,"message":"batches are not for you"}}\n',
        b'[{"id":2,"neither":1}]\n',
        b"[[[\n",
    ],
)
def test_an_answer_of_no_form_is_an_error(said: bytes) -> None:
    with lines(lambda method, params: 5, garble=lambda _: said) as (endpoint, _), pytest.raises(BadAnswer):
        opened(endpoint).call("m")


def test_nobody_there_and_names_that_are_none() -> None:
    with pytest.raises(TransportError, match="connection refused"):
        opened(Endpoint("electrum+tcp://127.0.0.1:9")).call("m")
    for url in ("electrum+http://x", "esplora+tcp://x", "telnet://x", "electrum+ssl://", "gopher+https://x"):
        with pytest.raises(ConfigurationError):
            Endpoint(url)
    with pytest.raises(ConfigurationError, match="Blockbook"):
        chains.open_client(registry.load().networks["dash"], Endpoint("electrum+ssl://x"), Recording.off())


# --- an Electrum server that lies -------------------------------------------------------------------------------------
def made(spends: list[tuple[str, int]], pays: list[tuple[int, bytes]], witness: bool = False) -> tuple[str, str]:
    """(id, transaction) in hexadecimal."""
    parts = compact_size(len(spends)) + b"".join(
        bytes.fromhex(t)[::-1] + n.to_bytes(4, "little") + with_length(b"\x51") + bytes(4) for t, n in spends
    )
    parts += compact_size(len(pays)) + b"".join(
        amount.to_bytes(8, "little") + with_length(script) for amount, script in pays
    )
    head, tail = b"\2\0\0\0", b"\7\0\0\0"
    raw = head + (b"\0\1" + parts + b"\1\3abc" * len(spends) if witness else parts) + tail
    return sha256d(head + parts + tail)[::-1].hex(), raw.hex()


@pytest.mark.parametrize("witness", [False, True])
def test_a_transaction_is_read_and_must_hash_to_its_id(witness: bool) -> None:
    txid, raw = made([("ab" * 32, 7)], [(1 << 40, b"\x51" * 300), (3, b"")], witness)
    found = transaction(bytes.fromhex(raw), txid)
    assert (found.spends, found.pays) == ((("ab" * 32, 7),), ((1 << 40, b"\x51" * 300), (3, b"")))
    for size in range(len(raw) // 2):
        with pytest.raises(BadAnswer):
            transaction(bytes.fromhex(raw)[:size], txid)
    with pytest.raises(BadAnswer, match="another one"):
        transaction(bytes.fromhex(raw), "00" * 32)


def test_a_server_whose_coins_and_histories_do_not_fit_is_refused(tmp_path: Path) -> None:
    with own_rows(named(tmp_path, bitcoin=f"0:{sha256d(bytes(80))[::-1].hex()}")):
        _refuse_what_does_not_fit()


def _refuse_what_does_not_fit() -> None:
    one = owned("bitcoin", 1)
    txid, raw = made([("ab" * 32, 7)], [(5, form.script(one))])
    header = bytes(80).hex()
    said: dict[str, Any] = {
        "blockchain.block.header": header,
        "blockchain.headers.subscribe": {"height": 9, "hex": header},
        "blockchain.scripthash.get_history": [{"tx_hash": txid, "height": 3}],
        "blockchain.scripthash.listunspent": [{"tx_hash": txid, "tx_pos": 0, "height": 3, "value": 5}],
        "blockchain.transaction.get": raw,
    }

    def balance(height: int = 5) -> Any:
        with lines(lambda method, params: said[method]) as (endpoint, _):
            reader = chains.open_client(registry.load().networks["bitcoin"], endpoint, Recording.off())
            (answer,) = reader.balances(wanted("bitcoin", one), reader.block(height))
            return answer

    assert (balance().raw, balance().as_of) == (5, "exact")
    assert balance(2).raw == 0
    for method, wrong, error in (
        ("blockchain.scripthash.get_history", [], ChainError),
        ("blockchain.scripthash.get_history", [{"tx": 1}], BadAnswer),
        ("blockchain.scripthash.listunspent", "no", BadAnswer),
        ("blockchain.scripthash.listunspent", [{"tx_hash": txid, "tx_pos": 0, "height": 3, "value": -5}], BadAnswer),
        ("blockchain.block.header", "00", BadAnswer),
        ("blockchain.block.header", "zz", BadAnswer),
        ("blockchain.headers.subscribe", {}, BadAnswer),
    ):
        right, said[method] = said[method], wrong
        with pytest.raises(error):
            balance()
        said[method] = right
    said["blockchain.transaction.get"] = made([("cd" * 32, 0)], [(6, form.script(one))])[1]
    with pytest.raises(BadAnswer, match="another one"):
        balance(2)

"""One bad address costs that address: refused, hanging, garbled, below zero; and what an answer may be, whatever it
is.
"""

from __future__ import annotations

import csv
import hashlib
import json
import socketserver
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from porlake import addresses, chains, pipeline, registry
from porlake.addresses import bitcoin as form
from porlake.chains import _questions as _alone
from porlake.chains.utxo import electrum
from porlake.chains.utxo import node as bitcoin
from porlake.encoding.hashes import sha256d
from porlake.errors import BadAnswer, ChainError, PorlakeError, TimedOut, TransportError
from porlake.model import Balance, Unobserved
from porlake.transport import Endpoint, Recording
from support import command, environment, named, on_loopback, own_rows

BITCOIN, BTC = registry.load().networks["bitcoin"], registry.load().tokens["bitcoin", "BTC"]
ACCOUNTS = [form._base58("bitcoin", "p2pkh", bytes([n]) * 20) for n in range(1, 6)]
TEXTS = [account.text for account in ACCOUNTS]
HEADER = "00" * 68 + "00f15365" + "00" * 8
FIRST = sha256d(bytes.fromhex(HEADER))[::-1].hex()
HEIGHT = 800_000
COIN = {"tx_hash": "11" * 32, "tx_pos": 0, "height": 700_000, "value": 1 << 30}


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return named(tmp_path_factory.mktemp("rows"), bitcoin=f"0:{FIRST}")


@pytest.fixture(autouse=True)
def stand_in(rows: Path) -> Iterator[None]:
    with own_rows(rows):
        yield


def script_hash(text: str) -> str:
    return hashlib.sha256(form.script(addresses.parse("bitcoin", text))).digest()[::-1].hex()


def wanted(*texts: str) -> list[chains.Wanted]:
    return [chains.Wanted("BTC", BTC, text) for text in texts]


# --- Electrum ---------------------------------------------------------------------------------------------------------
Told = Callable[[str, list[Any]], Any]


class Refused(Exception):
    """(code, message) of an error object."""


class Silent(Exception):
    """The whole line gets no answer."""


@contextmanager
def server(told: Told) -> Iterator[Endpoint]:
    """An Electrum server with one header at every height, which answers batches and single requests by `told` first,
    else with one coin.
    """

    def answer(item: dict[str, Any]) -> dict[str, Any]:
        method, params = item["method"], item["params"]
        plain = {"server.version": ["stub", "1.4"], "blockchain.block.header": HEADER,
                 "blockchain.headers.subscribe": {"height": 900_000, "hex": HEADER},
                 "blockchain.scripthash.listunspent": [COIN],
                 "blockchain.scripthash.get_history": [{"tx_hash": COIN["tx_hash"],
                     "height": COIN["height"]}]}  # fmt: skip
        try:
            found = told(method, params)
            return {"jsonrpc": "2.0", "id": item["id"], "result": plain[method] if found is None else found}
        except Refused as error:
            return {"jsonrpc": "2.0", "id": item["id"], "error": {"code": error.args[0], "message": error.args[1]}}

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            with suppress(OSError):
                for line in self.rfile:
                    items = json.loads(line)
                    with suppress(Silent):
                        self.wfile.write(json.dumps([answer(item) for item in items]).encode() + b"\n")

    class Server(socketserver.ThreadingTCPServer):
        daemon_threads = allow_reuse_address = True

    with Server(("127.0.0.1", 0), Handler) as found:
        threading.Thread(target=found.serve_forever, args=(0.01,), daemon=True).start()
        try:
            yield Endpoint(f"electrum+tcp://127.0.0.1:{found.server_address[1]}")
        finally:
            found.shutdown()


def busy(method_part: str, does: Callable[[], Any]) -> Told:
    """Something happens where the second account is asked about."""

    def told(method: str, params: list[Any]) -> Any:
        return does() if method_part in method and params[:1] == [script_hash(TEXTS[1])] else None

    return told


def raising(error: Exception) -> Callable[[], Any]:
    def does() -> Any:
        raise error

    return does


def read(endpoint: Endpoint, *texts: str, height: int = HEIGHT, recording: Recording | None = None) -> dict[str, Any]:
    client = chains.open_client(BITCOIN, endpoint, recording or Recording.off())
    return {answer.address: answer for answer in client.balances(wanted(*(texts or TEXTS)), client.block(height))}


def all_but_the_second(found: dict[str, Any], reason: str, raw: int = COIN["value"]) -> None:
    assert found.pop(TEXTS[1]).reason == reason
    assert {answer.raw for answer in found.values()} == {raw}
    assert {answer.as_of for answer in found.values()} == {"exact"}


@pytest.mark.parametrize("method", ["listunspent", "get_history"])
@pytest.mark.parametrize(
    ("code", "message"),
    [(1, "history too large"), (-32600, "response too large (at least 8,000,123 " "bytes)"), (-32600, "no"),
     (2, "daemon error: timed out"),
     (1, "header not found")],
)  # fmt: skip
def test_a_script_that_electrum_refuses_costs_itself(method: str, code: int, message: str) -> None:
    with server(busy(method, raising(Refused(code, message)))) as endpoint:
        all_but_the_second(read(endpoint), "refused_by_server")


def test_a_script_that_electrum_never_answers_costs_itself_and_seconds(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(electrum, "PATIENCE", 0.5)
    monkeypatch.setattr(electrum, "SECONDS", 0.5)
    with server(busy("get_history", raising(Silent()))) as endpoint:
        started = time.monotonic()
        found = read(endpoint, recording=Recording.record(tmp_path))
        assert time.monotonic() - started < 8
        assert [answer.reason for answer in read(endpoint, TEXTS[1]).values()] == ["timed_out"]
    assert read_again(tmp_path) == found
    all_but_the_second(found, "timed_out")


def read_again(tmp_path: Path) -> dict[str, Any]:
    client = chains.open_client(BITCOIN, None, Recording.replay(tmp_path))
    return {answer.address: answer for answer in client.balances(wanted(*TEXTS), client.block(HEIGHT))}


def test_a_server_that_stops_answering_is_not_asked_forever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(electrum, "PATIENCE", 0.3)
    monkeypatch.setattr(electrum, "SECONDS", 0.3)
    monkeypatch.setattr(electrum, "BATCH", 1)
    monkeypatch.setattr("time.sleep", lambda _: None)

    def silent(method: str, params: list[Any]) -> Any:
        if "scripthash" in method:
            raise Silent
        return None

    with server(silent) as endpoint, pytest.raises(TimedOut):
        read(endpoint)


WRONG = [
    {}, 3.7, True, "null", "3", [3], -1, "x", 1 << 200, [{"tx_hash": "11" * 32}], [COIN, COIN], [COIN | {"value": 1.0}],
    [COIN | {"value": True}],
    [COIN | {"value": {}}], [COIN | {"height": "x"}], [COIN | {"tx_hash": "11"}], [COIN | {"tx_pos": -1}],
    [COIN | {"height": 700_001}],
]  # fmt: skip


@pytest.mark.parametrize("wrong", WRONG, ids=str)
def test_a_script_that_electrum_garbles_costs_itself(wrong: Any) -> None:
    with server(busy("listunspent", lambda: wrong)) as endpoint:
        all_but_the_second(read(endpoint), "bad_answer")
        with pytest.raises((BadAnswer, ChainError)):  # what is wrong with every script is wrong with the server
            read(endpoint, TEXTS[1])


def test_a_transaction_that_electrum_refuses_costs_the_script_whose_it_is() -> None:
    later = {"tx_hash": "22" * 32, "height": HEIGHT + 1}

    def told(method: str, params: list[Any]) -> Any:
        if method == "blockchain.transaction.get":
            raise Refused(-32600, "response too large (at least 9,000,000 bytes)")
        return busy("get_history", lambda: [{"tx_hash": "11" * 32, "height": 700_000}, later])(method, params)

    with server(told) as endpoint:
        all_but_the_second(read(endpoint), "refused_by_server")


@pytest.mark.parametrize(("height", "counted"), [(699_999, 0), (700_000, 1 << 30), (700_001, 1 << 30)])
def test_a_coin_paid_in_the_block_itself_counts_for_electrum(height: int, counted: int) -> None:
    late = {"tx_hash": "11" * 32, "height": 700_000}

    def told(method: str, params: list[Any]) -> Any:
        return RAW if method == "blockchain.transaction.get" else None

    with server(lambda method, params: [late] if "get_history" in method else told(method, params)) as endpoint:
        if height < 700_000:  # the later transaction is asked for, and the stand-in's is another
            with pytest.raises(BadAnswer, match="another one"):
                read(endpoint, TEXTS[0], height=height)
        else:
            assert read(endpoint, TEXTS[0], height=height)[TEXTS[0]].raw == counted


RAW = "02000000" + "00" * 20


@pytest.mark.parametrize(("history", "flag"), [([], True), ([{"tx_hash": "11" * 32, "height": 5}], False)])
def test_electrum_says_of_which_script_it_knows_nothing(history: list[Any], flag: bool) -> None:
    with server(
        lambda method, params: [] if "listunspent" in method else history if "get_history" in method else None
    ) as endpoint:
        client = chains.open_client(BITCOIN, endpoint, Recording.off())
        (answer,) = client.balances(wanted(TEXTS[0]), client.block(HEIGHT))
        assert isinstance(answer, chains.Reading)
        assert (answer.raw, answer.no_history) == (0, flag)


# --- Esplora and Blockbook --------------------------------------------------------------------------------------------
class Status(Exception):
    """(HTTP status, body) in place of an answer."""


def esplora(path: str, spent: int = 0, count: int = 1, since: tuple[int, ...] = ()) -> Any:
    match path.strip("/").split("/"):
        case ["blocks", *height]:
            top = int(height[0]) if height else 900_000
            return [{"id": FIRST if top == 0 else f"{top:064x}", "height": top, "timestamp": 1_700_000_000}]
        case ["address", text]:
            return {"address": text, "chain_stats": {"funded_txo_sum": 500, "spent_txo_sum": spent, "tx_count": count}}
        case ["address", text, "txs", "chain", *last]:
            script = form.script(addresses.parse("bitcoin", text)).hex()
            paid = [{"txid": f"{height:064x}", "status": {"block_height": height}, "vin": [],
                    "vout": [{"scriptpubkey": script, "value": 1}]}
                    for height in since]  # fmt: skip
            return [] if last else paid
    raise Status(404, "not found")


def blockbook(path: str, balance: Any = "500", txs: Any = 1, since: tuple[int, ...] = ()) -> Any:
    path, _, query = path.partition("?")
    match path.strip("/").split("/"):
        case ["api"]:
            return {"blockbook": {"bestHeight": 900_000}}
        case ["api", "v2", "block-index", height]:
            return {"blockHash": FIRST if height == "0" else f"{int(height):064x}"}
        case ["api", "v2", "block", name]:
            return {"hash": name, "height": 0 if name == FIRST else int(name, 16), "time": 1_700_000_000}
        case ["api", "v2", "address", text]:
            told = {"address": text, "balance": balance, "txs": txs}
            if "details=txs" in query:
                lowest = int(query.partition("from=")[2].partition("&")[0])
                told |= {"totalPages": 1, "transactions": [
                    {"txid": f"{height:064x}", "blockHeight": height, "vin": [],
                     "vout": [{"value": "1", "addresses": [text]}]}
                    for height in since if height >= lowest
                ]}  # fmt: skip
            return told
    raise Status(404, "not found")


INDEXES: dict[str, Callable[..., Any]] = {"esplora": esplora, "blockbook": blockbook}


@contextmanager
def index(answer: Callable[[str], Any], host: str = "127.0.0.1") -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            try:
                self.reply(200, json.dumps(answer(self.path)))
            except Status as status:
                self.reply(*status.args)

        def reply(self, code: int, text: str) -> None:
            self.send_response(code)
            self.send_header("Content-Length", str(len(text.encode())))
            self.end_headers()
            with suppress(OSError):
                self.wfile.write(text.encode())

        def log_message(self, *_: Any) -> None:
            pass

    with on_loopback(Handler, host) as url:
        yield url


OTHER = "127.0.0.2"


def place(kind: str, url: str, **options: Any) -> Endpoint:
    return Endpoint(f"{kind}+{url}", pause=0.001, **options)


def spoiled(kind: str, does: Callable[[str], Any]) -> Callable[[str], Any]:
    return lambda path: does(path) if TEXTS[1] in path else INDEXES[kind](path)


FAULTS: dict[str, tuple[str, Callable[[str], Any]]] = {
    "refused": ("refused_by_server", lambda path: _raise(Status(400, "Too many history entries"))),
    "an error in JSON": (
        "refused_by_server",
        lambda path: _raise(Status(400, '{"error":"no"}')) if "api" in path else _raise(Status(400, "no")),
    ),
    "a lasting 504": ("server_failed", lambda path: _raise(Status(504, "<html>504 Gateway Time-out</html>"))),
    "never there": ("server_failed", lambda path: _raise(Status(404, "not found"))),
    "too large": ("refused_by_server", lambda path: _raise(Status(413, "too large"))),
    "garbled": ("bad_answer", lambda path: {"chain_stats": [], "balance": {}}),
    "no JSON": ("bad_answer", lambda path: _raise(Status(200, "{"))),
}


def _raise(error: Exception) -> Any:
    raise error


@pytest.mark.parametrize("kind", INDEXES)
@pytest.mark.parametrize("fault", FAULTS)
def test_an_address_that_an_index_fails_for_costs_itself(kind: str, fault: str) -> None:
    reason, does = FAULTS[fault]
    with index(spoiled(kind, does)) as url:
        all_but_the_second(read(place(kind, url)), reason, 500)


@pytest.mark.parametrize("kind", INDEXES)
@pytest.mark.parametrize("fault", ["refused", "a lasting 504", "no JSON"])
def test_a_history_that_an_index_fails_for_costs_the_address(kind: str, fault: str) -> None:
    reason, does = FAULTS[fault]
    with index(
        lambda path: (
            does(path) if TEXTS[1] in path and ("txs/" in path or "details=txs" in path) else INDEXES[kind](path)
        )
    ) as url:
        all_but_the_second(read(place(kind, url)), reason, 500)


@pytest.mark.parametrize("kind", INDEXES)
def test_an_address_below_zero_costs_itself(kind: str) -> None:
    below = {"esplora": lambda path: esplora(path, spent=750), "blockbook": lambda path: blockbook(path, "-300")}
    with index(spoiled(kind, below[kind])) as url:
        all_but_the_second(read(place(kind, url)), "negative_balance", 500)


@pytest.mark.parametrize("kind", INDEXES)
def test_an_address_that_an_index_never_answers_for_costs_itself(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_alone, "SECONDS", 1.5)
    with index(spoiled(kind, lambda path: time.sleep(4))) as url:
        all_but_the_second(read(place(kind, url, tries=1)), "timed_out", 500)


@pytest.mark.parametrize("kind", INDEXES)
def test_an_index_that_fails_for_most_is_given_up_and_keeps_what_it_read(
    kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_alone, "SLICE", 2)
    monkeypatch.setattr(_alone, "MOST", 2)
    asked: list[str] = []

    def answer(path: str) -> Any:
        asked.append(path)
        if any(text in path for text in TEXTS[1:]):
            raise Status(504, "")
        return INDEXES[kind](path)

    with index(answer) as url:
        found = read(place(kind, url, tries=1))
    assert found[TEXTS[0]].raw == 500
    assert [found[text].reason for text in TEXTS[1:]] == ["server_failed"] * 3 + ["endpoint_failed"]
    assert not [path for path in asked if TEXTS[4] in path]


@pytest.mark.parametrize("kind", INDEXES)
def test_an_index_that_answers_nobody_any_more_is_the_endpoints_failure(kind: str) -> None:
    down: list[bool] = []

    def answer(path: str) -> Any:
        if down:
            raise Status(502, "")
        if "address" in path:
            down.append(True)
        return INDEXES[kind](path)

    with index(answer) as url, pytest.raises(TransportError, match="HTTP 502"):
        read(place(kind, url, tries=1))


@pytest.mark.parametrize("kind", INDEXES)
@pytest.mark.parametrize(("height", "later"), [(HEIGHT - 1, 2), (HEIGHT, 1), (HEIGHT + 1, 0)])
def test_a_coin_paid_in_the_block_itself_counts_for_an_index(kind: str, height: int, later: int) -> None:
    paid = (HEIGHT + 1, HEIGHT)  # one satoshi in each, newest first, of 500 at the tip
    with index(lambda path: INDEXES[kind](path, since=paid)) as url:
        assert read(place(kind, url), TEXTS[0], height=height)[TEXTS[0]].raw == 500 - later


@pytest.mark.parametrize("kind", INDEXES)
def test_transactions_that_stand_twice_or_out_of_their_order_are_no_answer(kind: str) -> None:
    with index(spoiled(kind, lambda path: INDEXES[kind](path, since=(HEIGHT + 2, HEIGHT + 2)))) as url:
        all_but_the_second(read(place(kind, url)), "bad_answer", 500)


def test_esploras_transactions_come_from_the_newest_on() -> None:
    with index(spoiled("esplora", lambda path: esplora(path, since=(HEIGHT - 5, HEIGHT + 9)))) as url:
        assert read(place("esplora", url))[TEXTS[1]].raw == 500  # what lies behind the height is not looked at
    with index(spoiled("esplora", lambda path: esplora(path, since=(HEIGHT + 2, HEIGHT + 9)))) as url:
        assert read(place("esplora", url))[TEXTS[1]].reason == "bad_answer"


@pytest.mark.parametrize(
    ("kind", "none"), [("esplora", {"count": 0, "spent": 500}), ("blockbook", {"balance": "0", "txs": 0})]
)
def test_an_index_says_of_which_address_it_knows_nothing(kind: str, none: dict[str, Any]) -> None:
    with index(spoiled(kind, lambda path: INDEXES[kind](path, **none))) as url:
        found = read(place(kind, url))
    assert (found[TEXTS[1]].raw, found[TEXTS[1]].no_history) == (0, True)
    assert not found[TEXTS[0]].no_history


# --- numbers, whatever they are ---------------------------------------------------------------------------------------
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**40), 10**40) | st.floats(allow_nan=False) | st.text(max_size=6)
    | st.sampled_from(["0", "1", "-1", "007", "1e3", "9" * 38, "9" * 39, " 5", "5 ", "1_000", "٣", "0x10", 1e308, 3.7,
        10**38 - 1, 10**38]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner, max_size=2), max_leaves=4,
)  # fmt: skip


def right(value: Any) -> int | None:
    """The number that a JSON value is, told another way than the package tells it."""
    if isinstance(value, str) and value.isascii() and value.isdigit() and (value == "0" or not value.startswith("0")):
        value = int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 10**38 else None


class Canned:
    """Answers of an index or of an Electrum server, without a network."""

    host = "stub"

    def __init__(self, answer: Callable[[Any], Any]) -> None:
        self.answer = answer

    def get(self, path: str) -> Any:
        return self.answer(path)

    def call(self, method: str, *params: Any) -> Any:
        return self.answer((method, list(params[0]) if params and isinstance(params[0], list) else list(params)))

    def tried(self, batches: Any, *_: Any, **__: Any) -> Iterator[list[Any]]:
        return ([self.answer(call) for call in batch] for batch in batches)

    def close(self) -> None:
        pass


AT = chains.BlockRef(HEIGHT, f"{HEIGHT:064x}", datetime(2023, 11, 14, tzinfo=UTC))
ELECTRUM_AT = chains.BlockRef(HEIGHT, FIRST, datetime(2023, 11, 14, tzinfo=UTC))
ANY = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def answers(kind: str, answer: Callable[[Any], Any], at: chains.BlockRef, *texts: str) -> list[Any]:
    client: Any = chains.open_client(
        BITCOIN, Endpoint(f"{kind}+tcp://stub" if kind == "electrum" else f"{kind}+http://stub"), Recording.off()
    )
    setattr(client, "_lines" if kind == "electrum" else "_http", Canned(answer))
    return list(client.balances(wanted(*texts), at))


def check(found: Callable[[], list[Any]], expected: int | None) -> None:
    """A right reading, an Unread, or an error that is typed: nothing else comes of a value."""
    try:
        (answer,) = found()
    except (BadAnswer, ChainError):
        assert expected is None
        return
    if isinstance(answer, chains.Reading):
        assert answer.raw == expected
    else:
        assert expected is None or answer.reason == "negative_balance"


@ANY
@given(JSON)
def test_whatever_esplora_says_for_a_sum(value: Any) -> None:
    def answer(path: str) -> Any:
        told = esplora(path)
        return (
            told | {"chain_stats": told["chain_stats"] | {"funded_txo_sum": value}}
            if path == f"/address/{TEXTS[0]}"
            else told
        )

    check(lambda: answers("esplora", answer, AT, TEXTS[0]), right(value))


@ANY
@given(JSON)
def test_whatever_blockbook_says_for_a_balance(value: Any) -> None:
    check(lambda: answers("blockbook", lambda path: blockbook(path, value), AT, TEXTS[0]), right(value))


@ANY
@given(JSON, st.sampled_from(["esplora", "blockbook"]))
def test_whatever_an_index_says_for_the_value_of_a_coin(value: Any, kind: str) -> None:
    def answer(path: str) -> Any:
        told = INDEXES[kind](path, since=(HEIGHT + 1,))
        for transaction in told if isinstance(told, list) else told.get("transactions", []):
            for pays in transaction.get("vout", []):
                pays["value"] = value
        return told

    number = right(value)
    check(lambda: answers(kind, answer, AT, TEXTS[0]), None if number is None or number > 500 else 500 - number)


def told_by_electrum(call: Any, coin: Any) -> Any:
    method, _ = call
    plain = {"blockchain.block.header": HEADER, "blockchain.headers.subscribe": {"height": 900_000, "hex": HEADER}}
    return plain.get(method) or ([coin] if "listunspent" in method else [{"tx_hash": "11" * 32, "height": 700_000}])


@ANY
@given(JSON)
def test_whatever_electrum_says_for_the_value_of_a_coin(value: Any) -> None:
    check(
        lambda: answers(
            "electrum", lambda call: told_by_electrum(call, COIN | {"value": value}), ELECTRUM_AT, TEXTS[0]
        ),
        right(value),
    )


@ANY
@given(JSON, st.sampled_from(["esplora", "blockbook", "electrum"]))
def test_whatever_a_server_says_in_place_of_an_answer_only_typed_errors_come_of_it(value: Any, kind: str) -> None:
    for part in ("block", "address", "txs", "header", "subscribe", "listunspent", "history", "api"):

        def answer(asked: Any, part: str = part) -> Any:
            if part in str(asked):
                return value
            return told_by_electrum(asked, COIN) if kind == "electrum" else INDEXES[kind](asked)

        with suppress(PorlakeError):
            for found in answers(kind, answer, ELECTRUM_AT if kind == "electrum" else AT, TEXTS[0]):
                assert isinstance(found, chains.Unread) or (type(found.raw) is int and found.raw >= 0)


@ANY
@given(JSON)
def test_whatever_a_node_says_for_the_amount_of_a_coin(value: Any) -> None:
    client = bitcoin.Client(BITCOIN, Endpoint("http://stub"), Recording.off())
    script = form.script(ACCOUNTS[0]).hex()
    said = {
        "success": True,
        "bestblock": "aa" * 32,
        "unspents": [{"txid": "11" * 32, "vout": 0, "scriptPubKey": script, "amount": value}],
    }
    held: dict[str, int] = {script: 0}
    number = right(value)
    try:
        client._added(json.loads(json.dumps(said)), {script}, 8, held)
    except BadAnswer:
        assert number is None or number >= 10**30
    else:
        assert number is not None
        assert held[script] == number * 10**8


# --- a shell ----------------------------------------------------------------------------------------------------------
def test_balances_from_a_shell_say_which_address_was_not_read(rows: Path, tmp_path: Path) -> None:
    (tmp_path / "list.txt").write_text("\n".join(TEXTS) + "\n1BadLineOfTheList\n")
    kind, (reason, does) = "esplora", FAULTS["refused"]
    with index(spoiled(kind, does)) as url:
        arguments = [
            "--network",
            "bitcoin",
            "--asset",
            "BTC",
            "--at",
            str(HEIGHT),
            "--addresses",
            "list.txt",
            "--out",
            "b.csv",
        ]
        done = subprocess.run(
            command("balances", *arguments, "--endpoint", f"{kind}+{url}", "--registry", str(rows)),
            cwd=tmp_path, env=environment(), capture_output=True, text=True, check=False,
        )  # fmt: skip
    assert done.returncode == 0, done.stderr
    with (tmp_path / "b.csv").open(encoding="utf-8") as stream:
        found = {row["address"]: row for row in csv.DictReader(stream)}
    assert {address: row["reason"] for address, row in found.items() if row["reason"]} == {
        TEXTS[1]: reason,
        "1BadLineOfTheList": "address_bad_base58",
    }
    assert {(row["base_units"], row["units"], row["decimals"]) for row in found.values() if not row["reason"]} == {
        ("500", "0.00000500", "8")
    }


# --- an address that claims something and of which nothing is known ---------------------------------------------------
REPORT_HEADER = (
    "coin,Network,Snapshot Height,address,amount,message,signature1,signature2,redeem script/ public key,eoa1,eoa2\n"
)
NONE = {"esplora": {"count": 0, "spent": 500}, "blockbook": {"balance": "0", "txs": 0}}
EMPTIED = {"esplora": {"count": 2, "spent": 500}, "blockbook": {"balance": "0", "txs": 2}}


def observed(
    folder: Path, places: tuple[Endpoint, ...], recording: Recording, amount: str = "0.00000005"
) -> tuple[dict[str, Any], dict[str, str]]:
    """What observe makes of a report that claims so much at the first two accounts: balances by address, and
    reasons.
    """
    file = folder / "okx_por_2024032500.csv"
    rows = [f"BTC,BTC,{HEIGHT},{text},{amount},m,,,,,\n" for text in TEXTS[:2]]
    file.write_text("coin,amount\nBTC,1\n\n" + REPORT_HEADER + "".join(rows), encoding="utf-8")
    chosen = pipeline.Session(
        root=folder / f"lake-{len(list(folder.iterdir()))}",
        recording=recording,
        endpoints={"bitcoin": places} if places else {},
    )
    (report,) = pipeline.archive(chosen, "okx", str(file))
    pipeline.parse(chosen, report)
    pipeline.observe(chosen, report, "bitcoin")
    balances = {row.address: (row.amount, row.source, row.confirmed_by) for row in chosen.lake.rows(Balance)}
    return balances, {row.address: row.reason for row in chosen.lake.rows(Unobserved)}


@pytest.mark.parametrize("kind", INDEXES)
def test_a_claim_of_which_an_index_knows_nothing_is_no_zero(kind: str, tmp_path: Path) -> None:
    with (
        index(spoiled(kind, lambda path: INDEXES[kind](path, **NONE[kind]))) as url,
        index(INDEXES[kind], OTHER) as other,
    ):
        with index(INDEXES[kind]) as neighbour:
            first, same, second = place(kind, url), place(kind, neighbour), place(kind, other)
            for places in ((first,), (first, same)):  # another port of the same operator is nobody else
                balances, reasons = observed(tmp_path, places, Recording.off())
                assert (list(balances), reasons) == ([TEXTS[0]], {TEXTS[1]: "no_history"})
        balances, reasons = observed(tmp_path, (first, second), Recording.off())  # the other one knows what it holds
        assert (list(balances), reasons) == ([TEXTS[0]], {TEXTS[1]: "endpoints_disagree"})
        balances, reasons = observed(
            tmp_path, (first,), Recording.off(), amount="0"
        )  # a claim of nothing may well be one
        assert (balances[TEXTS[1]][0], reasons) == (0, {})


@pytest.mark.parametrize("kind", INDEXES)
@pytest.mark.parametrize("known", [NONE, EMPTIED])
def test_a_second_endpoint_that_says_the_same_makes_it_a_zero(kind: str, known: dict[str, Any], tmp_path: Path) -> None:
    nothing = index(spoiled(kind, lambda path: INDEXES[kind](path, **NONE[kind])))
    with nothing as url, index(spoiled(kind, lambda path: INDEXES[kind](path, **known[kind])), OTHER) as other:
        found = observed(tmp_path, (place(kind, url), place(kind, other)), Recording.record(tmp_path / "recording"))
    assert found[0][TEXTS[1]] == (0, url.removeprefix("http://"), other.removeprefix("http://"))
    assert not found[1]
    assert observed(tmp_path, (), Recording.replay(tmp_path / "recording")) == found


@pytest.mark.parametrize("kind", INDEXES)
def test_a_zero_with_a_history_is_a_zero(kind: str, tmp_path: Path) -> None:
    with index(spoiled(kind, lambda path: INDEXES[kind](path, **EMPTIED[kind]))) as url:
        balances, reasons = observed(tmp_path, (place(kind, url),), Recording.off())
    assert (balances[TEXTS[1]], reasons) == ((0, url.removeprefix("http://"), None), {})


@pytest.mark.parametrize("fault", ["another block", "down", "refused"])
def test_a_second_endpoint_that_fails_confirms_nothing(fault: str, tmp_path: Path) -> None:
    def other(path: str) -> Any:
        if fault == "another block" and path == f"/blocks/{HEIGHT}":
            return [{"id": "ee" * 32, "height": HEIGHT, "timestamp": 1_700_000_000}]
        if fault == "down" or (fault == "refused" and "address" in path):
            raise Status(400, "no")
        return esplora(path, **NONE["esplora"])

    with index(spoiled("esplora", lambda path: esplora(path, **NONE["esplora"]))) as url, index(other, OTHER) as second:
        balances, reasons = observed(tmp_path, (place("esplora", url), place("esplora", second)), Recording.off())
    assert (list(balances), reasons) == ([TEXTS[0]], {TEXTS[1]: "no_history"})

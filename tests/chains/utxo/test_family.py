"""The family without a node: Litecoin's older dumps, what is refused of a file, settings, and a node that is busy or
wants less.
"""

from __future__ import annotations

import datetime
import hashlib
import json
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest

from bitcoin_node import Made, dump, hash_serialized, muhash
from porlake import addresses, chains, registry
from porlake.addresses import bitcoin as form
from porlake.chains.utxo import node as bitcoin
from porlake.errors import BadAnswer, BadDump, ChainError, ConfigurationError, TimedOut, TransportError
from porlake.pipeline._dumps import dumps_of
from porlake.settings import DumpSettings
from porlake.transport import ElectrumRpc, Endpoint, Recording
from support import named, on_loopback, own_rows

HEIGHT = 500
PEGOUT = 1 << 30  # bit 31 of the code of height and coinbase


def network(name: str) -> registry.Network:
    return registry.load().networks[name]


def wanted(name: str, *texts: str) -> list[chains.Wanted]:
    asset = network(name).native_asset
    return [chains.Wanted(asset, registry.load().tokens[name, asset], text) for text in texts]


def read(name: str, path: Path, *texts: str, height: int = HEIGHT, hashes: tuple[str, ...] = ()) -> list[Any]:
    client = chains.open_client(network(name), None, Recording.off(), dump=bitcoin.Dump(str(path), hashes=hashes))
    return list(client.balances(wanted(name, *texts), client.block(height)))


# --- files ------------------------------------------------------------------------------------------------------------
def litecoin() -> tuple[list[str], list[Made]]:
    """The same account in three spellings, and the output that holds the extension block's value."""
    p2sh = form._base58("litecoin", "p2sh", b"\x05" * 20)
    wpkh = form.segwit("litecoin", 0, b"\x06" * 20)
    hog = form.segwit("litecoin", 8, b"\x07" * 32)
    made = [
        Made(b"\x01" * 32, 0, HEIGHT, True, 1, form.script(p2sh)),
        Made(b"\x01" * 32, 3, 7 | PEGOUT, False, 2, form.script(p2sh)),
        Made(b"\x02" * 32, 0, 8, False, 4, form.script(wpkh)),
        Made(b"\x03" * 32, 0, 9, False, 1 << 50, form.script(hog)),
    ]
    return [p2sh.text, wpkh.text, hog.text], made


def test_litecoins_layout_flag_and_extension_block(tmp_path: Path) -> None:
    texts, made = litecoin()
    (tmp_path / "utxo").write_bytes(dump(made, 1))
    number = f"muhash:{muhash(made)}"
    by_address = {answer.address: answer for answer in read("litecoin", tmp_path / "utxo", *texts, hashes=(number,))}
    assert [by_address[text].raw for text in texts[:2]] == [3, 4]
    assert (by_address[texts[0]].as_of, by_address[texts[0]].method) == ("exact", "utxo_set_proved")
    assert by_address[texts[2]].reason == "mweb"
    older = form.base58.encode_check(b"\x05" + b"\x05" * 20)
    assert addresses.parse("litecoin", older).text == texts[0]
    with pytest.raises(BadDump, match="layout 1 names no network"):
        read("litecoin", tmp_path / "utxo", *texts)


def test_without_the_flag_the_height_would_be_absurd(tmp_path: Path) -> None:
    _, made = litecoin()
    (tmp_path / "utxo").write_bytes(dump(made, 1))
    account = form._base58("bitcoin", "p2sh", b"\x05" * 20)
    with pytest.raises(BadDump, match="highest coin stands at 1,073,741,831"):
        read("bitcoin", tmp_path / "utxo", account.text, hashes=(f"muhash:{muhash(made)}",))


@pytest.mark.parametrize(("name", "magic"), [("dogecoin", "c0c0c0c0"), ("dash", "bf0c6bbd"), ("bitcoin", "f9beb4d9")])
def test_a_file_names_its_network(tmp_path: Path, name: str, magic: str) -> None:
    account = form._base58(name, "p2pkh", b"\x05" * 20)
    made = [Made(bytes([n]) * 32, 0, HEIGHT, False, 10**17 + n, form.script(account)) for n in range(1, 100)]
    (tmp_path / "utxo").write_bytes(dump(made, magic=magic))
    (answer,) = read(name, tmp_path / "utxo", account.text, hashes=(hash_serialized(made),))
    assert (answer.raw, answer.block.hash) == (sum(coin.amount for coin in made), "0b" * 32)
    with pytest.raises(BadDump, match=f"a dump of {name}"):
        read("litecoin", tmp_path / "utxo", form._base58("litecoin", "p2pkh", b"\x05" * 20).text)


def test_a_folder_is_no_dump(tmp_path: Path) -> None:
    with pytest.raises(BadDump, match="cannot be read"):
        read("bitcoin", tmp_path, "1BoatSLRHtKNngkdXEeobR76b53LETtpyT")


def test_settings_of_dumps() -> None:
    found = dumps_of(
        {
            "PORLAKE_UTXO_DUMP_BITCOIN": "/d/{height}",
            "PORLAKE_UTXO_WRITTEN_BITCOIN": "/n",
            "PORLAKE_UTXO_HASH_BITCOIN": "muhash",
            "X": "y",
        }
    )
    assert found == {"bitcoin": DumpSettings("/d/{height}", "/n", ("muhash",), False)}
    told = {"PORLAKE_UTXO_DUMP_BITCOIN_CASH": "f", "PORLAKE_OUTPOINTS": "1"}
    assert dumps_of(told) == {"bitcoin_cash": DumpSettings("f", outpoints=True)}
    for wrong in (
        "PORLAKE_UTXO_DUMP_ETHEREUM",
        "PORLAKE_UTXO_DUMP_MOON",
        "PORLAKE_UTXO_PLACE_BITCOIN",
        "PORLAKE_UTXO_DUMP_",
    ):
        with pytest.raises(ConfigurationError, match=wrong):
            dumps_of({wrong: "x"})
    with pytest.raises(ConfigurationError, match="PORLAKE_UTXO_DUMP_BITCOIN is missing"):
        dumps_of({"PORLAKE_UTXO_HASH_BITCOIN": "muhash"})


# --- a node -----------------------------------------------------------------------------------------------------------
@contextmanager
def node(answer: Callable[[str, list[Any], int], Any]) -> Iterator[Endpoint]:
    """A stand-in for a node's RPC; an int is an HTTP status, an exception's arguments are an error's code and text."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            size = int(self.headers["Content-Length"])
            asked = json.loads(self.rfile.read(size))
            try:
                said: dict[str, Any] = {"result": answer(asked["method"], asked["params"], size)}
            except LookupError as error:
                said = {"error": {"code": error.args[0], "message": error.args[1]}}
            status = said["result"] if isinstance(said.get("result"), int) else 200
            data = b"" if status != 200 else json.dumps(said | {"jsonrpc": "2.0", "id": asked["id"]}).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_: Any) -> None:
            pass

    with on_loopback(Handler) as url:
        yield Endpoint(url)


TIP = "0a" * 32


@pytest.fixture(autouse=True)
def stand_in(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """The registry's Dash is the chain of the stand-in, whose blocks all have one hash."""
    with own_rows(named(tmp_path_factory.mktemp("rows"), dash=f"0:{TIP}")):
        yield


ACCOUNTS = [form._base58("dash", "p2pkh", bytes([n]) * 20) for n in range(16)]


class Chain:
    """A tip, and a coin of 2^n for each account n; `most` bytes in a body, `busy` scans of others, a script that is
    refused.
    """

    def __init__(self, most: int = 1 << 20, busy: int = 0, bad: str = "", moving: bool = False) -> None:
        self.most, self.busy, self.bad, self.moving, self.scans = most, busy, bad, moving, 0

    def __call__(self, method: str, params: list[Any], size: int) -> Any:
        if size > self.most:
            return 413
        if method == "getblockhash":
            return TIP
        if method == "getblockheader":
            return {"hash": params[0], "height": HEIGHT, "time": 1_700_000_000}
        self.busy -= 1
        if self.busy >= 0:
            raise LookupError(-8, 'Scan already in progress, use action "abort" or "status"')
        if params[0] != "start":
            return None
        if any(self.bad and self.bad in descriptor for descriptor in params[1]):
            raise LookupError(-5, "Address is not valid")
        self.scans += 1
        held = {form.script(account).hex(): f"{(1 << n) / 10**8:.8f}" for n, account in enumerate(ACCOUNTS)}
        unspents = [
            {"txid": TIP, "vout": n, "scriptPubKey": d[4:-1], "amount": float(held[d[4:-1]])}
            for n, d in enumerate(params[1])
        ]
        tip = f"{self.scans:064x}" if self.moving else TIP
        return {"success": True, "unspents": unspents, "bestblock": tip, "total_amount": 0}


def scanned(chain: Chain) -> dict[str, Any]:
    with node(chain) as endpoint:
        client = chains.open_client(network("dash"), endpoint, Recording.off())
        return {
            a.address: a
            for a in client.balances(wanted("dash", *(account.text for account in ACCOUNTS)), client.block(HEIGHT))
        }


def test_a_body_that_is_too_big_is_halved_and_a_bad_descriptor_stands_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    whole, small = Chain(), Chain(most=300, bad=form.script(ACCOUNTS[5]).hex())
    assert [answer.raw for answer in scanned(whole).values()] == [1 << n for n in range(16)]
    found = scanned(small)
    assert found[ACCOUNTS[5].text].reason == "refused_by_node"
    assert [found[a.text].raw for n, a in enumerate(ACCOUNTS) if n != 5] == [1 << n for n in range(16) if n != 5]
    assert (whole.scans, small.scans > 4) == (1, True)


def test_a_scan_of_somebody_else_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bitcoin, "BUSY_SECONDS", 0.0)
    assert len(scanned(Chain(busy=3))) == 16
    monkeypatch.setattr(bitcoin, "STALLED_SECONDS", 0.05)
    with pytest.raises(TransportError, match="another scan does not end"):
        scanned(Chain(busy=1000))


class Slow:
    """A scan that takes some polls to end, or never does; `percents` is what the node says of it, one a poll and the
    last for ever.
    """

    def __init__(self, percents: list[Any], ends: bool = True) -> None:
        self.percents, self.ends, self.actions, self.chain = percents, ends, list[str](), Chain()
        self.aborted = threading.Event()

    def __call__(self, method: str, params: list[Any], size: int) -> Any:
        if method != "scantxoutset":
            return self.chain(method, params, size)
        self.actions.append(params[0])
        if params[0] == "status":
            said = self.percents.pop(0) if len(self.percents) > 1 else self.percents[0]
            return {"progress": said} if said is not None else None
        if params[0] == "abort":
            self.aborted.set()
            return True
        while self.ends and len(self.percents) > 1:
            time.sleep(0.01)
        if not self.ends:
            self.aborted.wait(10)
            return {"success": False}
        return self.chain(method, params, size)


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bitcoin, "POLL_SECONDS", 0.05)
    monkeypatch.setattr(bitcoin, "STALLED_SECONDS", 0.6)


def test_a_scan_that_takes_long_is_waited_for_and_says_how_far_it_is(quick: None) -> None:
    slow, told = Slow([0, 0, 20, 40, 60, 60, 80, 99]), list[tuple[str, int, int | None]]()
    with node(slow) as endpoint:
        patient = replace(endpoint, timeout=0.01 * 3)  # a scan is not bound by what other questions may take
        client = chains.open_client(network("dash"), patient, Recording.off(), tell=lambda *said: told.append(said))
        found = list(client.balances(wanted("dash", ACCOUNTS[0].text), client.block(HEIGHT)))
    assert [answer.raw for answer in found] == [1]
    assert [percent for _, percent, _ in told][:3] == [0, 0, 20]
    assert told[0][0] == "scan of dash, percent"
    assert "abort" not in slow.actions


@pytest.mark.parametrize("percents", [[30], [None], ["x"], [True]])
def test_a_scan_that_does_not_move_is_aborted(quick: None, percents: list[Any]) -> None:
    slow = Slow(percents, ends=False)
    with node(slow) as endpoint:
        client = chains.open_client(network("dash"), endpoint, Recording.off())
        with pytest.raises(TimedOut, match="has not moved"):
            list(client.balances(wanted("dash", ACCOUNTS[0].text), client.block(HEIGHT)))
    assert slow.actions.count("abort") == 1


def test_a_scan_that_is_interrupted_is_aborted(quick: None) -> None:
    slow = Slow([1, 2, 3, 4], ends=False)

    def stop(*_: Any) -> None:
        raise KeyboardInterrupt

    with node(slow) as endpoint:
        client = chains.open_client(network("dash"), endpoint, Recording.off(), tell=stop)
        with pytest.raises(KeyboardInterrupt):
            list(client.balances(wanted("dash", ACCOUNTS[0].text), client.block(HEIGHT)))
    assert slow.actions[-1] == "abort"


@pytest.mark.parametrize("twice", [True, False])
def test_a_coin_that_stands_twice_is_no_answer(twice: bool) -> None:
    coin = {"txid": TIP, "vout": 0, "scriptPubKey": form.script(ACCOUNTS[0]).hex(), "amount": 1}
    said = {"success": True, "bestblock": TIP, "unspents": [coin, coin if twice else coin | {"vout": 1}]}
    chain = Chain()
    with node(
        lambda method, params, size: said if method == "scantxoutset" else chain(method, params, size)
    ) as endpoint:
        client = chains.open_client(network("dash"), endpoint, Recording.off())
        if twice:
            with pytest.raises(BadAnswer, match="stands twice"):
                list(client.balances(wanted("dash", ACCOUNTS[0].text), client.block(HEIGHT)))
        else:
            (answer,) = client.balances(wanted("dash", ACCOUNTS[0].text), client.block(HEIGHT))
            assert answer.raw == 2 * 10**8


def test_a_tip_that_moves_between_chunks_is_no_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bitcoin, "CHUNK", 8)
    with pytest.raises(ChainError, match="the tip moved"):
        scanned(Chain(moving=True))


@pytest.mark.parametrize(
    "said",
    [{"success": False}, {"success": True}, {"success": True, "unspents": [{"scriptPubKey": "00", "amount": 1}]}, []],
)
def test_a_scan_of_no_form_is_refused(said: Any) -> None:
    chain = Chain()
    with node(
        lambda method, params, size: said if method == "scantxoutset" else chain(method, params, size)
    ) as endpoint:
        client = chains.open_client(network("dash"), endpoint, Recording.off())
        with pytest.raises(BadAnswer):
            list(client.balances(wanted("dash", ACCOUNTS[0].text), client.block(HEIGHT)))


@pytest.mark.parametrize("amount", ["one", "1e3", True, {}, [1], 0.000000001, -1, None])
def test_an_amount_of_no_form_is_refused(amount: Any) -> None:
    said = {
        "success": True,
        "bestblock": TIP,
        "unspents": [{"txid": TIP, "vout": 0, "scriptPubKey": form.script(ACCOUNTS[0]).hex(), "amount": amount}],
    }
    test_a_scan_of_no_form_is_refused(said)


# --- certificates -----------------------------------------------------------------------------------------------------
@pytest.fixture(scope="module")
def secured(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[int, str]]:
    """An Electrum server with a certificate of its own making, as most have: (port, sha256 of the certificate)."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key, name = (
        ec.generate_private_key(ec.SECP256R1()),
        x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")]),
    )
    now = datetime.datetime.now(datetime.UTC)
    made = x509.CertificateBuilder(
        name, name, key.public_key(), x509.random_serial_number(), now, now + datetime.timedelta(days=1)
    )
    certificate = made.sign(key, hashes.SHA256())
    folder = tmp_path_factory.mktemp("tls")
    (folder / "c.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (folder / "k.pem").write_bytes(private)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "c.pem", folder / "k.pem")
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def speak(connection: socket.socket) -> None:
            with (
                suppress(OSError),
                context.wrap_socket(connection, server_side=True) as stream,
                stream.makefile("rwb") as lines,
            ):
                for line in lines:
                    lines.write(
                        json.dumps([{"id": item["id"], "result": 7} for item in json.loads(line)]).encode() + b"\n"
                    )
                    lines.flush()

        def serve() -> None:
            with suppress(OSError):
                while True:
                    threading.Thread(target=speak, args=listener.accept()[:1], daemon=True).start()

        threading.Thread(target=serve, daemon=True).start()
        yield (
            listener.getsockname()[1],
            hashlib.sha256(certificate.public_bytes(serialization.Encoding.DER)).hexdigest(),
        )


def test_a_server_is_known_by_an_authority_or_by_its_pinned_certificate(secured: tuple[int, str]) -> None:
    port, pin = secured
    url = f"electrum+ssl://127.0.0.1:{port}"
    assert ElectrumRpc("bitcoin", Endpoint(f"{url}?pin={pin}"), Recording.off()).call("m") == 7
    for untrusted, why in ((url, "not trusted"), (f"{url}?pin={'00' * 32}", "not the pinned one")):
        with pytest.raises(TransportError, match=why):
            ElectrumRpc("bitcoin", Endpoint(untrusted), Recording.off()).call("m")


def test_a_server_that_never_shakes_hands_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("porlake.transport.limits.CONNECT_SECONDS", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent, pytest.raises(TransportError, match="no connection in time"):
        place = Endpoint(f"electrum+ssl://127.0.0.1:{silent.getsockname()[1]}", tries=1)
        ElectrumRpc("bitcoin", place, Recording.off()).call("m")

"""One chain, seen by every reader: a dump of all coins at a past height, scantxoutset, an Electrum server, all on a
real node.
"""

from __future__ import annotations

import csv
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from bitcoin_node import COIN, ELECTRUM, HEIGHT, KNOTS, P2PK_OWNER, Node, electrum, knots
from porlake import chains, pipeline, registry
from porlake.chains.utxo import dump as utxo_dump
from porlake.chains.utxo import node as bitcoin
from porlake.chains.utxo.scripts import watched
from porlake.errors import BadDump, ConfigurationError, RequestFailed, TransportError
from porlake.model import Balance, Block, Unobserved, Utxo
from porlake.transport import Endpoint, Recording
from support import SAMPLE_ROWS, command, environment, own_rows

pytestmark = [
    pytest.mark.node,
    pytest.mark.skipif(not KNOTS.exists(), reason="Bitcoin Knots is not installed: make nodes"),
]
BITCOIN = registry.load().networks["bitcoin"]
BTC = registry.load().tokens["bitcoin", "BTC"]


@pytest.fixture(scope="module", autouse=True)
def regtest() -> Iterator[None]:
    """The network of the registry that is this node's: a regtest passes as nothing else."""
    with own_rows(SAMPLE_ROWS):
        yield


@pytest.fixture(scope="module")
def node() -> Iterator[Node]:
    with knots() as running:
        yield running


@pytest.fixture(scope="module")
def server(node: Node) -> Iterator[Endpoint]:
    if not ELECTRUM.exists():
        pytest.skip("the Electrum server is not installed: make nodes")
    with electrum(node) as endpoint:
        yield endpoint


@pytest.fixture(scope="module")
def path(node: Node, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The dump that the node wrote for HEIGHT."""
    path = tmp_path_factory.mktemp("dump") / f"utxo-{HEIGHT}.dat"
    read(node, node.endpoint, HEIGHT, bitcoin.Dump(str(path.parent / "utxo-{height}.dat")))
    return path


def wanted(node: Node) -> list[chains.Wanted]:
    never_used = "1BoatSLRHtKNngkdXEeobR76b53LETtpyT"
    return [chains.Wanted("BTC", BTC, address) for address in [*node.held, never_used]]


def read(
    node: Node,
    endpoint: Endpoint | None,
    height: int,
    dump: bitcoin.Dump | None = None,
    recording: Recording | None = None,
) -> dict[str, Any]:
    client = chains.open_client(BITCOIN, endpoint, recording or Recording.off(), dump=dump)
    at = client.block(height)
    answers = list(client.balances(wanted(node), at))
    found = {
        answer.address: answer
        for answer in answers
        if isinstance(answer, chains.Reading) and answer.component == "total"
    }
    assert set(found) == {want.address for want in wanted(node)}
    assert found.pop("1BoatSLRHtKNngkdXEeobR76b53LETtpyT").raw == 0
    return {
        "held": {address: answer.raw for address, answer in found.items()},
        "at": at,
        "one": answers[0],
        "all": answers,
        "client": client,
    }


def test_the_node_is_asked_for_the_coins_at_a_height_and_every_kind_of_script_is_found(
    node: Node, tmp_path: Path
) -> None:
    seen = read(node, node.endpoint, HEIGHT, bitcoin.Dump(str(tmp_path / "utxo-{height}.dat")))
    assert seen["held"] == node.held
    assert (seen["one"].as_of, seen["one"].method, seen["one"].source) == (
        "exact",
        "utxo_set",
        f"file:utxo-{HEIGHT}.dat",
    )
    assert (tmp_path / f"utxo-{HEIGHT}.dat").exists()
    assert node.rpc("getblockcount") > HEIGHT


def test_a_file_of_another_machine_comes_over_http(node: Node, path: Path, tmp_path: Path) -> None:
    handler = partial(SimpleHTTPRequestHandler, directory=str(tmp_path))
    handler.log_message = lambda *_: None  # type: ignore[attr-defined]
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        dump = bitcoin.Dump(
            f"http://127.0.0.1:{server.server_port}/utxo.dat?key=secret", written=str(tmp_path / "utxo.dat")
        )
        for _ in range(2):  # first the node writes it, then it is there
            seen = read(node, node.endpoint, HEIGHT, dump)
            assert (seen["held"], seen["one"].source) == (node.held, f"127.0.0.1:{server.server_port}")
        (tmp_path / "utxo.dat").write_bytes(path.read_bytes()[:-10])
        with pytest.raises(BadDump, match="before its end"):
            read(node, node.endpoint, HEIGHT, dump)
        (tmp_path / "utxo.dat").unlink()
        server.shutdown()
    with pytest.raises(TransportError, match="connection refused"):
        read(node, node.endpoint, HEIGHT, dump)
    assert not (tmp_path / "utxo.dat").exists()


def test_the_tip_can_be_dumped_too(node: Node, tmp_path: Path) -> None:
    assert (
        read(node, node.endpoint, node.rpc("getblockcount"), bitcoin.Dump(str(tmp_path / "tip.dat")))["held"]
        == node.now
    )


def test_coins_paid_to_the_bare_key_stand_apart(node: Node, path: Path) -> None:
    bare = [
        answer
        for answer in read(node, node.endpoint, HEIGHT, bitcoin.Dump(str(path)))["all"]
        if answer.component != "total"
    ]
    assert [(answer.address, answer.component, answer.raw) for answer in bare if answer.address == P2PK_OWNER] == [
        (P2PK_OWNER, "p2pk", 1 << 31)
    ]
    assert sorted(answer.raw for answer in bare) == [1 << 30, 1 << 31]


def test_the_hashes_and_the_total_are_the_nodes_own(node: Node, path: Path) -> None:
    told = node.rpc("gettxoutsetinfo", "muhash", HEIGHT)
    with path.open("rb") as stream:
        contents = utxo_dump.read(stream, [], found=utxo_dump.header(stream), hashes=utxo_dump.HASHES)
    assert contents.hashes["muhash"] == told["muhash"]
    assert contents.total == round(told["total_amount"] * COIN)
    assert contents.header.coins == told["txouts"]
    now = node.rpc("gettxoutsetinfo", "hash_serialized_3")
    node.rpc("dumptxoutset", str(path.with_name("now.dat")), "latest")
    with path.with_name("now.dat").open("rb") as stream:
        contents = utxo_dump.read(stream, [], found=utxo_dump.header(stream), hashes=["hash_serialized_3"])
    assert contents.hashes["hash_serialized_3"] == now["hash_serialized_3"]


def test_a_file_is_read_without_any_node_and_proved_by_one_published_number(node: Node, path: Path) -> None:
    told = f"muhash:{node.rpc('gettxoutsetinfo', 'muhash', HEIGHT)['muhash']}"
    whole = bytearray(path.read_bytes())
    whole[7:11] = bytes.fromhex("f9beb4d9")  # what regtest's own magic says is tested below
    renamed = path.with_name("main.dat")
    renamed.write_bytes(whole)
    seen = read(node, None, HEIGHT, bitcoin.Dump(str(renamed), hashes=(told,)))
    assert (seen["held"], seen["one"].method, seen["at"].moment) == (node.held, "utxo_set_proved", None)
    assert read(node, None, HEIGHT, bitcoin.Dump(str(renamed)))["one"].method == "utxo_set"
    with pytest.raises(BadDump, match="not that set"):
        read(node, None, HEIGHT, bitcoin.Dump(str(renamed), hashes=("muhash:" + "00" * 32,)))
    with pytest.raises(BadDump, match=f"highest coin stands at {HEIGHT}"):
        read(node, None, HEIGHT + 1, bitcoin.Dump(str(renamed)))
    with pytest.raises(BadDump, match="a dump of regtest"):
        read(node, None, HEIGHT, bitcoin.Dump(str(path)))


def test_the_node_says_what_the_set_must_hash_to(node: Node, path: Path) -> None:
    assert (
        read(node, node.endpoint, HEIGHT, bitcoin.Dump(str(path), hashes=("muhash",)))["one"].method
        == "utxo_set_proved"
    )
    changed = bytearray(path.read_bytes())
    changed[-2] ^= 1
    other = path.with_name("changed.dat")
    other.write_bytes(changed)
    with pytest.raises(BadDump, match="not that set|order|bytes behind|ends at|Var"):
        read(node, node.endpoint, HEIGHT, bitcoin.Dump(str(other), hashes=("muhash",)))


def test_the_coins_of_another_block_are_refused(node: Node, path: Path) -> None:
    with pytest.raises(BadDump, match="asked for was"):
        read(node, node.endpoint, HEIGHT + 1, bitcoin.Dump(str(path)))


def test_settings_that_make_no_sense_are_named(node: Node, path: Path) -> None:
    for hashes, why in (("sha1:00", "a hash is written"), ("muhash", "none is the endpoint")):
        with pytest.raises(ConfigurationError, match=why):
            read(node, None, HEIGHT, bitcoin.Dump(str(path), hashes=(hashes,)))
    with pytest.raises(BadDump, match="cannot be read"):
        read(node, None, HEIGHT, bitcoin.Dump(str(path.with_name("nowhere"))))
    with pytest.raises(ConfigurationError, match="no endpoint"):
        read(node, None, HEIGHT)


def test_outpoints_are_kept_on_request(node: Node, path: Path) -> None:
    seen = read(node, node.endpoint, HEIGHT, bitcoin.Dump(str(path), outpoints=True))
    coins = list(seen["client"].coins)
    held = dict.fromkeys(node.held, 0)
    for coin in coins:
        held[coin.address] += coin.raw
        told = node.rpc("getrawtransaction", coin.txid, 1)["vout"][coin.vout]
        assert round(told["value"] * COIN) == coin.raw
        assert (
            node.rpc("getblockheader", node.rpc("getrawtransaction", coin.txid, 1)["blockhash"])["height"]
            == coin.height
        )
    assert held == node.held
    assert not list(read(node, node.endpoint, HEIGHT, bitcoin.Dump(str(path)))["client"].coins)


def test_a_recording_replays_a_dump_without_its_file(node: Node, path: Path, tmp_path: Path) -> None:
    dump = bitcoin.Dump(str(path), outpoints=True)
    live = read(node, node.endpoint, HEIGHT, dump, Recording.record(tmp_path))
    again = read(node, None, HEIGHT, None, Recording.replay(tmp_path))
    assert again["all"] == live["all"]
    assert again["client"].coins == live["client"].coins
    assert str(path.parent) not in "".join(file.read_text() for file in tmp_path.rglob("*.json"))


# --- the tip ----------------------------------------------------------------------------------------------------------
def test_a_scan_sees_the_tip_and_says_so(node: Node) -> None:
    tip = node.rpc("getblockcount")
    seen = read(node, node.endpoint, tip)
    assert (seen["held"], seen["one"].as_of, seen["one"].method) == (node.now, "exact", "scantxoutset")
    seen = read(node, node.endpoint, HEIGHT)
    assert (seen["held"], seen["one"].as_of, seen["one"].block.height) == (node.now, "head", tip)
    with pytest.raises(RequestFailed, match="out of range"):
        read(node, node.endpoint, tip + 1)


def test_one_bad_descriptor_does_not_spoil_the_others(node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bitcoin, "CHUNK", 5)
    client = bitcoin.Client(BITCOIN, node.endpoint, Recording.off())
    scripts = ["", *sorted(found.script.hex() for found in watched(BITCOIN, wanted(node))[0])]
    held, refused, _ = client._scan(scripts, 8)
    assert refused == {""}
    assert sum(held.values()) == sum(node.now.values())


# --- an Electrum server -----------------------------------------------------------------------------------------------
def test_an_electrum_server_gives_any_height(node: Node, server: Endpoint, tmp_path: Path) -> None:
    tip = node.rpc("getblockcount")
    for height, held in ((HEIGHT, node.held), (tip, node.now)):
        seen = read(node, server, height, recording=Recording.record(tmp_path / str(height)))
        assert (seen["held"], seen["one"].as_of, seen["at"].hash) == (held, "exact", node.rpc("getblockhash", height))
        assert read(node, None, height, recording=Recording.replay(tmp_path / str(height)))["all"] == seen["all"]
    nothing = read(node, server, 1)
    assert set(nothing["held"].values()) == {0}
    with pytest.raises(RequestFailed):
        read(node, server, tip + 1)


def test_the_readers_agree(node: Node, server: Endpoint, path: Path) -> None:
    dumped = read(node, node.endpoint, HEIGHT, bitcoin.Dump(str(path)))
    assert read(node, server, HEIGHT)["held"] == dumped["held"]
    assert read(node, server, HEIGHT, bitcoin.Dump(str(path)))["held"] == dumped["held"]
    tip = node.rpc("getblockcount")
    assert read(node, server, tip)["held"] == read(node, node.endpoint, tip)["held"]


def test_a_busy_script_is_given_as_of_the_tip(node: Node, server: Endpoint, monkeypatch: pytest.MonkeyPatch) -> None:
    from porlake.chains.utxo import electrum as reader

    monkeypatch.setattr(reader, "LATER", 0)
    seen = read(node, server, HEIGHT)
    spent = [answer for answer in seen["all"] if node.held.get(answer.address) != node.now.get(answer.address)]
    assert {answer.as_of for answer in spent} == {"head"}
    assert {answer.address: answer.raw for answer in spent} == {
        a: node.now[a] for a in node.now if node.now[a] != node.held[a]
    }
    assert {answer.as_of for answer in seen["all"] if answer not in spent} == {"exact"}


# --- through the pipeline ---------------------------------------------------------------------------------------------
def test_balances_from_a_shell(node: Node, path: Path, tmp_path: Path) -> None:
    (tmp_path / "list.txt").write_text("\n".join(node.held) + "\n")
    arguments = [
        "balances",
        "--network",
        "bitcoin",
        "--asset",
        "BTC,USDT",
        "--at",
        str(HEIGHT),
        "--addresses",
        "list.txt",
        "--out",
        "b.csv",
    ]
    arguments += ["--dump", str(path), "--outpoints", "coins.csv"]
    done = subprocess.run(
        command(*arguments, "--endpoint", node.url),
        cwd=tmp_path,
        env=environment() | {"PORLAKE_REGISTRY": str(SAMPLE_ROWS)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    with (tmp_path / "b.csv").open(encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    held = [row for row in rows if row["component"] == "total"]
    assert {row["address"]: int(row["base_units"]) for row in held} == node.held
    assert {row["address"]: Decimal(row["units"]) * 10 ** int(row["decimals"]) for row in held} == node.held
    assert {row["reason"] for row in rows if row["asset"] == "USDT"} == {"omni_layer"}
    with (tmp_path / "coins.csv").open(encoding="utf-8") as stream:
        assert sum(int(row["base_units"]) for row in csv.DictReader(stream)) == sum(node.held.values())
    refused = subprocess.run(
        command(*arguments, "--dump-hash", "muhash:" + "0" * 64),
        cwd=tmp_path,
        env=environment() | {"PORLAKE_REGISTRY": str(SAMPLE_ROWS)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (refused.returncode, "Traceback" in refused.stderr) == (1, False)


HEADER = (
    "coin,Network,Snapshot Height,address,amount,message,signature1,signature2,redeem script/ public key,eoa1,eoa2\n"
)


def test_observe_takes_the_dump_of_the_settings(node: Node, path: Path, tmp_path: Path) -> None:
    file = tmp_path / "okx_por_2025102200.csv"
    rows = [f"BTC,BTC,{HEIGHT},{address},{amount / COIN:.8f},m,,,,,\n" for address, amount in node.held.items()]
    rows.append(f"USDT,OMNI,{HEIGHT},{P2PK_OWNER},5,m,,,,,\n")
    file.write_text("coin,amount\nBTC,1\n\n" + HEADER + "".join(rows), encoding="utf-8")
    told = {
        "PORLAKE_UTXO_DUMP_BITCOIN": str(path.parent / "utxo-{height}.dat"),
        "PORLAKE_OUTPOINTS": "1",
        "PORLAKE_UTXO_HASH_BITCOIN": "muhash",
    }
    chosen = replace(pipeline.session(tmp_path / "lake", environ=told), endpoints={"bitcoin": node.endpoint})
    (report,) = pipeline.archive(chosen, "okx", str(file))
    pipeline.parse(chosen, report)
    pipeline.observe(chosen, report, "bitcoin")
    balances = [row for row in chosen.lake.rows(Balance) if row.component == "total"]
    assert {row.address: row.amount for row in balances} == node.held
    assert {(row.as_of, row.offset_seconds, row.method) for row in balances} == {("exact", 0, "utxo_set_proved")}
    coins: list[Utxo] = list(chosen.lake.rows(Utxo))
    assert sum(coin.amount for coin in coins) == sum(node.held.values())
    assert [(row.asset, row.reason) for row in chosen.lake.rows(Unobserved)] == [("USDT", "omni_layer")]


def test_observe_needs_no_node_where_there_is_a_file(node: Node, path: Path, tmp_path: Path) -> None:
    whole = bytearray(path.read_bytes())
    whole[7:11] = bytes.fromhex("f9beb4d9")
    (tmp_path / "utxo.dat").write_bytes(whole)
    file = tmp_path / "okx_por_2025102200.csv"
    rows = [f"BTC,BTC,{HEIGHT},{address},{amount / COIN:.8f},m,,,,,\n" for address, amount in node.held.items()]
    file.write_text("coin,amount\nBTC,1\n\n" + HEADER + "".join(rows), encoding="utf-8")
    chosen = pipeline.session(tmp_path / "lake", environ={"PORLAKE_UTXO_DUMP_BITCOIN": str(tmp_path / "utxo.dat")})
    (report,) = pipeline.archive(chosen, "okx", str(file))
    pipeline.parse(chosen, report)
    pipeline.observe(chosen, report, "bitcoin")
    (block,) = chosen.lake.rows(Block)
    assert (block.height, block.block_hash, block.block_time) == (HEIGHT, node.rpc("getblockhash", HEIGHT), None)
    assert {row.as_of for row in chosen.lake.rows(Balance)} == {"exact"}
    assert not list(chosen.lake.rows(Utxo))
    (tmp_path / "utxo.dat").write_bytes(whole[:-1])
    before = [path.read_bytes() for path in sorted((tmp_path / "lake").rglob("*.parquet"))]
    with pytest.raises(BadDump):
        pipeline.observe(chosen, report, "bitcoin")
    assert [path.read_bytes() for path in sorted((tmp_path / "lake").rglob("*.parquet"))] == before

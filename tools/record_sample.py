"""Record the answers of data/samples/recording anew, all of them or those of the networks named: real nodes are given
the amounts of the sample file, but for the planted differences.

EVM networks are anvil with the chain id and the heights of the file; Bitcoin is Bitcoin Knots on regtest, mined to the
height of the file; Tron and prices are local stand-ins that answer in the form of java-tron and of DefiLlama's coins
API. Needs `make nodes`.
"""

from __future__ import annotations

import base64
import csv
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
import zipfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from porlake import addresses, amounts, pipeline, registry
from porlake.addresses import bitcoin
from porlake.chains._assembler import assemble
from porlake.chains.tron.program import MANY_CODE
from porlake.encoding.keccak import keccak256
from porlake.lake import Lake
from porlake.model import Claim
from porlake.transport import Endpoint, Recording

HOME = Path(__file__).resolve().parents[1]
SAMPLES = HOME / "data" / "samples"
RECORDING = SAMPLES / "recording"
NODES = HOME / ".nodes"
ANVIL = NODES / "node_modules/@foundry-rs/anvil-linux-amd64/bin/anvil"
KNOTS = NODES / "knots"
SNAPSHOT = 1_711_296_000  # 2024-03-25 00:00 in OKX's clock, 2024-03-24T16:00:00Z
CLOCK = "2024-03-26T12:00:00+00:00"

#: Who gives the answers, by client; the sample claims nothing that a beacon node could show.
NODES_OF = {"evm": "anvil", "utxo": "Bitcoin Knots", "tron": "made"}
SAFE_CALLS = (b"getThreshold()", b"getOwners()")
PRICES = {
    "bitcoin": "67211.40", "ethereum": "3454.71", "tether": "1.0003", "usd-coin": "1.0001", "tron": "0.1209",
    "okb": "57.42", "oec-token": "14.27", "litecoin": "88.9", "dogecoin": "0.1741", "bitcoin-cash": "463.2",
    "bitcoin-cash-sv": "108.3", "dash": "37.1", "cardano": "0.6493", "solana": "186.04", "polkadot": "9.41",
    "aptos": "16.86", "sui": "1.83", "the-open-network": "5.03", "near": "7.13", "filecoin": "9.29",
    "conflux-token": "0.421", "aelf": "0.69", "eos": "1.046", "starknet": "2.13", "avalanche-2": "54.6",
    "terra-luna": "0.0001394", "nuls": "0.83", "baby-doge-coin": "0.0000000024",
}  # fmt: skip


def main(only: list[str]) -> None:
    pack()
    os.environ[registry.OWN_ROWS] = str(SAMPLES / "registry")  # they say that the sample's Bitcoin is a regtest
    for folder in [RECORDING / network for network in only] or [RECORDING]:
        shutil.rmtree(folder, ignore_errors=True)
    with tempfile.TemporaryDirectory() as folder, ExitStack() as running:
        recording = Recording.record(RECORDING)
        (RECORDING / "run").mkdir(parents=True, exist_ok=True)
        settings = pipeline.Session(root=Path(folder), recording=recording)
        _set_clock(recording)
        (report,) = pipeline.archive(settings, "okx", str(SAMPLES / "okx_por_2024032500.csv"))
        pipeline.parse(settings, report)
        held = holdings(settings.lake, report)
        endpoints = {
            network: running.enter_context(node(network, claims))
            for network, claims in sorted(by_network(held).items())
            if not only or network in only
        }
        settings = pipeline.Session(root=Path(folder), recording=Recording.record(RECORDING), endpoints=endpoints)
        for network in only or pipeline.networks(settings, report):
            pipeline.observe(settings, report, network)
            for path in (RECORDING / network).iterdir():
                sign(path, NODES_OF[registry.load().networks[network].client])
            print("recorded", network, flush=True)
        if not only:
            record_prices(Path(folder), running)


def pack() -> None:
    """The wallet file and the staking file in a zip, as OKX publishes them; the same bytes each time."""
    with zipfile.ZipFile(SAMPLES / "por_csv_2024032500.zip", "w") as packed:
        for name in ("okx_por_2024032500.csv", "okx_por_eth_staking_2024032500.csv"):
            entry = zipfile.ZipInfo(name)
            entry.compress_type, entry.external_attr, entry.create_system = zipfile.ZIP_DEFLATED, 0o644 << 16, 3
            packed.writestr(entry, (SAMPLES / name).read_bytes(), compresslevel=9)


def _set_clock(recording: Recording) -> None:
    """The clock of a recording is part of it; this one is set, so that a new recording changes nothing else."""
    recording.now()
    (path,) = (RECORDING / "run").glob("clock_*.json")
    kept = json.loads(path.read_bytes())
    path.write_text(json.dumps(kept | {"answer": CLOCK}, indent=1, sort_keys=True) + "\n", encoding="utf-8")


def sign(path: Path, source: str) -> None:
    """Who gave an answer, in place of a port."""
    kept = json.loads(path.read_bytes())
    if "host" in kept:
        kept["host"] = source if kept["host"] else ""
    text = json.dumps(kept, indent=1, sort_keys=True)
    path.write_text(re.sub(r"127\.0\.0\.1:\d+", source, text) + "\n", encoding="utf-8")


def holdings(lake: Lake, report: str) -> list[tuple[Claim, int]]:
    """Claims with what the chain shall hold of them, in base units of the asset: the claimed amount, but for the
    planted differences.
    """
    with (SAMPLES / "planted.csv").open(encoding="utf-8") as stream:
        planted = {(row["network"], row["asset"], row["address"]): row["change"] for row in csv.DictReader(stream)}
    held = []
    for claim in lake.rows(Claim, exchange="okx", report=report):
        change = planted.pop((claim.network, claim.asset, claim.address), "+0")
        scale = registry.load().assets[claim.asset].scale
        sign = -1 if change.startswith("-") else 1
        held.append((claim, 0 if change == "all" else claim.amount + sign * amounts.base_units(change[1:], scale)))
    if planted:
        raise SystemExit(f"planted on nothing: {planted}")
    return held


def by_network(held: list[tuple[Claim, int]]) -> dict[str, list[tuple[Claim, int]]]:
    found: dict[str, list[tuple[Claim, int]]] = {}
    for claim, amount in held:
        # Of Bitcoin's family one real node is at hand; the heights of the others in the file are no regtest's.
        client = registry.load().networks[claim.network].client
        if client in NODES_OF and (client != "utxo" or claim.network == "bitcoin"):
            found.setdefault(claim.network, []).append((claim, amount))
    return found


def node(network: str, held: list[tuple[Claim, int]]) -> Any:
    return {"evm": anvil, "utxo": knots, "tron": tron}[registry.load().networks[network].client](network, held)


def token_units(claim: Claim, amount: int) -> int:
    token = registry.load().tokens[claim.network, claim.asset]
    return amount // 10 ** (registry.load().assets[claim.asset].scale - token.decimals)


# --- EVM --------------------------------------------------------------------------------------------------------------
@contextmanager
def anvil(network: str, held: list[tuple[Claim, int]]) -> Iterator[Endpoint]:
    port, chain = free_port(), registry.load().networks[network].caip2.rpartition(":")[2]
    height = max(claim.snapshot_height or 0 for claim, _ in held)
    command = [
        str(ANVIL),
        "--port",
        str(port),
        "--chain-id",
        chain,
        "--number",
        str(height - 2),
        "--timestamp",
        str(SNAPSHOT - 24),
        "--no-mining",
        "--silent",
    ]
    process = subprocess.Popen(
        [*command, "--slots-in-an-epoch", "1", "--gas-limit", "1000000000000", "--hardfork", "cancun"]
    )
    url = f"http://127.0.0.1:{port}"
    try:
        wait_for(lambda: rpc(url, "eth_chainId", []))
        for claim, amount in held:
            raw, token = token_units(claim, amount), registry.load().tokens[claim.network, claim.asset]
            if token.kind == "native":
                rpc(url, "anvil_setBalance", [claim.address, hex(raw)])
            elif token.contract:
                place = token.mapping.slot if token.mapping else 0
                rpc(url, "anvil_setCode", [token.contract, token_code(place, token.decimals)])
                slot = keccak256(bytes.fromhex(claim.address[2:]).rjust(32, b"\0") + place.to_bytes(32, "big"))
                rpc(url, "anvil_setStorageAt", [token.contract, "0x" + slot.hex(), f"0x{raw:064x}"])
        for address, owners in contracts(network):
            rpc(url, "anvil_setCode", [address, safe_code(owners)])
        if registry.load().evm_networks[network].self_check == "arbsys":
            rpc(url, "anvil_setCode", ["0x" + "64".rjust(40, "0"), "0x" + assemble(ARBSYS).hex()])
        rpc(url, "evm_setNextBlockTimestamp", [SNAPSHOT - 12])
        rpc(url, "evm_mine", [])
        rpc(url, "evm_setNextBlockTimestamp", [SNAPSHOT])
        rpc(url, "evm_mine", [])
        rpc(url, "evm_mine", [])
        # What happens after the snapshot height must not be seen.
        rpc(url, "anvil_setBalance", [held[0][0].address, hex(10**24)])
        rpc(url, "evm_mine", [])
        yield Endpoint(url)
    finally:
        process.kill()
        process.wait()


#: arbBlockNumber(), and arbBlockHash(uint256) for any other call: a node of Arbitrum has its own at 0x64.
ARBSYS = """
    0xa3b1b31d 0x00 CALLDATALOAD 0xe0 SHR SUB ISZERO @own JUMPI
    0x04 CALLDATALOAD BLOCKHASH @out JUMP
own:
    NUMBER
out:
    0x00 MSTORE  0x20 0x00 RETURN
"""


def token_code(slot: int, decimals: int) -> str:
    """balanceOf(address) over a mapping, sload(keccak256(address . slot)), for a call with an argument; decimals() for
    one without.
    """
    return (
        f"0x3660241160205760043560005260{slot:02x}60205260406000205460005260206000f35b60{decimals:02x}60005260206000f3"
    )


def contracts(network: str) -> Iterator[tuple[str, list[str]]]:
    """The contracts of the sample file with the owners that it states, and a third one."""
    with (SAMPLES / "okx_por_2024032500.csv").open(encoding="utf-8") as stream:
        rows = [row for row in csv.reader(stream) if len(row) == 11 and row[9].startswith("0x")]
    for row in rows:
        if registry.load().label("okx", row[0], row[1]).network == network:
            yield row[3], [*filter(None, row[9:]), "0x" + "0f" * 20]


def safe_code(owners: list[str]) -> str:
    """A contract that answers getThreshold() with 2 and getOwners() with these: what a Safe of them would say."""
    listed = [32, len(owners), *(int(owner, 16) for owner in owners)]
    answers = [b"".join(word.to_bytes(32, "big") for word in words) for words in ([2], listed)]
    head = bytes.fromhex("60003560e01c")
    at = len(head) + 11 * len(answers) + 5
    code, bodies, data = head, b"", at + 17 * len(answers)
    for call, answer in zip(SAFE_CALLS, answers, strict=True):
        code += b"\x80\x63" + keccak256(call)[:4] + b"\x14\x61" + (at + len(bodies)).to_bytes(2, "big") + b"\x57"
        size = len(answer).to_bytes(2, "big")
        bodies += (
            b"\x5b\x61"
            + size
            + b"\x61"
            + data.to_bytes(2, "big")
            + b"\x60\x00\x39\x61"
            + size
            + b"\x60\x00\xf3"
            + bytes(1)
        )
        data += len(answer)
    return "0x" + (code + bytes.fromhex("60006000fd") + bodies + b"".join(answers)).hex()


# --- Bitcoin ----------------------------------------------------------------------------------------------------------
@contextmanager
def knots(network: str, held: list[tuple[Claim, int]]) -> Iterator[Endpoint]:
    port, height = free_port(), max(claim.snapshot_height or 0 for claim, _ in held)
    with tempfile.TemporaryDirectory() as folder:
        libraries = KNOTS / "usr/lib/x86_64-linux-gnu"
        loader = next(KNOTS.rglob("ld-linux-x86-64.so.2"))
        options = ["-regtest", f"-datadir={folder}", f"-rpcport={port}", "-rpcuser=u", "-rpcpassword=p", "-listen=0",
                   "-fallbackfee=0.0001", "-printtoconsole=0", f"-mocktime={SNAPSHOT - 600 * height}"]  # fmt: skip
        process = subprocess.Popen(
            [str(loader), "--library-path", str(libraries), str(KNOTS / "usr/bin/bitcoind"), *options]
        )
        url = f"http://u:p@127.0.0.1:{port}"
        try:
            wait_for(lambda: rpc(url, "getblockcount", []))
            rpc(url, "createwallet", ["sample"])
            miner = rpc(url, "getnewaddress", [])
            rpc(url, "generatetoaddress", [height - 1, miner])
            pay(
                url,
                [
                    (bitcoin.script(addresses.parse("bitcoin", claim.address)), amount)
                    for claim, amount in held
                    if amount
                ],
            )
            rpc(url, "setmocktime", [SNAPSHOT])
            rpc(url, "generatetoaddress", [1, miner])
            assert rpc(url, "getblockcount", []) == height
            yield Endpoint(url)
        finally:
            process.kill()
            process.wait()


def pay(url: str, outputs: list[tuple[bytes, int]]) -> None:
    """One transaction with outputs of any script: the RPC takes addresses of its own network only."""
    from porlake.encoding.varint import compact_size, with_length

    raw = (2).to_bytes(4, "little") + b"\x00" + compact_size(len(outputs))
    raw += b"".join(amount.to_bytes(8, "little") + with_length(script) for script, amount in outputs) + bytes(4)
    funded = rpc(url, "fundrawtransaction", [raw.hex(), {}, False])
    signed = rpc(url, "signrawtransactionwithwallet", [funded["hex"]])
    rpc(url, "sendrawtransaction", [signed["hex"]])


# --- Tron and prices: stand-ins ---------------------------------------------------------------------------------------
@contextmanager
def tron(network: str, held: list[tuple[Claim, int]]) -> Iterator[Endpoint]:
    height = max(claim.snapshot_height or 0 for claim, _ in held)
    trx = {claim.address: token_units(claim, amount) for claim, amount in held if claim.asset == "TRX"}
    usdt = {
        addresses.parse("tron", claim.address).payload.hex(): token_units(claim, amount)
        for claim, amount in held
        if claim.asset == "USDT"
    }

    def block(number: int, seconds: int) -> dict[str, Any]:
        name = number.to_bytes(8, "big").hex() + keccak256(str(number).encode()).hex()[16:]
        if number == 0:
            name = registry.load().identities[network].blocks[0].hash
        return {"blockID": name, "block_header": {"raw_data": {"number": number, "timestamp": seconds * 1000}}}

    def answer(path: str, body: dict[str, Any]) -> Any:
        times = {0: 0, height: SNAPSHOT, height + 28_800: SNAPSHOT + 86_400}
        if path == "/wallet/getblockbynum":
            return block(body["num"], times[body["num"]]) if body["num"] in times else {}
        if path == "/walletsolidity/getnowblock":
            return block(max(times), times[max(times)])
        if path == "/walletsolidity/getaccount":
            liquid = trx.get(body["address"], 0)
            return {
                "address": body["address"],
                "balance": liquid // 4 * 3,
                "frozenV2": [{"amount": liquid - liquid // 4 * 3}, {"type": "ENERGY"}],
            }
        owners = bytes.fromhex(body["data"])[len(MANY_CODE) + 20 :]
        words = [max(times), *(usdt.get(owners[i : i + 20].hex(), 0) for i in range(0, len(owners), 20))]
        data = "".join(f"{word:064x}" for word in words)
        result = {"result": True, "message": "REVERT opcode executed"}
        return {
            "result": result,
            "energy_used": 9_000,
            "constant_result": [data],
            "transaction": {"ret": [{"ret": "FAILED"}]},
        }

    with served(answer) as url:
        yield Endpoint(url)


def record_prices(folder: Path, running: ExitStack) -> None:
    """Prices of the sample's day; for the days of the published histories the stand-in knows none."""

    def answer(path: str, body: dict[str, Any]) -> Any:
        _, _, _, seconds, coins = path.partition("?")[0].split("/")
        known = PRICES if int(seconds) == SNAPSHOT else {}
        found = {
            key: known[key.removeprefix("coingecko:")]
            for key in coins.split(",")
            if key.removeprefix("coingecko:") in known
        }
        return {
            "coins": {
                key: {"price": Decimal(price), "timestamp": SNAPSHOT + 7, "confidence": 0.99}
                for key, price in found.items()
            }
        }

    url = running.enter_context(served(answer))
    from porlake import prices

    prices.ENDPOINT = Endpoint(url)
    settings = pipeline.Session(root=folder, recording=Recording.record(RECORDING))
    sources = json.loads((SAMPLES / "run.json").read_bytes())["reports"]
    found = [report for source in sources for report in pipeline.archive(settings, "okx", str(HOME / source))]
    for report in found:
        pipeline.parse(settings, report)
    pipeline.price(settings, pipeline.attestations(settings, found))
    for path in (RECORDING / "prices").iterdir():
        sign(path, "made")


@contextmanager
def served(answer: Any) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            size = int(self.headers.get("Content-Length", 0))
            self._send(answer(self.path, json.loads(self.rfile.read(size) or b"{}")))

        def do_GET(self) -> None:
            self._send(answer(urllib.request.unquote(self.path), {}))

        def _send(self, value: Any) -> None:
            data = json.dumps(value, default=float).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


# --- small helpers ----------------------------------------------------------------------------------------------------
def rpc(url: str, method: str, params: list[Any]) -> Any:
    user, _, host = url.removeprefix("http://").rpartition("@")
    headers = {"Content-Type": "application/json"} | (
        {"Authorization": "Basic " + base64.b64encode(user.encode()).decode()} if user else {}
    )
    body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}).encode()
    with urllib.request.urlopen(urllib.request.Request(f"http://{host}", body, headers), timeout=60) as response:
        answer = json.load(response)
    if answer.get("error"):
        raise SystemExit(f"{method}: {answer['error']}")
    return answer["result"]


def wait_for(ask: Any) -> None:
    for _ in range(300):
        try:
            ask()
            return
        except (OSError, SystemExit):
            time.sleep(0.1)
    raise SystemExit("the node does not come up")


def free_port() -> int:
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

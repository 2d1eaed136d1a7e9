"""geth, built from source by `make nodes-built`: the same chain as on anvil, for recording what it answers.

python tests/geth.py     records it anew (with tests/ on PYTHONPATH); tests/chains/evm/test_other_nodes.py plays it
"""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from eth_account import Account

import anvil
from evm_chain import BEGIN, HEIGHT, ODD, Chain, accounts_and_balances, contract, filled
from porlake import chains, registry
from porlake.chains.evm import proof
from porlake.transport import Endpoint, Recording
from ports import free_port

GETH = anvil.ROOT / ".nodes" / "geth" / "geth"
FOLDER = Path(__file__).parent / "chains" / "evm" / "geth"
ASSETS = ("ETH", "USDT", *ODD)
PROVED = ("ETH", "USDT")
PAYER = Account.from_key("0x" + "11" * 32)


@contextmanager
def running() -> Iterator[Chain]:
    """A chain of blocks with a transaction each, to HEIGHT and some more."""
    accounts, native, held = accounts_and_balances()
    contracts = {contract("ethereum", asset): code for asset, (code, _) in ODD.items() if code is not None}
    alloc = filled(accounts, native, held, contracts) | {PAYER.address: {"balance": hex(10**21)}}
    config = {"chainId": 1, "terminalTotalDifficulty": 0, "shanghaiTime": 0, "cancunTime": 0,
              "blobSchedule": {"cancun": {"target": 3, "max": 6, "baseFeeUpdateFraction": 3338477}}}  # fmt: skip
    config |= dict.fromkeys(
        ("homesteadBlock", "eip150Block", "eip155Block", "eip158Block", "byzantiumBlock", "constantinopleBlock",
         "petersburgBlock", "istanbulBlock",
         "berlinBlock", "londonBlock", "mergeNetsplitBlock"), 0,
    )  # fmt: skip
    with tempfile.TemporaryDirectory() as folder:
        genesis = {
            "config": config,
            "difficulty": "0x0",
            "gasLimit": hex(50_000_000),
            "timestamp": hex(BEGIN),
            "alloc": alloc,
        }
        (Path(folder) / "genesis.json").write_text(json.dumps(genesis))
        place = ["--datadir", f"{folder}/data", "--verbosity", "1"]
        subprocess.run([str(GETH), *place, "init", f"{folder}/genesis.json"], check=True)
        port = free_port()
        command = [str(GETH), *place, "--dev", "--dev.period", "0", "--http", "--http.port", str(port), "--ipcdisable",
                   "--gcmode", "archive",
                   "--http.api", "eth,web3,net", "--nodiscover", "--maxpeers", "0"]  # fmt: skip
        with anvil.answering(command, port) as url:
            for height in range(1, HEIGHT + 4):
                paid = {"to": anvil.MOVED_PLACE, "value": 1, "nonce": height - 1, "gas": 21_000, "maxFeePerGas": 10**10,
                        "maxPriorityFeePerGas": 1,
                        "chainId": 1, "type": 2}  # fmt: skip
                anvil.rpc(
                    url,
                    "eth_sendRawTransaction",
                    "0x" + PAYER.sign_transaction(paid).raw_transaction.hex().removeprefix("0x"),
                )
                for _ in range(200):
                    if int(anvil.rpc(url, "eth_blockNumber"), 16) >= height:
                        break
                    time.sleep(0.05)
            yield Chain(url, accounts, native, held)


def answers(recording: Recording, accounts: list[str], *endpoints: Endpoint) -> dict[str, list[list[str | None]]]:
    """What a client and a prover make of the answers: asset, address, amount or reason, method; asset, address, the
    reason why it is not proved.
    """
    network = registry.load().networks["ethereum"]
    client = chains.open_client(network, list(endpoints), recording)
    at = client.block(HEIGHT)
    wanted = [
        chains.Wanted(asset, registry.load().tokens["ethereum", asset], account)
        for asset in ASSETS
        for account in accounts
    ]
    read = list(client.balances(wanted, at))
    prover = proof.open_prover(network, endpoints[0] if endpoints else None, recording)
    held = [
        (want, one.raw)
        for want, one in zip(wanted, read, strict=True)
        if want.asset in PROVED and isinstance(one, chains.Reading)
    ]
    return {
        "balances": [
            [one.asset, one.address, one.reason, None]
            if isinstance(one, chains.Unread)
            else [one.asset, one.address, str(one.raw), one.method]
            for one in read
        ],
        "proofs": [[outcome.asset, outcome.address, outcome.reason] for outcome in prover.prove(held, at)],
    }


def record() -> None:
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True)
    with running() as chain:
        chosen = [chain.accounts[number] for number in (0, 1, 2, 5, 399)]
        found = answers(Recording.record(FOLDER), chosen, Endpoint(chain.url))
        expected = [
            [asset, account, str(getattr(chain, kind)[account])]
            for asset, kind in (("ETH", "native"), ("USDT", "token"))
            for account in chosen
        ]
        assert [row[:3] for row in found["balances"][: 2 * len(chosen)]] == expected
        assert {row[2] for row in found["proofs"]} == {""}
        found["node"] = [[anvil.rpc(chain.url, "web3_clientVersion")]]
    (FOLDER / "expected.json").write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    record()

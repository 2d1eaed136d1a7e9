"""A real Conflux node (npm @xcfx/node) as tests want it: funded accounts, signed transactions, on loopback."""

from __future__ import annotations

import os
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import coincurve

from anvil import ROOT, rpc
from hardhat import NODE
from porlake.addresses import conflux
from porlake.encoding.keccak import keccak256
from porlake.encoding.rlp import encode
from ports import free_ports

FOLDER = ROOT / ".nodes" / "conflux"
CHAIN, EVM_CHAIN = 1029, 1030
GAS_PRICE = 10**10
STAKING = bytes.fromhex("0888000000000000000000000000000000000002")


@dataclass(frozen=True)
class Account:
    secret: str

    @property
    def _key(self) -> coincurve.PrivateKey:
        return coincurve.PrivateKey(bytes.fromhex(self.secret))

    @property
    def payload(self) -> bytes:
        return conflux.from_public_key(self._key.public_key.format(compressed=False))

    @property
    def address(self) -> str:
        return conflux.encode(self.payload)

    def signed(self, nonce: int, to: bytes, value: int, data: bytes, epoch: int) -> str:
        """A transaction. https://doc.confluxnetwork.org/docs/core/core-space-basics/transactions"""
        storage = 64 if data else 0
        fields = [number(nonce), number(GAS_PRICE), number(200_000), to, number(value), number(storage), number(epoch),
                  number(CHAIN), data]  # fmt: skip
        signature = self._key.sign_recoverable(keccak256(encode(fields)), hasher=None)
        r, s = (signature[at : at + 32].lstrip(b"\0") for at in (0, 32))
        return "0x" + encode([fields, number(signature[64]), r, s]).hex()


def number(value: int) -> bytes:
    return value.to_bytes((value.bit_length() + 7) // 8, "big")


@dataclass(frozen=True)
class Node:
    """`url`, `evm_url`: of the two spaces."""

    url: str
    evm_url: str

    def send(self, account: Account, to: bytes, value: int, data: bytes = b"") -> int:
        """The epoch in which a transaction was executed."""
        nonce = int(rpc(self.url, "cfx_getNextNonce", account.address), 16)
        epoch = int(rpc(self.url, "cfx_epochNumber"), 16)
        name = rpc(self.url, "cfx_sendRawTransaction", account.signed(nonce, to, value, data, epoch))
        for _ in range(600):
            if receipt := rpc(self.url, "cfx_getTransactionReceipt", name):
                assert receipt["outcomeStatus"] == "0x0", receipt
                return int(receipt["epochNumber"], 16)
            time.sleep(0.1)
        raise AssertionError("a transaction was not executed within a minute")

    def state(self) -> int:
        return int(rpc(self.url, "cfx_epochNumber", "latest_state"), 16)


@contextmanager
def started(secrets: Sequence[str], evm_chain: int = EVM_CHAIN) -> Iterator[Node]:
    """Each secret's account has 10,000 CFX in the first block. The node mines by itself."""
    with tempfile.TemporaryDirectory() as folder:
        port, *_ = free_ports(4)
        command = [str(NODE), str(FOLDER / "start.mjs"), str(port), folder, *secrets]
        with Path(folder, "out.log").open("wb") as out:
            process = subprocess.Popen(
                command, cwd=FOLDER, env=os.environ | {"EVM_CHAIN": str(evm_chain)}, stdout=out, stderr=out
            )
        try:
            url = f"http://127.0.0.1:{port}"
            for _ in range(1_200):
                assert process.poll() is None, Path(folder, "out.log").read_text()[-1_000:]
                try:
                    if int(rpc(url, "cfx_epochNumber", "latest_state"), 16) > 2:
                        break
                except (OSError, RuntimeError):
                    pass
                time.sleep(0.1)
            yield Node(url, f"http://127.0.0.1:{port + 1}")
        finally:
            process.kill()
            process.wait()

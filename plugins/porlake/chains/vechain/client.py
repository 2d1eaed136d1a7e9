"""VeChainThor through its node's REST API. https://mainnet.vechain.org/doc

`POST /accounts/*?revision={id}` runs clauses on the state of a block that is named by its id. The first clause of every
question is a program that would become a contract: what it leaves as the contract's code is what its node saw. It shows
the block's number and the size of the code of Energy, which is there since the first block, and so that the node has
that block's state at all; then the VET of the accounts. Of an account that nobody used that is zero. Tokens, VTHO among
them, are asked by further clauses.

VTHO is what the contract Energy says at the block's time: up to the fork Hayabusa it grew with the VET that an account
held. VET that is locked in a contract (StarGate) or staked by a validator is no part of an account's balance.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from urllib.parse import quote

from porlake import numbers
from porlake.chains._answers import BlockRef, Reading, Unread, Wanted
from porlake.chains._assembler import assemble
from porlake.chains._by_account import ByBatch, parts
from porlake.chains._by_moment import block_at
from porlake.chains._identity import check_chain
from porlake.chains._questions import OverHttp, asked_once
from porlake.errors import BadAnswer, ChainError, RequestFailed, Unavailable
from porlake.registry import Network, Token
from porlake.transport import Endpoint, Http, Recording

PROGRAM, CALL = "thor_program", "thor_balance_of"
ENERGY = "0000000000000000000000000000456e65726779"
"""The contract of VTHO: one of those that a node brings along."""
BALANCE_OF, DECIMALS = "70a08231", "313ce567"  # VIP-180 has the interface of ERC-20
WORD, SHOWN = 32, 2  # bytes; words of a program's answer before the balances


class Client(OverHttp, ByBatch):
    batch = 100  # 640,000 of the 50,000,000 gas that a node gives a question

    def __init__(self, network: Network, endpoint: Endpoint | None, recording: Recording) -> None:
        self._network, self._http = network, Http(network.network, endpoint, recording)

    # --- blocks ---
    def block(self, height: int) -> BlockRef:
        """Raises ChainError where the endpoint is of another chain or has no such block, TransportError."""
        self._check_chain()
        return self._block(height)

    def head(self) -> BlockRef:
        """The newest block; it may still be replaced."""
        self._check_chain()
        return self._of(self._http.get("/blocks/best"))

    def final(self) -> int:
        """The last block that two thirds of the validators voted for (VIP-220)."""
        self._check_chain()
        return self._of(self._http.get("/blocks/finalized")).height

    def block_at(self, moment: datetime) -> BlockRef:
        """The last final block of that moment or before it. Raises NotFinal, ChainError, TransportError."""
        return block_at(self._network, moment, self.block(self.final()), self.block)

    # --- accounts ---
    def ping(self) -> None:
        self._of(self._http.get("/blocks/best"))

    def ready(self, at: BlockRef) -> None:
        self._check_chain()

    def read_batch(self, wants: Sequence[Wanted], at: BlockRef) -> Sequence[Reading | Unread]:
        token = wants[0].token
        if token.kind != "native":
            return self._tokens(wants, token, at)
        (told,) = self._run([_creation([want.address for want in wants])], at)
        held = self._shown(told, at, len(wants))
        return [
            reading
            for want, raw in zip(wants, held, strict=True)
            for reading in parts(want, {}, at, "exact", PROGRAM, self.host, total=raw)
        ]

    def decimals(self, token: Token, at: BlockRef) -> int | None:
        """As the contract says; None where it does not."""
        shown, *answers = self._run([_creation([]), _call(token.contract, DECIMALS)], at)
        self._shown(shown, at, 0)
        if not answers or _failed(answers[0]):
            return None
        data = self._data(answers[0])
        return numbers.whole(int.from_bytes(data, "big"), what=f"{self.host}: decimals") if len(data) == WORD else None

    def _tokens(self, wants: Sequence[Wanted], token: Token, at: BlockRef) -> list[Reading | Unread]:
        """Nothing is run behind a clause that fails: what it hides is asked for in halves."""
        calls = [_call(token.contract, BALANCE_OF + want.address[2:].rjust(2 * WORD, "0")) for want in wants]
        shown, *answers = self._run([_creation([]), *calls], at)
        self._shown(shown, at, 0)
        if len(answers) != len(wants):
            raise BadAnswer(f"{self.host}: {len(answers)} answers to {len(wants)} calls")
        found: list[Reading | Unread] = []
        for want, told in zip(wants, answers, strict=True):
            data = b"" if _failed(told) else self._data(told)
            if len(data) != WORD:
                found.append(Unread(want.asset, want.address, "token_call_failed"))
                continue
            raw = numbers.whole(int.from_bytes(data, "big"), what=f"{self.host}: balanceOf")
            found += parts(want, {}, at, "exact", CALL, self.host, total=raw)
        return found

    def _run(self, clauses: list[dict[str, Any]], at: BlockRef) -> list[dict[str, Any]]:
        """What clauses give on the state of a block, at least one answer and no more than there are clauses."""
        path = f"/accounts/*?revision={quote(f'0x{at.hash}')}"
        try:
            told = self._http.post(path, {"clauses": clauses})
        except RequestFailed as error:
            if "revision" in str(error):
                raise Unavailable(f"{self.host}: it has no block {at.height:,} of the hash {at.hash}") from error
            raise
        if not isinstance(told, list) or not all(isinstance(one, dict) for one in told):
            raise BadAnswer(f"{self.host}: {path}: the answer is no list of outcomes")
        if not 1 <= len(told) <= len(clauses):
            raise BadAnswer(f"{self.host}: {len(told)} outcomes of {len(clauses)} clauses")
        return told

    def _shown(self, told: dict[str, Any], at: BlockRef, count: int) -> list[int]:
        """The balances behind a program's marks. Raises ChainError where those are of another block."""
        if _failed(told):
            raise BadAnswer(f"{self.host}: the program that reads balances did not run: {told.get('vmError')!r:.80}")
        what = f"{self.host}: the program that reads balances"
        data = self._data(told)
        if len(data) != WORD * (SHOWN + count):
            raise BadAnswer(f"{what}: {len(data):,} bytes for {count} accounts")
        height, code, *held = (int.from_bytes(data[place : place + WORD], "big") for place in range(0, len(data), WORD))
        if height != at.height:
            raise ChainError(f"{what}: asked for block {at.height:,}, it ran at {numbers.shown(height)}")
        if not code:
            raise Unavailable(f"{self.host}: it has no state of block {at.height:,}")
        return [numbers.whole(raw, what=what) for raw in held]

    def _data(self, told: dict[str, Any]) -> bytes:
        return numbers.data(told.get("data"), what=f"{self.host}: the outcome of a clause")

    # --- questions ---
    def _block(self, height: int) -> BlockRef:
        told = self._http.get(f"/blocks/{height}")
        if told is None:
            raise ChainError(f"{self.host}: {self._network.name} has no block {height:,}, as far as it knows")
        block = self._of(told)
        if block.height != height:
            raise ChainError(f"{self.host}: asked for block {height:,}, it gave {block.height:,}")
        return block

    def _of(self, told: Any) -> BlockRef:
        """The number of a block is also in the first four bytes of its id."""
        what = f"{self.host}: a block"
        if not isinstance(told, dict):
            raise BadAnswer(f"{what}: {numbers.shown(told)} is none")
        name = numbers.data(told.get("id"), what=what, size=32)
        height = numbers.height(told.get("number"), what=what)
        if int.from_bytes(name[:4], "big") != height:
            raise ChainError(f"{what}: the id {name.hex()} is not of number {height:,}")
        if told.get("isTrunk") is not True:
            raise ChainError(f"{what}: {name.hex()} is not on the main chain")
        return BlockRef(height, name.hex(), numbers.moment(told.get("timestamp"), what=what))

    @asked_once
    def _check_chain(self) -> None:
        """By the id of the first block."""
        check_chain(self._network, self.host, lambda height: self._block(height).hash)


def _creation(accounts: Sequence[str]) -> dict[str, Any]:
    """A clause that creates a contract of the words: number of the block, bytes of Energy's code, balances."""
    lines = ["NUMBER 0x00 MSTORE", f"0x{ENERGY} EXTCODESIZE {WORD:#04x} MSTORE"]
    for place, account in enumerate(accounts, SHOWN):
        lines.append(f"{account} BALANCE {WORD * place:#x} MSTORE")
    lines.append(f"{WORD * (SHOWN + len(accounts)):#x} 0x00 RETURN")
    return {"to": None, "value": "0x0", "data": "0x" + assemble("\n".join(lines)).hex()}


def _call(contract: str, data: str) -> dict[str, Any]:
    return {"to": contract, "value": "0x0", "data": f"0x{data}"}


def _failed(told: dict[str, Any]) -> bool:
    return told.get("reverted") is not False or told.get("vmError") != ""

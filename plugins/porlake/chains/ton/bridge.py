"""TON through a liteserver, by the JSON bridge of TonAPI: https://docs.tonconsole.com/tonapi/rest-api/lite-server

Every account is asked for at the snapshot's own block, and comes with a proof from that block's hash; without it
nothing is believed. So a balance is exact and proved at once, and that an account is not there is proved as well.
Jettons lie in the data of a contract that the jetton's master names for each owner: the data are proved, and name owner
and master themselves; that they are of the jetton's own code is the master's word.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import quote, urlencode

from porlake import addresses, numbers
from porlake.addresses import ton as form
from porlake.chains._answers import BlockRef, Outcome, Reading, Wanted
from porlake.chains._by_account import ByAccount, parts
from porlake.chains._by_moment import HeadIsFinal
from porlake.chains._identity import check_id
from porlake.chains.ton import account_proof, cells
from porlake.chains.ton.errors import refused
from porlake.errors import BadAnswer, ChainError, InvalidAddress, ProofFails, TransportError
from porlake.registry import Network, Token
from porlake.transport import Endpoint, Http, Recording
from porlake.transport.ordered import in_order

KIND = "tonapi"
JETTON = "liteserver_jetton_wallet"
SHARD = "8000000000000000"
BLOCKS, HEAD = "/v2/blockchain/blocks", "/v2/blockchain/masterchain-head"
STATE = "/v2/liteserver/get_account_state"


class Client(HeadIsFinal, ByAccount):
    proved_by = account_proof.METHOD

    def __init__(self, network: Network, endpoint: Endpoint | None, recording: Recording) -> None:
        self._network = network
        self._http = Http(network.network, endpoint.plain if endpoint else None, recording, refused)
        self._targets: dict[str, str] = {}

    # --- blocks ---
    def block(self, height: int) -> BlockRef:
        """The masterchain block of that number. Raises ChainError, TransportError."""
        block = self._block(self._http.get(f"{BLOCKS}/{quote(f'({form.MASTERCHAIN},{SHARD},{height})', safe='')}"))
        if block.height != height:
            raise ChainError(f"{self._http.host}: asked for block {height:,}, it gave {block.height:,}")
        return block

    def head(self) -> BlockRef:
        """The last block of the masterchain, which is final."""
        return self._block(self._http.get(HEAD))

    # --- balances ---
    def ping(self) -> object:
        return self._http.get(HEAD)

    def ready(self, at: BlockRef) -> None:
        if at.hash not in self._targets and self.block(at.height).hash != at.hash:
            raise ChainError(f"{self._http.host}: its block {at.height:,} is another than {at.hash}")

    def read_account(self, want: Wanted, at: BlockRef) -> list[Reading]:
        if want.token.kind == "native":
            found = self._held(want.address, at)
            raw, method = (found.raw if found else 0), account_proof.METHOD
        else:
            found = self._held(self._wallet_of(want), at)
            raw, method = self._jettons(found, want), JETTON
        return parts(want, {"liquid": raw}, at, "exact", method, self._http.host, no_history=found is None)

    def _held(self, account: str, at: BlockRef) -> account_proof.Held | None:
        """What the proof shows of an account. Raises ChainError where it does not hold, TransportError."""
        query = urlencode({"target_block": self._targets[at.hash]})
        answer = self._http.get(f"{STATE}/{quote(account, safe='')}?{query}")
        what = f"{self._http.host}: {STATE}"
        if not isinstance(answer, dict):
            raise BadAnswer(f"{what}: the answer is no object")
        shard_proof, proof, state = (
            numbers.data(answer.get(name), what=f"{what}: {name}", prefix="")
            for name in ("shard_proof", "proof", "state")
        )
        workchain, digest = self._parsed(account)
        return account_proof.held(workchain, digest, bytes.fromhex(at.hash), shard_proof, proof, state)

    def _wallet_of(self, want: Wanted) -> str:
        """The contract at which an owner's jettons lie, by the word of the jetton's own contract."""
        master, query = quote(self._text(want.token.contract), safe=""), urlencode({"args": want.address})
        answer = self._http.get(f"/v2/blockchain/accounts/{master}/methods/get_wallet_address?{query}")
        what = f"{self._http.host}: get_wallet_address"
        try:
            code, (entry,) = answer["exit_code"], answer["stack"]
            cell = entry["cell"]
        except (LookupError, TypeError, ValueError) as error:
            raise BadAnswer(f"{what}: no answer of the method") from error
        if numbers.whole(code, what=f"{what}: exit_code", least=-(2**31)) not in (0, 1):
            raise BadAnswer(f"{what}: it ended with {numbers.shown(code)}")
        (root,) = cells.roots(numbers.data(cell, what=what, prefix=""))
        return form.of(self._network.network, *account_proof.address(cells.Slice(root))).text

    def _jettons(self, found: account_proof.Held | None, want: Wanted) -> int:
        """The balance in a wallet's data: coins, owner, master, as TEP-74's own contract has them; behind four bits of
        a status in Tether's. Raises BadAnswer where they are of somebody else, or in another order.
        """
        if found is None or found.data is None:
            return 0
        expected = self._parsed(want.address), self._parsed(want.token.contract)
        for before in (0, 4):
            bits = cells.Slice(found.data)
            try:
                bits.number(before)
                raw, *told = bits.coins(), account_proof.address(bits), account_proof.address(bits)
            except BadAnswer:
                continue
            if tuple(told) == expected:
                return numbers.whole(raw, what=f"{self._http.host}: a jetton's balance")
        raise BadAnswer(f"{self._http.host}: the wallet of {want.address} keeps its balance in another order")

    # --- proofs ---
    def provable(self, token: Token) -> bool:
        return token.kind == "native"

    def prove(self, held: Sequence[tuple[Wanted, int]], at: BlockRef) -> Iterator[Outcome]:
        """Raises ChainError, TransportError where the endpoint has no proofs."""
        if not held:
            return
        self.ready(at)

        def judged(holding: tuple[Wanted, int]) -> Outcome | TransportError | ChainError:
            want, raw = holding
            try:
                found = self._held(want.address, at)
            except ProofFails as error:
                return Outcome(want.asset, want.address, "proof_fails", str(error))
            except (TransportError, ChainError) as error:
                return error
            proved = found.raw if found else 0
            if proved == raw:
                return Outcome(want.asset, want.address, "", "")
            return Outcome(want.asset, want.address, "proof_differs", f"the proof shows {proved:,}, {raw:,} was read")

        for outcome in in_order(judged, held, self.in_flight):
            if isinstance(outcome, TransportError | ChainError):
                raise outcome
            yield outcome

    # --- questions ---
    def _block(self, row: Any) -> BlockRef:
        what = f"{self._http.host}: a block"
        if not isinstance(row, dict):
            raise BadAnswer(f"{what}: there is none")
        chain = numbers.whole(row.get("global_id"), what=f"{what}: global_id", least=-(2**31), most=2**31)
        check_id(self._network, self._http.host, chain)
        if row.get("workchain_id") != form.MASTERCHAIN or row.get("shard") != SHARD:
            raise ChainError(f"{what}: it is not of the masterchain")
        height = numbers.height(row.get("seqno"), what=f"{what}: seqno")
        root, file = (
            numbers.data(row.get(name), what=f"{what}: {name}", size=32, prefix="").hex()
            for name in ("root_hash", "file_hash")
        )
        self._targets[root] = f"({form.MASTERCHAIN},{SHARD},{height},{root},{file})"
        return BlockRef(height, root, numbers.moment(row.get("gen_utime"), what=f"{what}: gen_utime"))

    def _parsed(self, text: str) -> tuple[int, bytes]:
        try:
            payload = addresses.parse(self._network.network, text).payload
        except InvalidAddress as error:
            raise BadAnswer(f"{self._http.host}: {numbers.shown(text)} is no address") from error
        return int.from_bytes(payload[:1], "big", signed=True), payload[1:]

    def _text(self, text: str) -> str:
        return addresses.parse(self._network.network, text).text

"""Tron through a full node's HTTP API. https://developers.tron.network/reference/background

No API of java-tron answers for a past state: balances are those of the solidified head, `as_of = head`, with the block that was solid before
the first question. A balance may be up to the length of the sweep younger than that block.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from porlake import addresses
from porlake.chains._answers import BlockRef, Reading, Unread, Wanted
from porlake.errors import BadAnswer, ChainError, RequestFailed
from porlake.registry import Network
from porlake.transport import Endpoint, Http, Tape

ACCOUNT, CONTRACT = "walletsolidity_getaccount", "walletsolidity_triggerconstantcontract"


def open_client(network: Network, endpoint: Endpoint | None, tape: Tape) -> Client:
    return Client(network, Http(network.network, endpoint, tape))


class Client:
    def __init__(self, network: Network, http: Http) -> None:
        self._network, self._http = network, http

    def block(self, height: int) -> BlockRef:
        """Raises ChainError for a block that the node does not have, TransportError."""
        block = self._block(self._post("/wallet/getblockbynum", {"num": height}))
        if block.height != height:
            raise ChainError(f"{self._http.host}: asked for block {height:,}, it gave {block.height:,}")
        return block

    def head(self) -> BlockRef:
        """The newest block that can no longer be reversed."""
        return self._block(self._post("/walletsolidity/getnowblock", {}))

    def balances(self, wanted: Sequence[Wanted], at: BlockRef) -> Iterator[Reading | Unread]:
        """TRX in its components and their total; one reading for a token. Raises ChainError, TransportError."""
        read = self.head()
        for want in wanted:
            yield from self._trx(want, read) if want.token.kind == "native" else self._trc20(want, read)

    def _trx(self, want: Wanted, read: BlockRef) -> Iterator[Reading | Unread]:
        account = self._post("/walletsolidity/getaccount", {"address": want.address, "visible": True})
        parts = self._components(account)
        for component, raw in (*parts.items(), ("total", sum(parts.values()))):
            yield Reading(want.asset, want.address, component, raw, read, "head", ACCOUNT, self._http.host)

    def _components(self, account: dict[str, Any]) -> dict[str, int]:
        """Sun by component. Fields that are zero are left out, and an account that nobody used is `{}`; acquired_* is other people's."""
        resource = account.get("account_resource", {})
        frozen = [entry.get("frozen_balance", 0) for entry in account.get("frozen", [])]
        frozen += [resource.get("frozen_balance_for_energy", {}).get("frozen_balance", 0)]
        frozen += [entry.get("amount", 0) for entry in account.get("frozenV2", [])]
        delegated = [account.get(name, 0) for name in ("delegated_frozen_balance_for_bandwidth", "delegated_frozenV2_balance_for_bandwidth")]
        delegated += [resource.get(name, 0) for name in ("delegated_frozen_balance_for_energy", "delegated_frozenV2_balance_for_energy")]
        parts = {
            "liquid": [account.get("balance", 0)],
            "frozen": frozen,
            "delegated": delegated,
            "unstaking": [entry.get("unfreeze_amount", 0) for entry in account.get("unfrozenV2", [])],
        }
        if not all(type(raw) is int and raw >= 0 for values in parts.values() for raw in values):
            raise BadAnswer(f"{self._http.host}: getaccount: an amount that is no whole number")
        return {component: sum(values) for component, values in parts.items()}

    def _trc20(self, want: Wanted, read: BlockRef) -> Iterator[Reading | Unread]:
        account = addresses.parse(self._network.network, want.address).payload
        answer = self._post(
            "/walletsolidity/triggerconstantcontract",
            {
                "owner_address": want.address,
                "contract_address": want.token.contract,
                "function_selector": "balanceOf(address)",
                "parameter": account.rjust(32, b"\0").hex(),
                "visible": True,
            },
        )
        result = answer.get("result", {})
        failed = any(entry.get("ret") not in (None, "SUCCESS") for entry in answer.get("transaction", {}).get("ret", []))
        if result.get("code") or failed or result.get("result") is not True:
            yield Unread(want.asset, want.address, "token_call_failed")
            return
        raw = self._word(answer)
        if raw is None:
            yield Unread(want.asset, want.address, "token_call_failed")
        else:
            yield Reading(want.asset, want.address, "total", raw, read, "head", CONTRACT, self._http.host)

    def _word(self, answer: dict[str, Any]) -> int | None:
        """The balance; None where the contract returned less than a word: there is none there, or it is no token."""
        results = answer.get("constant_result") or [""]
        try:
            data = bytes.fromhex(results[0])
        except (TypeError, ValueError) as error:
            raise BadAnswer(f"{self._http.host}: triggerconstantcontract: the result is no hex") from error
        return int.from_bytes(data[:32], "big") if len(data) >= 32 else None

    def _post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        answer = self._http.post(path, body)
        if not isinstance(answer, dict):
            raise BadAnswer(f"{self._http.host}: {path}: the answer is no object")
        if "Error" in answer:  # java-tron answers errors with HTTP 200
            raise RequestFailed(f"{self._http.host}: {path}: {str(answer['Error'])[:200]}")
        return answer

    def _block(self, answer: dict[str, Any]) -> BlockRef:
        try:
            header = answer["block_header"]["raw_data"]
            return BlockRef(int(header.get("number", 0)), answer["blockID"], datetime.fromtimestamp(header["timestamp"] / 1000, UTC))
        except (KeyError, TypeError, ValueError) as error:
            raise ChainError(f"{self._http.host}: {self._network.name}: no such block") from error

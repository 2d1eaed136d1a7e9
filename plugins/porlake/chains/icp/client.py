"""The ICP ledger by a Rosetta node: one account a question, at any block; a block holds one transaction.
https://internetcomputer.org/docs/defi/rosetta/icp_rosetta, https://docs.cdp.coinbase.com/mesh

An answer names the block that it is of by height and hash, so that a node which answers for another is seen. ICP that
is staked lies in the governance canister's accounts, one for each neuron, and not in the staker's.
"""

from __future__ import annotations

from typing import Any

from porlake import numbers, registry
from porlake.chains._answers import BlockRef, Reading, Unread, Wanted
from porlake.chains._by_account import ByAccount, parts
from porlake.chains._by_moment import HeadIsFinal
from porlake.chains._identity import check_name, hash_of
from porlake.chains._questions import asked_once, of_one_address
from porlake.chains.icp.errors import refused
from porlake.errors import BadAnswer, ChainError
from porlake.registry import Network
from porlake.transport import Endpoint, Http, Recording

METHOD = "rosetta_account_balance"
BLOCKCHAIN, SYMBOL = "Internet Computer", "ICP"


class Client(HeadIsFinal, ByAccount):
    # The ledger is a canister: what it has written no block of its subnet takes back.
    def __init__(self, network: Network, endpoint: Endpoint | None, recording: Recording) -> None:
        place = of_one_address(endpoint)
        self._network, self._http = network, Http(network.network, place, recording, refused)

    def block(self, height: int) -> BlockRef:
        """Raises Unavailable for a block that the node does not have, ChainError, TransportError."""
        self._check_chain()
        what = f"{self._http.host}: block {height:,}"
        told = self._post("/block", {"block_identifier": {"index": height}}).get("block")
        if not isinstance(told, dict):
            raise BadAnswer(f"{what}: there is none")
        number, name = self._named(told)
        if number != height:
            raise ChainError(f"{what}: it gave {number:,}")
        return BlockRef(height, name, numbers.moment(told.get("timestamp"), what=what, per_second=1000))

    def head(self) -> BlockRef:
        self._check_chain()
        told, what = self._post("/network/status", {}), f"{self._http.host}: /network/status"
        number, name = self._named({"block_identifier": told.get("current_block_identifier")})
        return BlockRef(number, name, numbers.moment(told.get("current_block_timestamp"), what=what, per_second=1000))

    def ping(self) -> object:
        return self._post("/network/status", {})

    def ready(self, at: BlockRef) -> None:
        self._check_chain()

    def read_account(self, want: Wanted, at: BlockRef) -> list[Reading] | Unread:
        question = {"account_identifier": {"address": want.address}, "block_identifier": {"index": at.height}}
        told, what = self._post("/account/balance", question), f"{self._http.host}: /account/balance"
        if self._named(told) != (at.height, at.hash):
            raise ChainError(f"{what}: it is not of the block that was asked for")
        try:
            (balance,) = told["balances"]
            value, currency = balance["value"], balance["currency"]
            unit = currency["symbol"], currency["decimals"]
        except (TypeError, LookupError, ValueError) as error:
            raise BadAnswer(f"{what}: not one balance") from error
        if unit != (SYMBOL, want.token.decimals) or type(unit[1]) is not int:
            raise BadAnswer(f"{what}: an amount of another unit")
        return parts(want, {}, at, "exact", METHOD, self._http.host, total=numbers.whole(value, what=what))

    # --- answers ---
    def _named(self, told: dict[str, Any]) -> tuple[int, str]:
        """Height and hash of the block that an answer is of."""
        block, what = told.get("block_identifier"), f"{self._http.host}: block_identifier"
        if not isinstance(block, dict):
            raise BadAnswer(f"{what}: there is none")
        return numbers.height(block.get("index"), what=what), hash_of(block.get("hash"), what=what)

    @asked_once
    def _check_chain(self) -> None:
        told = self._http.post("/network/list", {"metadata": {}})
        try:
            (network,) = told["network_identifiers"]
            blockchain, name = network["blockchain"], network["network"]
        except (TypeError, LookupError, ValueError) as error:
            raise BadAnswer(f"{self._http.host}: /network/list: not one network") from error
        check_name(self._network, self._http.host, name if blockchain == BLOCKCHAIN else blockchain)

    def _post(self, path: str, question: dict[str, Any]) -> dict[str, Any]:
        network = {"blockchain": BLOCKCHAIN, "network": registry.load().identities[self._network.network].chain}
        told = self._http.post(path, {"network_identifier": network, **question})
        if not isinstance(told, dict):
            raise BadAnswer(f"{self._http.host}: {path}: the answer is no object")
        return told

"""Aptos through a full node's REST API. https://aptos.dev/build/apis/fullnode-rest-api

Heights are those of blocks; a block's state is that of its last version. No answer names the version that it was made
from: each names the newest one of the node and the oldest one that it keeps, which must lie around it, and before the
first account of a block the state itself is asked for its height, in the same form of question. All are calls of view
functions: their answers are lists of texts, of which a part is no answer (`/balance` tells a bare number).

The balance of APT holds the coin of old and the fungible asset of the account, not what it gave to pools of stakes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote

from porlake import numbers
from porlake.chains._answers import BlockRef, Reading, Unread, Wanted
from porlake.chains._by_account import ByAccount, parts
from porlake.chains._by_moment import BlocksByTime
from porlake.chains._identity import check_id, hash_of
from porlake.chains._questions import OverHttp, asked_once
from porlake.chains._shapes import fields
from porlake.errors import BadAnswer, ChainError, NodeBehind, RequestFailed, TransportError, Unavailable
from porlake.registry import Network, Token
from porlake.transport import Endpoint, Http, Recording

METHOD = "view"
APT = "0x1::aptos_coin::AptosCoin"
MOST = 2**64 - 1
SAYS_WHY = frozenset({400, 404, 410})
MICROSECONDS = 1_000_000


@dataclass(frozen=True, slots=True)
class Block:
    at: BlockRef
    version: int


def open_client(network: Network, endpoint: Endpoint | None, recording: Recording) -> Client:
    if endpoint is not None:
        endpoint = replace(endpoint, url=endpoint.url.rstrip("/").removesuffix("/v1"))
    return Client(network, Http(network.network, endpoint, recording))


class Client(BlocksByTime, OverHttp, ByAccount):
    in_flight = 16

    def __init__(self, network: Network, http: Http) -> None:
        self._network, self._http = network, http
        self._blocks: dict[str, Block] = {}

    # --- blocks ---
    def block(self, height: int) -> BlockRef:
        """Raises ChainError, TransportError."""
        path = f"/v1/blocks/by_height/{height}"
        found, what = self._object(path), f"{self.host}: {path}"
        number, name, time, last = fields(
            found, ("block_height", "block_hash", "block_timestamp", "last_version"), what
        )
        if numbers.height(number, what=what) != height:
            raise ChainError(f"{what}: it gave block {numbers.shown(number)}")
        name = hash_of(name.removeprefix("0x") if isinstance(name, str) else name, what=what)
        at = BlockRef(height, name, numbers.moment(time, what=what, per_second=MICROSECONDS))
        self._blocks[name] = Block(at, numbers.height(last, what=what))
        return at

    def head(self) -> BlockRef:
        """The newest block that is whole for sure: the one before the newest."""
        return self.block(self.final())

    def final(self) -> int:
        """What a node shows is final."""
        found, what = self._object("/v1"), f"{self.host}: /v1"
        (height,) = fields(found, ("block_height",), what)
        return max(0, numbers.height(height, what=what) - 1)

    # --- balances ---
    def ping(self) -> object:
        return self._object("/v1")

    @asked_once
    def ready(self, at: BlockRef) -> None:
        """Whether the node keeps the state of the block, and answers from it. Raises Unavailable where it does not,
        ChainError where it answers from another.
        """
        version = self._version(at)
        height = self._view("0x1::block::get_current_block_height", [], [], version)
        if height != at.height:
            raise ChainError(f"{self.host}: asked for the state of block {at.height:,}, it gave that of {height:,}")

    def read_account(self, want: Wanted, at: BlockRef) -> Sequence[Reading] | Unread:
        asset, version = APT if want.token.kind == "native" else want.token.contract, self._version(at)
        if "::" in asset:
            raw = self._view("0x1::coin::balance", [asset], [want.address], version)
        else:
            kind = "0x1::fungible_asset::Metadata"
            raw = self._view("0x1::primary_fungible_store::balance", [kind], [want.address, asset], version)
        return parts(want, {}, at, "exact", METHOD, self.host, total=raw)

    def decimals(self, token: Token, at: BlockRef) -> int | None:
        """As the asset's metadata says, or a coin's. Raises ChainError, TransportError."""
        holder, _, is_coin = token.contract.partition("::")
        kind = f"0x1::coin::CoinInfo<{token.contract}>" if is_coin else "0x1::fungible_asset::Metadata"
        data = self._resource(holder, kind, self._version(at))
        if data is None:
            return None
        what = f"{self.host}: {kind}"
        (decimals,) = fields(data, ("decimals",), what)
        return numbers.whole(decimals, what=what, most=255)

    # --- questions ---
    def _version(self, at: BlockRef) -> int:
        if at.hash not in self._blocks and (found := self.block(at.height)).hash != at.hash:
            raise ChainError(f"{self.host}: block {at.height:,} is {found.hash} there, and not {at.hash}")
        return self._blocks[at.hash].version

    def _view(self, function: str, kinds: list[str], arguments: list[str], version: int) -> int:
        """The one number that a function of the chain's framework gives on a version of the state."""
        question = {"function": function, "type_arguments": kinds, "arguments": arguments}
        found, what = self._at("POST", "/v1/view", version, question), f"{self.host}: {function}"
        if not isinstance(found, list) or len(found) != 1 or not isinstance(found[0], str):
            raise BadAnswer(f"{what}: the answer is no list of one number")
        return numbers.whole(found[0], what=what, most=MOST)

    def _resource(self, holder: str, kind: str, version: int) -> Any:
        """The data of a resource; None where the account has none of the kind."""
        path = f"/v1/accounts/{quote(holder, safe='')}/resource/{quote(kind, safe='')}"
        try:
            found = self._at("GET", path, version)
        except RequestFailed as error:
            if isinstance(error.data, dict) and error.data.get("error_code") == "resource_not_found":
                return None
            raise
        told, data = fields(found, ("type", "data"), f"{self.host}: {path}")
        if told != kind:
            raise ChainError(f"{self.host}: asked for {kind}, it gave {numbers.shown(told)}")
        return data

    def _at(self, verb: str, path: str, version: int, question: Any = None) -> Any:
        """What a node says of one version of the state."""
        body, newest, oldest = self._answer(verb, f"{path}?ledger_version={version}", question)
        if newest < version:
            raise NodeBehind(f"{self.host}: its newest version is {newest:,}, before {version:,}")
        if oldest > version:
            raise Unavailable(f"{self.host}: its oldest version is {oldest:,}, after {version:,}")
        return body

    def _object(self, path: str) -> Any:
        return self._answer("GET", path)[0]

    def _answer(self, verb: str, path: str, question: Any = None) -> tuple[Any, int, int]:
        """(the body, the newest version of the node, the oldest). Raises ChainError where it is of another chain,
        TransportError.
        """
        answer, what = self._http.ask(verb, path, question, accept=SAYS_WHY), f"{self.host}: {path.partition('?')[0]}"
        if answer.status in SAYS_WHY:
            raise _refused(what, answer.status, answer.body)
        check_id(self._network, self.host, _header(answer.headers, "x-aptos-chain-id", what))
        newest, oldest = (
            _header(answer.headers, name, what) for name in ("x-aptos-ledger-version", "x-aptos-ledger-oldest-version")
        )
        return answer.body, newest, oldest


def _refused(what: str, status: int, answer: Any) -> TransportError:
    """`error_code`s of api/types/src/error.rs of https://github.com/aptos-labs/aptos-core"""
    code = answer.get("error_code") if isinstance(answer, dict) else None
    text = f"{what}: HTTP {status}: {numbers.shown(code)}"
    if code in ("version_pruned", "block_pruned"):
        return Unavailable(text)
    if code in ("version_not_found", "block_not_found"):
        return NodeBehind(text)
    return RequestFailed(text, status, answer)


def _header(headers: Mapping[str, str], name: str, what: str) -> int:
    return numbers.height(headers.get(name), what=f"{what}: {name}")

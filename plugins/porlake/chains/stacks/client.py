"""Stacks through the extended API of its block explorer, and the node behind it. https://docs.hiro.so/stacks/api

`/extended/v1/address/{a}/stx?until_block={hash}` adds up all that happened up to a block: STX with those that are
locked. Where an endpoint has these routes no more, its node tells the state of the block (`/v2/accounts/{a}?tip=`),
without the locked ones, which stand beside them. Both take a parameter that they do not understand for the newest
block: an endpoint is believed after it has refused a block that there is not.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from urllib.parse import quote

from porlake import numbers
from porlake.chains._answers import BlockRef, Reading, Unread, Wanted
from porlake.chains._by_account import ByAccount, parts
from porlake.chains._by_moment import block_at
from porlake.chains._identity import check_id
from porlake.chains._questions import OverHttp, asked_once
from porlake.errors import BadAnswer, ChainError, Unavailable
from porlake.registry import Network, Token
from porlake.transport import Endpoint, Http, Recording

INDEX, TOKENS, NODE = "stacks_stx_until_block", "stacks_balances_until_block", "stacks_v2_accounts"
MOST = 2**63 - 1  # micro-STX: the supply stays below 2 * 10^15
BITCOIN_DEPTH = 6  # blocks of Bitcoin: what is anchored so deep stays
STEPS = 12  # blocks of Bitcoin in a row that may hold none of Stacks
NOWHERE = "00" * 32  # no block has this hash
FIRST = "SP000000000000000000002Q6VF78"  # the account of the contracts that were there at the beginning


class Client(OverHttp, ByAccount):
    in_flight = 16

    def __init__(self, network: Network, endpoint: Endpoint | None, recording: Recording) -> None:
        self._network, self._http = network, Http(network.network, endpoint, recording)
        self._tips: dict[str, str] = {}

    # --- blocks ---
    def block(self, height: int) -> BlockRef:
        """Raises ChainError where the endpoint is of another chain or has no such block, TransportError."""
        self._check_chain()
        found = self._block(str(height))
        if found.height != height:
            raise ChainError(f"{self.host}: asked for block {height:,}, it gave {found.height:,}")
        return found

    def head(self) -> BlockRef:
        """The newest block; it may still be replaced."""
        self._check_chain()
        return self._block("latest")

    def final(self) -> int:
        """The last block that is anchored in a block of Bitcoin with five on it."""
        self._check_chain()
        newest = self._told("/extended/v2/blocks/latest")
        anchor = numbers.height(newest.get("burn_block_height"), what=f"{self.host}: burn_block_height")
        for depth in range(BITCOIN_DEPTH, BITCOIN_DEPTH + STEPS):
            path = f"/extended/v2/burn-blocks/{anchor - depth}/blocks?limit=1"
            found = self._ask(path, missing={})
            rows = found.get("results", [])
            if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
                raise BadAnswer(f"{self.host}: burn-blocks: the answer holds no blocks")
            if rows:
                what = f"{self.host}: burn-blocks"
                if numbers.height(rows[0].get("burn_block_height"), what=what) != anchor - depth:
                    raise BadAnswer(f"{what}: a block that is anchored elsewhere")
                return numbers.height(rows[0].get("height"), what=what)
        raise ChainError(f"{self.host}: {STEPS} blocks of Bitcoin in a row hold none of {self._network.name}")

    def block_at(self, moment: datetime) -> BlockRef:
        """The last final block of that moment or before it. Raises NotFinal, ChainError, TransportError."""
        return block_at(self._network, moment, self.block(self.final()), lambda height: self.block(max(1, height)))

    # --- accounts ---
    def ping(self) -> None:
        self._told("/extended/v2/blocks/latest")

    def ready(self, at: BlockRef) -> None:
        self._by_index(at)

    @asked_once
    def _by_index(self, at: BlockRef) -> bool:
        """Whether the index tells of the block; else the node does. Either must refuse one that there is not. Raises
        ChainError, TransportError.
        """
        what = f"{self.host}: it tells balances of a block that there is not, and so does not read"
        if self._found(self._index_path(FIRST, "stx", at.hash)):
            if self._found(self._index_path(FIRST, "stx", NOWHERE)):
                raise ChainError(f"{what} until_block")
            return True
        if not self._found(self._node_path(FIRST, self._tip(at))):
            raise Unavailable(f"{self.host}: it does not tell balances of block {at.height:,}")
        if self._found(self._node_path(FIRST, NOWHERE)):
            raise ChainError(f"{what} tip")
        return False

    def read_account(self, want: Wanted, at: BlockRef) -> Sequence[Reading] | Unread:
        if want.token.kind != "native":
            return self._token(want, at)
        return self._by_all(want, at) if self._by_index(at) else self._by_state(want, at)

    def _by_all(self, want: Wanted, at: BlockRef) -> list[Reading]:
        found, what = self._told(self._index_path(want.address, "stx", at.hash)), f"{self.host}: stx"
        total, locked = (
            numbers.whole(found.get(name), what=f"{what}: {name}", most=MOST) for name in ("balance", "locked")
        )
        if locked > total:
            raise BadAnswer(f"{what}: more is locked than there is")
        components = {"liquid": total - locked, "locked": locked}
        return parts(want, components, at, "exact", INDEX, self.host)

    def _by_state(self, want: Wanted, at: BlockRef) -> list[Reading]:
        found, what = self._told(self._node_path(want.address, self._tip(at))), f"{self.host}: v2/accounts"
        liquid, locked = (
            numbers.quantity(found.get(name), what=f"{what}: {name}", most=MOST) for name in ("balance", "locked")
        )
        return parts(want, {"liquid": liquid, "locked": locked}, at, "exact", NODE, self.host)

    def _token(self, want: Wanted, at: BlockRef) -> list[Reading] | Unread:
        """A fungible token, `contract::asset`. A list of tokens without it is zero."""
        if not self._by_index(at):
            return Unread(want.asset, want.address, "refused_by_node")
        found, what = self._told(self._index_path(want.address, "balances", at.hash)), f"{self.host}: balances"
        held = found.get("fungible_tokens")
        if not isinstance(held, dict):
            raise BadAnswer(f"{what}: the answer holds no tokens")
        entry = held.get(want.token.contract, {"balance": "0"})
        if not isinstance(entry, dict):
            raise BadAnswer(f"{what}: a token that is no object")
        raw = numbers.whole(entry.get("balance"), what=what)
        return parts(want, {}, at, "exact", TOKENS, self.host, total=raw)

    def decimals(self, token: Token, at: BlockRef) -> int | None:
        """Of the API's list of metadata; None where it does not know the token."""
        found = self._ask(f"/metadata/v1/ft/{quote(token.contract.partition('::')[0], safe='.')}", missing={})
        told = found.get("decimals")
        return None if told is None else numbers.whole(told, what=f"{self.host}: decimals", most=255)

    # --- questions ---
    def _index_path(self, account: str, kind: str, block: str) -> str:
        return f"/extended/v1/address/{quote(account, safe='')}/{kind}?until_block=0x{block}"

    def _node_path(self, account: str, tip: str) -> str:
        return f"/v2/accounts/{quote(account, safe='')}?proof=0&tip={tip}"

    def _tip(self, at: BlockRef) -> str:
        """The name under which the node keeps the state of a block."""
        if at.hash not in self._tips:
            self._block(str(at.height))
        if at.hash not in self._tips:
            raise ChainError(f"{self.host}: its block {at.height:,} is another than {at.hash[:16]}")
        return self._tips[at.hash]

    def _block(self, name: str) -> BlockRef:
        path, what = f"/extended/v2/blocks/{name}", f"{self.host}: blocks/{name}"
        found = self._ask(path, missing={})
        if not found:
            raise ChainError(f"{self.host}: {self._network.name} has no block {name}")
        if found.get("canonical") is not True:
            raise ChainError(f"{what}: a block that is not of the chain")
        height = numbers.height(found.get("height"), what=what)
        names = [numbers.data(found.get(field), what=what, size=32).hex() for field in ("hash", "index_block_hash")]
        self._tips[names[0]] = names[1]
        return BlockRef(height, names[0], numbers.moment(found.get("block_time"), what=what))

    @asked_once
    def _check_chain(self) -> None:
        """By the number of the network, which CAIP-2 names."""
        told = self._told("/v2/info").get("network_id")
        found = numbers.whole(told, what=f"{self.host}: network_id", most=2**32 - 1)
        check_id(self._network, self.host, found)

    def _found(self, path: str) -> bool:
        """Whether there is such a block, and such a route at all."""
        return bool(self._ask(path, missing={}))

    def _told(self, path: str) -> dict[str, Any]:
        return self._ask(path, missing=None)

    def _ask(self, path: str, missing: dict[str, Any] | None) -> dict[str, Any]:
        """`missing`: what stands for HTTP 404, where that is an answer."""
        found = self._http.ask("GET", path, accept=frozenset() if missing is None else {404})
        if found.status == 404 and missing is not None:
            return missing
        if not isinstance(found.body, dict):
            raise BadAnswer(f"{self.host}: {path.partition('?')[0]}: the answer is no object")
        return found.body

"""Sui, and IOTA since May 2025, through their GraphQL services.

Heights are checkpoints, which are final. One question is answered from one checkpoint, and the answer names it. Sui's
service answers at an earlier checkpoint too, as far as it keeps balances (an hour); of others, and of IOTA, balances
are those of the head, exact where the newest transaction that touched the account is not after the snapshot. An account
whose balance lies beside its coins (Sui's address balances) is not shown so: what is sent there need not touch it.

`staked` is what was put into stakes: their earnings come with the withdrawal. IOTA under a time lock is not read.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from porlake import numbers, registry
from porlake.chains._answers import BlockRef, Reading, Unread, Wanted
from porlake.chains._by_account import ByBatch, parts
from porlake.chains._by_moment import HeadIsFinal
from porlake.chains._questions import OverHttp, asked_once
from porlake.chains._shapes import fields
from porlake.chains._unchanged import unchanged
from porlake.chains.sui.queries import HEAD, SERVICES, Service
from porlake.encoding import base58
from porlake.errors import (
    BadAnswer,
    ChainError,
    InvalidAddress,
    NodeBehind,
    RateLimited,
    RequestFailed,
    TimedOut,
    TooBig,
    TransportError,
    Unavailable,
)
from porlake.registry import Network, Token
from porlake.transport import Endpoint, Http, Recording

METHOD = "graphql_balance"
MOST = 2**64 - 1
PAGES = 200  # of stakes of one account: more than any validator has


def open_client(network: Network, endpoint: Endpoint | None, recording: Recording) -> Client:
    return Client(network, Http(network.network, endpoint, recording, _refused))


@dataclass(frozen=True, slots=True)
class _Mode:
    """How balances of a block are read: at it (`number`), or at the head (None), with the newest transaction of each
    account where `changes` are told.
    """

    number: int | None
    changes: bool = False


class Client(HeadIsFinal, OverHttp, ByBatch):
    batch = 16
    unchanged_since = True

    def __init__(self, network: Network, http: Http) -> None:
        self._network, self._http = network, http
        self._service = SERVICES[network.address_form]

    # --- blocks ---
    def block(self, height: int) -> BlockRef:
        """A checkpoint. Raises ChainError, TransportError."""
        data = self._ask(self._service.checkpoint(height))
        if data.get("checkpoint") is None:
            raise Unavailable(f"{self.host}: checkpoint {height:,} is not there")
        found = self._checkpoint(data)
        if found.height != height:
            raise ChainError(f"{self.host}: asked for checkpoint {height:,}, it gave {found.height:,}")
        return found

    def head(self) -> BlockRef:
        return self._checkpoint(self._ask(f"{{{HEAD}}}"))

    def decimals(self, token: Token, at: BlockRef) -> int | None:
        """As the coin's metadata says. Raises ChainError, TransportError."""
        data = self._ask(f'{{chainIdentifier coinMetadata(coinType:"{token.contract}"){{decimals}}}}')
        found, what = data.get("coinMetadata"), f"{self.host}: coinMetadata"
        if found is None:
            return None
        (decimals,) = fields(found, ("decimals",), what)
        return None if decimals is None else numbers.whole(decimals, what=what, most=255)

    # --- balances ---
    def ping(self) -> object:
        return self.head()

    def ready(self, at: BlockRef) -> None:
        self._mode(at)

    @asked_once
    def _mode(self, at: BlockRef) -> _Mode:
        """Whether the service keeps the balances of a checkpoint; else whether it tells the newest transaction of an
        account.
        """
        system = [f"0x{3:064x}"]
        if self._service.has_past:
            try:
                _, (account,) = self._told(system, self._service.coin, at, _Mode(at.height))
                _balance(account, self.host, self._service)
                return _Mode(at.height)
            except (RequestFailed, Unavailable, BadAnswer):
                pass  # not kept any more: the head is told
        try:
            self._told(system, self._service.coin, at, _Mode(None, changes=True))
            return _Mode(None, changes=True)
        except (RequestFailed, BadAnswer):
            return _Mode(None)

    def read_batch(self, wants: Sequence[Wanted], at: BlockRef) -> Sequence[Reading | Unread]:
        token, mode = wants[0].token, self._mode(at)
        coin = self._service.coin if token.kind == "native" else token.contract
        readable = [want for want in wants if want.address.startswith("0x")]
        answers: list[Reading | Unread] = [
            Unread(want.asset, want.address, "not_an_address") for want in wants if not want.address.startswith("0x")
        ]
        if not readable:
            return answers
        block, accounts = self._told([want.address for want in readable], coin, at, mode)
        as_of = "exact" if (block.height, block.hash) == (at.height, at.hash) else "head"
        for want, account in zip(readable, accounts, strict=True):
            what = f"{self.host}: {want.address}"
            liquid, settled = _balance(account, what, self._service)
            held = {"liquid": liquid}
            if coin == self._service.coin and (staked := self._staked(account, want.address, block, mode)):
                held["staked"] = staked
            only = {} if token.kind != "native" else held
            found = parts(want, only, block, as_of, METHOD, self.host, total=sum(held.values()))
            change = _newest(account, what) if mode.changes and settled else None
            answers += found if change is None else [unchanged(one, at, block, *change) for one in found]
        return answers

    def _told(
        self, accounts: Sequence[str], coin: str, at: BlockRef, mode: _Mode
    ) -> tuple[BlockRef, list[Mapping[str, Any]]]:
        """(the checkpoint of an answer, what it says of each account)."""
        data = self._ask(self._service.balances(accounts, coin, mode.number, changes=mode.changes))
        block = self._checkpoint(data)
        if mode.number is not None and (block.height, block.hash) != (at.height, at.hash):
            raise ChainError(f"{self.host}: asked for checkpoint {at.height:,}, it gave {block.height:,}")
        if block.height < at.height:
            raise NodeBehind(f"{self.host}: its newest checkpoint is {block.height:,}, before {at.height:,}")
        fields = data["checkpoint"].get("query") if self._service.has_past else data
        if not isinstance(fields, dict):
            raise Unavailable(f"{self.host}: checkpoint {block.height:,}: its balances are not told")
        found = list[Mapping[str, Any]]()
        for place, account in enumerate(accounts):
            one = fields.get(f"a{place}")
            if not isinstance(one, dict) or one.get("address") != account:
                raise BadAnswer(f"{self.host}: the answer is not of {account}")
            found.append(one)
        return block, found

    def _staked(self, account: Mapping[str, Any], address: str, block: BlockRef, mode: _Mode) -> int:
        """What an account has put into stakes, of all pages."""
        what, seen, total = f"{self.host}: stakes of {address}", set[str](), 0
        for _ in range(PAGES):
            page = account.get("objects", account.get("stakes"))
            nodes, info = fields(page, ("nodes", "pageInfo"), what)
            if not isinstance(nodes, list):
                raise BadAnswer(f"{what}: the answer is no list")
            for node in nodes:
                name, amount = _stake(node, what)
                if name in seen:
                    raise BadAnswer(f"{what}: {name} stands there twice")
                seen.add(name)
                total += amount
            more, cursor = fields(info, ("hasNextPage", "endCursor"), what)
            if more is False:
                return total
            if more is not True or not isinstance(cursor, str) or not re.fullmatch(r"[\w+/=.:-]{1,500}", cursor):
                raise BadAnswer(f"{what}: it does not say where they go on")
            number = block.height if self._service.has_past else mode.number
            account = self._page(self._service.more_stakes(address, cursor, number), address, block)
        raise TooBig(f"{what}: more than {PAGES} pages")

    def _page(self, question: str, address: str, block: BlockRef) -> Mapping[str, Any]:
        data = self._ask(question)
        if self._service.has_past:
            found = self._checkpoint(data)
            if (found.height, found.hash) != (block.height, block.hash):
                raise ChainError(f"{self.host}: asked for checkpoint {block.height:,}, it gave {found.height:,}")
        fields = data["checkpoint"].get("query") if self._service.has_past else data
        one = fields.get("a0") if isinstance(fields, dict) else None
        if not isinstance(one, dict) or one.get("address") != address:
            raise BadAnswer(f"{self.host}: the answer is not of {address}")
        return one

    # --- questions ---
    def _ask(self, question: str) -> dict[str, Any]:
        """The data of an answer. Raises ChainError where it is of another chain, TransportError."""
        answer = self._http.ask("POST", "", {"query": question}).body
        if not isinstance(answer, dict) or not isinstance(answer.get("data"), dict):
            raise BadAnswer(f"{self.host}: the answer has no data")
        data: dict[str, Any] = answer["data"]
        wanted = registry.load().identities[self._network.network].chain
        if data.get("chainIdentifier") != wanted:
            told = numbers.shown(data.get("chainIdentifier"))
            raise ChainError(f"{self.host}: the endpoint is of chain {told}, {self._network.name} is {wanted}")
        return data

    def _checkpoint(self, data: Mapping[str, Any]) -> BlockRef:
        what = f"{self.host}: a checkpoint"
        number, digest, time = fields(data.get("checkpoint"), ("sequenceNumber", "digest", "timestamp"), what)
        try:
            if not isinstance(digest, str) or len(digest) > 44 or len(base58.decode(digest)) != 32:
                raise BadAnswer(f"{what}: {numbers.shown(digest)} is no digest")
        except InvalidAddress as error:
            raise BadAnswer(f"{what}: {error.why}") from error
        return BlockRef(numbers.height(number, what=what), digest, numbers.instant(time, what=what))


def _refused(host: str, path: str, answer: Any) -> None:
    """GraphQL says with HTTP 200 what failed. https://spec.graphql.org/October2021/#sec-Errors"""
    if not isinstance(answer, dict) or not answer.get("errors"):
        return
    raise _error(host, answer["errors"])


def _error(host: str, errors: Any) -> TransportError:
    first = errors[0] if isinstance(errors, list) else None
    message = first.get("message") if isinstance(first, dict) else None
    if not isinstance(first, dict) or not isinstance(message, str):
        return BadAnswer(f"{host}: an error that is no object")
    extensions = first.get("extensions")
    code = extensions.get("code") if isinstance(extensions, dict) else None
    text = f"{host}: {message[:200]} ({numbers.shown(code)})"
    if code in ("RATE_LIMITED", "RESOURCE_EXHAUSTED"):
        return RateLimited(text)
    if code in ("REQUEST_TIMEOUT", "TIMEOUT"):
        return TimedOut(text)
    if re.search("too large|too many|limit", message.lower()):
        return TooBig(text)
    return TransportError(text) if code == "INTERNAL_SERVER_ERROR" else RequestFailed(text)


def _balance(account: Mapping[str, Any], what: str, service: Service) -> tuple[int, bool]:
    """(the balance, whether all of it lies in coins). Sui tells its two parts, which must add up; IOTA tells null of an
    account without coins.
    """
    found = account.get("balance")
    if found is None and "balance" in account and not service.has_past:
        return 0, True
    told = found if isinstance(found, dict) else {}
    (total,) = fields(told, ("totalBalance",), what)
    raw = numbers.whole(total, what=what, most=MOST)
    if not service.has_past:
        count = numbers.height(told.get("coinObjectCount"), what=what)
        if bool(count) < bool(raw):
            raise BadAnswer(f"{what}: {raw:,} in no coins")
        return raw, True
    parts_of = fields(told, ("coinBalance", "addressBalance"), what)
    coins, beside = (numbers.whole("0" if one is None else one, what=what, most=MOST) for one in parts_of)
    if coins + beside != raw:
        raise BadAnswer(f"{what}: {coins:,} and {beside:,} are not {raw:,}")
    return raw, not beside


def _stake(node: Any, what: str) -> tuple[str, int]:
    """(the object's address, what was put into it)."""
    (name,) = fields(node, ("address",), what)
    if "contents" in node:
        (told,) = fields(node["contents"], ("json",), what)
        (principal,) = fields(told, ("principal",), what)
        principal = principal.get("value") if isinstance(principal, dict) else principal
    else:
        principal = node.get("principal")
    if not isinstance(name, str):
        raise BadAnswer(f"{what}: a stake without an address")
    return name, numbers.whole(principal, what=what, most=MOST)


def _newest(account: Mapping[str, Any], what: str) -> tuple[int, str] | None:
    """(the checkpoint of the newest transaction that touched an account, the transaction); None where there is none."""
    (nodes,) = fields(account.get("transactions"), ("nodes",), what)
    if nodes == []:
        return None
    if not isinstance(nodes, list) or len(nodes) != 1:
        raise BadAnswer(f"{what}: not one newest transaction")
    digest, effects = fields(nodes[0], ("digest", "effects"), what)
    (checkpoint,) = fields(effects, ("checkpoint",), what)
    (number,) = fields(checkpoint, ("sequenceNumber",), what)
    return numbers.height(number, what=what), str(digest)

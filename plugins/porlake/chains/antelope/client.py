"""EOS (Vaulta) and WAX through nodeos' chain API. https://docs.antelope.io/docs/latest/nodeos/plugins/chain_api_plugin

nodeos keeps no past, and tells no block with a token's balance: what is read is the head, as of the block that was the
head before the first question. Where a Hyperion answers at the same place, it knows the rows of the past: a part that
it tells as the node does is exact, by the last change up to the snapshot's block. Stakes stay those of the head, and
the total with them.

A native holding is what is liquid, what it has staked (for itself and for others, rows
of `delband`), what is refunded, and its REX at the pool's price; on EOS the token A of core.vaulta is the same coin.
What lies in REX's own fund (`rexfund`) is not read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from porlake import numbers
from porlake.chains._answers import BlockRef, Reading, Unread, Wanted
from porlake.chains._by_account import ByAccount, parts
from porlake.chains._by_moment import block_at
from porlake.chains._identity import check_id, hash_of
from porlake.chains._questions import OverHttp, asked_once, one_by_one, reason_of
from porlake.chains._unchanged import unchanged
from porlake.chains.antelope.assets import MOST, Symbol, native_of, symbol_of, twin_of, units
from porlake.chains.antelope.errors import ERRORS, UNKNOWN_ACCOUNT
from porlake.chains.antelope.hyperion import last_change, serves_deltas
from porlake.errors import BadAnswer, ChainError, RequestFailed, TransportError, Unavailable
from porlake.registry import Network, Token
from porlake.transport import Endpoint, Http, Recording

ACCOUNT, BALANCE, DELTAS = "nodeos_get_account", "nodeos_get_currency_balance", "hyperion_get_deltas"
FAULTS = frozenset({400, 404, 500})  # with which nodeos answers in JSON
_TIME = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{3}))?")


class Client(OverHttp, ByAccount):
    in_flight = 16
    unchanged_since = True

    def __init__(self, network: Network, endpoint: Endpoint | None, recording: Recording) -> None:
        self._network, self._http = network, Http(network.network, endpoint, recording)

    # --- blocks ---
    def block(self, height: int) -> BlockRef:
        """Raises ChainError where the endpoint is of another chain or has no such block, TransportError."""
        self._check_chain()
        path = "/v1/chain/get_block_info"
        try:
            found = self._ask(path, {"block_num": height})
        except Unavailable as error:
            raise ChainError(
                f"{self.host}: {self._network.name} has no block {height:,}, as far as it knows"
            ) from error
        what = f"{self.host}: {path}"
        number, name = numbers.height(found.get("block_num"), what=what), hash_of(found.get("id"), what=what)
        if number != height or int(name[:8], 16) != height:  # an id begins with its block's number
            raise ChainError(f"{self.host}: asked for block {height:,}, it gave {number:,}, {name[:16]}")
        return BlockRef(height, name, self._time(found.get("timestamp"), what))

    def head(self) -> BlockRef:
        """The newest block; it may still be replaced."""
        found, what = self._info(), f"{self.host}: get_info"
        number = numbers.height(found.get("head_block_num"), what=what)
        name = hash_of(found.get("head_block_id"), what=what)
        if int(name[:8], 16) != number & 0xFFFFFFFF:
            raise BadAnswer(f"{what}: block {number:,} does not have the id {name[:16]}")
        return BlockRef(number, name, self._time(found.get("head_block_time"), what))

    def final(self) -> int:
        return numbers.height(self._info().get("last_irreversible_block_num"), what=f"{self.host}: get_info")

    def block_at(self, moment: datetime) -> BlockRef:
        """The last final block of that moment or before it. Raises NotFinal, ChainError, TransportError."""
        return block_at(self._network, moment, self.block(self.final()), lambda height: self.block(max(1, height)))

    # --- accounts ---
    def ping(self) -> None:
        self._info()

    def ready(self, at: BlockRef) -> None:
        self._head_for(at)
        self._knows_past(at)

    @asked_once
    def _head_for(self, at: BlockRef) -> BlockRef:
        """The head before the first account of a block is asked about: what is read is of it, or newer."""
        return self.head()

    @asked_once
    def _knows_past(self, at: BlockRef) -> bool:
        """Whether an index of changes can tell of the block."""
        return at.height <= self.final() and serves_deltas(self._http)

    def read_account(self, want: Wanted, at: BlockRef) -> Sequence[Reading] | Unread:
        head = self._head_for(at)
        if want.token.kind == "native":
            found = self._native(want.address, want.token, head)
            read = parts(want, found or {"liquid": 0}, head, "head", ACCOUNT, self.host, no_history=found is None)
        elif (symbol := symbol_of(want.token)) is not None:
            read = parts(want, {}, head, "head", BALANCE, self.host, total=self._held(symbol, want.address))
        else:
            return Unread(want.asset, want.address, "contract_unknown")
        symbols = self._rows_of(want) if self._knows_past(at) else {}
        return [self._then(one, symbols[one.component], at) if one.component in symbols else one for one in read]

    def past(self, wanted: Sequence[Wanted], at: BlockRef) -> Iterator[Reading]:
        """The parts that a Hyperion knows of the block; nothing of others. Raises ChainError, TransportError."""
        self.ready(at)
        if not self._knows_past(at):
            return
        for found in one_by_one(wanted, lambda want: self.read_account(want, at), self.ping, self.in_flight):
            if isinstance(found, list):
                yield from (one for one in found if one.as_of == "exact")

    def _rows_of(self, want: Wanted) -> dict[str, Symbol]:
        """Which parts of a holding are rows of tokens' tables."""
        if want.token.kind != "native":
            symbol = symbol_of(want.token)
            return {} if symbol is None else {"total": symbol}
        twin = twin_of(self._network, want.token)
        return {"liquid": native_of(self._network, want.token)} | ({twin[1]: twin[0]} if twin else {})

    def _then(self, now: Reading, symbol: Symbol, at: BlockRef) -> Reading:
        """A part of the head as of a block, where the index of changes tells it; it is believed where its last change
        is what the node tells.
        """
        try:
            last = last_change(self._http, symbol, now.address)
            if last is None or last.raw != now.raw:
                return now
            if last.height <= at.height and now.component != "total":
                return replace(now, block=at, as_of="exact", method=DELTAS)
            if last.height <= at.height:  # the whole holding: of that the evidence is kept
                head = self._head_for(at)
                return unchanged(now, at, head, last.height, f"get_deltas: {last.raw} since block {last.height}")
            then = last_change(self._http, symbol, now.address, at.time)
        except (TransportError, ChainError) as error:
            reason_of(error)  # raises what is the endpoint's; else what the head holds stands
            return now
        if then is None or then.height > at.height:
            return now
        return replace(now, raw=then.raw, block=at, as_of="exact", method=DELTAS)

    def decimals(self, token: Token, at: BlockRef) -> int | None:
        """As the contract's own statistics are written; None where it has no such token."""
        symbol = symbol_of(token)
        if symbol is None:
            return None
        found = self._ask("/v1/chain/get_currency_stats", {"code": symbol.contract, "symbol": symbol.code})
        supply = found[symbol.code].get("supply") if isinstance(found.get(symbol.code), dict) else None
        if supply is None:
            return None
        match = re.fullmatch(r"[0-9]{1,20}(?:\.([0-9]{1,18}))? ([A-Z]{1,7})", str(supply))
        if match is None or match[2] != symbol.code:
            raise BadAnswer(f"{self.host}: get_currency_stats: {numbers.shown(supply)} is no amount of {symbol.code}")
        return len(match[1] or "")

    def _native(self, account: str, token: Token, head: BlockRef) -> dict[str, int] | None:
        """Amounts by component; None of an account that the chain does not know."""
        symbol, what = native_of(self._network, token), f"{self.host}: get_account"
        try:
            found = self._ask("/v1/chain/get_account", {"account_name": account})
        except RequestFailed as error:
            if error.code == UNKNOWN_ACCOUNT:
                return None
            raise
        if found.get("account_name") != account:
            raise ChainError(f"{what}: asked for {account}, it gave {numbers.shown(found.get('account_name'))}")
        if numbers.height(found.get("head_block_num"), what=what) < head.height:
            raise ChainError(f"{what}: it tells of a block before {head.height:,}, which the endpoint had already")

        def amount(entry: object, *names: str) -> int:
            if entry is None:
                return 0
            if not isinstance(entry, dict):
                raise BadAnswer(f"{what}: a part of the account is no object")
            return sum(units(entry.get(name), symbol, what=f"{what}: {name}") for name in names)

        liquid = found.get("core_liquid_balance")
        own = amount(found.get("self_delegated_bandwidth"), "net_weight", "cpu_weight")
        components = {
            "liquid": 0 if liquid is None else units(liquid, symbol, what=f"{what}: core_liquid_balance"),
            "staked": self._staked(account, own, found, symbol),
            "refunding": amount(found.get("refund_request"), "net_amount", "cpu_amount"),
        }
        if rex := found.get("rex_info"):
            components["rex"] = self._rex(rex, symbol)
        if twin := twin_of(self._network, token):
            components[twin[1]] = self._held(twin[0], account)
        return components

    def _staked(self, account: str, own: int, told: dict[str, Any], symbol: Symbol) -> int:
        """What the account has staked, for others too: `staked` of a voter counts all of it, and what its REX votes
        with.
        """
        voter, rex, what = told.get("voter_info"), told.get("rex_info"), f"{self.host}: get_account: voter_info"
        if voter is None:
            return own
        if not isinstance(voter, dict) or not isinstance(rex, dict | None):
            raise BadAnswer(f"{what}: no object")
        votes = units(rex.get("vote_stake"), symbol, what=f"{self.host}: rex_info: vote_stake") if rex else 0
        staked = numbers.whole(voter.get("staked", 0), what=what, most=MOST) - votes
        if staked == own:
            return own
        rows = self._rows("eosio", account, "delband")
        if any(row.get("from") != account for row in rows):
            raise BadAnswer(f"{self.host}: delband: a row of another account")
        weights = [(row.get(name), name) for row in rows for name in ("net_weight", "cpu_weight")]
        found = sum(units(value, symbol, what=f"{self.host}: delband: {name}") for value, name in weights)
        if found != staked:
            raise BadAnswer(f"{self.host}: delband: {found:,} are staked, and {staked:,} by the account's own number")
        return found

    def _rex(self, rex: Any, symbol: Symbol) -> int:
        """REX at the pool's price, as it is sold: rex * total_lendable / total_rex, rounded down."""
        what = f"{self.host}: rex_info"
        if not isinstance(rex, dict):
            raise BadAnswer(f"{what}: no object")
        held = units(rex.get("rex_balance"), Symbol("eosio", "REX", 4), what=what)
        if not held:
            return 0
        pools, what = self._rows("eosio", "eosio", "rexpool"), f"{self.host}: rexpool"
        if len(pools) != 1:
            raise BadAnswer(f"{what}: {len(pools)} pools")
        lendable = units(pools[0].get("total_lendable"), symbol, what=what)
        shares = units(pools[0].get("total_rex"), Symbol("eosio", "REX", 4), what=what)
        if held > shares:
            raise BadAnswer(f"{what}: the account has more REX than there is")
        return held * lendable // shares

    def _held(self, symbol: Symbol, account: str) -> int:
        """What a contract's table says; no row is zero where the table shows its neighbours."""
        path = "/v1/chain/get_currency_balance"
        found = self._answer(path, {"code": symbol.contract, "account": account, "symbol": symbol.code})
        if not isinstance(found, list) or len(found) > 1:
            raise BadAnswer(f"{self.host}: {path}: the answer is no list of one amount or none")
        if found:
            return units(found[0], symbol, what=f"{self.host}: {path}")
        self._check_absent(symbol, account)
        return 0

    def _check_absent(self, symbol: Symbol, account: str) -> None:
        """That a list is empty for there is no row, and not for the node lacks the table. Raises BadAnswer."""
        path = "/v1/chain/get_table_by_scope"
        question = {"code": symbol.contract, "table": "accounts", "limit": 1}
        for bounds in ({"lower_bound": account}, {"upper_bound": account, "reverse": True}):
            rows = self._list(path, self._ask(path, question | bounds))
            if any(row.get("code") != symbol.contract or row.get("table") != "accounts" for row in rows):
                raise BadAnswer(f"{self.host}: {path}: rows of another table")
            if rows and rows[0].get("scope") != account:
                return
            if rows and self._has_other(symbol, account):
                return
        raise BadAnswer(f"{self.host}: {symbol.contract} tells no balance of {account}, and no row beside it")

    def _has_other(self, symbol: Symbol, account: str) -> bool:
        """Whether an account holds other tokens of a contract, and none of this one."""
        path = "/v1/chain/get_currency_balance"
        found = self._answer(path, {"code": symbol.contract, "account": account})
        if not isinstance(found, list) or not all(isinstance(one, str) for one in found):
            raise BadAnswer(f"{self.host}: {path}: the answer is no list of amounts")
        return bool(found) and not any(one.endswith(f" {symbol.code}") for one in found)

    # --- questions ---
    def _rows(self, code: str, scope: str, table: str) -> list[dict[str, Any]]:
        path, question = "/v1/chain/get_table_rows", {"code": code, "scope": scope, "table": table}
        found = self._ask(path, question | {"json": True, "limit": 1_000})
        if found.get("more") is not False:
            raise BadAnswer(f"{self.host}: {path}: {table} of {scope} has more rows than are told")
        rows = self._list(path, found)
        if not rows:
            raise BadAnswer(f"{self.host}: {path}: {table} of {scope} has no rows, and must have some")
        return rows

    def _list(self, path: str, found: dict[str, Any]) -> list[dict[str, Any]]:
        rows = found.get("rows")
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            raise BadAnswer(f"{self.host}: {path}: the answer holds no rows")
        return rows

    def _info(self) -> dict[str, Any]:
        return self._ask("/v1/chain/get_info", {})

    @asked_once
    def _check_chain(self) -> None:
        """By the chain's id, of which CAIP-2 names the first half."""
        found = hash_of(self._info().get("chain_id"), what=f"{self.host}: get_info: chain_id")
        check_id(self._network, self.host, found, begins=True)

    def _ask(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        found = self._answer(path, body)
        if not isinstance(found, dict):
            raise BadAnswer(f"{self.host}: {path}: the answer is no object")
        return found

    def _answer(self, path: str, body: dict[str, Any]) -> Any:
        found = self._http.ask("POST", path, body, accept=FAULTS)
        if found.status < 400:
            return found.body
        raise self._refused(path, found.status, found.body)

    def _refused(self, path: str, status: int, answer: Any) -> TransportError:
        error = answer.get("error") if isinstance(answer, dict) else None
        if not isinstance(error, dict):
            return TransportError(f"{self.host}: {path}: HTTP {status}")
        details = error.get("details")
        said = " ".join(
            str(one.get("message", ""))
            for one in (details if isinstance(details, list) else [])
            if isinstance(one, dict)
        )
        said = f"{said or error.get('what', '')}"[:200]
        code = error.get("code") if type(error.get("code")) is int else None
        if path.endswith("get_account") and re.search(r"unknown key|fail to retrieve account", said.lower()):
            code = UNKNOWN_ACCOUNT
        return ERRORS.error(f"{self.host}: {path}: {said} ({code})", code, said)

    def _time(self, value: object, what: str) -> datetime:
        """A time in UTC, to the half second, as `2026-11-28T04:00:00.500`."""
        match = _TIME.fullmatch(value.removesuffix("Z")) if isinstance(value, str) else None
        try:
            if match is None:
                raise ValueError
            return datetime.fromisoformat(match[1]).replace(microsecond=int(match[2] or 0) * 1_000, tzinfo=UTC)
        except ValueError as error:
            raise BadAnswer(f"{what}: {numbers.shown(value)} is no time") from error

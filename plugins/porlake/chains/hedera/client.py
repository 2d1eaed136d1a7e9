"""Hedera through a mirror node's REST API. https://docs.hedera.com/hedera/sdks-and-apis/rest-api

Asked for a moment, a mirror node gives the balances of the last snapshot before it, up to 15 minutes older, and names
its moment. What an account held at the end of a block is that and what its transactions moved from the snapshot on:
each is asked for its transactions of that time, of which most have none.

An account that was never there is left out of the snapshot without a word, so that each question also asks for account
0.0.2, which is always there.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from porlake import addresses, numbers
from porlake.chains._answers import BlockRef, Reading, Unread, Wanted
from porlake.chains._by_account import ByBatch, parts
from porlake.chains._by_moment import HeadIsFinal
from porlake.chains._identity import check_chain
from porlake.chains._questions import OverHttp, asked_once, of_one_address
from porlake.chains.hedera.errors import ERRORS
from porlake.errors import BadAnswer, ChainError, Unavailable
from porlake.registry import Network, Token
from porlake.transport import Endpoint, Http, Recording

METHOD = "balances_and_transactions"
BATCH, IN_FLIGHT = 10, 8
CANARY = "0.0.2"  # the treasury
TOKENS_TOLD = 50  # of an account, in a list of balances
PAGES = 200  # of 100 transactions
MOST_TINYBARS, MOST_UNITS = 5 * 10**18, 2**63 - 1
NANOS = 10**9
API = "/api/v1"
_MOMENT = re.compile(r"(0|[1-9][0-9]{0,11})\.([0-9]{9})")
_NUMBER = re.compile(r"[0-9]{1,10}\.[0-9]{1,10}\.[0-9]{1,19}")
_ALIAS = re.compile(r"(?:0x)?[0-9a-fA-F]{40}|[A-Z2-7]{20,200}")


def open_client(network: Network, endpoint: Endpoint | None, recording: Recording) -> Client:
    return Client(network, endpoint, recording)


def _refused(host: str, path: str, answer: Any) -> None:
    status = answer.get("_status") if isinstance(answer, dict) else None
    if status is None:
        return
    listed = status.get("messages") if isinstance(status, dict) else None
    first = listed[0] if isinstance(listed, list) and listed else {}
    said = str(first.get("message") if isinstance(first, dict) else first)[:200]
    raise ERRORS.error(f"{host}: {said}", None, said)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What some accounts held of one token at a moment, in nanoseconds since 1970. `held`: in base units; None of an
    account that was not there.
    """

    moment: int
    held: dict[str, int | None]


class Client(HeadIsFinal, OverHttp, ByBatch):
    batch = BATCH
    in_flight = IN_FLIGHT

    def __init__(self, network: Network, endpoint: Endpoint | None, recording: Recording) -> None:
        place = of_one_address(endpoint)
        self._network, self._http = network, Http(network.network, place, recording, _refused)
        self._ends: dict[str, int] = {}  # nanoseconds, by a block's hash

    # --- blocks ---
    def block(self, height: int) -> BlockRef:
        """The record file of that number. Raises Unavailable for one that the mirror does not have, ChainError,
        TransportError.
        """
        self._check_chain()
        return self._block(height)

    def head(self) -> BlockRef:
        self._check_chain()
        found = self._http.ask("GET", f"{API}/blocks?order=desc&limit=1").body
        listed = found.get("blocks") if isinstance(found, dict) else None
        if not isinstance(listed, list) or len(listed) != 1:
            raise BadAnswer(f"{self.host}: blocks: the answer is no list of one")
        return self._read_block(listed[0])

    def ping(self) -> None:
        self._http.ask("GET", f"{API}/blocks?order=desc&limit=1")

    def ready(self, at: BlockRef) -> None:
        self._check_chain()
        if at.hash not in self._ends and self._block(at.height).hash != at.hash:
            raise ChainError(f"{self.host}: its block {at.height:,} is not {at.hash}")

    # --- accounts ---
    def read_batch(self, wants: Sequence[Wanted], at: BlockRef) -> Sequence[Reading | Unread]:
        end, token = self._ends[at.hash], wants[0].token
        numbered = {want.address: self._number_of(want.address) for want in wants}
        known = sorted({number for number in numbered.values() if number is not None})
        snapshot = self._snapshot(known, token, end)
        readings: list[Reading | Unread] = []
        for want in wants:
            number = numbered[want.address]
            raw = self._held_at(number, token, snapshot, end) if number is not None else 0
            components = {"liquid": raw} if token.kind == "native" else {}
            readings += parts(want, components, at, "exact", METHOD, self.host, total=raw)
        return readings

    def _held_at(self, number: str, token: Token, snapshot: Snapshot, end: int) -> int:
        """What a snapshot says and what moved since; an account that the snapshot does not hold was not there yet."""
        held, since = snapshot.held.get(number), snapshot.moment
        if held is None and number in snapshot.held:
            held, since = self._token_held(number, token, end)
        raw = (held or 0) + self._moved(number, token, since, end)
        if raw < 0:
            raise BadAnswer(f"{self.host}: {number} held {held or 0:,} and lost more than that")
        return raw

    def _number_of(self, address: str) -> str | None:
        """The account's number; None of an alias that no account has."""
        account = addresses.parse(self._network.network, address).text
        if _NUMBER.fullmatch(account):
            return account
        if not _ALIAS.fullmatch(account):
            raise BadAnswer(f"{self.host}: {numbers.shown(account)} is no alias that a mirror node takes")
        answer = self._http.ask("GET", f"{API}/accounts/{quote(account, safe='')}?transactions=false", accept={404})
        if answer.status == 404:
            if not isinstance(answer.body, dict) or "_status" not in answer.body:
                raise BadAnswer(f"{self.host}: account: a 404 that is not the mirror's")
            return None
        number = answer.body.get("account") if isinstance(answer.body, dict) else None
        if type(number) is not str or not _NUMBER.fullmatch(number):
            raise BadAnswer(f"{self.host}: account: {numbers.shown(number)} is no number of an account")
        return number

    def _snapshot(self, accounts: Sequence[str], token: Token, end: int) -> Snapshot:
        """The last snapshot at or before a moment."""
        asked = dict.fromkeys([CANARY, *accounts])
        named = "&".join(f"account.id={number}" for number in asked)
        what = f"{self.host}: balances"
        found = self._http.ask("GET", f"{API}/balances?timestamp={_text(end)}&limit=100&{named}").body
        moment, listed = self._dated(found, end, what)
        held: dict[str, int | None] = {}
        shown = set[str]()
        for entry in listed:
            number = entry.get("account")
            if number not in asked or number in shown:
                raise BadAnswer(f"{what}: an account that was not asked for, or one that stands twice")
            shown.add(number)
            held[number] = self._held(entry, token, what)
        if CANARY not in shown:
            raise BadAnswer(f"{what}: account {CANARY} is left out, which is always there")
        return Snapshot(moment, held)

    def _held(self, entry: dict[str, Any], token: Token, what: str) -> int | None:
        """Of a token None where the list of the account's tokens is not whole, or does not hold it at all."""
        balance = numbers.whole(entry.get("balance"), what=f"{what}: balance", most=MOST_TINYBARS)
        if token.kind == "native":
            return balance
        listed = entry.get("tokens")
        if not isinstance(listed, list) or not all(isinstance(one, dict) for one in listed):
            raise BadAnswer(f"{what}: no list of tokens")
        mine = [one.get("balance") for one in listed if one.get("token_id") == token.contract]
        if len(mine) > 1:
            raise BadAnswer(f"{what}: a token that stands twice")
        if mine:
            return numbers.whole(mine[0], what=f"{what}: balance of a token", most=MOST_UNITS)
        return None if len(listed) >= TOKENS_TOLD else 0

    def _token_held(self, number: str, token: Token, end: int) -> tuple[int, int]:
        """(what an account of many tokens held of one, at which moment)."""
        what = f"{self.host}: balances of {token.contract}"
        path = f"{API}/tokens/{quote(token.contract)}/balances?account.id={number}&timestamp={_text(end)}"
        moment, listed = self._dated(self._http.ask("GET", path).body, end, what)
        if not listed:
            return 0, moment
        if len(listed) != 1 or listed[0].get("account") != number:
            raise BadAnswer(f"{what}: the answer is of another account")
        return numbers.whole(listed[0].get("balance"), what=f"{what}: balance", most=MOST_UNITS), moment

    def _dated(self, found: Any, end: int, what: str) -> tuple[int, list[dict[str, Any]]]:
        """(the moment of a snapshot, its entries)."""
        listed = found.get("balances") if isinstance(found, dict) else None
        if not isinstance(listed, list) or not all(isinstance(entry, dict) for entry in listed):
            raise BadAnswer(f"{what}: the answer is no list of balances")
        moment = _nanos(found.get("timestamp"), f"{what}: timestamp")
        if moment > end:
            raise BadAnswer(f"{what}: a snapshot of {_text(moment)}, which is after {_text(end)}")
        return moment, listed

    def _moved(self, number: str, token: Token, since: int, end: int) -> int:
        """What the transactions after a moment, up to another one, brought an account."""
        if since == end:
            return 0
        moved, last, what = 0, since, f"{self.host}: transactions"
        for transaction in self._transactions(number, since, end):
            at = _nanos(transaction.get("consensus_timestamp"), f"{what}: consensus_timestamp")
            if not last < at <= end:
                raise BadAnswer(f"{what}: one of {_text(at)}, out of its order or of what was asked for")
            last = at
            name = "transfers" if token.kind == "native" else "token_transfers"
            listed = transaction.get(name, [] if token.kind != "native" else None)
            if not isinstance(listed, list) or not all(isinstance(entry, dict) for entry in listed):
                raise BadAnswer(f"{what}: {name} of another form")
            moved += sum(
                numbers.whole(entry.get("amount"), what=f"{what}: amount", least=-MOST_UNITS, most=MOST_UNITS)
                for entry in listed
                if entry.get("account") == number
                and (token.kind == "native" or entry.get("token_id") == token.contract)
            )
        return moved

    def _transactions(self, number: str, since: int, end: int) -> Iterator[dict[str, Any]]:
        what = f"{self.host}: transactions"
        path = (
            f"{API}/transactions?account.id={number}&timestamp=gt:{_text(since)}&timestamp=lte:{_text(end)}"
            f"&limit=100&order=asc"
        )
        for _ in range(PAGES):
            found = self._http.ask("GET", path).body
            listed, links = (found.get(name) if isinstance(found, dict) else None for name in ("transactions", "links"))
            if not isinstance(listed, list) or not isinstance(links, dict) or "next" not in links:
                raise BadAnswer(f"{what}: the answer is no page of transactions")
            for entry in listed:
                if not isinstance(entry, dict):
                    raise BadAnswer(f"{what}: an entry that is no object")
                yield entry
            path = links["next"]
            if path is None:
                return
            if (
                type(path) is not str
                or not path.startswith(f"{API}/transactions?")
                or f"account.id={number}" not in path
            ):
                raise BadAnswer(f"{what}: the next page is {numbers.shown(path)}")
        raise BadAnswer(f"{what}: more than {PAGES * 100:,} of one account")

    def decimals(self, token: Token, at: BlockRef) -> int | None:
        answer = self._http.ask("GET", f"{API}/tokens/{quote(token.contract)}", accept={404})
        if answer.status == 404:
            return None
        what = f"{self.host}: token {token.contract}"
        if not isinstance(answer.body, dict) or answer.body.get("token_id") != token.contract:
            raise BadAnswer(f"{what}: the answer is of another token")
        return numbers.whole(answer.body.get("decimals"), what=f"{what}: decimals", most=2**31 - 1)

    # --- the mirror ---
    def _block(self, height: int) -> BlockRef:
        answer = self._http.ask("GET", f"{API}/blocks/{height}", accept={404})
        if answer.status == 404:
            raise Unavailable(f"{self.host}: it has no block {height:,}")
        found = self._read_block(answer.body)
        if found.height != height:
            raise ChainError(f"{self.host}: asked for block {height:,}, it gave {found.height:,}")
        return found

    def _read_block(self, found: Any) -> BlockRef:
        what, times = f"{self.host}: a block", found.get("timestamp") if isinstance(found, dict) else None
        if not isinstance(times, dict):
            raise BadAnswer(f"{what} of another form")
        end, name = (
            _nanos(times.get("to"), f"{what}: timestamp"),
            numbers.data(found.get("hash"), what=f"{what}: hash", size=48).hex(),
        )
        height = numbers.height(found.get("number"), what=f"{what}: number")
        self._ends[name] = end
        return BlockRef(height, name, numbers.moment(end // 1_000, what=what, per_second=1_000_000))

    @asked_once
    def _check_chain(self) -> None:
        check_chain(self._network, self.host, lambda height: self._block(height).hash)


def _nanos(value: object, what: str) -> int:
    """Nanoseconds since 1970 of `1568411631.396440000`. Raises BadAnswer."""
    match = _MOMENT.fullmatch(value) if type(value) is str else None
    if match is None:
        raise BadAnswer(f"{what}: {numbers.shown(value)} is no consensus time")
    return int(match[1]) * NANOS + int(match[2])


def _text(nanos: int) -> str:
    return f"{nanos // NANOS}.{nanos % NANOS:09d}"

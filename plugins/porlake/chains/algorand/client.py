"""Algorand through an indexer, https://developer.algorand.org/docs/rest-apis/indexer/

An account's past is known in two ways. No transaction after the snapshot's round: then the balance of now held
already. Else the indexer undoes what came after (`round`), which fails for an account that called an application; what
it gives is believed where it names the round itself. It drops rewards that waited then, so an account that was paid
some later is given as it is now, and so is one that proposed a block later: what it earned stands in no transaction.

An indexer tells no hash of its newest block: a block's hash stands in the one after it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from porlake import addresses, numbers
from porlake.chains._answers import BlockRef, Reading, Unread, Wanted
from porlake.chains._by_account import ByAccount, parts
from porlake.chains._by_moment import HeadIsFinal
from porlake.chains._questions import OverHttp, asked_once, of_one_address
from porlake.chains._unchanged import unchanged
from porlake.chains.algorand.rounds import MOST_UNITS, check_genesis, from_base64, hash_text, in_parts, refused
from porlake.errors import BadAnswer, ChainError, NodeBehind, NotRecorded, RequestFailed, Unavailable
from porlake.registry import Network, Token
from porlake.transport import Answered, Endpoint, Http, Recording

IN_FLIGHT = 16
METHOD, REWOUND = "indexer_account", "indexer_rewind"
LAG = 8  # rounds that one server behind an address may be behind the others
PAGE = 1_000


def open_client(network: Network, endpoint: Endpoint | None, recording: Recording) -> Any:
    if _is_node(network, endpoint, recording):
        from porlake.chains.algorand.algod import NodeClient

        return NodeClient(network, endpoint, recording)
    return Client(network, endpoint.plain if endpoint else None, recording)


def _is_node(network: Network, endpoint: Endpoint | None, recording: Recording) -> bool:
    """By the URL; a recording of a node says so itself, for a replay has no URL."""
    if recording.replays:
        try:
            return bool(recording.answer(network.network, "is_algod", None, "", lambda: False, once=True)[0])
        except NotRecorded:
            return False
    found = endpoint is not None and endpoint.kind != "indexer"
    return found and bool(recording.answer(network.network, "is_algod", None, "", lambda: True, once=True)[0])


class Client(HeadIsFinal, OverHttp, ByAccount):
    """The indexer."""

    in_flight = IN_FLIGHT
    unchanged_since = True

    def __init__(self, network: Network, endpoint: Endpoint | None, recording: Recording) -> None:
        place = of_one_address(endpoint)
        self._network, self._http = network, Http(network.network, place, recording, refused)

    # --- rounds ---
    def block(self, height: int) -> BlockRef:
        """Raises Unavailable for a round that the indexer does not have yet, ChainError, TransportError."""
        found, after = self._header(height), self._header(height + 1)
        what = f"{self.host}: block {height:,}"
        name = hash_text(from_base64(after.get("previous-block-hash"), f"{what}: previous-block-hash"))
        return BlockRef(height, name, numbers.moment(found.get("timestamp"), what=f"{what}: timestamp"))

    def head(self) -> BlockRef:
        """The last round but one that the indexer has; rounds are final."""
        told = self._http.get("/health")
        if not isinstance(told, dict):
            raise BadAnswer(f"{self.host}: health of another form")
        return self.block(numbers.height(told.get("round"), what=f"{self.host}: health: round", least=2) - 1)

    def ping(self) -> None:
        self._http.get("/health")

    def _header(self, height: int) -> dict[str, Any]:
        answer = self._http.ask("GET", f"/v2/blocks/{height}?header-only=true", accept={404})
        if answer.status == 404:
            raise Unavailable(f"{self.host}: it has no block {height:,}")
        found, what = answer.body, f"{self.host}: block {height:,}"
        if not isinstance(found, dict):
            raise BadAnswer(f"{what} of another form")
        if (number := numbers.height(found.get("round"), what=f"{what}: round")) != height:
            raise ChainError(f"{what}: it gave {number:,}")
        check_genesis(self._network, self.host, found.get("genesis-hash"))
        return found

    # --- accounts ---
    def ready(self, at: BlockRef) -> None:
        self._read_from(at)

    @asked_once
    def _read_from(self, at: BlockRef) -> BlockRef:
        """A round from which on the accounts are read. Transactions after the snapshot must be found at all: an indexer
        that lost them would show every account as unchanged.
        """
        head = self.head()
        if head.height <= at.height:
            return at
        first = self.block(max(at.height, head.height - LAG))
        found = self._http.get(f"/v2/transactions?min-round={at.height + 1}&max-round={head.height}&limit=1")
        if not self._transactions(found)[0]:
            raise ChainError(f"{self.host}: no transaction after round {at.height:,}: the index is not whole")
        return first

    def read_account(self, want: Wanted, at: BlockRef) -> Sequence[Reading] | Unread:
        account = addresses.parse(self._network.network, want.address).text
        held, proposed, newest = self._now(want, account)
        first, known = self._read_from(at), held is not None
        components, total = held if held is not None else _nothing(want.token)
        now = parts(want, components, first, "head", METHOD, self.host, total=total, no_history=not known)
        if first.height < at.height:
            return now
        if proposed is not None and proposed > at.height:
            return now
        later, is_whole, seen = self._after(want, account, at)
        if (known and newest < first.height) or seen < max(newest, first.height):
            raise NodeBehind(
                f"{self.host}: an account of round {newest:,} and transactions up to {seen:,}, after {first.height:,}"
            )
        if not later:
            said = f"no transaction from round {at.height + 1} to {seen}"
            return [unchanged(reading, at, first, None, said) for reading in now]
        if known and is_whole and not any(_pays_rewards(transaction) for transaction in later):
            return self._rewound(want, account, at) or now
        return now

    def _now(self, want: Wanted, account: str) -> tuple[tuple[dict[str, int], int] | None, int | None, int]:
        """(components and total, None of an account that never was; the round of its last own block, if any; the
        round of the answer).
        """
        path, what = f"/v2/accounts/{quote(account, safe='')}", f"{self.host}: account"
        answer = self._http.ask("GET", f"{path}?include-all=true&exclude=all", accept={404})
        newest = self._current(answer, what)
        if answer.status == 404:
            return None, None, newest
        found = self._of(answer, account, what)
        numbers.height(found.get("round"), what=f"{what}: round")
        proposed = found.get("last-proposed")
        last = None if proposed is None else numbers.height(proposed, what=f"{what}: last-proposed")
        if want.token.kind == "native":
            components = in_parts(found, what)
            return (components, sum(components.values())), last, newest
        more = self._http.ask(
            "GET", f"{path}/assets?include-all=true&asset-id={int(want.token.contract)}", accept={404}
        )
        newest = self._current(more, what)
        held = 0 if more.status == 404 else self._asset(more.body, want.token, f"{what}: assets")
        return ({}, held), None, newest

    def _rewound(self, want: Wanted, account: str, at: BlockRef) -> list[Reading]:
        """The account as it was, where the indexer can undo what came after and names the round; else nothing."""
        exclude = "all" if want.token.kind == "native" else "created-assets,apps-local-state,created-apps"
        path = f"/v2/accounts/{quote(account, safe='')}?round={at.height}&include-all=true&exclude={exclude}"
        what = f"{self.host}: account at round {at.height:,}"
        try:
            answer = self._http.ask("GET", path)
        except (RequestFailed, Unavailable):
            return []
        found = self._of(answer, account, what)
        if numbers.height(found.get("round"), what=f"{what}: round") != at.height:
            return []
        if want.token.kind != "native":
            held = self._asset(found, want.token, what)
            return parts(want, {}, at, "exact", REWOUND, self.host, total=held)
        return parts(want, in_parts(found, what), at, "exact", REWOUND, self.host)

    def _after(self, want: Wanted, account: str, at: BlockRef) -> tuple[list[dict[str, Any]], bool, int]:
        """(transactions of the account after a round, whether these are all, up to which round was looked)."""
        path = f"/v2/accounts/{quote(account, safe='')}/transactions?min-round={at.height + 1}&limit={PAGE}"
        if want.token.kind != "native":
            path += f"&asset-id={int(want.token.contract)}"
        answer, what = self._http.ask("GET", path), f"{self.host}: transactions"
        newest = self._current(answer, what)
        found, is_whole = self._transactions(answer.body)
        for transaction in found:
            numbers.height(transaction.get("confirmed-round"), what=f"{what}: confirmed-round", least=at.height + 1)
        return found, is_whole, newest

    def decimals(self, token: Token, at: BlockRef) -> int | None:
        answer = self._http.ask("GET", f"/v2/assets/{int(token.contract)}?include-all=true", accept={404})
        if answer.status == 404:
            return None
        what = f"{self.host}: asset {token.contract}"
        return numbers.whole(_params(answer.body, what).get("decimals"), what=f"{what}: decimals", most=19)

    # --- answers ---
    def _current(self, answer: Answered, what: str) -> int:
        """The round of an answer; a 404 says it too, or is none of the indexer's own."""
        if not isinstance(answer.body, dict):
            raise BadAnswer(f"{what}: the answer is of another form")
        if answer.status == 404 and "no accounts found" in str(answer.body.get("message")):
            return 0
        return numbers.height(answer.body.get("current-round"), what=f"{what}: current-round")

    def _of(self, answer: Answered, account: str, what: str) -> dict[str, Any]:
        found = answer.body.get("account") if isinstance(answer.body, dict) else None
        if not isinstance(found, dict) or found.get("address") != account:
            raise BadAnswer(f"{what}: the answer is of another account")
        return found

    def _asset(self, found: Any, token: Token, what: str) -> int:
        """Base units of an asset, 0 where the account has not opted in to it."""
        listed = found.get("assets", []) if isinstance(found, dict) else None
        if not isinstance(listed, list) or not all(isinstance(entry, dict) for entry in listed):
            raise BadAnswer(f"{what}: no list of assets")
        held = [
            numbers.whole(entry.get("amount"), what=f"{what}: amount", most=MOST_UNITS)
            for entry in listed
            if numbers.whole(entry.get("asset-id"), what=f"{what}: asset-id", most=MOST_UNITS) == int(token.contract)
        ]
        if len(held) > 1:
            raise BadAnswer(f"{what}: an asset that stands twice")
        return held[0] if held else 0

    def _transactions(self, found: Any) -> tuple[list[dict[str, Any]], bool]:
        listed = found.get("transactions") if isinstance(found, dict) else None
        if not isinstance(listed, list) or not all(isinstance(entry, dict) for entry in listed):
            raise BadAnswer(f"{self.host}: transactions of another form")
        return listed, not found.get("next-token") or len(listed) < PAGE


def _nothing(token: Token) -> tuple[dict[str, int], int]:
    return ({"liquid": 0, "pending_rewards": 0} if token.kind == "native" else {}), 0


def _pays_rewards(transaction: dict[str, Any]) -> bool:
    names = ("sender-rewards", "receiver-rewards", "close-rewards")
    return any(transaction.get(name) not in (None, 0) for name in names)


def _params(found: Any, what: str) -> dict[str, Any]:
    asset = found.get("asset", found) if isinstance(found, dict) else None
    params = asset.get("params") if isinstance(asset, dict) else None
    if not isinstance(params, dict):
        raise BadAnswer(f"{what}: the answer is no asset")
    return params

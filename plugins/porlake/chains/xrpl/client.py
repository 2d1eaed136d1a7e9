"""XRP Ledger through the JSON-RPC of xrpld (rippled) or Clio, https://xrpl.org/docs/references/http-websocket-apis

A validated ledger is final and is asked for by its hash; an answer counts where it names that hash again, and is marked
as validated. A server keeps some ranges of ledgers (`complete_ledgers`), and one that does not hold the snapshot's is
not asked. An account that is not there holds nothing (`actNotFound`). xrpld names the ledger in that answer too; Clio
does not, and is believed after it has shown an account that changed in that very ledger.

Amounts of XRP are drops. What is held back for objects of the account (the reserve) is in its balance; what lies in
escrow or in payment channels is not, and stands beside it. https://xrpl.org/docs/concepts/accounts/reserves
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from porlake import addresses, numbers
from porlake.chains._answers import BlockRef, Reading, Unread, Wanted
from porlake.chains._by_account import ByAccount, parts
from porlake.chains._by_moment import HeadIsFinal
from porlake.chains._identity import check_chain, check_id, hash_of
from porlake.chains._questions import OverHttp, asked_once, of_one_address
from porlake.chains.xrpl.amounts import in_base_units
from porlake.chains.xrpl.errors import ERRORS
from porlake.errors import BadAnswer, ChainError, InvalidAddress, TransportError, Unavailable
from porlake.registry import Network
from porlake.transport import Endpoint, Http, Recording

IN_FLIGHT = 8
RIPPLE_EPOCH = 946_684_800  # 2000-01-01 in seconds since 1970
MOST_DROPS = 10**17
PAGE, PAGES = 400, 250
CANARIES = 3
NOT_FOUND = frozenset({"actNotFound", "entryNotFound"})
#: A sender of a transaction has changed by its end, unless it is deleted; pseudo-transactions have no sender.
NO_SENDERS = frozenset({"AccountDelete", "EnableAmendment", "SetFee", "UNLModify"})
_RANGES = re.compile(r"[0-9]{1,10}(?:-[0-9]{1,10})?(?:,[0-9]{1,10}(?:-[0-9]{1,10})?)*")


def open_client(network: Network, endpoint: Endpoint | None, recording: Recording) -> Client:
    return Client(network, endpoint, recording)


def _refused(host: str, path: str, answer: Any) -> None:
    """Errors come with HTTP 200, in `result`; Clio's come beside it too. That an account is not there is no error."""
    told = answer.get("result", answer) if isinstance(answer, dict) else None
    if not isinstance(told, dict) or told.get("error") in (None, *NOT_FOUND):
        return
    error, code = told["error"], told.get("error_code")
    said = f"{error}: {told.get('error_message', '')}"[:200] if isinstance(error, str) else numbers.shown(error)
    raise ERRORS.error(f"{host}: {said}", code if type(code) is int else None, said)


class Client(HeadIsFinal, OverHttp, ByAccount):
    in_flight = IN_FLIGHT

    def __init__(self, network: Network, endpoint: Endpoint | None, recording: Recording) -> None:
        place = of_one_address(endpoint)
        self._network, self._http = network, Http(network.network, place, recording, _refused)
        self._shows_state: dict[str, bool] = {}  # by a ledger's hash

    # --- ledgers ---
    def block(self, height: int) -> BlockRef:
        """Raises Unavailable for a ledger that the server does not keep, ChainError, TransportError."""
        self._check_chain()
        self._check_kept(height)
        return self._ledger(height)

    def head(self) -> BlockRef:
        """The newest validated ledger."""
        self._check_chain()
        return self._ledger("validated")

    def ping(self) -> None:
        self._call("server_info", {})

    # --- accounts ---
    def ready(self, at: BlockRef) -> None:
        self._check_chain()
        if at.hash not in self._shows_state:
            self._check_kept(at.height)
            self._shows_state[at.hash] = self._shows_a_sender(at)

    def read_account(self, want: Wanted, at: BlockRef) -> Sequence[Reading] | Unread:
        try:
            return self._xrp(want, at) if want.token.kind == "native" else self._issued(want, at)
        except _NotShownError:
            return Unread(want.asset, want.address, "block_not_shown")

    def _xrp(self, want: Wanted, at: BlockRef) -> Sequence[Reading] | Unread:
        found = self._of_account("account_info", want.address, at)
        if found is None:
            return self._absent(want, at, "account_info", ("liquid",))
        what, account = f"{self.host}: account_info", found.get("account_data")
        if not isinstance(account, dict) or account.get("Account") != want.address:
            raise BadAnswer(f"{what}: the answer is of another account")
        held = {"liquid": numbers.whole(account.get("Balance"), what=f"{what}: Balance", most=MOST_DROPS)}
        # Objects of the account count in OwnerCount: without any it has neither escrows nor channels.
        if numbers.whole(account.get("OwnerCount"), what=f"{what}: OwnerCount", most=2**32 - 1):
            held |= {
                "escrowed": self._set_aside(want.address, at, "escrow"),
                "in_channels": self._set_aside(want.address, at, "payment_channel"),
            }
        return parts(want, held, at, "exact", "account_info", self.host, total=held["liquid"])

    def _set_aside(self, account: str, at: BlockRef, kind: str) -> int:
        """Drops that the account put into escrows or channels and that are there still. Objects that only pay to it
        are others'; those of issued currencies are no drops.
        """
        what, sum_of, seen = f"{self.host}: account_objects: {kind}", 0, set[str]()
        for entry in self._pages("account_objects", account, at, "account_objects", {"type": kind}):
            index = hash_of(entry.get("index"), what=f"{what}: index")
            if index in seen:
                raise BadAnswer(f"{what}: one that stands twice")
            seen.add(index)
            if entry.get("Account") != account or _is_issued(entry.get("Amount")):
                continue
            amount = numbers.whole(entry.get("Amount"), what=f"{what}: Amount", most=MOST_DROPS)
            paid = entry.get("Balance", 0) if kind == "payment_channel" else 0
            sum_of += amount - numbers.whole(paid, what=f"{what}: Balance", most=amount)
        return sum_of

    def _issued(self, want: Wanted, at: BlockRef) -> Sequence[Reading] | Unread:
        """The balance of the trust line between an account and the issuer, which the ledger tells from the side of the
        lower of the two. https://xrpl.org/docs/references/protocol/ledger-data/ledger-entry-types/ripplestate
        """
        currency, _, issuer = want.token.contract.partition(".")
        what, line = f"{self.host}: ledger_entry", {"accounts": [want.address, issuer], "currency": currency}
        found = self._of_account("ledger_entry", want.address, at, {"ripple_state": line})
        if found is None:
            return self._absent(want, at, "ledger_entry", ())
        try:
            balance = found["node"]["Balance"]
            low, high = (found["node"][name] for name in ("LowLimit", "HighLimit"))
            sides, currencies = (low["issuer"], high["issuer"]), {one["currency"] for one in (balance, low, high)}
            value = balance["value"]
        except (LookupError, TypeError) as error:
            raise BadAnswer(f"{what}: the answer is no trust line") from error
        if set(sides) != {want.address, issuer} or currencies != {currency}:
            raise BadAnswer(f"{what}: a trust line of others, or of another currency")
        raw = in_base_units(value, want.token.decimals, what=f"{what}: Balance")
        if raw is None:
            return Unread(want.asset, want.address, "balance_too_fine")
        raw = raw if sides[0] == want.address else -raw
        if raw < 0:
            return Unread(want.asset, want.address, "negative_balance")
        return parts(want, {}, at, "exact", "ledger_entry", self.host, total=raw)

    def _absent(self, want: Wanted, at: BlockRef, method: str, components: Sequence[str]) -> Sequence[Reading] | Unread:
        return parts(want, dict.fromkeys(components, 0), at, "exact", method, self.host, total=0)

    # --- what answers must show ---
    def _of_account(
        self, method: str, account: str, at: BlockRef, params: dict[str, Any] | None = None
    ) -> dict[str, Any] | None:
        """The answer about an account in a ledger; None where the ledger does not hold the account. Raises BadAnswer
        where the answer does not show that it is of that ledger.
        """
        addresses.parse(self._network.network, account)
        whose = {} if method == "ledger_entry" else {"account": account}
        found = self._call(method, {**whose, "ledger_hash": at.hash.upper(), **(params or {})})
        if found.get("error") in NOT_FOUND:
            if "ledger_hash" in found:
                self._check_ledger(method, found, at)
            elif not self._shows_state.get(at.hash):
                raise _NotShownError(f"{self.host}: {method}: {found['error']}, of an unnamed ledger")
            return None
        self._check_ledger(method, found, at)
        return found

    def _check_ledger(self, method: str, found: dict[str, Any], at: BlockRef) -> None:
        what = f"{self.host}: {method}"
        if found.get("validated") is not True:
            raise BadAnswer(f"{what}: the answer is of a ledger that is not validated")
        shown = hash_of(found.get("ledger_hash"), what=f"{what}: ledger_hash")
        height = numbers.height(found.get("ledger_index"), what=f"{what}: ledger_index")
        if (shown, height) != (at.hash, at.height):
            raise ChainError(f"{what}: asked for ledger {at.height:,} {at.hash}, it gave {height:,} {shown}")

    def _pages(
        self, method: str, account: str, at: BlockRef, name: str, params: dict[str, Any]
    ) -> Iterator[dict[str, Any]]:
        """The entries of all pages. Raises _AbsentError where the ledger does not hold the account."""
        what, marker, seen = f"{self.host}: {method}", None, set[str]()
        for _ in range(PAGES):
            asked = {"limit": PAGE, **params} | ({} if marker is None else {"marker": marker})
            found = self._of_account(method, account, at, asked)
            if found is None:
                raise _AbsentError(f"{what}: the account is not in the ledger")
            entries = found.get(name)
            if found.get("account") != account or not isinstance(entries, list):
                raise BadAnswer(f"{what}: the answer is of another form, or of another account")
            for entry in entries:
                if not isinstance(entry, dict):
                    raise BadAnswer(f"{what}: an entry that is no object")
                yield entry
            if "marker" not in found:
                return
            if (marker := found["marker"]) is None:
                raise BadAnswer(f"{what}: a marker that is none: whether there is more is not told")
            if (shown := repr(marker)) in seen:
                raise BadAnswer(f"{what}: a page that comes again")
            seen.add(shown)
        raise BadAnswer(f"{what}: more than {PAGES * PAGE:,} entries")

    def _shows_a_sender(self, at: BlockRef) -> bool:
        """Whether the server shows an account as the ledger left it: who sent a transaction of this ledger changed in
        it. False where nobody did. Raises ChainError where it shows the account as another ledger left it, or not at
        all.
        """
        asked = {"ledger_hash": at.hash.upper(), "transactions": True, "expand": True}
        ledger = self._call("ledger", asked).get("ledger")
        listed = ledger.get("transactions") if isinstance(ledger, dict) else None
        senders = dict.fromkeys(filter(None, map(self._sender, listed if isinstance(listed, list) else [])))
        failed: TransportError | None = None
        for sender in list(senders)[:CANARIES]:
            try:
                found = self._of_account("account_info", sender, at)
            except TransportError as error:
                failed = error
                continue
            account = found.get("account_data") if found is not None else None
            told = account.get("PreviousTxnLgrSeq") if isinstance(account, dict) else None
            what = f"{self.host}: account_info: {sender}: PreviousTxnLgrSeq"
            if (changed := numbers.height(told, what=what)) != at.height:
                raise ChainError(f"{what}: it changed in ledger {at.height:,}, and in {changed:,} as the answer says")
            return True
        if failed is not None:
            raise failed
        return False

    def _sender(self, transaction: Any) -> str:
        told = transaction.get("tx_json", transaction) if isinstance(transaction, dict) else {}
        if not isinstance(told, dict) or told.get("TransactionType") in NO_SENDERS:
            return ""
        try:
            return addresses.parse(self._network.network, str(told.get("Account"))).text
        except InvalidAddress:
            return ""

    # --- the server ---
    def _ledger(self, which: int | str) -> BlockRef:
        what, found = f"{self.host}: ledger {which}", self._call("ledger", {"ledger_index": which})
        ledger = found.get("ledger")
        if not isinstance(ledger, dict) or found.get("validated") is not True:
            raise ChainError(f"{what}: the answer is no validated ledger")
        height = numbers.height(found.get("ledger_index"), what=f"{what}: ledger_index")
        if height != numbers.height(ledger.get("ledger_index"), what=f"{what}: ledger_index"):
            raise BadAnswer(f"{what}: two heights in one answer")
        if isinstance(which, int) and height != which:
            raise ChainError(f"{what}: it gave {height:,}")
        name = hash_of(found.get("ledger_hash"), what=f"{what}: ledger_hash")
        if name != hash_of(ledger.get("ledger_hash"), what=f"{what}: ledger_hash"):
            raise BadAnswer(f"{what}: two hashes in one answer")
        seconds = numbers.whole(
            ledger.get("close_time"), what=f"{what}: close_time", most=numbers.LAST_SECOND - RIPPLE_EPOCH
        )
        return BlockRef(height, name, numbers.moment(seconds + RIPPLE_EPOCH, what=f"{what}: close_time"))

    def _check_kept(self, height: int) -> None:
        """Raises Unavailable where no range of complete ledgers holds a height: another server may."""
        told = self._info().get("complete_ledgers")
        if not isinstance(told, str) or not (told == "empty" or _RANGES.fullmatch(told)):
            raise BadAnswer(f"{self.host}: server_info: complete_ledgers {numbers.shown(told)} are no ranges")
        ranges = [part.partition("-") for part in told.split(",")] if told != "empty" else []
        if not any(int(low) <= height <= int(high or low) for low, _, high in ranges):
            raise Unavailable(f"{self.host}: it keeps the ledgers {told[:60]}, not {height:,}")

    @asked_once
    def _check_chain(self) -> None:
        """By the server's network id, which mainnet's own servers may leave out; then by an old ledger."""
        told = self._info().get("network_id")
        if told is None:
            check_chain(self._network, self.host, lambda height: self._ledger(height).hash)
        else:
            found = numbers.whole(told, what=f"{self.host}: server_info: network_id", most=2**32 - 1)
            check_id(self._network, self.host, found)

    def _info(self) -> dict[str, Any]:
        info = self._call("server_info", {}).get("info")
        if not isinstance(info, dict):
            raise BadAnswer(f"{self.host}: server_info: the answer is of another form")
        return info

    def _call(self, method: str, params: dict[str, Any]) -> dict[str, Any]:
        answer = self._http.post("/", {"method": method, "params": [params]})
        result = answer.get("result") if isinstance(answer, dict) else None
        if not isinstance(result, dict):
            raise BadAnswer(f"{self.host}: {method}: an answer without a result")
        return result


def _is_issued(amount: object) -> bool:
    """An amount of an issued currency or of a multi-purpose token: an object, where drops are text."""
    return isinstance(amount, dict) and type(amount.get("value")) is str and len(amount) > 1


class _NotShownError(ChainError):
    """An account is said not to be there, and neither the answer nor another shows of which ledger."""


class _AbsentError(ChainError):
    """The ledger does not hold the account."""

"""Stellar and Pi Network through Horizon. https://developers.stellar.org/docs/data/apis/horizon

Horizon tells the newest ledger's balances alone, and for each account and trust line the ledger that changed it last
(`last_modified_ledger`): what did not change after the snapshot's ledger held the same then. The header Latest-Ledger
says of which ledger an answer is; without it, or of an account that is there no more, a balance is the head's.

An account that is not there holds nothing: Horizon's own 404. It is a balance of the snapshot too, where the account's
transactions show that none came after it and Horizon's history reaches back so far.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from porlake import addresses, numbers, registry
from porlake.chains._answers import BlockRef, Reading, Unread, Wanted
from porlake.chains._by_account import ByAccount, parts
from porlake.chains._by_moment import HeadIsFinal
from porlake.chains._identity import hash_of
from porlake.chains._questions import OverHttp, asked_once, of_one_address
from porlake.chains._unchanged import unchanged
from porlake.chains.stellar.errors import ERRORS
from porlake.errors import BadAnswer, ChainError, NodeBehind, NotRecorded, Unavailable
from porlake.registry import Network
from porlake.transport import Answered, Endpoint, Http, Recording

IN_FLIGHT = 8
METHOD = "horizon_account"
DECIMALS, MOST_STROOPS = 7, 2**63 - 1
_AMOUNT = re.compile(r"[0-9]{1,12}\.[0-9]{7}")
_DIGITS = re.compile(r"[0-9]{1,10}")


def open_client(network: Network, endpoint: Endpoint | None, recording: Recording) -> Any:
    if _is_rpc(network, endpoint, recording):
        from porlake.chains.stellar.rpc import RpcClient

        return RpcClient(network, endpoint.plain if endpoint else None, recording)
    return Client(network, endpoint, recording)


def _is_rpc(network: Network, endpoint: Endpoint | None, recording: Recording) -> bool:
    """By the URL; a recording of Stellar RPC says so itself, for a replay has no URL."""
    if recording.replays:
        try:
            return bool(recording.answer(network.network, "is_rpc", None, "", lambda: False, once=True)[0])
        except NotRecorded:
            return False
    found = endpoint is not None and endpoint.kind == "rpc"
    return found and bool(recording.answer(network.network, "is_rpc", None, "", lambda: True, once=True)[0])


def check_passphrase(network: Network, host: str, passphrase: object) -> None:
    """Whether an endpoint is of the network: its id is the SHA-256 of its passphrase. Raises ChainError."""
    wanted = registry.load().identities[network.network].shows
    if not isinstance(passphrase, str) or "0x" + hashlib.sha256(passphrase.encode()).hexdigest() != wanted:
        raise ChainError(
            f"{host}: the endpoint is of another chain: its passphrase is {numbers.shown(passphrase)}, which is not "
            f"{network.name}'s"
        )


def _refused(host: str, path: str, answer: Any) -> None:
    """Problems by their `type` and `title`, RFC 7807. What is not there is for the caller to judge."""
    if not isinstance(answer, dict) or "type" not in answer or type(answer.get("status")) is not int:
        return
    kind = str(answer["type"]).rpartition("/")[2][:60]
    if answer["status"] >= 400:
        raise ERRORS.error(f"{host}: {kind} {str(answer.get('title'))[:80]}", answer["status"], kind)


class Client(HeadIsFinal, OverHttp, ByAccount):
    """Horizon."""

    in_flight = IN_FLIGHT
    unchanged_since = True

    def __init__(self, network: Network, endpoint: Endpoint | None, recording: Recording) -> None:
        place = of_one_address(endpoint)
        self._network, self._http = network, Http(network.network, place, recording, _refused)

    # --- ledgers ---
    def block(self, height: int) -> BlockRef:
        """Raises Unavailable for a ledger that Horizon's history does not hold, ChainError, TransportError."""
        self._check_chain()
        return self._ledger(height)

    def head(self) -> BlockRef:
        """The newest ledger: closed ledgers are final."""
        self._check_chain()
        found = self._http.ask("GET", "/ledgers?order=desc&limit=1").body
        return _block(_only(found, f"{self.host}: ledgers"), self.host)

    def ping(self) -> None:
        self._http.ask("GET", "/")

    # --- accounts ---
    def ready(self, at: BlockRef) -> None:
        self._head_for(at)

    @asked_once
    def _head_for(self, at: BlockRef) -> BlockRef:
        """The newest ledger before the first account of a block is asked about: what is read is of it, or newer."""
        return self.head()

    def read_account(self, want: Wanted, at: BlockRef) -> Sequence[Reading] | Unread:
        account = addresses.parse(self._network.network, want.address).text
        answer = self._http.ask("GET", f"/accounts/{quote(account, safe='')}", accept={404})
        head = self._head_of(answer, at)
        if answer.status == 404:
            return self._absent(want, account, at, head, answer)
        what, found = f"{self.host}: account", answer.body
        if not isinstance(found, dict) or found.get("account_id") != account:
            raise BadAnswer(f"{what}: the answer is of another account")
        changed = numbers.height(found.get("last_modified_ledger"), what=f"{what}: last_modified_ledger")
        line = self._line(found, want, what)
        if line is None:
            # A trust line that is there no more, or never was: making or removing one changes the account itself.
            return self._told(want, {}, 0, at, head, changed)
        balance = _stroops(line.get("balance"), f"{what}: balance")
        selling = _stroops(line.get("selling_liabilities", "0.0000000"), f"{what}: selling_liabilities")
        if selling > balance:
            raise BadAnswer(f"{what}: selling_liabilities are more than the balance")
        if want.token.kind != "native":
            changed = numbers.height(line.get("last_modified_ledger"), what=f"{what}: last_modified_ledger of a line")
        components = {"liquid": balance - selling, "selling_liabilities": selling}
        return self._told(want, components, balance, at, head, changed)

    def _line(self, account: dict[str, Any], want: Wanted, what: str) -> dict[str, Any] | None:
        lines = account.get("balances")
        if not isinstance(lines, list) or not all(isinstance(line, dict) for line in lines):
            raise BadAnswer(f"{what}: balances that are no list of objects")
        mine: list[dict[str, Any]] = [line for line in lines if line.get("asset_type") == "native"]
        if len(mine) != 1:
            raise BadAnswer(f"{what}: {len(mine)} native balances")
        if want.token.kind != "native":
            code, _, issuer = want.token.contract.partition(":")
            mine = [line for line in lines if (line.get("asset_code"), line.get("asset_issuer")) == (code, issuer)]
        if len(mine) > 1:
            raise BadAnswer(f"{what}: an asset that stands twice")
        return mine[0] if mine else None

    def _told(
        self,
        want: Wanted,
        components: dict[str, int],
        total: int,
        at: BlockRef,
        head: tuple[BlockRef, bool],
        changed: int | None,
        *,
        no_history: bool = False,
        answer: str = "",
    ) -> list[Reading]:
        block, is_shown = head
        if changed is not None and changed > block.height:
            raise BadAnswer(f"{self.host}: an account of ledger {block.height:,} that changed in {changed:,}")
        told = parts(want, components, block, "head", METHOD, self.host, total=total, no_history=no_history)
        if not is_shown:
            return told
        said = answer or f"last_modified_ledger {changed}"
        return [unchanged(reading, at, block, changed, said) for reading in told]

    def _absent(
        self, want: Wanted, account: str, at: BlockRef, head: tuple[BlockRef, bool], answer: Answered
    ) -> list[Reading]:
        """An account that is not there: it never was, or was merged into another one."""
        _check_not_found(answer, f"{self.host}: account")
        path = f"/accounts/{quote(account, safe='')}/transactions?order=desc&limit=1&include_failed=true"
        found = self._http.ask("GET", path, accept={404})
        what = f"{self.host}: transactions of an account"
        last, is_told = None, True
        if found.status == 404:  # of an account that never was
            _check_not_found(found, what)
        elif record := _only(found.body, what, none=True):
            if record.get("source_account") is None:
                raise BadAnswer(f"{what}: a record that is no transaction")
            last = numbers.height(record.get("ledger"), what=f"{what}: ledger")
        else:
            is_told = False
        block, is_shown = head
        reaches = self._check_chain() <= at.height + 1
        components = {"liquid": 0, "selling_liabilities": 0} if want.token.kind == "native" else {}
        return self._told(
            want, components, 0, at, (block, is_shown and reaches and is_told), last,
            no_history=found.status == 404, answer=f"404; last transaction in ledger {last or 'none'}",
        )  # fmt: skip

    def _head_of(self, answer: Answered, at: BlockRef) -> tuple[BlockRef, bool]:
        """(the ledger of an answer, whether the answer itself shows it); else the newest before the first question.
        Raises NodeBehind where it is older than the snapshot's.
        """
        told = answer.headers.get("latest-ledger", "")
        if not _DIGITS.fullmatch(told):
            return self._head_for(at), False
        height = int(told)
        if height < at.height:
            raise NodeBehind(f"{self.host}: an answer of ledger {height:,}, older than {at.height:,}")
        return self._ledger(height), True

    # --- the server ---
    @asked_once
    def _ledger(self, height: int) -> BlockRef:
        answer = self._http.ask("GET", f"/ledgers/{height}", accept={404})
        if answer.status == 404:
            raise Unavailable(f"{self.host}: it does not hold ledger {height:,}")
        found = _block(answer.body, self.host)
        if found.height != height:
            raise ChainError(f"{self.host}: asked for ledger {height:,}, it gave {found.height:,}")
        return found

    @asked_once
    def _check_chain(self) -> int:
        """The oldest ledger of its history, of a Horizon of the network. Raises ChainError, TransportError."""
        root = self._http.ask("GET", "/").body
        if not isinstance(root, dict):
            raise BadAnswer(f"{self.host}: the root is of another form")
        check_passphrase(self._network, self.host, root.get("network_passphrase"))
        return numbers.height(root.get("history_elder_ledger"), what=f"{self.host}: history_elder_ledger")


def _check_not_found(answer: Answered, what: str) -> None:
    """Raises BadAnswer for a 404 that is not Horizon's own word."""
    told = answer.body
    if not isinstance(told, dict) or not str(told.get("type")).endswith("/not_found") or told.get("status") != 404:
        raise BadAnswer(f"{what}: a 404 that is not Horizon's")


def _only(found: Any, what: str, *, none: bool = False) -> Any:
    """The one record of a page; None where there may be `none`. Raises BadAnswer."""
    embedded = found.get("_embedded") if isinstance(found, dict) else None
    records = embedded.get("records") if isinstance(embedded, dict) else None
    if none and records == []:
        return None
    if not isinstance(records, list) or len(records) != 1 or not isinstance(records[0], dict):
        raise BadAnswer(f"{what}: the answer is no page of one record")
    return records[0]


def _block(found: Any, host: str) -> BlockRef:
    what = f"{host}: a ledger"
    if not isinstance(found, dict):
        raise BadAnswer(f"{what} of another form")
    return BlockRef(
        numbers.height(found.get("sequence"), what=f"{what}: sequence"),
        hash_of(found.get("hash"), what=f"{what}: hash"),
        numbers.instant(found.get("closed_at"), what=f"{what}: closed_at"),
    )


def _stroops(value: object, what: str) -> int:
    """An amount as Horizon writes it: text, always with seven places."""
    if type(value) is not str or not _AMOUNT.fullmatch(value):
        raise BadAnswer(f"{what}: {numbers.shown(value)} is no amount with seven places")
    return numbers.base_units(value, what=what, scale=DECIMALS, most=MOST_STROOPS)

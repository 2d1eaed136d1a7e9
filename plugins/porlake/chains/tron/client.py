"""Tron through a full node's HTTP API, https://developers.tron.network/reference/background, or its JSON-RPC (a URL
that ends with /jsonrpc).

No API of java-tron tells a past state of tokens or of stakes: balances are those of the solidified head, `as_of =
head`, each with the block that was read (or that was solid before the first question, where the answer does not name
it). Only the liquid TRX of a past block is known, to nodes that keep it (`storage.balance.history.lookup`). A node that
does not keep it says 0, so one is believed after it has given the balance of an account that is known to have changed
in that very block.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from porlake import addresses, numbers
from porlake.addresses import tron as form
from porlake.chains import _questions as _alone
from porlake.chains._answers import BlockRef, Link, Reading, Stated, Transfer, Unread, Wanted
from porlake.chains._by_moment import BlocksByTime, block_at
from porlake.chains._columns import OneByOne
from porlake.chains._ethereum import block_of
from porlake.chains._identity import check_chain, check_id, hash_of
from porlake.chains._questions import OverHttp, OverRpc, asked_once, of_one_address
from porlake.chains.tron.calls import Reader, TokenBalance, asks_too_much, unhexed
from porlake.chains.tron.errors import ERRORS
from porlake.chains.tron.transfers import transfer
from porlake.errors import (
    BadAnswer,
    ChainError,
    InvalidAddress,
    NotRecorded,
    RequestFailed,
    TooBig,
    TransportError,
)
from porlake.registry import Network, Token
from porlake.transport import Endpoint, Http, JsonRpc, Recording

ACCOUNT, HISTORY = "walletsolidity_getaccount", "wallet_getaccountbalance"
METHODS = {
    "creation": "constant_creation",
    "multicall": "multicall3",
    "single": "walletsolidity_triggerconstantcontract",
}
RPC_METHODS = {"multicall": "multicall3", "single": "eth_call"}
IN_FLIGHT = 4
LARGEST = 10**38
MOST_SUN = 2**63 - 1  # fields of an account are protobuf's int64
CANARIES = 3
SOLID = 27  # blocks: each of the 27 that make them has then built on one
Found = TypeVar("Found")


def open_client(network: Network, endpoint: Endpoint | None, recording: Recording) -> Client | RpcClient:
    if _speaks_json_rpc(network, endpoint, recording):
        return RpcClient(network, JsonRpc(network.network, endpoint, recording, ERRORS))
    return Client(network, endpoint, recording)


def _speaks_json_rpc(network: Network, endpoint: Endpoint | None, recording: Recording) -> bool:
    """By the URL; a recording of JSON-RPC says so itself, for a replay has no URL."""
    if recording.replays:
        try:
            return bool(recording.answer(network.network, "json_rpc", None, "", lambda: False, once=True)[0])
        except NotRecorded:
            return False
    found = endpoint is not None and endpoint.url.rstrip("/").endswith("/jsonrpc")
    return found and bool(recording.answer(network.network, "json_rpc", None, "", lambda: True, once=True)[0])


def _refused(host: str, path: str, answer: Any) -> None:
    """java-tron and the servers before it say with HTTP 200 that they failed."""
    if not isinstance(answer, dict) or not ("Error" in answer or answer.get("success") is False):
        return
    said = str(answer.get("Error") or answer.get("error"))[:200]
    raise ERRORS.error(f"{host}: {path}: {said}", None, said)


@dataclass(frozen=True, slots=True)
class Keys:
    """Keys of a permission, by weight, and the weight that moves the account.
    https://developers.tron.network/docs/multi-signature
    """

    weights: Mapping[str, int]
    threshold: int

    def needed(self, owner: str) -> int:
        """How many of the keys, `owner` among them, suffice whichever the others are; one more than there are where
        none do.
        """
        weight = self.weights[owner]
        for count, more in enumerate(sorted(self.weights[key] for key in self.weights if key != owner), 1):
            if weight >= self.threshold:
                return count
            weight += more
        return len(self.weights) + (weight < self.threshold)


@dataclass(frozen=True, slots=True)
class Permissions:
    """`owner` may do everything with the account; each of `active` what it was given to do."""

    owner: Keys
    active: tuple[Keys, ...] = ()

    def every(self) -> tuple[Keys, ...]:
        return (self.owner, *self.active)


class Client(BlocksByTime, OverHttp, OneByOne):
    """A full node's HTTP API."""

    def __init__(self, network: Network, endpoint: Endpoint | None, recording: Recording) -> None:
        # Accounts are asked for one by one, and one that hangs shall not hold up the others for long; no call of
        # java-tron takes seconds.
        place = of_one_address(endpoint)
        self._network, self._http = network, Http(network.network, place, recording, _refused)
        self._reader = Reader(self, METHODS)
        self._receivers: dict[int, list[str]] = {}
        self._permissions: dict[str, Permissions] = {}

    def block(self, height: int) -> BlockRef:
        """Raises ChainError for a block that the node does not have, TransportError."""
        self._check_chain()
        answer = self._post("/wallet/getblockbynum", {"num": height})
        block = _block(answer, self._http.host, self._network)
        if block.height != height:
            raise ChainError(f"{self._http.host}: asked for block {height:,}, it gave {block.height:,}")
        self._receivers[height] = _canaries(self._network, answer)
        return block

    def head(self) -> BlockRef:
        """The newest block that can no longer be reversed."""
        self._check_chain()
        return _block(self._post("/walletsolidity/getnowblock", {}), self._http.host, self._network)

    def balances(self, wanted: Sequence[Wanted], at: BlockRef) -> Iterator[Reading | Unread]:
        """TRX in its components and their total; one reading for a token. Raises ChainError, TransportError.

        All that is asked for one block is of the head before the first question, or newer.
        """
        blocks = self._blocks(at)
        native, tokens = _parted(wanted)
        yield from self._trx(native, blocks.first, at)
        yield from _of_tokens(tokens, self._reader, self._network, self._http, blocks, at)

    @asked_once
    def _blocks(self, at: BlockRef) -> _Blocks:
        return _Blocks(self, self.head())

    def past(self, wanted: Sequence[Wanted], at: BlockRef) -> Iterator[Reading]:
        """The liquid TRX at a past block, where the node shows that it knows it; nothing for what it may not know.

        An account without a trace reads like one that was emptied in the very block: such a zero says nothing.
        """
        native, _ = _parted(wanted)
        if not native or not self._remembers(at):
            return
        for want, found in zip(native, self._histories([want.address for want in native], at), strict=True):
            if isinstance(found, TransportError | ChainError):
                continue  # the head's balance stands in its place
            raw, changed = found
            if raw or changed < at.height:
                yield Reading(want.asset, want.address, "liquid", raw, at, "exact", HISTORY, self._http.host)

    def permissions(self, accounts: Sequence[str]) -> Iterator[tuple[str, Permissions]]:
        """Whose keys move each account now; none of an account that the endpoint does not tell. Raises ChainError,
        TransportError.
        """
        unknown = [account for account in accounts if account not in self._permissions]
        for account, found in zip(
            unknown,
            self._accounts(unknown, lambda account: self._permissions_of(account, self._account(account))),
            strict=True,
        ):
            if isinstance(found, Permissions):
                self._permissions[account] = found
        for account in accounts:
            if account in self._permissions:
                yield account, self._permissions[account]

    # --- owners ---
    of_signers = True

    @property
    def owner_network(self) -> str:
        return self._network.network

    def owner_links(self, accounts: Sequence[Stated], at: BlockRef) -> Iterator[Link]:
        """Whose keys move each account now: it is named after a key, but its owner permission may have been given to
        other keys, or to several. Raises ChainError, TransportError.
        """
        height = self.head().height
        permissions = dict(self.permissions([account.address for account in accounts]))
        for account in accounts:
            if account.address in permissions:
                for owner in account.owners:
                    yield _link(account.address, owner, permissions[account.address], height, self.host)

    # --- TRX ---
    def _trx(self, wants: list[Wanted], read: BlockRef, at: BlockRef) -> Iterator[Reading | Unread]:
        exact = {reading.address: reading for reading in self.past(wants, at)}
        answers = self._accounts([want.address for want in wants], self._parts_and_permissions)
        for want, found in zip(wants, answers, strict=True):
            if isinstance(found, TransportError | ChainError):
                yield Unread(want.asset, want.address, _alone.reason_of(found))
                continue
            parts, self._permissions[want.address] = found
            if parts and min(parts.values()) < 0:  # the account that burnt coins are booked on
                yield Unread(want.asset, want.address, "negative_balance")
                continue
            known = parts or dict.fromkeys(("liquid", "frozen", "delegated", "unstaking"), 0)
            for component, raw in (*known.items(), ("total", sum(known.values()))):
                reading = Reading(
                    want.asset,
                    want.address,
                    component,
                    raw,
                    read,
                    "head",
                    ACCOUNT,
                    self._http.host,
                    no_history=not parts,
                )
                yield exact.get(want.address, reading) if component == "liquid" and parts else reading

    def _accounts(
        self, accounts: Sequence[str], read: Callable[[str], Found]
    ) -> Iterator[Found | TransportError | ChainError]:
        """What `read` makes of each account, or the error that it costs."""
        return _alone.one_by_one(accounts, read, self.ping, IN_FLIGHT)

    def _parts_and_permissions(self, account: str) -> tuple[dict[str, int], Permissions]:
        """(sun by component, {} where nobody ever used the account; whose keys move it)."""
        found = self._account(account)
        return self._components(found) if found else {}, self._permissions_of(account, found)

    def _account(self, account: str) -> dict[str, Any]:
        path = "/walletsolidity/getaccount"
        found = self._post(path, {"address": account, "visible": True})
        if found and found.get("address") != account:
            raise ChainError(
                f"{self._http.host}: {path}: asked for {account}, it gave {str(found.get('address'))[:60]}"
            )
        return found

    def _components(self, account: dict[str, Any]) -> dict[str, int]:
        """Sun by component. Fields that are zero are left out, and an account that nobody used is `{}`; acquired_* is
        other people's.

        Stakes of the first kind stand in `frozen`, `tron_power` and `frozen_balance_for_energy`, of the second in
        `frozenV2`; rewards that were not fetched (`allowance`) are no holding yet.
        """
        try:
            resource = account.get("account_resource", {})
            frozen = [entry.get("frozen_balance", 0) for entry in account.get("frozen", [])]
            frozen += [
                part.get("frozen_balance", 0)
                for part in (resource.get("frozen_balance_for_energy", {}), account.get("tron_power", {}))
            ]
            frozen += [entry.get("amount", 0) for entry in account.get("frozenV2", [])]
            delegated = [
                account.get(name, 0)
                for name in ("delegated_frozen_balance_for_bandwidth", "delegated_frozenV2_balance_for_bandwidth")
            ]
            delegated += [
                resource.get(name, 0)
                for name in ("delegated_frozen_balance_for_energy", "delegated_frozenV2_balance_for_energy")
            ]
            parts = {
                "liquid": [account.get("balance", 0)],
                "frozen": frozen,
                "delegated": delegated,
                "unstaking": [entry.get("unfreeze_amount", 0) for entry in account.get("unfrozenV2", [])],
            }
        except (AttributeError, TypeError) as error:
            raise BadAnswer(
                f"{self._http.host}: getaccount: a field is not of the form that the method defines"
            ) from error
        what = f"{self._http.host}: getaccount: an amount"
        numbers_of = {
            # Burnt coins are booked on an account as a liquid balance below zero; a stake below zero is none.
            component: [
                numbers.whole(raw, what=what, least=-MOST_SUN - 1 if component == "liquid" else 0, most=MOST_SUN)
                for raw in values
            ]
            for component, values in parts.items()
        }
        return {component: sum(values) for component, values in numbers_of.items()}

    # --- TRX at a past block ---
    @asked_once
    def _remembers(self, at: BlockRef) -> bool:
        """Whether the node tells what somebody who received TRX in this block held at its end."""
        canaries = self._receivers.get(at.height, [])
        # Nodes without the method refuse all of them, as do those that answer for the newest blocks only.
        known = [found for found in self._histories(canaries, at) if isinstance(found, tuple)]
        return any(raw > 0 and changed == at.height for raw, changed in known)

    def _histories(
        self, accounts: Sequence[str], at: BlockRef
    ) -> Iterator[tuple[int, int] | TransportError | ChainError]:
        """(sun at the end of block `at`, the block in which it last changed), or the error that an account costs."""
        path, block = "/wallet/getaccountbalance", {"hash": at.hash, "number": at.height}

        def read(account: str) -> tuple[int, int]:
            question = {"account_identifier": {"address": account}, "block_identifier": block, "visible": True}
            found, what = (
                self._object(path, self._http.post(path, question)),
                f"{self._http.host}: {path}: at block {at.height:,}",
            )
            named = found.get("block_identifier", {})
            if not isinstance(named, dict):
                raise BadAnswer(f"{what}: no block")
            changed = numbers.whole(named.get("number", 0), what=what, most=at.height)
            return numbers.whole(found.get("balance", 0), what=what, most=MOST_SUN), changed

        return self._accounts(accounts, read)

    # --- permissions ---
    def _permissions_of(self, account: str, found: dict[str, Any]) -> Permissions:
        """An account whose permissions nobody set is its own key's."""
        own = Keys({account: 1}, 1)
        try:
            owner = self._keys(found["owner_permission"]) if "owner_permission" in found else own
            return Permissions(owner, tuple(self._keys(entry) for entry in found.get("active_permission", [])))
        except (KeyError, TypeError, AttributeError, InvalidAddress) as error:
            raise BadAnswer(
                f"{self._http.host}: getaccount: permissions that are not of the form that the method defines"
            ) from error

    def _keys(self, permission: Mapping[str, Any]) -> Keys:
        what = f"{self._http.host}: getaccount: the weight of a key"
        weights = {
            self._address(key["address"]): numbers.whole(key.get("weight", 0), what=what, most=MOST_SUN)
            for key in permission.get("keys", [])
        }
        return Keys(weights, numbers.whole(permission.get("threshold", 0), what=what, most=MOST_SUN))

    def _address(self, text: str) -> str:
        return addresses.parse(self._network.network, text).text

    def transfer(self, transaction: str, token: Token, sender: str, recipient: str) -> Transfer | None:
        """What a transaction moved of a token from one account to another; None where the solidified chain holds no
        such transaction. Raises ChainError, TransportError.
        """
        return transfer(self._post, self.block, self.host, transaction, token, sender, recipient)

    def ping(self) -> None:
        """Raises TransportError where no endpoint answers."""
        self._post("/walletsolidity/getnowblock", {})

    # --- constant calls: what the reader of tokens asks ---
    def creation(self, code: bytes) -> bytes:
        data, reverted = self._constant({"data": code.hex()})
        if not reverted:
            raise RequestFailed(f"{self.host}: a simulated creation ended without its REVERT")
        return data

    def call(self, contract: bytes, data: bytes) -> bytes:
        return self._called({"contract_address": self._text(contract), "data": data.hex()})

    def single(self, token: bytes, account: bytes) -> bytes:
        parameter = account.rjust(32, b"\0").hex()
        question = {
            "contract_address": self._text(token),
            "function_selector": "balanceOf(address)",
            "parameter": parameter,
        }
        return self._called(question | {"owner_address": self._text(account)})

    def _called(self, question: dict[str, Any]) -> bytes:
        data, reverted = self._constant(question)
        if reverted:
            raise RequestFailed(f"{self.host}: the contract reverted")
        return data

    def _constant(self, question: dict[str, Any]) -> tuple[bytes, bool]:
        """(data, whether it came by a REVERT). A call that fails otherwise raises: TooBig where it took too long or too
        much energy.
        """
        path = "/walletsolidity/triggerconstantcontract"
        answer = self._post(path, {"owner_address": self._text(bytes(20)), "visible": True} | question)
        try:
            result, marks = (
                answer.get("result", {}),
                [entry.get("ret") for entry in answer.get("transaction", {}).get("ret", [])],
            )
            message = _message_text(result.get("message", ""))
            found = (answer.get("constant_result") or [""])[0]
            reverted = any(mark not in (None, "SUCCESS", "SUCESS") for mark in marks)
            refused = (
                bool(result.get("code")) or result.get("result") is not True or (reverted and "REVERT" not in message)
            )
        except (AttributeError, TypeError, LookupError) as error:
            raise BadAnswer(f"{self.host}: {path}: the answer is not of the form that the method defines") from error
        if refused and asks_too_much(message):
            raise TooBig(f"{self.host}: {path}: {message[:200]}")
        if refused:
            raise RequestFailed(f"{self.host}: {path}: {message[:200] or result.get('code')}")
        return unhexed(found, f"{self.host}: {path}"), reverted

    def _text(self, account: bytes) -> str:
        return form.of(self._network.network, account).text

    # --- questions ---
    @asked_once
    def _check_chain(self) -> None:
        """By the first block; Tron's chain id is the end of its hash."""
        check_chain(self._network, self._http.host, self._id_at)

    def _id_at(self, height: int) -> str:
        path = "/wallet/getblockbynum"
        return hash_of(self._post(path, {"num": height}).get("blockID"), what=f"{self._http.host}: {path}")

    def _post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        return self._object(path, self._http.post(path, body))

    def _object(self, path: str, answer: Any) -> dict[str, Any]:
        if not isinstance(answer, dict):
            raise BadAnswer(f"{self._http.host}: {path}: the answer is no object")
        return answer


class RpcClient(OverRpc, OneByOne):
    """The JSON-RPC of a full node: tokens at the latest block. It tells liquid TRX and no stakes, so TRX is not read
    through it.
    """

    def __init__(self, network: Network, rpc: JsonRpc) -> None:
        self._network, self._rpc = network, rpc
        self._reader = Reader(self, RPC_METHODS)

    def block(self, height: int) -> BlockRef:
        """Raises ChainError where the endpoint is of another chain or gives another block, TransportError."""
        block = self._named(hex(height))
        if block.height != height:
            raise ChainError(f"{self._rpc.host}: asked for block {height:,}, it gave {block.height:,}")
        return block

    def head(self) -> BlockRef:
        """The latest block; it may still be reversed."""
        return self._named("latest")

    def block_at(self, moment: datetime) -> BlockRef:
        """The last block of that moment or before it that is SOLID below the head. Raises NotFinal, ChainError,
        TransportError.
        """
        return block_at(self._network, moment, self.block(max(0, self.head().height - SOLID)), self.block)

    def balances(self, wanted: Sequence[Wanted], at: BlockRef) -> Iterator[Reading | Unread]:
        native, tokens = _parted(wanted)
        for want in native:
            yield Unread(want.asset, want.address, "json_rpc_shows_no_stakes")
        yield from _of_tokens(tokens, self._reader, self._network, self._rpc, self._blocks(at), at)

    @asked_once
    def _blocks(self, at: BlockRef) -> _Blocks:
        return _Blocks(self, self.head())

    def ping(self) -> None:
        self._rpc.call("eth_blockNumber", [])

    def creation(self, code: bytes) -> bytes:
        raise RequestFailed(f"{self.host}: eth_call without a contract is not served: {len(code)} bytes")

    def call(self, contract: bytes, data: bytes) -> bytes:
        # java-tron takes a block as an object too, and then reads the latest state all the same.
        question = [{"to": "0x" + contract.hex(), "data": "0x" + data.hex()}, "latest"]
        try:
            return unhexed(self._rpc.call("eth_call", question), f"{self.host}: eth_call")
        except RequestFailed as error:
            if asks_too_much(str(error)):
                raise TooBig(str(error)) from error
            raise

    def single(self, token: bytes, account: bytes) -> bytes:
        return self.call(token, bytes.fromhex("70a08231") + account.rjust(32, b"\0"))

    def _named(self, name: str) -> BlockRef:
        self._check_chain()
        answer = self._rpc.call("eth_getBlockByNumber", [name, False])
        return block_of(answer, f"{self._rpc.host}: block {name} of {self._network.name}", prefix="")

    @asked_once
    def _check_chain(self) -> None:
        check_id(self._network, self._rpc.host, self._rpc.call("eth_chainId", []))


def _link(account: str, signer: str, permissions: Permissions, height: int, source: str) -> Link:
    """`holds`: the signer is among the keys. A key that has an active permission alone may do what it was given to do,
    and the owner may end that.
    """
    relation, keys = "owner_permission", permissions.owner
    if signer not in keys.weights:
        active = next((found for found in permissions.active if signer in found.weights), None)
        relation, keys = ("active_permission", active) if active is not None else (relation, keys)
    holds = signer in keys.weights
    return Link(
        address=account,
        owner=signer,
        relation=relation,
        holds=holds,
        threshold=keys.needed(signer) if holds else None,
        owner_count=len(keys.weights),
        answer=_shown(permissions),
        method=ACCOUNT,
        source=source,
        height=height,
    )


def _shown(permissions: Permissions) -> str:
    """`2 of T..:1,T..:1`: the weight that is needed and the keys with theirs; active permissions behind it."""
    shown = [
        f"{keys.threshold} of " + ",".join(f"{key}:{keys.weights[key]}" for key in sorted(keys.weights))
        for keys in permissions.every()
    ]
    return "; active ".join(shown)


# --- what both have in common -----------------------------------------------------------------------------------------
class _Blocks:
    """The blocks that calls were answered from, asked for once each."""

    def __init__(self, client: Client | RpcClient, read: BlockRef) -> None:
        self._client, self.first = client, read

    def of(self, number: int | None) -> BlockRef:
        return self.first if number is None or number == self.first.height else self._asked(number)

    @asked_once
    def _asked(self, number: int) -> BlockRef:
        return self._client.block(number)


def _of_tokens(
    tokens: Mapping[Token, list[Wanted]],
    reader: Reader,
    network: Network,
    asked: Http | JsonRpc,
    blocks: _Blocks,
    at: BlockRef,
) -> Iterator[Reading | Unread]:
    for token, wants in tokens.items():
        contract = addresses.parse(network.network, token.contract).payload
        accounts = [addresses.parse(network.network, want.address).payload for want in wants]
        for want, held in zip(wants, reader.balances(contract, accounts), strict=True):
            yield _answer(want, held, blocks, at, asked.host)


def _answer(want: Wanted, held: TokenBalance, blocks: _Blocks, at: BlockRef, host: str) -> Reading | Unread:
    if held.raw is None:
        return Unread(want.asset, want.address, held.reason)
    if held.raw >= LARGEST:
        return Unread(want.asset, want.address, "balance_too_large")
    read = blocks.of(held.number)
    # Exact only where the answer itself names its block: the block before the first question says nothing about what
    # came after it.
    as_of = "exact" if held.number is not None and read.hash == at.hash else "head"
    return Reading(want.asset, want.address, "total", held.raw, read, as_of, held.method, host)


def _parted(wanted: Sequence[Wanted]) -> tuple[list[Wanted], dict[Token, list[Wanted]]]:
    tokens: dict[Token, list[Wanted]] = defaultdict(list)
    for want in wanted:
        if want.token.kind != "native":
            tokens[want.token].append(want)
    return [want for want in wanted if want.token.kind == "native"], tokens


def _message_text(message: object) -> str:
    """A message is text where addresses are (`visible`), else the hex of its text."""
    text = str(message)
    try:
        return bytes.fromhex(text).decode("utf-8", errors="replace") or text
    except ValueError:
        return text


def _canaries(network: Network, block: dict[str, Any]) -> list[str]:
    """Accounts that were sent TRX in a block and sent nothing in it. None where the block is not as expected: then no
    history is believed.
    """
    try:
        contracts = [contract for transaction in block.get("transactions", []) for contract in _succeeded(transaction)]
        values = [(contract["type"], contract["parameter"]["value"]) for contract in contracts]
        sent = {value["owner_address"] for _, value in values}
        paid = [(value, value.get("amount", 0)) for kind, value in values if kind == "TransferContract"]
        received = [value["to_address"] for value, amount in paid if type(amount) is int and amount > 0]
        found = dict.fromkeys(addresses.parse(network.network, text).text for text in received if text not in sent)
    except (KeyError, TypeError, AttributeError, InvalidAddress):
        return []
    return list(found)[:CANARIES]


def _succeeded(transaction: dict[str, Any]) -> list[dict[str, Any]]:
    failed = any(entry.get("contractRet", "SUCCESS") != "SUCCESS" for entry in transaction.get("ret", []))
    return [] if failed else transaction["raw_data"]["contract"]


def _block(answer: dict[str, Any], host: str, network: Network) -> BlockRef:
    what = f"{host}: a block of {network.name}"
    try:
        header = answer["block_header"]["raw_data"]
        number, thousandths, name = header.get("number", 0), header["timestamp"], answer["blockID"]
    except (LookupError, TypeError, AttributeError) as error:
        raise ChainError(f"{host}: {network.name}: no such block") from error
    moment = numbers.moment(thousandths, what=what, per_second=1_000)
    return BlockRef(numbers.height(number, what=what), hash_of(name, what=what), moment)

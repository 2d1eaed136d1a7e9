"""Ethereum validators through a beacon node's API. https://ethereum.github.io/beacon-APIs/

A report names a block of the execution layer; the state of the slot in which that block stands is asked. The beacon
block of the slot must hold that execution block, so that both layers speak of one moment. Balances are gwei:
`validator` is all of it, `effective` what counts as stake (a published 32 is that), `total` the first of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

from porlake import numbers, registry
from porlake.chains._answers import BlockRef, Link, Reading, Stated, Unread, Wanted
from porlake.chains._columns import OneByOne
from porlake.chains._family import Beside
from porlake.chains._questions import MOST, OverHttp, asked_once, reason_of
from porlake.errors import (
    BadAnswer,
    ChainError,
    ConfigurationError,
    RateLimited,
    RequestFailed,
    TooBig,
    TransportError,
    Unavailable,
)
from porlake.registry import Network
from porlake.transport import Endpoint, Http, Recording

METHOD = "beacon_validators"
SLOT = 12  # seconds
CHUNK = 8_000  # an answer is about 500 bytes a validator
CHUNK_OF_GET = 64  # the standard's limit of ids in a query

_HASH = re.compile(r"0x[0-9a-f]{64}")
MOST_GWEI = 2**64 - 1
# EIP-4895 and EIP-7251: withdrawals go to an account of the execution layer
_WITHDRAWS_TO = re.compile(r"0x0[12]0{22}([0-9a-f]{40})")


@runtime_checkable
class Pods(Protocol):
    def pod_owners(self, pods: Sequence[str], at: BlockRef) -> dict[str, str | None]: ...


@dataclass(frozen=True, slots=True)
class Validator:
    """A validator in a state; amounts in gwei."""

    pubkey: str
    balance: int
    effective: int
    credentials: str
    status: str

    @property
    def withdraws_to(self) -> str | None:
        """The account that its withdrawals go to; None while a key of the beacon chain still holds them (credentials
        0x00).
        """
        match = _WITHDRAWS_TO.fullmatch(self.credentials)
        return "0x" + match[1] if match else None


def open_client(
    network: Network, endpoint: Endpoint | None, recording: Recording, execution: Beside | None = None
) -> Client:
    return Client(network, Http(network.network, endpoint, recording), execution)


EIGENLAYER = "eigenlayer"


class Client(OverHttp, OneByOne):
    """`execution`: whoever asks the execution layer, whose blocks a report names."""

    def __init__(self, network: Network, http: Http, execution: Beside | None) -> None:
        self._network, self._http, self._execution = network, http, execution
        self._found: dict[tuple[int, str], Validator | None] = {}
        self._failed: dict[tuple[int, str], TransportError] = {}
        self._by_get = False

    def block(self, height: int) -> BlockRef:
        """The block of the execution layer, its slot found and checked. Raises ConfigurationError, ChainError,
        TransportError.
        """
        if self._execution is None:
            raise ConfigurationError(
                f"{self._network.name}: heights are blocks of Ethereum: an endpoint of ethereum is needed beside the "
                f"beacon node"
            )
        at: BlockRef = self._execution.ask(lambda client: client.block(height))
        self._slot(at)
        return at

    def head(self) -> BlockRef:
        """The newest beacon block; its height is its slot."""
        genesis = self._time_of_genesis()
        data = self._data("/eth/v1/beacon/headers/head", self._http.get("/eth/v1/beacon/headers/head"), final=False)
        try:
            slot_text, root = data["header"]["message"]["slot"], str(data["root"])
        except (LookupError, TypeError) as error:
            raise BadAnswer(f"{self.host}: the head is no beacon header") from error
        slot = numbers.height(slot_text, what=f"{self.host}: the head's slot")
        return BlockRef(slot, root, numbers.moment(genesis + SLOT * slot, what=f"{self.host}: the head's time"))

    def balances(self, wanted: Sequence[Wanted], at: BlockRef) -> Iterator[Reading | Unread]:
        """A validator in its components. Raises ChainError, TransportError."""
        found, slot = self.validators([want.address for want in wanted], at), self._slot(at)
        for want in wanted:
            validator = found.get(want.address)
            if validator is None:
                failed = self._failed.get((slot, want.address))
                yield Unread(want.asset, want.address, reason_of(failed) if failed else "validator_unknown")
                continue
            for component, raw in (
                ("validator", validator.balance),
                ("effective", validator.effective),
                ("total", validator.balance),
            ):
                yield Reading(want.asset, want.address, component, raw, at, "exact", METHOD, self.host)

    def validators(self, pubkeys: Sequence[str], at: BlockRef) -> dict[str, Validator | None]:
        """The validators in the state after a block of the execution layer; None for a key that the state does not
        know.

        A key that is not known is never zero: its deposit may still wait. One that the node refuses or garbles is left
        out. Raises ChainError, TransportError.
        """
        slot = self._slot(at)
        missing = sorted({key for key in pubkeys if (slot, key) not in self._found and (slot, key) not in self._failed})
        for start in range(0, len(missing), CHUNK):
            self._ask(missing[start : start + CHUNK], slot)
        if self._failed and not any(key[0] == slot for key in self._found):
            raise next(iter(self._failed.values()))  # what is wrong with every key is wrong with the node
        return {key: self._found[slot, key] for key in pubkeys if (slot, key) in self._found}

    of_signers, owner_network = False, "ethereum"

    def owner_links(self, accounts: Sequence[Stated], at: BlockRef) -> Iterator[Link]:
        """Native staking: withdrawals go to the owner. EigenLayer: they go to a pod, which names the owner. Raises
        ConfigurationError, ChainError, TransportError.
        """
        found = self.validators([account.address for account in accounts], at)
        accounts = [account for account in accounts if account.address in found]  # of the others the node says nothing
        targets = {
            account.address: validator.withdraws_to if (validator := found[account.address]) else None
            for account in accounts
        }
        pods = sorted(
            {pod for account in accounts if account.holding == EIGENLAYER and (pod := targets[account.address])}
        )
        owners_of = self._pod_owners(pods, at) if pods else {}
        for account in accounts:
            validator, target = found[account.address], targets[account.address]
            credentials = validator.credentials if validator else "no such validator"
            pod_owner = owners_of.get(target or "")
            for owner in account.owners:
                by_pod = account.holding == EIGENLAYER and owner != target and pod_owner is not None
                yield Link(
                    address=account.address,
                    owner=owner,
                    relation="pod_owner" if by_pod else "withdrawal_credentials",
                    holds=owner == (pod_owner if by_pod else target),
                    threshold=1,
                    owner_count=1,
                    answer=f"{credentials} {pod_owner}" if by_pod else credentials,
                    method=f"{METHOD} eth_call podOwner()" if by_pod else METHOD,
                    source=self.host,
                )

    def _pod_owners(self, pods: list[str], at: BlockRef) -> dict[str, str | None]:
        def ask(client: object) -> dict[str, str | None]:
            if isinstance(client, Pods):
                return client.pod_owners(pods, at)
            raise ConfigurationError("ethereum: its client does not tell the owners of EigenPods")

        if self._execution is None:
            raise ConfigurationError("ethereum: no endpoint is configured, and the owners of EigenPods stand there")
        return self._execution.ask(ask)

    @asked_once
    def _time_of_genesis(self) -> int:
        """The time of slot 0 of the network. Raises ChainError where the endpoint is of another one."""
        path, wanted = "/eth/v1/beacon/genesis", registry.load().identities[self._network.network].shows
        data = self._data(path, self._http.get(path))
        try:
            root, genesis = str(data["genesis_validators_root"]).lower(), data["genesis_time"]
        except (LookupError, TypeError) as error:
            raise BadAnswer(f"{self.host}: {path}: the answer is no genesis") from error
        if root != wanted:
            raise ChainError(
                f"{self.host}: the endpoint is of another chain: its validators' root is {root[:66]}, "
                f"{self._network.name}'s {wanted}"
            )
        return numbers.whole(genesis, what=f"{self.host}: {path}", most=numbers.LAST_SECOND)

    @asked_once
    def _slot(self, at: BlockRef) -> int:
        """The slot whose beacon block holds a block of the execution layer. Raises ChainError."""
        slot, rest = divmod(round(at.time.timestamp()) - self._time_of_genesis(), SLOT)
        if rest or slot < 0:
            raise ChainError(
                f"{self._network.name}: block {at.height:,} stands in no slot: it is older than the beacon chain, or "
                f"of another chain"
            )
        path = f"/eth/v2/beacon/blocks/{slot}"
        data = self._data(path, self._http.get(path))
        try:
            message = data["message"]
            held, slot_text = message["body"]["execution_payload"]["block_hash"], message["slot"]
        except (LookupError, TypeError) as error:
            raise BadAnswer(f"{self.host}: {path}: the answer is no beacon block with an execution block") from error
        found = numbers.height(slot_text, what=f"{self.host}: {path}: slot")
        if found != slot or held != at.hash:
            raise ChainError(
                f"{self.host}: slot {slot:,} of {self._network.name} does not hold block {at.height:,} of the "
                f"execution layer"
            )
        return slot

    def _ask(self, pubkeys: list[str], slot: int) -> None:
        """A question that fails is halved, down to the validator whose matter it is. Raises TransportError where the
        node answers nobody.
        """
        try:
            found = self._get(pubkeys, slot) if self._by_get else self._post(pubkeys, slot)
        except (BadAnswer, Unavailable):
            raise  # the node's, or of the whole state
        except TransportError as error:
            if reason_of(error) != "refused_by_server":
                # raises where the endpoint no longer answers
                self._data("/eth/v1/beacon/genesis", self._http.get("/eth/v1/beacon/genesis"))
            if len(pubkeys) > 1:
                for half in (pubkeys[: len(pubkeys) // 2], pubkeys[len(pubkeys) // 2 :]):
                    self._ask(half, slot)
                return
            self._failed[slot, pubkeys[0]] = error
            if len(self._failed) >= MOST and len(self._failed) > len(self._found):
                raise
            return
        for key in pubkeys:
            if (slot, key) not in self._failed:
                self._found[slot, key] = found.get(key)

    def _post(self, pubkeys: list[str], slot: int) -> dict[str, Validator]:
        path = f"/eth/v1/beacon/states/{slot}/validators"
        try:
            # An empty list would mean all validators there are.
            return self._validators_of(path, self._http.post(path, {"ids": pubkeys}), pubkeys, slot)
        except (TooBig, RateLimited):
            raise
        except TransportError as error:
            # Older nodes have the query form only, and say so in many ways.
            try:
                found = self._get(pubkeys[:CHUNK_OF_GET], slot)
            except TransportError:
                raise error from None
            self._by_get = True
            return found | self._get(pubkeys[CHUNK_OF_GET:], slot)

    def _get(self, pubkeys: list[str], slot: int) -> dict[str, Validator]:
        found: dict[str, Validator] = {}
        for start in range(0, len(pubkeys), CHUNK_OF_GET):
            asked = pubkeys[start : start + CHUNK_OF_GET]
            path = f"/eth/v1/beacon/states/{slot}/validators?id={','.join(asked)}"
            found |= self._validators_of(path.partition("?")[0], self._http.get(path), asked, slot)
        return found

    def _validators_of(self, path: str, answer: Any, asked: list[str], slot: int) -> dict[str, Validator]:
        """The validators of an answer by their keys: nodes leave out keys that they do not know and answer in any
        order.

        An entry that tells its key and nothing else that holds is that key's failure.
        """
        data, wanted, found = self._data(path, answer), set(asked), dict[str, Validator]()
        if not isinstance(data, list):
            raise BadAnswer(f"{self.host}: {path}: the answer is no list of validators")
        seen = set[str]()
        for entry in data:
            key = self._key(path, entry)
            if key not in wanted or key in seen:
                raise BadAnswer(f"{self.host}: {path}: a validator that was not asked for, or one that stands twice")
            seen.add(key)
            try:
                found[key] = self._validator(path, key, entry)
            except BadAnswer as error:
                self._failed[slot, key] = error
        return found

    def _key(self, path: str, entry: Any) -> str:
        try:
            return str(entry["validator"]["pubkey"].lower())
        except (LookupError, TypeError, AttributeError) as error:
            raise BadAnswer(f"{self.host}: {path}: an entry that is no validator") from error

    def _validator(self, path: str, key: str, entry: Any) -> Validator:
        what, inner = f"{self.host}: {path}: validator {key[:20]}", entry["validator"]
        try:
            credentials, fields = (
                inner["withdrawal_credentials"].lower(),
                (entry["balance"], inner["effective_balance"], entry["status"]),
            )
        except (LookupError, TypeError, AttributeError) as error:
            raise BadAnswer(f"{what}: an entry that is no validator") from error
        if not _HASH.fullmatch(credentials):
            raise BadAnswer(f"{what}: {numbers.shown(credentials)} are no withdrawal credentials")
        balance, effective = (numbers.whole(gwei, what=what, most=MOST_GWEI) for gwei in fields[:2])
        return Validator(key, balance, effective, credentials, str(fields[2]))

    def _data(self, path: str, answer: Any, *, final: bool = True) -> Any:
        """The `data` of an answer. Raises TransportError by the error's code, ChainError for a state that may still
        change.
        """
        if not isinstance(answer, dict):
            raise BadAnswer(f"{self.host}: {path}: the answer is no object")
        if "data" not in answer:
            raise _error(f"{self.host}: {path}: {str(answer.get('message', ''))[:200]}", answer.get("code"))
        if answer.get("execution_optimistic") is True:
            raise ChainError(
                f"{self.host}: {path}: the node has not checked this block itself yet (execution_optimistic)"
            )
        if final and answer.get("finalized") is False:
            raise ChainError(f"{self.host}: {path}: not final yet: it may still change")
        return answer["data"]


def _error(text: str, code: Any) -> TransportError:
    """Nodes answer errors as {"code": ..., "message": ...}, the code being HTTP's, some as text."""
    status = int(code) if isinstance(code, int | str) and str(code).isdecimal() else 0
    text = f"{text} ({status})"
    if status == 404:
        return Unavailable(text)
    if status == 429:
        return RateLimited(text)
    if status in (413, 414):
        return TooBig(text)
    if status >= 500:
        return TransportError(text)
    return RequestFailed(text, status) if status else BadAnswer(text)

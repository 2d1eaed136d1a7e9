"""A chain of the Cosmos SDK through the REST gateway of its nodes. https://docs.cosmos.network/api

A question is of the height that the header x-cosmos-block-height names, and the answer says in a header of its own of
which height it is: without that nothing is believed. There are nodes and proxies that repeat the height and read the
newest state all the same, so that before the first balance an account that changes with every block must hold other
coins than at the head, and the chain must know the denomination.

Coins that vest lie within the bank's balance; delegated and unbonding ones do not. Rewards that were not withdrawn are
no holding.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import quote, urlencode

from porlake import numbers, registry
from porlake.addresses import bech32 as form
from porlake.chains._answers import BlockRef, Outcome, Reading, Unread, Wanted
from porlake.chains._by_account import ByAccount, parts
from porlake.chains._by_moment import block_at
from porlake.chains._identity import check_id
from porlake.chains._questions import asked_once
from porlake.chains.cosmos import commit, proofs
from porlake.chains.cosmos.errors import ERRORS
from porlake.chains.cosmos.header import Header, block_hash, header_of
from porlake.encoding.hashes import sha256
from porlake.errors import BadAnswer, ChainError, NodeBehind, ProofFails, TransportError
from porlake.registry import Network, Token
from porlake.transport import Answered, Endpoint, Http, Recording
from porlake.transport.ordered import in_order

BANK, STAKING = "/cosmos/bank/v1beta1", "/cosmos/staking/v1beta1"
BLOCKS, QUERY = "/cosmos/base/tendermint/v1beta1/blocks", "/cosmos/base/tendermint/v1beta1/abci_query"
VALIDATORS, VALIDATORS_PAGE = "/cosmos/base/tendermint/v1beta1/validatorsets", 100
METHOD = "cosmos_bank"
HEIGHT, HEIGHT_OF_ANSWER = "x-cosmos-block-height", "grpc-metadata-x-cosmos-block-height"
PAGE, PAGES = 200, 500  # of delegations
#: So far below the head a node must show that it reads the past; nearer the canary may not have changed.
NEAR = 100
INVALID_ARGUMENT, NOT_FOUND, UNIMPLEMENTED = 3, 5, 12  # gRPC
#: The account of the distribution module: fees and new coins pass through it in every block.
CANARY = sha256(b"distribution")[:20]


def open_client(network: Network, endpoint: Endpoint | None, recording: Recording) -> Client:
    return Client(network, endpoint, recording)


def _refused(host: str, path: str, answer: Any) -> None:
    """The gateway's errors: code, message and details."""
    if isinstance(answer, dict) and "message" in answer and "code" in answer:
        code, said = answer["code"], str(answer["message"])[:300]
        error = ERRORS.error(f"{host}: {path.partition('?')[0]}: {said}", code if type(code) is int else None, said)
        raise error


class Client(ByAccount):
    in_flight = 16
    proved_by = proofs.METHOD

    def __init__(self, network: Network, endpoint: Endpoint | None, recording: Recording) -> None:
        self._network, self._http = network, Http(network.network, endpoint, recording, _refused)
        self._denom = registry.load().cosmos_networks[network.network].denom
        self._chain = network.caip2.partition(":")[2]

    # --- blocks ---
    def block(self, height: int) -> BlockRef:
        """Raises ChainError, TransportError."""
        found = self._block(self._http.get(f"{BLOCKS}/{height}"))
        if found.height != height:
            raise ChainError(f"{self._http.host}: asked for block {height:,}, it gave {found.height:,}")
        return found

    def head(self) -> BlockRef:
        """The newest block; a block that was agreed on is final."""
        return self._block(self._http.get(f"{BLOCKS}/latest"))

    def final(self) -> int:
        """The newest block that the node has executed for certain."""
        return self.head().height - 1

    def block_at(self, moment: datetime) -> BlockRef:
        """The last block of that moment or before it. Raises NotFinal, ChainError, TransportError."""
        return block_at(self._network, moment, self.head(), self._from_first)

    def _from_first(self, height: int) -> BlockRef:
        """Heights begin with 1, and with a higher one where a chain goes on from another's state."""
        return self.block(max(1, height))

    # --- balances ---
    def ping(self) -> object:
        return self._http.get(f"{BLOCKS}/latest")

    @asked_once
    def ready(self, at: BlockRef) -> None:
        """Whether the node reads the past. Raises ChainError where it does not show it."""
        head = self.head()
        if head.height < at.height:
            raise NodeBehind(f"{self._http.host}: its newest block is {head.height:,}, before {at.height:,}")
        if head.height - at.height >= NEAR:
            coins = f"{BANK}/balances/{self._address(CANARY)}?{urlencode({'pagination.limit': PAGE})}"
            questions = (coins, self._supply(self._denom))
            if all(self._told(path, at.height) == self._newest(path, head.height) for path in questions):
                raise ChainError(
                    f"{self._http.host}: the fees and the supply of block {at.height:,} are those of block "
                    f"{head.height:,}: it does not show that it reads the past"
                )

    def read_account(self, want: Wanted, at: BlockRef) -> list[Reading] | Unread:
        denom = self._denom_of(want.token)
        self._know(denom, at.height)
        components = {"liquid": self._liquid(want.address, denom, at.height)}
        if want.token.kind == "native":
            components["delegated"], components["unstaking"] = self._staked(want.address, at.height)
        return parts(want, components, at, "exact", METHOD, self._http.host)

    def _liquid(self, address: str, denom: str, height: int) -> int:
        path = f"{BANK}/balances/{quote(address, safe='')}/by_denom?{urlencode({'denom': denom})}"
        return self._coin(self._told(path, height).get("balance"), denom, "balance")

    def _staked(self, address: str, height: int) -> tuple[int, int]:
        """(delegated, unbonding), in base units of the chain's own coin."""
        account, what = quote(address, safe=""), f"{self._http.host}: staking"
        delegated = sum(
            self._coin(row.get("balance"), self._denom, "a delegation")
            for row in self._pages(f"{STAKING}/delegations/{account}", "delegation_responses", height)
        )
        unbonding = 0
        for row in self._pages(f"{STAKING}/delegators/{account}/unbonding_delegations", "unbonding_responses", height):
            entries = row.get("entries")
            if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
                raise BadAnswer(f"{what}: an unbonding delegation without entries")
            unbonding += sum(numbers.whole(entry.get("balance"), what=f"{what}: balance") for entry in entries)
        return delegated, unbonding

    def decimals(self, token: Token, at: BlockRef) -> int | None:
        """As the bank's metadata say it: the exponent of the coarsest unit; None where a denomination has none."""
        denom = self._denom_of(token)
        path = f"{BANK}/denoms_metadata/{quote(denom, safe='')}"
        answer = self._http.ask("GET", path, headers={HEIGHT: str(at.height)}, accept={400, 404, 501})
        what = f"{self._http.host}: {BANK}/denoms_metadata"
        if answer.status != 200:
            if _field(answer.body, "code") in (INVALID_ARGUMENT, NOT_FOUND, UNIMPLEMENTED):
                return None
            raise BadAnswer(f"{what}: HTTP {answer.status}")
        told = _field(self._of_height(answer, path, at.height), "metadata")
        units = _field(told, "denom_units")
        if not isinstance(units, list) or _field(told, "base") != denom:
            raise BadAnswer(f"{what}: no units of {denom}")
        found = [numbers.whole(_field(unit, "exponent"), what=f"{what}: exponent", most=255) for unit in units]
        return max(found, default=0) or None

    @asked_once
    def _know(self, denom: str, height: int) -> None:
        """Raises ChainError where the chain has none of a denomination: a wrong one reads as zero everywhere."""
        if not self._coin(self._told(self._supply(denom), height).get("amount"), denom, "supply"):
            raise ChainError(f"{self._http.host}: at block {height:,} there is no {denom} on {self._network.name}")

    def _supply(self, denom: str) -> str:
        return f"{BANK}/supply/by_denom?{urlencode({'denom': denom})}"

    def _coin(self, value: Any, denom: str, what: str) -> int:
        what = f"{self._http.host}: {what}"
        if not isinstance(value, dict) or value.get("denom") != denom:
            raise BadAnswer(f"{what}: no amount of {denom}")
        return numbers.whole(value.get("amount"), what=what)

    def _denom_of(self, token: Token) -> str:
        return self._denom if token.kind == "native" else token.contract

    # --- proofs ---
    def provable(self, token: Token) -> bool:
        return token.kind in ("native", "bank")

    def prove(self, held: Sequence[tuple[Wanted, int]], at: BlockRef) -> Iterator[Outcome]:
        """What the bank keeps of each holding, by the hash of the state after the block. Of a holding with stakes
        nothing: those lie elsewhere.

        Raises ChainError where no state follows from the block's hash, TransportError where the node gives no proofs.
        """
        if not held:
            return
        root = self._state_root(at)

        def judged(holding: tuple[Wanted, int]) -> Outcome | TransportError | ChainError | None:
            try:
                return self._proved(root, *holding, at)
            except ProofFails as error:
                return Outcome(holding[0].asset, holding[0].address, "proof_fails", str(error))
            except (TransportError, ChainError) as error:
                return error

        for found in in_order(judged, held, self.in_flight):
            if isinstance(found, TransportError | ChainError):
                raise found
            if found is not None:
                yield found

    def _proved(self, root: bytes, want: Wanted, raw: int, at: BlockRef) -> Outcome | None:
        denom = self._denom_of(want.token)
        account = form.parse(want.address, self._network.network).payload
        key = proofs.balance_key(account, denom)
        answer = self._queried(key, at.height)
        proved = proofs.balance(answer, key, denom, root, self._http.host)
        if proved < raw and want.token.kind == "native" and proved + sum(self._staked(want.address, at.height)) == raw:
            return None
        if proved == raw:
            return Outcome(want.asset, want.address, "", "")
        return Outcome(want.asset, want.address, "proof_differs", f"the proof shows {proved:,}, {raw:,} was read")

    def _queried(self, key: bytes, height: int) -> Mapping[str, Any]:
        question = {
            "path": "/store/bank/key",
            "data": base64.b64encode(key).decode(),
            "height": height,
            "prove": "true",
        }
        answer = self._http.get(f"{QUERY}?{urlencode(question)}")
        if not isinstance(answer, dict):
            raise BadAnswer(f"{self._http.host}: abci_query: the answer is no object")
        what = f"{self._http.host}: abci_query"
        if numbers.whole(answer.get("code", 0), what=f"{what}: code"):  # a module's own number, none of gRPC's
            said = str(answer.get("log"))[:200]
            raise ERRORS.error(f"{what}: {said}", None, said)
        found = numbers.height(answer.get("height"), what=f"{what}: height")
        if found != height:
            raise ProofFails(f"{what}: asked for height {height:,}, it proves {found:,}")
        return answer

    def _state_root(self, at: BlockRef) -> bytes:
        """The hash of the state after a block: it stands in the next block's header, on which the validators whom this
        one names have agreed. Raises ChainError, TransportError.
        """
        what, height = f"{self._http.host}: block {at.height + 1:,}", at.height + 1
        this, following = self._header(at.height), self._header(height)
        if block_hash(this).hex() != at.hash or following.last_block.hex() != at.hash:
            raise ChainError(f"{what} does not name {at.height:,} as its parent")
        validators = list(self._validators(height))
        if commit.hash_of(validators) != this.next_validators:
            raise ChainError(f"{what}: its validators are not those that block {at.height:,} names")
        made = _field(self._http.get(f"{BLOCKS}/{height + 1}"), "block", "last_commit")
        commit.check(made, self._chain, height, block_hash(following), validators, what)
        return following.app_hash

    def _validators(self, height: int) -> Iterator[commit.Validator]:
        """In their order, which is part of their hash."""
        what, done = f"{self._http.host}: {VALIDATORS}", 0
        for _ in range(PAGES):
            query = {"pagination.offset": done, "pagination.limit": VALIDATORS_PAGE}
            answer = self._http.get(f"{VALIDATORS}/{height}?{urlencode(query)}")
            rows, total = _field(answer, "validators"), _field(answer, "pagination", "total")
            if not isinstance(rows, list) or numbers.height(_field(answer, "block_height"), what=what) != height:
                raise BadAnswer(f"{what}: no validators of block {height:,}")
            yield from (commit.validator(row, what) for row in rows)
            done += len(rows)
            if not rows or done >= numbers.whole(total, what=f"{what}: total"):
                return

    def _header(self, height: int) -> Header:
        """A header that hashes to its block's hash. Raises ChainError, TransportError."""
        answer = self._http.get(f"{BLOCKS}/{height}")
        block, header = self._block(answer), header_of(_field(answer, "block", "header"), f"{self._http.host}: header")
        if header.height != height or block_hash(header).hex() != block.hash:
            raise ChainError(
                f"{self._http.host}: the header of block {height:,} of {self._network.name} does not hash to the "
                f"block's hash"
            )
        return header

    # --- questions ---
    def _told(self, path: str, height: int) -> dict[str, Any]:
        """The answer of a height, that says it is. Raises ChainError where it is of another."""
        answer = self._http.ask("GET", path, headers={HEIGHT: str(height)})
        return self._of_height(answer, path, height)

    def _newest(self, path: str, head: int) -> dict[str, Any]:
        """The answer of the newest block whose state there is: a node shows a block before it has executed it."""
        try:
            return self._told(path, head)
        except NodeBehind:
            return self._told(path, head - 1)

    def _of_height(self, answer: Answered, path: str, height: int) -> dict[str, Any]:
        what = f"{self._http.host}: {path.partition('?')[0]}"
        if not isinstance(answer.body, dict):
            raise BadAnswer(f"{what}: the answer is no object")
        if (told := answer.headers.get(HEIGHT_OF_ANSWER)) is None:
            raise BadAnswer(f"{what}: the answer does not say of which height it is")
        if (found := numbers.height(told, what=f"{what}: {HEIGHT_OF_ANSWER}")) != height:
            raise ChainError(f"{what}: asked for height {height:,}, it told {found:,}")
        return answer.body

    def _pages(self, path: str, name: str, height: int) -> Iterator[dict[str, Any]]:
        """Rows of a list, page by page. A delegator whom nobody knows is refused by older versions."""
        key, what, seen, left = "", f"{self._http.host}: {path}", set[str](), 0
        for page in range(PAGES):
            query = {"pagination.limit": PAGE} | (
                {"pagination.key": key} if page else {"pagination.count_total": "true"}
            )
            answer = self._http.ask("GET", f"{path}?{urlencode(query)}", headers={HEIGHT: str(height)}, accept={404})
            if answer.status == 404:
                if not _is_unknown_delegator(answer.body):
                    _refused(self._http.host, path, answer.body)
                    raise BadAnswer(f"{what}: HTTP 404")
                return
            body = self._of_height(answer, path, height)
            rows, pagination = body.get(name), body.get("pagination")
            if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
                raise BadAnswer(f"{what}: no list of {name}")
            if not isinstance(pagination, dict):
                raise BadAnswer(f"{what}: a list that does not say whether it goes on")
            if not page:
                left = numbers.whole(pagination.get("total"), what=f"{what}: total")
            left -= len(rows)
            yield from rows
            key = pagination.get("next_key") or ""
            if not isinstance(key, str) or key in seen or left < 0 or (left > 0) is not bool(key):
                raise BadAnswer(f"{what}: pages that do not give what they count")
            if not key:
                return
            seen.add(key)
        raise BadAnswer(f"{what}: more than {PAGES:,} pages")

    def _block(self, answer: Any) -> BlockRef:
        what = f"{self._http.host}: {BLOCKS}"
        header, chain = _field(answer, "block", "header"), _field(answer, "block", "header", "chain_id")
        if not isinstance(header, dict):
            raise BadAnswer(f"{what}: the answer is no block")
        check_id(self._network, self._http.host, chain)
        return BlockRef(
            numbers.height(header.get("height"), what=f"{what}: height"),
            _hash(_field(answer, "block_id", "hash"), what).hex(),
            numbers.instant(header.get("time"), what=f"{what}: time"),
        )

    def _address(self, payload: bytes) -> str:
        return form.of(self._network.network, payload).text


def _is_unknown_delegator(body: Any) -> bool:
    """cosmos-sdk before 0.46: "unable to find delegations for address ..." with the code of NOT_FOUND."""
    if not isinstance(body, dict) or type(body.get("code")) is not int or body["code"] != NOT_FOUND:
        return False
    return "unable to find" in str(body.get("message"))


def _field(value: Any, *names: str) -> Any:
    """What stands below some names of an object; None where one is not there."""
    for name in names:
        value = value.get(name) if isinstance(value, dict) else None
    return value


def _hash(value: Any, what: str) -> bytes:
    """32 bytes in base64, or in hex. Raises BadAnswer."""
    try:
        found = base64.b64decode(value if isinstance(value, str) else "?", validate=True)
    except (binascii.Error, ValueError) as error:
        raise BadAnswer(f"{what}: {numbers.shown(value)} is no hash") from error
    if len(found) != 32:
        raise BadAnswer(f"{what}: {numbers.shown(value)} is no hash")
    return found

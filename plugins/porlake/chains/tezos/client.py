"""Tezos through a node's RPC, https://octez.tezos.com/docs/api/openapi.html, at the hash of a block.

The hash stands in the path of every question, and the baker of that very block, who has a stake, shows that the node
has the block's state. `balance` is what can be spent; `full_balance` adds what is staked, on its way out of the stake
(frozen for some cycles, then to be fetched) or held as a bond.

A node of before the stakes of June 2024 has no `full_balance` of accounts, but of bakers.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import quote

from porlake import addresses, numbers
from porlake.chains._answers import BlockRef, Reading, Unread, Wanted
from porlake.chains._by_account import ByAccount, ByBatch, parts
from porlake.chains._by_moment import HeadIsFinal
from porlake.chains._questions import asked_once, of_one_address
from porlake.chains.tezos.errors import ERRORS
from porlake.errors import BadAnswer, ChainError, InvalidAddress, Unavailable
from porlake.registry import Network
from porlake.transport import Endpoint, Http, Recording

IN_FLIGHT = 16
METHOD, TOKEN_METHOD = "contracts_balance", "fa2_balance_of"
FINAL_DEPTH = 2  # Tenderbake: a block with two on it is final
MOST_MUTEZ = 2**63 - 1
STAKES = {
    "staked": "staked_balance",
    "unstaking": "unstaked_frozen_balance",
    "unstaked": "unstaked_finalizable_balance",
}
"""Components by the node's name for them: in the stake, frozen on the way out of it, to be fetched."""


def open_client(network: Network, endpoint: Endpoint | None, recording: Recording) -> Client:
    return Client(network, endpoint, recording)


def _refused(host: str, path: str, answer: Any) -> None:
    """A list of errors; what they are stands in their ids."""
    if not isinstance(answer, list) or not answer or not all(isinstance(one, dict) and "id" in one for one in answer):
        return
    said = ", ".join(str(one["id"]) for one in answer)[:200]
    raise ERRORS.error(f"{host}: {said}", None, said)


class Client(HeadIsFinal, ByAccount):
    in_flight = IN_FLIGHT

    def __init__(self, network: Network, endpoint: Endpoint | None, recording: Recording) -> None:
        place = of_one_address(endpoint)
        self._network, self.http = network, Http(network.network, place, recording, _refused)
        self._tokens = _Tokens(self)

    @property
    def host(self) -> str:
        return self.http.host

    # --- blocks ---
    def block(self, height: int) -> BlockRef:
        """Raises Unavailable for a block that the node does not keep, ChainError, TransportError."""
        found = self._header(str(height))
        if found.height != height:
            raise ChainError(f"{self.host}: asked for level {height:,}, it gave {found.height:,}")
        return found

    def head(self) -> BlockRef:
        """The newest block that is final."""
        return self._header(f"head~{FINAL_DEPTH}")

    def ping(self) -> None:
        self._header("head")

    def ready(self, at: BlockRef) -> None:
        """Raises Unavailable, ChainError, TransportError."""
        self._is_older(at)

    @asked_once
    def _is_older(self, at: BlockRef) -> bool:
        """Whether the block is of a protocol that does not tell full balances of accounts; the node must have its
        state. Raises Unavailable, ChainError.
        """
        if self._header(at.hash) != at:
            raise ChainError(f"{self.host}: block {at.hash} is not that of level {at.height:,} there")
        what, told = f"{self.host}: metadata of block {at.height:,}", self._got(f"{_at(at)}/metadata")
        baker = told.get("baker") if isinstance(told, dict) else None
        try:
            account = addresses.parse(self._network.network, str(baker)).text
        except InvalidAddress as error:
            raise BadAnswer(f"{what}: {numbers.shown(baker)} is no baker") from error
        full = self._amount(at, account, "full_balance")
        is_older = full is None
        if full is None:
            full = self._mutez(f"{_at(at)}/context/delegates/{quote(account)}/full_balance")
        if not full:
            raise ChainError(f"{what}: its baker {account} holds nothing: the node does not have this state")
        return is_older

    # --- accounts ---
    def balances(self, wanted: Sequence[Wanted], at: BlockRef) -> Iterator[Reading | Unread]:
        """Raises ChainError, TransportError."""
        yield from super().balances([want for want in wanted if want.token.kind == "native"], at)
        yield from self._tokens.balances([want for want in wanted if want.token.kind != "native"], at)

    def read_account(self, want: Wanted, at: BlockRef) -> Sequence[Reading] | Unread:
        account = addresses.parse(self._network.network, want.address)
        liquid = self._amount(at, account.text, "balance")
        if liquid is None:
            if account.kind != "kt1":
                raise BadAnswer(
                    f"{self.host}: no balance of {account.text}: accounts of keys need not exist to have one"
                )
            return parts(want, {"liquid": 0}, at, "exact", METHOD, self.host)
        if self._is_older(at):
            held = {"liquid": liquid} | self._older_stake(account.text, at, liquid)
        else:
            held = {"liquid": liquid} | self._stake(account.text, at, liquid)
        return parts(want, held, at, "exact", METHOD, self.host)

    def _stake(self, account: str, at: BlockRef, liquid: int) -> dict[str, int]:
        """Mutez beside what can be spent; its parts are asked for where there are any."""
        full = self._amount(at, account, "full_balance")
        if full is None or full < liquid:
            raise BadAnswer(f"{self.host}: {account}: no full balance, or one below what can be spent")
        if full == liquid:
            return {}
        held = {name: self._amount(at, account, field) or 0 for name, field in STAKES.items()}
        bonds = full - liquid - sum(held.values())
        if bonds:
            with_bonds = self._amount(at, account, "balance_and_frozen_bonds") or 0
            if bonds != with_bonds - liquid:
                raise BadAnswer(
                    f"{self.host}: {account}: the parts of its full balance of {full:,} do not add up to it"
                )
            held["bonds"] = bonds
        return held

    def _older_stake(self, account: str, at: BlockRef, liquid: int) -> dict[str, int]:
        """The deposit of a baker, where accounts could not stake yet."""
        answer = self.http.ask("GET", f"{_at(at)}/context/contracts/{quote(account)}/delegate", accept={404})
        if answer.status == 404 or answer.body != account:
            return {}
        full = self._mutez(f"{_at(at)}/context/delegates/{quote(account)}/full_balance")
        if full < liquid:
            raise BadAnswer(f"{self.host}: {account}: a full balance of {full:,}, below {liquid:,}")
        return {"frozen": full - liquid}

    def _amount(self, at: BlockRef, account: str, field: str) -> int | None:
        """Mutez; None where the node has no such account or field, by its 404. Of who never staked a stake is null."""
        answer = self.http.ask("GET", f"{_at(at)}/context/contracts/{quote(account)}/{field}", accept={404})
        if answer.status == 404:
            return None
        if answer.body is None and field in STAKES.values():
            return 0
        return numbers.whole(_digits(answer.body), what=f"{self.host}: {field}", most=MOST_MUTEZ)

    def _mutez(self, path: str) -> int:
        return numbers.whole(_digits(self._got(path)), what=f"{self.host}: {path.rpartition('/')[2]}", most=MOST_MUTEZ)

    # --- the node ---
    def _header(self, which: str) -> BlockRef:
        what = f"{self.host}: header of {which}"
        answer = self.http.ask("GET", f"/chains/main/blocks/{quote(which, safe='~')}/header", accept={404})
        if answer.status == 404:
            raise Unavailable(f"{what}: it does not have this block")
        found = answer.body
        if not isinstance(found, dict):
            raise BadAnswer(f"{what}: the answer is of another form")
        if found.get("chain_id") != self.chain_id:
            raise ChainError(
                f"{self.host}: the endpoint is of another chain: {numbers.shown(found.get('chain_id'))}, "
                f"{self._network.name} is {self.chain_id}"
            )
        name = found.get("hash")
        if type(name) is not str or not (name.isascii() and name.isalnum() and len(name) == 51):
            raise BadAnswer(f"{what}: {numbers.shown(name)} is no hash of a block")
        return BlockRef(
            numbers.height(found.get("level"), what=f"{what}: level"),
            name,
            numbers.instant(found.get("timestamp"), what=f"{what}: timestamp"),
        )

    @property
    def chain_id(self) -> str:
        return self._network.caip2.partition(":")[2]

    def _got(self, path: str) -> Any:
        return self.http.ask("GET", path).body


class _Tokens(ByBatch):
    """FA2 tokens (TZIP-12), by what their own `balance_of` says at the block; each answer names whose it is."""

    batch, in_flight = 50, 4

    def __init__(self, client: Client) -> None:
        self._client = client

    def ping(self) -> None:
        self._client.ping()

    def ready(self, at: BlockRef) -> None:
        self._client.ready(at)

    def read_batch(self, wants: Sequence[Wanted], at: BlockRef) -> Sequence[Reading | Unread]:
        client, (contract, _, number) = self._client, wants[0].token.contract.partition(":")
        accounts = [addresses.parse(wants[0].token.network, want.address).text for want in wants]
        question = {
            "contract": contract,
            "entrypoint": "balance_of",
            "input": [{"prim": "Pair", "args": [{"string": account}, {"int": number}]} for account in accounts],
            "chain_id": client.chain_id,
            "unparsing_mode": "Readable",
        }
        told = client.http.ask("POST", f"{_at(at)}/helpers/scripts/run_view", question).body
        what, held = f"{client.host}: balance_of", dict[str, int]()
        listed = told.get("data") if isinstance(told, dict) else None
        for entry in listed if isinstance(listed, list) else [None]:
            owner, token_id, amount = _balance(entry, what)
            if token_id != int(number) or owner in held:
                raise BadAnswer(f"{what}: a balance that was not asked for, or one that stands twice")
            held[owner] = amount
        if held.keys() != set(accounts):
            raise BadAnswer(f"{what}: {len(held)} balances for {len(accounts)} accounts")
        return [
            reading
            for want, account in zip(wants, accounts, strict=True)
            for reading in parts(want, {}, at, "exact", TOKEN_METHOD, client.host, total=held[account])
        ]


def _balance(entry: Any, what: str) -> tuple[str, int, int]:
    """(owner, number of the token, balance) of `Pair (Pair owner number) balance`."""
    try:
        request, amount = entry["args"]
        owner, number = request["args"]
        found = owner["string"], number["int"], amount["int"]
    except (LookupError, TypeError, ValueError) as error:
        raise BadAnswer(f"{what}: an entry that is no balance") from error
    return (
        str(found[0]),
        numbers.whole(_digits(found[1]), what=f"{what}: number of the token"),
        numbers.whole(_digits(found[2]), what=f"{what}: balance"),
    )


def _digits(value: object) -> object:
    """Numbers are told as text; a number of JSON is none of the node's."""
    return value if type(value) is str else None


def _at(block: BlockRef) -> str:
    return f"/chains/main/blocks/{quote(block.hash)}"

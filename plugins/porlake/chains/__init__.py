"""Chain clients: a folder a family, and what each can by its methods. A client is given its transport.

client = open_client(registry.load().networks["ethereum"], Endpoint("http://127.0.0.1:8545"), Recording.off())
at = client.block(19506528)
for answer in client.balances([Wanted("ETH", token, "0x...")], at): ...

The `client` column of networks.csv names the folder. Its face, FAMILY in `chains/<family>/__init__.py`, opens a client;
what a client can beside blocks and balances is asked for by the protocols below (`isinstance(client, Proves)`), never
by the family's name.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from typing import Any, Protocol, runtime_checkable

from porlake import registry
from porlake.chains._answers import (
    BlockRef,
    Coin,
    Evidence,
    Link,
    Outcome,
    Reading,
    Stated,
    Transfer,
    Unread,
    Wanted,
)
from porlake.chains._by_account import ByAccount, ByBatch, parts
from porlake.chains._columns import (
    LIMIT,
    TEXT,
    TOTAL,
    UNANSWERED,
    AccountForm,
    Accounts,
    Answer,
    Holdings,
    OneByOne,
    Readings,
    Rows,
    Unreadable,
    Withdrawn,
    Words,
    at_least,
    holdings,
    in_columns,
    largest,
    number,
    total,
)
from porlake.chains._family import Beside, Client, Dump, Family, first
from porlake.chains._unchanged import unchanged
from porlake.errors import ConfigurationError
from porlake.progress import Tell, silent
from porlake.registry import Network, Token
from porlake.transport import Endpoint, Recording

__all__ = [
    "LIMIT", "TEXT", "TOTAL", "UNANSWERED", "AccountForm", "Accounts", "Answer", "Balances", "Beside", "BlockRef",
    "ByAccount", "ByBatch", "ByMoment", "Client", "Coin", "Coins", "Decimals", "Dump", "Evidence", "Family", "Final",
    "Holdings", "Link", "OneByOne", "Outcome", "OwnerLinks", "Past", "PlainCalls", "Proves", "Reading", "Readings",
    "Rows", "Stated", "Together", "Transfer", "Transfers", "TransfersInBlocks", "Unchanged", "Unread", "Unreadable",
    "Wanted", "Withdrawn", "Words", "at_least", "beside", "family", "first", "holdings", "in_columns", "largest",
    "native_client", "number", "open_client", "parts", "total", "unchanged", "wrong_rows",
]  # fmt: skip


# --- what a client can beside blocks (Client) -------------------------------------------------------------------------
@runtime_checkable
class Balances(Protocol):
    """Holdings in columns to readings in columns; OneByOne makes them of a client's `balances`."""

    def readings(self, holdings: Holdings, at: BlockRef) -> Iterator[Answer]:
        """Every holding is answered, by a reading of its `total` or as unreadable. Raises ChainError, TransportError:
        then what was given before stands, and the rest was not answered.
        """


@runtime_checkable
class Final(Protocol):
    """A chain on which a block is final by a rule of its network."""

    def final(self) -> int:
        """The height up to which no block can be reversed any more. Raises ChainError, TransportError."""


@runtime_checkable
class ByMoment(Protocol):
    """A chain whose block of a moment can be found."""

    def block_at(self, moment: datetime) -> BlockRef:
        """The last block of that moment or before it. Raises ChainError where it is not final yet, or the chain is
        younger.
        """


@runtime_checkable
class Together(Protocol):
    """A client that reads several assets in the same questions."""

    def together(self, asked: Sequence[Holdings], at: BlockRef) -> Iterator[tuple[int, Answer]]:
        """Readings, each with the place of its asset among those asked; of what could not be read so, nothing: it is
        asked for by itself. Raises ChainError, TransportError.
        """


@runtime_checkable
class Decimals(Protocol):
    """A chain whose tokens say of themselves how many decimals they have."""

    def decimals(self, token: Token, at: BlockRef) -> int | None:
        """None where the token does not say. Raises ChainError, TransportError."""


@runtime_checkable
class PlainCalls(Protocol):
    """A client that reads tokens through a contract of ours, which a token may answer otherwise than a plain call."""

    def called(self, holdings: Holdings, at: BlockRef) -> tuple[Words, Words] | None:
        """The balances that the token returns to the zero address, and those that it returns to each account itself;
        words from LIMIT on are no balances. None where the endpoint does not take such calls. Raises TransportError,
        ChainError.
        """

    def plain(self, holdings: Holdings, at: BlockRef) -> Iterator[Answer]:
        """As `readings`, by plain calls of the token."""


@runtime_checkable
class Past(Protocol):
    """A client of a chain without a past that knows parts of holdings at a block all the same."""

    def past(self, wanted: Sequence[Wanted], at: BlockRef) -> Iterator[Reading]:
        """The parts that are known, exact; of other holdings nothing. Raises ChainError, TransportError."""


@runtime_checkable
class Unchanged(Protocol):
    """A chain without a past that shows when an account last changed: balances of the head count as exact where nothing
    happened (`unchanged`), so that it is asked although a sweep lies near. `unchanged_since` is True.
    """

    unchanged_since: bool


@runtime_checkable
class Proves(Protocol):
    """Balances against a published root. `proved_by`: the method of a balance that a proof confirms."""

    proved_by: str

    def provable(self, token: Token) -> bool:
        """Whether it is known where the state keeps the token's balances."""

    def prove(self, held: Sequence[tuple[Wanted, int]], at: BlockRef) -> Iterator[Outcome]:
        """One outcome for each holding and what was read of it, in base units of the token, in no order.

        Raises ChainError where the block's root is not to be had, TransportError where the endpoint gives no proofs.
        """


@runtime_checkable
class OwnerLinks(Protocol):
    """Who controls an account, by the chain's word. `of_signers`: accounts that somebody signs for are asked about, and
    who signs may be the account's own key; else accounts whose owners are stated. `owner_network`: whose addresses the
    owners are.
    """

    of_signers: bool
    owner_network: str

    def owner_links(self, accounts: Sequence[Stated], at: BlockRef) -> Iterator[Link]:
        """One for each account and stated owner, whether the chain confirms it or not; none for an account that the
        endpoint does not tell. Raises TransportError, ChainError.
        """


@runtime_checkable
class Transfers(Protocol):
    """A chain of which a single transaction can be asked for."""

    def transfer(self, transaction: str, token: Token, sender: str, recipient: str) -> Transfer | Unread | None:
        """What a transaction moved of a token from one account to another; None where the chain holds no such
        transaction, Unread where this endpoint cannot tell. Raises TransportError, ChainError.
        """


@runtime_checkable
class TransfersInBlocks(Protocol):
    """A client that finds a transaction in a block that is named, also where its endpoint has no index of them."""

    def transfer_in(
        self, transaction: str, token: Token, sender: str, recipient: str, height: int
    ) -> Transfer | Unread | None:
        """As `transfer`; None where the block does not hold it, or is not there."""


@runtime_checkable
class Coins(Protocol):
    """Unspent coins below the balances that were read, where the client was told to keep them."""

    coins: Sequence[Coin]


# --- families ---------------------------------------------------------------------------------------------------------
def family(network: Network) -> Family:
    """The face of the family whose folder the `client` column names. Raises ConfigurationError."""
    return _face(network.client)


@cache
def _face(folder: str) -> Family:
    place = f"{__name__}.{folder}"
    if not folder.isidentifier() or folder.startswith("_") or find_spec(place) is None:
        raise ConfigurationError(f"client {folder!r}: no family of chains has this name")
    found = import_module(place).FAMILY
    if not isinstance(found, Family):
        raise ConfigurationError(f"client {folder!r}: its FAMILY is no Family")
    return found


def beside(network: Network) -> str:
    """The network that has to be asked beside this one (`Family.beside`); '' where there is none, or no client."""
    return family(network).beside(network.network) if network.is_read else ""


def wrong_rows(facts: registry.Registry, network: Network) -> str:
    """What is wrong with the rows of a network, as its client needs them; '' where nothing is."""
    if not network.is_read:
        return ""
    try:
        face = family(network)
        return _wrong_tokens(facts, network, face) or face.check(facts, network)
    except ConfigurationError as error:
        return str(error)


def _wrong_tokens(facts: registry.Registry, network: Network, face: Family) -> str:
    """'' where the client reads tokens of every kind that tokens.csv names on the network, else which it does not."""
    for token in facts.tokens.values():
        if token.network == network.network and token.kind not in ("native", "other", *face.tokens):
            read = ", ".join(("native", *face.tokens, "other"))
            return f"client {network.client!r} reads no {token.kind!r} ({token.asset} in tokens.csv): {read}"
    return ""


def open_client(
    network: Network,
    endpoints: Endpoint | Sequence[Endpoint] | None,
    recording: Recording,
    beside: Beside | None = None,
    dump: Dump | None = None,
    tell: Tell = silent,
) -> Any:
    """The client of a network; a replay needs no endpoint. Raises ConfigurationError.

    `beside`: whoever asks the network that `beside()` names; `dump`: the set of all coins, for families that read one;
    `tell`: who hears how far one long question is. Of several endpoints the client has the first: it goes on to no
    other by itself.
    """
    if not network.is_read:
        raise ConfigurationError(f"{network.network}: {network.why_none}")
    if why := wrong_rows(registry.load(), network):
        raise ConfigurationError(f"{network.network}: {why}")
    places = [endpoints] if isinstance(endpoints, Endpoint) else list(endpoints or ())
    return family(network).open_client(network, places, recording, beside=beside, dump=dump, tell=tell)


def native_client(network: Network, endpoint: Endpoint, recording: Recording) -> Any:
    """The client that programs of the network's ecosystem know: of EVM networks a `web3.Web3`, of others our own.
    Raises ConfigurationError.
    """
    if not network.is_read:
        raise ConfigurationError(f"{network.network}: {network.why_none}")
    return family(network).native_client(network, endpoint, recording)

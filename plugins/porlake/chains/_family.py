"""The face of a family of chains: what is known of it before anybody is asked."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, TypeVar, runtime_checkable

from porlake.chains._answers import BlockRef, Reading, Unread, Wanted
from porlake.chains._columns import TEXT, AccountForm
from porlake.chains._identity import is_known
from porlake.errors import ConfigurationError
from porlake.progress import Tell, silent
from porlake.registry import Network, Token
from porlake.transport import Endpoint, Recording

if TYPE_CHECKING:
    from porlake.registry import Registry


@runtime_checkable
class Client(Protocol):
    """What every client can: blocks, and balances at one of them.

    A wanted holding is answered by one Unread, or by one Reading for each component of which `total` is always one.
    """

    def block(self, height: int) -> BlockRef: ...
    def head(self) -> BlockRef: ...
    def balances(self, wanted: Sequence[Wanted], at: BlockRef) -> Iterator[Reading | Unread]: ...


Found = TypeVar("Found")


class Beside(Protocol):
    """Whoever asks another network, at whichever of its endpoints answers."""

    def ask(self, question: Callable[[Any], Found]) -> Found:
        """What a question to a client of that network gives. Raises ChainError, TransportError."""


@dataclass(frozen=True, slots=True)
class Dump:
    """Where the set of all coins lies. `{height}` in a place stands for the snapshot height.

    `place`: a path, or an http(s) URL. Where nothing lies there yet, a node that is the network's endpoint is asked to
    write it, under `written` on its own machine (default: the same path). `hashes`: published numbers that the set must
    hash to, as `muhash:...` or `hash_serialized_3:...`; `muhash` alone takes the node's own. `outpoints`: keep the
    coins below each balance.
    """

    place: str
    written: str = ""
    hashes: tuple[str, ...] = ()
    outpoints: bool = False


class Family:
    """A family overrides what is different with it, and stands as FAMILY in `chains/<family>/__init__.py`.

    `past`: what can be read of an earlier block: `exact`, where an endpoint keeps it; `unchanged`, as it is now, which
    is exact where the chain shows that nothing happened since; `head`, as it is now alone. `parts`: components that a
    holding may have beside its total. `tokens`: the kinds of rows of tokens.csv that it reads beside `native`; `other`,
    which nobody reads, may stand on every network. `known_by`: by what an endpoint shows of which chain it is: `blocks`
    or `a name`, which identities.csv has, or the form of the network's CAIP-2 id, a regular expression. `accounts`: the
    form of columns of its addresses. `reads_dumps`: its nodes write the set of all coins, and a file of it will do in
    place of an endpoint.
    """

    past: ClassVar[str] = ""
    parts: ClassVar[tuple[str, ...]] = ()
    tokens: ClassVar[tuple[str, ...]] = ()
    known_by: ClassVar[str] = ""
    accounts: ClassVar[AccountForm] = TEXT
    reads_dumps: ClassVar[bool] = False

    def open_client(
        self,
        network: Network,
        endpoints: Sequence[Endpoint],
        recording: Recording,
        *,
        beside: Beside | None = None,
        dump: Dump | None = None,
        tell: Tell = silent,
    ) -> Client:
        """The client of the first of some endpoints of a network; nobody is asked yet. A replay needs no endpoint.

        `beside`: whoever asks the network that `beside` names. Raises ConfigurationError.
        """
        return self.client_at(network, first(network, endpoints, recording), recording)

    def client_at(self, network: Network, endpoint: Endpoint | None, recording: Recording) -> Client:
        """The client of one endpoint, None in a replay: all that a family says that needs nothing else to open it.
        Raises ConfigurationError.
        """
        raise NotImplementedError

    def native_client(self, network: Network, endpoint: Endpoint, recording: Recording) -> Any:
        """The client that programs of this family's ecosystem know, where there is one; else our own. Raises
        ConfigurationError.
        """
        return self.open_client(network, [endpoint], recording)

    def unreadable(self, token: Token | None) -> str:
        """Why no balance of a token can be read, whoever is asked; '' where it can."""
        if token is None:
            return "asset_not_on_network"
        return "contract_unknown" if token.kind != "native" and not token.contract else ""

    def beside(self, network: str) -> str:
        """The network that has to be asked beside this one: whose blocks a report names for it, or on which a part of
        its holdings lies; '' where there is none.
        """
        return ""

    def check(self, facts: Registry, network: Network) -> str:
        """What is wrong with the rows of a network, as the family needs them; '' where nothing is."""
        return is_known(facts, network, self.known_by) if self.known_by else ""


def first(network: Network, endpoints: Sequence[Endpoint], recording: Recording) -> Endpoint | None:
    """The one endpoint of a client that takes one. Raises ConfigurationError where it takes none and nothing is
    replayed.
    """
    if not endpoints and not recording.replays:
        raise ConfigurationError(f"{network.network}: no endpoint is configured")
    return endpoints[0] if endpoints else None

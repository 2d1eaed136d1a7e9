"""Where to ask, and how: URL, headers, rate, time and size."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import cast
from urllib.parse import SplitResult, urlsplit

from porlake.errors import ConfigurationError

ANSWER_BYTES = 256 << 20
TRIES = 4
IN_FLIGHT = 16
BRIEF_SECONDS = 5.0
LEAST_RATE = 0.0001
"""Questions a second."""

#: What may stand before the `+` of an endpoint's scheme: which API is asked there. Without one it is that of the
#: network's own nodes.
KINDS = {
    "": {"http", "https"},
    "esplora": {"http", "https"},
    "blockbook": {"http", "https"},
    "insight": {"http", "https"},
    "qtuminfo": {"http", "https"},
    "addressindex": {"http", "https"},
    "indexer": {"http", "https"},
    "rpc": {"http", "https"},
    "electrum": {"tcp", "ssl"},
    "tonapi": {"http", "https"},
    "tycho": {"http", "https"},
}


@dataclass(frozen=True, slots=True, repr=False)
class Endpoint:
    """Where to ask. `per_second` questions are put in a second, each call of a batch being one, None where the rate
    that the endpoint allows is not known.

    Within `timeout` seconds an answer is whole, however it comes, and it has up to `answer_bytes`, or is TooBig. A
    question is put `tries` times, after pauses of `pause` seconds that double: twice as often where the endpoint limits
    the rate, once more where it does not answer in time. Up to `in_flight` questions are under way at once, half as
    many each time that the endpoint limits the rate. What an endpoint allows is said by its rate, not by this number: a
    client whose chain's nodes want fewer at once puts fewer. Raises ConfigurationError, which never holds a part of the
    URL or of a header.
    """

    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    per_second: float | None = None
    timeout: float = 120.0
    tries: int = TRIES
    pause: float = 1.0
    in_flight: int = IN_FLIGHT
    answer_bytes: int = ANSWER_BYTES

    def __post_init__(self) -> None:
        parts = _split(self.url)
        kind, _, scheme = parts.scheme.rpartition("+")
        if scheme not in KINDS.get(kind, set()) or not parts.hostname:
            raise ConfigurationError(
                "an endpoint is an http or https URL with a host, or esplora+https://, blockbook+https://, "
                "electrum+ssl://"
            )
        if not isinstance(self.headers, Mapping) or not all(
            _is_header(name, value) for name, value in self.headers.items()
        ):
            raise ConfigurationError("headers are names and texts, of one line each")
        for name, (is_whole, least, most) in _BOUNDS.items():
            number = getattr(self, name)
            if not (name == "per_second" and number is None) and not _is_number(number, is_whole, least, most):
                raise ConfigurationError(
                    f"{name} is a {'whole ' if is_whole else ''}number from {least:g} to {most:,.0f}"
                )

    @property
    def kind(self) -> str:
        """The API that is asked there, one of KINDS."""
        return urlsplit(self.url).scheme.rpartition("+")[0]

    @property
    def plain(self) -> Endpoint:
        """The same place, without its kind; of one that is asked over HTTP."""
        return replace(self, url=self.url.partition("+")[2]) if self.kind else self

    @property
    def brief(self) -> Endpoint:
        """The same place for somebody who waits in front of a screen: asked once, for a few seconds."""
        return replace(self, timeout=min(self.timeout, BRIEF_SECONDS), tries=1)

    @property
    def host(self) -> str:
        """Host and port, without user, path and query: all of those may be secret."""
        parts = urlsplit(self.url)
        name = f"[{parts.hostname}]" if ":" in str(parts.hostname) else str(parts.hostname)
        return f"{name}:{parts.port}" if parts.port else name

    def __repr__(self) -> str:
        return f"Endpoint({self.host})"


#: Of the numbers of an Endpoint: whether they are whole, the least, the most.
_BOUNDS: Mapping[str, tuple[bool, float, float]] = {
    "per_second": (False, LEAST_RATE, 1e6),
    "timeout": (False, 0.001, 86_400),
    "tries": (True, 1, 100),
    "pause": (False, 0, 3_600),
    "in_flight": (True, 1, 1_000),
    "answer_bytes": (True, 1, 1 << 40),
}
NUMBERS = frozenset(_BOUNDS)
_HOST = re.compile(r"[^\x00-\x20\x7f!-,/:-@\[-^`{-~]+|\[[0-9A-Fa-f:.]+(?:%[\w.-]+)?\]")


def _split(url: object) -> SplitResult:
    """The parts of a URL, all of which can be read. Raises ConfigurationError without a part of it."""
    if not isinstance(url, str) or len(url) > 4_096 or re.search(r"[\x00-\x20\x7f-\x9f\\]", url):
        raise ConfigurationError("a URL is a text of up to 4,096 characters, without spaces, control characters and \\")
    try:
        parts = urlsplit(url)
        port, name = parts.port, parts.hostname or ""
        name.encode("idna")
    except ValueError:  # without its text, which quotes the URL
        port, parts = 0, None
    if parts is None or port == 0:
        raise ConfigurationError(
            "the URL's host or port cannot be read: a port is a number up to 65535, an IPv6 host stands in [ ]; "
            + _ESCAPES
        )
    if parts.fragment or ("@" in parts.path + parts.query and not re.fullmatch(r"[^:@]+\.[^:@]+|.*@.*", parts.netloc)):
        # `http://user:12/34@host` is read as the host `user`; https://cdn.example/gh/a@1.0 is what it says.
        raise ConfigurationError("the URL has a # or an @ behind its host; " + _ESCAPES)
    bare = parts.netloc.rpartition("@")[2]
    if bare and not _HOST.fullmatch(re.sub(r":\d*$", "", bare)):
        raise ConfigurationError("the URL's host has characters that no host has; " + _ESCAPES)
    return parts


def _is_number(value: object, is_whole: bool, least: float, most: float) -> bool:
    return (type(value) is int or (type(value) is float and not is_whole)) and least <= cast(float, value) <= most


_ESCAPES = "in a user's name, a password or a key write / as %2F, # as %23, ? as %3F, @ as %40"


def _is_header(name: object, value: object) -> bool:
    if not isinstance(name, str) or not isinstance(value, str):
        return False
    return bool(re.fullmatch(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+", name) and re.fullmatch(r"[\t\x20-\x7e\xa0-\xff]*", value))

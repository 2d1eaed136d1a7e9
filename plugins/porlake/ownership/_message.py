"""The text that was signed: its bytes, and what it names.

No known message names a coin, a height or an account, so that a signature made once stays good for every later file.
What a message does name is told by rule, never by a list of known texts.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from porlake import registry
from porlake.errors import InvalidSignature
from porlake.model import Evidence

_MONTH = r"(?:19|20)\d\d(-?)(?:0[1-9]|1[0-2])"
_DAY = r"(?:0[1-9]|[12]\d|3[01])"
_DATE = re.compile(rf"(?<!\d)(?:{_MONTH}\1{_DAY}|(?:19|20)\d\d-(?:0[1-9]|1[0-2]))(?!\d)")
_WORD = re.compile(r"[^\W_]+")


NULLS = frozenset({"", "null", "\\n", "-"})
"""How files write that a cell holds no message, in any letter case: `\\N` is a database's, `-` HTX's."""


def is_none(message: str) -> bool:
    """Whether a row states no message. What is signed then says nothing, and anybody may have got it signed."""
    return message.strip().casefold() in NULLS


def spellings(message: str) -> Iterator[tuple[bytes, tuple[str, ...]]]:
    """The UTF-8 bytes that may have been signed, with their flags: the text as it stands, then trimmed as OKX's auditor
    tool does.

    Raises InvalidSignature (message_bad_text) for a text that has no UTF-8 form.
    """
    try:
        stands = message.encode()
    except UnicodeEncodeError as error:
        raise InvalidSignature("message_bad_text", str(error)) from error
    yield stands, ()
    if (trimmed := message.strip()) != message:
        yield trimmed.encode(), ("message_trimmed",)


def spelling(flags: tuple[str, ...]) -> str:
    """How a spelling with these flags is told in the steps; '' for the text as it stands."""
    return "without the blanks around the message" if flags else ""


@dataclass(frozen=True, slots=True)
class Named:
    """What a message names, but for the address: `names` of exchange and date, `words` as they are compared, the
    longest one's length.
    """

    names: tuple[str, ...]
    words: str
    longest: int

    def with_address(self, address: str) -> tuple[str, ...]:
        if len(address) > self.longest and address.isascii() and address.isalnum():
            return self.names  # one word, and the message has none as long
        words = _words(address)
        return (*self.names, "address") if words.strip() and words in self.words else self.names


@lru_cache(maxsize=4_096)
def named(exchange: str, message: str) -> Named:
    """Computed once a message: only the address differs from row to row."""
    known, words = registry.load().exchanges.get(exchange), _words(message)
    names = {
        "exchange": _has(words, exchange) or (known is not None and _has(words, known.name)),
        "date": _DATE.search(message) is not None,
    }
    return Named(
        tuple(name for name, is_named in names.items() if is_named), words, max(map(len, words.split()), default=0)
    )


def binds(row: Evidence) -> tuple[str, ...]:
    """What the message names: `exchange` (its id or name as a word), `date` (2024-03-25, 20240325 or 2024-03),
    `address` (as published).
    """
    return named(row.exchange, row.message).with_address(row.address_published)


def _has(message_words: str, name: str) -> bool:
    """Whether the words of the name stand in the message, in any letter case."""
    words = _words(name)
    return bool(words.strip()) and words in message_words


def _words(text: str) -> str:
    return f" {' '.join(_WORD.findall(text.casefold()))} "

"""The text that was signed: its bytes, and what it names.

No known message names a coin, a height or an account, so that a signature made once stays good for every later file. What a message
does name is told by rule, never by a list of known texts.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from porlake import registry
from porlake.errors import InvalidSignature
from porlake.model import Evidence

_MONTH = r"(?:19|20)\d\d(-?)(?:0[1-9]|1[0-2])"
_DAY = r"(?:0[1-9]|[12]\d|3[01])"
_DATE = re.compile(rf"(?<!\d)(?:{_MONTH}\1{_DAY}|(?:19|20)\d\d-(?:0[1-9]|1[0-2]))(?!\d)")
_WORD = re.compile(r"[^\W_]+")


def spellings(message: str) -> Iterator[tuple[bytes, tuple[str, ...]]]:
    """The UTF-8 bytes that may have been signed, with their flags: the text as it stands, then trimmed as OKX's auditor tool does.

    Raises InvalidSignature (bad_message) for a text that has no UTF-8 form.
    """
    try:
        yield message.encode(), ()
    except UnicodeEncodeError as error:
        raise InvalidSignature("bad_message", str(error)) from error
    if (trimmed := message.strip()) != message:
        yield trimmed.encode(), ("message_trimmed",)


def binds(row: Evidence) -> tuple[str, ...]:
    """What the message names: `exchange` (its id or name as a word), `date` (2024-03-25, 20240325 or 2024-03), `address` (as published)."""
    known = registry.load().exchanges.get(row.exchange)
    names = {
        "exchange": _has(row.message, row.exchange) or (known is not None and _has(row.message, known.name)),
        "date": _DATE.search(row.message) is not None,
        "address": _has(row.message, row.address_published),
    }
    return tuple(name for name, named in names.items() if named)


def _has(message: str, name: str) -> bool:
    """Whether the words of the name stand in the message, in any letter case."""
    words = _words(name)
    return bool(words.strip()) and words in _words(message)


def _words(text: str) -> str:
    return f" {' '.join(_WORD.findall(text.casefold()))} "

"""What the errors of a family's nodes mean, as a table that whoever opens a client gives it.

HTTP and JSON-RPC define no more than a number and a text: -32005 is "rate limited" of an EVM node and "node behind" of
a Solana one. Each family keeps its table in `chains/<family>/errors.py`, with the source of every line.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from porlake import numbers
from porlake.errors import BadAnswer, RateLimited, RequestFailed, TransportError

LONGEST_TEXT = 300


@dataclass(frozen=True, slots=True)
class Rule:
    """An error means `meaning` where its code is one of `codes`, or where `text`, a regular expression over small
    letters, is found in its message; never where its code is one of `unless`.

    A group `seconds` of `text` is how long the server wants to be left alone.
    """

    meaning: type[TransportError]
    codes: Collection[int] = ()
    text: str = ""
    unless: Collection[int] = ()

    def found(self, code: int | None, message: str) -> re.Match[str] | bool | None:
        """What of the error this rule is about; nothing where it is about another."""
        if code is not None and code in self.unless:
            return None
        if code is not None and code in self.codes:
            return True
        return re.search(self.text, message.lower()) if self.text else None


@dataclass(frozen=True, slots=True)
class ErrorTable:
    """Rules in their order: the first that an error fits says what it means. One that fits none was refused.

    `kept`: the member of a JSON-RPC error object that RequestFailed keeps as its data, where nodes say more than the
    standard elsewhere.
    """

    rules: tuple[Rule, ...] = ()
    kept: str = "data"

    def error(self, text: str, code: int | None, message: str, data: object = None) -> TransportError:
        """The error to be raised, with `text` as its text; RequestFailed keeps code and data."""
        for rule in self.rules:
            found = rule.found(code, message)
            if not found:
                continue
            if issubclass(rule.meaning, RequestFailed):
                break
            if issubclass(rule.meaning, RateLimited):
                wish = found.groupdict().get("seconds") if isinstance(found, re.Match) else None
                return rule.meaning(text, float(wish) if wish else None)
            return rule.meaning(text)
        return RequestFailed(text, code, data)

    def of_rpc(self, host: str, method: str, error: Any) -> TransportError:
        """A JSON-RPC error object by its meaning. Its text still holds what the server echoes: `Redactor.error` comes
        after. https://www.jsonrpc.org/specification#error_object
        """
        if not isinstance(error, dict):
            return BadAnswer(f"{host}: {method}: an error that is no object")
        code, message = error.get("code"), error.get("message", "")
        message = (message if isinstance(message, str) else numbers.shown(message))[:LONGEST_TEXT]
        shown = numbers.shown(code) if code is not None else "no code"
        return self.error(
            f"{host}: {method}: {message} ({shown})", code if type(code) is int else None, message, error.get(self.kept)
        )


NO_TABLE = ErrorTable()

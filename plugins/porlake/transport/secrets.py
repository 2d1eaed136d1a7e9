"""What of an endpoint must never be shown, and how it is blanked in texts, errors and answers."""

from __future__ import annotations

import html
import json
import re
from base64 import b64decode, b64encode, urlsafe_b64encode
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from functools import partial
from typing import Any
from urllib.parse import quote, quote_plus, unquote, urlsplit

from porlake.errors import RequestFailed, TransportError
from porlake.transport.endpoint import Endpoint

#: Parts of URLs and headers that are no secret.
_PUBLIC = frozenset({
    "api", "apis", "rpc", "rpcs", "jsonrpc", "json-rpc", "json", "http", "https", "public", "main", "mainnet",
    "mainnet-beta",
    "testnet", "node", "nodes", "wallet", "walletsolidity", "gateway", "archive", "basic", "bearer", "token", "apikey",
    "api-key", "api_key", "key", "auth",
    "eth", "btc", "evm",
})  # fmt: skip
BLANK = "<key>"


class Redactor:
    """What of an endpoint must never be shown: user, password, parts of path and query, headers, as they stand and as
    servers rewrite them.

    In texts of errors all of them are blanked. In answers only what cannot be there by chance: six characters or more,
    and neither a few hexadecimal digits nor, of a path, a common word (`/litecoin/`).
    """

    def __init__(self, endpoint: Endpoint | None) -> None:
        found = list(_secrets_of(endpoint)) if endpoint else []
        self._host = endpoint.host if endpoint else ""
        self._of_texts = _any_of([secret for secret, _ in found if len(secret) >= 3])
        sure = [secret for secret, is_sure in found if is_sure]
        self._of_answers = _any_of(sure)
        self._needles = sorted({form.lower().encode() for secret in sure for form in _forms(secret)})

    def text(self, text: str) -> str:
        """A text of the server as it may be shown: on one line, without URLs and secrets."""
        text = re.sub(r"https?://[^\s\"'<>]+", "<url>", re.sub(r"[\x00-\x1f\x7f-\x9f]+", " ", text))
        return self._of_texts.sub(BLANK, text) if self._of_texts else text

    def error(self, error: TransportError) -> TransportError:
        """The error, its text and data blanked but for the host."""
        text = str(error)
        parts = text.split(self._host) if self._host else [text]
        error.args = (self._host.join(self.text(part) for part in parts),)
        if isinstance(error, RequestFailed):
            error.data = self.data(error.data)
        return error

    def data(self, value: Any) -> Any:
        """What an error object holds, blanked as a text is."""
        return _mapped(value, self.text)

    def answer(self, body: bytes, value: Any) -> Any:
        """The parsed `value` of a body, with secrets blanked in its texts."""
        if self._of_answers is None:
            return value
        low = body.lower()
        if b"\\" not in low and not any(needle in low for needle in self._needles):
            return value
        return _mapped(value, partial(self._of_answers.sub, BLANK))


def _mapped(value: Any, change: Callable[[str], str]) -> Any:
    if isinstance(value, dict):
        return {change(key): _mapped(part, change) for key, part in value.items()}
    if isinstance(value, list):
        return [_mapped(part, change) for part in value]
    return change(value) if isinstance(value, str) else value


def _secrets_of(endpoint: Endpoint) -> Iterator[tuple[str, bool]]:
    """(secret, whether it can be told from what an answer says anyway)."""
    parts = urlsplit(endpoint.url)
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    yield from ((user, False), (password, _is_rare(password)), (f"{user}:{password}", bool(password)))
    for segment in re.split(r"[/;]", parts.path):
        yield unquote(segment), _is_rare(segment) and not re.fullmatch(r"[a-z_-]{,11}", segment)
    for pair in parts.query.split("&"):
        for part in (pair, *pair.split("=", 1)[1:]):
            yield unquote(part), _is_rare(part)
    for value in endpoint.headers.values():
        for word in {value, *value.split()}:
            yield word, _is_rare(word)
        if value.lower().startswith("basic "):
            with suppress(ValueError):
                both = b64decode(value[6:], validate=True).decode()
                yield from (
                    (both, True),
                    (both.partition(":")[0], False),
                    (both.partition(":")[2], _is_rare(both.partition(":")[2])),
                )


def _is_rare(secret: str) -> bool:
    return len(secret) >= 6 and not (len(secret) < 16 and re.fullmatch(r"[0-9A-Fa-f]+", secret))


def _forms(secret: str) -> Iterator[str]:
    """A secret as it stands, and as URLs, HTML, JSON, base64 and hexadecimal write it; letters of both cases are
    one.
    """
    yield from (
        secret,
        quote(secret, safe=""),
        quote_plus(secret),
        html.escape(secret),
        json.dumps(secret)[1:-1],
        secret.encode().hex(),
    )
    yield from (encode(secret.encode()).decode().rstrip("=") for encode in (b64encode, urlsafe_b64encode))


def _any_of(secrets: Iterable[str]) -> re.Pattern[str] | None:
    named = {secret for secret in secrets if secret.lower() not in _PUBLIC and not re.fullmatch(r"v\d+", secret)}
    forms = sorted({form for secret in named for form in _forms(secret)}, key=lambda form: (-len(form), form))
    return re.compile("|".join(map(re.escape, forms)), re.IGNORECASE) if forms else None

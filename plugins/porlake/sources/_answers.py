"""Answers of publishers, read strictly: what is not as it was told of is BadAnswer, which names host and field."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, TypeVar

from porlake import numbers
from porlake.errors import BadAnswer, TransportError, Unavailable
from porlake.transport import Reply
from porlake.transport.strict_json import loads

Kind = TypeVar("Kind")
_WORDS = {dict: "an object", list: "a list", str: "a text", int: "a whole number", bool: "true or false"}
_SCRIPT = re.compile(rb"<script\b([^>]{0,1000})>(.*?)</script\s*>", re.DOTALL | re.IGNORECASE)


def whole(reply: Reply) -> bytes:
    """The body of an answer of status 200. Raises Unavailable for 404, TransportError for any other status."""
    if reply.status == 200:
        return reply.body
    if reply.status == 404:
        raise Unavailable(f"{reply.host}: HTTP 404")
    what = " (a page, not the answer)" if is_markup(reply.body) else ""
    raise TransportError(f"{reply.host}: HTTP {reply.status}{what}")


def is_markup(body: bytes) -> bool:
    """Whether a body begins as HTML or XML does."""
    return body.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<")


def json_of(reply: Reply) -> Any:
    """The JSON of an answer of status 200, numbers with a point as Decimal. Raises BadAnswer for another body, a page
    of HTML above all.
    """
    return loads(whole(reply), reply.host)


def script(reply: Reply, name: str) -> Any:
    """The JSON in the one <script> of a page whose id is `name`. Raises BadAnswer where there is none, or more."""
    marked = re.compile(rb"""\bid\s*=\s*["']?""" + re.escape(name.encode()) + rb"""["'\s]?(?:\s|$)""")
    found = [match[2] for match in _SCRIPT.finditer(whole(reply)) if marked.search(match[1])]
    if len(found) != 1:
        raise BadAnswer(f"{reply.host}: the page has {len(found) or 'no'} script {name}")
    return loads(found[0], reply.host)


def at(value: Any, path: str, kind: type[Kind], host: str) -> Kind:
    """What lies at a path of names, `data.list`, in an object. Raises BadAnswer for another kind of value there."""
    for name in path.split(".") if path else ():
        if not isinstance(value, dict) or name not in value:
            raise BadAnswer(f"{host}: the answer has no {path}")
        value = value[name]
    if type(value) is not kind:
        raise BadAnswer(f"{host}: {path or 'the answer'} is {numbers.shown(value)}, not {_WORDS[kind]}")
    return value


def shown_at(milliseconds: Any, hours: int, what: str) -> datetime:
    """What a clock `hours` ahead of UTC shows at a moment in thousandths of a second since 1970, as a number or its
    digits. Raises BadAnswer.
    """
    moment = numbers.moment(milliseconds, what=what, per_second=1000)
    return (moment + timedelta(hours=hours)).replace(tzinfo=None)


def http_date(reply: Reply, name: str = "last-modified") -> datetime | None:
    """The moment in a header, in UTC; None where there is none that can be read."""
    try:
        told = parsedate_to_datetime(reply.headers[name])
        return told.replace(tzinfo=told.tzinfo or UTC).astimezone(UTC)
    except (KeyError, ValueError, TypeError, IndexError, OverflowError):
        return None

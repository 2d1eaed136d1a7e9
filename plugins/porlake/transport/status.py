"""What an HTTP status means, and how long a server wants to be left alone."""

from __future__ import annotations

import re
import time
from email.utils import parsedate_to_datetime
from urllib.parse import urljoin, urlsplit

import urllib3

from porlake.errors import BadAnswer, NotFound, RateLimited, RequestFailed, TooBig, TransportError
from porlake.transport.limits import TransientFault


def check_status(response: urllib3.BaseHTTPResponse, host: str, body: bytes = b"") -> None:
    status = response.status
    if 300 <= status < 400:
        raise BadAnswer(
            f"{host}: redirects to {_target(response, host)}, which is refused: a key may be in the request"
        )
    if status == 429 or (status == 503 and "Retry-After" in response.headers):
        raise RateLimited(f"{host}: HTTP {status}, too many requests", _retry_after(response))
    if status == 413:
        raise TooBig(f"{host}: HTTP 413")
    if status in (206, 408, 425) or status < 200:
        raise TransientFault(f"{host}: HTTP {status}")
    # JSON-RPC servers and APIs answer errors with 4xx and 5xx and a JSON body that says more.
    if status < 400 or is_json(body):
        return
    if status >= 500:
        raise TransientFault(f"{host}: HTTP {status}")
    if status in (400, 422):
        raise RequestFailed(f"{host}: HTTP {status}{_plain_text(body)}")
    if status == 404:
        raise NotFound(f"{host}: HTTP 404")
    raise TransportError(
        f"{host}: HTTP {status}" + (": the key or password is wrong or missing" if status in (401, 403) else "")
    )


def is_json(body: bytes) -> bool:
    return body.lstrip().startswith((b"{", b"["))


def _plain_text(body: bytes) -> str:
    """A plain text of a refusal, as Esplora gives: `Too many history entries`."""
    text = body[:200].decode("utf-8", "replace").strip()
    return f": {text}" if text and text.isprintable() and not text.startswith("<") else ""


def _target(response: urllib3.BaseHTTPResponse, host: str) -> str:
    try:
        target = urlsplit(urljoin(f"http://{host}", response.headers.get("Location", "")))
        return f"{target.hostname}"[:100] if target.scheme in ("http", "https") else "no web page"
    except ValueError:
        return "a place that is none"


def _retry_after(response: urllib3.BaseHTTPResponse) -> float | None:
    """RFC 9110: seconds, or a date. None for what is neither."""
    text = response.headers.get("Retry-After", "").strip()
    if re.fullmatch(r"[0-9]{1,12}", text):
        return float(text)
    try:
        return max(0.0, parsedate_to_datetime(text[:100]).timestamp() - time.time())
    except (ValueError, TypeError, IndexError, ArithmeticError, OSError):
        return None

"""How files of the page are given out over HTTP, by whichever server: which names there can be, their types, the
headers of an answer. Imports nothing that takes time.
"""

from __future__ import annotations

import re
from urllib.parse import unquote

IN_LAKE = "page"
"""Where the page of a lake lies in it."""
PAGE = "data/page.json"
"""What the page consists of: its readers go through it."""
TYPES = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".json": "application/json",
    ".xml": "application/atom+xml; charset=utf-8",
    ".csv": "text/csv; charset=utf-8",
    ".sql": "text/plain; charset=utf-8",
    ".parquet": "application/vnd.apache.parquet",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".ico": "image/x-icon",
    ".txt": "text/plain; charset=utf-8",
}
#: Nothing is loaded from elsewhere, nothing runs that is not in the page's files. Styles that a script sets on an
#: element are no inline styles.
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "img-src 'self' data:; font-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}
_NEVER_CHANGES = re.compile(r"data/[0-9a-f]{16}/")
_PART = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9_.-]*")


def file_of(url_path: str) -> str | None:
    """The name of the page's file that is asked for, relative to its folder, by the path of a request: `index.html`
    where it is the folder itself. None for what can be no such file: it is looked for nowhere.
    """
    name = unquote(re.split("[?#]", url_path, maxsplit=1)[0]).lstrip("/") or "index.html"
    if not all(_PART.fullmatch(part) for part in name.split("/")) or type_of(name) is None:
        return None
    return name


def is_address(text: str) -> bool:
    """Whether a page can be served there: `https://example.org/reserves/`."""
    return re.fullmatch(r"https?://[^\s<>\"]+", text) is not None


def type_of(name: str) -> str | None:
    """Its media type, None for a kind of file that the page does not have."""
    return next((kind for suffix, kind in TYPES.items() if name.endswith(suffix)), None)


def headers_of(name: str) -> dict[str, str]:
    """Those of an answer with the file: what lies in a folder that is named by its content may be kept for good."""
    kept = "max-age=31536000, immutable" if _NEVER_CHANGES.match(name) else "no-cache"
    return HEADERS | {"Cache-Control": kept}

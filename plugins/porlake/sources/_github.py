"""Repositories on GitHub as a plain HTTP client sees them: references by git's smart HTTP, commits by the REST API.

https://git-scm.com/docs/gitprotocol-http, https://docs.github.com/en/rest/commits/commits. References need no token and
have no hourly limit; of commits an address without a token may ask sixty times an hour, so that they only add what the
references do not say: when, and what came between two tags.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import quote

from porlake.errors import BadAnswer
from porlake.sources._answers import at, json_of, whole
from porlake.sources._publications import Look
from porlake.transport import Reply

HOSTS = ("github.com", "api.github.com", "raw.githubusercontent.com")
PAGES = 20  # of a hundred commits
_SHA = re.compile(rb"[0-9a-f]{40}|[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Commit:
    """`at`: when it was committed, with its zone; `message`: its text, which may lie; `reply`: the page of it."""

    sha: str
    at: datetime
    message: str
    reply: Reply


def raw_url(repository: str, reference: str, path: str) -> str:
    return f"https://raw.githubusercontent.com/{repository}/{reference}/{quote(path)}"


def tags(look: Look, repository: str) -> tuple[dict[str, str], Reply]:
    """(commit of each tag, answer). Raises TransportError."""
    reply = look.get(f"https://github.com/{repository}.git/info/refs?service=git-upload-pack")
    found: dict[str, str] = {}
    for line in packet_lines(whole(reply), reply.host):
        sha, _, name = line.partition(b"\0")[0].strip().partition(b" ")
        if not _SHA.fullmatch(sha) or not name.startswith(b"refs/tags/"):
            continue
        text = name.removeprefix(b"refs/tags/").decode("utf-8", "replace")
        # of an annotated tag the line behind it, with ^{}, names the commit
        found[text.removesuffix("^{}")] = sha.decode()
    return found, reply


def packet_lines(body: bytes, host: str) -> list[bytes]:
    """The lines of git's pkt-line format, flush packets left out. Raises BadAnswer for what is none."""
    place, lines = 0, list[bytes]()
    if not body.startswith(b"001e# service=git-upload-pack\n"):
        raise BadAnswer(f"{host}: the answer is no list of git's references")
    while place < len(body):
        digits = body[place : place + 4]
        if not re.fullmatch(rb"[0-9a-f]{4}", digits):
            raise BadAnswer(f"{host}: git's list of references breaks off at byte {place:,}")
        size = int(digits, 16)
        if size in (0, 1, 2):  # flush, delimiter, end of the answer
            place += 4
            continue
        if size < 4 or place + size > len(body):
            raise BadAnswer(f"{host}: git's list of references breaks off at byte {place:,}")
        lines.append(body[place + 4 : place + size])
        place += size
    return lines


def commits(look: Look, repository: str, path: str = "") -> list[Commit]:
    """The commits of the default branch, or those of them that change a path, newest first, to an empty page. Raises
    TransportError.
    """
    found: list[Commit] = []
    for page in range(1, PAGES + 1):
        query = f"per_page=100&page={page}" + (f"&path={quote(path)}" if path else "")
        reply = look.get(f"https://api.github.com/repos/{repository}/commits?{query}")
        rows = at(json_of(reply), "", list, reply.host)
        if not rows:
            return found
        found += [_commit(row, reply) for row in rows]
    raise BadAnswer(f"api.github.com: more than {PAGES} pages of commits")


def _commit(row: Any, reply: Reply) -> Commit:
    host = reply.host
    sha, when = at(row, "sha", str, host), at(row, "commit.committer.date", str, host)
    try:
        moment = datetime.fromisoformat(when)
    except ValueError as error:
        raise BadAnswer(f"{host}: the date of a commit is {when[:40]!r}") from error
    if not _SHA.fullmatch(sha.encode()) or moment.tzinfo is None:
        raise BadAnswer(f"{host}: a commit without its hash and a date with its zone")
    return Commit(sha, moment, at(row, "commit.message", str, host)[:200], reply)

"""BitMEX: a bucket whose listing names every file; reserves, token reserves and liabilities of a day belong together.

The stamp in a name is the snapshot in UTC, `LastModified` the publication: one before its own snapshot is no report.
The listing is paged by a token up to the page that is not truncated; a thousand keys are not all of them.
"""

from __future__ import annotations

import html
import re
from collections import defaultdict
from datetime import UTC, date, datetime
from urllib.parse import quote

from porlake.errors import BadAnswer
from porlake.sources._answers import whole
from porlake.sources._publications import Look, Member, Publications
from porlake.stamps import stamp
from porlake.transport import Reply, Web

NAME = "bitmex"
HOSTS = ("s3-eu-west-1.amazonaws.com/public.bitmex.com",)
BUCKET = "https://s3-eu-west-1.amazonaws.com/public.bitmex.com"
PREFIX = "data/porl/"
PAGES = 60  # of a thousand keys

_ITEM = re.compile(rb"<Contents>(.{0,4000}?)</Contents>", re.DOTALL)
#: 20260908-reserves-966053-20260908D100102534828000.yaml, reserves-763269-20221115D113036434534000.yaml
_RESERVES = re.compile(r"(?:\d{8}-)?(reserves|liabilities)-\d{1,9}-(\d{8})D(\d{6})\d{0,9}\.(?:yaml|csv)", re.ASCII)
_TOKENS = re.compile(r"\d{8}-token_reserves-(\d{8})\.yaml", re.ASCII)
ROLES = {"reserves": "wallets", "liabilities": "liabilities"}


def find(web: Web, since: date | None) -> Publications:
    """A publication for each day of the bucket's files."""
    look = Look(NAME, web, since)
    days: dict[date, list[tuple[datetime, Member, Reply, datetime]]] = defaultdict(list)
    with look.part("which files there are"):
        for key, modified, reply in _keys(look):
            with look.part(f"the file {key[:80]}"):
                if (read := _read(key)) is None or not look.is_wanted(read[0]):
                    continue
                moment, member = read
                if modified < moment:
                    raise BadAnswer(f"{reply.host}: modified {modified:%Y-%m-%d %H:%M}, before its own snapshot")
                days[moment.date()].append((moment, member, reply, modified))
    for files in days.values():
        files.sort(key=lambda file: (file[1].role != "wallets", file[0]))
        moment, _, reply, modified = files[0]
        look.add(
            moment, "moment", [member for _, member, _, _ in files], reply, published_at=modified.replace(tzinfo=UTC)
        )
    return look.done()


def _keys(look: Look) -> list[tuple[str, datetime, Reply]]:
    """(key, when it was last modified in UTC, page) of every file. Raises TransportError."""
    found, token = list[tuple[str, datetime, Reply]](), ""
    for _ in range(PAGES):
        more = f"&continuation-token={quote(token, safe='')}" if token else ""
        reply = look.get(f"{BUCKET}?list-type=2&prefix={PREFIX}{more}")
        body = whole(reply)
        if b"<ListBucketResult" not in body[:1_000] or b"<!" in body:
            raise BadAnswer(f"{reply.host}: the answer is no listing of a bucket")
        for item in _ITEM.findall(body):
            found.append((_text(item, "Key", reply), _moment(item, reply), reply))
        if _text(body, "IsTruncated", reply) == "false":
            if not found:
                raise BadAnswer(f"{reply.host}: the bucket's listing is empty")
            return found
        token = _text(body, "NextContinuationToken", reply)
    raise BadAnswer(f"{look.exchange}: the bucket's listing has more than {PAGES} pages")


def _text(body: bytes, name: str, reply: Reply) -> str:
    match = re.search(rb"<%b>([^<]{0,2000})</%b>" % (name.encode(), name.encode()), body)
    if match is None:
        raise BadAnswer(f"{reply.host}: the bucket's listing has no {name}")
    return html.unescape(match[1].decode("utf-8", "replace"))


def _moment(item: bytes, reply: Reply) -> datetime:
    told = _text(item, "LastModified", reply)
    try:
        return datetime.strptime(told[:19], "%Y-%m-%dT%H:%M:%S")
    except ValueError as error:
        raise BadAnswer(f"{reply.host}: LastModified {told[:40]!r} is no moment") from error


def _read(key: str) -> tuple[datetime, Member] | None:
    """(snapshot, member) of a key; None for a file of another kind. Raises BadAnswer."""
    name = key.rpartition("/")[2]
    reserves, tokens = _RESERVES.fullmatch(name), _TOKENS.fullmatch(name)
    if reserves is None and tokens is None:
        return None
    try:
        if reserves is not None:
            moment = datetime.strptime(reserves[2] + reserves[3], "%Y%m%d%H%M%S")
            role = ROLES[reserves[1]]
        elif tokens is not None:
            moment, role = stamp(tokens[1]), "token_wallets"
    except ValueError as error:
        raise BadAnswer(f"{name[:80]}: the name says no moment") from error
    kind = "csv" if name.endswith(".csv") else "yaml"
    return moment, Member(role, name, f"{BUCKET}/{quote(key)}", kind)

"""Binance: a list of snapshots, a question for the URL of each one's file, the amounts of the latest one alone; and a
list of addresses, with the names of custodians, that is of now.

The list's dates are DD/MM/YY. An audit's id is `PR` with its day, `PR01SEP26`; the files inside of a zip begin with it,
by which one of another month under this month's name is seen. The amounts (POST) are those of now: a question for an
earlier time gives an object of nulls. The list of addresses names no snapshot, and has no pages: it is of the moment of
its answer, beside the snapshots, and no month waits for it. Wallets that back pegged tokens are told elsewhere
(`tokencanal/lockinfo`), for they are no reserves.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from typing import Any

from porlake.errors import BadAnswer, NotRecorded
from porlake.sources._answers import at, json_of
from porlake.sources._publications import ADDRESSES_OF_NOW, Look, Member, Publications
from porlake.transport import Reply, Web

NAME = "binance"
HOSTS = ("www.binance.com", "public.bnbstatic.com")
API = "https://www.binance.com/bapi/apex/v1/public/apex/market"
SNAPSHOTS, AMOUNTS = f"{API}/query/auditProofSnapshotCondition", f"{API}/query/userReserveAuditProofSnapshot"
FILE_OF, ADDRESSES = f"{API}/por/getDownloadUrl?auditId=", f"{API}/por/address"
FILES = "https://public.bnbstatic.com/static/proof-of-reserve/"
FIRST_FILE = datetime(2025, 9, 1)  # the earliest that was ever seen
OF_NOW = "the addresses of now"
ASKED = 12  # files whose URL is asked for in one look; of others the URL follows from their day
MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")

_LINE = re.compile(r"(\d{2})/(\d{2})/(\d{2}) (\d{2}):(\d{2}):(\d{2}) UTC \| BTC Block Height (\d{1,9})", re.ASCII)


def find(web: Web, since: date | None) -> Publications:
    """The snapshots of the list, each with its file where there is one, and the addresses of now."""
    look = Look(NAME, web, since)
    with look.part("which snapshots there are"):
        reply = look.get(SNAPSHOTS)
        lines = at(_data(reply), "", list, reply.host)
        read = [_line(line, reply.host) for line in lines]
        if not read:
            raise BadAnswer(f"{reply.host}: the list of snapshots is empty")
        by_time = sorted(read, reverse=True)
        if [height for _, height in by_time] != sorted((height for _, height in read), reverse=True):
            look.note(f"{reply.host}: heights and dates of the list are not in one order: a date may be read wrong")
        amounts = _amounts(look)
        wanted = [moment for moment, _ in by_time if look.is_wanted(moment)]
        asked = wanted[: ASKED if since else 1]
        for moment in wanted:
            members, remarks = list[Member](), list[str]()
            if moment >= FIRST_FILE:
                with look.part(f"the file of {moment:%Y-%m-%d}"):
                    members += _file(look, moment, moment in asked, remarks)
            if amounts is not None and amounts[0] == _audit_id(moment):
                members.append(Member("totals", f"{amounts[0]}.json", AMOUNTS, "json", reply=amounts[1]))
            look.add(moment, "moment", members, reply, audit_id=_audit_id(moment), remarks=tuple(remarks))
    try:
        with look.part(OF_NOW):
            _addresses(look)
    except NotRecorded:
        look.not_known(OF_NOW, "the recording holds no answer: it may be older than this question")
    return look.done()


def _data(reply: Reply) -> Any:
    """What an answer of its API holds. Raises BadAnswer where the API says that it failed, or gives nothing."""
    answer = json_of(reply)
    code = at(answer, "code", str, reply.host)
    if code != "000000" or answer.get("data") is None:
        raise BadAnswer(f"{reply.host}: the API says {code[:20]!r}, and gives no data")
    return answer["data"]


def _line(line: Any, host: str) -> tuple[datetime, int]:
    """`01/09/26 00:00:00 UTC | BTC Block Height 964957`: the day first."""
    match = _LINE.fullmatch(line) if isinstance(line, str) else None
    if match is None:
        raise BadAnswer(f"{host}: a snapshot that is not DD/MM/YY HH:MM:SS UTC | BTC Block Height N")
    day, month, year, hour, minute, second, height = map(int, match.groups())
    try:
        return datetime(2000 + year, month, day, hour, minute, second), height
    except ValueError as error:
        raise BadAnswer(f"{host}: {line[:17]!r} is no date of DD/MM/YY") from error


def _audit_id(moment: datetime) -> str:
    return f"PR{moment:%d}{MONTHS[moment.month - 1]}{moment:%y}"


def _file(look: Look, moment: datetime, ask: bool, remarks: list[str]) -> list[Member]:
    """The zip of a snapshot; none where the API says that there is none yet."""
    audit_id, name = _audit_id(moment), f"wallet_address_{moment:%Y%m%d}.zip"
    url = FILES + name
    if ask:
        reply = look.get(FILE_OF + audit_id)
        answer = json_of(reply)
        code = at(answer, "code", str, reply.host)
        if code != "000000" or not answer.get("data"):
            remarks.append(f"no file yet: the API says {code[:20]!r} to {audit_id}")
            return []
        url = at(answer, "data", str, reply.host)
        told = url.partition("?")[0].rpartition("/")[2]
        if told != name:
            remarks.append(f"the file of {audit_id} is called {told[:60]!r}, not {name}")
    return [Member("wallets", name, url, "zip", holds=audit_id)]


def _amounts(look: Look) -> tuple[str, Reply] | None:
    """(audit id, answer) of the amounts of the latest snapshot; None where they could not be had."""
    with look.part("the amounts of the latest snapshot"):
        reply = look.post(AMOUNTS, {"time": "", "pageIndex": 0, "pageSize": 0})
        data = at(_data(reply), "", dict, reply.host)
        if all(value is None for value in data.values()):
            raise BadAnswer(f"{reply.host}: the amounts are an object of nulls")
        return at(data, "auditId", str, reply.host), reply
    return None


def _addresses(look: Look) -> None:
    """The list of addresses of now, a publication of its own."""
    reply = look.get(ADDRESSES)
    if not at(_data(reply), "", list, reply.host):
        raise BadAnswer(f"{reply.host}: the list of addresses is empty")
    moment = reply.retrieved_at.astimezone(UTC).replace(tzinfo=None)
    member = Member(ADDRESSES_OF_NOW, f"binance_{moment:%Y%m%d}_addresses.json", ADDRESSES, "json", reply=reply)
    remark = "the list of addresses says no moment: that of the answer is taken"
    look.add(moment, "moment", [member], reply, remarks=(remark,))

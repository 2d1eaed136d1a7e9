"""Bitget: a list of audits, and for each of them the amounts by coin and chain. No address file is published.

An audit's id is `Au` and YYYYMMDDHH in UTC+8; the list's `snapshotTime` says the same moment.
"""

from __future__ import annotations

import re
from datetime import date
from typing import Any

from porlake.errors import BadAnswer
from porlake.sources._answers import at, json_of, shown_at
from porlake.sources._publications import Look, Member, Publications
from porlake.stamps import stamp
from porlake.transport import Reply, Web

NAME = "bitget"
HOSTS = ("www.bitget.com",)
API = "https://www.bitget.com/v1/bill/proof/assets/public/"
LIST, DETAIL = f"{API}queryTotalReserveAmount", f"{API}queryPlatformReserveDetail"
HOURS = 8  # of its clock ahead of UTC
_AUDIT = re.compile(r"Au(\d{10})", re.ASCII)


def find(web: Web, since: date | None) -> Publications:
    """The audits of the list."""
    look = Look(NAME, web, since)
    with look.part("which audits there are"):
        reply = look.post(LIST, {})
        rows = at(json_of(reply), "data", list, reply.host)
        if not rows:
            raise BadAnswer(f"{reply.host}: the list of audits is empty")
        for row in rows:
            with look.part("one row of the list of audits"):
                _audit(look, row, reply)
    return look.done()


def _audit(look: Look, row: Any, reply: Reply) -> None:
    audit_id = at(row, "auditId", str, reply.host)
    moment = shown_at(row.get("snapshotTime"), HOURS, f"{reply.host}: snapshotTime")
    if (match := _AUDIT.fullmatch(audit_id)) is None:
        raise BadAnswer(f"{reply.host}: an audit's id that is not Au and ten digits")
    try:
        named = stamp(match[1])
    except ValueError as error:
        raise BadAnswer(f"{reply.host}: {audit_id} names no hour") from error
    differs = named != moment.replace(minute=0, second=0, microsecond=0)
    remarks = (f"the list says {moment:%Y-%m-%d %H:%M}, the id {named:%Y-%m-%d %H:%M}",) if differs else ()
    member = Member("totals", f"bitget_{audit_id}.json", DETAIL, "json", body={"auditId": audit_id})
    look.add(named, "moment", [member], reply, audit_id=audit_id, remarks=remarks)

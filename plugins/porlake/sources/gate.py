"""Gate: the totals of the last snapshot alone; no address file is published.

Its moment has no zone; the page of 2024 said UTC. A page of HTML in place of the answer is a gateway's refusal.
"""

from __future__ import annotations

from datetime import date, datetime

from porlake.errors import BadAnswer
from porlake.sources._answers import at, json_of
from porlake.sources._publications import Look, Member, Publications
from porlake.transport import Web

NAME = "gate"
HOSTS = ("www.gate.io",)
LAST = "https://www.gate.io/api/web/v1/bill/audit/lastSnapshot"


def find(web: Web, since: date | None) -> Publications:
    """The last snapshot."""
    look = Look(NAME, web, since)
    with look.part("the last snapshot"):
        reply = look.get(LAST)
        data = at(json_of(reply), "data", dict, reply.host)
        told = at(data, "snapshot_time", str, reply.host)
        try:
            moment = datetime.strptime(told, "%Y-%m-%d %H:%M:%S")
        except ValueError as error:
            raise BadAnswer(f"{reply.host}: snapshot_time {told[:40]!r} is not YYYY-MM-DD HH:MM:SS") from error
        at(data, "currency_data", list, reply.host)
        member = Member("totals", f"gate_last_snapshot_{moment:%Y%m%d}.json", LAST, "json", reply=reply)
        look.add(moment, "moment", [member], reply)
    return look.done()

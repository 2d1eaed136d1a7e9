"""KuCoin: the totals of the latest audit alone; the auditor's PDF lies on a host that no program is let in to.

The PDF's address may still be last month's while the totals are new: what the site says of either is compared.
"""

from __future__ import annotations

from datetime import date
from urllib.parse import urlsplit

from porlake.sources._answers import at, json_of, shown_at
from porlake.sources._publications import Look, Member, Publications
from porlake.transport import Web

NAME = "kucoin"
HOSTS = ("www.kucoin.com",)
API = "https://www.kucoin.com/_api/asset-front/"
TOTALS = f"{API}proof-of-reserves/asset-reserve?lang=en_US"
MONTHLY = f"{API}current/por/monthly?lang=en_US"
HOURS = 8  # of its clock ahead of UTC


def find(web: Web, since: date | None) -> Publications:
    """The latest audit."""
    look = Look(NAME, web, since)
    with look.part("the latest audit"):
        reply = look.get(TOTALS)
        data = at(json_of(reply), "data", dict, reply.host)
        moment = shown_at(data.get("latestAuditDate"), HOURS, f"{reply.host}: latestAuditDate")
        at(data, "reserveAsset", list, reply.host)
        name = f"kucoin_asset_reserve_{moment:%Y%m%d}.json"
        remarks = list[str]()
        if url := data.get("auditReportUrl"):
            host = urlsplit(at(data, "auditReportUrl", str, reply.host)).hostname or "a host that cannot be read"
            remarks.append(f"the auditor's PDF is to be fetched by hand, from {host[:60]}")
            with look.part("whether the PDF is of the same audit"):
                told = look.get(MONTHLY)
                monthly = at(json_of(told), "data", dict, told.host)
                dated = shown_at(monthly.get("auditDate"), HOURS, f"{told.host}: auditDate")
                if dated.date() != moment.date():
                    remarks.append(f"the PDF is of {dated:%Y-%m-%d}, the totals of {moment:%Y-%m-%d}")
                elif monthly.get("auditReportUrl") != url:
                    remarks.append("the site names two PDFs for one audit")
        member = Member("totals", name, TOTALS, "json", reply=reply)
        look.add(moment, "moment", [member], reply, remarks=tuple(remarks))
    return look.done()

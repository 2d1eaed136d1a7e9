"""OKX: a page that lists its reports, a page with the amounts of the latest one alone.

https://www.okx.com/proof-of-reserves/download has in one script (`appState`) a row a report: `createTime` is the moment
of the snapshot, not of the upload, and the name of the file shows the same moment in UTC+8. `auditId` is no order: ids
of later months are smaller. Revisions stand in names alone, and `V10` is after `V9`.
https://www.okx.com/proof-of-reserves/detail is the only place where amounts of customers stand in digits; it may be of
another month than the list.
"""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import Any
from urllib.parse import urlsplit

from porlake.errors import BadAnswer
from porlake.sources._answers import at, script, shown_at
from porlake.sources._publications import Look, Member, Publications
from porlake.stamps import stamp
from porlake.transport import Reply, Web

NAME = "okx"
HOSTS = ("www.okx.com", "static.okx.com")
LIST, DETAIL = "https://www.okx.com/proof-of-reserves/download", "https://www.okx.com/proof-of-reserves/detail"
HOURS = 8  # of its clock ahead of UTC

#: okx_por_20221122.csv, okx_por_202507042112.csv.zip, okx_por_2025090218.csv.zip, okx_por_2025100813_v6.csv.zip,
#: por_csv_2026020419_V4.zip
_FILE = re.compile(r"(?:okx_por|por_csv)_(\d{8})(\d{2})?(\d{2})?(?:_[vV](\d{1,3}))?(?:\.csv)?(?:\.zip)?", re.ASCII)


def find(web: Web, since: date | None) -> Publications:
    """The reports of the list, and the amounts of the detail page with the report whose they are."""
    look = Look(NAME, web, since)
    detail = _detail(look)
    with look.part("which reports there are"):
        reply = look.get(LIST)
        rows = at(script(reply, "appState"), "appContext.initialProps.App.auditList", list, reply.host)
        if not rows:
            raise BadAnswer(f"{reply.host}: the list of reports is empty")
        for row in rows:
            with look.part("one row of the list of reports"):
                _report(look, row, reply, detail)
    if detail is not None and not detail.is_listed:
        remark = "the page of amounts speaks of it; the list of reports does not name it yet"
        look.add(detail.at, "moment", [detail.member], detail.reply, audit_id=detail.audit_id, remarks=(remark,))
    return look.done()


class _Detail:
    def __init__(self, reply: Reply, info: dict[str, Any]) -> None:
        self.reply, self.is_listed = reply, False
        self.audit_id = at(info, "auditId", str, reply.host)
        self.at = shown_at(info.get("createTime"), HOURS, f"{reply.host}: auditRootInfo.createTime")

    @property
    def member(self) -> Member:
        name = f"okx_por_detail_{self.at:%Y%m%d%H}.html"
        return Member("totals", name, DETAIL, "html", reply=self.reply)


def _detail(look: Look) -> _Detail | None:
    """The page of amounts; None where it does not say of which report it is."""
    with look.part("the amounts of the latest report"):
        reply = look.get(DETAIL)
        info = at(script(reply, "appState"), "appContext.initialProps.App.auditRootInfo", dict, reply.host)
        return _Detail(reply, info)
    return None


def _report(look: Look, row: Any, reply: Reply, detail: _Detail | None) -> None:
    host = reply.host
    audit_id = at(row, "auditId", str, host)
    if not re.fullmatch(r"\d{1,20}", audit_id, re.ASCII):
        raise BadAnswer(f"{host}: an auditId that is not of digits")
    listed = shown_at(row.get("createTime"), HOURS, f"{host}: createTime of report {audit_id}")
    members, remarks, moment, revision = list[Member](), list[str](), listed, None
    if wallets := row.get("download"):
        name = _name_of(at(row, "download", str, host))
        named = _FILE.fullmatch(name)
        kind = "zip" if name.endswith(".zip") else "csv"
        members.append(Member("wallets", name, wallets, kind, holds=_stamp_in(name) if kind == "zip" else ""))
        if named is None:
            remarks.append(f"{name}: a name of a form that is not known; the list's own moment is taken")
        else:
            revision = int(named[4]) if named[4] else None
            moment = _moment(named, host)
            if not _is_same(moment, listed, named):
                remarks.append(f"the list says {listed:%Y-%m-%d %H:%M}, the file's name {moment:%Y-%m-%d %H:%M}")
    else:
        remarks.append("listed without a file of its wallets")
    if proof := row.get("merkleTreeDownload"):
        members.append(Member("liability_proof", _name_of(at(row, "merkleTreeDownload", str, host)), proof, "zip"))
    if detail is not None and detail.audit_id == audit_id:
        detail.is_listed = True
        members.append(detail.member)
    look.add(
        moment, "moment", members, reply, revision=revision, audit_id=audit_id, remarks=tuple(remarks)
    )  # fmt: skip


def _moment(named: re.Match[str], host: str) -> datetime:
    try:
        return stamp("".join(part or "" for part in named.groups()[:3]))
    except ValueError as error:
        raise BadAnswer(f"{host}: the file's name {named[0][:60]} says no moment") from error


def _is_same(moment: datetime, listed: datetime, named: re.Match[str]) -> bool:
    """Whether the list says the moment that the name shows, as far as the name shows it."""
    if not named[2]:
        return moment.date() == listed.date()
    return moment == listed.replace(minute=moment.minute if not named[3] else listed.minute, second=0, microsecond=0)


def _stamp_in(name: str) -> str:
    """What the files inside of a report's zip have in their names too: its day; '' where the name shows none."""
    found = re.search(r"\d{8}", name)
    return found[0] if found else ""


def _name_of(url: str) -> str:
    return urlsplit(url).path.rpartition("/")[2] or "report"

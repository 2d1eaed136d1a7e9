"""HTX: a repository of monthly files, told apart by tags; the site lists a snapshot before the repository has it.

Up to the tag por_20230701 files are named by their day and all lie side by side; later ones have one name. What the
site's API lists and no tag has is coming, and is told as a note.
"""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import Any

from porlake.sources import _github, _tagged
from porlake.sources._answers import at, json_of
from porlake.sources._publications import Look, Publications
from porlake.transport import Web

NAME = "htx"
HOSTS = (*_github.HOSTS, "www.huobi.com")
SITE = "https://www.huobi.com/-/x/hbg/v1/open/profit/merkel/getPublicSnapshotBalanceData"
CURRENT = "snapshot/huobi_por.csv"
LAST_DATED = datetime(2023, 7, 1)


def _dated(at_: datetime, is_part: bool) -> str:
    return f"snapshot/huobi_por_{at_:%Y%m%d}{'_part' if is_part else ''}.csv"


def _path(at_: datetime, is_part: bool) -> str:
    return _dated(at_, is_part) if at_ <= LAST_DATED else CURRENT


def _others(at_: datetime, is_part: bool) -> tuple[str, ...]:
    return (CURRENT,) if at_ <= LAST_DATED else (_dated(at_, is_part),)


REPOSITORY = _tagged.Repository(NAME, "huobiapi/Tool-Node.js-VerifyAddress", CURRENT, _path, _others)


def find(web: Web, since: date | None) -> Publications:
    """The reports that are tagged, and a note for each that the site lists beside them."""
    look = Look(NAME, web, since)
    tagged = _tagged.add(look, REPOSITORY)
    with look.part("what the site lists beside the repository"):
        reply = look.get(SITE)
        answer = json_of(reply)
        at(answer, "code", int, reply.host)
        listed = sorted({day for day in _days(at(answer, "data", dict, reply.host)) if tagged and day > max(tagged)})
        for day in listed:
            look.note(f"the site lists {day}, which the repository has no tag for yet")
    return look.done()


def _days(value: Any) -> list[str]:
    """Every text of eight digits in an answer."""
    if isinstance(value, str):
        return [value] if re.fullmatch(r"20\d{6}", value, re.ASCII) else []
    inside = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [day for part in inside for day in _days(part)]

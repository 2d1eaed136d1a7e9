"""What `porlake run --month` says where it has nothing to run."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from porlake.cli.run import nothing_of
from porlake.sources import Member, Publication, Publications, Unknown
from porlake.transport import Reply

ANSWER = Reply("https://www.okx.com/list", 200, {}, b"", datetime(2026, 9, 1, tzinfo=UTC))
JULY = Publication("okx", datetime(2026, 7, 7), "day", (), ANSWER)
AUGUST = Publication("okx", datetime(2026, 8, 11), "day", (), ANSWER)
OF_NOW = Publication(
    "binance", datetime(2026, 8, 20), "moment", (Member("addresses", "a.json", ANSWER.url, "json"),), ANSWER
)
SILENT = Unknown("which reports there are", "no connection")


@pytest.mark.parametrize(
    ("looked", "says"),
    [
        (Publications((), (SILENT,)), "there is a report of 2026-08 is not known; the newest that was seen: none"),
        (Publications((JULY,), (SILENT,)), "is not known; the newest that was seen: okx/2026-07-07"),
        (Publications((JULY,)), "no report of 2026-08 is listed; the newest that is: okx/2026-07-07"),
        (Publications(()), "no report of 2026-08 is listed; the newest that is: none"),
        (Publications((AUGUST, JULY)), "no file of the report of 2026-08 could be read"),
        (Publications((OF_NOW, JULY)), "no report of 2026-08 is listed; the newest that is: okx/2026-07-07"),
        (Publications((OF_NOW,), (SILENT,)), "is not known; the newest that was seen: none"),
        (Publications((AUGUST,), (SILENT,)), "no file of the report of 2026-08 could be read"),
    ],
)  # fmt: skip
def test_nobody_says_that_there_is_no_report_where_the_publisher_did_not(looked: Publications, says: str) -> None:
    assert nothing_of(looked, "2026-08").endswith(says)

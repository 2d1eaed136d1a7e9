"""An observation of a list states itself in one line: the same question has the same bytes, and no others are read."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from porlake import reports
from porlake.errors import UnknownFormat
from porlake.reports import observed_list
from porlake.reports.observed_list import Asked
from reports.published import as_bundle

AT = datetime(2026, 11, 1, 2, 3, 4, tzinfo=UTC)
ASKED = Asked("bitfinex", "a" * 64, AT, "b" * 64)
TEXT = f'{{"at":"2026-11-01T02:03:04Z","exchange":"bitfinex","list":"{"a" * 64}","registry":"{"b" * 64}"}}\n'


@pytest.mark.parametrize("hours", [0, 8, -5])
def test_a_question_has_one_spelling_whatever_clock_its_moment_is_told_by(hours: int) -> None:
    asked = Asked("bitfinex", "a" * 64, AT.astimezone(timezone(timedelta(hours=hours))), "b" * 64)
    assert asked.text == TEXT.encode()
    assert asked.file_name == "observed_bitfinex_20261101T020304Z.json"
    assert asked.snapshot == reports.Snapshot(AT.replace(tzinfo=None), "moment", in_utc=True)


def test_what_is_written_is_read_and_has_one_part_without_rows() -> None:
    ((form, bundle),), others = reports.recognised(ASKED.bundle())
    assert (form.NAME, bundle.name, bundle.exchange, others) == (
        "observed_list", ASKED.file_name, "bitfinex", [],
    )  # fmt: skip
    assert observed_list.read(bundle.members[0]) == ASKED
    (part,) = observed_list.split(bundle)
    assert (part.exchange, part.snapshot, part.source) == ("bitfinex", ASKED.snapshot, "porlake/observed_list")
    assert part.content.read().decode() == TEXT
    assert list(form.parse(bundle)) == []
    assert (form.content(bundle), form.snapshot_of(bundle.name)) == ("observed_list", None)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (":", ": "), ("\n", ""), ("\n", "\n\n"), ("bitfinex", "Bitfinex"), ("04Z", "04"), ("a" * 64, "a" * 63),
        ("b" * 64, "B" * 64), ("b" * 64, "b" * 65), ('"at"', '"by"'), ("}", ',"x":1}'),
    ],
)  # fmt: skip
def test_another_spelling_is_no_observation(old: str, new: str) -> None:
    assert reports.recognised(as_bundle({"f.json": TEXT.encode()}))[0][0][0].NAME == "observed_list"
    with pytest.raises(UnknownFormat):
        reports.recognised(as_bundle({"f.json": TEXT.replace(old, new, 1).encode()}))

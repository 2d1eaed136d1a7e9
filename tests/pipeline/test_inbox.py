"""What a scheduled run takes from the inbox: the month that ends at its moment, and nothing twice."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from porlake import pipeline

AT = datetime(2024, 6, 30, 16, tzinfo=UTC)  # 1 July in the publisher's clock
SECOND = timedelta(seconds=1)


def inbox(tmp_path: Path, *names: str) -> pipeline.Session:
    session = pipeline.session(tmp_path, environ={})
    Path(pipeline.inbox(session, "htx")).mkdir(parents=True)
    for name in names:
        (Path(pipeline.inbox(session, "htx")) / name).write_text("x")
    return session


@pytest.mark.parametrize(
    ("moment", "taken"),
    [
        (AT - SECOND, False),
        (AT, True),
        (AT + SECOND, True),
        (datetime(2024, 7, 30, 16, tzinfo=UTC) - SECOND, True),
        (datetime(2024, 7, 30, 16, tzinfo=UTC), False),
        (datetime(2024, 7, 30, 16, tzinfo=UTC) + SECOND, False),
    ],
)
def test_a_month_ends_with_its_moment_and_begins_after_the_one_before(
    tmp_path: Path, moment: datetime, taken: bool
) -> None:
    session = inbox(tmp_path, "huobi_por_20240701.csv")
    names = [Path(path).name for path in pipeline.waiting(session, "htx", moment)]
    assert names == ["huobi_por_20240701.csv"] * taken


def test_a_folder_waits_as_one_and_what_begins_with_a_dot_does_not(tmp_path: Path) -> None:
    session = inbox(tmp_path, ".huobi_por_20240701.csv")
    assert pipeline.waiting(session, "htx", AT) == []
    folder = Path(pipeline.inbox(session, "htx")) / "huobi_por_20240701"
    folder.mkdir()
    (folder / "a.csv").write_text("x")
    assert pipeline.waiting(session, "htx", AT) == [str(folder)]


@pytest.mark.parametrize(("count", "more"), [(9, ""), (10, ""), (11, " and 1 more")])
def test_files_without_a_day_are_named_up_to_ten(tmp_path: Path, count: int, more: str) -> None:
    session = inbox(tmp_path, *(f"list{number:02}.csv" for number in range(count)))
    said = pipeline.undated(session, "htx")
    assert said.startswith(", ".join(f"list{number:02}.csv" for number in range(min(count, 10))) + more + " in ")


def test_nothing_is_said_of_an_empty_inbox(tmp_path: Path) -> None:
    assert pipeline.undated(pipeline.session(tmp_path, environ={}), "htx") == ""

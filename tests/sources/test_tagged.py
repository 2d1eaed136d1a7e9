"""HTX and Poloniex: references of a repository as git gives them, commits as GitHub's API does (made, with the tags and
texts of the real ones).
"""

from __future__ import annotations

import hashlib
from datetime import UTC, date, datetime

import pytest

from porlake.sources import fetched, htx
from porlake.sources._github import raw_url
from sources.publishers import PAGE, Answers, Given, as_json, commit, packets, published

NAME = htx.REPOSITORY.name
REFERENCES = f"https://github.com/{NAME}.git/info/refs?service=git-upload-pack"


def sha(text: str) -> str:
    return hashlib.sha1(text.encode()).hexdigest()


HISTORY = [  # newest first, as the API gives them
    commit(sha("next"), "2025-11-05T02:00:00Z", "update por_20251101 snapshot"),
    commit(sha("tools"), "2025-09-12T02:00:00Z", "update tools version"),
    commit(sha("10 september"), "2025-09-12T01:00:00Z", "update snapshot"),
    commit(sha("may fixed"), "2024-05-09T05:00:00Z", "fix data"),
    commit(sha("may"), "2024-05-09T03:00:00Z", "update por_20240501 snapshot"),
    commit(sha("october"), "2023-10-09T03:00:00Z", "update 20230901 snapshot"),
    commit(sha("july"), "2023-07-08T03:00:00Z", "add por 20230701"),
    commit(sha("first"), "2022-12-12T03:00:00Z", "first"),
]
CHANGES = [one for one in HISTORY if one["sha"] not in (sha("tools"),)]
TAGS = {
    "por_20221201_part": "first", "por_20230701": "july", "por_20231001": "october", "por_20240501": "may fixed",
    "por_20250910": "tools", "v2.0.0": "july",
}  # fmt: skip


def references(**tags: str) -> Given:
    lines = [f"{sha('next')} HEAD\0multi_ack side-band-64k agent=git/github\n", f"{sha('next')} refs/heads/main\n"]
    lines += [f"{sha(of)} refs/tags/{name}\n" for name, of in tags.items()]
    return Given(packets(*lines), 200, {"Content-Type": "application/x-git-upload-pack-advertisement"})


def pages(rows: list[object], query: str = "") -> Answers:
    place = f"https://api.github.com/repos/{NAME}/commits?per_page=100&page="
    return {f"{place}1{query}": as_json(rows), f"{place}2{query}": as_json([])}


def answers(**tags: str) -> Answers:
    return {
        REFERENCES: references(**(tags or TAGS)),
        **pages(HISTORY),
        **pages(CHANGES, "&path=snapshot/huobi_por.csv"),
        htx.SITE: as_json(
            {"code": 200, "data": {"data": [{"auditNo": "20251101"}, {"auditNo": "20250910"}], "latest": "20251101"}}
        ),
    }


def test_each_tag_is_a_report_and_each_commit_before_it_a_revision() -> None:
    with published(answers()) as there:
        found = there.find("htx")
    assert [(one.attestation, one.revision, one.superseded) for one in found.found] == [
        ("htx/2025-09-10", 1, False), ("htx/2024-05-01", 2, False), ("htx/2024-05-01", 1, True),
        ("htx/2023-10-01", 1, False), ("htx/2023-07-01", 1, False), ("htx/2022-12-01", 1, False),
    ]  # fmt: skip
    assert found.found[1].published_at == datetime(2024, 5, 9, 5, tzinfo=UTC)
    assert not found.unknown
    assert len(found.of_month("2024-05")) == 1


def test_a_text_that_names_another_month_is_told_and_the_tag_taken() -> None:
    with published(answers()) as there:
        told = {one.attestation: one.remarks for one in there.find("htx").found}
    assert told["htx/2023-10-01"] == ("the commit's text says 20230901, the tag 20231001: the tag is taken",)
    assert told["htx/2022-12-01"] == ("a part of the addresses, as the tag says",)
    assert told["htx/2025-09-10"] == ()


def test_what_has_no_tag_yet_is_a_note() -> None:
    with published(answers()) as there:
        notes = there.find("htx").notes
    assert [note.split(" (")[0] for note in notes] == [
        "a commit of 2025-11-05", "the site lists 20251101, which the repository has no tag for yet",
    ]  # fmt: skip


def test_files_had_the_day_in_their_names_up_to_july_2023() -> None:
    with published(answers()) as there:
        found = {one.attestation: one for one in there.find("htx").found if not one.superseded}
        newest, july = found["htx/2024-05-01"].members[0], found["htx/2023-07-01"].members[0]
        assert newest.url == raw_url(NAME, sha("may fixed"), "snapshot/huobi_por.csv")
        assert july.url == raw_url(NAME, sha("july"), "snapshot/huobi_por_20230701.csv")
        assert found["htx/2022-12-01"].members[0].name == "huobi_por_20221201_part.csv"
        there.answers |= {july.others[0]: Given(b"coin,address\n")}
        with fetched(there.web("htx"), july) as (reply, stream):
            assert (reply.url, stream.read()) == (july.others[0], b"coin,address\n")


def test_an_annotated_tag_is_the_commit_behind_it() -> None:
    with published(answers(**{"por_20240501": "a tag object", "por_20240501^{}": "may fixed"})) as there:
        assert sha("may fixed") in there.find("htx").found[0].members[0].url


def test_without_the_api_the_tags_are_known_and_the_revisions_are_not() -> None:
    with published({REFERENCES: references(**TAGS)}) as there:
        found = there.find("htx")
    assert [(one.attestation, one.revision) for one in found.found[:2]] == [
        ("htx/2025-09-10", None), ("htx/2024-05-01", None),
    ]  # fmt: skip
    assert [unknown.what for unknown in found.unknown] == [
        "revisions between two tags, and when tags were pushed", "what the site lists beside the repository",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (Given(PAGE), "no list of git's references"),
        (Given(packets(f"{sha('a')} HEAD\0\n")[:-9]), "breaks off at byte"),
        (Given(packets()[:-4] + b"zzzz"), "breaks off at byte"),
        (references(v1="july"), "has no tag por_YYYYMMDD"),
        (Given(PAGE, 404), "HTTP 404"),
    ],
)
def test_references_that_are_none_leave_everything_unknown(answer: Given, reason: str) -> None:
    with published(answers() | {REFERENCES: answer}) as there:
        found = there.find("htx")
    assert found.found == ()
    assert reason in found.unknown[0].reason


def test_a_tag_that_names_no_day_is_told() -> None:
    with published(answers(por_20241301="may", por_20240501="may fixed")) as there:
        found = there.find("htx")
    assert "the tag por_20241301 names no day" in found.notes
    assert {one.attestation for one in found.found} == {"htx/2024-05-01"}


def test_poloniex_has_a_repository_of_its_own() -> None:
    name = "poloniex/tools-nodejs-address-verify"
    place = f"https://github.com/{name}.git/info/refs?service=git-upload-pack"
    with published({place: references(por_20260401="x", por_20240801="y")}) as there:
        found = there.find("poloniex", date(2026, 4, 1))
    assert [one.attestation for one in found.found] == ["poloniex/2026-04-01"]
    assert found.found[0].members[0].url == raw_url(name, sha("x"), "snapshot/poloniex_por.csv")

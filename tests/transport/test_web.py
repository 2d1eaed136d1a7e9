"""A publisher's pages and files: its own hosts alone, first bytes, time and size, and a recording of all of it."""

from __future__ import annotations

import time
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest

from porlake.errors import BadAnswer, NotRecorded, RateLimited, TimedOut, TooBig, TransportError
from porlake.transport import Recording, Web, web
from support import on_loopback, reply

HOST, BUCKET = "files.example.org", "store.example.org/ours"


class Files(BaseHTTPRequestHandler):
    """/<n> has n bytes, /status/<n> that status, /hop/<n> redirects n times."""

    asked: list[str] = []  # noqa: RUF012 - of one module's tests

    def do_GET(self) -> None:
        self.asked.append(self.path)
        *_, what, word = self.path.split("/")
        if what == "status":
            reply(self, int(word), b"no")
        elif what == "hop" and int(word):
            self.send_response(302)
            self.send_header("Location", f"/{'' if int(word) else '5'}hop/{int(word) - 1}")
            self.send_header("Content-Length", "0")
            self.end_headers()
        elif what == "away":
            self.send_response(302)
            self.send_header("Location", "https://other.example.org/5")
            self.send_header("Content-Length", "0")
            self.end_headers()
        else:
            reply(self, 200, b"x" * int(word or 5))

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr(web, "PER_SECOND", 1_000.0)
    with on_loopback(Files) as place:
        yield lambda recording=None: Web(
            "x", (HOST, BUCKET), recording or Recording.off(), {HOST: place, "store.example.org": place}
        )


@pytest.mark.parametrize(
    "url",
    [
        "https://other.example.org/5", f"http://{HOST}/5", f"https://{HOST}:8443/5", f"https://user@{HOST}/5",
        f"https://{HOST}.example/5", "https://store.example.org/5", "https://store.example.org/oursnot/5", "file:///etc/passwd",
        f"https://{HOST}@other.example.org/5", "https://[::1/5", "",
    ],
)  # fmt: skip
def test_no_other_place_is_asked(asked: Any, url: str) -> None:
    Files.asked.clear()
    with pytest.raises(BadAnswer):
        asked().get(url)
    with pytest.raises(BadAnswer), asked().file(url):
        pass
    assert Files.asked == []


def test_a_publisher_is_asked_a_few_times_a_second_and_left_alone_after_a_fault() -> None:
    Files.asked.clear()
    with on_loopback(Files) as place:
        spared = Web("x", (HOST,), Recording.off(), {HOST: place})
        began = time.monotonic()
        for _ in range(3):
            spared.get(f"https://{HOST}/5")
        assert time.monotonic() - began >= 2 / 2.5 - 0.02
        began = time.monotonic()
        with pytest.raises(TransportError):
            spared.get(f"https://{HOST}/status/503")
        assert time.monotonic() - began >= 1.0 + 2.0
    assert Files.asked == ["/5"] * 3 + ["/status/503"] * 3


def test_a_host_below_a_path_and_a_whole_one_are_asked(asked: Any) -> None:
    assert asked().get("https://store.example.org/ours/7").body == b"x" * 7
    assert asked().get(f"https://{HOST}/ours/7").body == b"x" * 7


@pytest.mark.parametrize(("first", "got"), [(1, 1), (9, 9), (10, 10), (11, 10)])
def test_of_a_file_its_first_bytes_are_read(asked: Any, first: int, got: int) -> None:
    assert len(asked().get(f"https://{HOST}/10", first=first).body) == got


@pytest.mark.parametrize(("hops", "is_followed"), [(2, True), (3, True), (4, False)])
def test_three_redirects_are_followed(asked: Any, hops: int, is_followed: bool) -> None:
    if is_followed:
        assert asked().get(f"https://{HOST}/hop/{hops}").status == 200
    else:
        with pytest.raises(BadAnswer, match="more than 3 redirects"):
            asked().get(f"https://{HOST}/hop/{hops}")


def test_a_redirect_to_another_host_is_refused_for_pages_and_for_files(asked: Any) -> None:
    said = "redirects to other.example.org, which is none of its publisher's"
    with pytest.raises(BadAnswer, match=said):
        asked().get(f"https://{HOST}/away/1")
    with pytest.raises(BadAnswer, match=said), asked().file(f"https://{HOST}/away/1"):
        pass


@pytest.mark.parametrize("more", [-1, 0, 1])
def test_a_page_has_up_to_so_many_bytes(asked: Any, more: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(web, "PAGE_BYTES", 100 + more)
    if more < 0:
        with pytest.raises(TooBig):
            asked().get(f"https://{HOST}/100")
    else:
        assert len(asked().get(f"https://{HOST}/100").body) == 100
    with asked().file(f"https://{HOST}/100") as (_, stream):
        assert len(stream.read()) == 100


def test_a_status_is_an_answer_but_for_those_that_pass(asked: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.sleep", lambda _: None)
    assert [asked().get(f"https://{HOST}/status/{code}").status for code in (202, 400, 403, 404, 451)] == [
        202, 400, 403, 404, 451,
    ]  # fmt: skip
    with pytest.raises(RateLimited):
        asked().get(f"https://{HOST}/status/429")
    with pytest.raises(TransportError, match="HTTP 503"):
        asked().get(f"https://{HOST}/status/503")


def test_a_look_ends_after_its_time(asked: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    look = asked()
    assert look.get(f"https://{HOST}/5").status == 200
    monkeypatch.setattr(look, "_until", 0.0001)
    with pytest.raises(TimedOut, match="the 60 s of this look are over"):
        look.get(f"https://{HOST}/5")
    with look.file(f"https://{HOST}/5") as (_, stream):  # what was found is fetched
        assert stream.read() == b"x" * 5


def test_answers_and_files_are_played_again_and_nothing_else(asked: Any, tmp_path: Path) -> None:
    def heard(recording: Recording) -> list[Any]:
        look = asked(recording)
        page, head = look.get(f"https://{HOST}/50"), look.get(f"https://{HOST}/50", first=3)
        with look.file(f"https://{HOST}/500") as (told, stream), look.file(f"https://{HOST}/status/404") as (no, text):
            return [page, head, told, stream.read(), no, text.read()]

    first = heard(Recording.record(tmp_path))
    Files.asked.clear()
    assert heard(Recording.replay(tmp_path)) == first
    assert Files.asked == []
    assert (first[3], first[4].status, first[5]) == (b"x" * 500, 404, b"no")
    with pytest.raises(NotRecorded):
        asked(Recording.replay(tmp_path)).get(f"https://{HOST}/51")

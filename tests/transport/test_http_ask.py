"""Http.ask: whole answers, with their status and headers; recorded and replayed; no secret in them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest

from porlake.errors import BadAnswer, NotFound, NotRecorded, RateLimited, RequestFailed, TransportError
from porlake.transport import Endpoint, Http, Recording
from support import on_loopback

ACCEPT = frozenset({404})


@contextmanager
def server(status: int, body: bytes, **headers: str) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    asked: list[dict[str, Any]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            size = int(self.headers.get("Content-Length") or 0)
            asked.append({"verb": self.command, "path": self.path, "body": self.rfile.read(size), **self.headers})
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name.replace("_", "-"), value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_POST(self) -> None:
            self.do_GET()

        def log_message(self, *_: Any) -> None:
            pass

    with on_loopback(Handler) as url:
        yield url, asked


def place(url: str) -> Endpoint:
    return Endpoint(url, pause=0.001, tries=1, timeout=10)


def test_a_question_has_its_headers_and_an_answer_its_status_body_and_headers() -> None:
    with server(200, b'{"a": 1.5}', X_Height="7", Set_Cookie="session=1") as (url, asked):
        found = Http("x", place(url), Recording.off()).ask("POST", "/q?n=1", {"b": 2}, {"x-at": "5"})
    assert (found.status, str(found.body["a"]), found.headers["x-height"]) == (200, "1.5", "7")
    assert "set-cookie" not in found.headers
    assert asked[0]["x-at"] == "5"
    assert (asked[0]["verb"], asked[0]["path"], json.loads(asked[0]["body"])) == ("POST", "/q?n=1", {"b": 2})


@pytest.mark.parametrize(
    ("status", "body", "accept", "error"),
    [
        (404, b'{"code": "none"}', ACCEPT, None),
        (404, b"[]", ACCEPT, None),
        (404, b"not here", ACCEPT, NotFound),
        (404, b'{"code": "none"}', frozenset(), RequestFailed),
        (400, b'{"message": "bad address"}', ACCEPT, RequestFailed),
        (410, b'{"code": 3}', ACCEPT, RequestFailed),
        (401, b'{"error": "who"}', ACCEPT, TransportError),
        (500, b'{"error": "broken"}', ACCEPT, TransportError),
        (429, b'{"error": "slow"}', ACCEPT, RateLimited),
        (200, b"<html>", ACCEPT, BadAnswer),
        (200, b'{"a":', ACCEPT, BadAnswer),
    ],
)
def test_a_status_is_an_answer_only_where_it_is_accepted_and_json_comes_with_it(
    status: int, body: bytes, accept: frozenset[int], error: type[TransportError] | None
) -> None:
    with server(status, body, Retry_After="0") as (url, _):
        client = Http("x", place(url), Recording.off())
        if error is None:
            assert client.ask("GET", "/q", accept=accept).status == status
            return
        with pytest.raises(error) as failed:
            client.ask("GET", "/q", accept=accept)
    assert failed.type is error


def test_the_api_s_own_words_are_judged_first_and_an_accepted_status_is_not_judged() -> None:
    def check(host: str, path: str, answer: Any) -> None:
        if answer.get("code") == "pruned":
            raise BadAnswer(f"{host}: pruned")

    for status, accept, error in ((404, ACCEPT, None), (404, (), BadAnswer), (200, (), BadAnswer)):
        with server(status, b'{"code": "pruned"}') as (url, _):
            client = Http("x", place(url), Recording.off(), check)
            if error is None:
                assert client.ask("GET", "/q", accept=accept).body == {"code": "pruned"}
            else:
                with pytest.raises(error):
                    client.ask("GET", "/q", accept=accept)


def test_it_is_recorded_and_replayed_and_another_header_is_another_question(tmp_path: Path) -> None:
    with server(404, b'{"n": 0.1}', X_Height="7") as (url, _):
        taped = Http("x", place(url), Recording.record(tmp_path)).ask("GET", "/q", None, {"at": "1"}, ACCEPT)
    again = Http("x", None, Recording.replay(tmp_path))
    assert again.ask("GET", "/q", None, {"at": "1"}, ACCEPT) == taped
    with pytest.raises(NotRecorded):
        again.ask("GET", "/q", None, {"at": "2"}, ACCEPT)


def test_what_an_answer_repeats_of_a_key_is_blanked_in_body_headers_and_errors() -> None:
    key = "S3cretKeyOfTheEndpoint"
    with server(200, json.dumps({"echo": key}).encode(), X_Echo=key) as (url, _):
        found = Http("x", place(f"{url}/{key}"), Recording.off()).ask("GET", "/q")
        assert key not in repr(found)
    with server(400, json.dumps({"message": f"no {key}"}).encode()) as (url, _):
        with pytest.raises(RequestFailed) as failed:
            Http("x", place(f"{url}/{key}"), Recording.off()).ask("GET", "/q")
        assert key not in f"{failed.value} {failed.value.data}"

"""Record and replay: every answer once, no key in it, and a replay that asks nobody."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

import pytest

from porlake.errors import (
    ConfigurationError,
    NotRecorded,
    RequestFailed,
    TransportError,
)
from porlake.transport import Endpoint, Http, JsonRpc, Recording
from porlake.transport import recording as recording_module
from porlake.transport.recording import FORM, SIGNATURE

SAMPLE = Path(__file__).resolve().parents[2] / "data" / "samples" / "recording"


class Node(BaseHTTPRequestHandler):
    """Answers eth_blockNumber with a number that grows, anything else with an error; GET with a price."""

    asked: ClassVar[list[str]] = []

    def do_POST(self) -> None:
        question = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.asked.append(question["method"])
        answer = {"jsonrpc": "2.0", "id": question["id"]}
        if question["method"] == "eth_blockNumber":
            answer["result"] = hex(len(self.asked))
        else:
            answer["error"] = {"code": -32601, "message": "no such method", "data": "0xab"}
        self._send(json.dumps(answer))

    def do_GET(self) -> None:
        self._send('{"price": 0.10000000000000000555, "n": 1e400}')

    def _send(self, text: str) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def url() -> Iterator[str]:
    Node.asked = []
    server = ThreadingHTTPServer(("127.0.0.1", 0), Node)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://user:pa55word@127.0.0.1:{server.server_port}/v3/s3cret-key?token=t0ken"
    server.shutdown()
    server.server_close()


def test_a_replay_gives_the_answers_in_their_order_and_asks_nobody(url: str, tmp_path: Path) -> None:
    recording = JsonRpc("ethereum", Endpoint(url, {"X-Key": "h3ader"}), Recording.record(tmp_path))
    assert [recording.call("eth_blockNumber", []) for _ in range(3)] == ["0x1", "0x2", "0x3"]
    with pytest.raises(RequestFailed, match="no such method"):
        recording.call("eth_nothing", [1])
    asked = len(Node.asked)
    replaying = JsonRpc("ethereum", Endpoint("http://127.0.0.1:9"), Recording.replay(tmp_path))
    assert [replaying.call("eth_blockNumber", []) for _ in range(3)] == ["0x1", "0x2", "0x3"]
    with pytest.raises(RequestFailed, match="no such method") as failed:
        replaying.call("eth_nothing", [1])
    assert (failed.value.code, failed.value.data) == (-32601, "0xab")
    with pytest.raises(NotRecorded, match="eth_blockNumber"):
        replaying.call("eth_blockNumber", [])
    assert len(Node.asked) == asked


def test_no_key_is_in_a_recording_or_an_error(url: str, tmp_path: Path) -> None:
    endpoint = Endpoint(url, {"X-Key": "h3ader"})
    recording = JsonRpc("ethereum", endpoint, Recording.record(tmp_path))
    recording.call("eth_blockNumber", [])
    with pytest.raises(RequestFailed) as failed:
        recording.call("eth_nothing", [])
    kept = "".join(path.read_text() for path in tmp_path.rglob("*.json")) + str(failed.value) + repr(endpoint)
    assert "127.0.0.1" in kept
    assert not any(secret in kept for secret in ("pa55word", "s3cret-key", "t0ken", "h3ader", "user"))


def test_numbers_keep_every_digit(url: str, tmp_path: Path) -> None:
    live = Http("prices", Endpoint(url.replace("user:pa55word@", "")), Recording.record(tmp_path)).get("/x")
    again = Http("prices", None, Recording.replay(tmp_path)).get("/x")
    assert live == again == {"price": Decimal("0.10000000000000000555"), "n": Decimal("1e400")}


def test_the_clock_of_a_replay_is_the_recordings(tmp_path: Path) -> None:
    moment = Recording.record(tmp_path).now()
    assert moment.microsecond == 0
    assert Recording.replay(tmp_path).now() == Recording.record(tmp_path).now() == moment


def test_a_recording_that_is_not_there_or_not_readable(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="no recording"):
        Recording.replay(tmp_path / "nowhere")
    recording = Recording.record(tmp_path)
    recording.answer("n", "m", [], "h", lambda: 1)
    (path,) = (tmp_path / "n").glob("*.json")
    path.write_text('{"answer": ')
    with pytest.raises(NotRecorded, match="cannot be read"):
        Recording.replay(tmp_path).answer("n", "m", [], "", lambda: 2)


@pytest.mark.usefixtures("deep_recursion")
@pytest.mark.parametrize(
    "text",
    ["", "[]", "7", "null", "{}", '{"answer": 1}', '{"error": null, "host": "h"}', '{"error": {}}',
    '{"error": {"class": "JsonRpc", "text": 1}}',
     '{"error": {"class": 5, "text": "t"}}', '{"error": {"class": "RequestFailed"}}',
     '{"answer": {"$decimal": "x"}, "host": "h"}', "[" * 100_000, '["]",' * 200_000],
)  # fmt: skip
def test_a_recording_of_another_form_is_not_read(text: str, tmp_path: Path) -> None:
    Recording.record(tmp_path).answer("n", "m", [], "h", lambda: 1)
    (path,) = (tmp_path / "n").glob("*.json")
    path.write_text(text)
    with pytest.raises((NotRecorded, TransportError)):
        Recording.replay(tmp_path).answer("n", "m", [], "", lambda: 2)


def test_a_clock_that_is_none_and_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    Recording.record(tmp_path).now()
    (path,) = (tmp_path / "run").glob("*.json")
    path.write_text('{"answer": 5, "host": ""}')
    with pytest.raises(NotRecorded, match="clock"):
        Recording.replay(tmp_path).now()
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigurationError, match="cannot be written"):
        Recording.record(tmp_path / "file").now()


# --- the form ---------------------------------------------------------------------------------------------------------
def test_a_recording_says_its_form_and_the_sample_is_of_todays(tmp_path: Path) -> None:
    Recording.record(tmp_path).answer("n", "m", [], "h", lambda: 1)
    said = (tmp_path / SIGNATURE).read_bytes()
    assert json.loads(said) == {"form": FORM}
    assert (SAMPLE / SIGNATURE).read_bytes() == said
    assert Recording.replay(tmp_path).answer("n", "m", [], "", lambda: 2) == (1, "h")


def test_a_recording_from_before_the_number_is_of_form_1(tmp_path: Path) -> None:
    Recording.record(tmp_path).answer("n", "m", [], "h", lambda: 1)
    (tmp_path / SIGNATURE).unlink()
    assert Recording.replay(tmp_path).answer("n", "m", [], "", lambda: 2) == (1, "h")


@pytest.mark.parametrize("form", [0, 2, 99, -1, True, 1.0, "1", None, [1], 10**400])
def test_a_recording_of_another_form_is_refused_by_name_with_what_to_do(tmp_path: Path, form: object) -> None:
    (tmp_path / SIGNATURE).write_text(json.dumps({"form": form}))
    for opened in (Recording.replay, Recording.record):
        with pytest.raises(
            ConfigurationError, match=r"a recording of form .*: form 1 is read. Record it anew"
        ) as refused:
            opened(tmp_path)
        assert str(tmp_path) in str(refused.value)
        assert len(str(refused.value)) < len(str(tmp_path)) + 300


@pytest.mark.parametrize("text", ["", "7", "[]", "{}", "null", "[" * 100_000])
def test_a_signature_that_cannot_be_read_is_named(tmp_path: Path, text: str) -> None:
    (tmp_path / SIGNATURE).write_text(text)
    with pytest.raises(ConfigurationError, match="recording.json does not say the form"):
        Recording.replay(tmp_path)


def test_an_older_form_is_refused_once_the_form_grows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Recording.record(tmp_path / "signed").answer("n", "m", [], "h", lambda: 1)
    (tmp_path / "unsigned").mkdir()
    monkeypatch.setattr(recording_module, "FORM", 2)
    for name in ("signed", "unsigned"):
        with pytest.raises(ConfigurationError, match="of form 1, an older form"):
            Recording.replay(tmp_path / name)

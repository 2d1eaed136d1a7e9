"""Electrum servers that fail, stall, lie and echo keys."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from porlake.errors import (
    BadAnswer,
    RateLimited,
    RequestFailed,
    TimedOut,
    TooBig,
    TransportError,
)
from porlake.transport import ElectrumRpc, Endpoint, Recording
from porlake.transport.electrum_connection import LINE_BYTES, UNASKED
from transport.faults import (
    Case,
    silent,
)
from transport.judging import Heard, judged
from transport.stub import (
    FORBIDDEN,
    IN_PATH,
    IN_QUERY,
    PASSWORD,
    PATIENT,
    RIGHT,
    STALL,
    TABLE,
    USER,
    served,
)

ECHOED = f"{PASSWORD} {IN_PATH} {IN_QUERY.lower()}"


def line(value: Any) -> bytes:
    return (value if isinstance(value, bytes) else json.dumps(value).encode()) + b"\n"


def right_lines(asked: list[Any]) -> list[Any]:
    return [{"jsonrpc": "2.0", "id": item["id"], "result": RIGHT} for item in asked]


def on_line(
    answer: Callable[[list[Any]], bytes | None], *, of_version: bool = False
) -> Callable[[socket.socket], None]:
    """A server that answers for its version first, then by `answer`; or by that from the beginning."""

    def speak(conn: socket.socket) -> None:
        with conn.makefile("rb") as lines:
            for number, text in enumerate(lines):
                asked = json.loads(text)
                said = line(right_lines(asked)) if number == 0 and not of_version else answer(asked)
                if said is None:
                    return
                conn.sendall(said)

    return speak


def pouring(data: bytes, pause: float = 0.0) -> Callable[[socket.socket], None]:
    def speak(conn: socket.socket) -> None:
        with conn.makefile("rb") as lines:
            conn.sendall(line(right_lines(json.loads(lines.readline()))))
            lines.readline()
            while True:
                conn.sendall(data)
                time.sleep(pause)

    return speak


def deaf(conn: socket.socket) -> None:
    conn.recv(10)
    time.sleep(STALL * 12)


def item(asked: list[Any], **other: Any) -> bytes:
    """The right answers, but of the first question: a key that is None there is left out."""
    first = {key: value for key, value in (right_lines(asked)[0] | other).items() if value is not None}
    return line([first, *right_lines(asked)[1:]])


@dataclass(frozen=True)
class OfLines:
    name: str
    speak: Callable[[socket.socket], None]
    outcome: type[TransportError] | str | None
    stalls: bool = False


NOTE = line({"jsonrpc": "2.0", "method": "blockchain.headers.subscribe", "params": [{"height": 1}]})
LINES = [
    OfLines("right", on_line(lambda asked: line(right_lines(asked))), "right"),
    OfLines("right, in another order", on_line(lambda asked: line(right_lines(asked)[::-1])), "right"),
    OfLines("right, after notifications", on_line(lambda asked: NOTE * 5 + line(right_lines(asked))), "right"),
    OfLines(
        "right, error null beside it",
        on_line(lambda asked: line([found | {"error": None} for found in right_lines(asked)])),
        "right",
    ),
    OfLines(
        "two answers with one id", on_line(lambda asked: line([*right_lines(asked), right_lines(asked)[0]])), BadAnswer
    ),
    OfLines(
        "two answers with one id, one missing",
        on_line(lambda asked: line([right_lines(asked)[0]] * len(asked))),
        BadAnswer,
    ),
    OfLines(
        "an answer of nobody beside",
        on_line(lambda asked: line([*right_lines(asked), {"id": 999, "result": 1}])),
        BadAnswer,
    ),
    OfLines("an answer of nobody alone", on_line(lambda asked: line({"id": 999, "result": 1})), BadAnswer),
    OfLines("one answer too few", on_line(lambda asked: line(right_lines(asked)[1:])), BadAnswer),
    OfLines("id true", on_line(lambda asked: item(asked, id=True)), BadAnswer),
    OfLines("id with a point", on_line(lambda asked: item(asked, id=float(asked[0]["id"]))), BadAnswer),
    OfLines("id as text", on_line(lambda asked: item(asked, id=str(asked[0]["id"]))), BadAnswer),
    OfLines("id a list", on_line(lambda asked: item(asked, id=[asked[0]["id"]])), BadAnswer),
    OfLines("no id", on_line(lambda asked: item(asked, id=None)), BadAnswer),
    OfLines("no ids", on_line(lambda asked: line([{"result": 1} for _ in asked])), BadAnswer),
    OfLines(
        "a key twice",
        on_line(lambda asked: line(right_lines(asked)).replace(b'"result"', b'"result":1,"result"', 1)),
        BadAnswer,
    ),
    OfLines("neither result nor error", on_line(lambda asked: item(asked, result=None)), BadAnswer),
    OfLines("error a text", on_line(lambda asked: item(asked, error="x", result=None)), BadAnswer),
    OfLines("error a number", on_line(lambda asked: item(asked, error=0)), BadAnswer),
    OfLines("error false", on_line(lambda asked: item(asked, error=False)), BadAnswer),
    OfLines(
        "error of odd parts",
        on_line(lambda asked: item(asked, error={"code": [1], "message": {"a": [1]}})),
        RequestFailed,
    ),
    OfLines(
        "history too large",
        on_line(lambda asked: item(asked, error={"code": 1, "message": "history too large"})),
        TooBig,
    ),
    OfLines("busy", on_line(lambda asked: item(asked, error={"code": -102, "message": "server busy"})), RateLimited),
    OfLines(
        "busy in words",
        on_line(lambda asked: item(asked, error={"code": 1, "message": "5/second request limit reached"})),
        RateLimited,
    ),
    OfLines(
        "a refusal of the whole",
        on_line(lambda _: line({"id": None, "error": {"code": -32600, "message": ECHOED}})),
        BadAnswer,
    ),
    OfLines(
        "a key in an error",
        on_line(lambda asked: item(asked, error={"code": 1, "message": ECHOED, "data": [ECHOED]})),
        RequestFailed,
    ),
    OfLines("a key in a result", on_line(lambda asked: item(asked, result=[ECHOED, {ECHOED: 1}])), None),
    OfLines("an empty array", on_line(lambda _: b"[]\n"), BadAnswer),
    OfLines("an empty line", on_line(lambda _: b"\n"), BadAnswer),
    OfLines("no JSON", on_line(lambda _: b"<html>\n"), BadAnswer),
    OfLines("half a JSON", on_line(lambda _: b"[[[\n"), BadAnswer),
    OfLines("a number", on_line(lambda _: b"7\n"), BadAnswer),
    OfLines("a list of numbers", on_line(lambda _: b"[7]\n"), BadAnswer),
    OfLines("deep lists", on_line(lambda _: b"[" * 5_000 + b"]" * 5_000 + b"\n"), BadAnswer),
    OfLines("no text", on_line(lambda _: b"\xff\xfe\n"), BadAnswer),
    OfLines("1e999999 beside", on_line(lambda asked: line(right_lines(asked))[:-3] + b',"x":1e999999}]\n'), BadAnswer),
    OfLines("hangs up", on_line(lambda _: None), TransportError),
    OfLines("hangs up in the middle", on_line(lambda asked: line(right_lines(asked))[:9]), TransportError, stalls=True),
    OfLines("hangs up at once", on_line(lambda _: None, of_version=True), TransportError),
    OfLines(
        "refuses the version",
        on_line(lambda asked: item(asked, error={"code": 1, "message": "unsupported"}), of_version=True),
        RequestFailed,
    ),
    OfLines("a version of no form", on_line(lambda _: b"hello\n", of_version=True), BadAnswer),
    OfLines("speaks HTTP", on_line(lambda _: b"HTTP/1.1 400 Bad Request\r\n\r\n", of_version=True), BadAnswer),
    OfLines("notifications without end", pouring(NOTE * 500), BadAnswer),
    OfLines("empty lines without end", pouring(b"\n" * 1000), BadAnswer),
    OfLines("a line without end", pouring(b" " * 65_536), TooBig),
    OfLines("a line that drips", pouring(b" ", 0.02), TimedOut, stalls=True),
    OfLines("notifications that drip", pouring(NOTE, 0.02), TimedOut, stalls=True),
    OfLines("silent", on_line(lambda _: b""), TimedOut, stalls=True),
    OfLines("silent from the start", on_line(lambda _: b"", of_version=True), TimedOut, stalls=True),
    OfLines("deaf", deaf, TimedOut, stalls=True),
]


@pytest.mark.parametrize("questions", [1, 3])
def test_a_fault_of_a_line_costs_an_answer_and_never_a_number_a_key_or_the_run(
    questions: int, tmp_path: Path, heard: Heard
) -> None:
    def ask(case: OfLines, recording: Recording) -> Any:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            served(listener, case.speak)
            host = f"{USER}:{quote(PASSWORD, safe='')}@127.0.0.1:{listener.getsockname()[1]}"
            url = f"electrum+tcp://{host}/{IN_PATH}?token={IN_QUERY}"
            where = Endpoint(url, timeout=STALL if case.stalls else PATIENT, tries=1, pause=0.001, answer_bytes=1 << 20)
            found = ElectrumRpc("bitcoin", where, recording, TABLE).batch([("m", [n]) for n in range(questions)])
        for failed in found:
            if isinstance(failed, TransportError):
                raise failed
        return found[0]

    def one(number: int) -> str:
        case = LINES[number]
        return judged(
            f"lines, {case.name}",
            Case(case.name, silent, case.outcome, case.stalls),
            lambda recording: ask(case, recording),
            tmp_path / str(number),
        )

    numbers_ = [
        n
        for n, case in enumerate(LINES)
        if questions > 1 or not (case.name.startswith("one answer too few") or "one missing" in case.name)
    ]
    with ThreadPoolExecutor(16) as pool:
        wrong = [found for found in pool.map(one, numbers_) if found]
    assert not wrong, "\n".join(wrong)
    assert not [form for form in FORBIDDEN if form in "".join(heard.texts).lower()]


def test_a_second_answer_to_a_question_is_told_to_the_next_who_asks() -> None:
    """The first answer counts; the server is not believed any more, and asked anew afterwards."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        served(
            listener,
            on_line(
                lambda asked: line(right_lines(asked)) + line([found | {"result": 8} for found in right_lines(asked)])
            ),
        )
        lines = ElectrumRpc(
            "bitcoin", Endpoint(f"electrum+tcp://127.0.0.1:{listener.getsockname()[1]}", tries=1), Recording.off()
        )
        assert lines.call("m") == RIGHT
        while not lines._open or not lines._open.closed:  # until the second line has come
            time.sleep(0.01)
        with pytest.raises(BadAnswer, match="answers a question twice"):
            lines.call("m")
        assert lines.call("m") == RIGHT


def test_a_batch_that_fails_as_a_whole_leaves_the_others() -> None:
    def answer(asked: list[Any]) -> bytes:
        return b"" if asked[0]["params"] == ["hang"] else line(right_lines(asked))

    with socket.create_server(("127.0.0.1", 0)) as listener:
        served(listener, on_line(answer))
        lines = ElectrumRpc(
            "bitcoin",
            Endpoint(f"electrum+tcp://127.0.0.1:{listener.getsockname()[1]}", timeout=PATIENT, pause=0.001),
            Recording.off(),
        )
        found = list(lines.tried([[("m", [name])] for name in ("a", "hang", "b")], 1, seconds=STALL))
    assert [found[0], found[2]] == [[RIGHT], [RIGHT]]
    assert isinstance(found[1], TimedOut)


# --- borders ----------------------------------------------------------------------------------------------------------
@contextmanager
def right_server(speak: Callable[[socket.socket], None]) -> Iterator[ElectrumRpc]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        served(listener, speak)
        place = Endpoint(f"electrum+tcp://127.0.0.1:{listener.getsockname()[1]}", tries=1, pause=0.001)
        yield ElectrumRpc("bitcoin", place, Recording.off(), TABLE)


@pytest.mark.parametrize("more", [-1, 0, 1])
def test_a_request_has_as_many_bytes_as_servers_answer(more: int) -> None:
    with right_server(on_line(lambda asked: line(right_lines(asked)))) as rpc:
        bare = len(json.dumps([{"id": 2, "jsonrpc": "2.0", "method": "m", "params": [""]}], separators=(",", ":"))) + 1
        text = "x" * (LINE_BYTES - bare + more)
        if more > 0:
            with pytest.raises(TooBig, match=f"a request of {LINE_BYTES + 1:,} bytes"):
                rpc.call("m", text)
        else:
            assert rpc.call("m", text) == RIGHT


@pytest.mark.parametrize("notes", [UNASKED - 1, UNASKED, UNASKED + 1])
def test_so_many_notifications_in_a_row_are_taken(notes: int) -> None:
    with right_server(on_line(lambda asked: NOTE * notes + line(right_lines(asked)))) as rpc:
        if notes > UNASKED:
            with pytest.raises(BadAnswer, match="not asked for"):
                rpc.call("m")
        else:
            assert [rpc.call("m"), rpc.call("m")] == [RIGHT, RIGHT]  # an answer begins the row anew

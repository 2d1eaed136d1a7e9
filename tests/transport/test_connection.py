"""Servers that fail, stall, lie and echo keys: for each fault the right answer or a named failure, in time, and no key
anywhere. Cases run side by side, and what is wrong with any of them is listed by its name.
"""

from __future__ import annotations

import io
import json
import socket
import ssl
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from porlake.errors import (
    RateLimited,
    RequestFailed,
    TimedOut,
    TooBig,
    TransportError,
)
from porlake.transport import BLANK, Http, JsonRpc, Recording
from porlake.transport.connection import HttpSession
from porlake.transport.deadline import tls_context
from transport.faults import (
    FAULTS,
    RETRY,
    Case,
    below,
    endpoint,
    faults_of_http,
    named,
    speak_http,
)
from transport.judging import Heard, judged
from transport.stub import (
    BOUND,
    FORBIDDEN,
    PATIENT,
    RIGHT,
    STALL,
    TABLE,
    served,
)


def by_call(port: int, case: Case, recording: Recording) -> Any:
    return JsonRpc("ethereum", endpoint(port, case), recording, TABLE, plain=FAULTS.index(case) % 2 == 0).call(
        "eth_getBalance", ["0x00", "0x1"]
    )


def by_batch(port: int, case: Case, recording: Recording) -> Any:
    found = JsonRpc("ethereum", endpoint(port, case), recording, TABLE, plain=FAULTS.index(case) % 2 == 0).batch(
        [("a", [1]), ("b", [2])]
    )
    failed = next((item for item in found if isinstance(item, TransportError)), None)
    if failed is not None:
        raise failed
    assert found[0] == found[1]
    return found[0]


def refused_in_200(host: str, path: str, answer: Any) -> None:
    if isinstance(answer, dict) and "Error" in answer:
        raise TABLE.error(f"{host}: {path}: refused", None, str(answer["Error"]))


def by_get(port: int, case: Case, recording: Recording) -> Any:
    return Http("bitcoin", below(port, case), recording, refused_in_200).get(f"/{FAULTS.index(case)}")


def by_post(port: int, case: Case, recording: Recording) -> Any:
    return Http("tron", below(port, case), recording, refused_in_200).post(f"/{FAULTS.index(case)}", {"num": 1})


def by_download(port: int, case: Case, recording: Recording) -> Any:
    wire = HttpSession(endpoint(port, case))
    out = io.BytesIO()
    wire.fetch(out, STALL * 2 if case.stalls else PATIENT)
    return json.loads(out.getvalue())


WAYS = {"call": by_call, "batch": by_batch, "get": by_get, "post": by_post, "download": by_download}


def cases_of(way: str) -> list[Case]:
    if way in ("call", "batch"):
        return [case for case in FAULTS if way == "call" or not case.name.startswith("rpc: ")]
    if way == "download":  # bytes are bytes: what is wrong with them is for who parses them
        return [
            case
            for case in faults_by_name()
            if case.outcome == "right" or (case.outcome is not None and case.name not in NO_JSON)
        ]
    return [case for case in FAULTS if not case.name.startswith(("rpc: ", "echo in an error", "echo of"))]


def faults_by_name() -> list[Case]:
    names = {case.name for case in faults_of_http()}
    return [case for case in FAULTS if case.name in names]


NO_JSON = {
    "a key in a page",
    "HTTP/9.9",
    "200 headers",
    "403 in a gateway's words",
    "gzip: half a gzip",
    "an encoding that is none",
}


@pytest.mark.usefixtures("deep_recursion")
@pytest.mark.parametrize("way", WAYS)
def test_a_fault_costs_an_answer_and_never_a_number_a_key_or_the_run(
    port: int, way: str, tmp_path: Path, heard: Heard, capfd: pytest.CaptureFixture[str]
) -> None:
    def one(case: Case) -> str:
        return judged(
            f"{way}, {case.name}",
            case,
            lambda recording: WAYS[way](port, case, recording),
            tmp_path / str(FAULTS.index(case)),
        )

    with ThreadPoolExecutor(16) as pool:
        wrong = [found for found in pool.map(one, cases_of(way)) if found]
    assert not wrong, "\n".join(wrong)
    said = "".join(heard.texts) + "".join(capfd.readouterr())
    assert not [form for form in FORBIDDEN if form in said.lower()]


def test_there_are_enough_cases() -> None:
    assert sum(len(cases_of(way)) for way in WAYS) > 450
    assert len({case.name for case in FAULTS}) == len(FAULTS)


def test_what_is_left_of_a_body_is_no_answer_to_the_next_question(port: int) -> None:
    """A body that dripped was given up, and the next try read on in it: 1,026 seconds where 40 were the bound."""
    began = time.monotonic()
    rpc = JsonRpc("ethereum", endpoint(port, named("a body of a length that drips"), tries=4), Recording.off())
    with pytest.raises(TimedOut):
        rpc.call("m", [])
    assert 2 * STALL <= time.monotonic() - began < 2 * STALL + BOUND


def test_a_call_has_bounds_of_its_own(port: int) -> None:
    rpc = JsonRpc("ethereum", endpoint(port, named("silent"), timeout=PATIENT), Recording.off())
    began = time.monotonic()
    with pytest.raises(TimedOut, match="no answer within"):
        rpc.call("scantxoutset", [], timeout=STALL, patient=False)
    assert time.monotonic() - began < BOUND
    rpc = JsonRpc("ethereum", endpoint(port, named("right")), Recording.off())
    assert rpc.call("m", [], answer_bytes=200) == RIGHT
    for ask in (lambda: rpc.call("m", [], answer_bytes=20), lambda: rpc.batch([("m", [])], answer_bytes=20)):
        with pytest.raises(TooBig, match="longer than 20 bytes"):
            ask()


@pytest.mark.parametrize("wish", RETRY)
def test_a_pause_that_a_server_wishes_for_is_bounded(port: int, wish: str, monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[float] = []
    here = threading.get_ident()
    monkeypatch.setattr("time.sleep", lambda seconds: slept.append(seconds) if threading.get_ident() == here else None)
    with pytest.raises(RateLimited):
        JsonRpc("x", endpoint(port, named(f"429, {wish[:12]!r}"), tries=2), Recording.off()).call("m", [])
    assert len([pause for pause in slept if pause]) <= 2 * 4
    assert all(0 <= pause <= 60 for pause in slept)


def test_a_password_is_sent_as_it_is_meant(port: int) -> None:
    with pytest.raises(RequestFailed) as failed:
        JsonRpc("x", endpoint(port, named("echo of the request")), Recording.off()).call("m", [])
    assert str(failed.value).count(BLANK) >= 5
    assert "127.0.0.1" in str(failed.value)


def authority(folder: Path) -> tuple[Path, Path]:
    """A key and a certificate of 127.0.0.1 that signs itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    builder = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(1)
    )
    builder = builder.not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
    builder = builder.add_extension(
        x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False
    )
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    certificate = builder.sign(key, hashes.SHA256())
    form = serialization.PrivateFormat.PKCS8
    (folder / "key.pem").write_bytes(key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()))
    (folder / "certificate.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    return folder / "key.pem", folder / "certificate.pem"


def test_by_tls_a_right_answer_comes_a_dripping_one_ends_and_a_stranger_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key, certificate = authority(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)

    def speak(conn: socket.socket) -> None:
        with context.wrap_socket(conn, server_side=True) as secure:
            speak_http(secure)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        served(listener, speak)

        def by_tls(name: str) -> JsonRpc:
            where = endpoint(listener.getsockname()[1], named(name))
            return JsonRpc("x", replace(where, url=where.url.replace("http://", "https://")), Recording.off())

        with pytest.raises(TransportError, match="certificate is not trusted"):
            by_tls("right").call("m", [])
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        tls_context.cache_clear()
        try:
            rpc = by_tls("right")
            assert [rpc.call("m", []), rpc.call("m", ["x" * 500_000])] == [RIGHT, RIGHT]
            for name in ("headers that drip", "a body that drips", "100 Continue without end"):
                began = time.monotonic()
                with pytest.raises(TimedOut):
                    by_tls(name).call("m", [])
                assert time.monotonic() - began < BOUND
        finally:
            tls_context.cache_clear()

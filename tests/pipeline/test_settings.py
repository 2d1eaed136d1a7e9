"""What is told from outside and makes no sense: a sentence that names the variable, file or connection, never a part of
the value.
"""

from __future__ import annotations

import json
import os
import time
import traceback
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from porlake import pipeline, registry
from porlake.errors import ConfigurationError
from porlake.pipeline import session
from porlake.pipeline._settings import read_settings
from porlake.queries import doctor
from porlake.transport import Endpoint

SECRET = "SEKRETkey"


def refused(environ: dict[str, str]) -> str:
    began = time.monotonic()
    with pytest.raises(ConfigurationError) as caught:
        session(environ=environ)
    shown = "".join(traceback.format_exception(caught.value))
    assert SECRET not in shown.replace(str(environ.get("PORLAKE_ENDPOINTS", "-")), "")
    assert time.monotonic() - began < 30
    return str(caught.value)


@pytest.mark.parametrize(
    "url",
    [f"http://user:{SECRET}/x@host", f"http://user:12/{SECRET}@host", f"http://host:99999/{SECRET}",
    f"http://host:abc/{SECRET}", f"http://[::1/{SECRET}",
     f"http://{SECRET}\\@host", f"gopher://{SECRET}", f"{SECRET}", f"file:///{SECRET}", f"http:///{SECRET}",
     f"http://ho\x1bst/{SECRET}",
     f"http://host/{SECRET}#x"],
)  # fmt: skip
def test_a_variable_that_holds_no_url(url: str) -> None:
    assert refused({"PORLAKE_ENDPOINT_ETHEREUM": url}).startswith("PORLAKE_ENDPOINT_ETHEREUM: ")


def test_the_url_of_several_that_is_none() -> None:
    said = refused({"PORLAKE_ENDPOINT_BITCOIN": f"http://good.example http://host:x/{SECRET}"})
    assert said.startswith("PORLAKE_ENDPOINT_BITCOIN, URL 2: ")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (f'[ethereum]\nurl = "http://host:x/{SECRET}"', "[ethereum]: the URL's host or port"),
        (f'[ethereum]\nurl = "http://{SECRET}\n', "cannot be read as TOML (at line 2)"),
        (f'[ethereum]\nurl = "http://host"\nurl = "{SECRET}"', "cannot be read as TOML (at end of document)"),
        (f'[ethereum]\nurl = "http://host"\nkey = "{SECRET}"', "[ethereum] holds something else"),
        (f'[ethereum]\nadress = "{SECRET}"', "[ethereum] has no url"),
        (f'ethereum = "{SECRET}"', "[ethereum] has no url"),
        ("ethereum = [1, 2]", "[ethereum] has no url"),
        ("[ethereum]\nurl = []", "[ethereum] has no url"),
        (f'[ethereum]\nurl = ["http://a", 5, "{SECRET}"]', "[ethereum]: a URL is a text"),
        (f'[ethereum]\nurl = "http://host"\nheaders = "{SECRET}"', "[ethereum]: headers are"),
        (f'[ethereum]\nurl = "http://host"\n[ethereum.headers]\nX = "{SECRET}\\nY: z"', "[ethereum]: headers are"),
        (f'[ethereum]\nurl = "http://host"\n[ethereum.headers]\nX = ["{SECRET}"]', "[ethereum]: headers are"),
        *[(f'[ethereum]\nurl = "http://host/{SECRET}"\ntimeout = {value}',
        "[ethereum]: timeout is a number") for value in ("0", "-1", "nan", "inf", "true", '"5"')],
        *[(f'[ethereum]\nurl = "http://host/{SECRET}"\ntries = {value}',
        "[ethereum]: tries is a whole number") for value in ("0", "1.5", "true", "1000000")],
        (f'[etherium]\nurl = "http://host/{SECRET}"', "etherium: no such network"),
        ("\x00", "cannot be read as TOML"),
        ("a = " + "[" * 10_000, "cannot be read"),
    ],
)  # fmt: skip
def test_a_file_of_endpoints_that_makes_no_sense(text: str, said: str, tmp_path: Path) -> None:
    path = tmp_path / "endpoints.toml"
    path.write_text(text)
    found = refused({"PORLAKE_ENDPOINTS": str(path)})
    assert found.startswith(f"PORLAKE_ENDPOINTS: {path}")
    assert said in found


def test_a_file_of_endpoints_that_is_no_file(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "bytes").write_bytes(b"\xff\xfe")
    (tmp_path / "large").write_bytes(b"#" * (2 << 20))
    for place, said in (
        (tmp_path, "is no file"),
        (tmp_path / "pipe", "is no file"),
        (tmp_path / "nothing", "No such file"),
        (tmp_path / "bytes", "cannot be read"),
        (tmp_path / "large", "has more than"),
        ("a\0b", "cannot be read"),
        ("x" * 5_000, "cannot be read"),
    ):
        assert said in refused({"PORLAKE_ENDPOINTS": str(place)})


def test_numbers_of_a_table_are_taken_as_they_stand(tmp_path: Path) -> None:
    path = tmp_path / "endpoints.toml"
    path.write_text(
        '[[bitcoin]]\nurl = ["http://a", "http://b"]\ntimeout = 5\nper_second = 2.5\ntries = 3\n[[bitcoin]]\nurl = '
        '"http://c"\n'
    )
    found = session(environ={"PORLAKE_ENDPOINTS": str(path)}).endpoints_of("bitcoin")
    assert [(place.host, place.timeout, place.per_second, place.tries) for place in found] == [
        ("a", 5, 2.5, 3),
        ("b", 5, 2.5, 3),
        ("c", 120.0, None, 4),
    ]


@pytest.mark.parametrize(
    ("source", "said"),
    [("{}", "the folder holds no " "file"), ("{}/pipe", "is no file"), ("{}/nothing.csv", "No such file"),
     ("a\0b", "cannot be read"),
    ("http://[bad", "host or port"),
     (f"https://user:{SECRET}/x@host/f.csv", "host or port"), (f"htps://user:{SECRET}@host/f.csv",
     "an endpoint is an http"), ("http://", "an endpoint is")],
)  # fmt: skip
def test_a_report_that_is_no_file_and_no_url(source: str, said: str, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(ConfigurationError) as caught:
        pipeline.archive(session(tmp_path / "lake", environ={}), "okx", source.format(tmp_path))
    assert said in str(caught.value)
    assert SECRET not in str(caught.value)


def test_doctor_does_not_wait_for_endpoints_that_are_silent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import socket

    monkeypatch.setattr("porlake.transport.endpoint.BRIEF_SECONDS", 0.5)
    with socket.create_server(("127.0.0.1", 0), backlog=64) as silent:
        place = f"127.0.0.1:{silent.getsockname()[1]}"
        endpoints = {
            name: Endpoint(f"http://{place}/{SECRET}")
            for name in ("ethereum", "bitcoin", "tron", "bsc", "polygon", "arbitrum", "optimism")
        }
        began = time.monotonic()
        chosen = session(
            tmp_path,
            environ={},
            endpoints={name: Endpoint("http://127.0.0.1:9") for name in registry.load().networks} | endpoints,
        )
        checks = doctor.doctor(chosen)
    assert time.monotonic() - began < 20
    found = [check for check in checks if place in check.found]
    assert len(found) == len(endpoints)
    assert not any(check.ok or SECRET in check.found for check in found)


def test_settings_are_plain_values_and_show_no_key(tmp_path: Path) -> None:
    """Texts, numbers and what holds them: nothing is opened by reading them."""
    path = tmp_path / "e.toml"
    path.write_text('[bitcoin]\nurl = ["http://a/SECRET", "http://b"]\nper_second = 2\n')
    read = read_settings(
        tmp_path / "lake",
        replay=tmp_path / "none",
        environ={
            "PORLAKE_ENDPOINTS": str(path),
            "PORLAKE_ENDPOINT_ETHEREUM": "http://c",
            "PORLAKE_UTXO_DUMP_BITCOIN": "/d/utxo.dat",
        },
    )
    assert read.endpoints == {
        "bitcoin": ({"url": "http://a/SECRET", "per_second": 2}, {"url": "http://b", "per_second": 2}),
        "ethereum": ({"url": "http://c"},),
    }
    assert read.dumps["bitcoin"].place == "/d/utxo.dat"
    assert (read.lake, read.replay, read.record) == (str(tmp_path / "lake"), str(tmp_path / "none"), "")
    assert "SECRET" not in repr(read)
    assert not (tmp_path / "lake").exists()
    assert json.loads(json.dumps(asdict(read), default=str))["check_sample"] == "0.01"


def test_a_session_opens_its_lake_once(tmp_path: Path) -> None:
    opened = session(tmp_path, environ={})
    assert opened.lake is opened.lake
    assert replace(opened, root=tmp_path / "other").lake.root == tmp_path / "other"

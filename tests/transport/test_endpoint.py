"""URLs, headers and numbers of endpoints; what cannot be read is a sentence without a part of it."""

from __future__ import annotations

import traceback
from typing import Any

import pytest

from porlake.errors import (
    ConfigurationError,
)
from porlake.transport import NUMBERS, Endpoint

ODD_URLS = [
    "http://user:se/cret@host", "http://user:12/cret@host/", "http://user:se?cret@host", "http://user:se#cret@host",
    "http://host:99999/secret",
    "http://host:abc/secret", "http://host:-1/secret", "http://host:0/secret", "http://[::1/secret",
    "http://[secret]/", "http://::1/secret",
    "http://[::1]secret/", "http://host\\@secret/", "http://ho st/secret", "http://host/sec\x00ret",
    "http://host/sec\nret", "http://host/sec\x1bret",
    " http://host/secret", "http://ho%20st/secret", "http://ho<st>/secret", "gopher://host/secret",
    "HTTP+http://secret", "file:///secret", "secret",
    "http:secret", "http:///secret", "http://@/secret", "http://user:secret@/",
    "http://" + "a" * 70 + ".example/secret", "http://host/" + "secret" * 1000,
    "http://host/a#secret", "esplora+ftp://secret", "electrum+tcp://host:x/secret", "http://.secret..example/",
    "data:secret", "",
]  # fmt: skip


@pytest.mark.parametrize("url", ODD_URLS)
def test_a_url_that_cannot_be_read_is_a_sentence_without_a_part_of_it(url: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        Endpoint(url)
    shown = "".join(traceback.format_exception(refused.value)[-1:])
    assert not any(part in shown for part in ("cret", "se/", "se?", "se#", "99999", "abc", "user:", "ho<"))
    assert len(shown) < 400
    assert refused.value.__cause__ is None
    assert refused.value.__suppress_context__ or refused.value.__context__ is None


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("http://[::1]:8545/v3/k", "[::1]:8545"), ("http://[::1]", "[::1]"), ("HTTP://Host.Example:8545",
        "host.example:8545"), ("http://host:/x", "host"),
        ("https://user:p%2Fw%40x@host/path?k=v", "host"), ("http://user:p@ss@host", "host"),
        ("electrum+ssl://host:50002?pin=ab", "host:50002"),
        ("https://cdn.example/gh/a@1.0/r.csv", "cdn.example"), ("http://b\xfccher.example", "b\xfccher.example"),
        ("http://a_b-c.example", "a_b-c.example"),
        ("http://127.0.0.1:1", "127.0.0.1:1"),
    ],
)  # fmt: skip
def test_an_endpoint_is_shown_as_its_host(url: str, host: str) -> None:
    assert Endpoint(url).host == host


@pytest.mark.parametrize(
    "more",
    [
        {"timeout": 0}, {"timeout": -1}, {"timeout": float("nan")}, {"timeout": float("inf")}, {"timeout": "5"},
        {"timeout": True}, {"timeout": 10**9},
        {"tries": 0}, {"tries": 1.5}, {"tries": True}, {"per_second": 0}, {"per_second": "x"}, {"in_flight": 0},
        {"in_flight": 10**9}, {"pause": -1},
        {"answer_bytes": 0}, {"headers": {"a b": "secret"}}, {"headers": {"a": "sec\r\nret"}}, {"headers": {"a": 5}},
        {"headers": {"a": "\u2603secret"}},
        {"headers": ["secret"]},
    ],
)  # fmt: skip
def test_odd_numbers_and_headers_are_a_sentence(more: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError) as refused:
        Endpoint("http://host", **more)
    assert "ret" not in str(refused.value)


@pytest.mark.parametrize("text", ["", "ethereum", "ftp://node", "file:///etc/passwd", "http://"])
def test_an_endpoint_is_an_http_url_with_a_host(text: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        Endpoint(text)
    assert not text or text not in str(refused.value)


LIMITS = {
    "per_second": (0.0001, 1e6, 0.00001), "timeout": (0.001, 86_400, 0.0001), "tries": (1, 100, 1),
    "pause": (0, 3_600, 0.1),
    "in_flight": (1, 1_000, 1), "answer_bytes": (1, 1 << 40, 1),
}  # fmt: skip


@pytest.mark.parametrize("name", LIMITS)
def test_numbers_from_the_least_to_the_most(name: str) -> None:
    least, most, step = LIMITS[name]
    for number in (least, least + step, most - step, most):
        assert getattr(Endpoint("http://host", **{name: number}), name) == number
    for number in (least - step, most + step):
        with pytest.raises(ConfigurationError, match=f"{name} is a "):
            Endpoint("http://host", **{name: number})
    assert LIMITS.keys() == NUMBERS


def test_no_rate_is_a_rate_and_no_other_number_may_be_missing() -> None:
    assert Endpoint("http://host", per_second=None).per_second is None
    for name in LIMITS.keys() - {"per_second"}:
        with pytest.raises(ConfigurationError):
            Endpoint("http://host", **{name: None})


@pytest.mark.parametrize("size", [4_095, 4_096, 4_097])
def test_a_url_has_so_many_characters(size: int) -> None:
    url = "http://host/".ljust(size, "a")
    if size > 4_096:
        with pytest.raises(ConfigurationError, match="up to 4,096 characters"):
            Endpoint(url)
    else:
        assert Endpoint(url).url == url


@pytest.mark.parametrize(("port", "is_one"), [(0, False), (1, True), (65_535, True), (65_536, False)])
def test_ports(port: int, is_one: bool) -> None:
    if is_one:
        assert Endpoint(f"http://host:{port}").host == f"host:{port}"
    else:
        with pytest.raises(ConfigurationError, match="port"):
            Endpoint(f"http://host:{port}")


@pytest.mark.parametrize(("timeout", "brief"), [(4.9, 4.9), (5.0, 5.0), (5.1, 5.0)])
def test_somebody_who_waits_is_answered_soon(timeout: float, brief: float) -> None:
    found = Endpoint("http://host", timeout=timeout, tries=9).brief
    assert (found.timeout, found.tries) == (brief, 1)

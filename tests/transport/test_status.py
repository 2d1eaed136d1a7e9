"""What a status means, at each border between two meanings, and what Retry-After says."""

from __future__ import annotations

from typing import Any

import pytest
import urllib3

from porlake.errors import BadAnswer, NotFound, RateLimited, RequestFailed, TooBig, TransportError
from porlake.transport.limits import TransientFault
from porlake.transport.status import check_status

JSON, PAGE = b' {"error": 1}', b"<html>oops</html>"


def outcome(status: int, body: bytes = PAGE, **headers: str) -> type[TransportError] | None:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    try:
        check_status(urllib3.HTTPResponse(status=status, headers=named), "host", body)
    except TransportError as error:
        return type(error)
    return None


@pytest.mark.parametrize(
    ("status", "of_a_page", "of_json"),
    [
        (199, TransientFault, TransientFault), (200, None, None), (201, None, None), (205, None, None),
        (206, TransientFault, TransientFault), (207, None, None), (299, None, None),
        (300, BadAnswer, BadAnswer), (399, BadAnswer, BadAnswer),
        (400, RequestFailed, None), (401, TransportError, None), (403, TransportError, None),
        (404, NotFound, None),
        (407, TransportError, None), (408, TransientFault, TransientFault), (409, TransportError, None),
        (412, TransportError, None), (413, TooBig, TooBig), (414, TransportError, None),
        (421, TransportError, None), (422, RequestFailed, None), (423, TransportError, None),
        (424, TransportError, None), (425, TransientFault, TransientFault), (426, TransportError, None),
        (428, TransportError, None), (429, RateLimited, RateLimited), (430, TransportError, None),
        (499, TransportError, None), (500, TransientFault, None), (503, TransientFault, None),
        (599, TransientFault, None),
    ],
)  # fmt: skip
def test_what_a_status_means(status: int, of_a_page: Any, of_json: Any) -> None:
    assert outcome(status) is of_a_page
    assert outcome(status, JSON) is of_json


@pytest.mark.parametrize("status", [502, 503, 504])
def test_503_is_a_rate_limit_where_it_says_for_how_long(status: int) -> None:
    assert outcome(status, Retry_After="7") is (RateLimited if status == 503 else TransientFault)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("7", 7.0), ("0", 0.0), ("9" * 12, float("9" * 12)), ("9" * 13, None), (" 7 ", 7.0), ("-1", None),
        ("0.5", None),
        ("soon", None), ("Wed, 21 Oct 2015 07:28:00 GMT", 0.0), ("", None),
    ],
)  # fmt: skip
def test_retry_after(text: str, seconds: float | None) -> None:
    with pytest.raises(RateLimited) as limited:
        check_status(urllib3.HTTPResponse(status=429, headers={"Retry-After": text}), "host")
    assert limited.value.retry_after == seconds


@pytest.mark.parametrize(("size", "shown"), [(199, 199), (200, 200), (201, 200)])
def test_a_plain_text_of_a_refusal_is_shown_and_cut(size: int, shown: int) -> None:
    with pytest.raises(RequestFailed) as failed:
        check_status(urllib3.HTTPResponse(status=400), "host", b"x" * size)
    assert str(failed.value) == "host: HTTP 400: " + "x" * shown


@pytest.mark.parametrize(("place", "shown"), [("http://" + "h" * 99 + "/", 99), ("http://" + "h" * 101 + "/", 100)])
def test_a_redirect_is_told_by_its_host_alone(place: str, shown: int) -> None:
    with pytest.raises(BadAnswer) as failed:
        check_status(urllib3.HTTPResponse(status=302, headers={"Location": place + "secret"}), "host")
    assert f"redirects to {'h' * shown}," in str(failed.value)
    assert "secret" not in str(failed.value)

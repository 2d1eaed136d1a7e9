"""What is blanked, and what is not."""

from __future__ import annotations

import json

import pytest

from porlake.transport import Endpoint
from porlake.transport.secrets import Redactor


def test_words_of_a_path_are_no_secret_in_answers(port: int) -> None:
    """`/bitcoin/mainnet` in a URL must not change what a server tells of Bitcoin's main network, nor a number."""
    secrets = Redactor(Endpoint("https://host/bitcoin/mainnet/v3/12345678/deadbeef?chain=main"))
    told_ = {"chain": "bitcoin", "net": "mainnet", "sum": "3123456780", "hash": "00deadbeef00"}
    assert secrets.answer(json.dumps(told_).encode(), told_) == told_
    assert secrets.text("bitcoin at 12345678") != "bitcoin at 12345678"


@pytest.mark.parametrize(("secret", "in_text", "in_answer"), [
    ("Q7", False, False), ("Q7x", True, False), ("Q7xZ1", True, False), ("Q7xZ1w", True, True),
    ("abcdef012345678", True, False), ("abcdef0123456789", True, True), ("abcdef01234567890", True, True),
])  # fmt: skip
def test_how_long_a_secret_is_to_be_told_from_what_is_there_by_chance(
    secret: str, in_text: bool, in_answer: bool
) -> None:
    """Of three characters in texts of errors, of six in answers; hexadecimal digits of sixteen."""
    for url in (f"https://host/?key={secret}", f"https://user:{secret}@host/"):
        redactor = Redactor(Endpoint(url))
        assert (secret not in redactor.text(f"bad {secret}")) == in_text
        body = [f"x{secret}y"]
        assert (redactor.answer(json.dumps(body).encode(), body) != body) == in_answer


@pytest.mark.parametrize(
    ("word", "blanked"), [("w" * 10, False), ("w" * 11, False), ("w" * 12, True), ("Abcdefg", True), ("abc1defg", True)]
)
def test_a_common_word_of_a_path_is_short_and_of_small_letters(word: str, blanked: bool) -> None:
    redactor, body = Redactor(Endpoint(f"https://host/{word}/")), [f"about {word}"]
    assert (redactor.answer(json.dumps(body).encode(), body) != body) == blanked

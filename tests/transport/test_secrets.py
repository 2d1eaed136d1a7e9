"""What is blanked, and what is not."""

from __future__ import annotations

import json

from porlake.transport import Endpoint
from porlake.transport.secrets import Redactor


def test_words_of_a_path_are_no_secret_in_answers(port: int) -> None:
    """`/bitcoin/mainnet` in a URL must not change what a server tells of Bitcoin's main network, nor a number."""
    secrets = Redactor(Endpoint("https://host/bitcoin/mainnet/v3/12345678/deadbeef?chain=main"))
    told_ = {"chain": "bitcoin", "net": "mainnet", "sum": "3123456780", "hash": "00deadbeef00"}
    assert secrets.answer(json.dumps(told_).encode(), told_) == told_
    assert secrets.text("bitcoin at 12345678") != "bitcoin at 12345678"

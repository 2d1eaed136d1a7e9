"""A row to the module of its scheme: what is said where there is none, and its account in one spelling."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from porlake import ownership
from porlake.addresses import parse
from porlake.model import Evidence
from porlake.ownership import _dispatch, ed25519, eos, utxo

Row = Callable[..., Evidence]
Keys = Callable[[str], Any]


@pytest.mark.parametrize(
    ("network", "text", "canonical"),
    [
        ("ethereum", "0x" + "AB" * 20, "0x" + "ab" * 20),
        ("ethereum", "0xab", "0xab"),
        ("nowhere", "0x" + "AB" * 20, "0x" + "AB" * 20),
        (None, "0x" + "AB" * 20, "0x" + "AB" * 20),
        ("", "0x" + "AB" * 20, "0x" + "AB" * 20),
    ],
)
def test_an_account_is_spelled_in_one_way_where_it_is_one(
    row: Row, network: str | None, text: str, canonical: str
) -> None:
    assert _dispatch.account(network, text) == canonical
    made = replace(row("okx_evm", "ethereum", text, "0x12"), network=network)
    assert ownership.judge_with_account(made)[1] == canonical


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"signatures": []}, "unsigned unsigned"),
        ({"signatures": ["", ""]}, "unsigned unsigned"),
        ({"message": ""}, "malformed no_message"),
        ({"message": "null"}, "malformed no_message"),
        ({"network": None, "label": "no such coin"}, "unsupported unknown_asset"),
        ({"network": "nowhere", "label": "no such coin"}, "unsupported unknown_asset"),
        ({"address_published": "0xab"}, "malformed address_bad_length"),
        ({"scheme": "no_scheme"}, "unsupported no_scheme"),
        ({"scheme": "nobody knows it"}, "unsupported nobody knows it"),
        ({"signatures": ["", "0x"]}, "malformed no_signature1"),
        ({"signatures": ["0x12"]}, "malformed signature_bad_length"),
    ],
)
def test_what_is_no_row_of_a_scheme_is_named(row: Row, signer: Keys, change: dict[str, Any], told: str) -> None:
    good = row("okx_evm", "ethereum", signer("a").evm, signer("a").okx_evm())
    assert (ownership.judge(good).verdict, ownership.judge(good).signer) == ("proven", signer("a").evm)
    found = ownership.judge(replace(good, **change))
    assert f"{found.verdict} {found.reason}" == told


def test_a_message_that_says_nothing_comes_before_an_address_that_is_none(row: Row) -> None:
    made = row("okx_evm", "ethereum", "0xab", "0x12", message="")
    assert ownership.judge(made).reason == "no_message"
    assert ownership.judge(replace(made, message="m")).reason == "address_bad_length"


def test_a_scheme_is_told_in_the_words_of_its_module() -> None:
    assert _dispatch.rule("utxo") == (utxo.__doc__ or "").strip() != ""
    assert _dispatch.rule("no_scheme") == _dispatch.rule("nobody knows it") == ""


def test_an_explanation_is_the_judgement_and_its_steps(row: Row, signer: Keys) -> None:
    made = row("okx_evm", "ethereum", signer("a").evm, signer("a").okx_evm())
    judgement, steps = _dispatch.explain(made)
    assert judgement == ownership.judge(made)
    assert steps
    refused = replace(made, message="")
    assert [step.what for step in _dispatch.explain(refused)[1]] == ["refused"]


def test_a_label_of_a_network_that_is_not_known_is_told(row: Row) -> None:
    """A coin whose label alone would name a network is on another one, which nobody knows."""
    made = replace(row("okx_evm", "ethereum", "0x" + "ab" * 20, "0x12"), network=None, label="BTC", network_label="X9")
    judgement, steps = _dispatch.explain(made)
    assert (judgement.verdict, judgement.reason) == ("unsupported", "unknown_network")
    assert (steps[-1].what, steps[-1].value) == ("refused", "no network is known under the label 'X9' of okx")


def test_an_account_that_has_no_key_of_a_scheme_is_not_supported(row: Row, signer: Keys) -> None:
    address = parse("ethereum", signer("a").evm)
    made = row("okx_ed25519", "ethereum", address.text, "0x12", script="12")
    found = ed25519.judge(made, address)
    assert (found.verdict, found.reason) == ("unsupported", f"no_ed25519_{address.kind}")
    found = eos.judge(replace(made, scheme="eos_k1"), address)
    assert (found.verdict, found.reason) == ("unsupported", f"no_eos_{address.kind}")

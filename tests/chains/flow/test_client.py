"""Flow's client: what the suite of all chains does not ask."""

from __future__ import annotations

from typing import Any

import pytest

from chains import stub
from chains.flow.world import EMPTY, HEIGHT, RICH, SOME, WORLD, asked, of_script, refused
from chains.stub import Change, Reply, Request, with_body
from porlake import chains, registry
from porlake.errors import RequestFailed, TransportError, Unavailable
from porlake.transport import Endpoint, Recording

FACTS = registry.load()
FLOW = FACTS.tokens["flow", "FLOW"]


def held(change: Change | None = None, *accounts: str) -> tuple[dict[str, Any], stub.Server]:
    with stub.served(WORLD()) as server:
        server.change = change
        some = chains.open_client(FACTS.networks["flow"], Endpoint(server.endpoint_url, tries=1), Recording.off())
        at = some.block(HEIGHT)
        wants = [chains.Wanted("FLOW", FLOW, one) for one in accounts or (RICH, SOME, EMPTY)]
        return {one.address: getattr(one, "raw", None) for one in some.balances(wants, at)}, server


def test_a_hundred_accounts_are_one_script() -> None:
    found, server = held(None, *(f"0x{number:016x}" for number in range(1, 202)))
    assert len(found) == 201
    assert sorted(len(asked(one)) for one, _ in server.log if one.path == "/v1/scripts") == [2, 101, 101]


@pytest.mark.parametrize(
    ("message", "status", "kind"),
    [
        ("block height 1 is less than the spork root block height 7. Try to use a historic node", 404, Unavailable),
        ("data for block height 1 is not available", 400, Unavailable),
        ("invalid argument", 400, RequestFailed),
        ("internal", 500, TransportError),
    ],
)
def test_errors_are_told_in_words(message: str, status: int, kind: type[Exception]) -> None:
    def fails(request: Request, reply: Reply) -> Reply:
        return refused(status, message) if "/blocks" in request.path else reply

    with pytest.raises(kind):
        held(fails)


def test_a_script_that_costs_too_much_is_asked_about_fewer_accounts() -> None:
    def costs(request: Request, reply: Reply) -> Reply:
        if "/scripts" not in request.path or len(asked(request)) <= 3:
            return reply
        return refused(400, "[Error Code: 1110] computation exceeds limit (100000)")

    found, _ = held(costs, RICH, SOME, EMPTY, *(f"0x{number:016x}" for number in range(1, 8)))
    assert found[RICH] == 2**63 + 9
    assert len(found) == 10
    assert None not in found.values()


@pytest.mark.parametrize(
    "balance", ["1", "-1.00000000", "1.000000001", "1e3", "184467440737.09551616", "00x1.0", ".5", "1.0 "]
)
def test_a_balance_is_a_number_of_eight_digits_behind_the_point(balance: str) -> None:
    change = of_script(lambda texts: [texts[0], f"{texts[1].split()[0]} {balance}", *texts[2:]])
    with pytest.raises(TransportError):
        held(change, RICH)


def test_an_address_without_its_zeros_is_the_same_and_another_is_not() -> None:
    def short(texts: list[str]) -> list[str]:
        return [texts[0], *(f"0x{one[2:].lstrip('0')}" for one in texts[1:])]

    assert held(of_script(short), RICH)[0] == {RICH: 2**63 + 9}
    with pytest.raises(TransportError):
        held(of_script(lambda texts: [texts[0], f"0x1 {texts[1].split()[1]}", *texts[2:]]), RICH)


@pytest.mark.parametrize("told", ["", "e30=", "W10=", "!", "eyJ0eXBlIjoiQXJyYXkiLCJ2YWx1ZSI6W119", 7, None, {}])
def test_an_answer_that_is_no_array_of_texts(told: Any) -> None:
    def other(request: Request, reply: Reply) -> Reply:
        return with_body(reply, told) if "/scripts" in request.path else reply

    with pytest.raises(TransportError):
        held(other, RICH)


def test_no_token_of_a_contract_is_read() -> None:
    family = chains.family(FACTS.networks["flow"])
    assert family.unreadable(FLOW) == ""
    assert family.unreadable(registry.Token("flow", "USDC", "other", "A.b19436aae4d94622", 8, "", "")) == (
        "contract_unknown"
    )

"""Proofs in the observe stage: the largest accounts up to a share are proved, what a proof speaks against is withheld,
the rest stays as read.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chains.anvil_node import Change, Node, anvil, changing, needs_anvil
from porlake import pipeline
from porlake.chains import _columns
from porlake.chains.evm.words import ACCOUNTS as FORM
from porlake.chains.evm.words import accounts_from
from porlake.errors import ConfigurationError, RateLimited, TransportError
from porlake.model import Balance, Unobserved
from porlake.observation import columns, proofs
from porlake.progress import Tell, silent
from porlake.transport import Endpoint

HEADER = "coin,Network,Snapshot Height,address,amount,message,signature1,signature2,redeem script/ public key,eoa1,eoa2"
HEIGHT = 2
ACCOUNTS = [f"0x{0xACC0 + number:040x}" for number in range(6)]
CLAIMED = [64, 32, 16, 8, 4, 2]  # whole coins; 126 of them, 95 % of which are 119.7


# --- which accounts ---------------------------------------------------------------------------------------------------
def words(*amounts: int) -> _columns.Words:
    return _columns.words_of(b"".join(amount.to_bytes(16, "big") for amount in amounts))


@pytest.mark.parametrize(
    ("amounts", "share", "places"),
    [
        ([1, 10, 100, 1_000, 10_000], "0.95", [4, 3]),
        ([50, 50, 50, 50], "0.5", [0, 1]),
        ([50, 50, 50, 50], "0.95", [0, 1, 2, 3]),
        ([1, 2**100, 2**70, 2**101], "0.9", [3, 1]),
        ([0, 0], "1", []),
        ([5, 0], "1", [0]),
        ([5, 4], "0", []),
        ([], "0.95", []),
    ],
)
def test_the_largest_are_chosen_until_the_share_is_reached(amounts: list[int], share: str, places: list[int]) -> None:
    assert proofs.largest(words(*amounts), Decimal(share)) == places


@settings(deadline=None)
@given(st.lists(st.integers(0, 10**38 - 1), max_size=30), st.decimals(0, 1, places=4))
def test_the_chosen_reach_the_share_and_none_of_them_could_be_left_out(amounts: list[int], share: Decimal) -> None:
    chosen = [amounts[place] for place in proofs.largest(words(*amounts), share)]
    wanted = Fraction(share) * sum(amounts)
    assert sum(chosen) >= wanted
    assert not chosen or sum(chosen) - min(chosen) < wanted
    assert chosen == sorted(amounts, reverse=True)[: len(chosen)]


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 10**38 - 1)), max_size=20), st.data())
def test_an_account_weighs_what_is_claimed_or_what_was_read_whichever_is_more(
    claims: list[tuple[int, int]], data: st.DataObject
) -> None:
    """An account that is claimed in several rows has the most of them."""
    rows = [account for account, _ in claims]
    accounts = accounts_from([f"0x{account:040x}" for account in rows])
    held = columns.once(
        "ETH",
        FORM,
        columns.Codes(),
        [(accounts, np.zeros(len(rows), np.int64), words(*(amount for _, amount in claims)))],
    )
    names = sorted(set(rows))
    most = {account: max(amount for of, amount in claims if of == account) for account in names}
    assert [_columns.number(held.claims, place) for place in range(len(names))] == [most[account] for account in names]
    read = data.draw(st.lists(st.integers(0, 10**38 - 1), min_size=len(names), max_size=len(names)))
    weights = proofs.larger(words(*read), held.claims)
    assert [_columns.number(weights, place) for place in range(len(names))] == [
        max(most[account], raw) for account, raw in zip(names, read, strict=True)
    ]


@settings(deadline=None)
@given(st.lists(st.one_of(st.none(), st.integers(-5, 10**38 - 1)), max_size=12), st.integers(0, 3))
def test_decimals_become_halves_and_null_is_zero(amounts: list[int | None], skipped: int) -> None:
    column = pa.array([None if amount is None else Decimal(amount) for amount in amounts], pa.decimal128(38, 0)).slice(
        skipped
    )
    halves = columns.units(column)
    assert [_columns.number(halves, place) for place in range(len(column))] == [
        max(amount or 0, 0) for amount in amounts[skipped:]
    ]


@pytest.mark.parametrize(("text", "share"), [("", "0.95"), ("0", "0"), ("100", "1"), ("99.9", "0.999"), ("50", "0.5")])
def test_the_share_is_a_setting(text: str, share: str, tmp_path: Path) -> None:
    assert pipeline.session(tmp_path, environ={"PORLAKE_PROOF_SHARE": text}).proof_share == Decimal(share)


@pytest.mark.parametrize("text", ["101", "-1", "95%", "nan", "1/2", "0,5", "٩"])
def test_a_share_that_is_none_is_refused(text: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="PORLAKE_PROOF_SHARE"):
        pipeline.session(tmp_path, environ={"PORLAKE_PROOF_SHARE": text})


# --- in the stage -----------------------------------------------------------------------------------------------------
@pytest.fixture(scope="module")
def node() -> Iterator[Node]:
    with anvil() as running:
        for account, coins in zip(ACCOUNTS, CLAIMED, strict=True):
            running("anvil_setBalance", account, hex(coins * 10**18))
        running.mine(3)
        for account in ACCOUNTS:
            running("anvil_setBalance", account, "0x0")
        running.mine(2)
        yield running


def observed(
    node: Node,
    folder: Path,
    change: Change,
    *,
    give_up: bool = False,
    tell: Tell = silent,
    others: tuple[Endpoint, ...] = (),
) -> tuple[dict[str, Any], dict[str, str]]:
    """(method by account, reason by account that was not read) after a look through something that may change
    answers.
    """
    folder.mkdir(exist_ok=True)
    path = folder / "okx_por_2025102200.csv"
    rows = [f"ETH,ETH,{HEIGHT},{account},{coins},m,,,,," for account, coins in zip(ACCOUNTS, CLAIMED, strict=True)]
    path.write_text("\n".join(["coin,amount", "ETH,126", "", HEADER, *rows]) + "\n")
    with changing(node, change) as url:
        chosen = pipeline.Session(
            root=folder / "lake", endpoints={"ethereum": (Endpoint(url, pause=0.001), *others)}, progress=tell
        )
        (report,) = pipeline.archive(chosen, "okx", str(path))
        pipeline.parse(chosen, report)
        pipeline.observe(chosen, report, "ethereum", give_up=give_up)
    balances = {row.address: row for row in chosen.lake.rows(Balance)}
    assert all(row.amount == CLAIMED[ACCOUNTS.index(address)] * 10**18 for address, row in balances.items()), (
        "never a wrong number"
    )
    return {address: row.method for address, row in balances.items()}, {
        row.address: row.reason for row in chosen.lake.rows(Unobserved)
    }


def of(account: str, change: Any) -> Change:
    """A change of the proofs of one account."""

    def changed(question: dict[str, Any], answer: Any) -> Any:
        return change(answer) if question["method"] == "eth_getProof" and question["params"][0] == account else answer

    return changed


needs_node = [pytest.mark.node, needs_anvil]


class TestStage:
    pytestmark = needs_node

    def test_the_largest_are_proved_and_the_others_stay_as_read(self, node: Node, tmp_path: Path) -> None:
        methods, unread = observed(node, tmp_path, lambda question, answer: answer)
        assert [methods[account] == "proved" for account in ACCOUNTS] == [True] * 4 + [False] * 2
        assert unread == {}

    def test_a_proof_that_does_not_verify_withholds_its_value_alone(self, node: Node, tmp_path: Path) -> None:
        said: list[str] = []
        methods, unread = observed(
            node,
            tmp_path,
            of(ACCOUNTS[1], lambda proof: proof | {"accountProof": proof["accountProof"][:-1]}),
            tell=lambda what, done, total: said.append(what),
        )
        assert unread == {ACCOUNTS[1]: "proof_fails"}
        assert ACCOUNTS[1] not in methods
        assert [methods[account] == "proved" for account in (ACCOUNTS[0], *ACCOUNTS[2:])] == [
            True,
            True,
            True,
            False,
            False,
        ]
        assert any(ACCOUNTS[1] in text and "breaks off" in text for text in said)

    def test_a_balance_that_the_proof_contradicts_is_withheld(self, node: Node, tmp_path: Path) -> None:
        """The node lies in eth_call about the first account; its proof cannot."""

        def lying(question: dict[str, Any], answer: Any) -> Any:
            if question["method"] != "eth_call" or ACCOUNTS[0][2:] not in question["params"][0]["data"]:
                return answer
            halves = [answer[at : at + 32] for at in range(2, len(answer), 32)]
            return "0x" + "".join(f"{65 * 10**18:032x}" if half == f"{64 * 10**18:032x}" else half for half in halves)

        methods, unread = observed(node, tmp_path, lying)
        assert unread == {ACCOUNTS[0]: "proof_differs"}
        assert len(methods) == 5

    @pytest.mark.parametrize(
        "error",
        [
            {"code": -32601, "message": "the method eth_getProof does not exist"},
            {"code": -32000, "message": "distance to target block exceeds maximum proof window"},
            {"code": -32000, "message": "missing trie node 1234 (path )"},
            {"code": -32000, "message": "response too large"},
        ],
    )
    def test_an_endpoint_without_proofs_leaves_balances_unproved(
        self, node: Node, tmp_path: Path, error: dict[str, Any]
    ) -> None:
        def without(question: dict[str, Any], answer: Any) -> Any:
            if question["method"] == "eth_getProof":
                raise LookupError(error)
            return answer

        said: list[str] = []
        methods, unread = observed(node, tmp_path, without, tell=lambda what, done, total: said.append(what))
        assert "proved" not in methods.values()
        assert (len(methods), unread) == (6, {})
        assert any("4 balances are not proved" in text for text in said)

    def test_a_chain_whose_headers_are_of_another_kind_is_named_and_not_proved(
        self, node: Node, tmp_path: Path
    ) -> None:
        def other(question: dict[str, Any], answer: Any) -> Any:
            return answer | {"gasUsed": "0x77"} if question["method"] == "eth_getBlockByHash" else answer

        said: list[str] = []
        methods, unread = observed(node, tmp_path, other, tell=lambda what, done, total: said.append(what))
        assert "proved" not in methods.values()
        assert (len(methods), unread) == (6, {})
        assert any("header of block 2 of Ethereum does not hash" in text for text in said)

    def test_a_second_endpoint_proves_what_the_first_cannot(self, node: Node, tmp_path: Path) -> None:
        def without(question: dict[str, Any], answer: Any) -> Any:
            if question["method"] == "eth_getProof" and question["params"][0] != ACCOUNTS[0]:
                raise LookupError({"code": -32000, "message": "missing trie node 1234 (path )"})
            return answer

        methods, unread = observed(node, tmp_path, without, others=(Endpoint(node.url),))
        assert [methods[account] == "proved" for account in ACCOUNTS] == [True] * 4 + [False] * 2
        assert unread == {}

    def test_a_passing_fault_fails_the_task_or_is_given_up(self, node: Node, tmp_path: Path) -> None:
        def limited(question: dict[str, Any], answer: Any) -> Any:
            if question["method"] == "eth_getProof" and question["params"][0] == ACCOUNTS[2]:
                raise LookupError({"code": -32005, "message": "limit exceeded"})
            return answer

        with pytest.raises((RateLimited, TransportError)):
            observed(node, tmp_path / "once", limited)
        methods, unread = observed(node, tmp_path / "given_up", limited, give_up=True)
        assert unread == {}
        assert len(methods) == 6
        assert methods[ACCOUNTS[2]] != "proved"

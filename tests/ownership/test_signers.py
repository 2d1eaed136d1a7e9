"""Who signs in which column: stated owners, the account in the place of an empty one, and what is left over."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from porlake import addresses
from porlake.errors import InvalidAddress
from porlake.model import Evidence
from porlake.ownership import _signers
from porlake.ownership._signers import Signers

Row = Callable[..., Evidence]
Keys = Callable[[str], Any]


@pytest.mark.parametrize(
    ("signatures", "judged", "flags"),
    [
        ([], 1, ()),
        (["x"], 1, ()),
        (["x", "y"], 1, ("extra_signature2",)),
        (["x", "y"], 2, ()),
        (["x", "", "z"], 1, ("extra_signature3",)),
        (["x", "y", "z"], 1, ("extra_signature2", "extra_signature3")),
        (["x", "y", "z"], 2, ("extra_signature3",)),
        (["x", "y", "z"], 3, ()),
    ],
)
def test_signatures_behind_those_that_are_judged(
    row: Row, signatures: list[str], judged: int, flags: tuple[str, ...]
) -> None:
    assert _signers.extra_signatures(row("utxo", "bitcoin", "x", *signatures), judged) == flags


@pytest.mark.parametrize(
    ("owners", "stated"),
    [((), []), (("",), []), (("a", ""), ["a"]), (("", "b"), ["", "b"]), (("", "b", ""), ["", "b"])],
)
def test_owners_up_to_the_last_that_is_stated(row: Row, owners: tuple[str, ...], stated: list[str]) -> None:
    assert _signers.stated_owners(row("okx_evm", "ethereum", "x", owners=owners)) == stated


def test_each_owner_signs_in_its_column_and_the_account_where_one_is_left_out(row: Row, signer: Keys) -> None:
    a, b = (addresses.parse("ethereum", signer(name).evm) for name in "ab")
    alone = Signers.stated(a, [], "ethereum")
    assert (alone.by_column, alone.include_account, alone.names, alone.repeats()) == ((a,), True, a.text, ())
    second = Signers.stated(a, ["", b.text], "ethereum")
    assert (second.by_column, second.include_account, second.owners) == ((a, b), True, (None, b))
    assert second.names == f"{a.text},{b.text}"
    made = row("okx_evm", "ethereum", a.text, "x", "y", "z")
    assert second.extra_signatures(made) == ("extra_signature3",)
    others = Signers.stated(a, [b.text], "ethereum")
    assert (others.by_column, others.include_account) == ((b,), False)
    twice = Signers.stated(a, [b.text, b.text.upper().replace("0X", "0x")], "ethereum")
    assert twice.repeats() == ("same_owner_twice",)


def test_an_owner_is_of_the_first_network_that_knows_it(signer: Keys) -> None:
    account = addresses.parse("filecoin", "f1abjxfbp274xpdqcpuaykwkfb43omjotacm2p3za")
    found = Signers.stated(account, [signer("a").evm, account.text], "ethereum", "filecoin")
    assert [owner.network for owner in found.by_column] == ["ethereum", "filecoin"]
    with pytest.raises(InvalidAddress) as caught:
        Signers.stated(account, ["0x12"], "filecoin", "ethereum")
    assert caught.value.code == "owner_bad_length"

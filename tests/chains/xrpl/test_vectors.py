"""Amounts and addresses against xrpl-py: `vectors.json` was made by it once, as it does not fit beside our locks."""

from __future__ import annotations

import json
from decimal import Context, Decimal
from pathlib import Path
from typing import Any

import pytest

from porlake import addresses
from porlake.chains.xrpl.amounts import in_base_units
from porlake.encoding import base58
from porlake.errors import BadAnswer, InvalidAddress

VECTORS = json.loads((Path(__file__).parent / "vectors.json").read_text())


def of_serialized(text: str) -> Decimal:
    """An amount's first eight bytes: not XRP, sign, exponent + 97, mantissa.
    https://xrpl.org/docs/references/protocol/binary-format#token-amount-format
    """
    word = int(text, 16)
    sign, exponent, mantissa = word >> 62 & 1, (word >> 54 & 0xFF) - 97, word & (1 << 54) - 1
    return Decimal(0) if not mantissa else Decimal(mantissa).scaleb(exponent) * (1 if sign else -1)


@pytest.mark.parametrize("vector", VECTORS["amounts"], ids=lambda vector: str(vector["text"]))
@pytest.mark.parametrize("decimals", [0, 6, 15, 24])
def test_amounts_are_those_of_the_ledger_s_own_bytes(vector: dict[str, Any], decimals: int) -> None:
    exact = Context(prec=300)
    base = of_serialized(vector["serialized"]).scaleb(decimals, exact)
    found = in_base_units(vector["text"], decimals, what="a balance")
    assert found == (int(base) if base == base.to_integral_value() else None)


@pytest.mark.parametrize(
    "text", ["", "1e3", "123456789012345e1", "12345678901234567e1", "01", "1.", ".5", "+1", "1,0", "NaN", "Infinity",
             "1e", "٣", "1234567890123456e100", "0x1", " 1", "1_000"]
)  # fmt: skip
def test_what_no_ledger_writes_is_no_amount(text: str) -> None:
    with pytest.raises(BadAnswer, match="a balance"):
        in_base_units(text, 15, what="a balance")


@pytest.mark.parametrize("value", [None, True, 1, Decimal("1.5"), [], {}])
def test_an_amount_is_text(value: object) -> None:
    with pytest.raises(BadAnswer):
        in_base_units(value, 15, what="a balance")


@pytest.mark.parametrize("vector", VECTORS["addresses"], ids=lambda vector: str(vector["address"]))
def test_addresses_are_those_of_xrpl_py(vector: dict[str, str]) -> None:
    found = addresses.parse("xrp_ledger", vector["address"])
    assert (found.payload.hex(), found.text) == (vector["account"], vector["address"])


@pytest.mark.parametrize("vector", VECTORS["x_addresses"], ids=lambda vector: str(vector["tag"]))
def test_an_x_address_is_its_account_s_whatever_the_tag(vector: dict[str, str]) -> None:
    found = addresses.parse("xrp_ledger", vector["x_address"])
    assert (found.text, found.remark) == (vector["address"], "spelled_otherwise")
    assert found.payload == addresses.parse("xrp_ledger", vector["address"]).payload
    with pytest.raises(InvalidAddress) as caught:
        addresses.parse("xrp_ledger", vector["of_test_network"])
    assert caught.value.code == "address_wrong_network"


@pytest.mark.parametrize("tail", [b"\x02" + bytes(8), b"\x00" + b"\x01" + bytes(7), b"\x01" + bytes(4) + b"\x01\0\0\0"])
def test_a_tag_of_another_form_is_refused(tail: bytes) -> None:
    text = base58.encode_check(b"\x05\x44" + bytes(20) + tail, base58.RIPPLE)
    with pytest.raises(InvalidAddress) as caught:
        addresses.parse("xrp_ledger", text)
    assert caught.value.code == "address_bad_form"

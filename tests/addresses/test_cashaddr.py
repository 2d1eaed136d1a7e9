"""Cash addresses: with and without their prefix, the legacy spelling of the same account, and types."""

from __future__ import annotations

import pytest
from bip_utils import BchAddrConverter, P2PKHAddrEncoder
from coincurve import PrivateKey

from porlake import addresses
from porlake.addresses import bitcoin, cashaddr
from porlake.encoding import bech32
from porlake.errors import InvalidAddress

KEY = PrivateKey(b"\7" * 32).public_key.format()
HASH = bytes(range(20))


@pytest.mark.parametrize("network", ["bitcoin_cash", "ecash"])
def test_an_account_has_one_spelling(network: str) -> None:
    legacy = P2PKHAddrEncoder.EncodeKey(KEY, net_ver=b"\0")
    found = addresses.parse(network, legacy)
    prefix = bitcoin.parameters(network).cash
    assert found.text.startswith(f"{prefix}:q")
    for text in (found.text, found.text.removeprefix(f"{prefix}:"), found.text.upper()):
        assert addresses.parse(network, text) == found
    assert (found.kind, found.payload) == ("p2pkh", bitcoin.key_hash(network, KEY))
    assert BchAddrConverter.Convert(found.text, hrp="bitcoincash", net_ver=b"\0") == (
        addresses.parse("bitcoin_cash", legacy).text
    )


@pytest.mark.parametrize(
    ("version", "size", "kind"),
    [
        (0x00, 20, "p2pkh"), (0x08, 20, "p2sh"), (0x10, 20, "p2pkh"), (0x18, 20, "p2sh"),
        (0x0B, 32, "p2sh32"), (0x1B, 32, "p2sh32"),
        (0x00, 19, ""), (0x00, 21, ""), (0x00, 32, ""), (0x0B, 20, ""), (0x0B, 31, ""), (0x0B, 33, ""),
        (0x01, 24, ""), (0x03, 32, ""), (0x20, 20, ""), (0x80, 20, ""),
    ],
)  # fmt: skip
def test_types_and_sizes(version: int, size: int, kind: str) -> None:
    text = bech32.cash_encode("bitcoincash", version, bytes(range(size)))
    if kind:
        found = cashaddr.parse(text, "bitcoin_cash")
        assert (found.kind, found.payload) == (kind, bytes(range(size)))
        assert cashaddr.parse(found.text, "bitcoin_cash") == found
    else:
        with pytest.raises(InvalidAddress) as caught:
            cashaddr.parse(text, "bitcoin_cash")
        assert caught.value.code == "wrong_version"


def test_the_prefix_is_that_of_the_network() -> None:
    text = bech32.cash_encode("ecash", 0, HASH)
    assert cashaddr.parse(text, "ecash").payload == HASH
    for other in (text, text.removeprefix("ecash:")):
        with pytest.raises(InvalidAddress):
            cashaddr.parse(other, "bitcoin_cash")

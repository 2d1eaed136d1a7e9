"""Neo's accounts and Ontology's, against those that their nodes' own tests know."""

from __future__ import annotations

import pytest

from porlake import addresses
from porlake.addresses import neo
from porlake.encoding import base58
from porlake.errors import InvalidAddress

KNOWN = {  # neo-go: pkg/encoding/address; ontio/ontology: wasmtest/common, docs/specifications
    ("neo3", "NNnFn8iHWWnJe9QYoN1r4PeXMuVpfLVRS7"): "1f72e68b4e39602912106d53b229378a082784b2",
    ("ontology", "AFmseVrdL9f9oyCzZefL9tG6UbvhPbdYzM"): "00" * 20,
    ("ontology", "AFmseVrdL9f9oyCzZefL9tG6UbvhUMqNMV"): "00" * 19 + "01",
}


@pytest.mark.parametrize(("network", "text"), KNOWN)
def test_accounts_that_nodes_know(network: str, text: str) -> None:
    found = addresses.parse(network, text)
    assert (found.text, found.payload.hex()) == (text, KNOWN[network, text])
    assert neo.of(network, found.payload) == found


@pytest.mark.parametrize(
    ("network", "text", "code"),
    [
        ("neo3", "AFmseVrdL9f9oyCzZefL9tG6UbvhPbdYzM", "wrong_version"),
        ("ontology", "NNnFn8iHWWnJe9QYoN1r4PeXMuVpfLVRS7", "wrong_version"),
        ("neo3", "NNnFn8iHWWnJe9QYoN1r4PeXMuVpfLVRS8", "bad_checksum"),
        ("neo3", "NNnFn8iHWWnJe9QYoN1r4PeXMuVpfLVR0l", "bad_base58"),
        ("neo3", base58.encode_check(b"\x35" + bytes(19)), "bad_length"),
        ("neo3", base58.encode_check(b"\x35" + bytes(21)), "bad_length"),
    ],
)
def test_what_is_no_account_of_the_network_is_refused(network: str, text: str, code: str) -> None:
    with pytest.raises(InvalidAddress) as raised:
        addresses.parse(network, text)
    assert raised.value.code == f"address_{code}"

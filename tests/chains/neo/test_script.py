"""Scripts, values of the storage, and their limits; what a row of a token must say."""

from __future__ import annotations

import base64
from dataclasses import replace

import pytest

from porlake import chains, registry
from porlake.chains.neo import script, storage
from porlake.errors import BadAnswer

NEO = "0xef4073a0f2b305a38ec4050e4d3d28bc40ea63f5"


def test_a_call_as_script_builders_write_it() -> None:
    """ScriptBuilder.EmitDynamicCall(NEO, "balanceOf", account), by its opcodes."""
    account = bytes(range(20))
    expected = (
        f"0c14{account.hex()}11c0150c09{b'balanceOf'.hex()}0c14f563ea40bc283d4d0e05c48ea305b3f2a07340ef41627d5b52"
    )
    assert script.call(NEO, "balanceOf", account).hex() == expected
    assert script.call(NEO, "totalSupply").hex().startswith("c2150c0b")
    assert base64.b64decode(script.written([b"\x01", b"\x02"])) == b"\x01\x02"


@pytest.mark.parametrize(
    ("value", "raw"),
    [
        ("41012100", 0),
        ("4101210101", 1),
        ("41012101" + "7f", 127),
        ("410121028000", 128),
        ("4104210400e1f50521030a0b0c0021" + "00", 100_000_000),
    ],
)
def test_a_balance_in_the_storage(value: str, raw: int) -> None:
    assert storage.balance(bytes.fromhex(value), what="x") == raw


@pytest.mark.parametrize(
    "value",
    [
        "", "410121", "4100", "4001210101", "4101280101", "4101210201", "4101210180", "41012121" + "00" * 33,
    ],
)  # fmt: skip
def test_what_is_no_balance_in_the_storage(value: str) -> None:
    with pytest.raises(BadAnswer):
        storage.balance(bytes.fromhex(value), what="x")


@pytest.mark.parametrize("told", [None, "", "====", "AA=A", 7, "é"])
def test_what_is_no_base64(told: object) -> None:
    if told == "":
        assert storage.read(told, what="x") == b""
        return
    with pytest.raises(BadAnswer):
        storage.read(told, what="x")


@pytest.mark.parametrize("contract", ["", "NNnFn8iHWWnJe9QYoN1r4PeXMuVpfLVRS7", NEO.upper(), NEO[:-1], NEO + "0"])
def test_a_contract_is_named_by_its_hash(contract: str) -> None:
    facts = registry.load()
    place = ("neo3", "GAS")
    wrong = replace(facts, tokens={**facts.tokens, place: replace(facts.tokens[place], contract=contract)})
    assert not chains.wrong_rows(facts, facts.networks["neo3"])
    assert "is no hash of a contract" in chains.wrong_rows(wrong, facts.networks["neo3"])

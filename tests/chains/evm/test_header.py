"""Headers hash to the hashes of their blocks: real blocks of each fork, and every field counts."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from porlake.chains.evm.header import FIELDS, block_hash
from porlake.errors import BadAnswer

BLOCKS = json.loads((Path(__file__).parent / "headers.json").read_text())


@pytest.mark.parametrize("block", BLOCKS, ids=[block["what"] for block in BLOCKS])
def test_a_real_header_hashes_to_its_block(block: dict[str, Any]) -> None:
    header = block["header"]
    assert "0x" + block_hash(header).hex() == header["hash"]
    assert (
        "0x" + block_hash(header | {"withdrawals": [], "size": "0x1", "totalDifficulty": None, "uncles": []}).hex()
        == header["hash"]
    )


@pytest.mark.parametrize("block", BLOCKS, ids=[block["what"] for block in BLOCKS])
def test_any_field_changed_or_left_out_gives_another_hash_or_none(block: dict[str, Any]) -> None:
    header = block["header"]
    required = {name for name, _ in FIELDS}
    for name in header.keys() - {"hash"}:
        text = header[name]
        other = text[:-1] + ("0" if text[-1] != "0" else "1")
        assert "0x" + block_hash(header | {name: other if len(text) > 2 else "0x01"}).hex() != header["hash"], name
        if name in required:
            with pytest.raises(BadAnswer, match=name):
                block_hash({key: value for key, value in header.items() if key != name})
        elif text != "0x0":  # zero and nothing are encoded alike
            assert (
                "0x" + block_hash({key: value for key, value in header.items() if key != name}).hex() != header["hash"]
            )


@pytest.mark.parametrize("value", [None, 7, "", "0x", "zz", "0xzz", "0x" + "00" * 31, "0x" + "00" * 33, [], {}, "-0x1"])
def test_a_root_that_is_none_is_named(value: object) -> None:
    with pytest.raises(BadAnswer, match="stateRoot"):
        block_hash(BLOCKS[0]["header"] | {"stateRoot": value})


@pytest.mark.parametrize("value", [None, 7, "", "0x", "zz", "-0x1", []])
def test_a_number_that_is_none_is_named(value: object) -> None:
    with pytest.raises(BadAnswer, match="gasUsed"):
        block_hash(BLOCKS[0]["header"] | {"gasUsed": value})

"""Multisig scripts: threshold and keys, and no other script."""

from __future__ import annotations

import pytest

from porlake.encoding import script
from porlake.errors import InvalidAddress

KEY = b"\x02" + b"\x11" * 32


def test_a_multisig_script_names_threshold_and_keys() -> None:
    found = script.multisig(b"\x51" + b"\x21" + KEY + b"\x21" + KEY + b"\x52\xae")
    assert (found.threshold, found.keys) == (1, (KEY, KEY))


@pytest.mark.parametrize("count", [1, 15, 16, 17, 20])
def test_more_than_16_keys_are_counted_by_a_push(count: int) -> None:
    """OP_16 is the last opcode that is a number; the next ones, OP_NOP and what follows, are none."""
    keys = (b"\x21" + KEY) * count
    number = bytes([0x50 + count]) if count <= 16 else bytes([1, count])
    assert script.multisig(b"\x51" + keys + number + b"\xae").keys == (KEY,) * count
    assert script.multisig(number + keys + number + b"\xae").threshold == count
    for other in (
        bytes([1, count]) if count <= 16 else bytes([0x50 + count]),
        bytes([2, count, 0]),
        bytes([0x4C, 1, count]),
    ):
        for bad in (b"\x51" + keys + other + b"\xae", other + keys + number + b"\xae"):
            with pytest.raises(InvalidAddress):
                script.multisig(bad)


def test_21_keys_are_too_many() -> None:
    with pytest.raises(InvalidAddress):
        script.multisig(b"\x51" + (b"\x21" + KEY) * 21 + bytes([1, 21]) + b"\xae")


@pytest.mark.parametrize(
    "bad",
    [
        b"",
        b"\xae",
        b"\x51\x52\xae",
        b"\x53\x21" + KEY + b"\x51\xae",
        b"\x51\x21" + KEY + b"\x52\xae",
        b"\x51\x14" + bytes(20) + b"\x51\xae",
        b"\x51\x21" + KEY + b"\x51\xac",
        b"\x50\x21" + KEY + b"\x51\xae",
        b"\x51\x21" + KEY[:20] + b"\x51\xae",
    ],
)
def test_any_other_script_is_refused(bad: bytes) -> None:
    with pytest.raises(InvalidAddress) as caught:
        script.multisig(bad)
    assert caught.value.code == "bad_script"

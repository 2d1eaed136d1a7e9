"""Scripts of a Taproot output at their borders: the depth of the tree, the control block, what the witness pays for."""

from __future__ import annotations

from collections.abc import Callable

import coincurve
import pytest

from porlake.encoding.transaction import ALL, Input, Output, Transaction, tagged
from porlake.encoding.varint import with_length
from porlake.errors import NoKey, NoRule
from porlake.ownership import _script

KEY, INTERNAL = coincurve.PrivateKey(b"\7" * 32), coincurve.PrivateKey(b"\x09" * 32)
ONLY = KEY.public_key_xonly.format()
CHECK = b"\x20" + ONLY + b"\xac"
VALUE = 1_000


def spent(
    script: bytes, *, depth: int = 0, version: int = 0xC0, change: Callable[[bytes], bytes] = lambda control: control,
    above: bytes = b"", hash_type: bytes = b"", signature: bytes | None = None,
) -> _script.Spent:  # fmt: skip
    """What comes of spending by a leaf `depth` below the root of its tree, with one signature on the stack."""
    leaf = root = tagged("TapLeaf", bytes([version]) + with_length(script))
    path = [bytes([255 * (at % 2)]) * 32 for at in range(depth)]  # on the left and on the right of what is hashed
    for beside in path:
        root = tagged("TapBranch", min(root, beside) + max(root, beside))
    internal = INTERNAL.public_key_xonly.format()
    output_key = coincurve.PublicKeyXOnly(internal)
    output_key.tweak_add(tagged("TapTweak", internal + root))
    control = change(bytes([version | output_key.parity]) + internal + b"".join(path))
    output = Output(VALUE, b"\x51\x20" + output_key.format())

    def transaction(*witness: bytes) -> Transaction:
        return Transaction(2, (Input(bytes(36), b"", 0, witness),), (Output(0, b"\x6a"),), 0)

    kind = hash_type[0] if hash_type else 0
    made = KEY.sign_schnorr(transaction().taproot_digest(0, (output,), kind, leaf)) + hash_type
    stack = (made if signature is None else signature, *((above,) if above else ()))
    return _script.spend(transaction(*stack, script, control), 0, (output,))


def code(do: Callable[[], _script.Spent]) -> str:
    """'' where it holds."""
    try:
        assert do().keys == (ONLY,)
    except (NoKey, NoRule) as error:
        return error.code
    return ""


@pytest.mark.parametrize(("depth", "told"), [(0, ""), (1, ""), (2, ""), (127, ""), (128, ""), (129, "script_mismatch")])
def test_a_tree_is_128_deep_at_most(depth: int, told: str) -> None:
    assert code(lambda: spent(CHECK, depth=depth)) == told


@pytest.mark.parametrize(
    "change",
    [
        lambda control: control[:-1],
        lambda control: control + b"\0",
        lambda control: control[:32],
        lambda control: control + bytes(32),
        lambda control: bytes([control[0] ^ 1]) + control[1:],
        lambda control: control[:1] + bytes([control[1] ^ 1]) + control[2:],
        lambda control: control[:-1] + bytes([control[-1] ^ 1]),
    ],
)
def test_a_control_block_is_33_bytes_and_32_for_each_step(change: Callable[[bytes], bytes]) -> None:
    assert code(lambda: spent(CHECK, depth=1, change=change)) == "script_mismatch"


@pytest.mark.parametrize(("version", "told"), [(0xBE, "leaf_version_be"), (0xC0, ""), (0xC2, "leaf_version_c2")])
def test_a_leaf_of_another_version_has_no_rule(version: int, told: str) -> None:
    assert code(lambda: spent(CHECK, version=version)) == told


@pytest.mark.parametrize(("hash_type", "is_good"), [(b"", True), (bytes([ALL]), True), (b"\2", False), (b"\0", False)])
def test_a_signature_commits_to_all(hash_type: bytes, is_good: bool) -> None:
    assert code(lambda: spent(CHECK, hash_type=hash_type)) == ("" if is_good else "signature_sighash_not_all")


@pytest.mark.parametrize("size", [0, 1, 63, 66])
def test_a_signature_has_64_or_65_bytes(size: int) -> None:
    assert code(lambda: spent(CHECK, signature=b"\1" * size))


@pytest.mark.parametrize(("size", "told"), [(31, "key_type"), (33, "key_type")])
def test_a_key_has_32_bytes(size: int, told: str) -> None:
    assert code(lambda: spent(bytes([size]) + (ONLY * 2)[:size] + b"\xac")) == told


@pytest.mark.parametrize(("short", "holds"), [(-1, True), (0, True), (1, False)])
def test_each_signature_is_paid_for_by_50_bytes_of_witness(short: int, holds: bool) -> None:
    """BIP-342: 50 for the input, and the bytes of its witness; here 20 signatures that leave nothing over."""
    checks = (b"\x76\x20" + ONLY + b"\xad") * 19 + CHECK
    least = 50 * 20 - 50 - 1 - 65 - 34  # without the count of its elements, the signature and the control block
    padding = least - 3 - len(checks) - 3 - short  # 3 for the length of the script, 3 for the push and its DROP
    assert 76 <= padding < 256
    script = b"\x4c" + bytes([padding]) + bytes([42]) * padding + b"\x75" + checks
    assert len(script) == least - 3 - short
    assert (code(lambda: spent(script)) == "") is holds


@pytest.mark.parametrize(
    ("before", "holds"),
    [
        (b"\x52\x53\x93\x55\x9d", True),
        (b"\x52\x53\x93\x54\x9d", False),
        (b"\x4f\x51\x93\x00\x9d", True),
        (b"\x01\x81\x51\x93\x00\x9d", False),
        (b"\x01\x82\x51\x93\x4f\x9d", True),
        (b"\x00\x91\x69", True),
        (b"\x51\x91\x69", False),
        (b"\x52\x92\x51\x9d", True),
        (b"\x00\x92\x69", False),
        (b"\x02\xff\x00\x51\x93\x02\x00\x01\x9d", True),
        (b"\x02\x7f\x00\x51\x93\x02\x80\x00\x9d", False),
        (b"\x01\x7f\x51\x93\x02\x80\x00\x9d", True),
    ],
)
def test_sums_and_negations(before: bytes, holds: bool) -> None:
    assert (code(lambda: spent(before + CHECK)) == "") is holds


@pytest.mark.parametrize(("first", "told"), [(0x4F, "script_mismatch"), (0x50, "annex"), (0x51, "script_mismatch")])
def test_an_annex_begins_with_50(first: int, told: str) -> None:
    assert code(lambda: spent(CHECK, change=lambda control: bytes([first]) + control[1:])) == told

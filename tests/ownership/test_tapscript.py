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


# --- the output key itself --------------------------------------------------------------------------------------------
def by_key(
    *stack: bytes | None, kind: bytes = b"", output: bytes | None = None, key: coincurve.PrivateKey = KEY
) -> _script.Spent:
    """What comes of spending by the output's own key; None stands for its signature."""
    paid = Output(VALUE, b"\x51\x20" + (ONLY if output is None else output))

    def transaction(*witness: bytes) -> Transaction:
        return Transaction(2, (Input(bytes(36), b"", 0, witness),), (Output(0, b"\x6a"),), 0)

    digest = transaction().taproot_digest(0, (paid,), kind[0] if kind else 0)
    made = key.sign_schnorr(digest) + kind
    return _script.spend(transaction(*(made if each is None else each for each in stack)), 0, (paid,))


def test_an_output_key_signs_alone() -> None:
    assert by_key(None) == _script.Spent("p2tr-key", b"", (ONLY,), False)
    assert by_key(None, kind=bytes([ALL])).keys == (ONLY,)
    assert code(lambda: by_key(None, key=INTERNAL)) == "bad_signature"
    assert code(lambda: by_key(None, output=INTERNAL.public_key_xonly.format())) == "bad_signature"
    assert code(lambda: by_key(None, output=b"\xff" * 32)) == "bad_signature", "it is no point"
    assert code(lambda: by_key(b"\x50" * 64)) == "bad_signature", "a first byte of 50 is an annex behind another only"
    with pytest.raises(NoKey, match="an empty witness"):
        by_key()


@pytest.mark.parametrize("annex", [b"\x50", b"\x50" * 65, b"\x50\0"])
def test_an_annex_stands_behind_another_element(annex: bytes) -> None:
    assert code(lambda: by_key(None, annex)) == "annex"
    assert code(lambda: by_key(None, b"\0", annex)) == "annex"


@pytest.mark.parametrize("kind", [0, 1, 2, 3, 0x81, 0xFF])
def test_an_output_keys_signature_commits_to_all(kind: int) -> None:
    assert code(lambda: by_key(None, kind=bytes([kind]))) == ("" if kind == ALL else "signature_sighash_not_all")


@pytest.mark.parametrize("size", [0, 63, 66])
def test_an_output_keys_signature_has_64_or_65_bytes(size: int) -> None:
    with pytest.raises(NoKey, match=f"a Schnorr signature of {size} bytes"):
        by_key(b"\1" * size)


@pytest.mark.parametrize("size", [0, 1, 32, 34, 64, 66])
def test_a_control_block_of_another_size(size: int) -> None:
    with pytest.raises(NoKey, match=f"a control block of {size} bytes"):
        spent(CHECK, change=lambda control: bytes([0xC0]) * size)


# --- scripts ----------------------------------------------------------------------------------------------------------
def elements(count: int) -> bytes:
    return b"\x51" * count + b"\x75" * count


@pytest.mark.parametrize(("count", "holds"), [(998, True), (999, True), (1_000, False)])
def test_a_script_holds_1000_elements_at_most(count: int, holds: bool) -> None:
    """With the signature below them; those on the other stack count as well. No count of operations ends it before."""
    assert (code(lambda: spent(elements(count) + CHECK)) == "") is holds
    aside = b"\x51\x6b" * 500 + elements(count - 500) + b"\x6c\x75" * 500
    assert (code(lambda: spent(aside + CHECK)) == "") is holds


@pytest.mark.parametrize("size", [9_999, 10_000, 10_001])
def test_a_script_of_taproot_may_be_longer_than_10_000_bytes(size: int) -> None:
    chunk = b"\x4d\xf4\x01" + b"\1" * 500 + b"\x75"
    rest = size - len(CHECK) - 19 * len(chunk)
    script = chunk * 19 + b"\x4d" + (rest - 4).to_bytes(2, "little") + b"\1" * (rest - 4) + b"\x75" + CHECK
    assert len(script) == size
    assert code(lambda: spent(script)) == ""


@pytest.mark.parametrize(("size", "told"), [(519, ""), (520, ""), (521, "bad_signature")])
def test_a_push_has_520_bytes_at_most(size: int, told: str) -> None:
    script = b"\x4d" + size.to_bytes(2, "little") + b"\1" * size + b"\x75" + CHECK
    assert code(lambda: spent(script)) == told


@pytest.mark.parametrize("opcode", [0x50, 0x61, 0x62, 0x7E, 0xBB, 0xFE])
def test_an_opcode_without_a_rule_stops_a_script_wherever_it_stands(opcode: int) -> None:
    """Behind a check that fails too: such an opcode would make the script true before anything is looked at."""
    for script in (bytes([opcode]) + CHECK, b"\x6a" + CHECK + bytes([opcode]), b"\x00\x63" + bytes([opcode]) + b"\x68"):
        assert code(lambda script=script: spent(script)) == f"opcode_{opcode:02x}"  # type: ignore[misc]


def test_conditions_are_known_to_a_script_of_taproot() -> None:
    for before in ("51 63 51 67 00 68 69", "00 64 51 67 00 68 69"):
        assert code(lambda before=before: spent(bytes.fromhex(before) + CHECK)) == ""  # type: ignore[misc]
    with pytest.raises(NoKey, match="neither empty nor 1"):
        spent(b"\x52\x63\x51\x67\x51\x68\x69" + CHECK)


PUSHED = b"\x20" + ONLY


def test_signatures_are_added() -> None:
    """CHECKSIGADD takes the signature, a number and the key, and gives the number, one more where it holds."""
    below = b"\x00" + PUSHED + b"\xba"  # the signature on the stack counts as one
    assert code(lambda: spent(below + b"\x51\x9c")) == ""
    assert code(lambda: spent(below + b"\x00\x9c")) == "bad_signature"
    assert code(lambda: spent(below + b"\x52\x9c")) == "bad_signature"
    assert code(lambda: spent(b"\x55" + PUSHED + b"\xba\x56\x9c")) == ""
    none = b"\x00\x55" + PUSHED + b"\xba\x55\x9d"  # an empty one counts as none, and fails nothing
    assert code(lambda: spent(none + CHECK)) == ""
    assert code(lambda: spent(b"\x00" + PUSHED + b"\xac\x91\x69" + CHECK)) == ""
    with pytest.raises(NoKey, match="the signature is not that of the key"):
        spent(b"\x00\x20" + INTERNAL.public_key_xonly.format() + b"\xba")


def test_a_multisig_of_before_is_none_in_taproot() -> None:
    with pytest.raises(NoKey, match="CHECKMULTISIG in a tapscript"):
        spent(b"\x00\x00\x00\xae\x69" + CHECK)


@pytest.mark.parametrize("size", [0, 1, 31, 33])
def test_a_key_of_another_size_has_no_rule(size: int) -> None:
    """Where its signature is empty as well: BIP-342 leaves such keys to later rules."""
    pushed = (bytes([size]) + b"\x07\xaa" * 17)[: size + 1] if size != 1 else b"\x57"
    for opcode, number in ((b"\xac", b""), (b"\xba", b"\x00")):
        script = b"\x00" + number + pushed + opcode + b"\x75" + CHECK
        assert code(lambda script=script: spent(script)) == "key_type"  # type: ignore[misc]


def test_an_empty_signature_costs_nothing_of_what_the_witness_pays_for() -> None:
    script = (b"\x00" + PUSHED + b"\xac\x75") * 40 + CHECK
    assert code(lambda: spent(script)) == ""

"""Bitcoin script, as far as custody addresses need it."""

from __future__ import annotations

from dataclasses import dataclass

from porlake.errors import InvalidAddress

CHECKSIG, CHECKMULTISIG = 0xAC, 0xAE
MOST_KEYS = 20
MOST_PUSHED, MOST_BYTES = 520, 10_000
"""Bytes of what a script may push, and so of a P2SH script (BIP-16); bytes of any other script (BIP-141). What is
longer cannot be spent.
"""


@dataclass(frozen=True, slots=True)
class Multisig:
    """`threshold` of the `keys` must sign."""

    threshold: int
    keys: tuple[bytes, ...]


def multisig(script: bytes) -> Multisig:
    """m, n pushes of 33 or 65 bytes, n, CHECKMULTISIG, and nothing else; one push and CHECKSIG is 1 of 1.

    Raises InvalidAddress (bad_script).
    """
    if len(script) in (35, 67) and script[-1] == CHECKSIG and script[0] == len(script) - 2:
        return Multisig(1, (script[1:-1],))
    if len(script) < 3 or script[-1] != CHECKMULTISIG:
        raise InvalidAddress("bad_script", "the script does not end in CHECKMULTISIG")
    threshold, at = _number(script, 0)
    keys: list[bytes] = []
    while at < len(script) - 1 and script[at] in (33, 65):
        keys.append(script[at + 1 : at + 1 + script[at]])
        at += 1 + script[at]
    count, end = _number(script, at)
    if end != len(script) - 1:
        raise InvalidAddress(
            "bad_script",
            f"byte {at} of the script is neither a push of a public key nor the number of keys before the end",
        )
    if not 1 <= threshold <= count <= MOST_KEYS or count != len(keys):
        raise InvalidAddress("bad_script", f"the script asks for {threshold} of {count} and holds {len(keys)} keys")
    return Multisig(threshold, tuple(keys))


def _number(script: bytes, at: int) -> tuple[int, int]:
    """A whole number in its one shortest form, and where it ends: OP_1 to OP_16, above 16 a push of one byte. Raises
    InvalidAddress (bad_script).

    The opcodes behind OP_16 are no numbers: OP_NOP is 0x61.
    """
    code = script[at] if at < len(script) else 0
    if 0x51 <= code <= 0x60:
        return code - 0x50, at + 1
    if code == 1 and at + 1 < len(script) and 16 < script[at + 1] < 0x80:
        return script[at + 1], at + 2
    raise InvalidAddress("bad_script", f"byte {at} of the script is no number in its shortest form")

"""Bitcoin script, as far as custody addresses need it."""

from __future__ import annotations

from dataclasses import dataclass

from porlake.errors import InvalidAddress

CHECKSIG, CHECKMULTISIG = 0xAC, 0xAE


@dataclass(frozen=True, slots=True)
class Multisig:
    """`threshold` of the `keys` must sign."""

    threshold: int
    keys: tuple[bytes, ...]


def multisig(script: bytes) -> Multisig:
    """OP_m, n pushes of 33 or 65 bytes, OP_n, CHECKMULTISIG, and nothing else; one push and CHECKSIG is 1 of 1.

    Raises InvalidAddress (bad_script).
    """
    if len(script) in (35, 67) and script[-1] == CHECKSIG and script[0] == len(script) - 2:
        return Multisig(1, (script[1:-1],))
    if len(script) < 3 or script[-1] != CHECKMULTISIG:
        raise InvalidAddress("bad_script", "the script does not end in CHECKMULTISIG")
    threshold, count, keys, at = script[0] - 0x50, script[-2] - 0x50, [], 1
    while at < len(script) - 2:
        size = script[at]
        if size not in (33, 65) or at + 1 + size > len(script) - 2:
            raise InvalidAddress("bad_script", f"byte {at} of the script pushes no public key")
        keys.append(script[at + 1 : at + 1 + size])
        at += 1 + size
    if not 1 <= threshold <= count <= 20 or count != len(keys):
        raise InvalidAddress("bad_script", f"the script asks for {threshold} of {count} and holds {len(keys)} keys")
    return Multisig(threshold, tuple(keys))

"""m of n: who signed for a multisig script. A threshold of distinct keys proves its address, however often one of them
stands in the script.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from coincurve import PublicKey

from porlake.encoding.script import Multisig


def flags(wanted: Multisig) -> tuple[str, ...]:
    """m of n, as multisig_2_of_3, and whether one key stands in the script several times."""
    is_repeated = len(set(short_forms(wanted.keys))) < len(wanted.keys)
    return (f"multisig_{wanted.threshold}_of_{len(wanted.keys)}", *(("script_repeats_key",) if is_repeated else ()))


def too_few(wanted: Multisig, signers: Iterable[bytes]) -> str:
    """The reason of a row whose distinct signers are too few: below_threshold, with _one_key_twice where the chain
    counts one of them twice.
    """
    held = set(signers)
    counted = sum(key in held for key in short_forms(wanted.keys))
    return "below_threshold_one_key_twice" if counted >= wanted.threshold else "below_threshold"


def short_forms(keys: Sequence[bytes]) -> list[bytes]:
    return [short_form(key) for key in keys]


def short_form(pushed: bytes) -> bytes:
    """The compressed form of a key as a script holds it: compressed, uncompressed (04) or hybrid (06 or 07 by the
    parity of y).

    A push that is no point is no key, and stays as it is: nobody can sign with it.
    """
    if len(pushed) == 65 and pushed[0] in (4, 6 | pushed[64] & 1) and _is_point(pushed):
        return bytes([2 | pushed[64] & 1]) + pushed[1:33]
    return pushed


def _is_point(long: bytes) -> bool:
    try:
        PublicKey(b"\x04" + long[1:])
    except ValueError:
        return False
    return True

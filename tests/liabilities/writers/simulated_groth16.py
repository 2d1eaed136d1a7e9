"""Groth16 keys with a known trapdoor, and proofs made with it for any public input, in gnark's bytes: what nobody could
make who does not have the randomness of the setup.
"""

from __future__ import annotations

import hashlib
import struct
from dataclasses import dataclass
from functools import cache
from typing import Any

from py_ecc import optimized_bn128 as curve

ORDER = curve.curve_order
FIELD = curve.field_modulus


@cache
def g1(scalar: int) -> Any:
    return curve.normalize(curve.multiply(curve.G1, scalar % ORDER))


@cache
def g2(scalar: int) -> Any:
    return curve.normalize(curve.multiply(curve.G2, scalar % ORDER))


def number(value: Any) -> bytes:
    return int(value).to_bytes(32, "big")


def larger(parts: tuple[int, ...]) -> bool:
    """gnark: by the imaginary part, by the real one where that is zero."""
    return next((part for part in parts if part), 0) > FIELD // 2


def point(found: Any, compressed: bool = False) -> bytes:
    """A point as gnark writes it."""
    x, y = found
    xs, ys = ((x.coeffs[1], x.coeffs[0]), (y.coeffs[1], y.coeffs[0])) if hasattr(x, "coeffs") else ((x,), (y,))
    if not compressed:
        return b"".join(map(number, (*xs, *ys)))
    data = bytearray(b"".join(map(number, xs)))
    data[0] |= 0xC0 if larger(tuple(map(int, ys))) else 0x80
    return bytes(data)


@dataclass(frozen=True)
class Setup:
    """`sigma`: of the Pedersen key, 0 where the circuit has no commitment."""

    inputs: int = 1
    sigma: int = 0
    alpha: int = 1001
    beta: int = 1003
    gamma: int = 1007
    delta: int = 1009

    @property
    def k(self) -> list[int]:
        return [2003 + 7 * at for at in range(self.inputs + 1 + bool(self.sigma))]

    def key(self, compressed: bool = False, counts: bool = True, commitments: int | None = None) -> bytes:
        """`counts`: as gnark writes it from 0.9 on; `commitments`: how many it says that there are."""
        said = int(bool(self.sigma)) if commitments is None else commitments
        found = [point(g1(self.alpha), compressed), point(g1(self.beta), compressed), point(g2(self.beta), compressed)]
        found += [
            point(g2(self.gamma), compressed),
            point(g1(self.delta), compressed),
            point(g2(self.delta), compressed),
        ]
        found += [struct.pack(">I", len(self.k)), *(point(g1(k), compressed) for k in self.k)]
        if self.sigma or commitments is not None:
            found += [struct.pack(">I", said), *[struct.pack(">I", 0)] * said]
            found += [struct.pack(">I", said)] * counts
            found += [point(g2(5), compressed) + point(g2(-5 * self.sigma), compressed)] * said
        return b"".join(found)

    def proof(self, *inputs: int, a: int = 31, b: int = 37, d: int = 41, compressed: bool = False) -> bytes:
        """A, B are free, C follows; `d`: of the commitment."""
        values = [1, *inputs]
        if self.sigma:
            values.append(challenge(point(g1(d))))
        total = sum(k * value for k, value in zip(self.k, values, strict=True)) + (d if self.sigma else 0)
        c = (a * b - self.alpha * self.beta - self.gamma * total) * pow(self.delta, -1, ORDER)
        found = point(g1(a), compressed) + point(g2(b), compressed) + point(g1(c), compressed)
        if self.sigma:
            found += struct.pack(">I", 1) + point(g1(d), compressed) + point(g1(self.sigma * d), compressed)
        return found

    def snarkjs(self) -> dict[str, Any]:
        """The key as snarkjs writes it, for another verifier."""
        return {
            "protocol": "groth16",
            "curve": "bn128",
            "nPublic": self.inputs,
            "vk_alpha_1": told(g1(self.alpha)),
            "vk_beta_2": told(g2(self.beta)),
            "vk_gamma_2": told(g2(self.gamma)),
            "vk_delta_2": told(g2(self.delta)),
            "IC": [told(g1(k)) for k in self.k],
        }

    def snarkjs_proof(self, *inputs: int, a: int = 31, b: int = 37) -> dict[str, Any]:
        total = sum(k * value for k, value in zip(self.k, [1, *inputs], strict=True))
        c = (a * b - self.alpha * self.beta - self.gamma * total) * pow(self.delta, -1, ORDER)
        return {"protocol": "groth16", "curve": "bn128", "pi_a": told(g1(a)), "pi_b": told(g2(b)), "pi_c": told(g1(c))}


def told(found: Any) -> list[Any]:
    x, y = found
    if hasattr(x, "coeffs"):
        return [[str(int(part)) for part in x.coeffs], [str(int(part)) for part in y.coeffs], ["1", "0"]]
    return [str(int(x)), str(int(y)), "1"]


def challenge(message: bytes) -> int:
    """RFC 9380, expand_message_xmd: 48 bytes, as a number modulo the order."""
    domain = b"bsb22-commitment" + bytes([16])
    first = hashlib.sha256(b"\0" * 64 + message + b"\0\x30" + b"\0" + domain).digest()
    out, last = b"", bytes(32)
    for at in (1, 2):
        last = hashlib.sha256(bytes(a ^ b for a, b in zip(first, last, strict=True)) + bytes([at]) + domain).digest()
        out += last
    return int.from_bytes(out[:48], "big") % ORDER

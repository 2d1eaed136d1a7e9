"""The verifier's data of a plonky2 circuit, as OKX's fork writes it: all that a verifier knows beforehand.

https://github.com/okx/plonky2 (plonky2/src/util/serialization): numbers little-endian of 8 bytes, flags of one, gates
by a tag of 4. The circuit's digest covers the tree of its constants and its size alone, neither its gates nor the
parameters of FRI: only the sha256 of all bytes pins a circuit.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from porlake.encoding import goldilocks
from porlake.encoding.goldilocks import Digest
from porlake.liabilities._json import Malformed
from porlake.liabilities._plonky2_gates import BY_TAG, Gate

#: What no circuit has more of: a file decides how much is computed.
MOST_BYTES, MOST, MOST_BITS = 64_000, 4_096, 32
UNUSED_SELECTOR = 2**32 - 1
SALT = 4


class UnknownGate(Exception):
    """A gate that is not checked here."""


@dataclass(frozen=True, slots=True)
class Circuit:
    """`sha256`: of the hex text in which it is published; `digest`: as the transcript begins with it; `shifts`: of the
    cosets by which the permutation argument tells columns; `arities`: of each folding, in bits.
    """

    sha256: str
    cap: tuple[Digest, ...]
    digest: Digest
    wires: int
    routed: int
    challenges: int
    rate_bits: int
    cap_height: int
    queries: int
    work_bits: int
    arities: tuple[int, ...]
    degree_bits: int
    hiding: bool
    selectors: tuple[int, ...]
    groups: tuple[tuple[int, int], ...]
    quotient_degree: int
    constraints: int
    constants: int
    public_inputs: int
    shifts: tuple[int, ...]
    partial_products: int
    gates: tuple[Gate, ...]

    @property
    def lde_bits(self) -> int:
        return self.degree_bits + self.rate_bits

    def digest_of_parts(self) -> Digest:
        """What the digest must be: of the cap, of an empty domain separator and of the size."""
        empty = goldilocks.hash_of((1, 0, 0, 0, 0, 0, 0, 1))
        return goldilocks.hash_of([*(part for node in self.cap for part in node), *empty, self.degree_bits])


def decoded(text: str) -> Circuit:
    """A circuit by its bytes in lower-case hex. Raises Malformed; UnknownGate for gates that are not checked here."""
    if len(text) > 2 * MOST_BYTES:
        raise Malformed(f"verifier data of over {MOST_BYTES:,} bytes")
    try:
        data = bytes.fromhex(text)
    except ValueError as error:
        raise Malformed("verifier data that is no hex") from error
    if data.hex() != text:
        raise Malformed("verifier data that is not hex in lower case")
    circuit = _read(_Bytes(data), hashlib.sha256(text.encode()).hexdigest())
    _check(circuit)
    return circuit


class _Bytes:
    def __init__(self, data: bytes) -> None:
        self._data, self._at = data, 0

    def take(self, size: int) -> bytes:
        part = self._data[self._at : self._at + size]
        if len(part) != size:
            raise Malformed(f"verifier data that ends early, at byte {len(self._data):,}")
        self._at += size
        return part

    def small(self, size: int = 4) -> int:
        return int.from_bytes(self.take(size), "little")

    def number(self, most: int = MOST) -> int:
        value = self.small(8)
        if value > most:
            raise Malformed(f"verifier data with {value:,} where at most {most:,} can be, before byte {self._at:,}")
        return value

    def flag(self) -> bool:
        value = self.small(1)
        if value > 1:
            raise Malformed(f"verifier data with the flag {value}, before byte {self._at:,}")
        return value == 1

    def element(self) -> int:
        return self.number(goldilocks.MODULUS - 1)

    def digest(self) -> Digest:
        return self.element(), self.element(), self.element(), self.element()

    def numbers(self, most: int = MOST) -> tuple[int, ...]:
        return tuple(self.number(most) for _ in range(self.number()))

    def end(self) -> None:
        if self._at != len(self._data):
            raise Malformed(f"{len(self._data) - self._at:,} bytes behind the verifier data")


def _fri(data: _Bytes) -> tuple[int, int, int, int, tuple[int, ...]]:
    """Rate, height of caps, queries and bits of work; the strategy of folding, which the arities carry out."""
    rate, height, queries, work = data.number(MOST_BITS), data.number(8), data.number(1_024), data.small()
    kind = data.small(1)
    if kind == 0:
        return rate, height, queries, work, (kind, *data.numbers(MOST_BITS))
    if kind == 1:
        return rate, height, queries, work, (kind, data.number(MOST_BITS), data.number(MOST_BITS))
    if kind == 2:
        return rate, height, queries, work, (kind, data.number(MOST_BITS) if data.small(1) else -1)
    raise Malformed(f"verifier data with the strategy {kind} of folding")


def _read(data: _Bytes, sha256: str) -> Circuit:
    cap = tuple(data.digest() for _ in range(1 << data.number(8)))
    digest = data.digest()
    wires, routed, own_constants, _security, challenges = (data.number() for _ in range(5))
    data.number()  # the highest degree that the builder was allowed
    data.flag()  # whether it had a gate for the base field
    hiding = data.flag()
    fri = _fri(data)
    if fri != _fri(data):
        raise Malformed("verifier data with two configurations of FRI")
    arities, degree_bits = data.numbers(8), data.number(MOST_BITS)
    if hiding != data.flag():
        raise Malformed("verifier data that hides and does not")
    selectors = data.numbers()
    groups = tuple((data.number(), data.number()) for _ in range(data.number()))
    quotient_degree, constraints, constants, public_inputs = (data.number() for _ in range(4))
    shifts = data.numbers(goldilocks.MODULUS - 1)
    partial_products = data.number()
    gates = []
    for _ in range(data.number(64)):
        tag = data.small()
        if tag not in BY_TAG:
            raise UnknownGate(f"a gate of the tag {tag}")
        count, made = BY_TAG[tag]
        gates.append(made(*(data.number(256) for _ in range(count))))
    data.end()
    if constants != len(groups) + own_constants:
        raise Malformed(f"a circuit of {constants} constants for {len(groups)} selectors and {own_constants} of gates")
    rate_bits, cap_height, queries, work_bits, _ = fri
    return Circuit(
        sha256=sha256, cap=cap, digest=digest, wires=wires, routed=routed, challenges=challenges, rate_bits=rate_bits,
        cap_height=cap_height, queries=queries, work_bits=work_bits, arities=arities, degree_bits=degree_bits,
        hiding=hiding, selectors=selectors, groups=groups, quotient_degree=quotient_degree, constraints=constraints,
        constants=constants, public_inputs=public_inputs, shifts=shifts, partial_products=partial_products,
        gates=tuple(gates),
    )  # fmt: skip


def _check(circuit: Circuit) -> None:
    """That its parts fit each other, so that what follows cannot fail. Raises Malformed."""
    own = circuit.constants - len(circuit.groups)
    odd = {
        "a cap of another height than FRI's": len(circuit.cap) != 1 << circuit.cap_height,
        "no challenge": not 1 <= circuit.challenges <= 8,
        "more routed wires than wires": not 1 <= circuit.routed <= circuit.wires,
        "another number of shifts than of routed wires": len(circuit.shifts) != circuit.routed,
        "no degree of the quotient": not 2 <= circuit.quotient_degree <= 64,
        "another number of partial products": circuit.quotient_degree > 1
        and circuit.partial_products != -(-circuit.routed // circuit.quotient_degree) - 1,
        "a size beyond the field": circuit.lde_bits > goldilocks.TWO_ADICITY,
        "foldings below nothing": sum(circuit.arities) > circuit.degree_bits or 0 in circuit.arities,
        "trees below their caps": circuit.lde_bits - sum(circuit.arities) < circuit.cap_height,
        "selectors that name no group": len(circuit.selectors) != len(circuit.gates)
        or not all(
            index < len(circuit.groups) and circuit.groups[index][0] <= row < circuit.groups[index][1]
            for row, index in enumerate(circuit.selectors)
        ),
        "a gate that needs more than a row has": any(
            gate.wires > circuit.wires or gate.constants > own or gate.count > circuit.constraints
            for gate in circuit.gates
        ),
        "a gate of nothing": any(
            getattr(gate, "number", 1) < 1 or (gate.NAME == "LowDegreeInterpolationGate" and gate.count < 6)
            for gate in circuit.gates
        ),
        "groups of gates that are not there": any(
            not start <= end <= len(circuit.gates) for start, end in circuit.groups
        ),
        "a last polynomial of over 2^16": circuit.degree_bits - sum(circuit.arities) > 16,
        "work of over 64 bits": circuit.work_bits > 64,
        "no public input gate": circuit.public_inputs
        and not any(gate.NAME == "PublicInputGate" for gate in circuit.gates),
    }
    for what, is_so in odd.items():
        if is_so:
            raise Malformed(f"a circuit with {what}")

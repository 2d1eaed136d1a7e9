"""Proofs of plonky2 over Goldilocks with Poseidon, verified: the transcript, the gates, the permutation argument, FRI.

https://github.com/okx/plonky2 (plonky2/src/plonk, plonky2/src/fri), a fork of mir-protocol's that differs from the
published crate: FRI's combined polynomial is multiplied by X, no tables are looked up. Where a circuit hides, leaves of
three of the four trees end in four random elements.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from porlake.encoding import goldilocks
from porlake.encoding.goldilocks import (
    MODULUS,
    ONE,
    ZERO,
    Digest,
    Extended,
    inverse,
    minus,
    plus,
    power,
    root_of_unity,
    scaled,
    times,
)
from porlake.encoding.strict_json import Number
from porlake.liabilities import Check
from porlake.liabilities._json import Malformed
from porlake.liabilities._plonky2_circuit import SALT, UNUSED_SELECTOR, Circuit

Cap = tuple[Digest, ...]
#: The trees of a query, in order, and whether their leaves are salted.
TREES = (("constants", False), ("wires", True), ("products", True), ("quotient", True))


@dataclass(frozen=True, slots=True)
class Opened:
    """A leaf and the digests beside its way up."""

    values: tuple[int, ...]
    siblings: tuple[Digest, ...]


@dataclass(frozen=True, slots=True)
class Step:
    """The values of a coset of one folding, and the digests beside its way up."""

    values: tuple[Extended, ...]
    siblings: tuple[Digest, ...]


@dataclass(frozen=True, slots=True)
class Query:
    trees: tuple[Opened, ...]
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Proof:
    """`caps`: of the wires, of the products, of the quotient; `folded`: of each folding; `last`: the coefficients of
    what is left of the polynomial.
    """

    caps: tuple[Cap, Cap, Cap]
    constants: tuple[Extended, ...]
    sigmas: tuple[Extended, ...]
    wires: tuple[Extended, ...]
    products: tuple[Extended, ...]
    next_products: tuple[Extended, ...]
    partial_products: tuple[Extended, ...]
    quotient: tuple[Extended, ...]
    folded: tuple[Cap, ...]
    queries: tuple[Query, ...]
    last: tuple[Extended, ...]
    witness: int
    public_inputs: tuple[int, ...]


def proof_of(value: object, circuit: Circuit) -> Proof:
    """A `ProofWithPublicInputs` of JSON, its shape as the circuit demands. Raises Malformed.

    The prover writes elements as it holds them, which now and then is not below the modulus: they are reduced. Public
    inputs have to be.
    """
    whole = _object(value, "proof", ("proof", "public_inputs"))
    parts = _object(
        whole["proof"],
        "proof.proof",
        ("wires_cap", "plonk_zs_partial_products_cap", "quotient_polys_cap", "openings", "opening_proof"),
    )
    names = ("constants", "plonk_sigmas", "wires", "plonk_zs", "plonk_zs_next", "partial_products", "quotient_polys")
    openings = _object(parts["openings"], "openings", names)
    sizes = (
        circuit.constants,
        circuit.routed,
        circuit.wires,
        circuit.challenges,
        circuit.challenges,
        circuit.challenges * circuit.partial_products,
        circuit.challenges * circuit.quotient_degree,
    )
    constants, sigmas, wires, products, next_products, partial_products, quotient = (
        _extended_list(openings[name], size, f"openings.{name}") for name, size in zip(names, sizes, strict=True)
    )
    fri = _object(
        parts["opening_proof"],
        "opening_proof",
        ("commit_phase_merkle_caps", "query_round_proofs", "final_poly", "pow_witness"),
    )
    last = _object(fri["final_poly"], "final_poly", ("coeffs",))["coeffs"]
    public_inputs = tuple(
        _element(one, f"public input {place}", MODULUS)
        for place, one in enumerate(_list(whole["public_inputs"], circuit.public_inputs, "public_inputs"))
    )
    wires_cap, products_cap, quotient_cap = (
        _cap(parts[name], circuit, name)
        for name in ("wires_cap", "plonk_zs_partial_products_cap", "quotient_polys_cap")
    )
    return Proof(
        (wires_cap, products_cap, quotient_cap),
        constants,
        sigmas,
        wires,
        products,
        next_products,
        partial_products,
        quotient,
        folded=tuple(
            _cap(cap, circuit, "commit_phase_merkle_caps")
            for cap in _list(fri["commit_phase_merkle_caps"], len(circuit.arities), "commit_phase_merkle_caps")
        ),
        queries=tuple(
            _query(query, circuit, f"query {place}")
            for place, query in enumerate(_list(fri["query_round_proofs"], circuit.queries, "query_round_proofs"))
        ),
        last=_extended_list(last, 1 << circuit.degree_bits - sum(circuit.arities), "final_poly"),
        witness=_element(fri["pow_witness"], "pow_witness"),
        public_inputs=public_inputs,
    )


def checks(circuit: Circuit, proof: Proof) -> Iterator[Check]:
    """What a verifier checks, in order; it ends behind the first that fails."""
    is_so = circuit.digest == circuit.digest_of_parts()
    yield Check("circuit_digest", is_so, "" if is_so else "the circuit's digest is not that of its cap and size")
    if not is_so:
        return
    inputs = goldilocks.hash_of(proof.public_inputs)
    drawn = _challenges(circuit, proof, inputs)
    response = drawn.work >> 64 - circuit.work_bits if circuit.work_bits else 0
    yield Check("work", response == 0, f"{circuit.work_bits} bits" if response == 0 else "the work was not done")
    if response:
        return
    wrong = _unequal_quotient(circuit, proof, drawn, inputs)
    yield Check("constraints", not wrong, wrong)
    if wrong:
        return
    wrong = _wrong_query(circuit, proof, drawn)
    yield Check("low_degree", not wrong, wrong or f"{circuit.queries} queries")


class Transcript:
    """What was said so far, hashed: a duplex sponge that overwrites its rate and gives it away from the end."""

    def __init__(self) -> None:
        self._state: Sequence[int] = (0,) * goldilocks.WIDTH
        self._heard: list[int] = []
        self._left: list[int] = []

    def hear(self, elements: Sequence[int]) -> None:
        for element in elements:
            self._left = []
            self._heard.append(element)
            if len(self._heard) == goldilocks.RATE:
                self._turn()

    def hear_cap(self, cap: Cap) -> None:
        for digest in cap:
            self.hear(digest)

    def hear_extended(self, values: Sequence[Extended]) -> None:
        for value in values:
            self.hear(value)

    def challenge(self) -> int:
        if self._heard or not self._left:
            self._turn()
        return self._left.pop()

    def challenges(self, count: int) -> tuple[int, ...]:
        return tuple(self.challenge() for _ in range(count))

    def extended(self) -> Extended:
        return self.challenge(), self.challenge()

    def _turn(self) -> None:
        self._state = goldilocks.permute([*self._heard, *self._state[len(self._heard) :]])
        self._heard, self._left = [], list(self._state[: goldilocks.RATE])


@dataclass(frozen=True, slots=True)
class _Challenges:
    betas: tuple[int, ...]
    gammas: tuple[int, ...]
    alphas: tuple[int, ...]
    zeta: Extended
    combining: Extended
    folding: tuple[Extended, ...]
    work: int
    places: tuple[int, ...]


def _at_zeta(proof: Proof) -> list[Extended]:
    """All that is opened at zeta, in the order of the trees."""
    return [
        *proof.constants, *proof.sigmas, *proof.wires, *proof.products, *proof.partial_products, *proof.quotient
    ]  # fmt: skip


def _challenges(circuit: Circuit, proof: Proof, inputs: Digest) -> _Challenges:
    said, count = Transcript(), circuit.challenges
    said.hear(circuit.digest)
    said.hear(inputs)
    said.hear_cap(proof.caps[0])
    betas, gammas = said.challenges(count), said.challenges(count)
    said.hear_cap(proof.caps[1])
    alphas = said.challenges(count)
    said.hear_cap(proof.caps[2])
    zeta = said.extended()
    said.hear_extended(_at_zeta(proof))
    said.hear_extended(proof.next_products)
    combining, folding = said.extended(), []
    for cap in proof.folded:
        said.hear_cap(cap)
        folding.append(said.extended())
    said.hear_extended(proof.last)
    said.hear((proof.witness,))
    work = said.challenge()
    places = tuple(challenge % (1 << circuit.lde_bits) for challenge in said.challenges(circuit.queries))
    return _Challenges(betas, gammas, alphas, zeta, combining, tuple(folding), work, places)


def _unequal_quotient(circuit: Circuit, proof: Proof, drawn: _Challenges, inputs: Digest) -> str:
    """What is wrong with Z_H * quotient = all that must vanish on the rows, at zeta; '' for nothing."""
    at_size = power(drawn.zeta, 1 << circuit.degree_bits)
    vanishing = minus(at_size, ONE)
    if vanishing == ZERO:
        return "the challenge zeta is a row of the circuit"
    first = times(vanishing, inverse(scaled(minus(drawn.zeta, ONE), 1 << circuit.degree_bits)))
    starts, steps = [], []
    for turn in range(circuit.challenges):
        starts.append(times(first, minus(proof.products[turn], ONE)))
        steps += _products(circuit, proof, drawn, turn)
    terms = [*starts, *steps, *_gates(circuit, proof, inputs)]
    for turn, alpha in enumerate(drawn.alphas):
        reduced = ZERO
        for term in reversed(terms):
            reduced = plus(scaled(reduced, alpha), term)
        quotient = ZERO
        for part in reversed(proof.quotient[turn * circuit.quotient_degree : (turn + 1) * circuit.quotient_degree]):
            quotient = plus(times(quotient, at_size), part)
        if reduced != times(vanishing, quotient):
            return f"the quotient of challenge {turn} is not what the openings give"
    return ""


def _products(circuit: Circuit, proof: Proof, drawn: _Challenges, turn: int) -> list[Extended]:
    """The permutation argument: each partial product is the one before times that of its columns."""
    beta, gamma = drawn.betas[turn], (drawn.gammas[turn], 0)
    shared = [plus(wire, gamma) for wire in proof.wires[: circuit.routed]]
    above = [
        plus(value, scaled(drawn.zeta, shift * beta % MODULUS))
        for value, shift in zip(shared, circuit.shifts, strict=True)
    ]
    below = [plus(value, scaled(sigma, beta)) for value, sigma in zip(shared, proof.sigmas, strict=True)]
    mine = proof.partial_products[turn * circuit.partial_products : (turn + 1) * circuit.partial_products]
    chain = [proof.products[turn], *mine, proof.next_products[turn]]
    found = []
    for place in range(len(chain) - 1):
        columns = slice(place * circuit.quotient_degree, (place + 1) * circuit.quotient_degree)
        before, after = chain[place], chain[place + 1]
        for factor in above[columns]:
            before = times(before, factor)
        for factor in below[columns]:
            after = times(after, factor)
        found.append(minus(before, after))
    return found


def _gates(circuit: Circuit, proof: Proof, inputs: Digest) -> list[Extended]:
    """What the gates say must vanish, each let through by its selector, added up."""
    total = [ZERO] * circuit.constraints
    own = proof.constants[len(circuit.groups) :]
    for row, (gate, index) in enumerate(zip(circuit.gates, circuit.selectors, strict=True)):
        selector, passing = proof.constants[index], ONE
        others = [other for other in range(*circuit.groups[index]) if other != row]
        if len(circuit.groups) > 1:
            others.append(UNUSED_SELECTOR)
        for other in others:
            passing = times(passing, minus((other, 0), selector))
        for place, value in enumerate(gate.vanishing(proof.wires, own, inputs)):
            total[place] = plus(total[place], times(passing, value))
    return total


def _wrong_query(circuit: Circuit, proof: Proof, drawn: _Challenges) -> str:
    caps = (circuit.cap, *proof.caps)
    opened = _at_zeta(proof)
    powers = [ONE]
    for _ in range(len(opened)):
        powers.append(times(powers[-1], drawn.combining))
    at_zeta = _combined_extended(opened, powers)
    at_next = _combined_extended(proof.next_products, powers)
    next_zeta = scaled(drawn.zeta, root_of_unity(circuit.degree_bits))
    for number, (place, query) in enumerate(zip(drawn.places, proof.queries, strict=True)):
        for (name, _), tree, cap in zip(TREES, query.trees, caps, strict=True):
            if goldilocks.root_of(tree.values, place, tree.siblings) != cap[place >> len(tree.siblings)]:
                return f"query {number}: the leaf {place} is not in the tree of the {name}"
        turned = int(f"{place:0{circuit.lde_bits}b}"[::-1], 2) if circuit.lde_bits else 0
        x = goldilocks.GENERATOR * pow(root_of_unity(circuit.lde_bits), turned, MODULUS) % MODULUS
        values = [
            value
            for (_, salted), tree in zip(TREES, query.trees, strict=True)
            for value in (tree.values[:-SALT] if salted and circuit.hiding else tree.values)
        ]
        products = query.trees[2].values[: circuit.challenges]
        try:
            here = times(minus(_combined(values, powers), at_zeta), inverse(minus((x, 0), drawn.zeta)))
            after = times(minus(_combined(products, powers), at_next), inverse(minus((x, 0), next_zeta)))
        except ValueError:  # of a zero
            return f"query {number}: the challenge zeta is a point of the domain"
        value = scaled(plus(times(here, powers[len(products)]), after), x)
        for turn, (bits, step) in enumerate(zip(circuit.arities, query.steps, strict=True)):
            within, place = place & (1 << bits) - 1, place >> bits
            if step.values[within] != value:
                return f"query {number}: folding {turn} begins with another value"
            leaf = [part for one in step.values for part in one]
            if goldilocks.root_of(leaf, place, step.siblings) != proof.folded[turn][place >> len(step.siblings)]:
                return f"query {number}: the coset {place} is not in the tree of folding {turn}"
            value = _folded(step.values, within, bits, x, drawn.folding[turn])
            x = pow(x, 1 << bits, MODULUS)
        last = ZERO
        for coefficient in reversed(proof.last):
            last = plus(scaled(last, x), coefficient)
        if last != value:
            return f"query {number}: the last polynomial has another value"
    return ""


def _combined(values: Sequence[int], powers: Sequence[Extended]) -> Extended:
    return (
        sum(value * one for value, (one, _) in zip(values, powers, strict=False)) % MODULUS,
        sum(value * other for value, (_, other) in zip(values, powers, strict=False)) % MODULUS,
    )


def _combined_extended(values: Sequence[Extended], powers: Sequence[Extended]) -> Extended:
    total = ZERO
    for value, factor in zip(values, powers, strict=False):
        total = plus(total, times(value, factor))
    return total


def _folded(values: Sequence[Extended], within: int, bits: int, x: int, at: Extended) -> Extended:
    """The polynomial through a coset's values, in the order of reversed bits, at a point. `x`: of the value at
    `within`.
    """
    count = 1 << bits
    root = root_of_unity(bits)

    def reversed_bits(number: int) -> int:
        return int(f"{number:0{bits}b}"[::-1], 2)

    start = x * pow(root, count - reversed_bits(within), MODULUS) % MODULUS
    at_count, total, point = power(at, count), ZERO, start
    for place in range(count):
        value, distance = values[reversed_bits(place)], minus(at, (point, 0))
        if distance == ZERO:
            return value
        total = plus(total, times(scaled(value, point), inverse(distance)))
        point = point * root % MODULUS
    of_coset = pow(start, count, MODULUS)
    return times(minus(at_count, (of_coset, 0)), scaled(total, pow(count * of_coset, -1, MODULUS)))


def _query(value: object, circuit: Circuit, where: str) -> Query:
    parts = _object(value, where, ("initial_trees_proof", "steps"))
    trees = _object(parts["initial_trees_proof"], where, ("evals_proofs",))["evals_proofs"]
    sizes = (
        circuit.constants + circuit.routed,
        circuit.wires,
        circuit.challenges * (1 + circuit.partial_products),
        circuit.challenges * circuit.quotient_degree,
    )
    opened = []
    for (name, salted), size, tree in zip(TREES, sizes, _list(trees, 4, where), strict=True):
        leaf, beside = _list(tree, 2, f"{where}, {name}")
        opened.append(
            Opened(
                tuple(
                    _element(one, f"{where}, {name}")
                    for one in _list(leaf, size + (SALT if salted and circuit.hiding else 0), f"{where}, {name}")
                ),
                _siblings(beside, circuit.lde_bits - circuit.cap_height, f"{where}, {name}"),
            )
        )
    steps, height = [], circuit.lde_bits - circuit.cap_height
    for turn, (bits, step) in enumerate(
        zip(circuit.arities, _list(parts["steps"], len(circuit.arities), where), strict=True)
    ):
        height -= bits
        named = f"{where}, folding {turn}"
        both = _object(step, named, ("evals", "merkle_proof"))
        steps.append(
            Step(_extended_list(both["evals"], 1 << bits, named), _siblings(both["merkle_proof"], height, named))
        )
    return Query(tuple(opened), tuple(steps))


def _siblings(value: object, height: int, where: str) -> tuple[Digest, ...]:
    found = _object(value, where, ("siblings",))["siblings"]
    return tuple(digest_of(one, where) for one in _list(found, height, where))


def _cap(value: object, circuit: Circuit, where: str) -> Cap:
    return tuple(digest_of(one, where) for one in _list(value, 1 << circuit.cap_height, where))


def digest_of(value: object, where: str) -> Digest:
    """A digest of JSON: an object of four `elements`. Raises Malformed."""
    a, b, c, d = (_element(one, where) for one in _list(_object(value, where, ("elements",))["elements"], 4, where))
    return a, b, c, d


def _extended_list(value: object, size: int, where: str) -> tuple[Extended, ...]:
    found = []
    for pair in _list(value, size, where):
        a, b = _list(pair, 2, where)
        found.append((_element(a, where), _element(b, where)))
    return tuple(found)


def _element(value: object, where: str, below: int = 2**64) -> int:
    if not isinstance(value, Number) or not (value.isascii() and value.isdigit()) or len(value) > 20:
        raise Malformed(f"{where}: {str(value)[:40]!r} is no element of the field")
    number = int(value)
    if number >= below or (value[0] == "0" and len(value) > 1):
        raise Malformed(f"{where}: {value!r} is no element of the field")
    return number % MODULUS


def _list(value: object, size: int, where: str) -> Sequence[object]:
    if not isinstance(value, list):
        raise Malformed(f"{where}: no list")
    if len(value) != size:
        raise Malformed(f"{where}: {len(value):,} entries, not {size:,}")
    return value


def _object(value: object, where: str, keys: Sequence[str]) -> Mapping[str, object]:
    if not isinstance(value, dict) or set(value) != set(keys):
        raise Malformed(f"{where}: no object of {', '.join(keys)}")
    return value

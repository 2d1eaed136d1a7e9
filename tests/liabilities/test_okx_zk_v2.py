"""OKX's plonky2 proofs: a proof of a true prover, whose every change is seen; users' paths; circuits; theirs beside
ours.

cases/okx_zk_v2/constructed was made with the published plonky2 crate, changed in what OKX's fork differs (the combined
polynomial times X, no tables in the circuit's data), over a circuit of all gates of OKX's root: it verifies a proof of
Poseidon, checks that equity less debt has 62 bits, and takes the root as it is given.
"""

from __future__ import annotations

import contextlib
import copy
import hashlib
import json
import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from liabilities.proved import HERE, as_bundle, as_file
from liabilities.writers import okx_zk_v2 as writer
from porlake import liabilities
from porlake.encoding import goldilocks, strict_json
from porlake.liabilities import Inclusion, Proof, _okx_validator, _plonky2, okx_zk_v2
from porlake.liabilities._json import Malformed
from porlake.liabilities._okx_rounds import CIRCUIT_OF_ROUND
from porlake.liabilities._plonky2_circuit import UnknownGate, decoded
from porlake.liabilities._plonky2_gates import BY_TAG, Interpolation
from porlake.pipeline import session

CASE = HERE / "cases" / "okx_zk_v2" / "constructed"
SUM = (CASE / "sum_proof_data.json").read_bytes()
ROUND = 508787475
PIN = "51ca3a1826c8740486cea102cc30498e526d584b65f293bdd65966c6e35cc0d8"  # of OKX's first round, 2024-09-16


@pytest.fixture(scope="module")
def found() -> Any:
    return json.loads(SUM)


def verified(found: Any) -> Proof:
    return okx_zk_v2.verify(as_bundle({"sum_proof_data.json": json.dumps(found).encode()}, "okx"))


def failed(proof: Proof) -> list[str]:
    return [check.name for check in proof.checks if check.passed is False]


# --- the circuit ------------------------------------------------------------------------------------------------------


def test_the_circuit_of_okxs_first_round_is_read_whole() -> None:
    circuit = decoded(CIRCUIT_OF_ROUND[ROUND])
    assert circuit.sha256 == PIN
    assert circuit.digest == circuit.digest_of_parts()
    assert circuit.digest == (12334891077924198050, 2138746491511686090, 18415961294283891919, 4418839560457271489)
    assert (circuit.degree_bits, circuit.wires, circuit.routed, circuit.queries, circuit.work_bits) == (
        19,
        135,
        80,
        28,
        16,
    )
    assert (circuit.arities, circuit.hiding, circuit.public_inputs, circuit.constraints) == ((4, 4, 4, 4), True, 6, 123)
    assert [gate.NAME for gate in circuit.gates] == [
        "NoopGate", "PoseidonMdsGate", "PublicInputGate", "BaseSumGate<2>", "LowDegreeInterpolationGate",
        "RandomAccessGate", "ReducingExtensionGate", "ReducingGate", "ArithmeticExtensionGate", "ArithmeticGate",
        "MulExtensionGate", "ExponentiationGate", "RandomAccessGate", "PoseidonGate",
    ]  # fmt: skip
    assert max(gate.count for gate in circuit.gates) == 123


def test_the_constructed_circuit_has_every_gate_of_okxs_root(found: Any) -> None:
    theirs = {gate.NAME for gate in decoded(CIRCUIT_OF_ROUND[ROUND]).gates}
    ours = {gate.NAME for gate in decoded(found["circuits_info"]["root_verifier_data_hex"]).gates}
    assert ours >= theirs


@pytest.mark.parametrize("at", range(0, 2_666, 170))
def test_a_circuit_that_ends_early_or_is_changed_is_refused_or_another(at: int) -> None:
    text = CIRCUIT_OF_ROUND[ROUND]
    with pytest.raises(Malformed):
        decoded(text[: at - at % 2])
    changed = text[:at] + f"{(int(text[at], 16) + 1) % 16:x}" + text[at + 1 :]
    with contextlib.suppress(Malformed, UnknownGate):
        assert decoded(changed).sha256 != PIN


@pytest.mark.parametrize("text", ["", "zz", "ABCD", "00" * 70_000, CIRCUIT_OF_ROUND[ROUND] + "00", "ff" * 1_333])
def test_what_is_no_circuit_is_malformed(text: str) -> None:
    with pytest.raises(Malformed):
        decoded(text)


def test_an_interpolation_holds_for_a_polynomial_and_for_nothing_else() -> None:
    gate, shift, point = Interpolation(4), 5, (11, 13)
    coefficients = [(i * i + 1, 3 * i) for i in range(16)]

    def value(x: tuple[int, int]) -> tuple[int, int]:
        total = (0, 0)
        for coefficient in reversed(coefficients):
            total = goldilocks.plus(goldilocks.times(total, x), coefficient)
        return total

    root, row = goldilocks.root_of_unity(4), [shift]
    for i in range(16):
        row += value((shift * pow(root, i, goldilocks.MODULUS) % goldilocks.MODULUS, 0))
    row += [*point, *value(point)]
    for coefficient in coefficients:
        row += coefficient
    row += [pow(shift, i, goldilocks.MODULUS) for i in range(2, 16)]
    for i in range(2, 16):
        row += goldilocks.power(point, i)
    wires = [(wire, 0) for wire in row]
    assert len(wires) == gate.wires
    vanishing = gate.vanishing(wires, [], (0, 0, 0, 0))
    assert len(vanishing) == gate.count
    assert not any(map(any, vanishing))
    for at in range(gate.wires):
        changed = [*wires[:at], (wires[at][0] + 1, 0), *wires[at + 1 :]]
        assert any(map(any, gate.vanishing(changed, [], (0, 0, 0, 0)))), at


@pytest.mark.parametrize("tag", BY_TAG)
def test_a_gate_says_as_many_things_as_it_counts(tag: int) -> None:
    numbers, made = BY_TAG[tag]
    gate = made(*[2] * numbers)
    wires = [(i + 2, i) for i in range(gate.wires)]
    vanishing = gate.vanishing(wires, [(3, 1)] * gate.constants, (1, 2, 3, 4))
    assert len(vanishing) == gate.count
    if gate.count:
        assert any(map(any, vanishing))


# --- the sum proof ----------------------------------------------------------------------------------------------------


def test_a_true_proof_is_consistent_and_never_more(found: Any) -> None:
    proof = verified(found)
    assert failed(proof) == []
    assert (proof.verdict, proof.reason) == ("consistent_only", "no_true_example")
    accounts = writer.eight_accounts()
    assert proof.root == writer.hex_of(accounts.root)
    assert [(total.label, total.owed, total.is_shown) for total in proof.totals] == [
        ("equity - debt", str(accounts.equity - accounts.debt), False),
        ("equity", str(accounts.equity), False),
        ("debt", str(accounts.debt), False),
    ]
    assert [finding.code for finding in proof.findings] == ["key_unpinned"]
    assert proof.key_sha256 == (hashlib.sha256(found["circuits_info"]["root_verifier_data_hex"].encode()).hexdigest(),)
    assert "asset_totals" in proof.not_shown


def _walked(found: Any, *keys: Any) -> tuple[Any, Any]:
    for key in keys[:-1]:
        found = found[key]
    return found, keys[-1]


PARTS: dict[str, tuple[tuple[Any, ...], str]] = {
    "a public input": (("proof", "public_inputs", 0), "work"),
    "the root": (("proof", "public_inputs", 5), "work"),
    "the cap of the wires": (("proof", "proof", "wires_cap", 0, "elements", 0), "work"),
    "a constant": (("proof", "proof", "openings", "constants", 0, 0), "work"),
    "a wire": (("proof", "proof", "openings", "wires", 3, 1), "work"),
    "a product": (("proof", "proof", "openings", "plonk_zs_next", 1, 0), "work"),
    "the witness of work": (("proof", "proof", "opening_proof", "pow_witness"), "work"),
    "a folding's cap": (("proof", "proof", "opening_proof", "commit_phase_merkle_caps", 0, 1, "elements", 2), "work"),
    "the last polynomial": (("proof", "proof", "opening_proof", "final_poly", "coeffs", 0, 0), "work"),
    "a leaf": (
        (
            "proof", "proof", "opening_proof", "query_round_proofs", 0, "initial_trees_proof", "evals_proofs", 1, 0, 5
        ),
        "low_degree",
    ),
    "salt": (
        (
            "proof", "proof", "opening_proof", "query_round_proofs", 2, "initial_trees_proof", "evals_proofs", 3, 0, -1
        ),
        "low_degree",
    ),
    "a sibling": (
        (
            "proof", "proof", "opening_proof", "query_round_proofs", 1, "initial_trees_proof", "evals_proofs", 0, 1,
            "siblings", 4, "elements", 1,
        ),
        "low_degree",
    ),
    "a folded value": (
        ("proof", "proof", "opening_proof", "query_round_proofs", 0, "steps", 1, "evals", 7, 0),
        "low_degree",
    ),
    "the named digest": (("root_vd_digest", "elements", 0), "circuit_named"),
}  # fmt: skip


@pytest.mark.parametrize("name", PARTS)
def test_a_changed_part_is_seen_and_accuses_nobody(name: str, found: Any) -> None:
    keys, check = PARTS[name]
    changed = copy.deepcopy(found)
    holder, key = _walked(changed, *keys)
    holder[key] += 1
    proof = verified(changed)
    assert (proof.verdict, proof.reason) == ("unsupported", "no_true_example")
    assert check in failed(proof)


def _without_work(found: Any) -> Any:
    """A circuit that asks for no work, so that what lies behind is reached; its digest does not cover that."""
    circuit = decoded(found["circuits_info"]["root_verifier_data_hex"])
    old, new = circuit.work_bits.to_bytes(4, "little").hex(), "00000000"
    marked = circuit.queries.to_bytes(8, "little").hex()
    changed = copy.deepcopy(found)
    text = changed["circuits_info"]["root_verifier_data_hex"]
    assert text.count(marked + old) == 2
    changed["circuits_info"]["root_verifier_data_hex"] = text.replace(marked + old, marked + new)
    return changed


@pytest.mark.parametrize("name", ["a public input", "a constant", "a wire", "a product"])
def test_constraints_are_checked_by_themselves(name: str, found: Any) -> None:
    changed = _without_work(found)
    assert failed(verified(changed)) in ([], ["security"])
    holder, key = _walked(changed, *PARTS[name][0])
    holder[key] += 1
    assert "constraints" in failed(verified(changed))


def test_fewer_queries_under_the_same_digest_are_another_circuit(found: Any) -> None:
    """The publisher's tool compares the digest alone: a proof without queries passes it for any totals."""
    circuit = decoded(found["circuits_info"]["root_verifier_data_hex"])
    count = circuit.queries.to_bytes(8, "little").hex()
    after = circuit.work_bits.to_bytes(4, "little").hex()
    changed = copy.deepcopy(found)
    text = changed["circuits_info"]["root_verifier_data_hex"].replace(count + after, "00" * 8 + after)
    changed["circuits_info"]["root_verifier_data_hex"] = text
    changed["proof"]["proof"]["opening_proof"]["query_round_proofs"] = []
    assert decoded(text).digest == circuit.digest
    proof = verified(changed)
    assert proof.verdict == "unsupported"
    assert "security" in failed(proof)
    assert proof.key_sha256 != verified(found).key_sha256


MALFORMED: dict[str, Callable[[Any], object]] = {
    "no general": lambda one: one.pop("general"),
    "another fan-out": lambda one: one["general"].update(recursion_branchout_num=63),
    "a batch of no power": lambda one: one["general"].update(batch_size=3),
    "a round as a text": lambda one: one["general"].update(round_num="5"),
    "an unknown field": lambda one: one.update(more=1),
    "a digest of three": lambda one: one["root_vd_digest"]["elements"].pop(),
    "a public input too many": lambda one: one["proof"]["public_inputs"].append(1),
    "a public input beyond the modulus": lambda one: one["proof"]["public_inputs"].__setitem__(0, goldilocks.MODULUS),
    "a public input below nothing": lambda one: one["proof"]["public_inputs"].__setitem__(0, -1),
    "a public input as a text": lambda one: one["proof"]["public_inputs"].__setitem__(0, "1"),
    "a public input with a point": lambda one: one["proof"]["public_inputs"].__setitem__(0, 1.5),
    "a query too few": lambda one: one["proof"]["proof"]["opening_proof"]["query_round_proofs"].pop(),
    "a wire too few": lambda one: one["proof"]["proof"]["openings"]["wires"].pop(),
    "a wire beyond 64 bits": lambda one: one["proof"]["proof"]["openings"]["wires"].__setitem__(0, [2**64, 0]),
    "no proof": lambda one: one.update(proof=None),
    "a circuit in capitals": lambda one: one["circuits_info"].update(
        root_verifier_data_hex=one["circuits_info"]["root_verifier_data_hex"].upper()
    ),
    "no circuit": lambda one: one["circuits_info"].update(root_verifier_data_hex=""),
}


@pytest.mark.parametrize("name", MALFORMED)
def test_what_cannot_be_read_is_malformed(name: str, found: Any) -> None:
    changed = copy.deepcopy(found)
    MALFORMED[name](changed)
    proof = verified(changed)
    assert (proof.verdict, proof.reason) == ("malformed", "not_of_the_format"), proof


def test_a_round_without_its_circuit_and_a_gate_that_is_unknown_are_unsupported(found: Any) -> None:
    changed = copy.deepcopy(found)
    changed.pop("circuits_info")
    assert (verified(changed).verdict, verified(changed).reason) == ("unsupported", "circuit_missing")
    changed["general"]["round_num"] = ROUND
    assert verified(changed).verdict == "malformed"  # the proof is not of that circuit
    changed = copy.deepcopy(found)
    text = changed["circuits_info"]["root_verifier_data_hex"]
    assert text.endswith("0d000000")
    changed["circuits_info"]["root_verifier_data_hex"] = text[:-8] + "03000000"
    assert (verified(changed).verdict, verified(changed).reason) == ("unsupported", "gate_unknown")


JUNK = [
    b"",
    b"{}",
    b"[]",
    b"null",
    b"<html>404</html>",
    b"\x00\xff" * 50,
    b"{" * 500,
    b'{"general":{"recursion_branchout_num":64',
    b"1e99",
]


@pytest.mark.parametrize("content", JUNK)
def test_junk_is_a_verdict(content: bytes) -> None:
    assert okx_zk_v2.verify(as_bundle({"a.json": content})).verdict == "malformed"
    assert okx_zk_v2.inclusion(as_file(content), None, None).verdict == "malformed"


def _places(value: Any, where: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    whole = [where] if where else []
    for key, one in inside:
        whole += _places(one, (*where, key))
    return whole


PLACES = _places(json.loads(SUM)["proof"])


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.sampled_from(PLACES),
    st.sampled_from([None, 0, "1", [], {}, -1, 2**64, 1.5]) | st.integers(0, goldilocks.MODULUS - 1),
)
def test_any_change_of_the_proof_is_seen(where: tuple[Any, ...], new: object) -> None:
    changed = json.loads(SUM)
    holder, key = _walked(changed["proof"], *where)
    if holder[key] == new:
        return
    holder[key] = new
    assert verified(changed).verdict in ("unsupported", "malformed")


def test_elements_that_were_not_reduced_are(found: Any) -> None:
    """The prover writes them as it holds them."""
    circuit = decoded(found["circuits_info"]["root_verifier_data_hex"])
    changed = copy.deepcopy(found)
    pairs = changed["proof"]["proof"]["openings"]["wires"]
    at = next((i for i, pair in enumerate(pairs) if pair[0] < 2**32 - 1), None)
    read = _plonky2.proof_of(strict_json.loads(json.dumps(changed["proof"]).encode()), circuit)
    if at is not None:
        pairs[at][0] += goldilocks.MODULUS
        assert _plonky2.proof_of(strict_json.loads(json.dumps(changed["proof"]).encode()), circuit) == read


# --- a user's path ----------------------------------------------------------------------------------------------------


def user(index: int = 6) -> Any:
    return writer.eight_accounts().user(index)


def included(made: Any, published: bool = True, root: str | None = None) -> Inclusion:
    bundle = as_bundle({"sum_proof_data.json": SUM}, "okx") if published else None
    return okx_zk_v2.inclusion(as_file(writer.written(made), "user_inclusion_proof.json"), bundle, root)


def test_an_account_is_included_in_the_published_root() -> None:
    inclusion = included(user())
    assert (inclusion.verdict, inclusion.included) == ("consistent_only", True), inclusion
    assert inclusion.balances == (("equity - debt", "6025"), ("equity", "6034"), ("debt", "9"))
    assert inclusion.depth == 3
    assert inclusion.root == writer.hex_of(writer.eight_accounts().root)
    assert included(user(), published=False, root=inclusion.root).included is True
    nobody = included(user(), published=False)
    assert (nobody.included, nobody.not_shown[-1]) == (None, "root_not_compared")


def test_the_publishers_own_vector_is_climbed() -> None:
    """merkle_proof.rs, test_verify_merkle_proof: a fan-out of four there."""
    account = okx_zk_v2._Path("320b5ea99e653bc2b593db4130d10a4efd3a0b4cc2e1a6672b678d71dfbd33ad", 9, 3, 0, (), ())
    sibling = (7609058119952049295, 8895839458156070742, 1052773619972611009, 6038312163525827182)
    batch = goldilocks.root_of(okx_zk_v2.leaf_of(account), 0, [sibling])
    others = (
        15026394135096265436, 13313300609834454638, 10151802728958521275, 6200471959130767555,
        2010803994799996791, 568450490466247075, 18209684900543488748, 7678193912819861368,
        13089029781628355232, 10704046654659337561, 15794212269117984095, 15948192230150472783,
    )  # fmt: skip
    root = (10628303359772907103, 7478459528589413745, 12007196562137971174, 2652030368197917032)
    assert goldilocks.hash_of([*batch, *others]) == root


def test_what_the_scheme_does_not_hold_is_not_seen() -> None:
    """Tokens are in no hash: an account whose equity moves between them has the same leaf."""
    moved = user()
    moved["account"]["equity"].reverse()
    assert included(moved).included is True
    assert "token_amounts" in included(moved).not_shown


PATHS: dict[str, tuple[Callable[[Any], object], str]] = {
    "equity": (lambda one: one["account"]["equity"].__setitem__(0, "1"), "root_not_published"),
    "debt": (lambda one: one["account"]["debt"].__setitem__(0, "1"), "root_not_published"),
    "the id": (lambda one: one["account"].update(id="00" * 32), "root_not_published"),
    "a sibling": (lambda one: one["sum_tree_siblings"].__setitem__(0, "00" * 32), "root_not_published"),
    "siblings swapped": (lambda one: one["sum_tree_siblings"].reverse(), "root_not_published"),
    "a hash beside the batch": (
        lambda one: one["recursive_tree_siblings"][0]["right_hashes"].__setitem__(0, "00" * 32),
        "root_not_published",
    ),
    "the account's place": (lambda one: one.update(index=7), "root_not_published"),
    "the batch's place": (lambda one: one.update(index=2), "index_differs"),
    "more debt than equity": (lambda one: one["account"]["debt"].__setitem__(0, "9999"), "negative_amount"),
    "a level more": (
        lambda one: one["recursive_tree_siblings"].append(
            {"left_hashes": [], "right_hashes": one["recursive_tree_siblings"][0]["right_hashes"][:1] * 63}
        ),
        "root_not_published",
    ),
}


@pytest.mark.parametrize("name", PATHS)
def test_a_changed_path_is_broken(name: str) -> None:
    change, reason = PATHS[name]
    made = user()
    change(made)
    inclusion = included(made)
    assert (inclusion.verdict, inclusion.reason, inclusion.included) == ("broken", reason, False)


P = goldilocks.MODULUS
UNREADABLE: dict[str, Callable[[Any], object]] = {
    "an amount that wraps": lambda one: one["account"]["equity"].__setitem__(0, str(P + 5)),
    "amounts whose sum wraps": lambda one: one["account"].update(equity=[str(P - 1), "1", "0"]),
    "an amount below nothing": lambda one: one["account"]["debt"].__setitem__(0, "-1"),
    "an amount with a zero before": lambda one: one["account"]["debt"].__setitem__(0, "01"),
    "an amount with a plus": lambda one: one["account"]["debt"].__setitem__(0, "+1"),
    "an amount with an exponent": lambda one: one["account"]["debt"].__setitem__(0, "1e3"),
    "an amount with a point": lambda one: one["account"]["debt"].__setitem__(0, "1.0"),
    "a token more of debt": lambda one: one["account"]["debt"].append("0"),
    "an id too short": lambda one: one["account"].update(id="00" * 31),
    "an id in capitals": lambda one: one["account"].update(id="AB" * 32),
    "a digest beyond the modulus": lambda one: one["sum_tree_siblings"].__setitem__(0, "ff" * 32),
    "a digest too short": lambda one: one["sum_tree_siblings"].__setitem__(0, "00" * 31),
    "62 hashes beside the batch": lambda one: one["recursive_tree_siblings"][0]["right_hashes"].pop(),
    "64 hashes beside the batch": lambda one: one["recursive_tree_siblings"][0]["right_hashes"].append("00" * 32),
    "no recursion": lambda one: one.update(recursive_tree_siblings=[]),
    "an index beyond the tree": lambda one: one.update(index=256),
    "an index as a text": lambda one: one.update(index="6"),
    "an index below nothing": lambda one: one.update(index=-1),
    "a field more": lambda one: one.update(more=1),
}


@pytest.mark.parametrize("name", UNREADABLE)
def test_a_path_that_cannot_be_read_is_malformed(name: str) -> None:
    made = user()
    UNREADABLE[name](made)
    inclusion = included(made)
    assert (inclusion.verdict, inclusion.included) == ("malformed", None), inclusion
    assert made["account"]["id"] not in inclusion.detail


def test_the_largest_index_of_a_tree_is_read() -> None:
    made = user()
    made["index"] = 255
    assert included(made).reason == "index_differs"


def test_a_root_proof_that_does_not_hold_lends_nothing(found: Any) -> None:
    changed = copy.deepcopy(found)
    changed["proof"]["proof"]["openings"]["wires"][0][0] += 1
    published = as_bundle({"sum_proof_data.json": json.dumps(changed).encode()}, "okx")
    inclusion = okx_zk_v2.inclusion(as_file(writer.written(user())), published, None)
    assert inclusion.verdict == "unsupported"


@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_any_change_of_a_path_is_seen(data: st.DataObject) -> None:
    made = user(data.draw(st.integers(0, 7)))
    where = data.draw(st.sampled_from(_places(made)))
    holder, key = _walked(made, *where)
    new = data.draw(st.sampled_from([None, 0, "", [], {}, "00" * 32, -1, "7", 8, 2**70]) | st.text(max_size=4))
    if new == holder[key]:
        return
    holder[key] = new
    root = writer.hex_of(writer.eight_accounts().root)
    inclusion = included(made, published=False, root=root)
    assert inclusion.verdict in ("broken", "malformed")


# --- theirs beside ours -----------------------------------------------------------------------------------------------


def program(folder: Path, body: str) -> Path:
    path = folder / "zk_STARK_Validator_V2"
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


ANSWERS = {
    "passes": ('echo "Total sum and non-negative constraint validation passed"; read enter', _okx_validator.PASSED),
    "fails with a good exit status": (
        'echo "Total sum and non-negative constraint validation failed"; read enter; exit 0',
        _okx_validator.FAILED,
    ),
    "passes with a bad exit status": (
        'echo "Execution result: Ok(()), 3 s"; read enter; exit 7',
        _okx_validator.PASSED,
    ),
    "an error": ('echo "Execution result: Err(InvalidProof)"', _okx_validator.FAILED),
    "one passes, one fails": (
        'echo "sum validation passed"; echo "Inclusion constraint validation failed"',
        _okx_validator.FAILED,
    ),
    "panics": ("echo \"thread 'main' panicked at src/main.rs\" >&2", _okx_validator.FAILED),
    "says nothing": ("read enter", _okx_validator.SILENT),
    "looks beside itself": (
        'cd "$(dirname "$0")" && cmp -s sum_proof_data.json sum_proof_data.json && echo passed',
        _okx_validator.PASSED,
    ),
    "asks the environment": ('[ -z "$SECRET_OF_A_TEST" ] && echo passed', _okx_validator.PASSED),
}


@pytest.mark.parametrize("name", ANSWERS)
def test_their_answer_is_read_from_their_text(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    body, code = ANSWERS[name]
    monkeypatch.setenv("SECRET_OF_A_TEST", "secret")
    answer = _okx_validator.answer(str(program(tmp_path, body)), {"sum_proof_data.json": SUM}, seconds=20)
    assert answer.code == code, answer


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ("sleep 60", "ran for more than 0.5 s"),
        ("yes passed", "wrote more than"),
        ("sleep 60 & sleep 60", "ran for more than"),
    ],
)
def test_a_validator_without_end_is_ended(body: str, why: str, tmp_path: Path) -> None:
    answer = _okx_validator.answer(str(program(tmp_path, body)), {"sum_proof_data.json": b"{}"}, seconds=0.5)
    assert answer.code == _okx_validator.SILENT
    assert why in answer.detail


def test_a_validator_that_is_not_there_is_told(tmp_path: Path) -> None:
    answer = _okx_validator.answer(str(tmp_path / "nothing"), {})
    assert (answer.code, os.fspath(tmp_path) in answer.detail) == (_okx_validator.SILENT, False)


def test_their_answer_stands_beside_ours(tmp_path: Path) -> None:
    named = session(tmp_path, environ={"PORLAKE_OKX_VALIDATOR": str(program(tmp_path, "echo validation failed"))})
    assert session(tmp_path, environ={}).verifiers == {}
    files = as_bundle({"sum_proof_data.json": SUM}, "okx")
    ours = liabilities.verified(okx_zk_v2, files)
    both = liabilities.verified(okx_zk_v2, files, verifiers=named.verifiers)
    assert (both.verdict, both.findings[:-1]) == (ours.verdict, ours.findings)
    assert both.findings[-1] == liabilities.Finding(
        "publishers_verifier_fails", "OKX's verifier says: validation failed"
    )
    nothing = liabilities.verified(okx_zk_v2, as_bundle({"a.json": b"{}"}), verifiers=named.verifiers)
    assert nothing.findings == (), "it is asked of a sum proof alone"

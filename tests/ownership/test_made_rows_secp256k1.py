"""Made rows of the schemes on secp256k1: every one has the verdict and the reason that its maker states."""

from __future__ import annotations

import random
from types import ModuleType

import pytest

from made_rows import bip322, eos, okx_ecdsa, utxo
from porlake import ownership

ROWS = 1_000


@pytest.mark.parametrize(
    "module", [utxo, bip322, okx_ecdsa, eos], ids=lambda module: module.__name__.rpartition(".")[2]
)
def test_every_made_row_has_its_verdict(module: ModuleType) -> None:
    chance, changed = random.Random(20240325), 0
    for number in range(ROWS):
        case = module.case(chance)
        found = ownership.judge(case.row)
        assert (found.verdict, found.reason) == (case.verdict, case.reason), (number, case)
        assert case.flags is None or set(found.flags) == set(case.flags), (number, case, found.flags)
        assert case.row.scheme in module.SCHEMES
        changed += case.verdict not in ("proven", "signature_only")
    assert ROWS / 5 < changed < ROWS / 2


def test_equal_seeds_make_equal_rows() -> None:
    for module in (utxo, bip322, okx_ecdsa, eos):
        assert [module.case(random.Random(seed)) for seed in range(20)] == [
            module.case(random.Random(seed)) for seed in range(20)
        ]

"""No line outside chains/ asks which family a client is of, or imports one: abilities are asked for."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from porlake import chains, registry
from test_rooms import PACKAGE

FAMILIES = sorted(path.name for path in Path(chains.__path__[0]).iterdir() if (path / "__init__.py").exists())
BRANCH = re.compile(r"\bclient\s*(==|!=|in\b|not\s+in\b)\s*[\"'({\[]|[\"']\s*(==|!=)\s*\w*\.?client\b")
IMPORT = re.compile(
    rf"porlake\.chains\.({'|'.join(FAMILIES)})\b|from porlake\.chains import .*\b({'|'.join(FAMILIES)})\b"
)
DAGS = PACKAGE.parents[1] / "dags"
OUTSIDE = [path for path in (*PACKAGE.rglob("*.py"), *DAGS.glob("*.py")) if PACKAGE / "chains" not in path.parents]
#: Rooms in which a family's name is no family: a form of address, a kind of signature, a network.
NAMED_ALIKE = {"registry", "addresses", "ownership", "encoding", "reports", "transport", "model.py"}
#: Names of families that say something else as well: how a sweep stands to a block (`as_of`).
WORDS = {"near"}
#: The one line that tells `none` from a client.
IS_READ = 'return self.client != "none"'


def branches(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if BRANCH.search(line) or IMPORT.search(line)]


@pytest.mark.parametrize("path", OUTSIDE, ids=lambda path: str(path.relative_to(PACKAGE.parents[1])))
def test_no_family_is_told_by_its_name(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert [line for line in branches(text) if line != IS_READ] == []
    if PACKAGE in path.parents and path.relative_to(PACKAGE).parts[0] not in NAMED_ALIKE:
        names = "|".join(family for family in FAMILIES if family not in WORDS)
        assert not re.findall(rf"[\"']({names})[\"']", text.replace('"tron_', ""))


@pytest.mark.parametrize(
    "line",
    ['if network.client == "evm":', "if row.client in ('evm', 'tron'):", "from porlake.chains.evm import client",
     "from porlake.chains import tron", 'if "utxo" == facts.client:', 'if client not in {"none"}:'],
)  # fmt: skip
def test_a_branch_on_a_family_is_seen(line: str) -> None:
    assert branches(f"x = 1\n{line}\n")


def test_every_folder_is_a_family_and_every_client_a_folder() -> None:
    assert {row.client for row in registry.load().networks.values() if row.is_read} == set(FAMILIES)

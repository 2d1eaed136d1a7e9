"""Families: each network's rows are what its client needs, and a face loads nothing but its client."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import fields, replace
from pathlib import Path

import pytest

from porlake import chains, registry
from porlake.errors import ConfigurationError
from porlake.registry import Identity, Network
from porlake.transport import Endpoint, Recording
from support import own_rows

FACTS = registry.load()
FAMILIES = sorted({network.client for network in FACTS.networks.values() if network.is_read})


def test_the_rows_of_every_network_are_what_its_client_needs() -> None:
    wrong = {network.network: chains.wrong_rows(FACTS, network) for network in FACTS.networks.values()}
    assert not {network: why for network, why in wrong.items() if why}


#: Families without a world: their tests ask real nodes, or play what one answered.
REAL = {"evm": "anvil, hardhat, geth", "utxo": "Bitcoin Knots, Litecoin Core, e-x", "beacon": "recorded answers"}


def test_every_family_has_a_world_or_tests_with_a_real_node() -> None:
    here = Path(__file__).parent
    folders = {path.parent.name for path in Path(chains.__file__).parent.glob("*/__init__.py")}
    assert folders == set(FAMILIES), "a folder that no network names, or a name without a folder"
    untested = {folder for folder in folders if not (here / folder / "world.py").exists()}
    assert untested == set(REAL) - {folder for folder in REAL if (here / folder / "world.py").exists()}
    for folder in untested:
        assert list((here / folder).glob("test_*.py")), folder


def test_every_network_has_a_client_or_one_of_three_reasons() -> None:
    unread = [network for network in FACTS.networks.values() if not network.is_read]
    unwritten = {network.network for network in unread if not network.why_none.startswith(WHY_NONE)}
    assert len(unwritten) <= NOT_YET, sorted(unwritten)


WHY_NONE = ("the chain has stopped", "no public node", "neither a past nor a head can be asked")
NOT_YET = 0  # networks whose client is not written yet: this number may only fall


def made(client: str, caip2: str = "", network: str = "x") -> Network:
    return Network(network, "X", caip2, "ETH", "evm", client, "", "", "")


A_BLOCK, A_ROOT = Identity("x", f"0:{'ab' * 32}", "made"), Identity("x", f"0x{'ab' * 32}", "made")
A_NAME = Identity("x", "chain:made", "made")


@pytest.mark.parametrize(
    ("network", "identity", "why"),
    [
        (made("telnet"), None, "client 'telnet': no family of chains"),
        (made("_columns"), None, "no family of chains"),
        (made("evm", "eip155:5"), None, "needs a row in evm_networks.csv"),
        (made("utxo"), None, "needs a row in identities.csv"),
        (made("tron"), None, "needs a row in identities.csv"),
        (made("beacon"), None, "needs a row in identities.csv"),
        (made("utxo"), A_ROOT, "identities.csv names none"),
        (made("tron"), A_ROOT, "identities.csv names none"),
        (made("beacon"), A_BLOCK, "not by blocks"),
        (made("beacon"), A_ROOT, "names no network whose blocks"),
        (made("aptos"), None, "by a CAIP-2 id of the form aptos:[0-9]+"),
        (made("aptos", "aptos:1"), None, ""),
        (made("near"), None, "by a CAIP-2 id of the form near:"),
        (made("near", "near:mainnet"), None, ""),
        (made("flow"), A_BLOCK, "by a name, and identities.csv names none"),
        (made("flow"), A_NAME, ""),
        (made("sui"), A_BLOCK, "by a name, and identities.csv names none"),
        (made("sui"), A_NAME, "reads addresses of the forms sui and iota"),
        (made("solana"), A_BLOCK, "or by an account that identities.csv names"),
        (made("solana", "solana:5eykt4UsFv8P8NJdTREpY1vzqKqZKvdp"), None, ""),
        (made("utxo"), A_BLOCK, ""),
        (made("tron"), A_BLOCK, ""),
    ],
)
def test_rows_that_a_client_cannot_use_are_told(network: Network, identity: Identity | None, why: str) -> None:
    facts = replace(FACTS, identities={"x": identity} if identity else {}, evm_networks={})
    found = chains.wrong_rows(facts, network)
    assert (why in found) if why else not found, found


@pytest.mark.parametrize("kind", ["erc20", "other", "rebasing"])
def test_a_kind_of_token_that_the_client_reads_or_nobody_does(kind: str) -> None:
    assert not chains.wrong_rows(with_token("ethereum", kind), FACTS.networks["ethereum"])


@pytest.mark.parametrize(("network", "kind"), [("ethereum", "gold"), ("ethereum", "trc20"), ("tron", "erc20")])
def test_a_kind_of_token_that_the_client_does_not_read_is_told(network: str, kind: str) -> None:
    why = chains.wrong_rows(with_token(network, kind), FACTS.networks[network])
    assert f"reads no {kind!r} (MADE in tokens.csv): native, " in why


def with_token(network: str, kind: str) -> registry.Registry:
    token = registry.Token(network, "MADE", kind, f"0x{'ab' * 20}", 6, "", "")
    return replace(FACTS, tokens={**FACTS.tokens, (network, "MADE"): token})


def test_rows_of_ones_own_are_checked_before_anybody_is_asked(tmp_path: Path) -> None:
    header = ",".join(field.name for field in fields(Network))
    (tmp_path / "networks.csv").write_text(f"{header}\nsolana,Mine,solana:5,SOL,solana,telnet,,,\n")
    with own_rows(tmp_path), pytest.raises(ConfigurationError, match="solana: client 'telnet': no family"):
        chains.open_client(registry.load().networks["solana"], Endpoint("http://a.example"), Recording.off())


def test_a_network_without_a_client_is_opened_by_nobody_and_says_why() -> None:
    network = next(row for row in FACTS.networks.values() if not row.is_read)
    with pytest.raises(ConfigurationError, match="."):
        chains.open_client(network, Endpoint("http://a.example"), Recording.off())


def test_one_family_is_opened_without_the_others() -> None:
    """Each in a process of its own, forked from one that has loaded none: numba alone takes a second to load."""
    first = {row.client: row.network for row in reversed(list(FACTS.networks.values())) if row.client in FAMILIES}
    code = (
        "import json, os, sys\nfrom porlake import chains, registry\n"
        "from porlake.transport import Endpoint, Recording\n"
        "facts = registry.load()\n"
        "for client, name in json.loads(sys.argv[1]).items():\n"
        "    if os.fork() == 0:\n"
        "        chains.open_client(facts.networks[name], Endpoint('http://a.example'), Recording.off())\n"
        "        loaded = [one for one in sys.modules if one == 'numba' or one.startswith('porlake.chains.')]\n"
        "        print(json.dumps([client, sorted(loaded)]), flush=True)\n"
        "        os._exit(0)\n"
        "    if os.wait()[1]:\n"
        "        raise SystemExit(client)\n"
    )
    run = subprocess.run([sys.executable, "-c", code, json.dumps(first)], capture_output=True, text=True, check=True)
    told = dict(map(json.loads, run.stdout.splitlines()))
    assert told.keys() == set(FAMILIES)
    for client, loaded in told.items():
        others = set(FAMILIES) - {client}
        assert f"porlake.chains.{client}" in loaded
        assert not [module for module in loaded if module.split(".")[2:3] and module.split(".")[2] in others], client
        assert "numba" not in loaded, client


@pytest.mark.parametrize("client", FAMILIES)
def test_every_client_has_blocks_and_balances(client: str) -> None:
    name = next(row.network for row in FACTS.networks.values() if row.client == client)
    opened = chains.open_client(FACTS.networks[name], Endpoint("http://a.example"), Recording.off())
    assert isinstance(opened, chains.Client)

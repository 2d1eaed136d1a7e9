"""What is said of networks before anybody is asked, held to what their worlds give."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

import pytest
from rich.console import Console

from porlake import chains, registry
from porlake.cli import _layout, _printing, networks
from porlake.queries.networks import readable

#: What is said of the past, from the least on.
LEAST = ("head", "unchanged", "exact")
WORLDS = sorted(path.parent.name for path in (Path(__file__).parents[1] / "chains").glob("*/world.py"))


def test_every_network_is_there_with_what_reads_it_or_why_nothing_does() -> None:
    found = readable()
    assert [one.network for one in found] == list(registry.load().networks)
    for one in found:
        assert bool(one.why_none) == (one.client == "none")
        assert bool(one.past) == (one.client != "none"), f"{one.network}: what does {one.client} say of the past?"
        assert one.past in ("", *LEAST)


def test_what_is_told_as_it_is_now_is_swept() -> None:
    """Of a network whose past is not told for every account, a sweep at the moment is what there is."""
    not_swept = [one.network for one in readable() if one.past in ("unchanged", "head") and not one.is_swept]
    assert not not_swept


@pytest.mark.parametrize("client", sorted({one.client for one in readable() if one.client != "none"}))
def test_a_family_says_of_itself_what_its_worlds_show(client: str) -> None:
    """Of the past no more than the best of its endpoints, and every part."""
    facts, family = registry.load(), None
    shown, pasts = set[str](), set[str]()
    for folder in WORLDS:
        world = import_module(f"chains.{folder}.world").WORLD
        if facts.networks[world.network].client == client:
            family = chains.family(facts.networks[world.network])
            pasts.add(world.past or "exact")  # some of its assets are, and others not
            holdings = [parts for held in (world.held, world.now) for some in held.values() for parts in some.values()]
            shown |= {part for parts in holdings for part in parts} - {chains.TOTAL}
    if family is None:
        pytest.skip("the family's tests are over real nodes")
    assert LEAST.index(family.past) <= max(LEAST.index(past) for past in pasts), "it says more than its worlds show"
    assert shown <= set(family.parts), "parts that the family does not name"


def test_what_a_few_networks_can() -> None:
    found = {one.network: one for one in readable()}
    ethereum, tron, horizen = found["ethereum"], found["tron"], found["horizen"]
    assert (ethereum.past, ethereum.proves, ethereum.is_swept, ethereum.parts) == ("exact", True, False, ())
    assert (ethereum.endpoint, "eip191" in ethereum.signatures) == ("ethereum-rpc.publicnode.com", True)
    assert (tron.past, tron.proves, tron.is_swept, "frozen" in tron.parts) == ("head", False, True, True)
    assert (horizen.client, horizen.why_none, horizen.past) == ("none", "the chain has stopped", "")


def test_eighty_columns_hold_what_each_network_can(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A terminal of 80 columns: nothing is cut, and what does not fit is named."""
    monkeypatch.setattr(_printing, "out", Console(width=80, force_terminal=True, color_system=None))
    networks.run(None)  # type: ignore[arg-type]
    lines = capsys.readouterr().out.splitlines()
    table = lines[: lines.index("")]
    assert not [line for line in table if len(line) > 80]
    assert table[-1].startswith("(+"), "what does not fit is named"
    assert lines[0].split()[:7] == ["network", "client", "past", "parts", "proofs", "sweeps", "endpoint"]
    (tron,) = [line.split() for line in lines if line.startswith("tron ")]
    assert tron[:7] == ["tron", "tron", "head", "yes", "-", "yes", "yes"]
    assert any(line.split()[:1] == ["horizen"] and "the chain has stopped" in line for line in lines)
    assert _layout.GAP in lines[0]

"""What was recorded of a world is replayed without its node: the same answers, and the same kind of endpoint."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from chains import stub
from chains.test_abilities import WORLDS, world_of
from porlake import chains, registry
from porlake.transport import Endpoint, Recording
from support import own_rows


def asked(world: stub.World, endpoint: Endpoint | None, recording: Recording) -> list[Any]:
    facts = registry.load()
    client = chains.open_client(facts.networks[world.network], endpoint, recording)
    at = client.block(world.height)
    answers = []
    for asset, held in world.held.items():
        token = facts.tokens[world.network, asset]
        wanted = [chains.Wanted(asset, token, address) for address in (*held, world.absent)]
        answers += list(client.balances(wanted, at))
    return answers


@pytest.mark.parametrize("family", WORLDS)
def test_a_replay_says_what_was_said(family: str, tmp_path: Path) -> None:
    world = world_of(family)
    with ExitStack() as stack:
        if world.rows:
            for name, text in world.rows.items():
                (tmp_path / name).write_text(text)
            stack.enter_context(own_rows(tmp_path))
        with stub.served(world) as server:
            told = asked(world, Endpoint(server.endpoint_url), Recording.record(tmp_path / "recording"))
        assert asked(world, None, Recording.replay(tmp_path / "recording")) == told

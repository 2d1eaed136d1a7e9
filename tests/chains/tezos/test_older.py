"""Levels of before accounts could stake, where only bakers have a full balance; and the node's own forms."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from chains import stub
from chains.tezos.world import BAKER, CONTRACT, HEIGHT, RICH, WORLD, account, block_hash
from porlake import addresses, chains, registry
from porlake.encoding import base58
from porlake.errors import InvalidAddress
from porlake.transport import Endpoint, Recording

#: Made by pytezos once, which needs libraries of the system.
VECTORS = json.loads((Path(__file__).parent / "vectors.json").read_text())


class Older(WORLD):
    def answer(self, request: stub.Request) -> stub.Reply:
        match request.path.strip("/").split("/"):
            case [*_, "contracts", _, "full_balance"]:
                return stub.Reply([{"kind": "permanent", "id": "rpc.not_found"}], 404)
            case [*_, "contracts", name, "delegate"]:
                return stub.Reply(BAKER) if name in (BAKER, RICH) else stub.Reply([], 404)
            case [*_, "delegates", name, "full_balance"]:
                return stub.Reply("1000") if name == BAKER else stub.Reply([], 500)
        return super().answer(request)


@pytest.mark.parametrize(
    ("address", "parts"),
    [
        (BAKER, {"liquid": 100, "frozen": 900, "total": 1_000}),
        (RICH, {"liquid": 2**53 + 9, "total": 2**53 + 9}),  # delegates to the baker, and stakes nothing
        (CONTRACT, {"liquid": 21, "total": 21}),
        (account(50), {"liquid": 0, "total": 0}),
    ],
)
def test_a_baker_s_deposit_is_its_own(address: str, parts: dict[str, int]) -> None:
    facts = registry.load()
    with stub.served(Older()) as server:
        client = chains.open_client(facts.networks["tezos"], Endpoint(server.endpoint_url), Recording.off())
        wanted = chains.Wanted("XTZ", facts.tokens["tezos", "XTZ"], address)
        answers = list(client.balances([wanted], client.block(HEIGHT)))
    assert {one.component: one.raw for one in answers} == parts


@pytest.mark.parametrize(
    ("address", "kind"),
    [
        ("tz1VSUr8wwNhLAzempoch5d6hLRiTh8Cjcjb", "tz1"),
        ("tz2BFTyPeYRzxd5aiBchbXN3WCZhx7BqbMBq", "tz2"),
        ("tz3WXYtyDUNL91qfiCJtVUX746QpNv5i5ve5", "tz3"),
        ("KT1XnTn74bUtxHfDtBmm2bGZAQfhPbvKWR8o", "kt1"),
    ],
)
def test_addresses_of_its_documents(address: str, kind: str) -> None:
    found = addresses.parse("tezos", address)
    assert (found.text, found.kind) == (address, kind)
    with pytest.raises(InvalidAddress):
        addresses.parse("tezos", address[:-1] + ("a" if address[-1] != "a" else "b"))


@pytest.mark.parametrize("vector", VECTORS["addresses"], ids=lambda vector: str(vector["address"]))
def test_addresses_are_those_of_pytezos(vector: dict[str, str]) -> None:
    found = addresses.parse("tezos", vector["address"])
    assert (found.text, found.payload[3:].hex()) == (vector["address"], vector["hash"])


@pytest.mark.parametrize("vector", VECTORS["blocks"], ids=lambda vector: str(vector["text"]))
def test_hashes_of_blocks_have_the_form_that_the_world_gives_them(vector: dict[str, str]) -> None:
    assert base58.decode_check(vector["text"]) == bytes.fromhex("0134" + vector["hash"])
    assert (len(vector["text"]), vector["text"][0]) == (len(block_hash(HEIGHT)), block_hash(HEIGHT)[0])

"""What an observation asks for and leaves: networks that nobody reads, owners at the block of each claim."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from observation.test_columns import ONLY, claim, file
from observation.told import Heard, run
from observation.toy import toy
from porlake import registry
from porlake.errors import TransportError
from porlake.lake import Lake
from porlake.model import Balance, Claim, Evidence, OwnerLink, Sweep, Unobserved
from porlake.observation import observe
from porlake.transport import Endpoint

FACE = """
from porlake.chains import BlockRef, Family, Link, OneByOne, Reading
from datetime import UTC, datetime


class Client(OneByOne):
    of_signers, owner_network = OF_SIGNERS, "toynet"

    def block(self, height):
        return BlockRef(height, f"h{height}", datetime.fromtimestamp(1_700_000_000, UTC))

    head = block

    def block_at(self, moment):
        return self.block(50)

    def balances(self, wanted, at):
        for want in wanted:
            yield Reading(want.asset, want.address, "total", 7, at, "exact", "toy", "a.example")

    def owner_links(self, accounts, at):
        for one in accounts:
            for owner in one.owners:
                yield Link(one.address, owner, "owner", True, 1, 1, "", "toy", "a.example")


class Toy(Family):
    def open_client(self, network, endpoints, recording, *, beside=None, dump=None, tell=None):
        return Client()


FAMILY = Toy()
"""


def states(row: int, address: str, owner: str) -> Evidence:
    return Evidence(
        **ONLY, source_row=row, for_row=None, network="toynet", asset="TOY", label="TOY", network_label=None,
        holding="wallet", scheme="no_scheme", address_published=address, message="m", signatures=["s"],
        key_or_script="", owners=[owner],
    )  # fmt: skip


@pytest.mark.parametrize(
    ("of_signers", "heights", "links"),
    [
        (False, {"a": 7, "b": None, "c": 9}, {"a": 7, "b": 50, "c": 9}),
        (False, {"a": 7, "c": 9}, {"a": 7, "c": 9}),
        (False, {"b": None}, {"b": 50}),
        (True, {"a": 7, "b": None, "c": 60}, {"a": 60, "b": 60, "c": 60}),
        (True, {"a": 7, "b": None}, {"a": 50, "b": 50}),
    ],
)
def test_owners_are_asked_for_at_the_block_of_their_claim_and_signers_at_the_newest(
    tmp_path: Path, of_signers: bool, heights: dict[str, int | None], links: dict[str, int]
) -> None:
    with toy(tmp_path / "family", FACE.replace("OF_SIGNERS", str(of_signers))):
        lake = Lake(tmp_path / "lake")
        lake.write(Claim, ONLY, [claim(n, "toynet", "TOY", at, 1, heights[at]) for n, at in enumerate(heights)])
        lake.write(Evidence, ONLY, [states(n, at, f"owner{at}") for n, at in enumerate(heights)])
        observe(run(tmp_path / "lake", endpoints={"toynet": Endpoint("http://a.example")}), file(), "toynet")
        assert {row.address: row.height for row in lake.rows(OwnerLink)} == links
        assert {row.address: row.height for row in lake.rows(Balance)} == {
            at: 50 if height is None else height for at, height in heights.items()
        }


def test_what_is_claimed_on_a_network_that_nobody_reads_is_unobserved(tmp_path: Path) -> None:
    network = next(row for row in registry.load().networks.values() if not row.is_read)
    lake = Lake(tmp_path)
    lake.write(Claim, ONLY, [claim(n, network.network, network.native_asset, at, 1, 7) for n, at in enumerate("ab")])
    heard = Heard()
    observe(run(tmp_path, heard), file(), network.network)
    assert [(row.address, row.reason) for row in lake.rows(Unobserved)] == [("a", "no_client"), ("b", "no_client")]
    assert list(lake.rows(Balance)) == []
    assert heard.lines == []


def test_a_sweep_of_a_network_that_is_not_swept_any_more_stands_for_nothing(tmp_path: Path) -> None:
    at = datetime(2024, 3, 25, tzinfo=UTC)
    partition = {"exchange": "okx", "network": "toynet", "swept_at": "2024-03-25T00:00:00Z"}
    row = Sweep("okx", "toynet", at, "TOY", "a", "total", 900, 7, "h7", at, "swept", "a.example")
    with toy(tmp_path / "family", FACE.replace("OF_SIGNERS", "False")):
        lake = Lake(tmp_path / "lake")
        lake.write(Claim, ONLY, [claim(1, "toynet", "TOY", "a", 1, 7)])
        lake.write(Sweep, partition, [row])
        observe(run(tmp_path / "lake", endpoints={"toynet": Endpoint("http://a.example")}), file(), "toynet")
        assert [(one.address, one.amount, one.method) for one in lake.rows(Balance)] == [("a", 700, "toy")]


def test_a_failure_that_is_given_up_on_is_told_in_a_sentence(tmp_path: Path) -> None:
    block = "def block(self, height):"
    face = FACE.replace("OF_SIGNERS", "False").replace(block, f"{block}\n        raise TransportError('gone')")
    with toy(tmp_path / "family", f"from porlake.errors import TransportError\n{face}"):
        lake, heard = Lake(tmp_path / "lake"), Heard()
        lake.write(Claim, ONLY, [claim(1, "toynet", "TOY", "a", 1, 7)])
        asked = run(tmp_path / "lake", heard, endpoints={"toynet": Endpoint("http://a.example")})
        with pytest.raises(TransportError):
            observe(asked, file(), "toynet")
        assert list(lake.rows(Unobserved)) == []
        observe(asked, file(), "toynet", give_up=True)
        assert [(row.address, row.reason) for row in lake.rows(Unobserved)] == [("a", "endpoint_failed")]
    assert heard.sentences == ["observe toynet: gone"]

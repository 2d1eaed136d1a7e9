"""The archive: published bytes under their hash, with the facts of their first arrival."""

from __future__ import annotations

import io
import os
from pathlib import Path

import pytest

from porlake.errors import Damaged, LakeError, MissingPartition
from porlake.lake import Lake
from stores import lay, of_a_folder, tree


@pytest.mark.parametrize("size", [0, 1, (1 << 20) - 1, 1 << 20, (1 << 20) + 1])
def test_all_bytes_are_kept_whatever_their_number(lake: Lake, size: int) -> None:
    content = os.urandom(size)
    name = lake.keep(io.BytesIO(content), {"file_name": "f"})
    with lake.open_raw(name) as stream:
        assert stream.read() == content
    assert lake.has_raw(name)
    assert not lake.has_raw("00" * 32)


@of_a_folder("who may read a file; of an object store its operator says who reads a bucket")
def test_published_bytes_are_their_owners_alone(lake: Lake) -> None:
    name = lake.keep(io.BytesIO(b"x"), {})
    assert (lake.root / "raw" / name).stat().st_mode & 0o777 == 0o600
    assert [path.name for path in (lake.root / "raw").iterdir() if path.name.startswith(".")] == []


@pytest.mark.parametrize("damaged", ["{", "[]", "7", "[" * 100_000])
def test_damaged_facts_are_named_and_mended_by_the_next_arrival(lake: Lake, damaged: str) -> None:
    name = lake.keep(io.BytesIO(b"x"), {"retrieved_at": "first"})
    key = f"raw/{name}.json"
    lay(lake, key, damaged.encode())
    with pytest.raises(Damaged, match="not the facts of a file's arrival"):
        lake.first_facts(name)
    lake.keep(io.BytesIO(b"x"), {"retrieved_at": "second"})
    assert lake.first_facts(name) == {"retrieved_at": "second"}
    lake.store.delete(key)
    with pytest.raises(Damaged):
        lake.first_facts(name)
    lake.keep(io.BytesIO(b"x"), {"retrieved_at": "third"})
    assert lake.first_facts(name) == {"retrieved_at": "third"}


def test_a_source_that_fails_is_named_as_such_and_nothing_is_kept(lake: Lake) -> None:
    """Its failure is not the lake's disk's: the memory of a process at address 0 can be opened and not read."""
    with (
        Path("/proc/self/mem").open("rb") as stream,
        pytest.raises(LakeError, match="/proc/self/mem: cannot be read"),
    ):
        lake.keep(stream, {})
    assert tree(lake) == {}


def test_a_file_that_is_not_there_is_none_of_the_archive(lake: Lake) -> None:
    with pytest.raises(MissingPartition, match="the archive has no file 0000"):
        lake.open_raw("00" * 32)

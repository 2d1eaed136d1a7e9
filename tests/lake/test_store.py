"""A store keeps things whole, swaps by tag and lists what is finished; the local folder is the first of its makers."""

from __future__ import annotations

import os
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from porlake.errors import Damaged, LakeError, MissingPartition
from porlake.lake import Lake, LocalStore, Store
from stores import of_a_folder


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return LocalStore(tmp_path)


def test_what_is_put_is_read_with_a_tag_that_changes_with_it(kept: Store) -> None:
    assert kept.read("a/b") is None
    assert kept.swap("a/b", b"one", None) is True
    first = kept.read("a/b")
    assert first is not None
    assert first.content == b"one"
    assert kept.swap("a/b", b"two", first.tag)
    second = kept.read("a/b")
    assert second is not None
    assert (second.content, second.tag != first.tag) == (b"two", True)


@pytest.mark.parametrize(("there", "tag"), [(b"other", None), (b"other", "theirs"), (None, "theirs")])
def test_a_swap_with_another_tag_changes_nothing(kept: Store, there: bytes | None, tag: str | None) -> None:
    if there is not None:
        kept.swap("k", there, None)
    assert kept.swap("k", b"mine", tag) is False
    found = kept.read("k")
    assert (found.content if found else None) == there


def test_only_the_first_puts_what_is_absent(kept: Store) -> None:
    assert kept.put_if_absent("a/k", b"first") is True
    assert kept.put_if_absent("a/k", b"second") is False
    found = kept.read("a/k")
    assert found is not None
    assert found.content == b"first"


def test_of_many_that_swap_at_once_one_is_first_each_time(kept: Store) -> None:
    """Each adds one to what it read and tries again where another was faster: no addition is lost."""

    def add() -> None:
        for _ in range(20):
            while True:
                stored = kept.read("count")
                before = int(stored.content) if stored else 0
                if kept.swap("count", str(before + 1).encode(), stored.tag if stored else None):
                    break

    threads = [threading.Thread(target=add) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = kept.read("count")
    assert found is not None
    assert found.content == b"80"
    assert list(kept.list("")) == ["count"]


@of_a_folder("what a disk holds and a key does not name; the test of a list below is of both")
def test_a_list_names_what_is_finished_below_a_folder_in_the_order_of_its_parts(store: Store, tmp_path: Path) -> None:
    for key in ("p/a=x-y/f", "p/a=x/f", "p/b", "pq/c"):
        store.put_if_absent(key, b"")
    (tmp_path / "p" / ".writing-x").write_bytes(b"")
    store.workspace("p/a=x")
    assert list(store.list("p")) == ["p/a=x/f", "p/a=x-y/f", "p/b"]
    assert list(store.list("p/b")) == []
    assert list(store.folders("p")) == ["a=x", "a=x-y"]
    assert list(store.folders("p/b")) == list(store.folders("nowhere")) == []
    assert list(store.list("nowhere")) == []


def test_a_file_is_moved_in_and_read_as_bytes_by_pyarrow_and_as_a_local_one(kept: Store, tmp_path: Path) -> None:
    import pyarrow as pa

    made = kept.workspace("x") / "made"
    pq.write_table(pa.table({"a": [1, 2]}), made)
    content = made.read_bytes()
    kept.put_file("x/y/f.parquet", made)
    assert not made.exists()
    with kept.open("x/y/f.parquet") as stream:
        assert stream.read() == content
    with kept.native("x/y/f.parquet") as file:
        assert pq.read_table(file).column("a").to_pylist() == [1, 2]
    assert kept.size("x/y/f.parquet") == len(content)
    kept.fetch("x/y/f.parquet", tmp_path / "held")
    kept.delete_folder("x")
    assert (tmp_path / "held").read_bytes() == content, "no writer of the store removes it"
    assert not kept.holds("x/y/f.parquet")


def test_what_is_not_there_is_said(kept: Store, tmp_path: Path) -> None:
    with pytest.raises(MissingPartition):
        kept.open("k")
    with pytest.raises(MissingPartition):
        kept.fetch("k", tmp_path / "t")
    with pytest.raises(Damaged):
        kept.sha256("k")
    with pytest.raises(LakeError):
        kept.size("k")
    kept.delete("k")
    kept.delete_folder("k")


def test_a_hash_is_kept_until_the_file_changes(kept: Store) -> None:
    kept.put("k", b"one")
    first = kept.sha256("k")
    kept.put("k", b"other")
    assert kept.sha256("k") != first
    assert kept.sha256("k", anew=True) == kept.sha256("k")


def test_one_writer_of_a_machine_at_a_time_and_what_a_dead_one_left_is_removed(kept: Store) -> None:
    left = kept.workspace("p")
    entered = threading.Event()
    with kept.alone("p"):
        assert not left.exists()

        def second() -> None:
            with kept.alone("p"):
                entered.set()

        thread = threading.Thread(target=second)
        thread.start()
        assert not entered.wait(0.2)
    thread.join(10)
    assert entered.is_set()


# --- what lies in the way ---------------------------------------------------------------------------------------------
def test_a_list_of_an_object_store_names_no_part_of_another_folder(kept: Store) -> None:
    for key in ("p/a=x%2Fy/f", "p/a=x/f", "p/b", "pq/c", "p/.unfinished-x/f", "p/a=x/.hidden"):
        kept.put(key, key.encode())
    assert list(kept.list("p")) == ["p/a=x/f", "p/a=x%2Fy/f", "p/b"]
    assert list(kept.folders("p")) == ["a=x", "a=x%2Fy"]
    assert list(kept.list("p/b")) == list(kept.folders("nowhere")) == list(kept.list("nowhere")) == []
    assert list(kept.list("p/.unfinished-x")) == ["p/.unfinished-x/f"]
    found = kept.read("p/a=x%2Fy/f")
    assert found is not None
    assert found.content == b"p/a=x%2Fy/f"
    kept.put("p/b", b"other")
    assert kept.size("p/b") == 5
    kept.delete_folder("p")
    assert list(kept.list("")) == ["pq/c"]
    assert not kept.holds("p/.unfinished-x/f")


def test_folders_are_made_on_the_way_and_may_be_there_already(lake: Lake, kept: Store, tmp_path: Path) -> None:
    for key in ("a/b/c/k", "a/b/c/k2", "a/k"):
        assert kept.put_if_absent(key, b"1")
        assert kept.swap(f"{key}.s", b"2", None)
        made = tmp_path / "made"
        made.write_bytes(b"3")
        kept.put_file(f"{key}.f/x/y", made)
        made.write_bytes(b"4")
        kept.put_file(f"{key}.f/x/y", made)
        with kept.open(f"{key}.f/x/y") as stream:
            assert stream.read() == b"4"
    for prefix in ("w/x/y", "w/x/y", "w"):
        assert kept.workspace(prefix).parent == lake.root / prefix
    for prefix in ("v/x/y", "v/x/y", "v"):
        with kept.alone(prefix):
            pass


@of_a_folder("who may read a file; of an object store its operator says who reads a bucket")
def test_what_is_put_may_be_read_by_everybody_and_written_by_its_owner(store: Store, tmp_path: Path) -> None:
    store.put_if_absent("a", b"")
    store.swap("b", b"", None)
    assert {path.name: path.stat().st_mode & 0o777 for path in tmp_path.iterdir()} == {"a": 0o644, "b": 0o644}


@of_a_folder("what a disk takes for no name; an object store takes 1,024 bytes of any")
def test_a_folder_or_a_name_that_no_disk_takes_is_a_sentence(store: Store, tmp_path: Path) -> None:
    """Neither is read as nothing."""
    (tmp_path / "folder").mkdir()
    endless = "x" * 300
    asked: list[Callable[[], object]] = [
        lambda: store.read("folder"),
        lambda: store.open("folder"),
        lambda: list(store.list(endless)),
        lambda: store.size(endless),
        lambda: store.native(endless),
        lambda: store.native("nothing"),
    ]
    for ask in asked:
        with pytest.raises(LakeError, match="cannot be read") as caught:
            ask()
        assert str(tmp_path) in str(caught.value)
    for write in (
        lambda: store.put_if_absent(endless, b""),
        lambda: store.swap(endless, b"", None),
        lambda: store.delete(endless),
        lambda: store.delete_folder(endless),
        lambda: store.workspace(endless),
        lambda: store.alone(endless),
    ):
        with pytest.raises(LakeError, match="cannot be written"):
            write()


@of_a_folder("an object store has no links")
def test_a_link_is_what_it_is_and_nothing_behind_it_is_listed_or_removed(store: Store, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "f").write_text("mine")
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "link").symlink_to(outside)
    (tmp_path / "in" / ".writing-link").symlink_to(outside)
    (tmp_path / "in" / ".writing-file").write_text("")
    (tmp_path / "in" / ".writing-folder").mkdir()
    (tmp_path / "in" / ".kept").write_text("")
    assert list(store.list("in")) == ["in/link"]
    with store.alone("in"):
        pass
    assert sorted(path.name for path in (tmp_path / "in").iterdir()) == [".kept", "link"]
    assert (outside / "f").read_text() == "mine"


def test_a_target_that_is_there_is_replaced_and_the_stored_file_stays_as_it_is(kept: Store, tmp_path: Path) -> None:
    kept.put_if_absent("k", b"stored")
    target = tmp_path / "target"
    for _ in range(2):
        kept.fetch("k", target)
        assert target.read_bytes() == b"stored"


@pytest.mark.skipif(not Path("/dev/shm").is_dir(), reason="needs a second file system")
def test_a_file_is_fetched_to_another_file_system(kept: Store, tmp_path: Path) -> None:
    kept.put_if_absent("k", b"stored")
    with tempfile.TemporaryDirectory(dir="/dev/shm") as folder:
        kept.fetch("k", Path(folder) / "target")
        assert (Path(folder) / "target").read_bytes() == b"stored"


@of_a_folder("a state of a file is known by its inode, size and time")
def test_a_hash_is_taken_once_for_a_state_of_a_file_and_anew_when_it_is_asked_for(store: Store, tmp_path: Path) -> None:
    store.put_if_absent("k", b"one")
    first, times = store.sha256("k"), (tmp_path / "k").stat()
    (tmp_path / "k").write_bytes(b"two")
    os.utime(tmp_path / "k", ns=(times.st_atime_ns, times.st_mtime_ns))
    assert store.sha256("k") == first
    assert store.sha256("k", anew=True) != first

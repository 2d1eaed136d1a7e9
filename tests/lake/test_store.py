"""A store keeps things whole, swaps by tag and lists what is finished; the local folder is the first of its makers."""

from __future__ import annotations

import threading
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from porlake.errors import Damaged, LakeError, MissingPartition
from porlake.lake import LocalStore, Store


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return LocalStore(tmp_path)


def test_what_is_put_is_read_with_a_tag_that_changes_with_it(store: Store) -> None:
    assert store.read("a/b") is None
    assert store.swap("a/b", b"one", None)
    first = store.read("a/b")
    assert first is not None
    assert first.content == b"one"
    assert store.swap("a/b", b"two", first.tag)
    second = store.read("a/b")
    assert second is not None
    assert (second.content, second.tag != first.tag) == (b"two", True)


@pytest.mark.parametrize(("there", "tag"), [(b"other", None), (b"other", "theirs"), (None, "theirs")])
def test_a_swap_with_another_tag_changes_nothing(store: Store, there: bytes | None, tag: str | None) -> None:
    if there is not None:
        store.swap("k", there, None)
    assert not store.swap("k", b"mine", tag)
    found = store.read("k")
    assert (found.content if found else None) == there


def test_only_the_first_puts_what_is_absent(store: Store) -> None:
    assert store.put_if_absent("a/k", b"first")
    assert not store.put_if_absent("a/k", b"second")
    found = store.read("a/k")
    assert found is not None
    assert found.content == b"first"


def test_of_many_that_swap_at_once_one_is_first_each_time(store: Store) -> None:
    """Each adds one to what it read and tries again where another was faster: no addition is lost."""

    def add() -> None:
        for _ in range(20):
            while True:
                stored = store.read("count")
                before = int(stored.content) if stored else 0
                if store.swap("count", str(before + 1).encode(), stored.tag if stored else None):
                    break

    threads = [threading.Thread(target=add) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = store.read("count")
    assert found is not None
    assert found.content == b"80"
    assert list(store.list("")) == ["count"]


def test_a_list_names_what_is_finished_below_a_folder_in_the_order_of_its_parts(store: Store, tmp_path: Path) -> None:
    for key in ("p/a=x-y/f", "p/a=x/f", "p/b", "pq/c"):
        store.put_if_absent(key, b"")
    (tmp_path / "p" / ".writing-x").write_bytes(b"")
    store.workspace("p/a=x")
    assert list(store.list("p")) == ["p/a=x/f", "p/a=x-y/f", "p/b"]
    assert list(store.list("p/b")) == []
    assert list(store.list("nowhere")) == []


def test_a_file_is_moved_in_and_read_as_bytes_by_pyarrow_and_as_a_local_one(store: Store, tmp_path: Path) -> None:
    import pyarrow as pa

    made = store.workspace("x") / "made"
    pq.write_table(pa.table({"a": [1, 2]}), made)
    content = made.read_bytes()
    store.put_file("x/y/f.parquet", made)
    assert not made.exists()
    with store.open("x/y/f.parquet") as stream:
        assert stream.read() == content
    with store.native("x/y/f.parquet") as file:
        assert pq.read_table(file).column("a").to_pylist() == [1, 2]
    assert store.size("x/y/f.parquet") == len(content)
    store.fetch("x/y/f.parquet", tmp_path / "held")
    store.delete_folder("x")
    assert (tmp_path / "held").read_bytes() == content, "no writer of the store removes it"
    assert not store.holds("x/y/f.parquet")


def test_what_is_not_there_is_said(store: Store, tmp_path: Path) -> None:
    with pytest.raises(MissingPartition):
        store.open("k")
    with pytest.raises(MissingPartition):
        store.fetch("k", tmp_path / "t")
    with pytest.raises(Damaged):
        store.sha256("k")
    with pytest.raises(LakeError):
        store.size("k")
    store.delete("k")
    store.delete_folder("k")


def test_a_hash_is_kept_until_the_file_changes(store: Store, tmp_path: Path) -> None:
    store.put_if_absent("k", b"one")
    first = store.sha256("k")
    (tmp_path / "k").write_bytes(b"other")
    assert store.sha256("k") != first
    assert store.sha256("k", anew=True) == store.sha256("k")


def test_one_writer_at_a_time_and_what_a_dead_one_left_is_removed(store: Store, tmp_path: Path) -> None:
    left = store.workspace("p")
    entered = threading.Event()
    with store.alone("p"):
        assert not left.exists()

        def second() -> None:
            with store.alone("p"):
                entered.set()

        thread = threading.Thread(target=second)
        thread.start()
        assert not entered.wait(0.2)
    thread.join(10)
    assert entered.is_set()

"""What a stage has finished is there whole or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest

from porlake.errors import LakeError
from porlake.lake import Below, Lake, Scratch, forget
from stores import held, lay, of_a_folder, tree


def test_parts_come_back_in_the_order_of_their_names(scratch: Path | Below) -> None:
    kept = Scratch(scratch / "deep" / "folder")
    assert list(kept.parts()) == []
    kept.keep("b", b"two")
    kept.keep("a", b"one")
    kept.keep("a", b"once more")
    assert list(kept.parts()) == [("a", b"once more"), ("b", b"two")]


@pytest.mark.parametrize("left", [0, 31, 32, 34])
def test_a_torn_part_is_none(lake: Lake, scratch: Path | Below, left: int) -> None:
    kept = Scratch(scratch)
    kept.keep("a", b"one")
    kept.keep("b", b"two")
    (key,) = (key for key in tree(lake) if key.endswith("/a"))
    lay(lake, key, held(lake, key)[:left])
    assert list(kept.parts()) == [("b", b"two")]


def test_an_empty_part_is_whole(scratch: Path | Below) -> None:
    kept = Scratch(scratch)
    kept.keep("a", b"")
    assert list(kept.parts()) == [("a", b"")]


def test_what_is_no_longer_needed_goes(lake: Lake, scratch: Path | Below) -> None:
    kept = Scratch(scratch)
    kept.keep("a", b"one")
    assert len(tree(lake)) == 1
    forget(scratch)
    forget(scratch)
    assert tree(lake) == {}


@of_a_folder("its subject is a file in the way of a folder; an object store has no folders")
def test_a_folder_that_cannot_be_written_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(LakeError, match="cannot be written"):
        Scratch(tmp_path / "file").keep("a", b"one")

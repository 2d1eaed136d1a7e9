"""What a stage has finished is there whole or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest

from porlake.errors import LakeError
from porlake.lake import Scratch, forget


def test_parts_come_back_in_the_order_of_their_names(tmp_path: Path) -> None:
    kept = Scratch(tmp_path / "deep" / "folder")
    assert list(kept.parts()) == []
    kept.keep("b", b"two")
    kept.keep("a", b"one")
    kept.keep("a", b"once more")
    assert list(kept.parts()) == [("a", b"once more"), ("b", b"two")]


@pytest.mark.parametrize("left", [0, 31, 32, 34])
def test_a_torn_part_is_none(tmp_path: Path, left: int) -> None:
    kept = Scratch(tmp_path)
    kept.keep("a", b"one")
    kept.keep("b", b"two")
    (tmp_path / "a").write_bytes((tmp_path / "a").read_bytes()[:left])
    assert list(kept.parts()) == [("b", b"two")]


def test_an_empty_part_is_whole(tmp_path: Path) -> None:
    kept = Scratch(tmp_path)
    kept.keep("a", b"")
    assert list(kept.parts()) == [("a", b"")]


def test_what_is_no_longer_needed_goes(tmp_path: Path) -> None:
    kept = Scratch(tmp_path / "f")
    kept.keep("a", b"one")
    forget(tmp_path / "f")
    forget(tmp_path / "f")
    assert not (tmp_path / "f").exists()


def test_a_folder_that_cannot_be_written_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(LakeError, match="cannot be written"):
        Scratch(tmp_path / "file").keep("a", b"one")

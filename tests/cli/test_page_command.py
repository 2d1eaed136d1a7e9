"""What `porlake page` says of a slip of the keyboard, a lake that published nothing, a folder of somebody else."""

from __future__ import annotations

from pathlib import Path

import pytest

from porlake import cli


def said(capsys: pytest.CaptureFixture[str], *words: str | Path) -> tuple[int, str]:
    code = cli.main(["page", *map(str, words)])
    return code, capsys.readouterr().err


def test_a_lake_that_is_not_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, told = said(capsys, tmp_path / "page", "--lake", tmp_path / "lkae")
    assert code == 1
    assert "lkae: no lake lies there" in told
    assert not (tmp_path / "page").exists()


def test_a_lake_in_which_nothing_is_published(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "data" / "lake").mkdir(parents=True)
    code, told = said(capsys, tmp_path / "page", "--lake", tmp_path / "data")
    assert code == 1
    assert "nothing is published yet; `porlake publish` does it" in told
    assert not (tmp_path / "page").exists()


def test_a_folder_of_somebody_else(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "data" / "lake").mkdir(parents=True)
    (tmp_path / "thesis.tex").write_text("mine")
    code, told = said(capsys, tmp_path, "--lake", tmp_path / "data")
    assert code == 1
    assert "holds other things (data, thesis.tex)" in told
    assert (tmp_path / "thesis.tex").read_text() == "mine"


@pytest.mark.parametrize("port", ["65536", "-1", "out", "80.0", "\u0663"])
def test_a_port_that_is_none(port: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main(["page", "--serve", port])
    assert ended.value.code == 2
    assert "porlake page" in capsys.readouterr().err

"""bitcoinlib leaves nothing behind and needs no home folder; who meets no extended key does not load it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from porlake.encoding import _bitcoinlib

XPUB = "xpub661MyMwAqRbcFtXgS5sYJABqqG9YLmC4Q1Rdap9gSE8NqtwybGhePY2gZ29ESFjqJoCu1Rupje8YtGqsefD265TMg7usUDFdp6W1EGMcet8"
PLUGINS = Path(_bitcoinlib.__file__).parents[2]


def run(code: str, folder: Path, **environ: str) -> subprocess.CompletedProcess[str]:
    """Runs Python in a folder that cannot be written, with a home that does not exist."""
    home = folder / "home"
    folder.chmod(0o500)
    known = {name: text for name, text in os.environ.items() if name not in ("HOME", "BCL_DATA_DIR")}
    try:
        return subprocess.run(
            [sys.executable, "-c", code],
            cwd=folder,
            env=known | {"HOME": str(home), "PYTHONPATH": str(PLUGINS), "PYTHONDONTWRITEBYTECODE": "1"} | environ,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
    finally:
        folder.chmod(0o700)


def test_a_key_is_derived_under_a_home_that_cannot_be_made_and_nothing_is_left(tmp_path: Path) -> None:
    folder, temporary = tmp_path / "cwd", tmp_path / "temporary"
    folder.mkdir()
    temporary.mkdir()
    # A home below a file cannot be made by anybody, root included.
    (tmp_path / "file").touch()
    code = f"from porlake.encoding import bip32; print(bip32.child({XPUB!r}, (0, 5)).hex())"
    found = run(code, folder, HOME=str(tmp_path / "file" / "home"), TMPDIR=str(temporary))
    assert (found.returncode, found.stdout.strip(), found.stderr) == (
        0, "0364a609ea30f2f9e137c3069b387321e6949baa097168e6dbfea48f13fbbe9f79", ""), found.stderr  # fmt: skip
    assert list(temporary.iterdir()) == list(folder.iterdir()) == []


def test_bitcoinlib_alone_fails_there(tmp_path: Path) -> None:
    """What is guarded against is real."""
    folder = tmp_path / "cwd"
    folder.mkdir()
    (tmp_path / "file").touch()
    found = run("import bitcoinlib.keys", folder, HOME=str(tmp_path / "file" / "home"))
    assert found.returncode != 0


def test_a_folder_that_the_user_named_is_not_touched_and_stays_named(tmp_path: Path) -> None:
    folder, own = tmp_path / "cwd", tmp_path / "own"
    folder.mkdir()
    code = "import os; from porlake.encoding import _bitcoinlib; _bitcoinlib.keys(); print(os.environ['BCL_DATA_DIR'])"
    found = run(code, folder, BCL_DATA_DIR=str(own))
    assert found.stdout.strip() == str(own), found.stderr
    assert not own.exists()


def test_what_it_says_of_keys_goes_to_no_log(tmp_path: Path) -> None:
    code = f"""
import logging, sys
logging.basicConfig(level=logging.DEBUG, stream=sys.stdout)
from porlake.encoding import _bitcoinlib
keys = _bitcoinlib.keys()
try:
    keys.HDKey.from_wif({XPUB[:-9]!r})
except keys.BKeyError as error:
    print("refused:", error)
"""
    found = run(code, tmp_path)
    assert found.stdout.startswith("refused: "), found.stderr
    assert found.stdout.count("\n") == 1


def test_it_is_loaded_by_nobody_who_meets_no_extended_key(tmp_path: Path) -> None:
    code = "import sys, porlake.ownership, porlake.pipeline; print('bitcoinlib' in sys.modules)"
    assert run(code, tmp_path).stdout.strip() == "False"

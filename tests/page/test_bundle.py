"""The built page is what its source makes, its JavaScript passes its own tests, and it stays small and shut."""

from __future__ import annotations

import gzip
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from support import ROOT

PAGE = ROOT / "page"
BUILT = ROOT / "plugins" / "porlake" / "page"


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Node, with the packages of the page's lock beside the source; skipped where there is none of them to be had."""
    found, npm = shutil.which("node"), shutil.which("npm")
    if found is None or npm is None:
        pytest.skip("Node is not installed")
    if not (PAGE / "node_modules" / ".package-lock.json").exists():
        made = subprocess.run([npm, "ci", "--ignore-scripts"], cwd=PAGE, capture_output=True, text=True, timeout=300)
        if made.returncode:
            pytest.skip(f"npm ci in page/ fails: {made.stderr.strip()[-300:]}")
    return found


def test_the_bundle_is_what_the_source_makes(node: str, tmp_path: Path) -> None:
    subprocess.run([node, "build.js", str(tmp_path / "built")], cwd=PAGE, check=True, timeout=120)
    made = {path.name: path.read_bytes() for path in (tmp_path / "built").iterdir()}
    kept = {path.name: path.read_bytes() for path in BUILT.iterdir()}
    assert sorted(made) == sorted(kept)
    assert [name for name in made if made[name] != kept[name]] == [], "npm run build in page/ makes it anew"


def test_its_types_hold(node: str) -> None:
    ran = subprocess.run(
        [node, "node_modules/typescript/bin/tsc", "-p", "."], cwd=PAGE, capture_output=True, text=True, timeout=180
    )
    assert ran.returncode == 0, ran.stdout[-4000:]


def test_its_own_tests_pass(node: str) -> None:
    ran = subprocess.run([node, "--test", "test/"], cwd=PAGE, capture_output=True, text=True, timeout=120)
    assert ran.returncode == 0, ran.stdout[-4000:]
    assert int(re.findall(r"^# pass (\d+)", ran.stdout, re.MULTILINE)[0]) >= 26


def test_the_whole_bundle_is_below_250_kb_compressed() -> None:
    assert sum(len(gzip.compress(path.read_bytes(), 9)) for path in BUILT.iterdir()) < 250_000


def test_nothing_is_loaded_from_elsewhere_and_no_text_becomes_markup() -> None:
    page = (BUILT / "index.html").read_text()
    [policy] = re.findall(r'http-equiv="Content-Security-Policy" content="([^"]*)"', page)
    asked = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))
    assert asked["default-src"] == "'none'"
    assert {asked[kind] for kind in ("script-src", "style-src", "connect-src")} == {"'self'"}
    assert "unsafe" not in policy
    assert re.findall(r"<script(?![^>]*\bsrc=)|<style|\bstyle=|\son\w+=|https?://", page) == []
    source = "".join(path.read_text() for path in sorted((PAGE / "src").rglob("*.js")))
    assert (
        re.findall(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|DOMParser|\beval\(|new Function", source)
        == []
    )

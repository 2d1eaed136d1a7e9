"""Pages of made and real marts on loopback, and a browser that reaches nothing else."""

from __future__ import annotations

import os
import shutil
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

import made_marts
from porlake import pipeline, warehouse
from porlake.cli import _answers, _serve
from porlake.lake import Lake
from support import ROOT, made_once

#: Every name leads nowhere, and so does every address but loopback.
CUT_OFF = ["--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1", "--proxy-server=http://127.0.0.1:9",
           "--proxy-bypass-list=127.0.0.1"]  # fmt: skip
SHOTS = ROOT / "build" / "page"


def chromium_of_this_machine() -> str | None:
    """The browser itself: Debian's `chromium` is a shell script around it."""
    return next(filter(None, map(shutil.which, ("/usr/lib/chromium/chromium", "chromium"))), None)


@dataclass
class Site:
    """A page that is served: `folder` is its own, `lake` that of its marts."""

    lake: Lake
    folder: Path
    url: str


@dataclass
class Seen:
    """A tab, and what went wrong in it: errors of its console, requests to elsewhere."""

    tab: Page
    errors: list[str] = field(default_factory=list)
    strange: list[str] = field(default_factory=list)

    def show(self, site: Site, view: str) -> None:
        """Open a view as from a link, and wait until it stands."""
        self.tab.goto("about:blank")
        self.tab.goto(f"{site.url}index.html{view}")
        self.wait()

    def follow(self, view: str) -> None:
        """Change to another view of the page that is open."""
        self.tab.evaluate("view => { document.documentElement.dataset.ready = 'asked'; location.hash = view; }", view)
        self.wait()

    def wait(self) -> None:
        ends = 'html[data-ready="yes"][data-drawn="yes"], html[data-ready="failed"]'
        self.tab.wait_for_selector(ends, state="attached", timeout=60_000)
        assert self.tab.evaluate("document.documentElement.dataset.ready") == "yes", self.tab.url


@pytest.fixture(scope="session")
def sites(published_month: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Site]]:
    """Gives the page of `month` (the bundled one), `grown` (12 exchanges of 36 months), `hostile`, `empty`, `one`,
    `printed` (of the bundled one what exchanges printed themselves); `asks` is `month` with its lake at hand."""
    month = Lake(published_month)
    makers: dict[str, Callable[[Path], Lake]] = {
        "month": lambda root: month,
        "grown": lambda root: made_marts.grown(month, root),
        "hostile": lambda root: made_marts.hostile(month, root),
        "empty": lambda root: made_marts.emptied(month, root),
        "printed": lambda root: made_marts.printed(month, root),
        "one": lambda root: made_marts.of_one(month, root),
    }
    found: dict[str, Site] = {}
    with ExitStack() as servers:

        def give(name: str) -> Site:
            if name == "asks" and name not in found:
                whole = give("month")
                answers = _answers.Answers(pipeline.session(published_month, environ={}), print)
                found[name] = Site(month, whole.folder, servers.enter_context(_served(whole.folder, answers)))
            if name not in found:
                folder = made_once(tmp_path_factory, f"site-{name}", lambda root: _make(makers[name], root))
                lake = month if name == "month" else Lake(folder / "lake")
                found[name] = Site(lake, folder / "page", servers.enter_context(_served(folder / "page")))
            return found[name]

        yield give


def _make(maker: Callable[[Path], Lake], root: Path) -> None:
    warehouse.page_in(maker(root / "lake"), root / "page")


@contextmanager
def _served(folder: Path, asked: _serve.Asked | None = None) -> Iterator[str]:
    running = _serve.server(folder, 0, asked)
    threading.Thread(target=running.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{running.server_port}/"
    finally:
        running.shutdown()
        running.server_close()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    program = chromium_of_this_machine()
    if program is None:
        pytest.skip("Chromium is not installed (make nodes)")
    root = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as driver:
        started = driver.chromium.launch(executable_path=program, args=[*CUT_OFF, *root])
        yield started
        started.close()


@pytest.fixture
def seen(browser: Browser) -> Iterator[Callable[..., Seen]]:
    """Gives tabs; where one of them met an error or asked for something elsewhere, the test fails."""
    made: list[Seen] = []

    def give(**options: Any) -> Seen:
        context = browser.new_context(**{"viewport": {"width": 1280, "height": 900}} | options)
        one = Seen(context.new_page())
        one.tab.on("console", lambda said: one.errors.append(said.text) if said.type == "error" else None)
        one.tab.on("pageerror", lambda error: one.errors.append(str(error)))
        one.tab.on("dialog", lambda dialog: (one.errors.append(f"dialog {dialog.message}"), dialog.dismiss()))
        one.tab.on("request", lambda asked: one.strange.append(asked.url) if not _own(asked.url) else None)
        made.append(one)
        return one

    yield give
    for one in made:
        one.tab.context.close()
    assert [one.errors for one in made] == [[] for _ in made]
    assert [one.strange for one in made] == [[] for _ in made]


def _own(url: str) -> bool:
    return url.startswith(("http://127.0.0.1:", "about:", "data:", "blob:http://127.0.0.1:"))


@pytest.fixture(scope="session")
def axe() -> str:
    """axe-core of the page's lock; skipped where npm is not there to bring it."""
    program = ROOT / "page" / "node_modules" / "axe-core" / "axe.min.js"
    npm = shutil.which("npm") or shutil.which("npm", path=str(Path(os.sys.executable).parent))
    if not program.exists():
        if npm is None:
            pytest.skip("npm is not installed")
        made = subprocess.run([npm, "ci", "--ignore-scripts"], cwd=ROOT / "page", capture_output=True, text=True)
        if made.returncode:
            pytest.skip(f"npm ci in page/ fails: {made.stderr.strip()[-300:]}")
    return program.read_text(encoding="utf-8")

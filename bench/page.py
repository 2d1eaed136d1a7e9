"""The page of 12 exchanges of 36 months: how long it takes to make, how large it is, how soon a view stands.

    bench/page.py            makes the marts of the bundled month first, a minute
    bench/page.py LAKE       takes those that a lake has published

A view counts from the address to `data-ready`, each in a tab of its own with nothing cached: the median of five. The
baseline is the same browser's time for an empty file from the same server.
"""

from __future__ import annotations

import gzip
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from porlake import warehouse
from porlake.cli import _serve
from porlake.lake import Lake

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests"))
VIEWS = ("#/market", "#/exchange/okx", "#/asset/BTC", "#/attestation/okx/2024-03-25")


def month(root: Path) -> Lake:
    """The bundled month, through all stages."""
    from support import MONTH_RUN

    subprocess.run(
        [sys.executable, "-m", "porlake", *MONTH_RUN, "--lake", str(root)], check=True, capture_output=True, cwd=ROOT
    )
    return Lake(root)


def seconds(browser: Browser, url: str, ready: str) -> float:
    found = []
    for _ in range(5):
        tab = browser.new_context(viewport={"width": 1280, "height": 900}).new_page()
        began = time.monotonic()
        tab.goto(url)
        tab.wait_for_selector(ready, state="attached", timeout=60_000)
        found.append(time.monotonic() - began)
        tab.context.close()
    return statistics.median(found)


def main() -> None:
    import made_marts

    program = shutil.which("/usr/lib/chromium/chromium") or shutil.which("chromium")
    with tempfile.TemporaryDirectory(prefix="porlake-bench-") as folder:
        source = Lake(sys.argv[1]) if sys.argv[1:] else month(Path(folder) / "month")
        lake, out = made_marts.grown(source, Path(folder) / "grown"), Path(folder) / "page"
        began, used = time.monotonic(), time.process_time()
        warehouse.page_in(lake, out)
        bundle = sum(len(gzip.compress(path.read_bytes(), 9)) for path in warehouse.bundle_folder().iterdir())
        size = sum(path.stat().st_size for path in out.rglob("*") if path.is_file())
        print(
            f"made in {time.monotonic() - began:.1f} s ({time.process_time() - used:.1f} s of CPU), {size / 1e6:.1f} MB"
        )
        print(f"front end {bundle / 1e3:.0f} kB compressed")
        if program is None:
            print("no Chromium here: views are not measured")
            return
        (out / "empty.html").write_text('<!doctype html><html data-ready="yes"><title>empty</title>', encoding="utf-8")
        running = _serve.server(out, 0)
        threading.Thread(target=running.serve_forever, daemon=True).start()
        root = ["--no-sandbox"] if os.geteuid() == 0 else []
        with sync_playwright() as driver:
            browser = driver.chromium.launch(executable_path=program, args=root)
            url, ready = f"http://127.0.0.1:{running.server_port}/", 'html[data-ready="yes"]'
            empty = seconds(browser, f"{url}empty.html", ready)
            print(f"{'an empty file':32} {empty * 1000:6.0f} ms")
            for view in VIEWS:
                took = seconds(browser, f"{url}index.html{view}", ready)
                print(f"{view:32} {took * 1000:6.0f} ms, {took / empty:5.1f} times an empty file")
            browser.close()
        running.shutdown()


if __name__ == "__main__":
    main()

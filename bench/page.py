"""The page of 12 exchanges of 36 months: how long it takes to make, how large it is, how soon a view stands.

    bench/page.py            makes the marts of the bundled month first, a minute
    bench/page.py LAKE       takes those that a lake has published

A view counts from the address to `data-ready`, when all that is in the window stands (pictures below it are drawn
after that), each in a tab of its own with nothing cached: the median of five; of what was asked for until then the
requests and bytes, and the processor time of the page's main thread, which other work of the machine does not change.
The baseline is the same browser's time for an empty file from the same server.
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
from functools import partial
from pathlib import Path

from playwright.sync_api import Browser, Request, sync_playwright

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


def _add(ended: list[Request], request: Request) -> None:
    """A function of ours: a handler is given an attribute, which `list.append` does not take."""
    ended.append(request)


def view(browser: Browser, url: str, ready: str) -> tuple[float, float, int, int]:
    """Seconds until it stands, of them those of the main thread's processor, requests, bytes."""
    found = []
    for _ in range(5):
        tab = browser.new_context(viewport={"width": 1280, "height": 900}).new_page()
        ended: list[Request] = []
        tab.on("requestfinished", partial(_add, ended))
        tools = tab.context.new_cdp_session(tab)
        tools.send("Performance.enable", {"timeDomain": "threadTicks"})
        began = time.monotonic()
        tab.goto(url)
        tab.wait_for_selector(ready, state="attached", timeout=60_000)
        took, asked = time.monotonic() - began, list(ended)
        used = {one["name"]: one["value"] for one in tools.send("Performance.getMetrics")["metrics"]}["TaskDuration"]
        found.append((took, used, len(asked), sum(one.sizes()["responseBodySize"] for one in asked)))
        tab.context.close()
    took, used, requests, size = (statistics.median(figures) for figures in zip(*found, strict=True))
    return took, used, int(requests), int(size)


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
            empty, used, _, _ = view(browser, f"{url}empty.html", ready)
            print(f"{'an empty file':32} {empty * 1000:6.0f} ms ({used * 1000:4.0f} of CPU)")
            for name in VIEWS:
                took, used, requests, size = view(browser, f"{url}index.html{name}", ready)
                print(
                    f"{name:32} {took * 1000:6.0f} ms ({used * 1000:4.0f} of CPU), {took / empty:5.1f} times an empty "
                    f"file; {requests} requests, {size / 1e3:,.0f} kB"
                )
            browser.close()
        running.shutdown()


if __name__ == "__main__":
    main()

"""OKX's own verifier, where a user has built one: its answer beside ours, as theirs.

https://github.com/okx/proof-of-reserves-v2 (crates/zk-por-checker). Without arguments it looks for the files next to
its executable, says what it found, and waits for Enter; its exit status tells nothing. It believes the circuit that the
file brings. The program is the one that the settings name, never one that a file names; it runs in a folder of its own,
without the environment, bounded in time and output.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from porlake.liabilities._protocol import Finding

LONGEST_SECONDS, MOST_OUTPUT = 120.0, 65_536
_SHOWN = 300
PASSED, FAILED, SILENT = "publishers_verifier_passes", "publishers_verifier_fails", "publishers_verifier_silent"


def answer(program: str, files: Mapping[str, bytes], seconds: float = LONGEST_SECONDS) -> Finding:
    """What the verifier at a path says of files under the names that it looks for."""
    with tempfile.TemporaryDirectory(prefix="porlake-validator-") as folder:
        try:
            copy = Path(folder, Path(program).name)
            shutil.copy(program, copy)  # a link would lead it to the files beside the program itself
            for name, content in files.items():
                Path(folder, name).write_bytes(content)
            said, ended = _said(copy, Path(folder), seconds)
        except OSError as error:
            return Finding(SILENT, f"OKX's verifier cannot be run: {error.strerror}")
    return _finding(said, ended)


def _said(program: Path, folder: Path, seconds: float) -> tuple[str, str]:
    """What it wrote, and why it was ended, '' where it ended by itself."""
    ended, until = "", time.monotonic() + seconds
    with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as enter:
        enter.write(b"\n\n")
        enter.seek(0)
        running = subprocess.Popen(
            [program], cwd=folder, env={"PATH": os.defpath}, stdin=enter, stdout=output, stderr=subprocess.STDOUT,
            start_new_session=True,
        )  # fmt: skip
        try:
            while running.poll() is None and not ended:
                if time.monotonic() > until:
                    ended = f"it ran for more than {seconds:g} s"
                elif os.fstat(output.fileno()).st_size > MOST_OUTPUT:
                    ended = f"it wrote more than {MOST_OUTPUT:,} bytes"
                else:
                    time.sleep(0.02)
        finally:
            _end(running)
        output.seek(0)
        return output.read(MOST_OUTPUT).decode(errors="replace"), ended


def _end(running: subprocess.Popen[bytes]) -> None:
    with suppress(ProcessLookupError):
        os.killpg(running.pid, signal.SIGKILL)  # and what it started
    running.wait()


def _finding(said: str, ended: str) -> Finding:
    lines = [line.strip() for line in said.splitlines() if re.search(r"result|passed|failed|panicked", line, re.I)]
    shown = "".join(char if char.isprintable() else "?" for char in "; ".join(lines))[:_SHOWN]
    if ended:
        return Finding(SILENT, f"OKX's verifier gave no answer: {ended}")
    if re.search(r"failed|Err\(|panicked", said, re.I):
        return Finding(FAILED, f"OKX's verifier says: {shown}")
    if re.search(r"passed|result: Ok", said, re.I):
        return Finding(PASSED, f"OKX's verifier says: {shown}")
    return Finding(SILENT, "OKX's verifier said neither that it passed nor that it failed")

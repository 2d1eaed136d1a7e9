"""bitcoinlib, loaded without what it does to a machine at import.

It makes ~/.bitcoinlib (or BCL_DATA_DIR), copies its settings there and logs into it, and fails where it cannot: under
an unwritable home no import would succeed. Here the folder is a temporary one that is gone once its tables are read,
and nothing is logged: its messages may quote keys. Loading takes some 2 seconds of processor time: only who meets an
extended key pays for it.
"""

from __future__ import annotations

import logging
import os
import tempfile
import threading
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import cast

FOLDER = "BCL_DATA_DIR"
SETTINGS = "[logs]\nenable_bitcoinlib_logging = False\n"

_lock = threading.Lock()


def keys() -> ModuleType:
    """The module bitcoinlib.keys."""
    with _lock:
        return _keys()


@cache
def _keys() -> ModuleType:
    logger = logging.getLogger("bitcoinlib")
    logger.propagate = False
    logger.addHandler(logging.NullHandler())
    before = os.environ.get(FOLDER)
    with tempfile.TemporaryDirectory(prefix="porlake-bitcoinlib-", ignore_cleanup_errors=True) as folder:
        (Path(folder) / "config.ini").write_text(SETTINGS, encoding="utf-8")
        os.environ[FOLDER] = folder
        try:
            from bitcoinlib import keys as module
        finally:
            if before is None:
                del os.environ[FOLDER]
            else:
                os.environ[FOLDER] = before
    return cast(ModuleType, module)

"""What a process of porlake's own, a command or a task, does not load to start."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec
from types import ModuleType

__all__ = ["without_pandas"]


class _NoPandas:
    """Finds no module, and lets nobody else find pandas."""

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if name == "pandas":
            raise ModuleNotFoundError(f"{name} is not looked for while pyarrow starts", name=name)
        return None


def without_pandas() -> None:
    """Let pyarrow look for pandas, once, and find none: its first `pa.array` imports it otherwise, which costs a second
    of every command for nothing. What needs pandas after that imports it as ever, `Table.to_pandas` too.

    For processes of our own alone: where somebody else's code hands pyarrow a Series, pyarrow must know it.
    """
    if "pandas" in sys.modules:
        return
    import pyarrow as pa

    finder = _NoPandas()
    sys.meta_path.insert(0, finder)
    try:
        pa.array(())
    finally:
        sys.meta_path.remove(finder)

"""The modules of a room that are formats: each whose name begins with no underscore, found by its file."""

from __future__ import annotations

import pkgutil
import sys
from collections.abc import Iterable, Iterator, Mapping
from importlib import import_module
from typing import Generic, TypeVar, cast

Form = TypeVar("Form")


class Formats(Mapping[str, Form], Generic[Form]):
    """Formats by name, each imported when it is first asked for. `package`: the room's full name; `parts`: what a
    module must have to be one, NAME among it.
    """

    def __init__(self, package: str, parts: tuple[str, ...]) -> None:
        self._package, self._parts = package, parts
        self._named: tuple[tuple[str, ...], dict[str, None]] = (), {}

    def __getitem__(self, name: str) -> Form:
        """Raises KeyError for no module of the room, TypeError for one that is no format."""
        if name not in self._names():
            raise KeyError(name)
        module = import_module(f"{self._package}.{name}")
        lacking = [part for part in self._parts if not hasattr(module, part)]
        if lacking or name != module.NAME:
            place = f"{self._package.rpartition('.')[2]}/{name}.py"
            raise TypeError(f"{place} lacks {', '.join(lacking) or f'NAME = {name!r}'}: no format, see CONTRIBUTING")
        return cast(Form, module)

    def __iter__(self) -> Iterator[str]:
        return iter(self._names())

    def __len__(self) -> int:
        return len(self._names())

    def _names(self) -> dict[str, None]:
        """In order. The folders of the room are looked through once: each file of a bundle asks every format."""
        folders = tuple(sys.modules[self._package].__path__)
        if self._named[0] != folders:
            names = (found.name for found in pkgutil.iter_modules(folders))
            self._named = folders, dict.fromkeys(sorted(name for name in names if not name.startswith("_")))
        return self._named[1]


def looked_for(forms: Iterable[tuple[str, str | None]]) -> str:
    """Names of formats, and by what each knows a file, as its docstring (`Whether a file ...`) says it."""
    words = ((name, " ".join((says or "").split()).removeprefix("Whether ").rstrip(".")) for name, says in forms)
    return "; ".join(f"{name}: {how}" if how else name for name, how in words) or "nothing: there is no such format"

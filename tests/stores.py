"""Which stores a test of the lake runs over: a folder and an object store, or the one that it says, with its reason.

What a fault of the disk or of the store does to a lake is done by a key (`lay`, `gone`, `tree`), so that it is done to
both alike.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from object_store import KEYS
from porlake.lake import Lake
from porlake.lake.objects import ObjectStore

FOLDER, OBJECTS = "a folder", "an object store"
BOTH = (FOLDER, pytest.param(OBJECTS, marks=pytest.mark.slow))


def of_a_folder(reason: str) -> pytest.MarkDecorator:
    """The mark of a test whose subject is the folder of one machine, and why it is that."""
    return pytest.mark.of_a_folder(reason)


def of_objects(reason: str) -> pytest.MarkDecorator:
    """The mark of a test, or a module, whose subject is the object store."""
    return pytest.mark.of_objects(reason)


def held(lake: Lake, key: str) -> bytes:
    """What lies in the store, whatever this machine has fetched of it."""
    stored = lake.store.read(key)
    assert stored is not None, key
    return stored.content


def lay(lake: Lake, key: str, content: bytes) -> None:
    """Let something lie there that the lake has not written. What this machine fetched of it before is gone: on another
    one it never was.
    """
    lake.store.put(key, content)
    if lake.store.shared:
        (lake.root / key).unlink(missing_ok=True)


def flipped(lake: Lake, key: str, bit: int) -> bytes:
    """Flip one bit of what lies there, wherever it is; the bytes of before."""
    before = held(lake, key)
    content = bytearray(before)
    content[bit // 8 % len(content)] ^= 1 << bit % 8
    lay(lake, key, bytes(content))
    return before


def repoint(lake: Lake, place: str, change: Callable[[Any], object]) -> str:
    """Rewrite a partition's pointer by hand, by what `change` gives or makes of it; its key."""
    key = f"{place}/pointer.json"
    pointer = json.loads(held(lake, key))
    changed = change(pointer)
    lay(lake, key, json.dumps(pointer if changed is None else changed).encode())
    return key


def tree(lake: Lake) -> dict[str, bytes]:
    """All that lies in a lake, and what is unfinished on this machine."""
    found = {key: held(lake, key) for key, _ in lake.store.changed("")}
    here = {path.relative_to(lake.root).as_posix(): path for path in lake.root.rglob("*") if path.is_file()}
    return found | {key: path.read_bytes() for key, path in here.items() if "/." in f"/{key}"}


def arguments(lake: Lake) -> list[str]:
    """What another process gives `Lake` to open it, with `object_store.ENVIRONMENT` in its environment."""
    if not isinstance(lake.store, ObjectStore):
        return [str(lake.root)]
    place = lake.store.place
    return [f"{place.where}?endpoint={place.says['endpoint']}", str(lake.root.parent)]


def again(lake: Lake) -> Lake:
    """The same lake, opened anew."""
    place, *_ = arguments(lake)
    return Lake(place, lake.root.parent, KEYS) if lake.store.shared else Lake(place)

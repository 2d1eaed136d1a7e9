"""What no pointer leads to any more: folders of older contents, and those of writers that died before their swap."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from porlake.lake.partition import json_of
from porlake.lake.store import Store

#: The folders in which what lies is named by its content, and what leads to it, beside it or above.
FOLDERS = ("lake", "marts")
_CONTENT = re.compile(r"(.+)/([0-9a-f]{16})/[^/]+")
_POINTER = re.compile(r"pointer(-of-schema-\d+)?\.json")


@dataclass(frozen=True, slots=True)
class Collected:
    """`folders` of the lake that are gone, with the `files` in them; `fetched`: copies of this machine that are gone;
    `unread`: pointers that cannot be read, so that nothing beside them was looked at.
    """

    folders: int
    files: int
    unread: tuple[str, ...] = ()
    fetched: int = 0


def collect(store: Store, before: datetime) -> Collected:
    """Remove the folders to which nothing leads and of which no file changed since `before`.

    A writer puts its file before it swaps the pointer, and a reader may hold the pointer of before: `before` lies
    longer ago than either takes. Raises LakeError.
    """
    folders: dict[str, list[datetime]] = defaultdict(list)
    leading: dict[str, set[str]] = defaultdict(set)
    for top in FOLDERS if store.shared else FOLDERS[:1]:  # a local publish keeps its marts itself
        for key, changed in store.changed(top):
            place, _, name = key.rpartition("/")
            if match := _CONTENT.fullmatch(key):
                folders[f"{match[1]}/{match[2]}"].append(changed)
            elif top == "marts" and name in ("manifest.json", "build.json"):
                leading["marts"].add(key)
            elif top == "lake" and _POINTER.fullmatch(name):
                leading[place].add(key)
    gone, files, unread = 0, 0, set()
    for folder in sorted(name for name, times in folders.items() if max(times) < before):
        place = folder.rpartition("/")[0]
        pointers = leading["marts"] if place.startswith("marts/") else {f"{place}/pointer.json"} | leading[place]
        led, bad = _led_to(store, place, sorted(pointers))
        unread |= bad
        # as it is now: a writer may have come to the same content meanwhile
        now = [changed for _, changed in store.changed(folder)]
        if bad or folder in led or not now or max(now) >= before:
            continue
        store.delete_folder(folder)
        gone, files = gone + 1, files + len(now)
    return Collected(gone, files, tuple(sorted(unread)))


def _led_to(store: Store, place: str, pointers: list[str]) -> tuple[set[str], set[str]]:
    """(the folders to which pointers lead, the pointers that cannot be read)."""
    led, bad = set(), set()
    for key in pointers:
        stored = store.read(key)
        try:
            led |= set(_folders(place, json_of(stored.content))) if stored else set()
        except (ValueError, LookupError, TypeError, AttributeError):
            bad.add(store.where(key))
    return led, bad


def _folders(place: str, content: Any) -> Iterator[str]:
    if "marts" in content:
        yield from (f"marts/{mart}/{facts['folder']}" for mart, facts in content["marts"].items())
    elif place.startswith("marts/"):
        yield content["key"].rpartition("/")[0]
    else:
        yield f"{place}/{content['folder']}"

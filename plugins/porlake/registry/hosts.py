"""What belongs together in the names of hosts."""

from __future__ import annotations

#: What stands before a country's two letters where everybody may register below both. A suffix that is not here joins
#: operators, and splits none.
_SECOND_LEVEL = frozenset({"ac", "co", "com", "edu", "go", "gov", "ne", "net", "or", "org"})


def registrable(name: str) -> str:
    """The part of a host's name that somebody registered: its last two labels, or three below such as `co.uk`."""
    labels = name.split(".")
    deep = len(labels[-1]) == 2 and not _SECOND_LEVEL.isdisjoint(labels[-2:-1])
    return ".".join(labels[-3 if deep else -2 :])


def without_port(host: str) -> str:
    """`name`, `name:443`, `[::1]:443` or `::1` without brackets and port."""
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.partition(":")[0] if host.count(":") == 1 else host

"""A bundle: files that were published together, and what each of them is to the format that reads it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import BinaryIO

from porlake.errors import BadStructure

HEAD_BYTES = 65_536
CHUNK_BYTES = 1 << 20


@dataclass(frozen=True)
class Member:
    """A published file: its name without folders, and its bytes as a seekable stream.

    `role`: what it is to the format that reads it, in the format's own word (`wallets`, `eth_staking`), '' where nobody
    does; `sha256`: of its bytes, in hex, '' until somebody has counted it (`hashed`).
    """

    name: str
    content: BinaryIO
    role: str = ""
    sha256: str = ""

    @cached_property
    def head(self) -> bytes:
        """The first 65,536 bytes, by which a format recognises a file."""
        self.content.seek(0)
        head = self.content.read(HEAD_BYTES)
        self.content.seek(0)
        return head


def hashed(member: Member) -> Member:
    """The member with the sha256 of its bytes."""
    member.content.seek(0)
    digest = hashlib.sha256()
    while chunk := member.content.read(CHUNK_BYTES):
        digest.update(chunk)
    member.content.seek(0)
    return replace(member, sha256=digest.hexdigest())


@dataclass(frozen=True)
class Bundle:
    """Files that were published together: as they came, or those of one report in the order of their numbers.

    `name`: of the archive, folder or file in which they came; of a report, of its first file. `exchange`: the id of the
    exchange whose labels they use, '' where it is not known yet.
    """

    members: tuple[Member, ...]
    name: str
    exchange: str = ""

    @property
    def id(self) -> str:
        """The id of the report that these files are: of one file its sha256; of several, the sha256 of the sorted lines
        `<sha256>  <role>`. Their names are no part of it.
        """
        if len(self.members) == 1:
            return self.members[0].sha256
        lines = sorted(f"{member.sha256}  {member.role}\n" for member in self.members)
        return hashlib.sha256("".join(lines).encode()).hexdigest()


def each_alone(bundle: Bundle, is_one: Callable[[Member], bool], role: str) -> list[tuple[Member, ...]]:
    """The reports of a format whose reports are of one file: each file of the bundle that is one, with that role."""
    return [(replace(member, role=role),) for member in bundle.members if is_one(member)]


def joined(
    members: Iterable[Member], roles: tuple[str, ...], belong: Callable[[Member, Member], bool]
) -> list[tuple[Member, ...]]:
    """The reports of a format whose reports are of several files.

    A file of the first of `roles` begins a report, and every other file goes with the one to which it `belong`s: with
    `belong(first, other)`, where that report has no file of its role yet. A file that belongs to none is a report of
    its own. Raises BadStructure where a file could go with several.
    """
    listed = list(members)
    groups = [[member] for member in listed if member.role == roles[0]]
    for other in (member for role in roles[1:] for member in listed if member.role == role):
        fitting = [
            group
            for group in groups
            if group[0].role == roles[0]
            and all(member.role != other.role for member in group)
            and belong(group[0], other)
        ]
        if len(fitting) > 1:
            names = ", ".join(group[0].name for group in fitting)
            raise BadStructure(
                other.name, 0,
                f"the file ({other.role}) belongs to the report of one file ({roles[0]}), and could belong to each of "
                f"{names}",
            )  # fmt: skip
        if fitting:
            fitting[0].append(other)
        else:
            groups.append([other])
    return [tuple(group) for group in groups]

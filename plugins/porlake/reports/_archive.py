"""A published file, plain or in its zip. Archives are hostile: nothing is ever unpacked to a place that the archive names."""

from __future__ import annotations

import re
import stat
import zipfile
import zlib
from collections.abc import Iterator
from tempfile import SpooledTemporaryFile
from typing import BinaryIO, cast

from porlake.errors import UnsafeArchive

MAGIC = b"PK\x03\x04"
MEMBERS = 64
UNPACKED_BYTES = 4 << 30
RATIO = 200  # of the unpacked size to the packed one, past the first FREE_BYTES; CSV of addresses packs about 5 to 1
FREE_BYTES = 10 << 20
IN_MEMORY = 16 << 20


def is_archive(stream: BinaryIO) -> bool:
    stream.seek(0)
    head = stream.read(4)
    stream.seek(0)
    return head == MAGIC


def members(stream: BinaryIO, file_name: str, *, unpacked_bytes: int = UNPACKED_BYTES) -> Iterator[tuple[str, BinaryIO]]:
    """(name, seekable content) of each file in a zip, or the file itself. Raises UnsafeArchive."""
    if not is_archive(stream):
        yield file_name, stream
        return
    try:
        with zipfile.ZipFile(stream) as archive:
            entries = [entry for entry in archive.infolist() if not entry.is_dir() and not entry.filename.startswith("__MACOSX/")]
            _check(entries, file_name)
            for entry in entries:
                yield entry.filename.rpartition("/")[2], _unpacked(archive, entry, file_name, unpacked_bytes)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, OSError) as error:
        raise UnsafeArchive(f"{file_name}: the zip is broken: {error}") from error


def _check(entries: list[zipfile.ZipInfo], file_name: str) -> None:
    if not 1 <= len(entries) <= MEMBERS:
        raise UnsafeArchive(f"{file_name}: {len(entries)} files; 1 to {MEMBERS} are taken")
    for entry in entries:
        name = entry.filename
        parts = re.split(r"[/\\]", name)
        if name.startswith(("/", "\\")) or ".." in parts or ":" in parts[0] or "\0" in name:
            raise UnsafeArchive(f"{file_name}: the name {name[:100]!r} leads out of the archive")
        if stat.S_ISLNK(entry.external_attr >> 16):
            raise UnsafeArchive(f"{file_name}: {name[:100]!r} is a link")
        if entry.flag_bits & 1:
            raise UnsafeArchive(f"{file_name}: {name[:100]!r} is encrypted")


def _unpacked(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, file_name: str, unpacked_bytes: int) -> BinaryIO:
    """The content, counted while it is unpacked: the sizes that a zip states are its author's."""
    limit = min(unpacked_bytes, max(FREE_BYTES, RATIO * entry.compress_size))
    out, size = cast(BinaryIO, SpooledTemporaryFile(max_size=IN_MEMORY)), 0  # noqa: SIM115 - the caller reads it
    with archive.open(entry) as packed:
        while chunk := packed.read(1 << 20):
            size += len(chunk)
            if size > limit:
                raise UnsafeArchive(f"{file_name}: {entry.filename[:100]!r} unpacks to more than {limit:,} bytes from {entry.compress_size:,}")
            out.write(chunk)
    out.seek(0)
    if is_archive(out):
        raise UnsafeArchive(f"{file_name}: {entry.filename[:100]!r} is an archive in an archive")
    return out

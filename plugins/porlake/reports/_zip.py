"""A published file, plain or in its zip. Archives are hostile: nothing is ever unpacked to a place that the archive
names.
"""

from __future__ import annotations

import re
import stat
import zipfile
import zlib
from collections.abc import Iterator
from tempfile import SpooledTemporaryFile
from typing import BinaryIO, cast

from porlake.errors import UnknownFormat, UnsafeArchive

MAGIC = b"PK\x03\x04"
MEMBERS = 64
UNPACKED_BYTES = 4 << 30  # of all members together
RATIO = 200  # of the unpacked size to the packed one, past the first FREE_BYTES; CSV of addresses packs about 5 to 1
FREE_BYTES = 10 << 20
IN_MEMORY = 4 << 20
LOCAL_HEADER = 30  # bytes before the name of a member, at the least

_UTF8_NAME = 0x800
_ENCRYPTED = 1
_PARTS_OF_A_WORKBOOK = {"[Content_Types].xml", "xl/workbook.xml"}
SHEETS = ("huobi_por",)  # the workbooks that a format here reads, by a sheet's name
_OLD_WORKBOOK = bytes.fromhex("d0cf11e0a1b11ae1")
_WORKBOOK = "{}: an Excel workbook: save it as CSV, and give that"

# UnicodeDecodeError: of a name that is said to be UTF-8; ValueError, IndexError: of fields that zipfile does not look
# at closely
_BROKEN = (
    zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, OSError, ValueError, IndexError,
)  # fmt: skip


def is_archive(stream: BinaryIO) -> bool:
    stream.seek(0)
    head = stream.read(4)
    stream.seek(0)
    return head == MAGIC


def members(
    stream: BinaryIO, file_name: str, *, unpacked_bytes: int = UNPACKED_BYTES
) -> Iterator[tuple[str, BinaryIO]]:
    """(name, seekable content) of each file in a zip, or the file itself; a workbook that a format here reads is such a
    file. Raises UnsafeArchive, and UnknownFormat for every other workbook.
    """
    if not is_archive(stream):
        if stream.read(len(_OLD_WORKBOOK)) == _OLD_WORKBOOK:
            raise UnknownFormat(_WORKBOOK.format(file_name))
        stream.seek(0)
        yield file_name, stream
        return
    if sheet_of(stream):
        yield file_name, stream
        return
    try:
        with zipfile.ZipFile(stream) as archive:
            entries = [(_name(entry, file_name), entry) for entry in archive.infolist()]
            if {name for name, _ in entries} >= _PARTS_OF_A_WORKBOOK:
                raise UnknownFormat(_WORKBOOK.format(file_name))
            files = [(name, entry) for name, entry in entries if not name.endswith("/")]
            check(archive, files, file_name)
            left = min(unpacked_bytes, max(FREE_BYTES, RATIO * sum(entry.compress_size for _, entry in files)))
            for name, entry in files:
                content, size = _unpacked(archive, entry, f"{file_name}: {name[:100]!r}", left)
                left -= size
                yield name if "__MACOSX/" in name else name.rpartition("/")[2], content
    except _BROKEN as error:
        raise UnsafeArchive(f"{file_name}: the zip is broken: {error}") from error


def sheet_of(stream: BinaryIO) -> str:
    """The sheet of a workbook that a format here reads, by its name in the list of sheets; '' for every other file."""
    if not is_archive(stream):
        return ""
    try:
        with zipfile.ZipFile(stream) as archive:
            if not set(archive.namelist()) >= _PARTS_OF_A_WORKBOOK:
                return ""
            with archive.open("xl/workbook.xml") as part:
                listed = part.read(1 << 16)
    except _BROKEN:
        return ""  # what is wrong with it is said by who unpacks it
    finally:
        stream.seek(0)
    return next((name for name in SHEETS if re.search(rb'\sname\s*=\s*"%s"' % name.encode(), listed)), "")


def _name(entry: zipfile.ZipInfo, file_name: str) -> str:
    """The member's name as its author wrote it. Raises UnsafeArchive where it is none, or leads out of the archive."""
    name = entry.orig_filename
    if not entry.flag_bits & _UTF8_NAME:
        # Without the flag zipfile reads bytes as code page 437, which no tool of today writes; most write UTF-8 and
        # forget to say so.
        try:
            name = name.encode("cp437").decode()
        except UnicodeError as error:
            raise UnsafeArchive(f"{file_name}: the name {name[:100]!r} is no UTF-8") from error
    parts = re.split(r"[/\\]", name)
    if name.startswith(("/", "\\")) or ".." in parts or ":" in parts[0] or "\0" in name:
        raise UnsafeArchive(f"{file_name}: the name {name[:100]!r} leads out of the archive")
    if not name.strip() or not name.isprintable():
        raise UnsafeArchive(f"{file_name}: a member has the name {name[:100]!r}, which nobody can read")
    return name


def check(archive: zipfile.ZipFile, files: list[tuple[str, zipfile.ZipInfo]], file_name: str) -> None:
    """Raises UnsafeArchive for too many files, links, encrypted ones, and bodies that lie in each other."""
    if not 1 <= len(files) <= MEMBERS:
        raise UnsafeArchive(f"{file_name}: {len(files)} files; 1 to {MEMBERS} are taken")
    for name, entry in files:
        if stat.S_ISLNK(entry.external_attr >> 16):
            raise UnsafeArchive(f"{file_name}: {name[:100]!r} is a link")
        if entry.flag_bits & _ENCRYPTED:
            raise UnsafeArchive(f"{file_name}: {name[:100]!r} is encrypted")
    placed = sorted(files, key=lambda file: file[1].header_offset)
    ends = [entry.header_offset for _, entry in placed[1:]] + [archive.start_dir]
    for (name, entry), end in zip(placed, ends, strict=True):
        # Bodies that lie in each other are how a small zip unpacks to a thousand times its size.
        if entry.header_offset + LOCAL_HEADER + entry.compress_size > end:
            raise UnsafeArchive(f"{file_name}: {name[:100]!r} shares its bytes with another member")


def _unpacked(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, name: str, left: int) -> tuple[BinaryIO, int]:
    """(content, size), counted while it is unpacked: the sizes that a zip states are its author's."""
    limit = min(left, max(FREE_BYTES, RATIO * entry.compress_size))
    out, size = cast(BinaryIO, SpooledTemporaryFile(max_size=IN_MEMORY)), 0  # noqa: SIM115 - the caller reads it
    with archive.open(entry) as packed:
        while chunk := packed.read(1 << 20):
            size += len(chunk)
            if size > limit:
                raise UnsafeArchive(f"{name} unpacks to more than {limit:,} bytes from {entry.compress_size:,}")
            out.write(chunk)
    out.seek(0)
    return out, size

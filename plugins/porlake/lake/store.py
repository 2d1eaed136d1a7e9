"""Where the lake's bytes lie: a protocol that a local folder (here) and an object store (`objects`) both keep.

A key is text parted by `/`, relative to the lake's root. What lies under a key is whole or not there. Small things that
change (pointers, manifests) are read with a tag and replaced only if the tag is still theirs; large files never change.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO, Protocol

import pyarrow as pa

from porlake.errors import Damaged, LakeError, MissingPartition

ASIDE = ".writing-"
"""How the name of what is not finished begins; nobody reads it, and the next writer there removes it."""


@dataclass(frozen=True, slots=True)
class Stored:
    """What lies under a key, and the tag (of an object store its etag) of this state of it."""

    content: bytes
    tag: str


class Store(Protocol):
    """What the lake asks of the place where it lies. Every method raises LakeError where the place fails."""

    shared: bool
    """Whether other machines read and write there too: then a write removes nothing that one of them may read."""
    at_once: int
    """How many questions it answers best at the same time."""

    def where(self, key: str) -> str:
        """The key as a person finds it: a path or a URL without secrets."""

    def elsewhere(self, key: str) -> tuple[str, Mapping[str, str]]:
        """The key as another client opens it, and what that one is told besides; it may hold secrets."""

    def read(self, key: str) -> Stored | None:
        """What lies there, None where nothing does."""

    def put_if_absent(self, key: str, content: bytes) -> bool:
        """Put it there; False, and nothing is changed, where something lies already."""

    def swap(self, key: str, content: bytes, tag: str | None) -> bool:
        """Replace what has this tag (None: where nothing lies); False, and nothing is changed, where it has another."""

    def put(self, key: str, content: bytes) -> None:
        """Put it there, in the place of what lies there."""

    def put_file(self, key: str, made: Path, media_type: str = "") -> None:
        """Put a local file there, whole or not at all, in the place of what lies there; the local file is gone then.
        `media_type`: what the place tells a browser that it is, where it is one that browsers ask.
        """

    def list(self, prefix: str) -> Iterator[str]:
        """The keys that begin with a folder's `prefix/`, in the order of their parts; nothing that is not finished."""

    def changed(self, prefix: str) -> Iterator[tuple[str, datetime]]:
        """The keys that begin with a folder's `prefix/`, in whatever order, with the time of their last change."""

    def folders(self, prefix: str) -> Iterator[str]:
        """The names of the folders that lie in a folder, in order: what lies in them is not looked at."""

    def delete(self, key: str) -> None:
        """Nothing lies there then; nothing happens where nothing did."""

    def delete_folder(self, prefix: str) -> None:
        """As `delete`, of every key below."""

    def holds(self, key: str) -> bool: ...

    def size(self, key: str) -> int: ...

    def open(self, key: str) -> BinaryIO:
        """The bytes as a stream that can be sought in. Raises MissingPartition."""

    def native(self, key: str) -> pa.NativeFile:
        """The bytes as pyarrow reads them."""

    def local(self, key: str) -> Path:
        """A local file with these bytes, for a program that reads nothing else; it is not written to."""

    def fetch(self, key: str, target: Path) -> None:
        """Make `target` a local file of these bytes, which no writer of the lake removes. Raises MissingPartition."""

    def sha256(self, key: str, *, anew: bool = False) -> str:
        """Hash of the bytes, of a state once a process or `anew`. Raises Damaged where they cannot be read."""

    def workspace(self, prefix: str) -> Path:
        """A fresh local folder for files that will be put below `prefix`."""

    def below(self, prefix: str) -> Store:
        """The store of what lies in a folder, under keys relative to it."""

    def alone(self, prefix: str) -> AbstractContextManager[object]:
        """One writer at a time below `prefix`, where the place can see to it; what a dead one left is removed."""


class LocalStore:
    """A folder of this machine. Replacing is atomic and survives a crash: write aside, fsync, rename, fsync."""

    shared = False
    at_once = 1

    def __init__(self, root: Path) -> None:
        self.root = root

    def where(self, key: str) -> str:
        return str(self.root / key)

    def local(self, key: str) -> Path:
        return self.root / key

    def elsewhere(self, key: str) -> tuple[str, Mapping[str, str]]:
        return str(self.root / key), {}

    def read(self, key: str) -> Stored | None:
        try:
            content = (self.root / key).read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise LakeError(f"{self.where(key)}: cannot be read: {error.strerror or error}") from error
        return Stored(content, hashlib.sha256(content).hexdigest())

    def put_if_absent(self, key: str, content: bytes) -> bool:
        path = self.root / key
        with written(path), self._aside(path, content) as aside:
            try:
                path.hardlink_to(aside)
            except FileExistsError:
                return False
            sync(path.parent)
        return True

    def swap(self, key: str, content: bytes, tag: str | None) -> bool:
        path = self.root / key
        with written(path), self._aside(path, content) as aside, self._swapping(path):
            before = self.read(key)
            if (before.tag if before else None) != tag:
                return False
            aside.replace(path)
            sync(path.parent)
        return True

    @contextmanager
    def _aside(self, path: Path, content: bytes) -> Iterator[Path]:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=ASIDE, dir=path.parent)
        try:
            with os.fdopen(handle, "wb") as out:
                out.write(content)
                out.flush()
                os.fsync(out.fileno())
            Path(name).chmod(0o644)
            yield Path(name)
        finally:
            Path(name).unlink(missing_ok=True)

    @contextmanager
    def _swapping(self, path: Path) -> Iterator[None]:
        """Between looking and replacing nobody else replaces: a lock on a file of its own, gone afterwards."""
        name = path.with_name(f".swapping-{path.name}")
        while True:
            handle = os.open(name, os.O_RDWR | os.O_CREAT, 0o644)
            fcntl.flock(handle, fcntl.LOCK_EX)
            try:
                same = name.stat().st_ino == os.fstat(handle).st_ino
            except FileNotFoundError:
                same = False
            if same:
                break
            os.close(handle)  # whoever held the lock before has removed it
        try:
            yield
        finally:
            name.unlink(missing_ok=True)
            os.close(handle)

    def put(self, key: str, content: bytes) -> None:
        path = self.root / key
        with written(path), self._aside(path, content) as aside:
            aside.replace(path)
            sync(path.parent)

    def put_file(self, key: str, made: Path, media_type: str = "") -> None:
        path = self.root / key
        with written(path):
            sync(made)
            path.parent.mkdir(parents=True, exist_ok=True)
            made.replace(path)
            sync(path.parent)

    def list(self, prefix: str) -> Iterator[str]:
        yield from sorted(self._below(prefix), key=lambda key: key.split("/"))

    def changed(self, prefix: str) -> Iterator[tuple[str, datetime]]:
        for key in self._below(prefix):
            with suppress(FileNotFoundError):  # a writer took it away
                yield key, datetime.fromtimestamp((self.root / key).stat().st_mtime, UTC)

    def folders(self, prefix: str) -> Iterator[str]:
        yield from sorted(entry.name for entry in self._entries(prefix) if entry.is_dir(follow_symlinks=False))

    def _below(self, folder: str) -> Iterator[str]:
        for entry in self._entries(folder):
            key = f"{folder}/{entry.name}" if folder else entry.name
            if entry.is_dir(follow_symlinks=False):
                yield from self._below(key)
            else:
                yield key

    def _entries(self, folder: str) -> Sequence[os.DirEntry[str]]:
        """What lies in a folder and is finished."""
        try:
            return [entry for entry in os.scandir(self.root / folder) if not entry.name.startswith(".")]
        except (FileNotFoundError, NotADirectoryError):
            return []
        except OSError as error:
            raise LakeError(f"{self.where(folder)}: cannot be read: {error.strerror or error}") from error

    def delete(self, key: str) -> None:
        with written(self.root / key):
            (self.root / key).unlink(missing_ok=True)

    def delete_folder(self, prefix: str) -> None:
        with written(self.root / prefix):
            try:
                shutil.rmtree(self.root / prefix)
            except FileNotFoundError:
                return

    def holds(self, key: str) -> bool:
        return (self.root / key).is_file()

    def size(self, key: str) -> int:
        try:
            return (self.root / key).stat().st_size
        except OSError as error:
            raise LakeError(f"{self.where(key)}: cannot be read: {error.strerror or error}") from error

    def open(self, key: str) -> BinaryIO:
        try:
            return (self.root / key).open("rb")
        except FileNotFoundError as error:
            raise MissingPartition(f"{self.where(key)}: there is no such file") from error
        except OSError as error:
            raise LakeError(f"{self.where(key)}: cannot be read: {error.strerror or error}") from error

    def native(self, key: str) -> pa.NativeFile:
        try:
            return pa.OSFile(str(self.root / key))
        except OSError as error:
            raise LakeError(f"{self.where(key)}: cannot be read: {error}") from error

    def fetch(self, key: str, target: Path) -> None:
        target.unlink(missing_ok=True)
        try:
            target.hardlink_to(self.root / key)
        except FileNotFoundError as error:
            raise MissingPartition(f"{self.where(key)}: there is no such file") from error
        except OSError:  # a file system without hard links
            shutil.copyfile(self.root / key, target)

    def sha256(self, key: str, *, anew: bool = False) -> str:
        path = self.root / key
        try:
            facts = path.stat()
            state = (str(path), facts.st_ino, facts.st_size, facts.st_mtime_ns)
            if anew or state not in _HASHED:
                _HASHED[state] = sha256_of(path)
            return _HASHED[state]
        except OSError as error:
            raise Damaged(f"{path}: cannot be read: {error.strerror or error}") from error

    def workspace(self, prefix: str) -> Path:
        folder = self.root / prefix
        with written(folder):
            folder.mkdir(parents=True, exist_ok=True)
            return Path(tempfile.mkdtemp(prefix=ASIDE, dir=folder))

    def below(self, prefix: str) -> LocalStore:
        return LocalStore(self.root / prefix)

    def alone(self, prefix: str) -> AbstractContextManager[int]:
        folder = self.root / prefix
        with written(folder):
            folder.mkdir(parents=True, exist_ok=True)
        return alone(folder)


#: What this process has hashed: (path, inode, size, time of the last change) with the hash. Files are immutable, so
#: that once is enough.
_HASHED: dict[tuple[str, int, int, int], str] = {}


@contextmanager
def written(place: object) -> Iterator[None]:
    """What a disk says while something is written, in a sentence. Raises LakeError."""
    try:
        yield
    except OSError as error:
        raise LakeError(f"{place}: cannot be written: {error.strerror or error}") from error


@contextmanager
def alone(folder: Path, prefix: str = ASIDE) -> Iterator[int]:
    """One writer at a time in `folder`; what a writer that was killed left under `prefix` goes first.

    The lock ends with the process, however it ends, and with those to which it hands the descriptor that is yielded.
    """
    with written(folder):
        handle = os.open(folder, os.O_RDONLY)
    try:
        with written(folder):
            fcntl.flock(handle, fcntl.LOCK_EX)
            for left_over in folder.glob(f"{prefix}*"):
                if left_over.is_dir() and not left_over.is_symlink():
                    shutil.rmtree(left_over)
                else:
                    left_over.unlink()
        yield handle
    finally:
        os.close(handle)


def sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def sha256_of(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()

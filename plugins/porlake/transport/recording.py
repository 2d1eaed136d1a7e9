"""Answers from outside, kept in a folder and played again."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any, BinaryIO, cast

from porlake import errors, numbers
from porlake.encoding.strict_json import DEEPEST, nests_deeper
from porlake.errors import ConfigurationError, NotRecorded, RequestFailed, TransportError
from porlake.transport.download import fetched
from porlake.transport.strict_json import dumps, undecimal

#: The form of the answers' files, and the file that says it. It grows where a change makes older files unreadable or
#: gives them another meaning.
FORM, SIGNATURE = 1, "recording.json"


class Recording:
    """Answers from outside: passed through, kept in a folder, or taken from it.

    An answer is a file <folder>/<name>/<method>_<hash of the parameters>[-n].json; the n-th of equal questions has its
    number. No URL of an endpoint, header or key is in it. Published files lie as they came in <folder>/<name>/files, by
    their sha256. A replay opens no socket, and its clock is the recording's. The number of this form stands in
    <folder>/recording.json; a folder without it is of form 1. `replays`: answers are taken from it; `is_off`: they are
    neither kept nor taken. `kept` is told each file that is finished, for who keeps it elsewhere too.

    Raises ConfigurationError for a folder that is not there, or of a form that is not read here.
    """

    def __init__(self, mode: str, folder: Path | None = None, kept: Callable[[Path], None] | None = None) -> None:
        self._mode, self._folder, self._kept = mode, folder, kept
        self.replays, self.is_off = mode == "replay", mode == "off"
        self._asked: dict[str, Iterator[int]] = {}
        self._lock, self._is_signed = threading.Lock(), False
        if mode == "replay" and (folder is None or not folder.is_dir()):
            raise ConfigurationError(f"{folder}: no recording lies there")
        if folder is not None and folder.is_dir():
            _check_form(folder)

    @classmethod
    def off(cls) -> Recording:
        return cls("off")

    @classmethod
    def record(cls, folder: Path, kept: Callable[[Path], None] | None = None) -> Recording:
        return cls("record", folder, kept)

    @classmethod
    def replay(cls, folder: Path) -> Recording:
        return cls("replay", folder)

    def beside(self, number: int) -> Recording:
        """The same recording for a network's next endpoint, whose answers are kept under <network>.<number>."""
        return _Beside(self, number)

    def holds(self, name: str) -> bool:
        """Whether a recording has answers under a name."""
        return self._folder is not None and (self._folder / name).is_dir()

    def now(self) -> datetime:
        """The time, to the second; of a recording the time when it was made."""
        moment = self.answer(
            "run", "clock", None, "", lambda: datetime.now(UTC).replace(microsecond=0).isoformat(), once=True
        )[0]
        try:
            return datetime.fromisoformat(moment)
        except (TypeError, ValueError) as error:
            raise NotRecorded(f"run: the recording's clock reads {numbers.shown(moment)}") from error

    def answer(
        self, name: str, method: str, params: object, host: str, ask: Callable[[], Any], *, once: bool = False
    ) -> tuple[Any, str]:
        """(answer, host that gave it). Raises what `ask` raises, in a replay too; NotRecorded where the recording does
        not know the question.
        """
        if self._mode == "off" or self._folder is None:
            return ask(), host
        path = self._path(self._folder, name, method, params, once)
        if self._mode == "replay" or (once and path.exists()):
            return _replayed(path, name, method)
        self._sign(self._folder)
        try:
            result: dict[str, Any] = {"answer": ask()}
        except TransportError as error:
            self._keep(path, {"method": method, "params": params, "host": host, "error": _described(error)})
            raise
        self._keep(path, {"method": method, "params": params, "host": host} | result)
        return result["answer"], host

    def _sign(self, folder: Path) -> None:
        """Say at the root which form the answers are in, before the first of them."""
        with self._lock:
            if not self._is_signed and not (folder / SIGNATURE).exists():
                self._keep(folder / SIGNATURE, {"form": FORM})
            self._is_signed = True

    def _keep(self, path: Path, content: Mapping[str, Any]) -> None:
        _keep(path, content)
        if self._kept is not None:
            self._kept(path)

    def _path(self, folder: Path, name: str, method: str, params: object, once: bool) -> Path:
        digest = hashlib.sha256(dumps(params)).hexdigest()[:16]
        stem = f"{method.replace('/', '.').strip('.')}_{digest}"
        with self._lock:
            number = 1 if once else next(self._asked.setdefault(f"{name}/{stem}", count(1)))
        return folder / name / (f"{stem}.json" if number == 1 else f"{stem}-{number}.json")

    def keep_file(self, name: str, stream: BinaryIO) -> str:
        """The sha256 of a published file, whose bytes are kept beside the answers where this is a recording. Raises
        ConfigurationError where they cannot be written.
        """
        folder = None if self._mode != "record" or self._folder is None else self._folder / name / "files"
        digest, aside = hashlib.sha256(), None
        try:
            with ExitStack() as files:
                out = None
                if folder is not None:
                    folder.mkdir(parents=True, exist_ok=True)
                    aside = folder / f"{threading.get_ident()}.writing"
                    out = files.enter_context(aside.open("wb"))
                stream.seek(0)
                while chunk := stream.read(1 << 20):
                    digest.update(chunk)
                    if out is not None:
                        out.write(chunk)
            if folder is not None and aside is not None:
                aside.replace(folder / digest.hexdigest())
                if self._kept is not None:
                    self._kept(folder / digest.hexdigest())
        except OSError as error:
            raise ConfigurationError(f"{folder}: the recording cannot be written ({error.strerror})") from error
        stream.seek(0)
        return digest.hexdigest()

    def file(self, name: str, sha256: str) -> BinaryIO:
        """A published file that `keep_file` kept. Raises NotRecorded where its bytes are not there, or are others."""
        path = (self._folder or Path()) / name / "files" / sha256
        try:
            stream = path.open("rb")
        except OSError as error:
            raise NotRecorded(f"{name}: the recording does not hold the file {sha256[:16]}") from error
        if hashlib.file_digest(stream, "sha256").hexdigest() != sha256:
            stream.close()
            raise NotRecorded(f"{name}: the file {sha256[:16]} of the recording has other bytes")
        stream.seek(0)
        return stream

    @contextmanager
    def download(self, url: str) -> Iterator[BinaryIO]:
        """The bytes behind a URL, seekable. Raises TransportError."""
        if self.replays:
            raise NotRecorded("a replay reads published files from disk: a recording does not hold them")
        with fetched(url) as stream:
            yield stream


class _Beside(Recording):
    def __init__(self, recording: Recording, number: int) -> None:
        super().__init__(recording._mode, recording._folder, recording._kept)
        self._recording, self._number = recording, number

    def holds(self, name: str) -> bool:
        return self._recording.holds(f"{name}.{self._number}")

    def answer(
        self, name: str, method: str, params: object, host: str, ask: Callable[[], Any], *, once: bool = False
    ) -> tuple[Any, str]:
        return self._recording.answer(f"{name}.{self._number}", method, params, host, ask, once=once)


def _check_form(folder: Path) -> None:
    """Raises ConfigurationError for a recording that is not of FORM."""
    try:
        form = json.loads((folder / SIGNATURE).read_bytes()[:1_000])["form"]
    except FileNotFoundError:
        form = 1  # as recordings were before they said so
    except (OSError, ValueError, LookupError, TypeError, RecursionError) as error:
        raise ConfigurationError(f"{folder}: {SIGNATURE} does not say the form of the recording") from error
    if form == FORM and type(form) is int:
        return
    age = "a form that is not known here" if type(form) is not int or form > FORM else "an older form"
    todo = "Record it anew (--record with an empty folder), or replay it with the porlake that recorded it"
    raise ConfigurationError(
        f"{folder}: a recording of form {numbers.shown(form)}, {age}: form {FORM} is read. {todo}."
    )


def _replayed(path: Path, name: str, method: str) -> tuple[Any, str]:
    try:
        text = path.read_bytes()
        if not json.detect_encoding(text).startswith("utf-8") or nests_deeper(text, DEEPEST + 10):
            raise ValueError(f"{path.name} is none of the files that are written here")
        kept = json.loads(text, object_hook=undecimal)
        if "error" in kept:
            failed = _rebuilt(kept["error"])
        else:
            return kept["answer"], kept["host"]
    except FileNotFoundError as error:
        raise NotRecorded(f"{name}: the recording holds no answer to this {method} ({path.name})") from error
    except (OSError, ValueError, LookupError, TypeError, ArithmeticError, RecursionError) as error:
        raise NotRecorded(f"{name}: {path.name} of the recording cannot be read") from error
    raise failed


def _keep(path: Path, content: Mapping[str, Any]) -> None:
    """Raises ConfigurationError where the folder cannot be written."""
    aside = path.with_suffix(f".{threading.get_ident()}.writing")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        aside.write_bytes(dumps(content, indent=1) + b"\n")
        aside.replace(path)
    except OSError as error:
        raise ConfigurationError(f"{path.parent}: the recording cannot be written ({error.strerror})") from error


def _described(error: TransportError) -> dict[str, Any]:
    found: dict[str, Any] = {"class": type(error).__name__, "text": str(error)}
    return found | ({"code": error.code, "data": error.data} if isinstance(error, RequestFailed) else {})


def _rebuilt(kept: Mapping[str, Any]) -> TransportError:
    if kept["class"] == "RequestFailed":
        return RequestFailed(kept["text"], kept["code"], kept["data"])
    found = getattr(errors, kept["class"], TransportError)
    return (
        cast(TransportError, found(kept["text"])) if issubclass(found, TransportError) else TransportError(kept["text"])
    )

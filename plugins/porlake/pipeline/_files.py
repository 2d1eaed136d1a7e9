"""What lies at a path or URL: a published file, its archive, or a folder of files that were published together."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO
from urllib.parse import urlsplit

from porlake import reports
from porlake.errors import ConfigurationError
from porlake.pipeline._endpoints import shown
from porlake.pipeline._session import Session
from porlake.transport import Endpoint


@dataclass(frozen=True, slots=True)
class Published:
    """What lies at a path or URL: its files, the archive that held them, and its origin without secrets; `facts` of its
    arrival, where they are known already.
    """

    bundle: reports.Bundle
    container: BinaryIO | None
    origin: str
    facts: Mapping[str, str] = field(default_factory=dict)


def files_at(session: Session, files: ExitStack, source: str) -> Published:
    """The files at a path or URL; a folder holds those of a report as its archive would. Files of the lake's own inbox
    are taken from its object store. Raises ReportError, ConfigurationError, LakeError.
    """
    source = session.lake.brought(source)
    path = Path(source)
    if "://" not in source and path.is_dir():
        inside = sorted(entry for entry in path.iterdir() if entry.is_file() and not entry.is_symlink())
        if not inside:
            raise ConfigurationError(f"{source}: the folder holds no file")
        held = tuple(reports.Member(entry.name, _opened(session, files, str(entry))[0]) for entry in inside)
        return Published(reports.Bundle(held, path.name), None, f"file:{path.name}")
    return inside_of(files, *_opened(session, files, source))


def inside_of(
    files: ExitStack, stream: BinaryIO, name: str, origin: str, facts: Mapping[str, str] | None = None
) -> Published:
    """A published file, or the files of an archive. Raises ReportError."""
    held = tuple(
        reports.Member(member, files.enter_context(content)) for member, content in reports.members(stream, name)
    )
    container = None if any(member.content is stream for member in held) else stream
    return Published(reports.Bundle(held, name), container, origin, facts or {})


def _opened(session: Session, files: ExitStack, source: str) -> tuple[BinaryIO, str, str]:
    """(stream, file name, origin without secrets) of a path or URL."""
    if "://" in source:
        parts = urlsplit(Endpoint(source).url)  # raises ConfigurationError without a part of it
        name = Path(parts.path).name or "report"
        stream = files.enter_context(session.recording.download(source))
        return stream, name, f"{parts.scheme}://{parts.hostname}{parts.path}"
    path = Path(source)
    try:
        if path.exists() and not path.is_file():
            raise ConfigurationError(f"{shown(source)}: is no file")  # a pipe would be waited for without end
        return files.enter_context(path.open("rb")), path.name, f"file:{path.name}"
    except (OSError, ValueError) as error:
        raise ConfigurationError(
            f"{shown(source)}: cannot be read: {getattr(error, 'strerror', None) or error}"
        ) from error

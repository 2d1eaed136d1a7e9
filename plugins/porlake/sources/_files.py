"""Published files fetched: a 200 is not a file until its first bytes say so."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import BinaryIO

from porlake.errors import BadAnswer, TransportError, Unavailable
from porlake.sources._answers import is_markup
from porlake.sources._publications import Member
from porlake.transport import Reply, Web

HEAD_BYTES = 1_024
_BOM = b"\xef\xbb\xbf"
_HTML = re.compile(rb"(?:\xef\xbb\xbf)?\s*<(?:!doctype\s+html|html)\b", re.IGNORECASE)
#: The first bytes of each kind of file; of none of them where a kind has no mark: then it only must be no page.
KINDS: dict[str, tuple[bytes, ...]] = {
    "zip": (b"PK\x03\x04",),
    "pdf": (b"%PDF",),
    "json": (b"{", b"["),
    "html": (b"<",),
    "csv": (),
    "yaml": (),
    "text": (),
}


def wrong_beginning(member: Member, head: bytes) -> str:
    """'' where bytes begin as the file must, else what they are instead."""
    bare = head.removeprefix(_BOM)
    if not bare.strip():
        return "it is empty"
    marks = KINDS[member.kind]
    if marks and not bare.lstrip(b" \t\r\n" if member.kind in ("json", "html") else b"").startswith(marks):
        return "it is a page of HTML or XML" if is_markup(bare) else f"it does not begin as {member.kind} does"
    if not marks and is_markup(bare):
        return "it is a page of HTML or XML"
    if member.begins and not bare.startswith(member.begins):
        return f"it does not begin with {member.begins.decode()!r}"
    return ""


@contextmanager
def fetched(web: Web, member: Member) -> Iterator[tuple[Reply, BinaryIO]]:
    """(answer, content as a seekable stream) of a published file. Raises Unavailable where its host says that it is not
    there, BadAnswer where what came is not the file, TransportError.
    """
    with ExitStack() as streams:
        if member.reply is not None:
            reply, stream = member.reply, io.BytesIO(member.reply.body)
            _check(member, reply, stream)
            yield reply, stream
            return
        places = [member.url, *member.others]
        while True:
            reply, came = streams.enter_context(web.file(places.pop(0), member.body))
            if not places or not _is_absent(reply, came):
                break
        _check(member, reply, came)
        yield reply, came


def _is_absent(reply: Reply, stream: BinaryIO) -> bool:
    """Whether the host of a file says that it is not there, as stores of files do: 404 without a page, which is what
    something before the host gives.
    """
    if reply.status != 404:
        return False
    head = stream.read(HEAD_BYTES)
    stream.seek(0)
    return _HTML.match(head) is None


def _check(member: Member, reply: Reply, stream: BinaryIO) -> None:
    where = f"{reply.host}: {member.name}"
    if _is_absent(reply, stream):
        raise Unavailable(f"{where}: HTTP 404, it is not there")
    if reply.status == 404:
        raise TransportError(f"{where}: HTTP 404 with a page of HTML: whether it is there is not known ({member.url})")
    if reply.status != 200:
        raise TransportError(
            f"{where}: HTTP {reply.status}: it is not given to this client; fetch it by hand ({member.url}), and give "
            "it with --report"
        )
    if why := wrong_beginning(member, stream.read(HEAD_BYTES)):
        raise BadAnswer(f"{where}: HTTP 200, but {why}")
    if member.holds:
        stream.seek(0)
        names = _names_in(stream, where)
        if not any(member.holds.lower() in name.lower() for name in names):
            shown = ", ".join(name[:60] for name in names[:3] if name.isprintable())
            raise BadAnswer(f"{where}: none of its files is of {member.holds}, but {shown}: another month's file")
    stream.seek(0)


def _names_in(stream: BinaryIO, where: str) -> list[str]:
    try:
        with zipfile.ZipFile(stream) as archive:
            return archive.namelist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, IndexError) as error:
        raise BadAnswer(f"{where}: a zip that is broken or was cut off") from error

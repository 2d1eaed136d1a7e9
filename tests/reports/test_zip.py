"""Published zips: their files are read, and one that tricks is refused with what is wrong."""

from __future__ import annotations

import io
import zipfile

import pytest

from porlake import reports
from porlake.errors import ReportError, UnknownFormat, UnsafeArchive
from porlake.reports import _zip
from reports.published import zipped


def test_the_files_in_a_published_zip_are_read() -> None:
    found = list(reports.members(zipped({"a/okx_por_2026081100_V6.csv": b"abc", "__MACOSX/._x": b"junk"}), "por.zip"))
    assert [(name, content.read()) for name, content in found] == [
        ("okx_por_2026081100_V6.csv", b"abc"),
        ("__MACOSX/._x", b"junk"),
    ]


def test_a_name_in_utf8_without_its_flag_is_read_as_its_author_wrote_it() -> None:
    content = zipped({"okx_por_x.csv": b"abc"}).getvalue().replace(b"okx_por_x.csv", "okx_por_é.csv".encode()[:13])
    assert [name for name, _ in reports.members(io.BytesIO(content), "por.zip")] == ["okx_por_é.cs"]


def overlapping(entries: int) -> io.BytesIO:
    """A zip whose central directory names one body many times."""
    one = zipped({"okx_por_2024032500.csv": bytes(1 << 20)}).getvalue()
    start = one.index(b"PK\1\2")
    end = one.index(b"PK\5\6")
    directory = one[start:end] * entries
    tail = bytearray(one[end:])
    tail[8:12] = entries.to_bytes(2, "little") * 2
    tail[12:16] = len(directory).to_bytes(4, "little")
    return io.BytesIO(one[:start] + directory + bytes(tail))


@pytest.mark.parametrize(
    ("stream", "error", "why"),
    [
        (overlapping(2), UnsafeArchive, "shares its bytes"),
        (io.BytesIO(zipped({"x": b"abc"}).getvalue().replace(b"x", b"\xff")), UnsafeArchive, "no UTF-8"),
        (io.BytesIO(zipped({"\u00e9": b"abc"}).getvalue().replace("é".encode(), b"\xff\xfe")), UnsafeArchive, "broken"),
        (zipped({" ": b"abc"}), UnsafeArchive, "nobody can read"),
        (zipped({"a\x1b[2Jb": b"abc"}), UnsafeArchive, "nobody can read"),
        (zipped({f"{n}.csv": bytes(3 << 20) for n in range(4)}), UnsafeArchive, "unpacks to more"),
        (
            zipped({"[Content_Types].xml": b"x", "xl/workbook.xml": b"x"}),
            UnknownFormat,
            "an Excel workbook: save it as CSV",
        ),
        (
            io.BytesIO(bytes.fromhex("d0cf11e0a1b11ae1") + bytes(600)),
            UnknownFormat,
            "an Excel workbook: save it as CSV",
        ),
    ],
    ids=["shared body", "no UTF-8", "said to be UTF-8", "blank name", "escape", "one bound over all", "xlsx", "xls"],
)
def test_an_archive_that_tricks_is_refused_with_what_is_wrong(
    stream: io.BytesIO, error: type[ReportError], why: str
) -> None:
    with pytest.raises(error, match=why):
        list(reports.members(stream, "por.zip"))


def test_an_empty_name_is_refused() -> None:
    content = zipped({"x": b"abc"}).getvalue()
    local, central = content.index(b"PK\3\4"), content.index(b"PK\1\2")
    nameless = bytearray(content)
    nameless[local + 26] = nameless[central + 28] = 0
    with pytest.raises(UnsafeArchive, match="the name ''|nobody can read|broken"):
        list(reports.members(io.BytesIO(bytes(nameless)), "por.zip"))


@pytest.mark.parametrize(
    "name", ["../evil.csv", "/etc/passwd", "a/../../b.csv", "..\\evil.csv", "C:evil.csv", "\\\\host\\x"]
)
def test_a_path_that_leads_out_of_the_archive_is_refused(name: str) -> None:
    with pytest.raises(UnsafeArchive, match="leads out"):
        list(reports.members(zipped({name: b"x"}), "por.zip"))


def symlink(info: zipfile.ZipInfo) -> None:
    info.external_attr = 0o120777 << 16


@pytest.mark.parametrize(
    ("stream", "why"),
    [
        (zipped({"bomb.csv": bytes(100 << 20)}), "unpacks to more"),
        (zipped({"link": b"/etc/passwd"}, symlink), "is a link"),
        (zipped({f"{n}.csv": b"" for n in range(65)}), "65 files"),
        (zipped({}), "broken|0 files"),
        (io.BytesIO(zipped({"a.csv": b"abc" * 1000}).getvalue()[:-30]), "broken"),
        (io.BytesIO(b"PK\x03\x04" + bytes(50)), "broken"),
    ],
    ids=["bomb", "symlink", "too many", "empty", "truncated", "garbage"],
)
def test_an_unsafe_archive_is_refused(stream: io.BytesIO, why: str) -> None:
    if why.startswith("broken|0"):
        stream = io.BytesIO(b"PK\x03\x04")
    with pytest.raises(UnsafeArchive, match=why):
        list(reports.members(stream, "por.zip"))


@pytest.mark.parametrize(("files", "is_taken"), [(1, True), (63, True), (64, True), (65, False)])
def test_a_zip_has_1_to_64_files(files: int, is_taken: bool) -> None:
    stream = zipped({f"{number}.csv": b"x" for number in range(files)})
    if is_taken:
        assert len(list(reports.members(stream, "por.zip"))) == files
        return
    with pytest.raises(UnsafeArchive, match="65 files; 1 to 64 are taken"):
        list(reports.members(stream, "por.zip"))


@pytest.mark.parametrize(("limit", "is_taken"), [(7, False), (8, True), (9, True)])
def test_all_files_together_unpack_to_the_limit_at_most(limit: int, is_taken: bool) -> None:
    stream = zipped({"a.csv": b"abcd", "b.csv": b"efgh"})
    if is_taken:
        assert len(list(_zip.members(stream, "por.zip", unpacked_bytes=limit))) == 2
        return
    with pytest.raises(UnsafeArchive, match=r"'b\.csv' unpacks to more than 3 bytes"):
        list(_zip.members(stream, "por.zip", unpacked_bytes=limit))


@pytest.mark.parametrize(("more", "is_taken"), [(-1, True), (0, True), (1, False)])
def test_the_first_ten_megabytes_may_pack_as_well_as_they_like(more: int, is_taken: bool) -> None:
    stream = zipped({"a.csv": bytes(_zip.FREE_BYTES + more)})
    if is_taken:
        assert len(list(reports.members(stream, "por.zip"))) == 1
        return
    with pytest.raises(UnsafeArchive, match="unpacks to more than 10,485,760 bytes"):
        list(reports.members(stream, "por.zip"))


@pytest.mark.parametrize(("more", "is_taken"), [(-1, True), (0, True), (1, False)])
def test_past_them_a_file_unpacks_to_two_hundred_times_its_packed_size(
    more: int, is_taken: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_zip, "FREE_BYTES", 0)
    content = bytes(10_000)
    packed = zipfile.ZipFile(zipped({"a.csv": content})).infolist()[0].compress_size
    monkeypatch.setattr(_zip, "RATIO", (len(content) - more) / packed)
    if is_taken:
        assert len(list(reports.members(zipped({"a.csv": content}), "por.zip"))) == 1
        return
    with pytest.raises(UnsafeArchive, match="unpacks to more than"):
        list(reports.members(zipped({"a.csv": content}), "por.zip"))

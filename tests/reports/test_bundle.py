"""Bundles: the id of a report, and which files are one."""

from __future__ import annotations

import hashlib
import io
from dataclasses import replace

import pytest

from porlake.errors import BadStructure
from porlake.reports import Bundle, Member, hashed
from porlake.reports._bundle import HEAD_BYTES, each_alone, joined


def member(name: str, content: bytes = b"", role: str = "") -> Member:
    return Member(name, io.BytesIO(content), role)


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def test_the_id_of_one_file_is_its_sha256_whatever_its_name_and_role() -> None:
    one, other = hashed(member("a", b"abc", "x")), hashed(member("b", b"abc", "y"))
    assert Bundle((one,), "a").id == Bundle((other,), "b").id == sha256(b"abc")
    assert one.content.read() == b"abc"


def test_the_id_of_several_files_is_that_of_the_sorted_lines_of_their_digests_and_roles() -> None:
    a, b = hashed(member("a", b"abc", "wallets")), hashed(member("b", b"def", "deposit"))
    lines = sorted([f"{sha256(b'abc')}  wallets\n", f"{sha256(b'def')}  deposit\n"])
    assert Bundle((a, b), "a").id == Bundle((b, a), "b").id == sha256("".join(lines).encode())
    assert Bundle((a, replace(b, role="hotcold")), "a").id != Bundle((a, b), "a").id
    assert Bundle((a, replace(b, name="c")), "a").id == Bundle((a, b), "a").id


@pytest.mark.parametrize("more", [-1, 0, 1])
def test_the_head_is_the_first_65536_bytes(more: int) -> None:
    found = member("a", bytes(HEAD_BYTES + more))
    found.content.seek(5)
    assert len(found.head) == HEAD_BYTES + min(more, 0)
    assert found.content.tell() == 0


def test_each_file_that_is_one_is_a_report_with_its_role() -> None:
    bundle = Bundle((member("a", b"x"), member("b", b"y"), member("c", b"x")), "f.zip")
    found = each_alone(bundle, lambda file: file.head == b"x", "list")
    assert [[(file.name, file.role) for file in files] for files in found] == [[("a", "list")], [("c", "list")]]


def test_files_join_the_one_to_which_they_belong_a_role_once() -> None:
    def names(*files: str) -> list[list[str]]:
        listed = [member(name, role=name[1:]) for name in files]
        found = joined(listed, ("hot", "cold", "deposit"), lambda first, other: first.name[0] == other.name[0])
        return [[file.name for file in group] for group in found]

    assert names("1deposit", "1cold", "1hot") == [["1hot", "1cold", "1deposit"]]
    assert names("1cold", "2hot", "1hot") == [["2hot"], ["1hot", "1cold"]]
    assert names("1cold", "2hot") == [["2hot"], ["1cold"]]
    assert names("1hot", "1cold", "1cold") == [["1hot", "1cold"], ["1cold"]]
    assert names() == []
    with pytest.raises(BadStructure, match=r"1cold: the file \(cold\) .* each of 1hot, 1hot"):
        names("1hot", "1hot", "1cold")

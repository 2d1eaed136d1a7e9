"""Lines of hostile files: what cannot be read costs its line alone."""

from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from porlake.errors import BadStructure
from porlake.reports import Member, Refused, _csv, _rows
from reports.published import ETH, OKX_ROWS, read, shown


def test_a_cell_of_ten_megabytes_is_a_rejected_row_and_the_next_row_is_read() -> None:
    good = f"ETH,ETH,1,{ETH},1,m,s,,\n"
    found = read((OKX_ROWS + "ETH,ETH,1," + "9" * 10_000_000 + ",1,m,s,,\n" + good).encode())
    assert [shown(item)[:4] for item in found] == [
        ["refused", 2, "rows", "line_too_long"],
        ["published", 3, None, "ethereum"],
    ]
    assert len(found[0].raw) <= _rows.RAW_CHARACTERS


@given(st.text(alphabet='ab,"[]{} ', max_size=40))
def test_cells_without_quotes_and_brackets_are_those_of_a_plain_split(text: str) -> None:
    plain = text.translate(str.maketrans("", "", '"[]{}'))
    assert _csv.split(plain) == plain.split(",")


@pytest.mark.parametrize("height", ["١٢", "１９", "1_0", "1²", "+1", " 1 2"])
def test_a_height_has_ascii_digits_alone(height: str) -> None:
    (item,) = read((OKX_ROWS + f"ETH,ETH,{height},{ETH},1,m,,,\n").encode())
    assert isinstance(item, Refused)
    assert item.reason == "bad_height"


def lines(content: bytes) -> list[_csv.Line]:
    return list(_csv.lines(io.BytesIO(content)))


@pytest.mark.parametrize(("more", "fault"), [(-1, ""), (0, ""), (1, "cell_too_long")])
def test_a_cell_has_65536_characters_at_most(more: int, fault: str) -> None:
    (line,) = lines(b"a," + b"x" * (_csv.CELL_CHARACTERS + more))
    assert line.fault == fault
    assert len(line.raw) == _rows.RAW_CHARACTERS


@pytest.mark.parametrize(("length", "fault"), [(-1, "cell_too_long"), (0, "cell_too_long"), (1, "line_too_long")])
def test_a_line_has_262144_bytes_at_most_and_the_next_one_is_read(length: int, fault: str) -> None:
    """Its end is one of them."""
    first, second = lines(b"x" * (_csv.LINE_BYTES - 1 + length) + b"\nb")
    assert (first.number, first.fault) == (1, fault)
    assert (second.number, second.cells) == (2, ["b"])


@pytest.mark.parametrize("more", [-1, 0, 1])
def test_the_raw_text_of_a_line_is_cut_at_2000_characters(more: int) -> None:
    (line,) = lines(b"x" * (_rows.RAW_CHARACTERS + more))
    assert len(line.raw) == _rows.RAW_CHARACTERS + min(more, 0)
    (garbled,) = lines(b"\xff" * (_rows.RAW_CHARACTERS + more))
    assert (garbled.fault, len(garbled.raw)) == ("invalid_utf8", _rows.RAW_CHARACTERS + min(more, 0))


def test_every_fault_is_one_that_leaves_nothing_of_a_row() -> None:
    faulty = [b"\0", b"\xff", b'"a', b"x" * (_csv.CELL_CHARACTERS + 1), b"x" * (_csv.LINE_BYTES + 1)]
    faults = [lines(content)[0].fault for content in faulty]
    assert {*faults, _rows.RAGGED} == _rows.UNREADABLE


def test_a_byte_order_mark_belongs_to_no_cell() -> None:
    assert [line.cells for line in lines(b"\xef\xbb\xbfa,b\n\xef\xbb\xbfc")] == [["a", "b"], ["\ufeffc"]]


@pytest.mark.parametrize(
    ("first", "begins"), [("a,b", True), (" a , b ", True), ("a", False), ("a,b,c", False), ("", False)]
)
def test_a_file_of_ours_begins_with_its_columns_and_no_others(first: str, begins: bool) -> None:
    assert _csv.begins_with(Member("f.csv", io.BytesIO(first.encode())), ("a", "b")) is begins


@pytest.mark.parametrize(("cells", "is_taken"), [("1", False), ("1,2", True), ("1,2,3", False), ('1,"2', False)])
def test_a_row_of_ours_has_a_cell_for_each_column(cells: str, is_taken: bool) -> None:
    (line,) = lines(cells.encode())
    if is_taken:
        assert _csv.cells_of(line, ("a", "b"), "f.csv") == ["1", "2"]
        return
    with pytest.raises(BadStructure, match=r"f\.csv:1: "):
        _csv.cells_of(line, ("a", "b"), "f.csv")

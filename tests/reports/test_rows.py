"""What formats of every kind of file share: heights, groups, refused rows."""

from __future__ import annotations

from dataclasses import fields

import pytest

from porlake.reports import Published, Refused, Summary, _rows


@pytest.mark.parametrize(
    ("text", "height"),
    [("", None), ("-", None), ("0", 0), ("9" * 17, 10**17 - 1), ("9" * 18, 10**18 - 1)],
)
def test_a_height_has_up_to_18_digits(text: str, height: int | None) -> None:
    assert _rows.height(text) == height


@pytest.mark.parametrize("text", ["9" * 19, "-1", "1.0", " 1", "--"])
def test_anything_else_is_no_height(text: str) -> None:
    with pytest.raises(ValueError, match=text.strip()):
        _rows.height(text)


@pytest.mark.parametrize(
    ("label", "expected"),
    [
        ("ETH(ALL)", ("ETH", "group")),
        ("ETH (all)", ("ETH", "group")),
        ("ETH", ("ETH", "part")),
        ("(ALL)", ("", "group")),
        ("ETH(ALL)x", ("ETH(ALL)x", "part")),
    ],
)
def test_a_label_in_which_all_stands_is_a_group(label: str, expected: tuple[str, str]) -> None:
    assert _rows.group(label) == expected


def test_a_refused_row_keeps_all_that_a_row_and_a_refusal_have_in_common() -> None:
    row = Published(
        source_row=7, label="L", network="n", asset="A", address="a", amount="1", raw="r", network_label="N",
        scheme="s", holding="custody", message="m", signatures=("s1",), key_or_script="k", owners=("o",), member=1,
    )  # fmt: skip
    found = _rows.refused(row, "why", "what")
    same = {field.name for field in fields(Published)} & {field.name for field in fields(Refused)}
    assert {name: getattr(found, name) for name in same} == {name: getattr(row, name) for name in same}
    assert all(getattr(row, name) for name in same), "a column without a value proves nothing"
    assert (found.block, found.reason, found.expected) == ("rows", "why", "what")


def test_a_line_of_totals_is_a_total_or_says_why_it_is_none() -> None:
    def line(label: str, height: str) -> Summary | Refused:
        return _rows.summary("okx", "f.csv", 3, "raw", label=label, height_text=height, amount="5", member=1)

    total = line("ETH(ALL)", "7")
    assert isinstance(total, Summary)
    assert (total.label, total.level, total.network, total.asset, total.height, total.member) == (
        "ETH(ALL)", "group", "", "ETH", 7, 1,
    )  # fmt: skip
    refused = [line("MOON", "7"), line("ETH", "x")]
    assert [(item.reason, item.block, item.member) for item in refused if isinstance(item, Refused)] == [
        ("unknown_asset", "summary", 1),
        ("bad_height", "summary", 1),
    ]

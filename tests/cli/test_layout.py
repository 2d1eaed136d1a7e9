"""What a terminal shows: whole numbers, ids and names, or a column that says it was left out; nothing that the terminal
would obey.
"""

from __future__ import annotations

import io
import random
from decimal import Decimal

import pytest
from rich.cells import cell_len
from rich.console import Console

from porlake import cli
from porlake.cli import _layout
from porlake.progress import printable


def shown(columns: list[str], rows: list[tuple[str, ...]], width: int | None) -> list[str]:
    return [line.text for line in _layout.table(columns, rows, width)]


ROWS = [("okx", "BTC", "104.01"), ("okx", "ETH", "9.5"), ("htx", "USDT", "1,000.25"), ("htx", "BTC", "")]


def test_columns_that_fit_stand_side_by_side_with_numbers_to_the_right() -> None:
    assert shown(["exchange", "asset", "ratio"], ROWS, 80) == [
        "exchange  asset     ratio",
        "okx       BTC      104.01",
        "okx       ETH         9.5",
        "htx       USDT   1,000.25",
        "htx       BTC",
    ]


@pytest.mark.parametrize(
    ("width", "left_out"),
    [(25, ""), (24, "(+1 column: ratio)"), (15, "(+1 column: ratio)"), (14, "(+2 columns: asset, ratio)")],
)
def test_a_column_is_left_out_whole_from_the_cell_on_at_which_it_does_not_fit(width: int, left_out: str) -> None:
    lines = shown(["exchange", "asset", "ratio"], ROWS, width)
    assert (lines[-1] if lines[-1].startswith("(+") else "") == left_out


def test_a_wide_column_gives_its_place_to_the_narrow_ones_behind_it() -> None:
    rows = [("okx", "x" * 90, "1")] * 4
    assert shown(["exchange", "address", "rows"], rows, 40) == [
        "exchange  rows",
        *["okx          1"] * 4,
        "(+1 column: address)",
    ]


def test_few_rows_that_do_not_fit_are_records_and_nothing_is_left_out() -> None:
    rows = [("okx/2024-03-25", "x" * 90, "104.01")] * 2
    lines = shown(["attestation", "address", "ratio"], rows, 80)
    assert lines[:4] == [
        "row 1",
        "  attestation  okx/2024-03-25",
        f"  address      {'x' * 90}",
        "  ratio        104.01",
    ]
    assert len(lines) == 8


def test_rows_whose_first_column_does_not_fit_are_records() -> None:
    lines = shown(["address", "ratio"], [("x" * 90, "1")] * 9, 80)
    assert sum("x" * 90 in line for line in lines) == 9


def test_nothing_is_ever_cut_at_any_width() -> None:
    random.seed(11)
    for _ in range(300):
        count = random.randint(1, 9)
        columns = [f"column{at}" for at in range(count)]
        rows = [tuple("9" * random.choice([1, 4, 18, 66]) for _ in columns) for _ in range(random.randint(1, 6))]
        width = random.randint(1, 120)
        lines = list(_layout.table(columns, rows, width))
        text = "\n".join(line.text for line in lines)
        if "(+" in lines[-1].text:
            named = lines[-1].text.split(": ")[1].removesuffix(")").split(", ")
            kept = [at for at, name in enumerate(columns) if name not in named]
            assert all(cell_len(line.text) <= width for line in lines[:-1])
        else:
            kept = list(range(count))
        for row in rows:
            assert all(row[at] in text.replace("\n", " ").split() for at in kept)


HOSTILE = "\x1b[31mred\x1b[0m\x07\x00\r\n\u202e\x9b2J[bold]"


def test_what_a_terminal_would_obey_is_shown_as_a_sign() -> None:
    assert printable(HOSTILE).isprintable()
    assert printable(HOSTILE).endswith("2J[bold]")
    for line in [*shown([HOSTILE], [(HOSTILE,)], 80), *_layout.facts([(HOSTILE, HOSTILE)])]:
        assert line.isprintable()


def test_markup_of_a_file_is_text_on_a_terminal() -> None:
    out = io.StringIO()
    console = Console(file=out, force_terminal=True, width=40, color_system=None)
    _layout.show(console, "[red]title[/red]", ["[bold]a[/bold]"], [("[link=x]y[/link]",)])
    assert out.getvalue().splitlines()[0].endswith("[red]title[/red]")
    assert "[link=x]y[/link]" in out.getvalue()


def test_an_error_shows_no_escapes(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["verify", "no\x1b[2Jwhere.csv"]) == 1
    assert "\x1b" not in capsys.readouterr().err


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, ""), (True, "yes"), (1234567, "1,234,567"), (Decimal("0E-8"), "0.00000000"),
        (Decimal("113754.00000000"), "113,754.00000000"),
        (104.01, "104.010000"), (0.0, "0.000000"), (0.0000012, "1.2e-06"), (["a", None, 2], "a, , 2"), ("x", "x"),
    ],
)  # fmt: skip
def test_a_value_of_the_tables_as_a_person_reads_it(value: object, text: str) -> None:
    assert _layout.text(value) == text

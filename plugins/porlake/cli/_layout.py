"""Tables as text: no number, id or name is ever cut, and no text from a file or a server reaches the terminal as a
command to it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from porlake.progress import printable

GAP = "  "
RECORDS = 3  # rows that are shown as records, a column a line, where they do not fit side by side


@dataclass(frozen=True, slots=True)
class Line:
    text: str
    is_head: bool = False


def table(columns: Sequence[str], rows: Sequence[Sequence[str]], width: int | None) -> Iterator[Line]:
    """Lines of a table that is at most `width` cells wide; None: as wide as it is.

    Where it does not fit, columns are left out whole and named in a last line; a few rows, or rows of which not even
    the first column fits, are shown as records instead, which leave nothing out: the terminal wraps what is too long
    for a line.
    """
    columns = [printable(column) for column in columns]
    cells = [[printable(cell) for cell in row] for row in rows]
    widths = [max(map(cell_len, [name, *(row[at] for row in cells)])) for at, name in enumerate(columns)]
    kept = fitting(widths, width)
    if len(kept) < len(columns) and (len(rows) <= RECORDS or not kept or kept[0] != 0):
        yield from _records(columns, cells)
        return
    right = [bool(cells) and all(_is_number(row[at]) for row in cells) for at in range(len(columns))]
    yield Line(_joined(columns, kept, widths, right), is_head=True)
    for row in cells:
        yield Line(_joined(row, kept, widths, right))
    if left_out := [name for at, name in enumerate(columns) if at not in kept]:
        yield Line(f"(+{len(left_out)} column{'s' if len(left_out) > 1 else ''}: {', '.join(left_out)})")


def fitting(widths: Sequence[int], width: int | None) -> list[int]:
    """Which columns stand side by side within `width`, from the left; one that is too wide gives its place to the
    next.
    """
    kept: list[int] = []
    taken = 0
    for at, own in enumerate(widths):
        needed = taken + own + (len(GAP) if kept else 0)
        if width is None or needed <= width:
            kept.append(at)
            taken = needed
    return kept


def facts(lines: Iterable[tuple[str, str]]) -> Iterator[str]:
    """Names and what they are, a line each; the terminal wraps what is too long for one."""
    shown = [(printable(name), printable(text)) for name, text in lines]
    widest = max((cell_len(name) for name, _ in shown), default=0)
    for name, text in shown:
        yield f"  {name}{' ' * (widest - cell_len(name))}  {text}"


def text(value: object) -> str:
    """A value of DuckDB as a person reads it: whole numbers and decimals exact with their thousands apart, lists
    without brackets.
    """
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case int():
            return f"{value:,}"
        case Decimal():
            return f"{value:,f}"
        case float():
            return f"{value:,.6f}" if abs(value) >= 0.001 or not value else f"{value:.6g}"
        case list() | tuple():
            return ", ".join(map(text, value))
        case _:
            return str(value)


def show(
    out: Console, title: str, columns: Iterable[str], rows: Sequence[Sequence[str]], *, empty: bool = False
) -> None:
    """A table on a console; nothing where there are no rows, unless `empty`."""
    if not rows and not empty:
        return
    if title:
        write(out, title, style="italic")
    for line in table(list(columns), rows, out.width if out.is_terminal else None):
        write(out, line.text, style="bold" if line.is_head else "")
    write(out)


def write(out: Console, line: str = "", style: str = "") -> None:
    """One line as it stands: no markup in it is read, nothing is coloured by guess, nothing is broken or cut."""
    out.print(Text(line.rstrip(), style=style), soft_wrap=True, highlight=False)


def _records(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[Line]:
    for number, row in enumerate(rows, 1):
        yield Line(f"row {number}" if len(rows) > 1 else "row", is_head=True)
        yield from map(Line, facts(zip(columns, row, strict=True)))


def _joined(cells: Sequence[str], kept: Sequence[int], widths: Sequence[int], right: Sequence[bool]) -> str:
    return GAP.join(_padded(cells[at], widths[at], right[at]) for at in kept).rstrip()


def _padded(cell: str, width: int, right: bool) -> str:
    blank = " " * (width - cell_len(cell))
    return blank + cell if right else cell + blank


def _is_number(cell: str) -> bool:
    return not cell.strip(" 0123456789.,%+-")

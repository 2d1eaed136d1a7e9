"""Columns of evidence as the vectorised schemes read them: slices, nulls and lists of each length."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from batches import batch
from porlake.model import Evidence
from porlake.ownership.batch.columns import (
    NAMES,
    EvidenceColumns,
    TextLists,
    Verdicts,
    evidence,
    networks,
    values_of,
)

Row = Callable[..., Evidence]
LISTS = [["a", "bb"], [], ["", "ccc"], ["dd", "", "e"], [""], ["ffff"]]


@pytest.mark.parametrize(("start", "count"), [(0, 6), (1, 4), (2, 4), (3, 1), (6, 0)])
def test_lists_of_texts_and_slices_of_them(start: int, count: int) -> None:
    lists = LISTS[start : start + count]
    found = TextLists(pa.array(LISTS, pa.list_(pa.string())).slice(start, count))
    assert found.count.tolist() == [sum(map(bool, texts)) for texts in lists]
    for column in range(4):
        widths = [len(texts[column]) if column < len(texts) else 0 for texts in lists]
        assert found.width(column).tolist() == widths
        rows = np.array([row for row, texts in enumerate(lists) if column < len(texts)], np.intp)
        assert found.texts(rows, column).to_pylist() == [lists[row][column] for row in rows.tolist()]


def test_a_null_in_a_list_is_no_text() -> None:
    found = TextLists(pa.array([["a", None], [None, "b"]], pa.list_(pa.string())))
    assert found.count.tolist() == [1, 1]
    assert (found.width(0).tolist(), found.width(1).tolist()) == ([1, 0], [0, 1])


@pytest.mark.parametrize(
    "column",
    [
        pa.array(["a", None, "b"]),
        pa.array([1, 2, 3]),
        pa.array([["a"], [], ["b", "c"]], pa.list_(pa.string())),
        pa.array([["a"], None, ["b", "c"]], pa.list_(pa.string())),
    ],
)
def test_columns_as_values(column: pa.Array) -> None:
    assert values_of(column) == column.to_pylist()


def test_rows_come_back_and_are_found_by_what_they_hold(row: Row) -> None:
    rows = [
        replace(row("utxo", network, "x" * at, "s", message=message), source_row=at)
        for at, (network, message) in enumerate(
            [("bitcoin", "m"), ("litecoin", "m"), ("bitcoin", "n"), ("bitcoin", "m"), ("tron", "n")]
        )
    ]
    rows[4] = replace(rows[4], owners=["", "somebody"], network=None)
    columns = EvidenceColumns(batch(rows))
    assert list(evidence(columns.batch)) == rows
    assert tuple(columns.batch.schema.names) == NAMES
    assert columns.without_owners.tolist() == [True] * 4 + [False]
    assert columns.among("network", {"bitcoin"}).tolist() == [True, False, True, True, False]
    assert columns.among("network", set()).tolist() == [False] * 5
    assert columns.length("address_published").tolist() == [0, 1, 2, 3, 4]
    assert columns.length("network").tolist() == [7, 8, 7, 7, 0]
    some = np.array([0, 1, 2, 3])

    def groups(rows: np.ndarray, places: list[int], *names: str) -> list[tuple[Any, list[int]]]:
        found = columns.groups(rows, np.array(places), *names)
        return sorted((values, members.tolist()) for values, members in found)

    expected = [
        (("bitcoin", "m"), [0, 3]),
        (("bitcoin", "n"), [2]),
        (("litecoin", "m"), [1]),
    ]
    assert groups(some, [0, 1, 2, 3], "network", "message") == expected
    assert groups(np.array([0, 3]), [1], "network", "message") == [(("bitcoin", "m"), [1])]
    assert groups(some, [3, 1], "network") == [(("bitcoin",), [3]), (("litecoin",), [1])]
    nothing = EvidenceColumns(columns.batch.slice(0, 0))
    assert nothing.among("network", {"bitcoin"}).tolist() == []


def test_verdicts_are_added_one_after_the_other() -> None:
    one, two = Verdicts(), Verdicts()
    one.add(3, "proven", "why", ("flag",), "signer", "account")
    two.add(1, "invalid", "other", (), None, "another")
    one.extend(two)
    assert one == Verdicts(
        [3, 1], ["proven", "invalid"], ["why", "other"], [("flag",), ()], ["signer", None], ["account", "another"]
    )


def test_networks_of_a_form_but_for_those_that_hash_otherwise() -> None:
    bitcoin = networks("bitcoin")
    assert {"bitcoin", "litecoin"} <= bitcoin
    assert "decred" not in bitcoin, "its keys are hashed by another function"
    assert "ethereum" in networks("evm") - bitcoin

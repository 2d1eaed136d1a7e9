"""What lies where in a lake, and which of it is looked at."""

from __future__ import annotations

import io
import typing
from datetime import UTC, datetime
from decimal import Decimal

import pyarrow as pa
import pytest

from porlake.errors import ContractViolation, Damaged, LakeError
from porlake.lake import Lake, column, schema
from porlake.lake.schema import record_batch
from porlake.model import DATASETS, Balance, Price
from stores import flipped, held, lay

AT = datetime(2024, 3, 25, tzinfo=UTC)


@pytest.fixture
def lake(lake: Lake) -> Lake:
    for network in ("bitcoin", "tron"):
        row = Balance("okx", "ab", network, "TRX", "T", "total", 7, 1, "m", "h", "exact", 0, "other")
        lake.write(Balance, {"exchange": "okx", "report": "ab", "network": network}, [row])
    return lake


def test_a_partition_is_named_by_its_columns_alone(lake: Lake) -> None:
    assert [pointer.partition["network"] for pointer in lake.pointers(Balance)] == ["bitcoin", "tron"]
    assert [pointer.partition["network"] for pointer in lake.pointers(Balance, network="tron")] == ["tron"]
    with pytest.raises(LakeError, match="no partition column"):
        lake.pointers(Balance, asset="TRX")


def test_a_pointer_stands_at_the_depth_of_its_dataset(lake: Lake) -> None:
    """Copies of it deeper or higher are none."""
    place = lake.pointers(Balance)[0].place
    text = held(lake, f"{place}/pointer.json")
    for other in (
        place.rpartition("/")[0] + "/pointer.json",
        f"{place}/deeper/pointer.json",
        f"{place}/pointer.json.bak",
    ):
        lay(lake, other, text)
    assert len(lake.pointers(Balance)) == 2


def test_every_file_of_the_datasets_and_the_archive_is_looked_at(lake: Lake) -> None:
    sha256 = lake.keep(io.BytesIO(b"published"), {"file_name": "f.csv"})
    looks = list(lake.all_files())
    assert len(looks) == 2 * 2 + 2  # two partitions, each a pointer and a file; a published file and its facts
    for look in looks:
        look()
    for key in [*(key for pointer in lake.pointers(Balance) for key in pointer.keys), f"raw/{sha256}"]:
        before = flipped(lake, key, -8)
        wrong = []
        for look in lake.all_files():
            try:
                look()
            except Damaged as error:
                wrong.append(str(error))
        assert [lake.where(key) in text for text in wrong] == [True], key
        lay(lake, key, before)


def test_the_inbox_is_a_place_that_a_person_finds(lake: Lake) -> None:
    assert lake.inbox("okx") == lake.where("inbox/okx")


@pytest.mark.parametrize(
    ("text", "fits"),
    [
        ("99999999.999999999999", True),
        ("99999999", True),
        ("100000000", False),
        ("0.000000000001", True),
        ("0.0000000000001", False),
    ],
)
def test_a_price_has_8_digits_before_the_point_and_12_behind_it(text: str, fits: bool) -> None:
    made = pa.schema([schema(Price).field("usd")])
    if fits:
        assert record_batch("price", made, [(Decimal(text),)]).column(0).to_pylist() == [Decimal(text)]
    else:
        with pytest.raises(ContractViolation):
            record_batch("price", made, [(Decimal(text),)])


#: The types of money, in any dataset: DuckDB, readers and dashboards rely on them.
KINDS = {
    "base_units": "decimal128(38, 0)",
    "usd": "decimal128(38, 2)",
    "price": "decimal128(20, 12)",
    "ratio": "decimal128(20, 12)",
    "figure": "decimal128(38, 8)",
}


def test_money_has_the_same_exact_type_in_every_dataset() -> None:
    seen = set()
    for row_class in DATASETS.values():
        columns = typing.get_type_hints(row_class, include_extras=True)
        for field in schema(row_class):
            kind = column(columns[field.name])[1].kind
            if kind:
                seen.add(kind)
                assert str(field.type) == KINDS[kind], (row_class.NAME, field.name)
    assert seen == set(KINDS)

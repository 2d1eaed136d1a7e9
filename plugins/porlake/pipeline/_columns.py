"""Rows of an address block by column to columns of claims and evidence, as `_claims` makes them one by one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from porlake import addresses, amounts, lake, registry, reports
from porlake.model import Claim, Dataset, Evidence, ReportFile


@dataclass(frozen=True, slots=True)
class Made:
    """Claims and evidence of the rows that make a claim beyond doubt; all other items of the run, in the order of their
    lines.
    """

    claims: pa.RecordBatch
    evidence: pa.RecordBatch
    others: list[reports.Item]


def made(file: ReportFile, rows: reports.Rows) -> Made:
    """Every row of the run, once: in both columns or among the others, which the rule of one row judges."""
    columns = dict(rows.columns)
    if not len(columns["address"]):
        columns |= {"canonical": columns["address"], "units": None, "decimals": None}
        return Made(_claims(file, rows.member, columns), _evidence(file, rows.member, columns), rows.others)
    address, known = _addresses(columns["network"], columns["address"])
    amount, decimals, sure = _amounts(columns["asset"], columns["amount"])
    good = known & sure
    columns |= {"canonical": address, "units": amount, "decimals": decimals}
    others = rows.others
    if not good.all():
        doubtful = [rows.published(at) for at in np.flatnonzero(~good).tolist()]
        others = sorted(doubtful + others, key=lambda item: item.source_row)
        kept = pa.array(good)
        columns = {name: values.filter(kept) for name, values in columns.items()}
    return Made(_claims(file, rows.member, columns), _evidence(file, rows.member, columns), others)


def merged(row_class: type[Dataset], batch: pa.RecordBatch, rows: list[Any]) -> pa.RecordBatch:
    """A batch and single rows of a dataset, in the order of their lines."""
    if not rows:
        return batch
    values = attrgetter(*batch.schema.names)
    whole = pa.concat_batches([batch, lake.record_batch(row_class.NAME, batch.schema, [values(row) for row in rows])])
    return whole.take(pc.sort_indices(whole.column("source_row")))


def _addresses(networks: pa.StringArray, texts: pa.StringArray) -> tuple[pa.StringArray, Any]:
    return _by_group(networks, texts, lambda network, part: addresses.parse_column(network, part))


def _amounts(assets: pa.StringArray, texts: pa.StringArray) -> tuple[pa.Array, pa.Array, Any]:
    listed = registry.load().assets
    few = assets.dictionary_encode()
    scales = pa.array([listed[asset].scale for asset in few.dictionary.to_pylist()], pa.int32()).take(few.indices)
    parts = _groups(scales)
    if len(parts) == 1:
        ((scale, _),) = parts
        units, decimals, sure = amounts.printed_column(texts, scale)
        return units, decimals, sure.to_numpy(zero_copy_only=False)
    found = [amounts.printed_column(texts.take(pa.array(places)), scale) for scale, places in parts]
    there = pa.array(back([places for _, places in parts]))
    units, decimals, sure = (pa.concat_arrays(part).take(there) for part in zip(*found, strict=True))
    return units, decimals, sure.to_numpy(zero_copy_only=False)


def _by_group(keys: pa.StringArray, texts: pa.StringArray, done: Any) -> tuple[pa.Array, Any]:
    parts = _groups(keys)
    if len(parts) == 1:
        return done(parts[0][0], texts)  # type: ignore[no-any-return]
    found = [done(key, texts.take(pa.array(places))) for key, places in parts]
    there = back([places for _, places in parts])
    return (
        pa.concat_arrays([part for part, _ in found]).take(pa.array(there)),
        np.concatenate([good for _, good in found])[there],
    )


def _groups(keys: pa.Array) -> list[tuple[Any, Any]]:
    """(key, places) of each key that there is."""
    few = keys.dictionary_encode()
    codes = few.indices.to_numpy(zero_copy_only=False)
    order = np.argsort(codes, kind="stable")
    ends = np.cumsum(np.bincount(codes, minlength=len(few.dictionary)))
    return [
        (key, order[start:end])
        for key, start, end in zip(few.dictionary.to_pylist(), [0, *ends[:-1].tolist()], ends.tolist(), strict=True)
    ]


def back(places: Sequence[Any]) -> Any:
    """Where each row stands when the rows of all groups, each given by its places, are put one behind the other."""
    order = np.concatenate(places)
    found = np.empty(len(order), np.int64)
    found[order] = np.arange(len(order))
    return found


# --- columns of the datasets ------------------------------------------------------------------------------------------
def _claims(file: ReportFile, member: int, columns: dict[str, pa.Array]) -> pa.RecordBatch:
    return _batch(Claim, len(columns["label"]), {
        "exchange": file.exchange,
        "report": file.report,
        "source_row": columns["source_row"],
        "network": columns["network"],
        "asset": columns["asset"],
        "address": columns["canonical"],
        "address_published": columns["address"],
        "label": columns["label"],
        "network_label": _or_null(columns["network_label"]),
        "amount": columns["units"],
        "amount_published": columns["amount"],
        "printed_decimals": columns["decimals"],
        "snapshot_height": columns["height"],
        "holding": columns["holding"],
        "custodian": columns.get("custodian"),
        "remark": _or_null(columns["remark"]),
        "member": member,
    })  # fmt: skip


def _evidence(file: ReportFile, member: int, columns: dict[str, pa.Array]) -> pa.RecordBatch:
    rows = len(columns["label"])
    return _batch(Evidence, rows, {
        "exchange": file.exchange,
        "report": file.report,
        "source_row": columns["source_row"],
        "network": columns["network"],
        "asset": columns["asset"],
        "label": columns["label"],
        "network_label": _or_null(columns["network_label"]),
        "holding": columns["holding"],
        "scheme": _or_null(columns["scheme"]).fill_null("no_scheme"),
        "address_published": columns["address"],
        "message": columns.get("message", ""),
        "signatures": columns.get("signatures", _empty_lists(rows)),
        "key_or_script": columns.get("key_or_script", ""),
        "owners": columns.get("owners", _empty_lists(rows)),
        "member": member,
    })  # fmt: skip


def _batch(row_class: type[Dataset], rows: int, given: dict[str, Any]) -> pa.RecordBatch:
    """A batch of a dataset of columns and of values that all rows have; what is not given is null."""
    schema = lake.schema(row_class)
    arrays = []
    for field in schema:
        value = given.get(field.name)
        if value is None:
            value = pa.nulls(rows, field.type)
        elif not isinstance(value, pa.Array):
            value = pa.repeat(pa.scalar(value, field.type), rows)
        arrays.append(value)
    return pa.RecordBatch.from_arrays(arrays, schema=schema)


def _or_null(column: pa.StringArray) -> pa.StringArray:
    """Null where a text is empty, or is null."""
    return pc.if_else(pc.equal(column, ""), pa.scalar(None, pa.string()), column)


def _empty_lists(rows: int) -> pa.ListArray:
    return pa.ListArray.from_arrays(pa.array(np.zeros(rows + 1, np.int32)), pa.array([], pa.string()))

"""What files give by column is what they give row by row: rows, reasons, order, errors, and the bytes in the lake."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pytest

from made_addresses import made
from porlake import addresses, amounts, lake, pipeline, registry, reports
from porlake.addresses import _column, bitcoin
from porlake.encoding import base58, fixed_width
from porlake.errors import InvalidAddress, InvalidAmount, PorlakeError
from porlake.model import Dataset, ReportFile
from porlake.pipeline import _columns as by_columns
from porlake.pipeline import _parse
from porlake.reports import _columns
from reports.published import as_bundle
from reports.test_spoiled import GOOD, exchange_of, spoiled
from support import SAMPLES

BY_COLUMN = sorted(name for name, form in reports.FORMATS.items() if isinstance(form, reports.ColumnFormat))
FILES = [name for name in GOOD if name.split("/")[0] in BY_COLUMN]
BINANCE = "PR01SEP26_HotCold.csv"


def test_there_are_formats_by_column() -> None:
    assert BY_COLUMN == ["binance_csv", "okx_csv"]
    assert {name.split("/")[0] for name in FILES} == set(BY_COLUMN)


def outcome(
    files: dict[str, bytes], exchange: str, items: Callable[[reports.Format, reports.Bundle], Iterator[object]]
) -> object:
    """The rows of all datasets, or the error."""
    found: dict[type[Dataset], list[object]] = {row_class: [] for row_class in _parse.PARSED}

    def keep(row_class: type[Dataset], batch: object) -> None:
        columns = [lake.schema(row_class).names, *zip(*(column.to_pylist() for column in batch.columns), strict=True)]
        found[row_class] += [row_class(**dict(zip(columns[0], row, strict=True))) for row in columns[1:]]

    now = datetime(2024, 3, 25, tzinfo=UTC)
    values = dict.fromkeys(ReportFile.__slots__) | {
        "exchange": exchange, "report": "ab" * 32, "file_name": "f.csv", "snapshot_at": now, "retrieved_at": now
    }  # fmt: skip
    try:
        for form, bundle in reports.recognised(as_bundle(files, exchange))[0]:
            file = ReportFile(**values)
            writer = _parse.ItemWriter(
                file,
                {row_class: rows.append for row_class, rows in found.items()},
                {row_class: lambda batch, row_class=row_class: keep(row_class, batch) for row_class in found},
            )
            for item in items(form, bundle):
                if isinstance(item, reports.Stretch):
                    writer.write_columns(by_columns.made(file, item.rows()))
                else:
                    writer.write(item)
            writer.check()
    except PorlakeError as error:
        return type(error), str(error)
    return found


def by_row(form: reports.Format, bundle: reports.Bundle) -> Iterator[object]:
    return form.parse(bundle)


def by_column(form: reports.Format, bundle: reports.Bundle) -> Iterator[object]:
    return form.runs(bundle) if isinstance(form, reports.ColumnFormat) else form.parse(bundle)


@pytest.mark.parametrize("size", [1, 333, _columns.CHUNK_BYTES])
@pytest.mark.parametrize("name", FILES)
def test_a_good_file_is_the_same(name: str, size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_columns, "CHUNK_BYTES", size)
    exchange = exchange_of(name.split("/")[0])
    assert outcome(GOOD[name], exchange, by_column) == outcome(GOOD[name], exchange, by_row)


@pytest.mark.parametrize("name", FILES)
def test_a_spoiled_file_is_the_same(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    exchange = exchange_of(name.split("/")[0])
    for seed in range(60):
        chance = random.Random(seed)
        monkeypatch.setattr(_columns, "CHUNK_BYTES", chance.choice([1, 97, 500, 2_000, 1 << 22]))
        files = {file: spoiled(content, chance) for file, content in GOOD[name].items()}
        assert outcome(files, exchange, by_column) == outcome(files, exchange, by_row), seed


# --- single cells: every odd thing that a line may hold ---------------------------------------------------------------
HEADER = b"coin,network,address,balance,Height,Third party custodian name"
GOOD_LINE = b'ETH,ETH,0x57a0dfd29d8aa63a34acddb8dce2910b7e98a646,0.031817860000000000,24781026,""'
ODD = [
    b"", b" ", b",,,,,", b',,,,,""', b'"",,,,,', GOOD_LINE[:-3], GOOD_LINE + b",",
    GOOD_LINE + b"\r", GOOD_LINE + b"\r\r",
    GOOD_LINE + b" ", GOOD_LINE.replace(b",", b" , "), GOOD_LINE.replace(b"0x", b"0X"), GOOD_LINE.upper(),
    GOOD_LINE.replace(b"0x", b"\"0x\"") , GOOD_LINE.replace(b"ETH,ETH", b"ETH,[ETH]"), GOOD_LINE.replace(b"0.0", b".0"),
    GOOD_LINE.replace(b"0.0", b"0.\xc3\xa9"), GOOD_LINE.replace(b"0.0", b"0.\xff"), GOOD_LINE.replace(b"0.0", b"\0"),
    GOOD_LINE.replace(b"0.0", b"-0.0"), GOOD_LINE.replace(b"0.0", b"00000.0"), GOOD_LINE.replace(b"0.0", b"1e5"),
    GOOD_LINE.replace(b"0.031817860000000000", b"0.0318178600000000001"),
    GOOD_LINE.replace(b"0.031817860000000000", b"99999999999999999999.9"),
    GOOD_LINE.replace(b"0.031817860000000000", b"999999999999999999999"),
    GOOD_LINE.replace(b"0.031817860000000000", b"0.03181786000000000000000000"), GOOD_LINE.replace(b"0.03", b"1."),
    GOOD_LINE.replace(b"0.031817860000000000", b""), GOOD_LINE.replace(b"0.031817860000000000", b"12"),
    GOOD_LINE.replace(b"24781026", b"-"), GOOD_LINE.replace(b"24781026", b""), GOOD_LINE.replace(b"24781026", b"x"),
    GOOD_LINE.replace(b"24781026", b"9" * 18), GOOD_LINE.replace(b"24781026", b"9" * 19),
    GOOD_LINE.replace(b'""', b"Ceffu"), GOOD_LINE.replace(b'""', b"-"), GOOD_LINE.replace(b'""', b"null"),
    GOOD_LINE.replace(b'""', b'"Ceffu"'), GOOD_LINE.replace(b'""', b'""""'), GOOD_LINE.replace(b'""', b"a\tb"),
    GOOD_LINE.replace(b"ETH,ETH", b"ETH,NOWHERE"), GOOD_LINE.replace(b"ETH,ETH", b"NOTHING,ETH"),
    GOOD_LINE.replace(b"0x57", b"0x5"), GOOD_LINE.replace(b"0x57", b"0x5g"), GOOD_LINE.replace(b"0x57", b""),
    GOOD_LINE.replace(b"0x57", b"0x 7"), b"x" * (_columns.LONG - 1), b"x" * _columns.LONG, b"x" * (_columns.LONG + 1),
    b"x" * 262_143, b"x" * 262_144, b"x" * 262_145, b"x" * 600_000,
]  # fmt: skip


@pytest.mark.parametrize("size", [200, 1 << 22])
@pytest.mark.parametrize("at", range(len(ODD)))
def test_an_odd_line_is_the_same(at: int, size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_columns, "CHUNK_BYTES", size)
    for content in (
        b"\n".join([HEADER, GOOD_LINE, ODD[at], GOOD_LINE, b""]),
        b"\r\n".join([HEADER, GOOD_LINE, ODD[at], GOOD_LINE]),
        b"\xef\xbb\xbf" + b"\n".join([HEADER, ODD[at]]),
    ):
        given = {BINANCE: content}
        assert outcome(given, "binance", by_column) == outcome(given, "binance", by_row)


def test_many_lines_of_many_networks_are_the_same_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Some batches of the lake, of which each has lines of all kinds."""
    head, _, block = (SAMPLES / "okx_por_2024032500.csv").read_text(encoding="utf-8").partition("\n\n")
    header, *lines = block.splitlines()
    chance = random.Random(7)
    lines = [chance.choice(lines) for _ in range(3 * lake.BATCH_ROWS + 77)]
    for at in chance.sample(range(len(lines)), len(lines) // 50):
        line = lines[at]
        where = chance.randrange(len(line) or 1)
        lines[at] = line[:where] + chance.choice(['"', ",", "[", "x", " ", "\0", "é", ""]) + line[where + 1 :]
    path = tmp_path / "okx_por_2024032500.csv"
    path.write_text("\n".join([head, "", header, *lines, ""]), encoding="utf-8")

    def pointers(name: str) -> dict[str, object]:
        session = pipeline.session(tmp_path / name, environ={})
        (report,) = pipeline.archive(session, "okx", str(path))
        pipeline.parse(session, report)
        return {
            row_class.NAME: json.dumps([pointer.files for pointer in session.lake.pointers(row_class)])
            for row_class in _parse.PARSED
        }

    columns = pointers("columns")
    monkeypatch.delattr(reports.format_of("okx_csv"), "runs")
    assert pointers("rows") == columns


# --- columns of cells -------------------------------------------------------------------------------------------------
AMOUNTS = [
    "0", "1", "1.", ".1", "01.10", "1.5", "0.000000000000000001", "0.0000000000000000010", "0.0000000000000000001", "",
    "-1", "+1", "1e3", "1,5", " 1", "٣", "99999999999999999999", "100000000000000000000", "9" * 38, "9" * 39,
    "99999999999999999999.999999999999999999", "1.00000000", "1.000000001", "0.123456789012345678901234",
]  # fmt: skip


@pytest.mark.parametrize("scale", [0, 2, 8, 17, 18, 19, 24, 30])
def test_amounts_of_a_column_are_those_of_single_cells(scale: int) -> None:
    sure = set()
    for text, units, decimals, is_sure in zip(
        AMOUNTS, *(column.to_pylist() for column in amounts.printed_column(pa.array(AMOUNTS), scale)), strict=True
    ):
        if is_sure:
            sure.add(text)
            assert (int(units), decimals) == amounts.printed(text, scale)
        else:
            try:
                amounts.printed(text, scale)
            except InvalidAmount:
                continue
            assert not text[-1:].isdigit() or text[0] == "." or len(text) > 20 or scale > 18, text
    assert {"0", "1", "01.10"} - ({"01.10"} if scale == 0 else set()) <= sure


LIKE = "15oF4uVJwmo4TdGW7VfQxNLavjCXviqxT9S1MgbjMNHr6Sp5"
"""An account of Polkadot."""
PUBLISHED = json.loads((Path(__file__).parents[1] / "addresses" / "published.json").read_text(encoding="utf-8"))


def address(network: str, number: int) -> str:
    if registry.load().networks[network].address_form in ("bitcoin", "cashaddr"):
        return bitcoin.p2pkh(network, number.to_bytes(33, "big")).text
    return made(network, LIKE, number)


BY_FORM = {row.address_form: name for name, row in sorted(registry.load().networks.items(), reverse=True)}
NETWORKS = sorted({
    "ethereum", "bsc", "xdc", "tron", "bitcoin", "litecoin", "dogecoin", "bitcoin_cash", "enjin", "polkadot", "sora",
    *(BY_FORM[form] for form in _column._SURE),
})  # fmt: skip


@pytest.mark.parametrize("many", [0, fixed_width.MANY])
def test_addresses_of_a_column_are_those_of_single_cells(many: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fixed_width, "MANY", many)
    chance = random.Random(3)
    texts = sorted({text for text in _texts(PUBLISHED) if text.isascii() and len(text) < 120})
    assert len(texts) > 100
    texts += [address(network, number) for network in NETWORKS for number in range(3)]
    texts += [base58.encode(bytes(zeros) + bytes([7]) * (32 - zeros)) for zeros in (0, 1, 31, 32)]
    texts += ["1" * count for count in (31, 32, 33, 34, 35, 44, 45)] + ["z" * count for count in (35, 43, 44, 45)]
    texts += [text.upper() for text in texts] + [text.lower() for text in texts]
    for text in texts[:1_000]:
        at = chance.randrange(len(text) or 1)
        texts.append(text[:at] + chance.choice("01qpzLx Z") + text[at + 1 :])
    for network in NETWORKS:
        told = 0
        spelled, good = addresses.parse_column(network, pa.array(texts))
        for text, found, is_good in zip(texts, spelled.to_pylist(), good.tolist(), strict=True):
            try:
                wanted = addresses.parse(network, text)
            except InvalidAddress:
                assert not is_good, (network, text)
                continue
            assert is_good == (not wanted.remark), (network, text)
            if is_good:
                told += 1
                assert found == wanted.text, (network, text)
        assert told, network


@pytest.mark.parametrize("form", sorted(_column._SURE))
def test_a_form_by_column_is_sure_of_an_address_by_itself(form: str) -> None:
    network = BY_FORM[form]
    _, good = _column._SURE[form](network, pa.array([addresses.parse(network, address(network, 1)).text]))
    assert good.tolist() == [True]


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for part in value.values():
            yield from _texts(part)
    elif isinstance(value, list):
        for part in value:
            yield from _texts(part)

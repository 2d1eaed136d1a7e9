"""The formats that are JSON: a spoiled value becomes no other number; what nobody told us of stops the file."""

from __future__ import annotations

import copy
import json
import math
import random
import re
from collections import Counter
from collections.abc import Iterator
from contextlib import nullcontext
from datetime import UTC, datetime
from decimal import Decimal, localcontext
from pathlib import Path
from typing import Any

import pytest

from porlake import pipeline, registry, reports
from porlake.errors import BadStructure, ConfigurationError, PorlakeError, UnknownFormat
from porlake.model import Claim, Liability, PublishedTotal
from porlake.reports import _json, _rows, binance_addresses_json, bitget_json, bitstamp_json
from reports.published import HERE, as_bundle, cases, exchange_of, published_files, read, read_all, report_of
from reports.test_spoiled import parsed

#: By format: the files of its case, which are JSON.
GOOD = {case.parent.name: published_files(case) for case in cases(HERE / "cases") if case.parent.name.endswith("_json")}
LISTS = {"binance_addresses_json", "bitstamp_json"}
TOTALS = sorted({"binance_json", "bitget_json", "gate_json", "kucoin_json", "mexc_json"})
OURS = sorted({*TOTALS, *LISTS})
#: Whose file is an answer of an API, `data` and words about it.
ANSWERS = sorted({*TOTALS, "binance_addresses_json"})
#: Fields that are known and not read, and those that Binance may leave off.
OF_NO_USE = {
    "auditReportUrl", "total_reserve_rate", "auditor", "auditorLink", "auditDate", "customerLiabilityUsdt",
    "marginInsurance", "futureInsurance",
}  # fmt: skip
VALUES: list[Any] = [
    None, True, False, "", " ", "-", "0", 0, -1, 1.5, "1.5", "NaN", "1e400", "1,234.5", "1.234,5", "12,34", "0x10", "٣",
    "+1", "1_000", "١٢", "1 000", [], {}, [1], {"a": 1}, "9" * 60, "0." + "0" * 50 + "1", 10**40, 1e300, "null", "a\0b",
    "\ud800", "ETH", "A" * 70_000, 253_402_300_800_000, "2026-02-30 00:00:00", "2026-09-13T00:00:00",
]  # fmt: skip


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The path of each value that is no list and no object."""
    if isinstance(value, dict | list):
        for key, part in value.items() if isinstance(value, dict) else enumerate(value):
            yield from places(part, (*path, key))
    else:
        yield path


def at(value: Any, path: tuple[Any, ...]) -> Any:
    for key in path:
        value = value[key]
    return value


def numbers_of(files: dict[str, bytes], name: str) -> Counter[Any]:
    """What the lake would hold of a file's amounts, with its line and asset. Raises PorlakeError."""
    found = parsed(files, exchange_of(name))
    exchange = exchange_of(name)
    for form, bundle in reports.recognised(as_bundle(files, exchange))[0]:
        if isinstance(form, reports.SplitFormat):
            assert len(list(form.split(bundle))) == 1
    totals = [row for row in found["published_total"] if isinstance(row, PublishedTotal)]
    owed = [row for row in found["liability"] if isinstance(row, Liability)]
    claims = [row for row in found["claim"] if isinstance(row, Claim)]
    return Counter(
        [(row.source_row, row.asset, row.amount, row.own_amount, row.custody_amount) for row in totals]
        + [(row.source_row, row.asset, row.owed, row.printed_ratio) for row in owed]
        + [(row.member, row.source_row, row.network, row.address, row.amount) for row in claims]
    )


AMOUNTS = {"userAsset", "walletAsset", "reserveRate", "userSpotAsset", "walletTotalAsset", "stockRate",
           "customer_net_balances", "exchange_net_balances", "third_net_balances", "customerTotalAmount",
           "platformTotalAmount", "binanceLiability", "exchangeBalance", "thirdPartyCustody", "customerLiability",
           "ratio"}  # fmt: skip
LABELS = {"coin", "currency", "coinName", "chainName", "network", "address"}


def said_by(value: Any, field: str) -> set[Decimal]:
    """The numbers that a text may become in units, those of a ratio in percent; Gate alone groups digits."""
    text = str(value).strip()
    if field.endswith("_balances") and re.fullmatch(r"(?a:\d{1,3}(,\d{3})+(\.\d+)?)", text):
        text = text.replace(",", "")
    if isinstance(value, bool | list | dict) or not re.fullmatch(r"(?a:\d+(\.\d+)?(e\+?\d{1,3})?)", text):
        return set()
    if isinstance(value, str) and "e" in text:
        return set()
    with localcontext(prec=400):
        return {Decimal(text) * (100 if field in ("ratio", "stockRate") else 1)}


@pytest.mark.parametrize("name", OURS)
def test_a_spoiled_value_becomes_no_other_number(name: str) -> None:
    """Whatever value is replaced by whatever other: the numbers of a row are those that stand in the file; of the
    spoiled one that which its new text says, or the row has none.
    """
    before, outcomes = numbers_of(GOOD[name], name), Counter[str]()
    for seed in range(120):
        chance = random.Random(f"{name} {seed}")
        files = dict(GOOD[name])
        file = chance.choice(sorted(files))
        body = json.loads(files[file], parse_float=Decimal)
        paths = list(places(body))
        if not paths:
            continue
        path, value = chance.choice(paths), chance.choice(VALUES)
        at(body, path[:-1])[path[-1]] = value
        files[file] = json.dumps(body, default=float).encode()
        try:
            after = numbers_of(files, name)
        except PorlakeError as refused:
            assert str(refused).strip()
            outcomes["refused"] += 1
            continue
        outcomes["read"] += 1
        told = {number for spot in places(body) if spot[-1] in AMOUNTS for number in said_by(at(body, spot), spot[-1])}
        told |= {sum(map(amount_of, coin["platformTotalAssetList"]), Decimal(0)) for coin in coins_of(body)}
        for row in after - before:
            assert path[-1] in AMOUNTS | LABELS, (path, value, row)
            assert all(stands_in(told, part, row[1]) for part in row[2:] if part is not None), (path, value, row)
            outcomes["fresh"] += path[-1] in AMOUNTS
    assert outcomes["refused"] > 20, outcomes
    assert outcomes["read"] > 20, outcomes
    assert outcomes["fresh"] > 0 or name in LISTS, outcomes


def stands_in(told: set[Decimal], part: int | Decimal | str, asset: str) -> bool:
    """Whether a figure of the lake is one of some numbers, cut to a base unit: down, or up for what is owed."""
    if isinstance(part, str):
        return True
    with localcontext(prec=400):
        if isinstance(part, Decimal):  # a ratio, to its twelfth digit
            return any(part == Decimal(math.floor(number.scaleb(12))).scaleb(-12) for number in told)
        exact = [number.scaleb(registry.load().assets[asset].scale) for number in told]
        return any(part in (math.floor(number), math.ceil(number)) for number in exact)


def coins_of(body: Any) -> list[Any]:
    """Bitget's coins with amounts that can be added."""
    found = body.get("data", {}).get("platformAssetDetailListList", []) if isinstance(body.get("data"), dict) else []
    return [
        coin
        for coin in found
        if all(said_by(held["platformTotalAmount"], "") for held in coin["platformTotalAssetList"])
    ]


def amount_of(held: Any) -> Decimal:
    return said_by(held["platformTotalAmount"], "").pop()


@pytest.mark.parametrize("name", OURS)
def test_a_field_that_is_new_or_missing_stops_the_file(name: str) -> None:
    file, content = next(iter(GOOD[name].items()))
    body = json.loads(content)
    inner = body.get("data", body)
    objects = {path[:-1] for path in places(inner)}
    assert len(objects) > 2
    for path in objects:
        names = list(at(inner, path))
        if name == "bitstamp_json" and path == ("wallets",):
            continue
        new = copy.deepcopy(body)
        at(new.get("data", new), path)["brand_new"] = "1"
        with pytest.raises((BadStructure, UnknownFormat), match='unknown field "brand_new"'):
            read_all(GOOD[name] | {file: json.dumps(new).encode()}, exchange_of(name))
        for gone in names:
            if isinstance(at(inner, path)[gone], list | dict):
                continue
            less = copy.deepcopy(body)
            del at(less.get("data", less), path)[gone]
            try:
                read_all(GOOD[name] | {file: json.dumps(less).encode()}, exchange_of(name))
            except (BadStructure, UnknownFormat) as refused:
                assert f'"{gone}" is missing' in str(refused) or isinstance(refused, UnknownFormat)
            else:
                assert gone in OF_NO_USE


@pytest.mark.parametrize("name", OURS)
@pytest.mark.parametrize(
    ("hostile", "why"),
    [
        (b"[" * 100_000, "nests deeper"), (b"7" * 1_000_000, "no JSON"), (b'1,"x":2', "the key 'x' twice"),
        (b"NaN", "NaN is no JSON number"), (b'"', "no JSON"), (b'"\\ud800"', "no JSON"), (b"", "no JSON"),
    ],
)  # fmt: skip
def test_hostile_json_is_refused_with_a_sentence(name: str, hostile: bytes, why: str) -> None:
    file, content = next(iter(GOOD[name].items()))
    spoiled = content.rstrip().removesuffix(b"}") + b',"x":' + hostile + b"}"
    with pytest.raises(BadStructure) as refused:
        read_all(GOOD[name] | {file: spoiled}, exchange_of(name))
    assert why in str(refused.value)


@pytest.mark.parametrize("name", ANSWERS)
@pytest.mark.parametrize(
    ("envelope", "why"),
    [
        ({"code": "500"}, "known are"), ({"success": False}, "no success"), ({"data": None}, "no data"),
        ({"more": [1]}, "nobody has told us of"),
    ],
)  # fmt: skip
def test_an_answer_that_is_none_is_refused(name: str, envelope: dict[str, Any], why: str) -> None:
    ((file, content),) = GOOD[name].items()
    body = {**json.loads(content), **envelope}
    if envelope.get("data", 1) is None:  # such an answer names no key of the format, and is no file of it
        with pytest.raises(UnknownFormat):
            read(json.dumps(body).encode(), exchange_of(name), file)
        return
    with pytest.raises(BadStructure, match=why):
        read(json.dumps(body).encode(), exchange_of(name), file)


# --- moments ----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("name", "at_", "shown"),
    [
        ("kucoin_json", datetime(2026, 9, 30, 23, 59, 59), "2026-09-30"),
        ("mexc_json", datetime(2026, 9, 10), "2026-09-10"),
        ("gate_json", datetime(2026, 9, 13), "2026-09-13"),
    ],
)
def test_the_content_tells_the_moment_in_the_publishers_clock(name: str, at_: datetime, shown: str) -> None:
    ((form, bundle),), _ = reports.recognised(as_bundle(GOOD[name], exchange_of(name)))
    assert isinstance(form, reports.SplitFormat)
    (part,) = form.split(bundle)
    assert (part.exchange, part.snapshot) == (exchange_of(name), reports.Snapshot(at_, "moment"))
    assert str(part.snapshot) == shown


@pytest.mark.parametrize(
    ("name", "at_"),
    [
        ("bitget_Au2026092917.json", datetime(2026, 9, 29, 17)), ("Au2026082022", datetime(2026, 8, 20, 22)),
        ("Au2026092925.json", None), ("Au20260929.json", None), ("bAu2026092917.json", None),
        ("Au20260929170.json", None), ("detail.json", None),
    ],
)  # fmt: skip
def test_bitgets_audit_id_tells_the_moment(name: str, at_: datetime | None) -> None:
    found = bitget_json.snapshot_of(name)
    assert (found and found.at) == at_


def test_gates_moment_is_read_to_the_second() -> None:
    ((file, content),) = GOOD["gate_json"].items()
    body = json.loads(content)
    body["data"]["snapshot_time"] = "2026-09-13 23:58:57"
    (part,) = reports.FORMATS["gate_json"].split(as_bundle({file: json.dumps(body).encode()}, "gate"))  # type: ignore[attr-defined]
    assert part.snapshot.at == datetime(2026, 9, 13, 23, 58, 57)


@pytest.mark.parametrize(
    "time", ["2026-09-13", "2026-09-13 24:00:00", "2026-9-13 00:00:00", "13/09/26 00:00:00", "2026-02-30 00:00:00", ""]
)
def test_gates_moment_is_written_in_one_way(time: str) -> None:
    ((file, content),) = GOOD["gate_json"].items()
    body = json.loads(content)
    body["data"]["snapshot_time"] = time
    bundle = as_bundle({file: json.dumps(body).encode()}, "gate")
    with pytest.raises(BadStructure, match=r"snapshot_time: a moment was expected"):
        list(reports.FORMATS["gate_json"].split(bundle))  # type: ignore[attr-defined]


# --- amounts ----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("1,234.5", "1234.5"), ("999", "999"), ("12,345,678", "12345678"), ("1,23.5", "1,23.5"), ("1.234,5", "1.234,5"),
        (",123", ",123"), ("0,123", "0,123"), ("1,234,", "1,234,"), ("1,2345", "1,2345"), ("١,٢٣٤", "١,٢٣٤"),
        ("1,000.", "1,000."), ("-1,000", "-1,000"),
    ],
)  # fmt: skip
def test_only_digits_grouped_by_threes_are_put_together(text: str, shown: str) -> None:
    assert _rows.ungrouped(text) == shown


def test_bitgets_total_is_the_exact_sum_of_its_chains() -> None:
    """A public tracker that adds floats shows 29099.606752300002."""
    totals = read_all(GOOD["bitget_json"], "bitget")
    assert isinstance(totals[0], reports.Summary)
    assert Decimal(totals[0].amount) == Decimal("29099.6067523")
    assert totals[0].remark == "sum_of_parts"
    assert all(not isinstance(item, reports.Summary) or item.level != "part" or not item.remark for item in totals[:2])


@pytest.mark.parametrize("amount", ['"1,5"', '"x"', '""', "-1", "1e400"])
def test_a_chain_whose_amount_is_none_leaves_no_total(amount: str) -> None:
    ((file, content),) = GOOD["bitget_json"].items()
    body = content.replace(b"29003.43307867", amount.encode())
    found = parsed({file: body}, "bitget")
    assert not [row for row in found["published_total"] if isinstance(row, PublishedTotal) and row.source_row in (1, 2)]


# --- pages ------------------------------------------------------------------------------------------------------------
def test_pages_are_one_report_in_the_order_of_their_numbers() -> None:
    ((_, bundle),), _ = reports.recognised(as_bundle(GOOD["bitstamp_json"], "bitstamp"))
    assert [member.name for member in bundle.members] == ["page_1.json", "page_2.json", "page_10.json"]


@pytest.mark.parametrize(
    ("name", "at_"),
    [
        ("bitstamp_20261101_page_1.json", datetime(2026, 11, 1)), ("bitstamp_20261131_page_1.json", None),
        ("bitstamp_2026110_page_1.json", None), ("page_1.json", None),
    ],
)  # fmt: skip
def test_the_name_of_a_page_tells_the_day_on_which_it_was_read(name: str, at_: datetime | None) -> None:
    found = bitstamp_json.snapshot_of(name)
    assert (found and (found.at, found.precision)) == (at_ and (at_, "day"))


def test_only_an_empty_page_is_the_end() -> None:
    pages = dict(GOOD["bitstamp_json"])
    end = pages.pop("page_10.json")
    with pytest.raises(BadStructure, match="no page is empty"):
        read_all(pages, "bitstamp")
    with pytest.raises(BadStructure, match="no addresses"):
        read_all({"page_1.json": end}, "bitstamp")


def test_a_page_that_is_an_error_is_no_page() -> None:
    error = b'{"code": 400, "message": "per_page", "wallets": {"a": [{"address": "b", "network": "c"}]}}'
    with pytest.raises(BadStructure, match='unknown field "code", "message"'):
        read_all(GOOD["bitstamp_json"] | {"page_3.json": error}, "bitstamp")


# --- a list of addresses of now --------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("name", "at_"),
    [
        ("binance_20261101_addresses.json", datetime(2026, 11, 1)), ("binance_20261131_addresses.json", None),
        ("binance_2026110_addresses.json", None), ("binance_20261101_addresses_2.json", None), ("address.json", None),
    ],
)  # fmt: skip
def test_the_name_of_binances_list_tells_the_day_on_which_it_was_read(name: str, at_: datetime | None) -> None:
    found = binance_addresses_json.snapshot_of(name)
    assert (found and (found.at, found.precision)) == (at_ and (at_, "day"))


def listed(*rows: Any, name: str = "binance_20261101_addresses.json") -> list[reports.Item]:
    return read(json.dumps({"code": "000000", "data": rows}).encode(), "binance", name)


@pytest.mark.parametrize(
    ("written", "custodian", "holding"),
    [
        ("Ceffu", "Ceffu", "custody"), (" Ceffu\u00a0", "Ceffu", "custody"), ("A, B & C", "A, B & C", "custody"),
        ("", None, "wallet"), (" ", None, "wallet"), ("-", None, "wallet"), (None, None, "wallet"),
        ("null", None, "wallet"),
    ],
)  # fmt: skip
def test_who_holds_an_address_for_binance_is_kept(written: object, custodian: str | None, holding: str) -> None:
    row = {"network": "BTC", "address": "34xp4vRoCGJym3xR7yCVPFHoCNxv4Twseo", "thirdPartyCustodianName": written}
    (item,) = listed(row)
    assert isinstance(item, reports.Published)
    assert (item.custodian, item.holding, item.amount) == (custodian, holding, None)


#: Codes of networks that two public readers of 2026 name in that list.
CODES = (
    "BTC ETH BEP20 BSC CELO CHZ2 HBAR TRX AVAX ARB ARBITRUM AVAXC LTC MATIC OP OPTIMISM RON XRP SOL DOT ALGO APT "
    "FTM BASE ERA ZKSYNCERA MANTA SUI TON STK STARKNET OPBNB NEAR DOGE XLM SCROLL SONIC PLASMA"
)


def test_every_code_of_a_network_in_binances_list_is_known() -> None:
    codes = CODES.split()
    items = listed(*({"network": code, "address": "x", "thirdPartyCustodianName": ""} for code in codes))
    assert [item.network for item in items if isinstance(item, reports.Published)] == [item.network for item in items]  # type: ignore[union-attr]
    assert len(items) == len(codes)


def test_a_list_without_a_row_is_no_list() -> None:
    form = reports.FORMATS["binance_addresses_json"]
    empty = b'{"code": "000000", "data": []}'
    with pytest.raises(BadStructure, match="no addresses"):
        list(form.parse(report_of(form, empty, "binance", "binance_20261101_addresses.json")))


@pytest.mark.parametrize("rows", [{"a": 1}, "x", [None], [[]], [5]])
def test_what_is_no_list_of_objects_stops_the_file(rows: Any) -> None:
    form = reports.FORMATS["binance_addresses_json"]
    with pytest.raises(BadStructure):
        list(form.parse(report_of(form, json.dumps({"data": rows}).encode(), "binance")))


@pytest.mark.parametrize(("most", "refused"), [(2, True), (3, True), (4, False)])
def test_a_list_of_more_values_than_any_is_refused(most: int, refused: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    row = {"network": "BTC", "address": "34xp4vRoCGJym3xR7yCVPFHoCNxv4Twseo", "thirdPartyCustodianName": ""}
    monkeypatch.setattr(_json, "MOST_VALUES", most)  # four stand in the answer: its code and the row's three
    with pytest.raises(BadStructure, match="more than . values") if refused else nullcontext():
        assert len(listed(row)) == 1


# --- an amount that is not told ---------------------------------------------------------------------------------------
@pytest.mark.parametrize("nothing", [b"null", b'""', b'" "'])
def test_what_is_not_told_is_no_zero(nothing: bytes) -> None:
    ((file, content),) = GOOD["kucoin_json"].items()
    items = read(content.replace(b'"7994.36640315"', nothing), "kucoin", file)
    assert isinstance(items[0], reports.Refused)
    assert (items[0].reason, items[0].expected) == ("not_a_number", "a number (amount)")
    assert isinstance(items[1], reports.Summary)


# --- whose file it is -------------------------------------------------------------------------------------------------
def test_a_file_of_one_exchange_is_taken_for_no_others(tmp_path: Path) -> None:
    chosen = pipeline.session(tmp_path / "lake", environ={})
    folder = str(HERE / "cases" / "bitget_json" / "made_from_the_facts")
    with pytest.raises(ConfigurationError, match=r"a file of bitget \(bitget_json\), not of okx"):
        pipeline.archive(chosen, "okx", folder)
    (report,) = pipeline.archive(chosen, "bitget", folder)
    file = chosen.lake.report(report)
    assert (file.attestation, file.content, file.statement) == ("bitget/2026-09-29", "totals", "bitget/bitget_json")
    assert file.snapshot_at == datetime(2026, 9, 29, 9, tzinfo=UTC)


def test_the_moment_of_the_content_is_nearer_than_an_option(tmp_path: Path) -> None:
    chosen = pipeline.session(tmp_path / "lake", environ={})
    ((name, content),) = GOOD["kucoin_json"].items()
    (tmp_path / name).write_bytes(content)
    (report,) = pipeline.archive(chosen, "kucoin", str(tmp_path / name), "2026-10-01")
    file = chosen.lake.report(report)
    assert (file.attestation, file.snapshot_at) == (
        "kucoin/2026-09-30", datetime(2026, 9, 30, 15, 59, 59, tzinfo=UTC),
    )  # fmt: skip

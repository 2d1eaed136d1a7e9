"""The checks of a row alone, each at its border: below it, on it, above it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from porlake import registry
from porlake.registry import checks
from porlake.registry.rows import (
    Asset,
    Collateral,
    EvmNetworkRow,
    ExchangeToken,
    LabelRow,
    Provider,
    Rate,
    ReasonRow,
    SchemeRow,
    SweptNetwork,
    Token,
    TrackerToken,
    VerifyingKey,
)

CONTRACT = "0x" + "1a" * 20
ASSET = Asset("XX", "X", "other", 8, "", "", "")
TOKEN = Token("ethereum", "XX", "erc20", CONTRACT, 8, "2", "")
PLAIN = replace(TOKEN, kind="other", contract="", balance_slot="")
EVM = EvmNetworkRow("x", "number", "finalized", "1", "", "")
OWN = ExchangeToken("okx", "OKB", "own", date(2020, 1, 2), None, "")
BACKS = Collateral("bitcoin", "bc1q", "BitGo", date(2020, 1, 2), None, "somewhere")
TRACKED = TrackerToken("defillama", "okx", "OKB", date(2020, 1, 2), None, "")
REASON = ReasonRow("bad_row", "parse", "rejection.reason", "a bad row")
LABEL = LabelRow("okx", "XX", "", "bitcoin", "BTC", "utxo", "", "")
PROVIDER = Provider("example.com", "example", "")
KEY = VerifyingKey("okx", "okx_zk_v2", "1", "ab" * 32, "somewhere")
RATE = Rate("api.example.com", 10, 60, "somewhere")


def judged(said: str) -> bool:
    """A check says '' or what is wrong."""
    assert isinstance(said, str)
    return said == ""


def _sides(check: Any, row: Any, **cases: tuple[tuple[Any, ...], tuple[Any, ...]]) -> list[Any]:
    return [
        pytest.param(check, replace(row, **{column: value}), good, id=f"{type(row).__name__} {column} {value}")
        for column, (held, refused) in cases.items()
        for values, good in ((held, True), (refused, False))
        for value in values
    ]


@pytest.mark.parametrize(
    ("check", "row", "good"),
    [
        *_sides(
            checks.check_asset,
            ASSET,
            scale=((0, 1, 23, 24), (-1, 25)),
            asset=(("X",), ("",)),
            asset_class=(("bitcoin",), ("", "wrapped", "receipt")),
            underlying=((), ("BTC",)),
        ),
        *_sides(checks.check_asset, replace(ASSET, underlying="BTC"), asset_class=(("wrapped", "receipt"), ("other",))),
        *_sides(
            checks.check_token,
            PLAIN,
            decimals=((0, 1, 23, 24), (-1, 25)),
            kind=(("native", "omni"), ("trc20",)),
            balance_slot=((), ("2",)),
        ),
        *_sides(
            checks.check_token,
            TOKEN,
            balance_slot=(("", "0", "v2", "9:1", "9:2", "9:255", "9:256"), ("9:0", "9:257")),
            contract=((), ("", CONTRACT.upper(), CONTRACT[:-1], CONTRACT + "a")),
            kind=((), ("native", "rebasing")),
        ),
        *_sides(checks.check_token, replace(TOKEN, balance_slot=""), kind=(("rebasing", "trc20"), ("native",))),
        *_sides(checks.check_token, replace(PLAIN, kind="trc20"), contract=(("T1",), ("",))),
        *_sides(
            checks.check_rate,
            RATE,
            host=(("api.example.com", "a.b"), ("", "example", "API.example.com", "api.example.com:443", "a.b/c")),
            questions=((1, 2, 3_600), (0, -1)),
            seconds=((1, 2, 3_600), (0, -1)),
            source=(("x",), ("",)),
        ),
        *_sides(
            checks.check_verifying_key,
            KEY,
            exchange=(("binance",), ("",)),
            scheme=(("binance_zk", "x2"), ("", "Zk", "2x")),
            round=(("1", "2023-02"), ("",)),
            sha256=(("0" * 64, "f" * 64), ("", "0" * 63, "0" * 65, "G" * 64, "AB" * 32)),
            note=(("x",), ("",)),
        ),
        *_sides(
            checks.check_sweep, SweptNetwork("tron", 60, ""), window_seconds=((1, 2, 86_399, 86_400), (-1, 0, 86_401))
        ),
        *_sides(
            checks.check_exchange_token,
            OWN,
            until=((None, date(2020, 1, 2), date(2020, 1, 3)), (date(2020, 1, 1),)),
            relation=(("affiliated",), ("",)),
        ),
        *_sides(
            checks.check_collateral,
            BACKS,
            until=((None, date(2020, 1, 2), date(2020, 1, 3)), (date(2020, 1, 1),)),
            address=((), ("",)),
            whose=((), ("",)),
            source=((), ("",)),
        ),
        *_sides(
            checks.check_tracker,
            TRACKED,
            until=((None, date(2020, 1, 2), date(2020, 1, 3)), (date(2020, 1, 1),)),
            tracker=(("cryptoquant",), ("", "nansen")),
        ),
        *_sides(
            checks.check_evm_network,
            EVM,
            final_depth=(("1", "999999999", "default"), ("0", "1000000000", "")),
            final_tag=(("", "safe", "default"), ("latest",)),
            self_check=(("arbsys", "none", "default"), ("",)),
            multicall3=(("", CONTRACT), (CONTRACT[:-1], CONTRACT + "a")),
        ),
        *_sides(
            checks.check_reason,
            REASON,
            code=(("a%", "%_b"), ("", "%", "%%", "Bad", "a b")),
            stage=(("build",), ("",)),
            place=((), ("", "rejection")),
            meaning=((), ("",)),
        ),
        *_sides(
            checks.check_scheme, SchemeRow("new", "utxo", "", ""), module=((), ("", "none")), scheme=((), ("New", ""))
        ),
        *_sides(checks.check_scheme, SchemeRow("new", "none", "", "why"), note=((), ("",))),
        *_sides(
            checks.check_provider,
            PROVIDER,
            domain=(("b.co.uk",), ("example", "a.example.com", "Example.com", "")),
            provider=((), ("", "Example")),
        ),
        *_sides(
            checks.check_label,
            LABEL,
            holding=(("", "custody"), ("pocket",)),
            label=((), ("", "x x", "xx")),
            asset=((), ("",)),
            network=(("",), ()),
            exchange=((), ("",)),
        ),
        *_sides(
            checks.check_label,
            replace(LABEL, label="", asset="", network_label="BTC"),
            network=((), ("",)),
            network_label=((), ("", "btc")),
            exchange=(("okx",), ("",)),
        ),
        *_sides(
            checks.check_label,
            LabelRow("", "", "BTC", "bitcoin", "", "", "", ""),
            label=((), ("XX",)),
            asset=((), ("BTC",)),
            scheme=((), ("utxo",)),
            holding=((), ("custody",)),
        ),
    ],
)
def test_a_row_is_right_up_to_its_border(check: Any, row: Any, good: bool) -> None:
    assert judged(check(row)) is good


@pytest.mark.parametrize(
    ("columns", "good"),
    [
        ({"dump_height_bits": 0}, False),
        ({"dump_height_bits": 1}, True),
        ({"dump_height_bits": 2}, True),
        ({"dump_height_bits": 30}, True),
        ({"dump_height_bits": 31}, True),
        ({"dump_height_bits": 32}, False),
        ({"dump_magic": "f9beb4d9"}, True),
        ({"dump_magic": "f9beb4d"}, False),
        ({"dump_magic": ""}, True),
        ({"hidden": "zs1:sapling:43", "hidden_witness": "0 16"}, True),
        ({"hidden": "zs1:sapling:43", "hidden_witness": "17"}, False),
        ({"hidden": "", "hidden_witness": "8"}, False),
        ({"hidden": "zs1:a:43 zt1:b:1", "hidden_witness": "8"}, False),
        ({"hidden": "zs1:a:43 zt1:b:1", "hidden_witness": ""}, True),
        ({"hidden": "", "hidden_witness": ""}, True),
    ],
)
def test_constants_of_bitcoins_family_up_to_their_border(columns: dict[str, Any], good: bool) -> None:
    row = replace(registry.load().utxo_networks["bitcoin"], **columns)
    assert judged(checks.check_utxo_network(row)) is good


@pytest.mark.parametrize(
    ("offset", "good"),
    [("-14:59", True), ("+14:00", True), ("+15:00", False), ("+09:60", False), ("+09:59", True), ("08:00", False)],
)
def test_a_clock_lies_less_than_fifteen_hours_from_utc(offset: str, good: bool) -> None:
    row = replace(registry.load().exchanges["okx"], utc_offset=offset)
    assert judged(checks.check_exchange(row)) is good
    hours, minutes = int(offset[-5:-3]), int(offset[-2:])
    if good:
        assert row.clock.utcoffset(None).total_seconds() == (hours * 60 + minutes) * 60 * (
            -1 if offset[0] == "-" else 1
        )


@pytest.mark.parametrize(("decimals", "good"), [(17, True), (18, True), (19, False)])
def test_a_token_is_as_fine_as_its_asset_at_most(decimals: int, good: bool) -> None:
    facts = registry.load()
    token = replace(facts.tokens["ethereum", "ETH"], decimals=decimals)
    assert judged(checks.check_token_there(token, facts.assets["ETH"], facts.networks["ethereum"])) is good


ZEROS, ONES = "0" * 64, "1" * 64


@pytest.mark.parametrize(
    ("caip2", "shows", "good"),
    [
        (f"bip122:{ONES[:32]}", f"0:{ZEROS} 7:{ONES}", True),  # a fork names the block where it began
        (f"bip122:{ONES[:32]}", f"0:{ZEROS} 7!{ONES}", False),
        (f"tron:0x{ZEROS[-8:]}", f"0:{ZEROS} 7:{ONES}", True),
        (f"tron:0x{ONES[-8:]}", f"0:{ZEROS} 7:{ONES}", False),  # Tron's id is of the first block alone
        (f"tron:0x{ZEROS[-8:]}", f"0!{ZEROS}", False),
        ("", f"0:{ZEROS}", True),
        ("", None, False),
        (f"bip122:{ONES[:32]}", None, False),
        ("solana:5eykt4UsFv8P8NJdTREpY1vzqKqZKvdp", None, True),
    ],
)
def test_an_id_by_a_block_is_of_one_that_the_chain_holds(caip2: str, shows: str | None, good: bool) -> None:
    network = replace(registry.load().networks["bitcoin"], caip2=caip2)
    identity = None if shows is None else registry.Identity("bitcoin", shows, "somewhere")
    assert judged(checks.check_chain(network, identity, None)) is good


@pytest.mark.parametrize(
    ("shows", "good"),
    [
        (f"0:{ZEROS}", True),
        (f"0:{ZEROS} 7:{ONES} 8!{ONES}", True),
        ("account:uSd2czE61Evaf76RNbq4KPpXnkiL3irdzgLFUMe3NoG", True),
        ("accounts:uSd2czE61Evaf76RNbq4KPpXnkiL3irdzgLFUMe3NoG", False),
        (f"32570:{ZEROS}", True),  # the first that the XRP Ledger still has
        (f"0:{ZEROS}{ZEROS[:32]}", True),
        (f"0!{ZEROS}", False),
        (f"0:{ZEROS} 7", False),
        (f"0x{ZEROS}", True),
        (f"0x{ZEROS}0", False),
        ("", False),
    ],
)
def test_an_identity_begins_with_the_first_block(shows: str, good: bool) -> None:
    assert judged(checks.check_identity(registry.Identity("x", shows, "somewhere"))) is good


@pytest.mark.parametrize(
    ("columns", "good"),
    [
        ({}, True),
        ({"network": "Bitcoin"}, False),
        ({"caip2": ""}, True),
        ({"caip2": "no-caip"}, False),
        ({"client": "none", "why_none": "not yet"}, True),
        ({"client": "none"}, False),
        ({"why_none": "not yet"}, False),
        ({"client": "Telnet 2"}, False),
        ({"address_form": ""}, False),
        ({"native_asset": ""}, False),
    ],
)
def test_a_network_has_a_client_or_the_reason_for_none(columns: dict[str, Any], good: bool) -> None:
    assert judged(checks.check_network(replace(registry.load().networks["bitcoin"], **columns))) is good


@pytest.mark.parametrize(
    ("columns", "good"),
    [
        ({"p2pkh_versions": "0"}, False),
        ({"p2pkh_versions": "00 0a1b"}, True),
        ({"p2pkh_versions": "05"}, False),
        ({"p2sh_versions": "000000"}, False),
        ({"segwit_prefix": "BC"}, False),
        ({"cash_prefix": "a:"}, False),
        ({"key_hash": "md5"}, False),
        ({"message_header": "X"}, False),
        ({"hidden": "zs:sapling:43"}, False),
        ({"source": ""}, False),
    ],
)
def test_constants_of_bitcoins_family_are_in_their_form(columns: dict[str, Any], good: bool) -> None:
    assert judged(checks.check_utxo_network(replace(registry.load().utxo_networks["bitcoin"], **columns))) is good


@pytest.mark.parametrize(
    ("columns", "good"),
    [({"schedule": "0 12 2 * *"}, True), ({"snapshot": "midnight"}, False), ({"exchange": "Okx"}, False)],
)
def test_an_exchange_has_an_id_and_cron_expressions(columns: dict[str, Any], good: bool) -> None:
    assert judged(checks.check_exchange(replace(registry.load().exchanges["okx"], **columns))) is good


@pytest.mark.parametrize("kind", ["Gold", "", "erc 20", "20erc"])
def test_a_kind_of_token_is_a_word(kind: str) -> None:
    assert not judged(checks.check_token(replace(PLAIN, kind=kind)))


def test_a_chain_id_and_a_row_of_evm_networks_go_together() -> None:
    networks = registry.load().networks
    identity = registry.Identity("ethereum", f"0:{ZEROS}", "somewhere")
    assert judged(checks.check_chain(networks["ethereum"], None, EVM))
    assert not judged(checks.check_chain(networks["ethereum"], None, None))
    assert not judged(checks.check_chain(networks["ethereum"], identity, EVM))
    assert not judged(checks.check_chain(networks["bitcoin"], identity, EVM))
    none = replace(networks["ethereum"], client="none", why_none="not yet")
    assert judged(checks.check_chain(none, None, None))
    assert not judged(checks.check_chain(none, None, EVM))


def test_a_network_of_bitcoins_forms_has_constants_and_only_such_a_one() -> None:
    facts = registry.load()
    bitcoin, ecash, ethereum = (facts.networks[name] for name in ("bitcoin", "ecash", "ethereum"))
    constants = facts.utxo_networks["ecash"]
    assert judged(checks.check_utxo_form(bitcoin, facts.utxo_networks["bitcoin"]))
    assert judged(checks.check_utxo_form(ecash, constants))
    assert judged(checks.check_utxo_form(ethereum, None))
    assert not judged(checks.check_utxo_form(bitcoin, None))
    assert not judged(checks.check_utxo_form(ethereum, constants))
    assert not judged(checks.check_utxo_form(ecash, replace(constants, cash_prefix="")))


@pytest.mark.parametrize(("days", "good"), [(0, False), (1, True), (366, True), (367, False)])
def test_a_rhythm_is_of_a_day_to_a_year(days: int, good: bool) -> None:
    row = replace(registry.load().publications["okx"], overdue_days=days)
    assert (checks.check_publication(row) == "") is good

"""The registry: a bad row stops the load with its file, line and reason; every reference has its partner."""

from __future__ import annotations

import csv
import json
import re
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from porlake import addresses, registry
from porlake.errors import RegistryError
from porlake.ownership import MODULES
from porlake.reports import FORMATS

ROOT = Path(__file__).resolve().parents[2]
SHARED = ROOT.parent / "shared"
OKX_ASSETS = [
    "BTC", "ETH", "USDT", "USDC", "XRP", "DOGE", "SOL", "OKB", "APT", "DOT", "ELF",
    "EOS", "ETC", "FIL", "LINK", "LTC", "OKT", "PEOPLE", "TON", "TRX", "UNI", "BCH",
]  # fmt: skip
NOT_READ = 8  # networks with `client = none`: this number may only fall


_UTXO = {
    "p2pkh": "00", "p2sh": "05", "segwit": "bc", "cash": "", "key": "sha256", "checksum": "sha256d",
    "header": "X Signed Message:",
    "digest": "sha256d", "bip322": "no", "id": "sha256d", "magic": "", "bits": "31", "hidden": "", "witness": "",
    "source": "somewhere",
}  # fmt: skip
BAD_UTXO = [
    (f"bitcoin_cash2,{','.join((_UTXO | spoiled).values())},", why)
    for spoiled, why in (
        ({}, "no row of networks.csv"),
        ({"p2pkh": ""}, "p2pkh_versions '' are no bytes"),
        ({"p2pkh": "0"}, "p2pkh_versions '0' are no bytes"),
        ({"p2pkh": "000000"}, "p2pkh_versions '000000' are no bytes"),
        ({"p2sh": "05  06"}, "p2sh_versions '05  06' are no bytes"),
        ({"p2sh": "05 00"}, "of a key's hash or of a script's"),
        ({"segwit": "BC"}, "segwit_prefix 'BC'"),
        ({"cash": "a:"}, "cash_prefix 'a:'"),
        ({"key": "md5"}, "key_hash 'md5' is not one of"),
        ({"checksum": "sha256"}, "checksum_hash 'sha256' is not one of"),
        ({"digest": ""}, "message_hash '' is not one of"),
        ({"header": "X"}, "does not end with Signed Message:"),
        ({"bip322": "true"}, "'true' is no yes or no"),
        ({"id": "x11"}, "header_hash 'x11' is not one of"),
        ({"magic": "f9beb4"}, "dump_magic is four bytes"),
        ({"bits": "0"}, "lie between 1 and 31"),
        ({"bits": "32"}, "lie between 1 and 31"),
        ({"hidden": "zs:sapling:43"}, "start:kind:bytes"),
        ({"hidden": "zs1:sapling:0"}, "start:kind:bytes"),
        ({"hidden": "zs1:sapling:43", "witness": "17"}, "versions of witness programs, 0 to 16"),
        ({"witness": "8"}, "needs the one kind of account"),
        ({"source": ""}, "a source is needed"),
    )
]
BAD = [
    ("networks.csv", "Bitcoin,X,eip155:5,ETH,evm,evm,,,", "is no id"),
    ("networks.csv", "x,X,no-caip,ETH,evm,evm,,,", "CAIP-2"),
    ("networks.csv", "x,X,eip155:5,ETH,evm,Telnet 2,,,", "client 'Telnet 2'"),
    ("networks.csv", "x,X,eip155:5,ETH,evm,none,,,", "reason in why_none"),
    ("networks.csv", "x,X,eip155:5,ETH,,evm,,,", "address_form"),
    ("networks.csv", "x,X,eip155:5,NOTHING,evm,evm,,,", "no row of assets.csv"),
    ("networks.csv", "ethereum,X,eip155:5,ETH,evm,evm,,,", "stands already on line"),
    ("networks.csv", "x,X,eip155:5,ETH,evm,evm,,", "8 cells for 9 columns"),
    ("networks.csv", "x, X,eip155:5,ETH,evm,evm,,,", "blanks around it"),
    ("identities.csv", "heco,0:abc,somewhere", "neither the first block"),
    ("identities.csv", f"heco,7!{'ab' * 32},somewhere", "neither the first block"),
    ("identities.csv", f"heco,0:{'ab' * 32},", "a source is needed"),
    ("identities.csv", f"nowhere,0:{'ab' * 32},somewhere", "no row of networks.csv"),
    ("evm_networks.csv", "x,magic,,1,,", "self_check 'magic'"),
    ("evm_networks.csv", "x,number,latest,1,,", "by the tag"),
    ("evm_networks.csv", "x,number,,0,,", "depth of at least 1"),
    ("evm_networks.csv", "x,number,,-1,,", "depth of at least 1"),
    ("evm_networks.csv", "x,number,,,,", "depth of at least 1"),
    ("evm_networks.csv", "x,,,1,,", "self_check ''"),
    ("evm_networks.csv", "x,number,,1,0xABC,", "no lower-case EVM address"),
    ("evm_networks.csv", "x,number,,1,,", "no row of networks.csv"),
    *(("utxo_networks.csv", row, why) for row, why in BAD_UTXO),
    ("networks.csv", "x,X,,BTC,bitcoin,none,not yet,,", "rows of utxo_networks.csv do not agree"),
    ("assets.csv", "XX,X,gold,8,,,", "asset_class 'gold'"),
    ("assets.csv", "XX,X,other,99,,,", "scale 99"),
    ("assets.csv", "XX,X,other,eight,,,", "is no int"),
    ("assets.csv", "XX,X,wrapped,8,,,", "names its underlying"),
    ("assets.csv", "XX,X,wrapped,8,NOTHING,,", "no row of assets.csv"),
    ("tokens.csv", "ethereum,DOGE,Gold,,8,,", "kind 'Gold'"),
    ("tokens.csv", "ethereum,DOGE,erc20,,8,,", "needs its contract"),
    ("tokens.csv", "ethereum,DOGE,rebasing,,8,,", "needs its contract"),
    ("tokens.csv", "ethereum,DOGE,erc20,0xABC,8,,", "no lower-case EVM address"),
    ("tokens.csv", "ethereum,DOGE,native,0x1,8,,", "no contract"),
    ("tokens.csv", "ethereum,DOGE,other,,18,,", "finer than the scale"),
    ("tokens.csv", "ethereum,DOGE,native,,8,,", "do not agree"),
    ("tokens.csv", "nowhere,DOGE,other,,8,,", "no row of networks.csv"),
    (
        "tokens.csv",
        "ethereum,DOGE,erc20,0x1111111111111111111111111111111111111111,8,slot 2,",
        "balance_slot 'slot 2' is no slot",
    ),
    (
        "tokens.csv",
        "ethereum,DOGE,erc20,0x1111111111111111111111111111111111111111,8,9:300,",
        "balance_slot '9:300' is no slot",
    ),
    ("tokens.csv", "ethereum,DOGE,other,,8,2,", "balance_slot '2' is no slot"),
    ("exchanges.csv", "Big,X,+00:00,,,okx_csv,,", "is no id"),
    ("exchanges.csv", "big,X,,,,okx_csv,,", "is no clock; write"),
    ("exchanges.csv", "big,X,UTC+8,,,okx_csv,,", "is no clock; write"),
    ("exchanges.csv", "big,X,+15:00,,,okx_csv,,", "is no clock; write"),
    ("exchanges.csv", "big,X,+00:00,monthly,,okx_csv,,", "no cron"),
    ("exchanges.csv", "big,X,+00:00,0 12 2 * *,midnight,okx_csv,,", "'midnight' is no cron"),
    ("publications.csv", "nowhere,okx,,0,x", "no row of exchanges.csv"),
    ("publications.csv", "okx,Page,,0,x", "source 'Page' is no id"),
    ("publications.csv", "okx,manual,,0,", "says in how what to put where"),
    ("publications.csv", "okx,manual,0 0 1 * *,5,x", "says in how what to put where, and awaits nothing"),
    ("publications.csv", "okx,okx,monthly,5,x", "'monthly' is no cron"),
    ("publications.csv", "okx,okx,0 0 1 * *,0,x", "overdue_days are 1 to 366 where something is awaited, else 0"),
    ("publications.csv", "okx,okx,0 0 1 * *,367,x", "overdue_days are 1 to 366"),
    ("publications.csv", "okx,okx,0 0 1 * *,-1,x", "overdue_days are 1 to 366"),
    ("publications.csv", "okx,okx,,1,x", "overdue_days are 1 to 366 where something is awaited, else 0"),
    ("verifying_keys.csv", f"nowhere,x,1,{'ab' * 32},x", "no row of exchanges.csv"),
    ("verifying_keys.csv", f"okx,okx_zk_v2,1,{'51' * 31},x", "is not 64 lower-case hexadecimal digits"),
    ("verifying_keys.csv", f"okx,okx_zk_v2,1,{'AB' * 32},x", "is not 64 lower-case hexadecimal digits"),
    ("verifying_keys.csv", f"okx,OKX,1,{'ab' * 32},x", "is no id of a scheme"),
    ("verifying_keys.csv", f"okx,okx_zk_v2,,{'ab' * 32},x", "exchange, round and note"),
    ("verifying_keys.csv", f"okx,okx_zk_v2,1,{'ab' * 32},", "exchange, round and note"),
    ("observed_exchanges.csv", "nowhere,0 0 1 * *,", "no row of exchanges.csv"),
    ("observed_exchanges.csv", "bitfinex,0 0 1 * *,", "stands already on line"),
    ("observed_exchanges.csv", "okx,monthly,", "is no cron expression"),
    ("observed_exchanges.csv", "okx,,", "is no cron expression"),
    ("sweeps.csv", "nowhere,60,", "no row of networks.csv"),
    ("sweeps.csv", "tron,60,", "stands already on line"),
    ("sweeps.csv", "ethereum,0,", "window of 0 seconds"),
    ("sweeps.csv", "ethereum,soon,", "is no int"),
    ("exchange_tokens.csv", "okx,BTC,friend,2020-01-01,,", "relation 'friend'"),
    ("exchange_tokens.csv", "okx,BTC,own,2020-01-01,2019-01-01,", "until lies before since"),
    ("exchange_tokens.csv", "okx,BTC,own,soon,,", "is no date"),
    ("schemes.csv", "newone,none,,", "none with its reason"),
    ("schemes.csv", "New,utxo,,", "is no id"),
    ("labels.csv", "okx,,,bitcoin,BTC,utxo,,", "neither label nor network_label"),
    ("labels.csv", ",NEW,,bitcoin,BTC,utxo,,", "a word for a network"),
    ("labels.csv", ",,NEW,bitcoin,BTC,,,", "a word for a network"),
    ("labels.csv", "okx,new-coin,,bitcoin,BTC,utxo,,", "not folded"),
    ("labels.csv", "okx,NEW,,bitcoin,BTC,utxo,pocket,", "holding 'pocket'"),
    ("labels.csv", "okx,NEW,,bitcoin,,utxo,,", "needs its asset"),
    ("labels.csv", "okx,,NEW,,,utxo,,", "needs its network"),
    ("labels.csv", "okx,NEW,,bitcoin,BTC,magic,,", "no row of schemes.csv"),
    ("labels.csv", "ftx,NEW,,bitcoin,BTC,utxo,,", "no row of exchanges.csv"),
]


@pytest.mark.parametrize(("name", "row", "why"), BAD, ids=[f"{name}: {why}" for name, _, why in BAD])
def test_a_bad_row_stops_the_load_with_file_line_and_reason(tmp_path: Path, name: str, row: str, why: str) -> None:
    lines = (registry.FOLDER / name).read_text().splitlines()
    (tmp_path / name).write_text("\n".join([*lines, row]) + "\n")
    with pytest.raises(RegistryError, match=re.escape(why)) as caught:
        registry.load(tmp_path)
    assert (caught.value.file, caught.value.line) == (name, len(lines) + 1)


def test_another_header_and_bytes_that_are_no_text_stop_the_load(tmp_path: Path) -> None:
    (tmp_path / "assets.csv").write_bytes(b"\xff\xfe")
    with pytest.raises(RegistryError, match="cannot be read") as caught:
        registry.load(tmp_path)
    assert (caught.value.file, caught.value.line) == ("assets.csv", 0)
    (tmp_path / "networks.csv").write_text("a,b\n")
    with pytest.raises(RegistryError, match="the header reads") as caught:
        registry.load(tmp_path)
    assert (caught.value.file, caught.value.line) == ("networks.csv", 1)


OWN = "network,name,caip2,native_asset,address_form,client,why_none,endpoint,note\n"
SHOWS = "network,shows,source\n"
FIRST = "ab" * 32


def test_rows_of_ones_own_take_the_place_of_ours_and_join_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "networks.csv").write_text(
        f"{OWN}bitcoin,Mine,bip122:{FIRST[:32]},BTC,bitcoin,bitcoin,,,\nmoon,Moon,eip155:5,ETH,evm,evm,,,\n"
    )
    (tmp_path / "identities.csv").write_text(f"{SHOWS}bitcoin,0:{FIRST},mine\n")
    (tmp_path / "evm_networks.csv").write_text(
        "network,self_check,final_tag,final_depth,multicall3,note\nmoon,number,,1,,\n"
    )
    (tmp_path / "tokens.csv").write_text(
        "network,asset,kind,contract,decimals,balance_slot,note\nmoon,ETH,native,,18,,\n"
    )
    (tmp_path / "README.md").write_text("what these are\n")
    ours = registry.load()
    monkeypatch.setenv("PORLAKE_REGISTRY", str(tmp_path))
    facts = registry.load()
    assert (facts.networks["bitcoin"].name, facts.networks["moon"].caip2) == ("Mine", "eip155:5")
    assert [mark.hash for mark in facts.identities["bitcoin"].blocks] == [FIRST]
    assert facts.token("moon", "ETH") is not None
    assert {name: row for name, row in facts.networks.items() if name not in ("bitcoin", "moon")} == {
        name: row for name, row in ours.networks.items() if name != "bitcoin"
    }
    assert [row.network for row in registry.rows(registry.TABLES[0])] == [*ours.networks, "moon"]
    monkeypatch.delenv("PORLAKE_REGISTRY")
    assert registry.load() is ours


OWN_BAD = [
    ("networks.csv", f"{OWN}bitcoin,Mine,bip122:{'cd' * 16},BTC,bitcoin,utxo,,,\n", "names none of the blocks"),
    ("networks.csv", f"{OWN}tron,Mine,tron:0xcd8690dc,TRX,tron,tron,,,\n", "names none of the blocks"),
    ("networks.csv", f"{OWN}bitcoin,Mine,eip155:5,BTC,bitcoin,evm,,,\n", "do not agree"),
    ("identities.csv", f"{SHOWS}ethereum,0:{FIRST},mine\n", "names its chain alone"),
    ("identities.csv", f"{SHOWS}bitcoin,0x{FIRST},mine\n", "names a block, and identities.csv none"),
    ("identities.csv", f"{SHOWS}bitcoin,0:{FIRST},mine\nbitcoin,0:{FIRST},mine\n", "stands already on line 2"),
    ("identities.csv", f"{SHOWS}bitcoin,0:{FIRST},mine\n", "names none of the blocks"),
    ("networks.csv", f'{OWN}x,"X" and Y,eip155:5,ETH,evm,evm,,,\n', "cannot be read"),
]


@pytest.mark.parametrize(("name", "text", "why"), OWN_BAD, ids=[why for *_, why in OWN_BAD])
def test_rows_of_ones_own_are_checked_as_ours_are(tmp_path: Path, name: str, text: str, why: str) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(RegistryError, match=why):
        registry.load(tmp_path)


def test_a_folder_of_rows_that_is_not_there_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORLAKE_REGISTRY", str(tmp_path / "nowhere"))
    with pytest.raises(RegistryError, match="nowhere.*no folder lies there") as caught:
        registry.load()
    assert (caught.value.file, caught.value.line) == (str(tmp_path / "nowhere"), 0)


def test_the_first_file_of_ones_own_that_nobody_would_read_is_named(tmp_path: Path) -> None:
    for name in ("tokens.csv", "nets.csv", "others.csv", "README.md"):
        (tmp_path / name).write_text(OWN)
    with pytest.raises(RegistryError, match="no registry has this name") as caught:
        registry.load(tmp_path)
    assert (caught.value.file, caught.value.line) == ("nets.csv", 0)


def test_the_assets_of_okx_and_a_network_for_each_are_there() -> None:
    facts = registry.load()
    assert not [asset for asset in OKX_ASSETS if not any(known == asset for _, known in facts.tokens)]


def test_every_network_has_an_address_form_and_a_client_or_its_reason() -> None:
    networks = registry.load().networks.values()
    assert {network.address_form for network in networks} <= set(addresses.FORMS)
    assert sum(not network.is_read for network in networks) <= NOT_READ


def test_a_rule_that_was_not_found_for_a_chain_says_default_and_is_the_careful_one() -> None:
    facts = registry.load()
    (table,) = (table for table in registry.TABLES if table.name == "evm_networks")
    cells = {row.network: row for row in registry.rows(table)}
    assert (cells["scroll"].self_check, cells["scroll"].final_tag, cells["scroll"].final_depth) == ("default",) * 3
    scroll, polygon, nova = (facts.evm_networks[name] for name in ("scroll", "polygon", "arbitrum_nova"))
    assert (scroll.self_check, scroll.final_tag, scroll.final_depth) == ("number", "finalized", 20_000)
    assert (polygon.self_check, polygon.final_tag, polygon.final_depth) == ("number", "finalized", 256)
    assert (nova.self_check, nova.final_depth) == ("arbsys", 20_000)
    stated = {
        row.network for row in cells.values() if "default" not in (row.self_check, row.final_tag, row.final_depth)
    }
    assert stated == {
        "ethereum", "arbitrum", "optimism", "base", "polygon", "avalanche_c", "bsc", "oktc", "xlayer", "linea",
        "ethereum_classic", "zksync_era", "filecoin_evm", "sophon", "abstract", "ethereum_pow", "ethereum_fair",
    }  # fmt: skip
    depths = [
        int(row.final_depth) for row in cells.values() if row.final_depth != "default" and row.self_check == "number"
    ]
    assert max(depths) <= scroll.final_depth, "default is at least as careful as what is known of chains of its kind"
    one = replace(cells["scroll"], final_depth="1")
    assert (registry.checks.check_evm_network(one), one.resolved().final_depth) == ("", 1)


def test_every_network_of_bitcoins_family_has_its_constants() -> None:
    facts = registry.load()
    family = {row.network for row in facts.networks.values() if row.address_form in ("bitcoin", "cashaddr")}
    assert set(facts.utxo_networks) == family
    assert {row.network for row in facts.networks.values() if row.client in ("bitcoin", "utxo")} <= family
    magics = [row.dump_magic for row in facts.utxo_networks.values() if row.dump_magic]
    assert len(magics) == len(set(magics))
    assert [row.network for row in facts.utxo_networks.values() if row.signs_as_bitcoin] == ["bitcoin", "litecoin"]
    assert registry.checks.check_utxo_network(replace(facts.utxo_networks["bitcoin"], dump_height_bits=1)) == ""
    cash = replace(facts.utxo_networks["ecash"], cash_prefix="")
    assert "needs a cash_prefix" in registry.checks.check_utxo_form(facts.networks["ecash"], cash)


def test_every_file_of_the_registry_is_read() -> None:
    assert {path.name for path in registry.FOLDER.glob("*.csv")} == {table.file for table in registry.TABLES}


def test_every_network_has_its_own_coin_and_every_exchange_that_is_swept_names_networks() -> None:
    facts = registry.load()
    assert not [
        network for network in facts.networks.values() if (network.network, network.native_asset) not in facts.tokens
    ]
    assert not [network for network in facts.sweeps if not facts.networks[network].is_read]
    labelled = {row.exchange for row in facts.labels.values() if row.network}
    assert {exchange.exchange for exchange in facts.exchanges.values() if exchange.snapshot} <= labelled
    assert not [
        exchange
        for exchange in facts.exchanges.values()
        if not exchange.formats or (not exchange.note and not exchange.schedule)
    ]


def test_every_exchange_has_a_clock() -> None:
    """OKX's list gives 1778083200 seconds for the file stamped 2026050700; Binance's says UTC."""
    exchanges = registry.load().exchanges
    at = datetime.fromtimestamp(1_778_083_200, UTC)
    assert {name for name, exchange in exchanges.items() if exchange.shows(at) == datetime(2026, 5, 7)} == {
        "okx", "htx", "poloniex", "bitget", "kucoin", "mexc",
    }  # fmt: skip
    assert all(exchange.in_utc(exchange.shows(at)) == at for exchange in exchanges.values())
    west = replace(exchanges["okx"], utc_offset="-03:30")
    assert west.in_utc(datetime(2024, 3, 25)) == datetime(2024, 3, 25, 3, 30, tzinfo=UTC)


def test_a_balance_slot_says_where_whose_order_and_how_many_bits() -> None:
    facts = registry.load()
    usdc, usdt, people = (
        facts.tokens["ethereum", "USDC"],
        facts.tokens["ethereum", "USDT"],
        facts.tokens["ethereum", "PEOPLE"],
    )
    assert (usdt.mapping, usdc.mapping, people.mapping) == (
        registry.Slot(2, False, 256),
        registry.Slot(9, False, 255),
        None,
    )
    assert replace(usdt, balance_slot="v3").mapping == registry.Slot(3, True, 256)


def test_every_scheme_has_its_module_or_its_reason() -> None:
    assert {scheme.module for scheme in registry.load().schemes.values()} - {"none"} == set(MODULES)


def test_every_format_that_an_exchange_names_is_read() -> None:
    named = {name for exchange in registry.load().exchanges.values() for name in exchange.formats.split()}
    assert named == set(FORMATS) - {"observed_list"}  # that is porlake's own


def test_every_label_leads_to_a_token_that_the_registry_knows() -> None:
    facts = registry.load()
    missing = [
        row
        for row in facts.labels.values()
        if row.network and row.asset and (row.network, row.asset) not in facts.tokens
    ]
    assert not missing


@pytest.mark.parametrize(
    ("labels", "network", "asset", "scheme", "remark"),
    [
        (("USDT-TRC20", ""), "tron", "USDT", "okx_tron", ""),
        (("USDT", ""), "bitcoin", "USDT", "utxo", ""),
        (("USDT", "ETH"), "ethereum", "USDT", "okx_evm", ""),
        (("usdt ", " TRX"), "tron", "USDT", "okx_tron", ""),
        (("ETC", "OKC"), "oktc", "ETCK", "okx_ecdsa", ""),
        (("ETH", "STARKNET"), "starknet", "ETH", "starknet_typed_data", ""),
        (("BTC", "HBAR"), "hedera", "BTC", "okx_ed25519", "asset_not_on_network"),
    ],
)
def test_the_network_column_decides(
    labels: tuple[str, str], network: str, asset: str, scheme: str, remark: str
) -> None:
    found = registry.load().label("okx", *labels)
    assert found == registry.Resolved(network, asset, scheme, "wallet", remark)


def test_a_label_says_how_its_coins_are_held() -> None:
    facts = registry.load()
    assert facts.label("htx", "BTC-buy back").holding == "buy_back"
    pledged = {key: replace(facts.labels[key], holding="custody") for key in (("okx", "BTC", ""), ("okx", "", "ETH"))}
    facts = replace(facts, labels={**facts.labels, **pledged})
    assert facts.label("okx", "BTC", "ETH").holding == "custody"  # of the coin, not of the network
    assert facts.label("okx", "USDT", "ETH").holding == "wallet"


@pytest.mark.parametrize(
    ("labels", "code", "network", "scheme", "asset"),
    [
        (("NO_SUCH_COIN", "ETH"), "unknown_asset", "ethereum", "okx_evm", ""),
        (("BTC", "NO_SUCH_CHAIN"), "unknown_network", "", "utxo", "BTC"),
        (("NO_SUCH_COIN", "NO_SUCH_CHAIN"), "unknown_network", "", "", ""),
        (("OLD-BTC", "NO_SUCH_CHAIN"), "unknown_network", "", "", "BTC"),
        (("BASE-USDC", "NO_SUCH_CHAIN"), "unknown_network", "", "", "USDC"),
        (("", ""), "unknown_asset", "", "", ""),
        (("", "ETH"), "unknown_asset", "ethereum", "okx_evm", ""),
        ((" ", "ETH"), "unknown_asset", "ethereum", "okx_evm", ""),
        (("-", "ETH"), "unknown_asset", "ethereum", "okx_evm", ""),
    ],
)
def test_an_unknown_label_says_what_is_unknown_and_what_is_not(
    labels: tuple[str, str], code: str, network: str, scheme: str, asset: str
) -> None:
    with pytest.raises(registry.UnknownLabel) as caught:
        registry.load().label("okx", *labels)
    said = caught.value
    assert (said.code, said.network, said.scheme, said.asset) == (code, network, scheme, asset)


@pytest.mark.parametrize(
    ("exchange", "labels", "network", "asset", "scheme"),
    [
        ("htx", ("BASE-USDC", ""), "base", "USDC", "htx_evm"),
        ("htx", ("USDT-BEP20", ""), "bsc", "USDT", "htx_evm"),
        ("poloniex", ("BEP20-USDC", ""), "bsc", "USDC", "htx_evm"),
        ("kraken", ("USDT-Optimism", ""), "optimism", "USDT", "no_scheme"),
        ("poloniex", ("USDT-Avalanche C-Chain", ""), "avalanche_c", "USDT", "htx_evm"),
        ("htx", ("SHIB_ERC20", ""), "ethereum", "SHIB", "htx_evm"),
        ("poloniex", ("SOL-USDC", ""), "solana", "USDC", "htx_ed25519"),
        ("okx", ("USDT", "BEP20"), "bsc", "USDT", "okx_evm"),
        ("okx", ("USDT-BEP20", "BSC"), "bsc", "USDT", "okx_evm"),
        ("okx", ("WLFI", "ETH"), "ethereum", "WLFI", "okx_evm"),
    ],
)
def test_a_label_of_two_known_words_is_read_by_rule_and_flagged(
    exchange: str, labels: tuple[str, str], network: str, asset: str, scheme: str
) -> None:
    facts = registry.load()
    assert (exchange, *map(registry.fold, labels)) not in facts.labels
    assert facts.label(exchange, *labels) == registry.Resolved(network, asset, scheme, "wallet", "label_by_rule")


@pytest.mark.parametrize(
    ("exchange", "labels", "asset"),
    [
        ("htx", ("ETH-SOL", ""), ""),  # ether on Solana, or SOL on Ethereum
        ("kraken", ("BTC-TRC20", ""), ""),  # bitcoin on Tron, or HTX's token of that name
        ("htx", ("USDT-NOSUCH", ""), "USDT"),
        ("htx", ("NOSUCH-BEP20", ""), ""),
        ("htx", ("BEP20", ""), ""),
        ("htx", ("ELF", ""), "ELF"),  # on one network alone, but one word names none
        ("htx", ("USDT-BEP20-OLD", ""), "USDT"),
        ("okx", ("BASE-USDC", "TRX"), "USDC"),  # the two do not agree
    ],
)
def test_a_label_of_no_reading_or_of_two_stays_unknown(exchange: str, labels: tuple[str, str], asset: str) -> None:
    with pytest.raises(registry.UnknownLabel) as caught:
        registry.load().label(exchange, *labels)
    assert (caught.value.code, caught.value.asset) == ("unknown_asset", asset)


@pytest.mark.parametrize(
    ("schemes", "scheme"),
    [
        ({"bsc": "here"}, "here"),
        ({"bsc": "here", "ethereum": "beside"}, "here"),
        ({"ethereum": "beside"}, "beside"),
        ({"ethereum": "beside", "polygon": "beside"}, "beside"),
        ({"ethereum": "beside", "polygon": "other"}, "no_scheme"),
        ({"tron": "of another form"}, "no_scheme"),
        ({}, "no_scheme"),
    ],
)
def test_a_label_read_by_rule_is_signed_as_the_exchange_signs_there_or_on_networks_of_that_form(
    schemes: dict[str, str], scheme: str
) -> None:
    facts = registry.load()
    row = facts.labels["okx", "USDT", ""]
    rows = {key: each for key, each in facts.labels.items() if not key[0]}  # words of all, and of nobody else
    for exchange, signed in (("made", schemes), ("another", {"bsc": "theirs"})):
        for network, how in signed.items():
            label = f"X_{network}".upper()
            rows[exchange, label, ""] = replace(row, exchange=exchange, label=label, network=network, scheme=how)
    assert replace(facts, labels=rows).label("made", "USDT-BEP20").scheme == scheme


def test_the_line_of_an_asset_over_all_networks_needs_the_name_of_the_asset_alone() -> None:
    assert registry.load().group("poloniex", "USDC") == registry.Resolved(
        "", "USDC", "no_scheme", "wallet", "label_by_rule"
    )
    assert registry.load().group("poloniex", "USDT").remark == ""
    with pytest.raises(registry.UnknownLabel):
        registry.load().group("poloniex", "NOSUCH")


def test_a_word_for_a_network_is_no_label_of_an_exchange() -> None:
    words = [row for row in registry.load().labels.values() if not row.exchange]
    assert len(words) > 50
    assert all(row.network and not (row.label or row.asset or row.scheme) for row in words)


#: Contracts as their issuers and lists print them, with the checksum of EIP-55.
PRINTED = {
    ("ethereum", "USDT"): "0xdAC17F958D2ee523a2206206994597C13D831ec7",
    ("ethereum", "USDC"): "0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48",
    ("ethereum", "USDG"): "0xe343167631d89B6Ffc58B88d6b7fB0228795491D",
    ("xlayer", "USDG"): "0x4ae46a509F6b1D9056937BA4500cb143933D2dc8",
    ("arbitrum", "USDT"): "0xFd086bC7CD5C481DCC9C85ebE478A1C0b69FCbb9",
    ("avalanche_c", "USDC"): "0xB97EF9Ef8734C71904D8002F8b6Bc66Dd9c48a6E",
    ("optimism", "USDT"): "0x94b008aA00579c1307B0EF2c499aD98a8ce58e58",
    ("base", "USDC"): "0x833589fCD6eDb6E08f4c7C32D4f71b54bdA02913",
    ("bsc", "USDT"): "0x55d398326f99059fF775485246999027B3197955",
    ("bsc", "USDC"): "0x8AC76a51cc950d9822D68b83fE1Ad97B32Cd580d",
    ("polygon", "USDC"): "0x3c499c542cEF5E3811e1192ce70d8cC03d5c3359",
}


def test_contracts_are_those_that_their_issuers_print() -> None:
    facts = registry.load()
    for (network, asset), printed in PRINTED.items():
        assert addresses.parse(network, printed).text == facts.tokens[network, asset].contract  # refuses a bad checksum
    noted = [
        (token, match[0])
        for token in facts.tokens.values()
        if token.contract and (match := re.search(r"EIP-55 (0x\w+)", token.note))
    ]
    assert len(noted) >= 2
    assert all(
        addresses.parse(token.network, printed.removeprefix("EIP-55 ")).text == token.contract
        for token, printed in noted
    )


#: Kinds of tokens whose contract is an address, or begins with one. Of other kinds the client says what a contract is
#: (`Family.check`).
AT_ADDRESSES = {
    "erc20", "rebasing", "trc20", "spl", "jetton", "starknet_erc20", "fungible_asset", "sui_coin", "nep141", "irc2",
    "sip010", "vip180", "issued", "fa2", "eosio_token", "asa", "hts", "other",
}  # fmt: skip


def test_every_contract_is_an_address_of_its_network() -> None:
    """Twenty bytes of an EVM network, thirty-two of Solana, Aptos and Sui, checksums of Tron and TON."""
    for token in registry.load().tokens.values():
        if token.kind not in AT_ADDRESSES or not token.contract:
            continue
        if token.kind in {
            "issued",
            "fa2",
            "eosio_token",
        }:  # the address of its issuer or contract, and a code or number beside it
            parts = token.contract.replace(":", ".").split(".")
            account = parts[1 if token.kind == "issued" else 0]
            assert len(parts) == 2
            assert addresses.parse(token.network, account).text == account
            continue
        if token.kind in {"asa", "hts"}:
            assert token.contract.replace(".", "").isdecimal()
            continue
        package, *names = token.contract.split("::")
        address = addresses.parse(token.network, package)
        assert len(names) == (2 if token.network == "sui" else 0)
        assert token.network == "ton" or address.text == package, token
        if token.network in {"solana", "aptos", "sui"}:
            assert len(address.payload) == 32


def test_a_contract_that_is_not_known_says_so() -> None:
    silent = [
        token
        for token in registry.load().tokens.values()
        if token.kind == "other" and not token.contract and "not known" not in token.note
    ]
    assert silent == []


def test_every_pair_of_labels_seen_in_okx_files_of_2026_leads_to_a_token() -> None:
    path = SHARED / "data" / "okx" / "okx_labels.csv"
    if not path.exists():
        pytest.skip("the real labels are not beside the project")
    facts, rewritten = registry.load(), {"TRX": "TRON", "APT": "APTOS", "MATIC": "POLYGON"}
    with path.open(encoding="utf-8") as stream:
        pairs = [(row["coin"], row["network"]) for row in csv.DictReader(stream)]
    assert len(pairs) == 39
    for coin, network in [
        *pairs,
        ("ASSET-HUB", "ASSET_HUB"),
        ("ETH", "ETH_LINEA"),
        *((c, rewritten[n]) for c, n in pairs if n in rewritten),
    ]:
        found = facts.label("okx", coin, network)
        assert found.remark == ""
        assert facts.token(found.network, found.asset) is not None
    assert facts.label("okx", "ASSET-HUB", "DOT").network == "polkadot_asset_hub"


def test_every_label_of_the_real_signatures_and_files_is_known() -> None:
    if not SHARED.exists():
        pytest.skip("the real files are not beside the project")
    facts = registry.load()
    for row in json.loads((SHARED / "data/vectors/ownership.json").read_text()):
        if row["profile"] in {"okx", "htx"}:
            facts.label(row["profile"], row["coin"], row["network"])
    for path in sorted([*(SHARED / "data/htx").glob("*.csv"), *(SHARED / "data/poloniex").glob("*.csv")]):
        with path.open(encoding="utf-8-sig") as stream:
            for cells in csv.reader(stream):
                if cells and cells[0] != "coin":
                    label = cells[0].replace("(ALL)", "").replace("(All)", "")
                    assert facts.label(path.parent.name, label).remark == ""


@pytest.mark.parametrize(
    ("host", "operator"),
    [
        ("eth-mainnet.g.alchemy.com", "alchemy"), ("eth.blastapi.io:443", "alchemy"),
        ("mainnet.infura.io", "consensys"),
        ("rpc.linea.build", "consensys"), ("a.example.com", "example.com"), ("b.example.com:8545", "example.com"),
        ("example.com.", "example.com"),
        ("RPC.Example.COM", "example.com"), ("a.b.co.uk", "b.co.uk"), ("c.co.uk", "c.co.uk"), ("co.uk", "co.uk"),
        ("a.b.com.au", "b.com.au"), ("a.b.de", "b.de"), ("a.com.example", "com.example"), ("uk", "uk"),
        ("com.example.de", "example.de"),
        ("node", "node"),
        ("127.0.0.1:8545", "127.0.0.1"), ("127.0.0.2:8545", "127.0.0.2"), ("localhost:8545", "127.0.0.1"),
        ("a.localhost", "127.0.0.1"),
        ("[::1]:8545", "127.0.0.1"), ("::1", "127.0.0.1"), ("[2001:db8::5]:1", "2001:db8::5"), ("10.0.0.7", "10.0.0.7"),
    ],
)  # fmt: skip
def test_two_hosts_of_one_registrable_domain_or_provider_are_one_operator(host: str, operator: str) -> None:
    assert registry.load().operator(host) == operator


def test_a_publication_is_looked_for_by_a_module_or_by_hand() -> None:
    rows = registry.load().publications.values()
    assert {row.is_manual for row in rows} == {True, False}
    assert {row.exchange for row in rows if row.is_manual} == {row.exchange for row in rows if row.source == "manual"}

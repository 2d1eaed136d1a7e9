"""Transfers that show control: looked up on a real node, and compared with what the exchange states."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import tron_stub
from chains.anvil_node import Node, anvil, needs_anvil
from observation.told import Heard, Over
from porlake import chains, pipeline
from porlake.errors import TransportError
from porlake.model import Claim, ControlTransfer, Ownership, Rejection, StatedTransfer
from porlake.observation import control
from porlake.registry import load
from porlake.reports.control_transfers_csv import COLUMNS
from porlake.transport import Endpoint

HEADER = ",".join(COLUMNS) + "\n"
USDT = load().tokens["ethereum", "USDT"].contract
TOPIC = "ddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef"
#: A contract that says Transfer(caller, caller, 7) and Transfer(caller, caller, 5), as a token would.
SAYS_TWICE = "".join(f"60{amount:02x}6000523333" + "7f" + TOPIC + "60206000a3" for amount in (7, 5)) + "00"


@pytest.fixture(scope="module")
def node() -> Iterator[Node]:
    with anvil() as found:
        found("anvil_setCode", USDT, "0x" + SAYS_TWICE)
        yield found


def sent(node: Node, **fields: Any) -> tuple[str, int]:
    """A transaction of the node's first account, and its block."""
    (first, *_) = node("eth_accounts")
    hash_ = node("eth_sendTransaction", {"from": first, "to": first, "gas": hex(200_000)} | fields)
    return hash_, node.mine()


def looked_up(
    tmp_path: Path, url: str | None, *rows: str, network: str = "ethereum", heard: Heard | None = None
) -> dict[str, ControlTransfer]:
    """What is found of the rows of a file, by their transaction."""
    tmp_path.mkdir(exist_ok=True)
    place = tmp_path / "control_transfers_2022-12-11.csv"
    place.write_text(HEADER + "".join(f"{row}\n" for row in rows))
    endpoints = {network: (Endpoint(url),)} if url else {}
    chosen = pipeline.Session(root=tmp_path / "lake", endpoints=endpoints, progress=heard or Heard())
    (report,) = pipeline.archive(chosen, "bybit", str(place))
    pipeline.parse(chosen, report)
    assert list(chosen.lake.rows(Claim)) == list(chosen.lake.rows(Ownership)) == []
    for place_of in pipeline.networks(chosen, report):
        pipeline.observe(chosen, report, place_of, give_up=True)
    return {row.transaction: row for row in chosen.lake.rows(ControlTransfer)}


@pytest.mark.node
@needs_anvil
def test_a_transfer_is_compared_with_what_is_stated(node: Node, tmp_path: Path) -> None:
    account, other, *_ = node("eth_accounts")
    good, at = sent(node, value=hex(123 * 10**12))
    more, _ = sent(node, value=hex(124 * 10**12))
    away, _ = sent(node, value=hex(123 * 10**12), to=other)
    late, late_at = sent(node, value=hex(123 * 10**12))
    early, early_at = sent(node, value=hex(123 * 10**12))
    node("anvil_setCode", other, "0xfd")  # whoever sends there fails
    failed, _ = sent(node, value=hex(123 * 10**12), to=other)
    lost = "0x" + "ab" * 32
    state = f"ethereum,{account},,%s,ETH,0.000123,%s,%s,"
    found = looked_up(
        tmp_path,
        node.url,
        state % (good, at, at),
        state % (more, "", ""),
        state % (away, "", ""),
        state % (late, "", late_at - 1),
        state % (early, early_at + 1, ""),
        f"ethereum,{account},{other},{failed},ETH,0.000123,,,",
        state % (lost, "", ""),
    )
    reasons = {name: found[hash_].reason for name, hash_ in {
        "good": good, "more": more, "away": away, "late": late, "early": early, "failed": failed, "lost": lost,
    }.items()}  # fmt: skip
    assert reasons == {
        "good": "as_stated", "more": "other_amount", "away": "other_parties", "late": "other_block",
        "early": "other_block", "failed": "transaction_failed", "lost": "no_transaction",
    }  # fmt: skip
    row = found[good]
    assert (row.address, row.recipient, row.found_height) == (account, account, at)
    assert (row.amount_stated, row.amount_found) == (123 * 10**12, 123 * 10**12)
    assert row.block_hash == node("eth_getBlockByNumber", hex(at), False)["hash"]
    assert (row.source or "").startswith("127.0.0.1:")
    assert found[lost].amount_found is None


@pytest.mark.node
@needs_anvil
def test_a_token_says_it_by_its_events(node: Node, tmp_path: Path) -> None:
    account = node("eth_accounts")[0]
    token, _ = sent(node, to=USDT)
    found = looked_up(tmp_path, node.url, f"ethereum,{account},,{token},USDT,0.000012,,,help page")
    assert (found[token].reason, found[token].amount_found) == ("as_stated", 12 * 10**12)
    assert found[token].method == "Transfer of a receipt"


# --- Tron: a stand-in that answers in the form of java-tron -----------------------------------------------------------
class Holding(tron_stub.Node):
    """A node that holds transactions: by their id, what it answers of each."""

    def walletsolidity_gettransactionbyid(self, body: dict[str, Any]) -> Any:
        assert body["visible"] is True
        return TRANSACTIONS.get(body["value"], ({}, {}))[0]

    def walletsolidity_gettransactioninfobyid(self, body: dict[str, Any]) -> Any:
        return TRANSACTIONS.get(body["value"], ({}, {}))[1]


FROM, TO = tron_stub.account(1), tron_stub.account(2)
BY_ACCOUNT = {text: tron_stub.payload(text).hex() for text in (FROM, TO, tron_stub.USDT)}


def moved(
    number: int, *, sun: int = 123, result: str = "SUCCESS", logs: list[Any] | None = None
) -> dict[str, tuple[Any, Any]]:
    name = f"{number:064x}"
    value = {"amount": sun, "owner_address": FROM, "to_address": TO}
    kind = "TransferContract" if logs is None else "TriggerSmartContract"
    found = {"txID": name, "ret": [{"contractRet": result}],
             "raw_data": {"contract": [{"type": kind, "parameter": {"value": value}}]}}  # fmt: skip
    info = {"id": name, "blockNumber": tron_stub.HEIGHT} | ({} if logs is None else {"log": logs})
    return {name: (found, info)}


def event(amount: int, sender: str = FROM, by: str = tron_stub.USDT) -> dict[str, Any]:
    topics = [TOPIC, *(BY_ACCOUNT[text].rjust(64, "0") for text in (sender, TO))]
    return {"address": BY_ACCOUNT[by], "topics": topics, "data": f"{amount:064x}"}


LIES = {f"{9:064x}": ({"txID": f"{8:064x}"}, {}), f"{10:064x}": ({"txID": f"{10:064x}", "raw_data": 1}, {})}
TRANSACTIONS = {
    **moved(1), **moved(2, sun=124), **moved(3, result="REVERT"),
    **moved(4, logs=[event(120), event(3), event(50, TO), event(70, FROM, TO)]), **moved(5, logs=[event(5, TO)]),
    **moved(6), **LIES,
}  # fmt: skip


@pytest.mark.parametrize(
    ("number", "asset", "last", "reason", "found"),
    [
        (1, "TRX", "", "as_stated", 123), (1, "TRX", tron_stub.HEIGHT, "as_stated", 123),
        (1, "TRX", tron_stub.HEIGHT - 1, "other_block", 123), (2, "TRX", "", "other_amount", 124),
        (3, "TRX", "", "transaction_failed", 123), (4, "USDT", "", "as_stated", 123 * 10**12),
        (4, "TRX", "", "other_parties", 0), (5, "USDT", "", "other_parties", 0), (7, "TRX", "", "no_transaction", None),
        (9, "TRX", "", "endpoint_failed", None), (10, "TRX", "", "endpoint_failed", None),
    ],
)  # fmt: skip
def test_tron_tells_what_a_transaction_moved(
    tmp_path: Path, number: int, asset: str, last: object, reason: str, found: int | None
) -> None:
    with tron_stub.served(Holding()) as url:
        (row,) = looked_up(
            tmp_path, url, f"tron,{FROM},{TO},{number:064x},{asset},0.000123,,{last},", network="tron"
        ).values()
    assert (row.reason, row.amount_found) == (reason, found)


def test_who_cannot_be_asked_is_said(tmp_path: Path) -> None:
    heard = Heard()
    found = looked_up(tmp_path, "http://127.0.0.1:9", f"ethereum,{'0x' + '11' * 20},,0x{'ab' * 32},ETH,1,,,",
                      f"heco,{'0x' + '11' * 20},,0x{'cd' * 32},HT,1,,,", heard=heard)  # fmt: skip
    assert [said for said in heard.sentences if said.startswith("observe ethereum: ")]
    assert {row.network: row.reason for row in found.values()} == {
        "ethereum": "endpoint_failed",
        "heco": "no_client",
    }
    found = looked_up(tmp_path / "b", None, f"bttc,{'0x' + '11' * 20},,0x{'ab' * 32},BTT,1,,,")
    assert {row.network: row.reason for row in found.values()} == {"bttc": "no_endpoint"}


def test_rows_that_cannot_be_read_are_rejected(tmp_path: Path) -> None:
    place = tmp_path / "control_transfers_2022-12-11.csv"
    account = "0x" + "11" * 20
    place.write_text(
        HEADER + f"ethereum,{account},,0x1,ETH,1e5,,,\nethereum,0x1,,0x1,ETH,1,,,\nbitcoin,{account},,1,BTC,1,,,\n"
    )
    chosen = pipeline.session(tmp_path / "lake", environ={})
    (report,) = pipeline.archive(chosen, "bybit", str(place))
    pipeline.parse(chosen, report)
    assert list(chosen.lake.rows(StatedTransfer)) == []
    assert [row.reason for row in chosen.lake.rows(Rejection)] == [
        "not_a_number", "address_bad_length", "address_bad_base58"
    ]  # fmt: skip


def test_an_endpoint_that_fails_stops_it_where_nobody_gives_up(tmp_path: Path) -> None:
    place = tmp_path / "control_transfers_2022-12-11.csv"
    place.write_text(HEADER + f"ethereum,{'0x' + '11' * 20},,0x{'ab' * 32},ETH,1,,,\n")
    chosen = pipeline.Session(root=tmp_path / "lake", endpoints={"ethereum": (Endpoint("http://127.0.0.1:9"),)})
    (report,) = pipeline.archive(chosen, "bybit", str(place))
    pipeline.parse(chosen, report)
    with pytest.raises(TransportError):
        pipeline.observe(chosen, report, "ethereum")
    assert list(chosen.lake.rows(ControlTransfer)) == []


STATED = StatedTransfer(
    "bybit",
    "ab" * 32,
    1,
    "ethereum",
    "ETH",
    "0x" + "11" * 20,
    "0x" + "22" * 20,
    "0x" + "ab" * 32,
    5,
    None,
    None,
    "help page",
)


@pytest.mark.parametrize(
    ("stated", "transfer", "reason"),
    [
        ({}, {}, "as_stated"),
        ({}, {"succeeded": False, "between_parties": False}, "transaction_failed"),
        ({}, {"between_parties": False, "raw": 4}, "other_parties"),
        ({}, {"raw": 4, "height": 8}, "other_amount"),
        ({}, {"raw": 6}, "other_amount"),
        ({}, {"height": 0}, "as_stated"),
        ({"first_height": 6}, {}, "as_stated"),
        ({"first_height": 7}, {}, "as_stated"),
        ({"first_height": 8}, {}, "other_block"),
        ({"last_height": 6}, {}, "other_block"),
        ({"last_height": 7}, {}, "as_stated"),
        ({"last_height": 8}, {}, "as_stated"),
    ],
)
def test_the_first_thing_that_differs_is_named(stated: dict[str, int], transfer: dict[str, Any], reason: str) -> None:
    found = chains.Transfer(**({"raw": 5, "between_parties": True, "succeeded": True, "height": 7, "block_hash": "aa",
                                "method": "m", "source": "a.example"} | transfer))  # fmt: skip
    assert control._reason(replace(STATED, **stated), found, found.raw) == reason


def test_a_transaction_that_nobody_knows_is_none() -> None:
    class Nobody:
        def ask(self, question: Any) -> None:
            return None

    row = control._asked(Nobody(), STATED)  # type: ignore[arg-type]
    assert (row.reason, row.transaction, row.amount_found, row.source) == (
        "no_transaction",
        STATED.transaction,
        None,
        None,
    )


class Answers:
    """A client that knows each transaction as one transfer. `asked`: of which asset it was asked."""

    def __init__(self, raw: int) -> None:
        self.raw, self.asked = raw, list[str]()

    def ask(self, question: Any) -> Any:
        return question(self)

    def transfer(self, transaction: str, token: Any, sender: str, recipient: str) -> chains.Transfer:
        self.asked.append(token.asset)
        assert (transaction, sender, recipient) == (STATED.transaction, STATED.address, STATED.recipient)
        return chains.Transfer(self.raw, True, True, 7, "aa", "m", "a.example")


@pytest.mark.parametrize(
    ("network", "asset", "reason"),
    [
        ("ethereum", "ETH", "as_stated"),
        ("ethereum", "BTC", "no_token_contract"),  # no row of tokens.csv
        ("tron", "HTX", "no_token_contract"),  # of a kind that nobody reads
    ],
)
def test_an_asset_without_a_contract_is_not_asked_for(network: str, asset: str, reason: str) -> None:
    client = Answers(5)
    row = control._asked(client, replace(STATED, network=network, asset=asset))  # type: ignore[arg-type]
    assert (row.network, row.asset, row.reason) == (network, asset, reason)
    asked = reason == "as_stated"
    assert client.asked == ([asset] if asked else [])
    assert (row.amount_found, row.found_height, row.block_hash, row.method, row.source) == (
        (5, 7, "aa", "m", "a.example") if asked else (None,) * 5
    )


@pytest.mark.parametrize(("raw", "found"), [(10**38 - 1, 10**38 - 1), (10**38, None), (2**256 - 1, None)])
def test_a_transfer_of_more_than_38_digits_is_another_amount(raw: int, found: int | None) -> None:
    row = control._asked(Answers(raw), STATED)  # type: ignore[arg-type]
    assert (row.reason, row.amount_found, row.found_height) == ("other_amount", found, 7)


def test_a_transfer_that_is_stated_twice_is_one_row_and_rows_stand_by_their_key() -> None:
    first, second, other = (
        control._row(replace(STATED, transaction=name, amount_stated=amount), None, reason="no_client")
        for name, amount in (("0xbb", 1), ("0xbb", 2), ("0xaa", 3))
    )
    assert control._each_once([first, second, other]) == [other, first]


# --- an endpoint without an index of transactions ---------------------------------------------------------------------
class Lookup:
    """`found`: what it says without a block."""

    def __init__(self, found: Any) -> None:
        self.found = found

    def transfer(self, transaction: str, token: Any, sender: str, recipient: str) -> Any:
        return self.found


class Blocks(Lookup):
    """`held`: what it finds in a block, by its height."""

    def __init__(self, held: dict[int, Any]) -> None:
        super().__init__(chains.Unread("BTC", "a", control.NO_INDEX))
        self.held, self.asked = held, list[int]()

    def transfer_in(self, transaction: str, token: Any, sender: str, recipient: str, height: int) -> Any:
        self.asked.append(height)
        return self.held.get(height)


ON_BITCOIN = replace(STATED, network="bitcoin", asset="BTC")
MOVED = chains.Transfer(5, True, True, 101, "h", "m", "s")


@pytest.mark.parametrize(
    ("first", "last", "at", "asked"),
    [
        (100, 102, 100, [100]),
        (100, 102, 102, [100, 101, 102]),
        (100, 102, 99, [100, 101, 102]),
        (100, 102, 103, [100, 101, 102]),
        (100, 100, 100, [100]),
        (100, 110, 110, [*range(100, 111)]),
        (100, 111, 111, [*range(100, 112)]),
        (100, 112, 100, []),
        (None, 102, 100, []),
        (100, None, 100, []),
        (None, None, 100, []),
    ],
)
def test_a_transaction_is_looked_for_in_the_blocks_that_are_stated(
    first: int | None, last: int | None, at: int, asked: list[int]
) -> None:
    client = Blocks({at: replace(MOVED, height=at)})
    found = control._asked(Over(client), replace(ON_BITCOIN, first_height=first, last_height=last))  # type: ignore[arg-type]
    assert client.asked == asked
    assert (found.reason, found.found_height) == (("as_stated", at) if at in asked else ("no_transaction_index", None))


def test_why_a_block_does_not_tell_it_comes_before_the_missing_index_and_who_reads_no_block_is_not_asked() -> None:
    stated = replace(ON_BITCOIN, first_height=100, last_height=102)
    client = Blocks({101: chains.Unread("BTC", "a", "block_not_shown"), 102: MOVED})
    assert control._asked(Over(client), stated).reason == "block_not_shown"  # type: ignore[arg-type]
    assert client.asked == [100, 101]
    other = Blocks({100: MOVED})
    other.found = chains.Unread("BTC", "a", "block_not_shown")
    assert control._asked(Over(other), stated).reason == "block_not_shown"  # type: ignore[arg-type]
    assert other.asked == []
    alone = Lookup(chains.Unread("BTC", "a", control.NO_INDEX))
    assert control._asked(Over(alone), stated).reason == "no_transaction_index"  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("raw", "parts", "amount", "reason"),
    [
        (5, (), 5, "as_stated"), (9, (5, 4), 5, "as_stated"), (9, (4, 5), 5, "as_stated"), (5, (3, 2), 5, "as_stated"),
        (7, (4, 3), 7, "other_amount"), (6, (), 6, "other_amount"), (10**38, (5,), None, "other_amount"),
    ],
)  # fmt: skip
def test_an_output_of_the_stated_amount_counts_else_the_sum(
    raw: int, parts: tuple[int, ...], amount: int | None, reason: str
) -> None:
    found = control._asked(Over(Lookup(replace(MOVED, raw=raw, parts=parts))), ON_BITCOIN)  # type: ignore[arg-type]
    assert (found.amount_found, found.reason) == (amount, reason)

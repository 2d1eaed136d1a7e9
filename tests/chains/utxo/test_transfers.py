"""One transaction, as a node, an Electrum server, Esplora and Blockbook tell it: over a made chain whose hashes are
right, told by stand-ins in the form of each, and on a real node.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from bitcoin_node import ELECTRUM, KNOTS, Node, electrum, knots, mine, started, text
from chains.utxo.test_family import node as rpc_stub
from chains.utxo.test_indexes import Status, lines, served
from observation.test_control import looked_up
from porlake import chains, registry
from porlake.addresses import bitcoin as form
from porlake.chains.utxo.transfers import check_path
from porlake.encoding.hashes import sha256d
from porlake.encoding.varint import compact_size, with_length
from porlake.errors import BadAnswer, ChainError, PorlakeError
from porlake.transport import Endpoint, Recording
from support import SAMPLE_ROWS, named, own_rows

BTC = registry.load().tokens["bitcoin", "BTC"]
ACCOUNT, OTHER, THIRD = (form._base58("bitcoin", "p2pkh", bytes([byte]) * 20) for byte in (1, 2, 3))
MINE, THEIRS, ELSE = map(form.script, (ACCOUNT, OTHER, THIRD))
LOST = "ab" * 32


# --- a made chain -----------------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Made:
    """A transaction: what it spends as (id, output), and what it pays as (amount, script)."""

    spends: tuple[tuple[str, int], ...]
    pays: tuple[tuple[int, bytes], ...]

    @property
    def raw(self) -> bytes:
        spends = (bytes.fromhex(txid)[::-1] + at.to_bytes(4, "little") + b"\2ab" + b"\xfe\xff\xff\xff"
                  for txid, at in self.spends)  # fmt: skip
        pays = (amount.to_bytes(8, "little") + with_length(script) for amount, script in self.pays)
        return b"".join((
            (2).to_bytes(4, "little"), compact_size(len(self.spends)), *spends, compact_size(len(self.pays)), *pays,
            (7).to_bytes(4, "little"),
        ))  # fmt: skip

    @property
    def id(self) -> str:
        return sha256d(self.raw)[::-1].hex()


def coinbase(height: int, *pays: tuple[int, bytes]) -> Made:
    return Made((("00" * 32, height),), pays or ((50, b"\x51"),))


FUNDS = coinbase(1, (1_000, MINE), (500, THEIRS), (300, MINE), (70, MINE))
OWN = Made(((FUNDS.id, 0),), ((123, MINE), (0, b"\x6a\1x"), (877, MINE)))
AWAY = Made(((FUNDS.id, 2),), ((300, THEIRS),))
FOREIGN = Made(((FUNDS.id, 1),), ((500, MINE),))
WAITING = Made(((OWN.id, 0),), ((123, MINE),))
BOTH = Made(((FUNDS.id, 3), (AWAY.id, 0)), ((370, ELSE),))
BLOCKS = [[coinbase(0)], [FUNDS], [coinbase(2), AWAY, OWN, FOREIGN, BOTH], [coinbase(3)], [coinbase(4)]]
WHERE = {made.id: height for height, block in enumerate(BLOCKS) for made in block}
ALL = {made.id: made for block in [*BLOCKS, [WAITING]] for made in block}


def levels(height: int) -> list[list[bytes]]:
    """The hashes of a block's transactions, and of each level above them."""
    found = [[bytes.fromhex(made.id)[::-1] for made in BLOCKS[height]]]
    while len(row := found[-1]) > 1:
        found[-1] = row = row + row[-1:] * (len(row) % 2)
        found.append([sha256d(row[n] + row[n + 1]) for n in range(0, len(row), 2)])
    return found


def path(txid: str) -> dict[str, Any]:
    height = WHERE[txid]
    place = [made.id for made in BLOCKS[height]].index(txid)
    merkle = [row[(place >> depth) ^ 1][::-1].hex() for depth, row in enumerate(levels(height)[:-1])]
    return {"block_height": height, "merkle": merkle, "pos": place}


def header(height: int) -> bytes:
    before = bytes(32) if height == 0 else sha256d(header(height - 1))
    moment, bits, nonce = 1_670_000_000 + height, 0x207FFFFF, height
    return b"".join((
        (0x20000000).to_bytes(4, "little"), before, levels(height)[-1][0],
        *(part.to_bytes(4, "little") for part in (moment, bits, nonce)),
    ))  # fmt: skip


def name(height: int) -> str:
    return sha256d(header(height))[::-1].hex()


def spender(script: bytes) -> list[str]:
    """The ids of all transactions in which a script stands, those in no block yet last."""

    def of(made: Made) -> list[bytes]:
        spent = [ALL[txid].pays[at][1] for txid, at in made.spends if txid in ALL]
        return spent + [script for _, script in made.pays]

    return [txid for txid, made in ALL.items() if script in of(made)]


# --- who tells of it --------------------------------------------------------------------------------------------------
Change = Callable[[str, Any], Any]
"""Of a question, by its method or path, what is answered in place of an answer."""


@dataclass
class Told:
    """What is told of the chain; `change`: what a server makes of it; `asked`: the questions."""

    change: Change = lambda question, answer: answer
    has_index: bool = True
    asked: list[str] = field(default_factory=list)

    def said(self, question: str, answer: Any) -> Any:
        self.asked.append(question)
        return self.change(question, answer)

    def esplora(self, place: str) -> Any:
        match place.strip("/").split("/"):
            case ["blocks", *height]:
                top = int(height[0]) if height else len(BLOCKS) - 1
                found: Any = [self.block(number) for number in range(top, -1, -1)]
            case ["tx", txid] if txid in ALL:
                made = ALL[txid]
                found = {
                    "txid": txid, "version": 2, "locktime": 7,
                    "vin": [{"txid": spent, "vout": at, "scriptsig": "6162", "sequence": 0xFFFFFFFE, "witness": ["00"]}
                            for spent, at in made.spends],
                    "vout": [{"value": amount, "scriptpubkey": script.hex()} for amount, script in made.pays],
                }  # fmt: skip
            case ["tx", txid, "status"]:
                height = WHERE.get(txid)
                found = {"confirmed": False} if height is None else {
                    "confirmed": True, "block_height": height, "block_hash": name(height)
                }  # fmt: skip
            case ["tx", txid, "merkle-proof"]:
                found = path(txid)
            case _:
                raise Status(404, "Transaction not found")
        return self.said(place, found)

    def block(self, height: int) -> dict[str, Any]:
        told = header(height)
        return {
            "id": name(height), "height": height, "version": 0x20000000, "timestamp": 1_670_000_000 + height,
            "merkle_root": told[36:68][::-1].hex(), "bits": 0x207FFFFF, "nonce": height,
            "previousblockhash": told[4:36][::-1].hex() if height else None,
        }  # fmt: skip

    def blockbook(self, place: str) -> Any:
        match place.strip("/").split("/"):
            case ["api"]:
                found: Any = {"blockbook": {"bestHeight": len(BLOCKS) - 1}}
            case ["api", "v2", "block-index", height]:
                found = {"blockHash": name(int(height))}
            case ["api", "v2", "block", hash_]:
                (height,) = [number for number in range(len(BLOCKS)) if name(number) == hash_]
                found = {"hash": hash_, "height": height, "time": 1_670_000_000 + height}
            case ["api", "v2", "tx", txid] if txid in ALL:
                at = WHERE.get(txid, -1)
                found = {"txid": txid, "hex": ALL[txid].raw.hex(), "blockHeight": at,
                         "confirmations": len(BLOCKS) - at if at >= 0 else 0}  # fmt: skip
                found |= {"blockHash": name(at)} if at >= 0 else {}
            case _:
                raise Status(400, json.dumps({"error": f"Transaction '{place[-64:]}' not found (Not found)"}))
        return self.said(place, found)

    def electrum(self, method: str, params: list[Any]) -> Any:
        match method.removeprefix("blockchain."), params:
            case "block.header", [height]:
                found: Any = header(height).hex()
            case "transaction.get", [txid]:
                if txid not in ALL:
                    raise LookupError(2)
                found = ALL[txid].raw.hex()
            case "scripthash.get_history", [wanted]:
                (script,) = {script for made in ALL.values() for _, script in made.pays
                             if hashlib.sha256(script).digest()[::-1].hex() == wanted}  # fmt: skip
                found = [{"tx_hash": txid, "height": WHERE.get(txid, 0)} for txid in spender(script)]
            case "transaction.get_merkle", [txid, _]:
                found = path(txid)
            case _:
                raise AssertionError(method)
        return self.said(method, found)

    def node(self, method: str, params: list[Any], size: int) -> Any:
        match method, params:
            case "getblockhash", [height]:
                if height >= len(BLOCKS):
                    raise LookupError(-8, "Block height out of range")
                found: Any = name(height)
            case "getblockheader", [hash_]:
                (height,) = [number for number in range(len(BLOCKS)) if name(number) == hash_]
                found = {"hash": hash_, "height": height, "time": 1_670_000_000 + height}
            case "getrawtransaction", [txid, 1]:
                if txid not in ALL or not (self.has_index or txid not in WHERE):
                    why = "or blockchain transaction" if self.has_index else "transaction. Use -txindex or provide a "
                    raise LookupError(-5, f"No such mempool {why}. Use gettransaction for wallet transactions.")
                found = {"hex": ALL[txid].raw.hex()}
                found |= {"blockhash": name(WHERE[txid])} if txid in WHERE else {}
            case "getrawtransaction", [txid, 2, hash_]:
                if txid not in WHERE or name(WHERE[txid]) != hash_:
                    raise LookupError(-5, "No such transaction found in the provided block. Use gettransaction ...")
                spent = [{"txid": of, "vout": at,
                          "prevout": {"scriptPubKey": {"hex": ALL[of].pays[at][1].hex()}}} if of in ALL else
                         {"coinbase": "00"} for of, at in ALL[txid].spends]  # fmt: skip
                found = {"hex": ALL[txid].raw.hex(), "blockhash": hash_, "vin": spent}
            case _:
                raise AssertionError(method)
        return self.said(method, found)


@contextmanager
def telling(kind: str, told: Told) -> Iterator[Endpoint]:
    with ExitStack() as open_:
        if kind == "node":
            yield open_.enter_context(rpc_stub(told.node))
        elif kind == "electrum":
            yield open_.enter_context(lines(told.electrum, refusal=REFUSED))[0]
        else:
            yield Endpoint(f"{kind}+http://{open_.enter_context(served(getattr(told, kind)))}", tries=1)


REFUSED = "daemon error: No such mempool or blockchain transaction. Use gettransaction for wallet transactions."
KINDS = ("node", "electrum", "esplora", "blockbook")


@pytest.fixture
def _made(tmp_path: Path) -> Iterator[None]:
    """The registry's Bitcoin is the made chain."""
    (tmp_path / "rows").mkdir()
    with own_rows(named(tmp_path / "rows", bitcoin=f"0:{name(0)}")):
        yield


def asked(kind: str, told: Told, txid: str, sender: str = ACCOUNT.text, recipient: str = "", token: Any = BTC) -> Any:
    with telling(kind, told) as endpoint:
        client = chains.open_client(registry.load().networks["bitcoin"], endpoint, Recording.off())
        assert isinstance(client, chains.Transfers)
        return client.transfer(txid, token, sender, recipient or sender)


@pytest.mark.usefixtures("_made")
@pytest.mark.parametrize("kind", KINDS)
def test_what_a_transaction_moved_is_told_output_by_output(kind: str) -> None:
    found = asked(kind, Told(), OWN.id)
    assert (found.raw, found.parts, found.between_parties, found.succeeded) == (1_000, (123, 877), True, True)
    assert (found.height, found.block_hash) == (2, name(2))
    assert found.source.startswith("127.0.0.1:")
    assert asked(kind, Told(), OWN.id.upper()) is not None
    away = asked(kind, Told(), AWAY.id, recipient=OTHER.text)
    assert (away.raw, away.parts, away.between_parties) == (300, (300,), True)
    # to somebody else; of somebody else's coins; of coins of two, one of which is it
    assert [asked(kind, Told(), made.id).between_parties for made in (AWAY, FOREIGN)] == [False, False]
    assert [asked(kind, Told(), BOTH.id, of, THIRD.text).between_parties for of in (ACCOUNT.text, OTHER.text)] == [
        True,
        True,
    ]
    # of the block's own coins, which nobody sent
    assert not asked(kind, Told(), FUNDS.id).between_parties


@pytest.mark.usefixtures("_made")
@pytest.mark.parametrize("kind", KINDS)
def test_what_lies_in_no_block_or_is_nowhere_is_no_transaction(kind: str) -> None:
    for txid in (WAITING.id, LOST, "", "0x" + OWN.id, OWN.id[:-1], OWN.id[:-1] + "g"):
        told = Told()
        assert asked(kind, told, txid) is None
        assert bool(told.asked) is (len(txid) == 64 and txid[-1] != "g")


@pytest.mark.usefixtures("_made")
def test_an_asset_of_a_protocol_above_the_coins_is_not_told() -> None:
    omni = next(token for token in registry.load().tokens.values() if token.kind == "omni")
    found = asked("node", Told(), OWN.id, token=omni)
    assert isinstance(found, chains.Unread)
    assert (found.reason, found.address) == ("omni_layer", ACCOUNT.text)


@pytest.mark.usefixtures("_made")
@pytest.mark.parametrize("kind", KINDS)
def test_beside_a_file_of_coins_the_endpoint_is_asked(kind: str) -> None:
    with telling(kind, Told()) as endpoint:
        client = chains.open_client(
            registry.load().networks["bitcoin"], endpoint, Recording.off(), dump=chains.Dump("nowhere")
        )
        assert isinstance(client, chains.Transfers)
        assert isinstance(client, chains.TransfersInBlocks)
        assert client.transfer(OWN.id, BTC, ACCOUNT.text, ACCOUNT.text).parts == (123, 877)
        found = client.transfer_in(OWN.id, BTC, ACCOUNT.text, ACCOUNT.text, 2)
    if kind == "node":
        assert found.parts == (123, 877)
    else:
        assert found == chains.Unread("BTC", ACCOUNT.text, "no_transaction_index")


# --- servers that lie -------------------------------------------------------------------------------------------------
def at(question: str, change: Callable[[Any], Any]) -> Change:
    """Answers to questions that end with a text, changed."""
    return lambda asked_, answer: change(answer) if asked_.endswith(question) else answer


def richer(made: Made) -> bytes:
    return Made(made.spends, tuple((amount + 1, script) for amount, script in made.pays)).raw


def with_raw(raw: bytes) -> Callable[[Any], Any]:
    return lambda told: told | {"hex": raw.hex()}


def of_account(told: Any) -> Any:
    """What FUNDS paid to OTHER it paid to ACCOUNT: so FOREIGN would be ACCOUNT's."""
    return told | {"vout": [out | {"scriptpubkey": MINE.hex()} for out in told["vout"]]}


FALSE = Made(FUNDS.spends, tuple((amount, MINE) for amount, _ in FUNDS.pays)).raw
LIES: list[tuple[str, Made, Change, str]] = [
    ("esplora", OWN, at(f"/tx/{OWN.id}", lambda told: told | {"vout": [out | {"value": out["value"] + 1}
                                                                     for out in told["vout"]]}), "another one"),
    ("esplora", FOREIGN, at(f"/tx/{FUNDS.id}", of_account), "another one"),
    ("esplora", OWN, at(f"/tx/{OWN.id}", lambda told: told | {"vin": []}), "more than it holds"),
    ("esplora", OWN, at(f"/tx/{OWN.id}", lambda told: {"txid": OWN.id}), "another form"),
    ("esplora", OWN, at("/status", lambda told: told | {"block_height": 3, "block_hash": name(3)}), "do not lead"),
    ("esplora", OWN, at("/status", lambda told: told | {"block_height": 1, "block_hash": name(1)}), "do not lead"),
    ("esplora", OWN, at("/status", lambda told: told | {"block_hash": name(3)}), "another block 2 than the chain's"),
    ("esplora", OWN, at("/status", lambda told: []), "it is not told"),
    ("esplora", OWN, at("/status", lambda told: told | {"confirmed": "yes"}), "it is not told"),
    ("esplora", OWN, at("/blocks/2", lambda told: [told[0] | {"merkle_root": LOST}, *told[1:]]), "does not hash"),
    ("esplora", OWN, at("/merkle-proof", lambda told: told | {"pos": told["pos"] ^ 1}), "do not lead"),
    ("blockbook", OWN, at(OWN.id, with_raw(richer(OWN))), "another one"),
    ("blockbook", FOREIGN, at(FUNDS.id, with_raw(FALSE)), "another one"),
    ("blockbook", OWN, at(OWN.id, with_raw(b"")), "ends early"),
    ("blockbook", OWN, at(OWN.id, lambda told: told | {"txid": AWAY.id}), "another one, or none"),
    ("blockbook", OWN, at(OWN.id, lambda told: told | {"blockHash": name(3)}), "another block 2 than the chain's"),
    ("blockbook", OWN, at(OWN.id, lambda told: told | {"blockHeight": 3}), "another block 3 than the chain's"),
    ("blockbook", OWN, at(OWN.id, lambda told: told | {"hex": 5}), "no hexadecimal text"),
    ("electrum", OWN, at("transaction.get", lambda told: richer(OWN).hex()), "another one"),
    ("electrum", FOREIGN, at("transaction.get", lambda told: FALSE.hex() if told == FUNDS.raw.hex() else told),
     "another one"),
    ("electrum", OWN, at("get_history", lambda told: [row | {"height": 3} for row in told]), "do not lead"),
    ("electrum", OWN, at("get_history", lambda told: [row | {"height": 1} for row in told]), "do not lead"),
    ("electrum", OWN, at("get_history", lambda told: []), "tells 0 times"),
    ("electrum", OWN, at("get_history", lambda told: told * 2), "tells 2 times"),
    ("electrum", OWN, at("get_history", lambda told: {}), "no list"),
    ("electrum", OWN, at("get_merkle", lambda told: told | {"pos": 99}), "not between"),
    ("electrum", OWN, at("get_merkle", lambda told: None), "no hashes"),
    ("node", OWN, at("getrawtransaction", with_raw(richer(OWN))), "another one"),
    ("node", FOREIGN, at("getrawtransaction",
                         lambda told: told | {"hex": FALSE.hex()} if told["hex"] == FUNDS.raw.hex() else told),
     "another one"),
    ("node", OWN, at("getblockheader", lambda told: told | {"height": 3}), "another block 3 than the chain's"),
    ("node", OWN, at("getrawtransaction", lambda told: []), "no transaction"),
]  # fmt: skip


@pytest.mark.usefixtures("_made")
@pytest.mark.parametrize(("kind", "made", "lie", "why"), LIES, ids=range(len(LIES)))
def test_a_server_that_lies_of_a_transaction_is_not_believed(kind: str, made: Made, lie: Change, why: str) -> None:
    with pytest.raises((BadAnswer, ChainError), match=why):
        asked(kind, Told(lie), made.id)


@pytest.mark.usefixtures("_made")
@pytest.mark.parametrize("kind", KINDS)
def test_what_a_transaction_spends_must_be_there(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(ALL, FUNDS.id)
    told = Told()
    told.electrum = partial(without_history, told)  # type: ignore[method-assign]
    with pytest.raises(ChainError, match=f"has no transaction {FUNDS.id}, which one in a block spends"):
        asked(kind, told, FOREIGN.id)


def without_history(told: Told, method: str, params: list[Any]) -> Any:
    if method.endswith("get_history"):
        return [{"tx_hash": FOREIGN.id, "height": 2}]
    return Told.electrum(told, method, params)


@pytest.mark.parametrize("made", BLOCKS[2], ids=range(5))
def test_a_path_leads_to_the_root_from_its_own_place_alone(made: Made) -> None:
    root, told = levels(2)[-1][0], path(made.id)
    check_path(made.id, told, root, "x")
    for wrong in (AWAY.id if made is not AWAY else OWN.id, LOST):
        with pytest.raises(ChainError, match="do not lead"):
            check_path(wrong, told, root, "x")
    for place in range(8):
        # of an odd number of transactions the last stands twice
        if (levels(2)[0][place:] and levels(2)[0][place][::-1].hex() == made.id) or place == told["pos"]:
            continue
        if (made, place) != (BOTH, 5) and made is not BOTH:
            with pytest.raises(ChainError, match="do not lead"):
                check_path(made.id, told | {"pos": place}, root, "x")
    for spoiled in (told["merkle"][:-1], [*told["merkle"], LOST], told["merkle"][::-1]):
        with pytest.raises((ChainError, BadAnswer)):
            check_path(made.id, told | {"merkle": spoiled}, root, "x")


@pytest.mark.parametrize(("length", "why"), [(31, "do not lead"), (32, "do not lead"), (33, "no hashes")])
def test_a_path_of_more_hashes_than_a_block_has_is_none(length: int, why: str) -> None:
    with pytest.raises(PorlakeError, match=why):
        check_path(OWN.id, {"merkle": [LOST] * length, "pos": 0}, bytes(32), "x")


# --- refused, and without an index ------------------------------------------------------------------------------------
@pytest.mark.usefixtures("_made")
def test_a_history_that_is_too_long_is_left_for_that_of_another_output() -> None:
    def refuse(method: str, answer: Any) -> Any:
        if method.endswith("get_history") and len(answer) > 1:
            raise LookupError(1)
        return answer

    found = asked("electrum", Told(refuse), BOTH.id, recipient=THIRD.text)
    assert (found.height, found.raw) == (2, 370)
    refused = asked("electrum", Told(refuse), OWN.id)
    assert isinstance(refused, chains.Unread)
    assert refused.reason == "refused_by_server"


def stated(first: object, last: object, txid: str = OWN.id, amount: str = "0.00000123") -> str:
    return f"bitcoin,{ACCOUNT.text},,{txid},BTC,{amount},{first},{last},"


@pytest.mark.usefixtures("_made")
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("row", "reason", "found"),
    [
        (stated(2, 2), "as_stated", 123), (stated("", ""), "as_stated", 123),
        (stated("", "", amount="0.00000122"), "other_amount", 1_000),
        (stated("", "", amount="0.00000124"), "other_amount", 1_000),
        (stated("", "", amount="0.00000877"), "as_stated", 877), (stated("", "", amount="0.00001"), "as_stated", 1_000),
        (stated(1, 1), "other_block", 123), (stated(3, 3), "other_block", 123), (stated(3, ""), "other_block", 123),
        (stated("", 1), "other_block", 123), (stated(1, 3), "as_stated", 123),
        (stated("", "", WAITING.id), "no_transaction", None), (stated("", "", LOST), "no_transaction", None),
        (stated("", "", FOREIGN.id, "0.000005"), "other_parties", 500), (stated("", "", AWAY.id), "other_parties", 0),
    ],
)  # fmt: skip
def test_what_is_stated_is_compared_with_the_chain(
    tmp_path: Path, kind: str, row: str, reason: str, found: int | None
) -> None:
    with telling(kind, Told()) as endpoint:
        (told,) = looked_up(tmp_path / "x", endpoint.url, row, network="bitcoin").values()
    assert (told.reason, told.amount_found) == (reason, found)
    assert (told.found_height, told.block_hash) == ((2, name(2)) if found is not None else (None, None))


@pytest.mark.usefixtures("_made")
@pytest.mark.parametrize(
    ("row", "reason", "height"),
    [
        (stated(2, 2), "as_stated", 2), (stated(1, 3), "as_stated", 2), (stated(0, 11), "as_stated", 2),
        (stated(0, 12), "no_transaction_index", None), (stated(1, 1), "no_transaction_index", None),
        (stated(3, 3), "no_transaction_index", None), (stated(3, 9), "no_transaction_index", None),
        (stated("", 2), "no_transaction_index", None), (stated(2, ""), "no_transaction_index", None),
        (stated(2, 2, amount="0.00000124"), "other_amount", 2), (stated(2, 2, FOREIGN.id), "other_parties", 2),
        (stated(2, 2, LOST), "no_transaction_index", None), (stated(2, 2, WAITING.id), "no_transaction", None),
    ],
)  # fmt: skip
def test_a_node_without_an_index_looks_into_the_blocks_that_are_stated(
    tmp_path: Path, row: str, reason: str, height: int | None
) -> None:
    with telling("node", Told(has_index=False)) as endpoint:
        (told,) = looked_up(tmp_path / "x", endpoint.url, row, network="bitcoin").values()
    assert (told.reason, told.found_height) == (reason, height)


@pytest.mark.usefixtures("_made")
@pytest.mark.parametrize(
    ("lie", "why"),
    [
        (lambda told: told | {"blockhash": name(3)}, "another block"), (with_raw(richer(OWN)), "another one"),
        (lambda told: told | {"vin": [{"txid": FUNDS.id, "vout": 0, "prevout": {}}]}, "another form"),
        (lambda told: told | {"vin": 5}, "another form"),
    ],
)  # fmt: skip
def test_a_node_that_lies_of_a_block_is_not_believed(lie: Callable[[Any], Any], why: str) -> None:
    with telling("node", Told(at("getrawtransaction", lie), has_index=False)) as endpoint:
        client = chains.open_client(registry.load().networks["bitcoin"], endpoint, Recording.off())
        with pytest.raises(BadAnswer, match=why):
            client.transfer_in(OWN.id, BTC, ACCOUNT.text, ACCOUNT.text, 2)


@pytest.mark.usefixtures("_made")
def test_an_older_node_without_an_index_does_not_tell_what_is_spent() -> None:
    def older(told: Any) -> Any:
        return told | {"vin": [{"txid": part["txid"], "vout": part["vout"]} for part in told["vin"]]}

    with telling("node", Told(at("getrawtransaction", older), has_index=False)) as endpoint:
        client = chains.open_client(registry.load().networks["bitcoin"], endpoint, Recording.off())
        found = client.transfer_in(OWN.id, BTC, ACCOUNT.text, ACCOUNT.text, 2)
    assert found == chains.Unread("BTC", ACCOUNT.text, "no_transaction_index")


# --- a real node ------------------------------------------------------------------------------------------------------
needs_knots = pytest.mark.skipif(not KNOTS.exists(), reason="Bitcoin Knots is not installed: make nodes")


@dataclass
class Sent:
    """On a real node: an address of its wallet as the network writes it, and transfers of it to itself."""

    address: str
    good: str
    height: int
    waiting: str


def sent(node: Node) -> Sent:
    own = node.rpc("getnewaddress", "", "bech32")
    script = bytes.fromhex(node.rpc("getaddressinfo", own)["scriptPubKey"])
    mine(node, [[(100_000, script)]])
    coins = [coin for coin in node.rpc("listunspent") if coin["scriptPubKey"] == script.hex()]
    mine(node, [[(123, script), (99_877, script)]], coins)
    height = node.rpc("getblockcount")
    (_, good) = node.rpc("getblock", node.rpc("getblockhash", height))["tx"]
    node.rpc("generatetoaddress", 2, node.rpc("getnewaddress"))
    spent = [{"txid": good, "vout": 1}]
    raw = node.rpc("createrawtransaction", spent, {own: "0.00098877"})
    return Sent(text(script), good, height, node.rpc("sendrawtransaction",
                                                     node.rpc("signrawtransactionwithwallet", raw)["hex"]))  # fmt: skip


def rows(of: Sent) -> dict[str, tuple[str, str]]:
    """Rows of a file by what is to be found of them."""

    def row(txid: str, amount: str, first: object, last: object) -> str:
        return f"bitcoin,{of.address},,{txid},BTC,{amount},{first},{last},"

    good, height = of.good, of.height
    return {
        row(good, "0.00000123", height, height): ("as_stated", good),
        row(good, "0.00000122", height, height): ("other_amount", good),
        row(good, "0.00000124", height, height): ("other_amount", good),
        row(good, "0.00000123", height - 1, height - 1): ("other_block", good),
        row(good, "0.00000123", height + 1, height + 1): ("other_block", good),
        row(LOST, "0.00000123", "", ""): ("no_transaction", LOST),
        row(of.waiting, "0.00098877", "", ""): ("no_transaction", of.waiting),
    }


@pytest.mark.node
@needs_knots
def test_a_real_node_and_an_electrum_server_tell_of_a_self_transfer(tmp_path: Path) -> None:
    with own_rows(SAMPLE_ROWS), knots() as node:
        of = sent(node)
        endpoints = {"node": node.url}
        with ExitStack() as open_:
            if ELECTRUM.exists():
                endpoints["electrum"] = open_.enter_context(electrum(node)).url
            for kind, url in endpoints.items():
                for number, (row, (reason, txid)) in enumerate(rows(of).items()):
                    found = looked_up(tmp_path / f"{kind}{number}", url, row, network="bitcoin")[txid]
                    assert found.reason == reason, (kind, row)
                    if reason == "as_stated":
                        assert (found.amount_found, found.found_height) == (123, of.height)
                        assert found.block_hash == node.rpc("getblockhash", of.height)


@pytest.mark.node
@needs_knots
def test_a_real_node_without_an_index_is_asked_for_the_stated_block(tmp_path: Path) -> None:
    with own_rows(SAMPLE_ROWS), started(KNOTS, "usr/bin/bitcoind", "-txindex=0", "-acceptnonstdtxn=1") as node:
        node.rpc("createwallet", "tests")
        node.rpc("generatetoaddress", 103, node.rpc("getnewaddress"))
        of = sent(node)
        for number, (row, (reason, txid)) in enumerate(rows(of).items()):
            found = looked_up(tmp_path / f"{number}", node.url, row, network="bitcoin")[txid]
            expected = "no_transaction_index" if reason == "other_block" or txid == LOST else reason
            assert found.reason == expected, row

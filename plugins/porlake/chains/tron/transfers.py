"""What one transaction moved from one account to another: TRX by its TransferContract, a TRC-20 token by the events of
its contract. Both are read from the solidified chain of java-tron's HTTP API
(https://developers.tron.network/reference/gettransactionbyid, .../gettransactioninfobyid).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from porlake import numbers
from porlake.addresses import tron as form
from porlake.chains._answers import BlockRef, Transfer
from porlake.errors import BadAnswer
from porlake.registry import Token

TRANSFER = "ddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef"
BY_ID, INFO_BY_ID = "/walletsolidity/gettransactionbyid", "/walletsolidity/gettransactioninfobyid"
ID_DIGITS = 64


def transfer(
    post: Callable[[str, dict[str, Any]], dict[str, Any]],
    block: Callable[[int], BlockRef],
    host: str,
    transaction: str,
    token: Token,
    sender: str,
    recipient: str,
) -> Transfer | None:
    """None where the solidified chain holds no such transaction. Raises BadAnswer, ChainError, TransportError."""
    wanted = transaction.removeprefix("0x").lower()
    if len(wanted) != ID_DIGITS or wanted.strip("0123456789abcdef"):
        return None
    what, found = f"{host}: {BY_ID}", post(BY_ID, {"value": wanted, "visible": True})
    if not found:  # so it answers for what it does not hold
        return None
    info_what, info = f"{host}: {INFO_BY_ID}", post(INFO_BY_ID, {"value": wanted, "visible": True})
    if found.get("txID") != wanted or info.get("id") != wanted:
        raise BadAnswer(f"{what}: the answer is not {wanted}")
    at = block(numbers.height(info.get("blockNumber"), what=f"{info_what}: blockNumber"))
    try:
        succeeded = all(entry.get("contractRet", "SUCCESS") == "SUCCESS" for entry in found.get("ret", []))
        if token.kind == "native":
            moved, method = _of_trx(what, found, sender, recipient), "TransferContract"
        else:
            moved, method = _of_token(info_what, info, token.contract, sender, recipient), "Transfer of a receipt"
    except (KeyError, TypeError, AttributeError) as error:
        raise BadAnswer(f"{what}: the answer is no transaction") from error
    return Transfer(sum(moved), bool(moved), succeeded, at.height, at.hash, method, host)


def _of_trx(what: str, found: dict[str, Any], sender: str, recipient: str) -> list[int]:
    parts = [part["parameter"]["value"] for part in found["raw_data"]["contract"] if part["type"] == "TransferContract"]
    return [
        numbers.whole(value.get("amount", 0), what=f"{what}: amount")
        for value in parts
        if (value["owner_address"], value["to_address"]) == (sender, recipient)
    ]


def _of_token(what: str, info: dict[str, Any], contract: str, sender: str, recipient: str) -> list[int]:
    by, wanted = _account(contract), [TRANSFER, *(_account(text).rjust(64, "0") for text in (sender, recipient))]
    return [
        numbers.quantity(f"0x{log.get('data', '')}", what=f"{what}: data of an event")
        for log in info.get("log", [])
        if log["address"] == by and log.get("topics") == wanted
    ]


def _account(text: str) -> str:
    """The twenty bytes of an account in hex, as events have them."""
    return form.parse(text, "tron").payload[-20:].hex()

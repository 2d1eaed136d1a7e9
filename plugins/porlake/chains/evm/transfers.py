"""What one transaction moved from one account to another: of the coin by the transaction itself, of a token by the
events of its contract (EIP-20's Transfer) in the receipt.

Coins that a contract passed on inside a transaction are not seen: they leave no event.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from porlake import numbers
from porlake.chains._answers import BlockRef, Transfer
from porlake.errors import BadAnswer, ChainError
from porlake.registry import Token
from porlake.transport import JsonRpc

TRANSFER = "0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef"
HASH_BYTES = 32


def transfer(
    rpc: JsonRpc, block: Callable[[int], BlockRef], transaction: str, token: Token, sender: str, recipient: str
) -> Transfer | None:
    """None where the endpoint knows no such transaction, or its block is not yet made.

    `block`: the block of a height, by which it is seen that the transaction's own block is one of the chain. Raises
    ChainError where it is none, BadAnswer, TransportError.
    """
    if not _is_hash(transaction):
        return None
    wanted, what = transaction.lower(), f"{rpc.host}: eth_getTransactionReceipt"
    receipt = rpc.call("eth_getTransactionReceipt", [wanted])
    if receipt is None:
        return None
    if not isinstance(receipt, dict) or str(receipt.get("transactionHash")).lower() != wanted:
        raise BadAnswer(f"{what}: the receipt is not that of {wanted}")
    height = numbers.quantity(receipt.get("blockNumber"), what=f"{what}: blockNumber", most=numbers.HIGHEST)
    at = block(height)
    if receipt.get("blockHash") != at.hash:
        raise ChainError(f"{what}: {wanted} lies in another block {height:,} than the chain's")
    succeeded = numbers.quantity(receipt.get("status"), what=f"{what}: status", most=1) == 1
    if token.kind == "native":
        moved, method = _of_coin(rpc, wanted, sender, recipient), "eth_getTransactionByHash"
    else:
        moved, method = _of_token(what, receipt.get("logs"), token.contract, sender, recipient), "Transfer of a receipt"
    return Transfer(sum(moved), bool(moved), succeeded, height, at.hash, method, rpc.host)


def _is_hash(text: str) -> bool:
    try:
        return len(bytes.fromhex(text.removeprefix("0x"))) == HASH_BYTES and text[:2] == "0x"
    except ValueError:
        return False


def _of_coin(rpc: JsonRpc, wanted: str, sender: str, recipient: str) -> list[int]:
    what = f"{rpc.host}: eth_getTransactionByHash"
    found = rpc.call("eth_getTransactionByHash", [wanted])
    if not isinstance(found, dict) or str(found.get("hash")).lower() != wanted:
        raise BadAnswer(f"{what}: the answer is not {wanted}")
    value = numbers.quantity(found.get("value"), what=f"{what}: value")
    parties = (str(found.get("from")).lower(), str(found.get("to")).lower())
    return [value] if parties == (sender, recipient) else []


def _of_token(what: str, logs: Any, contract: str, sender: str, recipient: str) -> list[int]:
    if not isinstance(logs, list) or not all(isinstance(log, dict) for log in logs):
        raise BadAnswer(f"{what}: the receipt has no list of events")
    wanted = [TRANSFER, _topic(sender), _topic(recipient)]
    return [
        numbers.quantity(log.get("data"), what=f"{what}: data of an event")
        for log in logs
        if str(log.get("address")).lower() == contract and log.get("topics") == wanted
    ]


def _topic(account: str) -> str:
    return "0x" + account.removeprefix("0x").rjust(2 * HASH_BYTES, "0")

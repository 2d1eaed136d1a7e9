"""aelf as a node's web API tells it: a view is run of a transaction whose signature holds, and zero is left out."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import coincurve

from chains.stub import Reply, Request, World, at, with_body
from porlake import registry
from porlake.encoding import base58

HEIGHT, HEAD, FINAL = 280_000_000, 280_001_000, 280_000_900
MOMENT = datetime(2026, 10, 1, tzinfo=UTC)
GENESIS = registry.load().identities["aelf"].blocks[0].hash
LARGE = 2**53 + 9


def account(number: int) -> str:
    data = hashlib.sha256(f"{number}".encode()).digest()
    return base58.encode(data + hashlib.sha256(hashlib.sha256(data).digest()).digest()[:4])


RICH, SOME, LATE, EMPTY, NEVER = (account(number) for number in range(5))
TOKENS = "JRmBduh4nXWi1aXgdUsj5gJrzeZb2LxmrAbf7W99faZSvoAaE"
NOW = {"ELF": {RICH: LARGE, SOME: 7, LATE: 150}, "MADE": {RICH: LARGE, LATE: 2}}


def varint(number: int) -> bytes:
    out = bytearray()
    while True:
        out.append(number & 0x7F | (0x80 if number > 0x7F else 0))
        number >>= 7
        if not number:
            return bytes(out)


def fields(data: bytes) -> Iterator[tuple[int, int | bytes, int]]:
    """(number, value, where the field begins)."""
    place = 0

    def read() -> int:
        nonlocal place
        number = shift = 0
        while True:
            byte = data[place]
            place += 1
            number |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return number

    while place < len(data):
        start, tag = place, read()
        if tag & 7 == 0:
            yield tag >> 3, read(), start
        else:
            size = read()
            yield tag >> 3, data[place : place + size], start
            place += size


def message(*parts: tuple[int, bytes | int]) -> bytes:
    found = b""
    for number, value in parts:
        if isinstance(value, int):
            found += varint(number << 3) + varint(value) if value else b""
        else:
            found += varint(number << 3 | 2) + varint(len(value)) + value
    return found


def block_hash(number: int) -> str:
    return hashlib.sha256(f"block {number}".encode()).hexdigest()


def error(code: str, text: str) -> Reply:
    told = {"Code": code, "Message": text, "Details": None, "Data": {}, "ValidationErrors": None}
    return Reply({"Error": told}, 403)


def answered(symbol: str, owner: bytes, held: int) -> str:
    return message((1, symbol.encode()), (2, message((1, owner))), (3, held)).hex()


def of_another(request: Request, reply: Reply) -> Reply:
    """The answer to somebody else's question."""
    if "executeTransaction" not in request.path:
        return reply
    return with_body(reply, answered("ELF", hashlib.sha256(b"other").digest(), 5))


def cut(request: Request, reply: Reply) -> Reply:
    return with_body(reply, reply.body[:-2]) if "executeTransaction" in request.path else reply


class WORLD(World):
    network, height, head, moment = "aelf", HEIGHT, HEAD, MOMENT
    held = {
        "ELF": {RICH: {"total": LARGE}, SOME: {"total": 7}, LATE: {"total": 100}, EMPTY: {"total": 0}},
        "MADE": {RICH: {"total": LARGE}, LATE: {"total": 1}, EMPTY: {"total": 0}},
    }
    now = {"ELF": {LATE: {"total": 150}}, "MADE": {LATE: {"total": 2}}}
    absent = NEVER
    past = "head"
    lies = {
        "of another": (of_another, "error"),
        "cut": (cut, "error"),
        "empty": (lambda request, reply: with_body(reply, "") if "execute" in request.path else reply, "error"),
        "another block": (at("Header.Height", lambda height: height + 1, path="blockByHeight"), "error"),
    }
    rows = {
        "assets.csv": "asset,name,asset_class,scale,underlying,price_id,note\nMADE,Made,other,6,,,\n",
        "tokens.csv": "network,asset,kind,contract,decimals,balance_slot,note\naelf,MADE,aelf_token,MADE,6,,\n",
    }

    def answer(self, request: Request) -> Reply:
        match request.path.rpartition("/")[2]:
            case "chainStatus":
                return Reply({
                    "ChainId": "AELF", "Branches": {block_hash(HEAD): HEAD}, "NotLinkedBlocks": {},
                    "LongestChainHeight": HEAD, "LongestChainHash": block_hash(HEAD), "GenesisBlockHash": GENESIS,
                    "GenesisContractAddress": "pykr77ft9UUKJZLVq15wCH8PinBSjVRQ12sD1Ayq92mKFsJ1i",
                    "LastIrreversibleBlockHash": block_hash(FINAL), "LastIrreversibleBlockHeight": FINAL,
                    "BestChainHash": block_hash(HEAD), "BestChainHeight": HEAD,
                })  # fmt: skip
            case "blockByHeight":
                return self.block(int(request.query["blockHeight"]))
        told = self.view(bytes.fromhex(request.body["RawTransaction"]))
        if "application/json" in request.headers.get("accept", "") or told.status != 200:
            return told
        return Reply(raw=told.body.encode())

    def mentions(self, request: Request, address: str) -> bool:
        return base58.decode_check(address).hex() in request.text

    def block(self, number: int) -> Reply:
        if number > HEAD:
            return error("20001", "Not found")
        moment = MOMENT + timedelta(milliseconds=500) * (number - HEIGHT)
        header = {"Height": number, "Time": moment.strftime("%Y-%m-%dT%H:%M:%S.%f") + "0Z", "ChainId": "AELF"}
        return Reply({"BlockHash": block_hash(number), "Header": header, "Body": {"TransactionsCount": 1}})

    def view(self, transaction: bytes) -> Reply:
        found: dict[int, Any] = {number: value for number, value, _ in fields(transaction)}
        unsigned = transaction[: next(start for number, _, start in fields(transaction) if number == 10_000)]
        key = coincurve.PublicKey.from_signature_and_message(
            found[10_000], hashlib.sha256(unsigned).digest(), hasher=None
        )
        caller = hashlib.sha256(hashlib.sha256(key.format(compressed=False)).digest()).digest()
        if found[1] != message((1, caller)):
            return error("20006", "InvalidSignature")
        if found[2] != message((1, base58.decode_check(TOKENS))) or found[3] > HEAD:
            return error("20001", "no such contract")
        if found[4] != bytes.fromhex(block_hash(found[3]))[:4]:
            return error("20001", "InvalidRefBlockPrefix")
        asked: dict[int, Any] = {number: value for number, value, _ in fields(found[6])}
        symbol = asked[1].decode()
        if found[5] == b"GetTokenInfo":
            known = {"MADE": message((1, b"MADE"), (2, b"Made"), (3, 10**12), (5, 6))}
            return Reply(known.get(symbol, b"").hex())
        owner = asked[2][2:]
        held = {base58.decode_check(name): raw for name, raw in NOW[symbol].items()}
        return Reply(answered(symbol, owner, held.get(owner, 0)))

"""The GraphQL services of Sui and of IOTA, over one made chain: the parts of their schemas that balances need, executed
by GraphQL's own rules, so that a question which the schema does not know is refused as there.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from graphql import GraphQLError, build_schema, graphql_sync
from graphql.execution import ExecutionResult

from chains.stub import Reply, Request
from porlake.encoding import base58

HEIGHT, HEAD, KEPT = 288_486_982, 288_500_000, 288_480_000
MOMENT = datetime(2026, 6, 25, tzinfo=UTC)

COMMON = """
scalar UInt53 scalar BigInt scalar JSON
type PageInfo { hasNextPage: Boolean! endCursor: String }
type MoveValue { json: JSON }
type Effects { checkpoint: Checkpoint }
type Transaction { digest: String! effects: Effects }
type Transactions { nodes: [Transaction!]! }
type CoinMetadata { decimals: Int }
enum Relation { SENT AFFECTED }
"""
SUI = (
    COMMON
    + """
type Query {
  chainIdentifier: String!
  checkpoint(sequenceNumber: UInt53): Checkpoint
  address(address: String!): Address!
  coinMetadata(coinType: String!): CoinMetadata
}
type Checkpoint { sequenceNumber: UInt53! digest: String timestamp: String query: Query }
type Balance { coinBalance: BigInt addressBalance: BigInt totalBalance: BigInt }
type Object { address: String! contents: MoveValue }
type Objects { nodes: [Object!]! pageInfo: PageInfo! }
input ObjectFilter { type: String }
type Address {
  address: String!
  balance(coinType: String!): Balance
  objects(first: Int, after: String, filter: ObjectFilter): Objects
  transactions(last: Int, relation: Relation): Transactions
}
"""
)
IOTA = (
    COMMON
    + """
type Query {
  chainIdentifier: String!
  checkpoint(id: CheckpointId): Checkpoint
  address(address: String!): Address
  coinMetadata(coinType: String!): CoinMetadata
}
input CheckpointId { digest: String sequenceNumber: UInt53 }
type Checkpoint { sequenceNumber: UInt53! digest: String! timestamp: String! }
type Balance { coinObjectCount: UInt53 totalBalance: BigInt }
type Stake { address: String! principal: BigInt }
type Stakes { nodes: [Stake!]! pageInfo: PageInfo! }
type Address {
  address: String!
  balance(type: String): Balance
  stakedIotas(first: Int, after: String): Stakes!
  transactionBlocks(last: Int, relation: Relation): Transactions!
}
"""
)


def digest(name: str) -> str:
    return base58.encode(hashlib.sha256(name.encode()).digest())


@dataclass
class Chain:
    """`coins`: of an account, by the coin's type, at the snapshot and since (`late`); `beside`: what of it lies in no
    coin; `stakes`: what was put into each; `touched`: the checkpoint of the newest transaction.
    """

    name: str
    is_sui: bool
    coins: Mapping[str, Mapping[str, int]]
    late: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    beside: Mapping[str, int] = field(default_factory=dict)
    stakes: Mapping[str, list[int]] = field(default_factory=dict)
    touched: Mapping[str, int] = field(default_factory=dict)
    decimals: Mapping[str, int] = field(default_factory=dict)
    kept: int = KEPT
    head: int = HEAD
    page: int = 50

    def answer(self, request: Request) -> Reply:
        schema = build_schema(SUI if self.is_sui else IOTA)
        found: ExecutionResult = graphql_sync(schema, request.body["query"], Query(self, self.head))
        errors = [{"message": one.message, "extensions": {"code": "BAD_USER_INPUT"}} for one in found.errors or []]
        return Reply({"data": found.data} | ({"errors": errors} if errors else {}))


@dataclass
class Query:
    """As if a checkpoint were the newest."""

    chain: Chain
    at: int
    pinned: bool = False

    def chainIdentifier(self, info: Any) -> str:
        return self.chain.name

    def checkpoint(self, info: Any, sequenceNumber: int | None = None, id: dict[str, int] | None = None) -> Any:
        number = sequenceNumber if id is None else id["sequenceNumber"]
        number = self.at if number is None else number
        return None if number > self.at else Checkpoint(self.chain, number)

    def address(self, info: Any, address: str) -> Address:
        if len(address) != 66:
            raise GraphQLError("no address")
        return Address(self.chain, self.at, address)

    def coinMetadata(self, info: Any, coinType: str) -> Any:
        return {"decimals": self.chain.decimals[coinType]} if coinType in self.chain.decimals else None


@dataclass
class Checkpoint:
    chain: Chain
    number: int

    def sequenceNumber(self, info: Any) -> int:
        return self.number

    def digest(self, info: Any) -> str:
        return digest(f"checkpoint {self.number}")

    def timestamp(self, info: Any) -> str:
        at = MOMENT + timedelta(milliseconds=(self.number - HEIGHT) * 250)
        return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")

    def query(self, info: Any) -> Query | None:
        return None if self.number < self.chain.kept else Query(self.chain, self.number, True)


@dataclass
class Address:
    chain: Chain
    at: int
    address: str

    def balance(self, info: Any, coinType: str = "", type: str = "") -> Any:
        then = self.chain.coins.get(coinType or type, {})
        now = self.chain.late.get(coinType or type, {}) if self.at > HEIGHT else {}
        held, beside = now.get(self.address, then.get(self.address)), self.chain.beside.get(self.address, 0)
        if self.chain.is_sui:
            parts = ((held or 0) - beside, beside, held or 0)
            return dict(zip(("coinBalance", "addressBalance", "totalBalance"), map(str, parts), strict=True))
        return None if held is None else {"coinObjectCount": 1, "totalBalance": str(held)}

    def objects(self, info: Any, first: int, filter: dict[str, str], after: str = "0") -> Any:
        assert filter == {"type": "0x3::staking_pool::StakedSui"}
        return self._stakes(first, int(after), lambda amount: {"contents": {"json": {"principal": str(amount)}}})

    def stakedIotas(self, info: Any, first: int, after: str = "0") -> Any:
        return self._stakes(first, int(after), lambda amount: {"principal": str(amount)})

    def _stakes(self, first: int, start: int, shown: Any) -> Any:
        every = self.chain.stakes.get(self.address, [])
        end = start + min(first, self.chain.page)
        nodes = [{"address": digest(f"{self.address} {place}")} | shown(amount) for place, amount in enumerate(every)][
            start:end
        ]
        return {"nodes": nodes, "pageInfo": {"hasNextPage": end < len(every), "endCursor": str(end)}}

    def transactions(self, info: Any, last: int, relation: str) -> Any:
        assert (last, relation) == (1, "AFFECTED")
        if (newest := self.chain.touched.get(self.address)) is None:
            return {"nodes": []}
        name = digest(f"transaction {newest}")
        return {"nodes": [{"digest": name, "effects": {"checkpoint": Checkpoint(self.chain, newest)}}]}

    def transactionBlocks(self, info: Any, last: int, relation: str) -> Any:
        return self.transactions(info, last, relation)

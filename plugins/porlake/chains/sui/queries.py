"""What is asked of the two services, whose schemas are like each other and not the same.

Sui: https://docs.sui.io/references/sui-graphql. IOTA: https://docs.iota.org/references/iota-api/iota-graphql/reference
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

PAGE = 50  # what both services give at most
HEAD = "chainIdentifier checkpoint{sequenceNumber digest timestamp}"


@dataclass(frozen=True, slots=True)
class Service:
    """`coin`: the type of its own coin. `stakes`, `newest`: fields of an address, of its stakes (`{page}` is where they
    go on) and of the newest transaction that touched it; `at`: the argument that names a checkpoint. `has_past`:
    whether a checkpoint answers as if it were the newest. `balance`: the argument that names a coin's type, and what is
    told of a balance.
    """

    coin: str
    stakes: str
    newest: str
    at: str
    has_past: bool
    balance: tuple[str, str]

    def checkpoint(self, number: int) -> str:
        named = self.at.replace("{number}", str(number))
        return f"{{chainIdentifier checkpoint({named}){{sequenceNumber digest timestamp}}}}"

    def balances(self, accounts: Sequence[str], coin: str, number: int | None, *, changes: bool) -> str:
        """Of accounts, `a0`, `a1` ... in their order: the balance of a coin, its stakes where the coin is the chain's
        own, and the newest transaction where `changes` are asked for. At a checkpoint, or at the newest.
        """
        argument, told = self.balance
        inner = f'address balance({argument}:"{coin}"){{{told}}}'
        inner += " " + self.stakes.replace("{page}", f"first:{PAGE}") if coin == self.coin else ""
        inner += f" {self.newest}" if changes else ""
        fields = " ".join(f'a{place}:address(address:"{one}"){{...f}}' for place, one in enumerate(accounts))
        return f"{self._at(fields, number)} fragment f on Address{{{inner}}}"

    def more_stakes(self, account: str, cursor: str, number: int | None) -> str:
        stakes = self.stakes.replace("{page}", f'first:{PAGE},after:"{cursor}"')
        return self._at(f'a0:address(address:"{account}"){{address {stakes}}}', number)

    def _at(self, fields: str, number: int | None) -> str:
        if not self.has_past:
            return f"{{{HEAD} {fields}}}"
        named = "" if number is None else f"({self.at.replace('{number}', str(number))})"
        return f"{{chainIdentifier checkpoint{named}{{sequenceNumber digest timestamp query{{{fields}}}}}}}"


SUI = Service(
    coin="0x2::sui::SUI",
    stakes='objects({page},filter:{type:"0x3::staking_pool::StakedSui"})'
    "{nodes{address contents{json}}pageInfo{hasNextPage endCursor}}",
    newest="transactions(last:1,relation:AFFECTED){nodes{digest effects{checkpoint{sequenceNumber}}}}",
    at="sequenceNumber:{number}",
    has_past=True,
    balance=("coinType", "coinBalance addressBalance totalBalance"),
)
IOTA = Service(
    coin="0x2::iota::IOTA",
    stakes="stakes:stakedIotas({page}){nodes{address principal}pageInfo{hasNextPage endCursor}}",
    newest="transactions:transactionBlocks(last:1,relation:AFFECTED)"
    "{nodes{digest effects{checkpoint{sequenceNumber}}}}",
    at="id:{sequenceNumber:{number}}",
    has_past=False,
    balance=("type", "coinObjectCount totalBalance"),
)
SERVICES = {"sui": SUI, "iota": IOTA}

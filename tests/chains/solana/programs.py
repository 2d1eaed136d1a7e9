"""The real programs of Solana in this process (litesvm of PyPI solders), and a node of the accounts that they wrote.

What the programs wrote, the slots and the transactions are real; the JSON-RPC around them is `node.Node`'s.
"""

from __future__ import annotations

from hashlib import sha256
from typing import Any

from solders.instruction import AccountMeta, Instruction
from solders.keypair import Keypair
from solders.litesvm import LiteSVM
from solders.message import Message
from solders.pubkey import Pubkey
from solders.system_program import CreateAccountParams, TransferParams, create_account, transfer
from solders.token.associated import get_associated_token_address
from solders.transaction import Transaction

from chains.solana.node import Node, little
from porlake.chains.solana import layout

RENT = Pubkey.from_string("SysvarRent111111111111111111111111111111111")
ATA = Pubkey.from_string("ATokenGPvbdGVxr1b2hvZbsiqW5xWH25efTNsLJA8knL")
SYSTEM = Pubkey.from_string(layout.SYSTEM)
GENESIS = str(LiteSVM().latest_blockhash())  # of every chain of litesvm
PROGRAMS = (layout.SYSTEM, layout.STAKE, layout.TOKEN, layout.TOKEN_2022)


def keypair(name: str) -> Keypair:
    """The same each time, and nobody's."""
    return Keypair.from_seed(sha256(f"porlake {name}".encode()).digest())


class Chain:
    """`touched`: (slot, signature) of the transactions that name an account, the newest first."""

    def __init__(self) -> None:
        self.vm, self.payer = LiteSVM(), keypair("payer")
        self.vm.airdrop(self.payer.pubkey(), 10**13)
        self.touched: dict[str, list[tuple[int, str]]] = {}

    @property
    def slot(self) -> int:
        return int(self.vm.get_clock().slot)

    def go_to(self, slot: int, seconds: int) -> str:
        """The hash of the block of a later slot, at a Unix time."""
        self.vm.warp_to_slot(slot)
        clock = self.vm.get_clock()
        clock.unix_timestamp = seconds
        self.vm.set_clock(clock)
        self.vm.expire_blockhash()
        return str(self.vm.latest_blockhash())

    def run(self, *steps: Instruction, signers: tuple[Keypair, ...] = ()) -> None:
        message = Message(list(steps), self.payer.pubkey())
        one = Transaction([self.payer, *signers], message, self.vm.latest_blockhash())
        done = self.vm.send_transaction(one)
        assert type(done).__name__ == "TransactionMetadata", done
        for name in map(str, message.account_keys):
            self.touched.setdefault(name, []).insert(0, (self.slot, str(one.signatures[0])))

    def account(self, name: Pubkey) -> layout.Account:
        found = self.vm.get_account(name)
        assert found is not None
        return layout.Account(found.lamports, str(found.owner), bytes(found.data))

    # --- what the programs are asked for ---
    def send(self, to: Pubkey, lamports: int) -> None:
        self.run(transfer(TransferParams(from_pubkey=self.payer.pubkey(), to_pubkey=to, lamports=lamports)))

    def mint(self, program: str, mint: Keypair) -> Pubkey:
        """A token of 6 decimals, which the payer mints and may freeze."""
        code, authority = Pubkey.from_string(program), bytes(self.payer.pubkey())
        rent = self.vm.minimum_balance_for_rent_exemption(82)
        self.run(
            self._created(mint, rent, 82, code),
            # InitializeMint: decimals, who mints, who freezes
            Instruction(
                code,
                b"\0\6" + authority + b"\1" + authority,
                [AccountMeta(mint.pubkey(), False, True), AccountMeta(RENT, False, False)],
            ),
            signers=(mint,),
        )
        return mint.pubkey()

    def own(self, program: str, mint: Pubkey, owner: Pubkey) -> Pubkey:
        """An owner's own account of a token, made where it is not there."""
        code = Pubkey.from_string(program)
        own = get_associated_token_address(owner, mint, code)
        if self.vm.get_account(own) is None:
            named = [
                AccountMeta(self.payer.pubkey(), True, True),
                AccountMeta(own, False, True),
                *(AccountMeta(one, False, False) for one in (owner, mint, SYSTEM, code)),
            ]
            self.run(Instruction(ATA, b"\0", named))
        return own

    def give(self, program: str, mint: Pubkey, owner: Pubkey, amount: int) -> Pubkey:
        """MintTo the owner's own account, which is given back."""
        own = self.own(program, mint, owner)
        authority = AccountMeta(self.payer.pubkey(), True, False)
        named = [AccountMeta(mint, False, True), AccountMeta(own, False, True), authority]
        self.run(Instruction(Pubkey.from_string(program), b"\7" + little(amount), named))
        return own

    def freeze(self, program: str, mint: Pubkey, own: Pubkey) -> None:
        authority = AccountMeta(self.payer.pubkey(), True, False)
        named = [AccountMeta(own, False, True), AccountMeta(mint, False, False), authority]
        self.run(Instruction(Pubkey.from_string(program), b"\x0a", named))

    def stake(self, stake: Keypair, withdrawer: Pubkey, lamports: int) -> None:
        """A stake account that is set up, and delegated to nobody."""
        code = Pubkey.from_string(layout.STAKE)
        self.run(
            self._created(stake, lamports, 200, code),
            Instruction(
                code,
                little(0, 4) + bytes(self.payer.pubkey()) + bytes(withdrawer) + bytes(48),  # Initialize
                [AccountMeta(stake.pubkey(), False, True), AccountMeta(RENT, False, False)],
            ),
            signers=(stake,),
        )

    def _created(self, one: Keypair, lamports: int, space: int, owner: Pubkey) -> Instruction:
        return create_account(
            CreateAccountParams(
                from_pubkey=self.payer.pubkey(), to_pubkey=one.pubkey(), lamports=lamports, space=space, owner=owner
            )
        )


class ProgramsNode(Node):
    """A node of a chain as it is now. `hashes`: of its blocks, by slot; the genesis is the first of them."""

    def __init__(self, chain: Chain, hashes: dict[int, str]) -> None:
        self._chain, self._hashes = chain, hashes
        accounts = {
            str(name): (one.lamports, str(one.owner), bytes(one.data))
            for program in PROGRAMS
            for name, one in chain.vm.get_program_accounts(Pubkey.from_string(program))
        }
        super().__init__(genesis=hashes[min(hashes)], head=max(hashes), accounts=accounts)
        self.touched = {name: [slot for slot, _ in told] for name, told in chain.touched.items()}

    def getBlock(self, slot: int, how: dict[str, Any]) -> dict[str, Any]:
        return super().getBlock(slot, how) | {"blockhash": self._hashes[slot]}

    def getSignaturesForAddress(self, address: str, how: dict[str, Any]) -> list[dict[str, Any]]:
        told = super().getSignaturesForAddress(address, how)
        real = [signature for _, signature in self._chain.touched.get(address, [])]
        return [one | {"signature": signature} for one, signature in zip(told, real, strict=False)]

    def _account(self, name: str, how: dict[str, Any]) -> dict[str, Any] | None:
        if name == layout.CLOCK:  # as the chain keeps it
            found = self._chain.account(Pubkey.from_string(name))
            assert layout.clock(found, what=name) == self.head
        return super()._account(name, how)

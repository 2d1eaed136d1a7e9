"""Who has to sign a row, and in which signature column: its stated owners, each in the column of the same number; where
none is stated, the account itself in the first.
"""

from __future__ import annotations

from dataclasses import dataclass

from porlake import addresses
from porlake.addresses import Address
from porlake.errors import InvalidAddress
from porlake.model import Evidence


@dataclass(frozen=True, slots=True)
class Signers:
    """`owners`: the stated owners by column, None where a column before a stated one is empty: there the account signs
    itself.
    """

    account: Address
    owners: tuple[Address | None, ...] = ()

    @classmethod
    def stated(cls, account: Address, texts: list[str], *networks: str) -> Signers:
        """With the owners of the texts, each an account on the first of the networks on which it is one. Raises
        InvalidAddress (owner_bad_checksum and so on).
        """
        return cls(account, tuple(_owner(text, networks) if text else None for text in texts))

    @property
    def by_column(self) -> tuple[Address, ...]:
        return tuple(owner or self.account for owner in self.owners) or (self.account,)

    @property
    def names(self) -> str:
        """The accounts that sign, as the `signer` of a judgement."""
        return ",".join(signer.text for signer in self.by_column)

    @property
    def include_account(self) -> bool:
        """Whether the account itself signs: a row without owners, or one that states it among them."""
        return any(signer.payload == self.account.payload for signer in self.by_column)

    def extra_signatures(self, row: Evidence) -> tuple[str, ...]:
        """As the function of that name, behind the columns of these signers."""
        return extra_signatures(row, len(self.by_column))

    def repeats(self) -> tuple[str, ...]:
        """The flag same_owner_twice where one account has to sign in two columns."""
        is_repeated = len({signer.payload for signer in self.by_column}) < len(self.by_column)
        return ("same_owner_twice",) if is_repeated else ()


def stated_owners(row: Evidence) -> list[str]:
    """The owners by column up to the last that is stated; '' where a column before it is empty."""
    return row.owners[: max((column for column, text in enumerate(row.owners, 1) if text), default=0)]


def extra_signatures(row: Evidence, judged: int = 1) -> tuple[str, ...]:
    """A flag (extra_signature2 and so on) for each signature behind the columns that are judged."""
    return tuple(
        f"extra_signature{column}" for column, text in enumerate(row.signatures, 1) if text and column > judged
    )


def _owner(text: str, networks: tuple[str, ...]) -> Address:
    failed: InvalidAddress | None = None
    for network in networks:
        try:
            return addresses.parse(network, text)
        except InvalidAddress as error:
            failed = error
    assert failed is not None  # there is at least one network
    code = failed.code.removeprefix("address_")
    raise InvalidAddress(f"owner_{code}", f"owner {text[:200]!r}: {failed}") from failed

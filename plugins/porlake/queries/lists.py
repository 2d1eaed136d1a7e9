"""How complete an observation of a list of addresses is, and how old its list."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from porlake.errors import MissingPartition
from porlake.model import Balance, Claim, ObservedList, ReportFile, Unobserved
from porlake.pipeline import Session


@dataclass(frozen=True, slots=True)
class NetworkRead:
    """One network of an observed list: accounts of which something was read and of which nothing was; holdings (account
    and asset) that were read at the moment's block (`exact`) or near it, and how many were not, by reason.
    """

    network: str
    accounts_read: int
    accounts_not_read: int
    exact: int
    near: int
    not_read: Counter[str]


@dataclass(frozen=True, slots=True)
class ListRead:
    """An observation, its list, and what was read of it."""

    file: ReportFile
    listed: ObservedList
    networks: list[NetworkRead]

    @property
    def is_complete(self) -> bool:
        """Whether every account was read: something of it, which the network's coin suffices for."""
        return not any(network.accounts_not_read for network in self.networks)

    @property
    def age_days(self) -> int | None:
        """Days from the list to the moment; None where the list is younger, or either tells no day."""
        if self.listed.list_day is None or self.file.snapshot_day is None:
            return None
        days = (self.file.snapshot_day - self.listed.list_day).days
        return days if days >= 0 else None

    def sentences(self) -> Iterator[str]:
        """What a person wants to know of it, a line each."""
        read = sum(network.accounts_read for network in self.networks)
        exact, near = sum(network.exact for network in self.networks), sum(network.near for network in self.networks)
        day = self.listed.list_day
        age = "of no known day" if day is None else f"of {day}, which is after the moment"
        if self.age_days is not None:
            age = f"{self.age_days:,} day{'' if self.age_days == 1 else 's'} old at the moment"
        yield f"list {self.listed.list[:16]}, stated by {self.listed.list_stated_by}, {age}"
        refused = f"; rows of the list that name none: {self.listed.rows_refused:,}" if self.listed.rows_refused else ""
        yield f"{read:,} of {self.listed.accounts:,} accounts read on {len(self.networks)} networks{refused}"
        yield f"{exact:,} holdings at the block of the moment" + (f", {near:,} near it" if near else "")


def list_read(session: Session, report: str) -> ListRead:
    """Raises MissingPartition for a report that is no observation of a list."""
    lake, file = session.lake, session.lake.report(report)
    listed = next(lake.rows(ObservedList, exchange=file.exchange, report=report), None)
    if listed is None:
        raise MissingPartition(f"{report[:16]} is no observation of a list, or has not been parsed")
    networks = lake.distinct(Claim, "network", exchange=file.exchange, report=report)
    return ListRead(file, listed, [_network(session, file, network) for network in sorted(networks)])


def _network(session: Session, file: ReportFile, network: str) -> NetworkRead:
    lake, only = session.lake, {"exchange": file.exchange, "report": file.report, "network": network}
    accounts = lake.distinct(Claim, "address", **only)
    read, as_of = set[str](), Counter[str]()
    for balance in lake.rows(Balance, **only):
        if balance.component == "total":
            as_of[balance.as_of] += 1
            read.add(balance.address)
    not_read = Counter(row.reason for row in lake.rows(Unobserved, **only))
    return NetworkRead(network, len(read), len(accounts - read), as_of["exact"], as_of["near"], not_read)

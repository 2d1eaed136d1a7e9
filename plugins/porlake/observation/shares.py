"""Shares of an observation: the accounts of a chain that is asked one account a question, by several workers.

A share leaves its answers where those of an observation that was stopped are kept. Whoever observes afterwards finds
them there and asks for nothing else: the rows are those of one worker, whatever the number of shares.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from porlake import chains, registry
from porlake.model import Claim, ReportFile
from porlake.observation.endpoints import Run, open_client

MOST = 32
SECONDS = 10.0
"""How long a share takes at least, as far as the estimate goes: a task of Airflow takes five by itself."""
A_SECOND = 300.0
"""Accounts that a worker asks about in a second: a node 20 ms away told 186 to 550."""


@dataclass(frozen=True, slots=True)
class Share:
    """The accounts whose place, divided by `of`, leaves `number`."""

    number: int
    of: int

    def __post_init__(self) -> None:
        if not 0 <= self.number < self.of:
            raise ValueError(f"share {self.number} of {self.of}")

    @property
    def name(self) -> str:
        """How the names of the files begin that it keeps."""
        return f"{self.number:02d}."

    def has(self, places: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
        mine: npt.NDArray[np.bool_] = places % self.of == self.number
        return mine


def worth(run: Run, file: ReportFile, network: str) -> int:
    """In how many shares a report's holdings on a network are worth reading: 1 where one worker reads them all, as
    where an endpoint states a rate, which is the same for one and for many. Nobody is asked.
    """
    if not run.recording.is_off or not registry.load().networks[network].is_read or not run.can_be_asked(network):
        return 1
    if any(place.per_second for place in run.endpoints_of(network)):
        return 1
    if not isinstance(open_client(run, network).now, chains.ByAccount):
        return 1
    only = {"exchange": file.exchange, "report": file.report, "network": network}
    return of_rows(sum(batch.num_rows for batch in run.lake.columns(Claim, ("asset",), **only)))


def of_rows(rows: int) -> int:
    """Shares of so many accounts."""
    return of_seconds(rows / A_SECOND)


def of_seconds(seconds: float) -> int:
    """Shares of work that takes one worker so long."""
    return max(1, min(MOST, int(seconds / SECONDS)))

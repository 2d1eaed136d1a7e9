"""observe: what the chains show of everything that a report claims, one network at a time."""

from __future__ import annotations

from porlake import observation
from porlake.model import Claim, ControlTransfer, Dataset, StatedTransfer
from porlake.pipeline._proofs import PROOF
from porlake.pipeline._session import Session

OBSERVED = (*observation.DATASETS, ControlTransfer)
TRANSFERS = "control_transfers"


def networks(session: Session, report: str) -> list[str]:
    """The networks on which a report claims something, or says that it moved something to show control."""
    file = session.lake.report(report)
    stated: type[Dataset] = StatedTransfer if file.content == TRANSFERS else Claim
    return sorted(session.lake.distinct(stated, "network", exchange=file.exchange, report=file.report))


def attests(session: Session, report: str) -> bool:
    """Whether a report says itself what is held or owed: lists of addresses, figures of trackers and transfers that
    show control do not, and a proof stands beside what it is of.
    """
    return session.lake.report(report).content not in {"address_list", "tracker_figures", TRANSFERS, PROOF}


def has_addresses(session: Session, report: str) -> bool:
    """Whether a report states what lies at addresses: a list without amounts or signatures has nothing to verify or
    observe.
    """
    return session.lake.report(report).content not in {"totals", "address_list", PROOF}


def observe(session: Session, report: str, network: str, *, give_up: bool = False) -> str:
    """Balances of everything that a report claims on a network, at the snapshot height or as near as the chain lets one
    look; of transfers that show control, what the chain holds of them.

    Raises TransportError or ChainError and writes nothing where an endpoint fails; with `give_up` all of it is then
    unobserved, for the reason endpoint_failed.
    """
    file = session.lake.report(report)
    if file.content == TRANSFERS:
        observation.control_transfers(session.run, file, network, give_up=give_up)
    else:
        observation.observe(session.run, file, network, give_up=give_up)
    return file.report

"""An observation of a list of addresses, as porlake itself states it: one line of canonical JSON.

Content: observed_list. The line says whose list (by its report's sha256) is read on the chains at which moment, and for
which rows of the registry (by their hash); so the same question has the same id. It holds no rows: what is asked
stands in the list and the registry, and `pipeline` brings both together.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from io import BytesIO

from porlake import registry
from porlake.errors import BadStructure
from porlake.reports._bundle import Bundle, Member, each_alone
from porlake.reports._items import Item, Part
from porlake.reports._snapshot import Snapshot

NAME = "observed_list"
ROLES = (NAME,)
STATED_BY = "porlake"
STATEMENT = f"{STATED_BY}/{NAME}"

_FORM = re.compile(
    rb'\{"at":"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ)","exchange":"([a-z0-9_]+)","list":"([0-9a-f]{64})",'
    rb'"registry":"([0-9a-f]{64})"\}\n'
)


@dataclass(frozen=True, slots=True)
class Asked:
    """What an observation asks. `at`: the moment, UTC, in whole seconds; `list`: the id of the report that lists the
    addresses; `registry`: the hash of the rows of the networks and tokens that are asked for.
    """

    exchange: str
    list: str
    at: datetime
    registry: str

    @property
    def text(self) -> bytes:
        """The canonical JSON: fields in their order, no blanks, a line feed."""
        fields = {
            "at": f"{self.at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}",
            "exchange": self.exchange,
            "list": self.list,
            "registry": self.registry,
        }
        return json.dumps(fields, separators=(",", ":"), sort_keys=True).encode() + b"\n"

    @property
    def file_name(self) -> str:
        return f"observed_{self.exchange}_{self.at.astimezone(UTC):%Y%m%dT%H%M%SZ}.json"

    @property
    def snapshot(self) -> Snapshot:
        """A moment, and a day, of UTC, whatever clock the exchange has."""
        return Snapshot(self.at.astimezone(UTC).replace(tzinfo=None), "moment", in_utc=True)

    def bundle(self) -> Bundle:
        """The report as a file."""
        return Bundle((Member(self.file_name, BytesIO(self.text), NAME),), self.file_name, self.exchange)


def read(member: Member) -> Asked:
    """Raises BadStructure for anything but the canonical line."""
    match = _FORM.fullmatch(member.head)
    try:
        at = datetime.fromisoformat(match[1].decode()) if match else None
    except ValueError as error:
        raise BadStructure(member.name, 1, f"{error}") from error
    if match is None or at is None:
        raise BadStructure(member.name, 1, "it is no observation of a list as porlake writes one")
    return Asked(match[2].decode(), match[3].decode(), at, match[4].decode())


def matches(bundle: Bundle) -> bool:
    """Whether the file is the one line of JSON that porlake writes for an observation of a list."""
    return any(map(_is_observation, bundle.members))


def members(bundle: Bundle) -> list[tuple[Member, ...]]:
    """Each observation is a report of its own."""
    return each_alone(bundle, _is_observation, NAME)


def _is_observation(member: Member) -> bool:
    return _FORM.fullmatch(member.head) is not None


def content(bundle: Bundle) -> str:
    return NAME


def snapshot_of(file_name: str) -> Snapshot | None:
    """The content tells the moment."""
    return None


def split(bundle: Bundle) -> Iterator[Part]:
    """The one part: its moment and who states it. Raises BadStructure."""
    (member,) = bundle.members
    asked = read(member)
    if asked.exchange not in registry.load().exchanges:
        raise BadStructure(member.name, 1, f"{asked.exchange!r} is no exchange of the registry")
    yield Part(asked.exchange, asked.snapshot, BytesIO(asked.text), STATEMENT)


def parse(bundle: Bundle) -> Iterator[Item]:
    """Nothing: the rows are those of the list. Raises BadStructure for a file that is no observation."""
    (member,) = bundle.members
    read(member)
    return iter(())

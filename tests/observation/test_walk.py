"""The walk of one claim through observe: modules that it enters, climbs from a lower room to a higher.

python tests/observation/test_walk.py prints it (with tests/ on PYTHONPATH).
"""

from __future__ import annotations

import gc
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType
from typing import Any

import tron_stub
from observation.toy import toy
from porlake import pipeline, progress
from porlake.lake import Lake
from porlake.model import Balance, Claim, ReportFile
from porlake.transport import Endpoint
from test_rooms import MAY_IMPORT, PACKAGE
from tron_stub import HEIGHT, TIME, USDT, Node, account

MOST_MODULES, MOST_CLIMBS = 20, 4
MOST_TO_A_SOCKET = 43  # may only fall
LEVEL = {room: level for level, room in enumerate(MAY_IMPORT)}
REPORT = "ab" * 32


@dataclass
class Walk:
    """`modules` in the order in which they were entered; `climbs`: (caller, called) of calls into a higher room."""

    modules: dict[str, None] = field(default_factory=dict)
    climbs: dict[tuple[str, str], None] = field(default_factory=dict)

    def watch(self, frame: FrameType, event: str, _: Any) -> None:
        if event != "call" or (here := module_of(frame)) is None:
            return
        self.modules.setdefault(here)
        before = frame.f_back
        while before is not None and module_of(before) is None:
            before = before.f_back
        if before is not None and (there := module_of(before)) is not None and level(there) < level(here):
            self.climbs.setdefault((f"{there}.{before.f_code.co_name}", f"{here}.{frame.f_code.co_name}"))

    def __str__(self) -> str:
        climbs = [f"  {caller} -> {called}" for caller, called in self.climbs]
        return "\n".join(
            [
                f"{len(self.modules)} modules:",
                *(f"  {name}" for name in self.modules),
                f"{len(climbs)} climbs:",
                *climbs,
            ]
        )


def module_of(frame: FrameType) -> str | None:
    path = frame.f_code.co_filename
    if not path.startswith(str(PACKAGE)):
        return None
    return ".".join(Path(path).relative_to(PACKAGE).with_suffix("").parts)


def level(module: str) -> int:
    return LEVEL.get(module.split(".", maxsplit=1)[0], -1)


@contextmanager
def walking() -> Iterator[Walk]:
    """Garbage of before is no part of it: closing an abandoned generator enters its module once more."""
    walk = Walk()
    gc.collect()
    gc.disable()
    threading.setprofile(walk.watch)
    sys.setprofile(walk.watch)
    try:
        yield walk
    finally:
        sys.setprofile(None)
        threading.setprofile(None)  # type: ignore[arg-type]
        gc.enable()


FACE = """
from porlake.chains import BlockRef, Family, OneByOne, Reading
from datetime import UTC, datetime


class Client(OneByOne):
    def block(self, height):
        return BlockRef(height, "aa", datetime.fromtimestamp(1_700_000_000, UTC))

    head = block

    def balances(self, wanted, at):
        for want in wanted:
            yield Reading(want.asset, want.address, "total", 7, at, "exact", "toy", "a.example")


class Toy(Family):
    def open_client(self, network, endpoints, recording, *, beside=None, dump=None, tell=None):
        return Client()


FAMILY = Toy()
"""


def put(root: Path, network: str, asset: str, address: str, height: int) -> None:
    """A parsed report with one claim."""
    now, lake, only = datetime.fromtimestamp(TIME, UTC), Lake(root), {"exchange": "okx", "report": REPORT}
    file = ReportFile(
        exchange="okx", report=REPORT, attestation="okx/2024-03-25", snapshot_at=now, snapshot_day=now.date(),
        snapshot_precision="moment", content="addresses", statement="okx/okx_csv", revision=1, format="okx_csv",
        file_name="made.csv", members=[], origin="file:made.csv", container=None, size_bytes=1, retrieved_at=now,
        report_no=None,
    )  # fmt: skip
    lake.write(ReportFile, only | {"attestation": "okx/2024-03-25"}, [file])
    one = Claim(
        "okx", REPORT, 1, network, asset, address, address, asset, network, 1, "1", 0, height, "wallet", None, None
    )
    lake.write(Claim, only, [one])


def walked(root: Path, network: str, endpoint: Endpoint) -> Walk:
    """Of the second time: what is loaded once is loaded."""
    settings = pipeline.Session(root=root, endpoints={network: endpoint})
    pipeline.observe(settings, REPORT, network)
    with walking() as walk:
        pipeline.observe(settings, REPORT, network)
    assert [row.address for row in settings.lake.rows(Balance)]
    return walk


def of_a_client(root: Path) -> Walk:
    """Up to a client, which answers from memory."""
    with toy(root / "family", FACE):
        put(root / "lake", "toynet", "TOY", "somewhere", 7)
        return walked(root / "lake", "toynet", Endpoint("http://a.example"))


def of_tron(root: Path) -> Walk:
    """All the way, to a node on loopback."""
    with tron_stub.served(Node(held={USDT: {account(1): 5}}, solid=HEIGHT - 20)) as url:
        put(root / "lake", "tron", "USDT", account(1), HEIGHT)
        return walked(root / "lake", "tron", Endpoint(url))


def test_a_claim_goes_through_few_modules_to_its_client_and_seldom_up(tmp_path: Path) -> None:
    walk = of_a_client(tmp_path)
    print(walk)
    assert len(walk.modules) <= MOST_MODULES, str(walk)
    assert len(walk.climbs) <= MOST_CLIMBS, str(walk)


def test_a_client_and_its_transport_climb_as_seldom(tmp_path: Path) -> None:
    walk = of_tron(tmp_path)
    print(walk)
    assert len(walk.modules) <= MOST_TO_A_SOCKET, str(walk)
    assert len(walk.climbs) <= MOST_CLIMBS, str(walk)


def test_a_climb_is_seen(tmp_path: Path) -> None:
    with walking() as walk:
        progress.Lines(lambda line: pipeline.moment("2024-03-25T16:00Z"))("work", 1, 1)
    assert ("progress.__call__", "pipeline._settings.moment") in walk.climbs
    assert {"progress", "pipeline._settings"} <= set(walk.modules)


def test_what_is_thrown_away_before_or_meanwhile_is_no_part_of_a_walk(tmp_path: Path) -> None:
    put(tmp_path, "tron", "USDT", account(1), HEIGHT)

    def abandon() -> None:
        rows = Lake(tmp_path).rows(Claim)
        next(rows)
        circle: list[object] = [rows]
        circle.append(circle)

    abandon()
    with walking() as walk:
        kept = [[number] for number in range(200_000)]
    assert (list(walk.modules), len(kept)) == ([], 200_000)
    assert gc.isenabled()


if __name__ == "__main__":
    import tempfile

    for walk_of in (of_a_client, of_tron):
        with tempfile.TemporaryDirectory() as folder:
            print(f"{walk_of.__doc__}\n{walk_of(Path(folder))}\n")

"""Make the part of the sample whose rows and answers are made: exchange `example`, in data/samples/made.

    .venv/bin/python tools/made_sample.py

Of each chain family that has a world in tests/chains/<family>/world.py one network: the accounts that the world plants
are claimed with what it says that they hold, and its node's answers are recorded with `made` as who gave them. No
account of it is anybody's: names that somebody may have registered are left out.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
import tempfile
from contextlib import ExitStack
from decimal import Decimal
from importlib import import_module
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from record_sample import PRICES, served

from chains import stub
from porlake import chains, pipeline, prices, registry
from porlake.transport import Endpoint, Recording

HOME = Path(__file__).resolve().parents[1]
SAMPLES = HOME / "data" / "samples"
MADE = SAMPLES / "made"
RECORDING, ROWS, FILE = MADE / "recording", MADE / "registry", MADE / "example_por_20261001.csv"
CLOCK = "2026-10-02T12:00:00+00:00"
HEADER = "coin,Network,Snapshot Height,address,amount,message,signature1,signature2,redeem script/ public key,eoa1,eoa2"
#: Shorter accounts are names or numbers, which somebody may have registered; of fewer letters some are used by all.
SHORTEST, LETTERS = 24, 8
#: More than this many units of an asset exist of none.
MOST_UNITS = 10**9
SOURCE = "made"

Row = tuple[str, str, int, str, Decimal]


def main() -> None:
    worlds = {world.network: world for world in found() if claimed(world)}
    rows = [row for network in sorted(worlds) for row in claimed(worlds[network])]
    shutil.rmtree(MADE, ignore_errors=True)
    ROWS.mkdir(parents=True)
    write_rows(rows)
    FILE.write_text(report(rows), encoding="utf-8")
    os.environ[registry.OWN_ROWS] = str(ROWS)
    with tempfile.TemporaryDirectory() as folder, ExitStack() as running:
        endpoints = {
            network: Endpoint(running.enter_context(stub.served(world)).endpoint_url, pause=0.01)
            for network, world in worlds.items()
        }
        recording = Recording.record(RECORDING)
        (RECORDING / "run").mkdir(parents=True)
        recording.now()
        session = pipeline.Session(root=Path(folder), recording=recording, endpoints=endpoints)
        (one,) = pipeline.archive(session, "example", str(FILE))
        pipeline.parse(session, one)
        for network in pipeline.networks(session, one):
            pipeline.observe(session, one, network, give_up=True)  # worlds prove nothing
            lost = pipeline.unread(session, one, network)
            if lost:
                raise SystemExit(f"{network}: nothing is read: {lost}")
            print("made", network, flush=True)
        prices.ENDPOINT = Endpoint(running.enter_context(served(price)))
        pipeline.price(session, pipeline.attestations(session, [one]))
    for path in RECORDING.glob("*/*.json"):
        sign(path)


def found() -> list[stub.World]:
    """Of each family the first network with a world whose accounts are nobody's."""
    families = sorted(path.parent.name for path in (HOME / "tests" / "chains").glob("*/world.py"))
    made: dict[str, stub.World] = {}
    for family in families:
        world = import_module(f"chains.{family}.world").WORLD()
        made.setdefault(world.network, world)
    return list(made.values())


def claimed(world: stub.World) -> list[Row]:
    """(asset, network, height, address, units) of what is planted; of every second account with parts, a part."""
    tokens, rows, parted = registry.load().tokens, [], 0
    for asset, held in world.held.items():
        token = tokens.get((world.network, asset))
        for address, parts in held.items() if token is not None else ():
            raw = parts[chains.TOTAL]
            if (liquid := parts.get("liquid", parts.get("free", raw))) != raw and 0 < liquid < raw:
                parted += 1
                raw = liquid if parted % 2 else raw
            units = Decimal(raw).scaleb(-token.decimals)
            if units <= MOST_UNITS and len(address) >= SHORTEST and len(set(address)) >= LETTERS:
                rows.append((asset, world.network, world.height, address, units))
    return rows


def report(rows: list[Row]) -> str:
    """The file, in the layout of OKX with a label for each asset of a network."""
    totals: dict[str, Decimal] = {}
    for asset, network, _, _, units in rows:
        totals[label(asset, network)] = totals.get(label(asset, network), Decimal(0)) + units
    lines = ["coin,amount", *(f"{name},{amount:f}" for name, amount in totals.items()), "", HEADER]
    for asset, network, height, address, units in rows:
        lines.append(f"{label(asset, network)},{network},{height},{address},{units:f},,,,,,")
    return "\n".join(lines) + "\n"


def label(asset: str, network: str) -> str:
    """As labels.csv folds it."""
    return f"{asset}_{network}".upper()


def write_rows(rows: list[Row]) -> None:
    """The exchange and its labels, beside the rows of the bundled month: the tables are built over both."""
    for path in (SAMPLES / "registry").glob("*.csv"):
        shutil.copy(path, ROWS / path.name)
    (ROWS / "exchanges.csv").write_text(
        "exchange,name,utc_offset,schedule,snapshot,formats,home,note\n"
        "example,Example (made),+00:00,,,okx_csv,,its rows and the answers of its chains are made\n",
        encoding="utf-8",
    )
    labels = dict.fromkeys((label(asset, network), network, asset) for asset, network, *_ in rows)
    lines = [
        f"example,{name},{at},{network},{asset},no_scheme,,made\n"
        for name, network, asset in labels
        for at in ("", network.upper())  # of a line of the totals, of a row
    ]
    header = "exchange,label,network_label,network,asset,scheme,holding,note\n"
    (ROWS / "labels.csv").write_text(header + "".join(lines), encoding="utf-8")


def price(path: str, body: Any) -> Any:
    """A price for each coin that is asked for: of the bundled month, or one dollar."""
    _, _, _, seconds, coins = path.partition("?")[0].split("/")
    return {
        "coins": {
            key: {
                "price": Decimal(PRICES.get(key.removeprefix("coingecko:"), "1.00")),
                "timestamp": int(seconds),
                "confidence": 0.99,
            }
            for key in coins.split(",")
        }
    }


def sign(path: Path) -> None:
    """Who gave an answer is `made`; the clock is set, so that a new recording changes nothing else."""
    kept = json.loads(path.read_bytes())
    if "host" in kept:
        kept["host"] = SOURCE if kept["host"] else ""
    if path.parent.name == "run":
        kept["answer"] = CLOCK
    text = json.dumps(kept, indent=1, sort_keys=True)
    path.write_text(re.sub(r"127\.0\.0\.1:\d+", SOURCE, text) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()

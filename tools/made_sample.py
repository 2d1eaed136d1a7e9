"""Make the part of the sample that is the exchange `example`'s, in data/samples/made: rows, and recorded answers.

    .venv/bin/python tools/made_sample.py              after a client has learnt to ask otherwise
    .venv/bin/python tools/made_sample.py eos solana   the answers of these chains' real software anew as well

What real software can be installed for (real_chains.py) runs here, and answers for accounts made on it. A recording of
it is kept for as long as a client asks what it holds: blocks of a node that is started anew have other hashes. A new
one needs `make nodes` (Conflux) and Python 3.11 (EOS).

Of each other chain family that has a world in tests/chains/<family>/world.py one network: the accounts that the world
plants are claimed with what it says that they hold, and its node's answers are recorded with `made` as who gave them.
No account of it is anybody's: names that somebody may have registered are left out.
"""

from __future__ import annotations

import csv
import json
import os
import re
import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from decimal import Decimal
from importlib import import_module
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from real_chains import CHAINS, RealChain, Row
from record_sample import PRICES, served, sign

from chains import stub
from porlake import chains, pipeline, prices, registry
from porlake.errors import ChainError, ConfigurationError, TransportError
from porlake.model import Unobserved
from porlake.transport import Endpoint, Recording

HOME = Path(__file__).resolve().parents[1]
SAMPLES = HOME / "data" / "samples"
MADE = SAMPLES / "made"
RECORDING, ROWS, FILE = MADE / "recording", MADE / "registry", MADE / "example_por_20261001.csv"
CLOCK = "2026-10-02T12:00:00+00:00"
HEADER = "coin,Network,Snapshot Height,address,amount,message,signature1,signature2,redeem script/ public key,eoa1,eoa2"
#: Shorter accounts are names or numbers, which somebody may have registered; of fewer letters some are used by all.
SHORTEST, LETTERS = 24, 8
#: Where accounts are names or numbers, those that nobody can have: Hedera counts its accounts and is at eight digits,
#: names of IOST have up to eleven letters; of the numbers of Flow one in half a million may be an account.
NOBODYS = {"hedera": r"0\.0\.9\d{12}|0x[0-9a-f]{40}", "iost": r"\w{12,}", "flow": r"0x[0-9a-f]{16}"}
#: More than this many units of an asset exist of none.
MOST_UNITS = 10**9
SOURCE = "made"
SOURCES = {network: source for chain in CHAINS for network, source in chain.sources.items()}


def main(anew: Sequence[str]) -> None:
    if unknown := set(anew) - set(SOURCES):
        raise SystemExit(f"{', '.join(sorted(unknown))}: no software of it runs here; there are {', '.join(SOURCES)}")
    with tempfile.TemporaryDirectory() as folder, ExitStack() as running:
        before = Path(folder, "before")
        shutil.copytree(MADE, before)
        kept = [chain for chain in CHAINS if not set(anew) & set(chain.sources) and still_holds(chain, before)]
        rows, endpoints = [row for chain in kept for row in rows_of(chain, before)], {}
        own = [chain.registry for chain in CHAINS]
        for chain in CHAINS:
            if chain not in kept:
                if not chain.is_there():
                    raise SystemExit(f"{', '.join(chain.claimed)}: its answers have to be recorded anew: no software")
                started = running.enter_context(chain.started())
                rows, endpoints = [*rows, *started.rows], endpoints | started.endpoints
        for network, world in found().items():
            if network not in SOURCES and (made := claimed(world)):
                rows += made
                networks = world.rows.get("networks.csv", "").splitlines()[1:]
                own.append({"networks.csv": networks} if networks else {})
                server = running.enter_context(stub.served(world))
                endpoints[network] = Endpoint(server.endpoint_url, pause=0.01)
        rows.sort(key=lambda row: row[1])
        running.enter_context(all_or_nothing(before))
        write_rows(rows, own)
        FILE.write_text(report(rows), encoding="utf-8")
        for network in (network for chain in kept for network in chain.sources):
            shutil.copytree(before / "recording" / network, RECORDING / network)
            print("kept", network, flush=True)
        record(Path(folder, "lake"), endpoints, running)


def record(lake: Path, endpoints: Mapping[str, Endpoint], running: ExitStack) -> None:
    with reading(ROWS):
        recording = Recording.record(RECORDING)
        (RECORDING / "run").mkdir(parents=True)
        recording.now()
        session = pipeline.Session(root=lake, recording=recording, endpoints=endpoints)
        (one,) = pipeline.archive(session, "example", str(FILE))
        pipeline.parse(session, one)
        for network in (network for network in pipeline.networks(session, one) if network in endpoints):
            pipeline.observe(session, one, network, give_up=True)  # worlds prove nothing
            lost = pipeline.unread(session, one, network)
            if lost:
                raise SystemExit(f"{network}: nothing is read: {lost}")
            print("recorded", network, flush=True)
        for network in endpoints:
            for path in (RECORDING / network).iterdir():
                sign(path, SOURCES.get(network, SOURCE))
        prices.ENDPOINT = Endpoint(running.enter_context(served(price)))
        pipeline.price(session, pipeline.attestations(session, [one]))
    for path in (RECORDING / "prices").iterdir():
        sign(path, SOURCE)
    (path,) = (RECORDING / "run").iterdir()  # the clock is set, so that a new recording changes nothing else
    kept = json.loads(path.read_bytes()) | {"answer": CLOCK}
    path.write_text(json.dumps(kept, indent=1, sort_keys=True) + "\n", encoding="utf-8")


def still_holds(chain: RealChain, before: Path) -> bool:
    """Whether clients ask what a recording of a chain's real software holds, and nothing else."""
    wanted = set(chain.claimed)
    for name, lines in chain.registry.items():
        there = before / "registry" / name
        if not there.exists() or not set(lines) <= set(there.read_text(encoding="utf-8").splitlines()):
            return False
    with tempfile.TemporaryDirectory() as folder, reading(before / "registry"):
        try:
            session = pipeline.Session(root=Path(folder), recording=Recording.replay(before / "recording"))
            (one,) = pipeline.archive(session, "example", str(before / FILE.name))
            pipeline.parse(session, one)
            if not wanted <= set(pipeline.networks(session, one)):
                return False
            for network in chain.claimed:
                pipeline.observe(session, one, network, give_up=True)
            return not any(row.network in wanted for row in session.lake.rows(Unobserved))
        except (TransportError, ChainError, ConfigurationError):
            return False


def rows_of(chain: RealChain, before: Path) -> Iterator[Row]:
    """What the file claims of a chain."""
    text = (before / FILE.name).read_text(encoding="utf-8").partition(HEADER + "\n")[2]
    for name, network, height, address, units, *_ in csv.reader(text.splitlines()):
        if network in chain.claimed:
            asset = name.removesuffix(f"_{network.upper()}")
            yield asset, network, int(height), address, Decimal(units)


@contextmanager
def all_or_nothing(before: Path) -> Iterator[None]:
    """What was there comes back where something fails."""
    shutil.rmtree(MADE, ignore_errors=True)
    try:
        yield
    except BaseException:
        shutil.rmtree(MADE, ignore_errors=True)
        shutil.copytree(before, MADE)
        raise


@contextmanager
def reading(rows: Path) -> Iterator[None]:
    """Over a folder of registry rows."""
    os.environ[registry.OWN_ROWS] = str(rows)
    yield
    del os.environ[registry.OWN_ROWS]


def found() -> dict[str, stub.World]:
    """Of each family the first network with a world."""
    families = sorted(path.parent.name for path in (HOME / "tests" / "chains").glob("*/world.py"))
    made: dict[str, stub.World] = {}
    for family in families:
        world = import_module(f"chains.{family}.world").WORLD()
        made.setdefault(world.network, world)
    return made


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
            if units <= MOST_UNITS and is_nobodys(world, address):
                rows.append((asset, world.network, world.height, address, units))
    return rows


def is_nobodys(world: stub.World, address: str) -> bool:
    if "networks.csv" in world.rows:  # a chain of its own
        return True
    if world.network in NOBODYS:
        return bool(re.fullmatch(NOBODYS[world.network], address))
    return len(address) >= SHORTEST and len(set(address)) >= LETTERS


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


def write_rows(rows: list[Row], own: Sequence[Mapping[str, Sequence[str]]]) -> None:
    """The exchange and its labels, and lines of its own chains by file, beside the rows of the bundled month: the
    tables are built over both.
    """
    ROWS.mkdir(parents=True)
    for path in (SAMPLES / "registry").glob("*.csv"):
        shutil.copy(path, ROWS / path.name)
    for name in sorted({name for files in own for name in files}):
        bundled, path = registry.FOLDER / name, ROWS / name
        there = path.read_text(encoding="utf-8").splitlines() if path.exists() else bundled.open().readlines()[:1]
        lines = [line for files in own for line in files.get(name, ())]
        path.write_text("\n".join([*map(str.strip, there), *lines]) + "\n", encoding="utf-8")
    (ROWS / "exchanges.csv").write_text(
        "exchange,name,utc_offset,schedule,snapshot,formats,home,note\n"
        "example,Example (made),+00:00,,,okx_csv,,its rows are made\n",
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


if __name__ == "__main__":
    main(sys.argv[1:])

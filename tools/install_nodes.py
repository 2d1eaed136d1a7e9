"""Real nodes for the tests, into .nodes/ and nowhere else: anvil from npm, Bitcoin Knots from Debian sid, an Electrum
server from PyPI. A second call does nothing.

Knots is unpacked with its libraries into a folder of its own and started through that folder's loader: nothing of the
system changes.
"""

from __future__ import annotations

import platform
import shutil
import subprocess
import sys
from pathlib import Path

HOME = Path(__file__).resolve().parents[1]
NODES = HOME / ".nodes"
NPM = Path(sys.executable).with_name("npm")
SUITE = "sid"
# The `electrumx` of PyPI serves another coin, and e-x 2 needs Bitcoin Core 31.
ELECTRUM = ("e-x==1.20.0", "plyvel")


def anvil() -> str:
    target = NODES / "node_modules" / "@foundry-rs"
    if target.exists():
        return "anvil: there already"
    if (platform.system(), platform.machine()) != ("Linux", "x86_64"):
        return "anvil: skipped, its locked package is for Linux on x86-64; its tests are skipped too"
    for name in ("package.json", "package-lock.json"):
        shutil.copy(HOME / "tools" / "nodes" / name, NODES / name)
    subprocess.run([str(NPM), "ci", "--silent", "--ignore-scripts"], cwd=NODES, check=True)
    return "anvil: installed"


def knots() -> str:
    root = NODES / "knots"
    if (root / "usr" / "bin" / "bitcoind").exists():
        return "bitcoin-knots: there already"
    if shutil.which("apt-get") is None or shutil.which("dpkg") is None:
        return "bitcoin-knots: skipped, this system has no apt-get; its tests are skipped too"
    apt = _apt(NODES / "apt")
    subprocess.run(["apt-get", *apt, "-qq", "update"], check=True)
    needed = subprocess.run(
        ["apt-cache", *apt, "depends", "--recurse", "--no-recommends", "--no-suggests", "--no-conflicts", "--no-breaks", "--no-replaces",
         "--no-enhances", "bitcoin-knots"],
        check=True, capture_output=True, text=True,
    ).stdout  # fmt: skip
    packages = sorted({line for line in needed.splitlines() if line and line[0].isalnum() and _wanted(line)})
    debs = NODES / "debs"
    debs.mkdir(exist_ok=True)
    subprocess.run(["apt-get", *apt, "-qq", "download", *packages], cwd=debs, check=True)
    aside = NODES / "knots.unpacking"
    shutil.rmtree(aside, ignore_errors=True)
    for deb in sorted(debs.glob("*.deb")):
        subprocess.run(["dpkg", "-x", str(deb), str(aside)], check=True)
    aside.rename(root)
    shutil.rmtree(debs)
    shutil.rmtree(NODES / "apt")
    return "bitcoin-knots: installed"


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


def _wanted(package: str) -> bool:
    return package in {"bitcoin-knots", "libc6", "libstdc++6"} or package.startswith(("lib", "gcc-"))


def _apt(folder: Path) -> list[str]:
    """apt-get's options for lists, cache and source of its own; the source is the system's, with the suite changed."""
    for part in ("lists/partial", "cache/archives/partial"):
        (folder / part).mkdir(parents=True, exist_ok=True)
    (folder / "status").touch()
    source = folder / "sources.list"
    source.write_text(f"deb {_mirror()} {SUITE} main\n", encoding="utf-8")
    return [
        f"-oDir::State::Lists={folder / 'lists'}", f"-oDir::Cache={folder / 'cache'}", f"-oDir::Etc::SourceList={source}",
        "-oDir::Etc::SourceParts=/dev/null", f"-oDir::State::status={folder / 'status'}", "-oAPT::Get::List-Cleanup=0", "-oAPT::Sandbox::User=root",
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


def main() -> None:
    NODES.mkdir(exist_ok=True)
    for install in (anvil, knots, electrumx):
        print(install(), flush=True)


if __name__ == "__main__":
    main()

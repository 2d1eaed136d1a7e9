"""Every example of every help text runs as it stands, but for where it asks: a recording or a node of the test's
own.
"""

from __future__ import annotations

import re
import shlex
import shutil
import zipfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from anvil import ANVIL, started
from liabilities import toy
from porlake import cli
from sources.publishers import published
from sources.test_okx import ROWS, listing
from support import MONTH, RECORDING, nobody

HTX = """coin,snapshot height,balance
ETH(ALL),1,1
ETH,1,1

coin,address,snapshot height,balance,message,signature
ETH,0x1111111111111111111111111111111111111111,1,1,,
USDT-TRC20,TCFLL5dx5ZJdKnWuesXxi1VPwjLVmWZZy9,1,1,,
"""


def examples() -> list[str]:
    """The examples, those that make what others read first."""
    parser = cli.parser()
    (verbs,) = (action.choices for action in parser._subparsers._group_actions)  # type: ignore[union-attr]
    texts = [parser.epilog, *(verb.epilog for verb in verbs.values())]  # type: ignore[union-attr]
    found = [line.strip() for text in texts for line in str(text).splitlines() if line.strip().startswith("porlake ")]
    assert {line.split()[1] for line in found} == set(verbs)  # type: ignore[arg-type]
    first = {"build": 0, "publish": 1}
    return sorted(dict.fromkeys(found), key=lambda line: first.get(line.split()[1], 2))


@pytest.fixture(scope="module")
def folder(month: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which the examples make sense: the files that they name, and a lake that is not built yet."""
    made: Path = tmp_path_factory.mktemp("examples")
    shutil.copytree(month, made / "data", symlinks=True)
    shutil.copy(MONTH[0], made / "FILE")
    shutil.copy(MONTH[0], made / "okx_por_2024032500.csv")
    shutil.copy(MONTH[1], made / "totals.csv")
    (made / "huobi_por_20240701.csv").write_text(HTX)
    (made / "full-liabilities-merkle-tree.txt").write_bytes(toy.FILES["toy.txt"])
    (made / "user_info_file.json").write_bytes(toy.FILES["user_ann.txt"])
    (made / "list.txt").write_text("0x" + "11" * 20 + "\n")
    with zipfile.ZipFile(made / "okx_por_2024032500.csv.zip", "w") as archive:
        archive.write(MONTH[0], "okx_por_2024032500.csv")
    return made


@pytest.fixture
def node(request: pytest.FixtureRequest) -> Iterator[str]:
    """The URL that the examples name, or that of a node of the test's own."""
    with ExitStack() as running:
        asks = " --endpoint " in request.getfixturevalue("example")
        if asks and not ANVIL.exists():
            pytest.skip("`make nodes` has not installed anvil")
        yield running.enter_context(started()) if asks else ""


@pytest.fixture(scope="module")
def okx() -> Iterator[str]:
    """The hosts of OKX on loopback, as PORLAKE_MIRRORS names them."""
    with published(listing(ROWS)) as there:
        yield there.setting


@pytest.mark.usefixtures("tables_at_once")
@pytest.mark.parametrize("example", examples())
def test_an_example_runs(
    example: str,
    folder: Path,
    node: str,
    okx: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(folder)
    monkeypatch.delenv("PORLAKE_HOME", raising=False)
    monkeypatch.delenv("PORLAKE_LAKE", raising=False)
    monkeypatch.setenv("PORLAKE_ENDPOINTS", str(nobody(tmp_path / "endpoints.toml")))
    words = shlex.split(example.partition(" > ")[0])[1:]
    if words[0] == "find":
        monkeypatch.setenv("PORLAKE_MIRRORS", okx)
    if words[0] in ("run", "sweep"):
        words += ["--replay", str(RECORDING)]
    if words[0] == "balances":
        words = [re.sub(r"http://127\.0\.0\.1:8545", node, word).replace("19506528", "0") for word in words]
    with ExitStack() as added:
        if words[0] in ("liabilities", "inclusion"):  # a format of the test's own, whatever the names of its files
            (room := tmp_path / "room").mkdir()
            added.enter_context(toy.added(room, monkeypatch))
        code = cli.main(words)
    if words[0] == "sweep":  # the recording was made after its moment: it asks for the right thing, and is told so
        assert code == 1
        assert "tron: the newest block is of" in capsys.readouterr().err
    elif words[0] == "observe":  # no list came before it here; tests/pipeline/test_observed_list.py observes one
        assert code == 1
        assert "the lake has no list of its addresses" in capsys.readouterr().err
    else:
        assert code == 0

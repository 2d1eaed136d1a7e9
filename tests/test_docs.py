"""The documents are true: what they name exists, and the commands in them run."""

from __future__ import annotations

import hashlib
import importlib.util
import json
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from porlake import cli, liabilities, registry
from porlake.reports import totals_csv
from support import MONTH, ROOT, command, environment

README = (ROOT / "README.md").read_text()
LIABILITIES = (ROOT / "docs" / "liabilities.md").read_text()
DOCUMENTS = [
    ROOT / name
    for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", *(str(path) for path in ROOT.glob("docs/**/*.md")))
]
DOCUMENTS.append(ROOT / "data" / "samples" / "README.md")
MARTS = {path.stem for path in (ROOT / "sql" / "models" / "marts").glob("*.sql")}


def code_lines(text: str) -> list[str]:
    return [
        line
        for block in re.findall(r"^```\w*\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
        for line in block.splitlines()
    ]


def test_every_mart_is_in_the_readme_and_no_other() -> None:
    table = re.findall(r"^\| `(\w+)` \|", README.split("## The tables")[1], re.MULTILINE)
    assert set(table) == MARTS


def test_every_make_target_that_a_document_names_exists() -> None:
    targets = set(re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = {target for path in DOCUMENTS for target in re.findall(r"`make ([a-z]+)", path.read_text())}
    named |= {line.split()[1] for line in code_lines(README) if line.startswith("make ")}
    assert named <= targets, named - targets
    assert {"setup", "run", "test", "check", "nodes", "lint", "bench", "airflow", "query", "clean", "lock"} <= targets


def test_every_file_that_a_document_names_exists() -> None:
    pattern = (
        r"`((?:data/samples|docs|plugins|sql|tests|tools|registry|requirements|bench)/[\w./-]*\w)`|\]\(([\w./-]+)\)"
    )
    for path in DOCUMENTS:
        for match in re.finditer(pattern, path.read_text()):
            name = match[1] or match[2]
            places = [ROOT / name, path.parent / name, ROOT / "plugins" / "porlake" / name]
            assert any(place.exists() for place in places), f"{path.name}: {name}"


def test_make_nodes_knows_a_program_that_does_not_start_and_mends_one_that_was_moved(tmp_path: Path) -> None:
    spec = importlib.util.spec_from_file_location("install_nodes", ROOT / "tools" / "install_nodes.py")
    nodes = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(nodes)
    (tmp_path / "python").symlink_to(sys.executable)
    server, other = tmp_path / "electrumx_server", tmp_path / "activate"
    assert not nodes.starts(server)
    server.write_text("#!/nowhere/electrumx.installing/bin/python\nimport sys\nfrom json import dumps\nsys.exit(0)\n")
    other.write_text("# no program\n")
    assert not nodes.starts(server), "its interpreter is not there"
    nodes.at_home(tmp_path)
    assert nodes.starts(server)
    server.chmod(0o755)
    assert subprocess.run([str(server)], check=False).returncode == 0
    assert other.read_text() == "# no program\n"
    server.write_text(f"#!{sys.executable}\nfrom no_such_room import main\n")
    assert not nodes.starts(server), "it does not find what it imports"


def test_a_finding_about_somebody_names_the_file_and_where_it_was_published() -> None:
    """Each item of the list names a report's address and sha256, and where the file is at hand they are its own."""
    findings = re.findall(r"^- (HTX|OKX), (\d{4}-\d\d-\d\d): (.*?)(?=^- |^$)", README, re.MULTILINE | re.DOTALL)
    assert len(findings) == 2
    for exchange, day, text in findings:
        (address,) = re.findall(r"\]\((https://[^)]+\.csv)\)", text)
        (digest,) = re.findall(r"sha256 `([0-9a-f]{64})`", text)
        assert f"por_{day.replace('-', '')}/" in address
        copy = ROOT.parent / "shared" / "data" / exchange.lower() / f"huobi_por_{day.replace('-', '')}.csv"
        assert not copy.exists() or hashlib.sha256(copy.read_bytes()).hexdigest() == digest


@pytest.mark.parametrize("line", [line for line in code_lines(README + LIABILITIES) if line.startswith("porlake ")])
def test_a_command_of_the_readme_is_understood(line: str) -> None:
    words = shlex.split(line.partition("  #")[0])[1:]
    cli.parser().parse_args(words)


def test_the_first_commands_of_the_readme_run_as_they_stand(tmp_path: Path) -> None:
    (tmp_path / "FILE").write_bytes(Path(MONTH[0]).read_bytes())
    verify = next(line for line in code_lines(README) if line.startswith("porlake verify"))
    done = subprocess.run(
        command(*shlex.split(verify.partition("  #")[0])[1:]),
        cwd=tmp_path,
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, "proven" in done.stdout) == (0, True), done.stderr


@pytest.mark.slow
def test_the_result_that_the_readme_shows_is_what_comes_out(published_month: Path) -> None:
    sql = (ROOT / "data" / "samples" / "report_2.sql").read_text()
    done = subprocess.run(
        command("query", sql, "--lake", str(published_month)),
        env=environment(),
        capture_output=True,
        text=True,
        check=True,
    )
    shown = [line.rstrip() for line in code_lines(README.split("## Two commands")[0])]
    assert [line.rstrip() for line in done.stdout.splitlines() if line.strip()] == shown


def test_every_proof_format_and_every_verdict_stand_on_the_page_of_liabilities() -> None:
    schemes = LIABILITIES.split("## What each scheme proves")[1].split("\n## ")[0]
    assert set(liabilities.FORMATS) <= set(re.findall(r"^\| `(\w+)` \|", schemes, re.MULTILINE))
    verdicts = LIABILITIES.split("## The verdicts")[1].split("\n## ")[0]
    assert re.findall(r"^\| `(\w+)` \|", verdicts, re.MULTILINE) == list(liabilities.VERDICTS)
    for row in re.findall(r"^\| `\w+` \|.*$", schemes, re.MULTILINE):
        assert row.count("|") == 7, row


def okx_tree(folder: Path) -> tuple[Path, Path, str]:
    """A published tree of two leaves as OKX made them in March 2023, the file of the customer of one, and the root."""

    def sha(*parts: str) -> str:
        return hashlib.sha256("".join(parts).encode()).hexdigest()

    own = {"BTC": "1", "ETH": "0", "USDT": "2.5"}
    other = {"BTC": "0.5", "ETH": "0.25", "USDT": "0"}
    both = {"BTC": "1.5", "ETH": "0.25", "USDT": "2.5"}
    texts = [json.dumps(held, separators=(",", ":")) for held in (own, other, both)]
    user, nonce = sha("ab" * 32, texts[0]), "ab" * 32
    left, right = sha(user, *own.values()), sha("cd" * 32, *other.values())
    root = sha(left, right, *both.values(), "2")
    tree, mine = folder / "full-liabilities-merkle-tree.txt", folder / "user_info_file.json"
    tree.write_text(f"{root},2,{texts[2]}\n{right},1,{texts[1]}\n{left},1,{texts[0]}\n")
    mine.write_text(json.dumps(
        {"hash": user, "nonce": nonce, "totalBalances": own, "nodes": [{"hash": left, "balances": own}]}
    ))  # fmt: skip
    return tree, mine, root


def test_a_customer_and_a_reader_check_a_proof_by_the_commands_of_the_page(tmp_path: Path) -> None:
    tree, mine, root = okx_tree(tmp_path)
    outcome = {}
    for line in code_lines(LIABILITIES):
        words = shlex.split(line.partition("  #")[0])[1:]
        if words[:1] == ["query"] or "--attestation" in words:
            continue
        at_hand = {"FILE": mine.name, "PROOF": tree.name, "ROOT": root}
        done = subprocess.run(
            command(*(at_hand.get(word, word) for word in words)),
            cwd=tmp_path, env=environment(), capture_output=True, text=True, check=False,
        )  # fmt: skip
        outcome[" ".join(words)] = done.returncode, "every check of the format holds" in done.stdout
        assert "USDT" in done.stdout, line
        assert "2.5" in done.stdout, line
        assert "users_left_out" in done.stdout, "what no scheme shows is said"
    assert outcome == {
        "inclusion --user FILE": (3, False), "inclusion --user FILE --proof PROOF": (0, True),
        "inclusion --user FILE --proof PROOF --root ROOT": (0, True), "inclusion --user FILE --root ROOT": (3, False),
        "inclusion --user FILE --proof PROOF --explain": (0, True),
        "liabilities verify PROOF --exchange okx": (0, True),
    }  # fmt: skip
    assert sorted(tmp_path.iterdir()) == sorted([tree, mine]), "nothing is kept"


def test_every_format_of_ours_has_a_page_with_its_columns() -> None:
    page = (ROOT / "docs" / "formats" / "totals_csv.md").read_text()
    assert ",".join(totals_csv.COLUMNS) in page
    for column in totals_csv.COLUMNS:
        assert f"`{column}`" in page


def test_the_changelog_and_the_samples_name_what_is_there() -> None:
    for name in re.findall(r"^\| `([\w./-]+)`", (ROOT / "data" / "samples" / "README.md").read_text(), re.MULTILINE):
        assert (ROOT / "data" / "samples" / name).exists(), name


def test_the_readme_names_a_network_of_every_family_that_is_read() -> None:
    readme, families = (ROOT / "README.md").read_text(), dict[str, list[str]]()
    for network in registry.load().networks.values():
        if network.is_read:
            families.setdefault(network.client, []).append(network.name)
    assert {family for family, names in families.items() if not any(name in readme for name in names)} <= {"beacon"}
    assert "- **Validators.**" in readme
    more = len(set(families) - {"evm", "utxo", "tron", "beacon"})
    assert {"thirty-six": 36}[re.search(r"\*\*(\S+) more families", readme)[1].lower()] == more  # type: ignore[index]


def test_nothing_names_a_path_of_a_machine_or_a_registrys_host() -> None:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode:
        pytest.skip("no git checkout")
    for name in listed.stdout.splitlines():
        text = (ROOT / name).read_bytes().decode("utf-8", errors="replace")
        found = re.search(
            r"/home/\w+/|/root/|/work/(?:main|shared)|files\.pythonhosted|--index-url|registry\.npmjs\.org/", text
        )
        assert found is None or name == "tests/test_docs.py", f"{name}: {found}"

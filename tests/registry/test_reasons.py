"""reasons.csv against the code: every code that the code can write has a row, and every row a use."""

from __future__ import annotations

import ast
import random
import re
from collections.abc import Iterator
from dataclasses import fields
from functools import cache
from pathlib import Path

import pytest

from made_rows import _checked, _spoiled
from porlake import liabilities, model, ownership, registry
from porlake.chains import _questions
from porlake.chains.evm import words
from porlake.reports import UNREADABLE

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "plugins" / "porlake"
#: Where a code stands among the arguments of what is called; a name, or the place of a positional argument.
CALLS = {
    "InvalidAddress": 0, "InvalidSignature": 0, "NoKey": 0, "NoRule": 0, "InvalidAmount": 0, "UnknownLabel": 0,
    "Unread": 2, "Judgement": 1, "Quote": 4, "refused": 1, "Proof": 3, "Inclusion": 2, "Finding": 0,
}  # fmt: skip
KEYWORDS = {"reason", "remark", "flags"}
#: What is put before the code of an address or a signature, by the column that it stands in.
COLUMNS = ("address", "owner", "key", "script", "signature", "message")


def texts(node: ast.AST) -> Iterator[str]:
    """The texts that an expression can be, `%` for what is put into them; nothing for what cannot be told."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.JoinedStr):
        yield "".join(str(part.value) if isinstance(part, ast.Constant) else "%" for part in node.values)
    elif isinstance(node, ast.IfExp):
        yield from texts(node.body)
        yield from texts(node.orelse)
    elif isinstance(node, ast.BoolOp):
        yield from (text for value in node.values for text in texts(value))
    elif isinstance(node, ast.Tuple):
        yield from (text for element in node.elts for text in texts(element))


def codes(source: str) -> Iterator[str]:
    """The codes that a module of Python names where codes stand."""
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call):
            continue
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        if name in CALLS and len(node.args) > CALLS[name]:
            yield from texts(node.args[CALLS[name]])
        if name == "Judgement" and len(node.args) > 2:
            yield from texts(node.args[2])
        yield from (text for keyword in node.keywords if keyword.arg in KEYWORDS for text in texts(keyword.value))


_BY_NAME = re.compile(r"case ((?:(?!\bcase\b).)*?) end as (?:\w*_)?(?:reason|because)\b", re.DOTALL)
_QUOTED_RESULT = re.compile(r"(?:then|else) '([a-z0-9_]+)'")
_NULL_REASON = re.compile(r"null_reason\((.*?)\) ?\}\}", re.DOTALL)


def sql_codes(source: str) -> Iterator[str]:
    """The codes that a model names as a reason."""
    for case in _BY_NAME.findall(source):
        yield from _QUOTED_RESULT.findall(case)
    for arguments in _NULL_REASON.findall(source):
        yield from re.findall(r"\('([a-z0-9_]+)', *'", arguments)
        yield from re.findall(r", '([a-z0-9_]+)'$", arguments)
    yield from re.findall(r"'([a-z0-9_]+)' as reason", source)


@cache
def python() -> dict[str, str]:
    return {
        path.relative_to(PACKAGE).as_posix(): path.read_text(encoding="utf-8")
        for path in PACKAGE.rglob("*.py")
        if path.relative_to(PACKAGE).parts[0] not in ("cli", "airflow")
    }


@cache
def sql() -> str:
    return "\n".join(path.read_text(encoding="utf-8") for path in sorted((ROOT / "sql").rglob("*.sql")))


def rows() -> list[registry.ReasonRow]:
    return list(registry.load().reasons.values())


def is_known(code: str) -> bool:
    """Whether a code has a row, alone or behind its column; of one that is put together, some row."""
    if "%" in code:
        made = re.compile("[a-z0-9_%-]+".join(map(re.escape, code.split("%"))))
        return any(made.fullmatch(row.code) for row in rows())
    return any(row.covers(code) or row.covers(f"{column}_{code}") for row in rows() for column in COLUMNS)


def lacking(found: set[str]) -> list[str]:
    return sorted(code for code in found if code and not is_known(code))


def test_every_code_of_the_code_has_a_row() -> None:
    found = {code for source in python().values() for code in codes(source)}
    assert len(found) > 80
    assert lacking(found) == []
    tables = {reason for _, reason in _questions._REASONS} | set(words.REASONS) | UNREADABLE
    assert lacking(tables) == []


def test_what_a_proof_format_cannot_show_has_a_row() -> None:
    here = [row for row in rows() if row.place == "liability_proof.not_shown"]
    for name, form in liabilities.FORMATS.items():
        assert [code for code in form.NOT_SHOWN if not any(row.covers(code) for row in here)] == [], name


def test_every_code_of_the_sql_has_a_row() -> None:
    found = set(sql_codes(sql()))
    assert {"not_printed", "total_is_zero", "validators_unobserved", "owner_key_replaced", "nothing_observed"} <= found
    assert lacking(found) == []


def test_a_code_without_a_row_is_seen() -> None:
    said = 'raise InvalidAddress("bad_luck", "why")\nJudgement("invalid", "x" if y else f"no_{kind}")\nf(reason="odd")'
    assert set(codes(said)) == {"bad_luck", "x", "no_%", "odd"}
    assert lacking({"bad_luck", "bad_hex", "extra_signature%"}) == ["bad_luck"]
    assert set(sql_codes("case when a then 'moon' else 'sun' end as share_null_reason, {{ null_reason('x', [('star', "
                         "'y')], 'sky') }}")) == {
        "moon", "sun", "star", "sky",
    }  # fmt: skip


@cache
def written() -> tuple[frozenset[str], tuple[re.Pattern[str], ...]]:
    """All texts of the code that could be codes, and patterns of those that are put together."""
    exact: set[str] = set(re.findall(r"'([a-z0-9_]+)'", sql()))
    made: set[str] = set()
    for name, source in python().items():
        for node in ast.walk(ast.parse(source)) if not name.startswith("registry/tables") else ():
            for text in texts(node) if isinstance(node, ast.Constant | ast.JoinedStr) else ():
                (made if isinstance(node, ast.JoinedStr) else exact).add(text)
    exact |= {f"{row.hidden.split(':')[1]}" for row in registry.load().utxo_networks.values() if row.hidden}
    told = {f"{column}_%" for column in COLUMNS} | {"%_%"}
    patterns = {text for text in made if re.fullmatch(r"[a-z0-9_%-]*[a-z]{2}[a-z0-9_%-]*", text)} - told
    return frozenset(exact), tuple(
        re.compile("[a-z0-9_%-]+".join(map(re.escape, text.split("%")))) for text in sorted(patterns)
    )


def is_used(code: str) -> bool:
    exact, patterns = written()
    column, _, fault = code.partition("_")
    by_column = column in COLUMNS and fault in exact
    return code in exact or by_column or any(pattern.fullmatch(code) for pattern in patterns)


@pytest.mark.parametrize("code", sorted({row.code for row in rows()}))
def test_every_row_has_a_use(code: str) -> None:
    assert is_used(code)


def test_a_row_without_a_use_is_seen() -> None:
    assert not is_used("phase_of_the_moon")
    assert not is_used("address_phase_of_the_moon")


def test_every_verdict_of_made_rows_gives_reasons_and_flags_that_have_a_row() -> None:
    chance = random.Random(12)
    made = [case.row for _, case in _checked.drawn(chance, 1_500)] + [_spoiled.forged(chance)[1] for _ in range(1_500)]
    made += [_spoiled.spoiled(chance, row, chance.choice(made))[1] for row in made[:1_500]]
    reasons, flags = set(), set()
    for row in made:
        found = ownership.judge(row)
        flags |= set(found.flags)
        if found.verdict != "unsupported":  # of one that no rule judges the kind of address or the scheme is named
            reasons.add(found.reason)
    here = {place: [row for row in rows() if row.place == place] for place in ("ownership.reason", "ownership.flags")}
    assert len(reasons) > 60
    assert len(flags) > 12
    assert [code for code in sorted(reasons) if not any(row.covers(code) for row in here["ownership.reason"])] == []
    assert [code for code in sorted(flags) if not any(row.covers(code) for row in here["ownership.flags"])] == []


def test_every_place_is_a_column_that_the_stage_writes() -> None:
    for row in rows():
        table, _, column = row.place.partition(".")
        if row.stage == "build":
            assert table == "marts" or (ROOT / "sql" / "models" / "core" / f"{table}.sql").exists()
        else:
            about = model.DATASETS[table]
            assert column in {field.name for field in fields(about)}
            assert f"Written by {row.stage}." in " ".join((about.__doc__ or "").split())


def test_a_number_stands_for_a_percent_sign_alone() -> None:
    extra, multisig = (
        next(row for row in rows() if row.code == code) for code in ("extra_signature%", "multisig_%_of_%")
    )
    assert extra.covers("extra_signature2")
    assert not extra.covers("extra_signature")
    assert not extra.covers("an_extra_signature2")
    assert multisig.covers("multisig_2_of_3")
